/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * run.c - what is shown of an attached object, or of a map of somebody's: records as they come,
 * tables at intervals and at the end.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "abi.h"
#include "iter.h"
#include "load.h"
#include "loader.h"
#include "loop.h"
#include "object.h"
#include "say.h"
#include "stream.h"
#include "table.h"
#include "value.h"

struct watch {
	struct run *run;
	struct stream stream;
	uint64_t told;			/* of what was lost */
};

struct run {
	const struct load *load;
	const struct load_run *how;
	struct loop *loop;
	FILE *out;			/* the loop's */
	struct watch *watches;
	size_t nwatches;
	const struct asm_map *headed;	/* whose heading stands over the next record */
	bool printed;			/* anything yet */
	bool chosen;			/* the one map was asked for, whatever its type */
	bool redraws;			/* a table takes the place of the one before */
};

/* ---- records ---- */

/* To the top of a terminal, which is cleared, and where lines are cut; and no longer so. */
#define LINES_CUT "\033[?7l\033[H\033[J"
#define LINES_WRAP "\033[?7h"

/* What goes between this output and the one before. */
static const char *apart(const struct run *r)
{
	if (r->redraws)
		return LINES_CUT;
	return r->how->how == LOAD_TEXT && r->printed ? "\n" : "";
}

/* load_record_fn */
static int print_record(void *arg, const void *data, uint32_t len)
{
	const struct watch *watch = arg;
	const struct asm_map *map = watch->stream.map;
	struct run *r = watch->run;

	if (r->how->how == LOAD_TEXT && r->headed != map) {
		fputs(apart(r), r->out);
		load_print_record_head(r->out, map);
	}
	load_print_record(r->out, r->how->how, map, data, len);
	r->headed = map;
	r->printed = true;
	return ferror(r->out) ? -ENOMEM : 0;
}

/* A program that loses much would lose the reader of every count, too: each is twice the last. */
static void tell_lost(struct watch *watch, uint64_t least)
{
	struct run *r = watch->run;
	const char *name = watch->stream.map->name;
	uint64_t lost = watch->stream.lost;
	bool bytes = watch->stream.ring;

	if (lost == watch->told || lost < least)
		return;
	watch->told = lost;
	if (r->how->how == LOAD_JSON) {
		fputs("{\"map\":", r->out);
		value_print_text(r->out, LOAD_JSON, name, strlen(name));
		fprintf(r->out, ",\"%s\":%" PRIu64 "}\n", bytes ? "overwritten" : "lost", lost);
	}
	if (bytes)
		say_note(r->load->opt, NULL, "ring buffer '%s': %" PRIu64 " bytes of records "
			 "overwritten unread until now", name, lost);
	else
		say_note(r->load->opt, NULL, "perf buffer '%s' was full: %" PRIu64 " record%s "
			 "lost until now", name, lost, lost == 1 ? "" : "s");
}

/* What the kernel passed over, which no record tells of. */
static void tell_missed(struct run *r, const struct load_prog *prog)
{
	const char *name = prog->func->name;
	struct abi_prog_info info;
	int err;

	memset(&info, 0, sizeof(info));
	err = object_info(prog->fd, &info, sizeof(info));
	if (err)
		say_note(r->load->opt, NULL, "program %s: what it missed is not known: %s", name,
			 strerror(-err));
	if (!info.recursion_misses)
		return;
	if (r->how->how == LOAD_JSON) {
		fputs("{\"program\":", r->out);
		value_print_text(r->out, LOAD_JSON, name, strlen(name));
		fprintf(r->out, ",\"recursion_misses\":%" PRIu64 "}\n", info.recursion_misses);
	}
	say_note(r->load->opt, NULL, "program %s missed %" PRIu64 " event%s: it, or a bpf(2) call "
		 "for a map, was under way on the CPU", name, info.recursion_misses,
		 info.recursion_misses == 1 ? "" : "s");
}

/* loop_read_fn */
static void read_stream(void *arg, unsigned int most)
{
	struct watch *watch = arg;
	int ret = stream_read(&watch->stream, most, print_record, watch, watch->run->load->opt);

	tell_lost(watch, 2 * watch->told);
	if (ret < 0)
		loop_fail(watch->run->loop, ret);
}

/* ---- maps and iterators ---- */

/* The constants of a text are known to who wrote it. */
static bool is_constant(const struct asm_map *map)
{
	return map->data && map->map_flags & BPF_F_RDONLY_PROG;
}

/* Those of a library, by their names. */
static bool is_internal(const struct asm_map *map)
{
	return strncmp(map->name, "__", 2) == 0;
}

static bool is_shown(const struct run *r, const struct asm_map *map)
{
	if (r->chosen)
		return true;
	return map->value.type && table_has_entries(map) && !is_constant(map) &&
	       !is_internal(map) && !stream_is(map);
}

static void print_map(struct run *r, const struct load_map *map)
{
	int ret;

	if (!is_shown(r, map->map))
		return;
	ret = table_print(r->out, r->how->how, map->fd, map->map, r->how->top, apart(r));
	if (ret >= 0)
		r->printed = true;
	if (ret >= 0 || loop_failed(r->loop))
		return;
	if (ret == -EOPNOTSUPP) {
		say_step(r->load->opt, "map '%s' has no entries that can be read", map->map->name);
		return;
	}
	say_error(r->load->opt, NULL, "cannot read map '%s': %s", map->map->name, strerror(-ret));
	loop_fail(r->loop, ret);
}

static void print_maps(struct run *r)
{
	if (r->how->take_maps) {
		int err = loop_failed(r->loop) ? 0 : r->how->take_maps(r->how->take_arg);

		if (err)
			loop_fail(r->loop, err);
		return;
	}
	for (size_t i = 0; i < r->load->nmaps && !loop_failed(r->loop); i++)
		print_map(r, &r->load->maps[i]);
	r->headed = NULL;
}

static bool is_iterator(const struct load_prog *prog)
{
	return prog->func->attach && prog->func->attach->how == ASM_ATTACH_ITER;
}

static void print_iterator(struct run *r, const struct load_prog *prog)
{
	long ret = iter_print(r->out, r->how->how, prog, apart(r));

	if (ret > 0)
		r->printed = true;
	if (ret >= 0 || loop_failed(r->loop))
		return;
	say_error(r->load->opt, NULL, "cannot read what program %s (%s) writes: %s",
		  prog->func->name, prog->func->section, strerror((int)-ret));
	loop_fail(r->loop, (int)ret);
}

/* Before what they leave in rings and maps. */
static void print_iterators(struct run *r)
{
	for (size_t i = 0; i < r->load->nprogs && !loop_failed(r->loop); i++)
		if (is_iterator(&r->load->progs[i]))
			print_iterator(r, &r->load->progs[i]);
}

/* Nothing happens by itself, and nothing says how long to wait for it. */
static bool is_done_at_once(const struct run *r)
{
	if (r->how->duration_ms || r->how->interval_ms || r->how->command)
		return false;
	for (size_t i = 0; i < r->load->nprogs; i++)
		if (!is_iterator(&r->load->progs[i]))
			return false;
	return r->load->nprogs > 0;
}

/* ---- the loop ---- */

static int open_streams(struct run *r)
{
	int err = 0;

	for (size_t i = 0; i < r->load->nmaps && !err; i++) {
		const struct load_map *map = &r->load->maps[i];
		struct watch *watch = &r->watches[r->nwatches];

		if (!stream_is(map->map))
			continue;
		err = stream_open(&watch->stream, map->fd, map->map, r->load->opt);
		if (err)
			break;
		watch->run = r;
		r->nwatches++;
		err = loop_add(r->loop, watch->stream.fd, read_stream, watch);
	}
	return err;
}

/* At the interval. */
static void print_all(void *arg)
{
	struct run *r = arg;

	print_iterators(r);
	print_maps(r);
	/* Lines are cut in the table alone: however this ends, the terminal is as before. */
	if (r->redraws)
		fputs(LINES_WRAP, r->out);
}

/* What the programs had to say until now, and what they counted. */
static void finish(void *arg)
{
	struct run *r = arg;

	print_iterators(r);
	loop_drain(r->loop);
	for (size_t i = 0; i < r->nwatches; i++) {
		stream_settle(&r->watches[i].stream);
		tell_lost(&r->watches[i], 0);
	}
	for (size_t i = 0; i < r->load->nprogs; i++)
		tell_missed(r, &r->load->progs[i]);
	print_maps(r);
	if (r->redraws)
		fputs(LINES_WRAP, r->out);
}

static int run_opened(struct run *r)
{
	int err;

	r->out = loop_out(r->loop);
	r->watches = calloc(r->load->nmaps + 1, sizeof(r->watches[0]));
	if (!r->watches) {
		say_error(r->load->opt, NULL, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	err = open_streams(r);
	if (!err && r->chosen)
		print_all(r);
	if (!err && is_done_at_once(r))
		loop_end(r->loop);
	return err ? err : loop_run(r->loop);
}

static int run(struct run *r)
{
	const struct loop_task task = {
		.opt = r->load->opt, .out = r->how->out, .command = r->how->command,
		.duration_ms = r->how->duration_ms, .interval_ms = r->how->interval_ms,
		.print = print_all, .finish = finish, .arg = r,
	};
	int ret = loop_open(&task, &r->loop);

	if (ret)
		return ret;
	ret = run_opened(r);
	loop_close(r->loop);
	for (size_t i = 0; i < r->nwatches; i++)
		stream_close(&r->watches[i].stream);
	free(r->watches);
	return ret;
}

int load_run(struct load *load, const struct load_run *how)
{
	struct run r = { .load = load, .how = how };

	return run(&r);
}

/* ---- one map ---- */

/* As if an object with that map alone had been loaded. */
static int run_map(struct run *r, int fd, const struct asm_map *map, const struct load_options *opt)
{
	struct load_options borrowed = *opt;
	struct load_map one = { .map = map, .fd = fd };
	const struct load load = { .opt = &borrowed, .maps = &one, .nmaps = 1 };

	r->load = &load;
	return run(r);
}

int load_tail(int fd, const struct asm_map *map, const struct load_options *opt,
	      const struct load_run *how)
{
	struct run r = { .how = how };

	if (stream_is(map))
		return run_map(&r, fd, map, opt);
	say_error(opt, NULL, "map '%s' is of type %s: records are in a ringbuf or a "
		  "perf_event_array", map->name, map->type->name);
	return -EINVAL;
}

/* Entries that fit below a title and a heading; 0: as many as there are. */
static unsigned int lines_of(FILE *terminal)
{
	enum { ABOVE = 2, BELOW = 1 };
	struct winsize size = { 0 };

	if (ioctl(fileno(terminal), TIOCGWINSZ, &size) != 0 || size.ws_row <= ABOVE + BELOW)
		return 0;
	return size.ws_row - ABOVE - BELOW;
}

/* Bytes of the size of a number are shown as one where there is no type. */
static struct asm_typeref number_of(struct asm_typeref type, uint32_t size)
{
	static const char *const names[] = { [1] = "u8", [2] = "u16", [4] = "u32", [8] = "u64" };
	const struct asm_type *rows;
	size_t n;

	if (type.type || size >= sizeof(names) / sizeof(names[0]) || !names[size])
		return type;
	rows = asm_types(&n);
	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i].name, names[size]) == 0)
			type.type = &rows[i];
	return type;
}

int load_top(int fd, const struct asm_map *map, const struct load_options *opt,
	     const struct load_run *how)
{
	struct load_run fitted = *how;
	struct asm_map typed = *map;
	struct run r = { .how = &fitted, .chosen = true };
	unsigned int lines;

	if (stream_is(map) || !table_has_entries(map)) {
		say_error(opt, NULL, "map '%s' is of type %s: it has no entries to list",
			  map->name, map->type->name);
		return -EINVAL;
	}
	r.redraws = how->how == LOAD_TEXT && isatty(fileno(how->out));
	lines = r.redraws ? lines_of(how->out) : 0;
	if (lines && (!fitted.top || fitted.top > lines))
		fitted.top = lines;
	if (!fitted.top)
		fitted.top = UINT_MAX;
	typed.key = number_of(map->key, map->key_size);
	typed.value = number_of(map->value, map->value_size);
	return run_map(&r, fd, &typed, opt);
}
