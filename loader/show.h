/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * show.h - what a command with bpftool's grammar says: JSON with bpftool's keys, or text.
 *
 * The same calls make both. In text a number is "KEY VALUE", a flag its KEY when it is set, and
 * show_line() goes on in the next line; in JSON that is nothing.
 */
#ifndef SHOW_H
#define SHOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum object_kind;
struct cli;
struct holds;
struct load_options;

/* A command at work. Needs cli.h, json.h, words.h */
struct show {
	struct words words;
	const struct cli *cli;
	const struct load_options *opt;
	FILE *out;
	bool json;
	struct json w;
	bool follows;		/* text stands before in the line */
	struct holds *holds;	/* in show_objects(): what keeps objects of the kind */
};

enum { SHOW_DONE, SHOW_FAILED, SHOW_USAGE };	/* exit statuses */

/* The words of the command line from the start; command: for messages, "prog". */
void show_init(struct show *show, const struct cli *cli, const struct load_options *opt,
	       const char *command);

/* The exit status of a command whose words were read: err is -errno, or of what it ran. */
int show_status(const struct words *words, int err);

/* The end of what was printed, or nothing of it. err: -errno or 0. Exit status. */
int show_end(struct show *show, int err);

/* An object or array; key NULL: it has none. Of these text has nothing. */
void show_open(struct show *show, const char *key, char bracket);
void show_close(struct show *show, char bracket);

void show_number(struct show *show, const char *key, uint64_t number);
void show_signed(struct show *show, const char *key, int64_t number);
void show_string(struct show *show, const char *key, const char *text);
void show_flag(struct show *show, const char *key, bool set);
void show_ids(struct show *show, const char *key, const uint32_t *ids, size_t n);

/* A word for a number, or, where word is NULL, the number. */
void show_word(struct show *show, const char *key, const char *word, uint64_t number);

/* The start of an object: "id": 5, "type": "xdp"; in text "5: xdp". */
void show_head(struct show *show, uint32_t id, const char *type, uint32_t number);

/* n bytes, as an array of "0x1f"; in text digits. */
void show_bytes(struct show *show, const char *key, const void *bytes, size_t n);

void show_line(struct show *show);	/* and a tab */
void show_done(struct show *show);	/* of an object in text: the line ends */

/*
 * Show the objects that the words name, or all; the function gets a descriptor, borrowed. Of all,
 * those that are gone meanwhile do not count. 0 or -errno, said.
 */
typedef int show_fn(struct show *show, int fd);
int show_objects(struct show *show, enum object_kind kind, show_fn *fn);

/*
 * In it: "pinned", where the object is on a bpffs, when that was asked for; "pids", the processes
 * that have a descriptor of it.
 */
void show_holds(struct show *show, uint32_t id);

/* OBJECT PATH: pin it. 0 or -errno, said. */
int show_pin_verb(struct show *show, struct words *words, enum object_kind kind);

/* The word of an attach type: "cgroup_inet_ingress". NULL: not known. Into SHOW_WORD bytes. */
enum { SHOW_WORD = 48 };
const char *show_attach_type(uint32_t type, char word[SHOW_WORD]);

/* "raw_tracepoint", of a link; NULL: not known. */
const char *show_link_type(uint32_t type);

#endif
