/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi.h"
#include "cli.h"
#include "json.h"
#include "loader.h"
#include "object.h"
#include "progrun.h"
#include "say.h"
#include "words.h"
#include "show.h"
#include "sys.h"

enum { OUT_BYTES = 32 * 1024, ROW = 16 };

/* Data, or the context: what goes in, and where what comes out goes. */
struct side {
	const char *key;		/* "data_out" */
	const char *in, *out;		/* paths, or NULL */
	uint64_t room;			/* 0: not given */
	char *given, *got;		/* owned */
	size_t given_len;
};

struct run {
	struct show *show;
	struct side data, ctx;
	struct abi_prog_info info;
	uint64_t repeat, cpu;
	bool on_cpu;
};

/* ---- words ---- */

static bool take_path(struct words *words, const char **path)
{
	*path = words_take(words, "a path, or - for standard input and output");
	return *path;
}

static bool take_side(struct run *r, struct words *words, bool ctx)
{
	struct side *side = ctx ? &r->ctx : &r->data;

	if (words_is(words, ctx ? "ctx_in" : "data_in"))
		return take_path(words, &side->in);
	if (words_is(words, ctx ? "ctx_out" : "data_out"))
		return take_path(words, &side->out);
	words->at++;
	return words_number(words, "a size", UINT32_MAX, &side->room);
}

/* A beginning that several words have in common is none of them. */
static bool take_one(struct run *r, struct words *words)
{
	static const char all[] = "data_in data_out data_size_out ctx_in ctx_out ctx_size_out "
				  "repeat cpu";
	static const char *const sides[] = {
		"data_in", "data_out", "data_size_out", "ctx_in", "ctx_out", "ctx_size_out",
	};
	const char *word = *words->at;
	size_t len = strlen(word);
	bool ctx = word[0] == 'c' && word[1] == 't';

	for (size_t i = 0; i < sizeof(sides) / sizeof(sides[0]); i++)
		if (len > strlen("data_") - ctx && !strncmp(sides[i], word, len))
			return take_side(r, words, ctx);
	if (words_is(words, "repeat"))
		return words_number(words, "a number of times", UINT32_MAX, &r->repeat);
	if (words_is(words, "cpu")) {
		r->on_cpu = true;
		return words_number(words, "a CPU", UINT32_MAX, &r->cpu);
	}
	words_unknown(words, all);
	return false;
}

static bool take_all(struct run *r, struct words *words)
{
	while (*words->at)
		if (!take_one(r, words))
			return false;
	if (!r->data.in || !r->ctx.in || strcmp(r->data.in, "-") || strcmp(r->ctx.in, "-"))
		return true;
	say_error(words->opt, NULL, "standard input cannot be both data_in and ctx_in");
	words->wrong = true;
	return false;
}

/* ---- data in and out ---- */

/* What comes out is asked for only with data that goes in, and where it is to go somewhere. */
static int side_open(const struct run *r, struct side *side)
{
	int err;

	if (!side->in)
		return 0;
	err = asm_read_file(side->in, &side->given, &side->given_len);
	if (err) {
		side->given = NULL;
		say_error(r->show->opt, NULL, "cannot read '%s': %s", side->in, strerror(-err));
		return err;
	}
	if (!side->out)
		return 0;
	side->room = side->room ? side->room : OUT_BYTES;
	side->got = calloc(1, side->room);
	return side->got ? 0 : -ENOMEM;
}

/* As xxd(1) does it: an offset, pairs of bytes, and what of them is text. */
static void print_bytes(FILE *f, const char *data, uint32_t len)
{
	for (uint32_t row = 0; row < len; row += ROW) {
		fprintf(f, "%07" PRIx32 "\t", row);
		for (uint32_t i = row; i < row + ROW; i++) {
			if (i < len)
				fprintf(f, "%02x", (uint8_t)data[i]);
			fprintf(f, "%s%s", i < len ? "" : "  ", i % 2 ? " " : "");
		}
		fputs("| ", f);
		for (uint32_t i = row; i < row + ROW && i < len; i++)
			fprintf(f, "%c%s", data[i] < ' ' || data[i] > '~' ? '.' : data[i],
				i == row + ROW / 2 - 1 ? " " : "");
		putc('\n', f);
	}
}

static void print_numbers(struct show *show, const char *key, const char *data, uint32_t len)
{
	show_open(show, key, '[');
	for (uint32_t i = 0; i < len; i++)
		json_number(&show->w, (uint8_t)data[i]);
	show_close(show, ']');
}

static int side_print(const struct run *r, const struct side *side, uint32_t len)
{
	enum { MODE = 0666 };
	int err;

	if (!side->out || !side->got)
		return 0;
	len = len < side->room ? len : (uint32_t)side->room;
	if (strcmp(side->out, "-") == 0) {
		if (r->show->json)
			print_numbers(r->show, side->key, side->got, len);
		else
			print_bytes(r->show->out, side->got, len);
		return 0;
	}
	err = sys_write_file(side->out, side->got, len, MODE);
	if (err)
		say_error(r->show->opt, NULL, "cannot write '%s': %s", side->out, strerror(-err));
	return err;
}

/* ---- the call ---- */

/* A program that makes system calls changes its context in place, and has nothing else. */
static void in_place(struct run *r, struct abi_prog_test_run *attr)
{
	size_t len = r->ctx.given_len < r->ctx.room ? r->ctx.given_len : r->ctx.room;

	if (r->info.type != BPF_PROG_TYPE_SYSCALL || !r->ctx.got)
		return;
	memcpy(r->ctx.got, r->ctx.given, len);
	attr->ctx_size_out = (uint32_t)len;
}

static int test_run(struct run *r, int fd, struct abi_prog_test_run *attr)
{
	bool out = r->info.type != BPF_PROG_TYPE_SYSCALL && r->ctx.got;

	memset(attr, 0, sizeof(*attr));
	attr->prog_fd = (uint32_t)fd;
	attr->data_in = abi_ptr(r->data.given);
	attr->data_size_in = (uint32_t)r->data.given_len;
	attr->data_out = abi_ptr(r->data.got);
	attr->data_size_out = r->data.got ? (uint32_t)r->data.room : 0;
	attr->ctx_in = abi_ptr(r->ctx.given);
	attr->ctx_size_in = (uint32_t)r->ctx.given_len;
	attr->ctx_out = out ? abi_ptr(r->ctx.got) : 0;
	attr->ctx_size_out = out ? (uint32_t)r->ctx.room : 0;
	attr->repeat = (uint32_t)r->repeat;
	attr->cpu = (uint32_t)r->cpu;
	attr->flags = r->on_cpu ? BPF_F_TEST_RUN_ON_CPU : 0;
	return sys_bpf(BPF_PROG_TEST_RUN, attr, abi_end(struct abi_prog_test_run, batch_size));
}

static void say_refused(const struct run *r, int err)
{
	const struct asm_prog_type *type = asm_prog_type_number(r->info.type);
	char why[192] = "";

	if (err == -EOPNOTSUPP)
		snprintf(why, sizeof(why), ": programs of type %s cannot be run so",
			 type ? type->name : "?");
	else if (err == -EINVAL && !r->data.in && r->info.type != BPF_PROG_TYPE_SYSCALL)
		snprintf(why, sizeof(why), ": without data_in, where the type wants a packet, of "
			 "14 bytes or more");
	else if (err == -EINVAL)
		snprintf(why, sizeof(why), ": data or context are not as programs of type %s take "
			 "them%s", type ? type->name : "?",
			 r->on_cpu ? ", or they are not run on a CPU of choice" : "");
	else if (err == -ENOSPC)
		snprintf(why, sizeof(why), ": what comes out does not fit: data_size_out gives "
			 "room");
	say_error(r->show->opt, NULL, "BPF_PROG_TEST_RUN: %s%s", strerror(-err), why);
}

static int print_result(struct run *r, const struct abi_prog_test_run *attr)
{
	struct show *show = r->show;
	int err;

	show_open(show, NULL, '{');
	err = side_print(r, &r->data, attr->data_size_out);
	if (!err)
		err = side_print(r, &r->ctx, attr->ctx_size_out);
	if (show->json) {
		show_number(show, "retval", attr->retval);
		show_number(show, "duration", attr->duration);
	} else {
		fprintf(show->out, "Return value: %" PRIu32 ", duration%s: %" PRIu32 "ns\n",
			attr->retval, r->repeat > 1 ? " (average)" : "", attr->duration);
	}
	show_close(show, '}');
	return err;
}

static void side_free(struct side *side)
{
	free(side->given);
	free(side->got);
}

int progrun(struct show *show, struct words *words)
{
	struct run r = {
		.show = show, .data.key = "data_out", .ctx.key = "ctx_out",
	};
	struct abi_prog_test_run attr;
	int fd = object_find_one(words, OBJECT_PROG, 0), err = -EINVAL;

	if (fd < 0)
		return fd;
	if (!take_all(&r, words))
		goto out;
	err = object_info(fd, &r.info, sizeof(r.info));
	if (!err)
		err = side_open(&r, &r.data);
	if (!err)
		err = side_open(&r, &r.ctx);
	if (err)
		goto out;
	err = test_run(&r, fd, &attr);
	if (!err)
		in_place(&r, &attr);
	if (err)
		say_refused(&r, err);
	else
		err = print_result(&r, &attr);
out:
	side_free(&r.data);
	side_free(&r.ctx);
	sys_close(fd);
	return err;
}
