/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "defs.h"

struct bpf_spin_lock { u32 val; };
struct bpf_timer { u64 opaque[2]; } __attribute__((aligned(8)));
struct locked { struct bpf_spin_lock lock; u32 n; };
struct timed { u64 n; struct bpf_timer timer; };
struct { UINT(type, 1); UINT(max_entries, 8); TYPE(key, u32); TYPE(value, struct locked); }
	locked SEC(".maps");
struct { UINT(type, 2); UINT(max_entries, 1); TYPE(key, u32); TYPE(value, struct timed); }
	timed SEC(".maps");
static int fires(void *map, u32 *key, struct timed *value) { value->n++; return 0; }

SEC("tc") int locks(void *ctx)
{
	u32 key = 0;
	struct locked *value = map_lookup(&locked, &key);
	struct timed *timed_value;

	if (value) {
		spin_lock(&value->lock);
		value->n++;
		spin_unlock(&value->lock);
	}
	timed_value = map_lookup(&timed, &key);
	if (!timed_value)
		return 0;
	timer_init(&timed_value->timer, &timed, 1);
	timer_set(&timed_value->timer, fires);
	timer_start(&timed_value->timer, 1000, 0);
	return 0;
}
