/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * load_test.c - the loader on the running kernel: maps and walks of them, attaching, pins, facts,
 * and what it says of failures.
 *
 * tracefs and bpffs are mounted where nobody else sees it: each test is a process, which takes a
 * mount namespace of its own.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "../asm/asm.h"
#include "../loader/abi.h"
#include "../loader/loader.h"
#include "harness.h"
#include "kernel.h"

static const enum asm_endian native = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? ASM_BIG : ASM_LITTLE;

/* ---- what is said ---- */

enum { SAID = 16384 };

struct said {
	unsigned int count, errors;
	unsigned int line, col;		/* of the first error; 0: it has no place */
	size_t len;
	char text[SAID];		/* a message a line */
};

/* asm_sink */
static void hear(void *arg, const struct asm_diag *diag)
{
	struct said *said = arg;

	if (diag->severity == ASM_ERROR && said->errors++ == 0 && diag->place.file) {
		said->line = diag->place.line;
		said->col = diag->place.col;
	}
	said->count++;
	if (said->len < SAID)
		said->len += (size_t)snprintf(said->text + said->len, SAID - said->len, "%s\n",
					      diag->message);
	asm_diag_print(stderr, diag);
}

static void forget(struct said *said)
{
	memset(said, 0, offsetof(struct said, text));
	said->text[0] = '\0';
}

/* ---- descriptors ---- */

enum { FDS = 256 };

struct fds {
	bool open[FDS];
};

static void fds_now(struct fds *fds)
{
	for (int fd = 0; fd < FDS; fd++)
		fds->open[fd] = fcntl(fd, F_GETFD) >= 0;
}

/* Both lists are the same; what is too many is named. */
static bool fds_same(const struct fds *before)
{
	struct fds now;
	bool same = true;

	fds_now(&now);
	for (int fd = 0; fd < FDS; fd++) {
		if (now.open[fd] == before->open[fd])
			continue;
		fprintf(stderr, "descriptor %d: %s\n", fd, now.open[fd] ? "left open" : "gone");
		same = false;
	}
	return same;
}

/* Those that are new: out of the way of the standard streams, and gone in a program executed. */
static void check_new_fds(const struct fds *before)
{
	struct fds now;

	fds_now(&now);
	for (int fd = 0; fd < FDS; fd++) {
		if (!now.open[fd] || before->open[fd])
			continue;
		EXPECT_GT(fd, 2);
		EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD)) LOG("descriptor %d", fd);
	}
}

/* How many descriptors are of the kind that /proc/self/fd says with this word. */
static int count_fds(const char *word)
{
	char path[32], target[PATH_MAX];
	int count = 0;

	for (int fd = 0; fd < FDS; fd++) {
		ssize_t len;

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		len = readlink(path, target, sizeof(target) - 1);
		if (len < 0)
			continue;
		target[len] = '\0';
		count += strstr(target, word) != NULL;
	}
	return count;
}

/* ---- the kernel, asked without the loader ---- */

static int info_of(int fd, void *info, uint32_t size)
{
	struct abi_info_by_fd attr;

	memset(info, 0, size);
	memset(&attr, 0, sizeof(attr));
	attr.bpf_fd = (uint32_t)fd;
	attr.info_len = size;
	attr.info = abi_ptr(info);
	return bpf(BPF_OBJ_GET_INFO_BY_FD, &attr, abi_end(struct abi_info_by_fd, info));
}

static bool kernel_has_btf(void)
{
	return access("/sys/kernel/btf/vmlinux", R_OK) == 0;
}

#define REQUIRE_BPF() do { \
	REQUIRE_CAP(CAP_BPF); \
	REQUIRE_CAP(CAP_PERFMON); \
	REQUIRE(may_use_bpf(), "this process may not use bpf(2)"); \
} while (0)

/* ---- mounts of our own ---- */

struct mounted {
	char dir[256];		/* "" while there is none */
	char why[128];		/* there is none */
};

/* Mount a file system where only this process sees it; false with the reason to skip. */
static bool mount_own(struct mounted *m, const char *type)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(m->dir, sizeof(m->dir), "%s/its own %s\\ XXXXXX", tmp ? tmp : "/tmp", type);
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)) {
		snprintf(m->why, sizeof(m->why), "no mount namespace: %s", strerror(errno));
		m->dir[0] = '\0';
		return false;
	}
	ASSERT_NOT_NULL(mkdtemp(m->dir));
	if (mount(type, m->dir, type, 0, NULL) == 0)
		return true;
	snprintf(m->why, sizeof(m->why), "cannot mount %s: %s", type, strerror(errno));
	rmdir(m->dir);
	m->dir[0] = '\0';
	return false;
}

static void unmount_own(struct mounted *m)
{
	if (!m->dir[0])
		return;
	umount2(m->dir, MNT_DETACH);
	rmdir(m->dir);
	m->dir[0] = '\0';
}

/* No tracefs at all, in this process. */
static void hide_tracefs(void)
{
	static const char *const places[] = {
		"/sys/kernel/tracing", "/sys/kernel/debug/tracing", "/sys/kernel/debug",
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		while (umount2(places[i], MNT_DETACH) == 0)
			;
}

/* ---- texts, loaded ---- */

struct loaded {
	struct asm_object *obj;
	struct load_facts *facts;
	struct load *load;
	struct load_options opt;
	struct said said;
};

/* Assemble and load; what load_open() says. */
static int loaded_open(struct loaded *l, const char *text, uint32_t flags)
{
	struct asm_options how = {
		.endian = native, .sink = hear, .sink_arg = &l->said,
		.quiet = UINT32_MAX,	/* what the loader says is the matter here */
		.resolve = load_facts_resolve,
	};

	l->facts = load_facts_new();
	ASSERT_NOT_NULL(l->facts);
	how.resolve_arg = l->facts;
	l->opt = (struct load_options){
		.flags = flags, .sink = hear, .sink_arg = &l->said, .facts = l->facts,
	};
	forget(&l->said);
	l->obj = asm_assemble("text", text, strlen(text), &how);
	ASSERT_NOT_NULL(l->obj);
	EXPECT_EQ(0, l->said.count);
	return load_open(l->obj, &l->opt, &l->load);
}

static void loaded_close(struct loaded *l)
{
	load_close(l->load);
	l->load = NULL;
	load_facts_free(l->facts);
	l->facts = NULL;
	asm_free(l->obj);
	l->obj = NULL;
}

static const struct asm_map *map_named(const struct asm_object *obj, const char *name)
{
	for (size_t i = 0; i < obj->nmaps; i++)
		if (!strcmp(obj->maps[i].name, name))
			return &obj->maps[i];
	return NULL;
}

/* ---- maps ---- */

enum { ENTRIES = 1000, KEYS = 50, VALUE = 12, SLOT = 16, MOST_CPUS = 8192 };

static const char map_text[] =
	".map hash type hash key u32 value u8[12] entries 1000\n"
	".map array type array key u32 value u8[12] entries 1000\n"
	".map percpu_hash type percpu_hash key u32 value u8[12] entries 1000\n"
	".map percpu_array type percpu_array key u32 value u8[12] entries 1000\n"
	".map lru_hash type lru_hash key u32 value u8[12] entries 1000\n"
	".map lru_percpu_hash type lru_percpu_hash key u32 value u8[12] entries 1000\n"
	".map a_name_of_more_than_15 type hash key u32 value u64 entries 1\n"
	"r0 = 0\n"
	"exit\n";

FIXTURE_VARIANT(map) {
	const char *name;
	uint32_t type;
	bool array, percpu;
};

FIXTURE(map) {
	struct loaded l;
	const struct asm_map *map;
	int fd;
	unsigned int cpus;	/* values a key */
};

FIXTURE_VARIANT_ADD(map, hash) { "hash", BPF_MAP_TYPE_HASH, false, false };
FIXTURE_VARIANT_ADD(map, array) { "array", BPF_MAP_TYPE_ARRAY, true, false };
FIXTURE_VARIANT_ADD(map, percpu_hash) { "percpu_hash", BPF_MAP_TYPE_PERCPU_HASH, false, true };
FIXTURE_VARIANT_ADD(map, percpu_array) { "percpu_array", BPF_MAP_TYPE_PERCPU_ARRAY, true, true };
FIXTURE_VARIANT_ADD(map, lru_hash) { "lru_hash", BPF_MAP_TYPE_LRU_HASH, false, false };
FIXTURE_VARIANT_ADD(map, lru_percpu_hash) {
	"lru_percpu_hash", BPF_MAP_TYPE_LRU_PERCPU_HASH, false, true
};

FIXTURE_SETUP(map)
{
	int cpus = load_possible_cpus();

	REQUIRE_BPF();
	ASSERT_OK(loaded_open(&self->l, map_text, 0));
	EXPECT_EQ(0, self->l.said.count);
	self->map = map_named(self->l.obj, variant->name);
	ASSERT_NOT_NULL(self->map);
	self->fd = load_map_fd(self->l.load, variant->name);
	ASSERT_GT(self->fd, 2);
	ASSERT_GT(cpus, 0);
	ASSERT_LE(cpus, MOST_CPUS);
	self->cpus = variant->percpu ? (unsigned int)cpus : 1;
}

FIXTURE_TEARDOWN(map)
{
	loaded_close(&self->l);
}

TEST_F(map, is_what_was_asked_for)
{
	struct abi_map_info info;

	ASSERT_OK(info_of(self->fd, &info, sizeof(info)));
	EXPECT_EQ(variant->type, info.type);
	EXPECT_EQ(4, info.key_size);
	EXPECT_EQ(VALUE, info.value_size);
	EXPECT_EQ(ENTRIES, info.max_entries);
	EXPECT_STREQ(variant->name, info.name);
	EXPECT_EQ(FD_CLOEXEC, fcntl(self->fd, F_GETFD));
	ASSERT_OK(info_of(load_map_fd(self->l.load, "a_name_of_more_than_15"), &info,
			  sizeof(info)));
	EXPECT_STREQ("a_name_of_more_", info.name);
	EXPECT_ERR(-ENOENT, load_map_fd(self->l.load, "a_name_of_more_"));
	EXPECT_ERR(-ENOENT, load_map_fd(self->l.load, ""));
	EXPECT_ERR(-ENOENT, load_prog_fd(self->l.load, "hash"));
}

static uint8_t byte_of(uint32_t key, unsigned int cpu, unsigned int i)
{
	return (uint8_t)(key * 7 + cpu * 31 + i);
}

static void put_keys(int fd, unsigned int cpus, uint32_t count)
{
	static uint8_t value[MOST_CPUS * SLOT];

	for (uint32_t key = 0; key < count; key++) {
		for (unsigned int i = 0; i < cpus * SLOT; i++)
			value[i] = i % SLOT < VALUE ? byte_of(key, i / SLOT, i % SLOT) : 0;
		ASSERT_OK(load_map_update(fd, &key, value, BPF_ANY));
	}
}

struct walked {
	unsigned int cpus, count;
	uint32_t keys;		/* those below were put there; more of an array are 0 */
	unsigned int seen[ENTRIES];
	bool wrong;
	unsigned int stop_at;
	int stop;
};

/* load_entry_fn */
static int look(void *arg, const void *key_data, const void *value_data)
{
	const uint8_t *value = value_data;
	struct walked *w = arg;
	uint32_t key;

	memcpy(&key, key_data, sizeof(key));
	w->count++;
	if (key >= ENTRIES) {
		w->wrong = true;
		return 0;
	}
	w->seen[key]++;
	for (unsigned int cpu = 0; cpu < w->cpus; cpu++)
		for (unsigned int i = 0; i < VALUE; i++)
			w->wrong |= value[cpu * SLOT + i] !=
				    (key < w->keys ? byte_of(key, cpu, i) : 0);
	return w->count == w->stop_at ? w->stop : 0;
}

TEST_F(map, walked)
{
	uint32_t count = variant->array ? ENTRIES : KEYS;
	static struct walked w;

	w.cpus = self->cpus;
	w.keys = KEYS;
	put_keys(self->fd, self->cpus, KEYS);
	ASSERT_OK(load_map_walk(self->fd, self->map, look, &w));
	EXPECT_FALSE(w.wrong);
	EXPECT_EQ(count, w.count);
	for (uint32_t key = 0; key < count; key++)
		EXPECT_EQ(1, w.seen[key]) LOG("key %u", key);
}

TEST_F(map, walked_empty)
{
	static struct walked w;

	w.cpus = self->cpus;
	ASSERT_OK(load_map_walk(self->fd, self->map, look, &w));
	EXPECT_FALSE(w.wrong);
	EXPECT_EQ(variant->array ? ENTRIES : 0, w.count);
}

TEST_F(map, callback_ends_the_walk)
{
	static struct walked w;

	w.cpus = self->cpus;
	w.keys = KEYS;
	put_keys(self->fd, self->cpus, KEYS);
	w.stop_at = 3;
	w.stop = 42;
	EXPECT_EQ(42, load_map_walk(self->fd, self->map, look, &w));
	EXPECT_EQ(3, w.count);
	w.count = 0;
	w.stop = -EDOM;
	EXPECT_ERR(-EDOM, load_map_walk(self->fd, self->map, look, &w));
	EXPECT_EQ(3, w.count);
}

/* The kernel writes a value for each possible CPU, and load_possible_cpus() knows how many. */
TEST_F(map, spans_what_the_kernel_writes)
{
	static uint8_t value[(MOST_CPUS + 1) * SLOT];
	size_t span = variant->percpu ? self->cpus * SLOT : VALUE;
	uint32_t key = 1;

	put_keys(self->fd, self->cpus, 2);
	memset(value, 0xa5, sizeof(value));
	ASSERT_OK(load_map_lookup(self->fd, &key, value));
	for (size_t i = span; i < sizeof(value); i++)
		ASSERT_EQ(0xa5, value[i]) LOG("byte %zu of %zu was written", i, span);
	EXPECT_EQ(byte_of(1, self->cpus - 1, VALUE - 1),
		  value[(self->cpus - 1) * SLOT + VALUE - 1]);
}

TEST_F(map, elements)
{
	static uint8_t value[MOST_CPUS * SLOT];
	uint32_t key = 7, over = ENTRIES;

	EXPECT_ERR(variant->array ? 0 : -ENOENT, load_map_lookup(self->fd, &key, value));
	EXPECT_ERR(variant->array ? 0 : -ENOENT,
		   load_map_update(self->fd, &key, value, BPF_EXIST));
	EXPECT_ERR(variant->array ? -EEXIST : 0,
		   load_map_update(self->fd, &key, value, BPF_NOEXIST));
	EXPECT_ERR(-EEXIST, load_map_update(self->fd, &key, value, BPF_NOEXIST));
	EXPECT_OK(load_map_update(self->fd, &key, value, BPF_EXIST));
	EXPECT_ERR(variant->array ? -EINVAL : 0, load_map_delete(self->fd, &key));
	EXPECT_ERR(variant->array ? -EINVAL : -ENOENT, load_map_delete(self->fd, &key));
	EXPECT_ERR(-ENOENT, load_map_lookup(self->fd, &over, value));
	EXPECT_ERR(-EBADF, load_map_lookup(-1, &key, value));
	EXPECT_ERR(-EBADF, load_map_walk(-1, self->map, look, NULL));
}

TEST(ringbuf)
{
	struct abi_map_info info;
	static struct loaded l;
	static struct walked w;
	char text[128];
	int fd;

	REQUIRE_BPF();
	snprintf(text, sizeof(text), ".map ring type ringbuf entries %ld\nr0 = 0\nexit\n",
		 sysconf(_SC_PAGESIZE));
	ASSERT_OK(loaded_open(&l, text, 0));
	fd = load_map_fd(l.load, "ring");
	ASSERT_OK(info_of(fd, &info, sizeof(info)));
	EXPECT_EQ(BPF_MAP_TYPE_RINGBUF, info.type);
	EXPECT_EQ(sysconf(_SC_PAGESIZE), info.max_entries);
	EXPECT_ERR(-EOPNOTSUPP, load_map_walk(fd, &l.obj->maps[0], look, &w));
	EXPECT_EQ(0, w.count);
	loaded_close(&l);
}

TEST(possible_cpus)
{
	int cpus = load_possible_cpus();

	REQUIRE(access("/sys/devices/system/cpu/possible", R_OK) == 0 || may_use_bpf(),
		"no /sys, and this process may not use bpf(2)");
	EXPECT_GT(cpus, 0);
	EXPECT_GE(cpus, sysconf(_SC_NPROCESSORS_ONLN));
	EXPECT_EQ(cpus, load_possible_cpus());
}

/* ---- walks of what changes meanwhile ---- */

enum { STAY = 4000, CHURN = 4000, ROUNDS = 15 };

/* Keys from 0 on that are there before: of some hundreds a walk takes several parts, too. */
static uint32_t stay(void)
{
	return t_patience() > 1 ? STAY / 8 : STAY;
}

static const char churn_text[] =
	".map busy type hash key u32 value u64 entries 20000\n"
	"r0 = 0\n"
	"exit\n";

FIXTURE(churn) {
	struct loaded l;
	const struct asm_map *map;
	int fd;
};

FIXTURE_SETUP(churn)
{
	uint64_t value = 1;

	REQUIRE_BPF();
	ASSERT_OK(loaded_open(&self->l, churn_text, 0));
	self->map = &self->l.obj->maps[0];
	self->fd = load_map_fd(self->l.load, "busy");
	for (uint32_t key = 0; key < stay(); key++)
		ASSERT_OK(load_map_update(self->fd, &key, &value, BPF_NOEXIST));
}

FIXTURE_TEARDOWN(churn)
{
	loaded_close(&self->l);
}

struct met {
	int fd;
	unsigned int count, twice;
	bool drop_it, drop_first, add;
	uint8_t seen[STAY + 20000];
};

static int first_key(int fd, uint32_t *key)
{
	struct abi_map_elem attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (uint32_t)fd;
	attr.next_key = abi_ptr(key);
	return bpf(BPF_MAP_GET_NEXT_KEY, &attr, abi_end(struct abi_map_elem, next_key));
}

/* load_entry_fn */
static int meet(void *arg, const void *key_data, const void *value)
{
	struct met *met = arg;
	uint32_t key, other;

	memcpy(&key, key_data, sizeof(key));
	if (key >= sizeof(met->seen))
		return -ERANGE;
	met->count++;
	met->twice += met->seen[key]++ > 0;
	if (met->drop_it && load_map_delete(met->fd, &key))
		return -EIO;
	if (met->drop_first && first_key(met->fd, &other) == 0)
		load_map_delete(met->fd, &other);
	other = stay() + met->count;
	if (met->add && other < sizeof(met->seen))
		load_map_update(met->fd, &other, value, BPF_ANY);
	return 0;
}

/* Another process puts and deletes keys behind those, until it is killed. */
static pid_t start_churning(int fd)
{
	uint32_t state = 12345, key;
	uint64_t value = 2;
	pid_t pid = fork();

	while (pid == 0) {
		state = state * 1103515245 + 12345;
		key = stay() + (state >> 8) % CHURN;
		if (state & 1 << 24)
			load_map_delete(fd, &key);
		else
			load_map_update(fd, &key, &value, BPF_ANY);
	}
	return pid;
}

/* Whatever comes and goes, what stays is seen, and once. */
TEST_F(churn, while_another_process_writes)
{
	static struct met met;
	pid_t pid = start_churning(self->fd);

	ASSERT_OK(pid);
	for (unsigned int round = 0; round < t_rounds(ROUNDS); round++) {
		memset(&met, 0, sizeof(met));
		met.fd = self->fd;
		EXPECT_OK(load_map_walk(self->fd, self->map, meet, &met));
		for (uint32_t key = 0; key < stay(); key++)
			if (met.seen[key] != 1)
				EXPECT_EQ(1, met.seen[key]) LOG("key %u in round %u", key, round);
		EXPECT_EQ(0, met.twice) LOG("of those that come and go, in round %u", round);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

TEST_F(churn, deleting_each)
{
	static struct met met;
	uint32_t key;

	met.fd = self->fd;
	met.drop_it = true;
	EXPECT_OK(load_map_walk(self->fd, self->map, meet, &met));
	EXPECT_EQ(stay(), met.count);
	EXPECT_EQ(0, met.twice);
	EXPECT_ERR(-ENOENT, first_key(self->fd, &key));
}

/* The one whose turn it is next goes too. */
TEST_F(churn, deleting_others)
{
	static struct met met;
	uint32_t key;

	met.fd = self->fd;
	met.drop_it = true;
	met.drop_first = true;
	EXPECT_OK(load_map_walk(self->fd, self->map, meet, &met));
	EXPECT_GE(met.count, stay() / 2);
	EXPECT_LE(met.count, stay());
	EXPECT_EQ(0, met.twice);
	EXPECT_ERR(-ENOENT, first_key(self->fd, &key));
}

/* A map that grows under the walk comes to its end. */
TEST_F(churn, adding)
{
	static struct met met;

	met.fd = self->fd;
	met.add = true;
	EXPECT_OK(load_map_walk(self->fd, self->map, meet, &met));
	EXPECT_GE(met.count, stay());
	EXPECT_EQ(0, met.twice);
}

/* ---- attaching ---- */

enum { COMM = 16, CALLS = 200 };

/* Counts, on each CPU, the system calls of one number that a process of one name makes. */
static const char count_text[] =
	".license \"GPL\"\n"
	".map counts type percpu_array key u32 value u64 entries 1\n"
	".prog count \"%s\"\n"
	"	r6 = *(u64 *)(r1 + %s)\n"
	"	if r6 != %d goto out\n"
	"	r1 = r10\n"
	"	r1 += -16\n"
	"	r2 = 16\n"
	"	call get_current_comm\n"
	"	r1 = *(u64 *)(r10 - 16)\n"
	"	r2 = %#llx ll\n"
	"	if r1 != r2 goto out\n"
	"	r1 = *(u64 *)(r10 - 8)\n"
	"	r2 = %#llx ll\n"
	"	if r1 != r2 goto out\n"
	"	r1 = 0\n"
	"	*(u32 *)(r10 - 4) = r1\n"
	"	r2 = r10\n"
	"	r2 += -4\n"
	"	r1 = counts ll\n"
	"	call map_lookup_elem\n"
	"	if r0 == 0 goto out\n"
	"	r1 = *(u64 *)(r0 + 0)\n"
	"	r1 += 1\n"
	"	*(u64 *)(r0 + 0) = r1\n"
	"out:	r0 = 0\n"
	"	exit\n";

/* A text for a section, in which the number of the call is at `where`; takes a name to count. */
static void count_source(char *text, size_t size, const char *section, const char *where)
{
	unsigned long long words[2];
	char comm[COMM];

	snprintf(comm, sizeof(comm), "c%06x%08x", (unsigned int)getpid() & 0xffffff,
		 (unsigned int)time(NULL));
	ASSERT_EQ(COMM - 1, strlen(comm));
	ASSERT_EQ(0, prctl(PR_SET_NAME, comm));
	memcpy(words, comm, sizeof(words));
	snprintf(text, size, count_text, section, where, (int)SYS_getppid, words[0], words[1]);
}

static void make_calls(unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		syscall(SYS_getppid);
}

static void run_on(unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(set), &set));
}

static void read_counts(int fd, uint64_t counts[MOST_CPUS])
{
	uint32_t key = 0;

	ASSERT_OK(load_map_lookup(fd, &key, counts));
}

/* Calls on every CPU that there is for this process: as many are counted there, to the last. */
static void check_counting(int fd)
{
	static uint64_t counts[MOST_CPUS], want[MOST_CPUS];
	unsigned int cpus = (unsigned int)load_possible_cpus(), used = 0;
	cpu_set_t all;

	ASSERT_EQ(0, sched_getaffinity(0, sizeof(all), &all));
	ASSERT_LE(cpus, MOST_CPUS);
	read_counts(fd, want);
	for (unsigned int cpu = 0; cpu < CPU_SETSIZE && cpu < cpus; cpu++) {
		if (!CPU_ISSET(cpu, &all))
			continue;
		run_on(cpu);
		make_calls(CALLS + cpu);
		want[cpu] += CALLS + cpu;
		used++;
	}
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(all), &all));
	read_counts(fd, counts);
	EXPECT_GE(used, 1);
	for (unsigned int cpu = 0; cpu < cpus; cpu++)
		EXPECT_EQ(want[cpu], counts[cpu]) LOG("CPU %u", cpu);
}

static void check_idle(int fd)
{
	static uint64_t before[MOST_CPUS], after[MOST_CPUS];

	read_counts(fd, before);
	make_calls(CALLS);
	read_counts(fd, after);
	EXPECT_MEMEQ(before, after, sizeof(before));
}

/* Loaded, attached, detached; before and after nothing is counted. */
static void check_attach(struct loaded *l, struct fds *before)
{
	int fd = dup(load_map_fd(l->load, "counts"));

	check_idle(fd);
	before->open[fd] = true;
	ASSERT_OK(load_attach(l->load));
	check_new_fds(before);
	check_counting(fd);
	ASSERT_OK(load_attach(l->load));	/* attached is attached */
	check_counting(fd);
	loaded_close(l);
	check_idle(fd);
	close(fd);
	before->open[fd] = false;
	EXPECT_TRUE(fds_same(before));
}

/* The kernel has a type for each of its tracepoints. */
static bool kernel_has_tracepoint(const char *type)
{
	struct asm_btf *btf = NULL;
	bool has = true;
	char *data;
	size_t len;

	if (asm_read_file("/sys/kernel/btf/vmlinux", &data, &len))
		return true;
	if (asm_btf_open(data, len, &btf) == 0)
		has = asm_btf_find(btf, ASM_BTF_TYPEDEF, type) > 0;
	asm_btf_close(btf);
	free(data);
	return has;
}

FIXTURE(attach) {
	struct loaded l;
	struct fds before;
	struct mounted tracefs;
	char text[2048];
};

FIXTURE_SETUP(attach)
{
	REQUIRE_BPF();
	REQUIRE(kernel_has_tracepoint("btf_trace_sys_enter"),
		"this kernel has no tracepoint sys_enter");
	fds_now(&self->before);
}

FIXTURE_TEARDOWN(attach)
{
	loaded_close(&self->l);
	unmount_own(&self->tracefs);
}

TEST_F(attach, raw_tp)
{
	count_source(self->text, sizeof(self->text), "raw_tp/sys_enter", "8");
	ASSERT_OK(loaded_open(&self->l, self->text, 0));
	check_attach(&self->l, &self->before);
	EXPECT_EQ(0, self->l.said.count);
}

TEST_F(attach, tp_btf)
{
	struct load *alone;		/* which reads the facts by itself */

	REQUIRE(kernel_has_btf(), "this kernel has no BTF");
	count_source(self->text, sizeof(self->text), "tp_btf/sys_enter", "8");
	ASSERT_OK(loaded_open(&self->l, self->text, 0));
	self->l.opt.facts = NULL;
	ASSERT_OK(load_open(self->l.obj, &self->l.opt, &alone));
	load_close(alone);
	check_attach(&self->l, &self->before);
	EXPECT_EQ(0, self->l.said.count);
}

/* By one of the rungs; the descriptors that hold it are told by their names. */
static void check_tracepoint(struct loaded *l, struct mounted *tracefs, struct fds *before,
			     uint32_t flags)
{
	char text[2048];
	bool link;

	REQUIRE(mount_own(tracefs, "tracefs"), "%s", tracefs->why);
	count_source(text, sizeof(text), "tp/raw_syscalls/sys_enter", "ctx.id");
	ASSERT_OK(loaded_open(l, text, flags | LOAD_VERBOSE));
	ASSERT_OK(load_attach(l->load));
	link = strstr(l->said.text, "BPF_LINK_CREATE");
	EXPECT_EQ(!link, strstr(l->said.text, "PERF_EVENT_IOC_SET_BPF") != NULL);
	EXPECT_EQ(link ? 1 : 0, count_fds("bpf_link"));
	EXPECT_EQ(link ? 0 : 1, count_fds("perf_event"));
	EXPECT_EQ(!(flags & LOAD_NO_PERF_LINK) && kernel() >= ASM_KERNEL(5, 15), link);
	check_counting(load_map_fd(l->load, "counts"));
	loaded_close(l);
	ASSERT_OK(loaded_open(l, text, flags));
	check_attach(l, before);
	EXPECT_EQ(0, l->said.errors);
}

TEST_F(attach, tp)
{
	check_tracepoint(&self->l, &self->tracefs, &self->before, 0);
}

TEST_F(attach, tp_without_perf_link)
{
	check_tracepoint(&self->l, &self->tracefs, &self->before, LOAD_NO_PERF_LINK);
}

TEST_F(attach, no_such_tracepoint)
{
	char text[4096];

	count_source(self->text, sizeof(self->text), "raw_tp/sys_enter", "8");
	snprintf(text, sizeof(text), "%s.prog other \"raw_tp/sys_entr\"\n\tr0 = 0\n\texit\n",
		 self->text);
	ASSERT_OK(loaded_open(&self->l, text, 0));
	fds_now(&self->before);
	EXPECT_ERR(-ENOENT, load_attach(self->l.load));
	EXPECT_EQ(1, self->l.said.errors);
	EXPECT_EQ(28, self->l.said.line);
	EXPECT_HAS("program other (raw_tp/sys_entr): BPF_RAW_TRACEPOINT_OPEN", self->l.said.text);
	if (kernel_has_btf())
		EXPECT_HAS("sys_enter", strstr(self->l.said.text, "did you mean"));
	EXPECT_TRUE(fds_same(&self->before));	/* the first program is off again */
	check_idle(load_map_fd(self->l.load, "counts"));
}

TEST_F(attach, no_such_tracepoint_in_tracefs)
{
	REQUIRE(mount_own(&self->tracefs, "tracefs"), "%s", self->tracefs.why);
	ASSERT_OK(loaded_open(&self->l, ".license \"GPL\"\n"
			      ".prog p \"tp/raw_syscalls/sys_entr\"\n\tr0 = 0\n\texit\n", 0));
	EXPECT_ERR(-ENOENT, load_attach(self->l.load));
	EXPECT_EQ(2, self->l.said.line);
	EXPECT_HAS("this kernel has no tracepoint 'sys_entr' in category 'raw_syscalls'",
		   self->l.said.text);
	EXPECT_HAS("sys_enter", strstr(self->l.said.text, "did you mean"));
}

TEST_F(attach, without_tracefs)
{
	REQUIRE(mount_own(&self->tracefs, "tmpfs"), "%s", self->tracefs.why);
	hide_tracefs();
	ASSERT_OK(loaded_open(&self->l, ".license \"GPL\"\n"
			      ".prog p \"tp/raw_syscalls/sys_enter\"\n\tr0 = 0\n\texit\n", 0));
	EXPECT_ERR(-ENODEV, load_attach(self->l.load));
	EXPECT_EQ(2, self->l.said.line);
	EXPECT_HAS("no tracefs is mounted", self->l.said.text);
}

TEST_F(attach, not_by_this_call)
{
	ASSERT_OK(loaded_open(&self->l, ".prog lone \"tc\"\n\tr0 = 0\n\texit\n", 0));
	EXPECT_ERR(-EOPNOTSUPP, load_attach(self->l.load));
	EXPECT_EQ(1, self->l.said.line);
	EXPECT_HAS("program lone (tc): attach", self->l.said.text);
	loaded_close(&self->l);
	ASSERT_OK(loaded_open(&self->l, "r0 = 0\nexit\n", 0));
	EXPECT_ERR(-EOPNOTSUPP, load_attach(self->l.load));
	EXPECT_EQ(1, self->l.said.errors);
}

/* Descriptors 0 to 2 stay what they are: none. */
TEST_F(attach, above_standard_streams)
{
	int err_fd = dup(2);

	count_source(self->text, sizeof(self->text), "raw_tp/sys_enter", "8");
	close(0);
	close(2);
	ASSERT_OK(loaded_open(&self->l, self->text, 0));
	ASSERT_OK(load_attach(self->l.load));
	EXPECT_EQ(-1, fcntl(0, F_GETFD));
	EXPECT_EQ(-1, fcntl(2, F_GETFD));
	dup2(err_fd, 2);
	self->before.open[err_fd] = true;
	check_new_fds(&self->before);
}

/* ---- failures ---- */

TEST(missing_null_check)
{
	static const char text[] =
		".license \"GPL\"\n"
		".map counts type hash key u32 value u64 entries 10\n"
		".prog p \"raw_tp/sched_process_exit\"\n"
		"	r1 = 0\n"
		"	*(u32 *)(r10 - 4) = r1\n"
		"	r1 = counts ll; r2 = r10; r2 += -4\n"
		"	call map_lookup_elem\n"
		"	r6 = 0;   r1 = *(u64 *)(r0 + 0)\n"
		"	r0 = 0\n"
		"	exit\n";
	static struct loaded l;
	struct fds before;

	REQUIRE_BPF();
	fds_now(&before);
	EXPECT_ERR(-EACCES, loaded_open(&l, text, 0));
	EXPECT_NULL(l.load);
	EXPECT_EQ(1, l.said.errors);
	EXPECT_EQ(8, l.said.line);
	EXPECT_EQ(12, l.said.col);
	EXPECT_HAS("map_value_or_null", l.said.text);
	EXPECT_HAS("program p (raw_tp/sched_process_exit): BPF_PROG_LOAD: Permission denied",
		   l.said.text);
	EXPECT_TRUE(fds_same(&before));
	loaded_close(&l);
}

/* Refused at that line, the kernel's words among what is said; nothing is left open. */
static void check_refused(const char *text, int err, unsigned int line, const char *words)
{
	static struct loaded l;
	struct fds before;

	fds_now(&before);
	EXPECT_ERR(err, loaded_open(&l, text, 0));
	EXPECT_NULL(l.load);
	EXPECT_EQ(1, l.said.errors);
	EXPECT_EQ(line, l.said.line);
	EXPECT_EQ(2, l.said.col);
	EXPECT_HAS(words, l.said.text);
	EXPECT_TRUE(fds_same(&before));
	loaded_close(&l);
}

/* The ring has pages of 64 KiB where the CPU has. */
#define RESERVE ".license \"GPL\"\n" \
	".map ring type ringbuf entries 64K\n" \
	".prog p \"raw_tp/sched_process_exit\"\n" \
	"	ringbuf_reserve r6, ring, 16\n"

TEST(reservation_not_compared)
{
	REQUIRE_BPF();
	check_refused(RESERVE "	*(u64 *)(r6 + 0) = 1\n	ringbuf_submit r6\n	r0 = 0\n"
		      "	exit\n", -EACCES, 5, "mem_or_null");
}

/* On one path: the place is where that ends. */
TEST(reservation_leaked)
{
	REQUIRE_BPF();
	check_refused(RESERVE "	if r6 == 0 goto out\n	call get_prandom_u32\n"
		      "	if r0 == 0 goto out\n	ringbuf_submit r6\nout:	r0 = 0\n\n	exit\n",
		      -EINVAL, 11, "the reference is taken here");
}

TEST(helper_of_other_programs)
{
	REQUIRE_BPF();
	check_refused(".license \"GPL\"\n.prog p \"socket\"\n\n	call get_stackid\n	exit\n",
		      -EINVAL, 4, "bpf_get_stackid#27");
}

/* The log of this takes more than one try to read: its reason is at the end all the same. */
TEST(long_log)
{
	enum { LINES = 8000 };
	static const char head[] = ".license \"GPL\"\n.prog p \"raw_tp/sched_process_exit\"\n";
	static const char line[] = "r2 = 5\n", tail[] = "exit\n";
	char *text = malloc(sizeof(head) + LINES * sizeof(line) + sizeof(tail)), *at = text;
	static struct loaded l;

	REQUIRE_BPF();
	ASSERT_NOT_NULL(text);
	at = stpcpy(at, head);
	for (int i = 0; i < LINES; i++)
		at = stpcpy(at, line);
	stpcpy(at, tail);
	EXPECT_ERR(-EACCES, loaded_open(&l, text, 0));
	EXPECT_EQ(LINES + 3, l.said.line);
	EXPECT_HAS("R0 ", l.said.text);
	loaded_close(&l);
	free(text);
}

TEST(second_program_fails)
{
	static struct loaded l;
	struct fds before;

	REQUIRE_BPF();
	fds_now(&before);
	EXPECT_ERR(-EACCES, loaded_open(&l, ".license \"GPL\"\n"
					".map m type array key u32 value u32 entries 1\n"
					".prog good \"raw_tp/sched_process_exit\"\n"
					"	r0 = 0\n	exit\n"
					".prog bad \"raw_tp/sched_process_exit\"\n"
					"	exit\n", LOAD_VERBOSE));
	EXPECT_NULL(l.load);
	EXPECT_EQ(7, l.said.line);
	EXPECT_HAS("program good: BPF_PROG_LOAD: 2 instructions", l.said.text);
	EXPECT_HAS("program bad (raw_tp/sched_process_exit): BPF_PROG_LOAD", l.said.text);
	EXPECT_TRUE(fds_same(&before));
	loaded_close(&l);
}

TEST(second_map_fails)
{
	static struct loaded l;
	struct fds before;

	REQUIRE_BPF();
	fds_now(&before);
	EXPECT_ERR(-EINVAL, loaded_open(&l, ".map good type array key u32 value u32 entries 1\n"
					".map bad type array key u32 value u32 entries 1 "
					"flags 0x40000000\n"
					"r0 = 0\nexit\n", 0));
	EXPECT_NULL(l.load);
	EXPECT_EQ(2, l.said.line);
	EXPECT_HAS("map bad (array, key 4, value 4, entries 1): BPF_MAP_CREATE: Invalid argument",
		   l.said.text);
	EXPECT_TRUE(fds_same(&before));
	loaded_close(&l);
}

/* From 7.2 on the kernel has words for it. */
TEST(map_refused_in_words)
{
	static struct loaded l;
	bool words;

	REQUIRE_BPF();
	EXPECT_ERR(-EINVAL, loaded_open(&l, ".map bad type hash key u32 value u32 entries 1 "
					"map_extra 5\nr0 = 0\nexit\n", 0));
	words = strstr(l.said.text, "the kernel says: Invalid map_extra.");
	EXPECT_EQ(kernel() >= ASM_KERNEL(7, 2), words);
	loaded_close(&l);
}

/* The program's number of this CPU; -1 and errno when it does not run. */
static int cpu_told(int prog_fd)
{
	uint8_t packet[64] = { 0 };
	struct abi_prog_test_run attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_fd = (uint32_t)prog_fd;
	attr.data_in = abi_ptr(packet);
	attr.data_size_in = sizeof(packet);
	if (syscall(SYS_bpf, BPF_PROG_TEST_RUN, &attr, sizeof(attr)) < 0)
		return -1;
	return (int)attr.retval;
}

static const char asks_for_cpu[] = ".prog p \"socket\"\ncall get_smp_processor_id\nexit\n";

TEST(number_of_each_cpu)
{
	static struct loaded l;
	cpu_set_t all;

	REQUIRE_BPF();
	ASSERT_EQ(0, sched_getaffinity(0, sizeof(all), &all));
	ASSERT_OK(loaded_open(&l, asks_for_cpu, 0));
	for (unsigned int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &all))
			continue;
		run_on(cpu);
		EXPECT_EQ(cpu, cpu_told(load_prog_fd(l.load, "p")));
	}
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(all), &all));
	loaded_close(&l);
}

/* The compiler is said to be off, where only this process sees it. */
TEST(left_to_the_compiler)
{
	static const char path[] = "/proc/sys/net/core/bpf_jit_enable";
	const char *name = asm_cpu_native()->name;
	static struct loaded l;
	FILE *off;

	REQUIRE_BPF();
	REQUIRE(!strcmp(name, "arm64") || !strcmp(name, "riscv64"), "for arm64 and riscv64");
	REQUIRE(kernel() >= ASM_KERNEL(6, 10), "nothing is left to it before Linux 6.10");
	REQUIRE(access(path, F_OK) == 0, "this kernel has no compiler");
	off = fopen("off", "w");
	ASSERT_NOT_NULL(off);
	fputs("0\n", off);
	ASSERT_EQ(0, fclose(off));
	ASSERT_EQ(0, unshare(CLONE_NEWNS));
	ASSERT_EQ(0, mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	ASSERT_EQ(0, mount("off", path, NULL, MS_BIND, NULL));
	EXPECT_ERR(-EOPNOTSUPP, loaded_open(&l, asks_for_cpu, 0));
	EXPECT_EQ(2, l.said.line);
	EXPECT_HAS("this kernel can call bpf_get_smp_processor_id in compiled programs only, and "
		   "net.core.bpf_jit_enable is 0", l.said.text);
	loaded_close(&l);
}

TEST(no_descriptors_left)
{
	struct rlimit limit, few;
	static struct loaded l;
	struct fds before;

	REQUIRE_BPF();
	fds_now(&before);
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	few = limit;
	few.rlim_cur = 5;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &few));
	EXPECT_ERR(-EMFILE, loaded_open(&l, ".map a type array key u32 value u32 entries 1\n"
					".map b type array key u32 value u32 entries 1\n"
					".map c type array key u32 value u32 entries 1\n"
					"r0 = 0\nexit\n", 0));
	EXPECT_NULL(l.load);
	EXPECT_HAS(strerror(EMFILE), l.said.text);
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_TRUE(fds_same(&before));
	loaded_close(&l);
}

TEST(wrong_byte_order)
{
	struct asm_options how = { .endian = native == ASM_BIG ? ASM_LITTLE : ASM_BIG };
	static const char text[] = ".prog p \"socket\"\nr0 = 0\nexit\n";
	static struct loaded l;

	REQUIRE_BPF();
	l.obj = asm_assemble("text", text, strlen(text), &how);
	ASSERT_NOT_NULL(l.obj);
	l.opt = (struct load_options){ .sink = hear, .sink_arg = &l.said };
	EXPECT_ERR(-EINVAL, load_open(l.obj, &l.opt, &l.load));
	EXPECT_NULL(l.load);
	EXPECT_HAS("-endian CPUs", l.said.text);
	loaded_close(&l);
}

/* seccomp(2) programs, without kernel headers; their instructions are those of socket filters. */
struct filter_insn {
	uint16_t code;
	uint8_t jt, jf;
	uint32_t k;
};

struct filter {
	unsigned short len;
	const struct filter_insn *insns;
};

/* From here on the system call fails so in this process. */
static bool deny(long number, int error)
{
	enum { LOAD_NR = 0x20, JUMP_EQUAL = 0x15, RETURN = 0x06 };
	enum { ALLOW = 0x7fff0000, FAIL = 0x00050000, FILTER = 2 };
	const struct filter_insn insns[] = {
		{ LOAD_NR, 0, 0, 0 },
		{ JUMP_EQUAL, 0, 1, (uint32_t)number },
		{ RETURN, 0, 0, FAIL | (uint32_t)error },
		{ RETURN, 0, 0, ALLOW },
	};
	struct filter filter = { sizeof(insns) / sizeof(insns[0]), insns };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, FILTER, &filter) == 0;
}

static const char small_text[] =
	".license \"GPL\"\n"
	".map m type array key u32 value u32 entries 1\n"
	".prog p \"raw_tp/sched_process_exit\"\n"
	"	r0 = 0\n"
	"	exit\n";

TEST(seccomp_denies_bpf)
{
	static struct loaded l;

	REQUIRE_BPF();
	REQUIRE(deny(SYS_bpf, EPERM), "no seccomp filters here: %s", strerror(errno));
	EXPECT_ERR(-EPERM, loaded_open(&l, small_text, 0));
	EXPECT_EQ(2, l.said.line);
	EXPECT_HAS("a seccomp filter on this process denies bpf(2)", l.said.text);
	loaded_close(&l);
}

/* Without privilege too: the filter answers before the kernel looks. */
TEST(seccomp_hides_bpf)
{
	static struct loaded l;

	REQUIRE(deny(SYS_bpf, ENOSYS), "no seccomp filters here: %s", strerror(errno));
	EXPECT_ERR(-ENOSYS, loaded_open(&l, small_text, 0));
	EXPECT_EQ(2, l.said.line);
	EXPECT_HAS("seccomp", l.said.text);
	EXPECT_HAS("CONFIG_BPF_SYSCALL", l.said.text);
	loaded_close(&l);
}

TEST_F(attach, seccomp_denies_perf_event_open)
{
	REQUIRE(mount_own(&self->tracefs, "tracefs"), "%s", self->tracefs.why);
	ASSERT_OK(loaded_open(&self->l, ".license \"GPL\"\n"
			      ".prog p \"tp/raw_syscalls/sys_enter\"\n\tr0 = 0\n\texit\n", 0));
	fds_now(&self->before);
	REQUIRE(deny(SYS_perf_event_open, EPERM), "no seccomp filters here: %s", strerror(errno));
	EXPECT_ERR(-EPERM, load_attach(self->l.load));
	EXPECT_EQ(2, self->l.said.line);
	EXPECT_HAS("perf_event_open: Operation not permitted", self->l.said.text);
	EXPECT_HAS("a seccomp filter on this process denies perf_event_open(2)",
		   self->l.said.text);
	EXPECT_TRUE(fds_same(&self->before));
}

/* ---- pins ---- */

static const char pin_text[] =
	".license \"GPL\"\n"
	".map one type array key u32 value u64 entries 1\n"
	".map two type hash key u32 value u64 entries 10\n"
	".prog on_exit \"raw_tp/sched_process_exit\"\n"
	"	r1 = 0\n"
	"	*(u32 *)(r10 - 4) = r1\n"
	"	r1 = one ll; r2 = r10; r2 += -4\n"
	"	call map_lookup_elem\n"
	"	if r0 == 0 goto out\n"
	"	r1 = 1\n"
	"	lock *(u64 *)(r0 + 0) += r1\n"
	"out:	r0 = 0\n"
	"	exit\n";

static int entries_in(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	int count = 0;

	if (!d)
		return -errno;
	while ((entry = readdir(d)))
		count += entry->d_name[0] != '.';
	closedir(d);
	return count;
}

FIXTURE(pin) {
	struct loaded l;
	struct mounted bpffs;
	struct fds before;
	char dir[PATH_MAX];	/* in the bpffs, not made */
	int at_first;		/* entries of the bpffs: the kernel may put some there */
};

FIXTURE_SETUP(pin)
{
	REQUIRE_BPF();
	REQUIRE(mount_own(&self->bpffs, "bpf"), "%s", self->bpffs.why);
	snprintf(self->dir, sizeof(self->dir), "%s/here", self->bpffs.dir);
	self->at_first = entries_in(self->bpffs.dir);
	ASSERT_OK(loaded_open(&self->l, pin_text, 0));
	fds_now(&self->before);
}

FIXTURE_TEARDOWN(pin)
{
	loaded_close(&self->l);
	unmount_own(&self->bpffs);
}

/* A descriptor of what is pinned there, or -errno. */
static int reopen(const char *dir, const char *name)
{
	char path[PATH_MAX + 64];
	struct abi_obj attr;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	memset(&attr, 0, sizeof(attr));
	attr.pathname = abi_ptr(path);
	return bpf(BPF_OBJ_GET, &attr, abi_end(struct abi_obj, file_flags));
}

/* The infos of maps, programs and links all have type and id first. */
static uint32_t id_of(int fd)
{
	struct {
		uint32_t type, id;
		uint8_t rest[1024];
	} info;

	return info_of(fd, &info, sizeof(info)) ? 0 : info.id;
}

static void check_pinned(const char *dir, const char *name, int fd)
{
	int pinned = reopen(dir, name);

	EXPECT_GE(pinned, 0) LOG("%s", name);
	EXPECT_NE(0, id_of(fd)) LOG("%s", name);
	EXPECT_EQ(id_of(fd), id_of(pinned)) LOG("%s", name);
	close(pinned);
}

TEST_F(pin, reopened)
{
	int link;

	ASSERT_OK(load_attach(self->l.load));
	ASSERT_OK(load_pin(self->l.load, self->dir));
	EXPECT_EQ(4, entries_in(self->dir));
	check_pinned(self->dir, "one", load_map_fd(self->l.load, "one"));
	check_pinned(self->dir, "two", load_map_fd(self->l.load, "two"));
	check_pinned(self->dir, "on_exit", load_prog_fd(self->l.load, "on_exit"));
	link = reopen(self->dir, "on_exit-link");
	EXPECT_GE(link, 0);
	close(link);
	EXPECT_EQ(0, self->l.said.count);
}

static void exit_once(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
}

static void unpin(const char *dir, const char *name)
{
	char path[PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	EXPECT_EQ(0, unlink(path)) LOG("%s", path);
}

/* What a map counted when it does so no more: a link may outlive its last pin by some ms. */
static uint64_t settled(int map)
{
	uint64_t count = 0, was = 1;
	uint32_t key = 0;

	for (int i = 0; i < 100 && was != count; i++) {
		was = count;
		usleep(50000);
		EXPECT_OK(load_map_lookup(map, &key, &count));
	}
	return count;
}

/* What is pinned goes on when the loader is done; unpinned, it ends. */
TEST_F(pin, outlives)
{
	uint64_t before, after;
	uint32_t key = 0;
	int map;

	ASSERT_OK(load_attach(self->l.load));
	ASSERT_OK(load_pin(self->l.load, self->dir));
	loaded_close(&self->l);
	map = reopen(self->dir, "one");
	ASSERT_GE(map, 0);
	ASSERT_OK(load_map_lookup(map, &key, &before));
	exit_once();
	ASSERT_OK(load_map_lookup(map, &key, &after));
	EXPECT_GT(after, before);
	unpin(self->dir, "on_exit-link");
	before = settled(map);
	exit_once();
	EXPECT_EQ(before, settled(map));
	close(map);
}

TEST_F(pin, not_attached)
{
	ASSERT_OK(load_pin(self->l.load, self->dir));
	EXPECT_EQ(3, entries_in(self->dir));
	EXPECT_TRUE(fds_same(&self->before));
}

TEST_F(pin, exists)
{
	static struct loaded other;
	uint32_t id;
	int fd;

	ASSERT_OK(load_pin(self->l.load, self->dir));
	fd = reopen(self->dir, "two");
	id = id_of(fd);
	close(fd);
	ASSERT_OK(loaded_open(&other, pin_text, 0));
	EXPECT_ERR(-EEXIST, load_pin(other.load, self->dir));
	EXPECT_HAS("one", other.said.text);
	EXPECT_HAS("File exists", other.said.text);
	loaded_close(&other);
	fd = reopen(self->dir, "two");
	EXPECT_EQ(id, id_of(fd));
	close(fd);
	EXPECT_EQ(3, entries_in(self->dir));
}

/* The last name is taken: those before it are given back, and what was there stays. */
TEST_F(pin, halfway)
{
	char path[PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/on_exit", self->dir);
	ASSERT_EQ(0, mkdir(self->dir, 0700));
	ASSERT_EQ(0, mkdir(path, 0700));
	EXPECT_ERR(-EEXIST, load_pin(self->l.load, self->dir));
	EXPECT_EQ(1, entries_in(self->dir));
	EXPECT_ERR(-ENOENT, reopen(self->dir, "one"));
	EXPECT_EQ(1, self->l.said.errors);
	EXPECT_HAS("program on_exit: BPF_OBJ_PIN", self->l.said.text);
	EXPECT_TRUE(fds_same(&self->before));
	ASSERT_EQ(0, rmdir(path));
	EXPECT_OK(load_pin(self->l.load, self->dir));
	EXPECT_EQ(3, entries_in(self->dir));
}

/* A name that is too long with -link behind it: the directory made for it goes again. */
TEST_F(pin, halfway_in_a_directory_made)
{
	static struct loaded l;
	char name[NAME_MAX - 2], text[1024];

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	snprintf(text, sizeof(text), ".license \"GPL\"\n.map m type array key 4 value 4 entries 1\n"
		 ".prog %s \"raw_tp/sched_process_exit\"\n\tr0 = 0\n\texit\n", name);
	ASSERT_OK(loaded_open(&l, text, 0));
	ASSERT_OK(load_attach(l.load));
	EXPECT_ERR(-ENAMETOOLONG, load_pin(l.load, self->dir));
	EXPECT_HAS("link of program", l.said.text);
	EXPECT_EQ(-1, access(self->dir, F_OK));
	EXPECT_EQ(self->at_first, entries_in(self->bpffs.dir));
	loaded_close(&l);
}

TEST_F(pin, outside_of_bpffs)
{
	const char *tmp = getenv("TMPDIR");
	char dir[PATH_MAX];

	snprintf(dir, sizeof(dir), "%s/no pins", tmp ? tmp : "/tmp");
	EXPECT_ERR(-EINVAL, load_pin(self->l.load, dir));
	EXPECT_HAS("is not on a bpffs", self->l.said.text);
	EXPECT_HAS("mount -t bpf", self->l.said.text);
	EXPECT_EQ(-1, access(dir, F_OK));
	forget(&self->l.said);
	EXPECT_ERR(-EINVAL, load_pin(self->l.load, "/"));
	EXPECT_HAS("is not on a bpffs", self->l.said.text);
}

TEST_F(pin, odd_directories)
{
	char path[PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s/no/such", self->bpffs.dir);
	EXPECT_ERR(-ENOENT, load_pin(self->l.load, path));
	EXPECT_EQ(1, self->l.said.errors);
	forget(&self->l.said);
	snprintf(path, sizeof(path), "%s/dot.ted", self->bpffs.dir);
	EXPECT_ERR(-EPERM, load_pin(self->l.load, path));
	EXPECT_HAS("a bpffs takes no '.' in a name", self->l.said.text);
	forget(&self->l.said);
	EXPECT_LT(load_pin(self->l.load, ""), 0);
	EXPECT_EQ(1, self->l.said.errors);
	EXPECT_EQ(self->at_first, entries_in(self->bpffs.dir));
	snprintf(path, sizeof(path), "%s//", self->dir);
	EXPECT_OK(load_pin(self->l.load, path));
	EXPECT_EQ(3, entries_in(self->dir));
}

/* A perf event cannot be pinned: all is refused, and said why. */
TEST_F(pin, without_perf_link)
{
	static struct loaded l;
	struct mounted tracefs;

	REQUIRE(mount_own(&tracefs, "tracefs"), "%s", tracefs.why);
	ASSERT_OK(loaded_open(&l, ".license \"GPL\"\n"
			      ".map m type array key 4 value 4 entries 1\n"
			      ".prog p \"tp/sched/sched_process_exit\"\n\tr0 = 0\n\texit\n",
			      LOAD_NO_PERF_LINK));
	ASSERT_OK(load_attach(l.load));
	EXPECT_ERR(-EOPNOTSUPP, load_pin(l.load, self->dir));
	EXPECT_HAS("program p is attached without a BPF link", l.said.text);
	EXPECT_EQ(-1, access(self->dir, F_OK));
	loaded_close(&l);
	unmount_own(&tracefs);
}

/* ---- facts ---- */

FIXTURE(facts) {
	struct load_facts *facts;
	struct mounted tracefs;
	struct asm_kfield field;
	char why[512];
};

FIXTURE_SETUP(facts)
{
	REQUIRE(kernel_has_btf(), "this kernel has no BTF");
	self->facts = load_facts_new();
	ASSERT_NOT_NULL(self->facts);
}

FIXTURE_TEARDOWN(facts)
{
	load_facts_free(self->facts);
	unmount_own(&self->tracefs);
}

TEST_F(facts, as_btf_says)
{
	static const char *const paths[] = {
		"task_struct.pid", "task_struct.comm", "list_head.prev", "task_struct.se.vruntime",
	};
	struct asm_kfield want;
	struct asm_btf *btf;
	char *data, path[64];
	size_t len;

	ASSERT_OK(asm_read_file("/sys/kernel/btf/vmlinux", &data, &len));
	ASSERT_OK(asm_btf_open(data, len, &btf));
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		ASSERT_TRUE(asm_btf_field(btf, paths[i], &want, self->why, sizeof(self->why)));
		snprintf(path, sizeof(path), "kernel.%s", paths[i]);
		EXPECT_TRUE(load_facts_resolve(self->facts, path, "", &self->field, self->why,
					       sizeof(self->why))) LOG("%s: %s", path, self->why);
		EXPECT_EQ(want.offset, self->field.offset) LOG("%s", path);
		EXPECT_EQ(want.size, self->field.size) LOG("%s", path);
	}
	asm_btf_close(btf);
	free(data);
}

static void check_unknown(struct load_facts *facts, const char *path, const char *section,
			  const char *part)
{
	struct asm_kfield field = { 77, 78 };
	char why[512];

	memset(why, 'x', sizeof(why));
	EXPECT_FALSE(load_facts_resolve(facts, path, section, &field, why, sizeof(why)))
		LOG("%.40s", path);
	ASSERT_NOT_NULL(memchr(why, '\0', sizeof(why))) LOG("%.40s", path);
	EXPECT_HAS(part, why) LOG("%.40s", path);
	EXPECT_FALSE(load_facts_resolve(facts, path, section, &field, why, 1));
	EXPECT_EQ('\0', why[0]);
}

TEST_F(facts, unknown)
{
	static char path[6000];

	check_unknown(self->facts, "kernel.task_struct.pidd", "", "pid");
	check_unknown(self->facts, "kernel.task_strukt.pid", "", "task_struct");
	check_unknown(self->facts, "kernel.list_head.nexxt", "", "next");
	check_unknown(self->facts, "kernel.", "", "");
	check_unknown(self->facts, "kernel.task_struct", "", "");
	check_unknown(self->facts, "kernel.task_struct.", "", "");
	check_unknown(self->facts, "kernel..pid", "", "");
	check_unknown(self->facts, "kernelx.task_struct.pid", "", "kernel.TYPE.FIELD");
	check_unknown(self->facts, "", "", "kernel.TYPE.FIELD");
	memset(path, 'a', sizeof(path) - 1);
	check_unknown(self->facts, path, "", "");
	memcpy(path, "kernel.", 7);
	check_unknown(self->facts, path, "", "");
	memcpy(path, "ctx.aaa", 7);
	check_unknown(self->facts, path, "tp/sched/sched_switch", "");
	check_unknown(self->facts, "ctx.pid", path, "");
	check_unknown(self->facts, "ctx.pid", "", "tracepoint programs");
	check_unknown(self->facts, "ctx.pid", "raw_tp/sched_switch", "tracepoint programs");
}

/* The number behind "KEY:" in a line of a format file. */
static unsigned int number_of(const char *line, const char *key)
{
	const char *at = strstr(line, key);

	return at ? (unsigned int)strtoul(at + strlen(key), NULL, 10) : UINT_MAX;
}

/* The name of the field in a line of a format file: what the declaration ends with, but [...]. */
static bool name_of(const char *line, char *name, size_t size)
{
	const char *start = strstr(line, "field:"), *end = start ? strchr(start, ';') : NULL;

	if (!end)
		return false;
	if (end[-1] == ']')
		while (*end != '[')
			end--;
	for (start = end; start[-1] != ' ' && start[-1] != '*'; start--)
		;
	snprintf(name, size, "%.*s", (int)(end - start), start);
	return true;
}

/* Each field of an event is where its format file says; returns how many. */
static int check_format(struct load_facts *facts, const char *root, const char *event)
{
	char path[PATH_MAX], section[128], line[512], name[128], why[512];
	struct asm_kfield field;
	int count = 0;
	FILE *f;

	snprintf(section, sizeof(section), "tp/%s", event);
	snprintf(path, sizeof(path), "%s/events/%s/format", root, event);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f)) {
		if (!name_of(line, name, sizeof(name)))
			continue;
		snprintf(path, sizeof(path), "ctx.%s", name);
		EXPECT_TRUE(load_facts_resolve(facts, path, section, &field, why, sizeof(why)))
			LOG("%s %s: %s", event, path, why);
		EXPECT_EQ(number_of(line, "offset:"), field.offset) LOG("%s: %s", event, line);
		EXPECT_EQ(number_of(line, "size:"), field.size) LOG("%s: %s", event, line);
		count++;
	}
	if (f)
		fclose(f);
	return count;
}

TEST_F(facts, as_tracefs_says)
{
	REQUIRE(mount_own(&self->tracefs, "tracefs"), "%s", self->tracefs.why);
	EXPECT_GE(check_format(self->facts, self->tracefs.dir, "sched/sched_process_exec"), 7);
	EXPECT_GE(check_format(self->facts, self->tracefs.dir, "sched/sched_switch"), 11);
	EXPECT_GE(check_format(self->facts, self->tracefs.dir, "sched/sched_process_fork"), 8);
	EXPECT_GE(check_format(self->facts, self->tracefs.dir, "raw_syscalls/sys_enter"), 6);
	EXPECT_GE(check_format(self->facts, self->tracefs.dir, "raw_syscalls/sys_exit"), 6);
}

TEST_F(facts, unknown_to_tracefs)
{
	REQUIRE(mount_own(&self->tracefs, "tracefs"), "%s", self->tracefs.why);
	check_unknown(self->facts, "ctx.prev_pidd", "tp/sched/sched_switch", "prev_pid");
	check_unknown(self->facts, "ctx.", "tp/sched/sched_switch", "has no field ''");
	check_unknown(self->facts, "ctx.pid", "tp/sched/sched_swich", "sched_switch");
	check_unknown(self->facts, "ctx.pid", "tp/shed/sched_switch", "sched");
	check_unknown(self->facts, "ctx.pid", "tp/sched", "category/name");
	check_unknown(self->facts, "ctx.pid", "tp/sched/", "category/name");
	check_unknown(self->facts, "ctx.pid", "tp/../sched", "category/name");
	check_unknown(self->facts, "ctx.pid", "tp/sched/..", "category/name");
	check_unknown(self->facts, "ctx.pid", "tp/sched/sched_switch/id", "category/name");
}

/* Without tracefs BTF knows the records of most tracepoints: the same places. */
/* In a text: at the field. */
TEST_F(facts, unknown_at_its_place)
{
	static const char text[] = ".prog p \"tp/sched/sched_switch\"\n\n"
				   "\tr0 = *(u32 *)(r1 + ctx.prev_pidd)\n\texit\n";
	static struct said said;
	const struct asm_options how = {
		.endian = native, .sink = hear, .sink_arg = &said, .resolve = load_facts_resolve,
		.resolve_arg = self->facts,
	};

	REQUIRE(mount_own(&self->tracefs, "tracefs"), "%s", self->tracefs.why);
	EXPECT_NULL(asm_assemble("text", text, sizeof(text) - 1, &how));
	EXPECT_EQ(1, said.errors);
	EXPECT_EQ(3, said.line);
	EXPECT_EQ(21, said.col);
	EXPECT_HAS("did you mean 'prev_pid'", said.text);
}

TEST_F(facts, same_without_tracefs)
{
	static const char *const names[] = { "filename", "pid", "old_pid" };
	struct asm_kfield with[3];
	char path[64];

	REQUIRE(mount_own(&self->tracefs, "tracefs"), "%s", self->tracefs.why);
	for (int i = 0; i < 6; i++) {
		if (i == 3) {
			unmount_own(&self->tracefs);
			hide_tracefs();
		}
		snprintf(path, sizeof(path), "ctx.%s", names[i % 3]);
		ASSERT_TRUE(load_facts_resolve(self->facts, path, "tp/sched/sched_process_exec",
					       &self->field, self->why, sizeof(self->why)))
			LOG("%s: %s", path, self->why);
		if (i < 3)
			with[i] = self->field;
		EXPECT_EQ(with[i % 3].offset, self->field.offset) LOG("%s", path);
		EXPECT_EQ(with[i % 3].size, self->field.size) LOG("%s", path);
	}
	check_unknown(self->facts, "ctx.nothing", "tp/sched/sched_process_exec",
		      "no tracefs is mounted");
}

TEST_MAIN
