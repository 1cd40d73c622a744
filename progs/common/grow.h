/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* grow.h - an array to which one thing after the other is added. */
#ifndef GROW_H
#define GROW_H

#include <stddef.h>

/*
 * The array with room for one more than `count` things of `size` bytes, as realloc(3) returns it.
 * NULL: there is no memory, and the array and *room are as they were.
 */
void *grow(void *array, size_t *room, size_t count, size_t size);

#endif
