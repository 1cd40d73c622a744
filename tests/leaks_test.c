/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * leaks_test.c - however a run ends, nothing of it stays in the kernel, and no descriptor in the
 * process.
 *
 * Others may load programs meanwhile, so what is looked for are the names of this test's own
 * programs and maps, which no other process gives, and the links and BTF that belong to them.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "../asm/asm.h"
#include "../loader/abi.h"
#include "../loader/loader.h"
#include "harness.h"
#include "kernel.h"

enum {
	GONE_MS = 2000,		/* the kernel frees after a grace period or two */
	SEEN_MS = 10000,	/* for a program to start on a busy machine */
	OURS = 64,		/* objects of one run, at most */
	TEXT = 2048,
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void sleep_ms(long ms)
{
	struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&time, NULL);
}

/* ---- what is in the kernel ---- */

/* The id after this one; 0 behind the last. */
static uint32_t next_id(int cmd, uint32_t id)
{
	struct abi_get_id attr;

	memset(&attr, 0, sizeof(attr));
	attr.start_id = id;
	return bpf(cmd, &attr, abi_end(struct abi_get_id, open_flags)) ? 0 : attr.next_id;
}

static int fd_of(int cmd, uint32_t id)
{
	struct abi_get_id attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_id = id;
	return bpf(cmd, &attr, abi_end(struct abi_get_id, open_flags));
}

/* False when it is gone meanwhile. */
static bool info_of(int cmd, uint32_t id, void *info, uint32_t size)
{
	struct abi_info_by_fd attr;
	int fd = fd_of(cmd, id), err;

	memset(info, 0, size);
	if (fd < 0)
		return false;
	memset(&attr, 0, sizeof(attr));
	attr.bpf_fd = (uint32_t)fd;
	attr.info_len = size;
	attr.info = abi_ptr(info);
	err = bpf(BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr));
	close(fd);
	return !err;
}

/* What has a name of ours, and what belongs to that. */
struct census {
	unsigned int nprogs, nmaps, nlinks, nbtfs;
	uint32_t progs[OURS], btfs[OURS];
};

static void count_btf(struct census *c, uint32_t id)
{
	if (id && c->nbtfs < OURS)
		c->btfs[c->nbtfs++] = id;
}

static void count_progs(struct census *c, const char *prefix)
{
	struct abi_prog_info info;

	for (uint32_t id = 0; (id = next_id(BPF_PROG_GET_NEXT_ID, id)) != 0;) {
		if (!info_of(BPF_PROG_GET_FD_BY_ID, id, &info, sizeof(info)) ||
		    strncmp(info.name, prefix, strlen(prefix)) != 0 || c->nprogs == OURS)
			continue;
		c->progs[c->nprogs++] = id;
		count_btf(c, info.btf_id);
	}
}

static void count_maps(struct census *c, const char *prefix)
{
	struct abi_map_info info;

	for (uint32_t id = 0; (id = next_id(BPF_MAP_GET_NEXT_ID, id)) != 0;) {
		if (!info_of(BPF_MAP_GET_FD_BY_ID, id, &info, sizeof(info)) ||
		    strncmp(info.name, prefix, strlen(prefix)) != 0)
			continue;
		c->nmaps++;
		count_btf(c, info.btf_id);
	}
}

static void count_links(struct census *c)
{
	struct abi_link_info info;

	for (uint32_t id = 0; (id = next_id(BPF_LINK_GET_NEXT_ID, id)) != 0;) {
		if (!info_of(BPF_LINK_GET_FD_BY_ID, id, &info, sizeof(info)))
			continue;
		for (unsigned int i = 0; i < c->nprogs; i++)
			c->nlinks += info.prog_id == c->progs[i];
	}
}

static void take_census(struct census *c, const char *prefix)
{
	memset(c, 0, sizeof(*c));
	count_progs(c, prefix);
	count_maps(c, prefix);
	count_links(c);
}

static bool btf_is_there(uint32_t id)
{
	int fd = fd_of(BPF_BTF_GET_FD_BY_ID, id);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* Wait until there are that many; false when that does not come. The last count is in *c. */
static bool wait_for(struct census *c, const char *prefix, unsigned int progs, unsigned int maps,
		     unsigned int links)
{
	uint64_t end = now_ms() + SEEN_MS;

	for (;;) {
		take_census(c, prefix);
		if (c->nprogs == progs && c->nmaps == maps && c->nlinks == links)
			return true;
		if (now_ms() > end)
			return false;
		sleep_ms(10);
	}
}

/* Nothing is left. before is what was there, or NULL. */
static void check_gone(const char *prefix, const struct census *before)
{
	uint64_t end = now_ms() + GONE_MS;
	unsigned int btfs;
	struct census c;

	for (;;) {
		take_census(&c, prefix);
		btfs = 0;
		for (unsigned int i = 0; before && i < before->nbtfs; i++)
			btfs += btf_is_there(before->btfs[i]);
		if (!c.nprogs && !c.nmaps && !c.nlinks && !btfs)
			return;
		if (now_ms() > end)
			break;
		sleep_ms(20);
	}
	EXPECT_EQ(0, c.nprogs);
	EXPECT_EQ(0, c.nmaps);
	EXPECT_EQ(0, c.nlinks);
	EXPECT_EQ(0, btfs);
}

/* ---- programs ---- */

/* Two maps and two programs; the second program may be one that fails. */
static const char good[] = "\tr0 = 0\n\texit\n", rejected[] = "\texit\n";
static const char there[] = "raw_tp/sched_process_exec", absent[] = "raw_tp/no_such_tracepoint";

static void write_text(char text[TEXT], const char *prefix, const char *section,
		       const char *body)
{
	int len = snprintf(text, TEXT,
		".license \"GPL\"\n"
		".map %s_m1 type hash key u32 value u64 entries 8\n"
		".map %s_m2 type ringbuf entries 64K value u32\n"
		".prog %s_p1 \"%s\"\n"
		"	r1 = 0\n"
		"	*(u32 *)(r10 - 4) = r1\n"
		"	r1 = %s_m1 ll\n"
		"	r2 = r10\n"
		"	r2 += -4\n"
		"	call bpf_map_lookup_elem\n"
		"	r0 = 0\n"
		"	exit\n"
		".prog %s_p2 \"%s\"\n%s", prefix, prefix, prefix, there, prefix, prefix, section,
		body);

	ASSERT_LT(len, TEXT);
}

FIXTURE(kernel) {
	char prefix[12];	/* of every name, and of no other's */
	char text[TEXT];
};

FIXTURE_SETUP(kernel)
{
	struct abi_get_id attr;
	struct timespec now;
	int err;

	REQUIRE_CAP(CAP_SYS_ADMIN);
	REQUIRE_CAP(CAP_BPF);
	REQUIRE_CAP(CAP_PERFMON);
	memset(&attr, 0, sizeof(attr));
	err = bpf(BPF_PROG_GET_NEXT_ID, &attr, abi_end(struct abi_get_id, open_flags));
	REQUIRE(!err || err == -ENOENT, "this process may not list programs (errno %d)", -err);
	clock_gettime(CLOCK_REALTIME, &now);
	snprintf(self->prefix, sizeof(self->prefix), "k%08x",
		 (uint32_t)now.tv_nsec * 2654435761u ^ (uint32_t)now.tv_sec ^
		 (uint32_t)getpid() << 16);
	write_text(self->text, self->prefix, there, good);
}

FIXTURE_TEARDOWN(kernel)
{
}

/* ---- a bpfload ---- */

struct child {
	pid_t pid;
	int out;		/* its standard output */
	FILE *err;
	char said[16384];	/* on standard error, once it has ended */
};

static void set_streams(int in, int out, FILE *err)
{
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(fileno(err), STDERR_FILENO);
}

/* Start it with the text on its standard input. words: what follows "bpfload", then NULL. */
static void start(struct child *child, const char *text, const char *const *words)
{
	const char *program = getenv("BPFLOAD");
	const char *argv[16] = { "bpfload" };
	int in[2], out[2];

	for (size_t i = 0; words[i] && i < 14; i++)
		argv[i + 1] = words[i];
	ASSERT_EQ(0, pipe2(in, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(out, O_CLOEXEC));
	child->err = tmpfile();
	ASSERT_NOT_NULL(child->err);
	ASSERT_EQ(strlen(text), write(in[1], text, strlen(text)));
	close(in[1]);
	child->pid = fork();
	ASSERT_GE(child->pid, 0);
	if (!child->pid) {
		set_streams(in[0], out[1], child->err);
		execv(program ? program : "./bpfload", (char *const *)argv);
		_exit(99);
	}
	close(in[0]);
	close(out[1]);
	child->out = out[0];
}

/* Exit status, or 128 + signal. */
static int finish(struct child *child)
{
	int status = 0;
	size_t len;

	waitpid(child->pid, &status, 0);
	if (child->out >= 0)
		close(child->out);
	rewind(child->err);
	len = fread(child->said, 1, sizeof(child->said) - 1, child->err);
	child->said[len] = '\0';
	fclose(child->err);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Run it to its end; what it said lives until the next call. */
static int run(const char *text, const char *const *words, const char **output)
{
	static struct child child;

	start(&child, text, words);
	*output = child.said;
	return finish(&child);
}

/* True when it has printed something: it is in its loop. */
static bool has_printed(const struct child *child)
{
	struct pollfd p = { .fd = child->out, .events = POLLIN };
	char byte;

	return poll(&p, 1, SEEN_MS) == 1 && read(child->out, &byte, 1) == 1;
}

/* ---- runs that go well ---- */

/* While it runs there are two maps, two programs and two links: the test can see them. */
static void check_there(const char *prefix, struct census *c)
{
	EXPECT_TRUE(wait_for(c, prefix, 2, 2, 2))
		LOG("%u programs, %u maps, %u links", c->nprogs, c->nmaps, c->nlinks);
}

TEST_F(kernel, run)
{
	static const char *const words[] = { "run", "-", "--duration", "500ms", NULL };
	struct census there_was;
	struct child child;

	start(&child, self->text, words);
	check_there(self->prefix, &there_was);
	EXPECT_EQ(0, finish(&child)) LOG("%s", child.said);
	check_gone(self->prefix, &there_was);
}

TEST_F(kernel, run_with_a_command)
{
	static const char *const words[] = { "run", "-", "--", "sleep", "0.5", NULL };
	struct census there_was;
	struct child child;

	start(&child, self->text, words);
	check_there(self->prefix, &there_was);
	EXPECT_EQ(0, finish(&child)) LOG("%s", child.said);
	check_gone(self->prefix, &there_was);
}

TEST_F(kernel, command_that_is_not_there)
{
	static const char *const words[] = { "run", "-", "--", "/no/such/command", NULL };
	const char *output;

	EXPECT_EQ(127, run(self->text, words, &output)) LOG("%s", output);
	check_gone(self->prefix, NULL);
}

TEST_F(kernel, check)
{
	static const char *const words[] = { "check", "-v", "-", NULL };
	const char *output;

	EXPECT_EQ(0, run(self->text, words, &output)) LOG("%s", output);
	EXPECT_HAS("_p2: BPF_PROG_LOAD: 2 instructions", output);
	check_gone(self->prefix, NULL);
}

/* ---- signals ---- */

static void check_signal(const char *prefix, const char *text, int number, int status)
{
	static const char *const words[] = { "run", "-", "--interval", "20ms", NULL };
	struct census there_was;
	struct child child;

	start(&child, text, words);
	EXPECT_TRUE(has_printed(&child));
	check_there(prefix, &there_was);
	kill(child.pid, number);
	EXPECT_EQ(status, finish(&child)) LOG("%s", child.said);
	check_gone(prefix, &there_was);
}

TEST_F(kernel, interrupt)
{
	check_signal(self->prefix, self->text, SIGINT, 0);
}

TEST_F(kernel, terminate)
{
	check_signal(self->prefix, self->text, SIGTERM, 0);
}

TEST_F(kernel, kill)
{
	check_signal(self->prefix, self->text, SIGKILL, 128 + SIGKILL);
}

TEST_F(kernel, quit)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	check_signal(self->prefix, self->text, SIGQUIT, 128 + SIGQUIT);
}

/* While it assembles, loads, attaches, runs: wherever the signal meets it. */
TEST_F_TIMEOUT(kernel, killed_at_any_time, 60)
{
	static const char *const words[] = { "run", "-", "--interval", "1ms", NULL };
	unsigned int times = 8 + t_rounds(32);
	struct child child;

	for (unsigned int i = 0; i < times; i++) {
		long us = (long)i * 20000 * t_patience() / (long)times;
		struct timespec time = { .tv_nsec = us * 1000 };

		start(&child, self->text, words);
		nanosleep(&time, NULL);
		kill(child.pid, SIGKILL);
		EXPECT_EQ(128 + SIGKILL, finish(&child)) LOG("%s", child.said);
	}
	check_gone(self->prefix, NULL);
}

/* ---- failures half way ---- */

TEST_F(kernel, second_program_rejected)
{
	static const char *const words[] = { "run", "-v", "-", NULL };
	const char *output;

	write_text(self->text, self->prefix, there, rejected);
	EXPECT_EQ(1, run(self->text, words, &output));
	EXPECT_HAS("_m2 (ringbuf, key 0, value 0, entries 65536): BPF_MAP_CREATE: descriptor",
		   output);
	EXPECT_HAS("_p1: BPF_PROG_LOAD: 9 instructions", output);
	EXPECT_HAS("error:", output);
	EXPECT_NULL(strstr(output, "_p2: BPF_PROG_LOAD: 1"));
	check_gone(self->prefix, NULL);
}

TEST_F(kernel, second_program_not_attached)
{
	static const char *const words[] = { "run", "-v", "-", NULL };
	const char *output;

	write_text(self->text, self->prefix, absent, good);
	EXPECT_EQ(1, run(self->text, words, &output));
	EXPECT_HAS("_p1 (raw_tp/sched_process_exec): BPF_RAW_TRACEPOINT_OPEN: descriptor", output);
	EXPECT_HAS("_p2 (raw_tp/no_such_tracepoint): BPF_RAW_TRACEPOINT_OPEN: No such file",
		   output);
	check_gone(self->prefix, NULL);
}

TEST_F(kernel, second_program_not_attachable)
{
	static const char *const words[] = { "run", "-v", "-", NULL };
	const char *output;

	REQUIRE_CAP(CAP_NET_ADMIN);
	write_text(self->text, self->prefix, "xdp", good);
	EXPECT_EQ(1, run(self->text, words, &output));
	EXPECT_HAS("_p1 (raw_tp/sched_process_exec): BPF_RAW_TRACEPOINT_OPEN: descriptor", output);
	EXPECT_HAS("_p2 (xdp): attach:", output);
	check_gone(self->prefix, NULL);
}

TEST_F(kernel, output_that_is_full)
{
	static const char *const words[] = { "run", "-", "--interval", "10ms", NULL };
	struct census there_was;
	struct child child;

	start(&child, self->text, words);
	check_there(self->prefix, &there_was);
	close(child.out);
	child.out = -1;
	EXPECT_EQ(1, finish(&child));
	EXPECT_HAS("cannot write the output: Broken pipe", child.said);
	check_gone(self->prefix, &there_was);
}

/* ---- pins ---- */

/* A bpffs of its own, in a mount namespace of its own. False: the test is skipped. */
static bool mount_bpffs(char dir[64])
{
	snprintf(dir, 64, "%s", "leaks_bpffs_XXXXXX");
	ASSERT_NOT_NULL(mkdtemp(dir));
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL)) {
		rmdir(dir);
		SKIP(return false, "no mount namespace (errno %d)", errno);
	}
	if (mount("bpf", dir, "bpf", 0, NULL)) {
		rmdir(dir);
		SKIP(return false, "cannot mount a bpffs (errno %d)", errno);
	}
	return true;
}

static void unmount_bpffs(const char *dir)
{
	EXPECT_EQ(0, umount2(dir, 0)) LOG("errno %d", errno);
	EXPECT_EQ(0, rmdir(dir)) LOG("errno %d", errno);
}

/* Entries of a folder, or -1. */
static int count_entries(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	int count = 0;

	if (!dir)
		return -1;
	while ((entry = readdir(dir)))
		count += entry->d_name[0] != '.';
	closedir(dir);
	return count;
}

static int load(const char *text, const char *dir, const char **output)
{
	const char *words[] = { "load", "-v", "-", dir, "--attach", NULL };

	return run(text, words, output);
}

/* The pins hold everything once bpfload is gone, and when they are gone nothing does. */
TEST_F(kernel, pins)
{
	char dir[64], pins[128];
	const char *output;
	struct census c;

	if (!mount_bpffs(dir))
		return;
	snprintf(pins, sizeof(pins), "%s/pins", dir);
	EXPECT_EQ(0, load(self->text, pins, &output)) LOG("%s", output);
	EXPECT_EQ(6, count_entries(pins));
	check_there(self->prefix, &c);
	unmount_bpffs(dir);
	check_gone(self->prefix, &c);
}

/* What cannot be pinned for want of a name: the other pins go, what was there stays. */
TEST_F(kernel, last_pin_fails)
{
	char dir[64], pins[128], taken[256];
	const char *output;

	if (!mount_bpffs(dir))
		return;
	snprintf(pins, sizeof(pins), "%s/pins", dir);
	snprintf(taken, sizeof(taken), "%s/%s_p2-link", pins, self->prefix);
	ASSERT_EQ(0, mkdir(pins, 0700));
	ASSERT_EQ(0, mkdir(taken, 0700));
	EXPECT_EQ(1, load(self->text, pins, &output));
	EXPECT_HAS("_p2-link: File exists", output);
	EXPECT_EQ(1, count_entries(pins));
	EXPECT_EQ(0, rmdir(taken));
	check_gone(self->prefix, NULL);
	EXPECT_EQ(0, rmdir(pins));
	unmount_bpffs(dir);
}

/* A second load finds the first one's pins: those stay, and hold what they held. */
TEST_F(kernel, pins_are_not_overwritten)
{
	char dir[64], pins[128];
	const char *output;
	struct census c;

	if (!mount_bpffs(dir))
		return;
	snprintf(pins, sizeof(pins), "%s/pins", dir);
	EXPECT_EQ(0, load(self->text, pins, &output)) LOG("%s", output);
	EXPECT_EQ(1, load(self->text, pins, &output));
	EXPECT_HAS("File exists", output);
	EXPECT_EQ(6, count_entries(pins));
	check_there(self->prefix, &c);
	unmount_bpffs(dir);
	check_gone(self->prefix, &c);
}

/* The folder that the failed load made is gone too. */
TEST_F(kernel, load_of_a_program_that_fails)
{
	char dir[64], pins[128];
	const char *output;
	int before;

	if (!mount_bpffs(dir))
		return;
	before = count_entries(dir);
	snprintf(pins, sizeof(pins), "%s/pins", dir);
	write_text(self->text, self->prefix, there, rejected);
	EXPECT_EQ(1, load(self->text, pins, &output));
	EXPECT_EQ(-1, count_entries(pins));
	write_text(self->text, self->prefix, absent, good);
	EXPECT_EQ(1, load(self->text, pins, &output));
	EXPECT_EQ(-1, count_entries(pins));
	EXPECT_EQ(before, count_entries(dir));
	check_gone(self->prefix, NULL);
	unmount_bpffs(dir);
}

/* A name that is too long for a file: what was pinned before it goes, and the folder with it. */
TEST_F(kernel, pin_with_a_long_name)
{
	char dir[64], pins[128], text[TEXT], name[300];
	const char *output;
	int before;

	if (!mount_bpffs(dir))
		return;
	before = count_entries(dir);	/* the kernel may put something there itself */
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	snprintf(pins, sizeof(pins), "%s/pins", dir);
	snprintf(text, sizeof(text), ".license \"GPL\"\n"
		 ".map %s_m1 type hash key u32 value u64 entries 8\n"
		 ".prog %s%s \"%s\"\n%s", self->prefix, self->prefix, name, there, good);
	EXPECT_EQ(1, load(text, pins, &output));
	EXPECT_HAS("BPF_OBJ_PIN", output);
	EXPECT_EQ(before, count_entries(dir)) LOG("%s", output);
	check_gone(self->prefix, NULL);
	unmount_bpffs(dir);
}

/* ---- descriptors of a process that uses the library ---- */

static int count_fds(void)
{
	return count_entries("/proc/self/fd");
}

static struct asm_object *assemble(const char *text)
{
	struct asm_options how = {
		.endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? ASM_BIG : ASM_LITTLE,
	};

	return asm_assemble("leaks.bpfasm", text, strlen(text), &how);
}

/* load_entry_fn */
static int pass_entry(void *arg, const void *key, const void *value)
{
	(void)arg;
	(void)key;
	(void)value;
	return 0;
}

/* Load, attach, read, print, close. */
static void use(const struct asm_object *obj)
{
	struct load_options opt = { .flags = LOAD_VERBOSE };
	FILE *f = fopen("/dev/null", "w");
	struct load_ring *ring;
	struct load *load;

	ASSERT_NOT_NULL(f);
	ASSERT_OK(load_open(obj, &opt, &load));
	EXPECT_OK(load_attach(load));
	EXPECT_OK(load_attach(load));
	EXPECT_EQ(0, load_print_map(f, LOAD_TEXT, load_map_fd(load, obj->maps[0].name),
				    &obj->maps[0], 3));
	EXPECT_OK(load_map_walk(load_map_fd(load, obj->maps[0].name), &obj->maps[0], pass_entry,
				NULL));
	EXPECT_OK(load_ring_open(load_map_fd(load, obj->maps[1].name), obj->maps[1].max_entries,
				 &ring));
	EXPECT_LT(load_pin(load, "/proc/self"), 0);
	load_ring_close(ring);
	load_close(load);
	fclose(f);
}

TEST_F_TIMEOUT(kernel, descriptors, 120)
{
	struct asm_object *obj = assemble(self->text);
	int before;

	ASSERT_NOT_NULL(obj);
	before = count_fds();
	for (unsigned int i = 0; i < t_rounds(50); i++)
		use(obj);
	EXPECT_EQ(before, count_fds());
	asm_free(obj);
	check_gone(self->prefix, NULL);
}

TEST_F_TIMEOUT(kernel, descriptors_of_failed_loads, 120)
{
	struct load_options opt = { .flags = 0 };
	struct load *load;
	struct asm_object *obj;
	int before;

	write_text(self->text, self->prefix, there, rejected);
	obj = assemble(self->text);
	ASSERT_NOT_NULL(obj);
	before = count_fds();
	for (unsigned int i = 0; i < t_rounds(50); i++) {
		EXPECT_LT(load_open(obj, &opt, &load), 0);
		EXPECT_NULL(load);
	}
	EXPECT_EQ(before, count_fds());
	asm_free(obj);
	check_gone(self->prefix, NULL);
}

/* The programs stay loaded, and can be attached once what was in the way is not. */
TEST_F_TIMEOUT(kernel, descriptors_of_failed_attaches, 120)
{
	struct load_options opt = { .flags = 0 };
	struct asm_object *obj;
	struct census c;
	struct load *load;
	int before, open;

	write_text(self->text, self->prefix, absent, good);
	obj = assemble(self->text);
	ASSERT_NOT_NULL(obj);
	before = count_fds();
	for (unsigned int i = 0; i < t_rounds(50); i++) {
		ASSERT_OK(load_open(obj, &opt, &load));
		open = count_fds();
		EXPECT_ERR(-ENOENT, load_attach(load));
		EXPECT_EQ(open, count_fds());
		EXPECT_ERR(-ENOENT, load_attach(load));
		EXPECT_EQ(open, count_fds());
		if (!i)
			EXPECT_TRUE(wait_for(&c, self->prefix, 2, 2, 0));
		load_close(load);
	}
	EXPECT_EQ(before, count_fds());
	asm_free(obj);
	check_gone(self->prefix, NULL);
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

/* No descriptor but the standard ones goes to a program that this process executes. */
TEST_F(kernel, descriptors_are_close_on_exec)
{
	struct asm_object *obj = assemble(self->text);
	struct load_options opt = { .flags = 0 };
	struct load_ring *ring;
	bool before[256];
	struct load *load;
	int made = 0;

	ASSERT_NOT_NULL(obj);
	for (int fd = 0; fd < 256; fd++)
		before[fd] = is_open(fd);
	ASSERT_OK(load_open(obj, &opt, &load));
	ASSERT_OK(load_attach(load));
	ASSERT_OK(load_ring_open(load_map_fd(load, obj->maps[1].name), obj->maps[1].max_entries,
				 &ring));
	for (int fd = 0; fd < 256; fd++) {
		if (before[fd] || !is_open(fd))
			continue;
		EXPECT_TRUE(fcntl(fd, F_GETFD) & FD_CLOEXEC) LOG("descriptor %d", fd);
		made++;
	}
	EXPECT_EQ(6, made);	/* two maps, two programs, two links */
	load_ring_close(ring);
	load_close(load);
	asm_free(obj);
}

/* Standard streams that are closed are not taken for something else. */
TEST_F(kernel, descriptors_are_above_2)
{
	struct asm_object *obj = assemble(self->text);
	struct load_options opt = { .flags = 0 };
	int saved[3], err;
	bool taken[3];
	struct load *load;

	ASSERT_NOT_NULL(obj);
	for (int fd = 0; fd < 3; fd++) {
		saved[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 100);
		close(fd);
	}
	err = load_open(obj, &opt, &load);
	if (!err)
		err = load_attach(load);
	for (int fd = 0; fd < 3; fd++) {
		taken[fd] = is_open(fd);
		if (saved[fd] >= 0)
			dup2(saved[fd], fd);
	}
	EXPECT_OK(err);
	for (int fd = 0; fd < 3; fd++)
		EXPECT_FALSE(taken[fd]) LOG("descriptor %d", fd);
	load_close(load);
	asm_free(obj);
}

/* Open descriptors until there is no free one below the highest, and return the next. */
static int fill_descriptors(void)
{
	int high = 0, fd;

	for (fd = 0; fd < 256; fd++)
		high = is_open(fd) ? fd + 1 : high;
	do
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && fd < high);
	close(fd);
	return fd;
}

static void limit_descriptors(rlim_t count)
{
	struct rlimit limit;

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = count;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
}

/* Out of descriptors at each step: the error says so, and what was done is undone. */
TEST_F(kernel, no_descriptor_left)
{
	struct asm_object *obj = assemble(self->text);
	struct load_options opt = { .flags = 0 };
	int high = fill_descriptors(), before = count_fds(), err = -1, more = 0;
	struct rlimit limit;

	ASSERT_NOT_NULL(obj);
	ASSERT_GT(high, 2);
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	for (; err && more < 20; more++) {
		struct load *load = NULL;

		limit_descriptors((rlim_t)(high + more));
		err = load_open(obj, &opt, &load);
		if (!err)
			err = load_attach(load);
		load_close(load);
		limit_descriptors(limit.rlim_cur);
		if (err)
			EXPECT_ERR(-EMFILE, err) LOG("with %d more", more);
		EXPECT_EQ(before, count_fds()) LOG("with %d more", more);
	}
	EXPECT_EQ(0, err);
	EXPECT_GE(more, 7);	/* six are needed: one try for each, and the one that succeeds */
	asm_free(obj);
	check_gone(self->prefix, NULL);
}

/* The kernel side of the door returns -errno, and leaves errno as it was. */
TEST_F(kernel, errno_stays)
{
	enum { BEFORE = 4321 };
	struct load_options opt = { .flags = LOAD_VERBOSE };
	struct asm_object *obj;
	struct load *load;

	write_text(self->text, self->prefix, absent, good);
	obj = assemble(self->text);
	ASSERT_NOT_NULL(obj);
	errno = BEFORE;
	EXPECT_OK(load_open(obj, &opt, &load));
	EXPECT_EQ(BEFORE, errno) LOG("load_open");
	errno = BEFORE;
	EXPECT_LT(load_attach(load), 0);
	EXPECT_EQ(BEFORE, errno) LOG("load_attach");
	errno = BEFORE;
	EXPECT_LT(load_pin(load, "/proc/self"), 0);
	EXPECT_EQ(BEFORE, errno) LOG("load_pin");
	errno = BEFORE;
	EXPECT_OK(load_map_walk(load_map_fd(load, obj->maps[0].name), &obj->maps[0], pass_entry,
				NULL));
	EXPECT_EQ(BEFORE, errno) LOG("load_map_walk");
	errno = BEFORE;
	EXPECT_GT(load_possible_cpus(), 0);
	EXPECT_EQ(BEFORE, errno) LOG("load_possible_cpus");
	errno = BEFORE;
	load_close(load);
	EXPECT_EQ(BEFORE, errno) LOG("load_close");
	asm_free(obj);
	write_text(self->text, self->prefix, there, rejected);
	obj = assemble(self->text);
	errno = BEFORE;
	EXPECT_LT(load_open(obj, &opt, &load), 0);
	EXPECT_EQ(BEFORE, errno) LOG("a failed load_open");
	asm_free(obj);
}

TEST_MAIN
