/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "asm.h"
#include "diag.h"
#include "expand.h"
#include "global.h"
#include "num.h"
#include "expr.h"
#include "lex.h"
#include "log.h"
#include "symbols.h"
#include "isa.h"
#include "match.h"
#include "mem.h"
#include "source.h"
#include "unit.h"

/* An odd name this close before the token that does not fit is what is wrong. */
enum { MATCH_ODD = 16 };

/* A walk through the tree, and how far its best try came. */
struct match {
	struct unit *unit;
	struct operand *operands;
	unsigned int noperands;
	bool reported;		/* an operand was wrong in itself */
	struct token odd;	/* the last operand, when it is a name that nothing defines yet */
	struct token far;	/* the token that fitted nowhere */
	uint16_t far_node;	/* whose children were tried on it */
};

/* The child along a token that is no operand: a name, or a number that is written out; 0: none. */
static uint16_t match_step(const struct isa *isa, uint16_t at, const struct token *token)
{
	const struct isa_node *node = &isa->nodes[at];

	if (node->child == node->operand)
		return 0;
	if (token->kind != LEX_NAME && (token->kind != LEX_NUMBER || !node->number))
		return isa_step(isa, at, token->kind);
	return isa_step(isa, at, isa_edge_of(isa, token));
}

static bool match_is_end(const struct token *token)
{
	return token->kind == LEX_SEPARATOR || token->kind == LEX_END;
}

/* pc+n, pc-n: n slots from the next instruction, as the kernel prints it. */
static bool match_relative(struct unit *unit, struct operand *out)
{
	out->relative = true;
	lex_next(&unit->lex);
	return expr_offset(unit, &out->value);
}

/* The name at the token, with the lexer still there. False: it is none. */
static bool match_symbol(struct unit *unit, struct operand *out)
{
	const struct token *token = &unit->lex.token;

	if (!lex_symbol(token, &out->value.name, &out->value.name_len)) {
		out->value.name = NULL;
		return false;
	}
	out->value.pos = lex_pos(&unit->lex, token->text);
	out->value.len = token->len;
	return true;
}

static bool match_label(struct unit *unit, struct operand *out)
{
	if (lex_is(&unit->lex, "pc"))
		return match_relative(unit, out);
	if (match_symbol(unit, out)) {
		lex_next(&unit->lex);
		return true;
	}
	out->relative = true;
	return expr_number(unit, &out->value);
}

/* NAME#123 is a kernel function by its BTF id; a blank before the # makes it a comment. */
static void match_id(struct unit *unit, struct operand *out)
{
	const char *at = unit->lex.at, *end = unit->lex.end;
	uint64_t value = 0;

	if (end - at < 2 || *at != '#' || at[1] < '0' || at[1] > '9')
		return;
	for (at++; at < end && *at >= '0' && *at <= '9' && value <= UINT32_MAX; at++)
		value = value * 10 + (uint64_t)(*at - '0');
	unit->lex.at = at;
	out->id = true;
	out->value.num = num_unsigned(value);
}

static bool match_func(struct unit *unit, struct operand *out)
{
	if (lex_is(&unit->lex, "pc"))
		return match_relative(unit, out);
	if (!match_symbol(unit, out))
		return expr_number(unit, &out->value);
	match_id(unit, out);
	lex_next(&unit->lex);
	return true;
}

/* Take an operand that is no register. False: it was wrong in itself, and reported. */
static bool match_operand(struct match *match, uint16_t edge)
{
	struct operand *out = &match->operands[match->noperands++];
	struct unit *unit = match->unit;
	const char *text = unit->lex.token.text;
	uint32_t len = unit->lex.token.len;
	bool ok;

	memset(out, 0, sizeof(*out));
	switch (edge) {
	case ISA_EDGE_OFFSET:
		ok = expr_offset(unit, &out->value);
		break;
	case ISA_EDGE_LABEL:
		ok = match_label(unit, out);
		break;
	case ISA_EDGE_FUNC:
		ok = match_func(unit, out);
		break;
	default:
		ok = expr_parse(unit, &out->value);
		if (out->value.name && !symbols_get(&unit->names, text, len))
			match->odd = (struct token){ .kind = LEX_NAME, .text = text, .len = len };
	}
	out->text = text;
	out->len = out->value.len;
	match->reported = !ok;
	return ok;
}

/* Step over a token that is not an expression; a register is an operand. */
static inline void match_token(struct match *match)
{
	struct lexer *lex = &match->unit->lex;
	struct operand *out = &match->operands[match->noperands];

	if (lex->token.kind == LEX_REGISTER64 || lex->token.kind == LEX_REGISTER32) {
		out->reg = lex->token.reg;
		out->text = lex->token.text;
		out->len = lex->token.len;
		match->noperands++;
	}
	lex_next(lex);
}

/* Whether an operand, which is some node's, may begin at the token. */
static bool match_begins(const struct isa *isa, uint16_t operand, const struct token *token)
{
	return isa->nodes[operand].edge == ISA_EDGE_OFFSET || expr_begins(token);
}

static uint16_t match_from(struct match *match, uint16_t at);

/* Of two ways on try the one along the token itself; back to where it began when it fails. */
static uint16_t match_literal(struct match *match, uint16_t child)
{
	struct lexer *lex = &match->unit->lex;
	const char *text = lex->token.text;
	unsigned int noperands = match->noperands;
	uint16_t found;

	match_token(match);
	found = match_from(match, child);
	if (!found && !match->reported) {
		match->noperands = noperands;
		lex->at = text;
		lex_next(lex);
	}
	return found;
}

/* Nothing fits behind a node. */
static uint16_t match_fail(struct match *match, uint16_t at)
{
	const struct token *token = &match->unit->lex.token;

	match->reported = token->kind == LEX_BAD;
	if (token->text >= match->far.text) {
		match->far = *token;
		match->far_node = at;
	}
	return 0;
}

/*
 * The spelling that the rest of the statement completes, from a node on; 0: none. No node has two
 * operands, as what begins one begins the other: only a token that begins one and stands for itself
 * too is a choice.
 */
static uint16_t match_from(struct match *match, uint16_t at)
{
	const struct isa *isa = &match->unit->isa;
	const struct token *token = &match->unit->lex.token;
	uint16_t from = at;	/* the node before the token: an offset may take none */

	for (;;) {
		uint16_t child = match_step(isa, at, token), operand = isa->nodes[at].operand;
		bool begins = operand && match_begins(isa, operand, token);
		const char *text = token->text;
		uint16_t found;

		if (child && !begins) {
			match_token(match);
			at = from = child;
			continue;
		}
		if (match_is_end(token) && isa->nodes[at].spelling)
			return isa->nodes[at].spelling;
		found = child ? match_literal(match, child) : 0;
		if (found || match->reported)
			return found;
		if (!begins)
			return match_fail(match, from);
		if (!match_operand(match, isa->nodes[operand].edge))
			return 0;
		at = operand;
		if (token->text != text)
			from = at;
	}
}

/* ---- what to say when nothing matches ---- */

static const char *match_edge_text(const struct isa *isa, uint16_t edge, char *buf, size_t size)
{
	static const struct {
		uint16_t edge;
		char text[24];
	} names[] = {
		{ LEX_REGISTER64, "a register r0 to r10" }, { LEX_REGISTER32, "w0 to w10" },
		{ ISA_EDGE_EXPR, "a number" }, { ISA_EDGE_OFFSET, "an offset" },
		{ ISA_EDGE_LABEL, "a label" }, { ISA_EDGE_FUNC, "a function" },
		{ LEX_SHL, "'<<='" }, { LEX_SHR, "'>>='" }, { LEX_LE, "'<='" },
		{ LEX_GE, "'>='" }, { LEX_EQ, "'=='" }, { LEX_NE, "'!='" },
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].edge == edge)
			return names[i].text;
	if (edge >= ISA_EDGE_KEYWORD)
		snprintf(buf, size, "'%.*s'",
			 (int)isa->keywords.entries[edge - ISA_EDGE_KEYWORD].len,
			 isa->keywords.entries[edge - ISA_EDGE_KEYWORD].name);
	else
		snprintf(buf, size, "'%c'", edge);
	return buf;
}

/* "X, Y or Z" of the edges below a node; behind a register or '=' they are too many. */
static void match_expected(const struct isa *isa, uint16_t node, char *buf, size_t size)
{
	enum { MOST = 8 };
	uint16_t child;
	unsigned int n = isa->nodes[node].spelling ? 1 : 0, i = 0;
	size_t used = 0;
	char text[40];

	for (child = isa->nodes[node].child; child; child = isa->nodes[child].next)
		n++;
	if (n > MOST) {
		snprintf(buf, size, isa->nodes[node].edge == '=' ? "a value" : "an operator");
		return;
	}
	buf[0] = '\0';
	for (child = isa->nodes[node].child; child && used < size;
	     child = isa->nodes[child].next, i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s",
					 !i ? "" : i + 1 < n ? ", " : " or ",
					 match_edge_text(isa, isa->nodes[child].edge, text,
							 sizeof(text)));
	if (isa->nodes[node].spelling && used < size)
		snprintf(buf + used, size - used, "%sthe end of the instruction",
			 i ? " or " : "");
}

/* The keywords at the beginning of an instruction that are nearest to a misspelt one. */
static const char *match_near_first(const struct unit *unit, const struct token *token, char *buf)
{
	const struct isa *isa = &unit->isa;
	struct asm_near near;
	uint16_t child;

	asm_near_start(&near, token->text, token->len);
	for (child = isa->nodes[0].child; child; child = isa->nodes[child].next) {
		if (isa->nodes[child].edge >= ISA_EDGE_KEYWORD) {
			uint32_t index = isa->nodes[child].edge - (uint32_t)ISA_EDGE_KEYWORD;
			const struct symbol *keyword = &isa->keywords.entries[index];

			asm_near_offer(&near, keyword->name, keyword->len);
		}
	}
	symbols_near(&unit->macros, 1, &near);
	symbols_near(&unit->prelude, 1, &near);
	return asm_near_text(&near, buf);
}

static void match_explain(struct match *match)
{
	struct unit *unit = match->unit;
	const struct token *far = &match->far;
	char expected[160], say[LEX_SAY], near[ASM_NEAR_TEXT] = "";

	if (!match->far_node && log_is_noise(unit, far)) {
		unit->lex.in_log = true;
		return;
	}
	if (far->kind == LEX_NAME && lex_is_register(far->text, far->len)) {
		unit_error(unit, far, "there is no register '%.*s': r0 to r10, w0 to w10",
			   (int)far->len, far->text);
	} else if (match->odd.text && match->odd.text >= far->text - MATCH_ODD) {
		unit_error(unit, &match->odd, "unknown name %s%s", lex_say(&match->odd, say),
			   unit_near(&unit->isa.keywords, match->odd.text, match->odd.len,
				     1 << ISA_KEYWORD_NAME, near));
	} else if (!match->far_node) {
		unit_error(unit, far, "unknown instruction %s%s", lex_say(far, say),
			   far->kind == LEX_NAME ? match_near_first(unit, far, near) : "");
	} else {
		match_expected(&unit->isa, match->far_node, expected, sizeof(expected));
		if (far->kind == LEX_NAME)
			unit_near(&unit->isa.keywords, far->text, far->len,
				  1 << ISA_KEYWORD_NAME, near);
		unit_error(unit, far, "expected %s, saw %s%s", expected, lex_say(far, say), near);
	}
}

const struct isa_spelling *match_statement(struct unit *unit, struct operand *operands)
{
	struct match match = { .unit = unit, .operands = operands };
	uint16_t found;

	found = match_from(&match, ISA_ROOT);
	if (found)
		return &unit->isa.spellings[found - 1];
	if (match.reported || (!match.far_node && expand_prelude_call(unit)))
		return NULL;
	match_explain(&match);
	return NULL;
}
