/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "defs.h"

u64 sum, old;
u32 word;
SEC("socket") int adds(void *ctx)
{
	__sync_fetch_and_add(&sum, 2);
	__sync_fetch_and_add(&word, 2);
#if __BPF_CPU_VERSION__ >= 3 || defined(V3)
	old = __sync_fetch_and_add(&sum, 1);
	old += __sync_val_compare_and_swap(&sum, 3, 4);
	old += __sync_lock_test_and_set(&word, 1);
	__sync_fetch_and_or(&sum, 8);
#endif
	return 0;
}
