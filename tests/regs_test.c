/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * regs_test.c - the row of this CPU in asm/tables/cpu.def against the system's own headers: its
 * registers, and the numbers of the two system calls.
 */
#include <asm/ptrace.h>
#include <stddef.h>
#include <sys/syscall.h>

#include "../asm/asm.h"
#include "harness.h"

struct reg {
	const char *name;
	size_t offset, size;
};

#define REG(name, field) { name, offsetof(NATIVE, field), sizeof(((NATIVE *)0)->field) }

/* All of the part of struct pt_regs that user space shares, by the names of the rows. */
#if defined(__x86_64__)
#define NATIVE struct pt_regs
static const struct reg native[] = {
	REG("r15", r15), REG("r14", r14), REG("r13", r13), REG("r12", r12), REG("bp", rbp),
	REG("bx", rbx), REG("r11", r11), REG("r10", r10), REG("r9", r9), REG("r8", r8),
	REG("ax", rax), REG("cx", rcx), REG("dx", rdx), REG("si", rsi), REG("di", rdi),
	REG("orig_ax", orig_rax), REG("ip", rip), REG("cs", cs), REG("flags", eflags),
	REG("sp", rsp), REG("ss", ss),
};
#elif defined(__aarch64__)
#define NATIVE struct user_pt_regs
static const struct reg native[] = {
	REG("x0", regs[0]), REG("x1", regs[1]), REG("x2", regs[2]), REG("x3", regs[3]),
	REG("x4", regs[4]), REG("x5", regs[5]), REG("x6", regs[6]), REG("x7", regs[7]),
	REG("x8", regs[8]), REG("x9", regs[9]), REG("x10", regs[10]), REG("x11", regs[11]),
	REG("x12", regs[12]), REG("x13", regs[13]), REG("x14", regs[14]), REG("x15", regs[15]),
	REG("x16", regs[16]), REG("x17", regs[17]), REG("x18", regs[18]), REG("x19", regs[19]),
	REG("x20", regs[20]), REG("x21", regs[21]), REG("x22", regs[22]), REG("x23", regs[23]),
	REG("x24", regs[24]), REG("x25", regs[25]), REG("x26", regs[26]), REG("x27", regs[27]),
	REG("x28", regs[28]), REG("x29", regs[29]), REG("x30", regs[30]), REG("sp", sp),
	REG("pc", pc), REG("pstate", pstate),
};
#elif defined(__s390x__)
#define NATIVE user_pt_regs
static const struct reg native[] = {
	REG("psw_mask", psw.mask), REG("psw_addr", psw.addr), REG("r0", gprs[0]),
	REG("r1", gprs[1]), REG("r2", gprs[2]), REG("r3", gprs[3]), REG("r4", gprs[4]),
	REG("r5", gprs[5]), REG("r6", gprs[6]), REG("r7", gprs[7]), REG("r8", gprs[8]),
	REG("r9", gprs[9]), REG("r10", gprs[10]), REG("r11", gprs[11]), REG("r12", gprs[12]),
	REG("r13", gprs[13]), REG("r14", gprs[14]), REG("r15", gprs[15]),
};
#elif defined(__powerpc64__)
#define NATIVE struct pt_regs
static const struct reg native[] = {
	REG("r0", gpr[0]), REG("r1", gpr[1]), REG("r2", gpr[2]), REG("r3", gpr[3]),
	REG("r4", gpr[4]), REG("r5", gpr[5]), REG("r6", gpr[6]), REG("r7", gpr[7]),
	REG("r8", gpr[8]), REG("r9", gpr[9]), REG("r10", gpr[10]), REG("r11", gpr[11]),
	REG("r12", gpr[12]), REG("r13", gpr[13]), REG("r14", gpr[14]), REG("r15", gpr[15]),
	REG("r16", gpr[16]), REG("r17", gpr[17]), REG("r18", gpr[18]), REG("r19", gpr[19]),
	REG("r20", gpr[20]), REG("r21", gpr[21]), REG("r22", gpr[22]), REG("r23", gpr[23]),
	REG("r24", gpr[24]), REG("r25", gpr[25]), REG("r26", gpr[26]), REG("r27", gpr[27]),
	REG("r28", gpr[28]), REG("r29", gpr[29]), REG("r30", gpr[30]), REG("r31", gpr[31]),
	REG("nip", nip), REG("msr", msr), REG("orig_gpr3", orig_gpr3), REG("ctr", ctr),
	REG("link", link), REG("xer", xer), REG("ccr", ccr), REG("softe", softe),
	REG("trap", trap), REG("dar", dar), REG("dsisr", dsisr), REG("result", result),
};
#elif defined(__riscv) && __riscv_xlen == 64
#define NATIVE struct user_regs_struct
static const struct reg native[] = {
	REG("epc", pc), REG("ra", ra), REG("sp", sp), REG("gp", gp), REG("tp", tp), REG("t0", t0),
	REG("t1", t1), REG("t2", t2), REG("s0", s0), REG("s1", s1), REG("a0", a0), REG("a1", a1),
	REG("a2", a2), REG("a3", a3), REG("a4", a4), REG("a5", a5), REG("a6", a6), REG("a7", a7),
	REG("s2", s2), REG("s3", s3), REG("s4", s4), REG("s5", s5), REG("s6", s6), REG("s7", s7),
	REG("s8", s8), REG("s9", s9), REG("s10", s10), REG("s11", s11), REG("t3", t3),
	REG("t4", t4), REG("t5", t5), REG("t6", t6),
};
#else
#define NATIVE struct reg
static const struct reg native[1];
#endif

static const struct reg *native_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(native) / sizeof(native[0]); i++)
		if (native[i].name && !strcmp(native[i].name, name))
			return &native[i];
	return NULL;
}

TEST(registers)
{
	const struct asm_cpu *cpu = asm_cpu_native();
	const struct asm_cpu_reg *reg;

	REQUIRE(cpu, "this CPU has no row");
	for (size_t i = 0; i < sizeof(native) / sizeof(native[0]); i++) {
		reg = asm_cpu_reg_find(cpu, native[i].name);
		ASSERT_NOT_NULL(reg) LOG("%s has no row", native[i].name);
		EXPECT_EQ(native[i].offset, reg->offset) LOG("%s", native[i].name);
		EXPECT_EQ(native[i].size, reg->size) LOG("%s", native[i].name);
	}
}

/* What user space does not know stands behind what it does. */
TEST(registers_of_the_kernel)
{
	const struct asm_cpu *cpu = asm_cpu_native();
	size_t shared = 0;

	REQUIRE(cpu, "this CPU has no row");
	for (size_t i = 0; i < cpu->nregs; i++) {
		if (native_find(cpu->regs[i].name))
			shared++;
		else
			EXPECT_EQ(shared, sizeof(native) / sizeof(native[0]))
				LOG("%s", cpu->regs[i].name);
	}
	EXPECT_EQ(sizeof(native) / sizeof(native[0]), shared);
}

/* Each role is a register of the row. */
TEST(roles)
{
	const struct asm_cpu *const *cpus;
	size_t n;

	cpus = asm_cpus(&n);
	ASSERT_EQ(5, n);
	for (size_t i = 0; i < n; i++) {
		const char *const roles[] = { cpus[i]->ret, cpus[i]->ip, cpus[i]->sp, cpus[i]->fp };

		for (size_t j = 0; j < sizeof(roles) / sizeof(roles[0]); j++)
			EXPECT_NOT_NULL(asm_cpu_reg_find(cpus[i], roles[j]))
				LOG("%s %s", cpus[i]->name, roles[j]);
		for (size_t j = 0; j < ASM_CPU_ARGS && cpus[i]->args[j]; j++)
			EXPECT_NOT_NULL(asm_cpu_reg_find(cpus[i], cpus[i]->args[j]))
				LOG("%s arg%zu", cpus[i]->name, j + 1);
		for (size_t j = 0; j < ASM_CPU_ARGS && cpus[i]->sysargs[j]; j++)
			EXPECT_NOT_NULL(asm_cpu_reg_find(cpus[i], cpus[i]->sysargs[j]))
				LOG("%s sysarg%zu", cpus[i]->name, j + 1);
	}
}

TEST(system_calls)
{
	const struct asm_cpu *cpu = asm_cpu_native();

	REQUIRE(cpu, "this CPU has no row");
	EXPECT_EQ(SYS_bpf, cpu->nr_bpf);
	EXPECT_EQ(SYS_perf_event_open, cpu->nr_perf_event_open);
}

TEST_MAIN
