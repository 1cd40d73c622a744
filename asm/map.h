/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* map.h - the .map directive. */
#ifndef MAP_H
#define MAP_H

#include <stdbool.h>

struct unit;

/* .map NAME type T key TYPE value TYPE entries N flags N, with the token on NAME */
bool map_parse(struct unit *unit);

/* A new map of the object, all zero; valid until the next. */
struct asm_map *map_new(struct unit *unit);

/* Whether .map takes a map with this type, these sizes and entries. */
bool map_is_legal(const struct asm_map *map);

#endif
