/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* assemble_test.c - asm_assemble() with what the command line of bpfasm cannot ask for. */
#include "../asm/asm.h"
#include "harness.h"

/* asm_sink: keep the last message. */
static void hear(void *arg, const struct asm_diag *diag)
{
	snprintf(arg, 256, "%s", diag->message);
}

static void expect_error(const char *text, size_t len, struct asm_options opt, const char *message)
{
	char said[256] = "";

	opt.sink = hear;
	opt.sink_arg = said;
	EXPECT_NULL(asm_assemble("text", text, len, &opt));
	EXPECT_STREQ(message, said);
}

/* The text is not read. */
TEST(too_large)
{
	expect_error("", (size_t)INT32_MAX + 1, (struct asm_options){ .endian = ASM_LITTLE },
		     "text is larger than 2 GiB");
}

TEST(no_cpu)
{
	static const char text[] = "r1 = pt_regs.arg1";

	expect_error(text, sizeof(text) - 1, (struct asm_options){ .endian = ASM_LITTLE },
		     "this CPU has no row: name one with -a");
}

/* asm_resolver */
static bool resolve(void *arg, const char *path, const char *section, struct asm_kfield *out,
		    char *why, size_t why_size)
{
	(void)arg;
	(void)path;
	(void)section;
	(void)why;
	(void)why_size;
	out->offset = 24;
	out->size = 8;
	return true;
}

/* A field alone is noted, one that something is computed from is an error. */
TEST(relocatable)
{
	static const char alone[] = "r1 = kernel.task_struct.pid\nexit";
	static const char computed[] = "r1 = kernel.task_struct.pid + 1\nexit";
	struct asm_options opt = { .relocatable = true, .resolve = resolve };
	struct asm_object *obj = asm_assemble("text", alone, sizeof(alone) - 1, &opt);

	ASSERT_NOT_NULL(obj);
	ASSERT_EQ(1, obj->nkrefs);
	EXPECT_STREQ("task_struct.pid", obj->krefs[0].path);
	EXPECT_EQ(24, obj->insns[0].imm);
	asm_free(obj);
	expect_error(computed, sizeof(computed) - 1, opt,
		     "what is computed from a field of the kernel's cannot be relocated: let the "
		     "field stand alone");
}

TEST(slot_and_field)
{
	static const char text[] = ".stack u64 slot\n.call f, slot + kernel.task_struct.pid\n"
				   "exit\n.func f\nexit";

	expect_error(text, sizeof(text) - 1, (struct asm_options){ .resolve = resolve },
		     "a field of the kernel's cannot be added to a slot");
}

TEST_MAIN
