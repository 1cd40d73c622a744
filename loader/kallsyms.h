/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* kallsyms.h - the kernel's functions by name: /proc/kallsyms. Needs asm.h */
#ifndef KALLSYMS_H
#define KALLSYMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the kernel's symbols say about a name. */
struct kallsyms_name {
	unsigned int functions;	/* functions of exactly that name */
	bool data;		/* something else has it */
	uint64_t address;	/* of the first; 0: hidden from who asks, or it has none */
	char variant[128];	/* what the compiler made of it: NAME.isra.0; "" */
	char near[ASM_NEAR_TEXT];
};

/* 0 or -errno. */
int kallsyms_look(const char *name, struct kallsyms_name *out);

/* Visit each function of the kernel and its modules; stops when fn returns false. 0 or -errno. */
typedef bool kallsyms_fn(void *arg, const char *name);
int kallsyms_each(kallsyms_fn *fn, void *arg);

/* The same for all symbols, data as well. */
struct kallsyms_symbol {
	uint64_t address;	/* 0: this process may not know it */
	char kind;		/* as nm(1) letters it */
	const char *name;
	const char *module;	/* "[module]" and a newline, or "" */
};

typedef bool kallsyms_symbol_fn(void *arg, const struct kallsyms_symbol *symbol);
int kallsyms_each_symbol(kallsyms_symbol_fn *fn, void *arg);
bool kallsyms_is_function(char kind);

/* The symbol at an address: what is looked for, and what is found; name "": nothing. */
struct kallsyms_at {
	uint64_t address;
	char name[128];
	char module[64];	/* "" for the kernel itself */
};

/* Name the addresses, which are in order. 0 or -errno. */
int kallsyms_name_all(struct kallsyms_at *at, size_t n);

/* The address of a symbol; 0 when it is not there or addresses are not shown. */
uint64_t kallsyms_address(const char *name);

/*
 * The function behind a system call: __x64_sys_NAME and what other CPUs call it. The name, of size
 * bytes, goes to out. -ENOENT when there is none.
 */
int kallsyms_syscall(const char *name, char *out, size_t size);

#endif
