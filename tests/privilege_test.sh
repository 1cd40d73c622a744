#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# privilege_test.sh - what bpfload says to those who may not: which capability is missing, and that
# what it advises helps.
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
# shellcheck source=lib.sh
. "$SRCDIR/tests/lib.sh"

cat >"$tmp/raw_tp.bpfasm" <<'END'
.license "GPL"
.map counts type array key u32 value u64 entries 1
.prog p "raw_tp/sched_process_exit"
	r0 = 0
	exit
END
cat >"$tmp/tp.bpfasm" <<'END'
.license "GPL"
.prog p "tp/sched/sched_process_exit"
	r0 = 0
	exit
END
cat >"$tmp/xdp.bpfasm" <<'END'
.license "GPL"
.prog p "xdp"
	r0 = 2
	exit
END
printf '.license "GPL"\n.prog p "socket"\n\tr0 = 0\n\texit\n' >"$tmp/socket.bpfasm"
printf '.license "GPL"\n.prog p "cgroup_skb/ingress"\n\tr0 = 1\n\texit\n' >"$tmp/skb.bpfasm"
nobody=65534
has_none=$(sed -n 's/^CapEff:[[:space:]]*0*$/yes/p' /proc/self/status)

# Run a command as nobody with just these capabilities; with none, who has none stays who it is.
as()	# CAPABILITIES COMMAND...: "-all", "-all,+bpf", ...
{
	caps=$1
	shift
	if [ "$caps$has_none" = -allyes ]; then
		"$@"
		return
	fi
	setpriv --reuid $nobody --regid $nobody --clear-groups --inh-caps "$caps" \
		--ambient-caps "$caps" --bounding-set "$caps" "$@"
}

# bpfload as nobody, who need not be able to find the file: it is descriptor 3.
exec 3<"$BPFLOAD"
load_as()	# CAPABILITIES ARGUMENT...
{
	caps=$1
	shift
	# shellcheck disable=SC2016 # the inner shell's
	as "$caps" sh -c 'exec /proc/self/fd/3 "$@"' bpfload "$@"
}

# Whether such a process can be; else the test of that name is skipped.
can()	# CAPABILITIES NAME
{
	as "$1" true 2>"$tmp/why" && return
	skip "$2" "no process with just $1: $(sed -n 1p "$tmp/why")"
	return 1
}

need setpriv || plan
case $(cat /proc/sys/kernel/cap_last_cap 2>/dev/null) in
'' | [0-9] | [12][0-9] | 3[0-8])
	skip "capabilities" "this kernel has no CAP_BPF (Linux 5.8)"
	plan ;;
esac

name="without capabilities"
can -all "$name" &&
	fails "$name" 1 "this process lacks CAP_BPF" load_as -all check - <"$tmp/raw_tp.bpfasm"
name="assembling needs none"
can -all "$name" && {
	# shellcheck disable=SC2016 # the inner shell's
	check_out "$name" 'b700000000000000
9500000000000000' as -all sh -c 'exec /proc/self/fd/4 "$@"' bpfasm -f hex - \
		4<"$BPFASM" <"$tmp/tp.bpfasm"
}
name="with CAP_BPF only"
can -all,+bpf "$name" &&
	fails "$name" 1 "this process lacks CAP_PERFMON" \
		load_as -all,+bpf check - <"$tmp/raw_tp.bpfasm"
name="a packet socket"
can -all,+bpf "$name" &&
	fails "$name" 1 "AF_PACKET: Operation not permitted: this process lacks CAP_NET_RAW" \
		load_as -all,+bpf run /dev/fd/5 --dev lo --duration 1s 5<"$tmp/socket.bpfasm"
name="a program that needs more when it is attached"
group=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts)
if [ -z "$group" ]; then
	skip "$name" "no cgroup2 is mounted"
elif can -all,+bpf "$name"; then
	fails "$name" 1 "LINK_CREATE: Operation not permitted: this process lacks CAP_NET_ADMIN" \
		load_as -all,+bpf run /dev/fd/5 --cgroup "$group" --duration 1s 5<"$tmp/skb.bpfasm"
fi
name="with CAP_PERFMON only"
can -all,+perfmon "$name" &&
	fails "$name" 1 "this process lacks CAP_BPF" \
		load_as -all,+perfmon check - <"$tmp/raw_tp.bpfasm"

both=-all,+bpf,+perfmon
can $both "with both" || plan
ok "with CAP_BPF and CAP_PERFMON" load_as $both check - <"$tmp/raw_tp.bpfasm"
ok "they attach too" load_as $both run /dev/fd/5 5<"$tmp/raw_tp.bpfasm" -- true
fails "a program for the network" 1 "this process lacks CAP_NET_ADMIN" \
	load_as $both check - <"$tmp/xdp.bpfasm"
if [ -r /sys/kernel/btf/vmlinux ]; then
	fentry='.license "GPL"\n.prog p "fentry/%s"\n\tr0 = 0\n\texit\n'
	# shellcheck disable=SC2059 # a format
	printf "$fentry" some_module:function >"$tmp/named.bpfasm"
	fails "a module" 1 "the types of modules cannot be listed: Operation not permitted: \
that takes CAP_SYS_ADMIN" load_as $both check - <"$tmp/named.bpfasm"
	# shellcheck disable=SC2059 # a format
	printf "$fentry" no_such_function_anywhere >"$tmp/any.bpfasm"
	fails "what a module may have" 1 "this kernel's BTF has no no_such_function_anywhere; \
to look at that of its modules takes CAP_SYS_ADMIN" load_as $both check - <"$tmp/any.bpfasm"
else
	skip "modules" "needs /sys/kernel/btf/vmlinux"
fi

name="capabilities of a user namespace"
if unshare -U -r true 2>/dev/null; then
	fails "$name" 1 "this process is in a user namespace, and CAP_BPF must be held outside" \
		unshare -U -r "$BPFLOAD" check "$tmp/raw_tp.bpfasm"
else
	skip "$name" "no user namespaces here"
fi

# ---- what it advises ----

# nobody runs a copy of the program which `setcap` gave what the message says.
advice="setcap, as advised, helps"
load_as -all check - <"$tmp/raw_tp.bpfasm" 2>"$tmp/said"
# shellcheck disable=SC2016 # the backquotes of the message
set=$(sed -n 's/.*`setcap \([a-z_,]*+ep\) .*`.*/\1/p' "$tmp/said")
cp "$BPFLOAD" "$tmp/bpfload"
cp "$(command -v cat)" "$tmp/cat"
if [ -z "$set" ]; then
	fail "$advice" "no such advice" "$tmp/said"
elif ! setcap "$set" "$tmp/cat" 2>"$tmp/why" || ! setcap "$set" "$tmp/bpfload" 2>>"$tmp/why"; then
	skip "$advice" "setcap: $(sed -n 1p "$tmp/why")"
else
	exec 3<"$tmp/bpfload" 6<"$tmp/cat"
	have=$(setpriv --reuid $nobody --regid $nobody --clear-groups sh -c \
		'/proc/self/fd/6 /proc/self/status' | sed -n 's/^CapEff:[[:space:]]*0*//p')
	if [ -z "$have" ]; then
		skip "$advice" "capabilities of files do not count here"
	else
		# shellcheck disable=SC2016 # the inner shell's
		ok "$advice" setpriv --reuid $nobody --regid $nobody --clear-groups sh -c \
			'exec /proc/self/fd/3 check -' <"$tmp/raw_tp.bpfasm"
	fi
	exec 3<"$BPFLOAD" 6<&-
fi

# ---- tracefs, which others than root cannot read ----

name="a tracefs that nobody may read"
# shellcheck disable=SC2016 # the inner shell's
if unshare -m sh -c 'mount -t tracefs tracefs "$1"' sh /sys/kernel/tracing 2>"$tmp/why"; then
	cat >"$tmp/inside" <<-'END'
		mount -t tracefs -o mode=700,gid=0 tracefs /sys/kernel/tracing
		exec setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps "$1" \
			--ambient-caps "$1" --bounding-set "$1" \
			sh -c 'exec /proc/self/fd/3 run /dev/fd/5 -- true'
	END
	fails "$name" 1 "can be read by root, or by the group of the gid= mount option" \
		unshare -m sh "$tmp/inside" $both 5<"$tmp/tp.bpfasm"
else
	skip "$name" "$(sed -n 1p "$tmp/why")"
fi
plan
