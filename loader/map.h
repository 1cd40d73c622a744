/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* map.h - creating maps; the door has what is done with them. */
#ifndef MAP_H
#define MAP_H

struct asm_map;

/* Create the map; returns its descriptor or -errno. Says nothing: the caller explains. */
int map_create(const struct asm_map *map);

/* Give a map of globals its first value; a constant one is frozen then. 0 or -errno. */
int map_fill(int fd, const struct asm_map *map);

#endif
