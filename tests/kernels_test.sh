#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# kernels_test.sh - tools/kernels and tools/support over an emulator, a make and an apt that are
# scripts: what they add up, and that a cell which hangs, panics or loses something has failed
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
# shellcheck source=lib.sh
. "$SRCDIR/tests/lib.sh"
need cpio || plan

# A clone, and what is fetched and built for one cell.
clone=$tmp/clone
cell=x86_64-5.10
mkdir -p "$clone/docs" "$clone/tests" "$clone/asm" "$clone/progs" "$clone/.cache/kernels/$cell" \
	"$clone/build/kernels/x86_64/tests" "$clone/build/kernels/x86_64/progs/p" "$tmp/bin"
cp -R "$SRCDIR/tools" "$clone"
cp -R "$SRCDIR/tests/vm" "$clone/tests"
touch "$clone/.cache/kernels/$cell/kernel" "$clone/.cache/kernels/busybox-x86_64" \
	"$clone/build/kernels/x86_64/tests/a_test" "$clone/build/kernels/x86_64/tests/work" \
	"$clone/build/kernels/x86_64/tests/packed" \
	"$clone/build/kernels/x86_64/bpfasm" "$clone/build/kernels/x86_64/bpfload" \
	"$clone/build/kernels/x86_64/progs/p/p"
printf '<!-- table -->\n<!-- end -->\n' >"$clone/README.md"
cat >"$clone/docs/support.md" <<'END'
<!-- table -->
| capability | x86_64-5.10 |
| --- | --- |
| kernel | 5.10.0 |
| raw_tp | yes |
| lsm | no |

<!-- end -->
END

script()	# NAME: a program of that name, from standard input
{
	{ echo '#!/bin/sh'; cat; } >"$tmp/bin/$1"
	chmod +x "$tmp/bin/$1"
}

# The emulator prints $tmp/console, and goes on for that long.
for name in qemu-system-x86_64 qemu-system-aarch64; do
	script $name <<-END
		cat "$tmp/console"
		exec sleep "\${SLEEP:-0}"
	END
done
for name in make apt-get dpkg-deb dpkg; do
	script $name </dev/null
done
script x86_64-linux-gnu-gcc <<'END'
while [ $# -gt 1 ]; do
	[ "$1" != -o ] || : >"$2"
	shift
done
END
kernels()
{
	PATH=$tmp/bin:$PATH "$clone/tools/kernels" "$@"
}

console()	# LINE...
{
	printf '%s\r\n' "[    0.1] Linux" "kernel 5.10.0" "$@" >"$tmp/console"
}

# A run of the cell ends so, and says TEXT.
ends()	# NAME STATUS TOTAL TEXT [FILTER]
{
	e_name=$1 e_status=$2 e_total=$3 e_text=$4
	shift 4
	t_run kernels run "$cell" "$@"
	if [ $t_status -eq "$e_status" ] && [ "$(tail -n 1 "$tmp/stdout")" = "$e_total" ] &&
	   grep -qF -e "$e_text" "$tmp/stdout"; then
		pass "$e_name"
	else
		fail "$e_name" "status $t_status, expected $e_status, '$e_total' and '$e_text'" \
			"$tmp/stdout" "$tmp/stderr"
	fi
}

console "ok a_test: 5" "SKIP b_test: why" "ok b_test: 2, 1 skipped" "7 passed, 0 failed, 1 skipped"
ends "all is well" 0 "7 passed, 0 failed, 1 skipped" "ok $cell: a_test: 5" a_test
ends "what was skipped is told" 0 "7 passed, 0 failed, 1 skipped" "SKIP $cell: b_test: why" b
console "not ok a_test: one" "#   why" "not ok a_test: 4, 1 failed" "4 passed, 1 failed, 0 skipped"
ends "a test fails" 1 "4 passed, 1 failed, 0 skipped" "not ok $cell: a_test: one" a_test
ends "and says why" 1 "4 passed, 1 failed, 0 skipped" "#   why" a_test
console "ok a_test: 5" "[    9.9] Kernel panic - not syncing: no reason"
ends "a panic" 1 "0 passed, 1 failed, 0 skipped" "#   [    9.9] Kernel panic - not syncing" a
console "ok a_test: 5" "b_test begins"
export SLEEP=60 KERNELS_TIMEOUT=1
ends "a hang" 1 "0 passed, 1 failed, 0 skipped" "#   b_test begins" a
unset SLEEP KERNELS_TIMEOUT
: >"$tmp/console"
ends "nothing at all" 1 "0 passed, 1 failed, 0 skipped" "not ok $cell: no total" a

script make <<-END
	echo "a.c:1: error"
	exit 1
END
ends "what cannot be built" 1 "0 passed, 1 failed, 0 skipped" "a.c:1: error" a
ends "and whose it is" 1 "0 passed, 1 failed, 0 skipped" \
	"not ok $cell: programs and tests for x86_64 were not built" a
script make </dev/null

# ---- what the cell can do, beside the table ----

total="0 passed, 0 failed, 0 skipped"
console "$total" "support raw_tp: yes" "support lsm: no, this or that"
ends "as the table says" 0 "2 passed, 0 failed, 0 skipped" "== $cell (kernel 5.10.0): 2" support
console "$total" "support raw_tp: no, it is gone" "support lsm: no, this or that"
ends "something is lost" 1 "1 passed, 1 failed, 0 skipped" \
	"not ok $cell: support: raw_tp: yes is now no: it is gone" support
console "$total" "support lsm: no, this or that"
ends "nothing is said of it" 1 "1 passed, 1 failed, 0 skipped" \
	"not ok $cell: support: raw_tp: nothing was said about it" support
console "$total" "support raw_tp: yes" "support lsm: yes" "support xdp: yes"
ends "something is new" 0 "3 passed, 0 failed, 0 skipped" "xdp: not in the table is now yes" support
fails "a table needs all cells" 1 "x86_64-6.1 said nothing" "$clone/tools/support" update
kernels list | cut -f 1 | while read -r name; do
	echo "support xdp: no, why" >>"$clone/build/kernels/$name.log"
done
ok "the table is written anew" "$clone/tools/support" update
ok "with what is new" grep -q '^| raw_tp | yes |  |' "$clone/docs/support.md"
# shellcheck disable=SC2016 # as it is written
ok "and with the reasons" grep -qx -e '- xdp (.*x86_64-6.1, .*): `why`' "$clone/docs/support.md"
console "$total" "support raw_tp: yes" "support lsm: yes" "support xdp: no, why"
ends "and is what the cell says" 0 "3 passed, 0 failed, 0 skipped" "3 passed" support

# ---- words, and what is not installed ----

fails "no such cell" 1 "there is no cell 'x86_64-9.9'" kernels run x86_64-9.9
fails "no cell" 2 "usage: tools/kernels list" kernels run
fails "two filters" 2 "usage: tools/kernels list" kernels run $cell a b
fails "a filter to fetch" 2 "usage: tools/kernels list" kernels fetch $cell a
kernels list >"$tmp/list"
ok "list says what is there" grep -q "^arm64-6.12	not fetched\$" "$tmp/list"
mkdir "$tmp/few"
for name in sh dirname awk sed mkdir tr dpkg; do
	ln -s "$(command -v $name)" "$tmp/few/$name"
done
fails "what has to be installed is named" 1 \
	"not installed: packages apt dpkg cpio make qemu-system-arm gcc-aarch64-linux-gnu" \
	env PATH="$tmp/few" sh "$clone/tools/kernels" run arm64-6.12
plan
