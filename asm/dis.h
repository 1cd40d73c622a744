/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* dis.h - slots to text, with names where numbers stand. Needs asm.h */
#ifndef DIS_H
#define DIS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Slots to print, and what is known of them. */
struct dis_source {
	const struct asm_insn *insns;
	size_t n;
	enum asm_endian endian;
	enum asm_dialect dialect;
	/*
	 * What a plain 64-bit load loads, or a call of helper 0 calls; NULL: the number. Asked for
	 * each instruction, in rising order. The text must stay until the next one.
	 */
	const char *(*symbol)(void *arg, size_t slot);
	size_t longest;		/* bytes of a symbol */
	void (*before)(void *arg, FILE *f, size_t slot); /* print lines above the instruction */
	void *arg;
};

/* A line an instruction; but in the kernel's dialect targets get labels. 0 or -ENOMEM. */
int dis_emit(FILE *f, const struct dis_source *source);

#endif
