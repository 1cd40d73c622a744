/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * names_test.c - which function an address lies in: of files that this test writes, with and
 * without debug files and damaged, of what a language says, of the kernel. The files lie in a
 * folder that is the root of a process.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/auxv.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "../asm/asm.h"
#include "../loader/loader.h"
#include "harness.h"

enum {
	PATH = 256, FILE_MOST = 12288, SYMBOLS = 8,
	TEXT_AT = 0x1000, TEXT_SIZE = 0x1000,	/* in the file */
	MOVED = 0x10000,			/* address of the file's first byte */
	CHANGES = 1500,
};

/* ---- files ---- */

struct symbol {
	const char *name;
	uint64_t at, size;	/* at: in the file */
	unsigned char info;
};

struct spec {
	struct symbol symbols[SYMBOLS];
	uint32_t table;		/* SHT_SYMTAB, SHT_DYNSYM */
	uint64_t flags;		/* of that section */
	const char *id;		/* the build id: 4 letters, or NULL */
	const char *link;	/* the debug file, or NULL */
	uint32_t crc;
};

struct file {
	unsigned char data[FILE_MOST];
	size_t len;
	Elf64_Shdr sections[8];
	uint16_t count;
};

static const char section_names[] = "\0.text\0.id\0.symtab\0.strtab\0.gnu_debuglink\0";

static size_t put(struct file *f, const void *data, size_t len)
{
	size_t at = (f->len + 7) & ~(size_t)7;

	ASSERT_LE(at + len, FILE_MOST);
	memcpy(f->data + at, data, len);
	f->len = at + len;
	return at;
}

static Elf64_Shdr *put_section(struct file *f, const char *name, uint32_t type, const void *data,
			       size_t len)
{
	Elf64_Shdr *section = &f->sections[++f->count];

	section->sh_name = (uint32_t)((const char *)memmem(section_names, sizeof(section_names),
							   name, strlen(name)) - section_names);
	section->sh_type = type;
	section->sh_offset = put(f, data, len);
	section->sh_size = len;
	return section;
}

static void put_symbols(struct file *f, const struct spec *spec)
{
	Elf64_Sym symbols[SYMBOLS + 1];
	char names[512] = "";
	size_t n = 1, len = 1;
	Elf64_Shdr *section;

	memset(symbols, 0, sizeof(symbols));
	for (; n <= SYMBOLS && spec->symbols[n - 1].name; n++) {
		const struct symbol *from = &spec->symbols[n - 1];

		symbols[n].st_name = (Elf64_Word)len;
		symbols[n].st_value = from->at + MOVED;
		symbols[n].st_size = from->size;
		symbols[n].st_info = from->info;
		symbols[n].st_shndx = 1;
		len += (size_t)sprintf(names + len, "%s", from->name) + 1;
	}
	section = put_section(f, ".symtab", spec->table, symbols, n * sizeof(symbols[0]));
	section->sh_flags = spec->flags;
	section->sh_link = f->count + 1u;
	put_section(f, ".strtab", SHT_STRTAB, names, len);
}

static void put_id(struct file *f, const char *id)
{
	struct {
		Elf64_Nhdr head;
		char name[4], id[4];
	} note = { { 4, 4, NT_GNU_BUILD_ID }, "GNU", "" };

	memcpy(note.id, id, 4);
	put_section(f, ".id", SHT_NOTE, &note, sizeof(note));
}

static void put_link(struct file *f, const struct spec *spec)
{
	char link[64] = "";
	size_t len = (strlen(spec->link) & ~(size_t)3) + 4;

	strcpy(link, spec->link);
	memcpy(link + len, &spec->crc, 4);
	put_section(f, ".gnu_debuglink", SHT_PROGBITS, link, len + 4);
}

static void make(struct file *f, const struct spec *spec)
{
	Elf64_Ehdr head = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64,
			     __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB,
			     EV_CURRENT },
		.e_type = ET_DYN, .e_machine = asm_cpu_native()->machine, .e_version = EV_CURRENT,
		.e_phoff = sizeof(head), .e_ehsize = sizeof(head),
		.e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 1,
		.e_shentsize = sizeof(Elf64_Shdr),
	};
	Elf64_Phdr segment = {
		.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_vaddr = MOVED,
		.p_filesz = TEXT_AT + TEXT_SIZE, .p_memsz = TEXT_AT + TEXT_SIZE,
	};

	memset(f, 0, sizeof(*f));
	put(f, &head, sizeof(head));
	put(f, &segment, sizeof(segment));
	f->len = TEXT_AT + TEXT_SIZE;
	f->sections[++f->count] = (Elf64_Shdr){
		.sh_name = 1, .sh_type = SHT_PROGBITS, .sh_addr = TEXT_AT + MOVED,
		.sh_offset = TEXT_AT, .sh_size = TEXT_SIZE / 2,
	};
	if (spec->id)
		put_id(f, spec->id);
	if (spec->table)
		put_symbols(f, spec);
	if (spec->link)
		put_link(f, spec);
	put_section(f, "", SHT_STRTAB, section_names, sizeof(section_names));
	head.e_shstrndx = f->count;
	head.e_shnum = (uint16_t)(f->count + 1);
	head.e_shoff = put(f, f->sections, head.e_shnum * sizeof(Elf64_Shdr));
	memcpy(f->data, &head, sizeof(head));
}

/* The one of .gnu_debuglink, bit by bit. */
static uint32_t crc_of(const struct file *f)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < 8 * f->len; i++) {
		uint32_t bit = (crc ^ (uint32_t)f->data[i / 8] >> i % 8) & 1u;

		crc = crc >> 1 ^ (bit ? 0xedb88320 : 0);
	}
	return ~crc;
}

/* ---- a root ---- */

FIXTURE(names) {
	struct load_names *names;
	char folder[PATH], path[2 * PATH];
	int root;
	struct file file, debug;
};

FIXTURE_SETUP(names)
{
	REQUIRE(asm_cpu_native(), "this CPU is not known");
	strcpy(self->folder, "/tmp/names_test.XXXXXX");
	ASSERT_NOT_NULL(mkdtemp(self->folder));
	self->root = open(self->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_OK(self->root);
	self->names = load_names_new();
	ASSERT_NOT_NULL(self->names);
}

FIXTURE_TEARDOWN(names)
{
	char command[2 * PATH];

	load_names_free(self->names);
	close(self->root);
	snprintf(command, sizeof(command), "rm -rf %s", self->folder);
	EXPECT_EQ(0, system(command));
}

/* A path outside of the root, with the folders that lead there. */
static const char *make_path(struct names_self *self, const char *path)
{
	size_t len = (size_t)sprintf(self->path, "%s", self->folder);

	for (; *path; path++) {
		if (*path == '/')
			mkdir(self->path, 0755);
		self->path[len++] = *path;
		self->path[len] = '\0';
	}
	return self->path;
}

static void store(struct names_self *self, const char *path, const void *data, size_t len)
{
	int fd;

	/* A file that is cut and written again may have to reach the disk. */
	unlink(make_path(self, path));
	fd = open(self->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	ASSERT_OK(fd);
	ASSERT_EQ(len, write(fd, data, len));
	close(fd);
}

static struct load_mapped mapped(struct names_self *self, const char *path)
{
	struct load_mapped out = { self->root, path, "/proc/self/map_files/none", 0, 0 };
	struct stat st;

	ASSERT_EQ(0, stat(make_path(self, path), &st));
	out.device = st.st_dev;
	out.inode = st.st_ino;
	return out;
}

/* "NAME+OFFSET", or "" */
static const char *name_at(const struct load_functions *f, uint64_t at)
{
	static char text[128];
	struct load_name name;

	text[0] = '\0';
	if (load_name_in(f, at, &name))
		snprintf(text, sizeof(text), "%s+%llu", name.name,
			 (unsigned long long)name.offset);
	return text;
}

/* What the function there is called in a file of that kind, /bin/file in the root. */
static const char *name_of(struct names_self *self, const struct spec *spec, uint64_t at)
{
	struct load_mapped file;

	load_names_free(self->names);
	self->names = load_names_new();
	make(&self->file, spec);
	store(self, "/bin/file", self->file.data, self->file.len);
	file = mapped(self, "/bin/file");
	return name_at(load_functions_mapped(self->names, &file), at);
}

/* ---- one file ---- */

enum {
	GLOBAL = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), WEAK = ELF64_ST_INFO(STB_WEAK, STT_FUNC),
	LOCAL = ELF64_ST_INFO(STB_LOCAL, STT_FUNC), LABEL = ELF64_ST_INFO(STB_LOCAL, STT_NOTYPE),
	DATA = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT),
	CHOSEN = ELF64_ST_INFO(STB_GLOBAL, STT_GNU_IFUNC),
};

TEST_F(names, functions)
{
	static const struct spec spec = {
		.table = SHT_SYMTAB, .symbols = {
			{ "outer", 0x1000, 0x100, LOCAL }, { "inner", 0x1010, 0x10, LOCAL },
			{ "label", 0x1030, 0, LABEL }, { "alone", 0x1200, 0, LABEL },
			{ "data", 0x1300, 16, DATA }, { "chosen", 0x1400, 16, CHOSEN },
			{ "last", 0x1500, 0, GLOBAL }, { "$x", 0x1210, 0, LABEL },
		},
	};
	static const struct {
		uint64_t at;
		const char *name;
	} places[] = {
		{ 0xfff, "" }, { 0x1000, "outer+0" }, { 0x101f, "inner+15" },
		{ 0x1020, "outer+32" }, { 0x1031, "outer+49" }, { 0x10ff, "outer+255" },
		{ 0x1100, "" }, { 0x1204, "alone+4" }, { 0x1220, "alone+32" },
		{ 0x1305, "alone+261" }, { 0x140f, "chosen+15" }, { 0x1410, "" },
		{ 0x17ff, "last+767" }, { 0x1800, "" }, { UINT64_MAX, "" },
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		EXPECT_STREQ(places[i].name, name_of(self, &spec, places[i].at))
			LOG("at %#llx", (unsigned long long)places[i].at);
}

TEST_F(names, aliases)
{
	static const struct spec spec = {
		.table = SHT_DYNSYM, .symbols = {
			{ "a_local", 0x1000, 8, LOCAL }, { "__spare", 0x1000, 8, GLOBAL },
			{ "weak", 0x1000, 8, WEAK }, { "global", 0x1000, 8, GLOBAL },
			{ "unsized", 0x1000, 0, GLOBAL }, { "same", 0x1000, 8, GLOBAL },
			{ "__GI_x", 0x1100, 8, LOCAL }, { "x", 0x1100, 8, WEAK },
		},
	};

	EXPECT_STREQ("global+1", name_of(self, &spec, 0x1001));
	EXPECT_STREQ("x+1", name_of(self, &spec, 0x1101));
}

/* A compressed table is none: the other one is taken. */
TEST_F(names, compressed)
{
	struct spec spec = { .table = SHT_SYMTAB, .symbols = { { "f", 0x1000, 8, GLOBAL } } };

	EXPECT_STREQ("f+0", name_of(self, &spec, 0x1000));
	spec.flags = SHF_COMPRESSED;
	EXPECT_STREQ("", name_of(self, &spec, 0x1000));
}

/* Never the names of another file that has the path by now. */
TEST_F(names, replaced)
{
	struct spec spec = { .table = SHT_SYMTAB, .symbols = { { "old", 0x1000, 8, GLOBAL } } };
	struct load_mapped file;
	char other[2 * PATH];

	EXPECT_STREQ("old+0", name_of(self, &spec, 0x1000));
	file = mapped(self, "/bin/file");
	strcpy(other, make_path(self, "/bin/other"));
	ASSERT_EQ(0, rename(make_path(self, "/bin/file"), other));
	spec.symbols[0].name = "new";
	EXPECT_STREQ("new+0", name_of(self, &spec, 0x1000));
	load_names_free(self->names);
	self->names = load_names_new();
	EXPECT_NULL(load_functions_mapped(self->names, &file));
	file.range = other;
	EXPECT_STREQ("old+0", name_at(load_functions_mapped(self->names, &file), 0x1000));
}

/* ---- debug files ---- */

static const struct spec full = {
	.table = SHT_SYMTAB, .id = "\xab\x01\x02\xef", .symbols = { { "f", 0x1000, 8, LOCAL } },
};

TEST_F(names, build_id)
{
	static const char path[] = "/usr/lib/debug/.build-id/ab/0102ef.debug";
	struct spec spec = { .id = full.id, .table = SHT_DYNSYM, .symbols = {
		{ "exported", 0x1100, 8, GLOBAL } } };
	struct spec wrong = full;

	EXPECT_STREQ("", name_of(self, &spec, 0x1000));
	make(&self->debug, &full);
	store(self, path, self->debug.data, self->debug.len);
	EXPECT_STREQ("f+0", name_of(self, &spec, 0x1000));
	EXPECT_STREQ("exported+0", name_of(self, &spec, 0x1100));
	wrong.id = "\xab\x01\x02\xee";
	make(&self->debug, &wrong);
	store(self, path, self->debug.data, self->debug.len);
	EXPECT_STREQ("", name_of(self, &spec, 0x1000));
	EXPECT_STREQ("exported+0", name_of(self, &spec, 0x1100));
	spec = full;
	spec.symbols[0].name = "own";
	EXPECT_STREQ("own+0", name_of(self, &spec, 0x1000));
}

/* By a link that is the root's own, not this process's. */
TEST_F(names, build_id_by_a_link)
{
	struct spec spec = { .id = full.id };

	make(&self->debug, &full);
	store(self, "/debug", self->debug.data, self->debug.len);
	ASSERT_EQ(0, symlink("/debug",
			     make_path(self, "/usr/lib/debug/.build-id/ab/0102ef.debug")));
	EXPECT_STREQ("f+0", name_of(self, &spec, 0x1000));
}

static void check_link(struct names_self *self, const char *path)
{
	struct spec spec = { .link = "x.debug" };

	make(&self->debug, &full);
	spec.crc = crc_of(&self->debug);
	EXPECT_STREQ("", name_of(self, &spec, 0x1000));
	store(self, path, self->debug.data, self->debug.len);
	EXPECT_STREQ("f+0", name_of(self, &spec, 0x1000)) LOG("%s", path);
	spec.crc ^= 1;
	EXPECT_STREQ("", name_of(self, &spec, 0x1000));
	spec.crc ^= 1;
	spec.link = "/x.debug";
	EXPECT_STREQ("", name_of(self, &spec, 0x1000));
	ASSERT_EQ(0, unlink(make_path(self, path)));
}

TEST_F(names, debug_link)
{
	check_link(self, "/bin/x.debug");
	check_link(self, "/bin/.debug/x.debug");
}

/* In a namespace of mounts, where nobody else sees what lies in /usr/lib/debug. */
TEST_F(names, debug_link_elsewhere)
{
	char path[2 * PATH];

	REQUIRE(unshare(CLONE_NEWNS) == 0, "needs privilege");
	ASSERT_EQ(0, mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	REQUIRE(mount("none", "/usr/lib/debug", "tmpfs", 0, NULL) == 0, "no /usr/lib/debug");
	make_path(self, "/bin/");
	snprintf(path, sizeof(path), "/usr/lib/debug%s", self->folder);
	ASSERT_EQ(0, mkdir("/usr/lib/debug/tmp", 0755));
	ASSERT_EQ(0, symlink(self->folder, path));
	check_link(self, "/bin/x.debug");
	ASSERT_EQ(0, umount("/usr/lib/debug"));
}

/* ---- damaged files ---- */

static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* What is not the text, which nobody reads. */
static void change(struct file *file, const struct file *from, uint32_t *state)
{
	uint32_t n = next_random(state) % 4;

	*file = *from;
	for (uint32_t i = 0; i <= n; i++) {
		size_t at = next_random(state) % (from->len - TEXT_SIZE);

		at += at < 0x200 ? 0 : TEXT_SIZE;
		file->data[at < from->len ? at : 0] = (unsigned char)next_random(state);
	}
	if (next_random(state) % 16 == 0)
		file->len = next_random(state) % from->len;
}

static void check_names(const struct load_functions *f)
{
	struct load_name name;
	size_t sum = 0;

	for (uint64_t at = 0; at < 0x2000; at += 8)
		if (load_name_in(f, at, &name))
			sum += strlen(name.name) + 1;
	EXPECT_LE(sum, 0x400 * sizeof(((struct file *)0)->data));
}

/* Either file holds anything: no crash, and no byte is read that is not there. */
TEST_F(names, damaged)
{
	struct spec spec = { .id = full.id, .link = "x.debug", .table = SHT_DYNSYM, .symbols = {
		{ "exported", 0x1100, 8, GLOBAL } } };
	struct file file, debug;
	uint32_t state = 20;

	make(&debug, &full);
	spec.crc = crc_of(&debug);
	make(&file, &spec);
	for (unsigned int i = 0; i < t_rounds(CHANGES); i++) {
		struct load_mapped map;

		change(&self->file, &file, &state);
		change(&self->debug, &debug, &state);
		store(self, "/bin/file", self->file.data, self->file.len);
		store(self, "/usr/lib/debug/.build-id/ab/0102ef.debug", self->debug.data,
		      self->debug.len);
		map = mapped(self, "/bin/file");
		check_names(load_functions_mapped(self->names, &map));
		load_names_free(self->names);
		self->names = load_names_new();
	}
}

/* ---- what languages say ---- */

enum { SOME_PID = 4711, SOME_UID = 54321 };

static void store_lines(struct names_self *self, const char *lines)
{
	store(self, "/tmp/perf-4711.map", lines, strlen(lines));
	load_names_free(self->names);
	self->names = load_names_new();
}

static const char *name_jit(struct names_self *self, uint64_t at)
{
	return name_at(load_functions_jit(self->names, self->root, SOME_PID, getuid()), at);
}

TEST_F(names, jit)
{
	store_lines(self, "7f0000001000 10 LazyCompile:~a b.js:1\n7f0000001000 20 later\n"
			  "0x7f0000002000 0x8 prefixed\n\nnonsense\n7f0000003000 0 empty\n"
			  "7f0000004000 8\nffffffffffffff00 1000 last");
	EXPECT_STREQ("", name_jit(self, 0x7f0000000fff));
	EXPECT_STREQ("later+31", name_jit(self, 0x7f000000101f));
	EXPECT_STREQ("", name_jit(self, 0x7f0000001020));
	EXPECT_STREQ("prefixed+7", name_jit(self, 0x7f0000002007));
	EXPECT_STREQ("", name_jit(self, 0x7f0000003000));
	EXPECT_STREQ("", name_jit(self, 0x7f0000004000));
	EXPECT_STREQ("last+254", name_jit(self, UINT64_MAX - 1));
	store_lines(self, "7f0000001000 10 LazyCompile:~a b.js:1\n");
	EXPECT_STREQ("LazyCompile:~a b.js:1+0", name_jit(self, 0x7f0000001000));
}

/* Whoever writes names does not choose how much memory they take. */
TEST_F(names, jit_with_a_long_name)
{
	enum { LONG = 5000, MOST = 4096 };
	struct load_name name;
	char line[LONG];

	memset(line, 'x', sizeof(line));
	memcpy(line, "1000 10 ", 8);
	line[LONG - 1] = '\0';
	store_lines(self, line);
	ASSERT_TRUE(load_name_in(load_functions_jit(self->names, self->root, SOME_PID, getuid()),
				 0x1000, &name));
	EXPECT_EQ(MOST, strlen(name.name));
}

TEST_F(names, jit_of_another_user)
{
	REQUIRE(geteuid() == 0, "needs privilege");
	store_lines(self, "1000 10 theirs\n");
	EXPECT_STREQ("theirs+0", name_at(load_functions_jit(self->names, self->root, SOME_PID,
							    SOME_UID), 0x1000));
	ASSERT_EQ(0, chown(make_path(self, "/tmp/perf-4711.map"), SOME_UID, 0));
	EXPECT_STREQ("", name_jit(self, 0x1000));
	EXPECT_STREQ("theirs+0", name_at(load_functions_jit(self->names, self->root, SOME_PID,
							    SOME_UID), 0x1000));
}

/* What would keep its reader waiting. */
TEST_F(names, jit_that_is_no_file)
{
	ASSERT_EQ(0, mkfifo(make_path(self, "/tmp/perf-4711.map"), 0644));
	EXPECT_STREQ("", name_jit(self, 0x1000));
}

/* ---- the kernel ---- */

TEST_F(names, vdso)
{
	uint64_t at = getauxval(AT_SYSINFO_EHDR);
	const struct load_functions *f = load_functions_vdso(self->names, at);
	bool found = false;

	REQUIRE(at, "this kernel has no vdso");
	for (uint64_t i = 0; i < 0x10000 && !found; i++)
		found = strstr(name_at(f, i), "clock_gettime");
	EXPECT_TRUE(found);
	EXPECT_NULL(load_functions_vdso(self->names, at >> 32 ? 0xf7fc0000 : UINT64_MAX));
}

static void put_kallsyms(struct names_self *self, const char *lines)
{
	REQUIRE(unshare(CLONE_NEWNS) == 0, "needs privilege");
	ASSERT_EQ(0, mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	store(self, "/kallsyms", lines, strlen(lines));
	ASSERT_EQ(0, mount(make_path(self, "/kallsyms"), "/proc/kallsyms", NULL, MS_BIND, NULL));
}

static const char *name_kernel(struct names_self *self, uint64_t at)
{
	static char text[128];
	struct load_name name;

	text[0] = '\0';
	if (load_name_kernel(self->names, at, &name))
		snprintf(text, sizeof(text), "%s+%llu", name.name,
			 (unsigned long long)name.offset);
	return text;
}

TEST_F(names, kernel)
{
	REQUIRE(geteuid() == 0, "needs privilege");
	put_kallsyms(self, "ffffffff81000000 T _stext\nffffffff81000100 W weak\n"
			   "ffffffff81000100 t local\nffffffff81000100 T strong\n"
			   "ffffffff81000200 D data\nffffffffc0000000 t first\t[one]\n"
			   "ffffffffc0100000 t second\t[two]\n"
			   "ffffffffc0200000 t bpf_prog_6deef7357e7b4530_sample\t[bpf]\n");
	EXPECT_STREQ("_stext+255", name_kernel(self, 0xffffffff810000ff));
	EXPECT_STREQ("strong+1", name_kernel(self, 0xffffffff81000101));
	EXPECT_STREQ("", name_kernel(self, 0xffffffff81000200));
	EXPECT_STREQ("first+16", name_kernel(self, 0xffffffffc0000010));
	EXPECT_STREQ("", name_kernel(self, 0xffffffffc00fffff));	/* unloaded */
	EXPECT_STREQ("second+4095", name_kernel(self, 0xffffffffc0100fff));
	EXPECT_STREQ("bpf_prog_6deef7357e7b4530_sample+1", name_kernel(self, 0xffffffffc0200001));
	EXPECT_FALSE(load_names_hidden(self->names));
}

TEST_F(names, kernel_hidden)
{
	REQUIRE(geteuid() == 0, "needs privilege");
	EXPECT_FALSE(load_names_hidden(self->names));
	put_kallsyms(self, "0000000000000000 T _stext\n0000000000000000 T f\n");
	EXPECT_STREQ("", name_kernel(self, 0xffffffff81000000));
	EXPECT_TRUE(load_names_hidden(self->names));
}

TEST_MAIN
