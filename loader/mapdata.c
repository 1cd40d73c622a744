/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "abi.h"
#include "loader.h"
#include "kbtf.h"
#include "kmap.h"
#include "map.h"
#include "mapdata.h"
#include "object.h"
#include "say.h"
#include "sys.h"
#include "typed.h"
#include "why.h"
#include "words.h"

/* ---- bytes ---- */

static bool is_digit(const char *word)
{
	return word && word[0] >= '0' && word[0] <= '9';
}

static bool count_wrong(const struct words *words, const struct typed *typed, size_t n)
{
	say_error(words->opt, NULL, "'%s': the %s has %u bytes, and %zu are given%s",
		  words->command, typed->what, typed->size, n,
		  n ? "" : ": a number, or what its type has, is one word");
	return false;
}

static bool take_bytes(struct words *words, const struct typed *typed, int base)
{
	unsigned long byte;
	char *end;

	for (uint32_t i = 0; i < typed->size; i++) {
		if (!words->at[0])
			return count_wrong(words, typed, i);
		byte = strtoul(words->at[0], &end, base);
		if (end == words->at[0] || *end || byte > UINT8_MAX) {
			say_error(words->opt, NULL, "'%s': byte %u of the %u of the %s is '%s', "
				  "which is no byte%s", words->command, i + 1, typed->size,
				  typed->what, words->at[0], base ? " in hexadecimal" : "");
			return false;
		}
		typed->data[i] = (uint8_t)byte;
		words->at++;
	}
	return true;
}

/* Words that begin with a digit, from the next one on. */
static size_t count_digits(const struct words *words, size_t from)
{
	size_t n = from;

	while (is_digit(words->at[n]))
		n++;
	return n;
}

static bool take_data(struct words *words, const struct typed *typed)
{
	size_t n;

	if (words->at[0] && words->at[1] && words_is(words, "hex")) {
		for (n = 0; n < typed->size && words->at[n];)
			n++;
		n = count_digits(words, n);
		if (n != typed->size)
			return count_wrong(words, typed, n);
		return take_bytes(words, typed, 16);
	}
	n = count_digits(words, 0);
	if (n > 1 && n != typed->size)
		return count_wrong(words, typed, n);
	if (n > 1 || (n == 1 && typed->size == 1))
		return take_bytes(words, typed, 0);
	if (!words->at[0])
		return words_take(words, typed->what);
	return typed_read(typed, *words->at++);
}

/* ---- key and value ---- */

static struct typed key_type(const struct words *words, const struct kmap *kmap)
{
	return (struct typed){
		.opt = words->opt, .command = words->command, .what = "key", .btf = kmap->kbtf.btf,
		.id = kmap->key_id, .prefix = kmap->info.type == BPF_MAP_TYPE_LPM_TRIE,
		.data = kmap->key, .size = kmap->info.key_size,
	};
}

/* Variables that the words do not name keep what they have. */
static int read_variables(struct kmap *kmap)
{
	struct asm_btf_type type;
	int err;

	if (!kmap->kbtf.btf || !asm_btf_type(kmap->kbtf.btf, kmap->value_id, &type) ||
	    type.kind != ASM_BTF_DATASEC)
		return 0;
	err = load_map_lookup(kmap->fd, kmap->key, kmap->value);
	return err ? kmap_fail(kmap, BPF_MAP_LOOKUP_ELEM, err, BPF_ANY) : 0;
}

/* A value that is a map or a program is its descriptor when it is written. */
static bool take_object(struct mapdata *data, struct words *words, struct kmap *kmap,
			enum object_kind kind)
{
	uint32_t fd;

	data->fd = object_find_one(words, kind, 0);
	data->failed = data->fd < 0;
	if (data->failed)
		return false;
	fd = (uint32_t)data->fd;
	memcpy(kmap->value, &fd, sizeof(fd));
	return true;
}

static bool take_value(struct mapdata *data, struct words *words, struct kmap *kmap)
{
	struct typed typed = {
		.opt = words->opt, .command = words->command, .what = "value",
		.btf = kmap->kbtf.btf,
		.id = kmap->value_id, .data = kmap->value, .size = kmap->info.value_size,
	};

	if (kmap_has_maps(kmap))
		return take_object(data, words, kmap, OBJECT_MAP);
	if (kmap->info.type == BPF_MAP_TYPE_PROG_ARRAY)
		return take_object(data, words, kmap, OBJECT_PROG);
	data->failed = read_variables(kmap) != 0;
	if (data->failed || !take_data(words, &typed))
		return false;
	for (unsigned int i = 1; i < kmap->copies; i++)
		memcpy(kmap->value + i * kmap->stride, kmap->value, kmap->info.value_size);
	return true;
}

static bool take_flags(struct mapdata *data, struct words *words)
{
	static const struct {
		const char *word;
		uint64_t flags;
	} rows[] = {
		{ "any", BPF_ANY }, { "noexist", BPF_NOEXIST }, { "exist", BPF_EXIST },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!words_is(words, rows[i].word))
			continue;
		data->flags = rows[i].flags;
		return true;
	}
	return false;
}

/* What may come next, as words_unknown() takes it. */
static const char *expected(uint32_t wants)
{
	static const char *const words[] = {
		"", "key", "value", "key value", "any exist noexist", "key any exist noexist",
		"value any exist noexist", "key value any exist noexist",
	};

	return words[wants & (MAPDATA_KEY | MAPDATA_VALUE | MAPDATA_FLAGS)];
}

bool mapdata_take(struct mapdata *data, struct words *words, struct kmap *kmap, uint32_t wants)
{
	struct typed key = key_type(words, kmap);
	bool good = true;

	if (wants & MAPDATA_ASKED && kmap->info.type == BPF_MAP_TYPE_BLOOM_FILTER)
		wants |= MAPDATA_VALUE;
	while (good && *words->at && wants) {
		if (wants & MAPDATA_KEY && words_is(words, "key")) {
			good = take_data(words, &key);
			wants &= ~(uint32_t)MAPDATA_KEY;
		} else if (wants & MAPDATA_VALUE && words_is(words, "value")) {
			good = take_value(data, words, kmap);
			wants &= ~(uint32_t)MAPDATA_VALUE;
		} else if (wants & MAPDATA_FLAGS && take_flags(data, words)) {
			wants &= ~(uint32_t)MAPDATA_FLAGS;
		} else {
			break;
		}
	}
	if (!good)
		return false;
	if (!*words->at && !(wants & (MAPDATA_KEY | MAPDATA_VALUE)))
		return true;
	if (!expected(wants)[0])
		return words_end(words);
	words_unknown(words, expected(wants));
	return false;
}

/* ---- creating ---- */

static bool take_type(struct mapdata_create *create, struct words *words)
{
	const char *word = words_take(words, "a map type");
	const struct asm_map_type *rows;
	char hint[ASM_NEAR_TEXT];
	struct asm_near near;
	size_t n;

	if (!word)
		return false;
	create->map.type = asm_map_type_find(word);
	if (create->map.type)
		return true;
	asm_near_start(&near, word, strlen(word));
	rows = asm_map_types(&n);
	for (size_t i = 0; i < n; i++)
		asm_near_offer(&near, rows[i].name, strlen(rows[i].name));
	say_error(words->opt, NULL, "'%s': there is no map type '%s'%s", words->command, word,
		  asm_near_text(&near, hint));
	return false;
}

static bool take_u32(struct words *words, const char *what, uint32_t *out)
{
	uint64_t number = 0;
	bool good = words_number(words, what, UINT32_MAX, &number);

	*out = (uint32_t)number;
	return good;
}

static bool take_device(struct mapdata_create *create, struct words *words)
{
	const char *word = words_take(words, "a network device");
	int before = errno;

	if (!word)
		return false;
	create->device = if_nametoindex(word);
	errno = before;
	if (!create->device)
		say_error(words->opt, NULL, "'%s': there is no network device '%s'",
			  words->command, word);
	return create->device;
}

static bool take_property(struct mapdata_create *create, struct words *words)
{
	struct asm_map *map = &create->map;

	if (words_is(words, "type"))
		return take_type(create, words);
	if (words_is(words, "name"))
		return (map->name = words_take(words, "a name"));
	if (words_is(words, "key"))
		return take_u32(words, "a size in bytes", &map->key_size);
	if (words_is(words, "value"))
		return take_u32(words, "a size in bytes", &map->value_size);
	if (words_is(words, "entries"))
		return take_u32(words, "a number of entries", &map->max_entries);
	if (words_is(words, "flags"))
		return take_u32(words, "a number of flags", &map->map_flags);
	if (words_is(words, "dev") || words_is(words, "offload_dev"))
		return take_device(create, words);
	if (words_is(words, "inner_map")) {
		sys_close(create->inner);
		create->inner = object_find_one(words, OBJECT_MAP, BPF_F_RDONLY);
		return create->inner >= 0;
	}
	words_unknown(words, "type name key value entries flags offload_dev inner_map");
	return false;
}

bool mapdata_create_take(struct mapdata_create *create, struct words *words)
{
	memset(create, 0, sizeof(*create));
	create->inner = -1;
	create->path = words_take(words, "a path to pin the map at");
	if (!create->path)
		return false;
	while (*words->at)
		if (!take_property(create, words))
			return false;
	if (create->map.type && create->map.name)
		return true;
	say_error(words->opt, NULL, "'%s' needs '%s'", words->command,
		  create->map.type ? "name NAME" : "type TYPE");
	return false;
}

int mapdata_create_run(const struct mapdata_create *create, const struct load_options *opt)
{
	const struct asm_map *map = &create->map;
	struct abi_map_create attr;
	char what[64], says[MAP_SAYS];
	struct why why;
	int fd, err;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = map->type->number;
	attr.key_size = map->key_size;
	attr.value_size = map->value_size;
	attr.max_entries = map->max_entries;
	attr.map_flags = map->map_flags;
	attr.inner_map_fd = create->inner < 0 ? 0 : (uint32_t)create->inner;
	attr.map_ifindex = create->device;
	memcpy(attr.map_name, map->name, strnlen(map->name, sizeof(attr.map_name) - 1));
	fd = map_call(&attr, abi_end(struct abi_map_create, map_ifindex), says);
	snprintf(what, sizeof(what), "map %.15s", map->name);
	if (fd < 0) {
		why_map(&why, map, says, fd);
		why_say(opt, NULL, what, "BPF_MAP_CREATE", fd, &why);
		return fd;
	}
	err = object_pin(opt, what, fd, create->path);
	sys_close(fd);
	return err;
}
