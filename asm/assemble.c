/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "asm.h"
#include "assemble.h"
#include "data.h"
#include "diag.h"
#include "directive.h"
#include "global.h"
#include "num.h"
#include "expand.h"
#include "expr.h"
#include "flow.h"
#include "insn.h"
#include "lex.h"
#include "local.h"
#include "log.h"
#include "symbols.h"
#include "contents.h"
#include "isa.h"
#include "mem.h"
#include "slot.h"
#include "section.h"
#include "place.h"
#include "source.h"
#include "tables.h"
#include "unit.h"
#include "unused.h"
#include "whole.h"

/* ---- names that are there from the start ---- */

static void assemble_add_constant(void *arg, const char *name, uint64_t value)
{
	struct unit *unit = arg;
	struct num *num = mem_alloc(&unit->mem, sizeof(*num));
	size_t len = strlen(name);
	struct symbol *symbol = symbols_put(&unit->names, mem_text(&unit->mem, name, len), len);

	*num = num_unsigned(value);
	symbol->kind = UNIT_CONSTANT;
	symbol->data = num;
}

static void assemble_add_helpers(struct unit *unit)
{
	const struct asm_helper *rows;
	size_t i, n;

	rows = asm_helpers(&n);
	for (i = 0; i < n; i++) {
		const char *row = asm_helper_name(&rows[i]);
		char *name = mem_alloc(&unit->mem, strlen(row) + sizeof("bpf_"));

		strcpy(name, "bpf_");
		strcat(name, row);
		symbols_put(&unit->helpers, name, strlen(name))->index = rows[i].id;
		symbols_put(&unit->helpers, name + 4, strlen(name + 4))->index = rows[i].id;
	}
}

static void assemble_add_types(struct unit *unit)
{
	const struct asm_type *rows;
	size_t i, n;

	rows = asm_types(&n);
	for (i = 0; i < n; i++)
		symbols_put(&unit->types, rows[i].name, strlen(rows[i].name))->data = &rows[i];
}

/* -D NAME=EXPR: the text is assembled as an expression, so that errors have a place */
static void assemble_define(struct unit *unit, const char *text)
{
	const struct asm_source *source = source_add(&unit->mem, &unit->sources, "-D", text,
						     strlen(text));
	struct symbol *symbol;
	struct value value;
	struct token name;
	struct num *num;

	lex_start(&unit->lex, source, &unit->diags, &unit->aliases);
	name = unit->lex.token;
	lex_next(&unit->lex);
	if (!unit_expect(unit, '=', "NAME=EXPR") || !expr_number(unit, &value))
		return;
	if (unit->lex.token.kind != LEX_END) {
		unit_expect(unit, LEX_END, "the end of the expression");
		return;
	}
	symbol = unit_define(unit, &name, UNIT_DEFINE);
	if (!symbol)
		return;
	num = mem_alloc(&unit->mem, sizeof(*num));
	*num = value.num;
	symbol->data = num;
}

static void assemble_prepare(struct unit *unit)
{
	size_t i;

	unit->diags.mem = &unit->mem;
	unit->diags.quiet = unit->opt->quiet;
	unit->diags.werror = unit->opt->werror;
	unit->names.mem = &unit->mem;
	unit->helpers.mem = &unit->mem;
	unit->types.mem = &unit->mem;
	unit->macros.mem = &unit->mem;
	unit->prelude.mem = &unit->mem;
	unit->labels.mem = &unit->mem;
	unit->locals.mem = &unit->mem;
	unit->slots.mem = &unit->mem;
	unit->aliases.mem = &unit->mem;
	unit->directives.mem = &unit->mem;
	unit->obj = &((struct whole *)mem_alloc(&unit->mem, sizeof(struct whole)))->obj;
	unit->obj->endian = unit->opt->endian;
	isa_build(&unit->isa, &unit->mem);
	directive_init(unit);
	tables_each_constant(unit, assemble_add_constant);
	assemble_add_helpers(unit);
	assemble_add_types(unit);
	for (i = 0; i < unit->opt->ndefines; i++)
		assemble_define(unit, unit->opt->defines[i]);
}

/* ---- statements ---- */

static bool assemble_label(struct unit *unit, const struct token *name)
{
	struct symbol *symbol;
	const char *text;
	uint32_t len;

	if (name->kind == LEX_REGISTER64 || name->kind == LEX_REGISTER32)
		return unit_error(unit, name, "'%.*s' is a register and cannot be a label",
				  (int)name->len, name->text);
	if (name->len == 2 && !memcmp(name->text, "pc", 2))
		return unit_error(unit, name, "'pc' cannot be a label: pc+n is a distance");
	if (unit->sections && section_take_label(unit, name))
		return true;
	if (!directive_open_function(unit))
		return false;
	data_close(unit);
	if (!lex_symbol(name, &text, &len))
		return local_define(unit, name);
	symbol = symbols_get(&unit->labels, text, len);
	if (symbol && symbol->kind == UNIT_LABEL) {
		unit_error(unit, name, "label '%.*s' is defined already", (int)len, text);
		unit_note_first(unit, symbol);
		return false;
	}
	if (!symbol)
		symbol = symbols_put(&unit->labels, text, len);
	symbol->kind = UNIT_LABEL;
	symbol->index = (uint32_t)unit->obj->ninsns;
	symbol->pos = lex_pos(&unit->lex, name->text);
	return true;
}

/* Whether the token is a name and a ':' comes next, as behind that of a label. */
static bool assemble_is_label(const struct unit *unit)
{
	const struct token *token = &unit->lex.token;
	const char *at = unit->lex.at, *end = unit->lex.end;

	if (token->kind < LEX_NAME || token->kind > LEX_STRING)
		return false;
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	return at < end && *at == ':' && !log_is_noise(unit, token);
}

/* Take a label, if one stands here. */
static bool assemble_take_label(struct unit *unit)
{
	struct token name;

	if (!assemble_is_label(unit))
		return false;
	name = unit->lex.token;
	lex_next(&unit->lex);
	lex_next(&unit->lex);
	assemble_label(unit, &name);
	return true;
}

/* A log comes back to an instruction on each way that leads to it; once is enough. */
static bool assemble_is_seen(struct unit *unit, const struct log_prefix *prefix)
{
	const struct asm_object *obj = unit->obj;
	size_t next;

	if (!prefix->given)
		return prefix->skip;
	next = obj->ninsns - (obj->nfuncs ? obj->funcs[obj->nfuncs - 1].start : 0);
	if (prefix->slot == next)
		return prefix->skip;
	if (prefix->slot < next)
		return true;
	diag_add(&unit->diags, ASM_ERROR, prefix->pos, 1, next + 1 == prefix->slot ?
		 "instruction %zu is not in this listing" :
		 "instructions from %zu on are not in this listing", next);
	return true;
}

static void assemble_statement(struct unit *unit)
{
	struct token *token = &unit->lex.token;
	struct log_prefix prefix = { .given = false };
	char say[LEX_SAY];
	bool ok;

	if (unit->lex.source->listing)
		log_take_prefix(unit, &prefix);
	while (!prefix.skip && assemble_take_label(unit))
		;
	if (assemble_is_seen(unit, &prefix)) {
		lex_skip_statement(&unit->lex);
		return;
	}
	if (token->kind == LEX_SEPARATOR || token->kind == LEX_END)
		return;
	if (token->kind == LEX_DIRECTIVE) {
		ok = directive_parse(unit);
	} else if (unit->macros.count && token->kind == LEX_NAME && expand_call(unit)) {
		ok = true;
	} else if ((unit->slots.count || unit->aliases.count) && place_is_statement(unit)) {
		ok = place_statement(unit);
	} else {
		ok = directive_open_function(unit) &&
		     insn_parse(unit, prefix.given ? &prefix : NULL);
	}
	if (ok && token->kind != LEX_SEPARATOR && token->kind != LEX_END)
		unit_error(unit, token, "expected the end of the statement, saw %s",
			   lex_say(token, say));
	lex_skip_statement(&unit->lex);
}

/* Tell who asked how far the text has been read; how far they know. */
static const char *assemble_tell(struct unit *unit, const char *told)
{
	enum { STEP = 1 << 20 };

	if (!unit->opt->passed || unit->lex.at - told < STEP)
		return told;
	unit->opt->passed(unit->opt->passed_arg, unit->lex.at);
	return unit->lex.at;
}

void assemble_source(struct unit *unit, const struct asm_source *source)
{
	unsigned int base = unit->open_ifs, outer = unit->if_base;
	struct lexer saved = unit->lex;
	const char *told = source->text;

	unit->if_base = base;
	lex_start(&unit->lex, source, &unit->diags, &unit->aliases);
	while (unit->lex.token.kind != LEX_END && unit->diags.errors <= DIAG_MOST) {
		assemble_statement(unit);
		if (unit->lex.token.kind == LEX_SEPARATOR)
			lex_next(&unit->lex);
		told = assemble_tell(unit, told);
	}
	expand_check_open(unit, base);
	unit->if_base = outer;
	unit->lex = saved;
}

static void assemble_text(struct unit *unit, const char *name, const char *text, size_t len)
{
	/* leaves half of the positions to -D and what is expanded */
	if (len > INT32_MAX) {
		diag_add(&unit->diags, ASM_ERROR, 0, 1, "%s is larger than 2 GiB", name);
		return;
	}
	name = mem_text(&unit->mem, name, strlen(name));
	assemble_source(unit, source_add(&unit->mem, &unit->sources, name, text, len));
	if (unit->diags.errors > DIAG_MOST)
		return;
	directive_close_function(unit);
	contents_close(unit);
	global_close(unit);
	slot_close(unit);
	insn_close_object(unit);
	if (!unit->obj->nfuncs && !unit->diags.errors)
		diag_add(&unit->diags, ASM_ERROR, 0, 1, "%s has no instructions", name);
	unused_names(unit);
	if (!unit->diags.errors)
		flow_check(unit);
}

/* Hand the memory of the assembly over to the object; what only the assembly needed goes. */
static struct asm_object *assemble_finish(struct unit *unit)
{
	struct whole *whole = (struct whole *)unit->obj;

	mem_drop(unit->fixups);
	mem_drop(unit->references);
	mem_drop(unit->laters);
	mem_drop(unit->labels.entries);
	mem_drop(unit->labels.slots);
	unit->obj->source = unit->sources;
	whole->mem = unit->mem;
	whole->mem.oom = NULL;
	return unit->obj;
}

struct asm_object *asm_assemble(const char *name, const char *text, size_t len,
				const struct asm_options *opt)
{
	struct unit *unit = calloc(1, sizeof(*unit));
	struct asm_object *obj = NULL;
	jmp_buf oom;

	if (!unit) {
		diag_no_memory(opt);
		return NULL;
	}
	unit->opt = opt;
	unit->mem.oom = &oom;
	if (setjmp(oom)) {
		diag_no_memory(opt);
		mem_free(&unit->mem);
		free(unit);
		return NULL;
	}
	assemble_prepare(unit);
	if (!unit->diags.errors)
		assemble_text(unit, name, text, len);
	diag_flush(&unit->diags, unit->sources, opt);
	if (diag_failed(&unit->diags))
		mem_free(&unit->mem);
	else
		obj = assemble_finish(unit);
	free(unit);
	return obj;
}

void asm_free(struct asm_object *obj)
{
	struct mem mem;

	if (!obj)
		return;
	asm_btf_close(obj->btf);
	mem = ((struct whole *)obj)->mem;
	mem_free(&mem);
}

const struct asm_func *asm_object_program(const struct asm_object *obj, const char *name)
{
	const struct asm_func *found = NULL;
	size_t i;

	for (i = 0; i < obj->nfuncs; i++) {
		const struct asm_func *func = &obj->funcs[i];

		if (!func->section || (name && strcmp(func->name, name) != 0))
			continue;
		if (found)
			return NULL;
		found = func;
	}
	return found;
}
