/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stddef.h>
#include <string.h>

#include "asm.h"
#include "diag.h"
#include "global.h"
#include "lex.h"
#include "log.h"
#include "symbols.h"
#include "isa.h"
#include "mem.h"
#include "source.h"
#include "unit.h"

static bool log_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool log_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Whether nothing but blanks stands before the token on its line. */
static bool log_begins_line(const struct unit *unit, const struct token *token)
{
	const char *at = token->text;

	while (at > unit->lex.source->text && log_is_blank(at[-1]))
		at--;
	return at == unit->lex.source->text || at[-1] == '\n';
}

static bool log_starts(const char *at, const char *end, const char *with)
{
	return (size_t)(end - at) >= strlen(with) && !memcmp(at, with, strlen(with));
}

static int log_hex(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* R0=..., R10_w=... */
static bool log_is_register(const char *at, const char *end)
{
	if (end - at < 3 || *at != 'R' || !log_is_digit(at[1]))
		return false;
	for (at++; at < end && (log_is_digit(*at) || *at == '_' || *at == 'w' || *at == 'r'); at++)
		;
	return at < end && *at == '=';
}

static const char *log_line_end(const char *at, const char *end)
{
	const char *newline = memchr(at, '\n', (size_t)(end - at));

	end = newline ? newline : end;
	while (end > at && (log_is_blank(end[-1]) || end[-1] == '\r'))
		end--;
	return end;
}

/* "int name(void * ctx):" stands before a function's instructions. */
static bool log_is_prototype(const char *at, const char *end)
{
	end = log_line_end(at, end);
	return end - at > 4 && end[-1] == ':' && end[-2] == ')';
}

/* "79 11 00 00 00 00 00 00": the bytes of a slot or two */
static bool log_is_bytes(const char *at, const char *end)
{
	enum { EACH = 3, SLOT = 8 };
	ptrdiff_t i, n;

	end = log_line_end(at, end);
	n = end - at + 1;
	if (n != EACH * SLOT && n != EACH * 2 * SLOT)
		return false;
	for (i = 0; i < n - 1; i++)
		if (i % EACH == EACH - 1 ? at[i] != ' ' : log_hex(at[i]) < 0)
			return false;
	return true;
}

bool log_is_noise(const struct unit *unit, const struct token *token)
{
	static const char *const fronts[] = {
		"from ", "processed ", "func#", "mark_precise:", "last_idx ", "regs=", "parent ",
		"verification time ", "stack depth ", "caller:", "callee:", "returning from ",
		"to caller at ", "frame", "propagating ", "-- BEGIN", "-- END", "Live regs ",
	};
	const char *at = token->text, *end = unit->lex.end;
	size_t i;

	if (!unit->lex.source->listing || !log_begins_line(unit, token))
		return false;
	for (i = 0; i < sizeof(fronts) / sizeof(fronts[0]); i++)
		if (log_starts(at, end, fronts[i]))
			return true;
	return log_is_register(at, end) || log_is_prototype(at, end) || log_is_bytes(at, end);
}

/* "12: .1..3..... (85) ..." lists live registers; the instruction comes again. */
static bool log_is_live_registers(const char *at, const char *end)
{
	enum { REGISTERS = 10 };
	int n;

	for (n = 0; n < REGISTERS && at + n < end && (at[n] == '.' || log_is_digit(at[n])); n++)
		;
	return n == REGISTERS && end - at > n && at[n] == ' ';
}

void log_take_prefix(struct unit *unit, struct log_prefix *out)
{
	struct lexer *lex = &unit->lex;
	const char *at = lex->at, *end = lex->end;

	memset(out, 0, sizeof(*out));
	if (lex->token.kind != LEX_NUMBER || at == end || *at != ':' ||
	    !log_begins_line(unit, &lex->token))
		return;
	for (at++; at < end && log_is_blank(*at); at++)
		;
	out->slot = lex->token.value < UINT32_MAX ? (uint32_t)lex->token.value : UINT32_MAX;
	out->pos = lex_pos(lex, lex->token.text);
	lex->in_log = true;
	if (end - at > 4 && *at == '(' && log_hex(at[1]) >= 0 && log_hex(at[2]) >= 0 &&
	    at[3] == ')') {
		out->given = true;
		out->code = (uint8_t)(log_hex(at[1]) << 4 | log_hex(at[2]));
		at += 4;
	} else {
		out->skip = at == end || *at == '\n' || log_is_live_registers(at, end) ||
			    log_is_register(at, end) || log_starts(at, end, "frame") ||
			    log_starts(at, end, "safe");
	}
	lex->at = at;
	lex_next(lex);
}
