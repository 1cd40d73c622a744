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
#include <unistd.h>

#include "abi.h"
#include "loader.h"

enum { RING_ALIGN = 8 };

struct load_user_ring {
	const unsigned long *consumer;
	unsigned long *producer;	/* a page on, the data, twice */
	size_t page, span;		/* bytes of the two mappings */
	uint32_t size;
};

int load_user_ring_write(struct load_user_ring *ring, const void *data, uint32_t len)
{
	unsigned long producer = __atomic_load_n(ring->producer, __ATOMIC_RELAXED);
	/* The kernel has read what lies before. */
	unsigned long consumer = __atomic_load_n(ring->consumer, __ATOMIC_ACQUIRE);
	unsigned long used = producer - consumer, span;
	struct abi_ring_header *header;

	if (used > ring->size || producer % RING_ALIGN)
		return -EBADMSG;
	if (len > ring->size - sizeof(*header))
		return -E2BIG;
	span = (len + sizeof(*header) + RING_ALIGN - 1) & ~(RING_ALIGN - 1ul);
	if (span > ring->size - used)
		return -ENOSPC;
	header = (void *)((uint8_t *)ring->producer + ring->page + (producer & (ring->size - 1)));
	header->len = len;
	header->pg_off = 0;
	memcpy(header + 1, data, len);
	__atomic_store_n(ring->producer, producer + span, __ATOMIC_RELEASE);
	return 0;
}

void load_user_ring_close(struct load_user_ring *ring)
{
	if (!ring)
		return;
	if (ring->consumer != MAP_FAILED)
		munmap((void *)ring->consumer, ring->page);
	if (ring->producer != MAP_FAILED)
		munmap(ring->producer, ring->span);
	free(ring);
}

int load_user_ring_open(int fd, uint32_t size, struct load_user_ring **out)
{
	size_t page = (size_t)getpagesize();
	struct load_user_ring *ring;
	int before = errno, err;

	if (!size || size & (size - 1) || size % page)
		return -EINVAL;
	if (size > (SIZE_MAX - page) / 2)
		return -EFBIG;
	ring = malloc(sizeof(*ring));
	if (!ring)
		return -ENOMEM;
	ring->page = page;
	ring->span = page + 2 * (size_t)size;
	ring->size = size;
	ring->producer = MAP_FAILED;
	ring->consumer = mmap(NULL, page, PROT_READ, MAP_SHARED, fd,
			      (off_t)(ABI_RING_CONSUMER * page));
	if (ring->consumer == MAP_FAILED)
		goto fail;
	ring->producer = mmap(NULL, ring->span, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			      (off_t)(ABI_RING_PRODUCER * page));
	if (ring->producer == MAP_FAILED)
		goto fail;
	*out = ring;
	return 0;
fail:
	err = -errno;
	errno = before;
	load_user_ring_close(ring);
	return err;
}
