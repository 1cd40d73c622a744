/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tracing_test.c - programs on functions of the kernel by trampoline, on its security hooks, and
 * sessions: arguments, return values and counts, by value. What this kernel has not is skipped,
 * but not before the loader has said so.
 *
 * getpgid(2) of a process asks the security hook task_getpgid() for each of its calls.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "../asm/asm.h"
#include "../loader/abi.h"
#include "../loader/loader.h"
#include "harness.h"
#include "kernel.h"
#include "attached.h"

enum { CALLS = 5 };

FIXTURE(tracing) {
	struct attached a;
	char section[PATH + 64];
};

FIXTURE_SETUP(tracing)
{
	REQUIRE(geteuid() == 0, "needs privilege");
	attached_start(&self->a);
	mount_tracefs();
}

FIXTURE_TEARDOWN(tracing)
{
	attached_end(&self->a);
}

static int put(struct tracing_self *self, const char *section, const char *then, int ret)
{
	int err = attached_counter(&self->a, section, then, ret);

	return err ? err : load_attach(self->a.load);
}

/*
 * A kernel that is new enough takes it, unless it is locked down or was built without. s390x of
 * Linux 6.12 has no memory for trampolines when it is emulated.
 */
#define REQUIRE_ATTACHED(err, since)								\
	do {											\
		if ((err) && kernel() < (since))						\
			EXPECT_HAS("needs Linux", self->a.said);				\
		else if ((err) && (err) != -EPERM && (err) != -ENOMEM)				\
			EXPECT_ERR(-EOPNOTSUPP, err);						\
		REQUIRE(!(err), "this kernel does not take it: %s", strerror(-(err)));		\
	} while (0)

/* ---- one function ---- */

/* The context of a trampoline is the arguments, 8 bytes each, and then what is returned. */
#define KEEP_ARGUMENTS										\
	".irp i, 0, 1, 2, 3, 4, 5\n"								\
	"r1 = *(u64 *)(r6 + \\i * 8)\n*(u64 *)(r0 + got.arg + \\i * 8) = r1\n"			\
	".endr\n"
#define KEEP_RETURN "r1 = *(u64 *)(r6 + 48)\n*(u64 *)(r0 + got.ret) = r1\n"

TEST_F(tracing, fentry)
{
	int err = put(self, "fentry/ksys_mmap_pgoff", KEEP_ARGUMENTS, 0);
	uint64_t arg[6];
	struct counted seen;

	REQUIRE_ATTACHED(err, ASM_KERNEL(5, 5));
	map_pages(arg);
	seen = attached_counted(&self->a);
	EXPECT_EQ(1, seen.count);
	for (size_t i = 0; i < 6; i++)
		EXPECT_EQ(arg[i], seen.arg[i]);
}

TEST_F(tracing, fexit)
{
	int err = put(self, "fexit/ksys_mmap_pgoff", KEEP_ARGUMENTS KEEP_RETURN, 0);
	uint64_t arg[6], at;
	struct counted seen;

	REQUIRE_ATTACHED(err, ASM_KERNEL(5, 5));
	at = map_pages(arg);
	seen = attached_counted(&self->a);
	EXPECT_EQ(1, seen.count);
	EXPECT_EQ(arg[5], seen.arg[5]);
	EXPECT_EQ(at, seen.ret);
}

TEST_F(tracing, no_such_function)
{
	EXPECT_LT(put(self, "fentry/ksys_mmap_pgof", "", 0), 0);
	EXPECT_HAS("ksys_mmap_pgof", self->a.said);
}

/* ---- what decides ---- */

/* How often getpgid(2) was refused with that errno. */
/* Does a line of the file hold the function's name as a word, with nothing but space behind it? */
static bool is_named(const char *path, const char *function)
{
	char line[512], *word, *rest;
	FILE *file = fopen(path, "r");
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file))
		for (word = strtok_r(line, " \t\n", &rest); word && !found;
		     word = strtok_r(NULL, " \t\n", &rest))
			found = !strcmp(word, function);
	if (file)
		fclose(file);
	return found;
}

/* In Linux 6.12 of Debian it begins without the call that a trampoline takes the place of. */
TEST_F(tracing, function_without_entry)
{
	const char *function = "blk_account_io_start";
	int err;

	REQUIRE(is_named("/proc/kallsyms", function) &&
		!is_named("/sys/kernel/tracing/available_filter_functions", function),
		"ftrace does not pass over %s here", function);
	err = put(self, "fentry/blk_account_io_start", "", 0);
	REQUIRE(err != -EPERM && err != -ENOMEM, "locked down, or no memory for a trampoline");
	EXPECT_TRUE(err == -EBUSY || err == -EOPNOTSUPP);
	EXPECT_HAS("ftrace cannot probe blk_account_io_start", self->a.said);
}

static unsigned int ask(int error)
{
	unsigned int refused = 0;

	for (unsigned int i = 0; i < CALLS; i++) {
		errno = 0;
		refused += syscall(SYS_getpgid, getpid()) < 0 && errno == error;
	}
	return refused;
}

static void check_refused(struct tracing_self *self, const char *section, unsigned int since)
{
	int err = put(self, section, "", -EXDEV);

	REQUIRE_ATTACHED(err, since);
	EXPECT_EQ(CALLS, ask(EXDEV));
	EXPECT_EQ(CALLS, attached_counted(&self->a).count);
	attached_close(&self->a);
	EXPECT_EQ(0, ask(EXDEV));
}

TEST_F(tracing, fmod_ret)
{
	check_refused(self, "fmod_ret/security_task_getpgid", ASM_KERNEL(5, 7));
}

static bool has_bpf_lsm(void)
{
	char *text = NULL;
	size_t len;
	bool found;

	mount("securityfs", "/sys/kernel/security", "securityfs", 0, NULL);
	found = asm_read_file("/sys/kernel/security/lsm", &text, &len) == 0 && strstr(text, "bpf");
	free(text);
	return found;
}

TEST_F(tracing, lsm)
{
	REQUIRE(has_bpf_lsm(), "this kernel does not ask BPF programs (lsm=bpf)");
	check_refused(self, "lsm/task_getpgid", ASM_KERNEL(5, 7));
}

TEST_F(tracing, lsm_unknown_hook)
{
	EXPECT_LT(put(self, "lsm/task_getpgidd", "", 0), 0);
	EXPECT_HAS("task_getpgidd", self->a.said);
}

/* How often a file was opened, which was refused. */
TEST_F(tracing, lsm_sleepable)
{
	unsigned int refused = 0;
	uint64_t before;
	int err;

	REQUIRE(has_bpf_lsm(), "this kernel does not ask BPF programs (lsm=bpf)");
	err = put(self, "lsm.s/file_open", "", -EXDEV);
	REQUIRE_ATTACHED(err, ASM_KERNEL(5, 10));
	before = attached_counted(&self->a).count;	/* the loader asked for lsm= */
	for (int i = 0; i < CALLS; i++)
		refused += open("/dev/null", O_RDONLY | O_CLOEXEC) < 0 && errno == EXDEV;
	EXPECT_EQ(CALLS, refused);
	EXPECT_EQ(before + CALLS, attached_counted(&self->a).count);
}

/* ---- system calls: functions and tracepoints where a program may sleep ---- */

#define NUMBER_OF(call) STRING(call)
#define STRING(text) #text
static const char counting_getpgid[] =
	"r1 = *(u64 *)(r6 + 8)\nif r1 != " NUMBER_OF(SYS_getpgid) " goto out\n"
	"r1 = 1\nlock *(u64 *)(r0 + got.ret) += r1\n";

/* Functions take them where errors can be injected. */
#define REQUIRE_SLEEPABLE()									\
	REQUIRE(!strstr(self->a.said, "is not sleepable"),					\
		"this kernel has no such function (CONFIG_FUNCTION_ERROR_INJECTION)")

static void check_calls(struct tracing_self *self, const char *section, const char *then,
			unsigned int since)
{
	int err = put(self, section, then, 0);

	REQUIRE_SLEEPABLE();
	REQUIRE_ATTACHED(err, since);
	EXPECT_EQ(0, ask(EXDEV));
	EXPECT_EQ(CALLS, *then ? attached_counted(&self->a).ret : attached_counted(&self->a).count);
}

#define CALLS_OF(name, section, then, major, minor)						\
	TEST_F(tracing, name)									\
	{											\
		check_calls(self, section, then, ASM_KERNEL(major, minor));			\
	}

CALLS_OF(raw_tracepoint, "raw_tracepoint/sys_enter", counting_getpgid, 4, 17)
CALLS_OF(raw_tracepoint_sleepable, "raw_tracepoint.s/sys_enter", counting_getpgid, 7, 2)
CALLS_OF(raw_tp_sleepable, "raw_tp.s/sys_enter", counting_getpgid, 7, 2)
CALLS_OF(tp_btf_sleepable, "tp_btf.s/sys_enter", counting_getpgid, 7, 2)
CALLS_OF(tp_sleepable, "tp.s/syscalls/sys_enter_getpgid", "", 7, 2)
CALLS_OF(tracepoint_sleepable, "tracepoint.s/syscalls/sys_enter_getpgid", "", 7, 2)
#ifdef __x86_64__
CALLS_OF(fentry_sleepable, "fentry.s/__x64_sys_getpgid", "", 5, 10)
CALLS_OF(fexit_sleepable, "fexit.s/__x64_sys_getpgid", "", 5, 10)
CALLS_OF(fmod_ret_sleepable, "fmod_ret.s/__x64_sys_getpgid", "", 5, 10)
CALLS_OF(fentry_multi_sleepable, "fentry.multi.s/__x64_sys_getpgi[d]", "", 7, 2)
CALLS_OF(fexit_multi_sleepable, "fexit.multi.s/__x64_sys_getpgi[d]", "", 7, 2)

static void check_both(struct tracing_self *self, const char *section, unsigned int since)
{
	int err = put(self, section, "", 0);

	REQUIRE_SLEEPABLE();
	REQUIRE_ATTACHED(err, since);
	EXPECT_EQ(0, ask(EXDEV));
	EXPECT_EQ(2 * CALLS, attached_counted(&self->a).count);
}

TEST_F(tracing, fsession_sleepable)
{
	check_both(self, "fsession.s/__x64_sys_getpgid", ASM_KERNEL(7, 0));
}

TEST_F(tracing, fsession_multi_sleepable)
{
	check_both(self, "fsession.multi.s/__x64_sys_getpgi[d]", ASM_KERNEL(7, 2));
}
#endif

/* ---- a tracepoint whose programs may write ---- */

/* A run of a program that returns 0, for the kernel's test of it. */
static int run_other(void)
{
	static const struct asm_insn insns[] = { { .code = 0xb7 }, { .code = 0x95 } };
	uint8_t code[sizeof(insns) / sizeof(insns[0])][8], packet[64] = { 0 };
	struct abi_prog_load load;
	struct abi_prog_test_run test;
	int fd, err;

	for (size_t i = 0; i < sizeof(insns) / sizeof(insns[0]); i++)
		asm_insn_bytes(insns[i], asm_cpu_native()->endian, code[i]);
	memset(&load, 0, sizeof(load));
	load.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
	load.insns = abi_ptr(code);
	load.insn_cnt = sizeof(insns) / sizeof(insns[0]);
	load.license = abi_ptr("GPL");
	fd = bpf(BPF_PROG_LOAD, &load, sizeof(load));
	ASSERT_GE(fd, 0);
	memset(&test, 0, sizeof(test));
	test.prog_fd = (uint32_t)fd;
	test.data_in = abi_ptr(packet);
	test.data_size_in = sizeof(packet);
	err = bpf(BPF_PROG_TEST_RUN, &test, sizeof(test));
	close(fd);
	return err;
}

/* What the run has returned is in the tracepoint's own number, which the program overwrites. */
static void check_writable(struct tracing_self *self, const char *section)
{
	int err = put(self, section, "r1 = *(u64 *)(r6 + 0)\nr2 = -18\n*(u32 *)(r1 + 0) = r2\n",
		      0);

	REQUIRE_ATTACHED(err, ASM_KERNEL(5, 2));
	EXPECT_ERR(-EXDEV, run_other());
	EXPECT_EQ(1, attached_counted(&self->a).count);
	attached_close(&self->a);
	EXPECT_EQ(0, run_other());
}

TEST_F(tracing, raw_tp_writable)
{
	check_writable(self, "raw_tp.w/bpf_test_finish");
}

TEST_F(tracing, raw_tracepoint_writable)
{
	check_writable(self, "raw_tracepoint.w/bpf_test_finish");
}

/* ---- at the entry and at the return ---- */

static void check_session(struct tracing_self *self, const char *section, int ret,
			  unsigned int since, uint64_t want)
{
	int err = put(self, section, "", ret);
	uint64_t arg[6];

	REQUIRE_ATTACHED(err, since);
	map_pages(arg);
	EXPECT_EQ(want, attached_counted(&self->a).count);
}

TEST_F(tracing, kprobe_session)
{
	check_session(self, "kprobe.session/ksys_mmap_pgoff", 0, ASM_KERNEL(6, 10), 2);
}

/* The program says at the entry that it does not want to see the return. */
TEST_F(tracing, kprobe_session_entry_alone)
{
	check_session(self, "kprobe.session/ksys_mmap_pgoff", 1, ASM_KERNEL(6, 10), 1);
}

TEST_F(tracing, fsession)
{
	check_session(self, "fsession/ksys_mmap_pgoff", 0, ASM_KERNEL(7, 0), 2);
}

static PROBED int probed(int a)
{
	__asm__ volatile("");
	return a + 1;
}

static void check_uprobe_session(struct tracing_self *self, int ret, uint64_t want)
{
	int err;

	snprintf(self->section, sizeof(self->section), "uprobe.session/%s:probed",
		 self->a.self_path);
	err = put(self, self->section, "", ret);
	REQUIRE_ATTACHED(err, ASM_KERNEL(6, 13));
	for (int i = 0; i < CALLS; i++)
		EXPECT_EQ(i + 1, probed(i));
	EXPECT_EQ(want, attached_counted(&self->a).count);
}

TEST_F(tracing, uprobe_session)
{
	check_uprobe_session(self, 0, 2 * CALLS);
}

TEST_F(tracing, uprobe_session_entry_alone)
{
	check_uprobe_session(self, 1, CALLS);
}

/* ---- several functions by one link ---- */

static void check_multi(struct tracing_self *self, const char *kind, uint64_t want)
{
	uint64_t arg[6];
	int err;

	snprintf(self->section, sizeof(self->section), "%s/ksys_mmap_pgof?,ksys_nothing", kind);
	err = put(self, self->section, "", 0);
	REQUIRE_ATTACHED(err, ASM_KERNEL(7, 2));
	EXPECT_HAS("'ksys_nothing' cannot be probed", self->a.said);
	map_pages(arg);
	EXPECT_EQ(want, attached_counted(&self->a).count);
}

TEST_F(tracing, fentry_multi)
{
	check_multi(self, "fentry.multi", 1);
}

TEST_F(tracing, fexit_multi)
{
	check_multi(self, "fexit.multi", 1);
}

TEST_F(tracing, fsession_multi)
{
	check_multi(self, "fsession.multi", 2);
}

TEST_MAIN
