/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * attached.h - what tests of attaching have in common: a text that is loaded, and what was said.
 *
 * Behind asm.h, loader.h and harness.h. A fixture holds a struct attached as `a`.
 */
#ifndef ATTACHED_H
#define ATTACHED_H

#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/utsname.h>

enum { SAID = 8192, TEXT = 4096, PATH = 512 };

/* A function that is there once, whatever its arguments. */
#if __has_attribute(noclone)
#define PROBED __attribute__((noinline, noclone, used))
#else
#define PROBED __attribute__((noinline, used))
#endif

/* What keeps the number of the CPU in the first `arg` of a `got`, to which r0 points. */
#define ON_CPU	"r9 = r0\ncall get_smp_processor_id\n" \
		"*(u64 *)(r9 + got.arg) = r0\n"

struct attached {
	char said[SAID];		/* all messages, a line each */
	size_t nsaid;
	char self_path[PATH];		/* of the program that tests */
	char text[TEXT];
	struct load_options opt;
	struct asm_object *obj;
	struct load *load;
};

/* asm_sink */
static inline void attached_hear(void *arg, const struct asm_diag *diag)
{
	struct attached *a = arg;

	if (a->nsaid < SAID)
		a->nsaid += (size_t)snprintf(a->said + a->nsaid, SAID - a->nsaid, "%s\n",
					     diag->message);
	asm_diag_print(stderr, diag);
}

static inline void attached_start(struct attached *a)
{
	ASSERT_NOT_NULL(asm_cpu_native());
	ASSERT_GT(readlink("/proc/self/exe", a->self_path, PATH - 1), 0);
	a->opt.sink = attached_hear;
	a->opt.sink_arg = a;
	a->opt.flags = LOAD_VERBOSE;
}

/* Detach and unload; the object stays. */
static inline void attached_close(struct attached *a)
{
	load_close(a->load);
	a->load = NULL;
}

static inline void attached_end(struct attached *a)
{
	attached_close(a);
	asm_free(a->obj);
	a->obj = NULL;
}

/* Assemble and load a text. Returns what the loader did. */
__attribute__((format(printf, 2, 3)))
static inline int attached_open(struct attached *a, const char *fmt, ...)
{
	const struct asm_options opt = { .cpu = asm_cpu_native(),
					 .endian = asm_cpu_native()->endian,
					 .sink = attached_hear, .sink_arg = a };
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(a->text, TEXT, fmt, ap);
	va_end(ap);
	ASSERT_LT(len, TEXT);
	a->obj = asm_assemble("test", a->text, (size_t)len, &opt);
	ASSERT_NOT_NULL(a->obj);
	return load_open(a->obj, &a->opt, &a->load);
}

/* The one value of the map `map`. */
static inline void attached_value(const struct attached *a, void *value)
{
	uint32_t key = 0;

	EXPECT_OK(load_map_lookup(load_map_fd(a->load, "map"), &key, value));
}

static inline uint64_t attached_count(const struct attached *a)
{
	uint64_t n = 0;

	attached_value(a, &n);
	return n;
}

/* The running one, as ASM_KERNEL() has them. */
static inline unsigned int kernel(void)
{
	unsigned int major = 0, minor = 0;
	struct utsname name;

	uname(&name);
	sscanf(name.release, "%u.%u", &major, &minor);
	return ASM_KERNEL(major, minor);
}

/* Stay on the CPU: false where this process may not. */
static inline bool stay_on(unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) == 0;
}

/* What a program told by ON_CPU: an emulated riscv64 may name the other CPU. */
static inline void expect_cpu(unsigned int cpu, uint64_t told)
{
	EXPECT_EQ((int)cpu, sched_getcpu());
	if (strcmp(asm_cpu_native()->name, "riscv64") != 0)
		EXPECT_EQ(cpu, told);
}

/* A PMU of perf: kprobe or uprobe. */
static inline bool has_pmu(const char *pmu)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/event_source/devices/%s/type", pmu);
	return access(path, F_OK) == 0;
}

/* What is mounted from now on nobody else sees; false: it is not allowed. */
static inline bool mount_privately(void)
{
	return unshare(CLONE_NEWNS) == 0 &&
	       mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

/* tracefs where nobody else sees it, if that may be. */
static inline void mount_tracefs(void)
{
	if (mount_privately())
		mount("tracefs", "/sys/kernel/tracing", "tracefs", 0, NULL);
}

/* A new file that may be run. */
static inline void write_file(const char *path, const char *data, size_t len)
{
	FILE *f = fopen(path, "wbe");

	ASSERT_NOT_NULL(f);
	ASSERT_EQ(len, fwrite(data, 1, len, f));
	ASSERT_EQ(0, fclose(f));
	ASSERT_EQ(0, chmod(path, 0755));
}

#endif
