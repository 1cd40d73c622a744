/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * cmd_link.c - bpfload link: what holds programs attached (5.8).
 *
 * What a link of each type tells are rows; those with text or arrays are asked for twice, the
 * second time with room.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <net/if.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "abi.h"
#include "cli.h"
#include "cmd.h"
#include "detach.h"
#include "json.h"
#include "loader.h"
#include "kallsyms.h"
#include "object.h"
#include "say.h"
#include "words.h"
#include "show.h"
#include "sys.h"

enum { TEXT = PATH_MAX };

/* A link, and what its info points to. */
struct link {
	struct show *show;
	struct abi_link_info info;
	char text[TEXT];
};

/* ---- rows ---- */

enum form { U32, U64, S32, ATTACH, DEVICE, STRING, PROG_TYPE, RETURN, PERF_TYPE, PERF_CONFIG };

struct row {
	uint8_t type, perf;	/* link type; of perf_event what kind, 0: any */
	uint8_t form;		/* enum form */
	uint8_t offset;		/* in struct abi_link_info */
	const char *key;
};

#define ROW(type, member, form, key) \
	{ BPF_LINK_TYPE_##type, 0, form, offsetof(struct abi_link_info, member), key }
#define PERF(kind, member, form, key) \
	{ BPF_LINK_TYPE_PERF_EVENT, BPF_PERF_EVENT_##kind, form, \
	  offsetof(struct abi_link_info, perf_event.member), key }

static const struct row rows[] = {
	ROW(RAW_TRACEPOINT, raw_tracepoint.tp_name, STRING, "tp_name"),
	ROW(RAW_TRACEPOINT, raw_tracepoint.cookie, U64, "cookie"),
	ROW(TRACING, prog_id, PROG_TYPE, "prog_type"),
	ROW(TRACING, tracing.attach_type, ATTACH, "attach_type"),
	ROW(TRACING, tracing.target_obj_id, U32, "target_obj_id"),
	ROW(TRACING, tracing.target_btf_id, U32, "target_btf_id"),
	ROW(TRACING, tracing.cookie, U64, "cookie"),
	ROW(CGROUP, cgroup.cgroup_id, U64, "cgroup_id"),
	ROW(CGROUP, cgroup.attach_type, ATTACH, "attach_type"),
	ROW(ITER, iter.target_name, STRING, "target_name"),
	ROW(NETNS, netns.netns_ino, U32, "netns_ino"),
	ROW(NETNS, netns.attach_type, ATTACH, "attach_type"),
	ROW(XDP, xdp.ifindex, DEVICE, "ifindex"),
	ROW(STRUCT_OPS, struct_ops.map_id, U32, "map_id"),
	ROW(NETFILTER, netfilter.pf, U32, "pf"),
	ROW(NETFILTER, netfilter.hooknum, U32, "hook"),
	ROW(NETFILTER, netfilter.priority, S32, "prio"),
	ROW(NETFILTER, netfilter.flags, U32, "flags"),
	ROW(TCX, tcx.ifindex, DEVICE, "ifindex"),
	ROW(TCX, tcx.attach_type, ATTACH, "attach_type"),
	ROW(NETKIT, netkit.ifindex, DEVICE, "ifindex"),
	ROW(NETKIT, netkit.attach_type, ATTACH, "attach_type"),
	ROW(SOCKMAP, sockmap.map_id, U32, "map_id"),
	ROW(SOCKMAP, sockmap.attach_type, ATTACH, "attach_type"),
	PERF(EVENT, event.type, PERF_TYPE, "event_type"),
	PERF(EVENT, event.type, PERF_CONFIG, "event_config"),
	PERF(EVENT, event.cookie, U64, "cookie"),
	PERF(TRACEPOINT, tracepoint.tp_name, STRING, "tracepoint"),
	PERF(TRACEPOINT, tracepoint.cookie, U64, "cookie"),
	PERF(KPROBE, type, RETURN, "retprobe"),
	PERF(KPROBE, kprobe.addr, U64, "addr"),
	PERF(KPROBE, kprobe.func_name, STRING, "func"),
	PERF(KPROBE, kprobe.offset, U32, "offset"),
	PERF(KPROBE, kprobe.missed, U64, "missed"),
	PERF(KPROBE, kprobe.cookie, U64, "cookie"),
	PERF(UPROBE, type, RETURN, "retprobe"),
	PERF(UPROBE, uprobe.file_name, STRING, "file"),
	PERF(UPROBE, uprobe.offset, U32, "offset"),
	PERF(UPROBE, uprobe.cookie, U64, "cookie"),
	PERF(UPROBE, uprobe.ref_ctr_offset, U64, "ref_ctr_offset"),
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

/* A return probe has the members of the other. */
static uint32_t perf_kind(const struct abi_link_info *info)
{
	if (info->type != BPF_LINK_TYPE_PERF_EVENT)
		return 0;
	switch (info->perf_event.type) {
	case BPF_PERF_EVENT_KRETPROBE:
		return BPF_PERF_EVENT_KPROBE;
	case BPF_PERF_EVENT_URETPROBE:
		return BPF_PERF_EVENT_UPROBE;
	default:
		return info->perf_event.type;
	}
}

static bool is_row(const struct row *row, const struct abi_link_info *info)
{
	return row->type == info->type && row->perf == perf_kind(info);
}

/* ---- reading ---- */

/* Every text is a pointer with a length behind it, in 32 bits. */
static void give_text(struct link *link)
{
	uint64_t at = abi_ptr(link->text);
	uint32_t len = TEXT;

	for (size_t i = 0; i < ROWS; i++) {
		if (!is_row(&rows[i], &link->info) || rows[i].form != STRING)
			continue;
		memcpy((uint8_t *)&link->info + rows[i].offset, &at, sizeof(at));
		memcpy((uint8_t *)&link->info + rows[i].offset + sizeof(at), &len, sizeof(len));
	}
}

static int link_read(struct link *link, int fd)
{
	uint32_t type, kind;
	int err;

	memset(&link->info, 0, sizeof(link->info));
	err = object_info(fd, &link->info, sizeof(link->info));
	if (err)
		return err;
	type = link->info.type;
	kind = link->info.perf_event.type;
	/* what the kernel answered it would take for room, and its length for that of a buffer */
	memset(&link->info, 0, sizeof(link->info));
	link->info.type = type;
	if (type == BPF_LINK_TYPE_PERF_EVENT)
		link->info.perf_event.type = kind;
	give_text(link);
	return object_info(fd, &link->info, sizeof(link->info));
}

/* ---- printing ---- */

static void show_device(struct show *show, const char *key, uint32_t index)
{
	char name[IF_NAMESIZE] = "(unknown)";

	if (!index)
		strcpy(name, "(detached)");
	else if (!if_indextoname(index, name))
		strcpy(name, "(unknown)");
	show_string(show, "devname", name);
	show_number(show, key, index);
}

static void show_prog_type(struct show *show, const char *key, uint32_t prog)
{
	struct abi_prog_info info;
	const struct asm_prog_type *type;
	int fd = object_open_id(OBJECT_PROG, prog, 0);

	memset(&info, 0, sizeof(info));
	if (fd < 0 || object_info(fd, &info, sizeof(info)))
		info.type = 0;
	type = asm_prog_type_number(info.type);
	show_word(show, key, type ? type->name : NULL, info.type);
	sys_close(fd < 0 ? -1 : fd);
}

/* Words of perf for types of events, and for those of hardware and software. */
static void show_event(struct show *show, const struct row *row, const struct abi_link_info *info)
{
	static const char *const kinds[] = {
		"hardware", "software", "tracepoint", "hw-cache", "raw", "breakpoint",
	};
	static const char *const hardware[] = {
		"cpu-cycles", "instructions", "cache-references", "cache-misses",
		"branch-instructions", "branch-misses", "bus-cycles", "stalled-cycles-frontend",
		"stalled-cycles-backend", "ref-cycles",
	};
	static const char *const software[] = {
		"cpu-clock", "task-clock", "page-faults", "context-switches", "cpu-migrations",
		"minor-faults", "major-faults", "alignment-faults", "emulation-faults", "dummy",
		"bpf-output", "cgroup-switches",
	};
	uint32_t type = info->perf_event.event.type;
	uint64_t config = info->perf_event.event.config;
	const char *word = NULL;

	if (row->form == PERF_TYPE) {
		show_word(show, row->key, type < sizeof(kinds) / sizeof(kinds[0]) ? kinds[type] :
			  NULL, type);
		return;
	}
	if (type == PERF_TYPE_HARDWARE && config < sizeof(hardware) / sizeof(hardware[0]))
		word = hardware[config];
	if (type == PERF_TYPE_SOFTWARE && config < sizeof(software) / sizeof(software[0]))
		word = software[config];
	show_word(show, row->key, word, config);
}

static void show_row(const struct link *link, const struct row *row)
{
	const uint8_t *at = (const uint8_t *)&link->info + row->offset;
	struct show *show = link->show;
	char word[SHOW_WORD];
	uint32_t number;
	uint64_t wide;

	memcpy(&number, at, sizeof(number));
	switch ((enum form)row->form) {
	case U64:
		memcpy(&wide, at, sizeof(wide));
		show_number(show, row->key, wide);
		break;
	case U32:
		show_number(show, row->key, number);
		break;
	case S32:
		show_signed(show, row->key, (int32_t)number);
		break;
	case ATTACH:
		show_word(show, row->key, show_attach_type(number, word), number);
		break;
	case DEVICE:
		show_device(show, row->key, number);
		break;
	case STRING:
		show_string(show, row->key, link->text);
		break;
	case PROG_TYPE:
		show_prog_type(show, row->key, number);
		break;
	case RETURN:
		show_flag(show, row->key, number == BPF_PERF_EVENT_KRETPROBE ||
			  number == BPF_PERF_EVENT_URETPROBE);
		break;
	case PERF_TYPE:
	case PERF_CONFIG:
		show_event(show, row, &link->info);
		break;
	}
}

/* An iterator over one thing says which. */
static void show_iter(const struct link *link)
{
	static const char *const orders[] = {
		"order_unspec", "self_only", "descendants_pre", "descendants_post", "ancestors_up",
	};
	const struct abi_link_info *info = &link->info;
	uint32_t order = info->iter.cgroup.order;

	if (!strcmp(link->text, "bpf_map_elem") || !strcmp(link->text, "bpf_sk_storage_map"))
		show_number(link->show, "map_id", info->iter.map.map_id);
	if (!strncmp(link->text, "task", strlen("task"))) {
		if (info->iter.task.tid)
			show_number(link->show, "tid", info->iter.task.tid);
		else if (info->iter.task.pid)
			show_number(link->show, "pid", info->iter.task.pid);
	}
	if (!strcmp(link->text, "cgroup")) {
		show_number(link->show, "cgroup_id", info->iter.cgroup.cgroup_id);
		show_word(link->show, "order", order < sizeof(orders) / sizeof(orders[0]) ?
			  orders[order] : NULL, order);
	}
}

/* ---- links of many places ---- */

/* Room for n numbers of each of three kinds. */
static uint64_t *give_arrays(struct abi_link_info *info, uint32_t n, char *path)
{
	uint64_t *arrays = calloc((size_t)n + 1, 3 * sizeof(*arrays));

	if (!arrays)
		return NULL;
	if (info->type == BPF_LINK_TYPE_KPROBE_MULTI) {
		memset(&info->kprobe_multi, 0, sizeof(info->kprobe_multi));
		info->kprobe_multi.addrs = abi_ptr(arrays);
		info->kprobe_multi.cookies = abi_ptr(arrays + 2 * (size_t)n);
		info->kprobe_multi.count = n;
	} else {
		memset(&info->uprobe_multi, 0, sizeof(info->uprobe_multi));
		info->uprobe_multi.offsets = abi_ptr(arrays);
		info->uprobe_multi.ref_ctr_offsets = abi_ptr(arrays + n);
		info->uprobe_multi.cookies = abi_ptr(arrays + 2 * (size_t)n);
		info->uprobe_multi.path = abi_ptr(path);
		info->uprobe_multi.path_size = PATH_MAX;
		info->uprobe_multi.count = n;
	}
	return arrays;
}

static void json_name_null(struct json *w, const char *name)
{
	json_name(w, name);
	json_null(w);
}

static void show_symbol(struct show *show, uint64_t address)
{
	struct kallsyms_at at = { .address = address };

	if (kallsyms_name_all(&at, 1) || !at.name[0])
		return;
	show_string(show, "func", at.name);
	if (at.module[0])
		show_string(show, "module", at.module);
	else if (show->json)
		json_name_null(&show->w, "module");
}

static void show_places(struct show *show, const uint64_t *arrays, uint32_t n, bool kernel)
{
	show_open(show, "funcs", '[');
	for (uint32_t i = 0; i < n; i++) {
		show_open(show, NULL, '{');
		show_line(show);
		show_number(show, kernel ? "addr" : "offset", arrays[i]);
		if (kernel)
			show_symbol(show, arrays[i]);
		else
			show_number(show, "ref_ctr_offset", arrays[n + i]);
		show_number(show, "cookie", arrays[2 * (size_t)n + i]);
		show_close(show, '}');
	}
	show_close(show, ']');
}

static int show_multi(struct link *link, int fd)
{
	bool kernel = link->info.type == BPF_LINK_TYPE_KPROBE_MULTI;
	struct abi_link_info *info = &link->info;
	uint32_t n = kernel ? info->kprobe_multi.count : info->uprobe_multi.count;
	uint64_t *arrays = give_arrays(info, n, link->text);
	int err = arrays ? object_info(fd, info, sizeof(*info)) : -ENOMEM;

	if (!err && kernel) {
		show_flag(link->show, "retprobe",
			  info->kprobe_multi.flags & BPF_F_KPROBE_MULTI_RETURN);
		show_number(link->show, "func_cnt", n);
		show_number(link->show, "missed", info->kprobe_multi.missed);
	} else if (!err) {
		show_flag(link->show, "retprobe",
			  info->uprobe_multi.flags & BPF_F_UPROBE_MULTI_RETURN);
		show_string(link->show, "path", link->text);
		show_number(link->show, "func_cnt", n);
		show_signed(link->show, "pid", (int32_t)info->uprobe_multi.pid);
	}
	if (!err)
		show_places(link->show, arrays, n, kernel);
	free(arrays);
	return err;
}

/* show_fn */
static int show_link(struct show *show, int fd)
{
	struct link link = { .show = show };
	int err = link_read(&link, fd);
	uint32_t type = link.info.type;

	if (err) {
		say_error(show->opt, NULL, "link: %s", strerror(-err));
		return err;
	}
	show_open(show, NULL, '{');
	show_head(show, link.info.id, show_link_type(type), type);
	show_number(show, show->json ? "prog_id" : "prog", link.info.prog_id);
	if (!show->json)
		show_line(show);
	for (size_t i = 0; i < ROWS; i++)
		if (is_row(&rows[i], &link.info))
			show_row(&link, &rows[i]);
	if (type == BPF_LINK_TYPE_ITER)
		show_iter(&link);
	if (type == BPF_LINK_TYPE_KPROBE_MULTI || type == BPF_LINK_TYPE_UPROBE_MULTI)
		err = show_multi(&link, fd);
	show_holds(show, link.info.id);
	show_close(show, '}');
	show_done(show);
	return err;
}

/* ---- the command ---- */

static int verb_show(struct words *words, void *arg)
{
	(void)words;
	return show_objects(arg, OBJECT_LINK, show_link);
}

static int verb_pin(struct words *words, void *arg)
{
	return show_pin_verb(arg, words, OBJECT_LINK);
}

/* What detach_link() is told. */
enum { KEEP_PIN = false };

static int verb_detach(struct words *words, void *arg)
{
	struct show *show = arg;
	int err = detach_link(words, KEEP_PIN);

	if (!err && show->json)
		json_null(&show->w);
	return err;
}

/* LINK PROG: the link goes on with another program, where its type can do that. */
static int verb_update(struct words *words, void *arg)
{
	struct show *show = arg;
	int link = object_find_one(words, OBJECT_LINK, 0), prog = -EINVAL;
	struct abi_link_update attr;
	int err = link;

	if (link < 0)
		return err;
	prog = err = object_find_one(words, OBJECT_PROG, 0);
	if (prog >= 0 && !words_end(words))
		err = -EINVAL;
	if (err >= 0) {
		memset(&attr, 0, sizeof(attr));
		attr.link_fd = (uint32_t)link;
		attr.new_prog_fd = (uint32_t)prog;
		err = sys_bpf(BPF_LINK_UPDATE, &attr, sizeof(attr));
		if (err)
			say_error(show->opt, NULL, "BPF_LINK_UPDATE: %s%s", strerror(-err),
				  err == -EINVAL || err == -EOPNOTSUPP ? ": links of this type "
				  "keep their program, or the other one is of another type" : "");
	}
	sys_close(prog < 0 ? -1 : prog);
	sys_close(link);
	if (!err && show->json)
		json_null(&show->w);
	return err;
}

int cmd_link(const struct cli *cli, const struct load_options *opt)
{
	static const struct words_verb verbs[] = {
		{ NULL, verb_show }, { "show", verb_show }, { "list", verb_show },
		{ "pin", verb_pin }, { "detach", verb_detach }, { "update", verb_update },
	};
	struct show show;

	show_init(&show, cli, opt, "link");
	return show_end(&show, words_run(&show.words, verbs, sizeof(verbs) / sizeof(verbs[0]),
					 &show));
}
