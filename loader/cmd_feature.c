/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cmd_feature.c - bpfload feature: what the kernel has, with bpftool's keys. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "abi.h"
#include "cli.h"
#include "cmd.h"
#include "json.h"
#include "loader.h"
#include "feature.h"
#include "say.h"
#include "words.h"
#include "show.h"
#include "sys.h"
#include "why.h"

/* ---- system configuration ---- */

static const char *const sysctls[] = {
	"kernel/unprivileged_bpf_disabled", "net/core/bpf_jit_enable", "net/core/bpf_jit_harden",
	"net/core/bpf_jit_kallsyms", "net/core/bpf_jit_limit",
};

static const char *const options[] = {
	"BPF", "BPF_SYSCALL", "HAVE_EBPF_JIT", "BPF_JIT", "BPF_JIT_ALWAYS_ON", "DEBUG_INFO_BTF",
	"DEBUG_INFO_BTF_MODULES", "CGROUPS", "CGROUP_BPF", "CGROUP_NET_CLASSID",
	"SOCK_CGROUP_DATA", "BPF_EVENTS", "KPROBE_EVENTS", "UPROBE_EVENTS", "TRACING",
	"FTRACE_SYSCALLS", "FUNCTION_ERROR_INJECTION", "BPF_KPROBE_OVERRIDE", "NET",
	"XDP_SOCKETS", "LWTUNNEL_BPF", "NET_ACT_BPF", "NET_CLS_BPF", "NET_CLS_ACT",
	"NET_SCH_INGRESS", "XFRM", "IP_ROUTE_CLASSID", "IPV6_SEG6_BPF", "BPF_LIRC_MODE2",
	"BPF_STREAM_PARSER", "NETFILTER_XT_MATCH_BPF", "TEST_BPF", "HZ",
};

enum {
	SYSCTLS = sizeof(sysctls) / sizeof(sysctls[0]),
	OPTIONS = sizeof(options) / sizeof(options[0]),
};

static void start(struct show *show, const char *key)
{
	show_open(show, key, '{');
	if (!show->json)
		fprintf(show->out, "%s:", key);
}

static void end(struct show *show)
{
	show_close(show, '}');
	show_done(show);
}

static void show_option(struct show *show, const char *text, const char *option)
{
	char name[64], value[FEATURE_VALUE];
	const char *set;

	snprintf(name, sizeof(name), "CONFIG_%s", option);
	set = feature_option(text, name, value);
	show_line(show);
	if (set || !show->json) {
		show_string(show, name, set ? set : "not set");
		return;
	}
	json_name(&show->w, name);
	json_null(&show->w);
}

static void show_system(struct show *show)
{
	char path[64], *text = feature_config();
	long number;

	start(show, "system_config");
	for (size_t i = 0; i < SYSCTLS; i++) {
		snprintf(path, sizeof(path), "/proc/sys/%s", sysctls[i]);
		show_line(show);
		show_signed(show, strrchr(path, '/') + 1, why_number(path, &number) ? number : -1);
	}
	for (size_t i = 0; text && i < OPTIONS; i++)
		show_option(show, text, options[i]);
	end(show);
	free(text);
}

/* ---- what is tried ---- */

static void show_have(struct show *show, const char *name, const char *what, bool have)
{
	char key[96];

	snprintf(key, sizeof(key), "have_%s_%s", name, what);
	show_line(show);
	if (show->json)
		show_flag(show, key, have);
	else
		show_string(show, key, have ? "yes" : "no");
}

static void show_types(struct show *show, uint64_t *taken)
{
	size_t n;
	const struct asm_prog_type *types = asm_prog_types(&n);

	start(show, "program_types");
	for (size_t i = 0; i < n; i++) {
		bool have = feature_prog_type(types[i].number) == 0;

		*taken |= (uint64_t)have << types[i].number;
		show_have(show, types[i].name, "prog_type", have);
	}
	end(show);
}

static void show_map_types(struct show *show)
{
	size_t n;
	const struct asm_map_type *types = asm_map_types(&n);

	start(show, "map_types");
	for (size_t i = 0; i < n; i++)
		show_have(show, types[i].name, "map_type", feature_map_type(&types[i]) == 0);
	end(show);
}

/* Trying these makes the kernel write into its log. */
static bool is_loud(const char *helper)
{
	return !strcmp(helper, "trace_printk") || !strcmp(helper, "trace_vprintk") ||
	       !strcmp(helper, "probe_write_user");
}

static void show_helpers_of(struct show *show, const struct asm_prog_type *type, bool taken,
			    bool full)
{
	size_t n;
	const struct asm_helper *helpers = asm_helpers(&n);
	char key[96];

	snprintf(key, sizeof(key), "%s_available_helpers", type->name);
	show_open(show, key, '[');
	show_line(show);
	if (!show->json)
		show_string(show, NULL, key);
	for (size_t i = 0; taken && i < n; i++) {
		if ((is_loud(asm_helper_name(&helpers[i])) && !full) ||
		    !feature_helper(type->number, helpers[i].id))
			continue;
		snprintf(key, sizeof(key), "bpf_%s", asm_helper_name(&helpers[i]));
		show_string(show, NULL, key);
	}
	show_close(show, ']');
}

static void show_helpers(struct show *show, uint64_t taken, bool full)
{
	size_t n;
	const struct asm_prog_type *types = asm_prog_types(&n);

	start(show, "helpers");
	for (size_t i = 0; i < n; i++)
		show_helpers_of(show, &types[i], taken >> types[i].number & 1, full);
	end(show);
}

static void show_misc(struct show *show)
{
	start(show, "misc");
	for (size_t i = 0; i < FEATURE_ISAS; i++) {
		show_line(show);
		if (show->json)
			show_flag(show, feature_isa_name(i), feature_isa(i));
		else
			show_string(show, feature_isa_name(i), feature_isa(i) ? "yes" : "no");
	}
	end(show);
}

/* ---- the command ---- */

/* Who may not load the least program would be told that the kernel has nothing. */
static int check_process(struct show *show)
{
	int err = feature_prog_type(BPF_PROG_TYPE_KPROBE);
	struct why why;

	if (err != -EPERM && err != -ENOSYS)
		return 0;
	why_prog(&why, NULL, BPF_PROG_TYPE_KPROBE, 2, err);
	why_say(show->opt, NULL, "feature probe", "BPF_PROG_LOAD", err, &why);
	return err;
}

static int verb_probe(struct words *words, void *arg)
{
	static const char macros[] = "-j prints the same answers";
	static const struct words_refused refused[] = {
		{ "dev", "bpftool does it" }, { "macros", macros },
		{ "prefix", macros },
		{ "unprivileged", "run it as that user" },
		{ NULL, NULL },
	};
	struct show *show = arg;
	uint64_t taken = 0;
	bool full = false;
	int err;

	while (*words->at) {
		if (words_is(words, "full")) {
			full = true;
		} else if (!words_is(words, "kernel")) {
			if (!words_refuse(words, refused))
				words_unknown(words, "kernel full");
			return -EINVAL;
		}
	}
	err = check_process(show);
	if (err)
		return err;
	show_open(show, NULL, '{');
	show_system(show);
	start(show, "syscall_config");
	show_have(show, "bpf", "syscall", true);
	end(show);
	show_types(show, &taken);
	show_map_types(show);
	show_helpers(show, taken, full);
	show_misc(show);
	show_close(show, '}');
	return 0;
}

static void list_one(struct show *show, const char *prefix, const char *name)
{
	char text[96];

	snprintf(text, sizeof(text), "%s%s", prefix, name);
	show_string(show, NULL, text);
	show_done(show);
}

static int verb_builtins(struct words *words, void *arg)
{
	struct show *show = arg;
	char word[SHOW_WORD];
	size_t n, i;
	bool progs = words_is(words, "prog_types"), maps = words_is(words, "map_types");
	bool attaches = words_is(words, "attach_types"), links = words_is(words, "link_types");
	bool helpers = words_is(words, "helpers");

	if (!progs && !maps && !helpers && !attaches && !links)
		words_unknown(words, "prog_types map_types attach_types link_types helpers");
	if (words->wrong || !words_end(words))
		return -EINVAL;
	show_open(show, NULL, '[');
	if (!attaches)
		list_one(show, helpers ? "bpf_" : "", "unspec");
	for (asm_prog_types(&n), i = 0; progs && i < n; i++)
		list_one(show, "", asm_prog_types(&n)[i].name);
	for (asm_map_types(&n), i = 0; maps && i < n; i++)
		list_one(show, "", asm_map_types(&n)[i].name);
	for (asm_helpers(&n), i = 0; helpers && i < n; i++)
		list_one(show, "bpf_", asm_helper_name(&asm_helpers(&n)[i]));
	for (i = 0; attaches && show_attach_type((uint32_t)i, word); i++)
		list_one(show, "", word);
	for (i = 1; links && show_link_type((uint32_t)i); i++)
		list_one(show, "", show_link_type((uint32_t)i));
	show_close(show, ']');
	return 0;
}

int cmd_feature(const struct cli *cli, const struct load_options *opt)
{
	static const struct words_verb verbs[] = {
		{ NULL, verb_probe }, { "probe", verb_probe }, { "list_builtins", verb_builtins },
	};
	struct show show;

	show_init(&show, cli, opt, "feature");
	return show_end(&show, words_run(&show.words, verbs, sizeof(verbs) / sizeof(verbs[0]),
					 &show));
}
