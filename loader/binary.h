/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* binary.h - programs and shared libraries: where they are, and where in them their functions. */
#ifndef BINARY_H
#define BINARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum binary_kind {
	BINARY_FUNCTION,
	BINARY_INDIRECT,	/* chosen among several when the program starts: STT_GNU_IFUNC */
	BINARY_IMPORTED,	/* a function of another file */
	BINARY_OTHER,		/* data, or in no part that is loaded */
};

struct binary_symbol {
	const char *name;
	enum binary_kind kind;
	bool code;		/* it lies in what is executed */
	uint8_t info;		/* st_info of elf(5) */
	uint64_t offset;	/* of code: in the file, as a uprobe takes it */
	uint64_t address;	/* as the file has it; BINARY_IMPORTED: 0 */
	uint64_t size;		/* bytes from there; 0: the file does not say */
	uint64_t room;		/* bytes to the end of its section; 0: not known */
};

/*
 * Where a file is. A name with a '/' is its path; a library (.so in its name) is looked for in
 * LD_LIBRARY_PATH, /usr/lib64, /usr/lib and /lib/MACHINE-linux-gnu, another in PATH, /usr/bin and
 * /usr/sbin. 0, or -errno and the reason in why.
 */
int binary_find(const char *name, char *path, size_t size, char *why, size_t why_size);

/*
 * Visit what .symtab names, then what .dynsym does, which may be the same again; stops when fn
 * returns false. The file may hold anything. 0, or -errno and the reason in why: -ENOEXEC for
 * what is no ELF program or library for this machine.
 *
 * Where it has no .symtab, that of its debug file is taken, see debugfile_open(). Compressed tables
 * count as none.
 */
typedef bool binary_fn(void *arg, const struct binary_symbol *symbol);
int binary_each(const char *path, binary_fn *fn, void *arg, char *why, size_t why_size);

/*
 * The same for a file that is open and stays so; root: where paths to debug files begin, see
 * sys_open_in(). What is not there is looked for in this process's root.
 */
int binary_each_in(int fd, int root, binary_fn *fn, void *arg, char *why, size_t why_size);

/* A static probe (USDT) of a program; offsets are in the file. */
struct binary_probe {
	const char *provider, *name;
	const char *arguments;	/* where they are: see usdtarg.h */
	uint64_t offset;
	uint64_t address;	/* as the file has it */
	bool fixed;		/* it is run at that address */
	uint64_t semaphore;	/* a 16-bit counter of those who probe it; 0: it has none */
};

/*
 * Visit the probes of the file, whose notes have the name "stapsdt" (of SystemTap, whose sys/sdt.h
 * writes them). One with several places comes several times. As binary_each() otherwise.
 */
typedef bool binary_probe_fn(void *arg, const struct binary_probe *probe);
int binary_probes(const char *path, binary_probe_fn *fn, void *arg, char *why, size_t why_size);

#endif
