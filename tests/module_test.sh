#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# module_test.sh - types, functions and variables of kernel modules: those that a cell of
# tools/kernels brings in /modules; what is said where there is none, on any kernel
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
# shellcheck source=lib.sh
. "$SRCDIR/tests/lib.sh"
cd "$tmp" || exit 1

if [ "$(id -u)" -ne 0 ] || [ ! -r /sys/kernel/btf/vmlinux ]; then
	skip modules "needs root and /sys/kernel/btf/vmlinux"
	plan
fi

# A program that counts and, of a fexit, adds up the second argument.
counter()	# SECTION
{
	cat <<-END_TEXT
	.license "GPL"
	.global u64 hits
	.global u64 sum
	.prog p "$1"
		r6 = r1
		r1 = hits ll
		r2 = 1
		lock *(u64 *)(r1 + 0) += r2
		${2:-}
		r0 = 0
		exit
	END_TEXT
}

refused()	# NAME SECTION TEXT
{
	counter "$2" >refused.bpfasm
	fails "$1" 1 "$3" "$BPFLOAD" check refused.bpfasm
}

case $(uname -r) in
5.10.*)	refused "no types of modules" fentry/dummy:dummy_xmit \
		"this kernel does not tell the types of modules: that began with Linux 5.11"
	plan ;;
esac
refused "a module that is not loaded" fentry/no_such_module:function \
	"section 'fentry/no_such_module:function': module 'no_such_module' is not loaded"
refused "no name of a module" fentry/../printk:function "module '../printk' is not loaded"
refused "what is built in" fentry/printk:console_unlock \
	"'printk' is built into this kernel, and no module: leave it out"
counter fentry/no_such_function_anywhere >refused.bpfasm
fails "a function that is nowhere" 1 "this kernel's BTF has no no_such_function_anywhere" \
	"$BPFLOAD" check refused.bpfasm
if [ ! -d /modules ]; then
	skip "modules that are loaded" "only in a cell of tools/kernels that has some"
	plan
fi

counts()	# NAME HITS SUM COMMAND FILE
{
	ok "$1" "$BPFLOAD" run -j "$5" -- sh -c "$4"
	if grep -q "\"hits\":$2,\"sum\":$3}" stdout; then
		pass "$1: $2, $3"
	else
		fail "$1: $2, $3" "other numbers" stdout stderr
	fi
}

counter fentry/dummy:dummy_dev_init >named.bpfasm
fails "not yet loaded" 1 "module 'dummy' is not loaded" "$BPFLOAD" check named.bpfasm
for module in libcrc32c nf_defrag_ipv4 nf_defrag_ipv6 nf_conntrack nf_dup_netdev watchdog; do
	ok "load $module" insmod /modules/$module.ko
done
ok "load dummy" insmod /modules/dummy.ko numdummies=0
ok "load softdog" insmod /modules/softdog.ko soft_margin=33 soft_noboot=1

# ---- functions to attach to ----

# shellcheck disable=SC2016 # for the shell that runs it
three='for i in 1 2 3; do ip link add dummy$i type dummy && ip link del dummy$i; done'
counts "a function of a module" 3 0 "$three" named.bpfasm
counter fentry/dummy_dev_init >anywhere.bpfasm
counts "of any module" 3 0 "$three" anywhere.bpfasm
counter fexit/dummy:dummy_dev_init 'r2 = *(u64 *)(r6 + 8)
		r2 += 5
		r1 = sum ll
		lock *(u64 *)(r1 + 0) += r2' >fexit.bpfasm
counts "what it returns" 3 15 "$three" fexit.bpfasm
counter kprobe/dummy_dev_init >kprobe.bpfasm
counts "by a kprobe" 3 0 "$three" kprobe.bpfasm
counter kprobe/dummy:dummy_dev_init >kprobe.bpfasm
counts "by a kprobe of that module" 3 0 "$three" kprobe.bpfasm
counter kprobe/dummy:dummy_dev_ini >refused.bpfasm
fails "a kprobe of none" 1 \
	"has no function 'dummy:dummy_dev_ini'; did you mean 'dummy_dev_init'?" \
	"$BPFLOAD" run refused.bpfasm -- true
ok "as an object" "$BPFASM" -f elf -o named.o named.bpfasm
counts "of an object" 3 0 "$three" named.o

refused "a name that is nearly right" fentry/dummy:dummy_dev_ini \
	"module 'dummy' has no dummy_dev_ini; did you mean 'dummy_dev_init'?"
refused "a module that is nearly right" fentry/dumy:dummy_dev_init \
	"module 'dumy' is not loaded; did you mean 'dummy'?"
refused "a function of the kernel" fentry/dummy:tcp_v4_connect \
	"module 'dummy' has no tcp_v4_connect: it is the kernel's own, so leave the module out"
refused "a module without types" fentry/softdog:softdog_start \
	"module 'softdog' is loaded and has no type data"
refused "without a name of a module, too" fentry/dummy_dev_ini \
	"this kernel's BTF has no dummy_dev_ini; did you mean 'dummy_dev_init'?"

# ---- tracepoints, and types that the kernel itself has not ----

# softdog starts again where it is opened, and where it is written to.
opens='for i in 1 2; do echo V >/dev/watchdog; done'
[ -c /dev/watchdog ] || mknod /dev/watchdog c 10 130
counter raw_tp/watchdog_start >raw.bpfasm
counts "a raw tracepoint" 4 0 "$opens" raw.bpfasm
timeout='r2 = *(u64 *)(r6 + 0)
		if r2 == 0 goto none
		r2 = *(u32 *)(r2 + kernel.watchdog_device.timeout)
		r1 = sum ll
		lock *(u64 *)(r1 + 0) += r2
	none:'
counter tp_btf/watchdog_start "$timeout" >field.bpfasm
counts "a field of a module's type" 4 132 "$opens" field.bpfasm
counter tp_btf/watchdog:watchdog_start "$timeout" >field.bpfasm
ok "an object that means the field" \
	"$BPFASM" --btf /sys/kernel/btf/watchdog -f elf -o field.o field.bpfasm
counts "relocated for the module's types" 4 132 "$opens" field.o
counter tp_btf/watchdog_star >refused.bpfasm
fails "no such tracepoint" 1 "has no btf_trace_watchdog_star; did you mean 'watchdog_start'?" \
	"$BPFLOAD" check refused.bpfasm

# ---- functions to call ----

# The lookup finds nothing (error -2), then what was inserted, which is confirmed (bit 3).
cat >call.bpfasm <<'END_TEXT'
.license "GPL"
.extern bpf_xdp_ct_lookup
.extern bpf_xdp_ct_alloc
.extern bpf_ct_set_timeout
.extern bpf_ct_insert_entry
.extern bpf_ct_release
.global s64 missing
.global s64 found
.global u64 status

.macro conntrack function
	r1 = r6
	r2 = r10
	r2 += -32
	r3 = 12
	r4 = r10
	r4 += -16
	r5 = 12
	call \function
.endm

.prog p "xdp"
	r6 = r1
	*(u64 *)(r10 - 16) = 0
	*(u64 *)(r10 - 8) = 0
	*(u32 *)(r10 - 16) = -1			/* this network namespace */
	*(u8 *)(r10 - 8) = 17
	*(u32 *)(r10 - 32) = 0x0100000a
	*(u32 *)(r10 - 28) = 0x0200000a
	*(u32 *)(r10 - 24) = 0x12345678
	conntrack bpf_xdp_ct_lookup
	if r0 == 0 goto absent
	r1 = r0
	call bpf_ct_release
	goto out
absent:
	r1 = *(s32 *)(r10 - 12)
	r2 = missing ll
	*(u64 *)(r2 + 0) = r1
	conntrack bpf_xdp_ct_alloc
	if r0 == 0 goto out
	r7 = r0
	r1 = r7
	r2 = 60000
	call bpf_ct_set_timeout
	r1 = r7
	call bpf_ct_insert_entry
	if r0 == 0 goto out
	r1 = r0
	call bpf_ct_release
	conntrack bpf_xdp_ct_lookup
	if r0 == 0 goto out
	r2 = found ll
	*(u64 *)(r2 + 0) = 1
	r1 = *(u64 *)(r0 + kernel.nf_conn.status)
	r1 &= 8
	r2 = status ll
	*(u64 *)(r2 + 0) = r1
	r1 = r0
	call bpf_ct_release
out:
	r0 = 2
	exit
END_TEXT
head -c 64 /dev/zero >packet
called()	# NAME FILE
{
	ip link add test0 type dummy
	mkdir -p /sys/fs/bpf/module
	ok "$1: load" "$BPFLOAD" prog load "$2" /sys/fs/bpf/module/p pinmaps /sys/fs/bpf/module
	ok "$1: run" "$BPFLOAD" prog run pinned /sys/fs/bpf/module/p data_in packet
	"$BPFLOAD" -j map dump pinned /sys/fs/bpf/module/bss >stdout
	if grep -q '"missing": *-2.*"found": *1.*"status": *8' stdout; then
		pass "$1: what they return"
	else
		fail "$1: what they return" "other values" stdout
	fi
	rm -r /sys/fs/bpf/module
	ip link del test0
}
called "functions of a module" call.bpfasm
sed -i 's/0x12345678/0x12345679/' call.bpfasm
ok "as an object" "$BPFASM" --btf /sys/kernel/btf/nf_conntrack -f elf -o call.o call.bpfasm
called "of an object" call.o

# ---- variables, and addresses ----

address=$(sed -n 's/^0*\([0-9a-f]*\) . dummy_dev_init.*/\1/p' /proc/kallsyms)
cat >address.bpfasm <<'END_TEXT'
.license "GPL"
.extern dummy_dev_init
.extern nf_dup_skb_recursion
.global s64 address
.global u64 depth

.prog p "raw_tp/sys_enter"
	r1 = dummy_dev_init ll
	r2 = address ll
	*(u64 *)(r2 + 0) = r1
	r1 = nf_dup_skb_recursion ll
	call bpf_this_cpu_ptr
	r1 = *(u8 *)(r0 + 0)
	r1 += 7
	r2 = depth ll
	*(u64 *)(r2 + 0) = r1
	r0 = 0
	exit
END_TEXT
ok "addresses of a module" "$BPFLOAD" run -j address.bpfasm -- true
mv stdout known
ok "which are right" grep "\"address\":$((0x$address)),\"depth\":7}" known

# ---- the type data itself ----

id=$("$BPFLOAD" btf list | sed -n 's/^\([0-9]*\): name \[dummy\].*/\1/p')
ok "in the list" test -n "$id"
"$BPFLOAD" btf dump file /sys/kernel/btf/dummy >types
ok "dumped by its id" "$BPFLOAD" btf dump id "$id"
mv stdout by_id
ok "as its file" cmp by_id types
ok "the function in it" grep -q "FUNC 'dummy_dev_init'" types
plan
