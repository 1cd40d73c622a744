/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * modules.h - type data of the kernel's modules. Needs kbtf.h
 *
 * It continues the kernel's own (Linux 5.11), one of its ids apart for each module. Reading it, and
 * having a descriptor for the kernel to know it by, takes CAP_SYS_ADMIN.
 */
#ifndef MODULES_H
#define MODULES_H

#include <stddef.h>
#include <stdint.h>

struct asm_btf;

struct module {
	char name[KBTF_NAME];
	uint32_t id;		/* of its type data */
	uint32_t index;		/* of its descriptor in fds; 0: it has none yet */
	struct kbtf types;	/* empty: not read yet */
};

/* All of them, found when first asked for. */
struct modules {
	bool tried;
	int err;		/* why they cannot be listed */
	struct module *at;
	size_t n, room;
	int *fds;		/* owned, the first one is 0: the array that BPF_PROG_LOAD takes */
	size_t nfds;
};

/* The modules that have type data. 0 or -errno, remembered. Zeroed is empty. */
int modules_list(struct modules *modules);
void modules_free(struct modules *modules);

/* The types of a module; one that went away meanwhile is none. NULL: there are no more. */
const struct asm_btf *modules_types(struct modules *modules, size_t index,
				    const struct asm_btf *kernel);

/* Which one has that name; -ENOENT or -errno, with a reason in why. */
int modules_find(struct modules *modules, const char *name, char *why, size_t why_size);

/* Give a module its descriptor in fds. 0 or -errno. */
int modules_open(struct modules *modules, struct module *module);

#endif
