/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <string.h>

#include "abi.h"
#include "btfvalue.h"
#include "cli.h"
#include "json.h"
#include "loader.h"
#include "kbtf.h"
#include "kmap.h"
#include "object.h"
#include "sys.h"
#include "words.h"
#include "show.h"
#include "metadata.h"

static const char prefix[] = "bpf_metadata_";

/* A descriptor, or -1. */
static int find_rodata(const uint32_t *maps, size_t n)
{
	struct abi_map_info info;
	int fd;

	for (size_t i = 0; i < n; i++) {
		memset(&info, 0, sizeof(info));
		fd = object_open_id(OBJECT_MAP, maps[i], BPF_F_RDONLY);
		if (fd < 0)
			continue;
		if (!object_info(fd, &info, sizeof(info)) && info.type == BPF_MAP_TYPE_ARRAY &&
		    info.max_entries == 1 && info.btf_value_type_id) {
			info.name[BPF_OBJ_NAME_LEN - 1] = '\0';
			if (strstr(info.name, ".rodata"))
				return fd;
		}
		sys_close(fd);
	}
	return -1;
}

static void show_value(struct show *show, const char *name, const struct kmap *kmap,
		       const struct asm_btf_type *var, uint32_t at)
{
	const uint8_t *data = kmap->value + at;
	size_t len = kmap->info.value_size - at;
	struct json value;

	if (show->json) {
		json_name(&show->w, name);
		btfvalue_print(&show->w, kmap->kbtf.btf, var->arg, data, len, false);
		return;
	}
	json_init(&value, show->out, false);
	fprintf(show->out, "\n\t\t%s = ", name);
	btfvalue_print(&value, kmap->kbtf.btf, var->arg, data, len, true);
}

static void show_section(struct show *show, const struct kmap *kmap)
{
	struct asm_btf_member member;
	struct asm_btf_type var;
	bool any = false;

	for (uint32_t i = 0; asm_btf_member(kmap->kbtf.btf, kmap->value_id, i, &member); i++) {
		if (!asm_btf_type(kmap->kbtf.btf, member.arg, &var) || var.kind != ASM_BTF_VAR ||
		    strncmp(var.name, prefix, strlen(prefix)) != 0 ||
		    member.bit / 8 > kmap->info.value_size)
			continue;
		if (!any)
			show_open(show, "metadata", '{');
		if (!any && !show->json)
			fputs("\n\tmetadata:", show->out);
		any = true;
		show_value(show, var.name + strlen(prefix), kmap, &var, member.bit / 8);
	}
	if (any)
		show_close(show, '}');
}

void metadata_show(struct show *show, const uint32_t *maps, size_t n)
{
	struct asm_btf_type type;
	int fd = find_rodata(maps, n);
	struct kmap kmap;

	if (fd < 0)
		return;
	if (!kmap_open(&kmap, fd, show->opt))
		kmap_types(&kmap);
	if (kmap.kbtf.btf && asm_btf_type(kmap.kbtf.btf, kmap.value_id, &type) &&
	    type.kind == ASM_BTF_DATASEC && !load_map_lookup(kmap.fd, kmap.key, kmap.value))
		show_section(show, &kmap);
	kmap_close(&kmap);
}
