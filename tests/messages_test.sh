#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# messages_test.sh - every message that the assembler can print is expected by some test
# usage: messages_test.sh [FILE.c...]	these instead of asm/*.c
#
# A message is a string literal with a blank between words, wherever in asm/*.c it stands: one that
# is only a part of what is printed too. What is printed to another stream than stderr is none, nor
# is a word to compare with, which ends with a blank. A test expects it when its text, with
# anything for the conversions, is in tests/golden (*.err, *.warn), in a string of tests/*_test.c,
# or in a line of tests/*_test.sh.
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
# shellcheck source=lib.sh
. "$SRCDIR/tests/lib.sh"
cd "$SRCDIR" || exit 1
if [ $# -eq 0 ]; then
	for file in asm/*.c; do
		[ "$file" = asm/ref.c ] || set -- "$@" "$file"	# prints rows, and nothing else
	done
fi

# The string literals of C files, "FILE:LINE<TAB>TEXT": adjacent ones are one, \" and \\ undone.
# Without all=1, only messages.
# shellcheck disable=SC2016 # $0 is awk's
literals='
# The literals of a closed call, or of the whole: those that count go to the call around it.
function leave(	i, keep, to)
{
	if (all || !(name[depth] in prints))
		keep = 1
	else if (name[depth] ~ /^fput/)
		keep = word == "stderr"
	else
		keep = first[depth] == "stderr"
	if (name[depth] ~ /^(_Static_assert|puts)$/ && !all)
		keep = 0
	to = depth ? depth - 1 : 0
	for (i = 1; keep && i <= held[depth]; i++)
		hold[to, ++held[to]] = hold[depth, i]
	held[depth] = 0
	depth = to
}
function flush(	i)
{
	for (i = 1; i <= held[0]; i++)
		print hold[0, i]
	held[0] = 0
}
function end_text()
{
	if (texting && (all || text ~ /[A-Za-z%.,;:)\47>] +[A-Za-z%.(\47<]/ && text !~ / $/))
		hold[depth, ++held[depth]] = where "\t" text
	texting = 0
}
function enter()
{
	depth++
	name[depth] = called ? word : ""
	first[depth] = ""
	held[depth] = 0
}
# The literal at the front of rest, which is taken away.
function take_text(	c, out)
{
	rest = substr(rest, 2)
	while ((c = substr(rest, 1, 1)) != "\"" && c != "") {
		if (c == "\\") {
			rest = substr(rest, 2)
			c = substr(rest, 1, 1)
			c = c ~ /[nt]/ ? "" : c
		}
		out = out c
		rest = substr(rest, 2)
	}
	rest = substr(rest, 2)
	if (!texting) {
		texting = 1
		text = ""
		where = FILENAME ":" FNR
	}
	text = text out
}
function step(	token)
{
	sub(/^[ \t]+/, "", rest)
	if (rest == "")
		return
	if (comment) {
		if (!match(rest, /\*\//)) {
			rest = ""
			return
		}
		rest = substr(rest, RSTART + 2)
		comment = 0
	} else if (rest ~ /^\/\*/) {
		rest = substr(rest, 3)
		comment = 1
	} else if (rest ~ /^\/\//) {
		rest = ""
	} else if (rest ~ /^"/) {
		take_text()
		called = 0
	} else if (match(rest, /^[A-Za-z_][A-Za-z_0-9]*/)) {
		token = substr(rest, 1, RLENGTH)
		rest = substr(rest, RLENGTH + 1)
		if (texting && token ~ /^PRI[diuxX]/) {
			text = text "d"		# behind its %
			return
		}
		end_text()
		word = token
		called = 1
		if (first[depth] == "")
			first[depth] = word
	} else {
		end_text()
		if (match(rest, /^\47(\\.|[^\\\47])*\47/)) {
			rest = substr(rest, RLENGTH + 1)
			called = 0
			return
		}
		token = substr(rest, 1, 1)
		rest = substr(rest, 2)
		if (token == "(")
			enter()
		else if (token == ")")
			leave()
		else if (token == "}" && !depth)
			flush()
		called = 0
	}
}
BEGIN { prints["fprintf"] = prints["vfprintf"] = prints["fputs"] = prints["fputc"] = 1 }
FNR == 1 { depth = comment = texting = held[0] = 0 }
/^[ \t]*#[ \t]*include/ { next }
{
	for (rest = $0; rest != "";)
		step()
}
END { end_text(); flush() }'

# "FILE:LINE<TAB>MESSAGE" as "FILE:LINE<TAB>MESSAGE<TAB>extended regular expression".
# shellcheck disable=SC2016 # $0 is awk's
patterns='
{
	text = $2
	gsub(/[][(){}.*+?^$|\\]/, "\\\\&", text)
	gsub(/%%/, "\001", text)
	# a test script may count in a variable
	gsub(/%[-0 #]*[0-9]*(\\\.(\\\*|[0-9]+))?(hh|h|ll|l|z|j|t)?[diu]/,
		"(-?[0-9]+|[$][a-z]+)", text)
	gsub(/%[-0 #]*[0-9]*(hh|h|ll|l|z|j|t)?[xX]/, "[0-9a-f]+", text)
	gsub(/%[-0 #]*[0-9]*(\\\.(\\\*|[0-9]+))?[sc]/, ".*", text)
	gsub(/\001/, "%", text)
	print $1 "\t" $2 "\t" text
}'

# What is a message, and what is not.
cat >"$tmp/sample.c" <<'EOF_C'
#include "a header of ours"
static const char *const words[] = { "a row", "with a blank behind ", "word" };
/* "a comment" */
static int sample(int n)
{
	fprintf(stderr, "to stderr: %s" " in %" PRIu64 " parts \"\\\"\n", name(n ? "one way" :
		"or another"), '"');
	fprintf(f, "to another stream");
	fputs(n ? "a choice\n" : "of two", stderr);
	fputs("no message", f);
	_Static_assert(sizeof(int) == 4, "said by the compiler");
	return say(n, "split in "
		   "two");	// "here too"
}
EOF_C
awk "$literals" "$tmp/sample.c" >"$tmp/out"
check_out "what a message is" '2 a row
6 to stderr: %s in %d parts "\"
6 one way
7 or another
9 a choice
9 of two
12 split in two' sed 's/^.*c:\([0-9]*\).\(.*\)/\1 \2/' "$tmp/out"

if ! awk "$literals" "$@" >"$tmp/messages" ||
		! awk -F '\t' "$patterns" "$tmp/messages" >"$tmp/patterns" ||
		! awk -v all=1 "$literals" tests/*_test.c >"$tmp/literals"; then
	fail "messages" "these files cannot be read: $*"
	plan
fi
{
	find tests/golden \( -name '*.err' -o -name '*.warn' \) -exec cat {} +
	cat tests/*_test.sh
	cut -f 2- "$tmp/literals"
} >"$tmp/expected"

tab=$(printf '\t')
while IFS=$tab read -r where text pattern; do
	grep -Eq -e "$pattern" "$tmp/expected" || printf '%s: %s\n' "$where" "$text"
done <"$tmp/patterns" >"$tmp/missing"

count=$(wc -l <"$tmp/patterns")
if [ ! -s "$tmp/missing" ]; then
	pass "$count messages"
else
	fail "messages" "of $count, no test expects $(wc -l <"$tmp/missing")"
	sed 's/^/#   /' "$tmp/missing"
fi
plan
