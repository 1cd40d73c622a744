/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <string.h>

#include "asm.h"
#include "lex.h"
#include "symbols.h"
#include "isa.h"
#include "mem.h"
#include "source.h"

/* len is that of text: all of a start-up is looking words up. */
static const struct {
	char text[8];
	uint8_t len;
	uint8_t word;		/* enum isa_word */
	uint16_t edge;
} isa_words[] = {
	{ "rD", 2, ISA_RD, LEX_REGISTER64 },
	{ "rS", 2, ISA_RS, LEX_REGISTER64 },
	{ "wD", 2, ISA_WD, LEX_REGISTER32 },
	{ "wS", 2, ISA_WS, LEX_REGISTER32 },
	{ "r0", 2, ISA_R0, LEX_REGISTER64 },
	{ "w0", 2, ISA_W0, LEX_REGISTER32 },
	{ "imm", 3, ISA_IMM, ISA_EDGE_EXPR },
	{ "imm64", 5, ISA_IMM64, ISA_EDGE_EXPR },
	{ "next", 4, ISA_NEXT, ISA_EDGE_EXPR },
	{ "hi", 2, ISA_HI, ISA_EDGE_EXPR },
	{ "lo", 2, ISA_LO, ISA_EDGE_EXPR },
	{ "off", 3, ISA_OFF, ISA_EDGE_OFFSET },
	{ "label", 5, ISA_LABEL, ISA_EDGE_LABEL },
	{ "func", 4, ISA_FUNC, ISA_EDGE_FUNC },
};

enum { ISA_NWORDS = sizeof(isa_words) / sizeof(isa_words[0]) };

static bool isa_is_operand(uint16_t edge)
{
	return edge >= ISA_EDGE_EXPR && edge < ISA_EDGE_KEYWORD;
}

/* The child of a node along an edge, made when missing; operands come after all other children. */
static uint16_t isa_child(struct isa *isa, struct mem *mem, uint16_t node, uint16_t edge)
{
	uint16_t at, *link, fresh = (uint16_t)isa->nnodes;

	for (at = isa->nodes[node].child; at; at = isa->nodes[at].next)
		if (isa->nodes[at].edge == edge)
			return at;
	isa->nodes = mem_grow(mem, isa->nodes, &isa->nodes_room, isa->nnodes + 1,
			      sizeof(*isa->nodes));
	memset(&isa->nodes[fresh], 0, sizeof(*isa->nodes));
	isa->nnodes++;
	link = &isa->nodes[node].child;
	while (*link && (isa_is_operand(edge) || !isa_is_operand(isa->nodes[*link].edge)))
		link = &isa->nodes[*link].next;
	isa->nodes[fresh].edge = edge;
	isa->nodes[fresh].next = *link;
	*link = fresh;
	return fresh;
}

static uint16_t isa_keyword(struct isa *isa, const struct token *token)
{
	const struct symbol *symbol = symbols_get(&isa->keywords, token->text, token->len);

	if (!symbol) {
		uint32_t index = (uint32_t)isa->keywords.count;
		struct symbol *fresh = symbols_put(&isa->keywords, token->text, token->len);

		fresh->index = index;
		fresh->kind = token->kind == LEX_NAME ? ISA_KEYWORD_NAME : ISA_KEYWORD_NUMBER;
		symbol = fresh;
	}
	return (uint16_t)(ISA_EDGE_KEYWORD + symbol->index);
}

static size_t isa_find_word(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < ISA_NWORDS; i++)
		if (isa_words[i].len == len && !memcmp(isa_words[i].text, text, len))
			break;
	return i;
}

int isa_word(const char *text, size_t *len)
{
	size_t i;

	/* strspn() makes a table of its letters each time: half of what a disassembly takes */
	for (*len = 0; lex_in_name(text[*len]); (*len)++)
		;
	i = *len ? isa_find_word(text, *len) : ISA_NWORDS;
	return i < ISA_NWORDS ? isa_words[i].word : -1;
}

/* The edge of a token of a template; an operand is noted in the spelling. */
static uint16_t isa_edge(struct isa *isa, struct isa_spelling *spelling, const struct token *token)
{
	size_t i = isa_find_word(token->text, token->len);

	if (i < ISA_NWORDS) {
		spelling->words[spelling->nwords++] = isa_words[i].word;
		return isa_words[i].edge;
	}
	if (token->kind == LEX_NAME || token->kind == LEX_NUMBER)
		return isa_keyword(isa, token);
	return token->kind;
}

/* "+ off" and "+ imm" are one operand that begins with a sign or is not there. */
static bool isa_is_offset(struct lexer *lex, struct isa_spelling *spelling)
{
	struct lexer saved = *lex;

	lex_next(lex);
	if (saved.token.kind == '+' && (lex_is(lex, "off") || lex_is(lex, "imm"))) {
		spelling->words[spelling->nwords++] = lex_is(lex, "off") ? ISA_OFF : ISA_PLUS_IMM;
		return true;
	}
	*lex = saved;
	return false;
}

static void isa_add(struct isa *isa, struct mem *mem, const struct asm_form *form,
		    const char *text, size_t len)
{
	struct asm_source source = { .text = text, .len = len };
	struct isa_spelling *spelling;
	struct lexer lex;
	uint16_t node = 0;

	isa->spellings = mem_grow(mem, isa->spellings, &isa->spellings_room,
				  isa->nspellings + 1, sizeof(*isa->spellings));
	spelling = &isa->spellings[isa->nspellings];
	memset(spelling, 0, sizeof(*spelling));
	spelling->form = form;
	for (lex_start(&lex, &source, NULL, NULL); lex.token.kind != LEX_END; lex_next(&lex)) {
		uint16_t edge = isa_is_offset(&lex, spelling) ? ISA_EDGE_OFFSET :
				isa_edge(isa, spelling, &lex.token);

		if (lex.token.kind == LEX_NUMBER)
			isa->nodes[node].number = true;
		node = isa_child(isa, mem, node, edge);
	}
	/* the forms of call differ in src, which the operand decides: the first stands for all */
	if (!isa->nodes[node].spelling)
		isa->nodes[node].spelling = (uint16_t)++isa->nspellings;
}

/* Where a value is in the keys, or would be: one in four is taken. */
static struct isa_key *isa_key(const struct isa *isa, uint64_t value)
{
	/* 2^64 / the golden ratio */
	size_t at = value * UINT64_C(0x9e3779b97f4a7c15) >> 32 & (isa->nkeys - 1);

	while (isa->keys[at].value && isa->keys[at].value != value)
		at = (at + 1) & (isa->nkeys - 1);
	return &isa->keys[at];
}

static void isa_index_keywords(struct isa *isa, struct mem *mem)
{
	struct asm_source source = { .text = NULL };
	struct isa_key *key;
	struct lexer lex;
	size_t i;

	for (isa->nkeys = 1; isa->nkeys < 4 * isa->keywords.count; isa->nkeys *= 2)
		;
	isa->keys = mem_alloc(mem, isa->nkeys * sizeof(*isa->keys));
	for (i = 0; i < isa->keywords.count; i++) {
		source.text = isa->keywords.entries[i].name;
		source.len = isa->keywords.entries[i].len;
		if (isa->keywords.entries[i].kind != ISA_KEYWORD_NAME || source.len > ISA_KEY)
			continue;
		lex_start(&lex, &source, NULL, NULL);
		key = isa_key(isa, lex.token.value);
		key->value = lex.token.value;
		key->edge = (uint16_t)(ISA_EDGE_KEYWORD + i);
	}
}

uint16_t isa_edge_of(const struct isa *isa, const struct token *token)
{
	const struct symbol *keyword;

	if (token->kind == LEX_NAME && token->len <= ISA_KEY)
		return isa_key(isa, token->value)->edge;
	keyword = symbols_get(&isa->keywords, token->text, token->len);
	return (uint16_t)(keyword ? ISA_EDGE_KEYWORD + keyword->index : LEX_END);
}

/* Enter each node but the operands under its parent; note the operands in the parent. */
static void isa_index(struct isa *isa, struct mem *mem)
{
	struct isa_step *step;
	uint16_t from, to;

	for (isa->nsteps = 1; isa->nsteps < 2 * isa->nnodes; isa->nsteps *= 2)
		;
	isa->steps = mem_alloc(mem, isa->nsteps * sizeof(*isa->steps));
	for (from = 0; from < isa->nnodes; from++) {
		isa->nodes[from].child_edge = isa->nodes[isa->nodes[from].child].edge;
		for (to = isa->nodes[from].child; to; to = isa->nodes[to].next) {
			if (isa_is_operand(isa->nodes[to].edge)) {
				/* they are the last of the siblings */
				isa->nodes[from].operand = to;
				break;
			}
			step = isa_find_step(isa, from, isa->nodes[to].edge);
			step->from = from;
			step->edge = isa->nodes[to].edge;
			step->to = to;
		}
	}
}

/* A spelling a line. */
static void isa_add_lines(struct isa *isa, struct mem *mem, const struct asm_form *form,
			  const char *text)
{
	size_t len;

	for (; *text; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		isa_add(isa, mem, form, text, len);
	}
}

void isa_build(struct isa *isa, struct mem *mem)
{
	const struct asm_form *forms;
	enum asm_template t;
	size_t i, n;

	memset(isa, 0, sizeof(*isa));
	isa->keywords.mem = mem;
	isa->nodes = mem_grow(mem, NULL, &isa->nodes_room, 1, sizeof(*isa->nodes));
	memset(isa->nodes, 0, sizeof(*isa->nodes));
	isa->nnodes = 1;
	forms = asm_forms(&n);
	for (i = 0; i < n; i++) {
		for (t = 0; t < ASM_TEMPLATES; t++)
			isa_add_lines(isa, mem, &forms[i], asm_form_template(&forms[i], t));
	}
	isa_index(isa, mem);
	isa_index_keywords(isa, mem);
}
