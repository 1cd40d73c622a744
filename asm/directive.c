/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "asm.h"
#include "data.h"
#include "diag.h"
#include "directive.h"
#include "global.h"
#include "num.h"
#include "expand.h"
#include "expr.h"
#include "insn.h"
#include "lex.h"
#include "symbols.h"
#include "isa.h"
#include "map.h"
#include "mem.h"
#include "regs.h"
#include "source.h"
#include "type.h"
#include "unit.h"

/* ---- functions ---- */

static struct asm_func *directive_add_function(struct unit *unit, const char *name, uint32_t pos)
{
	struct asm_object *obj = unit->obj;
	struct asm_func *func;

	directive_close_function(unit);
	obj->funcs = mem_grow(&unit->mem, obj->funcs, &unit->funcs_room, obj->nfuncs + 1,
			      sizeof(*obj->funcs));
	func = &obj->funcs[obj->nfuncs++];
	memset(func, 0, sizeof(*func));
	func->name = name;
	func->start = (uint32_t)obj->ninsns;
	func->pos = pos;
	return func;
}

void directive_open_function(struct unit *unit)
{
	struct asm_object *obj = unit->obj;

	if (!obj->nfuncs)
		directive_add_function(unit, "main",
				       lex_pos(&unit->lex, unit->lex.token.text))->section = "";
}

void directive_close_function(struct unit *unit)
{
	struct asm_object *obj = unit->obj;
	struct asm_func *func;
	char name[64];

	if (!obj->nfuncs)
		return;
	data_close(unit);
	insn_close_function(unit);
	func = &obj->funcs[obj->nfuncs - 1];
	func->count = (uint32_t)obj->ninsns - func->start;
	snprintf(name, sizeof(name), "%s", func->name);
	if (!func->count && !unit->diags.errors)
		diag_add(&unit->diags, ASM_ERROR, func->pos, (unsigned int)strlen(name),
			 "'%s' has no instructions", name);
}

/* The section names nearest to a misspelt one, or to its part before the '/'. */
static const char *directive_near_section(const char *section, char *buf)
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

/* Define a name that a call may use: that of a helper would hide the helper. */
static struct symbol *directive_define_function(struct unit *unit, const struct token *name,
						enum unit_kind kind)
{
	if (symbols_get(&unit->helpers, name->text, name->len)) {
		unit_error(unit, name, "'%.*s' is the name of a helper", (int)name->len,
			   name->text);
		return NULL;
	}
	return unit_define(unit, name, kind);
}

static bool directive_prog(struct unit *unit)
{
	struct token name = unit->lex.token, string;
	struct asm_object *obj = unit->obj;
	struct symbol *symbol;
	struct asm_func *func;
	const char *section;
	char near[ASM_NEAR_TEXT];

	if (obj->nfuncs && obj->funcs[0].section && !obj->funcs[0].section[0])
		return unit_error(unit, &name, "there are instructions before the first .prog");
	symbol = directive_define_function(unit, &name, UNIT_FUNC);
	if (!symbol)
		return false;
	symbol->index = (uint32_t)obj->nfuncs;
	lex_next(&unit->lex);
	string = unit->lex.token;
	section = unit_string(unit, "a section name such as \"tp/sched/sched_switch\"");
	if (!section)
		return false;
	lex_next(&unit->lex);
	func = directive_add_function(unit, mem_text(&unit->mem, name.text, name.len),
				      lex_pos(&unit->lex, name.text));
	func->section = section;
	func->attach = asm_attach_find(section, &func->target);
	if (!func->attach)
		return unit_error(unit, &string, "unknown section \"%s\"%s", section,
				  directive_near_section(section, near));
	return true;
}

static bool directive_func(struct unit *unit)
{
	struct token name = unit->lex.token;
	struct symbol *symbol = directive_define_function(unit, &name, UNIT_FUNC);

	if (!symbol)
		return false;
	symbol->index = (uint32_t)unit->obj->nfuncs;
	lex_next(&unit->lex);
	directive_add_function(unit, mem_text(&unit->mem, name.text, name.len),
			       lex_pos(&unit->lex, name.text));
	return true;
}

/* ---- the others ---- */

static bool directive_license(struct unit *unit)
{
	struct token token = unit->lex.token;
	const char *license = unit_string(unit, "a licence such as \"GPL\"");

	if (!license)
		return false;
	if (unit->obj->license)
		return unit_error(unit, &token, "there is a .license already");
	unit->obj->license = license;
	lex_next(&unit->lex);
	return true;
}

/* .equ NAME, expr; a -D of that name has the last word */
static bool directive_equ(struct unit *unit)
{
	struct token name = unit->lex.token;
	struct symbol *symbol = symbols_get(&unit->names, name.text, name.len);
	struct num *num = mem_alloc(&unit->mem, sizeof(*num));
	struct value value;

	if (name.kind == LEX_NAME && symbol && symbol->kind == UNIT_DEFINE && !symbol->equ_pos) {
		symbol->used = true;
		symbol->equ_pos = lex_pos(&unit->lex, name.text);
	} else {
		symbol = unit_define(unit, &name, UNIT_CONSTANT);
		if (!symbol)
			return false;
		symbol->data = num;
	}
	lex_next(&unit->lex);
	if (!unit_expect(unit, ',', "',' after the name") || !expr_number(unit, &value))
		return false;
	*num = value.num;
	return true;
}

static bool directive_extern(struct unit *unit)
{
	struct token name = unit->lex.token;

	if (!directive_define_function(unit, &name, UNIT_EXTERN))
		return false;
	lex_next(&unit->lex);
	return true;
}

static const struct {
	char name[12];
	bool (*parse)(struct unit *unit);
} directives[] = {
	{ ".2byte", data_short },
	{ ".4byte", data_long },
	{ ".8byte", data_quad },
	{ ".args", regs_args },
	{ ".byte", data_byte },
	{ ".else", expand_else },
	{ ".endif", expand_endif },
	{ ".endm", expand_stray },
	{ ".endr", expand_stray },
	{ ".equ", directive_equ },
	{ ".extern", directive_extern },
	{ ".func", directive_func },
	{ ".global", global_parse },
	{ ".if", expand_if },
	{ ".include", expand_include },
	{ ".license", directive_license },
	{ ".long", data_long },
	{ ".macro", expand_macro },
	{ ".map", map_parse },
	{ ".prog", directive_prog },
	{ ".quad", data_quad },
	{ ".rept", expand_rept },
	{ ".retval", regs_retval },
	{ ".short", data_short },
	{ ".struct", type_struct },
};

void directive_init(struct unit *unit)
{
	size_t i;

	for (i = 0; i < sizeof(directives) / sizeof(directives[0]); i++)
		symbols_put(&unit->directives, directives[i].name,
			    strlen(directives[i].name))->index = (uint32_t)i;
}

bool directive_parse(struct unit *unit)
{
	const struct token *token = &unit->lex.token;
	const struct symbol *symbol = symbols_get(&unit->directives, token->text, token->len);
	char near[ASM_NEAR_TEXT];

	if (!symbol)
		return unit_error(unit, token, "unknown directive '%.*s'%s", (int)token->len,
				  token->text,
				  unit_near(&unit->directives, token->text, token->len, 1, near));
	lex_next(&unit->lex);
	return directives[symbol->index].parse(unit);
}
