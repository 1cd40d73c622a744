#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# lint_test.sh - tools/lint on a small tree that is clean, and then breaks one rule at a time
set -u
: "${SRCDIR:=$(cd "$(dirname "$0")/.." && pwd)}"
# shellcheck source=lib.sh
. "$SRCDIR/tests/lib.sh"
unset REQUIRE_ORACLES
spdx="SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause"

# Write a file of lines: in the tree, with its licence line.
file()	# PATH LINE...
{
	path=$1
	shift
	{ echo "/* $spdx */"; printf '%s\n' "$@"; } >"$path"
}

tree()
{
	rm -rf "$tmp/tree" && mkdir "$tmp/tree" && cd "$tmp/tree" || exit 1
	mkdir -p asm/tables loader progs tests tools
	cp "$SRCDIR/tools/fnlen" tools
	echo "# $spdx" >Makefile
	file asm/asm.h 'int asm_one(int a);'
	file asm/tables/rows.def 'ROW(a)'
	file asm/one.c '#include "asm.h"' '#define ROW(a) #a,' \
		'static const char *const rows[] = {' '#include "tables/rows.def"' '};' \
		'int asm_one(int a)' '{' '	return rows[0][a];' '}'
	file loader/loader.h '#include "../asm/asm.h"' 'int load_one(int a);'
	file loader/one.c '#include "loader.h"' 'int load_one(int a)' \
		'{' '	return asm_one(a);' '}'
	file loader/sys.c 'long syscall(long, ...);' 'long sys_call(void);' \
		'long sys_call(void)' '{' '	return syscall(1);' '}'
	file tests/one_test.c '#include "../asm/asm.h"' '#include "../loader/loader.h"' \
		'#include "harness.h"' '#include <linux/bpf.h>'
}

lint()
{
	for dir in asm loader; do
		rm -rf objects && mkdir objects || return 3
		for source in "$dir"/*.c; do
			name=${source##*/}
			${CC:-cc} -O1 -c -o "objects/${name%.c}.o" "$source" || return 3
		done
		rm -f "lib$dir.a"
		ar rcs "lib$dir.a" objects/*.o || return 3
	done
	rm -rf objects
	"$SRCDIR/tools/lint" libasm.a libloader.a
}

# What the last change to the tree broke: lint fails and says TEXT; then the tree is clean again.
breaks()	# NAME TEXT
{
	t_run lint
	case $(cat "$tmp/stdout") in
	*"$2"*)	t_has=1 ;;
	*)	t_has= ;;
	esac
	if [ $t_status -eq 1 ] && [ -n "$t_has" ]; then
		pass "$1"
	else
		fail "$1" "exit status $t_status, expected 1 and \"$2\"" "$tmp/stdout" "$tmp/stderr"
	fi
	tree
}

need nm || plan
need ar || plan
tree
ok "a clean tree" lint

echo "int x(void);" >loader/x.h
breaks "licence" "loader/x.h: no SPDX line"
file asm/x.h "/*$(printf '%098d' 0)*/"
breaks "width" "asm/x.h:2: 102 columns"
file asm/x.h "		/* $(printf '%083d' 0) */"
breaks "width with tabs" "asm/x.h:2: 105 columns"

file asm/x.c '#include "../loader/loader.h"'
breaks "asm/ knows nothing of loader/" 'asm/x.c:2: includes "../loader/loader.h": not a door'
file asm/one.h
file loader/x.c '#include "../asm/one.h"'
breaks "loader/ uses the door of asm/" 'loader/x.c:2: includes "../asm/one.h": not a door'
file loader/map.h
file tests/x_test.c '#include "../loader/map.h"'
breaks "tests use the doors" 'tests/x_test.c:2: includes "../loader/map.h": not a door'
file loader/x.h '#include "loader.h"'
breaks "headers include no headers" 'loader/x.h:2: includes "loader.h": a header includes'
file loader/x.c '#  include <linux/bpf.h>'
breaks "kernel headers" 'loader/x.c:2: includes <linux/bpf.h>: a kernel header'

file asm/x.c '#include <sys/mman.h>' 'int x(void *p)' '{' '	return mprotect(p, 1, 0);' '}'
breaks "asm/ is pure" 'x.o: uses mprotect'
file asm/x.c '#include <stdlib.h>' 'void x(void)' '{' '	exit(1);' '}'
breaks "asm/ does not exit" 'libasm.a: x.o: uses exit'
file loader/x.c '#include <stdio.h>' 'int x(void)' '{' '	return printf("a\n");' '}'
breaks "loader/ does not print" 'libloader.a: x.o: uses printf'
file loader/x.c '#include <stdio.h>' 'int x(void)' '{' '	return fputs("a", stderr);' '}'
breaks "loader/ does not print errors" 'libloader.a: x.o: uses stderr'
file loader/x.c 'long syscall(long, ...);' 'long x(void)' '{' '	return syscall(2);' '}'
breaks "one funnel" 'x.o: uses syscall'

file asm/x.c 'int state = 1;'
breaks "state" 'libasm.a: x.o: state is in .data'
file loader/x.c 'int x(void)' '{' '	static int calls;' '	return calls++;' '}'
breaks "state within a function" 'is in .bss'
file asm/x.c 'const char *p = "a";'
breaks "a pointer that is not const" 'libasm.a: x.o: p is in .data'

{ file asm/x.c 'void x(int *p)' '{'; i=0; while [ $((i += 1)) -le 80 ]; do echo '	*p += 1;'
	done; echo '}'; } >body && cat body >>asm/x.c && rm body
breaks "length" 'asm/x.c:3: 81 lines: void x(int *p)'

if command -v shellcheck >/dev/null; then
	# shellcheck disable=SC2016 # not for this shell
	printf '%s\n' '#!/bin/sh' "# $spdx" 'echo $1' >tools/x
	breaks "shellcheck" 'SC2086'
fi
plan
