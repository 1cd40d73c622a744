/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* loops.c - arithmetic, jumps both ways, loads and stores of all sizes, atomics */
#include "bpf.h"

struct packet {
	u8 a;
	u16 b;
	u32 c;
	u64 d;
	signed char e;
	short f;
	int g;
};

static __attribute__((always_inline)) u64 mix(u64 hash, u64 n)
{
	hash ^= n + 0x9e3779b97f4a7c15ull;
	hash = hash << 13 | hash >> 51;
	return hash * 0x2545f4914f6cdd1dull;
}

SEC("socket")
int digest(struct packet *p)
{
	u64 hash = p->a | (u64)p->b << 8;
	u32 i, j;

	for (i = 0; i < p->c; i++) {
		hash = mix(hash, p->d + i);
		if (hash % 7 == 3 || (long long)hash < -100)
			break;
		for (j = i; j > 3; j /= 3)
			hash += p->e - p->f + p->g / 5u;
	}
	p->d = __builtin_bswap64(hash);
	p->c = __builtin_bswap32((u32)hash);
	p->b = 0x8001;
	p->a = (u8)-2;
	__sync_fetch_and_add(&p->d, hash);
	return (int)hash < 0 ? -1 : hash > 0x80000000ull ? 2 : 1;
}

SEC("socket")
int jumps(struct packet *p)
{
	switch (p->c) {
	case 1: return 17;
	case 5: return p->a;
	case 900: return -p->g;
	case 0x7fffffff: return p->d != 0;
	case 0xfffffff0: return ~p->c;
	}
	return p->f >= 12 ? p->c << (p->a & 31) : p->c >> 3;
}
