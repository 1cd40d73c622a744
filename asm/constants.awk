# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# constants.awk - rows of tables/ that name numbers, as a C string: half the size of the rows.
#
# Of each name: one byte, 1 + how many bytes it shares with the name before; the rest, with a NUL;
# the value, with a NUL, but only where it is not the next number. tables.c reads that.

function put(name, value,	shared)
{
	if (length(name) >= 64) {
		print name ": longer than tables.c has room for" >"/dev/stderr"
		exit 1
	}
	while (shared < length(name) && substr(name, shared + 1, 1) == substr(last, shared + 1, 1))
		shared++
	printf "\"\\%03o\" \"%s\\0\" \"%s\\0\"\n", shared + 1, substr(name, shared + 1),
		value == next_value ? "" : value
	last = name
	# all but decimal digits stands for itself
	next_value = value ~ /^[0-9]+$/ ? value + 1 : ""
}

BEGIN { FS = "[(), ]+"; next_value = "" }
/^(LIBC_)?CONSTANT\(/	{ put($2, $3) }
/^(ATTACH_TYPE|COMMAND)\(/ { put("BPF_" $3, $2) }
