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

/*
 * Where a register stands in the text of an instruction: the last time, where it is read. Its
 * length in *width; 1 and the front of the instruction when it does not stand there as such.
 */
uint32_t flow_find_register(const struct unit *unit, uint32_t pos, unsigned int reg,
				   unsigned int *width)
{
	const struct asm_source *source = source_of(unit->sources, pos);
	unsigned int len = reg > 9 ? 3 : 2;
	const char *at, *end, *text;
	uint32_t found = pos;

	*width = 1;
	if (!source)
		return pos;
	text = source->text + (pos - source->base);
	end = source->text + source->len;
	for (at = text; at < end && *at != '\n' && *at != ';' && *at != '#'; at++) {
		bool begins = at == text || !lex_in_name(at[-1]);

		if (!begins || (*at != 'r' && *at != 'w') || (size_t)(end - at) < len)
			continue;
		if (at[1] != (char)('0' + (reg > 9 ? 1 : reg)) || (len == 3 && at[2] != '0') ||
		    ((size_t)(end - at) > len && lex_in_name(at[len])))
			continue;
		found = pos + (uint32_t)(at - text);
		*width = len;
	}
	return found;
}

static const char *flow_say_read(const struct flow *flow, unsigned int reg, unsigned int gone)
{
	if (reg & gone)
		return "but the call before it leaves nothing there";
	if (reg & flow->ever)
		return "but not every path to here has written it";
	return "but nothing has written it";
}

static void flow_warn_read(struct flow *flow, uint32_t slot, unsigned int reg, const char *why)
{
	bool exits = flow->insns[slot].code == CODE_EXIT;
	uint32_t pos = flow->unit->obj->insn_pos[flow->func->start + slot];
	unsigned int number = (unsigned int)__builtin_ctz(reg), width;

	pos = flow_find_register(flow->unit, pos, number, &width);
	diag_warn(&flow->unit->diags, ASM_WARNING_UNINITIALIZED, pos, width, "r%u is %s, %s",
		  number, exits ? "returned" : "read", why);
}

/* A block that reads what some path has not written: find the instructions. */
static void flow_report_reads(struct flow *flow, uint32_t index)
{
	unsigned int written = flow->blocks[index].in, gone = 0, bad;
	uint32_t slot, end = flow_end(flow, index);

	for (slot = flow->blocks[index].start; slot < end; slot += flow_width(flow->insns[slot])) {
		struct flow_act act = flow_act(flow, slot);

		for (bad = act.reads & ~written; bad; bad &= bad - 1)
			flow_warn_read(flow, slot, bad, flow_say_read(flow, bad & -bad, gone));
		written = flow_written(written | act.reads, act);
		gone |= act.calls ? REG_ARGS : 0;
	}
}

static void flow_report_end(struct flow *flow)
{
	uint32_t slot = flow->blocks[flow->nblocks - 1].start, last = slot;
	const struct asm_object *obj = flow->unit->obj;

	for (; slot < flow->func->count; slot += flow_width(flow->insns[slot]))
		last = slot;
	if (flow->insns[last].code == CODE_CALL && flow_may_throw(flow, last))
		return;
	diag_warn(&flow->unit->diags, ASM_WARNING_NO_EXIT, obj->insn_pos[flow->func->start + last],
		  1, "'%s' ends here, without an exit or a jump", flow->func->name);
}

void flow_report(struct flow *flow)
{
	const struct asm_object *obj = flow->unit->obj;
	bool before = true, seen;
	uint32_t i;

	for (i = 0; i < flow->nblocks; i++, before = seen) {
		const struct flow_block *block = &flow->blocks[i];

		seen = block->flags & BLOCK_SEEN;
		if (before && !seen)
			diag_warn(&flow->unit->diags, ASM_WARNING_UNREACHABLE,
				  obj->insn_pos[flow->func->start + block->start], 1,
				  "no path leads to this instruction");
		if (seen && !(block->in & REG_DOUBT) &&
		    ((block->wants & ~block->in) || block->lost))
			flow_report_reads(flow, i);
	}
	if (before && flow->blocks[flow->nblocks - 1].flags & BLOCK_FALLS)
		flow_report_end(flow);
}
