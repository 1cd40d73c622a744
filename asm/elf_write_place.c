/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * elf_write_place.c - which section of an object a function goes to, and what no object can say.
 * What loaders make of one: tools/lib/bpf/libbpf.c, bpf_program__record_reloc() (7.2).
 */
#include <stdio.h>
#include <string.h>

#include "asm.h"
#include "symbols.h"
#include "bytes.h"
#include "diag.h"
#include "mem.h"
#include "elf_write.h"

enum {
	CODE_LD = 0x00, CODE_ALU = 0x04, CODE_ALU64 = 0x07, CODE_CLASS = 0x07, CODE_SRC = 0x08,
	CODE_LDDW = 0x18, CODE_CALL = 0x85,
	SRC_CALL = 1, SRC_FUNC = 4,
	PLACE_MOST_CODES = 16384,	/* each has relocations; section numbers end at 65279 */
};

/* ---- places ---- */

static uint32_t place_code(struct elf_out *out, const char *name)
{
	struct symbol *symbol = symbols_get(&out->code_names, name, strlen(name));
	struct elf_code *code;
	struct bytes empty;

	if (symbol)
		return symbol->index;
	symbol = symbols_put(&out->code_names, name, strlen(name));
	symbol->index = (uint32_t)out->ncodes;
	out->codes = mem_grow(&out->mem, out->codes, &out->codes_room, out->ncodes + 1,
			      sizeof(*out->codes));
	memset(&empty, 0, sizeof(empty));
	empty.mem = &out->mem;
	empty.endian = out->obj->endian;
	code = &out->codes[out->ncodes++];
	*code = (struct elf_code){ .name = name, .text = empty, .relocs = empty,
				   .funcs = empty, .lines = empty, .fields = empty };
	return symbol->index;
}

static void place_function(struct elf_out *out, const struct asm_func *func,
			   struct elf_place *place)
{
	struct elf_code *code;

	place->code = place_code(out, func->section ? func->section : ELF_TEXT);
	code = &out->codes[place->code];
	place->slot = code->slots;
	code->slots += func->count;
	if (out->ncodes > PLACE_MOST_CODES)
		diag_add(&out->diags, ASM_ERROR, func->pos, (unsigned int)strlen(func->name),
			 "more than %d sections of code", PLACE_MOST_CODES);
}

static void place_extern(struct elf_out *out, const struct asm_reloc *reloc)
{
	size_t len = strlen(reloc->name);
	struct symbol *symbol = symbols_get(&out->extern_names, reloc->name, len);

	if (!symbol) {
		symbol = symbols_put(&out->extern_names, reloc->name, len);
		symbol->index = (uint32_t)out->nexterns;
		out->externs = mem_grow(&out->mem, out->externs, &out->externs_room,
					out->nexterns + 1, sizeof(*out->externs));
		out->externs[out->nexterns++] = (struct elf_extern){ .name = reloc->name,
								     .pos = reloc->pos };
	}
	if (reloc->ext)
		out->externs[symbol->index].weak = reloc->ext->weak;
	if (reloc->kind == ASM_RELOC_KFUNC)
		out->externs[symbol->index].func = true;
}

static bool place_is_taken(const struct asm_object *obj, const char *name)
{
	size_t i, j;

	for (i = 0; i < obj->nfuncs; i++)
		if (!strcmp(obj->funcs[i].name, name))
			return true;
	for (i = 0; i < obj->nrelocs; i++)
		if (obj->relocs[i].name && !strcmp(obj->relocs[i].name, name))
			return true;
	for (i = 0; i < obj->nmaps; i++) {
		const struct asm_map *map = &obj->maps[i];

		if (!strcmp(map->name, name))
			return true;
		for (j = 0; map->data && j < map->value.type->nfields; j++)
			if (!strcmp(map->value.type->fields[j].name, name))
				return true;
	}
	return false;
}

/* A name for the license's variable that the text does not use: _license, __license, ... */
static const char *place_license(struct elf_out *out)
{
	char *name = mem_text(&out->mem, "_license", strlen("_license"));
	size_t len;

	while (place_is_taken(out->obj, name)) {
		len = strlen(name);
		name = mem_text(&out->mem, name, len + 1);
		memmove(name + 1, name, len);
	}
	return name;
}

void elf_place(struct elf_out *out)
{
	const struct asm_object *obj = out->obj;
	size_t i;

	out->places = mem_alloc(&out->mem, obj->nfuncs * sizeof(*out->places));
	for (i = 0; i < obj->nfuncs; i++)
		place_function(out, &obj->funcs[i], &out->places[i]);
	for (i = 0; i < obj->nrelocs; i++)
		if (obj->relocs[i].kind == ASM_RELOC_KFUNC ||
		    obj->relocs[i].kind == ASM_RELOC_EXTERN)
			place_extern(out, &obj->relocs[i]);
	out->license_name = place_license(out);
}

/* ---- what no object can say ---- */

/* A reader takes the first section of these names for what they are in an object. */
static void check_section(struct elf_out *out, const struct asm_func *func)
{
	static const char *const own[] = {
		".BTF", ".BTF.ext", ".maps", "license", ".symtab", ".strtab",
	};

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (!strcmp(func->section, own[i]))
			diag_add(&out->diags, ASM_ERROR, func->pos,
				 (unsigned int)strlen(func->name),
				 "an ELF object has a section '%s' of its own, which holds no "
				 "program", own[i]);
}

static void check_functions(struct elf_out *out)
{
	const struct asm_func *func = out->obj->funcs;

	if (func->section && !func->section[0])
		diag_add(&out->diags, ASM_ERROR, func->pos, 1, "an ELF object has a section "
			 "name for each program: begin with .prog NAME \"SECTION\"");
	for (size_t i = 0; i < out->obj->nfuncs; i++)
		if (func[i].section)
			check_section(out, &func[i]);
}

static void check_reloc(struct elf_out *out, const struct asm_reloc *reloc)
{
	const struct asm_object *obj = out->obj;

	if ((reloc->kind == ASM_RELOC_CALL || reloc->kind == ASM_RELOC_FUNC) &&
	    obj->funcs[reloc->index].section)
		diag_add(&out->diags, ASM_ERROR, reloc->pos,
			 (unsigned int)strlen(obj->funcs[reloc->index].name),
			 "'%s' is a program: those who load an ELF object only call functions, "
			 "made by .func", obj->funcs[reloc->index].name);
	if (reloc->kind == ASM_RELOC_MAP_VALUE && !obj->maps[reloc->index].data)
		diag_add(&out->diags, ASM_ERROR, reloc->pos,
			 (unsigned int)strlen(obj->maps[reloc->index].name),
			 "an ELF object cannot hold the address of a value of the map '%s': use a "
			 "variable, made by .global", obj->maps[reloc->index].name);
}

/* A text has the kernel's configuration as numbers, an object as variables. */
static void check_extern(struct elf_out *out, const struct asm_reloc *reloc)
{
	if (reloc->kind == ASM_RELOC_EXTERN && (!strncmp(reloc->name, "CONFIG_", 7) ||
						!strncmp(reloc->name, "LINUX_", 6)))
		diag_add(&out->diags, ASM_ERROR, reloc->pos, (unsigned int)strlen(reloc->name),
			 "an ELF object cannot hold the value of '%s': only a loader of texts "
			 "knows it", reloc->name);
}

/* In an object entries stand behind each other, used or not, by keys of 4 bytes. */
static void check_slot(struct elf_out *out, const struct asm_slot *slot)
{
	const struct asm_map *map = &out->obj->maps[slot->map];

	if (map->key_size != sizeof(uint32_t))
		diag_add(&out->diags, ASM_ERROR, slot->pos, 1, "an ELF object has first entries "
			 "for keys of 4 bytes, '%s' has %u", map->name, map->key_size);
	if (slot->key >= ELF_MOST_SLOTS)
		diag_add(&out->diags, ASM_ERROR, slot->pos, 1, "an ELF object has no room for "
			 "entry %llu of '%s': it ends at %d", (unsigned long long)slot->key,
			 map->name, ELF_MOST_SLOTS - 1);
}

/* A text names a structure of the kernel's and does not say what it is like. */
static void check_map(struct elf_out *out, const struct asm_map *map)
{
	if (map->ops)
		diag_add(&out->diags, ASM_ERROR, map->pos, (unsigned int)strlen(map->name),
			 "an ELF object holds the layout of struct %s, which a text does not tell: "
			 "bpfload takes '%s' from the text", map->ops, map->name);
}

/* Loaders move functions: who is called by distance would be left behind. */
static void check_distances(struct elf_out *out)
{
	const struct asm_object *obj = out->obj;
	size_t reloc = 0, i;

	for (i = 0; i < obj->ninsns; i++) {
		struct asm_insn insn = obj->insns[i];
		bool wide = insn.code == CODE_LDDW;

		while (reloc < obj->nrelocs && obj->relocs[reloc].slot < i)
			reloc++;
		if ((reloc == obj->nrelocs || obj->relocs[reloc].slot != i) &&
		    ((insn.code == CODE_CALL && asm_src(insn) == SRC_CALL) ||
		     (wide && asm_src(insn) == SRC_FUNC)))
			diag_add(&out->diags, ASM_ERROR, obj->insn_pos[i], 1,
				 "an ELF object needs a name for what this calls: make it a .func");
		i += wide;
	}
}

/*
 * Instructions whose number a loader can put right: relo_core.c, bpf_core_patch_insn(). Of a load
 * or store it takes the offset.
 */
static bool check_is_patchable(struct asm_insn insn, bool imm)
{
	unsigned int class = insn.code & CODE_CLASS;

	if (!imm)
		return true;
	if (class == CODE_ALU || class == CODE_ALU64)
		return !(insn.code & CODE_SRC);
	return insn.code == CODE_LDDW;
}

static void check_field(struct elf_out *out, const struct asm_kref *kref)
{
	if (!check_is_patchable(out->obj->insns[kref->slot], kref->imm))
		diag_add(&out->diags, ASM_ERROR, kref->pos,
			 (unsigned int)(strlen("kernel.") + strlen(kref->path)),
			 "this cannot be relocated: use the field as the offset of a load or "
			 "store, or as a number of arithmetic or of a 64-bit load");
}

void elf_check(struct elf_out *out)
{
	const struct asm_object *obj = out->obj;
	size_t i;

	check_functions(out);
	for (i = 0; i < obj->nrelocs; i++) {
		check_reloc(out, &obj->relocs[i]);
		check_extern(out, &obj->relocs[i]);
	}
	for (i = 0; i < obj->nslots; i++)
		check_slot(out, &obj->slots[i]);
	for (i = 0; i < obj->nmaps; i++)
		check_map(out, &obj->maps[i]);
	check_distances(out);
	for (i = 0; i < obj->nkrefs; i++)
		check_field(out, &obj->krefs[i]);
}
