/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* multi.h - one program on many functions of the kernel. */
#ifndef MULTI_H
#define MULTI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct attach;

/* A descriptor of a program that does nothing, for links of that type; -errno. */
int multi_trial(uint32_t attach_type);

/*
 * Whether the kernel has links of BPF_TRACE_KPROBE_MULTI (5.18, with CONFIG_FPROBE). A program must
 * know when it is loaded: without, it is loaded for single probes.
 */
bool multi_is_there(void);

/*
 * k[ret]probe.multi/PATTERN[,PATTERN...], kprobe.session likewise: an attach_method. A name that
 * cannot be probed is named, and the rest attached; none at all is an error.
 */
int multi_attach_kprobe(const struct attach *a);

/* One cookie for each of many places, to be freed; NULL where none is given. 0 or -ENOMEM, said. */
int multi_cookies(const struct attach *a, size_t count, uint64_t **out);

/* fentry.multi and the like, PATTERN[,PATTERN...]: an attach_method */
int multi_attach_tracing(const struct attach *a);

#endif
