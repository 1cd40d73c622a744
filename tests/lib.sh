# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# lib.sh - TAP for test scripts. A script starts and ends so:
#
#	: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
#	. "$SRCDIR/tests/lib.sh"
#	...
#	plan
#
# It finds the programs in $BPFASM and $BPFLOAD and may leave files in $tmp, which goes when it
# ends.

: "${BPFASM:=$SRCDIR/bpfasm}" "${BPFLOAD:=$SRCDIR/bpfload}"
export SRCDIR BPFASM BPFLOAD
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
t_points=0 t_failed=0

pass()	# NAME
{
	t_points=$((t_points + 1))
	echo "ok $t_points - $1"
}

fail()	# NAME REASON [FILE...]: the files are shown
{
	t_points=$((t_points + 1)) t_failed=1
	echo "not ok $t_points - $1"
	echo "#   $2"
	shift 2
	for t_file; do
		echo "#   ${t_file##*/}:"
		sed -n '1,40s/^/#     /p' "$t_file"
	done
}

skip()	# NAME REASON
{
	t_points=$((t_points + 1))
	echo "ok $t_points - $1 # SKIP $2"
}

# True when the program is there. If not, that is a skipped test, or with REQUIRE_ORACLES=1 (where
# everything should be installed) a failed one:	need bpf-as || plan
need()	# PROGRAM
{
	command -v "$1" >/dev/null && return
	if [ "${REQUIRE_ORACLES:-}" = 1 ]; then
		fail "$1" "not installed, and REQUIRE_ORACLES is set"
	else
		skip "$1" "not installed"
	fi
	return 1
}

# The same of a clang that compiles for BPF; without, the script ends.
need_clang()
{
	need clang || plan
	if ! echo 'int x;' | clang -target bpf -x c -c -o /dev/null - 2>"$tmp/stderr"; then
		skip clang "no BPF target: $(head -n 1 "$tmp/stderr")"
		plan
	fi
}

# The last command of a script, or an early end.
plan()
{
	echo "1..$t_points"
	exit "$t_failed"
}

# Eight hexadecimal digits, in names that no other test has, nor the same one when it runs twice
# at a time.
t_random()
{
	od -An -N4 -tx4 /dev/urandom | tr -d ' '
}

# Run a command: $t_status, and its output in $tmp/stdout and $tmp/stderr.
t_run()
{
	"$@" >"$tmp/stdout" 2>"$tmp/stderr"
	t_status=$?
}

# The command succeeds.
ok()	# NAME COMMAND...
{
	t_name=$1
	shift
	t_run "$@"
	if [ $t_status -eq 0 ]; then
		pass "$t_name"
	else
		fail "$t_name" "exit status $t_status: $*" "$tmp/stdout" "$tmp/stderr"
	fi
}

# The command fails with that exit status, and its standard error has the text in it.
fails()	# NAME STATUS TEXT COMMAND...
{
	t_name=$1 t_want=$2 t_text=$3
	shift 3
	t_run "$@"
	case $(cat "$tmp/stderr") in
	*"$t_text"*) t_has=1 ;;
	*) t_has= ;;
	esac
	if [ $t_status -eq "$t_want" ] && [ -n "$t_has" ]; then
		pass "$t_name"
	else
		fail "$t_name" "exit status $t_status, expected $t_want and \"$t_text\": $*" \
			"$tmp/stdout" "$tmp/stderr"
	fi
}

# The command succeeds and prints just that text (newlines at the end do not count).
check_out()	# NAME TEXT COMMAND...
{
	t_name=$1
	printf '%s\n' "$2" >"$tmp/expected"
	shift 2
	t_run "$@"
	if [ $t_status -eq 0 ] && [ "$(cat "$tmp/stdout")" = "$(cat "$tmp/expected")" ]; then
		pass "$t_name"
	else
		fail "$t_name" "exit status $t_status: $*" \
			"$tmp/expected" "$tmp/stdout" "$tmp/stderr"
	fi
}

# The files hold the same text, to the last newline.
same()	# FILE FILE
{
	cmp -s "$1" "$2"
}

# Events that the kernel passed over, of all programs, as `run -j` tells in standard output.
missed()
{
	sed -n 's/^{"program":.*"recursion_misses":\([0-9]*\)}$/\1/p' "$tmp/stdout" |
		awk '{ n += $1 } END { print n + 0 }'
}

# Where there is a tracefs: if need be in a mount namespace of its own, so that nothing changes
# outside of it.
with_tracefs()	# COMMAND...
{
	if [ -d /sys/kernel/tracing/events/sched ]; then
		"$@"
		return
	fi
	# shellcheck disable=SC2016 # the inner shell's
	unshare -m sh -c 'mount -t tracefs tracefs /sys/kernel/tracing && exec "$@"' sh "$@"
}
