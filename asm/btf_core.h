/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * btf_core.h - the part of the kernel's types that an object speaks of. Needs asm.h, symbols.h
 *
 * A loader compares it with the types of the kernel that it runs on, by names and kinds, to find
 * where the fields are there (CO-RE). Only fields that are used are copied, each structure once.
 *
 * First collect what is needed, then core_place() the structures, then ask for the rest.
 */
#ifndef BTF_CORE_H
#define BTF_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct asm_btf;
struct btf_out;
struct core_mirror;
struct core_path;

struct core {
	const struct asm_btf *btf;
	struct btf_out *out;
	struct symbols ids;		/* kernel ids of mirrors, 4 bytes; index into mirrors */
	struct core_mirror *mirrors;
	size_t nmirrors, mirrors_room;
	struct symbols names;		/* paths; index into paths */
	struct core_path *paths;
	size_t npaths, paths_room;
	unsigned int budget;		/* types still to look at */
};

void core_init(struct core *core, const struct asm_btf *btf, struct btf_out *out);

/* False with a reason, of CORE_WHY bytes, for what a loader could not find. */
enum { CORE_WHY = 256 };
bool core_collect_field(struct core *core, const char *path, char *why);
bool core_collect_func(struct core *core, const char *name, char *why);

void core_place(struct core *core);

/* The type that a collected path starts from, and its access string. */
struct core_access {
	uint32_t type, string;
};
struct core_access core_access(const struct core *core, const char *path);

/* The prototype of a collected function. */
uint32_t core_prototype(struct core *core, const char *name);

#endif
