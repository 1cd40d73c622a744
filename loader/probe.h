/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* probe.h - kprobes: functions of the kernel, one at a time, by the PMU of perf (4.17). */
#ifndef PROBE_H
#define PROBE_H

#include <stddef.h>
#include <stdint.h>

struct attach;

/* [k|kret]probe/FUNCTION[+OFFSET] and k[ret]syscall/NAME: an attach_method */
int probe_attach_kprobe(const struct attach *a);

/* A probe of one function for the program, beside others. 0 or -errno, explained. */
int probe_add(const struct attach *a, const char *function, uint64_t offset);

#endif
