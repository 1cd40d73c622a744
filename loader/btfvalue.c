/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <inttypes.h>
#include <string.h>

#include "loader.h"
#include "btfvalue.h"
#include "json.h"
#include "value.h"

enum { DEEPEST = 32, BTF_SIGNED = 1, BTF_CHAR = 2, BTF_BOOL = 4 };

/* A value being printed. */
struct shown {
	struct json *json;
	const struct asm_btf *btf;
	const uint8_t *data;
	uint64_t bits;		/* that there are */
	bool text;
};

/* ---- bits ---- */

/* Bit i of a number, whose bit 0 is the lowest, is which one of a value, whose bytes are a row? */
static uint64_t bit_at(uint64_t bit, uint32_t width, uint32_t i, uint8_t *mask)
{
	bool big = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
	uint64_t at = big ? bit + width - 1 - i : bit + i;

	*mask = (uint8_t)(1u << (big ? 7 - at % 8 : at % 8));
	return at / 8;
}

uint64_t btfvalue_get(const uint8_t *data, uint64_t bit, uint32_t width)
{
	uint64_t number = 0;
	uint8_t mask;

	for (uint32_t i = 0; i < width && i < 64; i++)
		if (data[bit_at(bit, width, i, &mask)] & mask)
			number |= UINT64_C(1) << i;
	return number;
}

void btfvalue_put(uint8_t *data, uint64_t bit, uint32_t width, uint64_t number)
{
	uint64_t at;
	uint8_t mask;

	for (uint32_t i = 0; i < width && i < 64; i++) {
		at = bit_at(bit, width, i, &mask);
		data[at] = (uint8_t)(data[at] & ~mask);
		if (number >> i & 1)
			data[at] |= mask;
	}
}

/* ---- scalars ---- */

static bool is_there(const struct shown *s, uint64_t bit, uint64_t width)
{
	return bit <= s->bits && width <= s->bits - bit;
}

static uint64_t extend(uint64_t number, uint32_t width)
{
	uint32_t unused = 64 - width;

	return (uint64_t)((int64_t)(number << unused) >> unused);
}

/* As bpftool has integers that C has no format for; up to 128 bits. */
static void show_hex(struct shown *s, uint64_t bit, uint32_t width)
{
	bool big = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
	uint32_t low = width > 64 ? 64 : width;
	uint64_t high = btfvalue_get(s->data, big ? bit : bit + low, width - low);
	const char *quote = s->text ? "" : "\"";

	json_value(s->json);
	fprintf(s->json->f, "%s0x", quote);
	if (high)
		fprintf(s->json->f, "%" PRIx64, high);
	fprintf(s->json->f, high ? "%016" PRIx64 "%s" : "%" PRIx64 "%s",
		btfvalue_get(s->data, big ? bit + width - low : bit, low), quote);
}

static void show_char(struct shown *s, uint8_t c)
{
	const char text[] = { (char)c, '\0' };

	json_value(s->json);
	if (c >= ' ' && c <= '~')
		value_print_text(s->json->f, LOAD_JSON, text, 1);
	else
		fprintf(s->json->f, s->text ? "0x%x" : "\"\\u00%02x\"", c);
}

static void show_int(struct shown *s, const struct asm_btf_type *type, uint64_t bit)
{
	uint32_t width = type->count;
	uint64_t number;

	if (bit % 8 || width % 8 || width > 64 || (width & (width - 1))) {
		show_hex(s, bit, width > 128 ? 128 : width);
		return;
	}
	number = btfvalue_get(s->data, bit, width);
	if (type->encoding == BTF_CHAR)
		show_char(s, (uint8_t)number);
	else if (type->encoding == BTF_BOOL)
		json_bool(s->json, number != 0);
	else if (type->encoding & BTF_SIGNED)
		json_signed(s->json, (int64_t)extend(number, width));
	else
		json_number(s->json, number);
}

static void show_enum(struct shown *s, const struct asm_btf_type *type, uint64_t bit)
{
	uint32_t width = type->arg * 8;
	uint64_t number = btfvalue_get(s->data, bit, width), value;
	uint64_t mask = UINT64_MAX >> (64 - width);
	struct asm_btf_member member;

	for (uint32_t i = 0; asm_btf_member(s->btf, type->id, i, &member); i++) {
		value = (uint64_t)member.high << 32 | member.arg;
		if (type->kind == ASM_BTF_ENUM)
			value = extend(value, 32);
		if ((value & mask) == number) {
			json_string(s->json, member.name);
			return;
		}
	}
	if (type->encoding & BTF_SIGNED || type->kind == ASM_BTF_ENUM)
		json_signed(s->json, (int64_t)extend(number, width));
	else
		json_number(s->json, number);
}

static void show_float(struct shown *s, const struct asm_btf_type *type, uint64_t bit)
{
	double number = 0;
	float narrow;

	if (type->arg == sizeof(number)) {
		memcpy(&number, s->data + bit / 8, sizeof(number));
	} else if (type->arg == sizeof(narrow)) {
		memcpy(&narrow, s->data + bit / 8, sizeof(narrow));
		number = narrow;
	}
	json_value(s->json);
	/* JSON has no words for what is no number */
	if (number - number != 0)
		fputs("null", s->json->f);
	else
		fprintf(s->json->f, "%.*g", type->arg == sizeof(narrow) ? 9 : 17, number);
}

/* ---- what is made of others ---- */

static void show(struct shown *s, uint32_t id, uint64_t bit, unsigned int depth);

static void show_members(struct shown *s, const struct asm_btf_type *type, uint64_t bit,
			 unsigned int depth)
{
	struct asm_btf_member member;

	json_open(s->json, '{');
	for (uint32_t i = 0; asm_btf_member(s->btf, type->id, i, &member); i++) {
		json_name(s->json, member.name);
		if (!member.width)
			show(s, member.arg, bit + member.bit, depth);
		else if (is_there(s, bit + member.bit, member.width))
			show_hex(s, bit + member.bit, member.width);
		else
			json_null(s->json);
	}
	json_close(s->json, '}');
}

/* Whether an array of characters is text: a NUL, and nothing odd before it. Its length. */
static bool is_text(const struct shown *s, const struct asm_btf_type *array, uint64_t bit,
		    size_t *len)
{
	struct asm_btf_type type;

	if (!asm_btf_type(s->btf, array->arg, &type) || type.kind != ASM_BTF_INT ||
	    type.arg != 1 || (type.encoding != BTF_CHAR && strcmp(type.name, "char") != 0) ||
	    !is_there(s, bit, 8 * (uint64_t)array->count))
		return false;
	for (*len = 0; *len < array->count; ++*len) {
		uint8_t c = s->data[bit / 8 + *len];

		if (c < ' ' || c > '~')
			return !c;
	}
	return false;
}

static void show_array(struct shown *s, const struct asm_btf_type *type, uint64_t bit,
		       unsigned int depth)
{
	uint64_t size;
	size_t len;

	if (is_text(s, type, bit, &len)) {
		json_value(s->json);
		value_print_text(s->json->f, LOAD_JSON, s->data + bit / 8, len);
		return;
	}
	json_open(s->json, '[');
	if (asm_btf_size(s->btf, type->arg, &size) && size)
		for (uint32_t i = 0; i < type->count && is_there(s, bit, size * 8 * (i + 1)); i++)
			show(s, type->arg, bit + size * 8 * i, depth);
	json_close(s->json, ']');
}

/* A variable is an object of one member; a section an object with an array of these. */
static void show_named(struct shown *s, const struct asm_btf_type *type, uint64_t bit,
		       unsigned int depth)
{
	struct asm_btf_member member;

	json_open(s->json, '{');
	json_name(s->json, type->name);
	if (type->kind == ASM_BTF_VAR) {
		show(s, type->arg, bit, depth);
	} else {
		json_open(s->json, '[');
		for (uint32_t i = 0; asm_btf_member(s->btf, type->id, i, &member); i++)
			show(s, member.arg, bit + member.bit, depth);
		json_close(s->json, ']');
	}
	json_close(s->json, '}');
}

static void show_scalar(struct shown *s, const struct asm_btf_type *type, uint64_t bit)
{
	uint32_t size = type->kind == ASM_BTF_PTR ? sizeof(uint64_t) : type->arg;

	if (!is_there(s, bit, size * UINT64_C(8)) || !size || size > 16) {
		json_null(s->json);
	} else if (type->kind == ASM_BTF_INT) {
		show_int(s, type, bit);
	} else if (type->kind == ASM_BTF_PTR) {
		json_value(s->json);
		fprintf(s->json->f, s->text ? "\"0x%" PRIx64 "\"" : "%" PRIu64,
			btfvalue_get(s->data, bit, 64));
	} else if (type->kind == ASM_BTF_FLOAT) {
		show_float(s, type, bit);
	} else if (size <= sizeof(uint64_t)) {
		show_enum(s, type, bit);
	} else {
		json_null(s->json);
	}
}

static void show(struct shown *s, uint32_t id, uint64_t bit, unsigned int depth)
{
	struct asm_btf_type type;

	if (depth > DEEPEST || !asm_btf_type(s->btf, id, &type))
		type.kind = 0;
	switch (type.kind) {
	case ASM_BTF_STRUCT:
	case ASM_BTF_UNION:
		show_members(s, &type, bit, depth + 1);
		break;
	case ASM_BTF_ARRAY:
		show_array(s, &type, bit, depth + 1);
		break;
	case ASM_BTF_VAR:
	case ASM_BTF_DATASEC:
		show_named(s, &type, bit, depth + 1);
		break;
	case ASM_BTF_INT:
	case ASM_BTF_PTR:
	case ASM_BTF_ENUM:
	case ASM_BTF_ENUM64:
	case ASM_BTF_FLOAT:
		show_scalar(s, &type, bit);
		break;
	default:
		json_null(s->json);
	}
}

void btfvalue_print(struct json *json, const struct asm_btf *btf, uint32_t id, const void *data,
		    size_t len, bool text)
{
	struct shown s = { .json = json, .btf = btf, .data = data, .bits = len * UINT64_C(8),
			   .text = text };

	show(&s, id, 0, 0);
}

void load_print_btf(FILE *f, const struct asm_btf *btf, uint32_t id, const void *data, size_t len)
{
	struct json json;

	json_init(&json, f, false);
	btfvalue_print(&json, btf, id, data, len, false);
}
