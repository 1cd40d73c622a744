/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "defs.h"

SEC("raw_tp/sched_switch") int prints(void *ctx)
{
	static const char fmt[] = "pid %d comm %s\n";
	char name[16];

	comm(name, sizeof(name));
	trace_printk(fmt, sizeof(fmt), pid_tgid() >> 32, name);
	return name[1];
}
