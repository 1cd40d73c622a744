/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <string.h>

#include "abi.h"
#include "attach.h"
#include "facts.h"
#include "load.h"
#include "loader.h"
#include "say.h"
#include "sys.h"
#include "tracefs.h"
#include "why.h"

/* One attaching: of prog, through one of the methods below. */
struct attach {
	const struct load *load;
	const struct asm_func *func;
	int prog_fd;
	struct asm_place place;
	char what[192];		/* for messages */
};

/* A descriptor that holds the program attached, or -errno, explained. */
typedef int attach_method(const struct attach *a, bool *pinnable);

/* ---- tracepoints by perf_event_open(2) ---- */

/* A BPF link over the event (5.15): it can be pinned and listed, and outlives the event's file. */
static int perf_link(const struct attach *a, int event)
{
	struct abi_link_create attr;

	if (a->load->opt->flags & LOAD_NO_PERF_LINK)
		return -EINVAL;
	memset(&attr, 0, sizeof(attr));
	attr.prog_fd = (uint32_t)a->prog_fd;
	attr.target_fd = (uint32_t)event;
	attr.attach_type = BPF_PERF_EVENT;
	return sys_bpf(BPF_LINK_CREATE, &attr, abi_end(struct abi_link_create, flags));
}

/* As it was before: the event itself holds the program. */
static int perf_ioctl(int event, int prog_fd)
{
	int err = sys_ioctl(event, PERF_EVENT_IOC_SET_BPF, (unsigned long)prog_fd);

	return err < 0 ? err : sys_ioctl(event, PERF_EVENT_IOC_ENABLE, 0);
}

/*
 * Hand the program to an event. Kernels before 5.15 answer EINVAL to the link; so does a newer one
 * to what neither rung takes, and then the second says so again.
 */
static int perf_attach(const struct attach *a, int event, bool *pinnable)
{
	int link = perf_link(a, event), err;
	struct why why;

	*pinnable = link >= 0;
	if (link >= 0) {
		say_step(a->load->opt, "%s: BPF_LINK_CREATE: perf link: descriptor %d", a->what,
			 link);
		return link;
	}
	err = link == -EINVAL ? perf_ioctl(event, a->prog_fd) : link;
	if (!err) {
		say_step(a->load->opt, "%s: no perf link (Linux 5.15): PERF_EVENT_IOC_SET_BPF: "
			 "descriptor %d", a->what, event);
		return event;
	}
	why_perf(&why, err);
	why_say(a->load->opt, &a->place, a->what, link == -EINVAL ? "PERF_EVENT_IOC_SET_BPF" :
		"BPF_LINK_CREATE", err, &why);
	return err;
}

/*
 * The event is opened on one CPU, and counts there; the program runs on all of them, since it
 * belongs to the tracepoint.
 */
static int perf_open_tracepoint(uint64_t id)
{
	struct abi_perf_event_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.type = PERF_TYPE_TRACEPOINT;
	attr.size = sizeof(attr);
	attr.config = id;
	return sys_perf_event_open(&attr, -1, sys_cpu(), -1, PERF_FLAG_FD_CLOEXEC);
}

static int attach_perf_tracepoint(const struct attach *a, bool *pinnable)
{
	char reason[512];
	struct why why;
	uint64_t id;
	int err, event, link;

	err = tracefs_event_id(a->func->target, &id, reason, sizeof(reason));
	if (err) {
		say_error(a->load->opt, &a->place, "%s: tracefs: %s: %s", a->what, strerror(-err),
			  reason);
		return err;
	}
	event = perf_open_tracepoint(id);
	if (event < 0) {
		why_perf(&why, event);
		why_say(a->load->opt, &a->place, a->what, "perf_event_open", event, &why);
		return event;
	}
	link = perf_attach(a, event, pinnable);
	if (link != event)
		sys_close(event);
	return link;
}

/* ---- tracepoints by BPF_RAW_TRACEPOINT_OPEN ---- */

static int raw_open(const struct attach *a, const char *name)
{
	struct abi_raw_tracepoint_open attr;

	memset(&attr, 0, sizeof(attr));
	attr.name = abi_ptr(name);
	attr.prog_fd = (uint32_t)a->prog_fd;
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
	} else if (link == -ENOENT && name) {
		say_no_tracepoint(a);
	} else {
		why_attach(&why, a->func->attach, link);
		why_say(a->load->opt, &a->place, a->what, "BPF_RAW_TRACEPOINT_OPEN", link, &why);
	}
	return link;
}

static int attach_raw_tracepoint(const struct attach *a, bool *pinnable)
{
	*pinnable = true;
	return attach_raw(a, a->func->target);
}

/* The target was fixed when the program was loaded: no name. */
static int attach_tracing(const struct attach *a, bool *pinnable)
{
	*pinnable = true;
	return attach_raw(a, NULL);
}

/* ---- the choice ---- */

static const struct {
	enum asm_attach_how how;
	attach_method *attach;
} methods[] = {
	{ ASM_ATTACH_PERF_TRACEPOINT,	attach_perf_tracepoint },
	{ ASM_ATTACH_RAW_TRACEPOINT,	attach_raw_tracepoint },
	{ ASM_ATTACH_TRACING,		attach_tracing },
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
	struct attach a = { .load = load, .func = prog->func, .prog_fd = prog->fd };
	attach_method *method = method_of(prog->func->attach);
	bool pinnable = false;
	int link;

	a.place = asm_object_place(load->obj, prog->func->pos);
	snprintf(a.what, sizeof(a.what), "program %s (%s)", prog->func->name,
		 prog->func->attach ? prog->func->section : "no section");
	if (!method) {
		say_error(load->opt, &a.place, "%s: attach: %s: %s", a.what, strerror(EOPNOTSUPP),
			  unattached(prog->func));
		return -EOPNOTSUPP;
	}
	link = method(&a, &pinnable);
	if (link < 0)
		return link;
	prog->link = link;
	prog->pinnable = pinnable;
	return 0;
}
