/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <string.h>

#include "asm.h"
#include "diag.h"
#include "flow_part.h"
#include "global.h"
#include "num.h"
#include "lex.h"
#include "symbols.h"
#include "isa.h"
#include "mem.h"
#include "source.h"
#include "unit.h"

static void flow_lead(struct flow *flow, uint32_t slot)
{
	flow->leaders[slot / 64] |= UINT64_C(1) << slot % 64;
}

/* Where a jump leads, in slots of the function; it may lie outside. */
static inline int64_t flow_target(const struct flow *flow, uint32_t slot)
{
	struct asm_insn insn = flow->insns[slot];
	bool wide = flow->ops[insn.code].kind != FLOW_BRANCH &&
		    flow->ops[insn.code].kind != FLOW_GOTO &&
		    flow->ops[insn.code].kind != FLOW_MAY_GOTO;

	return (int64_t)slot + 1 + (wide ? insn.imm : insn.off);
}

static void flow_clear(struct flow *flow)
{
	size_t words = flow->func->count / 64 + 1;
	struct mem *mem = &flow->unit->mem;

	flow->leaders = mem_grow(mem, flow->leaders, &flow->leaders_room, words,
				 sizeof(*flow->leaders));
	flow->ranks = mem_grow(mem, flow->ranks, &flow->ranks_room, words, sizeof(*flow->ranks));
	memset(flow->leaders, 0, words * sizeof(*flow->leaders));
	flow->nentries = 0;
}

static bool flow_lead_target(struct flow *flow, uint32_t slot)
{
	int64_t to = flow_target(flow, slot);

	if (to < 0 || to >= flow->func->count)
		return false;
	flow_lead(flow, (uint32_t)to);
	return true;
}

/* A call, or the address, of a label of the function: another function begins there. */
static bool flow_lead_entry(struct flow *flow, uint32_t slot)
{
	unsigned int local = flow->insns[slot].code == CODE_CALL ? CALL_LOCAL : WIDE_FUNC;

	if (asm_src(flow->insns[slot]) != local || flow_reloc(flow, slot))
		return true;
	if (!flow_lead_target(flow, slot))
		return false;
	flow->entries = mem_grow(&flow->unit->mem, flow->entries, &flow->entries_room,
				 flow->nentries + 1, sizeof(*flow->entries));
	flow->entries[flow->nentries++] = (uint32_t)flow_target(flow, slot);
	return true;
}

/* Mark where blocks begin. False: some path leads nobody knows where. */
bool flow_cut(struct flow *flow)
{
	const struct asm_insn *insns = flow->insns;
	uint32_t slot, count = flow->func->count;

	flow_clear(flow);
	flow_lead(flow, 0);
	for (slot = 0; slot < count; slot++) {
		uint8_t kind = flow->ops[insns[slot].code].kind;

		if (kind <= FLOW_STORE)
			continue;
		switch (kind) {
		case FLOW_UNKNOWN:
			return false;
		case FLOW_WIDE:
			if (slot + 1 == count || insns[slot + 1].code ||
			    !flow_lead_entry(flow, slot))
				return false;
			slot++;
			break;
		case FLOW_CALL:
			if (!flow_lead_entry(flow, slot))
				return false;
			break;
		case FLOW_BRANCH:
		case FLOW_MAY_GOTO:
		case FLOW_GOTO:
		case FLOW_GOTOL:
			if (!flow_lead_target(flow, slot))
				return false;
			/* fallthrough */
		case FLOW_EXIT:
			if (slot + 1 < count)
				flow_lead(flow, slot + 1);
			break;
		default:
			break;
		}
	}
	return true;
}

/* Number the blocks; the arrays that have an element a block get room. */
static void flow_rank(struct flow *flow)
{
	uint32_t i, words = flow->func->count / 64 + 1, rank = 0;

	for (i = 0; i < words; i++) {
		flow->ranks[i] = rank;
		rank += (uint32_t)__builtin_popcountll(flow->leaders[i]);
	}
	flow->nblocks = 0;
	flow->blocks = mem_grow(&flow->unit->mem, flow->blocks, &flow->blocks_room, rank,
				sizeof(*flow->blocks));
	flow->queue = mem_grow(&flow->unit->mem, flow->queue, &flow->queue_room, rank,
			       sizeof(*flow->queue));
}

uint32_t flow_block_at(const struct flow *flow, uint32_t slot)
{
	uint64_t before = (UINT64_C(1) << slot % 64) - 1;

	return flow->ranks[slot / 64] +
	       (uint32_t)__builtin_popcountll(flow->leaders[slot / 64] & before);
}

uint32_t flow_end(const struct flow *flow, uint32_t block)
{
	return block + 1 < flow->nblocks ? flow->blocks[block + 1].start : flow->func->count;
}

/*
 * Whether what a register holds before a slot comes out of memory or a call in the same block: no
 * comparison can have told the kernel anything of it yet. Compared with a register, it may have had
 * a number added, as pointers into a packet have, when it has 32 bits or more.
 */
static bool flow_is_fresh(const struct flow *flow, uint32_t start, uint32_t slot, unsigned int reg,
			  bool may_add)
{
	struct asm_insn insn;
	bool added = false;

	while (slot-- > start) {
		insn = flow->insns[slot];
		/* no code: the second slot of a wide load */
		if (!insn.code || (flow->ops[insn.code].simple && (asm_dst(insn) != reg ||
								   !flow->ops[insn.code].write)))
			continue;
		if (!(flow_act(flow, slot).writes & 1u << reg))
			continue;
		switch (flow->ops[insn.code].kind) {
		case FLOW_LOAD:
			return !flow->constants && 1u << asm_src(insn) != REG_10 &&
			       (!added || insn.code == CODE_LDXW || insn.code == CODE_LDXDW);
		case FLOW_CALL:
			return asm_src(insn) != CALL_LOCAL && !added;
		case FLOW_MOV:
			reg = asm_src(insn);
			break;
		default:
			if (insn.code != CODE_ADD_IMM || !may_add)
				return false;
			added = true;
		}
		if (insn.code == CODE_MOV_REG && insn.off)
			return false;
	}
	return false;
}

/*
 * Whether a branch is surely taken on some run and not on another: it compares what nothing is
 * known of, with a number that is neither the least nor the most of the smallest type. The kernel
 * follows only one way out of others, if what it knows decides them.
 */
static bool flow_is_sure(const struct flow *flow, uint32_t start, uint32_t slot)
{
	struct asm_insn insn = flow->insns[slot];
	unsigned int op = insn.code >> 4;

	if (insn.code & BY_REGISTER)
		return op != OP_JSET && asm_dst(insn) != asm_src(insn) &&
		       flow_is_fresh(flow, start, slot, asm_src(insn), true) &&
		       flow_is_fresh(flow, start, slot, asm_dst(insn), true);
	if (insn.imm < (op == OP_JEQ || op == OP_JNE ? 0 : 1) || insn.imm >= LEAST_MOST)
		return false;
	return flow_is_fresh(flow, start, slot, asm_dst(insn), false);
}

/* How a block is left, of the last instruction in it. */
static void flow_leave(const struct flow *flow, struct flow_block *block, uint32_t slot)
{
	block->target = FLOW_NONE;
	block->flags |= BLOCK_SURE;
	switch (flow->ops[flow->insns[slot].code].kind) {
	case FLOW_BRANCH:
		if (!flow_is_sure(flow, block->start, slot))
			block->flags &= (uint16_t)~BLOCK_SURE;
		/* fallthrough */
	case FLOW_MAY_GOTO:
		block->flags |= BLOCK_FALLS;
		/* fallthrough */
	case FLOW_GOTO:
	case FLOW_GOTOL:
		block->target = flow_block_at(flow, (uint32_t)flow_target(flow, slot));
		return;
	case FLOW_EXIT:
		return;
	default:
		block->flags |= BLOCK_FALLS;
	}
}

/* Registers of the instructions of a block, as struct flow_block has them. */
struct flow_sum {
	unsigned int written, wants, lost;
	unsigned int gone;	/* what calls have left nothing in */
	unsigned int ever;	/* written at some time */
	bool looks_up;
};

static void flow_add_special(const struct flow *flow, uint32_t slot, struct flow_sum *sum)
{
	struct flow_act act = flow_act(flow, slot);

	sum->wants |= act.reads & ~sum->written & ~sum->gone;
	sum->lost |= act.reads & ~sum->written & sum->gone;
	sum->written = flow_written(sum->written | act.reads, act);
	sum->ever |= act.writes;
	sum->gone |= act.calls ? REG_ARGS : 0;
	sum->looks_up |= flow_is_call(flow->insns[slot], HELPER_MAP_LOOKUP) ||
			 flow_is_call(flow->insns[slot], HELPER_RINGBUF_RESERVE);
}

/* Sum up from a slot to the end of its block; returns that, and in *last the last instruction. */
static uint32_t flow_sum_up(const struct flow *flow, uint32_t slot, struct flow_sum *out,
			    uint32_t *last)
{
	const struct asm_insn *insns = flow->insns;
	const uint64_t *leaders = flow->leaders;
	uint32_t count = flow->func->count;
	struct flow_sum sum = { .written = 0 };

	do {
		struct asm_insn insn = insns[slot];
		const struct flow_op *op = &flow->ops[insn.code];
		unsigned int dst = 1u << asm_dst(insn), src = 1u << asm_src(insn);
		unsigned int reads = ((dst & op->dst) | (src & op->src)) & ~sum.written;

		*last = slot++;
		if (!op->simple) {
			flow_add_special(flow, *last, &sum);
			continue;
		}
		sum.wants |= reads & ~sum.gone;
		sum.lost |= reads & sum.gone;
		sum.ever |= dst & op->write;
		sum.written |= reads | (dst & op->write);
	} while (slot < count && !(leaders[slot / 64] >> slot % 64 & 1));
	*out = sum;
	return slot;
}

/* The block that begins at a slot; returns where it ends. */
static uint32_t flow_summarize(struct flow *flow, uint32_t slot)
{
	struct flow_block *block = &flow->blocks[flow->nblocks++];
	struct flow_sum sum;
	uint32_t last;

	memset(block, 0, sizeof(*block));
	block->start = slot;
	slot = flow_sum_up(flow, slot, &sum, &last);
	block->written = (uint16_t)(sum.written & REG_ALL);
	block->wants = (uint16_t)(sum.wants & REG_ALL);
	block->lost = (uint16_t)(sum.lost & REG_ALL);
	block->flags = (uint16_t)((sum.gone ? BLOCK_CALLS : 0) |
				  (sum.looks_up ? BLOCK_LOOKS_UP : 0));
	flow->ever |= sum.ever;
	flow_leave(flow, block, last);
	return slot;
}

/* False: some jump leads into the middle of a wide load. */
bool flow_build(struct flow *flow)
{
	uint32_t slot = 0;

	flow_rank(flow);
	flow->ever = 0;
	while (slot < flow->func->count && flow->insns[slot].code)
		slot = flow_summarize(flow, slot);
	return slot == flow->func->count;
}
