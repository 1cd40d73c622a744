#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# run_test.sh - tests/run: what it adds up, and that nothing broken passes
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
# shellcheck source=lib.sh
. "$SRCDIR/tests/lib.sh"

# A script of its standard input, to be run as a test.
script()	# NAME
{
	cat >"$tmp/$1_test.sh"
}

run()	# NAME...
{
	for name; do
		shift
		set -- "$@" "$tmp/${name}_test.sh"
	done
	TEST_TIMEOUT=1 "$SRCDIR/tests/run" "$@"
}

# The run of NAME exits with 1, its total is TOTAL, and it says TEXT.
breaks()	# NAME TOTAL TEXT
{
	t_run run "$1"
	case $(cat "$tmp/stdout") in
	*"$3"*"
$2")	[ $t_status -eq 1 ] && pass "$1" && return ;;
	esac
	fail "$1" "exit status $t_status, expected 1, \"$2\" and \"$3\"" "$tmp/stdout" "$tmp/stderr"
}

script good <<-'END'
	echo "TAP version 13"; echo "1..2"; echo "ok 1 - a"; echo "#   noise"; echo "ok 2 - b"
	END
script skipping <<-'END'
	echo "ok 1 - a # SKIP no luck"; echo "1..1"; exit 4
	END
script skipped <<-'END'
	echo "1..0 # SKIP not here"
	END
script tidy <<-'END'
	[ "$PWD" = "$TMPDIR" ] && [ -z "$(ls -A)" ] && [ -z "$(cat)" ] && touch left
	[ -x "$SRCDIR/tests/run" ] && [ -n "$BPFASM" ] && [ -n "$BPFLOAD" ] && echo "ok - tidy"
	echo "1..1"
	END
check_out "passing" "ok good_test.sh: 2
2 passed, 0 failed, 0 skipped" run good
check_out "skips and their reasons" "SKIP skipping_test.sh: a: no luck
ok skipping_test.sh: 0, 1 skipped
SKIP skipped_test.sh: not here
ok skipped_test.sh: 0, 1 skipped
ok good_test.sh: 2
2 passed, 0 failed, 2 skipped" run skipping skipped good
check_out "a folder each" "ok tidy_test.sh: 1
ok tidy_test.sh: 1
2 passed, 0 failed, 0 skipped" run tidy tidy

script failing <<-'END'
	echo "1..2"; echo "not ok 1 - a"; echo "#   reason"
	echo "ok 2 - b"; echo "#   noise"
	exit 1
	END
script crashing <<-'END'
	echo "1..1"; echo "ok 1 - a"; echo "last words" >&2; kill -s SEGV $$
	END
script dying <<-'END'
	echo "ok 1 - a"; echo "1..1"; exit 3
	END
script one <<-'END'
	echo "ok 1 - a"; echo "1..1"; exit 1
	END
script planless <<-'END'
	echo "ok 1 - a"
	END
script twice <<-'END'
	echo "1..1"; echo "ok 1 - a"; echo "1..1"
	END
script short <<-'END'
	echo "1..3"; echo "ok 1 - a"
	END
script long <<-'END'
	echo "1..1"; echo "ok 1 - a"; echo "ok 2 - b"
	END
script misnumbered <<-'END'
	echo "1..2"; echo "ok 1 - a"; echo "ok 3 - b"
	END
script empty <<-'END'
	echo "1..0"
	END
script silent <<-'END'
	:
	END
script late <<-'END'
	echo "ok 1 - a"; echo "1..1"; sleep 60
	END
script bailing <<-'END'
	echo "1..1"; echo "ok 1 - a"; echo "Bail out! no"
	END
breaks failing "1 passed, 1 failed, 0 skipped" "not ok failing_test.sh: a
#   reason
not ok failing_test.sh: 1, 1 failed"
breaks crashing "1 passed, 1 failed, 0 skipped" "died of signal 11
#   last words"
breaks dying "1 passed, 1 failed, 0 skipped" "exit status 3 with 0 failed tests"
breaks one "1 passed, 1 failed, 0 skipped" "exit status 1 with 0 failed tests"
breaks planless "1 passed, 1 failed, 0 skipped" "no plan"
breaks twice "1 passed, 1 failed, 0 skipped" "more than one plan"
breaks short "1 passed, 1 failed, 0 skipped" "planned 3 tests, ran 1"
breaks long "2 passed, 1 failed, 0 skipped" "planned 1 tests, ran 2"
breaks misnumbered "2 passed, 1 failed, 0 skipped" "test number 3 where 2 is due"
breaks empty "0 passed, 1 failed, 0 skipped" "planned 0 tests, ran 0"
breaks silent "0 passed, 1 failed, 0 skipped" "no plan"
breaks late "1 passed, 1 failed, 0 skipped" "out of time after 1 seconds"
breaks bailing "1 passed, 1 failed, 0 skipped" "Bail out! no"
breaks missing "0 passed, 1 failed, 0 skipped" "exit status "
fails "usage" 2 "usage: " "$SRCDIR/tests/run"
plan
