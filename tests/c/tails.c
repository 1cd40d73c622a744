/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "defs.h"

int one(void *ctx), two(void *ctx);
struct { UINT(type, 3); UINT(max_entries, 3); UINT(key_size, 4); ARRAY(values, int (void *)); }
	jumps SEC(".maps") = { .values = { [0] = (void *)&one, [2] = (void *)&two } };
u64 seen[3];

SEC("socket") int one(void *ctx)
{
	seen[1]++;
	tail_call(ctx, &jumps, 2);
	return 1;
}
SEC("socket") int two(void *ctx)
{
	seen[2]++;
	return 2;
}
static NOINLINE int jump(void *ctx, u32 index)
{
	seen[0]++;
	tail_call(ctx, &jumps, index);
	return 0;
}
SEC("socket") int entry(void *ctx)
{
	jump(ctx, 0);
	return 3;
}
