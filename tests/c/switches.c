/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "defs.h"

u64 out;
SEC("socket") int chooses(void *ctx)
{
	switch (cpu()) {
	case 0: out = 3; break;
	case 1: out = 5; break;
	case 2: out = 11; break;
	case 3: out = 17; break;
	case 7: out = 29; break;
	default: out = cpu();
	}
	return 0;
}
