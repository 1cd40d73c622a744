/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* maps.h - the maps of an object, with what they begin with. */
#ifndef MAPS_H
#define MAPS_H

struct load;

/*
 * Create all maps, in their order: those that are shared by name are found instead, when they are
 * there. Globals and maps in maps have their first values then. 0 or -errno, explained.
 */
int maps_create(struct load *load);

/* Give the maps of programs theirs. 0 or -errno, explained. */
int maps_put_programs(struct load *load);

#endif
