/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* pin.h - names on a bpffs; load_pin() is in the door. */
#ifndef PIN_H
#define PIN_H

#include <stddef.h>

struct load_options;

/*
 * Pin n descriptors at a path: the first there, others at PATH-2 and so on. Its folder is made when
 * it is missing. All or none; 0 or -errno, said. what: for messages, "link".
 */
int pin_at(const struct load_options *opt, const char *what, const int *fds, size_t n,
	   const char *path);

/* Take n such pins back. */
void pin_remove(const char *path, size_t n);

#endif
