/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "asm.h"
#include "diag.h"
#include "global.h"
#include "num.h"
#include "lex.h"
#include "local.h"
#include "symbols.h"
#include "isa.h"
#include "mem.h"
#include "source.h"
#include "unit.h"

/* One number: where it stands, in the order of the text, which is that of the slots. */
struct local {
	uint32_t *slots;
	size_t n, room;
};

/* 01 is 1. */
static void local_skip_zeros(const char **digits, size_t *len)
{
	while (*len > 1 && **digits == '0') {
		++*digits;
		--*len;
	}
}

bool local_is(const char *name, size_t len)
{
	return len && *name >= '0' && *name <= '9';
}

bool local_define(struct unit *unit, const struct token *number)
{
	const char *digits = number->text;
	struct symbol *symbol;
	struct local *local;
	size_t i, len = number->len;

	for (i = 0; i < len; i++)
		if (digits[i] < '0' || digits[i] > '9')
			return unit_error(unit, number, "the number of a label is only digits");
	local_skip_zeros(&digits, &len);
	symbol = symbols_get(&unit->locals, digits, len);
	if (!symbol) {
		symbol = symbols_put(&unit->locals, digits, len);
		symbol->data = mem_alloc(&unit->mem, sizeof(*local));
	}
	local = (struct local *)symbol->data;
	local->slots = mem_grow(&unit->mem, local->slots, &local->room, local->n + 1,
				sizeof(*local->slots));
	local->slots[local->n++] = (uint32_t)unit->obj->ninsns;
	return true;
}

/*
 * What stands before an instruction has its slot or a lower one, what stands behind a higher one:
 * so the slots alone tell the two apart.
 */
bool local_find(const struct unit *unit, const char *name, size_t len, uint32_t slot,
		uint32_t *out)
{
	const struct asm_object *obj = unit->obj;
	bool behind = name[--len] == 'f';
	const struct symbol *symbol;
	const struct local *local;
	size_t first;

	local_skip_zeros(&name, &len);
	symbol = symbols_get(&unit->locals, name, len);
	if (!symbol)
		return false;
	local = symbol->data;
	first = asm_rows_below(local->slots, local->n, sizeof(*local->slots), 0,
			       (uint64_t)slot + 1);
	/* the first behind; earlier functions have labels of the same number */
	if (behind ? first == local->n : !first)
		return false;
	*out = local->slots[behind ? first : first - 1];
	return *out >= obj->funcs[obj->nfuncs - 1].start;
}
