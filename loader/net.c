/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "abi.h"
#include "loader.h"
#include "attach.h"
#include "load.h"
#include "net.h"
#include "say.h"
#include "sys.h"
#include "where.h"
#include "why.h"

/* ---- what an errno means here ---- */

static const char no_netkit[] = "this kernel has no netkit devices (CONFIG_NETKIT)";

/* attach_type 0 stands for all of that kind. Source: kernel and net, up to 7.2. */
static const struct meaning {
	enum asm_attach_how how;
	uint16_t attach_type;
	int error;
	const char *text;
} meanings[] = {
	{ ASM_ATTACH_IFINDEX, BPF_XDP, EBUSY,
	  "another program is attached to the device (`ip link set dev NAME xdp off` detaches one "
	  "that is without a link)" },
	{ ASM_ATTACH_IFINDEX, BPF_XDP, EEXIST,
	  "another program is attached to the device in another mode (native or generic)" },
	{ ASM_ATTACH_IFINDEX, BPF_XDP, EOPNOTSUPP,
	  "the driver of the device does not take such a program" },
	{ ASM_ATTACH_IFINDEX, BPF_NETKIT_PRIMARY, EINVAL, no_netkit },
	{ ASM_ATTACH_IFINDEX, BPF_NETKIT_PEER, EINVAL, no_netkit },
	{ ASM_ATTACH_IFINDEX, BPF_NETKIT_PRIMARY, ENXIO, "the device is no netkit device" },
	{ ASM_ATTACH_IFINDEX, BPF_NETKIT_PEER, ENXIO, "the device is no netkit device" },
	{ ASM_ATTACH_IFINDEX, BPF_NETKIT_PRIMARY, EACCES,
	  "the device is the peer of a pair: programs of both sides attach at the primary one" },
	{ ASM_ATTACH_IFINDEX, BPF_NETKIT_PEER, EACCES,
	  "the device is the peer of a pair: programs of both sides attach at the primary one" },
	{ ASM_ATTACH_IFINDEX, 0, ERANGE, "64 programs are attached there, and no more can be" },
	{ ASM_ATTACH_CGROUP, 0, EPERM,
	  "the group or one above it has a program that was attached as the only one "
	  "(`bpftool cgroup tree` lists them)" },
	{ ASM_ATTACH_CGROUP, 0, E2BIG, "64 programs are attached there, and no more can be" },
	{ ASM_ATTACH_CGROUP, 0, ENODEV, "the group is being removed" },
	{ ASM_ATTACH_NETNS, BPF_FLOW_DISSECTOR, EEXIST,
	  "another program is attached to the namespace, or for all of them to the first" },
	{ ASM_ATTACH_NETNS, BPF_FLOW_DISSECTOR, E2BIG,
	  "another program is attached to the namespace, and it takes one" },
	{ ASM_ATTACH_NETNS, BPF_SK_LOOKUP, E2BIG,
	  "64 programs are attached there, and no more can be" },
	{ ASM_ATTACH_NETFILTER, 0, EBUSY,
	  "the hook has a program of that priority: choose another by --hook" },
	{ ASM_ATTACH_NETFILTER, 0, EAFNOSUPPORT,
	  "this kernel has no netfilter for that family (CONFIG_NETFILTER, CONFIG_IPV6)" },
};

static const struct meaning *find_meaning(const struct asm_attach *attach, int err)
{
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
		const struct meaning *row = &meanings[i];

		if (row->how == attach->how && row->error == -err &&
		    (!row->attach_type || row->attach_type == attach->attach_type))
			return row;
	}
	return NULL;
}

static int get_info(int fd, struct abi_link_info *info)
{
	struct abi_info_by_fd attr;

	memset(&attr, 0, sizeof(attr));
	memset(info, 0, sizeof(*info));
	attr.bpf_fd = (uint32_t)fd;
	attr.info_len = sizeof(*info);
	attr.info = abi_ptr(info);
	return sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &attr, abi_end(struct abi_info_by_fd, info));
}

/* The next link that this process may see; what it is stays 0 when that cannot be read. */
static int next_link(uint32_t *id, struct abi_link_info *info)
{
	struct abi_get_id attr;
	int err, fd;

	memset(&attr, 0, sizeof(attr));
	attr.start_id = *id;
	err = sys_bpf(BPF_LINK_GET_NEXT_ID, &attr, abi_end(struct abi_get_id, next_id));
	if (err)
		return err;
	*id = attr.next_id;
	memset(info, 0, sizeof(*info));
	memset(&attr, 0, sizeof(attr));
	attr.link_id = *id;
	fd = sys_bpf(BPF_LINK_GET_FD_BY_ID, &attr, abi_end(struct abi_get_id, link_id));
	if (fd >= 0 && get_info(fd, info) != 0)
		memset(info, 0, sizeof(*info));
	sys_close(fd);
	return 0;
}

/* Which link has the device. */
static bool find_xdp_link(uint32_t ifindex, struct abi_link_info *info)
{
	uint32_t id = 0;

	while (next_link(&id, info) == 0)
		if (info->type == BPF_LINK_TYPE_XDP && info->xdp.ifindex == ifindex)
			return true;
	return false;
}

static void explain(const struct attach *a, const struct abi_link_create *attr, int err)
{
	const struct asm_attach *attach = a->func->attach;
	const struct meaning *meaning;
	struct abi_link_info info;
	struct why why;

	why_attach(&why, attach, NULL, err);
	meaning = why.count ? NULL : find_meaning(attach, err);
	if (meaning && attach->attach_type == BPF_XDP && err == -EBUSY &&
	    find_xdp_link(attr->target_ifindex, &info))
		snprintf(why.text[why.count++], WHY_TEXT, "program %" PRIu32 " is attached to the "
			 "device, by link %" PRIu32, info.prog_id, info.id);
	else if (meaning)
		snprintf(why.text[why.count++], WHY_TEXT, "%s", meaning->text);
	why_say(a->load->opt, &a->place, a->what, "BPF_LINK_CREATE", err, &why);
}

/* ---- attaching ---- */

/* The target is in attr; size ends behind the last field of it. */
static int make_link(const struct attach *a, struct abi_link_create *attr, unsigned int size)
{
	int link;

	attr->prog_fd = (uint32_t)a->prog->fd;
	attr->attach_type = a->func->attach->attach_type;
	link = sys_bpf(BPF_LINK_CREATE, attr, size);
	if (link < 0) {
		explain(a, attr, link);
		return link;
	}
	say_step(a->load->opt, "%s: BPF_LINK_CREATE: descriptor %d", a->what, link);
	return attach_keep(a, link, true);
}

/* At what a descriptor stands for, which is taken over. */
static int attach_fd(const struct attach *a, int fd)
{
	struct abi_link_create attr;
	int err;

	if (fd < 0)
		return fd;
	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)fd;
	err = make_link(a, &attr, abi_end(struct abi_link_create, flags));
	sys_close(fd);
	return err;
}

int net_attach_device(const struct attach *a)
{
	struct abi_link_create attr;
	int err;

	memset(&attr, 0, sizeof(attr));
	err = where_device(a, &attr.target_ifindex);
	return err ? err : make_link(a, &attr, abi_end(struct abi_link_create, flags));
}

int net_attach_cgroup(const struct attach *a)
{
	return attach_fd(a, where_cgroup(a));
}

int net_attach_netns(const struct attach *a)
{
	return attach_fd(a, where_netns(a));
}

int net_attach_netfilter(const struct attach *a)
{
	struct where_hook hook = { 0 };
	struct abi_link_create attr;
	int err = where_hook(a, &hook);

	if (err)
		return err;
	memset(&attr, 0, sizeof(attr));
	attr.netfilter.pf = hook.pf;
	attr.netfilter.hooknum = hook.hooknum;
	attr.netfilter.priority = hook.priority;
	return make_link(a, &attr, abi_end(struct abi_link_create, netfilter));
}
