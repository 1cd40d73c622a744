#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# libbpf_test.sh - an object of bpfasm in a program with libbpf: loaded, attached, and counting
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
# shellcheck source=lib.sh
. "$SRCDIR/tests/lib.sh"
cd "$tmp" || exit 1
need bpftool || plan

own=$(t_random)		# of its maps: libbpf takes 8 letters of the file's name for .bss
cat >count.bpfasm <<END
.license "GPL"
.struct exec { u64 count; comm name; }
.map execs_$own type hash key u32 value exec entries 1024
.global u64 total
.global const u32 step = 1
.prog on_exec "raw_tp/sched_process_exec"
	.stack u32 key
	.stack exec fresh
	call get_current_pid_tgid
	r0 >>= 32
	*key = r0
	*fresh = 0
	fresh.count = 1
	get_comm fresh.name
	map_update execs_$own, key, fresh
	r1 = step ll
	r2 = *(u32 *)(r1 + 0)
	r1 = total ll
	lock *(u64 *)(r1 + 0) += r2
	r0 = 0
	exit
END
cat >user.c <<'END'
#include <bpf/libbpf.h>
#include <stdlib.h>

int main(int argc, char *argv[])
{
	struct bpf_object *obj = argc > 2 ? bpf_object__open_file(argv[1], NULL) : NULL;
	struct bpf_program *prog;

	if (!obj || bpf_object__load(obj))
		return 1;
	bpf_object__for_each_program(prog, obj)
		if (!bpf_program__attach(prog))
			return 2;
	return system(argv[2]) ? 3 : 0;
}
END
if ! "${CC:-cc}" -o user user.c -lbpf 2>error; then
	skip "an object in libbpf" "libbpf's header or library is not installed"
	plan
fi
ok "an object" "$BPFASM" -f elf -o "$own.o" count.bpfasm
cp /bin/true "lt$$"
t_run ./user "$own.o" "./lt$$; ./lt$$; bpftool map dump name execs_$own; \
	bpftool map dump name $own.bss"
case $(cat "$tmp/stderr") in
*"not permitted"*)
	skip "an object in libbpf" "needs privilege"
	plan ;;
esac
ran=$(grep -c "\"name\": \"lt$$\"" "$tmp/stdout")
if [ "$t_status" -eq 0 ] && [ "$ran" -eq 2 ]; then
	pass "libbpf attaches it, and bpftool prints its map by type"
else
	fail "libbpf attaches it, and bpftool prints its map by type" \
		"status $t_status, $ran entries" "$tmp/stdout" "$tmp/stderr"
fi
total=$(sed -n 's/.*"total": *\([0-9]*\).*/\1/p' "$tmp/stdout")
if [ "${total:-0}" -ge 2 ]; then
	pass "its variable counts"
else
	fail "its variable counts" "total is '${total}'" "$tmp/stdout"
fi
plan
