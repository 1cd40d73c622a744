/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * fold.h - stacks as lines of text, "outermost;...;innermost", and how often each was seen: what
 * flame graphs are drawn from. Needs stdio.h
 */
#ifndef FOLD_H
#define FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fold_line {
	char *text;
	uint64_t count;
};

struct folds {
	struct fold_line *lines;
	size_t count, room;
};

/* The text is taken over, and freed when this fails: false, no memory. */
bool fold_add(struct folds *folds, char *text, uint64_t count);

/* In the order of the texts, each once. */
void fold_sort(struct folds *folds);

/* A line a stack: its text, a blank, the count. */
void fold_print(FILE *f, const struct folds *folds);

/* The same as a picture: a box a function, as wide as it was often there, on who called it. */
void fold_draw(FILE *f, const struct folds *folds);

void fold_free(struct folds *folds);

#endif
