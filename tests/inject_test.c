/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inject_test.c - the loader when its system calls fail: each of them, once, and from then on.
 *
 * syscall() is defined here, so the library's calls of it come here; they go on to the kernel, or
 * to a small one in this file that needs no privilege, unless it is their turn to fail. Where libc
 * keeps dlsym() apart there is no way on to the kernel, and the tests that need one are skipped.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "../asm/asm.h"
#include "../loader/abi.h"
#include "../loader/loader.h"
#include "harness.h"
#include "kernel.h"

#pragma weak dlsym

static const enum asm_endian native = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? ASM_BIG : ASM_LITTLE;

enum { ARGS = 5, FDS = 256, SAID = 16384, KERNEL_ENOTSUPP = 524 };

enum kernel { THE_KERNEL, OUR_KERNEL };

/* ---- the calls ---- */

/* The log that our kernel's verifier writes. */
struct verifier {
	int error;		/* 0: it takes all programs */
	const char *log;
	size_t len;
	bool rolls;		/* of what does not fit keeps the end, and says how long it was */
	unsigned int again;	/* so many times EAGAIN first */
};

static struct {
	bool on;
	enum kernel kernel;
	struct verifier verifier;
	unsigned int calls, loads;	/* seen so far */
	unsigned int fail_at;		/* 0: none fails */
	bool keep;			/* those behind it fail too */
	int error;
	long number, cmd;		/* of the first that failed */
	int attached;			/* by our kernel, without a link */
	bool typed;			/* that one was of a map, with types */
} calls;

static long call_kernel(long number, const long a[ARGS])
{
	long (*next)(long, ...) = NULL;
	void *symbol = dlsym ? dlsym(RTLD_NEXT, "syscall") : NULL;

	if (!symbol) {
		errno = ENOSYS;
		return -1;
	}
	memcpy(&next, &symbol, sizeof(next));
	return next(number, a[0], a[1], a[2], a[3], a[4]);
}

static long fail_with(int error)
{
	errno = error;
	return -1;
}

static long some_descriptor(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* Write the log as kernels do (it rolls from 6.4 on), with a NUL; ENOSPC when it does not fit. */
static int write_log(struct abi_prog_load *attr)
{
	const struct verifier *v = &calls.verifier;
	char *room = (char *)(uintptr_t)attr->log_buf;
	size_t size = attr->log_size;

	if (v->rolls)
		attr->log_true_size = (uint32_t)v->len + 1;
	if (v->len < size) {
		memcpy(room, v->log ? v->log : "", v->len + 1);
		return 0;
	}
	memcpy(room, v->rolls ? v->log + v->len - (size - 1) : v->log, size - 1);
	room[size - 1] = '\0';
	return ENOSPC;
}

static long load_program(struct abi_prog_load *attr)
{
	int error = calls.verifier.error, cut = 0;

	calls.loads++;
	if (calls.verifier.again > 0) {
		calls.verifier.again--;
		return fail_with(EAGAIN);
	}
	if (attr->log_level)
		cut = write_log(attr);
	return cut || error ? fail_with(cut ? cut : error) : some_descriptor();
}

static long our_bpf(long cmd, void *attr)
{
	struct abi_raw_tracepoint_open *raw = attr;
	struct abi_link_create *link = attr;
	struct abi_prog_attach *at = attr;

	switch (cmd) {
	case BPF_BTF_LOAD:
	case BPF_MAP_CREATE:
		return some_descriptor();
	case BPF_PROG_LOAD:
		return load_program(attr);
	case BPF_RAW_TRACEPOINT_OPEN:
		return fcntl((int)raw->prog_fd, F_GETFD) < 0 ? -1 : some_descriptor();
	case BPF_PROG_ATTACH:
	case BPF_PROG_DETACH:
		if (fcntl((int)at->target_fd, F_GETFD) < 0 ||
		    fcntl((int)at->attach_bpf_fd, F_GETFD) < 0)
			return -1;
		calls.attached += cmd == BPF_PROG_ATTACH ? 1 : -1;
		return 0;
	case BPF_LINK_CREATE:
		if (link->attach_type == BPF_SK_MSG_VERDICT)
			return fail_with(EINVAL);	/* as before 6.10 */
		return fcntl((int)link->prog_fd, F_GETFD) < 0 ||
		       fcntl((int)link->target_fd, F_GETFD) < 0 ? -1 : some_descriptor();
	default:
		return fail_with(EINVAL);
	}
}

static long our_kernel(long number, const long a[ARGS])
{
	if (number == SYS_bpf)
		return our_bpf(a[0], (void *)a[1]);
	if (number == SYS_perf_event_open)
		return some_descriptor();
	if (number == SYS_ioctl)
		return fcntl((int)a[0], F_GETFD) < 0 ? -1 : 0;
	return call_kernel(number, a);
}

static bool its_turn(long number, long cmd, const void *attr)
{
	const struct abi_map_create *map = attr;

	calls.calls++;
	if (!calls.fail_at || calls.calls < calls.fail_at ||
	    (calls.calls > calls.fail_at && !calls.keep))
		return false;
	if (calls.calls == calls.fail_at) {
		calls.number = number;
		calls.cmd = cmd;
		calls.typed = number == SYS_bpf && cmd == BPF_MAP_CREATE && map->btf_fd;
	}
	return true;
}

/* In place of the C library's; sanitizers may call it too. */
long syscall(long number, ...)
{
	long a[ARGS];
	va_list ap;

	va_start(ap, number);
	for (int i = 0; i < ARGS; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (!calls.on || (number != SYS_bpf && number != SYS_perf_event_open &&
			  number != SYS_ioctl && number != SYS_getcpu))
		return call_kernel(number, a);
	if (its_turn(number, number == SYS_bpf ? a[0] : 0, (const void *)a[1]))
		return fail_with(calls.error);
	return calls.kernel == OUR_KERNEL ? our_kernel(number, a) : call_kernel(number, a);
}

static void calls_start(enum kernel kernel, unsigned int fail_at, int error, bool keep)
{
	calls.kernel = kernel;
	calls.calls = 0;
	calls.loads = 0;
	calls.fail_at = fail_at;
	calls.error = error;
	calls.keep = keep;
	calls.number = -1;
	calls.cmd = -1;
	calls.attached = 0;
	calls.on = true;
}

static void calls_stop(void)
{
	calls.on = false;
}

/* ---- what is said, and descriptors ---- */

struct said {
	unsigned int count, errors, line;
	size_t len;
	char text[SAID];
};

/* asm_sink */
static void hear(void *arg, const struct asm_diag *diag)
{
	struct said *said = arg;
	int before = errno;

	if (diag->severity == ASM_ERROR && said->errors++ == 0)
		said->line = diag->place.file ? diag->place.line : 0;
	said->count++;
	if (said->len < SAID)
		said->len += (size_t)snprintf(said->text + said->len, SAID - said->len, "%s\n",
					      diag->message);
	errno = before;
}

static void forget(struct said *said)
{
	memset(said, 0, offsetof(struct said, text));
	said->text[0] = '\0';
}

static void fds_now(bool open_fds[FDS])
{
	for (int fd = 0; fd < FDS; fd++)
		open_fds[fd] = fcntl(fd, F_GETFD) >= 0;
}

static bool fds_same(const bool before[FDS])
{
	bool now[FDS];

	fds_now(now);
	return memcmp(before, now, sizeof(now)) == 0;
}

static int entries_in(const char *dir)
{
	DIR *d = opendir(dir);
	int count = 0;

	while (d && readdir(d))
		count++;
	if (d)
		closedir(d);
	return count;
}

/* ---- texts ---- */

static const char raw_text[] =
	".license \"GPL\"\n"
	".map counts type hash key u32 value u64 entries 10\n"
	".map ring type ringbuf entries 65536\n"
	".prog first \"raw_tp/sched_process_exit\"\n"
	"	r1 = counts ll\n"
	"	r0 = 0\n"
	"	exit\n"
	".prog second \"raw_tp/sched_process_exec\"\n"
	"	r0 = 0\n"
	"	exit\n";

static const char btf_text[] =
	".license \"GPL\"\n"
	".map counts type percpu_array key u32 value u64 entries 1\n"
	".prog p \"tp_btf/sched_process_exec\"\n"
	"	r0 = 0\n"
	"	exit\n";

/* To detach one takes the kernel some 50 ms: no more of them than it needs. */
static const char tp_text[] =
	".license \"GPL\"\n"
	".prog p \"tp/sched/sched_process_exec\"\n"
	"	r0 = 0\n"
	"	exit\n";

static const char two_tp_text[] =
	".license \"GPL\"\n"
	".prog exec \"tp/sched/sched_process_exec\"\n"
	"	r0 = 0\n"
	"	exit\n"
	".prog exit \"tp/sched/sched_process_exit\"\n"
	"	r0 = 0\n"
	"	exit\n";

/* Nothing holds these but the places where they hang. */
static const char hang_text[] =
	".license \"GPL\"\n"
	".map sockets type sockmap key u32 value u32 entries 1\n"
	".prog message \"sk_msg\"\n"
	"	r0 = 1\n"
	"	exit\n"
	".prog key \"lirc_mode2\"\n"
	"	r0 = 0\n"
	"	exit\n";

/* ---- each call failing ---- */

FIXTURE_VARIANT(each) {
	enum kernel kernel;
	const char *text;
	uint32_t flags;
	bool tracefs, pin;
};

FIXTURE(each) {
	struct asm_object *obj;
	struct load_facts *facts;
	struct said said;
	bool before[FDS];
	char mounted[256], pins[300];
	int entries;		/* of the bpffs before */
};

FIXTURE_VARIANT_ADD(each, ours) { OUR_KERNEL, raw_text, 0, false, false };
FIXTURE_VARIANT_ADD(each, ours_verbose) { OUR_KERNEL, raw_text, LOAD_VERBOSE, false, false };
FIXTURE_VARIANT_ADD(each, ours_btf) { OUR_KERNEL, btf_text, 0, false, false };
FIXTURE_VARIANT_ADD(each, ours_tp) { OUR_KERNEL, two_tp_text, 0, true, false };
FIXTURE_VARIANT_ADD(each, raw_tp) { THE_KERNEL, raw_text, 0, false, false };
FIXTURE_VARIANT_ADD(each, raw_tp_verbose) { THE_KERNEL, raw_text, LOAD_VERBOSE, false, false };
FIXTURE_VARIANT_ADD(each, tp_btf) { THE_KERNEL, btf_text, 0, false, false };
FIXTURE_VARIANT_ADD(each, tp) { THE_KERNEL, tp_text, 0, true, false };
FIXTURE_VARIANT_ADD(each, ours_ioctl) {
	OUR_KERNEL, two_tp_text, LOAD_NO_PERF_LINK | LOAD_VERBOSE, true, false
};
FIXTURE_VARIANT_ADD(each, ours_hanging) { OUR_KERNEL, hang_text, 0, false, false };
FIXTURE_VARIANT_ADD(each, tp_ioctl) { THE_KERNEL, tp_text, LOAD_NO_PERF_LINK, true, false };
FIXTURE_VARIANT_ADD(each, pin) { THE_KERNEL, raw_text, 0, false, true };

/* Where only this process sees it; false where that cannot be. */
static bool mount_own(const char *type, char *dir, size_t size)
{
	const char *tmp = getenv("TMPDIR");

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return false;
	snprintf(dir, size, "%s/mountXXXXXX", tmp ? tmp : "/tmp");
	ASSERT_NOT_NULL(mkdtemp(dir));
	if (mount(type, dir, type, 0, NULL) == 0)
		return true;
	rmdir(dir);
	dir[0] = '\0';
	return false;
}

FIXTURE_SETUP(each)
{
	struct asm_options how = {
		.endian = native, .sink = hear, .sink_arg = &self->said,
		.quiet = 1 << ASM_WARNING_UNUSED_MAP,
	};
	const char *type = variant->pin ? "bpf" : "tracefs";

	REQUIRE(dlsym, "this C library keeps dlsym() in a library of its own");
	if (variant->kernel == THE_KERNEL) {
		REQUIRE_CAP(CAP_BPF);
		REQUIRE_CAP(CAP_PERFMON);
		REQUIRE(may_use_bpf(), "this process may not use bpf(2)");
	}
	if (strstr(variant->text, "tp_btf"))
		REQUIRE(access("/sys/kernel/btf/vmlinux", R_OK) == 0, "this kernel has no BTF");
	if (variant->tracefs || variant->pin)
		REQUIRE(mount_own(type, self->mounted, sizeof(self->mounted)), "cannot mount %s",
			type);
	snprintf(self->pins, sizeof(self->pins), "%s/pins", self->mounted);
	self->entries = entries_in(self->mounted);
	self->facts = load_facts_new();
	self->obj = asm_assemble("text", variant->text, strlen(variant->text), &how);
	ASSERT_NOT_NULL(self->facts);
	ASSERT_NOT_NULL(self->obj);
	fds_now(self->before);
}

FIXTURE_TEARDOWN(each)
{
	asm_free(self->obj);
	load_facts_free(self->facts);
	if (self->mounted[0]) {
		umount2(self->mounted, MNT_DETACH);
		rmdir(self->mounted);
	}
}

/* Open, attach, pin, close; the first error. */
static int cycle(struct each_self *self, const struct each_variant *variant)
{
	struct load_options opt = {
		.flags = variant->flags, .sink = hear, .sink_arg = &self->said,
		.facts = self->facts, .where.dev = "/dev/null",
	};
	struct load *load;
	int err;

	forget(&self->said);
	err = load_open(self->obj, &opt, &load);
	EXPECT_EQ(err != 0, load == NULL);
	if (!err)
		err = load_attach(load);
	if (!err && variant->pin)
		err = load_pin(load, self->pins);
	load_close(load);
	return err;
}

/* What the loader is to get over, when it happens once. */
static bool survivable(const struct each_variant *variant, int error)
{
	if (calls.number == SYS_bpf && calls.cmd == BPF_PROG_DETACH)
		return true;			/* nothing is left to do about it */
	if (calls.keep || calls.number != SYS_bpf)
		return calls.number == SYS_getcpu && !calls.keep;
	if (calls.cmd == BPF_PROG_LOAD)		/* tried again, for the log or without it */
		return !(variant->flags & LOAD_VERBOSE) || error == ENOMEM;
	if (calls.cmd == BPF_BTF_LOAD)		/* all goes without types */
		return true;
	if (calls.cmd == BPF_MAP_CREATE)	/* so does each map that has some */
		return error == EINVAL && calls.typed;
	return calls.cmd == BPF_LINK_CREATE && error == EINVAL;
}

/*
 * What a message calls the call that failed; after getcpu(2) it is the next that matters, and so it
 * is after one that gives types.
 */
static const char *call_name(const struct each_variant *variant, const struct asm_object *obj)
{
	if (calls.number == SYS_perf_event_open || calls.number == SYS_getcpu)
		return "perf_event_open";
	if (calls.number == SYS_ioctl)
		return "PERF_EVENT_IOC_SET_BPF";
	switch (calls.cmd) {
	case BPF_BTF_LOAD:
		return obj->nmaps ? "BPF_MAP_CREATE" : "BPF_PROG_LOAD";
	case BPF_MAP_CREATE:
		return "BPF_MAP_CREATE";
	case BPF_PROG_LOAD:
		return "BPF_PROG_LOAD";
	case BPF_RAW_TRACEPOINT_OPEN:
		return "BPF_RAW_TRACEPOINT_OPEN";
	case BPF_LINK_CREATE:
		/* with EINVAL the second rung is tried, and is what failed in the end */
		return calls.error != EINVAL ? "BPF_LINK_CREATE" :
		       variant->text == hang_text ? "BPF_PROG_ATTACH" : "PERF_EVENT_IOC_SET_BPF";
	case BPF_PROG_ATTACH:
		return "BPF_PROG_ATTACH";
	case BPF_OBJ_PIN:
		return "BPF_OBJ_PIN";
	}
	return "a call that this test does not know";
}

static void check_pins(struct each_self *self, bool made)
{
	if (made) {
		EXPECT_EQ(2 + 2 + 2 + 2, entries_in(self->pins));
		umount2(self->mounted, MNT_DETACH);
		ASSERT_EQ(0, mount("bpf", self->mounted, "bpf", 0, NULL));
	}
	EXPECT_EQ(self->entries, entries_in(self->mounted));
}

static void check_failing(struct each_self *self, const struct each_variant *variant,
			  unsigned int at, int error, bool keep)
{
	bool fine;
	int err;

	calls_start(variant->kernel, at, error, keep);
	err = cycle(self, variant);
	calls_stop();
	fine = survivable(variant, error);
	EXPECT_ERR(fine ? 0 : -error, err) LOG("call %u, %s", at, call_name(variant, self->obj));
	if (!fine) {
		EXPECT_GE(self->said.errors, 1) LOG("call %u", at);
		EXPECT_HAS(call_name(variant, self->obj), self->said.text) LOG("call %u", at);
		EXPECT_HAS(strerror(error), self->said.text) LOG("call %u", at);
	} else if (!variant->flags) {
		EXPECT_EQ(0, self->said.count) LOG("call %u: %s", at, self->said.text);
	}
	EXPECT_TRUE(fds_same(self->before)) LOG("call %u, %s", at, call_name(variant, self->obj));
	if (!keep && calls.cmd != BPF_PROG_DETACH)
		EXPECT_EQ(0, calls.attached) LOG("call %u, %s", at, call_name(variant, self->obj));
	if (variant->pin)
		check_pins(self, !err);
}

TEST_F(each, fails)
{
	static const int errors[] = { EPERM, EINVAL, ENOMEM, EMFILE };
	unsigned int count;

	calls_start(variant->kernel, 0, 0, false);
	EXPECT_OK(cycle(self, variant)) LOG("%s", self->said.text);
	calls_stop();
	EXPECT_EQ(0, self->said.errors) LOG("%s", self->said.text);
	EXPECT_TRUE(fds_same(self->before));
	if (variant->pin)
		check_pins(self, true);
	count = calls.calls;
	ASSERT_GE(count, 3);
	for (unsigned int at = 1; at <= count; at++) {
		for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
			check_failing(self, variant, at, errors[i], false);
			check_failing(self, variant, at, errors[i], true);
		}
	}
}

/* ---- without privilege ---- */

FIXTURE(ours) {
	struct asm_object *obj;
	struct load_options opt;
	struct load *load;
	struct said said;
	bool before[FDS];
};

FIXTURE_SETUP(ours)
{
	struct asm_options how = {
		.endian = native, .sink = hear, .sink_arg = &self->said,
		.quiet = 1 << ASM_WARNING_UNUSED_MAP,
	};

	self->opt = (struct load_options){ .sink = hear, .sink_arg = &self->said };
	self->obj = asm_assemble("text", raw_text, strlen(raw_text), &how);
	ASSERT_NOT_NULL(self->obj);
	fds_now(self->before);
}

FIXTURE_TEARDOWN(ours)
{
	EXPECT_TRUE(fds_same(self->before));
	asm_free(self->obj);
}

/* Whatever the kernel is, it is not asked. */
TEST_F(ours, denied_at_first)
{
	calls_start(THE_KERNEL, 1, EPERM, true);
	EXPECT_ERR(-EPERM, load_open(self->obj, &self->opt, &self->load));
	calls_stop();
	EXPECT_NULL(self->load);
	EXPECT_EQ(1, self->said.errors);
	EXPECT_EQ(2, self->said.line);
	EXPECT_HAS("map counts (hash, key 4, value 8, entries 10): BPF_MAP_CREATE: Operation not "
		   "permitted", self->said.text);
}

/* 524, which is for the kernel alone, has a name outside too. */
TEST_F(ours, not_supported)
{
	calls_start(OUR_KERNEL, 1, KERNEL_ENOTSUPP, true);
	EXPECT_ERR(-EOPNOTSUPP, load_open(self->obj, &self->opt, &self->load));
	calls_stop();
	EXPECT_EQ(1, self->said.errors);
	EXPECT_NULL(strstr(self->said.text, "524"));
}

/* A load that a signal cut short is tried again, but not for ever. */
TEST_F(ours, interrupted)
{
	calls.verifier.again = 3;
	calls_start(OUR_KERNEL, 0, 0, false);
	EXPECT_OK(load_open(self->obj, &self->opt, &self->load));
	EXPECT_EQ(3 + 2, calls.loads);
	load_close(self->load);
	calls_stop();
	EXPECT_EQ(0, self->said.count);
	calls.verifier.again = 1000;
	calls_start(OUR_KERNEL, 0, 0, false);
	EXPECT_ERR(-EAGAIN, load_open(self->obj, &self->opt, &self->load));
	calls_stop();
	EXPECT_LE(calls.loads, 20);
	EXPECT_EQ(1, self->said.errors);
	EXPECT_EQ(4, self->said.line);
}

/* Errors are what functions return: errno stays as it was, whatever was looked at. */
static void check_errno(struct ours_self *self, int error)
{
	enum { BEFORE = 4242 };

	for (unsigned int at = 1; at <= 6; at++) {
		calls_start(OUR_KERNEL, error ? at : 0, error, true);
		errno = BEFORE;
		if (!load_open(self->obj, &self->opt, &self->load))
			load_attach(self->load);
		load_close(self->load);
		EXPECT_EQ(BEFORE, errno) LOG("call %u: %s", at, strerror(error));
		calls_stop();
	}
}

TEST_F(ours, errno_is_left_alone)
{
	static const int errors[] = { 0, EINVAL, E2BIG, EMFILE, ENOMEM, ENOSYS };

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		check_errno(self, errors[i]);
}

TEST_F(ours, errno_is_left_alone_when_denied)
{
	check_errno(self, EPERM);
	check_errno(self, EACCES);
}

TEST_F(ours, silent)
{
	struct load_options opt = { .flags = LOAD_VERBOSE };

	calls_start(OUR_KERNEL, 4, EPERM, true);
	EXPECT_ERR(-EPERM, load_open(self->obj, &opt, &self->load));
	calls_stop();
}

/* ---- logs of all lengths ---- */

static const char last_lines[] =
	"2: (b7) r0 = 0\nR0 has something wrong with it\nprocessed 3 insns (limit 1000000)\n";

enum { TEXT_LINE = 6 };		/* of that instruction in raw_text */

/* A log of that length, whose end has the reason; freed with free(). */
static char *make_log(size_t len)
{
	static const char line[] = "0: (18) r1 = 0x0                    ; R1=map_ptr(ks=4,vs=8)\n";
	size_t end = len - strlen(last_lines);
	char *log = malloc(len + 1);

	ASSERT_NOT_NULL(log);
	for (size_t i = 0; i < end; i++)
		log[i] = line[(i + strlen(line) - end % strlen(line)) % strlen(line)];
	strcpy(log + end, last_lines);
	return log;
}

/* The program is rejected with such a log: what load_open() said of it. */
static void check_rejected(struct ours_self *self, size_t len, bool rolls)
{
	char *log = make_log(len);

	forget(&self->said);
	calls.verifier = (struct verifier){ EACCES, log, len, rolls, 0 };
	calls_start(OUR_KERNEL, 0, 0, false);
	EXPECT_ERR(-EACCES, load_open(self->obj, &self->opt, &self->load)) LOG("%zu", len);
	calls_stop();
	memset(&calls.verifier, 0, sizeof(calls.verifier));
	EXPECT_NULL(self->load);
	EXPECT_EQ(1, self->said.errors) LOG("%zu: %s", len, self->said.text);
	free(log);
}

static void check_explained(struct ours_self *self, size_t len, bool rolls)
{
	check_rejected(self, len, rolls);
	EXPECT_EQ(TEXT_LINE, self->said.line) LOG("%zu: %s", len, self->said.text);
	EXPECT_HAS("R0 has something wrong with it", self->said.text) LOG("%zu", len);
	EXPECT_HAS("program first (raw_tp/sched_process_exit): BPF_PROG_LOAD: Permission denied",
		   self->said.text) LOG("%zu", len);
}

TEST_F(ours, log_grows)
{
	static const size_t lens[] = { 100, 65534, 65535, 65536, 131071, 131072, 1000000 };

	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		check_explained(self, lens[i], false);
		EXPECT_LE(calls.loads, 8);
		check_explained(self, lens[i], true);
		EXPECT_LE(calls.loads, 3);	/* without, with, and with the room it needs */
	}
}

/* Past the largest log that kernels write, its end is all there is; or its beginning. */
TEST_F(ours, log_past_all_bounds)
{
	check_explained(self, 20 << 20, true);
	check_rejected(self, 20 << 20, false);
	EXPECT_LE(calls.loads, 12);
	EXPECT_HAS("BPF_PROG_LOAD: Permission denied", self->said.text);
	EXPECT_HAS("keeps only its beginning", self->said.text);
	EXPECT_EQ(4, self->said.line);
}

/* A program that is fine loads, whatever becomes of a log that someone wanted to see. */
TEST_F(ours, log_of_a_success)
{
	char *log = make_log(20 << 20);

	self->opt.flags = LOAD_VERBOSE;
	calls.verifier = (struct verifier){ 0, log, 20 << 20, false, 0 };
	calls_start(OUR_KERNEL, 0, 0, false);
	EXPECT_OK(load_open(self->obj, &self->opt, &self->load));
	load_close(self->load);
	calls_stop();
	EXPECT_EQ(0, self->said.errors);
	free(log);
}

/* Bytes of no sense, or none: the error is the kernel's, at the program. */
TEST_F(ours, log_of_nothing)
{
	static const char *const logs[] = { "", "\n\n", "processed 0 insns\n" };

	for (size_t i = 0; i < sizeof(logs) / sizeof(logs[0]); i++) {
		forget(&self->said);
		calls.verifier = (struct verifier){ EINVAL, logs[i], strlen(logs[i]), true, 0 };
		calls_start(OUR_KERNEL, 0, 0, false);
		EXPECT_ERR(-EINVAL, load_open(self->obj, &self->opt, &self->load));
		calls_stop();
		EXPECT_EQ(1, self->said.errors) LOG("%s", self->said.text);
		EXPECT_EQ(4, self->said.line);
		EXPECT_HAS("program first (raw_tp/sched_process_exit): BPF_PROG_LOAD: Invalid "
			   "argument", self->said.text);
	}
}

/* ---- walks ---- */

/* load_entry_fn */
static int count_entry(void *arg, const void *key, const void *value)
{
	(void)key;
	(void)value;
	return ++*(int *)arg, 0;
}

TEST(walk)
{
	static const char text[] =
		".map m type hash key u32 value u64 entries 100\n"
		".map p type percpu_hash key u32 value u64 entries 100\n"
		"r0 = 0\n"
		"exit\n";
	struct asm_options how = { .endian = native };
	struct load_options opt = { .flags = 0 };
	struct asm_object *obj = asm_assemble("text", text, strlen(text), &how);
	enum { KEYS = 20 };
	uint64_t value[4096] = { 0 };
	struct load *load;
	int fd, seen;

	REQUIRE(dlsym, "this C library keeps dlsym() in a library of its own");
	REQUIRE_CAP(CAP_BPF);
	REQUIRE(may_use_bpf(), "this process may not use bpf(2)");
	ASSERT_NOT_NULL(obj);
	ASSERT_OK(load_open(obj, &opt, &load));
	for (size_t m = 0; m < obj->nmaps; m++) {
		fd = load_map_fd(load, obj->maps[m].name);
		for (uint32_t key = 0; key < KEYS; key++)
			ASSERT_OK(load_map_update(fd, &key, value, BPF_ANY));
		for (unsigned int at = 1; at <= 2 * KEYS + 1; at++) {
			seen = 0;
			calls_start(THE_KERNEL, at, EPERM, false);
			EXPECT_ERR(-EPERM, load_map_walk(fd, &obj->maps[m], count_entry, &seen));
			calls_stop();
			EXPECT_LE(seen, (int)at / 2);
		}
		seen = 0;
		EXPECT_OK(load_map_walk(fd, &obj->maps[m], count_entry, &seen));
		EXPECT_EQ(KEYS, seen);
	}
	load_close(load);
	asm_free(obj);
}

TEST_MAIN
