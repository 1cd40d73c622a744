#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# ref_test.sh - `bpfasm ref`: the rows as text and as JSON.
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
# shellcheck source=lib.sh
. "$SRCDIR/tests/lib.sh"

check_out "an instruction" \
'name  syntax      gas           opcode  fixed                  since
sdiv  rD s/= rS   sdiv rD, rS   0x3f    src 0, off 1, imm 0x0  6.6
sdiv  rD s/= imm  sdiv rD, imm  0x37    src 0, off 1, imm 0x0  6.6' "$BPFASM" ref insn sdiv
helper='name                 id  since
bpf_map_lookup_elem  1   3.19'
check_out "a helper" "$helper" "$BPFASM" ref helper bpf_map_lookup_elem
check_out "a helper without bpf_" "$helper" "$BPFASM" ref helper map_lookup_elem
check_out "a section name as JSON" \
'{"name":"tp","section":"tp/CATEGORY/NAME","program":"tracepoint","attach_type":0,"since":"4.7"}' \
	"$BPFASM" ref -j attach tp

# every row of a table is one line of it
for kind in insn:INSN helper:HELPER map:MAPTYPE prog:PROG_TYPE attach:ATTACH type:TYPE; do
	t_run "$BPFASM" ref -j "${kind%:*}"
	lines=$(grep -c '^{"name":"..*}$' "$tmp/stdout")
	if [ "$t_status" -eq 0 ] && [ "$lines" -gt 30 ] &&
	   [ "$lines" = "$(wc -l <"$tmp/stdout" | tr -d ' ')" ]; then
		pass "all of ${kind%:*}: $lines"
	else
		fail "all of ${kind%:*}" "status $t_status, $lines lines" "$tmp/stderr"
	fi
done
rows=$(grep -c '^HELPER(' "$SRCDIR/asm/tables/helper.def")
check_out "as many helpers as rows" "$rows" sh -c "'$BPFASM' ref -j helper | wc -l | tr -d ' '"

fails "a misspelt kind" 1 "there is no 'hlper'; did you mean 'helper'?" "$BPFASM" ref hlper
fails "a misspelt name" 1 "there is no 'map hsh'; did you mean 'hash'?" "$BPFASM" ref map hsh
fails "one word too many" 2 "a kind and a name" "$BPFASM" ref map hash x
fails "a full disk" 1 "No space left" sh -c "'$BPFASM' ref helper >/dev/full"
plan
