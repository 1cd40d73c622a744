/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * types.c - types as the running kernel takes them. What its checks refuse: kernel/bpf/btf.c (7.2);
 * what to put in the place of what a kernel does not know: tools/lib/bpf/libbpf.c.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "asm.h"
#include "btfview.h"
#include "symbols.h"
#include "bytes.h"
#include "btf_write.h"
#include "diag.h"
#include "elf.h"
#include "mem.h"
#include "elf_write.h"

enum {
	LINKAGE_STATIC = 0, LINKAGE_GLOBAL = 1, LINKAGE_EXTERN = 2,
	NO_NAME = 0, HEAD_WORDS = 3, VAR_WORDS = 3, KIND_FLAG = 1 << 31,
	BITS_OF_INT = 32, BITS_OF_BYTE = 8,
	BTF_VERSION = 1, BTF_HEADER = 24,
};

/* An object's types; the memory that they live in is that of out. */
struct types {
	struct asm_types types;
	struct elf_out out;
	struct asm_btf *from;	/* being copied */
};

/* Types being copied, and changed. */
struct copy {
	struct mem *mem;
	const struct asm_object *obj;	/* whose own they are; NULL: they were checked before */
	const struct asm_btf *from;
	enum asm_types_age age;
	struct bytes out;
	uint32_t byte_type;		/* id of an integer behind all of them */
};

static void copy_words(struct copy *copy, const uint32_t *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		bytes_put(&copy->out, sizeof(*words), words[i]);
}

static void copy_head(struct copy *copy, uint32_t name, uint32_t info, uint32_t arg)
{
	const uint32_t words[HEAD_WORDS] = { name, info, arg };

	copy_words(copy, words, HEAD_WORDS);
}

/* What follows the head, as it is. */
static void copy_rest(struct copy *copy, const struct btfview_type *type)
{
	for (uint32_t i = 0; i < type->words; i++)
		bytes_put(&copy->out, sizeof(uint32_t), btfview_word(copy->from, type, i));
}

static void copy_same(struct copy *copy, const struct btfview_type *type)
{
	copy_head(copy, type->name_at, btf_info(type->kind, type->vlen) |
		  (type->kflag ? (uint32_t)KIND_FLAG : 0), type->arg);
	copy_rest(copy, type);
}

static void copy_int(struct copy *copy, uint32_t name, uint32_t size)
{
	copy_head(copy, name, btf_info(ASM_BTF_INT, 0), size);
	bytes_put(&copy->out, sizeof(uint32_t), size * BITS_OF_BYTE);
}

/* ---- sections and variables ---- */

/* The map of an object that a section is; NULL: the kernel need not know of it. */
static const struct asm_map *copy_map(const struct asm_object *obj, const char *name)
{
	for (size_t i = 0; i < obj->nmaps; i++)
		if (obj->maps[i].data && !strcmp(obj->maps[i].name, name))
			return &obj->maps[i];
	return NULL;
}

static int copy_compare_variables(const void *left, const void *right)
{
	const struct asm_variable *a = left, *b = right;

	return a->btf < b->btf ? -1 : a->btf > b->btf;
}

/* A variable of a section: type, offset, size. */
static int copy_compare_entries(const void *left, const void *right)
{
	const uint32_t *a = left, *b = right;

	return a[1] < b[1] ? -1 : a[1] > b[1];
}

/* Compilers leave offsets and sizes to who links: symbols have them. */
static void copy_section(struct copy *copy, const struct btfview_type *type)
{
	const struct asm_map *map = copy_map(copy->obj, type->name);
	const struct asm_object *obj = copy->obj;
	const struct asm_variable *known;
	uint32_t *words, i;

	if (!map) {
		copy_head(copy, NO_NAME, btf_info(ASM_BTF_STRUCT, 0), 0);
		return;
	}
	words = mem_alloc(copy->mem, (type->words + 1) * sizeof(*words));
	for (i = 0; i < type->words; i++)
		words[i] = btfview_word(copy->from, type, i);
	for (i = 0; i < type->vlen && obj->nvariables; i++) {
		const struct asm_variable wanted = { .btf = words[i * VAR_WORDS] };

		known = bsearch(&wanted, obj->variables, obj->nvariables, sizeof(wanted),
				copy_compare_variables);
		if (known)
			words[i * VAR_WORDS + 1] = known->offset;
	}
	if (type->vlen)
		qsort(words, type->vlen, VAR_WORDS * sizeof(*words), copy_compare_entries);
	copy_head(copy, type->name_at, btf_info(ASM_BTF_DATASEC, type->vlen), map->value_size);
	copy_words(copy, words, type->words);
}

/* What is somewhere else has no place in a section: the kernel takes none of it. */
static void copy_variable(struct copy *copy, const struct btfview_type *type)
{
	if (btfview_word(copy->from, type, 0) == LINKAGE_EXTERN)
		copy_int(copy, type->name_at, BITS_OF_INT / BITS_OF_BYTE);
	else
		copy_same(copy, type);
}

static bool copy_is_hidden(const struct asm_object *obj, uint32_t id)
{
	for (size_t i = 0; i < obj->nfuncs; i++)
		if (obj->funcs[i].btf == id && obj->funcs[i].hidden && !obj->funcs[i].section)
			return true;
	return false;
}

/* Who cannot be called from elsewhere is checked with those that call it. */
static void copy_function(struct copy *copy, const struct btfview_type *type, uint32_t id)
{
	if (type->vlen == LINKAGE_EXTERN)
		copy_head(copy, type->name_at, btf_info(ASM_BTF_TYPEDEF, 0), type->arg);
	else if (type->vlen == LINKAGE_GLOBAL && copy_is_hidden(copy->obj, id))
		copy_head(copy, type->name_at, btf_info(ASM_BTF_FUNC, LINKAGE_STATIC), type->arg);
	else
		copy_same(copy, type);
}

static void copy_own(struct copy *copy, const struct btfview_type *type, uint32_t id)
{
	if (type->kind == ASM_BTF_DATASEC)
		copy_section(copy, type);
	else if (type->kind == ASM_BTF_VAR)
		copy_variable(copy, type);
	else if (type->kind == ASM_BTF_FUNC)
		copy_function(copy, type, id);
	else
		copy_same(copy, type);
}

/* ---- older kernels ---- */

/* As many members, of no meaning, as there are values or variables. */
static void copy_members(struct copy *copy, const struct btfview_type *type,
			 enum asm_btf_kind kind)
{
	bool section = type->kind == ASM_BTF_DATASEC;
	uint32_t i, words[VAR_WORDS] = { NO_NAME, copy->byte_type, 0 };

	copy_head(copy, section ? NO_NAME : type->name_at, btf_info(kind, type->vlen), type->arg);
	for (i = 0; i < type->vlen; i++) {
		if (section) {
			words[1] = btfview_word(copy->from, type, i * VAR_WORDS);
			words[2] = btfview_word(copy->from, type, i * VAR_WORDS + 1) *
				   BITS_OF_BYTE;
		} else {
			words[0] = btfview_word(copy->from, type, i * VAR_WORDS);
		}
		copy_words(copy, words, VAR_WORDS);
	}
}

/* ENUM64 and TYPE_TAG are of 6.0 and 5.17, DECL_TAG is of 5.16, FLOAT of 5.13. */
static void copy_before_5_13(struct copy *copy, const struct btfview_type *type)
{
	switch (type->kind) {
	case ASM_BTF_ENUM64:
		copy_members(copy, type, ASM_BTF_UNION);
		break;
	case ASM_BTF_ENUM:
		copy_head(copy, type->name_at, btf_info(ASM_BTF_ENUM, type->vlen), type->arg);
		copy_rest(copy, type);
		break;
	case ASM_BTF_TYPE_TAG:
		copy_head(copy, NO_NAME, btf_info(ASM_BTF_CONST, 0), type->arg);
		break;
	case ASM_BTF_DECL_TAG:
		copy_int(copy, type->name_at, 1);
		break;
	case ASM_BTF_FLOAT:
		copy_head(copy, NO_NAME, btf_info(ASM_BTF_STRUCT, 0), type->arg);
		break;
	default:
		copy_same(copy, type);
	}
}

static void copy_before_5_6(struct copy *copy, const struct btfview_type *type)
{
	if (type->kind == ASM_BTF_FUNC)
		copy_head(copy, type->name_at, btf_info(ASM_BTF_FUNC, LINKAGE_STATIC), type->arg);
	else
		copy_before_5_13(copy, type);
}

/* Nothing that a map is made of has a function in it: a byte in its place is as good. */
static void copy_before_5_2(struct copy *copy, const struct btfview_type *type)
{
	switch (type->kind) {
	case ASM_BTF_VAR:
		copy_int(copy, type->name_at, 1);
		break;
	case ASM_BTF_DATASEC:
		copy_members(copy, type, ASM_BTF_STRUCT);
		break;
	case ASM_BTF_FUNC_PROTO:
		copy_head(copy, NO_NAME, btf_info(ASM_BTF_INT, 0), 1);
		bytes_put(&copy->out, sizeof(uint32_t), BITS_OF_BYTE);
		break;
	case ASM_BTF_FUNC:
		copy_head(copy, type->name_at, btf_info(ASM_BTF_TYPEDEF, 0), type->arg);
		break;
	default:
		copy_before_5_13(copy, type);
	}
}

static void copy_type(struct copy *copy, const struct btfview_type *type, uint32_t id)
{
	switch (copy->age) {
	case ASM_TYPES_NEWEST:
		copy_own(copy, type, id);
		break;
	case ASM_TYPES_BEFORE_5_13:
		copy_before_5_13(copy, type);
		break;
	case ASM_TYPES_BEFORE_5_6:
		copy_before_5_6(copy, type);
		break;
	default:
		copy_before_5_2(copy, type);
	}
}

/* ---- all of it ---- */

/* The header and the strings around the types. */
static void copy_finish(struct copy *copy, struct asm_types *types)
{
	struct bytes all = { .mem = copy->mem, .endian = copy->out.endian };
	const char *strings;
	uint32_t len;

	strings = btfview_strings(copy->from, &len);
	bytes_put(&all, 2, ELF_BTF_MAGIC);
	bytes_put(&all, 1, BTF_VERSION);
	bytes_put(&all, 1, 0);
	bytes_put(&all, 4, BTF_HEADER);
	bytes_put(&all, 4, 0);
	bytes_put(&all, 4, copy->out.len);
	bytes_put(&all, 4, copy->out.len);
	bytes_put(&all, 4, len);
	bytes_append(&all, copy->out.data, copy->out.len);
	bytes_append(&all, strings, len);
	types->btf = all.data;
	types->len = all.len;
}

/* False: there is a kind of type that is newer than we are. */
static bool copy_all(struct copy *copy, struct asm_types *types)
{
	uint32_t n = btfview_count(copy->from), id;
	struct btfview_type type;

	copy->byte_type = n + 1;
	for (id = 1; id <= n; id++) {
		if (!btfview_type(copy->from, id, &type) || type.kind > ASM_BTF_ENUM64)
			return false;
		copy_type(copy, &type, id);
	}
	copy_int(copy, NO_NAME, 1);
	copy_finish(copy, types);
	return true;
}

/* Where a text of the BTF is in its strings; 0 when it is not there. */
static uint32_t own_text(const struct asm_btf *btf, const char *text)
{
	const char *strings;
	uint32_t len;

	strings = btfview_strings(btf, &len);
	return text >= strings && text < strings + len ? (uint32_t)(text - strings) : 0;
}

static void own_lines(struct types *t, const struct asm_object *obj)
{
	enum { COLUMN_BITS = 10 };
	struct asm_types_line *line;
	size_t i;

	t->types.lines = mem_alloc(&t->out.mem, obj->nlines * sizeof(*t->types.lines));
	for (i = 0; i < obj->nlines; i++) {
		line = &t->types.lines[t->types.nlines];
		if ((t->types.nlines && line[-1].slot == obj->lines[i].slot) ||
		    !obj->insns[obj->lines[i].slot].code)
			continue;
		line->slot = obj->lines[i].slot;
		line->file = own_text(obj->btf, obj->lines[i].file);
		line->text = own_text(obj->btf, obj->lines[i].text);
		line->place = obj->lines[i].line << COLUMN_BITS | obj->lines[i].col;
		t->types.nlines++;
	}
}

static void own_maps(struct types *t, const struct asm_object *obj)
{
	struct btfview_type type;
	uint32_t id;
	size_t i;

	t->types.maps = mem_alloc(&t->out.mem, obj->nmaps * sizeof(*t->types.maps));
	for (i = 0; i < obj->nmaps; i++)
		if (!(obj->maps[i].type->flags & ASM_MAP_NO_BTF) && obj->maps[i].value_btf)
			t->types.maps[i] = (struct asm_types_map){ obj->maps[i].key_btf,
								   obj->maps[i].value_btf };
	for (id = 1; id <= btfview_count(obj->btf); id++) {
		if (!btfview_type(obj->btf, id, &type) || type.kind != ASM_BTF_DATASEC)
			continue;
		for (i = 0; i < obj->nmaps; i++)
			if (obj->maps[i].data && !strcmp(obj->maps[i].name, type.name))
				t->types.maps[i].value = id;
	}
}

/* The types that an ELF object brings, ids as they are. */
static bool own_types(struct types *t, const struct asm_object *obj)
{
	struct copy copy = {
		.mem = &t->out.mem, .obj = obj, .from = obj->btf, .age = ASM_TYPES_NEWEST,
		.out = { .mem = &t->out.mem, .endian = obj->endian },
	};
	size_t i;

	if (!copy_all(&copy, &t->types))
		return false;
	own_maps(t, obj);
	own_lines(t, obj);
	t->types.funcs = mem_alloc(&t->out.mem, obj->nfuncs * sizeof(*t->types.funcs));
	for (i = 0; i < obj->nfuncs; i++)
		t->types.funcs[i] = (struct asm_types_func){ obj->funcs[i].btf,
							     obj->funcs[i].btf };
	return true;
}

/* The types that a text says. */
static bool text_types(struct types *t)
{
	struct bytes btf = { .mem = &t->out.mem, .endian = t->out.obj->endian };

	if (!elf_btf_loaded(&t->out, &t->types, &btf))
		return false;
	t->types.btf = btf.data;
	t->types.len = btf.len;
	return true;
}

/* Replace what kernels of an age do not know. */
static int types_age(struct types *t, enum asm_types_age age)
{
	struct copy copy = { .mem = &t->out.mem, .age = age,
			     .out = { .mem = &t->out.mem, .endian = t->out.obj->endian } };
	int err;

	err = asm_btf_open(t->types.btf, t->types.len, &t->from);
	if (err)
		return err;
	copy.from = t->from;
	return copy_all(&copy, &t->types) ? 0 : -EINVAL;
}

static int types_make(struct types *t, enum asm_types_age age)
{
	const struct asm_object *obj = t->out.obj;
	jmp_buf oom;

	if (setjmp(oom))
		return -ENOMEM;
	t->out.mem.oom = &oom;
	if (obj->source ? !text_types(t) : !obj->btf || !own_types(t, obj))
		return -EINVAL;
	return age == ASM_TYPES_NEWEST ? 0 : types_age(t, age);
}

int asm_types_make(const struct asm_object *obj, enum asm_types_age age, struct asm_types **out)
{
	struct types *t = calloc(1, sizeof(*t));
	int err;

	*out = NULL;
	if (!t)
		return -ENOMEM;
	t->out.obj = obj;
	t->out.diags.mem = &t->out.mem;
	err = types_make(t, age);
	asm_btf_close(t->from);
	t->from = NULL;
	if (err)
		asm_types_free(&t->types);
	else
		*out = &t->types;
	return err;
}

void asm_types_free(struct asm_types *types)
{
	struct types *t = (struct types *)types;

	if (t)
		mem_free(&t->out.mem);
	free(t);
}
