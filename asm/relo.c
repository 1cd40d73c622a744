/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * relo.c - CO-RE relocations. Source: libbpf's rules, tools/lib/bpf/relo_core.c (7.2).
 *
 * An access string leads through the object's own types to a field, step by step. The same names
 * and indexes then lead through each type of the kernel that has the name of the first one,
 * flavours aside; what is found there goes into the instruction. Several such types must agree.
 */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "asm.h"
#include "btfview.h"
#include "mem.h"
#include "relo.h"

enum relo_kind {
	RELO_FIELD_OFFSET, RELO_FIELD_SIZE, RELO_FIELD_EXISTS, RELO_FIELD_SIGNED,
	RELO_FIELD_LSHIFT, RELO_FIELD_RSHIFT, RELO_TYPE_ID_LOCAL, RELO_TYPE_ID, RELO_TYPE_EXISTS,
	RELO_TYPE_SIZE, RELO_ENUM_EXISTS, RELO_ENUM_VALUE, RELO_TYPE_MATCHES, RELO_KINDS,
};

enum {
	RELO_STEPS = 64,
	RELO_NESTING = 16,	/* anonymous members in each other */
	RELO_BUDGET = 1 << 26,	/* types and members looked at for one object */
	RELO_WIDEST = 8,	/* bytes of a load */
	RELO_SIGNED = 1,	/* of asm_btf_type.encoding */

	RELO_LD, RELO_LDX = 1, RELO_ST, RELO_STX, RELO_ALU, RELO_ALU64 = 7, RELO_CLASS = 7,
	RELO_X = 0x08,		/* source: a register */
	RELO_LD_IMM64 = 0x18,
	RELO_SIZE = 0x18,	/* bits of the size */
	RELO_CALL = 0x85,
};

/* A turn of the way. */
struct relo_step {
	const char *name;	/* of a member or enumerator; NULL: an index */
	uint32_t type;		/* what has it, stripped; of an index, the element */
	uint32_t index;
};

struct relo_spec {
	const struct asm_btf *btf;
	uint32_t root;
	struct relo_step steps[RELO_STEPS];
	unsigned int nsteps;
	uint64_t bit;		/* from the start of the root */
};

/* What to write. */
struct relo_value {
	uint64_t value;
	uint64_t size;		/* of what a load or store accesses; 0: any */
	const struct asm_btf *btf;
	uint32_t type;		/* of it */
	bool loose;		/* the object may have it otherwise */
	bool missing;
};

/* The types of the kernel that one of the object's may be. */
struct relo_root {
	uint32_t type;
	struct relo_candidate {
		const struct asm_btf *btf;
		uint32_t id;
	} *at;
	size_t n, room;
};

struct relo {
	const struct asm_object *obj;
	const struct asm_core_types *from;
	struct relo_types types;
	struct mem mem;
	struct relo_root *roots;
	size_t nroots, room;
	struct relo_spec own, kernel;
	char *why;
	size_t why_size;
};

__attribute__((format(printf, 2, 3)))
static bool relo_fail(struct relo *relo, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(relo->why, relo->why_size, format, ap);
	va_end(ap);
	return false;
}

static bool relo_damaged(struct relo *relo)
{
	return relo_fail(relo, "its types cannot be followed");
}

static bool relo_is_field(uint32_t kind)
{
	return kind <= RELO_FIELD_RSHIFT;
}

static bool relo_is_enum(uint32_t kind)
{
	return kind == RELO_ENUM_EXISTS || kind == RELO_ENUM_VALUE;
}

static bool relo_is_aggregate(const struct asm_btf_type *type)
{
	return type->kind == ASM_BTF_STRUCT || type->kind == ASM_BTF_UNION;
}

static bool relo_is_any_enum(const struct asm_btf_type *type)
{
	return type->kind == ASM_BTF_ENUM || type->kind == ASM_BTF_ENUM64;
}

/* ---- the way through the object's types ---- */

static bool relo_add_step(struct relo_spec *spec, const char *name, uint32_t type, uint32_t index)
{
	if (spec->nsteps == RELO_STEPS)
		return false;
	spec->steps[spec->nsteps++] = (struct relo_step){ name, type, index };
	return true;
}

/* Add an index into things of a type, whose id gets stripped. */
static bool relo_add_index(struct relo_spec *spec, uint32_t *id, uint32_t index)
{
	struct asm_btf_type type;
	uint64_t size;

	if (!asm_btf_type(spec->btf, *id, &type) || !asm_btf_size(spec->btf, type.id, &size))
		return false;
	*id = type.id;
	spec->bit += index * size * CHAR_BIT;
	return relo_add_step(spec, NULL, type.id, index);
}

/* Whether an array has that element: one without any, at the end of a structure, has all. */
static bool relo_has_element(const struct relo_spec *spec, const struct asm_btf_type *array,
			     uint32_t index)
{
	const struct relo_step *last = &spec->steps[spec->nsteps - 1];
	struct asm_btf_type outer;

	if (index < array->count)
		return true;
	return !array->count && last->name && asm_btf_type(spec->btf, last->type, &outer) &&
	       last->index + 1 == outer.count;
}

static bool relo_own_step(struct relo_spec *spec, uint32_t *id, uint32_t index)
{
	struct asm_btf_member member;
	struct asm_btf_type type;

	if (!asm_btf_type(spec->btf, *id, &type))
		return false;
	if (type.kind == ASM_BTF_ARRAY) {
		*id = type.arg;
		return relo_has_element(spec, &type, index) && relo_add_index(spec, id, index);
	}
	if (!relo_is_aggregate(&type) || !asm_btf_member(spec->btf, type.id, index, &member))
		return false;
	spec->bit += member.bit;
	*id = member.arg;
	return !*member.name || relo_add_step(spec, member.name, type.id, index);
}

/* The next number of an access string; false: there is none. */
static bool relo_number(const char **access, uint32_t *number)
{
	const char *at = *access;
	uint64_t n = 0;

	for (; *at >= '0' && *at <= '9' && n <= INT32_MAX; at++)
		n = n * 10 + (uint64_t)(*at - '0');
	if (at == *access || n > INT32_MAX || (*at && *at != ':'))
		return false;
	*access = *at ? at + 1 : at;
	*number = (uint32_t)n;
	return true;
}

static bool relo_own(struct relo_spec *spec, const struct asm_core *core)
{
	const char *access = core->access;
	struct asm_btf_type type;
	uint32_t index, id = core->type;
	bool good;

	if (!relo_number(&access, &index) || !asm_btf_type(spec->btf, id, &type))
		return false;
	if (relo_is_enum(core->kind))
		return !*access && relo_is_any_enum(&type) && index < type.count &&
		       relo_add_step(spec, relo_enum_name(spec->btf, type.id, index), type.id,
				     index);
	if (!relo_is_field(core->kind))
		return !*access && !index;
	good = relo_add_index(spec, &id, index);
	while (good && *access)
		good = relo_number(&access, &index) && relo_own_step(spec, &id, index);
	return good;
}

static void relo_start(struct relo_spec *spec, const struct asm_btf *btf, uint32_t root)
{
	memset(spec, 0, sizeof(*spec));
	spec->btf = btf;
	spec->root = root;
}

/* ---- the same way through the kernel's ---- */

/* The member of that name, which may be in an anonymous one; *id becomes its type. */
static enum relo_fit relo_kernel_member(struct relo *relo, const struct relo_step *step,
					uint32_t *id, uint64_t bit, int depth)
{
	struct relo_spec *spec = &relo->kernel;
	struct asm_btf_member own, member;
	struct asm_btf_type type;
	enum relo_fit fit;
	uint32_t i, inner;

	if (!relo->types.budget || !asm_btf_type(spec->btf, *id, &type) ||
	    !asm_btf_member(relo->own.btf, step->type, step->index, &own))
		return RELO_DAMAGED;
	for (i = 0; relo_is_aggregate(&type) && i < type.count && relo->types.budget; i++) {
		relo->types.budget--;
		asm_btf_member(spec->btf, type.id, i, &member);
		inner = member.arg;
		if (!*member.name && depth < RELO_NESTING) {
			fit = relo_kernel_member(relo, step, &inner, bit + member.bit, depth + 1);
			if (fit == RELO_DIFFERS)
				continue;
			*id = inner;
			return fit;
		}
		if (strcmp(member.name, step->name) != 0)
			continue;
		*id = inner;
		spec->bit += bit + member.bit;
		if (!relo_add_step(spec, member.name, type.id, i))
			return RELO_DAMAGED;
		return relo_field_fits(&relo->types, own.arg, member.arg);
	}
	return RELO_DIFFERS;
}

static enum relo_fit relo_kernel_step(struct relo *relo, const struct relo_step *step,
				      uint32_t *id)
{
	struct relo_spec *spec = &relo->kernel;
	struct asm_btf_type type;

	if (step->name)
		return relo_kernel_member(relo, step, id, 0, 0);
	if (spec->nsteps) {
		if (!asm_btf_type(spec->btf, *id, &type))
			return RELO_DAMAGED;
		if (type.kind != ASM_BTF_ARRAY || !relo_has_element(spec, &type, step->index))
			return RELO_DIFFERS;
		*id = type.arg;
	}
	return relo_add_index(spec, id, step->index) ? RELO_FITS : RELO_DAMAGED;
}

static enum relo_fit relo_kernel_enum(struct relo *relo, uint32_t id)
{
	struct relo_spec *spec = &relo->kernel;
	struct asm_btf_type type;
	const char *name;
	uint32_t i;

	if (!asm_btf_type(spec->btf, id, &type))
		return RELO_DAMAGED;
	for (i = 0; relo_is_any_enum(&type) && i < type.count; i++) {
		name = relo_enum_name(spec->btf, type.id, i);
		if (relo_same_name(relo->own.steps[0].name, name)) {
			relo_add_step(spec, name, type.id, i);
			return RELO_FITS;
		}
	}
	return RELO_DIFFERS;
}

/* Whether the candidate has what the object means; the way to it is in relo->kernel then. */
static enum relo_fit relo_kernel(struct relo *relo, uint32_t kind,
				 const struct relo_candidate *candidate)
{
	enum relo_fit fit = RELO_FITS;
	uint32_t id = candidate->id;
	unsigned int i;

	relo->types.kernel = candidate->btf;
	relo_start(&relo->kernel, candidate->btf, id);
	if (relo_is_enum(kind))
		return relo_kernel_enum(relo, id);
	if (kind == RELO_TYPE_MATCHES)
		return relo_type_matches(&relo->types, relo->own.root, id);
	if (!relo_is_field(kind))
		return relo_type_fits(&relo->types, relo->own.root, id);
	for (i = 0; i < relo->own.nsteps && fit == RELO_FITS; i++)
		fit = relo_kernel_step(relo, &relo->own.steps[i], &id);
	return fit;
}

/* ---- what it comes to ---- */

/* Of an array, the size and type of an element. */
static bool relo_access(const struct relo_spec *spec, uint32_t id, struct relo_value *out)
{
	struct asm_btf_type type;
	int i;

	out->type = id;
	for (i = 0; i < RELO_STEPS && asm_btf_type(spec->btf, id, &type); i++) {
		if (type.kind != ASM_BTF_ARRAY)
			return asm_btf_size(spec->btf, type.id, &out->size);
		id = type.arg;
	}
	return false;
}

static bool relo_value_element(const struct relo_spec *spec, uint32_t kind, struct relo_value *out)
{
	uint32_t id = spec->steps[spec->nsteps - 1].type;

	out->value = spec->bit / CHAR_BIT;
	if (kind == RELO_FIELD_OFFSET)
		return relo_access(spec, id, out);
	return kind == RELO_FIELD_SIZE && asm_btf_size(spec->btf, id, &out->value);
}

/* The bits of a field, and the load that gets all of them. */
struct relo_bits {
	uint64_t bit, bits;
	uint64_t byte, size;
};

/* A bitfield is loaded as its type, or wider where it crosses the end of one. */
static bool relo_widen(struct relo_bits *bits, uint32_t size)
{
	if (!size || size > RELO_WIDEST || size & (size - 1))
		return false;
	for (; size <= RELO_WIDEST; size *= 2) {
		bits->size = size;
		bits->byte = bits->bit / CHAR_BIT / size * size;
		if (bits->bit + bits->bits <= (bits->byte + size) * CHAR_BIT)
			return true;
	}
	return false;
}

static bool relo_bits(const struct relo_spec *spec, const struct asm_btf_member *member,
		      const struct asm_btf_type *type, struct relo_bits *out)
{
	out->bit = spec->bit;
	out->bits = member->width;
	if (member->width)
		return relo_widen(out, type->arg);
	out->byte = spec->bit / CHAR_BIT;
	out->bits = 0;
	if (!asm_btf_size(spec->btf, type->id, &out->size))
		return false;
	out->bits = out->size * CHAR_BIT;
	return true;
}

static bool relo_is_signed(const struct relo_spec *spec, const struct asm_btf_type *type)
{
	struct btfview_type view;

	if (relo_is_any_enum(type))
		return btfview_type(spec->btf, type->id, &view) && view.kflag;
	return type->kind == ASM_BTF_INT && type->encoding & RELO_SIGNED;
}

/* To the left end of a register, and from there to the right. */
static uint64_t relo_left(const struct relo *relo, const struct relo_bits *bits)
{
	uint64_t from = bits->bit - bits->byte * CHAR_BIT;

	if (relo->obj->endian == ASM_BIG)
		return (RELO_WIDEST - bits->size) * CHAR_BIT + from;
	return RELO_WIDEST * CHAR_BIT - (from + bits->bits);
}

static bool relo_value_field(const struct relo *relo, const struct relo_spec *spec, uint32_t kind,
			     struct relo_value *out)
{
	const struct relo_step *last = &spec->steps[spec->nsteps - 1];
	struct asm_btf_member member;
	struct asm_btf_type type;
	struct relo_bits bits;

	if (!last->name)
		return relo_value_element(spec, kind, out);
	if (!asm_btf_member(spec->btf, last->type, last->index, &member) ||
	    !asm_btf_type(spec->btf, member.arg, &type) || !relo_bits(spec, &member, &type, &bits))
		return false;
	out->loose = member.width && kind != RELO_FIELD_SIGNED && kind != RELO_FIELD_RSHIFT;
	switch (kind) {
	case RELO_FIELD_OFFSET:
		out->value = bits.byte;
		return member.width || relo_access(spec, type.id, out);
	case RELO_FIELD_SIZE:
		out->value = bits.size;
		return true;
	case RELO_FIELD_SIGNED:
		out->value = relo_is_signed(spec, &type);
		return true;
	case RELO_FIELD_LSHIFT:
		out->value = relo_left(relo, &bits);
		return true;
	default:
		out->value = RELO_WIDEST * CHAR_BIT - bits.bits;
		return true;
	}
}

static bool relo_value_enum(const struct relo_spec *spec, struct relo_value *out)
{
	uint32_t index = spec->steps[0].index;
	struct btfview_type view;

	if (!btfview_type(spec->btf, spec->steps[0].type, &view))
		return false;
	if (view.kind == ASM_BTF_ENUM) {
		out->value = (uint64_t)(int32_t)btfview_word(spec->btf, &view, 2 * index + 1);
		return true;
	}
	out->value = btfview_word(spec->btf, &view, 3 * index + 1) |
		     (uint64_t)btfview_word(spec->btf, &view, 3 * index + 2) << 32;
	return true;
}

/* spec NULL: nothing was found. */
static bool relo_value(const struct relo *relo, const struct relo_spec *spec, uint32_t kind,
		       struct relo_value *out)
{
	memset(out, 0, sizeof(*out));
	out->btf = spec ? spec->btf : NULL;
	switch (kind) {
	case RELO_FIELD_EXISTS:
	case RELO_TYPE_EXISTS:
	case RELO_TYPE_MATCHES:
	case RELO_ENUM_EXISTS:
		out->value = spec != NULL;
		return true;
	case RELO_TYPE_ID_LOCAL:
	case RELO_TYPE_ID:
		out->value = spec ? spec->root : 0;
		out->loose = true;
		return true;
	case RELO_TYPE_SIZE:
		return !spec || asm_btf_size(spec->btf, spec->root, &out->value);
	default:
		out->missing = !spec;
		if (!spec)
			return true;
		return relo_is_enum(kind) ? relo_value_enum(spec, out) :
		       relo_value_field(relo, spec, kind, out);
	}
}

/* ---- candidates ---- */

static void relo_candidates(struct relo *relo, struct relo_root *root, const struct asm_btf *btf,
			    uint32_t mask, const char *name)
{
	uint32_t id = 0;

	while ((id = btfview_next(btf, id, mask, name)) != 0) {
		root->at = mem_grow(&relo->mem, root->at, &root->room, root->n + 1,
				    sizeof(*root->at));
		root->at[root->n++] = (struct relo_candidate){ btf, id };
	}
}

/* A structure goes by the name of one, an enumeration of either size by the name of one. */
static struct relo_root *relo_root(struct relo *relo, uint32_t type)
{
	const uint32_t enums = 1u << ASM_BTF_ENUM | 1u << ASM_BTF_ENUM64;
	struct btfview_type view;
	const struct asm_btf *btf;
	struct relo_root *root;
	uint32_t mask;
	size_t i;

	for (i = 0; i < relo->nroots; i++)
		if (relo->roots[i].type == type)
			return &relo->roots[i];
	if (!btfview_type(relo->types.own, type, &view) || view.kind > ASM_BTF_ENUM64)
		return NULL;
	relo->roots = mem_grow(&relo->mem, relo->roots, &relo->room, relo->nroots + 1,
			       sizeof(*relo->roots));
	root = &relo->roots[relo->nroots++];
	memset(root, 0, sizeof(*root));
	root->type = type;
	mask = 1u << view.kind;
	if (mask & enums)
		mask = enums;
	relo_candidates(relo, root, relo->from->kernel, mask, view.name);
	if (root->n || !relo->from->module)
		return root;
	for (i = 0; (btf = relo->from->module(relo->from->arg, i)) != NULL; i++)
		relo_candidates(relo, root, btf, mask, view.name);
	return root;
}

/* The value of all candidates that fit; those that do not are not asked again. */
static bool relo_search(struct relo *relo, uint32_t kind, struct relo_root *root,
			struct relo_value *out)
{
	struct relo_value value;
	uint64_t bit = 0;
	size_t i, n = 0;
	enum relo_fit fit;

	for (i = 0; i < root->n; i++) {
		fit = relo_kernel(relo, kind, &root->at[i]);
		if (fit == RELO_DIFFERS)
			continue;
		if (fit == RELO_DAMAGED || !relo_value(relo, &relo->kernel, kind, &value))
			return relo_damaged(relo);
		if (n && (relo->kernel.bit != bit || value.value != out->value))
			return relo_fail(relo, "the kernel has several types of that name, "
					 "which differ in this");
		*out = value;
		bit = relo->kernel.bit;
		root->at[n++] = root->at[i];
	}
	if (n)
		root->n = n;
	return n || relo_value(relo, NULL, kind, out);
}

/* ---- the instruction ---- */

/* Only what the verifier reaches is a call that does not exist. */
static void relo_poison(struct asm_insn *insn)
{
	unsigned int i, n = insn->code == RELO_LD_IMM64 ? 2 : 1;

	for (i = 0; i < n; i++)
		insn[i] = (struct asm_insn){ .code = RELO_CALL, .imm = ASM_CORE_POISON };
}

static bool relo_unexpected(struct relo *relo, uint64_t found, uint64_t wanted)
{
	return relo_fail(relo, "the instruction has %lld, where by the object's own types it "
			 "should have %lld", (long long)found, (long long)wanted);
}

/* A load may change its size where the value stays the same: of pointers and unsigned integers. */
static bool relo_may_resize(const struct relo *relo, const struct relo_value *own,
			    const struct relo_value *kernel)
{
	struct asm_btf_type a, b;

	if (!asm_btf_type(relo->types.own, own->type, &a) ||
	    !asm_btf_type(kernel->btf, kernel->type, &b) || a.kind != b.kind)
		return false;
	return a.kind == ASM_BTF_PTR ||
	       (a.kind == ASM_BTF_INT && a.encoding != RELO_SIGNED && b.encoding != RELO_SIGNED);
}

static bool relo_resize(struct relo *relo, struct asm_insn *insn, uint64_t from, uint64_t to)
{
	static const uint8_t bytes[] = { 4, 2, 1, 8 };	/* by the bits of the size */
	uint8_t code;

	if (bytes[(insn->code & RELO_SIZE) >> 3] != from)
		return relo_fail(relo, "the instruction does not access the %llu bytes of the "
				 "field", (unsigned long long)from);
	for (code = 0; code < sizeof(bytes); code++) {
		if (bytes[code] == to) {
			insn->code = (uint8_t)((insn->code & ~RELO_SIZE) | code << 3);
			return true;
		}
	}
	return relo_fail(relo, "the kernel's field has %llu bytes, which no instruction accesses",
			 (unsigned long long)to);
}

static bool relo_patch_off(struct relo *relo, struct asm_insn *insn, const struct relo_value *own,
			   const struct relo_value *kernel)
{
	if (!own->loose && (uint64_t)insn->off != own->value)
		return relo_unexpected(relo, (uint64_t)insn->off, own->value);
	if (kernel->value > INT16_MAX)
		return relo_fail(relo, "the offset in the kernel, %llu, does not fit into the "
				 "instruction", (unsigned long long)kernel->value);
	if (own->size != kernel->size && !relo_may_resize(relo, own, kernel)) {
		relo_poison(insn);
		return true;
	}
	insn->off = (int16_t)kernel->value;
	return own->size == kernel->size || relo_resize(relo, insn, own->size, kernel->size);
}

static bool relo_patch_wide(struct relo *relo, struct asm_insn *insn, const struct relo_value *own,
			    uint64_t value)
{
	uint64_t found = (uint32_t)insn[0].imm | (uint64_t)(uint32_t)insn[1].imm << 32;

	if (!own->loose && found != own->value)
		return relo_unexpected(relo, found, own->value);
	insn[0].imm = (int32_t)value;
	insn[1].imm = (int32_t)(value >> 32);
	return true;
}

/* The instruction of n slots. */
static bool relo_patch(struct relo *relo, struct asm_insn *insn, size_t n,
		       const struct relo_value *own, const struct relo_value *kernel)
{
	unsigned int class = insn->code & RELO_CLASS;
	bool alu = class == RELO_ALU || class == RELO_ALU64;
	bool wide = insn->code == RELO_LD_IMM64 && n > 1 && insn->regs < 1 << 4 && !insn->off;

	if (alu ? insn->code & RELO_X : class == RELO_LD ? !wide : class > RELO_STX)
		return relo_fail(relo, "it is at an instruction of a kind that takes none");
	if (kernel->missing) {
		relo_poison(insn);
		return true;
	}
	if (wide)
		return relo_patch_wide(relo, insn, own, kernel->value);
	if (!alu)
		return relo_patch_off(relo, insn, own, kernel);
	if (!own->loose && (uint64_t)insn->imm != own->value)
		return relo_unexpected(relo, (uint64_t)insn->imm, own->value);
	insn->imm = (int32_t)kernel->value;
	return true;
}

/* ---- the door ---- */

static bool relo_one(struct relo *relo, const struct asm_core *core, struct asm_insn *insn,
		     size_t n)
{
	struct relo_value own, kernel;
	struct relo_root *root;
	struct btfview_type view;

	if (core->kind >= RELO_KINDS)
		return relo_fail(relo, "its kind, %u, is unknown", core->kind);
	relo_start(&relo->own, relo->types.own, core->type);
	if (!relo_own(&relo->own, core) || !relo_value(relo, &relo->own, core->kind, &own))
		return relo_damaged(relo);
	if (core->kind == RELO_TYPE_ID_LOCAL)
		return relo_patch(relo, insn, n, &own, &own);
	if (!btfview_type(relo->types.own, core->type, &view) || !*view.name)
		return relo_fail(relo, "its type has no name to be found by");
	root = relo_root(relo, core->type);
	return root ? relo_search(relo, core->kind, root, &kernel) &&
		      relo_patch(relo, insn, n, &own, &kernel) : relo_damaged(relo);
}

static bool relo_all(struct relo *relo, struct asm_insn *insns, const struct asm_core **failed)
{
	const struct asm_object *obj = relo->obj;
	size_t i;

	for (i = 0; i < obj->ncores; i++) {
		*failed = &obj->cores[i];
		if (i && obj->cores[i].slot == obj->cores[i - 1].slot)
			return relo_fail(relo, "the instruction has two");
		if (!relo_one(relo, *failed, &insns[(*failed)->slot],
			      obj->ninsns - (*failed)->slot))
			return false;
	}
	return true;
}

bool asm_core_apply(const struct asm_object *obj, const struct asm_core_types *types,
		    struct asm_insn *insns, const struct asm_core **failed, char *why,
		    size_t why_size)
{
	struct relo relo = {
		.obj = obj, .from = types, .types = { obj->btf, types->kernel, RELO_BUDGET },
		.why = why, .why_size = why_size,
	};
	volatile bool good = false;
	jmp_buf oom;

	*failed = obj->cores;
	relo.mem.oom = &oom;
	if (setjmp(oom))
		relo_fail(&relo, "%s", strerror(ENOMEM));
	else
		good = relo_all(&relo, insns, failed);
	mem_free(&relo.mem);
	return good;
}

const struct asm_core *asm_core_find(const struct asm_object *obj, uint32_t slot)
{
	size_t i;

	for (i = 0; i < obj->ncores; i++)
		if (obj->cores[i].slot == slot)
			return &obj->cores[i];
	return NULL;
}

const char *asm_core_text(const struct asm_object *obj, const struct asm_core *core, char *buf,
			  size_t size)
{
	struct btfview_type view = { .name = "" };
	struct relo_spec spec;
	size_t len;
	unsigned int i;

	relo_start(&spec, obj->btf, core->type);
	btfview_type(obj->btf, core->type, &view);
	len = (size_t)snprintf(buf, size, "%s %.*s", relo_is_field(core->kind) ? "field" :
			       relo_is_enum(core->kind) ? "enumerator" : "type",
			       (int)btfview_plain(view.name), view.name);
	if (!relo_own(&spec, core))
		return buf;
	for (i = relo_is_enum(core->kind) ? 0 : 1; i < spec.nsteps && len < size; i++)
		len += (size_t)(spec.steps[i].name ?
				snprintf(buf + len, size - len, ".%s", spec.steps[i].name) :
				snprintf(buf + len, size - len, "[%u]", spec.steps[i].index));
	return buf;
}
