/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "defs.h"

union address { u32 v4; u8 v6[16]; };
struct flow { union address from, to; u16 ports[2]; u8 bits:3, more:5; };
enum verdict { PASS, DROP = 5, FAR = -1 };
struct state { enum verdict verdict; struct { u32 inner; }; void *pointer; float real; };
struct { UINT(type, 1); UINT(max_entries, 64); TYPE(key, struct flow); TYPE(value, struct state); }
	flows SEC(".maps");
SEC("socket") int flows_of(void *ctx)
{
	struct flow flow;
	struct state *state;

	__builtin_memset(&flow, 0, sizeof(flow));
	flow.ports[1] = 80;
	state = map_lookup(&flows, &flow);
	return state && state->verdict == DROP;
}
