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
#include <string.h>

#include "asm.h"
#include "diag.h"
#include "flow.h"
#include "global.h"
#include "num.h"
#include "lex.h"
#include "symbols.h"
#include "isa.h"
#include "mem.h"
#include "source.h"
#include "unit.h"

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
	CODE_MAY_GOTO = 0xe5,
	ATOMIC_FETCH = 0x01, ATOMIC_CMPXCHG = 0xf1, ATOMIC_LOAD = 0x100, ATOMIC_STORE = 0x110,
	CODE_ADD_IMM = 0x07, CODE_LDXW = 0x61, CODE_LDXDW = 0x79,
	OP_JEQ = 0x1, OP_JSET = 0x4, OP_JNE = 0x5, LEAST_MOST = 127,
	CALL_HELPER = 0, CALL_LOCAL = 1, CALL_KFUNC = 2, WIDE_FUNC = 4,
	HELPER_MAP_LOOKUP = 1, MAP_ARRAY = 2, MAP_PERCPU_ARRAY = 6,
	MAP_RDONLY_PROG = 1 << 7,	/* BPF_F_RDONLY_PROG */
};

/* Sets of registers. */
enum {
	REG_0 = 1 << 0, REG_1 = 1 << 1, REG_6 = 1 << 6, REG_10 = 1 << 10,
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
	BLOCK_LOOKS_UP = 1 << 4,
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

/* ---- instructions ---- */

static void flow_set_alu(struct flow_op *op, uint8_t code)
{
	bool swap = code >> 4 == OP_END;

	op->kind = code == CODE_MOV_REG ? FLOW_MOV : FLOW_PLAIN;
	op->dst = code >> 4 != OP_MOV ? UINT16_MAX : 0;
	op->src = code & BY_REGISTER && !swap ? UINT16_MAX : 0;
	op->write = UINT16_MAX;
}

static void flow_set_jump(struct flow_op *op, uint8_t code)
{
	switch (code) {
	case CODE_GOTO:
		op->kind = FLOW_GOTO;
		return;
	case CODE_GOTOL:
		op->kind = FLOW_GOTOL;
		return;
	case CODE_GOTOX:
		op->kind = FLOW_UNKNOWN;
		return;
	case CODE_CALL:
		op->kind = FLOW_CALL;
		return;
	case CODE_CALLX:
		op->kind = FLOW_CALLX;
		op->dst = UINT16_MAX;
		return;
	case CODE_EXIT:
		op->kind = FLOW_EXIT;
		return;
	case CODE_MAY_GOTO:
		op->kind = FLOW_MAY_GOTO;
		return;
	default:
		op->kind = FLOW_BRANCH;
		op->dst = UINT16_MAX;
		op->src = code & BY_REGISTER ? UINT16_MAX : 0;
	}
}

static void flow_set_op(struct flow_op *op, uint8_t code)
{
	switch (code & CLASS_MASK) {
	case CLASS_LD:
		op->kind = code == CODE_LDDW ? FLOW_WIDE : FLOW_PACKET;
		op->src = code != CODE_LDDW && (code & MODE_MASK) == MODE_IND ? UINT16_MAX : 0;
		op->write = code == CODE_LDDW ? UINT16_MAX : 0;
		return;
	case CLASS_LDX:
		op->kind = FLOW_LOAD;
		op->src = op->write = UINT16_MAX;
		return;
	case CLASS_ST:
	case CLASS_STX:
		op->kind = (code & MODE_MASK) == MODE_ATOMIC ? FLOW_ATOMIC : FLOW_STORE;
		op->dst = UINT16_MAX;
		op->src = (code & CLASS_MASK) == CLASS_STX ? UINT16_MAX : 0;
		return;
	case CLASS_ALU:
	case CLASS_ALU64:
		flow_set_alu(op, code);
		return;
	default:
		flow_set_jump(op, code);
	}
}

static void flow_init(struct flow *flow, struct unit *unit)
{
	const struct asm_form *forms;
	size_t i, n;

	memset(flow, 0, sizeof(*flow));
	flow->unit = unit;
	for (i = 0; i < sizeof(flow->ops) / sizeof(flow->ops[0]); i++)
		flow->ops[i].kind = FLOW_UNKNOWN;
	forms = asm_forms(&n);
	for (i = 0; i < n; i++) {
		struct flow_op *op = &flow->ops[forms[i].code];

		flow_set_op(op, forms[i].code);
		op->simple = op->kind < FLOW_ATOMIC || op->kind == FLOW_WIDE ||
			     op->kind == FLOW_BRANCH;
	}
	/* the second slot of a wide load */
	flow->ops[0].simple = true;
}

/* The reloc of a slot; NULL: none. */
static const struct asm_reloc *flow_reloc(const struct flow *flow, uint32_t slot)
{
	const struct asm_object *obj = flow->unit->obj;
	uint32_t wanted = flow->func->start + slot;
	size_t low = 0, high = obj->nrelocs, middle;

	while (low < high) {
		middle = (low + high) / 2;
		if (obj->relocs[middle].slot < wanted)
			low = middle + 1;
		else
			high = middle;
	}
	return low < obj->nrelocs && obj->relocs[low].slot == wanted ? &obj->relocs[low] : NULL;
}

/* Whether a call may be one that does not come back: of bpf_throw, or of a number. */
static bool flow_may_throw(const struct flow *flow, uint32_t slot)
{
	const struct asm_reloc *reloc;

	if (asm_src(flow->insns[slot]) != CALL_KFUNC)
		return false;
	reloc = flow_reloc(flow, slot);
	return !reloc || !strcmp(reloc->name, "bpf_throw");
}

/* What one instruction does to the registers. */
struct flow_act {
	unsigned int reads, writes;
	unsigned int base;	/* the register that it reads or writes memory by; 0 bits: none */
	bool calls;
};

static void flow_act_atomic(struct asm_insn insn, unsigned int dst, unsigned int src,
			    struct flow_act *act)
{
	act->base = dst;
	if (insn.imm == ATOMIC_LOAD) {
		act->base = act->reads = src;
		act->writes = dst;
	} else if (insn.imm == ATOMIC_CMPXCHG) {
		act->reads |= REG_0;
		act->writes = REG_0;
	} else if (insn.imm & ATOMIC_FETCH) {
		act->writes = src;
	}
}

static struct flow_act flow_act(const struct flow *flow, uint32_t slot)
{
	struct asm_insn insn = flow->insns[slot];
	struct flow_op op = flow->ops[insn.code];
	unsigned int dst = 1u << asm_dst(insn), src = 1u << asm_src(insn);
	struct flow_act act = {
		.reads = ((dst & op.dst) | (src & op.src)) & REG_ALL, .writes = dst & op.write,
	};

	switch (op.kind) {
	case FLOW_LOAD:
		act.base = src;
		break;
	case FLOW_STORE:
		act.base = dst;
		break;
	case FLOW_ATOMIC:
		flow_act_atomic(insn, dst, src, &act);
		act.reads &= REG_ALL;
		break;
	case FLOW_EXIT:
		act.reads = flow->returns ? REG_0 : 0;
		break;
	case FLOW_PACKET:
		act.reads |= REG_6;
		act.writes = REG_0;
		act.calls = true;
		break;
	case FLOW_CALL:
	case FLOW_CALLX:
		act.writes = flow_may_throw(flow, slot) ? REG_ALL : REG_0;
		act.calls = true;
		break;
	default:
		break;
	}
	return act;
}

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

/* ---- blocks ---- */

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
static bool flow_cut(struct flow *flow)
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

static uint32_t flow_block_at(const struct flow *flow, uint32_t slot)
{
	uint64_t before = (UINT64_C(1) << slot % 64) - 1;

	return flow->ranks[slot / 64] +
	       (uint32_t)__builtin_popcountll(flow->leaders[slot / 64] & before);
}

static uint32_t flow_end(const struct flow *flow, uint32_t block)
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

static inline bool flow_is_lookup(struct asm_insn insn)
{
	return insn.code == CODE_CALL && asm_src(insn) == CALL_HELPER &&
	       insn.imm == HELPER_MAP_LOOKUP;
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
	sum->looks_up |= flow_is_lookup(flow->insns[slot]);
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
static bool flow_build(struct flow *flow)
{
	uint32_t slot = 0;

	flow_rank(flow);
	flow->ever = 0;
	while (slot < flow->func->count && flow->insns[slot].code)
		slot = flow_summarize(flow, slot);
	return slot == flow->func->count;
}

/* ---- what every path has written ---- */

static void flow_push(struct flow *flow, uint32_t index)
{
	struct flow_block *block = &flow->blocks[index];

	if (block->flags & BLOCK_QUEUED)
		return;
	block->flags |= BLOCK_QUEUED;
	flow->queue[flow->queued++] = index;
}

static uint32_t flow_pop(struct flow *flow)
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

/* ---- reports ---- */

/*
 * Where a register stands in the text of an instruction: the last time, where it is read. Its
 * length in *width; 1 and the front of the instruction when it does not stand there as such.
 */
static uint32_t flow_find_register(const struct unit *unit, uint32_t pos, unsigned int reg,
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

static void flow_report(struct flow *flow)
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

/* ---- what may be NULL ---- */

/* On the way through a block. */
struct flow_walk {
	unsigned int nulls;	/* hold the result of a lookup not yet compared */
	unsigned int other;	/* written in this block, and not with such a result */
	uint32_t map;		/* in r1; FLOW_NONE: who knows */
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
	bool lookup = flow_is_lookup(flow->insns[slot]);

	walk->nulls &= flow_may_throw(flow, slot) ? 0 : ~(unsigned int)(REG_ARGS | REG_0);
	walk->other &= ~(unsigned int)REG_ARGS;
	walk->other |= REG_0;
	if (lookup) {
		walk->other &= ~(unsigned int)REG_0;
		walk->nulls |= flow_may_miss(flow, walk->map) ? REG_0 : 0;
	}
	walk->map = FLOW_NONE;
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

/* Through a block; with say, warn. Returns what may be NULL behind it. */
static unsigned int flow_walk(struct flow *flow, uint32_t index, bool say)
{
	struct flow_walk walk = { .nulls = flow->blocks[index].nulls, .map = FLOW_NONE };
	uint32_t slot, end = flow_end(flow, index);

	for (slot = flow->blocks[index].start; slot < end; slot += flow_width(flow->insns[slot])) {
		unsigned int bad = flow_walk_insn(flow, slot, &walk);

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

static void flow_find_nulls(struct flow *flow)
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
