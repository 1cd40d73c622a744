/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <string.h>

#include "asm.h"
#include "btfview.h"
#include "relo.h"

enum {
	FIT_CHAIN = 32,		/* pointers, arrays and results in a row */
	FIT_DEPTH = 32,		/* parameters and members in each other */
	FIT_SIGNED = 1,		/* of asm_btf_type.encoding */
};

/* Two types, stripped. */
struct fit_pair {
	struct asm_btf_type own, kernel;
};

bool relo_same_name(const char *a, const char *b)
{
	size_t len = btfview_plain(a);

	return len == btfview_plain(b) && !strncmp(a, b, len);
}

static bool fit_pair(struct relo_types *types, uint32_t own, uint32_t kernel, struct fit_pair *out)
{
	if (!types->budget)
		return false;
	types->budget--;
	return asm_btf_type(types->own, own, &out->own) &&
	       asm_btf_type(types->kernel, kernel, &out->kernel);
}

static bool fit_is_enum(const struct asm_btf_type *type)
{
	return type->kind == ASM_BTF_ENUM || type->kind == ASM_BTF_ENUM64;
}

static bool fit_is_aggregate(const struct asm_btf_type *type)
{
	return type->kind == ASM_BTF_STRUCT || type->kind == ASM_BTF_UNION;
}

static bool fit_same_kind(const struct fit_pair *pair)
{
	return pair->own.kind == pair->kernel.kind ||
	       (fit_is_enum(&pair->own) && fit_is_enum(&pair->kernel));
}

/* Integers once said themselves that they are bitfields; those are nothing to compare with. */
static bool fit_is_whole(const struct asm_btf *btf, const struct asm_btf_type *type)
{
	struct btfview_type view;

	return btfview_type(btf, type->id, &view) && !(btfview_word(btf, &view, 0) >> 16 & 0xff);
}

static enum relo_fit fit_ints(const struct relo_types *types, const struct fit_pair *pair)
{
	return fit_is_whole(types->own, &pair->own) && fit_is_whole(types->kernel, &pair->kernel) ?
	       RELO_FITS : RELO_DIFFERS;
}

/* ---- fields ---- */

enum relo_fit relo_field_fits(struct relo_types *types, uint32_t own, uint32_t kernel)
{
	struct fit_pair pair;
	int i;

	for (i = 0; i < FIT_CHAIN && fit_pair(types, own, kernel, &pair); i++) {
		if (fit_is_aggregate(&pair.own) && fit_is_aggregate(&pair.kernel))
			return RELO_FITS;
		if (!fit_same_kind(&pair))
			return RELO_DIFFERS;
		switch (pair.own.kind) {
		case ASM_BTF_PTR:
		case ASM_BTF_FLOAT:
			return RELO_FITS;
		case ASM_BTF_FWD:
		case ASM_BTF_ENUM:
		case ASM_BTF_ENUM64:
			return !*pair.own.name || !*pair.kernel.name ||
			       relo_same_name(pair.own.name, pair.kernel.name) ?
			       RELO_FITS : RELO_DIFFERS;
		case ASM_BTF_INT:
			return fit_ints(types, &pair);
		case ASM_BTF_ARRAY:
			own = pair.own.arg;
			kernel = pair.kernel.arg;
			break;
		default:
			return RELO_DIFFERS;
		}
	}
	return RELO_DAMAGED;
}

/* ---- types ---- */

typedef enum relo_fit fit_fn(struct relo_types *types, uint32_t own, uint32_t kernel, int depth,
			     bool pointed);

/* The parameters of two prototypes, one by one. */
static enum relo_fit fit_params(struct relo_types *types, const struct fit_pair *pair, int depth,
				bool pointed, fit_fn *fits)
{
	struct asm_btf_member own, kernel;
	enum relo_fit fit = RELO_FITS;
	uint32_t i;

	if (pair->own.count != pair->kernel.count)
		return RELO_DIFFERS;
	for (i = 0; i < pair->own.count && fit == RELO_FITS; i++) {
		if (!asm_btf_member(types->own, pair->own.id, i, &own) ||
		    !asm_btf_member(types->kernel, pair->kernel.id, i, &kernel))
			return RELO_DAMAGED;
		fit = fits(types, own.arg, kernel.arg, depth - 1, pointed);
	}
	return fit;
}

static enum relo_fit fit_type(struct relo_types *types, uint32_t own, uint32_t kernel, int depth,
			      bool pointed)
{
	enum relo_fit fit;
	struct fit_pair pair;
	int i;

	for (i = 0; depth >= 0 && i < FIT_CHAIN && fit_pair(types, own, kernel, &pair); i++) {
		if (!fit_same_kind(&pair))
			return RELO_DIFFERS;
		switch (pair.own.kind) {
		case ASM_BTF_INT:
			return fit_ints(types, &pair);
		case ASM_BTF_PTR:
		case ASM_BTF_ARRAY:
			break;
		case ASM_BTF_FUNC_PROTO:
			fit = fit_params(types, &pair, depth, pointed, fit_type);
			if (fit != RELO_FITS)
				return fit;
			break;
		default:
			return !pair.own.kind || fit_is_aggregate(&pair.own) ||
			       fit_is_enum(&pair.own) || pair.own.kind == ASM_BTF_FWD ?
			       RELO_FITS : RELO_DIFFERS;
		}
		own = pair.own.arg;
		kernel = pair.kernel.arg;
	}
	return RELO_DAMAGED;
}

enum relo_fit relo_type_fits(struct relo_types *types, uint32_t own, uint32_t kernel)
{
	return fit_type(types, own, kernel, FIT_DEPTH, false);
}

/* ---- types with all that is in them ---- */

const char *relo_enum_name(const struct asm_btf *btf, uint32_t id, uint32_t index)
{
	struct btfview_type view;

	if (!btfview_type(btf, id, &view))
		return "";
	return btfview_string(btf, btfview_word(btf, &view, index *
						(view.kind == ASM_BTF_ENUM ? 2 : 3)));
}

static bool match_enumerator(struct relo_types *types, const struct fit_pair *pair, uint32_t i)
{
	const char *name = relo_enum_name(types->own, pair->own.id, i);
	uint32_t j;

	for (j = 0; j < pair->kernel.count && types->budget; j++, types->budget--)
		if (relo_same_name(name, relo_enum_name(types->kernel, pair->kernel.id, j)))
			return true;
	return false;
}

static enum relo_fit match_enums(struct relo_types *types, const struct fit_pair *pair)
{
	uint32_t i;

	if (!fit_is_enum(&pair->kernel) || pair->own.arg != pair->kernel.arg ||
	    pair->own.count > pair->kernel.count)
		return RELO_DIFFERS;
	for (i = 0; i < pair->own.count; i++)
		if (!match_enumerator(types, pair, i))
			return RELO_DIFFERS;
	return RELO_FITS;
}

static enum relo_fit match_type(struct relo_types *types, uint32_t own, uint32_t kernel, int depth,
				bool pointed);

static enum relo_fit match_member(struct relo_types *types, const struct fit_pair *pair,
				  uint32_t i, int depth)
{
	struct asm_btf_member own, kernel;
	enum relo_fit fit;
	uint32_t j;

	if (!asm_btf_member(types->own, pair->own.id, i, &own))
		return RELO_DAMAGED;
	for (j = 0; j < pair->kernel.count && types->budget; j++, types->budget--) {
		if (!asm_btf_member(types->kernel, pair->kernel.id, j, &kernel))
			return RELO_DAMAGED;
		if (!relo_same_name(own.name, kernel.name))
			continue;
		fit = match_type(types, own.arg, kernel.arg, depth - 1, false);
		if (fit != RELO_DIFFERS)
			return fit;
	}
	return RELO_DIFFERS;
}

static enum relo_fit match_members(struct relo_types *types, const struct fit_pair *pair,
				   int depth)
{
	enum relo_fit fit = RELO_FITS;
	uint32_t i;

	if (pair->own.count > pair->kernel.count)
		return RELO_DIFFERS;
	for (i = 0; i < pair->own.count && fit == RELO_FITS; i++)
		fit = match_member(types, pair, i, depth);
	return fit;
}

/* What is behind a pointer may be declared on one side and defined on the other. */
static bool match_behind(const struct fit_pair *pair)
{
	const struct asm_btf_type *own = &pair->own, *kernel = &pair->kernel;

	if (own->kind == kernel->kind)
		return own->is_union == kernel->is_union;
	if (own->is_union != kernel->is_union)
		return false;
	return own->kind == ASM_BTF_FWD ? fit_is_aggregate(kernel) : kernel->kind == ASM_BTF_FWD;
}

static enum relo_fit match_aggregates(struct relo_types *types, const struct fit_pair *pair,
				      int depth, bool pointed)
{
	if (pointed)
		return match_behind(pair) ? RELO_FITS : RELO_DIFFERS;
	if (pair->own.kind != pair->kernel.kind || pair->own.is_union != pair->kernel.is_union)
		return RELO_DIFFERS;
	return pair->own.kind == ASM_BTF_FWD ? RELO_FITS : match_members(types, pair, depth);
}

static enum relo_fit match_type(struct relo_types *types, uint32_t own, uint32_t kernel, int depth,
				bool pointed)
{
	struct fit_pair pair;
	enum relo_fit fit;
	int i;

	for (i = 0; depth > 0 && i < FIT_CHAIN && fit_pair(types, own, kernel, &pair); i++) {
		if (!relo_same_name(pair.own.name, pair.kernel.name))
			return RELO_DIFFERS;
		if (fit_is_aggregate(&pair.own) || pair.own.kind == ASM_BTF_FWD)
			return match_aggregates(types, &pair, depth, pointed);
		if (fit_is_enum(&pair.own))
			return match_enums(types, &pair);
		if (pair.own.kind != pair.kernel.kind)
			return RELO_DIFFERS;
		switch (pair.own.kind) {
		case ASM_BTF_INT:
			return pair.own.arg == pair.kernel.arg &&
			       !((pair.own.encoding ^ pair.kernel.encoding) & FIT_SIGNED) ?
			       RELO_FITS : RELO_DIFFERS;
		case ASM_BTF_PTR:
			pointed = true;
			break;
		case ASM_BTF_ARRAY:
			if (pair.own.count != pair.kernel.count)
				return RELO_DIFFERS;
			break;
		case ASM_BTF_FUNC_PROTO:
			fit = fit_params(types, &pair, depth, pointed, match_type);
			if (fit != RELO_FITS)
				return fit;
			break;
		default:
			return pair.own.kind ? RELO_DIFFERS : RELO_FITS;
		}
		own = pair.own.arg;
		kernel = pair.kernel.arg;
	}
	return RELO_DAMAGED;
}

enum relo_fit relo_type_matches(struct relo_types *types, uint32_t own, uint32_t kernel)
{
	return match_type(types, own, kernel, FIT_DEPTH, false);
}
