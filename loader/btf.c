/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "abi.h"
#include "loader.h"
#include "btf.h"
#include "load.h"
#include "say.h"
#include "sys.h"

/* ---- types ---- */

static int btf_call(const struct asm_types *types)
{
	struct abi_btf_load attr;

	memset(&attr, 0, sizeof(attr));
	attr.btf = abi_ptr(types->btf);
	attr.btf_size = (uint32_t)types->len;
	return sys_bpf(BPF_BTF_LOAD, &attr, abi_end(struct abi_btf_load, btf_log_level));
}

static int btf_try(struct load *load, enum asm_types_age age)
{
	int err;

	asm_types_free(load->types);
	load->types = NULL;
	err = asm_types_make(load->obj, age, &load->types);
	if (err)
		return err;
	load->btf = btf_call(load->types);
	return load->btf < 0 ? load->btf : 0;
}

int btf_load(struct load *load)
{
	int err = btf_try(load, ASM_TYPES_NEWEST);

	for (unsigned int age = ASM_TYPES_NEWEST + 1; err == -EINVAL && age < ASM_TYPES_AGES; age++)
		err = load->types ? btf_try(load, (enum asm_types_age)age) : err;
	if (err == -ENOMEM && !load->types)
		say_error(load->opt, NULL, "%s", strerror(ENOMEM));
	else if (!err)
		say_step(load->opt, "BPF_BTF_LOAD: %zu bytes of types: descriptor %d",
			 load->types->len, load->btf);
	else if (load->types)
		say_step(load->opt, "BPF_BTF_LOAD: %s: the kernel gets no types", strerror(-err));
	if (!err)
		return 0;
	err = load->types || err != -ENOMEM ? 0 : err;
	btf_close(load);
	return err;
}

void btf_close(struct load *load)
{
	if (load->btf > 0)
		sys_close(load->btf);
	load->btf = 0;
	asm_types_free(load->types);
	load->types = NULL;
}

/* ---- programs ---- */

enum { CODE_LDDW = 0x18, CODE_CALL = 0x85, SRC_CALL = 1, SRC_FUNC = 4 };

static bool info_has_part(const struct asm_program *prog, int64_t slot)
{
	size_t i = asm_rows_below(prog->parts, prog->nparts, sizeof(*prog->parts),
				  offsetof(struct asm_part, slot), (uint64_t)slot);

	return i < prog->nparts && prog->parts[i].slot == slot;
}

/* The kernel wants the type of each function: who is called by distance has none. */
static bool info_is_complete(const struct asm_program *prog)
{
	for (size_t i = 0; i < prog->ninsns; i++) {
		struct asm_insn insn = prog->insns[i];
		bool wide = insn.code == CODE_LDDW;

		if (((insn.code == CODE_CALL && asm_src(insn) == SRC_CALL) ||
		     (wide && asm_src(insn) == SRC_FUNC)) &&
		    !info_has_part(prog, (int64_t)i + 1 + insn.imm))
			return false;
		i += wide;
	}
	return true;
}

/* The first line of a function's slots or behind. */
static size_t info_first_line(const struct asm_types *types, uint32_t slot)
{
	return asm_rows_below(types->lines, types->nlines, sizeof(*types->lines),
			      offsetof(struct asm_types_line, slot), slot);
}

/* Each function must begin with a line. Returns how many it has. */
static size_t info_lines(const struct load *load, struct asm_part part, struct abi_line_info *out)
{
	const struct asm_func *func = &load->obj->funcs[part.func];
	const struct asm_types *types = load->types;
	size_t first = info_first_line(types, func->start), i;

	if (first == types->nlines || types->lines[first].slot != func->start)
		return 0;
	for (i = first; i < types->nlines && types->lines[i].slot < func->start + func->count; i++)
		out[i - first] = (struct abi_line_info){
			.insn_off = types->lines[i].slot - func->start + part.slot,
			.file_name_off = types->lines[i].file, .line_off = types->lines[i].text,
			.line_col = types->lines[i].place };
	return i - first;
}

int btf_info(const struct load *load, const struct asm_program *prog, struct btf_info *out)
{
	bool lines = true;
	size_t i, n;

	memset(out, 0, sizeof(*out));
	if (!load->types || !info_is_complete(prog))
		return 0;
	out->funcs = calloc(prog->nparts, sizeof(*out->funcs));
	out->lines = calloc(prog->ninsns, sizeof(*out->lines));
	if (!out->funcs || !out->lines) {
		btf_info_free(out);
		return -ENOMEM;
	}
	for (i = 0; i < prog->nparts; i++) {
		const struct asm_types_func *func = &load->types->funcs[prog->parts[i].func];

		out->funcs[i].insn_off = prog->parts[i].slot;
		out->funcs[i].type_id = i ? func->called : func->entry;
		if (!out->funcs[i].type_id)
			break;
		n = info_lines(load, prog->parts[i], out->lines + out->nlines);
		lines = lines && n;
		out->nlines += n;
	}
	out->nfuncs = i == prog->nparts ? i : 0;
	out->nlines = out->nfuncs && lines ? out->nlines : 0;
	return 0;
}

void btf_info_free(struct btf_info *info)
{
	free(info->funcs);
	free(info->lines);
	memset(info, 0, sizeof(*info));
}
