/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "abi.h"
#include "json.h"
#include "loader.h"
#include "object.h"
#include "holds.h"
#include "sys.h"
#include "value.h"

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

/* What there is no memory for is passed over, too. */
static void add(struct holds *holds, uint32_t id, uint32_t pid, const char *name)
{
	struct holder *at = holds->at;
	char *own = strdup(name);

	if (holds->n == holds->room) {
		at = reallocarray(at, 2 * holds->room + 16, sizeof(*at));
		if (at) {
			holds->at = at;
			holds->room = 2 * holds->room + 16;
		}
	}
	if (own && at)
		holds->at[holds->n++] = (struct holder){ id, pid, own };
	else
		free(own);
}

void holds_free(struct holds *holds)
{
	while (holds->n > 0)
		free(holds->at[--holds->n].name);
	free(holds->at);
	memset(holds, 0, sizeof(*holds));
}

/* ---- pins ---- */

static void visit_pin(struct holds *holds, const char *path, enum object_kind kind)
{
	int fd = object_open_pin(path, 0);
	int64_t id;

	if (fd < 0)
		return;
	id = object_kind_of(fd) == (int)kind ? holds_id(fd, kind) : -EINVAL;
	if (id >= 0)
		add(holds, (uint32_t)id, 0, path);
	sys_close(fd);
}

static void visit_dir(struct holds *holds, const char *dir, unsigned int depth,
		      enum object_kind kind)
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
			visit_dir(holds, path, depth + 1, kind);
		else if (entry->d_type == DT_REG)
			visit_pin(holds, path, kind);
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

void holds_pins(struct holds *holds, enum object_kind kind)
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
			visit_dir(holds, dir, 0, kind);
	}
	free(mounts);
}

/* ---- processes ---- */

/* The name of a process, for what it holds; the other threads have the same descriptors. */
static void add_proc(struct holds *holds, const char *pid, uint32_t id, size_t first)
{
	char path[PROC_PATH], *comm = NULL;
	size_t len;

	for (size_t i = first; i < holds->n; i++)
		if (holds->at[i].id == id)
			return;
	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	if (asm_read_file(path, &comm, &len))
		comm = NULL;
	if (comm)
		comm[strcspn(comm, "\n")] = '\0';
	add(holds, id, (uint32_t)strtoul(pid, NULL, 10), comm ? comm : "?");
	free(comm);
}

/* A link alone tells what a descriptor is of; only those of the kind are looked at. */
static void visit_proc(struct holds *holds, const char *pid, enum object_kind kind)
{
	const struct dirent *entry;
	char path[PROC_PATH], word[16];
	size_t first = holds->n;
	uint64_t id;
	DIR *d;

	snprintf(word, sizeof(word), "%s_id", object_word(kind));
	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	d = opendir(path);
	while (d && (entry = readdir(d))) {
		snprintf(path, sizeof(path), "/proc/%s/fd/%s", pid, entry->d_name);
		if (object_kind_of_file(path) != (int)kind)
			continue;
		snprintf(path, sizeof(path), "/proc/%s/fdinfo/%s", pid, entry->d_name);
		if (object_fdinfo(path, word, &id))
			add_proc(holds, pid, (uint32_t)id, first);
	}
	if (d)
		closedir(d);
}

void holds_procs(struct holds *holds, enum object_kind kind)
{
	const struct dirent *entry;
	DIR *d = opendir("/proc");
	char self[32];

	snprintf(self, sizeof(self), "%d", (int)getpid());
	while (d && (entry = readdir(d)))
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
		    strcmp(entry->d_name, self) != 0)
			visit_proc(holds, entry->d_name, kind);
	if (d)
		closedir(d);
}

/* ---- showing ---- */

static void put_text(FILE *f, const char *text)
{
	value_print_text(f, LOAD_TEXT, text, strlen(text));
}

void holds_show_pins(const struct holds *holds, uint32_t id, struct json *json, FILE *f)
{
	bool any = false;	/* of the kind: then there is a list, if an empty one */

	for (size_t i = 0; i < holds->n; i++) {
		const struct holder *holder = &holds->at[i];

		if (holder->pid)
			continue;
		if (json && !any) {
			json_name(json, "pinned");
			json_open(json, '[');
		}
		any = true;
		if (holder->id == id && json) {
			json_string(json, holder->name);
		} else if (holder->id == id) {
			fputs("\n\tpinned ", f);
			put_text(f, holder->name);
		}
	}
	if (json && any)
		json_close(json, ']');
}

void holds_show_procs(const struct holds *holds, uint32_t id, struct json *json, FILE *f)
{
	bool any = false;

	for (size_t i = 0; i < holds->n; i++) {
		const struct holder *holder = &holds->at[i];

		if (!holder->pid || holder->id != id)
			continue;
		if (json && !any) {
			json_name(json, "pids");
			json_open(json, '[');
		}
		if (json) {
			json_open(json, '{');
			json_name_number(json, "pid", holder->pid);
			json_name_string(json, "comm", holder->name);
			json_close(json, '}');
		} else {
			fputs(any ? ", " : "\n\tpids ", f);
			put_text(f, holder->name);
			fprintf(f, "(%" PRIu32 ")", holder->pid);
		}
		any = true;
	}
	if (json && any)
		json_close(json, ']');
}
