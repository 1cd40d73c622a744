/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * elf_read.c - ELF objects for BPF, into the model. Source of the conventions: libbpf, and for
 * relocations Documentation/bpf/llvm_reloc.rst.
 */
#include <elf.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asm.h"
#include "btfview.h"
#include "diag.h"
#include "elf_read_file.h"
#include "elf.h"
#include "symbols.h"
#include "elf_read_name.h"
#include "mem.h"
#include "elf_read.h"
#include "elf_read_code.h"
#include "whole.h"

enum { EREAD_SLOT = 8, EREAD_SAY = 400 };

/* ---- diagnostics ---- */

/* The names in a message are those of the file: only text may get through. */
static void eread_send(struct eread *eread, enum asm_severity severity, const char *format,
		       va_list ap)
{
	char text[EREAD_SAY], *at;
	struct asm_diag diag;

	vsnprintf(text, sizeof(text), format, ap);
	for (at = text; *at; at++)
		if (*at < ' ' || *at > '~')
			*at = '?';
	memset(&diag, 0, sizeof(diag));
	diag.severity = severity;
	diag.place.file = eread->name;
	diag.width = 1;
	diag.message = text;
	if (eread->opt->sink)
		eread->opt->sink(eread->opt->sink_arg, &diag);
}

bool eread_error(struct eread *eread, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	eread_send(eread, ASM_ERROR, format, ap);
	va_end(ap);
	return false;
}

void eread_warn(struct eread *eread, const char *format, ...)
{
	va_list ap;

	if (eread->warnings++ >= DIAG_MOST)
		return;
	va_start(ap, format);
	eread_send(eread, ASM_WARNING, format, ap);
	va_end(ap);
}

/* ---- what the other files need ---- */

struct asm_map *eread_new_map(struct eread *eread)
{
	struct asm_object *obj = eread->obj;

	obj->maps = mem_grow(&eread->mem, obj->maps, &eread->maps_room, obj->nmaps + 1,
			     sizeof(*obj->maps));
	memset(&obj->maps[obj->nmaps], 0, sizeof(*obj->maps));
	return &obj->maps[obj->nmaps++];
}

void eread_add_piece(struct eread *eread, const struct eread_piece *piece)
{
	eread->pieces = mem_grow(&eread->mem, eread->pieces, &eread->pieces_room,
				 eread->npieces + 1, sizeof(*eread->pieces));
	eread->pieces[eread->npieces++] = *piece;
}

/* ---- sections ---- */

static bool eread_is_data(const char *name)
{
	static const char *const names[] = { ".rodata", ".data", ".bss" };
	size_t i, len;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		len = strlen(names[i]);
		if (!strncmp(name, names[i], len) && (!name[len] || name[len] == '.'))
			return true;
	}
	return false;
}

static bool eread_code(struct eread *eread, uint32_t i)
{
	const struct efile_section *section = &eread->file.sections[i];

	if (section->size % EREAD_SLOT)
		return eread_error(eread, "section '%s' has %llu bytes: no whole number of slots "
				   "of %d", section->name, (unsigned long long)section->size,
				   EREAD_SLOT);
	eread->sections[i].kind = EREAD_CODE;
	eread->sections[i].base = (uint32_t)eread->obj->ninsns;
	eread->obj->ninsns += section->size / EREAD_SLOT;
	return true;
}

/* Sections that a loader reads, or that nobody does. */
static bool eread_is_expected(const struct efile_section *section)
{
	return !strcmp(section->name, "license") || !strcmp(section->name, "version") ||
	       !strcmp(section->name, "maps") || !strcmp(section->name, ".eh_frame");
}

static bool eread_section(struct eread *eread, uint32_t i)
{
	const struct efile_section *section = &eread->file.sections[i];

	if (!symbols_get(&eread->section_names, section->name, strlen(section->name)))
		symbols_put(&eread->section_names, section->name,
			    strlen(section->name))->index = i;
	if (!section->size || (section->type != SHT_PROGBITS && section->type != SHT_NOBITS))
		return true;
	if (section->flags & SHF_EXECINSTR && section->data)
		return eread_code(eread, i);
	if (!(section->flags & SHF_ALLOC))
		return true;
	if (eread_is_data(section->name))
		return edata_open(eread, i);
	if (!strcmp(section->name, ".maps"))
		eread->sections[i].kind = EREAD_MAPS;
	else if (section->data && (!strcmp(section->name, ".struct_ops") ||
				   !strcmp(section->name, ".struct_ops.link")))
		eread->sections[i].kind = EREAD_OPS;
	else if (!eread_is_expected(section))
		eread_warn(eread, "section '%s' is left out: it has neither instructions, "
			   "variables nor maps", section->name);
	return true;
}

static bool eread_sections(struct eread *eread)
{
	uint32_t i;

	eread->sections = mem_alloc(&eread->mem, eread->file.nsections * sizeof(*eread->sections));
	for (i = 1; i < eread->file.nsections; i++)
		if (!eread_section(eread, i))
			return false;
	if (!eread->obj->ninsns)
		return eread_error(eread, "there are no instructions");
	return true;
}

static bool eread_symbols(struct eread *eread)
{
	struct efile_symbol *symbol;
	char why[EFILE_WHY];
	uint32_t i;

	eread->symbols = mem_alloc(&eread->mem, eread->file.nsymbols * sizeof(*symbol));
	for (i = 0; i < eread->file.nsymbols; i++) {
		symbol = &eread->symbols[i];
		if (!efile_symbol(&eread->file, i, symbol, why))
			return eread_error(eread, "%s", why);
		if (symbol->bind != STB_LOCAL && symbol->section != SHN_UNDEF &&
		    !symbols_get(&eread->globals, symbol->name, strlen(symbol->name)))
			symbols_put(&eread->globals, symbol->name, strlen(symbol->name))->index = i;
	}
	return true;
}

/* ---- what else is read as it stands ---- */

static void eread_license(struct eread *eread)
{
	const struct symbol *symbol = symbols_get(&eread->section_names, "license", 7);
	const struct efile_section *section;

	if (!symbol)
		return;
	section = &eread->file.sections[symbol->index];
	if (section->data)
		eread->obj->license = mem_text(&eread->mem, (const char *)section->data,
					       strnlen((const char *)section->data,
						       (size_t)section->size));
}

/* BTF that is damaged costs types, maps and lines, not the instructions. */
static void eread_btf(struct eread *eread)
{
	const struct symbol *symbol = symbols_get(&eread->section_names, ".BTF", 4);
	const struct efile_section *section = symbol ? &eread->file.sections[symbol->index] : NULL;

	if (!section || !section->data)
		return;
	switch (asm_btf_open(section->data, (size_t)section->size, &eread->btf)) {
	case 0:
		eread->types = mem_alloc(&eread->mem, ((size_t)btfview_count(eread->btf) + 1) *
					 sizeof(*eread->types));
		break;
	case -ENOMEM:
		longjmp(*eread->mem.oom, 1);
	default:
		eread_warn(eread, "the BTF is damaged: maps, types and lines are left out");
	}
}

/* ---- names ---- */

/* A text needs a name for what the maps in a map are like. */
static void eread_name_inner(struct eread *eread, struct asm_map *map)
{
	char name[ASM_NEAR_NAME];

	if (!map->inner)
		return;
	snprintf(name, sizeof(name), "%.48s_inner", map->name);
	map->inner->name = ename_take(&eread->ename, &eread->ename.names,
				      mem_text(&eread->mem, name, strlen(name)));
}

/* Those that others go by come first: they are the least likely to be changed. */
static void eread_name(struct eread *eread)
{
	struct asm_object *obj = eread->obj;
	size_t i;

	for (i = 0; i < obj->nmaps; i++)
		obj->maps[i].symbol = obj->maps[i].name;
	for (i = 0; i < obj->nfuncs; i++)
		obj->funcs[i].symbol = obj->funcs[i].name;
	for (i = 0; i < obj->nmaps; i++)
		if (!obj->maps[i].data)
			obj->maps[i].name = ename_take(&eread->ename, &eread->ename.names,
						       obj->maps[i].name);
	for (i = 0; i < obj->nmaps; i++)
		eread_name_inner(eread, &obj->maps[i]);
	for (i = 0; i < obj->nfuncs; i++)
		if (obj->funcs[i].section)
			obj->funcs[i].name = ename_take(&eread->ename, &eread->ename.names,
							obj->funcs[i].name);
	for (i = 0; i < obj->nfuncs; i++)
		if (!obj->funcs[i].section)
			obj->funcs[i].name = ename_take(&eread->ename, &eread->ename.names,
							obj->funcs[i].name);
}

/* ---- all of it ---- */

static bool eread_object(struct eread *eread, const void *data, size_t len)
{
	char why[EFILE_WHY];

	if (len > INT32_MAX)	/* as of texts */
		return eread_error(eread, "the ELF file is larger than 2 GiB");
	if (!efile_open(&eread->file, &eread->mem, data, len, why))
		return eread_error(eread, "%s", why);
	eread->obj->endian = eread->file.big ? ASM_BIG : ASM_LITTLE;
	if (!eread_sections(eread) || !eread_symbols(eread))
		return false;
	eread_license(eread);
	eread_btf(eread);
	emap_read(eread);
	eops_read(eread);
	eextern_read(eread);
	if (!ecode_read(eread) || !emap_close(eread) || !eops_close(eread))
		return false;
	eread_name(eread);
	edata_close(eread);
	return eset_all(eread) && eline_read(eread);
}

static void eread_prepare(struct eread *eread)
{
	eread->section_names.mem = &eread->mem;
	eread->globals.mem = &eread->mem;
	eread->externs.mem = &eread->mem;
	eread->obj = &((struct whole *)mem_alloc(&eread->mem, sizeof(struct whole)))->obj;
	ename_init(&eread->ename, &eread->mem);
}

/* Give the memory to the object; what only reading needed goes. */
static struct asm_object *eread_finish(struct eread *eread)
{
	struct whole *whole = (struct whole *)eread->obj;

	mem_drop(eread->pieces);
	mem_drop(eread->globals.entries);
	mem_drop(eread->globals.slots);
	mem_drop(eread->externs.entries);
	mem_drop(eread->externs.slots);
	mem_drop(eread->ename.names.entries);
	mem_drop(eread->ename.names.slots);
	whole->mem = eread->mem;
	whole->mem.oom = NULL;
	whole->obj.btf = eread->btf;
	eread->btf = NULL;
	return eread->obj;
}

static struct asm_object *eread_run(struct eread *eread, const void *data, size_t len)
{
	jmp_buf oom;

	eread->mem.oom = &oom;
	if (setjmp(oom)) {
		mem_free(&eread->mem);
		diag_no_memory(eread->opt);
		return NULL;
	}
	eread_prepare(eread);
	if (eread_object(eread, data, len))
		return eread_finish(eread);
	mem_free(&eread->mem);
	return NULL;
}

struct asm_object *asm_read_elf(const char *name, const void *data, size_t len,
				const struct asm_options *opt)
{
	struct eread *eread = calloc(1, sizeof(*eread));
	struct asm_object *obj;

	if (!eread) {
		diag_no_memory(opt);
		return NULL;
	}
	eread->name = name;
	eread->opt = opt;
	obj = eread_run(eread, data, len);
	asm_btf_close(eread->btf);
	free(eread);
	return obj;
}
