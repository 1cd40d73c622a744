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
#include "place.h"
#include "regs.h"
#include "source.h"
#include "type.h"
#include "unit.h"

enum { EXPR_DEEPEST = 200, EXPR_ATOM = 0, EXPR_LOWEST = 1 };

/*
 * Binary operators, the usual ones first. c is the level of C, which holds here; gas is that of gas
 * and LLVM, which read some mixtures differently. Higher binds tighter.
 */
static const struct expr_op {
	uint8_t kind;
	enum num_op op;
	uint8_t c, gas;
	char text[3];
} expr_ops[] = {
	{ '+', NUM_ADD, 7, 2, "+" },
	{ '-', NUM_SUB, 7, 2, "-" },
	{ '|', NUM_OR, 1, 3, "|" },
	{ '^', NUM_XOR, 2, 3, "^" },
	{ '&', NUM_AND, 3, 3, "&" },
	{ LEX_EQ, NUM_EQ, 4, 1, "==" },
	{ LEX_NE, NUM_NE, 4, 1, "!=" },
	{ '<', NUM_LT, 5, 1, "<" },
	{ LEX_LE, NUM_LE, 5, 1, "<=" },
	{ '>', NUM_GT, 5, 1, ">" },
	{ LEX_GE, NUM_GE, 5, 1, ">=" },
	{ LEX_SHL, NUM_SHL, 6, 4, "<<" },
	{ LEX_SHR, NUM_SHR, 6, 4, ">>" },
	{ '*', NUM_MUL, 8, 4, "*" },
	{ '/', NUM_DIV, 8, 4, "/" },
	{ '%', NUM_MOD, 8, 4, "%" },
};

static const struct expr_op *expr_op(const struct token *token)
{
	size_t i;

	/* most expressions end here: at a name, a bracket, the end of the line */
	if (token->kind <= LEX_LOCAL || token->kind == ')' || token->kind == ',')
		return NULL;
	for (i = 0; i < sizeof(expr_ops) / sizeof(expr_ops[0]); i++)
		if (expr_ops[i].kind == token->kind)
			return &expr_ops[i];
	return NULL;
}

bool expr_begins(const struct token *token)
{
	switch (token->kind) {
	case LEX_NUMBER: case LEX_NAME: case LEX_BAD:
	case LEX_STRING: case LEX_LOCAL:
	case '(': case '-': case '~': case '!': case '+':
		return true;
	case LEX_DIRECTIVE:
		return token->len > 1;
	default:
		return false;
	}
}

/* A partly read expression: its value and the loosest operator outside of parentheses. */
struct expr_part {
	struct num num;
	const struct expr_op *op;	/* NULL: none */
};

static bool expr_binary(struct unit *unit, unsigned int lowest, struct expr_part *left);

/* A slot, what a register points to, or a field of one. */
static bool expr_is_place(const struct unit *unit)
{
	return (unit->slots.count || unit->aliases.count) &&
	       (place_is_slot(unit, &unit->lex.token, false) ||
		place_begins(unit, unit->lex.token.text));
}

/* A variable, a type or a field of one. */
static bool expr_sizeof_path(struct unit *unit, struct type_path *out)
{
	const struct token *token = &unit->lex.token;
	struct symbol *symbol = symbols_get(&unit->names, token->text, token->len);

	if (!symbol || symbol->kind != UNIT_GLOBAL)
		return type_path(unit, token, out);
	symbol->used = true;
	out->type = ((const struct global *)symbol->data)->type;
	out->offset = 0;
	return true;
}

static bool expr_sizeof_place(struct unit *unit, struct num *out)
{
	struct place place;

	if (!place_parse(unit, &place))
		return false;
	*out = num_unsigned(asm_sizeof(place.type));
	return unit_expect(unit, ')', "')' to close sizeof");
}

/* sizeof(X), the token behind "sizeof" being looked at */
static bool expr_sizeof(struct unit *unit, struct num *out)
{
	struct type_path path;

	if (!unit_expect(unit, '(', "'(' after sizeof"))
		return false;
	if (expr_is_place(unit))
		return expr_sizeof_place(unit, out);
	if (lex_is(&unit->lex, "struct"))
		lex_next(&unit->lex);
	if (unit->lex.token.kind != LEX_NAME)
		return unit_error(unit, &unit->lex.token, "expected a type or TYPE.FIELD");
	if (!expr_sizeof_path(unit, &path))
		return false;
	lex_next(&unit->lex);
	*out = num_unsigned(asm_sizeof(path.type));
	return unit_expect(unit, ')', "')' to close sizeof");
}

/* offsetof(TYPE, FIELD) */
static bool expr_offsetof(struct unit *unit, struct num *out)
{
	struct token type, field;
	struct type_path path;

	if (!unit_expect(unit, '(', "'(' after offsetof"))
		return false;
	if (lex_is(&unit->lex, "struct"))
		lex_next(&unit->lex);
	type = unit->lex.token;
	lex_next(&unit->lex);
	if (type.kind != LEX_NAME || !unit_expect(unit, ',', "',' after the type of offsetof"))
		return type.kind == LEX_NAME ? false :
		       unit_error(unit, &type, "expected the name of a structure");
	field = unit->lex.token;
	if (field.kind != LEX_NAME)
		return unit_error(unit, &field, "expected the name of a field");
	if (!type_path(unit, &type, &path) || !type_member(unit, &field, &path))
		return false;
	lex_next(&unit->lex);
	*out = num_unsigned(path.offset);
	return unit_expect(unit, ')', "')' to close offsetof");
}

/* kernel.TYPE.FIELD and ctx.FIELD: whoever called the assembler knows the kernel */
static bool expr_kernel(struct unit *unit, const struct token *token, const char *path,
			struct num *out)
{
	const struct asm_object *obj = unit->obj;
	const char *section = obj->nfuncs ? obj->funcs[obj->nfuncs - 1].section : NULL;
	struct asm_kfield field;
	char why[256] = "";

	if (!unit->opt->resolve)
		return unit_error(unit, token, "'%s' is a fact of a kernel: name its BTF with "
				  "--btf FILE", path);
	if (!unit->opt->resolve(unit->opt->resolve_arg, path, section ? section : "", &field, why,
				sizeof(why)))
		return unit_error(unit, token, "%s", why);
	*out = num_unsigned(field.offset);
	if (!strncmp(path, "kernel.", 7)) {
		unit->kernel_fields++;
		unit->kernel_field = path + 7;
	}
	return true;
}

static bool expr_starts(const struct token *token, const char *with)
{
	return token->len > strlen(with) && !memcmp(token->text, with, strlen(with));
}

static bool expr_pt_regs(struct unit *unit, const struct token *token, struct num *out)
{
	const char *name = mem_text(&unit->mem, token->text + 8, token->len - 8);
	uint16_t offset;

	if (!regs_offset(unit, token, name, &offset))
		return false;
	*out = num_unsigned(offset);
	return true;
}

/* A name with a dot: a field of something. */
static bool expr_dotted(struct unit *unit, struct token *token, struct num *out)
{
	struct type_path path;

	if (expr_starts(token, "pt_regs."))
		return expr_pt_regs(unit, token, out);
	if (expr_starts(token, "kernel.") || expr_starts(token, "ctx.")) {
		lex_take_path(&unit->lex, token);
		return expr_kernel(unit, token, mem_text(&unit->mem, token->text, token->len),
				   out);
	}
	if (!type_path(unit, token, &path))
		return false;
	*out = num_unsigned(path.offset);
	return true;
}

static bool expr_constant(struct unit *unit, const struct token *token, struct num *out)
{
	struct symbol *symbol = symbols_get(&unit->names, token->text, token->len);
	char near[ASM_NEAR_TEXT];

	if (symbol && (1u << symbol->kind & UNIT_NUMBERS)) {
		symbol->used = true;
		memcpy(out, symbol->data, sizeof(*out));
		return true;
	}
	if (symbol)
		return unit_error(unit, token, "'%.*s' is not a number", (int)token->len,
				  token->text);
	return unit_error(unit, token, "unknown constant '%.*s'%s", (int)token->len, token->text,
			  unit_near(&unit->names, token->text, token->len, UNIT_NUMBERS, near));
}

static bool expr_name(struct unit *unit, struct num *out)
{
	struct token token = unit->lex.token;
	bool size = lex_is(&unit->lex, "sizeof"), offset = lex_is(&unit->lex, "offsetof");

	lex_next(&unit->lex);
	if (size)
		return expr_sizeof(unit, out);
	if (offset)
		return expr_offsetof(unit, out);
	if (unit->slots.count && place_is_slot(unit, &token, true))
		return place_slot_offset(unit, &token, out);
	if (memchr(token.text, '.', token.len))
		return expr_dotted(unit, &token, out);
	return expr_constant(unit, &token, out);
}

static bool expr_parentheses(struct unit *unit, struct expr_part *out)
{
	lex_next(&unit->lex);
	if (!expr_binary(unit, EXPR_LOWEST, out))
		return false;
	out->op = NULL;
	return unit_expect(unit, ')', "')' to close the expression");
}

static bool expr_unary(struct unit *unit, struct expr_part *out);

static bool expr_prefix(struct unit *unit, struct expr_part *out)
{
	struct token token = unit->lex.token;

	lex_next(&unit->lex);
	if (!expr_unary(unit, out))
		return false;
	if (token.kind == '~')
		out->num = num_not(out->num);
	else if (token.kind == '!')
		out->num = num_unsigned(!out->num.mag);
	else if (token.kind == '-' && !num_negate(out->num, &out->num))
		return unit_error(unit, &token, "the result does not fit in 64 bits");
	return true;
}

static bool expr_primary(struct unit *unit, struct expr_part *out)
{
	struct token *token = &unit->lex.token;
	char say[LEX_SAY];

	switch (token->kind) {
	case LEX_NAME:
		return expr_name(unit, &out->num);
	case '(':
		return expr_parentheses(unit, out);
	case '-': case '+': case '~': case '!':
		return expr_prefix(unit, out);
	case LEX_BAD:
		return false;
	default:
		return unit_error(unit, token, "expected a number, saw %s", lex_say(token, say));
	}
}

static bool expr_unary(struct unit *unit, struct expr_part *out)
{
	bool ok;

	out->op = NULL;
	/* the value in the middle is no level */
	if (unit->depth > EXPR_DEEPEST)
		return unit_error(unit, &unit->lex.token,
				  "this expression is nested more than %d deep", EXPR_DEEPEST);
	unit->operands++;
	if (unit->lex.token.kind == LEX_NUMBER) {
		out->num = num_unsigned(unit->lex.token.value);
		lex_next(&unit->lex);
		return true;
	}
	unit->depth++;
	ok = expr_primary(unit, out);
	unit->depth--;
	return ok;
}

static int expr_order(unsigned int a, unsigned int b)
{
	return (a > b) - (a < b);
}

/* Two operators side by side that gas and LLVM would group the other way round: say so. */
static void expr_check_mixture(struct unit *unit, const struct token *token,
			       const struct expr_op *op, const struct expr_op *other)
{
	if (!other || expr_order(op->c, other->c) == expr_order(op->gas, other->gas))
		return;
	diag_warn(&unit->diags, ASM_WARNING_PRECEDENCE, lex_pos(&unit->lex, token->text),
		  token->len,
		  "'%s' beside '%s' is read as in C, other assemblers differ: add parentheses",
		  op->text, other->text);
}

/* Precedence climbing; *left has been read. */
static bool expr_climb(struct unit *unit, unsigned int lowest, struct expr_part *left)
{
	const struct expr_op *op;

	while ((op = expr_op(&unit->lex.token)) && op->c >= lowest) {
		struct token token = unit->lex.token;
		struct expr_part right;
		const char *why;

		lex_next(&unit->lex);
		if (!expr_binary(unit, op->c + 1u, &right))
			return false;
		expr_check_mixture(unit, &token, op, left->op);
		expr_check_mixture(unit, &token, op, right.op);
		if (!num_binary(op->op, left->num, right.num, &left->num, &why))
			return unit_error(unit, &token, "%s", why);
		left->op = op;
	}
	return true;
}

static bool expr_binary(struct unit *unit, unsigned int lowest, struct expr_part *left)
{
	return expr_unary(unit, left) &&
	       (!expr_op(&unit->lex.token) || expr_climb(unit, lowest, left));
}

/* Note where the expression ends: before the token looked at, without the blanks between. */
static void expr_span(struct unit *unit, struct value *out, const char *from)
{
	const char *to = unit->lex.token.text;

	while (to > from + 1 && (to[-1] == ' ' || to[-1] == '\t'))
		to--;
	out->pos = lex_pos(&unit->lex, from);
	out->len = to > from ? (uint32_t)(to - from) : 1;
}

/* Where an expression begins, and what had been read before. */
struct expr_start {
	const char *text;
	unsigned int operands, kernel_fields;
};

static struct expr_start expr_start(const struct unit *unit)
{
	return (struct expr_start){ unit->lex.token.text, unit->operands, unit->kernel_fields };
}

/* In a text of gas or a compiler: a name with dots that cannot be a field of something. */
static bool expr_is_dotted_symbol(const struct unit *unit)
{
	const struct token *token = &unit->lex.token;
	const char *dot = memchr(token->text, '.', token->len);

	return unit->sections && !expr_starts(token, "pt_regs.") &&
	       !expr_starts(token, "kernel.") && !expr_starts(token, "ctx.") &&
	       !symbols_get(&unit->types, token->text, (size_t)(dot - token->text));
}

/* Whether the name may be an address: of a map, a function, or of something not yet defined. */
static bool expr_is_address(struct unit *unit)
{
	const struct token *token = &unit->lex.token;
	const struct symbol *symbol;
	const char *name;
	uint32_t len;

	if (token->kind == LEX_LOCAL || !lex_symbol(token, &name, &len) ||
	    lex_is(&unit->lex, "sizeof") || lex_is(&unit->lex, "offsetof") ||
	    (unit->slots.count && place_is_slot(unit, token, false)))
		return false;
	if (token->kind == LEX_NAME && memchr(name, '.', len) && !expr_is_dotted_symbol(unit))
		return false;
	symbol = symbols_get(&unit->names, name, len);
	return !symbol || (1u << symbol->kind & UNIT_ADDRESSES);
}

/* NAME, NAME + expr, NAME[0] + expr */
static bool expr_address(struct unit *unit, struct value *out)
{
	struct value offset;

	lex_symbol(&unit->lex.token, &out->name, &out->name_len);
	lex_next(&unit->lex);
	if (unit->lex.token.kind == '[') {
		lex_next(&unit->lex);
		if (unit->lex.token.kind != LEX_NUMBER || unit->lex.token.value)
			return unit_error(unit, &unit->lex.token,
					  "only the first value of a map has an address: [0]");
		lex_next(&unit->lex);
		if (!unit_expect(unit, ']', "']' after [0"))
			return false;
		out->first = true;
	}
	if (!expr_offset(unit, &offset))
		return false;
	out->num = offset.num;
	return true;
}

bool expr_parse(struct unit *unit, struct value *out)
{
	const char *from = unit->lex.token.text;

	if (unit->lex.token.kind == LEX_NUMBER || !expr_is_address(unit))
		return expr_number(unit, out);
	memset(out, 0, sizeof(*out));
	if (!expr_address(unit, out))
		return false;
	expr_span(unit, out, from);
	return true;
}

/*
 * Fill in what was read since *from. A loader that finds the field elsewhere can put that in place
 * of a field's offset, but not into what was computed from one.
 */
static bool expr_finish(struct unit *unit, struct value *out, struct expr_part part,
			const struct expr_start *start)
{
	out->num = part.num;
	expr_span(unit, out, start->text);
	if (unit->kernel_fields == start->kernel_fields)
		return true;
	if (unit->operands == start->operands + 1 && !part.num.neg) {
		out->kernel = unit->kernel_field;
		return true;
	}
	if (!unit->opt->relocatable)
		return true;
	diag_add(&unit->diags, ASM_ERROR, out->pos, out->len,
		 "what is computed from a field of the kernel's cannot be relocated: "
		 "let the field stand alone");
	return false;
}

/* The usual expression: a number, behind which nothing goes on. False: nothing has been read. */
static bool expr_lone_number(struct unit *unit, struct value *out)
{
	struct lexer *lex = &unit->lex;
	const char *text = lex->token.text;

	if (lex->token.kind != LEX_NUMBER)
		return false;
	out->num.mag = lex->token.value;
	out->pos = lex_pos(lex, text);
	out->len = lex->token.len;
	lex_next(lex);
	if (!expr_op(&lex->token))
		return true;
	lex->at = text;
	lex_next(lex);
	return false;
}

bool expr_number(struct unit *unit, struct value *out)
{
	struct expr_start start;
	struct expr_part part;

	memset(out, 0, sizeof(*out));
	if (expr_lone_number(unit, out))
		return true;
	start = expr_start(unit);
	return expr_binary(unit, EXPR_LOWEST, &part) && expr_finish(unit, out, part, &start);
}

bool expr_offset(struct unit *unit, struct value *out)
{
	struct expr_start start = expr_start(unit);
	struct expr_part part;

	memset(out, 0, sizeof(*out));
	memset(&part, 0, sizeof(part));
	if ((unit->lex.token.kind == '+' || unit->lex.token.kind == '-') &&
	    !expr_climb(unit, EXPR_LOWEST, &part))
		return false;
	return expr_finish(unit, out, part, &start);
}

bool expr_out_of_range(struct unit *unit, const struct value *value, const char *what,
		       int64_t low, uint64_t high)
{
	char text[NUM_TEXT];

	diag_add(&unit->diags, ASM_ERROR, value->pos, value->len,
		 "%s %s is out of range: %lld to %llu", what, num_text(value->num, text),
		 (long long)low, (unsigned long long)high);
	return false;
}

static bool expr_not_a_number(struct unit *unit, const struct value *value)
{
	int len = (int)value->name_len;
	char near[ASM_NEAR_TEXT];

	if (lex_is_register(value->name, value->name_len))
		diag_add(&unit->diags, ASM_ERROR, value->pos, value->name_len,
			 "there is no register '%.*s' here", len, value->name);
	else if (symbols_get(&unit->names, value->name, value->name_len))
		diag_add(&unit->diags, ASM_ERROR, value->pos, value->name_len,
			 "'%.*s' is an address, not a number: 'rN = %.*s ll' loads it", len,
			 value->name, len, value->name);
	else
		diag_add(&unit->diags, ASM_ERROR, value->pos, value->name_len,
			 "unknown constant '%.*s'%s", len, value->name,
			 unit_near(&unit->names, value->name, value->name_len, UNIT_NUMBERS,
				   near));
	return false;
}

bool expr_range(struct unit *unit, const struct value *value, const char *what, int64_t low,
		uint64_t high)
{
	if (value->name)
		return expr_not_a_number(unit, value);
	return num_between(value->num, low, high) ||
	       expr_out_of_range(unit, value, what, low, high);
}
