/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* match.h - one statement against the tree of templates. Needs asm.h, expr.h, isa.h */
#ifndef MATCH_H
#define MATCH_H

#include <stdbool.h>
#include <stdint.h>

struct isa_spelling;
struct token;
struct unit;

/* What a statement has where the template has a word. */
struct operand {
	const char *text;
	uint32_t len;
	uint8_t reg;		/* of a register */
	bool relative;		/* of a label or function: value is a distance in slots */
	bool id;		/* of a function: NAME#value, a BTF id */
	struct value value;	/* of everything else */
};

/*
 * Match the statement at the token, up to its end. On success the operands are filled in the order
 * of the spelling's words. NULL when it is no instruction: that has been reported, or it was a
 * macro of the prelude and has been assembled.
 */
const struct isa_spelling *match_statement(struct unit *unit, struct operand *operands);

#endif
