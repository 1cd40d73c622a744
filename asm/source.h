/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * source.h - texts and positions.
 *
 * A position is one number over all texts of an object: the text's base plus the byte offset. So an
 * instruction keeps where it stands in four bytes. 0 is no position.
 */
#ifndef SOURCE_H
#define SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct asm_place;
struct mem;

struct asm_source {
	const char *name;
	const char *text;
	size_t len;
	uint32_t base;		/* position of text[0] */
	uint32_t parent;	/* where it was put in place of a statement; 0: nowhere */
	uint32_t parent_len;
	const char *why;	/* what to note there */
	bool listing;		/* the kernel's: lines "12: (85) ..." are in it */
	const struct asm_source *next;
	const struct asm_source *jump;	/* one farther along, or NULL */
	uint32_t behind;	/* how many come behind it */
};

enum { SOURCE_FIRST = 1 };

/* Add a text, borrowed, to the list. All of them together are less than 4 GiB. */
struct asm_source *source_add(struct mem *mem, const struct asm_source **list, const char *name,
			      const char *text, size_t len);

/* The text that a position is in; NULL for none. Logarithmic in the number of texts. */
const struct asm_source *source_of(const struct asm_source *list, uint32_t pos);

/* The position in the outermost text that pos stands for. */
uint32_t source_root(const struct asm_source *list, uint32_t pos);

/* Fill in where pos is; file NULL when it is nowhere. Linear in the length of the text. */
void source_place(const struct asm_source *list, uint32_t pos, struct asm_place *out);

#endif
