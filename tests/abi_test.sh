#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# abi_test.sh - our copies of the kernel's numbers and layouts against kernel headers, and the page
# that has them
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
# shellcheck source=lib.sh
. "$SRCDIR/tests/lib.sh"
newest=$SRCDIR/.cache/uapi/usr/include

cd "$SRCDIR" || exit 1
if [ -f /usr/include/linux/bpf.h ]; then
	ok "this system's headers" tools/check-abi
else
	skip "this system's headers" "no /usr/include/linux/bpf.h"
fi

# Whether the headers are of a kernel after the one that the rows claim to be complete for.
is_ahead()
{
	rows=$(sed -n 's/^#define ASM_KERNEL_NEWEST ASM_KERNEL(\(.*\), \(.*\))/\1 \2/p' asm/asm.h)
	awk -v rows="$rows" '
	$2 ~ /_VERSION_MAJOR$/ { major = $3 }
	$2 ~ /_VERSION_PATCHLEVEL$/ { minor = $3 }
	END { split(rows, r); exit !(major > r[1] || major == r[1] && minor > r[2]) }
	' "$newest/linux/version.h"
}

if [ -f "$newest/linux/bpf.h" ] && is_ahead; then
	ok "headers newer than the rows, as far as both go" tools/check-abi --subset "$newest"
	skip "the newest headers, to the last row" "they are newer than ASM_KERNEL_NEWEST"
elif [ -f "$newest/linux/bpf.h" ]; then
	ok "the newest headers, to the last row" tools/check-abi "$newest"
elif [ "${REQUIRE_ORACLES:-}" = 1 ]; then
	fail "the newest headers, to the last row" "tools/fetch-uapi did not run"
else
	skip "the newest headers, to the last row" "not here: tools/fetch-uapi gets them"
fi
ok "docs/abi.md is what the rows say: tools/abi update" tools/abi check
check_out "of every row" "$(grep -c '^REFUSAL' asm/tables/refusal.def)" \
	grep -cE '^\| E[A-Z0-9]+( since .*)? \| ' docs/abi.md
plan
