/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "defs.h"

struct event { u64 at; u32 pid; u8 comm[16]; };
struct { UINT(type, 27); UINT(max_entries, 65536); } events SEC(".maps");
struct event *unused WEAK;

SEC("raw_tp/sched_process_exec") int execs(void *ctx)
{
	struct event *event = reserve(&events, sizeof(*event), 0);

	if (!event)
		return 0;
	event->at = now();
	event->pid = pid_tgid() >> 32;
	comm(event->comm, sizeof(event->comm));
	submit(event, 0);
	return 0;
}
