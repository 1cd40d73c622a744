/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* maps.h - which file lies where in the memory of processes, as it was when they were seen. */
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

struct maps {
	struct maps_process *processes;
	size_t count, room;
};

/*
 * Read /proc/PID/maps of a process that runs; once, or again with `again`. What was read before
 * stays when it is gone. False: no memory.
 */
bool maps_see(struct maps *maps, const struct maps_who *who, bool again);

/*
 * The file at an address, and the offset in it. "" where there is no file; NULL where nothing is
 * known to be. The name lives until the process is seen again.
 */
const char *maps_find(const struct maps *maps, const struct maps_who *who, uint64_t address,
		      uint64_t *offset);

void maps_free(struct maps *maps);

#endif
