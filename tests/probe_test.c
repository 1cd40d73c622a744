/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * probe_test.c - programs on functions of the kernel: arguments and return values by value, one
 * function and several, each rung, and what is said where there is nothing to probe.
 *
 * ksys_mmap_pgoff() is the function: each CPU's mmap(2) ends there, with values that a process
 * chooses freely. Needs a kernel with kprobes: tools/kernels has eight.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "../asm/asm.h"
#include "../loader/loader.h"
#include "harness.h"
#include "attached.h"

FIXTURE(probe) {
	const struct asm_cpu *cpu;
	struct attached a;
};

FIXTURE_SETUP(probe)
{
	REQUIRE(geteuid() == 0, "needs privilege");
	self->cpu = asm_cpu_native();
	attached_start(&self->a);
	mount_tracefs();
}

FIXTURE_TEARDOWN(probe)
{
	attached_end(&self->a);
}

static void put(struct probe_self *self, const char *section, const char *then)
{
	ASSERT_OK(attached_counter(&self->a, section, then, 0));
}

static unsigned int count_args(const struct asm_cpu *cpu)
{
	unsigned int n;

	for (n = 0; n < COUNTED_ARGS && cpu->args[n]; n++)
		;
	return n;
}

/* The instructions that keep each argument the CPU passes in registers. */
static void keep_args(const struct asm_cpu *cpu, char *out, size_t size)
{
	size_t used = 0;

	for (unsigned int i = 0; i < count_args(cpu); i++)
		used += (size_t)snprintf(out + used, size - used,
					 "r1 = *(u64 *)(r6 + pt_regs.arg%u)\n"
					 "*(u64 *)(r0 + got.arg + %u) = r1\n", i + 1, 8 * i);
}

static void check_arguments(struct probe_self *self)
{
	char then[1024];
	uint64_t want[COUNTED_ARGS];
	struct counted seen;

	keep_args(self->cpu, then, sizeof(then));
	put(self, "kprobe/ksys_mmap_pgoff", then);
	ASSERT_OK(load_attach(self->a.load));
	map_pages(want);
	seen = attached_counted(&self->a);
	EXPECT_EQ(1, seen.count);
	for (unsigned int i = 0; i < count_args(self->cpu); i++)
		EXPECT_EQ(want[i], seen.arg[i]) LOG("argument %u", i + 1);
}

TEST_F(probe, arguments)
{
	REQUIRE_PMU("kprobe");
	check_arguments(self);
}

TEST_F(probe, arguments_without_a_link)
{
	REQUIRE_PMU("kprobe");
	self->a.opt.flags |= LOAD_NO_PERF_LINK;
	check_arguments(self);
	EXPECT_HAS("PERF_EVENT_IOC_SET_BPF", self->a.said);
}

TEST_F(probe, return_value)
{
	uint64_t arg[COUNTED_ARGS], want;
	struct counted seen;

	REQUIRE_PMU("kprobe");
	REQUIRE(!self->cpu->entry, "ftrace keeps the entry of functions for itself");
	put(self, "kretprobe/ksys_mmap_pgoff",
	    "r1 = *(u64 *)(r6 + pt_regs.ret)\n*(u64 *)(r0 + got.ret) = r1\n");
	ASSERT_OK(load_attach(self->a.load));
	want = map_pages(arg);
	seen = attached_counted(&self->a);
	EXPECT_EQ(1, seen.count);
	EXPECT_EQ(want, seen.ret);
}

/* ---- arguments kept at the entry, with what is returned ---- */

struct call {
	uint64_t count, size;
	int32_t ret, pad;	/* what is above the 32 bits of an int is anything */
};

/* A program on this side of the function, for this process only; r0 points to the call. */
#define SIDE(kind, then) \
	".prog " kind " \"" kind "/%s\"\n.stack u32 key\nr6 = r1\n*key = 0\n" \
	"get_pid r1\nif r1 != %d goto out_" kind "\n" \
	"map_lookup map, key\nif r0 == 0 goto out_" kind "\n" then \
	"out_" kind ":\nr0 = 0\nexit\n"

/* Of functions whose third argument is a size. */
static void put_both(struct probe_self *self, const char *function)
{
	int err = attached_open(&self->a, ".license \"GPL\"\n"
				".struct call { u64 count; u64 size; s32 ret, pad; }\n"
				".map map type array key u32 value call entries 1\n"
				SIDE("kprobe",
				     "r1 = *(u64 *)(r6 + pt_regs.arg3)\n"
				     "*(u64 *)(r0 + call.size) = r1\n")
				SIDE("kretprobe",
				     "r1 = *(u64 *)(r6 + pt_regs.ret)\n"
				     "*(u32 *)(r0 + call.ret) = r1\n"
				     "r1 = 1\nlock *(u64 *)(r0 + call.count) += r1\n"),
				function, getpid(), function, getpid());

	ASSERT_OK(err);
	ASSERT_OK(load_attach(self->a.load));
}

static void check_call(struct probe_self *self, uint64_t size, int32_t ret)
{
	struct call call = { 0 };

	attached_value(&self->a, &call);
	EXPECT_EQ(1, call.count);
	EXPECT_EQ(size, call.size);
	EXPECT_EQ(ret, call.ret);
}

/* More is asked for than there is. */
TEST_F(probe, bytes_of_a_read)
{
	char bytes[4096] = { 0 };
	int fd = memfd_create("probe", MFD_CLOEXEC);

	REQUIRE_PMU("kprobe");
	REQUIRE(!self->cpu->entry, "ftrace keeps the entry of functions for itself");
	ASSERT_EQ(1234, pwrite(fd, bytes, 1234, 0));
	put_both(self, "vfs_read");
	EXPECT_EQ(1234, read(fd, bytes, sizeof(bytes)));
	check_call(self, sizeof(bytes), 1234);
	close(fd);
}

/* Five seconds at most. Returns the number of the error, or 0. */
static int connect_to(const char *address, in_port_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = port };
	const struct timeval most = { .tv_sec = 5 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), err;

	ASSERT_EQ(1, inet_pton(AF_INET, address, &to.sin_addr));
	ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof(most)));
	err = connect(fd, (struct sockaddr *)&to, sizeof(to)) ? errno : 0;
	close(fd);
	return err;
}

/* A network of its own leads nowhere. */
TEST_F(probe, no_way_to_connect)
{
	REQUIRE_PMU("kprobe");
	REQUIRE(!self->cpu->entry, "ftrace keeps the entry of functions for itself");
	REQUIRE(unshare(CLONE_NEWNET) == 0, "no network namespace: %s", strerror(errno));
	put_both(self, "tcp_v4_connect");
	EXPECT_EQ(ENETUNREACH, connect_to("192.0.2.1", htons(80)));
	check_call(self, sizeof(struct sockaddr_in), -101);
}

/* To a port that is taken, and at which nobody listens. */
TEST_F(probe, connection_refused)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), err;
	socklen_t len = sizeof(at);

	REQUIRE_PMU("kprobe");
	REQUIRE(!self->cpu->entry, "ftrace keeps the entry of functions for itself");
	ASSERT_EQ(0, bind(fd, (struct sockaddr *)&at, sizeof(at)));
	ASSERT_EQ(0, getsockname(fd, (struct sockaddr *)&at, &len));
	put_both(self, "inet_stream_connect");
	err = connect_to("127.0.0.1", at.sin_port);
	EXPECT_EQ(ECONNREFUSED, err);
	check_call(self, sizeof(struct sockaddr_in), -111);
	close(fd);
}

/* The event is opened on one CPU; the program runs on each. */
TEST_F(probe, every_cpu)
{
	uint64_t arg[COUNTED_ARGS], runs = 0;

	REQUIRE_PMU("kprobe");
	put(self, "kprobe/ksys_mmap_pgoff", ON_CPU);
	ASSERT_OK(load_attach(self->a.load));
	for (unsigned int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!stay_on(cpu))
			continue;
		map_pages(arg);
		EXPECT_EQ(++runs, attached_counted(&self->a).count);
		expect_cpu(cpu, attached_counted(&self->a).arg[0]);
	}
	REQUIRE(runs > 1, "this process has one CPU");
}

TEST_F(probe, return_refused)
{
	REQUIRE(has_pmu("kprobe") && self->cpu->entry, "return probes are taken");
	put(self, "kretprobe/ksys_mmap_pgoff", "");
	EXPECT_ERR(-EINVAL, load_attach(self->a.load));
	EXPECT_HAS("ftrace keeps the entry of functions for itself", self->a.said);
}

TEST_F(probe, system_call)
{
	REQUIRE_PMU("kprobe");
	put(self, "ksyscall/getpriority", "");
	ASSERT_OK(load_attach(self->a.load));
	for (int i = 0; i < 7; i++)
		syscall(__NR_getpriority, 0, 0);
	EXPECT_EQ(7, attached_counted(&self->a).count);
}

/* Wrapped system calls: the arguments are in another struct pt_regs. */
TEST_F(probe, arguments_of_a_system_call)
{
	static const char then[] =
		"r9 = r0\n"
		".irp i, 1, 2\n"
		"r3 = *(u64 *)(r6 + pt_regs.arg1)\n"
		"r3 += pt_regs.sysarg\\i\n"
		"r1 = r10\nr1 += -16\nr2 = 8\ncall probe_read_kernel\n"
		"r1 = *(u64 *)(r10 - 16)\n"
		"*(u64 *)(r9 + got.arg + (\\i - 1) * 8) = r1\n"
		".endr\n";
	struct counted seen;

	REQUIRE_PMU("kprobe");
	put(self, "ksyscall/getpriority", then);
	ASSERT_OK(load_attach(self->a.load));
	syscall(__NR_getpriority, 77, 123456);
	seen = attached_counted(&self->a);
	EXPECT_EQ(1, seen.count);
	EXPECT_EQ(77, seen.arg[0]);
	EXPECT_EQ(123456, seen.arg[1]);
}

TEST_F(probe, nothing_after_closing)
{
	uint64_t arg[COUNTED_ARGS];

	REQUIRE_PMU("kprobe");
	put(self, "kprobe/ksys_mmap_pgoff", "");
	ASSERT_OK(load_attach(self->a.load));
	map_pages(arg);
	EXPECT_EQ(1, attached_counted(&self->a).count);
	attached_close(&self->a);
	expect_no_events();
}

/* Attach in a process that is killed then: 0 when it had come that far. */
static int attach_and_die(struct probe_self *self)
{
	int ends[2], status = 0;
	char byte;
	pid_t pid;

	if (pipe(ends))
		return -errno;
	pid = fork();
	if (pid == 0) {
		put(self, "kprobe/ksys_mmap_pgoff", "");
		if (!load_attach(self->a.load) && write(ends[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	close(ends[1]);
	if (pid < 0 || read(ends[0], &byte, 1) != 1)
		status = -ECHILD;
	close(ends[0]);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return status;
}

TEST_F(probe, nothing_after_sigkill)
{
	REQUIRE_PMU("kprobe");
	ASSERT_OK(attach_and_die(self));
	expect_no_events();
}

/* ---- several at once ---- */

static void check_four(struct probe_self *self)
{
	uint64_t arg[COUNTED_ARGS];
	int fd = memfd_create("probe", MFD_CLOEXEC);

	put(self, "kprobe.multi/ksys_mmap_pgoff,no_such_functoin,ksys_sync,vfs_fallocate", "");
	ASSERT_OK(load_attach(self->a.load));
	map_pages(arg);
	sync();
	sync();
	EXPECT_EQ(3, attached_counted(&self->a).count);
	EXPECT_EQ(0, fallocate(fd, 0, 0, 4096));
	EXPECT_EQ(4, attached_counted(&self->a).count);
	close(fd);
	EXPECT_HAS("'no_such_functoin' cannot be probed", self->a.said);
}

TEST_F(probe, four_of_which_one_is_missing)
{
	REQUIRE_PMU("kprobe");
	check_four(self);
}

TEST_F(probe, four_singly)
{
	REQUIRE_PMU("kprobe");
	self->a.opt.flags |= LOAD_NO_MULTI;
	check_four(self);
	EXPECT_HAS("3 single probes", self->a.said);
}

TEST_F(probe, pattern)
{
	REQUIRE_PMU("kprobe");
	put(self, "kprobe.multi/ksys_syn[c]", "");
	ASSERT_OK(load_attach(self->a.load));
	sync();
	EXPECT_EQ(1, attached_counted(&self->a).count);
}

TEST_F(probe, none_of_several)
{
	REQUIRE_PMU("kprobe");
	put(self, "kprobe.multi/no_such_*", "");
	EXPECT_ERR(-ENOENT, load_attach(self->a.load));
	EXPECT_HAS("no function of this kernel matches 'no_such_*'", self->a.said);
	EXPECT_HAS("there is nothing to attach to", self->a.said);
}

/* ---- what cannot be ---- */

TEST_F(probe, misspelt)
{
	REQUIRE_PMU("kprobe");
	put(self, "kprobe/ksys_mmap_pgof", "");
	EXPECT_LT(load_attach(self->a.load), 0);
	EXPECT_HAS("has no function 'ksys_mmap_pgof'; did you mean 'ksys_mmap_pgoff'?",
		   self->a.said);
}

TEST_F(probe, blacklisted)
{
	REQUIRE_PMU("kprobe");
	put(self, "kprobe/notify_die", "");
	EXPECT_ERR(-EINVAL, load_attach(self->a.load));
	EXPECT_HAS("the function exists", self->a.said);
}

TEST_F(probe, no_such_system_call)
{
	REQUIRE_PMU("kprobe");
	put(self, "ksyscall/getpriorit", "");
	EXPECT_ERR(-ENOENT, load_attach(self->a.load));
}

TEST_F(probe, malformed)
{
	REQUIRE_PMU("kprobe");
	put(self, "kprobe/ksys_sync+x", "");
	EXPECT_ERR(-EINVAL, load_attach(self->a.load));
	EXPECT_HAS("is not of the form FUNCTION or FUNCTION+OFFSET", self->a.said);
}

/* ---- without kprobes ---- */

TEST_F(probe, refused_where_there_are_none)
{
	REQUIRE(!has_pmu("kprobe"), "this kernel has kprobes");
	put(self, "kprobe/ksys_mmap_pgoff", "");
	EXPECT_ERR(-ENOENT, load_attach(self->a.load));
	EXPECT_HAS("this kernel has none: it was built without CONFIG_KPROBES", self->a.said);
}

TEST_F(probe, three_refused_where_there_are_none)
{
	REQUIRE(!has_pmu("kprobe"), "this kernel has kprobes");
	put(self, "kprobe.multi/vfs_read,vfs_write,vfs_open", "");
	EXPECT_ERR(-ENOENT, load_attach(self->a.load));
	EXPECT_HAS("this kernel has none: it was built without CONFIG_KPROBES", self->a.said);
}

/* Said once, not for each function that a pattern names. */
TEST_F(probe, several_refused_where_there_are_none)
{
	const char *first;

	REQUIRE(!has_pmu("kprobe"), "this kernel has kprobes");
	self->a.opt.flags |= LOAD_NO_MULTI;
	put(self, "kprobe.multi/vfs_*", "");
	EXPECT_ERR(-ENOENT, load_attach(self->a.load));
	first = strstr(self->a.said, "built without CONFIG_KPROBES");
	ASSERT_NOT_NULL(first);
	EXPECT_TRUE(!strstr(first + 1, "built without CONFIG_KPROBES"));
}

TEST_MAIN
