/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tracer_test.c - what a tracer tells, to the byte, and what is left of one that is killed.
 *
 * Connections are seen by the text tests/golden/connect.inc; the other tracers are `bpfload run`.
 * Needs a kernel with kprobes: tools/kernels has eight.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "../asm/asm.h"
#include "../loader/loader.h"
#include "harness.h"
#include "attached.h"

enum { TEXT = 8192, SAID = 65536, WAIT_MS = 20000 };

#define NAME "connecting"

/* Called here alone, and probed. */
int tracer_test_probed(int a);

__attribute__((noinline)) int tracer_test_probed(int a)
{
	__asm__ volatile("");
	return a + 1;
}

FIXTURE(tracer) {
	struct attached a;
	struct load_ring *ring;
	pid_t pid;		/* of a bpfload */
	char text[TEXT];	/* for it */
	int out, err;		/* its streams */
	char said[SAID];	/* on them */
	size_t nsaid;
};

FIXTURE_SETUP(tracer)
{
	REQUIRE(geteuid() == 0, "needs privilege");
	REQUIRE_PMU("kprobe");
	attached_start(&self->a);
	mount_tracefs();
}

FIXTURE_TEARDOWN(tracer)
{
	load_ring_close(self->ring);
	attached_end(&self->a);
}

/* ---- connections ---- */

/* As connect.inc has it. */
struct event {
	uint64_t time;
	uint32_t pid, tid;
	struct in_addr addr;
	in_port_t port;
	uint16_t family;
	char comm[16];
	uint8_t pad[8];
};

struct connecting {
	struct load_ring *ring;
	struct sockaddr_in to;
	uint32_t tid;
	unsigned int seen, wrong;
	uint64_t since;
};

static uint64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* load_record_fn: every byte but those of the time, which is between the call and now. */
static int compare(void *arg, const void *data, uint32_t len)
{
	struct connecting *c = arg;
	struct event want = { 0 }, got;

	memset(&got, 0, sizeof(got));
	memcpy(&got, data, len < sizeof(got) ? len : sizeof(got));
	if (got.pid != (uint32_t)getpid())
		return 0;
	want.time = got.time;
	want.pid = (uint32_t)getpid();
	want.tid = c->tid;
	want.addr = c->to.sin_addr;
	want.port = c->to.sin_port;
	want.family = AF_INET;
	memcpy(want.comm, NAME, sizeof(NAME));
	c->seen++;
	if (len != sizeof(want) || memcmp(&want, &got, sizeof(want)) || got.time < c->since ||
	    got.time > clock_ns())
		c->wrong++;
	return 0;
}

/* One after the other, each to another address; the ring holds far fewer, so it is written over. */
static void *connect_many(void *arg)
{
	struct connecting *c = arg;
	long count = 2 * sysconf(_SC_PAGESIZE) / (long)sizeof(struct event);

	prctl(PR_SET_NAME, NAME);
	c->tid = (uint32_t)syscall(SYS_gettid);
	for (long i = 0; i < count; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		unsigned int seen = c->seen;

		c->to.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)i);
		c->to.sin_port = htons((uint16_t)(1 + i));
		c->since = clock_ns();
		connect(fd, (struct sockaddr *)&c->to, sizeof(c->to));
		EXPECT_OK(load_ring_read(c->ring, UINT_MAX, compare, c));
		EXPECT_EQ(seen + 1, c->seen) LOG("connection %ld", i);
		close(fd);
	}
	return NULL;
}

/* The text, with a ring of one page. */
static void open_connect(struct tracer_self *self)
{
	const char *folder = getenv("SRCDIR"), size[] = "256K";
	char path[PATH], *text, *at;
	uint32_t page = (uint32_t)sysconf(_SC_PAGESIZE);
	size_t len;

	snprintf(path, PATH, "%s/tests/golden/connect.inc", folder ? folder : ".");
	ASSERT_OK(asm_read_file(path, &text, &len)) LOG("%s", path);
	at = strstr(text, size);
	ASSERT_NOT_NULL(at);
	ASSERT_OK(attached_open(&self->a, "%.*s%u%s", (int)(at - text), text, page,
				at + sizeof(size) - 1));
	free(text);
	ASSERT_OK(load_ring_open(load_map_fd(self->a.load, "events"), page, &self->ring));
	ASSERT_OK(load_attach(self->a.load));
}

/* In a thread, whose number is not that of the process. */
TEST_F(tracer, connections)
{
	struct connecting c = { .to = { .sin_family = AF_INET } };
	pthread_t thread;

	open_connect(self);
	c.ring = self->ring;
	ASSERT_EQ(0, pthread_create(&thread, NULL, connect_many, &c));
	pthread_join(thread, NULL);
	EXPECT_NE(getpid(), c.tid);
	EXPECT_EQ(0, c.wrong);
}

/* ---- bpfload ---- */

/* A program that adds one to a counter. */
static void add_program(struct tracer_self *self, const char *section, const char *counter)
{
	size_t len = strlen(self->text);

	len += (size_t)snprintf(self->text + len, TEXT - len, ".global u64 %s\n.prog %s_p \"%s\"\n"
				"r1 = %s ll\nr2 = 1\nlock *(u64 *)(r1 + 0) += r2\nr0 = 0\nexit\n",
				counter, counter, section, counter);
	ASSERT_LT(len, TEXT);
}

/* `bpfload run` of the text; its streams do not block. */
static void start(struct tracer_self *self)
{
	const char *program = getenv("BPFLOAD");
	int in[2], out[2], err[2];
	size_t len = strlen(self->text);

	ASSERT_EQ(0, pipe2(in, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(out, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(err, O_CLOEXEC));
	ASSERT_EQ(len, write(in[1], self->text, len));
	close(in[1]);
	self->pid = fork();
	ASSERT_GE(self->pid, 0);
	if (!self->pid) {
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		dup2(err[1], STDERR_FILENO);
		execl(program ? program : "./bpfload", "bpfload", "run", "-v", "-j", "--interval",
		      "20ms", "-", (char *)NULL);
		_exit(99);
	}
	close(in[0]);
	close(out[1]);
	close(err[1]);
	self->out = out[0];
	self->err = err[0];
}

/* What has come, on either stream, at the end of what was said. False when both have ended. */
static bool listen_more(struct tracer_self *self)
{
	struct pollfd wait[] = { { .fd = self->out, .events = POLLIN },
				 { .fd = self->err, .events = POLLIN } };
	bool open = false;

	poll(wait, 2, WAIT_MS);
	for (int i = 0; i < 2; i++) {
		char part[1024];
		ssize_t len = wait[i].revents ? read(wait[i].fd, part, sizeof(part) - 1) : -1;

		open |= len > 0;
		if (len <= 0)
			continue;
		part[len] = '\0';
		if (self->nsaid + (size_t)len >= SAID)	/* the first half is kept */
			self->nsaid = SAID / 2;
		memcpy(self->said + self->nsaid, part, (size_t)len + 1);
		self->nsaid += (size_t)len;
	}
	return open;
}

/* Until the tracer has seen that many: then all of its programs run. */
static void expect_seen(struct tracer_self *self, const char *counters)
{
	while (!strstr(self->said, counters) && listen_more(self))
		;
	EXPECT_HAS(counters, self->said);
}

static void expect_running(struct tracer_self *self)
{
	while (!strstr(self->said, "{\"") && listen_more(self))
		;
	ASSERT_HAS("{\"", self->said);
}

static void kill_it(struct tracer_self *self)
{
	int status = 0;

	kill(self->pid, SIGKILL);
	EXPECT_EQ(self->pid, waitpid(self->pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) LOG("%s", self->said);
	expect_no_events();
	close(self->out);
	close(self->err);
}

/* By every kind of probe that all CPUs have. */
TEST_F(tracer, nothing_left_by_sigkill)
{
	static const char *const kinds[] = { "uprobe", "uretprobe", "uprobe.multi" };
	char section[2 * PATH], counter[16];

	add_program(self, "kprobe/ksys_sync", "k0");
	add_program(self, "kprobe.multi/ksys_sync,ksys_mmap_pgoff", "k1");
	for (int i = 0; i < 3; i++) {
		snprintf(section, sizeof(section), "%s/%s:tracer_test_probed", kinds[i],
			 self->a.self_path);
		snprintf(counter, sizeof(counter), "u%d", i);
		add_program(self, section, counter);
	}
	start(self);
	expect_running(self);
	sync();
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(i + 1, tracer_test_probed(i));
	expect_seen(self, "\"k0\":1,");
	expect_seen(self, "\"u0\":3,\"u1\":3,\"u2\":3");
	kill_it(self);
}

/* ---- four functions, of which one is missing ---- */

static bool has_fprobe(void)
{
	FILE *f = fopen("/proc/kallsyms", "re");
	bool found = false;
	char line[512];

	while (f && !found && fgets(line, sizeof(line), f))
		found = strstr(line, " register_fprobe\n");
	if (f)
		fclose(f);
	return found;
}

/* By one link where the kernel has them, and else singly, which -v says. */
TEST_F(tracer, three_of_four)
{
	add_program(self, "kprobe.multi/ksys_sync,no_such_function,ksys_mmap_pgoff,vfs_fallocate",
		    "hits");
	start(self);
	expect_running(self);
	EXPECT_HAS("'no_such_function' cannot be probed", self->said);
	EXPECT_EQ(has_fprobe(), !strstr(self->said, "CONFIG_FPROBE): 3 single probes"));
	EXPECT_EQ(has_fprobe(), !!strstr(self->said, "kprobe_multi link over 3 functions"));
	kill_it(self);
}

TEST_MAIN
