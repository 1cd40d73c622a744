/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* uprobe.h - functions of programs and libraries: by the PMU of perf (4.17), and many by a link. */
#ifndef UPROBE_H
#define UPROBE_H

#include <stdbool.h>
#include <stdint.h>

struct attach;

/*
 * Whether the kernel has links of BPF_TRACE_UPROBE_MULTI (6.6). As with multi_is_there(), a program
 * must know when it is loaded.
 */
bool uprobe_multi_is_there(void);

/*
 * u[ret]probe/FILE:PLACE and u[ret]probe.multi/FILE:PLACE[,PLACE...], uprobe.session likewise: an
 * attach_method. PLACE is SYMBOL, SYMBOL+OFFSET or, as a number, an offset into the file; of many
 * it may be a pattern too. One of many that is not there is named, and the rest attached; none at
 * all is an error.
 */
int uprobe_attach(const struct attach *a);

/*
 * One place of a file; the kernel counts the probe in the semaphore there, unless that is 0 (4.20).
 * 0 or -errno, explained.
 */
int uprobe_attach_at(const struct attach *a, const char *path, uint64_t offset, uint64_t semaphore);

#endif
