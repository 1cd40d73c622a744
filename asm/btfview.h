/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * btfview.h - the types of BTF data one by one, for who reads all of an object. Needs asm.h
 *
 * Ids and names that lie outside come out as none; what a type says of others is not checked.
 */
#ifndef BTFVIEW_H
#define BTFVIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct btfview_type {
	uint32_t kind;		/* enum asm_btf_kind; 0: void */
	uint32_t vlen;		/* members, values, variables */
	uint32_t arg;		/* size, or the id of a type */
	const char *name;	/* "" for none */
	uint32_t name_at;	/* where it is in the strings */
	uint32_t words;		/* for btfview_word() there are so many */
	bool kflag;
	const uint8_t *at;	/* for btfview_word() */
};

uint32_t btfview_count(const struct asm_btf *btf);	/* ids are 1 to this */

/* The type of an id; false when there is none. */
bool btfview_type(const struct asm_btf *btf, uint32_t id, struct btfview_type *out);

/* The n-th u32 behind the common part of a type; its kind and vlen must say that it is there. */
uint32_t btfview_word(const struct asm_btf *btf, const struct btfview_type *type, uint32_t n);

/* A name of the data; "" when it lies outside. */
const char *btfview_string(const struct asm_btf *btf, uint32_t offset);

/* All strings, and how many bytes they are. */
const char *btfview_strings(const struct asm_btf *btf, uint32_t *len);

/* How long a name is without its flavour: "name___flavour". */
size_t btfview_plain(const char *name);

/*
 * The next type behind an id that has a kind of the mask (bits 1 << enum asm_btf_kind) and,
 * flavours aside, that name; 0 when there is none. Those of a base are none.
 */
uint32_t btfview_next(const struct asm_btf *btf, uint32_t id, uint32_t mask, const char *name);

#endif
