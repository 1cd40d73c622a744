/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "elffile.h"
#include "debugfile.h"
#include "inflate.h"
#include "sys.h"

enum { BUILD_ID = 64 };

struct build_id {
	size_t len;	/* 0: none */
	uint8_t bytes[BUILD_ID];
};

/* elffile_note_fn */
static bool take_build_id(void *arg, const Elf32_Nhdr *note, const uint8_t *name,
			  const uint8_t *content)
{
	struct build_id *id = arg;

	if (!elffile_is_note(note, name, NT_GNU_BUILD_ID, ELF_NOTE_GNU) || note->n_descsz < 2 ||
	    note->n_descsz > BUILD_ID)
		return true;
	id->len = note->n_descsz;
	memcpy(id->bytes, content, id->len);
	return false;
}

/* True when both have the same; in *id that of the file. */
static bool same_build_id(struct elffile *file, struct elffile *other, struct build_id *id)
{
	struct build_id theirs = { 0 };

	memset(id, 0, sizeof(*id));
	return elffile_notes(file, take_build_id, id) == 0 && id->len &&
	       (!other || (elffile_notes(other, take_build_id, &theirs) == 0 &&
			   memcmp(id, &theirs, sizeof(theirs)) == 0));
}

static bool has_crc(const struct elffile *file, uint32_t want)
{
	enum { MOST = 1 << 30 };	/* some seconds: whose it is may not keep us for longer */
	uint8_t data[1 << 14];
	uint32_t crc = 0;
	uint64_t left = file->size;

	while (left > 0 && file->size <= MOST) {
		size_t len = left < sizeof(data) ? (size_t)left : sizeof(data);

		if (elffile_read(file->fd, data, len, file->size - left) != 0)
			return false;
		crc = inflate_crc(crc, data, len);
		left -= len;
	}
	return !left && crc == want;
}

struct debug {
	struct elffile *file;	/* whose debug file is looked for */
	int root;
	struct elffile *found;	/* without a why: another is tried, or there is none */
};

static bool try_debug(struct debug *debug, const char *path)
{
	struct elffile *found = debug->found;

	*found = (struct elffile){ .fd = -1 };
	return elffile_open(found, sys_open_in(debug->root, path)) == 0 &&
	       found->at == debug->file->at && found->machine == debug->file->machine;
}

static bool find_by_build_id(struct debug *debug)
{
	static const char folder[] = "/usr/lib/debug/.build-id/";
	char path[sizeof(folder) + 2 * BUILD_ID + sizeof("/.debug")];
	struct build_id id;
	int at;

	if (!same_build_id(debug->file, NULL, &id))
		return false;
	at = snprintf(path, sizeof(path), "%s%02x/", folder, id.bytes[0]);
	for (size_t i = 1; i < id.len; i++)
		at += snprintf(path + at, sizeof(path) - (size_t)at, "%02x", id.bytes[i]);
	snprintf(path + at, sizeof(path) - (size_t)at, ".debug");
	if (try_debug(debug, path) && same_build_id(debug->file, debug->found, &id))
		return true;
	elffile_close(debug->found);
	return false;
}

/* The folder of a file, by a path with a '/' at its end; links are followed. */
static bool find_folder(const struct elffile *file, char *path, size_t size)
{
	char self[32], *slash;
	int before = errno;
	ssize_t len;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", file->fd);
	len = readlink(self, path, size - 1);
	errno = before;
	if (len < 0)
		return false;
	path[len] = '\0';
	slash = *path == '/' ? strrchr(path, '/') : NULL;
	if (slash)
		slash[1] = '\0';
	return slash;
}

/* What a section .gnu_debuglink holds: a name with NULs up to a multiple of 4, and a CRC. */
static bool find_by_link(struct debug *debug)
{
	static const char *const places[][2] = {
		{ "", "" }, { "", ".debug/" }, { "/usr/lib/debug", "" },
	};
	char folder[PATH_MAX], path[2 * PATH_MAX];
	int64_t section = elffile_find(debug->file, ".gnu_debuglink");
	struct elffile_table link = { 0 };
	uint32_t crc;
	size_t len;
	bool found = false;

	if (section < 0 || (size_t)section == debug->file->sections.count ||
	    elffile_section(debug->file, (size_t)section, 1, &link) != 0)
		return false;
	len = strlen((const char *)link.data) & ~(size_t)3;
	if (len + 8 <= link.count && !strchr((const char *)link.data, '/') &&
	    find_folder(debug->file, folder, sizeof(folder))) {
		memcpy(&crc, link.data + len + 4, sizeof(crc));
		for (size_t i = 0; i < sizeof(places) / sizeof(places[0]) && !found; i++) {
			snprintf(path, sizeof(path), "%s%s%s%s", places[i][0], folder, places[i][1],
				 (const char *)link.data);
			found = try_debug(debug, path) && has_crc(debug->found, crc);
			if (!found)
				elffile_close(debug->found);
		}
	}
	free(link.data);
	return found;
}

bool debugfile_open(struct elffile *file, int root, struct elffile *found)
{
	struct debug debug = { .file = file, .root = root, .found = found };

	if (find_by_build_id(&debug) || find_by_link(&debug))
		return true;
	debug.root = -1;
	return root >= 0 && (find_by_build_id(&debug) || find_by_link(&debug));
}
