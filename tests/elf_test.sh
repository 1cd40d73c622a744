#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# elf_test.sh - objects of `bpfasm -f elf`: what bpftool and its libbpf, the kernel and LLVM make of
# them.
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
# shellcheck source=lib.sh
. "$SRCDIR/tests/lib.sh"
: "${CC:=cc}"
cd "$tmp" || exit 1

cat >all.bpfasm <<'END'
.license "GPL"
.struct key { u32 pid; char name[8]; }
.struct val packed {
	u8 a; u64 b; comm c; mac m; ipv4 i4; ipv6 i6; ptr p; bool ok; be16 port; struct key k[2]
}
.map counts type hash key key value val entries 16
.map events type ringbuf entries 64K value val
.map stacks type stack_trace key u32 value 64 entries 32
.global const u32 limit = 7
.global u64 counter = 5
.global char text[] = "hello"
.global u32 zero

.prog first "raw_tp/sched_switch"
	*(u64 *)(r10 - 16) = 1
	*(u64 *)(r10 - 8) = 0
	r1 = counts ll
	r2 = r10
	r2 += -16
	call bpf_map_lookup_elem
	r1 = limit ll
	r1 = *(u32 *)(r1 + 0)
	call sum
	r1 = events ll
	r0 = 0
	exit
.func sum
	r2 = counter ll
	r0 = *(u64 *)(r2 + 0)
	r2 = text + 4 ll
	r3 = *(u8 *)(r2 + 0)
	r0 += r3
	r2 = zero ll
	r3 = *(u32 *)(r2 + 0)
	call one
	exit
.prog second "raw_tp/sched_switch"
	call one
	r1 = 3
	r2 = one ll
	r3 = 0
	r4 = 0
	call bpf_loop
	r0 = 0
	exit
.func one
	r0 = 1
	exit
# the kernel knows the lock by the name of its type
.struct guarded { bpf_spin_lock lock; u32 n; }
.map guards type array key u32 value guarded entries 1
END
ok "assembles" "$BPFASM" -f elf -o all.o all.bpfasm
ok "assembles again" "$BPFASM" -f elf -o again.o all.bpfasm
ok "the same bytes" cmp all.o again.o

# What the file FILE has: a line of it matches.
shows()	# NAME FILE GREP-ARGUMENT...
{
	e_name=$1 e_file=$2
	shift 2
	if grep -q "$@" "$e_file"; then
		pass "$e_name"
	else
		fail "$e_name" "no line with: $*" "$e_file"
	fi
}

# ---- what is refused ----

numbered()	# FROM TO FORMAT: with the number in it, up to twice
{
	awk -v from="$1" -v to="$2" -v format="$3" 'BEGIN {
		for (i = from; i <= to; i++)
			printf format, i, i
	}'
}

if command -v script >/dev/null; then
	t_run script -qec "$BPFASM -f elf all.bpfasm" /dev/null
	said='bpfasm: error: an ELF object is nothing to read: name a file with -o'
	if [ $t_status -eq 2 ] && grep -q "$said" stdout; then
		pass "not to a terminal"
	else
		fail "not to a terminal" "exit status $t_status" stdout
	fi
else
	skip "not to a terminal" "script is not installed"
fi
{
	numbered 1 65536 '.global u8 v%d\n'
	printf '.prog p "xdp"\n\tr0 = 0\n\texit\n'
} >wide.bpfasm
fails "too many variables" 1 \
	"bpfasm: error: .bss has 65536 parts: in BTF there are at most 65535" \
	"$BPFASM" -f elf -o wide.o wide.bpfasm
ok "nothing was written" test ! -e wide.o
numbered 1 16385 '.prog p%d "kprobe/f%d"\n\tr0 = 0\n\texit\n' >many.bpfasm
fails "too many sections" 1 "error: more than 16384 sections of code" \
	"$BPFASM" -f elf -o many.o many.bpfasm
sed 1,3d many.bpfasm >most.bpfasm
ok "as many sections as there can be" "$BPFASM" -f elf -o most.o most.bpfasm

# ---- large ----

numbered 1 1000000 '\tr1 = %d\n' >large
{ printf '.prog p "xdp"\n'; cat large; printf '\texit\n'; } >large.bpfasm
ok "a million instructions" timeout 120 "$BPFASM" -f elf -o large.o large.bpfasm
# text that BTF has no room for: 300 lines of 64 KiB
{
	printf '.prog p "xdp"\n'
	awk 'BEGIN {
		for (text = "x"; length(text) < 65536;)
			text = text text
		for (i = 0; i < 300; i++)
			print "\tr0 = " i " # " i text
	}'
	printf '\texit\n'
} >long.bpfasm
ok "more text than fits" "$BPFASM" -f elf -o long.o long.bpfasm

# Each number of sections with relocations, as tables grow at some of them.
every_number()
{
	for e_n in 1 2 3 4 5 6 7 8 9 10 12 14 15 16 20 26 28 30 32 48 60 64; do
		{
			echo '.map m type hash key u32 value u64 entries 4'
			numbered 1 "$e_n" '.prog p%d "kprobe/f%d"\n\tr1 = m ll\n\texit\n'
		} >number.bpfasm
		"$BPFASM" -f elf -o number.o number.bpfasm || return
		"$BPFASM" -d number.o >number || return
		if [ "$(grep -c '^.prog p' number)" != "$e_n" ] ||
		   [ "$(grep -c ") r1 = m ll" number)" != "$e_n" ]; then
			echo "$e_n programs came back as"
			cat number
			return 1
		fi
	done
}
ok "any number of programs that refer to something" every_number

# ---- other readers ----

if need llvm-readelf; then
	ok "llvm-readelf" llvm-readelf -a all.o
	shows "symbols" stdout 'FUNC *GLOBAL DEFAULT *1 second'
	shows "relocation of a variable" stdout 'R_BPF_64_64 .* counter$'
	ok "no warning" test ! -s stderr
	ok "big-endian object" "$BPFASM" -E be -f elf -o be.o all.bpfasm
	ok "llvm-readelf, big-endian" llvm-readelf -a be.o
	shows "byte order" stdout "2's complement, big endian"
	ok "no warning, big-endian" test ! -s stderr
fi
if need llvm-objdump; then
	ok "llvm-objdump" llvm-objdump -dr all.o
	shows "program" stdout '<second>:$'
	shows "subprogram" stdout '<sum>:$'
	ok "llvm-objdump, big-endian" llvm-objdump -d be.o
	shows "instruction, big-endian" stdout 'r2 += -16'
fi
need bpftool || plan

ok "types" bpftool btf dump file all.o format c
cp stdout types.h
"$BPFASM" -f c all.bpfasm >header.h
# all fields of a structure of both headers, sizes too
cat >same.c <<'END'
#include <stddef.h>
#include <stdint.h>
#define val hval
#define key hkey
#define guarded hguarded
#include "header.h"
#undef val
#undef key
#undef guarded
#include "types.h"
#define SAME(s, f) \
	_Static_assert(offsetof(struct s, f) == offsetof(struct h##s, f) && \
		       sizeof(((struct s *)0)->f) == sizeof(((struct h##s *)0)->f), #f)
SAME(key, pid);
SAME(key, name);
SAME(val, a);
SAME(val, b);
SAME(val, c);
SAME(val, m);
SAME(val, i4);
SAME(val, i6);
SAME(val, p);
SAME(val, ok);
SAME(val, port);
SAME(val, k);
_Static_assert(sizeof(struct key) == sizeof(struct hkey), "key");
_Static_assert(sizeof(struct val) == sizeof(struct hval), "val");
END
ok "the layout of -f c" "$CC" -Wno-unknown-pragmas -fsyntax-only same.c

skeleton_of()	# OBJECT
{
	bpftool gen skeleton "$1" >"$1.h" && {
		echo '#include <stdint.h>'
		echo 'typedef uint32_t u32; typedef uint64_t u64;'
		echo "#include \"$1.h\""
		echo 'uint64_t read(struct all *s) { return s->data->counter + s->rodata->limit; }'
	} >skeleton.c
}

ok "skeleton" skeleton_of all.o
if echo '#include <bpf/libbpf.h>' | "$CC" -E -xc - >/dev/null 2>&1; then
	ok "skeleton compiles" "$CC" -fsyntax-only skeleton.c
else
	skip "skeleton compiles" "the headers of libbpf are not installed"
fi
ok "static linking" bpftool gen object linked.o all.o
ok "an object of the object" "$BPFASM" -f elf -o copy.o all.o
cp all.o stripped.o
if need llvm-strip; then
	ok "llvm-strip -g" llvm-strip -g stripped.o
fi

# ---- the kernel ----

# In a mount namespace of its own, with a bpffs at $tmp/fs: load an object, then run a command.
mkdir fs
cat >inside <<'END'
mount -t bpf bpf fs || exit 9
object=$1
shift
bpftool -d prog loadall "$object" fs/progs pinmaps fs/maps >log 2>&1 || { cat log; exit 1; }
"$@"
END
loaded()	# OBJECT COMMAND...
{
	unshare -m sh ./inside "$@"
}

if ! unshare -m mount -t bpf bpf fs 2>/dev/null; then
	skip "loading" "needs root, a kernel with a bpffs, and unshare -m"
	plan
fi
for object in all copy stripped linked; do
	ok "$object.o loads" loaded $object.o true
done
cat >dump <<'END'
bpftool map update pinned fs/maps/counts key 1 0 0 0 97 98 99 0 0 0 0 0 \
	value 1 2 0 0 0 0 0 0 0 104 101 121 0 0 0 0 0 0 0 0 0 0 0 0 0 \
	1 2 3 4 5 6  1 0 0 127  1 0 0 0 2 0 0 0 3 0 0 0 4 0 0 0  9 0 0 0 0 0 0 0  1  0 80 \
	1 0 0 0 97 0 0 0 0 0 0 0  2 0 0 0 98 0 0 0 0 0 0 0 || exit
for map in counts all_data all_rodata all_bss; do
	bpftool -p map dump pinned fs/maps/$map || exit
done
END
ok "maps" loaded all.o sh ./dump
cp stdout maps
shows "number of a key" maps '"pid": 1,'
shows "text of a key" maps '"name": "abc"'
shows "number of a value" maps '"b": 2,'
shows "text of a value" maps '"c": "hey"'
shows "truth" maps '"ok": true'
shows "pointer" maps '"p": 9,'
shows "nested text" maps '"name": "b"'
shows ".data, a number" maps '"counter": 5'
shows ".data, a text" maps '"text": "hello"'
shows ".rodata" maps '"limit": 7'
shows ".bss" maps '"zero": 0'
check_out "the lock in a value" 1 grep -c '^libbpf: map .guards.: created successfully' log
ok "lines" loaded all.o bpftool prog dump xlated pinned fs/progs/second linum
shows "a line with its place" stdout 'call bpf_loop \[file:all.bpfasm line_num:43 line_col:2\]'
shows "name of a function" stdout '^unsigned long long one():'

cat >bad.bpfasm <<'END'
.license "GPL"
.prog bad "raw_tp/sched_switch"
	r0 = 0
	r3 = *(u64 *)(r2 + 8)	# nobody has set r2
	exit
END
ok "assembles what the verifier refuses" "$BPFASM" -f elf -o bad.o bad.bpfasm
t_run loaded bad.o true
shows "the line in the verifier's log" stdout '^; r3 = \*(u64 \*)(r2 + 8)'

# All types of maps that need nothing from outside.
cat >kinds.bpfasm <<'END'
.license "GPL"
.map m1 type array key u32 value u64 entries 2 flags BPF_F_MMAPABLE
.map m2 type percpu_array key u32 value u64 entries 2
.map m3 type lru_hash key u64 value u64 entries 2
.map m4 type prog_array key u32 value u32 entries 2
.map m5 type perf_event_array key u32 value u32
.map m6 type lpm_trie key 8 value u64 entries 2
.map m7 type queue value u64 entries 2
.map m8 type stack value u64 entries 2
.map m9 type bloom_filter value u64 entries 2 map_extra 3
.map m10 type task_storage key int value u64
.map m11 type devmap key u32 value u32 entries 2
.map m12 type sockmap key u32 value u32 entries 2
.map m13 type cgroup_array key u32 value u32 entries 2
.map m14 type xskmap key u32 value u32 entries 2
.map m15 type sockhash key u32 value u32 entries 2
.map m16 type cpumap key u32 value u32 entries 2
.prog p "raw_tp/sched_switch"
	r0 = 0
	exit
END
ok "assembles map types" "$BPFASM" -f elf -o kinds.o kinds.bpfasm
ok "map types" loaded kinds.o bpftool map show pinned fs/maps/m9
cp stdout kinds
if grep -q 'retrying without BTF' log; then
	fail "types of map types" "libbpf had to leave them out" log
else
	pass "types of map types"
fi
shows "a bloom filter, which needs its map_extra" kinds '^[0-9]*: bloom_filter  name m9 '

# ---- kernel fields and functions ----

if [ ! -r /sys/kernel/btf/vmlinux ]; then
	skip "kernel fields" "needs /sys/kernel/btf/vmlinux"
	plan
fi
cat >kernel.bpfasm <<'END'
.license "GPL"
.prog kernel "tp_btf/sched_process_exec"
	r6 = *(u64 *)(r1 + 0)
	r1 = *(u32 *)(r6 + kernel.task_struct.pid)
	r2 = *(u64 *)(r6 + kernel.task_struct.real_parent)
	r3 = kernel.task_struct.comm[2]
	r4 = kernel.task_struct.se.exec_start ll
	r5 = kernel.sock.__sk_common.skc_daddr
	r5 = kernel.sk_buff.users.refs.counter
	r5 = kernel.atomic_t.counter
	w5 = kernel.task_struct.thread
	r0 = 0
	exit
END
cat >offsets.c <<'END'
struct inner { int pad, exec_start_not; long long exec_start; };
struct task_struct {
	int pad, pid;
	union { struct { int zz; char comm[16]; }; int other; };
	struct task_struct *real_parent;
	struct inner se;
	struct { int x; } thread;
	int all[];
};
struct old { int n, last[1]; };
struct sock_common { int pad[3]; union { struct { int x, skc_daddr; }; }; };
struct sock { int pad; struct sock_common __sk_common; };
typedef struct { int pad, counter; } atomic_t;
typedef struct { atomic_t refs; } refcount_t;
struct sk_buff { int pad; refcount_t users; };
struct task_struct *t(struct sock *a, struct sk_buff *b, struct old *c) { return 0; }
END
ok "assembles kernel fields" "$BPFASM" -f elf --btf /sys/kernel/btf/vmlinux -o kernel.o \
	kernel.bpfasm
ok "kernel fields" loaded kernel.o bpftool prog dump xlated pinned fs/progs/kernel
cp stdout here
shows "libbpf has relocated them" log 'relo #7: patched insn #[0-9]* (ALU/ALU64)'

cat >calls.bpfasm <<'END'
.license "GPL"
.extern bpf_rcu_read_lock
.extern bpf_rcu_read_unlock
.extern bpf_task_acquire
.extern bpf_task_release
.extern schedule
.prog calls "tp_btf/sched_process_exec"
	r6 = *(u64 *)(r1 + 0)
	call bpf_rcu_read_lock
	r1 = *(u32 *)(r6 + kernel.task_struct.pid)
	call bpf_rcu_read_unlock
	r1 = r6
	call bpf_task_acquire
	if r0 == 0 goto out
	r1 = r0
	call bpf_task_release
out:	r1 = schedule ll
	r0 = 0
	exit
END
if grep -q ' bpf_task_acquire$' /proc/kallsyms; then
	ok "assembles kernel functions" "$BPFASM" -f elf --btf /sys/kernel/btf/vmlinux \
		-o calls.o calls.bpfasm
	ok "kernel functions" loaded calls.o bpftool prog dump xlated pinned fs/progs/calls
	shows "call of one" stdout 'call bpf_task_release#'
	shows "address of one" stdout -E 'r1 = 0xffff[0-9a-f]{12}$'
else
	skip "kernel functions" "this kernel has no bpf_task_acquire"
fi

# ---- an object made for another kernel: libbpf puts the offsets right ----

{ need clang && need llvm-objcopy; } || plan
ok "types of another kernel" clang -g -O2 -target bpf -c -o offsets.o offsets.c
ok "their BTF" llvm-objcopy --dump-section .BTF=other.btf offsets.o
ok "assembles for it" "$BPFASM" -f elf --btf other.btf -o other.o kernel.bpfasm
ok "with other offsets" grep -q 'r1 = \*(u32 \*)(r6 + 4)' <<END
$(llvm-objdump -d other.o)
END
ok "loads here" loaded other.o bpftool prog dump xlated pinned fs/progs/kernel
if same here stdout; then
	pass "offsets of this kernel"
else
	fail "offsets of this kernel" "they differ" here stdout
fi

refused()	# NAME TEXT LINE: a program of that line, for the other kernel
{
	printf '.extern t\n.extern none\n.prog p "xdp"\n%s\n\tr0 = 0\n\texit\n' "$3" >no.bpfasm
	fails "$1" 1 "no.bpfasm:4:$2" "$BPFASM" -f elf --btf other.btf -o no.o no.bpfasm
}

put="cannot be relocated: use the field as the offset of a load or store"
refused "field in a comparison" "9: error: this $put" "if r1 > kernel.task_struct.pid goto +0"
refused "field that is stored" "23: error: this $put" \
	"*(u32 *)(r10 - 4)   = kernel.task_struct.pid"
refused "field computed with" "6: error: what is computed from a field" \
	"r1 = kernel.task_struct.pid + 4"
refused "index past the end" "6: error: loaders cannot relocate 'old.last[1]': they follow \
no index past the end" "r1 = kernel.old.last[1]"
refused "no such function" "6: error: the BTF has no function 'none'" "call none"
printf '.extern t\n.prog p "xdp"\n\tcall t\n\tr1 = kernel.task_struct.all[9]\n\tr0 = 0\n\texit\n' \
	>yes.bpfasm
ok "index in an array without a bound" "$BPFASM" -f elf --btf other.btf -o yes.o yes.bpfasm
plan
