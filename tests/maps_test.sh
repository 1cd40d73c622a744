#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# maps_test.sh - a map of each type that the running kernel has, from a text and from an object that
# is made of it, with all that such a map can be given; and what is said when it cannot be.
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
# shellcheck source=lib.sh
. "$SRCDIR/tests/lib.sh"
export LC_ALL=C
cd "$tmp" || exit 1

# Kernels have or have not: no such type (or no such flag, or no CONFIG_), or the page size is
# another, is what a refusal may say.
creates()	# NAME WORDS [LINE]: of .map m
{
	{
		echo '.license "GPL"'
		[ -z "${3:-}" ] || echo "$3"
		echo ".map m $2"
		printf '.prog p "tc"\n\tr1 = m ll\n\tr0 = 0\n\texit\n'
	} >text.bpfasm
	if "$BPFLOAD" check -v text.bpfasm >out 2>err; then
		pass "$1"
		with_types "$1"
	elif grep -q 'm (.*BPF_MAP_CREATE: Operation not \(supported\|permitted\)' err ||
	     grep -q 'this kernel\|needs Linux\|CONFIG_\|is newer\|cause unknown' err; then
		skip "$1" "$(grep -m 1 'BPF_MAP_CREATE' err)"
	else
		fail "$1" "cannot be created" err
	fi
}

# The kernel takes the types of key and value wherever it can.
with_types()	# NAME
{
	if grep -q 'BPF_MAP_CREATE with types' err; then
		fail "$1, with types" "the kernel refuses them" err
	else
		pass "$1, with types"
	fi
}

echo '.prog p "tc"' >text.bpfasm
printf '\tr0 = 0\n\texit\n' >>text.bpfasm
if ! "$BPFLOAD" check text.bpfasm >out 2>err; then
	skip "maps" "$(head -n 1 err)"
	plan
fi
lock='.struct value { bpf_spin_lock lock; u32 n; }'
inner='.map inner type array key u32 value u64 entries 4'
lpm='.struct lpm { u32 bits; u32 address; }'
creates hash "type hash key u32 value u64 entries 8"
creates "hash on a node" "type hash key u32 value u64 entries 8 numa 0"
creates "hash, not preallocated" "type hash key u32 value u64 entries 8 flags BPF_F_NO_PREALLOC"
creates "hash, with a lock" "type hash key u32 value value entries 8" "$lock"
creates "hash of bytes" "type hash key 6 value 10 entries 8"
creates array "type array key u32 value u64 entries 8"
creates "array for mmap" "type array key u32 value u64 entries 8 flags BPF_F_MMAPABLE"
creates "array, read only" "type array key u32 value u64 entries 8 flags BPF_F_RDONLY_PROG"
creates prog_array "type prog_array key u32 value u32 entries 8"
creates perf_event_array "type perf_event_array key u32 value u32"
creates percpu_hash "type percpu_hash key u32 value u64 entries 8"
creates percpu_array "type percpu_array key u32 value u64 entries 8"
creates stack_trace "type stack_trace key u32 value 1016 entries 8"
creates cgroup_array "type cgroup_array key u32 value u32 entries 8"
creates lru_hash "type lru_hash key u32 value u64 entries 8"
creates "lru_hash, a list a CPU" \
	"type lru_hash key u32 value u64 entries 64 flags BPF_F_NO_COMMON_LRU"
creates lru_percpu_hash "type lru_percpu_hash key u32 value u64 entries 8"
creates lpm_trie "type lpm_trie key lpm value u64 entries 8" "$lpm"
creates array_of_maps "type array_of_maps key u32 values inner entries 8" "$inner"
creates hash_of_maps "type hash_of_maps key u64 values inner entries 8" "$inner"
creates devmap "type devmap key u32 value u32 entries 8"
creates sockmap "type sockmap key u32 value u32 entries 8"
creates cpumap "type cpumap key u32 value u32 entries 1"
creates xskmap "type xskmap key u32 value u32 entries 8"
creates sockhash "type sockhash key u32 value u32 entries 8"
creates reuseport_sockarray "type reuseport_sockarray key u32 value u64 entries 8"
creates queue "type queue value u64 entries 8"
creates stack "type stack value u64 entries 8"
creates sk_storage "type sk_storage key u32 value u64"
creates devmap_hash "type devmap_hash key u32 value u32 entries 8"
creates ringbuf "type ringbuf entries 64K"
creates inode_storage "type inode_storage key int value 8"
creates task_storage "type task_storage key 4 value 8"
creates bloom_filter "type bloom_filter value u64 entries 8 map_extra 3"
creates user_ringbuf "type user_ringbuf entries 64K"
creates cgrp_storage "type cgrp_storage key u32 value u64"

# ---- what cannot be ----

fails()	# NAME TEXT WORDS [LINE]
{
	{
		[ -z "${4:-}" ] || echo "$4"
		printf '.map m %s\n.prog p "tc"\n\tr1 = m ll\n\tr0 = 0\n\texit\n' "$3"
	} >text.bpfasm
	if "$BPFLOAD" check text.bpfasm >out 2>err; then
		fail "$1" "it loads"
	elif grep -qF -e "$2" err; then
		pass "$1"
	else
		fail "$1" "does not say: $2" err
	fi
}

fails "maps in a map, of no kind" "map m: nothing says what the maps in it are like" \
	"type array_of_maps key u32 value u32 entries 8"
fails "a map in it that differs" "cannot put other into map m at 1: Invalid argument: all that a" \
	"type array_of_maps key u32 values inner entries 8" "$inner
.map other type array key u32 value u32 entries 4
.slot m[1] = other"
plan
