/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* stream.h - ring buffers and perf buffers alike: maps that are read as records. */
#ifndef STREAM_H
#define STREAM_H

#include <stdbool.h>
#include <stdint.h>

struct asm_map;
struct load_options;
struct load_perfbuf;
struct load_ring;

struct stream {
	const struct asm_map *map;
	struct load_ring *ring;		/* one of the two */
	struct load_perfbuf *perf;
	int fd;				/* for poll(2) */
	uint64_t lost;			/* records that had no room; bytes that were overwritten */
};

/* Is it a map of records? */
bool stream_is(const struct asm_map *map);

/* fd and map are borrowed. 0 or -errno, told. */
int stream_open(struct stream *stream, int fd, const struct asm_map *map,
		const struct load_options *opt);
void stream_close(struct stream *stream);	/* zeroed is fine */

/* As load_ring_read(); fn is a load_record_fn. What goes wrong is told. */
int stream_read(struct stream *stream, unsigned int most,
		int (*fn)(void *arg, const void *data, uint32_t len), void *arg,
		const struct load_options *opt);

/* Count what was lost and no record told yet, where the kernel knows. */
void stream_settle(struct stream *stream);

#endif
