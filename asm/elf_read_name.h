/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * elf_read_name.h - names that a text can have, for what has other names in an object. Needs
 * symbols.h
 */
#ifndef ELF_READ_NAME_H
#define ELF_READ_NAME_H

struct mem;

/*
 * Names taken: those of functions, maps and variables, which share one set, and those of types.
 * From the start they hold what a text cannot define.
 */
struct ename {
	struct mem *mem;
	struct symbols names, types;
};

void ename_init(struct ename *ename, struct mem *mem);

/*
 * The name itself, or one made of it, that nothing in `taken` has; it is taken then. What is no
 * letter or digit becomes a '_', and a number behind it tells equal ones apart.
 */
const char *ename_take(struct ename *ename, struct symbols *taken, const char *wanted);

#endif
