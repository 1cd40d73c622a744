/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* lex.h - text to tokens, one at a time. */
#ifndef LEX_H
#define LEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct asm_source;
struct diag_list;
struct symbols;

/* Tokens spelt with one or two characters have the character, or the first plus 128, as kind. */
enum lex_kind {
	LEX_END = 0,		/* of the text */
	LEX_SEPARATOR = 1,	/* newline or ; */
	LEX_NAME = 2,		/* letters, digits, _ . $ and not first a digit */
	LEX_DIRECTIVE = 3,	/* a name that begins with . */
	LEX_REGISTER64 = 4,	/* r0 ... r11 */
	LEX_REGISTER32 = 5,	/* w0 ... w10 */
	LEX_NUMBER = 6,
	LEX_STRING = 7,
	LEX_BAD = 8,		/* reported by the lexer */
	LEX_LOCAL = 9,		/* 1b, 1f: a use of the label 1: */
	LEX_SHL = '<' + 128, LEX_SHR = '>' + 128, LEX_LE = 'l' + 128, LEX_GE = 'g' + 128,
	LEX_EQ = '=' + 128, LEX_NE = '!' + 128,
};

struct token {
	uint8_t kind;
	uint8_t reg;		/* of a register */
	uint32_t len;		/* bytes in the text */
	const char *text;
	uint64_t value;		/* of a number; of a name its first 8 bytes, the first one lowest */
};

struct lexer {
	const char *at, *end;
	const struct asm_source *source;
	const char *text;	/* that of source, which stands at base */
	uint32_t base;
	struct diag_list *diags;
	const struct symbols *aliases;	/* names of registers: kind and index are theirs */
	bool in_log;		/* to the end of the line, a ';' begins a comment */
	struct token token;	/* the one looked at */
};

/* aliases may be NULL, and may be added to while the text is read. */
void lex_start(struct lexer *lex, const struct asm_source *source, struct diag_list *diags,
	       const struct symbols *aliases);

/* Step to the next token. A malformed one is reported and comes as LEX_BAD. */
void lex_next(struct lexer *lex);

/*
 * Take what stands from lex->at to the next comma, comment or end of the statement, as it is;
 * commas in brackets and strings do not count. The token looked at is then the one behind.
 */
const char *lex_take_argument(struct lexer *lex, uint32_t *len);

/*
 * Lengthen a name that was just stepped over by the [N] and .NAME that follow it without a blank;
 * the token looked at is then the one behind.
 */
void lex_take_path(struct lexer *lex, struct token *name);

/* Skip the rest of the statement; the token is then its separator, or the end. */
void lex_skip_statement(struct lexer *lex);

/* Position of a piece of the text. */
static inline uint32_t lex_pos(const struct lexer *lex, const char *text)
{
	return lex->base + (uint32_t)(text - lex->text);
}

/*
 * The byte that an escape in a string or character stands for, -1 when it is none; *at, which was
 * behind its '\', is then behind it.
 */
int lex_escape(const char **at, const char *end);

/* Whether the token is this name. */
bool lex_is(const struct lexer *lex, const char *name);

/*
 * The name of a symbol, wherever the token holds it: a name, one that begins with a dot, one in
 * quotes, a use of a local label. False: the token is none.
 */
bool lex_symbol(const struct token *token, const char **name, uint32_t *len);

/* Whether a name goes on with this character. */
bool lex_in_name(char c);

/* Whether a name reads like a register, r or w and digits, of whatever number. */
bool lex_is_register(const char *text, size_t len);

/* What to call a token in a message: 'text', or "the end of the line". buf: LEX_SAY bytes. */
enum { LEX_SAY = 48 };
const char *lex_say(const struct token *token, char *buf);

#endif
