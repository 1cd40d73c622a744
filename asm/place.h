/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * place.h - memory by name: slots of the frame, and what a typed register points to. Needs asm.h,
 * num.h
 *
 *	place = ["*"] NAME { "[" expr "]" | "." FIELD | "->" FIELD } ["->" "*"]
 *
 * NAME is that of a .stack slot or of a .reg register; '.' and '->' mean the same. '*' is for all
 * of it, where a name alone would be a number or a register.
 */
#ifndef PLACE_H
#define PLACE_H

#include <stdbool.h>
#include <stdint.h>

struct token;
struct unit;

struct place {
	uint8_t reg;
	int64_t offset;		/* from it, bytes */
	struct asm_typeref type;
	uint32_t pos, len;
};

/* .stack TYPE NAME[N]: a slot in the frame of the function under way */
bool place_stack(struct unit *unit);

/* .reg NAME = rN [: TYPE]: another name for a register in the function under way */
bool place_reg(struct unit *unit);

/* The function under way ends: forget its slots and names of registers. */
void place_close_function(struct unit *unit);

/* Whether the token is the name of a slot; fields: or of one of its fields. */
bool place_is_slot(const struct unit *unit, const struct token *token, bool fields);

/* The distance from r10 of what such a token names. */
bool place_slot_offset(struct unit *unit, const struct token *token, struct num *out);

/* Whether a place begins at that piece of the text: not with a name alone. */
bool place_begins(const struct unit *unit, const char *at);

/* Parse one, which may be the name of a slot alone. */
bool place_parse(struct unit *unit, struct place *out);

/* Whether the statement at the token loads from a place or stores to one; then assemble it. */
bool place_is_statement(const struct unit *unit);
bool place_statement(struct unit *unit);

#endif
