/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * holds.h - what keeps objects of the kernel: pins on bpffs mounts, descriptors of processes.
 *
 * All objects of a kind at once, as it is now; what this process may not see, and itself, is passed
 * over. Needs object.h
 */
#ifndef HOLDS_H
#define HOLDS_H

#include <stdint.h>
#include <stdio.h>

struct json;

struct holder {
	uint32_t id;		/* of the object */
	uint32_t pid;		/* 0: it is a pin */
	char *name;		/* its path, or the process's */
};

struct holds {
	struct holder *at;	/* a process once for each object */
	size_t n, room;
};

/* Add to what there is; zeroed at first. */
void holds_pins(struct holds *holds, enum object_kind kind);
void holds_procs(struct holds *holds, enum object_kind kind);
void holds_free(struct holds *holds);	/* zeroed is fine */

/*
 * bpftool's "pinned" and "pids" of an object, if it has some; json NULL: as text in f, a line each
 * with a tab in front, each behind what stands there.
 */
void holds_show_pins(const struct holds *holds, uint32_t id, struct json *json, FILE *f);
void holds_show_procs(const struct holds *holds, uint32_t id, struct json *json, FILE *f);

/* The id of what a descriptor is of, or -errno. */
int64_t holds_id(int fd, enum object_kind kind);

#endif
