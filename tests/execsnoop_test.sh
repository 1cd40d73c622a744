#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# execsnoop_test.sh - progs/execsnoop against what a shell is told to execute.
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
# shellcheck source=lib.sh
. "$SRCDIR/tests/lib.sh"
execsnoop=$SRCDIR/progs/execsnoop/execsnoop.bpfasm

t_run "$BPFLOAD" check "$execsnoop"
case $(cat "$tmp/stderr") in
*CAP_* | *"not permitted"*)
	skip "live" "$(sed -n 1p "$tmp/stderr")"
	plan ;;
esac
ok "the kernel takes execsnoop" "$BPFLOAD" check "$execsnoop"

# names of this run: others may execute /bin/true meanwhile
me=x$$
cp /bin/true "$tmp/$me"
PATH=$tmp:$PATH

# The arguments in the records of that name, a line each, as JSON; parents are the shell.
args()
{
	grep "\"name\":\"$me\"" "$tmp/stdout" | sed 's/.*"args":\(\[.*\]\)}}$/\1/'
}

# The status is 0 and the arguments are these, in that order.
argues()	# NAME: of the run of t_run, against $tmp/want
{
	args >"$tmp/got"
	if [ "$t_status" -eq 0 ] && cmp -s "$tmp/want" "$tmp/got"; then
		pass "$1"
	else
		fail "$1" "exit status $t_status" "$tmp/want" "$tmp/got" "$tmp/stderr"
	fi
}

# shellcheck disable=SC2016 # the inner shell's
{
for i in $(seq 50); do
	echo "[\"$me\",\"$i\",\"a b\",\"\",\"it's\"]"
done >"$tmp/want"
t_run "$BPFLOAD" run -j "$execsnoop" -- sh -c \
	'for i in $(seq 50); do "$0" "$i" "a b" "" "it'\''s"; done' "$me"
argues "50 programs, each with its arguments"
pid=$(sed -n 's/.*"pid":\([0-9]*\).*"args":\["sh","-c".*/\1/p' "$tmp/stdout" | head -n 1)
n=$(grep "\"name\":\"$me\"" "$tmp/stdout" | grep -c "\"ppid\":$pid,\"uid\":$(id -u),")
if [ "$n" -eq 50 ]; then
	pass "their parent is the shell"
else
	fail "their parent is the shell" "of $n is it $pid" "$tmp/stdout"
fi

# from both CPUs at once: a record holds what belongs together
for side in l r; do
	for i in $(seq 50); do
		echo "[\"$me\",\"$side$i\"]"
	done
done >"$tmp/want"
# A kernel that preempts programs passes over one that comes while the same is under way on its CPU;
# or the program does, which finds its place taken.
# shellcheck disable=SC2016 # the inner shell's
t_run "$BPFLOAD" run -j "$execsnoop" -- sh -c \
	'(for i in $(seq 50); do "$0" l$i; done) & (for i in $(seq 50); do "$0" r$i; done); wait' \
	"$me"
args | sort >"$tmp/sorted"
uniq "$tmp/sorted" >"$tmp/once"
lost=$(sed -n 's/.*"records":\([0-9]*\).*/\1/p' "$tmp/stdout")
missed=$((lost + $(missed)))
echo "# missed $missed"
if [ "$t_status" -eq 0 ] && ! grep -qvxFf "$tmp/want" "$tmp/sorted" &&
   [ $(($(wc -l <"$tmp/once") + missed)) -ge 100 ]; then
	pass "100 programs from two sides"
else
	fail "100 programs from two sides" "status $t_status, missed $missed" "$tmp/sorted" \
		"$tmp/stderr"
fi
}

# 4096 bytes are kept: the name with its NUL, then what is left of the argument
long=$(printf '%05000d' 0)
t_run "$BPFLOAD" run -j "$execsnoop" -- "$me" "$long"
echo "[\"$me\",\"$(printf '%0*d' $((4096 - ${#me} - 1)) 0)\"]" >"$tmp/want"
argues "arguments are cut"
t_run "$BPFLOAD" run "$execsnoop" -- "$me" "$long"
if grep -q "$me 00*\.\.\.\$" "$tmp/stdout"; then
	pass "which the text shows"
else
	fail "which the text shows" "no '...' at the end" "$tmp/stdout"
fi
t_run "$BPFLOAD" run "$execsnoop" -- "$me" -l 'my file'
if grep -q " $me *$me -l 'my file'\$" "$tmp/stdout" && grep -q '^TIME .* ARGS$' "$tmp/stdout"; then
	pass "text quotes what has blanks"
else
	fail "text quotes what has blanks" "no such line" "$tmp/stdout"
fi
plan
