/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * progs_test.c - the programs of progs/ with a user side, each over a command that does something
 * exactly: this program itself, told by the environment what to do.
 *
 * What is expected comes from that command and from the kernel's own clocks, not from BPF.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <glob.h>
#include <libgen.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "../asm/asm.h"
#include "../loader/abi.h"
#include "harness.h"

enum {
	CALLS = 25, SYNCS = 4, SPEND_US = 2000, WORDS = 16, SHOWN = 4000,
	PATH = 512, HERTZ = 99, OURS = 64, MOST = 64, CODE = 256,
	SEEN_MS = 10000,	/* for a program to start on a busy machine */
	CONNECT_MS = 3000,
	GONE_MS = 2000,		/* the kernel frees after a grace period or two */
};

/* ---- what the command does ---- */

static int64_t clock_us(clockid_t clock)
{
	struct timespec now = { 0 };

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Names in the symbol table: they are probed, and looked for in stacks. */
void spend_some_time(void);
void burn_the_cpu(int ms);

__attribute__((noinline)) void spend_some_time(void)
{
	int64_t end = clock_us(CLOCK_MONOTONIC) + SPEND_US;

	while (clock_us(CLOCK_MONOTONIC) < end)
		;
}

/* Nothing is called in it: its own address is what is sampled. */
__attribute__((noinline)) void burn_the_cpu(int ms)
{
	int64_t end = clock_us(CLOCK_PROCESS_CPUTIME_ID) + ms * 1000;

	while (clock_us(CLOCK_PROCESS_CPUTIME_ID) < end)
		for (volatile int i = 0; i < 1000000; i++)
			;
}

/* Which of this clock is a system call. */
static void ask_for_the_time(int ms)
{
	int64_t end = clock_us(CLOCK_PROCESS_CPUTIME_ID) + ms * 1000;

	while (clock_us(CLOCK_PROCESS_CPUTIME_ID) < end)
		;
}

/* Calls nothing and knows no address: it runs wherever it is copied to. */
__attribute__((noinline, no_sanitize("address", "undefined")))
static void count_down(volatile int *n)
{
	while (*n)
		--*n;
}

/* In code that it has made, as a language does, and says so. */
static void burn_made_code(int ms)
{
	int64_t end = clock_us(CLOCK_PROCESS_CPUTIME_ID) + ms * 1000;
	char path[64], *code = mmap(NULL, CODE, PROT_READ | PROT_WRITE | PROT_EXEC,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	volatile int n;
	FILE *f;

	snprintf(path, sizeof(path), "/tmp/perf-%d.map", getpid());
	f = fopen(path, "we");
	if (code == MAP_FAILED || !f)
		_exit(1);
	memcpy(code, (const void *)count_down, CODE);
	__builtin___clear_cache(code, code + CODE);
	fprintf(f, "%lx %x made by a language\n", (unsigned long)code, CODE);
	fclose(f);
	while (clock_us(CLOCK_PROCESS_CPUTIME_ID) < end) {
		n = 1000000;
		((void (*)(volatile int *))code)(&n);
	}
}

static socklen_t make_address(struct sockaddr_storage *out, const char *text, uint16_t port)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		return sizeof(*v4);
	}
	inet_pton(AF_INET6, text, &v6->sin6_addr);
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(port);
	return sizeof(*v6);
}

/* "ADDRESS PORT ADDRESS PORT ...": says how each ended. */
static void connect_to(const char *list)
{
	char *words = strdup(list), *rest = words, *text;

	while ((text = strtok_r(NULL, " ", &rest))) {
		struct sockaddr_storage to;
		socklen_t len = make_address(&to, text, (uint16_t)atoi(strtok_r(NULL, " ", &rest)));
		int fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (connect(fd, (struct sockaddr *)&to, len) == 0)
			fprintf(stderr, "connected\n");
		else
			fprintf(stderr, "errno %d\n", errno);
		close(fd);
	}
	free(words);
}

static void do_task(const char *task)
{
	static const char to[] = "connect ", burn[] = "burn ", odd[] = "odd ", make[] = "make ",
			  ask[] = "ask ";

	fprintf(stderr, "pid %d\n", getpid());
	if (strncmp(task, odd, sizeof(odd) - 1) == 0) {
		prctl(PR_SET_NAME, "<&\"\033[1m;\200x");
		task += sizeof(odd) - 1;
	}
	if (strncmp(task, to, sizeof(to) - 1) == 0)
		connect_to(task + sizeof(to) - 1);
	for (int i = 0; i < CALLS && strcmp(task, "spend") == 0; i++)
		spend_some_time();
	for (int i = 0; i < SYNCS && strcmp(task, "sync") == 0; i++)
		sync();
	if (strncmp(task, ask, sizeof(ask) - 1) == 0)
		ask_for_the_time(atoi(task + sizeof(ask) - 1));
	if (strncmp(task, make, sizeof(make) - 1) == 0)
		burn_made_code(atoi(task + sizeof(make) - 1));
	task = strstr(task, burn);	/* maybe after another one */
	if (task) {
		burn_the_cpu(atoi(task + sizeof(burn) - 1));
		fprintf(stderr, "cpu %lld\n", (long long)clock_us(CLOCK_PROCESS_CPUTIME_ID));
	}
}

__attribute__((constructor)) static void be_the_command(void)
{
	const char *task = getenv("TASK");

	if (task) {
		do_task(task);
		_exit(7);
	}
}

/* ---- running a program ---- */

FIXTURE(progs) {
	char self_path[PATH], program[2 * PATH];
	char copy[PATH];	/* what runs as the command in place of this program, or "" */
	char *out, *err;	/* what the program and the command wrote */
	int status;
};

FIXTURE_SETUP(progs)
{
	REQUIRE(geteuid() == 0, "needs privilege");
	ASSERT_GT(readlink("/proc/self/exe", self->self_path, PATH - 1), 0);
}

FIXTURE_TEARDOWN(progs)
{
	free(self->out);
	free(self->err);
}

/* build/progs/NAME/NAME, beside build/tests/; or what has a path */
static void find_program(struct progs_self *self, const char *name)
{
	char at[PATH];

	if (*name == '/') {
		strcpy(self->program, name);
		return;
	}
	strcpy(at, self->self_path);
	snprintf(self->program, sizeof(self->program), "%s/../progs/%s/%s", dirname(at), name,
		 name);
	ASSERT_EQ(0, access(self->program, X_OK)) LOG("%s", self->program);
}

/* All that was written to it, in the place of what was there from the run before. */
static void read_back(FILE *f, char **out)
{
	long len;

	ASSERT_EQ(0, fseek(f, 0, SEEK_END));
	len = ftell(f);
	rewind(f);
	free(*out);
	*out = calloc((size_t)len + 1, 1);
	ASSERT_NOT_NULL(*out);
	ASSERT_EQ(len, fread(*out, 1, (size_t)len, f));
	fclose(f);
	fprintf(stderr, "%.*s\n", SHOWN, *out);
}

/* "NAME word word", then this program as the command with that task. */
static void run(struct progs_self *self, const char *task, const char *const *words)
{
	const char *argv[WORDS] = { self->program }, *env[] = { task, NULL };
	FILE *out = tmpfile(), *err = tmpfile();
	size_t n = 1;
	pid_t pid;

	ASSERT_TRUE(out && err);
	find_program(self, words[0]);
	while (words[n]) {
		argv[n] = words[n];
		n++;
	}
	argv[n++] = "--";
	argv[n] = self->copy[0] ? self->copy : self->self_path;
	pid = fork();
	if (!pid) {
		dup2(fileno(out), STDOUT_FILENO);
		dup2(fileno(err), STDERR_FILENO);
		execve(self->program, (char **)(uintptr_t)argv, (char **)(uintptr_t)env);
		_exit(127);
	}
	ASSERT_EQ(pid, waitpid(pid, &self->status, 0));
	read_back(out, &self->out);
	read_back(err, &self->err);
}

#define RUN(self, task, ...) \
	run(self, task, (const char *const[]){ __VA_ARGS__, NULL })

/* The command's exit status is that of the program. */
static void check_status(const struct progs_self *self)
{
	EXPECT_TRUE(WIFEXITED(self->status));
	EXPECT_EQ(7, WEXITSTATUS(self->status));
}

static bool has_kprobes(void)
{
	return access("/sys/bus/event_source/devices/kprobe/type", F_OK) == 0;
}

static unsigned int count(const char *text, const char *what)
{
	unsigned int n = 0;

	for (text = strstr(text, what); text; text = strstr(text + 1, what))
		n++;
	return n;
}

/* The number behind a word. */
static long long number(const char *text, const char *word)
{
	const char *at = strstr(text, word);

	return at ? atoll(at + strlen(word)) : -1;
}

/* ---- tcpconnect ---- */

/* A listener at that address; its port. */
static uint16_t listen_at(const char *text)
{
	struct sockaddr_storage at;
	socklen_t len = make_address(&at, text, 0), room = sizeof(at);
	int fd = socket(at.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, len) != 0 || listen(fd, 4) != 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &room) != 0)
		return 0;
	return ntohs(at.ss_family == AF_INET ? ((struct sockaddr_in *)&at)->sin_port :
		     ((struct sockaddr_in6 *)&at)->sin6_port);
}

/* How it ends, or -1: one emulator loses refusals, and a connection is tried for minutes. */
static int try_connect(uint16_t port)
{
	struct sockaddr_storage to;
	socklen_t len = make_address(&to, "127.0.0.1", port), room = sizeof(int);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), err = -1;
	struct pollfd done = { .fd = fd, .events = POLLOUT };

	connect(fd, (struct sockaddr *)&to, len);
	if (poll(&done, 1, CONNECT_MS) == 1)
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &room);
	close(fd);
	return err;
}

/* A port that nobody listens at: that of a socket which is bound, and does not listen. */
static uint16_t closed_port(void)
{
	struct sockaddr_storage at;
	socklen_t len = make_address(&at, "127.0.0.1", 0);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ASSERT_EQ(0, bind(fd, (struct sockaddr *)&at, len));
	ASSERT_EQ(0, getsockname(fd, (struct sockaddr *)&at, &len));
	return ntohs(((struct sockaddr_in *)&at)->sin_port);
}

static void expect_connect(const struct progs_self *self, const char *address, uint16_t port,
			   int error, unsigned int times)
{
	char want[256];

	snprintf(want, sizeof(want), "\"addr\":\"%s\",\"port\":%u,\"error\":%d,", address,
		 port, error);
	EXPECT_EQ(times, count(self->out, want)) LOG("%s", want);
}

TEST_F(progs, tcpconnect)
{
	uint16_t open = listen_at("127.0.0.1"), open6 = listen_at("::1"), closed = closed_port();
	unsigned int refused = try_connect(closed) == ECONNREFUSED ? 2 : 0;
	char to[256], who[128];
	long long pid;

	closed = refused ? closed : open;
	snprintf(to, sizeof(to), "TASK=connect 127.0.0.1 %u 127.0.0.1 %u %s %u ::ffff:127.0.0.1 %u",
		 open, closed, open6 ? "::1" : "127.0.0.1", open6 ? open6 : open, closed);
	RUN(self, to, "tcpconnect", "-j");
	check_status(self);
	expect_connect(self, "127.0.0.1", open, 0, (open6 ? 1u : 2u) + 2 - refused);
	expect_connect(self, "127.0.0.1", closed, -ECONNREFUSED, refused);
	if (open6)
		expect_connect(self, "::1", open6, 0, 1);
	pid = number(self->err, "pid ");
	snprintf(who, sizeof(who), "\"pid\":%lld,\"tid\":%lld,\"name\":\"progs_test\"", pid, pid);
	EXPECT_EQ(4, count(self->out, who));
	EXPECT_EQ(refused, count(self->err, "errno 111"));
	EXPECT_EQ(4 - refused, count(self->err, "connected"));
}

/* The one and the other text, where this kernel takes both. */
TEST_F(progs, tcpconnect_takes_what_there_is)
{
	uint16_t open = listen_at("127.0.0.1");
	char to[64];

	snprintf(to, sizeof(to), "TASK=connect 127.0.0.1 %u", open);
	RUN(self, to, "tcpconnect", "-v", "-j");
	check_status(self);
	if (has_kprobes() && !asm_cpu_native()->entry)
		EXPECT_HAS("kretprobe/inet_stream_connect", self->err);
	else
		EXPECT_HAS("not by kprobes; by the tracepoint", self->err);
	expect_connect(self, "127.0.0.1", open, 0, 1);
}

/* ---- funclatency, funccount ---- */

static void check_latency(const struct progs_self *self, long long calls, long long least_ns)
{
	const char *total = strstr(self->out, "\"total\"");

	check_status(self);
	ASSERT_NOT_NULL(total);
	EXPECT_EQ(calls, number(total, "\"calls\":"));
	EXPECT_GE(number(total, "\"nsecs\":"), calls * least_ns);
}

TEST_F(progs, funclatency_of_a_program)
{
	char function[2 * PATH];

	REQUIRE(access("/sys/bus/event_source/devices/uprobe/type", F_OK) == 0,
		"this kernel has no uprobes");
	snprintf(function, sizeof(function), "%s:spend_some_time", self->self_path);
	RUN(self, "TASK=spend", "funclatency", "-j", function);
	check_latency(self, CALLS, SPEND_US * 1000);
	/* 2 ms and more: no slot below that of 2^20 ns has a call */
	EXPECT_HAS("{\"key\":{\"nsecs\":19},\"value\":{\"calls\":0}}", self->out);
	EXPECT_HAS("{\"key\":{\"nsecs\":0},\"value\":{\"calls\":0}}", self->out);
}

TEST_F(progs, funclatency_of_the_kernel)
{
	REQUIRE(has_kprobes(), "this kernel has no kprobes");
	REQUIRE(!asm_cpu_native()->entry, "ftrace keeps the entry of functions for itself");
	RUN(self, "TASK=sync", "funclatency", "-j", "ksys_sync");
	check_latency(self, SYNCS, 1);
}

TEST_F(progs, funclatency_misspelt)
{
	REQUIRE(has_kprobes(), "this kernel has no kprobes");
	RUN(self, "TASK=sync", "funclatency", "ksys_synk");
	EXPECT_EQ(1, WEXITSTATUS(self->status));
	EXPECT_HAS("did you mean 'ksys_sync'?", self->err);
}

TEST_F(progs, funccount)
{
	char want[128];

	REQUIRE(has_kprobes(), "this kernel has no kprobes");
	RUN(self, "TASK=sync", "funccount", "-j", "ksys_syn[c],ksys_sync_helpe?,vfs_rea[d]");
	check_status(self);
	snprintf(want, sizeof(want), "{\"function\":\"ksys_sync\",\"calls\":%d}\n", SYNCS);
	EXPECT_HAS(want, self->out);
	EXPECT_HAS("{\"function\":\"vfs_read\",\"calls\":", self->out);
}

TEST_F(progs, funccount_as_text)
{
	char want[128];

	REQUIRE(has_kprobes(), "this kernel has no kprobes");
	RUN(self, "TASK=sync", "funccount", "ksys_syn[c]");
	check_status(self);
	snprintf(want, sizeof(want), "%-32s CALLS\n%-32s %d\n", "FUNCTION", "ksys_sync", SYNCS);
	EXPECT_STREQ(want, self->out);
}

TEST_F(progs, funccount_of_a_program)
{
	char pattern[2 * PATH], want[128];

	REQUIRE(access("/sys/bus/event_source/devices/uprobe/type", F_OK) == 0,
		"this kernel has no uprobes");
	snprintf(pattern, sizeof(pattern), "%s:spend_*,burn_the_cpu,do_tas?", self->self_path);
	RUN(self, "TASK=spend", "funccount", "-j", pattern);
	check_status(self);
	snprintf(want, sizeof(want), "{\"function\":\"spend_some_time\",\"calls\":%d}\n", CALLS);
	EXPECT_HAS(want, self->out);
	EXPECT_EQ(0, count(self->out, "burn_the_cpu"));
	EXPECT_EQ(0, count(self->out, "[unknown]"));
	RUN(self, "TASK=spend", "funccount", "no-such-program-anywhere:main");
	EXPECT_EQ(1, WEXITSTATUS(self->status));
	EXPECT_HAS("no-such-program-anywhere", self->err);
}

/* By the name of a file, in a process that has not loaded it yet. */
TEST_F(progs, funccount_of_a_library)
{
	REQUIRE(access("/sys/bus/event_source/devices/uprobe/type", F_OK) == 0,
		"this kernel has no uprobes");
	REQUIRE(access("/lib/x86_64-linux-gnu/libc.so.6", R_OK) == 0, "no libc.so.6 is known");
	RUN(self, "TASK=spend", "funccount", "libc.so.6:getpi[d],syn[c]");
	check_status(self);
	EXPECT_HAS("getpid ", self->out);
}

/* ---- profile ---- */

/* The sum of the counts at the ends of the lines that have a word. */
static long long folded(const char *text, const char *word)
{
	char *copy = strdup(text), *rest = copy, *line, *blank;
	long long sum = 0;

	while ((line = strsep(&rest, "\n"))) {
		blank = strrchr(line, ' ');
		if (blank && strstr(line, word))
			sum += atoll(blank);
	}
	free(copy);
	return sum;
}

/* As many samples as the process had time of a CPU; an emulated CPU skips most. */
TEST_F(progs, profile)
{
	long long us, samples;

	REQUIRE(access("/proc/sys/kernel/perf_event_paranoid", F_OK) == 0,
		"this kernel has no perf events");
	RUN(self, "TASK=burn 600", "profile");
	check_status(self);
	us = number(self->err, "cpu ");
	ASSERT_GT(us, 0);
	samples = folded(self->out, ";burn_the_cpu");
	EXPECT_GE(samples, us * HERTZ / 1000000 / 5);
	EXPECT_LE(samples, us * HERTZ / 1000000 * 3 / 2 + 2);
	EXPECT_HAS("progs_test;", self->out);
}

/* Fill a file with a program whose text has other words, as many letters, in one place. */
static void change(struct progs_self *self, const char *name, const char *words, const char *others,
		   int fd)
{
	struct stat st;
	char *at;
	int from;

	find_program(self, name);
	from = open(self->program, O_RDONLY | O_CLOEXEC);
	ASSERT_EQ(0, fstat(from, &st));
	ASSERT_EQ(0, ftruncate(fd, st.st_size));
	at = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_TRUE(at != MAP_FAILED);
	ASSERT_EQ(st.st_size, read(from, at, (size_t)st.st_size));
	close(from);
	ASSERT_EQ(strlen(words), strlen(others));
	ASSERT_NOT_NULL(memmem(at, (size_t)st.st_size, words, strlen(words)));
	memcpy(memmem(at, (size_t)st.st_size, words, strlen(words)), others, strlen(others));
	munmap(at, (size_t)st.st_size);
}

/* Those of the command of which nothing was missed. */
static unsigned int named_stacks(const char *text)
{
	char *copy = strdup(text), *rest = copy, *line;
	unsigned int n = 0;

	while ((line = strsep(&rest, "\n")))
		n += strncmp(line, "progs_test;", 11) == 0 && !strstr(line, "[missed]");
	free(copy);
	return n;
}

/* Each stack but the first finds its place taken: the kernel's table alone has room for one. */
TEST_F(progs, profile_of_stacks_in_one_place)
{
	int fd = memfd_create("profile", 0);
	char path[32];

	REQUIRE(access("/proc/sys/kernel/perf_event_paranoid", F_OK) == 0,
		"this kernel has no perf events");
	change(self, "profile", ".equ STACKS, 16K", ".equ STACKS, 1  ", fd);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	RUN(self, "TASK=ask 200 burn 300", path);
	check_status(self);
	EXPECT_GE(named_stacks(self->out), 2);
	close(fd);
}

TEST_F(progs, profile_drawn)
{
	REQUIRE(access("/proc/sys/kernel/perf_event_paranoid", F_OK) == 0,
		"this kernel has no perf events");
	RUN(self, "TASK=burn 300", "profile", "--svg");
	check_status(self);
	EXPECT_HAS("<svg xmlns=\"http://www.w3.org/2000/svg\"", self->out);
	EXPECT_HAS("<g><title>progs_test (", self->out);
	EXPECT_HAS("<g><title>burn_the_cpu (", self->out);
	EXPECT_HAS("</svg>\n", self->out);
}

/* True where xmllint takes it, or is not installed. */
static bool is_xml(const char *text)
{
	FILE *f = popen("command -v xmllint >/dev/null || exec cat >/dev/null; "
			"xmllint --noout - >&2", "w");

	return f && fwrite(text, 1, strlen(text), f) == strlen(text) && pclose(f) == 0;
}

/* Whoever chooses the name of a process does not choose what becomes of the graph. */
TEST_F(progs, profile_of_odd_names)
{
	static const char plain[] = "<&\"?[1m??x";

	REQUIRE(access("/proc/sys/kernel/perf_event_paranoid", F_OK) == 0,
		"this kernel has no perf events");
	RUN(self, "TASK=odd burn 300", "profile", "--svg");
	check_status(self);
	EXPECT_HAS("<g><title>&lt;&amp;\"?[1m??x (", self->out);
	EXPECT_TRUE(is_xml(self->out));
	RUN(self, "TASK=odd burn 300", "profile");
	check_status(self);
	EXPECT_HAS(plain, self->out);
}

/* Those of one process only: this one waits. */
TEST_F(progs, profile_of_one_process)
{
	char pid[16];

	REQUIRE(access("/proc/sys/kernel/perf_event_paranoid", F_OK) == 0,
		"this kernel has no perf events");
	snprintf(pid, sizeof(pid), "%d", getpid());
	RUN(self, "TASK=burn 100", "profile", "-p", pid, "-j");
	check_status(self);
	EXPECT_EQ(0, count(self->out, "burn_the_cpu"));
}

TEST_F(progs, profile_of_made_code)
{
	char path[64];

	REQUIRE(access("/proc/sys/kernel/perf_event_paranoid", F_OK) == 0,
		"this kernel has no perf events");
	REQUIRE(asm_cpu_native() && sizeof(void *) == 8, "code is not copied here");
	RUN(self, "TASK=make 400", "profile");
	check_status(self);
	snprintf(path, sizeof(path), "/tmp/perf-%lld.map", number(self->err, "pid "));
	EXPECT_EQ(0, unlink(path));
	EXPECT_GT(folded(self->out, ";made by a language"), 0);
}

/*
 * A copy of this program that uses the CPU until it is killed; it is gone from its path, or that is
 * only known in its own namespace of mounts.
 */
static pid_t start_copy(const struct progs_self *self, const char *folder, bool away)
{
	char command[4 * PATH], path[PATH], comm[16] = "";
	pid_t pid;
	int fd;

	snprintf(command, sizeof(command), "cp %s %s/copy && TASK='burn 60000' exec %s/copy",
		 self->self_path, folder, folder);
	pid = fork();
	if (!pid) {
		if (away && (unshare(CLONE_NEWNS) != 0 ||
			     mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
			     mount("none", folder, "tmpfs", 0, NULL) != 0))
			_exit(1);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(1);
	}
	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	for (int i = 0; i < SEEN_MS / 10 && strcmp(comm, "copy\n") != 0; i++) {
		usleep(10000);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		memset(comm, 0, sizeof(comm));
		if (fd < 0 || read(fd, comm, sizeof(comm) - 1) < 0)
			break;
		close(fd);
	}
	EXPECT_STREQ("copy\n", comm);
	return pid;
}

/* All on one CPU: where they are emulated in turn, two that are busy wait long for each other. */
static void check_copy(struct progs_self *self, const char *folder, bool away)
{
	char path[PATH], number[16];
	cpu_set_t one;
	FILE *other;
	pid_t pid;

	CPU_ZERO(&one);
	CPU_SET((size_t)sched_getcpu(), &one);
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(one), &one));
	pid = start_copy(self, folder, away);

	snprintf(path, sizeof(path), "%s/copy", folder);
	unlink(path);
	other = fopen(path, "we");
	ASSERT_NOT_NULL(other);
	fprintf(other, "this is another file\n");
	fclose(other);
	snprintf(number, sizeof(number), "%d", pid);
	RUN(self, "TASK=burn 400", "profile", "-p", number);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	unlink(path);
	check_status(self);
	EXPECT_GT(folded(self->out, ";burn_the_cpu"), 0);
}

/* Files are known by what is mapped, not by what has their path. */
TEST_F(progs, profile_of_other_files)
{
	char folder[] = "/tmp/progs_test.XXXXXX";

	REQUIRE(access("/proc/sys/kernel/perf_event_paranoid", F_OK) == 0,
		"this kernel has no perf events");
	ASSERT_NOT_NULL(mkdtemp(folder));
	for (unsigned int round = 0; round < t_rounds(2); round++)
		check_copy(self, folder, round == 0);
	EXPECT_EQ(0, rmdir(folder));
}

/* As the tools make it: a debug file, and a program that has lost all symbols. */
TEST_F(progs, profile_of_a_stripped_program)
{
	char folder[] = "/tmp/progs_test.XXXXXX", command[4 * PATH];

	REQUIRE(access("/proc/sys/kernel/perf_event_paranoid", F_OK) == 0,
		"this kernel has no perf events");
	REQUIRE(system("command -v objcopy >/dev/null") == 0, "no objcopy");
	ASSERT_NOT_NULL(mkdtemp(folder));
	snprintf(command, sizeof(command), "cd %s && mkdir .debug && objcopy --only-keep-debug %s "
		 ".debug/copy.debug && objcopy -S -R .note.gnu.build-id "
		 "--add-gnu-debuglink=.debug/copy.debug %s copy",
		 folder, self->self_path, self->self_path);
	ASSERT_EQ(0, system(command));
	snprintf(self->copy, sizeof(self->copy), "%s/copy", folder);
	RUN(self, "TASK=burn 300", "profile");
	check_status(self);
	EXPECT_GT(folded(self->out, ";burn_the_cpu"), 0);
	EXPECT_EQ(0, folded(self->out, ";[copy]"));
	snprintf(command, sizeof(command), "rm -r %s", folder);
	EXPECT_EQ(0, system(command));
}

/* Nobody is told addresses here; it is said once. */
TEST_F(progs, profile_without_names_of_the_kernel)
{
	char path[] = "/tmp/progs_test.XXXXXX";
	static const char hidden[] = "0000000000000000 T _stext\n0000000000000000 T do_it\n";
	int fd = mkstemp(path);

	REQUIRE(access("/proc/sys/kernel/perf_event_paranoid", F_OK) == 0,
		"this kernel has no perf events");
	ASSERT_EQ(sizeof(hidden) - 1, write(fd, hidden, sizeof(hidden) - 1));
	ASSERT_EQ(0, unshare(CLONE_NEWNS));
	ASSERT_EQ(0, mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	ASSERT_EQ(0, mount(path, "/proc/kallsyms", NULL, MS_BIND, NULL));
	unlink(path);
	RUN(self, "TASK=ask 300", "profile");
	check_status(self);
	EXPECT_GT(folded(self->out, ";[unknown]_[k]"), 0);
	EXPECT_EQ(1, count(self->err, "see /proc/sys/kernel/kptr_restrict"));
}

/* ---- nothing is left ---- */

/* What a process has open of bpf(2): ids, and the command that finds an object by its id. */
struct owned {
	struct {
		int cmd;
		uint32_t id;
	} at[OURS];
	size_t count;
	bool attached;		/* there is a link, or what is one before Linux 5.15 */
	bool waits;		/* for signals */
};

static int open_by_id(int cmd, uint32_t id)
{
	struct abi_get_id attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_id = id;
	return (int)syscall(SYS_bpf, cmd, &attr, abi_end(struct abi_get_id, open_flags));
}

static void own(struct owned *owned, const char *info, const char *word, int cmd)
{
	long long id = number(info, word);

	if (id < 0 || owned->count == OURS)
		return;
	owned->at[owned->count].cmd = cmd;
	owned->at[owned->count++].id = (uint32_t)id;
}

static bool is_perf_event(pid_t pid, const char *fd)
{
	char path[300], target[64] = "";

	snprintf(path, sizeof(path), "/proc/%d/fd/%s", pid, fd);
	return readlink(path, target, sizeof(target) - 1) > 0 && strstr(target, "[perf_event]");
}

static void look_at(struct owned *owned, pid_t pid)
{
	char path[300];
	struct dirent *entry;
	DIR *dir;

	memset(owned, 0, sizeof(*owned));
	snprintf(path, sizeof(path), "/proc/%d/fdinfo", pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		char *text;
		size_t len;

		snprintf(path, sizeof(path), "/proc/%d/fdinfo/%s", pid, entry->d_name);
		if (asm_read_file(path, &text, &len) != 0)
			continue;
		own(owned, text, "map_id:", BPF_MAP_GET_FD_BY_ID);
		own(owned, text, "link_id:", BPF_LINK_GET_FD_BY_ID);
		own(owned, text, "prog_id:", BPF_PROG_GET_FD_BY_ID);
		owned->attached |= strstr(text, "link_id:") || is_perf_event(pid, entry->d_name);
		owned->waits |= strstr(text, "sigmask:") != NULL;
		free(text);
	}
	if (dir)
		closedir(dir);
}

static void sleep_ms(long ms)
{
	struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&time, NULL);
}

static bool is_gone(int cmd, uint32_t id)
{
	int fd = -1;

	for (int ms = 0; ms < GONE_MS; ms += 20) {
		fd = open_by_id(cmd, id);
		if (fd < 0)
			return true;
		close(fd);
		sleep_ms(20);
	}
	return false;
}

/* It runs: what it owns is the same in two looks. False: it has ended, with *status. */
static bool see_run(pid_t pid, struct owned *owned, int *status)
{
	size_t before = 0;

	for (int ms = 0; ms < SEEN_MS; ms += 20) {
		if (waitpid(pid, status, WNOHANG) == pid)
			return false;
		look_at(owned, pid);
		if (owned->attached && owned->waits && owned->count == before)
			return true;
		before = owned->count;
		sleep_ms(20);
	}
	return true;
}

struct ending {
	int signal;
	const char *out;	/* the standard output */
};

struct started {
	char name[PATH];
	pid_t pid;
	bool runs;		/* as seen; else it has ended */
	int status;
	struct owned owned;
};

/* All of them run at once, and end so: what takes its time is that the kernel waits. */
struct crowd {
	struct started at[MOST];
	size_t count;
};

static void start(struct crowd *crowd, const struct ending *how, const char *const *argv)
{
	struct started *one = &crowd->at[crowd->count++];

	ASSERT_LE(crowd->count, MOST);
	snprintf(one->name, sizeof(one->name), "%s", argv[2] ? argv[2] : argv[0]);
	one->pid = fork();
	ASSERT_GE(one->pid, 0);
	if (!one->pid) {
		int null = open("/dev/null", O_WRONLY);

		dup2(how->out ? open(how->out, O_WRONLY) : null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		execv(argv[0], (char **)(uintptr_t)argv);
		_exit(127);
	}
}

/* End it if it runs. */
static void end(struct started *one, int signal)
{
	one->runs = see_run(one->pid, &one->owned, &one->status);
	if (!one->runs)
		return;
	EXPECT_TRUE(one->owned.attached && one->owned.waits) LOG("%s", one->name);
	EXPECT_GE(one->owned.count, 2) LOG("%s", one->name);
	kill(one->pid, signal);
}

/* What there was in the kernel is gone. */
static void see_end(struct started *one)
{
	if (!one->runs)
		return;
	ASSERT_EQ(one->pid, waitpid(one->pid, &one->status, 0));
	for (size_t i = 0; i < one->owned.count; i++)
		EXPECT_TRUE(is_gone(one->owned.at[i].cmd, one->owned.at[i].id))
			LOG("%s: command %d finds %u", one->name, one->owned.at[i].cmd,
			    one->owned.at[i].id);
}

/* What cannot run here ends by itself: false. */
static bool has_run(const struct started *one, int signal)
{
	if (WIFEXITED(one->status) && WEXITSTATUS(one->status) == 1)
		return false;
	if (signal == SIGKILL)
		EXPECT_EQ(SIGKILL, WTERMSIG(one->status)) LOG("%s", one->name);
	else
		EXPECT_EQ(0, one->status) LOG("%s", one->name);
	return true;
}

static unsigned int end_crowd(struct crowd *crowd, int signal)
{
	unsigned int ran = 0;

	for (size_t i = 0; i < crowd->count; i++)
		end(&crowd->at[i], signal);
	for (size_t i = 0; i < crowd->count; i++) {
		see_end(&crowd->at[i]);
		ran += has_run(&crowd->at[i], signal);
	}
	return ran;
}

/* A kill ends all n; of what they do themselves at their end, a slow machine sees a few. */
static size_t some_of(size_t n, const struct ending *how)
{
	return how->signal == SIGKILL ? n : t_rounds((unsigned int)n);
}

/* What happens to the output is bpfload's business, and the same for each text. */
static void start_texts(struct crowd *crowd, const struct ending *how)
{
	const char *bpfload = getenv("BPFLOAD"), *top = getenv("SRCDIR");
	char pattern[2 * PATH];
	size_t most;
	glob_t texts;

	snprintf(pattern, sizeof(pattern), "%s/progs/*/*.bpfasm", top);
	ASSERT_EQ(0, glob(pattern, 0, NULL, &texts));
	most = how->out ? 1 : some_of(texts.gl_pathc, how);
	for (size_t i = 0; i < most; i++)
		start(crowd, how, (const char *const[]){ bpfload, "run", texts.gl_pathv[i],
							 NULL });
	globfree(&texts);
}

/* Those with a user side, and the word that one needs. */
static void start_programs(struct progs_self *self, struct crowd *crowd, const struct ending *how)
{
	char function[2 * PATH];
	const char *const words[][2] = {
		{ "cpumon", "-j" }, { "tcpconnect" }, { "profile" }, { "funclatency", function },
		{ "funccount", "ksys_sync" },
	};
	size_t most = some_of(sizeof(words) / sizeof(words[0]), how);

	snprintf(function, sizeof(function), "%s:spend_some_time", self->self_path);
	for (size_t i = 0; i < most; i++) {
		find_program(self, words[i][0]);
		start(crowd, how, (const char *const[]){ self->program, words[i][1], NULL, NULL });
	}
}

enum { RUN_EVERYWHERE = 8 };	/* programs that need no kprobes, nor what is new */

/* All texts there are, and all programs; the probes of the kernel are those of before. */
static void end_all(struct progs_self *self, const struct ending *how)
{
	static const char *const lists[] = {
		"/sys/kernel/tracing/kprobe_events", "/sys/kernel/tracing/uprobe_events",
	};
	char *before[2] = { NULL, NULL }, *after = NULL;
	struct crowd crowd = { .count = 0 };
	unsigned int ran;
	size_t len;

	REQUIRE(getenv("BPFLOAD") && getenv("SRCDIR"),
		"BPFLOAD and SRCDIR say where the programs are");
	for (int i = 0; i < 2; i++)
		(void)asm_read_file(lists[i], &before[i], &len);
	start_texts(&crowd, how);
	start_programs(self, &crowd, how);
	ran = end_crowd(&crowd, how->signal);
	if (!how->out)
		EXPECT_GE(ran, how->signal == SIGKILL ? RUN_EVERYWHERE : 1);
	for (int i = 0; i < 2; i++) {
		if (!before[i])		/* there is no such list */
			continue;
		ASSERT_OK(asm_read_file(lists[i], &after, &len));
		EXPECT_STREQ(before[i], after);
		free(after);
		free(before[i]);
	}
}

TEST_F_TIMEOUT(progs, nothing_is_left_by_an_interrupt, 120)
{
	end_all(self, &(struct ending){ .signal = SIGINT });
}

TEST_F_TIMEOUT(progs, nothing_is_left_by_a_kill, 120)
{
	end_all(self, &(struct ending){ .signal = SIGKILL });
}

/* Nothing can be written: that is found out at the end, when there was something to be written. */
TEST_F_TIMEOUT(progs, nothing_is_left_by_an_error, 120)
{
	end_all(self, &(struct ending){ .signal = SIGINT, .out = "/dev/full" });
}

/* ---- calls that are wrong ---- */

TEST_F(progs, usage)
{
	RUN(self, "TASK=sync", "profile", "-p", "x");
	EXPECT_EQ(2, WEXITSTATUS(self->status));
	EXPECT_HAS("profile: option '--pid': 'x' is not the number of a process", self->err);
	RUN(self, "TASK=sync", "profile", "-d", "nan");
	EXPECT_EQ(2, WEXITSTATUS(self->status));
	EXPECT_HAS("'nan' is not a number of seconds", self->err);
	RUN(self, "TASK=sync", "funccount");
	EXPECT_EQ(2, WEXITSTATUS(self->status));
	EXPECT_HAS("usage: funccount ", self->err);
	RUN(self, "TASK=sync", "tcpconnect", "word");
	EXPECT_EQ(2, WEXITSTATUS(self->status));
	RUN(self, "TASK=sync", "tcpconnect", "-h");
	EXPECT_EQ(0, WEXITSTATUS(self->status));
	EXPECT_HAS("usage: tcpconnect ", self->out);
}

TEST_MAIN
