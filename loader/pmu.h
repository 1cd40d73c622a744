/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* pmu.h - what makes probes without tracefs: the kprobe and uprobe PMU of perf (4.17). */
#ifndef PMU_H
#define PMU_H

struct abi_perf_event_attr;
struct attach;

/*
 * What perf_event_open(2) is to be given for a probe of a PMU, "kprobe" or "uprobe", at the entry
 * or the return as the section says; the place is missing yet. 0 or -errno, explained.
 */
int pmu_fill(const struct attach *a, const char *pmu, struct abi_perf_event_attr *attr);

#endif
