/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdio.h>

#include "num.h"

enum { NUM_BITS = 64 };
static const uint64_t num_lowest = UINT64_C(1) << 63;	/* magnitude of the lowest number */

static struct num num_signed(int64_t v)
{
	struct num out = { .mag = v < 0 ? -(uint64_t)v : (uint64_t)v, .neg = v < 0 };

	return out;
}

bool num_negate(struct num a, struct num *out)
{
	out->mag = a.mag;
	out->neg = !a.neg && a.mag;
	return !out->neg || a.mag <= num_lowest;
}

struct num num_not(struct num a)
{
	/* ~a is -a - 1, so the sign of an unsigned number turns, unless it fills all 64 bits */
	uint64_t bits = ~num_bits(a);

	return !a.neg && a.mag < num_lowest ? num_signed((int64_t)bits) : num_unsigned(bits);
}

static bool num_add(struct num a, struct num b, struct num *out)
{
	if (a.neg == b.neg) {
		out->mag = a.mag + b.mag;
		out->neg = a.neg;
		if (out->mag < a.mag)
			return false;
	} else if (a.mag >= b.mag) {
		out->mag = a.mag - b.mag;
		out->neg = a.neg && out->mag;
	} else {
		out->mag = b.mag - a.mag;
		out->neg = b.neg;
	}
	return !out->neg || out->mag <= num_lowest;
}

static bool num_multiply(struct num a, struct num b, struct num *out)
{
	if (a.mag && b.mag > UINT64_MAX / a.mag)
		return false;
	out->mag = a.mag * b.mag;
	out->neg = a.neg != b.neg && out->mag;
	return !out->neg || out->mag <= num_lowest;
}

static bool num_divide(enum num_op op, struct num a, struct num b, struct num *out)
{
	if (op == NUM_DIV) {
		out->mag = a.mag / b.mag;
		out->neg = a.neg != b.neg && out->mag;
	} else {
		out->mag = a.mag % b.mag;
		out->neg = a.neg && out->mag;
	}
	return true;
}

/* b is a valid count. Left: no bit may be lost. Right: a negative number keeps its sign. */
static bool num_shift(enum num_op op, struct num a, struct num b, struct num *out)
{
	unsigned int by = (unsigned int)b.mag;

	out->neg = a.neg;
	if (op == NUM_SHL) {
		out->mag = a.mag << by;
		return out->mag >> by == a.mag && (!a.neg || out->mag <= num_lowest);
	}
	out->mag = a.neg ? ((a.mag - 1) >> by) + 1 : a.mag >> by;
	return true;
}

/* The result is signed when its top bit comes from a negative operand. */
static struct num num_bitwise(enum num_op op, struct num a, struct num b)
{
	uint64_t x = num_bits(a), y = num_bits(b), bits;
	bool neg;

	switch (op) {
	case NUM_AND:
		bits = x & y;
		neg = a.neg && b.neg;
		break;
	case NUM_OR:
		bits = x | y;
		neg = a.neg || b.neg;
		break;
	default:
		bits = x ^ y;
		neg = a.neg != b.neg;
	}
	return neg && bits >> (NUM_BITS - 1) ? num_signed((int64_t)bits) : num_unsigned(bits);
}

static int num_compare(struct num a, struct num b)
{
	if (a.neg != b.neg)
		return a.neg ? -1 : 1;
	if (a.mag == b.mag)
		return 0;
	return (a.mag < b.mag) != a.neg ? -1 : 1;
}

static bool num_relation(enum num_op op, int order)
{
	switch (op) {
	case NUM_LT:
		return order < 0;
	case NUM_LE:
		return order <= 0;
	case NUM_GT:
		return order > 0;
	case NUM_GE:
		return order >= 0;
	case NUM_EQ:
		return order == 0;
	default:
		return order != 0;
	}
}

bool num_binary(enum num_op op, struct num a, struct num b, struct num *out, const char **why)
{
	struct num minus = { .mag = b.mag, .neg = !b.neg && b.mag };

	*why = "the result does not fit in 64 bits";
	switch (op) {
	case NUM_ADD:
		return num_add(a, b, out);
	case NUM_SUB:
		return num_add(a, minus, out);
	case NUM_MUL:
		return num_multiply(a, b, out);
	case NUM_DIV:
	case NUM_MOD:
		*why = "division by zero";
		return b.mag && num_divide(op, a, b, out);
	case NUM_SHL:
	case NUM_SHR:
		if (!num_between(b, 0, NUM_BITS - 1)) {
			*why = "the shift count is not between 0 and 63";
			return false;
		}
		return num_shift(op, a, b, out);
	case NUM_AND:
	case NUM_OR:
	case NUM_XOR:
		*out = num_bitwise(op, a, b);
		return true;
	default:
		*out = num_unsigned(num_relation(op, num_compare(a, b)));
		return true;
	}
}

char *num_text(struct num a, char *buf)
{
	snprintf(buf, NUM_TEXT, "%s%llu", a.neg ? "-" : "", (unsigned long long)a.mag);
	return buf;
}
