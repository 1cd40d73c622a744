/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* slot.h - what maps begin with, and what the maps in a map are like. */
#ifndef SLOT_H
#define SLOT_H

#include <stdbool.h>
#include <stdint.h>

struct token;
struct unit;

/* .slot MAP[KEY] = NAME, or .slot MAP.MEMBER = WHAT, with the token on MAP */
bool slot_parse(struct unit *unit);

/* The maps in map number `map` are like the one that the token names. */
void slot_inner(struct unit *unit, uint32_t map, const struct token *name);

/* All names are known: settle those above. */
void slot_close(struct unit *unit);

#endif
