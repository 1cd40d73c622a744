/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A function is cut into blocks: runs of slots entered only at their first and left only behind
 * their last. A set of registers is a mask. Two questions are carried along the paths until nothing
 * changes: which registers every path has written (a block's set only shrinks), and which hold the
 * result of a lookup that some path has not compared (it only grows). So a block is visited at most
 * once a register and question, which is what makes this linear.
 *
 * What is said must be right: where the kernel might know better, this is silent.
 */
#include "asm.h"
#include "diag.h"
#include "flow.h"
#include "flow_part.h"
#include "global.h"
#include "num.h"
#include "lex.h"
#include "symbols.h"
#include "isa.h"
#include "mem.h"
#include "source.h"
#include "unit.h"

/* ---- what every path has written ---- */

void flow_push(struct flow *flow, uint32_t index)
{
	struct flow_block *block = &flow->blocks[index];

	if (block->flags & BLOCK_QUEUED)
		return;
	block->flags |= BLOCK_QUEUED;
	flow->queue[flow->queued++] = index;
}

uint32_t flow_pop(struct flow *flow)
{
	uint32_t index = flow->queue[--flow->queued];

	flow->blocks[index].flags &= (uint16_t)~BLOCK_QUEUED;
	return index;
}

static void flow_enter(struct flow *flow, uint32_t index, unsigned int written)
{
	struct flow_block *block = &flow->blocks[index];
	unsigned int both = block->flags & BLOCK_SEEN ? block->in & written : written;

	if (block->flags & BLOCK_SEEN && both == block->in)
		return;
	block->in = (uint16_t)both;
	block->flags |= BLOCK_SEEN;
	flow_push(flow, index);
}

static void flow_spread_written(struct flow *flow)
{
	while (flow->queued) {
		uint32_t index = flow_pop(flow);
		const struct flow_block *block = &flow->blocks[index];
		unsigned int out = block->in;

		if (block->flags & BLOCK_CALLS)
			out &= ~(unsigned int)REG_ARGS;
		out |= block->written;
		if (block->in & REG_DOUBT || !(block->flags & BLOCK_SURE))
			out = REG_ALL | REG_DOUBT;
		if (block->target != FLOW_NONE)
			flow_enter(flow, block->target, out);
		if (block->flags & BLOCK_FALLS && index + 1 < flow->nblocks)
			flow_enter(flow, index + 1, out);
	}
}

static void flow_find_written(struct flow *flow)
{
	const struct asm_attach *attach = flow->func->attach;
	bool program = flow->func->section && !(attach && attach->target == ASM_TARGET_EXT);
	size_t i;

	flow_enter(flow, 0, (program ? REG_1 : REG_ARGS) | REG_10);
	for (i = 0; i < flow->nentries; i++)
		flow_enter(flow, flow_block_at(flow, flow->entries[i]), REG_ARGS | REG_10);
	flow_spread_written(flow);
}

/* ---- functions ---- */

/* Nobody knows what registers hold where a nameless text begins, or what a log leaves out. */
static bool flow_is_whole(const struct flow *flow)
{
	const struct asm_source *source = source_of(flow->unit->sources, flow->func->pos);

	return (!flow->func->section || flow->func->section[0]) && source && !source->listing;
}

/* Some programs return nothing; so does a function, for all that its exit says. */
static bool flow_returns(const struct asm_func *func)
{
	if (!func->section || !func->attach)
		return false;
	switch (func->attach->target) {
	case ASM_TARGET_EXT:
	case ASM_TARGET_LSM_HOOK:
	case ASM_TARGET_STRUCT_OPS:
		return false;
	default:
		return true;
	}
}

static void flow_check_function(struct flow *flow)
{
	flow->insns = &flow->unit->obj->insns[flow->func->start];
	if (!flow_is_whole(flow) || !flow_cut(flow))
		return;
	flow->returns = flow_returns(flow->func) && !flow->nentries;
	if (!flow_build(flow))
		return;
	flow_find_written(flow);
	flow_report(flow);
	flow_find_nulls(flow);
}

void flow_check(struct unit *unit)
{
	const struct asm_object *obj = unit->obj;
	struct flow flow;
	size_t i;

	flow_init(&flow, unit);
	for (i = 0; i < obj->nmaps; i++)
		flow.constants |= obj->maps[i].map_flags & MAP_RDONLY_PROG;
	for (i = 0; i < obj->nfuncs; i++) {
		flow.func = &obj->funcs[i];
		flow_check_function(&flow);
	}
	mem_drop(flow.leaders);
	mem_drop(flow.ranks);
	mem_drop(flow.blocks);
	mem_drop(flow.queue);
	mem_drop(flow.entries);
}
