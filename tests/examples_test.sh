#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# examples_test.sh - the texts in progs/examples, over commands whose doings are known.
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
# shellcheck source=lib.sh
. "$SRCDIR/tests/lib.sh"
cd "$SRCDIR/progs/examples" || exit 1

t_run "$BPFLOAD" check events.bpfasm
case $(cat "$tmp/stderr") in
*CAP_* | *"not permitted"*)
	skip "live" "$(sed -n 1p "$tmp/stderr")"
	plan ;;
esac

# Run a text over a command. The output has the pattern (grep's) so many times.
sees()	# NAME TIMES PATTERN FILE COMMAND...
{
	s_name=$1 s_times=$2 s_pattern=$3 s_file=$4
	shift 4
	ok "the verifier takes $s_file" "$BPFLOAD" check "$s_file"
	t_run "$BPFLOAD" run -j "$s_file" -- "$@"
	s_got=$(grep -c "$s_pattern" "$tmp/stdout")
	if grep -q "built without CONFIG_KPROBES" "$tmp/stderr"; then
		skip "$s_name" "this kernel has no kprobes"
	elif grep -q "ftrace keeps the entry of functions for itself" "$tmp/stderr"; then
		skip "$s_name" "return probes are refused on this CPU"
	elif [ "$t_status" -eq 0 ] && [ "$s_got" -eq "$s_times" ]; then
		pass "$s_name"
	else
		fail "$s_name" "status $t_status, $s_got times '$s_pattern'" "$tmp/stdout" \
			"$tmp/stderr"
	fi
}

me=e$$
cp /bin/true "$tmp/$me"
echo text >"$tmp/$me.txt"
PATH=$tmp:$PATH

# The parent is the shell, which says its number.
# shellcheck disable=SC2016 # the inner shell's
{
t_run "$BPFLOAD" run -j events.bpfasm -- sh -c 'for i in 1 2 3; do "$0"; done; echo "pid $$"' "$me"
pid=$(sed -n 's/^pid //p' "$tmp/stdout")
sh='"name":"sh"}'
n=$(grep -c "\"parent\":{\"pid\":$pid,$sh,\"child\":{\"pid\":[0-9]*,$sh,\"flags\":\[1,0\]" \
	"$tmp/stdout")
}
if [ "$t_status" -eq 0 ] && [ "$n" -eq 3 ]; then
	pass "new processes and their parent"
else
	fail "new processes and their parent" "$n of 3 by $pid" "$tmp/stdout" "$tmp/stderr"
fi
sees "the path of a file that is opened" 1 "\"dir\":-100,.*\"path\":\"$tmp/$me.txt\"" \
	openat.bpfasm cat "$tmp/$me.txt"
size=$((12345 + $$ % 10000))	# this run's
sees "what is asked of a read, and what comes" 2 "\"wanted\":$size,\"got\":$size}" \
	cpus.bpfasm dd if=/dev/zero of=/dev/null bs=$size count=2
sees "the calls of a process" 1 '"name":"cat"},"value":{"calls":[1-9]' multi.bpfasm \
	cat "$tmp/$me.txt"
plan
