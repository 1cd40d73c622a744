/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "asm.h"
#include "data.h"
#include "diag.h"
#include "directive.h"
#include "insn.h"
#include "global.h"
#include "lex.h"
#include "regs.h"
#include "symbols.h"
#include "isa.h"
#include "mem.h"
#include "source.h"
#include "unit.h"

enum {
	REGS_CONTEXT = 1,	/* r1 at the start of a program */
	REGS_LDXDW = 0x79,
	REGS_READ_ONLY = 10,	/* r10, and r11 behind it */
};

/* 7 of "arg7" for the prefix "arg"; 0: it is no such name. */
static unsigned int regs_argument(const char *name, const char *prefix)
{
	const char *digits = name + strlen(prefix);

	if (strncmp(name, prefix, strlen(prefix)) || *digits < '1' || *digits > '9' ||
	    strspn(digits, "0123456789") != strlen(digits) || strlen(digits) > 2)
		return 0;
	return (unsigned int)(digits[0] - '0') * (digits[1] ? 10 : 1) +
	       (digits[1] ? (unsigned int)(digits[1] - '0') : 0);
}

/* The register of an argument of a function or system call; NULL: there is none, and why. */
static const char *regs_of_argument(struct unit *unit, const struct token *token,
				    const struct asm_cpu *cpu, bool call, unsigned int arg)
{
	const char *const *list = call ? cpu->sysargs : cpu->args;
	unsigned int args;

	for (args = 0; args < ASM_CPU_ARGS && list[args]; args++)
		;
	if (arg <= args)
		return list[arg - 1];
	unit_error(unit, token, "%s passes at most %u arguments%s in registers", cpu->name, args,
		   call ? " of a system call" : "");
	return NULL;
}

/* The register that plays a role; the name itself when it is none. NULL: too many arguments. */
static const char *regs_role(struct unit *unit, const struct token *token,
			     const struct asm_cpu *cpu, const char *name)
{
	const struct {
		const char *role, *reg;
	} roles[] = {
		{ "ret", cpu->ret }, { "ip", cpu->ip }, { "sp", cpu->sp }, { "fp", cpu->fp },
	};
	unsigned int arg = regs_argument(name, "arg"), sysarg = regs_argument(name, "sysarg"), i;

	if (arg || sysarg)
		return regs_of_argument(unit, token, cpu, sysarg > 0, arg + sysarg);
	for (i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
		if (!strcmp(roles[i].role, name) && roles[i].reg)
			return roles[i].reg;
	return name;
}

bool regs_offset(struct unit *unit, const struct token *token, const char *name, uint16_t *out)
{
	const struct asm_cpu *cpu = unit->opt->cpu;
	const struct asm_cpu_reg *reg;
	const char *real;

	if (!cpu)
		return unit_error(unit, token, "this CPU has no row: name one with -a");
	real = regs_role(unit, token, cpu, name);
	if (!real)
		return false;
	reg = asm_cpu_reg_find(cpu, real);
	if (!reg)
		return unit_error(unit, token, "the pt_regs of %s have no '%s'", cpu->name, name);
	*out = reg->offset;
	return true;
}

/* rN = *(u64 *)(r1 + what) with the token on rN */
static bool regs_load(struct unit *unit, const char *what)
{
	struct token token = unit->lex.token;
	struct asm_insn insn = { .code = REGS_LDXDW };
	char say[LEX_SAY];
	uint16_t offset;

	if (token.kind != LEX_REGISTER64 || token.reg >= REGS_READ_ONLY)
		return unit_error(unit, &token, "expected a register r0 to r9, saw %s",
				  lex_say(&token, say));
	if (!regs_offset(unit, &token, what, &offset))
		return false;
	lex_next(&unit->lex);
	if (token.reg == REGS_CONTEXT && unit->lex.token.kind == ',')
		return unit_error(unit, &token, "r1 holds the context: it can only be loaded last");
	insn.regs = (uint8_t)(REGS_CONTEXT << 4 | token.reg);
	insn.off = (int16_t)offset;
	insn_add(unit, insn, lex_pos(&unit->lex, token.text));
	return true;
}

bool regs_args(struct unit *unit)
{
	unsigned int arg = 1;
	char what[16];

	directive_open_function(unit);
	if (!data_close(unit))
		return false;
	for (;;) {
		snprintf(what, sizeof(what), "arg%u", arg++);
		if (!regs_load(unit, what))
			return false;
		if (unit->lex.token.kind != ',')
			return true;
		lex_next(&unit->lex);
	}
}

bool regs_retval(struct unit *unit)
{
	directive_open_function(unit);
	return data_close(unit) && regs_load(unit, "ret");
}
