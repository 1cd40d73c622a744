#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# hostile_test.sh - bpfasm on what nobody should feed it, and on places where it cannot write
#
# Whatever comes in: the documented exit status, within five seconds, a message when it is not 0
# and then no output, old files left as they were, nothing for a sanitizer to say.
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
# shellcheck source=lib.sh
. "$SRCDIR/tests/lib.sh"
cd "$tmp" || exit 1
LC_ALL=C
export LC_ALL
seconds=5
[ "${SAN:-}" = 1 ] && seconds=60

# What is wrong with a finished run whose status should be $1; nothing when all is well.
complaint()	# STATUS
{
	if [ "$t_status" -eq 124 ]; then
		echo "more than $seconds seconds"
	elif grep -q 'Sanitizer\|runtime error' stderr; then
		echo "a sanitizer report"
	elif [ "$t_status" -ne "$1" ]; then
		echo "exit status $t_status, expected $1"
	elif [ "$1" -ne 0 ] && [ -s stdout ]; then
		echo "output in spite of the error"
	elif [ "$1" -ne 0 ] && [ ! -s stderr ]; then
		echo "no message"
	elif [ "$1" -ne 0 ] && [ "$(wc -c <stderr)" -gt 20000 ]; then
		echo "$(wc -c <stderr) bytes of messages"
	fi
}

# bpfasm ends with that status, and its standard error has the text in it.
ends()	# NAME STATUS TEXT ARGUMENT...
{
	e_name=$1 e_want=$2 e_text=$3
	shift 3
	t_run timeout -k 1 "$seconds" "$BPFASM" "$@"
	e_why=$(complaint "$e_want")
	if [ -z "$e_why" ] && ! grep -qF -e "$e_text" stderr; then
		[ -z "$e_text" ] || e_why="no \"$e_text\" in the message"
	fi
	verdict "$e_name" "$e_why"
}

verdict()	# NAME WHY: nothing when it passed
{
	cut -c 1-200 stderr >stderr.cut
	if [ -z "$2" ]; then
		pass "$1"
	else
		fail "$1" "$2" stderr.cut
	fi
}

# The last output is the file's content.
printed()	# NAME FILE
{
	t_same "$1" "$2" stdout
}

t_same()	# NAME FILE FILE
{
	if same "$2" "$3"; then
		pass "$1"
	else
		fail "$1" "the content is another" "$2" "$3"
	fi
}

printf 'r0 = 0\nexit\n' >good
printf 'b700000000000000\n9500000000000000\n' >good.hex
printf 'r0 = \nexit\n' >bad
printf '.prog a "socket"\nexit\n.prog b "xdp"\nexit\n' >two

# ---- bytes without a meaning ----

# 64 KiB, the same each time for a seed.
noise()	# SEED
{
	printf %b "$(awk -v seed="$1" 'BEGIN {
		for (i = 0; i < 65536; i++) {
			seed = seed * 16807 % 2147483647
			printf "\\0%o", int(seed / 1000) % 256
		}
	}')"
}

# Many short runs are one test: say which failed, and keep on.
failures=
try()	# WHAT STATUS ARGUMENT...: the status may be "0|1"
{
	t_what=$1 t_want=$2
	shift 2
	t_run timeout -k 1 "$seconds" "$BPFASM" "$@"
	case $t_want:$t_status in
	"0|1":0)	t_want=0 ;;
	"0|1":*)	t_want=1 ;;
	esac
	t_why=$(complaint "$t_want")
	[ -z "$t_why" ] || failures="$failures $t_what ($t_why)"
}

tried()	# NAME
{
	verdict "$1" "$failures"
	failures=
}

for seed in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	noise $seed >noise.bytes
	try "seed $seed" 1 noise.bytes
done
tried "64 KiB of noise, 20 seeds"

for round in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	head -c 65536 /dev/urandom >"noise.$round"
	try "round $round: $(cksum <"noise.$round")" 1 "noise.$round"
done
tried "64 KiB of /dev/urandom, 20 times"

# Words of the language in any order: gets further than bytes do.
awk 'BEGIN {
	n = split("r0 r1 r10 r11 w0 w9 = == != + - * / s/ << >> s>> <<= += -= s%= |= & ( ) " \
		  "[ ] { } , : ; if goto gotol may_goto call exit lock ll skb be16 le64 u8 u32 " \
		  "u64 s8 bswap32 atomic_fetch_add xchg_64 cmpxchg_64 load_acquire pc l1 l2 " \
		  "store_release l1: addr_space_cast map_by_fd map_val 0 1 -1 0x7fffffff 08 0x " \
		  "18446744073709551615 4294967296 sizeof offsetof ev ev.a pt_regs.arg1 ctx.x " \
		  "kernel.task_struct.pid .equ .map .struct .prog .func .extern .license " \
		  ".nonsense hash key value entries type flags \"GPL\" \"xdp\" \" \x27a\x27 " \
		  "\x27 /* */ // # A B packed bpf_loop", word, " ")
	seed = 4711
	for (file = 1; file <= 150; file++) {
		for (i = 0; i < 60; i++) {
			seed = seed * 16807 % 2147483647
			printf "%s%s", word[1 + seed % n], seed % 11 ? " " : "\n" >("words." file)
		}
		close("words." file)
	}
}'
for file in words.*; do
	try "$file" "0|1" "$file"
done
tried "60 words of the language, 150 times"
rm -f words.* noise.*

# ---- files that are none, or odd ----

: >empty
mkdir directory
ends "an empty file" 1 "no instructions" empty
printf '\n\n# nothing\n;;;\n' >blank
ends "only blanks and comments" 1 "no instructions" blank
ends "a directory" 1 "Is a directory" directory
ends "a directory as standard input" 1 "Is a directory" - <directory
ends "a missing file" 1 "missing: No such file" missing
ends "a file below a file" 1 "Not a directory" good/below
ends "a name of 5000 bytes" 1 "File name too long" "$(printf '%05000d' 0)"
ends "an empty name" 1 "No such file" ""
ends "no standard input" 1 "" - <&-
if [ "$(id -u)" -eq 0 ]; then
	skip "an unreadable file" "root reads everything"
else
	cp good unreadable && chmod 0 unreadable
	ends "an unreadable file" 1 "Permission denied" unreadable
fi
ends "standard input" 0 "" - <good
printed "standard input: output" good.hex

printf 'r0 = 0\r\nexit\r\n' >crlf
ends "lines that end as in DOS" 0 "" crlf
printed "lines that end as in DOS: output" good.hex
printf 'r0 = 0\nexit' >unended
ends "no newline at the end" 0 "" unended
printed "no newline at the end: output" good.hex
printf '\357\273\277r0 = 0\nexit\n' >bom
ends "a byte order mark" 1 "bom:1:1: error: a byte 0xef" bom
printf 'r0 = \0000\nexit\n' >nul
ends "a NUL" 1 "nul:1:6: error: a byte 0x00" nul
printf 'r0 = 0 # \0000\nexit # \377\n' >comment
ends "NUL and 0xff in comments" 0 "" comment
printed "NUL and 0xff in comments: output" good.hex
printf 'r0 = 0\0000 exit\n' >glued
ends "a NUL between statements" 1 "a byte 0x00" glued
printf '/* r0 = 0\nexit\n' >open
ends "a comment without end" 1 "open:1:1: error: this comment does not end" open
printf 'exit /' >slash
ends "a slash at the end" 1 "slash:1:6:" slash
printf '.license "GPL\nexit\n' >string
ends "a string without end" 1 "string:1:10:" string
printf '.license "GPL\134' >backslash
ends "a backslash at the end" 1 "backslash:1:10:" backslash
printf "r1 = '" >quote
ends "a quote at the end" 1 "quote:1:6:" quote
printf "r1 = '\\\\" >quote2
ends "a quote and a backslash at the end" 1 "quote2:1:6:" quote2

# ---- large ----

# 10 MB of one character, then what closes the line.
ten_megabytes()	# CHARACTER
{
	head -c 10000000 /dev/zero | tr '\0' "$1"
}

{ ten_megabytes a; echo; } >large
ends "10 MB, an identifier" 1 "large:1:1: error:" large
{ printf 'r0 = '; ten_megabytes a; printf ' ll\nexit\n'; } >large
ends "10 MB, a name that nothing defines" 1 "large:1:6: error:" large
{ printf 'r0 = '; ten_megabytes '('; echo; } >large
ends "10 MB, parentheses" 1 "nested" large
{ printf 'r0 = '; ten_megabytes -; echo 1; } >large
ends "10 MB, minus" 1 "nested" large
{ printf 'r0 = '; ten_megabytes 9; printf ' ll\nexit\n'; } >large
ends "10 MB, a number" 1 "large:1:6: error:" large
{ printf 'r0 = '; ten_megabytes 0; printf ' ll\nexit\n'; } >large
ends "10 MB, zeros" 0 "" large
{ printf '.license "'; ten_megabytes x; echo; } >large
ends "10 MB, a string" 1 "large:1:10: error:" large
ten_megabytes '#' >large
ends "10 MB, a comment" 1 "no instructions" large
{ ten_megabytes '#'; echo; cat good; } >large
ends "10 MB, a comment and a program" 0 "" large
printed "10 MB, a comment and a program: output" good.hex
{ printf '/*'; ten_megabytes '*'; } >large
ends "10 MB, a comment without end" 1 "does not end" large
{ ten_megabytes ';'; cat good; } >large
ends "10 MB, semicolons" 0 "" large
printed "10 MB, semicolons: output" good.hex
{ ten_megabytes ' '; cat good; } >large
ends "10 MB, blanks" 0 "" large
{ ten_megabytes '\n'; cat bad; } >large
ends "10 MB, newlines, then an error" 1 "large:10000001:6: error:" large
ten_megabytes '\377' >large
ends "10 MB, a byte without meaning" 1 "large:1:1: error: a byte 0xff" large
ten_megabytes '\0' >large
ends "10 MB, NUL" 1 "large:1:1: error: a byte 0x00" large
awk 'BEGIN { printf "r0 = 1"; for (i = 1; i < 2500000; i++) printf " + 1"; print "\nexit" }' >large
ends "10 MB, a sum" 0 "" large
printf 'b7000000a0252600\n9500000000000000\n' >sum.hex
printed "10 MB, a sum: output" sum.hex
awk 'BEGIN { printf "r0 = 1"; for (i = 1; i < 2500000; i++) printf " + 1"; print " +" }' >large
ends "10 MB, a sum without end" 1 "large:1:" large

awk 'BEGIN {
	for (i = 0; i < 100000; i++)
		print "l" i ": r0 = " i
	for (i = 0; i < 100000; i++)
		print "goto l" i
	print "exit"
}' >large
ends "100000 labels" 0 "" -f raw -o labels.raw large
ok "100000 labels: output" test "$(wc -c <labels.raw)" -eq 1600008
awk 'BEGIN { for (i = 0; i < 100000; i++) printf "l%d: ", i; print "exit" }' >large
ends "100000 labels on one line" 0 "" large
awk 'BEGIN { for (i = 0; i < 100000; i++) print "l: exit" }' >large
ends "a label 100000 times" 1 "large:2:1: error: label 'l' is defined already" large
awk 'BEGIN { for (i = 0; i < 100000; i++) print "goto l" i }' >large
ends "100000 labels that are not there" 1 "large:1:6: error: unknown label 'l0'" large
awk 'BEGIN { for (i = 0; i < 20000; i++) print ".func f" i "\ncall f" (i + 1) % 20000 "\nexit"
	print ".prog p \"socket\"\ncall f0\nexit" }' >large
ends "20000 functions in a circle" 0 "" large
awk 'BEGIN { for (i = 0; i < 50000; i++) print ".equ A" i ", " (i ? "A" i - 1 " + 1" : 0)
	print "r0 = A49999 ll\nexit" }' >large
ends "50000 constants, each of the one before" 0 "" large
awk 'BEGIN { print ".struct s {"; for (i = 0; i < 20000; i++) print "u8 f" i
	print "}\nexit" }' >large
ends "20000 fields" 0 "" large
awk 'BEGIN { print ".struct t0 { u64 a; }"
	for (i = 1; i < 40; i++) print ".struct t" i " { t" i - 1 " a; t" i - 1 " b; }"
	print "exit" }' >large
ends "a structure of 2^39 numbers" 1 "larger than" large
awk 'BEGIN { for (i = 0; i < 10000; i++)
	print ".map m" i " type hash key u32 value u64 entries 1"; print "exit" }' >large
ends "10000 maps" 0 "" large
doubled()	# TIMES
{
	awk -v times="$1" 'BEGIN {
		print ".macro m0\nexit\n.endm"
		for (i = 1; i <= times; i++)
			print ".macro m" i "\nm" i - 1 "\nm" i - 1 "\n.endm"
		print "m" times
	}' >large
}
{
	printf '.macro m\nr1 = 2\n.endm\n'
	awk 'BEGIN { for (i = 0; i < 50000; i++) print "m\nr0 = 1" }'
	echo exit
} >large
ends "50000 macros, each on a line" 0 "" -f list large
doubled 16
ends "a macro of 2^16 macros" 0 "" -f list large
doubled 40
ends "a macro of 2^40 macros" 1 "make more than" large
{
	printf '.irp x, '
	ten_megabytes a
	printf '\n# \\x\n# \\x\n# \\x\n# \\x\n.endr\nexit\n'
} >large
ends "10 MB, repeated four times" 1 "make more than" large
printf '.rept 33554432\n#\n.endr\n' >large
ends "2^25 repetitions" 1 "make more than" large
printf '.rept 6710000\nr1=1\n.endr\n' >large
ends "as many repetitions as there can be" 0 "" -f raw large
rm -f large labels.raw

# ---- jumps out of reach ----

# $1 before and $2 behind 40000 instructions
far()
{
	awk -v before="$1" -v behind="$2" 'BEGIN {
		print before
		for (i = 0; i < 40000; i++)
			print "r0 = 0"
		print behind
		print "exit"
	}' >far
}

far 'goto out' 'out:'
ends "goto over 40000 slots" 0 "" -o far.hex far
check_out "goto over 40000 slots: gotol" 06000000409c0000 sed -n 1p far.hex
far 'back:' 'goto back'
ends "goto back over 40000 slots" 0 "" -o far.hex far
check_out "goto back over 40000 slots: gotol" 06000000bf63ffff sed -n 40001p far.hex
far 'if r1 == 0 goto out' 'out:'
ends "if over 40000 slots" 1 "far:1:17: error: 'out' is 40000 slots away" far
far 'back:' 'if r1 == 0 goto back'
ends "if back over 40000 slots" 1 "far:40002:17: error: 'back' is -40001 slots away" far
far 'may_goto out' 'out:'
ends "may_goto over 40000 slots" 1 "far:1:10: error: 'out' is 40000 slots away" far
far 'gotol out' 'out:'
ends "gotol over 40000 slots" 0 "" far
far 'call out; exit' 'out:'
ends "call over 40000 slots" 0 "" far

# ---- the call ----

ends "no file" 2 "bpfasm: error: no file given; - is standard input"
ends "two files" 2 "bpfasm: error: more than one file" good good
ends "an unknown option" 2 "'bpfasm --help' lists the options" -x good
ends "an unknown long option" 2 "unrecognized option" --nonsense good
ends "an option without its value" 2 "requires an argument" good -o
ends "an unknown format" 2 \
	"bpfasm: error: unknown format 'elf32'; 'bpfasm --help' lists what there is" -f elf32 good
ends "an empty format" 2 "unknown format ''" -f '' good
ends "an unknown byte order" 2 "unknown byte order 'middle'" -E middle good
ends "an unknown CPU" 2 "unknown CPU 'z80'" -a z80 good
ends "options behind the file" 0 "" good -f hex -E le
printed "options behind the file: output" good.hex
ends "a file named like an option" 1 "No such file" -- -x
ends "-D without a value" 1 "-D:1:2: error:" -D A good
ends "-D of half an expression" 1 "-D:1:4: error:" -D 'A=(' good
ends "-D without a name" 1 "-D:1:" -D '=1' good
# shellcheck disable=SC2046 # words without blanks
ends "10000 times -D" 1 "defined already" $(awk 'BEGIN { while (i++ < 10000) print "-DA=1" }') good
ends "--btf of a missing file" 1 "bpfasm: error: missing: No such file" --btf missing good
ends "--btf of what is no BTF" 1 "good:" --btf good good
ends "--btf of nothing" 1 "empty:" --btf empty good
printf '\237\353\1\0\30\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0' >btf
printf '.prog a "tp/x/y"\nr1 = ctx.x\n' >context
ends "--btf and a field of ctx" 1 "'ctx.x' depends on the running kernel: only bpfload knows it" \
	--btf btf context
ends "-p of a program that is not there" 1 "bpfasm: error: there is no program 'c': a, b" -p c two
ends "-p of the empty name" 1 "no program ''" -p '' two
ends "two programs without -p" 1 \
	"bpfasm: error: -f hex writes one program: name it with -p: a, b" two
ends "two programs as raw without -p" 1 "name it with -p: a, b" -f raw two
ends "two programs with -p" 0 "" -p b two
ends "two programs as a listing" 0 "" -f list two
ends "--help" 0 "" --help
cp stdout help
check_out "--help: the formats" \
	"      raw         8 bytes a slot
      hex         16 hexadecimal digits a slot, one slot a line (default)
      elf         an object for libbpf and bpftool
      c           a C header: instructions, maps, relocations, structures
      list        slot, bytes and source line" sed -n '/what to write/,/-o OUT/{/^      /p;}' help
ends "--version" 0 "" --version

# ---- where the output goes ----

# The file holds what it held, and no other file was left in its folder.
kept()	# NAME FILE
{
	if [ "$(cat "$2")" != "old content" ]; then
		fail "$1" "the old content is gone" "$2"
	elif [ "$(ls "${2%/*}")" != "$(cat listing)" ]; then
		ls "${2%/*}" >listing.now
		fail "$1" "files were left" listing listing.now
	else
		pass "$1"
	fi
}

mkdir out
old()
{
	rm -rf out/*
	echo "old content" >out/file
	echo "old content" >out/target
	ln -s target out/link
	ls out >listing
}

for how in "bad" "-p c two" "two" "-f raw -p c two" "missing"; do
	for to in file link; do
		old
		# shellcheck disable=SC2086 # how is a list of words
		ends "-o over a $to, $how" 1 "" -o out/$to $how
		kept "-o over a $to, $how: it stays" out/$to
	done
done
old
ends "-o into a missing folder" 1 "No such file" -o out/missing/file good
kept "-o into a missing folder: nothing left" out/file
ends "-o of a folder" 1 "Is a directory" -o out good
ends "-o of nothing" 1 "No such file" -o "" good
ends "-o /dev/full" 1 "/dev/full: No space left" -o /dev/full good
ends "-o /dev/full, raw" 1 "/dev/full: No space left" -f raw -o /dev/full good
ends "-o /dev/null" 0 "" -o /dev/null good

# Its standard output in one of the places where t_run cannot put it. Status 1, and a message.
unwritten()	# NAME REDIRECTION ARGUMENT...
{
	u_name=$1 u_to=$2
	shift 2
	case $u_to in
	full)	"$BPFASM" "$@" >/dev/full 2>stderr ;;
	closed)	"$BPFASM" "$@" >&- 2>stderr ;;
	esac
	t_status=$?
	: >stdout
	verdict "$u_name" "$(complaint 1)"
}

for format in raw hex c list; do
	unwritten "standard output full, $format" full -f $format good
	unwritten "standard output closed, $format" closed -f $format good
done
unwritten "--help, standard output full" full --help
unwritten "--version, standard output full" full --version

old
ends "-o over a file" 0 "" -o out/file good
t_same "-o over a file: replaced" good.hex out/file
old
ends "-o over a link" 0 "" -o out/link good
t_same "-o over a link: what it leads to is written" good.hex out/target
ok "-o over a link: it stays one" test -h out/link
old
rm out/target
ends "-o over a link to nothing" 0 "" -o out/link good
t_same "-o over a link to nothing: what it leads to is made" good.hex out/target
ok "-o over a link to nothing: it stays one" test -h out/link
old
mkfifo out/fifo
cat out/fifo >fifo.out &
ends "-o to a pipe" 0 "" -o out/fifo good
wait
t_same "-o to a pipe: written" good.hex fifo.out
ok "-o to a pipe: it stays one" test -p out/fifo
old
(umask 077 && "$BPFASM" -o out/private good)
(umask 022 && "$BPFASM" -o out/public good)
check_out "a mask of 077" out/private find out/private -perm 600
check_out "a mask of 022" out/public find out/public -perm 644

plan
