/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * typed_test.c - values by the types of the running kernel, of which there are many: what is
 * printed reads as the same bytes, and no text leads astray
 */
#include "../asm/asm.h"
#include "../loader/loader.h"
#include "harness.h"

enum { LARGEST = 512, MANY = 5000, SOME = 1000 };

FIXTURE(typed)
{
	char *blob;
	struct asm_btf *btf;
	struct load_options opt;
	unsigned long long state;
	bool unwritable;	/* was the reason why a text was not read */
};

static void keep(void *arg, const struct asm_diag *diag)
{
	bool *unwritable = arg;

	*unwritable = strstr(diag->message, "no way to write a value of this type") ||
		      strstr(diag->message, "its type has no size");
}

FIXTURE_SETUP(typed)
{
	size_t len;

	if (asm_read_file("/sys/kernel/btf/vmlinux", &self->blob, &len) != 0)
		SKIP(return, "needs /sys/kernel/btf/vmlinux");
	ASSERT_OK(asm_btf_open(self->blob, len, &self->btf));
	self->state = 88172645463325252ULL;
	self->opt.sink = keep;
	self->opt.sink_arg = &self->unwritable;
}

FIXTURE_TEARDOWN(typed)
{
	asm_btf_close(self->btf);
	free(self->blob);
}

static unsigned int next_random(unsigned long long *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (unsigned int)(*state >> 16);
}

static char *printed(const struct asm_btf *btf, unsigned int id, const void *data, size_t size)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	load_print_btf(f, btf, id, data, size);
	fclose(f);
	return text;
}

/* Struct, union, enumeration, integer or array of few bytes: its size, else 0. */
static unsigned int small_size(const struct asm_btf *btf, unsigned int id)
{
	struct asm_btf_type type;
	uint64_t size;

	if (!asm_btf_type(btf, id, &type) || type.id != id || type.kind == ASM_BTF_FLOAT ||
	    !asm_btf_size(btf, id, &size) || size > LARGEST)
		return 0;
	return (unsigned int)size;
}

static void fill(unsigned char *data, unsigned int size, unsigned long long *state)
{
	unsigned int kind = next_random(state) % 3;

	for (unsigned int i = 0; i < size; i++)
		data[i] = (unsigned char)(kind == 0 ? next_random(state) :
					  kind == 1 ? next_random(state) % 2 : 'a' + i % 26);
}

/* Any byte but 0 is true, and text ends at a 0: what a union has in the same place may be more. */
static bool is_lossy(const char *text)
{
	return strstr(text, "true") || strstr(text, ":\"\"");
}

TEST_F_TIMEOUT(typed, reads_what_it_prints, 120)
{
	unsigned int types = 0, good = 0;

	for (unsigned int id = 1; id < 1000000 && types < MANY; id++) {
		unsigned int size = small_size(self->btf, id);
		unsigned char *data, *back;
		char *text, *again;

		if (!size)
			continue;
		data = malloc(size);
		back = calloc(1, size);
		fill(data, size, &self->state);
		text = printed(self->btf, id, data, size);
		types++;
		if (load_read_btf(self->btf, id, text, back, size, &self->opt)) {
			again = printed(self->btf, id, back, size);
			if (!is_lossy(text))
				ASSERT_STREQ(text, again) LOG("type %u", id);
			free(again);
			good++;
		} else if (!self->unwritable) {
			ASSERT_STREQ("", text) LOG("type %u is not read back", id);
		}
		free(text);
		free(data);
		free(back);
	}
	/* but for those with a member that has no size, or is a float */
	EXPECT_GT(types, 1000);
	EXPECT_GT(good, types * 9 / 10);
}

TEST_F_TIMEOUT(typed, takes_no_text_amiss, 120)
{
	static const char letters[] = "{}[]\",:=\\ 0x1fu-/.truealse";
	unsigned int reads = 0, types = 0;

	for (unsigned int id = 1; id < 1000000 && types < SOME; id++) {
		unsigned int size = small_size(self->btf, id);
		unsigned char *data = size ? calloc(1, size) : NULL;

		for (unsigned int i = 0; data && i < 8; i++) {
			char *text = printed(self->btf, id, data, size);
			size_t len = strlen(text);

			for (unsigned int k = 0; len && k < 1 + i / 2; k++)
				text[next_random(&self->state) % len] =
					letters[next_random(&self->state) % (sizeof(letters) - 1)];
			text[next_random(&self->state) % (len + 1)] = '\0';
			reads += load_read_btf(self->btf, id, text, data, size, &self->opt);
			free(text);
		}
		types += data != NULL;
		free(data);
	}
	EXPECT_GT(reads, 0);
}

TEST_MAIN
