/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "asm.h"
#include "call.h"
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
#include "contents.h"
#include "isa.h"
#include "map.h"
#include "mem.h"
#include "place.h"
#include "regs.h"
#include "section.h"
#include "slot.h"
#include "source.h"
#include "type.h"
#include "unit.h"

/* ---- functions ---- */

struct asm_func *directive_add_function(struct unit *unit, const char *name, uint32_t pos)
{
	struct asm_object *obj = unit->obj;
	struct asm_func *func;

	directive_close_function(unit);
	place_close_function(unit);
	obj->funcs = mem_grow(&unit->mem, obj->funcs, &unit->funcs_room, obj->nfuncs + 1,
			      sizeof(*obj->funcs));
	func = &obj->funcs[obj->nfuncs++];
	memset(func, 0, sizeof(*func));
	func->name = name;
	func->start = (uint32_t)obj->ninsns;
	func->pos = pos;
	unit->in_function = true;
	return func;
}

bool directive_open_function(struct unit *unit)
{
	struct asm_func *func;

	if (unit->in_function)
		return true;
	if (!section_check_code(unit))
		return false;
	func = directive_add_function(unit, "main", lex_pos(&unit->lex, unit->lex.token.text));
	func->section = unit->sections ? NULL : "";
	return true;
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

	if (obj->nfuncs && obj->funcs[0].section && !obj->funcs[0].section[0])
		return unit_error(unit, &name, obj->ninsns || !(unit->slots.count ||
								 unit->aliases.count) ?
				  "there are instructions before the first .prog" :
				  ".stack and .reg belong behind the .prog that they are for");
	symbol = directive_define_function(unit, &name, UNIT_FUNC);
	if (!symbol)
		return false;
	symbol->index = (uint32_t)obj->nfuncs;
	lex_next(&unit->lex);
	string = unit->lex.token;
	section = unit_string(unit, "a section name such as \"tp/sched/sched_switch\"");
	if (!section)
		return false;
	if (!*section)
		return unit_error(unit, &string, "the section of a program has a name");
	lex_next(&unit->lex);
	func = directive_add_function(unit, mem_text(&unit->mem, name.text, name.len),
				      lex_pos(&unit->lex, name.text));
	section_leave(unit);
	func->section = section;
	func->attach = section_attach(unit, lex_pos(&unit->lex, string.text), string.len, section,
				      &func->target);
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
	section_leave(unit);
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

/* Another name of a function or a variable that the token names. */
static bool directive_alias(struct unit *unit, const struct token *name)
{
	const struct token *token = &unit->lex.token;
	const char *text;
	uint32_t len;
	const struct symbol *of = lex_symbol(token, &text, &len) ?
				  symbols_get(&unit->names, text, len) : NULL;
	struct symbol *symbol;

	if (!of || !(1u << of->kind & UNIT_ADDRESSES))
		return false;
	lex_symbol(name, &text, &len);
	symbol = symbols_get(&unit->names, text, len);
	symbol->kind = of->kind;
	symbol->index = of->index;
	symbol->data = of->data;
	lex_next(&unit->lex);
	return true;
}

/*
 * .set NAME, expr or SYMBOL: may come again with another number. A number is what it is where it is
 * used.
 */
static bool directive_set(struct unit *unit)
{
	enum { SETTABLE = 1 };
	struct token name = unit->lex.token;
	struct symbol *symbol = symbols_get(&unit->names, name.text, name.len);
	struct num *num = mem_alloc(&unit->mem, sizeof(*num));
	struct value value;

	if (!symbol || symbol->kind != UNIT_CONSTANT || symbol->index != SETTABLE) {
		symbol = section_define(unit, &name, UNIT_CONSTANT);
		if (!symbol)
			return false;
		symbol->index = SETTABLE;
		symbol->data = num;
	}
	lex_next(&unit->lex);
	if (!unit_expect(unit, ',', "',' after the name"))
		return false;
	if (directive_alias(unit, &name))
		return true;
	if (!expr_number(unit, &value))
		return false;
	*num = value.num;
	symbols_get(&unit->names, name.text, name.len)->data = num;
	return true;
}

/* .global NAME, ... says that others may use a symbol; .global TYPE NAME defines a variable. */
static bool directive_global(struct unit *unit)
{
	const char *at = unit->lex.at, *end = unit->lex.end;

	while (at < end && (*at == ' ' || *at == '\t' || *at == '\r'))
		at++;
	if (at == end || strchr("\n,;#/", *at))
		return section_global(unit);
	return global_parse(unit);
}

/* What may not exist. */
static const struct asm_extern *directive_weak(struct unit *unit, const struct token *name)
{
	struct asm_extern *ext = mem_alloc(&unit->mem, sizeof(*ext));

	ext->name = mem_text(&unit->mem, name->text, name->len);
	ext->kind = ASM_EXTERN_ANY;
	ext->weak = true;
	return ext;
}

/* .extern [weak] NAME */
static bool directive_extern(struct unit *unit)
{
	struct token name = unit->lex.token;
	bool weak = lex_is(&unit->lex, "weak"), alone = false;
	struct symbol *symbol;

	if (weak) {
		lex_next(&unit->lex);
		alone = unit->lex.token.kind == LEX_SEPARATOR || unit->lex.token.kind == LEX_END;
		name = alone ? name : unit->lex.token;
	}
	symbol = directive_define_function(unit, &name, UNIT_EXTERN);
	if (!symbol)
		return false;
	if (weak && !alone)
		symbol->data = directive_weak(unit, &name);
	if (!alone)
		lex_next(&unit->lex);
	return true;
}

static const struct {
	char name[14];
	bool (*parse)(struct unit *unit);
} directives[] = {
	{ ".2byte", data_short },
	{ ".4byte", data_long },
	{ ".8byte", data_quad },
	{ ".addrsig", section_ignore },
	{ ".addrsig_sym", section_ignore },
	{ ".align", data_align },
	{ ".args", regs_args },
	{ ".ascii", data_ascii },
	{ ".asciz", data_asciz },
	{ ".balign", data_align },
	{ ".bss", section_bss },
	{ ".byte", data_byte },
	{ ".call", call_parse },
	{ ".comm", contents_comm },
	{ ".data", section_data },
	{ ".dword", data_quad },
	{ ".else", expand_else },
	{ ".endif", expand_endif },
	{ ".endm", expand_stray },
	{ ".endr", expand_stray },
	{ ".equ", directive_equ },
	{ ".extern", directive_extern },
	{ ".file", section_ignore },
	{ ".fill", data_fill },
	{ ".func", directive_func },
	{ ".global", directive_global },
	{ ".globl", section_global },
	{ ".half", data_short },
	{ ".hidden", section_ignore },
	{ ".hword", data_short },
	{ ".ident", section_ignore },
	{ ".if", expand_if },
	{ ".ifb", expand_ifb },
	{ ".ifdef", expand_ifdef },
	{ ".ifnb", expand_ifnb },
	{ ".ifndef", expand_ifndef },
	{ ".include", expand_include },
	{ ".int", data_long },
	{ ".internal", section_ignore },
	{ ".lcomm", contents_comm },
	{ ".irp", expand_irp },
	{ ".license", directive_license },
	{ ".loc", section_ignore },
	{ ".local", section_ignore },
	{ ".long", data_long },
	{ ".macro", expand_macro },
	{ ".map", map_parse },
	{ ".p2align", data_p2align },
	{ ".popsection", section_pop },
	{ ".previous", section_previous },
	{ ".prog", directive_prog },
	{ ".protected", section_ignore },
	{ ".pushsection", section_push },
	{ ".quad", data_quad },
	{ ".reg", place_reg },
	{ ".rept", expand_rept },
	{ ".retval", regs_retval },
	{ ".section", section_enter },
	{ ".set", directive_set },
	{ ".short", data_short },
	{ ".size", section_size },
	{ ".skip", data_skip },
	{ ".slot", slot_parse },
	{ ".sleb128", data_sleb128 },
	{ ".space", data_skip },
	{ ".string", data_asciz },
	{ ".stack", place_stack },
	{ ".struct", type_struct },
	{ ".text", section_text },
	{ ".type", section_type },
	{ ".uleb128", data_uleb128 },
	{ ".value", data_short },
	{ ".weak", section_global },
	{ ".word", data_long },
	{ ".zero", data_skip },
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

	if (!symbol && token->len > 5 && !memcmp(token->text, ".cfi_", 5))
		return section_ignore(unit);
	if (!symbol)
		return unit_error(unit, token, "unknown directive '%.*s'%s", (int)token->len,
				  token->text,
				  unit_near(&unit->directives, token->text, token->len, 1, near));
	lex_next(&unit->lex);
	return directives[symbol->index].parse(unit);
}
