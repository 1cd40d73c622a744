/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cmd_tail.c - bpfload tail: records as they come, from a map of programs that run already. */
#include <stdlib.h>

#include "abi.h"
#include "cli.h"
#include "loader.h"
#include "cmd.h"
#include "kbtf.h"
#include "kmap.h"
#include "say.h"
#include "words.h"

/* A buffer has one reader: whoever had it should not have to guess where the records went. */
static void tell_taken(const struct asm_map *map, const struct load_options *opt)
{
	if (map->type->number == BPF_MAP_TYPE_RINGBUF)
		say_note(opt, NULL, "each record of ring buffer '%s' goes to one reader: what is "
			 "read here is missing elsewhere", map->name);
	else if (map->type->number == BPF_MAP_TYPE_PERF_EVENT_ARRAY)
		say_note(opt, NULL, "perf buffer '%s' is this command's now: who read it before "
			 "gets nothing any more, and has to open it again", map->name);
}

int cmd_tail(const struct cli *cli, const struct load_options *opt)
{
	struct words words = { .at = cli->grammar, .command = "tail", .opt = opt };
	struct load_run run = {
		.duration_ms = cli->duration_ms, .out = cli->out,
		.how = cli->seen & CLI_RAW ? LOAD_RAW : cli->seen & CLI_JSON ? LOAD_JSON :
									      LOAD_TEXT,
	};
	struct kmap kmap;
	int ret;

	ret = kmap_describe(&kmap, &words, 0);
	if (!ret) {
		tell_taken(&kmap.map, opt);
		ret = load_tail(kmap.fd, &kmap.map, opt, &run);
	}
	kmap_close(&kmap);
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}
