/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * elffile.h - the parts of a program, a shared library or a debug file: headers, tables, sections
 * and notes. The file may hold anything.
 */
#ifndef ELFFILE_H
#define ELFFILE_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a field is in its record. */
struct elffile_span {
	uint8_t at, size;
};

/* ELF64 and ELF32 differ in where the fields are. */
struct elffile_layout {
	uint8_t word, ehdr, phdr, shdr, sym;	/* bytes of each */
	struct elffile_span phoff, shoff, phentsize, phnum, shentsize, shnum, shstrndx;
	struct elffile_span p_type, p_offset, p_vaddr, p_filesz, p_flags;
	struct elffile_span sh_name, sh_type, sh_flags, sh_addr, sh_offset, sh_size, sh_link;
	struct elffile_span st_name, st_value, st_size, st_info, st_other, st_shndx;
};

enum { ELFFILE_COMPRESSED = 1 << 11 };	/* SHF_COMPRESSED */

struct elffile_table {
	uint8_t *data;		/* owned, with a NUL behind it */
	size_t count;		/* records, or bytes */
};

struct elffile {
	int fd;
	uint64_t size;
	const struct elffile_layout *at;
	bool fixed;		/* it runs at the addresses that it has: ET_EXEC */
	uint16_t machine;
	uint64_t shstrndx;
	struct elffile_table segments, sections;
	char *why;		/* takes reasons */
	size_t why_size;	/* 0: nobody wants them */
};

uint64_t elffile_get(const uint8_t *record, struct elffile_span span);

/*
 * Open by a descriptor, or a -errno, which is the file's from then on; why and why_size are set.
 * 0, or -errno and the reason in why: -ENOEXEC for what is no ELF program or library for this
 * machine. To be closed in either case.
 */
int elffile_open(struct elffile *file, int fd);
void elffile_close(struct elffile *file);

/* Say why not; returns err. */
int elffile_refuse(struct elffile *file, int err, const char *reason);

/* Bytes of the file from an offset. 0 or -errno. */
int elffile_read(int fd, uint8_t *data, size_t len, uint64_t offset);

/* The records of a section, or bytes as records of 1. 0, or -errno and the reason. */
int elffile_section(struct elffile *file, size_t index, size_t record,
		    struct elffile_table *out);

/* The section of that name: its index, sections.count when there is none, or -errno. */
int64_t elffile_find(struct elffile *file, const char *name);

/* A note: lengths of name and content, a number, then both, each rounded up to 4. */
typedef bool elffile_note_fn(void *arg, const Elf32_Nhdr *note, const uint8_t *name,
			     const uint8_t *content);

/* Visit all notes, until fn says that it is enough. 0, or -errno and the reason. */
int elffile_notes(struct elffile *file, elffile_note_fn *fn, void *arg);

bool elffile_is_note(const Elf32_Nhdr *note, const uint8_t *name, uint32_t type,
		     const char *owner);

#endif
