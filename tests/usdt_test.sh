#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# usdt_test.sh - arguments of static probes of a program that may be loaded anywhere and of a
# library, by texts, by an object of clang with libbpf's usdt.bpf.h, and by a program that was
# loaded and pinned before.
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
# shellcheck source=lib.sh
. "$SRCDIR/tests/lib.sh"
export LC_ALL=C
cd "$tmp" || exit 1

[ "$(id -u)" -eq 0 ] || { skip usdt "needs privilege"; plan; }
[ -d /sys/bus/event_source/devices/uprobe ] || {
	skip usdt "this kernel has no uprobes"
	plan
}
: "${CC:=cc}"

# A place with two arguments, and one of another name; as a note of sys/sdt.h has them.
cat >sdt.h <<'EOF_C'
#ifdef __powerpc64__
#define OP(n) "%I[" n "]%[" n "]"
#else
#define OP(n) "%[" n "]"
#endif
#ifdef __s390__
#define NOP "nop 0"
#else
#define NOP "nop"
#endif
#define PROBE(name, first, second) __asm__ volatile("990: " NOP "\n"				\
	".pushsection .note.stapsdt,\"\",\"note\"\n.balign 4\n"				\
	".4byte 992f-991f, 994f-993f, 3\n991: .asciz \"stapsdt\"\n992: .balign 4\n"	\
	"993: .8byte 990b, sdt_base, 0\n.asciz \"demo\"\n.asciz \"" name "\"\n"		\
	".asciz \"-8@" OP("a") " -4@" OP("b") "\"\n994: .balign 4\n.popsection\n"		\
	:: [a] "nor"((long)(first)), [b] "nor"((int)(second)))
__asm__(".pushsection .stapsdt.base,\"a\",\"progbits\"\n.hidden sdt_base\n.weak sdt_base\n"
	"sdt_base: .space 1\n.popsection\n");
EOF_C
cat >library.c <<'EOF_C'
#include "sdt.h"
void work(long a, int b);
void work(long a, int b)
{
	volatile int slot = b * 2;

	PROBE("inside", a, b);
	PROBE("inside", -1, slot);
}
EOF_C
cat >program.c <<'EOF_C'
#include <stdlib.h>
#include "sdt.h"
void work(long a, int b);
int main(int argc, char **argv)
{
	long n = argc > 1 ? atol(argv[1]) : 0;

	PROBE("start", n * 3, -7);
	for (long i = 1; i <= n; i++)
		work(i * 1000000000000, (int)-i);
	return 0;
}
EOF_C
if ! "$CC" -O2 -fPIC -shared -o libdemo.so library.c 2>err ||
   ! "$CC" -O2 -fPIE -pie -o program program.c -L. -ldemo -Wl,-rpath,"$tmp" 2>err; then
	skip usdt "no compiler: $(head -n 1 err)"
	plan
fi

text()	# FILE:PROBE
{
	cat <<-END
	.license "GPL"
	.struct pair { s64 x; s64 y; }
	.map pairs type ringbuf entries 4K value pair
	.prog p "usdt/$1"
		.stack pair ev
		usdt_args r6, r7
		ev.x = r6
		ev.y = r7
		ringbuf_output pairs, ev, sizeof(ev)
		r0 = 0
		exit
	END
}

is_there()	# the helper that tells which place it is
{
	text "$tmp/program:demo:start" >try.bpfasm
	"$BPFLOAD" check try.bpfasm >/dev/null 2>err
}

if ! is_there; then
	skip usdt "this kernel does not load it: $(head -n 1 err)"
	plan
fi

expect()	# NAME, the expected text on standard input
{
	cat >want
	if cmp -s want got; then pass "$1"; else
		diff want got >differs
		fail "$1" "not what was due" differs err
	fi
}

cat >inside <<'END'
{"map":"pairs","value":{"x":1000000000000,"y":-1}}
{"map":"pairs","value":{"x":-1,"y":-2}}
{"map":"pairs","value":{"x":2000000000000,"y":-2}}
{"map":"pairs","value":{"x":-1,"y":-4}}
END

text "$tmp/program:demo:start" >start.bpfasm
"$BPFLOAD" run -j start.bpfasm -- ./program 2 >got 2>err
expect "a program that is loaded anywhere" <<'END'
{"map":"pairs","value":{"x":6,"y":-7}}
END

text "$tmp/libdemo.so:demo:inside" >inside.bpfasm
"$BPFLOAD" run -j inside.bpfasm -- ./program 2 >got 2>err
expect "a library" <inside

# ---- loaded before, attached from the shell ----

mkdir fs
mount -t bpf bpf fs 2>err || { skip pinned "no bpffs: $(cat err)"; plan; }
trap 'umount "$tmp/fs" 2>/dev/null; rm -rf "$tmp"' EXIT
cat >last.bpfasm <<'END'
.license "GPL"
.map last type array key u32 value s64 entries 1
.prog p "usdt"
	usdt_arg r6, 2
	.stack u32 key
	*key = 0
	map_lookup last, key
	if r0 == 0 goto out
	*(u64 *)(r0 + 0) = r6
out:	r0 = 0
	exit
END
"$BPFLOAD" prog load last.bpfasm fs/p pinmaps fs 2>err &&
	"$BPFLOAD" attach fs/p "usdt/$tmp/program:demo:start" -- ./program 1 2>>err
"$BPFLOAD" map lookup fs/last key 0 -j >got 2>>err
if grep -q -- '-7' got; then pass pinned; else cat err >>got; fail pinned "-7" got; fi
umount fs

# ---- an object ----

need clang || plan
cat >object.c <<'END'
typedef _Bool bool;
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>
#include <bpf/usdt.bpf.h>
char given[] SEC("license") = "GPL";
struct pair { long x, y; } pairs[4];
long runs, count, cookie;
SEC("usdt/FILE") int BPF_USDT(p, long x, int y)
{
	pairs[runs & 3].x = x;
	pairs[runs++ & 3].y = y;
	count = bpf_usdt_arg_cnt(ctx);
	cookie = bpf_usdt_cookie(ctx);
	return 0;
}
END
sed -i "s|FILE|$tmp/libdemo.so:demo:inside|" object.c
case $(uname -m) in
x86_64)	arch=x86 ;;
aarch64) arch=arm64 ;;
ppc64le) arch=powerpc ;;
riscv64) arch=riscv ;;
*)	arch=$(uname -m) ;;
esac
if [ ! -f /usr/include/bpf/usdt.bpf.h ]; then
	skip object "there is no bpf/usdt.bpf.h"
	plan
fi
clang -O2 -g -target bpf "-D__TARGET_ARCH_$arch" -I"/usr/include/$(uname -m)-linux-gnu" \
	-c object.c 2>err || { fail object "not compiled" err; plan; }
"$BPFLOAD" run -j --cookie 4711 object.o -- ./program 2 >all 2>err
sed 's/"pairs"/\n&/; s/{"x":-1,"y":-4/\\\n&/' all >got
expect "an object of clang" <<'END'
{"map":".bss","type":"array","entries":[{"key":0,"value":{
"pairs":[{"x":1000000000000,"y":-1},{"x":-1,"y":-2},{"x":2000000000000,"y":-2},\
{"x":-1,"y":-4}],"runs":4,"count":2,"cookie":4711}}]}
END
plan
