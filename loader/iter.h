/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* iter.h - programs that the kernel runs over each of its objects of a kind (5.8). */
#ifndef ITER_H
#define ITER_H

#include <stdio.h>

enum load_print;
struct attach;
struct load_prog;

/* iter/KIND: an attach_method. The link holds the program; it runs when it is read. */
int iter_attach(const struct attach *a);

/*
 * Run an attached iterator over all objects and print what it writes, line by line: as it is, but
 * fit for a terminal, or a line of JSON each. `before` stands ahead of the first line. The number
 * of bytes it wrote is not negative, else it is -errno. Errors of f stay in the stream.
 */
long iter_print(FILE *f, enum load_print how, const struct load_prog *prog, const char *before);

#endif
