#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# stream_test.sh - what bpfload shows of buffers and maps: run, tail, top and trace; and a reader
# of its output that does not read
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
# shellcheck source=lib.sh
. "$SRCDIR/tests/lib.sh"

# A line of that file matches. The file stays.
shows()	# NAME FILE GREP-ARGUMENT...
{
	h_name=$1 h_file=$tmp/$2
	shift 2
	if grep -q "$@" "$h_file"; then
		pass "$h_name"
	else
		fail "$h_name" "no line with: $*" "$h_file"
	fi
}

usage()	# NAME TEXT ARGUMENT...
{
	u_name=$1 u_text=$2
	shift 2
	fails "$u_name" 2 "$u_text" "$BPFLOAD" "$@"
}

usage "tail without a map" "'tail' needs MAP" tail
usage "top without a map" "'top' needs MAP" top
usage "tail that sorts" "'tail' takes no option '--top'" tail 1 --top 3
usage "tail with a command" "'tail' runs no command" tail 1 -- true
usage "trace in raw" "'trace' takes no option '--raw'" trace --raw
usage "misspelt tail" "did you mean 'tail'" tial 1

# A record of each of its own execs, in both kinds of buffer, and their number.
cat >"$tmp/execs.bpfasm" <<'END_TEXT'
.license "GPL"
.struct exec { u32 pid; u32 parent; }
.map stream_ring type ringbuf entries 64K value exec
.map stream_perf type perf_event_array value exec
.map stream_counts type array key u32 value u64 entries 4
.prog on_exec "raw_tp/sched_process_exec"
	r6 = r1
	call bpf_get_current_pid_tgid
	r0 >>= 32
	*(u32 *)(r10 - 8) = r0
	r0 = 7
	*(u32 *)(r10 - 4) = r0
	r7 = 2
	*(u32 *)(r10 - 16) = r7
	r1 = stream_counts ll
	r2 = r10
	r2 += -16
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	r1 = 1
	lock *(u64 *)(r0 + 0) += r1
	r1 = stream_ring ll
	r2 = r10
	r2 += -8
	r3 = sizeof(exec)
	r4 = 0
	call bpf_ringbuf_output
	r1 = r6
	r2 = stream_perf ll
	r3 = BPF_F_CURRENT_CPU ll
	r4 = r10
	r4 += -8
	r5 = sizeof(exec)
	call bpf_perf_event_output
out:	r0 = 0
	exit
END_TEXT
if ! "$BPFLOAD" check "$tmp/execs.bpfasm" >"$tmp/stdout" 2>"$tmp/stderr"; then
	skip "buffers" "programs cannot be loaded here: $(sed -n 1p "$tmp/stderr")"
	plan
fi

# ---- run ----

# The records of sh, and of true, which takes its place: two in each buffer.
# shellcheck disable=SC2016 # the inner shell expands
run_records()	# ARGUMENT...
{
	"$BPFLOAD" run "$@" "$tmp/execs.bpfasm" -- /bin/sh -c 'echo $$ >"$1"; exec /bin/true' \
		sh "$tmp/pid"
}
ok "run with both buffers" run_records
pid=$(cat "$tmp/pid")
counted=$(grep -c "^$pid *7$" "$tmp/stdout")
if [ "$counted" -eq 4 ]; then
	pass "a record in each"
else
	fail "a record in each" "$counted lines with $pid" "$tmp/stdout"
fi
shows "under the names of its fields" stdout "^PID  *PARENT$"
ok "run as JSON" run_records -j
pid=$(cat "$tmp/pid")
shows "from the ring buffer" stdout -x \
	"{\"map\":\"stream_ring\",\"value\":{\"pid\":$pid,\"parent\":7}}"
shows "from the perf buffer" stdout -x \
	"{\"map\":\"stream_perf\",\"value\":{\"pid\":$pid,\"parent\":7}}"
shows "and the map, but not that of the events" stdout '"map":"stream_counts"'

# ---- lost records ----

# Many more than the buffer has room for, of one program alone.
flood=$(t_random)
each_letter()
{
	for i in 1 2 3 4 5 6 7 8; do
		printf "\tr1 = *(u8 *)(r10 - %d)\n\tif r1 != '%s' goto out\n" $((17 - i)) \
			"$(echo "$flood" | cut -c $i)"
	done
}
cat >"$tmp/flood.bpfasm" <<END_TEXT
.license "GPL"
.equ TURNS, 30000
.map stream_flood type perf_event_array value u64
.prog on_exec "raw_tp/sched_process_exec"
	r6 = r1
	r1 = r10
	r1 += -16
	r2 = 16
	call bpf_get_current_comm
$(each_letter)
	r7 = 0
again:	*(u64 *)(r10 - 24) = r7
	r1 = r6
	r2 = stream_flood ll
	r3 = BPF_F_CURRENT_CPU ll
	r4 = r10
	r4 += -24
	r5 = 8
	call bpf_perf_event_output
	r7 += 1
	if r7 < TURNS goto again
out:	r0 = 0
	exit
END_TEXT
# On one CPU nobody reads while the program writes.
one_cpu=
! command -v taskset >/dev/null || one_cpu='taskset -c 0'
cp /bin/true "$tmp/$flood"
# shellcheck disable=SC2086 # words
ok "a flood of records" $one_cpu "$BPFLOAD" run -j "$tmp/flood.bpfasm" -- "$tmp/$flood"
received=$(grep -c '^{"map":"stream_flood","value":[0-9]*}$' "$tmp/stdout")
lost=$(sed -n 's/^{"map":"stream_flood","lost":\([0-9]*\)}$/\1/p' "$tmp/stdout" | tail -n 1)
if [ "$received" -gt 0 ] && [ $((received + ${lost:-0})) -eq 30000 ]; then
	pass "received and lost are what was sent"
else
	fail "received and lost are what was sent" "$received and $lost of 30000" "$tmp/stderr"
fi
if [ -n "$one_cpu" ]; then
	shows "and a note says so" stderr \
		"perf buffer 'stream_flood' was full: $lost records lost until now"
else
	skip "and a note says so" "taskset is not installed"
fi

# ---- a program that its own doing calls ----

# What it reads is not there: that is one more event of its own, on its CPU.
cat >"$tmp/again.bpfasm" <<'END_TEXT'
.license "GPL"
.map seen type array key u32 value u64 entries 1
.prog again "raw_tp/page_fault_kernel"
	.stack u64 at
	.stack u32 zero
	.call probe_read_user, at, 8, 16
	*zero = 0
	map_lookup seen, zero
	if r0 == 0 goto out
	r1 = 1
	lock *(u64 *)(r0 + 0) += r1
out:	r0 = 0
	exit
END_TEXT
# each page of a new buffer is a fault of the kernel that fills it
ok "a program that calls itself" "$BPFLOAD" run -j "$tmp/again.bpfasm" -- \
	dd if=/dev/zero of=/dev/null bs=1M count=1
seen=$(sed -n 's/^{"map":"seen",.*"value":\([0-9]*\)}\]}$/\1/p' "$tmp/stdout")
missed=$(missed)
if [ "$missed" -ge 256 ] && [ "$missed" -le "$seen" ]; then
	pass "is passed over as often as it was called"
else
	fail "is passed over as often as it was called" "$missed of ${seen:-no} calls" \
		"$tmp/stdout" "$tmp/stderr"
fi
shows "and a note says so" stderr \
	"program again missed $missed events: it, or a bpf(2) call for a map, was under way"

# ---- a reader that does not read ----

# Its standard output is a pipe that is full from the start, and stays so.
mkfifo "$tmp/pipe"
stalled()	# NAME SECONDS COMMAND...: it ends in that time
{
	s_name=$1 s_seconds=$2
	shift 2
	# shellcheck disable=SC2217 # who does not read
	sleep 30 <"$tmp/pipe" &
	s_reader=$!
	exec 9>"$tmp/pipe"
	dd if=/dev/zero bs=4096 count=64 oflag=nonblock >&9 2>/dev/null
	timeout -s KILL "$s_seconds" "$@" >&9 2>"$tmp/stderr"
	s_status=$?
	exec 9>&-
	kill $s_reader
	wait $s_reader 2>/dev/null
}
cat >"$tmp/signals.sh" <<'END_SCRIPT'
"$@" &
sleep 0.5
kill -TERM $!
sleep 0.2
kill -TERM $!
wait $!
END_SCRIPT
stalled "a stalled reader" 20 sh "$tmp/signals.sh" "$BPFLOAD" run -j --interval 50ms \
	"$tmp/execs.bpfasm"
if [ $s_status -eq 1 ]; then
	pass "$s_name: a second signal ends it"
else
	fail "$s_name: a second signal ends it" "exit status $s_status" "$tmp/stderr"
fi
shows "and the output is given up" stderr -F \
	"cannot write the output: Interrupted system call"
cat >"$tmp/duration.sh" <<'END_SCRIPT'
trap 'echo asked to end >"$1"; exit 3' TERM
while :; do sleep 0.1; done
END_SCRIPT
cat >"$tmp/ended.sh" <<'END_SCRIPT'
file=$1
shift
"$@" &
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	[ ! -s "$file" ] || break
	sleep 0.2
done
kill -KILL $!
[ -s "$file" ]
END_SCRIPT
stalled "a stalled reader" 20 sh "$tmp/ended.sh" "$tmp/asked" "$BPFLOAD" run -j --interval 20ms \
	--duration 500ms "$tmp/execs.bpfasm" -- sh "$tmp/duration.sh" "$tmp/asked"
if [ $s_status -eq 0 ]; then
	pass "$s_name: the duration ends the command"
else
	fail "$s_name: the duration ends the command" "status $s_status" "$tmp/stderr"
fi

# ---- what others loaded ----

bpffs=$(mktemp -d /tmp/stream_testXXXXXX)	# without the '.' that bpftool rewrites
pins=$bpffs/pins
trap 'rm -rf "$tmp"; rmdir "$bpffs"' EXIT
if ! mount -t bpf stream_test "$bpffs" 2>"$tmp/stderr"; then
	skip "tail and top" "no bpffs can be mounted: $(tail -n 1 "$tmp/stderr")"
	plan
fi
trap 'rm -rf "$tmp"; umount "$bpffs"; rmdir "$bpffs"' EXIT
perf=perf_$(t_random)
sed "s/stream_perf/$perf/" "$tmp/execs.bpfasm" >"$tmp/own.bpfasm"
if ! "$BPFLOAD" load "$tmp/own.bpfasm" "$pins" --attach >"$tmp/stdout" 2>"$tmp/stderr"; then
	skip "tail and top" "nothing can be pinned: $(tail -n 1 "$tmp/stderr")"
	plan
fi

# What it prints until that is a few records, or 10 seconds have gone.
follow()	# ARGUMENT...
{
	: >"$tmp/stdout"
	"$BPFLOAD" "$@" >"$tmp/stdout" 2>"$tmp/stderr" &
	f_pid=$!
	f_round=0
	while [ "$(wc -c <"$tmp/stdout")" -lt 40 ] && [ $f_round -lt 100 ]; do
		f_round=$((f_round + 1))
		/bin/true
		sleep 0.1
	done
	kill -TERM $f_pid
	wait $f_pid
}
hex=$(printf '%s' '[0-9a-f][0-9a-f] ')
follow tail "$pins/stream_ring"
shows "tail of a ring buffer, by its path" stdout -x "$hex$hex$hex${hex}07 00 00 00\|07 00 00 00"
shows "says whose records those are" stderr "each record of ring buffer 'stream_ring' goes to one"
follow tail -j name "$perf"
shows "tail of a perf buffer, by its name" stdout "^{\"map\":\"$perf\",\"value\":\[\"0x"
shows "and that it took it over" stderr "perf buffer '$perf' is this command's now"
follow tail --raw pinned "$pins/stream_ring"
size=$(wc -c <"$tmp/stdout")
if [ "$size" -ge 40 ] && [ $((size % 8)) -eq 0 ]; then
	pass "tail of the bytes"
else
	fail "tail of the bytes" "$size bytes, expected 8 a record" "$tmp/stderr"
fi
fails "tail of a map without records" 1 \
	"map 'stream_counts' is of type array: records are in a ringbuf or a perf_event_array" \
	"$BPFLOAD" tail "$pins/stream_counts"
fails "tail of a program" 1 "is a prog, not a map" "$BPFLOAD" tail "$pins/on_exec"
fails "tail of nothing" 1 "there is none" "$BPFLOAD" tail "$pins/nothing"
fails "a word too many" 1 "one word too many" "$BPFLOAD" tail "$pins/stream_ring" and
ok "top" "$BPFLOAD" top "$pins/stream_counts" --top 2 --interval 100ms --duration 450ms
largest=$(sed -n 3p "$tmp/stdout")
case $largest in
"2 "*)	pass "the largest stands first" ;;
*)	fail "the largest stands first" "the first line is: $largest" "$tmp/stdout" ;;
esac
tables=$(grep -c '^stream_counts: top 2 of 4' "$tmp/stdout")
if [ "$tables" -ge 4 ] && [ "$tables" -le 6 ]; then
	pass "at once, each interval, and at the end"
else
	fail "at once, each interval, and at the end" "$tables tables" "$tmp/stdout"
fi
case $(cat "$tmp/stdout") in
*"$(printf '\033')"*)	fail "nothing for a terminal" "there are escapes" "$tmp/stdout" ;;
*)			pass "nothing for a terminal" ;;
esac
ok "top as JSON" "$BPFLOAD" top -j "$pins/stream_counts" --duration 50ms
shows "is a line a table" stdout '^{"map":"stream_counts","type":"array","entries":\[{"key":2,'
fails "top of a ring buffer" 1 "is of type ringbuf: it has no entries to list" \
	"$BPFLOAD" top "$pins/stream_ring"
if command -v script >/dev/null; then
	t_run script -qec "stty rows 6 cols 60; '$BPFLOAD' top '$pins/stream_counts' \
		--interval 100ms --duration 250ms" /dev/null
	cut=$(printf '\033[?7l\033[H\033[J') wrap=$(printf '\033[?7h')
	shows "a terminal is cleared" stdout -F "$cut"
	last=$(tail -c 5 "$tmp/stdout")
	if [ "$last" = "$wrap" ]; then
		pass "and left as it was"
	else
		fail "and left as it was" "the last bytes are others" "$tmp/stdout"
	fi
	shows "with as many entries as it has lines" stdout "top 3 of 4 entries"
else
	skip "a terminal" "no script(1)"
fi

# Types of a map that come from its BTF.
cat >"$tmp/typed.c" <<'END_C'
#define SEC(name) __attribute__((section(name), used))
struct who { unsigned int pid; char name[8]; short bits[2]; };
struct seen { long long first; unsigned char flag; _Bool is; };
struct {
	int (*type)[1], (*max_entries)[4];
	struct who *key;
	struct seen *value;
} stream_typed SEC(".maps");
static long (*const update)(void *, const void *, const void *, long long) = (void *)2;
SEC("raw_tp/sched_process_exec") int fill(void *ctx)
{
	struct who who = { 42, "me", { -1, 2 } };
	struct seen seen = { -5, 6, 1 };

	update(&stream_typed, &who, &seen, 0);
	return 0;
}
char _license[] SEC("license") = "GPL";
END_C
typed()
{
	clang -O2 -g -target bpf -c -o "$tmp/typed.o" "$tmp/typed.c" &&
		mkdir "$pins/typed" &&
		bpftool prog load "$tmp/typed.o" "$pins/typed/fill" pinmaps "$pins/typed" &&
		bpftool map update pinned "$pins/typed/stream_typed" key hex \
			2a 00 00 00 6d 65 00 00 00 00 00 00 ff ff 02 00 value hex \
			fb ff ff ff ff ff ff ff 06 01 00 00 00 00 00 00
}
if [ "$(uname -m)" != x86_64 ]; then
	skip "types of BTF" "the bytes of this test are those of x86_64"
elif need clang && need bpftool; then
	ok "a map with types" typed
	check_out "types of BTF" 'stream_typed: top 1 of 1 entries by first
PID      NAME                 BITS     FIRST    FLAG     IS
42       me                   [-1,2]   -5       6        true

stream_typed: top 1 of 1 entries by first
PID      NAME                 BITS     FIRST    FLAG     IS
42       me                   [-1,2]   -5       6        true' \
		"$BPFLOAD" top "$pins/typed/stream_typed" --duration 1ms --interval 1h
fi

# ---- trace ----

if ! "$BPFLOAD" trace --duration 1ms >"$tmp/stdout" 2>"$tmp/stderr"; then
	shows "trace says what is missing" stderr "trace_pipe: "
else
	cat >"$tmp/print.bpfasm" <<-'END_TEXT'
	.license "GPL"
	.prog on_exec "raw_tp/sched_process_exec"
		printk "stream_test saw %d", 42
		r0 = 0
		exit
	END_TEXT
	"$BPFLOAD" trace -j --duration 10s >"$tmp/stdout" 2>"$tmp/stderr" &
	t_pid=$!
	t_round=0
	while ! grep -q 'stream_test saw' "$tmp/stdout" && [ $t_round -lt 20 ]; do
		t_round=$((t_round + 1))
		"$BPFLOAD" run "$tmp/print.bpfasm" -- sleep 0.1
	done
	kill -TERM $t_pid
	wait $t_pid
	shows "trace_pipe" stdout '{"trace":"trace_pipe","line":".*stream_test saw 42"}'
fi
fails "trace of no program" 1 "there is none" "$BPFLOAD" trace id 4294967290
fails "trace of a map" 1 "is a map, not a prog" "$BPFLOAD" trace "$pins/stream_ring"
plan
