/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "inflate.h"

enum { BITS_MOST = 15, LITERALS = 288, DISTANCES = 32, ORDERS = 19, END = 256, COPIES = 30,
       GZIP_HEAD = 10, GZIP_TAIL = 8, GZIP_MAGIC = 0x00088b1f, OUT_MOST = 1 << 24 };

static const uint32_t POLYNOMIAL = 0xedb88320;

struct inflate {
	const uint8_t *at, *end;
	unsigned int bits, nbits;	/* of the last byte, not taken yet */
	char *out;
	size_t len, size;
	int err;		/* what is wrong: all that is read from then on is 0 */
};

/* A code: how many symbols have so many bits, and the symbols in the order of their codes. */
struct code {
	uint16_t count[BITS_MOST + 1], symbols[LITERALS];
};

static unsigned int take(struct inflate *in, unsigned int n)
{
	unsigned int value;

	for (; in->nbits < n; in->nbits += 8) {
		if (in->at == in->end)
			in->err = -EBADMSG;
		if (in->err)
			return 0;
		in->bits |= (unsigned int)*in->at++ << in->nbits;
	}
	value = in->bits & ((1U << n) - 1);
	in->bits >>= n;
	in->nbits -= n;
	return value;
}

static void put(struct inflate *in, unsigned int byte)
{
	if (in->len == in->size)
		in->err = -EBADMSG;
	else
		in->out[in->len++] = (char)byte;
}

/* Codes follow each other by length, then by symbol. */
static void make_code(struct code *code, const uint8_t *lengths, unsigned int n)
{
	uint16_t next[BITS_MOST + 2] = { 0 };
	unsigned int i;

	memset(code, 0, sizeof(*code));
	for (i = 0; i < n; i++)
		code->count[lengths[i]]++;
	code->count[0] = 0;
	for (i = 1; i <= BITS_MOST; i++)
		next[i + 1] = (uint16_t)(next[i] + code->count[i]);
	for (i = 0; i < n; i++)
		if (lengths[i])
			code->symbols[next[lengths[i]]++] = (uint16_t)i;
}

static unsigned int take_symbol(struct inflate *in, const struct code *code)
{
	unsigned int value = 0, first = 0, index = 0;

	for (unsigned int bits = 1; bits <= BITS_MOST; bits++) {
		value |= take(in, 1);
		if (value - first < code->count[bits])
			return code->symbols[index + value - first];
		index += code->count[bits];
		first = (first + code->count[bits]) << 1;
		value <<= 1;
	}
	in->err = -EBADMSG;
	return END;
}

/* Bytes that were there before. */
static void copy(struct inflate *in, unsigned int n, const struct code *distances)
{
	unsigned int extra = n < 8 || n == 28 ? 0 : n / 4 - 1, length, far;

	length = n == 28 ? 258 : (n < 8 ? n : (4 + n % 4) << extra) + 3 + take(in, extra);
	n = take_symbol(in, distances);
	extra = n < 4 ? 0 : n / 2 - 1;
	far = n < COPIES ? (n < 4 ? n : (2 + n % 2) << extra) + take(in, extra) + 1 : UINT32_MAX;
	if (far > in->len)
		in->err = -EBADMSG;
	while (length-- && !in->err)
		put(in, (uint8_t)in->out[in->len - far]);
}

static void take_block(struct inflate *in, const uint8_t *lengths, unsigned int nliterals,
		       unsigned int ndistances)
{
	struct code literals, distances;
	unsigned int symbol = 0;

	make_code(&literals, lengths, nliterals);
	make_code(&distances, lengths + nliterals, ndistances);
	while (!in->err && symbol != END) {
		symbol = take_symbol(in, &literals);
		if (symbol < END)
			put(in, symbol);
		else if (symbol >= END + COPIES)
			in->err = -EBADMSG;
		else if (symbol > END)
			copy(in, symbol - END - 1, &distances);
	}
}

static void take_fixed(struct inflate *in)
{
	uint8_t lengths[LITERALS + DISTANCES];

	for (unsigned int i = 0; i < LITERALS; i++)
		lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
	memset(lengths + LITERALS, 5, DISTANCES);
	take_block(in, lengths, LITERALS, DISTANCES);
}

/* The lengths of codes are packed themselves. */
static void take_dynamic(struct inflate *in)
{
	static const uint8_t order[ORDERS] = { 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13,
					       2, 14, 1, 15 };
	unsigned int nliterals = 257 + take(in, 5), ndistances = 1 + take(in, 5), symbol, times;
	uint8_t lengths[LITERALS + DISTANCES] = { 0 }, last = 0;
	unsigned int norders = 4 + take(in, 4), i;
	struct code code;

	for (i = 0; i < norders; i++)
		lengths[order[i]] = (uint8_t)take(in, 3);
	make_code(&code, lengths, ORDERS);
	for (i = 0; i < nliterals + ndistances && nliterals <= LITERALS && !in->err;) {
		symbol = take_symbol(in, &code);
		times = symbol < 16 ? 1 : symbol == 16 ? 3 + take(in, 2) :
			symbol == 17 ? 3 + take(in, 3) : 11 + take(in, 7);
		last = symbol < 16 ? (uint8_t)symbol : symbol == 16 ? last : 0;
		while (times-- && i < nliterals + ndistances)
			lengths[i++] = last;
	}
	if (nliterals > LITERALS)
		in->err = -EBADMSG;
	else
		take_block(in, lengths, nliterals, ndistances);
}

static void take_stored(struct inflate *in)
{
	unsigned int len;

	in->bits = in->nbits = 0;
	len = take(in, 16);
	if (len != (take(in, 16) ^ 0xffff))
		in->err = -EBADMSG;
	while (len-- && !in->err)
		put(in, take(in, 8));
}

static void take_all(struct inflate *in)
{
	unsigned int last = 0, type;

	while (!last && !in->err) {
		last = take(in, 1);
		type = take(in, 2);
		if (type == 0)
			take_stored(in);
		else if (type == 1)
			take_fixed(in);
		else if (type == 2)
			take_dynamic(in);
		else
			in->err = -EBADMSG;
	}
}

static uint32_t word(const uint8_t *at)
{
	return (uint32_t)(at[0] | at[1] << 8 | at[2] << 16) | (uint32_t)at[3] << 24;
}

/* Half a byte at a time: a table of all bytes would be larger than all else here. */
uint32_t inflate_crc(uint32_t crc, const void *data, size_t len)
{
	const uint8_t *bytes = data;
	uint32_t table[16], sum = ~crc;

	for (uint32_t i = 0; i < 16; i++) {
		table[i] = i;
		for (unsigned int bit = 0; bit < 4; bit++)
			table[i] = table[i] >> 1 ^ (table[i] & 1 ? POLYNOMIAL : 0);
	}
	for (size_t i = 0; i < len; i++) {
		sum ^= bytes[i];
		sum = sum >> 4 ^ table[sum & 15];
		sum = sum >> 4 ^ table[sum & 15];
	}
	return ~sum;
}

int inflate_size(const void *data, size_t len, size_t *size)
{
	const uint8_t *head = data;

	if (len < GZIP_HEAD + GZIP_TAIL || word(head) != GZIP_MAGIC)
		return -EBADMSG;
	*size = word(head + len - sizeof(uint32_t));
	return 0;
}

int inflate_to(const void *data, size_t len, char *out, size_t size)
{
	struct inflate in;

	in.at = (const uint8_t *)data + GZIP_HEAD;
	in.end = (const uint8_t *)data + len - GZIP_TAIL;
	in.bits = in.nbits = 0;
	in.out = out;
	in.len = 0;
	in.size = size;
	in.err = 0;
	take_all(&in);
	if (in.err || in.at != in.end || in.len != size ||
	    inflate_crc(0, out, size) != word(in.end))
		return -EBADMSG;
	return 0;
}

int inflate_gzip(const void *data, size_t len, char **out, size_t *out_len)
{
	size_t size;
	char *text;
	int err = inflate_size(data, len, &size);

	if (err || size > OUT_MOST)
		return -EBADMSG;
	text = calloc(size + 1, 1);
	if (!text)
		return -ENOMEM;
	err = inflate_to(data, len, text, size);
	if (err) {
		free(text);
		return err;
	}
	*out = text;
	*out_len = size;
	return 0;
}
