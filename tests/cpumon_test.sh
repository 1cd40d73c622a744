#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# cpumon_test.sh - progs/cpumon against what the kernel says of the same processes.
#
# What is compared are figures of one process, taken while it waits: none depends on how busy the
# machine is. They may differ by 2 % and 1 ms, and by a clock tick for each of the two figures of
# /proc/PID/stat. What is user time and what is the kernel's can be told of the work that was done
# at its own pace only: the time for which a hypervisor stops a CPU may be either.
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}" "${PROGS:=$SRCDIR/build/progs}"
: "${WORK:=$SRCDIR/build/tests/work}"
# shellcheck source=lib.sh
. "$SRCDIR/tests/lib.sh"
cpumon=$PROGS/cpumon/cpumon
texts=$SRCDIR/progs/cpumon
started=			# processes to end with this one

cleanup()
{
	exec 9>&-
	# shellcheck disable=SC2086 # numbers
	[ -z "$started" ] || kill -9 $started 2>/dev/null
	rm -rf "$tmp"
}
trap cleanup EXIT

# Until the command succeeds, 20 seconds at most.
await()	# COMMAND...
{
	a_left=400
	while ! "$@"; do
		[ $((a_left -= 1)) -gt 0 ] || return 1
		sleep 0.05
	done
}

# ---- the command line ----

fails "no such option" 2 "unrecognized option" "$cpumon" --nothing
fails "a word too much" 2 "usage: cpumon" "$cpumon" -j word
fails "a command" 2 "it runs no command" "$cpumon" -j -- true
fails "a time that is none" 2 "'1x' is not a number of seconds" "$cpumon" -t 1x
fails "a time too short" 2 "'0' is not a number of seconds" "$cpumon" -t 0
ok "help" "$cpumon" --help
ok "cpumon.bpfasm assembles" "$BPFASM" --btf /sys/kernel/btf/vmlinux -f list "$texts/cpumon.bpfasm"

t_run "$BPFLOAD" check "$texts/cpumon.bpfasm"
case $t_status$(cat "$tmp/stderr") in
*CAP_* | *"not permitted"*)
	skip "live" "$(sed -n 1p "$tmp/stderr")"
	plan ;;
esac
ok "the kernel takes cpumon" "$BPFLOAD" check "$texts/cpumon.bpfasm"
mkfifo "$tmp/hold"
exec 9<>"$tmp/hold"	# work waits until nobody has it open for writing

# ---- figures ----

start()	# KIND MS: $tmp/KIND is its report
{
	: >"$tmp/$1"
	"$WORK" "$1" "$2" <"$tmp/hold" >"$tmp/$1" 9>&- &
	started="$started $!"
}

reported()	# KIND...
{
	for r_kind; do
		grep -q ' ' "$tmp/$r_kind" || return 1
	done
}

# user and kernel time of a process in the last sample of $tmp/json, ns
figures()	# PID
{
	awk -F '[:,}]' -v pid="$1" '
		/"time_ns"/ { shown = found; found = "" }
		$1 ~ /"pid"/ && $2 == pid { found = $12 " " $14 }
		END { print shown }' "$tmp/json"
}

# The figures are those of the clock of the process, and of /proc/PID/stat.
compare()	# KIND LEAST-USER-SHARE LEAST-KERNEL-SHARE
{
	read -r c_pid c_cpu _ <"$tmp/$1.asked"
	c_steady=$(awk 'NF == 7 { print $6 }' "$tmp/$1")
	c_ticks=$(sed 's/.*) //' "/proc/$c_pid/stat" | awk '{ print $12 + $13 }')
	echo "# $1: $(figures "$c_pid" | awk -v clock="$c_cpu" '{
		printf "%.3f ms, its clock %.3f: %+.3f %%", ($1 + $2) / 1e6, clock / 1e6,
		       100 * (($1 + $2) / clock - 1) }')"
	c_wrong=$(echo "$(figures "$c_pid") $c_cpu" |
	awk -v ticks="$c_ticks" -v hz="$(getconf CLK_TCK 2>/dev/null || echo 100)" \
		-v grain=1000000 -v steady="$c_steady" -v least_user="$2" -v least_kernel="$3" '
	function differs(ours, theirs, by)
	{
		return ours < 0.98 * theirs - by || ours > 1.02 * theirs + by
	}
	NF != 3 { print "no figures of it"; exit }
	{ ours = $1 + $2 }
	differs(ours, $3, grain) { print ours " ns, its clock has " $3 }
	differs(ours, ticks * 1e9 / hz, grain + 2e9 / hz) { print ours " ns, stat has " ticks }
	$1 < least_user * steady - grain { print "only " $1 " of " ours " ns in user mode" }
	$2 < least_kernel * steady - grain { print "only " $2 " of " ours " ns in the kernel" }')
	if [ -z "$c_wrong" ]; then
		pass "CPU time of $1"
	else
		fail "CPU time of $1" "$c_wrong" "$tmp/$1" "$tmp/$1.asked"
	fi
}

# ---- one run of all kinds ----

kinds="sleep spin read call threads exec fork"
: >"$tmp/json"
"$cpumon" -j >"$tmp/json" 2>"$tmp/stderr" 9>&- &
monitor=$!
started="$started $monitor"
await grep -q time_ns "$tmp/json" || fail "counting begins" "no sample" "$tmp/stderr"
for kind in $kinds; do
	start "$kind" 150
done
# shellcheck disable=SC2086 # words
await reported $kinds || fail "the work ends" "no report"
for kind in $kinds; do
	"$WORK" of "$(sed -n 's/^\([0-9]*\) .*/\1/p' "$tmp/$kind")" >"$tmp/$kind.asked"
done
kill "$monitor"
wait "$monitor"
t_status=$?
if [ "$t_status" -eq 0 ]; then
	pass "SIGTERM is an end like others"
else
	fail "SIGTERM is an end like others" "exit status $t_status" "$tmp/stderr"
fi
compare sleep 0 0
compare spin 0.95 0
compare read 0 0.95
compare call 0.15 0.15
compare threads 0.4 0.1
compare exec 0.4 0.1
compare fork 0 0

# The storm is over: no row of its processes, and its time is that of processes that have ended.
left=$(awk -F '[:,}]' 'NR == FNR { if (!/ /) storm[$1] = 1; next }
	/"time_ns"/ { last = rows; rows = "" }
	/"pid"/ && $2 in storm { rows = rows " " $0 }
	END { print last }' "$tmp/fork" "$tmp/json")
spent=$(awk 'NF == 7 { print $5 * 1000 }' "$tmp/fork")
ended=$(awk -F '[:,}]' '/"time_ns"/ { n = $14 + $16 } END { printf "%.0f\n", n }' "$tmp/json")
if [ -z "$left" ] && [ $((ended * 100)) -ge $((spent * 98)) ]; then
	pass "150 processes that ended"
else
	fail "150 processes that ended" "still there:$left; $ended ns, they used $spent"
fi
strange=$(awk -F '[:,}]' '
	/"time_ns"/ { if ($12 > 101 || $12 < $8 + $10 - 0.01 || $12 > $8 + $10 + 0.01) print; next }
	$4 ~ /"kworker/ && $0 !~ /"user_ns":0,/ { print }
	$2 == 0 { print }	# idle threads
	!/"total":/ { print; next }
	{
		match($0, /"user":[0-9.]*/); user = substr($0, RSTART + 7, RLENGTH - 7)
		match($0, /"sys":[0-9.]*/); sys = substr($0, RSTART + 6, RLENGTH - 6)
		match($0, /"total":[0-9.]*/); total = substr($0, RSTART + 8, RLENGTH - 8)
		if (total > user + sys + 0.002 || total < user + sys - 0.002) print
	}' "$tmp/json")
if [ -z "$strange" ]; then
	pass "%USR + %SYS = %TOT, and all are 100 % at most"
else
	printf '%s\n' "$strange" >"$tmp/strange"
	fail "%USR + %SYS = %TOT, and all are 100 % at most" "not so" "$tmp/strange"
fi
# Shares are 0.3 of the last second and 0.7 of what they were, the first that is not 0 as it is.
awk -F '[:,}]' '
	function check(pid, kind, shown, was, ns, ns_was, want)
	{
		want = ns > ns_was ? 100 * (ns - ns_was) / whole : 0
		if (was > 0)
			want = 0.3 * want + 0.7 * was
		else if (ns_was && shown < 0.3 * want + 0.001)	# it was less than what is printed
			want *= 0.3
		if (shown > want + 0.01 || shown < want - 0.01)
			print pid, kind, "is " shown ", not " want
		checked++
	}
	{ sub(/"name":"[^"]*",/, "") }	# which may have a colon
	!/"time_ns"/ { rows[$2] = $4 " " $6 " " $10 " " $12; sum += $10 + $12; next }
	{
		sum += $14 + $16
		whole = ($2 - time) * $4
		if (sum - sum_was > whole)
			whole = sum - sum_was
		for (pid in rows) {
			split(rows[pid], now, " ")
			split(before[pid] == "" ? "0 0 0 0" : before[pid], was, " ")
			if (time) {
				check(pid, "user", now[1], was[1], now[3], was[3])
				check(pid, "sys", now[2], was[2], now[4], was[4])
			} else if (now[1] + now[2] != 0) {
				print pid " has a share before there was time"
			}
		}
		split("", before)
		for (pid in rows)
			before[pid] = rows[pid]
		split("", rows)
		time = $2; sum_was = sum; sum = 0
	}
	END { if (checked < 20) print "only " checked + 0 " shares" }' "$tmp/json" >"$tmp/strange"
if [ -s "$tmp/strange" ]; then
	fail "shares are smoothed" "not so" "$tmp/strange"
else
	pass "shares are smoothed"
fi
exec 9>&-
wait
exec 9<>"$tmp/hold"

# ---- who ran before ----

works()	# PID: it has used a tick of the CPU
{
	sed 's/.*) //' "/proc/$1/stat" | awk '{ exit !($12 + $13) }'
}

start spin 3600000
spinning=$!
start read 3600000
reading=$!
for pid in $spinning $reading; do
	await works "$pid" || fail "the work begins" "no CPU time"
done
t_run "$cpumon" -j -t 1
cp "$tmp/stdout" "$tmp/json"
kill "$spinning" "$reading"
await reported spin read || fail "the work ends" "no report"
# ns of which it is not known what they were
stalled()	# PID KIND
{
	echo $(($("$WORK" of "$1" | cut -d ' ' -f 2) - $(awk 'NF == 7 { print $6 }' "$tmp/$2")))
}
shares=$(echo "$(figures "$spinning") $(figures "$reading")" |
	awk -v spin="$(stalled "$spinning" spin)" -v read="$(stalled "$reading" read)" '{
		print (NF == 4 && $1 > 0.95 * ($1 + $2) - spin && $4 > 0.9 * ($3 + $4) - read) }')
if [ "$shares" = 1 ]; then
	pass "what was running already, in a system call or not"
else
	fail "what was running already, in a system call or not" \
		"user and kernel: $(figures "$spinning"), $(figures "$reading")" "$tmp/stderr"
fi

# ---- tables ----

start spin 3600000
spinning=$!
await works "$spinning" || fail "the work begins" "no CPU time"
t_run "$cpumon" --once
kill -9 "$spinning"
head='    PID NAME              %USR   %SYS   %TOT    USER(ms)    KERN(ms)   TOTAL(ms)'
wrong=$(awk -v head="$head" -v pid="$spinning" '
	NR == 1 && $0 != head { print "the head is \"" $0 "\"" }
	NR == 1 { next }
	length != 80 || split(substr($0, 24), n, " ") != 6 { print; next }	# names have blanks
	n[3] < n[1] + n[2] - 0.011 || n[3] > n[1] + n[2] + 0.011
	n[6] < n[4] + n[5] - 0.11 || n[6] > n[4] + n[5] + 0.11
	NR > 2 && n[3] + 0 > last { print "not sorted by %TOT at line " NR }
	{ last = n[3] + 0; sum += n[3] }
	$1 == pid && n[1] > 0 && n[4] > 0 { found = 1 }
	END { if (!found || sum > 101) print "found " found + 0 ", all are " sum " %" }
	' "$tmp/stdout")
if [ "$t_status" -eq 0 ] && [ -z "$wrong" ]; then
	pass "--once is one table"
else
	fail "--once is one table" "exit status $t_status; $wrong" "$tmp/stdout" "$tmp/stderr"
fi
t_run "$cpumon" --once -j -t 0.3
if [ "$t_status" -eq 0 ] && [ "$(grep -c '"time_ns"' "$tmp/stdout")" -eq 1 ]; then
	pass "in JSON, too"
else
	fail "in JSON, too" "exit status $t_status" "$tmp/stdout" "$tmp/stderr"
fi

# Tables so far.
tables()
{
	grep -c "^$head\$" "$tmp/tables"
}

two_tables()
{
	[ "$(tables)" -ge 2 ]
}

# A table may come while this test looks away, but no two in a second.
began=$(date +%s)
"$cpumon" >"$tmp/tables" 2>"$tmp/stderr" 9>&- &
monitor=$!
started="$started $monitor"
await two_tables
tables=$(tables)
kill "$monitor"
wait "$monitor"
t_status=$?
took=$(($(date +%s) - began + 1))
if [ "$t_status" -eq 0 ] && [ "$(tables)" -gt "$tables" ] && [ "$(tables)" -le $((took + 1)) ]; then
	pass "a table a second, and one at the end"
else
	fail "a table a second, and one at the end" \
		"exit status $t_status; $tables, then $(tables) in $took seconds" "$tmp/tables" \
		"$tmp/stderr"
fi

# ---- the maps ----

# Of the processes that said their number in $tmp/stdout: how many, and those with an entry as the
# maps were last.
entries()
{
	awk '/^[0-9]/ { mine[$1]; n++ }
	/"map":"threads"/ { threads = $0 }
	/"map":"ended"/ { last = threads $0 }
	END {
		parts = split(last, part, "{")
		for (i = 1; i <= parts; i++)
			if (match(part[i], /"(pid|key)":[0-9]+/) &&
			    substr(part[i], RSTART + 6, RLENGTH - 6) in mine)
				left = left " " part[i]
		print n left
	}' "$tmp/stdout"
}

none_left()
{
	[ "$(entries)" = 57 ]
}

# A process has an entry until it was switched out for the last time, and on a busy machine that is
# later than its parent knows of its end.
# shellcheck disable=SC2016 # the inner shell's
"$BPFLOAD" run -j --interval 100ms "$texts/cpumon.bpfasm" -- sh -c \
	'for i in fork threads exec; do "$0" $i 50 </dev/null; done; exec cat "$1"' \
	"$WORK" "$tmp/hold" >"$tmp/stdout" 2>"$tmp/stderr" 9>&- &
running=$!
await none_left
exec 9>&-
wait "$running"
t_status=$?
exec 9<>"$tmp/hold"
left=$(entries)
if [ "$t_status" -eq 0 ] && [ "$left" = 57 ]; then
	pass "nothing of a process stays in the maps"
else
	fail "nothing of a process stays in the maps" "status $t_status, $left" "$tmp/stderr"
fi
# shellcheck disable=SC2016 # the inner shell's
t_run "$BPFLOAD" run -j -D THREADS=2 "$texts/cpumon.bpfasm" -- "$WORK" threads 20
lost=$(sed -n 's/.*"lost":\([0-9]*\),"lost_ns":\([0-9]*\).*/\1 \2/p' "$tmp/stdout")
case $lost in
[1-9]*' '[1-9]*)	pass "what found no room is counted" ;;
*)	fail "what found no room is counted" "lost: '$lost'" "$tmp/stdout" "$tmp/stderr" ;;
esac

# ---- as it is often written ----

# The number in the entry of a process in a map of t_run; 0: none.
number()	# MAP PID
{
	grep "\"map\":\"$1\"" "$tmp/stdout" | tr '{' '\n' |
		sed -n "s/\"key\":$2,\"value\":\\([0-9]*\\).*/\\1/p" | grep . || echo 0
}

# Of 200 ms: user, kernel, and whether the start of exit(2) is left; and of each thread that says
# its number user and kernel.
faithful()	# KIND
{
	t_run with_tracefs "$BPFLOAD" run -j "$texts/faithful.bpfasm" -- "$WORK" "$1" 200
	f_pid=$(sed -n 's/^\([0-9]*\) .*/\1/p' "$tmp/stdout")
	f_left=$(number syscall_start "$f_pid")
	for f_id in "$f_pid" $(grep '^[0-9]*$' "$tmp/stdout"); do
		echo "$(($(number user_time "$f_id") / 1000000))" \
			"$(($(number kernel_time "$f_id") / 1000000))"
		[ "$f_id" != "$f_pid" ] || echo "$((f_left > 0))"
	done | tr '\n' ' '
}

# It loses a run now and then: one of five must be as it should. cpu is the CPU time of the process,
# and most of it is not stalled, in ms.
faithful_is()	# NAME KIND AWK-CONDITION
{
	for f_try in 1 2 3 4 5; do
		f_got=$(faithful "$2")
		# shellcheck disable=SC2046 # numbers
		set -- "$@" $(awk 'NF == 7 { print $2 / 1e6, $6 / 1e6 }' "$tmp/stdout")
		echo "$f_got" | awk -v cpu="${4:-0}" -v most="${5:-0}" "{ exit !($3) }" && break
		set -- "$1" "$2" "$3"
	done
	if [ $# -gt 3 ]; then
		pass "$1"
	else
		fail "$1" "$f_got, try $f_try" "$tmp/stdout" "$tmp/stderr"
	fi
}

if with_tracefs true 2>/dev/null; then
	# shellcheck disable=SC2016 # awk's
	{
	faithful_is "faithful: sleep is kernel time, and an entry stays" sleep \
		'$1 < 50 && $2 >= 199 && $3'
	faithful_is "faithful: work is user time" spin \
		'$1 > 0.8 * most && $2 < 20 + cpu - 0.9 * most && $3'
	faithful_is "faithful: short calls are both" call '$1 > 0.2 * most && $2 > 0.2 * most &&
		$1 + $2 > 0.9 * most && $1 + $2 < 20 + 1.1 * cpu && $3'
	# a half is each thread's
	faithful_is "faithful: calls of a thread are the kernel time of another" threads \
		'$1 < 20 + cpu - most && $2 > 0.05 * most && $4 > 0.4 * most && $5 == 0 &&
		$6 > 0.4 * most && $7 == 0'
	}
else
	skip "faithful" "cannot mount a tracefs: unshare -m is denied, or the kernel has none"
fi
# ---- how it ends ----

# What a process has loaded: "prog 12" and the like, a line each.
objects()	# PID
{
	sed -n 's/^\(prog\|map\|link\)_id:[^0-9]*\([0-9]*\)$/\1 \2/p' "/proc/$1/fdinfo"/* | sort -u
}

gone()	# FILE: none of its objects is there
{
	while read -r kind id; do
		! bpftool "$kind" show id "$id" >/dev/null 2>&1 || return 1
	done <"$1"
}

ends()	# NAME SIGNAL STATUS
{
	: >"$tmp/json"
	"$cpumon" -j >"$tmp/json" 2>"$tmp/stderr" 9>&- &
	e_pid=$!
	started="$started $e_pid"
	await grep -q time_ns "$tmp/json"
	objects "$e_pid" >"$tmp/objects"
	kill "-$2" "$e_pid"
	wait "$e_pid"
	t_status=$?
	if [ "$t_status" -ne "$3" ]; then
		fail "$1" "exit status $t_status, not $3" "$tmp/stderr"
	elif [ "$(grep -c . "$tmp/objects")" -ne 10 ]; then
		fail "$1" "not 3 programs, 3 links, 4 maps" "$tmp/objects"
	elif await gone "$tmp/objects"; then
		pass "$1"
	else
		fail "$1" "something is still there" "$tmp/objects"
	fi
}

if need bpftool; then
	ends "nothing stays after SIGTERM" TERM 0
	ends "nothing stays after SIGKILL" KILL 137
fi
# shellcheck disable=SC2016 # the inner shell's
{
fails "not enough descriptors" 1 "Too many open files" sh -c 'ulimit -n 8; exec "$0" -j' "$cpumon"
fails "an output that is closed" 1 "cannot write the output: Bad file descriptor" \
	sh -c 'exec "$0" -j >&-' "$cpumon"
fails "an output that nobody reads" 1 "cannot write the output: Broken pipe" \
	sh -c '{ "$0" -j; echo $? >"$1"; } | :; exit "$(cat "$1")"' "$cpumon" "$tmp/status"
fails "an output that is full" 1 "cannot write the output" sh -c '"$0" -j >/dev/full' "$cpumon"
}

# nohup(1)
: >"$tmp/json"
(trap '' HUP; exec "$cpumon" -j >"$tmp/json" 2>"$tmp/stderr" 9>&-) &
monitor=$!
started="$started $monitor"
await grep -q time_ns "$tmp/json"
kill -HUP "$monitor"
samples=$(grep -c time_ns "$tmp/json")
more_samples()
{
	[ "$(grep -c time_ns "$tmp/json")" -gt "$samples" ]
}
await more_samples && kill "$monitor"
wait "$monitor"
t_status=$?
if [ "$t_status" -eq 0 ] && more_samples; then
	pass "who ignores SIGHUP outlives it"
else
	fail "who ignores SIGHUP outlives it" "exit status $t_status" "$tmp/json" "$tmp/stderr"
fi

# ---- the terminal ----

# In a terminal of its own: the monitor, and beside it what happens to it. The terminal's settings
# are those of before when it has ended.
cat >"$tmp/terminal" <<'END'
cd "$1" || exit
trap : INT QUIT HUP
[ "$4" != deaf ] || trap '' HUP
stty -g >before
sh -c 'echo $$ >pid; exec "$0" 2>"$1"' "$2" "$3"
echo $? >status
for i in $(seq 100); do
	stty -g >after 2>/dev/null || break
	cmp -s before after && break
	sleep 0.05
done
END

drawn()	# TEXT: it is on the screen of the terminal
{
	grep -q "$1" "$tmp/screen" 2>/dev/null
}

# Run the monitor in a terminal: its exit status is $tmp/status.
in_terminal()	# ERRORS deaf|hears [COMMAND...]: which may write to the terminal's keyboard
{
	i_how="$1 $2"
	shift 2
	rm -f "$tmp/pid" "$tmp/status" "$tmp/after" "$tmp/screen"
	{
		[ $# -eq 0 ] || { await drawn '%TOT' && "$@"; }
		await test -s "$tmp/status" || hang_up
	} | script -qfec "exec sh $tmp/terminal $tmp $program $i_how" "$tmp/screen" \
		>/dev/null 2>&1 9>&-
}

# The sequences that change how the terminal is, in the order they came: "?25l" and the like, and
# the message that followed, if there was one.
modes()
{
	tr '\033' '\n' <"$tmp/screen" | sed -n 's/^\[\(?[0-9]*[hl]\).*/\1/p'
	tr '\033' '\n' <"$tmp/screen" | sed -n 's/^\[?1049l\(.*: .*\)/\1/p' | tr -d '\r'
}

# Each entry into the screen is undone, and all is said after that.
modes_are()	# [MESSAGE]
{
	modes >"$tmp/modes"
	m_in='?1049h ?25l ?7l' m_out='?7h ?25h ?1049l'
	case $(tr '\n' ' ' <"$tmp/modes") in
	"$1${1:+ }" | "$m_in $m_out ${1:+"$1" }" | "$m_in $m_out $m_in $m_out ${1:+"$1" }") ;;
	*)	return 1 ;;
	esac
}

# What the monitor says is on the terminal, behind the screen that was given back.
terminal()	# NAME STATUS MESSAGE [COMMAND...]
{
	t_name=$1 t_want=$2 t_text=$3
	shift 3
	in_terminal /dev/tty hears "$@"
	if [ "$(cat "$tmp/status")" != "$t_want" ]; then
		fail "$t_name" "exit status $(cat "$tmp/status"), not $t_want" "$tmp/screen"
	elif ! cmp -s "$tmp/before" "$tmp/after"; then
		fail "$t_name" "the terminal is not as it was" "$tmp/before" "$tmp/after"
	elif modes_are "$t_text"; then
		pass "$t_name"
	else
		fail "$t_name" "the screen was not given back, or '$t_text' was not said" \
			"$tmp/modes"
	fi
}

signal()	# SIGNAL
{
	kill "-$1" "$(cat "$tmp/pid")"
}

# The last frame, and as it looks.
raw_frame()
{
	awk 'BEGIN { RS = "\033\\[H" } { last = $0 } END { print last }' "$tmp/screen" | tr -d '\r'
}

frame()
{
	raw_frame | sed 's/\x1b\[[0-9;?]*[a-zA-Z]//g'
}

# Its rows, sorted by a column: the head has the name of that marked.
sorted()	# HEAD FIRST-CHARACTER LAST-CHARACTER [SORT-OPTION...]
{
	s_head=$1 s_chars=$2-$3
	shift 3
	raw_frame | grep -q "$(printf '\033\\[7m *%s *\033\\[27m' "$s_head")" || return 1
	frame | sed 1,3d | grep . | cut -c "$s_chars" >"$tmp/column"
	[ "$(grep -c . "$tmp/column")" -gt 2 ] && LC_ALL=C sort -c "$@" "$tmp/column" 2>"$tmp/order"
}

# The name in the first row.
top_is()	# NAME
{
	[ "$(frame | sed -n '4s/^.\{8\}\([^ ]*\).*/\1/p')" = "$1" ]
}

key()	# TEXT, as printf(1) has it
{
	# shellcheck disable=SC2059 # a format
	printf "$1" >&3
}

# So many lines, none of them wider, and what the first is like.
frame_is()	# LINES COLUMNS REGULAR-EXPRESSION
{
	frame | grep . | awk -v lines="$1" -v columns="$2" -v first="$3" '
		length > columns || (NR == 1 && $0 !~ first) { wrong = 1 }
		END { exit wrong || NR != lines }'
}

# The orders there are, the other way round too.
sort_it()
{
	key p && await sorted PID 1 7 -n || echo p
	key r && await sorted PID 1 7 -rn || echo r
	key r && await sorted PID 1 7 -n || echo "r again"
	key u && await sorted %USR 25 30 -rn || echo u
	key s && await sorted %SYS 32 37 -rn || echo s
	key U && await sorted 'USER(ms)' 46 56 -rn || echo U
	key K && await sorted 'KERN(ms)' 58 68 -rn || echo K
	key T && await sorted 'TOTAL(ms)' 70 80 -rn || echo T
	key t && await sorted %TOT 39 44 -rn || echo t
	key n && await sorted NAME 9 23 || echo n
}

# By names, processes of this test are the first and the last, whatever others do.
scroll_it()
{
	await top_is '!1' || echo "no '!1'"
	for step in '[B !2' '[A !1' '[6~ !3' '[5~ !1' '[F ~2' '[H !1' 'OB !2' 'OA !1'; do
		key "\033${step% *}" && await top_is "${step#* }" || echo "$step"
	done
}

# What has failed is a name in $tmp/failed.
use_it()
{
	{
		others=
		for name in '!1' '!2' '!3' '!4' '~1' '~2' '~3'; do
			"$tmp/$name" sleep 1 <"$tmp/hold" >/dev/null 3>&- 9>&- &
			others="$others $!"
		done
		sort_it
		tty=$(readlink "/proc/$(cat "$tmp/pid")/fd/0")
		stty rows 5 cols 40 <"$tty"
		await frame_is 5 40 '^[0-9]+ processes on' || echo size
		scroll_it
		stty rows 3 cols 20 <"$tty"
		await frame_is 3 20 '^    PID NAME' || echo "small size"
		stty rows 1 cols 3 <"$tty"
		await frame_is 1 3 '^[ 0-9]+$' || echo "smallest size"
		# shellcheck disable=SC2086 # numbers
		kill $others
	} 3>&1 >"$tmp/failed"
	printf 'q'
}

# While it is stopped the terminal is the shell's.
stop_and_go()
{
	signal TSTP
	tty=$(readlink "/proc/$(cat "$tmp/pid")/fd/0")
	await is_stopped
	stty -g <"$tty" >"$tmp/stopped"
	await is_given_back && signal CONT && cmp -s "$tmp/before" "$tmp/stopped" &&
		await again && printf 'q'
}

# What script(1) has written of the screen is a little behind.
is_given_back()
{
	[ "$(modes | tail -n 1)" = '?1049l' ]
}

again()
{
	[ "$(modes | grep -c 1049h)" -eq 2 ]
}

is_stopped()
{
	grep -q '^State:.*T' "/proc/$(cat "$tmp/pid")/status"
}

# The output goes on: the key behind it has a frame.
no_pause()
{
	frames=$(frames)
	printf '\023r'
	await more_frames
	signal TERM
}

frames()
{
	tr '\033' '\n' <"$tmp/screen" | grep -c '^\[H'
}

more_frames()
{
	[ "$(frames)" -gt "$frames" ]
}

# From now on, or once, a system call of the monitor fails.
break_call()	# CALL HOW
{
	strace -qq -o "$tmp/strace" -p "$(cat "$tmp/pid")" -e "trace=$1" \
		-e "inject=$1:error=EIO:$2" </dev/null >/dev/null 2>&1
}

# With a key, for which the next frame comes at once.
break_write()	# HOW
{
	break_call write "$1" &
	await is_traced && printf 'r'
	wait
}

is_traced()
{
	grep -q '^TracerPid:.*[1-9]' "/proc/$(cat "$tmp/pid")/status"
}

# The other end of the terminal closes.
hang_up()
{
	end=$(cat "$tmp/pid")
	while [ -d "/proc/${end:-none}" ] && [ "$(cat "/proc/$end/comm")" != script ]; do
		end=$(sed -n 's/^PPid:[^0-9]*//p' "/proc/$end/status")
	done
	kill -9 "$end"
}

hangs_up()	# NAME deaf|hears
{
	{ in_terminal error "$2" hang_up; } 2>/dev/null	# which tells that script was killed
	if [ "$(cat "$tmp/status")" = 1 ] &&
	   [ "$(cat "$tmp/error")" = "cpumon: the terminal hung up" ]; then
		pass "$1"
	else
		fail "$1" "exit status $(cat "$tmp/status")" "$tmp/error"
	fi
}

plain()	# NAME ENV-ARGUMENT...: it is a table, as in a file
{
	t_name=$1
	shift
	env "$@" script -qec "$cpumon -t 0.2" "$tmp/screen" </dev/null >/dev/null 2>&1 9>&-
	if grep -q "^$head" "$tmp/screen" && ! grep -q "$(printf '\033')" "$tmp/screen"; then
		pass "$t_name"
	else
		fail "$t_name" "there are sequences, or no table" "$tmp/screen"
	fi
}

wrap()	# WORDS: of a shell, before the name of the monitor
{
	printf '#!/bin/sh\n%s %s\n' "$1" "$cpumon" >"$tmp/wrapped"
	chmod +x "$tmp/wrapped"
	program=$tmp/wrapped
}

program=$cpumon
if need script; then
	export TERM=xterm
	for name in '!1' '!2' '!3' '!4' '~1' '~2' '~3'; do
		cp "$WORK" "$tmp/$name"
	done
	hung='cpumon: the terminal hung up'
	terminal "the terminal after q" 0 '' printf q
	terminal "after Ctrl-C" 0 '' printf '\003'
	terminal "after Ctrl-\\" 0 '' printf '\034'
	terminal "after Ctrl-S, and SIGTERM" 0 '' no_pause
	terminal "after SIGTERM" 0 '' signal TERM
	terminal "after SIGHUP" 1 "$hung" signal HUP
	terminal "after SIGKILL" 137 '' signal KILL
	terminal "after a signal that nobody expects" 138 '' signal USR1
	terminal "after keys and other sizes" 0 '' use_it
	if [ -s "$tmp/failed" ]; then
		frame >"$tmp/frame"
		fail "keys and other sizes" "no such frame" "$tmp/failed" "$tmp/frame"
	else
		pass "keys and other sizes"
	fi
	terminal "while it is stopped" 0 '' stop_and_go
	hangs_up "the terminal goes away" hears
	hangs_up "and a signal that is ignored does not say so" deaf
	plain "TERM is not set" -u TERM
	plain "a terminal without a screen" TERM=dumb
	if ! need strace; then
		:
	elif strace -o "$tmp/strace" true 2>/dev/null; then
		terminal "after a map that cannot be read" 1 \
			'cpumon: cannot read the maps: Input/output error' break_call bpf when=1+
		terminal "after a frame that cannot be written" 1 \
			'cpumon: cannot draw: Input/output error' break_write when=1
		terminal "after an end that cannot be written" 1 '' break_write when=1+
	else
		skip "calls that fail" "no process may be traced here"
	fi
	wrap 'exec setsid'
	terminal "where no terminal controls it" 0 '' printf q
	wrap 'ulimit -n 8; exec'
	in_terminal error hears
	if [ "$(cat "$tmp/status")" = 1 ] && cmp -s "$tmp/before" "$tmp/after" &&
	   grep -q 'Too many open files' "$tmp/error" && [ -z "$(modes)" ]; then
		pass "an error before there is a screen"
	else
		fail "an error before there is a screen" "exit status $(cat "$tmp/status")" \
			"$tmp/error" "$tmp/screen"
	fi
fi
plan
