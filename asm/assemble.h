/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* assemble.h - the statements of one text. */
#ifndef ASSEMBLE_H
#define ASSEMBLE_H

struct asm_source;
struct unit;

/* Assemble a text; the lexer is afterwards where it was. */
void assemble_source(struct unit *unit, const struct asm_source *source);

#endif
