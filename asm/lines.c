/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <string.h>

#include "asm.h"
#include "lines.h"
#include "mem.h"
#include "source.h"

/* The line of a text that was asked for last. */
struct line_cursor {
	const struct asm_source *source;
	const char *start, *end;
	unsigned int number;		/* 0: none yet */
};

void lines_init(struct lines *lines, struct mem *mem, const struct asm_source *sources)
{
	const struct asm_source *source;
	size_t n = 0;

	for (source = sources; source; source = source->next)
		n++;
	lines->cursors = mem_alloc(mem, n * sizeof(*lines->cursors));
	lines->ncursors = n;
	for (source = sources; source; source = source->next)
		lines->cursors[--n].source = source;
}

/* The text that holds pos: the last one that does not begin behind it. */
static struct line_cursor *lines_cursor(struct lines *lines, uint32_t pos)
{
	size_t low = 0, high = lines->ncursors, middle;

	while (high - low > 1) {
		middle = (low + high) / 2;
		if (lines->cursors[middle].source->base <= pos)
			low = middle;
		else
			high = middle;
	}
	return &lines->cursors[low];
}

static void lines_seek(struct line_cursor *cursor, const char *at)
{
	const char *text_end = cursor->source->text + cursor->source->len;

	if (!cursor->number || at < cursor->start) {
		cursor->start = cursor->source->text;
		cursor->number = 1;
	} else if (at <= cursor->end) {
		return;
	}
	for (;;) {
		cursor->end = memchr(cursor->start, '\n', (size_t)(text_end - cursor->start));
		if (!cursor->end)
			cursor->end = text_end;
		if (at <= cursor->end)
			return;
		cursor->start = cursor->end + 1;
		cursor->number++;
	}
}

struct asm_place lines_place(struct lines *lines, uint32_t pos)
{
	struct line_cursor *cursor = lines_cursor(lines, pos);
	const char *at = cursor->source->text + (pos - cursor->source->base);

	lines_seek(cursor, at);
	return (struct asm_place){ .file = cursor->source->name, .line = cursor->number,
				   .col = (unsigned int)(at - cursor->start) + 1,
				   .text = cursor->start,
				   .len = (size_t)(cursor->end - cursor->start) };
}
