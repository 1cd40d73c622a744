/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* globals.c - variables of all sections and types, texts, and names that texts cannot have */
#include "bpf.h"

struct inner {
	_Bool on;
	s64 low;
};

struct outer {
	char name[12];
	struct inner pair[2];
	void *address;
};

const volatile struct outer fixed = {
	.name = "a\tname", .pair = { { 1, -5 }, { 0, 0x123456789ll } },
};
const volatile u16 table[8] = { 1, 2, 3, 0xffff };
const volatile union {
	u32 number;
	u8 bytes[4];
} unknown = { 0x01020304 };
volatile int counter = -7, r5 = 3;
volatile u64 sum[16];
static volatile char text[32] = "not at the front";
static volatile u8 matrix[3][5] = { { 1, 2 }, { 3 } };
volatile _Bool loop = 1;
volatile char last SEC(".data.own") = 'x';

SEC("tracepoint/syscalls/sys_enter_write")
int first(void *ctx)
{
	static volatile u32 calls;
	char copy[20] = "twenty bytes, or so";

	calls++;
	counter += fixed.pair[1].low + table[calls & 7] + unknown.number + r5;
	sum[counter & 15] += text[counter & 31] + matrix[1][calls % 5] + loop + last;
	print("calls %d\n", 10, calls);
	print("a \"second\" text\n", 17);
	return print(copy, sizeof(copy));
}

SEC("raw_tp")
int second(void *ctx)
{
	static volatile u32 calls = 12;

	return calls++ + sum[3];
}

char _license[] SEC("license") = "GPL";
