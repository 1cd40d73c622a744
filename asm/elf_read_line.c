/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * elf_read_line.c - .BTF.ext: line information and CO-RE relocations. Source:
 * Documentation/bpf/btf.rst.
 */
#include <stdlib.h>
#include <string.h>

#include "asm.h"
#include "btfview.h"
#include "elf_read_file.h"
#include "elf.h"
#include "symbols.h"
#include "elf_read_name.h"
#include "mem.h"
#include "elf_read.h"
#include "source.h"

enum {
	ELINE_FUNCS = 8,	/* in the header: offset and bytes of the types of functions */
	ELINE_LINES = 16,	/* the same of the line information */
	ELINE_CORES = 24,	/* the same of the relocations, which older headers do not have */
	ELINE_RECORD = 16,	/* bytes that either kind of record has, four numbers */
	ELINE_FUNC_RECORD = 8,	/* those of functions: two */
	ELINE_SECTION = 8,	/* name and number of records, in front of them */
	ELINE_COLUMN_BITS = 10,
	ELINE_SLOT = 8,
};

/* Take the record for a slot. */
typedef void eline_fn(struct eread *eread, uint32_t slot, const uint8_t *record);

/* What is left of the data. */
struct eline {
	struct eread *eread;
	eline_fn *add;
	const uint8_t *at;
	uint64_t left;
	uint32_t record;	/* bytes */
};

/* Offset of file and text, line and column. */
static void eline_add(struct eread *eread, uint32_t slot, const uint8_t *record)
{
	struct asm_object *obj = eread->obj;
	uint32_t place = efile_u32(&eread->file, record + 12);
	struct asm_line *line;

	obj->lines = mem_grow(&eread->mem, obj->lines, &eread->lines_room, obj->nlines + 1,
			      sizeof(*obj->lines));
	line = &obj->lines[obj->nlines++];
	line->slot = slot;
	line->file = btfview_string(eread->btf, efile_u32(&eread->file, record + 4));
	line->text = btfview_string(eread->btf, efile_u32(&eread->file, record + 8));
	line->line = place >> ELINE_COLUMN_BITS;
	line->col = place & ((1u << ELINE_COLUMN_BITS) - 1);
}

/* Type, access string and kind. */
static void eline_add_core(struct eread *eread, uint32_t slot, const uint8_t *record)
{
	struct asm_object *obj = eread->obj;
	struct asm_core *core;

	obj->cores = mem_grow(&eread->mem, obj->cores, &eread->cores_room, obj->ncores + 1,
			      sizeof(*obj->cores));
	core = &obj->cores[obj->ncores++];
	core->slot = slot;
	core->type = efile_u32(&eread->file, record + 4);
	core->access = btfview_string(eread->btf, efile_u32(&eread->file, record + 8));
	core->kind = efile_u32(&eread->file, record + 12);
}

static int eline_compare_slot(const void *key, const void *elem)
{
	const uint32_t slot = *(const uint32_t *)key;
	const struct asm_func *func = elem;

	return slot < func->start ? -1 : slot > func->start;
}

/* Type of the function that begins there. */
static void eline_add_func(struct eread *eread, uint32_t slot, const uint8_t *record)
{
	struct asm_object *obj = eread->obj;
	struct asm_func *func = bsearch(&slot, obj->funcs, obj->nfuncs, sizeof(*obj->funcs),
					eline_compare_slot);

	if (func)
		func->btf = efile_u32(&eread->file, record + 4);
}

static void eline_take(const struct eline *eline, const struct efile_section *code, uint32_t first)
{
	uint32_t offset = efile_u32(&eline->eread->file, eline->at);

	if (offset < code->size)
		eline->add(eline->eread, first + offset / ELINE_SLOT, eline->at);
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
			eline_take(eline, code, first);
		eline->at += eline->record;
		eline->left -= eline->record;
	}
	return true;
}

/* The records whose place is at `field` of the header. */
static bool eline_sections(struct eread *eread, const struct efile_section *ext, uint32_t field,
			   uint32_t least, eline_fn *add)
{
	struct eline eline = { .eread = eread, .add = add };
	uint32_t header, offset, len;

	header = ext->size < ELINE_CORES ? 0 : efile_u32(&eread->file, ext->data + 4);
	if (header > ext->size || header < ELINE_CORES)
		return false;
	if (header < field + 8)
		return true;
	offset = efile_u32(&eread->file, ext->data + field);
	len = efile_u32(&eread->file, ext->data + field + 4);
	if (offset > ext->size - header || len > ext->size - header - offset)
		return false;
	if (!len)
		return true;
	if (len < 4)
		return false;
	eline.record = efile_u32(&eread->file, ext->data + header + offset);
	if (eline.record < least)
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

/* Of several at one slot only the first can be right: a loader says so about the next. */
static int eline_compare_cores(const void *left, const void *right)
{
	const struct asm_core *a = left, *b = right;

	return a->slot < b->slot ? -1 : a->slot > b->slot;
}

bool eline_read(struct eread *eread)
{
	const struct symbol *symbol = symbols_get(&eread->section_names, ".BTF.ext", 8);
	const struct efile_section *ext = symbol ? &eread->file.sections[symbol->index] : NULL;
	struct asm_object *obj = eread->obj;

	if (!ext || !ext->data || !eread->btf)
		return true;
	if (!eline_sections(eread, ext, ELINE_FUNCS, ELINE_FUNC_RECORD, eline_add_func))
		eread_warn(eread, "the types of functions of .BTF.ext are damaged: what is behind "
			   "the damage is left out");
	if (!eline_sections(eread, ext, ELINE_LINES, ELINE_RECORD, eline_add))
		eread_warn(eread, "the line information of .BTF.ext is damaged: what is behind "
			   "the damage is left out");
	if (!eline_sections(eread, ext, ELINE_CORES, ELINE_RECORD, eline_add_core))
		return eread_error(eread, "the CO-RE relocations of .BTF.ext are damaged");
	if (obj->nlines)
		qsort(obj->lines, obj->nlines, sizeof(*obj->lines), eline_compare);
	if (obj->ncores)
		qsort(obj->cores, obj->ncores, sizeof(*obj->cores), eline_compare_cores);
	return true;
}

/* ---- places ---- */

/* The first slot of the function that has a slot. */
static uint32_t eline_function(const struct asm_object *obj, uint32_t slot)
{
	return obj->nfuncs ? obj->funcs[ecode_func_of(obj, slot)].start : 0;
}

/* The last line at or before a slot, in the same function; NULL: none. */
static const struct asm_line *eline_find(const struct asm_object *obj, uint32_t slot)
{
	size_t n = asm_rows_below(obj->lines, obj->nlines, sizeof(*obj->lines),
				  offsetof(struct asm_line, slot), (uint64_t)slot + 1);

	if (!n || obj->lines[n - 1].slot < eline_function(obj, slot))
		return NULL;
	return &obj->lines[n - 1];
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
