#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# prog_test.sh - bpfload prog beside bpftool prog, on the same programs
#
# What bpftool 7.1 does not know yet is taken out of ours before they are compared.
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
# shellcheck source=lib.sh
. "$SRCDIR/tests/lib.sh"
# shellcheck source=mounts.sh
. "$SRCDIR/tests/mounts.sh"
cd "$tmp" || exit 1
need bpftool || plan

cat >many.bpfasm <<'END'
.license "GPL"
.map counts type hash key u32 value u64 entries 4
.map bycpu type percpu_array key u32 value u64 entries 1
.map more type prog_array key u32 value u32 entries 4
.global u32 target = 5
.prog many "raw_tp/sched_process_exec"
	.stack u32 key
	r6 = r1
	*(u32 *)(r10 + key) = 0
	map_lookup counts, &key
	if r0 == 0 goto out
	r1 = 1
	lock *(u64 *)(r0 + 0) += r1
	map_lookup bycpu, &key
	r1 = target ll
	r1 = *(u32 *)(r1 + 0)
	call other
	r1 = r6
	r2 = more ll
	r3 = 1
	call tail_call
	call ktime_get_ns
	r2 = 0x1234567890 ll
	r0 = be16 r0
	w1 = -5
	if w1 s< -3 goto out
out:	r0 = 0
	exit
.func other
	r0 = r1
	call ktime_get_ns
	exit
.prog packet "xdp"
	r2 = *(u32 *)(r1 + 4)
	r1 = *(u32 *)(r1 + 0)
	r3 = r1
	r3 += 14
	if r3 > r2 goto pass
	*(u8 *)(r1 + 0) = 0xaa
pass:	r0 = 2
	exit
.prog sys "syscall"
	r2 = 7
	*(u32 *)(r1 + 0) = r2
	r0 = 3
	exit
END
t_run "$BPFLOAD" load many.bpfasm $pins/p
if [ $t_status -ne 0 ]; then
	skip "all" "it does not load: $(sed -n 's/.*error: //p;q' stderr)"
	plan
fi

ours()		# what bpftool 7.1 does not know
{
	sed -e 's/"orphaned": *false,//g' -e '/^ *$/d' -e 's/  # [a-z._]*$//' \
		-e 's/r\([0-9]\) = &(void __percpu \*)(r\([0-9]\))/r\1 = r\2/'
}

# Both say the same.
alike()		# NAME ARGUMENT...
{
	name=$1
	shift
	bpftool "$@" >theirs 2>said
	if ! "$BPFLOAD" "$@" >raw 2>>said; then
		fail "$name" "it fails" said
		return
	fi
	ours <raw >mine
	if [ -s theirs ] && same theirs mine; then
		pass "$name"
	else
		diff theirs mine >differ
		fail "$name" "they differ" differ said
	fi
}

# A program with a name and a tag of its own.
own=$(t_random)
printf '.license "GPL"\n.prog own_%s "xdp"\n\tr0 = 0x%s ll\n\texit\n' "$own" "$own" >own.bpfasm
"$BPFLOAD" load own.bpfasm $pins/own

id_of()		# PIN
{
	bpftool prog show pinned "$1" | sed -n '1s/:.*//p'
}

many=$pins/p/many
alike "show of one, JSON" -j prog show pinned $many
alike "the same in lines" -p prog show pinned $many
alike "show by the name" -j prog show name "own_$own"
alike "a keyword cut short" -j prog s name "own_$own"
tag=$(bpftool -j prog show name "own_$own" | sed 's/.*"tag":"\([0-9a-f]*\).*/\1/')
alike "list by the tag" -j prog list tag "$tag"
id=$(id_of $many)
alike "with pins" -j -f prog show id "$id"
ok "one word: an id" "$BPFLOAD" prog show "$id"
bpftool -j prog show | tr '{' '\n' >theirs
"$BPFLOAD" -j prog show | ours | tr '{' '\n' >mine
for name in many packet sys; do	# other tests have programs too, which come and go
	if grep "\"id\":$(id_of $pins/p/$name)," theirs >one && grep -qFf one mine; then
		pass "$name is in the list"
	else
		fail "$name is in the list" "it is not, or not as bpftool says" theirs mine
	fi
done

alike "dump, JSON" -j prog dump xlated pinned $many
alike "the same in lines with opcodes" -p prog dump xlated pinned $many opcodes
alike "dump as text" prog dump xlated pinned $many
if "$BPFLOAD" prog dump xlated pinned $many | grep -q ' r1 = map\[id:[0-9]*\]  # counts$'; then
	pass "text has the names of maps"
else
	fail "text has the names of maps" "it has not"
fi
bpftool prog dump xlated pinned $pins/p/packet opcodes | sed '1~2d;s/^ *//' | tr -d '\n' |
	tr -s ' ' >theirs
"$BPFLOAD" prog dump xlated pinned $pins/p/packet opcodes | sed '1~2d;s/^ *//' |
	tr -d '\n' | tr -s ' ' >mine
ok "opcodes as text" cmp theirs mine
bpftool prog dump xlated pinned $many file theirs
ok "into a file" "$BPFLOAD" prog dump xlated pinned $many file mine
ok "the same bytes" cmp theirs mine
bpftool prog dump jited pinned $many file theirs 2>/dev/null
if "$BPFLOAD" prog dump jited pinned $many file mine 2>/dev/null; then
	bytes=$(bpftool -j prog show pinned $many | sed 's/.*"bytes_jited":\([0-9]*\).*/\1/')
	check_out "native code" "$bytes" sh -c 'wc -c <mine'
	"$BPFLOAD" -j prog dump jited pinned $many |
		sed 's/.*"name":"bpf_prog_[0-9a-f]*_other".*/F/' >got
	check_out "of each function" F cat got
	fails "bytes, it says" 0 "native code is for a disassembler" \
		"$BPFLOAD" prog dump jited pinned $many
else
	skip "native code" "the kernel interprets programs"
fi

# ---- type data and lines, as a compiler has them ----

if need clang; then
	cat >lines.c <<'END'
struct xdp_md { unsigned int data[3], ifindex; };
static int (*const now)(void) = (void *)5;
__attribute__((noinline)) static int twice(const struct xdp_md *ctx, unsigned long n)
{
	return ctx->ifindex + n * 2;
}
__attribute__((section("xdp"), used)) int a_name_of_many_letters(struct xdp_md *ctx)
{
	return twice(ctx, now());
}
char _license[] __attribute__((section("license"), used)) = "GPL";
END
	clang -O2 -g -target bpf -c lines.c -o lines.o &&
		bpftool prog load lines.o $pins/lines 2>said
	if [ -e $pins/lines ]; then
		alike "a name from type data" -j prog show pinned $pins/lines
		alike "lines of the source, JSON" -j prog dump xlated pinned $pins/lines
		alike "with their places" -p prog dump xlated pinned $pins/lines linum
		alike "as text" prog dump xlated pinned $pins/lines
		alike "as text with places" prog dump xlated pinned $pins/lines linum
	else
		skip "lines of the source" "bpftool does not load it: $(sed q said)"
	fi
fi

# ---- run ----

printf '0123456789abcdefghijklmnopqrstuvwxyz' >packet
settle() { sed 's/"duration":[0-9]*/"duration":0/; s/duration\(.*\): [0-9]*ns/duration\1: 0ns/'; }
for form in '' -j; do
	# shellcheck disable=SC2086 # none or one
	bpftool $form prog run pinned $pins/p/packet data_in packet data_out - repeat 3 |
		settle >theirs
	# shellcheck disable=SC2086
	"$BPFLOAD" $form prog run pinned $pins/p/packet data_in packet data_out - repeat 3 |
		settle >mine
	ok "run${form:+ with }$form: value and data" cmp theirs mine
done
ok "data into a file" "$BPFLOAD" prog run $pins/p/packet data_in packet data_out out
check_out "changed by the program" "aa 31 32 33" sh -c 'od -An -tx1 -N4 out | sed "s/^ //"'
printf '1234' >ctx
t_run "$BPFLOAD" -j prog run $pins/p/sys ctx_in ctx ctx_out -
case $(cat stdout) in
'{"ctx_out":[7,0,0,0],"retval":3,"duration":'*)	pass "a context" ;;
*)	fail "a context" "other output" stdout stderr ;;
esac
fails "too little data" 1 "BPF_PROG_TEST_RUN: Invalid argument: without data_in" \
	"$BPFLOAD" prog run $pins/p/packet
fails "no such file" 1 "cannot read 'none'" "$BPFLOAD" prog run $pins/p/packet data_in none
fails "half a keyword" 2 "unknown word 'data_iin'; did you mean 'data_in'?" \
	"$BPFLOAD" prog run $pins/p/packet data_iin x
fails "input twice" 2 "standard input cannot be both data_in and ctx_in" \
	"$BPFLOAD" prog run $pins/p/packet data_in - ctx_in -
fails "a number that is none" 2 "'many' is not a number of times" \
	"$BPFLOAD" prog run $pins/p/packet repeat many

# ---- pin, statistics, attach ----

ok "pin" "$BPFLOAD" prog pin pinned $many $pins/again
alike "it is the same program" -j prog show pinned $pins/again
fails "pin over a pin" 1 "BPF_OBJ_PIN $pins/again: File exists" \
	"$BPFLOAD" prog pin id "$id" $pins/again
fails "pin elsewhere" 1 "is not on a bpffs" "$BPFLOAD" prog pin id "$id" "$tmp/pin"
fails "pin nowhere" 2 "'prog pin' needs a path" "$BPFLOAD" prog pin id "$id"
"$BPFLOAD" attach $many raw_tp/sched_process_exec --pin $pins/link
t_run "$BPFLOAD" -j prog stats pinned $many -- /bin/true
"$BPFLOAD" detach $pins/link
case $(cat stdout) in
*'"run_time_ns":'*'"run_cnt":'*)	pass "how often it ran" ;;
*)	fail "how often it ran" "it does not say" stdout stderr ;;
esac
# nobody else runs this one
t_run "$BPFLOAD" -j prog stats pinned $pins/p/packet -- "$BPFLOAD" -j prog run \
	pinned $pins/p/packet data_in packet repeat 1000
if grep -q '"run_time_ns":[1-9][0-9]*,"run_cnt":1000[,}]' stdout; then
	pass "each time it ran, and how long it took"
else
	fail "each time it ran, and how long it took" "not 1000 times" stdout stderr
fi
cat >sockets.bpfasm <<'END'
.license "GPL"
.map socks type sockmap key u32 value u32 entries 2
.prog verdict "sk_msg"
	r1 = socks ll
	r0 = 1
	exit
END
if "$BPFLOAD" load sockets.bpfasm $pins/s 2>said; then
	ok "attach to a map of sockets" "$BPFLOAD" prog attach pinned $pins/s/verdict \
		sk_msg_verdict pinned $pins/s/socks
	ok "detach from it" bpftool prog detach pinned $pins/s/verdict sk_msg_verdict \
		pinned $pins/s/socks
	bpftool prog attach pinned $pins/s/verdict msg_verdict pinned $pins/s/socks
	ok "detach what bpftool attached" "$BPFLOAD" prog detach pinned $pins/s/verdict \
		msg_verdict pinned $pins/s/socks
	fails "once more" 1 "BPF_PROG_DETACH: " "$BPFLOAD" prog detach pinned $pins/s/verdict \
		msg_verdict pinned $pins/s/socks
else
	skip "maps of sockets" "$(sed q said)"
fi
fails "another attach type" 2 "unknown word 'sk_msg_verdikt'; did you mean 'sk_msg_verdict'?" \
	"$BPFLOAD" prog attach $many sk_msg_verdikt

# ---- load ----

ok "load" "$BPFLOAD" prog load many.bpfasm $pins/first
check_out "is the first program" many sh -c \
	"bpftool -j prog show pinned $pins/first | sed 's/.*\"name\":\"\([a-z]*\).*/\1/'"
ok "loadall" "$BPFLOAD" prog loadall many.bpfasm $pins/all pinmaps $pins/maps
check_out "all programs" "many packet sys" sh -c "cd $pins/all && echo *"
check_out "all maps" "bycpu counts data more" sh -c "cd $pins/maps && echo *"
fails "once more: what is there stays" 1 "BPF_OBJ_PIN $pins/all/packet: File exists" sh -c \
	"rm $pins/all/many && \"$BPFLOAD\" prog loadall many.bpfasm $pins/all pinmaps $pins/more"
check_out "and nothing comes" "packet sys" sh -c "cd $pins/all && echo *"
printf '.license "GPL"\n.prog one "raw_tp/sched_process_exec"\n\tr0 = 0\n\texit\n' >one.bpfasm
ok "as another type" "$BPFLOAD" prog load one.bpfasm $pins/typed type xdp
check_out "it is" xdp sh -c \
	"bpftool -j prog show pinned $pins/typed | sed 's/.*\"type\":\"\([a-z]*\).*/\1/'"
ok "attached" "$BPFLOAD" prog load one.bpfasm $pins/attached autoattach
ok "its link is pinned" bpftool link show pinned $pins/attached
ok "with maps that are there" "$BPFLOAD" prog load many.bpfasm $pins/given \
	map name counts pinned $pins/maps/counts map idx 3 pinned $pins/maps/data
bpftool -j prog show pinned $pins/given | sed 's/.*"map_ids":\[\([0-9,]*\).*/,\1,/' >ids
for map in counts bycpu data; do
	bpftool -j map show pinned $pins/maps/$map | sed 's/.*"id":\([0-9]*\).*/,\1,/' >one
	case $map:$(grep -c -F -f one ids) in
	bycpu:0|counts:1|data:1)	pass "$map is the right one" ;;
	*)	fail "$map is the right one" "another" ids one ;;
	esac
done
fails "a map of another type" 1 "cannot be in its place: it has another type" \
	"$BPFLOAD" prog load many.bpfasm $pins/no map name counts pinned $pins/maps/more
fails "no such map" 1 "'many.bpfasm' has no map 'count'" \
	"$BPFLOAD" prog load many.bpfasm $pins/no map name count pinned $pins/maps/more
fails "no map of that number" 1 "'many.bpfasm' has no map 4: it has 4" \
	"$BPFLOAD" prog load many.bpfasm $pins/no map idx 4 pinned $pins/maps/more
fails "a map by nothing" 2 "unknown word 'nam_e'; did you mean 'name'?" \
	"$BPFLOAD" prog load many.bpfasm $pins/no map nam_e x id 1
fails "a type that is none" 2 "'xpd' is no type of programs; did you mean 'xdp'?" \
	"$BPFLOAD" prog load one.bpfasm $pins/no type xpd
fails "a file that is none" 1 "cannot read 'none'" "$BPFLOAD" prog load none $pins/no
fails "no path" 2 "'prog load' needs a path to pin at" "$BPFLOAD" prog load one.bpfasm
fails "other words" 2 "unknown word 'pinmap_s'; did you mean 'pinmaps'?" \
	"$BPFLOAD" prog load one.bpfasm $pins/no pinmap_s

# ---- seven runs that count, then the map is asked ----

cat >simulated.bpfasm <<'END'
.license "GPL"
.map counts type hash key u32 value u64 entries 10
.prog count "xdp"
	.stack u32 key
	.stack u64 one
	r2 = *(u32 *)(r1 + xdp_md.data)
	r3 = *(u32 *)(r1 + xdp_md.data_end)
	r4 = r2
	r4 += 14
	if r4 > r3 goto out
	r1 = *(u8 *)(r2 + 0)
	*key = r1
	map_lookup counts, key
	if r0 == 0 goto first
	r1 = 1
	lock *(u64 *)(r0 + 0) += r1
	goto out
first:	*one = 1
	map_update counts, key, one, BPF_NOEXIST
out:	r0 = 2
	exit
END
ok "a counter" "$BPFLOAD" load simulated.bpfasm $pins/s
for key in 100 101 100 102 100 101 100; do
	# shellcheck disable=SC2059 # an octal number of it
	printf "\\$(printf %o "$key")_____________" |
		"$BPFLOAD" prog run pinned $pins/s/count data_in - >/dev/null ||
		echo "$key" >>failed
done
counted()	# a line an entry
{
	"$BPFLOAD" -j map dump pinned "$pins/s/counts" | tr '}' '\n' |
		sed -n 's/.*"key": *\([0-9]*\), *"value": *\([0-9]*\).*/\1 \2/p' | sort
}
check_out "four, two and one" "100 4
101 2
102 1" counted
asked()
{
	"$BPFLOAD" -j map lookup pinned "$pins/s/counts" key 100 |
		sed 's/.*"formatted"://; s/}}/}/'
}
check_out "one of them" '{"key":100,"value":4}' asked
ok "is deleted" "$BPFLOAD" map delete pinned $pins/s/counts key 102
check_out "two are left" "100 4
101 2" counted
ok "nothing failed" test ! -e failed

# ---- what is wrong ----

fails "no such command" 2 "'prog': unknown word 'dmp'; did you mean 'dump'?" "$BPFLOAD" prog dmp
fails "no such program" 1 "prog none: there is none" "$BPFLOAD" prog show name none
fails "a tag that is none" 1 "'12' is no tag: that has 16 hexadecimal digits" \
	"$BPFLOAD" prog show tag 12
fails "dump of what" 2 "'prog dump' needs one of: xlated jited" "$BPFLOAD" prog dump
fails "an option that is none" 2 "unknown word 'opcode_s'; did you mean 'opcodes'?" \
	"$BPFLOAD" prog dump xlated $many opcode_s
fails "a word too many" 2 "'x' is one word too many for 'prog show'" "$BPFLOAD" prog show "$id" x
fails "profile" 1 "'prog stats' tells how often a program ran" "$BPFLOAD" prog profile "$id"
fails "tracelog of what" 2 "unknown word 'stdeer'; did you mean 'stderr'?" \
	"$BPFLOAD" prog tracelog stdeer
ok "tracelog" timeout 5 "$BPFLOAD" prog tracelog --duration 10ms
fails "a graph" 2 "'prog dump visual' is not done here: the instructions" \
	"$BPFLOAD" prog dump xlated $many visual
fails "a device" 2 "'prog load dev' is not done here: programs are for this machine's CPU" \
	"$BPFLOAD" prog load one.bpfasm $pins/no dev lo
fails "another kernel's types" 2 "'prog load kernel_btf' is not done here: the running kernel's" \
	"$BPFLOAD" prog load one.bpfasm $pins/no kernel_btf x
fails "legacy" 2 "there is no option '-l': objects are read as by libbpf 1.0" \
	"$BPFLOAD" -l prog show
fails "mapcompat" 2 "there is no option '--mapcompat': objects are read as by libbpf 1.0" \
	"$BPFLOAD" --mapcompat prog show
fails "a loader" 2 "there is no option '-L': bpfload loads them itself" \
	"$BPFLOAD" -L prog load one.bpfasm $pins/no
ok "no mount, debug" "$BPFLOAD" -n -d prog show pinned $many
for command in prog link btf feature; do
	"$BPFLOAD" $command help 2>said
	ok "help of $command" grep -q "note: '$command' takes: [a-z_]* " said
done
"$BPFLOAD" load own.bpfasm $pins/twin
fails "two of a tag and one file" 1 "such programs, and one file: name one by its id" \
	"$BPFLOAD" prog dump xlated tag "$tag" file out
alike "both of them" -j prog dump xlated tag "$tag"

# ---- a hundred in a row ----

# The tag is the beginning of a hash of the slots: SHA-1, and SHA-256 from Linux 6.18 on.
of_raw()	# NAME: do its tag and its bytes in the kernel come from those of bpfasm?
{
	"$BPFASM" -f raw -p "$1" -o raw hundred.bpfasm || return 1
	"$BPFLOAD" prog dump xlated pinned "$pins/hundred/$1" file xlated || return 1
	cmp -s raw xlated || return 1
	for hash in sha1sum sha256sum; do
		grep -q "^$1 $($hash raw | cut -c 1-16)\$" tags && return
	done
	return 1
}

awk 'BEGIN {
	print ".license \"GPL\""
	for (i = 1; i <= 100; i++)
		printf ".prog p%d \"socket\"; r0 = %d; r0 ^= %d; exit\n", i, i, i * 7919 % 65521
}' >hundred.bpfasm
ok "a hundred programs" "$BPFLOAD" load hundred.bpfasm $pins/hundred
bpftool -j prog show | sed 's/},{/\n/g' |
	sed -n 's/.*"name":"\(p[0-9]*\)","tag":"\([0-9a-f]*\)".*/\1 \2/p' >tags
for i in $(seq 100); do
	of_raw "p$i" || echo "p$i"
done >wrong
if [ -s wrong ]; then
	fail "each with its tag and its bytes" "not so:" wrong tags
else
	pass "each with its tag and its bytes"
fi
plan
