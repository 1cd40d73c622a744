/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <string.h>

#include "asm.h"
#include "symbols.h"
#include "bytes.h"
#include "mem.h"

void bytes_put(struct bytes *bytes, unsigned int size, uint64_t value)
{
	uint8_t *at;
	unsigned int i;

	bytes->data = mem_grow(bytes->mem, bytes->data, &bytes->room, bytes->len + size, 1);
	at = bytes->data + bytes->len;
	for (i = 0; i < size; i++)
		at[bytes->endian == ASM_BIG ? size - 1 - i : i] = (uint8_t)(value >> 8 * i);
	bytes->len += size;
}

void bytes_append(struct bytes *bytes, const void *data, size_t len)
{
	bytes->data = mem_grow(bytes->mem, bytes->data, &bytes->room, bytes->len + len, 1);
	if (len)
		memcpy(bytes->data + bytes->len, data, len);
	bytes->len += len;
}

void strtab_init(struct strtab *strtab, struct mem *mem)
{
	memset(strtab, 0, sizeof(*strtab));
	strtab->known.mem = mem;
	strtab->text.mem = mem;
	strtab_add(strtab, "", 0);
}

uint32_t strtab_add(struct strtab *strtab, const char *name, size_t len)
{
	struct symbol *symbol = symbols_get(&strtab->known, name, len);
	struct bytes *text = &strtab->text;
	size_t start = text->len;

	if (symbol)
		return symbol->index;
	symbol = symbols_put(&strtab->known, name, len);
	symbol->index = (uint32_t)start;
	bytes_append(text, name, len);
	bytes_append(text, "", 1);
	for (size_t i = start; i + 1 < text->len; i++)
		if (text->data[i] != '\t' && (text->data[i] < ' ' || text->data[i] > '~'))
			text->data[i] = '?';
	return symbol->index;
}
