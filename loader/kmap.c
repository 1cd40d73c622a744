/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "abi.h"
#include "loader.h"
#include "kbtf.h"
#include "kmap.h"
#include "map.h"
#include "object.h"
#include "say.h"
#include "sys.h"
#include "why.h"
#include "words.h"

/* ---- opening ---- */

static int fill(struct kmap *kmap)
{
	static const struct asm_map_type unknown = { .name = "unknown" };
	struct abi_map_info *info = &kmap->info;
	const struct asm_map_type *type;
	int cpus = 1;

	type = asm_map_type_number(info->type);
	kmap->map = (struct asm_map){
		.name = info->name, .type = type ? type : &unknown, .key_size = info->key_size,
		.value_size = info->value_size, .max_entries = info->max_entries,
		.map_flags = info->map_flags, .map_extra = info->map_extra,
	};
	if (kmap->map.type->flags & ASM_MAP_PERCPU)
		cpus = load_possible_cpus();
	if (cpus < 0)
		return cpus;
	kmap->copies = (unsigned int)cpus;
	kmap->span = map_value_span(&kmap->map, kmap->copies);
	kmap->stride = kmap->span / kmap->copies;
	kmap->key = calloc(1, (size_t)info->key_size + 1);
	kmap->value = calloc(1, kmap->span + 1);
	return kmap->key && kmap->value ? 0 : -ENOMEM;
}

int kmap_open(struct kmap *kmap, int fd, const struct load_options *opt)
{
	int err;

	memset(kmap, 0, sizeof(*kmap));
	kmap->opt = opt;
	kmap->fd = fd;
	err = object_info(fd, &kmap->info, sizeof(kmap->info));
	kmap->info.name[BPF_OBJ_NAME_LEN - 1] = '\0';
	if (!err)
		err = fill(kmap);
	snprintf(kmap->title, sizeof(kmap->title), "map %s%s(id %" PRIu32 ")", kmap->info.name,
		 kmap->info.name[0] ? " " : "", kmap->info.id);
	if (err)
		say_error(opt, NULL, "%s: %s", kmap->title, strerror(-err));
	return err;
}

int kmap_take(struct kmap *kmap, struct words *words, uint32_t flags)
{
	int fd = object_find_one(words, OBJECT_MAP, flags);

	if (fd >= 0)
		return kmap_open(kmap, fd, words->opt);
	memset(kmap, 0, sizeof(*kmap));
	kmap->fd = -1;
	return fd;
}

void kmap_close(struct kmap *kmap)
{
	asm_free(kmap->layouts);
	kbtf_close(&kmap->kbtf);
	free(kmap->value);
	free(kmap->key);
	sys_close(kmap->fd);
}

/* ---- types ---- */

void kmap_types(struct kmap *kmap)
{
	const struct abi_map_info *info = &kmap->info;
	bool kernel = info->btf_vmlinux_value_type_id;
	int err;

	if (!kernel && !info->btf_value_type_id)
		return;
	err = kernel ? kbtf_open_kernel(&kmap->kbtf) : kbtf_open_id(info->btf_id, &kmap->kbtf);
	if (err) {
		say_note(kmap->opt, NULL, "%s: its types (BTF id %" PRIu32 ") cannot be read: %s",
			 kmap->title, info->btf_id, strerror(-err));
		return;
	}
	kmap->key_id = kernel ? 0 : info->btf_key_type_id;
	kmap->value_id = kernel ? info->btf_vmlinux_value_type_id : info->btf_value_type_id;
}

/* What the kernel has checked; else types say nothing about the bytes. */
static int lay_out(struct kmap *kmap)
{
	const uint32_t ids[] = { kmap->key_id, kmap->value_id };
	struct asm_map *map = &kmap->map;
	struct asm_typeref refs[2];

	kmap->layouts = asm_btf_layouts(kmap->kbtf.btf, ids, 2, refs);
	if (!kmap->layouts)
		return -ENOMEM;
	if (refs[0].type && asm_sizeof(refs[0]) == map->key_size)
		map->key = refs[0];
	if (refs[1].type && asm_sizeof(refs[1]) == map->value_size)
		map->value = refs[1];
	return 0;
}

int kmap_describe(struct kmap *kmap, struct words *words, uint32_t flags)
{
	int err = kmap_take(kmap, words, flags);

	if (err)
		return err;
	if (!words_end(words))
		return -EINVAL;
	if (!asm_map_type_number(kmap->info.type)) {
		say_error(words->opt, NULL, "map '%s' is of type %u, which is newer than this "
			  "program", kmap->info.name, kmap->info.type);
		return -EOPNOTSUPP;
	}
	kmap_types(kmap);
	err = kmap->kbtf.btf ? lay_out(kmap) : 0;
	if (err)
		say_error(words->opt, NULL, "%s: %s", kmap->title, strerror(-err));
	return err;
}

/* ---- what it is like ---- */

bool kmap_fdinfo(const struct kmap *kmap, const char *name, uint64_t *out)
{
	return object_fdinfo_own(kmap->fd, name, out);
}

bool kmap_is_array(const struct kmap *kmap)
{
	static const uint8_t arrays[] = {
		BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_PERCPU_ARRAY, BPF_MAP_TYPE_PROG_ARRAY,
		BPF_MAP_TYPE_PERF_EVENT_ARRAY, BPF_MAP_TYPE_CGROUP_ARRAY,
		BPF_MAP_TYPE_ARRAY_OF_MAPS, BPF_MAP_TYPE_DEVMAP, BPF_MAP_TYPE_SOCKMAP,
		BPF_MAP_TYPE_CPUMAP, BPF_MAP_TYPE_XSKMAP, BPF_MAP_TYPE_REUSEPORT_SOCKARRAY,
		BPF_MAP_TYPE_INSN_ARRAY,
	};

	return memchr(arrays, (int)kmap->info.type, sizeof(arrays));
}

bool kmap_has_maps(const struct kmap *kmap)
{
	return kmap->info.type == BPF_MAP_TYPE_ARRAY_OF_MAPS ||
	       kmap->info.type == BPF_MAP_TYPE_HASH_OF_MAPS;
}

/* ---- failures ---- */

static const struct {
	int cmd;
	const char *name;
	bool writes;
} calls[] = {
	{ BPF_MAP_LOOKUP_ELEM, "BPF_MAP_LOOKUP_ELEM", false },
	{ BPF_MAP_UPDATE_ELEM, "BPF_MAP_UPDATE_ELEM", true },
	{ BPF_MAP_DELETE_ELEM, "BPF_MAP_DELETE_ELEM", true },
	{ BPF_MAP_GET_NEXT_KEY, "BPF_MAP_GET_NEXT_KEY", false },
	{ BPF_MAP_LOOKUP_AND_DELETE_ELEM, "BPF_MAP_LOOKUP_AND_DELETE_ELEM", true },
	{ BPF_MAP_LOOKUP_BATCH, "BPF_MAP_LOOKUP_BATCH", false },
	{ BPF_MAP_FREEZE, "BPF_MAP_FREEZE", true },
};

/* What to do instead with maps that one cannot do everything with. */
static const struct {
	uint32_t type;
	const char *text;
} hints[] = {
	{ BPF_MAP_TYPE_QUEUE, "push, pop and peek are what it can" },
	{ BPF_MAP_TYPE_STACK, "push, pop and peek are what it can" },
	{ BPF_MAP_TYPE_BLOOM_FILTER, "push adds a value, and 'peek MAP value DATA' asks for one" },
	{ BPF_MAP_TYPE_RINGBUF, "`bpfload tail` reads its records" },
	{ BPF_MAP_TYPE_PERF_EVENT_ARRAY, "`bpfload tail` reads its records" },
	{ BPF_MAP_TYPE_ARRAY, "to clear an entry, update it with zeroes" },
	{ BPF_MAP_TYPE_PERCPU_ARRAY, "to clear an entry, update it with zeroes" },
};

static const char *hint(const struct kmap *kmap)
{
	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
		if (hints[i].type == kmap->info.type)
			return hints[i].text;
	return NULL;
}

__attribute__((format(printf, 2, 3)))
static void add(struct why *why, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why->text[why->count++], WHY_TEXT, format, args);
	va_end(args);
}

static bool is_beyond(const struct kmap *kmap)
{
	uint32_t index;

	if (!kmap_is_array(kmap) || kmap->info.key_size != sizeof(index))
		return false;
	memcpy(&index, kmap->key, sizeof(index));
	return index >= kmap->info.max_entries;
}

static void add_beyond(const struct kmap *kmap, struct why *why)
{
	uint32_t index;

	memcpy(&index, kmap->key, sizeof(index));
	add(why, "index %" PRIu32 " is not below max_entries, which is %" PRIu32, index,
	    kmap->info.max_entries);
}

static void why_denied(const struct kmap *kmap, bool writes, struct why *why)
{
	uint64_t frozen;

	if (writes && kmap_fdinfo(kmap, "frozen", &frozen) && frozen)
		add(why, "the map is frozen: user space cannot change it any more");
	else
		why_object(why, true, -EPERM);
}

static void why_missing(const struct kmap *kmap, int cmd, struct why *why)
{
	if (!kmap->info.key_size)
		add(why, kmap->info.type == BPF_MAP_TYPE_BLOOM_FILTER ?
		    "this value was never added" : "the map is empty");
	else if (is_beyond(kmap))
		add_beyond(kmap, why);
	else if (cmd == BPF_MAP_GET_NEXT_KEY)
		add(why, "no key follows");
	else
		add(why, kmap_is_array(kmap) ? "nothing is at that index" :
		    "the map has no such key");
}

static void why_full(const struct kmap *kmap, struct why *why)
{
	if (is_beyond(kmap))
		add_beyond(kmap, why);
	else
		add(why, "the map is full: max_entries is %" PRIu32, kmap->info.max_entries);
}

static void why_busy(const struct kmap *kmap, int cmd, struct why *why)
{
	uint64_t frozen = 0;

	if (cmd != BPF_MAP_FREEZE)
		add(why, "another CPU is changing the map just now");
	else if (kmap_fdinfo(kmap, "frozen", &frozen) && frozen)
		add(why, "it is frozen already");
	else
		add(why, "someone writes to it, or has it mapped for writing");
}

/* Whether the key of an LPM trie has a prefix longer than its address. */
static bool is_long_prefix(const struct kmap *kmap, struct why *why)
{
	uint32_t len, most = 8 * (kmap->info.key_size - (uint32_t)sizeof(len));

	if (kmap->info.type != BPF_MAP_TYPE_LPM_TRIE)
		return false;
	memcpy(&len, kmap->key, sizeof(len));
	if (len > most)
		add(why, "the prefix of %" PRIu32 " bits is longer than the %" PRIu32 " of the key",
		    len, most);
	return len > most;
}

static void why_invalid(const struct kmap *kmap, int cmd, uint64_t flags, struct why *why)
{
	const char *instead = hint(kmap);
	bool updates = cmd == BPF_MAP_UPDATE_ELEM;

	if (is_long_prefix(kmap, why))
		return;
	if (updates && kmap_has_maps(kmap))
		add(why, "a map in it must have the type, sizes and flags of the inner map that "
		    "it was made with");
	else if (updates && kmap->info.type == BPF_MAP_TYPE_PROG_ARRAY)
		add(why, "the program is not of the type, or not compiled (JIT), as those that use "
		    "this map are");
	else if (updates && flags)
		add(why, "%s maps take neither 'exist' nor 'noexist'", kmap->map.type->name);
	else if (cmd == BPF_MAP_LOOKUP_AND_DELETE_ELEM &&
		 why_kernel_before(ASM_KERNEL(5, 14)) && kmap->info.key_size)
		add(why, "keys can be looked up and deleted at once since Linux 5.14");
	else if (!updates)
		add(why, "%s maps cannot do that%s%s", kmap->map.type->name, instead ? ": " : "",
		    instead ? instead : "");
}

int kmap_fail(const struct kmap *kmap, int cmd, int err, uint64_t flags)
{
	const char *name = "bpf(2)";
	struct why why = { .count = 0 };
	bool writes = false;

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (calls[i].cmd != cmd)
			continue;
		name = calls[i].name;
		writes = calls[i].writes;
	}
	switch (-err) {
	case EPERM:
		why_denied(kmap, writes, &why);
		break;
	case ENOENT:
		why_missing(kmap, cmd, &why);
		break;
	case EEXIST:
		add(&why, "%s, and 'noexist' keeps that as it is", kmap_is_array(kmap) ?
		    "an array has every index" : "the key is there already");
		break;
	case E2BIG:
	case ENOSPC:
		why_full(kmap, &why);
		break;
	case EINVAL:
	case EOPNOTSUPP:
		why_invalid(kmap, cmd, flags, &why);
		break;
	case EBUSY:
		why_busy(kmap, cmd, &why);
		break;
	case ENOMEM:
		add(&why, "the kernel has no memory for another entry");
		break;
	}
	why_say(kmap->opt, NULL, kmap->title, name, err, &why);
	return err;
}
