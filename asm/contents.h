/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* contents.h - what sections of data hold: variables. Needs asm.h, global.h, section.h */
#ifndef CONTENTS_H
#define CONTENTS_H

#include <stdbool.h>
#include <stdint.h>

struct section;
struct token;
struct unit;

/* The section whose bytes data directives fill; NULL: they make slots. */
struct section *contents_section(const struct unit *unit);

/* Add n bytes; `width` is that of a value, 0: a text. */
bool contents_put(struct unit *unit, const uint8_t *bytes, uint32_t n, uint8_t width);
bool contents_fill(struct unit *unit, uint32_t n, uint8_t byte);
bool contents_align(struct unit *unit, uint32_t align);

/* Add `size` bytes of SYMBOL[ - SYMBOL][ + n], the first symbol being looked at. */
bool contents_put_symbol(struct unit *unit, uint32_t size);

/* A variable begins here: the label of that name. */
bool contents_label(struct unit *unit, const struct token *name);

/* .comm NAME, size[, align] with the token on NAME */
bool contents_comm(struct unit *unit);

/* The text has ended: variables get their places, before global_close(). */
void contents_close(struct unit *unit);

#endif
