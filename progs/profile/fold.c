/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/grow.h"
#include "fold.h"

bool fold_add(struct folds *folds, char *text, uint64_t count)
{
	struct fold_line *grown = grow(folds->lines, &folds->room, folds->count, sizeof(*grown));

	if (!grown) {
		free(text);
		return false;
	}
	folds->lines = grown;
	folds->lines[folds->count++] = (struct fold_line){ text, count };
	return true;
}

/* A frame sorts before the same name with more behind it: ';' counts as the end of the text. */
static int compare(const void *a, const void *b)
{
	const char *x = ((const struct fold_line *)a)->text;
	const char *y = ((const struct fold_line *)b)->text;

	for (; *x && *x == *y; x++, y++)
		;
	if (*x == *y)
		return 0;
	if (!*x || (*x == ';' && *y))
		return -1;
	if (!*y || *y == ';')
		return 1;
	return (unsigned char)*x < (unsigned char)*y ? -1 : 1;
}

void fold_sort(struct folds *folds)
{
	size_t kept = 0;

	if (folds->count)
		qsort(folds->lines, folds->count, sizeof(folds->lines[0]), compare);
	for (size_t i = 0; i < folds->count; i++) {
		struct fold_line *line = &folds->lines[i];

		if (kept && strcmp(folds->lines[kept - 1].text, line->text) == 0) {
			folds->lines[kept - 1].count += line->count;
			free(line->text);
		} else {
			folds->lines[kept++] = *line;
		}
	}
	folds->count = kept;
}

void fold_print(FILE *f, const struct folds *folds)
{
	for (size_t i = 0; i < folds->count; i++)
		fprintf(f, "%s %" PRIu64 "\n", folds->lines[i].text, folds->lines[i].count);
}

void fold_free(struct folds *folds)
{
	for (size_t i = 0; i < folds->count; i++)
		free(folds->lines[i].text);
	free(folds->lines);
}
