/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "loop.h"
#include "output.h"
#include "say.h"

enum {
	BATCH = 4096,		/* records a source may print before the others get their turn */
	GRACE_MS = 1000,	/* from SIGTERM to SIGKILL, for a command that outlives the run */
	ASK_MS = 100,		/* between looks at what poll(2) cannot wait for */
	STATUS_NOT_FOUND = 127,	/* as a shell has it */
	STATUS_NOT_RUN = 126,
	STATUS_SIGNAL = 128,	/* and the signal's number */
	LOWEST_FD = 3,
};

/* Places in the array that poll(2) gets; the sources follow. */
enum { WAIT_SIGNALS, WAIT_OUT, WAIT_SOURCES };

/* A point in time that never comes. */
#define NEVER UINT64_MAX

struct source {
	int fd;
	loop_read_fn *read;
	void *arg;
};

struct loop {
	const struct loop_task *task;
	struct output *out;
	struct source *sources;
	struct pollfd *polls;
	size_t nsources;
	int signals;			/* signalfd */
	sigset_t mask;			/* what was before that */
	struct sigaction pipe, chld;
	pid_t child;			/* 0: none, or not any more */
	int status;			/* its exit status, as a shell reports it */
	uint64_t end, print, kill, ask;	/* deadlines, ms of CLOCK_MONOTONIC */
	bool stopping;			/* the command has been told to end */
	bool over;
	int err;			/* the first failure */
	bool mute;			/* that of the output */
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
static int catch_signals(struct loop *l)
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
	sigprocmask(SIG_BLOCK, &set, &l->mask);
	sigaction(SIGPIPE, &ignore, &l->pipe);
	sigaction(SIGCHLD, &keep, &l->chld);
	l->signals = fd;
	return 0;
}

static bool next_signal(struct loop *l, struct signalfd_siginfo *info)
{
	return read(l->signals, info, sizeof(*info)) == (ssize_t)sizeof(*info);
}

static void release_signals(struct loop *l)
{
	struct signalfd_siginfo info;

	if (l->signals < 0)
		return;
	/* A second SIGINT that came while the output was written has been answered by that. */
	while (next_signal(l, &info))
		;
	close(l->signals);
	sigaction(SIGCHLD, &l->chld, NULL);
	sigaction(SIGPIPE, &l->pipe, NULL);
	sigprocmask(SIG_SETMASK, &l->mask, NULL);
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
static int start_command(struct loop *l)
{
	int err;

	if (!l->task->command)
		return 0;
	err = spawn(l->task->command, &l->child);
	if (!err)
		return 0;
	l->child = 0;
	l->over = true;
	say_error(l->task->opt, NULL, "cannot run '%s': %s", l->task->command[0], strerror(-err));
	if (err == -ENOMEM || err == -EAGAIN)
		return err;
	l->status = err == -ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_RUN;
	return 0;
}

static void reap(struct loop *l)
{
	int status;

	if (!l->child || waitpid(l->child, &status, WNOHANG) != l->child)
		return;
	l->status = WIFEXITED(status) ? WEXITSTATUS(status) : STATUS_SIGNAL + WTERMSIG(status);
	l->child = 0;
	l->over = true;
}

/* The run has ended by itself: nothing it started may go on alone. */
static void stop(struct loop *l)
{
	l->end = NEVER;
	l->print = NEVER;
	if (!l->child) {
		l->over = true;
	} else if (!l->stopping) {
		l->stopping = true;
		kill(l->child, SIGTERM);
		l->kill = now_ms() + GRACE_MS;
	}
}

static void take_signals(struct loop *l)
{
	struct signalfd_siginfo info;

	while (next_signal(l, &info)) {
		if (info.ssi_signo == SIGCHLD)
			continue;
		if (!l->child)
			l->over = true;
		else if (info.ssi_code <= SI_USER)
			/* From a process, to us alone; a terminal sends it to the command too. */
			kill(l->child, (int)info.ssi_signo);
	}
	/* Several SIGCHLD may have become one, and it may be about another child. */
	reap(l);
}

/* ---- output ---- */

static void fail_output(struct loop *l, int err)
{
	say_error(l->task->opt, NULL, "cannot write the output: %s", strerror(-err));
	l->mute = true;
	loop_fail(l, err);
}

static void write_output(struct loop *l)
{
	int err = l->mute ? 0 : output_write(l->out);

	if (err)
		fail_output(l, err);
}

/* What poll(2) says of the output: its reader may be gone, or take more. */
static void take_output(struct loop *l, short events)
{
	if (l->mute)
		return;
	if (events & POLLNVAL)
		fail_output(l, -EBADF);
	else if (events & (POLLERR | POLLHUP))
		fail_output(l, -EPIPE);
	else if (events & POLLOUT)
		write_output(l);
}

static void wait_for_output(struct loop *l)
{
	struct pollfd *out = &l->polls[WAIT_OUT];

	out->fd = output_fd(l->out);
	out->events = output_waits(l->out) ? POLLOUT : 0;
	out->revents = 0;
}

static void fail_wait(struct loop *l, int err)
{
	say_error(l->task->opt, NULL, "cannot wait for events: %s", strerror(-err));
	loop_fail(l, err);
}

static bool is_interrupted(struct loop *l)
{
	struct signalfd_siginfo info;

	return next_signal(l, &info) && info.ssi_signo != SIGCHLD;
}

/* Everything is printed and has to be read. Signals count from here on only if that stalls. */
static void wait_written(struct loop *l)
{
	const struct pollfd *out = &l->polls[WAIT_OUT];

	while (!l->mute && output_waits(l->out)) {
		int ready = 0;

		wait_for_output(l);
		if (out->fd >= 0)
			ready = poll(&l->polls[WAIT_OUT], 1, 0);
		else
			write_output(l);
		if (!ready && out->fd >= 0)
			ready = poll(l->polls, WAIT_SOURCES, -1);
		if (ready < 0 && errno != EINTR)
			fail_output(l, -errno);
		else if (out->revents)
			take_output(l, out->revents);
		else if (out->fd >= 0 && is_interrupted(l))
			fail_output(l, -EINTR);
	}
}

/* ---- the loop ---- */

static int timeout(const struct loop *l)
{
	uint64_t next = l->end < l->print ? l->end : l->print, now;

	next = l->kill < next ? l->kill : next;
	next = l->ask < next ? l->ask : next;
	if (next == NEVER)
		return -1;
	now = now_ms();
	if (next <= now)
		return 0;
	return next - now < INT_MAX ? (int)(next - now) : INT_MAX;
}

static void take_deadlines(struct loop *l)
{
	uint64_t now = now_ms();

	if (now >= l->kill && l->child) {
		kill(l->child, SIGKILL);
		l->kill = NEVER;
	}
	if (now >= l->end)
		stop(l);
	if (now >= l->print) {
		if (!output_is_full(l->out))
			l->task->print(l->task->arg);
		l->print += l->task->interval_ms;
		if (l->print <= now)
			l->print = now + l->task->interval_ms;
	}
	if (now >= l->ask)
		l->ask = now + ASK_MS;
}

static void read_sources(struct loop *l, bool ask)
{
	for (size_t i = 0; i < l->nsources && !l->err && !output_is_full(l->out); i++)
		if (l->sources[i].fd < 0 ? ask : l->polls[WAIT_SOURCES + i].revents)
			l->sources[i].read(l->sources[i].arg, BATCH);
}

static void wait_for_sources(struct loop *l)
{
	bool open = !l->err && !output_is_full(l->out);

	for (size_t i = 0; i < l->nsources; i++) {
		l->polls[WAIT_SOURCES + i].fd = open ? l->sources[i].fd : -1;
		l->polls[WAIT_SOURCES + i].events = POLLIN;
		l->polls[WAIT_SOURCES + i].revents = 0;
	}
}

/* Once it has failed, the loop only waits for the command to end. */
static void turn(struct loop *l)
{
	int ready;

	wait_for_output(l);
	wait_for_sources(l);
	ready = poll(l->polls, l->err ? WAIT_OUT : WAIT_SOURCES + l->nsources, timeout(l));
	if (ready < 0 && errno != EINTR)
		fail_wait(l, -errno);
	if (ready > 0 && l->polls[WAIT_SIGNALS].revents)
		take_signals(l);
	if (ready > 0)
		take_output(l, l->polls[WAIT_OUT].revents);
	if (ready >= 0)
		read_sources(l, now_ms() >= l->ask);
	if (output_fd(l->out) < 0)
		write_output(l);
	take_deadlines(l);
}

int loop_run(struct loop *l)
{
	int err = start_command(l);

	if (err)
		return err;
	if (l->status)
		return l->status;
	while (!l->over)
		turn(l);
	if (!l->err)
		l->task->finish(l->task->arg);
	wait_written(l);
	return l->err ? l->err : l->status;
}

/* ---- the rest ---- */

int loop_add(struct loop *l, int fd, loop_read_fn *read, void *arg)
{
	const struct source source = { .fd = fd, .read = read, .arg = arg };
	struct source *sources = reallocarray(l->sources, l->nsources + 1, sizeof(*sources));
	struct pollfd *polls = reallocarray(l->polls, WAIT_SOURCES + l->nsources + 1,
					    sizeof(*polls));

	if (sources)
		l->sources = sources;
	if (polls)
		l->polls = polls;
	if (!sources || !polls) {
		say_error(l->task->opt, NULL, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	l->sources[l->nsources++] = source;
	if (fd < 0)
		l->ask = now_ms();
	return 0;
}

void loop_drain(struct loop *l)
{
	for (size_t i = 0; i < l->nsources && !l->err; i++)
		l->sources[i].read(l->sources[i].arg, UINT_MAX);
}

void loop_fail(struct loop *l, int err)
{
	if (!l->err)
		l->err = err;
	stop(l);
}

bool loop_failed(const struct loop *l)
{
	return l->err;
}

void loop_end(struct loop *l)
{
	l->over = true;
}

FILE *loop_out(struct loop *l)
{
	return output_stream(l->out);
}

void loop_close(struct loop *l)
{
	if (!l)
		return;
	release_signals(l);
	output_close(l->out);
	free(l->sources);
	free(l->polls);
	free(l);
}

static int prepare(struct loop *l, const struct loop_task *task)
{
	uint64_t now = now_ms();
	int err;

	l->task = task;
	l->signals = -1;
	l->kill = NEVER;
	l->ask = NEVER;
	l->end = task->duration_ms ? now + task->duration_ms : NEVER;
	l->print = task->interval_ms ? now + task->interval_ms : NEVER;
	l->polls = calloc(WAIT_SOURCES, sizeof(l->polls[0]));
	if (!l->polls)
		return -ENOMEM;
	err = output_open(task->out, &l->out);
	if (!err)
		err = catch_signals(l);
	l->polls[WAIT_SIGNALS].fd = l->signals;
	l->polls[WAIT_SIGNALS].events = POLLIN;
	return err;
}

int loop_open(const struct loop_task *task, struct loop **out)
{
	struct loop *l = calloc(1, sizeof(*l));
	int err = l ? prepare(l, task) : -ENOMEM;

	if (err) {
		say_error(task->opt, NULL, "cannot start the run: %s", strerror(-err));
		loop_close(l);
		return err;
	}
	*out = l;
	return 0;
}
