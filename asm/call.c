/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <string.h>

#include "asm.h"
#include "call.h"
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
#include "unit.h"

enum {
	CALL_ARGS = 5,
	CALL_RESULT_REG = 0,	/* the call overwrites it: free to hold a value before */
	CALL_FRAME_REG = 10,
	CODE_MOV_REG = 0xbf, CODE_ADD_IMM = 0x07,
};

/* What one argument is: a register plus a number, or with `load` a number or an address. */
struct call_arg {
	bool load;
	bool done;
	uint8_t reg;
	uint32_t pos;
	struct value value;
};

struct call {
	struct call_arg args[CALL_ARGS];
	unsigned int count;
};

/* ---- reading them ---- */

/* rN, rN + expr: what stands behind the register is being looked at */
static bool call_offset(struct unit *unit, struct call_arg *arg)
{
	return expr_offset(unit, &arg->value) &&
	       expr_range(unit, &arg->value, "what is added", INT32_MIN, INT32_MAX);
}

static bool call_register(struct unit *unit, struct call_arg *arg)
{
	struct token token = unit->lex.token;

	if (token.kind == LEX_REGISTER32 || token.reg > CALL_FRAME_REG)
		return unit_error(unit, &token, "an argument is a register r0 to r10");
	arg->reg = token.reg;
	lex_next(&unit->lex);
	return call_offset(unit, arg);
}

/* &PLACE */
static bool call_address(struct unit *unit, struct call_arg *arg)
{
	struct place place;
	struct num offset;

	lex_next(&unit->lex);
	if (unit->lex.token.kind == LEX_REGISTER64 && !place_begins(unit, unit->lex.token.text))
		return unit_error(unit, &unit->lex.token, "a register has no address");
	if (!place_parse(unit, &place))
		return false;
	offset = num_unsigned((uint64_t)(place.offset < 0 ? -place.offset : place.offset));
	offset.neg = place.offset < 0;
	arg->reg = place.reg;
	arg->value.num = offset;
	arg->value.pos = place.pos;
	arg->value.len = place.len;
	return expr_range(unit, &arg->value, "the offset", INT32_MIN, INT32_MAX);
}

/* SLOT, SLOT + expr */
static bool call_slot(struct unit *unit, struct call_arg *arg)
{
	struct token token = unit->lex.token;
	struct num slot;
	const char *why;

	lex_next(&unit->lex);
	if (!place_slot_offset(unit, &token, &slot) || !call_offset(unit, arg))
		return false;
	if (arg->value.kernel)
		return unit_error(unit, &token, "a field of the kernel's cannot be added to a "
				  "slot");
	arg->reg = CALL_FRAME_REG;
	return num_binary(NUM_ADD, slot, arg->value.num, &arg->value.num, &why) ||
	       unit_error(unit, &token, "%s", why);
}

static bool call_argument(struct unit *unit, struct call_arg *arg)
{
	const struct token *token = &unit->lex.token;

	memset(arg, 0, sizeof(*arg));
	arg->pos = lex_pos(&unit->lex, token->text);
	if (token->kind == '&')
		return call_address(unit, arg);
	if ((unit->slots.count || unit->aliases.count) && place_begins(unit, token->text))
		return unit_error(unit, token, "'&' before it passes where this is; what it holds "
				  "is loaded into a register first");
	if (token->kind == LEX_REGISTER64 || token->kind == LEX_REGISTER32)
		return call_register(unit, arg);
	if (place_is_slot(unit, token, false))
		return call_slot(unit, arg);
	arg->load = true;
	return expr_parse(unit, &arg->value);
}

static bool call_arguments(struct unit *unit, struct call *call)
{
	while (unit->lex.token.kind == ',') {
		lex_next(&unit->lex);
		if (call->count == CALL_ARGS)
			return unit_error(unit, &unit->lex.token, "a call has at most %d arguments",
					  CALL_ARGS);
		if (!call_argument(unit, &call->args[call->count]))
			return false;
		call->count++;
	}
	return true;
}

/* ---- putting them in place ---- */

/* The register of the i-th argument. */
static unsigned int call_target(unsigned int i)
{
	return i + 1;
}

static void call_move(struct unit *unit, unsigned int dst, unsigned int src, uint32_t pos)
{
	struct asm_insn insn = { .code = CODE_MOV_REG, .regs = (uint8_t)(src << 4 | dst) };

	if (dst != src)
		insn_add(unit, insn, pos);
}

/* Whether an argument that waits is made of what is in the register; not the i-th itself. */
static bool call_is_read(const struct call *call, unsigned int reg, unsigned int except)
{
	unsigned int i;

	for (i = 0; i < call->count; i++)
		if (i != except && !call->args[i].done && !call->args[i].load &&
		    call->args[i].reg == reg)
			return true;
	return false;
}

/* Move the arguments whose registers nothing reads any more. Whether there was one. */
static bool call_settle(struct unit *unit, struct call *call)
{
	struct asm_insn add = { .code = CODE_ADD_IMM };
	bool any = false;
	unsigned int i;

	for (i = 0; i < call->count; i++) {
		struct call_arg *arg = &call->args[i];

		if (arg->done || arg->load || call_is_read(call, call_target(i), i))
			continue;
		call_move(unit, call_target(i), arg->reg, arg->pos);
		add.regs = (uint8_t)call_target(i);
		add.imm = (int32_t)num_bits(arg->value.num);
		if (arg->value.kernel)
			insn_add_kref(unit, &arg->value)->imm = true;
		if (add.imm || arg->value.kernel)
			insn_add(unit, add, arg->pos);
		arg->done = true;
		any = true;
	}
	return any;
}

/* Arguments that wait for one register take another one, which holds the same. */
static void call_redirect(struct call *call, unsigned int from, unsigned int to)
{
	unsigned int i;

	for (i = 0; i < call->count; i++)
		if (!call->args[i].done && !call->args[i].load && call->args[i].reg == from)
			call->args[i].reg = (uint8_t)to;
}

/* The argument that is in place and a mere copy of a register; CALL_ARGS: none. */
static unsigned int call_copy(const struct call *call, unsigned int reg)
{
	unsigned int i;

	for (i = 0; i < call->count; i++) {
		const struct call_arg *arg = &call->args[i];

		if (arg->done && arg->reg == reg && !arg->value.num.mag && !arg->value.kernel)
			return i;
	}
	return CALL_ARGS;
}

/*
 * Those that are left go round in circles: each register holds what another waits for. So none of
 * them waits for r0, which takes the place of one, unless an argument in place holds the same.
 */
static bool call_break_circle(struct unit *unit, struct call *call)
{
	unsigned int i, first = CALL_ARGS;

	for (i = 0; i < call->count; i++) {
		if (call->args[i].done || call->args[i].load)
			continue;
		if (call_copy(call, call_target(i)) < CALL_ARGS) {
			call_redirect(call, call_target(i),
				      call_target(call_copy(call, call_target(i))));
			return true;
		}
		if (first == CALL_ARGS)
			first = i;
	}
	if (first == CALL_ARGS)
		return false;
	call_move(unit, CALL_RESULT_REG, call_target(first), call->args[first].pos);
	call_redirect(call, call_target(first), CALL_RESULT_REG);
	return true;
}

static bool call_place(struct unit *unit, struct call *call)
{
	bool ok = true;
	unsigned int i;

	do {
		while (call_settle(unit, call))
			;
	} while (call_break_circle(unit, call));
	/* nothing is read any more, so the order of these is free */
	for (i = 0; i < call->count; i++)
		if (call->args[i].load &&
		    !insn_add_load(unit, call_target(i), &call->args[i].value))
			ok = false;
	return ok;
}

bool call_parse(struct unit *unit)
{
	struct token name = unit->lex.token;
	struct call call = { .count = 0 };
	struct value func = { .name = name.text, .name_len = name.len, .len = name.len };
	char say[LEX_SAY];

	if (name.kind != LEX_NAME)
		return unit_error(unit, &name, "expected the name of a function, saw %s",
				  lex_say(&name, say));
	directive_open_function(unit);
	if (!data_close(unit))
		return false;
	func.pos = lex_pos(&unit->lex, name.text);
	lex_next(&unit->lex);
	if (!call_arguments(unit, &call) || !call_place(unit, &call))
		return false;
	insn_add_call(unit, &func);
	return true;
}
