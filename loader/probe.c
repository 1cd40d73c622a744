/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi.h"
#include "loader.h"
#include "attach.h"
#include "kallsyms.h"
#include "load.h"
#include "perf.h"
#include "pmu.h"
#include "probe.h"
#include "say.h"
#include "sys.h"
#include "why.h"

enum { PROBE_NAME = 256 };

/* ---- why a function cannot be probed ---- */

/* Whether the kernel lists the function among those it must not probe; -errno: cannot be seen. */
static int is_blacklisted(const char *function)
{
	static const char path[] = "/sys/kernel/debug/kprobes/blacklist";
	char *text, *rest, *line, *tab;
	size_t len;
	int found = asm_read_file(path, &text, &len);

	if (found)
		return found;
	rest = text;
	while (!found && (line = strsep(&rest, "\n"))) {
		tab = strchr(line, '\t');
		found = tab && strcmp(tab + 1, function) == 0;
	}
	free(text);
	return found;
}

/* What is known about a function, [MODULE:]NAME, that the kernel would not probe. */
static void describe(const char *function, int err, char *why, size_t size)
{
	const char *colon = strchr(function, ':');
	struct kallsyms_name name;
	int read = kallsyms_look(colon ? colon + 1 : function, &name), listed;

	if (read) {
		snprintf(why, size, "/proc/kallsyms, which names its functions: %s",
			 strerror(-read));
	} else if (!name.functions && name.variant[0]) {
		snprintf(why, size, "this kernel has no function '%s', but what the compiler made "
			 "of it: '%s'", function, name.variant);
	} else if (!name.functions) {
		snprintf(why, size, "this kernel has no function '%s'%s%s", function,
			 name.data ? ", though data of that name" : "", name.near);
	} else if (name.functions > 1 && err == -EADDRNOTAVAIL) {
		snprintf(why, size, "this kernel has %u functions of that name: a probe takes one",
			 name.functions);
	} else if (asm_cpu_native() && asm_cpu_native()->entry && err == -EINVAL) {
		snprintf(why, size, "the function exists; on this CPU ftrace keeps the entry of "
			 "functions for itself, and a return probe must be there");
	} else {
		listed = is_blacklisted(function);
		if (listed > 0)
			snprintf(why, size, "the kernel must not probe it: "
				 "/sys/kernel/debug/kprobes/blacklist has it");
		else
			snprintf(why, size, "the function exists%s", listed == 0 ?
				 " and is not blacklisted" : "; whether it is blacklisted shows "
				 "only with debugfs mounted (kprobes/blacklist)");
	}
}

static void say_failed(const struct attach *a, const char *function, int err)
{
	char reason[512];
	struct why why;

	if (err == -EPERM || err == -EACCES || err == -ENOSYS) {
		why_perf(&why, err);
		why_say(a->load->opt, &a->place, a->what, "perf_event_open", err, &why);
		return;
	}
	describe(function, err, reason, sizeof(reason));
	say_error(a->load->opt, &a->place, "%s: perf_event_open: %s: %s", a->what, strerror(-err),
		  reason);
}

/* ---- attaching ---- */

/*
 * Where ftrace keeps the first instructions of functions for itself, the probe goes behind them:
 * they do nothing, so that arguments are still where they were. A return probe has no such way.
 */
static int probe_behind_ftrace(const struct attach *a, struct abi_perf_event_attr *attr)
{
	const struct asm_cpu *cpu = asm_cpu_native();
	int event;

	if (!cpu || !cpu->entry)
		return -EINVAL;
	attr->probe_offset = cpu->entry;
	event = sys_perf_event_open(attr, -1, sys_cpu(), -1, PERF_FLAG_FD_CLOEXEC);
	if (event >= 0)
		say_step(a->load->opt, "%s: the entry of the function belongs to ftrace: the probe "
			 "is %u bytes behind it", a->what, cpu->entry);
	return event;
}

int probe_add(const struct attach *a, const char *function, uint64_t offset)
{
	struct abi_perf_event_attr attr;
	int event = pmu_fill(a, "kprobe", &attr);

	if (event < 0)
		return event;
	attr.kprobe_func = abi_ptr(function);
	attr.probe_offset = offset;
	event = sys_perf_event_open(&attr, -1, sys_cpu(), -1, PERF_FLAG_FD_CLOEXEC);
	if (event == -EINVAL && offset == 0 && !attr.config)
		event = probe_behind_ftrace(a, &attr);
	if (event >= 0)
		return perf_attach(a, event);
	say_failed(a, function, event);
	return event;
}

/* FUNCTION[+OFFSET] */
static int split_target(const struct attach *a, char *function, uint64_t *offset)
{
	const char *target = a->func->target, *plus = strchr(target, '+');
	size_t len = plus ? (size_t)(plus - target) : strlen(target);
	char *end = NULL;

	*offset = plus ? strtoull(plus + 1, &end, 0) : 0;
	if (len == 0 || len >= PROBE_NAME || (plus && (end == plus + 1 || *end != '\0'))) {
		say_error(a->load->opt, &a->place, "%s: '%s' is not of the form FUNCTION or "
			  "FUNCTION+OFFSET", a->what, target);
		return -EINVAL;
	}
	memcpy(function, target, len);
	function[len] = '\0';
	return 0;
}

static int find_syscall(const struct attach *a, char *function)
{
	int err = kallsyms_syscall(a->func->target, function, PROBE_NAME);

	if (err)
		say_error(a->load->opt, &a->place, "%s: %s", a->what, err == -ENOENT ?
			  "/proc/kallsyms has no function of a system call of that name" :
			  strerror(-err));
	else
		say_step(a->load->opt, "%s: its function is %s", a->what, function);
	return err;
}

int probe_attach_kprobe(const struct attach *a)
{
	char function[PROBE_NAME];
	uint64_t offset = 0;
	int err;

	if (a->func->attach->target == ASM_TARGET_SYSCALL)
		err = find_syscall(a, function);
	else
		err = split_target(a, function, &offset);
	return err ? err : probe_add(a, function, offset);
}
