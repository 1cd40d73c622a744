#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# docs_test.sh - the examples of README.md, docs/ and progs/, and what the pages copy from tables
#
# In a manual page a comment before each literal display (.Bd -literal) says what it is:
#
#	.\" text [NAME [OPTIONS]]  a text that bpfasm takes without a word; further examples of the
#				page find it as the file NAME
#	.\" file NAME		nothing but that file
#	.\" session		commands, on lines that begin with "$ ", and what each one prints,
#				standard error included; they have the texts of the page and bpfasm
#	.\" live		a session that has bpfload, too, and a bpffs at fs; skipped where
#				none can be mounted
#	.\" shown		not run
#
# Lines in .Dl are not run; they must be commands for root ("# ..."). In README.md and docs/*.md a
# fenced block is a text, whose first line is "# NAME: ...", and an indented block that begins with
# "$ " a session.
#
# usage: docs_test.sh --update PAGE	write down what the sessions of docs/NAME print now
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
# shellcheck source=lib.sh
. "$SRCDIR/tests/lib.sh"
: "${CC:=cc}"
export CC LC_ALL=C
mkdir "$tmp/bin" && ln -s "$BPFASM" "$tmp/bin/bpfasm" && ln -s "$BPFLOAD" "$tmp/bin/bpfload" ||
	exit 1

# ---- displays: out of a page, and back ----

# Without update: display N goes to dir/N.show, "LINE KIND ARGUMENTS" to dir/N.mark. With update:
# prints the page, its sessions as dir/N.got has them.
cat >"$tmp/displays.awk" <<'EOF'
function decode(text)
{
	if (!mdoc)
		return substr(text, 5)
	gsub(/\\&/, "", text)
	gsub(/\\e/, "\\", text)
	return text
}

function encode(text)
{
	if (!mdoc)
		return text == "" ? "" : "    " text
	gsub(/\\/, "\\e", text)
	return (text ~ /^[.']/ ? "\\&" : "") text
}

function begin(text)
{
	n++
	open = 1
	kind = text
	sub(/ .*/, "", kind)
	if (update)
		return
	print FNR " " text >(dir "/" n ".mark")
	close(dir "/" n ".mark")
	printf "" >(dir "/" n ".show")
}

function inside(text)
{
	if (!update)
		print text >(dir "/" n ".show")
	else if (kind !~ /^(session|live)$/)
		print
}

function end(		line)
{
	open = 0
	if (!update)
		close(dir "/" n ".show")
	while (update && kind ~ /^(session|live)$/ && (getline line <(dir "/" n ".got")) > 0)
		print encode(line)
	mark = ""
}

mdoc && /^\.Ed/ && open { end() }
mdoc && open {
	inside(decode($0))
	next
}
mdoc && /^\.\\" (text|file|session|live|shown)/ { mark = substr($0, 5) }
mdoc && /^\.Bd/ {
	if (update)
		print
	begin(mark == "" ? "unmarked" : mark)
	next
}
mdoc && /^\.D[1l]/ && !/^\.Dl # / {
	begin("unmarked")
	end()
}

!mdoc && /^```/ {
	fenced = !fenced
	if (update)
		print
	if (!fenced)
		end()
	next
}
!mdoc && fenced && !open {
	name = $2
	sub(/:$/, "", name)
	begin("text " name)
}
!mdoc && fenced {
	inside($0)
	next
}
!mdoc && !open && /^    / { begin(/^    \$ / ? "session" : "shown") }
!mdoc && open && !/^    / { end() }
!mdoc && open {
	inside(decode($0))
	next
}
update
END {
	if (open)
		end()
}
EOF

displays()	# PAGE [update]
{
	case $1 in
	*.md)	mdoc=0 ;;
	*)	mdoc=1 ;;
	esac
	awk -v mdoc=$mdoc -v dir="$tmp/displays" -v update="${2:+1}" -f "$tmp/displays.awk" "$1"
}

# Run the commands of a session, and print it with what they print now.
session()	# FILE
{
	while IFS= read -r line; do
		case $line in
		'$ '*)
			printf '%s\n' "$line"
			PATH=$tmp/bin:$PATH sh -c "${line#??}" </dev/null 2>&1 ;;
		esac
	done <"$1"
}

# Whether this machine is not one of those whose bytes the pages show.
big_endian()
{
	[ "$(echo 'goto +1' | "$BPFASM" -f hex -)" = 0500000100000000 ]
}

# The text assembles without a word, and the kernel takes its programs.
text()	# TITLE FILE [NAME [OPTION...]]
{
	title=$1 name=${3:-unnamed.bpfasm}
	cp "$2" "$name"
	shift $(($# > 3 ? 3 : $#))
	t_run "$BPFASM" -f list "$@" "$name"
	if [ "$t_status" -ne 0 ] || [ -s "$tmp/stderr" ]; then
		fail "$title" "exit status $t_status" "$tmp/stderr"
		return
	fi
	pass "$title"
	grep -q '^\.prog' "$name" || return
	t_run "$BPFLOAD" check "$name"
	case $t_status:$(cat "$tmp/stderr") in
	0:*)	pass "$title: the kernel takes it" ;;
	*CAP_* | *"not permitted"*)
		skip "$title: the kernel takes it" "$(sed -n 1p "$tmp/stderr")" ;;
	*)	fail "$title: the kernel takes it" "exit status $t_status" "$tmp/stderr" ;;
	esac
}

# Run a session with a bpffs at fs; false where there is none to be had.
live()	# SHOW GOT
{
	mkdir -p fs
	if ! mount -t bpf bpf fs 2>/dev/null; then
		cp "$1" "$2"	# for --update
		return 1
	fi
	session "$1" >"$2"
	umount fs
}

# Run display N of a page.
display()	# PAGE N LINE KIND [ARGUMENT...]
{
	page=$1 show=$tmp/displays/$2.show got=$tmp/displays/$2.got title="$1:$3: $4" kind=$4
	shift 4
	case $kind in
	text)
		text "$title" "$show" "$@" ;;
	file)
		cp "$show" "$1" ;;
	session | live)
		if [ "$kind" = session ]; then
			session "$show" >"$got"
		elif ! live "$show" "$got"; then
			skip "$title" "no bpffs can be mounted"
			return
		fi
		if same "$show" "$got"; then
			pass "$title"
		elif big_endian; then
			skip "$title" "the bytes are those of little-endian CPUs"
		else
			fail "$title" "prints something else" "$show" "$got"
		fi ;;
	unmarked)
		fail "$title" "no comment says what this display is" "$show" ;;
	esac
}

# Run the displays of a page, in a folder of their own.
run_page()	# PAGE
{
	rm -rf "$tmp/displays" "$tmp/work"
	mkdir "$tmp/displays" "$tmp/work" || exit 1
	displays "$SRCDIR/$1"
	cd "$tmp/work" || exit 1
	n=1
	while [ -f "$tmp/displays/$n.mark" ]; do
		# shellcheck disable=SC2046 # the mark is a list of words
		display "$1" "$n" $(cat "$tmp/displays/$n.mark")
		n=$((n + 1))
	done
	cd "$SRCDIR" || exit 1
}

if [ "${1:-}" = --update ]; then
	cd "$SRCDIR" || exit 1
	if [ $# -ne 2 ] || [ ! -f "$2" ]; then
		echo "usage: $0 --update PAGE, from the top of the tree" >&2
		exit 2
	fi
	run_page "$2" >"$tmp/report"
	displays "$2" update >"$tmp/page" || exit 1
	same "$tmp/page" "$2" || cat "$tmp/page" >"$2"
	exit 0
fi

cd "$SRCDIR" || exit 1
for page in README.md docs/*.md docs/*.[1-9]; do
	run_page "$page"
done

# ---- programs ----

# Whether the text names facts of the kernel: kernel.X or ctx.X, not in a comment.
names()	# FACT FILE
{
	sed 's/#.*//; s,//.*,,' "$2" | grep -q "[^A-Za-z0-9_.]$1\.[A-Za-z_]"
}

btf=/sys/kernel/btf/vmlinux
for file in progs/*/*.bpfasm; do
	if names ctx "$file"; then
		skip "$file" "only bpfload knows the fields of ctx"
	elif ! names kernel "$file"; then
		ok "$file" "$BPFASM" -f list "$file"
	elif [ -r $btf ]; then
		ok "$file" "$BPFASM" -f list --btf $btf "$file"
	else
		skip "$file" "no $btf"
	fi
done

# ---- what README.md has from docs/support.md ----

tools/support short >"$tmp/short"
sed -n '/^<!-- table -->$/,/^<!-- end -->$/{ /^<!--/d; p; }' README.md >"$tmp/table"
if [ -s "$tmp/table" ] && same "$tmp/short" "$tmp/table"; then
	pass "what works where"
else
	fail "what works where" "README.md says something else than docs/support.md" \
		"$tmp/short" "$tmp/table"
fi

# ---- what docs/bpfasm.5 has from asm/tables ----

language=docs/bpfasm.5
if need "${CC%% *}"; then
	cp $language "$tmp/page"
	t_run tools/insn-table --update "$tmp/page"
	if [ "$t_status" -ne 0 ]; then
		fail "instructions" "tools/insn-table fails" "$tmp/stderr"
	elif same $language "$tmp/page"; then
		pass "instructions"
	else
		diff $language "$tmp/page" >"$tmp/diff"
		fail "instructions" "tools/insn-table --update $language brings them up to date" \
			"$tmp/diff"
	fi
fi

# Each name in the first string of a row, in words of the page.
words()	# TITLE TABLE MACRO
{
	sed -n "s/^$3([^\"]*\"\([^\"]*\)\".*/\1/p" "asm/tables/$2.def" | sort -u >"$tmp/rows"
	tr -c 'A-Za-z0-9_./\n' '\n' <$language | sort -u >"$tmp/page"
	comm -23 "$tmp/rows" "$tmp/page" >"$tmp/missing"
	if [ -s "$tmp/rows" ] && [ ! -s "$tmp/missing" ]; then
		pass "$1"
	else
		fail "$1" "$language does not name them all" "$tmp/missing"
	fi
}
words "types" type TYPE
words "map types" map_type MAPTYPE
words "section names" attach ATTACH

# ---- rooms ----

# Whether a word of the first column in CONTRIBUTING.md, which may end in *, is that module.
listed()	# MODULE
{
	while read -r word; do
		# shellcheck disable=SC2254 # a pattern
		case $1 in
		$word)	return ;;
		esac
	done <"$tmp/listed"
	return 1
}

sed -n '/^Inside asm/,/^Only the doors/s/^    \( *[^ ].*\)/\1/p' CONTRIBUTING.md |
	sed 's/^ *//; s/  .*//' | tr -c 'a-z0-9_*\n' '\n' >"$tmp/listed"
for file in asm/*.c loader/*.c; do
	module=${file##*/}
	listed "${module%.c}" || echo "$file"
done | grep -v '/main\.c$' >"$tmp/missing"
if [ -s "$tmp/missing" ]; then
	fail "rooms" "CONTRIBUTING.md does not list them" "$tmp/missing"
else
	pass "rooms"
fi

# ---- options ----

# One is in the list of the page when it is in --help.
options()	# COMMAND PAGE
{
	"$1" --help | sed -n 's/^  -/-/p' | sed 's/  .*//; s/NAME$//' | tr -s ', ' '\n' |
		grep '^-' | sort -u >"$tmp/help"
	awk '/^\.It Fl/ {
		for (i = 2; i <= NF; i++)
			if ($(i - 1) ~ /^(\.?Fl|,)$/ && $i != "Fl")
				print "-" $i
	}' "$2" | sort -u >"$tmp/page"
	if [ -s "$tmp/help" ] && same "$tmp/help" "$tmp/page"; then
		pass "options of $2"
	else
		diff "$tmp/help" "$tmp/page" >"$tmp/diff"
		fail "options of $2" "the page (>) has not those of --help (<)" "$tmp/diff"
	fi
}
options "$BPFASM" docs/bpfasm.1
options "$BPFLOAD" docs/bpfload.1

# Each command stands in the synopsis.
"$BPFLOAD" --help | sed -n 's/^  bpfload \([a-z]*\) .*/\1/p' | sort >"$tmp/help"
sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESC/s/^\.Cm //p' docs/bpfload.1 | tr '|' '\n' | tr -d ' ' |
	sort >"$tmp/page"
if [ -s "$tmp/help" ] && same "$tmp/help" "$tmp/page"; then
	pass "commands of bpfload"
else
	diff "$tmp/help" "$tmp/page" >"$tmp/diff"
	fail "commands of bpfload" "SYNOPSIS (>) has not those of --help (<)" "$tmp/diff"
fi

# ---- form ----

# A page that the command says nothing about.
quiet()	# TITLE COMMAND...
{
	title=$1
	shift
	"$@" >"$tmp/said" 2>&1
	if [ -s "$tmp/said" ]; then
		fail "$title" "$*" "$tmp/said"
	else
		pass "$title"
	fi
}

for page in docs/*.[1-9]; do
	if command -v mandoc >/dev/null; then
		quiet "$page: mandoc" mandoc -Tlint -Wwarning "$page"
	elif command -v groff >/dev/null; then
		quiet "$page: groff" groff -mdoc -Tascii -ww -b -z "$page"
	else
		skip "$page: form" "neither mandoc nor groff is installed"
	fi
done
plan
