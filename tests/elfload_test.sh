#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# elfload_test.sh - bpfload with ELF objects, of clang and of bpfasm: what runs, what is said of one
# that is rejected, and that CO-RE relocations come out as bpftool's libbpf makes them.
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
# shellcheck source=lib.sh
. "$SRCDIR/tests/lib.sh"
export LC_ALL=C
cd "$tmp" || exit 1

need_clang

cat >bpf.h <<'EOF_C'
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
#define SEC(name) __attribute__((section(name), used))
#define CORE __attribute__((preserve_access_index))
static u64 (*now)(void) = (void *)5;
static u64 (*pid_tgid)(void) = (void *)14;
static long (*comm)(void *buf, u32 size) = (void *)16;
static long (*probe_read)(void *to, u32 size, const void *from) = (void *)113;
static long (*output)(void *ring, void *data, u64 size, u64 flags) = (void *)130;
char given_license[] SEC("license") = "GPL";
EOF_C

compile()	# NAME, with the program on standard input
{
	cat >"$1.c"
	clang -O2 -g -target bpf -c "$1.c" -o "$1.o" 2>"$1.err" || fail "compile $1" clang "$1.err"
}

compile globals <<'EOF_C'
#include "bpf.h"
const volatile u32 step = 3;
u64 total;
u32 start = 40;
char name[6] = "five";
struct { u32 a, b; } pair;
static __attribute__((noinline)) u32 twice(u32 n)
{
	return total > 1000 ? n : n * 2;
}
SEC("socket") int count(void *ctx)
{
	total += step;
	start += twice(step) & 1;
	return 0;
}
EOF_C

compile missing <<'EOF_C'
#include "bpf.h"
struct task_struct___gone { struct { int none; int no_such_field[4]; }; } CORE;
SEC("raw_tp/sched_switch") int reads(u64 *ctx)
{
	struct task_struct___gone *task = (void *)ctx[1];
	int n = 0;

	probe_read(&n, sizeof(n), &task->no_such_field[2]);
	return n;
}
EOF_C

compile guarded <<'EOF_C'
#include "bpf.h"
struct task_struct___gone { int no_such_field; } CORE;
SEC("raw_tp/sched_switch") int asks(u64 *ctx)
{
	struct task_struct___gone *task = (void *)ctx[1];
	int n = 0;

	if (__builtin_preserve_field_info(task->no_such_field, 2))
		probe_read(&n, sizeof(n), &task->no_such_field);
	return n;
}
EOF_C

compile rejected <<'EOF_C'
#include "bpf.h"
SEC("raw_tp/sched_switch") int wild(u64 *ctx)
{
	u64 n = ctx[0] * 2;

	return *(int *)n;
}
EOF_C

# Each store is a fact of the kernel's, by another kind of relocation.
compile facts <<'EOF_C'
#include "bpf.h"
struct list { void *next; } CORE;
struct task_struct {
	int pid, tgid;
	char comm[16];
	struct task_struct *group_leader;
	unsigned sched_contributes_to_load:1;
	struct { void *next; } tasks;
} CORE;
struct task_struct___gone { int no_such_field; } CORE;
struct task_struct___long { u64 flags; } CORE;
struct no_such_type { int x; } CORE;
struct sock_common {
	union { struct { u32 skc_daddr, skc_rcv_saddr; }; };
	u16 skc_family;
	u8 skc_reuse:4, skc_reuseport:1;
} CORE;
struct sock { struct sock_common __sk_common; } CORE;
struct sk_buff { u8 pkt_type:3, ignore_df:1; u32 len; } CORE;
struct mm_struct { struct { u64 total_vm, start_code; }; u64 saved_auxv[40]; } CORE;
enum bpf_map_type { BPF_MAP_TYPE_RINGBUF = 5, BPF_MAP_TYPE_NO_SUCH = 6 };
enum bpf_map_type___two { BPF_MAP_TYPE_HASH___two = 7 };
typedef int pid_t;
u64 facts[64];
#define FIELD(i, field, kind) facts[i] = __builtin_preserve_field_info(field, kind)
#define TYPE(i, type, kind) facts[i] = __builtin_preserve_type_info(*(type *)0, kind)
#define VALUE(i, e, value, kind) \
	facts[i] = __builtin_preserve_enum_value(*(enum e *)value, kind)
SEC("raw_tp/sched_switch") int all(u64 *ctx)
{
	struct task_struct *task = (void *)ctx[1];
	struct task_struct___gone *gone = (void *)ctx[1];
	struct sock *sock = (void *)ctx[0];
	struct sk_buff *skb = (void *)ctx[0];
	struct mm_struct *mm = (void *)ctx[0];
	int n = 0;

	probe_read(&n, 4, &task->pid);
	facts[0] = n;
	probe_read(&n, 1, &task->comm[3]);
	facts[1] = n;
	probe_read(&n, 4, &sock->__sk_common.skc_rcv_saddr);
	facts[2] = n;
	probe_read(&n, 4, &mm->saved_auxv[7]);
	facts[3] = n;
	probe_read(&n, 4, &mm->start_code);
	facts[4] = n;
	FIELD(5, task->pid, 0); FIELD(6, task->pid, 1); FIELD(7, task->pid, 2);
	FIELD(8, task->pid, 3); FIELD(9, task->pid, 4); FIELD(10, task->pid, 5);
	FIELD(11, task->sched_contributes_to_load, 0);
	FIELD(12, task->sched_contributes_to_load, 1);
	FIELD(13, task->sched_contributes_to_load, 3);
	FIELD(14, task->sched_contributes_to_load, 4);
	FIELD(15, task->sched_contributes_to_load, 5);
	FIELD(16, gone->no_such_field, 2);
	FIELD(17, sock->__sk_common.skc_reuseport, 0);
	FIELD(18, sock->__sk_common.skc_reuseport, 4);
	FIELD(19, sock->__sk_common.skc_reuseport, 5);
	FIELD(20, skb->ignore_df, 4); FIELD(21, task->comm, 1); FIELD(22, task->comm[2], 1);
	FIELD(23, task->tasks.next, 0); FIELD(24, skb->len, 0);
	TYPE(25, struct no_such_type, 0); TYPE(26, struct task_struct, 0);
	TYPE(27, struct task_struct, 1); TYPE(28, struct no_such_type, 1);
	TYPE(29, pid_t, 0); TYPE(30, pid_t, 1);
	facts[31] = __builtin_btf_type_id(*(struct task_struct *)0, 1);
	facts[32] = __builtin_btf_type_id(*(struct task_struct *)0, 0);
	VALUE(33, bpf_map_type, BPF_MAP_TYPE_RINGBUF, 0);
	VALUE(34, bpf_map_type, BPF_MAP_TYPE_RINGBUF, 1);
	VALUE(35, bpf_map_type, BPF_MAP_TYPE_NO_SUCH, 0);
	VALUE(36, bpf_map_type___two, BPF_MAP_TYPE_HASH___two, 1);
	return 0;
}
SEC("tp_btf/sched_switch") int direct(u64 *ctx)
{
	struct task_struct___long *other = (void *)ctx[1];
	struct task_struct *task = (void *)ctx[1];

	facts[40] = task->group_leader->pid;
	facts[41] = task->comm[1];
	facts[42] = other->flags;
	return 0;
}
EOF_C

compile events <<'EOF_C'
#include "bpf.h"
struct { int (*type)[27]; int (*max_entries)[65536]; } ring SEC(".maps");
struct { int (*type)[1]; int (*max_entries)[64]; u32 *key; u64 *value; } seen SEC(".maps");
u64 records;
SEC("raw_tp/sched_switch") int event(void *ctx)
{
	struct { u32 pid; char comm[16]; } record = {};

	record.pid = pid_tgid() >> 32;
	comm(record.comm, sizeof(record.comm));
	output(&ring, &record, sizeof(record), 0);
	records++;
	return 0;
}
EOF_C

# A structure of the kernel's, twice; its layout here is another one.
compile ops <<'EOF_C'
#include "bpf.h"
struct tcp_congestion_ops___mine {
	char name[12];
	u16 flags;
	void (*cong_avoid)(void *sk, u32 ack, u32 acked);
	u32 (*ssthresh)(void *sk);
	int (*never_was)(void);
	u32 (*undo_cwnd)(void *sk);
};
SEC("struct_ops") u32 two(u64 *ctx) { return 2; }
SEC("struct_ops/avoid") void avoid(u64 *ctx) { }
SEC("struct_ops") u32 undo(u64 *ctx) { return 10; }
SEC(".struct_ops") struct tcp_congestion_ops___mine plain = {
	.ssthresh = (void *)two, .cong_avoid = (void *)avoid, .undo_cwnd = (void *)undo,
	.name = "barebpf_a",
};
SEC(".struct_ops.link") struct tcp_congestion_ops___mine linked = {
	.ssthresh = (void *)two, .cong_avoid = (void *)avoid, .undo_cwnd = (void *)undo,
	.name = "barebpf_b", .flags = 2,
};
EOF_C

# Records whose type the object has, and does not name.
compile records <<'EOF_C'
#include "bpf.h"
static long (*perf)(void *ctx, void *map, u64 flags, void *data, u64 size) = (void *)25;
struct record { u32 number; char comm[16]; } *unused_record;
struct odd { u32 a:3; } *unused_odd;
struct { int (*type)[27]; int (*max_entries)[4096]; } ring SEC(".maps");
struct { int (*type)[4]; u32 *key; u32 *value; } pages SEC(".maps");
SEC("raw_tp/sched_switch") int event(void *ctx)
{
	struct record record = { .number = 4711 };

	comm(record.comm, sizeof(record.comm));
	output(&ring, &record, sizeof(record), 0);
	perf(ctx, &pages, 0xffffffff, &record, sizeof(record));
	return 0;
}
EOF_C

# ---- without the kernel's leave ----

fails()	# NAME TEXT COMMAND...: it fails, and says the text
{
	f_name=$1 f_text=$2
	shift 2
	t_run "$@"
	if [ $t_status -eq 0 ]; then
		fail "$f_name" "succeeds: $*" stdout
	elif grep -qF -e "$f_text" stderr; then
		pass "$f_name"
	else
		fail "$f_name" "does not say: $f_text" stderr
	fi
}

fails "-D of no variable" "-D stepp: the object has no such variable; did you mean 'step'?" \
	"$BPFLOAD" check -D stepp=1 globals.o
fails "-D past the range" "-D step=4294967296: a variable of type u32 has no room for that" \
	"$BPFLOAD" check -D step=4294967296 globals.o
fails "-D of no number" "-D step=three: this is no number" "$BPFLOAD" check -D step=three globals.o
fails "-D of a text that is too long" "-D name=sixteen has 7 bytes and a NUL, the variable 6" \
	"$BPFLOAD" check -D name=sixteen globals.o
fails "-D of a structure" "-D pair: the variable is neither a number nor a text" \
	"$BPFLOAD" check -D pair=1 globals.o

fails "--type of no buffer" \
	"there is no ring buffer or perf buffer of that name; did you mean 'ring'?" \
	"$BPFLOAD" run --type rings=record records.o
fails "--type that is none" "the object has no such type; did you mean 'record'?" \
	"$BPFLOAD" run --type ring=recrd records.o
fails "--type without a type" "option '--type': 'ring' is not MAP=TYPE" \
	"$BPFLOAD" run --type ring records.o
fails "--type of a bit-field" "records of it cannot be printed" \
	"$BPFLOAD" run --type ring=odd records.o
echo '.map ring type ringbuf entries 4096
r1 = ring ll
r0 = 0
exit' >ring.bpfasm
fails "--type of a text" "a text says by 'value' of .map of which type records are" \
	"$BPFLOAD" run --type ring=u32 ring.bpfasm

"$BPFLOAD" check globals.o >out 2>err
if grep -q 'BPF_PROG_LOAD: Operation not permitted\|BPF_MAP_CREATE: Operation not permitted' err
then
	skip "loading objects" "this user may not"
	plan
fi

# ---- with it ----

ok "globals, constants and subprograms load" "$BPFLOAD" check globals.o
ok "programs of tracepoints run" "$BPFLOAD" run -j --duration 300ms events.o
mv stdout out
if grep -q '"records":[1-9]' out; then
	pass "and count in a variable"
else
	fail "and count in a variable" "no number" out
fi
ok "variables begin with what -D says" "$BPFLOAD" run -j --duration 100ms \
	-D records=0x10000000000 events.o
if grep -q '"records":1099511[0-9]*' stdout; then
	pass "and go on from there"
else
	fail "and go on from there" "no such number" stdout
fi
if grep -q '"map":"seen"' out; then
	pass "a map of the object is printed"
else
	fail "a map of the object is printed" "not there" out
fi
"$BPFLOAD" run -j --duration 200ms --type ring=record --type pages=record records.o >out 2>err
for map in ring pages; do
	ok "records of $map have their type" grep -q \
		"{\"map\":\"$map\",\"value\":{\"number\":4711,\"comm\":\"" out
done
fails "a rejected program shows the line of C" "return *(int *)n;" "$BPFLOAD" check rejected.o
fails "with its file and number" "rejected.c:6:" "$BPFLOAD" check rejected.o

if [ ! -r /sys/kernel/btf/vmlinux ]; then
	fails "a kernel without BTF is named" "this kernel tells no types" "$BPFLOAD" check facts.o
	plan
fi
ok "structures of programs are registered" "$BPFLOAD" run ops.o -- \
	cat /proc/sys/net/ipv4/tcp_available_congestion_control
mv stdout out
if grep -q 'has no bpf_struct_ops' stderr; then
	skip "and both are there" "this kernel has no congestion control by programs"
elif grep -q 'barebpf_a' out && grep -q 'barebpf_b' out; then
	pass "and both are there"
else
	fail "and both are there" "not listed" out
fi
if grep barebpf /proc/sys/net/ipv4/tcp_available_congestion_control >out; then
	fail "and gone at the end" "still there" out
else
	pass "and gone at the end"
fi
fails "a field that is not there is named" "no field task_struct.no_such_field[2]" \
	"$BPFLOAD" check missing.o
ok "one that is asked for first does no harm" "$BPFLOAD" check guarded.o
ok "relocations of all kinds load" "$BPFLOAD" check facts.o

# ---- as libbpf ----

need bpftool || plan
if ! { mkdir bpffs && mount -t bpf bpf bpffs; } 2>err; then
	skip "the same as libbpf" "no bpffs: $(head -n 1 err)"
	plan
fi
trap 'umount "$tmp/bpffs"; rm -rf "$tmp"' EXIT

# Instructions in the kernel, without the numbers of maps and the names of functions.
dump()	# PIN
{
	bpftool prog dump xlated pinned "$1" opcodes | sed -n \
		-e 's/map\[id:[0-9]*\]/map/' -e 's/#bpf_prog_.*//' \
		-e '/^ *[0-9]*: (/{p;/map/{n;d;};}' \
		-e '/^ *[0-9a-f][0-9a-f] [0-9a-f][0-9a-f] /p'
}

same()	# OBJECT PROGRAM...
{
	s_object=$1
	shift
	if ! "$BPFLOAD" load "$s_object" bpffs/ours 2>err; then
		fail "$s_object" "bpfload does not load it" err
		return
	fi
	if ! bpftool prog loadall "$s_object" bpffs/theirs >err 2>&1; then
		fail "$s_object" "bpftool does not load it" err
		rm -r bpffs/ours
		return
	fi
	for s_program; do
		dump "bpffs/ours/$s_program" >ours
		dump "bpffs/theirs/$s_program" >theirs
		if [ -s theirs ] && diff theirs ours >changes; then
			pass "$s_object $s_program as by libbpf"
		else
			fail "$s_object $s_program as by libbpf" "instructions differ" changes
		fi
	done
	rm -r bpffs/ours bpffs/theirs
}

same facts.o all direct
same guarded.o asks
same globals.o count
same events.o event

# ---- objects of bpfasm ----

# The kernel is not the one that the object is made for: its task_struct has another beginning.
clang -O2 -g -target bpf -c -x c -o other.o - <<'EOF_C'
struct task_struct { int before[3]; int pid; char comm[16]; };
struct task_struct task;
EOF_C
cat >own.bpfasm <<'END_TEXT'
.license "GPL"
.prog own "raw_tp/sched_switch"
	r3 = *(u64 *)(r1 + 8)
	r3 += kernel.task_struct.pid
	r1 = r10
	r1 += -8
	r2 = 4
	call probe_read_kernel
	r0 = 0
	exit
END_TEXT
if llvm-objcopy -O binary --only-section=.BTF --set-section-flags .BTF=alloc other.o other.btf \
	2>err && "$BPFASM" --btf other.btf -f elf own.bpfasm -o own.o 2>>err; then
	same own.o own
	"$BPFLOAD" load own.bpfasm bpffs/text && "$BPFLOAD" load own.o bpffs/object
	dump bpffs/text/own >text
	dump bpffs/object/own >object
	if [ -s text ] && diff text object >changes; then
		pass "made for another kernel, right on this one"
	else
		fail "made for another kernel, right on this one" "instructions differ" changes
	fi
else
	fail "an object of bpfasm" "cannot be made" err
fi
plan
