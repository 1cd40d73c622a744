/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * flame.c - folded stacks as a flame graph in SVG, without a script: the whole name of a box, and
 * how often it was there, shows under the mouse.
 *
 * The lines are sorted, so what belongs to one box lies together: a box is a range of lines with
 * the same text up to some depth, and those on it are ranges within that range.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "fold.h"

enum {
	WIDTH = 1200,		/* pixels of the whole */
	ROW = 17,		/* and of a box and the gap below it */
	BOX = 16,
	MARGIN = 10,
	BASELINE = 12,		/* of the text in a box */
	HEADING = 40,
	LETTER = 7,		/* width of a letter, about */
	FEWEST_LETTERS = 3,
	SHADES = 55,
	DEPTH_MOST = 512,
};

/* Part of the lines, of which each has the same text before `at`. */
struct box {
	size_t first, last;	/* last is behind it */
	size_t at;		/* where its own name begins in the lines */
	size_t len;
	uint64_t before, count;	/* samples to the left of it, and its own */
};

struct flame {
	FILE *f;
	const struct folds *folds;
	uint64_t total;
	size_t depth;		/* of the deepest box */
};

/* Bytes of the name that begins there. */
static size_t name_len(const char *text)
{
	return strcspn(text, ";");
}

static void print_text(FILE *f, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		switch (text[i]) {
		case '&':
			fputs("&amp;", f);
			break;
		case '<':
			fputs("&lt;", f);
			break;
		case '>':
			fputs("&gt;", f);
			break;
		default:
			fputc(text[i] >= ' ' && text[i] <= '~' ? text[i] : '?', f);
		}
	}
}

/* Warm colours by name, so that a function has the same in each graph; the kernel's are orange. */
static void print_color(FILE *f, const char *name, size_t len)
{
	static const char kernel[] = "_[k]";
	size_t tail = sizeof(kernel) - 1;
	uint32_t hash = 2166136261u;	/* FNV-1a */

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)name[i]) * 16777619u;
	if (len > tail && memcmp(name + len - tail, kernel, tail) == 0)
		fprintf(f, "rgb(%u,%u,60)", 230 + hash % 20, 130 + (hash >> 8) % SHADES);
	else
		fprintf(f, "rgb(%u,%u,%u)", 205 + hash % 50, 60 + (hash >> 8) % SHADES,
			40 + (hash >> 16) % SHADES);
}

static void draw_box(const struct flame *flame, const struct box *box, size_t depth)
{
	const char *name = flame->folds->lines[box->first].text + box->at;
	double scale = (double)(WIDTH - 2 * MARGIN) / (double)flame->total;
	double x = MARGIN + scale * (double)box->before, width = scale * (double)box->count;
	size_t y = HEADING + (flame->depth - depth) * ROW, letters = (size_t)(width / LETTER);

	fputs("<g><title>", flame->f);
	print_text(flame->f, name, box->len);
	fprintf(flame->f, " (%" PRIu64 " samples, %.2f%%)</title>", box->count,
		100.0 * (double)box->count / (double)flame->total);
	fprintf(flame->f, "<rect x=\"%.1f\" y=\"%zu\" width=\"%.1f\" height=\"%d\" fill=\"", x, y,
		width, BOX);
	print_color(flame->f, name, box->len);
	fputs("\"/>", flame->f);
	if (letters >= FEWEST_LETTERS) {
		size_t shown = box->len <= letters ? box->len : letters - 2;

		fprintf(flame->f, "<text x=\"%.1f\" y=\"%zu\">", x + 2, y + BASELINE);
		print_text(flame->f, name, shown);
		fprintf(flame->f, "%s</text>", shown < box->len ? ".." : "");
	}
	fputs("</g>\n", flame->f);
}

/* The box of the line `first` at the depth where `at` is: as many lines as have that name there. */
static struct box box_at(const struct folds *folds, size_t first, size_t last, size_t at)
{
	const char *name = folds->lines[first].text + at;
	struct box box = { .first = first, .last = first, .at = at, .len = name_len(name) };

	for (; box.last < last; box.last++) {
		const char *other = folds->lines[box.last].text + at;

		if (name_len(other) != box.len || memcmp(other, name, box.len) != 0)
			break;
		box.count += folds->lines[box.last].count;
	}
	return box;
}

/* Draw what stands on each other from a range of lines on, at most DEPTH_MOST high. */
static void draw_range(const struct flame *flame, size_t first, size_t last, size_t at,
		       uint64_t before, size_t depth)
{
	while (first < last) {
		struct box box = box_at(flame->folds, first, last, at);
		size_t inner = box.first;
		uint64_t ends = 0;

		box.before = before;
		draw_box(flame, &box, depth);
		/* Those that end here come first. */
		while (inner < box.last && !flame->folds->lines[inner].text[at + box.len])
			ends += flame->folds->lines[inner++].count;
		if (depth < DEPTH_MOST)
			draw_range(flame, inner, box.last, at + box.len + 1, before + ends,
				   depth + 1);
		before += box.count;
		first = box.last;
	}
}

static void measure(struct flame *flame)
{
	for (size_t i = 0; i < flame->folds->count; i++) {
		const struct fold_line *line = &flame->folds->lines[i];
		size_t depth = 0;

		for (const char *s = line->text; *s; s++)
			depth += *s == ';';
		flame->depth = depth > flame->depth ? depth : flame->depth;
		flame->total += line->count;
	}
	if (flame->depth > DEPTH_MOST)
		flame->depth = DEPTH_MOST;
}

void fold_draw(FILE *f, const struct folds *folds)
{
	struct flame flame = { .f = f, .folds = folds };
	size_t height;

	measure(&flame);
	height = HEADING + (flame.depth + 1) * ROW + MARGIN;
	fprintf(f, "<?xml version=\"1.0\"?>\n"
		"<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" width=\"%d\" "
		"height=\"%zu\" viewBox=\"0 0 %d %zu\">\n"
		"<style>text { font: 12px monospace } rect:hover { stroke: black }</style>\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#fafafa\"/>\n"
		"<text x=\"%d\" y=\"24\">%" PRIu64 " samples</text>\n", WIDTH, height, WIDTH,
		height, MARGIN, flame.total);
	draw_range(&flame, 0, folds->count, 0, 0, 0);
	fputs("</svg>\n", f);
}
