/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* mem.h - memory of one object: allocated piece by piece, freed at once. */
#ifndef MEM_H
#define MEM_H

#include <setjmp.h>
#include <stddef.h>

/*
 * Everything that asm_assemble() makes lives in one pool. When the C library has no memory left,
 * control returns to the setjmp() in *oom; nothing else needs undoing.
 */
struct mem_block;
struct mem {
	struct mem_block *blocks;
	char *free, *end;	/* what is left of the newest chunk */
	jmp_buf *oom;
};

/* Zeroed memory, aligned for anything, until mem_free(). */
void *mem_alloc(struct mem *mem, size_t size);

/* A NUL-terminated copy of len bytes. */
char *mem_text(struct mem *mem, const char *text, size_t len);

/*
 * Make room for `need` elements of `size` bytes in an array of its own; *room is its capacity.
 * array NULL starts one. The new part is not zeroed. Doubles, so that appending is linear.
 */
void *mem_grow(struct mem *mem, void *array, size_t *room, size_t need, size_t size);

/* Give an array of mem_grow() back; NULL is fine. */
void mem_drop(void *array);

void mem_free(struct mem *mem);

#endif
