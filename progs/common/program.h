/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * program.h - what the user side of a program in progs/ does before and after its own work: its
 * options, from a text to attached programs, the end. Needs getopt.h, loader.h
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

struct program {
	const char *name;	/* stands before its messages */
	const char *usage;	/* all of it, printed as it is */
	struct load_options opt;
	struct load_run run;	/* as the options say */
	struct load_facts *facts;
	struct asm_object *obj;
	struct load *load;
};

/*
 * The options that every program has. A table of options begins with them and ends with zeros. The
 * letter t is d by another name, where a table has it.
 */
#define PROGRAM_OPTIONS \
	{ "duration", required_argument, NULL, 'd' }, { "json", no_argument, NULL, 'j' }, \
	{ "verbose", no_argument, NULL, 'v' }, { "help", no_argument, NULL, 'h' }

/* An option that the program has beside them. False: it does not take the value. */
typedef bool program_take(void *arg, int letter, const char *value);

/* Exit statuses; PROGRAM_GO: none yet. */
enum { PROGRAM_DONE, PROGRAM_FAILED, PROGRAM_USAGE, PROGRAM_GO = -1 };

/*
 * Read the command line: options, `nwords` words, and "-- COMMAND ..." into run.command. Returns
 * PROGRAM_GO, or the exit status when that was all. take NULL: there are no other options.
 * program_close() in either case.
 */
int program_start(struct program *p, char *const *argv, const struct option *options,
		  program_take *take, void *arg, size_t nwords, const char **words);

/* A text of the program into p->obj; what was there before is closed. 0 or -errno. */
int program_assemble(struct program *p, const char *file, const char *text);

/* A map of the text by name, which must be in it: its descriptor, and its row in *map. */
int program_map(const struct program *p, const char *name, const struct asm_map **map);

/* Give the program of that name in the text another section. The string must outlive p->obj. */
void program_move(struct program *p, const char *name, const char *section);

/* Load and attach p->obj. 0 or -errno. */
int program_attach(struct program *p);

__attribute__((format(printf, 2, 3)))
void program_error(const struct program *p, const char *format, ...);

/* Flush the output. The exit status, for what load_run() and the like returned. */
int program_end(struct program *p, int ret);
void program_close(struct program *p);

#endif
