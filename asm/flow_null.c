/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
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

/* On the way through a block. */
struct flow_walk {
	unsigned int nulls;	/* hold the result of a lookup not yet compared */
	unsigned int other;	/* written in this block, and not with such a result */
	uint32_t map;		/* in r1; FLOW_NONE: who knows */
	int32_t size;		/* in r2; negative: who knows */
};

/*
 * Whether a lookup in the map must be followed by a comparison. Not in an array, for which the
 * kernel may see a constant key (6.15 and later), nor in who knows what.
 */
static bool flow_may_miss(const struct flow *flow, uint32_t map)
{
	uint32_t type;

	if (map == FLOW_NONE)
		return false;
	type = flow->unit->obj->maps[map].type->number;
	return type != MAP_ARRAY && type != MAP_PERCPU_ARRAY;
}

static void flow_walk_call(struct flow *flow, uint32_t slot, struct flow_walk *walk)
{
	bool lookup = flow_is_call(flow->insns[slot], HELPER_MAP_LOOKUP);

	walk->nulls &= flow_may_throw(flow, slot) ? 0 : ~(unsigned int)(REG_ARGS | REG_0);
	walk->other &= ~(unsigned int)REG_ARGS;
	walk->other |= REG_0;
	if (lookup) {
		walk->other &= ~(unsigned int)REG_0;
		walk->nulls |= flow_may_miss(flow, walk->map) ? REG_0 : 0;
	}
	walk->map = FLOW_NONE;
	walk->size = -1;
}

/* Bits of a set move along with the value. */
static unsigned int flow_copy(unsigned int set, unsigned int dst, unsigned int src)
{
	return set & src ? set | dst : set & ~dst;
}

static void flow_walk_write(struct flow *flow, uint32_t slot, struct flow_act act,
			    struct flow_walk *walk)
{
	struct asm_insn insn = flow->insns[slot];
	uint8_t kind = flow->ops[insn.code].kind;
	const struct asm_reloc *reloc;

	if (act.writes & REG_1)
		walk->map = FLOW_NONE;
	if (act.writes & REG_2)
		walk->size = insn.code == CODE_MOV_IMM || insn.code == CODE_MOV32_IMM ?
			     insn.imm : -1;
	if (kind == FLOW_MOV && !insn.off) {
		walk->nulls = flow_copy(walk->nulls, act.writes, act.reads);
		walk->other = flow_copy(walk->other, act.writes, act.reads);
		return;
	}
	walk->nulls &= ~act.writes;
	walk->other &= ~act.writes;
	/* what is loaded may be a result that was stored */
	if (kind == FLOW_PLAIN || kind == FLOW_WIDE)
		walk->other |= act.writes;
	if (kind != FLOW_WIDE || act.writes != REG_1)
		return;
	reloc = flow_reloc(flow, slot);
	if (reloc && reloc->kind == ASM_RELOC_MAP)
		walk->map = reloc->index;
}

/* One instruction; returns the register by which it reaches for what may be NULL, or 0. */
static unsigned int flow_walk_insn(struct flow *flow, uint32_t slot, struct flow_walk *walk)
{
	struct flow_act act = flow_act(flow, slot);
	unsigned int bad = act.base & walk->nulls;

	walk->nulls &= ~bad;
	if (act.calls)
		flow_walk_call(flow, slot, walk);
	else if (flow->ops[flow->insns[slot].code].kind != FLOW_BRANCH)
		flow_walk_write(flow, slot, act, walk);
	else if (act.reads & ~walk->other)
		walk->nulls = 0;
	return bad;
}

static void flow_warn_null(struct flow *flow, uint32_t slot, unsigned int reg)
{
	uint32_t pos = flow->unit->obj->insn_pos[flow->func->start + slot];
	unsigned int width;

	pos = flow_find_register(flow->unit, pos, reg, &width);
	diag_warn(&flow->unit->diags, ASM_WARNING_UNCHECKED_LOOKUP, pos, width,
		  "r%u may be NULL: nothing has compared the result of the lookup with 0", reg);
}

/* Of a record that is never to be had, or of no use: the kernel takes both. */
static void flow_check_size(struct flow *flow, uint32_t slot, const struct flow_walk *walk)
{
	uint32_t pos = flow->unit->obj->insn_pos[flow->func->start + slot];
	const struct asm_map *map;

	if (!flow_is_call(flow->insns[slot], HELPER_RINGBUF_RESERVE) ||
	    walk->map == FLOW_NONE || walk->size < 0)
		return;
	map = &flow->unit->obj->maps[walk->map];
	if (map->type->number != MAP_RINGBUF)
		return;
	if (walk->size == 0)
		diag_warn(&flow->unit->diags, ASM_WARNING_RECORD_SIZE, pos, 1,
			  "a record of 0 bytes has no room for anything");
	else if (map->max_entries && walk->size > (int64_t)map->max_entries - RECORD_HEADER)
		diag_warn(&flow->unit->diags, ASM_WARNING_RECORD_SIZE, pos, 1,
			  "a record of %d bytes, and %d before it, is never to be had: '%s' has %u",
			  walk->size, RECORD_HEADER, map->name, map->max_entries);
}

/* Through a block; with say, warn. Returns what may be NULL behind it. */
static unsigned int flow_walk(struct flow *flow, uint32_t index, bool say)
{
	struct flow_walk walk = { .nulls = flow->blocks[index].nulls, .map = FLOW_NONE,
				  .size = -1 };
	uint32_t slot, end = flow_end(flow, index);

	for (slot = flow->blocks[index].start; slot < end; slot += flow_width(flow->insns[slot])) {
		unsigned int bad;

		if (say)
			flow_check_size(flow, slot, &walk);
		bad = flow_walk_insn(flow, slot, &walk);
		if (bad && say)
			flow_warn_null(flow, slot, (unsigned int)__builtin_ctz(bad));
	}
	return walk.nulls;
}

static void flow_add_nulls(struct flow *flow, uint32_t index, unsigned int nulls)
{
	struct flow_block *block = &flow->blocks[index];

	if (!(nulls & ~(unsigned int)block->nulls))
		return;
	block->nulls |= (uint16_t)nulls;
	flow_push(flow, index);
}

static bool flow_looks_up(const struct flow_block *block)
{
	return block->flags & BLOCK_LOOKS_UP && block->flags & BLOCK_SEEN &&
	       !(block->in & REG_DOUBT);
}

void flow_find_nulls(struct flow *flow)
{
	uint32_t i;

	for (i = 0; i < flow->nblocks; i++)
		if (flow_looks_up(&flow->blocks[i]))
			flow_push(flow, i);
	while (flow->queued) {
		uint32_t index = flow_pop(flow);
		const struct flow_block *block = &flow->blocks[index];
		unsigned int nulls = flow_walk(flow, index, false);

		if (!(block->flags & BLOCK_SURE))
			continue;
		if (block->target != FLOW_NONE)
			flow_add_nulls(flow, block->target, nulls);
		if (block->flags & BLOCK_FALLS && index + 1 < flow->nblocks)
			flow_add_nulls(flow, index + 1, nulls);
	}
	for (i = 0; i < flow->nblocks; i++)
		if (flow->blocks[i].nulls || flow_looks_up(&flow->blocks[i]))
			flow_walk(flow, i, true);
}
