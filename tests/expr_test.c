/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* expr_test.c - expressions, and constants from outside. */
#include "../asm/asm.h"
#include "harness.h"
#include "made.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- expressions ---- */

enum { LOWEST = 1 };

static const struct {
	const char *text;
	uint64_t value;
	const char *error;	/* NULL: it has the value */
} expressions[] = {
	/* numbers */
	{ "0", 0, NULL }, { "017", 15, NULL }, { "0x1F", 31, NULL }, { "0b101", 5, NULL },
	{ "0B11", 3, NULL }, { "10u", 10, NULL }, { "10ULL", 10, NULL }, { "5ll", 5, NULL },
	{ "'a'", 97, NULL }, { "'\\n'", 10, NULL }, { "'\\''", 39, NULL }, { "4K", 4096, NULL },
	{ "1M", 1 << 20, NULL }, { "2G", 2ull << 30, NULL }, { "0x10K", 16384, NULL },
	{ "18446744073709551615", UINT64_MAX, NULL },
	{ "0xffffffffffffffff", UINT64_MAX, NULL },
	{ "17179869183G", 17179869183ull << 30, NULL },
	{ "18446744073709551616", 0, "does not fit in 64 bits" },
	{ "0x10000000000000000", 0, "does not fit in 64 bits" },
	{ "17179869184G", 0, "does not fit in 64 bits" },
	{ "08", 0, "not a number" }, { "0x", 0, "not a number" }, { "1_0", 0, "not a number" },
	{ "0b2", 0, "not a number" }, { "12abc", 0, "not a number" },
	{ "''", 0, "not a character" }, { "'ab'", 0, "not a character" },
	{ "'\\q'", 0, "not a character" }, { "", 0, "expected" }, { "1 +", 0, "expected" },
	{ "1 2", 0, "expected" }, { "nonsense", 0, "unknown" },

	/* both ends of the range */
	{ "-9223372036854775808", 1ull << 63, NULL },
	{ "-9223372036854775809", 0, "does not fit in 64 bits" },
	{ "-9223372036854775808 - 1", 0, "does not fit in 64 bits" },
	{ "-9223372036854775807 - 1", 1ull << 63, NULL },
	{ "- -9223372036854775808", 1ull << 63, NULL },
	{ "18446744073709551615 + 1", 0, "does not fit in 64 bits" },
	{ "18446744073709551614 + 1", UINT64_MAX, NULL },
	{ "18446744073709551615 + -1", UINT64_MAX - 1, NULL },
	{ "0 - 18446744073709551615", 0, "does not fit in 64 bits" },
	{ "-1 + 18446744073709551615", UINT64_MAX - 1, NULL },
	{ "4294967296 * 4294967295", 4294967296ull * 4294967295ull, NULL },
	{ "4294967296 * 4294967296", 0, "does not fit in 64 bits" },
	{ "-4294967296 * 2147483648", 1ull << 63, NULL },
	{ "-4294967296 * 2147483649", 0, "does not fit in 64 bits" },
	{ "-9223372036854775808 / -1", 1ull << 63, NULL },
	{ "-9223372036854775808 % -1", 0, NULL },
	{ "-9223372036854775808 * -1", 1ull << 63, NULL },

	/* division, as in C towards zero */
	{ "7 / 2", 3, NULL }, { "-7 / 2", (uint64_t)-3, NULL }, { "7 / -2", (uint64_t)-3, NULL },
	{ "-7 % 3", (uint64_t)-1, NULL }, { "7 % -3", 1, NULL },
	{ "18446744073709551615 / 2", INT64_MAX, NULL },
	{ "1 / 0", 0, "division by zero" }, { "1 % 0", 0, "division by zero" },
	{ "1 / (3 - 3)", 0, "division by zero" },

	/* shifts */
	{ "1 << 63", 1ull << 63, NULL }, { "1 << 64", 0, "between 0 and 63" },
	{ "1 << -1", 0, "between 0 and 63" }, { "1 >> 64", 0, "between 0 and 63" },
	{ "2 << 63", 0, "does not fit in 64 bits" }, { "-1 << 63", 1ull << 63, NULL },
	{ "-2 << 63", 0, "does not fit in 64 bits" }, { "-1 << 62", 3ull << 62, NULL },
	{ "-1 >> 63", UINT64_MAX, NULL }, { "-8 >> 1", (uint64_t)-4, NULL },
	{ "-7 >> 1", (uint64_t)-4, NULL }, { "0xffffffffffffffff >> 60", 15, NULL },
	{ "0 << 63", 0, NULL }, { "1 << 0", 1, NULL },

	/* bits and prefixes */
	{ "~0", UINT64_MAX, NULL }, { "~5", (uint64_t)-6, NULL }, { "~-1", 0, NULL },
	{ "~18446744073709551615", 0, NULL }, { "!5", 0, NULL }, { "!!5", 1, NULL },
	{ "!0", 1, NULL }, { "-~5", 6, NULL }, { "+5", 5, NULL }, { "- - -5", (uint64_t)-5, NULL },
	{ "0xf0 & ~0x30", 0xc0, NULL }, { "0xf0 | 0xf", 0xff, NULL }, { "0xff ^ 0xf", 0xf0, NULL },
	{ "-1 & 0xffffffffffffffff", UINT64_MAX, NULL }, { "-1 ^ -1", 0, NULL },
	{ "-2 | 1", UINT64_MAX, NULL }, { "-1 & 255", 255, NULL },

	/* comparisons are of the numbers, not of their bits */
	{ "1 < 2", 1, NULL }, { "2 <= 1", 0, NULL }, { "-1 < 0", 1, NULL },
	{ "-2 < -1", 1, NULL }, { "-1 < -2", 0, NULL }, { "18446744073709551615 > 0", 1, NULL },
	{ "-1 == 18446744073709551615", 0, NULL }, { "-1 != 18446744073709551615", 1, NULL },
	{ "3 >= 3", 1, NULL }, { "-9223372036854775808 < 18446744073709551615", 1, NULL },

	/* precedence and order, as in C */
	{ "1 + 2 * 3", 7, NULL }, { "(1 + 2) * 3", 9, NULL }, { "10 - 4 - 3", 3, NULL },
	{ "100 / 10 / 2", 5, NULL }, { "2 * 3 % 4", 2, NULL }, { "-2 * 3", (uint64_t)-6, NULL },
	{ "64 >> 2 >> 1", 8, NULL }, { "1 - -1", 2, NULL }, { "10 - (4 - 3)", 9, NULL },
	{ "7 - 2 * 2 - 1", 2, NULL }, { "((((7))))", 7, NULL }, { "1 + (2", 0, "expected ')'" },
};

static uint64_t wide_value(const struct asm_program *prog)
{
	return (uint32_t)prog->insns[0].imm | (uint64_t)(uint32_t)prog->insns[1].imm << 32;
}

static void make_expression(struct made *made, const char *expression)
{
	char text[1024];
	int len = snprintf(text, sizeof(text), "r0 = (%s) ll", expression);

	ASSERT_LT(len, (int)sizeof(text));
	make(made, text);
}

TEST(expressions)
{
	struct made made;

	for (size_t i = 0; i < COUNT(expressions); i++) {
		make_expression(&made, expressions[i].text);
		if (expressions[i].error) {
			EXPECT_NULL(made.obj) LOG("%s", expressions[i].text);
			EXPECT_EQ(1, made.errors) LOG("%s: %s", expressions[i].text, made.said);
			EXPECT_HAS(expressions[i].error, made.said);
		} else {
			EXPECT_STREQ("", made.said) LOG("%s", expressions[i].text);
			ASSERT_EQ(2, made.prog.ninsns) LOG("%s", expressions[i].text);
			EXPECT_EQ(expressions[i].value, wide_value(&made.prog))
				LOG("%s", expressions[i].text);
		}
		unmake(&made);
	}
}

/* Where gas and LLVM group another way there is a warning, and C's value. */
TEST(expressions_mixed_precedence)
{
	static const struct {
		const char *text;
		uint64_t value;
		unsigned int warnings;
	} mixed[] = {
		{ "1 + 2 << 3", 24, 1 }, { "1 << 2 + 3", 32, 1 }, { "1 | 2 + 4", 7, 1 },
		{ "8 - 1 & 3", 3, 1 }, { "6 & 3 == 3", 0, 1 }, { "1 | 2 ^ 3 & 4", 3, 2 },
		{ "2 * 3 << 1", 12, 1 },
		{ "(1 + 2) << 3", 24, 0 }, { "1 + (2 << 3)", 17, 0 }, { "1 + 2 * 3", 7, 0 },
		{ "1 + 2 - 3", 0, 0 }, { "1 | 2 | 4", 7, 0 }, { "1 < 2 + 3", 1, 0 },
	};
	struct made made;

	for (size_t i = 0; i < COUNT(mixed); i++) {
		make_expression(&made, mixed[i].text);
		ASSERT_NOT_NULL(made.obj) LOG("%s: %s", mixed[i].text, made.said);
		EXPECT_EQ(mixed[i].value, wide_value(&made.prog)) LOG("%s", mixed[i].text);
		EXPECT_EQ(mixed[i].warnings, made.warnings)
			LOG("%s: %s", mixed[i].text, made.said);
		if (mixed[i].warnings)
			EXPECT_HAS("read as in C", made.said);
		unmake(&made);
	}
}

/* n times what opens, a 7, n times what closes */
static void make_nested(struct made *made, unsigned int n, const char *open, const char *close)
{
	char text[1024];
	size_t used = (size_t)snprintf(text, sizeof(text), "r0 = ");

	for (unsigned int i = 0; i < n; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s", open);
	used += (size_t)snprintf(text + used, sizeof(text) - used, "7");
	for (unsigned int i = 0; i < n; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s", close);
	used += (size_t)snprintf(text + used, sizeof(text) - used, " ll");
	ASSERT_LT(used, sizeof(text));
	make(made, text);
}

TEST(expressions_nested)
{
	static const char *const open[] = { "(", "~", "1+(" }, *const close[] = { ")", "", ")" };
	struct made made;

	for (size_t i = 0; i < COUNT(open); i++) {
		make_nested(&made, 200, open[i], close[i]);
		EXPECT_STREQ("", made.said) LOG("%s", open[i]);
		EXPECT_NOT_NULL(made.obj);
		if (made.obj)
			EXPECT_EQ(i == 2 ? 207 : 7, wide_value(&made.prog));
		unmake(&made);
		make_nested(&made, 201, open[i], close[i]);
		EXPECT_NULL(made.obj) LOG("%s", open[i]);
		EXPECT_HAS("nested more than 200 deep", made.said);
		EXPECT_EQ(1, made.errors) LOG("%s", open[i]);
		unmake(&made);
	}
}

/* A number that a field cannot hold is an error where it stands, at both ends. */
TEST(expressions_fit_their_fields)
{
	static const struct {
		const char *good, *bad;
	} fields[] = {
		{ "r1 = -2147483648", "r1 = -2147483649" },
		{ "r1 += 2147483647", "r1 += 4294967296" },
		{ "w1 = 4294967295", "w1 = 4294967296" },
		{ "w1 ^= -2147483648", "w1 ^= -2147483649" },
		{ "r1 = *(u64 *)(r2 + 32767)", "r1 = *(u64 *)(r2 + 32768)" },
		{ "r1 = *(u64 *)(r2 - 32768)", "r1 = *(u64 *)(r2 - 32769)" },
		{ "*(u8 *)(r1 + 0) = 255", "*(u8 *)(r1 + 0) = 256" },
		{ "*(u8 *)(r1 + 0) = -128", "*(u8 *)(r1 + 0) = -129" },
		{ "*(u16 *)(r1 + 0) = 65535", "*(u16 *)(r1 + 0) = 65536" },
		{ "*(u16 *)(r1 + 0) = -32768", "*(u16 *)(r1 + 0) = -32769" },
		{ "*(u32 *)(r1 + 0) = 4294967295", "*(u32 *)(r1 + 0) = 4294967296" },
		{ "*(u64 *)(r1 + 0) = 2147483647", "*(u64 *)(r1 + 0) = 4294967296" },
		{ "goto +32767", "goto +32768" }, { "goto -32768", "goto -32769" },
		{ "may_goto +32767", "may_goto +32768" },
		{ "if r1 == 0 goto +32767", "if r1 == 0 goto +32768" },
		{ "if w1 < w2 goto -32768", "if w1 < w2 goto -32769" },
		{ "gotol +2147483647", "gotol +2147483648" },
		{ "gotol -2147483648", "gotol -2147483649" },
		{ "call 2147483647", "call 4294967296" },
		{ "call pc+2147483647", "call pc+2147483648" },
		{ "r1 = 18446744073709551615 ll", "r1 = 18446744073709551616 ll" },
		{ "r1 = addr_space_cast(r2, 65535, 0)", "r1 = addr_space_cast(r2, 65536, 0)" },
		{ "r1 = addr_space_cast(r2, 0, 65535)", "r1 = addr_space_cast(r2, 0, 65536)" },
		{ "r1 = addr_space_cast(r2, 0, 0)", "r1 = addr_space_cast(r2, -1, 0)" },
		{ "r0 = *(u8 *)skb[2147483647]", "r0 = *(u8 *)skb[4294967296]" },
	};
	struct made made;

	for (size_t i = 0; i < COUNT(fields); i++) {
		make_clean(&made, fields[i].good);
		unmake(&made);
		make(&made, fields[i].bad);
		EXPECT_NULL(made.obj) LOG("%s", fields[i].bad);
		EXPECT_EQ(1, made.errors) LOG("%s: %s", fields[i].bad, made.said);
		unmake(&made);
	}
}

/* 0x80000000 to 0xffffffff in 64 bits: the value is sign-extended, and that is said. */
TEST(expressions_sign_extended)
{
	struct made made;

	make(&made, "r1 = 0x80000000; r2 += 0xffffffff; if r1 == 0xfffffffe goto +0");
	ASSERT_NOT_NULL(made.obj) LOG("%s", made.said);
	EXPECT_EQ(3, made.warnings) LOG("%s", made.said);
	EXPECT_HAS("0xffffffff80000000", made.said);
	EXPECT_EQ(INT32_MIN, made.prog.insns[0].imm);
	EXPECT_EQ(-1, made.prog.insns[1].imm);
	EXPECT_EQ(-2, made.prog.insns[2].imm);
	unmake(&made);
}

/* ---- -D ---- */

static void make_defined(struct made *made, const char *text, const char *first, const char *second)
{
	const char *defines[] = { first, second };
	struct asm_options opt = { .defines = defines, .ndefines = second ? 2 : first ? 1 : 0 };

	make_with(made, text, &opt);
}

TEST(defines_beat_equ)
{
	static const struct {
		const char *text, *first, *second;
		int32_t value;
	} cases[] = {
		{ ".equ A, 1\nr1 = A", NULL, NULL, 1 }, { ".equ A, 1\nr1 = A", "A=2", NULL, 2 },
		{ ".equ A, 1\n.equ B, A + 1\nr1 = B", "A=10", NULL, 11 },
		{ ".equ A, 1\n.equ B, A + 1\nr1 = B", "B=10", NULL, 10 },
		{ ".equ A, 1\n.equ B, 2\nr1 = A + B", "A=10", "B=20", 30 },
		{ "r1 = A", "A=3", NULL, 3 }, { "r1 = B", "A=3", "B=A * 2 + 1", 7 },
		{ "r1 = A", "A = (1 << 4) | 1", NULL, 17 }, { "r1 = A", "A=BPF_EXIST", NULL, 2 },
		{ "r1 = A", "A=-1", NULL, -1 },
	};
	struct made made;

	for (size_t i = 0; i < COUNT(cases); i++) {
		make_defined(&made, cases[i].text, cases[i].first, cases[i].second);
		EXPECT_STREQ("", made.said) LOG("%s, %s", cases[i].text, cases[i].first);
		ASSERT_NOT_NULL(made.obj);
		EXPECT_EQ(cases[i].value, made.prog.insns[0].imm)
			LOG("%s, %s", cases[i].text, cases[i].first);
		unmake(&made);
	}
}

TEST(defines_that_are_wrong)
{
	static const struct {
		const char *text, *first, *second, *error;
	} cases[] = {
		{ "exit", "A", NULL, "NAME=EXPR" }, { "exit", "", NULL, "NAME=EXPR" },
		{ "exit", "=1", NULL, "expected" }, { "exit", "A=", NULL, "expected" },
		{ "exit", "A=1 2", NULL, "expected" }, { "exit", "A=B", NULL, "unknown" },
		{ "exit", "r1=1", NULL, "register" }, { "exit", "A=1", "A=2", "already" },
		{ "exit", "A=1\n", NULL, "expected" }, { "exit", "A=1/0", NULL, "by zero" },
		{ ".map A type hash key u32 value u32 entries 1\nexit", "A=1", NULL, "already" },
		{ ".equ A, 1\n.equ A, 2\nexit", NULL, NULL, "already" },
		{ ".func A\nexit\n.prog p \"socket\"\nexit", "A=1", NULL, "already" },
		{ ".equ A, nonsense\nr1 = A", "A=1", NULL, "unknown" },
	};
	struct made made;

	for (size_t i = 0; i < COUNT(cases); i++) {
		make_defined(&made, cases[i].text, cases[i].first, cases[i].second);
		EXPECT_NULL(made.obj) LOG("%s, %s", cases[i].text, cases[i].first);
		EXPECT_HAS(cases[i].error, made.said) LOG("%s, %s", cases[i].text, cases[i].first);
		unmake(&made);
	}
}

/* Two .equ of one name are an error with -D as they are without. */
TEST(defines_do_not_hide_a_second_equ)
{
	struct made made;

	make_defined(&made, ".equ A, 1\n.equ A, 2\nr1 = A", "A=3", NULL);
	EXPECT_NULL(made.obj);
	EXPECT_HAS("already", made.said);
	unmake(&made);
}

/* One that nothing asks for is most likely misspelt. */
TEST(defines_that_nothing_uses)
{
	struct made made;

	make_defined(&made, ".equ ENTRIES, 1\nr1 = ENTRIES", "ENTRYES=2", NULL);
	ASSERT_NOT_NULL(made.obj);
	EXPECT_EQ(1, made.warnings);
	EXPECT_HAS("-D: nothing uses 'ENTRYES'; did you mean 'ENTRIES'?", made.said);
	EXPECT_EQ(1, made.prog.insns[0].imm);
	unmake(&made);
}

TEST_MAIN
