#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# dis_test.sh - `bpfasm -d`: its command line, what it reads and writes, and its texts beside those
# of llvm-objdump and bpf-objdump
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
# shellcheck source=lib.sh
. "$SRCDIR/tests/lib.sh"
export LC_ALL=C
cd "$tmp" || exit 1
tab=$(printf '\t')

# ---- input ----

# Four slots, one of them wide, and as the kernel prints them.
cat >prog.hex <<'EOF_HEX'
b700000000000000
1801000002000000
0000000001000000
5501fdff05000000
9500000000000000
EOF_HEX
kernel='   0: (b7) r0 = 0
   1: (18) r1 = 0x100000002
   3: (55) if r1 != 0x5 goto pc-3
   4: (95) exit'

# Bytes of hexadecimal digits.
raw_of()	# FILE
{
	for byte in $(tr -d ' \n' <"$1" | sed 's/../& /g'); do
		# shellcheck disable=SC2059 # the format is the byte
		printf "\\$(printf %03o "0x$byte")"
	done
}
raw_of prog.hex >prog.raw

stdin()	# FILE COMMAND...
{
	input=$1
	shift
	"$@" <"$input"
}

check_out "raw is what -d reads" "$kernel" "$BPFASM" -d -E le prog.raw
check_out "-f raw" "$kernel" "$BPFASM" -d -f raw -E le prog.raw
check_out "-f hex" "$kernel" "$BPFASM" -d -f hex -E le prog.hex
check_out "options behind the file" "$kernel" "$BPFASM" prog.hex -E le -f hex -d
check_out "standard input, raw" "$kernel" stdin prog.raw "$BPFASM" -d -E le -
check_out "standard input, hex" "$kernel" stdin prog.hex "$BPFASM" -d -f hex -E le -
tr 'a-f' 'A-F' <prog.hex | tr -d '\n' | sed "s/../&$tab/g; s/05/05  /" >blanks.hex
check_out "hex: blanks and capitals" "$kernel" "$BPFASM" -d -f hex -E le blanks.hex
sed "s/\$/$(printf '\r')/" prog.hex >crlf.hex
check_out "hex: lines that end in CR LF" "$kernel" "$BPFASM" -d -f hex -E le crlf.hex
: >empty
check_out "nothing in, nothing out" "" "$BPFASM" -d empty
check_out "nothing in, nothing out, hex" "" "$BPFASM" -d -f hex empty

for size in 1 7 15; do
	head -c $size prog.raw >odd.raw
	fails "raw: $size bytes" 1 \
		"bpfasm: error: odd.raw: $size bytes are no whole number of slots of 8" \
		"$BPFASM" -d odd.raw
done
printf 'b700000000000000\n95000000000000' >odd.hex
fails "hex: 7 bytes of the last slot" 1 "odd.hex:2: error: the last slot has only 7 bytes of 8" \
	"$BPFASM" -d -f hex odd.hex
printf 'b700000000000000\n9500\n\n\n' >odd.hex
fails "hex: the line is that of the last byte" 1 "odd.hex:2: error: the last slot has only 2" \
	"$BPFASM" -d -f hex odd.hex
printf 'b700000000000000\n\n950000000000000\n' >half.hex
fails "hex: half a byte" 1 "half.hex:3: error: expected two hexadecimal digits" \
	"$BPFASM" -d -f hex half.hex
printf '950' >half.hex
fails "hex: half a byte at the end" 1 "half.hex:1: error: expected two hexadecimal digits" \
	"$BPFASM" -d -f hex half.hex
for digits in 0x 'g0' '0g' '9 5' '..' "$(printf '\303\244')"; do
	printf 'b700000000000000\nb700000000000000\n0000%s\n' "$digits" >bad.hex
	fails "hex: '$digits'" 1 "bad.hex:3: error: expected two hexadecimal digits" \
		"$BPFASM" -d -f hex bad.hex
done
printf 'b7\0000000000000000' >nul.hex
fails "hex: a NUL byte" 1 "nul.hex:1: error: expected two hexadecimal digits" \
	"$BPFASM" -d -f hex nul.hex
fails "no such file" 1 "nowhere: No such file" "$BPFASM" -d nowhere
fails "a folder" 1 "Is a directory" "$BPFASM" -d .

# ---- the command line ----

for name in c list; do
	fails "-f $name" 2 "-d does not read the format '$name'" "$BPFASM" -d -f $name prog.raw
done
fails "an unknown format" 2 "unknown format 'coff'" "$BPFASM" -d -f coff prog.raw
fails "-f elf, and it is none" 1 "prog.raw: error: this is no ELF file" "$BPFASM" -d -f elf prog.raw
for option in '-D A=1' '-I .' '--btf prog.raw'; do
	# shellcheck disable=SC2086 # an option and its value
	fails "$option" 2 "bpfasm: error: ${option%% *} means nothing with -d" \
		"$BPFASM" -d $option prog.raw
done
fails "-p main" 2 "bpfasm: error: -p means nothing with slots, which are one program" \
	"$BPFASM" -d -p main prog.raw
fails "--dialect without -d" 2 "--dialect means nothing without -d" "$BPFASM" --dialect gas prog.raw
fails "an unknown dialect" 2 "unknown dialect 'intel'" "$BPFASM" -d --dialect intel prog.raw
fails "an empty dialect" 2 "unknown dialect ''" "$BPFASM" -d --dialect= prog.raw
fails "no dialect" 2 "--help" "$BPFASM" -d prog.raw --dialect
fails "no file" 2 "no file given" "$BPFASM" -d
fails "two files" 2 "more than one file" "$BPFASM" -d prog.raw prog.raw
if "$BPFASM" --help | grep -q -- '--dialect'; then
	pass "--help tells of it"
else
	fail "--help tells of it" "no --dialect in it"
fi

# ---- byte order ----

# The same program as a big-endian CPU has it: the nibbles of the registers change places too.
cat >big.hex <<'EOF_HEX'
b700000000000000
1810000000000002
0000000000000001
5510fffd00000005
9500000000000000
EOF_HEX
check_out "-E be" "$kernel" "$BPFASM" -d -E be -f hex big.hex
check_out "-a s390x" "$kernel" "$BPFASM" -d -a s390x -f hex big.hex
check_out "-a s390x -E le" "$kernel" "$BPFASM" -d -a s390x -E le -f hex prog.hex
echo ff12345678abcdef >data.hex
check_out "data, -E le" "$tab.8byte 0xefcdab78563412ff" "$BPFASM" -d -E le -f hex data.hex
check_out "data, -E be" "$tab.8byte 0xff12345678abcdef" "$BPFASM" -d -E be -f hex data.hex

# ---- dialects ----

check_out "--dialect kernel" "$kernel" "$BPFASM" -d --dialect kernel -E le prog.raw
check_out "--dialect llvm" "${tab}r0 = 0x0
L1:
${tab}r1 = 0x100000002 ll
${tab}if r1 != 0x5 goto L1
${tab}exit" "$BPFASM" -d --dialect llvm -E le prog.raw
check_out "--dialect gas" "${tab}mov %r0, 0
L1:
${tab}lddw %r1, 0x100000002
${tab}jne %r1, 5, L1
${tab}exit" "$BPFASM" -d --dialect=gas -E le prog.raw

# A line of a listing: the slot, right-aligned in 4 columns or wider, the opcode, the text.
"$BPFASM" -d -E le prog.raw >listing
if [ "$(sed -n 1p listing)" = '   0: (b7) r0 = 0' ] &&
   ! grep -v '^ *[0-9][0-9]*: ([0-9a-f][0-9a-f]) [^ ].*[^ ]$' listing >/dev/null; then
	pass "the lines of the kernel's dialect"
else
	fail "the lines of the kernel's dialect" "have another shape" listing
fi
yes b700000000000000 | sed 10001q >long.hex
# shellcheck disable=SC2016 # the inner shell expands
check_out "slots of five digits" "9999: (b7) r0 = 0
10000: (b7) r0 = 0" sh -c '"$BPFASM" -d -f hex -E le long.hex | tail -n 2'

# ---- output ----

t_run "$BPFASM" -d -E le -o out prog.raw
if [ "$t_status" -eq 0 ] && [ ! -s "$tmp/stdout" ] && [ "$(cat out)" = "$kernel" ]; then
	pass "-o"
else
	fail "-o" "exit status $t_status" "$tmp/stdout" "$tmp/stderr" out
fi
fails "-o, and input that is wrong" 1 "no whole number" "$BPFASM" -d -o out odd.raw
if [ "$(cat out)" = "$kernel" ]; then
	pass "the old file is still there"
else
	fail "the old file is still there" "it has changed" out
fi
fails "-o into a folder that is not there" 1 "No such file" "$BPFASM" -d -o nowhere/out prog.raw
if [ -c /dev/full ]; then
	fails "-o /dev/full" 1 "No space left" "$BPFASM" -d -o /dev/full prog.raw
	# shellcheck disable=SC2016 # the inner shell expands
	fails "standard output is full" 1 "No space left" sh -c '"$BPFASM" -d prog.raw >/dev/full'
else
	skip "-o /dev/full" "there is none"
fi

# ---- there and back: the golden files ----

# The digits of NAME.hex come back from their text.
golden()	# NAME DIALECT
{
	order=le
	case $(sed -n '1,2s/^# args://p' "$SRCDIR/tests/golden/$1.bpfasm") in
	*"-E be"* | *s390x*)	order=be ;;
	esac
	if ! "$BPFASM" -d -f hex -E $order --dialect "$2" -o text "$SRCDIR/tests/golden/$1.hex" ||
	   ! "$BPFASM" -f hex -E $order -o back text 2>said; then
		fail "$1, $2" "no text, or it does not assemble" text said
	elif same "$SRCDIR/tests/golden/$1.hex" back; then
		return
	else
		fail "$1, $2" "other bytes come back" "$SRCDIR/tests/golden/$1.hex" text back
	fi
}

for dialect in kernel llvm gas; do
	count=0 before=$t_points
	for file in "$SRCDIR"/tests/golden/*.hex; do
		file=${file##*/}
		golden "${file%.hex}" $dialect
		count=$((count + 1))
	done
	if [ $t_points -eq "$before" ] && [ $count -gt 15 ]; then
		pass "$count golden files come back, $dialect"
	else
		fail "the golden files come back, $dialect" "$count of them, see above"
	fi
done

# ---- beside other disassemblers ----

# What LLVM 14 knows, and after a tab what llvm-objdump prints where that is not our text: it has
# names of 32 bits for what loads and stores less, leaves out the offset of a packet load, and does
# not tell calls of functions from those of helpers.
cat >llvm.list <<'EOF_LIST'
r0 = 0x0
r1 = -0x2
r2 = r10
r3 += 0x10
r4 -= r5
r6 *= 0x7
r7 /= r8
r9 |= 0xff
r1 &= r2
r3 <<= 0x3f
r4 >>= r5
r7 ^= -0x1
r8 s>>= 0x3
r9 = -r9
r5 = -0x80000000
w1 = 0x5
w2 = w3
w4 += w5
w6 s>>= 0x1f
w7 = -w7
r1 = le16 r1
r2 = le32 r2
r3 = be64 r3
r1 = 0x1122334455667788 ll
r2 = *(u8 *)(r1 + 0x0)	w2 = *(u8 *)(r1 + 0x0)
r2 = *(u16 *)(r1 + 0x2)	w2 = *(u16 *)(r1 + 0x2)
r2 = *(u32 *)(r1 - 0x4)	w2 = *(u32 *)(r1 - 0x4)
r2 = *(u64 *)(r10 - 0x8000)
*(u8 *)(r1 + 0x1) = r2	*(u8 *)(r1 + 0x1) = w2
*(u16 *)(r1 + 0x2) = r2	*(u16 *)(r1 + 0x2) = w2
*(u32 *)(r10 - 0x4) = r2	*(u32 *)(r10 - 0x4) = w2
*(u64 *)(r10 + 0x7fff) = r2
lock *(u64 *)(r10 - 0x8) += r1
lock *(u32 *)(r10 - 0x4) += w1
lock *(u64 *)(r10 - 0x8) &= r1
r1 = atomic_fetch_add((u64 *)(r10 - 0x8), r1)
w1 = atomic_fetch_or((u32 *)(r10 - 0x4), w1)
r1 = xchg_64(r10 - 0x8, r1)
w1 = xchg32_32(r10 - 0x4, w1)
r0 = cmpxchg_64(r10 - 0x8, r0, r1)
w0 = cmpxchg32_32(r10 - 0x4, w0, w1)
r0 = *(u8 *)skb[0xe]
r0 = *(u16 *)skb[0x0]
r0 = *(u32 *)skb[r6 + 0x4]	r0 = *(u32 *)skb[r6]
if r1 == 0x0 goto +0xa
if r1 > r2 goto +0x5
if r1 s<= -0x1 goto -0x64
if w1 != w2 goto +0x4
if w1 > 0x8 goto +0x1
goto +0x1
call 0xe
call pc+0x2	call 0x2
exit
EOF_LIST
cut -f 1 llvm.list >llvm.text

# Our text of one instruction, for each line of a file: alone, so that jumps have no labels.
each()	# FILE DIALECT
{
	while IFS= read -r line; do
		printf '%s\n' "$line" | "$BPFASM" -f raw -E le - |
			"$BPFASM" -d -E le --dialect "$2" -
	done <"$1" | sed 's/^[[:blank:]]*//'
}

# What is printed behind the number of the slot, on one blank.
operands()
{
	sed -n 's/^ *[0-9a-f]*:[[:blank:]]*//p' |
		sed 's/ *<[^ ]*+0x[0-9a-f]*>$//; s/[[:blank:]][[:blank:]]*/ /g; s/ $//'
}

each llvm.text llvm >llvm.ours
if same llvm.text llvm.ours; then
	pass "$(grep -c . llvm.text) instructions in the dialect of LLVM"
else
	diff llvm.text llvm.ours >llvm.diff
	fail "instructions in the dialect of LLVM" "are spelt another way" llvm.diff
fi
if need llvm-objdump && need llvm-mc; then
	awk -F '\t' '{ print $NF }' llvm.list >llvm.expected
	"$BPFASM" -f hex -E le llvm.text | sed 's/../0x&,/g; s/,$//; s/^/.byte /' >llvm.s
	llvm-mc -triple=bpfel -filetype=obj -o llvm.o llvm.s &&
		llvm-objdump -d --mattr=+alu32 --no-show-raw-insn --print-imm-hex llvm.o |
		operands >llvm.printed
	if same llvm.expected llvm.printed; then
		pass "llvm-objdump prints the same, but $(awk -F '\t' 'NF > 1' llvm.list |
			grep -c .) that are listed"
	else
		diff llvm.expected llvm.printed >llvm.diff
		fail "llvm-objdump prints the same" "and it does not" llvm.diff
	fi
fi

# Mnemonics that binutils 2.40 knows. It prints no blanks behind commas, numbers of two digits in
# hexadecimal, r10 as fp, minus as +-, and distances without plus: all that is evened out.
cat >gas.text <<'EOF_LIST'
mov %r0, 0
mov %r1, -2
mov %r2, %r10
add %r3, 16
sub %r4, %r5
mul %r6, 7
div %r7, %r8
or %r9, 255
and %r1, %r2
lsh %r3, 63
rsh %r4, %r5
mod %r6, 10
xor %r7, -1
arsh %r8, 3
neg %r9
mov32 %r1, 5
add32 %r4, %r5
arsh32 %r6, 31
neg32 %r7
endle %r1, 16
endbe %r3, 64
lddw %r1, 0x1122334455667788
ldxb %r2, [%r1 +0]
ldxh %r2, [%r1 +2]
ldxw %r2, [%r1 -4]
ldxdw %r2, [%r10 -32768]
stxb [%r1 +1], %r2
stxw [%r10 -4], %r2
stxdw [%r10 +32767], %r2
stb [%r1 +1], -1
sth [%r1 +2], 99
stw [%r1 -3], 5
stdw [%r10 -8], -100
ldabsb 14
ldindw %r6, 4
jeq %r1, 0, +10
jgt %r1, %r2, +5
jset %r1, 8, +1
jsle %r1, -1, -100
jne32 %r1, %r2, +4
jlt32 %r1, 9, +0
ja +1
call 14
exit
EOF_LIST
even()
{
	awk -v digits=0123456789abcdef '{
		gsub(/[[:blank:]]/, "")
		gsub(/%fp/, "%r10")
		gsub(/\+-/, "-")
		if (/^j/)
			sub(/\+/, "")
		if (!/^lddw/ && match($0, /0x[0-9a-f]+/)) {
			hex = substr($0, RSTART + 2, RLENGTH - 2)
			for (value = 0; hex != ""; hex = substr(hex, 2))
				value = value * 16 + index(digits, substr(hex, 1, 1)) - 1
			$0 = substr($0, 1, RSTART - 1) value substr($0, RSTART + RLENGTH)
		}
		print
	}' "$1"
}

each gas.text gas >gas.ours
if same gas.text gas.ours; then
	pass "$(grep -c . gas.text) instructions in the dialect of gas"
else
	diff gas.text gas.ours >gas.diff
	fail "instructions in the dialect of gas" "are spelt another way" gas.diff
fi
if need bpf-objdump; then
	"$BPFASM" -f raw -E le -o gas.raw gas.text
	even gas.text >gas.expected
	bpf-objdump -D -b binary -m bpf -EL --no-show-raw-insn gas.raw | operands >gas.objdump
	even gas.objdump >gas.printed
	if same gas.expected gas.printed; then
		pass "bpf-objdump prints the same"
	else
		diff gas.expected gas.printed >gas.diff
		fail "bpf-objdump prints the same" "and it does not" gas.diff
	fi
fi
plan
