/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* elf_write.h - an ELF object being made. Needs asm.h, symbols.h, bytes.h, diag.h, mem.h */
#ifndef ELF_WRITE_H
#define ELF_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ELF_SLOT = 8, ELF_MOST_SLOTS = 1 << 16 };

/* Where the subprograms are: loaders take them from there only. */
#define ELF_TEXT ".text"

/* A section with instructions; the functions in it are in text order. */
struct elf_code {
	const char *name;
	uint32_t slots;
	struct bytes text, relocs;
	struct bytes funcs, lines, fields;	/* records of .BTF.ext */
};

struct elf_place {
	uint32_t code;			/* index of the section among those with code */
	uint32_t slot;			/* in it */
};

struct elf_extern {
	const char *name;
	uint32_t pos;
	bool func, weak;
};

/* The definition of a map in .maps. Of a map with data, nothing. */
struct elf_map {
	uint32_t offset, size;
	uint32_t values;		/* where in it entries are; 0: it has none */
};

struct elf_out {
	const struct asm_object *obj;
	const struct asm_btf *btf;
	struct mem mem;
	struct diag_list diags;
	struct symbols code_names;	/* index into codes */
	struct elf_code *codes;
	size_t ncodes, codes_room;
	struct elf_place *places;	/* one a function */
	struct symbols extern_names;	/* index into externs */
	struct elf_extern *externs;
	size_t nexterns, externs_room;
	struct elf_map *maps;		/* one a map */
	uint32_t maps_size;
	const char *license_name;	/* of the variable */
};

/* Find a place for each function; report what an object cannot hold. */
void elf_place(struct elf_out *out);
void elf_check(struct elf_out *out);

/* Contents of .BTF, and the records for .BTF.ext into the sections with code. */
void elf_btf(struct elf_out *out, struct bytes *btf, struct bytes *ext);

/* The same types as the kernel takes them, of a text. Only out's obj, mem and diags are in use. */
bool elf_btf_loaded(struct elf_out *out, struct asm_types *types, struct bytes *btf);

#endif
