/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* mapdata.h - keys, values and new maps as the words of a command have them. Needs loader.h. */
#ifndef MAPDATA_H
#define MAPDATA_H

struct kmap;
struct words;

enum mapdata_parts {
	MAPDATA_KEY = 1 << 0,
	MAPDATA_VALUE = 1 << 1,
	MAPDATA_FLAGS = 1 << 2,		/* any, exist, noexist */
	MAPDATA_ASKED = 1 << 3,		/* the value, of maps that are asked for one */
};

struct mapdata {
	uint64_t flags;		/* BPF_ANY, BPF_EXIST, BPF_NOEXIST */
	int fd;			/* of the map or program that the value is, for the caller to
				 * close; -1: it is none */
	bool failed;		/* not the words are wrong, but something in the kernel */
};

/*
 * Take all words that are left: "key DATA value VALUE any" in any order, into the room of the map.
 * Key and value, where they are wanted, must be there. False, and said, when that is not so.
 *
 * One word is a number or what typed.h has; several are bytes, as many as the map says. After
 * "hex" come bytes without 0x.
 */
bool mapdata_take(struct mapdata *data, struct words *words, struct kmap *kmap, uint32_t wants);

/* A map to create. */
struct mapdata_create {
	struct asm_map map;
	const char *path;	/* to pin it at */
	unsigned int device;	/* that holds it; 0: none */
	int inner;		/* a map as those in it are, for the caller to close; -1: none */
};

/* "FILE type TYPE key N value N entries N name NAME ..." */
bool mapdata_create_take(struct mapdata_create *create, struct words *words);
int mapdata_create_run(const struct mapdata_create *create, const struct load_options *opt);

#endif
