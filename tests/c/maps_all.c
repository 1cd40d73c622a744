/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "defs.h"

struct lpm { u32 bits; u32 address; };
#define MAP(name, number, n, k, v) \
	struct { UINT(type, number); UINT(max_entries, n); TYPE(key, k); TYPE(value, v); } \
	name SEC(".maps")
MAP(hash, 1, 8, u32, u64);
MAP(array, 2, 8, u32, u64);
MAP(percpu_hash, 5, 8, u32, u64);
MAP(percpu_array, 6, 8, u32, u64);
MAP(lru, 9, 8, struct lpm, u64);
MAP(lru_percpu, 10, 8, u32, u64);
struct { UINT(type, 11); UINT(max_entries, 8); UINT(map_flags, 1); TYPE(key, struct lpm);
	 TYPE(value, u64); } trie SEC(".maps");
struct { UINT(type, 7); UINT(max_entries, 8); UINT(key_size, 4); UINT(value_size, 1016); }
	stacks SEC(".maps");
struct { UINT(type, 22); UINT(max_entries, 8); TYPE(value, u64); } queue SEC(".maps");
struct { UINT(type, 23); UINT(max_entries, 8); TYPE(value, u64); } stack SEC(".maps");
struct { UINT(type, 27); UINT(max_entries, 4096); } ring SEC(".maps");
struct { UINT(type, 30); UINT(max_entries, 8); TYPE(value, u64); UINT(map_extra, 3); }
	bloom SEC(".maps");
struct { UINT(type, 29); UINT(map_flags, 1); TYPE(key, int); TYPE(value, u64); }
	tasks SEC(".maps");
MAP(devmap, 14, 8, u32, u32);
MAP(cpumap, 16, 8, u32, u32);
MAP(sockmap, 15, 8, u32, u32);
MAP(sockhash, 18, 8, u32, u32);
MAP(xskmap, 17, 8, u32, u32);

SEC("raw_tp/sched_switch") int uses(void *ctx)
{
	struct lpm lpm = { 32, 1 };
	u64 value = 1, *found;
	u32 key = 0;

	map_update(&hash, &key, &value, 0);
	map_update(&array, &key, &value, 0);
	map_update(&percpu_hash, &key, &value, 0);
	map_update(&percpu_array, &key, &value, 0);
	map_update(&lru, &lpm, &value, 0);
	map_update(&lru_percpu, &key, &value, 0);
	map_push(&queue, &value, 0);
	map_pop(&stack, &value);
	map_push(&bloom, &value, 0);
	stack_id(ctx, &stacks, 0);
	output(&ring, &value, sizeof(value), 0);
	found = task_storage(&tasks, current_task_btf(), 0, 1);
	if (found)
		++*found;
	return map_lookup(&trie, &lpm) != 0;
}
