/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * cpumon-seed.c - the CPU monitor that tools/bench measures progs/cpumon beside, as a C programmer
 * writes it: a hash map a number, keyed by process.
 *
 *	clang -O2 -g -target bpf -c cpumon-seed.c
 *
 * What it computes, faults included, is what progs/cpumon/faithful.bpfasm says.
 */
#define SEC(name) __attribute__((section(name), used))

typedef unsigned int u32;
typedef int s32;
typedef unsigned long long u64;

static void *(*const map_lookup_elem)(void *, const void *) = (void *)1;
static long (*const map_update_elem)(void *, const void *, const void *, u64) = (void *)2;
static long (*const map_delete_elem)(void *, const void *) = (void *)3;
static u64 (*const ktime_get_ns)(void) = (void *)5;
static u64 (*const get_current_pid_tgid)(void) = (void *)14;

#define PIDS(name) \
	struct { int (*type)[1], (*max_entries)[10240]; u32 *key; u64 *value; } name SEC(".maps")

PIDS(start_time);
PIDS(kernel_time);
PIDS(user_time);
PIDS(syscall_start);
PIDS(run_kernel_time);

/* The record of the tracepoint sched:sched_switch, behind its 8 common bytes. */
struct sched_switch {
	u64 common;
	char prev_comm[16];
	s32 prev_pid, prev_prio;
	u64 prev_state;
	char next_comm[16];
	s32 next_pid, next_prio;
};

static inline void add(void *map, u32 pid, u64 ns)
{
	u64 *sum = map_lookup_elem(map, &pid);

	if (sum)
		ns += *sum;
	map_update_elem(map, &pid, &ns, 0);
}

SEC("tp/raw_syscalls/sys_enter") int c_enter(void *ctx)
{
	u32 pid = get_current_pid_tgid() >> 32;
	u64 now = ktime_get_ns();

	map_update_elem(&syscall_start, &pid, &now, 0);
	return 0;
}

SEC("tp/raw_syscalls/sys_exit") int c_leave(void *ctx)
{
	u32 pid = get_current_pid_tgid() >> 32;
	u64 now = ktime_get_ns(), *start = map_lookup_elem(&syscall_start, &pid);

	if (start) {
		add(&run_kernel_time, pid, now - *start);
		map_delete_elem(&syscall_start, &pid);
	}
	return 0;
}

SEC("tp/sched/sched_switch") int c_switch(struct sched_switch *ctx)
{
	u64 now = ktime_get_ns(), delta, kernel = 0, *start, *run;
	u32 prev = (u32)ctx->prev_pid, next = (u32)ctx->next_pid;

	start = map_lookup_elem(&start_time, &prev);
	if (start) {
		delta = now - *start;
		run = map_lookup_elem(&run_kernel_time, &prev);
		if (run) {
			kernel = *run;
			map_delete_elem(&run_kernel_time, &prev);
		}
		if (kernel < delta)
			add(&user_time, prev, delta - kernel);
		if (kernel > 0)
			add(&kernel_time, prev, kernel);
		map_delete_elem(&start_time, &prev);
	}
	map_update_elem(&start_time, &next, &now, 0);
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
