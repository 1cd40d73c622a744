/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* glob_test.c - names and patterns: by hand, and against the fnmatch() of libc. */
#include <fnmatch.h>

#include "../asm/asm.h"
#include "../loader/loader.h"
#include "harness.h"

TEST(glob_takes)
{
	static const struct {
		const char *pattern, *name;
		bool matches;
	} cases[] = {
		{ "", "", true }, { "", "a", false }, { "a", "", false }, { "a", "a", true },
		{ "a", "b", false }, { "a", "ab", false }, { "ab", "a", false },
		{ "?", "a", true }, { "?", "", false }, { "a?c", "abc", true },
		{ "*", "", true }, { "*", "abc", true }, { "**", "", true }, { "a*", "a", true },
		{ "a*", "ba", false }, { "*a", "ba", true }, { "*a", "ab", false },
		{ "*ab", "aab", true }, { "a*b*c", "aXbXbXc", true }, { "a*b*c", "acb", false },
		{ "tcp_*msg", "tcp_sendmsg", true }, { "tcp_*msg", "tcp_sendmsg_locked", false },
		{ "*.isra.?", "f.isra.0", true },
		{ "[ab]", "b", true }, { "[ab]", "c", false }, { "[ab]", "", false },
		{ "[a-c]x", "bx", true }, { "[a-c]", "d", false }, { "[c-a]", "b", false },
		{ "[!a-c]", "d", true }, { "[!a-c]", "b", false }, { "[^a]", "b", true },
		{ "[^a]", "a", false }, { "[!a]", "", false },
		{ "[]a]", "]", true }, { "[!]]", "]", false }, { "[!]]", "a", true },
		{ "[a-]", "-", true }, { "[a-]", "b", false }, { "[-a]", "-", true },
		{ "[a!]", "!", true }, { "[\\]]", "]", true }, { "[\\!a]", "!", true },
		{ "[a\\-c]", "b", false }, { "[a\\-c]", "-", true },
		{ "*[0-9]", "eth0", true }, { "*[0-9]", "lo", false },
		{ "[", "[", true }, { "[a", "[a", true }, { "[a", "a", false },
		{ "[]", "[]", true },
		{ "[!", "[!", true }, { "[a-", "[a-", true }, { "[a\\", "[a\\", true },
		{ "\\*", "*", true }, { "\\*", "a", false }, { "\\[a]", "[a]", true },
		{ "\\?", "?", true }, { "\\\\", "\\", true }, { "\\", "\\", true },
		{ "[\x80-\xff]", "\xc3", true }, { "[\x80-\xff]", "a", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		EXPECT_EQ(cases[i].matches, load_glob(cases[i].pattern, cases[i].name))
			LOG("'%s' and '%s'", cases[i].pattern, cases[i].name);
}

/* Each pattern of up to five parts, with a name of up to four letters. */
TEST(glob_agrees_with_libc)
{
	static const char *const parts[] = {
		"", "a", "b", "?", "*", "[ab]", "[!a]", "[b-c]", "\\*", "[]-]",
	};
	enum { PARTS = sizeof(parts) / sizeof(parts[0]), PATTERNS = 100000, NAMES = 625 };
	static const char letters[] = "abc*]";
	unsigned int matches = 0;

	for (unsigned int i = 0; i < PATTERNS; i++) {
		char pattern[32] = "", name[8];
		unsigned int of = i, n = i * 7919u % NAMES, len;

		for (; of; of /= PARTS)
			strcat(pattern, parts[of % PARTS]);
		for (len = 0; n; n /= 5)
			name[len++] = letters[n % 5];
		name[len] = '\0';
		matches += load_glob(pattern, name);
		ASSERT_EQ(fnmatch(pattern, name, 0) == 0, load_glob(pattern, name))
			LOG("'%s' and '%s'", pattern, name);
	}
	EXPECT_GT(matches, PATTERNS / 100);
}

/* What takes others for ever: as many stars as there are letters, and no match. */
TEST(glob_ends)
{
	char pattern[2001], name[1001];

	for (size_t i = 0; i < sizeof(pattern) - 1; i += 2)
		memcpy(pattern + i, "*a", 2);
	pattern[sizeof(pattern) - 1] = '\0';
	pattern[sizeof(pattern) - 2] = 'b';
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	EXPECT_FALSE(load_glob(pattern, name));
	name[sizeof(name) - 2] = 'b';
	EXPECT_TRUE(load_glob(pattern, name));
}

TEST_MAIN
