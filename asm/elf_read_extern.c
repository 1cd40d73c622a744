/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * elf_read_extern.c - what is in the kernel and not in the object: the variables and functions that
 * BTF puts into .ksyms, and the configuration in .kconfig. Source: tools/lib/bpf/libbpf.c (7.2),
 * bpf_object__collect_externs().
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "asm.h"
#include "btfview.h"
#include "elf_read_file.h"
#include "symbols.h"
#include "elf_read_name.h"
#include "mem.h"
#include "elf_read.h"

enum {
	EEXTERN_WORDS = 3,	/* of a variable in a section */
	EEXTERN_INT_BOOL = 4, EEXTERN_INT_SIGNED = 1,
	EEXTERN_MOST = 1 << 16,	/* bytes of one variable with configuration */
};

static const char eextern_tristate[] = "libbpf_tristate";

/* ---- configuration ---- */

static bool eextern_int(const struct eread *eread, const struct btfview_type *type,
			struct asm_extern *ext)
{
	uint32_t encoding = btfview_word(eread->btf, type, 0) >> 24 & 0xf;

	ext->is_signed = encoding & EEXTERN_INT_SIGNED;
	if (encoding & EEXTERN_INT_BOOL) {
		ext->config = ASM_CONFIG_BOOL;
		return type->arg == 1;
	}
	ext->config = type->arg == 1 ? ASM_CONFIG_CHAR : ASM_CONFIG_INT;
	return type->arg && type->arg <= sizeof(uint64_t) && !(type->arg & (type->arg - 1));
}

/* What a variable of a type takes; *align is what it is placed by. False: nothing. */
static bool eextern_config(struct eread *eread, uint32_t id, struct asm_extern *ext,
			   uint32_t *align)
{
	struct btfview_type type;

	if (!etype_strip(eread, &id, &type))
		return false;
	ext->size = *align = type.arg;
	if (type.kind == ASM_BTF_INT)
		return eextern_int(eread, &type, ext);
	if (type.kind == ASM_BTF_ENUM || type.kind == ASM_BTF_ENUM64) {
		ext->config = ASM_CONFIG_TRISTATE;
		return type.arg == sizeof(uint32_t) && !strcmp(type.name, eextern_tristate);
	}
	if (type.kind != ASM_BTF_ARRAY)
		return false;
	ext->config = ASM_CONFIG_TEXT;
	ext->size = btfview_word(eread->btf, &type, 2);
	*align = 1;
	id = btfview_word(eread->btf, &type, 0);
	return ext->size && ext->size <= EEXTERN_MOST && etype_strip(eread, &id, &type) &&
	       type.kind == ASM_BTF_INT && type.arg == 1;
}

/* ---- all of them ---- */

/* A variable with configuration, until all have a place. */
struct eextern {
	struct asm_extern *ext;
	uint32_t align;
};

/* As libbpf places them. */
static int eextern_compare(const void *left, const void *right)
{
	const struct eextern *a = left, *b = right;

	if (a->align != b->align)
		return a->align > b->align ? -1 : 1;
	if (a->ext->size != b->ext->size)
		return a->ext->size < b->ext->size ? -1 : 1;
	return strcmp(a->ext->name, b->ext->name);
}

static struct asm_extern *eextern_add(struct eread *eread, const char *name)
{
	struct asm_extern *ext;

	if (!*name || symbols_get(&eread->externs, name, strlen(name)))
		return NULL;
	ext = mem_alloc(&eread->mem, sizeof(*ext));
	ext->name = name;
	symbols_put(&eread->externs, name, strlen(name))->data = ext;
	return ext;
}

static void eextern_ksyms(struct eread *eread, const struct btfview_type *section)
{
	struct btfview_type type;
	struct asm_extern *ext;
	uint32_t i, id;

	for (i = 0; i < section->vlen; i++) {
		if (!btfview_type(eread->btf, btfview_word(eread->btf, section, i * EEXTERN_WORDS),
				  &type) ||
		    (type.kind != ASM_BTF_VAR && type.kind != ASM_BTF_FUNC))
			continue;
		ext = eextern_add(eread, type.name);
		if (!ext)
			continue;
		ext->kind = ASM_EXTERN_TYPED;
		id = type.arg;
		if (type.kind == ASM_BTF_VAR && etype_strip(eread, &id, &type) && !id)
			ext->kind = ASM_EXTERN_ADDRESS;
	}
}

/* One that cannot hold configuration is left out here: it is missed where it is used. */
static void eextern_kconfig(struct eread *eread, const struct btfview_type *section)
{
	struct eextern *all = mem_alloc(&eread->mem, (section->vlen + 1) * sizeof(*all));
	struct asm_object *obj = eread->obj;
	struct btfview_type var;
	uint32_t i, at = 0;
	size_t n = 0;

	for (i = 0; i < section->vlen; i++) {
		if (!btfview_type(eread->btf, btfview_word(eread->btf, section, i * EEXTERN_WORDS),
				  &var) || var.kind != ASM_BTF_VAR)
			continue;
		all[n].ext = eextern_add(eread, var.name);
		if (all[n].ext && eextern_config(eread, var.arg, all[n].ext, &all[n].align)) {
			all[n++].ext->kind = ASM_EXTERN_CONFIG;
			continue;
		}
		eread_warn(eread, "'%s' is no variable that holds configuration", var.name);
	}
	qsort(all, n, sizeof(*all), eextern_compare);
	obj->configs = mem_alloc(&eread->mem, (n + 1) * sizeof(*obj->configs));
	for (i = 0; i < n; i++) {
		at = (at + all[i].align - 1) / all[i].align * all[i].align;
		all[i].ext->offset = at;
		at += all[i].ext->size;
		obj->configs[i] = all[i].ext;
	}
	obj->nconfigs = n;
	obj->config_size = at;
}

/* Whether a name may be missing is told by its symbol. */
static void eextern_weaken(struct eread *eread)
{
	const struct symbol *known;
	uint32_t i;

	for (i = 0; i < eread->file.nsymbols; i++) {
		known = symbols_get(&eread->externs, eread->symbols[i].name,
				    strlen(eread->symbols[i].name));
		if (known && !eread->symbols[i].section && eread->symbols[i].bind == STB_WEAK)
			((struct asm_extern *)known->data)->weak = true;
	}
}

void eextern_read(struct eread *eread)
{
	struct btfview_type type;
	uint32_t id;

	for (id = 1; eread->btf && id <= btfview_count(eread->btf); id++) {
		if (!btfview_type(eread->btf, id, &type) || type.kind != ASM_BTF_DATASEC)
			continue;
		if (!strcmp(type.name, ".ksyms"))
			eextern_ksyms(eread, &type);
		else if (!strcmp(type.name, ".kconfig") && !eread->obj->nconfigs)
			eextern_kconfig(eread, &type);
	}
	eextern_weaken(eread);
}

const struct asm_extern *eextern_get(struct eread *eread, const char *name)
{
	const struct symbol *known = symbols_get(&eread->externs, name, strlen(name));

	return known ? known->data : NULL;
}
