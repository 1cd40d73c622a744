/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "defs.h"

struct key { u32 pid; int kernel, user; char name[16]; };
struct { UINT(type, 7); UINT(max_entries, 1024); UINT(key_size, 4); UINT(value_size, 127 * 8); }
	stackmap SEC(".maps");
struct { UINT(type, 1); UINT(max_entries, 1024); TYPE(key, struct key); TYPE(value, u64); }
	counts SEC(".maps");
SEC("perf_event") int samples(void *ctx)
{
	struct key key = {};
	u64 one = 1, *n;

	key.pid = pid_tgid() >> 32;
	comm(key.name, sizeof(key.name));
	key.kernel = stack_id(ctx, &stackmap, 0);
	key.user = stack_id(ctx, &stackmap, 1 << 8);
	n = map_lookup(&counts, &key);
	if (n)
		__sync_fetch_and_add(n, 1);
	else
		map_update(&counts, &key, &one, 1);
	return 0;
}
