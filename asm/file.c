/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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
