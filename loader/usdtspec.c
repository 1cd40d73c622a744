/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "abi.h"
#include "loader.h"
#include "attach.h"
#include "load.h"
#include "object.h"
#include "say.h"
#include "sys.h"
#include "usdtarg.h"
#include "usdtspec.h"
#include "why.h"

static const char specs_name[] = "__bpf_usdt_specs", ids_name[] = "__bpf_usdt_ip_to_spec_id";

enum { NOWHERE = 0xff };	/* a kind that no program knows: to it, it is an error */

void usdtspec_add(struct usdt_spec *spec, const struct usdt_arg *arg)
{
	uint16_t i = spec->count;

	if (i == USDT_ARGS)
		return;
	spec->count++;
	if (arg->kind == USDT_ARG_UNKNOWN) {
		spec->args[i].kind = NOWHERE;
		return;
	}
	spec->args[i].value = arg->value;
	spec->args[i].kind = (uint32_t)arg->kind | (uint32_t)arg->index << 8 |
			     (uint32_t)arg->shift << 20;
	spec->args[i].reg = arg->reg;
	spec->args[i].is_signed = arg->is_signed;
	spec->args[i].unused_bits = (uint8_t)(64 - 8 * arg->size);
}

/* ---- the maps ---- */

/* The map of a program that is in the kernel already: it was loaded by somebody else. */
static int find_of_program(int prog, const char *name)
{
	enum { IDS = 64 };
	struct abi_prog_info info;
	struct abi_map_info map;
	uint32_t ids[IDS];
	int err;

	memset(&info, 0, sizeof(info));
	info.nr_map_ids = IDS;
	info.map_ids = abi_ptr(ids);
	err = object_info(prog, &info, sizeof(info));
	for (uint32_t i = 0; !err && i < info.nr_map_ids && i < IDS; i++) {
		int fd = object_open_id(OBJECT_MAP, ids[i], 0);

		memset(&map, 0, sizeof(map));
		if (fd >= 0 && object_info(fd, &map, sizeof(map)) == 0 &&
		    strncmp(map.name, name, sizeof(map.name) - 1) == 0)
			return fd;
		sys_close(fd);
	}
	return err ? err : -ENOENT;
}

static int find_map(const struct attach *a, const char *name)
{
	int fd = a->load->obj ? load_map_fd(a->load, name) : find_of_program(a->prog->fd, name);

	return a->load->obj && fd >= 0 ? sys_dup(fd) : fd;
}

static int check_specs(const struct attach *a, struct usdt_maps *maps)
{
	struct abi_map_info info;
	int err;

	memset(&info, 0, sizeof(info));
	err = object_info(maps->specs, &info, sizeof(info));
	if (!err && (info.key_size != sizeof(uint32_t) ||
		     info.value_size != sizeof(struct usdt_spec)))
		err = -EINVAL;
	if (err)
		say_error(a->load->opt, &a->place, "%s: map %s: %s", a->what, specs_name,
			  err == -EINVAL ? "its keys and values are not those of libbpf 1.0 and "
			  "later" : strerror(-err));
	maps->most = info.max_entries;
	return err;
}

int usdtspec_open(const struct attach *a, struct usdt_maps *maps)
{
	*maps = (struct usdt_maps){ .specs = find_map(a, specs_name), .ids = -1 };
	if (maps->specs == -ENOENT) {
		maps->specs = -1;
		return 0;
	}
	if (maps->specs < 0) {
		say_error(a->load->opt, &a->place, "%s: map %s: %s", a->what, specs_name,
			  strerror(-maps->specs));
		return maps->specs;
	}
	maps->by_address = why_kernel_before(ASM_KERNEL(5, 15)) ||
			   a->load->opt->flags & LOAD_NO_PERF_LINK;
	if (maps->by_address)
		maps->ids = find_map(a, ids_name);
	return check_specs(a, maps);
}

void usdtspec_close(struct usdt_maps *maps)
{
	sys_close(maps->specs);
	sys_close(maps->ids);
}

/* Specs are never removed, so that the first that was not taken ends them. */
int usdtspec_put(const struct attach *a, const struct usdt_maps *maps,
		 const struct usdt_spec *spec)
{
	struct usdt_spec there;
	uint32_t id = 0;
	int err = 0;

	for (; id < maps->most && !err; id++) {
		err = load_map_lookup(maps->specs, &id, &there);
		if (!err && memcmp(&there, spec, sizeof(there)) == 0)
			return (int)id;
		if (!err && !there.taken && !there.count)
			break;
	}
	if (!err)
		err = id < maps->most ? load_map_update(maps->specs, &id, spec, BPF_ANY) : -E2BIG;
	if (!err)
		return (int)id;
	say_error(a->load->opt, &a->place, "%s: map %s: %s", a->what, specs_name, err == -E2BIG ?
		  "it has no room for all the ways in which the probe passes its arguments" :
		  strerror(-err));
	return err;
}

/* ---- without cookies ---- */

static int put_address(const struct attach *a, const struct usdt_maps *maps, uint64_t address,
		       uint32_t id)
{
	int err = load_map_update(maps->ids, &address, &id, BPF_ANY);

	if (err)
		say_error(a->load->opt, &a->place, "%s: map %s: %s", a->what, ids_name,
			  strerror(-err));
	return err;
}

/* Where a line of /proc/PID/maps has the place; 0: elsewhere. */
static uint64_t address_in(const char *line, const struct stat *file, uint64_t offset)
{
	uint64_t start, end, from, inode;
	unsigned int major, minor;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*2cx%*s %" SCNx64 " %x:%x %" SCNu64, &start,
		   &end, &from, &major, &minor, &inode) != 6 ||
	    inode != file->st_ino || makedev(major, minor) != file->st_dev || offset < from ||
	    offset - from >= end - start)
		return 0;
	return start + (offset - from);
}

static int put_mapped(const struct attach *a, const struct usdt_maps *maps,
		      const struct usdt_place *place, uint32_t id)
{
	char path[64], *text, *rest, *line;
	int err, found = 0, before = errno;
	struct stat file;
	size_t len;

	snprintf(path, sizeof(path), "/proc/%d/maps", a->load->opt->where.pid);
	err = stat(place->path, &file) ? -errno : asm_read_file(path, &text, &len);
	errno = before;
	if (err) {
		say_error(a->load->opt, &a->place, "%s: %s: %s", a->what, path, strerror(-err));
		return err;
	}
	rest = text;
	while (!err && (line = strsep(&rest, "\n"))) {
		uint64_t address = address_in(line, &file, place->offset);

		if (!address)
			continue;
		found++;
		err = put_address(a, maps, address, id);
	}
	free(text);
	if (err || found)
		return err;
	say_error(a->load->opt, &a->place, "%s: process %d does not have %s in its memory",
		  a->what, a->load->opt->where.pid, place->path);
	return -ESRCH;
}

int usdtspec_place(const struct attach *a, const struct usdt_maps *maps,
		   const struct usdt_place *place, uint32_t id)
{
	if (maps->ids < 0) {
		say_error(a->load->opt, &a->place, "%s: arguments of static probes take Linux "
			  "5.15, or a program with a map %s", a->what, ids_name);
		return -EOPNOTSUPP;
	}
	if (place->address)
		return put_address(a, maps, place->address, id);
	if (a->load->opt->where.pid)
		return put_mapped(a, maps, place, id);
	say_error(a->load->opt, &a->place, "%s: before Linux 5.15, arguments of static probes in "
		  "a file that may be loaded at any address are those of one process: --pid names "
		  "it", a->what);
	return -EOPNOTSUPP;
}
