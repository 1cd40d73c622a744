/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * load.h - what struct load holds, for the modules that walk it.
 *
 * Maps stand in the order of asm_object.maps, programs in the order of the text. Descriptors belong
 * to the struct load and are -1 until they exist.
 */
#ifndef LOAD_H
#define LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct asm_attach;
struct asm_func;
struct asm_map;
struct asm_object;
struct asm_types;
struct load_facts;
struct load_options;
struct load_prog;

struct load_map {
	const struct asm_map *map;
	int fd;
};

/* Detach the program from what the descriptor stands for. */
typedef void attach_undo(const struct load_prog *prog, int fd);

/* What holds a program attached: a BPF link, a perf event; or the place where it hangs. */
struct load_link {
	int fd;
	bool pinnable;		/* it is a BPF link */
	attach_undo *undo;	/* before fd is closed; NULL: closing is enough */
};

struct load_prog {
	const struct asm_func *func;
	int fd;
	bool single;		/* loaded for single probes: the kernel has no link of many */
	struct load_link *links;	/* several where a section names several places */
	size_t nlinks;
};

/* Whether the kernel has links of many probes. */
enum load_multi { MULTI_UNKNOWN, MULTI_THERE, MULTI_MISSING };

struct load {
	const struct asm_object *obj;	/* the caller's, or relocated; NULL: of no object */
	struct asm_object *relocated;	/* with instructions for this kernel; NULL: as it was */
	struct load_options *opt;	/* a copy, owned */
	struct load_facts *facts;	/* owned, unless it is the one in opt */
	enum load_multi kprobe_multi, uprobe_multi;
	struct asm_types *types;	/* the object's own; NULL: none are loaded */
	int btf;			/* their descriptor; 0: none */
	int config;			/* map of the configuration that it asks for; 0: none */
	struct load_map *maps;
	size_t nmaps;
	struct load_prog *progs;
	size_t nprogs;
};

/* A program of many functions, on a kernel without links for that; sessions have no other way. */
bool load_is_single(struct load *load, const struct asm_attach *attach);

#endif
