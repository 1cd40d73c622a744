# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# calls.awk - the bytes of a program for x86_64 with its calls by where they lead, so that all calls
# of a function are the same bytes, which pack better; unpack.c turns them back
# usage: od -An -v -tu1 FILE | LC_ALL=C awk -f calls.awk
#
# In a file of n bytes, a distance from -at to n - at leads to a place in it and becomes that place,
# 0 to n. One from n - at to n, which would look like a place, becomes what is free: -at to 0.

{ for (i = 1; i <= NF; i++) byte[n++] = $i }

END {
	for (at = 0; at < n; at++) {
		printf "%c", byte[at]
		if (byte[at] != 232 || at + 5 > n)
			continue
		far = byte[at + 4]
		if (far >= 128)
			far -= 256
		for (i = 3; i; i--)
			far = far * 256 + byte[at + i]
		if (far >= -at && far < n)
			far += far < n - at ? at : -n
		if (far < 0)
			far += 4294967296
		for (i = 0; i < 4; i++) {
			printf "%c", far % 256
			far = int(far / 256)
		}
		at += 4
	}
}
