/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * text_fuzz.c - the assembler on any text, and everything that is made of what it gives.
 *
 * The last byte of the input chooses the options; a newline, as at the end of a file, the usual
 * ones. A file's content is its name, see fuzz.c.
 */
#include <string.h>

#include "../../asm/asm.h"
#include "fuzz.h"

enum { USUAL = '\n' };

enum choice {
	CHOICE_CPU = 7, /* three bits */
	CHOICE_BIG = 1 << 3, CHOICE_RESOLVE = 1 << 4, CHOICE_DEFINE = 1 << 5,
	CHOICE_RELOCATABLE = 1 << 6, CHOICE_FOLDER = 1 << 7,
};

enum { FEW_SLOTS = 4096 };	/* more of them do not go there and back */

/* asm_resolver: every field is somewhere, but for some. */
static bool resolve(void *arg, const char *path, const char *section, struct asm_kfield *out,
		    char *why, size_t why_size)
{
	static const uint32_t sizes[] = { 1, 2, 4, 8, 0, 3, 16, UINT32_MAX };
	size_t len = strlen(path);

	(void)arg;
	FUZZ_CHECK(len && section);
	if (path[len - 1] == 'x') {
		snprintf(why, why_size, "'%.64s' has no such field", path);
		return false;
	}
	out->offset = path[len - 1] == 'y' ? UINT32_MAX : (uint32_t)(path[len - 1] & 0x7f) * 8;
	out->size = sizes[len % (sizeof(sizes) / sizeof(sizes[0]))];
	return true;
}

static struct asm_options options_of(uint8_t choice)
{
	static const char *const defines[] = { "N=3", "M=N+1" }, *const folders[] = { "dir" };
	struct asm_options opt = { .endian = choice & CHOICE_BIG ? ASM_BIG : ASM_LITTLE };
	const struct asm_cpu *const *cpus;
	size_t n;

	cpus = asm_cpus(&n);
	opt.cpu = (choice & CHOICE_CPU) ? cpus[((choice & CHOICE_CPU) - 1u) % n] : NULL;
	if (choice & CHOICE_RESOLVE)
		opt.resolve = resolve;
	if (choice & CHOICE_DEFINE) {
		opt.defines = defines;
		opt.ndefines = sizeof(defines) / sizeof(defines[0]);
	}
	opt.relocatable = choice & CHOICE_RELOCATABLE;
	if (choice & CHOICE_FOLDER) {
		opt.folders = folders;
		opt.nfolders = sizeof(folders) / sizeof(folders[0]);
	}
	return opt;
}

/* How many bytes a stream got; what they are is thrown away. */
static size_t end(FILE *f, char **text, const size_t *len)
{
	FUZZ_CHECK(!ferror(f));
	FUZZ_CHECK(!fclose(f));
	free(*text);
	return *len;
}

static void emit_program(const struct asm_object *obj, const struct asm_func *func)
{
	enum { RAW = 8, HEX = 17 };	/* bytes a slot */
	struct asm_program prog;
	char *text = NULL;
	size_t len;
	FILE *f;

	FUZZ_CHECK(!asm_link(obj, func, &prog));
	FUZZ_CHECK(prog.ninsns >= func->count && prog.ninsns <= obj->ninsns);
	f = open_memstream(&text, &len);
	FUZZ_CHECK(f);
	asm_emit_raw(f, &prog, obj->endian);
	FUZZ_CHECK(end(f, &text, &len) == RAW * prog.ninsns);
	text = NULL;
	f = open_memstream(&text, &len);
	FUZZ_CHECK(f);
	asm_emit_hex(f, &prog, obj->endian);
	FUZZ_CHECK(end(f, &text, &len) == HEX * prog.ninsns);
	if (prog.ninsns <= FEW_SLOTS)
		fuzz_there_and_back(prog.insns, prog.ninsns, obj->endian);
	asm_program_free(&prog);
}

static void emit(const struct asm_object *obj)
{
	char *text = NULL;
	size_t len, programs = 0;
	FILE *f = open_memstream(&text, &len);

	FUZZ_CHECK(f);
	asm_emit_list(f, obj);
	FUZZ_CHECK(end(f, &text, &len) > obj->ninsns);
	text = NULL;
	f = open_memstream(&text, &len);
	FUZZ_CHECK(f && !asm_emit_c(f, obj, "fuzz"));
	FUZZ_CHECK(end(f, &text, &len));
	for (size_t i = 0; i < obj->nfuncs && programs < 8; i++) {
		if (!obj->funcs[i].section)
			continue;
		emit_program(obj, &obj->funcs[i]);
		programs++;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct asm_object *obj;
	char *text;

	if (!size)
		return 0;
	text = malloc(size);
	FUZZ_CHECK(text);
	memcpy(text, data, size - 1);
	text[size - 1] = '\0';
	obj = fuzz_assemble(text, size - 1, options_of((uint8_t)(data[size - 1] ^ USUAL)));
	if (obj)
		emit(obj);
	asm_free(obj);
	free(text);
	return 0;
}
