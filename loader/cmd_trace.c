/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cmd_trace.c - bpfload trace: lines that programs print. */
#include <stdlib.h>

#include "cli.h"
#include "loader.h"
#include "cmd.h"
#include "object.h"
#include "sys.h"
#include "words.h"

static int trace_program(struct words *words, const struct load_run *run)
{
	int fd = object_find_one(words, OBJECT_PROG, 0), err;

	if (fd < 0)
		return fd;
	err = words_end(words) ? load_trace_program(fd, words->opt, run) : EXIT_FAILURE;
	sys_close(fd);
	return err;
}

int cmd_trace(const struct cli *cli, const struct load_options *opt)
{
	struct words words = { .at = cli->grammar, .command = "trace", .opt = opt };
	const struct load_run run = {
		.duration_ms = cli->duration_ms, .out = cli->out,
		.how = cli->seen & CLI_JSON ? LOAD_JSON : LOAD_TEXT,
	};
	int err = words.at[0] ? trace_program(&words, &run) : load_trace(opt, &run);

	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
