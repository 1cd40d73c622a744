/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <elf.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "elf_read_file.h"
#include "elf.h"
#include "mem.h"

__attribute__((format(printf, 2, 3)))
static bool efile_fail(char *why, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(why, EFILE_WHY, format, ap);
	va_end(ap);
	return false;
}

static uint16_t efile_u16(const struct efile *file, const uint8_t *at)
{
	return (uint16_t)(file->big ? at[0] << 8 | at[1] : at[1] << 8 | at[0]);
}

uint32_t efile_u32(const struct efile *file, const uint8_t *at)
{
	uint32_t first = efile_u16(file, at), second = efile_u16(file, at + 2);

	return file->big ? first << 16 | second : second << 16 | first;
}

uint64_t efile_u64(const struct efile *file, const uint8_t *at)
{
	uint64_t first = efile_u32(file, at), second = efile_u32(file, at + 4);

	return file->big ? first << 32 | second : second << 32 | first;
}

/* ---- the header ---- */

static bool efile_check_ident(struct efile *file, char *why)
{
	const uint8_t *ident = file->data;

	if (file->len < EI_NIDENT || memcmp(ident, ELFMAG, SELFMAG) != 0)
		return efile_fail(why, "this is no ELF file");
	if (ident[EI_CLASS] != ELFCLASS64)
		return efile_fail(why, "this is an ELF file of %s bits, those of BPF have 64",
				  ident[EI_CLASS] == ELFCLASS32 ? "32" : "an unknown number of");
	if (ident[EI_DATA] != ELFDATA2LSB && ident[EI_DATA] != ELFDATA2MSB)
		return efile_fail(why, "the byte order of the ELF file is unknown: %u",
				  ident[EI_DATA]);
	if (ident[EI_VERSION] != EV_CURRENT)
		return efile_fail(why, "the version of the ELF file is unknown: %u",
				  ident[EI_VERSION]);
	file->big = ident[EI_DATA] == ELFDATA2MSB;
	if (file->len < sizeof(Elf64_Ehdr))
		return efile_fail(why, "the ELF header is cut short");
	return true;
}

/* Where the table of sections is; it is all there. */
static bool efile_check_header(struct efile *file, const uint8_t **table, char *why)
{
	const uint8_t *head = file->data;
	uint32_t machine = efile_u16(file, head + offsetof(Elf64_Ehdr, e_machine));
	uint32_t type = efile_u16(file, head + offsetof(Elf64_Ehdr, e_type));
	uint32_t each = efile_u16(file, head + offsetof(Elf64_Ehdr, e_shentsize));
	uint64_t at = efile_u64(file, head + offsetof(Elf64_Ehdr, e_shoff));

	if (machine != ELF_MACHINE_BPF)
		return efile_fail(why, "this is an ELF file for machine %u, that of BPF is %u",
				  machine, ELF_MACHINE_BPF);
	if (type != ET_REL)
		return efile_fail(why, "this ELF file is no object: its type is %u, not %u", type,
				  ET_REL);
	file->nsections = efile_u16(file, head + offsetof(Elf64_Ehdr, e_shnum));
	if (!at || !file->nsections)
		return efile_fail(why, "the ELF file has no sections");
	if (each != sizeof(Elf64_Shdr))
		return efile_fail(why, "the headers of the sections have %u bytes, not %zu", each,
				  sizeof(Elf64_Shdr));
	if (at > file->len || (file->len - at) / each < file->nsections)
		return efile_fail(why, "the table of %u sections at byte %llu is cut short",
				  file->nsections, (unsigned long long)at);
	*table = head + at;
	return true;
}

/* ---- sections ---- */

static bool efile_read_section(struct efile *file, const uint8_t *at, uint32_t i,
			       uint64_t *bytes, char *why)
{
	struct efile_section *out = &file->sections[i];
	uint64_t offset = efile_u64(file, at + offsetof(Elf64_Shdr, sh_offset));

	out->name = "";
	out->type = efile_u32(file, at + offsetof(Elf64_Shdr, sh_type));
	out->flags = efile_u64(file, at + offsetof(Elf64_Shdr, sh_flags));
	out->size = efile_u64(file, at + offsetof(Elf64_Shdr, sh_size));
	out->link = efile_u32(file, at + offsetof(Elf64_Shdr, sh_link));
	out->info = efile_u32(file, at + offsetof(Elf64_Shdr, sh_info));
	if (out->type == SHT_NOBITS || out->type == SHT_NULL)
		return true;
	if (offset > file->len || out->size > file->len - offset)
		return efile_fail(why, "section %u goes past the end of the file: %llu bytes from "
				  "byte %llu on", i, (unsigned long long)out->size,
				  (unsigned long long)offset);
	out->data = file->data + offset;
	*bytes += out->size;
	if (*bytes > file->len)
		return efile_fail(why, "the sections share bytes: section %u is one too many", i);
	return true;
}

static bool efile_is_strings(const struct efile *file, uint32_t i)
{
	const struct efile_section *section = &file->sections[i];

	return i < file->nsections && section->type == SHT_STRTAB && section->size &&
	       !section->data[section->size - 1];
}

static bool efile_name_sections(struct efile *file, const uint8_t *table, char *why)
{
	uint32_t strings = efile_u16(file, file->data + offsetof(Elf64_Ehdr, e_shstrndx));
	uint32_t i, name;

	if (!efile_is_strings(file, strings))
		return efile_fail(why, "the names of the sections are in section %u, which has no "
				  "names", strings);
	for (i = 1; i < file->nsections; i++) {
		name = efile_u32(file, table + i * sizeof(Elf64_Shdr));
		if (name >= file->sections[strings].size)
			return efile_fail(why, "the name of section %u lies outside of all names",
					  i);
		file->sections[i].name = (const char *)file->sections[strings].data + name;
	}
	return true;
}

static bool efile_find_symbols(struct efile *file, char *why)
{
	uint32_t i;

	for (i = 1; i < file->nsections; i++) {
		if (file->sections[i].type != SHT_SYMTAB)
			continue;
		if (file->symtab)
			return efile_fail(why, "there are two symbol tables: sections %u and %u",
					  file->symtab, i);
		if (file->sections[i].size % sizeof(Elf64_Sym) ||
		    file->sections[i].size / sizeof(Elf64_Sym) > UINT32_MAX)
			return efile_fail(why, "the symbol table has %llu bytes: no whole number "
					  "of symbols", (unsigned long long)file->sections[i].size);
		if (!efile_is_strings(file, file->sections[i].link))
			return efile_fail(why, "the names of the symbols are in section %u, which "
					  "has no names", file->sections[i].link);
		file->symtab = i;
		file->nsymbols = (uint32_t)(file->sections[i].size / sizeof(Elf64_Sym));
	}
	return true;
}

bool efile_open(struct efile *file, struct mem *mem, const void *data, size_t len, char *why)
{
	const uint8_t *table = NULL;
	uint64_t bytes = 0;
	uint32_t i;

	memset(file, 0, sizeof(*file));
	file->data = data;
	file->len = len;
	if (!efile_check_ident(file, why) || !efile_check_header(file, &table, why))
		return false;
	file->sections = mem_alloc(mem, file->nsections * sizeof(*file->sections));
	for (i = 0; i < file->nsections; i++)
		if (!efile_read_section(file, table + i * sizeof(Elf64_Shdr), i, &bytes, why))
			return false;
	return efile_name_sections(file, table, why) && efile_find_symbols(file, why);
}

/* ---- symbols and relocations ---- */

bool efile_symbol(const struct efile *file, uint32_t i, struct efile_symbol *out, char *why)
{
	const struct efile_section *table = &file->sections[file->symtab];
	const struct efile_section *strings = &file->sections[table->link];
	const uint8_t *at = table->data + (size_t)i * sizeof(Elf64_Sym);
	uint32_t name = efile_u32(file, at);
	uint8_t info = at[offsetof(Elf64_Sym, st_info)];

	out->value = efile_u64(file, at + offsetof(Elf64_Sym, st_value));
	out->size = efile_u64(file, at + offsetof(Elf64_Sym, st_size));
	out->section = efile_u16(file, at + offsetof(Elf64_Sym, st_shndx));
	out->type = ELF64_ST_TYPE(info);
	out->bind = ELF64_ST_BIND(info);
	out->visibility = ELF64_ST_VISIBILITY(at[offsetof(Elf64_Sym, st_other)]);
	if (name >= strings->size)
		return efile_fail(why, "the name of symbol %u lies outside of all names", i);
	out->name = (const char *)strings->data + name;
	if (out->section < SHN_LORESERVE && out->section >= file->nsections)
		return efile_fail(why, "symbol %u is in section %u, and there are %u", i,
				  out->section, file->nsections);
	return true;
}

size_t efile_relocs(const struct efile_section *section)
{
	return (size_t)section->size / sizeof(Elf64_Rel);
}

void efile_reloc(const struct efile *file, const struct efile_section *section, size_t i,
		 struct efile_reloc *out)
{
	const uint8_t *at = section->data + i * sizeof(Elf64_Rel);
	uint64_t info = efile_u64(file, at + offsetof(Elf64_Rel, r_info));

	out->offset = efile_u64(file, at);
	out->symbol = (uint32_t)ELF64_R_SYM(info);
	out->type = (uint32_t)ELF64_R_TYPE(info);
}
