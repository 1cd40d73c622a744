#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# clang_test.sh - what clang -S prints assembles to the instructions of what clang -c makes
#
# Slots that a loader fills in are compared without what it fills in; the golden file section.bpfasm
# has those of our own.
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
# shellcheck source=lib.sh
. "$SRCDIR/tests/lib.sh"
export LC_ALL=C
cd "$tmp" || exit 1

for tool in llvm-objdump llvm-objcopy; do
	need "$tool" || plan
done
need_clang

# What the programs share; no header of the system is needed.
cat >bpf.h <<'EOF_C'
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
#define SEC(name) __attribute__((section(name), used))
#define NOINLINE __attribute__((noinline))
struct map { u32 type, key_size, value_size, max_entries, flags; };
static void *(*lookup)(void *map, const void *key) = (void *)1;
static long (*trace)(const char *fmt, u32 size, ...) = (void *)6;
static long (*tail_call)(void *ctx, void *map, u32 index) = (void *)12;
static long (*loop)(u32 n, void *fn, void *ctx, u64 flags) = (void *)181;
char licence[] SEC("license") = "GPL";
EOF_C

cat >globals.c <<'EOF_C'
#include "bpf.h"
struct map counts SEC(".maps") = { 1, 4, 8, 16, 0 };
const volatile u32 limit = 5;
u64 hits;
static volatile int local;
int given = 7;
const char *const pointer = "text; # and \"more\"";
static const u32 table[5] = { 1, 0xfffffffe, 3, 0x7fffffff, 9 };
u8 bytes[100] = { 1, 2, 3 };
struct { u16 a; u64 b; } pair SEC(".data.pair") = { 1, 2 };
u32 weak __attribute__((weak));
u32 hidden __attribute__((visibility("hidden"))) = 3;
SEC("kprobe/do_unlinkat") int first(void *ctx)
{
	u32 key = limit;
	u64 *value = lookup(&counts, &key);

	if (value)
		__sync_fetch_and_add(value, table[key % 5]);
	hits += pair.b + weak + hidden;
	local++;
	bytes[key & 63] = given;
	return pointer[key & 3];
}
EOF_C

cat >calls.c <<'EOF_C'
#include "bpf.h"
struct map tails SEC("maps") = { 3, 4, 4, 2, 0 };
extern int kernel_function(u64 a, void *b) SEC(".ksyms");
extern u32 CONFIG_HZ SEC(".kconfig");
static NOINLINE int sub(int a, int b)
{
	return a * b + (a >> 3);
}
NOINLINE int shared(int a)
{
	return a > 3 ? sub(a, 4) : shared(a + 1);
}
static int each(u32 i, u64 *sum)
{
	*sum += i;
	return 0;
}
SEC("tp/sched/sched_switch") int one(void *ctx)
{
	u64 sum = CONFIG_HZ;

	loop(10, each, &sum, 0);
	return sub(sum, shared(sum)) + kernel_function(sum, ctx);
}
SEC("xdp") int two(void *ctx)
{
	static const char fmt[] = "hello %d\n";

	trace(fmt, sizeof(fmt), shared(1));
	tail_call(ctx, &tails, 1);
	return 2;
}
SEC("my own/section") int three(void *ctx)
{
	return sub(1, (u64)ctx);
}
SEC("xdp") int four(void *ctx)
{
	return 1;
}
EOF_C

cat >flow.c <<'EOF_C'
#include "bpf.h"
u32 sums[8];
SEC("socket") int flow(struct { u32 len, mark, queue; } *ctx)
{
	u64 sum = 0;
	u32 i;

#pragma clang loop unroll(disable)
	for (i = 0; i < ctx->len; i++) {
		switch (ctx->mark & i) {
		case 0: sum += 3; break;
		case 1: sum ^= i; break;
		case 2: sum |= ctx->queue; break;
		case 17: sum *= 0x123456789abcdefull; break;
		case 1000: return 5;
		default: sum -= sums[i & 7];
		}
		if ((long long)sum < -5 || (int)i > 1 << 20)
			break;
	}
	sums[i & 7] = __builtin_bswap32(sum) + __builtin_bswap16(i) + (u8)sum + (signed char)i;
	return sum / 7 % 13 + (sum >> 32) + __builtin_bswap64(sum);
}
EOF_C

cat >atomics.c <<'EOF_C'
#include "bpf.h"
u64 wide;
u32 narrow;
SEC("syscall") long atomics(u64 *ctx)
{
	__sync_fetch_and_add(&wide, ctx[0]);
	__sync_fetch_and_add(&narrow, 2);
#ifdef V3
	u64 old = __sync_fetch_and_or(&wide, ctx[1]);

	old += __sync_fetch_and_and(&narrow, ctx[2]);
	old += __sync_fetch_and_xor(&wide, 3);
	old += __sync_lock_test_and_set(&wide, old);
	old += __sync_lock_test_and_set(&narrow, old);
	old += __sync_val_compare_and_swap(&wide, old, ctx[3]);
	return old + __sync_val_compare_and_swap(&narrow, old, ctx[3]);
#else
	return 0;
#endif
}
EOF_C

cat >inline.c <<'EOF_C'
#include "bpf.h"
SEC("raw_tp/sys_enter") int inlined(void *ctx)
{
	u64 n = 3;

	asm volatile("1: %0 += -1; if %0 != 0 goto 1b;\n"
		     "goto 1f; %0 = 5; 1: %0 = be16 %0\n"
		     "if %0 s> 7 goto .Lout%=; goto +0; %0 = 0x100000000 ll\n"
		     ".Lout%=: *(u64 *)(r10 - 8) = %0" : "+r"(n) : : "memory");
	return n;
}
SEC("raw_tp/sys_exit") __attribute__((naked)) int bare(void)
{
	asm volatile("r0 = 0; 0: if r0 == 1 goto 0f; r0 += 1; goto 0b; 0: exit");
}
EOF_C

# The instructions of each function of an object, as "NAME:" and a slot a line.
#
# What a loader fills in is left out: of a call everything but that it is one of a function, of a
# wide load the immediate and src.
of_object()	# FILE
{
	llvm-objdump -dr --triple=bpfel "$1" | awk '
	function flush()
	{
		if (pending != "")
			print pending
		pending = ""
	}
	/^[0-9a-f]+ <.*>:$/ {
		flush()
		name = substr($2, 2, length($2) - 3)
		if (name !~ /^L/)
			print name ":"
	}
	/^ +[0-9]+:\t/ {
		flush()
		split($0, part, "\t")
		hex = part[2]
		gsub(/ /, "", hex)
		if (hex ~ /^85[12]0/)
			hex = "8510000000000000"
		pending = substr(hex, 1, 16)
		if (length(hex) > 16)
			pending = pending "\n" substr(hex, 17)
	}
	/R_BPF_64_64/ { pending = "180" substr(pending, 4, 1) "000000000000\n0000000000000000" }
	END { flush() }'
}

# The same of a text.
of_text()	# FILE
{
	"$BPFASM" -E le -f list "$1" 2>err | awk '
	/^(prog|func) / {
		sub(/:$/, "", $2)
		print $2 ":"
	}
	/^ +[0-9]+: / {
		hex = $2 $3 $4 $5 $6 $7 $8 $9
		if (hex ~ /^85[12]0/)
			hex = "8510000000000000"
		if (second)
			hex = "0000000000000000"
		second = hex ~ /^18[1-9]/
		if (second)
			hex = "180" substr(hex, 4, 1) "000000000000"
		print hex
	}'
}

# Functions in the order of their names: an object has them section by section.
in_order()
{
	awk '/:$/ { name = $0 } { print name, NR, $0 }' | sort -k1,1 -k2,2n | cut -d' ' -f3-
}

compare()	# PROGRAM CPU OPTION...
{
	program=$1 cpu=$2
	shift 2
	title="$program $cpu${*:+ $*}"
	[ "$cpu" = v3 ] && set -- -DV3 "$@"
	if ! clang -O2 -target bpf -mcpu="$cpu" -w "$@" -S "$program.c" -o "$program.s" 2>err ||
	   ! clang -O2 -target bpf -mcpu="$cpu" -w "$@" -c "$program.c" -o "$program.o" 2>err; then
		fail "$title" "clang does not compile it" err
		return
	fi
	of_object "$program.o" | in_order >want
	of_text "$program.s" | in_order >got
	if grep -q error err; then
		fail "$title" "it does not assemble" err
	elif ! grep -q '^95' want; then
		fail "$title" "nothing was compared" want
	elif ! cmp -s want got; then
		diff want got >differ
		fail "$title" "the instructions differ" differ
	else
		pass "$title"
	fi
}

for program in globals calls flow atomics inline; do
	for cpu in v1 v2 v3; do
		compare "$program" "$cpu"
		compare "$program" "$cpu" -g
	done
done

# ---- what is no instruction ----

clang -O2 -target bpf -w -S globals.c -o globals.s
clang -O2 -target bpf -w -c globals.c -o globals.o
"$BPFASM" -E le -f c globals.s >globals.h 2>err
# The bytes of the section come first in the map: .data.pair goes behind those of .data.
for section in rodata data; do
	llvm-objcopy -O binary --only-section=".$section" --set-section-flags ".$section=alloc" \
		globals.o bytes
	od -An -v -tx1 bytes | tr -d ' \n' >want
	sed -n "/globals_$section\[\]/,/};/p" globals.h | grep -o '0x[0-9a-f][0-9a-f]' |
		sed 's/0x//' | tr -d '\n' >got
	if [ -s want ] && [ "$(cut -c "1-$(wc -c <want)" got)" = "$(cat want)" ]; then
		pass "bytes of .$section"
	else
		fail "bytes of .$section" "they differ" want got
	fi
done
if grep -q '^static const char globals_license\[\] = "GPL";$' globals.h; then
	pass "the licence"
else
	fail "the licence" "it is not there" globals.h
fi

plan
