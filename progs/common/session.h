/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* session.h - a text that a program holds, from its characters to programs that are attached. */
#ifndef SESSION_H
#define SESSION_H

#include <stddef.h>

struct asm_map;
struct asm_object;
struct load;
struct load_facts;

struct session {
	const char *name;	/* what messages begin with */
	struct asm_object *obj;
	struct load_facts *facts;
	struct load *load;
};

/*
 * Assemble the text, load and attach it. file is what messages call it. 0 or -errno; what is wrong
 * has gone to standard error. session_close() in either case.
 */
int session_open(struct session *s, const char *name, const char *file, const char *text,
		 size_t len);
void session_close(struct session *s);

/* A map of the text by name: its descriptor, and its row in *map. It must be there. */
int session_map(const struct session *s, const char *name, const struct asm_map **map);

#endif
