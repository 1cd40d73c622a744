/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "abi.h"
#include "loader.h"
#include "array.h"
#include "attach.h"
#include "facts.h"
#include "glob.h"
#include "kallsyms.h"
#include "load.h"
#include "multi.h"
#include "pmu.h"
#include "probe.h"
#include "say.h"
#include "sys.h"
#include "tracefs.h"
#include "why.h"

enum { MULTI_MOST = 65536 };	/* functions of one program: the kernel takes 2^20 */

/* ---- does the kernel have it ---- */

int multi_trial(uint32_t attach_type)
{
	/* r0 = 0; exit */
	static const struct asm_insn insns[] = { { .code = 0xb7 }, { .code = 0x95 } };
	struct abi_prog_load attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_KPROBE;
	attr.insns = abi_ptr(insns);
	attr.insn_cnt = sizeof(insns) / sizeof(insns[0]);
	attr.license = abi_ptr("GPL");
	attr.expected_attach_type = attach_type;
	return sys_bpf(BPF_PROG_LOAD, &attr, abi_end(struct abi_prog_load, attach_btf_id));
}

static int link_create(int prog, uint32_t attach_type, uint32_t flags, const char *const *names,
		       const uint64_t *cookies, size_t count)
{
	uint64_t *syms = calloc(count, sizeof(*syms));
	struct abi_link_create attr;
	int link;

	if (!syms)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		syms[i] = abi_ptr(names[i]);
	memset(&attr, 0, sizeof(attr));
	attr.prog_fd = (uint32_t)prog;
	attr.attach_type = attach_type;
	attr.kprobe_multi.flags = flags;
	attr.kprobe_multi.cnt = (uint32_t)count;
	attr.kprobe_multi.syms = abi_ptr(syms);
	attr.kprobe_multi.cookies = abi_ptr(cookies);
	link = sys_bpf(BPF_LINK_CREATE, &attr, abi_end(struct abi_link_create, kprobe_multi));
	free(syms);
	return link;
}

/* A function of no kernel: who knows such links does not find it. */
bool multi_is_there(void)
{
	static const char *const none[] = { "!" };
	int prog = multi_trial(BPF_TRACE_KPROBE_MULTI), link = prog;

	if (prog >= 0)
		link = link_create(prog, BPF_TRACE_KPROBE_MULTI, 0, none, NULL, 1);
	sys_close(link >= 0 ? link : -1);
	sys_close(prog);
	return link == -ESRCH;
}

/* ---- which functions ---- */

/* The functions that a section names, sorted, each once. */
struct names {
	const struct attach *a;
	char *patterns;		/* owned, cut at the commas */
	const char **pattern;
	size_t npatterns;
	bool *found;		/* a pattern: it named something */
	char **name;		/* owned */
	size_t count, room;
	int err;
};

static void names_free(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->name[i]);
	free(names->name);
	free(names->found);
	free(names->pattern);
	free(names->patterns);
}

static int names_add(struct names *names, const char *name)
{
	char **grown = array_grow(names->name, &names->room, names->count + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	names->name = grown;
	grown[names->count] = strdup(name);
	if (!grown[names->count])
		return -ENOMEM;
	names->count++;
	return names->count > MULTI_MOST ? -E2BIG : 0;
}

/* kallsyms_fn */
static bool names_offer(void *arg, const char *name)
{
	struct names *names = arg;
	bool take = false;

	for (size_t i = 0; i < names->npatterns; i++) {
		if (!load_glob(names->pattern[i], name))
			continue;
		names->found[i] = true;
		take = true;
	}
	if (take)
		names->err = names_add(names, name);
	return !names->err;
}

/* Cut the list of patterns. */
static int names_split(struct names *names)
{
	char *rest, *part;
	size_t most = 1;

	names->patterns = rest = strdup(names->a->func->target);
	if (!rest)
		return -ENOMEM;
	for (const char *at = rest; *at; at++)
		most += *at == ',';
	names->pattern = calloc(most, sizeof(*names->pattern));
	names->found = calloc(most, sizeof(*names->found));
	if (!names->pattern || !names->found)
		return -ENOMEM;
	while ((part = strsep(&rest, ",")))
		if (*part)
			names->pattern[names->npatterns++] = part;
	return 0;
}

/* What ftrace can probe, where tracefs tells; else each function. */
static int names_collect(struct names *names)
{
	char *text, *rest, *line;
	int err = tracefs_functions(&text);

	if (err)
		return kallsyms_each(names_offer, names);
	rest = text;
	while ((line = strsep(&rest, "\n")) && !names->err) {
		line[strcspn(line, " \t")] = '\0';
		if (*line)
			names_offer(names, line);
	}
	free(text);
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void names_sort(struct names *names)
{
	size_t kept = 0;

	qsort(names->name, names->count, sizeof(*names->name), compare_names);
	for (size_t i = 0; i < names->count; i++) {
		if (kept && strcmp(names->name[kept - 1], names->name[i]) == 0)
			free(names->name[i]);
		else
			names->name[kept++] = names->name[i];
	}
	names->count = kept;
}

static void say_missing(const struct attach *a, const char *pattern)
{
	struct kallsyms_name name;
	const char *how = "";

	if (glob_is_pattern(pattern)) {
		say_note(a->load->opt, &a->place, "%s: no function of this kernel matches '%s'",
			 a->what, pattern);
		return;
	}
	if (kallsyms_look(pattern, &name) != 0)
		memset(&name, 0, sizeof(name));
	if (name.functions)
		how = ": it exists, but ftrace cannot probe it (notrace, or not in this kernel's "
		      "available_filter_functions)";
	say_note(a->load->opt, &a->place, "%s: '%s' cannot be probed%s%s%s%s", a->what, pattern,
		 name.functions ? how : ": this kernel has no such function",
		 name.variant[0] ? "; the compiler made of it " : "", name.variant, name.near);
}

static int names_find(struct names *names)
{
	const struct attach *a = names->a;
	int err = names_split(names);

	if (!err)
		err = names_collect(names);
	if (!err)
		err = names->err;
	if (err) {
		say_error(a->load->opt, &a->place, "%s: its functions: %s", a->what,
			  err == -E2BIG ? "more than 65536" : strerror(-err));
		return err;
	}
	names_sort(names);
	for (size_t i = 0; i < names->npatterns; i++)
		if (!names->found[i])
			say_missing(a, names->pattern[i]);
	if (names->count)
		return 0;
	say_error(a->load->opt, &a->place, "%s: there is nothing to attach to", a->what);
	return -ENOENT;
}

/* ---- attaching ---- */

/* Whether the next function will fail alike. */
static bool is_about_all(int err)
{
	return err == -EPERM || err == -EACCES || err == -ENOSYS || err == -EMFILE ||
	       err == -ENFILE || err == -ENOMEM;
}

int multi_cookies(const struct attach *a, size_t count, uint64_t **out)
{
	uint64_t cookie = a->cookie;

	*out = NULL;
	if (!cookie)
		return 0;
	*out = calloc(count, sizeof(**out));
	if (!*out) {
		say_error(a->load->opt, &a->place, "%s: %s", a->what, strerror(ENOMEM));
		return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++)
		(*out)[i] = cookie;
	return 0;
}

/* One probe a function, for a kernel without the link. */
static int attach_singly(const struct names *names)
{
	const struct attach *a = names->a;
	size_t before = a->prog->nlinks;
	struct abi_perf_event_attr unused;
	int err = pmu_fill(a, "kprobe", &unused);

	if (err)
		return err;
	say_step(a->load->opt, "%s: this kernel has no kprobe_multi link (Linux 5.18, "
		 "CONFIG_FPROBE): %zu single probes", a->what, names->count);
	for (size_t i = 0; i < names->count && !is_about_all(err); i++)
		err = probe_add(a, names->name[i], 0);
	return a->prog->nlinks > before && !is_about_all(err) ? 0 : err;
}

static int attach_multi(const struct names *names)
{
	const struct attach *a = names->a;
	uint32_t flags = a->func->attach->flags & ASM_ATTACH_RETURN ?
			 BPF_F_KPROBE_MULTI_RETURN : 0;
	uint64_t *cookies;
	int link = multi_cookies(a, names->count, &cookies);

	if (link)
		return link;
	link = link_create(a->prog->fd, a->func->attach->attach_type, flags,
			   (const char *const *)names->name, cookies, names->count);
	free(cookies);
	if (link >= 0) {
		say_step(a->load->opt, "%s: BPF_LINK_CREATE: kprobe_multi link over %zu functions: "
			 "descriptor %d", a->what, names->count, link);
		return attach_keep(a, link, true);
	}
	return attach_failed(a, "BPF_LINK_CREATE", link);
}

int multi_attach_kprobe(const struct attach *a)
{
	struct names names = { .a = a };
	int err = names_find(&names);

	if (!err)
		err = a->prog->single ? attach_singly(&names) : attach_multi(&names);
	names_free(&names);
	return err;
}

/* ---- trampolines: one link over the types of functions ---- */

struct ids {
	const struct names *names;
	bool *seen;		/* a name: it has a type */
	uint32_t *id;		/* of the kernel's BTF; as many as names, at most */
	size_t count;
};

/* facts_fn: of several functions of one name the first. */
static bool ids_offer(void *arg, uint32_t id, const char *name)
{
	struct ids *ids = arg;
	char **found = bsearch(&name, ids->names->name, ids->names->count,
			       sizeof(*ids->names->name), compare_names);
	size_t i = found ? (size_t)(found - ids->names->name) : 0;

	if (!found || ids->seen[i])
		return true;
	ids->seen[i] = true;
	ids->id[ids->count++] = id;
	return true;
}

static int ids_find(struct ids *ids)
{
	const struct attach *a = ids->names->a;
	char why[512];
	int err;

	ids->seen = calloc(ids->names->count, sizeof(*ids->seen));
	ids->id = calloc(ids->names->count, sizeof(*ids->id));
	if (!ids->seen || !ids->id) {
		say_error(a->load->opt, &a->place, "%s: %s", a->what, strerror(ENOMEM));
		return -ENOMEM;
	}
	err = facts_traceable(a->load->facts, ids_offer, ids, why, sizeof(why));
	if (!err && !ids->count) {
		snprintf(why, sizeof(why), "the kernel's BTF has none of its functions, or not "
			 "such that a trampoline could take their arguments");
		err = -ENOENT;
	}
	if (err)
		say_error(a->load->opt, &a->place, "%s: %s", a->what, why);
	return err;
}

static int attach_ids(const struct attach *a, const struct ids *ids)
{
	struct abi_link_create attr;
	uint64_t *cookies;
	int link = multi_cookies(a, ids->count, &cookies);

	if (link)
		return link;
	memset(&attr, 0, sizeof(attr));
	attr.prog_fd = (uint32_t)a->prog->fd;
	attr.attach_type = a->func->attach->attach_type;
	attr.tracing_multi.ids = abi_ptr(ids->id);
	attr.tracing_multi.cookies = abi_ptr(cookies);
	attr.tracing_multi.cnt = (uint32_t)ids->count;
	link = sys_bpf(BPF_LINK_CREATE, &attr, abi_end(struct abi_link_create, tracing_multi));
	free(cookies);
	if (link >= 0) {
		say_step(a->load->opt, "%s: BPF_LINK_CREATE: tracing_multi link over %zu functions "
			 "of the %zu that match: descriptor %d", a->what, ids->count,
			 ids->names->count, link);
		return attach_keep(a, link, true);
	}
	return attach_failed(a, "BPF_LINK_CREATE", link);
}

int multi_attach_tracing(const struct attach *a)
{
	struct names names = { .a = a };
	struct ids ids = { .names = &names };
	int err = names_find(&names);

	if (!err)
		err = ids_find(&ids);
	if (!err)
		err = attach_ids(a, &ids);
	free(ids.id);
	free(ids.seen);
	names_free(&names);
	return err;
}
