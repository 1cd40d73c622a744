#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# where_test.sh - the options of bpfload that say where programs belong: what they refuse, and that
# a program is there while it runs, gone when it is killed, and stays when it is pinned.
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
# shellcheck source=lib.sh
. "$SRCDIR/tests/lib.sh"
none=$tmp/none.bpfasm		# there is no such file

section()	# FILE SECTION RETURN: the least program with that section
{
	printf '.license "GPL"\n.prog least "%s"\n\tr0 = %s\n\texit\n' "$2" "$3" >"$1"
}

section "$tmp/xdp.bpfasm" xdp 2
section "$tmp/sock.bpfasm" cgroup/sock 1
section "$tmp/lookup.bpfasm" sk_lookup 1
section "$tmp/tp.bpfasm" raw_tp/sched_process_exec 0
section "$tmp/reuse.bpfasm" sk_reuseport 1

# ---- calls that are wrong ----

usage()	# NAME TEXT ARGUMENT...
{
	u_name=$1 u_text=$2
	shift 2
	fails "$u_name" 2 "$u_text" "$BPFLOAD" "$@"
}

for option in dev cgroup netns hook pid cpu cookie; do
	usage "--$option without a value" "option '--$option' needs a value" run "$none" --$option
	usage "--$option for check" "'check' takes no option '--$option'" check "$none" --$option 1
done
usage "an empty name" "option '--dev': '' is not the name of a device" run "$none" --dev=
usage "misspelt --cgroup" "did you mean '--cgroup'" run "$none" --cgrup x
usage "--socket for check" "'check' takes no option '--socket'" check "$none" --socket 1:1
for value in 1 1: :1 0:1 x:1 1:x -1:1 1:-1 1:2:3 1:2147483648 2147483648:1 ''; do
	usage "--socket $value" "option '--socket': '$value' is not PID:FD" \
		run "$none" "--socket=$value"
done
for value in 0 x -1 1x 2147483648 ''; do
	usage "--pid $value" "option '--pid': '$value' is not the number of a process" \
		run "$none" "--pid=$value"
done
for value in x -1 2147483648; do
	usage "--cpu $value" "option '--cpu': '$value' is not the number of a CPU" \
		run "$none" "--cpu=$value"
done
for value in 0 x 18446744073709551616 0x; do
	usage "--cookie $value" "option '--cookie': '$value' is not a number above 0, of 64 bits" \
		run "$none" "--cookie=$value"
done

# ---- in a network namespace of our own ----

if [ "$(id -u)" -ne 0 ] || ! unshare -n true 2>"$tmp/why"; then
	skip "attaching" "no network namespace can be made here"
	plan
fi
need ip || plan

# Run a command where lo is the only device, and up.
apart()	# COMMAND...
{
	# shellcheck disable=SC2016 # the inner shell's
	unshare -n sh -c 'ip link set lo up && "$@"' sh "$@"
}

refused()	# NAME TEXT ARGUMENT...
{
	r_name=$1 r_text=$2
	shift 2
	fails "$r_name" 1 "$r_text" apart "$BPFLOAD" run "$@" --duration 1s
}

refused "no device" "say at which network device: --dev NAME does" "$tmp/xdp.bpfasm"
refused "a near name" "has no device 'lo0'; did you mean 'lo'?" "$tmp/xdp.bpfasm" --dev lo0
refused "no group" "say at which control group: --cgroup DIR does" "$tmp/sock.bpfasm"
refused "another file system" "is no folder of a cgroup2 file system" "$tmp/sock.bpfasm" \
	--cgroup /proc
refused "no namespace" "network namespace '/run/netns/none'" "$tmp/lookup.bpfasm" --netns none
refused "no socket" "does not say at which socket: --socket PID:FD does" "$tmp/reuse.bpfasm"
refused "a socket of nobody" "descriptor 3 of process 2147483646: No such process: there is no" \
	"$tmp/reuse.bpfasm" --socket 2147483646:3
refused "no filter for it" "the kernel runs it in all processes" "$tmp/tp.bpfasm" --pid 1

# shellcheck disable=SC2016 # the inner shell's
ok "there while it runs" apart "$BPFLOAD" run "$tmp/xdp.bpfasm" --dev lo -- sh -c '
	ip link show lo | grep -q xdp'
# shellcheck disable=SC2016 # the inner shell's
ok "gone when it ended" apart sh -c '
	"$BPFLOAD" run "$0" --dev lo --duration 10ms && ! ip link show lo | grep xdp' \
	"$tmp/xdp.bpfasm"
# shellcheck disable=SC2016 # the inner shell's
ok "gone when it was killed" apart sh -c '
	"$BPFLOAD" run "$0" --dev lo --duration 9s &
	until ip link show lo | grep -q xdp; do kill -0 $! && sleep 0.1 || exit 1; done
	kill -9 $! && { wait $!; [ $? -eq 137 ]; } && ! ip link show lo | grep xdp' \
	"$tmp/xdp.bpfasm"

# A group of sockets of another process, and datagrams to it.
cat >"$tmp/count.bpfasm" <<'END'
.license "GPL"
.global u64 hits
.prog count "sk_reuseport"
	r1 = hits ll
	r2 = 1
	lock *(u64 *)(r1 + 0) += r2
	r0 = 1
	exit
END
cat >"$tmp/group.pl" <<'END'
use Socket;
my @all = map {
	socket(my $s, PF_INET, SOCK_DGRAM, 0) or die;
	setsockopt($s, SOL_SOCKET, SO_REUSEPORT, 1) or die;
	bind($s, sockaddr_in(7777, INADDR_LOOPBACK)) or die;
	$s;
} 1 .. 2;
my @load = ($ENV{BPFLOAD}, 'run', '-j', '--socket', "$$:" . fileno($all[1]), $ARGV[0], '--',
	    'perl', '-MSocket', '-e', 'socket(S, PF_INET, SOCK_DGRAM, 0);' .
	    'send(S, "x", 0, sockaddr_in(7777, INADDR_LOOPBACK)) for 1 .. 5');
exit(system(@load) >> 8);
END
if command -v perl >/dev/null; then
	check_out "datagrams to the sockets of a process" \
		'{"map":".bss","type":"array","entries":[{"key":0,"value":{"hits":5}}]}' \
		apart perl "$tmp/group.pl" "$tmp/count.bpfasm"
else
	skip "datagrams to the sockets of a process" "there is no perl"
fi

# bpffs where nobody else sees it; the kernel lets go of what it had a moment later
# shellcheck disable=SC2016 # the inner shell's
pinned='mount -t bpf bpf "$1" && "$BPFLOAD" load "$0" "$1/pins" --attach --dev lo &&
	ls "$1/pins" && ip link show lo | grep -o " xdp[a-z]*" && rm "$1/pins/least-link" &&
	until ! ip link show lo | grep -q xdp; do sleep 0.1; done'
mkdir "$tmp/bpf"
if unshare -m mount -t bpf bpf "$tmp/bpf" 2>/dev/null; then
	check_out "pinned until the link is removed" "least
least-link
 xdpgeneric" apart unshare -m sh -c "$pinned" "$tmp/xdp.bpfasm" "$tmp/bpf"
else
	skip "pinned until the link is removed" "no bpffs can be mounted here"
fi
plan
