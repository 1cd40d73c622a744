/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * screen.h - a program that has the whole terminal to itself, and gives it back.
 *
 * However the program ends, by a signal that cannot be caught too, the terminal is as it was: a
 * second process, which waits for the end of the first, sees to that.
 */
#ifndef SCREEN_H
#define SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <termios.h>

struct screen {
	int fd;			/* the terminal; -1: none. Readable when there are keys */
	int guard;		/* pipe to the second process */
	pid_t keeper;
	struct termios saved;
	bool shown;
};

enum screen_key {
	SCREEN_NONE = -1,	/* no more keys for now */
	SCREEN_GONE = -2,	/* nor ever: the terminal has hung up */
	SCREEN_UP = 256, SCREEN_DOWN, SCREEN_PAGE_UP, SCREEN_PAGE_DOWN, SCREEN_HOME, SCREEN_END,
	SCREEN_OTHER,
};

/* Whether what is written there reaches a terminal with a screen, by $TERM. */
bool screen_is(int fd);

/*
 * Make ready to use the terminal, or the standard output where none controls this process: to be
 * called before there are descriptors that must not outlive it. 0 or -errno; screen_close() in
 * either case.
 */
int screen_open(struct screen *screen);

/* Take the terminal, give it back: before the process stops, for example. Again is fine. */
int screen_show(struct screen *screen);
void screen_hide(struct screen *screen);
void screen_close(struct screen *screen);

/*
 * Lines of text, and sequences of ESC [ that move the cursor or clear a line, from the first line
 * of the screen on. What goes beyond its edges is cut off, in *text too. 0 or -errno.
 */
int screen_draw(const struct screen *screen, char *text, size_t len);

void screen_size(const struct screen *screen, unsigned int *rows, unsigned int *columns);

/* The next key that was pressed: a character, or enum screen_key. Does not wait. */
int screen_key(const struct screen *screen);

#endif
