/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * bench-run.c - run a command and append what it took to a file
 * usage: bench-run LOG COMMAND [ARGUMENT...]
 *
 * A line has wall, user and system time in microseconds and the peak of resident memory in KB, of
 * the command and what it waited for. Exit status: the command's, 126 when there is none to give.
 *
 * Link it statically: the peak of a command is never below that of who started it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_NOTHING = 126, US_PER_S = 1000000, NS_PER_US = 1000 };

static long long now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (long long)ts.tv_sec * US_PER_S + ts.tv_nsec / NS_PER_US;
}

static long long as_us(struct timeval tv)
{
	return (long long)tv.tv_sec * US_PER_S + tv.tv_usec;
}

static int fail(const char *what)
{
	fprintf(stderr, "bench-run: %s: %s\n", what, strerror(errno));
	return EXIT_NOTHING;
}

/* Run the command; *wall is until it was gone. Its status, or -1. */
static int run(char *argv[], long long *wall, struct rusage *usage)
{
	long long start = now_us();
	int status = -1;
	pid_t pid;

	pid = vfork();
	if (pid == 0) {
		execvp(argv[0], argv);
		_exit(EXIT_NOTHING);
	}
	if (pid < 0 || wait4(pid, &status, 0, usage) < 0)
		return -1;
	*wall = now_us() - start;
	return status;
}

int main(int argc, char *argv[])
{
	struct rusage usage;
	long long wall = 0;
	int status;
	FILE *log;

	if (argc < 3) {
		fputs("usage: bench-run LOG COMMAND [ARGUMENT...]\n", stderr);
		return EXIT_NOTHING;
	}
	memset(&usage, 0, sizeof(usage));
	status = run(argv + 2, &wall, &usage);
	if (status < 0)
		return fail(argv[2]);
	log = fopen(argv[1], "a");
	if (!log)
		return fail(argv[1]);
	fprintf(log, "%lld %lld %lld %ld\n", wall, as_us(usage.ru_utime), as_us(usage.ru_stime),
		usage.ru_maxrss);
	if (fclose(log))
		return fail(argv[1]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_NOTHING;
}
