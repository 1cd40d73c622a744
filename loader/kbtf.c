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

/*
 * What continues other data has ids behind its last one, and names behind its strings: both joined
 * are data that stands alone.
 */
static int join(const char *base, size_t base_len, const char *data, size_t len, char **out,
		size_t *out_len)
{
	struct header a, b, h;
	char *at;

	if (!header_of(base, base_len, &a) || !header_of(data, len, &b))
		return -EINVAL;
	h = a;
	h.len = sizeof(h);
	h.types = 0;
	h.types_len = h.strings = a.types_len + b.types_len;
	h.strings_len = a.strings_len + b.strings_len;
	*out_len = sizeof(h) + h.types_len + h.strings_len;
	at = *out = malloc(*out_len);
	if (!at)
		return -ENOMEM;
	at = (char *)memcpy(at, &h, sizeof(h)) + sizeof(h);
	at = (char *)memcpy(at, base + a.len + a.types, a.types_len) + a.types_len;
	at = (char *)memcpy(at, data + b.len + b.types, b.types_len) + b.types_len;
	at = (char *)memcpy(at, base + a.len + a.strings, a.strings_len) + a.strings_len;
	memcpy(at, data + b.len + b.strings, b.strings_len);
	return 0;
}

/* How many types the kernel's own data has. */
static int count_types(const char *data, size_t len, uint32_t *count)
{
	struct asm_btf *btf;
	int err = asm_btf_open(data, len, &btf);

	*count = err ? 0 : asm_btf_count(btf);
	asm_btf_close(btf);
	return err;
}

/* Put the kernel's types before the data. */
static int join_kernel(struct kbtf *k, size_t *len)
{
	char *base, *joined = NULL;
	size_t base_len;
	uint32_t count;
	int err = asm_read_file(vmlinux, &base, &base_len);

	if (err)
		return err;
	err = count_types(base, base_len, &count);
	if (!err)
		err = join(base, base_len, k->data, *len, &joined, len);
	free(base);
	if (err)
		return err;
	free(k->data);
	k->data = joined;
	k->first = count + 1;
	return 0;
}

static int kbtf_adopt(char *data, size_t len, bool base, struct kbtf *out)
{
	int err;

	*out = (struct kbtf){ .data = data, .first = 1 };
	err = base ? join_kernel(out, &len) : 0;
	if (!err)
		err = asm_btf_open(out->data, len, &out->btf);
	if (err)
		kbtf_close(out);
	return err;
}

int kbtf_open_kernel(struct kbtf *out)
{
	char *data;
	size_t len;
	int err = asm_read_file(vmlinux, &data, &len);

	memset(out, 0, sizeof(*out));
	return err ? err : kbtf_adopt(data, len, false, out);
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

int kbtf_adopt_file(char *data, size_t len, struct kbtf *out)
{
	static const char elf[] = { '\177', 'E', 'L', 'F' };
	size_t at, size;

	if (len >= sizeof(elf) && memcmp(data, elf, sizeof(elf)) == 0) {
		at = elf_section(data, len, &size);
		if (!at) {
			free(data);
			return -ENODATA;
		}
		memmove(data, data + at, size);
		len = size;
	}
	return kbtf_adopt(data, len, is_split(data, len), out);
}

int kbtf_open(int fd, struct kbtf *out)
{
	struct abi_btf_info info;
	char name[64] = "", *data;
	bool split;
	int err;

	memset(out, 0, sizeof(*out));
	memset(&info, 0, sizeof(info));
	info.name = abi_ptr(name);
	info.name_len = sizeof(name);
	err = object_info(fd, &info, sizeof(info));
	if (err == -E2BIG) {	/* before 5.11 types have no name */
		memset(&info, 0, sizeof(info));
		err = object_info(fd, &info, sizeof(info));
	}
	if (err)
		return err;
	split = info.kernel_btf && strcmp(name, "vmlinux") != 0;
	data = malloc((size_t)info.btf_size + 1);
	if (!data)
		return -ENOMEM;
	info.btf = abi_ptr(data);
	info.name = 0;
	info.name_len = 0;
	err = object_info(fd, &info, sizeof(info));
	if (!err)
		return kbtf_adopt(data, info.btf_size, split, out);
	free(data);
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
	free(kbtf->data);
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
