/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * cmd_attach.c - bpfload attach and detach: programs that are in the kernel already.
 *
 * The methods of attach.c want a struct load with a program of the model: here it is one of a
 * program whose text nobody has.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "abi.h"
#include "cli.h"
#include "cmd.h"
#include "load.h"
#include "loader.h"
#include "attach.h"
#include "detach.h"
#include "facts.h"
#include "object.h"
#include "json.h"
#include "pin.h"
#include "prog.h"
#include "say.h"
#include "session.h"
#include "words.h"
#include "show.h"
#include "sys.h"
#include "why.h"

/* ---- attach ---- */

/* A program that is loaded already, as if this process had done it. */
struct loaded {
	struct load load;
	struct load_options opt;
	struct asm_func func;
	struct load_prog prog;
	struct abi_prog_info info;
};

static const char *type_word(uint32_t number)
{
	const struct asm_prog_type *type = asm_prog_type_number(number);

	return type ? type->name : "unknown";
}

/* What the program was loaded for and where it shall go are one thing or not. */
static int check_target(struct loaded *l)
{
	const struct asm_attach *attach = l->func.attach;
	struct facts_type type;
	char why[512];
	int err;

	if (attach->prog_type != l->info.type) {
		say_error(&l->opt, NULL, "program %s is of type %s: section '%s' is for programs "
			  "of type %s", l->func.name, type_word(l->info.type), l->func.section,
			  type_word(attach->prog_type));
		return -EINVAL;
	}
	/* what a freplace program was loaded for is not the only one that it can replace */
	if (!(attach->flags & ASM_ATTACH_BTF_ID) || attach->target == ASM_TARGET_EXT)
		return 0;
	err = prog_target_type(&l->load, &l->func, &type, why, sizeof(why));
	if (err) {
		say_error(&l->opt, NULL, "section '%s': %s", l->func.section, why);
		return err;
	}
	/* before 6.0 the kernel did not tell; ids of modules are the same for all of them */
	if (!l->info.attach_btf_id || (l->info.attach_btf_id == type.id &&
				       (!type.btf || l->info.attach_btf_obj_id == type.btf)))
		return 0;
	say_error(&l->opt, NULL, "program %s was loaded for another target than '%s': that of such "
		  "a program is fixed when it is loaded", l->func.name, l->func.section);
	return -EINVAL;
}

/* A section name that misses is most often one letter wrong in the word before '/'. */
static int unknown_section(const struct load_options *opt, const char *section)
{
	size_t n, len = strcspn(section, "/");
	const struct asm_attach *rows = asm_attaches(&n);
	char hint[ASM_NEAR_TEXT];
	struct asm_near near;

	asm_near_start(&near, section, len);
	for (size_t i = 0; i < n; i++)
		asm_near_offer(&near, rows[i].section, strlen(rows[i].section));
	say_error(opt, NULL, "'%s' is no section name, such as tracepoint/CATEGORY/NAME%s", section,
		  asm_near_text(&near, hint));
	return -EINVAL;
}

/* What a section that is no word alone needs has to be there: "kprobe" has no function. */
static int find_section(struct loaded *l, const char *section)
{
	l->func.section = section;
	l->func.attach = asm_attach_find(section, &l->func.target);
	if (!l->func.attach)
		return unknown_section(&l->opt, section);
	if (l->func.attach->target == ASM_TARGET_NONE || l->func.target[0])
		return 0;
	say_error(&l->opt, NULL, "section '%s' does not say where to attach: %s/... does", section,
		  l->func.attach->section);
	return -EINVAL;
}

static int loaded_open(struct loaded *l, const struct cli *cli, const struct load_options *opt,
		       struct words *words)
{
	const char *section;
	int err;

	memset(l, 0, sizeof(*l));
	l->opt = *opt;
	l->prog.func = &l->func;
	l->load = (struct load){ .opt = &l->opt, .progs = &l->prog, .nprogs = 1 };
	l->prog.fd = object_find_one(words, OBJECT_PROG, 0);
	if (l->prog.fd < 0)
		return l->prog.fd;
	err = session_where(cli, opt, &l->opt.where);
	if (err)
		return err;
	section = words_take(words, "a section name");
	if (!section || !words_end(words))
		return -EINVAL;
	l->load.facts = load_facts_new();
	err = l->load.facts ? object_info(l->prog.fd, &l->info, sizeof(l->info)) : -ENOMEM;
	if (err) {
		say_error(opt, NULL, "program: %s", strerror(-err));
		return err;
	}
	l->func.name = l->info.name;
	err = find_section(l, section);
	if (!err)
		err = check_target(l);
	if (!err)
		l->prog.single = load_is_single(&l->load, l->func.attach);
	return err;
}

static void loaded_close(struct loaded *l)
{
	for (size_t i = 0; i < l->prog.nlinks; i++)
		sys_close(l->prog.links[i].fd);
	free(l->prog.links);
	load_facts_free(l->load.facts);
	sys_close(l->prog.fd);
	if (l->opt.where.prog > 0)
		sys_close(l->opt.where.prog);
}

static int pin_links(const struct loaded *l, const char *path)
{
	int *fds = calloc(l->prog.nlinks, sizeof(*fds)), err = -ENOMEM;

	for (size_t i = 0; fds && i < l->prog.nlinks; i++) {
		if (!l->prog.links[i].pinnable) {
			say_error(&l->opt, NULL, "program %s is attached without a BPF link (as "
				  "before Linux 5.15): nothing holds it once this process is gone",
				  l->func.name);
			free(fds);
			return -EOPNOTSUPP;
		}
		fds[i] = l->prog.links[i].fd;
	}
	if (fds)
		err = pin_at(&l->opt, "link", fds, l->prog.nlinks, path);
	free(fds);
	return err;
}

/* Until a signal, the duration or the command ends it. */
static int hold(struct loaded *l, const struct cli *cli)
{
	struct load_run run = {
		.duration_ms = cli->duration_ms, .command = cli->run, .out = cli->out,
		.how = cli->seen & CLI_JSON ? LOAD_JSON : LOAD_TEXT,
	};

	if (l->func.attach->how != ASM_ATTACH_ITER)
		say_note(&l->opt, NULL, "%s is attached to %s%s", l->func.name, l->func.section,
			 cli->run || cli->duration_ms ? "" : ", until Ctrl-C: --pin keeps it");
	return load_run(&l->load, &run);
}

int cmd_attach(const struct cli *cli, const struct load_options *opt)
{
	struct words words = { .at = cli->grammar, .command = "attach", .opt = opt };
	struct loaded l;
	int ret = loaded_open(&l, cli, opt, &words);

	if (!ret)
		ret = attach_prog(&l.load, &l.prog);
	if (!ret)
		ret = cli->pin ? pin_links(&l, cli->pin) : hold(&l, cli);
	loaded_close(&l);
	return show_status(&words, ret);
}

/* What detach_link() is told. */
enum { UNPIN = true };

int cmd_detach(const struct cli *cli, const struct load_options *opt)
{
	struct words words = { .at = cli->grammar, .command = "detach", .opt = opt };

	return show_status(&words, detach_link(&words, UNPIN));
}
