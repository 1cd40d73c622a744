#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# ref_test.sh - `bpfasm ref`: the rows as text and as JSON.
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
# shellcheck source=lib.sh
. "$SRCDIR/tests/lib.sh"

check_out "an instruction" \
'name  syntax      gas           opcode  dst  src  off  imm  next  since  meaning
sdiv  rD s/= rS   sdiv rD, rS   0x3f    rD   rS   1    0          6.6    '\
'dst = src != 0 ? (s64)dst / (s64)src : 0
sdiv  rD s/= imm  sdiv rD, imm  0x37    rD   0    1    imm        6.6    '\
'dst = (s64)imm != 0 ? (s64)dst / (s64)imm : 0' "$BPFASM" ref insn sdiv
check_out "an instruction as JSON" \
'{"name":"ja32","syntax":"gotol label","gas":"jal label","opcode":"0x06","dst":0,"src":0,"off":0,'\
'"imm":"label","next":"","since":"6.6","meaning":"pc += imm"}' "$BPFASM" ref -j insn ja32
helper='name                 id  since  returns  prototype
bpf_map_lookup_elem  1   3.19   void *   void *bpf_map_lookup_elem(struct bpf_map *map, '\
'const void *key)'
check_out "a helper" "$helper" "$BPFASM" ref helper bpf_map_lookup_elem
check_out "a helper without bpf_" "$helper" "$BPFASM" ref helper map_lookup_elem
check_out "a helper as JSON" \
'{"name":"bpf_trace_printk","id":6,"since":"4.1","returns":"long",'\
'"prototype":"long bpf_trace_printk(const char *fmt, u32 fmt_size, ...)",'\
'"args":[{"type":"const char *","name":"fmt"},{"type":"u32","name":"fmt_size"},'\
'{"type":"...","name":""}]}' "$BPFASM" ref -j helper trace_printk
check_out "a helper without arguments" \
'{"name":"bpf_ktime_get_ns","id":5,"since":"4.1","returns":"u64",'\
'"prototype":"u64 bpf_ktime_get_ns(void)","args":[]}' "$BPFASM" ref -j helper ktime_get_ns
check_out "a section name as JSON" \
'{"name":"tp","section":"tp/CATEGORY/NAME","program":"tracepoint","attach_type":0,"since":"4.7"}' \
	"$BPFASM" ref -j attach tp
check_out "a command" \
'name                 number  since
BPF_MAP_UPDATE_ELEM  2       3.18

field   type  offset  size  since
map_fd  u32   0       4     3.18
key     u64   8       8     3.18
value   u64   16      8     3.18
flags   u64   24      8     3.19' "$BPFASM" ref cmd MAP_UPDATE_ELEM
check_out "a command as JSON" \
'{"name":"BPF_PROG_ASSOC_STRUCT_OPS","number":38,"since":"7.0","fields":['\
'{"field":"prog_assoc_struct_ops.map_fd","type":"u32","offset":0,"size":4,"since":"7.0"},'\
'{"field":"prog_assoc_struct_ops.prog_fd","type":"u32","offset":4,"size":4,"since":"7.0"},'\
'{"field":"prog_assoc_struct_ops.flags","type":"u32","offset":8,"size":4,"since":"7.0"}]}' \
	"$BPFASM" ref -j cmd BPF_PROG_ASSOC_STRUCT_OPS
check_out "a structure with parts" \
'name            size  align  since
bpf_sock_tuple  36    4      4.20

field  type                 offset  size  since
ipv4   bpf_sock_tuple.ipv4  0       12    4.20
ipv6   bpf_sock_tuple.ipv6  0       36    4.20' "$BPFASM" ref struct bpf_sock_tuple
check_out "a structure as JSON" \
'{"name":"ethhdr","size":14,"align":1,"since":"3.18","fields":['\
'{"field":"h_dest","type":"u8[6]","offset":0,"size":6,"since":"3.18"},'\
'{"field":"h_source","type":"u8[6]","offset":6,"size":6,"since":"3.18"},'\
'{"field":"h_proto","type":"be16","offset":12,"size":2,"since":"3.18"}]}' \
	"$BPFASM" ref -j struct ethhdr
check_out "the CPUs" \
'name     machine  endian  bpf  perf_event_open  args                      sysargs
x86_64   62       little  321  298              di si dx cx r8 r9         di si dx r10 r8 r9
arm64    183      little  280  241              x0 x1 x2 x3 x4 x5 x6 x7   orig_x0 x1 x2 x3 x4 x5
s390x    22       big     351  331              r2 r3 r4 r5 r6            orig_gpr2 r3 r4 r5 r6 r7
ppc64le  21       little  361  319              r3 r4 r5 r6 r7 r8 r9 r10  orig_gpr3 r4 r5 r6 r7 r8
riscv64  243      little  280  241              a0 a1 a2 a3 a4 a5 a6 a7   orig_a0 a1 a2 a3 a4 a5' \
	"$BPFASM" ref cpu

roles()	# CPU: its registers that have another name
{
	"$BPFASM" ref cpu "$1" | awk '$1 == "register" { seen = 1; next } seen && NF > 3'
}
check_out "the registers of a CPU" \
'psw_addr   16      8     ip
r2         40      8     arg1 ret
r3         48      8     arg2 sysarg2
r4         56      8     arg3 sysarg3
r5         64      8     arg4 sysarg4
r6         72      8     arg5 sysarg5
r7         80      8     sysarg6
r11        112     8     fp
r15        144     8     sp
orig_gpr2  152     8     sysarg1' roles s390x

# every row of a table is one line of it
while read -r kind table pattern; do
	rows=$(grep -c "^$pattern(" "$SRCDIR/asm/tables/$table.def")
	t_run "$BPFASM" ref -j "$kind"
	lines=$(grep -c '^{"name":"..*}$' "$tmp/stdout")
	if [ "$t_status" -eq 0 ] && [ "$rows" -gt 0 ] && [ "$lines" -eq "$rows" ] &&
	   [ "$lines" = "$(wc -l <"$tmp/stdout" | tr -d ' ')" ]; then
		pass "all of $kind: $lines"
	else
		fail "all of $kind" "status $t_status, $lines lines of $rows rows" "$tmp/stderr"
	fi
done <<'EOF'
helper helper HELPER
map map_type MAPTYPE
prog prog_type PROG_TYPE
attach attach ATTACH
cmd command COMMAND
struct struct [SM][TE][RM][UB][CE][TR]
type type TYPE
cpu cpu CPU
EOF

# every field of the commands and structures is one part, and has a type with a size
count()	# TEXT KIND
{
	"$BPFASM" ref -j "$2" | grep -o "$1" | wc -l | tr -d ' '
}

fields()	# TABLE: of its rows, behind the comment at its head
{
	sed '1,/^ \*\//d' "$SRCDIR/asm/tables/$1.def" |
		grep -o '\(ATTR\|FIELD\|OPEN\|PART\|BITS\)(' | wc -l | tr -d ' '
}
check_out "all fields of commands" "$(fields attr)" count '"field":' cmd
check_out "all fields of structures" "$(fields struct)" count '"field":' struct
check_out "no field of a command without a size" 0 count '"size":0' cmd
check_out "no field of a structure without a size" 0 count '"size":0' struct

# every instruction has a meaning, and every operand of its syntax stands in some field
"$BPFASM" ref -j insn >"$tmp/insns"
check_out "meanings" "$(grep -c '"name":' "$tmp/insns")" \
	grep -c '"opcode":"0x[0-9a-f][0-9a-f]".*"meaning":"[^"]*[^" ]"}$' "$tmp/insns"
# shellcheck disable=SC2016 # awk's
check_out "fields that hold operands" "" awk -F'"' '
	$8 ~ /[rw]D/ && !/"dst":"rD"/ { print }
	$8 ~ /[rw]S/ && !/"src":"rS"/ { print }
	$8 ~ /imm/ && !/"imm":"imm/ { print }
	$8 ~ /off/ && !/"off":"off"/ { print }
	$8 ~ /next/ && !/"next":"next"/ { print }
	$8 ~ /hi, lo/ && !/"imm":"hi << 16 \| lo"/ { print }
	$8 ~ /label/ && !/"(off|imm)":"label"/ { print }' "$tmp/insns"

fails "a misspelt kind" 1 \
	"bpfasm: error: there is no 'hlper'; did you mean 'helper'?" "$BPFASM" ref hlper
fails "a misspelt name" 1 "there is no 'map hsh'; did you mean 'hash'?" "$BPFASM" ref map hsh
fails "one word too many" 2 "bpfasm: error: ref takes a kind and a name" "$BPFASM" ref map hash x
fails "a full disk" 1 "No space left" sh -c "'$BPFASM' ref helper >/dev/full"
plan
