/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "abi.h"
#include "loader.h"
#include "say.h"
#include "sys.h"
#include "tracefs.h"
#include "why.h"

/* Numbers of capabilities (uapi/linux/capability.h), and their bits in a set. */
enum { CAP_NET_ADMIN = 12, CAP_NET_RAW = 13, CAP_SYS_ADMIN = 21, CAP_PERFMON = 38, CAP_BPF = 39 };

#define WHY_CAP(number) (UINT64_C(1) << (number))

static const struct {
	const char *name, *setcap;
	uint64_t bit;
} caps[] = {
	{ "CAP_BPF", "cap_bpf", WHY_CAP(CAP_BPF) },
	{ "CAP_PERFMON", "cap_perfmon", WHY_CAP(CAP_PERFMON) },
	{ "CAP_NET_ADMIN", "cap_net_admin", WHY_CAP(CAP_NET_ADMIN) },
	{ "CAP_NET_RAW", "cap_net_raw", WHY_CAP(CAP_NET_RAW) },
	{ "CAP_SYS_ADMIN", "cap_sys_admin", WHY_CAP(CAP_SYS_ADMIN) },
};

enum { CAPS = sizeof(caps) / sizeof(caps[0]) };

/* What a kind of program or map needs beside CAP_BPF, by bpftool's word for it. */
static const struct {
	const char *type;
	uint64_t caps;
} needs[] = {
#define CAP(name) WHY_CAP(CAP_##name)
#define NEED(type, caps) { #type, caps },
#include "../asm/tables/capability.def"
#undef NEED
#undef CAP
};

/* ---- collecting ---- */

__attribute__((format(printf, 2, 3)))
static void add(struct why *why, const char *format, ...)
{
	va_list args;

	if (why->count == WHY_MOST)
		return;
	va_start(args, format);
	vsnprintf(why->text[why->count++], WHY_TEXT, format, args);
	va_end(args);
}

/* Append to why->fine or why->unseen. */
__attribute__((format(printf, 2, 3)))
static void append(char *list, const char *format, ...)
{
	size_t len = strlen(list);
	va_list args;

	len += (size_t)snprintf(list + len, WHY_TEXT - len, "%s", len ? ", " : "");
	if (len >= WHY_TEXT)
		return;
	va_start(args, format);
	vsnprintf(list + len, WHY_TEXT - len, format, args);
	va_end(args);
}

/* ---- looking ---- */

/* A whole small file, or NULL. */
static char *read_text(const char *path)
{
	char *text;
	size_t len;

	return asm_read_file(path, &text, &len) == 0 ? text : NULL;
}

/* The number behind "NAME:" at the start of a line; false without one. */
static bool status_number(const char *status, const char *name, int base, uint64_t *value)
{
	size_t len = strlen(name);

	for (const char *line = status; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, len) == 0 && line[len] == ':') {
			*value = strtoull(line + len + 1, NULL, base);
			return true;
		}
	}
	return false;
}

bool why_number(const char *path, long *value)
{
	char *text = read_text(path), *end = text;

	if (text)
		*value = strtol(text, &end, 10);
	free(text);
	return end != text;
}

bool why_caps(uint64_t *set)
{
	char *status = read_text("/proc/self/status");
	bool found = status && status_number(status, "CapEff", 16, set);

	free(status);
	return found;
}

static bool seccomp_mode(uint64_t *mode)
{
	char *status = read_text("/proc/self/status");
	bool found = status && status_number(status, "Seccomp", 10, mode);

	free(status);
	return found;
}

bool why_user_namespace(void)
{
	static const unsigned long first[] = { 0, 0, UINT32_MAX };
	char *map = read_text("/proc/self/uid_map"), *at = map, *end;
	bool inner = false;

	if (map)	/* who has no name in it has an empty map */
		inner = !map[strspn(map, " \n")];
	for (size_t i = 0; map && i < sizeof(first) / sizeof(first[0]); i++, at = end)
		inner |= strtoul(at, &end, 10) != first[i] && end != at;
	free(map);
	return inner;
}

/* As the rows hold versions; 0 when uname(2) says something else. */
static unsigned int running_kernel(struct utsname *name)
{
	unsigned long major, minor;
	char *end;

	if (uname(name) != 0)
		return 0;
	major = strtoul(name->release, &end, 10);
	if (end == name->release || *end != '.')
		return 0;
	minor = strtoul(end + 1, &end, 10);
	return (unsigned int)ASM_KERNEL(major, minor);
}

bool why_kernel_before(unsigned int version)
{
	struct utsname name;
	unsigned int running = running_kernel(&name);

	return running && running < version;
}

/* ---- causes that several calls share ---- */

static uint64_t needed_caps(const char *type)
{
	uint64_t set = WHY_CAP(CAP_BPF);

	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
		if (strcmp(needs[i].type, type) == 0)
			set |= needs[i].caps;
	if (why_kernel_before(ASM_KERNEL(5, 8)))
		set = WHY_CAP(CAP_SYS_ADMIN);	/* the finer capabilities came with 5.8 */
	return set;
}

/* The names of a set, joined. */
static void name_caps(uint64_t set, bool setcap, const char *glue, char *out, size_t size)
{
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < CAPS; i++)
		if (set & caps[i].bit && len < size)
			len += (size_t)snprintf(out + len, size - len, "%s%s", len ? glue : "",
						setcap ? caps[i].setcap : caps[i].name);
}

static void program_file(char *out, size_t size)
{
	ssize_t len = readlink("/proc/self/exe", out, size);

	if (len > 0 && (size_t)len < size)
		out[len] = '\0';
	else
		snprintf(out, size, "FILE");
}

static void check_sysctl(struct why *why)
{
	long value;

	if (why_number("/proc/sys/kernel/unprivileged_bpf_disabled", &value) && value != 0)
		add(why, "without CAP_BPF the kernel lets no one in: "
		    "kernel.unprivileged_bpf_disabled is %ld", value);
}

/* True when this explains the failure. */
static bool check_caps(struct why *why, uint64_t need)
{
	uint64_t have, missing;
	char names[128], set[128], file[192];

	if (!why_caps(&have)) {
		append(why->unseen, "capabilities");
		return false;
	}
	missing = have & WHY_CAP(CAP_SYS_ADMIN) ? 0 : need & ~have;
	if (!missing) {
		append(why->fine, "capabilities");
		return false;
	}
	name_caps(missing, false, " and ", names, sizeof(names));
	add(why, "this process lacks %s", names);
	name_caps(need | WHY_CAP(CAP_BPF) | WHY_CAP(CAP_PERFMON), true, ",", set, sizeof(set));
	program_file(file, sizeof(file));
	add(why, "run it as root, or give the program the capabilities: `setcap %s+ep %s`", set,
	    file);
	if (missing & WHY_CAP(CAP_BPF))
		check_sysctl(why);
	return true;
}

static bool check_user_namespace(struct why *why, uint64_t need)
{
	char names[128];

	if (!why_user_namespace()) {
		append(why->fine, "user namespace");
		return false;
	}
	name_caps(need, false, " and ", names, sizeof(names));
	add(why, "this process is in a user namespace, and %s must be held outside of it", names);
	return true;
}

/* Calls that the kernel itself answers with EINVAL, whoever asks. */
static int nothing_bpf(void)
{
	enum { NO_COMMAND = 0x7fff };
	uint64_t attr = 0;

	return sys_bpf(NO_COMMAND, &attr, sizeof(attr));
}

static int nothing_perf(void)
{
	const unsigned long no_flags = ~0ul;

	return sys_perf_event_open(NULL, 0, 0, -1, no_flags);
}

/* With every capability there, a filter that denies the call denies what the kernel would not. */
static bool check_seccomp(struct why *why, const char *call, int (*nothing)(void))
{
	uint64_t mode = 0;
	bool known = seccomp_mode(&mode);
	int err;

	if (!known || mode == 0) {
		append(known ? why->fine : why->unseen, "seccomp%s", known ? " (off)" : "");
		return false;
	}
	err = nothing();
	if (err == -EPERM || err == -EACCES) {
		add(why, "a seccomp filter on this process denies %s, whatever it is asked", call);
		return true;
	}
	append(why->fine, "seccomp (on, but lets %s through)", call);
	return false;
}

/* Before 5.11 maps and programs are charged to RLIMIT_MEMLOCK, and EPERM is how it says no. */
static bool check_memlock(struct why *why)
{
	struct rlimit limit;

	if (!why_kernel_before(ASM_KERNEL(5, 11)))
		return false;
	if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
		append(why->fine, "RLIMIT_MEMLOCK (unlimited)");
		return false;
	}
	add(why, "before Linux 5.11 maps and programs count as locked memory, and this process may "
	    "lock %" PRIu64 " KiB: raise it with `ulimit -l unlimited`",
	    (uint64_t)limit.rlim_cur / 1024);
	return true;
}

/* For what confidentiality forbids; integrity forbids no program, only bpf_probe_write_user. */
static void check_lockdown(struct why *why)
{
	char *text = read_text("/sys/kernel/security/lockdown");
	bool integrity = text && strstr(text, "[integrity]");

	if (text && strstr(text, "[confidentiality]"))
		add(why, "kernel lockdown is 'confidentiality', which keeps programs from reading "
		    "kernel memory and tracing");
	else if (text)
		append(why->fine, "lockdown (%s)", integrity ? "integrity" : "none");
	else
		append(why->unseen, "lockdown");
	free(text);
}

static void check_denied(struct why *why, uint64_t need)
{
	if (check_user_namespace(why, need) || check_caps(why, need))
		return;
	if (check_memlock(why) || check_seccomp(why, "bpf(2)", nothing_bpf))
		return;
	check_lockdown(why);
}

/* True when the row is newer than the kernel. */
static bool check_since(struct why *why, const char *what, const char *name, uint16_t since)
{
	struct utsname kernel;
	unsigned int running = running_kernel(&kernel);

	if (!running || running >= since) {
		append(why->fine, "kernel version for %s %s", what, name);
		return false;
	}
	add(why, "%s %s needs Linux %u.%u; this is Linux %s", what, name, since / 256u,
	    since % 256u, kernel.release);
	return true;
}

static void check_nosys(struct why *why, const char *call, const char *option)
{
	uint64_t mode;
	bool filtered = !seccomp_mode(&mode) || mode != 0;

	add(why, "this kernel has no %s (%s)%s", call, option,
	    filtered ? ", or the seccomp filter on this process says so" : "");
}

/* ---- maps ---- */

static bool size_fits(enum asm_size_rule rule, uint32_t size)
{
	switch (rule) {
	case ASM_SIZE_ANY:
		return size > 0;
	case ASM_SIZE_ZERO:
		return size == 0;
	case ASM_SIZE_U32:
		return size == 4;
	case ASM_SIZE_U32_OR_U64:
		return size == 4 || size == 8;
	case ASM_SIZE_U32_MULTIPLE:
		return size > 0 && size % 4 == 0;
	case ASM_SIZE_FREE:
		break;
	}
	return true;
}

static const char *const size_rules[] = {
	[ASM_SIZE_ZERO] = "0",
	[ASM_SIZE_U32] = "4",
	[ASM_SIZE_U32_OR_U64] = "4 or 8",
	[ASM_SIZE_U32_MULTIPLE] = "a multiple of 4 or 8",
	[ASM_SIZE_FREE] = "right",
};

static void check_size(struct why *why, const struct asm_map *map, const char *what,
		       enum asm_size_rule rule, uint32_t size)
{
	if (rule == ASM_SIZE_ANY && !size)
		add(why, "%s_size of a %s map must not be 0", what, map->type->name);
	else if (!size_fits(rule, size))
		add(why, "%s_size of a %s map must be %s, not %" PRIu32, what, map->type->name,
		    size_rules[rule], size);
}

static void check_entries(struct why *why, const struct asm_map *map)
{
	uint32_t flags = map->type->flags, entries = map->max_entries;
	int page = getpagesize();

	if (flags & ASM_MAP_RING) {
		if (entries == 0 || (entries & (entries - 1)) || entries % (uint32_t)page)
			add(why, "max_entries of a %s map is bytes, a power of two and whole pages "
			    "(of %d bytes here), not %" PRIu32, map->type->name, page, entries);
	} else if (flags & ASM_MAP_NO_ENTRIES) {
		if (entries != 0)
			add(why, "max_entries of a %s map must be 0, not %" PRIu32,
			    map->type->name, entries);
	} else if (entries == 0 && !(flags & ASM_MAP_BY_CPU)) {
		add(why, "max_entries of a %s map must not be 0", map->type->name);
	}
}

static void check_shape(struct why *why, const struct asm_map *map)
{
	enum { PERCPU_MOST = 32768 };	/* bytes of a per-CPU allocation, PCPU_MIN_UNIT_SIZE */
	size_t before = why->count;

	check_size(why, map, "key", map->type->key, map->key_size);
	check_size(why, map, "value", map->type->value, map->value_size);
	check_entries(why, map);
	if (map->type->flags & ASM_MAP_PERCPU && map->value_size > PERCPU_MOST)
		add(why, "value_size of a per-CPU map is at most %d, not %" PRIu32, PERCPU_MOST,
		    map->value_size);
	if (why->count == before)
		append(why->fine, "key_size, value_size, max_entries");
}

void why_map(struct why *why, const struct asm_map *map, const char *says, int err)
{
	memset(why, 0, sizeof(*why));
	if (*says)
		add(why, "the kernel says: %s", says);
	switch (-err) {
	case EPERM:
		check_denied(why, needed_caps(map->type->name));
		break;
	case EINVAL:
	case E2BIG:
		if (!check_since(why, "map type", map->type->name, map->type->since))
			check_shape(why, map);
		break;
	case ENOMEM:
		if (!check_memlock(why))
			add(why, "the kernel has no memory for %" PRIu32 " entries of %" PRIu32
			    " + %" PRIu32 " bytes", map->max_entries, map->key_size,
			    map->value_size);
		break;
	case ENOSYS:
		check_nosys(why, "bpf(2)", "CONFIG_BPF_SYSCALL");
		break;
	}
}

/* ---- programs ---- */

static void check_length(struct why *why, size_t ninsns)
{
	enum { UNPRIVILEGED = 4096, MOST = 1000000 };
	uint64_t have;
	bool bpf = !why_caps(&have) || have & (WHY_CAP(CAP_BPF) | WHY_CAP(CAP_SYS_ADMIN));

	if (ninsns > MOST || ninsns == 0)
		add(why, "the program has %zu instructions; the kernel takes 1 to %d", ninsns,
		    MOST);
	else if (!bpf && ninsns > UNPRIVILEGED)
		add(why, "the program has %zu instructions; without CAP_BPF the kernel takes %d",
		    ninsns, UNPRIVILEGED);
	else
		append(why->fine, "number of instructions");
}

/* Who is called from a function of the kernel is called by a trampoline, and a JIT writes those. */
static void check_jit(struct why *why, const struct asm_attach *attach)
{
	if (attach && attach->how == ASM_ATTACH_TRACING &&
	    access("/proc/sys/net/core", F_OK) == 0 &&
	    access("/proc/sys/net/core/bpf_jit_enable", F_OK) != 0)
		add(why, "this kernel compiles no BPF (CONFIG_BPF_JIT), which %s programs need",
		    attach->section);
}

void why_prog(struct why *why, const struct asm_attach *attach, uint32_t prog_type,
	      size_t ninsns, int err)
{
	const struct asm_prog_type *type = asm_prog_type_number(prog_type);
	bool old;

	memset(why, 0, sizeof(*why));
	switch (-err) {
	case EPERM:
	case EACCES:
		check_denied(why, needed_caps(type ? type->name : ""));
		break;
	case E2BIG:
		check_length(why, ninsns);
		/* fallthrough */
	case EINVAL:
		old = type && check_since(why, "program type", type->name, type->since);
		if (!old && attach)
			check_since(why, "section", attach->section, attach->since);
		break;
	case ENOMEM:
		check_memlock(why);
		check_jit(why, attach);
		break;
	case ENOSYS:
		check_nosys(why, "bpf(2)", "CONFIG_BPF_SYSCALL");
		break;
	}
}

/* ---- attaching ---- */

/* What EOPNOTSUPP of a link says. */
static void check_built(struct why *why, const struct asm_attach *attach)
{
	static const struct {
		enum asm_attach_how how;
		const char *lacks;
	} rows[] = {
		{ ASM_ATTACH_TRACING, "BPF trampolines on this CPU" },
		{ ASM_ATTACH_KPROBE_MULTI, "links of many probes (CONFIG_FPROBE)" },
		{ ASM_ATTACH_UPROBE_MULTI, "links of many probes (CONFIG_UPROBE_EVENTS)" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].how == attach->how)
			add(why, "this kernel has no %s", rows[i].lacks);
}

bool why_lsm_idle(void)
{
	char *list = read_text("/sys/kernel/security/lsm");
	bool idle = list && !strstr(list, "bpf");

	free(list);
	return idle;
}

void why_perf(struct why *why, int err)
{
	uint64_t need = WHY_CAP(why_kernel_before(ASM_KERNEL(5, 8)) ? CAP_SYS_ADMIN : CAP_PERFMON);
	long paranoid;

	memset(why, 0, sizeof(*why));
	if (err == -ENOSYS)
		check_nosys(why, "perf_event_open(2)", "CONFIG_PERF_EVENTS");
	if (err == -EEXIST)
		add(why, "this program is attached there already");
	if (err != -EPERM && err != -EACCES)
		return;
	if (check_user_namespace(why, need) || check_caps(why, need)) {
		if (why_number("/proc/sys/kernel/perf_event_paranoid", &paranoid))
			add(why, "without CAP_PERFMON kernel.perf_event_paranoid decides, which is "
			    "%ld", paranoid);
		return;
	}
	if (!check_seccomp(why, "perf_event_open(2)", nothing_perf))
		check_lockdown(why);
}

/* Since 6.16, and where that was taken over: a probe amid an instruction would break a program. */
static bool is_uprobe_for_admin(void)
{
	uint64_t have;

	return !why_kernel_before(ASM_KERNEL(6, 16)) ||
	       (why_caps(&have) && have & WHY_CAP(CAP_PERFMON));
}

void why_uprobe(struct why *why, int err)
{
	uint64_t admin = WHY_CAP(CAP_SYS_ADMIN);

	if (err != -EACCES || !is_uprobe_for_admin()) {
		why_perf(why, err);
		return;
	}
	memset(why, 0, sizeof(*why));
	if (check_user_namespace(why, admin) || check_caps(why, admin)) {
		if (!why_kernel_before(ASM_KERNEL(6, 6)))
			add(why, "sections with .multi do the same with CAP_PERFMON alone");
	} else if (!check_seccomp(why, "perf_event_open(2)", nothing_perf)) {
		check_lockdown(why);
	}
}

/* CAP_SYS_ADMIN, which stands for the others with bpf(2), does not for this one. */
void why_packet(struct why *why, int err)
{
	uint64_t have;

	memset(why, 0, sizeof(*why));
	if (err == -EAFNOSUPPORT)
		add(why, "this kernel has no packet sockets (CONFIG_PACKET)");
	if (err == -EPERM && why_caps(&have) && !(have & WHY_CAP(CAP_NET_RAW)))
		add(why, "this process lacks CAP_NET_RAW");
}

/* Is there a line of the function, alone or with a module behind it? */
static bool is_listed(const char *lines, const char *function)
{
	size_t len = strlen(function);

	for (const char *at = strstr(lines, function); at; at = strstr(at + 1, function))
		if ((at == lines || at[-1] == '\n') && (at[len] == '\n' || at[len] == ' '))
			return true;
	return false;
}

/*
 * A trampoline takes the place of the call of ftrace at the beginning of a function: x86_64 says
 * EBUSY where there is none, arm64 EOPNOTSUPP. target: [MODULE:]FUNCTION. True when it is that.
 */
static bool check_entry(struct why *why, const char *target)
{
	const char *colon = strchr(target, ':'), *function = colon ? colon + 1 : target;
	char *lines = NULL;
	bool missing = false;

	if (tracefs_functions(&lines)) {
		append(why->unseen, "the functions that ftrace can probe");
	} else if (is_listed(lines, function)) {
		append(why->fine, "ftrace can probe %s", function);
	} else {
		missing = true;
		add(why, "ftrace cannot probe %s (notrace, or not in this kernel's "
			 "available_filter_functions); a kprobe may", function);
	}
	free(lines);
	return missing;
}

void why_attach(struct why *why, const struct asm_attach *attach, const char *function, int err)
{
	const struct asm_prog_type *type = asm_prog_type_number(attach->prog_type);
	uint64_t need = needed_caps(type ? type->name : "");

	if (attach->prog_type == BPF_PROG_TYPE_CGROUP_SKB)
		need |= WHY_CAP(CAP_NET_ADMIN);	/* it loads without, and is asked here */
	memset(why, 0, sizeof(*why));
	switch (-err) {
	case EPERM:
	case EACCES:
		check_denied(why, need);
		break;
	case EINVAL:
		check_since(why, "section", attach->section, attach->since);
		break;
	case EOPNOTSUPP:
		if (!function || !check_entry(why, function))
			check_built(why, attach);
		break;
	case EBUSY:
		if (function)
			check_entry(why, function);
		break;
	case ENOSYS:
		check_nosys(why, "bpf(2)", "CONFIG_BPF_SYSCALL");
		break;
	}
}

/* ---- objects that are there ---- */

void why_object(struct why *why, bool at_hand, int err)
{
	memset(why, 0, sizeof(*why));
	if (err == -EPERM)
		check_denied(why, at_hand ? needed_caps("") : WHY_CAP(CAP_SYS_ADMIN));
	else if (err == -ENOSYS)
		check_nosys(why, "bpf(2)", "CONFIG_BPF_SYSCALL");
}

/* ---- telling ---- */

void why_say(const struct load_options *opt, const struct asm_place *place, const char *what,
	     const char *call, int err, const struct why *why)
{
	say_error(opt, place, "%s: %s: %s%s%s", what, call, strerror(-err), why->count ? ": " : "",
		  why->count ? why->text[0] : "");
	for (size_t i = 1; i < why->count; i++)
		say_note(opt, NULL, "%s", why->text[i]);
	if (why->count > 0)
		return;
	say_note(opt, NULL, "cause unknown%s%s%s%s",
		 why->fine[0] ? "; looked at and in order: " : "", why->fine,
		 why->unseen[0] ? "; could not be looked at: " : "", why->unseen);
}
