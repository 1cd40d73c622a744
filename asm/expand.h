/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* expand.h - text from elsewhere: .include, .macro, .rept, .irp, .if. */
#ifndef EXPAND_H
#define EXPAND_H

#include <stdbool.h>

struct unit;

/* Each with the token behind the directive's name. */
bool expand_include(struct unit *unit);
bool expand_macro(struct unit *unit);
bool expand_rept(struct unit *unit);
bool expand_irp(struct unit *unit);
bool expand_if(struct unit *unit);
bool expand_ifb(struct unit *unit);
bool expand_ifnb(struct unit *unit);
bool expand_ifdef(struct unit *unit);
bool expand_ifndef(struct unit *unit);
bool expand_else(struct unit *unit);
bool expand_endif(struct unit *unit);
bool expand_stray(struct unit *unit);	/* .endm, .endr: nothing is open */

/*
 * When the token names a macro, put its text in its place. False: it does not, nothing happened.
 */
bool expand_call(struct unit *unit);

/* The same for a macro of the prelude: those that every text has. */
bool expand_prelude_call(struct unit *unit);

/* Report an .if that is still open where a text ends; base is how many were open at its start. */
void expand_check_open(struct unit *unit, unsigned int base);

#endif
