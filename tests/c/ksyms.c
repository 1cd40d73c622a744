/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "defs.h"

extern const void do_exit KSYM;
extern const void no_such_symbol KSYM WEAK;
extern void no_such_function(void) KSYM WEAK;
extern u64 bpf_get_kmem_cache(u64 addr) KSYM WEAK;
u64 out[6];

SEC("raw_tp/sys_enter") int looks(void *ctx)
{
	out[2] = (u64)&do_exit;
	out[3] = (u64)&no_such_symbol;
	if (no_such_function)
		no_such_function();
	return 0;
}
