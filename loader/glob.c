/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* glob.c - names and patterns: the fnmatch() of musl brings tables of wide characters. */
#include <stddef.h>
#include <string.h>

#include "glob.h"
#include "loader.h"

bool glob_is_pattern(const char *text)
{
	return strpbrk(text, "*?[");
}

/* The byte that stands at *at, perhaps behind a backslash; *at is behind it then. */
static unsigned char glob_byte(const char **at)
{
	if (**at == '\\' && (*at)[1])
		++*at;
	return (unsigned char)*(*at)++;
}

/* Is the byte in the set that begins here, behind its '['? What is behind the ']', or NULL. */
static const char *glob_set(const char *at, unsigned char byte, bool *in)
{
	bool inverse = *at == '!' || *at == '^', found = false;
	unsigned char low, high;

	at += inverse;
	do {	/* a ']' that is the first one is in the set */
		if (!*at)
			return NULL;
		low = high = glob_byte(&at);
		if (at[0] == '-' && at[1] && at[1] != ']') {
			at++;
			high = glob_byte(&at);
		}
		found |= low <= byte && byte <= high;
	} while (*at != ']');
	*in = found != inverse;
	return at + 1;
}

/* What is behind the part of a pattern that takes this byte; NULL: it does not take it. */
static const char *glob_take(const char *pattern, unsigned char byte)
{
	const char *end;
	bool in;

	if (*pattern == '?')
		return pattern + 1;
	if (*pattern == '[') {
		end = glob_set(pattern + 1, byte, &in);
		if (end)
			return in ? end : NULL;
	}
	return *pattern && glob_byte(&pattern) == byte ? pattern : NULL;
}

bool load_glob(const char *pattern, const char *name)
{
	const char *star = NULL, *from = NULL, *next;

	/* A later star never needs an earlier one to take more. */
	while (*name) {
		if (*pattern == '*') {
			star = ++pattern;
			from = name;
			continue;
		}
		next = glob_take(pattern, (unsigned char)*name);
		if (!next && !star)
			return false;
		pattern = next ? next : star;
		name = next ? name + 1 : ++from;
	}
	return pattern[strspn(pattern, "*")] == '\0';
}
