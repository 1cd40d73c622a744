/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * profile.c - what the CPUs are busy with: stacks of functions, by how often they are seen.
 *
 *	profile [-p PID] [--svg | -j] [-d SECONDS] [-v] [-- COMMAND ...]
 *
 *	# profile -d 10
 *	bash;main;reader_loop;execute_command;do_syscall_64_[k];ksys_read_[k] 12
 *	gzip;main;deflate 871
 *
 * A line a stack, outermost function first, "_[k]" behind those of the kernel: the folded form that
 * flame graphs are made from. --svg draws one.
 *
 * Names of a program's functions are from its symbols, from those of its debug file (of its build
 * id or .gnu_debuglink, in the root of the process), from the kernel for its vdso, and from
 * /tmp/perf-PID.map for code that the process makes. Files are those that are mapped, by inode:
 * one that has been replaced is found as long as the process runs.
 *
 * What has no name is [FILE], or [unknown] where there is no file; functions of a stripped program
 * without a debug file are those that it exports. [missed] is a stack whose places in the kernel's
 * tables others have. Programs compiled without frame pointers have short stacks.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../asm/asm.h"
#include "../../loader/loader.h"
#include "../common/program.h"
#include "fold.h"
#include "maps.h"

enum {
	DEPTH = 127,		/* as in the text */
	LOOK_MS = 10,		/* how often to look for processes that have not been seen */
};

static const char text[] =
#include "profile/profile.h"
;

static const char usage[] =
	"usage: profile [-p PID] [--svg | -j] [-d SECONDS] [-v] [-- COMMAND ...]\n"
	"  what the CPUs are busy with: a line a stack of functions, and how often it was seen\n"
	"  -p, --pid PID      of this process only\n"
	"  -s, --svg          draw a flame graph\n"
	"  -d, --duration S   end after so many seconds\n"
	"  -j, --json         a line of JSON a stack\n"
	"  -v, --verbose      say each step\n"
	"  -h, --help         print this\n";

static const struct option options[] = {
	PROGRAM_OPTIONS,
	{ "pid", required_argument, NULL, 'p' }, { "svg", no_argument, NULL, 's' }, { 0 },
};

/* A key of the map `counts`. */
struct place {
	struct maps_who who;
	int32_t kernel, user;
};

struct profile {
	struct program program;
	uint32_t pid;		/* 0: all but this one */
	bool svg;
	int stacks, spare, counts, lost, fresh;
	const struct asm_map *stacks_map, *counts_map, *fresh_map;
	struct load_names *names;
	struct maps maps;
	struct folds folds;
};

static bool take_option(void *arg, int letter, const char *value)
{
	struct profile *pr = arg;
	char *end;
	long pid;

	if (letter == 's') {
		pr->svg = true;
		return true;
	}
	pid = strtol(value, &end, 10);
	pr->pid = (uint32_t)pid;
	if (pid > 0 && pid <= INT32_MAX && !*end)
		return true;
	program_error(&pr->program, "option '--pid': '%s' is not the number of a process", value);
	return false;
}

static bool is_wanted(const struct profile *pr, const struct maps_who *who)
{
	return pr->pid ? who->pid == pr->pid : who->pid != (uint32_t)getpid();
}

/* ---- while it runs ---- */

/* load_entry_fn: a process may be gone when its stacks get their names. */
static int see_process(void *arg, const void *key, const void *value)
{
	struct profile *pr = arg;
	const struct maps_who *who = key;
	int err = load_map_delete(pr->fresh, who);

	(void)value;
	if (is_wanted(pr, who) && !maps_see(&pr->maps, who))
		return -ENOMEM;
	return err == -ENOENT ? 0 : err;
}

static int look(void *arg)
{
	struct profile *pr = arg;

	return load_map_walk(pr->fresh, pr->fresh_map, see_process, pr);
}

/* ---- names ---- */

/* Text in which ';' separates. Others chose the names: nothing of them may work on a terminal. */
static void put_name(FILE *f, const char *name)
{
	for (; *name; name++)
		putc(*name < ' ' || *name > '~' || *name == ';' ? '?' : *name, f);
}

static void name_kernel(struct profile *pr, FILE *f, uint64_t address)
{
	struct load_name name;
	bool known = load_name_kernel(pr->names, address, &name);

	put_name(f, known ? name.name : "[unknown]");
	fputs("_[k]", f);
}

static void name_user(struct profile *pr, FILE *f, struct maps_process *process, uint64_t address)
{
	const char *file = "", *name = NULL;

	if (process)
		name = maps_name(process, pr->names, address, &file);
	if (name) {
		put_name(f, name);
	} else if (*file == '/') {
		fputc('[', f);
		put_name(f, strrchr(file, '/') + 1);
		fputc(']', f);
	} else {
		put_name(f, *file ? file : "[unknown]");
	}
}

/* The addresses of a stack, innermost first. */
static bool read_stack(const struct profile *pr, uint32_t id, uint64_t at[DEPTH])
{
	uint32_t stacks = pr->stacks_map->max_entries;
	bool spare = id >= stacks;

	if (spare)
		id -= stacks;
	return load_map_lookup(spare ? pr->spare : pr->stacks, &id, at) == 0;
}

/* The functions of a stack, outermost first, each with a ';' before it. */
static void put_stack(struct profile *pr, FILE *f, const struct place *place, bool kernel)
{
	uint64_t at[DEPTH] = { 0 };
	int32_t id = kernel ? place->kernel : place->user;
	struct maps_process *process = maps_find(&pr->maps, &place->who);
	size_t n = 0;

	if (id == -EEXIST)
		fputs(kernel ? ";[missed]_[k]" : ";[missed]", f);
	if (id < 0 || !read_stack(pr, (uint32_t)id, at))
		return;
	while (n < DEPTH && at[n])
		n++;
	while (n-- > 0) {
		/* A caller's is where it goes on, which may be behind the last of its own. */
		uint64_t address = at[n] - (n > 0);

		fputc(';', f);
		if (kernel)
			name_kernel(pr, f, address);
		else
			name_user(pr, f, process, address);
	}
}

/* load_entry_fn */
static int fold_place(void *arg, const void *key, const void *value)
{
	struct profile *pr = arg;
	const struct place *place = key;
	char comm[MAPS_COMM + 1] = "", *line = NULL;
	uint64_t count;
	size_t len;
	FILE *f;

	if (!is_wanted(pr, &place->who))
		return 0;
	f = open_memstream(&line, &len);
	if (!f)
		return -ENOMEM;
	memcpy(comm, place->who.comm, MAPS_COMM);
	put_name(f, comm);
	put_stack(pr, f, place, false);
	put_stack(pr, f, place, true);
	if (fclose(f) != 0) {
		free(line);
		return -ENOMEM;
	}
	memcpy(&count, value, sizeof(count));
	return fold_add(&pr->folds, line, count) ? 0 : -ENOMEM;
}

/* ---- output ---- */

/* asm's type char, for what prints texts. */
static const struct asm_type *char_type(void)
{
	size_t n;
	const struct asm_type *types = asm_types(&n);

	while (types->format != ASM_CHAR)
		types++;
	return types;
}

static void print_json(const struct folds *folds)
{
	struct asm_typeref name = { .type = char_type() };

	for (size_t i = 0; i < folds->count; i++) {
		const char *at = folds->lines[i].text;

		for (const char *before = "{\"stack\":["; *at; before = ",") {
			name.count = (uint32_t)strcspn(at, ";");
			fputs(before, stdout);
			load_print_value(stdout, LOAD_JSON, name, at, name.count);
			at += name.count + (at[name.count] == ';');
		}
		printf("],\"count\":%llu}\n", (unsigned long long)folds->lines[i].count);
	}
}

static void print(struct profile *pr)
{
	uint32_t key = 0;
	uint64_t lost = 0;

	fold_sort(&pr->folds);
	if (pr->svg)
		fold_draw(stdout, &pr->folds);
	else if (pr->program.run.how == LOAD_JSON)
		print_json(&pr->folds);
	else
		fold_print(stdout, &pr->folds);
	if (load_names_hidden(pr->names))
		program_error(&pr->program, "the kernel does not tell where its functions are: see "
			      "/proc/sys/kernel/kptr_restrict");
	if (load_map_lookup(pr->lost, &key, &lost) == 0 && lost)
		program_error(&pr->program, "%llu samples are lost: there was no room",
			      (unsigned long long)lost);
}

/* ---- the program ---- */

static int open_maps(struct profile *pr)
{
	pr->counts = program_map(&pr->program, "counts", &pr->counts_map);
	pr->fresh = program_map(&pr->program, "fresh", &pr->fresh_map);
	pr->stacks = program_map(&pr->program, "stacks", &pr->stacks_map);
	pr->spare = load_map_fd(pr->program.load, "spare");
	pr->lost = load_map_fd(pr->program.load, "lost");
	pr->names = load_names_new();
	return pr->names ? 0 : -ENOMEM;
}

/* The status of the command, if there was one. */
static int profile(struct profile *pr)
{
	struct program *p = &pr->program;
	int err, status;

	err = program_assemble(p, "profile.bpfasm", text);
	if (!err)
		err = program_attach(p);
	if (!err)
		err = open_maps(pr);
	if (err)
		return err;
	p->run.interval_ms = LOOK_MS;
	p->run.take_maps = look;
	p->run.take_arg = pr;
	status = load_run(p->load, &p->run);
	if (status < 0)
		return status;
	err = load_map_walk(pr->counts, pr->counts_map, fold_place, pr);
	if (err)
		program_error(p, "cannot read what was counted: %s", strerror(-err));
	else
		print(pr);
	return err ? err : status;
}

int main(int argc, char **argv)
{
	struct profile pr = { .program = { .name = "profile", .usage = usage } };
	int status = program_start(&pr.program, argv, options, take_option, &pr, 0, NULL);

	(void)argc;
	if (status == PROGRAM_GO)
		status = program_end(&pr.program, profile(&pr));
	fold_free(&pr.folds);
	maps_free(&pr.maps);
	load_names_free(pr.names);
	program_close(&pr.program);
	return status;
}
