#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# fuzz_test.sh - the fuzz targets over their seeds, and changed copies of them, the same ones
# each time
#
# $FUZZ is the folder of the targets.
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/../.." && pwd)}" "${FUZZ:=$SRCDIR/build/tests/fuzz}"
# shellcheck source=../lib.sh
. "$SRCDIR/tests/lib.sh"

if ! t_run "$SRCDIR/tests/fuzz/seeds" "$tmp/seeds" || [ "$t_status" -ne 0 ]; then
	fail "seeds" "exit status $t_status" "$tmp/stderr"
	plan
fi
for source in "$SRCDIR"/tests/fuzz/*_fuzz.c; do
	target=$(basename "$source" _fuzz.c)
	copies=2000
	[ "${SAN:-}" != 1 ] || copies=200
	ok "$target: seeds and $copies changed copies" \
		"$FUZZ/${target}_fuzz" $copies "crash-$target" "$tmp/seeds/$target"
done
plan
