/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "defs.h"

struct item { u64 at; u32 pid; } __attribute__((packed));
struct { UINT(type, 22); UINT(max_entries, 16); TYPE(value, struct item); } items SEC(".maps");
SEC("raw_tp/sched_process_exit") int exits(void *ctx)
{
	struct item item = {};

	item.at = now();
	item.pid = pid_tgid();
	map_push(&items, &item, 2);
	return 0;
}
