/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * btf_write.h - BTF data being made. Needs asm.h, symbols.h, bytes.h
 *
 * A type is a record of 32-bit words, as Documentation/bpf/btf.rst has it; equal records are one
 * type. Ids count from 1, 0 is void.
 */
#ifndef BTF_WRITE_H
#define BTF_WRITE_H

#include <stddef.h>
#include <stdint.h>

struct mem;

enum {
	BTF_MOST_VLEN = 0xffff,
	BTF_INT_PLAIN = 0, BTF_INT_SIGNED = 1, BTF_INT_CHAR = 2, BTF_INT_BOOL = 4,
};

struct btf_record {
	uint32_t *words;
	size_t n;
};

struct btf_out {
	struct mem *mem;
	struct strtab strings;
	struct symbols known;	/* records by their bytes; index: id */
	struct symbols structs;	/* of the text by name; index: id */
	struct btf_record *records;
	size_t nrecords, room;
};

static inline uint32_t btf_info(enum asm_btf_kind kind, uint32_t vlen)
{
	return (uint32_t)kind << 24 | vlen;
}

void btf_out_init(struct btf_out *out, struct mem *mem);
uint32_t btf_out_name(struct btf_out *out, const char *name);

/* The id of a record, which is copied. */
uint32_t btf_out_add(struct btf_out *out, const uint32_t *words, size_t n);

/* A record of its own, zeroed, to be filled in by the caller until btf_out_finish(). */
uint32_t *btf_out_reserve(struct btf_out *out, size_t n, uint32_t *id);

/* An integer as C names it; encoding is of BTF_INT_... */
uint32_t btf_out_int(struct btf_out *out, uint32_t size, uint32_t encoding);

/* A kind that has nothing but a name, "" for none, and another type. */
uint32_t btf_out_refer(struct btf_out *out, enum asm_btf_kind kind, const char *name,
		       uint32_t type);

uint32_t btf_out_array(struct btf_out *out, uint32_t element, uint32_t count);

/* A type of the text; its structures must be there: btf_out_struct() for each, in text order. */
uint32_t btf_out_type(struct btf_out *out, struct asm_typeref ref);
void btf_out_struct(struct btf_out *out, const struct asm_type *type);

/* The contents of .BTF, to the end of bytes. */
void btf_out_finish(const struct btf_out *out, struct bytes *bytes);

#endif
