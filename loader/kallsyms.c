/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../asm/asm.h"
#include "kallsyms.h"

/* "ffffffff81000000 T name\t[module]\n": cut the name out in place. False: it is no such line. */
static bool read_line(char *line, struct kallsyms_symbol *out)
{
	char *space, *name, *end;

	out->address = strtoull(line, &space, 16);
	if (*space != ' ' || !space[1] || space[2] != ' ')
		return false;
	out->kind = space[1];
	name = space + 3;
	end = name + strcspn(name, "\t\n ");
	out->module = *end == '\t' ? end + 1 : "";
	*end = '\0';
	out->name = name;
	return true;
}

int kallsyms_each_symbol(kallsyms_symbol_fn *fn, void *arg)
{
	FILE *f = fopen("/proc/kallsyms", "re");
	struct kallsyms_symbol symbol;
	char *line = NULL;
	size_t room = 0;
	int err = 0;

	if (!f)
		return -errno;
	while (getline(&line, &room, f) >= 0)
		if (read_line(line, &symbol) && !fn(arg, &symbol))
			break;
	if (ferror(f))
		err = -EIO;
	free(line);
	fclose(f);
	return err;
}

bool kallsyms_is_function(char kind)
{
	return kind == 't' || kind == 'T' || kind == 'w' || kind == 'W';
}

/* ---- one name ---- */

struct look {
	const char *name;
	size_t len;
	struct kallsyms_name *out;
	struct asm_near near;
};

static bool look_at(void *arg, const struct kallsyms_symbol *symbol)
{
	struct look *look = arg;
	const char *name = symbol->name;
	struct kallsyms_name *out = look->out;
	bool same = strcmp(name, look->name) == 0;

	if (same && !out->address)
		out->address = symbol->address;
	if (!kallsyms_is_function(symbol->kind)) {
		out->data = out->data || same;
		return true;
	}
	out->functions += same;
	if (!same && strncmp(name, look->name, look->len) == 0 && name[look->len] == '.' &&
	    !out->variant[0])
		snprintf(out->variant, sizeof(out->variant), "%s", name);
	asm_near_offer(&look->near, name, strlen(name));
	return true;
}

int kallsyms_look(const char *name, struct kallsyms_name *out)
{
	struct look look = { .name = name, .len = strlen(name), .out = out };
	int err;

	memset(out, 0, sizeof(*out));
	asm_near_start(&look.near, name, look.len);
	err = kallsyms_each_symbol(look_at, &look);
	asm_near_text(&look.near, out->near);
	return err;
}

/* ---- all of them ---- */

struct each_name {
	kallsyms_fn *fn;
	void *arg;
};

/* kallsyms_symbol_fn */
static bool each_function_name(void *arg, const struct kallsyms_symbol *symbol)
{
	const struct each_name *each = arg;

	return !kallsyms_is_function(symbol->kind) || each->fn(each->arg, symbol->name);
}

int kallsyms_each(kallsyms_fn *fn, void *arg)
{
	struct each_name each = { fn, arg };

	return kallsyms_each_symbol(each_function_name, &each);
}

/* ---- addresses ---- */

struct names {
	struct kallsyms_at *at;
	size_t n;
};

static int compare_at(const void *a, const void *b)
{
	const struct kallsyms_at *x = a, *y = b;

	return (x->address > y->address) - (x->address < y->address);
}

/* The first symbol of an address counts. */
static bool name_at(void *arg, const struct kallsyms_symbol *symbol)
{
	struct kallsyms_at want = { .address = symbol->address }, *at;
	struct names *names = arg;

	at = bsearch(&want, names->at, names->n, sizeof(*at), compare_at);
	while (at && at > names->at && at[-1].address == want.address)
		at--;
	for (; at && at < names->at + names->n && at->address == want.address; at++) {
		if (at->name[0])
			continue;
		snprintf(at->name, sizeof(at->name), "%s", symbol->name);
		if (symbol->module[0] == '[')
			snprintf(at->module, sizeof(at->module), "%.*s",
				 (int)strcspn(symbol->module + 1, "]"), symbol->module + 1);
	}
	return true;
}

int kallsyms_name_all(struct kallsyms_at *at, size_t n)
{
	struct names names = { at, n };

	return n ? kallsyms_each_symbol(name_at, &names) : 0;
}

struct address {
	const char *name;
	uint64_t address;
};

static bool address_of(void *arg, const struct kallsyms_symbol *symbol)
{
	struct address *address = arg;

	if (strcmp(symbol->name, address->name) != 0)
		return true;
	address->address = symbol->address;
	return false;
}

uint64_t kallsyms_address(const char *name)
{
	struct address address = { name, 0 };

	return kallsyms_each_symbol(address_of, &address) ? 0 : address.address;
}

/* ---- system calls ---- */

/* The wrappers of each CPU, which take a struct pt_regs; then what a kernel without them has. */
static const char *const prefixes[] = {
	"__x64_sys_", "__arm64_sys_", "__s390x_sys_", "__riscv_sys_", "sys_", "__se_sys_",
};

enum { PREFIXES = sizeof(prefixes) / sizeof(prefixes[0]) };

struct wrapper {
	const char *name;
	size_t best;		/* index in prefixes; PREFIXES: none yet */
};

static bool wrapper_at(void *arg, const char *name)
{
	struct wrapper *wrapper = arg;

	for (size_t i = 0; i < wrapper->best; i++) {
		size_t len = strlen(prefixes[i]);

		if (strncmp(name, prefixes[i], len) == 0 &&
		    strcmp(name + len, wrapper->name) == 0)
			wrapper->best = i;
	}
	return wrapper->best != 0;
}

int kallsyms_syscall(const char *name, char *out, size_t size)
{
	struct wrapper wrapper = { name, PREFIXES };
	int err = kallsyms_each(wrapper_at, &wrapper);

	if (err)
		return err;
	if (wrapper.best == PREFIXES)
		return -ENOENT;
	return (size_t)snprintf(out, size, "%s%s", prefixes[wrapper.best], name) < size ?
		0 : -ENAMETOOLONG;
}
