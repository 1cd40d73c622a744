/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * funccount.c - how often functions are called: of the kernel, of a program or a library.
 *
 *	funccount [-j] [-d SECONDS] [-v] [FILE:]PATTERN[,PATTERN...] [-- COMMAND ...]
 *
 *	# funccount -d 10 'vfs_*'
 *	FUNCTION                         CALLS
 *	vfs_read                         98127
 *	vfs_write                        4402
 *
 * Patterns are those of kprobe.multi and uprobe.multi sections. The most frequent come first;
 * functions that were not called are not there. With many functions attaching takes a while before
 * Linux 5.18, and 6.6 for those of a file. FILE is a path, or the name of a program or library as
 * uprobe sections have it; calls in a file without a build id are those of "[unknown]".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "../../asm/asm.h"
#include "../../loader/loader.h"
#include "../common/grow.h"
#include "../common/program.h"

enum { SECTION = 4096, WIDTH = 32 };

static const char of_kernel[] =
#include "funccount/funccount.h"
;

static const char of_file[] =
#include "funccount/user.h"
;

static const char usage[] =
	"usage: funccount [-j] [-d SECONDS] [-v] [FILE:]PATTERN[,PATTERN...] [-- COMMAND ...]\n"
	"  how often functions of the kernel, or of a file, are called: all that match, such as\n"
	"  'vfs_*'\n"
	"  -d, --duration S   end after so many seconds\n"
	"  -j, --json         a line of JSON a function\n"
	"  -v, --verbose      say each step\n"
	"  -h, --help         print this\n";

static const char unknown[] = "[unknown]";

static const struct option options[] = { PROGRAM_OPTIONS, { 0 } };

struct call {
	uint64_t address, count;
	char *name;		/* owned */
};

struct funccount {
	struct program program;
	char section[SECTION];
	char *file;		/* owned; NULL: the kernel */
	struct load_names *names;
	struct call *calls;
	size_t count, room;
};

static bool add_call(struct funccount *fc, const struct call *call)
{
	struct call *grown = grow(fc->calls, &fc->room, fc->count, sizeof(*grown));

	if (!grown)
		return false;
	fc->calls = grown;
	fc->calls[fc->count++] = *call;
	return true;
}

/* Whoever made a file chose its names: nothing of them may work on a terminal. */
static char *name_in_file(struct funccount *fc, uint64_t offset)
{
	struct load_name name;
	char *out;

	if (!load_name_file(fc->names, fc->file, offset, &name) || name.offset)
		return strdup(unknown);
	out = strdup(name.name);
	for (char *at = out; at && *at; at++)
		if (*at < ' ' || *at > '~' || *at == '"' || *at == '\\')
			*at = '?';
	return out;
}

/* The address is a few bytes into the function; how many, only the kernel's probes know. */
static char *name_in_kernel(struct funccount *fc, uint64_t address)
{
	struct load_name name;
	char *out;

	if (load_name_kernel(fc->names, address, &name))
		return strdup(name.name);
	return asprintf(&out, "0x%llx", (unsigned long long)address) < 0 ? NULL : out;
}

/* load_entry_fn */
static int take_call(void *arg, const void *key, const void *value)
{
	struct funccount *fc = arg;
	struct call call;

	memcpy(&call.address, key, sizeof(call.address));
	memcpy(&call.count, value, sizeof(call.count));
	call.name = fc->file ? name_in_file(fc, call.address) : name_in_kernel(fc, call.address);
	if (call.name && add_call(fc, &call))
		return 0;
	free(call.name);
	return -ENOMEM;
}

static int compare(const void *a, const void *b)
{
	const struct call *x = a, *y = b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return strcmp(x->name, y->name);
}

static void print(const struct funccount *fc)
{
	bool json = fc->program.run.how == LOAD_JSON;

	if (!json && fc->count)
		printf("%-*s CALLS\n", WIDTH, "FUNCTION");
	for (size_t i = 0; i < fc->count; i++) {
		const struct call *call = &fc->calls[i];

		if (json)
			printf("{\"function\":\"%s\",\"calls\":%llu}\n", call->name,
			       (unsigned long long)call->count);
		else
			printf("%-*s %llu\n", WIDTH, call->name, (unsigned long long)call->count);
	}
}

static int read_calls(struct funccount *fc)
{
	const struct asm_map *map = NULL;
	int fd = program_map(&fc->program, "calls", &map), err;

	fc->names = load_names_new();
	err = fc->names ? load_map_walk(fd, map, take_call, fc) : -ENOMEM;
	if (err)
		program_error(&fc->program, "cannot read what was counted: %s", strerror(-err));
	else if (fc->count)
		qsort(fc->calls, fc->count, sizeof(fc->calls[0]), compare);
	return err;
}

/* load_run() would print addresses. */
static int leave_maps(void *arg)
{
	(void)arg;
	return 0;
}

static int count_calls(struct funccount *fc)
{
	struct program *p = &fc->program;
	int err, status;

	err = fc->file ? program_assemble(p, "user.bpfasm", of_file) :
			 program_assemble(p, "funccount.bpfasm", of_kernel);
	if (err)
		return err;
	program_move(p, "count", fc->section);
	err = program_attach(p);
	if (err)
		return err;
	p->run.take_maps = leave_maps;
	status = load_run(p->load, &p->run);
	err = status < 0 ? status : read_calls(fc);
	if (!err)
		print(fc);
	return err ? err : status;
}

static bool take_pattern(struct funccount *fc, const char *pattern)
{
	const char *colon = strrchr(pattern, ':');

	if (colon && !(fc->file = strndup(pattern, (size_t)(colon - pattern)))) {
		program_error(&fc->program, "%s", strerror(ENOMEM));
		return false;
	}
	if (snprintf(fc->section, SECTION, "%cprobe.multi/%s", colon ? 'u' : 'k', pattern) <
	    SECTION)
		return true;
	program_error(&fc->program, "the patterns are too long");
	return false;
}

int main(int argc, char **argv)
{
	struct funccount fc = { .program = { .name = "funccount", .usage = usage } };
	struct program *p = &fc.program;
	const char *pattern;
	int status = program_start(p, argv, options, NULL, NULL, 1, &pattern);

	(void)argc;
	if (status == PROGRAM_GO && !take_pattern(&fc, pattern))
		status = PROGRAM_USAGE;
	if (status == PROGRAM_GO)
		status = program_end(p, count_calls(&fc));
	for (size_t i = 0; i < fc.count; i++)
		free(fc.calls[i].name);
	free(fc.calls);
	free(fc.file);
	load_names_free(fc.names);
	program_close(p);
	return status;
}
