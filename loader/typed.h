/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * typed.h - a key or value as one word of a command line, by its BTF type.
 *
 *	42, -1, 0x2a			numbers, enumerators by name too
 *	10.0.0.1, ::1, 02:00:00:00:00:01  addresses, for anything of 4, 16 or 6 bytes
 *	10.0.0.0/8			with prefix, for keys of LPM tries
 *	bash, "bash"			text, for arrays of char
 *	{pid=1,name="x"}, pid=1		structs, unions, and the variables of a section
 *	[1,2,3]				arrays
 *	{"pid":1,"name":"x"}		the same as JSON, as it is printed
 *	["0x2a","0x00"]			the bytes themselves, for anything
 */
#ifndef TYPED_H
#define TYPED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct asm_btf;
struct load_options;

struct typed {
	const struct load_options *opt;
	const char *command, *what;	/* for messages: "map update", "key" */
	const struct asm_btf *btf;	/* NULL: there are no types */
	uint32_t id;			/* of the type; 0: none */
	bool prefix;			/* a key of an LPM trie */
	uint8_t *data;			/* size bytes: what the text does not name stays */
	uint32_t size;
};

/* False, and said, when the text is none of that. */
bool typed_read(const struct typed *typed, const char *text);

#endif
