#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# guide_test.sh - docs/guide: each text, and each command with what it prints
#
# A fenced block is a file, named by its first line: "# NAME: ..." or "/* NAME: ... */". A block
# that is indented by four columns and begins with "$ " is a session: commands, and what each one
# prints, standard error included. A comment before it says how it is to be taken:
#
#	<!-- live -->		for root, with a tracefs and a bpffs: the lines shown must be among
#				what is printed, in that order
#	<!-- live numbers -->	the same, with any other numbers
#	<!-- kprobes -->, <!-- kprobes numbers -->	the same, where the kernel has kprobes
#
# usage: guide_test.sh --show PAGE	print what the sessions of docs/guide/PAGE print now
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
# shellcheck source=lib.sh
. "$SRCDIR/tests/lib.sh"
: "${CC:=cc}"
export CC LC_ALL=C
mkdir "$tmp/bin" || exit 1
ln -s "$BPFASM" "$tmp/bin/bpfasm"
ln -s "$BPFLOAD" "$tmp/bin/bpfload"
for file in "${PROGS:=$SRCDIR/build/progs}"/*/*; do
	[ ! -x "$file" ] || ln -s "$file" "$tmp/bin"
done

# What an installed barebpf would have.
for file in asm/asm.h loader/loader.h; do
	mkdir -p "$tmp/include/barebpf/${file%/*}" || exit 1
	ln -s "$SRCDIR/$file" "$tmp/include/barebpf/$file"
done
BAREBPF="-I$tmp/include -L${BPFLOAD%/*} -lbpfload -lbpfasm"
[ "${SAN:-}" != 1 ] || BAREBPF="$BAREBPF -fsanitize=address,undefined"
export BAREBPF

# In a mount namespace of their own, sessions find a tracefs and a bpffs.
cat >"$tmp/inside" <<'END'
mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null ||
	[ -d /sys/kernel/tracing/events ] || exit 9
mount -t bpf bpf /sys/fs/bpf 2>/dev/null || exit 9
PATH=$1:$PATH
shift
exec "$@"
END
inside()
{
	unshare -m sh "$tmp/inside" "$tmp/bin" "$@"
}

live=no
! inside true 2>/dev/null || live=yes
kprobes=no
[ ! -d /sys/bus/event_source/devices/kprobe ] || kprobes=$live

# Take a page apart: files, and N.session with N.how.
cat >"$tmp/parts.awk" <<'END'
/^```/ { fence = !fence; named = inside = 0; how = ""; next }
fence && !named {
	name = $2
	sub(/:$/, "", name)
	file = dir "/" name
	printf "" >file
	named = 1
}
fence { print >file; next }
/^<!-- (live|kprobes)/ { how = $2 ($3 == "numbers" ? " numbers" : ""); next }
/^    / {
	if (!inside && /^    \$ /) {
		inside = 1
		session = dir "/" ++n ".session"
		print (how == "" ? "exact" : how), FNR >(dir "/" n ".how")
		held = 0
	}
	for (; inside && held; held--)
		print "" >session
	if (inside)
		print substr($0, 5) >session
	next
}
/^$/ { held++; next }
{ inside = 0; how = "" }
END

# Run the commands of a session; prints them and their output as the page has it.
run_session()	# SESSION
{
	while IFS= read -r line; do
		case $line in
		'$ '*)	printf '%s\n' "$line"
			command=${line#??}
			while [ "${line%\\}" != "$line" ] && IFS= read -r line; do
				printf '%s\n' "$line"
				command="$command
$line"
			done
			if [ "$wrap" = inside ]; then
				inside sh -c "$command" </dev/null 2>&1
			else
				PATH=$tmp/bin:$PATH sh -c "$command" </dev/null 2>&1
			fi ;;
		esac
	done <"$1"
}

# Are the lines of SHOWN among those of GOT, in order? Widths do not count, nor numbers on demand.
among()	# SHOWN GOT HOW
{
	awk -v numbers="${3#* }" '
	function plain(line)
	{
		gsub(/[ \t]+/, " ", line)
		if (numbers == "numbers")
			gsub(/[0-9]+/, "0", line)
		return line
	}
	NR == FNR { want[++n] = plain($0); next }
	at < n && plain($0) == want[at + 1] { at++ }
	END { if (at < n) print "missing: " want[at + 1]; exit at < n }' "$1" "$2"
}

check_session()	# PAGE N
{
	s_how=$(sed 's/ [0-9]*$//' "$2.how")
	s_name="$1:$(sed 's/.* //' "$2.how")"
	wrap=inside
	case $s_how in
	exact)		wrap=plain ;;
	live*)		[ $live = yes ] || {
				skip "$s_name" "needs root, unshare, a tracefs and a bpffs"
				return
			} ;;
	kprobes*)	[ $kprobes = yes ] || {
				skip "$s_name" "this kernel has no kprobes"
				return
			} ;;
	esac
	# shellcheck disable=SC2016 # as the page has it
	if grep -q '\$CC' ./*.session && ! command -v "$CC" >/dev/null; then
		skip "$s_name" "no C compiler"
		return
	fi
	run_session "$2.session" >"$2.got"
	[ -z "${show:-}" ] || return
	if [ "$s_how" = exact ]; then
		cmp "$2.session" "$2.got" >missing
	else
		among "$2.session" "$2.got" "$s_how" >missing
	fi
	s_status=$?
	if [ $s_status -eq 0 ]; then
		pass "$s_name"
	else
		fail "$s_name" "the page shows something else" missing "$2.session" "$2.got"
	fi
}

check_page()	# PAGE
{
	rm -rf "$tmp/page"
	mkdir "$tmp/page" && cd "$tmp/page" && ln -s "$SRCDIR/progs" . || exit 1
	awk -v dir="$tmp/page" -f "$tmp/parts.awk" "$1"
	for p_text in *.bpfasm; do
		# what needs the running kernel's facts is assembled by its session
		[ ! -f "$p_text" ] || [ -n "${show:-}" ] ||
			grep -q '# wrong\|ctx\.\|kernel\.' "$p_text" ||
			ok "${1##*/}: $p_text" "$BPFASM" -Werror -f list "$p_text"
	done
	p_n=1
	while [ -f "$p_n.session" ]; do
		check_session "${1##*/}" $p_n
		[ -z "${show:-}" ] || cat $p_n.got
		p_n=$((p_n + 1))
	done
}

if [ "${1:-}" = --show ]; then
	show=yes
	check_page "$SRCDIR/docs/guide/$2"
	exit
fi
for page in "$SRCDIR"/docs/guide/*.md; do
	check_page "$page"
done
plan
