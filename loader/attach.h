/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* attach.h - a loaded program to its section name. */
#ifndef ATTACH_H
#define ATTACH_H

#include <stdbool.h>
#include <stdint.h>

struct asm_func;
struct load;
struct load_prog;

/* One attaching. Needs asm.h */
struct attach {
	const struct load *load;
	struct load_prog *prog;	/* func and fd are set; links are added */
	const struct asm_func *func;
	struct asm_place place;
	uint64_t cookie;	/* of its links; 0: none */
	char what[192];		/* for messages */
};

/* Attach the program and add what holds it to its links. 0 or -errno, explained. */
typedef int attach_method(const struct attach *a);

/*
 * Attach the program by the method of its section. 0 or -errno, explained; on failure some links
 * may have been made, which the caller closes.
 */
int attach_prog(const struct load *load, struct load_prog *prog);

/* Say what why_attach() knows of the failure of a call. Returns err. */
int attach_failed(const struct attach *a, const char *call, int err);

/* The same where it is the cookie that the kernel does not know. */
int attach_no_cookie(const struct attach *a, const char *call, int err, const char *since);

/* Take over a descriptor that holds the program. 0, or -ENOMEM and it is closed. */
int attach_keep(const struct attach *a, int fd, bool pinnable);

/* The same of one at which the program hangs; undo is an attach_undo or NULL. Needs load.h */
int attach_hold(const struct attach *a, int fd, void (*undo)(const struct load_prog *prog, int fd));

#endif
