/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* objtext.c - an object as a text that assembles to it: `bpfasm -d` of ELF files. */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "asm.h"
#include "dis.h"
#include "map.h"
#include "mem.h"
#include "symbols.h"
#include "type.h"

enum { TEXT_LDDW = 0x18, TEXT_CALL = 0x85, TEXT_ADDEND = 24, TEXT_HEX_FROM = 1 << 16,
       TEXT_NUMA_NODE = 1 << 2 };

/* An object being printed. */
struct objtext {
	FILE *f;
	const struct asm_object *obj;
	enum asm_dialect dialect;
	struct mem mem;
	bool *funcs, *maps;	/* which of them are printed */
	struct symbols externs;	/* names that are printed */
	struct asm_insn *insns;	/* of the object, without what relocations fill */
	char *name;		/* the symbol of the slot under way */
	size_t longest;
	const struct asm_func *func;
	size_t reloc, line;	/* the next ones of the object */
	const struct asm_line *shown; /* the last line printed in the function; NULL: none */
};

/* ---- numbers and texts ---- */

static void text_string(FILE *f, const char *text, size_t len)
{
	static const char from[] = "\a\b\f\n\r\t\v\\\"", to[] = "abfnrtv\\\"";
	const char *escape;
	size_t i;

	fputc('"', f);
	for (i = 0; i < len; i++) {
		escape = text[i] ? strchr(from, text[i]) : NULL;
		if (!text[i])
			fputs("\\0", f);
		else if (escape)
			fprintf(f, "\\%c", to[escape - from]);
		else if (text[i] < ' ' || text[i] > '~')	/* a terminal may obey it */
			fprintf(f, "\\x%02x", (unsigned int)(unsigned char)text[i]);
		else
			fputc(text[i], f);
	}
	fputc('"', f);
}

static bool text_is_zero(const uint8_t *at, uint64_t size)
{
	uint64_t i;

	for (i = 0; i < size && !at[i]; i++)
		;
	return i == size;
}

static uint64_t text_load(const struct objtext *text, const struct asm_type *type,
			  const uint8_t *at)
{
	bool big = text->obj->endian == ASM_BIG || type->format == ASM_NETWORK ||
		   type->format == ASM_IPV4;
	uint64_t value = 0;
	uint32_t i;

	for (i = 0; i < type->size; i++)
		value = value << 8 | at[big ? i : type->size - 1 - i];
	return value;
}

static void text_number(const struct objtext *text, const struct asm_type *type,
			const uint8_t *at)
{
	uint64_t value = text_load(text, type, at);
	unsigned int shift = 64 - 8 * type->size;

	if (type->format == ASM_SIGNED)
		fprintf(text->f, "%" PRId64, (int64_t)(value << shift) >> shift);
	else
		fprintf(text->f, value < TEXT_HEX_FROM ? "%" PRIu64 : "0x%" PRIx64, value);
}

/* ---- first values ---- */

static bool text_is_scalar(struct asm_typeref ref)
{
	uint32_t size = ref.type->size;

	return !ref.count && ref.type->format != ASM_STRUCT && size <= 8 && !(size & (size - 1));
}

/* Characters that end with NULs and have none before. */
static bool text_is_text(struct asm_typeref ref, const uint8_t *at)
{
	uint64_t size = asm_sizeof(ref), i;

	if (ref.type->format != ASM_COMM && (ref.type->format != ASM_CHAR || !ref.count))
		return false;
	if (ref.type->format == ASM_COMM && ref.count)
		return false;
	for (i = 0; i < size && at[i]; i++)
		if ((at[i] < ' ' || at[i] > '~') && !strchr("\t\n\r", at[i]))
			return false;
	return text_is_zero(at + i, size - i);
}

static void text_value(const struct objtext *text, struct asm_typeref ref, const uint8_t *at);

static void text_parts(const struct objtext *text, struct asm_typeref ref, const uint8_t *at)
{
	const struct asm_type byte = { .name = "u8", .size = 1, .align = 1 };
	struct asm_typeref part = { .type = ref.count ? ref.type : &byte };
	uint64_t size = asm_sizeof(ref), i, offset;
	bool fields = !ref.count && ref.type->format == ASM_STRUCT;
	uint64_t n = fields ? ref.type->nfields : size / part.type->size;

	fputs("{ ", text->f);
	for (i = 0; i < n; i++) {
		if (fields)
			part = ref.type->fields[i].type;
		offset = fields ? ref.type->fields[i].offset : i * part.type->size;
		if (i && text_is_zero(at + offset, size - offset))
			break;	/* the rest is zero */
		fputs(i ? ", " : "", text->f);
		text_value(text, part, at + offset);
	}
	fputs(" }", text->f);
}

static void text_value(const struct objtext *text, struct asm_typeref ref, const uint8_t *at)
{
	if (text_is_text(ref, at))
		text_string(text->f, (const char *)at,
			    strnlen((const char *)at, asm_sizeof(ref)));
	else if (text_is_scalar(ref))
		text_number(text, ref.type, at);
	else
		text_parts(text, ref, at);
}

/* Whether each bool in a value is one: a text cannot say another. */
static bool text_is_sound(struct asm_typeref ref, const uint8_t *at)
{
	const struct asm_type *type = ref.type;
	uint64_t i, j, n = ref.count ? ref.count : 1;

	if (type->format != ASM_BOOL && type->format != ASM_STRUCT)
		return true;
	for (i = 0; i < n; i++, at += type->size) {
		if (type->format == ASM_BOOL && *at > 1)
			return false;
		for (j = 0; j < type->nfields; j++)
			if (!text_is_sound(type->fields[j].type, at + type->fields[j].offset))
				return false;
	}
	return true;
}

/* ---- types, maps, variables ---- */

static const char *text_tag(const struct asm_type *type)
{
	return type->format == ASM_STRUCT ? "struct " : "";
}

static void text_struct(const struct objtext *text, const struct asm_type *type)
{
	size_t i;

	fprintf(text->f, ".struct %s %s{ ", type->name, type_is_packed(type) ? "packed " : "");
	for (i = 0; i < type->nfields; i++) {
		struct asm_typeref ref = type->fields[i].type;

		fprintf(text->f, "%s%s %s", text_tag(ref.type), ref.type->name,
			type->fields[i].name);
		if (ref.count)
			fprintf(text->f, "[%u]", ref.count);
		fputs("; ", text->f);
	}
	fputs("}\n", text->f);
}

static void text_layout(const struct objtext *text, const char *what, struct asm_typeref ref,
			uint32_t size)
{
	if (!ref.type && !size)
		return;
	if (!ref.type)
		fprintf(text->f, " %s %u", what, size);
	else if (ref.count)
		fprintf(text->f, " %s %s%s[%u]", what, text_tag(ref.type), ref.type->name,
			ref.count);
	else
		fprintf(text->f, " %s %s%s", what, text_tag(ref.type), ref.type->name);
}

/* What the maps in a map are like may be no map of the object: it becomes one of the text. */
static bool text_has_inner(const struct objtext *text, const struct asm_map *map)
{
	const struct asm_object *obj = text->obj;

	return map->inner && !(map->inner >= obj->maps && map->inner < obj->maps + obj->nmaps);
}

/* What .map does not take (its entries are set by a loader, say) is left to who loads it. */
static void text_map(const struct objtext *text, const struct asm_map *map)
{
	uint32_t flags = map->map_flags & ~(map->numa_node ? (uint32_t)TEXT_NUMA_NODE : 0);
	bool legal = map_is_legal(map);

	if (text_has_inner(text, map))
		text_map(text, map->inner);
	if (!legal)
		fprintf(text->f, ".extern %s\t#", map->name);
	fprintf(text->f, "%s.map %s type %s", legal ? "" : " ", map->name, map->type->name);
	text_layout(text, "key", map->key, map->key_size);
	if (map->inner || map->ops)
		fprintf(text->f, " values %s", map->inner ? map->inner->name : map->ops);
	else
		text_layout(text, "value", map->value, map->value_size);
	if (map->max_entries)
		fprintf(text->f, " entries %u", map->max_entries);
	if (flags)
		fprintf(text->f, " flags 0x%x", flags);
	if (map->numa_node)
		fprintf(text->f, " numa %u", map->numa_node);
	if (map->pinned)
		fputs(" shared", text->f);
	if (map->map_extra)
		fprintf(text->f, " map_extra 0x%" PRIx64, map->map_extra);
	fputc('\n', text->f);
}

static void text_variable(const struct objtext *text, const struct asm_map *map,
			  const struct asm_field *field)
{
	static const struct asm_type byte = { .name = "u8", .size = 1, .align = 1 };
	const uint8_t *at = map->data + field->offset;
	uint64_t size = asm_sizeof(field->type);
	struct asm_typeref ref = field->type;

	if (!text_is_sound(ref, at))
		ref = (struct asm_typeref){ .type = &byte, .count = (uint32_t)size };
	fprintf(text->f, ".global %s%s%s %s", strncmp(map->name, ".rodata", 7) ? "" : "const ",
		text_tag(ref.type), ref.type->name, field->name);
	if (ref.count)
		fprintf(text->f, "[%u]", ref.count);
	if (!text_is_zero(at, size)) {
		fputs(" = ", text->f);
		text_value(text, ref, at);
	}
	fputc('\n', text->f);
}

static void text_variables(const struct objtext *text, const struct asm_map *map)
{
	size_t i;

	for (i = 0; i < map->value.type->nfields; i++)
		text_variable(text, map, &map->value.type->fields[i]);
}

/* ---- what is printed ---- */

static void text_measure(struct objtext *text, const char *name)
{
	if (strlen(name) > text->longest)
		text->longest = strlen(name);
}

static void text_need_map(struct objtext *text, uint32_t index)
{
	const struct asm_map *map = &text->obj->maps[index];
	size_t i;

	if (text->maps[index])
		return;
	text->maps[index] = true;
	text_measure(text, map->name);
	for (i = 0; map->inner && i < text->obj->nslots; i++)
		if (text->obj->slots[i].map == index)
			text_need_map(text, text->obj->slots[i].index);
	for (i = 0; map->data && i < map->value.type->nfields; i++)
		text_measure(text, map->value.type->fields[i].name);
}

static void text_need_extern(struct objtext *text, const struct asm_reloc *reloc)
{
	size_t len = strlen(reloc->name);

	if (!symbols_get(&text->externs, reloc->name, len))
		symbols_put(&text->externs, reloc->name, len)->data = reloc->ext;
	text_measure(text, reloc->name);
}

/* A function, and what it refers to; the functions among that go to the end of the list. */
static void text_need_func(struct objtext *text, uint32_t index, uint32_t *list, size_t *n)
{
	if (text->funcs[index])
		return;
	text->funcs[index] = true;
	text_measure(text, text->obj->funcs[index].name);
	list[(*n)++] = index;
}

static void text_follow(struct objtext *text, const struct asm_func *func, uint32_t *list,
			size_t *n)
{
	const struct asm_object *obj = text->obj;
	size_t i;

	for (i = asm_first_reloc(obj, func->start);
	     i < obj->nrelocs && obj->relocs[i].slot < func->start + func->count; i++) {
		switch (obj->relocs[i].kind) {
		case ASM_RELOC_MAP: case ASM_RELOC_MAP_VALUE:
			text_need_map(text, obj->relocs[i].index);
			break;
		case ASM_RELOC_CALL: case ASM_RELOC_FUNC:
			text_need_func(text, obj->relocs[i].index, list, n);
			break;
		case ASM_RELOC_KFUNC: case ASM_RELOC_EXTERN:
			text_need_extern(text, &obj->relocs[i]);
			break;
		}
	}
}

/* Mark what is to be printed: all of it, or a function and what it reaches. */
static void text_choose(struct objtext *text, const struct asm_func *only)
{
	const struct asm_object *obj = text->obj;
	uint32_t *list = mem_alloc(&text->mem, obj->nfuncs * sizeof(*list));
	size_t i, n = 0;

	text->funcs = mem_alloc(&text->mem, obj->nfuncs * sizeof(*text->funcs));
	text->maps = mem_alloc(&text->mem, obj->nmaps * sizeof(*text->maps));
	text->externs.mem = &text->mem;
	for (i = 0; i < obj->nfuncs; i++)
		if (!only || only == &obj->funcs[i])
			text_need_func(text, (uint32_t)i, list, &n);
	for (i = 0; i < n; i++)		/* grows as functions are found */
		text_follow(text, &obj->funcs[list[i]], list, &n);
	for (i = 0; !only && i < obj->nmaps; i++)
		text_need_map(text, (uint32_t)i);
	text->name = mem_alloc(&text->mem, text->longest + TEXT_ADDEND);
}

/* ---- instructions ---- */

/* The variable that has an offset; NULL: none. */
static const struct asm_field *text_field(const struct asm_type *type, uint32_t offset)
{
	size_t n = asm_rows_below(type->fields, type->nfields, sizeof(*type->fields),
				  offsetof(struct asm_field, offset), (uint64_t)offset + 1);

	return n ? &type->fields[n - 1] : NULL;
}

/* NAME, NAME + addend, or NAME[0] + addend: the first value of a map that is no section */
static const char *text_map_value(struct objtext *text, const struct asm_reloc *reloc)
{
	const struct asm_map *map = &text->obj->maps[reloc->index];
	const struct asm_field *field;
	uint32_t addend = (uint32_t)reloc->addend;

	if (!map->data) {
		sprintf(text->name, "%s[0] + %u", map->name, addend);
		return text->name;
	}
	field = text_field(map->value.type, addend);
	if (!field)
		return NULL;
	addend -= field->offset;
	sprintf(text->name, addend ? "%s + %u" : "%s", field->name, addend);
	return text->name;
}

static const char *text_symbol_of(struct objtext *text, const struct asm_reloc *reloc)
{
	switch (reloc->kind) {
	case ASM_RELOC_MAP:
		return text->obj->maps[reloc->index].name;
	case ASM_RELOC_MAP_VALUE:
		return text_map_value(text, reloc);
	case ASM_RELOC_CALL: case ASM_RELOC_FUNC:
		return text->obj->funcs[reloc->index].name;
	default:
		return reloc->name;
	}
}

static const char *text_symbol(void *arg, size_t slot)
{
	struct objtext *text = arg;
	const struct asm_object *obj = text->obj;

	if (text->reloc == obj->nrelocs ||
	    obj->relocs[text->reloc].slot != text->func->start + slot)
		return NULL;
	return text_symbol_of(text, &obj->relocs[text->reloc++]);
}

/* Whether a line says something, and something else than the one before. */
static bool text_is_news(const struct objtext *text, const struct asm_line *line)
{
	const struct asm_line *shown = text->shown;

	if (!line || !line->line)
		return false;
	return !shown || shown->line != line->line || strcmp(shown->file, line->file) != 0;
}

/* What stands in a comment must not end it. */
static void text_comment(FILE *f, const char *text)
{
	for (; *text; text++)
		fputc(*text == '\t' || (*text >= ' ' && *text <= '~') ? *text : '?', f);
}

/* # file:line: text, where another line begins */
static void text_line(void *arg, FILE *f, size_t slot)
{
	struct objtext *text = arg;
	const struct asm_object *obj = text->obj;
	uint32_t at = text->func->start + (uint32_t)slot;
	const struct asm_line *line = NULL;
	const char *c;

	for (; text->line < obj->nlines && obj->lines[text->line].slot <= at; text->line++)
		line = &obj->lines[text->line];
	if (!text_is_news(text, line))
		return;
	text->shown = line;
	fputs("\t# ", f);
	text_comment(f, line->file);
	fprintf(f, ":%u", line->line);
	for (c = line->text; *c == ' ' || *c == '\t'; c++)
		;
	if (*c)
		fputs(": ", f);
	text_comment(f, c);
	fputc('\n', f);
}

/* What a relocation fills is not there: its name is. */
static void text_strip(struct objtext *text)
{
	const struct asm_object *obj = text->obj;
	size_t i;

	text->insns = mem_alloc(&text->mem, obj->ninsns * sizeof(*text->insns));
	memcpy(text->insns, obj->insns, obj->ninsns * sizeof(*text->insns));
	for (i = 0; i < obj->nrelocs; i++) {
		struct asm_insn *insn = &text->insns[obj->relocs[i].slot];

		insn->regs &= 0x0f;
		insn->imm = 0;
		if (insn->code == TEXT_LDDW)
			insn[1].imm = 0;
	}
}

static int text_func(struct objtext *text, const struct asm_func *func)
{
	struct dis_source source = {
		.insns = text->insns + func->start, .n = func->count,
		.endian = text->obj->endian, .dialect = text->dialect,
		.symbol = text_symbol, .longest = text->longest + TEXT_ADDEND,
		.before = text_line, .arg = text,
	};

	text->func = func;
	text->shown = NULL;
	text->reloc = asm_first_reloc(text->obj, func->start);
	while (text->line < text->obj->nlines &&
	       text->obj->lines[text->line].slot < func->start)
		text->line++;
	if (!func->section) {
		fprintf(text->f, "\n.func %s\n", func->name);
	} else if (*func->section) {
		fprintf(text->f, "\n.prog %s ", func->name);
		text_string(text->f, func->section, strlen(func->section));
		fputc('\n', text->f);
	}
	return dis_emit(text->f, &source);
}

/* ---- all of it ---- */

/* What maps begin with, as far as it is printed. */
static void text_slots(const struct objtext *text)
{
	const struct asm_object *obj = text->obj;
	size_t i;

	for (i = 0; i < obj->nslots; i++) {
		const struct asm_slot *slot = &obj->slots[i];
		bool is_map = obj->maps[slot->map].inner;

		if (text->maps[slot->map] && (is_map || text->funcs[slot->index]))
			fprintf(text->f, ".slot %s[%" PRIu64 "] = %s\n", obj->maps[slot->map].name,
				slot->key, is_map ? obj->maps[slot->index].name :
				obj->funcs[slot->index].name);
	}
}

/* What a text cannot say stands in a comment. */
static const char *text_member_front(const struct asm_member *member)
{
	uint32_t i;

	for (i = 0; i < member->size; i++)
		if (member->bytes[i] < ' ' || member->bytes[i] > '~')
			return "# bytes: ";
	return "";
}

static void text_members(const struct objtext *text)
{
	const struct asm_object *obj = text->obj;
	size_t i;

	for (i = 0; i < obj->nmembers; i++) {
		const struct asm_member *member = &obj->members[i];
		bool program = member->kind == ASM_MEMBER_PROGRAM;

		if (!text->maps[member->map] || (program && !text->funcs[member->index]))
			continue;
		fprintf(text->f, "%s.slot %s.%s = ", text_member_front(member),
			obj->maps[member->map].name, member->name);
		if (program)
			fputs(obj->funcs[member->index].name, text->f);
		else if (member->kind == ASM_MEMBER_NUMBER)
			fprintf(text->f, member->number >> 63 ? "%" PRId64 : "%" PRIu64,
				member->number);
		else if (*text_member_front(member))
			fprintf(text->f, "%u", member->size);
		else
			text_string(text->f, (const char *)member->bytes, member->size);
		fputc('\n', text->f);
	}
}

static void text_head(const struct objtext *text)
{
	const struct asm_object *obj = text->obj;
	size_t i;

	if (obj->license) {
		fputs(".license ", text->f);
		text_string(text->f, obj->license, strlen(obj->license));
		fputc('\n', text->f);
	}
	for (i = 0; i < obj->nstructs; i++)
		text_struct(text, obj->structs[i]);
	for (i = 0; i < obj->nmaps; i++)
		if (text->maps[i] && !obj->maps[i].data)
			text_map(text, &obj->maps[i]);
	for (i = 0; i < obj->nmaps; i++)
		if (text->maps[i] && obj->maps[i].data)
			text_variables(text, &obj->maps[i]);
	for (i = 0; i < text->externs.count; i++) {
		const struct asm_extern *ext = text->externs.entries[i].data;

		fprintf(text->f, ".extern %s%s\n", ext && ext->weak ? "weak " : "",
			text->externs.entries[i].name);
	}
	text_slots(text);
	text_members(text);
}

static int text_object(struct objtext *text, const struct asm_func *only)
{
	size_t i;
	int ret;

	text_choose(text, only);
	text_strip(text);
	text_head(text);
	for (i = 0; i < text->obj->nfuncs; i++) {
		if (!text->funcs[i])
			continue;
		ret = text_func(text, &text->obj->funcs[i]);
		if (ret)
			return ret;
	}
	return 0;
}

int asm_emit_object(FILE *f, const struct asm_object *obj, const struct asm_func *only,
		    enum asm_dialect dialect)
{
	struct objtext *text = calloc(1, sizeof(*text));
	jmp_buf oom;
	int ret;

	if (!text)
		return -ENOMEM;
	text->f = f;
	text->obj = obj;
	text->dialect = dialect;
	text->mem.oom = &oom;
	if (setjmp(oom)) {
		mem_free(&text->mem);
		free(text);
		return -ENOMEM;
	}
	ret = text_object(text, only);
	mem_free(&text->mem);
	free(text);
	return ret;
}
