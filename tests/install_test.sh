#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# install_test.sh - `make install`: what is there, whether a program builds with it alone, what a
# shell completes, and whether that is what the programs take
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
# shellcheck source=lib.sh
. "$SRCDIR/tests/lib.sh"
: "${CC:=cc}"
cd "$tmp" || exit 1

# What is built already is installed: to build it anew takes longer than all that is tested here.
if [ "${SAN:-}" = 1 ] || [ "$BPFASM" != "$SRCDIR/bpfasm" ]; then
	skip "install" "make install takes what make has built without other settings"
	plan
fi
ok "make install" make -s -C "$SRCDIR" -o all install DESTDIR="$tmp/root" PREFIX=/opt/barebpf
prefix=$tmp/root/opt/barebpf
for file in bin/bpfasm bin/bpfload lib/libbpfasm.a lib/libbpfload.a \
	lib/pkgconfig/libbpfasm.pc lib/pkgconfig/libbpfload.pc \
	include/barebpf/asm/asm.h include/barebpf/loader/loader.h \
	share/man/man1/bpfasm.1 share/man/man1/bpfload.1 share/man/man5/bpfasm.5 \
	share/bash-completion/completions/bpfasm share/bash-completion/completions/bpfload; do
	ok "$file" test -s "$prefix/$file"
done
ok "nothing outside" test "$(ls "$tmp/root")" = opt

# ---- building with it ----

cat >exit.c <<'END'
#include <barebpf/loader/loader.h>

int main(void)
{
	const struct asm_options opt = { .endian = ASM_LITTLE };
	struct asm_object *obj = asm_assemble("text", "r0 = 0; exit", 12, &opt);
	int slots = obj ? (int)obj->ninsns : 0;

	load_close(NULL);
	asm_free(obj);
	return slots;
}
END
ok "a program builds with the files alone" "$CC" -I"$prefix/include" -o exit exit.c \
	-L"$prefix/lib" -lbpfload -lbpfasm
t_run ./exit
if [ $t_status -eq 2 ]; then
	pass "and runs"
else
	fail "and runs" "exit status $t_status: two slots are due"
fi
flags()	# PACKAGE
{
	PKG_CONFIG_PATH=$prefix/lib/pkgconfig pkg-config --define-variable=prefix="$prefix" \
		--cflags --libs "$1"
}
built()	# COMPILER...: by pkg-config, and it runs
{
	if ! command -v "$1" >/dev/null; then
		skip "by pkg-config and $*" "$1 is not installed"
	elif ! echo 'int main(void) { return 0; }' | "$@" -o none -x c - 2>stderr; then
		skip "by pkg-config and $*" "it builds no program: $(sed q stderr)"
	else
		# shellcheck disable=SC2046 # words
		ok "by pkg-config and $*" "$@" -o built exit.c $(flags libbpfload)
		t_run ./built
		ok "which runs" test $t_status -eq 2
	fi
}
if command -v pkg-config >/dev/null; then
	for compiler in "$CC" musl-gcc; do
		built "$compiler"
		built "$compiler" -static
	done
	ok "pkg-config knows the version" test "$(PKG_CONFIG_PATH=$prefix/lib/pkgconfig \
		pkg-config --modversion libbpfasm)" = "$("$BPFASM" --version | cut -d ' ' -f 2)"
else
	skip "by pkg-config" "pkg-config is not installed"
fi

# ---- completion ----

if ! command -v bash >/dev/null; then
	skip "completion" "bash is not installed"
	plan
fi
cat >complete.bash <<'END'
# usage: complete.bash WORD...	what bash would offer for the last word, sorted
. "$COMPLETION"
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
function=$(complete -p "$1") function=${function% *}
"${function##* }" "$1" 2>/dev/null
printf '%s\n' "${COMPREPLY[@]}" | sort | tr '\n' ' '
END
completions=$prefix/share/bash-completion/completions
export COMPLETION="$completions/bpfload"
PATH=$prefix/bin:$PATH
completes()	# EXPECTED WORD...
{
	c_expected=$1
	shift
	check_out "completes: $*" "$c_expected" bash complete.bash "$@"
}
completes 'check ' bpfload ch
completes '--duration ' bpfload run --du
completes 'exit.c ' bpfload run exit.c
completes 'hex ' bpfasm -f h
completes 'riscv64 ' bpfasm -a r
completes 'helper ' bpfasm ref h
completes 'bpf_map_lookup_elem bpf_map_lookup_percpu_elem ' bpfasm ref helper bpf_map_lookup
completes '-Wno-no-exit ' bpfasm -Wno-n

# Whether a program takes an option: of one that it takes, the next one is the value, or it is asked
# for help.
takes()	# PROGRAM OPTION
{
	"$1" "$2" --help </dev/null >stdout 2>&1
	! grep -q "invalid option\|nrecognized option\|nknown option\|no option" stdout
}

# All that is offered is taken, and of letters nothing else.
letters=$(echo abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ | sed 's/./& /g')
for file in "$prefix"/bin/*; do
	program=${file##*/}
	COMPLETION=$completions/$program
	offered=$(bash complete.bash "$program" -)
	for option in $offered; do
		takes "$program" "$option" || echo "$option is offered"
	done >wrong
	for letter in $letters; do
		case " $offered" in
		*" -$letter"*)	;;
		*)	! takes "$program" "-$letter" || echo "-$letter is taken" ;;
		esac
	done >>wrong
	if [ -n "$offered" ] && [ ! -s wrong ]; then
		pass "$program takes the options that are offered"
	else
		fail "$program takes the options that are offered" "offered: $offered" wrong
	fi
done
plan
