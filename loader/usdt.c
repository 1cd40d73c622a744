/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loader.h"
#include "array.h"
#include "attach.h"
#include "binary.h"
#include "load.h"
#include "say.h"
#include "uprobe.h"
#include "usdt.h"
#include "usdtarg.h"
#include "usdtspec.h"

enum { USDT_MOST = 65536 };	/* places of one probe */

struct site {
	struct usdt_place place;
	uint64_t semaphore;
	size_t spec;		/* of the struct usdt */
};

/* What a section names, and where that is. */
struct usdt {
	const struct attach *a;
	const char *path;
	struct usdt_maps maps;
	char *text;		/* owned: the file's name, cut off */
	const char *provider, *name;	/* in it */
	struct asm_near near;	/* of "PROVIDER:NAME" */
	struct site *sites;	/* owned */
	size_t count, room, probes;	/* probes: those of any name */
	struct usdt_spec *specs;	/* owned: each way to pass the arguments, once */
	size_t nspecs, specs_room;
	int err;
};

/* FILE:PROVIDER:NAME; the file may have colons in its name. */
static bool split(struct usdt *u)
{
	char *name = strrchr(u->text, ':'), *provider;

	if (!name || !name[1])
		return false;
	*name++ = '\0';
	provider = strrchr(u->text, ':');
	if (!provider || provider == u->text || !provider[1])
		return false;
	*provider++ = '\0';
	u->provider = provider;
	u->name = name;
	return true;
}

/* ---- arguments ---- */

/* The symbol that an argument lies at, by its address. */
struct symbol {
	const struct usdt_arg *arg;
	uint64_t address;
	bool found;
};

/* binary_fn */
static bool offer_symbol(void *arg, const struct binary_symbol *symbol)
{
	struct symbol *wanted = arg;

	wanted->found = symbol->kind != BINARY_IMPORTED && symbol->address &&
			strncmp(symbol->name, wanted->arg->symbol, wanted->arg->symbol_len) == 0 &&
			!symbol->name[wanted->arg->symbol_len];
	wanted->address = symbol->address;
	return !wanted->found;
}

/* As far from the code as in the file, wherever that is loaded: the register is the code's. */
static void find_symbol(const struct usdt *u, const struct binary_probe *probe,
			struct usdt_arg *arg)
{
	struct symbol wanted = { .arg = arg };
	char why[128];

	if (binary_each(u->path, offer_symbol, &wanted, why, sizeof(why)) == 0 && wanted.found)
		arg->value += wanted.address - probe->address;
	else
		arg->kind = USDT_ARG_UNKNOWN;
}

/* The next argument at a place, as a program is told of it. */
static bool next_arg(const struct usdt *u, const struct binary_probe *probe, const char **text,
		     struct usdt_arg *arg)
{
	if (!usdt_arg_next(asm_cpu_native(), text, arg))
		return false;
	if (arg->symbol)
		find_symbol(u, probe, arg);
	return true;
}

static void describe(const struct usdt *u, const struct binary_probe *probe,
		     struct usdt_spec *spec)
{
	const char *text = probe->arguments;
	struct usdt_arg arg;

	memset(spec, 0, sizeof(*spec));
	spec->taken = 1;
	spec->cookie = u->a->cookie;
	while (next_arg(u, probe, &text, &arg))
		usdtspec_add(spec, &arg);
}

static void say_unread(const struct usdt *u, const struct binary_probe *probe)
{
	const struct attach *a = u->a;
	const char *text = probe->arguments;
	struct usdt_arg arg;

	for (unsigned int n = 1; next_arg(u, probe, &text, &arg); n++)
		if (arg.kind == USDT_ARG_UNKNOWN || n > USDT_ARGS)
			say_note(a->load->opt, &a->place, "%s: %s at 0x%" PRIx64 ": argument %u, "
				 "'%.*s', cannot be read%s", a->what, u->path, probe->offset, n,
				 (int)arg.len, arg.text, n > USDT_ARGS ?
				 ": programs see the first 12" : "");
}

/* Which of the specs it is, or a new one. */
static int add_spec(struct usdt *u, const struct binary_probe *probe, size_t *index)
{
	struct usdt_spec *specs = array_grow(u->specs, &u->specs_room, u->nspecs + 1,
					     sizeof(*specs));

	*index = 0;
	if (!specs)
		return -ENOMEM;
	u->specs = specs;
	describe(u, probe, &specs[u->nspecs]);
	while (memcmp(&specs[*index], &specs[u->nspecs], sizeof(*specs)) != 0)
		++*index;
	if (*index == u->nspecs) {
		u->nspecs++;
		say_unread(u, probe);
	}
	return 0;
}

/* ---- places ---- */

static int add_site(struct usdt *u, const struct binary_probe *probe)
{
	struct site site = {
		{ u->path, probe->offset, probe->fixed ? probe->address : 0 }, probe->semaphore, 0,
	};
	struct site *sites;
	int err;

	if (u->count == USDT_MOST)
		return -E2BIG;
	sites = array_grow(u->sites, &u->room, u->count + 1, sizeof(*sites));
	if (!sites)
		return -ENOMEM;
	u->sites = sites;
	err = u->maps.specs < 0 || !asm_cpu_native() ? 0 : add_spec(u, probe, &site.spec);
	if (!err)
		u->sites[u->count++] = site;
	return err;
}

/* binary_probe_fn */
static bool offer(void *arg, const struct binary_probe *probe)
{
	struct usdt *u = arg;
	char full[ASM_NEAR_NAME];
	int len;

	u->probes++;
	if (strcmp(probe->provider, u->provider) == 0 && strcmp(probe->name, u->name) == 0) {
		u->err = add_site(u, probe);
	} else {
		len = snprintf(full, sizeof(full), "%s:%s", probe->provider, probe->name);
		if ((size_t)len < sizeof(full))
			asm_near_offer(&u->near, full, (size_t)len);
	}
	return !u->err;
}

static int find_sites(struct usdt *u)
{
	const struct attach *a = u->a;
	const char *path = u->path;
	char full[512], near[ASM_NEAR_TEXT], why[512];
	int err;

	snprintf(full, sizeof(full), "%s:%s", u->provider, u->name);
	asm_near_start(&u->near, full, strlen(full));
	err = binary_probes(path, offer, u, why, sizeof(why));
	if (err) {
		say_error(a->load->opt, &a->place, "%s: %s: %s", a->what, path, why);
		return err;
	}
	if (u->err) {
		say_error(a->load->opt, &a->place, "%s: %s: %s", a->what, path,
			  u->err == -E2BIG ? "the probe has more than 65536 places" :
			  strerror(-u->err));
		return u->err;
	}
	if (u->count)
		return 0;
	if (u->probes)
		say_error(a->load->opt, &a->place, "%s: %s has no static probe '%s'%s", a->what,
			  path, full, asm_near_text(&u->near, near));
	else
		say_error(a->load->opt, &a->place, "%s: %s has no static probes: it was built "
			  "without them, or its notes were stripped", a->what, path);
	return -ENOENT;
}

/* ---- attaching ---- */

/* The cookie of a place is the id of its spec, and the caller's cookie is in that. */
static int attach_site(const struct usdt *u, const struct site *site)
{
	struct attach a = *u->a;
	int id = 0;

	if (u->maps.specs >= 0) {
		id = usdtspec_put(&a, &u->maps, &u->specs[site->spec]);
		a.cookie = id < 0 || u->maps.by_address ? 0 : (uint64_t)id;
	}
	if (id >= 0 && u->maps.by_address)
		id = usdtspec_place(&a, &u->maps, &site->place, (uint32_t)id);
	return id < 0 ? id : uprobe_attach_at(&a, u->path, site->place.offset, site->semaphore);
}

/* All of its places, or none. */
static int attach_sites(const struct usdt *u)
{
	int err = 0;

	for (size_t i = 0; i < u->count && !err; i++)
		err = attach_site(u, &u->sites[i]);
	return err;
}

int usdt_attach(const struct attach *a)
{
	char path[PATH_MAX], why[512];
	struct usdt u = { .a = a, .path = path, .text = strdup(a->func->target),
			  .maps = { .specs = -1, .ids = -1 } };
	int err = u.text ? 0 : -ENOMEM;

	if (err) {
		say_error(a->load->opt, &a->place, "%s: %s", a->what, strerror(-err));
	} else if (!split(&u)) {
		say_error(a->load->opt, &a->place, "%s: '%s' is not of the form "
			  "FILE:PROVIDER:NAME", a->what, a->func->target);
		err = -EINVAL;
	} else {
		err = binary_find(u.text, path, sizeof(path), why, sizeof(why));
		if (err)
			say_error(a->load->opt, &a->place, "%s: %s", a->what, why);
		if (!err)
			err = usdtspec_open(a, &u.maps);
		if (!err)
			err = find_sites(&u);
		if (!err)
			err = attach_sites(&u);
	}
	usdtspec_close(&u.maps);
	free(u.specs);
	free(u.sites);
	free(u.text);
	return err;
}
