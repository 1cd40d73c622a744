/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * main.c - bpfload: assemble a text, or read an object, load it into the kernel, attach it, show
 * what it sees.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "cli.h"
#include "cmd.h"
#include "loader.h"
#include "say.h"
#include "why.h"

enum { EXIT_DONE, EXIT_FAILED, EXIT_USAGE };

/* A text, or an ELF object, with all that was made from it. */
struct session {
	char *text;
	struct asm_object *obj;
	struct load_facts *facts;
	struct load *load;
};

static void session_close(struct session *s)
{
	load_close(s->load);
	load_facts_free(s->facts);
	asm_free(s->obj);
	free(s->text);
}

static int read_file(struct session *s, const char *path, size_t *len,
		     const struct load_options *opt)
{
	int err = asm_read_file(path, &s->text, len);

	if (err) {
		s->text = NULL;
		say_error(opt, NULL, "cannot read '%s': %s", path, strerror(-err));
	}
	return err;
}

/* A text, or an ELF object, by how it begins. */
static int assemble(struct session *s, const struct cli *cli, size_t len,
		    const struct load_options *opt)
{
	static const char elf[] = { '\177', 'E', 'L', 'F' };
	const char *path = strcmp(cli->words[0], "-") == 0 ? "<stdin>" : cli->words[0];
	struct asm_options how = {
		.cpu = asm_cpu_native(),
		.endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? ASM_BIG : ASM_LITTLE,
		.defines = cli->defines, .ndefines = cli->ndefines,
		.sink = opt->sink, .sink_arg = opt->sink_arg,
		.resolve = load_facts_resolve, .resolve_arg = s->facts,
	};

	if (len < sizeof(elf) || memcmp(s->text, elf, sizeof(elf)) != 0) {
		s->obj = asm_assemble(path, s->text, len, &how);
	} else if (cli->ndefines) {
		say_error(opt, NULL, "'%s' is an ELF object: option '-D' gives values to the "
			  "constants of a text", path);
	} else {
		s->obj = asm_read_elf(path, s->text, len, &how);
	}
	return s->obj ? 0 : -EINVAL;
}

/*
 * Before Linux 5.11 maps and programs count as locked memory, of which 64 KiB are allowed. Where
 * this process may not raise that, or need not, nothing is lost: a call that fails for it says so.
 */
static void raise_memlock(void)
{
	struct rlimit limit = { .rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY };

	if (why_kernel_before(ASM_KERNEL(5, 11)))
		(void)prlimit(0, RLIMIT_MEMLOCK, &limit, NULL);
}

/* From the file to programs in the kernel. session_close() in either case. */
static int session_open(struct session *s, const struct cli *cli, const struct load_options *opt)
{
	struct load_options shared = *opt;
	size_t len = 0;
	int err;

	memset(s, 0, sizeof(*s));
	err = read_file(s, cli->words[0], &len, opt);
	if (err)
		return err;
	s->facts = load_facts_new();
	if (!s->facts) {
		say_error(opt, NULL, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	shared.facts = s->facts;
	shared.where = (struct load_where){
		.dev = cli->dev, .cgroup = cli->cgroup, .netns = cli->netns, .hook = cli->hook,
		.pid = cli->pid, .cpu = cli->seen & CLI_CPU ? &cli->cpu : NULL,
		.cookie = cli->cookie,
	};
	raise_memlock();
	err = assemble(s, cli, len, opt);
	return err ? err : load_open(s->obj, &shared, &s->load);
}

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

	ret = session_open(&s, cli, opt);
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
	struct session s;
	int err;

	err = session_open(&s, cli, opt);
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

	err = session_open(&s, cli, opt);
	if (!err && cli->seen & CLI_ATTACH)
		err = load_attach(s.load);
	if (!err)
		err = load_pin(s.load, cli->words[1]);
	session_close(&s);
	return err ? EXIT_FAILED : EXIT_DONE;
}

static const struct cli_command commands[] = {
	{ "run", run_main, "FILE", 1,
	  CLI_DEFINE | CLI_DURATION | CLI_INTERVAL | CLI_TOP | CLI_JSON | CLI_WHERE | CLI_VERBOSE |
	  CLI_COMMAND,
	  "load and attach, print records as they come and the maps at the end" },
	{ "check", check_main, "FILE", 1, CLI_DEFINE | CLI_VERBOSE,
	  "load only: would the kernel take these programs?" },
	{ "load", load_main, "FILE DIR", 2, CLI_DEFINE | CLI_ATTACH | CLI_WHERE |
	  CLI_VERBOSE,
	  "pin maps and programs below DIR, on a bpffs" },
	{ "map", cmd_map, "COMMAND ...", 0,
	  CLI_GRAMMAR | CLI_JSON | CLI_PRETTY | CLI_VERBOSE,
	  "maps in the kernel, with the words of bpftool; see 'bpfload map help'" },
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
	int status, flushed;

	if (cli->seen & CLI_HELP) {
		cli_usage(stdout, commands, COMMANDS);
		return flush_output(opt);
	}
	if (cli->seen & CLI_VERSION) {
		puts("bpfload " ASM_VERSION);
		return flush_output(opt);
	}
	if (!(cli->command->options & CLI_GRAMMAR))
		return cli->command->main(cli, opt);
	raise_memlock();
	status = cli->command->main(cli, opt);
	flushed = flush_output(opt);
	return status ? status : flushed;
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
		if (cli.seen & CLI_VERBOSE)
			opt.flags |= LOAD_VERBOSE;
		cli.out = stdout;
		status = dispatch(&cli, &opt);
	} else {
		fputs("see 'bpfload --help'\n", stderr);
	}
	cli_free(&cli);
	return status;
}
