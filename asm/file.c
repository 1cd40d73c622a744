/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#define _GNU_SOURCE	/* F_SETLEASE */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "asm.h"

enum { FILE_FIRST = 64 * 1024, FILE_MOST = INT32_MAX };

static int file_grow(char **text, size_t *room)
{
	size_t want = *room ? 2 * *room : FILE_FIRST;
	char *more = realloc(*text, want);

	if (!more)
		return -ENOMEM;
	*text = more;
	*room = want;
	return 0;
}

/* A regular file is read in one piece, with a byte to spare for the NUL and one for the end. */
static int file_reserve(FILE *f, char **text, size_t *room)
{
	struct stat st;

	if (fstat(fileno(f), &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode) || st.st_size <= 0)
		return file_grow(text, room);
	if (st.st_size > FILE_MOST)
		return -EFBIG;
	*room = (size_t)st.st_size + 2;
	*text = malloc(*room);
	return *text ? 0 : -ENOMEM;
}

static int file_read(const char *path, char **text, size_t *len)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "re") : stdin;
	size_t room = 0, used = 0, got;
	int ret;

	*text = NULL;
	if (!f)
		return -errno;
	setvbuf(f, NULL, _IONBF, 0);
	for (ret = file_reserve(f, text, &room); !ret; used += got) {
		if (used > FILE_MOST)
			ret = -EFBIG;
		else if (used + 1 >= room)
			ret = file_grow(text, &room);
		if (ret)
			break;
		got = fread(*text + used, 1, room - used - 1, f);
		if (!got && ferror(f))
			ret = -errno;
		if (!got)
			break;
	}
	if (f != stdin)
		fclose(f);
	if (ret) {
		free(*text);
		*text = NULL;
		return ret;
	}
	(*text)[used] = '\0';
	*len = used;
	return 0;
}

/* Callers are told by what is returned: errno stays as it was. */
int asm_read_file(const char *path, char **text, size_t *len)
{
	int before = errno, ret = file_read(path, text, len);

	errno = before;
	return ret;
}

/* ---- texts on loan ---- */

enum {
	TEXT_LARGE = 1 << 20,	/* a smaller one is not worth a mapping */
	TEXT_WINDOW = 1 << 24,	/* before a place that has been passed, what may be resident */
};

static bool text_is_large(const struct stat *st)
{
	return S_ISREG(st->st_mode) && st->st_size >= TEXT_LARGE && st->st_size <= FILE_MOST;
}

/*
 * A mapping of a file that shrinks kills its reader. A lease keeps others from opening it to write
 * or cutting it; there is none where one has it open to write, or the file is another user's. That
 * somebody waits is told by a signal: one that does nothing.
 */
static bool text_lease(int fd)
{
	return fcntl(fd, F_SETSIG, SIGURG) == 0 && fcntl(fd, F_SETLEASE, F_RDLCK) == 0;
}

/* False: the text has to be read. */
static bool text_map(const char *path, struct asm_text *out)
{
	struct stat st;
	void *data;
	int fd;

	/* not opened if not regular: to open a pipe and close it again tells its writer to stop */
	if (!strcmp(path, "-") || stat(path, &st) < 0 || !text_is_large(&st))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return false;
	if (!text_lease(fd) || fstat(fd, &st) < 0 || !text_is_large(&st))
		goto close;
	data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		goto close;
	*out = (struct asm_text){ .data = data, .len = (size_t)st.st_size, .fd = fd };
	return true;
close:
	close(fd);
	return false;
}

int asm_text_open(const char *path, struct asm_text *out)
{
	int before = errno;
	bool mapped = text_map(path, out);

	errno = before;
	if (mapped)
		return 0;
	out->fd = -1;
	return asm_read_file(path, &out->data, &out->len);
}

/* Pages of a file come back when they are looked at. */
void asm_text_passed(void *arg, const char *at)
{
	const struct asm_text *text = arg;
	size_t page = (size_t)sysconf(_SC_PAGESIZE), from = 0, to;
	uintptr_t start = (uintptr_t)text->data, here = (uintptr_t)at;

	if (text->fd < 0 || here < start || here - start > text->len)
		return;
	to = (here - start) / page * page;
	if (to > TEXT_WINDOW)
		from = to - TEXT_WINDOW;
	madvise(text->data + from, to - from, MADV_DONTNEED);
}

void asm_text_close(struct asm_text *text)
{
	if (text->fd < 0) {
		free(text->data);
	} else {
		munmap(text->data, text->len);
		close(text->fd);
	}
	*text = (struct asm_text){ .fd = -1 };
}
