/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * words.h - the words of a command with bpftool's grammar, read one after the other.
 *
 * A keyword may be cut short, as bpftool takes it: "sh" is "show". What is wrong goes to the sink,
 * with what would have been right.
 */
#ifndef WORDS_H
#define WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct load_options;

struct words {
	const char *const *at;		/* what is left, NULL at the end */
	const char *command;		/* for messages: "map update" */
	const struct load_options *opt;
	bool wrong;			/* something of that was said: exit status 2 */
	char verb[32];			/* what command is from words_run() on */
};

/* Take the next word if it is this keyword. */
bool words_is(struct words *words, const char *keyword);

/* Take the next word; NULL, and said, when there is none. what: "a path". */
const char *words_take(struct words *words, const char *what);

/* Take a number from 0 to most, decimal or with 0x; false, and said, when it is none. */
bool words_number(struct words *words, const char *what, uint64_t most, uint64_t *out);

/* Nothing is left; false, and said, otherwise. */
bool words_end(struct words *words);

/* Say that the next word is none of these, which are separated by spaces, with the nearest one. */
void words_unknown(struct words *words, const char *keywords);

/*
 * Words of bpftool for what is not done here, and what to do instead. True, and said, when the next
 * word begins one of them; a row NULL ends them.
 */
struct words_refused {
	const char *word, *instead;
};
bool words_refuse(struct words *words, const struct words_refused *rows);

/*
 * Run the function whose keyword comes next, which is part of the command from there on; of a row
 * without one if none does. "help" says which there are, where that is no row. Exit status.
 */
struct words_verb {
	const char *keyword;	/* NULL: what is done without one */
	int (*run)(struct words *words, void *arg);
};
int words_run(struct words *words, const struct words_verb *verbs, size_t n, void *arg);

#endif
