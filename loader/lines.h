/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * lines.h - text of programs, as it comes in pieces, in lines fit for a terminal or as JSON:
 * {"KEY":"NAME","line":"TEXT"}.
 */
#ifndef LINES_H
#define LINES_H

#include <stddef.h>
#include <stdio.h>

enum load_print;

struct lines {
	FILE *f;
	enum load_print how;
	const char *key, *name;
	const char *prefix;	/* before each line of text */
	char text[4096];	/* what came and was not printed yet: the beginning of a line */
	size_t len;
};

/* Where the next piece may be put, and how much of it. */
char *lines_room(struct lines *lines, size_t *room);

/* That many bytes were put there: print the lines that are whole, and what is too long to wait. */
void lines_take(struct lines *lines, size_t len);

/* Nothing follows: print the rest. */
void lines_end(struct lines *lines);

#endif
