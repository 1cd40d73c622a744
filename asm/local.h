/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* local.h - the labels 1: 2: ..., which may stand often: 1b is the last before, 1f the next. */
#ifndef LOCAL_H
#define LOCAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct token;
struct unit;

/* The label N: stands at the next slot. The token is its number. */
bool local_define(struct unit *unit, const struct token *number);

/* Whether the name is that of such a label: 1b, 1f. */
bool local_is(const char *name, size_t len);

/*
 * The slot that Nb or Nf means in an instruction at `slot` of the function under way. False: there
 * is none, or it is not known yet.
 */
bool local_find(const struct unit *unit, const char *name, size_t len, uint32_t slot,
		uint32_t *out);

#endif
