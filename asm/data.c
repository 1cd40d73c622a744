/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <string.h>

#include "asm.h"
#include "data.h"
#include "diag.h"
#include "directive.h"
#include "global.h"
#include "num.h"
#include "expr.h"
#include "insn.h"
#include "lex.h"
#include "symbols.h"
#include "contents.h"
#include "isa.h"
#include "mem.h"
#include "section.h"
#include "source.h"
#include "unit.h"

static void data_add_byte(struct unit *unit, uint8_t byte, uint32_t pos)
{
	if (!unit->ndata)
		unit->data_pos = pos;
	unit->data[unit->ndata++] = byte;
	if (unit->ndata < sizeof(unit->data))
		return;
	unit->ndata = 0;
	insn_add(unit, asm_insn_read(unit->data, unit->obj->endian), unit->data_pos);
}

/* Bytes of a value of `width`, 0: of a text, where they belong: in a section or in slots. */
static bool data_put(struct unit *unit, const uint8_t *bytes, uint32_t n, uint8_t width,
		     uint32_t pos)
{
	uint32_t i;

	if (contents_section(unit))
		return contents_put(unit, bytes, n, width);
	for (i = 0; i < n; i++)
		data_add_byte(unit, bytes[i], pos);
	return true;
}

/* Whether the value is that of a symbol, which only variables may have. */
static bool data_is_symbol(const struct unit *unit)
{
	const struct token *token = &unit->lex.token;
	const struct symbol *symbol;
	const char *name;
	uint32_t len;

	if (token->kind == LEX_LOCAL || !lex_symbol(token, &name, &len) ||
	    !contents_section(unit) || lex_is(&unit->lex, "sizeof") ||
	    lex_is(&unit->lex, "offsetof"))
		return false;
	symbol = symbols_get(&unit->names, name, len);
	return !symbol || (1u << symbol->kind & UNIT_ADDRESSES);
}

static bool data_value(struct unit *unit, unsigned int size)
{
	bool big = unit->obj->endian == ASM_BIG;
	uint64_t most = size == 8 ? UINT64_MAX : (UINT64_C(1) << 8 * size) - 1, bits;
	struct value value;
	uint8_t bytes[8];
	unsigned int i;

	if (data_is_symbol(unit))
		return contents_put_symbol(unit, size);
	if (!expr_number(unit, &value) ||
	    !expr_range(unit, &value, "the value", (int64_t)-(most / 2) - 1, most))
		return false;
	bits = num_bits(value.num);
	for (i = 0; i < size; i++)
		bytes[i] = (uint8_t)(bits >> 8 * (big ? size - 1 - i : i));
	return data_put(unit, bytes, size, (uint8_t)size, value.pos);
}

/* Data may stand here. False: it is of no section that is kept, or reported; *ok says which. */
static bool data_begins(struct unit *unit, bool *ok)
{
	if (section_is_ignored(unit)) {
		*ok = section_ignore(unit);
		return false;
	}
	*ok = contents_section(unit) || directive_open_function(unit);
	return *ok;
}

/* value, value, ... */
static bool data_list(struct unit *unit, unsigned int size,
		      bool (*value)(struct unit *unit, unsigned int size))
{
	bool ok;

	if (!data_begins(unit, &ok))
		return ok;
	while (value(unit, size)) {
		if (unit->lex.token.kind != ',')
			return true;
		lex_next(&unit->lex);
	}
	return false;
}

static bool data_values(struct unit *unit, unsigned int size)
{
	return data_list(unit, size, data_value);
}

bool data_byte(struct unit *unit)
{
	return data_values(unit, 1);
}

bool data_short(struct unit *unit)
{
	return data_values(unit, 2);
}

bool data_long(struct unit *unit)
{
	return data_values(unit, 4);
}

bool data_quad(struct unit *unit)
{
	return data_values(unit, 8);
}

/* ---- texts ---- */

static int data_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c | (c >= 'A' && c <= 'F' ? 0x20 : 0)) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* What gas means by the escape behind a '\\'; *at is then behind it. */
static uint8_t data_escape(const char **at, const char *end)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	unsigned int value = 0, n;
	const char *letter;

	if (**at >= '0' && **at <= '7') {
		for (n = 0; n < 3 && *at < end && **at >= '0' && **at <= '7'; n++)
			value = value * 8 + (unsigned int)(*(*at)++ - '0');
		return (uint8_t)value;
	}
	if (**at == 'x' && end - *at > 1 && data_digit((*at)[1]) >= 0) {
		for (++*at; *at < end && data_digit(**at) >= 0; ++*at)
			value = value * 16 + (unsigned int)data_digit(**at);
		return (uint8_t)value;
	}
	letter = strchr(from, **at);
	value = (unsigned char)(letter ? to[letter - from] : **at);
	++*at;
	return (uint8_t)value;
}

/* "text", and `zeros` bytes behind it */
static bool data_text(struct unit *unit, unsigned int zeros)
{
	const struct token *token = &unit->lex.token;
	const char *at = token->text + 1, *end = token->text + token->len - 1;
	uint32_t pos = lex_pos(&unit->lex, token->text), n = 0;
	uint8_t *out;

	if (token->kind != LEX_STRING)
		return unit_expect(unit, LEX_STRING, "a text");
	out = mem_alloc(&unit->mem, token->len);
	while (at < end) {
		if (*at == '\\') {
			at++;
			out[n++] = data_escape(&at, end);
		} else {
			out[n++] = (uint8_t)*at++;
		}
	}
	lex_next(&unit->lex);
	return data_put(unit, out, n + zeros, 0, pos);
}

bool data_ascii(struct unit *unit)
{
	return data_list(unit, 0, data_text);
}

bool data_asciz(struct unit *unit)
{
	return data_list(unit, 1, data_text);
}

/* ---- numbers of as many bytes as they need ---- */

static bool data_leb(struct unit *unit, unsigned int negative)
{
	struct value value;
	uint8_t bytes[10];
	uint32_t n = 0;
	uint64_t bits;
	bool more;

	if (!expr_number(unit, &value) ||
	    !expr_range(unit, &value, "the value", negative ? INT64_MIN : 0,
			negative ? INT64_MAX : UINT64_MAX))
		return false;
	bits = num_bits(value.num);
	do {
		bytes[n] = bits & 0x7f;
		bits >>= 7;
		if (value.num.neg)
			bits |= UINT64_C(0x7f) << 57;
		/* a signed number ends where the rest repeats its sign */
		more = negative ? bits != (bytes[n] & 0x40 ? UINT64_MAX : 0) : bits != 0;
		bytes[n++] |= more ? 0x80 : 0;
	} while (more);
	return data_put(unit, bytes, n, 1, value.pos);
}

bool data_uleb128(struct unit *unit)
{
	return data_list(unit, 0, data_leb);
}

bool data_sleb128(struct unit *unit)
{
	return data_list(unit, 1, data_leb);
}

/* ---- room ---- */

static bool data_repeat(struct unit *unit, uint32_t n, uint8_t byte, uint32_t pos)
{
	uint32_t i;

	if (contents_section(unit))
		return contents_fill(unit, n, byte);
	for (i = 0; i < n; i++)
		data_add_byte(unit, byte, pos);
	return true;
}

/* [, expr] */
static bool data_next(struct unit *unit, const char *what, int64_t least, uint64_t most,
		      uint64_t *out)
{
	struct value value;

	if (unit->lex.token.kind != ',')
		return true;
	lex_next(&unit->lex);
	if (!expr_number(unit, &value) ||
	    !expr_range(unit, &value, what, least, most))
		return false;
	*out = num_bits(value.num);
	return true;
}

static bool data_first(struct unit *unit, const char *what, uint64_t most, struct value *out)
{
	return expr_number(unit, out) && expr_range(unit, out, what, 0, most);
}

/* .zero .space .skip: n[, byte] */
bool data_skip(struct unit *unit)
{
	struct value n;
	uint64_t byte = 0;
	bool ok;

	if (!data_begins(unit, &ok))
		return ok;
	return data_first(unit, "the number of bytes", GLOBAL_MOST, &n) &&
	       data_next(unit, "the byte", INT8_MIN, UINT8_MAX, &byte) &&
	       data_repeat(unit, (uint32_t)n.num.mag, (uint8_t)byte, n.pos);
}

/* .fill n[, size[, value]] */
bool data_fill(struct unit *unit)
{
	bool big = unit->obj->endian == ASM_BIG;
	uint64_t i, size = 1, bits = 0;
	uint8_t bytes[8];
	struct value n;
	bool ok;

	if (!data_begins(unit, &ok))
		return ok;
	if (!data_first(unit, "the number of values", GLOBAL_MOST / 8, &n) ||
	    !data_next(unit, "the size", 0, sizeof(bytes), &size) ||
	    !data_next(unit, "the value", INT64_MIN, UINT64_MAX, &bits))
		return false;
	for (i = 0; i < size; i++)
		bytes[i] = (uint8_t)(bits >> 8 * (big ? size - 1 - i : i));
	for (i = 0; ok && i < n.num.mag; i++)
		ok = data_put(unit, bytes, (uint32_t)size, (uint8_t)size, n.pos);
	return ok;
}

/* Whether slots already lie at such a place; in a section, make it so. */
static bool data_align_to(struct unit *unit, const struct value *value, uint64_t align)
{
	enum { SLOT = 8 };

	if (!align || (align & (align - 1))) {
		diag_add(&unit->diags, ASM_ERROR, value->pos, value->len,
			 "an alignment is a power of two");
		return false;
	}
	if (contents_section(unit))
		return contents_align(unit, (uint32_t)align);
	if (align <= SLOT)
		return true;
	diag_add(&unit->diags, ASM_ERROR, value->pos, value->len,
		 "code is aligned to its slots of %d bytes and to nothing more", SLOT);
	return false;
}

/* What fills the gap between variables is never read: it need not be looked at. */
bool data_align(struct unit *unit)
{
	struct value value;

	if (section_is_ignored(unit))
		return section_ignore(unit);
	return data_first(unit, "the alignment", GLOBAL_MOST, &value) &&
	       data_align_to(unit, &value, value.num.mag) && section_ignore(unit);
}

bool data_p2align(struct unit *unit)
{
	struct value value;

	if (section_is_ignored(unit))
		return section_ignore(unit);
	return data_first(unit, "the exponent of the alignment", 26, &value) &&
	       data_align_to(unit, &value, UINT64_C(1) << value.num.mag) && section_ignore(unit);
}

bool data_close(struct unit *unit)
{
	if (!unit->ndata)
		return true;
	diag_add(&unit->diags, ASM_ERROR, unit->data_pos, 1,
		 "data of %u bytes does not fill a slot of 8", unit->ndata);
	unit->ndata = 0;
	return false;
}
