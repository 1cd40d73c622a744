/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "defs.h"

struct config { u32 pid; char name[12]; s64 limits[2]; };
const volatile struct config config = { 1, "hello", { -1, 2 } };
const volatile u8 small = 7;
const volatile s32 negative = -5;
static volatile u64 hidden = 3;
u64 counts[4] = { 1, 2 };
static volatile u32 zero_static;
u32 custom SEC(".data.custom") = 9;
const volatile u32 table[3] SEC(".rodata.table") = { 1, 2, 3 };
double real = 1.5;

SEC("raw_tp/sched_switch") int count(void *ctx)
{
	static u64 local = 40;
	u32 i = cpu() & 3;

	counts[i] += config.limits[1] + small + negative + config.name[i];
	zero_static++;
	custom += table[i & 1];
	hidden += local++;
	return 0;
}
