#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# map_test.sh - `bpfload map`: what it does, what it says when it cannot, and that it prints what
# bpftool prints, to the byte
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
# shellcheck source=lib.sh
. "$SRCDIR/tests/lib.sh"
# shellcheck source=mounts.sh
. "$SRCDIR/tests/mounts.sh"
export LC_ALL=C
cd "$tmp" || exit 1

# `bpfload map`; $fs/NAME is a pin. libbpf puts a '_' for each '.' of a path: not here.
fs=$pins
map()
{
	"$BPFLOAD" map "$@"
}

# A hash map of 4 and 8 bytes and of 2 entries, unless the words say something else.
create()	# NAME [WORD...]
{
	create=$1
	shift
	map create "$fs/$create" type hash key 4 value 8 entries 2 name "$create" "$@"
}

# ---- making ----

t_run create plain
case $t_status:$(cat "$tmp/stderr") in
0:*)	pass "create" ;;
*CAP_* | *"not permitted"*)
	skip "maps" "$(sed -n 1p "$tmp/stderr")"
	plan ;;
*)	fail "create" "exit status $t_status" "$tmp/stderr" ;;
esac
fails "create: no type" 2 "'map create' needs 'type TYPE'" map create "$fs/x" key 4
fails "create: no name" 2 "needs 'name NAME'" map create "$fs/x" type hash key 4
fails "create: a type that is none" 2 "no map type 'hsah'; did you mean 'hash'?" \
	create x type hsah
fails "create: a word that is none" 2 "unknown word 'valeu'; did you mean 'value'?" \
	create x valeu 4
fails "create: a size that is none" 2 "'four' is not a size in bytes" create x key four
fails "create: no device" 2 "no network device 'nosuch'" create x offload_dev nosuch
fails "create: a size of 0" 1 \
	"map x: BPF_MAP_CREATE: Invalid argument: value_size of a hash map must not be 0" \
	create x value 0
fails "create: elsewhere" 1 "$tmp is not on a bpffs" \
	map create "$tmp/x" type hash key 4 value 4 entries 1 name x
fails "create: a name with a dot" 1 "a bpffs takes no '.' in a name" create a.b
fails "create: twice" 1 "BPF_OBJ_PIN $fs/plain: File exists" create plain

# ---- entries without types ----

# numbers that have the same bytes in either order
one=0x01000001 nine=0x0900000000000009 nine_out='09 00 00 00 00 00 00 09'
ok "update by number" map update "$fs/plain" key $one value 0x0700000000000007
check_out "lookup" "key: 01 00 00 01  value: 07 00 00 00 00 00 00 07" \
	map lookup "$fs/plain" key 16777217
check_out "lookup by bytes" '{"key":["0x01","0x00","0x00","0x01"],"value":["0x07","0x00",'\
'"0x00","0x00","0x00","0x00","0x00","0x07"]}' map -j lookup "$fs/plain" key 1 0 0 1
ok "update by bytes" map update "$fs/plain" key hex ff ff ff ff value hex 1 2 3 4 5 6 7 8
check_out "lookup by a number below 0" "key: ff ff ff ff  value: 01 02 03 04 05 06 07 08" \
	map lookup "$fs/plain" key -1
check_out "words cut short" "key: ff ff ff ff  value: 01 02 03 04 05 06 07 08" \
	map look pinned "$fs/plain" k 4294967295
check_out "update says null" null map -j update "$fs/plain" value 8 key $one exist
check_out "JSON in, as it comes out" null map -j update "$fs/plain" \
	key '["0x01","0x00","0x00","0x01"]' value \
	'["0x09","0x00","0x00","0x00","0x00","0x00","0x00","0x09"]'
map dump "$fs/plain" >out
if grep -q '^Found 2 elements$' out && grep -q "^key: 01 00 00 01  value: $nine_out\$" out; then
	pass "dump"
else
	fail "dump" "something else" out
fi

fails "a full map" 1 "BPF_MAP_UPDATE_ELEM: Argument list too long: the map is full: \
max_entries is 2" map update "$fs/plain" key 3 value 3
fails "what is there" 1 "File exists: the key is there already, and 'noexist' keeps that" \
	map update "$fs/plain" key $one value 3 noexist
fails "what is not there" 1 "the map has no such key" map update "$fs/plain" key 3 value 3 exist
fails "lookup of what is not there" 1 "the map has no such key" map lookup "$fs/plain" key 3
t_run map -j lookup "$fs/plain" key 3
if [ "$t_status" -eq 1 ] && [ "$(cat stdout)" = null ]; then
	pass "which is null in JSON"
else
	fail "which is null in JSON" "exit status $t_status" stdout
fi
fails "no key" 2 "'map lookup' needs one of: key" map lookup "$fs/plain"
fails "no value" 2 "'map update' needs one of: value any" map update "$fs/plain" key 1
fails "half a key" 2 "the key has 4 bytes, and 2 are given" map lookup "$fs/plain" key 1 2
fails "more than a key" 2 "the key has 4 bytes, and 5 are given" \
	map lookup "$fs/plain" key 1 2 3 4 5
fails "half a key in hexadecimal" 2 "the key has 4 bytes, and 1 are given" \
	map lookup "$fs/plain" key hex 1
fails "no byte" 2 "byte 2 of the 4 of the key is '300'" map lookup "$fs/plain" key 1 300 1 1
fails "no byte in hexadecimal" 2 "byte 1 of the 4 of the key is 'xy'" \
	map lookup "$fs/plain" key hex xy 1 1 1
fails "a large number" 2 "4294967296 does not fit in 32 bits" \
	map lookup "$fs/plain" key 4294967296
fails "no number" 2 "key 'one': 'one' is no number" map lookup "$fs/plain" key one
fails "a number with a zero ahead" 2 "'010' is no number" map lookup "$fs/plain" key 010
fails "words behind" 2 "'too' is one word too many for 'map lookup'" \
	map lookup "$fs/plain" key 1 too
fails "a word for another" 2 "unknown word 'kye'; did you mean 'key'?" \
	map lookup "$fs/plain" kye 1
fails "a verb that is none" 2 "unknown word 'dmup'; did you mean 'dump'?" map dmup "$fs/plain"
fails "half of JSON" 2 "',' or ']' expected" map lookup "$fs/plain" key '["0x01"'
fails "few bytes in JSON" 2 "1 bytes given, 4 needed" map lookup "$fs/plain" key '["0x01"]'

t_run map pop "$fs/plain" key $one
case $t_status:$(cat stdout stderr) in
"0:key: 01 00 00 01  value: $nine_out")
	pass "pop of a key"
	fails "which is gone" 1 "the map has no such key" map delete "$fs/plain" key $one ;;
*"looked up and deleted at once since Linux 5.14")
	skip "pop of a key" "not before Linux 5.14"
	ok "delete" map delete "$fs/plain" key $one ;;
*)	fail "pop of a key" "exit status $t_status" stdout stderr ;;
esac
ok "delete of another" map delete "$fs/plain" key -1
check_out "an empty map" "Found 0 elements" map dump "$fs/plain"
fails "getnext of nothing" 1 "BPF_MAP_GET_NEXT_KEY: No such file or directory: no key follows" \
	map getnext "$fs/plain"

ok "a wide key" create wide key 12 value 16
fails "which is no number" 2 "no BTF that says what its 12 bytes are: give 12 bytes" \
	map lookup "$fs/wide" key 1
ok "an address" map update "$fs/wide" key 1 2 3 4 5 6 7 8 9 10 11 12 value 2001:db8::1
check_out "which stands in network order" "key: 01 02 03 04 05 06 07 08  09 0a 0b 0c
value: 20 01 0d b8 00 00 00 00  00 00 00 00 00 00 00 01" \
	map lookup "$fs/wide" key 1 2 3 4 5 6 7 8 9 10 11 12

# ---- types of maps ----

ok "a queue" create line type queue key 0
ok "push" map push "$fs/line" value $nine
ok "enqueue" map enqueue "$fs/line" value 1 2 3 4 5 6 7 8
check_out "peek" "value: $nine_out" map peek "$fs/line"
check_out "pop" "value: $nine_out" map pop "$fs/line"
check_out "dequeue in JSON" '{"key":[],"value":["0x01","0x02","0x03","0x04","0x05","0x06",'\
'"0x07","0x08"]}' map -j dequeue "$fs/line"
fails "pop of nothing" 1 "the map is empty" map pop "$fs/line"
fails "a queue has no keys" 2 "unknown word 'key'" map push "$fs/line" key 1 value 1
fails "nor can it be dumped" 1 "queue maps cannot do that: push, pop and peek" \
	map dump "$fs/line"

if create bloom type bloom_filter key 0 2>/dev/null; then
	ok "a value for a bloom filter" map push "$fs/bloom" value 7
	ok "which it has" map peek "$fs/bloom" value 7
	fails "as it has not others" 1 "this value was never added" \
		map peek "$fs/bloom" value 1234567
	fails "nor deletes any" 1 "bloom_filter maps cannot do that" map delete "$fs/bloom"
else
	skip "bloom filters" "not before Linux 5.16"
fi

ok "an LPM trie" create routes type lpm_trie key 8 value 4 flags 1
ok "a prefix" map update "$fs/routes" key 10.0.0.0/8 value 1
ok "a longer one" map update "$fs/routes" key 10.1.0.0/16 value $one
t_run map lookup "$fs/routes" key 10.1.2.3
case $(cat stdout) in
*" 0a 01 02 03  value: 01 00 00 01")
	pass "the longest counts" ;;
*)	fail "the longest counts" "exit status $t_status" stdout stderr ;;
esac
fails "a full trie" 1 "the map is full: max_entries is 2" \
	map update "$fs/routes" key 11.0.0.0/8 value 1
fails "a prefix that is too long" 2 "'33' is no prefix length from 0 to 32" \
	map update "$fs/routes" key 10.0.0.0/33 value 1
fails "the same in bytes" 1 "the prefix of 553648161 bits is longer than the 32 of the key" \
	map update "$fs/routes" key 33 0 0 33 10 0 0 0 value 1

ok "an array" create array type array value 2
ok "update of an array" map update "$fs/array" key 1 value 65535
fails "beyond it" 1 "index 2 is not below max_entries, which is 2" \
	map update "$fs/array" key 2 value 1
fails "lookup beyond it" 1 "index 9 is not below max_entries" map lookup "$fs/array" key 9
fails "noexist" 1 "an array has every index, and 'noexist'" \
	map update "$fs/array" key 1 value 1 noexist
fails "delete" 1 "array maps cannot do that: to clear an entry, update it with zeroes" \
	map delete "$fs/array" key 1

ok "a per-CPU array" create cpus type percpu_array value 4
ok "one value for all CPUs" map update "$fs/cpus" key 1 value $one
map lookup "$fs/cpus" key 1 | grep '^value (CPU' >out
if [ -s out ] && ! grep -qv ': 01 00 00 01$' out; then
	pass "which each one has"
else
	fail "which each one has" "not so" out
fi

ok "an array of maps" create outer type array_of_maps value 4 inner_map pinned "$fs/plain"
ok "a map for it" map update "$fs/outer" key 0 value pinned "$fs/plain"
plain=$(map -j show pinned "$fs/plain" | sed 's/^{"id":\([0-9]*\),.*/\1/')
check_out "which it names by its id" "key: 00 00 00 00  inner_map_id: $plain 
Found 1 element" map dump "$fs/outer"
fails "another map" 1 "must have the type, sizes and flags of the inner map" \
	map update "$fs/outer" key 0 value pinned "$fs/routes"
fails "no map" 1 "map nosuch: there is none" map update "$fs/outer" key 0 value name nosuch

if map freeze "$fs/array" 2>err; then
	fails "freeze: no update" 1 "Operation not permitted: the map is frozen" \
		map update "$fs/array" key 1 value 1
	fails "freeze again" 1 "frozen" map freeze "$fs/array"
	# shellcheck disable=SC2016 # the inner shell expands
	check_out "and show says so" 1 sh -c '"$BPFLOAD" map show pinned "$1" |
		grep -c frozen' sh "$fs/array"
else
	fail "freeze" "it cannot be" err
fi

# ---- names ----

ok "pin" map pin "$fs/plain" "$fs/again"
check_out "by id" "Found 0 elements" map dump id "$plain"
check_out "by a number alone" "Found 0 elements" map dump "$plain"
ok "a name of two" map create "$fs/other" type hash key 4 value 8 entries 1 name plain
ok "by name" map dump name wide
if [ "$(map -j show name plain | tr '{' '\n' | grep -c '"name":"plain"')" -ge 2 ]; then
	pass "show of several"
else
	fail "show of several" "not all are there"
fi
fails "one of several" 1 "such maps: name one by its id" map lookup name plain key 1
fails "no map" 1 "map nosuch: there is none" map dump name nosuch
fails "an id of no map" 1 "map 4294967295: there is none" map dump id 4294967295

unprivileged()	# COMMAND...
{
	setpriv --ambient-caps=-all --inh-caps=-all --bounding-set=-all "$@"
}
if unprivileged true 2>/dev/null; then
	for words in "show:maps: BPF_MAP_GET_NEXT_ID" \
		"dump $plain:map $plain: BPF_MAP_GET_FD_BY_ID" \
		"dump plain:map plain: BPF_MAP_GET_NEXT_ID"; do
		# shellcheck disable=SC2086 # words
		fails "${words%%:*} without privilege" 1 \
			"${words#*:}: Operation not permitted: this process lacks CAP_SYS_ADMIN" \
			unprivileged "$BPFLOAD" map ${words%%:*}
	done
else
	skip "without privilege" "needs setpriv"
fi
fails "no path" 2 "'map pin' needs a path" map pin "$fs/plain"
fails "event_pipe" 2 "\`bpfload tail MAP\`" map event_pipe "$fs/plain"
ok "help" map help
ok "no words" map

# ---- as bpftool does ----

if ! need bpftool || ! need clang; then
	plan
fi

# The same output of both, as text, JSON and JSON in lines.
alike()	# NAME WORD...
{
	alike=$1
	shift
	for format in '' -j -p; do
		# shellcheck disable=SC2086 # none, or one
		bpftool $format map "$@" >theirs 2>err
		# shellcheck disable=SC2086
		map $format "$@" >ours 2>err
		if ! same theirs ours || ! [ -s ours ]; then
			fail "$alike $format" "differs from bpftool" theirs ours err
			return
		fi
	done
	pass "$alike"
}

for name in plain wide routes array cpus; do
	alike "show of $name" show pinned "$fs/$name"
	alike "dump of $name" dump pinned "$fs/$name"
done
bpftool -j map dump pinned "$fs/outer" | sed 's/,"inner_map_id":[0-9]*//' >theirs
map -j dump "$fs/outer" | sed "s/,\"inner_map_id\":$plain}/}/" >ours
if same theirs ours; then
	pass "maps in a map, but for the id that older ones of bpftool leave out"
else
	fail "maps in a map" "differ from bpftool" theirs ours
fi
map update "$fs/plain" key 1 value 1
map update "$fs/plain" key 2 value 1
alike "getnext" getnext pinned "$fs/plain"
alike "getnext of a key" getnext pinned "$fs/cpus" key 0 0 0 0
alike "lookup" lookup pinned "$fs/plain" key 2 0 0 0
alike "lookup by hexadecimal" lookup pinned "$fs/routes" key hex 20 0 0 0 0a 1 2 3
map push "$fs/line" value 3
alike "peek" peek pinned "$fs/line"
map create "$fs/devices" type devmap key 4 value 4 entries 2 name devices
alike "an array without values" dump pinned "$fs/devices"
map create "$fs/programs" type prog_array key 4 value 4 entries 2 name programs
alike "an array without programs" dump pinned "$fs/programs"
for i in $(seq 300); do
	echo "map update pinned $fs/many key $((i % 256)) $((i / 256)) 0 0 value $((i % 256)) 0 0 0"
done >commands
map create "$fs/many" type hash key 4 value 4 entries 400 name many
bpftool batch file commands >/dev/null
alike "many entries" dump pinned "$fs/many"
# shellcheck disable=SC2016 # the inner shell expands
check_out "the number of them" "Found 300 elements" sh -c \
	'"$BPFLOAD" map dump "$1" | tail -n 1' sh "$fs/many"

# ---- types ----

clang -O2 -g -target bpf -c -o mapdata.o "$SRCDIR/tests/objects/mapdata.c" 2>err ||
	fail "mapdata.c" "does not compile" err
if ! bpftool prog loadall mapdata.o "$fs/typed" pinmaps "$fs/typed" 2>err; then
	fail "mapdata.o" "does not load" err
	plan
fi
t=$fs/typed
ok "numbers" map update "$t/counts" key 42 value 7
check_out "which come out as such" '[{
        "key": 42,
        "value": 7
    }
]' map dump "$t/counts"
ok "structs" map update "$t/events" key 'pid=1,comm=sh' value '{n=5,color=GREEN,yes=true,small=-4,
	low=5,high=4097,whole=7,inner={s=-3},list=[1,2],raw="a\u0001",wide=-1}'
ok "structs as JSON" map update "$t/events" key '{"pid":2,"comm":"x y"}' \
	value '{"color":-1,"bytes":[1,2,3,4]}'
ok "a struct that is an address in part" map update "$t/events" \
	key '{"pid":-3,"comm":"::1"}' value whole=10.0.0.1
ok "enumerators" map update "$t/recent" key BLUE value x
ok "text" map update "$t/percpu" key -5 value '{"pid":3,"comm":"hello"}'
ok "an array" map update "$t/list" key 1 value color=GREEN
ok "a prefix" map update "$t/routes" key 10.0.0.0/8 value 10.1.2.3
ok "a struct instead" map update "$t/routes" key 'len=24,address=[10,1,2]' value 1
ok "a variable" map update "$t/mapdata_data" key 0 value limit=77
ok "another variable" map update "$t/mapdata_data" key 0 value 'name="xyz",last={pid=8}'
for name in counts events recent percpu list perlist routes mapdata_data mapdata_rodata; do
	alike "show of $name" show pinned "$t/$name"
	alike "dump of $name" dump pinned "$t/$name"
done
alike "lookup with types" lookup pinned "$t/list" key 1 0 0 0
map -j dump "$t/mapdata_data" >out
if grep -q '"limit":77},{"name":"xyz"},{"last":{"pid":8,"comm":"x"}}' out; then
	pass "variables that are not named stay"
else
	fail "variables that are not named stay" "they do not" out
fi

map -j dump "$t/mapdata_data" | sed 's/.*"formatted":{"value":\(.*\)}}]$/\1/' >was
map update "$t/mapdata_data" key 0 value 'limit=1,name=x'
ok "all variables" map update "$t/mapdata_data" key 0 value "$(cat was)"
map -j dump "$t/mapdata_data" >is
if same out is; then
	pass "come out as they went in"
else
	fail "come out as they went in" "they do not" out is
fi

# What was printed, read again, is what was printed.
formatted()	# KEY: key and value, a line each
{
	map -j lookup "$t/events" key "$1" |
		sed 's/.*"formatted":{"key":\(.*\),"value":\(.*\)}}$/\1\n\2/'
}
formatted pid=1,comm=sh >was
map update "$t/events" key "$(sed -n 1p was)" value n=1 &&
	map update "$t/events" key "$(sed -n 1p was)" value "$(sed -n 2p was)"
formatted pid=1,comm=sh >is
if same was is && grep -q '"n":5' is; then
	pass "what comes out goes in"
else
	fail "what comes out goes in" "something else is there" was is
fi

fails "a member that is none" 2 "key 'pid=1,com=x': struct event has no 'com'; did you mean \
'comm'?" map lookup "$t/events" key pid=1,com=x
fails "an enumerator that is none" 2 "enum color has no 'GREN'; did you mean 'GREEN'?" \
	map lookup "$t/recent" key GREN
fails "a variable that is none" 2 "section .data has no 'limt'; did you mean 'limit'?" \
	map update "$t/mapdata_data" key 0 value limt=1
fails "text for a number" 2 "'x' is no number" map lookup "$t/events" key pid=x
fails "a number with a sign" 2 "2147483648 does not fit in 32 bits with a sign" \
	map lookup "$t/events" key pid=2147483648
fails "a number without a sign" 2 "-1 does not fit in 32 bits without a sign" \
	map lookup "$t/counts" key -1
fails "a bitfield" 2 "8 does not fit in 3 bits" map update "$t/list" key 0 value low=8
fails "too much text" 2 "'12345678901234567' has 17 bytes, and there is room for 16" \
	map lookup "$t/events" key comm=12345678901234567
fails "text without an end" 2 "the text in quotes does not end" \
	map lookup "$t/events" key 'comm="x'
fails "an odd backslash" 2 "what stands behind a backslash" \
	map lookup "$t/events" key 'comm="\q"'
fails "no struct" 2 "'{' expected at '1', for struct " map update "$t/list" key 0 value inner=1
fails "no array" 2 "'[' expected at '1', for an array of 3" \
	map update "$t/list" key 0 value list=1
fails "a long array" 2 "more than the 3 elements that the array has" \
	map update "$t/list" key 0 value 'list=[1,2,3,4]'
fails "an array without an end" 2 "',' or ']' expected at ''" \
	map update "$t/list" key 0 value 'list=[1'
fails "a struct without an end" 2 "',' or '}' expected at ''" \
	map update "$t/list" key 0 value '{n=1'
fails "a member without a value" 2 "'=' expected behind 'n'" map update "$t/list" key 0 value n
fails "more than a struct" 2 "nothing more expected at 'x'" \
	map update "$t/list" key 0 value '{n=1} x'
fails "a section without an array" 2 "'[' expected at '1'" \
	map update "$t/mapdata_data" key 0 value .data=1
fails "a section without an end" 2 "',' or ']' expected at ''" \
	map update "$t/mapdata_data" key 0 value '.data=[{limit=1}'
fails "many bytes" 2 "more than the 4 bytes that it has" \
	map lookup "$t/counts" key '["0x1","0x2","0x3","0x4","0x5"]'
fails "a frozen map" 1 "the map is frozen" map update "$t/mapdata_rodata" key 0 value fixed=1
fails "a program that is none" 1 "'$t/prog' is a prog" map dump pinned "$t/prog"
ok "a program in an array" map update "$fs/programs" key 1 value pinned "$t/prog"
alike "an array of programs" dump pinned "$fs/programs"
alike "whose it is" show pinned "$fs/programs"
plan
