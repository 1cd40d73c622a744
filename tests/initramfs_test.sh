#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# initramfs_test.sh - docs/initramfs.md: its commands as they stand, and what its machine prints
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
# shellcheck source=lib.sh
. "$SRCDIR/tests/lib.sh"

# The programs here are the static ones, which a sanitizer has no part in.
reason=
[ "${SAN:-}" != 1 ] || reason="the machine runs static programs"
[ -f "$SRCDIR/.cache/kernels/x86_64-6.12/kernel" ] ||
	reason="no kernel: tools/kernels fetch x86_64-6.12 fetches it"
command -v qemu-system-x86_64 >/dev/null || reason="qemu-system-x86_64 is not installed"
command -v cpio >/dev/null || reason="cpio is not installed"
if [ -n "$reason" ]; then
	skip "initramfs" "$reason"
	plan
fi
cd "$SRCDIR" || exit 1

# The commands of the page: lines that begin with "# ", and what continues them.
commands()
{
	awk '/^    # / || more { sub(/^    (# )?/, ""); print; more = /\\$/ }' docs/initramfs.md
}

is_table()	# FILE: what the page shows, with other numbers
{
	tr -d '\r' <"$1" | grep -A 3 'counts: top 3 of [0-9]* entries by switches' >"$tmp/table" &&
		sed -n 2p "$tmp/table" | grep -q '^NAME *SWITCHES$' &&
		[ "$(sed '1,2d' "$tmp/table" | grep -c '^[^ ]* *[0-9]*$')" -eq 2 ]
}

commands >"$tmp/commands"
sed -n 1p "$tmp/commands" >"$tmp/tool"
sed 1d "$tmp/commands" >"$tmp/by-hand"
ok "the tool" timeout 300 sh -e "$tmp/tool"
cp "$tmp/stdout" "$tmp/tool.out"
ok "prints the table of the page" is_table "$tmp/tool.out"
size=$(sed -n 's/^\([0-9]*\) bytes of initramfs.*/\1/p' "$tmp/tool.out")
ok "at most 256 KiB ($size bytes)" test "${size:-999999}" -le 262144
ok "by hand" timeout 300 sh -e "$tmp/by-hand"
cp "$tmp/stdout" "$tmp/hand.out"
ok "prints it too" is_table "$tmp/hand.out"
fails "a tracer that cannot start" 1 "initramfs: it did not end well" \
	tools/initramfs progs/switches/switches.bpfasm --duration never
plan
