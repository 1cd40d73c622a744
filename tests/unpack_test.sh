#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# unpack_test.sh - a packed program starts as it would unpacked, and says why where it cannot
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}" "${CC:=cc}"
# shellcheck source=lib.sh
. "$SRCDIR/tests/lib.sh"
cd "$tmp" || exit 1

build()	# FOLDER [SETTING...]
{
	folder=$1
	shift
	make -s -C "$SRCDIR" O="$tmp/$folder" CC="$CC" SAN= WERROR=1 "$@" \
		"$tmp/$folder/tests/packed"
}

# Where nothing can be built, it was.
packed=$SRCDIR/build/tests/packed
if command -v make >/dev/null; then
	echo 'int main(void) { return 0; }' >try.c
	t_run "$CC" -static -o try try.c
	if [ $t_status -ne 0 ]; then
		skip "packed" "no static C library: $(tail -n 1 stderr)"
		plan
	fi
	packed=$tmp/build/tests/packed
	ok "builds" build build
	[ $t_status -eq 0 ] || plan
	if cmp -s "$packed" "$packed.full"; then
		skip "packed" "not written for this CPU"
		plan
	fi
fi
mkdir root
cp "$packed" root/tracer
export PACKED=value

[ ! -e /proc/self/exe ] || check_out "name, file, words, environment, memory" "tracer
$(pwd -P)/root/tracer
root/tracer
a
b  c

value
as linked" root/tracer a 'b  c' ''
check_out "without environment" "tracer
$(readlink -f root/tracer)
root/tracer
-
as linked" env -u PACKED root/tracer
ln -s tracer root/other
check_out "under another name" "other
$(readlink -f root/tracer)
root/other
value
as linked" root/other
t_run chroot root /tracer
case $(cat stderr) in
*chroot:*)	skip "in an empty root" "$(tail -n 1 stderr)" ;;
*)	check_out "in an empty root, no /proc" "tracer
/tracer
value
as linked" chroot root /tracer ;;
esac

# ---- what it cannot be unpacked for ----

size=$(wc -c <"$packed")
damage()	# AT: another byte there
{
	cp "$packed" damaged
	byte=$(dd if="$packed" bs=1 skip="$1" count=1 2>/dev/null | od -An -tu1 | tr -d ' ')
	# shellcheck disable=SC2059 # a byte
	printf "\\$(printf '%03o' $((byte ^ 1)))" |
		dd of=damaged bs=1 seek="$1" conv=notrunc 2>/dev/null
}

for part in 3 5 7 9; do
	damage $((size * part / 10))
	fails "damaged at $part tenths" 126 "damaged: cannot be unpacked: the file is damaged" \
		./damaged
	head -c $((size * part / 10)) "$packed" >short
	chmod +x short
	fails "cut off at $part tenths" 126 "short: cannot be unpacked: the file has lost its end" \
		./short
done
fails "little memory" 126 "tracer: cannot be unpacked: not enough memory" \
	sh -c "ulimit -v $((size / 1024 + 400)); exec root/tracer"
t_run root/tracer refuse
if [ $t_status -eq 77 ]; then
	skip "memory that may not become executable" "no PR_SET_MDWE (Linux 6.3)"
else
	fails "memory that may not become executable" 126 \
		"refuse: cannot be unpacked: the system lets no memory be executed that was" \
		root/tracer refuse
fi
if command -v make >/dev/null; then
	ok "linked to the addresses of what unpacks it" \
		build taken LDFLAGS=-Wl,-Ttext-segment=0x20000000
	fails "addresses that are taken" 126 \
		"packed: cannot be unpacked: its addresses are in use" taken/tests/packed
fi
plan
