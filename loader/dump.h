/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* dump.h - what the kernel made of a program: its instructions, ours and those of the CPU. */
#ifndef DUMP_H
#define DUMP_H

#include <stdbool.h>
#include <stddef.h>

struct abi_prog_info;
struct show;

struct dump_how {
	bool jited;		/* native code, as bytes: there is no disassembler for it here */
	bool opcodes, linum;
	const char *file;	/* write the bytes there instead; NULL: print */
};

/* Dump a program. 0 or -errno, said. */
int dump_prog(struct show *show, int fd, const struct dump_how *how);

/* The name of a program, in full where its type data has more than the kernel's 15 letters. */
enum { DUMP_NAME = 128 };
void dump_name(int fd, const struct abi_prog_info *info, char name[DUMP_NAME]);

#endif
