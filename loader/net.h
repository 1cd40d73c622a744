/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * net.h - programs at devices, control groups, network namespaces and netfilter's hooks, by a BPF
 * link each. All are an attach_method.
 */
#ifndef NET_H
#define NET_H

struct attach;

int net_attach_device(const struct attach *a);		/* xdp, tcx, tc, netkit */
int net_attach_cgroup(const struct attach *a);		/* cgroup/..., sockops, lsm_cgroup */
int net_attach_netns(const struct attach *a);		/* sk_lookup, flow_dissector */
int net_attach_netfilter(const struct attach *a);

#endif
