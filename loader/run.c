/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * run.c - the loop that shows what an attached object sees.
 *
 * One poll(2) waits for everything: signals (through signalfd(2), so there is no handler and no
 * state of the process beside this call's own), the rings, the reader of the output going away,
 * and the nearest of the deadlines. The signal mask and dispositions are put back at the end.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "abi.h"
#include "iter.h"
#include "load.h"
#include "loader.h"
#include "say.h"
#include "table.h"

enum {
	BATCH = 4096,		/* records a ring may print before the others get their turn */
	GRACE_MS = 1000,	/* from SIGTERM to SIGKILL, for a command that outlives the run */
	STATUS_NOT_FOUND = 127,	/* as a shell has it */
	STATUS_NOT_RUN = 126,
	STATUS_SIGNAL = 128,	/* and the signal's number */
	LOWEST_FD = 3,
};

/* Places in the array that poll(2) gets; the rings follow. */
enum { WAIT_SIGNALS, WAIT_OUT, WAIT_RINGS };

/* A point in time that never comes. */
#define NEVER UINT64_MAX

struct watch {
	struct run *run;
	const struct asm_map *map;
	struct load_ring *ring;
};

struct run {
	const struct load *load;
	const struct load_run *how;
	struct watch *rings;
	struct pollfd *polls;
	size_t nrings;
	const struct asm_map *headed;	/* whose heading stands over the next record */
	bool printed;			/* anything yet */
	bool caught;			/* the signals are ours */
	sigset_t mask;			/* what was before that */
	struct sigaction pipe, chld;
	pid_t child;			/* 0: none, or not any more */
	int status;			/* its exit status, as a shell reports it */
	uint64_t end, print, kill;	/* deadlines, ms of CLOCK_MONOTONIC */
	bool stopping;			/* the command has been told to end */
	bool over;
	int err;			/* the first failure */
};

static uint64_t now_ms(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- signals ---- */

static void own_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGCHLD);
}

/*
 * Blocked, they wait in the descriptor. SIGPIPE is ignored so that a closed output is an error
 * like any other; SIGCHLD must not be, or the kernel would not keep the command's status.
 */
static int catch_signals(struct run *r)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, keep = { .sa_handler = SIG_DFL };
	sigset_t set;
	int low, fd;

	own_signals(&set);
	low = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (low < 0)
		return -errno;
	fd = fcntl(low, F_DUPFD_CLOEXEC, LOWEST_FD);
	if (fd < 0)
		fd = -errno;
	close(low);
	if (fd < 0)
		return fd;
	sigprocmask(SIG_BLOCK, &set, &r->mask);
	sigaction(SIGPIPE, &ignore, &r->pipe);
	sigaction(SIGCHLD, &keep, &r->chld);
	r->polls[WAIT_SIGNALS].fd = fd;
	r->caught = true;
	return 0;
}

static bool next_signal(struct run *r, struct signalfd_siginfo *info)
{
	return read(r->polls[WAIT_SIGNALS].fd, info, sizeof(*info)) == (ssize_t)sizeof(*info);
}

static void release_signals(struct run *r)
{
	struct signalfd_siginfo info;

	if (!r->caught)
		return;
	/* A second SIGINT that came while the maps were printed has been answered by that. */
	while (next_signal(r, &info))
		;
	close(r->polls[WAIT_SIGNALS].fd);
	sigaction(SIGCHLD, &r->chld, NULL);
	sigaction(SIGPIPE, &r->pipe, NULL);
	sigprocmask(SIG_SETMASK, &r->mask, NULL);
}

/* ---- the command ---- */

static int spawn(char *const *command, pid_t *pid)
{
	extern char **environ;
	posix_spawnattr_t attr;
	sigset_t none, defaults;
	int err;

	err = posix_spawnattr_init(&attr);
	if (err)
		return -err;
	sigemptyset(&none);
	own_signals(&defaults);
	sigaddset(&defaults, SIGPIPE);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &defaults);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	err = posix_spawnp(pid, command[0], NULL, &attr, command, environ);
	posix_spawnattr_destroy(&attr);
	return -err;
}

/* Not being able to start it is a result, with the status that a shell has for it. */
static int start_command(struct run *r)
{
	int err;

	if (!r->how->command)
		return 0;
	err = spawn(r->how->command, &r->child);
	if (!err)
		return 0;
	r->child = 0;
	r->over = true;
	say_error(r->load->opt, NULL, "cannot run '%s': %s", r->how->command[0], strerror(-err));
	if (err == -ENOMEM || err == -EAGAIN)
		return err;
	r->status = err == -ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_RUN;
	return 0;
}

static void reap(struct run *r)
{
	int status;

	if (!r->child || waitpid(r->child, &status, WNOHANG) != r->child)
		return;
	r->status = WIFEXITED(status) ? WEXITSTATUS(status) : STATUS_SIGNAL + WTERMSIG(status);
	r->child = 0;
	r->over = true;
}

/* The run has ended by itself: nothing it started may go on alone. */
static void stop(struct run *r)
{
	r->end = NEVER;
	r->print = NEVER;
	if (!r->child) {
		r->over = true;
	} else if (!r->stopping) {
		r->stopping = true;
		kill(r->child, SIGTERM);
		r->kill = now_ms() + GRACE_MS;
	}
}

static void fail(struct run *r, int err)
{
	if (!r->err)
		r->err = err;
	stop(r);
}

static void take_signals(struct run *r)
{
	struct signalfd_siginfo info;

	while (next_signal(r, &info)) {
		if (info.ssi_signo == SIGCHLD)
			continue;
		if (!r->child)
			r->over = true;
		else if (info.ssi_code <= SI_USER)
			/* From a process, to us alone; a terminal sends it to the command too. */
			kill(r->child, (int)info.ssi_signo);
	}
	/* Several SIGCHLD may have become one, and it may be about another child. */
	reap(r);
}

/* ---- output ---- */

static void fail_output(struct run *r, int err)
{
	if (!r->err)
		say_error(r->load->opt, NULL, "cannot write the output: %s", strerror(-err));
	fail(r, err);
}

/* To be called while errno is that of the stream's failure. */
static void check_output(struct run *r)
{
	if (ferror(r->how->out))
		fail_output(r, errno ? -errno : -EIO);
}

static void flush(struct run *r)
{
	if (!r->err && fflush(r->how->out))
		fail_output(r, errno ? -errno : -EIO);
}

/* What goes between this output and the one before. */
static const char *apart(const struct run *r)
{
	return r->how->how == LOAD_TEXT && r->printed ? "\n" : "";
}

/* load_record_fn */
static int print_record(void *arg, const void *data, uint32_t len)
{
	const struct watch *watch = arg;
	struct run *r = watch->run;

	if (r->how->how == LOAD_TEXT && r->headed != watch->map) {
		fputs(apart(r), r->how->out);
		load_print_record_head(r->how->out, watch->map);
	}
	load_print_record(r->how->out, r->how->how, watch->map, data, len);
	r->headed = watch->map;
	r->printed = true;
	check_output(r);
	return r->err;
}

static void read_ring(struct run *r, const struct watch *watch, unsigned int most)
{
	int ret;

	if (r->err)
		return;
	ret = load_ring_read(watch->ring, most, print_record, (void *)watch);
	if (ret == -EBADMSG)
		say_error(r->load->opt, NULL, "ring buffer '%s' holds a record that reaches past "
			  "its end: is something else writing to it?", watch->map->name);
	if (ret < 0)
		fail(r, ret);
}

/* The constants of a text are known to who wrote it. */
static bool is_constant(const struct asm_map *map)
{
	return map->data && map->map_flags & BPF_F_RDONLY_PROG;
}

static void print_map(struct run *r, const struct load_map *map)
{
	int ret;

	if (!map->map->value.type || !table_has_entries(map->map) || is_constant(map->map))
		return;
	ret = table_print(r->how->out, r->how->how, map->fd, map->map, r->how->top, apart(r));
	check_output(r);
	if (ret >= 0)
		r->printed = true;
	if (ret >= 0 || r->err)
		return;
	if (ret == -EOPNOTSUPP) {
		say_step(r->load->opt, "map '%s' has no entries that can be read", map->map->name);
		return;
	}
	say_error(r->load->opt, NULL, "cannot read map '%s': %s", map->map->name, strerror(-ret));
	fail(r, ret);
}

static void print_maps(struct run *r)
{
	if (r->how->take_maps) {
		int err = r->err ? 0 : r->how->take_maps(r->how->take_arg);

		if (err)
			fail(r, err);
		return;
	}
	for (size_t i = 0; i < r->load->nmaps && !r->err; i++)
		print_map(r, &r->load->maps[i]);
	r->headed = NULL;
}

static bool is_iterator(const struct load_prog *prog)
{
	return prog->func->attach && prog->func->attach->how == ASM_ATTACH_ITER;
}

static void print_iterator(struct run *r, const struct load_prog *prog)
{
	long ret = iter_print(r->how->out, r->how->how, prog, apart(r));

	check_output(r);
	if (ret > 0)
		r->printed = true;
	if (ret >= 0 || r->err)
		return;
	say_error(r->load->opt, NULL, "cannot read what program %s (%s) writes: %s",
		  prog->func->name, prog->func->section, strerror((int)-ret));
	fail(r, (int)ret);
}

/* Before what they leave in rings and maps. */
static void print_iterators(struct run *r)
{
	for (size_t i = 0; i < r->load->nprogs && !r->err; i++)
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

/* ---- rings ---- */

static int open_ring(struct run *r, const struct load_map *map)
{
	struct watch *watch = &r->rings[r->nrings];
	int err = -EOPNOTSUPP;

	if (!(map->map->map_flags & BPF_F_RB_OVERWRITE))
		err = load_ring_open(map->fd, map->map->max_entries, &watch->ring);
	if (err) {
		say_error(r->load->opt, NULL, "cannot read ring buffer '%s': %s", map->map->name,
			  err == -EOPNOTSUPP ? "it overwrites what has not been read" :
					       strerror(-err));
		return err;
	}
	watch->run = r;
	watch->map = map->map;
	r->polls[WAIT_RINGS + r->nrings].fd = map->fd;
	r->polls[WAIT_RINGS + r->nrings].events = POLLIN;
	r->nrings++;
	return 0;
}

static int open_rings(struct run *r)
{
	int err = 0;

	for (size_t i = 0; i < r->load->nmaps && !err; i++)
		if (r->load->maps[i].map->type->number == BPF_MAP_TYPE_RINGBUF)
			err = open_ring(r, &r->load->maps[i]);
	return err;
}

/* ---- the loop ---- */

static int timeout(const struct run *r)
{
	uint64_t next = r->end < r->print ? r->end : r->print, now;

	next = r->kill < next ? r->kill : next;
	if (next == NEVER)
		return -1;
	now = now_ms();
	if (next <= now)
		return 0;
	return next - now < INT_MAX ? (int)(next - now) : INT_MAX;
}

static void take_deadlines(struct run *r)
{
	uint64_t now = now_ms();

	if (now >= r->kill && r->child) {
		kill(r->child, SIGKILL);
		r->kill = NEVER;
	}
	if (now >= r->end)
		stop(r);
	if (now >= r->print) {
		print_iterators(r);
		print_maps(r);
		r->print += r->how->interval_ms;
		if (r->print <= now)
			r->print = now + r->how->interval_ms;
	}
}

static void take_events(struct run *r)
{
	const struct pollfd *out = &r->polls[WAIT_OUT];

	if (out->revents && !r->err)
		fail_output(r, out->revents & POLLNVAL ? -EBADF : -EPIPE);
	for (size_t i = 0; i < r->nrings; i++)
		if (r->polls[WAIT_RINGS + i].revents)
			read_ring(r, &r->rings[i], BATCH);
	if (r->polls[WAIT_SIGNALS].revents)
		take_signals(r);
}

static void fail_wait(struct run *r, int err)
{
	say_error(r->load->opt, NULL, "cannot wait for events: %s", strerror(-err));
	fail(r, err);
}

static void loop(struct run *r)
{
	while (!r->over) {
		/* Once it has failed, the run only waits for the command to end. */
		nfds_t n = r->err ? WAIT_OUT : WAIT_RINGS + r->nrings;
		int ready = poll(r->polls, n, timeout(r));

		if (ready < 0 && errno != EINTR)
			fail_wait(r, -errno);
		if (ready > 0)
			take_events(r);
		take_deadlines(r);
		flush(r);
	}
}

/* What the programs had to say until now, and what they counted. */
static void finish(struct run *r)
{
	print_iterators(r);
	for (size_t i = 0; i < r->nrings; i++)
		read_ring(r, &r->rings[i], UINT_MAX);
	print_maps(r);
	flush(r);
}

static int prepare(struct run *r, const struct load *load, const struct load_run *how)
{
	uint64_t now = now_ms();

	memset(r, 0, sizeof(*r));
	r->load = load;
	r->how = how;
	r->kill = NEVER;
	r->end = how->duration_ms ? now + how->duration_ms : NEVER;
	r->print = how->interval_ms ? now + how->interval_ms : NEVER;
	r->rings = calloc(load->nmaps + 1, sizeof(r->rings[0]));
	r->polls = calloc(load->nmaps + WAIT_RINGS, sizeof(r->polls[0]));
	if (!r->rings || !r->polls)
		return -ENOMEM;
	r->polls[WAIT_SIGNALS].events = POLLIN;
	r->polls[WAIT_OUT].fd = fileno(how->out);
	return 0;
}

int load_run(struct load *load, const struct load_run *how)
{
	struct run r;
	int err;

	err = prepare(&r, load, how);
	if (!err)
		err = catch_signals(&r);
	if (err)
		say_error(load->opt, NULL, "cannot start the run: %s", strerror(-err));
	if (!err)
		err = open_rings(&r);
	if (!err)
		err = start_command(&r);
	if (err)
		goto out;
	if (!r.over) {
		r.over = is_done_at_once(&r);
		loop(&r);
		finish(&r);
	}
	err = r.err;
out:
	release_signals(&r);
	for (size_t i = 0; i < r.nrings; i++)
		load_ring_close(r.rings[i].ring);
	free(r.rings);
	free(r.polls);
	return err ? err : r.status;
}
