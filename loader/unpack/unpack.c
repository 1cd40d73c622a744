/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * unpack.c - the start of a packed program: unpack a static one into memory, and enter it
 *
 * It needs neither /proc nor a place for a file, and the process stays what execve(2) made of it:
 * its name, its arguments and /proc/self/exe are those of the file that was started. No C library:
 * what one sets up in a process would still be there when the program's own does.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "../inflate.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

enum {
	STDERR = 2,
	NOT_STARTED = 126,		/* exit status, as shells have it */
	MOST = 1 << 28,
	CALL = 0xe8, CALL_SIZE = 5,	/* an instruction of x86_64 */
};

/* What the kernel put on the stack, and the program that is packed. */
struct unpack {
	uintptr_t *stack;
	uintptr_t page;
	char *file;
	size_t size;
	uintptr_t from, to;	/* its memory */
};

extern const char unpack_image[], unpack_image_end[];

long unpack_call(uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d, uintptr_t e, uintptr_t f,
		 uintptr_t number);
uintptr_t unpack_run(uintptr_t *stack);
void *memset(void *to, int byte, size_t size);

/* The compiler calls it for what is to be zero. */
void *memset(void *to, int byte, size_t size)
{
	volatile char *at = to;

	while (size--)
		*at++ = (char)byte;
	return to;
}

static void say(const char *text)
{
	size_t len = 0;

	while (text[len])
		len++;
	unpack_call(STDERR, (uintptr_t)text, len, 0, 0, 0, SYS_write);
}

static void give_up(const struct unpack *u, const char *why)
{
	say(u->stack[0] ? (const char *)u->stack[1] : "unpack");
	say(": cannot be unpacked: ");
	say(why);
	say("\n");
	for (;;)
		unpack_call(NOT_STARTED, 0, 0, 0, 0, 0, SYS_exit_group);
}

/* The vector of the kernel is behind the arguments and the environment. */
static uintptr_t *auxv_find(const struct unpack *u, uintptr_t type)
{
	uintptr_t *at = u->stack + 1 + u->stack[0] + 1;

	while (*at++)
		;
	while (*at != type && *at != AT_NULL)
		at += 2;
	return at + 1;
}

/* Memory to write to; at 0, anywhere. Where it is, or -errno. */
static long map(uintptr_t at, size_t size)
{
	uintptr_t args[] = { at, size, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | (at ? MAP_FIXED_NOREPLACE : 0),
			     UINTPTR_MAX, 0 };

#ifdef __s390x__
	return unpack_call((uintptr_t)args, 0, 0, 0, 0, 0, SYS_mmap);
#else
	return unpack_call(args[0], args[1], args[2], args[3], args[4], args[5], SYS_mmap);
#endif
}

#ifdef UNPACK_CALLS
/* What calls.awk has done, back: distances from where the call is. */
static void restore_calls(const struct unpack *u)
{
	long size = (long)u->size;

	for (long at = 0; at + CALL_SIZE <= size; at++) {
		uint8_t *byte = (uint8_t *)u->file + at;
		int32_t far = (int32_t)((uint32_t)byte[4] << 24 | byte[3] << 16 | byte[2] << 8 |
					byte[1]);

		if (byte[0] != CALL)
			continue;
		if (far >= -at && far < size)
			far += (int32_t)(far < 0 ? size : -at);
		for (unsigned int i = 1; i < CALL_SIZE; i++)
			byte[i] = (uint8_t)((uint32_t)far >> 8 * (i - 1));
		at += CALL_SIZE - 1;
	}
}
#endif

/* An unpacked copy of the file. */
static void unpack_file(struct unpack *u)
{
	size_t len = (size_t)(unpack_image_end - unpack_image);
	long at;

	if (unpack_call((uintptr_t)AT_FDCWD, (uintptr_t)unpack_image_end, 0, 0, 0, 0,
			SYS_faccessat) == -EFAULT)
		give_up(u, "the file has lost its end");
	if (inflate_size(unpack_image, len, &u->size) || u->size > MOST)
		give_up(u, "the file is damaged");
	at = map(0, u->size);
	if (at < 0 && at > -(long)u->page)
		give_up(u, "not enough memory");
	u->file = (char *)at;
	if (inflate_to(unpack_image, len, u->file, u->size) != 0)
		give_up(u, "the file is damaged");
#ifdef UNPACK_CALLS
	restore_calls(u);
#endif
}

static const Elf64_Phdr *segments(const struct unpack *u)
{
	return (const Elf64_Phdr *)(u->file + ((const Elf64_Ehdr *)u->file)->e_phoff);
}

/* Its memory at the addresses that it was linked for. */
static void reserve(struct unpack *u)
{
	const Elf64_Ehdr *head = (const Elf64_Ehdr *)u->file;
	const Elf64_Phdr *seg = segments(u);
	long at;

	u->from = UINTPTR_MAX;
	u->to = 0;
	for (const Elf64_Phdr *end = seg + head->e_phnum; seg < end; seg++) {
		if (seg->p_type != PT_LOAD)
			continue;
		if (u->from > seg->p_vaddr)
			u->from = seg->p_vaddr & -u->page;
		u->to = seg->p_vaddr + seg->p_memsz;
	}
	at = map(u->from, u->to - u->from);
	if (at == (long)u->from)
		return;
	give_up(u, at == -ENOMEM ? "not enough memory" : "its addresses are in use");
}

/* Kernels see to it that a page is fetched from as it was written once it may be executed. */
static void place(const struct unpack *u, const Elf64_Phdr *seg)
{
	volatile char *to = (volatile char *)(uintptr_t)seg->p_vaddr;
	uintptr_t start = seg->p_vaddr & -u->page;
	uintptr_t prot = (seg->p_flags & PF_R ? PROT_READ : 0) |
			 (seg->p_flags & PF_W ? PROT_WRITE : 0) |
			 (seg->p_flags & PF_X ? PROT_EXEC : 0);

	for (size_t i = 0; i < seg->p_filesz; i++)
		to[i] = u->file[seg->p_offset + i];
	if (unpack_call(start, seg->p_vaddr + seg->p_memsz - start, prot, 0, 0, 0, SYS_mprotect))
		give_up(u, "the system lets no memory be executed that was written to");
}

/* Where to enter it. */
uintptr_t unpack_run(uintptr_t *stack)
{
	struct unpack u;
	const Elf64_Ehdr *head;
	uintptr_t entry;

	u.stack = stack;
	u.page = *auxv_find(&u, AT_PAGESZ);
	unpack_file(&u);
	reserve(&u);
	head = (const Elf64_Ehdr *)u.file;
	for (unsigned int i = 0; i < head->e_phnum; i++)
		if (segments(&u)[i].p_type == PT_LOAD)
			place(&u, &segments(&u)[i]);
	entry = head->e_entry;
	*auxv_find(&u, AT_PHDR) = u.from + head->e_phoff;
	*auxv_find(&u, AT_PHNUM) = head->e_phnum;
	*auxv_find(&u, AT_ENTRY) = entry;
	unpack_call((uintptr_t)u.file, u.size, 0, 0, 0, 0, SYS_munmap);
	return entry;
}
