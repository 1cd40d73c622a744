/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "../../asm/asm.h"
#include "../../loader/loader.h"
#include "../common/grow.h"
#include "maps.h"

enum { PATH = 64, OWN = -1 };

struct region {
	uint64_t start, end, offset;
	uint64_t device, inode;
	char *path;
	bool asked;
	const struct load_functions *functions;
};

struct regions {
	struct region *at;	/* in order */
	size_t count, room;
};

struct maps_process {
	struct maps_who who;
	int root;		/* borrowed; OWN: as for this process */
	uint32_t pid, uid;	/* the number that it knows itself by, and its effective user */
	struct regions first;	/* as it was first seen */
	struct regions last;	/* as it was seen last: it may have loaded files since */
	unsigned int seen;
	bool asked_last, asked_jit;
	const struct load_functions *jit;
};

/* Where paths of processes begin: a root folder in a namespace of mounts. */
struct maps_root {
	ino_t namespace, inode;
	dev_t device;
	int fd;
};

/* ---- what is mapped ---- */

static void drop(struct regions *regions)
{
	for (size_t i = 0; i < regions->count; i++)
		free(regions->at[i].path);
	free(regions->at);
}

static bool add(struct regions *regions, const struct region *region)
{
	struct region *grown = grow(regions->at, &regions->room, regions->count, sizeof(*grown));

	if (!grown)
		return false;
	regions->at = grown;
	regions->at[regions->count++] = *region;
	return true;
}

/* "start-end rwxp offset major:minor inode   path": what can be executed. */
static bool take_line(struct regions *regions, char *line)
{
	struct region region = { 0 };
	unsigned int major, minor;
	char mode[5] = "";
	int path = 0;

	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64 " %n",
		   &region.start, &region.end, mode, &region.offset, &major, &minor, &region.inode,
		   &path) < 7 || mode[2] != 'x')
		return true;
	region.device = makedev(major, minor);
	region.path = strdup(line + path);
	if (region.path && add(regions, &region))
		return true;
	free(region.path);
	return false;
}

static FILE *open_file(uint32_t pid, const char *name)
{
	char path[PATH];

	snprintf(path, sizeof(path), "/proc/%u/%s", pid, name);
	return fopen(path, "re");
}

/* Nothing is there when it has ended. */
static bool read_maps(struct regions *regions, uint32_t pid)
{
	FILE *f = open_file(pid, "maps");
	char *line = NULL;
	size_t room = 0;
	bool done = true;

	while (done && f && getline(&line, &room, f) >= 0)
		done = take_line(regions, line);
	free(line);
	if (f)
		fclose(f);
	return done;
}

static struct region *find_region(const struct regions *regions, uint64_t address)
{
	size_t low = 0, high = regions->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (address < regions->at[mid].start)
			high = mid;
		else if (address >= regions->at[mid].end)
			low = mid + 1;
		else
			return &regions->at[mid];
	}
	return NULL;
}

/* ---- whose it is ---- */

static bool stat_in(uint32_t pid, const char *name, struct stat *st)
{
	char path[PATH];

	snprintf(path, sizeof(path), "/proc/%u/%s", pid, name);
	return stat(path, st) == 0;
}

/*
 * Opened when the first of its processes is seen: the others may be gone when names are looked for.
 * OWN when there is none.
 */
static int find_root(struct maps *maps, uint32_t pid)
{
	struct stat namespace, folder, own_namespace, own;
	struct maps_root *root;
	char path[PATH];

	if (!stat_in(pid, "ns/mnt", &namespace) || !stat_in(pid, "root/", &folder) ||
	    stat("/proc/self/ns/mnt", &own_namespace) != 0 || stat("/", &own) != 0 ||
	    (namespace.st_ino == own_namespace.st_ino && folder.st_ino == own.st_ino &&
	     folder.st_dev == own.st_dev))
		return OWN;
	for (size_t i = 0; i < maps->nroots; i++) {
		root = &maps->roots[i];
		if (root->namespace == namespace.st_ino && root->inode == folder.st_ino &&
		    root->device == folder.st_dev)
			return root->fd;
	}
	root = grow(maps->roots, &maps->roots_room, maps->nroots, sizeof(*root));
	if (!root)
		return OWN;
	maps->roots = root;
	snprintf(path, sizeof(path), "/proc/%u/root/", pid);
	root += maps->nroots++;
	*root = (struct maps_root){ namespace.st_ino, folder.st_ino, folder.st_dev,
				    open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) };
	return root->fd;
}

/* "NSpid:\t4711\t7": the last is the number that it has itself. "Uid:\t0\t1000 ...": effective. */
static void read_status(struct maps_process *process)
{
	FILE *f = open_file(process->who.pid, "status");
	char *line = NULL;
	size_t room = 0;

	process->pid = process->who.pid;
	while (f && getline(&line, &room, f) >= 0) {
		sscanf(line, "Uid: %*u %u", &process->uid);
		if (strncmp(line, "NSpid:", 6) == 0)
			process->pid = (uint32_t)strtoul(strrchr(line, '\t'), NULL, 10);
	}
	free(line);
	if (f)
		fclose(f);
}

/* ---- processes ---- */

/* The index of the first that is not before it. */
static size_t find_place(const struct maps *maps, const struct maps_who *who)
{
	size_t low = 0, high = maps->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (memcmp(&maps->processes[mid]->who, who, sizeof(*who)) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct maps_process *maps_find(const struct maps *maps, const struct maps_who *who)
{
	size_t at = find_place(maps, who);
	struct maps_process *process = at < maps->count ? maps->processes[at] : NULL;

	return process && memcmp(&process->who, who, sizeof(*who)) == 0 ? process : NULL;
}

/* What was known stays when it has ended. */
static bool look_again(struct maps_process *process)
{
	struct regions now = { 0 };
	bool done = read_maps(&now, process->who.pid);

	drop(now.count ? &process->last : &now);
	if (now.count)
		process->last = now;
	return done;
}

bool maps_see(struct maps *maps, const struct maps_who *who)
{
	size_t at = find_place(maps, who);
	struct maps_process *process, **grown;

	process = maps_find(maps, who);
	if (process) {
		process->seen++;
		return process->seen & (process->seen - 1) || look_again(process);
	}
	grown = grow(maps->processes, &maps->room, maps->count, sizeof(*grown));
	process = calloc(1, sizeof(*process));
	if (grown)
		maps->processes = grown;
	if (!grown || !process) {
		free(process);
		return false;
	}
	memmove(grown + at + 1, grown + at, (maps->count++ - at) * sizeof(*grown));
	grown[at] = process;
	process->who = *who;
	process->root = find_root(maps, who->pid);
	read_status(process);
	return read_maps(&process->first, who->pid);
}

/* ---- names ---- */

static const struct load_functions *find_functions(const struct maps_process *process,
						   struct load_names *names,
						   const struct region *region)
{
	char range[PATH];
	struct load_mapped mapped = {
		process->root, region->path, range, region->device, region->inode,
	};

	if (strcmp(region->path, "[vdso]") == 0)
		return load_functions_vdso(names, region->start);
	snprintf(range, sizeof(range), "/proc/%u/map_files/%" PRIx64 "-%" PRIx64, process->who.pid,
		 region->start, region->end);
	return *region->path == '/' ? load_functions_mapped(names, &mapped) : NULL;
}

/* What its language says of the code that it has made. */
static bool name_jit(struct maps_process *process, struct load_names *names, uint64_t address,
		     struct load_name *out)
{
	if (!process->asked_jit)
		process->jit = load_functions_jit(names, process->root, process->pid, process->uid);
	process->asked_jit = true;
	return load_name_in(process->jit, address, out);
}

const char *maps_name(struct maps_process *process, struct load_names *names, uint64_t address,
		      const char **file)
{
	struct region *region = find_region(&process->first, address);
	struct load_name name;

	if (!region)
		region = find_region(&process->last, address);
	if (!region && !process->asked_last) {
		process->asked_last = look_again(process);
		region = find_region(&process->last, address);
	}
	*file = region ? region->path : "";
	if (region && !region->asked)
		region->functions = find_functions(process, names, region);
	if (region)
		region->asked = true;
	if ((region && load_name_in(region->functions, address - region->start + region->offset,
				    &name)) || name_jit(process, names, address, &name))
		return name.name;
	return NULL;
}

void maps_free(struct maps *maps)
{
	for (size_t i = 0; i < maps->count; i++) {
		drop(&maps->processes[i]->first);
		drop(&maps->processes[i]->last);
		free(maps->processes[i]);
	}
	for (size_t i = 0; i < maps->nroots; i++)
		if (maps->roots[i].fd >= 0)
			close(maps->roots[i].fd);
	free(maps->processes);
	free(maps->roots);
}
