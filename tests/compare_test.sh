#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# compare_test.sh - the programs of tests/c, compiled by clang: bpfload must give the kernel what
# bpftool's libbpf gives it. Compared are the instructions that the verifier made of them, map by
# map what the kernel knows of it, and for some what they compute.
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
# shellcheck source=lib.sh
. "$SRCDIR/tests/lib.sh"
# shellcheck source=mounts.sh
. "$SRCDIR/tests/mounts.sh"
export LC_ALL=C
cd "$tmp" || exit 1

need_clang
need bpftool || plan
ln -s "$pins" fs
if [ ! -r /sys/kernel/btf/vmlinux ]; then
	skip "loading objects" "this kernel tells no types"
	plan
fi

# ---- as libbpf ----

# A line a slot. Numbers of maps, and what stands where in memory, differ from load to load.
slots()	# PIN
{
	bpftool prog dump xlated pinned "$1" file raw && od -An -v -tx1 -w8 raw | awk '
		wide && $7 $8 == "ffff" { wide = 0; print "address"; next }
		wide { wide = 0; print low; print; next }
		$1 == "18" && $2 ~ /^[12]/ { print $1, $2; getline; print; next }
		$1 == "18" { wide = 1; low = $0; next }
		{ print }'
}

# What the kernel knows of the maps of a program, without ids and what names are made of. libbpf
# wants variables to be mapped (flag 1024), and gives types to configuration too.
maps()	# PIN
{
	bpftool -j prog show pinned "$1" >json
	tr ',' '\n' <json | tr -d '[]}"' >show
	sed -n '/^map_ids:/,/:/{s/^map_ids://;/^[0-9]*$/p;}' show | while read -r m_id; do
		bpftool -j map show id "$m_id" | tr ',' '\n' | tr -d '{}"' |
			sed -e '/^id:/d' -e '/^bytes_memlock/d' -e '/^pinned/d' \
			-e '/^frozen/d' -e 's/^name:.*\.\([a-z]*\)$/name:\1/' \
			-e 's/^btf_id:.*/btf/' -e 's/^name:_/name:/' \
			-e 's/^name:[a-z]*data_/name:/' -e 's/^flags:1024$/flags:0/' \
			-e 's/^flags:1152$/flags:128/' | tr '\n' ' ' |
			sed '/name:kconfig/s/ btf//'
		echo
	done | sort
}

same_program()	# OBJECT PROGRAM
{
	slots "fs/theirs/$2" >theirs 2>err
	slots "fs/ours/$2" >ours 2>err
	if [ ! -s theirs ] || ! diff theirs ours >changes; then
		fail "$1: $2 as by libbpf" "instructions differ" changes
		return
	fi
	maps "fs/theirs/$2" >theirs
	maps "fs/ours/$2" >ours
	if diff theirs ours >changes; then
		pass "$1: $2 as by libbpf"
	else
		fail "$1: $2 as by libbpf" "maps differ" changes
	fi
}

# Where libbpf does not load it, this kernel cannot.
same()	# NAME OBJECT
{
	bpftool prog loadall "$2" fs/theirs >err 2>&1
	s_theirs=$?
	"$BPFLOAD" load "$2" fs/ours 2>err2
	s_ours=$?
	if [ $s_theirs -ne 0 ] && [ $s_ours -ne 0 ]; then
		skip "$1" "$(grep -m 1 error: err2 || head -n 1 err)"
	elif [ $s_theirs -ne 0 ]; then
		fail "$1" "bpfload loads what bpftool does not" err
	elif [ $s_ours -ne 0 ]; then
		fail "$1" "bpfload does not load it" err2
	else
		for s_pin in fs/theirs/*; do
			same_program "$1" "${s_pin##*/}"
		done
	fi
	rm -rf fs/theirs fs/ours
}

(cd "$SRCDIR/tests/c" && printf '%s\n' *.c) | sed 's/\.c$//' >names
xargs -P 2 -I NAME clang -O2 -g -target bpf -mcpu=v3 -DV3 -c "$SRCDIR/tests/c/NAME.c" -o NAME.o \
	<names 2>err || fail "compile" clang err
v2="atomics chains globals runqlat subprogs tails"
echo "$v2" | tr ' ' '\n' | xargs -P 2 -I NAME clang -O2 -g -target bpf -mcpu=v2 \
	-c "$SRCDIR/tests/c/NAME.c" -o NAME.v2.o 2>err || fail "compile for v2" clang err
while read -r name; do
	case $name in
	pinned)	;;
	*)	same "$name" "$name.o"
	esac
done <names
for name in $v2; do
	same "$name, v2" "$name.v2.o"
done

# ---- what comes of it ----

# The variables in .bss of a program, after it ran once.
ran()	# OBJECT PROGRAM
{
	"$BPFLOAD" load "$1" fs/ran 2>err || return
	bpftool prog run pinned "fs/ran/$2" data_in packet repeat 1 >out 2>err &&
		bpftool -j map dump pinned fs/ran/bss
	rm -rf fs/ran
}

head -c 64 /dev/zero >packet
ran kconfig.o tells | tr -dc '0-9,\n' >computed
version=$(uname -r | awk -F '[.-]' '{ print $1 * 65536 + $2 * 256 + ($3 > 255 ? 255 : $3) }')
if grep -q "$version,[01],1,[012],121," computed; then
	pass "configuration is what it is"
else
	fail "configuration is what it is" "not version $version, BPF and INET" computed
fi
ran tails.o entry >computed
if tr -dc '0-9,\n' <computed | grep -q '1,1,1'; then
	pass "tail calls go where they lead"
else
	fail "tail calls go where they lead" "not each program ran once" computed
fi

# Maps that are shared by name: found by who comes next, and not made by a trial.
shared=$pins/bpfload_test_shared
ok "a trial shares nothing" "$BPFLOAD" check pinned.o
[ ! -e "$shared" ] && "$BPFLOAD" load pinned.o fs/one && "$BPFLOAD" load pinned.o fs/two
bpftool prog run pinned fs/one/puts data_in packet repeat 1 >out 2>err
bpftool map dump pinned fs/two/bpfload_test_shared >out 2>err
if grep -q '"value": 2' out; then
	pass "a map is shared by its name"
else
	fail "a map is shared by its name" "the other has another" out
fi
sed 's/max_entries, 8/max_entries, 9/' "$SRCDIR/tests/c/pinned.c" >other.c
clang -O2 -g -target bpf -I"$SRCDIR/tests/c" -c other.c -o other.o
fails "but not with one that differs" 1 "has another number of entries" "$BPFLOAD" check other.o
plan
