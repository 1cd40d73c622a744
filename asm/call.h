/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* call.h - calls with their arguments. */
#ifndef CALL_H
#define CALL_H

#include <stdbool.h>

struct unit;

/*
 * .call NAME, arg, ...: put the arguments into r1 to r5, whichever of them they stand in before,
 * and call. Only those registers, and r0, change.
 */
bool call_parse(struct unit *unit);

#endif
