/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output.h"

enum {
	OUTPUT_ROOM = 1 << 14,	/* bytes to begin with */
	OUTPUT_FULL = 1 << 17,	/* what comes after waits where it is: in a ring, in a map */
};

struct output {
	FILE *to, *stream;
	int fd;			/* of to, or -1 */
	char *text;
	size_t start, end, room;	/* in text: what waits */
};

/* A fopencookie(3) writer: keep a copy. */
static ssize_t output_keep(void *cookie, const char *text, size_t len)
{
	struct output *out = cookie;

	if (len > out->room - out->end) {
		out->end -= out->start;
		if (out->end)
			memmove(out->text, out->text + out->start, out->end);
		out->start = 0;
	}
	if (len > out->room - out->end) {
		size_t room = out->room;
		char *grown;

		while (len > room - out->end)
			room = room ? 2 * room : OUTPUT_ROOM;
		grown = realloc(out->text, room);
		if (!grown) {
			errno = ENOMEM;
			return 0;
		}
		out->text = grown;
		out->room = room;
	}
	memcpy(out->text + out->end, text, len);
	out->end += len;
	return (ssize_t)len;
}

int output_open(FILE *to, struct output **out)
{
	const cookie_io_functions_t functions = { .write = output_keep };
	struct output *new = calloc(1, sizeof(*new));
	int before = errno;

	if (!new)
		return -ENOMEM;
	new->to = to;
	fflush(to);
	new->fd = fileno(to);
	errno = before;
	new->stream = fopencookie(new, "w", functions);
	if (!new->stream) {
		free(new);
		return -ENOMEM;
	}
	*out = new;
	return 0;
}

void output_close(struct output *out)
{
	if (!out)
		return;
	fclose(out->stream);
	free(out->text);
	free(out);
}

FILE *output_stream(struct output *out)
{
	return out->stream;
}

int output_fd(const struct output *out)
{
	return out->fd;
}

static size_t waiting(struct output *out)
{
	fflush(out->stream);
	return out->end - out->start;
}

bool output_waits(struct output *out)
{
	return waiting(out) > 0;
}

bool output_is_full(struct output *out)
{
	return waiting(out) >= OUTPUT_FULL;
}

/* To a stream that is memory, say. */
static long write_stream(struct output *out, size_t len)
{
	size_t n = fwrite(out->text + out->start, 1, len, out->to);

	return fflush(out->to) || n < len ? -1 : (long)n;
}

int output_write(struct output *out)
{
	size_t len = waiting(out);
	int before = errno, err;
	long n;

	if (ferror(out->stream))
		return -ENOMEM;
	if (!len)
		return 0;
	/* A writable pipe has room for this much; others are as good. */
	len = len < PIPE_BUF ? len : PIPE_BUF;
	n = out->fd < 0 ? write_stream(out, len) : write(out->fd, out->text + out->start, len);
	if (n >= 0) {
		out->start += (size_t)n;
		return 0;
	}
	err = errno ? -errno : -EIO;
	errno = before;
	return err == -EINTR || err == -EAGAIN ? 0 : err;
}
