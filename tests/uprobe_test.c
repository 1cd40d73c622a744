/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * uprobe_test.c - programs on functions of this very file: arguments and return values by value,
 * by name and offset, one place and several, each rung; and programs on the clock and over tasks.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <elf.h>
#include <sys/stat.h>

#include "../asm/asm.h"
#include "../loader/abi.h"
#include "../loader/loader.h"
#include "harness.h"
#include "kernel.h"
#include "attached.h"

enum { ARGS = 4, SECTION = 2 * PATH };

/* ---- what is probed ---- */

PROBED uint64_t probed_four(uint64_t a, uint64_t b, uint64_t c, uint64_t d);

uint64_t probed_four(uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	__asm__ volatile("");
	return a + 2 * b + 3 * c + 4 * d;
}

static PROBED uint64_t probed_static(uint64_t a)
{
	__asm__ volatile("");
	return a + 1;
}

static uint64_t probed_data __attribute__((used)) = 1;

/* As the program that another test has made of this file: see copy_run(). */
static __attribute__((constructor)) void run_as_copy(void)
{
	if (!getenv("UPROBE_TEST_COPY"))
		return;
	for (uint64_t i = 0; i < 5; i++)
		probed_four(i, 2, 3, 4);
	_exit(0);
}

/* ---- the programs ---- */

FIXTURE(uprobe) {
	const struct asm_cpu *cpu;
	struct attached a;
	char folder[64], copy[PATH];
};

FIXTURE_SETUP(uprobe)
{
	REQUIRE(geteuid() == 0, "needs privilege");
	self->cpu = asm_cpu_native();
	attached_start(&self->a);
}

FIXTURE_TEARDOWN(uprobe)
{
	attached_end(&self->a);
	if (self->copy[0])
		unlink(self->copy);
	if (self->folder[0])
		rmdir(self->folder);
}

/* A program at that section which adds one to the count and does `then`; r6 is its context. */
static void put(struct uprobe_self *self, const char *section, const char *then)
{
	ASSERT_OK(attached_open(&self->a, COUNTED FIND_VALUE COUNT_ONE "%sout: r0 = 0\nexit\n",
				section, then));
}

/* The same at KIND/FILE:PLACE, the file being this one. */
static void put_self(struct uprobe_self *self, const char *kind, const char *place,
		     const char *then)
{
	char section[SECTION];

	ASSERT_LT(snprintf(section, SECTION, "%s/%s:%s", kind, self->a.self_path, place), SECTION);
	put(self, section, then);
}

/* ---- arguments, return values ---- */

static void check_arguments(struct uprobe_self *self)
{
	struct counted seen;

	put_self(self, "uprobe", "probed_four",
		 ".irp i, 1, 2, 3, 4\n"
		 "r1 = *(u64 *)(r6 + pt_regs.arg\\i)\n"
		 "*(u64 *)(r0 + got.arg + (\\i - 1) * 8) = r1\n"
		 ".endr\n");
	ASSERT_OK(load_attach(self->a.load));
	probed_four(11, 0x2222222222222222, 0xfffffffffffffffd, 44);
	seen = attached_counted(&self->a);
	EXPECT_EQ(1, seen.count);
	EXPECT_EQ(11, seen.arg[0]);
	EXPECT_EQ(0x2222222222222222, seen.arg[1]);
	EXPECT_EQ(0xfffffffffffffffd, seen.arg[2]);
	EXPECT_EQ(44, seen.arg[3]);
}

TEST_F(uprobe, arguments)
{
	REQUIRE_PMU("uprobe");
	check_arguments(self);
}

TEST_F(uprobe, arguments_without_a_link)
{
	REQUIRE_PMU("uprobe");
	self->a.opt.flags |= LOAD_NO_PERF_LINK;
	check_arguments(self);
	EXPECT_HAS("PERF_EVENT_IOC_SET_BPF", self->a.said);
}

static void check_return(struct uprobe_self *self, const char *kind)
{
	struct counted seen;
	uint64_t want;

	put_self(self, kind, "probed_four",
		 "r1 = *(u64 *)(r6 + pt_regs.ret)\n*(u64 *)(r0 + got.ret) = r1\n");
	ASSERT_OK(load_attach(self->a.load));
	want = probed_four(1000, 200, 30, 4);
	seen = attached_counted(&self->a);
	EXPECT_EQ(1, seen.count);
	EXPECT_EQ(1000 + 400 + 90 + 16, want);
	EXPECT_EQ(want, seen.ret);
}

TEST_F(uprobe, return_value)
{
	REQUIRE_PMU("uprobe");
	check_return(self, "uretprobe");
}

TEST_F(uprobe, return_value_of_several)
{
	REQUIRE_PMU("uprobe");
	check_return(self, "uretprobe.multi");
}

TEST_F(uprobe, return_value_singly)
{
	REQUIRE_PMU("uprobe");
	self->a.opt.flags |= LOAD_NO_MULTI;
	check_return(self, "uretprobe.multi");
}

/* The event is opened on one CPU; the program runs on each. */
TEST_F(uprobe, every_cpu)
{
	uint64_t runs = 0;

	REQUIRE_PMU("uprobe");
	put_self(self, "uprobe", "probed_static", ON_CPU);
	ASSERT_OK(load_attach(self->a.load));
	for (unsigned int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!stay_on(cpu))
			continue;
		probed_static(cpu);
		EXPECT_EQ(++runs, attached_counted(&self->a).count);
		expect_cpu(cpu, attached_counted(&self->a).arg[0]);
	}
	REQUIRE(runs > 1, "this process has one CPU");
}

/* ---- places ---- */

TEST_F(uprobe, static_function)
{
	REQUIRE_PMU("uprobe");
	put_self(self, "uprobe", "probed_static", "");
	ASSERT_OK(load_attach(self->a.load));
	for (uint64_t i = 0; i < 7; i++)
		EXPECT_EQ(i + 1, probed_static(i));
	EXPECT_EQ(7, attached_counted(&self->a).count);
}

/* Where a mapped address is in this file, as /proc/self/maps has it. */
static unsigned long file_offset(const void *address)
{
	unsigned long at = (unsigned long)address, start, end, offset, found = 0;
	FILE *f = fopen("/proc/self/maps", "re");
	char line[1024];

	ASSERT_NOT_NULL(f);
	while (!found && fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx-%lx %*s %lx", &start, &end, &offset) == 3 && start <= at &&
		    at < end)
			found = at - start + offset;
	fclose(f);
	return found;
}

/* A function's address is that of its first entry; on ppc64le calls within a file take another. */
TEST_F(uprobe, offset)
{
	char place[32];

	REQUIRE_PMU("uprobe");
	REQUIRE(strcmp(self->cpu->name, "ppc64le") != 0, "functions have two entries");
	snprintf(place, sizeof(place), "0x%lx", file_offset((const void *)probed_static));
	put_self(self, "uprobe", place, "");
	ASSERT_OK(load_attach(self->a.load));
	for (uint64_t i = 0; i < 3; i++)
		probed_static(i);
	EXPECT_EQ(3, attached_counted(&self->a).count);
	EXPECT_HAS(place, self->a.said);
}

/* ---- another file: this one with nothing but .dynsym ---- */

/* Turn the section of one type to another, all others of that one to none. */
static void retype(char *elf, uint32_t from, uint32_t to)
{
	Elf64_Ehdr header;

	memcpy(&header, elf, sizeof(header));
	for (size_t i = 0; i < header.e_shnum; i++) {
		char *at = elf + header.e_shoff + i * sizeof(Elf64_Shdr);
		Elf64_Shdr section;

		memcpy(&section, at, sizeof(section));
		section.sh_type = section.sh_type == from ? to : section.sh_type == to ? SHT_NULL :
				  section.sh_type;
		memcpy(at, &section, sizeof(section));
	}
}

static void copy_make(struct uprobe_self *self, uint32_t symbols)
{
	size_t len;
	char *elf;

	snprintf(self->folder, sizeof(self->folder), "/tmp/uprobe_test.XXXXXX");
	ASSERT_NOT_NULL(mkdtemp(self->folder));
	snprintf(self->copy, PATH, "%s/copy", self->folder);
	ASSERT_OK(asm_read_file(self->a.self_path, &elf, &len));
	retype(elf, SHT_SYMTAB, symbols);
	write_file(self->copy, elf, len);
	free(elf);
}

/* Run the copy, which calls probed_four() five times. */
static void copy_run(struct uprobe_self *self)
{
	pid_t pid = fork();
	int status;

	ASSERT_GE(pid, 0);
	if (pid == 0) {
		setenv("UPROBE_TEST_COPY", "1", 1);
		execl(self->copy, self->copy, (char *)NULL);
		_exit(1);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_F(uprobe, dynamic_symbols_alone)
{
	char section[SECTION];

	REQUIRE_PMU("uprobe");
	copy_make(self, SHT_DYNSYM);
	snprintf(section, SECTION, "uprobe/%s:probed_four", self->copy);
	put(self, section, "");
	ASSERT_OK(load_attach(self->a.load));
	copy_run(self);
	EXPECT_EQ(5, attached_counted(&self->a).count);
}

TEST_F(uprobe, found_in_the_path)
{
	REQUIRE_PMU("uprobe");
	copy_make(self, SHT_DYNSYM);
	setenv("PATH", self->folder, 1);
	put(self, "uprobe/copy:probed_four", "");
	ASSERT_OK(load_attach(self->a.load));
	copy_run(self);
	EXPECT_EQ(5, attached_counted(&self->a).count);
}

TEST_F(uprobe, stripped)
{
	char section[SECTION];

	copy_make(self, SHT_NULL);
	snprintf(section, SECTION, "uprobe/%s:probed_static", self->copy);
	put(self, section, "");
	EXPECT_ERR(-ENOENT, load_attach(self->a.load));
	EXPECT_HAS("has no function 'probed_static'", self->a.said);
}

/* As the tools make it; the file itself has no such symbol. */
TEST_F(uprobe, debug_file)
{
	char section[SECTION], command[4 * PATH];

	REQUIRE_PMU("uprobe");
	REQUIRE(system("command -v objcopy >/dev/null") == 0, "no objcopy");
	copy_make(self, SHT_NULL);
	snprintf(command, sizeof(command), "cd %s && objcopy --only-keep-debug %s debug && "
		 "objcopy -S --add-gnu-debuglink=debug %s copy", self->folder, self->a.self_path,
		 self->a.self_path);
	ASSERT_EQ(0, system(command));
	snprintf(section, SECTION, "uprobe//proc/%d/root%s:probed_four", getpid(), self->copy);
	put(self, section, "");
	EXPECT_OK(load_attach(self->a.load));
	snprintf(command, sizeof(command), "%s/debug", self->folder);
	EXPECT_EQ(0, unlink(command));
	copy_run(self);
	EXPECT_EQ(5, attached_counted(&self->a).count);
}

/* Whatever is in the file, it ends with an error. */
TEST_F(uprobe, damaged)
{
	size_t len, flips = 2 * t_rounds(32), cuts = t_rounds(32);
	char section[SECTION], *elf;
	uint32_t seed = 1;

	copy_make(self, SHT_SYMTAB);
	snprintf(section, SECTION, "uprobe/%s:no_such_function", self->copy);
	put(self, section, "");
	self->a.opt.sink = NULL;
	ASSERT_OK(asm_read_file(self->copy, &elf, &len));
	for (size_t i = 0; i < flips; i++) {
		Elf64_Ehdr header;
		size_t at;

		memcpy(&header, elf, sizeof(header));
		seed = seed * 1664525 + 1013904223;
		at = i < flips / 2 ? 16 + seed % 48 : header.e_shoff + (seed >> 8) %
		     (header.e_shnum * sizeof(Elf64_Shdr));
		if (at >= len)
			continue;
		elf[at] ^= (char)(1 << (seed >> 29));
		write_file(self->copy, elf, len);
		EXPECT_LT(load_attach(self->a.load), 0);
		elf[at] ^= (char)(1 << (seed >> 29));
	}
	for (size_t cut = 0; cut < cuts; cut++) {
		write_file(self->copy, elf, cut * 8);
		EXPECT_LT(load_attach(self->a.load), 0);
	}
	free(elf);
}

/* ---- several ---- */

static void check_three(struct uprobe_self *self)
{
	put_self(self, "uprobe.multi", "probed_four,probed_fourr,probed_static", "");
	ASSERT_OK(load_attach(self->a.load));
	probed_four(1, 2, 3, 4);
	probed_static(1);
	probed_static(2);
	EXPECT_EQ(3, attached_counted(&self->a).count);
	EXPECT_HAS("has no function 'probed_fourr'; did you mean 'probed_four'?", self->a.said);
}

TEST_F(uprobe, three_of_which_one_is_missing)
{
	REQUIRE_PMU("uprobe");
	check_three(self);
}

TEST_F(uprobe, three_singly)
{
	REQUIRE_PMU("uprobe");
	self->a.opt.flags |= LOAD_NO_MULTI;
	check_three(self);
	EXPECT_HAS("2 single probes", self->a.said);
}

TEST_F(uprobe, pattern)
{
	REQUIRE_PMU("uprobe");
	put_self(self, "uprobe.multi", "probed_[!x]*", "");
	ASSERT_OK(load_attach(self->a.load));
	probed_four(1, 2, 3, 4);
	probed_static(1);
	EXPECT_EQ(2, attached_counted(&self->a).count);
}

TEST_F(uprobe, none_of_several)
{
	put_self(self, "uprobe.multi", "no_such_*", "");
	EXPECT_ERR(-ENOENT, load_attach(self->a.load));
	EXPECT_HAS("has no function 'no_such_*'", self->a.said);
	EXPECT_HAS("there is nothing to attach to", self->a.said);
}

/* ---- programs that may sleep ---- */

#define SLEEPABLE(name, kind, major, minor, runs)						\
	TEST_F(uprobe, name)									\
	{											\
		REQUIRE(has_pmu("uprobe") && kernel() >= ASM_KERNEL(major, minor),		\
			"needs Linux " #major "." #minor);					\
		put_self(self, kind, "probed_static", "");					\
		ASSERT_OK(load_attach(self->a.load));						\
		for (uint64_t i = 0; i < 4; i++)						\
			probed_static(i);							\
		EXPECT_EQ(4 * (runs), attached_counted(&self->a).count);			\
	}

SLEEPABLE(sleepable, "uprobe.s", 6, 0, 1)
SLEEPABLE(sleepable_return, "uretprobe.s", 6, 0, 1)
SLEEPABLE(sleepable_multi, "uprobe.multi.s", 6, 6, 1)
SLEEPABLE(sleepable_return_multi, "uretprobe.multi.s", 6, 6, 1)
SLEEPABLE(sleepable_session, "uprobe.session.s", 6, 13, 2)

/* ---- afterwards ---- */

static size_t count_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	size_t n = 0;

	ASSERT_NOT_NULL(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

/* What events there are is seen where nobody else sees it mounted. */
static void check_no_events(void)
{
	char *events;
	size_t len;

	mount_tracefs();
	ASSERT_OK(asm_read_file("/sys/kernel/tracing/uprobe_events", &events, &len));
	EXPECT_EQ(0, len);
	free(events);
}

static void check_nothing_left(struct uprobe_self *self, const char *kind)
{
	size_t before = count_descriptors();
	struct counted seen = { 0 };
	uint32_t key = 0;
	int map;

	put_self(self, kind, "probed_static", "");
	ASSERT_OK(load_attach(self->a.load));
	probed_static(1);
	map = dup(load_map_fd(self->a.load, "map"));
	attached_close(&self->a);
	probed_static(2);
	EXPECT_OK(load_map_lookup(map, &key, &seen));
	EXPECT_EQ(1, seen.count);
	close(map);
	EXPECT_EQ(before, count_descriptors());
	check_no_events();
}

TEST_F(uprobe, nothing_after_closing)
{
	REQUIRE_PMU("uprobe");
	check_nothing_left(self, "uprobe");
}

TEST_F(uprobe, nothing_after_closing_several)
{
	REQUIRE_PMU("uprobe");
	check_nothing_left(self, "uprobe.multi");
}

/* ---- what cannot be ---- */

static void check_refused(struct uprobe_self *self, const char *section, int err, const char *said)
{
	put(self, section, "");
	EXPECT_ERR(err, load_attach(self->a.load));
	EXPECT_HAS(said, self->a.said);
}

TEST_F(uprobe, misspelt)
{
	put_self(self, "uprobe", "probed_fuor", "");
	EXPECT_ERR(-ENOENT, load_attach(self->a.load));
	EXPECT_HAS("has no function 'probed_fuor'; did you mean 'probed_four'?", self->a.said);
}

TEST_F(uprobe, data)
{
	put_self(self, "uprobe", "probed_data", "");
	EXPECT_ERR(-ENOENT, load_attach(self->a.load));
	EXPECT_HAS("the name is not that of a function", self->a.said);
}

TEST_F(uprobe, behind_the_end)
{
	REQUIRE_PMU("uprobe");
	put_self(self, "uprobe", "0x7fffffff", "");
	EXPECT_ERR(-EINVAL, load_attach(self->a.load));
	EXPECT_HAS("the file ends before that", self->a.said);
}

TEST_F(uprobe, no_file)
{
	check_refused(self, "uprobe//no/such/file:main", -ENOENT, "/no/such/file: No such file");
}

TEST_F(uprobe, no_program)
{
	check_refused(self, "uprobe/no_such_program:main", -ENOENT,
		      "no program 'no_such_program' in PATH");
}

TEST_F(uprobe, no_library)
{
	check_refused(self, "uprobe/libnosuch.so.1:main", -ENOENT,
		      "no library 'libnosuch.so.1' in LD_LIBRARY_PATH");
}

TEST_F(uprobe, no_elf)
{
	check_refused(self, "uprobe//proc/self/status:main", -ENOEXEC, "it is no ELF file");
}

TEST_F(uprobe, no_place)
{
	check_refused(self, "uprobe//bin/sh", -EINVAL, "is not of the form FILE:SYMBOL");
}

TEST_F(uprobe, no_offset)
{
	check_refused(self, "uprobe//bin/sh:main+x", -EINVAL, "is not of the form FILE:SYMBOL");
}

TEST_F(uprobe, refused_where_there_are_none)
{
	REQUIRE(!has_pmu("uprobe"), "this kernel has uprobes");
	put_self(self, "uprobe", "probed_four", "");
	EXPECT_ERR(-ENOENT, load_attach(self->a.load));
	EXPECT_HAS("it was built without CONFIG_UPROBES", self->a.said);
}

/* ---- the clock ---- */

static void check_samples(struct uprobe_self *self)
{
	time_t end;

	put(self, "perf_event", "");
	ASSERT_OK(load_attach(self->a.load));
	end = time(NULL) + 10;
	while (attached_counted(&self->a).count < 10 && time(NULL) < end)
		;
	EXPECT_GE(attached_counted(&self->a).count, 10);
}

TEST_F(uprobe, samples)
{
	check_samples(self);
}

TEST_F(uprobe, samples_without_a_link)
{
	self->a.opt.flags |= LOAD_NO_PERF_LINK;
	check_samples(self);
	EXPECT_HAS("PERF_EVENT_IOC_SET_BPF", self->a.said);
}

/* ---- iterators ---- */

/* What a run prints, which ends by itself. */
static char *run(struct uprobe_self *self, enum load_print how)
{
	static char out[1 << 16];
	FILE *f = tmpfile();
	const struct load_run how_to = { .how = how, .out = f };
	size_t len;

	ASSERT_NOT_NULL(f);
	ASSERT_OK(load_attach(self->a.load));
	EXPECT_EQ(0, load_run(self->a.load, &how_to));
	rewind(f);
	len = fread(out, 1, sizeof(out) - 1, f);
	out[len] = '\0';
	fclose(f);
	return out;
}

static void put_tasks(struct uprobe_self *self, const char *section)
{
	REQUIRE(access("/sys/kernel/btf/vmlinux", R_OK) == 0, "this kernel has no BTF");
	put(self, section,
	    "r7 = *(u64 *)(r6 + 0)\n"
	    "r1 = *(u64 *)(r6 + 8)\nif r1 == 0 goto out\n"
	    "r1 = 't'\n*(u8 *)(r10 - 8) = r1\n"
	    "r1 = 9\n*(u8 *)(r10 - 7) = r1\n"
	    "r1 = 27\n*(u8 *)(r10 - 6) = r1\n"
	    "r1 = 10\n*(u8 *)(r10 - 5) = r1\n"
	    "r1 = *(u64 *)(r7 + 0)\nr2 = r10\nr2 += -8\nr3 = 4\ncall seq_write\n");
}

static unsigned int count_lines(const char *text, const char *line)
{
	unsigned int n = 0;

	for (; (text = strstr(text, line)); text += strlen(line))
		n++;
	return n;
}

/* The kernel asks once more behind the last task, for which the program writes nothing. */
static void check_tasks(struct uprobe_self *self, const char *section)
{
	const char *out;

	put_tasks(self, section);
	out = run(self, LOAD_TEXT);
	EXPECT_GE(count_lines(out, "t\t\\x1b\n"), 2);
	EXPECT_EQ(attached_counted(&self->a).count, count_lines(out, "t\t\\x1b\n") + 1);
	EXPECT_HAS("\n\nmap: 1 entry\n", out);
}

TEST_F(uprobe, tasks)
{
	check_tasks(self, "iter/task");
}

TEST_F(uprobe, tasks_sleepable)
{
	REQUIRE(kernel() >= ASM_KERNEL(5, 18), "needs Linux 5.18");
	check_tasks(self, "iter.s/task");
}

TEST_F(uprobe, tasks_in_json)
{
	const char *out;

	put_tasks(self, "iter/task");
	out = run(self, LOAD_JSON);
	EXPECT_EQ(attached_counted(&self->a).count,
		  count_lines(out, "{\"iter\":\"p\",\"line\":\"t\\t\\u001b\"}\n") + 1);
}

TEST_F(uprobe, iterator_over_a_map)
{
	REQUIRE(access("/sys/kernel/btf/vmlinux", R_OK) == 0, "this kernel has no BTF");
	check_refused(self, "iter/bpf_map_elem", -EBADF, "iterates over one map");
}

TEST_MAIN
