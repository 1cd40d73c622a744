/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <string.h>

#include "../../asm/asm.h"
#include "fuzz.h"

/*
 * In place of the one in the library, so that no input opens a device or waits for a terminal: the
 * content of a file is its name. "/..." does not exist.
 */
int asm_read_file(const char *path, char **text, size_t *len)
{
	if (path[0] == '/')
		return -ENOENT;
	*len = strlen(path);
	*text = strdup(path);
	return *text ? 0 : -ENOMEM;
}

/* ---- diagnostics ---- */

static void check_message(const char *message)
{
	FUZZ_CHECK(message && *message);
	for (; *message; message++)
		if ((unsigned char)*message < ' ' || *message == 127)
			FUZZ_FAIL("a message with byte %#x", (unsigned int)*message & 0xff);
}

static void check_place(const struct asm_place *place)
{
	if (!place->line) {	/* the file as a whole */
		FUZZ_CHECK(!place->col && !place->len);
		return;
	}
	FUZZ_CHECK(place->col >= 1 && place->col - 1 <= place->len);
	FUZZ_CHECK(!place->len || !memchr(place->text, '\n', place->len));
}

void fuzz_sink(void *arg, const struct asm_diag *diag)
{
	struct fuzz_heard *heard = arg;
	size_t len;
	char *text = NULL;
	FILE *f;

	FUZZ_CHECK(diag->width >= 1 || !diag->place.file);
	check_message(diag->message);
	if (diag->place.file)
		check_place(&diag->place);
	switch (diag->severity) {
	case ASM_ERROR:
		heard->errors++;
		break;
	case ASM_WARNING:
		heard->warnings++;
		break;
	case ASM_NOTE:
		FUZZ_CHECK(heard->errors + heard->warnings);
		heard->notes++;
		break;
	}
	f = open_memstream(&text, &len);
	FUZZ_CHECK(f);
	asm_diag_print(f, diag);
	FUZZ_CHECK(!fclose(f) && len);
	free(text);
}

/* ---- the model ---- */

static void check_funcs(const struct asm_object *obj)
{
	size_t end = 0;

	FUZZ_CHECK(obj->nfuncs && obj->ninsns);
	for (size_t i = 0; i < obj->nfuncs; i++) {
		const struct asm_func *func = &obj->funcs[i];

		FUZZ_CHECK(func->name && func->name[0]);
		FUZZ_CHECK(func->start == end && func->count);
		FUZZ_CHECK(func->section || !func->attach);
		end += func->count;
	}
	FUZZ_CHECK(end == obj->ninsns);
}

static void check_reloc(const struct asm_object *obj, const struct asm_reloc *reloc)
{
	switch (reloc->kind) {
	case ASM_RELOC_MAP:
	case ASM_RELOC_MAP_VALUE:
		FUZZ_CHECK(reloc->index < obj->nmaps);
		break;
	case ASM_RELOC_CALL:
	case ASM_RELOC_FUNC:
		FUZZ_CHECK(reloc->index < obj->nfuncs);
		break;
	case ASM_RELOC_KFUNC:
	case ASM_RELOC_EXTERN:
		FUZZ_CHECK(reloc->name && reloc->name[0]);
		break;
	}
}

static void check_relocs(const struct asm_object *obj)
{
	for (size_t i = 0; i < obj->nrelocs; i++) {
		FUZZ_CHECK(obj->relocs[i].slot < obj->ninsns);
		FUZZ_CHECK(!i || obj->relocs[i - 1].slot < obj->relocs[i].slot);
		check_reloc(obj, &obj->relocs[i]);
	}
	for (size_t i = 0; i < obj->nkrefs; i++) {
		FUZZ_CHECK(obj->krefs[i].slot < obj->ninsns && obj->krefs[i].path[0]);
		FUZZ_CHECK(!i || obj->krefs[i - 1].slot <= obj->krefs[i].slot);
	}
}

static void check_data(const struct asm_object *obj)
{
	unsigned int sum = 0;

	for (size_t i = 0; i < obj->nmaps; i++) {
		const struct asm_map *map = &obj->maps[i];

		FUZZ_CHECK(map->name && map->name[0] && map->type);
		for (uint32_t j = 0; map->data && j < map->value_size; j++)
			sum += map->data[j];	/* for the sanitizer: it is all there */
	}
	for (size_t i = 0; i < obj->nstructs; i++)
		FUZZ_CHECK(obj->structs[i] && obj->structs[i]->size + sum >= sum);
}

void fuzz_check_object(const struct asm_object *obj)
{
	check_funcs(obj);
	check_relocs(obj);
	check_data(obj);
}

struct asm_object *fuzz_assemble(const char *text, size_t len, struct asm_options opt)
{
	struct fuzz_heard heard = { .errors = 0 };
	struct asm_object *obj;
	struct asm_place place;

	opt.sink = fuzz_sink;
	opt.sink_arg = &heard;
	obj = asm_assemble("fuzz", text, len, &opt);
	FUZZ_CHECK(obj ? !heard.errors : heard.errors);
	if (!obj)
		return NULL;
	fuzz_check_object(obj);
	place = asm_object_place(obj, obj->insn_pos[obj->ninsns - 1]);
	FUZZ_CHECK(place.file);
	check_place(&place);
	return obj;
}

/* ---- there and back ---- */

static bool is_same(struct asm_insn a, struct asm_insn b)
{
	return a.code == b.code && a.regs == b.regs && a.off == b.off && a.imm == b.imm;
}

static void check_back(const char *text, size_t len, const struct asm_insn *insns, size_t n,
		       enum asm_endian endian)
{
	struct asm_object *obj = fuzz_assemble(text, len, (struct asm_options){ .endian = endian });
	size_t i;

	if (!obj)
		FUZZ_FAIL("not read back:\n%.*s", (int)len, text);
	for (i = 0; i < n && i < obj->ninsns && is_same(insns[i], obj->insns[i]); i++)
		;
	if (i < n || n != obj->ninsns)
		FUZZ_FAIL("slot %zu of %zu came back as another, of %zu:\n%.*s", i, n, obj->ninsns,
			  (int)len, text);
	asm_free(obj);
}

void fuzz_there_and_back(const struct asm_insn *insns, size_t n, enum asm_endian endian)
{
	static const enum asm_dialect dialects[] = {
		ASM_DIALECT_KERNEL, ASM_DIALECT_LLVM, ASM_DIALECT_GAS,
	};
	size_t i, len;
	char *text;
	FILE *f;

	for (i = 0; i < sizeof(dialects) / sizeof(dialects[0]); i++) {
		text = NULL;
		f = open_memstream(&text, &len);
		FUZZ_CHECK(f && !asm_emit_text(f, insns, n, endian, dialects[i]));
		FUZZ_CHECK(!fclose(f));
		check_back(text, len, insns, n, endian);
		free(text);
	}
}
