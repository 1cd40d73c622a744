/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "abi.h"
#include "loader.h"
#include "attach.h"
#include "cpus.h"
#include "load.h"
#include "perf.h"
#include "say.h"
#include "sys.h"
#include "tracefs.h"
#include "why.h"

/* What attach_keep() is given. */
enum { EVENT = false, LINK = true };

/* A BPF link over the event (5.15): it can be pinned and listed, and outlives the event's file. */
static int perf_link(const struct attach *a, int event)
{
	struct abi_link_create attr;

	if (a->load->opt->flags & LOAD_NO_PERF_LINK)
		return -EINVAL;
	memset(&attr, 0, sizeof(attr));
	attr.prog_fd = (uint32_t)a->prog->fd;
	attr.target_fd = (uint32_t)event;
	attr.attach_type = BPF_PERF_EVENT;
	attr.perf_event.bpf_cookie = a->cookie;
	return sys_bpf(BPF_LINK_CREATE, &attr, abi_end(struct abi_link_create, perf_event));
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
int perf_attach(const struct attach *a, int event)
{
	int link = perf_link(a, event), err;
	struct why why;

	if (link >= 0) {
		say_step(a->load->opt, "%s: BPF_LINK_CREATE: perf link: descriptor %d", a->what,
			 link);
		sys_close(event);
		return attach_keep(a, link, LINK);
	}
	if (link == -EINVAL && a->cookie) {
		sys_close(event);
		return attach_no_cookie(a, "BPF_LINK_CREATE", link, "5.15");
	}
	err = link == -EINVAL ? perf_ioctl(event, a->prog->fd) : link;
	if (!err) {
		say_step(a->load->opt, "%s: no perf link (Linux 5.15): PERF_EVENT_IOC_SET_BPF: "
			 "descriptor %d", a->what, event);
		return attach_keep(a, event, EVENT);
	}
	sys_close(event);
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

int perf_attach_tracepoint(const struct attach *a)
{
	char reason[512];
	struct why why;
	uint64_t id;
	int err, event;

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
	return perf_attach(a, event);
}

/* ---- samples ---- */

/* A prime near 100, so that what happens every 10 ms is not always, or never, what is seen. */
enum { SAMPLE_HZ = 99, ALL = -1 };

static int attach_sample_on(const struct attach *a, int cpu)
{
	int pid = a->load->opt->where.pid;
	struct abi_perf_event_attr attr;
	struct why why;
	int event;

	memset(&attr, 0, sizeof(attr));
	attr.type = PERF_TYPE_SOFTWARE;
	attr.size = PERF_ATTR_SIZE_VER1;
	attr.config = PERF_COUNT_SW_CPU_CLOCK;
	attr.sample_freq = SAMPLE_HZ;
	attr.freq = 1;
	event = sys_perf_event_open(&attr, pid ? pid : ALL, cpu, ALL, PERF_FLAG_FD_CLOEXEC);
	if (event >= 0)
		return perf_attach(a, event);
	if (event == -ENODEV && !a->load->opt->where.cpu) {
		say_step(a->load->opt, "%s: CPU %d has gone offline", a->what, cpu);
		return 0;
	}
	why_perf(&why, event);
	why_say(a->load->opt, &a->place, a->what, "perf_event_open", event, &why);
	return event;
}

/* cpus_fn */
static int attach_sample_each(void *arg, int cpu)
{
	const struct attach **a = arg;

	return attach_sample_on(*a, cpu);
}

int perf_attach_sample(const struct attach *a)
{
	const struct load_where *where = &a->load->opt->where;
	char *list;
	size_t len;
	int err;

	if (where->cpu || where->pid)	/* a thread's event goes with it */
		return attach_sample_on(a, where->cpu ? *where->cpu : ALL);
	err = asm_read_file(CPUS_ONLINE, &list, &len);
	if (err) {
		say_error(a->load->opt, &a->place, "%s: %s, which lists the CPUs: %s", a->what,
			  CPUS_ONLINE, strerror(-err));
		return err;
	}
	err = cpus_each(list, attach_sample_each, &a);
	free(list);
	if (err == -EBADMSG || (!err && a->prog->nlinks == 0)) {
		say_error(a->load->opt, &a->place, "%s: %s lists no CPU", a->what, CPUS_ONLINE);
		err = -ENODEV;
	}
	return err;
}
