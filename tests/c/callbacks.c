/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "defs.h"

struct { UINT(type, 2); UINT(max_entries, 8); TYPE(key, u32); TYPE(value, u64); } map SEC(".maps");
u64 sum;
static long add(u32 i, void *ctx) { sum += i; return i > 100; }
static long each(void *map, u32 *key, u64 *value, void *ctx) { sum += *value; return 0; }

SEC("raw_tp/sched_switch") int loops(void *ctx)
{
	loop(10, add, 0, 0);
	for_each(&map, each, 0, 0);
	return 0;
}
