/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loader.h"
#include "btfvalue.h"
#include "say.h"
#include "typed.h"

enum { DEEPEST = 32, BTF_SIGNED = 1, BTF_CHAR = 2, BTF_BOOL = 4 };

struct reader {
	const struct typed *typed;
	const struct asm_btf *btf;
	const char *text, *at;
	char *word;		/* room for a word of the text */
	size_t len;		/* of it */
	bool quoted;
};

/* Where a member is. */
struct place {
	uint32_t id;
	uint64_t bit;
	uint32_t width;		/* of a bitfield; 0: it is none */
};

__attribute__((format(printf, 2, 3)))
static bool wrong(const struct reader *r, const char *format, ...)
{
	char message[512];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	say_error(r->typed->opt, NULL, "'%s': %s '%s': %s", r->typed->command, r->typed->what,
		  r->text, message);
	return false;
}

/* ---- words ---- */

static void skip_blanks(struct reader *r)
{
	r->at += strspn(r->at, " \t\n\r");
}

/* Take this character, blanks before it too. */
static bool take(struct reader *r, char c)
{
	skip_blanks(r);
	if (*r->at != c)
		return false;
	r->at++;
	return true;
}

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c | 0x20) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Behind a backslash: the byte it stands for, or -1. */
static int take_escape(struct reader *r)
{
	static const char names[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
	const char *at = *r->at ? strchr(names, *r->at) : NULL;
	size_t zeroes = *r->at == 'u' ? 2 : 0;
	int high, low;

	if (at) {
		r->at++;
		return (uint8_t)bytes[at - names];
	}
	if ((*r->at != 'u' && *r->at != 'x') || strncmp(r->at + 1, "00", zeroes) != 0)
		return -1;
	high = hex_digit(r->at[zeroes + 1]);
	low = high < 0 ? -1 : hex_digit(r->at[zeroes + 2]);
	r->at += low < 0 ? 0 : zeroes + 3;
	return low < 0 ? -1 : high << 4 | low;
}

static bool take_quoted(struct reader *r)
{
	int c;

	r->quoted = true;
	for (r->len = 0; *r->at && *r->at != '"'; r->word[r->len++] = (char)c) {
		c = (uint8_t)*r->at++;
		if (c == '\\')
			c = take_escape(r);
		if (c < 0)
			return wrong(r, "what stands behind a backslash is \", \\, b, f, n, r, t, "
				     "xNN or u00NN");
	}
	if (!*r->at)
		return wrong(r, "the text in quotes does not end");
	r->at++;
	return true;
}

/* A text in quotes, or all up to one of the characters in stop. */
static bool take_word(struct reader *r, const char *stop)
{
	bool taken = true;

	skip_blanks(r);
	r->quoted = false;
	if (take(r, '"')) {
		taken = take_quoted(r);
	} else {
		r->len = strcspn(r->at, stop);
		memcpy(r->word, r->at, r->len);
		r->at += r->len;
	}
	r->word[r->len] = '\0';
	return taken;
}

static const char ends[] = ",]} \t\n\r";

/* ---- numbers and addresses ---- */

/* Decimal, or hexadecimal with 0x; leading zeroes would be octal elsewhere. */
static bool is_number(const char *word, bool *minus, uint64_t *out)
{
	unsigned int base = 10;
	int digit;

	*minus = *word == '-';
	word += *minus;
	if (word[0] == '0' && word[1]) {
		if ((word[1] | 0x20) != 'x')
			return false;
		base = 16;
		word += 2;
	}
	*out = 0;
	do {
		digit = hex_digit(*word);
		if (digit < 0 || (unsigned int)digit >= base ||
		    *out > (UINT64_MAX - (unsigned int)digit) / base)
			return false;
		*out = *out * base + (unsigned int)digit;
	} while (*++word);
	return true;
}

/* What is wide enough for a number, or its negative, with a sign or without. */
static bool fits(uint32_t width, bool minus, uint64_t number, bool is_signed, bool is_unsigned)
{
	uint64_t half = UINT64_C(1) << (width - 1);

	if (minus)
		return !number || (!is_unsigned && number <= half);
	return is_signed ? number < half : number <= half - 1 + half;
}

/* More than 64 bits, which have to be in hexadecimal: what is above them is cut off the word. */
static bool take_high(struct reader *r, uint64_t *high)
{
	enum { PREFIX = 2, LOW = 16 };
	char low[PREFIX + LOW + 1] = "0x";
	bool minus;

	*high = 0;
	if (r->len <= PREFIX + LOW || strncmp(r->word, low, PREFIX) != 0)
		return false;
	memcpy(low + PREFIX, r->word + r->len - LOW, LOW + 1);
	r->word[r->len - LOW] = '\0';
	if (!is_number(r->word, &minus, high))
		return false;
	strcpy(r->word, low);
	return true;
}

/* The word as a number of that many bits at that place; sign: enum of bits as in BTF, or -1. */
static bool put_number(struct reader *r, uint64_t bit, uint32_t width, int sign)
{
	uint32_t low = width > 64 ? 64 : width;
	bool big = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__, minus, wide;
	uint64_t number, high;

	wide = width > low && take_high(r, &high);
	if (!is_number(r->word, &minus, &number))
		return wrong(r, "'%s' is no number", r->word);
	if (bit + width > 8 * (uint64_t)r->typed->size)
		return wrong(r, "its type is larger than the map says");
	if (!fits(low, minus, number, sign == BTF_SIGNED && width == low, sign == 0))
		return wrong(r, "%s does not fit in %u bits%s", r->word, width, sign < 0 ? "" :
			     sign ? " with a sign" : " without a sign");
	btfvalue_put(r->typed->data, big ? bit + width - low : bit, low,
		     minus ? -number : number);
	if (width > low)
		btfvalue_put(r->typed->data, big ? bit : bit + low, width - low,
			     wide ? high : minus && number ? UINT64_MAX : 0);
	return true;
}

/* An address at the reader, of that many bytes, to data. False leaves the reader where it is. */
static bool take_address(struct reader *r, uint8_t *data, uint64_t size)
{
	enum { MAC = 6 };
	size_t len = strspn(r->at, "0123456789abcdefABCDEF:.");
	char word[64], *at = word;
	uint8_t mac[MAC];
	int i, high, low;

	if (len >= sizeof(word) || (size != 4 && size != MAC && size != 16))
		return false;
	memcpy(word, r->at, len);
	word[len] = '\0';
	if (size == MAC) {
		for (i = 0; i < MAC; i++, at += 3) {
			high = hex_digit(at[0]);
			low = high < 0 ? -1 : hex_digit(at[1]);
			if (low < 0 || at[2] != (i + 1 < MAC ? ':' : '\0'))
				return false;
			mac[i] = (uint8_t)(high << 4 | low);
		}
		memcpy(data, mac, MAC);
	} else if (inet_pton(size == 4 ? AF_INET : AF_INET6, word, data) != 1) {
		return false;
	}
	r->at += len;
	return true;
}

/* ADDRESS[/LENGTH]; false when it is none, which may be right. *bad: it is wrong, and said. */
static bool take_prefix(struct reader *r, bool *bad)
{
	const struct typed *t = r->typed;
	uint32_t most = 8 * (t->size - (uint32_t)sizeof(most));
	uint64_t bits = most;
	bool minus;

	if (!take_address(r, t->data + sizeof(most), t->size - sizeof(most)))
		return false;
	if (take(r, '/')) {
		take_word(r, "");
		*bad = !is_number(r->word, &minus, &bits) || minus || bits > most;
	}
	if (*bad)
		return wrong(r, "'%s' is no prefix length from 0 to %u", r->word, most);
	memcpy(t->data, &(uint32_t){ (uint32_t)bits }, sizeof(most));
	return true;
}

/* ---- types ---- */

static bool read_type(struct reader *r, uint32_t id, uint64_t bit, unsigned int depth);

/* ["0x2a","0x00"]: what follows a bracket is a number in quotes. */
static bool is_bytes(struct reader *r)
{
	skip_blanks(r);
	return *r->at == '[' && !strncmp(r->at + 1 + strspn(r->at + 1, " \t\n\r"), "\"0x", 3);
}

static bool read_bytes(struct reader *r, uint64_t bit, uint64_t size)
{
	uint64_t n = 0;

	take(r, '[');
	do {
		if (!take_word(r, ends))
			return false;
		if (n == size)
			return wrong(r, "more than the %llu bytes that it has",
				     (unsigned long long)size);
		if (!put_number(r, bit + 8 * n++, 8, 0))
			return false;
	} while (take(r, ','));
	if (!take(r, ']'))
		return wrong(r, "',' or ']' expected at '%s'", r->at);
	return n == size || wrong(r, "%llu bytes given, %llu needed", (unsigned long long)n,
				  (unsigned long long)size);
}

static const char *title(const struct asm_btf_type *type)
{
	return type->kind == ASM_BTF_UNION ? "union" : type->kind == ASM_BTF_STRUCT ? "struct" :
	       type->kind == ASM_BTF_DATASEC ? "section" : "enum";
}

static bool unknown_name(struct reader *r, const struct asm_btf_type *type)
{
	struct asm_btf_member member;
	struct asm_btf_type var;
	char hint[ASM_NEAR_TEXT];
	struct asm_near near;

	asm_near_start(&near, r->word, strlen(r->word));
	for (uint32_t i = 0; asm_btf_member(r->btf, type->id, i, &member); i++) {
		if (type->kind == ASM_BTF_DATASEC && asm_btf_type(r->btf, member.arg, &var))
			member.name = var.name;
		asm_near_offer(&near, member.name, strlen(member.name));
	}
	return wrong(r, "%s %s has no '%s'%s", title(type), type->name, r->word,
		     asm_near_text(&near, hint));
}

/* Look for the word in a struct, union or section, and what has no name in it. */
static bool find_member(const struct reader *r, const struct asm_btf_type *type, uint64_t bit,
			unsigned int depth, struct place *out)
{
	struct asm_btf_member member;
	struct asm_btf_type inner;
	bool named;

	for (uint32_t i = 0; asm_btf_member(r->btf, type->id, i, &member); i++) {
		if (!asm_btf_type(r->btf, member.arg, &inner))
			continue;
		*out = (struct place){ member.arg, bit + member.bit, member.width };
		named = *member.name;
		if (type->kind == ASM_BTF_DATASEC) {
			named = true;
			member.name = inner.name;
			out->id = inner.arg;
		}
		if (!strcmp(member.name, r->word))
			return true;
		if (!named && depth < DEEPEST &&
		    find_member(r, &inner, bit + member.bit, depth + 1, out))
			return true;
	}
	return false;
}

static bool read_place(struct reader *r, const struct place *place, unsigned int depth)
{
	if (!place->width)
		return read_type(r, place->id, place->bit, depth);
	return take_word(r, ends) && put_number(r, place->bit, place->width, -1);
}

static bool read_members(struct reader *r, const struct asm_btf_type *type, uint64_t bit,
			 unsigned int depth);

/* The member without a name that has so many such before it. */
static bool find_nameless(const struct reader *r, const struct asm_btf_type *type, uint64_t bit,
			  unsigned int before, struct place *out)
{
	struct asm_btf_member member;

	for (uint32_t i = 0; asm_btf_member(r->btf, type->id, i, &member); i++) {
		if (*member.name || before--)
			continue;
		*out = (struct place){ member.arg, bit + member.bit, member.width };
		return true;
	}
	return false;
}

/* What the word names in a struct, union or section; nameless: "" so far. */
static bool read_member(struct reader *r, const struct asm_btf_type *type, uint64_t bit,
			unsigned int *nameless, unsigned int depth)
{
	bool section = type->kind == ASM_BTF_DATASEC && !strcmp(r->word, type->name);
	struct place place;

	if (!*r->word && type->kind != ASM_BTF_DATASEC) {
		if (!find_nameless(r, type, bit, (*nameless)++, &place))
			return unknown_name(r, type);
	} else if (!section && !find_member(r, type, bit, 0, &place)) {
		return unknown_name(r, type);
	}
	if (!take(r, '=') && !take(r, ':'))
		return wrong(r, "'=' expected behind '%s'", r->word);
	if (!section)
		return read_place(r, &place, depth);
	/* as it is printed: {".data":[{"one":1},{"two":2}]} */
	if (!take(r, '['))
		return wrong(r, "'[' expected at '%s'", r->at);
	do {
		if (depth > DEEPEST || !read_members(r, type, bit, depth + 1))
			return false;
	} while (take(r, ','));
	return take(r, ']') || wrong(r, "',' or ']' expected at '%s'", r->at);
}

/* {name=value,...}; braces are not needed around all. */
static bool read_members(struct reader *r, const struct asm_btf_type *type, uint64_t bit,
			 unsigned int depth)
{
	unsigned int nameless = 0;
	bool bare = !take(r, '{');

	if (bare && depth > 1)
		return wrong(r, "'{' expected at '%s', for %s %s", r->at, title(type), type->name);
	if (!bare && take(r, '}'))
		return true;
	do {
		if (!take_word(r, "=:,{}[] \t\n\r"))
			return false;
		if (!read_member(r, type, bit, &nameless, depth))
			return false;
	} while (take(r, ','));
	return bare || take(r, '}') || wrong(r, "',' or '}' expected at '%s'", r->at);
}

static bool is_char(const struct reader *r, uint32_t id)
{
	struct asm_btf_type type;

	return asm_btf_type(r->btf, id, &type) && type.kind == ASM_BTF_INT && type.arg == 1 &&
	       (type.encoding == BTF_CHAR || !strcmp(type.name, "char"));
}

static bool read_text(struct reader *r, uint64_t bit, uint32_t room, bool all)
{
	if (!take_word(r, all ? "" : ends))
		return false;
	if (r->len > room)
		return wrong(r, "'%s' has %zu bytes, and there is room for %u", r->word, r->len,
			     room);
	memset(r->typed->data + bit / 8, 0, room);
	memcpy(r->typed->data + bit / 8, r->word, r->len);
	return true;
}

static bool read_array(struct reader *r, const struct asm_btf_type *type, uint64_t bit,
		       unsigned int depth)
{
	uint64_t size = 0;
	uint32_t n = 0;

	asm_btf_size(r->btf, type->arg, &size);
	if (!take(r, '[')) {
		if (is_char(r, type->arg))
			return read_text(r, bit, type->count, depth == 1);
		return wrong(r, "'[' expected at '%s', for an array of %u", r->at, type->count);
	}
	if (take(r, ']'))
		return true;
	do {
		if (n == type->count)
			return wrong(r, "more than the %u elements that the array has", n);
		if (!read_type(r, type->arg, bit + 8 * size * n++, depth))
			return false;
	} while (take(r, ','));
	return take(r, ']') || wrong(r, "',' or ']' expected at '%s'", r->at);
}

static bool read_enum(struct reader *r, const struct asm_btf_type *type, uint64_t bit)
{
	struct asm_btf_member member;
	uint64_t number;
	bool minus;

	if (is_number(r->word, &minus, &number))
		return put_number(r, bit, type->arg * 8, -1);
	for (uint32_t i = 0; asm_btf_member(r->btf, type->id, i, &member); i++) {
		if (strcmp(member.name, r->word) != 0)
			continue;
		number = (uint64_t)member.high << 32 | member.arg;
		btfvalue_put(r->typed->data, bit, type->arg * 8, number);
		return true;
	}
	return unknown_name(r, type);
}

static bool read_int(struct reader *r, const struct asm_btf_type *type, uint64_t bit)
{
	bool character = type->arg == 1 && (r->quoted || !strcmp(type->name, "char"));

	if (type->encoding == BTF_BOOL && (!strcmp(r->word, "true") || !strcmp(r->word, "false")))
		strcpy(r->word, r->word[0] == 't' ? "1" : "0");
	else if (character && r->len == 1 && (r->quoted || hex_digit(*r->word) < 0))
		sprintf(r->word, "%u", (uint8_t)*r->word);
	return put_number(r, bit, type->count, type->encoding & BTF_SIGNED && !character ?
			  BTF_SIGNED : character ? -1 : 0);
}

static bool read_scalar(struct reader *r, const struct asm_btf_type *type, uint64_t bit)
{
	if (!take_word(r, ends))
		return false;
	switch (type->kind) {
	case ASM_BTF_INT:
		return read_int(r, type, bit);
	case ASM_BTF_PTR:
		return put_number(r, bit, 64, 0);
	case ASM_BTF_ENUM:
	case ASM_BTF_ENUM64:
		return read_enum(r, type, bit);
	default:
		return wrong(r, "there is no way to write a value of this type but as bytes");
	}
}

/* Of integers that are written as one byte is, "0x2a", having more than 64 bits. */
static bool is_wide_array(const struct reader *r, const struct asm_btf_type *type)
{
	struct asm_btf_type element;
	uint64_t size;

	while (type->kind == ASM_BTF_ARRAY && asm_btf_type(r->btf, type->arg, &element))
		type = &element;
	return type == &element && type->kind == ASM_BTF_INT &&
	       asm_btf_size(r->btf, type->id, &size) && size > sizeof(uint64_t);
}

static bool read_type(struct reader *r, uint32_t id, uint64_t bit, unsigned int depth)
{
	struct asm_btf_type type;
	uint64_t size;
	bool is_text;

	if (depth > DEEPEST || !asm_btf_type(r->btf, id, &type) ||
	    (!asm_btf_size(r->btf, type.id, &size) && type.kind != ASM_BTF_DATASEC))
		return wrong(r, "its type has no size");
	if (type.kind == ASM_BTF_DATASEC)
		size = r->typed->size;
	if (bit / 8 + size > r->typed->size)
		return wrong(r, "its type is larger than the map says");
	skip_blanks(r);
	if (is_bytes(r) && !is_wide_array(r, &type))
		return read_bytes(r, bit, size);
	is_text = type.kind == ASM_BTF_ARRAY && is_char(r, type.arg);
	if (bit % 8 == 0 && !is_text && take_address(r, r->typed->data + bit / 8, size))
		return true;
	switch (type.kind) {
	case ASM_BTF_STRUCT:
	case ASM_BTF_UNION:
	case ASM_BTF_DATASEC:
		return read_members(r, &type, bit, depth + 1);
	case ASM_BTF_ARRAY:
		return read_array(r, &type, bit, depth + 1);
	default:
		return read_scalar(r, &type, bit);
	}
}

/* ---- all of it ---- */

static bool read_untyped(struct reader *r)
{
	uint32_t size = r->typed->size;

	if (is_bytes(r))
		return read_bytes(r, 0, size);
	if (take_address(r, r->typed->data, size))
		return true;
	if (size != 1 && size != 2 && size != 4 && size != 8)
		return wrong(r, "the map has no BTF that says what its %u bytes are: give %u "
			     "bytes, as in 'hex 00 01'", size, size);
	return take_word(r, ends) && put_number(r, 0, size * 8, -1);
}

static bool read_all(struct reader *r)
{
	bool bad = false;

	skip_blanks(r);
	if (r->typed->prefix && r->typed->size > 4 && take_prefix(r, &bad))
		return true;
	if (bad)
		return false;
	return r->btf && r->typed->id ? read_type(r, r->typed->id, 0, 0) : read_untyped(r);
}

bool typed_read(const struct typed *typed, const char *text)
{
	struct reader r = { .typed = typed, .btf = typed->btf, .text = text, .at = text };
	bool good;

	r.word = malloc(strlen(text) + 4);	/* a character becomes three digits */
	if (!r.word)
		return wrong(&r, "there is no memory for it");
	good = read_all(&r);
	skip_blanks(&r);
	if (good && *r.at)
		good = wrong(&r, "nothing more expected at '%s'", r.at);
	free(r.word);
	return good;
}

bool load_read_btf(const struct asm_btf *btf, uint32_t id, const char *text, void *data,
		   uint32_t size, const struct load_options *opt)
{
	struct typed typed = {
		.opt = opt, .command = "read", .what = "value", .btf = btf, .id = id, .data = data,
		.size = size,
	};

	return typed_read(&typed, text);
}
