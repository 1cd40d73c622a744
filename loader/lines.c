/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <string.h>

#include "loader.h"
#include "lines.h"
#include "value.h"

/* A line without its end; tabs are the program's columns, and no harm to a terminal. */
static void print_line(struct lines *l, const char *line, size_t len)
{
	if (l->how == LOAD_JSON) {
		fprintf(l->f, "{\"%s\":", l->key);
		value_print_text(l->f, l->how, l->name, strlen(l->name));
		fputs(",\"line\":", l->f);
		value_print_text(l->f, l->how, line, len);
		fputs("}\n", l->f);
		return;
	}
	fputs(l->prefix, l->f);
	while (len) {
		const char *tab = memchr(line, '\t', len);
		size_t part = tab ? (size_t)(tab - line) : len;

		value_print_text(l->f, l->how, line, part);
		if (tab)
			putc('\t', l->f);
		part += tab != NULL;
		line += part;
		len -= part;
	}
	putc('\n', l->f);
}

/* Print the whole lines; of what fills the room, or is the last, all. */
static void print_lines(struct lines *l, bool all)
{
	const char *at = l->text, *end = l->text + l->len, *line_end;

	while ((line_end = memchr(at, '\n', (size_t)(end - at)))) {
		print_line(l, at, (size_t)(line_end - at));
		at = line_end + 1;
	}
	if (at < end && (all || (size_t)(end - at) == sizeof(l->text))) {
		print_line(l, at, (size_t)(end - at));
		at = end;
	}
	l->len = (size_t)(end - at);
	memmove(l->text, at, l->len);
}

char *lines_room(struct lines *l, size_t *room)
{
	*room = sizeof(l->text) - l->len;
	return l->text + l->len;
}

void lines_take(struct lines *l, size_t len)
{
	l->len += len;
	print_lines(l, false);
}

void lines_end(struct lines *l)
{
	print_lines(l, true);
}
