/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tables_test.c - every row of the assembler's tables; and what its texts come to: expressions,
 * structures, -D, linked programs, memory that runs out.
 */
#include <elf.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#if defined(__x86_64__) || defined(__aarch64__)
#include <sys/user.h>
#endif

#include "../asm/asm.h"
#include "harness.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- a text and what became of it ---- */

struct made {
	struct asm_object *obj;
	struct asm_program prog;	/* of the only program */
	unsigned int errors, warnings;
	char said[2048];		/* the messages, a line each */
};

static void made_sink(void *arg, const struct asm_diag *diag)
{
	struct made *made = arg;
	size_t used = strlen(made->said);

	made->errors += diag->severity == ASM_ERROR;
	made->warnings += diag->severity == ASM_WARNING;
	snprintf(made->said + used, sizeof(made->said) - used, "%s%s%s\n",
		 diag->place.file ? diag->place.file : "", diag->place.file ? ": " : "",
		 diag->message);
}

/* Assemble, and link the program when there is just one. */
static void make_with(struct made *made, const char *text, const struct asm_options *options)
{
	struct asm_options opt = *options;
	const struct asm_func *func;

	memset(made, 0, sizeof(*made));
	opt.sink = made_sink;
	opt.sink_arg = made;
	made->obj = asm_assemble("text", text, strlen(text), &opt);
	if (!made->obj)
		return;
	func = asm_object_program(made->obj, NULL);
	if (func)
		ASSERT_OK(asm_link(made->obj, func, &made->prog));
}

static void make(struct made *made, const char *text)
{
	static const struct asm_options options = {
		.quiet = 1 << ASM_WARNING_UNUSED_FUNCTION | 1 << ASM_WARNING_NO_EXIT,
	};

	make_with(made, text, &options);
}

static void unmake(struct made *made)
{
	if (made->obj)
		asm_program_free(&made->prog);
	asm_free(made->obj);
	made->obj = NULL;
}

/* The same, of a text that must assemble without a word. */
static void make_clean(struct made *made, const char *text)
{
	make(made, text);
	EXPECT_STREQ("", made->said) LOG("text: %s", text);
	ASSERT_NOT_NULL(made->obj);
}

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

/* ---- expressions ---- */

enum { LOWEST = 1 };

static const struct {
	const char *text;
	uint64_t value;
	const char *error;	/* NULL: it has the value */
} expressions[] = {
	/* numbers */
	{ "0", 0, NULL }, { "017", 15, NULL }, { "0x1F", 31, NULL }, { "0b101", 5, NULL },
	{ "0B11", 3, NULL }, { "10u", 10, NULL }, { "10ULL", 10, NULL }, { "5ll", 5, NULL },
	{ "'a'", 97, NULL }, { "'\\n'", 10, NULL }, { "'\\''", 39, NULL }, { "4K", 4096, NULL },
	{ "1M", 1 << 20, NULL }, { "2G", 2ull << 30, NULL }, { "0x10K", 16384, NULL },
	{ "18446744073709551615", UINT64_MAX, NULL },
	{ "0xffffffffffffffff", UINT64_MAX, NULL },
	{ "17179869183G", 17179869183ull << 30, NULL },
	{ "18446744073709551616", 0, "does not fit in 64 bits" },
	{ "0x10000000000000000", 0, "does not fit in 64 bits" },
	{ "17179869184G", 0, "does not fit in 64 bits" },
	{ "08", 0, "not a number" }, { "0x", 0, "not a number" }, { "1_0", 0, "not a number" },
	{ "0b2", 0, "not a number" }, { "12abc", 0, "not a number" },
	{ "''", 0, "not a character" }, { "'ab'", 0, "not a character" },
	{ "'\\q'", 0, "not a character" }, { "", 0, "expected" }, { "1 +", 0, "expected" },
	{ "1 2", 0, "expected" }, { "nonsense", 0, "unknown" },

	/* both ends of the range */
	{ "-9223372036854775808", 1ull << 63, NULL },
	{ "-9223372036854775809", 0, "does not fit in 64 bits" },
	{ "-9223372036854775808 - 1", 0, "does not fit in 64 bits" },
	{ "-9223372036854775807 - 1", 1ull << 63, NULL },
	{ "- -9223372036854775808", 1ull << 63, NULL },
	{ "18446744073709551615 + 1", 0, "does not fit in 64 bits" },
	{ "18446744073709551614 + 1", UINT64_MAX, NULL },
	{ "18446744073709551615 + -1", UINT64_MAX - 1, NULL },
	{ "0 - 18446744073709551615", 0, "does not fit in 64 bits" },
	{ "-1 + 18446744073709551615", UINT64_MAX - 1, NULL },
	{ "4294967296 * 4294967295", 4294967296ull * 4294967295ull, NULL },
	{ "4294967296 * 4294967296", 0, "does not fit in 64 bits" },
	{ "-4294967296 * 2147483648", 1ull << 63, NULL },
	{ "-4294967296 * 2147483649", 0, "does not fit in 64 bits" },
	{ "-9223372036854775808 / -1", 1ull << 63, NULL },
	{ "-9223372036854775808 % -1", 0, NULL },
	{ "-9223372036854775808 * -1", 1ull << 63, NULL },

	/* division, as in C towards zero */
	{ "7 / 2", 3, NULL }, { "-7 / 2", (uint64_t)-3, NULL }, { "7 / -2", (uint64_t)-3, NULL },
	{ "-7 % 3", (uint64_t)-1, NULL }, { "7 % -3", 1, NULL },
	{ "18446744073709551615 / 2", INT64_MAX, NULL },
	{ "1 / 0", 0, "division by zero" }, { "1 % 0", 0, "division by zero" },
	{ "1 / (3 - 3)", 0, "division by zero" },

	/* shifts */
	{ "1 << 63", 1ull << 63, NULL }, { "1 << 64", 0, "between 0 and 63" },
	{ "1 << -1", 0, "between 0 and 63" }, { "1 >> 64", 0, "between 0 and 63" },
	{ "2 << 63", 0, "does not fit in 64 bits" }, { "-1 << 63", 1ull << 63, NULL },
	{ "-2 << 63", 0, "does not fit in 64 bits" }, { "-1 << 62", 3ull << 62, NULL },
	{ "-1 >> 63", UINT64_MAX, NULL }, { "-8 >> 1", (uint64_t)-4, NULL },
	{ "-7 >> 1", (uint64_t)-4, NULL }, { "0xffffffffffffffff >> 60", 15, NULL },
	{ "0 << 63", 0, NULL }, { "1 << 0", 1, NULL },

	/* bits and prefixes */
	{ "~0", UINT64_MAX, NULL }, { "~5", (uint64_t)-6, NULL }, { "~-1", 0, NULL },
	{ "~18446744073709551615", 0, NULL }, { "!5", 0, NULL }, { "!!5", 1, NULL },
	{ "!0", 1, NULL }, { "-~5", 6, NULL }, { "+5", 5, NULL }, { "- - -5", (uint64_t)-5, NULL },
	{ "0xf0 & ~0x30", 0xc0, NULL }, { "0xf0 | 0xf", 0xff, NULL }, { "0xff ^ 0xf", 0xf0, NULL },
	{ "-1 & 0xffffffffffffffff", UINT64_MAX, NULL }, { "-1 ^ -1", 0, NULL },
	{ "-2 | 1", UINT64_MAX, NULL }, { "-1 & 255", 255, NULL },

	/* comparisons are of the numbers, not of their bits */
	{ "1 < 2", 1, NULL }, { "2 <= 1", 0, NULL }, { "-1 < 0", 1, NULL },
	{ "-2 < -1", 1, NULL }, { "-1 < -2", 0, NULL }, { "18446744073709551615 > 0", 1, NULL },
	{ "-1 == 18446744073709551615", 0, NULL }, { "-1 != 18446744073709551615", 1, NULL },
	{ "3 >= 3", 1, NULL }, { "-9223372036854775808 < 18446744073709551615", 1, NULL },

	/* precedence and order, as in C */
	{ "1 + 2 * 3", 7, NULL }, { "(1 + 2) * 3", 9, NULL }, { "10 - 4 - 3", 3, NULL },
	{ "100 / 10 / 2", 5, NULL }, { "2 * 3 % 4", 2, NULL }, { "-2 * 3", (uint64_t)-6, NULL },
	{ "64 >> 2 >> 1", 8, NULL }, { "1 - -1", 2, NULL }, { "10 - (4 - 3)", 9, NULL },
	{ "7 - 2 * 2 - 1", 2, NULL }, { "((((7))))", 7, NULL }, { "1 + (2", 0, "expected ')'" },
};

static uint64_t wide_value(const struct asm_program *prog)
{
	return (uint32_t)prog->insns[0].imm | (uint64_t)(uint32_t)prog->insns[1].imm << 32;
}

static void make_expression(struct made *made, const char *expression)
{
	char text[1024];
	int len = snprintf(text, sizeof(text), "r0 = (%s) ll", expression);

	ASSERT_LT(len, (int)sizeof(text));
	make(made, text);
}

TEST(expressions)
{
	struct made made;

	for (size_t i = 0; i < COUNT(expressions); i++) {
		make_expression(&made, expressions[i].text);
		if (expressions[i].error) {
			EXPECT_NULL(made.obj) LOG("%s", expressions[i].text);
			EXPECT_EQ(1, made.errors) LOG("%s: %s", expressions[i].text, made.said);
			EXPECT_HAS(expressions[i].error, made.said);
		} else {
			EXPECT_STREQ("", made.said) LOG("%s", expressions[i].text);
			ASSERT_EQ(2, made.prog.ninsns) LOG("%s", expressions[i].text);
			EXPECT_EQ(expressions[i].value, wide_value(&made.prog))
				LOG("%s", expressions[i].text);
		}
		unmake(&made);
	}
}

/* Where gas and LLVM group another way there is a warning, and C's value. */
TEST(expressions_mixed_precedence)
{
	static const struct {
		const char *text;
		uint64_t value;
		unsigned int warnings;
	} mixed[] = {
		{ "1 + 2 << 3", 24, 1 }, { "1 << 2 + 3", 32, 1 }, { "1 | 2 + 4", 7, 1 },
		{ "8 - 1 & 3", 3, 1 }, { "6 & 3 == 3", 0, 1 }, { "1 | 2 ^ 3 & 4", 3, 2 },
		{ "2 * 3 << 1", 12, 1 },
		{ "(1 + 2) << 3", 24, 0 }, { "1 + (2 << 3)", 17, 0 }, { "1 + 2 * 3", 7, 0 },
		{ "1 + 2 - 3", 0, 0 }, { "1 | 2 | 4", 7, 0 }, { "1 < 2 + 3", 1, 0 },
	};
	struct made made;

	for (size_t i = 0; i < COUNT(mixed); i++) {
		make_expression(&made, mixed[i].text);
		ASSERT_NOT_NULL(made.obj) LOG("%s: %s", mixed[i].text, made.said);
		EXPECT_EQ(mixed[i].value, wide_value(&made.prog)) LOG("%s", mixed[i].text);
		EXPECT_EQ(mixed[i].warnings, made.warnings)
			LOG("%s: %s", mixed[i].text, made.said);
		if (mixed[i].warnings)
			EXPECT_HAS("read as in C", made.said);
		unmake(&made);
	}
}

/* n times what opens, a 7, n times what closes */
static void make_nested(struct made *made, unsigned int n, const char *open, const char *close)
{
	char text[1024];
	size_t used = (size_t)snprintf(text, sizeof(text), "r0 = ");

	for (unsigned int i = 0; i < n; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s", open);
	used += (size_t)snprintf(text + used, sizeof(text) - used, "7");
	for (unsigned int i = 0; i < n; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s", close);
	used += (size_t)snprintf(text + used, sizeof(text) - used, " ll");
	ASSERT_LT(used, sizeof(text));
	make(made, text);
}

TEST(expressions_nested)
{
	static const char *const open[] = { "(", "~", "1+(" }, *const close[] = { ")", "", ")" };
	struct made made;

	for (size_t i = 0; i < COUNT(open); i++) {
		make_nested(&made, 200, open[i], close[i]);
		EXPECT_STREQ("", made.said) LOG("%s", open[i]);
		EXPECT_NOT_NULL(made.obj);
		if (made.obj)
			EXPECT_EQ(i == 2 ? 207 : 7, wide_value(&made.prog));
		unmake(&made);
		make_nested(&made, 201, open[i], close[i]);
		EXPECT_NULL(made.obj) LOG("%s", open[i]);
		EXPECT_HAS("nested more than 200 deep", made.said);
		EXPECT_EQ(1, made.errors) LOG("%s", open[i]);
		unmake(&made);
	}
}

/* A number that a field cannot hold is an error where it stands, at both ends. */
TEST(expressions_fit_their_fields)
{
	static const struct {
		const char *good, *bad;
	} fields[] = {
		{ "r1 = -2147483648", "r1 = -2147483649" },
		{ "r1 += 2147483647", "r1 += 4294967296" },
		{ "w1 = 4294967295", "w1 = 4294967296" },
		{ "w1 ^= -2147483648", "w1 ^= -2147483649" },
		{ "r1 = *(u64 *)(r2 + 32767)", "r1 = *(u64 *)(r2 + 32768)" },
		{ "r1 = *(u64 *)(r2 - 32768)", "r1 = *(u64 *)(r2 - 32769)" },
		{ "*(u8 *)(r1 + 0) = 255", "*(u8 *)(r1 + 0) = 256" },
		{ "*(u8 *)(r1 + 0) = -128", "*(u8 *)(r1 + 0) = -129" },
		{ "*(u16 *)(r1 + 0) = 65535", "*(u16 *)(r1 + 0) = 65536" },
		{ "*(u16 *)(r1 + 0) = -32768", "*(u16 *)(r1 + 0) = -32769" },
		{ "*(u32 *)(r1 + 0) = 4294967295", "*(u32 *)(r1 + 0) = 4294967296" },
		{ "*(u64 *)(r1 + 0) = 2147483647", "*(u64 *)(r1 + 0) = 4294967296" },
		{ "goto +32767", "goto +32768" }, { "goto -32768", "goto -32769" },
		{ "may_goto +32767", "may_goto +32768" },
		{ "if r1 == 0 goto +32767", "if r1 == 0 goto +32768" },
		{ "if w1 < w2 goto -32768", "if w1 < w2 goto -32769" },
		{ "gotol +2147483647", "gotol +2147483648" },
		{ "gotol -2147483648", "gotol -2147483649" },
		{ "call 2147483647", "call 4294967296" },
		{ "call pc+2147483647", "call pc+2147483648" },
		{ "r1 = 18446744073709551615 ll", "r1 = 18446744073709551616 ll" },
		{ "r1 = addr_space_cast(r2, 65535, 0)", "r1 = addr_space_cast(r2, 65536, 0)" },
		{ "r1 = addr_space_cast(r2, 0, 65535)", "r1 = addr_space_cast(r2, 0, 65536)" },
		{ "r1 = addr_space_cast(r2, 0, 0)", "r1 = addr_space_cast(r2, -1, 0)" },
		{ "r0 = *(u8 *)skb[2147483647]", "r0 = *(u8 *)skb[4294967296]" },
	};
	struct made made;

	for (size_t i = 0; i < COUNT(fields); i++) {
		make_clean(&made, fields[i].good);
		unmake(&made);
		make(&made, fields[i].bad);
		EXPECT_NULL(made.obj) LOG("%s", fields[i].bad);
		EXPECT_EQ(1, made.errors) LOG("%s: %s", fields[i].bad, made.said);
		unmake(&made);
	}
}

/* 0x80000000 to 0xffffffff in 64 bits: the value is sign-extended, and that is said. */
TEST(expressions_sign_extended)
{
	struct made made;

	make(&made, "r1 = 0x80000000; r2 += 0xffffffff; if r1 == 0xfffffffe goto +0");
	ASSERT_NOT_NULL(made.obj) LOG("%s", made.said);
	EXPECT_EQ(3, made.warnings) LOG("%s", made.said);
	EXPECT_HAS("0xffffffff80000000", made.said);
	EXPECT_EQ(INT32_MIN, made.prog.insns[0].imm);
	EXPECT_EQ(-1, made.prog.insns[1].imm);
	EXPECT_EQ(-2, made.prog.insns[2].imm);
	unmake(&made);
}

/* ---- structures ---- */

static const struct asm_type *struct_named(const struct asm_object *obj, const char *name)
{
	for (size_t i = 0; i < obj->nstructs; i++) {
		if (!strcmp(obj->structs[i]->name, name))
			return obj->structs[i];
	}
	return NULL;
}

static const struct asm_field *field_named(const struct asm_type *type, const char *name)
{
	for (size_t i = 0; i < type->nfields; i++) {
		if (!strcmp(type->fields[i].name, name))
			return &type->fields[i];
	}
	return NULL;
}

#define TEXT_OF(...) #__VA_ARGS__
#define TEXT(...) TEXT_OF(__VA_ARGS__)

/* One text for both: the C compiler here and .struct lay it out. */
#define PAIR { uint8_t a; uint32_t b; uint16_t c[3]; }
#define OUTER { uint8_t flag; struct pair one; struct pair two[2]; uint64_t last; char tail[3]; }
#define MIXED { uint64_t t; uint8_t a, b; uint16_t c; uint8_t d[5]; int64_t e; int f; char g[16]; }

struct pair PAIR;
struct outer OUTER;
struct mixed MIXED;
struct pair_packed PAIR __attribute__((packed));
struct outer_packed OUTER __attribute__((packed));

static void expect_field(const struct asm_type *type, const char *name, size_t offset, size_t size)
{
	const struct asm_field *field = field_named(type, name);

	ASSERT_NOT_NULL(field) LOG("%s.%s", type->name, name);
	EXPECT_EQ(offset, field->offset) LOG("%s.%s", type->name, name);
	EXPECT_EQ(size, asm_sizeof(field->type)) LOG("%s.%s", type->name, name);
}

#define EXPECT_LAYOUT(obj, type, field) \
	expect_field(struct_named(obj, #type), #field, offsetof(struct type, field), \
		     sizeof(((struct type *)0)->field))

#define EXPECT_STRUCT(obj, type) do { \
	ASSERT_NOT_NULL(struct_named(obj, #type)); \
	EXPECT_EQ(sizeof(struct type), struct_named(obj, #type)->size) LOG("%s", #type); \
	EXPECT_EQ(_Alignof(struct type), struct_named(obj, #type)->align) LOG("%s", #type); \
} while (0)

TEST(structs_as_c_lays_them_out)
{
	struct made made;

	REQUIRE(_Alignof(uint64_t) == 8, "this CPU does not align 64 bits as BPF does");
	make_clean(&made, ".struct pair " TEXT(PAIR) "\n.struct outer " TEXT(OUTER)
		   "\n.struct mixed " TEXT(MIXED) "\n.struct pair_packed packed " TEXT(PAIR)
		   "\n.struct outer_packed packed " TEXT(OUTER) "\nexit");
	EXPECT_EQ(5, made.obj->nstructs);
	EXPECT_STRUCT(made.obj, pair);
	EXPECT_STRUCT(made.obj, outer);
	EXPECT_STRUCT(made.obj, mixed);
	EXPECT_STRUCT(made.obj, pair_packed);
	EXPECT_STRUCT(made.obj, outer_packed);
	EXPECT_LAYOUT(made.obj, pair, a);
	EXPECT_LAYOUT(made.obj, pair, b);
	EXPECT_LAYOUT(made.obj, pair, c);
	EXPECT_LAYOUT(made.obj, outer, one);
	EXPECT_LAYOUT(made.obj, outer, two);
	EXPECT_LAYOUT(made.obj, outer, last);
	EXPECT_LAYOUT(made.obj, outer, tail);
	EXPECT_LAYOUT(made.obj, mixed, b);
	EXPECT_LAYOUT(made.obj, mixed, c);
	EXPECT_LAYOUT(made.obj, mixed, d);
	EXPECT_LAYOUT(made.obj, mixed, e);
	EXPECT_LAYOUT(made.obj, mixed, f);
	EXPECT_LAYOUT(made.obj, mixed, g);
	EXPECT_LAYOUT(made.obj, pair_packed, b);
	EXPECT_LAYOUT(made.obj, pair_packed, c);
	EXPECT_LAYOUT(made.obj, outer_packed, one);
	EXPECT_LAYOUT(made.obj, outer_packed, two);
	EXPECT_LAYOUT(made.obj, outer_packed, last);
	EXPECT_LAYOUT(made.obj, outer_packed, tail);
	unmake(&made);
}

TEST(structs_in_expressions)
{
	static const struct {
		const char *text;
		size_t value;
	} asked[] = {
		{ "sizeof(pair)", sizeof(struct pair) }, { "sizeof(outer)", sizeof(struct outer) },
		{ "pair.c", offsetof(struct pair, c) },
		{ "outer.one", offsetof(struct outer, one) },
		{ "outer.one.b", offsetof(struct outer, one.b) },
		{ "outer.last", offsetof(struct outer, last) },
		{ "offsetof(outer, two)", offsetof(struct outer, two) },
		{ "offsetof(outer, one.c)", offsetof(struct outer, one.c) },
		{ "sizeof(outer.two)", sizeof(((struct outer *)0)->two) },
		{ "sizeof(outer.one.c)", sizeof(((struct outer *)0)->one.c) },
		{ "sizeof(outer.tail)", 3 }, { "sizeof(u16)", 2 },
		{ "outer.last + sizeof(u64)", offsetof(struct outer, last) + 8 },
	};
	char text[256];
	struct made made;

	REQUIRE(_Alignof(uint64_t) == 8, "this CPU does not align 64 bits as BPF does");
	for (size_t i = 0; i < COUNT(asked); i++) {
		snprintf(text, sizeof(text), ".struct pair %s\n.struct outer %s\nr1 = %s",
			 TEXT(PAIR), TEXT(OUTER), asked[i].text);
		make_clean(&made, text);
		EXPECT_EQ(asked[i].value, made.prog.insns[0].imm) LOG("%s", asked[i].text);
		unmake(&made);
	}
}

/* Packed event layouts that tracers use; the sizes are by hand. */
TEST(structs_packed_events)
{
	struct made made;

	make_clean(&made,
		   ".struct connection packed { u64 timestamp; u32 pid, saddr, daddr;"
		   " u16 sport, dport; u8 protocol, direction, padding[2]; char comm[16]; }\n"
		   ".struct connect packed { u64 timestamp; u32 pid, tgid; char comm[16];"
		   " u32 daddr; u16 dport, padding; }\n"
		   ".struct syscall packed { u64 timestamp; u32 pid, number;"
		   " u64 arg0, arg1, arg2 }\n"
		   ".struct exec packed { u64 timestamp; u32 pid, tgid, uid, gid; char comm[16];"
		   " u32 filename_len; s32 ret }\n"
		   ".struct file packed { u64 timestamp; u32 pid, operation; u64 inode, size;"
		   " s32 ret; u32 flags; char name[64] }\nexit");
	EXPECT_EQ(44, struct_named(made.obj, "connection")->size);
	EXPECT_EQ(40, struct_named(made.obj, "connect")->size);
	EXPECT_EQ(40, struct_named(made.obj, "syscall")->size);
	EXPECT_EQ(48, struct_named(made.obj, "exec")->size);
	EXPECT_EQ(104, struct_named(made.obj, "file")->size);
	expect_field(struct_named(made.obj, "connection"), "protocol", 24, 1);
	expect_field(struct_named(made.obj, "connection"), "comm", 28, 16);
	expect_field(struct_named(made.obj, "connect"), "dport", 36, 2);
	expect_field(struct_named(made.obj, "syscall"), "arg2", 32, 8);
	expect_field(struct_named(made.obj, "exec"), "ret", 44, 4);
	expect_field(struct_named(made.obj, "file"), "name", 40, 64);
	unmake(&made);
}

TEST(structs_that_are_wrong)
{
	static const struct {
		const char *text, *error;
	} wrong[] = {
		{ ".struct s { }", "no fields" }, { ".struct s { u32 a;", "does not end" },
		{ ".struct s { u32 a", "expected ';'" },
		{ ".struct s { u32 a; u32 a; }", "already" },
		{ ".struct s { s a; }", "not complete" },
		{ ".struct s { u32 a[0]; }", "out of range" },
		{ ".struct s { u32 a[-1]; }", "out of range" },
		{ ".struct s { u64 a[0x10000000]; }", "out of range" },
		{ ".struct s { u8 a[0x10000000]; u8 b; }", "larger than" },
		{ ".struct s { u32 a }; .struct s { u32 b }", "already" },
		{ ".struct u32 { u8 a }", "already" }, { ".struct r1 { u8 a }", "register" },
		{ ".struct s { u32 r1 }", "the name of a field" },
		{ ".struct s { u32 a }\nr1 = s.b", "no field 'b'" },
		{ ".struct s { u32 a[2] }\nr1 = s.a.b", "no fields" },
		{ "r1 = s.a", "unknown type" }, { "r1 = sizeof(s)", "unknown type" },
	};
	struct made made;

	for (size_t i = 0; i < COUNT(wrong); i++) {
		make(&made, wrong[i].text);
		EXPECT_NULL(made.obj) LOG("%s", wrong[i].text);
		EXPECT_HAS(wrong[i].error, made.said) LOG("%s", wrong[i].text);
		EXPECT_EQ(1, made.errors) LOG("%s: %s", wrong[i].text, made.said);
		unmake(&made);
	}
}

/* ---- -D ---- */

static void make_defined(struct made *made, const char *text, const char *first, const char *second)
{
	const char *defines[] = { first, second };
	struct asm_options opt = { .defines = defines, .ndefines = second ? 2 : first ? 1 : 0 };

	make_with(made, text, &opt);
}

TEST(defines_beat_equ)
{
	static const struct {
		const char *text, *first, *second;
		int32_t value;
	} cases[] = {
		{ ".equ A, 1\nr1 = A", NULL, NULL, 1 }, { ".equ A, 1\nr1 = A", "A=2", NULL, 2 },
		{ ".equ A, 1\n.equ B, A + 1\nr1 = B", "A=10", NULL, 11 },
		{ ".equ A, 1\n.equ B, A + 1\nr1 = B", "B=10", NULL, 10 },
		{ ".equ A, 1\n.equ B, 2\nr1 = A + B", "A=10", "B=20", 30 },
		{ "r1 = A", "A=3", NULL, 3 }, { "r1 = B", "A=3", "B=A * 2 + 1", 7 },
		{ "r1 = A", "A = (1 << 4) | 1", NULL, 17 }, { "r1 = A", "A=BPF_EXIST", NULL, 2 },
		{ "r1 = A", "A=-1", NULL, -1 },
	};
	struct made made;

	for (size_t i = 0; i < COUNT(cases); i++) {
		make_defined(&made, cases[i].text, cases[i].first, cases[i].second);
		EXPECT_STREQ("", made.said) LOG("%s, %s", cases[i].text, cases[i].first);
		ASSERT_NOT_NULL(made.obj);
		EXPECT_EQ(cases[i].value, made.prog.insns[0].imm)
			LOG("%s, %s", cases[i].text, cases[i].first);
		unmake(&made);
	}
}

TEST(defines_that_are_wrong)
{
	static const struct {
		const char *text, *first, *second, *error;
	} cases[] = {
		{ "exit", "A", NULL, "NAME=EXPR" }, { "exit", "", NULL, "NAME=EXPR" },
		{ "exit", "=1", NULL, "expected" }, { "exit", "A=", NULL, "expected" },
		{ "exit", "A=1 2", NULL, "expected" }, { "exit", "A=B", NULL, "unknown" },
		{ "exit", "r1=1", NULL, "register" }, { "exit", "A=1", "A=2", "already" },
		{ "exit", "A=1\n", NULL, "expected" }, { "exit", "A=1/0", NULL, "by zero" },
		{ ".map A type hash key u32 value u32 entries 1\nexit", "A=1", NULL, "already" },
		{ ".equ A, 1\n.equ A, 2\nexit", NULL, NULL, "already" },
		{ ".func A\nexit\n.prog p \"socket\"\nexit", "A=1", NULL, "already" },
		{ ".equ A, nonsense\nr1 = A", "A=1", NULL, "unknown" },
	};
	struct made made;

	for (size_t i = 0; i < COUNT(cases); i++) {
		make_defined(&made, cases[i].text, cases[i].first, cases[i].second);
		EXPECT_NULL(made.obj) LOG("%s, %s", cases[i].text, cases[i].first);
		EXPECT_HAS(cases[i].error, made.said) LOG("%s, %s", cases[i].text, cases[i].first);
		unmake(&made);
	}
}

/* Two .equ of one name are an error with -D as they are without. */
TEST(defines_do_not_hide_a_second_equ)
{
	struct made made;

	make_defined(&made, ".equ A, 1\n.equ A, 2\nr1 = A", "A=3", NULL);
	EXPECT_NULL(made.obj);
	EXPECT_HAS("already", made.said);
	unmake(&made);
}

/* One that nothing asks for is most likely misspelt. */
TEST(defines_that_nothing_uses)
{
	struct made made;

	make_defined(&made, ".equ ENTRIES, 1\nr1 = ENTRIES", "ENTRYES=2", NULL);
	ASSERT_NOT_NULL(made.obj);
	EXPECT_EQ(1, made.warnings);
	EXPECT_HAS("-D: nothing uses 'ENTRYES'; did you mean 'ENTRIES'?", made.said);
	EXPECT_EQ(1, made.prog.insns[0].imm);
	unmake(&made);
}

/* ---- linking ---- */

static const char shared_text[] =
	".map counts type array key u32 value u64 entries 1\n"
	".func never\n"				/* nothing calls it */
	"	r0 = 9\n	exit\n"
	".func leaf\n"
	"	r1 = counts ll\n	r0 = 3\n	exit\n"
	".func middle\n"
	"	call leaf\n	call middle\n	exit\n"
	".prog first \"socket\"\n"
	"	call middle\n	r1 = counts ll\n	call leaf\n	r2 = leaf ll\n	exit\n"
	".prog second \"socket\"\n"
	"	r0 = 1\n	exit\n"
	".prog third \"socket\"\n"
	"	call leaf\n	exit\n";

static void link_program(const struct made *made, const char *name, struct asm_program *out)
{
	const struct asm_func *func = asm_object_program(made->obj, name);

	ASSERT_NOT_NULL(func) LOG("%s", name);
	ASSERT_OK(asm_link(made->obj, func, out));
	EXPECT_TRUE(out->func == func);
}

/* The slot holds a call or a function's address that leads to `to`. */
static void expect_leads(const struct asm_program *prog, size_t slot, unsigned int src, size_t to)
{
	ASSERT_LT(slot, prog->ninsns);
	EXPECT_EQ(src, asm_src(prog->insns[slot])) LOG("slot %zu", slot);
	EXPECT_EQ((int64_t)to - (int64_t)slot - 1, prog->insns[slot].imm) LOG("slot %zu", slot);
}

TEST(link_subprograms)
{
	enum { FIRST = 0, MIDDLE = 7, LEAF = 10, END = 14, CALL = 1, FUNC = 4 };
	struct asm_program prog;
	struct made made;

	make_clean(&made, shared_text);
	link_program(&made, "first", &prog);
	ASSERT_EQ(END, prog.ninsns);
	expect_leads(&prog, FIRST, CALL, MIDDLE);
	expect_leads(&prog, FIRST + 3, CALL, LEAF);
	expect_leads(&prog, FIRST + 4, FUNC, LEAF);
	EXPECT_EQ(0, prog.insns[FIRST + 5].imm);
	EXPECT_EQ(0x95, prog.insns[FIRST + 6].code);
	expect_leads(&prog, MIDDLE, CALL, LEAF);
	expect_leads(&prog, MIDDLE + 1, CALL, MIDDLE);	/* recursion: the verifier's business */
	EXPECT_EQ(3, prog.insns[LEAF + 2].imm);
	EXPECT_EQ(0x95, prog.insns[LEAF + 3].code);
	ASSERT_EQ(2, prog.nrelocs);
	EXPECT_EQ(1, prog.relocs[0].slot);
	EXPECT_EQ(LEAF, prog.relocs[1].slot);
	for (size_t i = 0; i < prog.nrelocs; i++) {
		EXPECT_EQ(ASM_RELOC_MAP, prog.relocs[i].kind);
		EXPECT_EQ(0, prog.relocs[i].index);
		EXPECT_EQ(1, asm_src(prog.insns[prog.relocs[i].slot]));
	}
	asm_program_free(&prog);
	unmake(&made);
}

/* Each program has what it reaches, and only that. */
TEST(link_programs_apart)
{
	struct asm_program prog;
	struct made made;

	make_clean(&made, shared_text);
	EXPECT_EQ(6, made.obj->nfuncs);
	EXPECT_NULL(asm_object_program(made.obj, NULL));	/* which of the three? */
	EXPECT_NULL(asm_object_program(made.obj, "leaf"));	/* no program */
	EXPECT_NULL(asm_object_program(made.obj, "fourth"));
	link_program(&made, "second", &prog);
	EXPECT_EQ(2, prog.ninsns);
	EXPECT_EQ(0, prog.nrelocs);
	asm_program_free(&prog);
	link_program(&made, "third", &prog);
	ASSERT_EQ(6, prog.ninsns);
	expect_leads(&prog, 0, 1, 2);
	ASSERT_EQ(1, prog.nrelocs);
	EXPECT_EQ(2, prog.relocs[0].slot);
	asm_program_free(&prog);
	asm_program_free(&prog);				/* zeroed is fine */
	unmake(&made);
	asm_free(NULL);
}

/* A slot's place in the text, after linking too. */
TEST(link_keeps_places)
{
	struct asm_place place;
	struct asm_program prog;
	struct made made;

	make_clean(&made, shared_text);
	link_program(&made, "third", &prog);
	place = asm_object_place(made.obj, prog.insn_pos[0]);
	EXPECT_STREQ("text", place.file);
	EXPECT_EQ(23, place.line);
	EXPECT_EQ(2, place.col);
	ASSERT_EQ(10, place.len);
	EXPECT_MEMEQ("\tcall leaf", place.text, 10);
	place = asm_object_place(made.obj, prog.insn_pos[2]);
	EXPECT_EQ(6, place.line);
	EXPECT_EQ(prog.insn_pos[2], prog.insn_pos[3]);		/* both slots of the wide load */
	asm_program_free(&prog);
	unmake(&made);
}

/* f0 calls f1 calls f2 ...: as many as the text has, in the order in which they are reached. */
TEST(link_a_long_chain)
{
	enum { CHAIN = 1000 };
	size_t room = CHAIN * 64, used = 0;
	char *text = malloc(room);
	struct made made;

	ASSERT_NOT_NULL(text);
	for (unsigned int i = 1; i < CHAIN; i++) {
		used += (size_t)snprintf(text + used, room - used, ".func f%u\n", i);
		if (i + 1 < CHAIN)
			used += (size_t)snprintf(text + used, room - used, "call f%u\n", i + 1);
		used += (size_t)snprintf(text + used, room - used, "r0 = %u\nexit\n", i);
	}
	snprintf(text + used, room - used, ".prog p \"socket\"\ncall f1\nexit\n");
	make_clean(&made, text);
	ASSERT_EQ(2 + 3 * (CHAIN - 1) - 1, made.prog.ninsns);
	expect_leads(&made.prog, 0, 1, 2);
	for (size_t i = 1; i + 1 < CHAIN; i++) {
		expect_leads(&made.prog, 2 + 3 * (i - 1), 1, 2 + 3 * i);
		EXPECT_EQ(i, made.prog.insns[2 + 3 * (i - 1) + 1].imm);
	}
	unmake(&made);
	free(text);
}

/* ---- no memory ---- */

#if defined(__SANITIZE_ADDRESS__)
enum { SANITIZED = true };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
enum { SANITIZED = true };
#else
enum { SANITIZED = false };
#endif
#else
enum { SANITIZED = false };
#endif

/* Bytes of address space in use. */
static size_t address_space(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	unsigned long pages = 0;

	if (f && fscanf(f, "%lu", &pages) != 1)
		pages = 0;
	if (f)
		fclose(f);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* Labels, calls, wide loads: all that a text can make the assembler allocate in quantity. */
static char *large_text(size_t lines)
{
	size_t room = lines * 96 + 4096, used;
	char *text = malloc(room);

	ASSERT_NOT_NULL(text);
	used = (size_t)snprintf(text, room, ".prog p \"socket\"\n");
	for (size_t i = 0; i < lines; i++)
		used += (size_t)snprintf(text + used, room - used,
					 "l%zu: r1 = %zu ll; if r1 == 0 goto l%zu; call f%zu\n",
					 i, i, i, i % 100);
	for (size_t i = 0; i < 100; i++)
		used += (size_t)snprintf(text + used, room - used, "\n.func f%zu\nexit", i);
	ASSERT_LT(used, room);
	return text;
}

enum outcome { OUTCOME_DONE, OUTCOME_NO_MEMORY, OUTCOME_WRONG, OUTCOMES };

static enum outcome starved_assemble(const struct asm_object *ready, const char *text)
{
	struct asm_options opt = { .sink = made_sink };
	struct asm_object *obj;
	static struct made made;

	(void)ready;
	opt.sink_arg = &made;
	obj = asm_assemble("text", text, strlen(text), &opt);
	if (!obj)
		return made.errors == 1 && strstr(made.said, strerror(ENOMEM)) ?
		       OUTCOME_NO_MEMORY : OUTCOME_WRONG;
	asm_free(obj);
	return made.errors ? OUTCOME_WRONG : OUTCOME_DONE;
}

static enum outcome starved_link(const struct asm_object *ready, const char *text)
{
	struct asm_program prog;
	int ret = asm_link(ready, asm_object_program(ready, NULL), &prog);

	(void)text;
	if (!ret)
		asm_program_free(&prog);
	return !ret ? OUTCOME_DONE : ret == -ENOMEM ? OUTCOME_NO_MEMORY : OUTCOME_WRONG;
}

/* How it ends in a process that may have so many bytes more than it has now. */
static enum outcome starve(enum outcome (*act)(const struct asm_object *, const char *),
			   const struct asm_object *ready, const char *text, size_t more)
{
	struct rlimit limit = { .rlim_cur = address_space() + more, .rlim_max = RLIM_INFINITY };
	int status = 0;
	pid_t pid;

	pid = fork();
	if (!pid) {
		setrlimit(RLIMIT_AS, &limit);
		_exit((int)act(ready, text));
	}
	ASSERT_GT(pid, 0);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFEXITED(status)) LOG("%zu bytes: status %#x", more, (unsigned int)status);
	return WIFEXITED(status) && WEXITSTATUS(status) < OUTCOMES ?
	       (enum outcome)WEXITSTATUS(status) : OUTCOME_WRONG;
}

/* From nothing in steps until it has enough, and a bit beyond. */
static void expect_starved(enum outcome (*act)(const struct asm_object *, const char *),
			   const struct asm_object *ready, const char *text, size_t step)
{
	unsigned int seen[OUTCOMES] = { 0 };
	enum outcome outcome;

	step *= 4 / t_rounds(4);
	for (size_t more = 0; seen[OUTCOME_DONE] < 10 && more < (64u << 20); more += step) {
		outcome = starve(act, ready, text, more);
		EXPECT_NE(OUTCOME_WRONG, outcome) LOG("%zu bytes", more);
		seen[outcome]++;
	}
	EXPECT_GT(seen[OUTCOME_NO_MEMORY], 5);
	EXPECT_EQ(10, seen[OUTCOME_DONE]);
}

TEST(memory_runs_out)
{
	struct made made;
	char *text;

	REQUIRE(!SANITIZED, "the address sanitizer needs its address space");
	REQUIRE(address_space(), "/proc is not mounted");
	text = large_text(20000);
	expect_starved(starved_assemble, NULL, text, 192u << 10);
	make_clean(&made, text);
	expect_starved(starved_link, made.obj, text, 32u << 10);
	unmake(&made);
	free(text);
}

TEST_MAIN
