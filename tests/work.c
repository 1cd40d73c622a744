/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * work.c - use the CPU in a known way and say how much: what monitors are tested with
 * usage: work KIND MS, work of PID
 *
 *	sleep	waits that long
 *	spin	that many ms of CPU time in user mode
 *	read	in the kernel, in long system calls
 *	call	in short ones
 *	threads	half of it as spin in a thread that ends, half as call in one that stays: their
 *		numbers, a line each
 *	exec	as threads, but the one that stays is replaced by another program
 *	fork	in MS processes, one after the other, 1 ms each: their numbers, a line each
 *	memory	none, but MS MiB are in use
 *	ended	a process does that, and ends: its number, CPU time in us, pages at most
 *
 * Then a line of what the kernel knows: its process number, CPU time in ns, voluntary and other
 * context switches, CPU time of its children in us, how much of its time was surely spent as it
 * should be, and context switches of its children. Where a hypervisor stops a CPU, in user mode or
 * not, the kernel does not know. It leaves the CPU, and waits for the end of its standard input.
 *
 * SIGTERM is the end of the work.
 *
 * Until it has, it goes on using the CPU, on a busy machine for long. "of" says what the kernel
 * knows of another process once its clock stands still: its number, CPU time in ns, pages.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SPINS = 200000, CALLS = 500, READ = 1 << 18, TOUCH = 4096, QUIET_US = 50000, STEADY = 24 };

static uint64_t used(clockid_t clock)
{
	struct timespec time = { 0 };

	clock_gettime(clock, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* Each piece is short beside a ms, but long beside asking for the time. */
static void spin(void)
{
	for (volatile int i = 0; i < SPINS; i++)
		;
}

static void call(void)
{
	for (int i = 0; i < CALLS; i++)
		syscall(SYS_getppid);
}

static void fill(void)
{
	static unsigned char bytes[READ];

	if (getrandom(bytes, sizeof(bytes), 0) < 0)
		exit(1);
}

static volatile sig_atomic_t ended;

static void end(int sig)
{
	(void)sig;
	ended = 1;
}

/* What counts of each piece: no more than twice what the fastest takes. Of all threads. */
static _Atomic uint64_t steady;

/* Of this thread. */
static void work(void (*piece)(void), long ms)
{
	uint64_t now = used(CLOCK_THREAD_CPUTIME_ID), last = now + (uint64_t)ms * 1000000;
	uint64_t before, took, fastest = UINT64_MAX;

	while (now < last && !ended) {
		before = now;
		piece();
		now = used(CLOCK_THREAD_CPUTIME_ID);
		took = now - before;
		fastest = took < fastest ? took : fastest;
		steady += took < 2 * fastest ? took : 2 * fastest;
	}
}

static void wait_for_end(void)
{
	char byte;

	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
}

static long resident(pid_t pid)
{
	char path[64];
	long size, pages = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
	f = fopen(path, "r");
	if (!f || fscanf(f, "%ld %ld", &size, &pages) != 2)
		exit(1);
	fclose(f);
	return pages;
}

static void report(void)
{
	uint64_t total = used(CLOCK_PROCESS_CPUTIME_ID);
	struct rusage self, children;

	getrusage(RUSAGE_SELF, &self);
	getrusage(RUSAGE_CHILDREN, &children);
	printf("%d %" PRIu64 " %ld %ld %ld %" PRIu64 " %ld\n", (int)getpid(), total, self.ru_nvcsw,
	       self.ru_nivcsw,
	       (children.ru_utime.tv_sec + children.ru_stime.tv_sec) * 1000000L +
	       children.ru_utime.tv_usec + children.ru_stime.tv_usec, steady,
	       children.ru_nvcsw + children.ru_nivcsw);
	fflush(stdout);
	usleep(1000);
	wait_for_end();
}

/* ---- threads ---- */

static void tell_thread(void)
{
	printf("%ld\n", syscall(SYS_gettid));
	fflush(stdout);
}

struct share {
	long ms;
	char *const *next;	/* the program that takes the place of this one; NULL: none */
	char *steady;		/* a word of it */
};

static void *spin_and_end(void *arg)
{
	const struct share *share = arg;

	tell_thread();
	work(spin, share->ms);
	return NULL;
}

static void *call_and_stay(void *arg)
{
	const struct share *share = arg;

	tell_thread();
	work(call, share->ms);
	if (share->next) {
		snprintf(share->steady, STEADY, "%" PRIu64, steady);
		execv("/proc/self/exe", share->next);
		exit(1);
	}
	report();
	exit(0);
}

/* again: the process goes on as another program. */
static void in_threads(long ms, bool again)
{
	static char name[] = "work", kind[] = "steady", so_far[STEADY];
	static char *const next[] = { name, kind, so_far, NULL };
	struct share share = { .ms = ms / 2, .next = again ? next : NULL, .steady = so_far };
	pthread_t one, other;

	if (pthread_create(&one, NULL, spin_and_end, &share) || pthread_join(one, NULL) ||
	    pthread_create(&other, NULL, call_and_stay, &share))
		exit(1);
	pthread_join(other, NULL);
}

/* ---- processes ---- */

static void in_processes(long n)
{
	for (long i = 0; i < n; i++) {
		pid_t pid = fork();

		if (pid < 0)
			exit(1);
		if (pid == 0) {
			work(spin, 1);
			_exit(0);
		}
		printf("%d\n", (int)pid);
		waitpid(pid, NULL, 0);
	}
}

/* It stays until the process ends: until nobody counts any more. */
static void fill_memory(long mib)
{
	size_t size = (size_t)mib << 20;
	volatile char *bytes = malloc(size);

	if (!bytes)
		exit(1);
	for (size_t i = 0; i < size; i += TOUCH)
		bytes[i] = 1;
}

static int in_another(long mib)
{
	struct rusage usage;
	pid_t pid = fork();

	if (pid == 0) {
		fill_memory(mib);
		_exit(0);
	}
	if (pid < 0 || wait4(pid, NULL, 0, &usage) != pid)
		return 1;
	printf("%d %ld %ld\n", (int)pid,
	       (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000L +
	       usage.ru_utime.tv_usec + usage.ru_stime.tv_usec,
	       usage.ru_maxrss * 1024 / sysconf(_SC_PAGESIZE));
	usleep(QUIET_US);	/* it leaves its CPU a little later */
	return 0;
}

static int tell_of(pid_t pid)
{
	uint64_t before, now = 0;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) != 0)
		return 1;
	do {
		before = now;
		usleep(QUIET_US);
		now = used(clock);
	} while (now != before);
	printf("%d %" PRIu64 " %ld\n", (int)pid, now, resident(pid));
	return 0;
}

static int usage(void)
{
	fputs("usage: work sleep|spin|read|call|threads|exec|fork|memory|ended MS, work of PID\n",
	      stderr);
	return 2;
}

int main(int argc, char **argv)
{
	const char *kind = argc == 3 ? argv[1] : "";
	long ms = argc == 3 ? atol(argv[2]) : 0;

	signal(SIGTERM, end);
	if (strcmp(kind, "steady") == 0)	/* what came before exec */
		steady = (uint64_t)ms;
	else if (strcmp(kind, "of") == 0)
		return tell_of((pid_t)ms);
	else if (strcmp(kind, "sleep") == 0)
		usleep((useconds_t)ms * 1000);
	else if (strcmp(kind, "spin") == 0)
		work(spin, ms);
	else if (strcmp(kind, "read") == 0)
		work(fill, ms);
	else if (strcmp(kind, "call") == 0)
		work(call, ms);
	else if (strcmp(kind, "threads") == 0)
		in_threads(ms, false);
	else if (strcmp(kind, "exec") == 0)
		in_threads(ms, true);
	else if (strcmp(kind, "fork") == 0)
		in_processes(ms);
	else if (strcmp(kind, "memory") == 0)
		fill_memory(ms);
	else if (strcmp(kind, "ended") == 0)
		return in_another(ms);
	else
		return usage();
	report();
	return 0;
}
