/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * cpumon.c - which processes use the CPUs, and for what: themselves, or the kernel.
 *
 *	cpumon [-t SECONDS] [-j] [--once] [-v]
 *
 *	78 processes on 2 CPUs: user 47.22 %, kernel 8.10 %
 *	q: quit  p n u s t U K T: sort  r: reverse  arrows, page up and down, home, end
 *	    PID NAME              %USR   %SYS   %TOT    USER(ms)    KERN(ms)   TOTAL(ms)
 *	   4711 cc1              38.20   3.10  41.30       382.4        31.2       413.6
 *	   4700 make              7.25   4.21  11.46        72.6        42.3       114.9
 *
 * Shares are of all CPUs that are online, together 100 %, and each is smoothed: 0.3 of the last
 * second and 0.7 of what was shown before it. Times are those since the monitor started. A process
 * is there from when it first ran to its end; threads of the kernel each are one. The first line
 * has what processes used that have ended, too.
 *
 * Where the output is no terminal it is the table, once a second; with -j a line of JSON a process
 * and then one for all of them. --once prints one table, of one second or those of -t.
 *
 *	{"pid":4711,"name":"cc1","user":38.200,"sys":3.100,"total":41.300,"user_ns":382412000,...}
 *	{"time_ns":26573799153172,"cpus":2,"processes":78,"user":47.220,...,"lost":0,"lost_ns":0}
 *
 * lost is how often a thread that had run found no room in a map, and lost_ns what that took from
 * the sums; ended_user_ns and ended_kernel_ns are those of processes that have ended.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "../../asm/asm.h"
#include "../../loader/loader.h"
#include "../common/program.h"
#include "../common/screen.h"
#include "count.h"
#include "table.h"

static const char text[] =
#include "cpumon/cpumon.h"
;

static const char usage[] =
	"usage: cpumon [-t SECONDS] [-j] [--once] [-v]\n"
	"  user and kernel CPU time of each process\n"
	"  -t, --time S       end after so many seconds\n"
	"  -d, --duration S   the same\n"
	"  -j, --json         a line of JSON a process, and one for all, each second\n"
	"  -o, --once         one table, of the whole time (one second without -t)\n"
	"  -v, --verbose      say each step\n"
	"  -h, --help         print this\n"
	"  On a terminal the table fills the screen. There q ends it, and a letter sorts by a\n"
	"  column: p PID, n NAME, u %USR, s %SYS, t %TOT, U USER(ms), K KERN(ms), T TOTAL(ms);\n"
	"  r turns the order round. It scrolls by arrows, page up, page down, home, end.\n";

static const struct option options[] = {
	PROGRAM_OPTIONS,
	{ "time", required_argument, NULL, 't' }, { "once", no_argument, NULL, 'o' }, { 0 },
};

static const char cannot_write[] = "cannot write the output";

enum {
	INTERVAL_MS = 1000,
	HEAD_LINES = 3,
};

struct monitor {
	struct program program;
	bool once;
	struct screen screen;
	bool on_screen;
	int signals;		/* a signalfd(2); -1: none yet */
	struct sample sample;
	struct table table;
	size_t first;		/* row at the top of the screen */
	unsigned int printed;	/* tables */
	uint64_t next, end;	/* ms of CLOCK_MONOTONIC */
	bool over;
};

static uint64_t now_ms(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Messages are for the terminal as it was. */
static int say(struct monitor *m, int err, const char *what)
{
	screen_hide(&m->screen);
	program_error(&m->program, "%s: %s", what, strerror(-err));
	return err;
}

static int hang_up(struct monitor *m)
{
	screen_hide(&m->screen);
	program_error(&m->program, "the terminal hung up");
	return -EIO;
}

/* ---- the screen ---- */

/* Lines above the rows of the table: where they would leave no room, its head or none. */
static size_t head_lines(const struct monitor *m, size_t *page)
{
	unsigned int rows, columns;
	size_t head;

	screen_size(&m->screen, &rows, &columns);
	head = rows > HEAD_LINES ? HEAD_LINES : rows > 1;
	*page = rows - head;
	return head;
}

static size_t page(const struct monitor *m)
{
	size_t page;

	head_lines(m, &page);
	return page;
}

/* Each line is cleared before it is written: behind its last column is too late. */
static void draw_summary(const struct monitor *m, FILE *f)
{
	const struct totals *totals = &m->sample.totals;

	fprintf(f, "\033[2K%zu processes on %u CPUs: user %.2f %%, kernel %.2f %%\n\033[2K",
		m->table.n, m->table.cpus, m->table.all.user, m->table.all.kernel);
	if (totals->lost)
		fprintf(f, "the map of threads is full: %.1f ms are missing here\n",
			(double)totals->lost_ns / 1e6);
	else
		fputs("q: quit  p n u s t U K T: sort  r: reverse  arrows, page up and down, "
		      "home, end\n", f);
}

static void draw_lines(const struct monitor *m, FILE *f)
{
	size_t lines, head = head_lines(m, &lines);

	fputs("\033[H", f);
	if (head == HEAD_LINES)
		draw_summary(m, f);
	if (head) {
		fputs("\033[2K", f);
		table_print_head(f, &m->table, "\033[7m", "\033[27m");
		fputc('\n', f);
	}
	for (size_t i = m->first; i < m->first + lines; i++) {
		fputs("\033[2K", f);
		if (i < m->table.n)
			table_print_row(f, &m->table.rows[i]);
		fputc('\n', f);
	}
}

static int draw(struct monitor *m)
{
	size_t lines = page(m), len = 0;
	char *frame = NULL;
	int err = -ENOMEM;
	FILE *f;

	if (m->first + lines > m->table.n)
		m->first = m->table.n > lines ? m->table.n - lines : 0;
	f = open_memstream(&frame, &len);
	if (!f)
		return -ENOMEM;
	draw_lines(m, f);
	if (fclose(f) == 0)
		err = screen_draw(&m->screen, frame, len);
	free(frame);
	return err ? say(m, err, "cannot draw") : 0;
}

static void scroll_up(struct monitor *m, size_t by)
{
	m->first = m->first > by ? m->first - by : 0;
}

/* draw() sees to it that it is not too far. */
static void take_key(struct monitor *m, int key)
{
	enum table_column column = table_column(key);

	if (column < TABLE_COLUMNS)
		m->table.sort = column;
	if (key == 'r')
		m->table.reverse = !m->table.reverse;
	if (key == 'q')
		m->over = true;
	if (key == SCREEN_UP)
		scroll_up(m, 1);
	if (key == SCREEN_PAGE_UP)
		scroll_up(m, page(m));
	if (key == SCREEN_HOME)
		m->first = 0;
	if (key == SCREEN_DOWN)
		m->first++;
	if (key == SCREEN_PAGE_DOWN)
		m->first += page(m);
	if (key == SCREEN_END)
		m->first = m->table.n;
}

static int take_keys(struct monitor *m)
{
	int key;

	do {
		key = screen_key(&m->screen);
		if (key == SCREEN_GONE)
			return hang_up(m);
		take_key(m, key);
	} while (key != SCREEN_NONE && !m->over);
	table_sort(&m->table);
	return m->over ? 0 : draw(m);
}

/* ---- output ---- */

static bool is_json(const struct monitor *m)
{
	return m->program.run.how == LOAD_JSON;
}

static void print_text(const struct monitor *m)
{
	if (m->printed)
		putchar('\n');
	table_print_head(stdout, &m->table, "", "");
	for (size_t i = 0; i < m->table.n; i++) {
		putchar('\n');
		table_print_row(stdout, &m->table.rows[i]);
	}
	putchar('\n');
	if (m->sample.totals.lost)
		printf("the map of threads is full: %.1f ms are missing here\n",
		       (double)m->sample.totals.lost_ns / 1e6);
}

static int show(struct monitor *m)
{
	if (m->on_screen)
		return draw(m);
	if (is_json(m))
		table_print_json(stdout, &m->table, &m->sample);
	else
		print_text(m);
	m->printed++;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	return say(m, errno ? -errno : -EIO, cannot_write);
}

static int take(struct monitor *m)
{
	int err = count_take(&m->program, &m->sample);

	if (!err)
		err = table_update(&m->table, &m->sample);
	return err ? say(m, err, "cannot read the maps") : 0;
}

/* ---- signals ---- */

/*
 * Blocked, they wait in a descriptor; what cannot be written is an error like others. Who ignores
 * SIGHUP, as nohup(1) does, wants the program to outlive the terminal.
 */
static int catch_signals(struct monitor *m)
{
	static const int caught[] = { SIGINT, SIGTERM, SIGQUIT };
	struct sigaction ignore = { .sa_handler = SIG_IGN }, hup = ignore;
	sigset_t set;

	sigemptyset(&set);
	sigaction(SIGHUP, NULL, &hup);
	if (hup.sa_handler != SIG_IGN)
		sigaddset(&set, SIGHUP);
	for (size_t i = 0; i < sizeof(caught) / sizeof(caught[0]); i++)
		sigaddset(&set, caught[i]);
	if (m->on_screen) {
		sigaddset(&set, SIGWINCH);
		sigaddset(&set, SIGTSTP);
	}
	m->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (m->signals < 0)
		return say(m, -errno, "cannot wait for signals");
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
	return 0;
}

static int show_screen(struct monitor *m)
{
	int err = screen_show(&m->screen);

	return err ? say(m, err, "cannot use the terminal") : 0;
}

/* The terminal is the shell's while this process is stopped. */
static int suspend(struct monitor *m)
{
	screen_hide(&m->screen);
	raise(SIGSTOP);
	return show_screen(m);
}

static int take_signals(struct monitor *m)
{
	struct signalfd_siginfo info;
	int err = 0;

	while (!err && read(m->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGTSTP)
			err = suspend(m);
		else if (info.ssi_signo == SIGHUP && m->on_screen)
			err = hang_up(m);
		else if (info.ssi_signo != SIGWINCH)
			m->over = true;
	}
	return err || m->over || !m->on_screen ? err : draw(m);
}

/* ---- the loop ---- */

static int wait_for(struct monitor *m)
{
	struct pollfd polls[] = {
		{ .fd = m->signals, .events = POLLIN },
		{ .fd = m->on_screen ? m->screen.fd : -1, .events = POLLIN },
	};
	uint64_t now = now_ms(), until = m->next < m->end ? m->next : m->end;
	int ready = poll(polls, 2, until > now ? (int)(until - now) : 0), err = 0;

	if (ready < 0 && errno != EINTR)
		return say(m, -errno, "cannot wait");
	if (ready > 0 && polls[0].revents)
		err = take_signals(m);
	if (ready > 0 && !err && !m->over && polls[1].revents)
		err = take_keys(m);
	return err;
}

/* Samples that are late do not make the next ones early. */
static int loop(struct monitor *m)
{
	int err = 0;

	while (!err && !m->over) {
		err = wait_for(m);
		m->over |= now_ms() >= m->end;
		if (err || m->over || now_ms() < m->next)
			continue;
		while (m->next <= now_ms())
			m->next += INTERVAL_MS;
		err = take(m);
		if (!err)
			err = show(m);
	}
	return err;
}

/* The first sample is what the next is compared with; it says that counting has begun, too. */
static int begin(struct monitor *m)
{
	unsigned int ms = m->program.run.duration_ms;
	uint64_t now = now_ms();
	int err;

	m->table.sort = TABLE_BOTH;
	m->table.cpus = (unsigned int)sysconf(_SC_NPROCESSORS_ONLN);
	m->end = ms ? now + ms : UINT64_MAX;
	if (m->once && !ms)
		m->end = now + INTERVAL_MS;
	m->next = m->once ? m->end : now + INTERVAL_MS;
	count_start();
	err = take(m);
	if (!err && m->on_screen)
		err = show_screen(m);
	if (!err && (m->on_screen || (is_json(m) && !m->once)))
		err = show(m);
	return err;
}

static int open_screen(struct monitor *m)
{
	int err = screen_open(&m->screen);

	return err ? say(m, err, "cannot use the terminal") : 0;
}

/* Another descriptor would get its number. */
static int check_output(struct monitor *m)
{
	return fcntl(STDOUT_FILENO, F_GETFD) < 0 ? say(m, -errno, cannot_write) : 0;
}

static int run(struct monitor *m)
{
	int err = check_output(m);

	if (!err)
		err = catch_signals(m);
	if (!err && m->on_screen)
		err = open_screen(m);
	if (!err)
		err = program_assemble(&m->program, "cpumon.bpfasm", text);
	if (!err)
		err = program_attach(&m->program);
	if (!err)
		err = begin(m);
	if (!err)
		err = loop(m);
	if (!err && !m->on_screen)
		err = take(m);
	if (!err && !m->on_screen)
		err = show(m);
	return err;
}

/* ---- the command line ---- */

/* program_take: --once is all there is. */
static bool take_option(void *arg, int letter, const char *value)
{
	struct monitor *m = arg;

	(void)letter;
	(void)value;
	m->once = true;
	return true;
}

int main(int argc, char **argv)
{
	struct monitor m = {
		.program = { .name = "cpumon", .usage = usage },
		.signals = -1, .screen = { .fd = -1, .guard = -1 },
	};
	int status = program_start(&m.program, argv, options, take_option, &m, 0, NULL);

	(void)argc;
	if (status == PROGRAM_GO && m.program.run.command) {
		program_error(&m.program, "it runs no command");
		status = PROGRAM_USAGE;
	}
	m.on_screen = !is_json(&m) && !m.once && screen_is(STDOUT_FILENO);
	if (status == PROGRAM_GO)
		status = program_end(&m.program, run(&m));
	screen_close(&m.screen);
	program_close(&m.program);
	table_free(&m.table);
	sample_free(&m.sample);
	if (m.signals >= 0)
		close(m.signals);
	return status;
}
