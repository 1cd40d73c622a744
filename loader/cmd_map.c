/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * cmd_map.c - `bpfload map`: the maps that are in the kernel, with the words and the JSON of
 * bpftool.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "abi.h"
#include "cli.h"
#include "loader.h"
#include "cmd.h"
#include "json.h"
#include "kbtf.h"
#include "kmap.h"
#include "map.h"
#include "mapdata.h"
#include "mapshow.h"
#include "object.h"
#include "say.h"
#include "sys.h"
#include "words.h"

enum { DONE, FAILED, WRONG };	/* exit status */

static int status(int err)
{
	return err ? FAILED : DONE;
}

/* With JSON what has nothing to say is null. */
static int done(struct mapshow *show, int err)
{
	if (!err && show->is_json) {
		json_null(&show->json);
		json_end(&show->json);
	}
	return status(err);
}

/* ---- looking ---- */

static int map_show(struct words *words, void *arg)
{
	struct object_set set = { .n = 0 };
	bool all = !*words->at;
	int err;

	if (!all && object_find(words, OBJECT_MAP, BPF_F_RDONLY, &set) != 0)
		return FAILED;
	if (!words_end(words)) {
		object_set_free(&set);
		return WRONG;
	}
	err = mapshow_info(arg, all ? NULL : &set, words->opt);
	object_set_free(&set);
	return status(err);
}

static int map_dump(struct words *words, void *arg)
{
	struct object_set set;
	int err;

	if (object_find(words, OBJECT_MAP, BPF_F_RDONLY, &set) != 0)
		return FAILED;
	if (!words_end(words)) {
		object_set_free(&set);
		return WRONG;
	}
	err = mapshow_dump(arg, &set, words->opt);
	object_set_free(&set);
	return status(err);
}

/* ---- one entry ---- */

/* What the commands for an entry have in common. */
struct entry {
	int cmd;		/* of bpf(2) */
	uint32_t open;		/* flags */
	uint32_t wants;		/* enum mapdata_parts, with a key */
	uint32_t keyless;	/* the same of maps without keys */
	bool shows;		/* the entry, when it was found */
};

static int entry_found(struct mapshow *show, struct kmap *kmap, int cmd, int err)
{
	if (err == -ENOENT && show->is_json)
		done(show, 0);
	if (err)
		return kmap_fail(kmap, cmd, err, BPF_ANY);
	mapshow_entry(show, kmap);
	return 0;
}

/* Do it to the one map and entry that the words name. */
static int entry_run(struct words *words, struct mapshow *show, const struct entry *entry)
{
	struct mapdata data = { .fd = -1 };
	struct kmap kmap;
	int ret = FAILED, err;

	if (kmap_take(&kmap, words, entry->open) != 0)
		goto out;
	kmap_types(&kmap);
	if (!mapdata_take(&data, words, &kmap,
			  kmap.info.key_size ? entry->wants : entry->keyless)) {
		ret = data.failed ? FAILED : WRONG;
		goto out;
	}
	err = map_elem(entry->cmd, kmap.fd, kmap.info.key_size ? kmap.key : NULL,
		       entry->cmd == BPF_MAP_DELETE_ELEM ? NULL : kmap.value, data.flags);
	if (entry->shows)
		ret = status(entry_found(show, &kmap, entry->cmd, err));
	else
		ret = done(show, err ? kmap_fail(&kmap, entry->cmd, err, data.flags) : 0);
out:
	sys_close(data.fd);
	kmap_close(&kmap);
	return ret;
}

static int map_lookup(struct words *words, void *arg)
{
	static const struct entry lookup = {
		.cmd = BPF_MAP_LOOKUP_ELEM, .open = BPF_F_RDONLY, .wants = MAPDATA_KEY,
		.keyless = MAPDATA_ASKED, .shows = true,
	};

	return entry_run(words, arg, &lookup);
}

static int map_update(struct words *words, void *arg)
{
	static const struct entry update = {
		.cmd = BPF_MAP_UPDATE_ELEM, .wants = MAPDATA_KEY | MAPDATA_VALUE | MAPDATA_FLAGS,
		.keyless = MAPDATA_VALUE | MAPDATA_FLAGS,
	};

	return entry_run(words, arg, &update);
}

static int map_delete(struct words *words, void *arg)
{
	static const struct entry delete = {
		.cmd = BPF_MAP_DELETE_ELEM, .wants = MAPDATA_KEY,
	};

	return entry_run(words, arg, &delete);
}

static int map_pop(struct words *words, void *arg)
{
	static const struct entry pop = {
		.cmd = BPF_MAP_LOOKUP_AND_DELETE_ELEM, .wants = MAPDATA_KEY, .shows = true,
	};

	return entry_run(words, arg, &pop);
}

static int map_getnext(struct words *words, void *arg)
{
	struct mapdata data = { .fd = -1 };
	uint8_t *next = NULL;
	struct kmap kmap;
	int ret = FAILED, err;
	bool from;

	if (kmap_take(&kmap, words, BPF_F_RDONLY) != 0)
		goto out;
	kmap_types(&kmap);
	ret = WRONG;
	from = *words->at && kmap.info.key_size;
	if (from ? !mapdata_take(&data, words, &kmap, MAPDATA_KEY) : !words_end(words))
		goto out;
	next = calloc(1, (size_t)kmap.info.key_size + 1);
	err = !next ? -ENOMEM : map_elem(BPF_MAP_GET_NEXT_KEY, kmap.fd, from ? kmap.key : NULL,
					 next, BPF_ANY);
	if (err)
		kmap_fail(&kmap, BPF_MAP_GET_NEXT_KEY, err, BPF_ANY);
	else
		mapshow_next(arg, &kmap, from, next);
	ret = status(err);
out:
	free(next);
	kmap_close(&kmap);
	return ret;
}

/* ---- the map itself ---- */

static int map_pin(struct words *words, void *arg)
{
	const char *path;
	struct kmap kmap;
	int ret = FAILED;

	if (kmap_take(&kmap, words, BPF_F_RDONLY) != 0)
		goto out;
	ret = WRONG;
	path = words_take(words, "a path");
	if (path && words_end(words))
		ret = done(arg, object_pin(words->opt, kmap.title, kmap.fd, path));
out:
	kmap_close(&kmap);
	return ret;
}

static int map_freeze(struct words *words, void *arg)
{
	struct kmap kmap;
	int ret = FAILED, err;

	if (kmap_take(&kmap, words, 0) != 0)
		goto out;
	ret = WRONG;
	if (!words_end(words))
		goto out;
	err = map_elem(BPF_MAP_FREEZE, kmap.fd, NULL, NULL, BPF_ANY);
	ret = done(arg, err ? kmap_fail(&kmap, BPF_MAP_FREEZE, err, BPF_ANY) : 0);
out:
	kmap_close(&kmap);
	return ret;
}

static int map_make(struct words *words, void *arg)
{
	struct mapdata_create create;
	int ret = WRONG;

	if (mapdata_create_take(&create, words))
		ret = done(arg, mapdata_create_run(&create, words->opt));
	sys_close(create.inner);
	return ret;
}

static int map_event_pipe(struct words *words, void *arg)
{
	(void)arg;
	say_error(words->opt, NULL, "'%s': `bpfload tail MAP` prints the records of a perf event "
		  "array, with their types", words->command);
	return WRONG;
}

int cmd_map(const struct cli *cli, const struct load_options *opt)
{
	/* in bpftool's order: the first that a word begins is meant */
	static const struct words_verb verbs[] = {
		{ "show", map_show }, { "list", map_show }, { "dump", map_dump },
		{ "update", map_update }, { "lookup", map_lookup },
		{ "getnext", map_getnext }, { "delete", map_delete }, { "pin", map_pin },
		{ "event_pipe", map_event_pipe }, { "create", map_make }, { "peek", map_lookup },
		{ "push", map_update }, { "enqueue", map_update }, { "pop", map_pop },
		{ "dequeue", map_pop }, { "freeze", map_freeze }, { NULL, map_show },
	};
	struct words words = { .at = cli->grammar, .command = "map", .opt = opt };
	struct mapshow show;

	mapshow_init(&show, cli->out, cli->seen & (CLI_JSON | CLI_PRETTY), cli->seen & CLI_PRETTY);
	show.pins = cli->seen & CLI_BPFFS;
	return words_run(&words, verbs, sizeof(verbs) / sizeof(verbs[0]), &show);
}
