/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* value.h - a typed value in memory: print it, compare it, find its number. */
#ifndef VALUE_H
#define VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum load_print;
struct asm_field;
struct asm_typeref;

/*
 * A value in memory, in the byte order of this machine and at any alignment. Per-CPU maps have a
 * copy a CPU: several copies read as one value in which the numbers are added up and everything
 * else is that of the first copy that is not all zero.
 */
struct value {
	const uint8_t *data;
	size_t len;		/* bytes of each copy; nothing behind them is read */
	unsigned int copies;
	size_t stride;		/* bytes from one copy to the next */
};

/* One copy of len bytes. */
struct value value_of(const void *data, size_t len);

/* The part that starts at a byte offset; empty when the value ends before that. */
struct value value_at(struct value value, size_t offset);

/*
 * Print; f NULL prints nothing. Returns the columns it takes. What the value is too short for is
 * "?" in text and null in JSON; bytes behind the type are left out.
 *
 * Text is fit for a terminal: control characters, bytes that are not UTF-8, invisible marks that
 * reorder text, and the backslash itself are escaped. JSON is always valid; bytes that are not
 * UTF-8 become U+FFFD.
 */
size_t value_print(FILE *f, enum load_print how, struct asm_typeref type, struct value value);

/* The same for a word of text. */
size_t value_print_text(FILE *f, enum load_print how, const void *text, size_t len);

/* Order of two values of a type, as for qsort(3): numbers by size, the rest by bytes. */
int value_compare(struct asm_typeref type, struct value a, struct value b);

/*
 * The first number of a type: itself, or a field of a struct, looked for in nested ones too.
 * Counts and sizes are numbers, addresses and points in time are not. The name is that of the
 * field, or NULL.
 */
bool value_find_number(struct asm_typeref type, struct asm_field *out);

/* That number, at the start of a value that holds all of it. */
uint64_t value_number(struct asm_typeref type, struct value value);

/* All bytes zero, in each copy. */
bool value_is_zero(struct value value);

#endif
