#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# btf_pahole_test.sh - offsets of kernel.TYPE.FIELD are those that pahole gives, and bpftool

: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
. "$SRCDIR/tests/lib.sh"

btf=/sys/kernel/btf/vmlinux
[ -r $btf ] || { skip "kernel fields" "needs $btf"; plan; }
need pahole || plan

# pahole does not know all kinds of new BTF and says so; it steps over them.
layout()	# TYPE
{
	[ -f "$tmp/$1.pahole" ] || pahole -F btf -C "$1" $btf >"$tmp/$1.pahole" 2>/dev/null
	cat "$tmp/$1.pahole"
}

pahole_size()	# TYPE
{
	layout "$1" | sed -n 's|.*/\* size: \([0-9]*\),.*|\1|p' | head -n 1
}

pahole_offset()	# TYPE FIELD
{
	layout "$1" | sed -n "s|.*[ *]$2\(\[[0-9]*\]\)*;.*/\* *\([0-9]*\) .*|\2|p" | head -n 1
}

# The sum over pairs, each TYPE FIELD or TYPE FIELD[N]; N counts in the size of the next TYPE.
pahole_sum()	# TYPE FIELD [TYPE FIELD...]
{
	sum=0
	while [ $# -ge 2 ]; do
		step=$(pahole_offset "$1" "${2%%\[*}")
		[ "$step" ] || return 1
		sum=$((sum + step))
		case $2 in
		*\[*)	index=${2#*\[}
			sum=$((sum + ${index%\]} * $(pahole_size "$3"))) ;;
		esac
		shift 2
	done
	echo $sum
}

# Of instructions that load one into r1; either byte order.
immediates()	# HEX
{
	sed -n -e 's/^b7010000\(..\)\(..\)\(..\)\(..\)$/0x\4\3\2\1/p' -e 's/^b7100000/0x/p' "$1"
}

bpfasm_offset()	# PATH
{
	printf 'r1 = kernel.%s\nexit\n' "$1" |
		"$BPFASM" --btf $btf -f hex - >"$tmp/hex" 2>"$tmp/stderr" || return 1
	imm=$(immediates "$tmp/hex")
	[ "$imm" ] && echo $((imm))
}

field()	# PATH TYPE FIELD [TYPE FIELD...]
{
	path=$1
	shift
	if ! want=$(pahole_sum "$@"); then
		fail "$path" "no offset from pahole"
	elif ! got=$(bpfasm_offset "$path"); then
		fail "$path" "no offset from bpfasm" "$tmp/hex" "$tmp/stderr"
	elif [ "$got" -ne "$want" ]; then
		fail "$path" "expected $want, got $got" "$tmp/hex"
	else
		pass "$path"
	fi
}

no_field()	# NAME PATH REASON
{
	printf 'r1 = kernel.%s\nexit\n' "$2" >"$tmp/no_field.bpfasm"
	fails "$1" 1 "$3" "$BPFASM" --btf $btf -f hex "$tmp/no_field.bpfasm"
}

field task_struct.pid task_struct pid
field task_struct.tgid task_struct tgid
field task_struct.comm task_struct comm
field task_struct.real_parent task_struct real_parent
field task_struct.nsproxy task_struct nsproxy
field task_struct.se.vruntime task_struct se sched_entity vruntime
field sock.sk_protocol sock sk_protocol
field sock.__sk_common.skc_family sock __sk_common sock_common skc_family
# anonymous members:
field sock.__sk_common.skc_rcv_saddr sock __sk_common sock_common skc_rcv_saddr
field sock.__sk_common.skc_dport sock __sk_common sock_common skc_dport
field file.f_mode file f_mode
field file.f_path.dentry file f_path path dentry
field pid.level pid level
field 'pid.numbers[1].nr' pid 'numbers[1]' upid nr
field nsproxy.pid_ns_for_children nsproxy pid_ns_for_children
field pid_namespace.level pid_namespace level
field atomic_t.counter atomic_t counter

no_field "unknown field" task_struct.pidd \
	"struct task_struct has no field 'pidd'; did you mean 'pid'?"
no_field "unknown type" task_strut.pid "did you mean 'task_struct'"
no_field "field behind a pointer" task_struct.real_parent.pid "then go on with 'task_struct.pid'"
no_field "bitfield" sock_common.skc_reuse "is a bitfield of 4 bits"
no_field "index out of bounds" 'task_struct.comm[16]' "has 16 elements: there is no [16]"

# Each field of a structure, with those of structures and unions without a name in it, as bpftool
# has it: PATH and its bit; of a bitfield its bits, too.
fields()	# TYPE
{
	awk -v type="$1" -v quote="'" '
	# a type is one of interest when its name is, or it has none
	/^\[/ {
		id = ""
		if ($2 != "STRUCT" && $2 != "UNION")
			next
		name = substr($3, 2, length($3) - 2)
		if (name != "(anon)" && (name != type || root))
			next
		id = substr($1, 2, length($1) - 2)
		if (name == type)
			root = id
		next
	}
	id {
		split($0, part, quote)
		size = $NF ~ /^bitfield_size=/ ? substr($NF, 15) : 0
		match($0, /type_id=[0-9]*/)
		of = substr($0, RSTART + 8, RLENGTH - 8)
		match($0, /bits_offset=[0-9]*/)
		member[id, ++count[id]] = part[2] " " of " " \
			substr($0, RSTART + 12, RLENGTH - 12) " " size
	}
	function walk(id, bit,		i, m)
	{
		for (i = 1; i <= count[id]; i++) {
			split(member[id, i], m, " ")
			if (m[1] == "(anon)" && m[2] in count)
				walk(m[2], bit + m[3])
			else if (m[1] != "(anon)")
				print type "." m[1], bit + m[3], m[4] + 0
		}
	}
	END { walk(root, 0) }' "$tmp/types"
}

# One text for all fields; a bitfield is an error that says where it is.
all_fields()	# TYPE LEAST LEAST-BITFIELDS
{
	fields "$1" >"$tmp/fields"
	awk '!$3 { print $1, $2 / 8 }' "$tmp/fields" >"$tmp/want"
	sed 's/\([^ ]*\) .*/r1 = kernel.\1/' "$tmp/want" |
		"$BPFASM" --btf $btf -f hex -Wno-no-exit - >"$tmp/hex" 2>"$tmp/stderr"
	immediates "$tmp/hex" | while read -r imm; do echo $((imm)); done >"$tmp/offsets"
	cut -d ' ' -f 1 "$tmp/want" | paste -d ' ' - "$tmp/offsets" >"$tmp/got"
	if [ "$(grep -c . "$tmp/want")" -ge "$2" ] && same "$tmp/want" "$tmp/got"; then
		pass "fields of $1"
	else
		diff "$tmp/want" "$tmp/got" >"$tmp/differ"
		fail "fields of $1" "bpftool has others, or too few" "$tmp/differ" "$tmp/stderr"
	fi
	awk '$3 { print $1, $3, $2 }' "$tmp/fields" >"$tmp/want"
	cut -d ' ' -f 1 "$tmp/want" | while read -r path; do
		echo "r1 = kernel.$path" | "$BPFASM" --btf $btf -f hex - 2>&1
	done | sed -n 's/.*error: \(.* bit .* of byte .*\) on:.*/\1/p' | tr -d "'" |
		awk '{ print $1, $6, $10 + 8 * $13 }' >"$tmp/got"
	if [ "$(grep -c . "$tmp/want")" -ge "$3" ] && same "$tmp/want" "$tmp/got"; then
		pass "bitfields of $1"
	else
		diff "$tmp/want" "$tmp/got" >"$tmp/differ"
		fail "bitfields of $1" "bpftool has others, or too few" "$tmp/differ"
	fi
}

need bpftool || plan
if ! bpftool btf dump file $btf format raw >"$tmp/types" 2>"$tmp/stderr"; then
	skip "all fields" "bpftool does not read them: $(head -n 1 "$tmp/stderr")"
	plan
fi
all_fields task_struct 100 5
all_fields sock 50 1
all_fields sock_common 25 4
plan
