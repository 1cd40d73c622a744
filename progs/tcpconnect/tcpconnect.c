/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tcpconnect.c - each connect(2) over TCP, with kprobes where the kernel has them.
 *
 *	tcpconnect [-j] [-d SECONDS] [-v] [-- COMMAND ...]
 *
 *	TIME            PID      TID      NAME    ADDR            PORT     ERROR    USECS
 *	14:38:36.517986 4711     4711     curl    192.0.2.7       443      0        9613
 *	14:38:36.519859 4712     4712     ssh     ::1             22       -111     97
 *
 * Which of the two texts runs, and how they differ, is told in them; -v tells which it is.
 */
#include <errno.h>
#include <getopt.h>

#include "../../asm/asm.h"
#include "../../loader/loader.h"
#include "../common/program.h"

static const char by_kprobe[] =
#include "tcpconnect/tcpconnect.h"
;

static const char by_state[] =
#include "tcpconnect/state.h"
;

static const char usage[] =
	"usage: tcpconnect [-j] [-d SECONDS] [-v] [-- COMMAND ...]\n"
	"  each connect(2) over TCP: who, where to, how long it took, how it ended\n"
	"  -d, --duration S   end after so many seconds\n"
	"  -j, --json         a line of JSON a record\n"
	"  -v, --verbose      say each step\n"
	"  -h, --help         print this\n";

static const struct option options[] = { PROGRAM_OPTIONS, { 0 } };

/* With nothing said about what this kernel does not have, unless asked. */
static int attach_kprobes(struct program *p)
{
	asm_sink *sink = p->opt.sink;
	int err;

	if (!(p->opt.flags & LOAD_VERBOSE))
		p->opt.sink = NULL;
	err = program_assemble(p, "tcpconnect.bpfasm", by_kprobe);
	if (!err)
		err = program_attach(p);
	p->opt.sink = sink;
	return err;
}

static int attach(struct program *p)
{
	int err;

	if (attach_kprobes(p) == 0)
		return 0;
	if (p->opt.flags & LOAD_VERBOSE)
		program_error(p, "not by kprobes; by the tracepoint sock/inet_sock_set_state");
	err = program_assemble(p, "state.bpfasm", by_state);
	return err ? err : program_attach(p);
}

int main(int argc, char **argv)
{
	struct program p = { .name = "tcpconnect", .usage = usage };
	int status = program_start(&p, argv, options, NULL, NULL, 0, NULL), ret;

	(void)argc;
	if (status == PROGRAM_GO) {
		ret = attach(&p);
		if (!ret)
			ret = load_run(p.load, &p.run);
		status = program_end(&p, ret);
	}
	program_close(&p);
	return status;
}
