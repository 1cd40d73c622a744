/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cpus.h - lists of CPUs, as the kernel writes them: "0-3,8\n". */
#ifndef CPUS_H
#define CPUS_H

/* Also beyond NR_CPUS of any configuration. */
enum { CPUS_MOST = 1 << 16 };

/* The list of those that are online. */
#define CPUS_ONLINE "/sys/devices/system/cpu/online"

/* 0 to go on. */
typedef int cpus_fn(void *arg, int cpu);

/* Call fn for each CPU of the list. 0, -EBADMSG when it is none, or what fn stopped it with. */
int cpus_each(const char *list, cpus_fn *fn, void *arg);

#endif
