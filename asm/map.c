/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <string.h>

#include "asm.h"
#include "diag.h"
#include "global.h"
#include "num.h"
#include "expr.h"
#include "lex.h"
#include "symbols.h"
#include "isa.h"
#include "map.h"
#include "mem.h"
#include "slot.h"
#include "source.h"
#include "type.h"
#include "unit.h"

enum {
	MAP_RING_LEAST = 4096,	/* the smallest page: where pages are larger, the kernel checks */
	MAP_SIZE_MOST = INT32_MAX, /* bytes of a key or value */
	MAP_ARRAY_OF_MAPS = 12, MAP_HASH_OF_MAPS = 13, MAP_STRUCT_OPS = 26,
};

enum {
#define CONSTANT(name, value) MAP_##name = (value),
#define LIBC_CONSTANT(name, value)
#include "tables/constant.def"
#undef CONSTANT
#undef LIBC_CONSTANT
};

/* A .map being read. */
struct map_parse {
	struct unit *unit;
	struct asm_map map;
	struct token name, values;
	uint32_t seen;		/* bits of map_words[] */
	bool numa;
};

static bool map_type_near(struct unit *unit, const struct token *token)
{
	const struct asm_map_type *rows;
	char text[ASM_NEAR_TEXT];
	struct asm_near near;
	size_t i, n;

	asm_near_start(&near, token->text, token->len);
	rows = asm_map_types(&n);
	for (i = 0; i < n; i++)
		asm_near_offer(&near, rows[i].name, strlen(rows[i].name));
	return unit_error(unit, token, "unknown map type '%.*s'%s", (int)token->len, token->text,
			  asm_near_text(&near, text));
}

/* bpftool's word, or an expression with its number */
static bool map_read_type(struct map_parse *parse)
{
	struct unit *unit = parse->unit;
	struct token token = unit->lex.token;
	struct symbol *constant = symbols_get(&unit->names, token.text, token.len);
	struct value value;

	if (token.kind == LEX_NAME) {
		char *word = mem_text(&unit->mem, token.text, token.len);

		parse->map.type = asm_map_type_find(word);
		if (parse->map.type) {
			lex_next(&unit->lex);
			return true;
		}
		if (!constant)
			return map_type_near(unit, &token);
	}
	if (!expr_number(unit, &value) ||
	    !expr_range(unit, &value, "a map type of", 1, UINT32_MAX))
		return false;
	parse->map.type = asm_map_type_number((uint32_t)value.num.mag);
	if (!parse->map.type)
		return unit_error(unit, &token, "there is no map type %llu",
				  (unsigned long long)value.num.mag);
	return true;
}

/* A type, or a number of bytes */
static bool map_read_layout(struct map_parse *parse, const char *what, struct asm_typeref *ref,
			    uint32_t *size)
{
	struct unit *unit = parse->unit;
	const struct token *token = &unit->lex.token;
	const struct symbol *symbol = symbols_get(&unit->names, token->text, token->len);
	bool number = (symbol && (1u << symbol->kind & UNIT_NUMBERS)) ||
		      lex_is(&unit->lex, "sizeof");
	struct value value;

	if (token->kind == LEX_NAME && !number) {
		if (!type_reference(unit, ref))
			return false;
		*size = (uint32_t)asm_sizeof(*ref);
		return true;
	}
	if (!expr_number(unit, &value) || !expr_range(unit, &value, what, 0, MAP_SIZE_MOST))
		return false;
	*size = (uint32_t)value.num.mag;
	return true;
}

static bool map_read_key(struct map_parse *parse)
{
	return map_read_layout(parse, "a key size of", &parse->map.key, &parse->map.key_size);
}

static bool map_read_value(struct map_parse *parse)
{
	return map_read_layout(parse, "a value size of", &parse->map.value,
			       &parse->map.value_size);
}

static bool map_read_u32(struct map_parse *parse, const char *what, uint32_t *out)
{
	struct value value;

	if (!expr_number(parse->unit, &value) ||
	    !expr_range(parse->unit, &value, what, 0, UINT32_MAX))
		return false;
	*out = (uint32_t)value.num.mag;
	return true;
}

static bool map_read_entries(struct map_parse *parse)
{
	return map_read_u32(parse, "a number of entries of", &parse->map.max_entries);
}

static bool map_read_flags(struct map_parse *parse)
{
	return map_read_u32(parse, "map flags of", &parse->map.map_flags);
}

static bool map_read_extra(struct map_parse *parse)
{
	struct value value;

	if (!expr_number(parse->unit, &value) ||
	    !expr_range(parse->unit, &value, "map_extra of", 0, UINT64_MAX))
		return false;
	parse->map.map_extra = value.num.mag;
	return true;
}

/*
 * The maps in it are like another, or its value is a structure of the kernel's: by the type, which
 * may follow.
 */
static bool map_read_values(struct map_parse *parse)
{
	struct unit *unit = parse->unit;

	parse->values = unit->lex.token;
	parse->map.value_size = sizeof(uint32_t);
	return unit_expect(unit, LEX_NAME, "what its values are like: a map, or a structure of the "
			   "kernel's");
}

static bool map_read_numa(struct map_parse *parse)
{
	parse->numa = true;
	return map_read_u32(parse, "a NUMA node of", &parse->map.numa_node);
}

static bool map_read_shared(struct map_parse *parse)
{
	parse->map.pinned = true;
	return true;
}

enum map_word { MAP_TYPE, MAP_KEY, MAP_VALUE, MAP_ENTRIES, MAP_FLAGS, MAP_EXTRA, MAP_VALUES,
		MAP_NUMA, MAP_SHARED };

static const struct {
	char name[12];
	bool (*read)(struct map_parse *parse);
} map_words[] = {
	[MAP_TYPE] = { "type", map_read_type },
	[MAP_KEY] = { "key", map_read_key },
	[MAP_VALUE] = { "value", map_read_value },
	[MAP_ENTRIES] = { "entries", map_read_entries },
	[MAP_FLAGS] = { "flags", map_read_flags },
	[MAP_EXTRA] = { "map_extra", map_read_extra },
	[MAP_VALUES] = { "values", map_read_values },
	[MAP_NUMA] = { "numa", map_read_numa },
	[MAP_SHARED] = { "shared", map_read_shared },
};

enum { MAP_WORDS = sizeof(map_words) / sizeof(map_words[0]) };

static bool map_word(struct map_parse *parse)
{
	struct lexer *lex = &parse->unit->lex;
	char say[LEX_SAY];
	unsigned int i;

	for (i = 0; i < MAP_WORDS && !lex_is(lex, map_words[i].name); i++)
		;
	if (i == MAP_WORDS)
		return unit_error(parse->unit, &lex->token, "expected type, key, value, entries, "
				  "flags, map_extra, values, numa or shared, saw %s",
				  lex_say(&lex->token, say));
	if (parse->seen & 1u << i)
		return unit_error(parse->unit, &lex->token, "'%s' is given twice",
				  map_words[i].name);
	parse->seen |= 1u << i;
	lex_next(lex);
	return map_words[i].read(parse);
}

/* ---- the kernel's rules, where the row knows them ---- */

/* What a size must be that is not; NULL: all is well. */
static const char *map_size_must(enum asm_size_rule rule, uint32_t size)
{
	switch (rule) {
	case ASM_SIZE_ANY:
		return size ? NULL : "must not be empty";
	case ASM_SIZE_ZERO:
		return size ? "must be left out" : NULL;
	case ASM_SIZE_U32:
		return size == 4 ? NULL : "must have 4 bytes";
	case ASM_SIZE_U32_OR_U64:
		return size == 4 || size == 8 ? NULL : "must have 4 or 8 bytes";
	case ASM_SIZE_U32_MULTIPLE:
		return size && size % 4 == 0 ? NULL : "must have a multiple of 4 bytes";
	case ASM_SIZE_FREE:
		break;
	}
	return NULL;
}

static bool map_check_size(struct map_parse *parse, const char *what, enum asm_size_rule rule,
			   uint32_t size)
{
	const char *must = map_size_must(rule, size);

	return !must || unit_error(parse->unit, &parse->name, "the %s of a map of type %s %s, "
				   "this has %u bytes", what, parse->map.type->name, must, size);
}

/* What the entries must be that they are not; NULL: all is well. */
static const char *map_entries_must(const struct asm_map *map)
{
	uint32_t flags = map->type->flags, entries = map->max_entries;

	if (flags & ASM_MAP_NO_ENTRIES)
		return entries ? "takes no entries" : NULL;
	if (flags & ASM_MAP_BY_CPU)
		return NULL;
	if (!entries)
		return "needs entries";
	if (flags & ASM_MAP_RING && (entries & (entries - 1) || entries < MAP_RING_LEAST))
		return "has its bytes as entries: a power of two, at least 4096";
	return NULL;
}

static bool map_check_entries(struct map_parse *parse)
{
	const char *must = map_entries_must(&parse->map);

	return !must || unit_error(parse->unit, &parse->name, "a map of type %s %s",
				   parse->map.type->name, must);
}

bool map_is_legal(const struct asm_map *map)
{
	return map->key_size <= MAP_SIZE_MOST && map->value_size <= MAP_SIZE_MOST &&
	       !map_size_must(map->type->key, map->key_size) &&
	       !map_size_must(map->type->value, map->value_size) && !map_entries_must(map);
}

/*
 * The value of a ring buffer, or of a perf event array, says how its records read: what the kernel
 * takes as sizes has nothing to do with it.
 */
static void map_settle(struct map_parse *parse)
{
	const struct asm_map_type *type = parse->map.type;

	if (type->value == ASM_SIZE_ZERO && type->flags & ASM_MAP_RING)
		parse->map.value_size = 0;
	if (type->flags & ASM_MAP_BY_CPU && !(parse->seen & 1u << MAP_KEY))
		parse->map.key_size = sizeof(uint32_t);
	if (type->flags & ASM_MAP_BY_CPU &&
	    (parse->map.value.type || !(parse->seen & 1u << MAP_VALUE)))
		parse->map.value_size = sizeof(uint32_t);
	if (type->flags & ASM_MAP_NO_PREALLOC)
		parse->map.map_flags |= MAP_BPF_F_NO_PREALLOC;
	if (parse->numa)
		parse->map.map_flags |= MAP_BPF_F_NUMA_NODE;
}

/* False: the type of the map has no such values. */
static bool map_settle_values(struct map_parse *parse)
{
	struct unit *unit = parse->unit;

	switch (parse->map.type->number) {
	case MAP_ARRAY_OF_MAPS: case MAP_HASH_OF_MAPS:
		slot_inner(unit, (uint32_t)unit->obj->nmaps, &parse->values);
		return true;
	case MAP_STRUCT_OPS:
		parse->map.ops = mem_text(&unit->mem, parse->values.text, parse->values.len);
		parse->map.value_size = 0;
		if (!(parse->seen & 1u << MAP_KEY))
			parse->map.key_size = sizeof(uint32_t);
		if (!(parse->seen & 1u << MAP_ENTRIES))
			parse->map.max_entries = 1;
		return true;
	default:
		return false;
	}
}

static bool map_check(struct map_parse *parse)
{
	const struct asm_map_type *type = parse->map.type;

	if (!type)
		return unit_error(parse->unit, &parse->name, "the map has no type");
	if (parse->seen & 1u << MAP_VALUES && !map_settle_values(parse))
		return unit_error(parse->unit, &parse->name, "'values' is for maps of maps: one of "
				  "type %s holds none", type->name);
	map_settle(parse);
	return map_check_size(parse, "key", type->key, parse->map.key_size) &&
	       map_check_size(parse, "value", type->value, parse->map.value_size) &&
	       map_check_entries(parse);
}

struct asm_map *map_new(struct unit *unit)
{
	struct asm_object *obj = unit->obj;

	obj->maps = mem_grow(&unit->mem, obj->maps, &unit->maps_room, obj->nmaps + 1,
			     sizeof(*obj->maps));
	memset(&obj->maps[obj->nmaps], 0, sizeof(*obj->maps));
	return &obj->maps[obj->nmaps++];
}

bool map_parse(struct unit *unit)
{
	struct map_parse parse = { .unit = unit, .name = unit->lex.token };
	struct symbol *symbol = unit_define(unit, &parse.name, UNIT_MAP);

	if (!symbol)
		return false;
	symbol->index = (uint32_t)unit->obj->nmaps;
	parse.map.name = mem_text(&unit->mem, parse.name.text, parse.name.len);
	parse.map.pos = lex_pos(&unit->lex, parse.name.text);
	lex_next(&unit->lex);
	while (unit->lex.token.kind != LEX_SEPARATOR && unit->lex.token.kind != LEX_END)
		if (!map_word(&parse))
			return false;
	if (!map_check(&parse))
		return false;
	*map_new(unit) = parse.map;
	return true;
}
