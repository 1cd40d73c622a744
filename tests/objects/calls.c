/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* calls.c - functions: static, global, called back, of the kernel; in sections of all kinds */
#include "bpf.h"

extern u64 kernel_function(u64 a, void *b) KERNEL;
extern int kernel_other(void) __attribute__((weak)) KERNEL;
extern const u32 kernel_variable KERNEL;

struct {
	MAP_NUMBER(type, ARRAY);
	MAP_TYPE(key, u32);
	MAP_TYPE(value, u64);
	MAP_NUMBER(max_entries, 64);
} cells SEC(".maps");

static NOINLINE u64 twice(u64 n)
{
	return n * 2 + ktime();
}

NOINLINE u64 more(u64 n)
{
	return twice(n) + twice(n + 1);
}

static long visit(void *map, const u32 *key, u64 *value, u64 *sum)
{
	*sum += *value;
	return 0;
}

SEC("kprobe/do_exit")
int probe(void *ctx)
{
	u64 sum = 0;

	for_each(&cells, visit, &sum, 0);
	return more(sum) + kernel_function(sum, &sum);
}

SEC("kprobe/do_exit")
int probe_again(void *ctx)
{
	return more(pid_tgid()) + kernel_variable;
}

SEC("?tc")
int maybe(void *ctx)
{
	return kernel_other ? kernel_other() : 0;
}

SEC("nobody/knows \"this\"")
int strange(void *ctx)
{
	return twice(3);
}

int _version SEC("version") = 1;
