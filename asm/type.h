/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* type.h - structures of the text: their layout and their fields. Needs asm.h */
#ifndef TYPE_H
#define TYPE_H

#include <stdbool.h>
#include <stdint.h>

struct asm_field;
struct asm_type;
struct token;
struct unit;

/* Where a path of fields leads. */
struct type_path {
	struct asm_typeref type;
	uint64_t offset;	/* bytes from the start of the outermost structure */
};

/* The type of that name; NULL when there is none, or it is not complete. */
const struct asm_type *type_find(struct unit *unit, const char *name);

/* Resolve TYPE or TYPE.FIELD.FIELD..., all of it one token. Reports what is unknown. */
bool type_path(struct unit *unit, const struct token *token, struct type_path *out);

/* Go on from *path to the field (or FIELD.FIELD) that the token names. */
bool type_member(struct unit *unit, const struct token *token, struct type_path *path);

/* Parse a type name with an optional [count]: the token is then behind it. */
bool type_reference(struct unit *unit, struct asm_typeref *out);

/*
 * Parse TYPE NAME[N]: the name, which is no part of a path, is left to the caller. open: NAME[] is
 * well too, and said to be one; NULL: it is not.
 */
bool type_declare(struct unit *unit, struct token *name, struct asm_typeref *out, bool *open);

/* .struct NAME [packed] { TYPE FIELD[N]; ... } with the token on NAME */
bool type_struct(struct unit *unit);

/* Whether a structure has less alignment than its fields. */
bool type_is_packed(const struct asm_type *type);

#endif
