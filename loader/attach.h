/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* attach.h - a loaded program to its section name. */
#ifndef ATTACH_H
#define ATTACH_H

struct load;
struct load_prog;

/*
 * Attach the program and set its link and whether that can be pinned. 0 or -errno, explained; on
 * failure *prog is as it was.
 */
int attach_prog(const struct load *load, struct load_prog *prog);

#endif
