/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * names.c - which function an address lies in.
 *
 * A table of functions by address is made when the kernel, or a file, is first asked about. Names
 * of a table lie in one block, so that the functions of a kernel take few allocations. Tables are
 * read, not mapped: a file that shrinks under a mapping would end this process.
 */
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "../asm/asm.h"
#include "array.h"
#include "binary.h"
#include "kallsyms.h"
#include "loader.h"
#include "sys.h"

enum {
	WHY = 128, OWN = -1,
	NAME_MOST = 4096,
	NAMES_MOST = 1 << 29,	/* bytes of a table: those of the largest programs are a tenth */
};
enum { NONE = UINT32_MAX };

/* Of two at one place the higher counts: the bits from the highest. */
enum {
	RANK_SIZED = 64,
	RANK_FUNCTION = 32,	/* no label of assembly */
	RANK_SHARED = 16,	/* other files may know it: no alias of the compiler */
	RANK_PLAIN = 4,		/* for each of up to 3 '_' that it does not begin with */
	RANK_STRONG = 1,
};

struct function {
	uint64_t at, end;
	uint32_t name;		/* offset in the block; NONE: no function, what is before ends */
	uint32_t outer;		/* index of the one around it, where one is in another; or NONE */
	uint32_t rank;
	uint32_t group;		/* the kernel's: a number of its module, from 1 */
};

struct load_functions {
	struct load_functions *next;
	char *path;		/* NULL: known in some other way */
	uint64_t device, inode;	/* of a file that a process has mapped */
	struct function *at;
	size_t count, room;
	char *names;
	size_t nnames, names_room;
	bool failed;		/* there was no memory */
};

struct load_names {
	struct load_functions *files;
	struct load_functions *kernel, *vdso;
};

/* ---- a table ---- */

/*
 * Its end may be UINT64_MAX; name NULL: none. False: no memory, or enough: files of others may have
 * a long name for each of many symbols.
 */
static bool add(struct load_functions *f, const struct function *function, const char *name)
{
	size_t len = name ? strnlen(name, NAME_MOST) + 1 : 0;
	struct function *grown = array_grow(f->at, &f->room, f->count + 1, sizeof(*grown));
	char *names = array_grow(f->names, &f->names_room, f->nnames + len + 1, sizeof(*names));

	f->at = grown ? grown : f->at;
	f->names = names ? names : f->names;
	f->failed = !grown || !names;
	if (f->failed || f->nnames + len > NAMES_MOST)
		return false;
	f->at[f->count] = *function;
	f->at[f->count++].name = name ? (uint32_t)f->nnames : NONE;
	memcpy(f->names + f->nnames, name ? name : "", len);
	f->nnames += len;
	f->names[f->nnames - (len != 0)] = '\0';
	return true;
}

static uint64_t end_of(uint64_t at, uint64_t size)
{
	return size && size < UINT64_MAX - at ? at + size : UINT64_MAX;
}

/* The best of a place first, then in the order in which they were found. */
static int compare(const void *a, const void *b)
{
	const struct function *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	if (x->rank != y->rank)
		return x->rank > y->rank ? -1 : 1;
	return (x->name > y->name) - (x->name < y->name);
}

/*
 * A function without a size ends where the next begins, at the end of its section, or, where the
 * next is another module's, soon: what was behind it may have been unloaded.
 */
static void end_unsized(struct load_functions *f)
{
	enum { PAGE = 4096 };

	for (size_t i = 0; i < f->count; i++) {
		struct function *at = &f->at[i], *next = i + 1 < f->count ? at + 1 : NULL;
		uint64_t most = (at->at + 2 * PAGE - 1) & ~(uint64_t)(PAGE - 1);

		if (at->rank & RANK_SIZED)
			continue;
		if (next && next->at < at->end)
			at->end = next->at;
		if (at->group && (!next || next->group != at->group) && most < at->end)
			at->end = most;
	}
}

/* One a place, in order; labels in a function are none. */
static void sort(struct load_functions *f)
{
	uint32_t outer = NONE;
	size_t kept = 0;

	if (f->count)
		qsort(f->at, f->count, sizeof(f->at[0]), compare);
	for (size_t i = 0; i < f->count; i++)
		if (!kept || f->at[kept - 1].at != f->at[i].at)
			f->at[kept++] = f->at[i];
	f->count = kept;
	end_unsized(f);
	for (uint32_t i = 0; i < f->count; i++) {
		struct function *at = &f->at[i];

		while (outer != NONE && f->at[outer].end <= at->at)
			outer = f->at[outer].outer;
		if (outer != NONE && !(at->rank & RANK_SIZED))
			at->end = at->at;
		at->outer = outer;
		outer = i;
	}
}

static void free_functions(struct load_functions *f)
{
	if (!f)
		return;
	free(f->at);
	free(f->names);
	free(f->path);
	free(f);
}

/* Sorted, and owned by *list if it is not NULL; what failed is freed. */
static struct load_functions *finish(struct load_functions *f, struct load_functions **list)
{
	if (f->failed) {
		free_functions(f);
		return NULL;
	}
	sort(f);
	if (list) {
		f->next = *list;
		*list = f;
	}
	return f;
}

bool load_name_in(const struct load_functions *f, uint64_t address, struct load_name *out)
{
	size_t low = 0, high = f ? f->count : 0;
	uint32_t i;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (f->at[mid].at <= address)
			low = mid + 1;
		else
			high = mid;
	}
	i = low ? (uint32_t)low - 1 : NONE;
	while (i != NONE && address >= f->at[i].end)
		i = f->at[i].outer;
	if (i == NONE || f->at[i].name == NONE)
		return false;
	out->name = f->names + f->at[i].name;
	out->offset = address - f->at[i].at;
	return true;
}

/* ---- the kernel's ---- */

struct kernel {
	struct load_functions *f;
	char module[64];
	uint32_t group;
};

/* kallsyms_symbol_fn: addresses are all zeros for those who may not know them. */
static bool add_kernel(void *arg, const struct kallsyms_symbol *symbol)
{
	struct kernel *kernel = arg;
	struct function function = { .at = symbol->address, .end = UINT64_MAX };
	bool code = kallsyms_is_function(symbol->kind);

	if (!symbol->address)
		return true;
	if (strncmp(kernel->module, symbol->module, sizeof(kernel->module) - 1) != 0) {
		snprintf(kernel->module, sizeof(kernel->module), "%s", symbol->module);
		kernel->group++;
	}
	function.group = kernel->group;
	function.rank = !code ? 0u : symbol->kind == 'T' ? RANK_SHARED + RANK_STRONG :
			symbol->kind == 't' ? RANK_STRONG : 0u;
	return add(kernel->f, &function, code ? symbol->name : NULL);
}

static struct load_functions *read_kernel(void)
{
	struct kernel kernel = { .f = calloc(1, sizeof(*kernel.f)), .group = 1 };

	if (!kernel.f)
		return NULL;
	kallsyms_each_symbol(add_kernel, &kernel);
	return finish(kernel.f, NULL);
}

/* ---- those of files ---- */

static uint32_t rank_of(const struct binary_symbol *symbol)
{
	unsigned int bind = ELF64_ST_BIND(symbol->info);
	uint32_t rank = symbol->size ? RANK_SIZED : 0;

	rank += ELF64_ST_TYPE(symbol->info) != STT_NOTYPE ? RANK_FUNCTION : 0;
	rank += bind != STB_LOCAL ? RANK_SHARED : 0;
	rank += bind == STB_GLOBAL ? RANK_STRONG : 0;

	for (size_t i = strspn(symbol->name, "_"); i < 3; i++)
		rank += RANK_PLAIN;
	return rank;
}

/* binary_fn; "$x" and the like tell data from code. */
static bool add_binary(void *arg, const struct binary_symbol *symbol)
{
	unsigned int type = ELF64_ST_TYPE(symbol->info);
	struct function function = { .at = symbol->offset };

	if (!symbol->code || (type != STT_FUNC && type != STT_GNU_IFUNC &&
			      (type != STT_NOTYPE || *symbol->name == '$' || *symbol->name == '.')))
		return true;
	function.end = end_of(symbol->offset, symbol->size ? symbol->size : symbol->room);
	function.rank = rank_of(symbol);
	return add(arg, &function, symbol->name);
}

/* Nothing is known of a file that cannot be read. */
static void read_file(struct load_functions *f)
{
	char file[PATH_MAX], why[WHY];

	if (binary_find(f->path, file, sizeof(file), why, sizeof(why)) == 0)
		binary_each(file, add_binary, f, why, sizeof(why));
}

/*
 * The file that is mapped and no other that has its name by now. Of some file systems (btrfs,
 * overlayfs) the kernel tells another device in maps than in stat(2): one that is none.
 */
static bool is_mapped(int fd, const struct load_mapped *mapped)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_ino == mapped->inode &&
	       (st.st_dev == mapped->device || major(st.st_dev) == 0);
}

static int open_mapped(const struct load_mapped *mapped)
{
	const char *const paths[] = { mapped->path, mapped->path, mapped->range };
	const int roots[] = { mapped->root, OWN, OWN };

	for (size_t i = mapped->root == OWN; i < sizeof(roots) / sizeof(roots[0]); i++) {
		int fd = sys_open_in(roots[i], paths[i]);

		if (fd >= 0 && is_mapped(fd, mapped))
			return fd;
		sys_close(fd);
	}
	return -ENOENT;
}

const struct load_functions *load_functions_mapped(struct load_names *names,
						   const struct load_mapped *mapped)
{
	struct load_functions *f = names->files;
	char why[WHY];
	int fd;

	while (f && (f->inode != mapped->inode || f->device != mapped->device))
		f = f->next;
	fd = f ? -1 : open_mapped(mapped);
	if (fd < 0)
		return f;
	f = calloc(1, sizeof(*f));
	if (f) {
		f->inode = mapped->inode;
		f->device = mapped->device;
		binary_each_in(fd, mapped->root, add_binary, f, why, sizeof(why));
		f = finish(f, &names->files);
	}
	sys_close(fd);
	return f;
}

static struct load_functions *read_vdso(const void *own)
{
	enum { MOST = 1 << 17 };
	struct load_functions *f = calloc(1, sizeof(*f));
	int fd = sys_memory_file(own, MOST);
	char why[WHY];

	if (f && fd >= 0)
		binary_each_in(fd, OWN, add_binary, f, why, sizeof(why));
	sys_close(fd);
	return f ? finish(f, NULL) : NULL;
}

const struct load_functions *load_functions_vdso(struct load_names *names, uint64_t address)
{
	uint64_t own = getauxval(AT_SYSINFO_EHDR);

	/* That of a process of 32 bits is another: it lies below 4 GiB. */
	if (!own || !(own >> 32) != !(address >> 32))
		return NULL;
	if (!names->vdso)
		names->vdso = read_vdso((const void *)(uintptr_t)own);
	return names->vdso;
}

/* ---- those of languages ---- */

/* "START SIZE name", the numbers in hexadecimal. What comes later has taken the place. */
static bool add_line(struct load_functions *f, char *line)
{
	struct function function = { .rank = (uint32_t)f->count << 7 | RANK_SIZED };
	uint64_t size = 0;
	int name = 0;

	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line, "%" SCNx64 " %" SCNx64 " %n", &function.at, &size, &name) < 2 ||
	    !name || !line[name] || !size)
		return true;
	function.end = end_of(function.at, size);
	return add(f, &function, line + name);
}

static bool is_of(int fd, uint32_t uid)
{
	enum { MOST = 1 << 28 };
	struct stat st;

	return fstat(fd, &st) == 0 && (st.st_uid == uid || !st.st_uid) && st.st_size <= MOST;
}

/* No memory is f->failed. */
static void read_lines(struct load_functions *f, FILE *file)
{
	char *line = NULL;
	size_t room = 0;

	while (getline(&line, &room, file) >= 0 && add_line(f, line))
		;
	free(line);
}

const struct load_functions *load_functions_jit(struct load_names *names, int root, uint32_t pid,
						uint32_t uid)
{
	struct load_functions *f = calloc(1, sizeof(*f));
	char path[32];
	FILE *file;
	int fd;

	snprintf(path, sizeof(path), "/tmp/perf-%u.map", pid);
	fd = f ? sys_open_in(root, path) : -1;
	file = fd >= 0 && is_of(fd, uid) ? fdopen(fd, "r") : NULL;
	if (file) {
		read_lines(f, file);
		fclose(file);
	} else {
		sys_close(fd);
	}
	return f ? finish(f, &names->files) : NULL;
}

/* ---- the door ---- */

struct load_names *load_names_new(void)
{
	return calloc(1, sizeof(struct load_names));
}

void load_names_free(struct load_names *names)
{
	while (names && names->files) {
		struct load_functions *next = names->files->next;

		free_functions(names->files);
		names->files = next;
	}
	if (names) {
		free_functions(names->kernel);
		free_functions(names->vdso);
	}
	free(names);
}

bool load_name_kernel(struct load_names *names, uint64_t address, struct load_name *out)
{
	if (!names->kernel)
		names->kernel = read_kernel();
	return load_name_in(names->kernel, address, out);
}

bool load_names_hidden(const struct load_names *names)
{
	return names->kernel && !names->kernel->count;
}

bool load_name_file(struct load_names *names, const char *path, uint64_t offset,
		    struct load_name *out)
{
	struct load_functions *f = names->files;

	while (f && (!f->path || strcmp(f->path, path) != 0))
		f = f->next;
	if (!f) {
		f = calloc(1, sizeof(*f));
		if (!f)
			return false;
		f->path = strdup(path);
		f->failed = !f->path;
		if (f->path)
			read_file(f);
		f = finish(f, &names->files);
	}
	return load_name_in(f, offset, out);
}
