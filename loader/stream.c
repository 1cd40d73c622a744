/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <string.h>

#include "abi.h"
#include "loader.h"
#include "say.h"
#include "stream.h"

bool stream_is(const struct asm_map *map)
{
	return map->type->number == BPF_MAP_TYPE_RINGBUF ||
	       map->type->number == BPF_MAP_TYPE_PERF_EVENT_ARRAY;
}

static int open_ring(struct stream *stream, int fd)
{
	const struct asm_map *map = stream->map;

	stream->fd = fd;
	if (map->map_flags & BPF_F_RB_OVERWRITE)
		return load_ring_open_overwritten(fd, map->max_entries, &stream->ring);
	return load_ring_open(fd, map->max_entries, &stream->ring);
}

static int open_perf(struct stream *stream, int fd)
{
	int err = load_perfbuf_open(fd, stream->map->max_entries, &stream->perf);

	if (!err)
		stream->fd = load_perfbuf_fd(stream->perf);
	return err;
}

int stream_open(struct stream *stream, int fd, const struct asm_map *map,
		const struct load_options *opt)
{
	bool ring = map->type->number == BPF_MAP_TYPE_RINGBUF;
	const char *why = "";
	int err;

	memset(stream, 0, sizeof(*stream));
	stream->map = map;
	err = ring ? open_ring(stream, fd) : open_perf(stream, fd);
	if (!err)
		return 0;
	if (!ring && (err == -EACCES || err == -EPERM))
		why = ": CAP_PERFMON opens events, and the sysctl kernel.perf_event_mlock_kb "
		      "limits the memory of those who lack it";
	say_error(opt, NULL, "cannot read %s '%s': %s%s", ring ? "ring buffer" : "perf buffer",
		  map->name, strerror(-err), why);
	return err;
}

void stream_close(struct stream *stream)
{
	load_ring_close(stream->ring);
	load_perfbuf_close(stream->perf);
}

int stream_read(struct stream *stream, unsigned int most, load_record_fn *fn, void *arg,
		const struct load_options *opt)
{
	int ret;

	if (stream->ring) {
		ret = load_ring_read(stream->ring, most, fn, arg);
		stream->lost = load_ring_overwritten(stream->ring);
	} else {
		ret = load_perfbuf_read(stream->perf, most, fn, arg, &stream->lost);
	}
	if (ret == -EBADMSG)
		say_error(opt, NULL, "%s '%s' holds a record that reaches past its end: is "
			  "something else writing to it?",
			  stream->ring ? "ring buffer" : "perf buffer", stream->map->name);
	return ret;
}

void stream_settle(struct stream *stream)
{
	uint64_t lost;

	if (stream->perf && load_perfbuf_lost(stream->perf, &lost) == 0 && lost > stream->lost)
		stream->lost = lost;
}
