/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "abi.h"
#include "loader.h"
#include "known.h"
#include "object.h"
#include "say.h"
#include "sys.h"
#include "words.h"

/* All of its bytes. */
static int read_btf(int fd, char **blob, size_t *len)
{
	struct abi_btf_info info;
	int err;

	memset(&info, 0, sizeof(info));
	err = object_info(fd, &info, sizeof(info));
	if (err)
		return err;
	*len = info.btf_size;
	*blob = malloc(*len + 1);
	if (!*blob)
		return -ENOMEM;
	memset(&info, 0, sizeof(info));
	info.btf = abi_ptr(*blob);
	info.btf_size = (uint32_t)*len;
	return object_info(fd, &info, sizeof(info));
}

static int read_types(struct known_map *known)
{
	const uint32_t ids[] = { known->info.btf_key_type_id, known->info.btf_value_type_id };
	struct asm_typeref refs[2];
	size_t len = 0;
	int fd, err;

	fd = object_open_id(OBJECT_BTF, known->info.btf_id, 0);
	err = fd < 0 ? fd : read_btf(fd, &known->blob, &len);
	sys_close(fd);
	if (!err)
		err = asm_btf_open(known->blob, len, &known->btf);
	if (err)
		return err;
	known->types = asm_btf_layouts(known->btf, ids, 2, refs);
	if (!known->types)
		return -ENOMEM;
	/* What the kernel has checked; else they say nothing about the bytes. */
	if (refs[0].type && asm_sizeof(refs[0]) == known->map.key_size)
		known->map.key = refs[0];
	if (refs[1].type && asm_sizeof(refs[1]) == known->map.value_size)
		known->map.value = refs[1];
	return 0;
}

/* Bytes are shown where types cannot be had. */
static int describe(struct known_map *known, const struct load_options *opt)
{
	const struct abi_map_info *info = &known->info;
	int err = object_info(known->fd, &known->info, sizeof(known->info));

	if (err) {
		say_error(opt, NULL, "map: BPF_OBJ_GET_INFO_BY_FD: %s", strerror(-err));
		return err;
	}
	known->info.name[BPF_OBJ_NAME_LEN - 1] = '\0';
	known->map = (struct asm_map){
		.name = info->name, .type = asm_map_type_number(info->type),
		.key_size = info->key_size, .value_size = info->value_size,
		.max_entries = info->max_entries, .map_flags = info->map_flags,
		.map_extra = info->map_extra,
	};
	if (!known->map.type) {
		say_error(opt, NULL, "map '%s' is of type %u, which is newer than this program",
			  info->name, info->type);
		return -EOPNOTSUPP;
	}
	err = info->btf_id ? read_types(known) : 0;
	if (err)
		say_note(opt, NULL, "the types of map '%s' cannot be read: %s", info->name,
			 strerror(-err));
	return 0;
}

int known_open(struct known_map *known, struct words *words, uint32_t flags)
{
	memset(known, 0, sizeof(*known));
	known->fd = object_find_one(words, OBJECT_MAP, flags);
	if (known->fd < 0)
		return known->fd;
	return words_end(words) ? describe(known, words->opt) : -EINVAL;
}

void known_close(struct known_map *known)
{
	asm_free(known->types);
	asm_btf_close(known->btf);
	free(known->blob);
	sys_close(known->fd);
}
