#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# emit_test.sh - structures in what `bpfasm -f list` and `-f c` write
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
# shellcheck source=lib.sh
. "$SRCDIR/tests/lib.sh"
: "${CC:=cc}"

cat >"$tmp/text.bpfasm" <<'EOF'
.struct inner { u8 a; u32 b; }
.struct event { u8 one; inner two[2]; struct ethhdr eth; comm comm; be16 port; bpf_timer timer; }
.struct tight packed { u8 one; struct iphdr ip; u64 two; ipv6 six; char text[3]; inner three; }
exit
EOF
check_out "list" 'struct inner: size 8, align 4
     0     1  u8 a
     4     4  u32 b
struct event: size 72, align 8
     0     1  u8 one
     4    16  inner[2] two
    20    14  ethhdr eth
    34    16  comm comm
    50     2  be16 port
    56    16  bpf_timer timer
struct tight: size 56, align 1
     0     1  u8 one
     1    20  iphdr ip
    21     8  u64 two
    29    16  ipv6 six
    45     3  char[3] text
    48     8  inner three

     0: 95 00 00 00 00 00 00 00  exit' "$BPFASM" -E le -f list "$tmp/text.bpfasm"

# The compiler lays the structures of the header out as the listing has them.
layout()
{
	"$BPFASM" -f c "$tmp/text.bpfasm" >"$tmp/text.h" || return
	{
		echo '#include <stddef.h>'
		echo '#include "text.h"'
		"$BPFASM" -f list "$tmp/text.bpfasm" | awk '
		/^$/ { exit }
		/^struct/ {
			name = $2
			sub(/:/, "", name)
			sub(/,/, "", $4)
			printf "_Static_assert(sizeof(struct %s) == %s, \"size\");\n", name, $4
			next
		}
		{
			printf "_Static_assert(offsetof(struct %s, %s) == %s, \"%s\");\n", name,
				$4, $1, $4
			printf "_Static_assert(sizeof(((struct %s *)0)->%s) == %s, \"%s\");\n",
				name, $4, $2, $4
		}'
	} >"$tmp/text.c"
	[ "$(grep -c _Static_assert "$tmp/text.c")" -eq 31 ] || return
	# shellcheck disable=SC2086 # CC may hold flags
	$CC -std=gnu11 -Wall -Werror -Wno-unused -fsyntax-only "$tmp/text.c"
}
if need "${CC%% *}"; then
	ok "the compiler's layout" layout
fi
plan
