/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * print_test.c - typed bytes, records and maps as text and as JSON, to the letter.
 */

#include "../asm/asm.h"
#include "../loader/abi.h"
#include "../loader/loader.h"
#include "harness.h"

enum { LITTLE = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ };

/* asm_sink */
static void print_diag(void *arg, const struct asm_diag *diag)
{
	(void)arg;
	asm_diag_print(stderr, diag);
}

static struct asm_object *assemble(const char *text)
{
	struct asm_options how = {
		.endian = LITTLE ? ASM_LITTLE : ASM_BIG, .sink = print_diag,
	};

	return asm_assemble("types.bpfasm", text, strlen(text), &how);
}

/* A type by name: a struct of the text, or one that every text has. */
static const struct asm_type *type_of(const struct asm_object *obj, const char *name)
{
	size_t n;
	const struct asm_type *types = asm_types(&n);

	for (size_t i = 0; obj && i < obj->nstructs; i++)
		if (!strcmp(obj->structs[i]->name, name))
			return obj->structs[i];
	for (size_t i = 0; i < n; i++)
		if (!strcmp(types[i].name, name))
			return &types[i];
	return NULL;
}

static const struct asm_map *map_of(const struct asm_object *obj, const char *name)
{
	for (size_t i = 0; i < obj->nmaps; i++)
		if (!strcmp(obj->maps[i].name, name))
			return &obj->maps[i];
	return NULL;
}

/* ---- catching output ---- */

struct page {
	FILE *f;
	char *text;
	size_t len;
};

static void page_open(struct page *page)
{
	page->text = NULL;
	page->f = open_memstream(&page->text, &page->len);
	ASSERT_NOT_NULL(page->f);
}

/* What was printed; lives until the next call. */
static const char *page_close(struct page *page)
{
	static char *last;

	fclose(page->f);
	free(last);
	last = page->text;
	return last;
}

/* The bytes, with nothing behind them that could be read unnoticed. */
static void *just(const void *data, size_t len)
{
	void *copy = malloc(len ? len : 1);

	ASSERT_NOT_NULL(copy);
	memcpy(copy, data, len);
	return copy;
}

static const char *value_text(enum load_print how, struct asm_typeref type, const void *data,
			      size_t len)
{
	void *copy = just(data, len);
	struct page page;

	page_open(&page);
	load_print_value(page.f, how, type, copy, len);
	free(copy);
	return page_close(&page);
}

static void check(struct asm_typeref type, const void *data, size_t len, const char *text,
		  const char *json)
{
	EXPECT_STREQ(text, value_text(LOAD_TEXT, type, data, len));
	EXPECT_STREQ(json, value_text(LOAD_JSON, type, data, len));
}

/* A scalar, or with a count an array of it, of the types that every text has. */
static void check_type(const char *name, uint32_t count, const void *data, size_t len,
		       const char *text, const char *json)
{
	struct asm_typeref type = { type_of(NULL, name), count };

	ASSERT_NOT_NULL(type.type);
	check(type, data, len, text, json);
}

/* Prints the same as text and as JSON. */
static void check_same(const char *name, const void *data, size_t len, const char *both)
{
	check_type(name, 0, data, len, both, both);
}

/* Text, in quotes as JSON. */
static void check_word(const char *name, const void *data, size_t len, const char *word)
{
	char json[128];

	snprintf(json, sizeof(json), "\"%s\"", word);
	check_type(name, 0, data, len, word, json);
}

/* ---- numbers ---- */

TEST(unsigned_numbers)
{
	uint64_t most = UINT64_MAX, none = 0, some = 1000000;
	uint8_t byte = 200;
	uint16_t half = 65535;
	uint32_t word = 4294967295;

	check_same("u8", &byte, 1, "200");
	check_same("u16", &half, 2, "65535");
	check_same("u32", &word, 4, "4294967295");
	check_same("u64", &most, 8, "18446744073709551615");
	check_same("u64", &none, 8, "0");
	check_same("u64", &some, 8, "1000000");
	check_same("size_t", &most, 8, "18446744073709551615");
}

TEST(signed_numbers)
{
	int64_t least = INT64_MIN, most = INT64_MAX, minus = -1;
	int8_t byte = -128;
	int16_t half = -32768;
	int32_t word = INT32_MIN;

	check_same("s8", &byte, 1, "-128");
	check_same("s8", &minus, 1, "-1");
	check_same("s16", &half, 2, "-32768");
	check_same("s32", &word, 4, "-2147483648");
	check_same("int", &minus, 4, "-1");
	check_same("s64", &least, 8, "-9223372036854775808");
	check_same("s64", &most, 8, "9223372036854775807");
	check_same("s64", &minus, 8, "-1");
}

/* Most significant byte first, on every CPU. */
TEST(network_order)
{
	check_same("be16", "\x01\xbb", 2, "443");
	check_same("be16", "\xff\xfe", 2, "65534");
	check_same("be32", "\x01\x02\x03\x04", 4, "16909060");
	check_same("be32", "\xff\xff\xff\xff", 4, "4294967295");
	check_same("be64", "\0\0\0\0\0\0\x01\0", 8, "256");
	check_same("__be64", "\xff\0\0\0\0\0\0\0", 8, "18374686479671623680");
}

TEST(bools)
{
	check_same("bool", "\0", 1, "false");
	check_same("bool", "\1", 1, "true");
	check_same("bool", "\x80", 1, "true");
}

/* Hexadecimal for people, plain numbers in JSON. */
TEST(pointers)
{
	uint64_t kernel = 0xffffffff81000000, null = 0;

	check_type("ptr", 0, &kernel, 8, "0xffffffff81000000", "18446744071578845184");
	check_type("ptr", 0, &null, 8, "0x0", "0");
	check_type("ksym", 0, &kernel, 8, "0xffffffff81000000", "18446744071578845184");
}

/* ---- addresses ---- */

TEST(ipv4)
{
	check_word("ipv4", "\x7f\0\0\x01", 4, "127.0.0.1");
	check_word("ipv4", "\0\0\0\0", 4, "0.0.0.0");
	check_word("ipv4", "\xff\xff\xff\xff", 4, "255.255.255.255");
	check_word("ipv4", "\xc0\0\x02\x01", 4, "192.0.2.1");
}

static void check_ipv6(const char *hex, const char *word)
{
	uint8_t bytes[16];

	for (int i = 0; i < 16; i++) {
		char pair[3] = { hex[2 * i], hex[2 * i + 1], '\0' };

		bytes[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	check_word("ipv6", bytes, sizeof(bytes), word);
}

/* RFC 5952 section 4: lower case, no leading zeroes, the longest run of zeroes, the first of two */
TEST(ipv6)
{
	check_ipv6("00000000000000000000000000000000", "::");
	check_ipv6("00000000000000000000000000000001", "::1");
	check_ipv6("00010000000000000000000000000000", "1::");
	check_ipv6("20010db8000000000000000000000001", "2001:db8::1");
	check_ipv6("20010DB80000000000000000000000AA", "2001:db8::aa");
	check_ipv6("20010db8000000010001000100010001", "2001:db8:0:1:1:1:1:1");
	check_ipv6("20010db8000100010001000100010000", "2001:db8:1:1:1:1:1:0");
	check_ipv6("00000001000200030004000500060007", "0:1:2:3:4:5:6:7");
	check_ipv6("20010000000000010000000000000001", "2001:0:0:1::1");
	check_ipv6("20010db8000000000001000000000001", "2001:db8::1:0:0:1");
	check_ipv6("20010db80000000100000001000a0001", "2001:db8:0:1:0:1:a:1");
	check_ipv6("00000000000100020003000400050006", "::1:2:3:4:5:6");
	check_ipv6("00010002000300040005000600000000", "1:2:3:4:5:6::");
	check_ipv6("fe80000000000000020000fffe000001", "fe80::200:ff:fe00:1");
	check_ipv6("ffffffffffffffffffffffffffffffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
}

/* section 5: mixed notation where the prefix is known to hold an IPv4 address, and only there */
TEST(ipv6_that_holds_ipv4)
{
	check_ipv6("00000000000000000000ffffc0000201", "::ffff:192.0.2.1");
	check_ipv6("00000000000000000000ffff00000000", "::ffff:0.0.0.0");
	check_ipv6("0000000000000000000000007f000001", "::7f00:1");
	check_ipv6("00000000000000000001ffffc0000201", "::1:ffff:c000:201");
	check_ipv6("0000000000000000ffff0000c0000201", "::ffff:0:c000:201");
	check_ipv6("00000000000000000000fffec0000201", "::fffe:c000:201");
	check_ipv6("00010000000000000000ffffc0000201", "1::ffff:c000:201");
}

TEST(inet)
{
	check_word("inet", "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\x02\x01", 16, "192.0.2.1");
	check_word("inet", "\0\0\0\0\0\0\0\0\0\0\xff\xff\0\0\0\0", 16, "0.0.0.0");
	check_word("inet", "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01", 16, "::1");
	check_word("inet", "\x20\x01\x0d\xb8\0\0\0\0\0\0\xff\xff\x7f\0\0\x01", 16,
		   "2001:db8::ffff:7f00:1");
	check_type("inet", 0, "\0", 1, "?", "null");
}

/* The range whose first number is 2^n. */
TEST(log2)
{
	static const char *const ranges[] = {
		[0] = "[0, 2)", [1] = "[2, 4)", [2] = "[4, 8)", [8] = "[256, 512)",
		[9] = "[512, 1K)", [10] = "[1K, 2K)", [19] = "[512K, 1M)", [20] = "[1M, 2M)",
		[29] = "[512M, 1G)", [39] = "[512G, 1T)", [49] = "[512T, 1P)",
		[59] = "[512P, 1E)", [63] = "[8E, 16E)", [64] = "64",
	};

	for (uint32_t n = 0; n < sizeof(ranges) / sizeof(ranges[0]); n++) {
		char json[12];

		snprintf(json, sizeof(json), "%u", n);
		if (ranges[n])
			check_type("log2", 0, &n, sizeof(n), ranges[n], json);
	}
}

TEST(strings)
{
	check_type("strings", 64, "ls\0-l\0a b\0", 10, "ls -l 'a b'",
		   "[\"ls\",\"-l\",\"a b\"]");
	check_type("strings", 64, "ls\0\0it's\0", 9, "ls '' 'it's'", "[\"ls\",\"\",\"it's\"]");
	check_type("strings", 64, "cu\\\0t", 5, "cu\\\\ t...", "[\"cu\\\\\",\"t\"]");
	check_type("strings", 64, "", 0, "", "[]");
	check_type("strings", 64, "\0", 1, "''", "[\"\"]");
	/* not shorter than the type: NULs behind the last text are not more of them */
	check_type("strings", 8, "ls\0-l\0\0\0more", 12, "ls -l", "[\"ls\",\"-l\"]");
	check_type("strings", 4, "ls\0-l\0\0", 7, "ls -...", "[\"ls\",\"-\"]");
}

TEST(mac)
{
	check_word("mac", "\0\x1b\x44\x11\x3a\xb7", 6, "00:1b:44:11:3a:b7");
	check_word("mac", "\xff\xff\xff\xff\xff\xff", 6, "ff:ff:ff:ff:ff:ff");
}

/* ---- time ---- */

static uint64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* "HH:MM:SS.uuuuuu" as microseconds of a day. */
static long long day_us(const char *text)
{
	unsigned int h, m, s, us;
	char end;

	ASSERT_EQ(15, strlen(text)) LOG("\"%s\"", text);
	ASSERT_EQ(4, sscanf(text, "%2u:%2u:%2u.%6u%c", &h, &m, &s, &us, &end))
		LOG("\"%s\"", text);
	ASSERT_TRUE(text[2] == ':' && text[5] == ':' && text[8] == '.');
	return ((h * 60 + m) * 60ll + s) * 1000000 + us;
}

/* People see the wall clock; programs get what the kernel counted. */
TEST(ktime)
{
	const long long day = 86400ll * 1000000;
	uint64_t at = now_ns(CLOCK_MONOTONIC), wall = now_ns(CLOCK_REALTIME);
	time_t seconds = (time_t)(wall / 1000000000);
	struct asm_typeref type = { type_of(NULL, "ktime"), 0 };
	long long us, want;
	char json[32];
	struct tm tm;

	ASSERT_NOT_NULL(localtime_r(&seconds, &tm));
	want = ((tm.tm_hour * 60 + tm.tm_min) * 60ll + tm.tm_sec) * 1000000 +
	       (long long)(wall % 1000000000 / 1000);
	us = day_us(value_text(LOAD_TEXT, type, &at, sizeof(at)));
	EXPECT_LT((us - want + 3 * day / 2) % day - day / 2, 100000);
	EXPECT_GT((us - want + 3 * day / 2) % day - day / 2, -100000);
	snprintf(json, sizeof(json), "%llu", (unsigned long long)at);
	EXPECT_STREQ(json, value_text(LOAD_JSON, type, &at, sizeof(at)));
}

TEST(ktime_of_any_value)
{
	static const uint64_t values[] = { 0, 1, 999999999, 1ull << 63, UINT64_MAX };
	struct asm_typeref type = { type_of(NULL, "ktime"), 0 };

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		char json[32];

		EXPECT_GE(day_us(value_text(LOAD_TEXT, type, &values[i], 8)), 0);
		snprintf(json, sizeof(json), "%llu", (unsigned long long)values[i]);
		EXPECT_STREQ(json, value_text(LOAD_JSON, type, &values[i], 8));
	}
}

/* A later point of the kernel's time prints as that much later. */
TEST(ktime_differences)
{
	const long long day = 86400ll * 1000000, apart = 1234567;
	struct asm_typeref type = { type_of(NULL, "ktime"), 0 };
	uint64_t at = now_ns(CLOCK_MONOTONIC);
	long long first = day_us(value_text(LOAD_TEXT, type, &at, sizeof(at))), second;

	at += (uint64_t)apart * 1000;
	second = day_us(value_text(LOAD_TEXT, type, &at, sizeof(at)));
	/* The wall clock may be set meanwhile, a little at a time. */
	EXPECT_LT(llabs((second - first + day) % day - apart), 10000);
}

/* ---- text ---- */

static void check_chars(const char *data, size_t len, const char *text, const char *json)
{
	check_type("char", (uint32_t)len, data, len, text, json);
}

#define CHARS(data, text, json) check_chars(data, sizeof(data) - 1, text, json)

TEST(chars)
{
	CHARS("bash", "bash", "\"bash\"");
	CHARS("bash\0xx", "bash", "\"bash\"");
	CHARS("\0\0\0\0", "", "\"\"");
	CHARS("a b", "a b", "\"a b\"");
	CHARS("q\"u'o", "q\"u'o", "\"q\\\"u'o\"");
	CHARS("back\\slash", "back\\\\slash", "\"back\\\\slash\"");
	check_type("char", 0, "x", 1, "x", "\"x\"");
	check_type("char", 0, "\0", 1, "", "\"\"");
	check_type("char", 0, "\"", 1, "\"", "\"\\\"\"");
}

/* A terminal must not obey what a program puts into its name. */
TEST(control_characters)
{
	CHARS("a\x1b[31m", "a\\x1b[31m", "\"a\\u001b[31m\"");
	CHARS("\n\t\r", "\\x0a\\x09\\x0d", "\"\\n\\t\\r\"");
	CHARS("\x01\x1f\x7f", "\\x01\\x1f\\x7f", "\"\\u0001\\u001f\\u007f\"");
	CHARS("\xc2\x9b" "31m", "\\xc2\\x9b31m", "\"\\u009b31m\"");
	CHARS("\xe2\x80\xae" "abc", "\\xe2\\x80\\xaeabc", "\"\\u202eabc\"");
	CHARS("\xe2\x80\xa8", "\\xe2\\x80\\xa8", "\"\\u2028\"");
}

TEST(utf8)
{
	CHARS("h\xc3\xa9", "h\xc3\xa9", "\"h\xc3\xa9\"");
	CHARS("\xe2\x82\xac", "\xe2\x82\xac", "\"\xe2\x82\xac\"");
	CHARS("\xf0\x9f\x90\x9d", "\xf0\x9f\x90\x9d", "\"\xf0\x9f\x90\x9d\"");
}

/* JSON has to be UTF-8: what is not becomes U+FFFD, a byte each. */
TEST(invalid_utf8)
{
	CHARS("\xff\xfe", "\\xff\\xfe", "\"\\ufffd\\ufffd\"");
	CHARS("\x80", "\\x80", "\"\\ufffd\"");
	CHARS("a\xc3", "a\\xc3", "\"a\\ufffd\"");		/* cut short */
	CHARS("\xe2\x82", "\\xe2\\x82", "\"\\ufffd\\ufffd\"");
	CHARS("\xc3(", "\\xc3(", "\"\\ufffd(\"");
	CHARS("\xc0\x80", "\\xc0\\x80", "\"\\ufffd\\ufffd\"");	/* longer than need be */
	CHARS("\xe0\x80\x80", "\\xe0\\x80\\x80", "\"\\ufffd\\ufffd\\ufffd\"");
	CHARS("\xed\xa0\x80", "\\xed\\xa0\\x80", "\"\\ufffd\\ufffd\\ufffd\"");	/* surrogate */
	CHARS("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
	CHARS("\xf8\x90\x80\x80", "\\xf8\\x90\\x80\\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
	CHARS("\xff\x90\x80\x80", "\\xff\\x90\\x80\\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
	CHARS("\xf5\x80\x80\x80", "\\xf5\\x80\\x80\\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
}

TEST(comm)
{
	check_type("comm", 0, "bash\0\0\0\0\0\0\0\0\0\0\0", 16, "bash", "\"bash\"");
	check_type("comm", 0, "0123456789abcdef", 16, "0123456789abcdef", "\"0123456789abcdef\"");
	check_type("comm", 0, "kworker/0:1\0xyz", 16, "kworker/0:1", "\"kworker/0:1\"");
	check_type("comm", 0, "a\x1b]0;\"\\\0\0\0\0\0\0\0\0", 16, "a\\x1b]0;\"\\\\",
		   "\"a\\u001b]0;\\\"\\\\\"");
}

/* The kernel empties the name of a task that is going away. */
TEST(comm_without_a_name)
{
	static const char none[16], rest[16] = "\0left";

	check_type("comm", 0, none, 16, "<unknown>", "\"\"");
	check_type("comm", 0, rest, 16, "<unknown>", "\"\"");
	check_type("comm", 2, "a\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
		   32, "[a,<unknown>]", "[\"a\",\"\"]");
}

/* ---- arrays and structs ---- */

TEST(arrays)
{
	uint16_t halves[] = { 1, 2, 65535 };
	int8_t minus[] = { -1, 1 };

	check_type("u16", 3, halves, 6, "[1,2,65535]", "[1,2,65535]");
	check_type("u16", 1, halves, 2, "[1]", "[1]");
	check_type("s8", 2, minus, 2, "[-1,1]", "[-1,1]");
	check_type("bool", 2, "\0\1", 2, "[false,true]", "[false,true]");
	check_type("u8", 4, "\1\2\3\xff", 4, "[1,2,3,255]", "[1,2,3,255]");
	check_type("ipv4", 2, "\1\2\3\4\5\6\7\x08", 8, "[1.2.3.4,5.6.7.8]",
		   "[\"1.2.3.4\",\"5.6.7.8\"]");
	check_type("mac", 1, "\1\2\3\4\5\6", 6, "[01:02:03:04:05:06]", "[\"01:02:03:04:05:06\"]");
}

/* Only the size is known. */
TEST(bytes_without_a_type)
{
	struct asm_typeref none = { NULL, 0 };

	check(none, "\1\2\xff", 3, "01 02 ff", "[\"0x01\",\"0x02\",\"0xff\"]");
	check(none, "", 0, "", "[]");
}

static const char nested[] =
	".struct point { s16 x; s16 y; }\n"
	".struct line { point from; point to; u8 width; }\n"
	".struct shape {\n"
	"	u32 id; bool closed; char kind; be16 port;\n"
	"	line edge; point corners[2]; char text[8]; u8 raw[4];\n"
	"	ptr where; ipv4 ip; mac hw; comm name;\n"
	"}\n"
	".map shapes type hash key u32 value shape entries 1\n"
	"r0 = 0; exit\n";

struct point {
	int16_t x, y;
};

struct shape {
	uint32_t id;
	bool closed;
	char kind;
	uint8_t port[2];
	struct {
		struct point from, to;
		uint8_t width;
	} edge;
	struct point corners[2];
	char text[8];
	uint8_t raw[4];
	uint64_t where;
	uint8_t ip[4], hw[6];
	char name[16];
};

static const struct shape shape = {
	.id = 7, .closed = true, .kind = 'q', .port = { 0, 80 },
	.edge = { { -1, 2 }, { 300, -400 }, 9 }, .corners = { { 1, 1 }, { -2, 2 } },
	.text = "a\"b", .raw = { 1, 0, 255, 3 }, .where = 0xffff888000000000,
	.ip = { 10, 0, 0, 1 }, .hw = { 0, 1, 2, 3, 4, 5 },
};

TEST(structs)
{
	struct asm_object *obj = assemble(nested);
	struct asm_typeref type;

	ASSERT_NOT_NULL(obj);
	type.type = type_of(obj, "shape");
	type.count = 0;
	ASSERT_NOT_NULL(type.type);
	ASSERT_EQ(sizeof(shape), type.type->size);
	check(type, &shape, sizeof(shape),
	      "id=7 closed=true kind=q port=80 edge={from={x=-1 y=2} to={x=300 y=-400} width=9} "
	      "corners=[{x=1 y=1},{x=-2 y=2}] text=a\"b raw=[1,0,255,3] "
	      "where=0xffff888000000000 ip=10.0.0.1 hw=00:01:02:03:04:05 name=<unknown>",
	      "{\"id\":7,\"closed\":true,\"kind\":\"q\",\"port\":80,\"edge\":{\"from\":{\"x\":-1,"
	      "\"y\":2},\"to\":{\"x\":300,\"y\":-400},\"width\":9},\"corners\":[{\"x\":1,\"y\":1},"
	      "{\"x\":-2,\"y\":2}],\"text\":\"a\\\"b\",\"raw\":[1,0,255,3],"
	      "\"where\":18446612682070032384,\"ip\":\"10.0.0.1\",\"hw\":\"00:01:02:03:04:05\","
	      "\"name\":\"\"}");
	type.type = type_of(obj, "point");
	type.count = 2;
	check(type, shape.corners, sizeof(shape.corners), "[{x=1 y=1},{x=-2 y=2}]",
	      "[{\"x\":1,\"y\":1},{\"x\":-2,\"y\":2}]");
	asm_free(obj);
}

/* Fields start where the assembler put them, and on no boundary that a CPU would like. */
TEST(packed_struct)
{
	static const char text[] = ".struct odd packed { u8 a; u32 b; be64 c; s16 d; }\n"
				   ".map odds type hash key u32 value odd entries 1\n"
				   "r0 = 0; exit\n";
	struct asm_object *obj = assemble(text);
	uint8_t bytes[16] = { 0 };	/* one ahead, so that even the malloc()ed copy is odd */
	struct asm_typeref type;
	uint32_t b = 100000;
	int16_t d = -2;

	ASSERT_NOT_NULL(obj);
	type.type = type_of(obj, "odd");
	type.count = 0;
	ASSERT_EQ(15, type.type->size);
	bytes[1] = 5;
	memcpy(bytes + 2, &b, 4);
	bytes[13] = 9;
	memcpy(bytes + 14, &d, 2);
	check(type, bytes + 1, 15, "a=5 b=100000 c=9 d=-2",
	      "{\"a\":5,\"b\":100000,\"c\":9,\"d\":-2}");
	asm_free(obj);
}

/* ---- data that ends early ---- */

TEST(short_scalars)
{
	static const char zeroes[16];

	check_type("u32", 0, "\1\0\0", 3, "?", "null");
	check_type("u8", 0, "", 0, "?", "null");
	check_type("be16", 0, "\1", 1, "?", "null");
	check_type("bool", 0, "", 0, "?", "null");
	check_type("char", 0, "", 0, "?", "null");
	check_type("char", 4, "", 0, "?", "null");
	check_type("char", 4, "ab", 2, "ab", "\"ab\"");
	check_type("comm", 0, zeroes, 15, "?", "null");
	check_type("ipv6", 0, zeroes, 15, "?", "null");
	check_type("mac", 0, zeroes, 5, "?", "null");
	check_type("ktime", 0, zeroes, 7, "?", "null");
	check_type("ptr", 0, zeroes, 7, "?", "null");
}

/* Bytes behind the type are padding, or of a later version: left out. */
TEST(long_data)
{
	check_type("u8", 0, "\1\2\3", 3, "1", "1");
	check_type("u8", 2, "\1\2\3", 3, "[1,2]", "[1,2]");
	check_type("char", 2, "abc", 3, "ab", "\"ab\"");
}

TEST(short_structs)
{
	struct asm_object *obj = assemble(".struct s { u32 a; u16 b; char c[4]; u64 d; }\n"
					  ".map m type hash key u32 value s entries 1\n"
					  "r0 = 0; exit\n");
	struct {
		uint32_t a;
		uint16_t b;
		char c[4];
		uint64_t d;
	} s = { 1, 2, "xy", 3 };
	struct asm_typeref type;

	ASSERT_NOT_NULL(obj);
	type.type = type_of(obj, "s");
	type.count = 0;
	ASSERT_EQ(sizeof(s), type.type->size);
	check(type, &s, 24, "a=1 b=2 c=xy d=3", "{\"a\":1,\"b\":2,\"c\":\"xy\",\"d\":3}");
	check(type, &s, 23, "a=1 b=2 c=xy d=?", "{\"a\":1,\"b\":2,\"c\":\"xy\",\"d\":null}");
	check(type, &s, 7, "a=1 b=2 c=x d=?", "{\"a\":1,\"b\":2,\"c\":\"x\",\"d\":null}");
	check(type, &s, 5, "a=1 b=? c=? d=?", "{\"a\":1,\"b\":null,\"c\":null,\"d\":null}");
	check(type, &s, 0, "a=? b=? c=? d=?", "{\"a\":null,\"b\":null,\"c\":null,\"d\":null}");
	asm_free(obj);
}

/* ---- records ---- */

static const char events[] =
	".struct event {\n"
	"	u32 pid; be16 port; bool ok; u8 kind; ipv4 from; u64 bytes; comm name;\n"
	"	char file[8];\n"
	"}\n"
	".struct stamp { ktime when; u32 pid; }\n"
	".map events type ringbuf entries 4096 value event\n"
	".map words type ringbuf entries 4096 value u32\n"
	".map stamps type ringbuf entries 4096 value stamp\n"
	".map raw type ringbuf entries 4096\n"
	"r0 = 0; exit\n";

struct event {
	uint32_t pid;
	uint8_t port[2];
	bool ok;
	uint8_t kind, from[4];
	uint64_t bytes;
	char name[16], file[8];
};

static const struct event event = {
	.pid = 4711, .port = { 0x1f, 0x90 }, .ok = true, .kind = 3, .from = { 192, 168, 0, 1 },
	.bytes = 123456, .name = "curl", .file = "a b",
};

static const char *record_text(enum load_print how, const struct asm_map *map, const void *data,
			       uint32_t len)
{
	void *copy = just(data, len);
	struct page page;

	page_open(&page);
	load_print_record(page.f, how, map, copy, len);
	free(copy);
	return page_close(&page);
}

static const char *head_text(const struct asm_map *map)
{
	struct page page;

	page_open(&page);
	load_print_record_head(page.f, map);
	return page_close(&page);
}

TEST(records)
{
	struct asm_object *obj = assemble(events);
	const struct asm_map *map;
	struct event other = event;

	ASSERT_NOT_NULL(obj);
	map = map_of(obj, "events");
	EXPECT_STREQ("PID      PORT     OK       KIND     FROM            BYTES        "
		     "NAME                 FILE\n", head_text(map));
	EXPECT_STREQ("4711     8080     true     3        192.168.0.1     123456       "
		     "curl                 a b\n",
		     record_text(LOAD_TEXT, map, &event, sizeof(event)));
	EXPECT_STREQ("{\"map\":\"events\",\"value\":{\"pid\":4711,\"port\":8080,\"ok\":true,"
		     "\"kind\":3,\"from\":\"192.168.0.1\",\"bytes\":123456,\"name\":\"curl\","
		     "\"file\":\"a b\"}}\n", record_text(LOAD_JSON, map, &event, sizeof(event)));

	/* Wider than its column: a blank apart, and no blanks at the end of a line. */
	memset(&other, 0, sizeof(other));
	other.pid = 4294967295;
	other.bytes = UINT64_MAX;
	EXPECT_STREQ("4294967295 0        false    0        0.0.0.0         "
		     "18446744073709551615 <unknown>\n",
		     record_text(LOAD_TEXT, map, &other, sizeof(other)));
	asm_free(obj);
}

TEST(short_records)
{
	struct asm_object *obj = assemble(events);
	const struct asm_map *map;

	ASSERT_NOT_NULL(obj);
	map = map_of(obj, "events");
	EXPECT_STREQ("4711     8080     true     3        ?               ?            "
		     "?                    ?\n", record_text(LOAD_TEXT, map, &event, 9));
	EXPECT_STREQ("{\"map\":\"events\",\"value\":{\"pid\":4711,\"port\":8080,\"ok\":true,"
		     "\"kind\":3,\"from\":null,\"bytes\":null,\"name\":null,\"file\":null}}\n",
		     record_text(LOAD_JSON, map, &event, 9));
	EXPECT_STREQ("?        ?        ?        ?        ?               ?            "
		     "?                    ?\n", record_text(LOAD_TEXT, map, "", 0));
	asm_free(obj);
}

TEST(records_of_one_number)
{
	struct asm_object *obj = assemble(events);
	const struct asm_map *map;
	uint32_t word = 67;

	ASSERT_NOT_NULL(obj);
	map = map_of(obj, "words");
	EXPECT_STREQ("VALUE\n", head_text(map));
	EXPECT_STREQ("67\n", record_text(LOAD_TEXT, map, &word, 4));
	EXPECT_STREQ("?\n", record_text(LOAD_TEXT, map, &word, 3));
	EXPECT_STREQ("{\"map\":\"words\",\"value\":67}\n", record_text(LOAD_JSON, map, &word, 4));
	EXPECT_STREQ("{\"map\":\"words\",\"value\":null}\n", record_text(LOAD_JSON, map, &word, 0));
	map = map_of(obj, "raw");
	EXPECT_STREQ("VALUE\n", head_text(map));
	EXPECT_STREQ("01 02 ff\n", record_text(LOAD_TEXT, map, "\1\2\xff", 3));
	EXPECT_STREQ("{\"map\":\"raw\",\"value\":[\"0x01\",\"0x02\",\"0xff\"]}\n",
		     record_text(LOAD_JSON, map, "\1\2\xff", 3));
	EXPECT_STREQ("\n", record_text(LOAD_TEXT, map, "", 0));
	EXPECT_STREQ("{\"map\":\"raw\",\"value\":[]}\n", record_text(LOAD_JSON, map, "", 0));
	asm_free(obj);
}

TEST(records_with_a_time)
{
	struct asm_object *obj = assemble(events);
	const struct asm_map *map;
	struct {
		uint64_t when;
		uint32_t pid, pad;
	} stamp = { now_ns(CLOCK_MONOTONIC), 42, 0 };
	char line[64], want[96];

	ASSERT_NOT_NULL(obj);
	map = map_of(obj, "stamps");
	EXPECT_STREQ("WHEN            PID\n", head_text(map));
	snprintf(line, sizeof(line), "%s", record_text(LOAD_TEXT, map, &stamp, 16));
	EXPECT_STREQ(" 42\n", line + 15);
	line[15] = '\0';
	EXPECT_GE(day_us(line), 0);
	snprintf(want, sizeof(want), "{\"map\":\"stamps\",\"value\":{\"when\":%llu,\"pid\":42}}\n",
		 (unsigned long long)stamp.when);
	EXPECT_STREQ(want, record_text(LOAD_JSON, map, &stamp, 16));
	asm_free(obj);
}

/* ---- random bytes: valid JSON, text without control characters ---- */

static uint32_t roll(uint64_t *state, uint32_t below)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (uint32_t)(*state >> 33) % below;
}

/* One JSON value of what is printed here: past it, or NULL. */
static const char *json_skip(const char *s)
{
	char close = *s == '{' ? '}' : ']';

	if (*s == '"') {
		for (s++; *s != '"'; s++) {
			if ((unsigned char)*s < ' ')
				return NULL;
			if (*s != '\\')
				continue;
			s++;
			if (*s == 'u' && strspn(s + 1, "0123456789abcdef") < 4)
				return NULL;
			if (!*s || !strchr("\"\\bfnrtu", *s))
				return NULL;
		}
		return s + 1;
	}
	if (*s != '{' && *s != '[')
		return s + strspn(s, "-0123456789abcdefghijklmnopqrstuvwxyz");
	for (s++; *s != close; s += *s == ',') {
		if (close == '}') {
			if (*s != '"' || !(s = json_skip(s)) || *s++ != ':')
				return NULL;
		}
		const char *end = json_skip(s);

		if (!end || end == s || (*end != ',' && *end != close) ||
		    (*end == ',' && end[1] == close))
			return NULL;
		s = end;
	}
	return s + 1;
}

static bool is_printable(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return false;
	return true;
}

static void check_random(uint64_t *dice, struct asm_typeref type)
{
	static const char odd[] = "\xe2\x80\xae\\\"\xc2\x9b\x1b{";
	uint8_t bytes[256];
	size_t len = roll(dice, sizeof(bytes));
	const char *text;

	for (size_t i = 0; i < len; i++) {
		bytes[i] = (uint8_t)roll(dice, 256);
		if (!roll(dice, 4))
			bytes[i] = (uint8_t)odd[roll(dice, sizeof(odd))];
	}
	text = value_text(LOAD_JSON, type, bytes, len);
	ASSERT_TRUE(json_skip(text) && !*json_skip(text)) LOG("%s", text);
	text = value_text(LOAD_TEXT, type, bytes, len);
	ASSERT_TRUE(is_printable(text)) LOG("%s", text);
}

TEST(random_bytes)
{
	struct asm_object *obj = assemble(nested);
	const struct asm_type *types[] = {
		NULL, type_of(obj, "shape"), type_of(obj, "line"), type_of(NULL, "char"),
		type_of(NULL, "comm"), type_of(NULL, "u64"), type_of(NULL, "bool"),
		type_of(NULL, "ipv6"), type_of(NULL, "ktime"), type_of(NULL, "be16"),
		type_of(NULL, "ptr"), type_of(NULL, "mac"),
	};
	uint64_t dice = 0x853c49e6748fea9b;

	ASSERT_NOT_NULL(obj);
	for (unsigned int i = 0; i < t_rounds(20000); i++) {
		struct asm_typeref type = { types[roll(&dice, sizeof(types) / sizeof(types[0]))],
					    0 };

		if (type.type && !roll(&dice, 3))
			type.count = 1 + roll(&dice, 40);
		check_random(&dice, type);
	}
	asm_free(obj);
}

/* ---- maps of the kernel ---- */

static int update(int fd, const void *key, const void *value)
{
	return load_map_update(fd, key, value, BPF_ANY);
}

/* The maps of a text, made by the loader. */
struct maps {
	struct asm_object *obj;
	struct load *load;
};

/* False: the test is skipped. */
static bool maps_open(struct maps *maps, struct asm_object *obj)
{
	struct load_options opt = { .sink = print_diag };
	int err;

	memset(maps, 0, sizeof(*maps));
	ASSERT_NOT_NULL(obj);
	maps->obj = obj;
	if (!t_has_cap(T_CAP_BPF) || !t_has_cap(T_CAP_PERFMON))
		SKIP(return false, "needs CAP_BPF and CAP_PERFMON");
	err = load_open(obj, &opt, &maps->load);
	if (err == -EPERM)
		SKIP(return false, "this process may not use bpf(2)");
	ASSERT_OK(err);
	return true;
}

static void maps_close(struct maps *maps)
{
	load_close(maps->load);
	asm_free(maps->obj);
}

/* What load_print_map() prints, and how many entries it says there are. */
static const char *map_text(const struct maps *maps, const char *name, enum load_print how,
			    unsigned int top, int want)
{
	const struct asm_map *map = map_of(maps->obj, name);
	struct page page;

	ASSERT_NOT_NULL(map);
	page_open(&page);
	EXPECT_EQ(want, load_print_map(page.f, how, load_map_fd(maps->load, name), map, top));
	return page_close(&page);
}

static const char tables[] =
	".license \"GPL\"\n"
	".struct conn { ipv4 to; be16 port; u16 pad; }\n"
	".struct count { char what[8]; u64 n; s32 err; }\n"
	".struct note { u32 n; char text[8]; }\n"
	".map conns type hash key conn value count entries 16\n"
	".map notes type hash key u32 value note entries 4\n"
	".map slots type array key u32 value u32 entries 4\n"
	".map hist type array key u32 value u64 entries 64\n"
	".map cpus type percpu_hash key u32 value u64 entries 8\n"
	".map raw type hash key 3 value 5 entries 8\n"
	".map minus type hash key s32 value s64 entries 8\n"
	".map names type hash key u32 value comm entries 8\n"
	".map empty type hash key u32 value count entries 8\n"
	".map queue type queue value u32 entries 8\n"
	"r0 = 0\n"
	"exit\n";

struct conn {
	uint8_t to[4], port[2], pad[2];
};

struct count {
	char what[8];
	uint64_t n;
	int32_t err, pad;
};

static void put_conn(const struct maps *maps, uint8_t last, const char *what, uint64_t n,
		     int32_t err)
{
	struct conn conn = { { 10, 0, 0, last }, { 0x01, 0xbb }, { 0, 0 } };
	struct count count;

	memset(&count, 0, sizeof(count));
	memcpy(count.what, what, strlen(what));
	count.n = n;
	count.err = err;
	ASSERT_OK(update(load_map_fd(maps->load, "conns"), &conn, &count));
}

TEST(hash_table)
{
	struct maps maps;

	if (!maps_open(&maps, assemble(tables)))
		return;
	put_conn(&maps, 3, "", 0, -110);
	put_conn(&maps, 1, "get", 1000000, 0);
	put_conn(&maps, 2, "a\x1b", 5, 0);
	EXPECT_STREQ("conns: 3 entries\n"
		     "TO              PORT     PAD      WHAT                 N        ERR\n"
		     "10.0.0.1        443      0        get                  1000000  0\n"
		     "10.0.0.2        443      0        a\\x1b                5        0\n"
		     "10.0.0.3        443      0                             0        -110\n",
		     map_text(&maps, "conns", LOAD_TEXT, 0, 3));
	EXPECT_STREQ("{\"map\":\"conns\",\"type\":\"hash\",\"entries\":["
		     "{\"key\":{\"to\":\"10.0.0.1\",\"port\":443,\"pad\":0},"
		     "\"value\":{\"what\":\"get\",\"n\":1000000,\"err\":0}},"
		     "{\"key\":{\"to\":\"10.0.0.2\",\"port\":443,\"pad\":0},"
		     "\"value\":{\"what\":\"a\\u001b\",\"n\":5,\"err\":0}},"
		     "{\"key\":{\"to\":\"10.0.0.3\",\"port\":443,\"pad\":0},"
		     "\"value\":{\"what\":\"\",\"n\":0,\"err\":-110}}]}\n",
		     map_text(&maps, "conns", LOAD_JSON, 0, 3));
	maps_close(&maps);
}

/* Columns grow with what stands in them, counted in characters, and their heading with them. */
TEST(columns_fit)
{
	struct maps maps;

	if (!maps_open(&maps, assemble(tables)))
		return;
	put_conn(&maps, 1, "h\xc3\xa9", UINT64_MAX, INT32_MIN);
	put_conn(&maps, 2, "\x01\x02\x03\x04\x05\x06\x07", 1, 1);
	EXPECT_STREQ("conns: 2 entries\n"
		     "TO              PORT     PAD      WHAT                         "
		     "N                    ERR\n"
		     "10.0.0.1        443      0        h\xc3\xa9                           "
		     "18446744073709551615 -2147483648\n"
		     "10.0.0.2        443      0        \\x01\\x02\\x03\\x04\\x05\\x06\\x07 "
		     "1                    1\n", map_text(&maps, "conns", LOAD_TEXT, 0, 2));
	maps_close(&maps);
}

/* No blanks at the end of a line. */
TEST(empty_last_column)
{
	struct {
		uint32_t n;
		char text[8];
	} note = { 7, "" };
	struct maps maps;
	uint32_t key = 1;

	if (!maps_open(&maps, assemble(tables)))
		return;
	ASSERT_OK(update(load_map_fd(maps.load, "notes"), &key, &note));
	EXPECT_STREQ("notes: 1 entry\n"
		     "KEY      N        TEXT\n"
		     "1        7\n", map_text(&maps, "notes", LOAD_TEXT, 0, 1));
	maps_close(&maps);
}

/* The largest first; of equals, in order of their keys. */
TEST(top_entries)
{
	struct maps maps;

	if (!maps_open(&maps, assemble(tables)))
		return;
	put_conn(&maps, 5, "e", 7, 0);
	put_conn(&maps, 4, "d", 9, 0);
	put_conn(&maps, 3, "c", 7, 9000);
	put_conn(&maps, 2, "b", 1ull << 63, 0);
	put_conn(&maps, 1, "a", 7, 1);
	EXPECT_STREQ("conns: top 4 of 5 entries by n\n"
		     "TO              PORT     PAD      WHAT                 "
		     "N                   ERR\n"
		     "10.0.0.2        443      0        b                    "
		     "9223372036854775808 0\n"
		     "10.0.0.4        443      0        d                    "
		     "9                   0\n"
		     "10.0.0.1        443      0        a                    "
		     "7                   1\n"
		     "10.0.0.3        443      0        c                    "
		     "7                   9000\n", map_text(&maps, "conns", LOAD_TEXT, 4, 5));
	EXPECT_STREQ("{\"map\":\"conns\",\"type\":\"hash\",\"entries\":["
		     "{\"key\":{\"to\":\"10.0.0.2\",\"port\":443,\"pad\":0},"
		     "\"value\":{\"what\":\"b\",\"n\":9223372036854775808,\"err\":0}}]}\n",
		     map_text(&maps, "conns", LOAD_JSON, 1, 5));
	EXPECT_HAS("conns: top 5 of 5 entries by n\n", map_text(&maps, "conns", LOAD_TEXT, 9, 5));
	maps_close(&maps);
}

TEST(top_of_equals)
{
	char want[1024] = "minus: top 8 of 8 entries by value\nKEY      VALUE\n";
	struct maps maps;
	int64_t value = 5;

	if (!maps_open(&maps, assemble(tables)))
		return;
	for (int32_t key = 3; key >= -4; key--) {
		ASSERT_OK(update(load_map_fd(maps.load, "minus"), &key, &value));
		snprintf(want + strlen(want), sizeof(want) - strlen(want), "%-8d 5\n", -key - 1);
	}
	EXPECT_STREQ(want, map_text(&maps, "minus", LOAD_TEXT, 8, 8));
	maps_close(&maps);
}

TEST(top_of_negative_numbers)
{
	static const int64_t values[] = { -5, INT64_MIN, 3, 0 };
	struct maps maps;

	if (!maps_open(&maps, assemble(tables)))
		return;
	for (int32_t i = 0; i < 4; i++) {
		int32_t key = i - 2;

		ASSERT_OK(update(load_map_fd(maps.load, "minus"), &key, &values[i]));
	}
	EXPECT_STREQ("minus: 4 entries\n"
		     "KEY      VALUE\n"
		     "-2       -5\n"
		     "-1       -9223372036854775808\n"
		     "0        3\n"
		     "1        0\n", map_text(&maps, "minus", LOAD_TEXT, 0, 4));
	EXPECT_STREQ("minus: top 3 of 4 entries by value\n"
		     "KEY      VALUE\n"
		     "0        3\n"
		     "1        0\n"
		     "-2       -5\n", map_text(&maps, "minus", LOAD_TEXT, 3, 4));
	maps_close(&maps);
}

/* Nothing to sort by: the first ones, and it says so. */
TEST(top_without_a_number)
{
	struct maps maps;

	if (!maps_open(&maps, assemble(tables)))
		return;
	for (uint32_t key = 3; key; key--) {
		char name[16] = { (char)('a' + key) };

		ASSERT_OK(update(load_map_fd(maps.load, "names"), &key, name));
	}
	EXPECT_STREQ("names: first 2 of 3 entries\n"
		     "KEY      VALUE\n"
		     "1        b\n"
		     "2        c\n", map_text(&maps, "names", LOAD_TEXT, 2, 3));
	maps_close(&maps);
}

TEST(empty_map)
{
	struct maps maps;

	if (!maps_open(&maps, assemble(tables)))
		return;
	EXPECT_STREQ("empty: 0 entries\n", map_text(&maps, "empty", LOAD_TEXT, 0, 0));
	EXPECT_HAS(" 0 entries", map_text(&maps, "empty", LOAD_TEXT, 5, 0));
	EXPECT_STREQ("{\"map\":\"empty\",\"type\":\"hash\",\"entries\":[]}\n",
		     map_text(&maps, "empty", LOAD_JSON, 0, 0));
	maps_close(&maps);
}

/* A few slots are all shown; of many, those where something is. */
TEST(array_table)
{
	struct maps maps;
	uint32_t key = 2, value = 9;
	uint64_t count = 40;

	if (!maps_open(&maps, assemble(tables)))
		return;
	ASSERT_OK(update(load_map_fd(maps.load, "slots"), &key, &value));
	EXPECT_STREQ("slots: 4 entries\n"
		     "KEY      VALUE\n"
		     "0        0\n"
		     "1        0\n"
		     "2        9\n"
		     "3        0\n", map_text(&maps, "slots", LOAD_TEXT, 0, 4));
	EXPECT_STREQ("{\"map\":\"slots\",\"type\":\"array\",\"entries\":[{\"key\":0,\"value\":0},"
		     "{\"key\":1,\"value\":0},{\"key\":2,\"value\":9},{\"key\":3,\"value\":0}]}\n",
		     map_text(&maps, "slots", LOAD_JSON, 0, 4));
	for (key = 60; key > 3; key -= 20, count++)
		ASSERT_OK(update(load_map_fd(maps.load, "hist"), &key, &count));
	EXPECT_STREQ("hist: 3 of 64 entries, the others all zero\n"
		     "KEY      VALUE\n"
		     "20       42\n"
		     "40       41\n"
		     "60       40\n", map_text(&maps, "hist", LOAD_TEXT, 0, 64));
	EXPECT_HAS("{\"key\":20,\"value\":42},{\"key\":21,\"value\":0}",
		   map_text(&maps, "hist", LOAD_JSON, 0, 64));
	EXPECT_STREQ("hist: top 2 of 64 entries by value\n"
		     "KEY      VALUE\n"
		     "20       42\n"
		     "40       41\n", map_text(&maps, "hist", LOAD_TEXT, 2, 64));
	maps_close(&maps);
}

static const char histograms[] =
	".license \"GPL\"\n"
	".struct range { log2 usecs; }\n"
	".struct task { u32 pid; log2 usecs; }\n"
	".map one type array key range value u64 entries 64\n"
	".map some type hash key task value u64 entries 8\n"
	".map few type array key log2 value u64 entries 2\n"
	"r0 = 0\n"
	"exit\n";

#define BAR "@@@@@@@@@@"

/* Bars as long as the numbers beside the largest; ranges between two that were hit are shown. */
TEST(histogram)
{
	static const uint64_t counts[] = { [2] = 4000, [4] = 1000, [5] = 1 };
	struct maps maps;

	if (!maps_open(&maps, assemble(histograms)))
		return;
	for (uint32_t key = 0; key < sizeof(counts) / sizeof(counts[0]); key++)
		ASSERT_OK(update(load_map_fd(maps.load, "one"), &key, &counts[key]));
	EXPECT_STREQ("one: 4 of 64 entries, the others all zero\n"
		     "USECS          VALUE\n"
		     "[4, 8)         4000     |" BAR BAR BAR BAR "|\n"
		     "[8, 16)        0        |                                        |\n"
		     "[16, 32)       1000     |" BAR "                              |\n"
		     "[32, 64)       1        |@                                       |\n",
		     map_text(&maps, "one", LOAD_TEXT, 0, 64));
	EXPECT_HAS("{\"key\":{\"usecs\":2},\"value\":4000},{\"key\":{\"usecs\":3},\"value\":0}",
		   map_text(&maps, "one", LOAD_JSON, 0, 64));
	maps_close(&maps);
}

TEST(histogram_without_a_hit)
{
	struct maps maps;

	if (!maps_open(&maps, assemble(histograms)))
		return;
	EXPECT_STREQ("one: 0 of 64 entries, the others all zero\n",
		     map_text(&maps, "one", LOAD_TEXT, 0, 64));
	EXPECT_STREQ("few: 2 entries\n"
		     "KEY            VALUE\n"
		     "[0, 2)         0        |                                        |\n"
		     "[2, 4)         0        |                                        |\n",
		     map_text(&maps, "few", LOAD_TEXT, 0, 2));
	maps_close(&maps);
}

/* Several of them, told apart by what stands before the range. */
TEST(histograms)
{
	static const uint32_t keys[][2] = { { 20, 1 }, { 7, 30 }, { 7, 3 } };
	struct maps maps;

	if (!maps_open(&maps, assemble(histograms)))
		return;
	for (uint64_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		ASSERT_OK(update(load_map_fd(maps.load, "some"), keys[i], &i));
	EXPECT_STREQ("some: 3 entries\n"
		     "PID      USECS          VALUE\n"
		     "7        [8, 16)        2        |" BAR BAR BAR BAR "|\n"
		     "7        [1G, 2G)       1        |" BAR BAR "                    |\n"
		     "20       [2, 4)         0        |                    "
		     "                    |\n",
		     map_text(&maps, "some", LOAD_TEXT, 0, 3));
	EXPECT_STREQ("some: top 1 of 3 entries by value\n"
		     "PID      USECS          VALUE\n"
		     "7        [8, 16)        2        |" BAR BAR BAR BAR "|\n",
		     map_text(&maps, "some", LOAD_TEXT, 1, 3));
	maps_close(&maps);
}

/* What is expected of a map whose lines depend on how many CPUs there are. */
struct expected {
	FILE *text, *json;
	char *text_data, *json_data;
	size_t text_len, json_len;
};

/* An entry whose value is first on CPU 0, and 1 more on each of the others. */
static void expect_entry(const struct expected *e, uint32_t key, int cpus, uint64_t first)
{
	unsigned long long n = (unsigned int)cpus, sum = n * first + n * (n - 1) / 2;

	fprintf(e->text, "%-8u %-8llu", key, sum);
	fprintf(e->json, "%s{\"key\":%u,\"values\":[", key > 1 ? "," : "", key);
	for (unsigned int cpu = 0; cpu < n; cpu++) {
		fprintf(e->text, " %-*llu", cpu < n - 1 ? 8 : 0, (unsigned long long)first + cpu);
		fprintf(e->json, "%s{\"cpu\":%u,\"value\":%llu}", cpu ? "," : "", cpu,
			(unsigned long long)first + cpu);
	}
	fprintf(e->text, "\n");
	fprintf(e->json, "],\"sum\":%llu}", sum);
}

static void expect_open(struct expected *e, int cpus)
{
	e->text = open_memstream(&e->text_data, &e->text_len);
	e->json = open_memstream(&e->json_data, &e->json_len);
	ASSERT_TRUE(e->text && e->json);
	fprintf(e->text, "cpus: 2 entries\nKEY      VALUE   ");
	for (int cpu = 0; cpu < cpus; cpu++)
		fprintf(e->text, " CPU%-*d", cpu < cpus - 1 ? 5 : 0, cpu);
	fprintf(e->text, "\n");
	fprintf(e->json, "{\"map\":\"cpus\",\"type\":\"percpu_hash\",\"entries\":[");
}

TEST(percpu_table)
{
	int cpus = load_possible_cpus();
	struct expected expected;
	struct maps maps;
	uint64_t *values;

	if (!maps_open(&maps, assemble(tables)))
		return;
	ASSERT_GT(cpus, 0);
	values = calloc((size_t)cpus, sizeof(*values));
	ASSERT_NOT_NULL(values);
	expect_open(&expected, cpus);
	for (uint32_t key = 1; key <= 2; key++) {
		for (int cpu = 0; cpu < cpus; cpu++)
			values[cpu] = 10 * key + (unsigned int)cpu;
		ASSERT_OK(update(load_map_fd(maps.load, "cpus"), &key, values));
		expect_entry(&expected, key, cpus, 10 * key);
	}
	fprintf(expected.json, "]}\n");
	fclose(expected.text);
	fclose(expected.json);
	EXPECT_STREQ(expected.text_data, map_text(&maps, "cpus", LOAD_TEXT, 0, 2));
	EXPECT_STREQ(expected.json_data, map_text(&maps, "cpus", LOAD_JSON, 0, 2));
	free(expected.text_data);
	free(expected.json_data);
	free(values);
	maps_close(&maps);
}

/* By the sum of all CPUs, not by what one of them counted. */
TEST(top_of_percpu_sums)
{
	int cpus = load_possible_cpus();
	uint64_t *values;
	struct maps maps;
	const char *text;

	if (!maps_open(&maps, assemble(tables)))
		return;
	if (cpus < 2) {
		maps_close(&maps);
		SKIP(return, "needs two CPUs");
	}
	values = calloc((size_t)cpus, sizeof(*values));
	ASSERT_NOT_NULL(values);
	for (uint32_t key = 1; key <= 3; key++) {
		/* 1: 60 on one CPU; 2: 40 on each of two; 3: 70 on one */
		memset(values, 0, (size_t)cpus * sizeof(*values));
		values[0] = key == 1 ? 60 : key == 2 ? 40 : 0;
		values[1] = key == 2 ? 40 : key == 3 ? 70 : 0;
		ASSERT_OK(update(load_map_fd(maps.load, "cpus"), &key, values));
	}
	text = map_text(&maps, "cpus", LOAD_TEXT, 2, 3);
	EXPECT_HAS("cpus: top 2 of 3 entries by value\n", text);
	EXPECT_HAS("\n2        80       40       40", text);
	EXPECT_HAS("\n3        70       0        70", text);
	EXPECT_GT(strstr(text, "\n3 "), strstr(text, "\n2 "));
	EXPECT_NULL(strstr(text, "\n1 "));
	free(values);
	maps_close(&maps);
}

TEST(map_without_types)
{
	struct maps maps;

	if (!maps_open(&maps, assemble(tables)))
		return;
	ASSERT_OK(update(load_map_fd(maps.load, "raw"), "\2\0\0", "\1\2\3\4\5"));
	ASSERT_OK(update(load_map_fd(maps.load, "raw"), "\1\xff\0", "\0\0\0\0\xff"));
	EXPECT_STREQ("raw: 2 entries\n"
		     "KEY                      VALUE\n"
		     "01 ff 00                 00 00 00 00 ff\n"
		     "02 00 00                 01 02 03 04 05\n",
		     map_text(&maps, "raw", LOAD_TEXT, 0, 2));
	EXPECT_STREQ("{\"map\":\"raw\",\"type\":\"hash\",\"entries\":["
		     "{\"key\":[\"0x01\",\"0xff\",\"0x00\"],"
		     "\"value\":[\"0x00\",\"0x00\",\"0x00\",\"0x00\",\"0xff\"]},"
		     "{\"key\":[\"0x02\",\"0x00\",\"0x00\"],"
		     "\"value\":[\"0x01\",\"0x02\",\"0x03\",\"0x04\",\"0x05\"]}]}\n",
		     map_text(&maps, "raw", LOAD_JSON, 0, 2));
	maps_close(&maps);
}

/* A map that cannot be walked: an error, and nothing printed. */
TEST(map_that_has_no_keys)
{
	struct maps maps;
	struct page page;

	if (!maps_open(&maps, assemble(tables)))
		return;
	page_open(&page);
	EXPECT_LT(load_print_map(page.f, LOAD_TEXT, load_map_fd(maps.load, "queue"),
				 map_of(maps.obj, "queue"), 0), 0);
	EXPECT_ERR(-EBADF, load_print_map(page.f, LOAD_TEXT, -1, map_of(maps.obj, "conns"), 0));
	EXPECT_STREQ("", page_close(&page));
	maps_close(&maps);
}

/* ---- progs/procount: the lab it comes from, "simulating process execution" ---- */

struct exec {
	char name[16];
	uint64_t count;
};

/* As the program does it, from here. */
static void execute(int fd, uint32_t pid)
{
	struct exec exec;
	int err;

	memset(&exec, 0, sizeof(exec));
	err = load_map_lookup(fd, &pid, &exec);
	if (err)
		ASSERT_ERR(-ENOENT, err);
	if (pid == 1000)
		strcpy(exec.name, "bash");
	if (pid == 1001)
		strcpy(exec.name, "ls");
	exec.count++;
	ASSERT_OK(update(fd, &pid, &exec));
}

static struct asm_object *assemble_procount(char **text)
{
	const char *top = getenv("SRCDIR");
	struct asm_options how = {
		.endian = LITTLE ? ASM_LITTLE : ASM_BIG, .sink = print_diag,
	};
	char path[4096];
	size_t len;

	snprintf(path, sizeof(path), "%s/progs/procount/procount.bpfasm", top ? top : ".");
	ASSERT_OK(asm_read_file(path, text, &len)) LOG("%s; SRCDIR is its folder", path);
	return asm_assemble(path, *text, len, &how);
}

TEST(process_execution_simulation)
{
	static const uint32_t executed[] = { 1000, 1001, 1000, 1002, 1000, 1001, 1000 };
	uint32_t pid = 1000, gone = 1002;
	struct exec exec;
	struct maps maps;
	char *text;
	int fd;

	if (!maps_open(&maps, assemble_procount(&text))) {
		free(text);
		return;
	}
	ASSERT_EQ(sizeof(pid), map_of(maps.obj, "counts")->key_size);
	ASSERT_EQ(sizeof(exec), map_of(maps.obj, "counts")->value_size);
	fd = load_map_fd(maps.load, "counts");
	for (size_t i = 0; i < sizeof(executed) / sizeof(executed[0]); i++)
		execute(fd, executed[i]);

	EXPECT_STREQ("counts: 3 entries\n"
		     "PID      NAME                 COUNT\n"
		     "1000     bash                 4\n"
		     "1001     ls                   2\n"
		     "1002     <unknown>            1\n",
		     map_text(&maps, "counts", LOAD_TEXT, 0, 3));
	EXPECT_STREQ("counts: top 3 of 3 entries by count\n"
		     "PID      NAME                 COUNT\n"
		     "1000     bash                 4\n"
		     "1001     ls                   2\n"
		     "1002     <unknown>            1\n",
		     map_text(&maps, "counts", LOAD_TEXT, 10, 3));
	EXPECT_STREQ("{\"map\":\"counts\",\"type\":\"hash\",\"entries\":["
		     "{\"key\":{\"pid\":1000},\"value\":{\"name\":\"bash\",\"count\":4}},"
		     "{\"key\":{\"pid\":1001},\"value\":{\"name\":\"ls\",\"count\":2}},"
		     "{\"key\":{\"pid\":1002},\"value\":{\"name\":\"\",\"count\":1}}]}\n",
		     map_text(&maps, "counts", LOAD_JSON, 10, 3));

	ASSERT_OK(load_map_lookup(fd, &pid, &exec));
	EXPECT_EQ(4, exec.count);
	ASSERT_OK(load_map_delete(fd, &gone));
	EXPECT_ERR(-ENOENT, load_map_lookup(fd, &gone, &exec));
	EXPECT_STREQ("counts: top 2 of 2 entries by count\n"
		     "PID      NAME                 COUNT\n"
		     "1000     bash                 4\n"
		     "1001     ls                   2\n",
		     map_text(&maps, "counts", LOAD_TEXT, 10, 2));
	EXPECT_STREQ("{\"map\":\"lost\",\"type\":\"array\",\"entries\":[{\"key\":0,"
		     "\"value\":{\"full\":0,\"failed\":0}}]}\n",
		     map_text(&maps, "lost", LOAD_JSON, 0, 1));
	maps_close(&maps);
	free(text);
}

/* Not in order of the keys: the highest first, whoever it is. */
TEST(highest_count_first)
{
	static const uint32_t executed[] = { 1002, 1002, 1002, 1001, 1000, 1001 };
	struct maps maps;
	char *text;

	if (!maps_open(&maps, assemble_procount(&text))) {
		free(text);
		return;
	}
	for (size_t i = 0; i < sizeof(executed) / sizeof(executed[0]); i++)
		execute(load_map_fd(maps.load, "counts"), executed[i]);
	EXPECT_STREQ("counts: top 2 of 3 entries by count\n"
		     "PID      NAME                 COUNT\n"
		     "1002     <unknown>            3\n"
		     "1001     ls                   2\n",
		     map_text(&maps, "counts", LOAD_TEXT, 2, 3));
	maps_close(&maps);
	free(text);
}

TEST_MAIN
