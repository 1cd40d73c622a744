/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* tables_test.c - every row of the assembler's tables, and names that are near. */
#include <elf.h>
#include <stddef.h>
#include <sys/syscall.h>
#if defined(__x86_64__) || defined(__aarch64__)
#include <sys/user.h>
#endif

#include "../asm/asm.h"
#include "harness.h"
#include "made.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- instruction rows: from template to text ---- */

/* Words that a template may have, what stands for them here, and the field that it fills. */
enum field {
	FIELD_NONE = 0, FIELD_DST = 1 << 0, FIELD_SRC = 1 << 1, FIELD_OFF = 1 << 2,
	FIELD_IMM = 1 << 3, FIELD_NEXT = 1 << 4, FIELD_LABEL = 1 << 5, FIELD_FUNC = 1 << 6,
};

static const struct word {
	const char *name, *text;
	unsigned int fields;
} words[] = {
	{ "rD", "r1", FIELD_DST }, { "wD", "w1", FIELD_DST },
	{ "rS", "r2", FIELD_SRC }, { "wS", "w2", FIELD_SRC },
	{ "r0", "r0", FIELD_NONE }, { "w0", "w0", FIELD_NONE },
	{ "imm", "7", FIELD_IMM },
	{ "imm64", "0x1122334455667788", FIELD_IMM | FIELD_NEXT },
	{ "next", "4", FIELD_NEXT },
	{ "off", "8", FIELD_OFF },
	{ "label", "+5", FIELD_LABEL },
	{ "func", NULL, FIELD_IMM | FIELD_FUNC },
	{ "hi", "2", FIELD_IMM }, { "lo", "1", FIELD_IMM },
};

enum { SPELLING = 128 };

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

static const struct word *word_find(const char *text, size_t len)
{
	for (size_t i = 0; i < COUNT(words); i++) {
		if (strlen(words[i].name) == len && !memcmp(words[i].name, text, len))
			return &words[i];
	}
	return NULL;
}

/* The rows name themselves for the reference only. */
static const char *form_name(const struct asm_form *form)
{
	static const char *const names[] = {
#define INSN(name, ...) name,
#include "../asm/tables/insn.def"
#undef INSN
	};
	size_t n;

	return names[form - asm_forms(&n)];
}

/* A call says by its operand which row it is: a helper, a distance, a kernel function by id. */
static const char *func_text(const struct asm_form *form)
{
	static const char *const texts[] = { "3", "pc+3", "some_kfunc#3" };

	ASSERT_LT(form->src, COUNT(texts));
	return texts[form->src];
}

/* One spelling of a template as a statement. Returns the fields that it fills. */
static unsigned int instantiate(const struct asm_form *form, const char *at, const char *end,
				char out[SPELLING])
{
	unsigned int fields = FIELD_NONE;
	size_t used = 0, len;

	for (; at < end; at += len) {
		const struct word *word;

		for (len = 0; at + len < end && is_letter(at[len]); len++)
			;
		word = word_find(at, len);
		if (!len)
			len = 1;
		if (word) {
			const char *text = word->text ? word->text : func_text(form);

			fields |= word->fields;
			used += (size_t)snprintf(out + used, SPELLING - used, "%s", text);
		} else {
			used += (size_t)snprintf(out + used, SPELLING - used, "%.*s", (int)len, at);
		}
		ASSERT_LT(used, SPELLING);
	}
	return fields;
}

/* A spelling of a row by its number: a line of any of its templates. NULL behind the last. */
static const char *form_spelling(const struct asm_form *form, size_t number)
{
	for (enum asm_template i = 0; i < ASM_TEMPLATES; i++) {
		const char *at = asm_form_template(form, i);

		for (; *at; at += strcspn(at, "\n"), at += *at == '\n') {
			if (!number--)
				return at;
		}
	}
	return NULL;
}

static const char *spelling_end(const char *spelling)
{
	return spelling + strcspn(spelling, "\n");
}

static unsigned int form_fields(const struct asm_form *form)
{
	char text[SPELLING];

	return instantiate(form, form->syntax, spelling_end(form->syntax), text);
}

/* A label fills off, but of gotol, calls and wide instructions imm. */
static bool label_in_imm(const struct asm_form *form)
{
	return form->code == 0x06 || form->code == 0x85 || (form->flags & ASM_WIDE);
}

static bool has_word(const struct asm_form *form, const char *name)
{
	const char *at = form->syntax, *end = spelling_end(at);
	size_t len;

	for (; at < end; at += len ? len : 1) {
		for (len = 0; at + len < end && is_letter(at[len]); len++)
			;
		if (len == strlen(name) && !memcmp(at, name, len))
			return true;
	}
	return false;
}

static int32_t expected_imm(const struct asm_form *form, unsigned int fields)
{
	if (fields & FIELD_LABEL && label_in_imm(form))
		return 5;
	if (fields & FIELD_FUNC)
		return 3;
	if (has_word(form, "imm64"))
		return 0x55667788;
	if (has_word(form, "hi"))
		return 2 << 16 | 1;
	return fields & FIELD_IMM ? 7 : form->imm;
}

/* The slots that the operands above make of a row. */
static void expected_slots(const struct asm_form *form, unsigned int fields,
			   struct asm_insn out[2])
{
	unsigned int dst = fields & FIELD_DST ? 1 : 0;
	unsigned int src = fields & FIELD_SRC ? 2 : form->src;

	memset(out, 0, 2 * sizeof(*out));
	out[0].code = form->code;
	out[0].regs = (uint8_t)(src << 4 | dst);
	out[0].off = fields & FIELD_OFF ? 8 :
		     fields & FIELD_LABEL && !label_in_imm(form) ? 5 : form->off;
	out[0].imm = expected_imm(form, fields);
	if (fields & FIELD_NEXT)
		out[1].imm = has_word(form, "imm64") ? 0x11223344 : 4;
}

static void expect_slot(struct asm_insn want, struct asm_insn got, const char *text)
{
	EXPECT_EQ(want.code, got.code) LOG("%s", text);
	EXPECT_EQ(asm_dst(want), asm_dst(got)) LOG("%s", text);
	EXPECT_EQ(asm_src(want), asm_src(got)) LOG("%s", text);
	EXPECT_EQ(want.off, got.off) LOG("%s", text);
	EXPECT_EQ(want.imm, got.imm) LOG("%s", text);
}

static void expect_spelling(const struct asm_form *form, const char *spelling)
{
	size_t nslots = form->flags & ASM_WIDE ? 2 : 1;
	struct asm_insn want[2];
	char text[SPELLING];
	struct made made;

	expected_slots(form, instantiate(form, spelling, spelling_end(spelling), text), want);
	make_clean(&made, text);
	EXPECT_EQ(nslots, made.prog.ninsns) LOG("%s", text);
	EXPECT_EQ(0, made.prog.nrelocs) LOG("%s", text);
	for (size_t i = 0; i < nslots && i < made.prog.ninsns; i++)
		expect_slot(want[i], made.prog.insns[i], text);
	unmake(&made);
}

TEST(forms_assemble_to_their_fields)
{
	const struct asm_form *forms;
	size_t n, spellings = 0;

	forms = asm_forms(&n);
	EXPECT_GT(n, 150);
	for (size_t i = 0; i < n; i++) {
		const char *spelling;

		for (size_t j = 0; (spelling = form_spelling(&forms[i], j)); j++, spellings++)
			expect_spelling(&forms[i], spelling);
	}
	EXPECT_GT(spellings, 2 * n);
}

/* Each field of a row is filled by the same words in all its spellings; a label may be called. */
TEST(forms_spellings_fill_the_same_fields)
{
	const struct asm_form *forms;
	char text[SPELLING];
	size_t n;

	forms = asm_forms(&n);
	for (size_t i = 0; i < n; i++) {
		unsigned int fields = form_fields(&forms[i]), got;
		const char *spelling;

		for (size_t j = 0; (spelling = form_spelling(&forms[i], j)); j++) {
			got = instantiate(&forms[i], spelling, spelling_end(spelling), text);
			if (fields & FIELD_FUNC && got == FIELD_LABEL)
				continue;
			EXPECT_EQ(fields, got) LOG("%s", text);
		}
	}
}

TEST(forms_stack_arguments)
{
	const struct asm_form *forms;
	unsigned int loads = 0, stores = 0;
	struct made made;
	size_t n;

	forms = asm_forms(&n);
	for (size_t i = 0; i < n; i++) {
		loads += !!(forms[i].flags & ASM_STACKARG_LD);
		stores += !!(forms[i].flags & ASM_STACKARG_ST);
	}
	EXPECT_EQ(1, loads);
	EXPECT_EQ(2, stores);
	make_clean(&made, "r1 = *(u64 *)(r11 + 8); *(u64 *)(r11 - 8) = r2; *(u64 *)(r11 - 16) = 7");
	ASSERT_EQ(3, made.prog.ninsns);
	expect_slot((struct asm_insn){ 0x79, 0xb1, 8, 0 }, made.prog.insns[0], "load");
	expect_slot((struct asm_insn){ 0x7b, 0x2b, -8, 0 }, made.prog.insns[1], "store");
	expect_slot((struct asm_insn){ 0x7a, 0x0b, -16, 7 }, made.prog.insns[2], "store 7");
	unmake(&made);
}

/* r11 anywhere else, and the other side of it, is an error. */
TEST(forms_stack_arguments_elsewhere)
{
	static const char *const texts[] = {
		"r11 = 1", "r1 = r11", "r11 += r1", "r1 += r11", "if r11 == 0 goto +0",
		"r1 = *(u64 *)(r11 - 8)", "r1 = *(u64 *)(r11 + 0)", "r1 = *(u64 *)(r11 + 4)",
		"*(u64 *)(r11 + 8) = r2", "*(u64 *)(r11 + 0) = 7", "*(u64 *)(r11 - 4) = 7",
		"r1 = *(u32 *)(r11 + 8)", "r1 = *(s32 *)(r11 + 8)", "*(u32 *)(r11 - 8) = r2",
		"*(u64 *)(r1 - 8) = r11", "r11 = *(u64 *)(r1 + 8)", "r11 = 1 ll", "r11 = be16 r11",
		"lock *(u64 *)(r11 - 8) += r1", "r1 = load_acquire((u64 *)(r11 + 8))",
		"callx r11", "gotox r11", "r0 = *(u8 *)skb[r11 + 0]", "w11 = 1",
	};
	struct made made;

	for (size_t i = 0; i < COUNT(texts); i++) {
		make(&made, texts[i]);
		EXPECT_NULL(made.obj) LOG("%s", texts[i]);
		EXPECT_GE(made.errors, 1) LOG("%s", texts[i]);
		unmake(&made);
	}
}

/* ---- instruction rows: one against another ---- */

static bool is_call(const struct asm_form *form)
{
	return !strcmp(form->syntax, "call func");
}

static bool same_spelling(const char *a, const char *b)
{
	size_t len = strcspn(a, "\n");

	return len == strcspn(b, "\n") && !memcmp(a, b, len);
}

static bool share_spelling(const struct asm_form *a, const struct asm_form *b)
{
	const char *x, *y;

	for (size_t i = 0; (x = form_spelling(a, i)); i++) {
		for (size_t j = 0; (y = form_spelling(b, j)); j++) {
			if (same_spelling(x, y))
				return true;
		}
	}
	return false;
}

/* Whether some encoding could be of either row. */
static bool share_encoding(const struct asm_form *a, const struct asm_form *b)
{
	unsigned int fields = form_fields(a) | form_fields(b);
	bool label_off = !label_in_imm(a) && (fields & FIELD_LABEL);

	if (a->code != b->code)
		return false;
	if (!(fields & FIELD_SRC) && a->src != b->src)
		return false;
	if (!(fields & FIELD_OFF) && !label_off && a->off != b->off)
		return false;
	return (fields & (FIELD_IMM | FIELD_LABEL)) || a->imm == b->imm;
}

TEST(forms_differ)
{
	const struct asm_form *forms;
	size_t n;

	forms = asm_forms(&n);
	for (size_t i = 0; i < n; i++) {
		for (size_t j = i + 1; j < n; j++) {
			EXPECT_FALSE(share_encoding(&forms[i], &forms[j]))
				LOG("%s and %s", forms[i].syntax, forms[j].syntax);
			if (is_call(&forms[i]) && is_call(&forms[j]))
				continue;
			EXPECT_FALSE(share_spelling(&forms[i], &forms[j]))
				LOG("%s and %s", forms[i].syntax, forms[j].syntax);
		}
	}
}

/* callx is in the RFC's table of codes; no kernel takes it. */
TEST(forms_have_names_and_kernels)
{
	const struct asm_form *forms;
	unsigned int calls = 0;
	size_t n;

	forms = asm_forms(&n);
	for (size_t i = 0; i < n; i++) {
		const struct asm_form *form = &forms[i];

		EXPECT_STRNE("", form_name(form));
		EXPECT_STRNE("", form->syntax);
		calls += is_call(form);
		if (!strcmp(form_name(form), "callx"))
			EXPECT_EQ(0, form->since);
		else
			EXPECT_GE(form->since, ASM_KERNEL(3, 18)) LOG("%s", form_name(form));
	}
	EXPECT_EQ(3, calls);
}

/* ---- instruction rows: the opcodes, by hand from RFC 9669 ---- */

/* Section 3: class, and what else an opcode byte has, by class. */
enum { LD, LDX, ST, STX, ALU, JMP, JMP32, ALU64 };
enum { K = 0x00, X = 0x08 };
enum { SIZE_W = 0x00, SIZE_H = 0x08, SIZE_B = 0x10, SIZE_DW = 0x18 };
enum {
	MODE_IMM = 0x00, MODE_ABS = 0x20, MODE_IND = 0x40, MODE_MEM = 0x60, MODE_MEMSX = 0x80,
	MODE_ATOMIC = 0xc0,
};

/* Tables 3 and 8: four rows each, 64 and 32 bits, register and immediate. */
static const struct rfc_op {
	const char *name;
	uint8_t op;
	int16_t off;
} rfc_alu[] = {
	{ "add", 0x00, 0 }, { "sub", 0x10, 0 }, { "mul", 0x20, 0 }, { "div", 0x30, 0 },
	{ "sdiv", 0x30, 1 }, { "or", 0x40, 0 }, { "and", 0x50, 0 }, { "lsh", 0x60, 0 },
	{ "rsh", 0x70, 0 }, { "mod", 0x90, 0 }, { "smod", 0x90, 1 }, { "xor", 0xa0, 0 },
	{ "mov", 0xb0, 0 }, { "arsh", 0xc0, 0 },
}, rfc_jmp[] = {
	{ "jeq", 0x10, 0 }, { "jgt", 0x20, 0 }, { "jge", 0x30, 0 }, { "jset", 0x40, 0 },
	{ "jne", 0x50, 0 }, { "jsgt", 0x60, 0 }, { "jsge", 0x70, 0 }, { "jlt", 0xa0, 0 },
	{ "jle", 0xb0, 0 }, { "jslt", 0xc0, 0 }, { "jsle", 0xd0, 0 },
};

/* Short for the table: which fields a row has operands for. */
enum {
	D = FIELD_DST, S = FIELD_SRC, O = FIELD_OFF, I = FIELD_IMM, N = FIELD_NEXT, L = FIELD_LABEL,
	F = FIELD_FUNC,
};

/* The others, one row each. */
static const struct rfc_row {
	const char *name;
	unsigned int code;
	uint8_t src;
	int16_t off;
	int32_t imm;
	unsigned int fields;
} rfc_rows[] = {
	{ "neg", ALU64 | K | 0x80, 0, 0, 0, D },
	{ "neg32", ALU | K | 0x80, 0, 0, 0, D },
	{ "movsx864", ALU64 | X | 0xb0, 0, 8, 0, D | S },
	{ "movsx1664", ALU64 | X | 0xb0, 0, 16, 0, D | S },
	{ "movsx3264", ALU64 | X | 0xb0, 0, 32, 0, D | S },
	{ "movsx832", ALU | X | 0xb0, 0, 8, 0, D | S },
	{ "movsx1632", ALU | X | 0xb0, 0, 16, 0, D | S },
	{ "addr_space_cast", ALU64 | X | 0xb0, 0, 1, 0, D | S | I },

	{ "le16", ALU | K | 0xd0, 0, 0, 16, D },
	{ "le32", ALU | K | 0xd0, 0, 0, 32, D },
	{ "le64", ALU | K | 0xd0, 0, 0, 64, D },
	{ "be16", ALU | X | 0xd0, 0, 0, 16, D },
	{ "be32", ALU | X | 0xd0, 0, 0, 32, D },
	{ "be64", ALU | X | 0xd0, 0, 0, 64, D },
	{ "bswap16", ALU64 | K | 0xd0, 0, 0, 16, D },
	{ "bswap32", ALU64 | K | 0xd0, 0, 0, 32, D },
	{ "bswap64", ALU64 | K | 0xd0, 0, 0, 64, D },

	{ "ja", JMP | K | 0x00, 0, 0, 0, L },
	{ "ja32", JMP32 | K | 0x00, 0, 0, 0, L },
	{ "gotox", JMP | X | 0x00, 0, 0, 0, D },
	{ "may_goto", JMP | K | 0xe0, 0, 0, 0, L },
	{ "call", JMP | K | 0x80, 0, 0, 0, I | F },
	{ "call local", JMP | K | 0x80, 1, 0, 0, I | F },
	{ "call kfunc", JMP | K | 0x80, 2, 0, 0, I | F },
	{ "callx", JMP | X | 0x80, 0, 0, 0, D },
	{ "exit", JMP | K | 0x90, 0, 0, 0, 0 },

	{ "ldxb", LDX | MODE_MEM | SIZE_B, 0, 0, 0, D | S | O },
	{ "ldxh", LDX | MODE_MEM | SIZE_H, 0, 0, 0, D | S | O },
	{ "ldxw", LDX | MODE_MEM | SIZE_W, 0, 0, 0, D | S | O },
	{ "ldxdw", LDX | MODE_MEM | SIZE_DW, 0, 0, 0, D | S | O },
	{ "ldxsb", LDX | MODE_MEMSX | SIZE_B, 0, 0, 0, D | S | O },
	{ "ldxsh", LDX | MODE_MEMSX | SIZE_H, 0, 0, 0, D | S | O },
	{ "ldxsw", LDX | MODE_MEMSX | SIZE_W, 0, 0, 0, D | S | O },
	{ "stxb", STX | MODE_MEM | SIZE_B, 0, 0, 0, D | S | O },
	{ "stxh", STX | MODE_MEM | SIZE_H, 0, 0, 0, D | S | O },
	{ "stxw", STX | MODE_MEM | SIZE_W, 0, 0, 0, D | S | O },
	{ "stxdw", STX | MODE_MEM | SIZE_DW, 0, 0, 0, D | S | O },
	{ "stb", ST | MODE_MEM | SIZE_B, 0, 0, 0, D | O | I },
	{ "sth", ST | MODE_MEM | SIZE_H, 0, 0, 0, D | O | I },
	{ "stw", ST | MODE_MEM | SIZE_W, 0, 0, 0, D | O | I },
	{ "stdw", ST | MODE_MEM | SIZE_DW, 0, 0, 0, D | O | I },

	{ "aadd", STX | MODE_ATOMIC | SIZE_DW, 0, 0, 0x00, D | S | O },
	{ "aadd32", STX | MODE_ATOMIC | SIZE_W, 0, 0, 0x00, D | S | O },
	{ "aor", STX | MODE_ATOMIC | SIZE_DW, 0, 0, 0x40, D | S | O },
	{ "aor32", STX | MODE_ATOMIC | SIZE_W, 0, 0, 0x40, D | S | O },
	{ "aand", STX | MODE_ATOMIC | SIZE_DW, 0, 0, 0x50, D | S | O },
	{ "aand32", STX | MODE_ATOMIC | SIZE_W, 0, 0, 0x50, D | S | O },
	{ "axor", STX | MODE_ATOMIC | SIZE_DW, 0, 0, 0xa0, D | S | O },
	{ "axor32", STX | MODE_ATOMIC | SIZE_W, 0, 0, 0xa0, D | S | O },
	{ "afadd", STX | MODE_ATOMIC | SIZE_DW, 0, 0, 0x01, D | S | O },
	{ "afadd32", STX | MODE_ATOMIC | SIZE_W, 0, 0, 0x01, D | S | O },
	{ "afor", STX | MODE_ATOMIC | SIZE_DW, 0, 0, 0x41, D | S | O },
	{ "afor32", STX | MODE_ATOMIC | SIZE_W, 0, 0, 0x41, D | S | O },
	{ "afand", STX | MODE_ATOMIC | SIZE_DW, 0, 0, 0x51, D | S | O },
	{ "afand32", STX | MODE_ATOMIC | SIZE_W, 0, 0, 0x51, D | S | O },
	{ "afxor", STX | MODE_ATOMIC | SIZE_DW, 0, 0, 0xa1, D | S | O },
	{ "afxor32", STX | MODE_ATOMIC | SIZE_W, 0, 0, 0xa1, D | S | O },
	{ "axchg", STX | MODE_ATOMIC | SIZE_DW, 0, 0, 0xe1, D | S | O },
	{ "axchg32", STX | MODE_ATOMIC | SIZE_W, 0, 0, 0xe1, D | S | O },
	{ "acmp", STX | MODE_ATOMIC | SIZE_DW, 0, 0, 0xf1, D | S | O },
	{ "acmp32", STX | MODE_ATOMIC | SIZE_W, 0, 0, 0xf1, D | S | O },

	/* the kernel's instruction-set.rst, after the RFC */
	{ "ldacqb", STX | MODE_ATOMIC | SIZE_B, 0, 0, 0x100, D | S | O },
	{ "ldacqh", STX | MODE_ATOMIC | SIZE_H, 0, 0, 0x100, D | S | O },
	{ "ldacqw", STX | MODE_ATOMIC | SIZE_W, 0, 0, 0x100, D | S | O },
	{ "ldacqdw", STX | MODE_ATOMIC | SIZE_DW, 0, 0, 0x100, D | S | O },
	{ "strelb", STX | MODE_ATOMIC | SIZE_B, 0, 0, 0x110, D | S | O },
	{ "strelh", STX | MODE_ATOMIC | SIZE_H, 0, 0, 0x110, D | S | O },
	{ "strelw", STX | MODE_ATOMIC | SIZE_W, 0, 0, 0x110, D | S | O },
	{ "streldw", STX | MODE_ATOMIC | SIZE_DW, 0, 0, 0x110, D | S | O },

	{ "lddw", LD | MODE_IMM | SIZE_DW, 0, 0, 0, D | I | N },
	{ "lddw map", LD | MODE_IMM | SIZE_DW, 1, 0, 0, D | I },
	{ "lddw map value", LD | MODE_IMM | SIZE_DW, 2, 0, 0, D | I | N },
	{ "lddw var", LD | MODE_IMM | SIZE_DW, 3, 0, 0, D | I },
	{ "lddw code", LD | MODE_IMM | SIZE_DW, 4, 0, 0, D | L },
	{ "lddw map idx", LD | MODE_IMM | SIZE_DW, 5, 0, 0, D | I },
	{ "lddw map idx value", LD | MODE_IMM | SIZE_DW, 6, 0, 0, D | I | N },

	{ "ldabsb", LD | MODE_ABS | SIZE_B, 0, 0, 0, I },
	{ "ldabsh", LD | MODE_ABS | SIZE_H, 0, 0, 0, I },
	{ "ldabsw", LD | MODE_ABS | SIZE_W, 0, 0, 0, I },
	{ "ldindb", LD | MODE_IND | SIZE_B, 0, 0, 0, S | I },
	{ "ldindh", LD | MODE_IND | SIZE_H, 0, 0, 0, S | I },
	{ "ldindw", LD | MODE_IND | SIZE_W, 0, 0, 0, S | I },
};

/* name is op, or op32 */
static const struct rfc_op *rfc_op_find(const struct rfc_op *ops, size_t n, const char *name,
					bool *narrow)
{
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(ops[i].name);

		if (strncmp(ops[i].name, name, len))
			continue;
		*narrow = !strcmp(name + len, "32");
		if (!name[len] || *narrow)
			return &ops[i];
	}
	return NULL;
}

/* What the row of that name must have; with a source register or without. False: no such name. */
static bool rfc_find(const char *name, bool source, struct rfc_row *out)
{
	unsigned int from = source ? X : K;
	const struct rfc_op *op;
	bool narrow = false;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < COUNT(rfc_rows); i++) {
		if (!strcmp(rfc_rows[i].name, name)) {
			*out = rfc_rows[i];
			return true;
		}
	}
	op = rfc_op_find(rfc_alu, COUNT(rfc_alu), name, &narrow);
	if (op) {
		out->code = (narrow ? ALU : ALU64) | from | op->op;
		out->off = op->off;
		out->fields = D | (source ? S : I);
		return true;
	}
	op = rfc_op_find(rfc_jmp, COUNT(rfc_jmp), name, &narrow);
	out->code = op ? (narrow ? JMP32 : JMP) | from | op->op : 0;
	out->fields = D | (source ? S : I) | L;
	return op;
}

TEST(forms_have_the_opcodes_of_the_rfc)
{
	const struct asm_form *forms;
	struct rfc_row want;
	size_t n;

	forms = asm_forms(&n);
	EXPECT_EQ(4 * (COUNT(rfc_alu) + COUNT(rfc_jmp)) + COUNT(rfc_rows), n);
	for (size_t i = 0; i < n; i++) {
		const struct asm_form *form = &forms[i];

		EXPECT_TRUE(rfc_find(form_name(form), form_fields(form) & FIELD_SRC, &want))
			LOG("%s", form_name(form));
		EXPECT_EQ(want.code, form->code) LOG("%s", form_name(form));
		EXPECT_EQ(want.src, form->src) LOG("%s", form_name(form));
		EXPECT_EQ(want.off, form->off) LOG("%s", form_name(form));
		EXPECT_EQ(want.imm, form->imm) LOG("%s", form_name(form));
		EXPECT_EQ(want.fields, form_fields(form)) LOG("%s", form_name(form));
		EXPECT_EQ(want.code == (LD | MODE_IMM | SIZE_DW), form->flags & ASM_WIDE)
			LOG("%s", form_name(form));
	}
}

/* ---- helpers, map types, program types ---- */

TEST(helpers)
{
	const struct asm_helper *rows;
	char name[64];
	size_t n;

	rows = asm_helpers(&n);
	ASSERT_GT(n, 0);
	for (size_t i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "bpf_%s", asm_helper_name(&rows[i]));
		EXPECT_EQ(i + 1, rows[i].id);
		EXPECT_GE(rows[i].since, ASM_KERNEL(3, 18)) LOG("%s", name);
		EXPECT_TRUE(asm_helper_find(name + 4) == &rows[i]) LOG("%s", name);
		EXPECT_TRUE(asm_helper_find(name) == &rows[i]) LOG("%s", name);
	}
	EXPECT_NULL(asm_helper_find(""));
	EXPECT_NULL(asm_helper_find("bpf_"));
	EXPECT_NULL(asm_helper_find("unspec"));
	EXPECT_NULL(asm_helper_find("map_lookup"));
	EXPECT_NULL(asm_helper_find("map_lookup_elem_"));
	EXPECT_NULL(asm_helper_find("bpf_bpf_map_lookup_elem"));
}

/* Some that everybody knows: uapi/linux/bpf.h */
TEST(helpers_known)
{
	static const struct {
		const char *name;
		unsigned int id, since;
	} known[] = {
		{ "map_lookup_elem", 1, ASM_KERNEL(3, 19) },
		{ "ktime_get_ns", 5, ASM_KERNEL(4, 1) },
		{ "get_current_pid_tgid", 14, ASM_KERNEL(4, 2) },
		{ "perf_event_output", 25, ASM_KERNEL(4, 4) },
		{ "probe_read_kernel", 113, ASM_KERNEL(5, 5) },
		{ "ringbuf_output", 130, ASM_KERNEL(5, 8) },
		{ "ringbuf_reserve", 131, ASM_KERNEL(5, 8) },
		{ "ringbuf_submit", 132, ASM_KERNEL(5, 8) },
		{ "ringbuf_discard", 133, ASM_KERNEL(5, 8) },
		{ "for_each_map_elem", 164, ASM_KERNEL(5, 13) },
		{ "loop", 181, ASM_KERNEL(5, 17) },
		{ "cgrp_storage_delete", 211, ASM_KERNEL(6, 2) },
	};

	for (size_t i = 0; i < COUNT(known); i++) {
		const struct asm_helper *row = asm_helper_find(known[i].name);

		ASSERT_NOT_NULL(row) LOG("%s", known[i].name);
		EXPECT_EQ(known[i].id, row->id) LOG("%s", known[i].name);
		EXPECT_EQ(known[i].since, row->since) LOG("%s", known[i].name);
	}
}

TEST(map_types)
{
	const struct asm_map_type *rows;
	char constant[64];
	size_t n;

	rows = asm_map_types(&n);
	ASSERT_GT(n, 0);
	for (size_t i = 0; i < n; i++) {
		const struct asm_map_type *row = &rows[i];

		EXPECT_EQ(i + 1, row->number);
		snprintf(constant, sizeof(constant), "BPF_MAP_TYPE_%s", row->constant);
		EXPECT_GE(row->since, ASM_KERNEL(3, 19)) LOG("%s", row->name);
		EXPECT_LE(row->key, ASM_SIZE_FREE) LOG("%s", row->name);
		EXPECT_LE(row->value, ASM_SIZE_FREE) LOG("%s", row->name);
		EXPECT_TRUE(asm_map_type_find(row->name) == row) LOG("%s", row->name);
		EXPECT_TRUE(asm_map_type_find(constant) == row) LOG("%s", constant);
		EXPECT_TRUE(asm_map_type_number(row->number) == row) LOG("%s", row->name);
	}
	EXPECT_NULL(asm_map_type_number(0));
	EXPECT_NULL(asm_map_type_number((uint32_t)n + 1));
	EXPECT_NULL(asm_map_type_number(UINT32_MAX));
	EXPECT_NULL(asm_map_type_find(""));
	EXPECT_NULL(asm_map_type_find("BPF_MAP_TYPE_"));
	EXPECT_NULL(asm_map_type_find("HASH"));
	EXPECT_EQ(27, asm_map_type_find("ringbuf")->number);
	EXPECT_EQ(9, asm_map_type_find("BPF_MAP_TYPE_LRU_HASH")->number);
}

TEST(prog_types)
{
	const struct asm_prog_type *rows;
	size_t n;

	rows = asm_prog_types(&n);
	ASSERT_GT(n, 0);
	for (size_t i = 0; i < n; i++) {
		EXPECT_EQ(i + 1, rows[i].number);
		EXPECT_STRNE("", rows[i].constant);
		EXPECT_STRNE("", rows[i].name);
		EXPECT_GE(rows[i].since, ASM_KERNEL(3, 18)) LOG("%s", rows[i].name);
		EXPECT_TRUE(asm_prog_type_number(rows[i].number) == &rows[i]);
		for (size_t j = 0; j < i; j++)
			EXPECT_STRNE(rows[j].name, rows[i].name);
	}
	EXPECT_NULL(asm_prog_type_number(0));
	EXPECT_NULL(asm_prog_type_number((uint32_t)n + 1));
	EXPECT_NULL(asm_prog_type_number(UINT32_MAX));
	EXPECT_STREQ("kprobe", asm_prog_type_number(2)->name);
	EXPECT_STREQ("tracing", asm_prog_type_number(26)->name);
}

/* ---- section names ---- */

/* The row of this very name, without asking asm_attach_find(). */
static const struct asm_attach *attach_named(const char *section)
{
	const struct asm_attach *rows;
	size_t n;

	rows = asm_attaches(&n);
	for (size_t i = 0; i < n; i++) {
		if (!strcmp(rows[i].section, section))
			return &rows[i];
	}
	return NULL;
}

static void expect_section(const struct asm_attach *want, const char *target, const char *section)
{
	const char *got_target = "untouched";
	const struct asm_attach *got = asm_attach_find(section, &got_target);

	EXPECT_TRUE(got == want) LOG("\"%s\": %s", section, got ? got->section : "no row");
	if (want)
		EXPECT_STREQ(target, got_target) LOG("\"%s\"", section);
}

/* name with what may be appended to it, and cut short */
static void expect_sections_near(const struct asm_attach *row)
{
	bool targets = row->target != ASM_TARGET_NONE;
	char text[64];

	snprintf(text, sizeof(text), "%s/some.where", row->section);
	expect_section(targets ? row : NULL, "some.where", text);
	snprintf(text, sizeof(text), "%s/", row->section);
	expect_section(targets ? row : NULL, "", text);
	snprintf(text, sizeof(text), "%s/a/b:c+1", row->section);
	expect_section(targets ? row : NULL, "a/b:c+1", text);
	snprintf(text, sizeof(text), "%s.s", row->section);
	expect_section(attach_named(text), "", text);
	snprintf(text, sizeof(text), "%s_", row->section);
	expect_section(NULL, "", text);
	snprintf(text, sizeof(text), "%.*s", (int)strlen(row->section) - 1, row->section);
	expect_section(attach_named(text), "", text);
}

TEST(attaches)
{
	const struct asm_attach *rows;
	size_t n;

	rows = asm_attaches(&n);
	ASSERT_GT(n, 100);
	for (size_t i = 0; i < n; i++) {
		const struct asm_attach *row = &rows[i];

		EXPECT_TRUE(attach_named(row->section) == row) LOG("%s twice", row->section);
		EXPECT_NOT_NULL(asm_prog_type_number(row->prog_type)) LOG("%s", row->section);
		EXPECT_GE(row->since, ASM_KERNEL(3, 18)) LOG("%s", row->section);
		EXPECT_LE(row->target, ASM_TARGET_EXT) LOG("%s", row->section);
		EXPECT_LE(row->how, ASM_ATTACH_LIRC) LOG("%s", row->section);
		expect_section(row, "", row->section);
		expect_sections_near(row);
	}
	expect_section(NULL, "", "");
	expect_section(NULL, "", "/");
	expect_section(NULL, "", "kprob/f");
	expect_section(NULL, "", "Kprobe/f");
	expect_section(NULL, "", " kprobe/f");
}

/* libbpf's .s is sleepable, .frags and .multi are what they say */
TEST(attaches_suffixes)
{
	const struct asm_attach *rows, *base;
	char name[64];
	size_t n, len;

	rows = asm_attaches(&n);
	for (size_t i = 0; i < n; i++) {
		len = strlen(rows[i].section);
		if (len < 3 || strcmp(rows[i].section + len - 2, ".s"))
			continue;
		EXPECT_TRUE(rows[i].flags & ASM_ATTACH_SLEEPABLE) LOG("%s", rows[i].section);
		snprintf(name, sizeof(name), "%.*s", (int)len - 2, rows[i].section);
		base = attach_named(name);
		ASSERT_NOT_NULL(base) LOG("%s", name);
		EXPECT_EQ(base->flags | ASM_ATTACH_SLEEPABLE, rows[i].flags) LOG("%s", name);
		EXPECT_EQ(base->prog_type, rows[i].prog_type) LOG("%s", name);
		EXPECT_EQ(base->attach_type, rows[i].attach_type) LOG("%s", name);
		EXPECT_EQ(base->target, rows[i].target) LOG("%s", name);
		EXPECT_GE(rows[i].since, base->since) LOG("%s", name);
	}
	EXPECT_TRUE(attach_named("xdp.frags")->flags & ASM_ATTACH_FRAGS);
	EXPECT_EQ(ASM_ATTACH_KPROBE_MULTI, attach_named("kprobe.multi")->how);
	EXPECT_EQ(ASM_ATTACH_PERF_KPROBE, attach_named("kprobe")->how);
	EXPECT_TRUE(attach_named("kretprobe")->flags & ASM_ATTACH_RETURN);
}

/* ---- CPUs ---- */

static void expect_registers(const struct asm_cpu *cpu)
{
	unsigned int end = 0;

	for (size_t i = 0; i < cpu->nregs; i++) {
		const struct asm_cpu_reg *reg = &cpu->regs[i];

		EXPECT_GE(reg->offset, end) LOG("%s %s", cpu->name, reg->name);
		EXPECT_TRUE(reg->size == 4 || reg->size == 8) LOG("%s %s", cpu->name, reg->name);
		EXPECT_EQ(0, reg->offset % reg->size) LOG("%s %s", cpu->name, reg->name);
		EXPECT_TRUE(asm_cpu_reg_find(cpu, reg->name) == reg)
			LOG("%s %s", cpu->name, reg->name);
		end = reg->offset + reg->size;
	}
}

static void expect_known_register(const struct asm_cpu *cpu, const char *name)
{
	ASSERT_NOT_NULL(name) LOG("%s", cpu->name);
	EXPECT_NOT_NULL(asm_cpu_reg_find(cpu, name)) LOG("%s has no %s", cpu->name, name);
}

/* Names without a hole, each a register, none twice. Returns how many. */
static unsigned int expect_arguments(const struct asm_cpu *cpu, const char *const *args)
{
	unsigned int n, i;

	for (n = 0; n < ASM_CPU_ARGS && args[n]; n++) {
		expect_known_register(cpu, args[n]);
		for (i = 0; i < n; i++)
			EXPECT_STRNE(args[i], args[n]) LOG("%s", cpu->name);
	}
	for (i = n; i < ASM_CPU_ARGS; i++)
		EXPECT_NULL(args[i]) LOG("%s argument %u", cpu->name, i + 1);
	return n;
}

TEST(cpus)
{
	const struct asm_cpu *const *rows;
	size_t n;

	rows = asm_cpus(&n);
	EXPECT_EQ(5, n);
	for (size_t i = 0; i < n; i++) {
		const struct asm_cpu *cpu = rows[i];

		EXPECT_TRUE(asm_cpu_find(cpu->name) == cpu) LOG("%s", cpu->name);
		EXPECT_GE(cpu->nregs, 16) LOG("%s", cpu->name);
		EXPECT_NE(0, cpu->nr_bpf) LOG("%s", cpu->name);
		EXPECT_NE(cpu->nr_bpf, cpu->nr_perf_event_open) LOG("%s", cpu->name);
		expect_registers(cpu);
		EXPECT_GE(expect_arguments(cpu, cpu->args), 5) LOG("%s", cpu->name);
		EXPECT_EQ(6, expect_arguments(cpu, cpu->sysargs)) LOG("%s", cpu->name);
		expect_known_register(cpu, cpu->ret);
		expect_known_register(cpu, cpu->ip);
		expect_known_register(cpu, cpu->sp);
		expect_known_register(cpu, cpu->fp);
	}
	EXPECT_NULL(asm_cpu_find("x86"));
	EXPECT_NULL(asm_cpu_find(""));
	EXPECT_NULL(asm_cpu_reg_find(rows[0], "no_such_register"));
}

/* struct pt_regs, by hand from arch/.../include/uapi/asm/ptrace.h */
TEST(cpus_known_offsets)
{
	static const struct {
		const char *name;
		uint16_t machine, nr_bpf, nr_perf;
		enum asm_endian endian;
		uint16_t ret, ip, sp;
		unsigned int nargs;
		uint16_t args[ASM_CPU_ARGS];
	} known[] = {
		{ "x86_64", EM_X86_64, 321, 298, ASM_LITTLE, 80, 128, 152, 6,
		  { 112, 104, 96, 88, 72, 64 } },
		{ "arm64", EM_AARCH64, 280, 241, ASM_LITTLE, 0, 256, 248, 8,
		  { 0, 8, 16, 24, 32, 40, 48, 56 } },
		{ "s390x", EM_S390, 351, 331, ASM_BIG, 40, 16, 144, 5, { 40, 48, 56, 64, 72 } },
		{ "ppc64le", EM_PPC64, 361, 319, ASM_LITTLE, 24, 256, 8, 8,
		  { 24, 32, 40, 48, 56, 64, 72, 80 } },
		{ "riscv64", EM_RISCV, 280, 241, ASM_LITTLE, 80, 0, 16, 8,
		  { 80, 88, 96, 104, 112, 120, 128, 136 } },
	};

	for (size_t i = 0; i < COUNT(known); i++) {
		const struct asm_cpu *cpu = asm_cpu_find(known[i].name);

		ASSERT_NOT_NULL(cpu) LOG("%s", known[i].name);
		EXPECT_EQ(known[i].machine, cpu->machine) LOG("%s", cpu->name);
		EXPECT_EQ(known[i].nr_bpf, cpu->nr_bpf) LOG("%s", cpu->name);
		EXPECT_EQ(known[i].nr_perf, cpu->nr_perf_event_open) LOG("%s", cpu->name);
		EXPECT_EQ(known[i].endian, cpu->endian) LOG("%s", cpu->name);
		EXPECT_EQ(known[i].ret, asm_cpu_reg_find(cpu, cpu->ret)->offset);
		EXPECT_EQ(known[i].ip, asm_cpu_reg_find(cpu, cpu->ip)->offset);
		EXPECT_EQ(known[i].sp, asm_cpu_reg_find(cpu, cpu->sp)->offset);
		ASSERT_EQ(known[i].nargs, expect_arguments(cpu, cpu->args)) LOG("%s", cpu->name);
		for (unsigned int a = 0; a < known[i].nargs; a++)
			EXPECT_EQ(known[i].args[a], asm_cpu_reg_find(cpu, cpu->args[a])->offset)
				LOG("%s argument %u", cpu->name, a + 1);
	}
}

/* What the compiler and libc know of the machine that this runs on. */
TEST(cpus_native)
{
	const struct asm_cpu *cpu = asm_cpu_native();

	REQUIRE(cpu, "this CPU has no row");
#if defined(__x86_64__)
	EXPECT_STREQ("x86_64", cpu->name);
	EXPECT_EQ(offsetof(struct user_regs_struct, rdi), asm_cpu_reg_find(cpu, "di")->offset);
	EXPECT_EQ(offsetof(struct user_regs_struct, r10), asm_cpu_reg_find(cpu, "r10")->offset);
	EXPECT_EQ(offsetof(struct user_regs_struct, orig_rax),
		  asm_cpu_reg_find(cpu, "orig_ax")->offset);
	EXPECT_EQ(offsetof(struct user_regs_struct, ss), asm_cpu_reg_find(cpu, "ss")->offset);
#elif defined(__aarch64__)
	EXPECT_STREQ("arm64", cpu->name);
	EXPECT_EQ(offsetof(struct user_regs_struct, pc), asm_cpu_reg_find(cpu, "pc")->offset);
	EXPECT_EQ(offsetof(struct user_regs_struct, sp), asm_cpu_reg_find(cpu, "sp")->offset);
#elif defined(__s390x__)
	EXPECT_STREQ("s390x", cpu->name);
#elif defined(__powerpc64__)
	EXPECT_STREQ("ppc64le", cpu->name);
#elif defined(__riscv)
	EXPECT_STREQ("riscv64", cpu->name);
#else
	EXPECT_NULL(cpu);
#endif
	EXPECT_EQ(__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? ASM_BIG : ASM_LITTLE, cpu->endian);
	EXPECT_EQ(SYS_bpf, cpu->nr_bpf);
	EXPECT_EQ(SYS_perf_event_open, cpu->nr_perf_event_open);
}

/* pt_regs.NAME in a text is the row of the CPU asked for. */
TEST(cpus_in_texts)
{
	const struct asm_cpu *const *rows;
	struct made made;
	char text[64];
	size_t n;

	rows = asm_cpus(&n);
	for (size_t i = 0; i < n; i++) {
		struct asm_options opt = { .cpu = rows[i] };

		for (size_t r = 0; r < rows[i]->nregs; r++) {
			snprintf(text, sizeof(text), "r1 = pt_regs.%s", rows[i]->regs[r].name);
			make_with(&made, text, &opt);
			ASSERT_NOT_NULL(made.obj) LOG("%s %s", rows[i]->name, text);
			EXPECT_EQ(rows[i]->regs[r].offset, made.prog.insns[0].imm) LOG("%s", text);
			unmake(&made);
		}
		make_with(&made, "r1 = pt_regs.arg2; r1 = pt_regs.ret; r1 = pt_regs.sp", &opt);
		ASSERT_EQ(3, made.prog.ninsns) LOG("%s", rows[i]->name);
		EXPECT_EQ(asm_cpu_reg_find(rows[i], rows[i]->args[1])->offset,
			  made.prog.insns[0].imm);
		EXPECT_EQ(asm_cpu_reg_find(rows[i], rows[i]->ret)->offset, made.prog.insns[1].imm);
		EXPECT_EQ(asm_cpu_reg_find(rows[i], rows[i]->sp)->offset, made.prog.insns[2].imm);
		unmake(&made);
	}
}

/* ---- types ---- */

TEST(types)
{
	const struct asm_type *rows;
	struct asm_typeref ref;
	size_t n;

	rows = asm_types(&n);
	ASSERT_GT(n, 0);
	for (size_t i = 0; i < n; i++) {
		const struct asm_type *row = &rows[i];

		EXPECT_STRNE("", row->name);
		EXPECT_TRUE(row->size >= 1 && row->size <= 16) LOG("%s", row->name);
		EXPECT_TRUE(row->align >= 1 && row->align <= 8) LOG("%s", row->name);
		EXPECT_EQ(0, row->align & (row->align - 1)) LOG("%s", row->name);
		EXPECT_EQ(0, row->size % row->align) LOG("%s", row->name);
		EXPECT_LT(row->format, ASM_STRUCT) LOG("%s", row->name);
		EXPECT_NULL(row->fields);
		for (size_t j = 0; j < i; j++)
			EXPECT_STRNE(rows[j].name, row->name);
		ref = (struct asm_typeref){ row, 0 };
		EXPECT_EQ(row->size, asm_sizeof(ref));
		ref.count = 1u << 31;
		EXPECT_EQ((uint64_t)row->size << 31, asm_sizeof(ref));
	}
	ref = (struct asm_typeref){ NULL, 3 };
	EXPECT_EQ(0, asm_sizeof(ref));
}

/* ---- names that are near ---- */

TEST(distance)
{
	static const char *const names[] = {
		"", "a", "ab", "ba", "abc", "map_lookup_elem", "map_lokup_elem", "map_lookup_eelm",
		"bpf_map_lookup_elem", "r1", "exit",
	};
	char longer[200], other[200];

	for (size_t i = 0; i < COUNT(names); i++) {
		EXPECT_EQ(0, asm_distance(names[i], names[i], 3));
		for (size_t j = 0; j < COUNT(names); j++) {
			unsigned int d = asm_distance(names[i], names[j], 30);

			EXPECT_EQ(d, asm_distance(names[j], names[i], 30));
			EXPECT_EQ(i == j, d == 0) LOG("%s %s", names[i], names[j]);
			/* the cut-off changes nothing below it */
			for (unsigned int most = 0; most < 6; most++)
				EXPECT_EQ(d <= most ? d : most + 1,
					  asm_distance(names[i], names[j], most))
					LOG("%s %s %u", names[i], names[j], most);
		}
	}
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	memcpy(other, longer, sizeof(longer));
	EXPECT_EQ(0, asm_distance(longer, other, 3));
	other[100] = 'y';
	EXPECT_GE(asm_distance(longer, other, 3), 1);
	EXPECT_EQ(4, asm_distance(longer, "x", 3));
}

TEST(distance_known)
{
	EXPECT_EQ(1, asm_distance("ab", "ba", 3));		/* neighbours swapped */
	EXPECT_EQ(1, asm_distance("exit", "exti", 3));
	EXPECT_EQ(1, asm_distance("exit", "exi", 3));		/* one lost */
	EXPECT_EQ(1, asm_distance("exit", "eexit", 3));		/* one more */
	EXPECT_EQ(1, asm_distance("exit", "exat", 3));		/* another one */
	EXPECT_EQ(2, asm_distance("exit", "xeti", 3));		/* two pairs swapped */
	EXPECT_EQ(4, asm_distance("exit", "goto", 4));
	EXPECT_EQ(3, asm_distance("kitten", "sitting", 7));
	EXPECT_EQ(3, asm_distance("", "abc", 7));
	EXPECT_EQ(2, asm_distance("", "abc", 1));
}

TEST_MAIN
