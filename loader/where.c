/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi.h"
#include "loader.h"
#include "attach.h"
#include "load.h"
#include "say.h"
#include "sys.h"
#include "where.h"

#define CGROUP2_MAGIC UINT32_C(0x63677270)
#define NSFS_MAGIC UINT32_C(0x6e736673)

static int say_not_given(const struct attach *a, const char *what, const char *option)
{
	say_error(a->load->opt, &a->place, "%s: attach: its section does not say %s: %s does",
		  a->what, what, option);
	return -EDESTADDRREQ;
}

/* ---- devices ---- */

/* "; did you mean ...?" from the names in /proc/net/dev, which are those of this namespace. */
static const char *near_device(const char *name, char buf[ASM_NEAR_TEXT])
{
	struct asm_near near;
	char *text, *rest, *line;
	size_t len;

	asm_near_start(&near, name, strlen(name));
	if (asm_read_file("/proc/net/dev", &text, &len) == 0) {
		rest = text;
		while ((line = strsep(&rest, "\n"))) {
			line += strspn(line, " ");
			len = strcspn(line, ":");
			if (line[len])
				asm_near_offer(&near, line, len);
		}
		free(text);
	}
	return asm_near_text(&near, buf);
}

int where_device(const struct attach *a, uint32_t *ifindex)
{
	const char *name = a->load->opt->where.dev;
	char near[ASM_NEAR_TEXT];
	int index;

	if (!name)
		return say_not_given(a, "at which network device", "--dev NAME");
	index = sys_ifindex(name);
	if (index > 0) {
		*ifindex = (uint32_t)index;
		return 0;
	}
	if (index == -ENODEV)
		say_error(a->load->opt, &a->place, "%s: attach: this network namespace has no "
			  "device '%s'%s", a->what, name, near_device(name, near));
	else
		say_error(a->load->opt, &a->place, "%s: attach: device '%s': %s", a->what, name,
			  strerror(-index));
	return index;
}

int where_lirc(const struct attach *a)
{
	const char *path = a->load->opt->where.dev;
	int fd;

	if (!path)
		return say_not_given(a, "at which receiver", "--dev /dev/lircN");
	fd = sys_open(path);
	if (fd < 0)
		say_error(a->load->opt, &a->place, "%s: attach: '%s': %s", a->what, path,
			  strerror(-fd));
	return fd;
}

/* ---- control groups ---- */

/* Where the first cgroup2 file system is mounted, in text, or NULL. */
static const char *cgroup2_mount(char *text)
{
	char *rest = text, *line, *at, *path;

	while ((line = strsep(&rest, "\n"))) {
		at = line;
		strsep(&at, " ");
		path = strsep(&at, " ");
		if (path && at && strncmp(at, "cgroup2 ", 8) == 0)
			return path;
	}
	return NULL;
}

static void say_no_cgroup2(const struct attach *a, const char *path)
{
	static const char mounts[] = "/proc/self/mounts";
	const char *mounted = NULL;
	char *text;
	size_t len;
	int err = asm_read_file(mounts, &text, &len);

	say_error(a->load->opt, &a->place, "%s: attach: '%s' is no folder of a cgroup2 file system",
		  a->what, path);
	if (!err)
		mounted = cgroup2_mount(text);
	if (mounted)
		say_note(a->load->opt, NULL, "one is mounted on %s", mounted);
	else if (!err)
		say_note(a->load->opt, NULL, "none is mounted: `mount -t cgroup2 none FOLDER` "
			 "does that");
	if (!err)
		free(text);
}

int where_cgroup(const struct attach *a)
{
	const char *path = a->load->opt->where.cgroup;
	uint32_t type;
	int err;

	if (!path)
		return say_not_given(a, "at which control group", "--cgroup DIR");
	err = sys_fs_type(path, &type);
	if (!err)
		err = sys_is_dir(path);
	if (!err && type != CGROUP2_MAGIC) {
		say_no_cgroup2(a, path);
		return -EBADF;
	}
	if (!err)
		err = sys_open(path);
	if (err < 0)
		say_error(a->load->opt, &a->place, "%s: attach: control group '%s': %s", a->what,
			  path, strerror(-err));
	return err;
}

/* ---- network namespaces ---- */

int where_netns(const struct attach *a)
{
	const char *name = a->load->opt->where.netns;
	char path[PATH_MAX];
	uint32_t type;
	int err;

	snprintf(path, sizeof(path), "%s%s", name && !strchr(name, '/') ? "/run/netns/" : "",
		 name ? name : "/proc/self/ns/net");
	err = sys_fs_type(path, &type);
	if (!err && type != NSFS_MAGIC) {
		say_error(a->load->opt, &a->place, "%s: attach: '%s' is no network namespace",
			  a->what, path);
		return -EINVAL;
	}
	if (!err)
		err = sys_open(path);
	if (err < 0)
		say_error(a->load->opt, &a->place, "%s: attach: network namespace '%s': %s",
			  a->what, path, strerror(-err));
	return err;
}

/* ---- sockets ---- */

static const char *why_no_socket(int err)
{
	switch (err) {
	case -ESRCH:
		return ": there is no such process";
	case -EBADF:
		return ": it has no such descriptor";
	case -EPERM:
		return ": that takes the right to trace it (CAP_SYS_PTRACE)";
	case -ENOSYS:
		return ": to take it from there needs Linux 5.6";
	}
	return "";
}

int where_socket(const struct attach *a)
{
	const struct load_where *where = &a->load->opt->where;
	int fd;

	if (!where->socket && !where->socket_pid)
		return say_not_given(a, "at which socket", "--socket PID:FD");
	fd = where->socket_pid ? sys_take_fd(where->socket_pid, where->socket) :
				 sys_dup(where->socket);
	if (fd < 0 && where->socket_pid)
		say_error(a->load->opt, &a->place, "%s: attach: descriptor %d of process %d: %s%s",
			  a->what, where->socket, where->socket_pid, strerror(-fd),
			  why_no_socket(fd));
	else if (fd < 0)
		say_error(a->load->opt, &a->place, "%s: attach: descriptor %d: %s", a->what,
			  where->socket, strerror(-fd));
	return fd;
}

/* ---- hooks of netfilter ---- */

/* Numbers of uapi/linux/netfilter.h, by nft's words, and by the constants'. */
static const struct word {
	const char *name;
	uint32_t number;
} families[] = {
	{ "ip", 2 }, { "ip6", 10 }, { "ipv4", 2 }, { "ipv6", 10 },
}, hooks[] = {
	{ "prerouting", 0 }, { "input", 1 }, { "forward", 2 }, { "output", 3 },
	{ "postrouting", 4 }, { "pre_routing", 0 }, { "local_in", 1 }, { "local_out", 3 },
	{ "post_routing", 4 },
};

static bool take_word(const char **text, const struct word *words, size_t count, uint32_t *number)
{
	size_t len = strcspn(*text, "/:");

	for (size_t i = 0; i < count; i++) {
		if (strncmp(words[i].name, *text, len) != 0 || words[i].name[len])
			continue;
		*number = words[i].number;
		*text += len;
		return true;
	}
	return false;
}

/* FAMILY/HOOK[:PRIORITY] */
static bool take_hook(const char *text, struct where_hook *hook)
{
	char *end;
	long priority = 0;

	if (!take_word(&text, families, sizeof(families) / sizeof(families[0]), &hook->pf) ||
	    *text++ != '/' ||
	    !take_word(&text, hooks, sizeof(hooks) / sizeof(hooks[0]), &hook->hooknum))
		return false;
	if (*text == ':') {
		priority = strtol(text + 1, &end, 10);
		text = end == text + 1 ? text : end;
	}
	hook->priority = (int32_t)priority;
	/* The kernel keeps the first and the last place for itself. */
	return !*text && priority > INT32_MIN && priority < INT32_MAX;
}

int where_hook(const struct attach *a, struct where_hook *hook)
{
	const char *text = a->load->opt->where.hook;

	if (!text)
		return say_not_given(a, "at which hook", "--hook FAMILY/HOOK[:PRIORITY]");
	if (take_hook(text, hook))
		return 0;
	say_error(a->load->opt, &a->place, "%s: attach: hook '%s' is not of the form "
		  "FAMILY/HOOK[:PRIORITY], with ip or ip6, one of prerouting, input, forward, "
		  "output and postrouting, and a number of 32 bits, such as ip/input:-10", a->what,
		  text);
	return -EINVAL;
}
