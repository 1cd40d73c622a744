/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <string.h>

#include "asm.h"
#include "mem.h"
#include "symbols.h"

enum { SYMBOLS_SLOTS = 64 };

/* FNV-1a */
static uint32_t symbols_hash(const char *name, size_t len)
{
	uint32_t hash = 2166136261u;
	size_t i;

	for (i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)name[i]) * 16777619u;
	return hash;
}

static void symbols_place(struct symbols *symbols, uint32_t hash, uint32_t index)
{
	size_t at = hash & (symbols->nslots - 1);

	while (symbols->slots[at])
		at = (at + 1) & (symbols->nslots - 1);
	symbols->slots[at] = index + 1;
}

static void symbols_rehash(struct symbols *symbols, size_t nslots)
{
	size_t i;

	symbols->slots = mem_grow(symbols->mem, symbols->slots, &symbols->slots_room, nslots,
				sizeof(*symbols->slots));
	symbols->nslots = nslots;
	memset(symbols->slots, 0, nslots * sizeof(*symbols->slots));
	for (i = 0; i < symbols->count; i++)
		symbols_place(symbols, symbols->entries[i].hash, (uint32_t)i);
}

struct symbol *symbols_get(const struct symbols *symbols, const char *name, size_t len)
{
	uint32_t hash = symbols_hash(name, len);
	struct symbol *symbol;
	size_t at;

	if (!symbols->nslots)
		return NULL;
	for (at = hash & (symbols->nslots - 1); symbols->slots[at];
	     at = (at + 1) & (symbols->nslots - 1)) {
		symbol = &symbols->entries[symbols->slots[at] - 1];
		if (symbol->hash == hash && symbol->len == len && !memcmp(symbol->name, name, len))
			return symbol;
	}
	return NULL;
}

struct symbol *symbols_put(struct symbols *symbols, const char *name, size_t len)
{
	struct symbol *symbol;

	if (2 * (symbols->count + 1) > symbols->nslots)
		symbols_rehash(symbols, symbols->nslots ? 2 * symbols->nslots : SYMBOLS_SLOTS);
	symbols->entries = mem_grow(symbols->mem, symbols->entries, &symbols->room,
				    symbols->count + 1, sizeof(*symbols->entries));
	symbol = &symbols->entries[symbols->count];
	memset(symbol, 0, sizeof(*symbol));
	symbol->name = name;
	symbol->len = (uint32_t)len;
	symbol->hash = symbols_hash(name, len);
	symbols_place(symbols, symbol->hash, (uint32_t)symbols->count++);
	return symbol;
}

void symbols_clear(struct symbols *symbols)
{
	if (!symbols->count)
		return;
	symbols->count = 0;
	memset(symbols->slots, 0, symbols->nslots * sizeof(*symbols->slots));
}

void symbols_near(const struct symbols *symbols, uint32_t kinds, struct asm_near *near)
{
	size_t i;

	/* the newest first: among equals, what the text defines beats what is built in */
	for (i = symbols->count; i-- > 0;)
		if (kinds >> symbols->entries[i].kind & 1)
			asm_near_offer(near, symbols->entries[i].name, symbols->entries[i].len);
}
