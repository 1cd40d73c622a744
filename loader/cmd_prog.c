/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cmd_prog.c - bpfload prog: programs that are in the kernel. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "abi.h"
#include "cli.h"
#include "cmd.h"
#include "dump.h"
#include "json.h"
#include "load.h"
#include "loader.h"
#include "object.h"
#include "progload.h"
#include "progrun.h"
#include "say.h"
#include "words.h"
#include "show.h"
#include "metadata.h"
#include "sys.h"

/* ---- show ---- */

/* From nanoseconds since boot: seconds since 1970 in JSON, else local time. */
static void show_loaded(struct show *show, uint64_t ns)
{
	enum { NS = 1000000000 };
	struct timespec now = { 0 }, boot = { 0 };
	char text[64] = "?";
	struct tm tm;
	time_t at;

	clock_gettime(CLOCK_REALTIME, &now);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	at = now.tv_sec - boot.tv_sec + (now.tv_nsec - boot.tv_nsec + (int64_t)ns) / NS;
	if (show->json) {
		show_signed(show, "loaded_at", at);
		return;
	}
	if (localtime_r(&at, &tm))
		snprintf(text, sizeof(text), "%d-%02d-%02dT%02d:%02d:%02d%c%02ld%02ld",
			 1900 + tm.tm_year, 1 + tm.tm_mon, tm.tm_mday, tm.tm_hour, tm.tm_min,
			 tm.tm_sec, tm.tm_gmtoff < 0 ? '-' : '+', labs(tm.tm_gmtoff) / 3600,
			 labs(tm.tm_gmtoff) / 60 % 60);
	show_string(show, "loaded_at", text);
}

/* Their ids, to be freed; NULL when there is no memory. */
static uint32_t *read_maps(int fd, uint32_t *count)
{
	struct abi_prog_info info;
	uint32_t *ids = calloc((size_t)*count + 1, sizeof(*ids));

	memset(&info, 0, sizeof(info));
	info.nr_map_ids = *count;
	info.map_ids = abi_ptr(ids);
	if (!ids || !*count || object_info(fd, &info, sizeof(info)))
		*count = 0;
	else if (info.nr_map_ids < *count)
		*count = info.nr_map_ids;
	return ids;
}

static void show_device(struct show *show, const struct abi_prog_info *info)
{
	if (!info->ifindex)
		return;
	show_open(show, "dev", '{');
	show_number(show, "ifindex", info->ifindex);
	show_number(show, "ns_dev", info->netns_dev);
	show_number(show, "ns_inode", info->netns_ino);
	show_close(show, '}');
}

/* What names a program. */
static void show_title(struct show *show, int fd, const struct abi_prog_info *info)
{
	const struct asm_prog_type *type = asm_prog_type_number(info->type);
	char tag[2 * BPF_TAG_SIZE + 1], name[DUMP_NAME];

	for (size_t i = 0; i < BPF_TAG_SIZE; i++)
		snprintf(tag + 2 * i, 3, "%02x", info->tag[i]);
	show_head(show, info->id, type ? type->name : NULL, info->type);
	if (info->name[0]) {
		dump_name(fd, info, name);
		show_string(show, "name", name);
	}
	show_string(show, "tag", tag);
	show_flag(show, "gpl_compatible", info->gpl_compatible);
	if (info->run_time_ns) {
		show_number(show, "run_time_ns", info->run_time_ns);
		show_number(show, "run_cnt", info->run_cnt);
	}
	if (info->recursion_misses)
		show_number(show, "recursion_misses", info->recursion_misses);
}

static void show_rest(struct show *show, int fd, const struct abi_prog_info *info, bool orphaned)
{
	uint32_t nmaps = info->nr_map_ids, *maps = read_maps(fd, &nmaps);
	uint64_t memlock;

	show_device(show, info);
	show_line(show);
	if (info->load_time) {
		show_loaded(show, info->load_time);
		show_number(show, "uid", info->created_by_uid);
		show_line(show);
	}
	show_flag(show, "orphaned", orphaned);
	show_number(show, "bytes_xlated", info->xlated_prog_len);
	show_flag(show, "jited", info->jited_prog_len);
	if (info->jited_prog_len)
		show_number(show, "bytes_jited", info->jited_prog_len);
	if (object_fdinfo_own(fd, "memlock", &memlock))
		show_number(show, "bytes_memlock", memlock);
	if (nmaps)
		show_ids(show, "map_ids", maps, nmaps);
	if (info->btf_id)
		show_number(show, "btf_id", info->btf_id);
	show_holds(show, info->id);
	metadata_show(show, maps, nmaps);
	free(maps);
}

/* show_fn. ENODEV: the device that the program was made for is gone. */
static int show_prog(struct show *show, int fd)
{
	struct abi_prog_info info;
	int err;

	memset(&info, 0, sizeof(info));
	err = object_info(fd, &info, sizeof(info));
	if (err && err != -ENODEV) {
		say_error(show->opt, NULL, "program: %s", strerror(-err));
		return err;
	}
	show_open(show, NULL, '{');
	show_title(show, fd, &info);
	show_rest(show, fd, &info, err == -ENODEV);
	show_close(show, '}');
	show_done(show);
	return 0;
}

static int verb_show(struct words *words, void *arg)
{
	(void)words;
	return show_objects(arg, OBJECT_PROG, show_prog);
}

/* ---- dump ---- */

/* Options of a dump, in any order. */
static bool take_how(struct words *words, struct dump_how *how)
{
	static const struct words_refused refused[] = {
		{ "visual", "the instructions say where jumps go" }, { NULL, NULL },
	};

	while (*words->at) {
		if (words_is(words, "file")) {
			how->file = words_take(words, "a path");
			if (!how->file)
				return false;
		} else if (words_is(words, "opcodes")) {
			how->opcodes = true;
		} else if (words_is(words, "linum")) {
			how->linum = true;
		} else if (words_refuse(words, refused)) {
			return false;
		} else {
			words_unknown(words, "file opcodes linum");
			return false;
		}
	}
	return true;
}

/* Of several programs each one's title comes first. */
static int dump_all(struct show *show, const struct object_set *set, const struct dump_how *how)
{
	struct abi_prog_info info;
	int err = 0;

	if (set->n == 1)
		return dump_prog(show, set->fds[0], how);
	if (how->file) {
		say_error(show->opt, NULL, "there are %zu such programs, and one file: name one by "
			  "its id", set->n);
		return -EEXIST;
	}
	show_open(show, NULL, '[');
	for (size_t i = 0; i < set->n && !err; i++) {
		memset(&info, 0, sizeof(info));
		err = object_info(set->fds[i], &info, sizeof(info));
		show_open(show, NULL, '{');
		show_title(show, set->fds[i], &info);
		show_done(show);
		if (show->json)
			json_name(&show->w, "insns");
		if (!err)
			err = dump_prog(show, set->fds[i], how);
		show_close(show, '}');
	}
	show_close(show, ']');
	return err;
}

static int verb_dump(struct words *words, void *arg)
{
	struct dump_how how = { .jited = false };
	struct show *show = arg;
	struct object_set set;
	int err;

	if (words_is(words, "jited")) {
		how.jited = true;
	} else if (!words_is(words, "xlated")) {
		words_unknown(words, "xlated jited");
		return -EINVAL;
	}
	err = object_find(words, OBJECT_PROG, 0, &set);
	if (err)
		return err;
	err = take_how(words, &how) ? dump_all(show, &set, &how) : -EINVAL;
	object_set_free(&set);
	return err;
}

static int verb_pin(struct words *words, void *arg)
{
	return show_pin_verb(arg, words, OBJECT_PROG);
}

/* ---- attach and detach: to maps of sockets, and the flow dissector ---- */

static const struct {
	const char *word;
	enum bpf_attach_type type;
} attach_words[] = {
	{ "sk_msg_verdict",		BPF_SK_MSG_VERDICT },
	{ "sk_skb_verdict",		BPF_SK_SKB_VERDICT },
	{ "sk_skb_stream_verdict",	BPF_SK_SKB_STREAM_VERDICT },
	{ "sk_skb_stream_parser",	BPF_SK_SKB_STREAM_PARSER },
	{ "flow_dissector",		BPF_FLOW_DISSECTOR },
	{ "msg_verdict",		BPF_SK_MSG_VERDICT },
	{ "skb_verdict",		BPF_SK_SKB_VERDICT },
	{ "stream_verdict",		BPF_SK_SKB_STREAM_VERDICT },
	{ "stream_parser",		BPF_SK_SKB_STREAM_PARSER },
};

static bool take_attach_type(struct words *words, uint32_t *type)
{
	for (size_t i = 0; i < sizeof(attach_words) / sizeof(attach_words[0]); i++) {
		if (!*words->at || strcmp(*words->at, attach_words[i].word) != 0)
			continue;
		*type = attach_words[i].type;
		words->at++;
		return true;
	}
	words_unknown(words, "sk_msg_verdict sk_skb_verdict sk_skb_stream_verdict "
		      "sk_skb_stream_parser flow_dissector");
	say_note(words->opt, NULL, "'bpfload attach' is for events, functions and devices");
	return false;
}

/* PROG TYPE [MAP] */
static int attach_map(struct words *words, struct show *show, enum bpf_cmd cmd)
{
	struct abi_prog_attach attr;
	int fd, map = -1, err = -EINVAL;
	uint32_t type;

	fd = object_find_one(words, OBJECT_PROG, 0);
	if (fd < 0)
		return fd;
	if (!take_attach_type(words, &type))
		goto out;
	if (type != BPF_FLOW_DISSECTOR) {
		map = object_find_one(words, OBJECT_MAP, 0);
		if (map < 0)
			goto out;
	}
	if (!words_end(words))
		goto out;
	memset(&attr, 0, sizeof(attr));
	attr.target_fd = map < 0 ? 0 : (uint32_t)map;
	attr.attach_bpf_fd = (uint32_t)fd;
	attr.attach_type = type;
	err = sys_bpf((int)cmd, &attr, abi_end(struct abi_prog_attach, attach_flags));
	if (err)
		say_error(show->opt, NULL, "%s: %s", cmd == BPF_PROG_ATTACH ? "BPF_PROG_ATTACH" :
			  "BPF_PROG_DETACH", strerror(-err));
	else if (show->json)
		json_null(&show->w);
out:
	sys_close(map < 0 ? -1 : map);
	sys_close(fd);
	return err;
}

static int verb_attach(struct words *words, void *arg)
{
	return attach_map(words, arg, BPF_PROG_ATTACH);
}

static int verb_detach(struct words *words, void *arg)
{
	return attach_map(words, arg, BPF_PROG_DETACH);
}

/* ---- run-time statistics ---- */

/* Count for a while, then show the programs that ran, or the ones that are named. */
static int verb_stats(struct words *words, void *arg)
{
	struct show *show = arg;
	struct load_options opt = *show->opt;
	struct load load = { .opt = &opt };
	struct load_run run = {
		.duration_ms = show->cli->duration_ms, .command = show->cli->run,
		.out = show->out, .how = show->json ? LOAD_JSON : LOAD_TEXT,
	};
	struct abi_enable_stats attr;
	int fd, err;

	memset(&attr, 0, sizeof(attr));
	attr.type = BPF_STATS_RUN_TIME;
	fd = sys_bpf(BPF_ENABLE_STATS, &attr, sizeof(attr));
	if (fd < 0) {
		say_error(show->opt, NULL, "BPF_ENABLE_STATS: %s%s", strerror(-fd),
			  fd == -EINVAL ? ": that takes Linux 5.8; before it there is the sysctl "
			  "kernel.bpf_stats_enabled" : "");
		return fd;
	}
	err = load_run(&load, &run);
	if (err >= 0)
		err = show_objects(arg, OBJECT_PROG, show_prog);
	(void)words;
	sys_close(fd);
	return err;
}

/* ---- what others do ---- */

static int verb_profile(struct words *words, void *arg)
{
	(void)arg;
	say_error(words->opt, NULL, "'prog profile' reads hardware counters around each run of a "
		  "program, by two more programs, which is not done here: 'prog stats' tells how "
		  "often a program ran and for how long");
	return -EOPNOTSUPP;
}

static int trace_all(const struct cli *cli, const struct words *words)
{
	struct cli own = *cli;

	own.grammar = cli->grammar + (words->at - cli->grammar);
	return cmd_trace(&own, words->opt);
}

/* Streams of a program (6.17); without one it is the log of bpf_trace_printk(). */
static int verb_tracelog(struct words *words, void *arg)
{
	struct show *show = arg;
	struct abi_prog_stream_read attr;
	char text[512];
	int fd, n;

	if (!*words->at)
		return trace_all(show->cli, words);
	memset(&attr, 0, sizeof(attr));
	attr.stream_id = BPF_STREAM_STDOUT;
	if (words_is(words, "stderr")) {
		attr.stream_id = BPF_STREAM_STDERR;
	} else if (!words_is(words, "stdout")) {
		words_unknown(words, "stdout stderr");
		return -EINVAL;
	}
	fd = object_find_one(words, OBJECT_PROG, 0);
	if (fd < 0)
		return fd;
	attr.prog_fd = (uint32_t)fd;
	attr.stream_buf = abi_ptr(text);
	attr.stream_buf_len = sizeof(text);
	while ((n = sys_bpf(BPF_PROG_STREAM_READ_BY_FD, &attr, sizeof(attr))) > 0)
		fwrite(text, 1, (size_t)n, show->out);
	if (n)
		say_error(words->opt, NULL, "BPF_PROG_STREAM_READ_BY_FD: %s%s", strerror(-n),
			  n == -EINVAL ? ": programs have streams since Linux 6.17" : "");
	sys_close(fd);
	return n;
}

/* ---- the command ---- */

static int verb_run(struct words *words, void *arg)
{
	return progrun(arg, words);
}

enum { FIRST = false, ALL = true };	/* what progload() is told */

static int verb_load(struct words *words, void *arg)
{
	return progload(arg, words, FIRST);
}

static int verb_loadall(struct words *words, void *arg)
{
	return progload(arg, words, ALL);
}

int cmd_prog(const struct cli *cli, const struct load_options *opt)
{
	static const struct words_verb verbs[] = {
		{ NULL, verb_show }, { "show", verb_show }, { "list", verb_show },
		{ "dump", verb_dump }, { "pin", verb_pin }, { "run", verb_run },
		{ "load", verb_load }, { "loadall", verb_loadall },
		{ "attach", verb_attach }, { "detach", verb_detach }, { "stats", verb_stats },
		{ "tracelog", verb_tracelog }, { "profile", verb_profile },
	};
	struct show show;

	show_init(&show, cli, opt, "prog");
	return show_end(&show, words_run(&show.words, verbs, sizeof(verbs) / sizeof(verbs[0]),
					 &show));
}
