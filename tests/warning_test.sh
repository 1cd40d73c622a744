#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# warning_test.sh - names of warnings on the command line, and the paths of large functions
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
# shellcheck source=lib.sh
. "$SRCDIR/tests/lib.sh"
cd "$tmp" || exit 1
golden=$SRCDIR/tests/golden

# ---- options ----

printf '\tr0 = 0\nidle:\texit\n' >label.bpfasm
ok "a warning is no error" "$BPFASM" -o label.hex label.bpfasm
fails "-Werror" 1 "error: nothing jumps to 'idle' [-Werror=unused-label]" \
	"$BPFASM" -Werror -o none.hex label.bpfasm
if [ -s label.hex ] && [ ! -e none.hex ]; then
	pass "-Werror leaves no file"
else
	fail "-Werror leaves no file" "or there was none without it"
fi
ok "-Werror of what is not warned of" "$BPFASM" -Werror -Wno-unused-label label.bpfasm
fails "a misspelt name" 2 "unknown warning 'unused-lable'; did you mean 'unused-label'?" \
	"$BPFASM" -Wno-unused-lable label.bpfasm
fails "a name like no other" 2 "bpfasm: error: unknown warning 'x'; 'bpfasm --help' lists them" \
	"$BPFASM" -Wno-x label.bpfasm
fails "a word that is none" 2 \
	"bpfasm: error: unknown option '-Wall': there are -Werror and -Wno-NAME" \
	"$BPFASM" -Wall label.bpfasm

# each name is in the usage and the manual page, and turns its warning off
"$BPFASM" --help >help
sed -n 's/^WARNING([A-Z_]*,[^"]*"\([a-z-]*\)".*/\1/p' "$SRCDIR/asm/tables/warning.def" >names
while read -r name; do
	text=$(grep -l "\[-W$name\]" "$golden"/*.warn | head -n 1)
	text=${text%.warn}.bpfasm
	args=$(sed -n '1,2s/^# args: *//p' "$text")
	# shellcheck disable=SC2086 # args is a list of words
	t_run "$BPFASM" $args "-Wno-$name" "$text"
	if ! grep -q "^      $name  *[a-z]" help; then
		fail "$name" "not in the usage"
	elif ! grep -q "^\.It Cm $name$" "$SRCDIR/docs/bpfasm.1"; then
		fail "$name" "not in bpfasm.1"
	elif [ "$t_status" -ne 0 ] || grep -q "\[-W$name\]" "$tmp/stderr"; then
		fail "$name" "-Wno-$name: status $t_status" "$tmp/stderr"
	else
		pass "$name"
	fi
done <names

# ---- paths ----

# Assemble a program of n steps.
steps()	# SHAPE N
{
	awk -v n="$2" -v shape="$1" 'BEGIN {
		print ".map h type hash key u32 value u64 entries 1"
		print ".prog p \"raw_tp/sched_process_exit\"\n\tr6 = r1"
		for (i = 0; i < n; i++) {
			# back edges, each of which takes something away from all before it
			if (shape == "back")
				print "L" i ":\tmay_goto L" (i ? i - 1 : 0) "\n\tr" i % 6 " = 1"
			# forward edges that cross
			if (shape == "cross")
				print "L" i ":\tmay_goto L" (i + 7 < n ? i + 7 : n - 1)
			# results that nobody compares, carried to the end
			if (shape == "lookup")
				print "\tr1 = h ll\n\tcall map_lookup_elem\n" \
					"\tr" 6 + i % 4 " = r0\n" \
					"L" i ":\tmay_goto L" (i > 9 ? i - 9 : 0)
		}
		print "\tr0 = 0\n\texit"
	}' >steps.bpfasm
	timeout 60 "$BPFASM" -Wno-unused-label -f raw -o steps.raw steps.bpfasm \
		2>steps.err || return
	[ "$(wc -c <steps.raw)" -ge $(($2 * 8)) ]
}

for shape in back cross lookup; do
	start=$(date +%s%N)
	steps $shape 10000 || fail "$shape" "10000 steps" steps.err
	middle=$(date +%s%N)
	steps $shape 80000 || fail "$shape" "80000 steps" steps.err
	end=$(date +%s%N)
	# eight times the work: a square would take 64 times as long
	if [ $((end - middle)) -lt $(((middle - start) * 32 + 200000000)) ]; then
		pass "$shape: linear"
	else
		fail "$shape: linear" "$((middle - start)) ns, then $((end - middle)) ns"
	fi
done

# Any slots at all, instructions and not: neither a crash nor an error.
awk 'BEGIN {
	seed = 7
	n = split("05 06 07 0d 15 18 1d 61 62 63 72 7b 85 87 8d 95 a5 b4 b7 bc bf c3 d4 db dc e5" \
		  " 00 ff", code, " ")
	for (i = 0; i < 3000; i++) {
		print ".prog p" i " \"raw_tp/sched_process_exit\""
		for (k = 0; k < 12; k++) {
			seed = seed * 16807 % 2147483647
			if (seed % 4 == 0)
				off = "ff" (seed % 2 ? "fc" : "ff")
			else
				off = "000" int(seed / 64) % 8
			printf "\t.8byte 0x%08x%s%x%x%s\n", int(seed / 8192) % 14, off,
				int(seed / 1024) % 12, int(seed / 128) % 12,
				code[int(seed / 32) % (n - (seed % 8 ? 2 : 0)) + 1]
		}
	}
}' >slots.bpfasm
ok "slots of any kind" timeout 60 "$BPFASM" -f list -o /dev/null slots.bpfasm
if grep -q "more warnings not shown" "$tmp/stderr"; then
	pass "and some of them are warned of"
else
	fail "and some of them are warned of" "none" "$tmp/stderr"
fi
plan
