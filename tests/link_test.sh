#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# link_test.sh - bpfload link beside bpftool link, on the same links
#
# bpftool 7.1 knows less of most types: its keys must stand in ours, in their order and with the
# same values; what it does not know is checked by itself.
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
# shellcheck source=lib.sh
. "$SRCDIR/tests/lib.sh"
# shellcheck source=mounts.sh
. "$SRCDIR/tests/mounts.sh"
cd "$tmp" || exit 1
need bpftool || plan

least()		# NAME SECTION: the least program
{
	printf '.license "GPL"\n.prog %s "%s"\n\tr0 = 0\n\texit\n' "$1" "$2" >"$1.bpfasm"
}

# Make a link and show it: what bpftool says stands in ours, and the further keys are there.
link()		# NAME SECTION FURTHER-JSON [OPTION...]
{
	name=$1 section=$2 further=$3
	shift 3
	least "$name" "$section"
	if ! "$BPFLOAD" load "$name.bpfasm" "$pins/$name" 2>said ||
	   ! "$BPFLOAD" attach "$pins/$name/$name" "$section" --pin "$pins/$name/link" "$@" 2>said
	then
		skip "$section" "$(sed -n 's/.*error: //p;q' said)"
		return
	fi
	bpftool -j link show pinned "$pins/$name/link" | tr -d '{}' | tr ',' '\n' |
		sed '/^"type":[0-9]*$/d' >theirs	# a type that it does not know
	if ! "$BPFLOAD" -j link show pinned "$pins/$name/link" >mine 2>said; then
		fail "$section" "it fails" said
		return
	fi
	tr -d '{}' <mine | tr ',' '\n' | grep -xFf theirs >both
	if ! same theirs both || ! grep -q "$further" mine; then
		fail "$section" "not as bpftool says, or without $further" theirs mine
		return
	fi
	pass "$section"
}

link raw raw_tp/sched_process_exec '"tp_name":"sched_process_exec"'
link iter iter/task '"target_name":"task"}$'
link sample perf_event '"event_type":.*,"event_config":.*,"cookie":9}$' --cookie 9
link fentry fentry/do_exit '"prog_type":"tracing","attach_type":"trace_fentry","target_obj_id":1,'
link kprobe kprobe/do_exit '"retprobe":false,"addr":[0-9]*,"func":"do_exit","offset":0,'
link multi kprobe.multi/do_exit '"func_cnt":1,"missed":0,"funcs":\[{"addr":.*,"func":"do_exit",'
if [ -d /sys/kernel/tracing/events/sched ]; then
	link tp tp/sched/sched_process_exec '"tracepoint":"sched_process_exec","cookie":5}$' \
		--cookie 5
else
	skip "a tracepoint" "no tracefs can be mounted"
fi
libc=$(ldd /bin/true | sed -n 's/.*=> \(.*libc[^ ]*\) .*/\1/p')
link uprobe "uprobe/$libc:getenv" "\"retprobe\":false,\"file\":\"$libc\",\"offset\":[0-9]*,"
link uprobes "uretprobe.multi/$libc:getenv,setenv" \
	"\"retprobe\":true,\"path\":\"/[^\"]*libc[^\"]*\",\"func_cnt\":2,\"pid\":0,\
\"funcs\":\[{\"offset\":[0-9]*,\"ref_ctr_offset\":0,\"cookie\":3},{.*\"cookie\":3}\]}$" --cookie 3

for form in -j -p; do
	bpftool $form link show pinned $pins/iter/link >theirs
	"$BPFLOAD" $form link show pinned $pins/iter/link >mine
	ok "an iterator, byte for byte, $form" cmp theirs mine
	bpftool $form -f link show pinned $pins/iter/link >theirs
	"$BPFLOAD" $form -f link show pinned $pins/iter/link >mine
	ok "with its pin" cmp theirs mine
done
id=$(bpftool link show pinned $pins/raw/link | sed -n '1s/:.*//p')
t_run "$BPFLOAD" link
if grep -q "^$id: raw_tracepoint  prog [0-9]*\$" stdout &&
   grep -q '^	tp_name sched_pro' stdout; then
	pass "all of them as text"
else
	fail "all of them as text" "not one of them" stdout stderr
fi
"$BPFLOAD" -j link list | tr '{' '\n' >mine
ok "all of them as JSON" grep -q "^\"id\":$id,\"type\":\"raw_tracepoint\"," mine

ok "pin" "$BPFLOAD" link pin id "$id" $pins/again
check_out "is the same link" "$id" sh -c \
	"bpftool link show pinned $pins/again | sed -n '1s/:.*//p'"
fails "detach of what ends by itself" 1 "link $id is pinned at $pins/raw/link" \
	"$BPFLOAD" link detach id "$id"
fails "update of what keeps its program" 1 "links of this type keep their program" \
	"$BPFLOAD" link update id "$id" pinned $pins/raw/raw
fails "update without a program" 2 "'link update' needs an id, a name or a path" \
	"$BPFLOAD" link update id "$id"
fails "no such link" 1 "link 4000000000: there is none" "$BPFLOAD" link show id 4000000000
fails "no such command" 2 "'link': unknown word 'shw'; did you mean 'show'?" "$BPFLOAD" link shw
fails "a name" 1 "links have no names, but ids and paths" "$BPFLOAD" link show name x
plan
