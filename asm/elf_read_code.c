/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * elf_read_code.c - instructions and what they refer to.
 *
 * A function begins where a symbol says so, where a relocation calls, and where its section does;
 * it goes on to the next one. So functions cover all slots, whatever the symbols leave out.
 */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asm.h"
#include "btfview.h"
#include "elf_read_code.h"
#include "elf_read_file.h"
#include "elf.h"
#include "symbols.h"
#include "elf_read_name.h"
#include "mem.h"
#include "elf_read.h"

enum {
	ECODE_SLOT = 8,
	ECODE_LDDW = 0x18, ECODE_CALL = 0x85,
	/* the src field of calls and wide loads: RFC 9669 section 4.3.1 and 5.4 */
	CALL_LOCAL = 1, CALL_KFUNC = 2,
	WIDE_MAP = 1, WIDE_MAP_VALUE = 2, WIDE_FUNC = 4,
};

/* Where a function begins, and who says so: of several the first. */
enum ecode_rank { ECODE_GLOBAL, ECODE_LOCAL, ECODE_LABEL, ECODE_UNNAMED };

struct ecode_start {
	uint32_t slot, section;
	enum ecode_rank rank;
	const char *name;	/* NULL: none */
	bool hidden;
};

/* A relocation of an instruction. */
struct ecode_use {
	uint32_t slot, section;	/* of the instruction */
	uint32_t symbol;
	int64_t to;		/* bytes from the symbol's section on */
	bool call;
};

struct ecode {
	struct eread *eread;
	struct ecode_start *starts;
	size_t nstarts, starts_room;
	struct ecode_use *uses;
	size_t nuses, uses_room;
	struct symbols externs;	/* data: the name that the model has for it */
	uint8_t *used;		/* slots that a relocation fills */
	size_t funcs_room, relocs_room;
};

static const struct efile_section *ecode_section(const struct ecode *ecode, uint32_t section)
{
	return &ecode->eread->file.sections[section];
}

static enum eread_kind ecode_kind(const struct ecode *ecode, uint32_t section)
{
	return section < ecode->eread->file.nsections ? ecode->eread->sections[section].kind :
							EREAD_OTHER;
}

/* ---- slots ---- */

static void ecode_load(struct eread *eread)
{
	struct asm_object *obj = eread->obj;
	const struct efile_section *section;
	uint32_t i, slot = 0;
	uint64_t at;

	obj->insns = mem_alloc(&eread->mem, obj->ninsns * sizeof(*obj->insns));
	obj->insn_pos = mem_alloc(&eread->mem, obj->ninsns * sizeof(*obj->insn_pos));
	for (i = 1; i < eread->file.nsections; i++) {
		section = &eread->file.sections[i];
		if (eread->sections[i].kind != EREAD_CODE)
			continue;
		for (at = 0; at < section->size; at += ECODE_SLOT) {
			obj->insns[slot] = asm_insn_read(section->data + at, obj->endian);
			obj->insn_pos[slot] = slot + 1;
			slot++;
		}
	}
}

/* ---- functions ---- */

static void ecode_add_start(struct ecode *ecode, uint32_t section, uint64_t offset,
			    enum ecode_rank rank, const char *name)
{
	struct ecode_start *start;

	ecode->starts = mem_grow(&ecode->eread->mem, ecode->starts, &ecode->starts_room,
				 ecode->nstarts + 1, sizeof(*ecode->starts));
	start = &ecode->starts[ecode->nstarts++];
	start->slot = ecode->eread->sections[section].base + (uint32_t)(offset / ECODE_SLOT);
	start->section = section;
	start->rank = rank;
	start->name = name;
	start->hidden = false;
}

/* gas gives its labels no type: those that are not local are functions. */
static bool ecode_symbol(struct ecode *ecode, const struct efile_symbol *symbol)
{
	bool func = symbol->type == STT_FUNC, local = symbol->bind == STB_LOCAL;
	const struct efile_section *section;

	if (ecode_kind(ecode, symbol->section) != EREAD_CODE ||
	    (!func && (symbol->type != STT_NOTYPE || local)))
		return true;
	section = ecode_section(ecode, symbol->section);
	if (symbol->value == section->size && !symbol->size)
		return true;	/* a function whose end is its beginning */
	if (symbol->value % ECODE_SLOT || symbol->value >= section->size)
		return eread_error(ecode->eread, "'%s' is at byte %llu of section '%s', where no "
				   "slot begins", symbol->name,
				   (unsigned long long)symbol->value, section->name);
	ecode_add_start(ecode, symbol->section, symbol->value,
			!func ? ECODE_LABEL : local ? ECODE_LOCAL : ECODE_GLOBAL, symbol->name);
	ecode->starts[ecode->nstarts - 1].hidden = symbol->visibility == STV_HIDDEN ||
						   symbol->visibility == STV_INTERNAL;
	return true;
}

static bool ecode_find_starts(struct ecode *ecode)
{
	struct eread *eread = ecode->eread;
	uint32_t i;

	for (i = 1; i < eread->file.nsections; i++)
		if (eread->sections[i].kind == EREAD_CODE)
			ecode_add_start(ecode, i, 0, ECODE_UNNAMED, NULL);
	for (i = 0; i < eread->file.nsymbols; i++)
		if (!ecode_symbol(ecode, &eread->symbols[i]))
			return false;
	return true;
}

static int ecode_compare_starts(const void *left, const void *right)
{
	const struct ecode_start *a = left, *b = right;

	if (a->slot != b->slot)
		return a->slot < b->slot ? -1 : 1;
	return a->rank < b->rank ? -1 : a->rank > b->rank;
}

static bool ecode_is_text(const struct efile_section *section)
{
	return !*section->name || !strcmp(section->name, ".text");
}

/* What is not in .text is a program; libbpf takes no local ones. */
static void ecode_add_func(struct ecode *ecode, const struct ecode_start *start)
{
	struct asm_object *obj = ecode->eread->obj;
	const struct efile_section *section = ecode_section(ecode, start->section);
	struct asm_func *func;
	char name[64];

	obj->funcs = mem_grow(&ecode->eread->mem, obj->funcs, &ecode->funcs_room, obj->nfuncs + 1,
			      sizeof(*obj->funcs));
	func = &obj->funcs[obj->nfuncs++];
	memset(func, 0, sizeof(*func));
	func->start = start->slot;
	func->pos = start->slot + 1;
	func->name = start->name;
	func->hidden = start->hidden;
	if (!func->name || !*func->name) {
		snprintf(name, sizeof(name), "%.40s_%x", section->name,
			 start->slot - ecode->eread->sections[start->section].base);
		func->name = mem_text(&ecode->eread->mem, name, strlen(name));
	}
	if (ecode_is_text(section) || start->rank == ECODE_LOCAL)
		return;
	func->section = section->name;
	func->attach = asm_attach_find(func->section, &func->target);
	if (!func->attach)
		func->target = "";
}

static void ecode_make_funcs(struct ecode *ecode)
{
	struct asm_object *obj = ecode->eread->obj;
	size_t i;

	qsort(ecode->starts, ecode->nstarts, sizeof(*ecode->starts), ecode_compare_starts);
	for (i = 0; i < ecode->nstarts; i++)
		if (!i || ecode->starts[i].slot != ecode->starts[i - 1].slot)
			ecode_add_func(ecode, &ecode->starts[i]);
	for (i = 0; i < obj->nfuncs; i++)
		obj->funcs[i].count = (uint32_t)(i + 1 < obj->nfuncs ? obj->funcs[i + 1].start :
						 obj->ninsns) - obj->funcs[i].start;
	/* nothing has a name: it is a text without directives */
	if (obj->nfuncs == 1 && !obj->funcs[0].section && !ecode->starts[0].name) {
		obj->funcs[0].section = "";
		obj->funcs[0].name = "main";
	}
}

uint32_t ecode_func_of(const struct asm_object *obj, uint32_t slot)
{
	size_t n = asm_rows_below(obj->funcs, obj->nfuncs, sizeof(*obj->funcs),
				  offsetof(struct asm_func, start), (uint64_t)slot + 1);

	return n ? (uint32_t)n - 1 : 0;
}

/* ---- relocations, as they stand in the file ---- */

static bool ecode_use_error(struct ecode *ecode, const struct ecode_use *use, const char *what)
{
	return eread_error(ecode->eread, "the relocation of slot %u of section '%s' %s",
			   use->slot - ecode->eread->sections[use->section].base,
			   ecode_section(ecode, use->section)->name, what);
}

/*
 * What the instruction adds to its symbol. A call adds only to a section: to a function LLVM's say
 * -1, which is nothing, and those of gas its own offset once more.
 */
static int64_t ecode_addend(const struct asm_insn *insn, bool call,
			    const struct efile_symbol *symbol)
{
	if (call)
		return symbol->type == STT_SECTION ? ((int64_t)insn->imm + 1) * ECODE_SLOT : 0;
	return (int64_t)((uint64_t)(uint32_t)insn[1].imm << 32 | (uint32_t)insn->imm);
}

/* The instruction must be one that a relocation of this type fills. */
static bool ecode_check_use(struct ecode *ecode, struct ecode_use *use, uint32_t type)
{
	const struct asm_object *obj = ecode->eread->obj;
	uint32_t left = (uint32_t)obj->ninsns - use->slot;
	const struct asm_insn *insn = &obj->insns[use->slot];
	struct asm_insn plain[2] = { *insn };

	if (type != ELF_BPF_64_64 && type != ELF_BPF_64_32)
		return ecode_use_error(ecode, use, "has a type that is not for instructions");
	use->call = type == ELF_BPF_64_32;
	if (insn->code != (use->call ? ECODE_CALL : ECODE_LDDW))
		return ecode_use_error(ecode, use, use->call ? "is for a call, and there is none" :
				       "is for a 64-bit load, and there is none");
	plain[0].regs &= 0x0f;
	if (!use->call && left > 1)
		plain[1] = insn[1];
	plain[1].imm = 0;
	if (!asm_insn_form(plain, left > 1 ? 2 : 1))
		return ecode_use_error(ecode, use, "is for an instruction that is unknown");
	if (ecode->used[use->slot])
		return ecode_use_error(ecode, use, "is the second one there");
	ecode->used[use->slot] = true;
	return true;
}

static bool ecode_add_use(struct ecode *ecode, uint32_t section, const struct efile_reloc *reloc)
{
	struct eread *eread = ecode->eread;
	struct ecode_use use = { .section = section, .symbol = reloc->symbol };
	const struct efile_symbol *symbol;

	if (reloc->offset % ECODE_SLOT || reloc->offset >= ecode_section(ecode, section)->size)
		return eread_error(eread, "a relocation of section '%s' is at byte %llu, where no "
				   "slot begins", ecode_section(ecode, section)->name,
				   (unsigned long long)reloc->offset);
	use.slot = eread->sections[section].base + (uint32_t)(reloc->offset / ECODE_SLOT);
	if (reloc->symbol >= eread->file.nsymbols)
		return ecode_use_error(ecode, &use, "is about a symbol that there is not");
	if (!ecode_check_use(ecode, &use, reloc->type))
		return false;
	symbol = &eread->symbols[reloc->symbol];
	use.to = (int64_t)(symbol->value +
			   (uint64_t)ecode_addend(&eread->obj->insns[use.slot], use.call,
						  symbol));
	ecode->uses = mem_grow(&eread->mem, ecode->uses, &ecode->uses_room, ecode->nuses + 1,
			       sizeof(*ecode->uses));
	ecode->uses[ecode->nuses++] = use;
	if (ecode_kind(ecode, symbol->section) != EREAD_CODE)
		return true;
	if (use.to < 0 || use.to % ECODE_SLOT ||
	    (uint64_t)use.to >= ecode_section(ecode, symbol->section)->size)
		return ecode_use_error(ecode, &use, "leads to no slot");
	ecode_add_start(ecode, symbol->section, (uint64_t)use.to, ECODE_UNNAMED, NULL);
	return true;
}

static bool ecode_relocs_of(struct ecode *ecode, const struct efile_section *relocs)
{
	struct efile_reloc reloc;
	size_t i, n = efile_relocs(relocs);

	if (relocs->info >= ecode->eread->file.nsections)
		return eread_error(ecode->eread, "the relocations in '%s' are for section %u, and "
				   "there are %u", relocs->name, relocs->info,
				   ecode->eread->file.nsections);
	if (ecode_kind(ecode, relocs->info) == EREAD_DATA && n)
		eread_warn(ecode->eread, "the relocations of section '%s' are left out",
			   ecode_section(ecode, relocs->info)->name);
	if (ecode_kind(ecode, relocs->info) != EREAD_CODE)
		return true;
	if (relocs->type == SHT_RELA)
		return eread_error(ecode->eread, "the relocations in '%s' have addends, those of "
				   "BPF have none", relocs->name);
	for (i = 0; i < n; i++) {
		efile_reloc(&ecode->eread->file, relocs, i, &reloc);
		if (!ecode_add_use(ecode, relocs->info, &reloc))
			return false;
	}
	return true;
}

static bool ecode_find_uses(struct ecode *ecode)
{
	const struct efile *file = &ecode->eread->file;
	uint32_t i;

	for (i = 1; i < file->nsections; i++)
		if ((file->sections[i].type == SHT_REL || file->sections[i].type == SHT_RELA) &&
		    !ecode_relocs_of(ecode, &file->sections[i]))
			return false;
	return true;
}

/* ---- relocations of the model ---- */

static struct asm_reloc *ecode_add_reloc(struct ecode *ecode, uint32_t slot,
					 enum asm_reloc_kind kind, unsigned int src)
{
	struct asm_object *obj = ecode->eread->obj;
	struct asm_insn *insn = &obj->insns[slot];
	struct asm_reloc *reloc;

	obj->relocs = mem_grow(&ecode->eread->mem, obj->relocs, &ecode->relocs_room,
			       obj->nrelocs + 1, sizeof(*obj->relocs));
	reloc = &obj->relocs[obj->nrelocs++];
	memset(reloc, 0, sizeof(*reloc));
	reloc->slot = slot;
	reloc->kind = kind;
	reloc->pos = slot + 1;
	insn->regs = (uint8_t)((insn->regs & 0x0fu) | src << 4);
	insn->imm = 0;
	if (insn->code == ECODE_LDDW)
		insn[1].imm = 0;
	return reloc;
}

/* A name for what the model knows nothing of: the symbol's, or made of its place. */
static const char *ecode_extern(struct ecode *ecode, const struct ecode_use *use)
{
	const struct efile_symbol *symbol = &ecode->eread->symbols[use->symbol];
	const char *name = symbol->name;
	struct symbol *known;
	char text[80];

	if (!*name || symbol->type == STT_SECTION) {
		snprintf(text, sizeof(text), "%.40s_%llx",
			 symbol->section < ecode->eread->file.nsections ?
			 ecode_section(ecode, symbol->section)->name : "symbol",
			 (unsigned long long)use->to);
		name = text;
	}
	known = symbols_get(&ecode->externs, name, strlen(name));
	if (!known) {
		name = mem_text(&ecode->eread->mem, name, strlen(name));
		known = symbols_put(&ecode->externs, name, strlen(name));
		known->data = ename_take(&ecode->eread->ename, &ecode->eread->ename.names, name);
	}
	return known->data;
}

static bool ecode_resolve_extern(struct ecode *ecode, const struct ecode_use *use)
{
	const struct efile_symbol *symbol = &ecode->eread->symbols[use->symbol];
	struct asm_reloc *reloc;

	/* where the symbol is a section, the name tells the offset */
	if (!use->call && *symbol->name && symbol->type != STT_SECTION &&
	    use->to != (int64_t)symbol->value)
		return ecode_use_error(ecode, use, "has an offset, which an external symbol "
				       "does not take");
	if (use->call)
		reloc = ecode_add_reloc(ecode, use->slot, ASM_RELOC_KFUNC, CALL_KFUNC);
	else
		reloc = ecode_add_reloc(ecode, use->slot, ASM_RELOC_EXTERN, 0);
	reloc->name = ecode_extern(ecode, use);
	if (symbol->section == SHN_UNDEF)
		reloc->ext = eextern_get(ecode->eread, symbol->name);
	return true;
}

static void ecode_resolve_code(struct ecode *ecode, const struct ecode_use *use, uint32_t section)
{
	const struct eread *eread = ecode->eread;
	uint32_t slot = eread->sections[section].base + (uint32_t)(use->to / ECODE_SLOT);
	struct asm_reloc *reloc;

	if (use->call)
		reloc = ecode_add_reloc(ecode, use->slot, ASM_RELOC_CALL, CALL_LOCAL);
	else
		reloc = ecode_add_reloc(ecode, use->slot, ASM_RELOC_FUNC, WIDE_FUNC);
	reloc->index = ecode_func_of(eread->obj, slot);
}

static const struct eread_place *ecode_map(const struct eread *eread, uint64_t offset)
{
	size_t low = 0, high = eread->nplaces, middle;

	while (low < high) {
		middle = (low + high) / 2;
		if (eread->places[middle].offset < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low < eread->nplaces && eread->places[low].offset == offset ? &eread->places[low] :
									     NULL;
}

static bool ecode_resolve_map(struct ecode *ecode, const struct ecode_use *use)
{
	const struct eread_place *place = ecode_map(ecode->eread, (uint64_t)use->to);

	if (!place)
		return ecode_resolve_extern(ecode, use);
	ecode_add_reloc(ecode, use->slot, ASM_RELOC_MAP, WIDE_MAP)->index = place->map;
	return true;
}

static bool ecode_resolve_data(struct ecode *ecode, const struct ecode_use *use, uint32_t section)
{
	struct eread *eread = ecode->eread;
	struct eread_piece piece = { .section = section, .rank = EREAD_POINTED };
	struct asm_reloc *reloc;

	if (use->to < 0 || (uint64_t)use->to >= ecode_section(ecode, section)->size)
		return ecode_use_error(ecode, use, "leads out of the section of its symbol");
	reloc = ecode_add_reloc(ecode, use->slot, ASM_RELOC_MAP_VALUE, WIDE_MAP_VALUE);
	reloc->index = eread->sections[section].base;
	reloc->addend = (int32_t)use->to;
	eread->obj->insns[use->slot + 1].imm = reloc->addend;
	piece.offset = (uint32_t)use->to;
	eread_add_piece(eread, &piece);
	return true;
}

static bool ecode_resolve(struct ecode *ecode, const struct ecode_use *use)
{
	const struct asm_object *obj = ecode->eread->obj;
	uint32_t section = ecode->eread->symbols[use->symbol].section;
	const struct asm_func *func = &obj->funcs[ecode_func_of(obj, use->slot)];
	enum eread_kind kind = ecode_kind(ecode, section);

	if (!use->call && use->slot + 1 == func->start + func->count)
		return ecode_use_error(ecode, use, "is for a load that begins in one function and "
				       "ends in the next");
	if (kind == EREAD_CODE) {
		ecode_resolve_code(ecode, use, section);
		return true;
	}
	if (kind == EREAD_MAPS && !use->call)
		return ecode_resolve_map(ecode, use);
	if (kind == EREAD_DATA && !use->call)
		return ecode_resolve_data(ecode, use, section);
	return ecode_resolve_extern(ecode, use);
}

/* A call of a function of its section that the assembler has settled already. */
static void ecode_settled_call(struct ecode *ecode, uint32_t slot, uint32_t first, uint64_t n)
{
	const struct asm_object *obj = ecode->eread->obj;
	const struct asm_insn *insn = &obj->insns[slot];
	int64_t to = (int64_t)slot + 1 + insn->imm;
	uint32_t func;

	if (insn->code != ECODE_CALL || insn->regs != CALL_LOCAL << 4 || insn->off ||
	    ecode->used[slot] || to < first || (uint64_t)(to - first) >= n)
		return;
	func = ecode_func_of(obj, (uint32_t)to);
	if (obj->funcs[func].start == to)
		ecode_add_reloc(ecode, slot, ASM_RELOC_CALL, CALL_LOCAL)->index = func;
}

static void ecode_find_calls(struct ecode *ecode)
{
	const struct eread *eread = ecode->eread;
	uint32_t i, slot, first;
	uint64_t n;

	for (i = 1; i < eread->file.nsections; i++) {
		if (eread->sections[i].kind != EREAD_CODE)
			continue;
		first = eread->sections[i].base;
		n = eread->file.sections[i].size / ECODE_SLOT;
		for (slot = first; slot < first + n; slot++)
			ecode_settled_call(ecode, slot, first, n);
	}
}

static int ecode_compare_relocs(const void *left, const void *right)
{
	const struct asm_reloc *a = left, *b = right;

	return a->slot < b->slot ? -1 : a->slot > b->slot;
}

bool ecode_read(struct eread *eread)
{
	struct asm_object *obj = eread->obj;
	struct ecode ecode = { .eread = eread, .externs = { .mem = &eread->mem } };
	size_t i;

	ecode.used = mem_alloc(&eread->mem, obj->ninsns);
	ecode_load(eread);
	if (!ecode_find_starts(&ecode) || !ecode_find_uses(&ecode))
		return false;
	ecode_make_funcs(&ecode);
	for (i = 0; i < ecode.nuses; i++)
		if (!ecode_resolve(&ecode, &ecode.uses[i]))
			return false;
	ecode_find_calls(&ecode);
	if (obj->nrelocs)
		qsort(obj->relocs, obj->nrelocs, sizeof(*obj->relocs), ecode_compare_relocs);
	mem_drop(ecode.uses);
	mem_drop(ecode.starts);
	return true;
}
