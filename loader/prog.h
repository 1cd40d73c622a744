/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* prog.h - programs into the kernel. */
#ifndef PROG_H
#define PROG_H

#include <stdint.h>

struct load;
struct load_prog;

/*
 * Load the program of *prog, whose func and single are set; its maps have descriptors. Returns its
 * descriptor or -errno, which is the kernel's reason and not the log buffer's. A rejected program
 * has been explained at its line.
 */
int prog_load(const struct load *load, const struct load_prog *prog);

#endif
