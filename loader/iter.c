/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <string.h>

#include "abi.h"
#include "loader.h"
#include "attach.h"
#include "iter.h"
#include "lines.h"
#include "load.h"
#include "say.h"
#include "sys.h"
#include "why.h"

int iter_attach(const struct attach *a)
{
	struct abi_link_create attr;
	struct why why;
	int link;

	memset(&attr, 0, sizeof(attr));
	attr.prog_fd = (uint32_t)a->prog->fd;
	attr.attach_type = a->func->attach->attach_type;
	link = sys_bpf(BPF_LINK_CREATE, &attr, abi_end(struct abi_link_create, flags));
	if (link >= 0) {
		say_step(a->load->opt, "%s: BPF_LINK_CREATE: iterator: descriptor %d", a->what,
			 link);
		return attach_keep(a, link, true);
	}
	if (link == -EBADF) {
		say_error(a->load->opt, &a->place, "%s: BPF_LINK_CREATE: %s: '%s' iterates over "
			  "one map, and this loader has no way to name it", a->what,
			  strerror(EBADF), a->func->target);
		return link;
	}
	why_attach(&why, a->func->attach, NULL, link);
	why_say(a->load->opt, &a->place, a->what, "BPF_LINK_CREATE", link, &why);
	return link;
}

/* ---- output ---- */

/* Bytes read, or -errno. */
static long read_output(struct lines *lines, const char *before, int fd)
{
	long total = 0, n;
	size_t room;
	char *at;

	while ((at = lines_room(lines, &room), n = sys_read(fd, at, room)) != 0) {
		/* The kernel answers EAGAIN when it has passed many objects without output. */
		if (n == -EAGAIN || n == -EINTR)
			continue;
		if (n < 0)
			return n;
		if (total == 0)
			fputs(before, lines->f);
		total += n;
		lines_take(lines, (size_t)n);
	}
	lines_end(lines);
	return total;
}

long iter_print(FILE *f, enum load_print how, const struct load_prog *prog, const char *before)
{
	struct lines lines = {
		.f = f, .how = how, .key = "iter", .name = prog->func->name, .prefix = "",
	};
	struct abi_iter_create attr;
	long total;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.link_fd = (uint32_t)prog->links[0].fd;
	fd = sys_bpf(BPF_ITER_CREATE, &attr, sizeof(attr));
	if (fd < 0)
		return fd;
	total = read_output(&lines, before, fd);
	sys_close(fd);
	return total;
}
