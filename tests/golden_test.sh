#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# golden_test.sh - texts and what bpfasm makes of them, in tests/golden:
#
#	NAME.bpfasm	the text, for x86_64; `# args: OPTIONS` in line 1 or 2 adds options
#	NAME.hex	what `bpfasm -f hex` prints, with exit status 0
#	NAME.warn	and what it says on standard error then; no file: nothing
#	NAME.err	instead of NAME.hex: it prints nothing, says this, and exits with 1
#
# usage: golden_test.sh --update NAME...	write down what it does now, for these cases only
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
# shellcheck source=lib.sh
. "$SRCDIR/tests/lib.sh"
cd "$SRCDIR/tests/golden" || exit 1

# Like t_run of lib.sh, on the case NAME.
assemble()
{
	args=
	{ read -r first; read -r second; } <"$1.bpfasm"
	case $first in
	'# args: '*)	args=${first#\# args: } ;;
	esac
	case $second in
	'# args: '*)	args=${second#\# args: } ;;
	esac
	# shellcheck disable=SC2086 # args is a list of words
	t_run "$BPFASM" -f hex -a x86_64 $args "$1.bpfasm" </dev/null
}

# As same of lib.sh, which is a process: not for what is empty on both sides.
alike()	# FILE FILE
{
	if [ ! -s "$1" ]; then
		[ ! -s "$2" ]
	else
		same "$1" "$2"
	fi
}

# Status, output file and diagnostics file that NAME is to have; an empty one stands for no file.
expect()
{
	: >"$tmp/empty"
	want_out=$tmp/empty want_err=$tmp/empty want_status=0
	if [ -f "$1.err" ]; then
		want_status=1 want_err=$1.err
	else
		want_out=$1.hex
		[ ! -f "$1.warn" ] || want_err=$1.warn
	fi
}

check()
{
	if [ -f "$1.err" ] && { [ -f "$1.hex" ] || [ -f "$1.warn" ]; }; then
		fail "$1" "has both $1.err and $1.hex or $1.warn"
		return
	elif [ ! -f "$1.err" ] && [ ! -f "$1.hex" ]; then
		fail "$1" "has neither $1.hex nor $1.err"
		return
	fi
	expect "$1"
	assemble "$1"
	if [ "$t_status" -ne "$want_status" ]; then
		fail "$1" "exit status $t_status, expected $want_status" "$tmp/stdout" "$tmp/stderr"
	elif ! alike "$want_out" "$tmp/stdout"; then
		fail "$1" "the bytes differ" "$want_out" "$tmp/stdout" "$tmp/stderr"
	elif ! alike "$want_err" "$tmp/stderr"; then
		fail "$1" "the diagnostics differ" "$want_err" "$tmp/stderr"
	else
		pass "$1"
	fi
}

update()
{
	[ -f "$1.bpfasm" ] || { echo "$1.bpfasm: no such case" >&2; return 1; }
	assemble "$1"
	if [ "$t_status" -eq 0 ]; then
		rm -f "$1.err" "$1.warn"
		cp "$tmp/stdout" "$1.hex"
		[ ! -s "$tmp/stderr" ] || cp "$tmp/stderr" "$1.warn"
	elif [ "$t_status" -eq 1 ] && [ ! -s "$tmp/stdout" ] && [ -s "$tmp/stderr" ]; then
		rm -f "$1.hex" "$1.warn"
		cp "$tmp/stderr" "$1.err"
	else
		echo "$1: exit status $t_status: nothing to write down" >&2
		return 1
	fi
}

if [ "${1:-}" = --update ]; then
	shift
	[ $# -gt 0 ] || { echo "usage: $0 --update NAME..." >&2; exit 2; }
	for name; do
		update "${name%.bpfasm}" || exit 1
	done
	exit 0
fi

for file in *.bpfasm; do
	check "${file%.bpfasm}"
done
for file in *.hex *.err *.warn; do
	[ ! -f "$file" ] || [ -f "${file%.*}.bpfasm" ] || fail "$file" "has no ${file%.*}.bpfasm"
done
plan
