/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * unit.h - one assembly under way. Needs mem.h, source.h, diag.h, lex.h, symbols.h, isa.h, num.h,
 * global.h
 */
#ifndef UNIT_H
#define UNIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct asm_object;
struct asm_options;
struct sections;

/* What a name in unit.names stands for. */
enum unit_kind {
	UNIT_CONSTANT,	/* data: struct num */
	UNIT_DEFINE,	/* the same, from asm_options.defines */
	UNIT_MAP,	/* index into obj->maps */
	UNIT_FUNC,	/* index into obj->funcs */
	UNIT_EXTERN,
	UNIT_GLOBAL,	/* data: struct global */
};

/* Which of them an expression may name. */
enum {
	UNIT_NUMBERS = 1 << UNIT_CONSTANT | 1 << UNIT_DEFINE,
	UNIT_ADDRESSES = 1 << UNIT_MAP | 1 << UNIT_FUNC | 1 << UNIT_EXTERN |
			 1 << UNIT_GLOBAL,
};

/* Kinds in unit.labels: what was jumped to is there before it is defined; 1b and 1f never are. */
enum { UNIT_LABEL, UNIT_LABEL_AWAITED, UNIT_LABEL_LOCAL };

/* A use of a label in the function under way. */
struct fixup {
	uint32_t slot, pos;
	uint32_t label;		/* index in unit.labels */
};

/* A use of a map, a function, a helper. */
struct reference {
	uint32_t slot, pos, len;
	const char *name;
	int32_t addend;
	bool call;	/* of a call; else a wide load */
	bool value;	/* name[0]: the map's first value */
};

/* A name that was used before it may have been defined. */
struct later_name {
	const char *text;
	uint32_t len, pos;
};

/* An entry or a member that a map begins with; or what the maps in map number `outer` are like. */
struct later {
	struct later_name map, what;
	struct asm_member *member;	/* NULL: an entry */
	uint64_t key;
	uint32_t outer;
	bool is_inner;
};

struct unit {
	struct mem mem;
	bool in_function;		/* what comes next belongs to it */
	const struct asm_options *opt;
	const struct asm_source *sources;
	struct diag_list diags;
	struct lexer lex;
	struct isa isa;
	struct symbols names, helpers, directives;
	struct symbols types;		/* data: struct asm_type, NULL while it is being read */
	struct symbols labels;		/* of the function under way; index: slot */
	struct symbols locals;		/* numbers of labels; data: struct local */
	struct symbols slots;		/* likewise; index: bytes below r10, data: asm_typeref */
	struct symbols aliases;		/* likewise; of registers, for the lexer; data: asm_typeref,
					 * NULL: none */
	uint32_t frame;			/* bytes that its slots take */
	struct fixup *fixups;
	size_t nfixups, fixups_room;
	struct reference *references;
	size_t nreferences, references_room;
	size_t first_reference;		/* of the function under way */
	struct later *laters;
	size_t nlaters, laters_room, slots_of_maps_room, members_room;
	struct symbols macros;		/* data: struct macro; NULL while it is being read */
	struct symbols prelude;		/* likewise, of the macros that every text has */
	bool has_prelude;		/* it was read: something asked for one */
	unsigned int calls;		/* of macros so far */
	unsigned int level;		/* of texts within texts */
	size_t expanded;		/* bytes that macros and repetitions made */
	unsigned int open_ifs, if_base;	/* .if without .endif yet; those of the texts around */
	unsigned int depth;		/* of parentheses */
	unsigned int operands, kernel_fields; /* of expressions so far */
	const char *kernel_field;	/* the newest: TYPE.FIELD */
	struct global_data globals[GLOBAL_SECTIONS];
	uint8_t data[8];		/* of a slot of raw data under way */
	unsigned int ndata;
	uint32_t data_pos;
	struct sections *sections;	/* NULL: no directive of gas or a compiler so far */
	struct asm_object *obj;
	size_t insns_room, pos_room, funcs_room, maps_room, relocs_room, structs_room, krefs_room;
};

/* Report an error at a token, at a position. Always false, for `return unit_error(...)`. */
__attribute__((format(printf, 3, 4)))
bool unit_error(struct unit *unit, const struct token *token, const char *format, ...);

/* Note under the last diagnostic where a symbol was defined first, unless it is built in. */
void unit_note_first(struct unit *unit, const struct symbol *symbol);

/* asm_near_text() of a misspelt name among those of a kind in `kinds` (bits 1 << kind). */
const char *unit_near(const struct symbols *symbols, const char *name, size_t len,
		      uint32_t kinds, char *buf);

/* The symbol that the token is. False, and an error, when it is none. */
bool unit_symbol(struct unit *unit, const struct token *token, const char **name, uint32_t *len);

/*
 * Add a name to one of the tables of the unit, defined where the token stands. NULL, and an error,
 * when it is taken or no name at all.
 */
struct symbol *unit_add(struct unit *unit, struct symbols *symbols, const struct token *token);

/* The same for whatever symbol the token is: quoted, with dots. */
struct symbol *unit_put(struct unit *unit, struct symbols *symbols, const struct token *token);

/* unit_add() for unit->names. */
struct symbol *unit_define(struct unit *unit, const struct token *token, enum unit_kind kind);

/* The string that the token must be, without its quotes, escapes undone. NULL: reported. */
const char *unit_string(struct unit *unit, const char *expected);

/* The same with its length: it may hold NUL. */
const char *unit_string_bytes(struct unit *unit, const char *expected, uint32_t *len);

/* Take the token when it is of that kind; else report what was expected, with the context. */
bool unit_expect(struct unit *unit, uint8_t kind, const char *expected);

#endif
