/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "abi.h"
#include "loader.h"
#include "attach.h"
#include "load.h"
#include "say.h"
#include "sock.h"
#include "sys.h"
#include "where.h"
#include "why.h"

/* ---- without a link: the program hangs at the target itself ---- */

static int prog_attach(const struct attach *a, int target)
{
	struct abi_prog_attach attr;

	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)target;
	attr.attach_bpf_fd = (uint32_t)a->prog->fd;
	attr.attach_type = a->func->attach->attach_type;
	return sys_bpf(BPF_PROG_ATTACH, &attr, abi_end(struct abi_prog_attach, attach_flags));
}

/* attach_undo */
static void prog_detach(const struct load_prog *prog, int target)
{
	struct abi_prog_attach attr;

	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)target;
	attr.attach_bpf_fd = (uint32_t)prog->fd;
	attr.attach_type = prog->func->attach->attach_type;
	/* It fails where the target, or the program at it, has gone already. */
	(void)sys_bpf(BPF_PROG_DETACH, &attr, abi_end(struct abi_prog_attach, attach_type));
}

/* Takes over the descriptor of the target. */
static int attach_at(const struct attach *a, int target)
{
	int err = target < 0 ? target : prog_attach(a, target);

	if (target < 0 || err < 0) {
		sys_close(target);
		return attach_failed(a, "BPF_PROG_ATTACH", err);
	}
	say_step(a->load->opt, "%s: BPF_PROG_ATTACH: until descriptor %d is closed", a->what,
		 target);
	return attach_hold(a, target, prog_detach);
}

int sock_attach_lirc(const struct attach *a)
{
	int fd = where_lirc(a);

	return fd < 0 ? fd : attach_at(a, fd);
}

/* ---- maps of sockets ---- */

static bool holds_sockets(const struct asm_map *map)
{
	return map->type->number == BPF_MAP_TYPE_SOCKMAP ||
	       map->type->number == BPF_MAP_TYPE_SOCKHASH;
}

/* The object's only map of sockets. */
static const struct load_map *find_map(const struct attach *a)
{
	const struct load_map *found = NULL;
	size_t count = 0;

	for (size_t i = 0; i < a->load->nmaps; i++) {
		if (!holds_sockets(a->load->maps[i].map))
			continue;
		found = &a->load->maps[i];
		count++;
	}
	if (count == 1)
		return found;
	say_error(a->load->opt, &a->place, "%s: attach: it belongs to the sockmap or sockhash of "
		  "its text, which has %s", a->what, count ? "several" : "none");
	return NULL;
}

/* BPF_PROG_ATTACH would put one in the place of the other, and say nothing. */
static bool is_taken(const struct attach *a)
{
	for (size_t i = 0; i < a->load->nprogs; i++) {
		const struct load_prog *other = &a->load->progs[i];

		if (other == a->prog || !other->nlinks || other->func->attach != a->func->attach)
			continue;
		say_error(a->load->opt, &a->place, "%s: attach: %s: program %s is at the same "
			  "place, which takes one", a->what, strerror(EBUSY), other->func->name);
		return true;
	}
	return false;
}

static int map_link(const struct attach *a, const struct load_map *map)
{
	struct abi_link_create attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_fd = (uint32_t)a->prog->fd;
	attr.target_fd = (uint32_t)map->fd;
	attr.attach_type = a->func->attach->attach_type;
	return sys_bpf(BPF_LINK_CREATE, &attr, abi_end(struct abi_link_create, flags));
}

/* A link from 6.10 on; kernels before that answer EINVAL. */
int sock_attach_map(const struct attach *a)
{
	const struct load_map *map = find_map(a);
	int link;

	if (!map)
		return -EINVAL;
	if (is_taken(a))
		return -EBUSY;
	link = map_link(a, map);
	if (link >= 0) {
		say_step(a->load->opt, "%s: BPF_LINK_CREATE: link at map %s: descriptor %d",
			 a->what, map->map->name, link);
		return attach_keep(a, link, true);
	}
	return link == -EINVAL ? attach_at(a, sys_dup(map->fd)) :
				 attach_failed(a, "BPF_LINK_CREATE", link);
}

/* ---- sockets ---- */

/* The options of a kind of program. */
struct kind {
	int attach, detach;
	const char *call;
};

static const struct kind filter = {
	SO_ATTACH_BPF, SO_DETACH_FILTER, "setsockopt SO_ATTACH_BPF"
}, reuseport = {
	SO_ATTACH_REUSEPORT_EBPF, SO_DETACH_REUSEPORT_BPF, "setsockopt SO_ATTACH_REUSEPORT_EBPF"
};

static const struct kind *kind_of(const struct asm_func *func)
{
	return func->attach->prog_type == BPF_PROG_TYPE_SK_REUSEPORT ? &reuseport : &filter;
}

/* attach_undo, for sockets that were there before */
static void socket_detach(const struct load_prog *prog, int fd)
{
	/* It fails where something else has detached it already. */
	(void)sys_setsockopt(fd, SOL_SOCKET, kind_of(prog->func)->detach, 0);
}

static int say_no_packets(const struct attach *a, int err)
{
	struct why why;

	why_packet(&why, err);
	why_say(a->load->opt, &a->place, a->what, "socket AF_PACKET", err, &why);
	return err;
}

/* A packet socket that sees the device: the program first, then the packets. */
static int attach_packet(const struct attach *a)
{
	uint32_t ifindex;
	int err = where_device(a, &ifindex), fd;

	if (err)
		return err;
	fd = sys_packet_socket();
	if (fd < 0)
		return say_no_packets(a, fd);
	err = sys_setsockopt(fd, SOL_SOCKET, SO_ATTACH_BPF, a->prog->fd);
	if (err) {
		sys_close(fd);
		return attach_failed(a, filter.call, err);
	}
	err = sys_bind_packets(fd, ifindex);
	if (err) {
		sys_close(fd);
		return attach_failed(a, "bind", err);
	}
	say_step(a->load->opt, "%s: %s: a packet socket at %s: descriptor %d", a->what,
		 filter.call, a->load->opt->where.dev, fd);
	return attach_hold(a, fd, NULL);
}

static int attach_given(const struct attach *a, const struct kind *kind)
{
	int fd = where_socket(a), err;

	if (fd < 0)
		return fd;
	err = sys_setsockopt(fd, SOL_SOCKET, kind->attach, a->prog->fd);
	if (err < 0) {
		sys_close(fd);
		return attach_failed(a, kind->call, err);
	}
	say_step(a->load->opt, "%s: %s: until descriptor %d is closed", a->what, kind->call, fd);
	return attach_hold(a, fd, socket_detach);
}

int sock_attach_socket(const struct attach *a)
{
	const struct load_where *where = &a->load->opt->where;
	const struct kind *kind = kind_of(a->func);

	return kind == &filter && !where->socket && !where->socket_pid ? attach_packet(a) :
	       attach_given(a, kind);
}
