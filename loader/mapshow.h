/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* mapshow.h - maps and their entries as bpftool prints them. Needs json.h. */
#ifndef MAPSHOW_H
#define MAPSHOW_H

struct holds;
struct kmap;
struct load_options;
struct object_set;

struct mapshow {
	struct json json;
	bool is_json;		/* else text, which for values with types looks like JSON */
	bool pins;		/* the paths of pins are wanted */
	struct holds *holds;	/* of what is to be known of maps: what keeps them */
};

void mapshow_init(struct mapshow *show, FILE *f, bool is_json, bool pretty);

/* What there is to know of some maps, whose descriptors are taken over; set NULL: of all. */
int mapshow_info(struct mapshow *show, struct object_set *set, const struct load_options *opt);

/* All entries of some maps, whose descriptors are taken over. 0 or -errno, said. */
int mapshow_dump(struct mapshow *show, struct object_set *set, const struct load_options *opt);

/* The entry in the room of the map. */
void mapshow_entry(struct mapshow *show, const struct kmap *kmap);

/* The key that follows the one in the room of the map, or the first. */
void mapshow_next(struct mapshow *show, const struct kmap *kmap, bool from, const uint8_t *next);

#endif
