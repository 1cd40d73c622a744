/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#define _GNU_SOURCE
#include <stdlib.h>

#include "array.h"

enum { ARRAY_FIRST = 16 };

void *array_grow(void *array, size_t *room, size_t need, size_t size)
{
	size_t more = *room ? *room : ARRAY_FIRST;
	void *grown;

	if (need <= *room)
		return array;
	while (more < need)
		more *= 2;
	grown = reallocarray(array, more, size);
	if (grown)
		*room = more;
	return grown;
}
