/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cmd_btf.c - bpfload btf: the type data of the kernel, of programs and maps, and of files. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "abi.h"
#include "array.h"
#include "cli.h"
#include "cmd.h"
#include "json.h"
#include "loader.h"
#include "kbtf.h"
#include "object.h"
#include "say.h"
#include "words.h"
#include "show.h"
#include "sys.h"

/* ---- list ---- */

/* The type data that an object uses, and its id. */
struct use {
	uint32_t btf, id;
};

struct uses {
	struct use *at;
	size_t n, room;
};

static int uses_add(struct uses *uses, enum object_kind kind, uint32_t id)
{
	struct abi_prog_info prog;
	struct abi_map_info map;
	int fd = object_open_id(kind, id, kind == OBJECT_MAP ? BPF_F_RDONLY : 0), err;
	struct use *at;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	memset(&prog, 0, sizeof(prog));
	memset(&map, 0, sizeof(map));
	err = kind == OBJECT_MAP ? object_info(fd, &map, sizeof(map)) :
				   object_info(fd, &prog, sizeof(prog));
	sys_close(fd);
	if (err || !(prog.btf_id | map.btf_id))
		return err;
	at = array_grow(uses->at, &uses->room, uses->n + 1, sizeof(*at));
	if (!at)
		return -ENOMEM;
	uses->at = at;
	uses->at[uses->n++] = (struct use){ prog.btf_id | map.btf_id, id };
	return 0;
}

static int uses_find(struct uses *uses, enum object_kind kind)
{
	uint32_t id = 0;
	int err = 0;

	while (!err && !(err = object_next(kind, id, &id)))
		err = uses_add(uses, kind, id);
	return err == -ENOENT ? 0 : err;
}

/* In JSON always, in text when there are any. */
static void show_uses(struct show *show, const char *key, const struct uses *uses, uint32_t btf)
{
	uint32_t *ids = calloc(uses->n + 1, sizeof(*ids));
	size_t n = 0;

	for (size_t i = 0; ids && i < uses->n; i++)
		if (uses->at[i].btf == btf)
			ids[n++] = uses->at[i].id;
	if (n || show->json)
		show_ids(show, key, ids, n);
	free(ids);
}

struct list {
	struct show show;	/* the first member: a show_fn gets it */
	struct uses progs, maps;
};

/* show_fn */
static int show_btf(struct show *show, int fd)
{
	const struct list *list = (const struct list *)(const void *)show;
	struct abi_btf_info info;
	char name[KBTF_NAME], text[80];
	int err = kbtf_info(fd, &info, name);

	if (err) {
		say_error(show->opt, NULL, "btf: %s", strerror(-err));
		return err;
	}
	show_open(show, NULL, '{');
	if (show->json) {
		show_number(show, "id", info.id);
	} else {
		snprintf(text, sizeof(text), info.kernel_btf ? "[%s]" : "%s",
			 name[0] ? name : "<anon>");
		fprintf(show->out, "%" PRIu32 ": ", info.id);
		show_string(show, "name", text);
	}
	show_number(show, "size", info.btf_size);
	show_uses(show, "prog_ids", &list->progs, info.id);
	show_uses(show, "map_ids", &list->maps, info.id);
	show_holds(show, info.id);
	if (show->json) {
		show_flag(show, "kernel", info.kernel_btf);
		if (name[0])
			show_string(show, "name", name);
	}
	show_close(show, '}');
	show_done(show);
	return 0;
}

static int verb_show(struct words *words, void *arg)
{
	struct list *list = arg;
	int err = uses_find(&list->progs, OBJECT_PROG);

	(void)words;
	if (!err)
		err = uses_find(&list->maps, OBJECT_MAP);
	if (err)
		say_error(list->show.opt, NULL, "cannot list what uses type data: %s",
			  strerror(-err));
	else
		err = show_objects(&list->show, OBJECT_BTF, show_btf);
	free(list->progs.at);
	free(list->maps.at);
	return err;
}

/* ---- dump: rows of what each kind tells ---- */

/* Where a number of a type is, or of one of its parts. */
enum place {
	ARG,		/* its size, or the type it is made of */
	VLEN,
	WORD,		/* a word behind the common part, or of a part */
	NAME,		/* a word is the place of a name */
	NUMBER,		/* a word that is signed where the type says so */
	WIDE,		/* the same of two words */
	BITS, BIT_OFFSET, ENCODING,	/* of an integer */
	MEMBER_BIT, MEMBER_BITS,
	SIGNED,		/* SIGNED or UNSIGNED */
	LINKAGE,	/* of a variable, in a word */
	FUNC_LINKAGE,
	FWD,
	SIGNED_WORD,
};

struct row {
	uint8_t kind;
	uint8_t place;		/* enum place */
	uint8_t word;
	bool part;		/* of each part */
	const char *key;
};

static const struct row rows[] = {
	{ ASM_BTF_INT, ARG, 0, false, "size" },
	{ ASM_BTF_INT, BIT_OFFSET, 0, false, "bits_offset" },
	{ ASM_BTF_INT, BITS, 0, false, "nr_bits" },
	{ ASM_BTF_INT, ENCODING, 0, false, "encoding" },
	{ ASM_BTF_PTR, ARG, 0, false, "type_id" },
	{ ASM_BTF_CONST, ARG, 0, false, "type_id" },
	{ ASM_BTF_VOLATILE, ARG, 0, false, "type_id" },
	{ ASM_BTF_RESTRICT, ARG, 0, false, "type_id" },
	{ ASM_BTF_TYPEDEF, ARG, 0, false, "type_id" },
	{ ASM_BTF_TYPE_TAG, ARG, 0, false, "type_id" },
	{ ASM_BTF_ARRAY, WORD, 0, false, "type_id" },
	{ ASM_BTF_ARRAY, WORD, 1, false, "index_type_id" },
	{ ASM_BTF_ARRAY, WORD, 2, false, "nr_elems" },
	{ ASM_BTF_STRUCT, ARG, 0, false, "size" },
	{ ASM_BTF_STRUCT, VLEN, 0, false, "vlen" },
	{ ASM_BTF_STRUCT, NAME, 0, true, "name" },
	{ ASM_BTF_STRUCT, WORD, 1, true, "type_id" },
	{ ASM_BTF_STRUCT, MEMBER_BIT, 2, true, "bits_offset" },
	{ ASM_BTF_STRUCT, MEMBER_BITS, 2, true, "bitfield_size" },
	{ ASM_BTF_ENUM, SIGNED, 0, false, "encoding" },
	{ ASM_BTF_ENUM, ARG, 0, false, "size" },
	{ ASM_BTF_ENUM, VLEN, 0, false, "vlen" },
	{ ASM_BTF_ENUM, NAME, 0, true, "name" },
	{ ASM_BTF_ENUM, NUMBER, 1, true, "val" },
	{ ASM_BTF_ENUM64, SIGNED, 0, false, "encoding" },
	{ ASM_BTF_ENUM64, ARG, 0, false, "size" },
	{ ASM_BTF_ENUM64, VLEN, 0, false, "vlen" },
	{ ASM_BTF_ENUM64, NAME, 0, true, "name" },
	{ ASM_BTF_ENUM64, WIDE, 1, true, "val" },
	{ ASM_BTF_FWD, FWD, 0, false, "fwd_kind" },
	{ ASM_BTF_FUNC, ARG, 0, false, "type_id" },
	{ ASM_BTF_FUNC, FUNC_LINKAGE, 0, false, "linkage" },
	{ ASM_BTF_FUNC_PROTO, ARG, 0, false, "ret_type_id" },
	{ ASM_BTF_FUNC_PROTO, VLEN, 0, false, "vlen" },
	{ ASM_BTF_FUNC_PROTO, NAME, 0, true, "name" },
	{ ASM_BTF_FUNC_PROTO, WORD, 1, true, "type_id" },
	{ ASM_BTF_VAR, ARG, 0, false, "type_id" },
	{ ASM_BTF_VAR, LINKAGE, 0, false, "linkage" },
	{ ASM_BTF_DATASEC, ARG, 0, false, "size" },
	{ ASM_BTF_DATASEC, VLEN, 0, false, "vlen" },
	{ ASM_BTF_DATASEC, WORD, 0, true, "type_id" },
	{ ASM_BTF_DATASEC, WORD, 1, true, "offset" },
	{ ASM_BTF_DATASEC, WORD, 2, true, "size" },
	{ ASM_BTF_FLOAT, ARG, 0, false, "size" },
	{ ASM_BTF_DECL_TAG, ARG, 0, false, "type_id" },
	{ ASM_BTF_DECL_TAG, SIGNED_WORD, 0, false, "component_idx" },
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

/* A kind: its word, what its parts are called, and the words of each. */
static const struct {
	const char *word, *parts;
	uint8_t each;
} kinds[] = {
	[0] = { "UNKNOWN", NULL, 0 },
	[ASM_BTF_INT] = { "INT", NULL, 0 }, [ASM_BTF_PTR] = { "PTR", NULL, 0 },
	[ASM_BTF_ARRAY] = { "ARRAY", NULL, 0 }, [ASM_BTF_STRUCT] = { "STRUCT", "members", 3 },
	[ASM_BTF_UNION] = { "UNION", "members", 3 }, [ASM_BTF_ENUM] = { "ENUM", "values", 2 },
	[ASM_BTF_FWD] = { "FWD", NULL, 0 }, [ASM_BTF_TYPEDEF] = { "TYPEDEF", NULL, 0 },
	[ASM_BTF_VOLATILE] = { "VOLATILE", NULL, 0 }, [ASM_BTF_CONST] = { "CONST", NULL, 0 },
	[ASM_BTF_RESTRICT] = { "RESTRICT", NULL, 0 }, [ASM_BTF_FUNC] = { "FUNC", NULL, 0 },
	[ASM_BTF_FUNC_PROTO] = { "FUNC_PROTO", "params", 2 }, [ASM_BTF_VAR] = { "VAR", NULL, 0 },
	[ASM_BTF_DATASEC] = { "DATASEC", "vars", 3 }, [ASM_BTF_FLOAT] = { "FLOAT", NULL, 0 },
	[ASM_BTF_DECL_TAG] = { "DECL_TAG", NULL, 0 },
	[ASM_BTF_TYPE_TAG] = { "TYPE_TAG", NULL, 0 },
	[ASM_BTF_ENUM64] = { "ENUM64", "values", 3 },
};

/* One type on its way out. */
struct dump {
	struct show *show;
	const struct asm_btf *btf;
	struct asm_btf_raw type;
	uint32_t part;		/* the first word of the part at hand */
};

static const char *name_or(const char *name)
{
	return name[0] ? name : "(anon)";
}

static uint32_t word(const struct dump *d, uint32_t n)
{
	return asm_btf_word(d->btf, &d->type, d->part + n);
}

/* bpftool's form of text: key=value, of a part's name only the value in quotes. */
static const char *gap(const struct dump *d, const char *key)
{
	if (d->type.kind == ASM_BTF_DATASEC && !strcmp(key, "type_id"))
		return "";	/* the first of its line */
	return d->type.kind == ASM_BTF_VAR && !strcmp(key, "linkage") ? ", " : " ";
}

static void put_number(const struct dump *d, const char *key, uint64_t number, bool is_signed)
{
	FILE *f = d->show->out;

	if (d->show->json && is_signed)
		show_signed(d->show, key, (int64_t)number);
	else if (d->show->json)
		show_number(d->show, key, number);
	else if (is_signed)
		fprintf(f, "%s%s=%" PRId64, gap(d, key), key, (int64_t)number);
	else
		fprintf(f, "%s%s=%" PRIu64, gap(d, key), key, number);
}

static void put_text(const struct dump *d, const char *key, const char *text)
{
	if (d->show->json)
		json_name_string(&d->show->w, key, text);
	else
		fprintf(d->show->out, "%s%s=%s", gap(d, key), key, text);
}

static void put_name(const struct dump *d, const char *key, const char *name)
{
	if (d->show->json)
		json_name_string(&d->show->w, key, name_or(name));
	else
		fprintf(d->show->out, "'%s'", name_or(name));
}

static void put_wide(const struct dump *d, const struct row *row)
{
	put_number(d, row->key, (uint64_t)word(d, row->word + 1u) << 32 | word(d, row->word),
		   d->type.kflag);
	if (!d->show->json)
		fputs(d->type.kflag ? "LL" : "ULL", d->show->out);
}

static void put_linkage(const struct dump *d, const char *key, uint32_t linkage)
{
	static const char *const words[] = { "static", "global", "extern" };

	put_text(d, key, linkage < sizeof(words) / sizeof(words[0]) ? words[linkage] :
		 "(unknown)");
}

static void put_encoding(const struct dump *d, const char *key, uint32_t encoding)
{
	static const char *const words[] = {
		[0] = "(none)", [1] = "SIGNED", [2] = "CHAR", [4] = "BOOL",
	};

	put_text(d, key, encoding < sizeof(words) / sizeof(words[0]) && words[encoding] ?
		 words[encoding] : "UNKN");
}

/* Of a bitfield its width is in the upper byte of the word, where the struct says so. */
static void put_member(const struct dump *d, const struct row *row)
{
	uint32_t value = word(d, row->word);

	if (row->place == MEMBER_BIT)
		put_number(d, row->key, d->type.kflag ? value & 0xffffff : value, false);
	else if (d->type.kflag && value >> 24)
		put_number(d, row->key, value >> 24, false);
}

static void put_row(const struct dump *d, const struct row *row)
{
	uint32_t value = word(d, row->word);

	switch ((enum place)row->place) {
	case ARG:
		put_number(d, row->key, d->type.arg, false);
		break;
	case VLEN:
		put_number(d, row->key, d->type.vlen, false);
		break;
	case WORD:
		put_number(d, row->key, value, false);
		break;
	case NAME:
		put_name(d, row->key, asm_btf_string(d->btf, value));
		break;
	case NUMBER:
		put_number(d, row->key, d->type.kflag ? (uint64_t)(int64_t)(int32_t)value : value,
			   d->type.kflag);
		break;
	case SIGNED_WORD:
		put_number(d, row->key, (uint64_t)(int64_t)(int32_t)value, true);
		break;
	case WIDE:
		put_wide(d, row);
		break;
	case BITS:
		put_number(d, row->key, value & 0xff, false);
		break;
	case BIT_OFFSET:
		put_number(d, row->key, value >> 16 & 0xff, false);
		break;
	case ENCODING:
		put_encoding(d, row->key, value >> 24 & 0xf);
		break;
	case MEMBER_BIT:
	case MEMBER_BITS:
		put_member(d, row);
		break;
	case SIGNED:
		put_text(d, row->key, d->type.kflag ? "SIGNED" : "UNSIGNED");
		break;
	case LINKAGE:
		put_linkage(d, row->key, value);
		break;
	case FUNC_LINKAGE:
		put_linkage(d, row->key, d->type.vlen);
		break;
	case FWD:
		put_text(d, row->key, d->type.kflag ? "union" : "struct");
		break;
	}
}

/* ---- dump: all types ---- */

static uint32_t kind_of(const struct asm_btf_raw *type)
{
	return type->kind <= ASM_BTF_ENUM64 ? type->kind : 0;
}

static void put_rows(const struct dump *d, bool part)
{
	/* a union says what a struct says */
	uint32_t kind = d->type.kind == ASM_BTF_UNION ? ASM_BTF_STRUCT : kind_of(&d->type);

	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].kind == kind && rows[i].part == part)
			put_row(d, &rows[i]);
}

/* What a variable of a section is, for people. */
static void put_variable(const struct dump *d)
{
	struct asm_btf_raw type;

	if (asm_btf_raw(d->btf, word(d, 0), &type))
		fprintf(d->show->out, " (%s '%s')", kinds[kind_of(&type)].word,
			name_or(type.name));
}

static void put_parts(struct dump *d)
{
	uint32_t kind = kind_of(&d->type);

	if (!kinds[kind].parts)
		return;
	show_open(d->show, kinds[kind].parts, '[');
	for (uint32_t i = 0; i < d->type.vlen; i++) {
		d->part = i * kinds[kind].each;
		show_open(d->show, NULL, '{');
		if (!d->show->json)
			fputs("\n\t", d->show->out);
		put_rows(d, true);
		if (!d->show->json && kind == ASM_BTF_DATASEC)
			put_variable(d);
		show_close(d->show, '}');
	}
	d->part = 0;
	show_close(d->show, ']');
}

static void dump_type(struct show *show, const struct asm_btf *btf, uint32_t id)
{
	struct dump d = { .show = show, .btf = btf };
	const char *word;

	asm_btf_raw(btf, id, &d.type);
	word = kinds[kind_of(&d.type)].word;
	show_open(show, NULL, '{');
	if (show->json) {
		show_number(show, "id", id);
		show_string(show, "kind", word);
	} else {
		fprintf(show->out, "[%" PRIu32 "] %s ", id, word);
	}
	put_name(&d, "name", d.type.name);
	put_rows(&d, false);
	put_parts(&d);
	show_close(show, '}');
	show_done(show);
}

static void dump_raw(struct show *show, const struct kbtf *kbtf, const uint32_t *roots, size_t n)
{
	uint32_t count = asm_btf_count(kbtf->btf);

	show_open(show, NULL, '{');
	show_open(show, "types", '[');
	for (size_t i = 0; i < n; i++)
		dump_type(show, kbtf->btf, roots[i]);
	for (uint32_t id = kbtf->first; !n && id <= count; id++)
		dump_type(show, kbtf->btf, id);
	show_close(show, ']');
	show_close(show, '}');
}

/* ---- dump: whose ---- */

enum { ROOTS = 16 };

/* What is dumped, and how. */
struct wanted {
	struct kbtf kbtf;
	uint32_t roots[ROOTS];
	size_t n;		/* 0: all types */
	bool c;
};

/* Of a map: which of its types; in bpftool's order, as the first that a word begins is meant. */
static void take_roots(struct words *words, const struct abi_map_info *map, struct wanted *wanted)
{
	bool key = words_is(words, "key"), value = !key && words_is(words, "value");
	bool both = !key && !value;

	if (both && words_is(words, "all"))
		return;
	if (both)
		words_is(words, "kv");	/* as without a word */
	if (key || both)
		wanted->roots[wanted->n++] = map->btf_key_type_id;
	if (value || both)
		wanted->roots[wanted->n++] = map->btf_value_type_id;
}

/* The type data of a program or map. */
static int open_used(struct words *words, enum object_kind kind, struct wanted *wanted)
{
	int fd = object_find_one(words, kind, kind == OBJECT_MAP ? BPF_F_RDONLY : 0), err;
	struct abi_prog_info prog;
	struct abi_map_info map;

	if (fd < 0)
		return fd;
	memset(&prog, 0, sizeof(prog));
	memset(&map, 0, sizeof(map));
	err = kind == OBJECT_MAP ? object_info(fd, &map, sizeof(map)) :
				   object_info(fd, &prog, sizeof(prog));
	sys_close(fd);
	if (!err && !(prog.btf_id | map.btf_id))
		err = -ENODATA;
	if (!err)
		err = kbtf_open_id(prog.btf_id | map.btf_id, &wanted->kbtf);
	if (err)
		say_error(words->opt, NULL, "%s: %s", object_word(kind), err == -ENODATA ?
			  "it has no type data" : strerror(-err));
	if (!err && kind == OBJECT_MAP)
		take_roots(words, &map, wanted);
	return err;
}

/* A file of nothing but type data, such as /sys/kernel/btf/MODULE, or an ELF object with a .BTF. */
static int open_file(struct words *words, const char *base, struct kbtf *kbtf)
{
	const char *path = words_take(words, "a path"), *failed = "";
	int err = path ? kbtf_open_file(path, base, kbtf, &failed) : -EINVAL;

	if (!path || !err)
		return err;
	if (err == -EINVAL || err == -ENODATA)
		say_error(words->opt, NULL, "'%s' is neither type data nor an ELF file with a "
			  ".BTF: %s", failed, strerror(-err));
	else
		say_error(words->opt, NULL, "cannot read '%s': %s", failed, strerror(-err));
	return err;
}

static int open_btf(struct words *words, const char *base, struct wanted *wanted)
{
	int fd, err;

	if (words_is(words, "map"))
		return open_used(words, OBJECT_MAP, wanted);
	if (words_is(words, "prog"))
		return open_used(words, OBJECT_PROG, wanted);
	if (words_is(words, "file"))
		return open_file(words, base, &wanted->kbtf);
	if (!*words->at || strcmp(*words->at, "id") != 0) {
		words_unknown(words, "id map prog file");
		return -EINVAL;
	}
	fd = object_find_one(words, OBJECT_BTF, 0);
	err = fd < 0 ? fd : kbtf_open(fd, &wanted->kbtf);
	if (fd >= 0 && err)
		say_error(words->opt, NULL, "btf: %s", strerror(-err));
	sys_close(fd < 0 ? -1 : fd);
	return err;
}

/* What is left: the format, and the types wanted. */
static bool take_rest(struct words *words, struct wanted *wanted)
{
	uint64_t id;

	while (*words->at) {
		if (words_is(words, "format")) {
			wanted->c = words_is(words, "c");
			if (wanted->c || words_is(words, "raw"))
				continue;
			words_unknown(words, "raw c");
			return false;
		}
		/* bpftool 7.5 and later sort without it; here types always stay in order */
		if (wanted->c && words_is(words, "unsorted"))
			continue;
		if (!words_is(words, "root_id") || wanted->n == ROOTS) {
			words_unknown(words, "format root_id");
			return false;
		}
		if (!words_number(words, "the id of a type", asm_btf_count(wanted->kbtf.btf),
				  &id))
			return false;
		wanted->roots[wanted->n++] = (uint32_t)id;
	}
	return true;
}

static int dump_c(struct show *show, const struct wanted *wanted)
{
	uint32_t at;
	int err;

	if (show->json) {
		say_error(show->opt, NULL, "'btf dump ... format c' is C, not JSON");
		return -EINVAL;
	}
	err = asm_btf_c(show->out, wanted->kbtf.btf, wanted->roots, wanted->n, &at);
	if (!err)
		return 0;
	if (at)
		say_error(show->opt, NULL, "type %" PRIu32 ": %s", at, err == -ELOOP ?
			  "it holds itself" : err == -E2BIG ?
			  "it has no end" :
			  "it refers to a type that is not there");
	else
		say_error(show->opt, NULL, "btf: %s", strerror(-err));
	return err;
}

static int verb_dump(struct words *words, void *arg)
{
	struct list *list = arg;
	struct wanted wanted;
	int err;

	memset(&wanted, 0, sizeof(wanted));
	err = open_btf(words, list->show.cli->base, &wanted);
	if (!err && !take_rest(words, &wanted))
		err = -EINVAL;
	if (!err && wanted.c)
		err = dump_c(&list->show, &wanted);
	else if (!err)
		dump_raw(&list->show, &wanted.kbtf, wanted.roots, wanted.n);
	kbtf_close(&wanted.kbtf);
	return err;
}

int cmd_btf(const struct cli *cli, const struct load_options *opt)
{
	static const struct words_verb verbs[] = {
		{ NULL, verb_show }, { "show", verb_show }, { "list", verb_show },
		{ "dump", verb_dump },
	};
	struct list list;

	memset(&list, 0, sizeof(list));
	show_init(&list.show, cli, opt, "btf");
	return show_end(&list.show, words_run(&list.show.words, verbs,
					      sizeof(verbs) / sizeof(verbs[0]), &list));
}
