/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * usdtarg.h - where the arguments of a static probe are: the text in its note, by compiler and CPU.
 *
 * -4@%edi 8@-16(%rbp) 2@$5 1@(%rax,%rbx,8) 4@count(%rip): x86_64; 8@x0 -4@[sp, 12] 4@5: arm64;
 * 8@%r2 4@160(%r15) 4@5: s390x; 8@9 4@40(1) 4@i5: ppc64le; 8@a0 -4@-20(s0) 4@5: riscv64. Source:
 * SystemTap's sys/sdt.h and what GCC prints for its constraints.
 */
#ifndef USDTARG_H
#define USDTARG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct asm_cpu;

enum usdt_arg_kind {
	USDT_ARG_CONSTANT,	/* value */
	USDT_ARG_REGISTER,	/* reg */
	USDT_ARG_MEMORY,	/* at reg + value */
	USDT_ARG_INDEXED,	/* at reg + (index << shift) + value */
	USDT_ARG_UNKNOWN,	/* nowhere that a program could read: a vector register, say */
};

struct usdt_arg {
	enum usdt_arg_kind kind;
	uint8_t size;		/* bytes: 1, 2, 4, 8 */
	uint8_t shift;
	bool is_signed;
	uint16_t reg, index;	/* offsets in struct pt_regs */
	uint64_t value;
	/* USDT_ARG_MEMORY: the address that value counts from instead of reg; NULL: none */
	const char *symbol;
	size_t symbol_len;
	const char *text;	/* of all of it, borrowed */
	size_t len;
};

/* The next argument in a text, which moves on behind it. False: there is none. */
bool usdt_arg_next(const struct asm_cpu *cpu, const char **text, struct usdt_arg *arg);

#endif
