/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* feature.h - what the kernel lets this process do, found out by doing it. Needs asm.h */
#ifndef FEATURE_H
#define FEATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Load the least program of a type: 0 when the kernel takes it, or -errno. */
int feature_prog_type(uint32_t type);

/* Create the least map of a type: 0 or -errno. */
int feature_map_type(const struct asm_map_type *type);

/* May a program of that type, which the kernel takes, call that helper? */
bool feature_helper(uint32_t type, uint32_t helper);

/* Does the kernel take these instructions in a socket filter? */
bool feature_insns(const struct asm_insn *insns, size_t n);

/* What instructions can be, by bpftool's names; feature_isa(i) for each. */
enum { FEATURE_ISAS = 5 };
const char *feature_isa_name(size_t i);
bool feature_isa(size_t i);

/*
 * The value of an option of the kernel's own configuration; text comes from feature_config(), NULL
 * when there is none to read. Into FEATURE_VALUE bytes; NULL when it is not set.
 */
enum { FEATURE_VALUE = 64 };
char *feature_config(void);
const char *feature_option(const char *text, const char *name, char value[FEATURE_VALUE]);

#endif
