/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "abi.h"
#include "detach.h"
#include "loader.h"
#include "object.h"
#include "holds.h"
#include "say.h"
#include "sys.h"
#include "words.h"

/* What still holds a link. */
static void say_holders(const struct load_options *opt, uint32_t id)
{
	struct holds holds = { .n = 0 };
	bool any = false;

	holds_pins(&holds, OBJECT_LINK);
	holds_procs(&holds, OBJECT_LINK);
	for (size_t i = 0; i < holds.n; i++) {
		const struct holder *holder = &holds.at[i];

		if (holder->id != id)
			continue;
		if (holder->pid)
			say_note(opt, NULL, "process %" PRIu32 " (%s) holds link %" PRIu32,
				 holder->pid, holder->name, id);
		else
			say_note(opt, NULL, "link %" PRIu32 " is pinned at %s", id, holder->name);
		any = true;
	}
	holds_free(&holds);
	if (!any)
		say_note(opt, NULL, "who holds link %" PRIu32 " is not to be seen from here", id);
}

static int link_detach(int fd)
{
	struct abi_link_detach attr;

	memset(&attr, 0, sizeof(attr));
	attr.link_fd = (uint32_t)fd;
	return sys_bpf(BPF_LINK_DETACH, &attr, sizeof(attr));
}

/* Is the link there, when nobody here holds it? The kernel frees a while after the last close. */
static bool is_left(uint32_t id)
{
	enum { TRIES = 20, WAIT_US = 5000 };
	int fd = 0;

	for (int i = 0; i < TRIES && fd >= 0; i++) {
		if (i)
			sys_sleep(WAIT_US);
		fd = object_open_id(OBJECT_LINK, id, 0);
		sys_close(fd < 0 ? -1 : fd);
	}
	return fd >= 0;
}

/*
 * End a link whose descriptor is given up: by the call where its type has it, else by leaving it to
 * whoever else holds it.
 */
static int end_link(const struct load_options *opt, int fd)
{
	int64_t id = holds_id(fd, OBJECT_LINK);
	int err = id < 0 ? (int)id : link_detach(fd);

	sys_close(fd);
	if (!err) {
		say_step(opt, "link %" PRId64 ": BPF_LINK_DETACH", id);
		return 0;
	}
	/* EINVAL: before 5.9 there was no such call */
	if (err != -EOPNOTSUPP && err != -EINVAL) {
		say_error(opt, NULL, "BPF_LINK_DETACH: %s", strerror(-err));
		return err;
	}
	if (!is_left((uint32_t)id))
		return 0;
	say_error(opt, NULL, "link %" PRId64 " lives on: the kernel cannot detach links of its "
		  "type, which end when nothing holds them", id);
	say_holders(opt, (uint32_t)id);
	return -EBUSY;
}

static int unpin_end(const struct load_options *opt, const char *path, int fd)
{
	int err = sys_unlink(path);

	if (!err)
		return end_link(opt, fd);
	say_error(opt, NULL, "unlink %s: %s", path, strerror(-err));
	sys_close(fd);
	return err;
}

static uint32_t prog_of(int fd)
{
	struct abi_link_info info;

	memset(&info, 0, sizeof(info));
	return object_info(fd, &info, sizeof(info)) ? 0 : info.prog_id;
}

/* PATH-2 and so on, which attach --pin made beside PATH: links of the same program. */
static int end_siblings(const struct load_options *opt, const char *path, uint32_t prog)
{
	char sibling[PATH_MAX];
	int err = 0;

	for (unsigned int i = 2; !err; i++) {
		int fd;

		snprintf(sibling, sizeof(sibling), "%s-%u", path, i);
		fd = object_open_pin(sibling, 0);
		if (fd < 0)
			break;
		if (object_kind_of(fd) != OBJECT_LINK || prog_of(fd) != prog) {
			sys_close(fd);
			break;
		}
		err = unpin_end(opt, sibling, fd);
	}
	return err;
}

int detach_link(struct words *words, bool unpin)
{
	int fd = object_find_one(words, OBJECT_LINK, 0), err;
	const char *path = fd < 0 ? "" : words->at[-1];
	uint32_t prog;

	if (fd < 0 || !words_end(words)) {
		sys_close(fd < 0 ? -1 : fd);
		return -EINVAL;
	}
	if (!unpin || !strchr(path, '/'))
		return end_link(words->opt, fd);
	prog = prog_of(fd);
	err = unpin_end(words->opt, path, fd);
	return err ? err : end_siblings(words->opt, path, prog);
}
