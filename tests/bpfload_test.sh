#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# bpfload_test.sh - the command line of bpfload: what it refuses, how it ends, what it prints.
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
# shellcheck source=lib.sh
. "$SRCDIR/tests/lib.sh"
none=$tmp/none.bpfasm		# there is no such file

# What the command before this point has said: a line of that file matches. The file stays.
shows()	# NAME FILE GREP-ARGUMENT...
{
	h_name=$1 h_file=$tmp/$2
	shift 2
	if grep -q "$@" "$h_file"; then
		pass "$h_name"
	else
		fail "$h_name" "no line with: $*" "$h_file"
	fi
}

silent()	# NAME FILE: it is empty
{
	if [ -s "$tmp/$2" ]; then
		fail "$1" "something was printed" "$tmp/$2"
	else
		pass "$1"
	fi
}

# How often a line of the file matches.
counted()	# NAME WANT FILE GREP-ARGUMENT...
{
	h_name=$1 h_want=$2 h_file=$tmp/$3
	shift 3
	h_count=$(grep -c "$@" "$h_file")
	if [ "$h_count" -eq "$h_want" ]; then
		pass "$h_name"
	else
		fail "$h_name" "$h_count lines, expected $h_want, with: $*" "$h_file"
	fi
}

# ---- programs ----

section()	# FILE SECTION: the least program with that section
{
	printf '.license "GPL"\n.prog least "%s"\n\tr0 = 0\n\texit\n' "$2" >"$1"
}

section "$tmp/quiet.bpfasm" raw_tp/sched_process_exec

# A record a started program, and their number in a map.
cat >"$tmp/execs.bpfasm" <<'END'
.license "GPL"
.struct exec { u32 pid; comm name; }
.map execs type ringbuf entries 64K value exec
.map total type array key u32 value u64 entries 1
.equ EXEC, -32
.prog on_exec "raw_tp/sched_process_exec"
	r1 = 0
	*(u32 *)(r10 - 8) = r1
	r1 = total ll
	r2 = r10
	r2 += -8
	call bpf_map_lookup_elem
	if r0 == 0 goto out
	r1 = 1
	lock *(u64 *)(r0 + 0) += r1
	call bpf_get_current_pid_tgid
	r0 >>= 32
	*(u32 *)(r10 + EXEC + exec.pid) = r0
	r1 = r10
	r1 += EXEC + exec.name
	r2 = sizeof(exec.name)
	call bpf_get_current_comm
	r1 = execs ll
	r2 = r10
	r2 += EXEC
	r3 = sizeof(exec)
	r4 = 0
	call bpf_ringbuf_output
out:	r0 = 0
	exit
END

# ---- calls that are wrong: exit status 2, and the word that is wrong is named ----

usage()	# NAME TEXT ARGUMENT...
{
	u_name=$1 u_text=$2
	shift 2
	fails "$u_name" 2 "$u_text" "$BPFLOAD" "$@"
}

usage "no command" "usage: bpfload COMMAND"
usage "an option, but no command" "no command given" -v
usage "unknown command" "unknown command 'frobnicate'" frobnicate
usage "misspelt run" "unknown command 'rum'; did you mean 'run'?" rum "$none"
usage "misspelt check" "unknown command 'chek'; did you mean 'check'?" chek "$none"
usage "misspelt load" "unknown command 'laod'; did you mean 'load'?" laod "$none" "$tmp"
for command in run check load; do
	usage "$command without a file" "'$command' needs FILE" $command
done
usage "load without a folder" "'load' needs FILE DIR" load "$none"
usage "a word too many" "'b' is one word too many for 'run FILE'" run "$none" b
usage "a command without --" "a command to run stands behind '--'" run "$none" sleep 1
usage "a word too many for load" "'c' is one word too many" load "$none" "$tmp" c

usage "unknown letter" "unknown option '-q'" run "$none" -q
usage "unknown letter among others" "unknown option" run "$none" -jq
usage "unknown option" "unknown option '--frobnicate'" run "$none" --frobnicate
usage "unknown option with a value" "unknown option '--frobnicate=3'" run "$none" --frobnicate=3
usage "misspelt --duration" "did you mean '--duration'" run "$none" --durtion 3
usage "misspelt --interval" "did you mean '--interval'" run "$none" --intervall=3
usage "misspelt --top" "did you mean '--top'" run "$none" --Top 3
usage "misspelt --json" "did you mean '--json'" run "$none" --jsn
usage "misspelt --attach" "did you mean '--attach'" load "$none" "$tmp" --atach
usage "misspelt --verbose" "did you mean '--verbose'" run "$none" --verbos
for option in duration interval top; do
	usage "--$option without a value" "option '--$option' needs a value" run "$none" --$option
	usage "--$option and its command" "option '--$option'" run "$none" --$option -- true
done
usage "-D without a value" "option '-D' needs a value" run "$none" -D
for option in json attach verbose help version; do
	usage "--$option with a value" "option '--$option' takes no value" run "$none" --$option=3
done
usage "check for a time" "'check' takes no option '--duration'" check "$none" --duration 3s
usage "check as JSON" "'check' takes no option '--json'" check "$none" -j
usage "check with a command" "'check' runs no command" check "$none" -- true
usage "load at times" "'load' takes no option '--interval'" load "$none" "$tmp" --interval 1
usage "run with pins" "'run' takes no option '--attach'" run "$none" --attach
usage "-- and no command" "no command behind '--'" run "$none" --

# Each value is refused, as a word of its own and behind '='; one line for all of them.
refused()	# OPTION VALUE...
{
	r_option=$1
	shift
	for r_value; do
		for r_how in apart joined; do
			if [ $r_how = apart ]; then
				t_run "$BPFLOAD" run "$none" "$r_option" "$r_value"
			else
				t_run "$BPFLOAD" run "$none" "$r_option=$r_value"
			fi
			if [ $t_status -ne 2 ] ||
			   ! grep -qF "option '$r_option': '$r_value' is not" "$tmp/stderr"; then
				fail "$r_option refuses $*" "'$r_value': status $t_status" \
					"$tmp/stderr"
				return
			fi
		done
	done
	pass "$r_option refuses $*"
}

for option in --duration --interval; do
	refused $option 0 0s 0.0 0ms 0.0001 0.5ms
	refused $option -1 -1s +1 -0.5
	refused $option '' abc s ms . 1. .5 1.5.5 1x 1d 1e3 0x10 '1 s' ' 1' '1 ' nan inf 1,5 1s2
	refused $option 4294968 4294967296ms 1194h 71583m 99999999999999999999 \
		1.00000000000000000000000000000000000000000000000000000001
done
refused --top 0 00
refused --top -1 +1 -4294967295
refused --top '' abc x1 1x 1.5 0x10 1e3 ' 1' '1 ' 1s
refused --top 4294967296 99999999999999999999

bad=
for value in '' X =3 = ; do
	t_run "$BPFLOAD" run "$none" -D "$value"
	if [ $t_status -ne 2 ] ||
	   ! grep -qF "option '-D': '$value' is not NAME=EXPR" "$tmp/stderr"; then
		bad="$bad '$value'"
	fi
done
if [ -z "$bad" ]; then
	pass "-D wants NAME=EXPR"
else
	fail "-D wants NAME=EXPR" "took$bad"
fi

# And those that are right come as far as the file.
taken()	# NAME ARGUMENT...
{
	t_taken=$1
	shift
	fails "$t_taken" 1 "cannot read '$none': No such file or directory" "$BPFLOAD" "$@"
}

for value in 1 3s 500ms 1.5m 0.001 2h 4294967.295s 4294967295ms; do
	taken "--duration $value" run "$none" --duration $value
	taken "--interval=$value" run --interval=$value "$none"
done
taken "--top with the largest number" run "$none" --top 4294967295
taken "letters joined" run -jv "$none" -DA=1 -D B=2
taken "options ahead of the command" -v --json run "$none"
taken "behind -- all belongs to the command" run "$none" -- true --frobnicate -q --

ok "--help" "$BPFLOAD" --help
shows "--help lists every command" stdout -cE '^  bpfload (run|check|load) '
check_out "--version" "bpfload 0.1" "$BPFLOAD" -V
check_out "--version of a command" "bpfload 0.1" "$BPFLOAD" run --version

# ---- files that are wrong ----

fails "missing file" 1 "cannot read '$none': No such file or directory" "$BPFLOAD" check "$none"
fails "folder" 1 "cannot read '$tmp': Is a directory" "$BPFLOAD" check "$tmp"
fails "below a file" 1 "Not a directory" "$BPFLOAD" check "$tmp/quiet.bpfasm/x"
printf '\177ELF\002\001\001' >"$tmp/elf.o"
fails "damaged ELF object" 1 "elf.o: error: this is no ELF file" \
	"$BPFLOAD" run "$tmp/elf.o" -- true
: >"$tmp/empty.bpfasm"
fails "empty file" 1 "empty.bpfasm has no instructions" "$BPFLOAD" check "$tmp/empty.bpfasm"
fails "empty input" 1 "<stdin> has no instructions" "$BPFLOAD" check - </dev/null
echo '# nothing' >"$tmp/comment.bpfasm"
fails "nothing but a comment" 1 "has no instructions" "$BPFLOAD" check "$tmp/comment.bpfasm"
head -c 65536 /dev/zero >"$tmp/zeroes"
fails "zeroes" 1 "zeroes:1:1: error:" "$BPFLOAD" check "$tmp/zeroes"
awk 'BEGIN { srand(7); for (i = 0; i < 8192; i++) printf "%c", 1 + int(255 * rand()) }' \
	>"$tmp/garbage"
fails "garbage" 1 "garbage:" "$BPFLOAD" check "$tmp/garbage"
head -c 8192 /dev/urandom >"$tmp/random"
fails "random bytes" 1 "random:" "$BPFLOAD" check "$tmp/random"

cat >"$tmp/wrong.bpfasm" <<'END'
.license "GPL"
.prog wrong "raw_tp/sched_process_exec"
	r0 = 1 +
	frobnicate r1
	r11 = 0
	exit
END
fails "errors of the text have their place" 1 "$tmp/wrong.bpfasm:3:10: error: expected a number" \
	"$BPFLOAD" run "$tmp/wrong.bpfasm" -- true
shows "the line is shown" stderr -F 'r0 = 1 +'
shows "with a caret" stderr -E '^ *	* *\^'
shows "the second error is shown too" stderr -F "wrong.bpfasm:4:2: error:"
shows "and the third" stderr -F "wrong.bpfasm:5:2: error:"
silent "and nothing on standard output" stdout
fails "errors of standard input" 1 "<stdin>:1:1: error: unknown instruction 'frobnicate'" \
	"$BPFLOAD" check - <<'END'
frobnicate r1
END
fails "errors of a definition" 1 "-D:1:3: error:" "$BPFLOAD" check -D 'A=?' "$tmp/quiet.bpfasm"

# ---- from here on, programs in the kernel ----

unprivileged()	# COMMAND...: without any capability, as the same user
{
	if [ "$(id -u)" -eq 0 ]; then
		setpriv --ambient-caps=-all --inh-caps=-all --bounding-set=-all "$@"
	else
		"$@"
	fi
}

if [ "$(id -u)" -eq 0 ] && ! command -v setpriv >/dev/null; then
	skip "without privilege" "needs setpriv"
elif ! unprivileged grep -q '^CapEff:.0*$' /proc/self/status 2>/dev/null; then
	skip "without privilege" "setpriv cannot drop all capabilities here"
elif [ "$(cat /proc/sys/kernel/unprivileged_bpf_disabled 2>/dev/null)" = 0 ]; then
	skip "without privilege" "kernel.unprivileged_bpf_disabled is 0"
else
	fails "run without privilege" 1 "CAP_BPF and CAP_PERFMON" \
		unprivileged "$BPFLOAD" run "$tmp/quiet.bpfasm" -- true
	fails "check without privilege" 1 "quiet.bpfasm:2:7: error: program least" \
		unprivileged "$BPFLOAD" check "$tmp/quiet.bpfasm"
	fails "a map without privilege" 1 "CAP_BPF" \
		unprivileged "$BPFLOAD" run "$tmp/execs.bpfasm" -- touch "$tmp/touched"
	if [ -e "$tmp/touched" ]; then
		fail "and its command did not run" "it did"
	else
		pass "and its command did not run"
	fi
fi

t_run "$BPFLOAD" check "$tmp/execs.bpfasm"
case $(cat "$tmp/stderr") in
*CAP_* | *"not permitted"*)
	skip "live" "$(sed -n 1p "$tmp/stderr")"
	plan ;;
esac
ok "check" "$BPFLOAD" check "$tmp/execs.bpfasm"
shows "check names the program" stdout -E '^on_exec +raw_tp/sched_process_exec .* ok$'
ok "check of standard input" "$BPFLOAD" check - <"$tmp/quiet.bpfasm"

# ---- the least privilege ----

with_caps()	# CAPABILITIES COMMAND...
{
	w_caps=$1
	shift
	setpriv --ambient-caps=-all --inh-caps=-all --bounding-set="-all,$w_caps" "$@"
}

holds()	# CAPEFF CAPABILITIES: with_caps leaves just that, and has not failed unnoticed
{
	with_caps "$2" grep -q "^CapEff:.*$1\$" /proc/self/status 2>/dev/null
}

if [ "$(id -u)" -ne 0 ]; then
	skip "with CAP_BPF" "needs root, to have just that"
elif ! holds 0000008000000000 +bpf || ! holds 000000c000000000 +bpf,+perfmon; then
	skip "with CAP_BPF" "needs a setpriv that knows it, and CAP_SETPCAP"
else
	fails "with CAP_BPF alone" 1 "this process lacks CAP_PERFMON" \
		with_caps +bpf "$BPFLOAD" run "$tmp/quiet.bpfasm" -- true
	section "$tmp/section.bpfasm" uprobe//bin/sh:0x1000
	t_run with_caps +bpf,+perfmon "$BPFLOAD" run "$tmp/section.bpfasm" -- true
	if grep -q "Permission denied" "$tmp/stderr"; then
		shows "a uprobe for administrators" stderr -F "this process lacks CAP_SYS_ADMIN"
	else
		skip "a uprobe for administrators" "this kernel lets others too"
	fi
	ok "with CAP_BPF and CAP_PERFMON" \
		with_caps +bpf,+perfmon "$BPFLOAD" run "$tmp/execs.bpfasm" -- true
fi

# ---- sections that cannot be attached ----

for name in xdp cgroup_skb/ingress usdt//bin/sh:a:b; do
	section "$tmp/section.bpfasm" "$name"
	fails "run does not attach $name" 1 "section.bpfasm:2:7: error: program least ($name)" \
		"$BPFLOAD" run "$tmp/section.bpfasm" -- touch "$tmp/attached"
done
if [ -e "$tmp/attached" ]; then
	fail "and no command runs" "it did"
else
	pass "and no command runs"
fi
section "$tmp/section.bpfasm" frobnicate/x
fails "unknown section" 1 'section.bpfasm:2:' "$BPFLOAD" run "$tmp/section.bpfasm" -- true
shows "which is named" stderr -F '"frobnicate/x"'
shows "and why it matters" stderr -F 'does not say of what type it is'

section "$tmp/section.bpfasm" raw_tp/sched_proces_exec
if [ -r /sys/kernel/btf/vmlinux ]; then
	fails "misspelt raw_tp" 1 \
		"no tracepoint 'sched_proces_exec'; did you mean 'sched_process_exec'" \
		"$BPFLOAD" run "$tmp/section.bpfasm" -- true
	section "$tmp/section.bpfasm" tp_btf/sched_proces_exec
	fails "misspelt tp_btf" 1 "did you mean 'sched_process_exec'" \
		"$BPFLOAD" run "$tmp/section.bpfasm" -- true
else
	fails "misspelt raw_tp" 1 "no tracepoint 'sched_proces_exec'" \
		"$BPFLOAD" run "$tmp/section.bpfasm" -- true
	skip "misspelt tp_btf" "needs /sys/kernel/btf/vmlinux"
fi

# In a mount namespace of its own: nothing outside of it changes.
without_tracefs()	# COMMAND...
{
	# shellcheck disable=SC2016 # the inner shell's
	unshare -m sh -c 'umount -a -t tracefs,debugfs 2>/dev/null; exec "$@"' sh "$@"
}

if with_tracefs true 2>/dev/null; then
	section "$tmp/section.bpfasm" tp/sched/sched_proces_exec
	fails "misspelt tp" 1 "no tracepoint 'sched_proces_exec' in category 'sched'; did you mean \
'sched_process_exec'" with_tracefs "$BPFLOAD" run "$tmp/section.bpfasm" -- true
	section "$tmp/section.bpfasm" tp/shced/sched_process_exec
	fails "misspelt category" 1 "no tracepoint category 'shced'; did you mean 'sched'" \
		with_tracefs "$BPFLOAD" run "$tmp/section.bpfasm" -- true
	section "$tmp/section.bpfasm" tp/sched_process_exec
	fails "half a tracepoint" 1 "'sched_process_exec' is not of the form category/name" \
		with_tracefs "$BPFLOAD" run "$tmp/section.bpfasm" -- true
	section "$tmp/section.bpfasm" tp/sched/sched_process_exec
	ok "tp with tracefs" with_tracefs "$BPFLOAD" run "$tmp/section.bpfasm" -- true
else
	skip "tp with tracefs" "cannot mount one: unshare -m is denied, or the kernel has none"
fi
if ! without_tracefs true 2>/dev/null; then
	skip "tp without tracefs" "unshare -m is denied"
elif without_tracefs grep -qE ' (tracefs|debugfs) ' /proc/self/mounts; then
	skip "tp without tracefs" "it cannot be unmounted here"
else
	section "$tmp/section.bpfasm" tp/sched/sched_process_exec
	# shellcheck disable=SC2016 # as it is printed
	fails "tp without tracefs" 1 \
		'no tracefs is mounted: `mount -t tracefs tracefs /sys/kernel/tracing` does that' \
		without_tracefs "$BPFLOAD" run "$tmp/section.bpfasm" -- true
fi
fails "pins outside of a bpffs" 1 "$tmp is not on a bpffs" \
	"$BPFLOAD" load "$tmp/quiet.bpfasm" "$tmp/pins"
ok "which leave nothing there" test ! -e "$tmp/pins"

# ---- commands: their exit status is that of the run ----

status()	# NAME WANT ARGUMENT...
{
	s_name=$1 s_want=$2
	shift 2
	t_run "$BPFLOAD" run "$@"
	if [ $t_status -eq "$s_want" ]; then
		pass "$s_name"
	else
		fail "$s_name" "exit status $t_status, expected $s_want" "$tmp/stdout" "$tmp/stderr"
	fi
}

cp /bin/true "$tmp/not_executable" && chmod 644 "$tmp/not_executable"
status "a command that succeeds" 0 "$tmp/quiet.bpfasm" -- true
status "a command that fails" 3 "$tmp/quiet.bpfasm" -- sh -c 'exit 3'
status "with the highest status" 255 "$tmp/quiet.bpfasm" -- sh -c 'exit 255'
# shellcheck disable=SC2016 # the inner shell's
status "killed by SIGKILL" 137 "$tmp/quiet.bpfasm" -- sh -c 'kill -9 $$'
# shellcheck disable=SC2016 # the inner shell's
status "killed by SIGTERM" 143 "$tmp/quiet.bpfasm" -- sh -c 'kill -15 $$'
status "a command that is not there" 127 "$tmp/quiet.bpfasm" -- "$tmp/nothing"
shows "is named" stderr -F "cannot run '$tmp/nothing': No such file or directory"
status "a command that PATH does not have" 127 "$tmp/quiet.bpfasm" -- barebpf_no_such_command
status "a file that is not executable" 126 "$tmp/quiet.bpfasm" -- "$tmp/not_executable"
shows "is named, too" stderr -F "cannot run '$tmp/not_executable': Permission denied"
status "a folder as a command" 126 "$tmp/quiet.bpfasm" -- "$tmp"
status "words behind the command are its own" 4 "$tmp/quiet.bpfasm" -- \
	sh -c 'test "$*" = "--duration x -q --" && exit 4' sh --duration x -q --
check_out "a command has standard output" "hello" \
	"$BPFLOAD" run "$tmp/quiet.bpfasm" -- echo hello
echo from here >"$tmp/input"
check_out "and standard input" "from here" "$BPFLOAD" run "$tmp/quiet.bpfasm" -- cat <"$tmp/input"

# ---- what is printed ----

# Names that no other run of this test uses.
plain=bpfl$$ quotes='q"b\c'$$ escape=$(printf 'e\033[1m')$$ bytes=$(printf 'n\377\376u')$$
for name in "$plain" "$quotes" "$escape" "$bytes"; do
	cp /bin/true "$tmp/$name"
done

# One JSON value a line, and nothing else: lines that are not are shown.
cat >"$tmp/json.awk" <<'AWK'
function text()
{
	hex = "[0-9a-f]"
	escape = "\\\\([\"\\\\/bfnrt]|u" hex hex hex hex ")"
	if (!match(substr(s, p), "^\"([^\"\\\\\001-\037]|" escape ")*\""))
		return 0
	p += RLENGTH
	return 1
}
function list(end, named)
{
	if (substr(s, ++p, 1) == end) {
		p++
		return 1
	}
	for (;;) {
		if (named && !(text() && substr(s, p++, 1) == ":") || !value())
			return 0
		if (substr(s, p, 1) == end) {
			p++
			return 1
		}
		if (substr(s, p++, 1) != ",")
			return 0
	}
}
function value()
{
	if (substr(s, p, 1) == "{")
		return list("}", 1)
	if (substr(s, p, 1) == "[")
		return list("]", 0)
	if (substr(s, p, 1) == "\"")
		return text()
	if (!match(substr(s, p), /^(-?(0|[1-9][0-9]*)|true|false|null)/))
		return 0
	p += RLENGTH
	return 1
}
{
	s = $0
	p = 1
	if (value() && p == length(s) + 1)
		next
	print NR ": " $0
	bad = 1
}
END { exit bad || NR == 0 }
AWK

# shellcheck disable=SC2016 # the inner shell's
t_run "$BPFLOAD" run -j "$tmp/execs.bpfasm" -- sh -c '
	for name; do "$name"; done; "$1"; "$1"' sh \
	"$tmp/$plain" "$tmp/$quotes" "$tmp/$escape" "$tmp/$bytes"
cp "$tmp/stdout" "$tmp/json"
cp "$tmp/stderr" "$tmp/json_stderr"
ok "every line is JSON" awk -f "$tmp/json.awk" "$tmp/json"
taken=
for line in '{"a":1,}' '{"a":}' '[1,,2]' '{"a":1} x' '"a' 01 \
	 '"\x41"' '' '{a:1}' '[1' '["	"]'; do
	printf '%s\n' "$line" >"$tmp/not_json"
	awk -f "$tmp/json.awk" "$tmp/not_json" >/dev/null && taken="$taken $line"
done
if [ -z "$taken" ]; then
	pass "and what is not would be noticed"
else
	fail "and what is not would be noticed" "took$taken"
fi
if need python3; then
	ok "and another reader takes it" python3 -c '
import json, sys
for line in open(sys.argv[1], "rb"):
	json.loads(line.decode("utf-8", "strict"))' "$tmp/json"
fi
silent "and nothing is said beside it" json_stderr
counted "a record an event" 3 json -E \
	'^\{"map":"execs","value":\{"pid":[1-9][0-9]*,"name":"'$plain'"\}\}$'
counted "quotes and backslashes" 1 json -F '"name":"q\"b\\c'$$'"}}'
counted "control characters" 1 json -F '"name":"e\u001b[1m'$$'"}}'
counted "bytes that are not UTF-8" 1 json -F '"name":"n\ufffd\ufffdu'$$'"}}'
shows "the map comes last" json -E \
	'^\{"map":"total","type":"array","entries":\[\{"key":0,"value":[1-9][0-9]*\}\]\}$'
# shellcheck disable=SC2016 # sed's
check_out "and is the last line" total sed -n '$s/^{"map":"\([a-z]*\)".*/\1/p' "$tmp/json"
# What is executed behind the last look at the records is counted all the same.
records=$(grep -c '"map":"execs"' "$tmp/json")
total=$(sed -n 's/.*"key":0,"value":\([0-9]*\).*/\1/p' "$tmp/json")
if [ "$records" -ge 7 ] && [ "$total" -ge "$records" ]; then
	pass "no record more than events"
else
	fail "no record more than events" "$records records of $total events" "$tmp/json"
fi

t_run "$BPFLOAD" run "$tmp/execs.bpfasm" -- "$tmp/$escape"
cp "$tmp/stdout" "$tmp/text"
check_out "as text, a heading" 'PID      NAME' sed -n 1p "$tmp/text"
shows "records with nothing that a terminal obeys" text -E '^[1-9][0-9]* +e\\x1b\[1m'$$'$'
check_out "a map at the end, apart" "
total: 1 entry
KEY      VALUE" sed -n '/^total/{x;p;x;p;n;p;};h' "$tmp/text"
t_run "$BPFLOAD" run --duration 1s --interval 200ms "$tmp/execs.bpfasm"
tables=$(grep -c '^total: 1 entry$' "$tmp/stdout")
if [ $t_status -eq 0 ] && [ "$tables" -ge 2 ] && [ "$tables" -le 6 ]; then
	pass "--interval"
else
	fail "--interval" "status $t_status, $tables tables in 5 intervals" "$tmp/stdout"
fi
ok "-v says the steps" "$BPFLOAD" run -v "$tmp/execs.bpfasm" -- true
shows "-v: the map" stderr -E 'note: map total .*BPF_MAP_CREATE'
shows "-v: the program" stderr -E 'note: program on_exec: BPF_PROG_LOAD'
shows "-v: the link" stderr -E 'note: program on_exec .*BPF_RAW_TRACEPOINT_OPEN'

# ---- the end ----

centiseconds()
{
	read -r c_up c_idle </proc/uptime
	: "$c_idle"
	echo "${c_up%.*}${c_up#*.}"
}

# The run has that status and takes at least LEAST and at most MOST hundredths of a second.
takes()	# NAME STATUS LEAST MOST ARGUMENT...
{
	k_name=$1 k_status=$2 k_least=$3 k_most=$4
	shift 4
	k_start=$(centiseconds)
	t_run timeout -k 1 30 "$BPFLOAD" run "$@"
	k_took=$(($(centiseconds) - k_start))
	if [ $t_status -eq "$k_status" ] && [ $k_took -ge "$k_least" ] &&
	   [ $k_took -le "$k_most" ]; then
		pass "$k_name"
	else
		fail "$k_name" "status $t_status, expected $k_status; ${k_took}0 ms, expected \
${k_least}0 to ${k_most}0" "$tmp/stdout" "$tmp/stderr"
	fi
}

takes "--duration ends the run" 0 69 400 "$tmp/execs.bpfasm" --duration 700ms
shows "with its table" stdout -x 'total: 1 entry'
takes "--duration in seconds" 0 99 450 "$tmp/quiet.bpfasm" --duration 1
takes "--duration ends its command" 143 29 400 "$tmp/quiet.bpfasm" --duration 300ms -- sleep 20
takes "even one that ignores SIGTERM" 137 29 700 "$tmp/quiet.bpfasm" --duration 300ms -- \
	sh -c 'trap "" TERM; exec sleep 20'
takes "a command that ends first ends the run" 5 0 1500 "$tmp/quiet.bpfasm" --duration 20s -- \
	sh -c 'exit 5'

# A process in the background of a shell ignores SIGINT at first. That is the same to bpfload, which
# blocks the signal and waits for it.
#
# Start it in the background, as $pid; back when its first record was printed, so that it is in its
# loop. It ends by itself in 25 seconds, which is a failure.
start()	# FILE [ARGUMENT...]
{
	: >"$tmp/live"
	"$BPFLOAD" run --duration 25s "$@" >"$tmp/live" 2>"$tmp/live_stderr" &
	pid=$!
	tries=0
	while [ ! -s "$tmp/live" ] && [ $tries -lt 200 ]; do
		"$tmp/$plain"
		sleep 0.05
		tries=$((tries + 1))
	done
}

# A signal ends it with that status, at once; what it printed is in $tmp/live.
ends()	# NAME STATUS SIGNAL
{
	k_start=$(centiseconds)
	kill -"$3" $pid
	wait $pid
	t_status=$?
	k_took=$(($(centiseconds) - k_start))
	if [ $t_status -eq "$2" ] && [ $k_took -lt 1000 ]; then
		pass "$1"
	else
		fail "$1" "exit status $t_status after ${k_took}0 ms, expected $2" "$tmp/live" \
			"$tmp/live_stderr"
	fi
}

table_of_live()	# NAME: the table was printed once, at the end
{
	if [ "$(grep -cx 'total: 1 entry' "$tmp/live")" = 1 ] &&
	   [ "$(sed -n '$p' "$tmp/live" | grep -cE '^0 +[1-9][0-9]*$')" = 1 ]; then
		pass "$1"
	else
		fail "$1" "no table, or not at the end" "$tmp/live" "$tmp/live_stderr"
	fi
}

start "$tmp/execs.bpfasm"
ends "SIGINT" 0 INT
table_of_live "SIGINT: a table"
silent "SIGINT: no complaint" live_stderr
start "$tmp/execs.bpfasm"
ends "SIGTERM" 0 TERM
table_of_live "SIGTERM: a table"
start "$tmp/execs.bpfasm" -- sh -c 'trap "exit 5" INT; while :; do sleep 0.1; done'
ends "SIGINT is passed to the command" 5 INT
table_of_live "and the table comes when that has ended"
start "$tmp/execs.bpfasm" -- sh -c 'trap "exit 6" TERM; while :; do sleep 0.1; done'
ends "so is SIGTERM" 6 TERM
start "$tmp/execs.bpfasm" -- sleep 30
ends "the command dies of it" 130 INT

# ---- an output that does not take it ----

# shellcheck disable=SC2016 # the inner shell's
piped='timeout -k 1 20 "$@"; echo $? >"$status"'
status=$tmp/status
export status
sh -c "$piped" sh "$BPFLOAD" run -j --interval 20ms "$tmp/execs.bpfasm" 2>"$tmp/pipe_stderr" |
	head -n 1 >"$tmp/head"
shows "a pipe that closes: the first line came" head -q '^{"map":'
check_out "its status" 1 cat "$tmp/status"
shows "and the reason" pipe_stderr -F "cannot write the output: Broken pipe"
counted "once" 1 pipe_stderr .
# shellcheck disable=SC2216 # it is to go away, not to read
sh -c "$piped" sh "$BPFLOAD" run "$tmp/quiet.bpfasm" 2>"$tmp/pipe_stderr" | sleep 0.3
check_out "a pipe that closes while nothing is printed" 1 cat "$tmp/status"
sh -c "$piped" sh "$BPFLOAD" run -j "$tmp/execs.bpfasm" -- sleep 20 2>"$tmp/pipe_stderr" |
	head -n 1 >"$tmp/head"
check_out "or while a command runs" 1 cat "$tmp/status"

if [ -c /dev/full ]; then
	full()	# COMMAND...
	{
		"$@" >/dev/full
	}
	for how in "run --duration 100ms" "run --duration 100ms -j" check; do
		# shellcheck disable=SC2086 # words
		fails "$how, to a full device" 1 "No space left on device" \
			full "$BPFLOAD" $how "$tmp/execs.bpfasm"
	done
	fails "records, to a full device" 1 "No space left on device" \
		full "$BPFLOAD" run "$tmp/execs.bpfasm" -- sleep 20
	fails "--help, to a full device" 1 "No space left on device" full "$BPFLOAD" --help
	fails "--version, to a full device" 1 "No space left on device" full "$BPFLOAD" --version
else
	skip "a full device" "no /dev/full"
fi
closed()	# COMMAND...
{
	"$@" >&-
}
fails "no standard output" 1 "cannot write the output: Bad file descriptor" \
	closed "$BPFLOAD" run --duration 100ms "$tmp/execs.bpfasm"
fails "no standard output for check" 1 "cannot write the output" \
	closed "$BPFLOAD" check "$tmp/execs.bpfasm"
plan
