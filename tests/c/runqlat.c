/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "defs.h"

enum { SLOTS = 26 };
struct hist { u32 slots[SLOTS]; char comm[16]; };
const volatile bool per_process, per_thread, milliseconds;
const volatile u32 target;
static struct hist zero;
struct { UINT(type, 1); UINT(max_entries, 10240); TYPE(key, u32); TYPE(value, u64); }
	start SEC(".maps");
struct { UINT(type, 1); UINT(max_entries, 10240); TYPE(key, u32); TYPE(value, struct hist); }
	hists SEC(".maps");

static __attribute__((always_inline)) u32 log2l(u64 v)
{
	u32 r = (v > 0xffffffff) << 5, s;

	v >>= r; s = (v > 0xffff) << 4;
	v >>= s; r |= s; s = (v > 0xff) << 3;
	v >>= s; r |= s; s = (v > 0xf) << 2;
	v >>= s; r |= s; s = (v > 3) << 1;
	v >>= s; r |= s;
	return r | v >> 1;
}

SEC("raw_tp/sched_wakeup") int wakeup(u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	u64 ts = now();
	u32 pid = 0;

	probe_read(&pid, 4, &task->pid);
	if (target && target != pid)
		return 0;
	map_update(&start, &pid, &ts, 0);
	return 0;
}

SEC("raw_tp/sched_switch") int on_switch(u64 *ctx)
{
	struct task_struct *next = (void *)ctx[2];
	u32 pid = 0, key = -1, slot;
	struct hist *hist;
	s64 delta;
	u64 *ts;

	probe_read(&pid, 4, &next->pid);
	ts = map_lookup(&start, &pid);
	if (!ts)
		return 0;
	delta = now() - *ts;
	if (delta < 0)
		goto out;
	if (per_process)
		probe_read(&key, 4, &next->tgid);
	else if (per_thread)
		key = pid;
	map_update(&hists, &key, &zero, 1);
	hist = map_lookup(&hists, &key);
	if (!hist)
		goto out;
	if (!hist->comm[0])
		probe_read_str(hist->comm, sizeof(hist->comm), next->comm);
	slot = log2l(milliseconds ? delta / 1000000 : delta / 1000);
	if (slot >= SLOTS)
		slot = SLOTS - 1;
	__sync_fetch_and_add(&hist->slots[slot], 1);
out:
	map_delete(&start, &pid);
	return 0;
}
