/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "defs.h"

u64 depth;
static NOINLINE int d(int n) { depth += n; return n ^ depth; }
static NOINLINE int c(int n) { return d(n) + d(n + 1); }
static NOINLINE int b(int n) { return c(n) * d(n + 2); }
static NOINLINE int a(int n) { return b(n) + c(n + 3); }
SEC("socket") int alone(void *ctx) { return d(1); }
SEC("socket") int chain(void *ctx) { return a(1) + d(2); }
SEC("raw_tp/sched_switch") int other(void *ctx) { return b(cpu()) & 1; }
