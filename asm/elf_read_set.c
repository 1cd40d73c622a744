/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* elf_read_set.c - -D NAME=VALUE of an object: what one of its variables begins with. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "asm.h"
#include "btfview.h"
#include "elf_read_file.h"
#include "symbols.h"
#include "elf_read_name.h"
#include "mem.h"
#include "elf_read.h"

/* A definition under way. */
struct eset {
	struct eread *eread;
	const char *name, *value;
	size_t len;		/* of the name */
	const struct asm_field *field;
	uint8_t *at;
};

static bool eset_find(struct eset *set)
{
	struct asm_object *obj = set->eread->obj;
	char near[ASM_NEAR_TEXT];
	struct asm_near search;
	size_t i, j;

	asm_near_start(&search, set->name, set->len);
	for (i = 0; i < obj->nmaps; i++) {
		for (j = 0; obj->maps[i].data && j < obj->maps[i].value.type->nfields; j++) {
			set->field = &obj->maps[i].value.type->fields[j];
			set->at = (uint8_t *)obj->maps[i].data + set->field->offset;
			if (strlen(set->field->name) == set->len &&
			    !memcmp(set->field->name, set->name, set->len))
				return true;
			asm_near_offer(&search, set->field->name, strlen(set->field->name));
		}
	}
	return eread_error(set->eread, "-D %.*s: the object has no such variable%s", (int)set->len,
			   set->name, asm_near_text(&search, near));
}

/* A text, with its NUL where there is room for that, or must be. */
static bool eset_text(struct eset *set)
{
	uint64_t size = asm_sizeof(set->field->type);
	size_t len = strlen(set->value);

	if (len >= size)
		return eread_error(set->eread, "-D %s has %zu bytes and a NUL, the variable %llu",
				   set->name, len, (unsigned long long)size);
	memset(set->at, 0, size);
	memcpy(set->at, set->value, len);
	return true;
}

/* As C writes numbers; true and false are some. */
static bool eset_parse(const char *text, bool *negative, uint64_t *number)
{
	int before = errno;
	bool fits;
	char *end;

	*negative = *text == '-';
	*number = !strcmp(text, "true");
	if (*number || !strcmp(text, "false"))
		return true;
	text += *negative;
	errno = 0;
	*number = strtoull(text, &end, 0);
	fits = !errno && *text >= '0' && *text <= '9' && !*end;
	errno = before;
	return fits;
}

/* Of one without a sign -1 is the largest, as in C and in texts. */
static bool eset_fits(const struct asm_type *type, bool negative, uint64_t number)
{
	uint64_t most = type->format == ASM_BOOL ? 1 : type->size >= sizeof(number) ? UINT64_MAX :
			(UINT64_C(1) << 8 * type->size) - 1;

	if (type->format == ASM_SIGNED && !negative)
		most /= 2;
	return negative ? number <= most / 2 + 1 && type->format != ASM_BOOL : number <= most;
}

static bool eset_number(struct eset *set)
{
	const struct asm_type *type = set->field->type.type;
	bool big = set->eread->obj->endian == ASM_BIG || type->format == ASM_NETWORK ||
		   type->format == ASM_IPV4, negative;
	uint64_t number;
	uint32_t i;

	if (!eset_parse(set->value, &negative, &number))
		return eread_error(set->eread, "-D %s: this is no number", set->name);
	if (!eset_fits(type, negative, number))
		return eread_error(set->eread, "-D %s: a variable of type %s has no room for that",
				   set->name, type->name);
	number = negative ? -number : number;
	for (i = 0; i < type->size; i++)
		set->at[i] = (uint8_t)(number >> 8 * (big ? type->size - 1 - i : i));
	return true;
}

static bool eset_one(struct eread *eread, const char *define)
{
	struct eset set = { .eread = eread, .name = define, .len = strcspn(define, "=") };
	const struct asm_type *type;

	set.value = define + set.len + (define[set.len] == '=');
	if (!eset_find(&set))
		return false;
	type = set.field->type.type;
	if (set.field->type.count && type->format == ASM_CHAR)
		return eset_text(&set);
	if (set.field->type.count || type->format == ASM_STRUCT || type->size > sizeof(uint64_t))
		return eread_error(eread, "-D %.*s: the variable is neither a number nor a text",
				   (int)set.len, define);
	return eset_number(&set);
}

bool eset_all(struct eread *eread)
{
	size_t i;

	for (i = 0; i < eread->opt->ndefines; i++)
		if (!eset_one(eread, eread->opt->defines[i]))
			return false;
	return true;
}
