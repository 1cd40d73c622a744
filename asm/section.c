/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "asm.h"
#include "diag.h"
#include "directive.h"
#include "global.h"
#include "num.h"
#include "lex.h"
#include "symbols.h"
#include "contents.h"
#include "isa.h"
#include "mem.h"
#include "section.h"
#include "source.h"
#include "unit.h"

/* ---- names of sections ---- */

/* The section names nearest to a misspelt one, or to its part before the '/'. */
static const char *section_near(const char *section, char *buf)
{
	const struct asm_attach *rows;
	struct asm_near whole, front;
	size_t i, n;

	asm_near_start(&whole, section, strlen(section));
	asm_near_start(&front, section, strcspn(section, "/"));
	rows = asm_attaches(&n);
	for (i = 0; i < n; i++) {
		asm_near_offer(&whole, rows[i].section, strlen(rows[i].section));
		asm_near_offer(&front, rows[i].section, strlen(rows[i].section));
	}
	return asm_near_text(whole.count ? &whole : &front, buf);
}

const struct asm_attach *section_attach(struct unit *unit, uint32_t pos, unsigned int width,
					const char *section, const char **target)
{
	const struct asm_attach *attach = asm_attach_find(section, target);
	char near[ASM_NEAR_TEXT];

	if (!attach)
		diag_warn(&unit->diags, ASM_WARNING_UNKNOWN_SECTION, pos, width,
			  "unknown section \"%s\"%s", section, section_near(section, near));
	return attach;
}

/* .data and .data.anything */
static bool section_is(const char *name, const char *front)
{
	size_t len = strlen(front);

	return !strncmp(name, front, len) && (!name[len] || name[len] == '.');
}

static enum section_kind section_kind_of(const char *name, const char *flags)
{
	const char *target;

	if (section_is(name, ".text"))
		return SECTION_TEXT;
	if (strchr(flags, 'x') || (!*flags && asm_attach_find(name, &target)))
		return SECTION_PROGRAMS;
	if (section_is(name, ".rodata") || section_is(name, ".data") || section_is(name, ".bss"))
		return SECTION_DATA;
	return strcmp(name, "license") ? SECTION_OTHER : SECTION_LICENSE;
}

struct section *section_get(struct unit *unit, const char *name, const char *flags, uint32_t pos,
			    unsigned int width)
{
	struct symbols *names = &section_state(unit)->names;
	struct symbol *symbol = symbols_get(names, name, strlen(name));
	struct section *section;

	if (symbol)
		return (struct section *)symbol->data;
	section = mem_alloc(&unit->mem, sizeof(*section));
	section->name = name;
	section->pos = pos;
	section->align = 1;
	section->kind = section_kind_of(name, flags);
	if (section->kind == SECTION_PROGRAMS)
		section->attach = section_attach(unit, pos, width, name, &section->target);
	section->global = section_is(name, ".rodata") ? GLOBAL_RODATA :
			  section_is(name, ".data") ? GLOBAL_DATA : GLOBAL_BSS;
	symbols_put(names, name, strlen(name))->data = section;
	return section;
}

/* ---- which section ---- */

/* gas begins in .text; what stands behind a .prog or .func belongs to that. */
struct sections *section_state(struct unit *unit)
{
	struct sections *sections = unit->sections;

	if (sections)
		return sections;
	sections = mem_alloc(&unit->mem, sizeof(*sections));
	sections->names.mem = &unit->mem;
	sections->marks.mem = &unit->mem;
	sections->places.mem = &unit->mem;
	unit->sections = sections;
	if (!unit->obj->nfuncs)
		sections->now = section_get(unit, ".text", "", 0, 0);
	sections->before = sections->now;
	return sections;
}

static bool section_is_code(const struct section *section)
{
	return section->kind == SECTION_TEXT || section->kind == SECTION_PROGRAMS;
}

/* The function under way stays open: its section may come again. */
static void section_switch(struct unit *unit, struct section *section)
{
	struct sections *sections = section_state(unit);

	sections->before = sections->now;
	sections->now = section;
	unit->in_function = unit->obj->nfuncs && section == sections->home &&
			    (!section || section_is_code(section));
}

void section_leave(struct unit *unit)
{
	if (!unit->sections)
		return;
	unit->sections->now = NULL;
	unit->sections->home = NULL;
}

static bool section_switch_to(struct unit *unit, const char *name)
{
	section_switch(unit, section_get(unit, name, "", 0, 0));
	return true;
}

bool section_text(struct unit *unit)
{
	return section_switch_to(unit, ".text");
}

bool section_data(struct unit *unit)
{
	return section_switch_to(unit, ".data");
}

bool section_bss(struct unit *unit)
{
	return section_switch_to(unit, ".bss");
}

/* Up to the next comma, as it stands, without the quotes around it. */
static char *section_argument(struct unit *unit)
{
	uint32_t len;
	const char *text = lex_take_argument(&unit->lex, &len);

	if (len > 1 && *text == '"' && text[len - 1] == '"') {
		text++;
		len -= 2;
	}
	return mem_text(&unit->mem, text, len);
}

bool section_ignore(struct unit *unit)
{
	uint32_t len;

	/* the token looked at is part of what nobody reads */
	unit->lex.at = unit->lex.token.text;
	do {
		lex_take_argument(&unit->lex, &len);
	} while (unit->lex.token.kind == ',');
	return true;
}

bool section_enter(struct unit *unit)
{
	struct token token = unit->lex.token;
	const char *name, *flags = "";

	unit->lex.at = token.text;
	name = section_argument(unit);
	if (!*name)
		return unit_error(unit, &token, "expected the name of a section");
	if (unit->lex.token.kind == ',')
		flags = section_argument(unit);
	section_switch(unit, section_get(unit, name, flags, lex_pos(&unit->lex, token.text),
					 (unsigned int)strlen(name)));
	return unit->lex.token.kind != ',' || section_ignore(unit);
}

bool section_push(struct unit *unit)
{
	struct sections *sections = section_state(unit);
	struct section *now = sections->now, *before = sections->before;

	if (sections->depth == SECTION_DEEPEST)
		return unit_error(unit, &unit->lex.token, "more than %d sections within each other",
				  SECTION_DEEPEST);
	if (!section_enter(unit))
		return false;
	sections->stack[sections->depth][0] = now;
	sections->stack[sections->depth++][1] = before;
	return true;
}

bool section_pop(struct unit *unit)
{
	struct sections *sections = section_state(unit);

	if (!sections->depth)
		return unit_error(unit, &unit->lex.token, "there is no .pushsection before this "
				  ".popsection");
	sections->depth--;
	section_switch(unit, sections->stack[sections->depth][0]);
	sections->before = sections->stack[sections->depth][1];
	return true;
}

bool section_previous(struct unit *unit)
{
	section_switch(unit, section_state(unit)->before);
	return true;
}

bool section_is_ignored(const struct unit *unit)
{
	return unit->sections && unit->sections->now &&
	       unit->sections->now->kind == SECTION_OTHER;
}

bool section_check_code(struct unit *unit)
{
	const struct section *now = unit->sections ? unit->sections->now : NULL;

	if (!now)
		return true;
	if (!section_is_code(now))
		return unit_error(unit, &unit->lex.token, "section \"%s\" is not executable",
				  now->name);
	if (now->kind == SECTION_PROGRAMS || unit->obj->nfuncs)
		return unit_error(unit, &unit->lex.token, "there is no label yet that begins a "
				  "function in section \"%s\"", now->name);
	unit->sections->home = unit->sections->now;
	return true;
}

/* ---- symbols ---- */

struct section_mark *section_mark(struct unit *unit, const char *name, size_t len)
{
	struct symbols *marks = &section_state(unit)->marks;
	struct symbol *symbol = symbols_get(marks, name, len);

	if (!symbol) {
		symbol = symbols_put(marks, name, len);
		symbol->data = mem_alloc(&unit->mem, sizeof(struct section_mark));
	}
	return (struct section_mark *)symbol->data;
}

/* The mark of the symbol at the token, with the lexer behind it. NULL: reported. */
static struct section_mark *section_take_mark(struct unit *unit)
{
	const struct token *token = &unit->lex.token;
	struct section_mark *mark;
	const char *name;
	uint32_t len;

	if (!unit_symbol(unit, token, &name, &len))
		return NULL;
	mark = section_mark(unit, name, len);
	lex_next(&unit->lex);
	return mark;
}

bool section_global(struct unit *unit)
{
	struct section_mark *mark = section_take_mark(unit);

	while (mark && unit->lex.token.kind == ',') {
		mark->global = true;
		lex_next(&unit->lex);
		mark = section_take_mark(unit);
	}
	if (mark)
		mark->global = true;
	return mark != NULL;
}

bool section_type(struct unit *unit)
{
	static const char *const functions[] = {
		"@function", "%function", "#function", "function", "STT_FUNC",
	};
	struct section_mark *mark = section_take_mark(unit);
	const char *type;
	size_t i;

	if (!mark)
		return false;
	if (unit->lex.token.kind != ',')
		unit->lex.at = unit->lex.token.text;
	type = section_argument(unit);
	for (i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		if (!strcmp(type, functions[i]))
			mark->function = true;
	return true;
}

/* Sizes that have to be computed are those of functions. */
bool section_size(struct unit *unit)
{
	struct section_mark *mark = section_take_mark(unit);
	const struct token *token = &unit->lex.token;

	if (!mark || !unit_expect(unit, ',', "',' after the symbol"))
		return false;
	if (token->kind != LEX_NUMBER || token->value > UINT32_MAX)
		return section_ignore(unit);
	mark->size = (uint32_t)token->value;
	lex_next(&unit->lex);
	return true;
}

struct symbol *section_define(struct unit *unit, const struct token *token, uint32_t kind)
{
	struct symbol *symbol = unit_put(unit, &unit->names, token);

	if (symbol)
		symbol->kind = kind;
	return symbol;
}

bool section_is_place(const struct unit *unit, const char *name, size_t len)
{
	return unit->sections && symbols_get(&unit->sections->places, name, len);
}

struct symbol *section_extern(struct unit *unit, const char *name, size_t len)
{
	struct symbol *symbol;

	if (!unit->sections || section_is_place(unit, name, len))
		return NULL;
	symbol = symbols_put(&unit->names, name, len);
	symbol->kind = UNIT_EXTERN;
	return symbol;
}

/* ---- functions ---- */

/* Another name of the function that has only just begun. */
static bool section_is_alias(const struct unit *unit)
{
	const struct asm_object *obj = unit->obj;

	return unit->in_function && !unit->ndata &&
	       obj->funcs[obj->nfuncs - 1].start == obj->ninsns;
}

static bool section_begin(struct unit *unit, const struct token *name)
{
	struct sections *sections = unit->sections;
	const struct section *now = sections->now;
	struct symbol *symbol = section_define(unit, name, UNIT_FUNC);
	struct asm_func *func;

	if (!symbol)
		return false;
	symbol->index = (uint32_t)unit->obj->nfuncs;
	if (section_is_alias(unit)) {
		symbol->index--;
		return true;
	}
	func = directive_add_function(unit, mem_text(&unit->mem, symbol->name, symbol->len),
				      symbol->pos);
	sections->home = sections->now;
	if (now->kind == SECTION_TEXT)
		return true;
	func->section = now->name;
	func->attach = now->attach;
	func->target = now->target;
	return true;
}

/* Whether a label begins a function: it says so, others may call it, or there is none yet. */
static bool section_begins(struct unit *unit, const char *name, uint32_t len)
{
	const struct symbol *symbol = symbols_get(&unit->sections->marks, name, len);
	const struct section_mark *mark = symbol ? symbol->data : NULL;

	return !unit->in_function || (mark && (mark->function || mark->global));
}

bool section_take_label(struct unit *unit, const struct token *name)
{
	struct sections *sections = unit->sections;
	const char *text;
	uint32_t len;

	if (!sections->now)
		return false;
	if (!section_is_code(sections->now)) {
		contents_label(unit, name);
		return true;
	}
	if (!lex_symbol(name, &text, &len))
		return false;
	if (section_begins(unit, text, len))
		return !section_begin(unit, name);
	if (!symbols_get(&sections->places, text, len))
		symbols_put(&sections->places, text, len);
	return false;
}
