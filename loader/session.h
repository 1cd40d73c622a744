/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* session.h - from a file to programs in the kernel, as commands want it. */
#ifndef SESSION_H
#define SESSION_H

struct asm_object;
struct cli;
struct load;
struct load_facts;
struct load_options;

/* A text, or an ELF object, with all that was made from it. */
struct session {
	char *text;
	struct asm_object *obj, *types;	/* types: those of --type; NULL: none */
	struct load_facts *facts;
	struct load *load;
	int prog;		/* of --prog; 0: none */
};

/*
 * Read and assemble a text, or read an ELF object, with the command line's -D. 0 or -errno, said;
 * session_close() in either case.
 */
int session_read(struct session *s, const char *path, const struct cli *cli,
		 const struct load_options *opt);

/* Load it. */
int session_load(struct session *s, const struct load_options *opt);

/*
 * Where the options of the command line say that programs belong. It must outlive the result, whose
 * prog is the caller's to close. 0 or -errno, said.
 */
int session_where(const struct cli *cli, const struct load_options *opt, struct load_where *out);

/* Both, at those places. */
int session_open(struct session *s, const char *path, const struct cli *cli,
		 const struct load_options *opt);
void session_close(struct session *s);

/*
 * Before Linux 5.11 maps and programs count as locked memory, of which 64 KiB are allowed. Where
 * this process may not raise that, or need not, nothing is lost: a call that fails for it says so.
 */
void session_raise_memlock(void);

#endif
