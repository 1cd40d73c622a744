/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * elf_read_file.h - sections and symbols of an ELF file for BPF.
 *
 * The bytes may say anything. What efile_open() has accepted lies inside of them: names end, the
 * contents of a section are all there, and no two sections share bytes, so that reading each of
 * them once is linear in the length of the file.
 */
#ifndef ELF_READ_FILE_H
#define ELF_READ_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mem;

struct efile_section {
	const char *name;
	uint32_t type;		/* SHT_... */
	uint32_t link, info;
	uint64_t flags, size;
	const uint8_t *data;	/* NULL: it has no bytes in the file */
};

struct efile_symbol {
	const char *name;	/* "" where it has none */
	uint64_t value, size;
	uint32_t section;	/* SHN_... from SHN_LORESERVE on; else below nsections */
	uint8_t type, bind;	/* STT_..., STB_... */
	uint8_t visibility;	/* STV_... */
};

struct efile_reloc {
	uint64_t offset;	/* in the section; the addend stands there */
	uint32_t symbol, type;
};

struct efile {
	const uint8_t *data;	/* the caller's */
	size_t len;
	bool big;
	struct efile_section *sections; /* sections[0] is none */
	uint32_t nsections;
	uint32_t symtab;	/* index; 0: there is none */
	uint32_t nsymbols;
};

/* A reason fits in EFILE_WHY bytes. */
enum { EFILE_WHY = 160 };

/* Look the file over. False with a reason in why. */
bool efile_open(struct efile *file, struct mem *mem, const void *data, size_t len, char *why);

/* Numbers in the byte order of the file. */
uint32_t efile_u32(const struct efile *file, const uint8_t *at);
uint64_t efile_u64(const struct efile *file, const uint8_t *at);

/* Symbol i of nsymbols. False with a reason in why. */
bool efile_symbol(const struct efile *file, uint32_t i, struct efile_symbol *out, char *why);

/* How many relocations a section of type SHT_REL has, and the i-th of them. */
size_t efile_relocs(const struct efile_section *section);
void efile_reloc(const struct efile *file, const struct efile_section *section, size_t i,
		 struct efile_reloc *out);

#endif
