/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <string.h>

#include "abi.h"
#include "loader.h"
#include "attach.h"
#include "iter.h"
#include "load.h"
#include "say.h"
#include "sys.h"
#include "value.h"
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
	why_attach(&why, a->func->attach, link);
	why_say(a->load->opt, &a->place, a->what, "BPF_LINK_CREATE", link, &why);
	return link;
}

/* ---- output ---- */

struct output {
	FILE *f;
	enum load_print how;
	const char *name;	/* the program's */
	const char *before;
	char text[4096];	/* what was read and not printed yet: the beginning of a line */
	size_t len;
	long total;
};

/* A line without its end; tabs are the program's columns, and no harm to a terminal. */
static void print_line(struct output *o, const char *line, size_t len)
{
	if (o->how == LOAD_JSON) {
		fputs("{\"iter\":", o->f);
		value_print_text(o->f, o->how, o->name, strlen(o->name));
		fputs(",\"line\":", o->f);
		value_print_text(o->f, o->how, line, len);
		fputs("}\n", o->f);
		return;
	}
	while (len) {
		const char *tab = memchr(line, '\t', len);
		size_t part = tab ? (size_t)(tab - line) : len;

		value_print_text(o->f, o->how, line, part);
		if (tab)
			putc('\t', o->f);
		part += tab != NULL;
		line += part;
		len -= part;
	}
	putc('\n', o->f);
}

/* Print the whole lines; of what fills the room, or is the last, all. */
static void print_lines(struct output *o, bool all)
{
	const char *at = o->text, *end = o->text + o->len, *line_end;

	while ((line_end = memchr(at, '\n', (size_t)(end - at)))) {
		print_line(o, at, (size_t)(line_end - at));
		at = line_end + 1;
	}
	if (at < end && (all || (size_t)(end - at) == sizeof(o->text))) {
		print_line(o, at, (size_t)(end - at));
		at = end;
	}
	o->len = (size_t)(end - at);
	memmove(o->text, at, o->len);
}

/* The kernel answers EAGAIN when it has passed many objects that gave no output. */
static int read_output(struct output *o, int fd)
{
	long n;

	while ((n = sys_read(fd, o->text + o->len, sizeof(o->text) - o->len)) != 0) {
		if (n == -EAGAIN || n == -EINTR)
			continue;
		if (n < 0)
			return (int)n;
		if (o->total == 0)
			fputs(o->before, o->f);
		o->total += n;
		o->len += (size_t)n;
		print_lines(o, false);
	}
	print_lines(o, true);
	return 0;
}

long iter_print(FILE *f, enum load_print how, const struct load_prog *prog, const char *before)
{
	struct output o = { .f = f, .how = how, .name = prog->func->name, .before = before };
	struct abi_iter_create attr;
	int fd, err;

	memset(&attr, 0, sizeof(attr));
	attr.link_fd = (uint32_t)prog->links[0].fd;
	fd = sys_bpf(BPF_ITER_CREATE, &attr, sizeof(attr));
	if (fd < 0)
		return fd;
	err = read_output(&o, fd);
	sys_close(fd);
	return err ? err : o.total;
}
