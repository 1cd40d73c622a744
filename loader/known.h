/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * known.h - a map that is in the kernel already, as if a text had described it. Needs abi.h, asm.h
 */
#ifndef KNOWN_H
#define KNOWN_H

struct load_options;
struct words;

struct known_map {
	int fd;				/* owned */
	struct abi_map_info info;
	struct asm_map map;		/* with types where the kernel has them */
	char *blob;			/* BTF data, for as long as the types are needed */
	struct asm_btf *btf;
	struct asm_object *types;
};

/*
 * The one map that all of the words name; flags as in object_find(). 0 or -errno, said.
 * known_close() in either case.
 */
int known_open(struct known_map *known, struct words *words, uint32_t flags);
void known_close(struct known_map *known);

#endif
