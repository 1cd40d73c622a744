/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* lines.h - the lines of many rising positions. Needs asm.h */
#ifndef LINES_H
#define LINES_H

#include <stddef.h>
#include <stdint.h>

struct asm_source;
struct line_cursor;
struct mem;

struct lines {
	struct line_cursor *cursors;	/* one a text, by rising position */
	size_t ncursors;
};

void lines_init(struct lines *lines, struct mem *mem, const struct asm_source *sources);

/*
 * As asm_object_place(), but linear in the texts over all calls, as long as positions only rise
 * within each of the texts.
 */
struct asm_place lines_place(struct lines *lines, uint32_t pos);

#endif
