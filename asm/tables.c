/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tables.c - the rows of tables/ as arrays, and how they are found.
 *
 * The numbers of helpers and of map, program and attach types have no gaps, and their rows are in
 * that order: asserted below, so that a number is an index.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asm.h"
#include "tables.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define MAP_TYPE_PREFIX "BPF_MAP_TYPE_"

/* ---- the rows ---- */

static const struct asm_form forms[] = {
#define INSN(name, syntax, kernel, gas, code, src, off, imm, since, flags, means) \
	{ syntax "\0" kernel "\0" gas, since, off, imm, code, src, flags },
#include "tables/insn.def"
#undef INSN
};

/* Names one behind another: a row has the distance, a quarter of a pointer. */
static const struct names {
#define HELPER(id, name, ...) char name[sizeof(#name)];
#include "tables/helper.def"
#undef HELPER
} names = {
#define HELPER(id, name, ...) #name,
#include "tables/helper.def"
#undef HELPER
};

static const struct asm_helper helpers[] = {
#define HELPER(id, name, since, ...) { id, since, offsetof(struct names, name) },
#include "tables/helper.def"
#undef HELPER
};

static const struct asm_map_type map_types[] = {
#define MAPTYPE(number, constant, word, key, value, flags, since) \
	{ word, #constant, since, number, ASM_SIZE_##key, ASM_SIZE_##value, flags },
#include "tables/map_type.def"
#undef MAPTYPE
};

static const struct asm_prog_type prog_types[] = {
#define PROG_TYPE(number, constant, word, since) \
	{ word, #constant, since, number },
#include "tables/prog_type.def"
#undef PROG_TYPE
};

enum {
#define PROG_TYPE(number, constant, word, since) PROG_##constant = (number),
#include "tables/prog_type.def"
#undef PROG_TYPE
	TYPE_NONE = 0,
#define ATTACH_TYPE(number, constant, since) TYPE_##constant = (number),
#include "tables/attach_type.def"
#undef ATTACH_TYPE
};

static const struct asm_warning_row warnings[] = {
#define WARNING(id, name, meaning) [ASM_WARNING_##id] = { name, meaning },
#include "tables/warning.def"
#undef WARNING
};

_Static_assert(COUNT(warnings) == ASM_WARNINGS, "warning.def has a row for each asm_warning");

static const struct asm_attach attaches[] = {
#define ATTACH(section, program, attach, target, how, flags, since)		\
	{ section, since, TYPE_##attach, PROG_##program, ASM_TARGET_##target,	\
	  ASM_ATTACH_##how, flags },
#include "tables/attach.def"
#undef ATTACH
};

static const struct asm_type types[] = {
#define TYPE(name, format, size, align) { name, ASM_##format, size, align, NULL, 0 },
#include "tables/type.def"
#undef TYPE
};

static const struct table_struct structs[] = {
#define STRUCT(name, size, align, since, fields) { #name, fields, size, align },
#define MEMBER(name, path, size, align, since, fields) { #name "." #path, fields, size, align },
#define FIELD(type, name, offset, since) type " " #name " " #offset "\n"
#define OPEN(type, name, offset, since) type " " #name " " #offset "\n"
#define PART(name, path, field, offset, since) #name "." #path " " #field " " #offset "\n"
#define BITS(type, name, offset, since, bit) type " " #name " " #offset "\n"
#include "tables/struct.def"
#undef STRUCT
#undef MEMBER
#undef FIELD
#undef OPEN
#undef PART
#undef BITS
};

/* A row of a CPU holds its registers: expanded once for each CPU's array, once for the row. */
#define CPU_REG(name, offset, size) { #name, offset, size },
#define CPU_ARGS(...) { __VA_ARGS__ }
#define CPU_SYSARGS(...) { __VA_ARGS__ }

#define CPU(name, machine, endian, bpf, perf, entry, ret, ip, sp, fp, args, sysargs, regs) \
	static const struct asm_cpu_reg regs_of_##name[] = { regs };
#include "tables/cpu.def"
#undef CPU

/* Each an object of its own: a program that only asks for the native one links no other. */
#define CPU(name, machine, endian, bpf, perf, entry, ret, ip, sp, fp, args, sysargs, regs)	\
	static const struct asm_cpu cpu_##name = {						\
		#name, machine, ASM_##endian, bpf, perf, entry, args, sysargs, ret, ip, sp, fp, \
		regs_of_##name, COUNT(regs_of_##name)						\
	};
#include "tables/cpu.def"
#undef CPU

static const struct asm_cpu *const cpus[] = {
#define CPU(name, ...) &cpu_##name,
#include "tables/cpu.def"
#undef CPU
};

#undef CPU_REG
#undef CPU_ARGS
#undef CPU_SYSARGS

/* ---- what the lookups rely on ---- */

enum {
#define HELPER(id, name, since, ...) ORDER_HELPER_##name,
#include "tables/helper.def"
#undef HELPER
	HELPERS
};

enum {
#define MAPTYPE(number, constant, ...) ORDER_MAP_TYPE_##constant,
#include "tables/map_type.def"
#undef MAPTYPE
	MAP_TYPES
};

enum {
#define PROG_TYPE(number, constant, ...) ORDER_PROG_TYPE_##constant,
#include "tables/prog_type.def"
#undef PROG_TYPE
	PROG_TYPES
};

enum {
#define ATTACH_TYPE(number, constant, since) ORDER_ATTACH_TYPE_##constant,
#include "tables/attach_type.def"
#undef ATTACH_TYPE
};

enum {
#define COMMAND(number, constant, since) ORDER_COMMAND_##constant,
#include "tables/command.def"
#undef COMMAND
};

_Static_assert(COUNT(helpers) == HELPERS && HELPERS == 211, "the list of helpers is frozen");
_Static_assert(COUNT(map_types) == MAP_TYPES && MAP_TYPES == 35, "Linux 7.2");
_Static_assert(COUNT(prog_types) == PROG_TYPES && PROG_TYPES == 32, "Linux 7.2");
_Static_assert(COUNT(attaches) == 116, "libbpf 1.8");
_Static_assert(COUNT(cpus) == 5, "x86_64 arm64 s390x ppc64le riscv64");

#define ORDERED(order, number) _Static_assert((int)(order) == (number), "a row is out of order");
#define HELPER(id, name, since, ...) ORDERED(ORDER_HELPER_##name + 1, id)
#define MAPTYPE(number, constant, ...) ORDERED(ORDER_MAP_TYPE_##constant + 1, number)
#define PROG_TYPE(number, constant, ...) ORDERED(ORDER_PROG_TYPE_##constant + 1, number)
#define ATTACH_TYPE(number, constant, since) ORDERED(ORDER_ATTACH_TYPE_##constant, number)
#define COMMAND(number, constant, since) ORDERED(ORDER_COMMAND_##constant, number)
#include "tables/helper.def"
#include "tables/map_type.def"
#include "tables/prog_type.def"
#include "tables/attach_type.def"
#include "tables/command.def"
#undef ORDERED
#undef HELPER
#undef MAPTYPE
#undef PROG_TYPE
#undef ATTACH_TYPE
#undef COMMAND

/* ---- whole tables ---- */

const struct asm_form *asm_forms(size_t *n)
{
	*n = COUNT(forms);
	return forms;
}

const struct asm_helper *asm_helpers(size_t *n)
{
	*n = COUNT(helpers);
	return helpers;
}

const struct asm_map_type *asm_map_types(size_t *n)
{
	*n = COUNT(map_types);
	return map_types;
}

const struct asm_prog_type *asm_prog_types(size_t *n)
{
	*n = COUNT(prog_types);
	return prog_types;
}

const struct asm_attach *asm_attaches(size_t *n)
{
	*n = COUNT(attaches);
	return attaches;
}

const struct asm_cpu *const *asm_cpus(size_t *n)
{
	*n = COUNT(cpus);
	return cpus;
}

const struct asm_type *asm_types(size_t *n)
{
	*n = COUNT(types);
	return types;
}

const struct asm_warning_row *asm_warnings(size_t *n)
{
	*n = COUNT(warnings);
	return warnings;
}

/* ---- one row ---- */

const char *asm_form_template(const struct asm_form *form, enum asm_template which)
{
	const char *at = form->syntax;

	for (; which; which--)
		at += strlen(at) + 1;
	return at;
}

const char *asm_helper_name(const struct asm_helper *helper)
{
	return (const char *)&names + helper->name;
}

/* name behind a prefix that it may begin with */
static const char *skip_prefix(const char *name, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(name, prefix, len) == 0 ? name + len : name;
}

const struct asm_helper *asm_helper_find(const char *name)
{
	size_t i;

	name = skip_prefix(name, "bpf_");
	for (i = 0; i < COUNT(helpers); i++) {
		if (strcmp(asm_helper_name(&helpers[i]), name) == 0)
			return &helpers[i];
	}
	return NULL;
}

const struct asm_map_type *asm_map_type_find(const char *name)
{
	const char *constant = skip_prefix(name, MAP_TYPE_PREFIX);
	size_t i;

	for (i = 0; i < COUNT(map_types); i++) {
		if (strcmp(constant == name ? map_types[i].name : map_types[i].constant,
			   constant) == 0)
			return &map_types[i];
	}
	return NULL;
}

const struct asm_map_type *asm_map_type_number(uint32_t number)
{
	return number - 1 < COUNT(map_types) ? &map_types[number - 1] : NULL;
}

const struct asm_prog_type *asm_prog_type_number(uint32_t number)
{
	return number - 1 < COUNT(prog_types) ? &prog_types[number - 1] : NULL;
}

const struct asm_cpu *asm_cpu_find(const char *name)
{
	size_t i;

	for (i = 0; i < COUNT(cpus); i++) {
		if (strcmp(cpus[i]->name, name) == 0)
			return cpus[i];
	}
	return NULL;
}

const struct asm_cpu *asm_cpu_native(void)
{
#if defined(__x86_64__)
	return &cpu_x86_64;
#elif defined(__aarch64__) && !defined(__AARCH64EB__)
	return &cpu_arm64;
#elif defined(__s390x__)
	return &cpu_s390x;
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
	return &cpu_ppc64le;
#elif defined(__riscv) && __riscv_xlen == 64
	return &cpu_riscv64;
#else
	return NULL;
#endif
}

const struct asm_cpu_reg *asm_cpu_reg_find(const struct asm_cpu *cpu, const char *name)
{
	size_t i;

	for (i = 0; i < cpu->nregs; i++) {
		if (strcmp(cpu->regs[i].name, name) == 0)
			return &cpu->regs[i];
	}
	return NULL;
}

/* What stands behind the '/' of a section if the row takes it, "" for the bare name; else NULL. */
static const char *attach_target(const struct asm_attach *attach, const char *section)
{
	size_t len = strlen(attach->section);

	if (strncmp(section, attach->section, len) != 0)
		return NULL;
	if (section[len] == '\0')
		return section + len;
	if (attach->target == ASM_TARGET_NONE || section[len] != '/')
		return NULL;
	return section + len + 1;
}

const struct asm_attach *asm_attach_find(const char *section, const char **target)
{
	const char *rest;
	size_t i;

	for (i = 0; i < COUNT(attaches); i++) {
		rest = attach_target(&attaches[i], section);
		if (rest) {
			*target = rest;
			return &attaches[i];
		}
	}
	return NULL;
}

const struct table_struct *tables_struct(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < COUNT(structs); i++) {
		if (strlen(structs[i].name) == len && memcmp(structs[i].name, name, len) == 0)
			return &structs[i];
	}
	return NULL;
}

void tables_struct_near(struct asm_near *near)
{
	size_t i;

	for (i = 0; i < COUNT(structs); i++) {
		if (!strchr(structs[i].name, '.'))
			asm_near_offer(near, structs[i].name, strlen(structs[i].name));
	}
}

uint64_t asm_sizeof(struct asm_typeref ref)
{
	if (!ref.type)
		return 0;
	return (uint64_t)ref.type->size * (ref.count ? ref.count : 1);
}

/* ---- numbers by name ---- */

enum { CONSTANT_MOST = 64 };

/* What asm/constants.awk makes of the rows: a third of the size of pointers and numbers. */
static const char constants[] =
#include "constants.h"
	;

/* A name is what it shares with the one before, and the rest; no value: the next number. */
static void each_row(void *arg, void (*fn)(void *arg, const char *name, uint64_t value))
{
	char name[CONSTANT_MOST];
	const char *at = constants;
	uint64_t value = 0;

	while (*at) {
		size_t shared = (unsigned char)*at++ - 1u;

		strcpy(name + shared, at);
		at += strlen(at) + 1;
		value = *at ? strtoull(at, NULL, 0) : value + 1;
		at += strlen(at) + 1;
		fn(arg, name, value);
	}
}

void tables_each_constant(void *arg, void (*fn)(void *arg, const char *name, uint64_t value))
{
	char name[CONSTANT_MOST];
	size_t i;

	each_row(arg, fn);
	for (i = 0; i < COUNT(map_types); i++) {
		snprintf(name, sizeof(name), MAP_TYPE_PREFIX "%s", map_types[i].constant);
		fn(arg, name, map_types[i].number);
	}
	for (i = 0; i < COUNT(prog_types); i++) {
		snprintf(name, sizeof(name), "BPF_PROG_TYPE_%s", prog_types[i].constant);
		fn(arg, name, prog_types[i].number);
	}
	for (i = 0; i < COUNT(helpers); i++) {
		snprintf(name, sizeof(name), "BPF_FUNC_%s", asm_helper_name(&helpers[i]));
		fn(arg, name, helpers[i].id);
	}
}
