/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * maps.h - what lies where in the memory of processes, as it was when they were seen, and what it
 * is called. Needs loader.h
 */
#ifndef MAPS_H
#define MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MAPS_COMM = 16 };

/*
 * A process, and the name of its threads: a program that another takes the place of has another
 * name, and other files.
 */
struct maps_who {
	uint32_t pid;
	char comm[MAPS_COMM];
};

struct maps_process;
struct maps_root;

struct maps {
	struct maps_process **processes;	/* in order */
	size_t count, room;
	struct maps_root *roots;
	size_t nroots, roots_room;
};

/*
 * Read what /proc says of a process that runs. To be called when it has new stacks: its files are
 * looked at anew at the 1st, 2nd, 4th, 8th ... of these calls. False: no memory.
 */
bool maps_see(struct maps *maps, const struct maps_who *who);

/* One that was seen, or NULL. */
struct maps_process *maps_find(const struct maps *maps, const struct maps_who *who);

/*
 * The function at an address of a process, which may be gone. Else NULL, and in *file what lies
 * there: the path of a file, "[stack]" or the like, or "" where nothing is known.
 */
const char *maps_name(struct maps_process *process, struct load_names *names, uint64_t address,
		      const char **file);

void maps_free(struct maps *maps);

#endif
