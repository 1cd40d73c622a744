/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdarg.h>
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
#include "slot.h"
#include "source.h"
#include "unit.h"

enum { SLOT_PROG_ARRAY = 3, SLOT_ARRAY_OF_MAPS = 12, SLOT_HASH_OF_MAPS = 13 };

static bool slot_has_maps(const struct asm_map *map)
{
	return map->type->number == SLOT_ARRAY_OF_MAPS || map->type->number == SLOT_HASH_OF_MAPS;
}

static struct later *slot_add(struct unit *unit)
{
	unit->laters = mem_grow(&unit->mem, unit->laters, &unit->laters_room, unit->nlaters + 1,
				sizeof(*unit->laters));
	memset(&unit->laters[unit->nlaters], 0, sizeof(*unit->laters));
	return &unit->laters[unit->nlaters++];
}

static struct later_name slot_token(struct unit *unit, const struct token *token)
{
	return (struct later_name){ token->text, token->len, lex_pos(&unit->lex, token->text) };
}

/* A name that may be defined further down. */
static bool slot_name(struct unit *unit, const char *expected, struct later_name *out)
{
	*out = slot_token(unit, &unit->lex.token);
	return unit_expect(unit, LEX_NAME, expected);
}

/* A text, a number, or what is no name of a number: a program. */
static bool slot_member_value(struct unit *unit, struct later *later)
{
	const struct token *token = &unit->lex.token;
	const struct symbol *symbol = symbols_get(&unit->names, token->text, token->len);
	struct asm_member *member = later->member;
	struct value value;

	later->what = slot_token(unit, token);
	if (token->kind == LEX_STRING) {
		member->kind = ASM_MEMBER_BYTES;
		member->bytes = (const uint8_t *)unit_string_bytes(unit, "a text", &member->size);
		lex_next(&unit->lex);
		return true;
	}
	if (token->kind == LEX_NAME && !(symbol && 1u << symbol->kind & UNIT_NUMBERS))
		return slot_name(unit, "a program", &later->what);
	member->kind = ASM_MEMBER_NUMBER;
	if (!expr_number(unit, &value))
		return false;
	member->number = num_bits(value.num);
	return true;
}

/* MAP.MEMBER = WHAT, which is one name up to the '=' */
static bool slot_member(struct unit *unit)
{
	struct token token = unit->lex.token;
	const char *dot = memchr(token.text, '.', token.len);
	struct later later;

	memset(&later, 0, sizeof(later));
	later.map = slot_token(unit, &token);
	later.map.len = (uint32_t)(dot - token.text);
	later.member = mem_alloc(&unit->mem, sizeof(*later.member));
	later.member->name = mem_text(&unit->mem, dot + 1, token.len - later.map.len - 1);
	later.member->pos = lex_pos(&unit->lex, dot + 1);
	lex_next(&unit->lex);
	if (!unit_expect(unit, '=', "'=' and a program, a number or a text") ||
	    !slot_member_value(unit, &later))
		return false;
	*slot_add(unit) = later;
	return true;
}

bool slot_parse(struct unit *unit)
{
	const struct token *token = &unit->lex.token;
	struct later later;
	struct value value;

	if (token->kind == LEX_NAME && memchr(token->text, '.', token->len))
		return slot_member(unit);
	memset(&later, 0, sizeof(later));
	if (!slot_name(unit, "a map", &later.map) ||
	    !unit_expect(unit, '[', "'[' and a key behind the map") ||
	    !expr_number(unit, &value) || !expr_range(unit, &value, "a key of", 0, UINT64_MAX))
		return false;
	later.key = num_bits(value.num);
	if (!unit_expect(unit, ']', "']' behind the key") ||
	    !unit_expect(unit, '=', "'=' and a map or a program") ||
	    !slot_name(unit, "a map or a program", &later.what))
		return false;
	*slot_add(unit) = later;
	return true;
}

void slot_inner(struct unit *unit, uint32_t map, const struct token *name)
{
	struct later later;

	memset(&later, 0, sizeof(later));
	later.outer = map;
	later.is_inner = true;
	later.what = slot_token(unit, name);
	*slot_add(unit) = later;
}

/* ---- when all names are known ---- */

__attribute__((format(printf, 3, 4)))
static bool slot_error(struct unit *unit, const struct later_name *name, const char *format, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	diag_add(&unit->diags, ASM_ERROR, name->pos, name->len, "%s", text);
	return false;
}

/* The symbol of a name that must be of a kind; false: it has been reported. */
static bool slot_find(struct unit *unit, const struct later_name *name, enum unit_kind kind,
		      uint32_t *index)
{
	struct symbol *symbol = symbols_get(&unit->names, name->text, name->len);
	char near[ASM_NEAR_TEXT];

	if (!symbol || symbol->kind != (uint32_t)kind)
		return slot_error(unit, name, "there is no %s '%.*s'%s",
				  kind == UNIT_MAP ? "map" : "program", (int)name->len, name->text,
				  unit_near(&unit->names, name->text, name->len, 1u << kind, near));
	symbol->used = true;
	*index = symbol->index;
	/* what was wrong with its own line has been said there */
	return kind != UNIT_MAP || (*index < unit->obj->nmaps && unit->obj->maps[*index].type);
}

static void slot_settle_inner(struct unit *unit, const struct later *later)
{
	struct asm_map *maps = unit->obj->maps;
	uint32_t inner;

	if (!slot_find(unit, &later->what, UNIT_MAP, &inner))
		return;
	if (slot_has_maps(&maps[inner]) || maps[inner].type->number == SLOT_PROG_ARRAY)
		slot_error(unit, &later->what, "a map of type %s cannot be in another",
			   maps[inner].type->name);
	else
		maps[later->outer].inner = &maps[inner];
}

static bool slot_check_key(struct unit *unit, const struct later *later, const struct asm_map *map)
{
	if (map->key_size != sizeof(uint32_t) && map->key_size != sizeof(uint64_t))
		return slot_error(unit, &later->map, "a key of %u bytes cannot be written here: "
				  "'%.*s' must have one of 4 or 8", map->key_size,
				  (int)later->map.len, later->map.text);
	if (map->type->number != SLOT_HASH_OF_MAPS && later->key >= map->max_entries)
		return slot_error(unit, &later->map, "'%.*s' has no entry %llu: it has %u",
				  (int)later->map.len, later->map.text,
				  (unsigned long long)later->key, map->max_entries);
	if (map->key_size == sizeof(uint32_t) && later->key > UINT32_MAX)
		return slot_error(unit, &later->map, "%llu does not fit into a key of 4 bytes",
				  (unsigned long long)later->key);
	return true;
}

static void slot_settle(struct unit *unit, const struct later *later)
{
	struct asm_object *obj = unit->obj;
	struct asm_slot slot;
	const struct asm_map *map;

	memset(&slot, 0, sizeof(slot));
	if (!slot_find(unit, &later->map, UNIT_MAP, &slot.map))
		return;
	map = &obj->maps[slot.map];
	if (!slot_has_maps(map) && map->type->number != SLOT_PROG_ARRAY) {
		slot_error(unit, &later->map, "a map of type %s holds neither maps nor programs",
			   map->type->name);
		return;
	}
	if (!slot_check_key(unit, later, map) ||
	    !slot_find(unit, &later->what, slot_has_maps(map) ? UNIT_MAP : UNIT_FUNC, &slot.index))
		return;
	if (!slot_has_maps(map) && !obj->funcs[slot.index].section) {
		slot_error(unit, &later->what, "'%.*s' is a function: what tail calls lead to is a "
			   "program, made by .prog", (int)later->what.len, later->what.text);
		return;
	}
	slot.key = later->key;
	slot.pos = later->what.pos;
	obj->slots = mem_grow(&unit->mem, obj->slots, &unit->slots_of_maps_room, obj->nslots + 1,
			      sizeof(*obj->slots));
	obj->slots[obj->nslots++] = slot;
}

static bool slot_check_member(struct unit *unit, const struct later *later)
{
	const struct asm_object *obj = unit->obj;
	const struct asm_member *member = later->member;
	size_t i;

	if (!obj->maps[member->map].ops)
		return slot_error(unit, &later->map, "'%.*s' has no members: only a map of type "
				  "struct_ops has, whose 'values' is a structure of the kernel's",
				  (int)later->map.len, later->map.text);
	for (i = 0; i < obj->nmembers; i++)
		if (obj->members[i].map == member->map &&
		    !strcmp(obj->members[i].name, member->name))
			return slot_error(unit, &later->map, "'%.*s' has its %s already",
					  (int)later->map.len, later->map.text, member->name);
	return true;
}

static void slot_settle_member(struct unit *unit, const struct later *later)
{
	struct asm_object *obj = unit->obj;
	struct asm_member *member = later->member;
	const struct asm_func *func;

	if (!slot_find(unit, &later->map, UNIT_MAP, &member->map) ||
	    !slot_check_member(unit, later))
		return;
	if (member->kind == ASM_MEMBER_PROGRAM) {
		if (!slot_find(unit, &later->what, UNIT_FUNC, &member->index))
			return;
		func = &obj->funcs[member->index];
		if (!func->attach || func->attach->target != ASM_TARGET_STRUCT_OPS) {
			slot_error(unit, &later->what, "'%.*s' is no program of section struct_ops",
				   (int)later->what.len, later->what.text);
			return;
		}
	}
	obj->members = mem_grow(&unit->mem, obj->members, &unit->members_room, obj->nmembers + 1,
				sizeof(*obj->members));
	obj->members[obj->nmembers++] = *member;
}

void slot_close(struct unit *unit)
{
	size_t i;

	for (i = 0; i < unit->nlaters; i++) {
		if (unit->laters[i].member)
			slot_settle_member(unit, &unit->laters[i]);
		else if (unit->laters[i].is_inner)
			slot_settle_inner(unit, &unit->laters[i]);
		else
			slot_settle(unit, &unit->laters[i]);
	}
}
