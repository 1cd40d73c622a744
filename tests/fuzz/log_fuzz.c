/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * log_fuzz.c - what load_verdict() makes of any verifier log of any program.
 *
 * The input is a text, a NUL and a log. Where the text is none, the log is one of a fixed program.
 */
#include <string.h>

#include "../../asm/asm.h"
#include "../../loader/loader.h"
#include "fuzz.h"

static const char fixed[] =
	".license \"GPL\"\n.map counts type hash key u32 value u64 entries 16\n"
	".prog main \"socket\"\n"
	"r6 = r1\nr2 = r10\nr2 += -4\n*(u32 *)(r2 + 0) = 7\nr1 = counts ll\n"
	"call map_lookup_elem\nif r0 == 0 goto out\nr1 = *(u64 *)(r0 + 0)\ncall twice\n"
	"out: r0 = 0\nexit\n.func twice\nr0 = r1\nr0 += r1\nexit\n";

static void check_verdict(const struct asm_object *obj, const char *log, size_t len)
{
	struct fuzz_heard heard = { .errors = 0 };
	struct load_options opt = { .sink = fuzz_sink, .sink_arg = &heard };
	struct asm_program prog;
	bool said;

	FUZZ_CHECK(!asm_link(obj, &obj->funcs[0], &prog));
	said = load_verdict(obj, &prog, log, len, &opt);
	FUZZ_CHECK(said ? heard.errors == 1 : !heard.errors);
	FUZZ_CHECK(!heard.warnings && (said || !heard.notes));
	asm_program_free(&prog);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nul = size ? memchr(data, '\0', size) : NULL;
	const uint8_t *log = nul ? nul + 1 : data;
	struct asm_object *obj = NULL;

	if (nul)
		obj = fuzz_assemble((const char *)data, (size_t)(nul - data),
				    (struct asm_options){ .endian = ASM_LITTLE });
	if (!obj)
		obj = fuzz_assemble(fixed, sizeof(fixed) - 1,
				    (struct asm_options){ .endian = ASM_LITTLE });
	FUZZ_CHECK(obj);
	check_verdict(obj, (const char *)log, (size_t)(data + size - log));
	asm_free(obj);
	return 0;
}
