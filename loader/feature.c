/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "../asm/asm.h"
#include "abi.h"
#include "feature.h"
#include "inflate.h"
#include "sys.h"

enum {
	SLOTS_BEFORE_5_2 = 4096,	/* of a program, at most */
	LOG = 4096,
	CALL = 0x85, EXIT = 0x95, MOV64 = 0xb7,
};

static const enum asm_endian native = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ?
				      ASM_LITTLE : ASM_BIG;

/* ---- programs ---- */

/* What a type wants beside instructions; log: what the kernel says when it knows the type. */
static const struct special {
	uint8_t type, attach;
	bool target, sleepable;
	const char *log;
} specials[] = {
	{ BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_CONNECT, false, false, NULL },
	{ BPF_PROG_TYPE_CGROUP_SOCKOPT, BPF_CGROUP_GETSOCKOPT, false, false, NULL },
	{ BPF_PROG_TYPE_SK_LOOKUP, BPF_SK_LOOKUP, false, false, NULL },
	{ BPF_PROG_TYPE_LIRC_MODE2, BPF_LIRC_MODE2, false, false, NULL },
	{ BPF_PROG_TYPE_NETFILTER, BPF_NETFILTER, false, false, NULL },
	{ BPF_PROG_TYPE_SYSCALL, 0, false, true, NULL },
	{ BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, true, false, "is not a function" },
	{ BPF_PROG_TYPE_LSM, BPF_MODIFY_RETURN, true, false, "is not a function" },
	{ BPF_PROG_TYPE_EXT, BPF_MODIFY_RETURN, true, false, "Cannot replace kernel functions" },
	{ BPF_PROG_TYPE_STRUCT_OPS, 0, false, false, "" },
};

static const struct special *special_of(uint32_t type)
{
	for (size_t i = 0; i < sizeof(specials) / sizeof(specials[0]); i++)
		if (specials[i].type == type)
			return &specials[i];
	return NULL;
}

/* bytes: n slots. Closed at once: 0 or -errno. */
static int load(uint32_t type, const void *bytes, size_t n, char *log)
{
	const struct special *special = special_of(type);
	struct abi_prog_load attr;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = type;
	attr.insns = abi_ptr(bytes);
	attr.insn_cnt = (uint32_t)n;
	attr.license = abi_ptr("GPL");
	if (log) {
		attr.log_buf = abi_ptr(log);
		attr.log_size = LOG;
		attr.log_level = 1;
		log[0] = '\0';
	}
	if (special) {
		attr.expected_attach_type = special->attach;
		attr.attach_btf_id = special->target;
		attr.prog_flags = special->sleepable ? BPF_F_SLEEPABLE : 0;
	}
	fd = sys_bpf(BPF_PROG_LOAD, &attr, abi_end(struct abi_prog_load, attach_btf_id));
	sys_close(fd < 0 ? -1 : fd);
	return fd < 0 ? fd : 0;
}

int feature_prog_type(uint32_t type)
{
	static const struct asm_insn insns[] = { { .code = MOV64 }, { .code = EXIT } };
	const struct special *special = special_of(type);
	uint8_t bytes[2][8];
	char log[LOG];
	int err;

	for (size_t i = 0; i < 2; i++)
		asm_insn_bytes(insns[i], native, bytes[i]);
	if (!special || !special->log)
		return load(type, bytes, 2, NULL);
	err = load(type, bytes, 2, log);
	if (err == -EINVAL && special->log[0] && strstr(log, special->log))
		return 0;
	/* there is no struct to belong to, the kernel says ENOTSUPP */
	return err == -EOPNOTSUPP && !special->log[0] ? 0 : err;
}

bool feature_helper(uint32_t type, uint32_t helper)
{
	static const char *const no[] = {
		"invalid func ", "unknown func ", "program of this type cannot use helper ",
	};
	const struct special *special = special_of(type);
	struct asm_insn call = { .code = CALL, .imm = (int32_t)helper };
	struct asm_insn end = { .code = EXIT };
	uint8_t bytes[2][8];
	char log[LOG];
	int err;

	/* nothing is asked of a program whose target is none */
	if (special && special->log)
		return false;
	asm_insn_bytes(call, native, bytes[0]);
	asm_insn_bytes(end, native, bytes[1]);
	err = load(type, bytes, 2, log);
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		if (strstr(log, no[i]))
			return false;
	return err != -EPERM || log[0];
}

bool feature_insns(const struct asm_insn *insns, size_t n)
{
	uint8_t *bytes = calloc(n, 8);
	bool taken = false;

	for (size_t i = 0; bytes && i < n; i++)
		asm_insn_bytes(insns[i], native, bytes + 8 * i);
	if (bytes)
		taken = load(BPF_PROG_TYPE_SOCKET_FILTER, bytes, n, NULL) == 0;
	free(bytes);
	return taken;
}

/* ---- instructions ---- */

static const struct {
	const char *name;
	struct asm_insn insns[5];
	size_t n;
} isas[FEATURE_ISAS] = {
	/* as many as no program could have before 5.2, and an end */
	{ "have_large_insn_limit", { { .code = MOV64, .imm = 1 } }, 0 },
	{ "have_bounded_loops", {
		{ .code = MOV64, .imm = 10 },
		{ .code = 0x17, .imm = 1 },			/* r0 -= 1 */
		{ .code = 0x55, .off = -2 },			/* if r0 != 0 goto -2 */
		{ .code = EXIT } }, 4 },
	{ "have_v2_isa_extension", {
		{ .code = MOV64 },
		{ .code = 0xa5, .off = 1 },			/* if r0 < 0 goto +1 */
		{ .code = MOV64, .imm = 1 },
		{ .code = EXIT } }, 4 },
	{ "have_v3_isa_extension", {
		{ .code = MOV64 },
		{ .code = 0xa6, .off = 1 },			/* if w0 < 0 goto +1 */
		{ .code = MOV64, .imm = 1 },
		{ .code = EXIT } }, 4 },
	{ "have_v4_isa_extension", {
		{ .code = MOV64 },
		{ .code = 0x16, .off = 1, .imm = 1 },		/* if w0 == 1 goto +1 */
		{ .code = 0x06, .imm = 1 },			/* gotol +1 */
		{ .code = MOV64, .imm = 1 },
		{ .code = EXIT } }, 5 },
};

const char *feature_isa_name(size_t i)
{
	return isas[i].name;
}

static bool feature_large(struct asm_insn insn)
{
	struct asm_insn *insns = calloc(SLOTS_BEFORE_5_2 + 1, sizeof(*insns));
	bool taken = false;

	for (size_t i = 0; insns && i < SLOTS_BEFORE_5_2; i++)
		insns[i] = insn;
	if (insns) {
		insns[SLOTS_BEFORE_5_2] = (struct asm_insn){ .code = EXIT };
		taken = feature_insns(insns, SLOTS_BEFORE_5_2 + 1);
	}
	free(insns);
	return taken;
}

bool feature_isa(size_t i)
{
	if (!isas[i].n)
		return feature_large(isas[i].insns[0]);
	return feature_insns(isas[i].insns, isas[i].n);
}

/* ---- maps ---- */

/* Types for a storage of kernel objects: an int as key and value, and nothing else. */
static int load_int(void)
{
	static const struct {
		uint16_t magic;
		uint8_t version, flags;
		uint32_t len, types, types_len, strings, strings_len;
		uint32_t name, info, size, bits;
		char text[8];
	} data = { 0xeb9f, 1, 0, 24, 0, 16, 16, 8, 1, 1 << 24, 4, 1 << 24 | 32, "\0int" };
	struct abi_btf_load attr;

	memset(&attr, 0, sizeof(attr));
	attr.btf = abi_ptr(&data);
	attr.btf_size = sizeof(data);
	return sys_bpf(BPF_BTF_LOAD, &attr, abi_end(struct abi_btf_load, btf_log_level));
}

static int create(struct abi_map_create *attr)
{
	int fd = sys_bpf(BPF_MAP_CREATE, attr, abi_end(struct abi_map_create,
						       btf_vmlinux_value_type_id));

	sys_close(fd < 0 ? -1 : fd);
	return fd < 0 ? fd : 0;
}

/* A template for maps of maps. */
static int create_inner(void)
{
	struct abi_map_create attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_HASH;
	attr.key_size = attr.value_size = 4;
	attr.max_entries = 1;
	return sys_bpf(BPF_MAP_CREATE, &attr, abi_end(struct abi_map_create, map_flags));
}

static void fill_sizes(const struct asm_map_type *type, struct abi_map_create *attr)
{
	attr->map_type = type->number;
	attr->key_size = type->key == ASM_SIZE_ZERO ? 0 : 4;
	attr->value_size = type->value == ASM_SIZE_ZERO ? 0 :
			   type->value == ASM_SIZE_U32_MULTIPLE ? 8 : 4;
	attr->max_entries = type->flags & ASM_MAP_NO_ENTRIES ? 0 :
			    type->flags & ASM_MAP_RING ? (uint32_t)getpagesize() : 1;
	attr->map_flags = type->flags & ASM_MAP_NO_PREALLOC ? BPF_F_NO_PREALLOC : 0;
}

int feature_map_type(const struct asm_map_type *type)
{
	struct abi_map_create attr;
	int btf = -1, inner = -1, err;

	memset(&attr, 0, sizeof(attr));
	fill_sizes(type, &attr);
	switch (type->number) {
	case BPF_MAP_TYPE_LPM_TRIE:
		attr.key_size = 8;
		break;
	case BPF_MAP_TYPE_CGROUP_STORAGE:
	case BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE:
		attr.key_size = 16;
		break;
	case BPF_MAP_TYPE_ARRAY_OF_MAPS:
	case BPF_MAP_TYPE_HASH_OF_MAPS:
		inner = create_inner();
		attr.inner_map_fd = inner < 0 ? 0 : (uint32_t)inner;
		break;
	case BPF_MAP_TYPE_SK_STORAGE:
	case BPF_MAP_TYPE_INODE_STORAGE:
	case BPF_MAP_TYPE_TASK_STORAGE:
	case BPF_MAP_TYPE_CGRP_STORAGE:
		btf = load_int();
		attr.btf_fd = btf < 0 ? 0 : (uint32_t)btf;
		attr.btf_key_type_id = attr.btf_value_type_id = 1;
		break;
	case BPF_MAP_TYPE_STRUCT_OPS:
		attr.btf_vmlinux_value_type_id = 1;
		break;
	case BPF_MAP_TYPE_ARENA:
		attr.map_flags = BPF_F_MMAPABLE;
		break;
	case BPF_MAP_TYPE_INSN_ARRAY:
		attr.value_size = 16;
		break;
	}
	err = create(&attr);
	/* type 1 is no struct of operations, and that says ENOTSUPP */
	if (type->number == BPF_MAP_TYPE_STRUCT_OPS && err == -EOPNOTSUPP)
		err = 0;
	sys_close(inner < 0 ? -1 : inner);
	sys_close(btf < 0 ? -1 : btf);
	return err;
}

/* ---- the kernel's configuration ---- */

char *feature_config(void)
{
	struct utsname name;
	char path[sizeof(name.release) + 16], *text = NULL, *packed;
	size_t len;
	int err;

	if (uname(&name) == 0) {
		snprintf(path, sizeof(path), "/boot/config-%s", name.release);
		if (asm_read_file(path, &text, &len) == 0)
			return text;
	}
	if (asm_read_file("/proc/config.gz", &packed, &len))
		return NULL;
	err = inflate_gzip(packed, len, &text, &len);
	free(packed);
	return err ? NULL : text;
}

const char *feature_option(const char *text, const char *name, char value[FEATURE_VALUE])
{
	size_t len = strlen(name);
	const char *line;

	for (line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, len) != 0 || line[len] != '=')
			continue;
		line += len + 1;
		snprintf(value, FEATURE_VALUE, "%.*s", (int)strcspn(line, "\n"), line);
		return value;
	}
	return NULL;
}
