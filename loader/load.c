/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "abi.h"
#include "loader.h"
#include "attach.h"
#include "btf.h"
#include "facts.h"
#include "load.h"
#include "maps.h"
#include "multi.h"
#include "prog.h"
#include "say.h"
#include "sys.h"
#include "uprobe.h"

/* What it will hold, nothing of it in the kernel yet. */
static int load_alloc(const struct asm_object *obj, const struct load_options *opt,
		      struct load **out)
{
	struct load *load = calloc(1, sizeof(*load));
	struct load_options *copy = malloc(sizeof(*copy));

	*out = load;
	if (!load || !copy) {
		free(copy);
		return -ENOMEM;
	}
	*copy = *opt;
	load->obj = obj;
	load->opt = copy;
	load->facts = opt->facts ? opt->facts : load_facts_new();
	load->maps = calloc(obj->nmaps + 1, sizeof(*load->maps));
	load->progs = calloc(obj->nfuncs + 1, sizeof(*load->progs));
	return load->facts && load->maps && load->progs ? 0 : -ENOMEM;
}

static bool is_missing(const struct load *load, enum load_multi *multi, bool (*is_there)(void))
{
	if (*multi == MULTI_UNKNOWN)
		*multi = !(load->opt->flags & LOAD_NO_MULTI) && is_there() ? MULTI_THERE :
			 MULTI_MISSING;
	return *multi == MULTI_MISSING;
}

bool load_is_single(struct load *load, const struct asm_attach *attach)
{
	if (attach && attach->attach_type == BPF_TRACE_KPROBE_MULTI)
		return is_missing(load, &load->kprobe_multi, multi_is_there);
	if (attach && attach->attach_type == BPF_TRACE_UPROBE_MULTI)
		return is_missing(load, &load->uprobe_multi, uprobe_multi_is_there);
	return false;
}

static int load_program(struct load *load, const struct asm_func *func)
{
	struct load_prog prog = { .func = func, .single = load_is_single(load, func->attach) };

	prog.fd = prog_load(load, &prog);
	if (prog.fd < 0)
		return prog.fd;
	load->progs[load->nprogs++] = prog;
	return 0;
}

/* Fit the object to this kernel's types: a copy of it gets the instructions for them. */
static int load_relocate(struct load *load)
{
	const struct asm_object *obj = load->obj;
	size_t bytes = obj->ninsns * sizeof(*obj->insns);
	const struct asm_core *failed;
	struct asm_place place;
	char text[256], why[512];
	int err;

	if (!obj->ncores)
		return 0;
	load->relocated = malloc(sizeof(*obj) + bytes);
	if (!load->relocated) {
		say_error(load->opt, NULL, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	*load->relocated = *obj;
	load->relocated->insns = memcpy(load->relocated + 1, obj->insns, bytes);
	err = facts_relocate(load->facts, obj, load->relocated->insns, &failed, why, sizeof(why));
	if (err) {
		place = asm_object_place(obj, obj->insn_pos[failed->slot]);
		say_error(load->opt, &place, "CO-RE relocation of %s: %s",
			  asm_core_text(obj, failed, text, sizeof(text)), why);
		return err;
	}
	load->obj = load->relocated;
	return 0;
}

static int load_all(struct load *load)
{
	const struct asm_object *obj = load->obj;
	int err = load_relocate(load);

	if (!err)
		err = btf_load(load);
	if (!err)
		err = maps_create(load);
	for (size_t i = 0; i < obj->nfuncs && !err; i++)
		if (obj->funcs[i].section)
			err = load_program(load, &obj->funcs[i]);
	if (!err)
		err = maps_put_programs(load);
	btf_close(load);	/* maps and programs keep what they need */
	return err;
}

int load_open(const struct asm_object *obj, const struct load_options *opt, struct load **out)
{
	struct load *load = NULL;
	int err;

	*out = NULL;
	err = load_alloc(obj, opt, &load);
	if (err)
		say_error(opt, NULL, "%s", strerror(-err));
	else
		err = load_all(load);
	if (err) {
		load_close(load);
		return err;
	}
	load->opt->maps = NULL;		/* the caller's */
	*out = load;
	return 0;
}

static void detach(struct load_prog *prog)
{
	while (prog->nlinks > 0) {
		const struct load_link *link = &prog->links[--prog->nlinks];

		if (link->undo)
			link->undo(prog, link->fd);
		sys_close(link->fd);
	}
	free(prog->links);
	prog->links = NULL;
}

int load_attach(struct load *load)
{
	bool *made = calloc(load->nprogs + 1, sizeof(*made));
	int err = made ? 0 : -ENOMEM;

	if (err)
		say_error(load->opt, NULL, "%s", strerror(-err));
	for (size_t i = 0; i < load->nprogs && !err; i++) {
		if (load->progs[i].nlinks > 0)
			continue;
		made[i] = true;
		err = attach_prog(load, &load->progs[i]);
	}
	for (size_t i = load->nprogs; err && made && i-- > 0;)
		if (made[i])
			detach(&load->progs[i]);
	free(made);
	return err;
}

void load_close(struct load *load)
{
	if (!load)
		return;
	for (size_t i = load->nprogs; i-- > 0;) {
		detach(&load->progs[i]);
		sys_close(load->progs[i].fd);
	}
	for (size_t i = load->nmaps; i-- > 0;)
		sys_close(load->maps[i].fd);
	if (load->config > 0)
		sys_close(load->config);
	btf_close(load);
	if (!load->opt || load->facts != load->opt->facts)
		load_facts_free(load->facts);
	free(load->relocated);
	free(load->progs);
	free(load->maps);
	free(load->opt);
	free(load);
}

int load_map_fd(const struct load *load, const char *name)
{
	for (size_t i = 0; i < load->nmaps; i++)
		if (strcmp(load->maps[i].map->name, name) == 0)
			return load->maps[i].fd;
	return -ENOENT;
}

int load_prog_fd(const struct load *load, const char *name)
{
	for (size_t i = 0; i < load->nprogs; i++)
		if (strcmp(load->progs[i].func->name, name) == 0)
			return load->progs[i].fd;
	return -ENOENT;
}
