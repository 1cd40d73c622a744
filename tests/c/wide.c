/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "defs.h"

enum big { BIG = 0x1234567890ULL, NEGATIVE = -3 };
u64 out;
volatile enum big which = BIG;
SEC("socket") int loads(void *ctx)
{
	out = 0xdeadbeefcafebabeULL;
	out += which;
	return (s32)(out >> 32);
}
