/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * why.h - what lies behind an errno, found out by looking, never by guessing.
 *
 * Each why_*() looks at what could have made its call fail that way and adds what it found. What
 * was looked at and found in order is kept too, so that "unknown" can say what it is not.
 */
#ifndef WHY_H
#define WHY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct asm_attach;
struct asm_map;
struct asm_place;
struct load_options;

enum { WHY_MOST = 6, WHY_TEXT = 384 };

struct why {
	size_t count;			/* causes and remedies, the likeliest first */
	char text[WHY_MOST][WHY_TEXT];
	char fine[WHY_TEXT];		/* what was looked at and in order, separated by ", " */
	char unseen[WHY_TEXT];		/* what could not be looked at, likewise */
};

/* Is the running kernel older than this ASM_KERNEL()? false when it does not say. */
bool why_kernel_before(unsigned int version);

/* The first number of a file; false when it cannot be read. */
bool why_number(const char *path, long *value);

/* The capabilities of this process, a bit each; false when they cannot be read. */
bool why_caps(uint64_t *set);

/* Is this process in a user namespace? Only capabilities of the first one count for bpf(2). */
bool why_user_namespace(void);

/* BPF_MAP_CREATE. err is -errno, here and below. why is filled anew. says: the kernel, or "". */
void why_map(struct why *why, const struct asm_map *map, const char *says, int err);

/* BPF_PROG_LOAD that said nothing in its log; attach NULL is a socket filter. */
void why_prog(struct why *why, const struct asm_attach *attach, uint32_t prog_type,
	      size_t ninsns, int err);

/* perf_event_open(2) of a tracepoint, and handing a program to it. */
void why_perf(struct why *why, int err);

/* The same of a uprobe. */
void why_uprobe(struct why *why, int err);

/* Opening a packet socket. */
void why_packet(struct why *why, int err);

/* Attaching by bpf(2); function: that of the kernel which gets a trampoline, or NULL. */
void why_attach(struct why *why, const struct asm_attach *attach, const char *function, int err);

/* Does this kernel have programs of the LSM, and call none of them? false when it does not say. */
bool why_lsm_idle(void);

/*
 * BPF_*_GET_FD_BY_ID, BPF_*_GET_NEXT_ID; at_hand: what asks less, BPF_OBJ_GET and all with a
 * descriptor.
 */
void why_object(struct why *why, bool at_hand, int err);

/*
 * Report the failure of a call on something: "WHAT: CALL: errno text: first cause", then a note for
 * each other cause; with none a note that says so.
 */
void why_say(const struct load_options *opt, const struct asm_place *place, const char *what,
	     const char *call, int err, const struct why *why);

#endif
