/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ops.c - maps of type struct_ops: struct NAME of the kernel's is the member `data` of struct
 * bpf_struct_ops_NAME, which is the value of the map. Source: kernel/bpf/bpf_struct_ops.c.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "abi.h"
#include "loader.h"
#include "attach.h"
#include "btfvalue.h"
#include "facts.h"
#include "feature.h"
#include "load.h"
#include "map.h"
#include "object.h"
#include "ops.h"
#include "say.h"
#include "sys.h"
#include "why.h"

enum { OPS_PATH = 256, OPS_WHY = 512, BITS = 8 };

static const char prefix[] = "bpf_struct_ops_";

/* A member of the map, as this kernel has it. */
struct ops_member {
	uint32_t index;			/* among those of the struct */
	uint32_t offset, size;		/* bytes, in the value of the map */
	struct asm_btf_type type;
};

/* ---- the kernel's types ---- */

/* A struct of the kernel itself; -errno with a reason. */
static int32_t ops_struct(const struct load *load, const char *of, const char *name, char *why)
{
	struct facts_type type;
	int err = facts_find(load->facts, ASM_BTF_STRUCT, of, name, &type, why, OPS_WHY);

	if (!err && type.fd) {
		snprintf(why, OPS_WHY, "it is one of a module, and those have no maps here");
		return -EOPNOTSUPP;
	}
	return err ? err : (int32_t)type.id;
}

/* The id of the value; -errno and said. */
static int32_t ops_value(const struct load *load, const struct asm_map *map)
{
	struct asm_place place = asm_object_place(load->obj, map->pos);
	char why[OPS_WHY];
	int32_t id;

	if (!map->ops) {
		say_error(load->opt, &place, "map %s: nothing says which structure of the kernel "
			  "it is: 'values' of .map does", map->name);
		return -EINVAL;
	}
	id = ops_struct(load, prefix, map->ops, why);
	if (id < 0)
		say_error(load->opt, &place, "map %s: struct %s is none that programs can be "
			  "members of: %s", map->name, map->ops, why);
	return id;
}

/* False, with a reason, when this kernel's struct has no such member. */
static bool ops_find(const struct load *load, const struct asm_map *map, const char *name,
		     struct ops_member *out, char *why)
{
	const struct asm_btf *btf = facts_types(load->facts);
	struct asm_btf_member member;
	struct asm_kfield field;
	uint32_t steps[2], id;
	char path[OPS_PATH];

	snprintf(path, sizeof(path), "%s.%s", map->ops, name);
	if (!asm_btf_field(btf, path, &field, why, OPS_WHY))
		return false;
	/* through members without a name it would be two steps, and no program */
	if (asm_btf_steps(btf, path, &id, steps, 2) != 1 ||
	    !asm_btf_member(btf, id, steps[0], &member) ||
	    !asm_btf_type(btf, member.arg, &out->type)) {
		snprintf(why, OPS_WHY, "it is no member of its own");
		return false;
	}
	out->index = steps[0];
	out->size = field.size;
	snprintf(path, sizeof(path), "%s%s.data", prefix, map->ops);
	if (!asm_btf_field(btf, path, &field, why, OPS_WHY))
		return false;
	out->offset = field.offset + member.bit / BITS;
	return true;
}

static bool ops_is_function(const struct load *load, const struct ops_member *member)
{
	struct asm_btf_type type;

	return member->type.kind == ASM_BTF_PTR &&
	       asm_btf_type(facts_types(load->facts), member->type.arg, &type) &&
	       type.kind == ASM_BTF_FUNC_PROTO;
}

static int ops_refuse(const struct load *load, const struct asm_member *member, const char *why)
{
	struct asm_place place = asm_object_place(load->obj, member->pos);
	const struct asm_map *map = &load->obj->maps[member->map];

	say_error(load->opt, &place, "map %s: member %s of struct %s: %s", map->name, member->name,
		  map->ops, why);
	return -EINVAL;
}

/* ---- programs ---- */

int ops_target(const struct load *load, const struct asm_func *func, struct abi_prog_load *attr)
{
	const struct asm_object *obj = load->obj;
	struct asm_place place = asm_object_place(obj, func->pos);
	struct ops_member found;
	char why[OPS_WHY];
	int32_t id = 0;

	for (size_t i = 0; i < obj->nmembers; i++) {
		const struct asm_member *member = &obj->members[i];
		const struct asm_map *map = &obj->maps[member->map];

		if (member->kind != ASM_MEMBER_PROGRAM || &obj->funcs[member->index] != func)
			continue;
		if (!ops_find(load, map, member->name, &found, why))
			return ops_refuse(load, member, why);
		if (!ops_is_function(load, &found))
			return ops_refuse(load, member, "it is no pointer to a function");
		id = ops_struct(load, "", map->ops, why);
		if (id < 0)
			return ops_refuse(load, member, why);
		if (attr->attach_btf_id && (attr->attach_btf_id != (uint32_t)id ||
					    attr->expected_attach_type != found.index))
			return ops_refuse(load, member, "its program is another member elsewhere, "
					  "and a program can be one alone");
		attr->attach_btf_id = (uint32_t)id;
		attr->expected_attach_type = found.index;
	}
	if (id)
		return 0;
	say_error(load->opt, &place, "program %s, section '%s': it is no member of a map of type "
		  "struct_ops: `.slot MAP.MEMBER = %s` makes it one", func->name, func->section,
		  func->name);
	return -EINVAL;
}

/* ---- the map ---- */

/*
 * A kernel without links for these maps knows nothing of the flag. An older one (5.10) reads its
 * own types when it first loads a program, and without them has no structures.
 */
static int ops_try(const struct asm_map *map, const struct map_how *how)
{
	struct asm_map linked = *map;
	int fd;

	linked.map_flags |= BPF_F_LINK;
	fd = map_create(&linked, how);
	if (fd == -EINVAL && !(map->map_flags & BPF_F_LINK)) {
		linked.map_flags = map->map_flags;
		fd = map_create(&linked, how);
	}
	if (fd != -EOPNOTSUPP || feature_prog_type(BPF_PROG_TYPE_SOCKET_FILTER) < 0)
		return fd;
	return map_create(&linked, how);
}

int ops_create(const struct load *load, const struct asm_map *map)
{
	struct asm_place place = asm_object_place(load->obj, map->pos);
	char what[OPS_PATH], says[MAP_SAYS] = "";
	struct map_how how = { .btf = load->btf, .says = says };
	int32_t id = ops_value(load, map);
	struct asm_map sized = *map;
	struct why why;
	uint64_t size;
	int fd;

	if (id < 0)
		return id;
	how.kernel_value = (uint32_t)id;
	if (!asm_btf_size(facts_types(load->facts), how.kernel_value, &size) || size > INT32_MAX)
		return -EINVAL;
	sized.value_size = (uint32_t)size;
	fd = ops_try(&sized, &how);
	if (fd >= 0)
		return fd;
	snprintf(what, sizeof(what), "map %s (struct_ops, struct %s)", map->name, map->ops);
	why_map(&why, map, says, fd);
	why_say(load->opt, &place, what, "BPF_MAP_CREATE", fd, &why);
	if (!how.btf)
		say_note(load->opt, &place, "such a map takes an object with types, and the kernel "
			 "took none of this one");
	return fd;
}

/* Whether the number is one of that many bytes, with or without a sign. */
static bool ops_fits(uint64_t number, uint32_t size)
{
	unsigned int bits = size * BITS;

	return bits >= 64 || number >> bits == 0 || (int64_t)number >> (bits - 1) == -1;
}

/* The member's first value; NULL, or why it cannot be. */
static const char *ops_put(const struct load *load, const struct asm_member *member,
			   const struct ops_member *found, uint8_t *value)
{
	uint64_t number = member->number;

	switch (member->kind) {
	case ASM_MEMBER_BYTES:
		if (member->size > found->size ||
		    (member->size < found->size && found->type.kind != ASM_BTF_ARRAY))
			return "it has another size in this kernel";
		memcpy(value + found->offset, member->bytes, member->size);
		return NULL;
	case ASM_MEMBER_PROGRAM:
		number = (uint64_t)load_prog_fd(load, load->obj->funcs[member->index].name);
		break;
	case ASM_MEMBER_NUMBER:
		if (found->type.kind == ASM_BTF_PTR)
			return "it is a pointer, which takes a program";
	}
	if (found->size > sizeof(number) || !ops_fits(number, found->size))
		return "the number does not fit into it";
	btfvalue_put(value, found->offset * BITS, found->size * BITS, number);
	return NULL;
}

static int ops_fill(const struct load *load, uint32_t map, uint8_t *value)
{
	const struct asm_object *obj = load->obj;
	struct ops_member found;
	char why[OPS_WHY];
	const char *wrong;

	for (size_t i = 0; i < obj->nmembers; i++) {
		if (obj->members[i].map != map)
			continue;
		wrong = why;
		if (ops_find(load, &obj->maps[map], obj->members[i].name, &found, why))
			wrong = ops_put(load, &obj->members[i], &found, value);
		if (wrong)
			return ops_refuse(load, &obj->members[i], wrong);
	}
	return 0;
}

/* ---- registering ---- */

/* attach_undo: what is registered without a link stays until it is deleted. */
static void ops_unregister(const struct load_prog *prog, int fd)
{
	uint32_t key = 0;

	(void)prog;
	load_map_delete(fd, &key);
}

static int ops_link(const struct attach *a, int map)
{
	struct abi_link_create attr;
	int link;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (uint32_t)map;
	attr.attach_type = BPF_STRUCT_OPS;
	link = sys_bpf(BPF_LINK_CREATE, &attr, abi_end(struct abi_link_create, flags));
	return link < 0 ? attach_failed(a, "BPF_LINK_CREATE", link) : attach_keep(a, link, true);
}

/* In a map with a link, the value is only kept; in another this registers it. */
static int ops_register(const struct attach *a, uint32_t map, const uint8_t *value)
{
	int fd = a->load->maps[map].fd, err, copy;
	struct abi_map_info info;
	uint32_t key = 0;

	memset(&info, 0, sizeof(info));
	err = object_info(fd, &info, sizeof(info));
	if (err)
		return attach_failed(a, "BPF_OBJ_GET_INFO_BY_FD", err);
	err = load_map_update(fd, &key, value, BPF_ANY);
	if (err)
		return attach_failed(a, "BPF_MAP_UPDATE_ELEM", err);
	say_step(a->load->opt, "map %s: BPF_MAP_UPDATE_ELEM: struct %s",
		 a->load->obj->maps[map].name, a->load->obj->maps[map].ops);
	if (info.map_flags & BPF_F_LINK)
		return ops_link(a, fd);
	copy = sys_dup(fd);
	if (copy >= 0)
		return attach_hold(a, copy, ops_unregister);
	load_map_delete(fd, &key);
	return attach_failed(a, "dup", copy);
}

static int ops_attach_map(const struct attach *a, uint32_t map)
{
	uint64_t size;
	int32_t id = ops_value(a->load, &a->load->obj->maps[map]);
	uint8_t *value;
	int err;

	if (id < 0 || !asm_btf_size(facts_types(a->load->facts), (uint32_t)id, &size))
		return id < 0 ? id : -EINVAL;
	value = calloc(1, size);
	err = value ? ops_fill(a->load, map, value) : -ENOMEM;
	if (!value)
		say_error(a->load->opt, &a->place, "%s: %s", a->what, strerror(ENOMEM));
	if (!err)
		err = ops_register(a, map, value);
	free(value);
	return err;
}

/* Whether the program is the first of the map. */
static bool ops_is_first(const struct attach *a, uint32_t map)
{
	const struct asm_object *obj = a->load->obj;
	const struct asm_func *first = NULL;

	for (size_t i = 0; i < obj->nmembers; i++) {
		const struct asm_func *func = &obj->funcs[obj->members[i].index];

		if (obj->members[i].map == map && obj->members[i].kind == ASM_MEMBER_PROGRAM &&
		    (!first || func < first))
			first = func;
	}
	return first == a->func;
}

int ops_attach(const struct attach *a)
{
	int err = 0;

	if (!a->load->obj) {
		say_error(a->load->opt, &a->place, "%s: attach: %s: its map is what is registered, "
			  "and `run` or `load --attach` do that", a->what, strerror(EOPNOTSUPP));
		return -EOPNOTSUPP;
	}
	for (uint32_t i = 0; i < a->load->obj->nmaps && !err; i++)
		if (ops_is_first(a, i))
			err = ops_attach_map(a, i);
	return err;
}
