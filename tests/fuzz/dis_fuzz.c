/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* dis_fuzz.c - slots of any content to text and back. The first byte is the byte order. */
#include <string.h>

#include "../../asm/asm.h"
#include "fuzz.h"

enum { SLOT = 8 };

/* Reading the bytes of a slot and writing them again gives the same bytes. */
static struct asm_insn slot(const uint8_t *bytes, enum asm_endian endian)
{
	struct asm_insn insn = asm_insn_read(bytes, endian);
	uint8_t again[SLOT];

	asm_insn_bytes(insn, endian, again);
	FUZZ_CHECK(!memcmp(bytes, again, SLOT));
	return insn;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum asm_endian endian = size && data[0] & 1 ? ASM_BIG : ASM_LITTLE;
	size_t n = size ? (size - 1) / SLOT : 0;
	struct asm_insn *insns;

	if (!n)
		return 0;
	insns = malloc(n * sizeof(*insns));
	FUZZ_CHECK(insns);
	for (size_t i = 0; i < n; i++)
		insns[i] = slot(data + 1 + i * SLOT, endian);
	fuzz_there_and_back(insns, n, endian);
	free(insns);
	return 0;
}
