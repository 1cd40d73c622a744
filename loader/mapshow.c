/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "abi.h"
#include "loader.h"
#include "btfvalue.h"
#include "json.h"
#include "kbtf.h"
#include "kmap.h"
#include "map.h"
#include "mapshow.h"
#include "object.h"
#include "holds.h"
#include "sys.h"

enum { NARROW = 16, LINE = 24 };	/* bytes that bpftool has in a line */

void mapshow_init(struct mapshow *show, FILE *f, bool is_json, bool pretty)
{
	json_init(&show->json, f, pretty);
	show->is_json = is_json;
}

/* ---- a map ---- */

static void header_json(struct json *json, const struct kmap *kmap)
{
	json_name_number(json, "id", kmap->info.id);
	if (asm_map_type_number(kmap->info.type))
		json_name_string(json, "type", kmap->map.type->name);
	else
		json_name_number(json, "type", kmap->info.type);
	if (kmap->info.name[0])
		json_name_string(json, "name", kmap->info.name);
	json_name_number(json, "flags", kmap->info.map_flags);
}

/* The programs that may be in a program array. */
static void owner_json(struct json *json, const struct kmap *kmap)
{
	const struct asm_prog_type *type;
	uint64_t number;

	if (kmap->info.type != BPF_MAP_TYPE_PROG_ARRAY)
		return;
	if (kmap_fdinfo(kmap, "owner_prog_type", &number)) {
		type = asm_prog_type_number((uint32_t)number);
		if (type)
			json_name_string(json, "owner_prog_type", type->name);
		else
			json_name_number(json, "owner_prog_type", number);
	}
	if (kmap_fdinfo(kmap, "owner_jited", &number)) {
		json_name(json, "owner_jited");
		json_bool(json, number);
	}
}

static void device_json(struct json *json, const struct kmap *kmap)
{
	if (!kmap->info.ifindex)
		return;
	json_name(json, "dev");
	json_open(json, '{');
	json_name_number(json, "ifindex", kmap->info.ifindex);
	json_name_number(json, "ns_dev", kmap->info.netns_dev);
	json_name_number(json, "ns_inode", kmap->info.netns_ino);
	json_close(json, '}');
}

static void info_json(struct mapshow *show, const struct kmap *kmap)
{
	struct json *json = &show->json;
	uint64_t number = 0;

	json_open(json, '{');
	header_json(json, kmap);
	device_json(json, kmap);
	json_name_number(json, "bytes_key", kmap->info.key_size);
	json_name_number(json, "bytes_value", kmap->info.value_size);
	json_name_number(json, "max_entries", kmap->info.max_entries);
	if (kmap_fdinfo(kmap, "memlock", &number))
		json_name_number(json, "bytes_memlock", number);
	owner_json(json, kmap);
	number = 0;
	kmap_fdinfo(kmap, "frozen", &number);
	json_name_number(json, "frozen", number);
	if (kmap->info.btf_id)
		json_name_number(json, "btf_id", kmap->info.btf_id);
	holds_show_pins(show->holds, kmap->info.id, json, NULL);
	holds_show_procs(show->holds, kmap->info.id, json, NULL);
	json_close(json, '}');
}

static void header_text(FILE *f, const struct kmap *kmap)
{
	fprintf(f, "%" PRIu32 ": ", kmap->info.id);
	if (asm_map_type_number(kmap->info.type))
		fprintf(f, "%s  ", kmap->map.type->name);
	else
		fprintf(f, "type %" PRIu32 "  ", kmap->info.type);
	if (kmap->info.name[0])
		fprintf(f, "name %s  ", kmap->info.name);
	fprintf(f, "flags 0x%" PRIx32, kmap->info.map_flags);
	if (kmap->info.ifindex)
		fprintf(f, "  offloaded_to ifindex %" PRIu32, kmap->info.ifindex);
	fputc('\n', f);
}

static void owner_text(FILE *f, const struct kmap *kmap)
{
	const struct asm_prog_type *type;
	uint64_t number, jited;

	if (kmap->info.type != BPF_MAP_TYPE_PROG_ARRAY ||
	    !kmap_fdinfo(kmap, "owner_prog_type", &number) ||
	    !kmap_fdinfo(kmap, "owner_jited", &jited))
		return;
	type = asm_prog_type_number((uint32_t)number);
	fprintf(f, "\n\towner_prog_type %s  owner%s jited", type ? type->name : "unknown",
		jited ? "" : " not");
}

static void info_text(struct mapshow *show, const struct kmap *kmap)
{
	FILE *f = show->json.f;
	uint64_t number, frozen = 0;

	header_text(f, kmap);
	fprintf(f, "\tkey %" PRIu32 "B  value %" PRIu32 "B  max_entries %" PRIu32,
		kmap->info.key_size, kmap->info.value_size, kmap->info.max_entries);
	if (kmap_fdinfo(kmap, "memlock", &number))
		fprintf(f, "  memlock %" PRIu64 "B", number);
	owner_text(f, kmap);
	holds_show_pins(show->holds, kmap->info.id, NULL, f);
	kmap_fdinfo(kmap, "frozen", &frozen);
	if (kmap->info.btf_id)
		fprintf(f, "\n\tbtf_id %" PRIu32, kmap->info.btf_id);
	if (frozen)
		fprintf(f, "%sfrozen", kmap->info.btf_id ? "  " : "\n\t");
	holds_show_procs(show->holds, kmap->info.id, NULL, f);
	fputc('\n', f);
}

/* Takes over the descriptor. */
static int info_one(struct mapshow *show, int fd, const struct load_options *opt)
{
	struct kmap kmap;
	int err = kmap_open(&kmap, fd, opt);

	if (!err && show->is_json)
		info_json(show, &kmap);
	else if (!err)
		info_text(show, &kmap);
	kmap_close(&kmap);
	return err;
}

static int info_some(struct mapshow *show, struct object_set *set, const struct load_options *opt)
{
	bool array = show->is_json && set->n > 1;
	int err = 0;

	if (array)
		json_open(&show->json, '[');
	for (size_t i = 0; i < set->n && !err; i++) {
		err = info_one(show, set->fds[i], opt);
		set->fds[i] = -1;
	}
	if (array)
		json_close(&show->json, ']');
	if (show->is_json)
		json_end(&show->json);
	return err;
}

static int info_all(struct mapshow *show, const struct load_options *opt)
{
	uint32_t id = 0;
	int err, fd;

	if (show->is_json)
		json_open(&show->json, '[');
	for (err = object_next(OBJECT_MAP, id, &id); !err; err = object_next(OBJECT_MAP, id, &id)) {
		fd = object_open_id(OBJECT_MAP, id, BPF_F_RDONLY);
		if (fd == -ENOENT)	/* gone since */
			continue;
		err = fd < 0 ? fd : info_one(show, fd, opt);
		if (err)
			break;
	}
	if (show->is_json) {
		json_close(&show->json, ']');
		json_end(&show->json);
	}
	return err == -ENOENT ? 0 : object_fail(opt, OBJECT_MAP, id, err);
}

int mapshow_info(struct mapshow *show, struct object_set *set, const struct load_options *opt)
{
	struct holds holds = { .n = 0 };
	int err;

	if (show->pins)
		holds_pins(&holds, OBJECT_MAP);
	holds_procs(&holds, OBJECT_MAP);
	show->holds = &holds;
	err = set ? info_some(show, set, opt) : info_all(show, opt);
	holds_free(&holds);
	return err;
}

/* ---- an entry ---- */

static void bytes_json(struct json *json, const char *name, const uint8_t *data, size_t n)
{
	json_name(json, name);
	json_open(json, '[');
	for (size_t i = 0; i < n; i++) {
		json_value(json);
		fprintf(json->f, "\"0x%02x\"", data[i]);
	}
	json_close(json, ']');
}

static void bytes_text(FILE *f, const uint8_t *data, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fprintf(f, "%s%02x", !i ? "" : i % 16 == 0 ? "\n" : i % 8 == 0 ? "  " : " ",
			data[i]);
}

static void value_json(struct json *json, const struct kmap *kmap, const uint8_t *value,
		       bool typed, bool text)
{
	if (!typed) {
		bytes_json(json, "value", value, kmap->info.value_size);
		return;
	}
	json_name(json, "value");
	btfvalue_print(json, kmap->kbtf.btf, kmap->value_id, value, kmap->info.value_size, text);
}

/* The value, or those of all CPUs. */
static void values_json(struct json *json, const struct kmap *kmap, const uint8_t *value,
			bool typed, bool text)
{
	if (!(kmap->map.type->flags & ASM_MAP_PERCPU)) {
		value_json(json, kmap, value, typed, text);
		return;
	}
	json_name(json, "values");
	json_open(json, '[');
	for (unsigned int i = 0; i < kmap->copies; i++) {
		json_open(json, '{');
		json_name_number(json, "cpu", i);
		value_json(json, kmap, value + i * kmap->stride, typed, text);
		json_close(json, '}');
	}
	json_close(json, ']');
}

/* By the types of the map. */
static void entry_typed(struct json *json, const struct kmap *kmap, const uint8_t *key,
			const uint8_t *value, bool text)
{
	json_open(json, '{');
	if (kmap->key_id) {
		json_name(json, "key");
		btfvalue_print(json, kmap->kbtf.btf, kmap->key_id, key, kmap->info.key_size, text);
	}
	values_json(json, kmap, value, true, text);
	json_close(json, '}');
}

static uint32_t inner_id(const uint8_t *value)
{
	uint32_t id;

	memcpy(&id, value, sizeof(id));
	return id;
}

static void entry_json(struct json *json, const struct kmap *kmap, const uint8_t *key,
		       const uint8_t *value)
{
	json_open(json, '{');
	bytes_json(json, "key", key, kmap->info.key_size);
	values_json(json, kmap, value, false, false);
	if (kmap_has_maps(kmap))
		json_name_number(json, "inner_map_id", inner_id(value));
	if (kmap->kbtf.btf) {
		json_name(json, "formatted");
		entry_typed(json, kmap, key, value, false);
	}
	json_close(json, '}');
}

static void percpu_text(FILE *f, const struct kmap *kmap, const uint8_t *key,
			const uint8_t *value)
{
	fputs("key:\n", f);
	bytes_text(f, key, kmap->info.key_size);
	fputc('\n', f);
	for (unsigned int i = 0; i < kmap->copies; i++) {
		fprintf(f, "value (CPU %02u):%c", i, kmap->info.value_size > NARROW ? '\n' : ' ');
		bytes_text(f, value + i * kmap->stride, kmap->info.value_size);
		fputc('\n', f);
	}
}

static void entry_text(FILE *f, const struct kmap *kmap, const uint8_t *key, const uint8_t *value)
{
	uint32_t nkey = kmap->info.key_size, nvalue = kmap->info.value_size;
	bool wide = nkey > NARROW || nvalue > NARROW;
	char gap = wide ? '\n' : ' ';

	if (kmap->map.type->flags & ASM_MAP_PERCPU) {
		percpu_text(f, kmap, key, value);
		return;
	}
	if (nkey) {
		fprintf(f, "key:%c", gap);
		bytes_text(f, key, nkey);
		fputs(!wide && nkey + nvalue <= LINE ? "  " : "\n", f);
	}
	if (nvalue && kmap_has_maps(kmap)) {
		fprintf(f, "inner_map_id:%c%" PRIu32 " ", gap, inner_id(value));
	} else if (nvalue) {
		fprintf(f, "value:%c", gap);
		bytes_text(f, value, nvalue);
	}
	fputc('\n', f);
}

static void entry(struct mapshow *show, const struct kmap *kmap, const uint8_t *key,
		  const uint8_t *value, bool typed)
{
	if (show->is_json)
		entry_json(&show->json, kmap, key, value);
	else if (typed)
		entry_typed(&show->json, kmap, key, value, true);
	else
		entry_text(show->json.f, kmap, key, value);
}

void mapshow_entry(struct mapshow *show, const struct kmap *kmap)
{
	show->json.pretty |= !show->is_json;
	entry(show, kmap, kmap->key, kmap->value, kmap->kbtf.btf);
	if (show->is_json || kmap->kbtf.btf)
		json_end(&show->json);
}

void mapshow_next(struct mapshow *show, const struct kmap *kmap, bool from, const uint8_t *next)
{
	struct json *json = &show->json;
	size_t n = kmap->info.key_size;

	if (!show->is_json) {
		fputs(from ? "key:\n" : "key: None", json->f);
		bytes_text(json->f, kmap->key, from ? n : 0);
		fputs("\nnext key:\n", json->f);
		bytes_text(json->f, next, n);
		fputc('\n', json->f);
		return;
	}
	json_open(json, '{');
	if (from) {
		bytes_json(json, "key", kmap->key, n);
	} else {
		json_name(json, "key");
		json_null(json);
	}
	bytes_json(json, "next_key", next, n);
	json_close(json, '}');
	json_end(json);
}

/* ---- all entries ---- */

struct dump {
	struct mapshow *show;
	const struct kmap *kmap;
	bool typed;
	unsigned int found;
};

/* A note in the place of a value. */
static void dump_note(FILE *f, const uint8_t *key, size_t nkey, const char *note)
{
	bool wide = nkey > NARROW || strlen(note) > NARROW;
	char gap = wide ? '\n' : ' ';

	fprintf(f, "key:%c", gap);
	bytes_text(f, key, nkey);
	fprintf(f, "%svalue:%c%s\n", !wide && nkey + strlen(note) <= LINE ? "  " : "\n", gap, note);
}

/* An entry whose value the kernel does not tell. */
static void dump_error(struct dump *d, const uint8_t *key, int err)
{
	struct json *json = &d->show->json;
	const struct kmap *kmap = d->kmap;

	if (err == -ENOENT && (kmap_has_maps(kmap) || kmap->info.type == BPF_MAP_TYPE_PROG_ARRAY))
		return;
	if (d->show->is_json || d->typed) {
		json_open(json, '{');
		bytes_json(json, "key", key, kmap->info.key_size);
		json_name(json, "value");
		json_open(json, '{');
		json_name_string(json, "error", strerror(-err));
		json_close(json, '}');
		json_close(json, '}');
		return;
	}
	dump_note(json->f, key, kmap->info.key_size, err == -ENOENT ? "<no entry>" :
		  strerror(-err));
}

/* map_key_fn */
static int dump_key(void *arg, const void *key)
{
	struct dump *d = arg;
	int err = load_map_lookup(d->kmap->fd, key, d->kmap->value);

	if (err) {
		dump_error(d, key, err);
	} else {
		entry(d->show, d->kmap, key, d->kmap->value, d->typed);
		d->found++;
	}
	return 0;
}

/* Entries by the hundred (Linux 5.6). */
struct batch {
	uint8_t *keys, *values, *from, *to;
	uint32_t room;
	bool started;
};

static bool batch_resize(struct batch *b, const struct kmap *kmap, uint32_t room)
{
	size_t place = kmap->info.key_size < 4 ? 4 : kmap->info.key_size;
	uint8_t *keys = reallocarray(b->keys, room, kmap->info.key_size);
	uint8_t *values;

	if (!keys)
		return false;
	b->keys = keys;
	values = reallocarray(b->values, room, kmap->span ? kmap->span : 1);
	if (!values)
		return false;
	b->values = values;
	b->room = room;
	if (!b->from)
		b->from = calloc(1, place);
	if (!b->to)
		b->to = calloc(1, place);
	return b->from && b->to;
}

/* The next ones, which are shown; -ENOENT behind the last. */
static int batch_step(struct dump *d, struct batch *b)
{
	const struct kmap *kmap = d->kmap;
	struct abi_map_batch attr;
	uint8_t *was = b->from;
	int err;

	memset(&attr, 0, sizeof(attr));
	attr.in_batch = abi_ptr(b->started ? b->from : NULL);
	attr.out_batch = abi_ptr(b->to);
	attr.keys = abi_ptr(b->keys);
	attr.values = abi_ptr(b->values);
	attr.count = b->room;
	attr.map_fd = (uint32_t)kmap->fd;
	err = sys_bpf(BPF_MAP_LOOKUP_BATCH, &attr, sizeof(attr));
	if (err && err != -ENOENT)
		return err;
	for (uint32_t i = 0; i < attr.count; i++)
		entry(d->show, kmap, b->keys + (size_t)i * kmap->info.key_size,
		      b->values + i * kmap->span, d->typed);
	d->found += attr.count;
	b->started = true;
	b->from = b->to;
	b->to = was;
	return err;
}

/* Those maps whose walk does not begin anew when an entry goes. */
static bool has_batches(const struct kmap *kmap)
{
	static const uint8_t types[] = {
		BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_PERCPU_HASH, BPF_MAP_TYPE_LRU_HASH,
		BPF_MAP_TYPE_LRU_PERCPU_HASH, BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_PERCPU_ARRAY,
	};

	return memchr(types, (int)kmap->info.type, sizeof(types));
}

/* -EOPNOTSUPP: nothing was shown, and it has to be done entry by entry. */
static int dump_batches(struct dump *d)
{
	enum { FIRST = 64, MOST = 1 << 24 };
	struct batch b = { .room = 0 };
	int err = batch_resize(&b, d->kmap, FIRST) ? 0 : -ENOMEM;

	while (!err) {
		err = batch_step(d, &b);
		/* more in one slot of the hash table than there is room for */
		if (err == -ENOSPC && b.room < MOST)
			err = batch_resize(&b, d->kmap, 4 * b.room) ? 0 : -ENOMEM;
	}
	if (err != -ENOENT && !b.started)
		err = -EOPNOTSUPP;
	free(b.keys);
	free(b.values);
	free(b.from);
	free(b.to);
	return err == -ENOENT ? 0 : err;
}

static int dump_entries(struct dump *d)
{
	int err = has_batches(d->kmap) ? dump_batches(d) : -EOPNOTSUPP;

	if (err == -EOPNOTSUPP)
		err = map_walk_keys(d->kmap->fd, &d->kmap->map, dump_key, d);
	return err ? kmap_fail(d->kmap, BPF_MAP_GET_NEXT_KEY, err, BPF_ANY) : 0;
}

static int dump_one(struct dump *d, bool several)
{
	struct json *json = &d->show->json;
	bool objects = d->show->is_json || d->typed;
	int err;

	if (objects && several) {
		json_open(json, '{');
		header_json(json, d->kmap);
		json_name(json, "elements");
	} else if (several) {
		header_text(json->f, d->kmap);
	}
	if (objects)
		json_open(json, '[');
	err = dump_entries(d);
	if (objects)
		json_close(json, ']');
	else
		fprintf(json->f, "Found %u element%s\n", d->found, d->found == 1 ? "" : "s");
	if (objects && several)
		json_close(json, '}');
	return err;
}

static int dump_all(struct mapshow *show, const struct kmap *kmaps, size_t n, bool typed)
{
	bool objects = show->is_json || typed;
	int err = 0;

	show->json.pretty |= !show->is_json;
	if (objects && n > 1)
		json_open(&show->json, '[');
	for (size_t i = 0; i < n && !err; i++) {
		struct dump d = { .show = show, .kmap = &kmaps[i], .typed = typed };

		if (i && !objects)
			fputc('\n', show->json.f);
		err = dump_one(&d, n > 1);
	}
	if (objects && n > 1)
		json_close(&show->json, ']');
	if (objects)
		json_end(&show->json);
	return err;
}

int mapshow_dump(struct mapshow *show, struct object_set *set, const struct load_options *opt)
{
	struct kmap *kmaps = calloc(set->n, sizeof(*kmaps));
	int err = kmaps ? 0 : -ENOMEM;
	bool typed = true;
	size_t n = 0;

	while (!err && n < set->n) {
		err = kmap_open(&kmaps[n], set->fds[n], opt);
		set->fds[n] = -1;
		if (!err)
			kmap_types(&kmaps[n]);
		typed = typed && kmaps[n++].kbtf.btf;
	}
	if (!err)
		err = dump_all(show, kmaps, n, typed);
	while (n > 0)
		kmap_close(&kmaps[--n]);
	free(kmaps);
	return err;
}
