/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * trace_test.c - what programs print to streams of their own (Linux 6.17), as load_trace_program()
 * shows it.
 */

#include "../asm/asm.h"
#include "../loader/abi.h"
#include "../loader/loader.h"
#include "harness.h"
#include "kernel.h"

/* NAME is that of the kernel function, which has had two. */
static const char talk[] =
	"	.section .rodata\n"
	"	.type fmt, @object\n"
	"fmt:	.asciz \"%s %%d\\tof two\\nlast\"\n"
	"	.size fmt, 20\n"
	"	.section license,\"aw\",@progbits\n"
	"	.asciz \"GPL\"\n"
	"	.section \"raw_tp/sched_process_exec\",\"ax\",@progbits\n"
	"	.globl talk\n"
	"	.type talk, @function\n"
	"talk:	r1 = *(u64 *)(r1 + 0)\n"
	"	r3 = 42\n"
	"	*(u64 *)(r10 - 8) = r3\n"
	"	r3 = r10\n"
	"	r3 += -8\n"
	"	r2 = fmt ll\n"
	"	r4 = 8\n"
	"	r5 = 0\n"
	"	call %s\n"
	"	exit\n"
	"	.size talk, .-talk\n";

struct trace {
	struct asm_object *obj;
	struct load *load;
	int prog;
	char said[4096];
	size_t len;
};

/* asm_sink: keep the messages */
static void keep_diag(void *arg, const struct asm_diag *diag)
{
	struct trace *t = arg;
	int n = snprintf(t->said + t->len, sizeof(t->said) - t->len, "%s\n", diag->message);

	t->len += n > 0 && (size_t)n < sizeof(t->said) - t->len ? (size_t)n : 0;
}

static int try_open(struct trace *t, const char *text)
{
	struct load_options opt = { .sink = keep_diag, .sink_arg = t };
	struct asm_options how = {
		.endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? ASM_BIG : ASM_LITTLE,
		.sink = keep_diag, .sink_arg = t,
	};
	int err;

	t->obj = asm_assemble("talk.bpfasm", text, strlen(text), &how);
	ASSERT_NOT_NULL(t->obj) LOG("%s", t->said);
	err = load_open(t->obj, &opt, &t->load);
	if (err) {
		asm_free(t->obj);
		t->obj = NULL;
	}
	return err;
}

/* Say "TEXT 42" in a stream; what the kernel function returned, or -errno. */
static int say(const struct trace *t, uint64_t stream)
{
	return run_with(t->prog, -1, &stream, sizeof(stream));
}

FIXTURE(trace) {
	struct trace t;
};

FIXTURE_SETUP(trace)
{
	static const char *const names[] = { "bpf_stream_vprintk", "bpf_stream_vprintk_impl" };
	char text[2048];
	int err = -1;

	REQUIRE_CAP(CAP_BPF);
	REQUIRE_CAP(CAP_PERFMON);
	REQUIRE(access("/sys/kernel/btf/vmlinux", R_OK) == 0, "this kernel has no BTF");
	for (size_t i = 0; err && i < 2; i++) {
		snprintf(text, sizeof(text), talk, "word", names[i]);
		err = try_open(&self->t, text);
	}
	REQUIRE(err != -EPERM, "this process may not use bpf(2)");
	REQUIRE(!err, "programs have no streams here (Linux 6.17): %.100s", self->t.said);
	self->t.prog = load_prog_fd(self->t.load, "talk");
	ASSERT_OK(self->t.prog);
}

FIXTURE_TEARDOWN(trace)
{
	load_close(self->t.load);
	asm_free(self->t.obj);
}

/* What it prints within 250 ms. */
static const char *follow(struct trace *t, enum load_print how)
{
	static char out[4096];
	struct load_options opt = { .sink = keep_diag, .sink_arg = t };
	FILE *f = tmpfile();
	const struct load_run run = { .duration_ms = 250, .how = how, .out = f };
	size_t len;

	ASSERT_NOT_NULL(f);
	EXPECT_EQ(0, load_trace_program(t->prog, &opt, &run)) LOG("%s", t->said);
	rewind(f);
	len = fread(out, 1, sizeof(out) - 1, f);
	out[len] = '\0';
	fclose(f);
	return out;
}

TEST_F(trace, nothing_said)
{
	EXPECT_STREQ("", follow(&self->t, LOAD_TEXT));
}

TEST_F(trace, both_streams)
{
	int ret = say(&self->t, BPF_STREAM_STDOUT);

	REQUIRE(ret != -ENOMEM, "this kernel finds no memory for streams");
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, say(&self->t, BPF_STREAM_STDERR));
	/* what has no end of line waits for more of it */
	EXPECT_STREQ("word 42\tof two\nstderr: word 42\tof two\nlast\nstderr: last\n",
		     follow(&self->t, LOAD_TEXT));
	ASSERT_EQ(0, say(&self->t, BPF_STREAM_STDERR));
	EXPECT_STREQ("{\"stream\":\"stderr\",\"line\":\"word 42\\tof two\"}\n"
		     "{\"stream\":\"stderr\",\"line\":\"last\"}\n", follow(&self->t, LOAD_JSON));
	EXPECT_STREQ("", follow(&self->t, LOAD_TEXT));
}

/* A descriptor that is no program's, or a kernel without streams. */
TEST(no_program)
{
	const struct load_run run = { .duration_ms = 50, .how = LOAD_TEXT, .out = stdout };
	static struct trace t;
	const struct load_options opt = { .sink = keep_diag, .sink_arg = &t };

	EXPECT_LT(load_trace_program(-1, &opt, &run), 0);
	EXPECT_HAS("cannot read the program's stdout: ", t.said);
}

TEST_MAIN
