#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# btf_c_test.sh - bpfload btf dump format c: what compilers make of it, beside bpftool
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
# shellcheck source=lib.sh
. "$SRCDIR/tests/lib.sh"
cd "$tmp" || exit 1
need clang || plan
need gcc || plan

cat >types.c <<'END'
typedef __SIZE_TYPE__ size;
enum small { SMALL_A, SMALL_B = 3 } __attribute__((packed));
enum middle { MIDDLE_A, MIDDLE_B = 300 } __attribute__((packed));
enum below { BELOW = -5, ABOVE = 5 };
enum large { LARGE = 0x123456789abcULL, LARGER };
enum forced { FORCED } __attribute__((mode(word)));
struct later;
typedef int (*compare)(const void *, const struct later *restrict, ...);
typedef struct {
	int x;
	struct { short y, z; } in;
	union { char c; long l; };
} anonymous;
struct pack { char a; long b; short c[3]; } __attribute__((packed));
union tight { char a[5]; int b; } __attribute__((packed));
struct lines { char a; int b __attribute__((aligned(64))); char c; } __attribute__((aligned(64)));
struct bits {
	unsigned int a : 3, : 4, b : 9;
	int : 0;
	_Bool c : 1;
	long d : 40;
	char e;
	short f : 5;
};
struct holes {
	char a;
	struct lines lines;
	char b;
	union tight tight;
	char d __attribute__((aligned(32)));
};
struct empty { };
struct flexible { int n; struct bits *bits[]; };
struct functions {
	int (*one)(int x, char *);
	void (*many[3])(void);
	int *(*(*nested)(compare, ...))[4];
	const char *const *volatile *restrict stars;
	volatile const int vc;
	int grid[2][3], (*row)[3];
	compare by;
	int (*const constant)(struct functions *self);
	struct { struct later { int x; } inside; } *hidden;
};
struct ring { struct gnir *next; };
struct gnir { struct ring back; struct ring *list; };
typedef struct loop loop;
struct loop { loop *next; float f; double d; };
typedef void prototype(int, enum below);
struct takes { prototype *p; enum { ONE, TWO } e; };
struct clash { int first; };
struct all {
	struct pack a; union tight b; struct lines c; struct bits d; struct holes e; struct empty f;
	struct functions g; struct gnir h; loop i; struct takes j; anonymous k; enum small l;
	enum middle m; enum below n; enum large o; enum forced p; size q; struct clash r;
	struct flexible *s; __int128 t;
} all;
int one(void)
{
	static volatile struct clash { long other; } c;
	return c.other;
}
END

# From the raw dump: size and places of each struct whose tag is its alone. What a va_list is the
# compiler says.
cat >asserts.awk <<'AWK'
function name(s) { sub(/^[^']*'/, "", s); sub(/'.*/, "", s); return s }
function number(s, key) { sub(".* " key "=", "", s); sub(/ .*/, "", s); return s }
{ id = $1; gsub(/[][]/, "", id) }
/^\[[0-9]+\] (STRUCT|UNION|ENUM|ENUM64|FWD) / { seen[name($0)]++ }
/^\[[0-9]+\] TYPEDEF .*va_list'/ { own[id] = 1 }
/^\[/ { at = 0 }
/^\[[0-9]+\] (STRUCT|UNION) / && !/'\(anon\)'/ {
	at = ++n; tag[n] = name($0); word[n] = tolower($2) " " tag[n]; size[n] = number($0, "size")
}
at && /^\t'/ {
	if (number($0, "type_id") in own) varies[at] = 1
	if (!/bitfield_size/ && name($0) != "(anon)") {
		member[at, ++members[at]] = name($0)
		place[at, members[at]] = number($0, "bits_offset")
	}
}
END {
	for (i = 1; i <= n; i++) {
		if (seen[tag[i]] > 1 || varies[i]) continue
		printf "_Static_assert(sizeof(%s) == %s, \"%s\");\n", word[i], size[i], tag[i]
		for (j = 1; j <= members[i]; j++)
			printf "_Static_assert(__builtin_offsetof(%s, %s) == %s / 8, \"%s.%s\");\n",
				word[i], member[i, j], place[i, j], tag[i], member[i, j]
	}
}
AWK

# Both compilers lay the types out as the data says; the text is bpftool's but for attributes that
# the layout needs and it does not write.
dump()		# NAME FILE LEAST
{
	"$BPFLOAD" btf dump file "$2" >raw
	"$BPFLOAD" btf dump file "$2" format c >own.h
	awk -f asserts.awk raw >asserts.h
	cat own.h asserts.h >own.c
	ok "$1: there is much to compare" test "$(grep -c . asserts.h)" -ge "$3"
	ok "$1: clang, for bpf" clang -target bpf -g -Wno-everything -c own.c -o own.o
	ok "$1: gcc" gcc -w -fsyntax-only own.c
	if ! bpftool btf dump file "$2" format c >theirs.h 2>said; then
		skip "$1: bpftool's" "bpftool does not: $(tail -1 said)"
		return
	fi
	for whose in own theirs; do
		sed 's/^\(\t*}\) __attribute__((.*)).*\([^;]*;\)$/\1\2/' $whose.h >$whose.plain
	done
	ok "$1: bpftool's" diff own.plain theirs.plain
}

ok "compiled" clang -O1 -g -target bpf -c types.c -o types.o
dump "an object" types.o 60
ok "packed, as it was" grep -q '^} __attribute__((packed));$' own.h
ok "pushed" grep -q '^#pragma clang attribute push (__attribute__((preserve_access_index)), ' own.h
ok "a second name" grep -q '^struct clash___2 {$' own.h
"$BPFLOAD" btf dump file types.o format c unsorted >again
ok "unsorted says nothing new" cmp own.h again
id=$("$BPFLOAD" btf dump file types.o | sed -n "s/^\[\([0-9]*\)\] STRUCT 'ring' .*/\1/p")
"$BPFLOAD" btf dump file types.o format c root_id "$id" | sed '/^#/d; /^$/d' >root
check_out "one type" 'struct gnir;
struct ring {
	struct gnir *next;
};' cat root
if [ -r /sys/kernel/btf/vmlinux ]; then
	dump "the kernel" /sys/kernel/btf/vmlinux 10000
else
	skip "the kernel" "it has no types"
fi

# ---- what is wrong ----

# A number of 4 bytes, the low one first; types of 24 bytes, behind them the name "a".
word()		# NUMBER...
{
	for number; do
		# shellcheck disable=SC2059 # the format is the number
		printf "\\$(printf %03o $((number & 255)))\\$(printf %03o $((number >> 8 & 255)))"
		# shellcheck disable=SC2059
		printf "\\$(printf %03o $((number >> 16 & 255)))\\$(printf %03o $((number >> 24)))"
	done
}
data()		# WORD...
{
	word $((0x1eb9f)) 24 0 $((4 * $#)) $((4 * $#)) 3 "$@"
	printf '\000a\000'
}
struct=$((4 << 24 | 1)) pointer=$((2 << 24))
data 1 "$struct" 4  1 1 0 >own_member
data 1 "$struct" 4  1 7 0 >no_member
data 1 $((4 << 24)) $((1 << 30)) >large
# shellcheck disable=SC2046 # each word
data $(n=1; while [ $n -le 400 ]; do echo 0 $pointer $((n = n + 1)); done) 0 $pointer 0 >deep
fails "a struct in itself" 1 "type 1: it holds itself" \
	"$BPFLOAD" btf dump file own_member format c
fails "a type that is none" 1 "type 1: it refers to a type that is not there" \
	"$BPFLOAD" btf dump file no_member format c
fails "many in each other" 1 "type 257: it has no end" \
	"$BPFLOAD" btf dump file deep format c
fails "a gigabyte of padding" 1 "type 1: it has no end" \
	"$BPFLOAD" btf dump file large format c
fails "as JSON" 1 "'btf dump ... format c' is C, not JSON" \
	"$BPFLOAD" -j btf dump file types.o format c
fails "unsorted numbers" 2 "unknown word 'unsorted'" "$BPFLOAD" btf dump file types.o unsorted
plan
