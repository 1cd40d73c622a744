/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * output.h - what is printed, kept until who reads it takes it: printing never waits.
 *
 * A pipe whose reader is slow takes nothing for as long as it likes. What is printed to the stream
 * here is kept in memory; output_write() hands on a piece at a time, small enough that a descriptor
 * that poll(2) called writable takes it without waiting.
 */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

struct output;

/* to is borrowed; it may be a stream without a descriptor. 0 or -errno. */
int output_open(FILE *to, struct output **out);
void output_close(struct output *out);	/* NULL is fine; drops what was not written */

/* Where to print. */
FILE *output_stream(struct output *out);

/* What poll(2) has to wait on; -1: output_write() may be called at any time. */
int output_fd(const struct output *out);

/* Whether anything waits to be written, and whether it is so much that no more should come. */
bool output_waits(struct output *out);
bool output_is_full(struct output *out);

/* Write a piece of what waits; call it when the descriptor is writable. 0 or -errno. */
int output_write(struct output *out);

#endif
