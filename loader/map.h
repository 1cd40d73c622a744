/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* map.h - creating maps; the door has what is done with them. */
#ifndef MAP_H
#define MAP_H

#include <stddef.h>
#include <stdint.h>

struct abi_map_create;
struct asm_map;

/* What a map is created with besides. */
struct map_how {
	int btf;
	uint32_t key, value;	/* ids in it; value 0: there are none */
	int inner;		/* a map as those in it are to be; 0: none */
	uint32_t kernel_value;	/* struct_ops: id of the value in the kernel's types */
	char *says;		/* what the kernel says of a failure, MAP_SAYS bytes; NULL: who
				 * calls does not ask */
};

enum { MAP_SAYS = 256 };

/* BPF_MAP_CREATE; where it fails says has the kernel's words, if it has any (7.2), else "". */
int map_call(struct abi_map_create *attr, unsigned int size, char *says);

/* Create the map; returns its descriptor or -errno. Says nothing: the caller explains. */
int map_create(const struct asm_map *map, const struct map_how *how);

/* Give a map of globals its first value; a constant one is frozen then. 0 or -errno. */
int map_fill(int fd, const struct asm_map *map);

/*
 * BPF_MAP_*_ELEM, BPF_MAP_GET_NEXT_KEY (value is then the next key) or BPF_MAP_FREEZE; NULL for
 * what the command has not. 0 or -errno.
 */
int map_elem(int cmd, int fd, const void *key, const void *value, uint64_t flags);

/* Bytes of one value as lookup and update transfer it, with that many possible CPUs. */
size_t map_value_span(const struct asm_map *map, unsigned int cpus);

/* load_map_walk() over the keys alone: fn looks the values up. */
typedef int map_key_fn(void *arg, const void *key);
int map_walk_keys(int fd, const struct asm_map *map, map_key_fn *fn, void *arg);

#endif
