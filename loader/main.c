/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * main.c - bpfload: assemble a text, or read an object, load it into the kernel, attach it, show
 * what it sees.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "cmd.h"
#include "loader.h"
#include "say.h"
#include "session.h"

enum { EXIT_DONE, EXIT_FAILED, EXIT_USAGE };

/* Nothing is well that did not reach the output. */
static int flush_output(const struct load_options *opt)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return EXIT_DONE;
	say_error(opt, NULL, "cannot write the output: %s", strerror(errno));
	return EXIT_FAILED;
}

/* ---- commands ---- */

static int run_main(const struct cli *cli, const struct load_options *opt)
{
	struct load_run run = {
		.duration_ms = cli->duration_ms, .interval_ms = cli->interval_ms, .top = cli->top,
		.how = cli->seen & CLI_JSON ? LOAD_JSON : LOAD_TEXT, .command = cli->run,
		.out = stdout,
	};
	struct session s;
	int ret;

	ret = session_open(&s, cli->words[0], cli, opt);
	if (!ret)
		ret = load_attach(s.load);
	if (!ret)
		ret = load_run(s.load, &run);
	session_close(&s);
	return ret < 0 ? EXIT_FAILED : ret;
}

static int print_checked(const struct asm_object *obj, const struct asm_func *func,
			 const struct load_options *opt)
{
	struct asm_program prog;
	int err;

	memset(&prog, 0, sizeof(prog));
	err = asm_link(obj, func, &prog);
	if (err)
		say_error(opt, NULL, "%s: %s", func->name, strerror(-err));
	else
		printf("%-20s %-32s %6zu slots  ok\n", func->name,
		       func->section[0] ? func->section : "no section", prog.ninsns);
	asm_program_free(&prog);
	return err;
}

static int check_main(const struct cli *cli, const struct load_options *opt)
{
	struct load_options trial = *opt;
	struct session s;
	int err;

	trial.flags |= LOAD_NO_SHARING;
	err = session_open(&s, cli->words[0], cli, &trial);
	for (size_t i = 0; !err && i < s.obj->nfuncs; i++)
		if (s.obj->funcs[i].section)
			err = print_checked(s.obj, &s.obj->funcs[i], opt);
	session_close(&s);
	return err ? EXIT_FAILED : flush_output(opt);
}

static int load_main(const struct cli *cli, const struct load_options *opt)
{
	struct session s;
	int err;

	err = session_open(&s, cli->words[0], cli, opt);
	if (!err && cli->seen & CLI_ATTACH)
		err = load_attach(s.load);
	if (!err)
		err = load_pin(s.load, cli->words[1]);
	session_close(&s);
	return err ? EXIT_FAILED : EXIT_DONE;
}

static const struct cli_command commands[] = {
	{ "run", run_main, "FILE", 1,
	  CLI_DEFINE | CLI_DURATION | CLI_INTERVAL | CLI_TOP | CLI_TYPE | CLI_JSON | CLI_WHERE |
	  CLI_VERBOSE | CLI_COMMAND,
	  "load and attach, print records as they come and the maps at the end" },
	{ "check", check_main, "FILE", 1, CLI_DEFINE | CLI_PROG | CLI_VERBOSE,
	  "load only: would the kernel take these programs?" },
	{ "load", load_main, "FILE DIR", 2, CLI_DEFINE | CLI_ATTACH | CLI_WHERE |
	  CLI_VERBOSE,
	  "pin maps and programs below DIR, on a bpffs" },
	{ "map", cmd_map, "COMMAND ...", 0,
	  CLI_GRAMMAR | CLI_JSON | CLI_PRETTY | CLI_BPFFS | CLI_NOMOUNT | CLI_VERBOSE,
	  "maps in the kernel, with the words of bpftool; see 'bpfload map help'" },
	{ "attach", cmd_attach, "PROG SECTION", 0,
	  CLI_GRAMMAR | CLI_PIN | CLI_WHERE | CLI_DURATION | CLI_JSON | CLI_VERBOSE | CLI_COMMAND,
	  "attach a program that is loaded; without --pin until the end of this" },
	{ "detach", cmd_detach, "LINK", 0, CLI_GRAMMAR | CLI_VERBOSE,
	  "end an attachment, by the id or the path of its link" },
	{ "prog", cmd_prog, "COMMAND ...", 0,
	  CLI_GRAMMAR | CLI_DEFINE | CLI_JSON | CLI_PRETTY | CLI_BPFFS | CLI_NOMOUNT |
	  CLI_DURATION | CLI_VERBOSE | CLI_COMMAND,
	  "programs in the kernel: show, dump, pin, run, load, stats ..." },
	{ "link", cmd_link, "COMMAND ...", 0,
	  CLI_GRAMMAR | CLI_JSON | CLI_PRETTY | CLI_BPFFS | CLI_NOMOUNT | CLI_VERBOSE,
	  "what holds programs attached: show, pin, detach, update" },
	{ "btf", cmd_btf, "COMMAND ...", 0,
	  CLI_GRAMMAR | CLI_JSON | CLI_PRETTY | CLI_BASE | CLI_VERBOSE,
	  "type data: show, dump of the kernel's, of programs, maps and files" },
	{ "feature", cmd_feature, "[probe] ...", 0,
	  CLI_GRAMMAR | CLI_JSON | CLI_PRETTY | CLI_VERBOSE,
	  "what this kernel has, found out by trying" },
	{ "doctor", cmd_doctor, "", 0, CLI_GRAMMAR | CLI_JSON | CLI_PRETTY | CLI_VERBOSE,
	  "what this kernel and this process may do, and what helps where not" },
	{ "tail", cmd_tail, "MAP", 1,
	  CLI_GRAMMAR | CLI_DURATION | CLI_JSON | CLI_RAW | CLI_VERBOSE,
	  "follow the records of a ring buffer or perf event array: id N, name NAME, a path" },
	{ "top", cmd_top, "MAP", 1,
	  CLI_GRAMMAR | CLI_DURATION | CLI_INTERVAL | CLI_TOP | CLI_JSON | CLI_VERBOSE,
	  "show the entries of a map, the largest first, again and again" },
	{ "trace", cmd_trace, "[PROG]", 0,
	  CLI_GRAMMAR | CLI_DURATION | CLI_JSON | CLI_VERBOSE,
	  "follow trace_pipe, or what one program prints to its streams" },
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

/* ---- the program ---- */

static void print_diag(void *arg, const struct asm_diag *diag)
{
	FILE *f = arg;

	if (!diag->place.file)
		fputs("bpfload: ", f);
	asm_diag_print(f, diag);
}

static int dispatch(const struct cli *cli, const struct load_options *opt)
{
	int status;

	if (cli->seen & CLI_HELP) {
		cli_usage(stdout, commands, COMMANDS);
		return flush_output(opt);
	}
	if (cli->seen & CLI_VERSION) {
		puts("bpfload " ASM_VERSION);
		return flush_output(opt);
	}
	if (cli->command->options & CLI_GRAMMAR)
		session_raise_memlock();
	status = cli->command->main(cli, opt);
	return status == EXIT_DONE ? flush_output(opt) : status;
}

int main(int argc, char **argv)
{
	struct load_options opt = { .sink = print_diag, .sink_arg = stderr };
	struct cli cli;
	int status = EXIT_USAGE;

	if (argc < 2) {
		cli_usage(stderr, commands, COMMANDS);
		return EXIT_USAGE;
	}
	if (cli_parse(&cli, commands, COMMANDS, argv, &opt)) {
		cli.out = stdout;
		if (cli.seen & CLI_VERBOSE)
			opt.flags |= LOAD_VERBOSE;
		status = dispatch(&cli, &opt);
	} else {
		fputs("see 'bpfload --help'\n", stderr);
	}
	cli_free(&cli);
	return status;
}
