/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "defs.h"

struct rq { u32 nr_running; u64 nr_switches; } CORE;
extern const struct rq runqueues KSYM;
u64 out[2];

SEC("raw_tp/sys_enter") int looks(void *ctx)
{
	const struct rq *rq = per_cpu_ptr(&runqueues, 0);

	if (rq)
		out[0] = rq->nr_switches;
	rq = this_cpu_ptr(&runqueues);
	out[1] = rq->nr_running;
	return 0;
}
