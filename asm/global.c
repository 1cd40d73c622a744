/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <string.h>

#include "asm.h"
#include "diag.h"
#include "global.h"
#include "num.h"
#include "expr.h"
#include "lex.h"
#include "map.h"
#include "symbols.h"
#include "isa.h"
#include "mem.h"
#include "source.h"
#include "type.h"
#include "unit.h"

enum {
	GLOBAL_DEEPEST = 32,	/* braces within braces */
	GLOBAL_RDONLY_PROG = 1 << 7, /* BPF_F_RDONLY_PROG */
};

static const char *const global_names[GLOBAL_SECTIONS] = {
	[GLOBAL_RODATA] = ".rodata", [GLOBAL_DATA] = ".data", [GLOBAL_BSS] = ".bss",
};

/* ---- first values ---- */

/* Bytes of a variable being read. */
struct init {
	struct unit *unit;
	uint8_t *bytes;
	unsigned int depth;
};

static bool init_value(struct init *init, struct asm_typeref ref, uint8_t *at);

static bool init_is_network(const struct asm_type *type)
{
	return type->format == ASM_NETWORK || type->format == ASM_IPV4;
}

static void init_store(const struct init *init, const struct asm_type *type, uint64_t bits,
		       uint8_t *at)
{
	bool big = init->unit->obj->endian == ASM_BIG || init_is_network(type);
	uint32_t i;

	for (i = 0; i < type->size; i++)
		at[i] = (uint8_t)(bits >> 8 * (big ? type->size - 1 - i : i));
}

static bool init_number(struct init *init, const struct asm_type *type, uint8_t *at)
{
	struct unit *unit = init->unit;
	uint64_t most = type->size >= 8 ? UINT64_MAX : (UINT64_C(1) << 8 * type->size) - 1;
	struct token token = unit->lex.token;
	struct value value;

	if (type->format == ASM_STRUCT || type->size > 8 || (type->size & (type->size - 1)))
		return unit_error(unit, &token, "a value of type %s is written in braces",
				  type->name);
	if (type->format == ASM_BOOL)
		most = 1;
	if (!expr_number(unit, &value) ||
	    !expr_range(unit, &value, "the value", (int64_t)-(most / 2) - 1, most))
		return false;
	init_store(init, type, num_bits(value.num), at);
	return true;
}

static bool init_text(struct init *init, uint64_t room, uint8_t *at)
{
	struct unit *unit = init->unit;
	struct token token = unit->lex.token;
	uint32_t len;
	const char *text = unit_string_bytes(unit, "a text", &len);

	if (!text)
		return false;
	if (len > room)
		return unit_error(unit, &token, "this text has %u bytes, the variable %llu", len,
				  (unsigned long long)room);
	memcpy(at, text, len);
	lex_next(&unit->lex);
	return true;
}

static void init_skip_lines(struct init *init)
{
	struct lexer *lex = &init->unit->lex;

	while (lex->token.kind == LEX_SEPARATOR && *lex->token.text == '\n')
		lex_next(lex);
}

/* The i-th part of what *ref is: an element, a field, a byte. False: it has no more. */
static bool init_part(struct asm_typeref ref, uint32_t i, struct asm_typeref *part,
		      uint32_t *offset)
{
	static const struct asm_type byte = { .name = "u8", .size = 1, .align = 1 };
	const struct asm_type *type = ref.type;

	memset(part, 0, sizeof(*part));
	part->type = type;
	if (ref.count) {
		*offset = i * type->size;
		return i < ref.count;
	}
	if (type->format != ASM_STRUCT) {
		part->type = &byte;
		*offset = i;
		return i < type->size;
	}
	if (i >= type->nfields)
		return false;
	*part = type->fields[i].type;
	*offset = type->fields[i].offset;
	return true;
}

/* { value, value, ... }: the rest is zero */
static bool init_braces(struct init *init, struct asm_typeref ref, uint8_t *at)
{
	struct unit *unit = init->unit;
	struct asm_typeref part;
	uint32_t i, offset;

	if (init->depth >= GLOBAL_DEEPEST)
		return unit_error(unit, &unit->lex.token, "more than %d braces within each other",
				  GLOBAL_DEEPEST);
	lex_next(&unit->lex);
	init->depth++;
	for (i = 0;; i++) {
		init_skip_lines(init);
		if (unit->lex.token.kind == '}')
			break;
		if (!init_part(ref, i, &part, &offset))
			return unit_error(unit, &unit->lex.token, "there are more values than "
					  "this has room for: %u", i);
		if (!init_value(init, part, at + offset))
			return false;
		init_skip_lines(init);
		if (unit->lex.token.kind != ',')
			break;
		lex_next(&unit->lex);
	}
	init->depth--;
	return unit_expect(unit, '}', "',' or '}' behind the value");
}

static bool init_value(struct init *init, struct asm_typeref ref, uint8_t *at)
{
	const struct token *token = &init->unit->lex.token;
	bool text = ref.type->format == ASM_COMM ||
		    (ref.type->format == ASM_CHAR && ref.count);

	if (token->kind == '{')
		return init_braces(init, ref, at);
	if (token->kind == LEX_STRING && text)
		return init_text(init, asm_sizeof(ref), at);
	if (ref.count)
		return unit_error(init->unit, token, "the values of an array are written in "
				  "braces%s", text ? ", or as a text" : "");
	return init_number(init, ref.type, at);
}

/* ---- sections ---- */

static enum global_section global_section(bool constant, const uint8_t *bytes, uint64_t size)
{
	uint64_t i;

	if (constant)
		return GLOBAL_RODATA;
	for (i = 0; i < size; i++)
		if (bytes[i])
			return GLOBAL_DATA;
	return GLOBAL_BSS;
}

bool global_add_bytes(struct unit *unit, enum global_section section, const uint8_t *bytes,
		      uint32_t size, uint32_t align, uint32_t pos, uint32_t *offset)
{
	struct global_data *data = &unit->globals[section];

	*offset = (data->size + align - 1) / align * align;
	if (*offset + (uint64_t)size > GLOBAL_MOST) {
		diag_add(&unit->diags, ASM_ERROR, pos, 1,
			 "the variables of %s take more than %d bytes", global_names[section],
			 GLOBAL_MOST);
		return false;
	}
	data->bytes = mem_grow(&unit->mem, data->bytes, &data->bytes_room,
			       (size_t)*offset + size, 1);
	memset(data->bytes + data->size, 0, *offset - data->size);
	if (size)
		memcpy(data->bytes + *offset, bytes, size);
	data->size = *offset + size;
	if (align > data->align)
		data->align = align;
	return true;
}

void global_add_field(struct unit *unit, const struct global *global, const char *name,
		      uint32_t pos)
{
	struct global_data *data = &unit->globals[global->section];
	struct asm_field *field;

	data->fields = mem_grow(&unit->mem, data->fields, &data->fields_room, data->nfields + 1,
				sizeof(*data->fields));
	if (!data->nfields)
		data->pos = pos;
	field = &data->fields[data->nfields++];
	field->name = name;
	field->type = global->type;
	field->offset = global->offset;
}

static bool global_place(struct unit *unit, const struct token *name, struct global *global,
			 const uint8_t *bytes)
{
	uint32_t pos = lex_pos(&unit->lex, name->text);

	if (!global_add_bytes(unit, global->section, bytes, (uint32_t)asm_sizeof(global->type),
			      global->type.type->align, pos, &global->offset))
		return false;
	global_add_field(unit, global, mem_text(&unit->mem, name->text, name->len), pos);
	return true;
}

/* The name, as .equ takes it: -D has the last word on a number. */
static bool global_define(struct unit *unit, const struct token *name, struct global *global,
			  const struct num **beaten)
{
	struct symbol *symbol = symbols_get(&unit->names, name->text, name->len);

	*beaten = NULL;
	if (name->kind == LEX_NAME && symbol && symbol->kind == UNIT_DEFINE && !symbol->equ_pos) {
		*beaten = symbol->data;
		symbol->used = true;
		symbol->equ_pos = lex_pos(&unit->lex, name->text);
		symbol->kind = UNIT_GLOBAL;
	} else {
		symbol = unit_define(unit, name, UNIT_GLOBAL);
	}
	if (symbol)
		symbol->data = global;
	return symbol != NULL;
}

static bool global_override(struct init *init, const struct token *name, struct asm_typeref ref,
			    const struct num *num)
{
	const struct asm_type *type = ref.type;
	uint64_t most = type->size >= 8 ? UINT64_MAX : (UINT64_C(1) << 8 * type->size) - 1;
	char text[NUM_TEXT];

	if (ref.count || type->format == ASM_STRUCT || type->size > 8)
		return unit_error(init->unit, name, "-D gives a number, '%.*s' is not one",
				  (int)name->len, name->text);
	if (!num_between(*num, (int64_t)-(most / 2) - 1, most))
		return unit_error(init->unit, name, "-D gives %s, which '%.*s' has no room for",
				  num_text(*num, text), (int)name->len, name->text);
	init_store(init, type, num_bits(*num), init->bytes);
	return true;
}

/* char NAME[] = "text" is as long as the text and a NUL. */
static bool global_measure(struct unit *unit, struct asm_typeref *ref)
{
	struct token token = unit->lex.token;
	uint32_t len;

	if (token.kind != LEX_STRING || ref->type->format != ASM_CHAR)
		return unit_error(unit, &token, "the length in [] can only be left out of a char "
				  "array with a text");
	if (!unit_string_bytes(unit, "a text", &len))
		return false;
	ref->count = len + 1;
	return true;
}

static bool global_init(struct unit *unit, bool open, struct global *global, struct init *init)
{
	bool given = unit->lex.token.kind == '=';

	if (given)
		lex_next(&unit->lex);
	if (open && !global_measure(unit, &global->type))
		return false;
	init->bytes = mem_alloc(&unit->mem, asm_sizeof(global->type));
	return !given || init_value(init, global->type, init->bytes);
}

bool global_parse(struct unit *unit)
{
	struct global *global = mem_alloc(&unit->mem, sizeof(*global));
	struct init init = { .unit = unit };
	const struct num *beaten;
	struct token name;
	bool constant, open;

	constant = lex_is(&unit->lex, "const");
	if (constant)
		lex_next(&unit->lex);
	if (!type_declare(unit, &name, &global->type, &open) ||
	    !global_define(unit, &name, global, &beaten) ||
	    !global_init(unit, open, global, &init))
		return false;
	if (beaten && !global_override(&init, &name, global->type, beaten))
		return false;
	global->section = global_section(constant, init.bytes, asm_sizeof(global->type));
	return global_place(unit, &name, global, init.bytes);
}

static void global_add_map(struct unit *unit, enum global_section section)
{
	struct global_data *data = &unit->globals[section];
	struct asm_type *type = mem_alloc(&unit->mem, sizeof(*type));
	struct asm_map *map = map_new(unit);
	uint32_t size = (data->size + data->align - 1) / data->align * data->align;

	data->bytes = mem_grow(&unit->mem, data->bytes, &data->bytes_room, size, 1);
	memset(data->bytes + data->size, 0, size - data->size);
	type->name = global_names[section];
	type->format = ASM_STRUCT;
	type->size = size;
	type->align = data->align;
	type->fields = data->fields;
	type->nfields = data->nfields;
	data->map = (uint32_t)(map - unit->obj->maps);
	map->name = type->name;
	map->type = asm_map_type_find("array");
	map->key_size = sizeof(uint32_t);
	map->key.type = type_find(unit, "u32");
	map->value.type = type;
	map->value_size = size;
	map->max_entries = 1;
	map->map_flags = section == GLOBAL_RODATA ? GLOBAL_RDONLY_PROG : 0;
	map->data = data->bytes;
	map->pos = data->pos;
}

void global_close(struct unit *unit)
{
	unsigned int i;

	for (i = 0; i < GLOBAL_SECTIONS; i++)
		if (unit->globals[i].nfields)
			global_add_map(unit, (enum global_section)i);
}
