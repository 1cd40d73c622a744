/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "asm.h"
#include "diag.h"
#include "lex.h"
#include "source.h"
#include "symbols.h"

/* What a byte begins; comments are among the others. */
enum lex_class {
	LEX_OTHER, LEX_BLANK, LEX_NEWLINE, LEX_DIGIT, LEX_LETTER, LEX_R_OR_W, LEX_DOT,
	LEX_PUNCT, LEX_RELATION,
};

/* Bytes by class; what is not named is LEX_OTHER. */
static const uint8_t lex_classes[256] = {
	[' '] = LEX_BLANK, ['\t'] = LEX_BLANK, ['\r'] = LEX_BLANK, ['\v'] = LEX_BLANK,
	['\f'] = LEX_BLANK,
	['\n'] = LEX_NEWLINE,
	['0' ... '9'] = LEX_DIGIT,
	['a' ... 'q'] = LEX_LETTER, ['s' ... 'v'] = LEX_LETTER, ['x' ... 'z'] = LEX_LETTER,
	['A' ... 'Z'] = LEX_LETTER, ['_'] = LEX_LETTER, ['$'] = LEX_LETTER,
	['r'] = LEX_R_OR_W, ['w'] = LEX_R_OR_W,
	['.'] = LEX_DOT,
	['+'] = LEX_PUNCT, ['-'] = LEX_PUNCT, ['*'] = LEX_PUNCT, ['&'] = LEX_PUNCT,
	['|'] = LEX_PUNCT, ['^'] = LEX_PUNCT, ['~'] = LEX_PUNCT, ['('] = LEX_PUNCT,
	[')'] = LEX_PUNCT, ['['] = LEX_PUNCT, [']'] = LEX_PUNCT, ['{'] = LEX_PUNCT,
	['}'] = LEX_PUNCT, [','] = LEX_PUNCT, [':'] = LEX_PUNCT,
	['<'] = LEX_RELATION, ['>'] = LEX_RELATION, ['='] = LEX_RELATION, ['!'] = LEX_RELATION,
};

static enum lex_class lex_class(char c)
{
	return lex_classes[(unsigned char)c];
}

/* Letters, digits and dots are the classes in the middle. */
bool lex_in_name(char c)
{
	enum lex_class class = lex_class(c);

	return class >= LEX_DIGIT && class <= LEX_DOT;
}

void lex_start(struct lexer *lex, const struct asm_source *source, struct diag_list *diags,
	       const struct symbols *aliases)
{
	memset(lex, 0, sizeof(*lex));
	lex->source = source;
	lex->text = source->text;
	lex->base = source->base;
	lex->diags = diags;
	lex->aliases = aliases;
	lex->at = source->text;
	lex->end = source->text + source->len;
	lex_next(lex);
}

static void lex_bad(struct lexer *lex, const char *message)
{
	struct token *token = &lex->token;

	token->kind = LEX_BAD;
	diag_add(lex->diags, ASM_ERROR, lex_pos(lex, token->text), token->len, "%s", message);
}

/* Past a block comment; false when it does not end. */
static bool lex_block_comment(struct lexer *lex)
{
	const char *at = lex->at + 2;

	for (;;) {
		at = memchr(at, '*', (size_t)(lex->end - at));
		if (!at || lex->end - at < 2) {
			lex->token.text = lex->at;
			lex->token.len = 2;
			lex->at = lex->end;
			lex_bad(lex, "this comment does not end");
			return false;
		}
		if (*++at == '/') {
			lex->at = at + 1;
			return true;
		}
	}
}

static void lex_line_comment(struct lexer *lex)
{
	const char *newline = memchr(lex->at, '\n', (size_t)(lex->end - lex->at));

	lex->at = newline ? newline : lex->end;
}

/* Past the comment that begins here, if one does. False: none, or an open one was reported. */
static bool lex_comment(struct lexer *lex)
{
	char next = lex->end - lex->at > 1 ? lex->at[1] : '\0';

	if (*lex->at == '/' && next == '*')
		return lex_block_comment(lex);
	if (*lex->at == '/' && next != '/')
		return false;
	lex_line_comment(lex);
	return true;
}

/* Skip blanks and comments. False when an open comment was reported. */
static bool lex_skip_blank(struct lexer *lex)
{
	const char *at = lex->at, *end = lex->end;

	for (;;) {
		while (at < end && lex_class(*at) == LEX_BLANK)
			at++;
		lex->at = at;
		if (at == end || (*at != '#' && *at != '/' && (*at != ';' || !lex->in_log)))
			return true;
		if (!lex_comment(lex))
			return lex->at == at;
		at = lex->at;
	}
}

/* A token of one character. */
static void lex_single(struct lexer *lex, uint8_t kind)
{
	lex->token.kind = kind;
	lex->token.len = 1;
	lex->at++;
}

/*
 * The name at the end of the token is rN or wN with a number the machine has? r11 only names stack
 * arguments.
 */
static void lex_register(struct token *token, const char *t, size_t len)
{
	unsigned int most, reg;

	if (len < 2 || len > 3 || (t[0] != 'r' && t[0] != 'w') || lex_class(t[1]) != LEX_DIGIT)
		return;
	most = t[0] == 'r' ? 11 : 10;
	reg = (unsigned int)(t[1] - '0');
	if (len == 3) {
		if (!reg || lex_class(t[2]) != LEX_DIGIT)
			return;
		reg = reg * 10 + (unsigned int)(t[2] - '0');
	}
	if (reg > most)
		return;
	token->kind = t[0] == 'r' ? LEX_REGISTER64 : LEX_REGISTER32;
	token->reg = (uint8_t)reg;
}

bool lex_is_register(const char *text, size_t len)
{
	size_t i;

	if (len < 2 || (*text != 'r' && *text != 'w'))
		return false;
	for (i = 1; i < len; i++)
		if (lex_class(text[i]) != LEX_DIGIT)
			return false;
	return true;
}

/* The end of the name or number that begins at the token. */
static const char *lex_word(struct lexer *lex)
{
	const char *at = lex->at, *end = lex->end;

	while (at < end && lex_in_name(*at))
		at++;
	lex->token.len = (uint32_t)(at - lex->at);
	lex->at = at;
	return at;
}

/* The same for a name that .reg gave to a register. */
static void lex_alias(struct lexer *lex, const char *name, size_t len)
{
	const struct symbol *alias = symbols_get(lex->aliases, name, len);

	if (!alias)
		return;
	lex->token.kind = (uint8_t)alias->kind;
	lex->token.reg = (uint8_t)alias->index;
}

static void lex_name(struct lexer *lex)
{
	enum { MOST = 64 };
	struct token *token = &lex->token;
	const char *at = lex->at, *end = lex->end;
	uint64_t value = 0;
	unsigned int shift;

	for (shift = 0; at < end && lex_in_name(*at); at++, shift += 8)
		if (shift < MOST)
			value |= (uint64_t)(unsigned char)*at << shift;
	lex->at = at;
	token->len = (uint32_t)(at - token->text);
	token->value = value;
	token->kind = *token->text == '.' ? LEX_DIRECTIVE : LEX_NAME;
	if (lex->aliases && lex->aliases->count)
		lex_alias(lex, token->text, token->len);
	if (lex_class(*token->text) == LEX_R_OR_W)
		lex_register(token, token->text, token->len);
}

/* gas and its kin put a % before registers; else it is the operator. */
static void lex_percent(struct lexer *lex)
{
	struct token *token = &lex->token;
	const char *name, *at;

	lex_single(lex, '%');
	name = lex->at;
	for (at = name; at < lex->end && lex_in_name(*at); at++)
		;
	if (lex->aliases && lex->aliases->count)
		lex_alias(lex, name, (size_t)(at - name));
	lex_register(token, name, (size_t)(at - name));
	if (token->kind == '%')
		return;
	token->len = (uint32_t)(at - token->text);
	lex->at = at;
}

static unsigned int lex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned int)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned int)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned int)(c - 'A') + 10;
	return 99;
}

/* What follows the digits: C's suffixes say nothing here, K M G multiply. */
static bool lex_suffix(const char *at, const char *end, unsigned int *shift)
{
	if (end - at == 1 && (*at == 'K' || *at == 'M' || *at == 'G')) {
		*shift = *at == 'K' ? 10 : *at == 'M' ? 20 : 30;
		return true;
	}
	if (end - at > 3)
		return false;
	for (; at < end; at++)
		if (!strchr("uUlL", *at))
			return false;
	return true;
}

static unsigned int lex_base(const char **at, const char *end)
{
	if (end - *at < 2 || **at != '0')
		return 10;
	switch ((*at)[1]) {
	case 'x': case 'X':
		*at += 2;
		return 16;
	case 'b': case 'B':
		*at += 2;
		return 2;
	case '0' ... '9':
		*at += 1;
		return 8;
	default:
		return 10;
	}
}

/* The usual number: digits of a decimal that cannot overflow, and the word ends behind them. */
static bool lex_small_decimal(struct lexer *lex)
{
	enum { SAFE = 18 };
	const char *at = lex->at, *end = lex->end - at > SAFE ? at + SAFE : lex->end;
	uint64_t value = 0;

	while (at < end && lex_class(*at) == LEX_DIGIT)
		value = value * 10 + (uint64_t)(*at++ - '0');
	if ((*lex->at == '0' && at > lex->at + 1) || (at < lex->end && lex_in_name(*at)))
		return false;
	lex->token.kind = LEX_NUMBER;
	lex->token.len = (uint32_t)(at - lex->at);
	lex->token.value = value;
	lex->at = at;
	return true;
}

/* Digits and then b or f name a label; 0b with digits behind it does not end in b. */
static bool lex_is_local(const char *at, const char *end)
{
	while (at < end && lex_class(*at) == LEX_DIGIT)
		at++;
	return end - at == 1 && (*at == 'b' || *at == 'f');
}

__attribute__((noinline))
static void lex_number(struct lexer *lex)
{
	struct token *token = &lex->token;
	const char *at = token->text, *digits, *end = lex_word(lex);
	unsigned int base, shift = 0, digit;
	uint64_t value = 0;
	bool fits = true;

	token->kind = lex_is_local(at, end) ? LEX_LOCAL : LEX_NUMBER;
	if (token->kind == LEX_LOCAL)
		return;
	base = lex_base(&at, end);
	for (digits = at; at < end && (digit = lex_digit(*at)) < base; at++) {
		if (value >> 59 && value > (UINT64_MAX - digit) / base)
			fits = false;	/* below 2^59 all is well: no base is above 16 */
		value = value * base + digit;
	}
	token->value = value;
	if (at == digits || !lex_suffix(at, end, &shift))
		lex_bad(lex, "this is not a number");
	else if (!fits || token->value << shift >> shift != token->value)
		lex_bad(lex, "this number does not fit in 64 bits");
	token->value <<= shift;
}

int lex_escape(const char **at, const char *end)
{
	static const char from[] = "abfnrtv0\\'\"", to[] = "\a\b\f\n\r\t\v\0\\'\"";
	const char *letter = *at < end && **at ? strchr(from, **at) : NULL;
	int value = -1;

	if (letter) {
		value = (unsigned char)to[letter - from];
		*at += 1;
	} else if (end - *at > 2 && **at == 'x' && lex_digit((*at)[1]) < 16 &&
		   lex_digit((*at)[2]) < 16) {
		value = (int)(lex_digit((*at)[1]) * 16 + lex_digit((*at)[2]));
		*at += 3;
	}
	return value;
}

static void lex_character(struct lexer *lex)
{
	struct token *token = &lex->token;
	const char *at = token->text + 1;
	int value = -1;

	if (lex->end - at >= 2 && *at == '\\') {
		at++;
		value = lex_escape(&at, lex->end);
	} else if (lex->end - at >= 2 && *at != '\n' && *at != '\'') {
		value = (unsigned char)*at++;
	}
	lex->at = value >= 0 && at < lex->end && *at == '\'' ? at + 1 : token->text + 1;
	token->len = (uint32_t)(lex->at - token->text);
	token->kind = LEX_NUMBER;
	token->value = (uint64_t)value;
	if (token->len == 1)
		lex_bad(lex, "this is not a character constant");
}

/* The token spans the quotes; escapes are undone by whoever uses the string. */
static void lex_string(struct lexer *lex)
{
	struct token *token = &lex->token;
	const char *at = token->text + 1;

	while (at < lex->end && *at != '"' && *at != '\n')
		at += *at == '\\' && lex->end - at > 1 && at[1] != '\n' ? 2 : 1;
	token->kind = LEX_STRING;
	if (at < lex->end && *at == '"') {
		lex->at = at + 1;
		token->len = (uint32_t)(lex->at - token->text);
		return;
	}
	lex->at = at;
	token->len = 1;
	lex_bad(lex, "this string does not end on its line");
}

/* < << <= > >> >= = == ! != */
static void lex_relation(struct lexer *lex)
{
	char first = *lex->at, next = lex->end - lex->at > 1 ? lex->at[1] : '\0';
	uint8_t kind = 0;

	if (next == '=')
		kind = first == '<' ? LEX_LE : first == '>' ? LEX_GE : (uint8_t)(first + 128);
	else if (next == first && (first == '<' || first == '>'))
		kind = (uint8_t)(first + 128);
	lex_single(lex, kind ? kind : (uint8_t)first);
	if (!kind)
		return;
	lex->token.len++;
	lex->at++;
}

/* "; text" at the front of a line is the source that the kernel's listings quote. */
static bool lex_is_source_line(const struct lexer *lex)
{
	const char *at = lex->token.text;

	if (!lex->source->listing || *at != ';' || lex->at == lex->end || *lex->at != ' ')
		return false;
	while (at > lex->source->text && lex_class(at[-1]) == LEX_BLANK)
		at--;
	return at == lex->source->text || at[-1] == '\n';
}

static void lex_semicolon(struct lexer *lex)
{
	lex_single(lex, LEX_SEPARATOR);
	lex->in_log = false;
	if (lex_is_source_line(lex))
		lex_line_comment(lex);
}

static void lex_unknown(struct lexer *lex)
{
	char text[64];

	lex->token.len = 1;
	lex->at++;
	snprintf(text, sizeof(text), "a byte 0x%02x has no meaning here",
		 (unsigned int)(unsigned char)*lex->token.text);
	lex_bad(lex, text);
}

/* The rest: the end, what is seldom, or may begin a comment. */
__attribute__((noinline))
static void lex_other(struct lexer *lex)
{
	const char *text = lex->at;

	if (text == lex->end) {
		lex->token.kind = LEX_END;
		lex->token.len = 0;
		return;
	}
	if (!lex_skip_blank(lex))
		return;
	if (lex->at != text) {
		lex_next(lex);
		return;
	}
	switch (*text) {
	case '/':
		lex_single(lex, '/');
		break;
	case '%':
		lex_percent(lex);
		break;
	case ';':
		lex_semicolon(lex);
		break;
	case '\'':
		lex_character(lex);
		break;
	case '"':
		lex_string(lex);
		break;
	default:
		lex_unknown(lex);
	}
}

/* r0 to r9 and w0 to w9, the usual word, of which the first letter is known. */
static bool lex_short_register(struct lexer *lex)
{
	const char *at = lex->at;

	if (lex->end - at < 3 || lex_class(at[1]) != LEX_DIGIT || lex_in_name(at[2]))
		return false;
	lex->token.kind = *at == 'r' ? LEX_REGISTER64 : LEX_REGISTER32;
	lex->token.reg = (uint8_t)(at[1] - '0');
	lex->token.len = 2;
	lex->at = at + 2;
	return true;
}

/*
 * Every path ends in the call of a function, or none, so that nothing needs saving for one; what is
 * not the rule is kept out of line, so that it needs nothing either.
 */
void lex_next(struct lexer *lex)
{
	struct token *token = &lex->token;
	const char *at = lex->at, *end = lex->end;
	enum lex_class class = LEX_OTHER;

	while (at < end && (class = lex_class(*at)) == LEX_BLANK)
		at++;
	lex->at = at;
	token->text = at;
	token->value = 0;
	switch (class) {
	case LEX_PUNCT:
		lex_single(lex, (uint8_t)*at);
		break;
	case LEX_NEWLINE:
		lex->in_log = false;
		lex_single(lex, LEX_SEPARATOR);
		break;
	case LEX_RELATION:
		lex_relation(lex);
		break;
	case LEX_R_OR_W:
		if (!lex_short_register(lex))
			lex_name(lex);
		break;
	case LEX_LETTER:
	case LEX_DOT:
		lex_name(lex);
		break;
	case LEX_DIGIT:
		if (!lex_small_decimal(lex))
			lex_number(lex);
		break;
	default:
		lex_other(lex);
	}
}

/* The end of an argument: a comma outside of brackets, or what ends the statement. */
static const char *lex_argument_end(const char *at, const char *end)
{
	int depth = 0;
	bool quoted = false;

	for (; at < end && *at != '\n'; at++) {
		if (quoted && *at == '\\' && end - at > 1 && at[1] != '\n') {
			at++;
			continue;
		}
		quoted ^= *at == '"';
		if (quoted)
			continue;
		depth += *at == '(' || *at == '[';
		depth -= *at == ')' || *at == ']';
		if ((*at == ',' && depth <= 0) || *at == ';' || *at == '#' ||
		    (*at == '/' && end - at > 1 && (at[1] == '/' || at[1] == '*')))
			break;
	}
	return at;
}

const char *lex_take_argument(struct lexer *lex, uint32_t *len)
{
	const char *at = lex->at, *to;

	while (at < lex->end && lex_class(*at) == LEX_BLANK)
		at++;
	to = lex_argument_end(at, lex->end);
	lex->at = to;
	while (to > at && lex_class(to[-1]) == LEX_BLANK)
		to--;
	*len = (uint32_t)(to - at);
	lex_next(lex);
	return at;
}

void lex_take_path(struct lexer *lex, struct token *name)
{
	const char *at = name->text + name->len;

	if (at == lex->end || *at != '[')
		return;
	while (at < lex->end && (lex_in_name(*at) || *at == '[' || *at == ']'))
		at++;
	name->len = (uint32_t)(at - name->text);
	lex->at = at;
	lex_next(lex);
}

/* What a byte 0x.. would be reported for is skipped silently: the statement is wrong already. */
void lex_skip_statement(struct lexer *lex)
{
	while (lex->token.kind != LEX_SEPARATOR && lex->token.kind != LEX_END) {
		if (!lex_skip_blank(lex))
			return;
		lex->token.text = lex->at;
		lex->token.len = 1;
		lex->token.kind = LEX_NAME;
		if (lex->at == lex->end)
			lex->token.kind = LEX_END;
		else if (*lex->at == '\n' || *lex->at == ';')
			lex->token.kind = LEX_SEPARATOR;
		if (lex->token.kind == LEX_SEPARATOR)
			lex->in_log = false;
		if (lex->token.kind != LEX_END)
			lex->at++;
	}
}

bool lex_is(const struct lexer *lex, const char *name)
{
	return (lex->token.kind == LEX_NAME || lex->token.kind == LEX_DIRECTIVE) &&
	       strlen(name) == lex->token.len && !memcmp(name, lex->token.text, lex->token.len);
}

bool lex_symbol(const struct token *token, const char **name, uint32_t *len)
{
	bool quoted = token->kind == LEX_STRING;

	*name = token->text + quoted;
	*len = token->len - 2 * quoted;
	return quoted || token->kind == LEX_NAME || token->kind == LEX_LOCAL ||
	       (token->kind == LEX_DIRECTIVE && token->len > 1);
}

const char *lex_say(const struct token *token, char *buf)
{
	enum { MOST = 32 };
	uint32_t i, len = token->len > MOST ? MOST : token->len;
	char text[MOST + 1];

	if (token->kind == LEX_END)
		return "the end of the text";
	if (token->kind == LEX_SEPARATOR)
		return *token->text == ';' ? "';'" : "the end of the line";
	for (i = 0; i < len; i++)
		text[i] = token->text[i] >= ' ' && token->text[i] < 0x7f ? token->text[i] : '?';
	text[len] = '\0';
	snprintf(buf, LEX_SAY, "'%s%s'", text, len < token->len ? "..." : "");
	return buf;
}
