/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * call_test.c - .call: whatever the arguments are made of, each arrives in its register, nothing
 * else changes, and no instruction is wasted.
 *
 * Each combination of what an argument may be is assembled, and run by a machine of a few
 * instructions up to the call.
 */
#include "../asm/asm.h"
#include "harness.h"

enum { REGS = 11, CHANGED = 6, ARGS = 5, CALL = 0x85, LDDW = 0x18 };

/* What an argument is: what a register holds plus a number; NUMBER: a number. */
enum { NUMBER = -1 };

struct source {
	const char *text;
	int reg;
	int64_t add;
};

/* The first ones are registers and nothing else. */
static const struct source sources[] = {
	{ "r0", 0, 0 }, { "r1", 1, 0 }, { "r2", 2, 0 }, { "r3", 3, 0 }, { "r4", 4, 0 },
	{ "r5", 5, 0 }, { "r6", 6, 0 },
	{ "0x123456789", NUMBER, 0x123456789 }, { "r1 + 8", 1, 8 }, { "&p->b", 2, 4 },
	{ "slot", 10, -8 },
};

enum { MOVES = 7, ANY = sizeof(sources) / sizeof(sources[0]) };

static const char head[] = ".struct pair { u32 a, b; }\n.stack u64 slot\n.reg p = r2 : pair\n";

/* kinds to the power of n: how many combinations n arguments have. */
static unsigned int combinations(unsigned int kinds, unsigned int n)
{
	return n ? kinds * combinations(kinds, n - 1) : 1;
}

static unsigned int kind_of(unsigned int combination, unsigned int kinds, unsigned int arg)
{
	return combination / combinations(kinds, arg) % kinds;
}

/* ---- assembling all of them ---- */

static void print_diag(void *arg, const struct asm_diag *diag)
{
	(void)arg;
	asm_diag_print(stderr, diag);
}

static void write_call(FILE *f, unsigned int combination, unsigned int kinds, unsigned int nargs)
{
	unsigned int arg;

	fputs(".call map_lookup_elem", f);
	for (arg = 0; arg < nargs; arg++)
		fprintf(f, ", %s", sources[kind_of(combination, kinds, arg)].text);
	fputc('\n', f);
}

/* The caller frees the text, when the object that borrows it is gone. */
static struct asm_object *assemble_all(unsigned int kinds, unsigned int nargs, char **text)
{
	struct asm_options opt = { .sink = print_diag };
	struct asm_object *obj;
	unsigned int i;
	size_t len;
	FILE *f = open_memstream(text, &len);

	ASSERT_NOT_NULL(f);
	fputs(head, f);
	for (i = 0; i < combinations(kinds, nargs); i++)
		write_call(f, i, kinds, nargs);
	ASSERT_EQ(0, fclose(f));
	obj = asm_assemble("text", *text, len, &opt);
	ASSERT_NOT_NULL(obj);
	return obj;
}

/* ---- a machine of a few instructions ---- */

struct machine {
	int64_t regs[REGS];
};

static int64_t start_value(int reg)
{
	return reg == NUMBER ? 0 : 1000 * (reg + 1);
}

/* One instruction; the slots it takes, 0 when it is none that is expected here. */
static unsigned int machine_step(struct machine *m, const struct asm_insn *insn)
{
	int64_t *dst = &m->regs[asm_dst(insn[0])];

	switch (insn->code) {
	case 0xbf:
		*dst = m->regs[asm_src(insn[0])];
		return 1;
	case 0xb7:
		*dst = insn->imm;
		return 1;
	case 0x07:
		*dst += insn->imm;
		return 1;
	case LDDW:
		*dst = (int64_t)((uint64_t)(uint32_t)insn[1].imm << 32 | (uint32_t)insn->imm);
		return 2;
	default:
		return 0;
	}
}

/* Run up to the call; how many slots that are. */
static unsigned int machine_run(struct machine *m, const struct asm_insn *insn)
{
	unsigned int reg, slots = 0, step;

	for (reg = 0; reg < REGS; reg++)
		m->regs[reg] = start_value((int)reg);
	while (insn[slots].code != CALL) {
		step = machine_step(m, &insn[slots]);
		ASSERT_NE(0, step);
		slots += step;
	}
	return slots;
}

static void check_call(const struct machine *m, unsigned int combination, unsigned int kinds,
		       unsigned int nargs)
{
	unsigned int reg;

	for (reg = 0; reg < nargs; reg++) {
		const struct source *source = &sources[kind_of(combination, kinds, reg)];

		ASSERT_EQ(start_value(source->reg) + source->add, m->regs[reg + 1])
			LOG("combination %u, argument %u, %s", combination, reg + 1, source->text);
	}
	for (reg = nargs + 1; reg < REGS; reg++)
		ASSERT_EQ(start_value((int)reg), m->regs[reg])
			LOG("combination %u changed r%u", combination, reg);
}

/* Whatever it is, it arrives; with least, in so many instructions. */
static void check_all(unsigned int kinds, unsigned int nargs, const uint8_t *least)
{
	char *text = NULL;
	struct asm_object *obj = assemble_all(kinds, nargs, &text);
	unsigned int i, slots, at = 0;
	struct machine m;

	for (i = 0; i < combinations(kinds, nargs); i++) {
		slots = machine_run(&m, &obj->insns[at]);
		check_call(&m, i, kinds, nargs);
		if (least)
			ASSERT_EQ(least[i], slots) LOG("combination %u of %u", i, nargs);
		at += slots + 1;
	}
	EXPECT_EQ(obj->ninsns, at);
	asm_free(obj);
	free(text);
}

TEST(any_arguments)
{
	unsigned int nargs;

	for (nargs = 0; nargs <= ARGS; nargs++)
		check_all(ANY, nargs, NULL);
}

/* ---- the fewest moves: a search through everything that moves can do to r0 ... r5 ---- */

enum { STATES = 7 * 7 * 7 * 7 * 7 * 7, UNSEEN = 255 };

/* States are numbers with a digit a register: which register's value it holds; r6 never changes. */
static unsigned int state_move(unsigned int state, unsigned int dst, unsigned int src)
{
	unsigned int value = src < CHANGED ? kind_of(state, MOVES, src) : src;

	return state + (value - kind_of(state, MOVES, dst)) * combinations(MOVES, dst);
}

static void search(uint8_t *distance)
{
	unsigned int *queue = calloc(STATES, sizeof(*queue)), first = 0, last = 0, reg, to, next;

	ASSERT_NOT_NULL(queue);
	memset(distance, UNSEEN, STATES);
	for (reg = 0; reg < CHANGED; reg++)
		queue[0] += reg * combinations(MOVES, reg);
	distance[queue[last++]] = 0;
	for (; first < last; first++) {
		for (to = 0; to < CHANGED * MOVES; to++) {
			next = state_move(queue[first], to / MOVES, to % MOVES);
			if (distance[next] != UNSEEN)
				continue;
			distance[next] = (uint8_t)(distance[queue[first]] + 1);
			queue[last++] = next;
		}
	}
	free(queue);
}

/* The least distance of the states in which r1 and so on are the arguments. */
static void least_moves(const uint8_t *distance, unsigned int nargs, uint8_t *least)
{
	unsigned int state, i;

	memset(least, UNSEEN, combinations(MOVES, nargs));
	for (state = 0; state < STATES; state++) {
		i = state / MOVES % combinations(MOVES, nargs);
		if (distance[state] < least[i])
			least[i] = distance[state];
	}
}

TEST(fewest_moves)
{
	uint8_t *distance = malloc(STATES), *least = malloc(STATES);
	unsigned int nargs;

	ASSERT_NOT_NULL(distance);
	ASSERT_NOT_NULL(least);
	search(distance);
	for (nargs = 0; nargs <= ARGS; nargs++) {
		least_moves(distance, nargs, least);
		check_all(MOVES, nargs, least);
	}
	free(distance);
	free(least);
}

TEST_MAIN
