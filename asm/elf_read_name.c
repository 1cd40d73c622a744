/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "asm.h"
#include "lex.h"
#include "symbols.h"
#include "isa.h"
#include "elf_read_name.h"
#include "mem.h"
#include "tables.h"

enum { ENAME_MOST = 256 };	/* bytes kept of a name */

static void ename_reserve(struct symbols *taken, const char *name, size_t len)
{
	if (!symbols_get(taken, name, len))
		symbols_put(taken, name, len);
}

static void ename_reserve_constant(void *arg, const char *name, uint64_t value)
{
	struct ename *ename = arg;
	size_t len = strlen(name);

	(void)value;
	ename_reserve(&ename->names, mem_text(ename->mem, name, len), len);
}

static bool ename_is_letter(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$';
}

/* Whether a symbol may stand here in a template: what is loaded, or called. */
static bool ename_is_operand(const char *template, const char *at)
{
	return (at - template >= 2 && !strncmp(at - 2, "= ", 2)) ||
	       (at - template >= 5 && !strncmp(at - 5, "call ", 5));
}

/* The words of a template that a symbol in their place would be taken for. */
static void ename_reserve_words(struct symbols *taken, const char *template)
{
	const char *at;
	size_t len;

	for (at = template; *at; at += len ? len : 1) {
		if (isa_word(at, &len) >= 0)
			continue;
		for (len = 0; ename_is_letter(at[len]); len++)
			;
		if (len && ename_is_operand(template, at))
			ename_reserve(taken, at, len);
	}
}

static void ename_reserve_rows(struct ename *ename)
{
	const struct asm_form *forms;
	const struct asm_helper *helpers;
	const struct asm_type *types;
	enum asm_template t;
	size_t i, n;

	forms = asm_forms(&n);
	for (i = 0; i < n; i++) {
		for (t = 0; t < ASM_TEMPLATES; t++)
			ename_reserve_words(&ename->names, asm_form_template(&forms[i], t));
	}
	helpers = asm_helpers(&n);
	for (i = 0; i < n; i++) {
		const char *row = asm_helper_name(&helpers[i]);
		char *name = mem_alloc(ename->mem, strlen(row) + sizeof("bpf_"));

		strcpy(name, "bpf_");
		strcat(name, row);
		ename_reserve(&ename->names, name, strlen(name));
		ename_reserve(&ename->names, name + 4, strlen(name + 4));
	}
	types = asm_types(&n);
	for (i = 0; i < n; i++)
		ename_reserve(&ename->types, types[i].name, strlen(types[i].name));
}

void ename_init(struct ename *ename, struct mem *mem)
{
	static const char *const words[] = {
		"pc", "sizeof", "offsetof", "struct", "const", "packed", "kernel", "ctx",
		"pt_regs",
	};
	size_t i;

	memset(ename, 0, sizeof(*ename));
	ename->mem = mem;
	ename->names.mem = mem;
	ename->types.mem = mem;
	tables_each_constant(ename, ename_reserve_constant);
	ename_reserve_rows(ename);
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		ename_reserve(&ename->names, words[i], strlen(words[i]));
		ename_reserve(&ename->types, words[i], strlen(words[i]));
	}
}

/* Registers, and L5, which is how the disassembler calls labels: a call takes those first. */
static bool ename_is_spoken_for(const char *name, size_t len)
{
	return lex_is_register(name, len) ||
	       (*name == 'L' && len > 1 && strspn(name + 1, "0123456789") == len - 1);
}

/* Letters, digits and what stands for other bytes, with room for a number behind. */
static size_t ename_clean(const char *wanted, char *out)
{
	size_t len = 0;

	while (*wanted && !ename_is_letter(*wanted))
		wanted++;
	if (!*wanted || isdigit((unsigned char)*wanted))
		out[len++] = '_';
	for (; *wanted && len < ENAME_MOST; wanted++)
		out[len++] = *wanted;
	out[len] = '\0';
	for (wanted = out; *wanted; wanted++)
		if (!ename_is_letter(*wanted))
			out[wanted - out] = '_';
	return len;
}

const char *ename_take(struct ename *ename, struct symbols *taken, const char *wanted)
{
	char name[ENAME_MOST + 16];
	size_t base = ename_clean(wanted, name), len = base;
	char *out;

	if (ename_is_spoken_for(name, len))
		ename_reserve(taken, mem_text(ename->mem, name, len), len);
	/* the next number to try is kept: a thousand equal names cost no more than others */
	while (symbols_get(taken, name, len))
		len = base + (size_t)snprintf(name + base, sizeof(name) - base, "_%u",
					      ++symbols_get(taken, name, base)->index);
	out = mem_text(ename->mem, name, len);
	symbols_put(taken, out, len);
	return out;
}
