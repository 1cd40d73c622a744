/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * facts.h - the running kernel's BTF inside the loader. The door has load_facts_new() and the rest.
 *
 * /sys/kernel/btf/vmlinux is read when something is first asked, once, and its failure remembered.
 */
#ifndef FACTS_H
#define FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum asm_btf_kind;
struct asm_btf;
struct asm_core;
struct asm_insn;
struct asm_object;
struct load_facts;

/* A type of the kernel, or of one of its modules. */
struct facts_type {
	uint32_t id;
	int fd;			/* of the module's type data, kept by the facts; 0: the kernel */
	uint32_t index;		/* of that descriptor in facts_fds() */
	uint32_t btf;		/* the id of the module's type data */
};

/*
 * The type of that kind and name, of the kernel or else of the first module that has one;
 * MODULE:NAME is of that module. 0, or -errno with a reason in why: -ENOENT when the kernel has
 * none of it (why then has near names without the prefix of the name), -EOPNOTSUPP for a kernel
 * without BTF, else what reading said.
 */
int facts_find(struct load_facts *facts, enum asm_btf_kind kind, const char *prefix,
	       const char *name, struct facts_type *out, char *why, size_t why_size);

/* What BPF_PROG_LOAD takes to know modules by index; NULL when no type was of one. */
const int *facts_fds(const struct load_facts *facts);

/* All of its types, once something was found in them. */
const struct asm_btf *facts_types(const struct load_facts *facts);

/* The part of that reason that suggests names, or "": ASM_NEAR_TEXT bytes. */
void facts_near(struct load_facts *facts, enum asm_btf_kind kind, const char *prefix,
		const char *name, char *out);

/* How to read the configuration: a text, freed with free(). 0 or -errno with a reason in why. */
typedef int facts_config_fn(char **text, size_t *len, char *why, size_t why_size);

/* The configuration, read once by fn; its failure is remembered, and told again. */
int facts_config(struct load_facts *facts, facts_config_fn *fn, const char **text, char *why,
		 size_t why_size);

/*
 * Visit each function of the kernel that a trampoline can call a program from: at most 12
 * arguments, none larger than 16 bytes, and no struct returned. Stops when fn returns false. 0, or
 * -errno with a reason in why.
 */
typedef bool facts_fn(void *arg, uint32_t id, const char *name);
int facts_traceable(struct load_facts *facts, facts_fn *fn, void *arg, char *why, size_t why_size);

/*
 * asm_core_apply() with this kernel's types and its modules'. 0, or -errno with a reason in why;
 * *failed is then the relocation that cannot be.
 */
int facts_relocate(struct load_facts *facts, const struct asm_object *obj, struct asm_insn *insns,
		   const struct asm_core **failed, char *why, size_t why_size);

#endif
