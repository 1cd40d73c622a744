/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* perf.h - programs on events of perf_event_open(2). */
#ifndef PERF_H
#define PERF_H

struct attach;

/*
 * Hand the program to an open event, which is taken over: by a BPF link over it (5.15), which can
 * be pinned and listed, or by ioctl(2), when the event itself holds the program.
 */
int perf_attach(const struct attach *a, int event);

/* tracepoint/CATEGORY/NAME: an attach_method */
int perf_attach_tracepoint(const struct attach *a);

/* perf_event: the clock of each CPU, 99 times a second. An attach_method */
int perf_attach_sample(const struct attach *a);

#endif
