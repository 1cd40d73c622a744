/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "asm.h"
#include "btfview.h"
#include "elf_read_file.h"
#include "symbols.h"
#include "elf_read_name.h"
#include "mem.h"
#include "elf_read.h"
#include "whole.h"

enum {
	ETYPE_CHAIN = 32,	/* typedefs and qualifiers in a row */
	ETYPE_DEEPEST = 12,	/* structures and arrays in each other: braces of first values */
	ETYPE_MOST = 1 << 28,	/* bytes */
	ETYPE_MEMBER = 3,	/* words of a member: name, type, offset */
	INT_SIGNED = 1, INT_CHAR = 2, INT_BOOL = 4,
};

static bool etype_find(struct eread *eread, uint32_t id, unsigned int depth,
		       struct asm_typeref *out);

static bool etype_is_wrapper(const struct btfview_type *type)
{
	return type->kind == ASM_BTF_TYPEDEF || type->kind == ASM_BTF_CONST ||
	       type->kind == ASM_BTF_VOLATILE || type->kind == ASM_BTF_RESTRICT ||
	       type->kind == ASM_BTF_TYPE_TAG;
}

bool etype_strip(const struct eread *eread, uint32_t *id, struct btfview_type *out)
{
	unsigned int i;

	for (i = 0; i < ETYPE_CHAIN; i++, *id = out->arg) {
		if (!btfview_type(eread->btf, *id, out))
			return false;
		if (!etype_is_wrapper(out))
			return true;
	}
	return false;
}

static const struct asm_type *etype_builtin(const char *name)
{
	const struct asm_type *rows;
	size_t i, n;

	rows = asm_types(&n);
	for (i = 0; i < n; i++)
		if (!strcmp(rows[i].name, name))
			return &rows[i];
	return NULL;
}

/* ---- scalars ---- */

/* uN or sN */
static bool etype_number(uint32_t size, bool is_signed, struct asm_typeref *out)
{
	static const char *const names[][2] = {
		{ "u8", "s8" }, { "u16", "s16" }, { "u32", "s32" }, { "u64", "s64" },
	};
	unsigned int i;

	for (i = 0; i < 4; i++)
		if (size == 1u << i)
			out->type = etype_builtin(names[i][is_signed]);
	return out->type != NULL;
}

static bool etype_int(struct eread *eread, const struct btfview_type *type,
		      struct asm_typeref *out)
{
	uint32_t word = btfview_word(eread->btf, type, 0), encoding = word >> 24 & 0xf;

	if ((word & 0xff) != (uint64_t)type->arg * 8 || (word >> 16 & 0xff))
		return false;
	if (type->arg == 1 && (encoding & INT_CHAR || !strcmp(type->name, "char")))
		out->type = etype_builtin("char");
	else if (type->arg == 1 && encoding & INT_BOOL)
		out->type = etype_builtin("bool");
	else
		return etype_number(type->arg, encoding & INT_SIGNED, out);
	return true;
}

/* ---- arrays and structures ---- */

/* Rows of rows are one long row: texts have no other. */
static bool etype_array(struct eread *eread, const struct btfview_type *type, unsigned int depth,
			struct asm_typeref *out)
{
	uint32_t count = btfview_word(eread->btf, type, 2);
	struct asm_typeref element;
	uint64_t all;

	if (!count || !etype_find(eread, btfview_word(eread->btf, type, 0), depth + 1, &element))
		return false;
	all = (uint64_t)count * (element.count ? element.count : 1);
	if (all > ETYPE_MOST / element.type->size)
		return false;
	out->type = element.type;
	out->count = (uint32_t)all;
	return true;
}

static bool etype_field(struct eread *eread, const struct btfview_type *type, uint32_t i,
			unsigned int depth, struct asm_field *out)
{
	uint32_t bits = btfview_word(eread->btf, type, i * ETYPE_MEMBER + 2);

	out->name = btfview_string(eread->btf, btfview_word(eread->btf, type, i * ETYPE_MEMBER));
	out->offset = bits / 8;
	if (!*out->name || bits % 8 || (type->kflag && bits >> 24))
		return false;
	return etype_find(eread, btfview_word(eread->btf, type, i * ETYPE_MEMBER + 1), depth + 1,
			  &out->type);
}

/* Whether the fields lie as those of a structure of a text would. */
static bool etype_lies_right(struct asm_type *type, bool packed)
{
	uint64_t end = 0;
	size_t i;

	type->align = 1;
	for (i = 0; i < type->nfields; i++) {
		const struct asm_field *field = &type->fields[i];
		uint32_t align = packed ? 1 : field->type.type->align;

		end = (end + align - 1) / align * align;
		if (field->offset != end)
			return false;
		end += asm_sizeof(field->type);
		if (align > type->align)
			type->align = align;
	}
	return (end + type->align - 1) / type->align * type->align == type->size;
}

/* Fields share names with nobody but each other. */
static void etype_name_fields(struct eread *eread, struct asm_field *fields, size_t n)
{
	struct symbols taken = { .mem = &eread->mem };
	size_t i;

	for (i = 0; i < n; i++)
		fields[i].name = ename_take(&eread->ename, &taken, fields[i].name);
	mem_drop(taken.entries);
	mem_drop(taken.slots);
}

static void etype_add_struct(struct eread *eread, const struct asm_type *type)
{
	struct asm_object *obj = eread->obj;

	obj->structs = mem_grow(&eread->mem, obj->structs, &eread->structs_room,
				obj->nstructs + 1, sizeof(*obj->structs));
	obj->structs[obj->nstructs++] = type;
}

static bool etype_struct(struct eread *eread, const struct btfview_type *from, const char *name,
			 unsigned int depth, struct asm_typeref *out)
{
	struct asm_field *fields;
	struct asm_type *type;
	uint32_t i;

	if (!from->vlen || !from->arg || from->arg > ETYPE_MOST)
		return false;
	fields = mem_alloc(&eread->mem, from->vlen * sizeof(*fields));
	for (i = 0; i < from->vlen; i++)
		if (!etype_field(eread, from, i, depth, &fields[i]))
			return false;
	type = mem_alloc(&eread->mem, sizeof(*type));
	type->format = ASM_STRUCT;
	type->size = from->arg;
	type->fields = fields;
	type->nfields = from->vlen;
	if (!etype_lies_right(type, false) && !etype_lies_right(type, true))
		return false;
	etype_name_fields(eread, fields, from->vlen);
	type->name = ename_take(&eread->ename, &eread->ename.types, *name ? name : "anonymous");
	etype_add_struct(eread, type);
	out->type = type;
	return true;
}

/* ---- any type ---- */

static bool etype_make(struct eread *eread, const struct btfview_type *type, const char *name,
		       unsigned int depth, struct asm_typeref *out)
{
	switch (type->kind) {
	case ASM_BTF_INT:
		return etype_int(eread, type, out);
	case ASM_BTF_ENUM:
	case ASM_BTF_ENUM64:
		return etype_number(type->arg, type->kflag, out);
	case ASM_BTF_PTR:
		out->type = etype_builtin("ptr");
		return true;
	case ASM_BTF_ARRAY:
		return etype_array(eread, type, depth, out);
	case ASM_BTF_STRUCT:
		return etype_struct(eread, type, name, depth, out);
	default:
		return false;
	}
}

/* Bytes of a type that is no array; 0 when it has no size. */
static uint32_t etype_size(const struct btfview_type *type)
{
	switch (type->kind) {
	case ASM_BTF_INT: case ASM_BTF_STRUCT: case ASM_BTF_ENUM: case ASM_BTF_ENUM64:
		return type->arg;
	case ASM_BTF_PTR:
		return sizeof(uint64_t);
	default:
		return 0;
	}
}

/* A typedef with the name of a built-in type (pid_t, __be32, u64) is that one. */
static const struct asm_type *etype_by_typedef(struct eread *eread, uint32_t id, uint32_t size,
					       const char **name)
{
	const struct asm_type *found = NULL;
	struct btfview_type type;

	for (*name = ""; !found && btfview_type(eread->btf, id, &type) && etype_is_wrapper(&type);
	     id = type.arg) {
		if (type.kind != ASM_BTF_TYPEDEF)
			continue;
		if (!**name)
			*name = type.name;
		found = etype_builtin(type.name);
		if (found && found->size != size)
			found = NULL;
	}
	return found;
}

/* Each type is made once, so that what many others hold costs no more. */
static bool etype_find(struct eread *eread, uint32_t id, unsigned int depth,
		       struct asm_typeref *out)
{
	struct btfview_type type;
	uint32_t bottom = id;
	struct etype *slot;
	const char *name;

	memset(out, 0, sizeof(*out));
	if (depth > ETYPE_DEEPEST || !etype_strip(eread, &bottom, &type) || !bottom)
		return false;
	out->type = etype_by_typedef(eread, id, etype_size(&type), &name);
	if (out->type)
		return true;
	slot = &eread->types[bottom];
	if (slot->state == ETYPE_UNKNOWN) {
		slot->state = ETYPE_UNDER_WAY;
		if (etype_make(eread, &type, *type.name ? type.name : name, depth, &slot->ref))
			slot->state = ETYPE_DONE;
		else
			slot->state = ETYPE_NONE;
	}
	*out = slot->ref;
	return slot->state == ETYPE_DONE;
}

bool etype_ref(struct eread *eread, uint32_t id, struct asm_typeref *out)
{
	if (eread->btf && etype_find(eread, id, 0, out))
		return true;
	memset(out, 0, sizeof(*out));
	return false;
}

/* ---- types of maps in the kernel ---- */

static struct asm_object *etype_finish(struct eread *eread)
{
	struct whole *whole = (struct whole *)eread->obj;

	mem_drop(eread->ename.names.entries);
	mem_drop(eread->ename.names.slots);
	whole->mem = eread->mem;
	whole->mem.oom = NULL;
	return eread->obj;
}

static struct asm_object *etype_read(struct eread *eread, const uint32_t *ids, size_t n,
				     struct asm_typeref *out)
{
	jmp_buf oom;
	size_t i;

	eread->mem.oom = &oom;
	if (setjmp(oom)) {
		mem_free(&eread->mem);
		return NULL;
	}
	eread->obj = &((struct whole *)mem_alloc(&eread->mem, sizeof(struct whole)))->obj;
	ename_init(&eread->ename, &eread->mem);
	eread->types = mem_alloc(&eread->mem,
				 (btfview_count(eread->btf) + (size_t)1) * sizeof(*eread->types));
	for (i = 0; i < n; i++)
		etype_ref(eread, ids[i], &out[i]);
	return etype_finish(eread);
}

struct asm_object *asm_btf_layouts(struct asm_btf *btf, const uint32_t *ids, size_t n,
				   struct asm_typeref *out)
{
	struct eread *eread = calloc(1, sizeof(*eread));
	struct asm_object *obj;

	if (!eread)
		return NULL;
	eread->btf = btf;
	obj = etype_read(eread, ids, n, out);
	free(eread);
	return obj;
}
