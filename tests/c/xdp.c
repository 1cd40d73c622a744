/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "defs.h"

struct xdp_md { u32 data, data_end, data_meta, ingress_ifindex, rx_queue_index; };
struct { UINT(type, 6); UINT(max_entries, 256); TYPE(key, u32); TYPE(value, u64); }
	protocols SEC(".maps");
static NOINLINE int parse(struct xdp_md *ctx, u32 *protocol)
{
	u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	if (data + 34 > end || data[12] != 8)
		return -1;
	*protocol = data[23];
	return 0;
}
SEC("xdp") int counts(struct xdp_md *ctx)
{
	u32 protocol = 0;
	u64 *value;

	if (parse(ctx, &protocol))
		return 2;
	value = map_lookup(&protocols, &protocol);
	if (value)
		++*value;
	return 2;
}
SEC("xdp.frags") int frags(struct xdp_md *ctx) { return 2; }
