/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * compute_test.c - what programs compute in the kernel: arithmetic is that of the C compiler, and
 * what map helpers return comes to the program.
 */
#include <sys/syscall.h>

#include "../asm/asm.h"
#include "../loader/abi.h"
#include "../loader/loader.h"
#include "harness.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { TEXT = 65536, MOST = 256 };

/* ---- running ---- */

FIXTURE(compute) {
	struct asm_object *obj;
	struct load *load;
	size_t len;
	char text[TEXT];
};

FIXTURE_SETUP(compute)
{
	REQUIRE_CAP(CAP_BPF);
	self->len = 0;
}

FIXTURE_TEARDOWN(compute)
{
	load_close(self->load);
	asm_free(self->obj);
}

static void print_diag(void *arg, const struct asm_diag *diag)
{
	(void)arg;
	asm_diag_print(stderr, diag);
}

__attribute__((format(printf, 2, 3)))
static void put(struct compute_self *self, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	self->len += (size_t)vsnprintf(self->text + self->len, TEXT - self->len, fmt, ap);
	va_end(ap);
	ASSERT_LT(self->len, TEXT);
}

/* The head of a program that has the one value of the map `got` in r9. */
static void put_head(struct compute_self *self, size_t value)
{
	put(self, ".license \"GPL\"\n.map got type array key u32 value %zu entries 1\n"
	    ".map two type hash key u32 value u64 entries 2\n.prog p \"socket\"\n"
	    ".stack u32 key\n.stack u64 value\n*key = 0\n*value = 0\n"
	    "map_lookup got, key\nif r0 == 0 goto out\nr9 = r0\n", value);
}

static void open_it(struct compute_self *self)
{
	const struct asm_options how = { .cpu = asm_cpu_native(), .sink = print_diag,
					 .endian = asm_cpu_native()->endian,
					 .quiet = UINT32_MAX };
	const struct load_options opt = { .sink = print_diag };
	int err;

	put(self, "out:\nr0 = 0\nexit\n");
	self->obj = asm_assemble("compute", self->text, self->len, &how);
	ASSERT_NOT_NULL(self->obj);
	err = load_open(self->obj, &opt, &self->load);
	REQUIRE(err != -EPERM, "this process may not use bpf(2)");
	ASSERT_OK(err);
}

/* Run it on the value, which it changes. */
static void run_it(struct compute_self *self, void *value)
{
	struct abi_prog_test_run attr;
	int fd = load_map_fd(self->load, "got");
	unsigned char packet[64] = { 0 };
	uint32_t key = 0;

	ASSERT_OK(load_map_update(fd, &key, value, BPF_ANY));
	memset(&attr, 0, sizeof(attr));
	attr.prog_fd = (uint32_t)load_prog_fd(self->load, "p");
	attr.data_in = abi_ptr(packet);
	attr.data_size_in = sizeof(packet);
	ASSERT_EQ(0, syscall(SYS_bpf, BPF_PROG_TEST_RUN, &attr, sizeof(attr)));
	ASSERT_OK(load_map_lookup(fd, &key, value));
}

/* ---- arithmetic ---- */

#define BITS(a) (sizeof(a) * 8 - 1)
#define SIGNED(a) _Generic((a), uint64_t: (int64_t)(a), uint32_t: (int32_t)(a))

/* In C, for operands of either width; divisions by 0 are as RFC 9669 section 4.1 has them. */
#define OPS(X) \
	X(add, "+=", a + b) X(sub, "-=", a - b) X(mul, "*=", a * b) X(and, "&=", a & b) \
	X(or, "|=", a | b) X(xor, "^=", a ^ b) X(lsh, "<<=", a << (b & BITS(a))) \
	X(rsh, ">>=", a >> (b & BITS(a))) X(arsh, "s>>=", SIGNED(a) >> (b & BITS(a))) \
	X(quotient, "/=", b ? a / b : 0) X(rest, "%=", b ? a % b : a)

#define DEFINE(name, text, expr) \
	static uint64_t name##_64(uint64_t a, uint64_t b) { return (uint64_t)(expr); } \
	static uint64_t name##_32(uint64_t wide_a, uint64_t wide_b) \
	{ \
		uint32_t a = (uint32_t)wide_a, b = (uint32_t)wide_b; \
		return (uint32_t)(expr); \
	}
OPS(DEFINE)

struct op {
	const char *text;
	uint64_t (*in_c[2])(uint64_t a, uint64_t b);	/* 64 bits wide, 32 */
};

#define ROW(name, text, expr) { text, { name##_64, name##_32 } },
static const struct op ops[] = { OPS(ROW) };

static const int32_t immediates[] = { 1, 5, 31, 63, 127, INT32_MAX, INT32_MIN, -1, -16 };

/*
 * Shifts are by fewer bits than there are: others are nothing in C, the kernel takes them from a
 * register alone, and its compiler for ppc64le does not cut the number to 5 or 6 bits as
 * RFC 9669 section 4.1 has it.
 */
static bool is_defined(const struct op *op, uint64_t other, unsigned int narrow)
{
	bool shift = strstr(op->text, "<<") || strstr(op->text, ">>");

	return !shift || (narrow ? (uint32_t)other < 32 : other < 64);
}

/* What the program does, in order. */
struct step {
	const struct op *op;
	unsigned int narrow;
	const int32_t *imm;	/* NULL: by the other register */
};

struct numbers {
	uint64_t a, b, result[MOST];
};

static size_t put_step(struct compute_self *self, struct step *steps, size_t n, struct step step)
{
	char reg = step.narrow ? 'w' : 'r';

	ASSERT_LT(n, MOST);
	put(self, "r1 = *(u64 *)(r9 + 0)\nr2 = *(u64 *)(r9 + 8)\n");
	if (step.imm)
		put(self, "%c1 %s %d\n", reg, step.op->text, *step.imm);
	else
		put(self, "%c1 %s %c2\n", reg, step.op->text, reg);
	put(self, "*(u64 *)(r9 + %zu) = r1\n", offsetof(struct numbers, result) + 8 * n);
	steps[n] = step;
	return n + 1;
}

static size_t put_steps(struct compute_self *self, struct step steps[MOST])
{
	size_t n = 0;

	for (size_t i = 0; i < 2 * COUNT(ops); i++) {
		struct step step = { &ops[i / 2], i % 2, NULL };

		n = put_step(self, steps, n, step);
		for (size_t k = 0; k < COUNT(immediates); k++) {
			step.imm = &immediates[k];
			if (is_defined(step.op, (uint64_t)(int64_t)*step.imm, step.narrow))
				n = put_step(self, steps, n, step);
		}
	}
	return n;
}

static void check_numbers(const struct step *step, uint64_t a, uint64_t b, uint64_t got)
{
	uint64_t other = step->imm ? (uint64_t)(int64_t)*step->imm : b;
	uint64_t want = step->op->in_c[step->narrow](a, other);

	if (want != got && is_defined(step->op, other, step->narrow))
		EXPECT_EQ(want, got) LOG("%#llx %s %#llx in %d bits", (unsigned long long)a,
					 step->op->text, (unsigned long long)other,
					 step->narrow ? 32 : 64);
}

/* The operands come from a map: the verifier knows none of them. */
TEST_F(compute, as_c_does)
{
	static const uint64_t values[] = {
		0, 1, 2, 31, 32, 63, 64, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000,
		0x123456789abcdef0, INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX,
	};
	static struct step steps[MOST];
	static struct numbers numbers;
	size_t n;

	put_head(self, sizeof(numbers));
	n = put_steps(self, steps);
	EXPECT_LT(150, n);
	open_it(self);
	for (size_t i = 0; i < COUNT(values) * COUNT(values); i++) {
		uint64_t a = values[i / COUNT(values)], b = values[i % COUNT(values)];

		memset(&numbers, 0xa5, sizeof(numbers));
		numbers.a = a;
		numbers.b = b;
		run_it(self, &numbers);
		for (size_t k = 0; k < n; k++)
			check_numbers(&steps[k], a, b, numbers.result[k]);
	}
}

/* ---- what helpers return ---- */

TEST_F(compute, errors_come_to_the_program)
{
	/* the numbers of the errors are the kernel's, by hand */
	static const struct {
		const char *call;
		int32_t want;
	} calls[] = {
		{ "map_update two, key, value, BPF_EXIST", -2 },
		{ "map_update two, key, value, BPF_NOEXIST", 0 },
		{ "map_update two, key, value, BPF_NOEXIST", -17 },
		{ "map_update two, key, value, BPF_EXIST", 0 },
		{ "map_update two, key, value", 0 },
		{ "*key = 1\nmap_delete two, key", -2 },
		{ "map_update two, key, value", 0 },
		{ "*key = 2\nmap_update two, key, value", -7 },
		{ "map_update two, key, value, BPF_NOEXIST", -7 },
		{ "*key = 1\nmap_update two, key, value", 0 },
		{ "map_delete two, key", 0 },
		{ "map_delete two, key", -2 },
		{ "*key = 1\nmap_update got, key, r9", -7 },
		{ "map_delete got, key", -22 },
		{ "*key = 0\nmap_update got, key, r9, BPF_NOEXIST", -17 },
	};
	int32_t got[COUNT(calls)];

	put_head(self, sizeof(got));
	for (size_t i = 0; i < COUNT(calls); i++)
		put(self, "%s\n*(u32 *)(r9 + %zu) = r0\n", calls[i].call, 4 * i);
	open_it(self);
	memset(got, 0x5a, sizeof(got));
	run_it(self, got);
	for (size_t i = 0; i < COUNT(calls); i++)
		EXPECT_EQ(calls[i].want, got[i]) LOG("%zu: %s", i, calls[i].call);
}

TEST_MAIN
