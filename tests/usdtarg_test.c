/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * usdtarg_test.c - where the arguments of static probes are, as the notes of five CPUs have them.
 */
#include "../asm/asm.h"
#include "../loader/usdtarg.h"
#include "harness.h"

/* One argument in words: "-4 reg di", "8 mem sp + 16", "1 idx ax + bx << 3 + 0". */
static void put(const struct asm_cpu *cpu, const struct usdt_arg *arg, char *out, size_t size)
{
	const char *reg = "?", *index = "?";
	int len;

	for (size_t i = 0; i < cpu->nregs; i++) {
		if ((unsigned int)(arg->reg - cpu->regs[i].offset) <= 1)
			reg = cpu->regs[i].name;
		if (cpu->regs[i].offset == arg->index)
			index = cpu->regs[i].name;
	}
	len = snprintf(out, size, "%s%u ", arg->is_signed ? "-" : "", arg->size);
	out += len;
	size -= (size_t)len;
	switch (arg->kind) {
	case USDT_ARG_CONSTANT:
		snprintf(out, size, "const %lld", (long long)arg->value);
		break;
	case USDT_ARG_REGISTER:
		snprintf(out, size, "reg %s%s", reg, arg->reg % 8 ? " high" : "");
		break;
	case USDT_ARG_MEMORY:
		if (arg->symbol)
			snprintf(out, size, "at %.*s %+lld by %s", (int)arg->symbol_len,
				 arg->symbol, (long long)arg->value, reg);
		else
			snprintf(out, size, "mem %s %+lld", reg, (long long)arg->value);
		break;
	case USDT_ARG_INDEXED:
		snprintf(out, size, "idx %s %s << %u %+lld", reg, index, arg->shift,
			 (long long)arg->value);
		break;
	case USDT_ARG_UNKNOWN:
		snprintf(out, size, "unknown");
		break;
	}
}

struct row {
	const char *text, *want;
};

static void check(const char *name, const struct row *rows, size_t n)
{
	const struct asm_cpu *cpu = asm_cpu_find(name);
	struct usdt_arg arg;
	char out[128];

	ASSERT_NOT_NULL(cpu);
	for (size_t i = 0; i < n; i++) {
		const char *text = rows[i].text;

		EXPECT_TRUE(usdt_arg_next(cpu, &text, &arg));
		put(cpu, &arg, out, sizeof(out));
		EXPECT_STREQ(rows[i].want, arg.kind == USDT_ARG_UNKNOWN ? "unknown" : out)
			LOG("'%s'", rows[i].text);
		EXPECT_EQ(strlen(rows[i].text), arg.len);
		EXPECT_EQ('\0', *text);
		EXPECT_FALSE(usdt_arg_next(cpu, &text, &arg));
	}
}

#define CHECK(cpu, rows) check(cpu, rows, sizeof(rows) / sizeof(rows[0]))

TEST(x86_64)
{
	static const struct row rows[] = {
		{ "-4@%edi", "-4 reg di" }, { "8@%rax", "8 reg ax" }, { "2@%cx", "2 reg cx" },
		{ "1@%sil", "1 reg si" }, { "-1@%bl", "-1 reg bx" }, { "1@%dh", "1 reg dx high" },
		{ "8@%r8", "8 reg r8" }, { "4@%r15d", "4 reg r15" }, { "2@%r10w", "2 reg r10" },
		{ "1@%r9b", "1 reg r9" }, { "8@%rsp", "8 reg sp" }, { "8@%rip", "8 reg ip" },
		{ "4@$5", "4 const 5" }, { "-4@$-9", "-4 const -9" },
		{ "8@$0x7fffffffffffffff", "8 const 9223372036854775807" },
		{ "8@$18446744073709551615", "8 const -1" },
		{ "8@(%rsp)", "8 mem sp +0" }, { "-4@-1204(%rbp)", "-4 mem bp -1204" },
		{ "8@16(%r12)", "8 mem r12 +16" }, { "4@0x10(%rax)", "4 mem ax +16" },
		{ "1@(%rax,%rbx)", "1 idx ax bx << 0 +0" },
		{ "2@(%rax,%rbx,2)", "2 idx ax bx << 1 +0" },
		{ "-4@8(%r8,%r9,4)", "-4 idx r8 r9 << 2 +8" },
		{ "8@-96(%rbp,%rax,8)", "8 idx bp ax << 3 -96" },
		{ "4@count(%rip)", "4 at count +0 by ip" },
		{ "-8@a.b_c+12(%rip)", "-8 at a.b_c +12 by ip" },
		{ "2@.LC0-4(%rip)", "2 at .LC0 -4 by ip" },
		{ "-4@7(%rip)", "-4 mem ip +7" },
	};

	CHECK("x86_64", rows);
}

TEST(arm64)
{
	static const struct row rows[] = {
		{ "-4@x0", "-4 reg x0" }, { "8@x30", "8 reg x30" }, { "4@w7", "4 reg x7" },
		{ "8@sp", "8 reg sp" }, { "4@5", "4 const 5" }, { "-8@-123", "-8 const -123" },
		{ "-4@[sp, 12]", "-4 mem sp +12" }, { "8@[x29]", "8 mem x29 +0" },
		{ "8@[x19,-16]", "8 mem x19 -16" }, { "2@[x1, #24]", "2 mem x1 +24" },
		{ "8@[x1, x2]", "8 idx x1 x2 << 0 +0" },
		{ "4@[x1, x2, lsl 2]", "4 idx x1 x2 << 2 +0" },
		{ "8@[x1,x2,lsl #3]", "8 idx x1 x2 << 3 +0" },
	};

	CHECK("arm64", rows);
}

TEST(s390x)
{
	static const struct row rows[] = {
		{ "8@%r2", "8 reg r2" }, { "-4@%r15", "-4 reg r15" },
		{ "4@160(%r15)", "4 mem r15 +160" }, { "-2@-28(%r11)", "-2 mem r11 -28" },
		{ "8@0(%r1)", "8 mem r1 +0" }, { "4@71", "4 const 71" }, { "-1@-1", "-1 const -1" },
	};

	CHECK("s390x", rows);
}

TEST(ppc64le)
{
	static const struct row rows[] = {
		{ "8@9", "8 reg r9" }, { "-4@31", "-4 reg r31" }, { "8@r5", "8 reg r5" },
		{ "8@%r5", "8 reg r5" }, { "4@i5", "4 const 5" }, { "-4@i-7", "-4 const -7" },
		{ "4@40(1)", "4 mem r1 +40" }, { "-8@-16(31)", "-8 mem r31 -16" },
		{ "8@32(%r1)", "8 mem r1 +32" }, { "8@0(9)", "8 mem r9 +0" },
		{ "1@9,10", "1 idx r9 r10 << 0 +0" },
	};

	CHECK("ppc64le", rows);
}

TEST(riscv64)
{
	static const struct row rows[] = {
		{ "8@a0", "8 reg a0" }, { "-4@s11", "-4 reg s11" }, { "8@t6", "8 reg t6" },
		{ "8@sp", "8 reg sp" }, { "4@5", "4 const 5" }, { "-4@-5", "-4 const -5" },
		{ "-4@-20(s0)", "-4 mem s0 -20" }, { "8@16(sp)", "8 mem sp +16" },
		{ "8@0(fp)", "8 mem s0 +0" },
	};

	CHECK("riscv64", rows);
}

/* What no program could read, or nobody writes. */
TEST(unknown)
{
	static const struct {
		const char *cpu, *text;
	} rows[] = {
		{ "x86_64", "4@%xmm0" }, { "x86_64", "8f@%rax" }, { "x86_64", "3@%eax" },
		{ "x86_64", "16@%rax" }, { "x86_64", "@%rax" }, { "x86_64", "8@" },
		{ "x86_64", "8" }, { "x86_64", "-@%rax" }, { "x86_64", "8@%rxx" },
		{ "x86_64", "8@%cs" }, { "x86_64", "8@%eflags" }, { "x86_64", "8@%rflags" },
		{ "x86_64", "8@%orig_ax" }, { "x86_64", "8@%st(1)" }, { "x86_64", "8@%fs:16" },
		{ "x86_64", "8@%fs:(%rax)" }, { "x86_64", "8@1234" }, { "x86_64", "8@count" },
		{ "x86_64", "8@$count" }, { "x86_64", "8@count(%rax)" },
		{ "x86_64", "8@count+(%rip)" }, { "x86_64", "8@+1(%rip)" },
		{ "x86_64", "8@(%rax,%rbx,3)" }, { "x86_64", "8@(%rax,%rbx,16)" },
		{ "x86_64", "8@(%rax,%rbx,)" }, { "x86_64", "8@(%rax" }, { "x86_64", "8@%rax)" },
		{ "x86_64", "8@%rax,%rbx" }, { "x86_64", "8@%" }, { "x86_64", "8@$" },
		{ "x86_64", "8@%r99" }, { "x86_64", "8@%averylongname" }, { "x86_64", "8@-" },
		{ "arm64", "4@s0" }, { "arm64", "8@x31" }, { "arm64", "8@[sp" },
		{ "arm64", "8@[x0, w1, sxtw 2]" }, { "arm64", "8@[x0, x1, lsl]" },
		{ "arm64", "8@[x0, x1, lsl 99]" }, { "arm64", "8@[x0],8" },
		{ "arm64", "8@8(x0)x" }, { "arm64", "8@(x0,x1)" },
		{ "s390x", "8@%f0" }, { "s390x", "8@%r16" }, { "s390x", "8@8(%r1,%r2)" },
		{ "ppc64le", "8@32" }, { "ppc64le", "8@-5" }, { "ppc64le", "8@i" },
		{ "ppc64le", "8@8(33)" }, { "ppc64le", "8@9,40" }, { "ppc64le", "8@100" },
		{ "riscv64", "8@fa0" }, { "riscv64", "8@x99" }, { "riscv64", "8@(a0" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(rows[i].cpu, &(struct row){ rows[i].text, "unknown" }, 1);
}

TEST(several)
{
	static const enum usdt_arg_kind want[] = {
		USDT_ARG_MEMORY, USDT_ARG_REGISTER, USDT_ARG_UNKNOWN, USDT_ARG_INDEXED,
		USDT_ARG_CONSTANT,
	};
	const char *text = " -4@[sp, 12]  8@x0 junk 4@[x1, x2, lsl 2] 2@5 ";
	struct usdt_arg arg;

	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		ASSERT_TRUE(usdt_arg_next(asm_cpu_find("arm64"), &text, &arg));
		EXPECT_EQ(want[i], arg.kind);
	}
	EXPECT_FALSE(usdt_arg_next(asm_cpu_find("arm64"), &text, &arg));
}

TEST(none)
{
	const char *text = "", *spaces = " \t ";
	struct usdt_arg arg;

	EXPECT_FALSE(usdt_arg_next(asm_cpu_find("x86_64"), &text, &arg));
	EXPECT_FALSE(usdt_arg_next(asm_cpu_find("x86_64"), &spaces, &arg));
}

/* Each text cut and spoilt in each place ends, within its own bytes. */
TEST(damaged)
{
	static const char text[] = "-4@[sp, 12] 8@-96(%rbp,%rax,8) 4@a.b+1(%rip) 1@9,10 i5 $0x1";
	static const char odd[] = "@%$[](),-+0x9 \377";
	const struct asm_cpu *const *cpus;
	struct usdt_arg arg;
	size_t n;

	cpus = asm_cpus(&n);
	for (size_t c = 0; c < n; c++) {
		for (size_t i = 0; i < sizeof(text) * sizeof(odd); i++) {
			size_t at = i / sizeof(odd);
			char *copy = strdup(text);
			const char *rest = copy;

			ASSERT_NOT_NULL(copy);
			copy[at] = odd[i % sizeof(odd)];
			copy[sizeof(text) - 1] = '\0';
			while (usdt_arg_next(cpus[c], &rest, &arg))
				EXPECT_TRUE(arg.len > 0 && arg.text + arg.len <= rest);
			free(copy);
		}
	}
}

TEST_MAIN
