/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cli.h - the command line of bpfload: words in, a struct out, usage from the same rows. */
#ifndef CLI_H
#define CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct load_options;

/* The options a command takes; cli.c has a row for each. */
enum cli_bits {
	CLI_DEFINE = 1 << 0,
	CLI_DURATION = 1 << 1,
	CLI_INTERVAL = 1 << 2,
	CLI_TOP = 1 << 3,
	CLI_JSON = 1 << 4,
	CLI_ATTACH = 1 << 5,
	CLI_VERBOSE = 1 << 6,
	CLI_HELP = 1 << 7,
	CLI_VERSION = 1 << 8,
	CLI_COMMAND = 1 << 9,	/* "-- COMMAND ..." at the end */
	CLI_PRETTY = 1 << 10,
	CLI_GRAMMAR = 1 << 11,	/* no option: any number of words, which the command reads */
	CLI_DEV = 1 << 12,
	CLI_CGROUP = 1 << 13,
	CLI_NETNS = 1 << 14,
	CLI_HOOK = 1 << 15,
	CLI_PID = 1 << 16,
	CLI_CPU = 1 << 17,
	CLI_COOKIE = 1 << 18,
	CLI_PIN = 1 << 19,
	CLI_BPFFS = 1 << 20,
	CLI_RAW = 1 << 21,
	CLI_PROG = 1 << 22,
	CLI_BASE = 1 << 23,
	CLI_NOMOUNT = 1 << 24,
	CLI_TYPE = 1 << 25,
	CLI_SOCKET = 1 << 26,
	CLI_WHERE = CLI_DEV | CLI_CGROUP | CLI_NETNS | CLI_HOOK | CLI_PROG | CLI_SOCKET | CLI_PID |
		    CLI_CPU | CLI_COOKIE,
};

enum { CLI_WORDS = 2 };

struct cli {
	const struct cli_command *command;	/* NULL: --help or --version alone */
	const char *words[CLI_WORDS];		/* FILE, DIR */
	const char **grammar;			/* words of a CLI_GRAMMAR, NULL at the end; owned */
	const char **defines;			/* NAME=EXPR; owned */
	const char **types;			/* MAP=TYPE; owned */
	size_t ndefines, ntypes;
	unsigned int duration_ms, interval_ms, top;
	const char *dev, *cgroup, *netns, *hook, *prog; /* NULL: not given */
	const char *pin, *base;			/* paths */
	int pid, cpu;				/* pid 0: not given; cpu: see seen */
	int socket_pid, socket;			/* pid 0: not given */
	uint64_t cookie;			/* 0: not given */
	uint32_t seen;				/* enum cli_bits */
	FILE *out;				/* for what a command prints: the caller's */
	char *const *run;			/* what stands behind "--", NULL-terminated */
};

struct cli_command {
	const char *name;
	int (*main)(const struct cli *cli, const struct load_options *opt); /* exit status */
	const char *words;	/* as the usage has them */
	unsigned int nwords;
	uint32_t options;	/* enum cli_bits */
	const char *help;
};

/*
 * Options and words may stand in any order; "--" ends both. False: what is wrong has gone to the
 * sink. cli_free() in either case.
 */
bool cli_parse(struct cli *cli, const struct cli_command *commands, size_t ncommands,
	       char *const *argv, const struct load_options *opt);
void cli_free(struct cli *cli);

void cli_usage(FILE *f, const struct cli_command *commands, size_t ncommands);

/*
 * "3s", "500ms", "1.5m", "2h"; seconds without a unit. At least 1 ms, at most 49 days. Fractions of
 * a millisecond are dropped.
 */
bool cli_time(const char *text, unsigned int *ms);

/* A decimal number from 1. */
bool cli_count(const char *text, unsigned int *n);

#endif
