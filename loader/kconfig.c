/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * kconfig.c - where the configuration is and what its values mean: tools/lib/bpf/libbpf.c (7.2),
 * bpf_object__read_kconfig_file(), set_kcfg_value_*().
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "../asm/asm.h"
#include "abi.h"
#include "facts.h"
#include "inflate.h"
#include "kallsyms.h"
#include "kconfig.h"
#include "sys.h"

static const char packed[] = "/proc/config.gz";

enum { VALUE_MOST = 4096 };

bool kconfig_is_name(const char *name)
{
	return strncmp(name, "CONFIG_", 7) == 0 || strncmp(name, "LINUX_", 6) == 0;
}

/* ---- what the loader finds out itself ---- */

/* Of a.b or a.b.c, how many; without scanf(), which for this alone would be 3 % of bpfload. */
static unsigned int read_version(const char *at, unsigned long number[3])
{
	unsigned int n = 0;
	char *end;

	while (n < 3 && *at >= '0' && *at <= '9') {
		number[n++] = strtoul(at, &end, 10);
		at = end + (*end == '.');
	}
	return n;
}

/* As KERNEL_VERSION() has it; a distribution's numbers may stand elsewhere than in the release. */
static int linux_version(char *text, size_t size)
{
	static const char word[] = "Debian ";
	unsigned long number[3] = { 0 };
	struct utsname uts;
	const char *debian;

	if (uname(&uts) != 0)
		return -EINVAL;
	debian = strstr(uts.version, word);
	if ((!debian || read_version(debian + strlen(word), number) < 2) &&
	    read_version(uts.release, number) < 2)
		return -EINVAL;
	snprintf(text, size, "%lu", number[0] << 16 | number[1] << 8 |
		 (number[2] > 255 ? 255 : number[2]));
	return 0;
}

/* Whether bpf_get_attach_cookie() is there: a program that calls it tells. */
static int linux_has_cookie(char *text, size_t size)
{
	static const struct asm_insn insns[] = { { .code = 0x85, .imm = 174 }, { .code = 0x95 } };
	uint8_t bytes[sizeof(insns) / sizeof(insns[0])][8];
	struct abi_prog_load attr;
	int fd;

	for (size_t i = 0; i < sizeof(insns) / sizeof(insns[0]); i++)
		asm_insn_bytes(insns[i], __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? ASM_BIG :
			       ASM_LITTLE, bytes[i]);
	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_TRACEPOINT;
	attr.insns = abi_ptr(bytes);
	attr.insn_cnt = sizeof(insns) / sizeof(insns[0]);
	attr.license = abi_ptr("GPL");
	fd = sys_bpf(BPF_PROG_LOAD, &attr, abi_end(struct abi_prog_load, log_buf));
	snprintf(text, size, "%d", fd >= 0);
	if (fd >= 0)
		sys_close(fd);
	return 0;
}

/* Whether system calls take a struct pt_regs: what implements one has another name then. */
static int linux_has_wrapper(char *text, size_t size)
{
	char name[64];
	int err = kallsyms_syscall("bpf", name, sizeof(name));

	if (!err)
		snprintf(text, size, "%d", strncmp(name, "__", 2) == 0 &&
			 strncmp(name, "__se_", 5) != 0);
	return err;
}

static const struct {
	const char *name;
	int (*find)(char *text, size_t size);
} found[] = {
	{ "LINUX_KERNEL_VERSION", linux_version },
	{ "LINUX_HAS_BPF_COOKIE", linux_has_cookie },
	{ "LINUX_HAS_SYSCALL_WRAPPER", linux_has_wrapper },
};

enum { FOUND = sizeof(found) / sizeof(found[0]) };

/* ---- the file ---- */

/* In memory, a text; 0 or -errno with a reason in why. */
static int read_config(char **text, size_t *len, char *why, size_t why_size)
{
	char path[sizeof(((struct utsname *)0)->release) + 16], *data;
	struct utsname uts;
	size_t size;
	int err;

	snprintf(path, sizeof(path), "/boot/config-%s", uname(&uts) == 0 ? uts.release : "");
	if (asm_read_file(path, text, len) == 0)
		return 0;
	err = asm_read_file(packed, &data, &size);
	if (err) {
		snprintf(why, why_size, "the kernel's configuration is neither in %s nor in %s "
			 "(CONFIG_IKCONFIG_PROC)", path, packed);
		return err == -ENOENT ? -EOPNOTSUPP : err;
	}
	err = inflate_gzip(data, size, text, len);
	free(data);
	if (err)
		snprintf(why, why_size, "%s: %s", packed, strerror(-err));
	return err;
}

/* The value in the line of a name; NULL: there is none. */
static const char *find_line(const char *text, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = text; at; at = strchr(at, '\n')) {
		at += at != text || *at == '\n';
		if (strncmp(at, name, len) == 0 && at[len] == '=')
			return at + len + 1;
	}
	return NULL;
}

int kconfig_text(struct load_facts *facts, const char *name, char *text, size_t size, char *why,
		 size_t why_size)
{
	const char *config, *value;
	int err = 0;

	for (size_t i = 0; i < FOUND; i++) {
		if (strcmp(found[i].name, name) != 0)
			continue;
		err = found[i].find(text, size);
		if (err)
			snprintf(why, why_size, "%s: %s", name, strerror(-err));
		return err;
	}
	if (strncmp(name, "CONFIG_", 7) == 0) {
		err = facts_config(facts, read_config, &config, why, why_size);
		if (err)
			return err;
		value = find_line(config, name);
		if (value) {
			snprintf(text, size, "%.*s", (int)strcspn(value, "\n"), value);
			return 0;
		}
	}
	snprintf(why, why_size, "the kernel's configuration has no %s", name);
	return -ENOENT;
}

/* ---- values ---- */

/* Digits, with 0x or without, and perhaps a sign. */
static bool is_number(const char *text, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = *text == '-' ? (uint64_t)strtoll(text, &end, 0) : strtoull(text, &end, 0);
	return *text && !*end && end != text && !errno;
}

int kconfig_number(struct load_facts *facts, const char *name, uint64_t *out, char *why,
		   size_t why_size)
{
	char text[VALUE_MOST];
	int before = errno, err = kconfig_text(facts, name, text, sizeof(text), why, why_size);

	if (err)
		return err;
	if (strcmp(text, "y") == 0 || strcmp(text, "m") == 0)
		*out = *text == 'y' ? 1 : 2;
	else if (!is_number(text, out))
		err = -EINVAL;
	errno = before;
	if (err)
		snprintf(why, why_size, "%s=%s is no number", name, text);
	return err;
}

/* A number into so many bytes, if it fits there. */
static bool put_number(const struct asm_extern *ext, uint64_t number, bool negative, uint8_t *out)
{
	unsigned int bits = ext->size * 8 - ext->is_signed;
	uint64_t rest = bits >= 64 ? 0 : (negative ? ~number : number) >> bits;

	if (rest || (negative && !ext->is_signed) || (ext->is_signed && !negative && number >> 63))
		return false;
	for (uint32_t i = 0; i < ext->size; i++)
		out[__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? i : ext->size - 1 - i] =
			(uint8_t)(number >> 8 * i);
	return true;
}

/* Without its quotes and as much as there is room for, with a NUL. */
static bool put_text(const struct asm_extern *ext, const char *text, uint8_t *out)
{
	size_t len = strlen(text);

	if (len < 2 || text[0] != '"' || text[len - 1] != '"')
		return false;
	len = len - 2 < ext->size ? len - 2 : ext->size - 1;
	memcpy(out, text + 1, len);
	memset(out + len, 0, ext->size - len);
	return true;
}

/* y, m and n are a bool's, a tristate's (0, 1, 2) and a char's (the letter). */
static bool put_letter(const struct asm_extern *ext, char letter, uint8_t *out)
{
	switch (ext->config) {
	case ASM_CONFIG_BOOL:
		return letter != 'm' && put_number(ext, letter == 'y', false, out);
	case ASM_CONFIG_TRISTATE:
		return put_number(ext, letter == 'y' ? 1 : letter == 'm' ? 2 : 0, false, out);
	case ASM_CONFIG_CHAR:
		return put_number(ext, (uint8_t)letter, false, out);
	default:
		return false;
	}
}

int kconfig_value(struct load_facts *facts, const struct asm_extern *ext, uint8_t *out, char *why,
		  size_t why_size)
{
	static const char *const words[] = {
		[ASM_CONFIG_BOOL] = "a bool", [ASM_CONFIG_TRISTATE] = "a tristate",
		[ASM_CONFIG_CHAR] = "a char", [ASM_CONFIG_INT] = "an integer",
		[ASM_CONFIG_TEXT] = "a text",
	};
	char text[VALUE_MOST];
	int before = errno, err;
	uint64_t number;
	bool fits;

	memset(out, 0, ext->size);
	err = kconfig_text(facts, ext->name, text, sizeof(text), why, why_size);
	if (err)
		return err == -ENOENT && ext->weak ? 0 : err;
	if (text[0] && !text[1] && strchr("ymn", text[0]))
		fits = put_letter(ext, text[0], out);
	else if (ext->config == ASM_CONFIG_TEXT)
		fits = put_text(ext, text, out);
	else
		fits = (ext->config == ASM_CONFIG_INT || strncmp(ext->name, "LINUX_", 6) == 0) &&
		       is_number(text, &number) && put_number(ext, number, *text == '-', out);
	errno = before;
	if (fits)
		return 0;
	snprintf(why, why_size, "%s=%s does not fit into %s of %" PRIu32 " byte%s", ext->name,
		 text, words[ext->config], ext->size, ext->size == 1 ? "" : "s");
	return -EINVAL;
}
