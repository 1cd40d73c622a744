/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "json.h"
#include "load.h"
#include "loader.h"
#include "object.h"
#include "pin.h"
#include "progload.h"
#include "say.h"
#include "session.h"
#include "words.h"
#include "show.h"
#include "sys.h"

/* A map to be used in the place of one of the file. */
struct replaced {
	uint64_t index;
	const char *name;		/* NULL: it is named by its index */
	int fd;				/* owned */
};

struct how {
	const char *file, *path, *maps;	/* maps: a folder, or NULL */
	const struct asm_attach *type;	/* NULL: as the sections say */
	bool all, attach;
	struct replaced *replaced;	/* owned */
	size_t nreplaced;
};

/* ---- words ---- */

/* A section name, or the word that begins those of a kind. */
static bool take_type(struct words *words, struct how *how)
{
	const char *word = words_take(words, "a type, such as xdp or kprobe"), *target;
	char hint[ASM_NEAR_TEXT];
	struct asm_near near;
	size_t n;
	const struct asm_attach *rows = asm_attaches(&n);

	if (!word)
		return false;
	how->type = asm_attach_find(word, &target);
	if (how->type)
		return true;
	asm_near_start(&near, word, strlen(word));
	for (size_t i = 0; i < n; i++)
		asm_near_offer(&near, rows[i].section, strlen(rows[i].section));
	say_error(words->opt, NULL, "'%s' is no type of programs%s", word,
		  asm_near_text(&near, hint));
	words->wrong = true;
	return false;
}

/* idx N MAP or name NAME MAP */
static bool take_map(struct words *words, struct how *how)
{
	struct replaced *all = reallocarray(how->replaced, how->nreplaced + 1, sizeof(*all));
	struct replaced new = { .name = NULL };

	if (!all) {
		say_error(words->opt, NULL, "%s", strerror(ENOMEM));
		return false;
	}
	how->replaced = all;
	if (words_is(words, "idx")) {
		if (!words_number(words, "a number of a map", UINT32_MAX, &new.index))
			return false;
	} else if (words_is(words, "name")) {
		new.name = words_take(words, "a name of a map");
		if (!new.name)
			return false;
	} else {
		words_unknown(words, "idx name");
		return false;
	}
	new.fd = object_find_one(words, OBJECT_MAP, 0);
	if (new.fd < 0)
		return false;
	all[how->nreplaced++] = new;
	return true;
}

static bool take_how(struct words *words, struct how *how)
{
	static const char device[] = "programs are for this machine's CPU";
	static const struct words_refused refused[] = {
		{ "map", "'shared' maps (LIBBPF_PIN_BY_NAME) are what is pinned" },
		{ "dev", device }, { "offload_dev", device }, { "xdpmeta_dev", device },
		{ "kernel_btf", "the running kernel's are taken" }, { NULL, NULL },
	};

	how->file = words_take(words, "a file");
	how->path = how->file ? words_take(words, "a path to pin at") : NULL;
	while (how->path && *words->at) {
		if (words_is(words, "type")) {
			if (!take_type(words, how))
				return false;
		} else if (words_is(words, "map")) {
			if (!take_map(words, how))
				return false;
		} else if (words_is(words, "pinmaps")) {
			how->maps = words_take(words, "a folder");
			if (!how->maps)
				return false;
		} else if (words_is(words, "autoattach")) {
			how->attach = true;
		} else if (words_refuse(words, refused)) {
			return false;
		} else {
			words_unknown(words, "type map pinmaps autoattach");
			return false;
		}
	}
	return how->path;
}

/* ---- pins ---- */

/* What is pinned at one path. */
struct pins {
	const struct load_options *opt;
	const char *what, *folder;	/* folder NULL: name is the path */
	const char *name;
	int *fds;
	size_t n;
};

static int path_of(const struct pins *pins, char *path)
{
	int len = pins->folder ? snprintf(path, PATH_MAX, "%s/%s", pins->folder, pins->name) :
				 snprintf(path, PATH_MAX, "%s", pins->name);

	return len < 0 || len >= PATH_MAX ? -ENAMETOOLONG : 0;
}

static int pin(const struct pins *pins)
{
	char path[PATH_MAX];
	int err = path_of(pins, path);

	return err ? err : pin_at(pins->opt, pins->what, pins->fds, pins->n, path);
}

static void unpin(const struct pins *pins)
{
	char path[PATH_MAX];

	if (path_of(pins, path) == 0)
		pin_remove(path, pins->n);
}

/* All or none. */
static int pin_all(const struct pins *pins, size_t n)
{
	size_t done = 0;
	int err = 0;

	while (done < n && !err) {
		err = pin(&pins[done]);
		done += !err;
	}
	while (err && done > 0)
		unpin(&pins[--done]);
	return err;
}

/* A program that autoattach attached is pinned by its links. */
static int list_prog(const struct load *load, const struct how *how, size_t i, struct pins *pins)
{
	struct load_prog *prog = &load->progs[i];
	bool links = how->attach && prog->nlinks;

	*pins = (struct pins){
		.opt = load->opt, .what = links ? "link of program" : "program",
		.folder = how->all ? how->path : NULL,
		.name = how->all ? prog->func->name : how->path,
		.n = links ? prog->nlinks : 1,
	};
	pins->fds = calloc(pins->n, sizeof(*pins->fds));
	if (!pins->fds)
		return -ENOMEM;
	for (size_t j = 0; j < pins->n; j++)
		pins->fds[j] = links ? prog->links[j].fd : prog->fd;
	return 0;
}

static int list_map(const struct load *load, const struct how *how, size_t i, struct pins *pins)
{
	const struct asm_map *map = load->maps[i].map;

	*pins = (struct pins){
		/* a bpffs takes no '.' at the front of .rodata */
		.opt = load->opt, .what = "map", .folder = how->maps,
		.name = map->name + (map->name[0] == '.'), .n = 1,
	};
	pins->fds = malloc(sizeof(*pins->fds));
	if (!pins->fds)
		return -ENOMEM;
	*pins->fds = load->maps[i].fd;
	return 0;
}

static int pin_loaded(const struct load *load, const struct how *how)
{
	size_t progs = how->all ? load->nprogs : 1, maps = how->maps ? load->nmaps : 0, n = 0;
	struct pins *pins = calloc(progs + maps, sizeof(*pins));
	int err = pins ? 0 : -ENOMEM;

	for (size_t i = 0; i < progs && !err; i++)
		err = list_prog(load, how, i, &pins[n++]);
	for (size_t i = 0; i < maps && !err; i++)
		err = list_map(load, how, i, &pins[n++]);
	if (err)
		say_error(load->opt, NULL, "%s", strerror(-err));
	else
		err = pin_all(pins, n);
	while (n > 0)
		free(pins[--n].fds);
	free(pins);
	return err;
}

/* ---- loading ---- */

static void set_type(struct asm_object *obj, const struct asm_attach *type)
{
	for (size_t i = 0; i < obj->nfuncs; i++) {
		if (!obj->funcs[i].section)
			continue;
		obj->funcs[i].attach = type;
		obj->funcs[i].target = "";
	}
}

/* bpftool counts the maps of .maps, or of the text, then variables, then structures. */
static unsigned int rank_of(const struct asm_map *map)
{
	return map->ops ? 2 : map->data ? 1 : 0;
}

static uint64_t index_of(const struct asm_object *obj, const struct asm_map *map)
{
	uint64_t index = 0;

	for (const struct asm_map *other = obj->maps; other < obj->maps + obj->nmaps; other++)
		index += rank_of(other) < rank_of(map) ||
			 (rank_of(other) == rank_of(map) && other < map);
	return index;
}

static bool is_replaced(const struct asm_object *obj, const struct asm_map *map,
			const struct replaced *by)
{
	if (!by->name)
		return index_of(obj, map) == by->index;
	return strcmp(by->name, map->name) == 0 ||
	       (map->symbol && strcmp(by->name, map->symbol) == 0);
}

/* Which maps of the file are not to be made. */
static int replace_maps(const struct asm_object *obj, const struct how *how,
			const struct load_options *opt, int *maps)
{
	for (size_t i = 0; i < how->nreplaced; i++) {
		const struct replaced *by = &how->replaced[i];
		size_t j = 0;

		while (j < obj->nmaps && !is_replaced(obj, &obj->maps[j], by))
			j++;
		if (j == obj->nmaps && by->name)
			say_error(opt, NULL, "'%s' has no map '%s'", how->file, by->name);
		else if (j == obj->nmaps)
			say_error(opt, NULL, "'%s' has no map %" PRIu64 ": it has %zu", how->file,
				  by->index, obj->nmaps);
		if (j == obj->nmaps)
			return -ENOENT;
		maps[j] = by->fd;
	}
	return 0;
}

static int load_replaced(struct session *s, const struct load_options *opt, const struct how *how)
{
	int *maps = calloc(s->obj->nmaps + 1, sizeof(*maps)), err = -ENOMEM;
	struct load_options with = *opt;

	with.maps = maps;
	if (maps)
		err = replace_maps(s->obj, how, opt, maps);
	else
		say_error(opt, NULL, "%s", strerror(ENOMEM));
	if (!err)
		err = session_load(s, &with);
	free(maps);
	return err;
}

static int load_file(struct session *s, struct show *show, const struct how *how)
{
	int err = session_read(s, how->file, show->cli, show->opt);

	if (err)
		return err;
	if (how->type)
		set_type(s->obj, how->type);
	err = load_replaced(s, show->opt, how);
	if (!err && how->attach)
		err = load_attach(s->load);
	return err ? err : pin_loaded(s->load, how);
}

int progload(struct show *show, struct words *words, bool all)
{
	struct how how = { .all = all };
	struct session s;
	int err = -EINVAL;

	if (take_how(words, &how)) {
		err = load_file(&s, show, &how);
		session_close(&s);
	}
	for (size_t i = 0; i < how.nreplaced; i++)
		sys_close(how.replaced[i].fd);
	free(how.replaced);
	if (!err && show->json)
		json_null(&show->w);
	return err;
}
