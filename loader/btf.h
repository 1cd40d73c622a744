/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* btf.h - the object's own types in the kernel, for maps and programs. Needs abi.h, asm.h */
#ifndef BTF_H
#define BTF_H

#include <stddef.h>
#include <stdint.h>

struct asm_program;
struct load;

/*
 * Give the kernel the object's types, as far as it knows their kinds. Without is fine: what cannot
 * do without is refused later on. Only -ENOMEM is an error.
 */
int btf_load(struct load *load);
void btf_close(struct load *load);

/* What BPF_PROG_LOAD takes beside a program: nothing, where no types are loaded. */
struct btf_info {
	struct abi_func_info *funcs;
	struct abi_line_info *lines;
	size_t nfuncs, nlines;
};

int btf_info(const struct load *load, const struct asm_program *prog, struct btf_info *out);
void btf_info_free(struct btf_info *info);	/* zeroed is fine */

#endif
