/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * cmd_doctor.c - bpfload doctor: what this kernel and this process may do, and why not.
 *
 * Each line is one check: its name, a verdict, what was seen, and for what is not well what helps.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>

#include "abi.h"
#include "cli.h"
#include "cmd.h"
#include "json.h"
#include "loader.h"
#include "feature.h"
#include "multi.h"
#include "say.h"
#include "words.h"
#include "show.h"
#include "sys.h"
#include "uprobe.h"
#include "why.h"

/* Well; well for some, or with a loss; not there. */
enum verdict { OK, PART, NO };

enum { LINE = 512 };

__attribute__((format(printf, 5, 6)))
static void line(struct show *show, const char *check, enum verdict verdict, const char *remedy,
		 const char *format, ...)
{
	static const char *const words[] = { "ok", "limited", "no" };
	char text[LINE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (!show->json) {
		fprintf(show->out, "%-8s %-22s %s\n", words[verdict], check, text);
		if (verdict != OK && remedy)
			fprintf(show->out, "%31s -> %s\n", "", remedy);
		return;
	}
	show_open(show, NULL, '{');
	show_string(show, "check", check);
	show_string(show, "verdict", words[verdict]);
	show_string(show, "detail", text);
	if (verdict != OK && remedy)
		show_string(show, "remedy", remedy);
	show_close(show, '}');
}

/* ---- the machine ---- */

static void check_kernel(struct show *show)
{
	const struct asm_cpu *cpu = asm_cpu_native();
	struct utsname name;

	memset(&name, 0, sizeof(name));
	uname(&name);
	line(show, "kernel", why_kernel_before(ASM_KERNEL(5, 8)) ? PART : OK,
	     "ring buffers, CAP_BPF and BPF links need Linux 5.8", "Linux %s", name.release);
	line(show, "cpu", cpu ? OK : PART, "pt_regs fields and .args have no meaning here",
	     "%s%s", name.machine, cpu ? "" : ", which has no row in the tables");
}

static void check_jit(struct show *show)
{
	long jit;

	if (!why_number("/proc/sys/net/core/bpf_jit_enable", &jit))
		line(show, "jit", PART, "run it as root, with /proc mounted",
		     "net.core.bpf_jit_enable cannot be read");
	else
		line(show, "jit", jit ? OK : PART, "`sysctl net.core.bpf_jit_enable=1` makes "
		     "programs run several times as fast", "net.core.bpf_jit_enable is %ld", jit);
}

/* ---- the process ---- */

static const struct {
	const char *name, *remedy;
	unsigned int number;
} caps[] = {
	{ "CAP_BPF", "run it as root, or `setcap cap_bpf,cap_perfmon+ep` the program", 39 },
	{ "CAP_PERFMON", "programs that trace do not load: `setcap cap_bpf,cap_perfmon+ep` the "
	  "program", 38 },
	{ "CAP_NET_ADMIN", "programs on packets do not load, but for socket filters", 12 },
	{ "CAP_SYS_ADMIN", "objects that are not this process's own are not found by id, uprobes "
	  "by perf not attached (since 6.16)", 21 },
	{ "CAP_SYS_RESOURCE", "RLIMIT_MEMLOCK cannot be raised, which counts before Linux 5.11",
	  24 },
};

enum { CAP_SYS_ADMIN = 3 };	/* in caps: it stands for all of them but the last */

static void check_caps(struct show *show)
{
	uint64_t have;
	bool known = why_caps(&have), admin = known && have >> caps[CAP_SYS_ADMIN].number & 1;

	for (size_t i = 0; i < sizeof(caps) / sizeof(caps[0]); i++) {
		bool has = known && have >> caps[i].number & 1;
		bool by_admin = admin && i < CAP_SYS_ADMIN;
		bool needed = i <= CAP_SYS_ADMIN || why_kernel_before(ASM_KERNEL(5, 11));

		line(show, caps[i].name, has || by_admin || !needed ? OK : NO, caps[i].remedy, "%s",
		     !known ? "cannot be seen without /proc" : has ? "held" : by_admin ?
		     "not held, CAP_SYS_ADMIN stands for it" : needed ? "not held" :
		     "not held, and not needed");
	}
	if (why_user_namespace())
		line(show, "user namespace", NO, "capabilities must be held outside of it",
		     "this process is in one");
}

static void check_memlock(struct show *show)
{
	struct rlimit limit = { .rlim_cur = RLIM_INFINITY };
	bool counts = why_kernel_before(ASM_KERNEL(5, 11));

	getrlimit(RLIMIT_MEMLOCK, &limit);
	if (!counts)
		line(show, "memlock", OK, NULL, "does not count since Linux 5.11");
	else if (limit.rlim_cur == RLIM_INFINITY)
		line(show, "memlock", OK, NULL, "unlimited");
	else
		line(show, "memlock", PART, "`ulimit -l unlimited`", "%" PRIu64 " KiB of maps and "
		     "programs at most", (uint64_t)limit.rlim_cur / 1024);
}

/* ---- sysctls ---- */

static void check_sysctls(struct show *show)
{
	uint64_t have;
	bool root = why_caps(&have) && have >> caps[CAP_SYS_ADMIN].number & 1;
	long value;

	if (why_number("/proc/sys/kernel/unprivileged_bpf_disabled", &value))
		line(show, "unprivileged bpf", value && !root ? PART : OK, "without CAP_BPF the "
		     "kernel lets no one in", "kernel.unprivileged_bpf_disabled is %ld", value);
	if (why_number("/proc/sys/kernel/perf_event_paranoid", &value))
		line(show, "perf events", value > 0 && !root ? PART : OK, "without CAP_PERFMON "
		     "tracepoints and probes are refused", "kernel.perf_event_paranoid is %ld",
		     value);
	if (why_number("/proc/sys/kernel/kptr_restrict", &value))
		line(show, "kernel addresses", value > 1 || (value && !root) ? PART : OK,
		     "`sysctl kernel.kptr_restrict=1`: 'prog dump' names nothing without",
		     "kernel.kptr_restrict is %ld", value);
}

static void check_lockdown(struct show *show)
{
	char *text;
	size_t len;
	const char *end, *mode;

	if (asm_read_file("/sys/kernel/security/lockdown", &text, &len)) {
		line(show, "lockdown", PART,
		     "`mount -t securityfs securityfs /sys/kernel/security`",
		     "not to be seen: the kernel has none, or no securityfs is mounted");
		return;
	}
	mode = strchr(text, '[');
	end = mode ? strchr(mode, ']') : NULL;
	if (end)
		line(show, "lockdown", strncmp(mode, "[none", 5) == 0 ? OK :
		     strncmp(mode, "[conf", 5) == 0 ? NO : PART, "integrity forbids to write to "
		     "user memory, confidentiality to read kernel memory: boot without it",
		     "%.*s", (int)(end - mode - 1), mode + 1);
	free(text);
}

/* ---- files ---- */

static void check_mount(struct show *show, const char *check, const char *path, uint32_t magic,
			const char *remedy)
{
	uint32_t type = 0;
	int err = sys_fs_type(path, &type);

	line(show, check, !err && type == magic ? OK : NO, remedy, "%s%s", path,
	     err ? ": not there" : type == magic ? "" : ": nothing is mounted");
}

static void check_files(struct show *show)
{
	enum { BPFFS = (int)0xcafe4a11, TRACEFS = 0x74726163 };
	static const char vmlinux[] = "/sys/kernel/btf/vmlinux";
	char why[LINE];
	struct load_facts *facts = load_facts_new();
	struct asm_kfield field;
	bool read = facts && load_facts_resolve(facts, "kernel.task_struct.pid", "", &field, why,
						sizeof(why));

	check_mount(show, "bpffs", "/sys/fs/bpf", (uint32_t)BPFFS,
		    "`mount -t bpf bpf /sys/fs/bpf`: without, nothing can be pinned");
	check_mount(show, "tracefs", "/sys/kernel/tracing", TRACEFS,
		    "`mount -t tracefs tracefs /sys/kernel/tracing`: without, tracepoints are not "
		    "found by tp/..., but by raw_tp/...");
	line(show, "btf", read ? OK : NO, "kernel.TYPE.FIELD, fentry and CO-RE need "
	     "CONFIG_DEBUG_INFO_BTF", "%s", read ? vmlinux : facts ? why : strerror(ENOMEM));
	load_facts_free(facts);
}

/* ---- what is tried ---- */

static void check_pmu(struct show *show, const char *name, const char *config)
{
	char path[64], remedy[96];
	long type;
	bool there;

	snprintf(path, sizeof(path), "/sys/bus/event_source/devices/%s/type", name);
	snprintf(remedy, sizeof(remedy), "a kernel with %s", config);
	there = why_number(path, &type);
	line(show, name, there ? OK : NO, remedy, "%s", there ? "by the PMU of perf" :
	     "perf has no such PMU");
}

static void check_links(struct show *show)
{
	check_pmu(show, "kprobe", "CONFIG_KPROBE_EVENTS");
	check_pmu(show, "uprobe", "CONFIG_UPROBE_EVENTS");
	if (feature_prog_type(BPF_PROG_TYPE_KPROBE)) {
		line(show, "kprobe.multi", NO, "see the program types below",
		     "not to be seen without programs");
		line(show, "uprobe.multi", NO, "see the program types below",
		     "not to be seen without programs");
		return;
	}
	line(show, "kprobe.multi", multi_is_there() ? OK : PART, "Linux 5.18 and CONFIG_FPROBE; "
	     "without, a pattern becomes a kprobe a function", "one link for many functions");
	line(show, "uprobe.multi", uprobe_multi_is_there() ? OK : PART, "Linux 6.6; without, a "
	     "pattern becomes a uprobe a place", "one link for many places");
}

static void put(char *list, const char *name)
{
	size_t len = strlen(list);

	snprintf(list + len, LINE - len, "%s%s", len ? " " : "", name);
}

static void check_prog_types(struct show *show)
{
	char denied[LINE] = "", missing[LINE] = "", taken[LINE] = "";
	size_t n;
	const struct asm_prog_type *types = asm_prog_types(&n);

	for (size_t i = 0; i < n; i++) {
		int err = feature_prog_type(types[i].number);

		put(!err ? taken : err == -EPERM || err == -EACCES ? denied : missing,
		    types[i].name);
	}
	if (taken[0])
		line(show, "program types", OK, NULL, "%s", taken);
	if (denied[0])
		line(show, "program types", NO, "where the capabilities above are held, it is the "
		     "kernel's lockdown or a seccomp filter", "denied: %s", denied);
	if (missing[0])
		line(show, "program types", PART, "a newer kernel, or one built with them",
		     "not in this kernel: %s", missing);
}

static void check_map_types(struct show *show)
{
	char denied[LINE] = "", missing[LINE] = "";
	size_t n, taken = 0;
	const struct asm_map_type *types = asm_map_types(&n);

	for (size_t i = 0; i < n; i++) {
		int err = feature_map_type(&types[i]);

		taken += !err;
		if (err)
			put(err == -EPERM ? denied : missing, types[i].name);
	}
	if (taken)
		line(show, "map types", OK, NULL, "%zu of %zu", taken, n);
	if (denied[0])
		line(show, "map types", NO, "see the capabilities above", "denied: %s", denied);
	if (missing[0])
		line(show, "map types", PART, "a newer kernel, or one built with them",
		     "not in this kernel: %s", missing);
}

static void check_helpers(struct show *show)
{
	size_t n, taken = 0;
	const struct asm_helper *helpers = asm_helpers(&n);

	if (feature_prog_type(BPF_PROG_TYPE_KPROBE) == 0)
		for (size_t i = 0; i < n; i++)
			taken += feature_helper(BPF_PROG_TYPE_KPROBE, helpers[i].id);
	line(show, "helpers", taken ? OK : NO, "see the program types above",
	     "%zu of %zu for kprobe programs; 'bpfload feature' has those of each type", taken, n);
}

int cmd_doctor(const struct cli *cli, const struct load_options *opt)
{
	static void (*const checks[])(struct show *show) = {
		check_kernel, check_jit, check_caps, check_memlock, check_sysctls, check_lockdown,
		check_files, check_links, check_prog_types, check_map_types, check_helpers,
	};
	struct show show;

	show_init(&show, cli, opt, "doctor");
	if (!words_end(&show.words))
		return SHOW_USAGE;
	show_open(&show, NULL, '[');
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		checks[i](&show);
	show_close(&show, ']');
	return show_end(&show, 0);
}
