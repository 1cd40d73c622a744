/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * elffile.c - headers, tables, sections and notes of an ELF file.
 *
 * Only the tables that are needed are read, each into memory, so that a file that shrinks meanwhile
 * is an error and no more.
 */
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../asm/asm.h"
#include "elffile.h"
#include "sys.h"

/* ---- where fields are ---- */

#define SPAN(type, field) { offsetof(type, field), sizeof(((type *)0)->field) }
#define LAYOUT(bits) { \
	bits / 8, sizeof(Elf##bits##_Ehdr), sizeof(Elf##bits##_Phdr), sizeof(Elf##bits##_Shdr), \
	sizeof(Elf##bits##_Sym), \
	SPAN(Elf##bits##_Ehdr, e_phoff), SPAN(Elf##bits##_Ehdr, e_shoff), \
	SPAN(Elf##bits##_Ehdr, e_phentsize), SPAN(Elf##bits##_Ehdr, e_phnum), \
	SPAN(Elf##bits##_Ehdr, e_shentsize), SPAN(Elf##bits##_Ehdr, e_shnum), \
	SPAN(Elf##bits##_Ehdr, e_shstrndx), \
	SPAN(Elf##bits##_Phdr, p_type), SPAN(Elf##bits##_Phdr, p_offset), \
	SPAN(Elf##bits##_Phdr, p_vaddr), SPAN(Elf##bits##_Phdr, p_filesz), \
	SPAN(Elf##bits##_Phdr, p_flags), \
	SPAN(Elf##bits##_Shdr, sh_name), SPAN(Elf##bits##_Shdr, sh_type), \
	SPAN(Elf##bits##_Shdr, sh_flags), \
	SPAN(Elf##bits##_Shdr, sh_addr), SPAN(Elf##bits##_Shdr, sh_offset), \
	SPAN(Elf##bits##_Shdr, sh_size), SPAN(Elf##bits##_Shdr, sh_link), \
	SPAN(Elf##bits##_Sym, st_name), SPAN(Elf##bits##_Sym, st_value), \
	SPAN(Elf##bits##_Sym, st_size), SPAN(Elf##bits##_Sym, st_info), \
	SPAN(Elf##bits##_Sym, st_other), SPAN(Elf##bits##_Sym, st_shndx), \
}

static const struct elffile_layout elf32 = LAYOUT(32), elf64 = LAYOUT(64);

uint64_t elffile_get(const uint8_t *record, struct elffile_span span)
{
	uint64_t whole = 0;
	uint32_t word;
	uint16_t half;

	switch (span.size) {
	case 1:
		return record[span.at];
	case 2:
		memcpy(&half, record + span.at, sizeof(half));
		return half;
	case 4:
		memcpy(&word, record + span.at, sizeof(word));
		return word;
	}
	memcpy(&whole, record + span.at, sizeof(whole));
	return whole;
}

/* ---- pieces of the file ---- */

enum { PIECE_MOST = 1 << 28 };	/* bytes: the symbols of the largest programs are a tenth of it */

int elffile_refuse(struct elffile *file, int err, const char *reason)
{
	snprintf(file->why, file->why_size, "%s", reason);
	return err;
}

int elffile_read(int fd, uint8_t *data, size_t len, uint64_t offset)
{
	int before = errno, err = 0;
	size_t done = 0;

	while (done < len && !err) {
		ssize_t n = pread(fd, data + done, len - done, (off_t)(offset + done));

		if (n > 0)
			done += (size_t)n;
		else if (n == 0)
			err = -EIO;	/* it was longer a moment ago */
		else if (errno != EINTR)
			err = -errno;
	}
	errno = before;
	return err;
}

/* Records of that size from a place of the file, which must lie in it. */
static int read_table(struct elffile *file, uint64_t offset, uint64_t count, size_t record,
		      struct elffile_table *out)
{
	uint64_t len = count * record;
	int err;

	if (count > PIECE_MOST || len > PIECE_MOST || offset > file->size ||
	    len > file->size - offset)
		return elffile_refuse(file, -ENOEXEC,
				      "it is damaged: a table reaches past its end");
	out->data = calloc((size_t)len + 1, 1);
	if (!out->data)
		return elffile_refuse(file, -ENOMEM, strerror(ENOMEM));
	err = elffile_read(file->fd, out->data, (size_t)len, offset);
	if (err)
		return elffile_refuse(file, err, strerror(-err));
	out->count = (size_t)count;
	return 0;
}

/* ---- the file ---- */

static int check_ident(struct elffile *file, const uint8_t ident[EI_NIDENT])
{
	static const uint8_t native = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB :
				      ELFDATA2MSB;

	if (memcmp(ident, ELFMAG, SELFMAG) != 0)
		return elffile_refuse(file, -ENOEXEC, "it is no ELF file");
	if (ident[EI_DATA] != native)
		return elffile_refuse(file, -ENOEXEC, "it is for CPUs of the other byte order");
	file->at = ident[EI_CLASS] == ELFCLASS64 ? &elf64 :
		   ident[EI_CLASS] == ELFCLASS32 ? &elf32 : NULL;
	return file->at ? 0 : elffile_refuse(file, -ENOEXEC, "it is neither ELF64 nor ELF32");
}

/* e_type and e_machine are at the same place in both classes. */
static int check_header(struct elffile *file, const uint8_t *header)
{
	const struct asm_cpu *cpu = asm_cpu_native();
	const struct elffile_span type = SPAN(Elf64_Ehdr, e_type);
	const struct elffile_span machine = SPAN(Elf64_Ehdr, e_machine);
	const struct elffile_layout *at = file->at;
	uint64_t phnum = elffile_get(header, at->phnum), shnum = elffile_get(header, at->shnum);

	file->machine = (uint16_t)elffile_get(header, machine);
	file->shstrndx = elffile_get(header, at->shstrndx);
	file->fixed = elffile_get(header, type) == ET_EXEC;
	if (!file->fixed && elffile_get(header, type) != ET_DYN)
		return elffile_refuse(file, -ENOEXEC,
				      "it is neither a program nor a shared library");
	if (at == &elf64 && cpu && file->machine != cpu->machine)
		return elffile_refuse(file, -ENOEXEC, "it is for another CPU");
	if ((phnum && elffile_get(header, at->phentsize) != at->phdr) ||
	    (shnum && elffile_get(header, at->shentsize) != at->shdr))
		return elffile_refuse(file, -ENOEXEC, "it is damaged: headers of another size");
	return 0;
}

static int read_headers(struct elffile *file)
{
	uint8_t header[sizeof(Elf64_Ehdr)] = { 0 };
	size_t len = file->size < sizeof(header) ? (size_t)file->size : sizeof(header);
	int err = elffile_read(file->fd, header, len, 0);

	if (err)
		return elffile_refuse(file, err, strerror(-err));
	err = check_ident(file, header);
	if (!err && file->size < file->at->ehdr)
		err = elffile_refuse(file, -ENOEXEC, "it is damaged: it ends in its header");
	if (!err)
		err = check_header(file, header);
	if (!err)
		err = read_table(file, elffile_get(header, file->at->phoff),
				 elffile_get(header, file->at->phnum), file->at->phdr,
				 &file->segments);
	if (!err)
		err = read_table(file, elffile_get(header, file->at->shoff),
				 elffile_get(header, file->at->shnum), file->at->shdr,
				 &file->sections);
	return err;
}

int elffile_open(struct elffile *file, int fd)
{
	struct stat st;

	file->fd = fd;
	if (fd < 0)
		return elffile_refuse(file, fd, strerror(-fd));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return elffile_refuse(file, -ENOEXEC, "it is no regular file");
	file->size = (uint64_t)st.st_size;
	return read_headers(file);
}

void elffile_close(struct elffile *file)
{
	free(file->sections.data);
	free(file->segments.data);
	sys_close(file->fd);
}

/* ---- sections ---- */

int elffile_section(struct elffile *file, size_t index, size_t record,
		    struct elffile_table *out)
{
	const uint8_t *section = file->sections.data + index * file->at->shdr;

	return read_table(file, elffile_get(section, file->at->sh_offset),
			  elffile_get(section, file->at->sh_size) / record, record, out);
}

int64_t elffile_find(struct elffile *file, const char *name)
{
	struct elffile_table names = { 0 };
	size_t i = file->sections.count;
	int err = 0;

	if (file->shstrndx < i)
		err = elffile_section(file, (size_t)file->shstrndx, 1, &names);
	for (i = 0; i < file->sections.count && names.count; i++) {
		uint64_t at = elffile_get(file->sections.data + i * file->at->shdr,
					  file->at->sh_name);

		if (at < names.count && strcmp((const char *)names.data + at, name) == 0)
			break;
	}
	free(names.data);
	return err ? err : names.count ? (int64_t)i : (int64_t)file->sections.count;
}

static size_t round_up(uint32_t len)
{
	return ((size_t)len + 3) & ~(size_t)3;
}

/* False: fn has said that it is enough. */
static bool visit_notes(const struct elffile_table *notes, elffile_note_fn *fn, void *arg)
{
	const uint8_t *at = notes->data, *end = at + notes->count;
	Elf32_Nhdr note;	/* and of ELF64 */

	while ((size_t)(end - at) >= sizeof(note)) {
		size_t left, name, content;

		memcpy(&note, at, sizeof(note));
		at += sizeof(note);
		left = (size_t)(end - at);
		if (note.n_namesz > left || round_up(note.n_namesz) > left)
			return true;
		name = round_up(note.n_namesz);
		if (note.n_descsz > left - name)
			return true;
		if (!fn(arg, &note, at, at + name))
			return false;
		content = round_up(note.n_descsz);
		at += content < left - name ? name + content : left;
	}
	return true;
}

int elffile_notes(struct elffile *file, elffile_note_fn *fn, void *arg)
{
	bool more = true;
	int err = 0;

	for (size_t i = 0; i < file->sections.count && !err && more; i++) {
		const uint8_t *section = file->sections.data + i * file->at->shdr;
		struct elffile_table notes = { 0 };

		if (elffile_get(section, file->at->sh_type) != SHT_NOTE)
			continue;
		err = elffile_section(file, i, 1, &notes);
		if (!err)
			more = visit_notes(&notes, fn, arg);
		free(notes.data);
	}
	return err;
}

bool elffile_is_note(const Elf32_Nhdr *note, const uint8_t *name, uint32_t type, const char *owner)
{
	size_t len = strlen(owner) + 1;

	return note->n_type == type && note->n_namesz == len && memcmp(name, owner, len) == 0;
}

