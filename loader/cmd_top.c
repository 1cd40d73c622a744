/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cmd_top.c - bpfload top: the entries of a map, the largest first, again and again. */
#include <stdlib.h>

#include "abi.h"
#include "cli.h"
#include "loader.h"
#include "cmd.h"
#include "kbtf.h"
#include "kmap.h"
#include "words.h"

enum { INTERVAL_MS = 1000 };

int cmd_top(const struct cli *cli, const struct load_options *opt)
{
	struct words words = { .at = cli->grammar, .command = "top", .opt = opt };
	struct load_run run = {
		.duration_ms = cli->duration_ms,
		.interval_ms = cli->interval_ms ? cli->interval_ms : INTERVAL_MS,
		.how = cli->seen & CLI_JSON ? LOAD_JSON : LOAD_TEXT, .top = cli->top,
		.out = cli->out,
	};
	struct kmap kmap;
	int ret;

	ret = kmap_describe(&kmap, &words, BPF_F_RDONLY);
	if (!ret)
		ret = load_top(kmap.fd, &kmap.map, opt, &run);
	kmap_close(&kmap);
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}
