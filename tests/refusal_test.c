/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * refusal_test.c - the rows of asm/tables/refusal.def: what this kernel answers to each.
 *
 * Every row has a function of its name that asks for it.
 */
#include <fcntl.h>
#include <limits.h>
#include <sys/syscall.h>

#include "../asm/asm.h"
#include "../loader/abi.h"
#include "harness.h"
#include "kernel.h"

enum { ENOTSUPP = 524, NONE = 0x7ffffff0, CLOSED = 0x7fff, NO_COMMAND = 0x7fff };

/* What is asked about. */
struct at {
	int hash, array, queue, perf, frozen;	/* hash: one entry, key 1, and no room for more */
	int prog, kprobe, link;			/* a socket filter; -1: not to be had here */
};

/* ---- calls ---- */

static long create(uint32_t type, uint32_t key, uint32_t value, uint32_t entries, uint32_t flags)
{
	struct abi_map_create attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = type;
	attr.key_size = key;
	attr.value_size = value;
	attr.max_entries = entries;
	attr.map_flags = flags;
	return bpf(BPF_MAP_CREATE, &attr, abi_end(struct abi_map_create, map_flags));
}

/* A number as key, and room for a value. */
static long elem(int cmd, int map, uint32_t key, uint64_t flags)
{
	struct abi_map_elem attr;
	uint64_t value = 0;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (uint32_t)map;
	attr.key = abi_ptr(&key);
	attr.value = abi_ptr(&value);
	attr.flags = flags;
	return bpf(cmd, &attr, flags ? sizeof(attr) : abi_end(struct abi_map_elem, value));
}

/* As the kernel has them; regs is a register in either half. */
struct insn {
	uint8_t code, regs;
	int16_t off;
	int32_t imm;
};

static const struct insn value_0 = { .code = 0xb7 }, leave = { .code = 0x95 };

static long load(uint32_t type, struct insn first, struct insn second, const char *license)
{
	const struct insn insns[] = { first, second, leave };
	struct abi_prog_load attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = type;
	attr.insns = abi_ptr(insns);
	attr.insn_cnt = second.code == leave.code ? 2 : 3;
	attr.license = abi_ptr(license);
	return bpf(BPF_PROG_LOAD, &attr, abi_end(struct abi_prog_load, kern_version));
}

/* A command whose attr begins with a number, or with two. */
static long numbers(int cmd, uint32_t a, uint32_t b, size_t size)
{
	uint32_t attr[16] = { a, b };

	return bpf(cmd, attr, size);
}

enum { ONE = 4, TWO = 8 };	/* bytes of these */

static uint32_t fd_of(int fd)
{
	return (uint32_t)fd;
}

/* ---- a function a row ---- */

static long ask_command(const struct at *at)
{
	(void)at;
	return numbers(NO_COMMAND, 0, 0, TWO);
}

static long ask_tail(const struct at *at)
{
	uint32_t attr[256] = { [255] = 1 };

	(void)at;
	return bpf(BPF_MAP_CREATE, attr, sizeof(attr));
}

static long ask_large(const struct at *at)
{
	(void)at;
	return bpf(BPF_MAP_CREATE, NULL, (size_t)sysconf(_SC_PAGESIZE) + 1);
}

static long ask_pointer(const struct at *at)
{
	(void)at;
	return bpf(BPF_MAP_CREATE, NULL, sizeof(struct abi_map_create));
}

static long ask_unused(const struct at *at)
{
	return numbers(BPF_MAP_FREEZE, fd_of(at->array), 1, TWO);
}

static long ask_closed(const struct at *at)
{
	(void)at;
	return elem(BPF_MAP_LOOKUP_ELEM, CLOSED, 0, 0);
}

static long ask_map_type(const struct at *at)
{
	(void)at;
	return create(NONE, 4, 4, 1, 0);
}

static long ask_no_key(const struct at *at)
{
	(void)at;
	return create(BPF_MAP_TYPE_HASH, 0, 4, 1, 0);
}

static long ask_array_key(const struct at *at)
{
	(void)at;
	return create(BPF_MAP_TYPE_ARRAY, 8, 4, 1, 0);
}

static long ask_value_huge(const struct at *at)
{
	(void)at;
	return create(BPF_MAP_TYPE_ARRAY, 4, UINT32_C(1) << 31, 1, 0);
}

static long ask_no_entries(const struct at *at)
{
	(void)at;
	return create(BPF_MAP_TYPE_HASH, 4, 4, 0, 0);
}

static long ask_map_flags(const struct at *at)
{
	(void)at;
	return create(BPF_MAP_TYPE_ARRAY, 4, 4, 1, BPF_F_NO_PREALLOC);
}

static long ask_map_name(const struct at *at)
{
	struct abi_map_create attr;

	(void)at;
	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_ARRAY;
	attr.key_size = attr.value_size = 4;
	attr.max_entries = 1;
	strcpy(attr.map_name, "a/b");
	return bpf(BPF_MAP_CREATE, &attr, abi_end(struct abi_map_create, map_name));
}

static long ask_no_such_key(const struct at *at)
{
	return elem(BPF_MAP_LOOKUP_ELEM, at->hash, 2, 0);
}

static long ask_no_map(const struct at *at)
{
	return elem(BPF_MAP_LOOKUP_ELEM, at->prog, 0, 0);
}

static long ask_key_pointer(const struct at *at)
{
	struct abi_map_elem attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = fd_of(at->hash);
	attr.key = 1;
	return bpf(BPF_MAP_LOOKUP_ELEM, &attr, abi_end(struct abi_map_elem, value));
}

static long ask_lookup_flags(const struct at *at)
{
	return elem(BPF_MAP_LOOKUP_ELEM, at->hash, 1, UINT64_C(1) << 31);
}

static long ask_write_only(const struct at *at)
{
	long fd = create(BPF_MAP_TYPE_ARRAY, 4, 8, 1, BPF_F_WRONLY), ret;

	(void)at;
	ret = fd < 0 ? fd : elem(BPF_MAP_LOOKUP_ELEM, (int)fd, 0, 0);
	close((int)fd);
	return ret;
}

static long ask_unreadable(const struct at *at)
{
	return elem(BPF_MAP_LOOKUP_ELEM, at->perf, 0, 0);
}

static long ask_array_noexist(const struct at *at)
{
	return elem(BPF_MAP_UPDATE_ELEM, at->array, 0, BPF_NOEXIST);
}

static long ask_noexist(const struct at *at)
{
	return elem(BPF_MAP_UPDATE_ELEM, at->hash, 1, BPF_NOEXIST);
}

static long ask_exist(const struct at *at)
{
	return elem(BPF_MAP_UPDATE_ELEM, at->hash, 2, BPF_EXIST);
}

static long ask_beyond(const struct at *at)
{
	return elem(BPF_MAP_UPDATE_ELEM, at->array, 7, BPF_ANY);
}

static long ask_full(const struct at *at)
{
	return elem(BPF_MAP_UPDATE_ELEM, at->hash, 2, BPF_ANY);
}

static long ask_update_flags(const struct at *at)
{
	return elem(BPF_MAP_UPDATE_ELEM, at->hash, 1, UINT64_C(1) << 31);
}

static long ask_frozen(const struct at *at)
{
	return elem(BPF_MAP_UPDATE_ELEM, at->frozen, 0, BPF_ANY);
}

/* These have no value. */
static long delete(int map, uint32_t key)
{
	struct abi_map_elem attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = fd_of(map);
	attr.key = abi_ptr(&key);
	return bpf(BPF_MAP_DELETE_ELEM, &attr, abi_end(struct abi_map_elem, key));
}

static long ask_array_delete(const struct at *at)
{
	return delete(at->array, 0);
}

static long ask_delete_missing(const struct at *at)
{
	return delete(at->hash, 2);
}

static long ask_last_key(const struct at *at)
{
	return elem(BPF_MAP_GET_NEXT_KEY, at->hash, 1, 0);
}

static long ask_keyless(const struct at *at)
{
	struct abi_map_elem attr;
	uint64_t next;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = fd_of(at->queue);
	attr.next_key = abi_ptr(&next);
	return bpf(BPF_MAP_GET_NEXT_KEY, &attr, abi_end(struct abi_map_elem, next_key));
}

static long ask_prog_type(const struct at *at)
{
	(void)at;
	return load(NONE, value_0, leave, "GPL");
}

static long ask_no_insns(const struct at *at)
{
	struct abi_prog_load attr;

	(void)at;
	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
	attr.insns = abi_ptr(&leave);
	attr.license = abi_ptr("GPL");
	return bpf(BPF_PROG_LOAD, &attr, abi_end(struct abi_prog_load, kern_version));
}

static long ask_license(const struct at *at)
{
	(void)at;
	return load(BPF_PROG_TYPE_SOCKET_FILTER, value_0, leave, (const char *)1);
}

static long ask_no_exit(const struct at *at)
{
	struct abi_prog_load attr;

	(void)at;
	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
	attr.insns = abi_ptr(&value_0);
	attr.insn_cnt = 1;
	attr.license = abi_ptr("GPL");
	return bpf(BPF_PROG_LOAD, &attr, abi_end(struct abi_prog_load, kern_version));
}

static long ask_no_value(const struct at *at)
{
	/* r1 = 0 */
	const struct insn other = { 0xb7, __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 0x10 : 1, 0, 0 };

	(void)at;
	return load(BPF_PROG_TYPE_SOCKET_FILTER, other, leave, "GPL");
}

static long ask_stack(const struct at *at)
{
	/* *(u64 *)(r10 + 8) = 0 */
	const struct insn store = { 0x7a, __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 0xa0 : 0xa, 8,
				    0 };

	(void)at;
	return load(BPF_PROG_TYPE_SOCKET_FILTER, value_0, store, "GPL");
}

static long call(uint32_t type, int32_t helper, const char *license)
{
	const struct insn insn = { .code = 0x85, .imm = helper };

	return load(type, insn, leave, license);
}

static long ask_helper(const struct at *at)
{
	enum { REDIRECT = 23 };

	(void)at;
	return call(BPF_PROG_TYPE_SOCKET_FILTER, REDIRECT, "GPL");
}

static long ask_gpl(const struct at *at)
{
	enum { PERF_EVENT_OUTPUT = 25 };

	(void)at;
	return call(BPF_PROG_TYPE_KPROBE, PERF_EVENT_OUTPUT, "Dual BSD");
}

static long ask_log_room(const struct at *at)
{
	const struct insn insns[] = { value_0, value_0, value_0, value_0, value_0, leave };
	struct abi_prog_load attr;
	char log[128];

	(void)at;
	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
	attr.insns = abi_ptr(insns);
	attr.insn_cnt = sizeof(insns) / sizeof(insns[0]);
	attr.license = abi_ptr("GPL");
	attr.log_buf = abi_ptr(log);
	attr.log_size = sizeof(log);
	attr.log_level = 2;
	return bpf(BPF_PROG_LOAD, &attr, abi_end(struct abi_prog_load, kern_version));
}

static long path(int cmd, const char *path, int fd)
{
	struct abi_obj attr;

	memset(&attr, 0, sizeof(attr));
	attr.pathname = abi_ptr(path);
	attr.bpf_fd = fd_of(fd);
	return bpf(cmd, &attr, abi_end(struct abi_obj, bpf_fd));
}

static long ask_pin_there(const struct at *at)
{
	return path(BPF_OBJ_PIN, "/dev/null", at->prog);
}

static long ask_pin_elsewhere(const struct at *at)
{
	return path(BPF_OBJ_PIN, "/dev/none_of_these", at->prog);
}

static long ask_get_none(const struct at *at)
{
	(void)at;
	return path(BPF_OBJ_GET, "/dev/none_of_these", 0);
}

static long ask_get_file(const struct at *at)
{
	(void)at;
	return path(BPF_OBJ_GET, "/proc/self/exe", 0);
}

static long attach(const struct at *at, int cmd)
{
	struct abi_prog_attach attr;

	memset(&attr, 0, sizeof(attr));
	attr.target_fd = fd_of(at->array);
	attr.attach_bpf_fd = fd_of(at->prog);
	attr.attach_type = NONE;
	return bpf(cmd, &attr, abi_end(struct abi_prog_attach, attach_flags));
}

static long ask_attach_type(const struct at *at)
{
	return attach(at, BPF_PROG_ATTACH);
}

static long ask_detach_type(const struct at *at)
{
	return attach(at, BPF_PROG_DETACH);
}

static long run(int prog, uint32_t in, uint32_t out)
{
	struct abi_prog_test_run attr;
	char data[128] = "", copy[128];

	memset(&attr, 0, sizeof(attr));
	attr.prog_fd = fd_of(prog);
	attr.data_in = abi_ptr(data);
	attr.data_size_in = in;
	attr.data_out = abi_ptr(out ? copy : NULL);
	attr.data_size_out = out;
	return bpf(BPF_PROG_TEST_RUN, &attr, abi_end(struct abi_prog_test_run, duration));
}

static long ask_run_type(const struct at *at)
{
	return run(at->kprobe, 64, 0);
}

static long ask_run_short(const struct at *at)
{
	return run(at->prog, 1, 0);
}

static long ask_run_room(const struct at *at)
{
	return run(at->prog, 64, 1);
}

#define ASK_NUMBER(row, cmd, number, size)				\
static long ask_##row(const struct at *at)				\
{									\
	(void)at;							\
	return numbers(BPF_##cmd, number, 0, size);			\
}

ASK_NUMBER(last_prog, PROG_GET_NEXT_ID, INT_MAX - 1, TWO)
ASK_NUMBER(last_map, MAP_GET_NEXT_ID, INT_MAX - 1, TWO)
ASK_NUMBER(last_btf, BTF_GET_NEXT_ID, INT_MAX - 1, TWO)
ASK_NUMBER(last_link, LINK_GET_NEXT_ID, INT_MAX - 1, TWO)
ASK_NUMBER(no_prog_id, PROG_GET_FD_BY_ID, NONE, ONE)
ASK_NUMBER(no_map_id, MAP_GET_FD_BY_ID, NONE, ONE)
ASK_NUMBER(no_btf_id, BTF_GET_FD_BY_ID, NONE, ONE)
ASK_NUMBER(no_link_id, LINK_GET_FD_BY_ID, NONE, ONE)
ASK_NUMBER(stats_type, ENABLE_STATS, NONE, ONE)
ASK_NUMBER(link_closed, LINK_UPDATE, CLOSED, 16)

static long ask_no_object(const struct at *at)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct abi_prog_info info;
	struct abi_info_by_fd attr;
	long ret;

	(void)at;
	memset(&info, 0, sizeof(info));
	memset(&attr, 0, sizeof(attr));
	attr.bpf_fd = fd_of(fd);
	attr.info_len = sizeof(info);
	attr.info = abi_ptr(&info);
	ret = bpf(BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr));
	close(fd);
	return ret;
}

static long ask_query_type(const struct at *at)
{
	return numbers(BPF_PROG_QUERY, fd_of(at->array), NONE, 28);
}

static long raw(int prog, const char *name)
{
	struct abi_raw_tracepoint_open attr;

	memset(&attr, 0, sizeof(attr));
	attr.name = abi_ptr(name);
	attr.prog_fd = fd_of(prog);
	return bpf(BPF_RAW_TRACEPOINT_OPEN, &attr,
		   abi_end(struct abi_raw_tracepoint_open, prog_fd));
}

static long ask_no_tracepoint(const struct at *at)
{
	long prog = load(BPF_PROG_TYPE_RAW_TRACEPOINT, value_0, leave, "GPL"), ret;

	(void)at;
	ret = prog < 0 ? prog : raw((int)prog, "none_of_these");
	close((int)prog);
	return ret;
}

static long ask_raw_type(const struct at *at)
{
	return raw(at->prog, "sched_switch");
}

static long btf(uint32_t size)
{
	static const char data[64] = "this is no type data";
	struct abi_btf_load attr;

	memset(&attr, 0, sizeof(attr));
	attr.btf = abi_ptr(data);
	attr.btf_size = size;
	return bpf(BPF_BTF_LOAD, &attr, abi_end(struct abi_btf_load, btf_log_level));
}

static long ask_btf_magic(const struct at *at)
{
	(void)at;
	return btf(64);
}

static long ask_btf_size(const struct at *at)
{
	(void)at;
	return btf((16 << 20) + 1);
}

static long query(uint32_t pid, int fd)
{
	struct abi_task_fd_query attr;

	memset(&attr, 0, sizeof(attr));
	attr.pid = pid;
	attr.fd = fd_of(fd);
	return bpf(BPF_TASK_FD_QUERY, &attr, sizeof(attr));
}

static long ask_no_task(const struct at *at)
{
	return query(NONE, at->prog);
}

static long ask_task_fd(const struct at *at)
{
	(void)at;
	return query((uint32_t)getpid(), CLOSED);
}

static long ask_task_other(const struct at *at)
{
	return query((uint32_t)getpid(), at->array);
}

static long ask_empty(const struct at *at)
{
	struct abi_map_elem attr;
	uint64_t value;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = fd_of(at->queue);
	attr.value = abi_ptr(&value);
	return bpf(BPF_MAP_LOOKUP_AND_DELETE_ELEM, &attr, abi_end(struct abi_map_elem, value));
}

static long ask_array_pop(const struct at *at)
{
	return elem(BPF_MAP_LOOKUP_AND_DELETE_ELEM, at->array, 0, 0);
}

static long ask_hash_pop(const struct at *at)
{
	return elem(BPF_MAP_LOOKUP_AND_DELETE_ELEM, at->hash, 2, 0);
}

static long ask_freeze_again(const struct at *at)
{
	return numbers(BPF_MAP_FREEZE, fd_of(at->frozen), 0, ONE);
}

static long ask_freeze_mapped(const struct at *at)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	int fd = (int)create(BPF_MAP_TYPE_ARRAY, 4, 8, 1, BPF_F_MMAPABLE);
	void *data = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	long ret = data == MAP_FAILED ? 0 : numbers(BPF_MAP_FREEZE, fd_of(fd), 0, ONE);

	(void)at;
	if (data != MAP_FAILED)
		munmap(data, page);
	close(fd);
	return ret;
}

static long batch(int map)
{
	struct abi_map_batch attr;
	uint64_t keys[8], values[8], place = 0;

	memset(&attr, 0, sizeof(attr));
	attr.out_batch = abi_ptr(&place);
	attr.keys = abi_ptr(keys);
	attr.values = abi_ptr(values);
	attr.count = 8;
	attr.map_fd = fd_of(map);
	return bpf(BPF_MAP_LOOKUP_BATCH, &attr, sizeof(attr));
}

static long ask_batch_type(const struct at *at)
{
	return batch(at->queue);
}

static long ask_batch_end(const struct at *at)
{
	return batch(at->hash);
}

static long ask_link_type(const struct at *at)
{
	uint32_t attr[4] = { fd_of(at->prog), fd_of(at->array), BPF_CGROUP_DEVICE };

	return bpf(BPF_LINK_CREATE, attr, sizeof(attr));
}

static long ask_no_detach(const struct at *at)
{
	return numbers(BPF_LINK_DETACH, fd_of(at->link), 0, ONE);
}

static long ask_no_iter(const struct at *at)
{
	return numbers(BPF_ITER_CREATE, fd_of(at->prog), 0, TWO);
}

static long ask_bind_prog(const struct at *at)
{
	return numbers(BPF_PROG_BIND_MAP, fd_of(at->array), fd_of(at->array), 12);
}

static long ask_no_bpffs(const struct at *at)
{
	int fd = open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	long ret = numbers(BPF_TOKEN_CREATE, 0, fd_of(fd), TWO);

	(void)at;
	close(fd);
	return ret;
}

static long ask_no_stream(const struct at *at)
{
	struct abi_prog_stream_read attr;
	char text[8];

	memset(&attr, 0, sizeof(attr));
	attr.stream_buf = abi_ptr(text);
	attr.stream_buf_len = sizeof(text);
	attr.stream_id = 9;
	attr.prog_fd = fd_of(at->prog);
	return bpf(BPF_PROG_STREAM_READ_BY_FD, &attr,
		   abi_end(struct abi_prog_stream_read, prog_fd));
}

static long ask_assoc_map(const struct at *at)
{
	return numbers(BPF_PROG_ASSOC_STRUCT_OPS, fd_of(at->array), fd_of(at->prog), 12);
}

/* ---- the rows ---- */

static const struct row {
	const char *command, *name;
	int before, error;		/* the first: on kernels before since */
	unsigned int since;
	long (*ask)(const struct at *at);
} rows[] = {
#define REFUSAL(command, name, error, when) { #command, #name, 0, error, 0, ask_##name },
#define REFUSAL_SINCE(command, name, before, since, error, when) \
	{ #command, #name, before, error, since, ask_##name },
#include "../asm/tables/refusal.def"
#undef REFUSAL
#undef REFUSAL_SINCE
};

static const struct command {
	const char *name;
	unsigned int since;
} commands[] = {
	{ "ANY", 0 },
#define COMMAND(number, name, since) { #name, since },
#include "../asm/tables/command.def"
#undef COMMAND
};

static const struct command *command_of(const struct row *row)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(commands[i].name, row->command))
			return &commands[i];
	return NULL;
}

FIXTURE(refusals) { struct at at; };

FIXTURE_SETUP(refusals)
{
	struct at *at = &self->at;

	REQUIRE_CAP(CAP_SYS_ADMIN);
	at->hash = (int)create(BPF_MAP_TYPE_HASH, 4, 8, 1, BPF_F_NO_PREALLOC);
	at->array = (int)create(BPF_MAP_TYPE_ARRAY, 4, 8, 2, 0);
	at->frozen = (int)create(BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0);
	at->queue = (int)create(BPF_MAP_TYPE_QUEUE, 0, 8, 1, 0);
	at->perf = (int)create(BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 1, 0);
	at->prog = (int)load(BPF_PROG_TYPE_SOCKET_FILTER, value_0, leave, "GPL");
	at->kprobe = (int)load(BPF_PROG_TYPE_KPROBE, value_0, leave, "GPL");
	at->link = (int)load(BPF_PROG_TYPE_RAW_TRACEPOINT, value_0, leave, "GPL");
	at->link = (int)raw(at->link, "sched_process_exec");
	ASSERT_GE(at->hash, 0);
	ASSERT_GE(at->array, 0);
	ASSERT_GE(at->queue, 0);
	ASSERT_GE(at->prog, 0);
	ASSERT_EQ(0, elem(BPF_MAP_UPDATE_ELEM, at->hash, 1, BPF_ANY));
	ASSERT_EQ(0, numbers(BPF_MAP_FREEZE, fd_of(at->frozen), 0, ONE));
}

FIXTURE_TEARDOWN(refusals)
{
	(void)self;	/* the process ends */
}

TEST_F(refusals, as_the_rows_say)
{
	unsigned int running = kernel();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		const struct command *command = command_of(row);
		int want = running < row->since ? row->before : row->error;

		ASSERT_NOT_NULL(command) LOG("%s", row->command);
		if (running < command->since)
			want = EINVAL;
		EXPECT_ERR(-want, row->ask(&self->at)) LOG("%s: %s", row->command, row->name);
	}
}

TEST_MAIN
