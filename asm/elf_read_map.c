/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * elf_read_map.c - maps as libbpf describes them in BTF: a variable of .maps is a structure whose
 * members are pointers; a number N is a pointer to an array of N, a type a pointer to it, and a
 * number of 64 bits a value of an enum.
 */
#include <elf.h>
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
	EMAP_WORDS = 3,		/* of a member, and of a variable in a section */
	EMAP_MEMBERS = 64,	/* more than any map has: who says so says nothing */
	EMAP_CHAIN = 32,	/* arrays in each other */
};

/* A map under way, and one of its members. */
struct emap {
	struct eread *eread;
	struct asm_map map;
	const char *name, *member;
	uint32_t type;		/* BTF id of the member */
	uint32_t offset;	/* of the member, bytes */
	uint32_t values;	/* where first entries are; 0: nowhere */
	uint32_t size;		/* of the structure */
	bool inside;		/* it is what maps in a map are like */
};

static bool emap_struct(struct emap *emap, uint32_t id);

/* What the pointer that the member is points to, stripped. */
static bool emap_pointed(struct emap *emap, uint32_t *id, struct btfview_type *out)
{
	*id = emap->type;
	if (!etype_strip(emap->eread, id, out) || out->kind != ASM_BTF_PTR)
		return false;
	*id = out->arg;
	return btfview_type(emap->eread->btf, *id, out);
}

static bool emap_number(struct emap *emap, uint64_t *out)
{
	const struct asm_btf *btf = emap->eread->btf;
	struct btfview_type type;
	uint32_t id = emap->type;

	if (emap_pointed(emap, &id, &type) && type.kind == ASM_BTF_ARRAY) {
		*out = btfview_word(btf, &type, 2);
		return true;
	}
	id = emap->type;
	if (!etype_strip(emap->eread, &id, &type) || !type.vlen)
		return false;
	if (type.kind == ASM_BTF_ENUM)
		*out = btfview_word(btf, &type, 1);
	else if (type.kind == ASM_BTF_ENUM64)
		*out = btfview_word(btf, &type, 1) | (uint64_t)btfview_word(btf, &type, 2) << 32;
	else
		return false;
	return true;
}

static bool emap_u32(struct emap *emap, uint32_t *out)
{
	uint64_t number;

	if (!emap_number(emap, &number) || number > UINT32_MAX)
		return false;
	*out = (uint32_t)number;
	return true;
}

/* Bytes of a type that is no array; 0 when it has no size. */
static uint32_t emap_size_one(const struct btfview_type *type)
{
	switch (type->kind) {
	case ASM_BTF_INT: case ASM_BTF_STRUCT: case ASM_BTF_UNION: case ASM_BTF_ENUM:
	case ASM_BTF_ENUM64: case ASM_BTF_FLOAT:
		return type->arg;
	case ASM_BTF_PTR:
		return sizeof(uint64_t);
	default:
		return 0;
	}
}

/* Bytes of a type, however deep its arrays are; 0 when it has no size. */
static uint32_t emap_size(struct eread *eread, uint32_t id)
{
	struct btfview_type type;
	uint64_t count = 1;
	unsigned int i;

	for (i = 0; i < EMAP_CHAIN && etype_strip(eread, &id, &type); i++) {
		if (type.kind != ASM_BTF_ARRAY) {
			count *= emap_size_one(&type);
			return count <= INT32_MAX ? (uint32_t)count : 0;
		}
		count *= btfview_word(eread->btf, &type, 2);
		if (count > INT32_MAX)
			return 0;
		id = btfview_word(eread->btf, &type, 0);
	}
	return 0;
}

static bool emap_layout(struct emap *emap, struct asm_typeref *ref, uint32_t *size, uint32_t *btf)
{
	struct btfview_type type;
	uint32_t id;

	if (!emap_pointed(emap, &id, &type))
		return false;
	*size = emap_size(emap->eread, id);
	*btf = id;
	if (etype_ref(emap->eread, id, ref) && asm_sizeof(*ref) != *size)
		memset(ref, 0, sizeof(*ref));
	return *size != 0;
}

static bool emap_type(struct emap *emap)
{
	uint32_t number;

	if (!emap_u32(emap, &number))
		return false;
	emap->map.type = asm_map_type_number(number);
	return emap->map.type != NULL;
}

static bool emap_key(struct emap *emap)
{
	return emap_layout(emap, &emap->map.key, &emap->map.key_size, &emap->map.key_btf);
}

static bool emap_value(struct emap *emap)
{
	return emap_layout(emap, &emap->map.value, &emap->map.value_size, &emap->map.value_btf);
}

static bool emap_key_size(struct emap *emap)
{
	return emap_u32(emap, &emap->map.key_size);
}

static bool emap_value_size(struct emap *emap)
{
	return emap_u32(emap, &emap->map.value_size);
}

static bool emap_entries(struct emap *emap)
{
	return emap_u32(emap, &emap->map.max_entries);
}

static bool emap_flags(struct emap *emap)
{
	return emap_u32(emap, &emap->map.map_flags);
}

static bool emap_extra(struct emap *emap)
{
	return emap_number(emap, &emap->map.map_extra);
}

/*
 * The values are maps or programs: their numbers. The type is that of an array of pointers, to the
 * definition of a map or to a prototype.
 */
static bool emap_values(struct emap *emap)
{
	struct emap inner = { .eread = emap->eread, .name = emap->name, .inside = true };
	struct btfview_type type;
	uint32_t id = emap->type;
	struct asm_map *map;

	if (!etype_strip(emap->eread, &id, &type) || type.kind != ASM_BTF_ARRAY)
		return false;
	id = btfview_word(emap->eread->btf, &type, 0);
	if (!etype_strip(emap->eread, &id, &type) || type.kind != ASM_BTF_PTR)
		return false;
	emap->map.value_size = sizeof(uint32_t);
	emap->values = emap->offset;
	id = type.arg;
	if (!etype_strip(emap->eread, &id, &type) || type.kind == ASM_BTF_FUNC_PROTO)
		return true;
	if (emap->inside || !emap_struct(&inner, id))
		return false;
	map = mem_alloc(&emap->eread->mem, sizeof(*map));
	*map = inner.map;
	map->name = emap->name;
	emap->map.inner = map;
	return true;
}

static bool emap_numa_node(struct emap *emap)
{
	return emap_u32(emap, &emap->map.numa_node);
}

/* LIBBPF_PIN_NONE or LIBBPF_PIN_BY_NAME */
static bool emap_pinning(struct emap *emap)
{
	uint32_t how;

	if (!emap_u32(emap, &how) || how > 1)
		return false;
	emap->map.pinned = how;
	return true;
}

static const struct {
	char name[12];
	bool (*read)(struct emap *emap);
} emap_members[] = {
	{ "type", emap_type }, { "key", emap_key }, { "value", emap_value },
	{ "key_size", emap_key_size }, { "value_size", emap_value_size },
	{ "max_entries", emap_entries }, { "map_flags", emap_flags },
	{ "map_extra", emap_extra }, { "values", emap_values }, { "numa_node", emap_numa_node },
	{ "pinning", emap_pinning },
};

static bool emap_member(struct emap *emap)
{
	size_t i;

	for (i = 0; i < sizeof(emap_members) / sizeof(emap_members[0]); i++) {
		if (strcmp(emap_members[i].name, emap->member) != 0)
			continue;
		if (emap_members[i].read(emap))
			return true;
		eread_warn(emap->eread, "map '%s': the BTF of its '%s' is unknown: only "
			   "its name is kept", emap->name, emap->member);
		return false;
	}
	eread_warn(emap->eread, "map '%s': '%s' is unknown and left out", emap->name,
		   emap->member);
	return true;
}

/* The structure behind a variable. False: it describes no map. */
static bool emap_struct(struct emap *emap, uint32_t id)
{
	const struct asm_btf *btf = emap->eread->btf;
	struct btfview_type type;
	uint32_t i;

	if (!etype_strip(emap->eread, &id, &type) || type.kind != ASM_BTF_STRUCT ||
	    type.vlen > EMAP_MEMBERS)
		return false;
	emap->size = type.arg;
	for (i = 0; i < type.vlen; i++) {
		emap->member = btfview_string(btf, btfview_word(btf, &type, i * EMAP_WORDS));
		emap->type = btfview_word(btf, &type, i * EMAP_WORDS + 1);
		emap->offset = btfview_word(btf, &type, i * EMAP_WORDS + 2) / 8;
		if (!emap_member(emap))
			return false;
	}
	return emap->map.type != NULL;
}

static void emap_add(struct eread *eread, const struct btfview_type *var, uint64_t offset,
		     uint32_t size)
{
	struct emap emap = { .eread = eread, .name = var->name };
	struct eread_place *place;

	if (!emap_struct(&emap, var->arg))
		return;
	/* the value is a descriptor: what records are is another matter */
	if (emap.map.type->flags & ASM_MAP_BY_CPU)
		memset(&emap.map.value, 0, sizeof(emap.map.value));
	emap.map.name = var->name;
	*eread_new_map(eread) = emap.map;
	eread->places = mem_grow(&eread->mem, eread->places, &eread->places_room,
				 eread->nplaces + 1, sizeof(*eread->places));
	place = &eread->places[eread->nplaces++];
	place->offset = offset;
	place->values = emap.values;
	place->end = offset + (size > emap.size ? size : emap.size);
	place->map = (uint32_t)eread->obj->nmaps - 1;
}

static int emap_compare(const void *left, const void *right)
{
	const struct eread_place *a = left, *b = right;

	if (a->offset != b->offset)
		return a->offset < b->offset ? -1 : 1;
	return a->map < b->map ? -1 : a->map > b->map;
}

/* The variables of one section. */
static void emap_section(struct eread *eread, const struct btfview_type *section, emap_fn *fn)
{
	const struct asm_btf *btf = eread->btf;
	struct btfview_type var;
	uint32_t i;

	for (i = 0; i < section->vlen; i++) {
		uint64_t offset = btfview_word(btf, section, i * EMAP_WORDS + 1);
		uint32_t size = btfview_word(btf, section, i * EMAP_WORDS + 2);
		const struct symbol *symbol;

		if (!btfview_type(btf, btfview_word(btf, section, i * EMAP_WORDS), &var) ||
		    var.kind != ASM_BTF_VAR)
			continue;
		symbol = symbols_get(&eread->globals, var.name, strlen(var.name));
		if (symbol && btfview_word(btf, &var, 0))
			offset = eread->symbols[symbol->index].value;
		if (symbol && eread->symbols[symbol->index].size <= UINT32_MAX)
			size = (uint32_t)eread->symbols[symbol->index].size;
		fn(eread, &var, offset, size);
	}
}

void emap_each(struct eread *eread, const char *section, emap_fn *fn)
{
	struct btfview_type type;
	uint32_t id;

	for (id = 1; eread->btf && id <= btfview_count(eread->btf); id++)
		if (btfview_type(eread->btf, id, &type) && type.kind == ASM_BTF_DATASEC &&
		    !strcmp(type.name, section))
			emap_section(eread, &type, fn);
}

void emap_read(struct eread *eread)
{
	emap_each(eread, ".maps", emap_add);
	if (eread->nplaces)
		qsort(eread->places, eread->nplaces, sizeof(*eread->places), emap_compare);
}

/* ---- first entries ---- */

/* The last map that begins at an offset or before, and goes on behind it. */
static const struct eread_place *emap_place(const struct eread *eread, uint64_t offset)
{
	size_t low = 0, high = eread->nplaces, middle;

	while (low < high) {
		middle = (low + high) / 2;
		if (eread->places[middle].offset <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low && offset < eread->places[low - 1].end ? &eread->places[low - 1] : NULL;
}

static int emap_compare_func(const void *key, const void *elem)
{
	const uint32_t slot = *(const uint32_t *)key;
	const struct asm_func *func = elem;

	return slot < func->start ? -1 : slot > func->start;
}

bool emap_program(const struct eread *eread, uint32_t section, uint64_t offset, uint32_t *index)
{
	const struct asm_object *obj = eread->obj;
	const struct asm_func *func;
	uint32_t slot;

	if (section >= eread->file.nsections || eread->sections[section].kind != EREAD_CODE)
		return false;
	slot = eread->sections[section].base + (uint32_t)(offset / sizeof(uint64_t));
	func = bsearch(&slot, obj->funcs, obj->nfuncs, sizeof(*func), emap_compare_func);
	*index = func ? (uint32_t)(func - obj->funcs) : 0;
	return func && func->section;
}

/* What an entry is: the map or the function that the symbol names. */
static bool emap_target(const struct eread *eread, const struct efile_symbol *symbol,
			const struct asm_map *map, uint32_t *index)
{
	enum eread_kind kind = symbol->section < eread->file.nsections ?
			       eread->sections[symbol->section].kind : EREAD_OTHER;
	const struct eread_place *place;

	if (kind == EREAD_MAPS && map->inner) {
		place = emap_place(eread, symbol->value);
		*index = place ? place->map : 0;
		return place && place->offset == symbol->value;
	}
	return !map->inner && emap_program(eread, symbol->section, symbol->value, index);
}

static bool emap_slot(struct eread *eread, const struct efile_reloc *reloc)
{
	const struct eread_place *place = emap_place(eread, reloc->offset);
	uint64_t at = place ? reloc->offset - place->offset : 0;
	struct asm_object *obj = eread->obj;
	struct asm_slot slot;

	if (!place || !place->values || at < place->values || at % sizeof(uint64_t) ||
	    reloc->symbol >= eread->file.nsymbols)
		return eread_error(eread, "the relocation at byte %llu of section '.maps' is for "
				   "no entry of a map", (unsigned long long)reloc->offset);
	memset(&slot, 0, sizeof(slot));
	slot.map = place->map;
	slot.key = (at - place->values) / sizeof(uint64_t);
	if (!emap_target(eread, &eread->symbols[reloc->symbol], &obj->maps[place->map],
			 &slot.index))
		return eread_error(eread, "map '%s': entry %llu is neither a map nor a program "
				   "as it takes them", obj->maps[place->map].name,
				   (unsigned long long)slot.key);
	obj->slots = mem_grow(&eread->mem, obj->slots, &eread->slots_room, obj->nslots + 1,
			      sizeof(*obj->slots));
	obj->slots[obj->nslots++] = slot;
	return true;
}

bool emap_close(struct eread *eread)
{
	const struct efile *file = &eread->file;
	struct efile_reloc reloc;
	uint32_t i;
	size_t j;

	for (i = 1; i < file->nsections; i++) {
		const struct efile_section *relocs = &file->sections[i];

		if (relocs->type != SHT_REL || relocs->info >= file->nsections ||
		    eread->sections[relocs->info].kind != EREAD_MAPS || !eread->btf)
			continue;
		for (j = 0; j < efile_relocs(relocs); j++) {
			efile_reloc(file, relocs, j, &reloc);
			if (!emap_slot(eread, &reloc))
				return false;
		}
	}
	return true;
}
