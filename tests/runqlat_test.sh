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

# A column of the rows in JSON: how often, or how often from a range on.
count()	# [RANGE]
{
	grep -o '"usecs":[0-9]*},"value":{"count":[0-9]*' "$tmp/stdout" |
	awk -F'[:}]' -v from="${1:-0}" '$2 >= from { n += $5 } END { print n + 0 }'
}

# shellcheck disable=SC2016 # the inner shell's
t_run with_tracefs "$BPFLOAD" run -j -D PID="$pid" "$runqlat" -- \
	sh -c 'cat "/proc/$0/schedstat"; sleep 1; cat "/proc/$0/schedstat"' "$pid"
came=$(awk '/^[0-9]/ { n = $3 - n } END { print n }' "$tmp/stdout")
got=$(count)
# The first may be of a thread that is not known yet; some come before and after the two
# looks at the number of the scheduler, on a busy machine.
echo "# saw $got, the scheduler $came"
if [ "$t_status" -eq 0 ] && [ "$got" -ge 3 ] && [ "$got" -ge $((came - 2)) ] &&
   [ "$got" -le $((came * 2 + 10)) ]; then
	pass "the waits of a process"
else
	fail "the waits of a process" "status $t_status; saw $got, the scheduler $came" \
		"$tmp/stdout" "$tmp/stderr"
fi
# what it waits for is a time slice of the other: no less than half a millisecond
long=$(count 9)
if [ "$long" -ge $((got / 3)) ]; then
	pass "of a time slice each"
else
	fail "of a time slice each" "$long of $got" "$tmp/stdout"
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
