#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# runqlat_test.sh - progs/runqlat against what the scheduler itself counts: the third number of
# /proc/PID/schedstat is how often the process came to a CPU, the second how long it waited.
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
# shellcheck source=lib.sh
. "$SRCDIR/tests/lib.sh"
runqlat=$SRCDIR/progs/runqlat/runqlat.bpfasm

if ! with_tracefs true 2>/dev/null; then
	skip "live" "cannot mount a tracefs: unshare -m is denied, or the kernel has none"
	plan
fi
if [ ! -r /proc/self/schedstat ]; then
	skip "live" "this kernel has no /proc/PID/schedstat"
	plan
fi
ok "the kernel takes runqlat" with_tracefs "$BPFLOAD" check "$runqlat"

# Two that want the same CPU all the time, and so wait for each other.
spin()
{
	taskset 1 sh -c 'while :; do :; done' &
}
spin
pid=$!
spin
trap 'kill "$pid" $!; rm -rf "$tmp"' EXIT

# How often, in JSON; how long that was at least and at most, and the longest, in us.
figures()
{
	grep -o '"usecs":[0-9]*},"value":{"count":[0-9]*' "$tmp/stdout" |
	awk -F'[:}]' '
	{ from = $2 ? to : 0; to = $2 ? 2 * to : 2 }	# each slot is twice as wide
	$5 { n += $5; least += $5 * from; most += $5 * to; top = to }
	END { print n + 0, least + 0, most + 0, top + 0 }'
}

# What the scheduler says before the program and after it, too: what it saw is in between.
# shellcheck disable=SC2016 # the inner shell's
{
looks='echo "$(cut -d " " -f 2,3 "/proc/$0/schedstat")"'
sh -c "$looks" "$pid" >"$tmp/before"
t_run with_tracefs "$BPFLOAD" run -j -D PID="$pid" "$runqlat" -- \
	sh -c "$looks; sleep 1; $looks" "$pid"
}
# While another process that is in a bpf(2) call for a map waits for its CPU, no program of a
# tracepoint runs there; the kernel counts that.
missed=$(missed)
sh -c "$looks" "$pid" >"$tmp/after"
grep -h '^[0-9][0-9]* [0-9]' "$tmp/before" "$tmp/stdout" "$tmp/after" >"$tmp/looks"
# how often it came, and us that it waited: at least and at most
scheduler=$(awk '{ waited[NR] = $1 / 1000; came[NR] = $2 }
	END { print came[3] - came[2], came[4] - came[1],
		waited[3] - waited[2], waited[4] - waited[1] }' "$tmp/looks")
# The first may be of a thread that is not known yet, and so may the second.
wrong=$(echo "$(figures) $scheduler" | awk -v lost=$((2 + missed)) '
	$1 < 3 || $1 < $5 - lost || $1 > $6 + 2 {
		print "saw " $1 ", the scheduler " $5 " to " $6
	}
	$2 > 1.1 * $8 + 1000 { print "waited for " $2 " us, the scheduler says " $8 }
	$3 < 0.9 * $7 - lost * $4 { print "waited for " $3 " us at most, the scheduler says " $7 }')
echo "# saw and the scheduler: $(figures), $scheduler; missed: $missed"
if [ "$t_status" -eq 0 ] && [ -z "$wrong" ]; then
	pass "the waits of a process, how many and how long"
else
	fail "the waits of a process, how many and how long" "status $t_status; $wrong" \
		"$tmp/looks" "$tmp/stdout" "$tmp/stderr"
fi
t_run with_tracefs "$BPFLOAD" run "$runqlat" -- sleep 0.3
if grep -q '^USECS  *COUNT$' "$tmp/stdout" &&
   grep -q '^\[[0-9KM]*, [0-9KM]*) *[0-9][0-9]* *|@@*  *|$' "$tmp/stdout" &&
   grep -q "|@\{40\}|\$" "$tmp/stdout"; then
	pass "bars"
else
	fail "bars" "no histogram" "$tmp/stdout" "$tmp/stderr"
fi
plan
