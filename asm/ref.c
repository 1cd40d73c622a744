/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ref.c - the rows as tables for people and as JSON: `bpfasm ref`.
 *
 * A kind of rows is a row of ref_kinds: its columns say where in a row a cell is and how it reads.
 * What a row consists of, as the fields of a structure, are its parts: a table below the row when
 * it is asked for by name, an array of objects in JSON.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "asm.h"
#include "symbols.h"
#include "isa.h"

enum { REF_COLUMNS = 12, REF_CELL = 256, REF_WORD_TEXT = 64 };

/* How a cell reads. */
enum ref_how {
	REF_TEXT,		/* const char * */
	REF_LINE,		/* const char *, its first line */
	REF_CHARS,		/* char [] */
	REF_U8, REF_U16, REF_U32,
	REF_HEX8,
	REF_SINCE,		/* ASM_KERNEL() in 16 bits */
	REF_WORD,		/* an enum, by words */
	REF_WORD8,		/* one in 8 bits */
	REF_PRINT,		/* print() makes it of the whole row */
};

struct ref_column {
	const char *title;
	enum ref_how how;
	size_t offset;
	const char *const *words;
	void (*print)(const void *row, char *buf);
};

/* A part of a row. */
struct ref_part {
	char name[REF_WORD_TEXT], type[REF_WORD_TEXT], role[REF_WORD_TEXT];
	uint32_t offset, size;
	uint16_t since;
};

/* One kind of rows. The first column is the name that rows are asked for by. */
struct ref_kind {
	const char *name, *help;
	const void *(*row)(size_t row);	/* NULL behind the last */
	const char *parts;		/* what the parts are called; NULL: there are none */
	bool (*part)(const void *row, size_t part, struct ref_part *out); /* false behind last */
	bool json_only;			/* the row's text says what its parts are */
	struct ref_column part_columns[REF_COLUMNS];
	struct ref_column columns[REF_COLUMNS];	/* up to one without a title */
};

__attribute__((format(printf, 2, 3)))
static void ref_print(char *buf, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(buf, REF_CELL, format, ap);
	va_end(ap);
}

/* ---- types of fields: TYPE or TYPE[N] ---- */

/* A row of tables/struct.def or attr.def, or a field of one. */
struct ref_row {
	const char *name;
	uint32_t number;	/* of a command */
	uint32_t size, align;
	uint16_t since;
};

struct ref_field {
	const char *owner;	/* NULL: the same as before */
	const char *in, *name, *type;
	uint32_t offset;
	uint16_t since;
};

/* Before the fields of each structure stands one that only names the owner. */
static const struct ref_field ref_struct_fields[] = {
#define STRUCT(name, size, align, since, fields) { #name, "", "", "", 0, 0 }, fields
#define MEMBER(name, path, size, align, since, fields) \
	{ #name "." #path, "", "", "", 0, 0 }, fields
#define FIELD(type, name, offset, since) { NULL, "", #name, type, offset, since },
#define OPEN(type, name, offset, since) FIELD(type, name, offset, since)
#define PART(name, path, field, offset, since) FIELD(#name "." #path, field, offset, since)
#define BITS(type, name, offset, since, bit) FIELD(type, name, offset, since)
#include "tables/struct.def"
#undef STRUCT
#undef MEMBER
#undef FIELD
#undef OPEN
#undef PART
#undef BITS
};

static const struct ref_row ref_structs[] = {
#define STRUCT(name, size, align, since, fields) { #name, 0, size, align, since },
#define MEMBER(name, path, size, align, since, fields) { #name "." #path, 0, size, align, since },
#include "tables/struct.def"
#undef STRUCT
#undef MEMBER
};

static const struct ref_row ref_commands[] = {
#define COMMAND(number, name, since) { #name, number, 0, 0, since },
#include "tables/command.def"
#undef COMMAND
};

static const struct ref_field ref_attr_fields[] = {
#define ATTR(command, in, type, name, offset, since) \
	{ #command, #in, #name, type, offset, since },
#include "tables/attr.def"
#undef ATTR
};

enum {
	REF_STRUCTS = sizeof(ref_structs) / sizeof(ref_structs[0]),
	REF_COMMANDS = sizeof(ref_commands) / sizeof(ref_commands[0]),
	REF_STRUCT_FIELDS = sizeof(ref_struct_fields) / sizeof(ref_struct_fields[0]),
	REF_ATTR_FIELDS = sizeof(ref_attr_fields) / sizeof(ref_attr_fields[0]),
};

/* Bytes of a type without its [N]. */
static uint32_t ref_type_size(const char *name, size_t len)
{
	const struct asm_type *types;
	size_t i, n;

	types = asm_types(&n);
	for (i = 0; i < n; i++)
		if (strlen(types[i].name) == len && !memcmp(types[i].name, name, len))
			return types[i].size;
	for (i = 0; i < REF_STRUCTS; i++)
		if (strlen(ref_structs[i].name) == len && !memcmp(ref_structs[i].name, name, len))
			return ref_structs[i].size;
	return 0;
}

static void ref_field_part(const struct ref_field *field, struct ref_part *out)
{
	size_t len = strcspn(field->type, "[");
	const char *count = field->type + len;

	snprintf(out->name, sizeof(out->name), "%s%s", field->in, field->name);
	snprintf(out->type, sizeof(out->type), "%s", field->type);
	out->offset = field->offset;
	out->size = ref_type_size(field->type, len);
	if (*count)
		out->size *= (uint32_t)strtoul(count + 1, NULL, 10);
	out->since = field->since;
}

static bool ref_struct_part(const void *row, size_t part, struct ref_part *out)
{
	const char *name = ((const struct ref_row *)row)->name;
	size_t i = 0;

	while (!ref_struct_fields[i].owner || strcmp(ref_struct_fields[i].owner, name))
		i++;
	for (i++; part && i < REF_STRUCT_FIELDS && !ref_struct_fields[i].owner; part--)
		i++;
	if (i == REF_STRUCT_FIELDS || ref_struct_fields[i].owner)
		return false;
	ref_field_part(&ref_struct_fields[i], out);
	return true;
}

static bool ref_command_part(const void *row, size_t part, struct ref_part *out)
{
	const char *name = ((const struct ref_row *)row)->name;
	size_t i = 0;

	while (i < REF_ATTR_FIELDS && strcmp(ref_attr_fields[i].owner, name))
		i++;
	i += part;
	if (i >= REF_ATTR_FIELDS || strcmp(ref_attr_fields[i].owner, name))
		return false;
	ref_field_part(&ref_attr_fields[i], out);
	return true;
}

static const void *ref_struct_row(size_t row)
{
	return row < REF_STRUCTS ? &ref_structs[row] : NULL;
}

static const void *ref_command_row(size_t row)
{
	return row < REF_COMMANDS ? &ref_commands[row] : NULL;
}

static void ref_command_name(const void *row, char *buf)
{
	ref_print(buf, "BPF_%s", ((const struct ref_row *)row)->name);
}

/* ---- instructions ---- */

struct ref_insn {
	const char *name;
	const struct asm_form form;
	const char *means;
};

static const struct ref_insn ref_insns[] = {
#define INSN(name, syntax, kernel, gas, code, src, off, imm, since, flags, means) \
	{ name, { syntax "\0" kernel "\0" gas, since, off, imm, code, src, flags }, means },
#include "tables/insn.def"
#undef INSN
};

static const void *ref_insn_row(size_t row)
{
	return row < sizeof(ref_insns) / sizeof(ref_insns[0]) ? &ref_insns[row] : NULL;
}

/* A field of the encoding: of which operand words it may be, what it holds else. */
struct ref_operand {
	enum isa_word word;
	const char *text;
};

static const char *ref_operand(const struct ref_insn *insn, const struct ref_operand *of,
			       size_t n)
{
	const char *at = insn->form.syntax;
	size_t i, len;
	int word;

	for (; *at && *at != '\n'; at += len ? len : 1) {
		word = isa_word(at, &len);
		for (i = 0; word >= 0 && i < n; i++)
			if (of[i].word == (enum isa_word)word)
				return of[i].text;
	}
	return NULL;
}

#define REF_OPERAND(insn, of) ref_operand(insn, of, sizeof(of) / sizeof((of)[0]))

static void ref_insn_gas(const void *row, char *buf)
{
	const char *text = asm_form_template(&((const struct ref_insn *)row)->form,
					     ASM_TEMPLATE_GAS);

	ref_print(buf, "%.*s", (int)strcspn(text, "\n"), text);
}

static void ref_insn_dst(const void *row, char *buf)
{
	static const struct ref_operand of[] = { { ISA_RD, "rD" }, { ISA_WD, "rD" } };
	const char *text = REF_OPERAND(row, of);

	ref_print(buf, "%s", text ? text : "0");
}

static void ref_insn_src(const void *row, char *buf)
{
	static const struct ref_operand of[] = { { ISA_RS, "rS" }, { ISA_WS, "rS" } };
	const char *text = REF_OPERAND(row, of);

	if (text)
		ref_print(buf, "%s", text);
	else
		ref_print(buf, "%u", ((const struct ref_insn *)row)->form.src);
}

/* Where the distance of a jump stands in the immediate: gotol and addresses of functions. */
static bool ref_insn_is_far(const struct ref_insn *insn)
{
	static const struct ref_operand of[] = { { ISA_LABEL, "" } };
	enum { JA32 = 0x06 };

	return REF_OPERAND(insn, of) &&
	       (insn->form.code == JA32 || insn->form.flags & ASM_WIDE);
}

static void ref_insn_off(const void *row, char *buf)
{
	static const struct ref_operand of[] = { { ISA_OFF, "off" }, { ISA_LABEL, "label" } };
	const struct ref_insn *insn = row;
	const char *text = REF_OPERAND(insn, of);

	if (text && !ref_insn_is_far(insn))
		ref_print(buf, "%s", text);
	else
		ref_print(buf, "%d", insn->form.off);
}

static void ref_insn_imm(const void *row, char *buf)
{
	static const struct ref_operand of[] = {
		{ ISA_IMM, "imm" }, { ISA_PLUS_IMM, "imm" }, { ISA_IMM64, "imm64, lower half" },
		{ ISA_FUNC, "func" }, { ISA_HI, "hi << 16 | lo" },
	};
	const struct ref_insn *insn = row;
	const char *text = REF_OPERAND(insn, of);

	if (ref_insn_is_far(insn))
		ref_print(buf, "label");
	else if (text)
		ref_print(buf, "%s", text);
	else
		ref_print(buf, insn->form.imm ? "0x%x" : "%x", (unsigned int)insn->form.imm);
}

/* The second slot of a wide instruction: all of its other fields are 0. */
static void ref_insn_next(const void *row, char *buf)
{
	static const struct ref_operand of[] = {
		{ ISA_IMM64, "imm64, upper half" }, { ISA_NEXT, "next" },
	};
	const struct ref_insn *insn = row;
	const char *text = REF_OPERAND(insn, of);

	if (insn->form.flags & ASM_WIDE)
		ref_print(buf, "%s", text ? text : "0");
	else
		buf[0] = '\0';
}

/* ---- helpers ---- */

struct ref_helper {
	const char *name, *returns, *args;
	uint32_t id;
	uint16_t since;
};

static const struct ref_helper ref_helpers[] = {
#define HELPER(id, name, since, returns, args) { "bpf_" #name, returns, args, id, since },
#include "tables/helper.def"
#undef HELPER
};

static const void *ref_helper_row(size_t row)
{
	return row < sizeof(ref_helpers) / sizeof(ref_helpers[0]) ? &ref_helpers[row] : NULL;
}

/* "long bpf_f(" or "void *bpf_f(" */
static void ref_helper_prototype(const void *row, char *buf)
{
	const struct ref_helper *helper = row;

	ref_print(buf, "%s%s%s(%s)", helper->returns,
		  helper->returns[strlen(helper->returns) - 1] == '*' ? "" : " ", helper->name,
		  *helper->args ? helper->args : "void");
}

/* TYPE NAME: the name is the last word, and "..." is a type without a name. */
static bool ref_helper_part(const void *row, size_t part, struct ref_part *out)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
	const char *at = ((const struct ref_helper *)row)->args;
	size_t len, type;

	for (; part && *at; part--) {
		at += strcspn(at, ",");
		at += strspn(at, ", ");
	}
	if (!*at)
		return false;
	len = strcspn(at, ",");
	for (type = len; type && strchr(letters, at[type - 1]); type--)
		;
	snprintf(out->name, sizeof(out->name), "%.*s", (int)(len - type), at + type);
	while (type && at[type - 1] == ' ')
		type--;
	snprintf(out->type, sizeof(out->type), "%.*s", (int)type, at);
	return true;
}

/* ---- map types, program types, section names, types ---- */

static const void *ref_map_row(size_t row)
{
	size_t n;
	const struct asm_map_type *rows = asm_map_types(&n);

	return row < n ? &rows[row] : NULL;
}

static void ref_map_constant(const void *row, char *buf)
{
	ref_print(buf, "BPF_MAP_TYPE_%s", ((const struct asm_map_type *)row)->constant);
}

static const void *ref_prog_row(size_t row)
{
	size_t n;
	const struct asm_prog_type *rows = asm_prog_types(&n);

	return row < n ? &rows[row] : NULL;
}

static void ref_prog_constant(const void *row, char *buf)
{
	ref_print(buf, "BPF_PROG_TYPE_%s", ((const struct asm_prog_type *)row)->constant);
}

static const void *ref_attach_row(size_t row)
{
	size_t n;
	const struct asm_attach *rows = asm_attaches(&n);

	return row < n ? &rows[row] : NULL;
}

static const void *ref_type_row(size_t row)
{
	size_t n;
	const struct asm_type *rows = asm_types(&n);

	return row < n ? &rows[row] : NULL;
}

static const char *const ref_sizes[] = {
	[ASM_SIZE_ANY] = "any", [ASM_SIZE_ZERO] = "none", [ASM_SIZE_U32] = "4",
	[ASM_SIZE_U32_OR_U64] = "4 or 8",
	[ASM_SIZE_U32_MULTIPLE] = "multiple of 4", [ASM_SIZE_FREE] = "see the kernel",
};

static const char *const ref_targets[] = {
	[ASM_TARGET_NONE] = "", [ASM_TARGET_TRACEPOINT] = "/CATEGORY/NAME",
	[ASM_TARGET_RAW_TRACEPOINT] = "/NAME", [ASM_TARGET_FUNCTION] = "/FUNCTION[+OFFSET]",
	[ASM_TARGET_PATTERN] = "/PATTERN", [ASM_TARGET_SYSCALL] = "/SYSCALL",
	[ASM_TARGET_BINARY] = "/PATH:SYMBOL[+OFFSET]",
	[ASM_TARGET_USDT] = "/PATH:PROVIDER:NAME", [ASM_TARGET_BTF_FUNCTION] = "/FUNCTION",
	[ASM_TARGET_LSM_HOOK] = "/HOOK", [ASM_TARGET_ITER] = "/ITERATOR",
	[ASM_TARGET_STRUCT_OPS] = "/NAME", [ASM_TARGET_EXT] = "/FUNCTION",
};

static const char *const ref_formats[] = {
	[ASM_UNSIGNED] = "unsigned", [ASM_SIGNED] = "signed", [ASM_BOOL] = "true or false",
	[ASM_CHAR] = "text", [ASM_COMM] = "command name", [ASM_NETWORK] = "network order",
	[ASM_POINTER] = "hexadecimal", [ASM_IPV4] = "IPv4 address",
	[ASM_IPV6] = "IPv6 address", [ASM_INET] = "IPv4 or IPv6",
	[ASM_MAC] = "MAC address", [ASM_KTIME] = "wall clock",
	[ASM_KSYM] = "kernel address", [ASM_LOG2] = "power of two", [ASM_STRINGS] = "texts",
	[ASM_STRUCT] = "structure",
};

static void ref_attach_section(const void *row, char *buf)
{
	const struct asm_attach *attach = row;

	ref_print(buf, "%s%s", attach->section, ref_targets[attach->target]);
}

static void ref_attach_program(const void *row, char *buf)
{
	const struct asm_attach *attach = row;
	const struct asm_prog_type *type = asm_prog_type_number(attach->prog_type);

	ref_print(buf, "%s", type ? type->name : "");
}

/* ---- CPUs ---- */

static const char *const ref_endians[] = { [ASM_LITTLE] = "little", [ASM_BIG] = "big" };

static const void *ref_cpu_row(size_t row)
{
	size_t n;
	const struct asm_cpu *const *rows = asm_cpus(&n);

	return row < n ? rows[row] : NULL;
}

/* Each name on its own. */
static void ref_names(char *buf, const char *const *names)
{
	unsigned int i;
	size_t used = 0;

	buf[0] = '\0';
	for (i = 0; i < ASM_CPU_ARGS && names[i] && used < REF_CELL; i++)
		used += (size_t)snprintf(buf + used, REF_CELL - used, "%s%s", i ? " " : "",
					 names[i]);
}

static void ref_cpu_args(const void *row, char *buf)
{
	ref_names(buf, ((const struct asm_cpu *)row)->args);
}

static void ref_cpu_sysargs(const void *row, char *buf)
{
	ref_names(buf, ((const struct asm_cpu *)row)->sysargs);
}

static void ref_role(struct ref_part *out, const char *role, unsigned int number)
{
	size_t used = strlen(out->role);
	char digits[12] = "";

	if (number)
		snprintf(digits, sizeof(digits), "%u", number);
	snprintf(out->role + used, sizeof(out->role) - used, "%s%s%s", used ? " " : "", role,
		 digits);
}

/* The names that pt_regs.NAME takes besides the register's own. */
static void ref_cpu_roles(const struct asm_cpu *cpu, const char *name, struct ref_part *out)
{
	const struct {
		const char *role, *reg;
	} roles[] = {
		{ "ret", cpu->ret }, { "ip", cpu->ip }, { "sp", cpu->sp }, { "fp", cpu->fp },
	};
	unsigned int i;

	for (i = 0; i < ASM_CPU_ARGS && cpu->args[i]; i++)
		if (!strcmp(cpu->args[i], name))
			ref_role(out, "arg", i + 1);
	for (i = 0; i < ASM_CPU_ARGS && cpu->sysargs[i]; i++)
		if (!strcmp(cpu->sysargs[i], name))
			ref_role(out, "sysarg", i + 1);
	for (i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
		if (!strcmp(roles[i].reg, name))
			ref_role(out, roles[i].role, 0);
}

static bool ref_cpu_part(const void *row, size_t part, struct ref_part *out)
{
	const struct asm_cpu *cpu = row;

	if (part >= cpu->nregs)
		return false;
	snprintf(out->name, sizeof(out->name), "%s", cpu->regs[part].name);
	out->offset = cpu->regs[part].offset;
	out->size = cpu->regs[part].size;
	out->role[0] = '\0';
	ref_cpu_roles(cpu, out->name, out);
	return true;
}

/* ---- kinds ---- */

#define REF(title, how, type, field) { title, how, offsetof(struct type, field), NULL, NULL }
#define REF_WORDS(title, how, type, field, words) \
	{ title, how, offsetof(struct type, field), words, NULL }
#define REF_MADE(title, print) { title, REF_PRINT, 0, NULL, print }
#define REF_FIELD_COLUMNS {									\
	REF("field", REF_CHARS, ref_part, name), REF("type", REF_CHARS, ref_part, type),	\
	REF("offset", REF_U32, ref_part, offset), REF("size", REF_U32, ref_part, size),		\
	REF("since", REF_SINCE, ref_part, since) }

static const struct ref_kind ref_kinds[] = {
	{ "insn", "instructions", ref_insn_row, .columns = {
		REF("name", REF_TEXT, ref_insn, name),
		REF("syntax", REF_LINE, ref_insn, form.syntax),
		REF_MADE("gas", ref_insn_gas),
		REF("opcode", REF_HEX8, ref_insn, form.code),
		REF_MADE("dst", ref_insn_dst), REF_MADE("src", ref_insn_src),
		REF_MADE("off", ref_insn_off), REF_MADE("imm", ref_insn_imm),
		REF_MADE("next", ref_insn_next),
		REF("since", REF_SINCE, ref_insn, form.since),
		REF("meaning", REF_TEXT, ref_insn, means) } },
	{ "helper", "helper functions", ref_helper_row, "args", ref_helper_part, true, {
		REF("type", REF_CHARS, ref_part, type), REF("name", REF_CHARS, ref_part, name) }, {
		REF("name", REF_TEXT, ref_helper, name), REF("id", REF_U32, ref_helper, id),
		REF("since", REF_SINCE, ref_helper, since),
		REF("returns", REF_TEXT, ref_helper, returns),
		REF_MADE("prototype", ref_helper_prototype) } },
	{ "map", "map types", ref_map_row, .columns = {
		REF("name", REF_TEXT, asm_map_type, name),
		REF_MADE("constant", ref_map_constant),
		REF("number", REF_U8, asm_map_type, number),
		REF_WORDS("key", REF_WORD8, asm_map_type, key, ref_sizes),
		REF_WORDS("value", REF_WORD8, asm_map_type, value, ref_sizes),
		REF("since", REF_SINCE, asm_map_type, since) } },
	{ "prog", "program types", ref_prog_row, .columns = {
		REF("name", REF_TEXT, asm_prog_type, name),
		REF_MADE("constant", ref_prog_constant),
		REF("number", REF_U8, asm_prog_type, number),
		REF("since", REF_SINCE, asm_prog_type, since) } },
	{ "attach", "section names", ref_attach_row, .columns = {
		REF("name", REF_TEXT, asm_attach, section), REF_MADE("section", ref_attach_section),
		REF_MADE("program", ref_attach_program),
		REF("attach_type", REF_U16, asm_attach, attach_type),
		REF("since", REF_SINCE, asm_attach, since) } },
	{ "cmd", "commands of bpf(2)", ref_command_row, "fields", ref_command_part, false,
	  REF_FIELD_COLUMNS, {
		REF_MADE("name", ref_command_name), REF("number", REF_U32, ref_row, number),
		REF("since", REF_SINCE, ref_row, since) } },
	{ "struct", "structures of the kernel", ref_struct_row, "fields", ref_struct_part, false,
	  REF_FIELD_COLUMNS, {
		REF("name", REF_TEXT, ref_row, name), REF("size", REF_U32, ref_row, size),
		REF("align", REF_U32, ref_row, align), REF("since", REF_SINCE, ref_row, since) } },
	{ "type", "types of fields", ref_type_row, .columns = {
		REF("name", REF_TEXT, asm_type, name), REF("size", REF_U32, asm_type, size),
		REF("align", REF_U32, asm_type, align),
		REF_WORDS("prints", REF_WORD, asm_type, format, ref_formats) } },
	{ "cpu", "CPUs and their registers", ref_cpu_row, "regs", ref_cpu_part, false, {
		REF("register", REF_CHARS, ref_part, name),
		REF("offset", REF_U32, ref_part, offset),
		REF("size", REF_U32, ref_part, size), REF("also", REF_CHARS, ref_part, role) }, {
		REF("name", REF_TEXT, asm_cpu, name), REF("machine", REF_U16, asm_cpu, machine),
		REF_WORDS("endian", REF_WORD, asm_cpu, endian, ref_endians),
		REF("bpf", REF_U16, asm_cpu, nr_bpf),
		REF("perf_event_open", REF_U16, asm_cpu, nr_perf_event_open),
		REF_MADE("args", ref_cpu_args), REF_MADE("sysargs", ref_cpu_sysargs) } },
};

enum { REF_KINDS = sizeof(ref_kinds) / sizeof(ref_kinds[0]) };

/* ---- cells ---- */

static void ref_number(const struct ref_column *column, const char *at, char *buf)
{
	uint32_t wide;
	uint16_t half;

	memcpy(&half, at, sizeof(half));
	if (column->how == REF_U16) {
		ref_print(buf, "%u", half);
	} else if (column->how == REF_SINCE) {
		ref_print(buf, half ? "%u.%u" : "none", half / 256u, half % 256u);
	} else if (column->how == REF_U8 || column->how == REF_HEX8) {
		ref_print(buf, column->how == REF_U8 ? "%u" : "0x%02x", *(const uint8_t *)at);
	} else {
		memcpy(&wide, at, sizeof(wide));
		ref_print(buf, "%u", wide);
	}
}

static void ref_cell(const struct ref_column *column, const void *row, char *buf)
{
	const char *at = (const char *)row + column->offset, *text;
	unsigned int word;

	switch (column->how) {
	case REF_TEXT: case REF_LINE:
		memcpy(&text, at, sizeof(text));
		ref_print(buf, "%.*s", column->how == REF_LINE ? (int)strcspn(text, "\n") :
			  REF_CELL, text);
		break;
	case REF_CHARS:
		ref_print(buf, "%s", at);
		break;
	case REF_WORD:
		memcpy(&word, at, sizeof(word));
		ref_print(buf, "%s", column->words[word]);
		break;
	case REF_WORD8:
		ref_print(buf, "%s", column->words[*(const uint8_t *)at]);
		break;
	case REF_PRINT:
		column->print(row, buf);
		break;
	default:
		ref_number(column, at, buf);
	}
}

static unsigned int ref_columns(const struct ref_column *columns)
{
	unsigned int n;

	for (n = 0; n < REF_COLUMNS && columns[n].title; n++)
		;
	return n;
}

/* ---- rows as text ---- */

/* Rows to print: those of a kind that have the name, or the parts of one row. */
struct ref_table {
	const struct ref_kind *kind;
	const struct ref_column *columns;
	const char *name;	/* NULL: all rows */
	const void *whole;	/* the row whose parts these are; NULL: rows of the kind */
	struct ref_part part;	/* the last one */
};

static bool ref_wanted(const struct ref_kind *kind, const void *row, const char *name)
{
	char cell[REF_CELL];
	const char *bare = cell;

	if (!name)
		return true;
	ref_cell(&kind->columns[0], row, cell);
	if (!strncmp(cell, "bpf_", 4) || !strncmp(cell, "BPF_", 4))
		bare += 4;
	return !strcmp(cell, name) || !strcmp(bare, name);
}

/* The next row from *at on, which then is behind it; NULL: none is left. */
static const void *ref_next(struct ref_table *table, size_t *at)
{
	const void *row;

	if (table->whole)
		return table->kind->part(table->whole, (*at)++, &table->part) ? &table->part : NULL;
	while ((row = table->kind->row((*at)++)))
		if (ref_wanted(table->kind, row, table->name))
			return row;
	return NULL;
}

static void ref_widths(struct ref_table *table, int *widths)
{
	unsigned int i, n = ref_columns(table->columns);
	char cell[REF_CELL];
	const void *row;
	size_t at = 0;

	for (i = 0; i < n; i++)
		widths[i] = (int)strlen(table->columns[i].title);
	while ((row = ref_next(table, &at))) {
		for (i = 0; i < n; i++) {
			ref_cell(&table->columns[i], row, cell);
			if ((int)strlen(cell) > widths[i])
				widths[i] = (int)strlen(cell);
		}
	}
}

/* Cells of a row, or with row NULL the titles; blanks at the end are left out. */
static void ref_text_row(FILE *f, const struct ref_table *table, const void *row,
			 const int *widths)
{
	unsigned int i, n = ref_columns(table->columns);
	char cell[REF_CELL];
	int blanks = 0;

	for (i = 0; i < n; i++) {
		if (row)
			ref_cell(&table->columns[i], row, cell);
		else
			ref_print(cell, "%s", table->columns[i].title);
		if (*cell) {
			fprintf(f, "%*s%s", blanks, "", cell);
			blanks = 0;
		}
		blanks += widths[i] - (int)strlen(cell) + 2;
	}
	fputc('\n', f);
}

static size_t ref_text(FILE *f, struct ref_table *table)
{
	int widths[REF_COLUMNS];
	size_t at = 0, found = 0;
	const void *row;

	ref_widths(table, widths);
	while ((row = ref_next(table, &at))) {
		if (!found++)
			ref_text_row(f, table, NULL, widths);
		ref_text_row(f, table, row, widths);
	}
	return found;
}

/* The parts of each row that was asked for by name. */
static void ref_text_parts(FILE *f, struct ref_table *rows)
{
	struct ref_table parts = { .kind = rows->kind, .columns = rows->kind->part_columns };
	size_t at = 0;

	while ((parts.whole = ref_next(rows, &at))) {
		fputc('\n', f);
		ref_text(f, &parts);
	}
}

/* ---- rows as JSON ---- */

/* A string, or a number where all of it is digits. Versions are strings: 6.10 is not 6.1 */
static void ref_json_value(FILE *f, const char *text)
{
	if (*text && strspn(text, "0123456789") == strlen(text)) {
		fputs(text, f);
		return;
	}
	fputc('"', f);
	for (; *text; text++)
		fprintf(f, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
	fputc('"', f);
}

static void ref_json_cells(FILE *f, const struct ref_column *columns, const void *row)
{
	unsigned int i, n = ref_columns(columns);
	char cell[REF_CELL];

	for (i = 0; i < n; i++) {
		ref_cell(&columns[i], row, cell);
		fprintf(f, "%s\"%s\":", i ? "," : "", columns[i].title);
		ref_json_value(f, cell);
	}
}

static void ref_json_parts(FILE *f, const struct ref_kind *kind, const void *row)
{
	struct ref_part part;
	size_t i;

	fprintf(f, ",\"%s\":[", kind->parts);
	for (i = 0; kind->part(row, i, &part); i++) {
		fputs(i ? ",{" : "{", f);
		ref_json_cells(f, kind->part_columns, &part);
		fputc('}', f);
	}
	fputc(']', f);
}

static size_t ref_json(FILE *f, struct ref_table *table)
{
	size_t at = 0, found = 0;
	const void *row;

	while ((row = ref_next(table, &at))) {
		found++;
		fputc('{', f);
		ref_json_cells(f, table->columns, row);
		if (table->kind->parts)
			ref_json_parts(f, table->kind, row);
		fputs("}\n", f);
	}
	return found;
}

/* ---- the door ---- */

static void ref_list(FILE *f)
{
	size_t i;

	for (i = 0; i < REF_KINDS; i++)
		fprintf(f, "%-8s %s\n", ref_kinds[i].name, ref_kinds[i].help);
}

static const struct ref_kind *ref_find(const char *name)
{
	size_t i;

	for (i = 0; i < REF_KINDS; i++)
		if (!strcmp(ref_kinds[i].name, name))
			return &ref_kinds[i];
	return NULL;
}

/* What else there is, when the kind or the name is not. */
static void ref_near(const struct ref_kind *kind, const char *name, char *text)
{
	struct asm_near near;
	char cell[REF_CELL];
	const void *row;
	size_t i;

	asm_near_start(&near, name, strlen(name));
	for (i = 0; !kind && i < REF_KINDS; i++)
		asm_near_offer(&near, ref_kinds[i].name, strlen(ref_kinds[i].name));
	for (i = 0; kind && (row = kind->row(i)); i++) {
		ref_cell(&kind->columns[0], row, cell);
		asm_near_offer(&near, cell, strlen(cell));
	}
	asm_near_text(&near, text);
}

bool asm_emit_ref(FILE *f, const char *what, const char *name, enum asm_ref how, char *near)
{
	const struct ref_kind *kind = what ? ref_find(what) : NULL;
	struct ref_table table = { .kind = kind, .name = name };
	size_t found = 0;

	near[0] = '\0';
	if (!what) {
		ref_list(f);
		return true;
	}
	if (kind) {
		table.columns = kind->columns;
		found = how == ASM_REF_JSON ? ref_json(f, &table) : ref_text(f, &table);
	}
	if (!found) {
		ref_near(kind, kind ? name : what, near);
		return false;
	}
	if (name && how == ASM_REF_TEXT && kind->parts && !kind->json_only)
		ref_text_parts(f, &table);
	return true;
}
