/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "loader.h"
#include "say.h"
#include "words.h"

enum { WORDS_WRONG = 2 };	/* exit status: the call is wrong */

/* As bpftool does it: a beginning of the keyword is the keyword. */
static bool words_begins(const char *word, const char *keyword)
{
	size_t len = strlen(word);

	return len && !strncmp(word, keyword, len);
}

bool words_is(struct words *words, const char *keyword)
{
	if (!*words->at || !words_begins(*words->at, keyword))
		return false;
	words->at++;
	return true;
}

const char *words_take(struct words *words, const char *what)
{
	if (*words->at)
		return *words->at++;
	words->wrong = true;
	say_error(words->opt, NULL, "'%s' needs %s", words->command, what);
	return NULL;
}

/* Digits of a base; false when there are others, none, or more than fit. */
static bool words_digits(const char *text, unsigned int base, uint64_t *out)
{
	static const char digits[] = "0123456789abcdef";
	const char *digit;

	for (*out = 0; *text; text++) {
		digit = memchr(digits, *text | 0x20, base);
		if (!digit && *text >= '0' && *text <= '9')
			digit = memchr(digits, *text, base);
		if (!digit || *out > (UINT64_MAX - (uint64_t)(digit - digits)) / base)
			return false;
		*out = *out * base + (uint64_t)(digit - digits);
	}
	return true;
}

bool words_number(struct words *words, const char *what, uint64_t most, uint64_t *out)
{
	const char *word = words_take(words, what);
	bool hex;

	if (!word)
		return false;
	hex = word[0] == '0' && (word[1] | 0x20) == 'x';
	if (word[hex ? 2 : 0] && words_digits(word + (hex ? 2 : 0), hex ? 16 : 10, out) &&
	    *out <= most)
		return true;
	words->wrong = true;
	say_error(words->opt, NULL, "'%s': '%s' is not %s, a number up to %llu", words->command,
		  word, what, (unsigned long long)most);
	return false;
}

bool words_end(struct words *words)
{
	if (!*words->at)
		return true;
	words->wrong = true;
	say_error(words->opt, NULL, "'%s' is one word too many for '%s'", *words->at,
		  words->command);
	return false;
}

void words_unknown(struct words *words, const char *keywords)
{
	char hint[ASM_NEAR_TEXT];
	struct asm_near near;
	const char *at;
	size_t len;

	if (!*words->at) {
		words->wrong = true;
		say_error(words->opt, NULL, "'%s' needs one of: %s", words->command, keywords);
		return;
	}
	asm_near_start(&near, *words->at, strlen(*words->at));
	for (at = keywords; *at; at += len + (at[len] == ' ')) {
		len = strcspn(at, " ");
		asm_near_offer(&near, at, len);
	}
	words->wrong = true;
	asm_near_text(&near, hint);
	say_error(words->opt, NULL, "'%s': unknown word '%s'%s%s", words->command, *words->at,
		  hint[0] ? hint : "; one of: ", hint[0] ? "" : keywords);
}

bool words_refuse(struct words *words, const struct words_refused *rows)
{
	for (; *words->at && rows->word; rows++) {
		if (!words_begins(*words->at, rows->word))
			continue;
		say_error(words->opt, NULL, "'%s %s' is not done here: %s", words->command,
			  rows->word, rows->instead);
		words->wrong = true;
		return true;
	}
	return false;
}

int words_run(struct words *words, const struct words_verb *verbs, size_t n, void *arg)
{
	char all[256] = "";
	size_t i;

	for (i = 0; i < n; i++) {
		if (!verbs[i].keyword || !words_is(words, verbs[i].keyword))
			continue;
		snprintf(words->verb, sizeof(words->verb), "%s %s", words->command,
			 verbs[i].keyword);
		words->command = words->verb;
		return verbs[i].run(words, arg);
	}
	for (i = 0; i < n; i++)
		if (!verbs[i].keyword && !*words->at)
			return verbs[i].run(words, arg);
	for (i = 0; i < n; i++) {
		if (!verbs[i].keyword || strlen(all) + strlen(verbs[i].keyword) + 2 > sizeof(all))
			continue;
		strcat(all, all[0] ? " " : "");
		strcat(all, verbs[i].keyword);
	}
	if (words_is(words, "help")) {
		say_note(words->opt, NULL, "'%s' takes: %s; see bpfload(1)",
			 words->command, all);
		return 0;
	}
	words_unknown(words, all);
	return WORDS_WRONG;
}
