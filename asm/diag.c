/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "asm.h"
#include "diag.h"
#include "mem.h"
#include "source.h"

enum { DIAG_TEXT = 512, DIAG_NAME = 48, DIAG_LEVELS = 3 };

struct diag {
	struct diag *next;
	struct diag *notes, **last_note;
	enum asm_severity severity;
	uint32_t pos;
	unsigned int width;
	const char *message;
};

static struct diag *diag_last(struct diag_list *list)
{
	if (!list->last)
		return NULL;
	return (struct diag *)((char *)list->last - offsetof(struct diag, next));
}

static void diag_append(struct diag_list *list, struct diag *diag)
{
	struct diag *owner = diag_last(list);

	if (diag->severity == ASM_NOTE && owner) {
		*owner->last_note = diag;
		owner->last_note = &diag->next;
		return;
	}
	if (list->last)
		*list->last = diag;
	else
		list->first = diag;
	list->last = &diag->next;
}

/* A message may quote the text: what would steer a terminal stays out of it. */
static void diag_clean(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

static struct diag *diag_new(struct diag_list *list, enum asm_severity severity)
{
	struct diag *diag = mem_alloc(list->mem, sizeof(*diag));

	diag->severity = severity;
	diag->last_note = &diag->notes;
	diag_append(list, diag);
	return diag;
}

static void diag_fill(struct diag_list *list, struct diag *diag, uint32_t pos, unsigned int width,
		      const char *text)
{
	char *copy = mem_text(list->mem, text, strlen(text));

	diag->pos = pos;
	diag->width = width ? width : 1;
	diag_clean(copy);
	diag->message = copy;
}

void diag_add(struct diag_list *list, enum asm_severity severity, uint32_t pos,
	      unsigned int width, const char *format, ...)
{
	char text[DIAG_TEXT];
	va_list ap;

	list->errors += severity == ASM_ERROR;
	if (list->errors > DIAG_MOST)
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	diag_fill(list, diag_new(list, severity), pos, width, text);
}

/*
 * The warnings shown are the first of the text, though most are found after it has ended: when
 * there are enough of them, one that stands before the last takes its place.
 */
static struct diag *diag_warning(struct diag_list *list, uint32_t pos)
{
	struct diag *diag, *last = NULL;

	if (++list->warnings <= DIAG_MOST)
		return diag_new(list, ASM_WARNING);
	if (list->warnings > DIAG_MOST + 1 && pos >= list->last_warning)
		return NULL;
	for (diag = list->first; diag; diag = diag->next)
		if (diag->severity == ASM_WARNING && (!last || diag->pos >= last->pos))
			last = diag;
	list->last_warning = last->pos;
	return pos < last->pos ? last : NULL;
}

void diag_warn(struct diag_list *list, enum asm_warning which, uint32_t pos, unsigned int width,
	       const char *format, ...)
{
	char text[DIAG_TEXT], whole[DIAG_TEXT + DIAG_NAME];
	const struct asm_warning_row *rows;
	struct diag *diag;
	va_list ap;
	size_t n;

	if (list->quiet >> which & 1)
		return;
	diag = diag_warning(list, pos);
	if (!diag)
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	rows = asm_warnings(&n);
	snprintf(whole, sizeof(whole), "%s [-W%s%s]", text, list->werror ? "error=" : "",
		 rows[which].name);
	diag_fill(list, diag, pos, width, whole);
}

bool diag_failed(const struct diag_list *list)
{
	return list->errors || (list->werror && list->warnings);
}

/* Insertion sort: there are at most 2 * DIAG_MOST, and they are nearly in order. */
static struct diag *diag_sorted(struct diag *list, const struct asm_source *sources)
{
	struct diag *out = NULL, *next, **p;

	for (; list; list = next) {
		uint32_t root = source_root(sources, list->pos);

		next = list->next;
		for (p = &out; *p && source_root(sources, (*p)->pos) <= root; p = &(*p)->next)
			;
		list->next = *p;
		*p = list;
	}
	return out;
}

static void diag_send(const struct diag *diag, const struct asm_source *sources,
		      const struct asm_options *opt)
{
	struct asm_diag out;

	memset(&out, 0, sizeof(out));
	out.severity = diag->severity == ASM_WARNING && opt->werror ? ASM_ERROR : diag->severity;
	out.width = diag->width;
	out.message = diag->message;
	source_place(sources, diag->pos, &out.place);
	opt->sink(opt->sink_arg, &out);
}

/* A note for each text around the one that holds pos: the nearest few, and the outermost. */
static void diag_send_parents(uint32_t pos, const struct asm_source *sources,
			      const struct asm_options *opt)
{
	const struct asm_source *source = source_of(sources, pos), *outer;
	unsigned int level = 0;

	for (; source && source->parent; source = outer) {
		struct diag note = {
			.severity = ASM_NOTE, .pos = source->parent,
			.width = source->parent_len, .message = source->why,
		};

		outer = source_of(sources, source->parent);
		if (level++ < DIAG_LEVELS || !outer || !outer->parent)
			diag_send(&note, sources, opt);
	}
}

static void diag_send_rest(unsigned int count, const char *what, const struct asm_options *opt)
{
	char text[DIAG_TEXT];
	struct asm_diag out;

	if (count <= DIAG_MOST)
		return;
	snprintf(text, sizeof(text), "%u more %s%s not shown", count - DIAG_MOST, what,
		 count - DIAG_MOST > 1 ? "s" : "");
	memset(&out, 0, sizeof(out));
	out.severity = ASM_NOTE;
	out.message = text;
	opt->sink(opt->sink_arg, &out);
}

void diag_flush(struct diag_list *list, const struct asm_source *sources,
		const struct asm_options *opt)
{
	const struct diag *diag, *note;

	if (!opt->sink)
		return;
	for (diag = diag_sorted(list->first, sources); diag; diag = diag->next) {
		diag_send(diag, sources, opt);
		for (note = diag->notes; note; note = note->next)
			diag_send(note, sources, opt);
		diag_send_parents(diag->pos, sources, opt);
	}
	diag_send_rest(list->errors, "error", opt);
	diag_send_rest(list->warnings, "warning", opt);
}

/* ---- printing ---- */

enum { DIAG_BEFORE = 60, DIAG_AFTER = 40 };	/* bytes of a long line shown around the caret */

static void diag_put(FILE *f, const char *text, size_t from, size_t to)
{
	size_t i;

	for (i = from; i < to; i++) {
		unsigned char c = (unsigned char)text[i];

		fputc(c == '\t' || (c >= ' ' && c < 0x7f) ? c : '?', f);
	}
}

static void diag_print_line(FILE *f, const struct asm_diag *diag)
{
	const struct asm_place *place = &diag->place;
	size_t at = place->col - 1, from = 0, to = place->len, i;
	size_t end = at + diag->width;

	if (at > DIAG_BEFORE + DIAG_AFTER)
		from = at - DIAG_BEFORE;
	if (to > at + DIAG_AFTER && to - from > DIAG_BEFORE + DIAG_AFTER)
		to = at + DIAG_AFTER;
	if (end > to)
		end = to;
	fputs(from ? " ..." : "    ", f);
	diag_put(f, place->text, from, to);
	fputs(to < place->len ? "...\n    " : "\n    ", f);
	for (i = from; i < at; i++)
		fputc(place->text[i] == '\t' ? '\t' : ' ', f);
	fputc('^', f);
	for (i = at + 1; i < end; i++)
		fputc('~', f);
	fputc('\n', f);
}

void asm_diag_print(FILE *f, const struct asm_diag *diag)
{
	static const char *const names[] = {
		[ASM_ERROR] = "error", [ASM_WARNING] = "warning", [ASM_NOTE] = "note",
	};

	if (diag->place.file && diag->place.line)
		fprintf(f, "%s:%u:%u: ", diag->place.file, diag->place.line, diag->place.col);
	else if (diag->place.file)
		fprintf(f, "%s: ", diag->place.file);
	fprintf(f, "%s: %s\n", names[diag->severity], diag->message);
	if (diag->place.file && diag->place.line)
		diag_print_line(f, diag);
}

void diag_no_memory(const struct asm_options *opt)
{
	struct asm_diag diag;

	memset(&diag, 0, sizeof(diag));
	diag.severity = ASM_ERROR;
	diag.message = strerror(ENOMEM);
	if (opt->sink)
		opt->sink(opt->sink_arg, &diag);
}
