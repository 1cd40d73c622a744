/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"

enum { MEM_CHUNK = 16 * 1024, MEM_FIRST = 16 };

struct mem_block {
	struct mem_block *next, **link;	/* *link points here */
	max_align_t data[];
};

static void mem_link(struct mem *mem, struct mem_block *block)
{
	block->next = mem->blocks;
	block->link = &mem->blocks;
	if (block->next)
		block->next->link = &block->next;
	mem->blocks = block;
}

static void mem_unlink(struct mem_block *block)
{
	*block->link = block->next;
	if (block->next)
		block->next->link = block->link;
}

static struct mem_block *mem_block(struct mem *mem, struct mem_block *old, size_t size)
{
	struct mem_block *block = NULL;

	if (size <= SIZE_MAX - sizeof(*block))
		block = realloc(old, sizeof(*block) + size);
	if (!block) {
		if (old)
			mem_link(mem, old);
		longjmp(*mem->oom, 1);
	}
	mem_link(mem, block);
	return block;
}

void *mem_alloc(struct mem *mem, size_t size)
{
	size_t align = sizeof(max_align_t), room = (size + align - 1) / align * align;
	void *out;

	if (room < size || room > MEM_CHUNK / 4) {
		out = mem_block(mem, NULL, size)->data;
	} else {
		if ((size_t)(mem->end - mem->free) < room || !mem->free) {
			mem->free = (char *)mem_block(mem, NULL, MEM_CHUNK)->data;
			mem->end = mem->free + MEM_CHUNK;
		}
		out = mem->free;
		mem->free += room;
	}
	return memset(out, 0, size);
}

char *mem_text(struct mem *mem, const char *text, size_t len)
{
	char *out = mem_alloc(mem, len + 1);

	memcpy(out, text, len);
	return out;
}

static struct mem_block *mem_of(void *array)
{
	if (!array)
		return NULL;
	return (struct mem_block *)((char *)array - offsetof(struct mem_block, data));
}

void *mem_grow(struct mem *mem, void *array, size_t *room, size_t need, size_t size)
{
	struct mem_block *block = mem_of(array);
	size_t want = *room;

	if (need <= *room && array)
		return array;
	if (want < MEM_FIRST)
		want = MEM_FIRST;
	while (want < need && want <= SIZE_MAX / 2)
		want *= 2;
	if (want < need || want > SIZE_MAX / size)
		longjmp(*mem->oom, 1);
	if (block)
		mem_unlink(block);
	block = mem_block(mem, block, want * size);
	*room = want;
	return block->data;
}

void mem_drop(void *array)
{
	struct mem_block *block = mem_of(array);

	if (!block)
		return;
	mem_unlink(block);
	free(block);
}

void mem_free(struct mem *mem)
{
	struct mem_block *block, *next;

	for (block = mem->blocks; block; block = next) {
		next = block->next;
		free(block);
	}
	memset(mem, 0, sizeof(*mem));
}
