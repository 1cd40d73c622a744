/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "asm.h"
#include "data.h"
#include "diag.h"
#include "global.h"
#include "num.h"
#include "expr.h"
#include "insn.h"
#include "lex.h"
#include "local.h"
#include "log.h"
#include "symbols.h"
#include "isa.h"
#include "match.h"
#include "mem.h"
#include "section.h"
#include "source.h"
#include "unit.h"
#include "unused.h"

/* Fields of the opcode byte: RFC 9669 section 3. */
enum {
	CLASS_LD = 0x0, CLASS_LDX = 0x1, CLASS_ST = 0x2, CLASS_STX = 0x3, CLASS_ALU = 0x4,
	CLASS_JMP = 0x5, CLASS_JMP32 = 0x6, CLASS_ALU64 = 0x7, CLASS_MASK = 0x7,
	SIZE_W = 0x00, SIZE_H = 0x08, SIZE_B = 0x10, SIZE_DW = 0x18, SIZE_MASK = 0x18,
	CODE_JA = 0x05, CODE_JA32 = 0x06, CODE_LDDW = 0x18, CODE_CALL = 0x85, CODE_EXIT = 0x95,
	CODE_MOV = 0xb7,
};

/* The src field of calls and wide loads: section 4.3.1 and 5.4. */
enum {
	CALL_LOCAL = 1, CALL_KFUNC = 2,
	WIDE_MAP = 1, WIDE_MAP_VALUE = 2, WIDE_FUNC = 4,
};

enum { STACK_ARG_REG = 11, STACK_ARG_SIZE = 8 };

/* An instruction being put together. */
struct build {
	struct unit *unit;
	const struct asm_form *form;
	const struct isa_spelling *spelling;
	const struct operand *operands;
	struct asm_insn *insn;	/* in its place, behind the object's last */
	int32_t next;		/* imm of the second slot */
	uint32_t pos;
	bool wide_mov;		/* a mov of the text that a listing says is a wide load */
	bool in_log;		/* of the kernel's, which prints the 32 bits of immediates */
	const struct operand *seen[2];	/* first operand for dst, src */
};

/* ---- slots and references ---- */

/* The slot to be added next. Both arrays grow alike, so the room of one is that of the other. */
static struct asm_insn *insn_room(struct unit *unit)
{
	struct asm_object *obj = unit->obj;

	if (obj->ninsns == unit->insns_room) {
		obj->insn_pos = mem_grow(&unit->mem, obj->insn_pos, &unit->pos_room,
					 obj->ninsns + 1, sizeof(*obj->insn_pos));
		obj->insns = mem_grow(&unit->mem, obj->insns, &unit->insns_room,
				      obj->ninsns + 1, sizeof(*obj->insns));
	}
	return &obj->insns[obj->ninsns];
}

static void insn_added(struct asm_object *obj, uint32_t pos)
{
	obj->insn_pos[obj->ninsns++] = pos;
}

void insn_add(struct unit *unit, struct asm_insn insn, uint32_t pos)
{
	*insn_room(unit) = insn;
	insn_added(unit->obj, pos);
}

/* The label of that name, which may stand further on. */
static uint32_t insn_await_label(struct unit *unit, const char *name, size_t len)
{
	struct symbol *label = symbols_get(&unit->labels, name, len);

	if (!label) {
		label = symbols_put(&unit->labels, name, len);
		label->kind = local_is(name, len) ? UNIT_LABEL_LOCAL : UNIT_LABEL_AWAITED;
	}
	label->used = true;
	return (uint32_t)(label - unit->labels.entries);
}

static void insn_add_fixup(struct unit *unit, const struct operand *operand)
{
	struct fixup *fixup;

	unit->fixups = mem_grow(&unit->mem, unit->fixups, &unit->fixups_room,
				unit->nfixups + 1, sizeof(*unit->fixups));
	fixup = &unit->fixups[unit->nfixups++];
	fixup->slot = (uint32_t)unit->obj->ninsns;
	fixup->pos = operand->value.pos;
	fixup->label = insn_await_label(unit, operand->value.name, operand->value.name_len);
}

static struct reference *insn_add_reference(struct unit *unit, const struct value *value)
{
	struct reference *ref;

	unit->references = mem_grow(&unit->mem, unit->references, &unit->references_room,
				    unit->nreferences + 1, sizeof(*unit->references));
	ref = &unit->references[unit->nreferences++];
	memset(ref, 0, sizeof(*ref));
	ref->slot = (uint32_t)unit->obj->ninsns;
	ref->pos = value->pos;
	ref->name = value->name;
	ref->len = value->name_len;
	return ref;
}

/* ---- operands ---- */

struct asm_kref *insn_add_kref(struct unit *unit, const struct value *value)
{
	struct asm_object *obj = unit->obj;
	struct asm_kref *kref;

	obj->krefs = mem_grow(&unit->mem, obj->krefs, &unit->krefs_room, obj->nkrefs + 1,
			      sizeof(*obj->krefs));
	kref = &obj->krefs[obj->nkrefs++];
	kref->slot = (uint32_t)obj->ninsns;
	kref->path = value->kernel;
	kref->pos = value->pos;
	kref->imm = false;
	return kref;
}

/* Values of 2^31 and more are sign-extended by a 64-bit instruction: right, but seldom meant. */
static void build_warn_sign(const struct build *build, const struct value *value)
{
	diag_warn(&build->unit->diags, ASM_WARNING_SIGN_EXTENSION, value->pos, value->len,
		 "0x%llx is sign-extended to 0x%llx; 'rN = 0x%llx ll' loads it as it stands",
		 (unsigned long long)value->num.mag,
		 (unsigned long long)(uint64_t)(int64_t)(int32_t)value->num.mag,
		 (unsigned long long)value->num.mag);
}

/*
 * The 32-bit field of a number. What the instruction makes of it decides the range: 64-bit
 * instructions sign-extend it, the others use its 32 bits, stores their size of it.
 */
static bool build_imm(struct build *build, const struct value *value, int32_t *out)
{
	unsigned int class = build->form->code & CLASS_MASK, size = build->form->code & SIZE_MASK;
	bool wide = class == CLASS_ALU64 || class == CLASS_JMP ||
		    (class == CLASS_ST && size == SIZE_DW);
	uint64_t high = UINT32_MAX;
	int64_t low = INT32_MIN;

	if (class == CLASS_ST && size == SIZE_B) {
		low = INT8_MIN;
		high = UINT8_MAX;
	} else if (class == CLASS_ST && size == SIZE_H) {
		low = INT16_MIN;
		high = UINT16_MAX;
	}
	*out = (int32_t)num_bits(value->num);
	if (value->kernel)
		insn_add_kref(build->unit, value)->imm = true;
	/* 0xffffffff80000000 and above: the 64 bits of a negative number */
	if (!value->name && !value->num.neg && value->num.mag >= (uint64_t)(int64_t)INT32_MIN &&
	    high == UINT32_MAX)
		return true;
	if (!expr_range(build->unit, value, "the immediate", low, high)) {
		if (build->form->code == CODE_MOV && !value->name)
			diag_add(&build->unit->diags, ASM_NOTE, value->pos, value->len,
				 "behind a number, 'll' makes it a 64-bit load");
		return false;
	}
	if (wide && !build->in_log && !value->num.neg && value->num.mag > INT32_MAX)
		build_warn_sign(build, value);
	return true;
}

/* The wide load that is added next loads an address. */
static bool insn_add_address(struct unit *unit, const struct value *value)
{
	struct reference *ref;

	if (!num_between(value->num, INT32_MIN, INT32_MAX))
		return expr_out_of_range(unit, value, "the offset", INT32_MIN, INT32_MAX);
	ref = insn_add_reference(unit, value);
	ref->value = value->first;
	ref->addend = (int32_t)num_bits(value->num);
	return true;
}

/* The 64 bits of a wide load, or the reference to what it loads. */
static bool build_imm64(struct build *build, const struct operand *operand)
{
	const struct value *value = &operand->value;
	uint64_t bits = num_bits(value->num);

	if (value->kernel)
		insn_add_kref(build->unit, value)->imm = true;
	if (value->name)
		return insn_add_address(build->unit, value);
	build->insn->imm = (int32_t)(uint32_t)bits;
	build->next = (int32_t)(uint32_t)(bits >> 32);
	return true;
}

/* The slot of the label that a name means in the instruction at `slot`. */
static bool insn_find_label(const struct unit *unit, const char *name, size_t len, uint32_t slot,
			    uint32_t *out)
{
	struct symbol *label;

	if (local_is(name, len))
		return local_find(unit, name, len, slot, out);
	label = symbols_get(&unit->labels, name, len);
	if (!label || label->kind != UNIT_LABEL)
		return false;
	label->used = true;
	*out = label->index;
	return true;
}

/*
 * A label that stands before the jump: most loops. Settled here, it needs no fixup later; one that
 * is out of reach does, to become another instruction or an error.
 */
static bool build_label_behind(struct build *build, const struct operand *operand, bool wide)
{
	uint32_t slot = (uint32_t)build->unit->obj->ninsns, label;
	int64_t distance;

	if (!insn_find_label(build->unit, operand->value.name, operand->value.name_len, slot,
			     &label))
		return false;
	distance = (int64_t)label - slot - 1;
	if (distance < (wide ? INT32_MIN : INT16_MIN))
		return false;
	if (wide)
		build->insn->imm = (int32_t)distance;
	else
		build->insn->off = (int16_t)distance;
	return true;
}

static bool build_label(struct build *build, const struct operand *operand)
{
	bool wide = build->form->code == CODE_JA32 || build->form->code == CODE_CALL ||
		    (build->form->flags & ASM_WIDE);
	int64_t low = wide ? INT32_MIN : INT16_MIN, high = wide ? INT32_MAX : INT16_MAX;

	if (!operand->relative) {
		if (!build_label_behind(build, operand, wide))
			insn_add_fixup(build->unit, operand);
		return true;
	}
	if (!expr_range(build->unit, &operand->value, "the distance", low, (uint64_t)high))
		return false;
	if (wide)
		build->insn->imm = (int32_t)num_bits(operand->value.num);
	else
		build->insn->off = (int16_t)num_bits(operand->value.num);
	return true;
}

/*
 * NAME#id as the kernel prints it: of a helper its number, or in a program under way a distance
 * that nobody can know; of anything else a BTF id; "unknown" is a helper without a name.
 */
static bool build_func_id(struct build *build, const struct operand *operand)
{
	const struct value *value = &operand->value;
	char *name = mem_text(&build->unit->mem, value->name, value->name_len);
	const struct asm_helper *helper = asm_helper_find(name), *rows;
	size_t n;

	rows = asm_helpers(&n);
	if (!num_between(value->num, 1, INT32_MAX))
		return expr_out_of_range(build->unit, value, "the id", 1, INT32_MAX);
	build->insn->imm = (int32_t)num_bits(value->num);
	if (helper && value->num.mag != helper->id && value->num.mag <= rows[n - 1].id) {
		diag_add(&build->unit->diags, ASM_ERROR, value->pos, value->len,
			 "'%s' is helper %u", name, helper->id);
		return false;
	}
	if (helper)
		build->insn->imm = (int32_t)helper->id;
	else if (strcmp(name, "unknown") != 0)
		build->insn->regs |= CALL_KFUNC << 4;
	return true;
}

static bool build_func(struct build *build, const struct operand *operand)
{
	const struct value *value = &operand->value;

	if (value->name && !operand->id) {
		insn_add_reference(build->unit, value)->call = true;
		return true;
	}
	if (operand->relative) {
		build->insn->regs |= CALL_LOCAL << 4;
		if (!expr_range(build->unit, value, "the distance", INT32_MIN, INT32_MAX))
			return false;
	} else if (operand->id) {
		return build_func_id(build, operand);
	} else if (!expr_range(build->unit, value, "the helper's number", INT32_MIN, INT32_MAX)) {
		return false;
	}
	build->insn->imm = (int32_t)num_bits(value->num);
	return true;
}

static bool build_half(struct build *build, const struct operand *operand, unsigned int shift)
{
	if (!expr_range(build->unit, &operand->value, "the address space", 0, UINT16_MAX))
		return false;
	build->insn->imm |= (int32_t)(uint32_t)(operand->value.num.mag << shift);
	return true;
}

static bool build_offset(struct build *build, const struct operand *operand)
{
	if (!expr_range(build->unit, &operand->value, "the offset", INT16_MIN, INT16_MAX))
		return false;
	build->insn->off = (int16_t)num_bits(operand->value.num);
	if (operand->value.kernel)
		insn_add_kref(build->unit, &operand->value);
	return true;
}

static bool build_error(struct build *build, const struct operand *operand, const char *message)
{
	struct unit *unit = build->unit;

	diag_add(&unit->diags, ASM_ERROR, lex_pos(&unit->lex, operand->text), operand->len, "%s",
		 message);
	return false;
}

/* r11 is no register of the machine: it names the stack arguments of the call under way. */
static bool build_stack_arg(struct build *build, const struct operand *operand, bool is_src)
{
	bool load = build->form->flags & ASM_STACKARG_LD;
	bool store = build->form->flags & ASM_STACKARG_ST;

	if ((load && is_src) || (store && !is_src))
		return true;
	return build_error(build, operand, "r11 is only the base of 8-byte loads and stores of "
			   "stack arguments");
}

/* dst or src; where the template names it twice, both must agree. */
static inline bool build_register(struct build *build, const struct operand *operand, bool is_src)
{
	const struct operand **seen = &build->seen[is_src];

	if (operand->reg == STACK_ARG_REG && !build_stack_arg(build, operand, is_src))
		return false;
	if (*seen && (*seen)->reg != operand->reg)
		return build_error(build, operand, "this must be the same register as before");
	*seen = operand;
	build->insn->regs = (uint8_t)(is_src ? (build->insn->regs & 0x0f) | operand->reg << 4 :
				     (build->insn->regs & 0xf0) | operand->reg);
	return true;
}

static bool build_word(struct build *build, enum isa_word word, const struct operand *operand)
{
	switch (word) {
	case ISA_RD:
	case ISA_WD:
		return build_register(build, operand, false);
	case ISA_RS:
	case ISA_WS:
		return build_register(build, operand, true);
	case ISA_R0:
	case ISA_W0:
		return !operand->reg || build_error(build, operand, "this must be register 0");
	case ISA_IMM:
		if (build->wide_mov)
			return build_imm64(build, operand);
		return build_imm(build, &operand->value, &build->insn->imm);
	case ISA_PLUS_IMM:
		return build_imm(build, &operand->value, &build->insn->imm);
	case ISA_NEXT:
		return build_imm(build, &operand->value, &build->next);
	case ISA_IMM64:
		return build_imm64(build, operand);
	case ISA_OFF:
		return build_offset(build, operand);
	case ISA_LABEL:
		return build_label(build, operand);
	case ISA_FUNC:
		return build_func(build, operand);
	case ISA_HI:
		return build_half(build, operand, 16);
	case ISA_LO:
		return build_half(build, operand, 0);
	}
	return false;
}

/* Loads of stack arguments lie above r11, stores below, each in a slot of its own. */
static bool build_check_stack_arg(struct build *build)
{
	bool load = build->form->flags & ASM_STACKARG_LD;
	unsigned int base = load ? asm_src(*build->insn) : asm_dst(*build->insn);
	int off = build->insn->off;

	if (!(build->form->flags & (ASM_STACKARG_LD | ASM_STACKARG_ST)) || base != STACK_ARG_REG)
		return true;
	if (off % STACK_ARG_SIZE == 0 && (load ? off > 0 : off < 0))
		return true;
	diag_add(&build->unit->diags, ASM_ERROR, build->pos, 1,
		 load ? "stack arguments are loaded from r11 + 8, r11 + 16, ..." :
			"stack arguments are stored at r11 - 8, r11 - 16, ...");
	return false;
}

static bool build_operands(struct build *build)
{
	bool ok = true;
	unsigned int i;

	/* each wrong operand is reported, not only the first */
	for (i = 0; i < build->spelling->nwords; i++)
		if (!build_word(build, (enum isa_word)build->spelling->words[i],
				&build->operands[i]))
			ok = false;
	return ok && build_check_stack_arg(build);
}

/*
 * The kernel prints a wide load without "ll": where its listing gives the opcode, that decides. Any
 * other difference is an error: what stands there is not what was meant.
 */
static bool build_obey_log(struct build *build, const struct log_prefix *log)
{
	const struct asm_insn lddw = { .code = CODE_LDDW };
	const struct asm_insn both[2] = { lddw, { 0 } };

	if (log->code == build->form->code)
		return true;
	if (log->code == CODE_LDDW && build->form->code == CODE_MOV) {
		build->form = asm_insn_form(both, 2);
		build->wide_mov = true;
		return true;
	}
	diag_add(&build->unit->diags, ASM_ERROR, log->pos, 1,
		 "the listing says opcode %02x, this instruction has %02x", log->code,
		 build->form->code);
	return false;
}

bool insn_parse(struct unit *unit, const struct log_prefix *log)
{
	struct operand operands[ISA_WORDS];
	struct build build = { .unit = unit, .operands = operands, .in_log = log != NULL };
	struct asm_insn second = { 0 };
	bool ok;

	if (unit->ndata && !data_close(unit))
		return false;
	build.pos = lex_pos(&unit->lex, unit->lex.token.text);
	build.spelling = match_statement(unit, operands);
	if (!build.spelling)
		return false;
	build.form = build.spelling->form;
	ok = !log || build_obey_log(&build, log);
	build.insn = insn_room(unit);
	build.insn->code = build.form->code;
	build.insn->regs = (uint8_t)(build.form->src << 4);
	build.insn->off = build.form->off;
	build.insn->imm = build.form->imm;
	ok = build_operands(&build) && ok;
	/* a wrong instruction keeps its slots: references to it, and distances, stay right */
	insn_added(unit->obj, build.pos);
	second.imm = build.next;
	if (build.form->flags & ASM_WIDE)
		insn_add(unit, second, build.pos);
	return ok;
}

/* ---- what directives add ---- */

void insn_add_call(struct unit *unit, const struct value *func)
{
	struct asm_insn insn = { .code = CODE_CALL };

	insn_add_reference(unit, func)->call = true;
	insn_add(unit, insn, func->pos);
}

bool insn_add_load(struct unit *unit, unsigned int reg, const struct value *value)
{
	uint64_t bits = value->name ? 0 : num_bits(value->num);
	struct asm_insn insn = {
		.code = CODE_MOV, .regs = (uint8_t)reg, .imm = (int32_t)(uint32_t)bits,
	};
	struct asm_insn second = { .imm = (int32_t)(uint32_t)(bits >> 32) };
	bool ok = true;

	if (value->kernel)
		insn_add_kref(unit, value);
	if (value->name)
		ok = insn_add_address(unit, value);
	if (!value->name && bits == (uint64_t)(int64_t)insn.imm) {
		insn_add(unit, insn, value->pos);
		return true;
	}
	insn.code = CODE_LDDW;
	insn_add(unit, insn, value->pos);
	insn_add(unit, second, value->pos);
	return ok;
}

/* ---- labels ---- */

/* unit_near(), as long as somebody will see it: among many names it takes its time. */
static const char *insn_near(const struct unit *unit, const struct symbols *symbols,
			     const char *name, size_t len, uint32_t kinds, char *buf)
{
	buf[0] = '\0';
	return unit->diags.errors < DIAG_MOST ? unit_near(symbols, name, len, kinds, buf) : buf;
}

static void insn_unknown_label(struct unit *unit, const struct fixup *fixup,
			       const struct symbol *label)
{
	char near[ASM_NEAR_TEXT];

	if (label->kind == UNIT_LABEL_LOCAL) {
		diag_add(&unit->diags, ASM_ERROR, fixup->pos, label->len,
			 "there is no label '%.*s:' %s this in its function",
			 (int)label->len - 1, label->name,
			 label->name[label->len - 1] == 'f' ? "behind" : "before");
		return;
	}
	diag_add(&unit->diags, ASM_ERROR, fixup->pos, label->len, "unknown label '%.*s'%s",
		 (int)label->len, label->name,
		 insn_near(unit, &unit->labels, label->name, label->len, 1 << UNIT_LABEL, near));
}

/* Put the distance where the form has it. A plain goto out of reach becomes a gotol. */
static void insn_set_distance(struct unit *unit, const struct fixup *fixup,
			      const struct symbol *label, int64_t distance)
{
	struct asm_insn *insn = &unit->obj->insns[fixup->slot];
	unsigned int class = insn->code & CLASS_MASK;
	bool reaches = distance >= INT16_MIN && distance <= INT16_MAX;

	if (insn->code == CODE_JA && !reaches)
		insn->code = CODE_JA32;
	if (insn->code == CODE_JA32 || insn->code == CODE_CALL || class == CLASS_LD) {
		insn->imm = (int32_t)distance;
		return;
	}
	insn->off = (int16_t)distance;
	if (!reaches)
		diag_add(&unit->diags, ASM_ERROR, fixup->pos, label->len,
			 "'%.*s' is %lld slots away, a conditional jump reaches 32767: "
			 "jump to a 'gotol %.*s' nearby", (int)label->len, label->name,
			 (long long)distance, (int)label->len, label->name);
}

/* Calls of a label of this function: the reference is settled and leaves the list. */
static void insn_close_calls(struct unit *unit)
{
	size_t i, kept = unit->first_reference;

	for (i = unit->first_reference; i < unit->nreferences; i++) {
		const struct reference *ref = &unit->references[i];
		struct asm_insn *insn = &unit->obj->insns[ref->slot];
		uint32_t label;

		if (!ref->call || !insn_find_label(unit, ref->name, ref->len, ref->slot, &label)) {
			unit->references[kept++] = *ref;
			continue;
		}
		insn->regs = (uint8_t)((insn->regs & 0x0f) | CALL_LOCAL << 4);
		insn->imm = (int32_t)((int64_t)label - ref->slot - 1);
	}
	unit->nreferences = kept;
	unit->first_reference = kept;
}

/* bpf_conformance jumps to its first exit by a label of that name, which need not be there. */
static void insn_add_exit_label(struct unit *unit)
{
	const struct asm_object *obj = unit->obj;
	struct symbol *label = symbols_get(&unit->labels, "exit", 4);
	size_t at = obj->nfuncs ? obj->funcs[obj->nfuncs - 1].start : 0;

	if (!label || label->kind != UNIT_LABEL_AWAITED)
		return;
	while (at < obj->ninsns && obj->insns[at].code != CODE_EXIT)
		at += obj->insns[at].code == CODE_LDDW ? 2 : 1;
	if (at >= obj->ninsns)
		return;
	label->kind = UNIT_LABEL;
	label->index = (uint32_t)at;
}

/* The names are not looked at: their pages may have been given back. */
static void insn_close_fixup(struct unit *unit, const struct fixup *fixup)
{
	const struct symbol *label = &unit->labels.entries[fixup->label];
	uint32_t at = label->index;
	bool found = label->kind == UNIT_LABEL ||
		     (label->kind == UNIT_LABEL_LOCAL &&
		      local_find(unit, label->name, label->len, fixup->slot, &at));

	if (found)
		insn_set_distance(unit, fixup, label, (int64_t)at - fixup->slot - 1);
	else
		insn_unknown_label(unit, fixup, label);
}

void insn_close_function(struct unit *unit)
{
	size_t i;

	insn_add_exit_label(unit);
	for (i = 0; i < unit->nfixups; i++)
		insn_close_fixup(unit, &unit->fixups[i]);
	unit->nfixups = 0;
	insn_close_calls(unit);
	if (!unit->diags.errors)
		unused_labels(unit);
	symbols_clear(&unit->labels);
}

/* ---- maps and functions ---- */

static struct asm_reloc *insn_add_reloc(struct unit *unit, const struct reference *ref,
					enum asm_reloc_kind kind)
{
	struct asm_object *obj = unit->obj;
	struct asm_reloc *reloc;

	obj->relocs = mem_grow(&unit->mem, obj->relocs, &unit->relocs_room, obj->nrelocs + 1,
			       sizeof(*obj->relocs));
	reloc = &obj->relocs[obj->nrelocs++];
	memset(reloc, 0, sizeof(*reloc));
	reloc->slot = ref->slot;
	reloc->kind = kind;
	reloc->addend = ref->addend;
	reloc->pos = ref->pos;
	return reloc;
}

static void insn_add_extern(struct unit *unit, const struct reference *ref,
			    enum asm_reloc_kind kind, const struct symbol *symbol)
{
	struct asm_reloc *reloc = insn_add_reloc(unit, ref, kind);

	reloc->name = mem_text(&unit->mem, ref->name, ref->len);
	reloc->ext = symbol->data;
}

static void insn_set_src(struct unit *unit, const struct reference *ref, unsigned int src)
{
	struct asm_insn *insn = &unit->obj->insns[ref->slot];

	insn->regs = (uint8_t)((insn->regs & 0x0fu) | src << 4);
}

static void insn_unknown(struct unit *unit, const struct reference *ref)
{
	char near[ASM_NEAR_TEXT];

	if (section_is_place(unit, ref->name, ref->len)) {
		diag_add(&unit->diags, ASM_ERROR, ref->pos, ref->len,
			 "'%.*s' is a label within another function: '.type %.*s, @function' "
			 "before it makes it one", (int)ref->len, ref->name, (int)ref->len,
			 ref->name);
		return;
	}
	insn_near(unit, &unit->names, ref->name, ref->len, UNIT_ADDRESSES, near);
	if (ref->call && !near[0])
		insn_near(unit, &unit->helpers, ref->name, ref->len, 1, near);
	diag_add(&unit->diags, ASM_ERROR, ref->pos, ref->len, "unknown %s '%.*s'%s",
		 ref->call ? "function" : "map, function or constant", (int)ref->len, ref->name,
		 near);
}

static void insn_close_call(struct unit *unit, const struct reference *ref,
			    const struct symbol *symbol)
{
	const struct symbol *helper = symbols_get(&unit->helpers, ref->name, ref->len);

	if (symbol && symbol->kind == UNIT_FUNC) {
		insn_set_src(unit, ref, CALL_LOCAL);
		insn_add_reloc(unit, ref, ASM_RELOC_CALL)->index = symbol->index;
	} else if (symbol && symbol->kind == UNIT_EXTERN) {
		insn_set_src(unit, ref, CALL_KFUNC);
		insn_add_extern(unit, ref, ASM_RELOC_KFUNC, symbol);
	} else if (helper && unit->sections && memcmp(ref->name, "bpf_", 4) != 0) {
		diag_add(&unit->diags, ASM_ERROR, ref->pos, ref->len,
			 "is '%.*s' a symbol or a helper? '.extern %.*s' or 'call bpf_%.*s' says "
			 "it",
			 (int)ref->len, ref->name, (int)ref->len, ref->name, (int)ref->len,
			 ref->name);
	} else if (helper) {
		unit->obj->insns[ref->slot].imm = (int32_t)helper->index;
	} else {
		insn_unknown(unit, ref);
	}
}

/* A variable: the value of its section's map, and from there its offset. */
static void insn_close_global(struct unit *unit, const struct reference *ref,
			      const struct global *global)
{
	struct asm_insn *insns = &unit->obj->insns[ref->slot];
	uint64_t size = asm_sizeof(global->type);
	struct asm_reloc *reloc;

	if (ref->addend < 0 || (uint64_t)ref->addend >= size)
		diag_add(&unit->diags, ASM_ERROR, ref->pos, ref->len,
			 "%d is outside of '%.*s', which has %llu bytes", ref->addend,
			 (int)ref->len, ref->name, (unsigned long long)size);
	insn_set_src(unit, ref, WIDE_MAP_VALUE);
	insns[1].imm = (int32_t)global->offset + ref->addend;
	reloc = insn_add_reloc(unit, ref, ASM_RELOC_MAP_VALUE);
	reloc->index = unit->globals[global->section].map;
	reloc->addend = insns[1].imm;
}

static void insn_close_address(struct unit *unit, const struct reference *ref,
			       const struct symbol *symbol)
{
	struct asm_insn *insns = &unit->obj->insns[ref->slot];

	if (symbol && symbol->kind == UNIT_MAP) {
		if (ref->addend && !ref->value)
			diag_add(&unit->diags, ASM_ERROR, ref->pos, ref->len,
				 "the address of a map takes no offset; '%.*s[0] + n' is its "
				 "first value", (int)ref->len, ref->name);
		insn_set_src(unit, ref, ref->value ? WIDE_MAP_VALUE : WIDE_MAP);
		insns[1].imm = ref->addend;
		insn_add_reloc(unit, ref, ref->value ? ASM_RELOC_MAP_VALUE : ASM_RELOC_MAP)->index =
			symbol->index;
	} else if (symbol && symbol->kind == UNIT_GLOBAL && !ref->value) {
		insn_close_global(unit, ref, symbol->data);
	} else if (symbol && symbol->kind == UNIT_FUNC && !ref->value && !ref->addend) {
		insn_set_src(unit, ref, WIDE_FUNC);
		insn_add_reloc(unit, ref, ASM_RELOC_FUNC)->index = symbol->index;
	} else if (symbol && symbol->kind == UNIT_EXTERN && !ref->value && !ref->addend) {
		insn_add_extern(unit, ref, ASM_RELOC_EXTERN, symbol);
	} else if (symbol) {
		diag_add(&unit->diags, ASM_ERROR, ref->pos, ref->len,
			 "'%.*s' has no first value and takes no offset", (int)ref->len,
			 ref->name);
	} else {
		insn_unknown(unit, ref);
	}
}

/* In a text of gas or a compiler nothing declares what is elsewhere; helpers are not symbols. */
static struct symbol *insn_extern(struct unit *unit, const struct reference *ref)
{
	if (local_is(ref->name, ref->len) ||
	    (ref->call && symbols_get(&unit->helpers, ref->name, ref->len)))
		return NULL;
	return section_extern(unit, ref->name, ref->len);
}

void insn_close_object(struct unit *unit)
{
	size_t i;

	for (i = 0; i < unit->nreferences; i++) {
		const struct reference *ref = &unit->references[i];
		struct symbol *symbol = symbols_get(&unit->names, ref->name, ref->len);

		if (symbol && !(1u << symbol->kind & UNIT_ADDRESSES))
			symbol = NULL;
		if (symbol)
			symbol->used = true;
		else
			symbol = insn_extern(unit, ref);
		if (ref->call)
			insn_close_call(unit, ref, symbol);
		else
			insn_close_address(unit, ref, symbol);
	}
}
