/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * fuzz.h - what the fuzz targets share. Needs asm/asm.h
 *
 * A target is LLVMFuzzerTestOneInput(): libFuzzer calls it (`make fuzz`), or driver.c (`make
 * check`). It takes any bytes at all; what must hold and does not ends the process with FUZZ_FAIL.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_FAIL(...) do {						\
	fprintf(stderr, "%s:%d: ", __FILE__, __LINE__);			\
	fprintf(stderr, __VA_ARGS__);					\
	fputc('\n', stderr);						\
	abort();							\
} while (0)

#define FUZZ_CHECK(condition) do {					\
	if (!(condition))						\
		FUZZ_FAIL("this does not hold: %s", #condition);	\
} while (0)

/* What came to the sink. Zeroed at first. */
struct fuzz_heard {
	unsigned int errors, warnings, notes;
};

/* asm_sink; arg is a struct fuzz_heard. Checks what it hears. */
void fuzz_sink(void *arg, const struct asm_diag *diag);

/* Assemble: an object or at least one error, never both. opt's sink is set here. */
struct asm_object *fuzz_assemble(const char *text, size_t len, struct asm_options opt);

/* What holds of every model. */
void fuzz_check_object(const struct asm_object *obj);

/* The text of these slots in each dialect is assembled to the same slots. */
void fuzz_there_and_back(const struct asm_insn *insns, size_t n, enum asm_endian endian);

#endif
