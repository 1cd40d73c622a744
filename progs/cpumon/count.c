/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * count.c - read the maps while the programs go on writing to them.
 *
 * What a CPU runs is read first, the sums of threads after that. A thread that was switched out
 * between the two has an entry that is newer than its run, and the run is dropped: nothing counts
 * twice.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../asm/asm.h"
#include "../../loader/loader.h"
#include "../common/program.h"
#include "count.h"

enum mode { MODE_UNKNOWN, MODE_USER, MODE_KERNEL };

/* As in cpumon.bpfasm. */
struct run {
	uint64_t task, since, time, user, kernel, waits, used;
	uint32_t pid, mode;
};

struct thread {
	uint64_t user, kernel, until, used;
	uint32_t pid, mode;
};

struct sums {
	uint64_t user, kernel;
};

enum {
	READS = 16,		/* of a run that changes while it is read */
	CPUS_MOST = 1 << 16,	/* sched_getaffinity(2) is asked for at most */
	ROOM = 256,		/* processes that a sample has room for at first */
};

struct walk {
	struct sample *sample;
	struct run *runs;	/* one a CPU; since 0: none */
	size_t nruns;
};

static uint64_t count_now(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* ---- a process more ---- */

static int sample_add(struct sample *sample, uint32_t pid, uint64_t user, uint64_t kernel)
{
	size_t room = sample->room ? 2 * sample->room : ROOM;
	struct usage *procs;

	if (sample->n == sample->room) {
		procs = realloc(sample->procs, room * sizeof(*procs));
		if (!procs)
			return -ENOMEM;
		sample->procs = procs;
		sample->room = room;
	}
	sample->procs[sample->n++] = (struct usage){ pid, user, kernel };
	return 0;
}

static int usage_compare(const void *a, const void *b)
{
	const struct usage *one = a, *other = b;

	return (one->pid > other->pid) - (one->pid < other->pid);
}

/* One entry a process, of those of its threads. */
static void sample_merge(struct sample *sample)
{
	struct usage *procs = sample->procs;
	size_t n = 0;

	if (sample->n)
		qsort(procs, sample->n, sizeof(*procs), usage_compare);
	for (size_t i = 0; i < sample->n; i++) {
		if (n && procs[n - 1].pid == procs[i].pid) {
			procs[n - 1].user += procs[i].user;
			procs[n - 1].kernel += procs[i].kernel;
		} else {
			procs[n++] = procs[i];
		}
	}
	sample->n = n;
}

void sample_free(struct sample *sample)
{
	free(sample->procs);
	memset(sample, 0, sizeof(*sample));
}

/* ---- what the CPUs run ---- */

/* Copied between two events, not during one. */
static bool run_is_whole(const struct run *run)
{
	return run->since == 0 || run->user + run->kernel == run->time - run->since;
}

/* Read them until each is the same thread's twice, and whole. One that never is does not count. */
static int runs_read(int fd, struct run *runs, struct run *again, size_t n)
{
	static const uint32_t key;
	size_t left = n;
	int err = load_map_lookup(fd, &key, runs);

	for (int i = 0; i < READS && left && !err; i++) {
		err = load_map_lookup(fd, &key, again);
		left = 0;
		for (size_t cpu = 0; cpu < n && !err; cpu++) {
			bool same = runs[cpu].since == again[cpu].since;

			/* What was whole stays: another CPU may take many reads. */
			if (same && run_is_whole(&runs[cpu]))
				continue;
			runs[cpu] = again[cpu];
			left++;
		}
	}
	for (size_t cpu = 0; cpu < n; cpu++)
		if (!run_is_whole(&runs[cpu]))
			runs[cpu].since = 0;
	return err;
}

/* The time since the last event of the CPU has been the thread's as well. */
static int runs_add(const struct walk *walk)
{
	uint64_t now = walk->sample->time;
	int err = 0;

	for (size_t i = 0; i < walk->nruns && !err; i++) {
		const struct run *run = &walk->runs[i];
		uint64_t open = now > run->time ? now - run->time : 0;
		bool kernel = run->mode == MODE_KERNEL;

		if (run->since)
			err = sample_add(walk->sample, run->pid, run->user + (kernel ? 0 : open),
					 run->kernel + (kernel ? open : 0));
	}
	return err;
}

/* ---- the other maps ---- */

/* load_entry_fn */
static int thread_add(void *arg, const void *key, const void *value)
{
	const struct walk *walk = arg;
	struct thread thread;
	uint64_t task;

	memcpy(&task, key, sizeof(task));
	memcpy(&thread, value, sizeof(thread));
	for (size_t i = 0; i < walk->nruns; i++)
		if (walk->runs[i].task == task && thread.until > walk->runs[i].since)
			walk->runs[i].since = 0;
	return sample_add(walk->sample, thread.pid, thread.user, thread.kernel);
}

/* load_entry_fn */
static int ended_add(void *arg, const void *key, const void *value)
{
	const struct walk *walk = arg;
	struct sums sums;
	uint32_t pid;

	memcpy(&pid, key, sizeof(pid));
	memcpy(&sums, value, sizeof(sums));
	return sample_add(walk->sample, pid, sums.user, sums.kernel);
}

static int map_walk(const struct program *program, const char *name, load_entry_fn *fn,
		    struct walk *walk)
{
	const struct asm_map *map = NULL;
	int fd = program_map(program, name, &map);

	return fd < 0 ? fd : load_map_walk(fd, map, fn, walk);
}

static int map_first(const struct program *program, const char *name, void *value)
{
	static const uint32_t key;
	const struct asm_map *map = NULL;
	int fd = program_map(program, name, &map);

	return fd < 0 ? fd : load_map_lookup(fd, &key, value);
}

static int walk_maps(const struct program *program, struct walk *walk, struct run *again)
{
	const struct asm_map *map = NULL;
	int fd = program_map(program, "runs", &map), err;

	walk->sample->time = count_now();
	err = runs_read(fd, walk->runs, again, walk->nruns);
	if (!err)
		err = map_walk(program, "threads", thread_add, walk);
	if (!err)
		err = map_walk(program, "ended", ended_add, walk);
	if (!err)
		err = runs_add(walk);
	return err ? err : map_first(program, "totals", &walk->sample->totals);
}

int count_take(const struct program *program, struct sample *sample)
{
	int cpus = load_possible_cpus(), err = -ENOMEM;
	struct walk walk = { .sample = sample };
	struct run *again;

	if (cpus < 0)
		return cpus;
	walk.nruns = (size_t)cpus;
	walk.runs = calloc(walk.nruns, sizeof(walk.runs[0]));
	again = calloc(walk.nruns, sizeof(again[0]));
	sample->n = 0;
	if (walk.runs && again)
		err = walk_maps(program, &walk, again);
	if (!err)
		sample_merge(sample);
	free(again);
	free(walk.runs);
	return err;
}

/* ---- the start ---- */

/* A CPU that this process may not run on switches threads soon, but not at once. */
static void count_visit(size_t cpus, const cpu_set_t *may, cpu_set_t *one)
{
	size_t size = CPU_ALLOC_SIZE(cpus);

	for (size_t cpu = 0; cpu < cpus; cpu++) {
		if (!CPU_ISSET_S(cpu, size, may))
			continue;
		CPU_ZERO_S(size, one);
		CPU_SET_S(cpu, size, one);
		(void)sched_setaffinity(0, size, one);
	}
	(void)sched_setaffinity(0, size, may);
}

void count_start(void)
{
	cpu_set_t *may = NULL, *one = NULL;
	int cpus = load_possible_cpus();

	if (cpus <= 0 || cpus > CPUS_MOST)
		return;
	may = CPU_ALLOC((size_t)cpus);
	one = CPU_ALLOC((size_t)cpus);
	if (may && one && sched_getaffinity(0, CPU_ALLOC_SIZE((size_t)cpus), may) == 0)
		count_visit((size_t)cpus, may, one);
	CPU_FREE(may);
	CPU_FREE(one);
}
