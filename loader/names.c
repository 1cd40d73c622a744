/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * names.c - which function an address lies in.
 *
 * A table of functions by address is made when the kernel, or a file, is first asked about. Names
 * of a table lie in one block, so that the functions of a kernel take few allocations.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "../asm/asm.h"
#include "array.h"
#include "binary.h"
#include "kallsyms.h"
#include "loader.h"

enum { WHY = 128 };

struct function {
	uint64_t at, size;	/* size 0: not known, up to the next one */
	size_t name;		/* offset in the block */
};

struct functions {
	struct functions *next;
	char *path;		/* NULL: the kernel's */
	struct function *at;
	size_t count, room;
	char *names;
	size_t nnames, names_room;
	bool failed;		/* there was no memory */
};

struct load_names {
	struct functions *files;
	struct functions *kernel;
};

/* ---- a table ---- */

static bool add(struct functions *f, uint64_t at, uint64_t size, const char *name)
{
	size_t len = strlen(name) + 1;
	struct function *grown = array_grow(f->at, &f->room, f->count + 1, sizeof(*grown));
	char *names = array_grow(f->names, &f->names_room, f->nnames + len, sizeof(*names));

	f->at = grown ? grown : f->at;
	f->names = names ? names : f->names;
	f->failed = !grown || !names;
	if (f->failed)
		return false;
	f->at[f->count++] = (struct function){ at, size, f->nnames };
	memcpy(f->names + f->nnames, name, len);
	f->nnames += len;
	return true;
}

/* kallsyms_place_fn */
static bool add_kernel(void *arg, uint64_t address, const char *name)
{
	/* All zeros is what those see who may not know addresses. */
	return !address || add(arg, address, 0, name);
}

/* binary_fn */
static bool add_binary(void *arg, const struct binary_symbol *symbol)
{
	return symbol->kind != BINARY_FUNCTION ||
	       add(arg, symbol->offset, symbol->size, symbol->name);
}

/* Names of one place in the order in which they were found. */
static int compare(const void *a, const void *b)
{
	const struct function *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return (x->name > y->name) - (x->name < y->name);
}

static void free_functions(struct functions *f)
{
	if (!f)
		return;
	free(f->at);
	free(f->names);
	free(f->path);
	free(f);
}

/* An empty table when there is nothing to be known; NULL: no memory. */
static struct functions *read_functions(const char *path)
{
	struct functions *f = calloc(1, sizeof(*f));
	char file[PATH_MAX], why[WHY];

	if (f && path) {
		f->path = strdup(path);
		f->failed = !f->path;
	}
	if (!f || f->failed) {
		free(f);
		return NULL;
	}
	if (path && binary_find(path, file, sizeof(file), why, sizeof(why)) == 0)
		binary_each(file, add_binary, f, why, sizeof(why));
	else if (!path)
		kallsyms_each_place(add_kernel, f);
	if (f->failed) {
		free_functions(f);
		return NULL;
	}
	if (f->count)
		qsort(f->at, f->count, sizeof(f->at[0]), compare);
	return f;
}

/* The first of those at the nearest place at or before the address; f->count: there is none. */
static size_t find(const struct functions *f, uint64_t address)
{
	size_t low = 0, high = f->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (f->at[mid].at <= address)
			low = mid + 1;
		else
			high = mid;
	}
	if (!low)
		return f->count;
	for (low--; low > 0 && f->at[low - 1].at == f->at[low].at; low--)
		;
	return low;
}

static bool name_in(const struct functions *f, uint64_t address, struct load_name *out)
{
	size_t i = f ? find(f, address) : 0;

	if (!f || i == f->count)
		return false;
	out->name = f->names + f->at[i].name;
	out->offset = address - f->at[i].at;
	return !f->at[i].size || out->offset < f->at[i].size;
}

/* ---- the door ---- */

struct load_names *load_names_new(void)
{
	return calloc(1, sizeof(struct load_names));
}

void load_names_free(struct load_names *names)
{
	while (names && names->files) {
		struct functions *next = names->files->next;

		free_functions(names->files);
		names->files = next;
	}
	if (names)
		free_functions(names->kernel);
	free(names);
}

bool load_name_kernel(struct load_names *names, uint64_t address, struct load_name *out)
{
	if (!names->kernel)
		names->kernel = read_functions(NULL);
	return name_in(names->kernel, address, out);
}

bool load_name_file(struct load_names *names, const char *path, uint64_t offset,
		    struct load_name *out)
{
	struct functions *f = names->files;

	while (f && strcmp(f->path, path) != 0)
		f = f->next;
	if (!f) {
		f = read_functions(path);
		if (!f)
			return false;
		f->next = names->files;
		names->files = f;
	}
	return name_in(f, offset, out);
}
