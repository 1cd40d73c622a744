/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <string.h>

#include "asm.h"

size_t asm_rows_below(const void *rows, size_t n, size_t size, size_t at, uint64_t value)
{
	size_t low = 0, high = n, middle;
	uint32_t column;

	while (low < high) {
		middle = (low + high) / 2;
		memcpy(&column, (const uint8_t *)rows + middle * size + at, sizeof(column));
		if (column < value)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t asm_first_reloc(const struct asm_object *obj, uint32_t slot)
{
	return asm_rows_below(obj->relocs, obj->nrelocs, sizeof(*obj->relocs),
			      offsetof(struct asm_reloc, slot), slot);
}
