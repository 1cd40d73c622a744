/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "defs.h"

struct cgroup;
extern struct task_struct *bpf_task_from_pid(s32 pid) KSYM;
extern void bpf_task_release(struct task_struct *task) KSYM;
extern void bpf_rcu_read_lock(void) KSYM;
extern void bpf_rcu_read_unlock(void) KSYM;
u32 found;

SEC("tp_btf/sched_switch") int asks(void *ctx)
{
	struct task_struct *task = bpf_task_from_pid(1);

	if (!task)
		return 0;
	found = task->tgid;
	bpf_task_release(task);
	bpf_rcu_read_lock();
	bpf_rcu_read_unlock();
	return 0;
}
