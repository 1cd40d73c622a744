/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "asm.h"
#include "diag.h"
#include "global.h"
#include "num.h"
#include "expr.h"
#include "lex.h"
#include "symbols.h"
#include "isa.h"
#include "mem.h"
#include "source.h"
#include "tables.h"
#include "type.h"
#include "unit.h"

/* Sizes are kept in 32 bits; no kernel takes a value near that. */
enum { TYPE_MOST = 1 << 28 };

/* A structure of tables/struct.def, whose fields are lines of a type, a name and an offset. */
static const struct asm_type *type_build(struct unit *unit, const struct table_struct *row)
{
	struct asm_source source = { .text = row->fields, .len = strlen(row->fields) };
	struct asm_type *type = mem_alloc(&unit->mem, sizeof(*type));
	struct lexer saved = unit->lex;
	struct asm_field *fields = NULL;
	struct asm_typeref ref;
	size_t room = 0;

	lex_start(&unit->lex, &source, NULL, NULL);
	while (unit->lex.token.kind == LEX_NAME && type_reference(unit, &ref)) {
		struct token name = unit->lex.token;

		lex_next(&unit->lex);
		fields = mem_grow(&unit->mem, fields, &room, type->nfields + 1, sizeof(*fields));
		fields[type->nfields++] = (struct asm_field){
			.name = mem_text(&unit->mem, name.text, name.len),
			.type = ref, .offset = (uint32_t)unit->lex.token.value,
		};
		lex_next(&unit->lex);
		lex_next(&unit->lex);	/* the newline */
	}
	unit->lex = saved;
	type->name = row->name;
	type->format = ASM_STRUCT;
	type->size = row->size;
	type->align = row->align;
	type->fields = fields;
	return type;
}

/* Structures of the kernel become types when they are first asked for: most texts name none. */
static const struct asm_type *type_named(struct unit *unit, const char *name, size_t len)
{
	const struct symbol *symbol = symbols_get(&unit->types, name, len);
	const struct table_struct *row;
	const struct asm_type *type;

	if (symbol)
		return symbol->data;
	row = tables_struct(name, len);
	if (!row)
		return NULL;
	type = type_build(unit, row);
	symbols_put(&unit->types, row->name, len)->data = type;
	return type;
}

const struct asm_type *type_find(struct unit *unit, const char *name)
{
	return type_named(unit, name, strlen(name));
}

enum { TYPE_FIELDS_TEXT = ASM_NEAR_TEXT };

/* What fields a structure has: all; where they do not fit, those near to the name, if any. */
static const char *type_fields_text(const struct asm_type *type, const char *name, size_t len,
				    char *buf)
{
	const size_t room = TYPE_FIELDS_TEXT - sizeof(", ...");
	struct asm_near near;
	size_t i, n, used = 0;

	for (i = 0; i < type->nfields; i++, used += n) {
		n = (size_t)snprintf(buf + used, room - used, "%s%s", i ? ", " : "; it has ",
				     type->fields[i].name);
		if (n >= room - used)
			break;
	}
	if (i == type->nfields)
		return buf;
	strcpy(buf + used, i ? ", ..." : "");
	asm_near_start(&near, name, len);
	for (i = 0; i < type->nfields; i++)
		asm_near_offer(&near, type->fields[i].name, strlen(type->fields[i].name));
	return near.count ? asm_near_text(&near, buf) : buf;
}

static const struct asm_field *type_field(const struct asm_type *type, const char *name,
					  size_t len)
{
	size_t i;

	for (i = 0; i < type->nfields; i++)
		if (strlen(type->fields[i].name) == len &&
		    !memcmp(type->fields[i].name, name, len))
			return &type->fields[i];
	return NULL;
}

/* One step of a path: the field `name` of what *path is. */
static bool type_step(struct unit *unit, const struct token *token, const char *name, size_t len,
		      struct type_path *path)
{
	const struct asm_type *type = path->type.type;
	const struct asm_field *field;
	char fields[TYPE_FIELDS_TEXT];

	if (type->format != ASM_STRUCT || path->type.count)
		return unit_error(unit, token, "%s%s has no fields", type->name,
				  path->type.count ? "[]" : "");
	field = type_field(type, name, len);
	if (!field)
		return unit_error(unit, token, "struct %s has no field '%.*s'%s", type->name,
				  (int)len, name, type_fields_text(type, name, len, fields));
	path->offset += field->offset;
	path->type = field->type;
	return true;
}

static bool type_walk(struct unit *unit, const struct token *token, const char *at,
		      struct type_path *path)
{
	const char *end = token->text + token->len, *dot;

	for (; at < end; at = dot + 1) {
		dot = memchr(at, '.', (size_t)(end - at));
		if (!dot)
			dot = end;
		if (!type_step(unit, token, at, (size_t)(dot - at), path))
			return false;
	}
	return true;
}

bool type_member(struct unit *unit, const struct token *token, struct type_path *path)
{
	return type_walk(unit, token, token->text, path);
}

static bool type_unknown(struct unit *unit, const struct token *token, size_t len)
{
	char text[ASM_NEAR_TEXT];
	struct asm_near near;

	if (symbols_get(&unit->types, token->text, len))
		return unit_error(unit, token, "struct %.*s is not complete here", (int)len,
				  token->text);
	asm_near_start(&near, token->text, len);
	symbols_near(&unit->types, 1, &near);
	tables_struct_near(&near);
	return unit_error(unit, token, "unknown type '%.*s'%s", (int)len, token->text,
			  asm_near_text(&near, text));
}

bool type_path(struct unit *unit, const struct token *token, struct type_path *out)
{
	const char *dot = memchr(token->text, '.', token->len);
	size_t len = dot ? (size_t)(dot - token->text) : token->len;

	memset(out, 0, sizeof(*out));
	out->type.type = type_named(unit, token->text, len);
	if (!out->type.type)
		return type_unknown(unit, token, len);
	return !dot || type_walk(unit, token, dot + 1, out);
}

/* [N] behind a type or a field: 0 without */
static bool type_count(struct unit *unit, struct asm_typeref *ref)
{
	struct value value;

	if (unit->lex.token.kind != '[')
		return true;
	lex_next(&unit->lex);
	if (!expr_number(unit, &value) ||
	    !expr_range(unit, &value, "an array length of", 1, TYPE_MOST / ref->type->size))
		return false;
	ref->count = (uint32_t)value.num.mag;
	return unit_expect(unit, ']', "']' after the array length");
}

/* The name alone: TYPE or struct TYPE */
static bool type_name(struct unit *unit, struct asm_typeref *out)
{
	struct token *token = &unit->lex.token;
	char say[LEX_SAY];

	memset(out, 0, sizeof(*out));
	if (lex_is(&unit->lex, "struct"))
		lex_next(&unit->lex);
	if (token->kind != LEX_NAME)
		return unit_error(unit, token, "expected a type, saw %s", lex_say(token, say));
	out->type = type_named(unit, token->text, token->len);
	if (!out->type)
		return type_unknown(unit, token, token->len);
	lex_next(&unit->lex);
	return true;
}

bool type_reference(struct unit *unit, struct asm_typeref *out)
{
	return type_name(unit, out) && type_count(unit, out);
}

/* The name behind the type; what it names is said in the message. */
static bool type_declared_name(struct unit *unit, const char *what, struct token *name)
{
	char say[LEX_SAY];

	*name = unit->lex.token;
	if (name->kind != LEX_NAME || memchr(name->text, '.', name->len))
		return unit_error(unit, name, "expected the name of %s, saw %s", what,
				  lex_say(name, say));
	lex_next(&unit->lex);
	return true;
}

/* [] behind a name, without a blank between */
static bool type_take_open(struct unit *unit)
{
	const struct lexer *lex = &unit->lex;

	if (lex->token.kind != '[' || lex->at == lex->end || *lex->at != ']')
		return false;
	lex_next(&unit->lex);
	lex_next(&unit->lex);
	return true;
}

bool type_declare(struct unit *unit, struct token *name, struct asm_typeref *out, bool *open)
{
	if (!type_name(unit, out) || !type_declared_name(unit, "a variable", name))
		return false;
	if (open)
		*open = type_take_open(unit);
	return (open && *open) || type_count(unit, out);
}

bool type_is_packed(const struct asm_type *type)
{
	size_t i;

	for (i = 0; i < type->nfields; i++)
		if (type->fields[i].type.type->align > type->align)
			return true;
	return false;
}

/* ---- .struct ---- */

struct layout {
	struct asm_type *type;
	struct asm_field *fields;
	size_t room;
	uint64_t size;
	bool packed;
};

static uint64_t layout_round(uint64_t size, uint32_t align)
{
	return (size + align - 1) / align * align;
}

static bool layout_add(struct unit *unit, struct layout *layout, const struct token *name,
		       struct asm_typeref ref)
{
	struct asm_type *type = layout->type;
	struct asm_field *field;
	uint32_t align = layout->packed ? 1 : ref.type->align;

	if (type_field(type, name->text, name->len))
		return unit_error(unit, name, "struct %s has a field '%.*s' already", type->name,
				  (int)name->len, name->text);
	layout->fields = mem_grow(&unit->mem, layout->fields, &layout->room, type->nfields + 1,
				  sizeof(*layout->fields));
	field = &layout->fields[type->nfields++];
	type->fields = layout->fields;
	field->name = mem_text(&unit->mem, name->text, name->len);
	field->type = ref;
	layout->size = layout_round(layout->size, align);
	field->offset = (uint32_t)layout->size;
	layout->size += asm_sizeof(ref);
	if (align > type->align)
		type->align = align;
	if (layout->size > TYPE_MOST)
		return unit_error(unit, name, "struct %s is larger than %d bytes", type->name,
				  TYPE_MOST);
	return true;
}

/* TYPE NAME[N], NAME[N]; */
static bool layout_fields(struct unit *unit, struct layout *layout)
{
	struct asm_typeref base, ref;
	struct token name;

	if (!type_name(unit, &base))
		return false;
	do {
		if (unit->lex.token.kind == ',')
			lex_next(&unit->lex);
		ref = base;
		if (!type_declared_name(unit, "a field", &name) || !type_count(unit, &ref) ||
		    !layout_add(unit, layout, &name, ref))
			return false;
	} while (unit->lex.token.kind == ',');
	return true;
}

static bool layout_body(struct unit *unit, struct layout *layout)
{
	struct token *token = &unit->lex.token, open = *token;
	char say[LEX_SAY];

	if (!unit_expect(unit, '{', "'{' before the fields"))
		return false;
	for (;;) {
		while (token->kind == LEX_SEPARATOR)
			lex_next(&unit->lex);
		if (token->kind == '}')
			break;
		if (token->kind == LEX_END)
			return unit_error(unit, &open, "this structure does not end");
		if (!layout_fields(unit, layout))
			return false;
		if (token->kind != LEX_SEPARATOR && token->kind != '}')
			return unit_error(unit, token, "expected ';' after the field, saw %s",
					  lex_say(token, say));
	}
	lex_next(&unit->lex);
	return true;
}

/* After an error: the rest of the structure would only be more errors. */
static void layout_skip(struct unit *unit)
{
	while (unit->lex.token.kind != '}' && unit->lex.token.kind != LEX_END) {
		const char *at = unit->lex.token.text;

		lex_next(&unit->lex);
		if (unit->lex.token.text == at)
			break;
	}
	if (unit->lex.token.kind == '}')
		lex_next(&unit->lex);
}

static void type_add(struct unit *unit, struct asm_type *type)
{
	struct asm_object *obj = unit->obj;

	obj->structs = mem_grow(&unit->mem, obj->structs, &unit->structs_room,
				obj->nstructs + 1, sizeof(*obj->structs));
	obj->structs[obj->nstructs++] = type;
}

bool type_struct(struct unit *unit)
{
	struct token name = unit->lex.token;
	struct symbol *symbol = unit_add(unit, &unit->types, &name);
	struct layout layout;

	memset(&layout, 0, sizeof(layout));
	layout.type = mem_alloc(&unit->mem, sizeof(*layout.type));
	layout.type->name = mem_text(&unit->mem, name.text, name.len);
	layout.type->format = ASM_STRUCT;
	layout.type->align = 1;
	if (!symbol)
		goto fail;
	lex_next(&unit->lex);
	layout.packed = lex_is(&unit->lex, "packed");
	if (layout.packed)
		lex_next(&unit->lex);
	if (!layout_body(unit, &layout))
		goto fail;
	if (!layout.type->nfields)
		return unit_error(unit, &name, "struct %s has no fields", layout.type->name);
	layout.type->size = (uint32_t)layout_round(layout.size, layout.type->align);
	/* only now: a structure cannot hold itself */
	symbols_get(&unit->types, name.text, name.len)->data = layout.type;
	type_add(unit, layout.type);
	return true;
fail:
	layout_skip(unit);
	return false;
}
