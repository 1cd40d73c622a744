/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "asm.h"

/* Where each function of the object lands in the program; LINK_OUT: nowhere. */
enum { LINK_OUT = -1 };

struct link {
	const struct asm_object *obj;
	struct asm_insn *insns;	/* of the program */
	uint32_t *insn_pos;
	int64_t *base;		/* a function of the object: its first slot in the program */
	uint32_t *order;	/* functions, as they lie in the program */
	size_t norder;
	struct asm_program *out;
};

static bool link_is_call(const struct asm_reloc *reloc)
{
	return reloc->kind == ASM_RELOC_CALL || reloc->kind == ASM_RELOC_FUNC;
}

/* The first of the object's relocs at or behind a slot. */
static size_t link_first_reloc(const struct asm_object *obj, uint32_t slot)
{
	size_t low = 0, high = obj->nrelocs, middle;

	while (low < high) {
		middle = (low + high) / 2;
		if (obj->relocs[middle].slot < slot)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void link_take(struct link *link, uint32_t func)
{
	if (link->base[func] != LINK_OUT)
		return;
	link->base[func] = (int64_t)link->out->ninsns;
	link->out->ninsns += link->obj->funcs[func].count;
	link->order[link->norder++] = func;
}

/* Take what the function calls; and count the relocs that stay. */
static void link_follow(struct link *link, uint32_t index)
{
	const struct asm_func *func = &link->obj->funcs[index];
	size_t i;

	for (i = link_first_reloc(link->obj, func->start);
	     i < link->obj->nrelocs && link->obj->relocs[i].slot < func->start + func->count; i++) {
		if (link_is_call(&link->obj->relocs[i]))
			link_take(link, link->obj->relocs[i].index);
		else
			link->out->nrelocs++;
	}
}

static void link_copy(struct link *link, uint32_t index, size_t *nrelocs)
{
	const struct asm_object *obj = link->obj;
	const struct asm_func *func = &obj->funcs[index];
	struct asm_program *out = link->out;
	size_t base = (size_t)link->base[index], i;

	memcpy(&link->insns[base], &obj->insns[func->start], func->count * sizeof(*link->insns));
	memcpy(&link->insn_pos[base], &obj->insn_pos[func->start],
	       func->count * sizeof(*link->insn_pos));
	for (i = link_first_reloc(obj, func->start);
	     i < obj->nrelocs && obj->relocs[i].slot < func->start + func->count; i++) {
		uint32_t slot = (uint32_t)base + obj->relocs[i].slot - func->start;

		if (link_is_call(&obj->relocs[i])) {
			link->insns[slot].imm =
				(int32_t)(link->base[obj->relocs[i].index] - slot - 1);
			continue;
		}
		out->relocs[*nrelocs] = obj->relocs[i];
		out->relocs[(*nrelocs)++].slot = slot;
	}
}

/* A program alone and complete is the object's slots as they are. */
static void link_borrow(const struct asm_object *obj, struct asm_program *out)
{
	out->insns = obj->insns;
	out->insn_pos = obj->insn_pos;
	out->ninsns = obj->ninsns;
	out->borrowed = true;
}

int asm_link(const struct asm_object *obj, const struct asm_func *func, struct asm_program *out)
{
	struct link link = { .obj = obj, .out = out };
	size_t i, nrelocs = 0;
	int ret = -ENOMEM;

	memset(out, 0, sizeof(*out));
	out->func = func;
	if (obj->nfuncs == 1 && !obj->nrelocs) {
		link_borrow(obj, out);
		return 0;
	}
	link.base = malloc(obj->nfuncs * sizeof(*link.base));
	link.order = malloc(obj->nfuncs * sizeof(*link.order));
	if (!link.base || !link.order)
		goto out;
	for (i = 0; i < obj->nfuncs; i++)
		link.base[i] = LINK_OUT;
	link_take(&link, (uint32_t)(func - obj->funcs));
	for (i = 0; i < link.norder; i++)	/* grows as functions are taken */
		link_follow(&link, link.order[i]);
	out->insns = link.insns = calloc(out->ninsns, sizeof(*out->insns));
	out->insn_pos = link.insn_pos = calloc(out->ninsns, sizeof(*out->insn_pos));
	out->relocs = calloc(out->nrelocs + 1, sizeof(*out->relocs));
	if (!out->insns || !out->insn_pos || !out->relocs)
		goto out;
	for (i = 0; i < link.norder; i++)
		link_copy(&link, link.order[i], &nrelocs);
	ret = 0;
out:
	free(link.base);
	free(link.order);
	if (ret)
		asm_program_free(out);
	return ret;
}

void asm_program_free(struct asm_program *prog)
{
	if (!prog->borrowed) {
		free((void *)prog->insns);
		free((void *)prog->insn_pos);
	}
	free(prog->relocs);
	memset(prog, 0, sizeof(*prog));
}
