/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../asm/asm.h"
#include "sys.h"
#include "tracefs.h"

enum { TRACEFS_MAGIC = 0x74726163 };

/* Where it is when there is no /proc to ask: the places that systems and people use. */
static const char *const usual[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };

/* 0: a tracefs is there. */
static int probe(const char *path)
{
	uint32_t magic;
	int err = sys_fs_type(path, &magic);

	return err ? err : magic == TRACEFS_MAGIC ? 0 : -ENODEV;
}

static bool is_octal(const char *digits)
{
	return strspn(digits, "01234567") >= 3;
}

/* Undo the \ooo of a path in /proc/self/mounts, in place. */
static void unescape(char *path)
{
	char *out = path;

	for (char *in = path; *in; out++) {
		if (*in == '\\' && is_octal(in + 1)) {
			*out = (char)((in[1] - '0') * 64 + (in[2] - '0') * 8 + (in[3] - '0'));
			in += 4;
		} else {
			*out = *in++;
		}
	}
	*out = '\0';
}

/* Does this line, "DEVICE PATH TYPE ...", mount a tracefs, or the debugfs that carries one? */
static int probe_line(char *line, char *path, size_t size)
{
	const char *type, *inside = "";
	char *where;

	strsep(&line, " ");
	where = strsep(&line, " ");
	type = strsep(&line, " ");
	if (!type)
		return -ENODEV;
	if (strcmp(type, "debugfs") == 0)
		inside = "/tracing";
	else if (strcmp(type, "tracefs") != 0)
		return -ENODEV;
	unescape(where);
	if ((size_t)snprintf(path, size, "%s%s", where, inside) >= size)
		return -ENAMETOOLONG;
	return probe(path);
}

static int find_in_mounts(char *path, size_t size)
{
	char *text, *rest, *line;
	int err = -ENODEV, this;
	size_t len;

	if (asm_read_file("/proc/self/mounts", &text, &len) != 0)
		return -ENODEV;
	rest = text;
	while (err && (line = strsep(&rest, "\n"))) {
		this = probe_line(line, path, size);
		if (this != -ENODEV)
			err = this;
	}
	free(text);
	return err;
}

/* The mount point, without a '/' at its end. 0, -ENODEV, -ENAMETOOLONG. */
static int find_mount(char *path, size_t size)
{
	int err = find_in_mounts(path, size);

	for (size_t i = 0; err && i < sizeof(usual) / sizeof(usual[0]); i++) {
		if (probe(usual[i]) != 0)
			continue;
		err = (size_t)snprintf(path, size, "%s", usual[i]) < size ? 0 : -ENAMETOOLONG;
	}
	return err;
}

/* Near names of `name` among the directories in a directory. */
static void near_entries(const char *dir, const char *name, char *out)
{
	struct dirent *entry;
	struct asm_near near;
	DIR *d = opendir(dir);

	asm_near_start(&near, name, strlen(name));
	while (d && (entry = readdir(d)))
		asm_near_offer(&near, entry->d_name, strlen(entry->d_name));
	if (d)
		closedir(d);
	asm_near_text(&near, out);
}

/* A target in its two halves. category has room for NAME_MAX + 1 bytes. */
static bool split(const char *target, char *category, const char **name)
{
	const char *slash = strchr(target, '/');
	size_t len = slash ? (size_t)(slash - target) : 0;

	if (len == 0 || len > NAME_MAX || slash[1] == '\0' || strchr(slash + 1, '/'))
		return false;
	if (target[0] == '.' || slash[1] == '.')
		return false;
	memcpy(category, target, len);
	category[len] = '\0';
	*name = slash + 1;
	return true;
}

/* The event is not there: say which half of its name is wrong. */
static void explain_missing(const char *root, const char *category, const char *name,
			    char *why, size_t why_size)
{
	char dir[PATH_MAX], near[ASM_NEAR_TEXT];

	snprintf(dir, sizeof(dir), "%s/events/%s", root, category);
	if (sys_is_dir(dir) == 0) {
		near_entries(dir, name, near);
		snprintf(why, why_size, "this kernel has no tracepoint '%s' in category '%s'%s",
			 name, category, near);
		return;
	}
	snprintf(dir, sizeof(dir), "%s/events", root);
	near_entries(dir, category, near);
	snprintf(why, why_size, "this kernel has no tracepoint category '%s'%s", category, near);
}

/* Why events/TARGET/FILE of the tracefs at root could not be read. */
static void explain_unread(const char *root, const char *target, int err, char *why,
			   size_t why_size)
{
	char category[NAME_MAX + 1];
	const char *name;

	if (err == -ENOENT && split(target, category, &name))
		explain_missing(root, category, name, why, why_size);
	else if (err == -EACCES)
		snprintf(why, why_size, "%s/events/%s can be read by root, or by the group of the "
			 "gid= mount option", root, target);
	else
		snprintf(why, why_size, "cannot read %s/events/%s: %s", root, target,
			 strerror(-err));
}

/* Read events/TARGET/FILE; the text is freed with free(). */
static int read_event(const char *target, const char *file, char **text, char *why, size_t why_size)
{
	char root[PATH_MAX / 2], path[PATH_MAX], category[NAME_MAX + 1];
	const char *name;
	size_t len;
	int err;

	if (!split(target, category, &name)) {
		snprintf(why, why_size, "'%s' is not of the form category/name", target);
		return -EINVAL;
	}
	err = find_mount(root, sizeof(root));
	if (err == -ENODEV) {
		snprintf(why, why_size, "no tracefs is mounted: `mount -t tracefs tracefs "
			 "/sys/kernel/tracing` does that; a raw_tp program needs none");
		return err;
	}
	if (!err && (size_t)snprintf(path, sizeof(path), "%s/events/%s/%s", root, target, file) >=
	    sizeof(path))
		err = -ENAMETOOLONG;
	if (!err)
		err = asm_read_file(path, text, &len);
	if (err)
		explain_unread(root, target, err, why, why_size);
	return err;
}

int tracefs_event_id(const char *target, uint64_t *id, char *why, size_t why_size)
{
	char *text = NULL, *end;
	int err = read_event(target, "id", &text, why, why_size);

	if (err)
		return err;
	*id = strtoull(text, &end, 10);
	if (end == text || *id == 0) {
		snprintf(why, why_size, "the id of %s is not a number: '%.20s'", target, text);
		err = -EINVAL;
	}
	free(text);
	return err;
}

/*
 * The name that a C declaration like "__data_loc char[] filename" or "char comm[16]" declares, cut
 * out in place.
 */
static char *declared(char *declaration)
{
	size_t len = strlen(declaration), start;

	if (len > 0 && declaration[len - 1] == ']' && strrchr(declaration, '['))
		len = (size_t)(strrchr(declaration, '[') - declaration);
	while (len > 0 && declaration[len - 1] == ' ')
		len--;
	declaration[len] = '\0';
	start = len;
	while (start > 0 && declaration[start - 1] != ' ' && declaration[start - 1] != '*')
		start--;
	return declaration + start;
}

/* "; \tTITLE:NUMBER" at *at, which is behind it then. */
static bool format_number(const char **at, const char *title, uint32_t *number)
{
	const char *start = *at + strspn(*at, "; \t");
	char *end;

	if (strncmp(start, title, strlen(title)) != 0)
		return false;
	start += strlen(title);
	*number = (uint32_t)strtoul(start, &end, 10);
	*at = end;
	return end != start && *end == ';';
}

/* A line of the format file: "\tfield:DECLARATION;\toffset:N;\tsize:N;\tsigned:N;". */
static char *format_line(char *line, struct asm_kfield *out)
{
	char *start = strstr(line, "field:"), *end = start ? strchr(start, ';') : NULL;
	const char *at = end;

	if (!end || !format_number(&at, "offset:", &out->offset) ||
	    !format_number(&at, "size:", &out->size))
		return NULL;
	*end = '\0';
	return declared(start + strlen("field:"));
}

int tracefs_field(const char *target, const char *field, struct asm_kfield *out,
		  char *why, size_t why_size)
{
	char near_names[ASM_NEAR_TEXT];
	char *text = NULL, *rest, *line, *name;
	struct asm_kfield at;
	struct asm_near near;
	int err = read_event(target, "format", &text, why, why_size);

	if (err)
		return err;
	asm_near_start(&near, field, strlen(field));
	rest = text;
	err = -ENOENT;
	while (err && (line = strsep(&rest, "\n"))) {
		name = format_line(line, &at);
		if (name && strcmp(name, field) == 0) {
			*out = at;
			err = 0;
		} else if (name) {
			asm_near_offer(&near, name, strlen(name));
		}
	}
	if (err) {
		snprintf(why, why_size, "tracepoint %s has no field '%s'%s", target, field,
			 asm_near_text(&near, near_names));
	}
	free(text);
	return err;
}

int tracefs_functions(char **text)
{
	char root[PATH_MAX / 2], path[PATH_MAX];
	int err = find_mount(root, sizeof(root));
	size_t len;

	if (err)
		return err;
	snprintf(path, sizeof(path), "%s/available_filter_functions", root);
	return asm_read_file(path, text, &len);
}

int tracefs_open_pipe(char *why, size_t why_size)
{
	char root[PATH_MAX / 2], path[PATH_MAX];
	int err = find_mount(root, sizeof(root)), fd;

	if (err) {
		snprintf(why, why_size, "no tracefs is mounted: `mount -t tracefs tracefs "
			 "/sys/kernel/tracing` does that");
		return err;
	}
	snprintf(path, sizeof(path), "%s/trace_pipe", root);
	fd = sys_open_follow(path);
	if (fd == -EACCES)
		snprintf(why, why_size, "%s can be read by root, or by the group of the gid= "
			 "mount option", path);
	else if (fd == -EBUSY)
		snprintf(why, why_size, "somebody else is reading %s", path);
	else if (fd < 0)
		snprintf(why, why_size, "cannot open %s", path);
	return fd;
}
