/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * core_test.c - CO-RE relocations between two sets of types that are written down here: all kinds,
 * what counts as the same, and what is refused. elfload_test.sh compares with libbpf.
 */
#include "../asm/asm.h"
#include "harness.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define POISON ((int32_t)ASM_CORE_POISON)

enum { STRINGS = 1024, WORDS = 256, SLOTS = 4, WHY = 256 };

/* ---- BTF, word by word ---- */

struct types {
	uint32_t words[WORDS];
	char strings[STRINGS];
	uint32_t nwords, nids, nstrings;
	uint8_t bytes[24 + sizeof(uint32_t) * WORDS + STRINGS];
	struct asm_btf *btf;
};

static uint32_t name(struct types *t, const char *text)
{
	uint32_t at = t->nstrings;

	if (!*text)
		return 0;
	strcpy(t->strings + at, text);
	t->nstrings += (uint32_t)strlen(text) + 1;
	return at;
}

static uint32_t add(struct types *t, const char *text, enum asm_btf_kind kind, uint32_t flags,
		    uint32_t arg)
{
	t->words[t->nwords++] = name(t, text);
	t->words[t->nwords++] = (uint32_t)kind << 24 | flags;
	t->words[t->nwords++] = arg;
	return ++t->nids;
}

enum { BITFIELDS = 1u << 31, SIGNED = 1 << 24, UNSIGNED = 0 };

static uint32_t add_int(struct types *t, const char *text, uint32_t size, uint32_t encoding)
{
	uint32_t id = add(t, text, ASM_BTF_INT, 0, size);

	t->words[t->nwords++] = encoding | size * 8;
	return id;
}

static uint32_t add_array(struct types *t, uint32_t element, uint32_t n)
{
	uint32_t id = add(t, "", ASM_BTF_ARRAY, 0, 0);

	t->words[t->nwords++] = element;
	t->words[t->nwords++] = element;
	t->words[t->nwords++] = n;
	return id;
}

/* A member, an enumerator (two words), or one of 64 bits. */
static void add_part(struct types *t, const char *text, uint32_t a)
{
	t->words[t->nwords++] = name(t, text);
	t->words[t->nwords++] = a;
}

static void add_member(struct types *t, const char *text, uint32_t type, uint32_t bits,
		       uint32_t bit)
{
	add_part(t, text, type);
	t->words[t->nwords++] = bits << 24 | bit;
}

/* struct NAME { TYPE x; }, from that bit on */
static void add_one_field(struct types *t, const char *text, uint32_t size, uint32_t type,
			  uint32_t bit)
{
	add(t, text, ASM_BTF_STRUCT, 1, size);
	add_member(t, "x", type, 0, bit);
}

static void open_types(struct types *t)
{
	uint32_t types = t->nwords * (uint32_t)sizeof(uint32_t);
	const uint32_t header[] = { 1 << 16 | 0xeb9f, 24, 0, types, types, t->nstrings };

	if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
		((uint32_t *)header)[0] = 0xeb9fu << 16 | 1 << 8;
	memcpy(t->bytes, header, sizeof(header));
	memcpy(t->bytes + sizeof(header), t->words, types);
	memcpy(t->bytes + sizeof(header) + types, t->strings, t->nstrings);
	ASSERT_EQ(0, asm_btf_open(t->bytes, sizeof(header) + types + t->nstrings, &t->btf));
}

/* ---- the two ---- */

FIXTURE(core) {
	struct types own, kernel;
};

/* Ids of the object's types. */
enum { S32 = 1, U64, U32, LIST, NEXT, TASK, GONE, MODE, WORD, FAR, BIG, TWIN };

/*
 *	struct task___old {
 *		int pid; u64 flags; int list[4]; unsigned low:3, high:5; struct task *next;
 *		int lost, kind;
 *	};
 *	struct gone { int x; };
 *	enum mode { IDLE = 1, BUSY___first = 2, GONE = 3 };
 *	typedef unsigned int word;
 *	struct far { u64 x; }; struct big { u64 x; }; struct twin { u64 x; };
 */
static void fill_own(struct types *t)
{
	t->nstrings = 1;
	add_int(t, "int", 4, SIGNED);
	add_int(t, "u64", 8, UNSIGNED);
	add_int(t, "unsigned int", 4, UNSIGNED);
	add_array(t, S32, 4);
	add(t, "", ASM_BTF_PTR, 0, TASK);
	add(t, "task___old", ASM_BTF_STRUCT, BITFIELDS | 8, 56);
	add_member(t, "pid", S32, 0, 0);
	add_member(t, "flags", U64, 0, 64);
	add_member(t, "list", LIST, 0, 128);
	add_member(t, "low", U32, 3, 256);
	add_member(t, "high", U32, 5, 259);
	add_member(t, "next", NEXT, 0, 320);
	add_member(t, "lost", S32, 0, 384);
	add_member(t, "kind", S32, 0, 416);
	add(t, "gone", ASM_BTF_STRUCT, 1, 4);
	add_member(t, "x", S32, 0, 0);
	add(t, "mode", ASM_BTF_ENUM, 3, 4);
	add_part(t, "IDLE", 1);
	add_part(t, "BUSY___first", 2);
	add_part(t, "GONE", 3);
	add(t, "word", ASM_BTF_TYPEDEF, 0, U32);
	add_one_field(t, "far", 8, U64, 0);
	add_one_field(t, "big", 8, U64, 0);
	add_one_field(t, "twin", 8, U64, 0);
}

/* Ids of the kernel's types. */
enum { K_U64 = 1, K_S32, K_U32, K_LIST, K_NEXT, K_INNER, K_FLAGS, K_TASK, K_MODE, K_WORD,
       K_U128 };

/*
 *	struct task {
 *		struct { u64 stamp; int pid; }; const unsigned flags; int list[3];
 *		unsigned bits:29, high:5, low:3; struct task *next; struct {...} kind;
 *	};
 *	enum mode { BUSY = 7, IDLE = 1 << 40 };
 *	typedef u64 word;
 *	struct far { char pad[40000]; u64 x; }; struct big { unsigned __int128 x; };
 *	struct twin { u64 x; }; struct twin { u64 pad, x; };
 */
static void fill_kernel(struct types *t)
{
	t->nstrings = 1;
	add_int(t, "u64", 8, UNSIGNED);
	add_int(t, "int", 4, SIGNED);
	add_int(t, "unsigned int", 4, UNSIGNED);
	add_array(t, K_S32, 3);
	add(t, "", ASM_BTF_PTR, 0, K_TASK);
	add(t, "", ASM_BTF_STRUCT, 2, 16);
	add_member(t, "stamp", K_U64, 0, 0);
	add_member(t, "pid", K_S32, 0, 64);
	add(t, "", ASM_BTF_CONST, 0, K_U32);
	add(t, "task", ASM_BTF_STRUCT, BITFIELDS | 8, 80);
	add_member(t, "", K_INNER, 0, 0);
	add_member(t, "flags", K_FLAGS, 0, 128);
	add_member(t, "list", K_LIST, 0, 160);
	add_member(t, "bits", K_U32, 29, 256);
	add_member(t, "high", K_U32, 5, 285);
	add_member(t, "low", K_U32, 3, 290);
	add_member(t, "next", K_NEXT, 0, 384);
	add_member(t, "kind", K_INNER, 0, 448);
	add(t, "mode", ASM_BTF_ENUM64, 2, 8);
	add_part(t, "BUSY", 7);
	t->words[t->nwords++] = 0;
	add_part(t, "IDLE", 0);
	t->words[t->nwords++] = 1 << 8;
	add(t, "word", ASM_BTF_TYPEDEF, 0, K_U64);
	add_int(t, "u128", 16, UNSIGNED);
	add_one_field(t, "far", 40008, K_U64, 320000);
	add_one_field(t, "big", 16, K_U128, 0);
	add_one_field(t, "twin", 8, K_U64, 0);
	add_one_field(t, "twin", 16, K_U64, 64);
}

FIXTURE_SETUP(core)
{
	fill_own(&self->own);
	fill_kernel(&self->kernel);
	open_types(&self->own);
	open_types(&self->kernel);
}

FIXTURE_TEARDOWN(core)
{
	asm_btf_close(self->own.btf);
	asm_btf_close(self->kernel.btf);
}

/* ---- one relocation ---- */

enum { OFFSET, SIZE, EXISTS, IS_SIGNED, LSHIFT, RSHIFT, ID_LOCAL, ID, TYPE_EXISTS, TYPE_SIZE,
       VALUE_EXISTS, VALUE, MATCHES };

enum { MOV = 0xb7, MOV_REG = 0xbf, LOAD32 = 0x61, LOAD64 = 0x79, STORE32 = 0x63, WIDE = 0x18,
       CALL = 0x85 };

struct row {
	const char *what;
	uint32_t kind, type;
	const char *access;
	uint8_t code;
	int32_t before, after;	/* the immediate; of a load or store, the offset */
	uint8_t becomes;	/* the code; 0: as it was */
	const char *why;	/* not NULL: it fails, and the reason has this */
};

/* One instruction or none, and relocations for it. */
static struct asm_object object_of(const struct types *own, const struct asm_core *cores, size_t n)
{
	struct asm_object obj;

	memset(&obj, 0, sizeof(obj));
	obj.ninsns = 1;
	obj.cores = (struct asm_core *)cores;
	obj.ncores = n;
	obj.btf = own->btf;
	return obj;
}

static bool apply_from(const struct types *own, const struct asm_core_types *from,
		       const struct row *row, struct asm_insn *insns, char *why)
{
	const struct asm_core core = { 0, row->kind, row->type, row->access };
	struct asm_object obj = object_of(own, &core, 1);
	const struct asm_core *failed;
	bool is_imm = row->code == MOV || row->code == WIDE || row->code == MOV_REG ||
		      row->code == CALL;

	memset(insns, 0, SLOTS * sizeof(*insns));
	insns[0].code = row->code;
	insns[0].imm = is_imm ? row->before : 0;
	insns[0].off = is_imm ? 0 : (int16_t)row->before;
	obj.insns = insns;
	obj.ninsns = SLOTS;
	return asm_core_apply(&obj, from, insns, &failed, why, WHY);
}

static bool apply(const struct types *own, const struct types *kernel, const struct row *row,
		  struct asm_insn *insns, char *why)
{
	const struct asm_core_types from = { .kernel = kernel->btf };

	return apply_from(own, &from, row, insns, why);
}

static const struct row rows[] = {
	{ "offset, through an anonymous member", OFFSET, TASK, "0:0", MOV, 0, 8, 0, NULL },
	{ "offset, of a load", OFFSET, TASK, "0:0", LOAD32, 0, 8, 0, NULL },
	{ "offset, of a store", OFFSET, TASK, "0:0", STORE32, 0, 8, 0, NULL },
	{ "offset, of a load that gets smaller", OFFSET, TASK, "0:1", LOAD64, 8, 16, LOAD32, NULL },
	{ "offset, of an element", OFFSET, TASK, "0:2:2", MOV, 24, 28, 0, NULL },
	{ "offset, of the second structure", OFFSET, TASK, "1:0", MOV, 56, 88, 0, NULL },
	{ "offset, past the kernel's end", OFFSET, TASK, "0:2:3", MOV, 28, POISON, CALL, NULL },
	{ "offset, of a pointer", OFFSET, TASK, "0:5", LOAD64, 40, 48, 0, NULL },
	{ "offset, of no such field", OFFSET, TASK, "0:6", MOV, 48, POISON, CALL, NULL },
	{ "offset, of one with another kind", OFFSET, TASK, "0:7", MOV, 52, POISON, CALL, NULL },
	{ "offset, of a bitfield that moved", OFFSET, TASK, "0:3", MOV, 32, 36, 0, NULL },
	{ "size", SIZE, TASK, "0:1", MOV, 8, 4, 0, NULL },
	{ "size, of an array", SIZE, TASK, "0:2", MOV, 16, 12, 0, NULL },
	{ "size, of an element", SIZE, TASK, "0:2:1", MOV, 4, 4, 0, NULL },
	{ "size, of a bitfield", SIZE, TASK, "0:3", MOV, 4, 4, 0, NULL },
	{ "size, of a bitfield that needs more", SIZE, TASK, "0:4", MOV, 4, 8, 0, NULL },
	{ "exists", EXISTS, TASK, "0:0", MOV, 1, 1, 0, NULL },
	{ "exists, and does not", EXISTS, TASK, "0:6", MOV, 1, 0, 0, NULL },
	{ "signed", IS_SIGNED, TASK, "0:0", MOV, 1, 1, 0, NULL },
	{ "unsigned", IS_SIGNED, TASK, "0:1", MOV, 0, 0, 0, NULL },
	{ "right shift", RSHIFT, TASK, "0:4", MOV, 59, 59, 0, NULL },
	{ "right shift of a whole field", RSHIFT, TASK, "0:1", MOV, 0, 32, 0, NULL },
	{ "id of the object", ID_LOCAL, TASK, "0", MOV, 1, TASK, 0, NULL },
	{ "id of the kernel", ID, TASK, "0", MOV, 1, K_TASK, 0, NULL },
	{ "id of no type", ID, GONE, "0", MOV, GONE, 0, 0, NULL },
	{ "type exists", TYPE_EXISTS, TASK, "0", MOV, 1, 1, 0, NULL },
	{ "type does not exist", TYPE_EXISTS, GONE, "0", MOV, 1, 0, 0, NULL },
	{ "type size", TYPE_SIZE, TASK, "0", MOV, 56, 80, 0, NULL },
	{ "type size of a typedef", TYPE_SIZE, WORD, "0", MOV, 4, 8, 0, NULL },
	{ "type size, of none", TYPE_SIZE, GONE, "0", MOV, 4, 0, 0, NULL },
	{ "type matches, itself no more", MATCHES, TASK, "0", MOV, 1, 0, 0, NULL },
	{ "type matches, an integer of another size", MATCHES, WORD, "0", MOV, 1, 0, 0, NULL },
	{ "type matches, a plain integer", MATCHES, S32, "0", MOV, 1, 1, 0, NULL },
	{ "enumerator exists", VALUE_EXISTS, MODE, "1", MOV, 1, 1, 0, NULL },
	{ "enumerator does not exist", VALUE_EXISTS, MODE, "2", MOV, 1, 0, 0, NULL },
	{ "enumerator, flavours aside", VALUE, MODE, "1", MOV, 2, 7, 0, NULL },
	{ "no such enumerator", VALUE, MODE, "2", WIDE, 3, POISON, CALL, NULL },

	{ "an unknown kind", MATCHES + 1, TASK, "0", MOV, 0, 0, 0, "its kind, 13, is unknown" },
	{ "a value that is not the object's", OFFSET, TASK, "0:1", MOV, 9, 0, 0,
	  "the instruction has 9, where by the object's own types it should have 8" },
	{ "a load of another size", OFFSET, TASK, "0:1", LOAD32, 8, 0, 0,
	  "the instruction does not access the 8 bytes of the field" },
	{ "an instruction without a number", OFFSET, TASK, "0:0", MOV_REG, 0, 0, 0,
	  "it is at an instruction of a kind that takes none" },
	{ "a call", OFFSET, TASK, "0:0", CALL, 0, 0, 0,
	  "it is at an instruction of a kind that takes none" },
	{ "an access string of nothing", OFFSET, TASK, "", MOV, 0, 0, 0,
	  "its types cannot be followed" },
	{ "one with a word", OFFSET, TASK, "0:x", MOV, 0, 0, 0, "its types cannot be followed" },
	{ "one past the members", OFFSET, TASK, "0:8", MOV, 0, 0, 0,
	  "its types cannot be followed" },
	{ "one past the elements", OFFSET, TASK, "0:2:4", MOV, 0, 0, 0,
	  "its types cannot be followed" },
	{ "one into an integer", OFFSET, TASK, "0:0:0", MOV, 0, 0, 0,
	  "its types cannot be followed" },
	{ "one past 31 bits", OFFSET, TASK, "0:2147483648", MOV, 0, 0, 0,
	  "its types cannot be followed" },
	{ "a type with fields", TYPE_SIZE, TASK, "0:1", MOV, 0, 0, 0,
	  "its types cannot be followed" },
	{ "a type outside", OFFSET, 99, "0:0", MOV, 0, 0, 0, "its types cannot be followed" },
	{ "an enumerator of a structure", VALUE, TASK, "0", MOV, 0, 0, 0,
	  "its types cannot be followed" },
	{ "no sign of an element", IS_SIGNED, TASK, "0:2:1", MOV, 0, 0, 0,
	  "its types cannot be followed" },
	{ "a type without a name", TYPE_EXISTS, NEXT, "0", MOV, 1, 0, 0,
	  "its type has no name to be found by" },
	{ "one farther than a load reaches", OFFSET, FAR, "0:0", LOAD64, 0, 0, 0,
	  "the offset in the kernel, 40000, does not fit into the instruction" },
	{ "one that no load takes", OFFSET, BIG, "0:0", LOAD64, 0, 0, 0,
	  "the kernel's field has 16 bytes, which no instruction accesses" },
	{ "two of one name that differ", OFFSET, TWIN, "0:0", MOV, 0, 0, 0,
	  "the kernel has several types of that name, which differ in this" },
};

TEST_F(core, rows)
{
	struct asm_insn insns[SLOTS];
	char why[WHY] = "";

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row *row = &rows[i];
		bool good = apply(&self->own, &self->kernel, row, insns, why);
		bool is_imm = row->code == MOV || row->code == WIDE;

		EXPECT_EQ(!row->why, good) LOG("%s: %s", row->what, why);
		if (row->why) {
			EXPECT_NOT_NULL(strstr(why, row->why)) LOG("%s: %s", row->what, why);
			continue;
		}
		EXPECT_EQ(row->after, is_imm ? insns[0].imm : insns[0].off) LOG("%s", row->what);
		EXPECT_EQ(row->becomes ? row->becomes : row->code, insns[0].code)
			LOG("%s", row->what);
	}
}

TEST_F(core, two_at_one_instruction)
{
	const struct asm_core cores[2] = {
		{ 0, EXISTS, TASK, "0:0" }, { 0, EXISTS, TASK, "0:1" },
	};
	const struct asm_core_types types = { .kernel = self->kernel.btf };
	struct asm_insn insn = { .code = MOV, .imm = 1 };
	struct asm_object obj = object_of(&self->own, cores, COUNT(cores));
	const struct asm_core *failed;
	char why[WHY] = "";

	EXPECT_FALSE(asm_core_apply(&obj, &types, &insn, &failed, why, sizeof(why)));
	EXPECT_STREQ("the instruction has two", why);
	EXPECT_EQ(1, failed - cores);
}

/* Both halves of a wide load: of its value, and of a call in its place. */
TEST_F(core, wide)
{
	const struct row value = { "wide", VALUE, MODE, "0", WIDE, 1, 0, 0, NULL };
	const struct row none = { "none", VALUE, MODE, "2", WIDE, 3, 0, 0, NULL };
	struct asm_insn insns[SLOTS];
	char why[WHY] = "";

	ASSERT_TRUE(apply(&self->own, &self->kernel, &value, insns, why)) LOG("%s", why);
	EXPECT_EQ(0, insns[0].imm);
	EXPECT_EQ(1 << 8, insns[1].imm);
	ASSERT_TRUE(apply(&self->own, &self->kernel, &none, insns, why)) LOG("%s", why);
	EXPECT_EQ(CALL, insns[1].code);
	EXPECT_EQ(POISON, insns[1].imm);
}

/* A shift brings the field to the left end of a register, whichever end it is counted from. */
TEST_F(core, left_shift)
{
	const struct asm_core_types types = { .kernel = self->kernel.btf };
	const struct asm_core core = { 0, LSHIFT, TASK, "0:4" };
	struct asm_object obj = object_of(&self->own, &core, 1);
	struct asm_insn insn = { .code = MOV };
	const struct asm_core *failed;
	char why[WHY] = "";

	obj.endian = ASM_LITTLE;
	EXPECT_TRUE(asm_core_apply(&obj, &types, &insn, &failed, why, sizeof(why)));
	EXPECT_EQ(64 - (285 - 256 + 5), insn.imm);
	obj.endian = ASM_BIG;
	EXPECT_TRUE(asm_core_apply(&obj, &types, &insn, &failed, why, sizeof(why)));
	EXPECT_EQ(285 - 256, insn.imm);
}

struct modules {
	const struct asm_btf *at[3];
	unsigned int asked;
};

static const struct asm_btf *module_at(void *arg, size_t index)
{
	struct modules *modules = arg;

	modules->asked++;
	return index < COUNT(modules->at) ? modules->at[index] : NULL;
}

/* Modules count where the kernel itself has no type of that name; they must agree then. */
TEST_F(core, modules)
{
	const struct row found = { "module", OFFSET, TASK, "0:1", LOAD64, 8, 16, LOAD32, NULL };
	struct types none = { .nstrings = 1 }, other = { .nstrings = 1 };
	struct modules modules = { { 0 }, 0 };
	struct asm_core_types from = { .module = module_at, .arg = &modules };
	struct asm_insn insns[SLOTS];
	char why[WHY] = "";

	add_int(&none, "int", 4, SIGNED);
	open_types(&none);
	add(&other, "task", ASM_BTF_STRUCT, 1, 8);
	add_member(&other, "flags", 2, 0, 32);
	add_int(&other, "unsigned int", 4, UNSIGNED);
	open_types(&other);
	from.kernel = none.btf;
	modules.at[0] = none.btf;
	modules.at[1] = self->kernel.btf;
	ASSERT_TRUE(apply_from(&self->own, &from, &found, insns, why)) LOG("%s", why);
	EXPECT_EQ(16, insns[0].off);
	EXPECT_EQ(LOAD32, insns[0].code);
	EXPECT_EQ(3, modules.asked);
	modules.at[2] = other.btf;
	EXPECT_FALSE(apply_from(&self->own, &from, &found, insns, why));
	EXPECT_STREQ("the kernel has several types of that name, which differ in this", why);
	from.kernel = self->kernel.btf;
	modules.asked = 0;
	ASSERT_TRUE(apply_from(&self->own, &from, &found, insns, why)) LOG("%s", why);
	EXPECT_EQ(16, insns[0].off);
	EXPECT_EQ(0, modules.asked);
	asm_btf_close(none.btf);
	asm_btf_close(other.btf);
}

/* The same types on both sides: everything matches. */
TEST_F(core, matches_itself)
{
	static const uint32_t types[] = { S32, U64, TASK, GONE, MODE, WORD };
	struct row row = { "itself", MATCHES, 0, "0", MOV, 1, 1, 0, NULL };
	struct asm_insn insns[SLOTS];
	char why[WHY] = "";

	for (size_t i = 0; i < COUNT(types); i++) {
		row.type = types[i];
		ASSERT_TRUE(apply(&self->own, &self->own, &row, insns, why)) LOG("%s", why);
		EXPECT_EQ(1, insns[0].imm) LOG("type %u", types[i]);
	}
}

TEST_F(core, text)
{
	static const struct {
		struct asm_core core;
		const char *text;
	} texts[] = {
		{ { 0, OFFSET, TASK, "0:0" }, "field task.pid" },
		{ { 0, OFFSET, TASK, "0:2:3" }, "field task.list[3]" },
		{ { 0, TYPE_SIZE, TASK, "0" }, "type task" },
		{ { 0, VALUE, MODE, "2" }, "enumerator mode.GONE" },
		{ { 0, OFFSET, TASK, "0:99" }, "field task" },
		{ { 0, OFFSET, 99, "0:0" }, "field " },
	};
	const struct asm_object obj = object_of(&self->own, NULL, 0);
	char text[64];

	for (size_t i = 0; i < COUNT(texts); i++)
		EXPECT_STREQ(texts[i].text, asm_core_text(&obj, &texts[i].core, text,
							  sizeof(text)));
}

TEST_MAIN
