/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "abi.h"
#include "loader.h"
#include "cpus.h"
#include "map.h"
#include "sys.h"

/* A CPU's value is this many bytes apart from the next one's. */
enum { SLOT_ALIGN = 8 };

/* ---- commands ---- */

/* max_entries as the kernel takes it. */
static int map_entries(const struct asm_map *map, uint32_t *entries)
{
	int cpus = 0;

	*entries = map->max_entries;
	if (map->max_entries == 0 && map->type->flags & ASM_MAP_BY_CPU) {
		cpus = load_possible_cpus();
		*entries = (uint32_t)cpus;
	}
	return cpus < 0 ? cpus : 0;
}

/* Up to the last field in use: older kernels know no more. */
static unsigned int map_attr_size(const struct abi_map_create *attr)
{
	if (attr->map_extra)
		return abi_end(struct abi_map_create, map_extra);
	if (attr->btf_vmlinux_value_type_id)
		return abi_end(struct abi_map_create, btf_vmlinux_value_type_id);
	if (attr->btf_fd)
		return abi_end(struct abi_map_create, btf_value_type_id);
	return abi_end(struct abi_map_create, map_name);
}

int map_call(struct abi_map_create *attr, unsigned int size, char *says)
{
	int fd = sys_bpf(BPF_MAP_CREATE, attr, size), again;

	if (!says)
		return fd;
	*says = '\0';
	if (fd >= 0)
		return fd;
	again = sys_bpf_logged(BPF_MAP_CREATE, attr, size, says, MAP_SAYS);
	if (again >= 0)
		sys_close(again);	/* this is about why it failed */
	for (size_t len = strlen(says); len && says[len - 1] == '\n'; len--)
		says[len - 1] = '\0';
	return fd;
}

int map_create(const struct asm_map *map, const struct map_how *how)
{
	struct abi_map_create attr;
	uint32_t entries;
	int err = map_entries(map, &entries);

	if (err)
		return err;
	memset(&attr, 0, sizeof(attr));
	attr.map_type = map->type->number;
	attr.key_size = map->key_size;
	attr.value_size = map->value_size;
	attr.max_entries = entries;
	attr.map_flags = map->map_flags;
	sys_name(attr.map_name, map->symbol ? map->symbol : map->name);
	attr.map_extra = map->map_extra;
	attr.inner_map_fd = (uint32_t)how->inner;
	attr.numa_node = map->numa_node;
	attr.btf_vmlinux_value_type_id = how->kernel_value;
	if (how->value || how->kernel_value)
		attr.btf_fd = (uint32_t)how->btf;
	if (how->value) {
		attr.btf_key_type_id = how->key;
		attr.btf_value_type_id = how->value;
	}
	return map_call(&attr, map_attr_size(&attr), how->says);
}

int map_elem(int cmd, int fd, const void *key, const void *value, uint64_t flags)
{
	struct abi_map_elem attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (uint32_t)fd;
	attr.key = abi_ptr(key);
	attr.value = abi_ptr(value);
	attr.flags = flags;
	return sys_bpf(cmd, &attr, abi_end(struct abi_map_elem, flags));
}

int load_map_lookup(int fd, const void *key, void *value)
{
	return map_elem(BPF_MAP_LOOKUP_ELEM, fd, key, value, BPF_ANY);
}

int load_map_update(int fd, const void *key, const void *value, uint64_t flags)
{
	return map_elem(BPF_MAP_UPDATE_ELEM, fd, key, value, flags);
}

int map_fill(int fd, const struct asm_map *map)
{
	uint32_t key = 0;
	int err = load_map_update(fd, &key, map->data, BPF_ANY);

	if (err || !(map->map_flags & BPF_F_RDONLY_PROG))
		return err;
	return map_elem(BPF_MAP_FREEZE, fd, NULL, NULL, BPF_ANY);
}

int load_map_delete(int fd, const void *key)
{
	return map_elem(BPF_MAP_DELETE_ELEM, fd, key, NULL, BPF_ANY);
}

/* The key after *key (NULL: the first) into *next; -ENOENT after the last. */
static int map_next_key(int fd, const void *key, void *next)
{
	return map_elem(BPF_MAP_GET_NEXT_KEY, fd, key, next, BPF_ANY);
}

/* Bytes of one value as lookup and update transfer it. */
size_t map_value_span(const struct asm_map *map, unsigned int cpus)
{
	size_t slot = map->value_size;

	if (!(map->type->flags & ASM_MAP_PERCPU))
		return slot;
	return (slot + SLOT_ALIGN - 1) / SLOT_ALIGN * SLOT_ALIGN * cpus;
}

/* ---- possible CPUs ---- */

/* cpus_fn */
static int count_cpu(void *arg, int cpu)
{
	int *count = arg;

	(void)cpu;
	++*count;
	return 0;
}

/*
 * Ask the kernel itself: a lookup in a per-CPU array fills a slot a possible CPU, here with 0. What
 * libc counts without /sys can be fewer, and a buffer for fewer would be overrun.
 */
static int measure_cpus(void)
{
	const struct asm_map_type *type = asm_map_type_find("percpu_array");
	const struct map_how none = { .btf = 0 };
	struct asm_map map;
	uint32_t key = 0;
	uint64_t *slots;
	int fd, count = 0;

	if (!type)
		return -EOPNOTSUPP;
	memset(&map, 0, sizeof(map));
	map.name = "cpus";
	map.type = type;
	map.key_size = sizeof(key);
	map.value_size = sizeof(*slots);
	map.max_entries = 1;
	slots = malloc(CPUS_MOST * sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	memset(slots, 0xff, CPUS_MOST * sizeof(*slots));
	fd = map_create(&map, &none);
	if (fd >= 0)
		count = load_map_lookup(fd, &key, slots);
	while (fd >= 0 && count >= 0 && count < CPUS_MOST && slots[count] == 0)
		count++;
	sys_close(fd);
	free(slots);
	return fd < 0 ? fd : count == 0 ? -EOPNOTSUPP : count;
}

int load_possible_cpus(void)
{
	char *list;
	size_t len;
	int count = 0, err;

	if (asm_read_file("/sys/devices/system/cpu/possible", &list, &len) != 0)
		return measure_cpus();
	err = cpus_each(list, count_cpu, &count);
	free(list);
	return !err && count ? count : measure_cpus();
}

/* ---- walking ---- */

/* The keys that a walk has met: a hash table of indexes into an array of keys. */
struct walk {
	size_t key_size;
	uint8_t *keys;
	uint32_t *slots;	/* 1 + index into keys; 0: free */
	size_t count, room;	/* keys; there are twice as many slots as there is room */
};

static uint32_t hash_key(const uint8_t *key, size_t size)
{
	uint32_t hash = 2166136261u;	/* FNV-1a */

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ key[i]) * 16777619u;
	return hash;
}

/* The slot that has the key, or the free one where it belongs. */
static uint32_t *walk_slot(const struct walk *walk, const uint8_t *key)
{
	size_t mask = 2 * walk->room - 1;
	size_t at = hash_key(key, walk->key_size) & mask;

	while (walk->slots[at] && memcmp(walk->keys + (walk->slots[at] - 1) * walk->key_size, key,
					 walk->key_size) != 0)
		at = (at + 1) & mask;
	return &walk->slots[at];
}

static int walk_grow(struct walk *walk)
{
	enum { FIRST = 64 };
	size_t room = walk->room ? 2 * walk->room : FIRST;
	uint8_t *keys = room > UINT32_MAX / 4 ? NULL :
		reallocarray(walk->keys, room, walk->key_size);
	uint32_t *slots;

	if (!keys)
		return -ENOMEM;
	walk->keys = keys;
	slots = calloc(2 * room, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	free(walk->slots);
	walk->slots = slots;
	walk->room = room;
	for (size_t i = 0; i < walk->count; i++)
		*walk_slot(walk, keys + i * walk->key_size) = (uint32_t)i + 1;
	return 0;
}

/* 1 for a key that was not met before, 0 for one that was, or -ENOMEM. */
static int walk_meet(struct walk *walk, const uint8_t *key)
{
	uint32_t *slot;
	int err;

	if (walk->count == walk->room) {
		err = walk_grow(walk);
		if (err)
			return err;
	}
	slot = walk_slot(walk, key);
	if (*slot)
		return 0;
	memcpy(walk->keys + walk->count * walk->key_size, key, walk->key_size);
	*slot = (uint32_t)++walk->count;
	return 1;
}

/*
 * The kernel answers "the key after this one" with the first key when this one is gone meanwhile:
 * the walk starts over then, and the keys it has met tell what not to show again. The next key is
 * asked for before fn sees this one, so that fn may delete it. key has room for two.
 */
static int walk_entries(int fd, uint32_t entries, struct walk *walk, uint8_t *key,
			map_key_fn *fn, void *arg)
{
	uint64_t steps = 16 * ((uint64_t)entries + 4096);
	uint8_t *next = key + walk->key_size, *was;
	int more = map_next_key(fd, NULL, key), ret;

	for (; !more && steps > 0; steps--) {
		ret = walk_meet(walk, key);
		if (ret < 0)
			return ret;
		more = map_next_key(fd, key, next);
		if (ret > 0)
			ret = fn(arg, key);
		if (ret)
			return ret;
		was = key;
		key = next;
		next = was;
	}
	return more == -ENOENT ? 0 : more ? more : -EAGAIN;
}

int map_walk_keys(int fd, const struct asm_map *map, map_key_fn *fn, void *arg)
{
	struct walk walk = { .key_size = map->key_size };
	int err = -ENOMEM;
	uint8_t *key;

	if (map->key_size == 0)
		return -EOPNOTSUPP;
	key = calloc(2, map->key_size);
	if (key)
		err = walk_entries(fd, map->max_entries, &walk, key, fn, arg);
	free(walk.slots);
	free(walk.keys);
	free(key);
	return err;
}

/* What a walk over entries is about. */
struct visit {
	int fd;
	uint8_t *value;
	load_entry_fn *fn;
	void *arg;
};

/* What fn says of an entry; one that is gone, or a slot that is empty, is passed over. */
static int visit_key(void *arg, const void *key)
{
	struct visit *visit = arg;
	int err = load_map_lookup(visit->fd, key, visit->value);

	if (err == -ENOENT)
		return 0;
	return err ? err : visit->fn(visit->arg, key, visit->value);
}

int load_map_walk(int fd, const struct asm_map *map, load_entry_fn *fn, void *arg)
{
	struct visit visit = { .fd = fd, .fn = fn, .arg = arg };
	int cpus = 1, err = -ENOMEM;

	if (map->type->flags & ASM_MAP_PERCPU)
		cpus = load_possible_cpus();
	if (cpus < 0)
		return cpus;
	visit.value = calloc(1, map_value_span(map, (unsigned int)cpus) + 1);
	if (visit.value)
		err = map_walk_keys(fd, map, visit_key, &visit);
	free(visit.value);
	return err;
}
