/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ref.c - the rows as tables for people and as JSON: `bpfasm ref`. */
#include <stdarg.h>
#include <string.h>

#include "asm.h"

enum { REF_COLUMNS = 6, REF_CELL = 96 };

/* One kind of rows. The first column is the name that rows are asked for by. */
struct ref_kind {
	const char *name, *help;
	const char *columns[REF_COLUMNS];	/* NULL-padded */
	size_t (*count)(void);
	void (*cell)(size_t row, unsigned int column, char *buf);
};

__attribute__((format(printf, 2, 3)))
static void ref_print(char *buf, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(buf, REF_CELL, format, ap);
	va_end(ap);
}

static void ref_version(char *buf, uint16_t since)
{
	if (since)
		ref_print(buf, "%u.%u", since / 256u, since % 256u);
	else
		ref_print(buf, "none");
}

static void ref_template(char *buf, const char *text)
{
	ref_print(buf, "%.*s", (int)strcspn(text, "\n"), text);
}

/* ---- instructions ---- */

static size_t ref_insn_count(void)
{
	size_t n;

	asm_forms(&n);
	return n;
}

static void ref_insn_cell(size_t row, unsigned int column, char *buf)
{
	size_t n;
	const struct asm_form *form = &asm_forms(&n)[row];

	switch (column) {
	case 0:
		ref_print(buf, "%s", form->name);
		break;
	case 1:
		ref_template(buf, form->syntax);
		break;
	case 2:
		ref_template(buf, form->gas);
		break;
	case 3:
		ref_print(buf, "0x%02x", form->code);
		break;
	case 4:
		ref_print(buf, "src %u, off %d, imm 0x%x", form->src, form->off,
			  (unsigned int)form->imm);
		break;
	default:
		ref_version(buf, form->since);
	}
}

/* ---- helpers ---- */

static size_t ref_helper_count(void)
{
	size_t n;

	asm_helpers(&n);
	return n;
}

static void ref_helper_cell(size_t row, unsigned int column, char *buf)
{
	size_t n;
	const struct asm_helper *helper = &asm_helpers(&n)[row];

	if (column == 0)
		ref_print(buf, "bpf_%s", helper->name);
	else if (column == 1)
		ref_print(buf, "%u", helper->id);
	else
		ref_version(buf, helper->since);
}

/* ---- map types ---- */

static const char *ref_size_rule(enum asm_size_rule rule)
{
	static const char *const texts[] = {
		[ASM_SIZE_ANY] = "any", [ASM_SIZE_ZERO] = "none", [ASM_SIZE_U32] = "4",
		[ASM_SIZE_U64] = "8", [ASM_SIZE_U32_OR_U64] = "4 or 8",
		[ASM_SIZE_U32_MULTIPLE] = "multiple of 4", [ASM_SIZE_FREE] = "see the kernel",
	};

	return texts[rule];
}

static size_t ref_map_count(void)
{
	size_t n;

	asm_map_types(&n);
	return n;
}

static void ref_map_cell(size_t row, unsigned int column, char *buf)
{
	size_t n;
	const struct asm_map_type *type = &asm_map_types(&n)[row];

	switch (column) {
	case 0:
		ref_print(buf, "%s", type->name);
		break;
	case 1:
		ref_print(buf, "%s", type->constant);
		break;
	case 2:
		ref_print(buf, "%u", type->number);
		break;
	case 3:
		ref_print(buf, "%s", ref_size_rule(type->key));
		break;
	case 4:
		ref_print(buf, "%s", ref_size_rule(type->value));
		break;
	default:
		ref_version(buf, type->since);
	}
}

/* ---- program types ---- */

static size_t ref_prog_count(void)
{
	size_t n;

	asm_prog_types(&n);
	return n;
}

static void ref_prog_cell(size_t row, unsigned int column, char *buf)
{
	size_t n;
	const struct asm_prog_type *type = &asm_prog_types(&n)[row];

	if (column == 0)
		ref_print(buf, "%s", type->name);
	else if (column == 1)
		ref_print(buf, "%s", type->constant);
	else if (column == 2)
		ref_print(buf, "%u", type->number);
	else
		ref_version(buf, type->since);
}

/* ---- section names ---- */

static size_t ref_attach_count(void)
{
	size_t n;

	asm_attaches(&n);
	return n;
}

static const char *ref_target(enum asm_target target)
{
	static const char *const texts[] = {
		[ASM_TARGET_NONE] = "", [ASM_TARGET_TRACEPOINT] = "/CATEGORY/NAME",
		[ASM_TARGET_RAW_TRACEPOINT] = "/NAME", [ASM_TARGET_FUNCTION] = "/FUNCTION[+OFFSET]",
		[ASM_TARGET_PATTERN] = "/PATTERN", [ASM_TARGET_SYSCALL] = "/SYSCALL",
		[ASM_TARGET_BINARY] = "/PATH:SYMBOL[+OFFSET]",
		[ASM_TARGET_USDT] = "/PATH:PROVIDER:NAME", [ASM_TARGET_BTF_FUNCTION] = "/FUNCTION",
		[ASM_TARGET_LSM_HOOK] = "/HOOK", [ASM_TARGET_ITER] = "/ITERATOR",
		[ASM_TARGET_STRUCT_OPS] = "/NAME", [ASM_TARGET_EXT] = "/FUNCTION",
	};

	return texts[target];
}

static void ref_attach_cell(size_t row, unsigned int column, char *buf)
{
	size_t n;
	const struct asm_attach *attach = &asm_attaches(&n)[row];
	const struct asm_prog_type *type = asm_prog_type_number(attach->prog_type);

	if (column == 0)
		ref_print(buf, "%s", attach->section);
	else if (column == 1)
		ref_print(buf, "%s%s", attach->section, ref_target(attach->target));
	else if (column == 2)
		ref_print(buf, "%s", type ? type->name : "");
	else if (column == 3)
		ref_print(buf, "%u", attach->attach_type);
	else
		ref_version(buf, attach->since);
}

/* ---- types ---- */

static size_t ref_type_count(void)
{
	size_t n;

	asm_types(&n);
	return n;
}

static void ref_type_cell(size_t row, unsigned int column, char *buf)
{
	static const char *const formats[] = {
		[ASM_UNSIGNED] = "unsigned", [ASM_SIGNED] = "signed", [ASM_BOOL] = "true or false",
		[ASM_CHAR] = "text", [ASM_COMM] = "command name", [ASM_NETWORK] = "network order",
		[ASM_POINTER] = "hexadecimal", [ASM_IPV4] = "IPv4 address",
		[ASM_IPV6] = "IPv6 address", [ASM_MAC] = "MAC address", [ASM_KTIME] = "wall clock",
		[ASM_KSYM] = "kernel address", [ASM_STRUCT] = "structure",
	};
	size_t n;
	const struct asm_type *type = &asm_types(&n)[row];

	if (column == 0)
		ref_print(buf, "%s", type->name);
	else if (column == 1)
		ref_print(buf, "%u", type->size);
	else if (column == 2)
		ref_print(buf, "%u", type->align);
	else
		ref_print(buf, "%s", formats[type->format]);
}

/* ---- printing ---- */

static const struct ref_kind ref_kinds[] = {
	{ "insn", "instructions", { "name", "syntax", "gas", "opcode", "fixed", "since" },
	  ref_insn_count, ref_insn_cell },
	{ "helper", "helper functions", { "name", "id", "since" },
	  ref_helper_count, ref_helper_cell },
	{ "map", "map types", { "name", "constant", "number", "key", "value", "since" },
	  ref_map_count, ref_map_cell },
	{ "prog", "program types", { "name", "constant", "number", "since" },
	  ref_prog_count, ref_prog_cell },
	{ "attach", "section names", { "name", "section", "program", "attach_type", "since" },
	  ref_attach_count, ref_attach_cell },
	{ "type", "types of fields", { "name", "size", "align", "prints" },
	  ref_type_count, ref_type_cell },
};

static unsigned int ref_columns(const struct ref_kind *kind)
{
	unsigned int n;

	for (n = 0; n < REF_COLUMNS && kind->columns[n]; n++)
		;
	return n;
}

static bool ref_wanted(const struct ref_kind *kind, size_t row, const char *name)
{
	char cell[REF_CELL];

	kind->cell(row, 0, cell);
	return !name || !strcmp(cell, name) ||
	       (!strncmp(cell, "bpf_", 4) && !strcmp(cell + 4, name));
}

static void ref_text_row(FILE *f, const struct ref_kind *kind, size_t row, const int *widths)
{
	unsigned int i, n = ref_columns(kind);
	char cell[REF_CELL];

	for (i = 0; i < n; i++) {
		kind->cell(row, i, cell);
		if (i + 1 < n)
			fprintf(f, "%-*s  ", widths[i], cell);
		else
			fprintf(f, "%s\n", cell);
	}
}

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

static void ref_json_row(FILE *f, const struct ref_kind *kind, size_t row)
{
	unsigned int i;
	char cell[REF_CELL];

	for (i = 0; i < ref_columns(kind); i++) {
		kind->cell(row, i, cell);
		fprintf(f, "%s\"%s\":", i ? "," : "{", kind->columns[i]);
		ref_json_value(f, cell);
	}
	fputs("}\n", f);
}

static void ref_widths(const struct ref_kind *kind, const char *name, int *widths)
{
	char cell[REF_CELL];
	unsigned int i;
	size_t row;

	for (i = 0; i < ref_columns(kind); i++)
		widths[i] = (int)strlen(kind->columns[i]);
	for (row = 0; row < kind->count(); row++) {
		for (i = 0; i < ref_columns(kind) && ref_wanted(kind, row, name); i++) {
			kind->cell(row, i, cell);
			if ((int)strlen(cell) > widths[i])
				widths[i] = (int)strlen(cell);
		}
	}
}

static void ref_head(FILE *f, const struct ref_kind *kind, const int *widths)
{
	unsigned int i, n = ref_columns(kind);

	for (i = 0; i + 1 < n; i++)
		fprintf(f, "%-*s  ", widths[i], kind->columns[i]);
	fprintf(f, "%s\n", kind->columns[n - 1]);
}

static size_t ref_rows(FILE *f, const struct ref_kind *kind, const char *name, bool json)
{
	int widths[REF_COLUMNS];
	size_t row, found = 0;

	ref_widths(kind, name, widths);
	for (row = 0; row < kind->count(); row++) {
		if (!ref_wanted(kind, row, name))
			continue;
		if (!found++ && !json)
			ref_head(f, kind, widths);
		if (json)
			ref_json_row(f, kind, row);
		else
			ref_text_row(f, kind, row, widths);
	}
	return found;
}

static void ref_list(FILE *f)
{
	size_t i;

	for (i = 0; i < sizeof(ref_kinds) / sizeof(ref_kinds[0]); i++)
		fprintf(f, "%-8s %s\n", ref_kinds[i].name, ref_kinds[i].help);
}

static const struct ref_kind *ref_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(ref_kinds) / sizeof(ref_kinds[0]); i++)
		if (!strcmp(ref_kinds[i].name, name))
			return &ref_kinds[i];
	return NULL;
}

/* What else there is, when the kind or the name is not. */
static void ref_near(const struct ref_kind *kind, const char *name, char *text)
{
	struct asm_near near;
	char cell[REF_CELL];
	size_t i;

	asm_near_start(&near, name, strlen(name));
	for (i = 0; !kind && i < sizeof(ref_kinds) / sizeof(ref_kinds[0]); i++)
		asm_near_offer(&near, ref_kinds[i].name, strlen(ref_kinds[i].name));
	for (i = 0; kind && i < kind->count(); i++) {
		kind->cell(i, 0, cell);
		asm_near_offer(&near, cell, strlen(cell));
	}
	asm_near_text(&near, text);
}

bool asm_emit_ref(FILE *f, const char *what, const char *name, enum asm_ref how, char *near)
{
	const struct ref_kind *kind = what ? ref_find(what) : NULL;

	near[0] = '\0';
	if (!what) {
		ref_list(f);
		return true;
	}
	if (kind && ref_rows(f, kind, name, how == ASM_REF_JSON))
		return true;
	ref_near(kind, kind ? name : what, near);
	return false;
}
