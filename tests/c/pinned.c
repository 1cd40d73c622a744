/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "defs.h"

struct { UINT(type, 1); UINT(max_entries, 8); TYPE(key, u32); TYPE(value, u64);
	 UINT(pinning, 1); } bpfload_test_shared SEC(".maps");
SEC("socket") int puts(void *ctx)
{
	u32 key = 1;
	u64 value = 2;

	map_update(&bpfload_test_shared, &key, &value, 0);
	return 0;
}
