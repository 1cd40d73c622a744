/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ringmap.h - the memory of a BPF ring buffer, to read it or to write it. Needs abi.h */
#ifndef RINGMAP_H
#define RINGMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RING_ALIGN = 8 };	/* records start at multiples of this */

struct ring_map {
	unsigned long *consumer, *producer;	/* positions */
	uint8_t *data;				/* size bytes, twice */
	size_t page, span;			/* bytes of the two mappings */
	uint32_t size;
};

/* consumer, producer: PROT_..., of the position and what is mapped with it. 0 or -errno. */
int ring_map_open(struct ring_map *map, int fd, uint32_t size, int consumer, int producer);

/* Of what ring_map_open() has been called for, whatever it returned. */
void ring_map_close(struct ring_map *map);

static inline bool power_of_two(uint32_t n)
{
	return n && !(n & (n - 1));
}

/* Bytes from one record to the next. */
static inline unsigned long record_span(uint32_t len)
{
	return (len + sizeof(struct abi_ring_header) + RING_ALIGN - 1) & ~(RING_ALIGN - 1ul);
}

#endif
