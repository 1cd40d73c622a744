/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "abi.h"
#include "loader.h"
#include "attach.h"
#include "facts.h"
#include "iter.h"
#include "load.h"
#include "multi.h"
#include "perf.h"
#include "probe.h"
#include "say.h"
#include "sys.h"
#include "uprobe.h"
#include "why.h"

/* ---- tracepoints by BPF_RAW_TRACEPOINT_OPEN ---- */

static int raw_open(const struct attach *a, const char *name)
{
	struct abi_raw_tracepoint_open attr;

	memset(&attr, 0, sizeof(attr));
	attr.name = abi_ptr(name);
	attr.prog_fd = (uint32_t)a->prog->fd;
	return sys_bpf(BPF_RAW_TRACEPOINT_OPEN, &attr,
		       abi_end(struct abi_raw_tracepoint_open, prog_fd));
}

/* The kernel says ENOENT and no more; its BTF knows a typedef for each of its tracepoints. */
static void say_no_tracepoint(const struct attach *a)
{
	char near[ASM_NEAR_TEXT];

	facts_near(a->load->facts, ASM_BTF_TYPEDEF, "btf_trace_", a->func->target, near);
	say_error(a->load->opt, &a->place, "%s: BPF_RAW_TRACEPOINT_OPEN: %s: this kernel has no "
		  "tracepoint '%s'%s", a->what, strerror(ENOENT), a->func->target, near);
}

static int attach_raw(const struct attach *a, const char *name)
{
	int link = raw_open(a, name);
	struct why why;

	if (link >= 0) {
		say_step(a->load->opt, "%s: BPF_RAW_TRACEPOINT_OPEN: descriptor %d", a->what, link);
		return attach_keep(a, link, true);
	} else if (link == -ENOENT && name) {
		say_no_tracepoint(a);
	} else {
		why_attach(&why, a->func->attach, link);
		why_say(a->load->opt, &a->place, a->what, "BPF_RAW_TRACEPOINT_OPEN", link, &why);
	}
	return link;
}

static int attach_raw_tracepoint(const struct attach *a)
{
	return attach_raw(a, a->func->target);
}

/* The target was fixed when the program was loaded: no name. */
static int attach_tracing(const struct attach *a)
{
	int err = attach_raw(a, NULL);

	if (!err && a->func->attach->target == ASM_TARGET_LSM_HOOK && why_lsm_idle())
		say_note(a->load->opt, &a->place, "%s: it is attached, and will not run: this "
			 "kernel was started without 'bpf' in lsm=", a->what);
	return err;
}

/* ---- the choice ---- */

int attach_keep(const struct attach *a, int fd, bool pinnable)
{
	struct load_link *links = reallocarray(a->prog->links, a->prog->nlinks + 1, sizeof(*links));

	if (!links) {
		say_error(a->load->opt, &a->place, "%s: %s", a->what, strerror(ENOMEM));
		sys_close(fd);
		return -ENOMEM;
	}
	links[a->prog->nlinks++] = (struct load_link){ fd, pinnable };
	a->prog->links = links;
	return 0;
}

static const struct {
	enum asm_attach_how how;
	attach_method *attach;
} methods[] = {
	{ ASM_ATTACH_PERF_TRACEPOINT,	perf_attach_tracepoint },
	{ ASM_ATTACH_PERF_SAMPLE,	perf_attach_sample },
	{ ASM_ATTACH_PERF_KPROBE,	probe_attach_kprobe },
	{ ASM_ATTACH_PERF_UPROBE,	uprobe_attach },
	{ ASM_ATTACH_KPROBE_MULTI,	multi_attach_kprobe },
	{ ASM_ATTACH_UPROBE_MULTI,	uprobe_attach },
	{ ASM_ATTACH_RAW_TRACEPOINT,	attach_raw_tracepoint },
	{ ASM_ATTACH_TRACING,		attach_tracing },
	{ ASM_ATTACH_ITER,		iter_attach },
};

/* Why there is no method. */
static const char *unattached(const struct asm_func *func)
{
	if (!func->attach)
		return "a program without .prog has nothing to attach to";
	if (func->attach->how == ASM_ATTACH_NOT)
		return "a section of this kind says what the program is, not where it belongs";
	return "this loader cannot attach sections of this kind";
}

static attach_method *method_of(const struct asm_attach *attach)
{
	for (size_t i = 0; attach && i < sizeof(methods) / sizeof(methods[0]); i++)
		if (methods[i].how == attach->how)
			return methods[i].attach;
	return NULL;
}

int attach_prog(const struct load *load, struct load_prog *prog)
{
	struct attach a = { .load = load, .func = prog->func, .prog = prog };
	attach_method *method = method_of(prog->func->attach);

	a.place = asm_object_place(load->obj, prog->func->pos);
	snprintf(a.what, sizeof(a.what), "program %s (%s)", prog->func->name,
		 prog->func->attach ? prog->func->section : "no section");
	if (!method) {
		say_error(load->opt, &a.place, "%s: attach: %s: %s", a.what, strerror(EOPNOTSUPP),
			  unattached(prog->func));
		return -EOPNOTSUPP;
	}
	return method(&a);
}
