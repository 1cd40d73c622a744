/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* prog.h - programs into the kernel. */
#ifndef PROG_H
#define PROG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct asm_attach;
struct asm_func;
struct facts_type;
struct load;
struct load_prog;

/*
 * Load the program of *prog, whose func and single are set; its maps have descriptors. Returns its
 * descriptor or -errno, which is the kernel's reason and not the log buffer's. A rejected program
 * has been explained at its line.
 */
int prog_load(const struct load *load, const struct load_prog *prog);

/* Is the target of that section a function of the program that the options name? */
bool prog_is_for_prog(const struct load *load, const struct asm_attach *attach);

/*
 * The target that a program's section names, where that is fixed at load (ASM_ATTACH_BTF_ID): in
 * the types of the kernel and its modules, or in those of the program that the options name, whose
 * descriptor is then that of the type. 0, or -errno with a reason in why.
 */
int prog_target_type(const struct load *load, const struct asm_func *func, struct facts_type *out,
		     char *why, size_t why_size);

#endif
