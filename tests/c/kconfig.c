/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "defs.h"

enum libbpf_tristate { TRI_NO, TRI_YES, TRI_MODULE };
extern int LINUX_KERNEL_VERSION KCONFIG;
extern bool LINUX_HAS_BPF_COOKIE KCONFIG;
extern bool CONFIG_BPF KCONFIG;
extern enum libbpf_tristate CONFIG_NET KCONFIG;
extern char CONFIG_INET KCONFIG;
extern u32 CONFIG_HZ KCONFIG;
extern u64 CONFIG_PHYSICAL_START KCONFIG WEAK;
extern char CONFIG_DEFAULT_HOSTNAME[8] KCONFIG WEAK;
extern int CONFIG_NO_SUCH_THING KCONFIG WEAK;
u64 out[10];

SEC("socket") int tells(void *ctx)
{
	out[0] = LINUX_KERNEL_VERSION;
	out[1] = LINUX_HAS_BPF_COOKIE;
	out[2] = CONFIG_BPF;
	out[3] = CONFIG_NET;
	out[4] = CONFIG_INET;
	out[5] = CONFIG_HZ;
	out[6] = CONFIG_PHYSICAL_START;
	out[7] = CONFIG_DEFAULT_HOSTNAME[1];
	out[8] = CONFIG_NO_SUCH_THING;
	if (LINUX_KERNEL_VERSION > 5 << 16)
		out[9] = 1;
	return 0;
}
