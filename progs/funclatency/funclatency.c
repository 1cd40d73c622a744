/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * funclatency.c - how long the calls of a function take: of the kernel, of a program or a library.
 *
 *	funclatency [-j] [-d SECONDS] [-v] FUNCTION | FILE:FUNCTION [-- COMMAND ...]
 *
 *	# funclatency -d 10 vfs_read
 *	latency: 4 of 64 entries, the others all zero
 *	NSECS          CALLS
 *	[256, 512)     871      |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|
 *	[512, 1K)      120      |@@@@@@                                  |
 *	[1K, 2K)       0        |                                        |
 *	[2K, 4K)       12       |@                                       |
 *
 *	total: 1 entry
 *	KEY      CALLS    NSECS
 *	0        1003     454110
 *
 * FILE is a path, or the name of a program or library as uprobe sections have it: libc.so.6:malloc.
 */
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "../../asm/asm.h"
#include "../../loader/loader.h"
#include "../common/program.h"

enum { SECTION = 4352 };	/* bytes: a path, and a symbol */

static const char text[] =
#include "funclatency/funclatency.h"
;

static const char usage[] =
	"usage: funclatency [-j] [-d SECONDS] [-v] FUNCTION | FILE:FUNCTION [-- COMMAND ...]\n"
	"  how long the calls of a function of the kernel, or of a file, take\n"
	"  -d, --duration S   end after so many seconds\n"
	"  -j, --json         a line of JSON a table\n"
	"  -v, --verbose      say each step\n"
	"  -h, --help         print this\n";

static const struct option options[] = { PROGRAM_OPTIONS, { 0 } };

struct sections {
	char enter[SECTION], leave[SECTION];
};

static bool name_sections(const struct program *p, const char *function, struct sections *out)
{
	char probe = strchr(function, ':') ? 'u' : 'k';
	int need = snprintf(out->leave, SECTION, "%cretprobe/%s", probe, function);

	if (need >= SECTION) {
		program_error(p, "the name of the function is too long");
		return false;
	}
	snprintf(out->enter, SECTION, "%cprobe/%s", probe, function);
	return true;
}

static int measure(struct program *p, const struct sections *at)
{
	int err;

	err = program_assemble(p, "funclatency.bpfasm", text);
	if (err)
		return err;
	program_move(p, "enter", at->enter);
	program_move(p, "leave", at->leave);
	err = program_attach(p);
	return err ? err : load_run(p->load, &p->run);
}

int main(int argc, char **argv)
{
	struct program p = { .name = "funclatency", .usage = usage };
	struct sections at;		/* for as long as the program */
	const char *function;
	int status = program_start(&p, argv, options, NULL, NULL, 1, &function);

	(void)argc;
	if (status == PROGRAM_GO)
		status = name_sections(&p, function, &at) ? program_end(&p, measure(&p, &at)) :
							     PROGRAM_USAGE;
	program_close(&p);
	return status;
}
