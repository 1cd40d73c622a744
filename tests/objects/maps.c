/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* maps.c - maps as BTF describes them: typed, by size, static, without entries, of maps */
#include "bpf.h"

struct flow {
	u32 from, to;
	__be16 port;
	u8 flags[2];
};

struct __attribute__((packed)) total {
	u8 kind;
	u64 bytes;
	char name[16];
};

union either {
	u32 number;
	u8 bytes[8];
};

struct {
	MAP_NUMBER(type, HASH);
	MAP_TYPE(key, struct flow);
	MAP_TYPE(value, struct total);
	MAP_NUMBER(max_entries, 1000);
	MAP_NUMBER(map_flags, 1);
} flows SEC(".maps");

struct {
	MAP_NUMBER(type, ARRAY);
	MAP_NUMBER(key_size, 4);
	MAP_NUMBER(value_size, 24);
	MAP_NUMBER(max_entries, 3);
} sizes SEC(".maps");

static struct {
	MAP_NUMBER(type, ARRAY);
	MAP_TYPE(key, u32);
	MAP_TYPE(value, union either);
	MAP_NUMBER(max_entries, 1);
} hidden SEC(".maps");

struct {
	MAP_NUMBER(type, HASH);
	MAP_TYPE(key, pid_t);
	MAP_TYPE(value, u64[4]);
} later SEC(".maps");

struct {
	MAP_NUMBER(type, RINGBUF);
	MAP_NUMBER(max_entries, 65536);
} events SEC(".maps");

SEC("xdp")
int count(void *ctx)
{
	struct flow flow = { .from = 1, .to = 2, .port = 3, .flags = { 4, 5 } };
	struct total *total = lookup(&flows, &flow);
	u32 zero = 0;
	u64 *value;

	if (total)
		total->bytes += flow.port;
	value = lookup(&hidden, &zero);
	if (value)
		*value += 1;
	value = lookup(&sizes, &zero);
	if (value)
		__sync_fetch_and_add(value, 0x123456789abcull);
	return lookup(&later, &zero) ? 1 : 2;
}

char _license[] SEC("license") = "Dual BSD/GPL";
