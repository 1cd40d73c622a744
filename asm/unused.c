/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a macro or an included text defines is there for many to take from, so only names of the
 * main text count; and those of -D, which are most likely misspelt. What a compiler wrote has names
 * that it needs and names that others may: none of them counts.
 */
#include <string.h>

#include "asm.h"
#include "diag.h"
#include "global.h"
#include "num.h"
#include "lex.h"
#include "symbols.h"
#include "isa.h"
#include "mem.h"
#include "source.h"
#include "unit.h"
#include "unused.h"

static bool unused_in_main(const struct unit *unit, uint32_t pos)
{
	const struct asm_source *source = source_of(unit->sources, pos);

	return source && !source->parent;
}

/* Compilers put labels of their own where debuggers, or nobody, look for them. */
static bool unused_is_local(const struct symbol *label)
{
	return label->name[0] == '.' || (label->name[0] >= '0' && label->name[0] <= '9') ||
	       (label->len >= 3 && !memcmp(label->name, "LBB", 3));
}

void unused_labels(struct unit *unit)
{
	const struct asm_object *obj = unit->obj;
	uint32_t start = obj->nfuncs ? obj->funcs[obj->nfuncs - 1].start : 0;
	size_t i;

	for (i = 0; !unit->sections && i < unit->labels.count; i++) {
		const struct symbol *label = &unit->labels.entries[i];

		/* one at the very front is the name of the function */
		if (label->used || label->index == start || unused_is_local(label) ||
		    !unused_in_main(unit, label->pos))
			continue;
		diag_warn(&unit->diags, ASM_WARNING_UNUSED_LABEL, label->pos, label->len,
			  "nothing jumps to '%.*s'", (int)label->len, label->name);
	}
}

static void unused_define(struct unit *unit, const struct symbol *symbol)
{
	char near[ASM_NEAR_TEXT];

	diag_warn(&unit->diags, ASM_WARNING_UNUSED_DEFINE, symbol->pos, symbol->len,
		  "nothing uses '%.*s'%s", (int)symbol->len, symbol->name,
		  unit_near(&unit->names, symbol->name, symbol->len, 1 << UNIT_CONSTANT, near));
}

static void unused_name(struct unit *unit, const struct symbol *symbol)
{
	static const struct {
		enum asm_warning which;
		const char *what;
	} kinds[] = {
		[UNIT_CONSTANT] = { ASM_WARNING_UNUSED_CONSTANT, "uses the constant" },
		[UNIT_MAP] = { ASM_WARNING_UNUSED_MAP, "uses the map" },
		[UNIT_FUNC] = { ASM_WARNING_UNUSED_FUNCTION, "calls" },
		[UNIT_GLOBAL] = { ASM_WARNING_UNUSED_GLOBAL, "uses the variable" },
	};

	if (symbol->kind >= sizeof(kinds) / sizeof(kinds[0]) || !kinds[symbol->kind].what ||
	    (symbol->kind == UNIT_FUNC && unit->obj->funcs[symbol->index].section))
		return;
	diag_warn(&unit->diags, kinds[symbol->kind].which, symbol->pos, symbol->len,
		  "nothing %s '%.*s'", kinds[symbol->kind].what, (int)symbol->len, symbol->name);
}

void unused_names(struct unit *unit)
{
	size_t i;

	for (i = 0; i < unit->names.count; i++) {
		const struct symbol *symbol = &unit->names.entries[i];

		if (symbol->used || !symbol->pos)
			continue;
		if (symbol->kind == UNIT_DEFINE)
			unused_define(unit, symbol);
		else if (!unit->diags.errors && !unit->sections &&
			 unused_in_main(unit, symbol->pos))
			unused_name(unit, symbol);
	}
}
