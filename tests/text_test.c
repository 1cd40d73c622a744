/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * text_test.c - files on loan: a large one is mapped, stays what it is while it is read, and a
 * writer gets it as soon as it is given back.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../asm/asm.h"
#include "harness.h"

enum { SMALL = 4096, LARGE = (40 << 20) + 1, MODE = 0600, EVERY = 4099 };

FIXTURE(text) { char path[64]; char *want; struct asm_text text; };

FIXTURE_SETUP(text)
{
	int fd;
	size_t i;

	self->text.fd = -1;
	strcpy(self->path, "/tmp/text_test.XXXXXX");
	fd = mkstemp(self->path);
	ASSERT_LE(0, fd);
	self->want = malloc(LARGE);
	ASSERT_NOT_NULL(self->want);
	for (i = 0; i < LARGE; i++)
		self->want[i] = (char)(i * 7 + i / EVERY);
	ASSERT_EQ(LARGE, write(fd, self->want, LARGE));
	close(fd);
}

FIXTURE_TEARDOWN(text)
{
	asm_text_close(&self->text);
	unlink(self->path);
	free(self->want);
}

static int open_writing(const char *path)
{
	int fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

TEST_F(text, keeps_writers_waiting)
{
	int fd;

	ASSERT_OK(asm_text_open(self->path, &self->text));
	REQUIRE(self->text.fd >= 0, "no leases on the file system of %s", self->path);
	EXPECT_ERR(-EWOULDBLOCK, open_writing(self->path));
	asm_text_close(&self->text);
	fd = open_writing(self->path);
	EXPECT_OK(fd);
	close(fd);
}

TEST_F(text, comes_back_when_passed)
{
	char *data;
	size_t i;

	ASSERT_OK(asm_text_open(self->path, &self->text));
	data = self->text.data;
	ASSERT_EQ(LARGE, self->text.len);
	for (i = 0; i < LARGE; i += EVERY) {
		ASSERT_EQ(self->want[i], data[i]);
		asm_text_passed(&self->text, data + i);
	}
	asm_text_passed(&self->text, data + LARGE);
	asm_text_passed(&self->text, self->want);	/* another text */
	EXPECT_MEMEQ(self->want, data, LARGE);
	EXPECT_EQ(self->want[1], (char)7);
}

TEST_F(text, is_read_beside_a_writer)
{
	int fd = open_writing(self->path);

	ASSERT_OK(fd);
	EXPECT_OK(asm_text_open(self->path, &self->text));
	EXPECT_EQ(-1, self->text.fd);
	EXPECT_EQ(0, ftruncate(fd, 0));
	asm_text_passed(&self->text, self->text.data + LARGE);
	EXPECT_MEMEQ(self->want, self->text.data, LARGE);
	close(fd);
}

TEST_F(text, is_read_when_small)
{
	ASSERT_EQ(0, truncate(self->path, SMALL));
	EXPECT_OK(asm_text_open(self->path, &self->text));
	EXPECT_EQ(-1, self->text.fd);
	EXPECT_EQ(SMALL, self->text.len);
	EXPECT_MEMEQ(self->want, self->text.data, SMALL);
}

TEST_F(text, fails_as_reading_does)
{
	errno = EXDEV;
	EXPECT_ERR(-ENOENT, asm_text_open("/tmp/text_test.none", &self->text));
	EXPECT_ERR(-EISDIR, asm_text_open("/tmp", &self->text));
	EXPECT_EQ(EXDEV, errno);
}

TEST_F(text, closes_twice)
{
	ASSERT_OK(asm_text_open(self->path, &self->text));
	asm_text_close(&self->text);
	EXPECT_NULL(self->text.data);
	asm_text_close(&self->text);
}

TEST_MAIN
