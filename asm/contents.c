/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <string.h>

#include "asm.h"
#include "diag.h"
#include "global.h"
#include "num.h"
#include "expr.h"
#include "lex.h"
#include "symbols.h"
#include "contents.h"
#include "isa.h"
#include "mem.h"
#include "section.h"
#include "source.h"
#include "type.h"
#include "unit.h"

/* A label in a section of data: a variable, up to the next label at most. */
struct contents_label {
	struct global global;
	const char *name;
	uint32_t len, pos;
	const struct section *section;
	uint32_t offset, size;
	uint8_t width;			/* bytes of a value; 0: not known */
	bool text;
	struct contents_label *next;
};

/* A value that is known when all labels are: name - minus + addend, or the address of name. */
struct contents_use {
	const struct section *section;
	uint32_t offset, size;
	const char *name, *minus;	/* minus NULL: an address */
	uint32_t len, minus_len, pos;
	struct num addend;
};

struct section *contents_section(const struct unit *unit)
{
	struct section *now = unit->sections ? unit->sections->now : NULL;

	return now && (now->kind == SECTION_DATA || now->kind == SECTION_LICENSE) ? now : NULL;
}

/* ---- bytes ---- */

static uint8_t *contents_grow(struct unit *unit, struct section *section, uint32_t n)
{
	if (n > GLOBAL_MOST || section->size + n > GLOBAL_MOST) {
		unit_error(unit, &unit->lex.token, "section \"%s\" takes more than %d bytes",
			   section->name, GLOBAL_MOST);
		return NULL;
	}
	section->bytes = mem_grow(&unit->mem, section->bytes, &section->room,
				  (size_t)section->size + n, 1);
	section->size += n;
	return section->bytes + section->size - n;
}

/* What the newest label stands for: its first value tells. */
static void contents_note(struct unit *unit, const struct section *section, uint8_t width)
{
	struct contents_label *label = unit->sections->last;

	if (!label || label->section != section || label->offset != section->size)
		return;
	label->width = width;
	label->text = !width;
}

bool contents_put(struct unit *unit, const uint8_t *bytes, uint32_t n, uint8_t width)
{
	struct section *section = contents_section(unit);
	uint8_t *at;

	contents_note(unit, section, width);
	at = contents_grow(unit, section, n);
	if (at && n)
		memcpy(at, bytes, n);
	return at != NULL;
}

bool contents_fill(struct unit *unit, uint32_t n, uint8_t byte)
{
	uint8_t *at = contents_grow(unit, contents_section(unit), n);

	if (at)
		memset(at, byte, n);
	return at != NULL;
}

bool contents_align(struct unit *unit, uint32_t align)
{
	struct section *section = contents_section(unit);

	if (align > section->align)
		section->align = align;
	return contents_fill(unit, (align - section->size % align) % align, 0);
}

/* ---- symbols ---- */

static struct contents_label *contents_add_label(struct unit *unit, const struct section *section,
						 const struct token *name)
{
	struct symbol *symbol = section_define(unit, name, UNIT_GLOBAL);
	struct contents_label *label;

	if (!symbol)
		return NULL;
	label = mem_alloc(&unit->mem, sizeof(*label));
	label->name = symbol->name;
	label->len = symbol->len;
	label->pos = symbol->pos;
	label->section = section;
	label->offset = section->size;
	symbol->data = &label->global;
	if (unit->sections->last)
		unit->sections->last->next = label;
	else
		unit->sections->first = label;
	unit->sections->last = label;
	return label;
}

/* Nobody names the labels that compilers put into what is not kept. */
bool contents_label(struct unit *unit, const struct token *name)
{
	const struct section *now = unit->sections->now;
	const char *text;
	uint32_t len;

	if (!lex_symbol(name, &text, &len) || now->kind == SECTION_LICENSE)
		return true;
	if (now->kind == SECTION_DATA)
		return contents_add_label(unit, now, name) != NULL;
	return (len > 1 && !memcmp(text, ".L", 2)) || section_define(unit, name, UNIT_EXTERN);
}

static bool contents_number(struct unit *unit, const char *what, uint32_t *out)
{
	struct value value;

	if (!expr_number(unit, &value) || !expr_range(unit, &value, what, 1, GLOBAL_MOST))
		return false;
	*out = (uint32_t)value.num.mag;
	return true;
}

bool contents_comm(struct unit *unit)
{
	struct section *section = section_get(unit, ".bss", "", 0, 0);
	struct section *now = unit->sections->now;
	struct token name = unit->lex.token;
	uint32_t size, align = 1;
	bool ok;

	lex_next(&unit->lex);
	if (!unit_expect(unit, ',', "',' after the symbol") ||
	    !contents_number(unit, "the size", &size))
		return false;
	if (unit->lex.token.kind == ',') {
		lex_next(&unit->lex);
		if (!contents_number(unit, "the alignment", &align))
			return false;
	}
	unit->sections->now = section;
	ok = contents_align(unit, align) && contents_add_label(unit, section, &name) &&
	     contents_fill(unit, size, 0);
	if (ok)
		unit->sections->last->size = size;
	unit->sections->now = now;
	return ok;
}

/* ---- values of symbols ---- */

/* - SYMBOL; a '-' before anything else is left to the offset */
static bool contents_minus(struct unit *unit, struct contents_use *use)
{
	struct lexer saved = unit->lex;

	if (unit->lex.token.kind != '-')
		return false;
	lex_next(&unit->lex);
	if (!lex_symbol(&unit->lex.token, &use->minus, &use->minus_len)) {
		use->minus = NULL;
		unit->lex = saved;
		return false;
	}
	lex_next(&unit->lex);
	return true;
}

bool contents_put_symbol(struct unit *unit, uint32_t size)
{
	struct section *section = contents_section(unit);
	struct sections *sections = unit->sections;
	static const uint8_t zero[8];
	struct contents_use use = { .section = section, .offset = section->size, .size = size };
	struct value value;

	use.pos = lex_pos(&unit->lex, unit->lex.token.text);
	lex_symbol(&unit->lex.token, &use.name, &use.len);
	lex_next(&unit->lex);
	contents_minus(unit, &use);
	if (!expr_offset(unit, &value))
		return false;
	use.addend = value.num;
	sections->uses = mem_grow(&unit->mem, sections->uses, &sections->uses_room,
				  sections->nuses + 1, sizeof(*sections->uses));
	sections->uses[sections->nuses++] = use;
	return contents_put(unit, zero, size, (uint8_t)size);
}

/* The variable of that name; NULL: it is none. */
static const struct global *contents_find(const struct unit *unit, const char *name, uint32_t len)
{
	const struct symbol *symbol = symbols_get(&unit->names, name, len);

	return symbol && symbol->kind == UNIT_GLOBAL ? symbol->data : NULL;
}

/* Only the code of a program is relocated: what the kernel is given has 0 for an address. */
static bool contents_distance(struct unit *unit, const struct contents_use *use, struct num *out)
{
	const struct global *to = contents_find(unit, use->name, use->len), *from;
	const char *why;

	if (!use->minus) {
		diag_warn(&unit->diags, ASM_WARNING_DATA_ADDRESS, use->pos, use->len,
			 "the address of '%.*s' is 0 here: nothing puts addresses into variables",
			 (int)use->len, use->name);
		*out = num_unsigned(0);
		return true;
	}
	from = contents_find(unit, use->minus, use->minus_len);
	if (to && from && to->section == from->section &&
	    num_binary(NUM_SUB, num_unsigned(to->offset), num_unsigned(from->offset), out, &why))
		return num_binary(NUM_ADD, *out, use->addend, out, &why);
	diag_add(&unit->diags, ASM_ERROR, use->pos, use->len,
		 "the distance from '%.*s' is known only between variables of one section",
		 (int)use->minus_len, use->minus);
	return false;
}

static void contents_settle(struct unit *unit, const struct contents_use *use)
{
	uint8_t *at = unit->globals[use->section->global].bytes + use->section->base + use->offset;
	bool big = unit->obj->endian == ASM_BIG;
	uint64_t bits;
	struct num num;
	uint32_t i;

	if (!contents_distance(unit, use, &num))
		return;
	bits = num_bits(num);
	if (use->size < 8 && !num_between(num, -((int64_t)1 << (8 * use->size - 1)),
					  ((uint64_t)1 << 8 * use->size) - 1))
		diag_add(&unit->diags, ASM_ERROR, use->pos, use->len,
			 "the distance does not fit in %u bytes", use->size);
	for (i = 0; i < use->size; i++)
		at[i] = (uint8_t)(bits >> 8 * (big ? use->size - 1 - i : i));
}

/* ---- the end ---- */

/* Up to the next label of its section, which is behind it, or to the end. */
static uint32_t contents_size(struct unit *unit, const struct contents_label *label)
{
	const struct section *section = label->section;
	const struct contents_label *next = label->next;
	uint32_t size = section_mark(unit, label->name, label->len)->size;

	if (label->size)
		size = label->size;
	while (next && (next->section != section || next->offset == label->offset))
		next = next->next;
	if (!size)
		size = (next ? next->offset : section->size) - label->offset;
	return size < section->size - label->offset ? size : section->size - label->offset;
}

/* What a variable of so many bytes may be: a number, a text, an array of numbers. */
static struct asm_typeref contents_type(struct unit *unit, const struct contents_label *label,
					uint32_t size)
{
	static const char *const names[] = { [1] = "u8", [2] = "u16", [4] = "u32", [8] = "u64" };
	static const struct asm_type nothing = { .name = "nothing", .align = 1 };
	struct asm_typeref ref = { .type = &nothing };
	uint32_t width = label->width ? label->width : size;

	if (!size)
		return ref;
	if (label->text || width > 8 || !names[width] || size % width)
		width = 1;
	ref.type = type_find(unit, label->text ? "char" : names[width]);
	ref.count = label->text || size / width > 1 ? size / width : 0;
	return ref;
}

static void contents_place_labels(struct unit *unit, const struct section *section)
{
	struct contents_label *label;
	uint32_t size, end = 0;

	for (label = unit->sections->first; label; label = label->next) {
		if (label->section != section)
			continue;
		size = contents_size(unit, label);
		label->global.section = section->global;
		label->global.offset = section->base + label->offset;
		label->global.type = contents_type(unit, label, size);
		/* two names of one place, or one within another: the first is enough to print */
		if (!size || label->offset < end)
			continue;
		global_add_field(unit, &label->global, mem_text(&unit->mem, label->name,
								label->len), label->pos);
		end = label->offset + size;
	}
}

static void contents_take_license(struct unit *unit, const struct section *section)
{
	if (unit->obj->license)
		diag_add(&unit->diags, ASM_ERROR, section->pos, 1, "there is a .license already");
	unit->obj->license = mem_text(&unit->mem, (const char *)section->bytes, section->size);
}

/* A text whose only functions are in .text: the first is the program, as without a .prog. */
static void contents_choose_program(struct asm_object *obj)
{
	size_t i;

	for (i = 0; i < obj->nfuncs && !obj->funcs[i].section; i++)
		;
	if (i && i == obj->nfuncs)
		obj->funcs[0].section = "";
}

/* Those of one kind: .data and the like first, as in an object; .data.NAME go behind it. */
static void contents_place(struct unit *unit, bool plain)
{
	const struct symbols *names = &unit->sections->names;
	size_t i;

	for (i = 0; i < names->count; i++) {
		struct section *section = (struct section *)names->entries[i].data;

		if (section->kind == SECTION_DATA && !strchr(section->name + 1, '.') == plain &&
		    global_add_bytes(unit, section->global, section->bytes, section->size,
				     section->align, section->pos, &section->base))
			contents_place_labels(unit, section);
		if (section->kind == SECTION_LICENSE && section->size && plain)
			contents_take_license(unit, section);
	}
}

void contents_close(struct unit *unit)
{
	struct sections *sections = unit->sections;
	size_t i;

	if (!sections)
		return;
	contents_choose_program(unit->obj);
	contents_place(unit, true);
	contents_place(unit, false);
	if (unit->diags.errors)
		return;	/* a section may lack its bytes */
	for (i = 0; i < sections->nuses; i++)
		if (sections->uses[i].section->kind == SECTION_DATA)
			contents_settle(unit, &sections->uses[i]);
}
