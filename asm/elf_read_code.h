/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* elf_read_code.h - instructions, functions and relocations of an ELF object. */
#ifndef ELF_READ_CODE_H
#define ELF_READ_CODE_H

#include <stdbool.h>

struct eread;

/*
 * Read all sections with instructions: sections, symbols and maps are known. Functions have the
 * names of their symbols yet.
 */
bool ecode_read(struct eread *eread);

#endif
