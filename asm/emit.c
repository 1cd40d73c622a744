/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "asm.h"
#include "source.h"
#include "type.h"

enum { EMIT_SLOT = 8, EMIT_BATCH = 2048, EMIT_LINE = 2 * EMIT_SLOT + 1 };

void asm_insn_bytes(struct asm_insn insn, enum asm_endian endian, uint8_t out[8])
{
	uint16_t off = (uint16_t)insn.off;
	uint32_t imm = (uint32_t)insn.imm;
	unsigned int i;

	out[0] = insn.code;
	if (endian == ASM_LITTLE) {
		out[1] = insn.regs;
		out[2] = (uint8_t)off;
		out[3] = (uint8_t)(off >> 8);
		for (i = 0; i < 4; i++)
			out[4 + i] = (uint8_t)(imm >> 8 * i);
		return;
	}
	out[1] = (uint8_t)(insn.regs << 4 | insn.regs >> 4);
	out[2] = (uint8_t)(off >> 8);
	out[3] = (uint8_t)off;
	for (i = 0; i < 4; i++)
		out[7 - i] = (uint8_t)(imm >> 8 * i);
}

struct asm_insn asm_insn_read(const uint8_t bytes[8], enum asm_endian endian)
{
	struct asm_insn insn = { .code = bytes[0], .regs = bytes[1] };
	uint32_t imm = 0;
	uint16_t off;
	unsigned int i;

	if (endian == ASM_BIG)
		insn.regs = (uint8_t)(bytes[1] << 4 | bytes[1] >> 4);
	off = (uint16_t)(endian == ASM_BIG ? bytes[2] << 8 | bytes[3] : bytes[3] << 8 | bytes[2]);
	for (i = 0; i < 4; i++)
		imm = imm << 8 | bytes[endian == ASM_BIG ? 4 + i : 7 - i];
	insn.off = (int16_t)off;
	insn.imm = (int32_t)imm;
	return insn;
}

/* Whether our slots are in memory as the target's are. */
static bool emit_is_native(enum asm_endian endian)
{
	static const struct asm_insn probe = { .code = 1, .regs = 0x23, .off = 4, .imm = 5 };
	uint8_t bytes[EMIT_SLOT];

	asm_insn_bytes(probe, endian, bytes);
	return !memcmp(&probe, bytes, EMIT_SLOT);
}

void asm_emit_raw(FILE *f, const struct asm_program *prog, enum asm_endian endian)
{
	uint8_t buf[EMIT_BATCH * EMIT_SLOT];
	size_t i, n;

	if (emit_is_native(endian)) {
		fwrite(prog->insns, EMIT_SLOT, prog->ninsns, f);
		return;
	}
	for (i = 0; i < prog->ninsns; i += n) {
		for (n = 0; n < EMIT_BATCH && i + n < prog->ninsns; n++)
			asm_insn_bytes(prog->insns[i + n], endian, &buf[n * EMIT_SLOT]);
		fwrite(buf, EMIT_SLOT, n, f);
	}
}

static void emit_hex_slot(const uint8_t bytes[EMIT_SLOT], char *out)
{
	static const char digits[] = "0123456789abcdef";
	unsigned int i;

	for (i = 0; i < EMIT_SLOT; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 0xf];
	}
}

void asm_emit_hex(FILE *f, const struct asm_program *prog, enum asm_endian endian)
{
	char buf[EMIT_BATCH * EMIT_LINE];
	uint8_t bytes[EMIT_SLOT];
	size_t i, n;

	for (i = 0; i < prog->ninsns; i += n) {
		for (n = 0; n < EMIT_BATCH && i + n < prog->ninsns; n++) {
			asm_insn_bytes(prog->insns[i + n], endian, bytes);
			emit_hex_slot(bytes, &buf[n * EMIT_LINE]);
			buf[n * EMIT_LINE + EMIT_LINE - 1] = '\n';
		}
		fwrite(buf, EMIT_LINE, n, f);
	}
}

/* ---- listing ---- */

/* The line that the listing shows. */
struct emit_cursor {
	const struct asm_source *all;
	const char *line, *end;
};

/* The line of a position. Texts alternate where macros are used: none is read from its start. */
static void emit_seek(struct emit_cursor *cursor, uint32_t pos)
{
	const struct asm_source *source = source_of(cursor->all, pos);
	const char *text_end = source->text + source->len;
	const char *at = source->text + (pos - source->base);

	if (cursor->line && at >= cursor->line && at <= cursor->end)
		return;
	for (cursor->line = at; cursor->line > source->text && cursor->line[-1] != '\n';)
		cursor->line--;
	cursor->end = memchr(at, '\n', (size_t)(text_end - at));
	if (!cursor->end)
		cursor->end = text_end;
}

/* What a line of the listing can hold. */
static void emit_plain(FILE *f, const char *text, size_t len)
{
	const char *end = text + len;

	for (; text < end; text++)
		fputc(*text == '\t' || (*text >= ' ' && *text < 0x7f) ? *text : '?', f);
}

static void emit_source_line(FILE *f, const struct asm_object *obj, struct emit_cursor *cursor,
			     uint32_t pos)
{
	const char *before = cursor->line, *at;
	struct asm_place place;

	if (cursor->all) {
		emit_seek(cursor, pos);
	} else {
		place = asm_object_place(obj, pos);
		cursor->line = place.text;
		cursor->end = place.text ? place.text + place.len : NULL;
	}
	if (!cursor->line || before == cursor->line)
		return;
	for (at = cursor->line; at < cursor->end && isspace((unsigned char)*at); at++)
		;
	fputs("  ", f);
	emit_plain(f, at, (size_t)(cursor->end - at));
}

/* Each field: offset and size in bytes, type, name. */
static void emit_list_struct(FILE *f, const struct asm_type *type)
{
	const struct asm_field *field;
	size_t i;

	fprintf(f, "struct %s: size %u, align %u\n", type->name, type->size, type->align);
	for (i = 0; i < type->nfields; i++) {
		field = &type->fields[i];
		fprintf(f, "%6u %5llu  %s", field->offset,
			(unsigned long long)asm_sizeof(field->type), field->type.type->name);
		if (field->type.count)
			fprintf(f, "[%u]", field->type.count);
		fprintf(f, " %s\n", field->name);
	}
}

static void emit_list_map(FILE *f, const struct asm_map *map)
{
	fputs("map ", f);
	emit_plain(f, map->name, strlen(map->name));
	fprintf(f, ": type %s, key %u, value %u, entries %u, flags 0x%x\n", map->type->name,
		map->key_size, map->value_size, map->max_entries, map->map_flags);
}

static void emit_list_func(FILE *f, const struct asm_object *obj, const struct asm_func *func)
{
	if (!func->section) {
		fprintf(f, "\nfunc %s: %u slots\n", func->name, func->count);
	} else if (func->section[0]) {
		fprintf(f, "\nprog %s \"", func->name);
		emit_plain(f, func->section, strlen(func->section));
		fprintf(f, "\": %u slots\n", func->count);
	} else if (obj->nstructs) {
		fputc('\n', f);
	}
}

void asm_emit_list(FILE *f, const struct asm_object *obj)
{
	struct emit_cursor cursor = { .all = obj->source };
	const struct asm_func *func;
	uint8_t bytes[EMIT_SLOT];
	size_t i, j;
	unsigned int b;

	for (i = 0; i < obj->nstructs; i++)
		emit_list_struct(f, obj->structs[i]);
	for (i = 0; i < obj->nmaps; i++)
		emit_list_map(f, &obj->maps[i]);
	for (i = 0; i < obj->nfuncs; i++) {
		func = &obj->funcs[i];
		emit_list_func(f, obj, func);
		for (j = func->start; j < func->start + func->count; j++) {
			asm_insn_bytes(obj->insns[j], obj->endian, bytes);
			fprintf(f, "%6zu:", j - func->start);
			for (b = 0; b < EMIT_SLOT; b++)
				fprintf(f, " %02x", bytes[b]);
			emit_source_line(f, obj, &cursor, obj->insn_pos[j]);
			fputc('\n', f);
		}
	}
}

/* ---- C ---- */

static void emit_c_upper(FILE *f, const char *name)
{
	for (; *name; name++)
		fputc(isalnum((unsigned char)*name) ? toupper((unsigned char)*name) : '_', f);
}

/* "text" */
static void emit_c_quoted(FILE *f, const char *text)
{
	fputc('"', f);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fprintf(f, "\\%c", *text);
		else if (isprint((unsigned char)*text) && *text != '?')
			fputc(*text, f);
		else	/* octal: three digits end by themselves */
			fprintf(f, "\\%03o", (unsigned int)(unsigned char)*text);
	}
	fputc('"', f);
}

/* static const char NAME_WHATtail[] = "text"; */
static void emit_c_string(FILE *f, const char *name, const char *what, const char *tail,
			  const char *text)
{
	fprintf(f, "static const char %s_%s%s[] = ", name, what, tail);
	emit_c_quoted(f, text);
	fputs(";\n", f);
}

static bool emit_is_own(const struct asm_object *obj, const struct asm_type *type)
{
	size_t i;

	for (i = 0; i < obj->nstructs; i++)
		if (obj->structs[i] == type)
			return true;
	return false;
}

/*
 * The C spelling of a type; what C has no word for is an array of bytes, and so is a structure of
 * the kernel, which its own headers may define.
 */
static void emit_c_field(FILE *f, const struct asm_object *obj, const struct asm_field *field,
			 bool packed)
{
	static const struct {
		enum asm_format format;
		const char *text;
		uint32_t size;
	} names[] = {
		{ ASM_UNSIGNED, "uint8_t", 1 }, { ASM_UNSIGNED, "uint16_t", 2 },
		{ ASM_UNSIGNED, "uint32_t", 4 }, { ASM_UNSIGNED, "uint64_t", 8 },
		{ ASM_SIGNED, "int8_t", 1 }, { ASM_SIGNED, "int16_t", 2 },
		{ ASM_SIGNED, "int32_t", 4 }, { ASM_SIGNED, "int64_t", 8 },
		{ ASM_NETWORK, "uint16_t", 2 }, { ASM_NETWORK, "uint32_t", 4 },
		{ ASM_NETWORK, "uint64_t", 8 }, { ASM_CHAR, "char", 1 },
		{ ASM_BOOL, "uint8_t", 1 }, { ASM_POINTER, "uint64_t", 8 },
		{ ASM_KTIME, "uint64_t", 8 }, { ASM_KSYM, "uint64_t", 8 },
		{ ASM_IPV4, "uint32_t", 4 }, { ASM_IPV6, "uint32_t", 16 },
		{ ASM_INET, "uint32_t", 16 },
		{ ASM_LOG2, "uint32_t", 4 }, { ASM_STRINGS, "char", 1 },
	};
	const struct asm_type *type = field->type.type;
	bool own = emit_is_own(obj, type);
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].format == type->format && names[i].size == type->size)
			break;
	if (i < sizeof(names) / sizeof(names[0]))
		fprintf(f, "\t%s %s", names[i].text, field->name);
	else if (own)
		fprintf(f, "\tstruct %s %s", type->name, field->name);
	else
		fprintf(f, "\t%s %s", type->format == ASM_COMM ? "char" : "uint8_t", field->name);
	if (field->type.count)
		fprintf(f, "[%u]", field->type.count);
	if (type->format == ASM_IPV6 || type->format == ASM_INET)
		fputs("[4]", f);
	if (i == sizeof(names) / sizeof(names[0]) && !own)
		fprintf(f, "[%u]", type->size);
	if (type->format == ASM_STRUCT && !own && !packed && type->align > 1)
		fprintf(f, " __attribute__((aligned(%u)))", type->align);
	fputs(";\n", f);
}

static void emit_c_struct(FILE *f, const struct asm_object *obj, const struct asm_type *type)
{
	bool packed = type_is_packed(type);
	size_t i;

	fprintf(f, "\nstruct %s {\n", type->name);
	for (i = 0; i < type->nfields; i++)
		emit_c_field(f, obj, &type->fields[i], packed);
	fprintf(f, "}%s;\n", packed ? " __attribute__((packed))" : "");
}

static void emit_c_prelude(FILE *f)
{
	fputs("#include <stdint.h>\n\n"
	      "#ifndef BPFASM_TYPES\n#define BPFASM_TYPES\n"
	      "/* As struct bpf_insn of the target; regs is its dst_reg and src_reg. */\n"
	      "struct bpfasm_insn {\n"
	      "\tuint8_t code;\n\tuint8_t regs;\n\tint16_t off;\n\tint32_t imm;\n};\n\n"
	      "struct bpfasm_map {\n"
	      "\tconst char *name;\n\tuint32_t type, key_size, value_size, max_entries;\n"
	      "\tuint32_t map_flags;\n\tuint64_t map_extra;\n"
	      "\tconst void *data;\t/* value to put at key 0, or NULL */\n};\n\n"
	      "/* What to put into the imm of a slot once it is known. */\n"
	      "enum bpfasm_reloc_kind {\n"
	      "\tBPFASM_MAP,\t\t/* descriptor of the map `name` */\n"
	      "\tBPFASM_MAP_VALUE,\t/* the same; the next slot holds the offset */\n"
	      "\tBPFASM_KFUNC,\t\t/* BTF id of the kernel function `name` */\n"
	      "\tBPFASM_EXTERN,\t\t/* the value of `name`, both slots */\n};\n\n"
	      "struct bpfasm_reloc {\n"
	      "\tuint32_t slot;\n\tenum bpfasm_reloc_kind kind;\n\tconst char *name;\n};\n"
	      "#endif\n", f);
}

/* NAME_rodata, and of the section .rodata.str NAME_rodata_str */
static void emit_c_data_name(FILE *f, const struct asm_map *map, const char *name)
{
	const char *at;

	fprintf(f, "%s_", name);
	for (at = map->name + 1; *at; at++)
		fputc(isalnum((unsigned char)*at) ? *at : '_', f);
}

/* The bytes of the variables of a section. */
static void emit_c_data(FILE *f, const struct asm_map *map, const char *name)
{
	uint32_t i;

	fputs("\nstatic const uint8_t ", f);
	emit_c_data_name(f, map, name);
	fputs("[] = {", f);
	for (i = 0; i < map->value_size; i++)
		fprintf(f, "%s0x%02x,", i % 12 ? " " : "\n\t", map->data[i]);
	fputs("\n};\n", f);
}

static void emit_c_map(FILE *f, const struct asm_map *map, const char *name)
{
	fputs("\t{ ", f);
	emit_c_quoted(f, map->name);
	fprintf(f, ", %u, %u, %u, %u, 0x%x, %llu, ", map->type->number, map->key_size,
		map->value_size, map->max_entries, map->map_flags,
		(unsigned long long)map->map_extra);
	if (map->data)
		emit_c_data_name(f, map, name);
	else
		fputs("0", f);
	fprintf(f, " }, /* %s */\n", map->type->name);
}

static void emit_c_maps(FILE *f, const struct asm_object *obj, const char *name)
{
	size_t i;

	if (!obj->nmaps)
		return;
	for (i = 0; i < obj->nmaps; i++)
		if (obj->maps[i].data)
			emit_c_data(f, &obj->maps[i], name);
	fprintf(f, "\nstatic const struct bpfasm_map %s_maps[] = {\n", name);
	for (i = 0; i < obj->nmaps; i++)
		emit_c_map(f, &obj->maps[i], name);
	fputs("};\n", f);
}

static void emit_c_relocs(FILE *f, const struct asm_object *obj, const struct asm_program *prog,
			  const char *name)
{
	static const char *const kinds[] = {
		[ASM_RELOC_MAP] = "BPFASM_MAP", [ASM_RELOC_MAP_VALUE] = "BPFASM_MAP_VALUE",
		[ASM_RELOC_KFUNC] = "BPFASM_KFUNC", [ASM_RELOC_EXTERN] = "BPFASM_EXTERN",
	};
	size_t i;

	if (!prog->nrelocs)
		return;
	fprintf(f, "\nstatic const struct bpfasm_reloc %s_%s_relocs[] = {\n", name,
		prog->func->name);
	for (i = 0; i < prog->nrelocs; i++) {
		const struct asm_reloc *reloc = &prog->relocs[i];

		fprintf(f, "\t{ %u, %s, ", reloc->slot, kinds[reloc->kind]);
		emit_c_quoted(f, reloc->name ? reloc->name : obj->maps[reloc->index].name);
		fputs(" },\n", f);
	}
	fputs("};\n", f);
}

static void emit_c_program(FILE *f, const struct asm_object *obj, const struct asm_program *prog,
			   const char *name)
{
	size_t i;

	fputs("\n", f);
	if (prog->func->section[0])
		emit_c_string(f, name, prog->func->name, "_section", prog->func->section);
	fprintf(f, "static const struct bpfasm_insn %s_%s[] = {\n", name, prog->func->name);
	for (i = 0; i < prog->ninsns; i++) {
		struct asm_insn insn = prog->insns[i];
		uint8_t bytes[EMIT_SLOT];

		asm_insn_bytes(insn, obj->endian, bytes);
		/* -2147483648 is no constant of C, but a negated constant that does not fit */
		fprintf(f, "\t{ 0x%02x, 0x%02x, %d, ", bytes[0], bytes[1], insn.off);
		fprintf(f, insn.imm == INT32_MIN ? "-2147483647 - 1 },\n" : "%d },\n", insn.imm);
	}
	fputs("};\n", f);
	emit_c_relocs(f, obj, prog, name);
}

int asm_emit_c(FILE *f, const struct asm_object *obj, const char *name)
{
	struct asm_program prog;
	size_t i;
	int ret;

	fputs("/* Made by bpfasm -f c. */\n#ifndef ", f);
	emit_c_upper(f, name);
	fputs("_BPF_H\n#define ", f);
	emit_c_upper(f, name);
	fputs("_BPF_H\n\n", f);
	emit_c_prelude(f);
	fputs("\n", f);
	if (obj->license)
		emit_c_string(f, name, "license", "", obj->license);
	for (i = 0; i < obj->nstructs; i++)
		emit_c_struct(f, obj, obj->structs[i]);
	emit_c_maps(f, obj, name);
	for (i = 0; i < obj->nfuncs; i++) {
		if (!obj->funcs[i].section)
			continue;
		ret = asm_link(obj, &obj->funcs[i], &prog);
		if (ret)
			return ret;
		emit_c_program(f, obj, &prog, name);
		asm_program_free(&prog);
	}
	fputs("\n#endif\n", f);
	return 0;
}
