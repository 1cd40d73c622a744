/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "loader.h"
#include "say.h"

/* Bytes for an option as one writes it. */
enum { SPELLING = 32 };

struct option {
	uint32_t bit;		/* enum cli_bits */
	char letter;		/* or '\0' */
	const char *name;	/* or NULL */
	const char *value;	/* as the usage has it; NULL: takes none */
	const char *help;
	bool (*take)(struct cli *cli, const char *value);
	const char *wants;	/* what a value that was not taken should have been */
};

static bool take_define(struct cli *cli, const char *value)
{
	const char *equals = strchr(value, '=');

	if (!equals || equals == value)
		return false;
	cli->defines[cli->ndefines++] = value;
	return true;
}

static bool take_type(struct cli *cli, const char *value)
{
	const char *equals = strchr(value, '=');

	if (!equals || equals == value || !equals[1])
		return false;
	cli->types[cli->ntypes++] = value;
	return true;
}

static bool take_duration(struct cli *cli, const char *value)
{
	return cli_time(value, &cli->duration_ms);
}

static bool take_interval(struct cli *cli, const char *value)
{
	return cli_time(value, &cli->interval_ms);
}

static bool take_top(struct cli *cli, const char *value)
{
	return cli_count(value, &cli->top);
}

/* What is not there is found out where it is used. */
static bool take_text(const char **to, const char *value)
{
	*to = value;
	return *value;
}

static bool take_pin(struct cli *cli, const char *value)
{
	return take_text(&cli->pin, value);
}

static bool take_base(struct cli *cli, const char *value)
{
	return take_text(&cli->base, value);
}

static bool take_dev(struct cli *cli, const char *value)
{
	return take_text(&cli->dev, value);
}

static bool take_cgroup(struct cli *cli, const char *value)
{
	return take_text(&cli->cgroup, value);
}

static bool take_netns(struct cli *cli, const char *value)
{
	return take_text(&cli->netns, value);
}

static bool take_hook(struct cli *cli, const char *value)
{
	return take_text(&cli->hook, value);
}

static bool take_prog(struct cli *cli, const char *value)
{
	return take_text(&cli->prog, value);
}

/* Decimal or with 0x. */
static bool take_number(const char *value, uint64_t most, uint64_t *n)
{
	int before = errno, failed;
	char *end;

	errno = 0;
	*n = strtoull(value, &end, 0);
	failed = errno;
	errno = before;
	return *value >= '0' && *value <= '9' && !*end && !failed && *n <= most;
}

static bool take_pid(struct cli *cli, const char *value)
{
	uint64_t pid;
	bool taken = take_number(value, INT_MAX, &pid) && pid;

	cli->pid = (int)pid;
	return taken;
}

/* PID:FD */
static bool take_socket(struct cli *cli, const char *value)
{
	char *text = strdup(value), *colon = text ? strchr(text, ':') : NULL;
	uint64_t pid = 0, fd = 0;
	bool taken;

	if (colon)
		*colon = '\0';
	taken = colon && take_number(text, INT_MAX, &pid) && pid &&
		take_number(colon + 1, INT_MAX, &fd);
	free(text);
	cli->socket_pid = (int)pid;
	cli->socket = (int)fd;
	return taken;
}

static bool take_cpu(struct cli *cli, const char *value)
{
	uint64_t cpu;
	bool taken = take_number(value, INT_MAX, &cpu);

	cli->cpu = (int)cpu;
	return taken;
}

static bool take_cookie(struct cli *cli, const char *value)
{
	return take_number(value, UINT64_MAX, &cli->cookie) && cli->cookie;
}

static const char a_time[] = "a time above 0, such as 3s, 500ms, 1.5m or 2h";

static const struct option options[] = {
	{ CLI_DEFINE, 'D', NULL, "NAME=EXPR", "give a constant, or a variable, this value",
	  take_define, "NAME=EXPR" },
	{ CLI_DURATION, '\0', "duration", "T", "end after this time (seconds, or 500ms 3s 2m 1h)",
	  take_duration, a_time },
	{ CLI_INTERVAL, '\0', "interval", "T", "print the maps every so often, too",
	  take_interval, a_time },
	{ CLI_TOP, '\0', "top", "N", "of each map, the N entries with the largest number",
	  take_top, "a number above 0" },
	{ CLI_TYPE, '\0', "type", "MAP=TYPE", "records of this map are of this type of the object",
	  take_type, "MAP=TYPE" },
	{ CLI_JSON, 'j', "json", NULL, "a line of JSON a record and a map", NULL, NULL },
	{ CLI_PRETTY, 'p', "pretty", NULL, "JSON in lines, with indentation", NULL, NULL },
	{ CLI_BPFFS, 'f', "bpffs", NULL, "show the paths of pins, too", NULL, NULL },
	{ CLI_BASE, 'B', "base-btf", "FILE", "what the type data of a module continues",
	  take_base, "a path" },
	{ CLI_PIN, '\0', "pin", "PATH", "pin the link, and do not wait", take_pin, "a path" },
	{ CLI_RAW, '\0', "raw", NULL, "the bytes of records, one behind the other", NULL, NULL },
	{ CLI_ATTACH, '\0', "attach", NULL, "attach the programs, and pin the links too",
	  NULL, NULL },
	{ CLI_DEV, '\0', "dev", "NAME", "attach to this network device: xdp, tcx, netkit, socket",
	  take_dev, "the name of a device" },
	{ CLI_CGROUP, '\0', "cgroup", "DIR", "attach to this control group, of version 2",
	  take_cgroup, "a folder" },
	{ CLI_NETNS, '\0', "netns", "NAME", "attach to this network namespace: sk_lookup, "
	  "flow_dissector", take_netns, "a name or a path" },
	{ CLI_HOOK, '\0', "hook", "HOOK", "attach to this hook of netfilter, such as ip/input:-10",
	  take_hook, "FAMILY/HOOK[:PRIORITY]" },
	{ CLI_PROG, '\0', "prog", "PROG", "freplace, fentry, fexit: a function of this program",
	  take_prog, "an id, a name or a path" },
	{ CLI_SOCKET, '\0', "socket", "PID:FD", "attach to this socket of a process: sk_reuseport, "
	  "socket", take_socket, "PID:FD, a process and its descriptor" },
	{ CLI_PID, '\0', "pid", "PID", "uprobe, usdt, perf_event: of this process alone",
	  take_pid, "the number of a process" },
	{ CLI_CPU, '\0', "cpu", "N", "perf_event: on this CPU alone", take_cpu,
	  "the number of a CPU" },
	{ CLI_COOKIE, '\0', "cookie", "N", "what bpf_get_attach_cookie() answers", take_cookie,
	  "a number above 0, of 64 bits" },
	{ CLI_NOMOUNT, 'n', "nomount", NULL, "mount no bpffs, as ever", NULL, NULL },
	{ CLI_VERBOSE, 'd', "debug", NULL, "the same as --verbose", NULL, NULL },
	{ CLI_VERBOSE, 'v', "verbose", NULL, "say each step, and print the whole verifier log",
	  NULL, NULL },
	{ CLI_HELP, 'h', "help", NULL, "print this", NULL, NULL },
	{ CLI_VERSION, 'V', "version", NULL, "print the version", NULL, NULL },
};

enum {
	OPTIONS = sizeof(options) / sizeof(options[0]),
	HELP_AT = 24,
	MS_PER_S = 1000,
};

/* ---- values ---- */

/* Milliseconds of a unit; 0 when there is no such unit. */
static uint64_t unit_ms(const char *unit)
{
	static const struct {
		const char *name;
		uint64_t ms;
	} units[] = {
		{ "", MS_PER_S }, { "ms", 1 }, { "s", MS_PER_S }, { "m", 60 * MS_PER_S },
		{ "h", 60 * 60 * MS_PER_S },
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(units[i].name, unit) == 0)
			return units[i].ms;
	return 0;
}

/* Digits; false when there are none, or more than fit. */
static bool take_digits(const char **text, uint64_t *n)
{
	const char *s = *text;

	for (*n = 0; *s >= '0' && *s <= '9'; s++) {
		*n = *n * 10 + (uint64_t)(*s - '0');
		if (*n > UINT_MAX)
			return false;
	}
	if (s == *text)
		return false;
	*text = s;
	return true;
}

bool cli_time(const char *text, unsigned int *ms)
{
	uint64_t whole, part = 0, scale = 1, unit, sum;

	if (!take_digits(&text, &whole))
		return false;
	if (*text == '.') {
		const char *start = ++text;

		if (!take_digits(&text, &part))
			return false;
		for (; start < text; start++)
			scale *= 10;
	}
	unit = unit_ms(text);
	/* A fraction of many zeroes is short enough to pass as digits, but not to be scaled by. */
	if (!unit || scale > UINT_MAX)
		return false;
	sum = whole * unit + part * unit / scale;
	if (!sum || sum > UINT_MAX)
		return false;
	*ms = (unsigned int)sum;
	return true;
}

bool cli_count(const char *text, unsigned int *n)
{
	uint64_t count;

	if (!take_digits(&text, &count) || *text || !count)
		return false;
	*n = (unsigned int)count;
	return true;
}

/* ---- options ---- */

/* Where the words are, while they are taken. */
struct words {
	struct cli *cli;
	char *const *at;
	const struct cli_command *commands;
	size_t ncommands, nwords;
	const struct load_options *opt;
};

static const struct option *find_letter(char letter)
{
	for (size_t i = 0; i < OPTIONS; i++)
		if (letter && options[i].letter == letter)
			return &options[i];
	return NULL;
}

static const struct option *find_name(const char *name, size_t len)
{
	for (size_t i = 0; i < OPTIONS; i++)
		if (options[i].name && strlen(options[i].name) == len &&
		    memcmp(options[i].name, name, len) == 0)
			return &options[i];
	return NULL;
}

/* As a person writes it: the name, or the letter when that is all there is. */
static const char *spelling(const struct option *option, char buf[SPELLING])
{
	if (option->name)
		snprintf(buf, SPELLING, "--%s", option->name);
	else
		snprintf(buf, SPELLING, "-%c", option->letter);
	return buf;
}

/* Of bpftool: what they ask for is not done here, or not needed. */
static const char *why_no_option(const char *word)
{
	static const struct {
		const char *letter, *name, *why;
	} rows[] = {
		{ "-l", "--legacy", "objects are read as by libbpf 1.0" },
		{ "-m", "--mapcompat", "objects are read as by libbpf 1.0" },
		{ "-L", "--use-loader", "bpfload loads them itself" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!strcmp(word, rows[i].letter) || !strcmp(word, rows[i].name))
			return rows[i].why;
	return NULL;
}

static bool unknown_option(const struct words *w, const char *word)
{
	const char *why = why_no_option(word);
	char buf[ASM_NEAR_NAME], hint[ASM_NEAR_TEXT];
	struct asm_near near;

	if (why) {
		say_error(w->opt, NULL, "there is no option '%s': %s", word, why);
		return false;
	}
	asm_near_start(&near, word, strcspn(word, "="));
	for (size_t i = 0; i < OPTIONS && word[1] == '-'; i++) {
		const char *known = spelling(&options[i], buf);

		asm_near_offer(&near, known, strlen(known));
	}
	say_error(w->opt, NULL, "unknown option '%s'%s", word, asm_near_text(&near, hint));
	return false;
}

/* value NULL: the next word is the value, if the option takes one. */
static bool take_option(struct words *w, const struct option *option, const char *value)
{
	char buf[SPELLING];

	w->cli->seen |= option->bit;
	if (!option->value) {
		if (value)
			say_error(w->opt, NULL, "option '%s' takes no value",
				  spelling(option, buf));
		return !value;
	}
	if (!value)
		value = *w->at ? *w->at++ : NULL;
	if (!value)
		say_error(w->opt, NULL, "option '%s' needs a value: %s", spelling(option, buf),
			  option->wants);
	else if (!option->take(w->cli, value))
		say_error(w->opt, NULL, "option '%s': '%s' is not %s", spelling(option, buf), value,
			  option->wants);
	else
		return true;
	return false;
}

static bool take_long(struct words *w, const char *word)
{
	const char *name = word + 2, *equals = strchr(name, '=');
	size_t len = equals ? (size_t)(equals - name) : strlen(name);
	const struct option *option = find_name(name, len);

	if (!option)
		return unknown_option(w, word);
	return take_option(w, option, equals ? equals + 1 : NULL);
}

/* Letters may be joined; one that takes a value takes the rest of the word. */
static bool take_letters(struct words *w, const char *word)
{
	for (const char *s = word + 1; *s; s++) {
		const struct option *option = find_letter(*s);

		if (!option)
			return unknown_option(w, word);
		if (option->value)
			return take_option(w, option, s[1] ? s + 1 : NULL);
		if (!take_option(w, option, NULL))
			return false;
	}
	return true;
}

/* ---- words ---- */

static bool take_command(struct words *w, const char *word)
{
	char hint[ASM_NEAR_TEXT];
	struct asm_near near;

	asm_near_start(&near, word, strlen(word));
	for (size_t i = 0; i < w->ncommands; i++) {
		if (strcmp(w->commands[i].name, word) == 0) {
			w->cli->command = &w->commands[i];
			return true;
		}
		asm_near_offer(&near, w->commands[i].name, strlen(w->commands[i].name));
	}
	say_error(w->opt, NULL, "unknown command '%s'%s", word, asm_near_text(&near, hint));
	return false;
}

static bool take_word(struct words *w, const char *word)
{
	const struct cli_command *command = w->cli->command;
	bool runs = command && command->options & CLI_COMMAND;

	if (!command)
		return take_command(w, word);
	if (command->options & CLI_GRAMMAR) {
		w->cli->grammar[w->nwords++] = word;
		return true;
	}
	if (w->nwords == command->nwords) {
		say_error(w->opt, NULL, "'%s' is one word too many for '%s %s'%s", word,
			  command->name, command->words,
			  runs ? ": a command to run stands behind '--'" : "");
		return false;
	}
	w->cli->words[w->nwords++] = word;
	return true;
}

static bool take_run(struct words *w)
{
	w->cli->run = w->at;
	w->cli->seen |= CLI_COMMAND;
	if (!*w->at)
		say_error(w->opt, NULL, "no command behind '--'");
	return *w->at;
}

/* -5, where a command reads numbers: no option is a digit */
static bool is_number(const struct words *w, const char *word)
{
	const struct cli_command *command = w->cli->command;

	return command && command->options & CLI_GRAMMAR && word[1] >= '0' && word[1] <= '9';
}

static bool take_all(struct words *w)
{
	while (*w->at) {
		const char *word = *w->at++;
		bool taken;

		if (strcmp(word, "--") == 0)
			return take_run(w);
		if (word[0] != '-' || !word[1] || is_number(w, word))
			taken = take_word(w, word);
		else if (word[1] == '-')
			taken = take_long(w, word);
		else
			taken = take_letters(w, word);
		if (!taken)
			return false;
	}
	return true;
}

/* What only shows when all words have been seen. */
static bool complete(const struct words *w)
{
	const struct cli_command *command = w->cli->command;
	uint32_t odd;
	char buf[SPELLING];

	if (w->cli->seen & (CLI_HELP | CLI_VERSION))
		return true;
	if (!command) {
		say_error(w->opt, NULL, "no command given");
		return false;
	}
	if (w->nwords < command->nwords) {
		say_error(w->opt, NULL, "'%s' needs %s", command->name, command->words);
		return false;
	}
	odd = w->cli->seen & ~command->options;
	for (size_t i = 0; i < OPTIONS; i++)
		if (odd & options[i].bit)
			say_error(w->opt, NULL, "'%s' takes no option '%s'", command->name,
				  spelling(&options[i], buf));
	if (odd & CLI_COMMAND)
		say_error(w->opt, NULL, "'%s' runs no command", command->name);
	return !odd;
}

bool cli_parse(struct cli *cli, const struct cli_command *commands, size_t ncommands,
	       char *const *argv, const struct load_options *opt)
{
	struct words words = {
		.cli = cli, .at = argv + 1, .commands = commands, .ncommands = ncommands,
		.opt = opt,
	};
	size_t n = 0;

	memset(cli, 0, sizeof(*cli));
	while (argv[n])
		n++;
	cli->defines = calloc(n, sizeof(cli->defines[0]));
	cli->types = calloc(n, sizeof(cli->types[0]));
	cli->grammar = calloc(n, sizeof(cli->grammar[0]));
	if (!cli->defines || !cli->types || !cli->grammar) {
		say_error(opt, NULL, "%s", strerror(ENOMEM));
		return false;
	}
	return take_all(&words) && complete(&words);
}

void cli_free(struct cli *cli)
{
	free(cli->grammar);
	free(cli->types);
	free(cli->defines);
}

/* ---- usage ---- */

static void usage_line(FILE *f, const struct cli_command *command)
{
	char buf[SPELLING];

	fprintf(f, "  bpfload %s %s", command->name, command->words);
	for (size_t i = 0; i < OPTIONS; i++) {
		const struct option *option = &options[i];

		if (!(command->options & option->bit & ~(uint32_t)CLI_VERBOSE))
			continue;
		if (option->letter)
			fprintf(f, " [-%c", option->letter);
		else
			fprintf(f, " [%s", spelling(option, buf));
		fprintf(f, "%s%s]", option->value ? " " : "", option->value ? option->value : "");
	}
	fprintf(f, "%s\n      %s\n", command->options & CLI_COMMAND ? " [-- COMMAND ...]" : "",
		command->help);
}

static void usage_option(FILE *f, const struct option *option)
{
	const char *space = option->value ? " " : "", *value = option->value ? option->value : "";
	int at;

	if (option->name && option->letter)
		at = fprintf(f, "  -%c, --%s%s%s", option->letter, option->name, space, value);
	else if (option->name)
		at = fprintf(f, "  --%s%s%s", option->name, space, value);
	else
		at = fprintf(f, "  -%c%s%s", option->letter, space, value);
	fprintf(f, "%*s%s\n", HELP_AT - (at < 0 ? 0 : at), "", option->help);
}

void cli_usage(FILE *f, const struct cli_command *commands, size_t ncommands)
{
	fprintf(f, "usage: bpfload COMMAND ...\n\n");
	for (size_t i = 0; i < ncommands; i++)
		usage_line(f, &commands[i]);
	fprintf(f, "\n");
	for (size_t i = 0; i < OPTIONS; i++)
		usage_option(f, &options[i]);
}
