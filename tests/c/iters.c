/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "defs.h"

struct bpf_iter__task { void *meta; struct task_struct *task; } CORE;
u64 seen;
SEC("iter/task") int walks(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	if (task)
		seen += task->pid;
	return 0;
}
