/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * perfbuf_test.c - the reader of perf buffers: on rings made here, with nothing but traps around
 * them, and on rings that the kernel writes; and the writer of user ring buffers.
 *
 * Live programs are never attached: BPF_PROG_TEST_RUN runs them, so what they produced is known.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>

#include "../asm/asm.h"
#include "../loader/abi.h"
#include "../loader/loader.h"
#include "harness.h"
#include "kernel.h"

enum {
	HEADER = sizeof(struct abi_perf_header),
	RAW = sizeof(uint32_t),		/* before the bytes of a sample */
	SIZE = 4096,			/* of the rings here */
	MOST = 1024,			/* records a test looks at */
	OTHER = 5,			/* a type of record that is none for the reader */
	STOP = -77,			/* what a callback ends the reading with */
};

/* ---- images ---- */

/* The data of a ring, and pages that nobody may touch before and behind. */
struct image {
	uint8_t *map, *data, *room;
	size_t page, span;
	uint64_t head, tail;
};

/* low: the data starts where the page does; else it ends where the page does. */
static void image_open(struct image *im, bool low)
{
	memset(im, 0, sizeof(*im));
	im->page = (size_t)sysconf(_SC_PAGESIZE);
	im->span = 3 * im->page;
	im->map = mmap(NULL, im->span, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_TRUE(im->map != MAP_FAILED);
	ASSERT_EQ(0, mprotect(im->map + im->page, im->page, PROT_READ | PROT_WRITE));
	im->data = im->map + im->page + (low ? 0 : im->page - SIZE);
	memset(im->data, 0xee, SIZE);
	im->room = malloc(LOAD_PERF_ROOM);
	ASSERT_NOT_NULL(im->room);
}

static void image_close(struct image *im)
{
	munmap(im->map, im->span);
	free(im->room);
}

static void image_at(struct image *im, uint64_t position)
{
	im->tail = position;
	im->head = position;
}

static void put(struct image *im, uint64_t position, const void *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		im->data[(position + i) % SIZE] = ((const uint8_t *)bytes)[i];
}

static void put_header(struct image *im, uint32_t type, unsigned int size)
{
	const struct abi_perf_header header = { .type = type, .size = (uint16_t)size };

	put(im, im->head, &header, sizeof(header));
}

/* By the kernel's rule: the length is rounded up so that the record takes whole slots of 8. */
static uint32_t raw_len(uint32_t len)
{
	return (len + RAW + 7) / 8 * 8 - RAW;
}

/* A sample of len bytes that count up from seed; returns where the kernel has its length. */
static uint64_t put_sample(struct image *im, uint32_t len, uint8_t seed)
{
	uint32_t raw = raw_len(len);
	uint64_t at = im->head + HEADER;

	put_header(im, PERF_RECORD_SAMPLE, HEADER + RAW + raw);
	put(im, at, &raw, sizeof(raw));
	for (uint32_t i = 0; i < raw; i++) {
		uint8_t byte = (uint8_t)(seed + i);

		put(im, at + RAW + i, &byte, 1);
	}
	im->head += HEADER + RAW + raw;
	return at;
}

static void put_lost(struct image *im, uint64_t lost)
{
	const uint64_t body[] = { 42, lost };

	put_header(im, PERF_RECORD_LOST, HEADER + sizeof(body));
	put(im, im->head + HEADER, body, sizeof(body));
	im->head += HEADER + sizeof(body);
}

static void put_other(struct image *im, unsigned int size)
{
	put_header(im, OTHER, size);
	im->head += size;
}

/* ---- what the reader hands over ---- */

struct got {
	unsigned int count, stop_at;
	bool strange;			/* a record that is not as it was put */
	uint32_t len[MOST];
	uint8_t seed[MOST];
	uint64_t lost;
};

/* load_record_fn */
static int take(void *arg, const void *data, uint32_t len)
{
	const uint8_t *bytes = data;
	struct got *got = arg;
	unsigned int i = got->count % MOST;

	for (uint32_t k = 0; k < len; k++)
		got->strange |= bytes[k] != (uint8_t)(bytes[0] + k);
	got->len[i] = len;
	got->seed[i] = len ? bytes[0] : 0;
	got->count++;
	return got->count == got->stop_at ? STOP : 0;
}

static int scan(struct image *im, unsigned int most, struct got *got)
{
	const struct load_perf_ring ring = {
		.data = im->data, .size = SIZE, .head = im->head, .tail = &im->tail,
		.room = im->room,
	};

	return load_perfbuf_scan(&ring, most, take, got, &got->lost);
}

/* Each length at each place of the ring, so that each part of a record is broken once. */
TEST(lengths_and_places)
{
	static struct got got;
	struct image im;

	for (int low = 0; low < 2; low++) {
		image_open(&im, low);
		for (uint32_t len = 0; len < 80; len += 3) {
			for (uint64_t at = 0; at < SIZE; at += 8) {
				memset(&got, 0, sizeof(got));
				image_at(&im, at + SIZE * 5ull);
				put_sample(&im, len, (uint8_t)at);
				put_sample(&im, 8, 99);
				ASSERT_EQ(2, scan(&im, UINT_MAX, &got));
				ASSERT_EQ(raw_len(len), got.len[0]);
				ASSERT_EQ((uint8_t)at, got.seed[0]);
				ASSERT_EQ(99, got.seed[1]);
				ASSERT_FALSE(got.strange);
				ASSERT_TRUE(im.tail == im.head);
			}
		}
		image_close(&im);
	}
}

TEST(lost_and_others)
{
	static struct got got;
	struct image im;

	image_open(&im, true);
	image_at(&im, UINT64_MAX - 15);		/* positions wrap, too */
	put_lost(&im, 7);
	put_sample(&im, 4, 1);
	put_other(&im, HEADER);
	put_other(&im, 64);
	put_lost(&im, UINT32_MAX);
	put_sample(&im, 20, 2);
	EXPECT_EQ(2, scan(&im, UINT_MAX, &got));
	EXPECT_TRUE(got.lost == 7ull + UINT32_MAX);
	EXPECT_EQ(1, got.seed[0]);
	EXPECT_EQ(2, got.seed[1]);
	EXPECT_TRUE(im.tail == im.head);
	EXPECT_EQ(0, scan(&im, UINT_MAX, &got));
	image_close(&im);
}

TEST(whole_ring)
{
	static struct got got;
	struct image im;

	image_open(&im, false);
	image_at(&im, 3 * SIZE + 1024);
	put_sample(&im, SIZE - HEADER - RAW, 3);
	ASSERT_TRUE(im.head - im.tail == SIZE);
	EXPECT_EQ(1, scan(&im, UINT_MAX, &got));
	EXPECT_EQ(SIZE - HEADER - RAW, got.len[0]);
	EXPECT_FALSE(got.strange);
	image_close(&im);
}

TEST(at_most_and_stop)
{
	static struct got got;
	uint64_t third = 0;
	struct image im;

	image_open(&im, true);
	for (uint8_t i = 0; i < 10; i++) {
		if (i == 3)
			third = im.head;
		put_sample(&im, 12, i);
	}
	EXPECT_EQ(0, scan(&im, 0, &got));
	EXPECT_EQ(3, scan(&im, 3, &got));
	EXPECT_TRUE(im.tail == third);
	got.stop_at = 5;
	EXPECT_EQ(STOP, scan(&im, UINT_MAX, &got));
	EXPECT_EQ(5, got.count);
	EXPECT_EQ(5, scan(&im, UINT_MAX, &got));
	EXPECT_EQ(10, got.count);
	image_close(&im);
}

/* What stands before the broken record is handed over; the broken one stays. */
static void check_broken(struct image *im, uint64_t where)
{
	static struct got got;

	memset(&got, 0, sizeof(got));
	EXPECT_ERR(-EBADMSG, scan(im, UINT_MAX, &got));
	EXPECT_EQ(1, got.count);
	EXPECT_TRUE(im->tail == where);
	EXPECT_ERR(-EBADMSG, scan(im, UINT_MAX, &got));
	EXPECT_EQ(1, got.count);
}

TEST(sizes_of_no_record)
{
	static const uint16_t sizes[] = { 0, 1, 7, 9, 12, 2048, 4088, 65528, 65535 };
	struct image im;
	uint64_t where;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		image_open(&im, i % 2);
		image_at(&im, SIZE - 64);
		put_sample(&im, 20, 1);
		where = im.head;
		put_header(&im, PERF_RECORD_SAMPLE, sizes[i]);
		im.head += 40;
		check_broken(&im, where);
		image_close(&im);
	}
}

/* Lengths inside of a record that reach past it, and records too short for what they should say. */
TEST(bodies_of_no_record)
{
	static const uint32_t lens[] = { 21, 24, 4096, 0x7fffffff, 0xfffffff8, UINT32_MAX };
	struct image im;
	uint64_t where;

	image_open(&im, false);
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		image_at(&im, SIZE - 40);
		put_sample(&im, 4, 1);
		where = im.head;
		put(&im, put_sample(&im, 20, 1), &lens[i], sizeof(lens[i]));
		check_broken(&im, where);
	}
	for (unsigned int size = HEADER; size < HEADER + 16; size += 8) {
		image_at(&im, 0);
		put_sample(&im, 4, 1);
		where = im.head;
		put_header(&im, PERF_RECORD_LOST, size);
		im.head += size;
		check_broken(&im, where);
	}
	image_at(&im, 0);
	put_sample(&im, 4, 1);
	where = im.head;
	put_header(&im, PERF_RECORD_SAMPLE, HEADER);
	im.head += HEADER;
	check_broken(&im, where);
	image_close(&im);
}

TEST(rings_that_are_none)
{
	static const uint64_t positions[][2] = {
		{ 0, SIZE + 8 }, { 8, 0 }, { 4, 8 }, { 0, 12 }, { 1, 1 }, { 0, UINT64_MAX - 7 },
	};
	static const uint32_t sizes[] = { 0, 1, 4, 24, 100, SIZE - 8, UINT32_MAX };
	static struct got got;
	struct image im;

	image_open(&im, true);
	for (size_t i = 0; i < sizeof(positions) / sizeof(positions[0]); i++) {
		im.tail = positions[i][0];
		im.head = positions[i][1];
		EXPECT_ERR(-EBADMSG, scan(&im, UINT_MAX, &got));
		EXPECT_TRUE(im.tail == positions[i][0]);
	}
	image_at(&im, 0);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		const struct load_perf_ring ring = {
			.data = im.data, .size = sizes[i], .head = 0, .tail = &im.tail,
			.room = im.room,
		};

		EXPECT_ERR(-EINVAL, load_perfbuf_scan(&ring, 1, take, &got, &got.lost));
	}
	EXPECT_EQ(0, got.count);
	image_close(&im);
}

/* Whatever the bytes, the reader stays in the ring and comes to an end. */
TEST(random_bytes)
{
	static struct got got;
	uint64_t dice = 88172645463325252;
	struct image im;

	for (unsigned int round = 0; round < t_rounds(20000); round++) {
		if (round % 100 == 0) {
			if (round)
				image_close(&im);
			image_open(&im, round % 200 == 0);
		}
		for (size_t i = 0; i < 256; i += 8) {
			dice ^= dice << 13;
			dice ^= dice >> 7;
			dice ^= dice << 17;
			put(&im, i, &dice, sizeof(dice));
			/* often a type and a size that are plausible */
			if (dice % 3)
				put_header(&im, dice % 2 ? PERF_RECORD_SAMPLE : PERF_RECORD_LOST,
					   (unsigned int)(dice >> 32) % 8 * 8);
			im.head += 8;
		}
		im.tail = (dice >> 8) % SIZE;
		im.head = im.tail + dice % 600;
		scan(&im, 1 + (unsigned int)(dice >> 40) % 64, &got);
		ASSERT_LE(im.head - im.tail, 600);
		im.head = 0;
	}
	image_close(&im);
}

/* ---- live ---- */

/* Its arguments: a number, and in how many bytes, at most 32, to send it. */
static const char texts[] =
	".license \"GPL\"\n"
	".equ BYTES, -64\n"
	".map events type perf_event_array value u64\n"
	".prog send \"raw_tp/sched_process_exec\"\n"
	"	r7 = *(u64 *)(r1 + 0)\n"
	"	r5 = *(u64 *)(r1 + 8)\n"
	"	*(u64 *)(r10 + BYTES) = r7\n"
	"	*(u64 *)(r10 + BYTES + 8) = r7\n"
	"	*(u64 *)(r10 + BYTES + 16) = r7\n"
	"	*(u64 *)(r10 + BYTES + 24) = r7\n"
	"	r5 &= 31\n"
	"	r5 += 1\n"
	"	r2 = events ll\n"
	"	r3 = BPF_F_CURRENT_CPU ll\n"
	"	r4 = r10\n"
	"	r4 += BYTES\n"
	"	call bpf_perf_event_output\n"
	"	if r0 == 0 goto out\n"
	"	r0 = -r0\n"
	"out:	exit\n";

/* Run it on a CPU (-1: this one); what it returned, or -errno. */
static int run_on(int prog_fd, int cpu, uint64_t number, uint64_t len)
{
	uint64_t args[] = { number, len };

	return run_with(prog_fd, cpu, args, sizeof(args));
}

struct object {
	struct asm_object *obj;
	struct load *load;
	char said[4096];
};

/* asm_sink */
static void hear_diag(void *arg, const struct asm_diag *diag)
{
	struct object *o = arg;
	size_t len = strlen(o->said);

	snprintf(o->said + len, sizeof(o->said) - len, "%s\n", diag->message);
	asm_diag_print(stderr, diag);
}

/* -errno of loading. */
static int object_open(struct object *o, const char *text)
{
	const struct load_options opt = { .sink = hear_diag, .sink_arg = o };
	const struct asm_options how = {
		.endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? ASM_BIG : ASM_LITTLE,
		.sink = hear_diag, .sink_arg = o,
	};

	o->obj = asm_assemble("live.bpfasm", text, strlen(text), &how);
	ASSERT_NOT_NULL(o->obj);
	return load_open(o->obj, &opt, &o->load);
}

static void object_close(struct object *o)
{
	load_close(o->load);
	asm_free(o->obj);
}

FIXTURE(perf) {
	struct object object;
	struct load_perfbuf *buf;
	int map, prog;
	uint32_t entries;
	bool counts;		/* the kernel knows what was lost (6.0) */
};

FIXTURE_SETUP(perf)
{
	uint64_t lost;
	int err, cpus;

	REQUIRE_CAP(CAP_BPF);
	REQUIRE_CAP(CAP_PERFMON);
	err = object_open(&self->object, texts);
	REQUIRE(err != -EPERM, "this process may not use bpf(2)");
	ASSERT_OK(err);
	cpus = load_possible_cpus();
	ASSERT_GT(cpus, 0);
	self->entries = (uint32_t)cpus;
	self->map = load_map_fd(self->object.load, "events");
	self->prog = load_prog_fd(self->object.load, "send");
	err = run_on(self->prog, -1, 0, 0);
	REQUIRE(err != -EINVAL && err != -EOPNOTSUPP && err != -524,
		"this kernel does not run raw tracepoint programs for tests (Linux 5.10)");
	EXPECT_EQ(ENOENT, err);		/* no event yet */
	ASSERT_OK(load_perfbuf_open(self->map, self->entries, &self->buf));
	err = load_perfbuf_lost(self->buf, &lost);
	self->counts = err != -EOPNOTSUPP;
	if (self->counts)
		ASSERT_OK(err);
	ASSERT_EQ(0, lost);
}

FIXTURE_TEARDOWN(perf)
{
	load_perfbuf_close(self->buf);
	object_close(&self->object);
}

/* What came: records whose bytes are all those of their number. */
struct heard {
	unsigned int count;
	bool strange;
	uint64_t last, lost;
	uint32_t len;
};

/* load_record_fn */
static int hear(void *arg, const void *data, uint32_t len)
{
	const uint8_t *bytes = data;
	struct heard *heard = arg;
	uint64_t number = 0;

	memcpy(&number, data, len < sizeof(number) ? len : sizeof(number));
	/* the kernel rounds up: the last 7 may be anything */
	for (uint32_t i = sizeof(number); i + 7 < len; i++)
		heard->strange |= bytes[i] != bytes[i % sizeof(number)];
	heard->strange |= number <= heard->last;
	heard->last = number;
	heard->len = len;
	heard->count++;
	return 0;
}

static bool is_readable(int fd)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };

	return poll(&wait, 1, 0) == 1;
}

TEST_F(perf, one)
{
	struct heard heard = { 0 };

	EXPECT_FALSE(is_readable(load_perfbuf_fd(self->buf)));
	EXPECT_EQ(0, load_perfbuf_read(self->buf, UINT_MAX, hear, &heard, &heard.lost));
	EXPECT_EQ(0, run_on(self->prog, -1, 0x0101010101010101, 7));
	EXPECT_TRUE(is_readable(load_perfbuf_fd(self->buf)));
	EXPECT_EQ(1, load_perfbuf_read(self->buf, UINT_MAX, hear, &heard, &heard.lost));
	EXPECT_TRUE(heard.last == 0x0101010101010101);
	EXPECT_EQ(12, heard.len);
	EXPECT_FALSE(heard.strange);
	EXPECT_EQ(0, heard.lost);
	EXPECT_FALSE(is_readable(load_perfbuf_fd(self->buf)));
}

/* Each CPU has a ring of its own. */
TEST_F(perf, every_cpu)
{
	struct heard heard = { 0 };
	unsigned int sent = 0;

	for (int cpu = 0; cpu < (int)self->entries; cpu++) {
		int ret = run_on(self->prog, cpu, 0x0101010101010101u * (sent + 1), 15);

		if (ret == -ENXIO)	/* offline */
			continue;
		ASSERT_EQ(0, ret);
		sent++;
	}
	EXPECT_GT(sent, 0);
	EXPECT_EQ(sent, load_perfbuf_read(self->buf, 1, hear, &heard, &heard.lost));
	EXPECT_FALSE(heard.strange);
	EXPECT_EQ(0, heard.lost);
}

/* Stay where this runs: from another CPU each run of a program is a message to that one. */
static int stay(void)
{
	int cpu = sched_getcpu();
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(set), &set));
	return cpu;
}

/*
 * Fill one ring to the brim and read it to the ground, many times round: what the program was told
 * is lost, and nothing else, is counted.
 */
TEST_F(perf, sent_is_received_and_lost)
{
	uint64_t number = 0, total = 0;
	struct heard heard = { 0 };
	unsigned int sent = 0, failed = 0, rounds = 1 + t_rounds(5);
	int cpu = stay();

	for (unsigned int round = 0; round < rounds; round++) {
		unsigned int more = 0;

		while (more < 5 * round + 1) {
			int ret = run_on(self->prog, cpu, number + 1, number % 32);

			number++;
			ASSERT_TRUE(ret == 0 || ret == ENOSPC) LOG("%d", ret);
			if (ret)
				more++;
			else
				sent++;
		}
		failed += more;
		ASSERT_OK(load_perfbuf_read(self->buf, UINT_MAX, hear, &heard, &heard.lost));
		ASSERT_EQ(sent, heard.count);
		/* those of this round are told before the first record of the next one */
		EXPECT_EQ(failed - more, heard.lost);
		if (self->counts) {
			ASSERT_OK(load_perfbuf_lost(self->buf, &total));
			EXPECT_EQ(failed, total);
		}
	}
	EXPECT_GT(sent, 1000 * rounds);
	EXPECT_EQ(0, run_on(self->prog, cpu, ++number, 31));
	EXPECT_EQ(1, load_perfbuf_read(self->buf, UINT_MAX, hear, &heard, &heard.lost));
	EXPECT_EQ(failed, heard.lost);
	EXPECT_EQ(number, sent + 1 + failed);
	EXPECT_TRUE(heard.last == number);
}

/* The second reader takes the place of the first. */
TEST_F(perf, opened_twice)
{
	struct heard first = { 0 }, second = { 0 };
	struct load_perfbuf *again;

	ASSERT_OK(load_perfbuf_open(self->map, 0, &again));
	ASSERT_EQ(0, run_on(self->prog, 0, 0x0101010101010101, 8));
	EXPECT_EQ(0, load_perfbuf_read(self->buf, UINT_MAX, hear, &first, &first.lost));
	EXPECT_EQ(1, load_perfbuf_read(again, UINT_MAX, hear, &second, &second.lost));
	load_perfbuf_close(again);
}

static unsigned int count_fds(void)
{
	unsigned int count = 0;

	for (int fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

TEST_F(perf, opening_what_is_no_perf_event_array)
{
	unsigned int before = count_fds();
	struct load_perfbuf *buf = NULL;

	EXPECT_ERR(-EBADF, load_perfbuf_open(-1, 1, &buf));
	EXPECT_ERR(-EINVAL, load_perfbuf_open(self->prog, 1, &buf));
	EXPECT_NULL(buf);
	EXPECT_EQ(before, count_fds());
	load_perfbuf_close(NULL);
}

/* ---- user ring buffers ---- */

/* Without a JIT, or when it is turned off, the kernel interprets, and knows no callbacks. */
static bool is_compiling(void)
{
	char *number;
	size_t len;
	bool on;

	if (asm_read_file("/proc/sys/net/core/bpf_jit_enable", &number, &len))
		return false;
	on = number[0] != '0';
	free(number);
	return on;
}

/* Each record read by the program: how many, and the sum of their first 8 bytes. */
static const char drain[] =
	".license \"GPL\"\n"
	".equ ROOM, 65536\n"
	".map orders type user_ringbuf entries ROOM\n"
	".map counts type array key u32 value u64[2] entries 1\n"
	".prog drain \"raw_tp/sched_process_exec\"\n"
	"	r1 = orders ll\n"
	"	r2 = take ll\n"
	"	r3 = 0\n"
	"	r4 = 0\n"
	"	call bpf_user_ringbuf_drain\n"
	"	exit\n"
	".func take\n"
	"	r3 = r1\n"
	"	r1 = 0\n"
	"	*(u64 *)(r10 - 8) = r1\n"
	"	*(u32 *)(r10 - 12) = r1\n"
	"	r1 = r10\n"
	"	r1 += -8\n"
	"	r2 = 8\n"
	"	r4 = 0\n"
	"	r5 = 0\n"
	"	call bpf_dynptr_read\n"
	"	r1 = counts ll\n"
	"	r2 = r10\n"
	"	r2 += -12\n"
	"	call bpf_map_lookup_elem\n"
	"	if r0 == 0 goto out\n"
	"	r1 = 1\n"
	"	lock *(u64 *)(r0 + 0) += r1\n"
	"	r1 = *(u64 *)(r10 - 8)\n"
	"	lock *(u64 *)(r0 + 8) += r1\n"
	"out:	r0 = 0\n"
	"	exit\n";

FIXTURE(user) {
	struct object object;
	struct load_user_ring *ring;
	int map, prog, counts;
	uint32_t size;
};

FIXTURE_SETUP(user)
{
	struct abi_map_create attr;
	int fd, err;

	REQUIRE_CAP(CAP_BPF);
	REQUIRE_CAP(CAP_PERFMON);
	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_USER_RINGBUF;
	attr.max_entries = 65536;
	fd = bpf(BPF_MAP_CREATE, &attr, abi_end(struct abi_map_create, map_flags));
	REQUIRE(fd != -EPERM, "this process may not use bpf(2)");
	REQUIRE(fd != -EINVAL, "this kernel has no user ring buffers (Linux 6.1)");
	ASSERT_OK(fd);
	close(fd);
	err = object_open(&self->object, drain);
	if (err == -EINVAL && !is_compiling()) {
		EXPECT_HAS("the kernel must compile programs for this", self->object.said);
		SKIP(return, "this kernel compiles no programs");
	}
	ASSERT_OK(err);
	self->size = 65536;
	self->map = load_map_fd(self->object.load, "orders");
	self->counts = load_map_fd(self->object.load, "counts");
	self->prog = load_prog_fd(self->object.load, "drain");
	ASSERT_OK(load_user_ring_open(self->map, self->size, &self->ring));
}

FIXTURE_TEARDOWN(user)
{
	load_user_ring_close(self->ring);
	object_close(&self->object);
}

struct counts {
	uint64_t seen, sum;
};

static struct counts counts_of(int fd)
{
	struct counts counts;
	uint32_t key = 0;

	ASSERT_OK(load_map_lookup(fd, &key, &counts));
	return counts;
}

static bool is_writable(int fd)
{
	struct pollfd wait = { .fd = fd, .events = POLLOUT };

	return poll(&wait, 1, 0) == 1;
}

/* Fill it, drain it, at every place: all that was written is read, once. */
TEST_F(user, written_is_read)
{
	struct counts want = { 0 }, counts;
	uint64_t order[16];

	for (int round = 0; round < 40; round++) {
		uint32_t len = 8 + 8 * (uint32_t)round % 120;
		int ret = 0;

		while (!ret) {
			memset(order, 0, sizeof(order));
			order[0] = want.seen + 1;
			ret = load_user_ring_write(self->ring, order, len);
			if (ret)
				break;
			want.seen++;
			want.sum += order[0];
		}
		ASSERT_ERR(-ENOSPC, ret);
		/* a drain takes 128 Ki records at most, and there are fewer */
		ASSERT_OK(run_on(self->prog, -1, 0, 0));
		counts = counts_of(self->counts);
		ASSERT_TRUE(want.seen == counts.seen) LOG("%d: %llu %llu", round,
			(unsigned long long)want.seen, (unsigned long long)counts.seen);
		ASSERT_TRUE(want.sum == counts.sum);
		EXPECT_TRUE(is_writable(self->map));
	}
	EXPECT_EQ(0, run_on(self->prog, -1, 0, 0));
}

TEST_F(user, lengths)
{
	static uint8_t bytes[65536 + 8];
	struct counts counts;

	EXPECT_ERR(-E2BIG, load_user_ring_write(self->ring, bytes, sizeof(bytes)));
	EXPECT_ERR(-E2BIG, load_user_ring_write(self->ring, bytes, self->size - 7));
	EXPECT_ERR(-E2BIG, load_user_ring_write(self->ring, bytes, UINT32_MAX));
	EXPECT_OK(load_user_ring_write(self->ring, bytes, self->size - 8));
	EXPECT_FALSE(is_writable(self->map));
	EXPECT_ERR(-ENOSPC, load_user_ring_write(self->ring, bytes, 0));
	EXPECT_EQ(1, run_on(self->prog, -1, 0, 0));
	for (uint32_t len = 0; len < 100; len++)
		EXPECT_OK(load_user_ring_write(self->ring, bytes, len));
	EXPECT_EQ(100, run_on(self->prog, -1, 0, 0));
	counts = counts_of(self->counts);
	EXPECT_EQ(101, counts.seen);
}

TEST_F(user, opening_what_is_none)
{
	struct load_user_ring *ring = NULL;

	EXPECT_ERR(-EBADF, load_user_ring_open(-1, self->size, &ring));
	EXPECT_ERR(-EINVAL, load_user_ring_open(self->map, 0, &ring));
	EXPECT_ERR(-EINVAL, load_user_ring_open(self->map, 100, &ring));
	EXPECT_ERR(-EINVAL, load_user_ring_open(self->map, self->size - 8, &ring));
	EXPECT_LT(load_user_ring_open(self->map, 2 * self->size, &ring), 0);
	EXPECT_LT(load_user_ring_open(self->counts, self->size, &ring), 0);
	EXPECT_NULL(ring);
	load_user_ring_close(NULL);
}

TEST_MAIN
