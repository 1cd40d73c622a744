/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* array.h - arrays that grow. */
#ifndef ARRAY_H
#define ARRAY_H

#include <stddef.h>

/*
 * The array with room for at least `need` things of that size, as realloc(3) returns it: at most
 * twice what it had room for, or 16 of them, unless more are needed at once. NULL: there is no
 * memory, and the array and *room are as they were.
 */
void *array_grow(void *array, size_t *room, size_t need, size_t size);

#endif
