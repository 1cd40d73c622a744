/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* symbols.h - names to things: one hash table a name space. */
#ifndef SYMBOLS_H
#define SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct asm_near;
struct mem;

/* A name in a table. What it stands for is up to the table's owner. */
struct symbol {
	const char *name;	/* len bytes, not NUL-terminated */
	uint32_t len, hash;
	uint32_t kind;
	uint32_t index;
	uint32_t pos;		/* where it was defined; 0: built in */
	uint32_t equ_pos;	/* of a -D: the .equ that it beats; 0: none yet */
	bool used;
	const void *data;
};

struct symbols {
	struct mem *mem;
	struct symbol *entries;	/* in order of arrival */
	size_t count, room;
	uint32_t *slots;	/* 1 + index into entries; 0: free */
	size_t nslots, slots_room;
};

/* The entry of that name, or NULL. Valid until the next symbols_put(). */
struct symbol *symbols_get(const struct symbols *symbols, const char *name, size_t len);

/* Add a name that is not there yet; the name is borrowed. The rest of the entry is zeroed. */
struct symbol *symbols_put(struct symbols *symbols, const char *name, size_t len);

/* Forget all names, keep the memory. */
void symbols_clear(struct symbols *symbols);

/* Offer the names whose kind is in `kinds` (bits 1 << kind) to a search for near ones. */
void symbols_near(const struct symbols *symbols, uint32_t kinds, struct asm_near *near);

#endif
