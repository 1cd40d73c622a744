/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "defs.h"

u64 table[64];
SEC("raw_tp/sched_switch") int fills(void *ctx)
{
	for (u32 i = 0; i < 64; i++)
		table[i] += i * now();
	return 0;
}
