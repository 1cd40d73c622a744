/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * isa.h - the instruction templates of tables/insn.def as a tree. Needs symbols.h
 *
 * Each way through the tree is one spelling of one form: its edges are tokens, keywords and
 * operands. The tree is the grammar: what may follow a token is what its node's children say, in
 * matching and in messages.
 */
#ifndef ISA_H
#define ISA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct asm_form;
struct mem;
struct token;

/* Operand words of a template, as tables/insn.def explains them. */
enum isa_word {
	ISA_RD, ISA_RS, ISA_WD, ISA_WS, ISA_R0, ISA_W0, ISA_IMM, ISA_IMM64, ISA_NEXT, ISA_OFF,
	ISA_PLUS_IMM, ISA_LABEL, ISA_FUNC, ISA_HI, ISA_LO,
};

/* Edges: up to 255 an enum lex_kind; then the operands; then the keywords. */
enum isa_edge {
	ISA_EDGE_EXPR = 256, ISA_EDGE_OFFSET, ISA_EDGE_LABEL, ISA_EDGE_FUNC,
	ISA_EDGE_KEYWORD,	/* + index in keywords */
};

/* Kinds in keywords: a number is one where a template writes it out. */
enum { ISA_KEYWORD_NAME, ISA_KEYWORD_NUMBER };

enum { ISA_WORDS = 6, ISA_ROOT = 0, ISA_KEY = 8 };

/* One spelling of a form. */
struct isa_spelling {
	const struct asm_form *form;
	uint8_t nwords;
	uint8_t words[ISA_WORDS];	/* enum isa_word, in order of the text */
};

/* 16 bytes: an index is a shift. */
struct isa_node {
	_Alignas(8) uint16_t edge;
	uint16_t next;		/* sibling; 0: none */
	uint16_t child;		/* first child; 0: none */
	uint16_t child_edge;	/* its edge */
	uint16_t operand;	/* first child whose edge is an operand but no register; 0: none */
	uint16_t spelling;	/* 1 + index; 0: nothing ends here */
	bool number;		/* some child is a number that is written out */
};

/* Where an edge leads from a node: the siblings again, for one look instead of a walk. */
struct isa_step {
	uint16_t from, edge;
	uint16_t to;		/* 0: free */
};

/* A keyword of up to ISA_KEY bytes, as the value of its token. */
struct isa_key {
	uint64_t value;		/* 0: free */
	uint16_t edge;
};

struct isa {
	struct isa_node *nodes;	/* nodes[ISA_ROOT] is the root */
	size_t nnodes, nodes_room;
	struct isa_step *steps;	/* a hash table of nsteps, a power of two */
	size_t nsteps;
	struct isa_spelling *spellings;
	size_t nspellings, spellings_room;
	struct symbols keywords;
	struct isa_key *keys;	/* a hash table of nkeys, a power of two: those that are short */
	size_t nkeys;
};

void isa_build(struct isa *isa, struct mem *mem);

/* The edge of a token that is a keyword; LEX_END, which no edge is, when it is none. */
uint16_t isa_edge_of(const struct isa *isa, const struct token *token);

/* The operand word at the front of a piece of a template, its length in *len; -1: none. */
int isa_word(const char *text, size_t *len);

/* Where an edge of a node is in the steps, or would be. */
static inline struct isa_step *isa_find_step(const struct isa *isa, uint16_t from, uint16_t edge)
{
	struct isa_step *steps = isa->steps;
	size_t at = (from * 31u + edge * 17u) & (isa->nsteps - 1);

	while (steps[at].to && (steps[at].from != from || steps[at].edge != edge))
		at = (at + 1) & (isa->nsteps - 1);
	return &steps[at];
}

/* The child of a node along a token or keyword; 0 when there is none. */
static inline uint16_t isa_step(const struct isa *isa, uint16_t from, uint16_t edge)
{
	const struct isa_node *node = &isa->nodes[from];

	/* most have one child */
	return node->child_edge == edge ? node->child : isa_find_step(isa, from, edge)->to;
}

#endif
