/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "asm.h"
#include "dis.h"
#include "symbols.h"
#include "isa.h"

enum {
	DIS_CLASS = 0x07, DIS_JMP = 0x05, DIS_JMP32 = 0x06, DIS_CALL = 0x85, DIS_LDDW = 0x18,
	DIS_REGS = 10,		/* r0 to r10 */
	DIS_STACK_ARG = 11,
};

/* Which fields of a form the words of its template fill. */
enum dis_field { DIS_DST = 1, DIS_SRC = 2, DIS_OFF = 4, DIS_IMM = 8, DIS_NEXT = 16 };

/* Text being put together. */
struct dis {
	const struct asm_form *form;
	struct asm_insn insn;
	int32_t next;		/* imm of the second slot */
	enum asm_dialect dialect;
	const char *label;	/* for a jump target; NULL: the distance */
	const char *symbol;	/* for what is loaded or called; NULL: the number */
	bool prefixed;		/* "12: (18)" stands before: the opcode need not be clear */
	char *out;
	size_t size, used;
};

static bool dis_is_far(const struct asm_form *form)
{
	return form->code == 0x06 || form->code == DIS_CALL || (form->flags & ASM_WIDE);
}

static unsigned int dis_word_field(const struct asm_form *form, int word)
{
	switch (word) {
	case ISA_RD: case ISA_WD:
		return DIS_DST;
	case ISA_RS: case ISA_WS:
		return DIS_SRC;
	case ISA_OFF:
		return DIS_OFF;
	case ISA_LABEL:
		return dis_is_far(form) ? DIS_IMM : DIS_OFF;
	case ISA_IMM: case ISA_FUNC: case ISA_HI: case ISA_LO:
		return DIS_IMM;
	case ISA_IMM64:
		return DIS_IMM | DIS_NEXT;
	case ISA_NEXT:
		return DIS_NEXT;
	default:
		return 0;
	}
}

static unsigned int dis_fields(const struct asm_form *form)
{
	unsigned int fields = 0;
	const char *at = form->syntax;
	size_t len;

	while (*at && *at != '\n') {
		int word = isa_word(at, &len);

		if (word >= 0)
			fields |= dis_word_field(form, word);
		at += len ? len : 1;
	}
	return fields;
}

/* Registers that the form can have: r11 only as the base of its loads and stores. */
static bool dis_registers_fit(const struct asm_form *form, struct asm_insn insn)
{
	unsigned int dst = asm_dst(insn), src = asm_src(insn);

	if (form->flags & ASM_STACKARG_LD && src == DIS_STACK_ARG)
		return dst <= DIS_REGS && insn.off > 0 && insn.off % 8 == 0;
	if (form->flags & ASM_STACKARG_ST && dst == DIS_STACK_ARG)
		return src <= DIS_REGS && insn.off < 0 && insn.off % 8 == 0;
	return dst <= DIS_REGS && src <= DIS_REGS;
}

/* What a store keeps of its immediate must be all of it, or the text would not give it back. */
static bool dis_imm_fits(const struct asm_form *form, int32_t imm)
{
	switch (form->code) {
	case 0x72:
		return imm >= INT8_MIN && imm <= UINT8_MAX;
	case 0x6a:
		return imm >= INT16_MIN && imm <= UINT16_MAX;
	case DIS_CALL:	/* a kernel function's BTF id is written NAME#id */
		return form->src != 2 || imm > 0;
	default:
		return true;
	}
}

static bool dis_fits(const struct asm_form *form, const struct asm_insn *insns, size_t n)
{
	struct asm_insn insn = insns[0];
	unsigned int free;

	if (form->code != insn.code || !dis_registers_fit(form, insn))
		return false;
	free = dis_fields(form);
	if ((!(free & DIS_DST) && asm_dst(insn)) ||
	    (!(free & DIS_SRC) && asm_src(insn) != form->src) ||
	    (!(free & DIS_OFF) && insn.off != form->off) ||
	    (!(free & DIS_IMM) && insn.imm != form->imm) || !dis_imm_fits(form, insn.imm))
		return false;
	if (!(form->flags & ASM_WIDE))
		return true;
	return n > 1 && !insns[1].code && !insns[1].regs && !insns[1].off &&
	       (free & DIS_NEXT || !insns[1].imm);
}

const struct asm_form *asm_insn_form(const struct asm_insn *insns, size_t n)
{
	const struct asm_form *forms;
	size_t i, count;

	forms = asm_forms(&count);
	for (i = 0; n && i < count; i++)
		if (dis_fits(&forms[i], insns, n))
			return &forms[i];
	return NULL;
}

/* ---- text ---- */

__attribute__((format(printf, 2, 3)))
static void dis_print(struct dis *dis, const char *format, ...)
{
	va_list ap;
	int len;

	va_start(ap, format);
	len = vsnprintf(dis->out + dis->used, dis->size - dis->used, format, ap);
	va_end(ap);
	if (len > 0)
		dis->used += (size_t)len;
	if (dis->used >= dis->size)
		dis->used = dis->size - 1;
}

static uint64_t dis_magnitude(int64_t value)
{
	return (uint64_t)(value < 0 ? -value : value);
}

static void dis_print_number(struct dis *dis, int32_t number)
{
	if (dis->dialect == ASM_DIALECT_LLVM)
		dis_print(dis, "%s0x%" PRIx64, number < 0 ? "-" : "", dis_magnitude(number));
	else
		dis_print(dis, "%" PRId32, number);
}

static void dis_print_imm(struct dis *dis)
{
	unsigned int class = dis->insn.code & DIS_CLASS;

	if (dis->dialect == ASM_DIALECT_KERNEL && (class == DIS_JMP || class == DIS_JMP32))
		dis_print(dis, "0x%" PRIx32, (uint32_t)dis->insn.imm);
	else
		dis_print_number(dis, dis->insn.imm);
}

/* "+ off": the sign stands where the dialect has it; the template has what is around it. */
static void dis_print_offset(struct dis *dis, int32_t off)
{
	if (dis->dialect == ASM_DIALECT_LLVM)
		dis_print(dis, "%c 0x%" PRIx64, off < 0 ? '-' : '+', dis_magnitude(off));
	else
		dis_print(dis, "%+" PRId32, off);
}

/* "+ imm" of a packet load: the kernel's sign belongs to the number. */
static void dis_print_plus_imm(struct dis *dis)
{
	if (dis->dialect == ASM_DIALECT_KERNEL)
		dis_print(dis, "+ %" PRId32, dis->insn.imm);
	else
		dis_print_offset(dis, dis->insn.imm);
}

static void dis_print_label(struct dis *dis)
{
	int32_t distance = dis_is_far(dis->form) ? dis->insn.imm : dis->insn.off;
	bool kernel = dis->dialect == ASM_DIALECT_KERNEL;

	if (dis->label) {
		dis_print(dis, "%s", dis->label);
		return;
	}
	/* behind call, a bare +n would be a helper's number */
	if (dis->form->code == DIS_CALL || (kernel && !(dis->form->flags & ASM_WIDE)))
		dis_print(dis, "pc");
	if (dis->dialect == ASM_DIALECT_LLVM)
		dis_print(dis, "%c0x%" PRIx64, distance < 0 ? '-' : '+', dis_magnitude(distance));
	else
		dis_print(dis, "%+" PRId32, distance);
}

static const char *dis_helper(int32_t id)
{
	const struct asm_helper *rows;
	size_t n;

	rows = asm_helpers(&n);
	return id > 0 && (size_t)id <= n ? asm_helper_name(&rows[id - 1]) : NULL;
}

static void dis_print_func(struct dis *dis)
{
	const char *name = dis_helper(dis->insn.imm);
	bool kernel = dis->dialect == ASM_DIALECT_KERNEL;

	if (dis->symbol)
		dis_print(dis, "%s", dis->symbol);
	else if (dis->form->src == 1)
		dis_print_label(dis);
	else if (dis->form->src == 2)
		dis_print(dis, "kfunc#%" PRId32, dis->insn.imm);
	else if (kernel && dis->insn.imm > 0)
		dis_print(dis, "%s%s#%" PRId32, name ? "bpf_" : "", name ? name : "unknown",
			  dis->insn.imm);
	else
		dis_print_number(dis, dis->insn.imm);
}

static void dis_print_word(struct dis *dis, enum isa_word word)
{
	const char *percent = dis->dialect == ASM_DIALECT_GAS ? "%" : "";
	uint64_t wide = (uint64_t)(uint32_t)dis->next << 32 | (uint32_t)dis->insn.imm;

	switch (word) {
	case ISA_RD: case ISA_WD:
		dis_print(dis, "%s%c%u", percent, word == ISA_RD ? 'r' : 'w', asm_dst(dis->insn));
		break;
	case ISA_RS: case ISA_WS:
		dis_print(dis, "%s%c%u", percent, word == ISA_RS ? 'r' : 'w', asm_src(dis->insn));
		break;
	case ISA_R0: case ISA_W0:
		dis_print(dis, word == ISA_R0 ? "r0" : "w0");
		break;
	case ISA_IMM:
		dis_print_imm(dis);
		break;
	case ISA_IMM64:
		if (dis->symbol)
			dis_print(dis, "%s", dis->symbol);
		else
			dis_print(dis, "0x%" PRIx64, wide);
		break;
	case ISA_NEXT:
		dis_print(dis, "%" PRId32, dis->next);
		break;
	case ISA_LABEL:
		dis_print_label(dis);
		break;
	case ISA_FUNC:
		dis_print_func(dis);
		break;
	case ISA_HI:
		dis_print(dis, "%" PRIu32, (uint32_t)dis->insn.imm >> 16);
		break;
	case ISA_LO:
		dis_print(dis, "%" PRIu32, (uint32_t)dis->insn.imm & 0xffff);
		break;
	case ISA_OFF: case ISA_PLUS_IMM:
		break;
	}
}

/* Walk the template: words become operands, the rest stands as it is. */
static void dis_print_template(struct dis *dis, const char *at)
{
	int word;
	size_t len;

	for (; *at && *at != '\n'; at += len ? len : 1) {
		if (!strncmp(at, "+ off", 5)) {
			dis_print_offset(dis, dis->insn.off);
			len = 5;
			continue;
		}
		if (!strncmp(at, "+ imm", 5)) {
			dis_print_plus_imm(dis);
			len = 5;
			continue;
		}
		word = isa_word(at, &len);
		if (word >= 0)
			dis_print_word(dis, (enum isa_word)word);
		else
			dis_print(dis, "%.*s", (int)(len ? len : 1), at);
	}
}

/* A wide load of a number: where its opcode stands before, the kernel's "r1 = n" is one too. */
static bool dis_is_constant(const struct asm_form *form)
{
	return form->code == DIS_LDDW && !form->src;
}

static const char *dis_template(const struct dis *dis)
{
	static const enum asm_template templates[] = {
		[ASM_DIALECT_KERNEL] = ASM_TEMPLATE_KERNEL,
		[ASM_DIALECT_LLVM] = ASM_TEMPLATE_C,
		[ASM_DIALECT_GAS] = ASM_TEMPLATE_GAS,
	};
	const char *text = asm_form_template(dis->form, templates[dis->dialect]);

	if (dis->dialect == ASM_DIALECT_KERNEL && dis->prefixed && !dis->symbol &&
	    dis_is_constant(dis->form))
		return "rD = imm64";
	return *text ? text : dis->form->syntax;
}

/* What is no instruction is data. */
static void dis_print_data(struct dis *dis, enum asm_endian endian)
{
	uint8_t bytes[8];
	uint64_t value = 0;
	unsigned int i;

	asm_insn_bytes(dis->insn, endian, bytes);
	for (i = 0; i < 8; i++)
		value = value << 8 | bytes[endian == ASM_BIG ? i : 7 - i];
	dis_print(dis, ".8byte 0x%016" PRIx64, value);
}

/* The first instruction of n slots; returns how many it has. */
static unsigned int dis_insn(struct dis *dis, const struct asm_insn *insns, size_t n,
			     enum asm_endian endian)
{
	dis->out[0] = '\0';
	dis->used = 0;
	if (!n)
		return 0;
	dis->form = asm_insn_form(insns, n);
	dis->insn = insns[0];
	if (!dis->form) {
		dis_print_data(dis, endian);
		return 1;
	}
	dis->next = dis->form->flags & ASM_WIDE ? insns[1].imm : 0;
	dis_print_template(dis, dis_template(dis));
	return dis->form->flags & ASM_WIDE ? 2 : 1;
}

unsigned int asm_insn_text(const struct asm_insn *insns, size_t n, enum asm_endian endian,
			   enum asm_dialect dialect, const char *label, char *buf)
{
	struct dis dis = {
		.dialect = dialect, .label = label, .out = buf, .size = ASM_INSN_TEXT,
	};

	return dis_insn(&dis, insns, n, endian);
}

/* ---- whole programs ---- */

/* The slot a jump or call of this program leads to; -1: it is none, or leads outside. */
static int64_t dis_target(const struct asm_insn *insns, size_t n, size_t at)
{
	const struct asm_form *form = asm_insn_form(&insns[at], n - at);
	unsigned int fields = 0;
	const char *text;
	size_t len;
	int64_t to;

	if (!form)
		return -1;
	for (text = form->syntax; *text && *text != '\n'; text += len ? len : 1)
		if (isa_word(text, &len) == ISA_LABEL)
			fields = 1;
	if (!fields && !(form->code == DIS_CALL && form->src == 1))
		return -1;
	to = (int64_t)at + 1 + (dis_is_far(form) ? insns[at].imm : insns[at].off);
	return to >= 0 && to < (int64_t)n ? to : -1;
}

/* What marks[] says of a slot. */
enum dis_mark { DIS_TARGET = 1, DIS_START = 2 };

/* A label can only stand where an instruction begins. */
static void dis_mark(const struct asm_insn *insns, size_t n, uint8_t *marks)
{
	const struct asm_form *form;
	int64_t to;
	size_t at;

	for (at = 0; at < n; at += form && form->flags & ASM_WIDE ? 2 : 1) {
		form = asm_insn_form(&insns[at], n - at);
		marks[at] |= DIS_START;
		to = dis_target(insns, n, at);
		if (to >= 0)
			marks[to] |= DIS_TARGET;
	}
}

/* The line of the instruction at a slot. Returns its slots. */
static unsigned int dis_line(FILE *f, const struct dis_source *source, struct dis *dis, size_t at,
			     const uint8_t *marks)
{
	bool kernel = source->dialect == ASM_DIALECT_KERNEL;
	int64_t to = kernel ? -1 : dis_target(source->insns, source->n, at);
	unsigned int slots;
	char label[24];

	if (source->before)
		source->before(source->arg, f, at);
	snprintf(label, sizeof(label), "L%" PRId64, to);
	dis->label = to >= 0 && marks[to] & DIS_START ? label : NULL;
	dis->symbol = source->symbol ? source->symbol(source->arg, at) : NULL;
	slots = dis_insn(dis, &source->insns[at], source->n - at, source->endian);
	if (marks[at] == (DIS_START | DIS_TARGET))
		fprintf(f, "L%zu:\n", at);
	if (kernel && dis->out[0] != '.')
		fprintf(f, "%4zu: (%02x) %s\n", at, source->insns[at].code, dis->out);
	else
		fprintf(f, "\t%s\n", dis->out);
	return slots;
}

int dis_emit(FILE *f, const struct dis_source *source)
{
	size_t size = ASM_INSN_TEXT + source->longest, at;
	uint8_t *marks = calloc(source->n + 1, sizeof(*marks));
	char *text = malloc(size);
	struct dis dis = {
		.dialect = source->dialect, .prefixed = true, .out = text, .size = size,
	};
	int ret = -ENOMEM;

	if (!marks || !text)
		goto out;
	if (source->dialect != ASM_DIALECT_KERNEL)
		dis_mark(source->insns, source->n, marks);
	for (at = 0; at < source->n;)
		at += dis_line(f, source, &dis, at, marks);
	ret = 0;
out:
	free(marks);
	free(text);
	return ret;
}

int asm_emit_text(FILE *f, const struct asm_insn *insns, size_t n, enum asm_endian endian,
		  enum asm_dialect dialect)
{
	struct dis_source source = {
		.insns = insns, .n = n, .endian = endian, .dialect = dialect,
	};

	return dis_emit(f, &source);
}
