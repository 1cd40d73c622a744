/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * dis_test.c - the disassembler: what it prints, the assembler reads back to the same slots, in
 * every dialect and for any bytes at all.
 */
#include "../asm/asm.h"
#include "harness.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

/* How many random slots a test takes, and how many are assembled at once. */
#ifdef SANITIZED
enum { SLOTS = 20000, BATCH = 10000 };
#else
enum { SLOTS = 1000000, BATCH = 10000 };
#endif

enum { REGS = 11, STACK_ARG = 11, WIDE_SLOTS = 2, LONG = 120 };

static const enum asm_dialect dialects[] = {
	ASM_DIALECT_KERNEL, ASM_DIALECT_LLVM, ASM_DIALECT_GAS,
};

static const enum asm_endian endians[] = { ASM_LITTLE, ASM_BIG };

/* ---- random numbers: the same ones each time ---- */

struct rng {
	uint64_t state;
};

/* splitmix64 */
static uint64_t rng_next(struct rng *rng)
{
	uint64_t z = rng->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static unsigned int rng_below(struct rng *rng, unsigned int end)
{
	return (unsigned int)(rng_next(rng) % end);
}

/* Half of them anything, half near zero and where ranges end. */
static int32_t rng_imm(struct rng *rng)
{
	static const int32_t edges[] = {
		0, 1, -1, 7, 127, 128, 255, 256, -128, -129, INT16_MAX, INT16_MAX + 1, INT16_MIN,
		INT16_MIN - 1, UINT16_MAX, INT32_MAX, INT32_MIN, INT32_MIN + 1,
	};
	uint64_t bits = rng_next(rng);

	return bits & 1 ? (int32_t)(uint32_t)(bits >> 32) : edges[(bits >> 1) % COUNT(edges)];
}

static int16_t rng_off(struct rng *rng)
{
	return (int16_t)(uint16_t)(uint32_t)rng_imm(rng);
}

/* ---- rows: what their operands can be ---- */

enum field {
	FIELD_DST = 1 << 0, FIELD_SRC = 1 << 1, FIELD_OFF = 1 << 2, FIELD_IMM = 1 << 3,
	FIELD_NEXT = 1 << 4, FIELD_LABEL = 1 << 5,
};

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

static bool is_call(const struct asm_form *form)
{
	return form->code == 0x85;
}

/* gotol, call and wide loads have their distance in imm. */
static bool is_far(const struct asm_form *form)
{
	return form->code == 0x06 || is_call(form) || (form->flags & ASM_WIDE);
}

static unsigned int word_fields(const struct asm_form *form, const char *word, size_t len)
{
	static const struct {
		const char *name;
		unsigned int fields;
	} words[] = {
		{ "rD", FIELD_DST }, { "wD", FIELD_DST }, { "rS", FIELD_SRC }, { "wS", FIELD_SRC },
		{ "off", FIELD_OFF }, { "imm", FIELD_IMM }, { "imm64", FIELD_IMM | FIELD_NEXT },
		{ "next", FIELD_NEXT }, { "hi", FIELD_IMM }, { "lo", FIELD_IMM },
		{ "label", FIELD_LABEL }, { "func", FIELD_IMM },
	};
	unsigned int fields = 0;

	for (size_t i = 0; i < COUNT(words); i++) {
		if (strlen(words[i].name) == len && !memcmp(words[i].name, word, len))
			fields = words[i].fields;
	}
	if (fields & FIELD_LABEL)
		fields |= is_far(form) ? FIELD_IMM : FIELD_OFF;
	if (is_call(form) && form->src == 1)
		fields |= FIELD_LABEL;
	return fields;
}

static unsigned int template_fields(const struct asm_form *form)
{
	const char *at = form->syntax;
	unsigned int fields = 0;
	size_t len;

	for (; *at && *at != '\n'; at += len ? len : 1) {
		for (len = 0; is_letter(at[len]); len++)
			;
		fields |= word_fields(form, at, len);
	}
	return fields;
}

/* The fields that the operands of a row fill. Looked up once: the random tests ask often. */
static unsigned int form_fields(const struct asm_form *form)
{
	enum { ROWS = 1024, KNOWN = 1 << 15 };
	static unsigned int cache[ROWS];
	const struct asm_form *forms;
	size_t n;

	forms = asm_forms(&n);
	ASSERT_LE(n, ROWS);
	if (!cache[form - forms])
		cache[form - forms] = template_fields(form) | KNOWN;
	return cache[form - forms];
}

static unsigned int form_slots(const struct asm_form *form)
{
	return form->flags & ASM_WIDE ? WIDE_SLOTS : 1;
}

/* The text of a form can say this immediate: stores of less than 4 bytes cannot say all. */
static bool is_legal_imm(const struct asm_form *form, int32_t imm)
{
	if (form->code == 0x72)
		return imm >= INT8_MIN && imm <= UINT8_MAX;
	if (form->code == 0x6a)
		return imm >= INT16_MIN && imm <= UINT16_MAX;
	return !is_call(form) || form->src != 2 || imm > 0;
}

/* Registers 0 to 10; and 11 as the base of what has stack arguments. */
static bool is_legal_base(struct asm_insn insn, bool stack_arg, unsigned int reg, int sign)
{
	return reg < REGS || (stack_arg && reg == STACK_ARG && insn.off * sign > 0 &&
			      insn.off % 8 == 0);
}

/* Whether slots are of that row, by the documentation of its columns. */
static bool is_legal(const struct asm_form *form, unsigned int fields,
		     const struct asm_insn *insns, size_t n)
{
	struct asm_insn insn = insns[0];

	if (insn.code != form->code || n < form_slots(form) || !is_legal_imm(form, insn.imm) ||
	    !is_legal_base(insn, form->flags & ASM_STACKARG_ST, asm_dst(insn), -1) ||
	    !is_legal_base(insn, form->flags & ASM_STACKARG_LD, asm_src(insn), 1) ||
	    (!(fields & FIELD_DST) && asm_dst(insn)) ||
	    (!(fields & FIELD_SRC) && asm_src(insn) != form->src) ||
	    (!(fields & FIELD_OFF) && insn.off != form->off) ||
	    (!(fields & FIELD_IMM) && insn.imm != form->imm))
		return false;
	if (!(form->flags & ASM_WIDE))
		return true;
	return !insns[1].code && !insns[1].regs && !insns[1].off &&
	       (fields & FIELD_NEXT || !insns[1].imm);
}

/* The row whose slots these are; NULL: data. */
static const struct asm_form *legal_form(const struct asm_insn *insns, size_t n)
{
	const struct asm_form *forms, *found = NULL;
	size_t count;

	forms = asm_forms(&count);
	for (size_t i = 0; i < count && !found; i++) {
		if (forms[i].code == insns[0].code &&
		    is_legal(&forms[i], form_fields(&forms[i]), insns, n))
			found = &forms[i];
	}
	return found;
}

static int32_t random_imm(struct rng *rng, const struct asm_form *form)
{
	int32_t imm = rng_imm(rng);

	while (!is_legal_imm(form, imm))
		imm = (int32_t)rng_below(rng, 1 << 16) - 128;
	return imm;
}

/* Now and then a load or store of a stack argument. */
static void make_stack_arg(struct rng *rng, const struct asm_form *form, struct asm_insn *insn)
{
	int off = 8 + 8 * (int)rng_below(rng, INT16_MAX / 8);

	if (!(form->flags & (ASM_STACKARG_LD | ASM_STACKARG_ST)) || rng_below(rng, 4))
		return;
	if (form->flags & ASM_STACKARG_LD) {
		insn->regs = (uint8_t)(STACK_ARG << 4 | asm_dst(*insn));
		insn->off = (int16_t)off;
	} else {
		insn->regs = (uint8_t)(asm_src(*insn) << 4 | STACK_ARG);
		insn->off = (int16_t)-off;
	}
}

/* A random instruction of a row: the number of its slots. */
static unsigned int make_insn(struct rng *rng, const struct asm_form *form, struct asm_insn out[2])
{
	unsigned int fields = form_fields(form);
	unsigned int dst = fields & FIELD_DST ? rng_below(rng, REGS) : 0;
	unsigned int src = fields & FIELD_SRC ? rng_below(rng, REGS) : form->src;

	memset(out, 0, WIDE_SLOTS * sizeof(*out));
	out[0].code = form->code;
	out[0].regs = (uint8_t)(src << 4 | dst);
	out[0].off = fields & FIELD_OFF ? rng_off(rng) : form->off;
	out[0].imm = fields & FIELD_IMM ? random_imm(rng, form) : form->imm;
	if (fields & FIELD_NEXT)
		out[1].imm = rng_imm(rng);
	make_stack_arg(rng, form, &out[0]);
	return form_slots(form);
}

/* Random instructions of random rows. Wide ones do not begin in the last slot. */
static void make_program(struct rng *rng, struct asm_insn *insns, size_t n)
{
	const struct asm_form *forms;
	struct asm_insn insn[2];
	size_t count, at = 0;
	unsigned int slots;

	forms = asm_forms(&count);
	while (at < n) {
		slots = make_insn(rng, &forms[rng_below(rng, (unsigned int)count)], insn);
		if (slots > n - at)
			continue;
		memcpy(&insns[at], insn, slots * sizeof(*insns));
		at += slots;
	}
}

/* ---- there and back ---- */

/* The first error, or the last warning. */
struct said {
	bool error;
	unsigned int line;
	char message[256];
};

static void said_sink(void *arg, const struct asm_diag *diag)
{
	struct said *said = arg;

	if (said->error || diag->severity == ASM_NOTE)
		return;
	said->error = diag->severity == ASM_ERROR;
	said->line = diag->place.line;
	snprintf(said->message, sizeof(said->message), "%s", diag->message);
}

/* Text of the line, for a message. */
static void text_line(const char *text, unsigned int line, char out[LONG])
{
	while (--line && (text = strchr(text, '\n')))
		text++;
	snprintf(out, LONG, "%.*s", text ? (int)strcspn(text, "\n") : 0, text ? text : "");
}

/* Assemble; of an error, say which line it is about. */
static struct asm_object *assemble(const char *text, size_t len, enum asm_endian endian)
{
	struct said said = { .error = false };
	struct asm_options opt = { .endian = endian, .sink = said_sink, .sink_arg = &said };
	struct asm_object *obj = asm_assemble("text", text, len, &opt);
	char line[LONG];

	if (!obj)
		text_line(text, said.line, line);
	EXPECT_NOT_NULL(obj) LOG("%s: %s", line, said.message);
	return obj;
}

static bool same_slot(struct asm_insn a, struct asm_insn b)
{
	return a.code == b.code && a.regs == b.regs && a.off == b.off && a.imm == b.imm;
}

/* The text gives these slots. */
static bool expect_back(const char *text, size_t len, enum asm_endian endian,
			const struct asm_insn *insns, size_t n)
{
	struct asm_object *obj = assemble(text, len, endian);
	size_t i, count = obj ? obj->ninsns : 0;
	struct asm_insn want, got;

	for (i = 0; i < n && i < count && same_slot(insns[i], obj->insns[i]); i++)
		;
	if (i < n && i < count) {
		want = insns[i];
		got = obj->insns[i];
		EXPECT_EQ(i, n)
			LOG("slot %zu: %02x %02x %d %d came back as %02x %02x %d %d", i, want.code,
			    want.regs, want.off, want.imm, got.code, got.regs, got.off, got.imm);
	} else if (obj) {
		EXPECT_EQ(n, count);
	}
	asm_free(obj);
	return i == n && i == count;
}

/* asm_insn_text() into a buffer that shows when it writes too much. */
static unsigned int text_of(const struct asm_insn *insns, size_t n, enum asm_endian endian,
			    enum asm_dialect dialect, const char *label, char out[ASM_INSN_TEXT])
{
	enum { GUARD = 64, MARK = 0x5a };
	char buf[ASM_INSN_TEXT + GUARD];
	unsigned int slots;

	memset(buf, MARK, sizeof(buf));
	slots = asm_insn_text(insns, n, endian, dialect, label, buf);
	for (size_t i = ASM_INSN_TEXT; i < sizeof(buf); i++)
		ASSERT_EQ(MARK, buf[i]);
	ASSERT_NOT_NULL(memchr(buf, '\0', ASM_INSN_TEXT));
	memcpy(out, buf, ASM_INSN_TEXT);
	return slots;
}

/* One instruction, alone. */
static void expect_insn(const struct asm_insn *insns, unsigned int slots, enum asm_dialect dialect)
{
	char text[ASM_INSN_TEXT];

	EXPECT_EQ(slots, text_of(insns, slots, ASM_LITTLE, dialect, NULL, text));
	if (!expect_back(text, strlen(text), ASM_LITTLE, insns, slots))
		LOG("dialect %d: %s", dialect, text);
}

/* The text of a whole program, for free(). */
static char *emit(const struct asm_insn *insns, size_t n, enum asm_endian endian,
		  enum asm_dialect dialect, size_t *len)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, len);

	ASSERT_NOT_NULL(f);
	EXPECT_OK(asm_emit_text(f, insns, n, endian, dialect));
	EXPECT_EQ(0, fclose(f));
	ASSERT_NOT_NULL(text);
	return text;
}

static bool expect_program(const struct asm_insn *insns, size_t n, enum asm_endian endian,
			   enum asm_dialect dialect)
{
	size_t len;
	char *text = emit(insns, n, endian, dialect, &len);
	bool ok = expect_back(text, len, endian, insns, n);

	free(text);
	return ok;
}

FIXTURE(dialect) { int unused; };
FIXTURE_VARIANT(dialect) { enum asm_dialect dialect; };
FIXTURE_VARIANT_ADD(dialect, kernel) { ASM_DIALECT_KERNEL };
FIXTURE_VARIANT_ADD(dialect, llvm) { ASM_DIALECT_LLVM };
FIXTURE_VARIANT_ADD(dialect, gas) { ASM_DIALECT_GAS };
FIXTURE_SETUP(dialect) { }
FIXTURE_TEARDOWN(dialect) { }

/* ---- rows ---- */

/* Values for the fields of a row, those that it has. */
static const struct operands {
	unsigned int dst, src;
	int16_t off;
	int32_t imm, next;
} operand_sets[] = {
	{ 0, 0, 0, 1, 0 },
	{ 1, 2, 8, 7, 9 },
	{ 10, 9, -8, 255, -1 },
	{ 9, 10, INT16_MAX, 127, INT32_MAX },
	{ 3, 4, INT16_MIN, 100, INT32_MIN },
	{ 5, 5, 1, INT32_MAX, 0x12345678 },
	{ 6, 7, -1, -1, 4 },
	{ 7, 6, 16, INT32_MIN, 8 },
	{ 8, 1, 9, UINT16_MAX, -8 },
	{ 2, 3, 10, INT16_MIN, -9 },
	{ 4, 8, 100, 0, 1 },
};

/* False: the row cannot have these. */
static bool make_set(const struct asm_form *form, const struct operands *set,
		     struct asm_insn out[2])
{
	unsigned int fields = form_fields(form);

	memset(out, 0, WIDE_SLOTS * sizeof(*out));
	out[0].code = form->code;
	out[0].regs = (uint8_t)((fields & FIELD_SRC ? set->src : form->src) << 4 |
				(fields & FIELD_DST ? set->dst : 0));
	out[0].off = fields & FIELD_OFF ? set->off : form->off;
	out[0].imm = fields & FIELD_IMM ? set->imm : form->imm;
	if (fields & FIELD_NEXT)
		out[1].imm = set->next;
	return is_legal(form, fields, out, WIDE_SLOTS);
}

/* The texts of a row with each set of operands, a line each; how many sets it can have. */
static unsigned int row_text(const struct asm_form *form, enum asm_dialect dialect,
			     struct asm_insn *insns, char *text)
{
	unsigned int slots = form_slots(form), sets = 0;

	text[0] = '\0';
	for (size_t i = 0; i < COUNT(operand_sets); i++) {
		struct asm_insn *insn = &insns[sets * slots], two[WIDE_SLOTS];

		if (!make_set(form, &operand_sets[i], two))
			continue;
		memcpy(insn, two, slots * sizeof(*insn));
		EXPECT_TRUE(asm_insn_form(insn, slots) == form) LOG("%s", form->syntax);
		text += strlen(text);
		EXPECT_EQ(slots, text_of(insn, slots, ASM_LITTLE, dialect, NULL, text));
		strcat(text, "\n");
		sets++;
	}
	return sets;
}

TEST_F(dialect, rows_come_back)
{
	struct asm_insn insns[COUNT(operand_sets) * WIDE_SLOTS];
	char text[COUNT(operand_sets) * (ASM_INSN_TEXT + 1)];
	const struct asm_form *forms;
	unsigned int sets;
	size_t n;

	forms = asm_forms(&n);
	EXPECT_GT(n, 150);
	for (size_t i = 0; i < n; i++) {
		sets = row_text(&forms[i], variant->dialect, insns, text);
		EXPECT_GT(sets, 3) LOG("%s", forms[i].syntax);
		if (!expect_back(text, strlen(text), ASM_LITTLE, insns,
				 sets * form_slots(&forms[i])))
			LOG("%s", text);
	}
}

/* All rows one behind the other, jumps and calls to wherever their operands say. */
TEST_F(dialect, rows_in_a_program)
{
	static struct asm_insn insns[4096];
	const struct asm_form *forms;
	size_t n, used = 0;

	forms = asm_forms(&n);
	for (size_t i = 0; i < n * COUNT(operand_sets); i++) {
		struct asm_insn insn[2];
		const struct asm_form *form = &forms[i % n];

		if (!make_set(form, &operand_sets[i / n], insn))
			continue;
		ASSERT_LE(used + form_slots(form), COUNT(insns));
		memcpy(&insns[used], insn, form_slots(form) * sizeof(*insn));
		used += form_slots(form);
	}
	EXPECT_GT(used, n * 3);
	expect_program(insns, used, ASM_LITTLE, variant->dialect);
	expect_program(insns, used, ASM_BIG, variant->dialect);
}

/* A label stands for the distance, where there is one. */
TEST_F(dialect, rows_with_labels)
{
	static const char *const lines[] = { "there: %s", "%s\nexit\nthere: exit" };
	static const int32_t distances[] = { -1, 1 };
	char one[ASM_INSN_TEXT], text[ASM_INSN_TEXT + 32];
	const struct asm_form *forms;
	struct asm_insn insns[5];
	size_t n, jumps = 0;

	forms = asm_forms(&n);
	for (size_t i = 0; i < n * COUNT(lines); i++) {
		const struct asm_form *form = &forms[i % n];
		unsigned int slots = form_slots(form), more = i / n ? 2 : 0;
		int32_t distance = distances[i / n] + (i / n && slots > 1);

		if (!(form_fields(form) & FIELD_LABEL))
			continue;
		ASSERT_TRUE(make_set(form, &operand_sets[1], insns));
		if (is_far(form))
			insns[0].imm = distance;
		else
			insns[0].off = (int16_t)distance;
		insns[slots] = insns[slots + 1] = (struct asm_insn){ .code = 0x95 };
		text_of(insns, slots, ASM_LITTLE, variant->dialect, "there", one);
		EXPECT_HAS("there", one);
		snprintf(text, sizeof(text), i / n ? lines[1] : lines[0], one);
		if (!expect_back(text, strlen(text), ASM_LITTLE, insns, slots + more))
			LOG("%s", text);
		jumps++;
	}
	EXPECT_GT(jumps, 2 * 44);
}

/* r11 only where the row allows it, and only there is it printed. */
TEST_F(dialect, stack_arguments)
{
	static const struct {
		struct asm_insn insn;
		bool data;
	} cases[] = {
		{ { 0x79, 0xb1, 8, 0 }, false }, { { 0x7b, 0x2b, -8, 0 }, false },
		{ { 0x7a, 0x0b, -16, 7 }, false }, { { 0x79, 0xb1, INT16_MAX - 7, 0 }, false },
		{ { 0x7b, 0xab, INT16_MIN, 0 }, false },
		{ { 0x79, 0xb1, -8, 0 }, true }, { { 0x79, 0xb1, 0, 0 }, true },
		{ { 0x79, 0xb1, 4, 0 }, true }, { { 0x79, 0x1b, 8, 0 }, true },
		{ { 0x79, 0xbb, 8, 0 }, true }, { { 0x7b, 0xbb, -8, 0 }, true },
		{ { 0x7b, 0xb2, -8, 0 }, true }, { { 0x7b, 0x2b, 8, 0 }, true },
		{ { 0x7a, 0x0b, -4, 7 }, true }, { { 0x61, 0xb1, 8, 0 }, true },
		{ { 0xb7, 0x0b, 0, 0 }, true }, { { 0xbf, 0xb1, 0, 0 }, true },
		{ { 0x79, 0xc1, 8, 0 }, true },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		EXPECT_EQ(cases[i].data, !asm_insn_form(&cases[i].insn, 1)) LOG("case %zu", i);
		expect_insn(&cases[i].insn, 1, variant->dialect);
	}
}

/* ---- what the texts look like ---- */

TEST(text_by_dialect)
{
	static const struct {
		struct asm_insn insns[2];
		const char *text[3];	/* kernel, llvm, gas */
	} cases[] = {
		{ { { 0xb7, 0x01, 0, -2 } }, { "r1 = -2", "r1 = -0x2", "mov %r1, -2" } },
		{ { { 0x04, 0x03, 0, 16 } }, { "w3 += 16", "w3 += 0x10", "add32 %r3, 16" } },
		{ { { 0x37, 0x03, 1, 5 } }, { "r3 s/= 5", "r3 s/= 0x5", "sdiv %r3, 5" } },
		{ { { 0xbf, 0x21, 8, 0 } },
		  { "r1 = (s8)r2", "r1 = (s8)r2", "movs %r1, %r2, 8" } },
		{ { { 0xdc, 0x01, 0, 32 } },
		  { "r1 = be32 r1", "r1 = be32 r1", "endbe %r1, 32" } },
		{ { { 0x61, 0x12, 8, 0 } },
		  { "r2 = *(u32 *)(r1 +8)", "r2 = *(u32 *)(r1 + 0x8)", "ldxw %r2, [%r1 +8]" } },
		{ { { 0x7b, 0x1a, -8, 0 } },
		  { "*(u64 *)(r10 -8) = r1", "*(u64 *)(r10 - 0x8) = r1",
		    "stxdw [%r10 -8], %r1" } },
		{ { { 0x55, 0x01, -3, 5 } },
		  { "if r1 != 0x5 goto pc-3", "if r1 != 0x5 goto -0x3", "jne %r1, 5, -3" } },
		{ { { 0x55, 0x01, 3, -1 } },
		  { "if r1 != 0xffffffff goto pc+3", "if r1 != -0x1 goto +0x3",
		    "jne %r1, -1, +3" } },
		{ { { 0x05, 0x00, 0, 0 } }, { "goto pc+0", "goto +0x0", "ja +0" } },
		{ { { 0x85, 0x00, 0, 1 } },
		  { "call bpf_map_lookup_elem#1", "call 0x1", "call 1" } },
		{ { { 0x85, 0x00, 0, 99999 } },
		  { "call unknown#99999", "call 0x1869f", "call 99999" } },
		{ { { 0x85, 0x00, 0, -1 } }, { "call -1", "call -0x1", "call -1" } },
		{ { { 0x85, 0x10, 0, -3 } }, { "call pc-3", "call pc-0x3", "call pc-3" } },
		{ { { 0x85, 0x20, 0, 77 } },
		  { "call kfunc#77", "call kfunc#77", "call kfunc#77" } },
		{ { { 0x8d, 0x02, 0, 0 } }, { "callx r2", "callx r2", "call %r2" } },
		{ { { 0xc3, 0x1a, -4, 1 } },
		  { "r1 = atomic_fetch_add((u32 *)(r10 -4), r1)",
		    "w1 = atomic_fetch_add((u32 *)(r10 - 0x4), w1)", "afadd32 [%r10 -4], %r1" } },
		{ { { 0xdb, 0x1a, -8, 0xf1 } },
		  { "r0 = atomic64_cmpxchg((u64 *)(r10 -8), r0, r1)",
		    "r0 = cmpxchg_64(r10 - 0x8, r0, r1)", "acmp [%r10 -8], %r1" } },
		{ { { 0x18, 0x01, 0, 2 }, { 0, 0, 0, 1 } },
		  { "r1 = 0x100000002 ll", "r1 = 0x100000002 ll", "lddw %r1, 0x100000002" } },
		{ { { 0x18, 0x11, 0, 12 } },
		  { "r1 = map[id:12]", "r1 = map_by_fd(0xc) ll", "%r1 = map_by_fd(12) ll" } },
		{ { { 0xbf, 0x21, 1, 65537 } },
		  { "r1 = addr_space_cast(r2, 1, 1)", "r1 = addr_space_cast(r2, 1, 1)",
		    "%r1 = addr_space_cast(%r2, 1, 1)" } },
		{ { { 0x30, 0x00, 0, 14 } },
		  { "r0 = *(u8 *)skb[14]", "r0 = *(u8 *)skb[0xe]", "ldabsb 14" } },
		{ { { 0x50, 0x60, 0, -4 } },
		  { "r0 = *(u8 *)skb[r6 + -4]", "r0 = *(u8 *)skb[r6 - 0x4]",
		    "ldindb %r6, -4" } },
		{ { { 0xff, 0x21, 0x0403, 0x08070605 } },
		  { ".8byte 0x08070605040321ff", ".8byte 0x08070605040321ff",
		    ".8byte 0x08070605040321ff" } },
	};
	char text[ASM_INSN_TEXT];

	for (size_t i = 0; i < COUNT(cases) * COUNT(dialects); i++) {
		enum asm_dialect dialect = dialects[i % COUNT(dialects)];
		const struct asm_insn *insns = cases[i / COUNT(dialects)].insns;

		text_of(insns, 2, ASM_LITTLE, dialect, NULL, text);
		EXPECT_STREQ(cases[i / COUNT(dialects)].text[dialect], text);
	}
}

/* The kernel's listings name them; what is behind the last one has no name. */
TEST(text_of_helpers)
{
	const struct asm_helper *helpers;
	char text[ASM_INSN_TEXT], want[ASM_INSN_TEXT];
	size_t n;

	helpers = asm_helpers(&n);
	EXPECT_GT(n, 200);
	for (size_t i = 0; i < n * COUNT(dialects); i++) {
		const struct asm_helper *helper = &helpers[i / COUNT(dialects)];
		enum asm_dialect dialect = dialects[i % COUNT(dialects)];
		struct asm_insn insn = { .code = 0x85, .imm = (int32_t)helper->id };

		snprintf(want, sizeof(want), "call bpf_%s#%u", asm_helper_name(helper),
			 helper->id);
		if (dialect != ASM_DIALECT_KERNEL)
			snprintf(want, sizeof(want), dialect == ASM_DIALECT_LLVM ?
				 "call 0x%x" : "call %u", helper->id);
		text_of(&insn, 1, ASM_LITTLE, dialect, NULL, text);
		EXPECT_STREQ(want, text);
		expect_insn(&insn, 1, dialect);
	}
}

/* As the bytes are in the target's memory. */
TEST(text_of_data_by_byte_order)
{
	static const struct asm_insn insn = { 0xff, 0x21, 0x0403, 0x08070605 };
	char text[ASM_INSN_TEXT];

	EXPECT_EQ(1, text_of(&insn, 1, ASM_BIG, ASM_DIALECT_LLVM, NULL, text));
	EXPECT_STREQ(".8byte 0xff12040308070605", text);
}

TEST(text_of_nothing)
{
	static const struct asm_insn insn = { .code = 0x95 };
	char text[ASM_INSN_TEXT] = "left over";

	for (size_t i = 0; i < COUNT(dialects); i++) {
		EXPECT_EQ(0, text_of(&insn, 0, ASM_LITTLE, dialects[i], NULL, text));
		EXPECT_STREQ("", text);
	}
	EXPECT_NULL(asm_insn_form(&insn, 0));
}

/* A label that is longer than the buffer is cut. */
TEST(text_stays_in_its_buffer)
{
	char label[4 * ASM_INSN_TEXT], text[ASM_INSN_TEXT];
	const struct asm_form *forms;
	struct asm_insn insns[2];
	size_t n;

	memset(label, 'x', sizeof(label) - 1);
	label[sizeof(label) - 1] = '\0';
	forms = asm_forms(&n);
	for (size_t i = 0; i < n * COUNT(dialects); i++) {
		const struct asm_form *form = &forms[i / COUNT(dialects)];

		ASSERT_TRUE(make_set(form, &operand_sets[1], insns));
		EXPECT_EQ(form_slots(form), text_of(insns, 2, ASM_LITTLE,
						    dialects[i % COUNT(dialects)], label, text));
		if (form_fields(form) & FIELD_LABEL)
			EXPECT_EQ(ASM_INSN_TEXT - 1, strlen(text)) LOG("%s", text);
	}
}

static const struct asm_insn jumping[] = {
	{ 0x05, 0, 2, 0 },	/* to the exit */
	{ 0x18, 1, 0, 5 }, { 0, 0, 0, 0 },
	{ 0x95, 0, 0, 0 },
	{ 0x05, 0, -3, 0 },	/* into the wide load */
	{ 0x85, 0x10, 0, -3 },	/* of the exit */
	{ 0x05, 0, 100, 0 },	/* outside */
	{ 0x15, 0, -8, 0 },	/* to the beginning */
	{ 0x05, 0, 0, 0 },	/* behind the end */
};

TEST(programs_have_labels)
{
	size_t len;
	char *text = emit(jumping, COUNT(jumping), ASM_LITTLE, ASM_DIALECT_LLVM, &len);

	EXPECT_STREQ("L0:\n\tgoto L3\n\tr1 = 0x5 ll\nL3:\n\texit\n\tgoto -0x3\n\tcall L3\n"
		     "\tgoto +0x64\n\tif r0 == 0x0 goto L0\n\tgoto +0x0\n", text);
	free(text);
}

/* No labels: each line says where it is, and the opcode. */
TEST(programs_in_the_kernels_dialect)
{
	size_t len;
	char *text = emit(jumping, COUNT(jumping), ASM_LITTLE, ASM_DIALECT_KERNEL, &len);

	EXPECT_STREQ("   0: (05) goto pc+2\n   1: (18) r1 = 0x5\n   3: (95) exit\n"
		     "   4: (05) goto pc-3\n   5: (85) call pc-3\n   6: (05) goto pc+100\n"
		     "   7: (15) if r0 == 0x0 goto pc-8\n   8: (05) goto pc+0\n", text);
	free(text);
}

TEST(programs_of_no_slots)
{
	for (size_t i = 0; i < COUNT(dialects); i++) {
		size_t len = 1;
		char *text = emit(jumping, 0, ASM_LITTLE, dialects[i], &len);

		EXPECT_EQ(0, len);
		free(text);
	}
}

/* From one end to the other: too far for 16 bits. */
TEST_F(dialect, programs_with_far_jumps)
{
	enum { SIZE = 40000 };
	struct asm_insn *insns = malloc(SIZE * sizeof(*insns));

	ASSERT_NOT_NULL(insns);
	for (size_t i = 0; i < SIZE; i++)
		insns[i] = (struct asm_insn){ .code = 0x95 };
	insns[0] = (struct asm_insn){ 0x06, 0x00, 0, SIZE - 2 };
	insns[1] = (struct asm_insn){ 0x85, 0x10, 0, SIZE - 3 };
	insns[2] = (struct asm_insn){ 0x05, 0x00, INT16_MAX, 0 };
	insns[SIZE - 3] = (struct asm_insn){ 0xa5, 0x12, INT16_MIN, 0 };
	insns[SIZE - 2] = (struct asm_insn){ 0x85, 0x10, 0, 1 - SIZE };
	insns[SIZE - 1] = (struct asm_insn){ 0x06, 0x00, 0, -SIZE };
	expect_program(insns, SIZE, ASM_LITTLE, variant->dialect);
	free(insns);
}

/* ---- random instructions ---- */

/* Their texts, one a line; each is the text of the row. */
static char *batch_text(const struct asm_insn *insns, size_t n, enum asm_dialect dialect,
			size_t *len)
{
	char *text = malloc(n * ASM_INSN_TEXT);
	unsigned int slots;
	size_t at;

	ASSERT_NOT_NULL(text);
	for (*len = 0, at = 0; at < n; at += slots) {
		slots = text_of(&insns[at], n - at, ASM_LITTLE, dialect, NULL, text + *len);
		ASSERT_GT(slots, 0);
		EXPECT_NE('.', text[*len]) LOG("slot %zu is an instruction: %s", at, text + *len);
		*len += strlen(text + *len);
		text[(*len)++] = '\n';
	}
	return text;
}

TEST_F_TIMEOUT(dialect, random_instructions_come_back, 120)
{
	static struct asm_insn insns[BATCH];
	struct rng rng = { 1 + (uint64_t)variant->dialect };

	for (size_t done = 0; done < SLOTS; done += BATCH) {
		char *text;
		size_t len;
		bool ok;

		make_program(&rng, insns, BATCH);
		text = batch_text(insns, BATCH, variant->dialect, &len);
		text[len - 1] = '\0';
		ok = expect_back(text, len - 1, ASM_LITTLE, insns, BATCH);
		free(text);
		ASSERT_TRUE(ok);
	}
}

/* Jumps lead into the program, most of them to an instruction. */
static void aim(struct rng *rng, struct asm_insn *insns, size_t n)
{
	const struct asm_form *form;
	size_t at;

	for (at = 0; at < n; at += form_slots(form)) {
		int64_t distance = (int64_t)rng_below(rng, (unsigned int)n) - (int64_t)at - 1;

		form = asm_insn_form(&insns[at], n - at);
		ASSERT_NOT_NULL(form);
		if (!(form_fields(form) & FIELD_LABEL))
			continue;
		if (is_far(form))
			insns[at].imm = (int32_t)distance;
		else
			insns[at].off = (int16_t)distance;
	}
}

TEST_F_TIMEOUT(dialect, random_programs_come_back, 120)
{
	static struct asm_insn insns[BATCH];
	struct rng rng = { 11 + (uint64_t)variant->dialect };

	for (size_t i = 0; i < 10 && i * BATCH < SLOTS; i++) {
		size_t n = BATCH - i, len;
		char *text;
		bool ok;

		make_program(&rng, insns, n);
		aim(&rng, insns, n);
		text = emit(insns, n, ASM_LITTLE, variant->dialect, &len);
		EXPECT_EQ(variant->dialect != ASM_DIALECT_KERNEL, !!strstr(text, "\nL"));
		ok = expect_back(text, len, ASM_LITTLE, insns, n);
		free(text);
		ASSERT_TRUE(ok);
	}
}

/* ---- random bytes ---- */

/* Half of the slots anything, half instructions of which a bit or a byte has changed. */
static void make_noise(struct rng *rng, struct asm_insn *insns, size_t n)
{
	make_program(rng, insns, n);
	for (size_t i = 0; i < n; i++) {
		uint64_t bits = rng_next(rng);
		uint8_t bytes[8];

		asm_insn_bytes(insns[i], ASM_LITTLE, bytes);
		if (bits & 1) {
			bits = rng_next(rng);
			memcpy(bytes, &bits, sizeof(bytes));
		} else if (bits & 2) {
			bytes[bits >> 2 & 7] ^= (uint8_t)(1u << (bits >> 5 & 7));
		} else if (bits & 4) {
			bytes[bits >> 3 & 7] = (uint8_t)(bits >> 6);
		}
		insns[i] = asm_insn_read(bytes, ASM_LITTLE);
	}
}

FIXTURE(noise) { int unused; };
FIXTURE_VARIANT(noise) { enum asm_endian endian; };
FIXTURE_VARIANT_ADD(noise, little) { ASM_LITTLE };
FIXTURE_VARIANT_ADD(noise, big) { ASM_BIG };
FIXTURE_SETUP(noise) { }
FIXTURE_TEARDOWN(noise) { }

/* Whole programs, the dialects in turn. */
TEST_F_TIMEOUT(noise, comes_back, 120)
{
	static struct asm_insn insns[BATCH];
	struct rng rng = { 21 + (uint64_t)variant->endian };

	for (size_t i = 0; i * BATCH < SLOTS; i++) {
		make_noise(&rng, insns, BATCH);
		ASSERT_TRUE(expect_program(insns, BATCH, variant->endian,
					   dialects[i % COUNT(dialects)]));
	}
}

/* Data is what no row has, and nothing else; an instruction's slots are those of its row. */
TEST_TIMEOUT(noise_is_data_where_no_row_fits, 120)
{
	static struct asm_insn insns[BATCH];
	unsigned int data = 0, wide = 0, slots;
	struct rng rng = { 31 };
	char text[ASM_INSN_TEXT];

	for (size_t done = 0; done < SLOTS; done += BATCH) {
		make_noise(&rng, insns, BATCH);
		for (size_t at = 0; at < BATCH; at++) {
			const struct asm_form *form = asm_insn_form(&insns[at], BATCH - at);

			ASSERT_TRUE(form == legal_form(&insns[at], BATCH - at))
				LOG("%02x %02x %d %d", insns[at].code, insns[at].regs,
				    insns[at].off, insns[at].imm);
			slots = text_of(&insns[at], BATCH - at, ASM_LITTLE, dialects[at % 3], NULL,
					text);
			ASSERT_EQ(form ? form_slots(form) : 1, slots);
			ASSERT_EQ(!form, !strncmp(text, ".8byte 0x", 9)) LOG("%s", text);
			data += !form;
			wide += slots == WIDE_SLOTS;
		}
	}
	EXPECT_GT(data, SLOTS / 4);
	EXPECT_LT(data, SLOTS - SLOTS / 8);
	EXPECT_GT(wide, SLOTS / 1000);
}

/* Every opcode with every pair of registers, the other fields as small as they get. */
TEST(noise_opcodes_and_registers)
{
	static const int16_t offs[] = { 0, 1, 8, 16, 32, -8 };
	static const int32_t imms[] = { 0, 1, 16, 32, 64, 0x100, 0xf1 };
	struct asm_insn insns[2] = { { 0 } };
	unsigned int found = 0;

	for (unsigned int i = 0; i < 1 << 16; i++) {
		insns[0].code = (uint8_t)(i >> 8);
		insns[0].regs = (uint8_t)i;
		insns[0].off = offs[(i / 7) % COUNT(offs)];
		insns[0].imm = imms[i % COUNT(imms)];
		for (size_t n = 1; n <= 2; n++) {
			const struct asm_form *form = asm_insn_form(insns, n);

			EXPECT_TRUE(form == legal_form(insns, n))
				LOG("%02x %02x %d %d", insns[0].code, insns[0].regs, insns[0].off,
				    insns[0].imm);
			found += !!form;
		}
	}
	EXPECT_GT(found, 1000);
}

/* ---- wide loads that are none ---- */

static void expect_data(const struct asm_insn *insns, size_t n, const char *name)
{
	char text[ASM_INSN_TEXT];

	EXPECT_NULL(asm_insn_form(insns, n)) LOG("%s", name);
	for (size_t i = 0; i < COUNT(dialects); i++) {
		EXPECT_EQ(1, text_of(insns, n, ASM_LITTLE, dialects[i], NULL, text));
		EXPECT_HAS(".8byte 0x", text);
	}
	for (size_t i = 0; i < COUNT(dialects) * COUNT(endians); i++)
		expect_program(insns, n, endians[i % 2], dialects[i / 2]);
}

TEST(wide_loads_need_a_second_slot)
{
	static const struct asm_insn wrong[] = {
		{ .code = 0x18 }, { .regs = 0x01 }, { .regs = 0x10 }, { .off = 1 },
		{ .code = 0x95, .imm = 1 },
	};
	const struct asm_form *forms;
	struct asm_insn insns[2];
	size_t n, wide = 0;

	forms = asm_forms(&n);
	for (size_t i = 0; i < n; i++) {
		if (!(forms[i].flags & ASM_WIDE))
			continue;
		wide++;
		ASSERT_TRUE(make_set(&forms[i], &operand_sets[1], insns));
		expect_data(insns, 1, forms[i].syntax);
		for (size_t j = 0; j < COUNT(wrong); j++) {
			insns[1] = wrong[j];
			expect_data(insns, 2, forms[i].syntax);
		}
		insns[1] = (struct asm_insn){ .imm = 1 };
		if (!(form_fields(&forms[i]) & FIELD_NEXT))
			expect_data(insns, 2, forms[i].syntax);
	}
	EXPECT_EQ(7, wide);
}

/* The last slot of a program is the first one of a wide load. */
TEST_F(dialect, wide_load_at_the_end)
{
	static const struct asm_insn insns[] = {
		{ 0x05, 0, 1, 0 }, { 0xb7, 0, 0, 0 }, { 0x18, 0x11, 0, 5 },
	};

	expect_program(insns, COUNT(insns), ASM_LITTLE, variant->dialect);
	expect_program(insns, COUNT(insns), ASM_BIG, variant->dialect);
	expect_program(&insns[2], 1, ASM_LITTLE, variant->dialect);
}

/* ---- bytes ---- */

TEST(bytes_layout)
{
	static const uint8_t little[8] = { 0x7b, 0x1a, 0xf8, 0xff, 0x04, 0x03, 0x02, 0x01 };
	static const uint8_t big[8] = { 0x7b, 0xa1, 0xff, 0xf8, 0x01, 0x02, 0x03, 0x04 };
	static const struct asm_insn insn = { 0x7b, 0x1a, -8, 0x01020304 };
	uint8_t bytes[8];

	EXPECT_EQ(10, asm_dst(insn));
	EXPECT_EQ(1, asm_src(insn));
	asm_insn_bytes(insn, ASM_LITTLE, bytes);
	EXPECT_MEMEQ(little, bytes, 8);
	asm_insn_bytes(insn, ASM_BIG, bytes);
	EXPECT_MEMEQ(big, bytes, 8);
	EXPECT_TRUE(same_slot(insn, asm_insn_read(little, ASM_LITTLE)));
	EXPECT_TRUE(same_slot(insn, asm_insn_read(big, ASM_BIG)));
}

TEST_F(noise, reading_is_the_inverse_of_writing)
{
	struct rng rng = { 41 };

	for (size_t i = 0; i < SLOTS; i++) {
		uint64_t bits = rng_next(&rng);
		uint8_t bytes[8], back[8];
		struct asm_insn insn;

		memcpy(bytes, &bits, sizeof(bytes));
		insn = asm_insn_read(bytes, variant->endian);
		asm_insn_bytes(insn, variant->endian, back);
		ASSERT_MEMEQ(bytes, back, 8);
		ASSERT_TRUE(same_slot(insn, asm_insn_read(back, variant->endian)));
	}
}

TEST_MAIN
