/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * loop.h - waiting for everything at once: what arrives, signals, a command, deadlines, and the
 * reader of the output.
 *
 * One poll(2) waits for all of them: signals come through signalfd(2), so there is no handler and
 * no state of the process beside the loop's own; mask and dispositions are put back at the end.
 * Nothing that is printed waits for its reader, so a stalled one delays neither signals nor
 * deadlines: what arrives stays where it is until there is room.
 *
 *	loop_open() -> loop_add() ... -> loop_run() -> loop_close()
 */
#ifndef LOOP_H
#define LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct load_options;
struct loop;

struct loop_task {
	const struct load_options *opt;
	unsigned int duration_ms;	/* 0: until a signal, or the command's end */
	unsigned int interval_ms;	/* how often print is called; 0: never */
	char *const *command;		/* NULL: none */
	FILE *out;
	void (*print)(void *arg);
	void (*finish)(void *arg);	/* once all is over, before the output is waited for */
	void *arg;
};

/* Take the signals over. The task is borrowed. 0 or -errno, told. */
int loop_open(const struct loop_task *task, struct loop **out);
void loop_close(struct loop *loop);	/* NULL is fine */

/* Where to print while the loop is open. */
FILE *loop_out(struct loop *loop);

/*
 * read is called when fd is readable, and where that is -1 ten times a second; not while the output
 * has to be waited for. most is how many records it may take before others get their turn.
 * 0 or -ENOMEM.
 */
typedef void loop_read_fn(void *arg, unsigned int most);
int loop_add(struct loop *loop, int fd, loop_read_fn *read, void *arg);

/* Call each read once more, for all there is. */
void loop_drain(struct loop *loop);

/*
 * The loop ends with an error, which has been told. Only the first counts; a command that runs is
 * stopped and waited for.
 */
void loop_fail(struct loop *loop, int err);
bool loop_failed(const struct loop *loop);

/* There is nothing to wait for. */
void loop_end(struct loop *loop);

/*
 * Start the command, wait, finish, and write all of the output: a signal while that waits ends it,
 * too. Returns the status of the command, or 0, or -errno, told.
 */
int loop_run(struct loop *loop);

#endif
