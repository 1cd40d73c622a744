/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * filter_test.c - programs of one process or CPU alone, and the cookies that they are given.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "../asm/asm.h"
#include "../loader/loader.h"
#include "harness.h"
#include "attached.h"

enum { SECTION = PATH + 64, CALLS = 5 };

#define COOKIE UINT64_C(0x1122334455667788)

/* ---- what is probed ---- */

static PROBED int probed(int a)
{
	__asm__ volatile("");
	return a + 1;
}

static void call_probed(unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		probed(1);
}

/* ---- the programs ---- */

struct got {
	uint64_t count, ours, here, cookie;
};

FIXTURE(filter) {
	struct attached a;
	char section[SECTION];
	int cpu;
};

FIXTURE_SETUP(filter)
{
	REQUIRE(geteuid() == 0, "needs privilege");
	attached_start(&self->a);
	mount_tracefs();
}

FIXTURE_TEARDOWN(filter)
{
	attached_end(&self->a);
}

/* Count all runs, those in this process, and those on CPU `cpu`. */
static const char counting[] =
	"r6 = r0\n"
	"r1 = 1\nlock *(u64 *)(r6 + got.count) += r1\n"
	"call get_current_pid_tgid\nr0 >>= 32\n"
	"if r0 != PID goto 1f\n"
	"r1 = 1\nlock *(u64 *)(r6 + got.ours) += r1\n"
	"1: call get_smp_processor_id\nif r0 != CPU goto out\n"
	"r1 = 1\nlock *(u64 *)(r6 + got.here) += r1\n";

/* Keep the cookie that a run in this process was given. */
static const char keeping[] =
	"r7 = r0\n"
	"call get_current_pid_tgid\nr0 >>= 32\n"
	"if r0 != PID goto out\n"
	"r1 = 1\nlock *(u64 *)(r7 + got.count) += r1\n"
	"r1 = r6\ncall get_attach_cookie\n*(u64 *)(r7 + got.cookie) = r0\n";

/* A program at that section; r0 is its value in the map, r6 its context. Returns the error. */
static int put(struct filter_self *self, const char *section, const char *then)
{
	int err = attached_open(&self->a, ".license \"GPL\"\n"
				".equ PID, %d\n.equ CPU, %d\n"
				".struct got { u64 count; u64 ours; u64 here; u64 cookie; }\n"
				".map map type array key u32 value got entries 1\n"
				".prog p \"%s\"\n"
				"r6 = r1\n" FIND_VALUE "%s"
				"out: r0 = 0\nexit\n", getpid(), self->cpu, section, then);

	return err ? err : load_attach(self->a.load);
}

static int put_self(struct filter_self *self, const char *kind, const char *then)
{
	snprintf(self->section, SECTION, "%s/%s:probed", kind, self->a.self_path);
	return put(self, self->section, then);
}

static struct got got(struct filter_self *self)
{
	struct got got = { 0 };

	attached_value(&self->a, &got);
	return got;
}

/* ---- one process ---- */

/* A process that calls probed() when it is told to, by a byte. */
static pid_t start_other(int *go)
{
	int pipes[2];
	pid_t pid;
	char byte;

	ASSERT_EQ(0, pipe2(pipes, O_CLOEXEC));
	pid = fork();
	ASSERT_GE(pid, 0);
	if (pid == 0) {
		close(pipes[1]);
		if (read(pipes[0], &byte, 1) == 1)
			call_probed(CALLS);
		_exit(0);
	}
	close(pipes[0]);
	*go = pipes[1];
	return pid;
}

static void check_other(struct filter_self *self, const char *kind)
{
	struct got seen;
	int go, status;
	pid_t pid = start_other(&go);

	self->a.opt.where.pid = pid;
	ASSERT_OK(put_self(self, kind, counting));
	call_probed(3);
	ASSERT_EQ(1, write(go, "x", 1));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	close(go);
	seen = got(self);
	EXPECT_EQ(CALLS, seen.count);
	EXPECT_EQ(0, seen.ours);
}

TEST_F(filter, uprobe_of_another)
{
	REQUIRE_PMU("uprobe");
	check_other(self, "uprobe");
}

TEST_F(filter, several_of_another)
{
	REQUIRE_PMU("uprobe");
	check_other(self, "uprobe.multi");
}

TEST_F(filter, several_of_another_singly)
{
	REQUIRE_PMU("uprobe");
	self->a.opt.flags |= LOAD_NO_MULTI;
	check_other(self, "uprobe.multi");
}

TEST_F(filter, no_process)
{
	REQUIRE_PMU("uprobe");
	self->a.opt.where.pid = 0x7ffffffe;
	EXPECT_ERR(-ESRCH, put_self(self, "uprobe", counting));
	EXPECT_HAS("No such process: the process that --pid names is not there", self->a.said);
}

TEST_F(filter, pid_of_a_tracepoint)
{
	self->a.opt.where.pid = getpid();
	EXPECT_ERR(-EOPNOTSUPP, put(self, "raw_tp/sys_enter", counting));
	EXPECT_HAS("the kernel runs it in all processes (--pid is for uprobe, usdt and perf_event)",
		   self->a.said);
}

/* ---- samples ---- */

/* Keep this process busy for so long. */
static void work(unsigned int ms)
{
	struct timespec start, now;

	clock_gettime(CLOCK_MONOTONIC, &start);
	do
		clock_gettime(CLOCK_MONOTONIC, &now);
	while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 < ms);
}

static void stay(struct filter_self *self)
{
	self->cpu = sched_getcpu();
	ASSERT_GE(self->cpu, 0);
	ASSERT_TRUE(stay_on((unsigned int)self->cpu));
}

TEST_F(filter, samples_of_this_process)
{
	struct got seen;

	self->a.opt.where.pid = getpid();
	ASSERT_OK(put(self, "perf_event", counting));
	work(300);
	seen = got(self);
	EXPECT_GT(seen.count, 0);
	EXPECT_EQ(seen.count, seen.ours);
}

TEST_F(filter, samples_of_this_cpu)
{
	struct got seen;

	stay(self);
	self->a.opt.where.cpu = &self->cpu;
	ASSERT_OK(put(self, "perf_event", counting));
	work(300);
	seen = got(self);
	EXPECT_GT(seen.count, 0);
	EXPECT_EQ(seen.count, seen.here);
}

TEST_F(filter, no_such_cpu)
{
	self->cpu = 100000;
	self->a.opt.where.cpu = &self->cpu;
	EXPECT_LT(put(self, "perf_event", counting), 0);
	EXPECT_HAS("perf_event_open", self->a.said);
}

TEST_F(filter, cpu_of_a_uprobe)
{
	self->a.opt.where.cpu = &self->cpu;
	EXPECT_ERR(-EOPNOTSUPP, put_self(self, "uprobe", counting));
	EXPECT_HAS("the kernel runs it on all CPUs (--cpu is for perf_event)", self->a.said);
}

/* ---- cookies ---- */

/* What the kernel does not know has been said, and is no failure of the test. */
static void check_cookie(struct filter_self *self, int err, unsigned int calls)
{
	struct got seen;

	REQUIRE(!err, "this kernel does not take it: %s", strerror(-err));
	call_probed(calls);
	for (unsigned int i = 0; i < calls; i++)
		syscall(SYS_getpgid, getpid());
	seen = got(self);
	EXPECT_GE(seen.count, calls);
	EXPECT_EQ(COOKIE, seen.cookie);
}

#define COOKIE_TEST(name, how)									\
	TEST_F(filter, name)									\
	{											\
		self->a.opt.where.cookie = COOKIE;						\
		check_cookie(self, how, CALLS);							\
	}

COOKIE_TEST(cookie_uprobe, put_self(self, "uprobe", keeping))
COOKIE_TEST(cookie_uprobe_multi, put_self(self, "uprobe.multi", keeping))
COOKIE_TEST(cookie_raw_tp, put(self, "raw_tp/sys_enter", keeping))
COOKIE_TEST(cookie_tp, put(self, "tp/raw_syscalls/sys_enter", keeping))
COOKIE_TEST(cookie_tp_btf, put(self, "tp_btf/sys_enter", keeping))
COOKIE_TEST(cookie_kprobe, put(self, "kprobe/security_task_getpgid", keeping))
COOKIE_TEST(cookie_fentry, put(self, "fentry/security_task_getpgid", keeping))
COOKIE_TEST(cookie_fentry_multi, put(self, "fentry.multi/security_task_getpgid", keeping))

/* It has them by the address of the function, and looks for that of ftrace's call behind it. */
TEST_F(filter, cookie_kprobe_multi)
{
	REQUIRE(strcmp(asm_cpu_native()->name, "ppc64le") != 0,
		"the kernel of ppc64le finds no cookie of a kprobe_multi link (6.12)");
	self->a.opt.where.cookie = COOKIE;
	check_cookie(self, put(self, "kprobe.multi/security_task_getpgid", keeping), CALLS);
}

TEST_F(filter, cookie_without_a_link)
{
	REQUIRE_PMU("uprobe");
	self->a.opt.where.cookie = COOKIE;
	self->a.opt.flags |= LOAD_NO_PERF_LINK;
	EXPECT_ERR(-EINVAL, put_self(self, "uprobe", counting));
	EXPECT_HAS("a cookie takes a link of Linux 5.15", self->a.said);
}

TEST_MAIN
