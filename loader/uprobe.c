/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "abi.h"
#include "loader.h"
#include "array.h"
#include "attach.h"
#include "binary.h"
#include "glob.h"
#include "load.h"
#include "multi.h"
#include "perf.h"
#include "pmu.h"
#include "say.h"
#include "sys.h"
#include "uprobe.h"
#include "usdt.h"
#include "why.h"

enum {
	UPROBE_MOST = 65536,	/* places of one program: the kernel takes 2^20 */
	NO_SEMAPHORE = 0,
	ALL = -1,		/* processes, CPUs, groups */
};

/* One PLACE of a section. */
struct place {
	const char *name;	/* without its +OFFSET */
	uint64_t plus;
	bool pattern, found;
	unsigned int other;	/* 1 << each enum binary_kind but a function that has the name */
	struct asm_near near;
};

/* What a section names: one file, and the offsets in it. */
struct target {
	const struct attach *a;
	bool many;
	char path[PATH_MAX];
	char *text;		/* owned, cut at ':' and ',' */
	struct place *places;	/* owned */
	size_t nplaces;
	unsigned long *offsets;	/* owned; sorted, each once */
	size_t count, room;
	int err;
};

static void target_free(struct target *t)
{
	free(t->offsets);
	free(t->places);
	free(t->text);
}

/* ---- what the section says ---- */

static int say_malformed(const struct target *t)
{
	const struct attach *a = t->a;

	say_error(a->load->opt, &a->place, "%s: '%s' is not of the form FILE:SYMBOL, "
		  "FILE:SYMBOL+OFFSET or FILE:OFFSET%s", a->what, a->func->target,
		  t->many ? ", with more of them behind commas" : "");
	return -EINVAL;
}

static int target_offer(struct target *t, uint64_t offset)
{
	unsigned long *offsets;

	if (t->count == UPROBE_MOST)
		return -E2BIG;
	offsets = array_grow(t->offsets, &t->room, t->count + 1, sizeof(*offsets));
	if (!offsets)
		return -ENOMEM;
	t->offsets = offsets;
	t->offsets[t->count++] = (unsigned long)offset;
	return 0;
}

/* SYMBOL, SYMBOL+OFFSET or OFFSET, cut in place. */
static int target_place(struct target *t, char *text)
{
	struct place *place = &t->places[t->nplaces];
	char *plus = strrchr(text, '+'), *number = plus ? plus + 1 : text, *end = NULL;
	bool digits = *number >= '0' && *number <= '9';
	uint64_t value = digits ? strtoull(number, &end, 0) : 0;

	if (!*text || plus == text || (plus && !digits) || (digits && *end))
		return say_malformed(t);
	if (digits && !plus)
		return target_offer(t, value);
	if (plus)
		*plus = '\0';
	place->name = text;
	place->plus = value;
	place->pattern = t->many && glob_is_pattern(text);
	asm_near_start(&place->near, text, strlen(text));
	t->nplaces++;
	return 0;
}

static int target_split(struct target *t)
{
	const struct attach *a = t->a;
	char *colon, *rest, *part, why[512];
	size_t most = 1;
	int err;

	t->text = strdup(a->func->target);
	colon = t->text ? strrchr(t->text, ':') : NULL;
	if (!t->text)
		return -ENOMEM;
	if (!colon || colon == t->text)
		return say_malformed(t);
	*colon = '\0';
	for (const char *at = colon + 1; *at; at++)
		most += *at == ',';
	t->places = calloc(most, sizeof(*t->places));
	if (!t->places)
		return -ENOMEM;
	err = binary_find(t->text, t->path, sizeof(t->path), why, sizeof(why));
	if (err)
		say_error(a->load->opt, &a->place, "%s: %s", a->what, why);
	rest = colon + 1;
	while (!err && (part = t->many ? strsep(&rest, ",") : rest)) {
		err = target_place(t, part);
		rest = t->many ? rest : NULL;
	}
	return err;
}

/* ---- what the file has ---- */

/* binary_fn */
static bool target_symbol(void *arg, const struct binary_symbol *symbol)
{
	struct target *t = arg;

	for (size_t i = 0; i < t->nplaces && !t->err; i++) {
		struct place *place = &t->places[i];
		bool same = place->pattern ? load_glob(place->name, symbol->name) :
					     strcmp(place->name, symbol->name) == 0;

		if (symbol->kind != BINARY_FUNCTION) {
			place->other |= same ? 1u << symbol->kind : 0;
		} else if (same) {
			place->found = true;
			t->err = target_offer(t, symbol->offset + place->plus);
		} else {
			asm_near_offer(&place->near, symbol->name, strlen(symbol->name));
		}
	}
	return !t->err;
}

static void say_missing(const struct target *t, const struct place *place)
{
	static const struct {
		enum binary_kind kind;
		const char *why;
	} others[] = {
		{ BINARY_INDIRECT, ": that name stands for one of several functions, which the "
				   "program chooses when it starts: probe these" },
		{ BINARY_IMPORTED, ": it calls that function of a shared library: probe it there" },
		{ BINARY_OTHER, ": the name is not that of a function" },
	};
	const struct attach *a = t->a;
	char near[ASM_NEAR_TEXT];
	const char *why = place->pattern ? "" : asm_near_text(&place->near, near);

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]) && !place->pattern; i++) {
		if (!(place->other & 1u << others[i].kind))
			continue;
		why = others[i].why;
		break;
	}
	if (t->many)
		say_note(a->load->opt, &a->place, "%s: %s has no function '%s'%s", a->what,
			 t->path, place->name, why);
	else
		say_error(a->load->opt, &a->place, "%s: %s has no function '%s'%s", a->what,
			  t->path, place->name, why);
}

static int compare_offsets(const void *a, const void *b)
{
	unsigned long x = *(const unsigned long *)a, y = *(const unsigned long *)b;

	return (x > y) - (x < y);
}

/* A name may stand in both tables of symbols, and a function may have several names. */
static void target_sort(struct target *t)
{
	size_t kept = 0;

	if (t->count)
		qsort(t->offsets, t->count, sizeof(*t->offsets), compare_offsets);
	for (size_t i = 0; i < t->count; i++)
		if (!kept || t->offsets[kept - 1] != t->offsets[i])
			t->offsets[kept++] = t->offsets[i];
	t->count = kept;
}

/* One place where one is wanted, and any of several. */
static int target_check(const struct target *t)
{
	const struct attach *a = t->a;

	for (size_t i = 0; i < t->nplaces; i++) {
		const struct place *place = &t->places[i];

		if (!place->found)
			say_missing(t, place);
		else if (!place->pattern && place->other & 1u << BINARY_INDIRECT)
			say_note(a->load->opt, &a->place, "%s: '%s' also stands for functions of "
				 "other names, one of which is chosen when a program starts: "
				 "these are not probed", a->what, place->name);
	}
	if (!t->count) {
		if (t->many)
			say_error(a->load->opt, &a->place, "%s: there is nothing to attach to",
				  a->what);
		return -ENOENT;
	}
	if (t->many || t->count == 1)
		return 0;
	say_error(a->load->opt, &a->place, "%s: %s has %zu functions '%s', the first at 0x%lx and "
		  "0x%lx: give the offset instead of the name, or attach to all by .multi",
		  a->what, t->path, t->count, t->places[0].name, t->offsets[0], t->offsets[1]);
	return -EADDRNOTAVAIL;
}

static int target_find(struct target *t)
{
	const struct attach *a = t->a;
	char why[512];
	int err = target_split(t);

	if (!err && t->nplaces) {
		err = binary_each(t->path, target_symbol, t, why, sizeof(why));
		if (err) {
			say_error(a->load->opt, &a->place, "%s: %s: %s", a->what, t->path, why);
			return err;
		}
		err = t->err;
	}
	if (err == -ENOMEM || err == -E2BIG)
		say_error(a->load->opt, &a->place, "%s: %s: %s", a->what, t->path,
			  err == -E2BIG ? "more than 65536 functions match" : strerror(ENOMEM));
	if (err)
		return err;
	target_sort(t);
	return target_check(t);
}

/* ---- attaching ---- */

/* What can be seen of why a place in a file cannot be probed; "" for nothing. */
static void describe(const char *path, uint64_t offset, int err, char *why, size_t size)
{
	int before = errno;
	struct stat st;

	why[0] = '\0';
	if (stat(path, &st) != 0)
		snprintf(why, size, ": the file: %s", strerror(errno));
	else if (!S_ISREG(st.st_mode))
		snprintf(why, size, ": it is no regular file");
	else if (offset >= (uint64_t)st.st_size)
		snprintf(why, size, ": the file ends before that, with %" PRIu64 " bytes",
			 (uint64_t)st.st_size);
	else if (err == -ESRCH)
		snprintf(why, size, ": the process that --pid names is not there");
	else if (err == -EIO)
		snprintf(why, size, ": its file system does not let the kernel read it by pages");
	else if (err == -EOPNOTSUPP)
		snprintf(why, size, ": the kernel cannot run the instruction there elsewhere, as a "
			 "probe needs, or none begins there");
	errno = before;
}

static int say_failed(const struct attach *a, const char *path, uint64_t offset, int err)
{
	char reason[256];
	struct why why;

	if (err == -EPERM || err == -EACCES || err == -ENOSYS) {
		why_uprobe(&why, err);
		why_say(a->load->opt, &a->place, a->what, "perf_event_open", err, &why);
		return err;
	}
	describe(path, offset, err, reason, sizeof(reason));
	say_error(a->load->opt, &a->place, "%s: perf_event_open: %s at 0x%" PRIx64 ": %s%s",
		  a->what, path, offset, strerror(-err), reason);
	return err;
}

int uprobe_attach_at(const struct attach *a, const char *path, uint64_t offset, uint64_t semaphore)
{
	struct abi_perf_event_attr attr;
	int event = pmu_fill(a, "uprobe", &attr), pid = a->load->opt->where.pid;

	if (event < 0)
		return event;
	attr.config |= semaphore << ABI_PROBE_REF_CTR_SHIFT;
	attr.uprobe_path = abi_ptr(path);
	attr.probe_offset = offset;
	event = sys_perf_event_open(&attr, pid ? pid : ALL, pid ? ALL : sys_cpu(), ALL,
				    PERF_FLAG_FD_CLOEXEC);
	if (event < 0)
		return say_failed(a, path, offset, event);
	say_step(a->load->opt, "%s: %s at 0x%" PRIx64, a->what, path, offset);
	return perf_attach(a, event);
}

static int attach_singly(const struct target *t)
{
	const struct attach *a = t->a;
	size_t before = a->prog->nlinks;
	int err = 0;

	if (t->many)
		say_step(a->load->opt, "%s: this kernel has no uprobe_multi link (Linux 6.6): %zu "
			 "single probes", a->what, t->count);
	for (size_t i = 0; i < t->count; i++)
		err = uprobe_attach_at(a, t->path, t->offsets[i], NO_SEMAPHORE);
	return a->prog->nlinks > before ? 0 : err;
}

/* The places are in attr. */
static int link_create(int prog, uint32_t attach_type, struct abi_link_create *attr)
{
	attr->prog_fd = (uint32_t)prog;
	attr->attach_type = attach_type;
	return sys_bpf(BPF_LINK_CREATE, attr, abi_end(struct abi_link_create, uprobe_multi));
}

/* A folder has no functions: who knows such links says that it is no file. */
bool uprobe_multi_is_there(void)
{
	static const unsigned long none[1];
	int prog = multi_trial(BPF_TRACE_UPROBE_MULTI), link = prog;
	struct abi_link_create attr;

	memset(&attr, 0, sizeof(attr));
	attr.uprobe_multi.path = abi_ptr("/");
	attr.uprobe_multi.offsets = abi_ptr(none);
	attr.uprobe_multi.cnt = 1;
	if (prog >= 0)
		link = link_create(prog, BPF_TRACE_UPROBE_MULTI, &attr);
	sys_close(link >= 0 ? link : -1);
	sys_close(prog);
	return link == -EBADF;
}

static int attach_multi(const struct target *t)
{
	const struct attach *a = t->a;
	const struct asm_attach *attach = a->func->attach;
	struct abi_link_create attr;
	char reason[256];
	uint64_t *cookies;
	int link = multi_cookies(a, t->count, &cookies);

	if (link)
		return link;
	memset(&attr, 0, sizeof(attr));
	attr.uprobe_multi.path = abi_ptr(t->path);
	attr.uprobe_multi.offsets = abi_ptr(t->offsets);
	attr.uprobe_multi.cookies = abi_ptr(cookies);
	attr.uprobe_multi.cnt = (uint32_t)t->count;
	attr.uprobe_multi.flags = attach->flags & ASM_ATTACH_RETURN ? BPF_F_UPROBE_MULTI_RETURN : 0;
	attr.uprobe_multi.pid = (uint32_t)a->load->opt->where.pid;
	link = link_create(a->prog->fd, attach->attach_type, &attr);
	free(cookies);
	if (link >= 0) {
		say_step(a->load->opt, "%s: BPF_LINK_CREATE: uprobe_multi link over %zu places of "
			 "%s: descriptor %d", a->what, t->count, t->path, link);
		return attach_keep(a, link, true);
	}
	/* Sorted: when one is behind the end of the file, it is the last. */
	describe(t->path, t->offsets[t->count - 1], link, reason, sizeof(reason));
	if (reason[0]) {
		say_error(a->load->opt, &a->place, "%s: BPF_LINK_CREATE: %s at 0x%lx: %s%s",
			  a->what, t->path, t->offsets[t->count - 1], strerror(-link), reason);
		return link;
	}
	return attach_failed(a, "BPF_LINK_CREATE", link);
}

int uprobe_attach(const struct attach *a)
{
	struct target t = { .a = a, .many = a->func->attach->how == ASM_ATTACH_UPROBE_MULTI };
	int err;

	if (a->func->attach->target == ASM_TARGET_USDT)
		return usdt_attach(a);
	err = target_find(&t);
	if (!err)
		err = t.many && !a->prog->single ? attach_multi(&t) : attach_singly(&t);
	target_free(&t);
	return err;
}
