#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# lang_test.sh - programs of slots, named registers and macros of the prelude, in the kernel.
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
# shellcheck source=lib.sh
. "$SRCDIR/tests/lib.sh"

cat >"$tmp/exec.bpfasm" <<'END'
.license "GPL"
.struct event {
	ktime time; u32 pid, tid; u64 count; comm name; u8 pad[12]; s16 err; be16 port
}
.struct key { u32 pid; u32 kind; }
.map events type ringbuf entries 64K value event
.map counts type hash key key value u64 entries 1024

.prog on_exec "raw_tp/sched_process_exec"
	.stack key who
	.stack u64 count
	.stack s16 err
	.reg ev = r6 : event
	.reg pid = r7
	get_pid pid
	zero who
	store who, pid=pid, kind=1
	*count = 1
	map_lookup counts, who
	if r0 == 0 goto first
	.reg old = r0 : u64
	r1 = *old
	r1 += 1
	*count = r1
first:	map_update counts, who, count
	ringbuf_reserve ev, events, sizeof(event), out
	ktime r1
	store ev, time=r1, pid=pid, port=80
	get_tid r1
	ev->tid = r1
	*err = -2
	r1 = *err
	if r1 s> 0 goto drop		# its sign came with it
	ev->err = r1
	r1 = *count
	ev->count = r1
	zero ev->pad
	get_comm ev->name
	printk "exec of %d, %d", pid, 7
	ringbuf_submit ev
out:	r0 = 0
	exit
drop:	ringbuf_discard ev
	goto out
END

# Whether this process may load programs at all.
may()
{
	printf '.prog p "raw_tp/sched_process_exec"\nr0 = 0\nexit\n' >"$tmp/may.bpfasm"
	"$BPFLOAD" check "$tmp/may.bpfasm" >/dev/null 2>&1
}

# The output of the last run has the text.
has()	# NAME TEXT
{
	if [ "$t_status" -eq 0 ] && grep -q "$2" "$tmp/stdout"; then
		pass "$1"
	else
		fail "$1" "exit status $t_status, expected $2" "$tmp/stdout" "$tmp/stderr"
	fi
}

if ! may; then
	skip "programs in the kernel" "this process may not load them"
	plan
fi

ok "the verifier takes them" "$BPFLOAD" check "$tmp/exec.bpfasm"
t_run "$BPFLOAD" run -j --duration 1s "$tmp/exec.bpfasm" -- true
has "a record, each byte of it" \
	'"count":1,"name":"true","pad":\[0,0,0,0,0,0,0,0,0,0,0,0\],"err":-2,"port":80}'
has "the map that it updates" '"kind":1'

# Ranges of numbers on both sides of each bound.
cat >"$tmp/log2.bpfasm" <<'END'
.license "GPL"
.map got type array key u32 value u32 entries 12
.prog p "raw_tp/sched_process_exec"
	.stack u32 at
	r9 = 0
.macro take value
	r6 = \value ll
	log2 r8, r6
	*at = r9
	map_lookup got, at
	if r0 == 0 goto out
	*(u32 *)(r0 + 0) = r8
	r9 += 1
.endm
.irp n, 0, 1, 2, 3, 4, 255, 256, 1023, 0xffffffff, 0x100000000, 0x7fffffffffffffff, -1
	take \n
.endr
out:	r0 = 0
	exit
END
t_run "$BPFLOAD" run -j "$tmp/log2.bpfasm" -- true
t_got=$(grep -o '"value":[0-9]*' "$tmp/stdout" | cut -d: -f2 | tr '\n' ' ')
if [ "$t_got" = '0 0 1 1 2 7 8 9 31 32 62 63 ' ]; then
	pass "log2"
else
	fail "log2" "got $t_got" "$tmp/stdout" "$tmp/stderr"
fi

# The verifier takes the kprobe; and where the loader attaches such, its record has the text.
probe()	# NAME TEXT FILE COMMAND...
{
	p_name=$1 p_text=$2 p_file=$3
	shift 3
	ok "the verifier takes: $p_name" "$BPFLOAD" check "$p_file"
	t_run "$BPFLOAD" run -j "$p_file" -- "$@"
	if grep -q "built without CONFIG_KPROBES" "$tmp/stderr"; then
		skip "$p_name" "this kernel has no kprobes"
	else
		has "$p_name" "$p_text"
	fi
}

if command -v bash >/dev/null; then
	set -- bash bash -c ': 2>/dev/null </dev/tcp/127.0.0.1/1; true'
else
	set -- nc sh -c 'nc -w 2 127.0.0.1 1 2>/dev/null; true'	# one emulator loses refusals
fi
name=$1
shift
probe "who connects to what" "\"addr\":\"127.0.0.1\",\"port\":1,\"family\":2,\"name\":\"$name\"" \
	"$SRCDIR/tests/golden/connect.inc" "$@"

cat >"$tmp/openat.bpfasm" <<'END'
.license "GPL"
.struct event { u32 dir; u32 pad; char path[32]; }
.map events type ringbuf entries 64K value event
.prog openat "ksyscall/openat"
	.reg ev = r9 : event
	syscall_args r6, r7
	ringbuf_reserve ev, events, sizeof(event), out
	zero ev
	ev->dir = r6
	read_user_str &ev->path, sizeof(ev->path), r7
	ringbuf_submit ev
out:	r0 = 0
	exit
END
probe "the arguments of a system call" '"dir":4294967196,"pad":0,"path":"/dev/null"' \
	"$tmp/openat.bpfasm" cat /dev/null
plan
