/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../asm/asm.h"
#include "abi.h"
#include "object.h"
#include "holds.h"
#include "sys.h"

enum {
	MOST_DEPTH = 16,	/* folders in each other on a bpffs */
	MOST_MOUNTS = 32,
	PROC_PATH = 2 * NAME_MAX + 32,
};

/* Of maps, programs and links it is the second field. */
int64_t holds_id(int fd, enum object_kind kind)
{
	_Static_assert(offsetof(struct abi_map_info, id) == offsetof(struct abi_link_info, id) &&
		       offsetof(struct abi_prog_info, id) == offsetof(struct abi_link_info, id),
		       "one place for the id");
	struct abi_link_info info;
	struct abi_btf_info btf;
	int err;

	memset(&info, 0, sizeof(info));
	memset(&btf, 0, sizeof(btf));
	if (kind == OBJECT_BTF)
		err = object_info(fd, &btf, abi_end(struct abi_btf_info, id));
	else
		err = object_info(fd, &info, abi_end(struct abi_link_info, prog_id));
	if (err)
		return err;
	return kind == OBJECT_BTF ? btf.id : info.id;
}

/* ---- pins ---- */

static void visit_pin(const char *path, holds_pin_fn *fn, void *arg)
{
	int fd = object_open_pin(path, 0), kind;
	int64_t id;

	if (fd < 0)
		return;
	kind = object_kind_of(fd);
	id = kind < 0 ? kind : holds_id(fd, (enum object_kind)kind);
	if (id >= 0)
		fn(arg, path, (enum object_kind)kind, (uint32_t)id);
	sys_close(fd);
}

static void visit_dir(const char *dir, unsigned int depth, holds_pin_fn *fn, void *arg)
{
	DIR *d = depth < MOST_DEPTH ? opendir(dir) : NULL;
	const struct dirent *entry;
	char path[PATH_MAX];

	while (d && (entry = readdir(d))) {
		if (entry->d_name[0] == '.' ||
		    (size_t)snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name) >=
			    sizeof(path))
			continue;
		if (entry->d_type == DT_DIR)
			visit_dir(path, depth + 1, fn, arg);
		else if (entry->d_type == DT_REG)
			visit_pin(path, fn, arg);
	}
	if (d)
		closedir(d);
}

/* Each file system once, though it may be mounted at several places. */
struct seen {
	dev_t devs[MOST_MOUNTS];
	size_t n;
};

static bool is_new(struct seen *seen, const char *dir)
{
	struct stat st;

	if (seen->n == MOST_MOUNTS || stat(dir, &st))
		return false;
	for (size_t i = 0; i < seen->n; i++)
		if (seen->devs[i] == st.st_dev)
			return false;
	seen->devs[seen->n++] = st.st_dev;
	return true;
}

void holds_pins(holds_pin_fn *fn, void *arg)
{
	char *mounts, *rest, *line, *dir, *type;
	struct seen seen = { .n = 0 };
	size_t len;

	if (asm_read_file("/proc/self/mounts", &mounts, &len))
		return;
	for (rest = mounts; (line = strsep(&rest, "\n"));) {
		strsep(&line, " ");
		dir = strsep(&line, " ");
		type = strsep(&line, " ");
		if (type && !strcmp(type, "bpf") && is_new(&seen, dir))
			visit_dir(dir, 0, fn, arg);
	}
	free(mounts);
}

/* ---- processes ---- */

/* Does the small file have that line? */
static bool has_line(const char *path, const char *line)
{
	size_t len, want = strlen(line);
	const char *at;
	char *text;
	bool has = false;

	if (asm_read_file(path, &text, &len))
		return false;
	for (at = text; at && !has; at = strchr(at, '\n')) {
		at += *at == '\n';
		has = !strncmp(at, line, want) && (at[want] == '\n' || !at[want]);
	}
	free(text);
	return has;
}

/* Has the process a descriptor whose fdinfo has the line? */
static bool proc_holds(const char *pid, const char *line)
{
	char path[PROC_PATH];
	const struct dirent *entry;
	bool holds = false;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%s/fdinfo", pid);
	d = opendir(path);
	while (d && !holds && (entry = readdir(d))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%s/fdinfo/%s", pid, entry->d_name);
		holds = has_line(path, line);
	}
	if (d)
		closedir(d);
	return holds;
}

static void visit_proc(const char *pid, holds_proc_fn *fn, void *arg)
{
	char path[PROC_PATH], *comm = NULL;
	size_t len;

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	if (asm_read_file(path, &comm, &len))
		comm = NULL;
	if (comm)
		comm[strcspn(comm, "\n")] = '\0';
	fn(arg, (uint32_t)strtoul(pid, NULL, 10), comm ? comm : "?");
	free(comm);
}

void holds_procs(enum object_kind kind, uint32_t id, holds_proc_fn *fn, void *arg)
{
	const struct dirent *entry;
	char line[64], self[32];
	DIR *d = opendir("/proc");

	snprintf(line, sizeof(line), "%s_id:\t%u", object_word(kind), id);
	snprintf(self, sizeof(self), "%d", (int)getpid());
	while (d && (entry = readdir(d)))
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
		    strcmp(entry->d_name, self) != 0 && proc_holds(entry->d_name, line))
			visit_proc(entry->d_name, fn, arg);
	if (d)
		closedir(d);
}
