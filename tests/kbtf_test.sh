#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# kbtf_test.sh - bpfload btf beside bpftool btf, on the kernel's types and those of an object
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
# shellcheck source=lib.sh
. "$SRCDIR/tests/lib.sh"
# shellcheck source=mounts.sh
. "$SRCDIR/tests/mounts.sh"
cd "$tmp" || exit 1
need bpftool || plan
need clang || plan

alike()		# NAME ARGUMENT...
{
	name=$1
	shift
	bpftool "$@" >theirs 2>said
	if ! "$BPFLOAD" "$@" >mine 2>>said; then
		fail "$name" "it fails" said
	elif [ -s theirs ] && cmp -s theirs mine; then
		pass "$name"
	else
		diff theirs mine >differ
		fail "$name" "they differ" differ said
	fi
}

cat >types.c <<'END'
struct xdp_md;
typedef unsigned long long u64;
enum small { MINUS = -3, ZERO };
enum large { LARGE = 0x1234567890ULL };
union either { int number; const char *text; };
struct bits { int a : 3; unsigned int b : 13; volatile u64 c; union either d[4]; };
struct { int (*type)[1]; int *key; struct bits *value; int (*max_entries)[7]; }
	some_map __attribute__((section(".maps"), used));
struct bits global; static enum small small = MINUS; enum large large = LARGE;
_Bool flag; float part; char text[3] = "a\"";
extern void *(*function)(int, ...);
static __attribute__((noinline)) int more(struct xdp_md *restrict ctx) { return small + large; }
__attribute__((section("xdp"), used)) int prog(struct xdp_md *ctx)
{
	return more(ctx) + global.a + flag + text[0];
}
char _license[] __attribute__((section("license"), used)) = "GPL";
END
clang -O2 -g -target bpf -c types.c -o types.o 2>said || plan
for form in '' -j -p; do
	# shellcheck disable=SC2086 # none or one
	alike "an object's types${form:+, }$form" $form btf dump file types.o
done
third=$("$BPFLOAD" btf dump file types.o | sed -n '/^\[3\]/,/^\[4\]/p' | sed '/^\[4\]/d')
check_out "one of them" "$third" "$BPFLOAD" btf dump file types.o format raw root_id 3
llvm-objcopy -O binary --only-section=.BTF --set-section-flags .BTF=alloc types.o bare 2>said &&
	ok "bare type data" "$BPFLOAD" btf dump file bare && mv stdout mine &&
	bpftool btf dump file types.o >theirs && ok "the same" cmp theirs mine

if bpftool btf show id 1 2>/dev/null | grep -q vmlinux; then
	alike "its line in the list" -j btf show id 1
	alike "the kernel's" btf dump id 1
	ok "as a file" "$BPFLOAD" btf dump file /sys/kernel/btf/vmlinux
	mv stdout mine
	ok "the same" cmp theirs mine
else
	skip "the kernel's types" "it has none"
fi
for module in /sys/kernel/btf/*; do
	case $module in
	*/vmlinux|*'*')	continue ;;
	esac
	alike "a module's" btf dump file "$module" && break
done
if [ -r /sys/kernel/btf/vmlinux ] && command -v pahole >/dev/null &&
   printf 'struct task_struct; struct own { struct task_struct *t; } own;\n' >own.c &&
   clang -g -c own.c -o own.o 2>said &&
   pahole -J --btf_base /sys/kernel/btf/vmlinux --btf_encode_detached=split own.o 2>said; then
	bpftool -B /sys/kernel/btf/vmlinux btf dump file split >theirs
	ok "what continues the kernel's" "$BPFLOAD" btf dump file split
	mv stdout mine
	ok "as bpftool says it" cmp theirs mine
	mkdir folder
	cp split folder/own
	cp /sys/kernel/btf/vmlinux folder
	alike "on another base" -B folder/vmlinux btf dump file split
	ok "with the long name" "$BPFLOAD" --base-btf=folder/vmlinux btf dump file split
	fails "a base that is not there" 1 "cannot read 'none'" \
		"$BPFLOAD" -B none btf dump file split
	fails "a base that is none" 1 "'types.c' is neither type data" \
		"$BPFLOAD" btf dump -B types.c file split
	fails "a base that is split" 1 "'folder/own' is neither type data" \
		"$BPFLOAD" -B folder/own btf dump file split
	ok "the base of what needs none" "$BPFLOAD" -B none btf dump file types.o
	first=$("$BPFLOAD" btf dump file folder/vmlinux root_id 1)
	check_out "a type of the base" "$first" "$BPFLOAD" btf dump file split root_id 1
	printf 'r1 = kernel.own.t\nr2 = kernel.task_struct.pid\nexit\n' >field.bpfasm
	fails "no base beside it" 1 "split: " "$BPFASM" --btf split -f hex field.bpfasm
	ok "fields of both" "$BPFASM" --btf folder/own -f hex field.bpfasm
else
	skip "what continues the kernel's" "no pahole, or no types of the kernel"
fi
if bpftool prog load types.o $pins/prog 2>said; then
	id=$(bpftool -j prog show pinned $pins/prog | sed 's/.*"btf_id":\([0-9]*\).*/\1/')
	alike "by its id" -j btf dump id "$id"
	alike "the program's" -j btf dump prog pinned $pins/prog
	map=$(bpftool -j prog show pinned $pins/prog | sed 's/.*"map_ids":\[\([0-9]*\).*/\1/')
	for types in '' key value kv all; do
		# shellcheck disable=SC2086 # none or one
		alike "the map's $types" -j btf dump map id "$map" $types
	done
	"$BPFLOAD" -j btf show id "$id" >mine
	ok "who uses it" grep -q \
		"\"prog_ids\":\[[0-9]*\],\"map_ids\":\[.*$map.*\],\"kernel\":false" mine
	"$BPFLOAD" btf list >mine
	ok "in the list" grep -q "^$id: name <anon>  size [0-9]*  prog_ids [0-9]*  map_ids " mine
else
	skip "a program's" "bpftool does not load it: $(tail -1 said)"
fi
printf '.license "GPL"\n.prog p "xdp"\n\tr0 = 0\n\texit\n' >p.bpfasm
"$BPFLOAD" load p.bpfasm $pins/p 2>/dev/null
if bpftool prog show pinned $pins/p/p | grep -q btf_id; then
	skip "a program without types" "it has some"
else
	fails "a program without types" 1 "prog: it has no type data" \
		"$BPFLOAD" btf dump prog pinned $pins/p/p
fi

# ---- what is wrong ----

fails "no such id" 1 "btf 4000000000: there is none" "$BPFLOAD" btf dump id 4000000000
fails "no such file" 1 "cannot read 'none'" "$BPFLOAD" btf dump file none
fails "another file" 1 "'types.c' is neither type data nor an ELF file with a .BTF" \
	"$BPFLOAD" btf dump file types.c
head -c 200 types.o >short
fails "a file cut short" 1 "'short' is neither type data" "$BPFLOAD" btf dump file short
fails "another format" 2 "unknown word 'raww'" "$BPFLOAD" btf dump file types.o format raww
fails "a type that is none" 2 "'4000' is not the id of a type, a number up to" \
	"$BPFLOAD" btf dump file types.o root_id 4000
fails "of what" 2 "'btf dump' needs one of: id map prog file" "$BPFLOAD" btf dump
fails "a command that is none" 2 "'btf': unknown word 'dmup'; did you mean 'dump'?" \
	"$BPFLOAD" btf dmup
plan
