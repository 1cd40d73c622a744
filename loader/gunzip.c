/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* gunzip.c - RFC 1952 and 1951. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "gunzip.h"

enum {
	MOST = 1 << 24,		/* bytes that come out */
	MOST_BITS = 15,		/* of a code */
	SYMBOLS = 288, DISTANCES = 30, LENGTHS = 19,
	END = 256,		/* of a block */
};

struct unpack {
	const uint8_t *in;
	size_t left;
	uint32_t hold;		/* bits not taken yet */
	unsigned int held;
	char *out;
	size_t len, room;
	bool bad;
};

/* A code by the number of codes of each length, and the symbols in their order. */
struct code {
	uint16_t count[MOST_BITS + 1], symbol[SYMBOLS];
};

static uint32_t bits(struct unpack *u, unsigned int n)
{
	uint32_t value;

	for (; u->held < n; u->held += 8) {
		if (!u->left) {
			u->bad = true;
			return 0;
		}
		u->hold |= (uint32_t)*u->in++ << u->held;
		u->left--;
	}
	value = u->hold & ((1u << n) - 1);
	u->hold >>= n;
	u->held -= n;
	return value;
}

static void put(struct unpack *u, char byte)
{
	if (u->len + 1 >= u->room) {
		size_t room = u->room ? 2 * u->room : 1 << 16;
		char *out = room <= MOST ? realloc(u->out, room) : NULL;

		if (!out) {
			u->bad = true;
			return;
		}
		u->out = out;
		u->room = room;
	}
	u->out[u->len++] = byte;
}

/* ---- codes ---- */

static void make(struct code *code, const uint8_t *lengths, unsigned int n)
{
	uint16_t at[MOST_BITS + 2] = { 0 };

	memset(code, 0, sizeof(*code));
	for (unsigned int i = 0; i < n; i++)
		code->count[lengths[i]]++;
	code->count[0] = 0;
	for (unsigned int i = 1; i <= MOST_BITS; i++)
		at[i + 1] = (uint16_t)(at[i] + code->count[i]);
	for (unsigned int i = 0; i < n; i++)
		if (lengths[i])
			code->symbol[at[lengths[i]]++] = (uint16_t)i;
}

/* Codes of one length follow each other, and those of the next begin at twice what is behind. */
static unsigned int take(struct unpack *u, const struct code *code)
{
	int value = 0, first = 0, index = 0;

	for (unsigned int i = 1; i <= MOST_BITS && !u->bad; i++) {
		value |= (int)bits(u, 1);
		if (value - code->count[i] < first)
			return code->symbol[index + value - first];
		index += code->count[i];
		first = (first + code->count[i]) << 1;
		value <<= 1;
	}
	u->bad = true;
	return END;
}

/* ---- blocks ---- */

static void copy(struct unpack *u, size_t length, size_t distance)
{
	if (distance > u->len)
		u->bad = true;
	while (length-- && !u->bad)
		put(u, u->out[u->len - distance]);
}

static void block(struct unpack *u, const struct code *symbols, const struct code *distances)
{
	static const uint16_t length_base[] = {
		3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83,
		99, 115, 131, 163, 195, 227, 258,
	};
	static const uint8_t length_bits[] = {
		0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5,
		0,
	};
	unsigned int symbol, far;
	size_t length;

	while (!u->bad && (symbol = take(u, symbols)) != END) {
		if (symbol < END) {
			put(u, (char)symbol);
			continue;
		}
		symbol -= END + 1;
		if (symbol >= sizeof(length_bits)) {
			u->bad = true;
			return;
		}
		length = length_base[symbol] + bits(u, length_bits[symbol]);
		far = take(u, distances);
		if (far >= DISTANCES)
			u->bad = true;
		else if (far < 4)
			copy(u, length, far + 1);
		else
			copy(u, length, ((size_t)(2 + far % 2) << (far / 2 - 1)) + 1 +
			     bits(u, far / 2 - 1));
	}
}

static void block_stored(struct unpack *u)
{
	uint32_t len;

	u->hold = u->held = 0;
	len = bits(u, 16);
	bits(u, 16);
	for (; len && !u->bad; len--)
		put(u, (char)bits(u, 8));
}

static void block_fixed(struct unpack *u)
{
	uint8_t lengths[SYMBOLS];
	struct code symbols, distances;

	for (unsigned int i = 0; i < SYMBOLS; i++)
		lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
	make(&symbols, lengths, SYMBOLS);
	memset(lengths, 5, DISTANCES);
	make(&distances, lengths, DISTANCES);
	block(u, &symbols, &distances);
}

/* Lengths of both codes, in a code themselves: 16 repeats the last, 17 and 18 are many zeroes. */
static void read_lengths(struct unpack *u, const struct code *code, uint8_t *lengths,
			 unsigned int n)
{
	for (unsigned int i = 0; i < n && !u->bad;) {
		unsigned int symbol = take(u, code), repeat = 1;
		uint8_t length = (uint8_t)symbol;

		if (symbol >= 16) {
			length = symbol == 16 && i ? lengths[i - 1] : 0;
			repeat = symbol == 16 ? 3 + bits(u, 2) :
				 symbol == 17 ? 3 + bits(u, 3) : 11 + bits(u, 7);
		}
		if (repeat > n - i)
			u->bad = true;
		while (repeat-- && !u->bad)
			lengths[i++] = length;
	}
}

static void block_dynamic(struct unpack *u)
{
	static const uint8_t order[LENGTHS] = {
		16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
	};
	uint8_t lengths[SYMBOLS + 32] = { 0 };
	unsigned int n = bits(u, 5) + 257, far = bits(u, 5) + 1, short_codes = bits(u, 4) + 4;
	struct code symbols, distances;

	if (n > SYMBOLS - 2 || far > DISTANCES) {
		u->bad = true;
		return;
	}
	for (unsigned int i = 0; i < short_codes; i++)
		lengths[order[i]] = (uint8_t)bits(u, 3);
	make(&symbols, lengths, LENGTHS);
	memset(lengths, 0, sizeof(lengths));
	read_lengths(u, &symbols, lengths, n + far);
	make(&symbols, lengths, n);
	make(&distances, lengths + n, far);
	block(u, &symbols, &distances);
}

static void blocks(struct unpack *u)
{
	bool last = false;

	while (!last && !u->bad) {
		last = bits(u, 1);
		switch (bits(u, 2)) {
		case 0:
			block_stored(u);
			break;
		case 1:
			block_fixed(u);
			break;
		case 2:
			block_dynamic(u);
			break;
		default:
			u->bad = true;
		}
	}
}

/* ---- the file ---- */

/* Go behind what a flag of the header says is there. */
static void skip(struct unpack *u, size_t n)
{
	u->bad |= n > u->left;
	n = u->bad ? 0 : n;
	u->in += n;
	u->left -= n;
}

static void skip_text(struct unpack *u)
{
	const uint8_t *end = memchr(u->in, 0, u->left);

	skip(u, end ? (size_t)(end - u->in) + 1 : u->left + 1);
}

static void header(struct unpack *u)
{
	enum { FIXED = 10, DEFLATE = 8, CRC = 2, EXTRA = 4, NAME = 8, COMMENT = 16 };
	const uint8_t *in = u->in;

	if (u->left < FIXED || in[0] != 0x1f || in[1] != 0x8b || in[2] != DEFLATE) {
		u->bad = true;
		return;
	}
	skip(u, FIXED);
	if (in[3] & EXTRA && u->left >= 2)
		skip(u, 2 + u->in[0] + (size_t)256 * u->in[1]);
	if (in[3] & NAME)
		skip_text(u);
	if (in[3] & COMMENT)
		skip_text(u);
	if (in[3] & CRC)
		skip(u, 2);
}

char *gunzip(const uint8_t *data, size_t len)
{
	struct unpack u = { .in = data, .left = len };

	header(&u);
	blocks(&u);
	if (!u.bad)
		put(&u, '\0');
	if (u.bad) {
		free(u.out);
		return NULL;
	}
	return u.out;
}
