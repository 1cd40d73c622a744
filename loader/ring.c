/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ring.c - reading a BPF ring buffer (BPF_MAP_TYPE_RINGBUF, 5.8). abi.h describes its memory.
 *
 * A producer moves its position first, with the record marked busy, and clears the mark when the
 * data is there: records come out in the order of their reservation. Positions wrap where long has
 * 32 bits; differences hold.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "abi.h"
#include "loader.h"
#include "ringmap.h"

struct load_ring {
	struct ring_map map;
	void *room;			/* for a copy of a record; NULL: none is overwritten */
	uint64_t lost;			/* bytes */
};

/* A position that no kernel writes would have us read outside of the ring. */
static bool ring_sane(unsigned long producer, unsigned long consumer, uint32_t size)
{
	return producer - consumer <= size && producer % RING_ALIGN == 0 &&
	       consumer % RING_ALIGN == 0;
}

/* -EBADMSG: a record would reach past the producer; nothing of it, or behind it, is read. */
int load_ring_scan(const void *data, uint32_t size, unsigned long producer, unsigned long *consumer,
		   unsigned int most, load_record_fn *fn, void *arg)
{
	const uint32_t flags = BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT;
	unsigned long pos = __atomic_load_n(consumer, __ATOMIC_RELAXED);
	unsigned int count = 0;

	if (!power_of_two(size) || size < RING_ALIGN)
		return -EINVAL;
	if (!ring_sane(producer, pos, size))
		return -EBADMSG;
	while (pos != producer && count < most) {
		const void *at = (const uint8_t *)data + (pos & (size - 1));
		const struct abi_ring_header *header = at;
		/* Pairs with the exchange of the header that submits the record. */
		uint32_t head = __atomic_load_n(&header->len, __ATOMIC_ACQUIRE);
		uint32_t len = head & ~flags;
		int ret = 0;

		if (head & BPF_RINGBUF_BUSY_BIT)
			break;
		if (record_span(len) > producer - pos)
			return -EBADMSG;
		if (!(head & BPF_RINGBUF_DISCARD_BIT)) {
			count++;
			ret = fn(arg, header + 1, len);
		}
		pos += record_span(len);
		/* The producer may overwrite the record from here on. */
		__atomic_store_n(consumer, pos, __ATOMIC_RELEASE);
		if (ret)
			return ret;
	}
	return (int)count;
}

/* ---- rings that are overwritten ---- */

/* Records before *pos are gone: go on behind them. */
static bool skip_overwritten(const struct load_over_ring *ring, unsigned long *pos)
{
	const struct abi_ring_positions *at = (const void *)ring->positions;
	unsigned long over = __atomic_load_n(&at->overwritten, __ATOMIC_RELAXED);

	if ((long)(over - *pos) <= 0)
		return false;
	*ring->lost += over - *pos;
	*pos = over;
	return true;
}

/* Length of the copy, which may be of what was overwritten meanwhile; -EAGAIN for a busy record. */
static long copy_record(const struct load_over_ring *ring, unsigned long pos, uint32_t *head)
{
	const struct abi_ring_header *header;
	uint32_t len;

	header = (const void *)((const uint8_t *)ring->data + (pos & (ring->size - 1)));
	*head = __atomic_load_n(&header->len, __ATOMIC_ACQUIRE);
	if (*head & BPF_RINGBUF_BUSY_BIT)
		return -EAGAIN;
	len = *head & ~(uint32_t)BPF_RINGBUF_DISCARD_BIT;
	memcpy(ring->room, header + 1, len < ring->size ? len : 0);
	/* What says that this was overwritten is read after it. */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return len;
}

int load_ring_scan_overwritten(const struct load_over_ring *ring, unsigned int most,
			       load_record_fn *fn, void *arg)
{
	unsigned long producer = __atomic_load_n(ring->positions, __ATOMIC_ACQUIRE);
	unsigned long pos = __atomic_load_n(ring->consumer, __ATOMIC_RELAXED);
	unsigned int count = 0;
	int ret = 0;

	if (!power_of_two(ring->size) || ring->size < RING_ALIGN)
		return -EINVAL;
	skip_overwritten(ring, &pos);
	while (!ret && (long)(producer - pos) > 0 && count < most) {
		uint32_t head;
		long len;

		if (!ring_sane(producer, pos, ring->size))
			return -EBADMSG;
		len = copy_record(ring, pos, &head);
		if (skip_overwritten(ring, &pos))
			continue;
		if (len == -EAGAIN)
			break;
		if (record_span((uint32_t)len) > producer - pos)
			return -EBADMSG;
		pos += record_span((uint32_t)len);
		__atomic_store_n(ring->consumer, pos, __ATOMIC_RELEASE);
		if (head & BPF_RINGBUF_DISCARD_BIT)
			continue;
		count++;
		ret = fn(arg, ring->room, (uint32_t)len);
	}
	__atomic_store_n(ring->consumer, pos, __ATOMIC_RELEASE);
	return ret ? ret : (int)count;
}

/* ---- both ---- */

static int read_overwritten(struct load_ring *ring, unsigned int most, load_record_fn *fn,
			    void *arg)
{
	const struct load_over_ring over = {
		.data = ring->map.data, .size = ring->map.size,
		.positions = ring->map.producer, .consumer = ring->map.consumer,
		.room = ring->room, .lost = &ring->lost,
	};

	return load_ring_scan_overwritten(&over, most, fn, arg);
}

uint64_t load_ring_overwritten(const struct load_ring *ring)
{
	return ring->lost;
}

int load_ring_read(struct load_ring *ring, unsigned int most, load_record_fn *fn, void *arg)
{
	/* One look at the producer: a program that never pauses must not keep us here. */
	unsigned long producer;

	if (ring->room)
		return read_overwritten(ring, most, fn, arg);
	producer = __atomic_load_n(ring->map.producer, __ATOMIC_ACQUIRE);
	return load_ring_scan(ring->map.data, ring->map.size, producer, ring->map.consumer, most,
			      fn, arg);
}

void load_ring_close(struct load_ring *ring)
{
	if (!ring)
		return;
	ring_map_close(&ring->map);
	free(ring->room);
	free(ring);
}

int load_ring_open(int fd, uint32_t size, struct load_ring **out)
{
	struct load_ring *ring = calloc(1, sizeof(*ring));
	int err;

	if (!ring)
		return -ENOMEM;
	err = ring_map_open(&ring->map, fd, size, PROT_READ | PROT_WRITE, PROT_READ);
	if (err)
		load_ring_close(ring);
	else
		*out = ring;
	return err;
}

int load_ring_open_overwritten(int fd, uint32_t size, struct load_ring **out)
{
	struct load_ring *ring;
	int err = load_ring_open(fd, size, &ring);

	if (err)
		return err;
	ring->room = malloc(size);
	if (!ring->room) {
		load_ring_close(ring);
		return -ENOMEM;
	}
	*out = ring;
	return 0;
}
