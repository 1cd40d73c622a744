/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * userring.c - writing a BPF ring buffer that programs drain (BPF_MAP_TYPE_USER_RINGBUF, 6.1).
 *
 * It is the ring buffer of ring.c the other way round: the kernel moves the consumer position,
 * which can only be read here, and this side the producer's. The record is complete before the
 * producer moves past it, so it is never marked busy.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "abi.h"
#include "loader.h"
#include "ringmap.h"

struct load_user_ring {
	struct ring_map map;
};

int load_user_ring_write(struct load_user_ring *ring, const void *data, uint32_t len)
{
	const struct ring_map *map = &ring->map;
	unsigned long producer = __atomic_load_n(map->producer, __ATOMIC_RELAXED);
	/* The kernel has read what lies before. */
	unsigned long consumer = __atomic_load_n(map->consumer, __ATOMIC_ACQUIRE);
	unsigned long used = producer - consumer, span;
	struct abi_ring_header *header;

	if (used > map->size || producer % RING_ALIGN)
		return -EBADMSG;
	if (len > map->size - sizeof(*header))
		return -E2BIG;
	span = record_span(len);
	if (span > map->size - used)
		return -ENOSPC;
	header = (void *)(map->data + (producer & (map->size - 1)));
	header->len = len;
	header->pg_off = 0;
	memcpy(header + 1, data, len);
	__atomic_store_n(map->producer, producer + span, __ATOMIC_RELEASE);
	return 0;
}

void load_user_ring_close(struct load_user_ring *ring)
{
	if (!ring)
		return;
	ring_map_close(&ring->map);
	free(ring);
}

int load_user_ring_open(int fd, uint32_t size, struct load_user_ring **out)
{
	struct load_user_ring *ring = calloc(1, sizeof(*ring));
	int err;

	if (!ring)
		return -ENOMEM;
	err = ring_map_open(&ring->map, fd, size, PROT_READ, PROT_READ | PROT_WRITE);
	if (err)
		load_user_ring_close(ring);
	else
		*out = ring;
	return err;
}
