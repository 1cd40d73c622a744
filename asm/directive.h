/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* directive.h - the statements that begin with a dot, and where functions begin and end. */
#ifndef DIRECTIVE_H
#define DIRECTIVE_H

#include <stdbool.h>

struct asm_func;
struct unit;

/* Enter the directives' names into unit->directives. */
void directive_init(struct unit *unit);

/* Parse the directive at the token. False when there was an error; the caller skips the rest. */
bool directive_parse(struct unit *unit);

/*
 * Whatever comes next belongs to a function: without a .prog or .func before it, a nameless program
 * begins here. False: nothing of a function may stand here, which has been reported.
 */
bool directive_open_function(struct unit *unit);

/* A function begins here; the one before it ends. */
struct asm_func *directive_add_function(struct unit *unit, const char *name, uint32_t pos);

/* The function under way, if any, ends here. */
void directive_close_function(struct unit *unit);

#endif
