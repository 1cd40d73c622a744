/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * where.h - the places that section names leave open and struct load_where gives: a device, a
 * cgroup, a network namespace, a hook.
 *
 * All return 0 or a descriptor, which is the caller's, or -errno, explained.
 */
#ifndef WHERE_H
#define WHERE_H

#include <stdint.h>

struct attach;

int where_device(const struct attach *a, uint32_t *ifindex);
int where_cgroup(const struct attach *a);
int where_netns(const struct attach *a);
int where_lirc(const struct attach *a);
int where_socket(const struct attach *a);	/* the same one: what is set there stays */

/* As the netfilter of struct abi_link_create takes them. */
struct where_hook {
	uint32_t pf, hooknum;
	int32_t priority;
};

int where_hook(const struct attach *a, struct where_hook *hook);

#endif
