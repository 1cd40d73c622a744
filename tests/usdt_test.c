/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * usdt_test.c - programs at static probes of this very file: one with several places and a
 * semaphore, one without, one with arguments; and files whose notes are damaged.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "../asm/asm.h"
#include "../loader/abi.h"
#include "../loader/loader.h"
#include "harness.h"
#include "kernel.h"
#include "attached.h"

enum { SECTION = PATH + 64 };

/* ---- the probes ---- */

#if __SIZEOF_POINTER__ == 8
#define WORD ".8byte "
#else
#define WORD ".4byte "
#endif

#ifdef __s390__
#define NOP "nop 0"
#else
#define NOP "nop"
#endif

/* A note as SystemTap's sys/sdt.h writes it; "arguments", and their operands, may follow. */
#define PROBE(name, semaphore) PROBE_ARGS(name, semaphore, "",)
#define PROBE_ARGS(name, semaphore, args, ...)							\
	__asm__ volatile("990:	" NOP "\n"							\
			 "	.pushsection .note.stapsdt,\"\",\"note\"\n"			\
			 "	.balign 4\n"							\
			 "	.4byte 992f-991f, 994f-993f, 3\n"				\
			 "991:	.asciz \"stapsdt\"\n"						\
			 "992:	.balign 4\n"							\
			 "993:	" WORD "990b\n"							\
			 "	" WORD "usdt_test_base\n"					\
			 "	" WORD #semaphore "\n"						\
			 "	.asciz \"usdt_test\"\n"						\
			 "	.asciz \"" #name "\"\n"						\
			 "	.asciz \"" args "\"\n"						\
			 "994:	.balign 4\n"							\
			 "	.popsection\n" :: __VA_ARGS__)

__asm__(".pushsection .stapsdt.base,\"a\",\"progbits\"\n"
	".globl usdt_test_base\n.hidden usdt_test_base\n"
	"usdt_test_base: .space 1\n.size usdt_test_base, 1\n"
	".popsection\n"
	".pushsection .probes,\"aw\",\"progbits\"\n"
	".balign 2\n.globl usdt_test_semaphore\n.hidden usdt_test_semaphore\n"
	".type usdt_test_semaphore, \"object\"\n"
	"usdt_test_semaphore: .short 0\n.size usdt_test_semaphore, 2\n"
	".popsection\n");

extern volatile unsigned short usdt_test_semaphore __attribute__((visibility("hidden")));

static __attribute__((noinline)) void visit_rooms(unsigned int kitchen, unsigned int cellar)
{
	for (unsigned int i = 0; i < kitchen; i++)
		PROBE(room, usdt_test_semaphore);
	for (unsigned int i = 0; i < cellar; i++)
		PROBE(room, usdt_test_semaphore);
}

static __attribute__((noinline)) void visit_roof(unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		PROBE(roof, 0);
}

/* How the compiler writes an operand into a note; on ppc64le constants are marked. */
#ifdef __powerpc64__
#define OP(name) "%I[" name "]%[" name "]"
#else
#define OP(name) "%[" name "]"
#endif
#define OPS(a, b, c, d) a OP("a") " " b OP("b") " " c OP("c") " " d OP("d")

struct four {
	int64_t a, b, c, d;
};

enum { ODD = 77 };	/* a constant of one byte */

/* One probe, all its arguments elsewhere at each place. What a place passes is in `want`. */
static __attribute__((noinline)) void visit_places(const struct four *from, struct four want[5])
{
	int8_t a = (int8_t)from->a;
	int16_t b = (int16_t)from->b;
	int32_t c = (int32_t)from->c;
	int64_t d = from->d;

	PROBE_ARGS(place, 0, OPS("-1@", "-2@", "-4@", "-8@"),
		   [a] "r"(a), [b] "r"(b), [c] "r"(c), [d] "r"(d));
	want[0] = (struct four){ a, b, c, d };
	PROBE_ARGS(place, 0, OPS("1@", "2@", "4@", "8@"),
		   [a] "r"(a), [b] "r"(b), [c] "r"(c), [d] "r"(d));
	want[1] = (struct four){ (uint8_t)a, (uint16_t)b, (uint32_t)c, d };
	PROBE_ARGS(place, 0, OPS("-1@", "-2@", "-4@", "-8@"), [a] "m"(a), [b] "m"(b),
		   [c] "m"(c), [d] "m"(d));
	want[2] = want[0];
	PROBE_ARGS(place, 0, OPS("1@", "2@", "4@", "8@"), [a] "m"(a), [b] "m"(b),
		   [c] "m"(c), [d] "m"(d));
	want[3] = want[1];
	PROBE_ARGS(place, 0, OPS("-4@", "1@", "-8@", "2@"),
		   [a] "n"(-5), [b] "n"(ODD), [c] "r"(d), [d] "m"(b));
	want[4] = (struct four){ -5, ODD, d, (uint16_t)b };
}

/* ---- the programs ---- */

FIXTURE(usdt) {
	struct attached a;
	char folder[64], copy[PATH], section[SECTION];
};

FIXTURE_SETUP(usdt)
{
	REQUIRE(geteuid() == 0, "needs privilege");
	attached_start(&self->a);
}

FIXTURE_TEARDOWN(usdt)
{
	attached_end(&self->a);
	if (self->copy[0])
		unlink(self->copy);
	if (self->folder[0])
		rmdir(self->folder);
}

/* A program that counts at KIND/FILE:PROBE. */
static void put(struct usdt_self *self, const char *kind, const char *file, const char *probe)
{
	ASSERT_LT(snprintf(self->section, SECTION, "%s/%s:%s", kind, file, probe), SECTION);
	ASSERT_OK(attached_open(&self->a, ".license \"GPL\"\n"
				".map map type array key u32 value u64 entries 1\n"
				".prog p \"%s\"\n" FIND_VALUE COUNT_ONE
				"out: r0 = 0\nexit\n", self->section));
}

/* Two places, counted in one semaphore. */
static void check_rooms(struct usdt_self *self, const char *kind)
{
	put(self, kind, self->a.self_path, "usdt_test:room");
	EXPECT_EQ(0, usdt_test_semaphore);
	ASSERT_OK(load_attach(self->a.load));
	EXPECT_EQ(2, usdt_test_semaphore);
	visit_rooms(3, 4);
	EXPECT_EQ(7, attached_count(&self->a));
	visit_roof(5);
	EXPECT_EQ(7, attached_count(&self->a));
	attached_close(&self->a);
	EXPECT_EQ(0, usdt_test_semaphore);
}

TEST_F(usdt, two_places)
{
	REQUIRE_PMU("uprobe");
	check_rooms(self, "usdt");
}

TEST_F(usdt, two_places_without_links)
{
	REQUIRE_PMU("uprobe");
	self->a.opt.flags |= LOAD_NO_PERF_LINK;
	check_rooms(self, "usdt");
}

TEST_F(usdt, no_semaphore)
{
	REQUIRE_PMU("uprobe");
	put(self, "usdt", self->a.self_path, "usdt_test:roof");
	ASSERT_OK(load_attach(self->a.load));
	visit_roof(5);
	visit_rooms(1, 1);
	EXPECT_EQ(5, attached_count(&self->a));
	EXPECT_EQ(0, usdt_test_semaphore);
}

/* ---- arguments ---- */

/* A program that puts four arguments of each run into a map, and counts. */
static int put_arguments(struct usdt_self *self, const char *kind, const char *file,
			 const char *probe)
{
	ASSERT_LT(snprintf(self->section, SECTION, "%s/%s:%s", kind, file, probe), SECTION);
	return attached_open(&self->a, ".license \"GPL\"\n"
			     ".struct four { s64 a; s64 b; s64 c; s64 d; }\n"
			     ".map map type array key u32 value u64 entries 1\n"
			     ".map seen type array key u32 value four entries 8\n"
			     ".prog p \"%s\"\n"
			     "usdt_args r6, r7, r8, r9\n"
			     ".stack u32 at\n.stack four args\n"
			     "args.a = r6\nargs.b = r7\nargs.c = r8\nargs.d = r9\n*at = 0\n"
			     "map_lookup map, at\nif r0 == 0 goto out\n"
			     "r1 = *(u64 *)(r0 + 0)\n*at = w1\nr1 += 1\n"
			     "*(u64 *)(r0 + 0) = r1\n"
			     "map_update seen, at, args\n"
			     "out: r0 = 0\nexit\n", self->section);
}

static void expect_seen(struct usdt_self *self, uint32_t n, const struct four *want)
{
	int fd = load_map_fd(self->a.load, "seen");
	struct four seen;

	EXPECT_EQ(n, attached_count(&self->a));
	for (uint32_t i = 0; i < n; i++) {
		EXPECT_OK(load_map_lookup(fd, &i, &seen));
		EXPECT_EQ(want[i].a, seen.a) LOG("run %u", i);
		EXPECT_EQ(want[i].b, seen.b) LOG("run %u", i);
		EXPECT_EQ(want[i].c, seen.c) LOG("run %u", i);
		EXPECT_EQ(want[i].d, seen.d) LOG("run %u", i);
	}
}

static const struct four given = { -100, -30000, -2000000000, -0x123456789abcdef };

#define REQUIRE_ARGUMENTS()									\
	REQUIRE(has_pmu("uprobe") && kernel() >= ASM_KERNEL(5, 15),				\
		"this kernel has no uprobes with cookies")

TEST_F(usdt, arguments)
{
	struct four want[5];

	REQUIRE_ARGUMENTS();
	ASSERT_OK(put_arguments(self, "usdt", self->a.self_path, "usdt_test:place"));
	ASSERT_OK(load_attach(self->a.load));
	visit_places(&given, want);
	expect_seen(self, 5, want);
	EXPECT_TRUE(!strstr(self->a.said, "cannot be read"));
}

TEST_F(usdt, arguments_sleepable)
{
	struct four want[5];

	REQUIRE(has_pmu("uprobe") && kernel() >= ASM_KERNEL(6, 0), "needs Linux 6.0");
	ASSERT_OK(put_arguments(self, "usdt.s", self->a.self_path, "usdt_test:place"));
	ASSERT_OK(load_attach(self->a.load));
	visit_places(&given, want);
	expect_seen(self, 5, want);
}

/* The last bytes of a page, behind which nothing is. */
static __attribute__((noinline)) void visit_edge(const int16_t *at)
{
	PROBE_ARGS(edge, 0, "-2@" OP("a") " 1@" OP("b"),
		   [a] "m"(*at), [b] "m"(((const int8_t *)at)[1]));
}

TEST_F(usdt, arguments_at_the_edge)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *at = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			0);
	int16_t *last = (void *)(at + page - sizeof(*last));

	REQUIRE_ARGUMENTS();
	ASSERT_NE((uintptr_t)MAP_FAILED, (uintptr_t)at);
	ASSERT_EQ(0, munmap(at + page, page));
	*last = 0x7b7b;
	ASSERT_OK(put_arguments(self, "usdt", self->a.self_path, "usdt_test:edge"));
	ASSERT_OK(load_attach(self->a.load));
	visit_edge(last);
	expect_seen(self, 1, &(struct four){ 0x7b7b, 0x7b, 0, 0 });
	munmap(at, page);
}

#ifdef __x86_64__
static int16_t table[] = { 10, -20, 30, -40 };
static __attribute__((used)) int32_t known = -123456;

static __attribute__((noinline)) void visit_x86(uint64_t index, struct four *want)
{
	PROBE_ARGS(x86, 0, "-2@2(%[t],%[i],2) -2@(%[t],%[i],2) 1@%%ah -4@known(%%rip)",
		   [t] "r"(table), [i] "r"(index), "a"(0x4200));
	*want = (struct four){ table[index + 1], table[index], 0x42, known };
}

TEST_F(usdt, arguments_of_x86)
{
	struct four want;

	REQUIRE_ARGUMENTS();
	ASSERT_OK(put_arguments(self, "usdt", self->a.self_path, "usdt_test:x86"));
	ASSERT_OK(load_attach(self->a.load));
	visit_x86(2, &want);
	expect_seen(self, 1, &want);
}
#endif

#ifdef __aarch64__
static int16_t table[] = { 10, -20, 30, -40 };

static __attribute__((noinline)) void visit_arm(uint64_t index, struct four *want)
{
	PROBE_ARGS(arm, 0, "-2@[%[t], 2] -2@[%[t], %[i]] -2@[%[t], %[i], lsl 1] -4@%w[i]",
		   [t] "r"(table), [i] "r"(index));
	*want = (struct four){ table[1], table[index / 2], table[index], (int64_t)index };
}

TEST_F(usdt, arguments_of_arm64)
{
	struct four want;

	REQUIRE_ARGUMENTS();
	ASSERT_OK(put_arguments(self, "usdt", self->a.self_path, "usdt_test:arm"));
	ASSERT_OK(load_attach(self->a.load));
	visit_arm(2, &want);
	expect_seen(self, 1, &want);
}
#endif

/* Of what no program can read it is told, and reads 0; what there is not is 0 too. */
static __attribute__((noinline)) void visit_odd(long a)
{
	PROBE_ARGS(odd, 0, "8@%%nothing -8@" OP("a"), [a] "r"(a));
}

TEST_F(usdt, arguments_that_cannot_be_read)
{
	REQUIRE_ARGUMENTS();
	ASSERT_OK(put_arguments(self, "usdt", self->a.self_path, "usdt_test:odd"));
	ASSERT_OK(load_attach(self->a.load));
	EXPECT_HAS("argument 1, '8@%nothing', cannot be read", self->a.said);
	visit_odd(-9);
	expect_seen(self, 1, &(struct four){ 0, -9, 0, 0 });
}

/* More than there is room for in a map of the program's own, of two. */
TEST_F(usdt, too_many_descriptions)
{
	REQUIRE_ARGUMENTS();
	snprintf(self->section, SECTION, "usdt/%s:usdt_test:place", self->a.self_path);
	ASSERT_OK(attached_open(&self->a, ".map __bpf_usdt_specs type array key 4 value 208 "
				"entries 2\n.prog p \"%s\"\nr1 = __bpf_usdt_specs ll\nr0 = 0\n"
				"exit\n", self->section));
	EXPECT_ERR(-E2BIG, load_attach(self->a.load));
	EXPECT_HAS("map __bpf_usdt_specs: it has no room", self->a.said);
}

TEST_F(usdt, other_descriptions)
{
	REQUIRE_ARGUMENTS();
	snprintf(self->section, SECTION, "usdt/%s:usdt_test:place", self->a.self_path);
	ASSERT_OK(attached_open(&self->a, ".map __bpf_usdt_specs type array key 4 value 200 "
				"entries 2\n.prog p \"%s\"\nr1 = __bpf_usdt_specs ll\nr0 = 0\n"
				"exit\n", self->section));
	EXPECT_ERR(-EINVAL, load_attach(self->a.load));
	EXPECT_HAS("map __bpf_usdt_specs: its keys and values are not those", self->a.said);
}

/*
 * Without cookies: the program finds the description by its address. That is in another mapping of
 * this file, which is known by the process alone unless the file has fixed addresses.
 */
static void put_by_address(struct usdt_self *self, const char *file)
{
	snprintf(self->section, SECTION, "usdt/%s:usdt_test:yard", file);
	ASSERT_OK(attached_open(&self->a, ".license \"GPL\"\n"
				".map map type array key u32 value u64 entries 1\n"
				".map __bpf_usdt_specs type array key 4 value 208 entries 4\n"
				".map __bpf_usdt_ip_to_spec_id type hash key 8 value 4 entries 4\n"
				".prog p \"%s\"\n"
				".stack u64 ip\n.stack u32 id\n"
				"r1 = *(u64 *)(r1 + pt_regs.ip)\n*ip = r1\n"
				"map_lookup __bpf_usdt_ip_to_spec_id, ip\nif r0 == 0 goto out\n"
				"r1 = *(u32 *)(r0 + 0)\n*id = w1\n"
				"map_lookup __bpf_usdt_specs, id\nif r0 == 0 goto out\n"
				"r6 = *(u64 *)(r0 + 0)\n*id = 0\n"
				"map_lookup map, id\nif r0 == 0 goto out\n"
				"*(u64 *)(r0 + 0) = r6\n"
				"out: r0 = 0\nexit\n", self->section));
}

#ifdef __powerpc64__
#define YARD "8@i4711"
#elif defined(__x86_64__)
#define YARD "8@$4711"
#else
#define YARD "8@4711"
#endif

static __attribute__((noinline)) void visit_yard(void)
{
	PROBE_ARGS(yard, 0, YARD,);
}

TEST_F(usdt, arguments_by_address)
{
	REQUIRE_PMU("uprobe");
	self->a.opt.flags |= LOAD_NO_PERF_LINK;
	self->a.opt.where.pid = getpid();
	put_by_address(self, self->a.self_path);
	ASSERT_OK(load_attach(self->a.load));
	visit_yard();
	EXPECT_EQ(4711, attached_count(&self->a));
}

/* ---- what is not there ---- */

static void check_wrong(struct usdt_self *self, const char *file, const char *probe, int err,
			const char *text)
{
	put(self, "usdt", file, probe);
	EXPECT_ERR(err, load_attach(self->a.load));
	EXPECT_HAS(text, self->a.said);
}

TEST_F(usdt, misspelt)
{
	check_wrong(self, self->a.self_path, "usdt_test:rom", -ENOENT,
		    " has no static probe 'usdt_test:rom'; did you mean 'usdt_test:room'");
}

TEST_F(usdt, other_provider)
{
	check_wrong(self, self->a.self_path, "none:room", -ENOENT,
		    " has no static probe 'none:room'");
}

TEST_F(usdt, no_provider)
{
	check_wrong(self, "x", "room", -EINVAL,
		    "'x:room' is not of the form FILE:PROVIDER:NAME");
}

TEST_F(usdt, no_file)
{
	check_wrong(self, "/tmp/no such file", "a:b", -ENOENT,
		    "/tmp/no such file: No such file or directory");
}

/* This file, in memory; what notes it has begins at *notes, *len bytes. */
static char *copy_make(struct usdt_self *self, size_t *size, size_t *notes, size_t *len)
{
	static const char owner[] = "stapsdt";
	char *elf, *first;
	uint32_t type;

	snprintf(self->folder, sizeof(self->folder), "/tmp/usdt_test.XXXXXX");
	ASSERT_NOT_NULL(mkdtemp(self->folder));
	snprintf(self->copy, PATH, "%s/copy", self->folder);
	ASSERT_OK(asm_read_file(self->a.self_path, &elf, size));
	/* The name stands in the data of this test, too: the last ones are the notes. */
	for (*len = 0, first = elf; first < elf + *size - sizeof(owner); first++) {
		if (memcmp(first, owner, sizeof(owner)) != 0)
			continue;
		memcpy(&type, first - sizeof(type), sizeof(type));
		if (type != 3)
			continue;
		*notes = *len ? *notes : (size_t)(first - elf) - sizeof(Elf64_Nhdr);
		*len = (size_t)(first - elf) + 48 - *notes;
	}
	ASSERT_GT(*len, 0);
	return elf;
}

/* Whatever the notes hold, it is an error, and not the probe. */
TEST_F(usdt, damaged)
{
	size_t size, notes, len;
	char *elf = copy_make(self, &size, &notes, &len);
	int fd;

	write_file(self->copy, elf, size);
	fd = open(self->copy, O_WRONLY | O_CLOEXEC);
	ASSERT_GE(fd, 0);
	self->a.opt.sink = NULL;
	put(self, "usdt", self->copy, "usdt_test:none");
	for (size_t i = notes; i < notes + len; i += 3) {
		char damaged = (char)(elf[i] ^ 0xff);

		ASSERT_EQ(1, pwrite(fd, &damaged, 1, (off_t)i));
		EXPECT_ERR(-ENOENT, load_attach(self->a.load));
		ASSERT_EQ(1, pwrite(fd, &elf[i], 1, (off_t)i));
	}
	close(fd);
	free(elf);
}

/* The same of a program that reads arguments, at a probe that has some; no process is probed. */
TEST_F(usdt, damaged_arguments)
{
	static const char odd[] = "@%$[](),-+0x \377";
	size_t size, notes, len;
	char *elf = copy_make(self, &size, &notes, &len);
	int fd;

	REQUIRE_ARGUMENTS();
	write_file(self->copy, elf, size);
	fd = open(self->copy, O_WRONLY | O_CLOEXEC);
	ASSERT_GE(fd, 0);
	ASSERT_OK(put_arguments(self, "usdt", self->copy, "usdt_test:odd"));
	attached_close(&self->a);
	self->a.opt.sink = NULL;
	self->a.opt.where.pid = 0x7ffffffe;
	ASSERT_OK(load_open(self->a.obj, &self->a.opt, &self->a.load));
	for (size_t i = notes; i < notes + len; i++) {
		int err;

		ASSERT_EQ(1, pwrite(fd, &odd[i % sizeof(odd)], 1, (off_t)i));
		err = load_attach(self->a.load);
		EXPECT_TRUE(err == -ENOENT || err == -EINVAL || err == -ESRCH);
		ASSERT_EQ(1, pwrite(fd, &elf[i], 1, (off_t)i));
	}
	close(fd);
	free(elf);
}

TEST_F(usdt, no_probes)
{
	size_t size, notes, len;
	char *elf = copy_make(self, &size, &notes, &len);

	for (size_t i = notes; i < notes + len; i++)
		elf[i] = elf[i] == 's' ? 'S' : elf[i];
	write_file(self->copy, elf, size);
	free(elf);
	check_wrong(self, self->copy, "usdt_test:room", -ENOENT, " has no static probes");
}

/* The offset that the loader said it probes; 0: none. */
static unsigned long said_where(const struct usdt_self *self)
{
	const char *at = strstr(self->a.said, " at 0x");

	return at ? strtoul(at + 4, NULL, 16) : 0;
}

/*
 * All addresses but those in the notes have moved: as prelink does it. The notes say where the
 * base was before, and the probe is found where it is now.
 */
TEST_F(usdt, moved)
{
	enum { MOVED = 0x100000 };
	size_t size, notes, len;
	char *elf = copy_make(self, &size, &notes, &len);
	unsigned long where;

	REQUIRE_PMU("uprobe");
	put(self, "usdt", self->a.self_path, "usdt_test:roof");
	ASSERT_OK(load_attach(self->a.load));
	where = said_where(self);
	EXPECT_NE(0, where);
	attached_end(&self->a);
	for (char *at = elf + notes; at < elf + notes + len - 32; at += 4) {
		uint64_t word[3];

		if (memcmp(at, "stapsdt", 8) != 0)
			continue;
		memcpy(word, at + 8, sizeof(word));
		for (size_t i = 0; i < 3; i++)
			word[i] += word[i] ? MOVED : 0;
		memcpy(at + 8, word, sizeof(word));
	}
	write_file(self->copy, elf, size);
	free(elf);
	self->a.nsaid = 0;
	put(self, "usdt", self->copy, "usdt_test:roof");
	ASSERT_OK(load_attach(self->a.load));
	EXPECT_EQ(where, said_where(self));
}

TEST_MAIN
