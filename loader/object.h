/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * object.h - maps, programs, links and BTF that are in the kernel already, by whatever names them.
 * Ids: Linux 4.13, of BTF 4.18, of links 5.8. All take CAP_SYS_ADMIN, or CAP_BPF since 5.8 for what
 * is not read back.
 */
#ifndef OBJECT_H
#define OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct load_options;
struct words;

enum object_kind { OBJECT_MAP, OBJECT_PROG, OBJECT_LINK, OBJECT_BTF };

/* "map", "prog", "link", "btf" */
const char *object_word(enum object_kind kind);

/* The id that follows; 0 starts. -ENOENT behind the last one. */
int object_next(enum object_kind kind, uint32_t after, uint32_t *id);

/* A descriptor, or -errno; flags are those of BPF_OBJ_GET (BPF_F_RDONLY), for maps alone. */
int object_open_id(enum object_kind kind, uint32_t id, uint32_t flags);
int object_open_pin(const char *path, uint32_t flags);

/*
 * Fill one of the abi_..._info, which the caller has zeroed but for buffers and their room; size is
 * its size. What an older kernel does not know stays as it is.
 */
int object_info(int fd, void *info, size_t size);

/* What a descriptor is, by /proc/self/fd: a kind, -EINVAL for none of them, or -errno. */
int object_kind_of(int fd);
int object_kind_of_file(const char *path);	/* "/proc/5/fd/3" */

/* The number behind a word in a file of fdinfo, "/proc/5/fdinfo/3"; false without one. */
bool object_fdinfo(const char *path, const char *word, uint64_t *out);
bool object_fdinfo_own(int fd, const char *word, uint64_t *out);

/* Say that an object of an id (0: any) cannot be had, and why, if err is not 0. Returns err. */
int object_fail(const struct load_options *opt, enum object_kind kind, uint32_t id, int err);

/* Give what a descriptor holds a name on a bpffs. 0 or -errno. */
int object_pin_quietly(int fd, const char *path);

/* Pin a descriptor; what is its title in messages: "map counts". 0 or -errno, said. */
int object_pin(const struct load_options *opt, const char *what, int fd, const char *path);

/* Descriptors of what some words name, owned. */
struct object_set {
	int *fds;
	size_t n;
};
void object_set_free(struct object_set *set);

/*
 * Take what names objects: "id N", "name NAME", "tag TAG" (of programs), "pinned PATH", and one
 * word alone: a path when it has a slash, an id when it is a number, else a name. Several may have
 * one name or tag. 0 with at least one, or -errno, said.
 */
int object_find(struct words *words, enum object_kind kind, uint32_t flags,
		struct object_set *out);

/* The same where there must be one: its descriptor, or -errno, said; several are -EEXIST. */
int object_find_one(struct words *words, enum object_kind kind, uint32_t flags);

#endif
