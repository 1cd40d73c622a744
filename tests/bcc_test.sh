#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# bcc_test.sh - the objects of bcc's libbpf-tools: bpfload loads those that bpftool loads, with the
# same programs, and says of each other one why not.
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
# shellcheck source=lib.sh
. "$SRCDIR/tests/lib.sh"
# shellcheck source=mounts.sh
. "$SRCDIR/tests/mounts.sh"
# shellcheck source=bcc.sh
. "$SRCDIR/tests/bcc.sh"
export LC_ALL=C
cd "$tmp" || exit 1

need bpftool || plan
bcc_objects || plan

# What a loader makes of the object: the names of its programs, or nothing.
loaded()	# LOADER NAME OUTPUT
{
	mkdir -p "$pins/$2"
	"$1" prog loadall "$2.o" "$pins/$2/all" >"$3" 2>&1 && ls "$pins/$2/all"
	rm -rf "${pins:?}/$2"
}

for object in *.o; do
	name=${object%.o}
	loaded bpftool "$name" theirs >expected
	loaded "$BPFLOAD" "$name" ours >got
	if ! same expected got; then
		fail "$name" "other programs than by bpftool" expected got theirs ours
	elif [ -s got ] || grep -q 'error: ' ours; then
		pass "$name: $(wc -l <got) programs"
	else
		fail "$name" "refused without a word" ours
	fi
done
plan
