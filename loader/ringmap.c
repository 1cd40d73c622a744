/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "abi.h"
#include "ringmap.h"

int ring_map_open(struct ring_map *map, int fd, uint32_t size, int consumer, int producer)
{
	size_t page = (size_t)getpagesize();
	int before = errno, err;

	memset(map, 0, sizeof(*map));
	map->consumer = map->producer = MAP_FAILED;
	if (!power_of_two(size) || size % page)
		return -EINVAL;
	if (size > (SIZE_MAX - page) / 2)
		return -EFBIG;
	map->size = size;
	map->page = page;
	map->span = page + 2 * (size_t)size;
	map->consumer = mmap(NULL, page, consumer, MAP_SHARED, fd,
			     (off_t)(ABI_RING_CONSUMER * page));
	if (map->consumer != MAP_FAILED)
		map->producer = mmap(NULL, map->span, producer, MAP_SHARED, fd,
				     (off_t)(ABI_RING_PRODUCER * page));
	if (map->producer == MAP_FAILED) {
		err = -errno;
		errno = before;
		return err;
	}
	map->data = (uint8_t *)map->producer + page;
	return 0;
}

void ring_map_close(struct ring_map *map)
{
	if (map->consumer != MAP_FAILED)
		munmap(map->consumer, map->page);
	if (map->producer != MAP_FAILED)
		munmap(map->producer, map->span);
}
