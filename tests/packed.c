/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * packed.c - what a program finds when it starts: what packing must not change
 * usage: packed [refuse] [WORD...]
 *
 * A line each: its name to the kernel, its file to the kernel if there is a /proc, its words,
 * $PACKED, and "as linked" when all is so that the linker and the C library promise. refuse: it
 * starts itself once more, where memory that was written to must not be executed.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <unistd.h>

#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#endif

enum { MDWE_REFUSE_EXEC_GAIN = 1, ZEROS = 100000, SET = 42, UNSUPPORTED = 77 };

extern const char __ehdr_start[];

static _Thread_local int thread_set = SET, thread_zero;
static int set = SET;
static char zero[ZEROS];
static bool constructed;

__attribute__((constructor)) static void construct(void)
{
	constructed = true;
}

/* The kernel can read it but not write there. */
static bool is_constant(const void *at)
{
	int ends[2];
	bool constant = pipe(ends) == 0 && write(ends[1], at, 1) == 1 &&
			read(ends[0], (void *)(uintptr_t)at, 1) < 0 && errno == EFAULT;

	close(ends[0]);
	close(ends[1]);
	return constant;
}

static bool is_zero(void)
{
	for (size_t i = 0; i < sizeof(zero); i++)
		if (zero[i])
			return false;
	return true;
}

static const char *what_differs(void)
{
	const ElfW(Ehdr) *head = (const void *)__ehdr_start;
	uintptr_t entry = (uintptr_t)head->e_entry;

	if (thread_set != SET || thread_zero || set != SET || !is_zero())
		return "variables";
	if (!constructed)
		return "constructors";
	if (getauxval(AT_PHDR) != (uintptr_t)__ehdr_start + head->e_phoff ||
	    getauxval(AT_PHNUM) != head->e_phnum || getauxval(AT_ENTRY) != entry)
		return "auxiliary vector";
	if (!is_constant(__ehdr_start) || !is_constant("text"))
		return "protection of constants";
	set = thread_set = thread_zero = zero[0] = 1;
	return NULL;
}

int main(int argc, char **argv)
{
	char comm[16] = "", exe[4096] = "";
	const char *value = getenv("PACKED"), *differs = what_differs();

	if (argc > 1 && strcmp(argv[1], "refuse") == 0) {
		if (prctl(PR_SET_MDWE, MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) != 0)
			return UNSUPPORTED;
		execv(argv[0], argv + 1);
		return EXIT_FAILURE;
	}
	prctl(PR_GET_NAME, comm);
	puts(comm);
	if (readlink("/proc/self/exe", exe, sizeof(exe) - 1) > 0)
		puts(exe);
	for (int i = 0; i < argc; i++)
		puts(argv[i]);
	puts(value ? value : "-");
	puts(differs ? differs : "as linked");
	return differs ? EXIT_FAILURE : EXIT_SUCCESS;
}
