/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "defs.h"

struct pair { u64 a, b; };
u64 total;
static NOINLINE u64 leaf(u64 n) { return n * 3 + total; }
static NOINLINE u64 middle(u64 n) { return leaf(n) + leaf(n + 1); }
NOINLINE int global_one(int n) { return n > 10 ? n : n + (int)leaf(n); }
HIDDEN NOINLINE int hidden_one(int n) { total += n; return n + 1; }
WEAK NOINLINE int weak_one(int n) { total += 2 * n; return n; }
static NOINLINE u64 of_pair(struct pair *pair) { return pair->a + pair->b; }

SEC("socket") int first(void *ctx)
{
	struct pair pair = { total, 2 };

	total = middle(total) + global_one(3) + of_pair(&pair);
	return 0;
}
SEC("socket") int second(void *ctx)
{
	return hidden_one(total) + weak_one(4) + global_one(total);
}
