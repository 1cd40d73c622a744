/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* table.h - a map as a table: what load_print_map() does not offer. */
#ifndef TABLE_H
#define TABLE_H

#include <stdbool.h>
#include <stdio.h>

enum load_print;
struct asm_map;

/*
 * Whether a map holds entries under keys: queues, stacks, bloom filters and rings do not. The
 * kernel may still refuse to walk it (-EOPNOTSUPP).
 */
bool table_has_entries(const struct asm_map *map);

/*
 * load_print_map() with a text ahead of the first line, once the map has been read: a map that
 * cannot be read leaves nothing in the stream.
 */
int table_print(FILE *f, enum load_print how, int fd, const struct asm_map *map, unsigned int top,
		const char *before);

#endif
