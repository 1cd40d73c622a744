/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "defs.h"

struct inner { UINT(type, 2); UINT(max_entries, 4); TYPE(key, u32); TYPE(value, u64); };
struct inner first SEC(".maps"), second SEC(".maps");
struct { UINT(type, 12); UINT(max_entries, 4); TYPE(key, u32); ARRAY(values, struct inner); }
	outer SEC(".maps") = { .values = { [0] = &first, [2] = &second } };
struct { UINT(type, 13); UINT(max_entries, 8); TYPE(key, u32); ARRAY(values, struct inner); }
	table SEC(".maps") = { .values = { [5] = &second } };
struct { UINT(type, 12); UINT(max_entries, 2); UINT(key_size, 4);
	 ARRAY(values, struct { UINT(type, 1); UINT(max_entries, 8); TYPE(key, u32);
				TYPE(value, u32); }); } anonymous SEC(".maps");

SEC("socket") int look(void *ctx)
{
	u32 key = 2, zero = 0;
	void *map = map_lookup(&outer, &key);
	u64 *value;

	if (!map)
		return 1;
	value = map_lookup(map, &zero);
	if (value)
		__sync_fetch_and_add(value, 1);
	map = map_lookup(&table, &key);
	if (map && map_lookup(map, &zero))
		return 2;
	map = map_lookup(&anonymous, &zero);
	return map && map_lookup(map, &zero);
}
