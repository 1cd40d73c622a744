/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * elf.h - what ELF files of BPF have beyond <elf.h>: Documentation/bpf/llvm_reloc.rst and btf.rst.
 */
#ifndef ELF_H
#define ELF_H

enum {
	ELF_MACHINE_BPF = 247,

	/* relocations: where the symbol goes */
	ELF_BPF_64_64 = 1,	/* both imm of a wide load */
	ELF_BPF_64_ABS64 = 2,	/* 8 bytes of data */
	ELF_BPF_64_ABS32 = 3,	/* 4 bytes of data */
	ELF_BPF_64_NODYLD32 = 4, /* 4 bytes of .BTF and .BTF.ext, settled already */
	ELF_BPF_64_32 = 10,	/* imm of a call, in slots from the next one */

	ELF_BTF_MAGIC = 0xeb9f,
};

#endif
