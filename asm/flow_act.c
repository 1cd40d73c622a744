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

void flow_init(struct flow *flow, struct unit *unit)
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
const struct asm_reloc *flow_reloc(const struct flow *flow, uint32_t slot)
{
	const struct asm_object *obj = flow->unit->obj;
	uint32_t wanted = flow->func->start + slot;
	size_t i = asm_first_reloc(obj, wanted);

	return i < obj->nrelocs && obj->relocs[i].slot == wanted ? &obj->relocs[i] : NULL;
}

/* Whether a call may be one that does not come back: of bpf_throw, or of a number. */
bool flow_may_throw(const struct flow *flow, uint32_t slot)
{
	const struct asm_reloc *reloc;

	if (asm_src(flow->insns[slot]) != CALL_KFUNC)
		return false;
	reloc = flow_reloc(flow, slot);
	return !reloc || !strcmp(reloc->name, "bpf_throw");
}

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

struct flow_act flow_act(const struct flow *flow, uint32_t slot)
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
