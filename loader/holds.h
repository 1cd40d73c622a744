/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * holds.h - what keeps an object of the kernel: pins on bpffs mounts, descriptors of processes.
 *
 * Both look at what is there now, and pass over what this process may not see. Needs object.h
 */
#ifndef HOLDS_H
#define HOLDS_H

#include <stdint.h>

/* Visit each pin below the mounts of this process. */
typedef void holds_pin_fn(void *arg, const char *path, enum object_kind kind, uint32_t id);
void holds_pins(holds_pin_fn *fn, void *arg);

/* Visit each process but this one that has a descriptor of the object, once. */
typedef void holds_proc_fn(void *arg, uint32_t pid, const char *comm);
void holds_procs(enum object_kind kind, uint32_t id, holds_proc_fn *fn, void *arg);

/* The id of what a descriptor is of, or -errno. */
int64_t holds_id(int fd, enum object_kind kind);

#endif
