/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* bytes.h - data in the target's byte order, and tables of names. Needs asm.h, symbols.h */
#ifndef BYTES_H
#define BYTES_H

#include <stddef.h>
#include <stdint.h>

struct mem;

struct bytes {
	struct mem *mem;
	enum asm_endian endian;
	uint8_t *data;
	size_t len, room;
};

/* Append the low `size` bytes of a number. */
void bytes_put(struct bytes *bytes, unsigned int size, uint64_t value);

void bytes_append(struct bytes *bytes, const void *data, size_t len);

/* Names behind each other, each once; offset 0 is "". */
struct strtab {
	struct symbols known;	/* index: offset */
	struct bytes text;
};

void strtab_init(struct strtab *strtab, struct mem *mem);

/* Offset of a name, which is borrowed. What is no text in it becomes '?'. */
uint32_t strtab_add(struct strtab *strtab, const char *name, size_t len);

#endif
