#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# oracle_test.sh - bpfasm against llvm-mc and bpf-as, byte by byte, in both byte orders
#
# A corpus of single statements, each in pseudo-C and as the mnemonic that bpf-as takes, covers
# every form with extreme operands; programs of many statements cover labels. What an oracle does
# not take is no pass: it is listed as skipped. What llvm-mc takes and gets wrong must be an error.
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
# shellcheck source=lib.sh
. "$SRCDIR/tests/lib.sh"
cd "$tmp" || exit 1

# ---- what is compared: lines of FORM <tab> pseudo-C <tab> mnemonic, or several: first|second ----

# shellcheck disable=SC2016 # $1, $2, ... are awk's
corpus='
function put(form, text, mnemonic) { print form "\t" text "\t" mnemonic }

function plus(off) { return off < 0 ? " - " (-off) : " + " off }

# A mnemonic with an address: [%r1+-8], and as newer versions write it [%r1-8].
function address(name, before, reg, off, after,		text)
{
	text = name " " before "[%r" reg "+" off "]" after
	if (off < 0)
		text = text "|" name " " before "[%r" reg off "]" after
	return text
}

function alu(name, op, narrow, i,		r, suffix, o)
{
	r = narrow ? "w" : "r"
	suffix = narrow ? "32" : ""
	for (i = 1; i <= npairs; i++)
		put(name suffix, r d[i] " " op " " r s[i],
		    name suffix " %r" d[i] ",%r" s[i])
	for (i = 1; i <= nimms; i++) {
		o = i % npairs + 1
		put(name suffix, r d[o] " " op " " imm[i], name suffix " %r" d[o] "," imm[i])
	}
}

function jump(name, op, narrow, i,		r, suffix, o)
{
	r = narrow ? "w" : "r"
	suffix = narrow ? "32" : ""
	for (i = 1; i <= nbranches; i++) {
		o = i % npairs + 1
		put(name suffix, "if " r d[o] " " op " " r s[o] " goto " branch[i],
		    name suffix " %r" d[o] ",%r" s[o] "," branch[i])
		put(name suffix, "if " r d[o] " " op " " imm[i] " goto " branch[i],
		    name suffix " %r" d[o] "," imm[i] "," branch[i])
	}
	for (i = 1; i <= nimms; i++)
		put(name suffix, "if " r "3 " op " " imm[i] " goto +1",
		    name suffix " %r3," imm[i] ",+1")
}

function load(name, type, r, i,		o)
{
	for (i = 1; i <= noffs; i++) {
		o = i % npairs + 1
		put(name, r d[o] " = *(" type " *)(r" s[o] plus(off[i]) ")",
		    address(name, "%r" d[o] ",", s[o], off[i], ""))
	}
}

function store(name, type, r, i,		o)
{
	for (i = 1; i <= noffs; i++) {
		o = i % npairs + 1
		put(name, "*(" type " *)(r" d[o] plus(off[i]) ") = " r s[o],
		    address(name, "", d[o], off[i], ",%r" s[o]))
	}
}

function store_imm(name, type, low, high, i,		o, v)
{
	for (i = 1; i <= noffs + 2; i++) {
		o = i % npairs + 1
		v = i > noffs + 1 ? low : i > noffs ? high : i
		put(name, "*(" type " *)(r" d[o] plus(off[i] + 0) ") = " v,
		    address(name, "", d[o], off[i] + 0, "," v))
	}
}

# In the text OFF, DST and SRC stand for the operands. older: what the mnemonic was called.
function atomic(name, text, older, i,		o, t, m)
{
	for (i = 1; i <= noffs; i++) {
		o = i % npairs + 1
		t = text
		gsub(/DST/, d[o], t)
		gsub(/SRC/, s[o], t)
		sub(/OFF/, plus(off[i]), t)
		m = address(name, "", d[o], off[i], ",%r" s[o])
		if (older)
			m = m "|" address(older, "", d[o], off[i], ",%r" s[o])
		put(name, t, m)
	}
}

# One register, and something fixed: REG stands for the number.
function one(name, text, mnemonic, i,		t, m)
{
	for (i = 0; i <= 10; i++) {
		t = text
		m = mnemonic
		gsub(/REG/, i, t)
		gsub(/REG/, i, m)
		put(name, t, m)
	}
}

function moves(name, text, mnemonic, i,		t, m)
{
	for (i = 1; i <= npairs; i++) {
		t = text
		m = mnemonic
		sub(/DST/, d[i], t)
		sub(/SRC/, s[i], t)
		sub(/DST/, d[i], m)
		sub(/SRC/, s[i], m)
		put(name, t, m)
	}
}

function each_branch(name, text, mnemonic, i)
{
	for (i = 1; i <= nbranches; i++)
		put(name, text " " branch[i], mnemonic ? mnemonic " " branch[i] : "-")
}

BEGIN {
	npairs = split("0 1 5 9 10 3", d, " ")
	split("1 2 5 10 0 9", s, " ")
	nimms = split("0 1 -1 7 127 255 32767 65536 2147483647 -2147483648 0x7f -0x80 -128",
		      imm, " ")
	noffs = split("0 1 -1 8 -8 255 -256 32767 -32768", off, " ")
	nbranches = split("+0 +1 -1 +5 -5 +255 -256 +32767 -32768", branch, " ")

	nalu = split("add += sub -= mul *= div /= or |= and &= lsh <<= rsh >>= mod %= xor ^= " \
		     "mov = arsh s>>= sdiv s/= smod s%=", w, " ")
	for (k = 1; k < nalu; k += 2) {
		alu(w[k], w[k + 1], 0)
		alu(w[k], w[k + 1], 1)
	}
	one("neg", "rREG = -rREG", "neg %rREG")
	one("neg32", "wREG = -wREG", "neg32 %rREG")
	moves("movsx864", "rDST = (s8)rSRC", "movs %rDST,%rSRC,8")
	moves("movsx1664", "rDST = (s16)rSRC", "movs %rDST,%rSRC,16")
	moves("movsx3264", "rDST = (s32)rSRC", "movs %rDST,%rSRC,32")
	moves("movsx832", "wDST = (s8)wSRC", "movs32 %rDST,%rSRC,8")
	moves("movsx1632", "wDST = (s16)wSRC", "movs32 %rDST,%rSRC,16")
	moves("addr_space_cast", "rDST = addr_space_cast(rSRC, 0, 1)", "-")
	moves("addr_space_cast", "rDST = addr_space_cast(rSRC, 65535, 0)", "-")
	for (k = 16; k <= 64; k *= 2) {
		one("le" k, "rREG = le" k " rREG", "endle %rREG," k)
		one("be" k, "rREG = be" k " rREG", "endbe %rREG," k)
		one("bswap" k, "rREG = bswap" k " rREG", "bswap %rREG," k)
	}

	njumps = split("jeq == jgt > jge >= jset & jne != jsgt s> jsge s>= jlt < jle <= jslt s< " \
		       "jsle s<=", w, " ")
	for (k = 1; k < njumps; k += 2) {
		jump(w[k], w[k + 1], 0)
		jump(w[k], w[k + 1], 1)
	}
	each_branch("ja", "goto", "ja")
	each_branch("ja32", "gotol", "jal")
	put("ja32", "gotol +70000", "jal +70000")
	put("ja32", "gotol -2147483648", "jal -2147483648")
	each_branch("may_goto", "may_goto", "")
	one("gotox", "gotox rREG", "-")
	one("callx", "callx rREG", "-")
	for (k = 1; k <= 211; k += 15)
		put("call", "call " k, "call " k)
	put("call", "call 2147483647", "call 2147483647")
	put("exit", "exit", "exit")

	nsizes = split("b u8 h u16 w u32 dw u64", w, " ")
	for (k = 1; k < nsizes; k += 2) {
		load("ldx" w[k], w[k + 1], "r")
		store("stx" w[k], w[k + 1], "r")
		if (w[k] != "dw") {
			load("ldx" w[k], w[k + 1], "w")
			store("stx" w[k], w[k + 1], "w")
			load("ldxs" w[k], "s" substr(w[k + 1], 2), "r")
		}
	}
	for (k = 1; k < nsizes - 2; k += 2) {
		one("ldind" w[k], "r0 = *(" w[k + 1] " *)skb[rREG]", "ldind" w[k] " %rREG,0")
		for (i = 1; i <= nimms; i++) {
			if (imm[i] ~ /^-/)
				continue
			put("ldabs" w[k], "r0 = *(" w[k + 1] " *)skb[" imm[i] "]",
			    "ldabs" w[k] " " imm[i])
			put("ldind" w[k], "r0 = *(" w[k + 1] " *)skb[r2 + " imm[i] "]",
			    "ldind" w[k] " %r2," imm[i])
		}
	}
	store_imm("stb", "u8", -128, 127)
	store_imm("sth", "u16", -32768, 32767)
	store_imm("stw", "u32", "-2147483648", 2147483647)
	store_imm("stdw", "u64", "-2147483648", 2147483647)

	nops = split("add += or |= and &= xor ^=", w, " ")
	for (k = 1; k < nops; k += 2) {
		atomic("a" w[k], "lock *(u64 *)(rDSTOFF) " w[k + 1] " rSRC",
		       w[k] == "add" ? "xadddw" : "")
		atomic("a" w[k] "32", "lock *(u32 *)(rDSTOFF) " w[k + 1] " wSRC",
		       w[k] == "add" ? "xaddw" : "")
		atomic("af" w[k], "rSRC = atomic_fetch_" w[k] "((u64 *)(rDSTOFF), rSRC)", "")
		atomic("af" w[k] "32", "wSRC = atomic_fetch_" w[k] "((u32 *)(rDSTOFF), wSRC)", "")
	}
	atomic("aadd32", "lock *(u32 *)(rDSTOFF) += rSRC", "xaddw")
	atomic("axchg", "rSRC = xchg_64(rDSTOFF, rSRC)", "")
	atomic("axchg32", "wSRC = xchg32_32(rDSTOFF, wSRC)", "")
	atomic("acmp", "r0 = cmpxchg_64(rDSTOFF, r0, rSRC)", "")
	atomic("acmp32", "w0 = cmpxchg32_32(rDSTOFF, w0, wSRC)", "")
	nsizes = split("b u8 w h u16 w w u32 w dw u64 r", w, " ")
	for (k = 1; k < nsizes; k += 3)
		for (i = 1; i <= noffs; i++) {
			t = "((" w[k + 1] " *)(r2" plus(off[i]) ")"
			put("ldacq" w[k], w[k + 2] "1 = load_acquire" t ")",
			    address("ldacq" w[k], "%r1,", 2, off[i], ""))
			put("strel" w[k], "store_release" t ", " w[k + 2] "1)",
			    address("strel" w[k], "", 2, off[i], ",%r1"))
		}

	nwide = split("0 1 -1 2147483647 2147483648 4294967295 4294967296 -2147483648 " \
		      "-2147483649 9223372036854775807 -9223372036854775808 0x8000000000000000 " \
		      "0x1122334455667788 0xffffffffffffffff 18446744073709551615", w, " ")
	for (k = 1; k <= nwide; k++)
		put("lddw", "r" k % 11 " = " w[k] " ll", "lddw %r" k % 11 "," w[k])
}'

# ---- programs: idioms put together at random, from a fixed seed ----

# shellcheck disable=SC2016
programs='
function put(text, mnemonic,		name)
{
	name = mnemonic
	sub(/[ :].*/, "", name)
	print name "\t" text "\t" mnemonic
}
function random(n) { seed = seed * 16807 % 2147483647; return seed % n }
function label(name) { put("p" p "_" name ":", "p" p "_" name ":") }
function at(name) { return "p" p "_" name }

function zero_stack(n,		i)
{
	put("r1 = 0", "mov %r1,0")
	for (i = 1; i <= n; i++)
		put("*(u64 *)(r10 - " 8 * i ") = r1",
		    "stxdw [%r10+-" 8 * i "],%r1|stxdw [%r10-" 8 * i "],%r1")
}

function count_loop(id, n)
{
	put("r6 = " n, "mov %r6," n)
	put("r7 = 0", "mov %r7,0")
	label("loop" id)
	put("r7 += r6", "add %r7,%r6")
	put("r6 += -1", "add %r6,-1")
	put("if r6 != 0 goto " at("loop" id), "jne %r6,0," at("loop" id))
}

function lookup(id,		helper)
{
	helper = 1 + random(3)
	put("r1 = 0x" id "00000001 ll", "lddw %r1,0x" id "00000001")
	put("r2 = r10", "mov %r2,%r10")
	put("r2 += -8", "add %r2,-8")
	put("call " helper, "call " helper)
	put("if r0 == 0 goto " at("out"), "jeq %r0,0," at("out"))
	put("r1 = *(u64 *)(r0 + 0)", "ldxdw %r1,[%r0+0]")
	put("r1 += 1", "add %r1,1")
	put("*(u64 *)(r0 + 0) = r1", "stxdw [%r0+0],%r1")
}

function packet(id, n)
{
	put("r2 = *(u32 *)(r6 + 76)", "ldxw %r2,[%r6+76]")
	put("r3 = *(u32 *)(r6 + 80)", "ldxw %r3,[%r6+80]")
	put("r4 = r2", "mov %r4,%r2")
	put("r4 += " n, "add %r4," n)
	put("if r4 > r3 goto " at("short" id), "jgt %r4,%r3," at("short" id))
	put("r5 = *(u16 *)(r2 + 12)", "ldxh %r5,[%r2+12]")
	put("r5 = be16 r5", "endbe %r5,16")
	put("if r5 != 2048 goto " at("short" id), "jne %r5,2048," at("short" id))
	put("r0 = *(u8 *)(r2 + 23)", "ldxb %r0,[%r2+23]")
	label("short" id)
}

function ladder(id, n,		i, to)
{
	for (i = 0; i < n; i++) {
		to = at("case" id "_" i)
		put("if r7 == " i * 3 " goto " to, "jeq %r7," i * 3 "," to)
	}
	put("goto " at("done" id), "ja " at("done" id))
	for (i = 0; i < n; i++) {
		label("case" id "_" i)
		put("r0 = " i, "mov %r0," i)
		put("goto " at("done" id), "ja " at("done" id))
	}
	label("done" id)
}

function arithmetic(n,		i, a, b, v)
{
	split("+= -= *= |= &= ^=", op, " ")
	split("add sub mul or and xor", name, " ")
	for (i = 0; i < n; i++) {
		a = 1 + random(6)
		b = random(10)
		v = i * 1000 - 2000
		if (random(2))
			put("r" b " " op[a] " r" (b + 1) % 10, name[a] " %r" b ",%r" (b + 1) % 10)
		else
			put("r" b " " op[a] " " v, name[a] " %r" b "," v)
	}
	put("lock *(u64 *)(r10 - 16) += r1", "aadd [%r10-16],%r1|xadddw [%r10+-16],%r1")
}

function divide(id)
{
	put("if r2 == 0 goto " at("zero" id), "jeq %r2,0," at("zero" id))
	put("r0 /= r2", "div %r0,%r2")
	put("r0 %= 100", "mod %r0,100")
	label("zero" id)
	put("r0 <<= 32", "lsh %r0,32")
	put("r0 s>>= 32", "arsh %r0,32")
}

function backwards(id, n,		i)
{
	put("goto " at("test" id), "ja " at("test" id))
	label("body" id)
	for (i = 0; i < n; i++)
		put("r" i % 6 " = " i, "mov %r" i % 6 "," i)
	label("test" id)
	put("if r8 s> " n " goto " at("body" id), "jsgt %r8," n "," at("body" id))
	put("if r8 < r9 goto " at("body" id), "jlt %r8,%r9," at("body" id))
}

BEGIN {
	seed = 20260101
	for (p = 1; p <= 64; p++) {
		put("r6 = r1", "mov %r6,%r1")
		for (k = 1; k <= 3 + p % 5; k++) {
			kind = random(8)
			if (kind == 0) zero_stack(1 + random(8))
			if (kind == 1) count_loop(k, 1 + random(100))
			if (kind == 2) lookup(k)
			if (kind == 3) packet(k, 14 + random(40))
			if (kind == 4) ladder(k, 1 + random(9))
			if (kind == 5) arithmetic(1 + random(12))
			if (kind == 6) divide(k)
			if (kind == 7) backwards(k, 1 + random(9))
		}
		label("out")
		put("r0 = 0", "mov %r0,0")
		put("exit", "exit")
	}
}'

# As far as a jump reaches, both ways.
# shellcheck disable=SC2016
reach='
function put(text, mnemonic) { print "reach\t" text "\t" mnemonic }
BEGIN {
	put("goto far", "ja far")
	put("if r1 == 0 goto far", "jeq %r1,0,far")
	put("back:", "back:")
	for (i = 0; i < 32766; i++)
		put("r0 = " i, "mov %r0," i)
	put("far:", "far:")
	put("if r1 != r2 goto back", "jne %r1,%r2,back")
	put("goto back", "ja back")
	put("exit", "exit")
}'

# ---- the oracles: each makes $1.bin of the text $1, byte order $2, and its errors in $1.err ----

cpu=v3
llvm()
{
	llvm-mc "-triple=bpf$2" "-mcpu=$cpu" -filetype=obj -o "$1.o" "$1" 2>"$1.err" &&
		llvm-objcopy -O binary -j .text "$1.o" "$1.bin"
}

gas()
{
	case $2 in
	el)	bpf-as -EL -o "$1.o" "$1" 2>"$1.err" ;;
	*)	bpf-as -EB -o "$1.o" "$1" 2>"$1.err" ;;
	esac && bpf-objcopy -O binary -j .text "$1.o" "$1.bin"
}

ours()	# TEXT ORDER
{
	case $2 in
	el)	t_run "$BPFASM" -E le -f raw -o "$1.bin" "$1" ;;
	*)	t_run "$BPFASM" -E be -f raw -o "$1.bin" "$1" ;;
	esac
	return $t_status
}

# Numbers of the lines that the errors are about.
rejected_lines()	# ERRORS
{
	sed -n 's/^[^:]*:\([0-9][0-9]*\):.*[Ee]rror:.*/\1/p' "$1" | sort -un
}

# The column of each line, of several mnemonics the first.
spelling()	# COLUMN FILE
{
	awk -F '\t' -v column="$1" '
		column == 3 { sub(/\|.*/, "", $3) }
		{ print $column }' "$2"
}

# Keep what the oracle takes: $2.kept has its lines of the corpus, with one mnemonic each; $2.out
# the others. The column is the oracle's spelling.
filter()	# ORACLE CORPUS COLUMN ORDER
{
	: >"$2.out"
	awk -F '\t' -v column="$3" -v out="$2.out" '
		$column == "-" { print >out; next } { print }' "$2" >"$2.kept"
	for round in 1 2 3 4 5 6; do
		spelling "$3" "$2.kept" >"$2.text"
		"$1" "$2.text" "$4" && return 0
		rejected_lines "$2.text.err" >"$2.bad"
		[ -s "$2.bad" ] || break
		# the next spelling of a rejected line, if it has one
		awk -F '\t' -v OFS='\t' -v out="$2.out" -v column="$3" '
			NR == FNR { bad[$1] = 1; next }
			!(FNR in bad) { print; next }
			column == 3 && index($3, "|") { sub(/[^|]*\|/, "", $3); print; next }
			{ print >>out }' "$2.bad" "$2.kept" >"$2.next"
		mv "$2.next" "$2.kept"
	done
	fail "$1 $4" "it fails after $round rounds" "$2.text.err"
	return 1
}

# What bpfasm and the oracle made of the same statements, where it differs.
differences()	# TEXT OURS THEIRS
{
	od -An -v -tx1 -w8 "$2" >"$2.hex"
	od -An -v -tx1 -w8 "$3" >"$3.hex"
	paste -d '|' "$2.hex" "$3.hex" | awk -F '|' -v text="$1" '
		{
			if (!slots)
				do {
					getline statement <text
				} while (statement ~ /:$/)
			slots = slots ? 0 : statement ~ / ll$/
			if ($1 != $2)
				print statement ":" $1 ", oracle" $2
		}' | head -n 20
}

# forms and how many of each, on one line
summary()
{
	cut -f 1 | sort | uniq -c | awk '
		{ text = text (NR > 1 ? ", " : "") $2 " " $1; n += $1 }
		END { print n + 0 ": " text }'
}

compare()	# NAME ORACLE CORPUS COLUMN ORDER LEAST
{
	filter "$2" "$3" "$4" "$5" || return
	spelling 2 "$3.kept" >"$3.ours"
	count=$(grep -vc ':$' "$3.ours")
	if ! ours "$3.ours" "$5"; then
		fail "$1" "bpfasm does not assemble what $2 does" "$tmp/stderr"
	elif [ "$count" -lt "$6" ]; then
		fail "$1" "only $count statements to compare, expected $6" "$3.text.err"
	elif ! cmp -s "$3.ours.bin" "$3.text.bin"; then
		differences "$3.ours" "$3.ours.bin" "$3.text.bin" >"$3.diff"
		fail "$1" "of $count statements some differ" "$3.diff"
	else
		pass "$1: $count statements"
	fi
	[ ! -s "$3.out" ] ||
		skip "$1: not compared: $(summary <"$3.out")" "the oracle does not take them"
}

# Old versions print the atomic instructions of 64 bits that they do not read: what they print of
# our bytes is our text.
prints_back()	# NAME CORPUS ORDER
{
	awk -F '\t' '$1 ~ /^(af|axchg|acmp)/ && $1 !~ /32$/ { print $2 }' "$2.out" >"$2.unread"
	[ -s "$2.unread" ] || return
	ours "$2.unread" "$3"
	od -An -v -tx1 -w8 "$2.unread.bin" | sed 's/ / 0x/g' |
		llvm-mc -disassemble "-triple=bpf$3" "-mcpu=$cpu" 2>"$2.unread.err" |
		sed -n 's/^	\(.*[^ ]\) *$/\1/p' | grep -v '^\.text' >"$2.printed"
	if same "$2.unread" "$2.printed"; then
		pass "$1 prints $(grep -c . "$2.unread") that it does not read"
	else
		diff "$2.unread" "$2.printed" >"$2.diff"
		fail "$1 prints" "another text than ours" "$2.diff" "$2.unread.err"
	fi
}

# ---- what llvm-mc gets wrong: an error here ----

wrong()	# TEXT MESSAGE
{
	printf '%s\n' "$1" >wrong.bpfasm
	fails "error: $1" 1 "$2" "$BPFASM" -o wrong.out wrong.bpfasm
	[ ! -e wrong.out ] || fail "error: $1" "it left a file"
}

awk "$corpus" >corpus.txt || exit 1
awk "$programs" >programs.txt || exit 1
awk "$reach" >reach.txt || exit 1

cut -f 2 corpus.txt >all
check_out "all $(grep -c . all) statements assemble" "" "$BPFASM" -f raw -o all.bin all

if need llvm-mc && need llvm-objcopy; then
	llvm-mc -triple=bpfel -mcpu=help </dev/null 2>&1 | grep -q '^ *v4 ' && cpu=v4
	for order in el eb; do
		compare "llvm-mc bpf$order" llvm corpus.txt 2 $order 1200
		prints_back "llvm-mc bpf$order" corpus.txt $order
		compare "llvm-mc bpf$order, 64 programs" llvm programs.txt 2 $order 2000
		compare "llvm-mc bpf$order, far jumps" llvm reach.txt 2 $order 32000
	done
fi
if need bpf-as && need bpf-objcopy; then
	for order in el eb; do
		compare "bpf-as $order" gas corpus.txt 3 $order 1500
		compare "bpf-as $order, 64 programs" gas programs.txt 3 $order 2000
		compare "bpf-as $order, far jumps" gas reach.txt 3 $order 32000
	done
fi

wrong 'r11 = 1' 'r11'
wrong 'r1 = r11' 'r11'
wrong 'r0 = 0x1ffffffff' 'out of range'
wrong 'r1 = 4294967296' 'out of range'
wrong 'r1 += 0x1122334455667788' 'out of range'
wrong 'if r1 == 0x100000000 goto +1' 'out of range'
wrong 'call 4294967296' 'out of range'
wrong 'r1 = *(u32 *)(r2 + 70000)' 'out of range'
wrong 'r1 = *(u32 *)(r2 - 32769)' 'out of range'
wrong '*(u32 *)(r2 + 32768) = r1' 'out of range'
wrong 'lock *(u64 *)(r2 + 70000) += r1' 'out of range'
wrong 'goto +100000' 'out of range'
wrong 'goto -32769' 'out of range'
wrong 'if r1 == 0 goto +32768' 'out of range'
wrong 'if r1 == 0 goto nowhere' "unknown label 'nowhere'"
wrong 'goto nowhere' "unknown label 'nowhere'"
wrong 'r1 = UNDEF' "unknown constant 'UNDEF'"
wrong 'r1 = UNDEF ll' "unknown map, function or constant 'UNDEF'"
wrong 'r1 = *(u32 *)(r2 + UNDEF)' "UNDEF"
wrong 'call undefined_function' "unknown function 'undefined_function'"
wrong 'r1 = -9223372036854775809 ll' 'does not fit in 64 bits'
wrong 'r1 = 18446744073709551616 ll' 'does not fit in 64 bits'
wrong 'r1 = be16 r2' 'the same register'
wrong 'r1 = -r2' 'the same register'
wrong 'r1 = atomic_fetch_add((u64 *)(r2 + 0), r3)' 'the same register'
wrong 'r1 = addr_space_cast(r2, 70000, 1)' 'out of range'
wrong 'r0 += r12' 'no register'
wrong 'R1 = 5' 'unknown'
awk 'BEGIN {
	print "if r1 == 0 goto out"
	for (i = 0; i < 40000; i++)
		print "r0 = 0"
	print "out: exit"
}' >far.bpfasm
fails "error: a conditional jump over 40000 slots" 1 \
	"far.bpfasm:1:17: error: 'out' is 40000 slots" "$BPFASM" -o far.out far.bpfasm

plan
