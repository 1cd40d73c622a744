/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "cli.h"
#include "loader.h"
#include "object.h"
#include "say.h"
#include "session.h"
#include "stream.h"
#include "sys.h"
#include "words.h"
#include "why.h"

void session_close(struct session *s)
{
	load_close(s->load);
	load_facts_free(s->facts);
	asm_free(s->types);
	asm_free(s->obj);
	free(s->text);
	if (s->prog > 0)
		sys_close(s->prog);
}

static int read_file(struct session *s, const char *path, size_t *len,
		     const struct load_options *opt)
{
	int err = asm_read_file(path, &s->text, len);

	if (err) {
		s->text = NULL;
		say_error(opt, NULL, "cannot read '%s': %s", path, strerror(-err));
	}
	return err;
}

/* A text, or an ELF object, by how it begins. */
static int assemble(struct session *s, const char *name, const struct cli *cli, size_t len,
		    const struct load_options *opt)
{
	static const char elf[] = { '\177', 'E', 'L', 'F' };
	const char *path = strcmp(name, "-") == 0 ? "<stdin>" : name;
	struct asm_options how = {
		.cpu = asm_cpu_native(),
		.endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? ASM_BIG : ASM_LITTLE,
		.defines = cli->defines, .ndefines = cli->ndefines,
		.sink = opt->sink, .sink_arg = opt->sink_arg,
		.resolve = load_facts_resolve, .resolve_arg = s->facts,
	};

	if (len < sizeof(elf) || memcmp(s->text, elf, sizeof(elf)) != 0)
		s->obj = asm_assemble(path, s->text, len, &how);
	else
		s->obj = asm_read_elf(path, s->text, len, &how);
	return s->obj ? 0 : -EINVAL;
}

void session_raise_memlock(void)
{
	struct rlimit limit = { .rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY };

	if (why_kernel_before(ASM_KERNEL(5, 11)))
		(void)prlimit(0, RLIMIT_MEMLOCK, &limit, NULL);
}

int session_read(struct session *s, const char *path, const struct cli *cli,
		 const struct load_options *opt)
{
	size_t len = 0;
	int err;

	memset(s, 0, sizeof(*s));
	err = read_file(s, path, &len, opt);
	if (err)
		return err;
	s->facts = load_facts_new();
	if (!s->facts) {
		say_error(opt, NULL, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	session_raise_memlock();
	return assemble(s, path, cli, len, opt);
}

int session_where(const struct cli *cli, const struct load_options *opt, struct load_where *out)
{
	const char *const named[] = { cli->prog, NULL };
	struct words words = { .at = named, .command = "--prog", .opt = opt };
	int fd = cli->prog ? object_find_one(&words, OBJECT_PROG, 0) : 0;

	*out = (struct load_where){
		.dev = cli->dev, .cgroup = cli->cgroup, .netns = cli->netns, .hook = cli->hook,
		.prog = fd < 0 ? 0 : fd, .pid = cli->pid,
		.cpu = cli->seen & CLI_CPU ? &cli->cpu : NULL, .cookie = cli->cookie,
		.socket = cli->socket, .socket_pid = cli->socket_pid,
	};
	return fd < 0 ? fd : 0;
}

/* ---- types of records ---- */

/* The map of a MAP=TYPE, which is read as records; NULL, and said. */
static struct asm_map *typed_map(const struct session *s, const char *word,
				 const struct load_options *opt)
{
	size_t len = strcspn(word, "=");
	char hint[ASM_NEAR_TEXT];
	struct asm_near near;

	asm_near_start(&near, word, len);
	for (size_t i = 0; i < s->obj->nmaps; i++) {
		const char *name = s->obj->maps[i].name;

		if (!stream_is(&s->obj->maps[i]))
			continue;
		if (strlen(name) == len && memcmp(name, word, len) == 0)
			return &s->obj->maps[i];
		asm_near_offer(&near, name, strlen(name));
	}
	say_error(opt, NULL, "--type %s: there is no ring buffer or perf buffer of that name%s",
		  word, asm_near_text(&near, hint));
	return NULL;
}

/* btf_names: near ones */
static bool offer_type(void *near, const char *name)
{
	asm_near_offer(near, name, strlen(name));
	return true;
}

static bool typed_id(const struct session *s, const char *word, uint32_t *id,
		     const struct load_options *opt)
{
	static const enum asm_btf_kind kinds[] = { ASM_BTF_STRUCT, ASM_BTF_UNION, ASM_BTF_TYPEDEF,
						   ASM_BTF_INT };
	const char *name = strchr(word, '=') + 1;
	char hint[ASM_NEAR_TEXT];
	struct asm_near near;
	int32_t found = -ENOENT;

	if (!s->obj->btf) {
		say_error(opt, NULL, "--type %s: the file has no types; a text says by 'value' of "
			  ".map of which type records are", word);
		return false;
	}
	asm_near_start(&near, name, strlen(name));
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && found < 0; i++) {
		found = asm_btf_find(s->obj->btf, kinds[i], name);
		asm_btf_names(s->obj->btf, kinds[i], offer_type, &near);
	}
	if (found < 0)
		say_error(opt, NULL, "--type %s: the object has no such type%s", word,
			  asm_near_text(&near, hint));
	*id = (uint32_t)found;
	return found >= 0;
}

static int type_records(struct session *s, const struct cli *cli, uint32_t *ids,
			struct asm_typeref *refs, const struct load_options *opt)
{
	struct asm_map *map;

	for (size_t i = 0; i < cli->ntypes; i++)
		if (!typed_map(s, cli->types[i], opt) || !typed_id(s, cli->types[i], &ids[i], opt))
			return -EINVAL;
	s->types = asm_btf_layouts(s->obj->btf, ids, cli->ntypes, refs);
	for (size_t i = 0; s->types && i < cli->ntypes; i++) {
		if (!refs[i].type) {
			say_error(opt, NULL, "--type %s: records of it cannot be printed (a union, "
				  "a bit-field, or larger than any text has)", cli->types[i]);
			return -EINVAL;
		}
		map = typed_map(s, cli->types[i], opt);
		map->value = refs[i];
	}
	return s->types ? 0 : -ENOMEM;
}

/* Objects do not say of which type records are. */
static int session_types(struct session *s, const struct cli *cli, const struct load_options *opt)
{
	struct asm_typeref *refs = calloc(cli->ntypes + 1, sizeof(*refs));
	uint32_t *ids = calloc(cli->ntypes + 1, sizeof(*ids));
	int err = refs && ids ? 0 : -ENOMEM;

	if (!err && cli->ntypes)
		err = type_records(s, cli, ids, refs, opt);
	if (err == -ENOMEM)
		say_error(opt, NULL, "%s", strerror(ENOMEM));
	free(ids);
	free(refs);
	return err;
}

/* ---- loading ---- */

int session_load(struct session *s, const struct load_options *opt)
{
	struct load_options shared = *opt;

	shared.facts = s->facts;
	return load_open(s->obj, &shared, &s->load);
}

int session_open(struct session *s, const char *path, const struct cli *cli,
		 const struct load_options *opt)
{
	struct load_options placed = *opt;
	int err = session_read(s, path, cli, opt);

	if (!err)
		err = session_types(s, cli, opt);
	if (!err)
		err = session_where(cli, opt, &placed.where);
	s->prog = placed.where.prog;
	return err ? err : session_load(s, &placed);
}
