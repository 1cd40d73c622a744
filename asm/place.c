/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <string.h>

#include "asm.h"
#include "data.h"
#include "diag.h"
#include "directive.h"
#include "global.h"
#include "num.h"
#include "expr.h"
#include "insn.h"
#include "lex.h"
#include "place.h"
#include "symbols.h"
#include "isa.h"
#include "mem.h"
#include "source.h"
#include "type.h"
#include "unit.h"

enum {
	PLACE_FRAME = 512,	/* bytes: MAX_BPF_STACK */
	PLACE_FRAME_REG = 10,
	PLACE_STORES = 512,	/* the most that one statement makes */
};

/* Opcodes without their size: RFC 9669 section 5. */
enum {
	CODE_LDX = 0x61, CODE_ST = 0x62, CODE_STX = 0x63,
	CODE_LSH64 = 0x67, CODE_ARSH64 = 0xc7, CODE_LSH32 = 0x64, CODE_ARSH32 = 0xc4,
};

/* ---- names ---- */

static bool place_in_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '$';
}

/* Bytes of the name, up to its first dot. */
static size_t place_name(const char *at, const char *end)
{
	const char *from = at;

	while (at < end && place_in_name(*at))
		at++;
	return (size_t)(at - from);
}

/* Whether the name means something elsewhere: the symbol, for a note. */
static const struct symbol *place_taken(const struct unit *unit, const struct token *name)
{
	const struct symbols *tables[] = {
		&unit->names, &unit->types, &unit->slots, &unit->aliases,
	};
	const struct symbol *symbol = NULL;
	size_t i;

	for (i = 0; i < sizeof(tables) / sizeof(tables[0]) && !symbol; i++)
		symbol = symbols_get(tables[i], name->text, name->len);
	return symbol;
}

/* Whether the token can be the name of a slot or register at all. */
static bool place_check_word(struct unit *unit, const struct token *name)
{
	char say[LEX_SAY];

	if (name->kind == LEX_NAME && !memchr(name->text, '.', name->len) &&
	    !lex_is_register(name->text, name->len))
		return true;
	return unit_error(unit, name, "expected a name, saw %s", lex_say(name, say));
}

static bool place_check_name(struct unit *unit, const struct token *name)
{
	const struct symbol *taken = place_taken(unit, name);

	if (!taken)
		return true;
	unit_error(unit, name, "'%.*s' is defined already", (int)name->len, name->text);
	unit_note_first(unit, taken);
	return false;
}

/* ---- .stack ---- */

bool place_stack(struct unit *unit)
{
	struct asm_typeref *type = mem_alloc(&unit->mem, sizeof(*type));
	const struct symbols *aliases = unit->lex.aliases;
	struct symbol *symbol;
	struct token name;
	uint64_t size;
	bool ok;

	directive_open_function(unit);
	unit->lex.aliases = NULL;	/* the name of a register is taken, not a register */
	ok = type_declare(unit, &name, type, NULL);
	unit->lex.aliases = aliases;
	if (!ok || !place_check_word(unit, &name) || !place_check_name(unit, &name))
		return false;
	size = unit->frame + asm_sizeof(*type) + type->type->align - 1;
	size -= size % type->type->align;
	if (size > PLACE_FRAME)
		return unit_error(unit, &name, "%u of the %d bytes of a frame are used: there is "
				  "no room for %llu more", unit->frame, PLACE_FRAME,
				  (unsigned long long)asm_sizeof(*type));
	unit->frame = (uint32_t)size;
	symbol = symbols_put(&unit->slots, name.text, name.len);
	symbol->pos = lex_pos(&unit->lex, name.text);
	symbol->index = unit->frame;
	symbol->data = type;
	return true;
}

bool place_is_slot(const struct unit *unit, const struct token *token, bool fields)
{
	size_t len = fields ? place_name(token->text, token->text + token->len) : token->len;

	return unit->slots.count && token->kind == LEX_NAME &&
	       symbols_get(&unit->slots, token->text, len);
}

/* Go on from a place to the fields that stand in a name from `at` on: behind its first dot. */
static bool place_fields(struct unit *unit, const struct token *token, const char *at,
			 struct type_path *path)
{
	struct token rest = *token;

	rest.kind = LEX_NAME;
	rest.text = at;
	rest.len = (uint32_t)(token->text + token->len - at);
	return type_member(unit, &rest, path);
}

bool place_slot_offset(struct unit *unit, const struct token *token, struct num *out)
{
	size_t len = place_name(token->text, token->text + token->len);
	const struct symbol *slot = symbols_get(&unit->slots, token->text, len);
	struct type_path path = { *(const struct asm_typeref *)slot->data, 0 };

	if (len < token->len && !place_fields(unit, token, token->text + len + 1, &path))
		return false;
	*out = (struct num){ .mag = slot->index - path.offset, .neg = true };
	return true;
}

/* ---- .reg ---- */

static bool place_same_type(const struct asm_typeref *a, const struct asm_typeref *b)
{
	return a == b || (a && b && a->type == b->type && a->count == b->count);
}

/* rN [: TYPE] behind the '=' */
static bool place_register(struct unit *unit, struct symbol *out)
{
	struct token token = unit->lex.token;
	struct asm_typeref *type;
	char say[LEX_SAY];

	if ((token.kind != LEX_REGISTER64 && token.kind != LEX_REGISTER32) ||
	    token.reg > PLACE_FRAME_REG)
		return unit_error(unit, &token, "expected a register r0 to r10, saw %s",
				  lex_say(&token, say));
	out->kind = token.kind;
	out->index = token.reg;
	lex_next(&unit->lex);
	if (unit->lex.token.kind != ':')
		return true;
	if (token.kind == LEX_REGISTER32)
		return unit_error(unit, &unit->lex.token, "half of a register points to nothing: "
				  "a type is for r0 to r10");
	lex_next(&unit->lex);
	type = mem_alloc(&unit->mem, sizeof(*type));
	out->data = type;
	return type_reference(unit, type);
}

/* Whether the register has this name already; saying it again is no mistake. */
static bool place_check_register(struct unit *unit, const struct token *name,
				 const struct symbol *new)
{
	const struct symbol *old = symbols_get(&unit->aliases, name->text, name->len);

	if (!old)
		return place_check_name(unit, name);
	if (old->kind == new->kind && old->index == new->index &&
	    place_same_type(old->data, new->data))
		return true;
	unit_error(unit, name, "'%.*s' is another register, or of another type, in this function",
		   (int)name->len, name->text);
	unit_note_first(unit, old);
	return false;
}

bool place_reg(struct unit *unit)
{
	struct lexer *lex = &unit->lex;
	struct symbol new = { 0 }, *symbol;
	struct token name;

	directive_open_function(unit);
	lex->aliases = NULL;
	lex->at = lex->token.text;	/* it may be a name already: look at it as one */
	lex_next(lex);
	name = lex->token;
	lex->aliases = &unit->aliases;
	if (!place_check_word(unit, &name))
		return false;
	if (symbols_get(&unit->isa.keywords, name.text, name.len) ||
	    symbols_get(&unit->helpers, name.text, name.len))
		return unit_error(unit, &name, "'%.*s' has a meaning in instructions",
				  (int)name.len, name.text);
	lex_next(lex);
	if (!unit_expect(unit, '=', "'=' behind the name") || !place_register(unit, &new) ||
	    !place_check_register(unit, &name, &new))
		return false;
	symbol = symbols_get(&unit->aliases, name.text, name.len);
	if (!symbol)
		symbol = symbols_put(&unit->aliases, name.text, name.len);
	symbol->pos = lex_pos(lex, name.text);
	symbol->kind = new.kind;
	symbol->index = new.index;
	symbol->data = new.data;
	return true;
}

void place_close_function(struct unit *unit)
{
	symbols_clear(&unit->slots);
	symbols_clear(&unit->aliases);
	unit->frame = 0;
}

/* ---- places ---- */

static const char *place_skip_blank(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	return at;
}

bool place_begins(const struct unit *unit, const char *at)
{
	const char *end = unit->lex.end, *behind;
	const struct symbol *slot, *alias;
	bool all = at < end && *at == '*';
	size_t len;

	if (all)
		at = place_skip_blank(at + 1, end);
	len = place_name(at, end);
	behind = at + len;
	slot = symbols_get(&unit->slots, at, len);
	alias = symbols_get(&unit->aliases, at, len);
	if (!slot && !alias)
		return false;
	if (all || behind == end)
		return all;
	return *behind == '[' || (*behind == '-' && end - behind > 1 && behind[1] == '>') ||
	       (*behind == '.' && (slot || alias->data));
}

/* [expr] behind an array */
static bool place_element(struct unit *unit, struct type_path *path)
{
	struct token open = unit->lex.token;
	struct value index;

	if (!path->type.count)
		return unit_error(unit, &open, "this is no array");
	lex_next(&unit->lex);
	if (!expr_number(unit, &index) ||
	    !expr_range(unit, &index, "the index", 0, path->type.count - 1))
		return false;
	path->offset += index.num.mag * path->type.type->size;
	path->type.count = 0;
	return unit_expect(unit, ']', "']' behind the index");
}

/* FIELD or * behind an arrow; a field may be called like a register */
static bool place_arrow(struct unit *unit, struct type_path *path)
{
	struct token token;
	char say[LEX_SAY];

	lex_next(&unit->lex);
	lex_next(&unit->lex);
	token = unit->lex.token;
	if (token.kind != '*' && token.kind != LEX_NAME && token.kind != LEX_REGISTER64 &&
	    token.kind != LEX_REGISTER32)
		return unit_error(unit, &token, "expected a field, saw %s", lex_say(&token, say));
	if (token.kind != '*' && !place_fields(unit, &token, token.text, path))
		return false;
	lex_next(&unit->lex);
	return true;
}

static bool place_walk(struct unit *unit, struct type_path *path)
{
	const struct lexer *lex = &unit->lex;
	struct token token;

	for (;;) {
		token = lex->token;
		if (token.kind == '[') {
			if (!place_element(unit, path))
				return false;
		} else if (token.kind == '-' && lex->at < lex->end && *lex->at == '>') {
			if (!place_arrow(unit, path))
				return false;
		} else if (token.kind == LEX_DIRECTIVE) {
			if (!place_fields(unit, &token, token.text + 1, path))
				return false;
			lex_next(&unit->lex);
		} else {
			return true;
		}
	}
}

/* The name at the front of the token, and the fields that it has behind a dot. */
static bool place_base(struct unit *unit, struct place *out, struct type_path *path)
{
	struct token token = unit->lex.token;
	size_t len = place_name(token.text, token.text + token.len);
	const struct symbol *slot = symbols_get(&unit->slots, token.text, len);
	const struct symbol *alias = symbols_get(&unit->aliases, token.text, len);
	char say[LEX_SAY];

	if (!slot && !alias)
		return unit_error(unit, &token, "expected a slot or a field, saw %s",
				  lex_say(&token, say));
	if (!slot && !alias->data)
		return unit_error(unit, &token, "'%.*s' has no type: '.reg %.*s = %.1s%u : TYPE' "
				  "gives it one", (int)len, token.text, (int)len, token.text,
				  alias->kind == LEX_REGISTER64 ? "r" : "w", alias->index);
	out->reg = slot ? PLACE_FRAME_REG : (uint8_t)alias->index;
	out->offset = slot ? -(int64_t)slot->index : 0;
	path->type = *(const struct asm_typeref *)(slot ? slot : alias)->data;
	lex_next(&unit->lex);
	return len == token.len || place_fields(unit, &token, token.text + len + 1, path);
}

bool place_parse(struct unit *unit, struct place *out)
{
	const char *from = unit->lex.token.text, *to;
	struct type_path path;

	memset(out, 0, sizeof(*out));
	memset(&path, 0, sizeof(path));
	if (unit->lex.token.kind == '*')
		lex_next(&unit->lex);
	if (!place_base(unit, out, &path) || !place_walk(unit, &path))
		return false;
	out->offset += (int64_t)path.offset;
	out->type = path.type;
	for (to = unit->lex.token.text; to > from + 1 && (to[-1] == ' ' || to[-1] == '\t'); to--)
		;
	out->pos = lex_pos(&unit->lex, from);
	out->len = (uint32_t)(to - from);
	return true;
}

/* ---- loads and stores ---- */

/* Whether one instruction reaches all of it. */
static bool place_is_scalar(const struct place *place)
{
	uint32_t size = place->type.type->size;

	return !place->type.count && place->type.type->format != ASM_STRUCT && size <= 8 &&
	       !(size & (size - 1));
}

static bool place_is_network(const struct place *place)
{
	return place->type.type->format == ASM_NETWORK || place->type.type->format == ASM_IPV4;
}

/* The size bits of an opcode. */
static uint8_t place_size_bits(uint64_t size)
{
	return size == 1 ? 0x10 : size == 2 ? 0x08 : size == 4 ? 0x00 : 0x18;
}

static bool place_check_offset(struct unit *unit, const struct place *place)
{
	int64_t last = place->offset + (int64_t)asm_sizeof(place->type) - 1;

	if (last <= INT16_MAX)
		return true;
	diag_add(&unit->diags, ASM_ERROR, place->pos, place->len,
		 "this goes to byte %lld behind its register, an instruction only to %d",
		 (long long)last, INT16_MAX);
	return false;
}

static void place_add(struct unit *unit, const struct place *place, uint8_t code,
		      unsigned int dst, unsigned int src)
{
	struct asm_insn insn = {
		.code = (uint8_t)(code | place_size_bits(place->type.type->size)),
		.regs = (uint8_t)(src << 4 | dst), .off = (int16_t)place->offset,
	};

	insn_add(unit, insn, place->pos);
}

/* What a message calls a register that was named: rN or wN. */
static char place_letter(const struct token *reg)
{
	return reg->kind == LEX_REGISTER64 ? 'r' : 'w';
}

static bool place_check_width(struct unit *unit, const struct place *place,
			      const struct token *reg)
{
	if (reg->kind == LEX_REGISTER64 || place->type.type->size < 8)
		return true;
	return unit_error(unit, reg, "%s has 64 bits: name the register r%u",
			  place->type.type->name, reg->reg);
}

/* REG of `PLACE = REG` and `REG = PLACE` */
static bool place_check_register_use(struct unit *unit, const struct place *place,
				     const struct token *reg)
{
	if (reg->reg > PLACE_FRAME_REG)
		return unit_error(unit, reg, "expected a register r0 to r10");
	if (place_is_scalar(place))
		return place_check_width(unit, place, reg) && place_check_offset(unit, place);
	diag_add(&unit->diags, ASM_ERROR, place->pos, place->len,
		 "%s%s has %llu bytes, which %c%u does not hold: name %s of it",
		 place->type.type->name, place->type.count ? "[]" : "",
		 (unsigned long long)asm_sizeof(place->type), place_letter(reg), reg->reg,
		 place->type.count ? "an element" : "a field");
	return false;
}

/* = 0 for what no single store reaches: the widest ones that its offset is aligned for */
static bool place_zero(struct unit *unit, const struct place *place, const struct value *value)
{
	uint64_t left = asm_sizeof(place->type), width, stores;
	struct asm_insn insn = { .regs = place->reg };
	int64_t at = place->offset;

	if (value->name || value->num.mag) {
		diag_add(&unit->diags, ASM_ERROR, value->pos, value->len,
			 "%s%s has %llu bytes: only 0 can be stored in all of them",
			 place->type.type->name, place->type.count ? "[]" : "",
			 (unsigned long long)left);
		return false;
	}
	if (!place_check_offset(unit, place))
		return false;
	for (stores = 0; left && stores < PLACE_STORES; left -= width, stores++) {
		for (width = 8; width > left || (uint64_t)at & (width - 1); width /= 2)
			;
		insn.code = (uint8_t)(CODE_ST | place_size_bits(width));
		insn.off = (int16_t)at;
		insn_add(unit, insn, place->pos);
		at += (int64_t)width;
	}
	if (left)
		diag_add(&unit->diags, ASM_ERROR, place->pos, place->len,
			 "this takes more than %d stores: %llu bytes are left", PLACE_STORES,
			 (unsigned long long)left);
	return !left;
}

/* The number as it lies in memory, for an instruction that stores in the target's order. */
static uint64_t place_order(const struct unit *unit, const struct place *place, uint64_t bits)
{
	uint64_t out = 0;
	uint32_t i;

	if (!place_is_network(place) || unit->obj->endian == ASM_BIG)
		return bits;
	for (i = 0; i < place->type.type->size; i++)
		out = out << 8 | (bits >> 8 * i & 0xff);
	return out;
}

/* A store sign-extends the 32 bits of its number. */
static bool place_check_wide(struct unit *unit, const struct place *place,
			     const struct value *value, uint64_t bits)
{
	char text[NUM_TEXT];

	if (place->type.type->size < 8 || bits == (uint64_t)(int64_t)(int32_t)bits)
		return true;
	diag_add(&unit->diags, ASM_ERROR, value->pos, value->len,
		 "%s needs more than the 32 bits of a store%s: load it with 'll' into a register",
		 num_text(value->num, text),
		 bits == num_bits(value->num) ? "" : ", in network order");
	return false;
}

static bool place_store_number(struct unit *unit, const struct place *place,
			       const struct value *value)
{
	const struct asm_type *type = place->type.type;
	uint64_t bits, most = type->size == 8 ? UINT64_MAX : (UINT64_C(1) << 8 * type->size) - 1;
	struct asm_insn insn = { .regs = place->reg, .off = (int16_t)place->offset };

	if (type->format == ASM_BOOL)
		most = 1;
	if (!expr_range(unit, value, "the value", (int64_t)-(most / 2) - (most > 1), most) ||
	    !place_check_offset(unit, place))
		return false;
	bits = place_order(unit, place, num_bits(value->num));
	if (!place_check_wide(unit, place, value, bits))
		return false;
	if (value->kernel)
		insn_add_kref(unit, value)->imm = true;
	insn.code = (uint8_t)(CODE_ST | place_size_bits(type->size));
	insn.imm = (int32_t)(uint32_t)bits;
	insn_add(unit, insn, place->pos);
	return true;
}

/* PLACE = REG, PLACE = expr */
static bool place_store(struct unit *unit)
{
	const struct token *token = &unit->lex.token;
	struct place place;
	struct token reg;
	struct value value;

	if (!place_parse(unit, &place) || !unit_expect(unit, '=', "'=' behind the place"))
		return false;
	reg = *token;
	if (reg.kind == LEX_REGISTER64 || reg.kind == LEX_REGISTER32) {
		lex_next(&unit->lex);
		if (!place_check_register_use(unit, &place, &reg))
			return false;
		place_add(unit, &place, CODE_STX, place.reg, reg.reg);
		return true;
	}
	if (!expr_parse(unit, &value))
		return false;
	return place_is_scalar(&place) ? place_store_number(unit, &place, &value) :
					 place_zero(unit, &place, &value);
}

/*
 * Loads fill up with zeros. A signed field shorter than the register gets its sign by two shifts:
 * the load that extends it is younger (Linux 6.6) than all else here.
 */
static void place_extend(struct unit *unit, const struct place *place, const struct token *reg)
{
	bool wide = reg->kind == LEX_REGISTER64;
	int32_t bits = (int32_t)((wide ? 64 : 32) - 8 * place->type.type->size);
	struct asm_insn insn = { .regs = reg->reg, .imm = bits };

	if (place->type.type->format != ASM_SIGNED || !bits)
		return;
	insn.code = wide ? CODE_LSH64 : CODE_LSH32;
	insn_add(unit, insn, place->pos);
	insn.code = wide ? CODE_ARSH64 : CODE_ARSH32;
	insn_add(unit, insn, place->pos);
}

/* REG = PLACE */
static bool place_load(struct unit *unit)
{
	struct token reg = unit->lex.token;
	struct place place;

	lex_next(&unit->lex);
	lex_next(&unit->lex);
	if (!place_parse(unit, &place) || !place_check_register_use(unit, &place, &reg))
		return false;
	place_add(unit, &place, CODE_LDX, reg.reg, place.reg);
	place_extend(unit, &place, &reg);
	return true;
}

/* Whether a register is looked at, and behind it "= PLACE". */
static bool place_is_load(const struct unit *unit)
{
	const struct lexer *lex = &unit->lex;
	const char *at = place_skip_blank(lex->at, lex->end);

	if ((lex->token.kind != LEX_REGISTER64 && lex->token.kind != LEX_REGISTER32) ||
	    at == lex->end || *at != '=')
		return false;
	return place_begins(unit, place_skip_blank(at + 1, lex->end));
}

bool place_is_statement(const struct unit *unit)
{
	return place_begins(unit, unit->lex.token.text) || place_is_load(unit);
}

bool place_statement(struct unit *unit)
{
	if (!data_close(unit))
		return false;
	return place_is_load(unit) ? place_load(unit) : place_store(unit);
}
