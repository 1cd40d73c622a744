#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# feature_test.sh - bpfload feature beside bpftool feature, and bpfload doctor
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
# shellcheck source=lib.sh
. "$SRCDIR/tests/lib.sh"
cd "$tmp" || exit 1

# ---- without bpftool ----

ok "doctor as JSON" "$BPFLOAD" -p doctor
mv stdout doctor.json
ok "doctor" "$BPFLOAD" doctor
mv stdout lines
check_out "says nothing but its lines" "" cat stderr
for check in kernel cpu jit CAP_BPF CAP_PERFMON CAP_NET_ADMIN CAP_SYS_ADMIN CAP_SYS_RESOURCE \
	memlock lockdown bpffs tracefs btf kprobe uprobe kprobe.multi uprobe.multi 'program types' \
	'map types' helpers; do
	if grep -qE "^(ok|limited|no) +$check +[^ ]" lines &&
	   grep -qF "\"check\": \"$check\"," doctor.json; then
		pass "doctor: $check"
	else
		fail "doctor: $check" "there is no such line" lines doctor.json
	fi
done
release=$(uname -r)
ok "the kernel's version" grep -qF "Linux $release" lines
if grep -E '^(limited|no) ' -A1 lines | grep -vE '^(limited|no|--| +-> .)' >odd; then
	fail "what is not well has a remedy" "this has none" odd
else
	pass "what is not well has a remedy"
fi
fails "doctor of what" 2 "'x' is one word too many for 'doctor'" "$BPFLOAD" doctor x
if unshare -U true 2>/dev/null; then
	t_run unshare -U "$BPFLOAD" doctor
	if grep -q '^no  *CAP_BPF  *not held$' stdout && grep -q '^no  *user namespace' stdout &&
	   grep -q '^no  *program types  *denied:' stdout; then
		pass "a process that may do nothing"
	else
		fail "a process that may do nothing" "is not told so" stdout stderr
	fi
	fails "which probes no features" 1 "feature probe: BPF_PROG_LOAD: Operation not permitted" \
		unshare -U "$BPFLOAD" feature
else
	skip "a process that may do nothing" "no user namespaces"
fi

# ---- beside bpftool ----

need bpftool || plan
t_run bpftool -j feature probe
if [ $t_status -ne 0 ]; then
	skip "bpftool" "$(sed q stderr)"
	plan
fi
# shellcheck disable=SC2020 # a set it is
flat() { tr '{},[]' '[\n*5]' <"$1" | grep . ; }
flat stdout >theirs.all
t_run "$BPFLOAD" -j feature probe
flat stdout >mine.all
sed '/_available_helpers/,$d' theirs.all | grep -v '"CONFIG_BPFILTER' >theirs
# types that came after bpftool 7.1
sed '/_available_helpers/,$d' mine.all |
	grep -vE '"have_(netfilter_prog|cgrp_storage_map|arena_map|insn_array_map|rhash_map)_type' \
	>mine
if same theirs mine && [ -s mine ]; then
	pass "configuration, program and map types"
else
	diff theirs mine >differ
	fail "configuration, program and map types" "they differ" differ
fi
grep isa_ext theirs.all >theirs
grep -E 'isa_ext' mine.all | grep -v v4 >mine
ok "what instructions there are" cmp theirs mine
# bpftool 7.1 does not know what newer kernels say of a helper that a type may not call
awk '/_available_helpers/ { type = $0; next } /"bpf_/ { print type $0 }' theirs.all >theirs
awk '/_available_helpers/ { type = $0; next } /"bpf_/ { print type $0 }' mine.all >mine
grep -vxFf theirs mine | grep -v 'netfilter\|cgrp_storage_' >further
if [ -s mine ] && ! [ -s further ]; then
	pass "helpers: $(grep -c . mine)"
else
	fail "helpers" "bpftool does not have these" further
fi
for helper in bpf_map_lookup_elem bpf_redirect_map; do
	ok "$helper in xdp" grep -q "^\"xdp_available_helpers\":\"$helper\"$" mine
done
fails "but no other type's" 1 "" grep -q '^"xdp_available_helpers":"bpf_skb_load_bytes"$' mine
if grep -q '_printk"' mine; then
	fail "nothing loud without 'full'" "there is"
else
	pass "nothing loud without 'full'"
fi
"$BPFLOAD" -j feature probe full | tr ',' '\n' >everything
ok "with 'full'" grep -q '"bpf_trace_printk"' everything
for group in prog_types map_types attach_types link_types helpers; do
	bpftool feature list_builtins $group >theirs
	"$BPFLOAD" feature list_builtins $group | head -n "$(grep -c . theirs)" >mine
	ok "list_builtins $group" cmp theirs mine
	"$BPFLOAD" -j feature list_builtins $group | tr -d '[]"' | tr ',' '\n' |
		head -n "$(grep -c . theirs)" >mine
	ok "the same as JSON" cmp theirs mine
done
fails "another group" 2 "unknown word 'maptypes'; did you mean 'map_types'?" \
	"$BPFLOAD" feature list_builtins maptypes
fails "another probe" 2 "'feature probe': unknown word 'kernal'; did you mean 'kernel'?" \
	"$BPFLOAD" feature probe kernal
fails "of a device" 2 "'feature probe dev' is not done here: bpftool does it" \
	"$BPFLOAD" feature probe dev lo
fails "macros" 2 "'feature probe macros' is not done here: -j prints the same answers" \
	"$BPFLOAD" feature probe macros
fails "unprivileged" 2 "'feature probe unprivileged' is not done here: run it as that user" \
	"$BPFLOAD" feature probe unprivileged
plan
