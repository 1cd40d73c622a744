/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* elf_write_btf.c - .BTF and .BTF.ext of an object: Documentation/bpf/btf.rst, section 4 (7.2). */
#include <ctype.h>
#include <string.h>

#include "asm.h"
#include "symbols.h"
#include "btf_core.h"
#include "bytes.h"
#include "btf_write.h"
#include "diag.h"
#include "elf.h"
#include "mem.h"
#include "elf_write.h"
#include "lines.h"

enum {
	LINKAGE_STATIC = 0, LINKAGE_GLOBAL = 1, LINKAGE_EXTERN = 2,
	FUNC_WORDS = 3, PARAM_WORDS = 2, SECTION_WORDS = 3, VAR_WORDS = 3, MEMBER_WORDS = 3,
	MAP_MEMBERS = 9, MAP_MEMBER_BYTES = 8,
	EXT_VERSION = 1, EXT_HEADER = 32, FUNC_RECORD = 8, LINE_RECORD = 16, FIELD_RECORD = 16,
	FIELD_BYTE_OFFSET = 0,
	LINE_MOST = (1 << 22) - 1, COLUMN_MOST = (1 << 10) - 1,

	/* the kernel takes 16 MiB of strings: names come first, lines as far as they fit */
	STRINGS_MOST = 15 << 20,

	CODE_LOAD = 0x79, CODE_LDDW = 0x18, STACK_ARG_REG = 11, STACK_ARG_BYTES = 8,
	REG_ARGS = 5, STACK_ARGS_MOST = 64,
};

/* A DATASEC being made. */
struct section {
	uint32_t *words;
	size_t n, room;
};

struct out_btf {
	struct elf_out *out;
	struct btf_out btf;
	struct core core;
	uint32_t *funcs;		/* type of each function */
	struct lines source;
	struct asm_types_line *lines;	/* by rising slot of the object */
	size_t nlines, lines_room;
};

static bool btf_fits(struct out_btf *b, const char *what, size_t count)
{
	if (count <= BTF_MOST_VLEN)
		return true;
	diag_add(&b->out->diags, ASM_ERROR, 0, 1, "%s has %zu parts: in BTF there are at most %d",
		 what, count, BTF_MOST_VLEN);
	return false;
}

/* ---- sections ---- */

static uint32_t btf_var(struct out_btf *b, const char *name, uint32_t type, uint32_t linkage)
{
	const uint32_t words[] = { btf_out_name(&b->btf, name), btf_info(ASM_BTF_VAR, 0), type,
				   linkage };

	return btf_out_add(&b->btf, words, sizeof(words) / sizeof(words[0]));
}

static void section_put(struct out_btf *b, struct section *section, uint32_t type,
			uint32_t offset, uint32_t size)
{
	uint32_t *at;

	if (!section->n)
		section->n = SECTION_WORDS;
	section->words = mem_grow(&b->out->mem, section->words, &section->room,
				  section->n + VAR_WORDS, sizeof(*section->words));
	at = &section->words[section->n];
	at[0] = type;
	at[1] = offset;
	at[2] = size;
	section->n += VAR_WORDS;
}

/* Returns its type; 0 when nothing was put there. */
static uint32_t section_end(struct out_btf *b, struct section *section, const char *name,
			    uint32_t size)
{
	size_t count = (section->n - SECTION_WORDS) / VAR_WORDS;

	if (!section->n || !btf_fits(b, name, count))
		return 0;
	section->words[0] = btf_out_name(&b->btf, name);
	section->words[1] = btf_info(ASM_BTF_DATASEC, (uint32_t)count);
	section->words[2] = size;
	return btf_out_add(&b->btf, section->words, section->n);
}

/* ---- maps ---- */

/* The definition of a map: a structure of pointers, whose types say the numbers. */
struct definition {
	uint32_t words[3 + MEMBER_WORDS * MAP_MEMBERS];
	uint32_t n;
};

static void definition_put(struct out_btf *b, struct definition *def, const char *name,
			   uint32_t type)
{
	uint32_t *at = &def->words[3 + MEMBER_WORDS * def->n];

	at[0] = btf_out_name(&b->btf, name);
	at[1] = type;
	at[2] = def->n++ * MAP_MEMBER_BYTES * 8;
}

static void definition_point(struct out_btf *b, struct definition *def, const char *name,
			     uint32_t type)
{
	definition_put(b, def, name, btf_out_refer(&b->btf, ASM_BTF_PTR, "", type));
}

/* As long an array as the number says, of bytes: of anything larger it might be too large. */
static void definition_number(struct out_btf *b, struct definition *def, const char *name,
			      uint32_t number)
{
	uint32_t byte = btf_out_int(&b->btf, 1, BTF_INT_CHAR);

	if (number)
		definition_point(b, def, name, btf_out_array(&b->btf, byte, number));
}

/* A number of 64 bits is the value of an enumeration, as newer libbpf has it. */
static void definition_extra(struct out_btf *b, struct definition *def,
			     const struct asm_map *map)
{
	const uint32_t words[] = {
		0, btf_info(ASM_BTF_ENUM64, 1), 8,
		btf_out_name(&b->btf, "map_extra"),
		(uint32_t)map->map_extra, (uint32_t)(map->map_extra >> 32),
	};

	if (map->map_extra <= UINT32_MAX)
		definition_number(b, def, "map_extra", (uint32_t)map->map_extra);
	else
		definition_put(b, def, "map_extra",
			       btf_out_add(&b->btf, words, sizeof(words) / sizeof(words[0])));
}

static void definition_layout(struct out_btf *b, struct definition *def,
			      const struct asm_map *map)
{
	bool typed = !(map->type->flags & ASM_MAP_NO_BTF);

	if (typed && map->key.type && map->key_size)
		definition_point(b, def, "key", btf_out_type(&b->btf, map->key));
	else
		definition_number(b, def, "key_size", map->key_size);
	if (typed && map->value.type && map->value_size)
		definition_point(b, def, "value", btf_out_type(&b->btf, map->value));
	else
		definition_number(b, def, "value_size", map->value_size);
}

/* What a program is, as far as a map of them says. */
static uint32_t btf_any_program(struct out_btf *b)
{
	const uint32_t words[] = {
		0, btf_info(ASM_BTF_FUNC_PROTO, 0), btf_out_int(&b->btf, 4, BTF_INT_SIGNED),
	};

	return btf_out_add(&b->btf, words, sizeof(words) / sizeof(words[0]));
}

static bool definition_has_values(const struct out_btf *b, const struct asm_map *map)
{
	const struct asm_object *obj = b->out->obj;
	size_t i;

	for (i = 0; i < obj->nslots; i++)
		if (&obj->maps[obj->slots[i].map] == map)
			return true;
	return map->inner;
}

static uint32_t btf_map(struct out_btf *b, const struct asm_map *map, struct elf_map *out);

/* The last member, an array without a bound: entries follow the structure. */
static void definition_values(struct out_btf *b, struct definition *def,
			      const struct asm_map *map, struct elf_map *out)
{
	uint32_t type;
	struct elf_map inner;

	if (!definition_has_values(b, map))
		return;
	type = map->inner ? btf_map(b, map->inner, &inner) : btf_any_program(b);
	out->values = def->n * MAP_MEMBER_BYTES;
	type = btf_out_refer(&b->btf, ASM_BTF_PTR, "", type);
	definition_put(b, def, "values", btf_out_array(&b->btf, type, 0));
}

/* Returns the type of the definition. */
static uint32_t btf_map(struct out_btf *b, const struct asm_map *map, struct elf_map *out)
{
	struct definition def;

	memset(&def, 0, sizeof(def));
	memset(out, 0, sizeof(*out));
	definition_number(b, &def, "type", map->type->number);
	definition_layout(b, &def, map);
	definition_number(b, &def, "max_entries", map->max_entries);
	definition_number(b, &def, "map_flags", map->map_flags);
	definition_extra(b, &def, map);
	definition_number(b, &def, "numa_node", map->numa_node);
	definition_number(b, &def, "pinning", map->pinned);
	definition_values(b, &def, map, out);
	out->size = out->values ? out->values : def.n * MAP_MEMBER_BYTES;
	def.words[1] = btf_info(ASM_BTF_STRUCT, def.n);
	def.words[2] = out->size;
	return btf_out_add(&b->btf, def.words, 3 + MEMBER_WORDS * def.n);
}

/* Entries make a map's variable longer. */
static void btf_make_room(const struct asm_object *obj, size_t index, struct elf_map *map)
{
	uint32_t end;
	size_t i;

	for (i = 0; i < obj->nslots; i++) {
		if (obj->slots[i].map != index)
			continue;
		end = map->values + (uint32_t)(obj->slots[i].key + 1) * MAP_MEMBER_BYTES;
		map->size = end > map->size ? end : map->size;
	}
}

static void btf_maps(struct out_btf *b)
{
	const struct asm_object *obj = b->out->obj;
	struct section section = { .n = 0 };
	size_t i;

	for (i = 0; i < obj->nmaps; i++) {
		struct elf_map *map = &b->out->maps[i];
		uint32_t type;

		if (obj->maps[i].data)
			continue;
		type = btf_map(b, &obj->maps[i], map);
		btf_make_room(obj, i, map);
		map->offset = b->out->maps_size;
		b->out->maps_size += map->size;
		section_put(b, &section, btf_var(b, obj->maps[i].name, type, LINKAGE_GLOBAL),
			    map->offset, map->size);
	}
	section_end(b, &section, ".maps", b->out->maps_size);
}

/* ---- variables ---- */

static uint32_t btf_variables(struct out_btf *b, const struct asm_map *map)
{
	bool constant = !strcmp(map->name, ".rodata");
	struct section section = { .n = 0 };
	size_t i;

	for (i = 0; i < map->value.type->nfields; i++) {
		const struct asm_field *field = &map->value.type->fields[i];
		uint32_t type = btf_out_type(&b->btf, field->type);

		if (constant)
			type = btf_out_refer(&b->btf, ASM_BTF_CONST, "", type);
		section_put(b, &section, btf_var(b, field->name, type, LINKAGE_GLOBAL),
			    field->offset, (uint32_t)asm_sizeof(field->type));
	}
	return section_end(b, &section, map->name, map->value_size);
}

static void btf_license(struct out_btf *b)
{
	const char *license = b->out->obj->license;
	struct section section = { .n = 0 };
	uint32_t size, type;

	if (!license)
		return;
	size = (uint32_t)strlen(license) + 1;
	type = btf_out_array(&b->btf, btf_out_int(&b->btf, 1, BTF_INT_CHAR), size);
	section_put(b, &section, btf_var(b, b->out->license_name, type, LINKAGE_GLOBAL), 0, size);
	section_end(b, &section, "license", size);
}

/* ---- functions ---- */

static uint32_t btf_func(struct out_btf *b, const char *name, uint32_t proto, uint32_t linkage)
{
	const uint32_t words[FUNC_WORDS] = { btf_out_name(&b->btf, name),
					     btf_info(ASM_BTF_FUNC, linkage), proto };

	return btf_out_add(&b->btf, words, FUNC_WORDS);
}

/* int NAME(void *ctx) */
static uint32_t btf_program(struct out_btf *b, const struct asm_func *func)
{
	const uint32_t words[] = {
		0, btf_info(ASM_BTF_FUNC_PROTO, 1), btf_out_int(&b->btf, 4, BTF_INT_SIGNED),
		btf_out_name(&b->btf, "ctx"), btf_out_refer(&b->btf, ASM_BTF_PTR, "", 0),
	};

	return btf_func(b, func->name, btf_out_add(&b->btf, words, sizeof(words) / 4),
			LINKAGE_GLOBAL);
}

/* How many parameters a function has, as far as the kernel asks: those that are on the stack. */
static uint32_t btf_parameters(const struct asm_object *obj, const struct asm_func *func)
{
	uint32_t i, n = 0;

	for (i = func->start; i < func->start + func->count; i++) {
		struct asm_insn insn = obj->insns[i];
		uint32_t number = (uint32_t)insn.off / STACK_ARG_BYTES;

		if (insn.code == CODE_LOAD && asm_src(insn) == STACK_ARG_REG && insn.off > 0 &&
		    number <= STACK_ARGS_MOST && REG_ARGS + number > n)
			n = REG_ARGS + number;
		i += insn.code == CODE_LDDW;
	}
	return n;
}

/* static, so that the verifier follows each call; parameters are 64-bit numbers */
static uint32_t btf_subprogram(struct out_btf *b, const struct asm_func *func)
{
	uint32_t words[3 + PARAM_WORDS * (REG_ARGS + STACK_ARGS_MOST)], i;
	uint32_t number = btf_out_int(&b->btf, 8, BTF_INT_PLAIN);
	uint32_t n = btf_parameters(b->out->obj, func);

	words[0] = 0;
	words[1] = btf_info(ASM_BTF_FUNC_PROTO, n);
	words[2] = number;
	for (i = 0; i < n; i++) {
		words[3 + PARAM_WORDS * i] = btf_out_name(&b->btf, "arg");
		words[4 + PARAM_WORDS * i] = number;
	}
	return btf_func(b, func->name,
			btf_out_add(&b->btf, words, 3 + (size_t)PARAM_WORDS * n), LINKAGE_STATIC);
}

static void btf_functions(struct out_btf *b)
{
	const struct asm_object *obj = b->out->obj;
	size_t i;

	b->funcs = mem_alloc(&b->out->mem, obj->nfuncs * sizeof(*b->funcs));
	for (i = 0; i < obj->nfuncs; i++)
		b->funcs[i] = obj->funcs[i].section ?
			btf_program(b, &obj->funcs[i]) : btf_subprogram(b, &obj->funcs[i]);
}

/* ---- the kernel's ---- */

static void btf_collect_extern(struct out_btf *b, const struct elf_extern *ext)
{
	char why[CORE_WHY] = "";

	if (!ext->func)
		return;
	if (!b->out->btf)
		diag_add(&b->out->diags, ASM_ERROR, ext->pos, (unsigned int)strlen(ext->name),
			 "an ELF object has the prototype of '%s': name the kernel's BTF with "
			 "--btf FILE", ext->name);
	else if (!core_collect_func(&b->core, ext->name, why))
		diag_add(&b->out->diags, ASM_ERROR, ext->pos, (unsigned int)strlen(ext->name),
			 "%s", why);
}

static void btf_collect(struct out_btf *b)
{
	const struct asm_object *obj = b->out->obj;
	char why[CORE_WHY];
	size_t i;

	for (i = 0; i < b->out->nexterns; i++)
		btf_collect_extern(b, &b->out->externs[i]);
	for (i = 0; i < obj->nkrefs; i++)
		if (!core_collect_field(&b->core, obj->krefs[i].path, why))
			diag_add(&b->out->diags, ASM_ERROR, obj->krefs[i].pos,
				 (unsigned int)(strlen("kernel.") + strlen(obj->krefs[i].path)),
				 "%s", why);
}

/* Functions with their prototype, all else as `const void`: its address is all there is to it. */
static void btf_externs(struct out_btf *b)
{
	struct section section = { .n = 0 };
	size_t i;

	for (i = 0; i < b->out->nexterns; i++) {
		const struct elf_extern *ext = &b->out->externs[i];
		uint32_t type = ext->func ?
			btf_func(b, ext->name, core_prototype(&b->core, ext->name),
				 LINKAGE_EXTERN) :
			btf_var(b, ext->name, btf_out_refer(&b->btf, ASM_BTF_CONST, "", 0),
				LINKAGE_EXTERN);

		section_put(b, &section, type, 0, ext->func ? 0 : 1);
	}
	section_end(b, &section, ".ksyms", 0);
}

static void btf_fields(struct out_btf *b)
{
	const struct asm_object *obj = b->out->obj;
	size_t func = 0, i;

	for (i = 0; i < obj->nkrefs; i++) {
		const struct asm_kref *kref = &obj->krefs[i];
		struct core_access access = core_access(&b->core, kref->path);
		const struct elf_place *place;
		struct bytes *fields;

		while (kref->slot >= obj->funcs[func].start + obj->funcs[func].count)
			func++;
		place = &b->out->places[func];
		fields = &b->out->codes[place->code].fields;
		bytes_put(fields, 4, (place->slot + kref->slot - obj->funcs[func].start) *
			  ELF_SLOT);
		bytes_put(fields, 4, access.type);
		bytes_put(fields, 4, access.string);
		bytes_put(fields, 4, FIELD_BYTE_OFFSET);
	}
}

/* ---- lines ---- */

static uint32_t btf_line_text(struct out_btf *b, const char *text, size_t len)
{
	while (len && isspace((unsigned char)*text)) {
		text++;
		len--;
	}
	while (len && isspace((unsigned char)text[len - 1]))
		len--;
	if (b->btf.strings.text.len + len > STRINGS_MOST)
		return 0;
	return strtab_add(&b->btf.strings, text, len);
}

static struct asm_types_line btf_line(struct out_btf *b, uint32_t slot,
				      const struct asm_place *at)
{
	uint32_t line = at->line < LINE_MOST ? at->line : LINE_MOST;

	return (struct asm_types_line){
		.slot = slot,
		.file = btf_line_text(b, at->file, strlen(at->file)),
		.text = btf_line_text(b, at->text, at->len),
		.place = line << 10 | (at->col < COLUMN_MOST ? at->col : COLUMN_MOST),
	};
}

/* Where the source of a slot is; file "" where it is not known. */
static struct asm_place btf_place(struct out_btf *b, uint32_t pos)
{
	const struct asm_object *obj = b->out->obj;
	struct asm_place at = obj->source ? lines_place(&b->source, pos) :
					    asm_object_place(obj, pos);

	if (!at.file)
		at.file = at.text = "";
	return at;
}

static bool btf_is_same_place(const struct asm_place *a, const struct asm_place *b)
{
	return a->file == b->file && a->line == b->line && a->col == b->col;
}

static void btf_add_line(struct out_btf *b, const struct asm_types_line *line)
{
	b->lines = mem_grow(&b->out->mem, b->lines, &b->lines_room, b->nlines + 1,
			    sizeof(*b->lines));
	b->lines[b->nlines++] = *line;
}

/* Where a function begins and where the source changes; not at slots of zeros, the kernel minds. */
static void btf_function_lines(struct out_btf *b, const struct asm_func *func)
{
	const struct asm_object *obj = b->out->obj;
	struct asm_place at, last = { .file = NULL };
	struct asm_types_line line;
	uint32_t i;

	if (!obj->source && !obj->nlines)
		return;
	for (i = func->start; i < func->start + func->count; i++) {
		at = btf_place(b, obj->insn_pos[i]);
		if (obj->insns[i].code && !btf_is_same_place(&at, &last)) {
			line = btf_line(b, i, &at);
			btf_add_line(b, &line);
			last = at;
		}
		i += obj->insns[i].code == CODE_LDDW;
	}
}

/* Records of .BTF.ext: the function, and its lines, the first of which is `line`. */
static void btf_put_function(struct out_btf *b, size_t index, size_t line)
{
	const struct elf_place *place = &b->out->places[index];
	struct elf_code *code = &b->out->codes[place->code];
	uint32_t start = b->out->obj->funcs[index].start;

	bytes_put(&code->funcs, 4, place->slot * ELF_SLOT);
	bytes_put(&code->funcs, 4, b->funcs[index]);
	for (; line < b->nlines; line++) {
		bytes_put(&code->lines, 4, (place->slot + b->lines[line].slot - start) * ELF_SLOT);
		bytes_put(&code->lines, 4, b->lines[line].file);
		bytes_put(&code->lines, 4, b->lines[line].text);
		bytes_put(&code->lines, 4, b->lines[line].place);
	}
}

static void btf_lines(struct out_btf *b)
{
	size_t i, line;

	lines_init(&b->source, &b->out->mem, b->out->obj->source);
	for (i = 0; i < b->out->obj->nfuncs; i++) {
		line = b->nlines;
		btf_function_lines(b, &b->out->obj->funcs[i]);
		if (b->out->places)
			btf_put_function(b, i, line);
	}
}

/* ---- .BTF.ext ---- */

static void ext_records(struct out_btf *b, struct bytes *ext, size_t member, uint32_t size)
{
	size_t i;

	for (i = 0; i < b->out->ncodes; i++) {
		struct elf_code *code = &b->out->codes[i];
		const struct bytes *records = (struct bytes *)((char *)code + member);

		if (!records->len)
			continue;
		if (!ext->len)
			bytes_put(ext, 4, size);
		bytes_put(ext, 4, btf_out_name(&b->btf, code->name));
		bytes_put(ext, 4, records->len / size);
		bytes_append(ext, records->data, records->len);
	}
}

static void btf_ext(struct out_btf *b, struct bytes *ext)
{
	static const struct {
		size_t member;
		uint32_t size;
	} parts[] = {
		{ offsetof(struct elf_code, funcs), FUNC_RECORD },
		{ offsetof(struct elf_code, lines), LINE_RECORD },
		{ offsetof(struct elf_code, fields), FIELD_RECORD },
	};
	enum { PARTS = sizeof(parts) / sizeof(parts[0]) };
	struct bytes bytes[PARTS];
	uint32_t offset = 0;
	size_t i;

	bytes_put(ext, 2, ELF_BTF_MAGIC);
	bytes_put(ext, 1, EXT_VERSION);
	bytes_put(ext, 1, 0);
	bytes_put(ext, 4, EXT_HEADER);
	for (i = 0; i < PARTS; i++) {
		memset(&bytes[i], 0, sizeof(bytes[i]));
		bytes[i].mem = ext->mem;
		bytes[i].endian = ext->endian;
		ext_records(b, &bytes[i], parts[i].member, parts[i].size);
		bytes_put(ext, 4, offset);
		bytes_put(ext, 4, bytes[i].len);
		offset += (uint32_t)bytes[i].len;
	}
	for (i = 0; i < PARTS; i++)
		bytes_append(ext, bytes[i].data, bytes[i].len);
}

static void btf_types(struct out_btf *b)
{
	const struct asm_object *obj = b->out->obj;
	size_t i;

	for (i = 0; i < obj->nstructs; i++)
		if (btf_fits(b, obj->structs[i]->name, obj->structs[i]->nfields))
			btf_out_struct(&b->btf, obj->structs[i]);
}

/* Names come first, the lines of the text last: there may be more of them than fit. */
void elf_btf(struct elf_out *out, struct bytes *btf, struct bytes *ext)
{
	struct out_btf b = { .out = out };
	size_t i;

	btf_out_init(&b.btf, &out->mem);
	core_init(&b.core, out->btf, &b.btf);
	btf_collect(&b);
	btf_types(&b);
	if (out->diags.errors)
		return;
	out->maps = mem_alloc(&out->mem, out->obj->nmaps * sizeof(*out->maps));
	btf_maps(&b);
	for (i = 0; i < out->obj->nmaps; i++)
		if (out->obj->maps[i].data)
			btf_variables(&b, &out->obj->maps[i]);
	btf_license(&b);
	core_place(&b.core);
	btf_externs(&b);
	btf_functions(&b);
	btf_fields(&b);
	for (i = 0; i < out->ncodes; i++)
		btf_out_name(&b.btf, out->codes[i].name);
	btf_lines(&b);
	btf_ext(&b, ext);
	btf_out_finish(&b.btf, btf);
}

/* ---- for the kernel itself ---- */

/* Of bytes without a type numbers, where there are as many; else as many bytes. */
static uint32_t btf_bytes(struct out_btf *b, uint32_t size)
{
	if (size == 1 || size == 2 || size == 4 || size == 8)
		return btf_out_int(&b->btf, size, BTF_INT_PLAIN);
	return btf_out_array(&b->btf, btf_out_int(&b->btf, 1, BTF_INT_PLAIN), size);
}

static uint32_t btf_layout(struct out_btf *b, struct asm_typeref ref, uint32_t size)
{
	return ref.type && asm_sizeof(ref) == size ? btf_out_type(&b->btf, ref) :
						     btf_bytes(b, size);
}

/* A variable's section takes no key. What has no type at all needs none, but where it must. */
static struct asm_types_map btf_loaded_map(struct out_btf *b, const struct asm_map *map)
{
	const uint32_t flags = map->type->flags;

	if (map->data)
		return (struct asm_types_map){ 0, btf_variables(b, map) };
	if (flags & ASM_MAP_NO_BTF || !map->key_size || !map->value_size ||
	    !(map->key.type || map->value.type || flags & ASM_MAP_NEEDS_BTF))
		return (struct asm_types_map){ 0, 0 };
	return (struct asm_types_map){ btf_layout(b, map->key, map->key_size),
				       btf_layout(b, map->value, map->value_size) };
}

/* int NAME(void): of `void *` the verifier says that it does not know the size. */
static uint32_t btf_loaded_program(struct out_btf *b, const struct asm_func *func,
				   uint32_t linkage)
{
	const uint32_t words[] = {
		0, btf_info(ASM_BTF_FUNC_PROTO, 0), btf_out_int(&b->btf, 4, BTF_INT_SIGNED),
	};

	return btf_func(b, func->name, btf_out_add(&b->btf, words, sizeof(words) / 4), linkage);
}

static void btf_loaded_functions(struct out_btf *b, struct asm_types_func *funcs)
{
	const struct asm_object *obj = b->out->obj;
	size_t i;

	for (i = 0; i < obj->nfuncs; i++) {
		if (obj->funcs[i].section)
			funcs[i].entry = btf_loaded_program(b, &obj->funcs[i], LINKAGE_GLOBAL);
		else
			funcs[i].entry = funcs[i].called = btf_subprogram(b, &obj->funcs[i]);
	}
	for (i = 0; i < obj->nrelocs; i++) {
		struct asm_types_func *func = &funcs[obj->relocs[i].index];

		if ((obj->relocs[i].kind == ASM_RELOC_CALL ||
		     obj->relocs[i].kind == ASM_RELOC_FUNC) && !func->called)
			func->called = btf_loaded_program(b,
				&obj->funcs[obj->relocs[i].index], LINKAGE_STATIC);
	}
}

bool elf_btf_loaded(struct elf_out *out, struct asm_types *types, struct bytes *btf)
{
	const struct asm_object *obj = out->obj;
	struct out_btf b = { .out = out };
	size_t i;

	btf_out_init(&b.btf, &out->mem);
	btf_types(&b);
	types->maps = mem_alloc(&out->mem, obj->nmaps * sizeof(*types->maps));
	types->funcs = mem_alloc(&out->mem, obj->nfuncs * sizeof(*types->funcs));
	for (i = 0; i < obj->nmaps; i++)
		types->maps[i] = btf_loaded_map(&b, &obj->maps[i]);
	btf_loaded_functions(&b, types->funcs);
	btf_lines(&b);
	types->lines = b.lines;
	types->nlines = b.nlines;
	btf_out_finish(&b.btf, btf);
	return !out->diags.errors;
}
