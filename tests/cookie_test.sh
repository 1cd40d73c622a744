#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# cookie_test.sh - what bpf_get_attach_cookie() answers to programs that `bpfload run` and `bpfload
# attach` attach with --cookie. Kinds that this kernel has not are skipped, by what bpfload says.
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
# shellcheck source=lib.sh
. "$SRCDIR/tests/lib.sh"
# shellcheck source=mounts.sh
. "$SRCDIR/tests/mounts.sh"
cd "$tmp" || exit 1

# A program that keeps the cookie, and counts, of the shell that runs sync.
text()	# SECTION
{
	cat <<-END
	.license "GPL"
	.struct seen { u64 cookie; u64 hits; }
	.map seen type array key u32 value seen entries 1
	.prog p "$1"
		.stack u32 key
		call get_attach_cookie
		r6 = r0
		*key = 0
		map_lookup seen, key
		if r0 == 0 goto out
		*(u64 *)(r0 + seen.cookie) = r6
		r1 = 1
		lock *(u64 *)(r0 + seen.hits) += r1
	out:	r0 = 0
		exit
	END
}

# Neither number is 0, and the cookie is this one.
number=1311768467463790320	# 0x123456789abcdef0
seen()	# NAME FILE
{
	if grep -q '"cookie":'$number',"hits":[1-9]' "$2"; then
		pass "$1"
	else
		fail "$1" "cookie $number is due" "$2" stderr
	fi
}

none()	# NAME
{
	case $(cat stderr) in
	*'func '*'#174'*|*'this kernel has none'*|*'Operation not permitted'*|\
	*'needs Linux'*|*'takes Linux'*|*'takes a link'*|*'Operation not supported'*|\
	*'is not mounted'*|*'this kernel compiles no BPF'*|*'ftrace keeps the entry'*)
		skip "$1" "$(sed -n 's/.*error: //p' stderr | head -n 1)" ;;
	*)	fail "$1" "refused" stderr ;;
	esac
}

kind()	# SECTION COMMAND...
{
	section=$1 name=${1%%/*}
	shift
	text "$section" >p.bpfasm
	if "$BPFLOAD" run -j --cookie $number p.bpfasm -- "$@" >stdout 2>stderr; then
		seen "run $name" stdout
	else
		none "run $name"
		return
	fi
	at=$pins/$(echo "$name" | tr . _)
	if "$BPFLOAD" load p.bpfasm "$at" 2>stderr &&
	   "$BPFLOAD" attach "$at/p" "$section" --cookie $number -- "$@" >stdout 2>>stderr; then
		"$BPFLOAD" map dump pinned "$at/seen" -j >stdout 2>>stderr
		seen "attach $name" stdout
	else
		fail "attach $name" "refused, and \`run\` was not" stderr
	fi
}

kind tp/sched/sched_process_exec /bin/true
! grep -q 'invalid func unknown#174' stderr || plan	# before Linux 5.15 there are none
kind raw_tp/sched_process_exec /bin/true
kind kprobe/ksys_sync sync
kind kretprobe/ksys_sync sync
kind ksyscall/sync sync
kind kprobe.multi/ksys_sync sync
kind kretprobe.multi/ksys_sync sync
kind kprobe.session/ksys_sync sync
kind fentry/ksys_sync sync
kind "uprobe/$BPFASM:main" "$BPFASM" --version
kind "uprobe.multi/$BPFASM:main" "$BPFASM" --version
kind "uprobe.session/$BPFASM:main" "$BPFASM" --version
kind perf_event sh -c "i=0; while [ \$i -lt 20000 ]; do i=\$((i + 1)); done"
plan
