/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "../../asm/asm.h"
#include "../../loader/loader.h"
#include "program.h"

enum { LETTERS = 64, MS_PER_S = 1000, HOURS_MOST = 24, S_PER_HOUR = 3600 };

void program_error(const struct program *p, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "%s: ", p->name);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
}

/* asm_sink */
static void print_diag(void *arg, const struct asm_diag *diag)
{
	const struct program *p = arg;

	if (!diag->place.file)
		fprintf(stderr, "%s: ", p->name);
	asm_diag_print(stderr, diag);
}

/* ---- the command line ---- */

static bool take_seconds(const char *text, unsigned int *ms)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end || !(seconds * MS_PER_S >= 1) ||
	    seconds > HOURS_MOST * S_PER_HOUR)
		return false;
	*ms = (unsigned int)(seconds * MS_PER_S);
	return true;
}

/* Whether a letter that every program has was taken; *status is set when that is all. */
static bool take_usual(struct program *p, int letter, int *status)
{
	switch (letter) {
	case 'd':
	case 't':
		if (take_seconds(optarg, &p->run.duration_ms))
			return true;
		program_error(p, "option '-%c': '%s' is not a number of seconds, up to a day",
			      letter, optarg);
		*status = PROGRAM_USAGE;
		return true;
	case 'j':
		p->run.how = LOAD_JSON;
		return true;
	case 'v':
		p->opt.flags |= LOAD_VERBOSE;
		return true;
	case 'h':
		fputs(p->usage, stdout);
		*status = program_end(p, 0);
		return true;
	case '?':	/* getopt_long(3) has said why */
		*status = PROGRAM_USAGE;
		return true;
	}
	return false;
}

static int count(char *const *argv)
{
	int n = 0;

	while (argv[n])
		n++;
	return n;
}

/* The words, and behind "--" the command. */
static int take_words(struct program *p, char *const *argv, size_t nwords, const char **words)
{
	char *const *at = argv + optind;
	size_t n = 0;

	/* getopt_long() stops behind a "--": is it the one before the words, or behind them? */
	while (*at && n < nwords && strcmp(at[-1], "--") != 0)
		words[n++] = *at++;
	if (*at && strcmp(*at, "--") == 0)
		at++;
	if (n == nwords && (!*at || strcmp(at[-1], "--") == 0)) {
		p->run.command = *at ? at : NULL;
		return PROGRAM_GO;
	}
	fputs(p->usage, stderr);
	return PROGRAM_USAGE;
}

/* The letters of the options, as getopt(3) wants them; words end the options. */
static void letters_of(const struct option *options, char letters[LETTERS])
{
	size_t n = 0;

	letters[n++] = '+';
	for (; options->name && n + 3 < LETTERS; options++) {
		letters[n++] = (char)options->val;
		if (options->has_arg == required_argument)
			letters[n++] = ':';
	}
	letters[n] = '\0';
}

int program_start(struct program *p, char *const *argv, const struct option *options,
		  program_take *take, void *arg, size_t nwords, const char **words)
{
	char letters[LETTERS];
	int status = PROGRAM_GO, letter;

	letters_of(options, letters);
	p->opt.sink = print_diag;
	p->opt.sink_arg = p;
	p->run.out = stdout;
	while (status == PROGRAM_GO) {
		letter = getopt_long(count(argv), argv, letters, options, NULL);
		if (letter < 0)
			return take_words(p, argv, nwords, words);
		if (!take_usual(p, letter, &status) && !take(arg, letter, optarg))
			status = PROGRAM_USAGE;
	}
	return status;
}

/* ---- from a text to programs that run ---- */

/* Before Linux 5.11 maps are locked memory, of which little is allowed; a call says so then. */
static void raise_memlock(void)
{
	const struct rlimit most = { RLIM_INFINITY, RLIM_INFINITY };

	(void)setrlimit(RLIMIT_MEMLOCK, &most);
}

static void close_object(struct program *p)
{
	load_close(p->load);
	asm_free(p->obj);
	p->load = NULL;
	p->obj = NULL;
}

int program_assemble(struct program *p, const char *file, const char *text)
{
	struct asm_options how = {
		.cpu = asm_cpu_native(),
		.endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? ASM_BIG : ASM_LITTLE,
		.sink = p->opt.sink, .sink_arg = p->opt.sink_arg,
		.resolve = load_facts_resolve,
	};

	close_object(p);
	if (!p->facts)
		p->facts = load_facts_new();
	if (!p->facts)
		return -ENOMEM;
	p->opt.facts = p->facts;
	how.resolve_arg = p->facts;
	p->obj = asm_assemble(file, text, strlen(text), &how);
	return p->obj ? 0 : -EINVAL;
}

void program_move(struct program *p, const char *name, const char *section)
{
	for (size_t i = 0; i < p->obj->nfuncs; i++) {
		struct asm_func *func = &p->obj->funcs[i];

		if (strcmp(func->name, name) == 0) {
			func->section = section;
			func->attach = asm_attach_find(section, &func->target);
		}
	}
}

int program_map(const struct program *p, const char *name, const struct asm_map **map)
{
	for (size_t i = 0; i < p->obj->nmaps; i++)
		if (strcmp(p->obj->maps[i].name, name) == 0)
			*map = &p->obj->maps[i];
	return load_map_fd(p->load, name);
}

int program_attach(struct program *p)
{
	int err;

	raise_memlock();
	err = load_open(p->obj, &p->opt, &p->load);
	return err ? err : load_attach(p->load);
}

int program_end(struct program *p, int ret)
{
	if ((fflush(stdout) != 0 || ferror(stdout)) && ret >= 0) {
		program_error(p, "cannot write the output: %s", strerror(errno));
		return PROGRAM_FAILED;
	}
	return ret < 0 ? PROGRAM_FAILED : ret;
}

void program_close(struct program *p)
{
	close_object(p);
	load_facts_free(p->facts);
}
