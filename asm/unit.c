/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "asm.h"
#include "diag.h"
#include "global.h"
#include "num.h"
#include "lex.h"
#include "symbols.h"
#include "isa.h"
#include "mem.h"
#include "source.h"
#include "unit.h"

bool unit_error(struct unit *unit, const struct token *token, const char *format, ...)
{
	char text[480];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	if (token->kind != LEX_BAD)
		diag_add(&unit->diags, ASM_ERROR, lex_pos(&unit->lex, token->text), token->len,
			 "%s", text);
	return false;
}

void unit_note_first(struct unit *unit, const struct symbol *symbol)
{
	uint32_t pos = symbol->equ_pos ? symbol->equ_pos : symbol->pos;

	if (pos)
		diag_add(&unit->diags, ASM_NOTE, pos, symbol->len,
			 "'%.*s' was defined here first", (int)symbol->len, symbol->name);
}

const char *unit_near(const struct symbols *symbols, const char *name, size_t len,
		      uint32_t kinds, char *buf)
{
	struct asm_near near;

	asm_near_start(&near, name, len);
	symbols_near(symbols, kinds, &near);
	return asm_near_text(&near, buf);
}

bool unit_symbol(struct unit *unit, const struct token *token, const char **name, uint32_t *len)
{
	char say[LEX_SAY];

	if (lex_symbol(token, name, len))
		return true;
	return unit_error(unit, token, "expected a symbol, saw %s", lex_say(token, say));
}

struct symbol *unit_put(struct unit *unit, struct symbols *symbols, const struct token *token)
{
	struct symbol *symbol;
	const char *name;
	uint32_t len;

	if (!unit_symbol(unit, token, &name, &len))
		return NULL;
	symbol = symbols_get(symbols, name, len);
	if (!symbol && symbols == &unit->names)
		symbol = symbols_get(&unit->slots, name, len);
	if (symbol) {
		unit_error(unit, token, "'%.*s' is defined already", (int)len, name);
		unit_note_first(unit, symbol);
		return NULL;
	}
	symbol = symbols_put(symbols, name, len);
	symbol->pos = lex_pos(&unit->lex, token->text);
	return symbol;
}

struct symbol *unit_add(struct unit *unit, struct symbols *symbols, const struct token *token)
{
	char say[LEX_SAY];

	if (token->kind != LEX_NAME || memchr(token->text, '.', token->len)) {
		unit_error(unit, token, "expected a name, saw %s%s", lex_say(token, say),
			   token->kind == LEX_REGISTER64 || token->kind == LEX_REGISTER32 ?
			   ", which is a register" : "");
		return NULL;
	}
	return unit_put(unit, symbols, token);
}

struct symbol *unit_define(struct unit *unit, const struct token *token, enum unit_kind kind)
{
	struct symbol *symbol = unit_add(unit, &unit->names, token);

	if (symbol)
		symbol->kind = kind;
	return symbol;
}

bool unit_expect(struct unit *unit, uint8_t kind, const char *expected)
{
	char say[LEX_SAY];

	if (unit->lex.token.kind != kind)
		return unit_error(unit, &unit->lex.token, "expected %s, saw %s", expected,
				  lex_say(&unit->lex.token, say));
	lex_next(&unit->lex);
	return true;
}

const char *unit_string_bytes(struct unit *unit, const char *expected, uint32_t *len)
{
	const struct token *token = &unit->lex.token;
	const char *at = token->text + 1, *end = token->text + token->len - 1;
	char *out, *put, say[LEX_SAY];
	int value;

	if (token->kind != LEX_STRING) {
		unit_error(unit, token, "expected %s, saw %s", expected, lex_say(token, say));
		return NULL;
	}
	out = put = mem_alloc(&unit->mem, token->len);
	while (at < end) {
		value = -1;
		if (*at == '\\' && at + 1 < end) {
			at++;
			value = lex_escape(&at, end);
		}
		*put++ = (char)(value < 0 ? *at++ : value);
	}
	*len = (uint32_t)(put - out);
	return out;
}

const char *unit_string(struct unit *unit, const char *expected)
{
	uint32_t len;

	return unit_string_bytes(unit, expected, &len);
}
