/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* tables.h - the rows of tables/ that have no accessor in asm.h. */
#ifndef TABLES_H
#define TABLES_H

#include <stddef.h>
#include <stdint.h>

struct asm_near;

/*
 * Visit every number that a text may name: tables/constant.def, map, program and attach types,
 * commands and BPF_FUNC_... of helpers. No name comes twice; a name lives until fn returns.
 */
void tables_each_constant(void *arg, void (*fn)(void *arg, const char *name, uint64_t value));

/* A row of tables/struct.def; fields has a line of a type, a name and an offset for each. */
struct table_struct {
	const char *name;	/* with dots where it has no name of its own */
	const char *fields;
	uint16_t size, align;
};

/* The row of that name, or NULL. */
const struct table_struct *tables_struct(const char *name, size_t len);

/* Offer the names of structures to a search for near ones. */
void tables_struct_near(struct asm_near *near);

#endif
