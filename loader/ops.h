/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ops.h - structures of the kernel's whose members are programs: maps of type struct_ops (5.6). */
#ifndef OPS_H
#define OPS_H

struct abi_prog_load;
struct asm_func;
struct asm_map;
struct attach;
struct load;

/*
 * Create the map, with a link where the kernel has them (6.4), so that nothing is left of it when
 * its descriptors are gone. Its descriptor or -errno, explained.
 */
int ops_create(const struct load *load, const struct asm_map *map);

/* What BPF_PROG_LOAD wants to know of a program that is such a member. 0 or -errno, explained. */
int ops_target(const struct load *load, const struct asm_func *func, struct abi_prog_load *attr);

/* An attach_method: with the first program of a map, the map is registered. */
int ops_attach(const struct attach *a);

#endif
