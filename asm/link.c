/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "asm.h"

/* Where each function of the object lands in the program; LINK_OUT: nowhere. */
enum { LINK_OUT = -1 };

/* A function, and the reloc of it that comes next. */
struct link_frame {
	const struct asm_func *func;
	size_t reloc;
};

struct link {
	const struct asm_object *obj;
	struct asm_insn *insns;	/* of the program */
	uint32_t *insn_pos;
	int64_t *base;		/* a function of the object: its first slot in the program */
	struct link_frame *frames; /* functions being followed, each called by the one before */
	size_t nframes;
	struct asm_program *out;
};

static bool link_is_call(const struct asm_reloc *reloc)
{
	return reloc->kind == ASM_RELOC_CALL || reloc->kind == ASM_RELOC_FUNC;
}

static void link_take(struct link *link, uint32_t index)
{
	const struct asm_func *func = &link->obj->funcs[index];

	if (link->base[index] != LINK_OUT)
		return;
	link->base[index] = (int64_t)link->out->ninsns;
	link->out->parts[link->out->nparts++] = (struct asm_part){ index,
								   (uint32_t)link->out->ninsns };
	link->out->ninsns += func->count;
	link->frames[link->nframes++] = (struct link_frame){
		func, asm_first_reloc(link->obj, func->start) };
}

/* Take what is called, deepest first as libbpf does it; and count the relocs that stay. */
static void link_follow(struct link *link)
{
	const struct asm_object *obj = link->obj;

	while (link->nframes) {
		struct link_frame *frame = &link->frames[link->nframes - 1];
		uint32_t end = frame->func->start + frame->func->count;
		const struct asm_reloc *reloc;

		if (frame->reloc == obj->nrelocs || obj->relocs[frame->reloc].slot >= end) {
			link->nframes--;
			continue;
		}
		reloc = &obj->relocs[frame->reloc++];
		if (link_is_call(reloc))
			link_take(link, reloc->index);
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
	for (i = asm_first_reloc(obj, func->start);
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

/* Room for all that linking may need. */
static int link_alloc(struct link *link)
{
	size_t n = link->obj->nfuncs;

	link->base = malloc(n * sizeof(*link->base));
	link->frames = malloc(n * sizeof(*link->frames));
	link->out->parts = malloc(n * sizeof(*link->out->parts));
	if (!link->base || !link->frames || !link->out->parts)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		link->base[i] = LINK_OUT;
	return 0;
}

static int link_copy_all(struct link *link)
{
	struct asm_program *out = link->out;
	size_t i, nrelocs = 0;

	out->insns = link->insns = calloc(out->ninsns, sizeof(*out->insns));
	out->insn_pos = link->insn_pos = calloc(out->ninsns, sizeof(*out->insn_pos));
	out->relocs = calloc(out->nrelocs + 1, sizeof(*out->relocs));
	if (!out->insns || !out->insn_pos || !out->relocs)
		return -ENOMEM;
	for (i = 0; i < out->nparts; i++)
		link_copy(link, out->parts[i].func, &nrelocs);
	return 0;
}

/* A program alone and complete is the object's slots as they are. */
static int link_borrow(const struct asm_object *obj, struct asm_program *out)
{
	out->parts = calloc(1, sizeof(*out->parts));
	if (!out->parts)
		return -ENOMEM;
	out->nparts = 1;
	out->insns = obj->insns;
	out->insn_pos = obj->insn_pos;
	out->ninsns = obj->ninsns;
	out->borrowed = true;
	return 0;
}

int asm_link(const struct asm_object *obj, const struct asm_func *func, struct asm_program *out)
{
	struct link link = { .obj = obj, .out = out };
	int ret;

	memset(out, 0, sizeof(*out));
	out->func = func;
	if (obj->nfuncs == 1 && !obj->nrelocs)
		return link_borrow(obj, out);
	ret = link_alloc(&link);
	if (!ret) {
		link_take(&link, (uint32_t)(func - obj->funcs));
		link_follow(&link);
		ret = link_copy_all(&link);
	}
	free(link.base);
	free(link.frames);
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
	free(prog->parts);
	free(prog->relocs);
	memset(prog, 0, sizeof(*prog));
}
