/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * usdt_test.c - programs at static probes of this very file: one with several places and a
 * semaphore, one without; and files whose notes are damaged.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "../asm/asm.h"
#include "../loader/loader.h"
#include "harness.h"
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

/* A note as SystemTap's sys/sdt.h writes it. */
#define PROBE(name, semaphore)									\
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
			 "	.asciz \"\"\n"							\
			 "994:	.balign 4\n"							\
			 "	.popsection\n")

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
				".prog p \"%s\"\n"
				"*(u32 *)(r10 - 4) = 0\nr1 = map ll\nr2 = r10\nr2 += -4\n"
				"call map_lookup_elem\nif r0 == 0 goto out\n"
				"r1 = 1\nlock *(u64 *)(r0 + 0) += r1\n"
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
	REQUIRE(has_pmu("uprobe"), "this kernel has no uprobes");
	check_rooms(self, "usdt");
}

TEST_F(usdt, two_places_without_links)
{
	REQUIRE(has_pmu("uprobe"), "this kernel has no uprobes");
	self->a.opt.flags |= LOAD_NO_PERF_LINK;
	check_rooms(self, "usdt");
}

TEST_F(usdt, no_semaphore)
{
	REQUIRE(has_pmu("uprobe"), "this kernel has no uprobes");
	put(self, "usdt", self->a.self_path, "usdt_test:roof");
	ASSERT_OK(load_attach(self->a.load));
	visit_roof(5);
	visit_rooms(1, 1);
	EXPECT_EQ(5, attached_count(&self->a));
	EXPECT_EQ(0, usdt_test_semaphore);
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

	REQUIRE(has_pmu("uprobe"), "this kernel has no uprobes");
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
