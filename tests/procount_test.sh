#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# procount_test.sh - progs/procount against what a shell is known to execute.
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
# shellcheck source=lib.sh
. "$SRCDIR/tests/lib.sh"
procount=$SRCDIR/progs/procount/procount.bpfasm
cmdline=$SRCDIR/progs/procount/cmdline.bpfasm

# Sum of the counts of the entries with that name in the JSON of t_run; of all without a name.
count()	# [NAME]
{
	tr '{' '\n' <"$tmp/stdout" |
	awk -v want="\"name\":\"${1-}" '
	index($0, "\"name\":") && index($0, want) && match($0, /"count":[0-9]+/) {
		sum += substr($0, RSTART + 8, RLENGTH - 8)
	}
	END { print sum + 0 }'
}

# The status is 0 and the count is what it must be.
counts()	# NAME WANT GOT
{
	if [ "$t_status" -eq 0 ] && [ "$2" = "$3" ]; then
		pass "$1"
	else
		fail "$1" "exit status $t_status; counted $3, not $2" "$tmp/stdout" "$tmp/stderr"
	fi
}

# 20 times the same, or $ROUNDS: one line for all of them.
twenty()	# NAME WANT COUNTED COMMAND...
{
	t_name=$1 t_want=$2 t_counted=$3
	shift 3
	for t_round in $(seq "${ROUNDS:-20}"); do
		t_run "$BPFLOAD" run -j "$procount" -- "$@"
		t_got=$(count "$t_counted")
		if [ "$t_status" -ne 0 ] || [ "$t_got" != "$t_want" ]; then
			fail "$t_name" "run $t_round: status $t_status, $t_got, not $t_want" \
				"$tmp/stdout" "$tmp/stderr"
			return
		fi
	done
	pass "$t_name"
}

ok "procount assembles" "$BPFASM" -f list "$procount"
# names of this run: others may execute /bin/true meanwhile
me=p$$
for name in "${me}t" "${me}l" "${me}r"; do
	cp /bin/true "$tmp/$name"
done
PATH=$tmp:$PATH

t_run "$BPFLOAD" check "$procount"
case $(cat "$tmp/stderr") in
*CAP_* | *"not permitted"*)
	skip "live counts" "$(sed -n 1p "$tmp/stderr")"
	plan ;;
esac
ok "the kernel takes procount" "$BPFLOAD" check "$procount"
# shellcheck disable=SC2016 # the inner shell's
{
twenty "100 processes" 100 "${me}t" sh -c 'for i in $(seq 100); do "$0"; done' "${me}t"
# each side stays on a CPU where that can be asked for
side='for i in $(seq 100); do "$0"; done'
on_0='' on_1=''
if taskset 1 true && taskset 2 true; then
	on_0='taskset 1' on_1='taskset 2'
fi 2>/dev/null
twenty "100 processes from each of two CPUs at once" 200 "$me" sh -c "
	$on_0 sh -c '$side' \"\$0l\" & $on_1 sh -c '$side' \"\$0r\"
	wait" "$me"
# what a shell executes in its own place keeps its process
twenty "5 programs in one process" 5 "${me}t" sh -c '
	(exec sh -c "exec sh -c \"exec sh -c \\\"exec sh -c \\\\\\\"exec $0\\\\\\\"\\\"\"")
	true' "${me}t"
}

# ---- the experiments ----

# shellcheck disable=SC2016 # the inner shell's
{
t_run "$BPFLOAD" run -j -D ENTRIES=100 "$procount" -- sh -c \
	'for i in $(seq 200); do "$0"; done' "${me}t"
entries=$(tr '{' '\n' <"$tmp/stdout" | grep -c '"name":')
counts "a full map keeps 100 processes" 100 "$entries"
lost=$(sed -n 's/.*"full":\([0-9]*\).*/\1/p' "$tmp/stdout")
total=$((lost + $(count)))
counts "and what it lost was counted" 1 "$((lost >= 101 && total >= 201))"

t_run "$BPFLOAD" run -j -D TYPE=BPF_MAP_TYPE_LRU_HASH -D ENTRIES=10 "$procount" -- sh -c \
	'for i in $(seq 50); do "$0"; done' "${me}t"
entries=$(tr '{' '\n' <"$tmp/stdout" | grep -c '"name":')
counts "an LRU map keeps no more than its entries" 1 "$((entries > 0 && entries <= 10))"

t_run "$BPFLOAD" run -j -D TYPE=BPF_MAP_TYPE_PERCPU_HASH "$procount" -- sh -c \
	'for i in $(seq 100); do "$0"; done' "${me}t"
sum=$(tr '{' '\n' <"$tmp/stdout" | awk -v me="$me" -F'"count":' '
	/"sum":/ { take = 1; next }
	take && index($0, "\"name\":\"" me "t\"") { n += $2 + 0 }
	{ take = 0 }
	END { print n + 0 }')
counts "a map a CPU, summed" 100 "$sum"
}

t_run "$BPFLOAD" run -j "$cmdline" -- "${me}t" one 'two three' four
case $(cat "$tmp/stdout") in
*"\"args\":\"${me}t one two three four\""*) got=1 ;;
*) got=0 ;;
esac
counts "cmdline joins the arguments" 1 "$got"
long=$(printf '%0300d' 0)
t_run "$BPFLOAD" run -j "$cmdline" -- "${me}t" "$long"
args=$(sed -n "s/.*\"args\":\"\\(${me}t 0*\\)\".*/\\1/p" "$tmp/stdout")
counts "and cuts them after 255 bytes" 255 "${#args}"
plan
