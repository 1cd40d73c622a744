/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * elf_read_ops.c - structures of the kernel's that hold programs, as libbpf takes them: a variable
 * of .struct_ops or .struct_ops.link is a map, relocations fill its pointers, and the kernel's
 * structure has the members by name. What is zero is not there.
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
	EOPS_LINK = 1 << 13,	/* BPF_F_LINK */
	EOPS_SIGNED = 1,	/* of an integer's encoding */
	EOPS_POINTER = 8,	/* bytes */
	EOPS_MEMBERS = 1024,	/* more than any structure of programs has */
};

/* ---- maps ---- */

static void eops_add(struct eread *eread, const struct btfview_type *var, const char *section,
		     uint64_t offset, uint32_t flags)
{
	const struct symbol *at = symbols_get(&eread->section_names, section, strlen(section));
	struct asm_btf_type type;
	struct eread_ops *ops;
	struct asm_map *map;
	uint64_t size;

	if (!at || eread->sections[at->index].kind != EREAD_OPS ||
	    !asm_btf_type(eread->btf, var->arg, &type) || type.kind != ASM_BTF_STRUCT ||
	    type.count > EOPS_MEMBERS || !asm_btf_size(eread->btf, type.id, &size) ||
	    offset > UINT32_MAX ||
	    offset + size > eread->file.sections[at->index].size) {
		eread_warn(eread, "'%s' of section '%s' is left out: it is no structure there",
			   var->name, section);
		return;
	}
	map = eread_new_map(eread);
	map->name = var->name;
	map->type = asm_map_type_find("struct_ops");
	map->key_size = sizeof(uint32_t);
	map->max_entries = 1;
	map->map_flags = flags;
	map->ops = mem_text(&eread->mem, type.name, btfview_plain(type.name));
	eread->ops = mem_grow(&eread->mem, eread->ops, &eread->ops_room, eread->nops + 1,
			      sizeof(*eread->ops));
	ops = &eread->ops[eread->nops++];
	*ops = (struct eread_ops){ at->index, (uint32_t)eread->obj->nmaps - 1, type.id, offset,
				   size };
}

static void eops_add_plain(struct eread *eread, const struct btfview_type *var, uint64_t offset,
			   uint32_t size)
{
	(void)size;
	eops_add(eread, var, ".struct_ops", offset, 0);
}

static void eops_add_link(struct eread *eread, const struct btfview_type *var, uint64_t offset,
			  uint32_t size)
{
	(void)size;
	eops_add(eread, var, ".struct_ops.link", offset, EOPS_LINK);
}

static int eops_compare(const void *left, const void *right)
{
	const struct eread_ops *a = left, *b = right;

	if (a->section != b->section)
		return a->section < b->section ? -1 : 1;
	if (a->offset != b->offset)
		return a->offset < b->offset ? -1 : 1;
	return a->map < b->map ? -1 : a->map > b->map;
}

void eops_read(struct eread *eread)
{
	emap_each(eread, ".struct_ops", eops_add_plain);
	emap_each(eread, ".struct_ops.link", eops_add_link);
	if (eread->nops)
		qsort(eread->ops, eread->nops, sizeof(*eread->ops), eops_compare);
}

/* ---- members ---- */

static struct asm_member *eops_new(struct eread *eread, const struct eread_ops *ops,
				   const char *name)
{
	struct asm_object *obj = eread->obj;
	struct asm_member *member;

	obj->members = mem_grow(&eread->mem, obj->members, &eread->members_room,
				obj->nmembers + 1, sizeof(*obj->members));
	member = &obj->members[obj->nmembers++];
	memset(member, 0, sizeof(*member));
	member->map = ops->map;
	member->name = name;
	return member;
}

/* The last map that begins at an offset or before, and goes on behind it. */
static const struct eread_ops *eops_place(const struct eread *eread, uint32_t section,
					  uint64_t offset)
{
	size_t low = 0, high = eread->nops, middle;
	const struct eread_ops *ops;

	while (low < high) {
		middle = (low + high) / 2;
		ops = &eread->ops[middle];
		if (ops->section < section || (ops->section == section && ops->offset <= offset))
			low = middle + 1;
		else
			high = middle;
	}
	ops = low ? &eread->ops[low - 1] : NULL;
	return ops && ops->section == section && offset - ops->offset < ops->size ? ops : NULL;
}

/* The pointer that is at an offset of the structure. */
static bool eops_pointer(const struct eread *eread, const struct eread_ops *ops, uint64_t at,
			 struct asm_btf_member *out)
{
	struct asm_btf_type type;
	uint32_t i;

	for (i = 0; asm_btf_member(eread->btf, ops->type, i, out); i++)
		if (out->bit == at * 8 && *out->name)
			return asm_btf_type(eread->btf, out->arg, &type) &&
			       type.kind == ASM_BTF_PTR;
	return false;
}

/* What is at the place of a relocation is added to its symbol, and gone then. */
static bool eops_program(struct eread *eread, uint32_t section, uint8_t *bytes,
			 const struct efile_reloc *reloc)
{
	const struct eread_ops *ops = eops_place(eread, section, reloc->offset);
	const struct efile_symbol *symbol;
	struct asm_btf_member pointer;
	uint64_t at = ops ? reloc->offset - ops->offset : 0, addend = 0;
	uint32_t i, index;

	if (!ops || !eops_pointer(eread, ops, at, &pointer) || ops->size - at < EOPS_POINTER ||
	    reloc->symbol >= eread->file.nsymbols)
		return eread_error(eread, "a relocation at byte %llu of section '%s' is for "
				   "no pointer of a structure", (unsigned long long)reloc->offset,
				   eread->file.sections[section].name);
	for (i = 0; i < EOPS_POINTER; i++)
		addend = addend << 8 | bytes[reloc->offset + (eread->file.big ? i :
							       EOPS_POINTER - 1 - i)];
	memset(bytes + reloc->offset, 0, EOPS_POINTER);
	symbol = &eread->symbols[reloc->symbol];
	if (!emap_program(eread, symbol->section, symbol->value + addend, &index))
		return eread_error(eread, "'%s': member %s is no program of the object",
				   eread->obj->maps[ops->map].name, pointer.name);
	eops_new(eread, ops, pointer.name)->index = index;
	return true;
}

/* A scalar is the number that it is, whatever its size is in the kernel. */
static void eops_number(struct eread *eread, struct asm_member *member, const uint8_t *at,
			uint64_t size, bool is_signed)
{
	unsigned int shift = (unsigned int)(64 - 8 * size);
	uint64_t i;

	member->kind = ASM_MEMBER_NUMBER;
	for (i = 0; i < size; i++)
		member->number = member->number << 8 | at[eread->file.big ? i : size - 1 - i];
	if (is_signed)
		member->number = (uint64_t)((int64_t)(member->number << shift) >> shift);
}

/* Whether a bit-field is zero: its bits are counted from the front of the bytes. */
static bool eops_is_clear(const struct eread *eread, const uint8_t *data,
			  const struct asm_btf_member *from)
{
	uint32_t bit;

	for (bit = from->bit; bit < from->bit + from->width; bit++)
		if (data[bit / 8] >> (eread->file.big ? 7 - bit % 8 : bit % 8) & 1)
			return false;
	return true;
}

static bool eops_value(struct eread *eread, const struct eread_ops *ops,
		       const struct asm_btf_member *from, const uint8_t *data)
{
	const uint8_t *at = data + ops->offset + from->bit / 8;
	struct asm_member *member;
	struct asm_btf_type type;
	uint64_t size, used;

	if (!asm_btf_type(eread->btf, from->arg, &type) ||
	    !asm_btf_size(eread->btf, from->arg, &size))
		return true;	/* it has none */
	if (from->width)
		size = (from->bit % 8 + from->width + 7) / 8;
	if (from->bit / 8 > ops->size || size > ops->size - from->bit / 8)
		return true;	/* it is not in there */
	for (used = size; used && !at[used - 1]; used--)
		;
	if (!used || (from->width && eops_is_clear(eread, data + ops->offset, from)))
		return true;
	if (!*from->name || from->width)
		return eread_error(eread, "'%s': a member without a name or a bit-field is not "
				   "zero", eread->obj->maps[ops->map].name);
	member = eops_new(eread, ops, from->name);
	if (type.kind != ASM_BTF_ARRAY && type.kind != ASM_BTF_STRUCT && size <= sizeof(uint64_t)) {
		eops_number(eread, member, at, size, type.encoding & EOPS_SIGNED);
		return true;
	}
	member->kind = ASM_MEMBER_BYTES;
	member->bytes = at;
	member->size = (uint32_t)(type.kind == ASM_BTF_ARRAY ? used : size);
	return true;
}

/* The programs of a section, and what else is in it, as long as the model lives. */
static bool eops_section(struct eread *eread, uint32_t section)
{
	const struct efile_section *from = &eread->file.sections[section];
	uint8_t *data = mem_alloc(&eread->mem, from->size);
	struct asm_btf_member member;
	struct efile_reloc reloc;
	size_t i, j;

	if (from->data)
		memcpy(data, from->data, from->size);
	for (i = 1; i < eread->file.nsections; i++) {
		const struct efile_section *relocs = &eread->file.sections[i];

		for (j = 0; relocs->type == SHT_REL && relocs->info == section &&
			    j < efile_relocs(relocs); j++) {
			efile_reloc(&eread->file, relocs, j, &reloc);
			if (!eops_program(eread, section, data, &reloc))
				return false;
		}
	}
	for (i = 0; i < eread->nops; i++)
		for (j = 0; eread->ops[i].section == section &&
			    asm_btf_member(eread->btf, eread->ops[i].type, (uint32_t)j, &member);
		     j++)
			if (!eops_value(eread, &eread->ops[i], &member, data))
				return false;
	return true;
}

bool eops_close(struct eread *eread)
{
	uint32_t i;

	for (i = 1; i < eread->file.nsections; i++)
		if (eread->sections[i].kind == EREAD_OPS && eread->nops &&
		    !eops_section(eread, i))
			return false;
	mem_drop(eread->ops);
	return true;
}
