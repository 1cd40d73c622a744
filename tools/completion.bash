# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# completion.bash - bash's completion of bpfasm, bpfload and what is in progs/, installed under the
# name of each
#
# What there is to complete is asked of the programs themselves: their --help and `bpfasm ref`.

# The words for the current one, out of a list.
_barebpf_words()	# WORD...
{
	mapfile -t COMPREPLY < <(compgen -W "$*" -- "${COMP_WORDS[COMP_CWORD]}")
}

_barebpf_files()
{
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")
}

# The options that a program's --help has at the start of a line or behind a comma.
_barebpf_options()	# PROGRAM
{
	"$1" --help 2>/dev/null | sed -n 's/^  \(-[^ ]*\).*/\1/p' | tr -d ','
	"$1" --help 2>/dev/null | sed -n 's/^  -., \(--[^ ]*\).*/\1/p'
}

_bpfasm_value()	# of the option before: 1 when it takes none
{
	case $1 in
	-f)		_barebpf_words raw hex elf c list ;;
	-a)		_barebpf_words "$(bpfasm ref cpu | awk 'NR > 1 { print $1 }')" ;;
	-E)		_barebpf_words le be ;;
	--dialect)	_barebpf_words kernel llvm gas ;;
	-o|-I|--btf)	_barebpf_files ;;
	-D|-p)		COMPREPLY=() ;;
	*)		return 1 ;;
	esac
}

_bpfasm()
{
	local before=${COMP_WORDS[COMP_CWORD-1]} current=${COMP_WORDS[COMP_CWORD]}

	_bpfasm_value "$before" && return
	if [[ ${COMP_WORDS[1]} == ref && $COMP_CWORD -eq 2 ]]; then
		_barebpf_words "$(bpfasm ref | awk '{ print $1 }')"
	elif [[ ${COMP_WORDS[1]} == ref && $COMP_CWORD -gt 2 ]]; then
		_barebpf_words "$(bpfasm ref "${COMP_WORDS[2]}" 2>/dev/null |
			awk 'NR > 1 { print $1 }')"
	elif [[ $current == -Wno-* ]]; then
		_barebpf_words "$(bpfasm --help | sed -n '/-Wno-NAME/,/^exit/s/^      \([a-z-]*\).*/-Wno-\1/p')"
	elif [[ $current == -* ]]; then
		_barebpf_words "$(_barebpf_options bpfasm) -Wno-"
	else
		_barebpf_files
	fi
}

_bpfload()
{
	local current=${COMP_WORDS[COMP_CWORD]}

	if [[ $current == -* ]]; then
		_barebpf_words "$(_barebpf_options bpfload)"
	elif [[ $COMP_CWORD -eq 1 ]]; then
		_barebpf_words "$(bpfload --help | sed -n 's/^  bpfload \([a-z]*\) .*/\1/p')"
	else
		_barebpf_files
	fi
}

_barebpf_program()	# NAME
{
	if [[ ${COMP_WORDS[COMP_CWORD]} == -* ]]; then
		_barebpf_words "$(_barebpf_options "$1")"
	else
		_barebpf_files
	fi
}

complete -F _bpfasm bpfasm
complete -F _bpfload bpfload
case ${BASH_SOURCE[0]##*/} in
bpfasm|bpfload|completion.bash)	;;
*)	complete -F _barebpf_program "${BASH_SOURCE[0]##*/}" ;;
esac
