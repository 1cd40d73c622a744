#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# holds_test.sh - what bpfload says of who keeps objects, and of what programs say of themselves
#
# Debian's bpftool is built without the program that finds processes: only what else it says is
# compared with it.
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
# shellcheck source=lib.sh
. "$SRCDIR/tests/lib.sh"
# shellcheck source=mounts.sh
. "$SRCDIR/tests/mounts.sh"
cd "$tmp" || exit 1

cat >held.bpfasm <<'END'
.license "GPL"
.struct value { u32 n }
.map counts type hash key u32 value value entries 4
.prog held "raw_tp/sched_process_exec"
	r1 = counts ll
	r0 = 0
	exit
END
t_run "$BPFLOAD" load held.bpfasm $pins/p
if [ $t_status -ne 0 ]; then
	skip "all" "it does not load: $(sed -n 's/.*error: //p;q' stderr)"
	plan
fi

# ---- processes ----

await()		# COMMAND...: until it succeeds, or for two seconds
{
	tries=20
	until "$@" 2>/dev/null || [ $((tries = tries - 1)) -eq 0 ]; do
		sleep 0.1
	done
}

"$BPFLOAD" attach $pins/p/held raw_tp/sched_process_exec 2>said &
held=$!
await grep -q 'until Ctrl-C' said
comm=$(cat /proc/$held/comm)

pids()		# KIND WORD...: as JSON
{
	"$BPFLOAD" -j "$@" | tr -d '\n' | sed -n 's/.*"pids":\(\[[^]]*\]\).*/\1/p'
}
all()		# KIND: those of any object
{
	"$BPFLOAD" -j "$1" show | tr '}' '\n' | grep -c "\"pid\":$held,\"comm\":\"$comm\""
}
want="[{\"pid\":$held,\"comm\":\"$comm\"}]"
link=$(cat /proc/$held/fdinfo/* 2>/dev/null | sed -n 's/^link_id:[^0-9]*//p' | sed q)
check_out "a program's" "$want" pids prog show pinned $pins/p/held
check_out "a link's" "$want" pids link show id "$link"
check_out "in the list" 1 all link
"$BPFLOAD" prog show pinned $pins/p/held >text
ok "as text" grep -q "^	pids $comm($held)$" text
check_out "a map's: nobody has it" "" pids map show pinned $pins/p/counts
"$BPFLOAD" top --interval 1h --duration 1h $pins/p/counts >/dev/null 2>said &
top=$!
await sh -c "cat /proc/$top/fdinfo/* | grep -q '^map_id:'"
check_out "a map's" "[{\"pid\":$top,\"comm\":\"$comm\"}]" pids map show pinned $pins/p/counts
"$BPFLOAD" map show pinned $pins/p/counts >text
ok "as text" grep -q "^	pids $comm($top)$" text
check_out "in the list of maps" 1 sh -c \
	"\"$BPFLOAD\" -j map show | tr '}' '\n' | grep -c '\"pid\":$top,'"
kill $held $top
wait 2>/dev/null
check_out "none any more" "" pids prog show pinned $pins/p/held

# ---- pins of maps ----

if need bpftool; then
	bpftool -j -f map show pinned $pins/p/counts >theirs
	check_out "where a map is pinned" "$(cat theirs)" \
		"$BPFLOAD" -j -f map show pinned $pins/p/counts
	ok "as text" sh -c "\"$BPFLOAD\" -f map show pinned $pins/p/counts |
		grep -q '^	pinned $pins/p/counts$'"
fi

# ---- metadata ----

need bpftool || plan
need clang || plan
cat >data.c <<'END'
#define META(name) const volatile name __attribute__((section(".rodata")))
enum mode { FAST, SLOW };
struct build { int year; char who[8]; unsigned int bits : 3; };
META(char bpf_metadata_author[]) = "me \"and\" you";
META(int bpf_metadata_version) = -12;
META(enum mode bpf_metadata_mode) = SLOW;
META(struct build bpf_metadata_build) = { 2024, "x", 5 };
META(int other) = 3;
__attribute__((section("socket"), used)) int data(void *ctx) { return 0; }
char _license[] __attribute__((section("license"), used)) = "GPL";
END
clang -O2 -g -target bpf -c data.c -o data.o 2>said || plan
if ! bpftool prog load data.o $pins/data 2>said; then
	skip "metadata" "bpftool does not load it: $(tail -1 said)"
	plan
fi
for form in -j -p; do
	bpftool $form prog show pinned $pins/data >theirs
	"$BPFLOAD" $form prog show pinned $pins/data |
		sed 's/"orphaned": *false,//; /^ *$/d' >mine
	ok "metadata, $form" cmp mine theirs
done
ok "there is some" grep -q '"author": "me \\"and\\" you"' mine
bpftool prog show pinned $pins/data | sed -n '/metadata:/,$p' >theirs
"$BPFLOAD" prog show pinned $pins/data | sed -n '/metadata:/,$p' >mine
ok "as text" cmp mine theirs
plan
