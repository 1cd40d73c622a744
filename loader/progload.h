/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* progload.h - load a file's programs and pin them. */
#ifndef PROGLOAD_H
#define PROGLOAD_H

#include <stdbool.h>

struct show;
struct words;

/*
 * FILE PATH [type TYPE] [pinmaps DIR] [autoattach]: the first program is pinned at PATH; with all,
 * each of them at PATH/NAME. 0 or -errno, said; nothing is left behind then.
 */
int progload(struct show *show, struct words *words, bool all);

#endif
