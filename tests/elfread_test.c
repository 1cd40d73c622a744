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

enum { COMMAND = 512 };

/* What the sink was told. */
struct said {
	unsigned int errors, warnings;
	char message[256];
};

static void listen(void *arg, const struct asm_diag *diag)
{
	struct said *said = arg;

	if (diag->severity == ASM_WARNING)
		said->warnings++;
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
	char *data;
	size_t len;
	uint8_t *copy;
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

	REQUIRE(!system("command -v clang >/dev/null"), "clang is not installed");
	snprintf(command, sizeof(command), "clang -O2 -g -target %s -c -o %s.o "
		 "%s/tests/objects/%s.c", variant->target, variant->source, srcdir ? srcdir : ".",
		 variant->source);
	ASSERT_EQ(0, system(command));
	snprintf(command, sizeof(command), "%s.o", variant->source);
	ASSERT_EQ(0, asm_read_file(command, &self->data, &self->len));
	self->copy = malloc(self->len);
	ASSERT_NOT_NULL(self->copy);
	memcpy(self->copy, self->data, self->len);
}

FIXTURE_TEARDOWN(object)
{
	free(self->data);
	free(self->copy);
}

TEST_F(object, whole)
{
	for (int dialect = ASM_DIALECT_KERNEL; dialect <= ASM_DIALECT_GAS; dialect++)
		EXPECT_TRUE(try_object(self->copy, self->len, (enum asm_dialect)dialect));
}

/* No byte behind the end is looked at: the sanitizer sees to that. */
TEST_F_TIMEOUT(object, cut_short, 240)
{
	for (size_t len = 0; len < self->len; len++) {
		uint8_t *part = malloc(len ? len : 1);

		ASSERT_NOT_NULL(part);
		memcpy(part, self->data, len);
		EXPECT_FALSE(try_object(part, len, ASM_DIALECT_KERNEL)) LOG("%zu bytes", len);
		free(part);
	}
}

/* Each byte from `at` on, with another value and as 0. */
static void turn_bytes(char *data, uint8_t *copy, size_t len, size_t at, size_t n)
{
	static const uint8_t turns[] = { 0x01, 0x80, 0xff, 0x7f, 0x10 };

	for (size_t i = at; i < at + n && i < len; i++) {
		copy[i] ^= turns[i % COUNT(turns)];
		try_object(copy, len, (enum asm_dialect)(i % 3));
		copy[i] = 0;
		if (data[i])
			try_object(copy, len, ASM_DIALECT_KERNEL);
		copy[i] = (uint8_t)data[i];
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
	size_t at = offset_of_sections(self->copy, !strcmp(variant->target, "bpfeb"));

	turn_bytes(self->data, self->copy, self->len, 0, sizeof(Elf64_Ehdr));
	turn_bytes(self->data, self->copy, self->len, at, self->len - at);
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
	enum { ROUNDS = 1500, MOST = 6 };
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

TEST_MAIN
