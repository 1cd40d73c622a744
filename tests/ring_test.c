/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ring_test.c - the ring buffer reader: on images made here, with nothing but traps around them,
 * and on rings that the kernel writes.
 *
 * Live programs are never attached: BPF_PROG_TEST_RUN runs them, so what they produced is known.
 */
#include <limits.h>

#include "../asm/asm.h"
#include "../loader/abi.h"
#include "../loader/loader.h"
#include "harness.h"
#include "kernel.h"

enum {
	HEADER = 8,		/* bytes before each record */
	BUSY = 1 << 0,		/* how a record is put */
	VOID = 1 << 1,
	MOST = 4096,		/* records a test looks at */
	STOP = -77,		/* what a callback ends the reading with */
};

/* ---- images ---- */

/* The data of a ring, twice, and pages that nobody may touch before and behind. */
struct image {
	uint8_t *map, *data;
	size_t span;
	uint32_t size;
	unsigned long start, end;	/* positions: consumer, producer */
};

/* low: the data starts where the pages do; else it ends where they do. */
static void image_open(struct image *im, uint32_t size, bool low)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t room = (2 * (size_t)size + page - 1) / page * page;

	memset(im, 0, sizeof(*im));
	im->size = size;
	im->span = room + 2 * page;
	im->map = mmap(NULL, im->span, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_TRUE(im->map != MAP_FAILED);
	ASSERT_EQ(0, mprotect(im->map + page, room, PROT_READ | PROT_WRITE));
	im->data = im->map + page + (low ? 0 : room - 2 * (size_t)size);
	memset(im->data, 0xee, 2 * (size_t)size);
}

static void image_close(struct image *im)
{
	munmap(im->map, im->span);
}

static void image_at(struct image *im, unsigned long position)
{
	im->start = position;
	im->end = position;
}

static void put_byte(struct image *im, unsigned long position, uint8_t byte)
{
	size_t at = position & (im->size - 1);

	im->data[at] = byte;
	im->data[at + im->size] = byte;
}

static void put_head(struct image *im, unsigned long position, uint32_t head)
{
	uint8_t bytes[sizeof(head)];

	memcpy(bytes, &head, sizeof(head));
	for (unsigned int i = 0; i < sizeof(head); i++)
		put_byte(im, position + i, bytes[i]);
}

static uint32_t get_head(const struct image *im, unsigned long position)
{
	uint32_t head;

	memcpy(&head, im->data + (position & (im->size - 1)), sizeof(head));
	return head;
}

/* By the rule of the format: header and bytes, in whole slots of 8. */
static unsigned long span_of(uint32_t len)
{
	return ((unsigned long)len + HEADER + 7) / 8 * 8;
}

/* A record whose bytes count up from seed. */
static void put_record(struct image *im, uint32_t len, unsigned int how, uint8_t seed)
{
	uint32_t flags = (how & BUSY ? BPF_RINGBUF_BUSY_BIT : 0) |
			 (how & VOID ? BPF_RINGBUF_DISCARD_BIT : 0);

	put_head(im, im->end, len | flags);
	for (uint32_t i = 0; i < len; i++)
		put_byte(im, im->end + HEADER + i, (uint8_t)(seed + i));
	im->end += span_of(len);
}

/* ---- what the reader hands over ---- */

struct got {
	const struct image *im;		/* NULL: do not look where records lie */
	unsigned int count, stop_at;
	bool strange;			/* a record outside of the image, or not as it was put */
	uint32_t len[MOST];
	uint8_t seed[MOST];
};

static bool is_counting(const uint8_t *bytes, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		if (bytes[i] != (uint8_t)(bytes[0] + i))
			return false;
	return true;
}

static bool is_inside(const struct image *im, const uint8_t *bytes, uint32_t len)
{
	return bytes >= im->data + HEADER && bytes <= im->data + 2 * (size_t)im->size &&
	       len <= (size_t)(im->data + 2 * (size_t)im->size - bytes);
}

/* load_record_fn */
static int take(void *arg, const void *data, uint32_t len)
{
	struct got *got = arg;

	if (!is_inside(got->im, data, len) || !is_counting(data, len))
		got->strange = true;
	if (got->count < MOST) {
		got->len[got->count] = len;
		got->seed[got->count] = len ? *(const uint8_t *)data : 0;
	}
	got->count++;
	return got->count == got->stop_at ? STOP : 0;
}

static void got_start(struct got *got, const struct image *im)
{
	memset(got, 0, sizeof(*got));
	got->im = im;
}

static int scan(const struct image *im, unsigned long *consumer, unsigned int most,
		struct got *got)
{
	got_start(got, im);
	return load_ring_scan(im->data, im->size, im->end, consumer, most, take, got);
}

/* A ring of 4096 bytes, and what was read of it last. */
FIXTURE(image) {
	struct image im;
	unsigned long consumer;
	struct got got;
};

FIXTURE_SETUP(image)
{
	image_open(&self->im, 4096, false);
}

FIXTURE_TEARDOWN(image)
{
	image_close(&self->im);
}

static int scan_on(struct image_self *self, unsigned int most)
{
	return scan(&self->im, &self->consumer, most, &self->got);
}

/* Records of 0 to 9 bytes from a position on, all read back. */
static void check_lengths(struct image *im, unsigned long position)
{
	unsigned long consumer = position;
	static struct got got;

	image_at(im, position);
	for (uint32_t len = 0; len <= 9; len++)
		put_record(im, len, 0, (uint8_t)(16 * len + 3));
	ASSERT_EQ(10, scan(im, &consumer, UINT_MAX, &got)) LOG("from position %#lx", position);
	EXPECT_FALSE(got.strange) LOG("from position %#lx", position);
	for (uint32_t len = 0; len <= 9; len++) {
		EXPECT_EQ(len, got.len[len]);
		EXPECT_EQ(len ? 16 * len + 3 : 0, got.seed[len]);
	}
	EXPECT_EQ(im->end, consumer);
	EXPECT_EQ(0, scan(im, &consumer, UINT_MAX, &got));
	EXPECT_EQ(0, got.count);
}

TEST(lengths)
{
	struct image im;

	for (int low = 0; low < 2; low++) {
		image_open(&im, 256, low);
		for (unsigned long at = 0; at < 512; at += 8)
			check_lengths(&im, at);
		image_close(&im);
	}
}

/* Positions only grow, and where long has 32 bits that is past its end after 4 GiB. */
TEST(positions_wrap)
{
	struct image im;

	image_open(&im, 256, false);
	for (unsigned long at = 0; at < 512; at += 8) {
		check_lengths(&im, 0ul - 512 + at);
		check_lengths(&im, (1ul << 31) - 256 + at);
		check_lengths(&im, (unsigned long)UINT32_MAX - 255 + at);
	}
	image_close(&im);
}

TEST(odd_lengths)
{
	static const uint32_t lens[] = { 1, 3, 7, 13, 255, 1001, 2047, 4095, 1, 8185, 16376 };
	unsigned long consumer = 0;
	static struct got got;
	struct image im;

	image_open(&im, 65536, false);
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++)
		put_record(&im, lens[i], 0, (uint8_t)i);
	EXPECT_EQ(sizeof(lens) / sizeof(lens[0]), scan(&im, &consumer, UINT_MAX, &got));
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		EXPECT_EQ(lens[i], got.len[i]);
		EXPECT_EQ(i, got.seed[i]);
	}
	EXPECT_FALSE(got.strange);
	EXPECT_EQ(im.end, consumer);
	image_close(&im);
}

/* A record as large as the ring, from each place in it. */
TEST(whole_ring)
{
	static struct got got;
	struct image im;

	for (uint32_t size = 8; size <= 4096; size *= 2) {
		image_open(&im, size, false);
		for (unsigned long at = 0; at < size; at += 8) {
			unsigned long consumer = at;

			image_at(&im, at);
			put_record(&im, size - HEADER, 0, 9);
			EXPECT_EQ(1, scan(&im, &consumer, UINT_MAX, &got));
			EXPECT_EQ(size - HEADER, got.len[0]);
			EXPECT_FALSE(got.strange);
			EXPECT_EQ(at + size, consumer);
		}
		image_close(&im);
	}
}

TEST_F(image, discarded_records_are_skipped)
{
	self->consumer = 4088;

	image_at(&self->im, self->consumer);
	put_record(&self->im, 5, VOID, 1);
	put_record(&self->im, 6, 0, 2);
	put_record(&self->im, 0, VOID, 0);
	put_record(&self->im, 7, VOID, 0);
	put_record(&self->im, 0, 0, 0);
	put_record(&self->im, 100, VOID, 0);
	EXPECT_EQ(2, scan_on(self, UINT_MAX));
	EXPECT_EQ(6, self->got.len[0]);
	EXPECT_EQ(2, self->got.seed[0]);
	EXPECT_EQ(0, self->got.len[1]);
	EXPECT_EQ(self->im.end, self->consumer);
}

TEST_F(image, nothing_but_discarded)
{
	for (int i = 0; i < 256; i++)
		put_record(&self->im, 8, VOID, 0);
	EXPECT_EQ(0, scan_on(self, UINT_MAX));
	EXPECT_EQ(0, self->got.count);
	EXPECT_EQ(4096, self->consumer);
}

/* Nothing behind a record that is still being written: not even one that is finished. */
TEST_F(image, busy_record_stops)
{
	unsigned long busy;

	put_record(&self->im, 3, 0, 1);
	busy = self->im.end;
	put_record(&self->im, 9, BUSY, 2);
	put_record(&self->im, 4, 0, 3);
	EXPECT_EQ(1, scan_on(self, UINT_MAX));
	EXPECT_EQ(3, self->got.len[0]);
	EXPECT_EQ(busy, self->consumer);
	EXPECT_EQ(0, scan_on(self, UINT_MAX));
	EXPECT_EQ(busy, self->consumer);

	put_head(&self->im, busy, 9);
	EXPECT_EQ(2, scan_on(self, UINT_MAX));
	EXPECT_EQ(9, self->got.len[0]);
	EXPECT_EQ(2, self->got.seed[0]);
	EXPECT_EQ(4, self->got.len[1]);
	EXPECT_EQ(self->im.end, self->consumer);
}

/* Not finished is not finished, whatever it will be then. */
TEST_F(image, busy_beats_discarded)
{
	put_record(&self->im, 9, BUSY | VOID, 2);
	EXPECT_EQ(0, scan_on(self, UINT_MAX));
	EXPECT_EQ(0, self->got.count);
	EXPECT_EQ(0, self->consumer);
}

TEST_F(image, at_most)
{
	for (uint8_t i = 0; i < 7; i++)
		put_record(&self->im, 8, 0, i);
	EXPECT_EQ(0, scan_on(self, 0));
	EXPECT_EQ(0, self->got.count);
	EXPECT_EQ(0, self->consumer);
	EXPECT_EQ(1, scan_on(self, 1));
	EXPECT_EQ(0, self->got.seed[0]);
	EXPECT_EQ(16, self->consumer);
	EXPECT_EQ(4, scan_on(self, 4));
	EXPECT_EQ(1, self->got.seed[0]);
	EXPECT_EQ(4, self->got.seed[3]);
	EXPECT_EQ(80, self->consumer);
	EXPECT_EQ(2, scan_on(self, 3));
	EXPECT_EQ(6, self->got.seed[1]);
	EXPECT_EQ(112, self->consumer);
}

/* What was handed over counts as read, the one that made it stop too. */
TEST_F(image, callback_ends_the_scan)
{
	for (uint8_t i = 0; i < 7; i++)
		put_record(&self->im, 8, 0, i);
	got_start(&self->got, &self->im);
	self->got.stop_at = 3;
	EXPECT_EQ(STOP, load_ring_scan(self->im.data, self->im.size, self->im.end,
				       &self->consumer, UINT_MAX, take, &self->got));
	EXPECT_EQ(3, self->got.count);
	EXPECT_EQ(48, self->consumer);
	EXPECT_EQ(4, scan_on(self, UINT_MAX));
	EXPECT_EQ(3, self->got.seed[0]);
}

/* ---- what no kernel writes ---- */

/* The head at position 0 with that much behind it: refused, and nothing touched. */
static void check_broken(struct image *im, uint32_t head, unsigned long end)
{
	unsigned long consumer = 0;
	static struct got got;

	put_head(im, 0, head);
	im->end = end;
	EXPECT_ERR(-EBADMSG, scan(im, &consumer, UINT_MAX, &got))
		LOG("length %#x, %lu bytes", head, end);
	EXPECT_EQ(0, got.count);
	EXPECT_EQ(0, consumer);
}

TEST(record_past_the_producer)
{
	struct image im;

	image_open(&im, 64, false);
	check_broken(&im, 57, 64);
	check_broken(&im, 64, 64);
	check_broken(&im, 9, 16);
	check_broken(&im, 1, 8);
	check_broken(&im, 1024, 64);
	check_broken(&im, 0x3fffffff, 64);
	check_broken(&im, 0x3ffffff8, 64);
	check_broken(&im, 0x3fffffff | BPF_RINGBUF_DISCARD_BIT, 64);
	check_broken(&im, 57 | BPF_RINGBUF_DISCARD_BIT, 64);
	image_close(&im);
}

/* The records ahead of a broken one are handed over all the same. */
TEST_F(image, broken_behind_good)
{
	unsigned long broken;

	put_record(&self->im, 3, 0, 1);
	put_record(&self->im, 4, 0, 2);
	broken = self->im.end;
	put_record(&self->im, 8, 0, 3);
	put_head(&self->im, broken, 9);
	EXPECT_ERR(-EBADMSG, scan_on(self, UINT_MAX));
	EXPECT_EQ(2, self->got.count);
	EXPECT_EQ(broken, self->consumer);
	EXPECT_ERR(-EBADMSG, scan_on(self, UINT_MAX));
	EXPECT_EQ(0, self->got.count);
	EXPECT_EQ(broken, self->consumer);
}

static void check_positions(struct image *im, unsigned long consumer, unsigned long producer)
{
	unsigned long at = consumer;
	static struct got got;

	im->end = producer;
	EXPECT_ERR(-EBADMSG, scan(im, &at, UINT_MAX, &got))
		LOG("consumer %#lx, producer %#lx", consumer, producer);
	EXPECT_EQ(0, got.count);
	EXPECT_EQ(consumer, at);
}

TEST(positions_of_no_ring)
{
	struct image im;

	image_open(&im, 64, false);
	for (unsigned long at = 0; at < 64; at += 8)
		put_head(&im, at, 0);
	check_positions(&im, 0, 72);		/* more than the ring holds */
	check_positions(&im, 8, 0);		/* behind its reader */
	check_positions(&im, 64, 56);
	check_positions(&im, 0, ULONG_MAX - 7);
	check_positions(&im, ULONG_MAX - 7, 64);
	check_positions(&im, 0, 12);		/* between two places of records */
	check_positions(&im, 4, 16);
	check_positions(&im, 4, 12);
	check_positions(&im, 1, 1);
	image_close(&im);
}

TEST(sizes_of_no_ring)
{
	static const uint32_t sizes[] = { 0, 1, 2, 4, 7, 9, 12, 63, 65, 4095, UINT32_MAX };
	static struct got got;
	struct image im;

	image_open(&im, 64, false);
	put_record(&im, 8, 0, 1);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		unsigned long consumer = 0;

		got_start(&got, &im);
		EXPECT_ERR(-EINVAL, load_ring_scan(im.data, sizes[i], im.end, &consumer, UINT_MAX,
						   take, &got)) LOG("size %u", sizes[i]);
		EXPECT_EQ(0, got.count);
		EXPECT_EQ(0, consumer);
	}
	image_close(&im);
}

/* ---- random images ---- */

/* The same numbers in every run. */
struct dice {
	uint64_t state;
};

static uint32_t roll(struct dice *dice, uint32_t below)
{
	dice->state ^= dice->state << 13;
	dice->state ^= dice->state >> 7;
	dice->state ^= dice->state << 17;
	return (uint32_t)(dice->state >> 33) % below;
}

static unsigned long roll_position(struct dice *dice)
{
	static const unsigned long around[] = { 512, 0, 1ul << 31, 1ul << 20 };

	return around[roll(dice, 4)] - 512 + 8 * roll(dice, 128);
}

struct sent {
	unsigned int count;
	unsigned long stop;		/* position of the busy record, or of the producer */
	unsigned long next[MOST];	/* position behind each record that is to be handed over */
	uint32_t len[MOST];
	uint8_t seed[MOST];
};

/* Records as a kernel would leave them, and a list of those that a reader may see. */
static void roll_records(struct dice *dice, struct image *im, struct sent *sent)
{
	bool busy = false;

	sent->count = 0;
	for (;;) {
		uint32_t len = roll(dice, roll(dice, 4) ? 24 : im->size);
		unsigned int how = roll(dice, 6) ? 0 : VOID;
		uint8_t seed = (uint8_t)roll(dice, 256);

		if (im->end + span_of(len) - im->start > im->size || !roll(dice, 40))
			break;
		if (!busy && !roll(dice, 12)) {
			busy = true;
			sent->stop = im->end;
		}
		put_record(im, len, busy && (how || roll(dice, 2)) ? how | BUSY : how, seed);
		if (busy && im->end == sent->stop + span_of(len))
			put_head(im, sent->stop, len | BPF_RINGBUF_BUSY_BIT);
		if (busy || how)
			continue;
		sent->next[sent->count] = im->end;
		sent->len[sent->count] = len;
		sent->seed[sent->count++] = len ? seed : 0;
	}
	if (!busy)
		sent->stop = im->end;
}

/* A part of what was sent, beginning with record `from`: these and no others. */
static void check_part(const struct sent *sent, unsigned int from, const struct got *got)
{
	ASSERT_FALSE(got->strange);
	ASSERT_LE(from + got->count, sent->count);
	ASSERT_MEMEQ(sent->len + from, got->len, got->count * sizeof(got->len[0]));
	ASSERT_MEMEQ(sent->seed + from, got->seed, got->count * sizeof(got->seed[0]));
}

/* Read in two goes: some, then the rest. */
static void check_good(struct dice *dice, struct image *im)
{
	unsigned int most = roll(dice, 50), want;
	static struct sent sent;
	static struct got got;
	unsigned long consumer;

	image_at(im, roll_position(dice));
	roll_records(dice, im, &sent);
	consumer = im->start;
	want = most < sent.count ? most : sent.count;
	ASSERT_EQ(want, scan(im, &consumer, most, &got));
	ASSERT_EQ(want, got.count);
	check_part(&sent, 0, &got);
	if (want)
		ASSERT_GE((long)(consumer - sent.next[want - 1]), 0);
	if (want < sent.count)
		ASSERT_GT((long)(sent.next[want] - consumer), 0);
	ASSERT_EQ(sent.count - want, scan(im, &consumer, UINT_MAX, &got));
	check_part(&sent, want, &got);
	ASSERT_EQ(sent.stop, consumer);
}

TEST(random_rings)
{
	struct dice dice = { 0x9e3779b97f4a7c15 };
	struct image im;

	for (uint32_t size = 8; size <= 4096; size *= 2) {
		for (int low = 0; low < 2; low++) {
			image_open(&im, size, low);
			for (unsigned int i = 0; i < t_rounds(1500); i++)
				check_good(&dice, &im);
			image_close(&im);
		}
	}
}

/* Bytes where nothing is right but by chance, with a bias to what nearly is. */
static void roll_bytes(struct dice *dice, struct image *im)
{
	for (uint32_t i = 0; i < im->size; i++) {
		uint32_t kind = roll(dice, 12);

		put_byte(im, i, (uint8_t)(kind < 8 ? 0 : kind < 11 ? roll(dice, 40) :
					  roll(dice, 256)));
	}
	image_at(im, roll_position(dice) + (roll(dice, 20) ? 0 : roll(dice, 8)));
	im->end += roll(dice, 2 * im->size) & (roll(dice, 20) ? ~7u : ~0u);
	if (!roll(dice, 20))
		im->end = im->start - roll(dice, 64);
}

/* load_record_fn: every byte must be there to be read. */
static int take_any(void *arg, const void *data, uint32_t len)
{
	struct got *got = arg;
	const uint8_t *bytes = data;
	volatile uint8_t sum = 0;

	for (uint32_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + bytes[i]);
	if (!is_inside(got->im, data, len))
		got->strange = true;
	got->count++;
	return 0;
}

static bool sane(const struct image *im)
{
	return im->end - im->start <= im->size && im->start % 8 == 0 && im->end % 8 == 0;
}

/* Where a scan of whatever bytes stopped, it had a reason to. */
static void check_any(struct dice *dice, struct image *im)
{
	unsigned int most = roll(dice, 20) ? 1 + roll(dice, 40) : UINT_MAX;
	unsigned long consumer;
	static struct got got;
	uint32_t head;
	int ret;

	roll_bytes(dice, im);
	consumer = im->start;
	got_start(&got, im);
	ret = load_ring_scan(im->data, im->size, im->end, &consumer, most, take_any, &got);
	ASSERT_FALSE(got.strange);
	if (!sane(im)) {
		ASSERT_ERR(-EBADMSG, ret);
		ASSERT_EQ(0, got.count);
		ASSERT_EQ(im->start, consumer);
		return;
	}
	ASSERT_LE(consumer - im->start, im->end - im->start);
	ASSERT_EQ(0, consumer % 8);
	head = get_head(im, consumer);
	if (ret < 0) {
		ASSERT_ERR(-EBADMSG, ret);
		ASSERT_FALSE(head & BPF_RINGBUF_BUSY_BIT);
		ASSERT_GT(span_of(head & ~(uint32_t)BPF_RINGBUF_DISCARD_BIT), im->end - consumer);
		return;
	}
	ASSERT_EQ(got.count, ret);
	ASSERT_TRUE(consumer == im->end || (unsigned int)ret == most ||
		    head & BPF_RINGBUF_BUSY_BIT);
}

TEST_TIMEOUT(random_bytes, 120)
{
	struct dice dice = { 0x2545f4914f6cdd1d };
	struct image im;

	for (uint32_t size = 8; size <= 1024; size *= 2) {
		for (int low = 0; low < 2; low++) {
			image_open(&im, size, low);
			for (unsigned int i = 0; i < t_rounds(6250); i++)
				check_any(&dice, &im);
			image_close(&im);
		}
	}
}

/* ---- rings that are overwritten ---- */

enum { PRODUCED, PENDING, OVERWRITTEN };

struct over {
	struct image im;
	unsigned long positions[3];
	uint8_t room[512];
	uint64_t lost;
	unsigned int count;
	unsigned long jump;		/* what a producer overwrites up to when record 2 is read */
	uint8_t seeds[MOST];
};

/* load_record_fn */
static int take_over(void *arg, const void *data, uint32_t len)
{
	struct over *over = arg;

	if (++over->count == 2 && over->jump)
		over->positions[OVERWRITTEN] = over->jump;
	over->seeds[over->count] = len ? *(const uint8_t *)data : 0;
	return is_counting(data, len) ? 0 : STOP;
}

static int scan_over(struct over *over, unsigned int most)
{
	struct load_over_ring ring = {
		.data = over->im.data, .size = over->im.size, .positions = over->positions,
		.consumer = &over->im.start, .room = over->room, .lost = &over->lost,
	};

	over->positions[PRODUCED] = over->im.end;
	return load_ring_scan_overwritten(&ring, most, take_over, over);
}

static void over_open(struct over *over, unsigned long position)
{
	memset(over, 0, sizeof(*over));
	image_open(&over->im, 512, false);
	image_at(&over->im, position);
	over->positions[OVERWRITTEN] = position;
}

/* Across the end of the ring, and of the numbers. */
TEST(overwritten_nothing)
{
	static struct over over;

	over_open(&over, -104ul);
	put_record(&over.im, 30, 0, 1);
	put_record(&over.im, 0, VOID, 2);
	put_record(&over.im, 100, 0, 3);
	put_record(&over.im, 8, BUSY, 4);
	put_record(&over.im, 8, 0, 5);
	EXPECT_EQ(1, scan_over(&over, 1));
	EXPECT_EQ(1, scan_over(&over, UINT_MAX));
	EXPECT_EQ(0, scan_over(&over, UINT_MAX));
	EXPECT_EQ(2, over.count);
	EXPECT_EQ(1, over.seeds[1]);
	EXPECT_EQ(3, over.seeds[2]);
	EXPECT_EQ(0, over.lost);
	image_close(&over.im);
}

/* What was gone before, and what goes while its predecessor is shown. */
TEST(overwritten_before_and_meanwhile)
{
	static struct over over;
	unsigned long at[9];

	over_open(&over, 400);
	for (uint8_t i = 0; i < 8; i++) {
		at[i] = over.im.end;
		put_record(&over.im, 16, 0, i);
	}
	at[8] = over.im.end;
	over.positions[OVERWRITTEN] = at[2];
	over.jump = at[6];
	EXPECT_EQ(4, scan_over(&over, UINT_MAX));
	EXPECT_EQ(2, over.seeds[1]);
	EXPECT_EQ(3, over.seeds[2]);
	EXPECT_EQ(6, over.seeds[3]);
	EXPECT_EQ(7, over.seeds[4]);
	EXPECT_EQ(4 * 24, over.lost);
	EXPECT_TRUE(over.im.start == at[8]);
	/* all of it, and more than was there when the reading began */
	over.positions[OVERWRITTEN] = at[8] + 512;
	EXPECT_EQ(0, scan_over(&over, UINT_MAX));
	EXPECT_EQ(4 * 24 + 512, over.lost);
	EXPECT_TRUE(over.im.start == at[8] + 512);
	image_close(&over.im);
}

TEST(overwritten_by_no_kernel)
{
	static const uint32_t heads[] = { 17, 512, 513, 0x3fffffff, 0x7fffffff };
	static struct over over;

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		over_open(&over, 480);
		put_record(&over.im, 16, 0, 1);
		put_head(&over.im, 480, heads[i]);
		EXPECT_ERR(-EBADMSG, scan_over(&over, UINT_MAX));
		EXPECT_EQ(0, over.count);
		image_close(&over.im);
	}
	over_open(&over, 0);
	over.im.end = 520;
	EXPECT_ERR(-EBADMSG, scan_over(&over, UINT_MAX));
	over.im.end = 12;
	EXPECT_ERR(-EBADMSG, scan_over(&over, UINT_MAX));
	over.im.size = 100;
	EXPECT_ERR(-EINVAL, scan_over(&over, UINT_MAX));
	image_close(&over.im);
}

/* ---- opening ---- */

TEST(opening_what_is_no_ring)
{
	uint32_t page = (uint32_t)sysconf(_SC_PAGESIZE);
	struct load_ring *ring = NULL;

	EXPECT_ERR(-EBADF, load_ring_open(-1, page, &ring));
	EXPECT_ERR(-EINVAL, load_ring_open(-1, 0, &ring));
	EXPECT_ERR(-EINVAL, load_ring_open(-1, 100, &ring));
	EXPECT_ERR(-EINVAL, load_ring_open(-1, page / 2, &ring));
	EXPECT_ERR(-EINVAL, load_ring_open(-1, 3 * page, &ring));
	EXPECT_ERR(-EINVAL, load_ring_open(-1, UINT32_MAX, &ring));
	EXPECT_ERR(-EBADF, load_ring_open_overwritten(-1, page, &ring));
	EXPECT_NULL(ring);
	load_ring_close(NULL);
}

/* ---- live ---- */

/*
 * Its arguments: what to do, a number, how many bytes. It returns what came of it, as enum outcome.
 */
static const char produce[] =
	".license \"GPL\"\n"
	".equ ROOM, 4096\n"
	".equ BYTES, -64\n"
	".map events type ringbuf entries ROOM\n"
	".prog produce \"raw_tp/sched_process_exec\"\n"
	"	r6 = *(u64 *)(r1 + 0)\n"
	"	r7 = *(u64 *)(r1 + 8)\n"
	"	r8 = *(u64 *)(r1 + 16)\n"
	"	if r6 != 0 goto reserve\n"
	"	*(u64 *)(r10 + BYTES) = r7\n"
	"	*(u64 *)(r10 + BYTES + 8) = r7\n"
	"	*(u64 *)(r10 + BYTES + 16) = r7\n"
	"	*(u64 *)(r10 + BYTES + 24) = r7\n"
	"	*(u64 *)(r10 + BYTES + 32) = r7\n"
	"	*(u64 *)(r10 + BYTES + 40) = r7\n"
	"	*(u64 *)(r10 + BYTES + 48) = r7\n"
	"	*(u64 *)(r10 + BYTES + 56) = r7\n"
	"	r1 = events ll\n"
	"	r2 = r10\n"
	"	r2 += BYTES\n"
	"	r3 = r8\n"
	"	r3 &= 63\n"
	"	r4 = 0\n"
	"	call bpf_ringbuf_output\n"
	"	if r0 != 0 goto lost\n"
	"	goto sent\n"
	"reserve: r1 = events ll\n"
	"	r2 = 24\n"
	"	r3 = 0\n"
	"	call bpf_ringbuf_reserve\n"
	"	if r0 == 0 goto lost\n"
	"	*(u64 *)(r0 + 0) = r7\n"
	"	*(u64 *)(r0 + 8) = r7\n"
	"	*(u64 *)(r0 + 16) = r7\n"
	"	r1 = r0\n"
	"	r2 = 0\n"
	"	if r6 != 1 goto discard\n"
	"	call bpf_ringbuf_submit\n"
	"sent:	r0 = 0\n"
	"	exit\n"
	"discard: call bpf_ringbuf_discard\n"
	"	r0 = 2\n"
	"	exit\n"
	"lost:	r0 = 1\n"
	"	exit\n";

enum outcome { SENT, LOST, DISCARDED };
enum { OUTPUT, SUBMIT, DISCARD, RESERVED = 24, LEN_MASK = 63 };

/* asm_sink */
static void print_diag(void *arg, const struct asm_diag *diag)
{
	(void)arg;
	asm_diag_print(stderr, diag);
}

/* Run it once; enum outcome or -errno. */
static int run_once(int prog_fd, uint64_t what, uint64_t number, uint64_t len)
{
	uint64_t args[] = { what, number, len };

	return run_with(prog_fd, -1, args, sizeof(args));
}

FIXTURE(live) {
	struct asm_object *obj;
	struct load *load;
	struct load_ring *ring;
	int prog_fd;
	uint32_t size;
};

FIXTURE_SETUP(live)
{
	struct load_options opt = { .sink = print_diag };
	struct asm_options how = {
		.endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? ASM_BIG : ASM_LITTLE,
		.sink = print_diag,
	};
	const char *defines[1];
	char room[32];
	int err;

	REQUIRE_CAP(CAP_BPF);
	REQUIRE_CAP(CAP_PERFMON);
	self->size = (uint32_t)sysconf(_SC_PAGESIZE);
	snprintf(room, sizeof(room), "ROOM=%u", self->size);
	defines[0] = room;
	how.defines = defines;
	how.ndefines = 1;
	self->obj = asm_assemble("produce.bpfasm", produce, sizeof(produce) - 1, &how);
	ASSERT_NOT_NULL(self->obj);
	err = load_open(self->obj, &opt, &self->load);
	REQUIRE(err != -EPERM, "this process may not use bpf(2)");
	ASSERT_OK(err);
	ASSERT_OK(load_ring_open(load_map_fd(self->load, "events"), self->size, &self->ring));
	self->prog_fd = load_prog_fd(self->load, "produce");
	ASSERT_OK(self->prog_fd);
	err = run_once(self->prog_fd, DISCARD, 0, 0);
	REQUIRE(err != -EINVAL && err != -EOPNOTSUPP && err != -524,
		"this kernel does not run raw tracepoint programs for tests (Linux 5.10)");
	ASSERT_EQ(DISCARDED, err);
}

FIXTURE_TEARDOWN(live)
{
	load_ring_close(self->ring);
	load_close(self->load);
	asm_free(self->obj);
}

/* What came out of a live ring: the numbers, in order. */
struct heard {
	unsigned int count, stop_at;
	bool strange;		/* a record that differs from itself */
	uint32_t len[MOST];
	uint64_t number[MOST];
};

/* load_record_fn: each byte of a record must be one of its number's. */
static int hear(void *arg, const void *data, uint32_t len)
{
	struct heard *heard = arg;
	const uint8_t *bytes = data;
	unsigned int i = heard->count % MOST;
	uint64_t number = 0;

	memcpy(&number, data, len < sizeof(number) ? len : sizeof(number));
	for (uint32_t k = sizeof(number); k < len; k++)
		heard->strange |= bytes[k] != bytes[k % sizeof(number)];
	heard->len[i] = len;
	heard->number[i] = number;
	heard->count++;
	return heard->count == heard->stop_at ? STOP : 0;
}

/* What the programs said, kept to be compared. */
struct said {
	unsigned int made, sent, lost, discarded;
	uint32_t len[MOST];
	uint64_t number[MOST];
};

static void say(struct said *said, int prog_fd, uint64_t what, uint32_t len)
{
	uint64_t number = 0x0101010101010101u * (said->made + 1);
	int outcome = run_once(prog_fd, what, number, len);

	ASSERT_OK(outcome);
	said->made++;
	if (outcome == SENT) {
		ASSERT_LT(said->sent, MOST);
		len = what == OUTPUT ? len & LEN_MASK : RESERVED;
		said->len[said->sent] = len;
		said->number[said->sent] = 0;
		memcpy(&said->number[said->sent++], &number,
		       len < sizeof(number) ? len : sizeof(number));
	} else if (outcome == LOST) {
		said->lost++;
	} else {
		said->discarded++;
	}
}

TEST_F(live, empty)
{
	static struct heard heard;

	EXPECT_EQ(0, load_ring_read(self->ring, UINT_MAX, hear, &heard));
	EXPECT_EQ(0, heard.count);
}

/* Fill the ring to the brim and read it to the ground, many times round. */
TEST_F(live, produced_is_received_and_dropped)
{
	struct dice dice = { 88172645463325252 };
	static struct heard heard;
	static struct said said;

	for (unsigned int round = 0; round < t_rounds(40); round++) {
		uint32_t mode = roll(&dice, 4);
		int received = 0, part;

		memset(&said, 0, sizeof(said));
		memset(&heard, 0, sizeof(heard));
		while (said.lost < 3)
			say(&said, self->prog_fd, mode < 3 ? mode : roll(&dice, 3),
			    roll(&dice, 64));
		do {
			part = load_ring_read(self->ring, 1 + roll(&dice, 30), hear, &heard);
			ASSERT_OK(part);
			received += part;
		} while (part);
		ASSERT_EQ(said.made, (unsigned int)received + said.lost + said.discarded);
		ASSERT_EQ(said.sent, heard.count);
		ASSERT_FALSE(heard.strange);
		ASSERT_MEMEQ(said.len, heard.len, said.sent * sizeof(said.len[0]));
		ASSERT_MEMEQ(said.number, heard.number, said.sent * sizeof(said.number[0]));
	}
}

/* Read while the ring is neither full nor empty, so that each place of it starts a record. */
TEST_F(live, round_and_round)
{
	struct dice dice = { 1181783497276652981 };
	static struct heard heard;
	static struct said said;
	unsigned int received = 0;

	for (int i = 0; i < 3000; i++) {
		say(&said, self->prog_fd, roll(&dice, 3), roll(&dice, 64));
		if (roll(&dice, 8))
			continue;
		heard.count = 0;
		ASSERT_OK(load_ring_read(self->ring, UINT_MAX, hear, &heard));
		ASSERT_LE(received + heard.count, said.sent);
		ASSERT_MEMEQ(said.number + received, heard.number,
			     heard.count * sizeof(heard.number[0]));
		received += heard.count;
	}
	heard.count = 0;
	ASSERT_OK(load_ring_read(self->ring, UINT_MAX, hear, &heard));
	EXPECT_EQ(said.sent, received + heard.count);
	EXPECT_EQ(3000, said.sent + said.lost + said.discarded);
	EXPECT_FALSE(heard.strange);
}

TEST_F(live, callback_ends_the_reading)
{
	static struct heard heard;
	static struct said said;

	for (int i = 0; i < 9; i++)
		say(&said, self->prog_fd, SUBMIT, 0);
	heard.stop_at = 4;
	EXPECT_EQ(STOP, load_ring_read(self->ring, UINT_MAX, hear, &heard));
	EXPECT_EQ(4, heard.count);
	EXPECT_EQ(5, load_ring_read(self->ring, UINT_MAX, hear, &heard));
	EXPECT_EQ(9, heard.count);
	EXPECT_MEMEQ(said.number, heard.number, 9 * sizeof(said.number[0]));
}

/* What another process has read, or this one through another mapping, is read. */
TEST_F(live, opened_twice)
{
	static struct heard heard;
	static struct said said;
	struct load_ring *again;

	for (int i = 0; i < 6; i++)
		say(&said, self->prog_fd, SUBMIT, 0);
	ASSERT_OK(load_ring_open(load_map_fd(self->load, "events"), self->size, &again));
	EXPECT_EQ(2, load_ring_read(self->ring, 2, hear, &heard));
	EXPECT_EQ(3, load_ring_read(again, 3, hear, &heard));
	EXPECT_EQ(1, load_ring_read(self->ring, UINT_MAX, hear, &heard));
	EXPECT_EQ(6, heard.count);
	EXPECT_MEMEQ(said.number, heard.number, 6 * sizeof(said.number[0]));
	load_ring_close(again);
}

/* Two processes at once, on two CPUs where there are, while this one reads. */
enum { PRODUCERS = 2, MANY = 30000 };

struct tally {
	unsigned int lost[PRODUCERS], failed, done;
};

static void produce_all(int prog_fd, unsigned int who, struct tally *tally)
{
	uint64_t each = t_rounds(MANY);

	for (uint64_t i = 0; i < each; i++) {
		int outcome = run_once(prog_fd, i % 2 ? SUBMIT : OUTPUT, (uint64_t)who << 32 | i,
				       sizeof(i));

		if (outcome == LOST)
			tally->lost[who]++;
		else if (outcome != SENT)
			__atomic_add_fetch(&tally->failed, 1, __ATOMIC_RELAXED);
	}
	__atomic_add_fetch(&tally->done, 1, __ATOMIC_RELEASE);
}

struct listener {
	unsigned int received[PRODUCERS], disorder;
	uint64_t next[PRODUCERS];	/* the least number that may come */
};

/* load_record_fn */
static int listen_in(void *arg, const void *data, uint32_t len)
{
	struct listener *listener = arg;
	uint64_t number = 0, who;

	memcpy(&number, data, sizeof(number));
	who = number >> 32;
	number &= UINT32_MAX;
	if (who >= PRODUCERS || number >= MANY || number < listener->next[who] ||
	    (len != sizeof(number) && len != RESERVED)) {
		listener->disorder++;
		return 0;
	}
	listener->received[who]++;
	listener->next[who] = number + 1;
	return 0;
}

TEST_F_TIMEOUT(live, two_producers, 120)
{
	struct tally *tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct listener listener;
	unsigned int done;

	ASSERT_TRUE(tally != MAP_FAILED);
	memset(&listener, 0, sizeof(listener));
	for (unsigned int who = 0; who < PRODUCERS; who++) {
		pid_t pid = fork();

		ASSERT_GE(pid, 0);
		if (!pid) {
			produce_all(self->prog_fd, who, tally);
			_exit(0);
		}
	}
	do {
		done = __atomic_load_n(&tally->done, __ATOMIC_ACQUIRE);
		ASSERT_OK(load_ring_read(self->ring, UINT_MAX, listen_in, &listener));
	} while (done < PRODUCERS);
	for (unsigned int who = 0; who < PRODUCERS; who++) {
		wait(NULL);
		EXPECT_EQ(t_rounds(MANY), listener.received[who] + tally->lost[who]);
	}
	EXPECT_EQ(0, tally->failed);
	EXPECT_EQ(0, listener.disorder);
	munmap(tally, sizeof(*tally));
}

/*
 * Many records through the smallest ring there is, with a reader that cannot keep up: the ring
 * itself counts nothing, so the program counts the reservations that failed.
 */
static const char flood[] =
	".license \"GPL\"\n"
	".equ ROOM, 4096\n"
	".equ TURNS, 1000\n"
	".equ FLAGS, 0\n"
	".map events type ringbuf entries ROOM flags FLAGS\n"
	".map counts type array key u32 value u64 entries 1\n"
	".prog flood \"raw_tp/sched_process_exec\"\n"
	"	r7 = *(u64 *)(r1 + 0)\n"
	"	r1 = 0\n"
	"	*(u32 *)(r10 - 4) = r1\n"
	"	r1 = counts ll\n"
	"	r2 = r10\n"
	"	r2 += -4\n"
	"	call bpf_map_lookup_elem\n"
	"	if r0 == 0 goto out\n"
	"	r8 = r0\n"
	"	r6 = 0\n"
	"again:	r1 = events ll\n"
	"	r2 = 8\n"
	"	r3 = 0\n"
	"	call bpf_ringbuf_reserve\n"
	"	if r0 == 0 goto lost\n"
	"	*(u64 *)(r0 + 0) = r7\n"
	"	r1 = r0\n"
	"	r2 = 0\n"
	"	call bpf_ringbuf_submit\n"
	"	goto next\n"
	"lost:	r1 = 1\n"
	"	lock *(u64 *)(r8 + 0) += r1\n"
	"next:	r7 += 1\n"
	"	r6 += 1\n"
	"	if r6 < TURNS goto again\n"
	"out:	r0 = 0\n"
	"	exit\n";

enum { TURNS = 1000, RUNS = 1000 };

struct flooded {
	uint64_t received, next;
	bool disorder;
	int last;			/* what the last reading returned */
};

/* load_record_fn: numbers rise */
static int wade(void *arg, const void *data, uint32_t len)
{
	struct flooded *flooded = arg;
	uint64_t number = 0;

	memcpy(&number, data, sizeof(number));
	flooded->disorder |= len != sizeof(number) || number < flooded->next;
	flooded->next = number + 1;
	flooded->received++;
	return 0;
}

static pid_t start_flood(int prog_fd)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	for (uint64_t i = 0; i < t_rounds(RUNS); i++)
		if (run_once(prog_fd, i * TURNS, 0, 0) != 0)
			_exit(1);
	_exit(0);
}

struct flood {
	struct asm_object *obj;
	struct load *load;
	int events, prog;
	pid_t pid;
};

/* -errno of loading. */
static int flood_open(struct flood *f, uint32_t size, const char *flags)
{
	struct load_options opt = { .sink = print_diag };
	char room[32];
	const char *defines[] = { room, flags };
	struct asm_options how = {
		.endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? ASM_BIG : ASM_LITTLE,
		.sink = print_diag, .defines = defines, .ndefines = 2,
	};
	int err;

	snprintf(room, sizeof(room), "ROOM=%u", size);
	f->obj = asm_assemble("flood.bpfasm", flood, sizeof(flood) - 1, &how);
	ASSERT_NOT_NULL(f->obj);
	err = load_open(f->obj, &opt, &f->load);
	if (err)
		return err;
	f->events = load_map_fd(f->load, "events");
	f->prog = load_prog_fd(f->load, "flood");
	return 0;
}

/* Read while the flood lasts, and what is left. */
static void flood_read(struct flood *f, struct load_ring *ring, struct flooded *flooded)
{
	int status = -1;

	f->pid = start_flood(f->prog);
	ASSERT_GT(f->pid, 0);
	while (waitpid(f->pid, &status, WNOHANG) == 0)
		ASSERT_OK(load_ring_read(ring, UINT_MAX, wade, flooded));
	do
		flooded->last = load_ring_read(ring, UINT_MAX, wade, flooded);
	while (flooded->last > 0);
	ASSERT_OK(flooded->last);
	EXPECT_EQ(0, status);
}

static uint64_t flood_close(struct flood *f, struct load_ring *ring)
{
	uint64_t failed = 0;
	uint32_t key = 0;

	EXPECT_OK(load_map_lookup(load_map_fd(f->load, "counts"), &key, &failed));
	load_ring_close(ring);
	load_close(f->load);
	asm_free(f->obj);
	return failed;
}

TEST_F_TIMEOUT(live, a_million_through_a_small_ring, 120)
{
	struct flooded flooded = { 0 };
	struct load_ring *ring;
	struct flood f;
	uint64_t failed;

	ASSERT_OK(flood_open(&f, self->size, "FLAGS=0"));
	ASSERT_OK(load_ring_open(f.events, self->size, &ring));
	flood_read(&f, ring, &flooded);
	failed = flood_close(&f, ring);
	EXPECT_EQ(t_rounds(RUNS) * TURNS, flooded.received + failed);
	EXPECT_GT(failed, 0);
	EXPECT_FALSE(flooded.disorder);
}

/* Nothing fails there, and what is missing has been overwritten. */
TEST_F_TIMEOUT(live, a_million_through_a_ring_that_overwrites, 120)
{
	struct flooded flooded = { 0 };
	struct abi_map_create attr;
	struct load_ring *ring;
	uint64_t lost;
	struct flood f;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_RINGBUF;
	attr.max_entries = self->size;
	attr.map_flags = BPF_F_RB_OVERWRITE;
	fd = bpf(BPF_MAP_CREATE, &attr, abi_end(struct abi_map_create, map_flags));
	REQUIRE(fd != -EINVAL, "this kernel has no ring that overwrites (Linux 6.19)");
	ASSERT_OK(fd);
	close(fd);
	ASSERT_OK(flood_open(&f, self->size, "FLAGS=BPF_F_RB_OVERWRITE"));
	ASSERT_OK(load_ring_open_overwritten(f.events, self->size, &ring));
	flood_read(&f, ring, &flooded);
	lost = load_ring_overwritten(ring);
	EXPECT_EQ(0, flood_close(&f, ring));
	EXPECT_EQ(t_rounds(RUNS) * TURNS * 16ull, flooded.received * 16 + lost);
	EXPECT_GT(flooded.received, 0);
	EXPECT_GT(lost, 0);
	EXPECT_FALSE(flooded.disorder);
}

/* A map of another type cannot be mapped as a ring. */
TEST_F(live, not_a_ring)
{
	struct load_ring *ring = NULL;
	int fd = hash_map();

	ASSERT_OK(fd);
	EXPECT_LT(load_ring_open(fd, self->size, &ring), 0);
	EXPECT_NULL(ring);
	close(fd);
}

/* More than there is: refused, rather than read past the end of the file. */
TEST_F(live, size_of_another_ring)
{
	struct load_ring *ring = NULL;

	EXPECT_LT(load_ring_open(load_map_fd(self->load, "events"), 2 * self->size, &ring), 0);
	EXPECT_NULL(ring);
}

TEST_MAIN
