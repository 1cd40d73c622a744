/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
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

enum { USDT_MOST = 65536 };	/* places of one probe */

struct site {
	uint64_t offset, semaphore;
};

/* What a section names, and where that is. */
struct usdt {
	char *text;		/* owned: the file's name, cut off */
	const char *provider, *name;	/* in it */
	struct asm_near near;	/* of "PROVIDER:NAME" */
	struct site *sites;	/* owned */
	size_t count, room, probes;	/* probes: those of any name */
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

static int add_site(struct usdt *u, const struct binary_probe *probe)
{
	struct site *sites;

	if (u->count == USDT_MOST)
		return -E2BIG;
	sites = array_grow(u->sites, &u->room, u->count + 1, sizeof(*sites));
	if (!sites)
		return -ENOMEM;
	u->sites = sites;
	u->sites[u->count++] = (struct site){ probe->offset, probe->semaphore };
	return 0;
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

static int find_sites(const struct attach *a, struct usdt *u, const char *path)
{
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

/* All of its places, or none. */
static int attach_sites(const struct attach *a, const struct usdt *u, const char *path)
{
	int err = 0;

	for (size_t i = 0; i < u->count && !err; i++)
		err = uprobe_attach_at(a, path, u->sites[i].offset, u->sites[i].semaphore);
	return err;
}

int usdt_attach(const struct attach *a)
{
	struct usdt u = { .text = strdup(a->func->target) };
	char path[PATH_MAX], why[512];
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
			err = find_sites(a, &u, path);
		if (!err)
			err = attach_sites(a, &u, path);
	}
	free(u.sites);
	free(u.text);
	return err;
}
