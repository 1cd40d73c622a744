/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ops_test.c - programs that are members of a structure of the kernel's, and programs that take the
 * place of a function of another program. The structure is one that everybody can use: a TCP
 * congestion control.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "../asm/asm.h"
#include "../loader/abi.h"
#include "../loader/loader.h"
#include "harness.h"
#include "kernel.h"
#include "attached.h"

#define NO_STRUCT "has no bpf_struct_ops_tcp_congestion_ops"

enum { LIST = 4096 };

FIXTURE(ops) {
	struct attached a;
	int target;
};

FIXTURE_SETUP(ops)
{
	REQUIRE(geteuid() == 0, "needs privilege");
	attached_start(&self->a);
}

FIXTURE_TEARDOWN(ops)
{
	attached_end(&self->a);
	if (self->target > 0)
		close(self->target);
}

/* ---- a structure of the kernel's ---- */

/* Load what the kernel needs of a congestion control, an init that counts, and what is added. */
static int put(struct ops_self *self, const char *name, const char *more)
{
	int err = attached_open(&self->a, ".license \"GPL\"\n"
		".map map type array key u32 value u64 entries 1\n"
		".map cc type struct_ops values tcp_congestion_ops\n"
		".slot cc.name = \"%s\"\n.slot cc.init = init\n.slot cc.ssthresh = two\n"
		".slot cc.undo_cwnd = undo\n.slot cc.cong_avoid = avoid\n%s\n"
		".prog init \"struct_ops/init\"\n" FIND_VALUE COUNT_ONE "out: r0 = 0\nexit\n"
		".prog two \"struct_ops\"\nr0 = 2\nexit\n"
		".prog undo \"struct_ops/undo\"\nr0 = 2\nexit\n"
		".prog avoid \"struct_ops\"\nr0 = 0\nexit\n", name, more);

	return err ? err : load_attach(self->a.load);
}

/* Not every kernel has the structure, and one that compiles no programs none at all. */
static bool is_taken(const struct ops_self *self, int err)
{
	return !(err && strstr(self->a.said, NO_STRUCT)) && err != -EOPNOTSUPP && err != -ENOMEM;
}

/* Is there a congestion control of that name? */
static bool is_there(const char *name)
{
	FILE *f = fopen("/proc/sys/net/ipv4/tcp_available_congestion_control", "r");
	char list[LIST] = " ", *found;
	size_t len = strlen(name);

	ASSERT_NOT_NULL(f);
	ASSERT_NOT_NULL(fgets(list + 1, LIST - 1, f));
	fclose(f);
	found = strstr(list, name);
	return found && found[-1] == ' ' && strchr(" \n", found[len]);
}

/* A connection to ourselves, controlled on one side. */
static void connect_with(const char *name)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	int server = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = sizeof(at);

	ASSERT_GE(server, 0);
	ASSERT_GE(fd, 0);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ASSERT_OK(bind(server, (struct sockaddr *)&at, sizeof(at)));
	ASSERT_OK(listen(server, 1));
	ASSERT_OK(getsockname(server, (struct sockaddr *)&at, &len));
	EXPECT_OK(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, (socklen_t)strlen(name)));
	EXPECT_OK(connect(fd, (struct sockaddr *)&at, sizeof(at)));
	close(fd);
	close(server);
}

TEST_F(ops, congestion_control)
{
	int err = put(self, "barebpf_cc", ".slot cc.flags = 0\n");

	REQUIRE(is_taken(self, err), "the kernel has no congestion control by programs");
	ASSERT_OK(err);
	EXPECT_TRUE(is_there("barebpf_cc"));
	connect_with("barebpf_cc");
	connect_with("barebpf_cc");
	EXPECT_EQ(2, attached_count(&self->a));
	attached_close(&self->a);
	EXPECT_FALSE(is_there("barebpf_cc"));
}

/* From 6.4 on there is a link, and nothing is left of who is killed. */
TEST_F(ops, killed)
{
	int pipes[2], status;
	char ready = 0;
	pid_t pid;

	REQUIRE(kernel() >= ASM_KERNEL(6, 4), "links of such maps are of Linux 6.4");
	ASSERT_OK(pipe(pipes));
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		ready = put(self, "barebpf_kill", "") ? 'n' : 'y';
		_exit(write(pipes[1], &ready, 1) == 1 && pause());
	}
	ASSERT_EQ(1, read(pipes[0], &ready, 1));
	EXPECT_EQ(ready == 'y', is_there("barebpf_kill"));
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	REQUIRE(ready == 'y', "the kernel has no such structure");
	for (int i = 0; i < 100 && is_there("barebpf_kill"); i++)
		usleep(20000);
	EXPECT_FALSE(is_there("barebpf_kill"));
}

static void check_refusal(struct ops_self *self, const char *more, const char *why)
{
	int err = put(self, "barebpf_no", more);

	REQUIRE(is_taken(self, err) || strstr(self->a.said, why),
		"the kernel has no such structure");
	EXPECT_LT(err, 0);
	EXPECT_HAS(why, self->a.said);
	EXPECT_FALSE(is_there("barebpf_no"));
}

TEST_F(ops, no_such_member)
{
	check_refusal(self, ".slot cc.relase = two\n", "did you mean 'release'?");
}

TEST_F(ops, no_function)
{
	check_refusal(self, ".slot cc.flags = two\n", "it is no pointer to a function");
}

TEST_F(ops, no_number)
{
	check_refusal(self, ".slot cc.release = 5\n", "it is a pointer, which takes a program");
}

TEST_F(ops, too_large)
{
	check_refusal(self, ".slot cc.flags = 0x100000000\n", "the number does not fit into it");
}

TEST_F(ops, too_long)
{
	check_refusal(self, ".slot cc.key = \"longer than four\"\n",
		      "it has another size in this kernel");
}

TEST_F(ops, two_members)
{
	check_refusal(self, ".slot cc.min_tso_segs = two\n", "a program can be one alone");
}

TEST_F(ops, no_such_struct)
{
	check_refusal(self, ".map other type struct_ops values tcp_congestion_op\n",
		      "did you mean 'tcp_congestion_ops'?");
}

TEST_F(ops, no_struct_at_all)
{
	check_refusal(self, ".map other type struct_ops key u32 value 8 entries 1\n",
		      "nothing says which structure of the kernel it is");
}

TEST_F(ops, no_member_of_any)
{
	check_refusal(self, ".prog lost \"struct_ops/lost\"\nr0 = 0\nexit\n",
		      "it is no member of a map of type struct_ops");
}

/* ---- a function of another program ---- */

/*
 * The types of two functions that take nothing and return an int, both global: a text has no
 * function that others may replace.
 */
static int target_types(void)
{
	enum { GLOBAL = 1, INT = 1, PROTO, HEADER = 24 };
	static const char names[] = "\0int\0ask\0answer";
	struct {
		uint16_t magic;
		uint8_t version, flags;
		uint32_t header, types_at, types_len, names_at, names_len, types[13];
		char names[sizeof(names)];
	} btf = {
		.magic = 0xeb9f, .version = 1, .header = HEADER,
		.types_len = sizeof(btf.types), .names_at = sizeof(btf.types),
		.names_len = sizeof(names),
		.types = { 1, ASM_BTF_INT << 24, 4, 1 << 24 | 32,
			   0, ASM_BTF_FUNC_PROTO << 24, INT,
			   5, ASM_BTF_FUNC << 24 | GLOBAL, PROTO,
			   9, ASM_BTF_FUNC << 24 | GLOBAL, PROTO },
	};
	struct abi_btf_load attr;

	memcpy(btf.names, names, sizeof(names));
	memset(&attr, 0, sizeof(attr));
	attr.btf = abi_ptr(&btf);
	attr.btf_size = HEADER + sizeof(btf.types) + sizeof(names);
	return bpf(BPF_BTF_LOAD, &attr, abi_end(struct abi_btf_load, btf_log_level));
}

/* int answer(void) { return 5; } int ask(void) { return answer(); } */
static int load_target(void)
{
	enum { ASK = 3, ANSWER, SLOTS = 4 };
	static const struct asm_insn insns[SLOTS] = {
		{ .code = 0x85, .regs = 0x10, .imm = 1 }, { .code = 0x95 },
		{ .code = 0xb7, .imm = 5 }, { .code = 0x95 },
	};
	const struct abi_func_info funcs[] = { { 0, ASK }, { 2, ANSWER } };
	struct abi_prog_load attr;
	uint8_t bytes[SLOTS][8];
	int fd;

	for (size_t i = 0; i < SLOTS; i++)
		asm_insn_bytes(insns[i], asm_cpu_native()->endian, bytes[i]);
	memset(&attr, 0, sizeof(attr));
	attr.prog_type = 3;	/* sched_cls */
	attr.insns = abi_ptr(bytes);
	attr.insn_cnt = SLOTS;
	attr.license = abi_ptr("GPL");
	strcpy(attr.prog_name, "ask");
	attr.prog_btf_fd = (uint32_t)target_types();
	attr.func_info = abi_ptr(funcs);
	attr.func_info_cnt = 2;
	attr.func_info_rec_size = sizeof(funcs[0]);
	fd = bpf(BPF_PROG_LOAD, &attr, abi_end(struct abi_prog_load, func_info_cnt));
	close((int)attr.prog_btf_fd);
	return fd;
}

/* What the target returns. */
static uint32_t run_target(const struct ops_self *self)
{
	uint8_t data[64] = { 0 };
	struct abi_prog_test_run attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_fd = (uint32_t)self->target;
	attr.data_in = abi_ptr(data);
	attr.data_size_in = sizeof(data);
	attr.repeat = 1;
	ASSERT_OK(bpf(BPF_PROG_TEST_RUN, &attr, abi_end(struct abi_prog_test_run, duration)));
	return attr.retval;
}

/* A program for a function of the target: section, and body. */
static int replace(struct ops_self *self, const char *section, const char *body)
{
	int err;

	self->target = load_target();
	ASSERT_GE(self->target, 0);
	EXPECT_EQ(5, run_target(self));
	self->a.opt.where.prog = self->target;
	err = attached_open(&self->a, ".license \"GPL\"\n.global u64 runs\n"
			    ".prog other \"%s\"\n%s\nexit\n", section, body);
	return err ? err : load_attach(self->a.load);
}

#define REQUIRE_TRAMPOLINE(err)									\
	do {											\
		REQUIRE((err) != -EPERM, "the kernel is locked down");				\
		REQUIRE((err) != -EOPNOTSUPP && (err) != -ENOMEM,				\
			"no BPF trampolines on this CPU");					\
		ASSERT_OK(err);									\
	} while (0)

TEST_F(ops, freplace)
{
	int err = replace(self, "freplace/answer", "r0 = 7");

	if (err && kernel() < ASM_KERNEL(5, 6))
		SKIP(return, "freplace takes Linux 5.6");
	REQUIRE_TRAMPOLINE(err);
	EXPECT_EQ(7, run_target(self));
	attached_close(&self->a);
	EXPECT_EQ(5, run_target(self));
}

TEST_F(ops, fentry_of_a_program)
{
	uint64_t runs = 0;
	uint32_t key = 0;
	int err = replace(self, "fentry/answer", "r1 = runs ll\nr2 = 1\n"
			  "lock *(u64 *)(r1 + 0) += r2\nr0 = 0");

	if (err && kernel() < ASM_KERNEL(5, 5))
		SKIP(return, "fentry takes Linux 5.5");
	REQUIRE_TRAMPOLINE(err);
	EXPECT_EQ(5, run_target(self));
	EXPECT_OK(load_map_lookup(load_map_fd(self->a.load, ".bss"), &key, &runs));
	EXPECT_EQ(1, runs);
}

TEST_F(ops, freplace_of_nothing)
{
	EXPECT_ERR(-ENOENT, replace(self, "freplace/answr", "r0 = 7"));
	EXPECT_HAS("program ask has no function answr; did you mean 'answer'?", self->a.said);
}

TEST_F(ops, freplace_of_nobody)
{
	EXPECT_ERR(-EINVAL, attached_open(&self->a, ".prog other \"freplace/ask\"\n"
					  "r0 = 7\nexit\n"));
	EXPECT_HAS("--prog PROG says of which one", self->a.said);
}

TEST_MAIN
