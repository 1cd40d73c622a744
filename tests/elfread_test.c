/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * elfread_test.c - the reader of ELF objects on damaged ones: of each it makes a model or one
 * error, and the text of a model assembles to as many slots.
 */
#include <elf.h>
#include <stddef.h>

#include "../asm/asm.h"
#include "harness.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { COMMAND = 512, ROOM = 1 << 16 };

/* What the sink was told. */
struct said {
	unsigned int errors, warnings;
	char message[256], warning[256];	/* the first ones */
};

static void listen(void *arg, const struct asm_diag *diag)
{
	struct said *said = arg;

	if (diag->severity == ASM_WARNING && !said->warnings++)
		snprintf(said->warning, sizeof(said->warning), "%s", diag->message);
	if (diag->severity != ASM_ERROR)
		return;
	if (!said->errors++)
		snprintf(said->message, sizeof(said->message), "%s", diag->message);
}

static struct asm_object *read_object(const void *data, size_t len, struct said *said)
{
	struct asm_options opt = { .sink = listen, .sink_arg = said };

	memset(said, 0, sizeof(*said));
	return asm_read_elf("object.o", data, len, &opt);
}

/* The text of a model, assembled again. */
static void expect_text(const struct asm_object *obj, enum asm_dialect dialect)
{
	struct said said = { .errors = 0 };
	struct asm_options opt = {
		.endian = obj->endian, .sink = listen, .sink_arg = &said,
	};
	struct asm_object *back;
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	ASSERT_NOT_NULL(f);
	EXPECT_EQ(0, asm_emit_object(f, obj, NULL, dialect));
	ASSERT_EQ(0, fclose(f));
	back = asm_assemble("text", text, len, &opt);
	EXPECT_NOT_NULL(back) LOG("%s", said.message);
	if (back)
		EXPECT_EQ(obj->ninsns, back->ninsns);
	asm_free(back);
	free(text);
}

/* True when there was a model. */
static bool try_object(const uint8_t *data, size_t len, enum asm_dialect dialect)
{
	struct said said;
	struct asm_object *obj = read_object(data, len, &said);
	struct asm_place place;

	EXPECT_EQ(!obj, said.errors) LOG("%s", said.message);
	if (!obj)
		return false;
	for (size_t i = 0; i < obj->ninsns; i++) {
		place = asm_object_place(obj, obj->insn_pos[i]);
		EXPECT_TRUE(!place.file || place.col <= place.len + 1);
	}
	expect_text(obj, dialect);
	asm_free(obj);
	return true;
}

/* ---- a real object in memory that ends where the object does ---- */

FIXTURE(object) {
	uint8_t data[ROOM], *copy;
	size_t len;
};

FIXTURE_VARIANT(object) {
	const char *source, *target;
};
FIXTURE_VARIANT_ADD(object, maps) { "maps", "bpfel" };
FIXTURE_VARIANT_ADD(object, globals) { "globals", "bpfeb" };
FIXTURE_VARIANT_ADD(object, calls) { "calls", "bpfel" };

FIXTURE_SETUP(object)
{
	const char *srcdir = getenv("SRCDIR");
	char command[COMMAND];
	FILE *f;

	REQUIRE(!system("command -v clang >/dev/null"), "clang is not installed");
	snprintf(command, sizeof(command), "clang -O2 -g -target %s -c -o - %s/tests/objects/%s.c",
		 variant->target, srcdir ? srcdir : ".", variant->source);
	f = popen(command, "r");
	ASSERT_NOT_NULL(f);
	self->len = fread(self->data, 1, ROOM, f);
	ASSERT_EQ(0, pclose(f));
	ASSERT_LT(self->len, ROOM);
	self->copy = malloc(self->len);
	ASSERT_NOT_NULL(self->copy);
	memcpy(self->copy, self->data, self->len);
}

FIXTURE_TEARDOWN(object)
{
	free(self->copy);
}

TEST_F(object, whole)
{
	for (int dialect = ASM_DIALECT_KERNEL; dialect <= ASM_DIALECT_GAS; dialect++)
		EXPECT_TRUE(try_object(self->copy, self->len, (enum asm_dialect)dialect));
}

/*
 * No byte behind the end is looked at: the sanitizer sees to that. Each end in the header and, in
 * steps that come by every remainder of 8, everywhere else; the fuzzer has the time for all.
 */
TEST_F_TIMEOUT(object, cut_short, 240)
{
	enum { STEP = 11 };

	for (size_t len = 0; len < self->len; len += len < sizeof(Elf64_Ehdr) ? 1 : STEP) {
		uint8_t *part = malloc(len ? len : 1);

		ASSERT_NOT_NULL(part);
		memcpy(part, self->data, len);
		EXPECT_FALSE(try_object(part, len, ASM_DIALECT_KERNEL)) LOG("%zu bytes", len);
		free(part);
	}
}

/* Every so many bytes from `at` on: one with another value and as 0. */
static void turn_bytes(const uint8_t *data, uint8_t *copy, size_t len, size_t at, size_t n,
		       size_t step)
{
	static const uint8_t turns[] = { 0x01, 0x80, 0xff, 0x7f, 0x10 };

	for (size_t i = at; i < at + n && i < len; i += step) {
		copy[i] ^= turns[i % COUNT(turns)];
		try_object(copy, len, (enum asm_dialect)(i % 3));
		copy[i] = 0;
		if (data[i])
			try_object(copy, len, ASM_DIALECT_KERNEL);
		copy[i] = data[i];
	}
}

static size_t offset_of_sections(const uint8_t *data, bool big)
{
	size_t at = 0;

	for (int i = 0; i < 8; i++)
		at = at << 8 | data[offsetof(Elf64_Ehdr, e_shoff) + (size_t)(big ? i : 7 - i)];
	return at;
}

TEST_F_TIMEOUT(object, other_headers, 240)
{
	enum { EACH = 1, STEP = 3 };	/* no divisor of 64: each field in one section or other */
	size_t at = offset_of_sections(self->copy, !strcmp(variant->target, "bpfeb"));

	turn_bytes(self->data, self->copy, self->len, 0, sizeof(Elf64_Ehdr), EACH);
	turn_bytes(self->data, self->copy, self->len, at, self->len - at, STEP);
}

/* xorshift: the same numbers each time */
static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

TEST_F_TIMEOUT(object, other_bytes, 240)
{
	enum { ROUNDS = 500, MOST = 6 };
	uint32_t state = 0x2545f491;
	size_t models = 0;

	for (size_t round = 0; round < ROUNDS; round++) {
		uint32_t n = 1 + next_random(&state) % MOST;

		for (uint32_t i = 0; i < n; i++)
			self->copy[next_random(&state) % self->len] = (uint8_t)next_random(&state);
		models += try_object(self->copy, self->len, (enum asm_dialect)(round % 3));
		memcpy(self->copy, self->data, self->len);
	}
	EXPECT_GT(models, ROUNDS / 10) LOG("%zu models", models);
}

/* ---- what each file is refused for ---- */

TEST(reasons)
{
	static const struct {
		size_t at;
		uint8_t value;
		const char *message;
	} cases[] = {
		{ EI_MAG1, 'F', "this is no ELF file" },
		{ EI_CLASS, ELFCLASS32, "this is an ELF file of 32 bits, those of BPF have 64" },
		{ EI_CLASS, 7, "this is an ELF file of an unknown number of bits, those of BPF "
			       "have 64" },
		{ EI_DATA, 3, "the byte order of the ELF file is unknown: 3" },
		{ EI_VERSION, 2, "the version of the ELF file is unknown: 2" },
		{ offsetof(Elf64_Ehdr, e_machine), 62,
		  "this is an ELF file for machine 62, that of BPF is 247" },
		{ offsetof(Elf64_Ehdr, e_type), ET_EXEC,
		  "this ELF file is no object: its type is 2, not 1" },
		{ offsetof(Elf64_Ehdr, e_shnum), 0, "the ELF file has no sections" },
		{ offsetof(Elf64_Ehdr, e_shentsize), 40,
		  "the headers of the sections have 40 bytes, not 64" },
		{ offsetof(Elf64_Ehdr, e_shoff) + 1, 1,
		  "the table of 1 sections at byte 320 is cut short" },
		{ offsetof(Elf64_Ehdr, e_flags), 0,
		  "the names of the sections are in section 0, which has no names" },
	};
	struct {
		Elf64_Ehdr head;
		Elf64_Shdr section;
	} file;
	struct said said;

	for (size_t i = 0; i < COUNT(cases); i++) {
		memset(&file, 0, sizeof(file));
		memcpy(file.head.e_ident, ELFMAG, SELFMAG);
		file.head.e_ident[EI_CLASS] = ELFCLASS64;
		file.head.e_ident[EI_DATA] = ELFDATA2LSB;
		file.head.e_ident[EI_VERSION] = EV_CURRENT;
		file.head.e_machine = 247;
		file.head.e_type = ET_REL;
		file.head.e_shoff = sizeof(file.head);
		file.head.e_shnum = 1;
		file.head.e_shentsize = sizeof(file.section);
		((uint8_t *)&file)[cases[i].at] = cases[i].value;
		EXPECT_NULL(read_object(&file, sizeof(file), &said));
		EXPECT_EQ(1, said.errors);
		EXPECT_STREQ(cases[i].message, said.message);
	}
}

TEST(too_large)
{
	struct said said;

	EXPECT_NULL(read_object("", (size_t)INT32_MAX + 1, &said));
	EXPECT_STREQ("the ELF file is larger than 2 GiB", said.message);
}

TEST(no_header)
{
	static const char ident[EI_NIDENT] = {
		ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT,
	};
	struct said said;

	EXPECT_NULL(read_object(ident, sizeof(ident), &said));
	EXPECT_STREQ("the ELF header is cut short", said.message);
}

/* ---- an object of our own, with one thing that is wrong ---- */

static const char sample_text[] =
	".license \"GPL\"\n"
	".map cells type array key u32 value u64 entries 1\n"
	".global const u32 limit = 7\n.global u64 counter = 5\n"
	".extern ext\n"
	".prog main \"xdp\"\n"
	"r1 = cells ll; r1 = counter ll; r1 = ext ll; call sub; r0 = 0; exit\n"
	".func sub\n"
	"r1 = limit ll; r0 = 0; exit\n";

enum {	/* as bpfasm writes them */
	XDP = 1, CODE, RODATA, DATA, MAPS, LICENSE, BTF, BTF_EXT, SYMTAB, STRTAB, REL_XDP,
	REL_CODE,
	SYMBOL_SUB = 7, SYMBOL_MAIN,
};

FIXTURE(sample) {
	uint8_t *data;
	size_t len;
};

FIXTURE_SETUP(sample)
{
	const struct asm_options opt = { .endian = ASM_LITTLE };
	struct asm_object *obj = asm_assemble("text", sample_text, sizeof(sample_text) - 1, &opt);
	char *data = NULL;
	FILE *f = open_memstream(&data, &self->len);

	ASSERT_NOT_NULL(obj);
	ASSERT_NOT_NULL(f);
	ASSERT_EQ(0, asm_emit_elf(f, obj, NULL, NULL, NULL));
	ASSERT_EQ(0, fclose(f));
	self->data = (uint8_t *)data;
	asm_free(obj);
}

FIXTURE_TEARDOWN(sample)
{
	free(self->data);
}

static uint64_t load(const uint8_t *at, size_t width)
{
	uint64_t value = 0;

	while (width--)
		value = value << 8 | at[width];
	return value;
}

static void store(uint8_t *at, size_t width, uint64_t value)
{
	for (; width--; value >>= 8)
		*at++ = (uint8_t)value;
}

static uint8_t *section_header(uint8_t *data, size_t section)
{
	return data + load(data + offsetof(Elf64_Ehdr, e_shoff), sizeof(uint64_t)) +
	       section * sizeof(Elf64_Shdr);
}

static uint8_t *section_data(uint8_t *data, size_t section)
{
	return data + load(section_header(data, section) + offsetof(Elf64_Shdr, sh_offset),
			   sizeof(uint64_t));
}

/* A number of a section's header, or in its bytes. */
struct damage {
	size_t section;
	bool header;
	size_t at, width;
	uint64_t value;
};

#define HEADER(section, field, value) \
	{ section, true, offsetof(Elf64_Shdr, field), sizeof(((Elf64_Shdr *)0)->field), value }
#define SYMBOL(i, field, value) \
	{ SYMTAB, false, (i) * sizeof(Elf64_Sym) + offsetof(Elf64_Sym, field), \
	  sizeof(((Elf64_Sym *)0)->field), value }
#define RELOC(i, at, width, value) { REL_XDP, false, (i) * sizeof(Elf64_Rel) + (at), width, value }
#define RELOC_OFFSET(i, value) RELOC(i, offsetof(Elf64_Rel, r_offset), 8, value)
#define RELOC_TYPE(i, value) RELOC(i, offsetof(Elf64_Rel, r_info), 4, value)
#define RELOC_SYMBOL(i, value) RELOC(i, offsetof(Elf64_Rel, r_info) + 4, 4, value)
#define IMM(slot, value) { XDP, false, (slot) * 8 + 4, 4, value }

/* True when there was a model, which borrows the bytes. */
static bool read_damaged(const uint8_t *data, size_t len, const struct damage damage[2],
			 struct said *said)
{
	uint8_t *copy = malloc(len), *at;
	struct asm_object *obj;
	bool read;

	ASSERT_NOT_NULL(copy);
	memcpy(copy, data, len);
	for (int i = 0; i < 2; i++) {
		at = damage[i].header ? section_header(copy, damage[i].section) :
					section_data(copy, damage[i].section);
		store(at + damage[i].at, damage[i].width, damage[i].value);
	}
	obj = read_object(copy, len, said);
	read = obj;
	if (obj)
		expect_text(obj, ASM_DIALECT_KERNEL);
	asm_free(obj);
	free(copy);
	return read;
}

TEST_F(sample, whole)
{
	static const struct damage none[2] = { { 0 } };
	struct said said;

	EXPECT_TRUE(read_damaged(self->data, self->len, none, &said));
	EXPECT_EQ(0, said.errors + said.warnings);
}

TEST_F(sample, errors)
{
	static const struct {
		struct damage damage[2];
		const char *message;
	} cases[] = {
		{ { { BTF_EXT, false, 28, 4, 0x10000 } },
		  "the CO-RE relocations of .BTF.ext are damaged" },
		{ { HEADER(XDP, sh_size, 0x10000) },
		  "section 1 goes past the end of the file: 65536 bytes from byte 64 on" },
		{ { HEADER(REL_CODE, sh_offset, 0), HEADER(REL_CODE, sh_size, 2600) },
		  "the sections share bytes: section 12 is one too many" },
		{ { HEADER(XDP, sh_name, 0x10000) },
		  "the name of section 1 lies outside of all names" },
		{ { HEADER(REL_CODE, sh_type, SHT_SYMTAB) },
		  "there are two symbol tables: sections 9 and 12" },
		{ { HEADER(LICENSE, sh_type, SHT_SYMTAB) },
		  "the symbol table has 4 bytes: no whole number of symbols" },
		{ { HEADER(SYMTAB, sh_link, XDP) },
		  "the names of the symbols are in section 1, which has no names" },
		{ { SYMBOL(SYMBOL_MAIN, st_name, 0x10000) },
		  "the name of symbol 8 lies outside of all names" },
		{ { SYMBOL(SYMBOL_MAIN, st_shndx, 99) },
		  "symbol 8 is in section 99, and there are 13" },
		{ { HEADER(XDP, sh_size, 70) },
		  "section 'xdp' has 70 bytes: no whole number of slots of 8" },
		{ { HEADER(DATA, sh_type, SHT_NOBITS), HEADER(DATA, sh_size, 1 << 27) },
		  "the variables up to section '.data' take more than 67108864 bytes" },
		{ { SYMBOL(SYMBOL_SUB, st_value, 4) },
		  "'sub' is at byte 4 of section '.text', where no slot begins" },
		{ { HEADER(REL_XDP, sh_info, 99) },
		  "the relocations in '.relxdp' are for section 99, and there are 13" },
		{ { HEADER(REL_CODE, sh_type, SHT_RELA) },
		  "the relocations in '.rel.text' have addends, those of BPF have none" },
		{ { RELOC_OFFSET(0, 4) },
		  "a relocation of section 'xdp' is at byte 4, where no slot begins" },
	};
	struct said said;

	for (size_t i = 0; i < COUNT(cases); i++) {
		EXPECT_FALSE(read_damaged(self->data, self->len, cases[i].damage, &said));
		EXPECT_EQ(1, said.errors);
		EXPECT_STREQ(cases[i].message, said.message);
	}
}

TEST_F(sample, relocations)
{
	static const struct {
		struct damage damage[2];
		const char *slot, *message;
	} cases[] = {
		{ { RELOC_TYPE(0, 2) }, "0 of section 'xdp'",
		  "has a type that is not for instructions" },
		{ { RELOC_TYPE(0, 10) }, "0 of section 'xdp'",
		  "is for a call, and there is none" },
		{ { RELOC_TYPE(3, 1) }, "6 of section 'xdp'",
		  "is for a 64-bit load, and there is none" },
		{ { { XDP, false, 8, 1, 0x95 } }, "0 of section 'xdp'",
		  "is for an instruction that is unknown" },
		{ { RELOC_OFFSET(1, 0) }, "0 of section 'xdp'", "is the second one there" },
		{ { RELOC_SYMBOL(0, 99) }, "0 of section 'xdp'",
		  "is about a symbol that there is not" },
		{ { IMM(6, 100) }, "6 of section 'xdp'", "leads to no slot" },
		{ { IMM(4, 4) }, "4 of section 'xdp'",
		  "has an offset, which an external symbol does not take" },
		{ { IMM(2, 8) }, "2 of section 'xdp'", "leads out of the section of its symbol" },
		{ { SYMBOL(SYMBOL_SUB, st_value, 8) }, "0 of section '.text'",
		  "is for a load that begins in one function and ends in the next" },
	};
	struct said said;
	char message[256];

	for (size_t i = 0; i < COUNT(cases); i++) {
		snprintf(message, sizeof(message), "%s%s %s", "the relocation of slot ",
			 cases[i].slot, cases[i].message);
		EXPECT_FALSE(read_damaged(self->data, self->len, cases[i].damage, &said));
		EXPECT_EQ(1, said.errors);
		EXPECT_STREQ(message, said.message);
	}
	EXPECT_FALSE(read_damaged(self->data, self->len, cases[0].damage, &said));
	EXPECT_STREQ("the relocation of slot 0 of section 'xdp' has a type that is not for "
		     "instructions", said.message);
}

/* What costs no instructions is a warning. */
TEST_F(sample, warnings)
{
	static const struct {
		struct damage damage[2];
		const char *message;
	} cases[] = {
		{ { HEADER(REL_CODE, sh_info, RODATA) },
		  "the relocations of section '.rodata' are left out" },
		{ { HEADER(CODE, sh_flags, SHF_ALLOC) },
		  "section '.text' is left out: it has neither instructions, variables nor maps" },
		{ { { BTF, false, 0, 1, 0 } },
		  "the BTF is damaged: maps, types and lines are left out" },
		{ { { BTF_EXT, false, 12, 4, 0x10000 } },
		  "the types of functions of .BTF.ext are damaged: what is behind the damage is "
		  "left out" },
		{ { { BTF_EXT, false, 20, 4, 0x10000 } },
		  "the line information of .BTF.ext is damaged: what is behind the damage is "
		  "left out" },
	};
	struct said said;

	for (size_t i = 0; i < COUNT(cases); i++) {
		EXPECT_TRUE(read_damaged(self->data, self->len, cases[i].damage, &said));
		EXPECT_EQ(1, said.warnings);
		EXPECT_STREQ(cases[i].message, said.warning);
	}
}

/* Put another, not longer name in place of one in the section's strings. */
static void rename_string(uint8_t *data, size_t section, const char *from, const char *to)
{
	uint8_t *at = section_data(data, section);
	size_t len = strlen(from), left = load(section_header(data, section) +
					       offsetof(Elf64_Shdr, sh_size), sizeof(uint64_t));

	for (; left >= len + 2; left--, at++)
		if (!at[0] && !memcmp(at + 1, from, len + 1))
			break;
	ASSERT_GE(left, len + 2) LOG("there is no '%s'", from);
	memset(at + 1, 0, len);
	memcpy(at + 1, to, strlen(to));
}

TEST_F(sample, maps)
{
	static const struct {
		const char *from, *to, *message;
	} cases[] = {
		{ "max_entries", "other_name",
		  "map 'cells': 'other_name' is unknown and left out" },
		{ "max_entries", "values",
		  "map 'cells': the BTF of its 'values' is unknown: only its name is kept" },
		{ "value", "type",
		  "map 'cells': the BTF of its 'type' is unknown: only its name is kept" },
	};
	struct said said;

	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t *copy = malloc(self->len);

		ASSERT_NOT_NULL(copy);
		memcpy(copy, self->data, self->len);
		rename_string(copy, BTF, cases[i].from, cases[i].to);
		EXPECT_TRUE(try_object(copy, self->len, ASM_DIALECT_LLVM));
		asm_free(read_object(copy, self->len, &said));
		EXPECT_EQ(1, said.warnings);
		EXPECT_STREQ(cases[i].message, said.warning);
		free(copy);
	}
}

TEST_MAIN
