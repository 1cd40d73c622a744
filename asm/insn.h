/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* insn.h - instructions of the text: matched against the templates, checked, put in the object. */
#ifndef INSN_H
#define INSN_H

#include <stdbool.h>
#include <stdint.h>

struct asm_insn;
struct asm_kref;
struct log_prefix;
struct unit;
struct value;

/*
 * Parse the instruction that begins at the token and add its slots. log says what a kernel's
 * listing has before it; NULL: nothing. False when there was an error, or a macro of the
 * prelude; the caller skips the statement.
 */
bool insn_parse(struct unit *unit, const struct log_prefix *log);

/* Add a slot. */
void insn_add(struct unit *unit, struct asm_insn insn, uint32_t pos);

/* The number of the slot to be added next is the offset of a field of the kernel's: keep which. */
struct asm_kref *insn_add_kref(struct unit *unit, const struct value *value);

/* Call what the value names. */
void insn_add_call(struct unit *unit, const struct value *func);

/* rN = value, in as many slots as it takes. False: reported. */
bool insn_add_load(struct unit *unit, unsigned int reg, const struct value *value);

/* Resolve the labels of the function that ends here, then forget them. */
void insn_close_function(struct unit *unit);

/* Resolve what names maps and functions; the object's relocs are complete then. */
void insn_close_object(struct unit *unit);

#endif
