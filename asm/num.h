/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * num.h - the numbers of expressions: every value from -2^63 to 2^64-1, checked.
 *
 * Neither int64_t nor uint64_t holds that range and not every CPU has __int128, so a number is its
 * magnitude and a sign. Zero is never negative.
 */
#ifndef NUM_H
#define NUM_H

#include <stdbool.h>
#include <stdint.h>

struct num {
	uint64_t mag;
	bool neg;
};

enum num_op {
	NUM_NONE, NUM_ADD, NUM_SUB, NUM_MUL, NUM_DIV, NUM_MOD, NUM_SHL, NUM_SHR, NUM_AND, NUM_OR,
	NUM_XOR, NUM_LT, NUM_LE, NUM_GT, NUM_GE, NUM_EQ, NUM_NE,
};

/* a op b, with C's meaning; comparisons give 1 or 0. False, and why, when there is no result. */
bool num_binary(enum num_op op, struct num a, struct num b, struct num *out, const char **why);

/* -a; false when the result is below -2^63. */
bool num_negate(struct num a, struct num *out);

struct num num_not(struct num a);	/* ~a, of 64 bits */

static inline struct num num_unsigned(uint64_t v)
{
	return (struct num){ .mag = v, .neg = false };
}

/* Two's complement of 64 bits. */
static inline uint64_t num_bits(struct num a)
{
	return a.neg ? -a.mag : a.mag;
}

static inline bool num_between(struct num a, int64_t low, uint64_t high)
{
	if (a.neg)
		return low < 0 && a.mag <= -(uint64_t)low;
	return a.mag <= high && (low <= 0 || a.mag >= (uint64_t)low);
}

/* Decimal text; buf holds at least NUM_TEXT bytes. Returns buf. */
enum { NUM_TEXT = 24 };
char *num_text(struct num a, char *buf);

#endif
