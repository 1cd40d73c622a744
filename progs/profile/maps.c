/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "maps.h"

enum { FIRST_ROOM = 16, PATH = 64 };

struct region {
	uint64_t start, end, offset;
	char *path;
};

struct maps_process {
	struct maps_who who;
	struct region *regions;
	size_t count, room;
};

/* ---- one process ---- */

static void drop(struct maps_process *process)
{
	for (size_t i = 0; i < process->count; i++)
		free(process->regions[i].path);
	free(process->regions);
	process->regions = NULL;
	process->count = process->room = 0;
}

static bool add(struct maps_process *process, const struct region *region)
{
	size_t room = process->room ? 2 * process->room : FIRST_ROOM;
	struct region *grown;

	if (process->count == process->room) {
		grown = reallocarray(process->regions, room, sizeof(*grown));
		if (!grown)
			return false;
		process->regions = grown;
		process->room = room;
	}
	process->regions[process->count++] = *region;
	return true;
}

/* "start-end rwxp offset major:minor inode   path": what can be executed. */
static bool take_line(struct maps_process *process, char *line)
{
	struct region region = { 0 };
	char mode[5] = "";
	int path = 0;

	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %*s %*s %n", &region.start,
		   &region.end, mode, &region.offset, &path) < 4 || mode[2] != 'x')
		return true;
	region.path = strdup(line + path);
	if (region.path && add(process, &region))
		return true;
	free(region.path);
	return false;
}

/* Into a process that has nothing yet; nothing is there when it has ended. */
static bool read_maps(struct maps_process *process)
{
	char path[PATH], *line = NULL;
	size_t room = 0;
	bool done = true;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%u/maps", process->who.pid);
	f = fopen(path, "re");
	while (done && f && getline(&line, &room, f) >= 0)
		done = take_line(process, line);
	free(line);
	if (f)
		fclose(f);
	return done;
}

static bool see_again(struct maps_process *process)
{
	struct maps_process fresh = { .who = process->who };
	bool done = read_maps(&fresh);

	if (done && fresh.count) {
		drop(process);
		*process = fresh;
	} else {
		drop(&fresh);
	}
	return done;
}

/* ---- all of them ---- */

static struct maps_process *find(const struct maps *maps, const struct maps_who *who)
{
	for (size_t i = 0; i < maps->count; i++)
		if (memcmp(&maps->processes[i].who, who, sizeof(*who)) == 0)
			return &maps->processes[i];
	return NULL;
}

static struct maps_process *new_process(struct maps *maps, const struct maps_who *who)
{
	size_t room = maps->room ? 2 * maps->room : FIRST_ROOM;
	struct maps_process *grown;

	if (maps->count == maps->room) {
		grown = reallocarray(maps->processes, room, sizeof(*grown));
		if (!grown)
			return NULL;
		maps->processes = grown;
		maps->room = room;
	}
	maps->processes[maps->count] = (struct maps_process){ .who = *who };
	return &maps->processes[maps->count++];
}

bool maps_see(struct maps *maps, const struct maps_who *who, bool again)
{
	struct maps_process *process = find(maps, who);

	if (process && !again)
		return true;
	if (!process)
		process = new_process(maps, who);
	return process && see_again(process);
}

const char *maps_find(const struct maps *maps, const struct maps_who *who, uint64_t address,
		      uint64_t *offset)
{
	const struct maps_process *process = find(maps, who);

	for (size_t i = 0; process && i < process->count; i++) {
		const struct region *region = &process->regions[i];

		if (address < region->start || address >= region->end)
			continue;
		*offset = address - region->start + region->offset;
		return region->path;
	}
	return NULL;
}

void maps_free(struct maps *maps)
{
	for (size_t i = 0; i < maps->count; i++)
		drop(&maps->processes[i]);
	free(maps->processes);
}
