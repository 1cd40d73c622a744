/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * section.h - sections and symbols of gas and compilers. Needs asm.h, global.h, symbols.h
 *
 * A text with one of their directives follows the rules of gas: an executable section is where
 * programs and functions are, .rodata, .data and .bss hold variables, what another section holds is
 * not kept, and names that the text does not define are externs.
 */
#ifndef SECTION_H
#define SECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct contents_label;
struct contents_use;
struct token;
struct unit;

enum section_kind {
	SECTION_TEXT,		/* .text: functions */
	SECTION_PROGRAMS,	/* executable, of any other name */
	SECTION_DATA,		/* variables */
	SECTION_LICENSE,
	SECTION_OTHER,		/* its contents are not kept */
};

struct section {
	const char *name;
	uint32_t pos;
	enum section_kind kind;
	const struct asm_attach *attach; /* of SECTION_PROGRAMS; NULL: no row has the name */
	const char *target;
	enum global_section global;	/* of SECTION_DATA */
	uint8_t *bytes;
	size_t room;
	uint32_t size, align;
	uint32_t base;			/* among the variables of `global`, once the text ended */
};

struct section_mark {
	bool global, function;
	uint32_t size;			/* of .size; 0: none, or not known */
};

enum { SECTION_DEEPEST = 16 };

/* What unit->sections points to, once there was a directive of this kind. */
struct sections {
	struct symbols names;		/* data: struct section */
	struct symbols marks;		/* data: struct section_mark */
	struct symbols places;		/* labels in functions */
	struct section *now;		/* NULL: in a .prog or .func */
	struct section *before;		/* .previous */
	struct section *home;		/* of the function under way */
	struct section *stack[SECTION_DEEPEST][2];
	unsigned int depth;
	struct contents_label *first, *last; /* of variables, in the order of the text */
	struct contents_use *uses;
	size_t nuses, uses_room;
};

/* Directives, with the token behind their name. */
bool section_enter(struct unit *unit);		/* .section NAME[, "flags"[, @type]] */
bool section_push(struct unit *unit);		/* .pushsection, the same */
bool section_pop(struct unit *unit);
bool section_previous(struct unit *unit);
bool section_text(struct unit *unit);
bool section_data(struct unit *unit);
bool section_bss(struct unit *unit);
bool section_global(struct unit *unit);		/* .globl NAME, ... */
bool section_type(struct unit *unit);		/* .type NAME, @function */
bool section_size(struct unit *unit);		/* .size NAME, expr */
bool section_ignore(struct unit *unit);		/* nothing of it matters: .file, .loc, ... */

/* The section of that name, made when there is none yet. flags as in .section, "": none given. */
struct section *section_get(struct unit *unit, const char *name, const char *flags, uint32_t pos,
			    unsigned int width);

/* The state, made when there is none yet. */
struct sections *section_state(struct unit *unit);

/* Define the name that the token is, quoted or not. NULL: it is taken, which has been reported. */
struct symbol *section_define(struct unit *unit, const struct token *token, uint32_t kind);

/* A .prog or .func begins: no section is open. */
void section_leave(struct unit *unit);

/*
 * A label stands here. True: it is no place in a function, and has been taken or reported. A label
 * that begins a function is also a place in it.
 */
bool section_take_label(struct unit *unit, const struct token *name);

/* Whether an instruction may stand here; else it is reported. */
bool section_check_code(struct unit *unit);

/* The row of a section name, NULL with a warning at pos when there is none. */
const struct asm_attach *section_attach(struct unit *unit, uint32_t pos, unsigned int width,
					const char *section, const char **target);

/* Whether data directives of the section under way are ignored. */
bool section_is_ignored(const struct unit *unit);

/* What .globl, .type and .size said of a symbol; made when there is none yet. */
struct section_mark *section_mark(struct unit *unit, const char *name, size_t len);

/* Whether the name is that of a label in some function. */
bool section_is_place(const struct unit *unit, const char *name, size_t len);

/* A name that nothing defines, as an extern. NULL: not in this text, or it is a label. */
struct symbol *section_extern(struct unit *unit, const char *name, size_t len);

#endif
