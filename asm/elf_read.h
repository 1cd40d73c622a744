/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * elf_read.h - an ELF object being read into a model. Needs asm.h, btfview.h,
 * elf_read_file.h, symbols.h, elf_read_name.h, mem.h. The names in the reader begin with an e and
 * the rest of the file's name: ecode_section() is in elf_read_code.c.
 */
#ifndef ELF_READ_H
#define ELF_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the model makes of a section. */
enum eread_kind { EREAD_OTHER, EREAD_CODE, EREAD_MAPS, EREAD_DATA, EREAD_OPS };

struct eread_section {
	enum eread_kind kind;
	uint32_t base;		/* of code: its first slot; of data: the index of its map */
};

/* A map of .maps, by where it is. */
struct eread_place {
	uint64_t offset;
	uint64_t values;	/* from there on, where its first entries are; 0: it has none */
	uint64_t end;
	uint32_t map;
};

/* A map of .struct_ops, likewise. */
struct eread_ops {
	uint32_t section, map;
	uint32_t type;		/* BTF id of the struct */
	uint64_t offset, size;
};

/* What is known of a piece of a section with data; and where code points into one. */
enum eread_rank { EREAD_TYPED, EREAD_NAMED, EREAD_POINTED };

struct eread_piece {
	uint32_t section, offset, size;
	enum eread_rank rank;
	const char *name;
	uint32_t type;		/* BTF id; 0: none */
};

/* A BTF type as a type of texts. */
struct etype {
	enum { ETYPE_UNKNOWN, ETYPE_UNDER_WAY, ETYPE_NONE, ETYPE_DONE } state;
	struct asm_typeref ref;
};

struct eread {
	struct mem mem;
	const char *name;
	const struct asm_options *opt;
	struct efile file;
	struct efile_symbol *symbols;	/* file.nsymbols */
	struct eread_section *sections;	/* file.nsections */
	struct symbols section_names;	/* index: the first section of that name */
	struct symbols globals;		/* index: the symbol of that name, not local */
	struct symbols externs;		/* data: struct asm_extern */
	struct asm_object *obj;
	struct asm_btf *btf;		/* NULL: none */
	struct etype *types;		/* by BTF id */
	struct ename ename;
	struct eread_place *places;	/* by rising offset */
	size_t nplaces, places_room;
	struct eread_ops *ops;		/* by rising section and offset */
	size_t nops, ops_room, members_room;
	struct eread_piece *pieces;
	size_t npieces, pieces_room;
	uint64_t data_size;		/* bytes of all sections with data */
	size_t maps_room, structs_room, lines_room, cores_room, variables_room,
	       slots_room;
	unsigned int warnings;
};

/* Tell the sink. An error is always false, for `return eread_error(...)`. */
__attribute__((format(printf, 2, 3)))
bool eread_error(struct eread *eread, const char *format, ...);
__attribute__((format(printf, 2, 3)))
void eread_warn(struct eread *eread, const char *format, ...);

/* A zeroed map at the end of the object's. */
struct asm_map *eread_new_map(struct eread *eread);

void eread_add_piece(struct eread *eread, const struct eread_piece *piece);

/* elf_read_type.c: what texts call the BTF type; false when they have no word for it. */
bool etype_ref(struct eread *eread, uint32_t id, struct asm_typeref *out);

/* The id behind typedefs and qualifiers and its type; false when that does not end. */
bool etype_strip(const struct eread *eread, uint32_t *id, struct btfview_type *out);

/* elf_read_map.c: the maps that BTF describes in .maps, without names. */
void emap_read(struct eread *eread);

/* ... and their first entries, when functions are known. */
bool emap_close(struct eread *eread);

/* Visit the variables that BTF has in sections of that name, where symbols say that they are. */
typedef void emap_fn(struct eread *eread, const struct btfview_type *var, uint64_t offset,
		     uint32_t size);
void emap_each(struct eread *eread, const char *section, emap_fn *fn);

/* The program at an offset of a section; false when none begins there. */
bool emap_program(const struct eread *eread, uint32_t section, uint64_t offset, uint32_t *index);

/* elf_read_ops.c: the maps of .struct_ops and .struct_ops.link... */
void eops_read(struct eread *eread);

/* ... and their members, when functions are known. */
bool eops_close(struct eread *eread);

/* elf_read_extern.c: what BTF says of the names that are not in the object. */
void eextern_read(struct eread *eread);

/* That of a name; NULL: nothing. */
const struct asm_extern *eextern_get(struct eread *eread, const char *name);

/* elf_read_code.c: the function of a slot. */
uint32_t ecode_func_of(const struct asm_object *obj, uint32_t slot);

/* elf_read_data.c: sections with data become maps, at first without their variables... */
bool edata_open(struct eread *eread, uint32_t section);

/* ...and get them, once all that points there is known. */
void edata_close(struct eread *eread);

/* elf_read_set.c: the first values that the options give to variables. */
bool eset_all(struct eread *eread);

/* elf_read_line.c: lines and CO-RE relocations of .BTF.ext. False for damaged relocations. */
bool eline_read(struct eread *eread);

#endif
