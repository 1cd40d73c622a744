/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * trace.c - lines that programs print: to trace_pipe, which all share, or to streams of their own
 * (6.17). poll(2) knows the first; of streams one has to ask.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "abi.h"
#include "loader.h"
#include "lines.h"
#include "loop.h"
#include "say.h"
#include "sys.h"
#include "tracefs.h"

/* A source of lines. */
struct trace {
	const struct load_options *opt;
	struct loop *loop;
	const char *what;		/* for messages */
	int fd;				/* of the pipe, or of the program */
	uint32_t stream;		/* 0: the pipe */
	struct lines lines;
};

static long read_stream(int fd, uint32_t stream, void *data, size_t len)
{
	struct abi_prog_stream_read attr;

	memset(&attr, 0, sizeof(attr));
	attr.stream_buf = abi_ptr(data);
	attr.stream_buf_len = (uint32_t)len;
	attr.stream_id = stream;
	attr.prog_fd = (uint32_t)fd;
	return sys_bpf(BPF_PROG_STREAM_READ_BY_FD, &attr,
		       abi_end(struct abi_prog_stream_read, prog_fd));
}

/* loop_read_fn: most counts reads here, each of many lines */
static void read_lines(void *arg, unsigned int most)
{
	struct trace *t = arg;
	size_t room;
	long n = 1;

	/* It never pauses where much is traced; the rest is there at the next turn. */
	most = most < 16 ? most : 16;
	for (; n > 0 && most; most--) {
		char *at = lines_room(&t->lines, &room);

		n = t->stream ? read_stream(t->fd, t->stream, at, room) :
				sys_read(t->fd, at, room);
		if (n > 0)
			lines_take(&t->lines, (size_t)n);
	}
	if (n >= 0 || n == -EAGAIN || n == -EINTR)
		return;
	say_error(t->opt, NULL, "cannot read %s: %s%s", t->what, strerror((int)-n),
		  t->stream && n == -EINVAL ? ": programs have streams since Linux 6.17" : "");
	loop_fail(t->loop, (int)n);
}

static void print_nothing(void *arg)
{
	(void)arg;
}

struct traces {
	struct trace all[2];
	size_t n;
};

static void finish(void *arg)
{
	struct traces *traces = arg;

	loop_drain(traces->all[0].loop);
	for (size_t i = 0; i < traces->n; i++)
		lines_end(&traces->all[i].lines);
}

static int follow(struct traces *traces, const struct load_options *opt, const struct load_run *how)
{
	const struct loop_task task = {
		.opt = opt, .out = how->out, .duration_ms = how->duration_ms,
		.print = print_nothing, .finish = finish, .arg = traces,
	};
	struct loop *loop;
	int err = loop_open(&task, &loop);

	if (err)
		return err;
	for (size_t i = 0; i < traces->n && !err; i++) {
		struct trace *t = &traces->all[i];

		t->opt = opt;
		t->loop = loop;
		t->lines.f = loop_out(loop);
		t->lines.how = how->how;
		err = loop_add(loop, t->stream ? -1 : t->fd, read_lines, t);
	}
	if (!err)
		err = loop_run(loop);
	loop_close(loop);
	return err;
}

int load_trace(const struct load_options *opt, const struct load_run *how)
{
	struct traces traces = { .n = 1 };
	struct trace *t = &traces.all[0];
	char reason[512];
	int err;

	t->what = "trace_pipe";
	t->lines.key = "trace";
	t->lines.name = t->what;
	t->lines.prefix = "";
	t->fd = tracefs_open_pipe(reason, sizeof(reason));
	if (t->fd < 0) {
		say_error(opt, NULL, "trace_pipe: %s: %s", strerror(-t->fd), reason);
		return t->fd;
	}
	err = follow(&traces, opt, how);
	sys_close(t->fd);
	return err;
}

int load_trace_program(int fd, const struct load_options *opt, const struct load_run *how)
{
	static const struct {
		const char *name, *what, *prefix;
		uint32_t stream;
	} streams[] = {
		{ "stdout", "the program's stdout", "", BPF_STREAM_STDOUT },
		{ "stderr", "the program's stderr", "stderr: ", BPF_STREAM_STDERR },
	};
	struct traces traces = { .n = sizeof(streams) / sizeof(streams[0]) };

	for (size_t i = 0; i < traces.n; i++) {
		struct trace *t = &traces.all[i];

		t->fd = fd;
		t->stream = streams[i].stream;
		t->what = streams[i].what;
		t->lines.key = "stream";
		t->lines.name = streams[i].name;
		t->lines.prefix = streams[i].prefix;
	}
	return follow(&traces, opt, how);
}
