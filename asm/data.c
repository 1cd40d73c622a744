/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "asm.h"
#include "data.h"
#include "diag.h"
#include "directive.h"
#include "global.h"
#include "num.h"
#include "expr.h"
#include "insn.h"
#include "lex.h"
#include "symbols.h"
#include "isa.h"
#include "mem.h"
#include "source.h"
#include "unit.h"

static void data_add_byte(struct unit *unit, uint8_t byte, uint32_t pos)
{
	if (!unit->ndata)
		unit->data_pos = pos;
	unit->data[unit->ndata++] = byte;
	if (unit->ndata < sizeof(unit->data))
		return;
	unit->ndata = 0;
	insn_add(unit, asm_insn_read(unit->data, unit->obj->endian), unit->data_pos);
}

static bool data_value(struct unit *unit, unsigned int size)
{
	bool big = unit->obj->endian == ASM_BIG;
	uint64_t most = size == 8 ? UINT64_MAX : (UINT64_C(1) << 8 * size) - 1, bits;
	struct value value;
	unsigned int i;

	if (!expr_number(unit, &value) ||
	    !expr_range(unit, &value, "the value", (int64_t)-(most / 2) - 1, most))
		return false;
	bits = num_bits(value.num);
	for (i = 0; i < size; i++)
		data_add_byte(unit, (uint8_t)(bits >> 8 * (big ? size - 1 - i : i)), value.pos);
	return true;
}

static bool data_values(struct unit *unit, unsigned int size)
{
	directive_open_function(unit);
	while (data_value(unit, size)) {
		if (unit->lex.token.kind != ',')
			return true;
		lex_next(&unit->lex);
	}
	return false;
}

bool data_byte(struct unit *unit)
{
	return data_values(unit, 1);
}

bool data_short(struct unit *unit)
{
	return data_values(unit, 2);
}

bool data_long(struct unit *unit)
{
	return data_values(unit, 4);
}

bool data_quad(struct unit *unit)
{
	return data_values(unit, 8);
}

bool data_close(struct unit *unit)
{
	if (!unit->ndata)
		return true;
	diag_add(&unit->diags, ASM_ERROR, unit->data_pos, 1,
		 "data of %u bytes does not fill a slot of 8", unit->ndata);
	unit->ndata = 0;
	return false;
}
