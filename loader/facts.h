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

/*
 * Type id of that kind and name. -errno with a reason in why: -ENOENT when the kernel has none of
 * it (why then has near names without the prefix of the name), -EOPNOTSUPP for a kernel without
 * BTF, else what reading said.
 */
int32_t facts_btf_id(struct load_facts *facts, enum asm_btf_kind kind, const char *prefix,
		     const char *name, char *why, size_t why_size);

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
 * asm_core_apply() with this kernel's types. 0, or -errno with a reason in why; *failed is then the
 * relocation that cannot be.
 */
int facts_relocate(struct load_facts *facts, const struct asm_object *obj, struct asm_insn *insns,
		   const struct asm_core **failed, char *why, size_t why_size);

#endif
