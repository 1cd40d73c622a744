/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "abi.h"
#include "loader.h"
#include "kconfig.h"
#include "load.h"
#include "map.h"
#include "object.h"
#include "maps.h"
#include "ops.h"
#include "say.h"
#include "sys.h"
#include "why.h"

/* Where libbpf and everybody else shares maps by name. */
static const char shared[] = "/sys/fs/bpf";

enum { WHAT = 192 };

static const char *maps_what(const struct asm_map *map, char *what)
{
	snprintf(what, WHAT, "map %s (%s, key %" PRIu32 ", value %" PRIu32 ", entries %" PRIu32 ")",
		 map->name, map->type->name, map->key_size, map->value_size, map->max_entries);
	return what;
}

/* ---- one map ---- */

/* The types of a map: of what maps in a map are like, only an ELF object has them. */
static struct map_how maps_how(const struct load *load, const struct asm_map *map)
{
	const struct asm_object *obj = load->obj;
	struct map_how how = { .btf = load->btf };

	if (!load->types)
		return how;
	if (map >= obj->maps && map < obj->maps + obj->nmaps) {
		how.key = load->types->maps[map - obj->maps].key;
		how.value = load->types->maps[map - obj->maps].value;
	} else if (!(map->type->flags & ASM_MAP_NO_BTF)) {
		how.key = map->key_btf;
		how.value = map->value_btf;
	}
	return how;
}

/* A kernel may take the types of one map and not of another, as its type is. */
static int maps_create_typed(const struct load *load, const struct asm_map *map, int inner,
			     char *says)
{
	struct map_how how = maps_how(load, map);
	int fd;

	how.inner = inner;
	how.says = says;
	fd = map_create(map, &how);
	if ((fd != -EINVAL && fd != -EOPNOTSUPP) || !how.value)
		return fd;
	say_step(load->opt, "map %s: BPF_MAP_CREATE with types: %s", map->name, strerror(-fd));
	how.value = 0;
	return map_create(map, &how);
}

/* Report why a map cannot be created; returns err. */
static int maps_explain(const struct load *load, const struct asm_map *map, const char *says,
			int err)
{
	struct asm_place place = asm_object_place(load->obj, map->pos);
	char what[WHAT];
	struct why why;

	why_map(&why, map, says, err);
	why_say(load->opt, &place, maps_what(map, what), "BPF_MAP_CREATE", err, &why);
	return err;
}

static bool maps_has_maps(const struct asm_map *map)
{
	return map->type->number == BPF_MAP_TYPE_ARRAY_OF_MAPS ||
	       map->type->number == BPF_MAP_TYPE_HASH_OF_MAPS;
}

/* A map of maps is created beside one that its maps are to be like, which is needed no longer. */
static int maps_create_outer(const struct load *load, const struct asm_map *map)
{
	struct asm_place place = asm_object_place(load->obj, map->pos);
	char says[MAP_SAYS] = "";
	int inner, fd;

	if (!map->inner) {
		say_error(load->opt, &place, "map %s: nothing says what the maps in it are like: "
			  "'values' of .map, or of the C structure, does", map->name);
		return -EINVAL;
	}
	inner = maps_create_typed(load, map->inner, 0, says);
	if (inner < 0)
		return maps_explain(load, map->inner, says, inner);
	fd = maps_create_typed(load, map, inner, says);
	sys_close(inner);
	return fd < 0 ? maps_explain(load, map, says, fd) : fd;
}

static int maps_create_new(const struct load *load, const struct asm_map *map)
{
	char says[MAP_SAYS] = "";
	int fd;

	if (maps_has_maps(map))
		return maps_create_outer(load, map);
	if (map->type->number == BPF_MAP_TYPE_STRUCT_OPS)
		return ops_create(load, map);
	fd = maps_create_typed(load, map, 0, says);
	return fd < 0 ? maps_explain(load, map, says, fd) : fd;
}

/* ---- maps shared by name ---- */

/* What a map that is there has otherwise, as programs see it; NULL: nothing. */
static const char *maps_differ(const struct asm_map *map, const struct abi_map_info *info)
{
	if (info->type != map->type->number)
		return "type";
	if (info->key_size != map->key_size)
		return "key size";
	return info->value_size != map->value_size ? "value size" : NULL;
}

/* The same of one that is to be what the text says. */
static const char *maps_differ_at_all(const struct asm_map *map, const struct abi_map_info *info)
{
	const char *differs = maps_differ(map, info);

	if (differs)
		return differs;
	if (info->max_entries != map->max_entries)
		return "number of entries";
	return info->map_flags != map->map_flags ? "flags" : NULL;
}

/* Is the one that was found such a map? */
static int maps_check_shared(const struct load *load, const struct asm_map *map, int fd)
{
	struct asm_place place = asm_object_place(load->obj, map->pos);
	struct abi_map_info info;
	const char *differs;
	int err;

	memset(&info, 0, sizeof(info));
	err = object_info(fd, &info, sizeof(info));
	if (err) {
		say_error(load->opt, &place, "map %s: %s/%s: BPF_OBJ_GET_INFO_BY_FD: %s", map->name,
			  shared, map->name, strerror(-err));
		return err;
	}
	differs = maps_differ_at_all(map, &info);
	if (!differs)
		return 0;
	say_error(load->opt, &place, "map %s is shared by its name, and %s/%s has another %s",
		  map->name, shared, map->name, differs);
	return -EINVAL;
}

static int maps_share(const struct load *load, const struct asm_map *map, const char *path)
{
	struct asm_place place = asm_object_place(load->obj, map->pos);
	int fd = maps_create_new(load, map), err = 0;

	if (fd < 0 || load->opt->flags & LOAD_NO_SHARING)
		return fd;
	err = object_pin_quietly(fd, path);
	if (!err)
		return fd;
	say_error(load->opt, &place, "map %s is shared by its name: BPF_OBJ_PIN %s: %s%s",
		  map->name, path, strerror(-err), err == -EPERM || err == -ENOENT ?
		  ": there must be a bpffs, and no '.' in the name" : "");
	sys_close(fd);
	return err;
}

/* The map of that name that others have made, or a new one for them. */
static int maps_find_shared(const struct load *load, const struct asm_map *map, bool *found)
{
	char path[sizeof(shared) + 1 + ASM_NEAR_NAME * 4];
	int fd, err;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", shared, map->name) >= sizeof(path)) {
		say_error(load->opt, NULL, "map %s: %s", map->name, strerror(ENAMETOOLONG));
		return -ENAMETOOLONG;
	}
	fd = object_open_pin(path, 0);
	*found = fd >= 0;
	if (fd < 0)
		return maps_share(load, map, path);
	say_step(load->opt, "map %s: %s: descriptor %d", map->name, path, fd);
	err = maps_check_shared(load, map, fd);
	if (!err)
		return fd;
	sys_close(fd);
	return err;
}

/* ---- maps given by the caller ---- */

/* A descriptor of its own of the one that is to be used in the map's place. */
static int maps_take(const struct load *load, const struct asm_map *map, int given)
{
	struct asm_place place = asm_object_place(load->obj, map->pos);
	const char *differs = NULL;
	struct abi_map_info info;
	int err;

	memset(&info, 0, sizeof(info));
	err = object_info(given, &info, sizeof(info));
	if (!err)
		differs = maps_differ(map, &info);
	if (differs) {
		say_error(load->opt, &place, "map %s: map %" PRIu32 " cannot be in its place: it "
			  "has another %s", map->name, info.id, differs);
		return -EINVAL;
	}
	if (!err)
		err = sys_dup(given);
	if (err < 0)
		say_error(load->opt, &place, "map %s: the one in its place: %s", map->name,
			  strerror(-err));
	return err;
}

/* ---- first entries ---- */

/* Put a descriptor under the key of an entry. */
static int maps_put(const struct load *load, const struct asm_slot *slot, int fd, const char *name)
{
	const struct asm_map *map = &load->obj->maps[slot->map];
	struct asm_place place = asm_object_place(load->obj, slot->pos);
	uint64_t wide = slot->key;
	uint32_t narrow = (uint32_t)slot->key, value = (uint32_t)fd;
	int err = -EINVAL;

	if (map->key_size == sizeof(narrow))
		err = load_map_update(load->maps[slot->map].fd, &narrow, &value, BPF_ANY);
	else if (map->key_size == sizeof(wide))
		err = load_map_update(load->maps[slot->map].fd, &wide, &value, BPF_ANY);
	if (err)
		say_error(load->opt, &place, "cannot put %s into map %s at %" PRIu64 ": %s%s", name,
			  map->name, slot->key, strerror(-err), err != -EINVAL ? "" :
			  ": all that a map holds must be alike");
	else
		say_step(load->opt, "map %s: %s at %" PRIu64, map->name, name, slot->key);
	return err;
}

/* Entries that are maps, in one that was not found with its entries. */
static int maps_put_maps(const struct load *load, uint32_t index)
{
	const struct asm_object *obj = load->obj;
	int err = 0;

	for (size_t i = 0; i < obj->nslots && !err; i++)
		if (obj->slots[i].map == index && maps_has_maps(&obj->maps[index]))
			err = maps_put(load, &obj->slots[i], load->maps[obj->slots[i].index].fd,
				       obj->maps[obj->slots[i].index].name);
	return err;
}

int maps_put_programs(struct load *load)
{
	const struct asm_object *obj = load->obj;
	const char *name;
	int err = 0;

	for (size_t i = 0; i < obj->nslots && !err; i++) {
		if (maps_has_maps(&obj->maps[obj->slots[i].map]))
			continue;
		name = obj->funcs[obj->slots[i].index].name;
		err = maps_put(load, &obj->slots[i], load_prog_fd(load, name), name);
	}
	return err;
}

/* ---- all of them ---- */

static int maps_fill(const struct load *load, const struct asm_map *map, int fd)
{
	struct asm_place place = asm_object_place(load->obj, map->pos);
	int err = map_fill(fd, map);

	if (err)
		say_error(load->opt, &place, "cannot fill map %s: %s", map->name, strerror(-err));
	return err;
}

static int maps_make(struct load *load, const struct asm_map *map)
{
	int given = load->opt->maps ? load->opt->maps[load->nmaps] : 0, fd;
	bool found = given;
	char what[WHAT];

	if (given)
		fd = maps_take(load, map, given);
	else
		fd = map->pinned ? maps_find_shared(load, map, &found) :
				   maps_create_new(load, map);
	if (fd < 0)
		return fd;
	load->maps[load->nmaps++] = (struct load_map){ map, fd };
	if (found)
		return 0;
	say_step(load->opt, "%s: BPF_MAP_CREATE: descriptor %d", maps_what(map, what), fd);
	return map->data ? maps_fill(load, map, fd) : 0;
}

/* The variables with configuration, as they are on this kernel. */
static int maps_fill_config(struct load *load, uint8_t *values)
{
	const struct asm_object *obj = load->obj;
	char why[512];
	int err = 0;

	for (size_t i = 0; i < obj->nconfigs && !err; i++) {
		err = kconfig_value(load->facts, obj->configs[i],
				    values + obj->configs[i]->offset, why, sizeof(why));
		if (err)
			say_error(load->opt, NULL, "%s: %s", obj->configs[i]->name, why);
	}
	return err;
}

/* ... in a map of one value, which programs only read. */
static int maps_create_config(struct load *load)
{
	struct asm_map map = {
		.name = ".kconfig", .type = asm_map_type_find("array"),
		.key_size = sizeof(uint32_t), .value_size = load->obj->config_size,
		.max_entries = 1, .map_flags = BPF_F_RDONLY_PROG,
	};
	uint8_t *values = calloc(1, map.value_size + 1);
	int err = values ? maps_fill_config(load, values) : -ENOMEM;

	if (!values)
		say_error(load->opt, NULL, "%s", strerror(ENOMEM));
	map.data = values;
	if (!err) {
		load->config = maps_create_new(load, &map);
		err = load->config < 0 ? load->config : maps_fill(load, &map, load->config);
	}
	free(values);
	return err;
}

int maps_create(struct load *load)
{
	const struct asm_object *obj = load->obj;
	int err = obj->nconfigs ? maps_create_config(load) : 0;

	for (size_t i = 0; i < obj->nmaps && !err; i++)
		err = maps_make(load, &obj->maps[i]);
	for (uint32_t i = 0; i < obj->nmaps && !err; i++)
		err = maps_put_maps(load, i);
	return err;
}
