/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * elf_fuzz.c - the reader of ELF objects on any bytes, and everything that is made of the models it
 * gives: texts, which assemble to as many slots, listings, programs, and objects, which it reads.
 */
#include <string.h>

#include "../../asm/asm.h"
#include "fuzz.h"

enum { MOST_PROGRAMS = 8 };

/* A stream into memory, and what it got. */
struct output {
	FILE *f;
	char *text;
	size_t len;
};

static void output_open(struct output *out)
{
	out->text = NULL;
	out->f = open_memstream(&out->text, &out->len);
	FUZZ_CHECK(out->f);
}

static void output_close(struct output *out)
{
	FUZZ_CHECK(!ferror(out->f));
	FUZZ_CHECK(!fclose(out->f));
}

/*
 * The slots are the same ones; but a relocation of either says what is in src and imm, and in the
 * slot behind a load.
 */
static bool is_same_code(const struct asm_object *obj, const struct asm_object *back)
{
	enum { LDDW = 0x18 };
	size_t a = 0, b = 0;

	for (size_t i = 0; i < obj->ninsns; i++) {
		struct asm_insn left = obj->insns[i], right = back->insns[i];
		bool filled = (a < obj->nrelocs && obj->relocs[a].slot == i) ||
			      (b < back->nrelocs && back->relocs[b].slot == i);

		if (left.code != right.code || left.off != right.off ||
		    asm_dst(left) != asm_dst(right) ||
		    (!filled && (left.imm != right.imm || left.regs != right.regs)))
			return false;
		a += a < obj->nrelocs && obj->relocs[a].slot == i;
		b += b < back->nrelocs && back->relocs[b].slot == i;
		i += filled && left.code == LDDW;
	}
	return true;
}

static void check_text(const struct asm_object *obj, enum asm_dialect dialect)
{
	const struct asm_options opt = { .endian = obj->endian };
	struct asm_object *back;
	struct output out;

	output_open(&out);
	FUZZ_CHECK(!asm_emit_object(out.f, obj, NULL, dialect));
	output_close(&out);
	back = fuzz_assemble(out.text, out.len, opt);
	if (!back)
		FUZZ_FAIL("not read back:\n%.*s", (int)out.len, out.text);
	if (back->ninsns != obj->ninsns || back->nfuncs != obj->nfuncs)
		FUZZ_FAIL("%zu slots, %zu functions came back as %zu, %zu:\n%.*s", obj->ninsns,
			  obj->nfuncs, back->ninsns, back->nfuncs, (int)out.len, out.text);
	if (!is_same_code(obj, back))
		FUZZ_FAIL("other slots came back:\n%.*s", (int)out.len, out.text);
	asm_free(back);
	free(out.text);
}

static void check_program(const struct asm_object *obj, const struct asm_func *func)
{
	enum { RAW = 8 };	/* bytes a slot */
	struct asm_program prog;
	struct output out;

	FUZZ_CHECK(!asm_link(obj, func, &prog));
	FUZZ_CHECK(prog.ninsns >= func->count && prog.ninsns <= obj->ninsns);
	output_open(&out);
	asm_emit_raw(out.f, &prog, obj->endian);
	output_close(&out);
	FUZZ_CHECK(out.len == RAW * prog.ninsns);
	free(out.text);
	asm_program_free(&prog);
}

/* Whatever bytes are in the names of the object, lines stay lines. */
static void check_plain(const struct output *out)
{
	for (size_t i = 0; i < out->len; i++)
		if (((unsigned char)out->text[i] < ' ' && !strchr("\t\n", out->text[i])) ||
		    (unsigned char)out->text[i] >= 127)
			FUZZ_FAIL("byte %#x in\n%.*s", (unsigned int)out->text[i] & 0xff,
				  (int)out->len, out->text);
}

static void check_header(const struct asm_object *obj)
{
	struct output out;

	output_open(&out);
	FUZZ_CHECK(!asm_emit_c(out.f, obj, "fuzz"));
	output_close(&out);
	check_plain(&out);
	free(out.text);
}

static void check_list(const struct asm_object *obj)
{
	struct output out;

	output_open(&out);
	asm_emit_list(out.f, obj);
	output_close(&out);
	check_plain(&out);
	FUZZ_CHECK(out.len > obj->ninsns);
	free(out.text);
}

static struct asm_object *read_object(const void *data, size_t size)
{
	struct fuzz_heard heard = { .errors = 0 };
	const struct asm_options opt = { .sink = fuzz_sink, .sink_arg = &heard };
	struct asm_object *obj = asm_read_elf("fuzz", data, size, &opt);

	FUZZ_CHECK(obj ? !heard.errors : heard.errors == 1);
	if (obj)
		fuzz_check_object(obj);
	return obj;
}

/* An object of the object has as many slots; it need not be possible. */
static void check_object(const struct asm_object *obj)
{
	struct fuzz_heard heard = { .errors = 0 };
	struct asm_object *back;
	struct output out;
	int ret;

	output_open(&out);
	ret = asm_emit_elf(out.f, obj, NULL, fuzz_sink, &heard);
	output_close(&out);
	FUZZ_CHECK(ret ? heard.errors && !out.len : !heard.errors);
	if (!ret) {
		back = read_object(out.text, out.len);
		FUZZ_CHECK(back && back->ninsns == obj->ninsns);
		asm_free(back);
	}
	free(out.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct asm_object *obj = read_object(data, size);
	size_t programs = 0;

	if (!obj)
		return 0;
	for (int dialect = ASM_DIALECT_KERNEL; dialect <= ASM_DIALECT_GAS; dialect++)
		check_text(obj, (enum asm_dialect)dialect);
	check_list(obj);
	check_header(obj);
	check_object(obj);
	for (size_t i = 0; i < obj->nfuncs && programs < MOST_PROGRAMS; i++) {
		if (!obj->funcs[i].section)
			continue;
		check_program(obj, &obj->funcs[i]);
		programs++;
	}
	asm_free(obj);
	return 0;
}
