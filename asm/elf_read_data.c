/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * elf_read_data.c - .rodata, .data, .bss and their like: maps of one value, whose fields are
 * variables.
 *
 * BTF knows variables with their types, symbols know more of them without; what code points to and
 * neither knows (texts, above all) becomes a variable of its own.
 */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asm.h"
#include "btfview.h"
#include "elf_read_file.h"
#include "symbols.h"
#include "elf_read_name.h"
#include "mem.h"
#include "elf_read.h"

enum {
	EDATA_MOST = 1 << 26,	/* bytes of all sections: what a text can have */
	EDATA_ALIGN = 8,
	EDATA_PAD = 8,		/* as many bytes and more are no padding */
	EDATA_WORDS = 3,	/* of a variable in a section */
	EDATA_RDONLY_PROG = 1 << 7, /* BPF_F_RDONLY_PROG */
};

/* A section being cut into variables. */
struct edata {
	struct eread *eread;
	const struct efile_section *section;
	const uint8_t *bytes;
	struct asm_type *type;	/* its value's */
	struct asm_field *fields;
	size_t room;
	uint32_t end;		/* of the last variable */
	bool pointed;		/* code points between that and what comes next */
};

static bool edata_is_constant(const char *name)
{
	return !strncmp(name, ".rodata", 7);
}

bool edata_open(struct eread *eread, uint32_t section)
{
	const struct efile_section *from = &eread->file.sections[section];
	struct asm_map *map;
	uint8_t *bytes;

	eread->data_size += from->size;
	if (from->size > EDATA_MOST || eread->data_size > EDATA_MOST)
		return eread_error(eread, "the variables up to section '%s' take more than %d "
				   "bytes", from->name, EDATA_MOST);
	bytes = mem_alloc(&eread->mem, from->size);
	if (from->data)
		memcpy(bytes, from->data, from->size);
	map = eread_new_map(eread);
	map->name = from->name;
	map->type = asm_map_type_find("array");
	map->key_size = sizeof(uint32_t);
	map->value_size = (uint32_t)from->size;
	map->max_entries = 1;
	map->map_flags = edata_is_constant(from->name) ? EDATA_RDONLY_PROG : 0;
	map->data = bytes;
	eread->sections[section].kind = EREAD_DATA;
	eread->sections[section].base = (uint32_t)eread->obj->nmaps - 1;
	return true;
}

/* ---- what is known of them ---- */

static void edata_add_variable(struct eread *eread, uint32_t id, uint32_t offset)
{
	struct asm_object *obj = eread->obj;

	obj->variables = mem_grow(&eread->mem, obj->variables, &eread->variables_room,
				  obj->nvariables + 1, sizeof(*obj->variables));
	obj->variables[obj->nvariables++] = (struct asm_variable){ id, offset };
}

static int edata_compare_variables(const void *left, const void *right)
{
	const struct asm_variable *a = left, *b = right;

	return a->btf < b->btf ? -1 : a->btf > b->btf;
}

/* The variables that BTF puts into one section. */
static void edata_add_typed(struct eread *eread, const struct btfview_type *from, uint32_t section)
{
	const struct asm_btf *btf = eread->btf;
	struct btfview_type var;
	uint32_t i;

	for (i = 0; i < from->vlen; i++) {
		struct eread_piece piece = { .section = section, .rank = EREAD_TYPED };
		const struct symbol *symbol;

		piece.offset = btfview_word(btf, from, i * EDATA_WORDS + 1);
		piece.size = btfview_word(btf, from, i * EDATA_WORDS + 2);
		if (!btfview_type(btf, btfview_word(btf, from, i * EDATA_WORDS), &var) ||
		    var.kind != ASM_BTF_VAR)
			continue;
		piece.name = var.name;
		piece.type = var.arg;
		symbol = symbols_get(&eread->globals, var.name, strlen(var.name));
		if (symbol && btfview_word(btf, &var, 0))	/* not static: the symbol knows */
			piece.offset = (uint32_t)eread->symbols[symbol->index].value;
		eread_add_piece(eread, &piece);
		edata_add_variable(eread, btfview_word(btf, from, i * EDATA_WORDS), piece.offset);
	}
}

static void edata_collect_types(struct eread *eread)
{
	const struct symbol *section;
	struct btfview_type type;
	uint32_t id;

	for (id = 1; eread->btf && id <= btfview_count(eread->btf); id++) {
		if (!btfview_type(eread->btf, id, &type) || type.kind != ASM_BTF_DATASEC)
			continue;
		section = symbols_get(&eread->section_names, type.name, strlen(type.name));
		if (section && eread->sections[section->index].kind == EREAD_DATA)
			edata_add_typed(eread, &type, section->index);
	}
}

static void edata_collect_symbols(struct eread *eread)
{
	uint32_t i;

	for (i = 0; i < eread->file.nsymbols; i++) {
		const struct efile_symbol *symbol = &eread->symbols[i];
		struct eread_piece piece = { .section = symbol->section, .rank = EREAD_NAMED };

		if (symbol->section >= eread->file.nsections || !*symbol->name ||
		    eread->sections[symbol->section].kind != EREAD_DATA ||
		    symbol->value > EDATA_MOST || symbol->size > EDATA_MOST)
			continue;
		piece.offset = (uint32_t)symbol->value;
		piece.size = (uint32_t)symbol->size;
		piece.name = symbol->name;
		eread_add_piece(eread, &piece);
	}
}

static int edata_compare(const void *left, const void *right)
{
	const struct eread_piece *a = left, *b = right;

	if (a->section != b->section)
		return a->section < b->section ? -1 : 1;
	if (a->offset != b->offset)
		return a->offset < b->offset ? -1 : 1;
	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	if (a->size != b->size)	/* of aliases the largest */
		return a->size > b->size ? -1 : 1;
	return 0;
}

/* ---- variables ---- */

static void edata_add_field(struct edata *data, const char *name, struct asm_typeref ref,
			    uint32_t offset)
{
	struct asm_type *type = data->type;
	struct asm_field *field;

	data->fields = mem_grow(&data->eread->mem, data->fields, &data->room, type->nfields + 1,
				sizeof(*data->fields));
	field = &data->fields[type->nfields++];
	field->name = ename_take(&data->eread->ename, &data->eread->ename.names, name);
	field->type = ref;
	field->offset = offset;
	data->end = offset + (uint32_t)asm_sizeof(ref);
	data->pointed = false;
}

static const struct asm_type *edata_type(const char *name)
{
	const struct asm_type *rows;
	size_t i, n;

	rows = asm_types(&n);
	for (i = 0; i < n && strcmp(rows[i].name, name) != 0; i++)
		;
	return &rows[i];
}

/* Bytes without a type: as the largest numbers that keep them where they are aligned. */
static void edata_add_bytes(struct edata *data, const char *name, uint32_t offset, uint32_t size)
{
	static const char *const names[] = { "u64", "u32", "u16", "u8" };
	struct asm_typeref ref = { .count = 0 };
	unsigned int i;

	for (i = 0; (offset | size) % (8u >> i); i++)
		;
	ref.type = edata_type(names[i]);
	if (size > ref.type->size)
		ref.count = size / ref.type->size;
	edata_add_field(data, name, ref, offset);
}

static bool edata_is_text(const struct edata *data, uint32_t offset, uint32_t size)
{
	uint32_t i;

	if (!edata_is_constant(data->section->name) || size < 2 || data->bytes[offset + size - 1])
		return false;
	for (i = offset; i + 1 < offset + size; i++)
		if ((data->bytes[i] < ' ' || data->bytes[i] > '~') &&
		    !strchr("\n\t\r", data->bytes[i]))
			return false;
	return true;
}

/* A piece that has no name: it is called after its section and offset. */
static void edata_add_unnamed(struct edata *data, uint32_t offset, uint32_t size)
{
	struct asm_typeref ref = { .type = edata_type("char"), .count = size };
	bool text = edata_is_text(data, offset, size);
	char name[64];

	snprintf(name, sizeof(name), "%.40s_%x", text ? "text" : data->section->name, offset);
	if (text)
		edata_add_field(data, name, ref, offset);
	else
		edata_add_bytes(data, name, offset, size);
}

/* A section of texts falls into those. */
static void edata_add_texts(struct edata *data, uint32_t to)
{
	const uint8_t *nul;
	uint32_t offset;

	for (offset = data->end; offset < to; offset = data->end) {
		nul = memchr(data->bytes + offset, '\0', to - offset);
		edata_add_unnamed(data, offset, nul ? (uint32_t)(nul - data->bytes) + 1 - offset :
						      to - offset);
	}
}

/* What lies between the variables: padding, unless it says something or code points there. */
static void edata_add_gap(struct edata *data, uint32_t to)
{
	bool says = data->pointed || to - data->end >= EDATA_PAD;
	uint32_t i;

	for (i = data->end; i < to && !says; i++)
		says = data->bytes[i];
	if (!says || to == data->end)
		return;
	if (data->section->flags & SHF_STRINGS)
		edata_add_texts(data, to);
	else
		edata_add_unnamed(data, data->end, to - data->end);
}

static void edata_add_piece(struct edata *data, const struct eread_piece *piece)
{
	struct asm_typeref ref;

	if (piece->offset < data->end || piece->offset >= data->section->size)
		return;
	if (piece->rank == EREAD_POINTED) {
		data->pointed = true;
		return;
	}
	if (!piece->size || piece->size > data->section->size - piece->offset)
		return;
	edata_add_gap(data, piece->offset);
	if (piece->rank == EREAD_TYPED && etype_ref(data->eread, piece->type, &ref) &&
	    asm_sizeof(ref) == piece->size)
		edata_add_field(data, piece->name, ref, piece->offset);
	else
		edata_add_bytes(data, piece->name, piece->offset, piece->size);
}

/* The pieces from i on that are in one section; returns how many. */
static size_t edata_cut(struct eread *eread, uint32_t section, size_t i)
{
	struct asm_map *map = &eread->obj->maps[eread->sections[section].base];
	struct edata data = {
		.eread = eread, .section = &eread->file.sections[section], .bytes = map->data,
	};
	size_t first = i;

	data.type = mem_alloc(&eread->mem, sizeof(*data.type));
	for (; i < eread->npieces && eread->pieces[i].section == section; i++)
		edata_add_piece(&data, &eread->pieces[i]);
	edata_add_gap(&data, map->value_size);
	data.type->name = map->name;
	data.type->format = ASM_STRUCT;
	data.type->size = map->value_size;
	data.type->align = EDATA_ALIGN;
	data.type->fields = data.fields;
	map->key.type = edata_type("u32");
	map->value.type = data.type;
	return i - first;
}

void edata_close(struct eread *eread)
{
	uint32_t section;
	size_t i = 0;

	edata_collect_types(eread);
	edata_collect_symbols(eread);
	if (eread->obj->nvariables)
		qsort(eread->obj->variables, eread->obj->nvariables,
		      sizeof(*eread->obj->variables), edata_compare_variables);
	if (eread->npieces)
		qsort(eread->pieces, eread->npieces, sizeof(*eread->pieces), edata_compare);
	for (section = 1; section < eread->file.nsections; section++)
		if (eread->sections[section].kind == EREAD_DATA)
			i += edata_cut(eread, section, i);
}
