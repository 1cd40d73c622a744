/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* screen.c - the terminal: its modes, its size, its keys. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "screen.h"

/* The screen that a program has to itself, without a cursor, lines cut at its edge; and back. */
static const char enter[] = "\033[?1049h\033[?25l\033[?7l";
static const char leave[] = "\033[?7h\033[?25h\033[?1049l";

enum { ROWS = 24, COLUMNS = 80 };	/* of a terminal that does not say */

static int screen_write(int fd, const char *text, size_t len)
{
	ssize_t n;

	for (; len; text += n, len -= (size_t)n) {
		n = write(fd, text, len);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n < 0)
			n = 0;
	}
	return 0;
}

/* The one even where the other fails. A terminal that has gone needs neither. */
static bool screen_restore(int fd, const struct termios *saved)
{
	bool left = screen_write(fd, leave, strlen(leave)) == 0;

	return tcsetattr(fd, TCSADRAIN, saved) == 0 && left;
}

/* ---- the second process ---- */

/* It is told '+' and '-' when the terminal is taken and given back. */
static _Noreturn void keeper_main(int pipe, int fd, const struct termios *saved)
{
	char last = '-';
	sigset_t all;

	/* Nor is it stopped for writing to a terminal that another program may have by now. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	while (read(pipe, &last, 1) == 1)
		;
	if (last == '+')
		(void)screen_restore(fd, saved);
	_exit(0);
}

static int keeper_start(struct screen *screen)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	screen->keeper = fork();
	if (screen->keeper == 0) {
		close(ends[1]);
		keeper_main(ends[0], screen->fd, &screen->saved);
	}
	close(ends[0]);
	if (screen->keeper < 0) {
		close(ends[1]);
		screen->keeper = 0;
		return -EAGAIN;
	}
	screen->guard = ends[1];
	return 0;
}

/* ---- the terminal ---- */

bool screen_is(int fd)
{
	const char *term = getenv("TERM");

	return isatty(fd) && term && *term && strcmp(term, "dumb") != 0;
}

int screen_open(struct screen *screen)
{
	memset(screen, 0, sizeof(*screen));
	screen->guard = -1;
	screen->fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
	if (screen->fd < 0)	/* the shell of an initramfs has no terminal that controls it */
		screen->fd = open("/proc/self/fd/1", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (screen->fd < 0 || tcgetattr(screen->fd, &screen->saved))
		return -errno;
	return keeper_start(screen);
}

int screen_show(struct screen *screen)
{
	struct termios raw = screen->saved;

	if (screen->shown)
		return 0;
	if (write(screen->guard, "+", 1) != 1)
		return -errno;
	screen->shown = true;
	/*
	 * Keys come at once and are not shown; those that send signals go on to. One that stops
	 * the output would stop this process, too, and no signal would end it.
	 */
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_iflag &= ~(tcflag_t)IXON;
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	if (tcsetattr(screen->fd, TCSADRAIN, &raw))
		return -errno;
	return screen_write(screen->fd, enter, strlen(enter));
}

void screen_hide(struct screen *screen)
{
	if (!screen->shown)
		return;
	screen->shown = false;
	/* What failed here the second process tries again, in the end. */
	if (screen_restore(screen->fd, &screen->saved))
		(void)!write(screen->guard, "-", 1);
}

void screen_close(struct screen *screen)
{
	screen_hide(screen);
	if (screen->guard >= 0)
		close(screen->guard);
	if (screen->keeper)
		waitpid(screen->keeper, NULL, 0);
	if (screen->fd >= 0)
		close(screen->fd);
	screen->fd = screen->guard = -1;
	screen->keeper = 0;
}

void screen_size(const struct screen *screen, unsigned int *rows, unsigned int *columns)
{
	struct winsize size;

	memset(&size, 0, sizeof(size));
	(void)ioctl(screen->fd, TIOCGWINSZ, &size);
	*rows = size.ws_row ? size.ws_row : ROWS;
	*columns = size.ws_col ? size.ws_col : COLUMNS;
}

/* ---- drawing ---- */

/* The length of a sequence of ESC [ that begins there, or 0. */
static size_t sequence_length(const char *text, size_t len)
{
	size_t n = 2;

	if (len < n || text[0] != '\033' || text[1] != '[')
		return 0;
	while (n < len && (text[n] == ';' || (text[n] >= '0' && text[n] <= '9')))
		n++;
	return n < len ? n + 1 : n;
}

/* What is left of the text, in its place. Terminals differ in what they do at an edge. */
static size_t screen_cut(char *text, size_t len, unsigned int rows, unsigned int columns)
{
	unsigned int row = 1, column = 0;
	size_t n = 0, skip;

	for (size_t i = 0; i < len; i += skip) {
		skip = sequence_length(text + i, len - i);
		if (skip) {
			memmove(text + n, text + i, skip);
			n += skip;
			continue;
		}
		skip = 1;
		if (text[i] == '\n') {
			if (row++ == rows)
				break;
			column = 0;
		} else if (column++ >= columns) {
			continue;
		}
		text[n++] = text[i];
	}
	return n;
}

int screen_draw(const struct screen *screen, char *text, size_t len)
{
	unsigned int rows, columns;

	screen_size(screen, &rows, &columns);
	return screen_write(screen->fd, text, screen_cut(text, len, rows, columns));
}

/* ---- keys ---- */

static const struct {
	const char *text;	/* behind ESC [ or ESC O */
	enum screen_key key;
} sequences[] = {
	{ "A", SCREEN_UP }, { "B", SCREEN_DOWN }, { "5~", SCREEN_PAGE_UP },
	{ "6~", SCREEN_PAGE_DOWN }, { "H", SCREEN_HOME }, { "F", SCREEN_END },
	{ "1~", SCREEN_HOME }, { "4~", SCREEN_END },
};

static int screen_byte(const struct screen *screen)
{
	struct pollfd ready = { .fd = screen->fd, .events = POLLIN };
	unsigned char byte;

	if (poll(&ready, 1, 0) != 1)
		return SCREEN_NONE;
	return read(screen->fd, &byte, 1) == 1 ? byte : SCREEN_GONE;
}

/* Digits, then what ends the sequence. */
static int screen_sequence(const struct screen *screen)
{
	char text[8] = "";
	size_t n = 0;
	int byte;

	do {
		byte = screen_byte(screen);
		if (byte < 0)
			return byte;
		text[n++] = (char)byte;
	} while (n < sizeof(text) - 1 && (byte == ';' || (byte >= '0' && byte <= '9')));
	for (size_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++)
		if (strcmp(sequences[i].text, text) == 0)
			return (int)sequences[i].key;
	return SCREEN_OTHER;
}

int screen_key(const struct screen *screen)
{
	int byte = screen_byte(screen);

	if (byte != '\033')
		return byte;
	byte = screen_byte(screen);
	return byte == '[' || byte == 'O' ? screen_sequence(screen) : SCREEN_OTHER;
}
