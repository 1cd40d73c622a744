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
#include "net.h"
#include "ops.h"
#include "perf.h"
#include "probe.h"
#include "prog.h"
#include "say.h"
#include "sock.h"
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
	attr.cookie = a->cookie;
	return sys_bpf(BPF_RAW_TRACEPOINT_OPEN, &attr, a->cookie ?
		       abi_end(struct abi_raw_tracepoint_open, cookie) :
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

	if (link >= 0) {
		say_step(a->load->opt, "%s: BPF_RAW_TRACEPOINT_OPEN: descriptor %d", a->what, link);
		return attach_keep(a, link, true);
	} else if (link == -ENOENT && name) {
		say_no_tracepoint(a);
	} else if (a->cookie && why_kernel_before(ASM_KERNEL(6, 10))) {
		return attach_no_cookie(a, "BPF_RAW_TRACEPOINT_OPEN", link, "6.10");
	} else {
		attach_failed(a, "BPF_RAW_TRACEPOINT_OPEN", link);
	}
	return link;
}

static int attach_raw_tracepoint(const struct attach *a)
{
	return attach_raw(a, a->func->target);
}

/* The same by the newer call, which takes a cookie, and another target. */
static int tracing_link(const struct attach *a, uint32_t target)
{
	struct abi_link_create attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_fd = (uint32_t)a->prog->fd;
	attr.attach_type = a->func->attach->attach_type;
	attr.target_fd = target ? (uint32_t)a->load->opt->where.prog : 0;
	attr.target_btf_id = target;
	attr.tracing.cookie = a->cookie;
	return sys_bpf(BPF_LINK_CREATE, &attr, a->cookie ?
		       abi_end(struct abi_link_create, tracing) :
		       abi_end(struct abi_link_create, target_btf_id));
}

/* What a freplace program that is loaded already shall replace now (5.10). */
static int target_again(const struct attach *a, uint32_t *target)
{
	struct facts_type type;
	char why[512];
	int err;

	*target = 0;
	if (a->load->obj || a->func->attach->target != ASM_TARGET_EXT || !a->load->opt->where.prog)
		return 0;
	err = prog_target_type(a->load, a->func, &type, why, sizeof(why));
	if (err)
		say_error(a->load->opt, &a->place, "%s: %s", a->what, why);
	else
		*target = type.id;
	return err;
}

/* The target was fixed when the program was loaded: no name. */
static int attach_target(const struct attach *a)
{
	uint32_t target;
	int link = target_again(a, &target);

	if (link)
		return link;
	if (!a->cookie && !target)
		return attach_raw(a, NULL);
	link = tracing_link(a, target);
	if (link >= 0) {
		say_step(a->load->opt, "%s: BPF_LINK_CREATE: descriptor %d", a->what, link);
		return attach_keep(a, link, true);
	}
	if (a->cookie && why_kernel_before(ASM_KERNEL(5, 18)))
		return attach_no_cookie(a, "BPF_LINK_CREATE", link, "5.18");
	return attach_failed(a, "BPF_LINK_CREATE", link);
}

static int attach_tracing(const struct attach *a)
{
	/* asked before: the program may be the one that refuses to open the file */
	bool idle = a->func->attach->target == ASM_TARGET_LSM_HOOK && why_lsm_idle();
	int err = attach_target(a);

	if (!err && idle)
		say_note(a->load->opt, &a->place, "%s: it is attached, and will not run: this "
			 "kernel was started without 'bpf' in lsm=", a->what);
	return err;
}

/* ---- the choice ---- */

static int add_link(const struct attach *a, struct load_link link)
{
	struct load_link *links = reallocarray(a->prog->links, a->prog->nlinks + 1, sizeof(*links));

	if (!links) {
		say_error(a->load->opt, &a->place, "%s: %s", a->what, strerror(ENOMEM));
		if (link.undo)
			link.undo(a->prog, link.fd);
		sys_close(link.fd);
		return -ENOMEM;
	}
	links[a->prog->nlinks++] = link;
	a->prog->links = links;
	return 0;
}

int attach_no_cookie(const struct attach *a, const char *call, int err, const char *since)
{
	say_error(a->load->opt, &a->place, "%s: %s: %s: a cookie takes a link of Linux %s", a->what,
		  call, strerror(-err), since);
	return err;
}

int attach_failed(const struct attach *a, const char *call, int err)
{
	const struct asm_attach *attach = a->func->attach;
	bool traced = attach->how == ASM_ATTACH_TRACING && !a->load->opt->where.prog &&
		      attach->target == ASM_TARGET_BTF_FUNCTION;
	struct why why;

	why_attach(&why, attach, traced ? a->func->target : NULL, err);
	why_say(a->load->opt, &a->place, a->what, call, err, &why);
	return err;
}

int attach_keep(const struct attach *a, int fd, bool pinnable)
{
	return add_link(a, (struct load_link){ .fd = fd, .pinnable = pinnable });
}

int attach_hold(const struct attach *a, int fd, attach_undo *undo)
{
	return add_link(a, (struct load_link){ .fd = fd, .undo = undo });
}

/* What a kind can be told: to leave out what the kernel runs others for, and to remember. */
enum filters { ALL = 0, PID = 1 << 0, CPU = 1 << 1, COOKIE = 1 << 2 };

static const struct method {
	enum asm_attach_how how;
	attach_method *attach;
	unsigned int filters;
} methods[] = {
	{ ASM_ATTACH_PERF_TRACEPOINT,	perf_attach_tracepoint, COOKIE },
	{ ASM_ATTACH_PERF_SAMPLE,	perf_attach_sample, PID | CPU | COOKIE },
	{ ASM_ATTACH_PERF_KPROBE,	probe_attach_kprobe, COOKIE },
	{ ASM_ATTACH_PERF_UPROBE,	uprobe_attach, PID | COOKIE },
	{ ASM_ATTACH_KPROBE_MULTI,	multi_attach_kprobe, COOKIE },
	{ ASM_ATTACH_UPROBE_MULTI,	uprobe_attach, PID | COOKIE },
	{ ASM_ATTACH_RAW_TRACEPOINT,	attach_raw_tracepoint, COOKIE },
	{ ASM_ATTACH_TRACING,		attach_tracing, COOKIE },
	{ ASM_ATTACH_TRACING_MULTI,	multi_attach_tracing, COOKIE },
	{ ASM_ATTACH_ITER,		iter_attach, ALL },
	{ ASM_ATTACH_IFINDEX,		net_attach_device, ALL },
	{ ASM_ATTACH_CGROUP,		net_attach_cgroup, ALL },
	{ ASM_ATTACH_NETNS,		net_attach_netns, ALL },
	{ ASM_ATTACH_NETFILTER,		net_attach_netfilter, ALL },
	{ ASM_ATTACH_SOCKMAP,		sock_attach_map, ALL },
	{ ASM_ATTACH_SOCKET,		sock_attach_socket, ALL },
	{ ASM_ATTACH_LIRC,		sock_attach_lirc, ALL },
	{ ASM_ATTACH_STRUCT_OPS,	ops_attach, ALL },
};

/* Why there is no method, by section; those of a kind of program, and then of any. */
static const struct {
	const char *section;
	uint8_t prog_type;
	const char *why;
} refusals[] = {
	{ "cgroup/skb", 0, "it does not say which way packets go: cgroup_skb/ingress and "
	  "cgroup_skb/egress do" },
	{ "sk_skb", 0, "it does not say what it is for: sk_skb/stream_parser, "
	  "sk_skb/stream_verdict and sk_skb/verdict do" },
	{ NULL, BPF_PROG_TYPE_SCHED_CLS, "netlink attaches it (`tc filter add`); tcx/ingress and "
	  "tcx/egress are attached here, from Linux 6.6 on" },
	{ NULL, BPF_PROG_TYPE_SCHED_ACT, "netlink attaches it (`tc action add`)" },
	{ NULL, BPF_PROG_TYPE_XDP, "an entry of a map holds it (devmap, cpumap)" },
	{ NULL, BPF_PROG_TYPE_SYSCALL, "BPF_PROG_TEST_RUN runs it, and nothing attaches it" },
	{ NULL, BPF_PROG_TYPE_LWT_IN, "netlink attaches it to a route (`ip route add ... encap "
	  "bpf in`)" },
	{ NULL, BPF_PROG_TYPE_LWT_OUT, "netlink attaches it to a route (`ip route add ... encap "
	  "bpf out`)" },
	{ NULL, BPF_PROG_TYPE_LWT_XMIT, "netlink attaches it to a route (`ip route add ... encap "
	  "bpf xmit`)" },
	{ NULL, BPF_PROG_TYPE_LWT_SEG6LOCAL, "netlink attaches it to a route (`ip route add ... "
	  "encap seg6local action End.BPF`)" },
};

static const char *unattached(const struct asm_func *func)
{
	const struct asm_attach *attach = func->attach;

	if (!attach)
		return "a program without .prog has nothing to attach to";
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (refusals[i].section ? strcmp(refusals[i].section, attach->section) == 0 :
					  refusals[i].prog_type == attach->prog_type)
			return refusals[i].why;
	return "this loader cannot attach sections of this kind";
}

static const struct method *method_of(const struct asm_attach *attach)
{
	for (size_t i = 0; attach && i < sizeof(methods) / sizeof(methods[0]); i++)
		if (methods[i].how == attach->how)
			return &methods[i];
	return NULL;
}

/* A program that saw more than was asked for would be worse than none. */
static int check_filters(const struct attach *a, const struct method *method)
{
	const struct load_where *where = &a->load->opt->where;
	bool pid = where->pid && !(method->filters & PID);

	if (where->cookie && !(method->filters & COOKIE)) {
		say_error(a->load->opt, &a->place, "%s: attach: %s: programs of this section have "
			  "no cookie", a->what, strerror(EOPNOTSUPP));
		return -EOPNOTSUPP;
	}
	if (!pid && (!where->cpu || method->filters & CPU))
		return 0;
	say_error(a->load->opt, &a->place, "%s: attach: %s: the kernel runs it %s (%s)", a->what,
		  strerror(EOPNOTSUPP), pid ? "in all processes" : "on all CPUs", pid ?
		  "--pid is for uprobe, usdt and perf_event" : "--cpu is for perf_event");
	return -EOPNOTSUPP;
}

int attach_prog(const struct load *load, struct load_prog *prog)
{
	struct attach a = { .load = load, .func = prog->func, .prog = prog,
			    .cookie = load->opt->where.cookie };
	const struct method *method = method_of(prog->func->attach);
	int err;

	if (load->obj)
		a.place = asm_object_place(load->obj, prog->func->pos);
	snprintf(a.what, sizeof(a.what), "program %s (%s)", prog->func->name,
		 prog->func->attach ? prog->func->section : "no section");
	if (!method) {
		say_error(load->opt, &a.place, "%s: attach: %s: %s", a.what, strerror(EOPNOTSUPP),
			  unattached(prog->func));
		return -EOPNOTSUPP;
	}
	err = check_filters(&a, method);
	return err ? err : method->attach(&a);
}
