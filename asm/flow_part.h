/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * flow_part.h - what the parts of flow.c share: a function under the eye. Needs asm.h
 *
 *	flow_act	what an instruction does to the registers
 *	flow_block	the function cut into blocks, each of them summed up
 *	flow		which registers every path has written
 *	flow_report	what that says of code that none leads to, ends, and registers
 *	flow_null	which registers may hold what a lookup did not find, and what is reserved
 */
#ifndef FLOW_PART_H
#define FLOW_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct unit;

/* What an opcode does. */
enum flow_kind {
	FLOW_PLAIN, FLOW_MOV, FLOW_LOAD, FLOW_STORE, FLOW_ATOMIC, FLOW_PACKET, FLOW_CALLX,
	FLOW_CALL, FLOW_WIDE, FLOW_BRANCH, FLOW_MAY_GOTO, FLOW_GOTO, FLOW_GOTOL, FLOW_EXIT,
	FLOW_UNKNOWN,	/* no instruction, or one that leads anywhere */
};

struct flow_op {
	uint16_t dst, src, write;	/* all bits set: reads dst, reads src, writes dst */
	uint8_t kind;			/* enum flow_kind */
	bool simple;			/* and no other registers */
};

/* Fields of the opcode byte: RFC 9669 section 3. */
enum {
	CLASS_LD, CLASS_LDX, CLASS_ST, CLASS_STX, CLASS_ALU, CLASS_JMP, CLASS_JMP32, CLASS_ALU64,
	CLASS_MASK = 0x07, BY_REGISTER = 0x08, MODE_MASK = 0xe0,
	MODE_IND = 0x40, MODE_ATOMIC = 0xc0,
	OP_NEG = 0x8, OP_MOV = 0xb, OP_END = 0xd,
	CODE_LDDW = 0x18, CODE_GOTO = 0x05, CODE_GOTOL = 0x06, CODE_GOTOX = 0x0d,
	CODE_CALL = 0x85, CODE_CALLX = 0x8d, CODE_EXIT = 0x95, CODE_MOV_REG = 0xbf,
	CODE_MAY_GOTO = 0xe5, CODE_MOV_IMM = 0xb7, CODE_MOV32_IMM = 0xb4,
	ATOMIC_FETCH = 0x01, ATOMIC_CMPXCHG = 0xf1, ATOMIC_LOAD = 0x100, ATOMIC_STORE = 0x110,
	CODE_ADD_IMM = 0x07, CODE_LDXW = 0x61, CODE_LDXDW = 0x79,
	OP_JEQ = 0x1, OP_JSET = 0x4, OP_JNE = 0x5, LEAST_MOST = 127,
	CALL_HELPER = 0, CALL_LOCAL = 1, CALL_KFUNC = 2, WIDE_FUNC = 4,
	HELPER_MAP_LOOKUP = 1, HELPER_RINGBUF_RESERVE = 131,
	MAP_ARRAY = 2, MAP_PERCPU_ARRAY = 6, MAP_RINGBUF = 27, RECORD_HEADER = 8,
	MAP_RDONLY_PROG = 1 << 7,	/* BPF_F_RDONLY_PROG */
};

/* Sets of registers. */
enum {
	REG_0 = 1 << 0, REG_1 = 1 << 1, REG_2 = 1 << 2, REG_6 = 1 << 6, REG_10 = 1 << 10,
	REG_ARGS = 0x3e, REG_ALL = 0x7ff,
	/* no register: all paths to here take a branch that the kernel may know not to be taken */
	REG_DOUBT = 1 << 11,
};

enum { FLOW_NONE = UINT32_MAX };

enum {
	BLOCK_FALLS = 1 << 0,	/* the next block can follow */
	BLOCK_SEEN = 1 << 1,	/* some path leads to it */
	BLOCK_QUEUED = 1 << 2,
	BLOCK_CALLS = 1 << 3,	/* r1 to r5 do not come through */
	BLOCK_LOOKS_UP = 1 << 4,	/* or reserves */
	BLOCK_SURE = 1 << 5,	/* both ways that it can be left are taken */
};

struct flow_block {
	uint32_t start;
	uint32_t target;	/* block; FLOW_NONE: it does not jump */
	uint16_t in;		/* written on every path to it */
	uint16_t written;	/* in it, or read and so complained of already */
	uint16_t wants;		/* read in it before it writes them */
	uint16_t lost;		/* read in it behind a call, which leaves nothing in them */
	uint16_t nulls;		/* may hold a result not compared when it begins */
	uint16_t flags;
};

/* A function under the eye, and room that the next one takes over. */
struct flow {
	struct unit *unit;
	const struct asm_func *func;
	const struct asm_insn *insns;	/* of the function */
	bool returns;			/* exit reads r0 */
	bool constants;			/* memory may hold what the kernel knows */
	unsigned int ever;		/* written anywhere */
	struct flow_op ops[256];
	uint64_t *leaders;		/* a bit a slot: a block begins there */
	uint32_t *ranks;		/* leaders before each 64 */
	struct flow_block *blocks;
	uint32_t nblocks;
	uint32_t *queue;
	size_t queued;
	uint32_t *entries;		/* slots that a call of a label leads to */
	size_t nentries;
	size_t leaders_room, ranks_room, blocks_room, queue_room, entries_room;
};

/* What one instruction does to the registers. */
struct flow_act {
	unsigned int reads, writes;
	unsigned int base;	/* the register that it reads or writes memory by; 0 bits: none */
	bool calls;
};

/* What is written behind an instruction, of what is before it. */
static inline unsigned int flow_written(unsigned int before, struct flow_act act)
{
	if (act.calls)
		before &= ~(unsigned int)REG_ARGS;
	return before | act.writes;
}

static inline uint32_t flow_width(struct asm_insn insn)
{
	return insn.code == CODE_LDDW ? 2 : 1;
}

static inline bool flow_is_call(struct asm_insn insn, int32_t helper)
{
	return insn.code == CODE_CALL && asm_src(insn) == CALL_HELPER && insn.imm == helper;
}

/* Begin: what each opcode does; no function yet. */
void flow_init(struct flow *flow, struct unit *unit);

/* The reloc of a slot; NULL: none. */
const struct asm_reloc *flow_reloc(const struct flow *flow, uint32_t slot);

/* Whether a call may be one that does not come back: of bpf_throw, or of a number. */
bool flow_may_throw(const struct flow *flow, uint32_t slot);

struct flow_act flow_act(const struct flow *flow, uint32_t slot);

/* Find where blocks begin. False: some path leads who knows where. */
bool flow_cut(struct flow *flow);

/* Fill in the blocks. False: some jump leads into the middle of a wide load. */
bool flow_build(struct flow *flow);

/* The block that begins at a slot; the slot that a block ends before. */
uint32_t flow_block_at(const struct flow *flow, uint32_t slot);
uint32_t flow_end(const struct flow *flow, uint32_t block);

/* Blocks to be looked at, each of them once at a time. */
void flow_push(struct flow *flow, uint32_t index);
uint32_t flow_pop(struct flow *flow);

/* Warn of what the registers that are written say. */
void flow_report(struct flow *flow);

/*
 * Where a register stands in the text of an instruction: the last time, where it is read. Its
 * length in *width; 1 and the front of the instruction when it does not stand there as such.
 */
uint32_t flow_find_register(const struct unit *unit, uint32_t pos, unsigned int reg,
			    unsigned int *width);

/*
 * Follow results of lookups along the paths and warn where one is used before a comparison, and of
 * reservations that a ring buffer never grants.
 */
void flow_find_nulls(struct flow *flow);

#endif
