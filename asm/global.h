/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * global.h - variables that programs share: .rodata, .data and .bss. Needs asm.h
 *
 * Each section becomes an array map of one value, whose type is a structure of the variables; the
 * address of a variable is that of the value plus its offset.
 */
#ifndef GLOBAL_H
#define GLOBAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct unit;

enum { GLOBAL_MOST = 1 << 26 };	/* bytes of a section */

enum global_section { GLOBAL_RODATA, GLOBAL_DATA, GLOBAL_BSS, GLOBAL_SECTIONS };

/* What a name of kind UNIT_GLOBAL stands for. */
struct global {
	struct asm_typeref type;
	enum global_section section;
	uint32_t offset;	/* in it, bytes */
};

/* A section being filled. */
struct global_data {
	struct asm_field *fields;
	size_t nfields, fields_room;
	uint8_t *bytes;
	size_t bytes_room;
	uint32_t size, align;
	uint32_t pos;		/* of its first variable */
	uint32_t map;		/* index of its map, once the text has ended */
};

/* .global [const] TYPE NAME[N] [= value] with the token behind the directive */
bool global_parse(struct unit *unit);

/* Add bytes to a section: where they begin there. False: they are too many, which is reported. */
bool global_add_bytes(struct unit *unit, enum global_section section, const uint8_t *bytes,
		      uint32_t size, uint32_t align, uint32_t pos, uint32_t *offset);

/* Add a variable's name to those of its section; offsets only rise. */
void global_add_field(struct unit *unit, const struct global *global, const char *name,
		      uint32_t pos);

/* All variables are known: make the maps. */
void global_close(struct unit *unit);

#endif
