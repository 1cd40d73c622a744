/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * bench-ring.c - drain a ring buffer, by this loader and by libbpf in turns
 * usage: bench-ring ROUNDS
 *
 * A line a reader: its name, and the median of nanoseconds of CPU time a record. A program that is
 * run for tests fills the ring with records of 8 bytes; only taking them out is measured. libbpf is
 * opened as a shared library while this runs: its names do not meet ours.
 */
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../asm/asm.h"
#include "../loader/abi.h"
#include "../loader/loader.h"

enum { RING_BYTES = 1 << 18, MOST_ROUNDS = 10000 };

static const char text[] =
	".license \"GPL\"\n"
	".map events type ringbuf entries 256K\n"
	".prog fill \"raw_tp/sched_process_exec\"\n"
	"	r6 = 0\n"
	"again:	r1 = events ll\n"
	"	r2 = 8\n"
	"	r3 = 0\n"
	"	call bpf_ringbuf_reserve\n"
	"	if r0 == 0 goto full\n"
	"	*(u64 *)(r0 + 0) = r6\n"
	"	r1 = r0\n"
	"	r2 = BPF_RB_NO_WAKEUP\n"
	"	call bpf_ringbuf_submit\n"
	"	r6 += 1\n"
	"	if r6 < 2000 goto again\n"
	"	r0 = 0\n"
	"	exit\n"
	"full:	r0 = 1\n"
	"	exit\n";

/* What libbpf.h declares. */
typedef int peer_fn(void *arg, void *data, size_t len);
struct peer {
	void *(*open)(int fd, peer_fn *fn, void *arg, const void *opts);
	int (*consume)(void *rings);
	void *rings;
};

struct sum {
	uint64_t records, bytes;
};

/* load_record_fn */
static int take(void *arg, const void *data, uint32_t len)
{
	struct sum *sum = arg;

	(void)data;
	sum->records++;
	sum->bytes += len;
	return 0;
}

static int take_peer(void *arg, void *data, size_t len)
{
	struct sum *sum = arg;

	(void)data;
	sum->records++;
	sum->bytes += len;
	return 0;
}

/* asm_sink */
static void print_diag(void *arg, const struct asm_diag *diag)
{
	asm_diag_print(arg, diag);
}

static double now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static int fill(int prog)
{
	struct abi_prog_test_run attr;
	uint64_t context = 0;

	do {
		memset(&attr, 0, sizeof(attr));
		attr.prog_fd = (uint32_t)prog;
		attr.ctx_in = abi_ptr(&context);
		attr.ctx_size_in = sizeof(context);
		if (syscall(SYS_bpf, BPF_PROG_TEST_RUN, &attr, sizeof(attr)))
			return -errno;
	} while (!attr.retval);
	return 0;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void report(const char *name, double *ns, int rounds)
{
	qsort(ns, (size_t)rounds, sizeof(*ns), compare);
	printf("%s %.3f\n", name, ns[rounds / 2]);
}

/* Nanoseconds a record, or less than 0. peer NULL: with our reader. */
static double drain(struct load_ring *ring, const struct peer *peer, struct sum *sum)
{
	double start;
	int ret;

	sum->records = 0;
	start = now_ns();
	ret = peer ? peer->consume(peer->rings) : load_ring_read(ring, UINT_MAX, take, sum);
	return ret < 0 || !sum->records ? -1 : (now_ns() - start) / (double)sum->records;
}

static bool open_peer(struct peer *peer, int fd, struct sum *sum)
{
	void *library = dlopen("libbpf.so.1", RTLD_NOW | RTLD_LOCAL);

	if (!library)
		return false;
	*(void **)&peer->open = dlsym(library, "ring_buffer__new");
	*(void **)&peer->consume = dlsym(library, "ring_buffer__consume");
	if (peer->open && peer->consume)
		peer->rings = peer->open(fd, take_peer, sum, NULL);
	return peer->rings;
}

static int measure(const struct load *load, struct load_ring *ring, int rounds)
{
	static double ours[MOST_ROUNDS], theirs[MOST_ROUNDS];
	struct peer peer = { .rings = NULL };
	struct sum sum = { 0 };
	bool has_peer = open_peer(&peer, load_map_fd(load, "events"), &sum);

	for (int i = -1; i < rounds; i++) {	/* -1: pages are touched for the first time */
		int at = i < 0 ? 0 : i;

		if (fill(load_prog_fd(load, "fill")))
			return -EIO;
		ours[at] = drain(ring, NULL, &sum);
		if (!has_peer)
			continue;
		if (fill(load_prog_fd(load, "fill")))
			return -EIO;
		theirs[at] = drain(ring, &peer, &sum);
		if (ours[at] < 0 || theirs[at] < 0)
			return -EIO;
	}
	report("bpfload", ours, rounds);
	if (has_peer)
		report("libbpf", theirs, rounds);
	return 0;
}

int main(int argc, char *argv[])
{
	struct load_options opt = { .sink = print_diag, .sink_arg = stderr };
	struct asm_options how = {
		.endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? ASM_BIG : ASM_LITTLE,
		.sink = print_diag, .sink_arg = stderr,
	};
	int rounds = argc == 2 ? atoi(argv[1]) : 0, err;
	struct load_ring *ring = NULL;
	struct load *load = NULL;
	struct asm_object *obj;

	if (rounds < 1 || rounds > MOST_ROUNDS) {
		fputs("usage: bench-ring ROUNDS\n", stderr);
		return 2;
	}
	obj = asm_assemble("bench-ring", text, sizeof(text) - 1, &how);
	if (!obj)
		return 1;
	err = load_open(obj, &opt, &load);
	if (!err)
		err = load_ring_open(load_map_fd(load, "events"), RING_BYTES, &ring);
	if (!err)
		err = measure(load, ring, rounds);
	if (err)
		fprintf(stderr, "bench-ring: %s\n", strerror(-err));
	load_ring_close(ring);
	load_close(load);
	asm_free(obj);
	return err ? 1 : 0;
}
