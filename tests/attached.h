/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * attached.h - what tests of attaching have in common: a text that is loaded, and what was said.
 *
 * Behind asm.h, loader.h and harness.h. A fixture holds a struct attached as `a`.
 */
#ifndef ATTACHED_H
#define ATTACHED_H

#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>

enum { ATTACHED_SAID = 8192, ATTACHED_TEXT = 4096, PATH = 512 };

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
	char said[ATTACHED_SAID];	/* all messages, a line each */
	size_t nsaid;
	char self_path[PATH];		/* of the program that tests */
	char text[ATTACHED_TEXT];
	struct load_options opt;
	struct asm_object *obj;
	struct load *load;
};

/* asm_sink */
static inline void attached_hear(void *arg, const struct asm_diag *diag)
{
	struct attached *a = arg;

	if (a->nsaid < ATTACHED_SAID)
		a->nsaid += (size_t)snprintf(a->said + a->nsaid, ATTACHED_SAID - a->nsaid,
					     "%s\n", diag->message);
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
	len = vsnprintf(a->text, ATTACHED_TEXT, fmt, ap);
	va_end(ap);
	ASSERT_LT(len, ATTACHED_TEXT);
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

/* Pieces of texts: r0 is where the value of the map `map` is, or it goes on at `out`. */
#define FIND_VALUE										\
	"*(u32 *)(r10 - 4) = 0\nr1 = map ll\nr2 = r10\nr2 += -4\n"				\
	"call map_lookup_elem\nif r0 == 0 goto out\n"
/* One more there. */
#define COUNT_ONE "r1 = 1\nlock *(u64 *)(r0 + 0) += r1\n"
/* The beginning of a program at section %s that keeps a struct counted; r6 is its context. */
#define COUNTED											\
	".license \"GPL\"\n"									\
	".struct got { u64 count; u64 ret; u64 arg[6]; }\n"					\
	".map map type array key u32 value got entries 1\n"					\
	".prog p \"%s\"\nr6 = r1\n"

enum { COUNTED_ARGS = 6 };

struct counted {
	uint64_t count, ret, arg[COUNTED_ARGS];
};

static inline struct counted attached_counted(const struct attached *a)
{
	struct counted counted = { 0 };

	attached_value(a, &counted);
	return counted;
}

/*
 * Load a program at that section which, for this process alone, counts, does `then` and returns
 * that. Returns what the loader did.
 */
static inline int attached_counter(struct attached *a, const char *section, const char *then,
				   int ret)
{
	return attached_open(a, COUNTED
			     "call get_current_pid_tgid\nr0 >>= 32\nif r0 != %d goto out\n"
			     FIND_VALUE COUNT_ONE "%s"
			     "r0 = %d\nexit\n"
			     "out: r0 = 0\nexit\n", section, getpid(), then, ret);
}

/*
 * mmap(2) with values to be recognised: 3 pages from the 5th on. Returns the address. On each CPU
 * it ends in ksys_mmap_pgoff().
 */
static inline uint64_t map_pages(uint64_t arg[COUNTED_ARGS])
{
	long page = sysconf(_SC_PAGESIZE);
	int fd = memfd_create("attached", MFD_CLOEXEC);
	void *at;

	ASSERT_GE(fd, 0);
	arg[0] = 0x200000000;
	arg[1] = 3 * (uint64_t)page;
	arg[2] = PROT_READ | PROT_WRITE;	/* no other argument is 3 */
	arg[3] = MAP_SHARED;
	arg[4] = (uint64_t)fd;
	arg[5] = 5;
	at = mmap((void *)(uintptr_t)arg[0], arg[1], (int)arg[2], MAP_SHARED, fd, 5 * page);
	ASSERT_NE((uintptr_t)MAP_FAILED, (uintptr_t)at);
	munmap(at, arg[1]);
	close(fd);
	return (uintptr_t)at;
}

/* Stay on the CPU: false where this process may not. */
static inline bool stay_on(unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) == 0;
}

/* What a program told by ON_CPU. */
static inline void expect_cpu(unsigned int cpu, uint64_t told)
{
	EXPECT_EQ((int)cpu, sched_getcpu());
	EXPECT_EQ(cpu, told);
}

/* A PMU of perf: kprobe or uprobe. */
static inline bool has_pmu(const char *pmu)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/event_source/devices/%s/type", pmu);
	return access(path, F_OK) == 0;
}

#define REQUIRE_PMU(pmu) REQUIRE(has_pmu(pmu), "this kernel has no " pmu "s")

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

/* No single probe of the kernel's is left of anybody. */
static inline void expect_no_events(void)
{
	static const char *const kinds[] = { "kprobe", "uprobe" };

	for (int i = 0; i < 2; i++) {
		size_t len = SIZE_MAX;
		char path[PATH], *events;

		snprintf(path, PATH, "/sys/kernel/tracing/%s_events", kinds[i]);
		if (!asm_read_file(path, &events, &len))
			free(events);
		EXPECT_EQ(0, len) LOG("%s", path);
	}
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
