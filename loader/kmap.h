/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* kmap.h - a map that is in the kernel already, with its types. Needs abi.h, kbtf.h, loader.h. */
#ifndef KMAP_H
#define KMAP_H

struct words;

struct kmap {
	const struct load_options *opt;
	int fd;				/* owned */
	struct abi_map_info info;
	struct asm_map map;		/* the same as load_map_walk() and why_map() take it */
	char title[BPF_OBJ_NAME_LEN + 32]; /* for messages: "map counts (id 7)" */
	unsigned int copies;		/* of a value: possible CPUs, or 1 */
	size_t stride, span;		/* bytes from one to the next, and of all */
	uint8_t *key, *value;		/* zeroed room for one of each, owned */
	struct kbtf kbtf;		/* empty: it has no types, or kmap_types() was not called */
	uint32_t key_id, value_id;	/* 0: no type */
	struct asm_object *layouts;	/* what map.key and map.value are of; NULL: nothing */
};

/* Fill from a descriptor, which is taken over. 0 or -errno, said. kmap_close() in either case. */
int kmap_open(struct kmap *kmap, int fd, const struct load_options *opt);
/* The same with the one map that some words name; flags as in object_find(). */
int kmap_take(struct kmap *kmap, struct words *words, uint32_t flags);
void kmap_close(struct kmap *kmap);

/* Read the types of key and value from the kernel. Where that fails, a note says why. */
void kmap_types(struct kmap *kmap);

/*
 * Take the only map that all of the words name as if a text had described it: map.key and map.value
 * are types where the kernel has them. -EOPNOTSUPP for a type of map that has no row; else as
 * kmap_take().
 */
int kmap_describe(struct kmap *kmap, struct words *words, uint32_t flags);

/* A number that /proc/self/fdinfo has for the map: "memlock", "frozen"; false without one. */
bool kmap_fdinfo(const struct kmap *kmap, const char *name, uint64_t *out);

/* What a map is made of, by its type. */
bool kmap_is_array(const struct kmap *kmap);	/* keys are indexes below max_entries */
bool kmap_has_maps(const struct kmap *kmap);	/* values are maps */

/*
 * Say why a command of bpf(2) failed on the map: err is -errno; flags are those of an update.
 * Returns err.
 */
int kmap_fail(const struct kmap *kmap, int cmd, int err, uint64_t flags);

#endif
