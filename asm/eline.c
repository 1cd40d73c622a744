/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* eline.c - line information. Source: Documentation/bpf/btf.rst, .BTF.ext. */
#include <stdlib.h>
#include <string.h>

#include "asm.h"
#include "btfview.h"
#include "efile.h"
#include "elf.h"
#include "symbols.h"
#include "ename.h"
#include "mem.h"
#include "eread.h"
#include "source.h"

enum {
	ELINE_HEADER = 24,	/* through line_info_len */
	ELINE_RECORD = 16,	/* offset, file, text, line and column */
	ELINE_SECTION = 8,	/* name and number of records, in front of them */
	ELINE_COLUMN_BITS = 10,
	ELINE_SLOT = 8,
};

/* What is left of the data. */
struct eline {
	struct eread *eread;
	const uint8_t *at;
	uint64_t left;
	uint32_t record;	/* bytes */
};

static void eline_add(struct eline *eline, const struct efile_section *code, uint32_t first)
{
	struct eread *eread = eline->eread;
	struct asm_object *obj = eread->obj;
	uint32_t offset = efile_u32(&eread->file, eline->at);
	uint32_t place = efile_u32(&eread->file, eline->at + 12);
	struct asm_line *line;

	if (offset >= code->size)
		return;
	obj->lines = mem_grow(&eread->mem, obj->lines, &eread->lines_room, obj->nlines + 1,
			      sizeof(*obj->lines));
	line = &obj->lines[obj->nlines++];
	line->slot = first + offset / ELINE_SLOT;
	line->file = btfview_string(eread->btf, efile_u32(&eread->file, eline->at + 4));
	line->text = btfview_string(eread->btf, efile_u32(&eread->file, eline->at + 8));
	line->line = place >> ELINE_COLUMN_BITS;
	line->col = place & ((1u << ELINE_COLUMN_BITS) - 1);
}

/* The records of one section. False: the data ends too early. */
static bool eline_section(struct eline *eline)
{
	struct eread *eread = eline->eread;
	const struct efile_section *code = NULL;
	const struct symbol *section;
	uint32_t first = 0, n, i;
	const char *name;

	if (eline->left < ELINE_SECTION)
		return false;
	name = btfview_string(eread->btf, efile_u32(&eread->file, eline->at));
	n = efile_u32(&eread->file, eline->at + 4);
	eline->at += ELINE_SECTION;
	eline->left -= ELINE_SECTION;
	if (eline->left / eline->record < n)
		return false;
	section = symbols_get(&eread->section_names, name, strlen(name));
	if (section && eread->sections[section->index].kind == EREAD_CODE) {
		code = &eread->file.sections[section->index];
		first = eread->sections[section->index].base;
	}
	for (i = 0; i < n; i++) {
		if (code)
			eline_add(eline, code, first);
		eline->at += eline->record;
		eline->left -= eline->record;
	}
	return true;
}

static bool eline_sections(struct eread *eread, const struct efile_section *ext)
{
	struct eline eline = { .eread = eread };
	uint32_t header, offset, len;

	if (ext->size < ELINE_HEADER)
		return false;
	header = efile_u32(&eread->file, ext->data + 4);
	offset = efile_u32(&eread->file, ext->data + 16);
	len = efile_u32(&eread->file, ext->data + 20);
	if (header > ext->size || offset > ext->size - header ||
	    len > ext->size - header - offset)
		return false;
	if (!len)
		return true;
	if (len < 4)
		return false;
	eline.record = efile_u32(&eread->file, ext->data + header + offset);
	if (eline.record < ELINE_RECORD)
		return false;
	eline.at = ext->data + header + offset + 4;
	eline.left = len - 4;
	while (eline.left)
		if (!eline_section(&eline))
			return false;
	return true;
}

static int eline_compare(const void *left, const void *right)
{
	const struct asm_line *a = left, *b = right;

	if (a->slot != b->slot)
		return a->slot < b->slot ? -1 : 1;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return a->col < b->col ? -1 : a->col > b->col;
}

void eline_read(struct eread *eread)
{
	const struct symbol *symbol = symbols_get(&eread->section_names, ".BTF.ext", 8);
	const struct efile_section *ext = symbol ? &eread->file.sections[symbol->index] : NULL;

	if (!ext || !ext->data || !eread->btf)
		return;
	if (!eline_sections(eread, ext))
		eread_warn(eread, "the line information of .BTF.ext is damaged: what is behind "
			   "the damage is left out");
	if (eread->obj->nlines)
		qsort(eread->obj->lines, eread->obj->nlines, sizeof(*eread->obj->lines),
		      eline_compare);
}

/* ---- places ---- */

/* The first slot of the function that has a slot. */
static uint32_t eline_function(const struct asm_object *obj, uint32_t slot)
{
	size_t low = 0, high = obj->nfuncs, middle;

	while (high - low > 1) {
		middle = (low + high) / 2;
		if (obj->funcs[middle].start <= slot)
			low = middle;
		else
			high = middle;
	}
	return high ? obj->funcs[low].start : 0;
}

/* The last line at or before a slot, in the same function; NULL: none. */
static const struct asm_line *eline_find(const struct asm_object *obj, uint32_t slot)
{
	size_t low = 0, high = obj->nlines, middle;

	while (low < high) {
		middle = (low + high) / 2;
		if (obj->lines[middle].slot <= slot)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || obj->lines[low - 1].slot < eline_function(obj, slot))
		return NULL;
	return &obj->lines[low - 1];
}

/* In an ELF object a position is that of a slot, from 1 on. */
struct asm_place asm_object_place(const struct asm_object *obj, uint32_t pos)
{
	const struct asm_line *line;
	struct asm_place place;

	memset(&place, 0, sizeof(place));
	if (obj->source) {
		source_place(obj->source, pos, &place);
		return place;
	}
	line = pos && pos <= obj->ninsns ? eline_find(obj, pos - 1) : NULL;
	if (!line)
		return place;
	place.file = line->file;
	place.line = line->line;
	place.text = line->text;
	place.len = strlen(line->text);
	place.col = line->col && line->col <= place.len ? line->col : 1;
	return place;
}
