#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# attach_test.sh - bpfload attach and detach: programs that another process loaded and pinned
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
# shellcheck source=lib.sh
. "$SRCDIR/tests/lib.sh"
# shellcheck source=mounts.sh
. "$SRCDIR/tests/mounts.sh"
cd "$tmp" || exit 1

# A count of programs started in all and by CPU, and what the cookie was.
body='.stack u32 key
	call get_attach_cookie
	r7 = r0
	*(u32 *)(r10 + key) = 0
	map_lookup counts, &key
	if r0 == 0 goto out
	r1 = 1
	lock *(u64 *)(r0 + 0) += r1
	*(u64 *)(r0 + 8) = r7
	map_lookup bycpu, &key
	if r0 == 0 goto out
	r1 = *(u64 *)(r0 + 0)
	r1 += 1
	*(u64 *)(r0 + 0) = r1
out:	r0 = 0
	exit'
maps='.license "GPL"
.struct seen { u64 count; u64 cookie; }
.map counts type array key u32 value seen entries 1
.map bycpu type percpu_array key u32 value u64 entries 1'
printf '%s\n' "$maps" '.prog on_exec "tp/sched/sched_process_exec"' "$body" >tp.bpfasm
raw=raw_$(t_random)
printf '%s\n' "$maps" ".prog $raw"' "raw_tp/sched_process_exec"' "$body" >raw.bpfasm
printf '%s\n' "$maps" '.prog sample "perf_event"' "$body" >sample.bpfasm
printf '.license "GPL"\n.prog tasks "iter/task"\n\tr0 = 0\n\texit\n' >iter.bpfasm

# Sums of a pinned map, read by a process that has nothing but the path.
count()		# PATH
{
	bpftool -j map dump pinned "$1" | grep -o '"value":\["0x..",*[^]]*\]' |
		sed 's/.*\["0x\(..\)","0x\(..\)".*/0x\2\1/' |
		while read -r number; do echo $((number)); done |
		awk '{ n += $1 } END { print n + 0 }'
}

# Start programs; the map has counted at least as many more, or none.
counts()	# NAME YES|NO PATH
{
	before=$(count "$3")
	for i in 1 2 3 4 5; do
		/bin/true $i
	done
	after=$(count "$3")
	case $2 in
	yes)	[ "$after" -ge $((before + 5)) ] ;;
	no)	[ "$after" -eq "$before" ] ;;
	esac && pass "$1" && return
	fail "$1" "before 5 programs were started $before, then $after"
}

cookie()	# PATH
{
	bpftool -j map dump pinned "$1" | sed 's/.*"value":\[\(\("0x..",\)\{8\}\)"0x\(..\)".*/\3/'
}

need bpftool || plan
for file in tp raw sample; do
	t_run "$BPFLOAD" load $file.bpfasm $pins/$file
	[ $t_status -eq 0 ] && continue
	skip "$file" "it does not load: $(sed -n 's/.*error: //p;q' stderr)"
	plan
done

# ---- pinned: it outlives the process ----

if [ -d /sys/kernel/tracing/events/sched ]; then
	ok "a pinned program to a tracepoint" "$BPFLOAD" attach $pins/tp/on_exec \
		tracepoint/sched/sched_process_exec --pin $pins/tp/link
	counts "events go on when the process is gone" yes $pins/tp/counts
	counts "in a map by CPU, too" yes $pins/tp/bycpu
	fails "once more" 1 "File exists: this program is attached there already" \
		"$BPFLOAD" attach $pins/tp/on_exec tp/sched/sched_process_exec
	fails "where a pin is" 1 "BPF_OBJ_PIN $pins/tp/link: File exists" \
		"$BPFLOAD" attach $pins/tp/on_exec tp/sched/sched_process_fork --pin $pins/tp/link
	id=$(bpftool link show pinned $pins/tp/link | sed -n '1s/:.*//p')
	fails "detach by the id of what is pinned" 1 "link $id is pinned at $pins/tp/link" \
		"$BPFLOAD" detach "$id"
	counts "which is no end" yes $pins/tp/counts
	ok "detach by the path" "$BPFLOAD" detach $pins/tp/link
	counts "no more events" no $pins/tp/counts
	fails "the pin is gone" 1 "link $pins/tp/link: there is none" \
		"$BPFLOAD" detach $pins/tp/link
	"$BPFLOAD" attach $pins/tp/on_exec tp/sched/sched_process_exec --pin $pins/tp/link \
		--cookie 0x2a
	counts "with a cookie" yes $pins/tp/counts
	check_out "which the program sees" 2a cookie $pins/tp/counts

	bpftool link pin pinned $pins/tp/link $pins/tp/other
	fails "pinned twice" 1 "is pinned at $pins/tp/other" "$BPFLOAD" detach $pins/tp/link
	ok "the other pin" "$BPFLOAD" detach $pins/tp/other
	counts "ends it" no $pins/tp/counts
	fails "a name that is near one" 1 "did you mean 'sched_process_exec'?" \
		"$BPFLOAD" attach $pins/tp/on_exec tp/sched/sched_process_exe
else
	skip "tracepoints" "no tracefs can be mounted"
fi

ok "by the name of the program" "$BPFLOAD" attach name "$raw" raw_tp/sched_process_exec \
	--pin $pins/raw/link
counts "a raw tracepoint" yes $pins/raw/counts
ok "detach" "$BPFLOAD" detach pinned $pins/raw/link
counts "ends it" no $pins/raw/counts
t_run "$BPFLOAD" attach "$pins/raw/$raw" raw_tp/sched_process_exec --pin $pins/raw/link \
	--cookie 17
if [ $t_status -eq 0 ]; then
	counts "a raw tracepoint with a cookie" yes $pins/raw/counts
	check_out "its cookie" 11 cookie $pins/raw/counts
	"$BPFLOAD" detach $pins/raw/link
else
	fails "a cookie on an old kernel" 1 "a cookie takes Linux 6.10 here" "$BPFLOAD" attach \
		"$pins/raw/$raw" raw_tp/sched_process_exec --cookie 17
fi

# A link a CPU: the first at the path, the others beside it; detach ends all.
ok "a link a CPU" "$BPFLOAD" attach $pins/sample/sample perf_event --pin $pins/sample/link
links=$(find $pins/sample -name 'link*' | wc -l)
cpus=$(grep -c '^processor' /proc/cpuinfo)
check_out "as many as there are" "$cpus" echo "$links"
ok "detach of all" "$BPFLOAD" detach $pins/sample/link
check_out "nothing is left" "" find $pins/sample -name 'link*'

# ---- held: it ends with the process ----

: >said
"$BPFLOAD" attach "$pins/raw/$raw" raw_tp/sched_process_exec 2>said &
held=$!
for i in 1 2 3 4 5 6 7 8 9; do
	grep -q 'until Ctrl-C' said && break
	sleep 0.1
done
counts "attached while the process lives" yes $pins/raw/counts
prog=$(bpftool prog show pinned "$pins/raw/$raw" | sed -n '1s/:.*//p')
id=$(bpftool link show | sed -n "s/^\([0-9]*\): raw_tracepoint  prog $prog\b.*/\1/p")
fails "a link that a process holds" 1 "process $held (" "$BPFLOAD" detach "$id"
kill -s INT $held
wait $held
check_out "SIGINT is a good end" 0 echo $?
counts "of the attachment, too" no $pins/raw/counts
if grep -q "$raw is attached to raw_tp/sched_process_exec, until Ctrl-C: --pin" said; then
	pass "it says that it waits"
else
	fail "it says that it waits" "it does not" said
fi
ok "for a time" "$BPFLOAD" attach "$pins/raw/$raw" raw_tp/sched_process_exec --duration 50ms
fails "while a command runs" 7 "is attached to raw_tp/" "$BPFLOAD" attach "$pins/raw/$raw" \
	raw_tp/sched_process_exec -- sh -c 'exit 7'
if "$BPFLOAD" load iter.bpfasm $pins/iter 2>/dev/null; then
	ok "an iterator is run" "$BPFLOAD" attach $pins/iter/tasks iter/task
	fails "an iterator of another kind" 1 "program tasks was loaded for another target" \
		"$BPFLOAD" attach $pins/iter/tasks iter/bpf_map
	fails "with a cookie" 1 "programs of this section have no cookie" \
		"$BPFLOAD" attach $pins/iter/tasks iter/task --cookie 1
else
	skip "an iterator" "the kernel takes none"
fi

# ---- what is wrong ----

p=$pins/raw/$raw
fails "another type" 1 "program $raw is of type raw_tracepoint: section 'xdp' is for" \
	"$BPFLOAD" attach "$p" xdp
fails "a section that is none" 1 "'kprob/x' is no section name, such as tracepoint/CATEGORY/NAME;\
 did you mean 'kprobe'?" "$BPFLOAD" attach "$p" kprob/x
fails "half a section" 1 "section 'raw_tp' does not say where to attach: raw_tp/... does" \
	"$BPFLOAD" attach "$p" raw_tp
fails "no tracepoint" 1 "this kernel has no tracepoint 'sched_process_exe'" \
	"$BPFLOAD" attach "$p" raw_tp/sched_process_exe
fails "no section" 2 "'attach' needs a section name" "$BPFLOAD" attach "$p"
fails "no program" 2 "'attach' needs an id, a name or a path" "$BPFLOAD" attach
fails "a word too many" 2 "'x' is one word too many for 'attach'" \
	"$BPFLOAD" attach "$p" raw_tp/sched_process_exec x
fails "a program that is none" 1 "prog $pins/none: there is none" \
	"$BPFLOAD" attach $pins/none raw_tp/x
fails "a map" 1 "'$pins/raw/counts' is a map, not a prog" \
	"$BPFLOAD" attach $pins/raw/counts raw_tp/x
fails "a cookie that is none" 2 "option '--cookie': '0' is not a number above 0" \
	"$BPFLOAD" attach "$p" raw_tp/x --cookie 0
fails "a pin elsewhere" 1 "is not on a bpffs" \
	"$BPFLOAD" attach "$p" raw_tp/sched_process_exec --pin "$tmp/link"
fails "a pin with a dot" 1 "a bpffs takes no '.' in a name" \
	"$BPFLOAD" attach "$p" raw_tp/sched_process_exec --pin $pins/raw/a.b
fails "detach of nothing" 2 "'detach' needs an id or a path" "$BPFLOAD" detach
fails "detach of a program" 1 "'$p' is a prog, not a link" "$BPFLOAD" detach "$p"
fails "detach by a name" 1 "'$raw': links have no names, but ids and paths" \
	"$BPFLOAD" detach "$raw"
check_out "nothing is left" "" find $pins -name 'link*'
plan
