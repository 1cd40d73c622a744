/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* program_test.c - linking: the functions of a program, and what their calls become. */
#include "../asm/asm.h"
#include "harness.h"
#include "made.h"

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

TEST_MAIN
