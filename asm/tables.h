/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* tables.h - the rows of tables/ that have no accessor in asm.h. */
#ifndef TABLES_H
#define TABLES_H

#include <stdint.h>

/*
 * Visit every number that a text may name: tables/constant.def, map, program and attach types,
 * commands and BPF_FUNC_... of helpers. No name comes twice; names live for ever.
 */
void tables_each_constant(void *arg, void (*fn)(void *arg, const char *name, uint64_t value));

#endif
