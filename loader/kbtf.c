/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../asm/asm.h"
#include "abi.h"
#include "kbtf.h"
#include "object.h"
#include "sys.h"

/* The header of BTF, as far as any version has it. */
struct header {
	uint16_t magic;
	uint8_t version, flags;
	uint32_t len, types, types_len, strings, strings_len;
};

enum { MOST_DEPTH = 16 };	/* pointers, qualifiers and arrays in a row */

static const char vmlinux[] = "/sys/kernel/btf/vmlinux";

/* ---- reading ---- */

static bool header_of(const char *data, size_t len, struct header *h)
{
	if (len < sizeof(*h))
		return false;
	memcpy(h, data, sizeof(*h));
	return h->len >= sizeof(*h) && h->len <= len && h->types <= len - h->len &&
	       h->types_len <= len - h->len - h->types && h->strings <= len - h->len &&
	       h->strings_len <= len - h->len - h->strings;
}

/* base NULL: it continues nothing. The data is taken over. */
static int kbtf_adopt(char *data, size_t len, const struct asm_btf *base, struct kbtf *out)
{
	int err;

	out->data = data;
	out->first = base ? asm_btf_count(base) + 1 : 1;
	err = asm_btf_open_split(data, len, base, &out->btf);
	if (err)
		kbtf_close(out);
	return err;
}

/* Where an ELF file of 64 bits has its .BTF; 0: it has none, or is not of this machine's order. */
static size_t elf_section(const char *data, size_t len, size_t *size)
{
	enum {
		SHOFF = 40, SHNUM = 60, SHSTRNDX = 62, HEADER = 64,
		NAME = 0, OFFSET = 24, SIZE = 32, SECTION = 64,
	};
	uint64_t table, off, bytes, names;
	uint16_t n, strings;
	uint32_t name;

	if (len < HEADER || data[4] != 2)
		return 0;
	memcpy(&table, data + SHOFF, sizeof(table));
	memcpy(&n, data + SHNUM, sizeof(n));
	memcpy(&strings, data + SHSTRNDX, sizeof(strings));
	if (table > len || (len - table) / SECTION < n || strings >= n)
		return 0;
	memcpy(&names, data + table + SECTION * strings + OFFSET, sizeof(names));
	for (size_t i = 0; i < n; i++) {
		const char *section = data + table + SECTION * i;

		memcpy(&name, section + NAME, sizeof(name));
		memcpy(&off, section + OFFSET, sizeof(off));
		memcpy(&bytes, section + SIZE, sizeof(bytes));
		if (names <= len && name < len - names && len - names - name >= sizeof(".BTF") &&
		    memcmp(data + names + name, ".BTF", sizeof(".BTF")) == 0 && off <= len &&
		    bytes <= len - off) {
			*size = bytes;
			return off;
		}
	}
	return 0;
}

/* Strings that continue others have no empty one at their start. */
static bool is_split(const char *data, size_t len)
{
	struct header h;

	return header_of(data, len, &h) &&
	       (!h.strings_len || data[h.len + h.strings] != '\0');
}

/* The type data in a file. */
static int read_contents(const char *path, char **data, size_t *len)
{
	static const char elf[] = { '\177', 'E', 'L', 'F' };
	int err = asm_read_file(path, data, len);
	size_t at, size;

	if (err || *len < sizeof(elf) || memcmp(*data, elf, sizeof(elf)) != 0)
		return err;
	at = elf_section(*data, *len, &size);
	if (!at) {
		free(*data);
		return -ENODATA;
	}
	memmove(*data, *data + at, size);
	*len = size;
	return 0;
}

static int open_base(const char *path, struct kbtf *out)
{
	size_t len;
	int err = read_contents(path, &out->base_data, &len);

	if (err)
		out->base_data = NULL;
	else
		err = asm_btf_open(out->base_data, len, &out->base);
	if (err)
		kbtf_close(out);
	return err;
}

int kbtf_open_file(const char *path, const char *base, struct kbtf *out, const char **failed)
{
	char *data;
	size_t len;
	int err = read_contents(path, &data, &len);

	memset(out, 0, sizeof(*out));
	*failed = path;
	if (err)
		return err;
	if (is_split(data, len)) {
		*failed = base ? base : vmlinux;
		err = open_base(*failed, out);
		if (err) {
			free(data);
			return err;
		}
		*failed = path;
	}
	return kbtf_adopt(data, len, out->base, out);
}

int kbtf_open_kernel(struct kbtf *out)
{
	const char *failed;

	return kbtf_open_file(vmlinux, NULL, out, &failed);
}

int kbtf_info(int fd, struct abi_btf_info *info, char *name)
{
	int err;

	memset(info, 0, sizeof(*info));
	memset(name, 0, KBTF_NAME);
	info->name = abi_ptr(name);
	info->name_len = KBTF_NAME;
	err = object_info(fd, info, sizeof(*info));
	if (err == -E2BIG) {	/* before 5.11 types have no name */
		memset(info, 0, sizeof(*info));
		err = object_info(fd, info, sizeof(*info));
	}
	name[KBTF_NAME - 1] = '\0';
	return err;
}

/* All of its bytes. */
static int read_data(int fd, uint32_t size, const struct asm_btf *base, struct kbtf *out)
{
	struct abi_btf_info info;
	char *data = malloc((size_t)size + 1);
	int err;

	if (!data)
		return -ENOMEM;
	memset(&info, 0, sizeof(info));
	info.btf = abi_ptr(data);
	info.btf_size = size;
	err = object_info(fd, &info, sizeof(info));
	if (!err)
		return kbtf_adopt(data, size, base, out);
	free(data);
	return err;
}

int kbtf_open_module(int fd, const struct asm_btf *kernel, struct kbtf *out)
{
	struct abi_btf_info info;
	char name[KBTF_NAME];
	int err = kbtf_info(fd, &info, name);

	memset(out, 0, sizeof(*out));
	return err ? err : read_data(fd, info.btf_size, kernel, out);
}

int kbtf_open(int fd, struct kbtf *out)
{
	struct abi_btf_info info;
	char name[KBTF_NAME];
	int err = kbtf_info(fd, &info, name);

	memset(out, 0, sizeof(*out));
	if (!err && info.kernel_btf && strcmp(name, "vmlinux") != 0)
		err = open_base(vmlinux, out);
	if (!err)
		err = read_data(fd, info.btf_size, out->base, out);
	if (err)
		kbtf_close(out);
	return err;
}

int kbtf_open_id(uint32_t id, struct kbtf *out)
{
	int fd = object_open_id(OBJECT_BTF, id, 0), err;

	memset(out, 0, sizeof(*out));
	if (fd < 0)
		return fd;
	err = kbtf_open(fd, out);
	sys_close(fd);
	return err;
}

void kbtf_close(struct kbtf *kbtf)
{
	asm_btf_close(kbtf->btf);
	asm_btf_close(kbtf->base);
	free(kbtf->data);
	free(kbtf->base_data);
	memset(kbtf, 0, sizeof(*kbtf));
}

/* ---- a function as C declares it ---- */

struct text {
	const struct asm_btf *btf;
	char *at;
	size_t left;
};

__attribute__((format(printf, 2, 3)))
static void put(struct text *text, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text->at, text->left, format, args);
	va_end(args);
	if (len > 0 && (size_t)len < text->left) {
		text->at += len;
		text->left -= (size_t)len;
	}
}

/* Words that stand before a type, and the name of what has one: as bpftool spaces them. */
static void put_type(struct text *text, uint32_t id, unsigned int depth)
{
	static const char *const words[] = {
		[ASM_BTF_STRUCT] = "struct ", [ASM_BTF_UNION] = "union ", [ASM_BTF_ENUM] = "enum ",
		[ASM_BTF_ENUM64] = "enum ", [ASM_BTF_VOLATILE] = "volatile ",
		[ASM_BTF_CONST] = "const ", [ASM_BTF_RESTRICT] = "restrict ",
	};
	struct asm_btf_raw raw;

	if (!depth || !asm_btf_raw(text->btf, id, &raw) || !raw.kind) {
		put(text, "void ");
		return;
	}
	switch (raw.kind) {
	case ASM_BTF_PTR:
		put_type(text, raw.arg, depth - 1);
		put(text, "* ");
		break;
	case ASM_BTF_VOLATILE:
	case ASM_BTF_CONST:
	case ASM_BTF_RESTRICT:
		put(text, "%s", words[raw.kind]);
		/* fallthrough */
	case ASM_BTF_TYPE_TAG:
		put_type(text, raw.arg, depth - 1);
		break;
	case ASM_BTF_ARRAY:
		put_type(text, asm_btf_word(text->btf, &raw, 0), depth - 1);
		put(text, "[%u]", asm_btf_word(text->btf, &raw, 2));
		break;
	case ASM_BTF_FWD:
		put(text, "%s%s ", raw.kflag ? "union " : "struct ", raw.name);
		break;
	default:
		put(text, "%s%s ", raw.kind <= ASM_BTF_ENUM64 && words[raw.kind] ?
		    words[raw.kind] : "", raw.name);
	}
}

/* The space behind the type of what has no name goes. */
static void put_param(struct text *text, const struct asm_btf_raw *proto, uint32_t i)
{
	const char *name = asm_btf_string(text->btf, asm_btf_word(text->btf, proto, 2 * i));
	uint32_t type = asm_btf_word(text->btf, proto, 2 * i + 1);

	put(text, "%s", i ? ", " : "");
	if (!type) {
		put(text, "...");
		return;
	}
	put_type(text, type, MOST_DEPTH);
	if (*name) {
		put(text, "%s", name);
	} else if (text->at[-1] == ' ') {
		*--text->at = '\0';
		text->left++;
	}
}

void kbtf_signature(const struct asm_btf *btf, uint32_t id, char *out, size_t size)
{
	struct text text = { btf, out, size };
	struct asm_btf_raw func, proto;

	*out = '\0';
	if (!asm_btf_raw(btf, id, &func) || func.kind != ASM_BTF_FUNC ||
	    !asm_btf_raw(btf, func.arg, &proto) || proto.kind != ASM_BTF_FUNC_PROTO)
		return;
	put_type(&text, proto.arg, MOST_DEPTH);
	put(&text, "%s(", func.name);
	for (uint32_t i = 0; i < proto.vlen; i++)
		put_param(&text, &proto, i);
	put(&text, ")");
}
