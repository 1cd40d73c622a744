/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inflate_test.c - what gzip packs is unpacked to the same, and what no gzip packs is refused:
 * blocks of each kind, made bit by bit, and damage in each place.
 */
#define _GNU_SOURCE
#include <fcntl.h>

#include "../asm/asm.h"
#include "../loader/inflate.h"
#include "harness.h"

enum { HEAD = 10, MOST = 1 << 18, WINDOW = 32768 };

/* ---- streams made by hand ---- */

/* Bits go into bytes from the lowest on; want is what they are to unpack to. */
FIXTURE(stream) {
	uint8_t bytes[MOST];
	size_t len;
	unsigned int bit;	/* of the last byte; 0: it is full */
	char want[MOST];
	size_t want_len;
};

FIXTURE_SETUP(stream)
{
	static const uint8_t head[HEAD] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3 };

	memcpy(self->bytes, head, HEAD);
	self->len = HEAD;
}

FIXTURE_TEARDOWN(stream)
{
}

static void bits(struct stream_self *self, unsigned int value, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		if (!self->bit)
			self->bytes[self->len++] = 0;
		self->bytes[self->len - 1] |= (uint8_t)((value >> i & 1) << self->bit);
		self->bit = (self->bit + 1) % 8;
	}
}

/* Codes stand with their highest bit first. */
static void code(struct stream_self *self, unsigned int value, unsigned int n)
{
	while (n-- > 0)
		bits(self, value >> n & 1, 1);
}

static void expect(struct stream_self *self, const char *text, size_t len)
{
	memcpy(self->want + self->want_len, text, len);
	self->want_len += len;
}

static uint32_t crc(const char *data, size_t len)
{
	uint32_t sum = UINT32_MAX;

	for (size_t i = 0; i < 8 * len; i++) {
		sum ^= (uint8_t)data[i / 8] >> i % 8 & 1;
		sum = sum >> 1 ^ (sum & 1 ? 0xedb88320 : 0);
	}
	return ~sum;
}

/* Unpack, with the checksum and the size of what is wanted at the end. */
static int unpack(struct stream_self *self, char **out, size_t *out_len)
{
	uint32_t tail[2] = { crc(self->want, self->want_len), (uint32_t)self->want_len };

	self->bit = 0;
	for (unsigned int i = 0; i < 2; i++)
		bits(self, tail[i], 32);
	return inflate_gzip(self->bytes, self->len, out, out_len);
}

static void check(struct stream_self *self)
{
	size_t len = 0;
	char *out = NULL;

	ASSERT_OK(unpack(self, &out, &len));
	EXPECT_EQ(self->want_len, len);
	EXPECT_EQ(0, memcmp(self->want, out, len));
	EXPECT_EQ('\0', out[len]);
	free(out);
}

static void check_refused(struct stream_self *self)
{
	size_t len = 0;
	char *out = NULL;

	EXPECT_ERR(-EBADMSG, unpack(self, &out, &len));
	EXPECT_NULL(out);
}

enum { MORE = 0, LAST = 1, STORED = 0, FIXED = 1, DYNAMIC = 2 };

static void block(struct stream_self *self, unsigned int last, unsigned int type)
{
	bits(self, last, 1);
	bits(self, type, 2);
}

static void stored(struct stream_self *self, unsigned int last, const char *text, unsigned int len)
{
	block(self, last, STORED);
	self->bit = 0;
	bits(self, len, 16);
	bits(self, ~len & 0xffff, 16);
	for (unsigned int i = 0; i < len; i++)
		bits(self, (uint8_t)text[i], 8);
	expect(self, text, len);
}

/* A symbol in the codes that each stream knows; RFC 1951, 3.2.6. */
static void fixed(struct stream_self *self, unsigned int symbol)
{
	if (symbol < 144)
		code(self, 0x30 + symbol, 8);
	else if (symbol < 256)
		code(self, 0x190 + symbol - 144, 9);
	else if (symbol < 280)
		code(self, symbol - 256, 7);
	else
		code(self, 0xc0 + symbol - 280, 8);
}

static void literal(struct stream_self *self, unsigned int byte)
{
	char c = (char)byte;

	fixed(self, byte);
	expect(self, &c, 1);
}

/* A length and a distance by their symbols, and the bits behind each. */
static void fixed_copy(struct stream_self *self, unsigned int symbol, unsigned int length_bits,
		       unsigned int length_n, unsigned int distance, unsigned int distance_bits,
		       unsigned int distance_n)
{
	fixed(self, symbol);
	bits(self, length_bits, length_n);
	code(self, distance, 5);
	bits(self, distance_bits, distance_n);
}

/* What a copy of so many bytes from so far back adds. */
static void expect_copy(struct stream_self *self, size_t length, size_t distance)
{
	ASSERT_LE(distance, self->want_len);
	for (size_t i = 0; i < length; i++)
		expect(self, self->want + self->want_len - distance, 1);
}

TEST_F(stream, stored)
{
	stored(self, MORE, "hello, ", 7);
	stored(self, MORE, "", 0);
	stored(self, LAST, "world\0\377", 7);
	check(self);
}

TEST_F(stream, stored_largest)
{
	static char text[0xffff];

	memset(text, 'x', sizeof(text));
	stored(self, LAST, text, sizeof(text));
	check(self);
}

TEST_F(stream, nothing)
{
	block(self, LAST, FIXED);
	fixed(self, 256);
	check(self);
}

TEST_F(stream, each_byte)
{
	block(self, LAST, FIXED);
	for (unsigned int i = 0; i < 256; i++)
		literal(self, i);
	fixed(self, 256);
	check(self);
}

/* Each symbol of a length, with the least and the most behind it; RFC 1951, 3.2.5. */
TEST_F(stream, lengths)
{
	unsigned int base = 3;

	block(self, LAST, FIXED);
	literal(self, 'a');
	literal(self, 'b');
	for (unsigned int symbol = 257; symbol < 285; symbol++) {
		unsigned int n = symbol < 265 ? 0 : (symbol - 261) / 4, most = (1u << n) - 1;

		fixed_copy(self, symbol, 0, n, 1, 0, 0);
		expect_copy(self, base, 2);
		fixed_copy(self, symbol, most, n, 0, 0, 0);
		expect_copy(self, base + most, 1);
		base += most + 1;
	}
	EXPECT_EQ(259, base);	/* 284 and 285 both reach 258 */
	fixed_copy(self, 285, 0, 0, 1, 0, 0);
	expect_copy(self, 258, 2);
	fixed(self, 256);
	check(self);
}

/* Each symbol of a distance likewise, up to the whole window. */
TEST_F(stream, distances)
{
	static char text[WINDOW];
	unsigned int base = 1, seed = 1;

	for (size_t i = 0; i < WINDOW; i++)
		text[i] = (char)((seed = seed * 1103515245 + 12345) >> 24);
	stored(self, MORE, text, WINDOW);
	block(self, LAST, FIXED);
	for (unsigned int symbol = 0; symbol < 30; symbol++) {
		unsigned int n = symbol < 4 ? 0 : symbol / 2 - 1, most = (1u << n) - 1;

		fixed_copy(self, 257, 0, 0, symbol, 0, n);
		expect_copy(self, 3, base);
		fixed_copy(self, 285, 0, 0, symbol, most, n);
		expect_copy(self, 258, base + most);
		base += most + 1;
	}
	EXPECT_EQ(WINDOW + 1, base);
	fixed(self, 256);
	check(self);
}

TEST_F(stream, farther_than_there_is)
{
	block(self, LAST, FIXED);
	literal(self, 'a');
	fixed_copy(self, 257, 0, 0, 1, 0, 0);
	expect(self, "aaa", 3);
	fixed(self, 256);
	check_refused(self);
}

TEST_F(stream, no_such_length)
{
	block(self, LAST, FIXED);
	literal(self, 'a');
	fixed_copy(self, 286, 0, 0, 0, 0, 0);
	expect(self, "aaa", 3);
	fixed(self, 256);
	check_refused(self);
}

TEST_F(stream, no_such_distance)
{
	block(self, LAST, FIXED);
	literal(self, 'a');
	fixed_copy(self, 257, 0, 0, 30, 0, 0);
	expect(self, "aaa", 3);
	fixed(self, 256);
	check_refused(self);
}

TEST_F(stream, no_such_block)
{
	block(self, LAST, 3);
	check_refused(self);
}

TEST_F(stream, lengths_that_differ)
{
	block(self, LAST, STORED);
	self->bit = 0;
	bits(self, 1, 16);
	bits(self, 1, 16);
	bits(self, 'x', 8);
	expect(self, "x", 1);
	check_refused(self);
}

TEST_F(stream, more_than_it_says)
{
	block(self, LAST, FIXED);
	literal(self, 'a');
	fixed(self, 'b');
	fixed(self, 256);
	check_refused(self);
}

TEST_F(stream, less_than_it_says)
{
	block(self, LAST, FIXED);
	literal(self, 'a');
	expect(self, "b", 1);
	fixed(self, 256);
	check_refused(self);
}

TEST_F(stream, other_than_its_checksum)
{
	block(self, LAST, FIXED);
	fixed(self, 'a');
	expect(self, "b", 1);
	fixed(self, 256);
	check_refused(self);
}

TEST_F(stream, bytes_behind_the_end)
{
	stored(self, LAST, "x", 1);
	bits(self, 0, 8);
	check_refused(self);
}

TEST_F(stream, no_end)
{
	block(self, LAST, FIXED);
	literal(self, 'a');
	check_refused(self);
}

/* ---- codes of a stream's own ---- */

/* How many of each are there, and the lengths of codes for lengths 0 to 18, in 3 bits each. */
static void dynamic(struct stream_self *self, unsigned int literals, unsigned int distances,
		    const uint8_t lengths[19])
{
	static const uint8_t order[] = { 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14,
					 1, 15 };

	block(self, LAST, DYNAMIC);
	bits(self, literals - 257, 5);
	bits(self, distances - 1, 5);
	bits(self, 19 - 4, 4);
	for (unsigned int i = 0; i < sizeof(order); i++)
		bits(self, lengths[order[i]], 3);
}

/*
 * Lengths 1 and 2, and runs of zeroes, in codes of two bits: 1 is 00, 2 is 01, 17 is 10, 18 is 11.
 * Then 'a' is 0, the end 10, a copy of 3 bytes 11, and the one distance 0.
 */
static void dynamic_small(struct stream_self *self)
{
	static const uint8_t lengths[19] = { [1] = 2, [2] = 2, [17] = 2, [18] = 2 };

	dynamic(self, 258, 1, lengths);
	code(self, 3, 2);
	bits(self, 97 - 11, 7);
	code(self, 0, 2);
	code(self, 3, 2);
	bits(self, 127, 7);
	code(self, 3, 2);
	bits(self, 256 - 98 - 138 - 11, 7);
	code(self, 1, 2);
	code(self, 1, 2);
	code(self, 0, 2);
}

TEST_F(stream, dynamic)
{
	dynamic_small(self);
	code(self, 0, 1);
	code(self, 3, 2);
	code(self, 0, 1);
	code(self, 2, 2);
	expect(self, "aaaa", 4);
	check(self);
}

/* The code of distances has one symbol, of one bit: the other bit stands for none. */
TEST_F(stream, dynamic_no_such_distance)
{
	dynamic_small(self);
	code(self, 0, 1);
	code(self, 3, 2);
	code(self, 1, 1);
	code(self, 2, 2);
	expect(self, "aaaa", 4);
	check_refused(self);
}

/* 286 literals and 30 distances all have 9 and 5 bits: lengths repeated by 16, over the border. */
TEST_F(stream, dynamic_many)
{
	static const uint8_t lengths[19] = { [5] = 2, [8] = 2, [9] = 2, [16] = 2 };
	static const unsigned int border = 226;	/* symbols with 8 bits; then 60 with 9 */
	unsigned int i;

	/* 5 is 00, 8 is 01, 9 is 10, 16 is 11 */
	dynamic(self, 286, 30, lengths);
	for (i = 0; i < border; i++)
		code(self, 1, 2);
	code(self, 2, 2);
	for (i = 1; i + 6 <= 60; i += 6) {
		code(self, 3, 2);
		bits(self, 3, 2);
	}
	for (; i < 60; i++)
		code(self, 2, 2);
	for (i = 0; i < 30; i++)
		code(self, 0, 2);
	code(self, 'x', 8);
	expect(self, "x", 1);
	code(self, 2 * border + 255 - border, 9);
	expect(self, "\377", 1);
	code(self, 2 * border + 285 - border, 9);
	code(self, 1, 5);
	expect_copy(self, 258, 2);
	code(self, 2 * border + 256 - border, 9);
	check(self);
}

TEST_F(stream, dynamic_no_codes)
{
	static const uint8_t lengths[19] = { 0 };

	dynamic(self, 257, 1, lengths);
	for (unsigned int i = 0; i < 64; i++)
		bits(self, 0xff, 8);
	expect(self, "x", 1);
	check_refused(self);
}

/* ---- the head ---- */

TEST(no_gzip)
{
	static const uint8_t good[] = {
		0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x4b, 4, 0, 0x43, 0xbe, 0xb7, 0xe8, 1, 0, 0, 0,
	};
	uint8_t bad[sizeof(good)];
	size_t len = 0;
	char *out = NULL;

	ASSERT_OK(inflate_gzip(good, sizeof(good), &out, &len));
	EXPECT_STREQ("a", out);
	free(out);
	out = NULL;
	for (size_t cut = 0; cut < sizeof(good); cut++)
		EXPECT_ERR(-EBADMSG, inflate_gzip(good, cut, &out, &len));
	/* magic, method, flags; what else is in the head says nothing */
	for (size_t i = 0; i < 4; i++) {
		memcpy(bad, good, sizeof(good));
		bad[i] ^= 1;
		EXPECT_ERR(-EBADMSG, inflate_gzip(bad, sizeof(bad), &out, &len));
	}
	memset(bad, 0, sizeof(bad));
	EXPECT_ERR(-EBADMSG, inflate_gzip(bad, sizeof(bad), &out, &len));
	/* more than 16 MiB, by its own word */
	memcpy(bad, good, sizeof(good));
	bad[sizeof(bad) - 1] = 2;
	EXPECT_ERR(-EBADMSG, inflate_gzip(bad, sizeof(bad), &out, &len));
	EXPECT_NULL(out);
}

/* ---- what gzip packs ---- */

/* The data packed by gzip at that level; NULL: there is no gzip that does. */
static char *pack(const char *data, size_t len, unsigned int level, size_t *packed_len)
{
	char path[] = "/tmp/inflate_test.XXXXXX", command[128], *packed = malloc(len + MOST);
	int fd = mkstemp(path), status;
	FILE *f;

	ASSERT_GE(fd, 0);
	ASSERT_NOT_NULL(packed);
	ASSERT_EQ(len, write(fd, data, len));
	close(fd);
	snprintf(command, sizeof(command), "gzip -n -%u -c <%s 2>/dev/null", level, path);
	f = popen(command, "re");
	ASSERT_NOT_NULL(f);
	*packed_len = fread(packed, 1, len + MOST, f);
	status = pclose(f);
	unlink(path);
	if (status == 0 && *packed_len > HEAD)
		return packed;
	free(packed);
	return NULL;
}

static void check_gzip(const char *data, size_t len)
{
	static const unsigned int levels[] = { 1, 9 };
	size_t packed_len, out_len;
	char *packed, *out;

	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		packed = pack(data, len, levels[i], &packed_len);
		REQUIRE(packed, "there is no gzip");
		ASSERT_OK(inflate_gzip(packed, packed_len, &out, &out_len));
		EXPECT_EQ(len, out_len);
		EXPECT_EQ(0, memcmp(data, out, len));
		free(out);
		free(packed);
	}
}

/* Bytes that are all different, or few and in runs, or long repetitions from far back. */
static char *make(unsigned int kind, size_t len)
{
	char *data = malloc(len + 1);
	uint32_t seed = kind + 1;

	ASSERT_NOT_NULL(data);
	for (size_t i = 0; i < len; i++) {
		seed = seed * 1664525 + 1013904223;
		if (kind == 0)
			data[i] = (char)(seed >> 24);
		else if (kind == 1)
			data[i] = "aab\n"[seed >> 30];
		else
			data[i] = i < WINDOW - 1 ? (char)(seed >> 24) : data[i - WINDOW + 1];
	}
	return data;
}

TEST(gzip_made)
{
	static const size_t lengths[] = { 0, 1, 1000, 65536, 300000 };

	for (unsigned int kind = 0; kind < 3; kind++) {
		for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
			char *data = make(kind, lengths[i]);

			check_gzip(data, lengths[i]);
			free(data);
		}
	}
}

/* This program: code, symbols and texts, a megabyte or so. */
TEST(gzip_real)
{
	char *data;
	size_t len;

	ASSERT_OK(asm_read_file("/proc/self/exe", &data, &len));
	check_gzip(data, len);
	free(data);
}

/* ---- damage ---- */

/* Refused, unless it unpacks to the same: bits behind the last code, a copy from elsewhere. */
static bool is_refused(const char *packed, size_t packed_len, const char *data, size_t data_len)
{
	size_t len = 0;
	char *out = NULL;
	int err = inflate_gzip(packed, packed_len, &out, &len);
	bool same = !err && len == data_len && memcmp(data, out, len) == 0;

	free(out);
	return same || (err == -EBADMSG && !out);
}

TEST(damaged)
{
	enum { LEN = 3000 };
	char *data = make(1, LEN), *packed, *out = NULL;
	size_t len, out_len;

	packed = pack(data, LEN, 9, &len);
	REQUIRE(packed, "there is no gzip");
	for (size_t cut = 0; cut < len; cut++)
		EXPECT_ERR(-EBADMSG, inflate_gzip(packed, cut, &out, &out_len));
	for (size_t i = HEAD; i < len; i++) {
		for (unsigned int bit = 0; bit < 8; bit++) {
			packed[i] ^= (char)(1 << bit);
			EXPECT_TRUE(is_refused(packed, len, data, LEN))
				LOG("byte %zu of %zu, bit %u", i, len, bit);
			packed[i] ^= (char)(1 << bit);
		}
	}
	EXPECT_NULL(out);
	free(packed);
	free(data);
}

TEST_MAIN
