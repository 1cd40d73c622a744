/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <string.h>

#include "asm.h"

enum { NAME_MOST = 64 };	/* bytes: longer names are the same or far */

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/*
 * A row of the optimal string alignment distance: what it costs to make the first i bytes of a into
 * the first 0, 1, ... bytes of b, from the two rows before it. Returns the least of the row.
 */
static unsigned int distance_row(const char *a, size_t i, const char *b, size_t len,
				 const uint8_t *before, const uint8_t *above, uint8_t *row)
{
	unsigned int cost, lowest = (unsigned int)i;
	size_t j;

	row[0] = (uint8_t)i;
	for (j = 1; j <= len; j++) {
		cost = above[j - 1] + (a[i - 1] == b[j - 1] ? 0u : 1u);
		cost = least(cost, above[j] + 1u);
		cost = least(cost, row[j - 1] + 1u);
		if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
			cost = least(cost, before[j - 2] + 1u);
		row[j] = (uint8_t)cost;
		lowest = least(lowest, cost);
	}
	return lowest;
}

unsigned int asm_distance(const char *a, const char *b, unsigned int most)
{
	size_t len_a = strnlen(a, NAME_MOST + 1), len_b = strnlen(b, NAME_MOST + 1);
	uint8_t rows[3][NAME_MOST + 1];
	size_t i;

	if (len_a > NAME_MOST || len_b > NAME_MOST)
		return strcmp(a, b) == 0 ? 0 : most + 1;
	if ((len_a > len_b ? len_a - len_b : len_b - len_a) > most)
		return most + 1;
	for (i = 0; i <= len_b; i++)
		rows[0][i] = (uint8_t)i;
	for (i = 1; i <= len_a; i++) {
		/* No later row can be cheaper than the cheapest cell of this one. */
		if (distance_row(a, i, b, len_b, rows[(i + 1) % 3], rows[(i + 2) % 3],
				 rows[i % 3]) > most)
			return most + 1;
	}
	return least(rows[len_a % 3][len_b], most + 1);
}

void asm_near_start(struct asm_near *near, const char *name, size_t len)
{
	memset(near, 0, sizeof(*near));
	if (len >= sizeof(near->name))
		return;
	memcpy(near->name, name, len);
	near->best = len < 3 ? 0 : len < 6 ? 1 : len < 9 ? 2 : 3;
}

static bool near_has(const struct asm_near *near, const char *name)
{
	unsigned int i;

	for (i = 0; i < near->count; i++)
		if (!strcmp(near->found[i], name))
			return true;
	return false;
}

void asm_near_offer(struct asm_near *near, const char *name, size_t len)
{
	char bare[ASM_NEAR_NAME];
	unsigned int distance;
	size_t skip;

	if (!near->best || len >= sizeof(bare))
		return;
	memcpy(bare, name, len);
	bare[len] = '\0';
	skip = strspn(bare, "_");
	distance = asm_distance(near->name, bare, near->best);
	if (!distance) {	/* it is no mistake: something else is wrong */
		near->count = 0;
		near->best = 0;
		return;
	}
	if (skip)		/* left out all of them: one mistake */
		distance = least(distance,
				      asm_distance(near->name, bare + skip, near->best) + 1);
	if (distance > near->best)
		return;
	if (distance < near->best)
		near->count = 0;
	near->best = distance;
	if (near->count < ASM_NEAR_MOST && !near_has(near, bare))
		strcpy(near->found[near->count++], bare);
}

const char *asm_near_text(const struct asm_near *near, char *buf)
{
	char *out = buf;
	unsigned int i;

	*out = '\0';
	for (i = 0; i < near->count; i++)
		out += sprintf(out, "%s'%s'", !i ? "; did you mean " :
			       i + 1 < near->count ? ", " : " or ", near->found[i]);
	if (near->count)
		strcpy(out, "?");
	return buf;
}
