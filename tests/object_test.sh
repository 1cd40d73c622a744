#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# object_test.sh - `bpfasm -d` of ELF objects: their text assembles to the slots that they have
#
# The slots of an object are what lies where llvm-readelf sees its sections. Where a relocation is,
# or a call of a function, the fields that a linker fills do not count.
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
# shellcheck source=lib.sh
. "$SRCDIR/tests/lib.sh"
# shellcheck source=bcc.sh
. "$SRCDIR/tests/bcc.sh"
export LC_ALL=C
cd "$tmp" || exit 1
for tool in clang llvm-objcopy llvm-readelf; do
	need $tool || plan
done

# ---- what is in an object, by other programs ----

# The sections with instructions, as "offset|size|name": the name is between number and type.
sections()	# OBJECT
{
	llvm-readelf -SW "$1" | sed -n 's/^ *\[ *[0-9]*\] \(.*[^ ]\) *PROGBITS /\1|/p' |
		awk -F '|' '{ split($2, field, " ") }
			field[5] == "AX" && field[3] !~ /^0*$/ {
				print field[2] "|" field[3] "|" $1
			}'
}

# Slots as lines of 16 digits; those that relocations fill are marked with an R in front.
slots_of()	# OBJECT
{
	sections "$1" >sections.list
	llvm-readelf -rW "$1" >section.rel
	while IFS='|' read -r at size section; do
		od -An -v -tx1 -w8 -j $((0x$at)) -N $((0x$size)) "$1" | tr -d ' ' |
			awk -v want="$section" -v digits=0123456789abcdef '
			/^Relocation section/ {
				split($0, part, "\047")
				on = part[2] == ".rel" want
			}
			FILENAME == "section.rel" {
				if (!on || !/^[0-9a-f]+ /)
					next
				value = 0
				for (i = 1; i <= length($1); i++)
					value = value * 16 + index(digits, substr($1, i, 1)) - 1
				filled[value / 8] = 1
				next
			}
			{ print (FNR - 1 in filled ? "R" : "") $0 }' section.rel -
	done <sections.list
}

# The same without what a linker fills: of a load src and both immediates, of a call src and imm.
even()
{
	awk '
	second { $0 = substr($0, 1, 8) "--------" }
	{ second = 0 }
	/^R?(18|85)/ && (/^R/ || /^851/ || /^85.1/ || /^18[1-9]/ || /^18.[1-9]/ && big) {
		sub(/^R/, "")
		second = /^18/
		$0 = substr($0, 1, 2) (big ? substr($0, 3, 1) "-" : "-" substr($0, 4, 1)) \
			substr($0, 5, 4) "--------"
	}
	{ print }' big="$1" "$2"
}

listed()	# what -f list prints
{
	sed -n 's/^ *[0-9]*:\(\( [0-9a-f][0-9a-f]\)\{8\}\).*/\1/p' | tr -d ' '
}

# ---- there and back ----

# Which slots the object's relocations fill, the text says by a symbol: so the marks of the object
# go to the slots of the text.
compare()	# NAME OBJECT [DIALECT...]
{
	what=$1 object=$2
	shift 2
	[ $# -gt 0 ] || set -- kernel llvm gas
	order=le big=
	case $(llvm-readelf -h "$object") in
	*"big endian"*)	order=be big=1 ;;
	esac
	slots_of "$object" >object.slots
	even "$big" object.slots >object.even
	for dialect; do
		if ! "$BPFASM" -d --dialect "$dialect" -o text "$object" 2>said; then
			fail "$what" "no text in the dialect $dialect" said
			return
		fi
		# what an object leaves unused, or reads first, is as its compiler had it
		if ! "$BPFASM" -E $order -f list -o list text 2>said; then
			fail "$what" "the text of the dialect $dialect does not assemble" said text
			return
		fi
		listed <list | paste -d ' ' object.slots - |
			sed 's/^R[^ ]* /R/; s/^[^R][^ ]* //' >text.slots
		even "$big" text.slots >text.even
		if ! [ -s object.even ] || ! same object.even text.even; then
			diff object.even text.even >slots.diff
			fail "$what" "other slots come back from the dialect $dialect" \
				slots.diff text
			return
		fi
	done
	pass "$what: $(grep -c . object.slots) slots"
}

build()	# NAME OPTIONS...: NAME.o of tests/objects/NAME.c
{
	source=$1
	shift
	clang -O2 -target bpf "$@" -c -o "$source.o" "$SRCDIR/tests/objects/$source.c" 2>said ||
		fail "$source $*" "does not compile" said
}

for source in maps globals calls loops; do
	for options in '-g' '-g -mcpu=v1' '-g -mcpu=v2' '-g -mcpu=v3' '-g -target bpfeb' \
		'-g -O1' '-mcpu=v3' '-target bpfeb'; do
		# shellcheck disable=SC2086 # options
		build $source $options
		compare "$source $options" "$source.o"
	done
done

if need bpf-as; then
	cat >gas.s <<'EOF_GAS'
	.globl main
main:	mov %r0, 0
	call elsewhere
	lddw %r1, something
	lddw %r2, 0x123456789abcdef0
	jeq %r0, 0, 1f
	call more
1:	exit
	call local
	.globl more
more:	ldxdw %r0, [%r1+8]
	exit
local:	exit
	.section xdp, "ax"
	.globl drop
	.type drop, @function
drop:	mov %r0, 1
	call more
	call local
	lddw %r1, local
	call other
	exit
EOF_GAS
	for order in EL EB; do
		bpf-as -$order -o gas.o gas.s && compare "an object of gas, -$order" gas.o
	done
	echo 'mov %r0, 7; exit' | tr ';' '\n' | bpf-as -o bare.o -
	compare "an object without symbols" bare.o
	check_out "its slots are a program" "$(printf '%s\n' b700000007000000 9500000000000000)" \
		"$BPFASM" bare.o
fi

mkdir bcc && cd bcc || exit 1
if bcc_objects; then
	for object in *.o; do
		compare "bcc's $object" "$object" kernel
	done
fi
cd "$tmp" || exit 1

# ---- names and numbers of things ----

build calls -g
"$BPFASM" -d calls.o >text
llvm-readelf -sW calls.o | awk '$4 == "FUNC" { print $8 }' | sort >functions
sed -n 's/^\.\(prog\|func\) \([^ ]*\).*/\2/p' text | sort >printed
if same functions printed && [ -s printed ]; then
	pass "the functions are those of llvm-readelf"
else
	fail "the functions are those of llvm-readelf" "they differ" functions printed
fi
sed -n 's/^\.prog [^ ]* "\(.*\)".*/\1/p' text | sed 's/\\//g' | uniq >printed
sections calls.o | cut -d '|' -f 3 | sed '/^\.text$/d' >names
if same names printed && [ -s printed ]; then
	pass "the sections are those of llvm-readelf"
else
	fail "the sections are those of llvm-readelf" "they differ" names printed
fi

has()	# NAME LINE...: they stand in the text in this order, blanks in front aside
{
	name=$1
	shift
	printf '%s\n' "$@" >lines
	if awk 'FILENAME == "lines" { want[n++] = $0; next }
		{ sub(/^[ \t]*/, "") }
		$0 == want[i + 0] { i++ }
		END { exit i < n }' lines text; then
		pass "$name"
	else
		fail "$name" "not all of these lines are there" lines text
	fi
}

has "functions, maps and what is external" '.map cells type array key u32 value u64 entries 64' \
	'.extern kernel_function' '.func more' '.func twice' '.prog probe "kprobe/do_exit"'
for line in 'call twice' 'r1 = cells ll' 'r2 = visit ll' 'call kernel_function' \
	'r1 = kernel_variable ll'; do
	ok "$line" grep -q "^ *[0-9]*: ([0-9a-f]*) $line\$" text
done
has "a section that no table knows" '.prog strange "nobody/knows \"this\""'
if grep -q '# .*/calls.c:[0-9]*: return n \* 2 + ktime();' text; then
	pass "lines of the source"
else
	fail "lines of the source" "are not there" text
fi

build maps -g
"$BPFASM" -d maps.o >text
has "maps and their types" '.license "Dual BSD/GPL"' \
	'.struct flow { u32 from; u32 to; __be16 port; u8 flags[2]; }' \
	'.struct total packed { u8 kind; u64 bytes; char name[16]; }' \
	'.map flows type hash key struct flow value struct total entries 1000 flags 0x1' \
	'.map hidden type array key u32 value 8 entries 1' \
	'.map sizes type array key 4 value 24 entries 3' \
	'.map events type ringbuf entries 65536'
has "a map without entries is for others to make" \
	'.extern later	# .map later type hash key pid_t value u64[4]'

build globals -g
"$BPFASM" -d --dialect llvm globals.o >text
has "variables and their values" '.global const struct outer fixed = '\
'{ "a\tname", { { 1, -5 }, { 0, 4886718345 } } }' '.global s32 counter = -7' \
	'.global s32 r5_1 = 3' '.global u8 matrix[15] = { 1, 2, 0, 0, 0, 3 }' \
	'.global u64 sum[16]' '.global const char text_14[10] = "calls %d\n"' 'r1 = text_14 ll'
"$BPFASM" -d -p second globals.o >text
if grep -q '^\.prog second' text && ! grep -q '^\.prog first' text; then
	ok "-p: one program, and it assembles" "$BPFASM" text
else
	fail "-p: one program" "there are others" text
fi
fails "-p: no such program" 1 "there is no program 'third': first, second" \
	"$BPFASM" -d -p third globals.o

# ---- an object instead of a text ----

for format in raw hex c list; do
	ok "-f $format of an object" "$BPFASM" -f $format -p first globals.o
done
"$BPFASM" -f c -o globals.h globals.o
echo '#include "globals.h"' >user.c
ok "the C of an object compiles" "${CC:-cc}" -fsyntax-only -Wno-unused user.c
llvm-objcopy --rename-section '.data.own=.data."own"' globals.o odd.o
"$BPFASM" -f c -o globals.h odd.o
ok "the C of an object with an odd name compiles" "${CC:-cc}" -fsyntax-only -Wno-unused user.c
clang -O2 -target bpf -c -o plain.o "$SRCDIR/tests/objects/globals.c" 2>said
ok "-f list of an object without lines" "$BPFASM" -f list plain.o
for option in '-E le' '-a arm64' '-D A=1' '-I .'; do
	itself="with an ELF object, which says all of that itself"
	# shellcheck disable=SC2086 # an option and its value
	fails "$option with an object" 2 "error: ${option%% *} means nothing $itself" \
		"$BPFASM" $option globals.o
done
# shellcheck disable=SC2016 # the inner shell expands
check_out "-d -f raw: slots after all" "7f454c4602010100" sh -c \
	'head -c 64 globals.o | "$BPFASM" -d -f raw -E le - | "$BPFASM" -E le - | sed 1q'
# shellcheck disable=SC2016 # the inner shell expands
ok "the listing has the lines of the source" sh -c \
	'"$BPFASM" -f list globals.o | grep -q "return calls++ + sum\[3\]"'

# ---- an object of an object ----

for source in maps globals loops; do
	build "$source" -g
	"$BPFASM" -d "$source.o" >text
	ok "-f elf of $source" "$BPFASM" -f elf -o copy.o "$source.o"
	"$BPFASM" -d copy.o >copy
	if same text copy && [ -s text ]; then
		pass "says what $source says, lines of the source too"
	else
		fail "says what $source says, lines of the source too" "it does not" text copy
	fi
done

# ---- structures of programs ----

cat >ops.c <<'END'
#define SEC(name) __attribute__((section(name), used))
typedef unsigned long long u64;
int elsewhere(void) { return 1; }
SEC("struct_ops/init") int init(u64 *ctx) { return 0; }
SEC("struct_ops/exit") int leave(u64 *ctx) { return elsewhere(); }
#ifdef INT
SEC(".struct_ops") int
#else
SEC(".struct_ops.link") struct some_ops___now {
	int flags:3;
	short less;
	unsigned char many[4];
	char name[8];
	u64 number;
	void *(*init)(void), *(*leave)(void), *(*none)(void);
}
#endif
ops =
#ifdef INT
	1;
#elif defined(NUMBER)
	{ .number = (u64)init };
#elif defined(FUNCTION)
	{ .none = (void *)elsewhere };
#elif defined(BITS)
	{ .flags = 1 };
#else
	{ .name = "mine", .init = (void *)init, .leave = (void *)leave, .less = -3,
	  .many = { 1, 2 }, .number = 0x8000000000000000 };
#endif
END
ops()	# OPTION...: text and said
{
	clang -O2 -g -target bpf "$@" -c -o ops.o ops.c 2>said
	"$BPFASM" -d ops.o >text 2>said
}
ops
has "a structure of programs" \
	'.map ops type struct_ops key 4 values some_ops entries 1 flags 0x2000' \
	'.slot ops.init = init' '.slot ops.leave = leave' '.slot ops.less = -3' \
	'# bytes: .slot ops.many = 2' '.slot ops.name = "mine"' \
	'.slot ops.number = -9223372036854775808'
ok "assembles again" "$BPFASM" -f list text
refuses()	# NAME TEXT OPTION
{
	ops "$3"
	ok "$1" grep -qF "$2" said
}
refuses "one that is none" \
	"'ops' of section '.struct_ops' is left out: it is no structure there" -DINT
refuses "a program that is a number" \
	"a relocation at byte 16 of section '.struct_ops.link' is for no pointer of a structure" \
	-DNUMBER
refuses "a member that is no program" "'ops': member none is no program of the object" -DFUNCTION
refuses "a bit-field" "'ops': a member without a name or a bit-field is not zero" -DBITS

# ---- what no object can say ----

cat >odd.c <<'END'
#define SEC(name) __attribute__((section(name), used))
struct config { int a; };
extern const struct config CONFIG_ODD SEC(".kconfig");
int data = 1;
struct { int (*type)[1]; int *key; int *value; int (*max_entries)[2]; } plain SEC(".maps");
struct {
	int (*type)[3];
	int (*key_size)[4], (*value_size)[4], (*max_entries)[2];
	int (*values[])(void *ctx);
} calls SEC(".maps")
#ifdef ENTRY
	= { .values = { (void *)&data } };
#else
	= { .type = (void *)&plain };
#endif
SEC("xdp") int prog(void *ctx) { return ((const volatile struct config *)&CONFIG_ODD)->a + data; }
END
says()	# NAME TEXT OPTION...: of odd.c
{
	s_name=$1 s_text=$2
	shift 2
	clang -O2 -g -target bpf "$@" -c -o odd.o odd.c 2>said
	"$BPFASM" -d odd.o >text 2>said
	if grep -qF "$s_text" said; then
		pass "$s_name"
	else
		fail "$s_name" "it does not say: $s_text" said
	fi
}
says "a structure as configuration" "'CONFIG_ODD' is no variable that holds configuration"
says "a relocation of a map's member" \
	"the relocation at byte 32 of section '.maps' is for no entry of a map"
says "an entry that is a variable" \
	"map 'calls': entry 0 is neither a map nor a program as it takes them" -DENTRY

# ---- names that a terminal would obey ----

cat >bell.c <<'END'
#define SEC(name) __attribute__((section(name), used))
SEC("xdp\x1b[31m") int program(void *ctx) { return 0; }
char _license[] SEC("license") = "GPL\x1b[1m\x7f";
END
clang -O2 -target bpf -c -o bell.o bell.c
"$BPFASM" -d bell.o >bell.text
check_out "control bytes of names" '.license "GPL\x1b[1m\x7f"
.prog program "xdp\x1b[31m"' grep '^\.' bell.text
ok "a licence with control bytes assembles" \
	"$BPFASM" -Wno-unknown-section -f elf -o bell2.o bell.text
"$BPFASM" -d bell2.o >bell2.text
check_out "and comes back" '.license "GPL\x1b[1m\x7f"' grep license bell2.text

# ---- objects of our own ----

case $("$BPFASM" --help) in
*"    elf  "*)
	for file in "$SRCDIR"/progs/*/*.bpfasm "$SRCDIR"/tests/golden/*.bpfasm; do
		name=${file##*/}
		"$BPFASM" -f elf -E le -o own.o "$file" 2>/dev/null && compare "our $name" own.o
	done ;;
*)	skip "objects of our own" "bpfasm does not write them" ;;
esac

# ---- damage ----

head -c 1000 globals.o >short.o
fails "cut short" 1 "short.o: error: the table of" "$BPFASM" -d short.o
printf 'int x;' | clang -target x86_64-linux-gnu -c -x c -o other.o - 2>/dev/null
fails "of another machine" 1 "other.o: error: this is an ELF file for machine 62" \
	"$BPFASM" -d other.o
build loops
llvm-objcopy --remove-section=.text --remove-section=socket -R .relsocket loops.o empty.o
fails "without instructions" 1 "empty.o: error: there are no instructions" "$BPFASM" -d empty.o
plan
