/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * perfbuf.c - reading what programs send through a perf event array: an event with a ring a CPU.
 *
 * The kernel says where records are missing: PERF_RECORD_LOST stands before the first record that
 * had room again. What is missing at the end only the event itself can tell, from 6.0 on.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "abi.h"
#include "loader.h"
#include "cpus.h"
#include "sys.h"

enum {
	RING_BYTES = 1 << 18,	/* of each CPU: what others than root may lock, twice */
	RECORD_ALIGN = 8,
};

_Static_assert(LOAD_PERF_ROOM > UINT16_MAX, "room for a record of any size");

struct cpu_ring {
	int event;
	struct abi_perf_page *page;
};

struct load_perfbuf {
	int map, epoll;
	uint32_t entries;	/* of the map, no more than there may be CPUs */
	size_t page, size;	/* bytes of a page, and of the data of a ring */
	bool counts;		/* the events know how much they lost */
	struct cpu_ring *rings;
	size_t nrings;
	uint8_t room[LOAD_PERF_ROOM];
};

/* ---- records ---- */

/* len bytes from a position on, in one piece. */
static const uint8_t *ring_piece(const struct load_perf_ring *ring, uint64_t pos, size_t len)
{
	const uint8_t *data = ring->data;
	size_t at = (size_t)pos & (ring->size - 1), first = ring->size - at;

	if (len <= first)
		return data + at;
	memcpy(ring->room, data + at, first);
	memcpy((uint8_t *)ring->room + first, data, len - first);
	return ring->room;
}

/* 1: a record was handed over, and *ret is what fn said. 0: it is none for fn. Or -EBADMSG. */
static int take_record(const uint8_t *record, load_record_fn *fn, void *arg, uint64_t *lost,
		       int *ret)
{
	struct abi_perf_header header;
	uint64_t count;
	uint32_t len;

	memcpy(&header, record, sizeof(header));
	record += sizeof(header);
	header.size = (uint16_t)(header.size - sizeof(header));
	if (header.type == PERF_RECORD_LOST) {
		if (header.size < 2 * sizeof(count))
			return -EBADMSG;
		memcpy(&count, record + sizeof(count), sizeof(count));
		*lost += count;
		return 0;
	}
	if (header.type != PERF_RECORD_SAMPLE)
		return 0;
	if (header.size < sizeof(len))
		return -EBADMSG;
	memcpy(&len, record, sizeof(len));
	if (len > header.size - sizeof(len))
		return -EBADMSG;
	*ret = fn(arg, record + sizeof(len), len);
	return 1;
}

/* Size of the record at a position; 0 when it is none that the kernel writes. */
static uint16_t record_size(const struct load_perf_ring *ring, uint64_t pos)
{
	struct abi_perf_header header;

	memcpy(&header, ring_piece(ring, pos, sizeof(header)), sizeof(header));
	if (header.size < sizeof(header) || header.size % RECORD_ALIGN ||
	    header.size > ring->head - pos)
		return 0;
	return header.size;
}

int load_perfbuf_scan(const struct load_perf_ring *ring, unsigned int most, load_record_fn *fn,
		      void *arg, uint64_t *lost)
{
	uint64_t pos = __atomic_load_n(ring->tail, __ATOMIC_RELAXED);
	unsigned int count = 0;

	if (ring->size < RECORD_ALIGN || ring->size & (ring->size - 1))
		return -EINVAL;
	if (ring->head - pos > ring->size || pos % RECORD_ALIGN || ring->head % RECORD_ALIGN)
		return -EBADMSG;
	while (pos != ring->head && count < most) {
		uint16_t size = record_size(ring, pos);
		int ret = 0, took;

		if (!size)
			return -EBADMSG;
		took = take_record(ring_piece(ring, pos, size), fn, arg, lost, &ret);
		if (took < 0)
			return took;
		count += (unsigned int)took;
		pos += size;
		/* The kernel may overwrite the record from here on. */
		__atomic_store_n(ring->tail, pos, __ATOMIC_RELEASE);
		if (ret)
			return ret;
	}
	return (int)count;
}

int load_perfbuf_read(struct load_perfbuf *buf, unsigned int most, load_record_fn *fn, void *arg,
		      uint64_t *lost)
{
	int total = 0;

	for (size_t i = 0; i < buf->nrings; i++) {
		struct abi_perf_page *page = buf->rings[i].page;
		struct load_perf_ring ring = {
			.data = (uint8_t *)page + buf->page, .size = (uint32_t)buf->size,
			.head = __atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE),
			.tail = &page->data_tail, .room = buf->room,
		};
		int ret = load_perfbuf_scan(&ring, most, fn, arg, lost);

		if (ret < 0)
			return ret;
		total += ret;
	}
	return total;
}

int load_perfbuf_lost(const struct load_perfbuf *buf, uint64_t *lost)
{
	struct {
		uint64_t value, lost;
	} now;

	*lost = 0;
	for (size_t i = 0; i < buf->nrings && buf->counts; i++) {
		long n = sys_read(buf->rings[i].event, &now, sizeof(now));

		if (n < 0)
			return (int)n;
		if (n != (long)sizeof(now))
			return -EBADMSG;
		*lost += now.lost;
	}
	return buf->counts ? 0 : -EOPNOTSUPP;
}

int load_perfbuf_fd(const struct load_perfbuf *buf)
{
	return buf->epoll;
}

/* ---- events ---- */

static int event_open(bool counts, int cpu)
{
	struct abi_perf_event_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.type = PERF_TYPE_SOFTWARE;
	attr.size = PERF_ATTR_SIZE_VER1;
	attr.config = PERF_COUNT_SW_BPF_OUTPUT;
	attr.sample_period = 1;
	attr.sample_type = PERF_SAMPLE_RAW;
	attr.wakeup_events = 1;
	if (counts)
		attr.read_format = PERF_FORMAT_LOST;
	return sys_perf_event_open(&attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
}

/* The ring of an event: mapped, in the map, and enabled. Its parts go with the buffer. */
static int event_start(struct load_perfbuf *buf, struct cpu_ring *ring, uint32_t cpu)
{
	struct epoll_event wake = { .events = EPOLLIN };
	uint32_t event = (uint32_t)ring->event;
	int before = errno, err = 0;

	ring->page = mmap(NULL, buf->page + buf->size, PROT_READ | PROT_WRITE, MAP_SHARED,
			  ring->event, 0);
	if (ring->page == MAP_FAILED || epoll_ctl(buf->epoll, EPOLL_CTL_ADD, ring->event, &wake))
		err = -errno;
	errno = before;
	if (!err)
		err = load_map_update(buf->map, &cpu, &event, BPF_ANY);
	return err ? err : sys_ioctl(ring->event, PERF_EVENT_IOC_ENABLE, 0);
}

/* cpus_fn: of those that the map has room for. One that has gone offline needs no ring. */
static int add_cpu(void *arg, int cpu)
{
	struct load_perfbuf *buf = arg;
	struct cpu_ring *ring = &buf->rings[buf->nrings];
	int event;

	if (cpu >= (int)buf->entries)
		return 0;
	event = event_open(buf->counts, cpu);
	if (event == -EINVAL && buf->counts && buf->nrings == 0) {
		buf->counts = false;
		event = event_open(buf->counts, cpu);
	}
	if (event < 0)
		return event == -ENODEV ? 0 : event;
	ring->event = event;
	buf->nrings++;
	return event_start(buf, ring, (uint32_t)cpu);
}

void load_perfbuf_close(struct load_perfbuf *buf)
{
	if (!buf)
		return;
	for (size_t i = 0; i < buf->nrings; i++) {
		if (buf->rings[i].page != MAP_FAILED)
			munmap(buf->rings[i].page, buf->page + buf->size);
		sys_close(buf->rings[i].event);
	}
	sys_close(buf->epoll);
	free(buf->rings);
	free(buf);
}

static int prepare(struct load_perfbuf *buf, int fd, uint32_t entries)
{
	buf->map = fd;
	buf->entries = entries;
	buf->counts = true;
	buf->page = (size_t)getpagesize();
	buf->size = buf->page > RING_BYTES ? buf->page : RING_BYTES;
	buf->epoll = sys_epoll();
	buf->rings = calloc(entries, sizeof(buf->rings[0]));
	if (!buf->rings)
		return -ENOMEM;
	return buf->epoll < 0 ? buf->epoll : 0;
}

int load_perfbuf_open(int fd, uint32_t entries, struct load_perfbuf **out)
{
	struct load_perfbuf *buf;
	int possible, err;
	char *list;
	size_t len;

	possible = load_possible_cpus();
	if (possible < 0)
		return possible;
	err = asm_read_file(CPUS_ONLINE, &list, &len);
	if (err)
		return err;
	buf = calloc(1, sizeof(*buf));
	if (entries == 0 || entries > (uint32_t)possible)
		entries = (uint32_t)possible;
	err = buf ? prepare(buf, fd, entries) : -ENOMEM;
	if (!err)
		err = cpus_each(list, add_cpu, buf);
	if (!err && buf->nrings == 0)
		err = -ENODEV;
	free(list);
	if (err)
		load_perfbuf_close(buf);
	else
		*out = buf;
	return err;
}
