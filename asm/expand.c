/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asm.h"
#include "assemble.h"
#include "diag.h"
#include "global.h"
#include "num.h"
#include "expand.h"
#include "expr.h"
#include "lex.h"
#include "symbols.h"
#include "isa.h"
#include "mem.h"
#include "source.h"
#include "unit.h"

enum {
	EXPAND_DEEPEST = 64,	/* texts within texts */
	EXPAND_MOST = 1 << 25,	/* bytes of all expansions: a second or so */
	EXPAND_COST = 64,	/* bytes that count for each of them, however short its text */
	EXPAND_PARAMETERS = 16,
};

/* A macro: its parameters and its text, which lie in the text that defines it. */
struct macro {
	const char *name;
	uint32_t name_len;
	unsigned int nparameters;
	struct {
		const char *name, *value;	/* value NULL: no default */
		uint32_t len, value_len;
	} parameters[EXPAND_PARAMETERS];
	bool variadic;		/* the last one takes all arguments that are left */
	const char *body;
	size_t len;
};

/* Text being put together. */
struct expansion {
	struct unit *unit;
	char *text;
	size_t len, room;
	bool too_long;
};

static bool expand_too_long(struct unit *unit, const struct token *at)
{
	return unit_error(unit, at, "macros, repetitions and included files make more than %d "
			  "bytes of text", EXPAND_MOST);
}

static void expansion_add(struct expansion *out, const char *text, size_t len)
{
	if (len > EXPAND_MOST - out->len) {
		out->too_long = true;
		return;
	}
	out->text = mem_grow(&out->unit->mem, out->text, &out->room, out->len + len + 1, 1);
	memcpy(out->text + out->len, text, len);
	out->len += len;
}

/* Assemble a text in place of the statement whose first token is `at`. */
static bool expand_text(struct unit *unit, const struct token *at, const char *name,
			const char *why, const char *text, size_t len)
{
	struct asm_source *source;

	unit->expanded += len + EXPAND_COST;
	if (unit->expanded > EXPAND_MOST)
		return expand_too_long(unit, at);
	if (unit->level >= EXPAND_DEEPEST)
		return unit_error(unit, at, "more than %d texts within each other", EXPAND_DEEPEST);
	source = source_add(&unit->mem, &unit->sources, name, text, len);
	source->parent = lex_pos(&unit->lex, at->text);
	source->parent_len = at->len;
	source->why = why;
	unit->level++;
	assemble_source(unit, source);
	unit->level--;
	return true;
}

static bool expand_is_end(const struct token *token)
{
	return token->kind == LEX_SEPARATOR || token->kind == LEX_END;
}

static bool expand_expect_end(struct unit *unit)
{
	char say[LEX_SAY];

	return expand_is_end(&unit->lex.token) ||
	       unit_error(unit, &unit->lex.token, "expected the end of the statement, saw %s",
			  lex_say(&unit->lex.token, say));
}

/* ---- .include ---- */

/* The folder of the text that the lexer is in, with its '/'; "" for the current one. */
static size_t expand_folder(const struct unit *unit)
{
	const char *slash = strrchr(unit->lex.source->name, '/');

	return slash ? (size_t)(slash - unit->lex.source->name) + 1 : 0;
}

/* Read the file beside the text or in one of the folders; the name it was found by. */
static char *expand_find(struct unit *unit, const char *file, char **text, size_t *len, int *err)
{
	size_t i, folder = file[0] == '/' ? 0 : expand_folder(unit);
	char *name = mem_alloc(&unit->mem, folder + strlen(file) + 1);

	memcpy(name, unit->lex.source->name, folder);
	strcpy(name + folder, file);
	*err = asm_read_file(name, text, len);
	for (i = 0; *err && file[0] != '/' && i < unit->opt->nfolders; i++) {
		name = mem_alloc(&unit->mem, strlen(unit->opt->folders[i]) + strlen(file) + 2);
		sprintf(name, "%s/%s", unit->opt->folders[i], file);
		*err = asm_read_file(name, text, len);
	}
	return name;
}

/* Whether the text that the lexer is in, or one around it, has that name. */
static bool expand_is_open(const struct unit *unit, const char *name)
{
	const struct asm_source *source = unit->lex.source;

	while (source && strcmp(source->name, name) != 0)
		source = source->parent ? source_of(unit->sources, source->parent) : NULL;
	return source != NULL;
}

bool expand_include(struct unit *unit)
{
	struct token at = unit->lex.token;
	const char *file = unit_string(unit, "a file such as \"maps.bpfasm\"");
	char *text, *name, *copy;
	size_t len;
	int err;

	if (!file)
		return false;
	name = expand_find(unit, file, &text, &len, &err);
	if (err)
		return unit_error(unit, &at, "cannot read '%s': %s", file, strerror(-err));
	copy = mem_text(&unit->mem, text, len);
	free(text);
	if (expand_is_open(unit, name))
		return unit_error(unit, &at, "'%s' includes itself", name);
	lex_next(&unit->lex);
	return expand_expect_end(unit) &&
	       expand_text(unit, &at, name, "included from here", copy, len);
}

/* ---- blocks of statements ---- */

/* The first word of the statement that begins at `at`; its length. */
static size_t expand_word(const char **at, const char *end)
{
	const char *from;

	while (*at < end && (**at == ' ' || **at == '\t'))
		++*at;
	for (from = *at; from < end && *from != ' ' && *from != '\t' && *from != '\n' &&
	     *from != '\r' && *from != ';' && *from != '#'; from++)
		;
	return (size_t)(from - *at);
}

static bool expand_is_word(const char *at, size_t len, const char *word)
{
	return len == strlen(word) && !memcmp(at, word, len);
}

enum { EXPAND_OPENERS = 5 };

/* The words at the front of statements that begin a block, divide it (NULL: nothing), end it. */
struct block {
	const char *open[EXPAND_OPENERS], *middle, *close;
};

static bool expand_opens(const struct block *block, const char *at, size_t len)
{
	unsigned int i;

	for (i = 0; i < EXPAND_OPENERS && block->open[i]; i++)
		if (expand_is_word(at, len, block->open[i]))
			return true;
	return false;
}

/* Whether two characters stand here. */
static bool expand_is_pair(const char *at, const char *end, char first, char second)
{
	return end - at > 1 && at[0] == first && at[1] == second;
}

/* Behind what is quoted from `at` on, up to the same quote; the end where none follows. */
static const char *expand_quoted(const char *at, const char *end)
{
	const char quote = *at;

	for (at++; at < end && *at != quote; at++)
		if (*at == '\\' && end - at > 1)
			at++;
	return at < end ? at + 1 : end;
}

/* Behind the string, character or comment that begins here, on this line; else the next byte. */
static const char *expand_piece(const char *at, const char *end)
{
	if (*at == '"' || *at == '\'')
		return expand_quoted(at, end);
	if (*at == '#' || expand_is_pair(at, end, '/', '/'))
		return end;
	if (!expand_is_pair(at, end, '/', '*'))
		return at + 1;
	for (at += 2; at < end; at++)
		if (expand_is_pair(at, end, '*', '/'))
			return at + 2;
	return end;
}

/* Behind what is left of a statement: a ';' or newline ends it. */
static const char *expand_behind(const char *at, const char *end)
{
	const char *newline = memchr(at, '\n', (size_t)(end - at));

	end = newline ? newline + 1 : end;
	while (at < end && *at != ';')
		at = expand_piece(at, end);
	return at < end ? at + 1 : end;
}

/*
 * Take the statements behind this one up to that which ends the block, or divides it; the lexer is
 * then behind the word of that. Returns the word, NULL when there is none, which is reported.
 */
static const char *expand_block(struct unit *unit, const struct token *at,
				const struct block *block, const char **body, size_t *len)
{
	struct lexer *lex = &unit->lex;
	const char *from, *word, *end;
	unsigned int depth = 0;
	size_t n;

	lex_skip_statement(lex);
	*body = lex->at;
	for (from = lex->at; from < lex->end; from = expand_behind(from, lex->end)) {
		word = from;
		n = expand_word(&word, lex->end);
		end = NULL;
		if (expand_is_word(word, n, block->close))
			end = block->close;
		else if (block->middle && expand_is_word(word, n, block->middle))
			end = block->middle;
		if (!depth && end) {
			*len = (size_t)(from - *body);
			lex->at = word + n;
			lex_next(lex);
			return end;
		}
		depth += expand_opens(block, word, n);
		depth -= end == block->close;
	}
	unit_error(unit, at, "this has no %s", block->close);
	lex->at = lex->end;
	lex_next(lex);
	return NULL;
}

/* ---- .rept ---- */

static const struct block expand_repeated = { { ".rept", ".irp" }, NULL, ".endr" };

bool expand_rept(struct unit *unit)
{
	struct token at = unit->lex.token;
	struct expansion out = { .unit = unit };
	struct value value;
	const char *body;
	uint64_t i;
	size_t len;
	bool ok;

	ok = expr_number(unit, &value) &&
	     expr_range(unit, &value, "the number of repetitions", 0, EXPAND_MOST) &&
	     expand_expect_end(unit);
	/* a wrong number does not spill the body over the text */
	if (!expand_block(unit, &at, &expand_repeated, &body, &len) || !ok)
		return false;
	if (len * value.num.mag > EXPAND_MOST)
		return expand_too_long(unit, &at);
	for (i = 0; len && i < value.num.mag; i++)
		expansion_add(&out, body, len);
	return !out.len || expand_text(unit, &at, ".rept", "repeated here", out.text, out.len);
}

/* ---- .macro ---- */

/* Whether it can name a parameter: a name of a register is one too, as its text is what counts. */
static bool macro_is_name(const struct token *token)
{
	return token->kind == LEX_NAME ||
	       ((token->kind == LEX_REGISTER64 || token->kind == LEX_REGISTER32) &&
		*token->text != '%' && !lex_is_register(token->text, token->len));
}

/* What may stand behind the ':' of a parameter; one without a default is required anyway. */
static bool macro_qualifier(struct unit *unit, struct macro *macro)
{
	struct lexer *lex = &unit->lex;
	char say[LEX_SAY];

	lex_next(lex);
	if (lex_is(lex, "vararg"))
		macro->variadic = true;
	else if (!lex_is(lex, "req"))
		return unit_error(unit, &lex->token, "expected 'req' or 'vararg', saw %s",
				  lex_say(&lex->token, say));
	lex_next(lex);
	return true;
}

/* NAME, NAME:QUALIFIER or NAME=DEFAULT, the default up to the next comma */
static bool macro_parameter(struct unit *unit, struct macro *macro)
{
	struct lexer *lex = &unit->lex;
	unsigned int n = macro->nparameters;
	char say[LEX_SAY];

	if (!macro_is_name(&lex->token))
		return unit_error(unit, &lex->token, "expected the name of a parameter, saw %s",
				  lex_say(&lex->token, say));
	if (n == EXPAND_PARAMETERS)
		return unit_error(unit, &lex->token, "a macro has at most %d parameters",
				  EXPAND_PARAMETERS);
	if (macro->variadic)
		return unit_error(unit, &lex->token, "nothing follows a parameter that takes all "
				  "that is left");
	macro->parameters[n].name = lex->token.text;
	macro->parameters[n].len = lex->token.len;
	macro->nparameters++;
	lex_next(lex);
	if (lex->token.kind == ':' && !macro_qualifier(unit, macro))
		return false;
	if (macro->variadic)	/* nothing is left: it is empty */
		macro->parameters[n].value = "";
	if (lex->token.kind != '=')
		return true;
	macro->parameters[n].value = lex_take_argument(lex, &macro->parameters[n].value_len);
	return true;
}

static bool macro_parameters(struct unit *unit, struct macro *macro)
{
	while (!expand_is_end(&unit->lex.token)) {
		if (!macro_parameter(unit, macro))
			return false;
		if (unit->lex.token.kind == ',')
			lex_next(&unit->lex);
	}
	return true;
}

bool expand_macro(struct unit *unit)
{
	static const struct block block = { { ".macro" }, NULL, ".endm" };
	struct macro *macro = mem_alloc(&unit->mem, sizeof(*macro));
	struct token at = unit->lex.token;
	struct symbol *symbol = unit_add(unit, &unit->macros, &at);
	bool ok = symbol != NULL;

	macro->name = at.text;
	macro->name_len = at.len;
	if (ok)
		lex_next(&unit->lex);
	ok = ok && macro_parameters(unit, macro);
	/* a wrong head does not spill the body over the text */
	if (!expand_block(unit, &at, &block, &macro->body, &macro->len) || !ok)
		return false;
	symbol = symbols_get(&unit->macros, at.text, at.len);
	symbol->data = macro;
	return true;
}

/* The argument that begins at the token; with `all`, those behind it too. */
static const char *macro_argument(struct lexer *lex, bool all, uint32_t *len)
{
	const char *from, *last;
	uint32_t last_len;

	lex->at = lex->token.text;
	from = last = lex_take_argument(lex, &last_len);
	while (all && lex->token.kind == ',')
		last = lex_take_argument(lex, &last_len);
	*len = (uint32_t)(last + last_len - from);
	return from;
}

/* The argument of a call that stands for a parameter; the default where there is none. */
static bool macro_bind(struct unit *unit, const struct token *at, const struct macro *macro,
		       struct macro *bound)
{
	struct lexer *lex = &unit->lex;
	unsigned int i = 0;

	*bound = *macro;
	while (!expand_is_end(&lex->token)) {
		if (i == macro->nparameters)
			return unit_error(unit, &lex->token, "'%.*s' takes at most %u arguments",
					  (int)macro->name_len, macro->name, macro->nparameters);
		bound->parameters[i].value =
			macro_argument(lex, macro->variadic && i + 1 == macro->nparameters,
				       &bound->parameters[i].value_len);
		i++;
		if (lex->token.kind == ',')
			lex_next(lex);
	}
	for (i = 0; i < macro->nparameters; i++)
		if (!bound->parameters[i].value)
			return unit_error(unit, at, "'%.*s' needs its argument %u, '%.*s'",
					  (int)macro->name_len, macro->name, i + 1,
					  (int)macro->parameters[i].len,
					  macro->parameters[i].name);
	return true;
}

/* What stands behind a '\\' in the body: \@, \() or a parameter. Returns how many bytes. */
static size_t macro_substitute(struct expansion *out, const struct macro *bound, const char *at,
			       size_t left, unsigned int call)
{
	char number[16];
	unsigned int i;
	size_t len;

	if (left && *at == '@') {
		expansion_add(out, number, (size_t)snprintf(number, sizeof(number), "%u", call));
		return 1;
	}
	if (left > 1 && at[0] == '(' && at[1] == ')')
		return 2;
	for (len = 0; len < left && (at[len] == '_' || (at[len] >= '0' && at[len] <= '9') ||
				     (at[len] >= 'a' && at[len] <= 'z') ||
				     (at[len] >= 'A' && at[len] <= 'Z')); len++)
		;
	for (i = 0; i < bound->nparameters; i++) {
		if (bound->parameters[i].len == len &&
		    !memcmp(bound->parameters[i].name, at, len)) {
			expansion_add(out, bound->parameters[i].value,
				      bound->parameters[i].value_len);
			return len;
		}
	}
	expansion_add(out, "\\", 1);
	return 0;
}

static void macro_fill(struct expansion *out, const struct macro *bound, unsigned int call)
{
	const char *at = bound->body, *end = at + bound->len, *slash;

	for (; at < end; at += macro_substitute(out, bound, at, (size_t)(end - at), call)) {
		slash = memchr(at, '\\', (size_t)(end - at));
		expansion_add(out, at, (size_t)((slash ? slash : end) - at));
		if (!slash)
			return;
		at = slash + 1;
	}
}

/* Put the text of the macro that the token names in its place. */
static void macro_call(struct unit *unit, const struct macro *macro, const char *kind)
{
	struct token at = unit->lex.token;
	struct expansion out = { .unit = unit };
	struct macro bound;
	char *name;

	lex_next(&unit->lex);
	if (!macro_bind(unit, &at, macro, &bound)) {
		lex_skip_statement(&unit->lex);
		return;
	}
	macro_fill(&out, &bound, unit->calls++);
	name = mem_alloc(&unit->mem, at.len + strlen(kind) + sizeof("< >"));
	sprintf(name, "<%s %.*s>", kind, (int)at.len, at.text);
	if (out.too_long)
		expand_too_long(unit, &at);
	else if (out.len)
		expand_text(unit, &at, name, "in the expansion of this macro", out.text, out.len);
}

bool expand_call(struct unit *unit)
{
	const struct token *at = &unit->lex.token;
	const struct symbol *symbol = symbols_get(&unit->macros, at->text, at->len);

	if (!symbol || !symbol->data)
		return false;
	macro_call(unit, symbol->data, "macro");
	return true;
}

/* ---- the prelude ---- */

/* Read when something asks for the first of its macros: most texts never do. */
static void prelude_read(struct unit *unit)
{
	static const char text[] =
#include "prelude.h"
		;
	const struct asm_source *source = source_add(&unit->mem, &unit->sources, "<prelude>",
						     text, sizeof(text) - 1);
	struct symbols own = unit->macros, aliases = unit->aliases;

	unit->has_prelude = true;
	if (!source)
		return;		/* the texts are too long, which the next one reports */
	/* what the text has named by now means nothing in there */
	memset(&unit->aliases, 0, sizeof(unit->aliases));
	unit->macros = unit->prelude;
	assemble_source(unit, source);
	unit->prelude = unit->macros;
	unit->macros = own;
	unit->aliases = aliases;
}

bool expand_prelude_call(struct unit *unit)
{
	const struct token *at = &unit->lex.token;
	const struct symbol *symbol;

	if (at->kind != LEX_NAME)
		return false;
	if (!unit->has_prelude)
		prelude_read(unit);
	symbol = symbols_get(&unit->prelude, at->text, at->len);
	if (symbol)
		macro_call(unit, symbol->data, "prelude");
	return symbol != NULL;
}

/* ---- .irp ---- */

/* .irp NAME, text, text, ...: the lines once for each text, in place of \NAME; once for none */
/* What .irp repeats its lines for. */
struct pieces {
	struct piece {
		const char *text;
		uint32_t len;
	} *at;
	size_t count, room;
};

static bool irp_head(struct unit *unit, struct macro *macro, struct pieces *pieces)
{
	struct lexer *lex = &unit->lex;
	char say[LEX_SAY];

	if (!macro_is_name(&lex->token))
		return unit_error(unit, &lex->token, "expected a name for what changes, saw %s",
				  lex_say(&lex->token, say));
	macro->parameters[0].name = lex->token.text;
	macro->parameters[0].len = lex->token.len;
	lex_next(lex);
	do {
		if (!expand_is_end(&lex->token) && !unit_expect(unit, ',', "','"))
			return false;
		pieces->at = mem_grow(&unit->mem, pieces->at, &pieces->room, pieces->count + 1,
				      sizeof(*pieces->at));
		pieces->at[pieces->count].text = macro_argument(lex, false,
								&pieces->at[pieces->count].len);
		pieces->count++;
	} while (lex->token.kind == ',');
	return true;
}

/* .irp NAME, text, text, ...: the lines once for each text, in place of \NAME; once for none */
bool expand_irp(struct unit *unit)
{
	struct token at = unit->lex.token;
	struct macro macro = { .nparameters = 1 };
	struct expansion out = { .unit = unit };
	struct pieces pieces = { 0 };
	bool ok = irp_head(unit, &macro, &pieces);
	size_t i;

	/* a wrong head does not spill the body over the text */
	ok = expand_block(unit, &at, &expand_repeated, &macro.body, &macro.len) && ok;
	for (i = 0; ok && i < pieces.count && !out.too_long; i++) {
		macro.parameters[0].value = pieces.at[i].text;
		macro.parameters[0].value_len = pieces.at[i].len;
		macro_fill(&out, &macro, unit->calls++);
	}
	mem_drop(pieces.at);
	if (out.too_long)
		return expand_too_long(unit, &at);
	return ok && (!out.len ||
		      expand_text(unit, &at, ".irp", "repeated here", out.text, out.len));
}

/* ---- .if ---- */

#define EXPAND_IFS { ".if", ".ifb", ".ifnb", ".ifdef", ".ifndef" }

/* Skip to the .endif that belongs to the .if at `at`, or to its .else, which opens a part. */
static bool expand_skip(struct unit *unit, const struct token *at, const struct block *block)
{
	const char *body, *end;
	size_t len;

	end = expand_block(unit, at, block, &body, &len);
	unit->open_ifs += end && end == block->middle;
	return end != NULL;
}

/* Go on behind an .if, or skip the part that its condition leaves out. */
static bool expand_branch(struct unit *unit, const struct token *at, bool taken)
{
	static const struct block block = { EXPAND_IFS, ".else", ".endif" };

	if (!taken)
		return expand_skip(unit, at, &block);
	lex_skip_statement(&unit->lex);
	unit->open_ifs++;
	return true;
}

bool expand_if(struct unit *unit)
{
	struct token at = unit->lex.token;
	struct value value;

	if (!expr_number(unit, &value) || !expand_expect_end(unit)) {
		unit->open_ifs++;	/* its .endif has one to close */
		return false;
	}
	return expand_branch(unit, &at, value.num.mag != 0);
}

bool expand_ifb(struct unit *unit)
{
	struct token at = unit->lex.token;

	return expand_branch(unit, &at, expand_is_end(&at));
}

bool expand_ifnb(struct unit *unit)
{
	struct token at = unit->lex.token;

	return expand_branch(unit, &at, !expand_is_end(&at));
}

/* Whether a name is defined before this line: in the text, on the command line, a slot. */
static bool expand_defined(struct unit *unit, bool wanted)
{
	struct token at = unit->lex.token;
	struct symbol *symbol;
	char say[LEX_SAY];

	if (at.kind != LEX_NAME)
		unit_error(unit, &at, "expected a name, saw %s", lex_say(&at, say));
	else
		lex_next(&unit->lex);
	if (at.kind != LEX_NAME || !expand_expect_end(unit)) {
		unit->open_ifs++;
		return false;
	}
	symbol = symbols_get(&unit->names, at.text, at.len);
	if (!symbol)
		symbol = symbols_get(&unit->slots, at.text, at.len);
	if (symbol && symbol->kind == UNIT_DEFINE)
		symbol->used = true;
	return expand_branch(unit, &at, (symbol != NULL) == wanted);
}

bool expand_ifdef(struct unit *unit)
{
	return expand_defined(unit, true);
}

bool expand_ifndef(struct unit *unit)
{
	return expand_defined(unit, false);
}

/* Reached from the part that was taken: the other one is skipped. */
bool expand_else(struct unit *unit)
{
	static const struct block block = { EXPAND_IFS, NULL, ".endif" };
	struct token at = unit->lex.token;

	if (unit->open_ifs == unit->if_base)
		return unit_error(unit, &at, "there is no .if before this .else");
	unit->open_ifs--;
	return expand_skip(unit, &at, &block);
}

bool expand_endif(struct unit *unit)
{
	if (unit->open_ifs == unit->if_base)
		return unit_error(unit, &unit->lex.token, "there is no .if before this .endif");
	unit->open_ifs--;
	return true;
}

bool expand_stray(struct unit *unit)
{
	return unit_error(unit, &unit->lex.token, "there is nothing open before this end");
}

void expand_check_open(struct unit *unit, unsigned int base)
{
	if (unit->open_ifs > base)
		unit_error(unit, &unit->lex.token, "an .if of this text has no .endif");
	unit->open_ifs = base;
}
