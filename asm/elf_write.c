/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * elf_write.c - ELF objects as clang makes them for BPF. Source: the System V ABI on ELF-64,
 * Documentation/bpf/llvm_reloc.rst (7.2).
 */
#include <elf.h>
#include <errno.h>
#include <setjmp.h>
#include <string.h>

#include "asm.h"
#include "symbols.h"
#include "bytes.h"
#include "diag.h"
#include "elf.h"
#include "mem.h"
#include "elf_write.h"

enum { CODE_ALIGN = 8, DATA_ALIGN = 8, TABLE_ALIGN = 8, BTF_ALIGN = 4 };

/* As clang has the call of a kernel function. */
enum { KFUNC_SRC = 1, KFUNC_IMM = -1 };

struct section {
	const char *name;
	uint32_t type, link, info;
	uint64_t flags, align, entry;
	const uint8_t *data;		/* NULL: it has none in the file */
	uint64_t size, offset;
};

struct writer {
	struct elf_out *out;
	struct strtab names;
	struct section *sections;	/* the first ones have a symbol of the same number */
	size_t nsections, sections_room;
	struct bytes symbols;
	uint32_t nsymbols, nlocals;
	uint32_t *map_sections;		/* of maps with data */
	uint32_t *map_symbols;		/* of a map with data that of its first variable */
	uint32_t *func_symbols;
	uint32_t first_extern;		/* symbol */
	uint32_t maps_section, license_section;
	struct asm_insn *insns;		/* as loaders want them before relocation */
};

static struct bytes write_bytes(struct writer *w)
{
	struct bytes bytes;

	memset(&bytes, 0, sizeof(bytes));
	bytes.mem = &w->out->mem;
	bytes.endian = w->out->obj->endian;
	return bytes;
}

static uint32_t write_name(struct writer *w, const char *name)
{
	return strtab_add(&w->names, name, strlen(name));
}

static uint32_t write_section(struct writer *w, const struct section *section)
{
	w->sections = mem_grow(&w->out->mem, w->sections, &w->sections_room, w->nsections + 1,
			       sizeof(*w->sections));
	w->sections[w->nsections] = *section;
	return (uint32_t)w->nsections++;
}

/* ---- sections that have symbols ---- */

static uint32_t write_data(struct writer *w, const char *name, uint64_t flags, const void *data,
			   uint64_t size)
{
	return write_section(w, &(struct section){
		.name = name, .type = data ? SHT_PROGBITS : SHT_NOBITS, .flags = flags,
		.align = DATA_ALIGN, .data = data, .size = size });
}

static void write_globals(struct writer *w)
{
	const struct asm_object *obj = w->out->obj;
	size_t i;

	for (i = 0; i < obj->nmaps; i++) {
		const struct asm_map *map = &obj->maps[i];
		bool constant = !strcmp(map->name, ".rodata"), zero = !strcmp(map->name, ".bss");

		if (map->data)
			w->map_sections[i] = write_data(w, map->name,
				constant ? SHF_ALLOC : SHF_ALLOC | SHF_WRITE,
				zero ? NULL : map->data, map->value_size);
	}
}

static void write_contents(struct writer *w)
{
	const struct elf_out *out = w->out;
	size_t i;

	write_section(w, &(struct section){ .name = "", .type = SHT_NULL });
	for (i = 0; i < out->ncodes; i++)
		write_section(w, &(struct section){
			.name = out->codes[i].name, .type = SHT_PROGBITS,
			.flags = SHF_ALLOC | SHF_EXECINSTR, .align = CODE_ALIGN });
	write_globals(w);
	if (out->maps_size)
		w->maps_section = write_data(w, ".maps", SHF_ALLOC | SHF_WRITE,
					     mem_alloc(&w->out->mem, out->maps_size),
					     out->maps_size);
	if (out->obj->license)
		w->license_section = write_data(w, "license", SHF_ALLOC | SHF_WRITE,
						out->obj->license,
						strlen(out->obj->license) + 1);
}

/* ---- symbols ---- */

static uint32_t write_symbol(struct writer *w, const char *name, unsigned char info,
			     uint32_t section, uint64_t value, uint64_t size)
{
	bytes_put(&w->symbols, 4, write_name(w, name));
	bytes_put(&w->symbols, 1, info);
	bytes_put(&w->symbols, 1, STV_DEFAULT);
	bytes_put(&w->symbols, 2, section);
	bytes_put(&w->symbols, 8, value);
	bytes_put(&w->symbols, 8, size);
	return w->nsymbols++;
}

/* Programs are global, the functions that they call local. */
static void write_function_symbols(struct writer *w, unsigned char bind)
{
	const struct elf_out *out = w->out;
	size_t i;

	for (i = 0; i < out->obj->nfuncs; i++) {
		const struct asm_func *func = &out->obj->funcs[i];
		const struct elf_place *place = &out->places[i];

		if ((bind == STB_GLOBAL) != (func->section != NULL))
			continue;
		w->func_symbols[i] = write_symbol(w, func->name,
						  (unsigned char)ELF64_ST_INFO(bind, STT_FUNC),
						  place->code + 1, (uint64_t)place->slot * ELF_SLOT,
						  (uint64_t)func->count * ELF_SLOT);
	}
}

static void write_map_symbols(struct writer *w, size_t index)
{
	const struct asm_map *map = &w->out->obj->maps[index];
	const unsigned char info = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT);
	size_t i;

	w->map_symbols[index] = w->nsymbols;
	if (!map->data)
		write_symbol(w, map->name, info, w->maps_section, w->out->maps[index].offset,
			     w->out->maps[index].size);
	for (i = 0; map->data && i < map->value.type->nfields; i++) {
		const struct asm_field *field = &map->value.type->fields[i];

		write_symbol(w, field->name, info, w->map_sections[index], field->offset,
			     asm_sizeof(field->type));
	}
}

static void write_symbols(struct writer *w)
{
	const unsigned char weak = ELF64_ST_INFO(STB_WEAK, STT_NOTYPE);
	const unsigned char strong = ELF64_ST_INFO(STB_GLOBAL, STT_NOTYPE);
	const struct elf_out *out = w->out;
	size_t i;

	write_symbol(w, "", ELF64_ST_INFO(STB_LOCAL, STT_NOTYPE), SHN_UNDEF, 0, 0);
	for (i = 1; i < w->nsections; i++)
		write_symbol(w, "", ELF64_ST_INFO(STB_LOCAL, STT_SECTION), (uint32_t)i, 0, 0);
	write_function_symbols(w, STB_LOCAL);
	w->nlocals = w->nsymbols;
	write_function_symbols(w, STB_GLOBAL);
	for (i = 0; i < out->obj->nmaps; i++)
		write_map_symbols(w, i);
	if (out->obj->license)
		write_symbol(w, out->license_name, ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT),
			     w->license_section, 0, strlen(out->obj->license) + 1);
	w->first_extern = w->nsymbols;
	for (i = 0; i < out->nexterns; i++)
		write_symbol(w, out->externs[i].name, out->externs[i].weak ? weak : strong,
			     SHN_UNDEF, 0, 0);
}

/* ---- relocations ---- */

/* The number of the variable that begins at an offset of a section, or of none. */
static size_t write_find_variable(const struct asm_type *type, uint32_t offset)
{
	size_t i = asm_rows_below(type->fields, type->nfields, sizeof(*type->fields),
				  offsetof(struct asm_field, offset), offset);

	return i < type->nfields && type->fields[i].offset == offset ? i : type->nfields;
}

/* A variable by its symbol; what is inside of one by the section's and the offset. */
static uint32_t write_variable(struct writer *w, const struct asm_reloc *reloc,
			       struct asm_insn *insn)
{
	const struct asm_type *type = w->out->obj->maps[reloc->index].value.type;
	size_t i = write_find_variable(type, (uint32_t)reloc->addend);

	if (i < type->nfields)
		return w->map_symbols[reloc->index] + (uint32_t)i;
	insn->imm = reloc->addend;
	return w->map_sections[reloc->index];
}

/* Distances within a section are settled, and need no relocation. */
static uint32_t write_call(struct writer *w, const struct asm_reloc *reloc,
			   const struct elf_place *from, uint32_t slot, struct asm_insn *insn)
{
	const struct elf_place *to = &w->out->places[reloc->index];

	insn->imm = (int32_t)to->slot - 1;
	if (to->code != from->code)
		return to->code + 1;
	insn->imm -= (int32_t)slot;
	return 0;
}

/*
 * Bring the slots of a reference into the form that loaders expect. Returns the symbol it refers
 * to; 0: none.
 */
static uint32_t write_reference(struct writer *w, const struct asm_reloc *reloc,
				const struct elf_place *from, uint32_t slot)
{
	struct asm_insn *insn = &w->insns[reloc->slot];
	const struct elf_place *to;

	if (reloc->kind == ASM_RELOC_CALL)
		return write_call(w, reloc, from, slot, insn);
	if (reloc->kind == ASM_RELOC_KFUNC) {
		insn->regs = KFUNC_SRC << 4;
		insn->imm = KFUNC_IMM;
		return w->first_extern + symbols_get(&w->out->extern_names, reloc->name,
						     strlen(reloc->name))->index;
	}
	insn->regs = (uint8_t)asm_dst(*insn);
	insn[0].imm = 0;
	insn[1].imm = 0;
	switch (reloc->kind) {
	case ASM_RELOC_MAP:
		return w->map_symbols[reloc->index];
	case ASM_RELOC_MAP_VALUE:
		return write_variable(w, reloc, insn);
	case ASM_RELOC_FUNC:
		to = &w->out->places[reloc->index];
		insn->imm = (int32_t)to->slot * ELF_SLOT;
		return to->code + 1;
	default:
		return w->first_extern + symbols_get(&w->out->extern_names, reloc->name,
						     strlen(reloc->name))->index;
	}
}

static void write_reloc(struct writer *w, const struct asm_reloc *reloc, size_t func)
{
	const struct elf_place *place = &w->out->places[func];
	uint32_t slot = place->slot + reloc->slot - w->out->obj->funcs[func].start;
	struct bytes *relocs = &w->out->codes[place->code].relocs;
	bool call = reloc->kind == ASM_RELOC_CALL || reloc->kind == ASM_RELOC_KFUNC;
	uint64_t symbol = write_reference(w, reloc, place, slot);

	if (!symbol)
		return;
	bytes_put(relocs, 8, (uint64_t)slot * ELF_SLOT);
	bytes_put(relocs, 8, ELF64_R_INFO(symbol, call ? ELF_BPF_64_32 : ELF_BPF_64_64));
}

static void write_code(struct writer *w)
{
	const struct asm_object *obj = w->out->obj;
	uint8_t slot[ELF_SLOT];
	size_t func, i, reloc = 0;

	w->insns = mem_alloc(&w->out->mem, obj->ninsns * sizeof(*w->insns));
	memcpy(w->insns, obj->insns, obj->ninsns * sizeof(*w->insns));
	for (func = 0; func < obj->nfuncs; func++) {
		uint32_t end = obj->funcs[func].start + obj->funcs[func].count;
		struct bytes *text = &w->out->codes[w->out->places[func].code].text;

		for (; reloc < obj->nrelocs && obj->relocs[reloc].slot < end; reloc++)
			write_reloc(w, &obj->relocs[reloc], func);
		for (i = obj->funcs[func].start; i < end; i++) {
			asm_insn_bytes(w->insns[i], obj->endian, slot);
			bytes_append(text, slot, sizeof(slot));
		}
	}
}

/* ---- the rest of the sections ---- */

static uint32_t write_table(struct writer *w, const char *name, uint32_t type, uint64_t align,
			    const struct bytes *bytes)
{
	return write_section(w, &(struct section){ .name = name, .type = type, .align = align,
						   .data = bytes->data, .size = bytes->len });
}

static void write_reloc_sections(struct writer *w, uint32_t symtab)
{
	const char prefix[] = ".rel";
	size_t i;

	for (i = 0; i < w->out->ncodes; i++) {
		struct elf_code *code = &w->out->codes[i];
		size_t len = strlen(code->name);
		struct section *section;
		uint32_t number;
		char *name;

		w->sections[i + 1].data = code->text.data;
		w->sections[i + 1].size = code->text.len;
		if (!code->relocs.len)
			continue;
		name = mem_alloc(&w->out->mem, sizeof(prefix) + len);
		memcpy(name, prefix, sizeof(prefix) - 1);
		memcpy(name + sizeof(prefix) - 1, code->name, len);
		number = write_table(w, name, SHT_REL, TABLE_ALIGN, &code->relocs);
		section = &w->sections[number];
		section->flags = SHF_INFO_LINK;
		section->link = symtab;
		section->info = (uint32_t)i + 1;
		section->entry = sizeof(Elf64_Rel);
	}
}

/* What maps begin with: addresses of the variables of maps, and of programs. */
static void write_slots(struct writer *w, uint32_t symtab)
{
	const struct asm_object *obj = w->out->obj;
	struct bytes *relocs = mem_alloc(&w->out->mem, sizeof(*relocs));
	struct section *section;
	uint64_t symbol;
	size_t i;

	*relocs = write_bytes(w);
	for (i = 0; i < obj->nslots; i++) {
		const struct asm_slot *slot = &obj->slots[i];
		const struct elf_map *map = &w->out->maps[slot->map];

		symbol = obj->maps[slot->map].inner ? w->map_symbols[slot->index] :
						      w->func_symbols[slot->index];
		bytes_put(relocs, 8, map->offset + map->values + slot->key * ELF_SLOT);
		bytes_put(relocs, 8, ELF64_R_INFO(symbol, ELF_BPF_64_64));
	}
	if (!obj->nslots)
		return;
	section = &w->sections[write_table(w, ".rel.maps", SHT_REL, TABLE_ALIGN, relocs)];
	section->flags = SHF_INFO_LINK;
	section->link = symtab;
	section->info = w->maps_section;
	section->entry = sizeof(Elf64_Rel);
}

/* Returns the number of the section with the names, which come when all are known. */
static uint32_t write_tables(struct writer *w, const struct bytes *btf, const struct bytes *ext)
{
	const struct bytes none = { .data = NULL };
	uint32_t symtab, strtab;

	write_table(w, ".BTF", SHT_PROGBITS, BTF_ALIGN, btf);
	write_table(w, ".BTF.ext", SHT_PROGBITS, BTF_ALIGN, ext);
	symtab = write_table(w, ".symtab", SHT_SYMTAB, TABLE_ALIGN, &w->symbols);
	strtab = write_table(w, ".strtab", SHT_STRTAB, 1, &none);
	w->sections[symtab].entry = sizeof(Elf64_Sym);
	w->sections[symtab].link = strtab;
	w->sections[symtab].info = w->nlocals;
	write_reloc_sections(w, symtab);
	write_slots(w, symtab);
	for (size_t i = 0; i < w->nsections; i++)
		write_name(w, w->sections[i].name);
	w->sections[strtab].data = w->names.text.data;
	w->sections[strtab].size = w->names.text.len;
	return strtab;
}

/* ---- the file ---- */

static void write_header(struct writer *w, struct bytes *out, uint64_t table, uint32_t strtab)
{
	unsigned char ident[EI_NIDENT] = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
					   out->endian == ASM_BIG ? ELFDATA2MSB : ELFDATA2LSB,
					   EV_CURRENT };

	bytes_append(out, ident, sizeof(ident));
	bytes_put(out, 2, ET_REL);
	bytes_put(out, 2, ELF_MACHINE_BPF);
	bytes_put(out, 4, EV_CURRENT);
	bytes_put(out, 8, 0);			/* e_entry */
	bytes_put(out, 8, 0);			/* e_phoff */
	bytes_put(out, 8, table);
	bytes_put(out, 4, 0);			/* e_flags */
	bytes_put(out, 2, sizeof(Elf64_Ehdr));
	bytes_put(out, 2, 0);			/* e_phentsize */
	bytes_put(out, 2, 0);			/* e_phnum */
	bytes_put(out, 2, sizeof(Elf64_Shdr));
	bytes_put(out, 2, w->nsections);
	bytes_put(out, 2, strtab);
}

static void write_section_header(struct writer *w, struct bytes *out,
				 const struct section *section)
{
	bytes_put(out, 4, write_name(w, section->name));
	bytes_put(out, 4, section->type);
	bytes_put(out, 8, section->flags);
	bytes_put(out, 8, 0);			/* sh_addr */
	bytes_put(out, 8, section->offset);
	bytes_put(out, 8, section->size);
	bytes_put(out, 4, section->link);
	bytes_put(out, 4, section->info);
	bytes_put(out, 8, section->align);
	bytes_put(out, 8, section->entry);
}

static uint64_t write_align(uint64_t offset, uint64_t align)
{
	return align ? (offset + align - 1) / align * align : offset;
}

/* Returns where the table of sections goes, behind all of them. */
static uint64_t write_place_sections(struct writer *w)
{
	uint64_t offset = sizeof(Elf64_Ehdr);
	size_t i;

	for (i = 1; i < w->nsections; i++) {
		struct section *section = &w->sections[i];

		section->offset = write_align(offset, section->align);
		if (section->data)
			offset = section->offset + section->size;
	}
	return write_align(offset, TABLE_ALIGN);
}

static void write_pad(FILE *f, uint64_t from, uint64_t to)
{
	for (; from < to; from++)
		fputc(0, f);
}

static void write_file(struct writer *w, FILE *f, uint32_t strtab)
{
	uint64_t table = write_place_sections(w), at = sizeof(Elf64_Ehdr);
	struct bytes header = write_bytes(w), headers = write_bytes(w);
	size_t i;

	write_header(w, &header, table, strtab);
	fwrite(header.data, 1, header.len, f);
	for (i = 0; i < w->nsections; i++) {
		const struct section *section = &w->sections[i];

		write_section_header(w, &headers, section);
		if (!section->data)
			continue;
		write_pad(f, at, section->offset);
		fwrite(section->data, 1, section->size, f);
		at = section->offset + section->size;
	}
	write_pad(f, at, table);
	fwrite(headers.data, 1, headers.len, f);
}

/* Reports to out->diags, and then writes nothing. */
static void write_object(FILE *f, struct elf_out *out)
{
	struct writer w = { .out = out };
	struct bytes btf = write_bytes(&w), ext = write_bytes(&w);

	elf_place(out);
	elf_check(out);
	elf_btf(out, &btf, &ext);
	if (out->diags.errors)
		return;
	strtab_init(&w.names, &out->mem);
	w.symbols = write_bytes(&w);
	w.map_sections = mem_alloc(&out->mem, out->obj->nmaps * sizeof(*w.map_sections));
	w.func_symbols = mem_alloc(&out->mem, out->obj->nfuncs * sizeof(*w.func_symbols));
	w.map_symbols = mem_alloc(&out->mem, out->obj->nmaps * sizeof(*w.map_symbols));
	write_contents(&w);
	write_symbols(&w);
	write_code(&w);
	write_file(&w, f, write_tables(&w, &btf, &ext));
}

/* 0, or -ENOMEM when out->mem has given up. */
static int write_guarded(FILE *f, struct elf_out *out, const struct asm_options *opt)
{
	jmp_buf oom;

	if (setjmp(oom))
		return -ENOMEM;
	out->mem.oom = &oom;
	write_object(f, out);
	diag_flush(&out->diags, out->obj->source, opt);
	return 0;
}

int asm_emit_elf(FILE *f, const struct asm_object *obj, const struct asm_btf *btf, asm_sink *sink,
		 void *sink_arg)
{
	const struct asm_options opt = { .sink = sink, .sink_arg = sink_arg };
	struct elf_out out;
	int ret;

	memset(&out, 0, sizeof(out));
	out.obj = obj;
	out.btf = btf;
	out.diags.mem = &out.mem;
	out.code_names.mem = &out.mem;
	out.extern_names.mem = &out.mem;
	ret = write_guarded(f, &out, &opt);
	if (!ret && out.diags.errors)
		ret = -EINVAL;
	mem_free(&out.mem);
	return ret;
}
