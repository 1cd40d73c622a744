#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# procstat_test.sh - progs/procstat against what the kernel says of a process that waits, and
# progs/switches.
#
# Context switches it has asked for itself, before it began to wait.
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}" "${WORK:=$SRCDIR/build/tests/work}"
# shellcheck source=lib.sh
. "$SRCDIR/tests/lib.sh"
procstat=$SRCDIR/progs/procstat/procstat.bpfasm
old=0

t_run "$BPFLOAD" check "$procstat"
case $t_status$(cat "$tmp/stderr") in
*CAP_* | *"not permitted"*)
	skip "live" "$(sed -n 1p "$tmp/stderr")"
	plan ;;
*"'mm_struct.rss_stat' is not an array"*)
	old=1 ;;
esac
ok "the kernel takes procstat" "$BPFLOAD" check -D OLD_RSS=$old "$procstat"

# What is wrong with the figures of a process in $tmp/stdout, beside what it says itself.
compare()	# PID CPU WAITS PREEMPTED PAGES EXECS
{
	tr '{' '\n' <"$tmp/stdout" | awk -v cpus="$(nproc --all)" -v pid="$1" -v cpu="$2" \
		-v waits="$3" -v preempted="$4" -v pages="$5" -v execs="$6" '
	function differs(name, want, least, most)
	{
		if (!match(value, "\"" name "\":[0-9]+")) {
			print "no " name
			return
		}
		got = substr(value, RSTART + length(name) + 3, RLENGTH - length(name) - 3) + 0
		if (got < want - least || got > want + most)
			print name " is " got ", the process says " want
	}
	mine { value = $0; mine = 0 }
	$0 ~ "\"pid\":" pid "}" { mine = 1 }
	END {
		batch = cpus > 16 ? 2 * cpus : 32
		differs("cpu", cpu, 0.02 * cpu, 0.02 * cpu + 1e6)
		differs("waits", waits, 0, 5)
		differs("preempted", preempted, 0, 10 + 0.05 * preempted)
		most = 0.02 * pages + 3 * batch * cpus
		differs("rss", pages, most, most)
		differs("execs", execs, 0, 0)
	}'
}

# Run work; what is wrong with the figures of it. $tmp/status is the exit status, $tmp/report what
# it says itself, $tmp/asked what is said of it.
figures()	# KIND AMOUNT
{
	rm -f "$tmp/hold" "$tmp/report" "$tmp/asked"
	mkfifo "$tmp/hold"
	exec 9<>"$tmp/hold"	# work waits until nobody has it open for writing
	# shellcheck disable=SC2016 # the inner shell's
	t_run "$BPFLOAD" run -j -D OLD_RSS=$old "$procstat" -- sh -c '
		"$2" "$3" "$4" <"$1/hold" >"$1/report" &
		while ! grep -qs " " "$1/report"; do sleep 0.05; done
		"$2" of $! >"$1/asked"
	' sh "$tmp" "$WORK" "$1" "$2" 9>&-
	echo $t_status >"$tmp/status"
	exec 9>&-
	f_execs=1
	[ "$1" != exec ] || f_execs=2
	read -r f_pid f_cpu f_pages <"$tmp/asked"
	f_switches=$(awk 'NF > 1 { print $3, $4 }' "$tmp/report")
	compare "$f_pid" "$f_cpu" "${f_switches% *}" "${f_switches#* }" "$f_pages" $f_execs
}

check()	# KIND AMOUNT
{
	c_wrong=$(figures "$1" "$2")
	t_status=$(cat "$tmp/status")
	if [ "$t_status" -eq 0 ] && [ -z "$c_wrong" ]; then
		pass "$1: CPU time, context switches, memory"
	else
		fail "$1: CPU time, context switches, memory" "exit status $t_status; $c_wrong" \
			"$tmp/stderr"
	fi
}

check spin 100
check call 100
check threads 100
check exec 100
check sleep 20
check memory 16

# A process that ran before the program did: its whole life counts, to when it was stopped.
"$WORK" spin 3600000 </dev/null >/dev/null &
pid=$!
while [ "$(awk '{ print $14 }' "/proc/$pid/stat")" -lt 5 ]; do sleep 0.01; done
# shellcheck disable=SC2016 # the inner shell's
t_run "$BPFLOAD" run -j -D OLD_RSS=$old "$procstat" -- \
	sh -c 'kill -STOP "$0"; exec "$1" of "$0"' "$pid" "$WORK"
waits=$(sed -n 's/^voluntary.*:[^0-9]*//p' "/proc/$pid/status")
preempted=$(sed -n 's/^nonvoluntary.*:[^0-9]*//p' "/proc/$pid/status")
read -r _ cpu pages <"$tmp/stdout"
wrong=$(compare "$pid" "$cpu" "$waits" "$preempted" "$pages" 0)
kill -9 "$pid"
if [ "$t_status" -eq 0 ] && [ -z "$wrong" ]; then
	pass "the whole life of a process that ran before"
else
	fail "the whole life of a process that ran before" "exit status $t_status; $wrong" \
		"$tmp/stderr"
fi

t_run "$BPFLOAD" run -j -D OLD_RSS=$old -D ENTRIES=1 "$procstat" -- "$WORK" fork 5
case $(cat "$tmp/stdout") in
*'"full":'[1-9]*)	pass "what found no room is counted" ;;
*)	fail "what found no room is counted" "not so" "$tmp/stderr" ;;
esac

t_run "$BPFLOAD" run -j -D OLD_RSS=$old "$procstat" -- "$WORK" ended 16
read -r pid _ pages <"$tmp/stdout"
# how often it was preempted nobody says
wrong=$(compare "$pid" 0 0 0 "$pages" 0 | grep rss)
if [ "$t_status" -eq 0 ] && [ "${pages:-0}" -gt 256 ] && [ -z "$wrong" ]; then
	pass "the memory of a process that ended"
else
	fail "the memory of a process that ended" "exit status $t_status; $wrong" "$tmp/stdout" \
		"$tmp/stderr"
fi

# ---- switches ----

# The name is this run's alone. Each of 40 children leaves the CPU once more than it knows of, when
# it has ended, and the process itself does when it has said its own; a busy machine adds to that.
# Before it has the name it leaves the CPU as well: up to the shell's look, and a few times behind.
cp "$WORK" "$tmp/s$$"
# shellcheck disable=SC2016 # the inner shell's
t_run "$BPFLOAD" run -j "$SRCDIR/progs/switches/switches.bpfasm" -- sh -c '
	while read -r word n; do
		case $word in
		*ctxt_switches:)	echo "before $n" ;;
		esac
	done </proc/self/status
	exec "$0" fork 40' "$tmp/s$$"
own=$(awk '$1 == "before" { n += $2 } NF == 7 { print $3 + $4 + $7 - n }' "$tmp/stdout")
got=$(sed -n "s/.*{\"name\":\"s$$\"},\"value\":{\"switches\":\([0-9]*\)}.*/\1/p" "$tmp/stdout")
echo "# saw ${got:-none}, they know of $own"
if [ "$t_status" -eq 0 ] && [ "${got:-0}" -ge $((own - 4)) ] &&
   [ "$got" -le $((own + 40 + 10)) ]; then
	pass "switches of a process and of its children"
else
	fail "switches of a process and of its children" "$got, they know of $own" \
		"$tmp/stdout" "$tmp/stderr"
fi
plan
