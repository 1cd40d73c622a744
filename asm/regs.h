/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* regs.h - the probed function's registers, by the rows of tables/cpu.def. */
#ifndef REGS_H
#define REGS_H

#include <stdbool.h>
#include <stdint.h>

struct token;
struct unit;

/*
 * Offset in the target's struct pt_regs of a register, or of a role: arg1 ..., sysarg1 ... (of a
 * system call), ret, ip, sp, fp.
 * False when there is none, which is reported at the token.
 */
bool regs_offset(struct unit *unit, const struct token *token, const char *name, uint16_t *out);

/* .args rN, rN, ...: load the first arguments; r1 holds the context. */
bool regs_args(struct unit *unit);

/* .retval rN: load what the function returned. */
bool regs_retval(struct unit *unit);

#endif
