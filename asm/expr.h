/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* expr.h - expressions: constants known where they stand. Needs num.h */
#ifndef EXPR_H
#define EXPR_H

#include <stdbool.h>
#include <stdint.h>

struct token;
struct unit;

/* A number, or the address of something that may be defined later. */
struct value {
	struct num num;		/* with a name: what is added */
	const char *name;	/* NULL: a number */
	uint32_t name_len;
	bool first;		/* name[0] */
	uint32_t pos, len;	/* of the whole expression */
	const char *kernel;	/* of a field of the kernel's, and nothing else: its path */
};

/* Whether an expression can begin with the token. */
bool expr_begins(const struct token *token);

/* Parse one. False when there was an error, which has been reported. */
bool expr_parse(struct unit *unit, struct value *out);

/* Parse one that must be a number. */
bool expr_number(struct unit *unit, struct value *out);

/* Parse what follows a base: + expr, - expr, or nothing, which is 0. */
bool expr_offset(struct unit *unit, struct value *out);

/* Report that the value is not between low and high; false. */
bool expr_out_of_range(struct unit *unit, const struct value *value, const char *what,
		       int64_t low, uint64_t high);

/* A number between low and high, or an error that says what it is. */
bool expr_range(struct unit *unit, const struct value *value, const char *what, int64_t low,
		uint64_t high);

#endif
