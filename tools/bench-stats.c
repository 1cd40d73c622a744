/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * bench-stats.c - run a command while the kernel counts the runs of BPF programs
 * usage: bench-stats COMMAND [ARGUMENT...]
 *
 * The fdinfo of a program then has run_time_ns and run_cnt. It takes Linux 5.8. Exit status: the
 * command's, 126 when there is none to give.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../loader/abi.h"

enum { EXIT_NOTHING = 126 };

static int fail(const char *what)
{
	fprintf(stderr, "bench-stats: %s: %s\n", what, strerror(errno));
	return EXIT_NOTHING;
}

int main(int argc, char **argv)
{
	struct abi_enable_stats attr;
	long fd;

	if (argc < 2) {
		fputs("usage: bench-stats COMMAND [ARGUMENT...]\n", stderr);
		return EXIT_NOTHING;
	}
	memset(&attr, 0, sizeof(attr));
	attr.type = BPF_STATS_RUN_TIME;
	fd = syscall(SYS_bpf, BPF_ENABLE_STATS, &attr, sizeof(attr));
	if (fd < 0)
		return fail("BPF_ENABLE_STATS");
	/* The command keeps the descriptor: the statistics end when it does. */
	if (fcntl((int)fd, F_SETFD, 0))
		return fail("fcntl");
	execvp(argv[1], argv + 1);
	return fail(argv[1]);
}
