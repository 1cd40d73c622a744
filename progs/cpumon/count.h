/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* count.h - what the maps of cpumon.bpfasm say, put together: the CPU time of each process. */
#ifndef COUNT_H
#define COUNT_H

#include <stddef.h>
#include <stdint.h>

struct program;

/* Times are ns since the monitor started. */
struct usage {
	uint32_t pid;
	uint64_t user, kernel;
};

/* The map `totals`: of processes that ended, and what found no room in a map. */
struct totals {
	uint64_t user, kernel;
	uint64_t lost, lost_ns;
};

struct sample {
	uint64_t time;		/* ns of CLOCK_MONOTONIC */
	struct usage *procs;	/* by rising pid */
	size_t n, room;
	struct totals totals;
};

/* Let each CPU switch threads once: what it runs is known from then on. */
void count_start(void);

/*
 * Take a sample, up to this moment for threads that run too. What is in *sample is overwritten; it
 * begins as zeros. 0 or -errno; sample_free() in either case.
 */
int count_take(const struct program *program, struct sample *sample);
void sample_free(struct sample *sample);

#endif
