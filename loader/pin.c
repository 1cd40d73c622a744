/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "abi.h"
#include "load.h"
#include "loader.h"
#include "pin.h"
#include "say.h"
#include "sys.h"

#define BPFFS_MAGIC UINT32_C(0xcafe4a11)

/* A name to give. */
struct pin {
	const char *what;	/* for messages */
	const char *name;
	char suffix[32];
	char clean[64];		/* room for the name, where it is another than the thing's */
	int fd;
};

/* ---- the directory ---- */

/* The directory that holds a path: "." for a bare name. */
static int parent_of(const char *path, char *out, size_t size)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	while (len > 0 && path[len - 1] != '/')
		len--;
	while (len > 1 && path[len - 1] == '/')
		len--;
	if (len >= size)
		return -ENAMETOOLONG;
	memcpy(out, path, len);
	out[len] = '\0';
	if (len == 0)
		strcpy(out, ".");
	return 0;
}

/* Is that path on a bpffs? */
static int on_bpffs(const struct load_options *opt, const char *dir, const char *path)
{
	uint32_t type;
	int err = sys_fs_type(path, &type);

	if (err) {
		say_error(opt, NULL, "pin directory %s: statfs %s: %s", dir, path, strerror(-err));
		return err;
	}
	if (type == BPFFS_MAGIC)
		return 0;
	say_error(opt, NULL, "pin directory %s: %s is not on a bpffs", dir, path);
	say_note(opt, NULL, "`mount -t bpf bpf /sys/fs/bpf` mounts one; pins live below it");
	return -EINVAL;
}

/* A bpffs answers EPERM to a name with a '.' in it. */
static void say_dir(const struct load_options *opt, const char *dir, const char *call, int err)
{
	const char *slash = strrchr(dir, '/');

	say_error(opt, NULL, "pin directory %s: %s: %s%s", dir, call, strerror(-err),
		  err == -EPERM && strchr(slash ? slash : dir, '.') ?
		  ": a bpffs takes no '.' in a name" : "");
}

static int make_dir(const struct load_options *opt, const char *dir)
{
	enum { MODE = 0700 };
	int err = sys_mkdir(dir, MODE);

	if (err) {
		say_dir(opt, dir, "mkdir", err);
		return err;
	}
	say_step(opt, "pin directory %s made", dir);
	return 1;
}

/* 1 when it was made, 0 when it was there, or -errno, explained. */
static int pin_dir(const struct load_options *opt, const char *dir)
{
	char parent[PATH_MAX];
	int err = sys_is_dir(dir);

	if (err == 0)
		return on_bpffs(opt, dir, dir);
	if (err == -ENOENT)
		err = parent_of(dir, parent, sizeof(parent));
	if (err) {
		say_dir(opt, dir, "stat", err);
		return err;
	}
	err = on_bpffs(opt, dir, parent);
	return err ? err : make_dir(opt, dir);
}

/* ---- the pins ---- */

static int pin_path(const char *dir, const struct pin *pin, char *path, size_t size)
{
	int len = snprintf(path, size, "%s/%s%s", dir, pin->name, pin->suffix);

	return len < 0 || (size_t)len >= size ? -ENAMETOOLONG : 0;
}

static int pin_one(const struct load_options *opt, const char *dir, const struct pin *pin)
{
	char path[PATH_MAX];
	struct abi_obj attr;
	int err = pin_path(dir, pin, path, sizeof(path));

	memset(&attr, 0, sizeof(attr));
	attr.pathname = abi_ptr(path);
	attr.bpf_fd = (uint32_t)pin->fd;
	if (!err)
		err = sys_bpf(BPF_OBJ_PIN, &attr, abi_end(struct abi_obj, bpf_fd));
	if (err)
		say_error(opt, NULL, "%s %s: BPF_OBJ_PIN %s/%s%s: %s", pin->what, pin->name, dir,
			  pin->name, pin->suffix, strerror(-err));
	else
		say_step(opt, "%s %s: BPF_OBJ_PIN %s", pin->what, pin->name, path);
	return err;
}

static void unpin(const struct load_options *opt, const char *dir, const struct pin *pin)
{
	char path[PATH_MAX];
	int err = pin_path(dir, pin, path, sizeof(path));

	if (!err)
		err = sys_unlink(path);
	if (err)
		say_error(opt, NULL, "%s %s: cannot take back the pin %s/%s%s: %s", pin->what,
			  pin->name, dir, pin->name, pin->suffix, strerror(-err));
}

/* All of them or none. */
static int pin_all(const struct load_options *opt, const char *dir, const struct pin *pins,
		   size_t count)
{
	size_t done = 0;
	int err = 0;

	while (done < count && !err) {
		err = pin_one(opt, dir, &pins[done]);
		done += !err;
	}
	while (err && done > 0)
		unpin(opt, dir, &pins[--done]);
	return err;
}

/* What could not be pinned is refused before anything is. */
static int check_pin(const struct load_options *opt, const struct pin *pin)
{
	if (!pin->name[0] || strpbrk(pin->name, "./")) {
		say_error(opt, NULL, "%s '%s' cannot be pinned: a bpffs takes no '.' in a name, "
			  "and no empty one", pin->what, pin->name);
		return -EINVAL;
	}
	return 0;
}

static int check_links(const struct load_options *opt, const struct load_prog *prog)
{
	size_t i;

	for (i = 0; i < prog->nlinks && prog->links[i].pinnable; i++)
		;
	if (i == prog->nlinks)
		return 0;
	say_error(opt, NULL, "program %s is attached without a BPF link: nothing holds it once "
		  "this process is gone", prog->func->name);
	say_note(opt, NULL, "perf events have links from Linux 5.15 on, maps of sockets from 6.10 "
		 "on, and sockets none");
	return -EOPNOTSUPP;
}

/* link 0: it is none; 1: NAME-link; then NAME-link-2 and so on. */
static struct pin pin_of(const char *what, const char *name, size_t link, int fd)
{
	struct pin pin = { .what = what, .name = name, .fd = fd };

	if (link == 1)
		strcpy(pin.suffix, "-link");
	else if (link > 1)
		snprintf(pin.suffix, sizeof(pin.suffix), "-link-%zu", link);
	return pin;
}

/* A bpffs takes no '.': .rodata is rodata there, and .data.mine data_mine. */
static void map_pin_clean(struct pin *pin)
{
	size_t i;

	for (i = 0; i < sizeof(pin->clean) - 1 && pin->name[i + 1]; i++)
		pin->clean[i] = pin->name[i + 1] == '.' ? '_' : pin->name[i + 1];
	pin->name = pin->clean;
}

static struct pin map_pin(const struct load_map *map)
{
	return pin_of("map", map->map->symbol ? map->map->symbol : map->map->name, 0, map->fd);
}

static const char *prog_pin_name(const struct asm_func *func)
{
	return func->symbol ? func->symbol : func->name;
}

/* List what is to be pinned; the number, or -errno, explained. */
static int list_pins(const struct load *load, struct pin *pins)
{
	size_t n = 0;
	int err = 0;

	for (size_t i = 0; i < load->nmaps; i++, n++) {
		pins[n] = map_pin(&load->maps[i]);
		if (load->maps[i].map->data)
			map_pin_clean(&pins[n]);
	}
	for (size_t i = 0; i < load->nprogs && !err; i++) {
		const struct load_prog *prog = &load->progs[i];

		err = check_links(load->opt, prog);
		pins[n++] = pin_of("program", prog_pin_name(prog->func), 0, prog->fd);
		for (size_t j = 0; j < prog->nlinks; j++)
			pins[n++] = pin_of("link of program", prog_pin_name(prog->func), j + 1,
					   prog->links[j].fd);
	}
	for (size_t i = 0; i < n && !err; i++)
		err = check_pin(load->opt, &pins[i]);
	return err ? err : (int)n;
}

/* At least 1: calloc() of nothing may give nothing. */
static size_t count_pins(const struct load *load)
{
	size_t n = 1 + load->nmaps + load->nprogs;

	for (size_t i = 0; i < load->nprogs; i++)
		n += load->progs[i].nlinks;
	return n;
}

/* Split a path into the folder and the name: pins are made of both. */
static int split_path(const struct load_options *opt, const char *path, char *dir, size_t size,
		      const char **name)
{
	int err = parent_of(path, dir, size);

	*name = path + strlen(path);
	while (*name > path && (*name)[-1] != '/')
		(*name)--;
	if (err)
		say_error(opt, NULL, "%s: %s", path, strerror(-err));
	return err;
}

int pin_at(const struct load_options *opt, const char *what, const int *fds, size_t n,
	   const char *path)
{
	struct pin *pins = calloc(n, sizeof(*pins));
	char dir[PATH_MAX];
	const char *name = path;
	int made = 0, err = -ENOMEM;

	if (pins)
		err = split_path(opt, path, dir, sizeof(dir), &name);
	for (size_t i = 0; i < n && !err; i++) {
		pins[i] = (struct pin){ .what = what, .name = name, .fd = fds[i] };
		if (i)
			snprintf(pins[i].suffix, sizeof(pins[i].suffix), "-%zu", i + 1);
		err = check_pin(opt, &pins[i]);
	}
	if (!err) {
		made = err = pin_dir(opt, dir);
		if (err >= 0)
			err = pin_all(opt, dir, pins, n);
		if (err < 0 && made > 0)
			sys_rmdir(dir);
	}
	free(pins);
	return err;
}

void pin_remove(const char *path, size_t n)
{
	char other[PATH_MAX];

	sys_unlink(path);
	for (size_t i = 2; i <= n; i++) {
		snprintf(other, sizeof(other), "%s-%zu", path, i);
		sys_unlink(other);
	}
}

int load_pin(struct load *load, const char *dir)
{
	struct pin *pins = calloc(count_pins(load), sizeof(*pins));
	int made = 0, ret = -ENOMEM;

	if (pins)
		ret = list_pins(load, pins);
	else
		say_error(load->opt, NULL, "pin directory %s: %s", dir, strerror(ENOMEM));
	if (ret > 0) {
		size_t count = (size_t)ret;

		made = ret = pin_dir(load->opt, dir);
		if (ret >= 0)
			ret = pin_all(load->opt, dir, pins, count);
		if (ret < 0 && made > 0)
			sys_rmdir(dir);
	}
	free(pins);
	return ret;
}
