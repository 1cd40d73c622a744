/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * log.h - what surrounds instructions in the kernel's own listings: the verifier's log, and
 * `bpftool prog dump xlated`. Only a text with lines "12: (85) ..." is one; in others nothing of
 * this means anything.
 *
 *	; int x = 1;			source: a ';' at the front and a blank make a comment
 *	   12: (85) call bpf_foo#7	number and opcode; a ';' behind begins a comment
 *	   12: R1=ctx() R10=fp0		registers, and other lines without instructions
 */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>
#include <stdint.h>

struct asm_insn;
struct token;
struct unit;

/* What stood before an instruction. */
struct log_prefix {
	bool given;
	bool skip;		/* nothing of the line is to be assembled */
	uint32_t slot;		/* the number */
	uint8_t code;
	uint32_t pos;
};

/* Take "12: (85)" at the token, in a text that is a listing. */
void log_take_prefix(struct unit *unit, struct log_prefix *out);

/* Whether the line that begins with the token is known to hold no instruction. */
bool log_is_noise(const struct unit *unit, const struct token *token);

#endif
