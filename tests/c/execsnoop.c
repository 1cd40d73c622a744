/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "defs.h"

struct event { u32 pid, ppid, uid; int ret; char comm[16]; };
const volatile bool ignore_failed = 1;
const volatile u32 targ_uid = -1;
static const struct event empty;
struct { UINT(type, 1); UINT(max_entries, 10240); TYPE(key, u32); TYPE(value, struct event); }
	execs SEC(".maps");
struct { UINT(type, 4); UINT(key_size, 4); UINT(value_size, 4); } events SEC(".maps");

SEC("tracepoint/sched/sched_process_exec") int enter(void *ctx)
{
	struct task_struct *task = current_task();
	struct task_struct *parent = 0;
	struct event *event;
	u32 id = pid_tgid() >> 32, uid = uid_gid();

	if (targ_uid != -1 && targ_uid != uid)
		return 0;
	if (map_update(&execs, &id, &empty, 1))
		return 0;
	event = map_lookup(&execs, &id);
	if (!event)
		return 0;
	event->pid = id;
	event->uid = uid;
	probe_read(&parent, sizeof(parent), &task->real_parent);
	probe_read(&event->ppid, 4, &parent->tgid);
	return 0;
}

SEC("tracepoint/sched/sched_process_exit") int leave(void *ctx)
{
	u32 id = pid_tgid() >> 32;
	struct event *event = map_lookup(&execs, &id);

	if (!event)
		return 0;
	if (!ignore_failed || !event->ret) {
		comm(event->comm, sizeof(event->comm));
		perf_output(ctx, &events, 0xffffffffULL, event, sizeof(*event));
	}
	map_delete(&execs, &id);
	return 0;
}
