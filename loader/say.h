/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* say.h - telling the caller's sink, one formatted line a call. */
#ifndef SAY_H
#define SAY_H

struct asm_place;
struct load_options;

/*
 * place NULL: no place. Newlines become spaces, other control characters '?'; a message past 2 KiB
 * is cut.
 * say_step() speaks only with LOAD_VERBOSE.
 */
__attribute__((format(printf, 3, 4)))
void say_error(const struct load_options *opt, const struct asm_place *place,
	       const char *format, ...);
__attribute__((format(printf, 3, 4)))
void say_note(const struct load_options *opt, const struct asm_place *place,
	      const char *format, ...);
__attribute__((format(printf, 2, 3)))
void say_step(const struct load_options *opt, const char *format, ...);

/* Each line of a text as a note, if LOAD_VERBOSE. */
void say_lines(const struct load_options *opt, const char *text);

#endif
