/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "../asm/asm.h"
#include "usdtarg.h"

/* ---- registers: a name in a note, shorter than that, to the name in struct pt_regs ---- */

enum { REG_NAME = 8 };

/* Returns how many bytes into the register the part of it begins. */
typedef unsigned int reg_fn(char *name);

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static unsigned int reg_same(char *name)
{
	if (strcmp(name, "fp") == 0)
		strcpy(name, "s0");
	return 0;
}

/* rax, eax, ax, al, ah; rsi, esi, si, sil; r8, r8d, r8w, r8b; no segments, no flags */
static unsigned int reg_x86(char *name)
{
	size_t len = strlen(name);
	bool high = len == 2 && name[1] == 'h';

	if (name[0] == 'r' && is_digit(name[1])) {
		if (strchr("dwb", name[len - 1]))
			name[len - 1] = '\0';
		return 0;
	}
	if (len == 3 && (name[0] == 'r' || name[0] == 'e'))
		memmove(name, name + 1, len);
	else if (len == 3 && name[2] == 'l')
		name[2] = '\0';
	else if (high || (len == 2 && name[1] == 'l'))
		name[1] = 'x';
	if (strlen(name) != 2 || name[1] == 's')
		name[0] = '\0';
	return high;
}

/* w3 is a part of x3 */
static unsigned int reg_arm64(char *name)
{
	if (name[0] == 'w' && is_digit(name[1]))
		name[0] = 'x';
	else if (strcmp(name, "wsp") == 0)
		strcpy(name, "sp");
	return 0;
}

/* 9, r9 */
static unsigned int reg_ppc(char *name)
{
	if (is_digit(name[0]) && strlen(name) <= 2) {
		memmove(name + 1, name, strlen(name) + 1);
		name[0] = 'r';
	}
	return 0;
}

/* ---- operands ---- */

/* What a number without a mark is. */
enum bare { BARE_CONSTANT, BARE_REGISTER, BARE_ADDRESS };

static const struct dialect {
	const char *cpu;
	reg_fn *reg;
	enum bare bare;
	char constant;		/* before a constant; 0: nothing */
	bool indexed;		/* (BASE,INDEX[,SCALE]) is read */
} dialects[] = {
	{ "x86_64", reg_x86, BARE_ADDRESS, '$', true },
	{ "arm64", reg_arm64, BARE_CONSTANT, '#', false },
	{ "s390x", reg_same, BARE_CONSTANT, 0, false },
	{ "ppc64le", reg_ppc, BARE_REGISTER, 'i', false },
	{ "riscv64", reg_same, BARE_CONSTANT, 0, false },
};

/* An argument being read; nothing behind its end is looked at, but for a NUL. */
struct operand {
	const struct asm_cpu *cpu;
	const struct dialect *dialect;
	struct usdt_arg *arg;
	const char *at, *end;
};

static void skip_space(struct operand *op)
{
	while (op->at < op->end && isspace((unsigned char)*op->at))
		op->at++;
}

static bool take(struct operand *op, char c)
{
	skip_space(op);
	if (op->at == op->end || *op->at != c)
		return false;
	op->at++;
	return true;
}

static bool take_number(struct operand *op, uint64_t *value)
{
	bool negative = take(op, '-');
	char *end;

	skip_space(op);
	if (op->at == op->end || !is_digit(*op->at))
		return false;
	*value = strtoull(op->at, &end, 0);
	*value = negative ? -*value : *value;
	op->at = end;
	return true;
}

static bool take_register(struct operand *op, uint16_t *offset)
{
	const struct asm_cpu_reg *reg;
	char name[REG_NAME + 1] = "";
	unsigned int behind;
	size_t len = 0;

	take(op, '%');
	while (op->at < op->end && isalnum((unsigned char)*op->at) && len < REG_NAME - 1)
		name[len++] = *op->at++;
	if (!len)
		return false;
	behind = op->dialect->reg(name);
	reg = asm_cpu_reg_find(op->cpu, name);
	if (reg)
		*offset = (uint16_t)(reg->offset + behind);
	return reg;
}

/* 1, 2, 4, 8 are shifts by 0 to 3. */
static bool take_scale(struct operand *op)
{
	uint64_t scale;

	if (!take_number(op, &scale))
		return false;
	while (op->arg->shift < 3 && 1u << op->arg->shift != scale)
		op->arg->shift++;
	return 1u << op->arg->shift == scale;
}

/* (BASE), (BASE,INDEX), (BASE,INDEX,SCALE) */
static bool take_parentheses(struct operand *op)
{
	struct usdt_arg *arg = op->arg;

	arg->kind = USDT_ARG_MEMORY;
	if (!take(op, '(') || !take_register(op, &arg->reg))
		return false;
	if (op->dialect->indexed && take(op, ',')) {
		arg->kind = USDT_ARG_INDEXED;
		if (!take_register(op, &arg->index) || (take(op, ',') && !take_scale(op)))
			return false;
	}
	return take(op, ')');
}

/* [BASE], [BASE, OFFSET], [BASE, INDEX], [BASE, INDEX, lsl SHIFT], all of 64 bits */
static bool take_brackets(struct operand *op)
{
	struct usdt_arg *arg = op->arg;
	uint64_t shift = 0;

	arg->kind = USDT_ARG_MEMORY;
	if (!take_register(op, &arg->reg))
		return false;
	if (take(op, ',')) {
		take(op, '#');
		if (!take_number(op, &arg->value)) {
			arg->kind = USDT_ARG_INDEXED;
			skip_space(op);
			if (*op->at != 'x' || !take_register(op, &arg->index))
				return false;
		}
	}
	if (arg->kind == USDT_ARG_INDEXED && take(op, ',')) {
		if (!take(op, 'l') || !take(op, 's') || !take(op, 'l'))
			return false;
		take(op, '#');
		if (!take_number(op, &shift) || shift > 15)
			return false;
	}
	arg->shift = (uint8_t)shift;
	return take(op, ']');
}

/* SYMBOL(%rip), SYMBOL+NUMBER(%rip): as far from the code as when it was linked */
static bool take_symbol(struct operand *op)
{
	static const char tail[] = "(%rip)";
	struct usdt_arg *arg = op->arg;

	arg->kind = USDT_ARG_MEMORY;
	arg->symbol = op->at;
	while (op->at < op->end && (isalnum((unsigned char)*op->at) || strchr("._$", *op->at)))
		op->at++;
	arg->symbol_len = (size_t)(op->at - arg->symbol);
	if (op->at < op->end && (*op->at == '-' || take(op, '+')) &&
	    !take_number(op, &arg->value))
		return false;
	return arg->symbol_len && (size_t)(op->end - op->at) == strlen(tail) &&
	       strncmp(op->at, tail, strlen(tail)) == 0 && take_parentheses(op);
}

/* REGISTER, or where two of them together are an address */
static bool take_registers(struct operand *op)
{
	struct usdt_arg *arg = op->arg;

	arg->kind = USDT_ARG_REGISTER;
	if (!take_register(op, &arg->reg))
		return false;
	if (op->dialect->bare != BARE_REGISTER || !take(op, ','))
		return true;
	arg->kind = USDT_ARG_INDEXED;
	return take_register(op, &arg->index);
}

static bool take_operand(struct operand *op)
{
	const struct dialect *dialect = op->dialect;
	const char *start = op->at;

	if (dialect->constant && take(op, dialect->constant))
		return take_number(op, &op->arg->value);
	if (take(op, '['))
		return take_brackets(op);
	if (take_number(op, &op->arg->value)) {
		skip_space(op);
		if (op->at < op->end && *op->at == '(')
			return take_parentheses(op);
		if (dialect->bare == BARE_CONSTANT)
			return true;
		op->arg->value = 0;
		op->at = start;
		return dialect->bare == BARE_REGISTER && take_registers(op);
	}
	if (op->at < op->end && *op->at == '(')
		return take_parentheses(op);
	if (dialect->bare == BARE_ADDRESS && op->at < op->end && *op->at != '%')
		return take_symbol(op);
	return take_registers(op);
}

/* [-]SIZE@OPERAND */
static bool take_argument(struct operand *op)
{
	struct usdt_arg *arg = op->arg;
	uint64_t size;

	arg->is_signed = take(op, '-');
	if (!take_number(op, &size) || (size != 1 && size != 2 && size != 4 && size != 8) ||
	    !take(op, '@'))
		return false;
	arg->size = (uint8_t)size;
	if (!take_operand(op))
		return false;
	skip_space(op);
	return op->at == op->end;
}

/* ---- the text ---- */

/* Behind an argument: spaces end it, but none in brackets. */
static const char *find_end(const char *at)
{
	int depth = 0;

	for (; *at && (depth > 0 || !isspace((unsigned char)*at)); at++)
		depth += (*at == '[' || *at == '(') - (*at == ']' || *at == ')');
	return at;
}

bool usdt_arg_next(const struct asm_cpu *cpu, const char **text, struct usdt_arg *arg)
{
	struct operand op = { .cpu = cpu, .arg = arg };

	while (isspace((unsigned char)**text))
		++*text;
	if (!**text)
		return false;
	op.at = *text;
	*text = op.end = find_end(op.at);
	*arg = (struct usdt_arg){ .text = op.at, .len = (size_t)(op.end - op.at) };
	for (size_t i = 0; i < sizeof(dialects) / sizeof(dialects[0]); i++)
		if (strcmp(dialects[i].cpu, cpu->name) == 0)
			op.dialect = &dialects[i];
	if (!op.dialect || !take_argument(&op))
		arg->kind = USDT_ARG_UNKNOWN;
	return true;
}
