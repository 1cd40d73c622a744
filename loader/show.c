/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "abi.h"
#include "cli.h"
#include "json.h"
#include "loader.h"
#include "object.h"
#include "holds.h"
#include "pin.h"
#include "say.h"
#include "sys.h"
#include "value.h"
#include "words.h"
#include "show.h"

void show_init(struct show *show, const struct cli *cli, const struct load_options *opt,
	       const char *command)
{
	memset(show, 0, sizeof(*show));
	show->words = (struct words){ .at = cli->grammar, .command = command, .opt = opt };
	show->cli = cli;
	show->opt = opt;
	show->out = cli->out;
	show->json = cli->seen & (CLI_JSON | CLI_PRETTY);
	json_init(&show->w, cli->out, cli->seen & CLI_PRETTY);
}

int show_status(const struct words *words, int err)
{
	if (words->wrong)
		return SHOW_USAGE;
	return err < 0 ? SHOW_FAILED : err;
}

int show_end(struct show *show, int err)
{
	if (show->json && show->w.follows)
		json_end(&show->w);
	return show_status(&show->words, err);
}

/* ---- values ---- */

/* What stands before a value; false: it is text. */
static bool show_key(struct show *show, const char *key)
{
	if (show->json) {
		if (key)
			json_name(&show->w, key);
		return true;
	}
	fprintf(show->out, "%s%s%s", show->follows ? "  " : "", key ? key : "", key ? " " : "");
	show->follows = true;
	return false;
}

void show_open(struct show *show, const char *key, char bracket)
{
	if (!show->json)
		return;
	if (key)
		json_name(&show->w, key);
	json_open(&show->w, bracket);
}

void show_close(struct show *show, char bracket)
{
	if (show->json)
		json_close(&show->w, bracket);
}

void show_number(struct show *show, const char *key, uint64_t number)
{
	if (show_key(show, key))
		json_number(&show->w, number);
	else
		fprintf(show->out, "%" PRIu64, number);
}

void show_signed(struct show *show, const char *key, int64_t number)
{
	if (show_key(show, key))
		json_signed(&show->w, number);
	else
		fprintf(show->out, "%" PRId64, number);
}

void show_string(struct show *show, const char *key, const char *text)
{
	if (show_key(show, key))
		json_string(&show->w, text);
	else
		value_print_text(show->out, LOAD_TEXT, text, strlen(text));
}

void show_flag(struct show *show, const char *key, bool set)
{
	if (show->json) {
		json_name(&show->w, key);
		json_bool(&show->w, set);
	} else if (set) {
		show_string(show, NULL, key);
	}
}

void show_word(struct show *show, const char *key, const char *word, uint64_t number)
{
	if (word)
		show_string(show, key, word);
	else
		show_number(show, key, number);
}

void show_ids(struct show *show, const char *key, const uint32_t *ids, size_t n)
{
	bool json = show_key(show, key);

	show_open(show, NULL, '[');
	for (size_t i = 0; i < n; i++) {
		if (json)
			json_number(&show->w, ids[i]);
		else
			fprintf(show->out, "%s%" PRIu32, i ? "," : "", ids[i]);
	}
	show_close(show, ']');
}

void show_bytes(struct show *show, const char *key, const void *bytes, size_t n)
{
	bool json = show_key(show, key);
	const uint8_t *at = bytes;

	show_open(show, NULL, '[');
	for (size_t i = 0; i < n; i++) {
		if (json)
			json_value(&show->w);
		fprintf(show->out, json ? "\"0x%02x\"" : "%02x", at[i]);
	}
	show_close(show, ']');
}

void show_head(struct show *show, uint32_t id, const char *type, uint32_t number)
{
	if (show->json) {
		json_name_number(&show->w, "id", id);
		show_word(show, "type", type, number);
		return;
	}
	fprintf(show->out, "%" PRIu32 ": ", id);
	show_word(show, type ? NULL : "type", type, number);
}

void show_line(struct show *show)
{
	if (!show->json)
		fputs("\n\t", show->out);
	show->follows = false;
}

void show_done(struct show *show)
{
	if (!show->json)
		putc('\n', show->out);
	show->follows = false;
}

const char *show_attach_type(uint32_t type, char word[SHOW_WORD])
{
	static const char *const names[] = {
#define ATTACH_TYPE(number, name, since) [number] = #name,
#include "../asm/tables/attach_type.def"
#undef ATTACH_TYPE
	};
	size_t i;

	if (type >= sizeof(names) / sizeof(names[0]))
		return NULL;
	for (i = 0; names[type][i] && i < SHOW_WORD - 1; i++)
		word[i] = (char)tolower((unsigned char)names[type][i]);
	word[i] = '\0';
	return word;
}

const char *show_link_type(uint32_t type)
{
	static const char *const types[] = {
		[BPF_LINK_TYPE_RAW_TRACEPOINT] = "raw_tracepoint",
		[BPF_LINK_TYPE_TRACING] = "tracing", [BPF_LINK_TYPE_CGROUP] = "cgroup",
		[BPF_LINK_TYPE_ITER] = "iter", [BPF_LINK_TYPE_NETNS] = "netns",
		[BPF_LINK_TYPE_XDP] = "xdp", [BPF_LINK_TYPE_PERF_EVENT] = "perf_event",
		[BPF_LINK_TYPE_KPROBE_MULTI] = "kprobe_multi",
		[BPF_LINK_TYPE_STRUCT_OPS] = "struct_ops",
		[BPF_LINK_TYPE_NETFILTER] = "netfilter", [BPF_LINK_TYPE_TCX] = "tcx",
		[BPF_LINK_TYPE_UPROBE_MULTI] = "uprobe_multi",
		[BPF_LINK_TYPE_NETKIT] = "netkit", [BPF_LINK_TYPE_SOCKMAP] = "sockmap",
		[BPF_LINK_TYPE_TRACING_MULTI] = "tracing_multi",
	};

	return type < sizeof(types) / sizeof(types[0]) ? types[type] : NULL;
}

/* ---- objects ---- */

static int say_failed(struct show *show, enum object_kind kind, uint32_t id, int err)
{
	if (id)
		say_error(show->opt, NULL, "%s %" PRIu32 ": %s", object_word(kind), id,
			  strerror(-err));
	else
		say_error(show->opt, NULL, "cannot list the %ss: %s%s", object_word(kind),
			  strerror(-err), err == -EPERM ? ": that takes CAP_SYS_ADMIN" : "");
	return err;
}

static int show_all(struct show *show, enum object_kind kind, show_fn *fn)
{
	int err = 0, next, fd;
	uint32_t id = 0;

	show_open(show, NULL, '[');
	while (!err && !(next = object_next(kind, id, &id))) {
		fd = object_open_id(kind, id, 0);
		if (fd == -ENOENT)
			continue;
		err = fd < 0 ? say_failed(show, kind, id, fd) : fn(show, fd);
		sys_close(fd < 0 ? -1 : fd);
	}
	if (!err && next != -ENOENT)
		err = say_failed(show, kind, 0, next);
	show_close(show, ']');
	return err;
}

static int show_some(struct show *show, enum object_kind kind, show_fn *fn)
{
	struct object_set set;
	int err = object_find(&show->words, kind, 0, &set);

	if (err)
		return err;
	if (!words_end(&show->words))
		err = -EINVAL;
	if (set.n > 1)
		show_open(show, NULL, '[');
	for (size_t i = 0; i < set.n && !err; i++)
		err = fn(show, set.fds[i]);
	if (set.n > 1)
		show_close(show, ']');
	object_set_free(&set);
	return err;
}

int show_objects(struct show *show, enum object_kind kind, show_fn *fn)
{
	struct holds holds = { .n = 0 };
	int err;

	if (show->cli->seen & CLI_BPFFS)
		holds_pins(&holds, kind);
	holds_procs(&holds, kind);
	show->holds = &holds;
	err = *show->words.at ? show_some(show, kind, fn) : show_all(show, kind, fn);
	holds_free(&holds);
	return err;
}

int show_pin_verb(struct show *show, struct words *words, enum object_kind kind)
{
	int fd = object_find_one(words, kind, 0), err = fd;
	const char *path;

	if (fd < 0)
		return err;
	path = words_take(words, "a path");
	err = path && words_end(words) ? pin_at(show->opt, object_word(kind), &fd, 1, path) :
					 -EINVAL;
	if (!err && show->json)
		json_null(&show->w);
	sys_close(fd);
	return err;
}

void show_holds(struct show *show, uint32_t id)
{
	struct json *json = show->json ? &show->w : NULL;

	holds_show_pins(show->holds, id, json, show->out);
	holds_show_procs(show->holds, id, json, show->out);
}
