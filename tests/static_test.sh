#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# static_test.sh - the static programs, in a folder that holds nothing else.
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
# shellcheck source=lib.sh
. "$SRCDIR/tests/lib.sh"
root=$tmp/root
mkdir "$root"

echo 'int main(void) { return 0; }' >"$tmp/try.c"
if ! command -v musl-gcc >/dev/null; then
	t_run "${CC:-cc}" -static -o "$tmp/try" "$tmp/try.c"
	if [ "$t_status" -ne 0 ]; then
		skip "make static" "no static C library: $(tail -n 1 "$tmp/stderr")"
		plan
	fi
fi
ok "make static" make -s -C "$SRCDIR" O="$tmp/build" SAN= WERROR=1 static
[ "$t_status" -eq 0 ] || plan
cp "$tmp/build/static/bpfasm" "$tmp/build/static/bpfload" \
	"$SRCDIR/progs/procount/procount.bpfasm" "$root"
printf 'r0 = 0\nexit\n' >"$root/exit.bpfasm"

# Another C library is larger.
most=262144
size=$(wc -c <"$root/bpfload")
for name in bpfasm bpfload; do
	echo "# static $name: $(wc -c <"$root/$name") bytes," \
		"not packed $(wc -c <"$tmp/build/static/$name.full")"
done
case $(cut -d ' ' -f 1 "$tmp/build/static/flags") in
*musl-gcc)
	if [ "$size" -le "$most" ]; then
		pass "bpfload has at most $most bytes"
	else
		fail "bpfload has at most $most bytes" "it has $size"
	fi ;;
*)	skip "bpfload has at most $most bytes" "not built by musl-gcc" ;;
esac

# A row of the page: | `NAME` | BYTES | ...
page_has()	# NAME: within a tenth of what it is
{
	awk -F '|' -v name=" \`$1\` " -v size="$(wc -c <"$tmp/build/static/$1")" '
		$2 == name { told = $3 + 0; print "docs/initramfs.md: " told ", it has " size }
		END { exit told < size * 0.9 || told > size * 1.1 }' "$SRCDIR/docs/initramfs.md"
}
case $(cut -d ' ' -f 1 "$tmp/build/static/flags"),$(uname -m) in
*musl-gcc,x86_64)
	ok "the page has the size of bpfload" page_has bpfload
	ok "and of bpfload.full" page_has bpfload.full ;;
esac

t_run readelf -d "$root/bpfload"
case $(cat "$tmp/stdout") in
*NEEDED*) fail "bpfload needs no library" "readelf -d:" "$tmp/stdout" ;;
*) pass "bpfload needs no library" ;;
esac

t_run chroot "$root" /bpfasm --version
if [ "$t_status" -ne 0 ]; then
	skip "in an empty root" "chroot: $(tail -n 1 "$tmp/stderr")"
	plan
fi
check_out "bpfasm in an empty root" 'b700000000000000
9500000000000000' chroot "$root" /bpfasm -f hex /exit.bpfasm
t_run chroot "$root" /bpfload check /procount.bpfasm
case $(cat "$tmp/stderr") in
*CAP_*)	skip "bpfload in an empty root" "$(sed -n 1p "$tmp/stderr")" ;;
*)	ok "bpfload in an empty root, no /proc and no /sys" \
		chroot "$root" /bpfload run --duration 100ms /procount.bpfasm ;;
esac
check_out "and not packed" "$(chroot "$root" /bpfload --version)" \
	"$tmp/build/static/bpfload.full" --version
fails "an error in an empty root" 1 "did you mean 'exit'?" \
	sh -c "echo exti | chroot '$root' /bpfasm -"
plan
