/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "defs.h"

struct task_struct___old { int state; } CORE;
struct task_struct___new { unsigned int __state; } CORE;
struct trace_entry { u16 type; } CORE;
enum bpf_map_type { BPF_MAP_TYPE_NO_SUCH = 77, BPF_MAP_TYPE_RINGBUF = 5 };
u64 states;
SEC("raw_tp/sched_switch") int flavors(u64 *ctx)
{
	struct task_struct___new *t = (void *)ctx[1];
	struct task_struct___old *o = (void *)ctx[1];
	u32 state = 0;

	if (__builtin_preserve_field_info(t->__state, 2))
		probe_read(&state, 4, &t->__state);
	else
		probe_read(&state, 4, &o->state);
	states += state;
	states += __builtin_preserve_type_info(*(struct trace_entry *)0, 1);
	if (__builtin_preserve_enum_value(*(enum bpf_map_type *)BPF_MAP_TYPE_NO_SUCH, 0))
		states++;
	return 0;
}
