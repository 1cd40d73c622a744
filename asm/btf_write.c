/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* btf_write.c - BTF data. Source: Documentation/bpf/btf.rst, uapi/linux/btf.h (7.2). */
#include <string.h>

#include "asm.h"
#include "symbols.h"
#include "bytes.h"
#include "btf_write.h"
#include "elf.h"
#include "mem.h"

enum { BTF_VERSION = 1, BTF_HEADER = 24, BTF_HEAD_WORDS = 3, BTF_MEMBER_WORDS = 3 };

void btf_out_init(struct btf_out *out, struct mem *mem)
{
	memset(out, 0, sizeof(*out));
	out->mem = mem;
	out->known.mem = mem;
	out->structs.mem = mem;
	strtab_init(&out->strings, mem);
}

uint32_t btf_out_name(struct btf_out *out, const char *name)
{
	return strtab_add(&out->strings, name, strlen(name));
}

uint32_t *btf_out_reserve(struct btf_out *out, size_t n, uint32_t *id)
{
	struct btf_record *record;

	out->records = mem_grow(out->mem, out->records, &out->room, out->nrecords + 1,
				sizeof(*out->records));
	record = &out->records[out->nrecords++];
	record->words = mem_alloc(out->mem, n * sizeof(*record->words));
	record->n = n;
	*id = (uint32_t)out->nrecords;
	return record->words;
}

uint32_t btf_out_add(struct btf_out *out, const uint32_t *words, size_t n)
{
	size_t len = n * sizeof(*words);
	struct symbol *known = symbols_get(&out->known, (const char *)words, len);
	uint32_t id, *copy;

	if (known)
		return known->index;
	copy = btf_out_reserve(out, n, &id);
	memcpy(copy, words, len);
	symbols_put(&out->known, (const char *)copy, len)->index = id;
	return id;
}

/* ---- scalars ---- */

static uint32_t btf_out_named_int(struct btf_out *out, const char *name, uint32_t size,
				  uint32_t encoding)
{
	const uint32_t words[] = { btf_out_name(out, name), btf_info(ASM_BTF_INT, 0), size,
				   encoding << 24 | size * 8 };

	return btf_out_add(out, words, sizeof(words) / sizeof(words[0]));
}

/* As clang has them: a char says by its name that it is one. */
uint32_t btf_out_int(struct btf_out *out, uint32_t size, uint32_t encoding)
{
	static const struct {
		uint32_t size;
		const char *plain, *with_sign;
	} names[] = {
		{ 1, "unsigned char", "signed char" }, { 2, "unsigned short", "short" },
		{ 4, "unsigned int", "int" }, { 8, "unsigned long long", "long long" },
	};
	size_t i;

	if (encoding & BTF_INT_BOOL)
		return btf_out_named_int(out, "_Bool", size, BTF_INT_BOOL);
	if (encoding & BTF_INT_CHAR)
		return btf_out_named_int(out, "char", size, BTF_INT_SIGNED);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].size == size)
			return btf_out_named_int(out, encoding & BTF_INT_SIGNED ?
						 names[i].with_sign : names[i].plain,
						 size, encoding);
	return btf_out_named_int(out, encoding & BTF_INT_SIGNED ? "__int128" :
				 "unsigned __int128", size, encoding);
}

uint32_t btf_out_refer(struct btf_out *out, enum asm_btf_kind kind, const char *name,
		       uint32_t type)
{
	const uint32_t words[] = { btf_out_name(out, name), btf_info(kind, 0), type };

	return btf_out_add(out, words, sizeof(words) / sizeof(words[0]));
}

uint32_t btf_out_array(struct btf_out *out, uint32_t element, uint32_t count)
{
	const uint32_t words[] = {
		0, btf_info(ASM_BTF_ARRAY, 0), 0, element,
		btf_out_named_int(out, "__ARRAY_SIZE_TYPE__", 4, BTF_INT_PLAIN), count,
	};

	return btf_out_add(out, words, sizeof(words) / sizeof(words[0]));
}

/* ---- types of the text ---- */

/* What C would make a type of: an integer, or an array of them. */
static const struct btf_base {
	enum asm_format format;
	uint32_t encoding, element;	/* bytes of an element of an array; 0: it is none */
} btf_bases[] = {
	{ ASM_UNSIGNED, BTF_INT_PLAIN, 0 }, { ASM_SIGNED, BTF_INT_SIGNED, 0 },
	{ ASM_BOOL, BTF_INT_BOOL, 0 }, { ASM_CHAR, BTF_INT_CHAR, 0 },
	{ ASM_COMM, BTF_INT_CHAR, 1 }, { ASM_NETWORK, BTF_INT_PLAIN, 0 },
	{ ASM_IPV4, BTF_INT_PLAIN, 0 }, { ASM_IPV6, BTF_INT_PLAIN, 4 },
	{ ASM_INET, BTF_INT_PLAIN, 4 }, { ASM_MAC, BTF_INT_PLAIN, 1 },
	{ ASM_KTIME, BTF_INT_PLAIN, 0 },
	{ ASM_KSYM, BTF_INT_PLAIN, 0 }, { ASM_LOG2, BTF_INT_PLAIN, 0 },
	{ ASM_STRINGS, BTF_INT_CHAR, 0 },
};

static uint32_t btf_out_base(struct btf_out *out, const struct asm_type *type)
{
	const struct btf_base *base = btf_bases;

	while (base->format != type->format)
		base++;
	if (base->element)
		return btf_out_array(out, btf_out_int(out, base->element, base->encoding),
				     type->size / base->element);
	return btf_out_int(out, type->size, base->encoding);
}

/* Of a structure of the kernel the name and the size tell what it is: to a loader that is all. */
static uint32_t btf_out_struct_id(struct btf_out *out, const struct asm_type *type)
{
	const struct symbol *own = symbols_get(&out->structs, type->name, strlen(type->name));
	const uint32_t words[] = { btf_out_name(out, type->name), btf_info(ASM_BTF_STRUCT, 0),
				   type->size };

	return own ? own->index : btf_out_add(out, words, sizeof(words) / sizeof(words[0]));
}

/* char and int are words of C; the others are typedefs. */
static uint32_t btf_out_single(struct btf_out *out, const struct asm_type *type)
{
	uint32_t base;

	if (type->format == ASM_STRUCT)
		return btf_out_struct_id(out, type);
	if (type->format == ASM_POINTER)
		return btf_out_refer(out, ASM_BTF_PTR, "", 0);
	base = btf_out_base(out, type);
	if (!strcmp(type->name, "char") || !strcmp(type->name, "int"))
		return base;
	return btf_out_refer(out, ASM_BTF_TYPEDEF, type->name, base);
}

uint32_t btf_out_type(struct btf_out *out, struct asm_typeref ref)
{
	uint32_t type = btf_out_single(out, ref.type);

	return ref.count ? btf_out_array(out, type, ref.count) : type;
}

void btf_out_struct(struct btf_out *out, const struct asm_type *type)
{
	size_t n = BTF_HEAD_WORDS + BTF_MEMBER_WORDS * type->nfields, i;
	uint32_t *words = mem_alloc(out->mem, n * sizeof(*words)), *member;
	struct symbol *symbol;

	words[0] = btf_out_name(out, type->name);
	words[1] = btf_info(ASM_BTF_STRUCT, (uint32_t)type->nfields);
	words[2] = type->size;
	for (i = 0; i < type->nfields; i++) {
		member = &words[BTF_HEAD_WORDS + BTF_MEMBER_WORDS * i];
		member[0] = btf_out_name(out, type->fields[i].name);
		member[1] = btf_out_type(out, type->fields[i].type);
		member[2] = type->fields[i].offset * 8;
	}
	symbol = symbols_put(&out->structs, type->name, strlen(type->name));
	symbol->index = btf_out_add(out, words, n);
}

/* ---- the section ---- */

void btf_out_finish(const struct btf_out *out, struct bytes *bytes)
{
	size_t types = 0, i, j;

	for (i = 0; i < out->nrecords; i++)
		types += out->records[i].n * sizeof(uint32_t);
	bytes_put(bytes, 2, ELF_BTF_MAGIC);
	bytes_put(bytes, 1, BTF_VERSION);
	bytes_put(bytes, 1, 0);
	bytes_put(bytes, 4, BTF_HEADER);
	bytes_put(bytes, 4, 0);
	bytes_put(bytes, 4, types);
	bytes_put(bytes, 4, types);
	bytes_put(bytes, 4, out->strings.text.len);
	for (i = 0; i < out->nrecords; i++)
		for (j = 0; j < out->records[i].n; j++)
			bytes_put(bytes, 4, out->records[i].words[j]);
	bytes_append(bytes, out->strings.text.data, out->strings.text.len);
}
