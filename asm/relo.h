/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * relo.h - types of an object beside those of a kernel. Needs asm.h
 *
 * What counts as the same is libbpf's choice: tools/lib/bpf/relo_core.c (7.2).
 */
#ifndef RELO_H
#define RELO_H

#include <stdbool.h>
#include <stdint.h>

/* An answer may also be that the data is damaged, or has no end. */
enum relo_fit { RELO_DAMAGED = -1, RELO_DIFFERS, RELO_FITS };

struct relo_types {
	const struct asm_btf *own, *kernel;
	uint32_t budget;	/* types and members still to look at */
};

/* Two names that differ in their flavours at most. */
bool relo_same_name(const char *a, const char *b);

/* The name of enumerator `index` of a type, which has that many. */
const char *relo_enum_name(const struct asm_btf *btf, uint32_t id, uint32_t index);

/* A member of one type where the object has one of another. */
enum relo_fit relo_field_fits(struct relo_types *types, uint32_t own, uint32_t kernel);

/* A type that exists for the object; the names at the top are known to be the same. */
enum relo_fit relo_type_fits(struct relo_types *types, uint32_t own, uint32_t kernel);

/* The same with all members, values and parameters that the object knows. */
enum relo_fit relo_type_matches(struct relo_types *types, uint32_t own, uint32_t kernel);

#endif
