# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# bcc.sh - sourced behind lib.sh: the objects of bcc's libbpf-tools, as they lie in the programs of
# Debian's package libbpf-tools.

# True when they are NAME.o here, in the folder the script is in; else that is a point, as of need.
bcc_objects()
{
	if ! dpkg-query -L libbpf-tools >bcc.list 2>bcc.err; then
		need libbpf-tools
		return 1
	fi
	grep -E '/s?bin/.' bcc.list >bcc.programs
	while read -r bcc_program; do
		bcc_object "$bcc_program" "${bcc_program##*/}.o"
	done <bcc.programs
	[ "$(find . -maxdepth 1 -name '*.o' | wc -l)" -ge 30 ] && return
	fail "the objects of libbpf-tools" "few are found" bcc.list
	return 1
}

# An object lies there whole: it begins with ELF's magic, and is of machine 247.
bcc_object()	# PROGRAM FILE
{
	LC_ALL=C grep -obUaF "$(printf '\177ELF\002\001\001')" "$1" | cut -d : -f 1 >bcc.starts
	while read -r bcc_at; do
		bcc_machine=$(od -A n -t u2 -j $((bcc_at + 18)) -N 2 "$1")
		[ "$bcc_machine" -eq 247 ] && tail -c +$((bcc_at + 1)) "$1" >"$2" && return
	done <bcc.starts
	return 1
}
