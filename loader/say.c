/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdarg.h>
#include <string.h>

#include "loader.h"
#include "say.h"

enum { SAY_MOST = 2048 };

/* What came from a kernel or a command line must not steer a terminal. */
static void one_line(char *text)
{
	enum { DELETE = 127 };

	for (; *text; text++) {
		if (*text == '\n' || *text == '\t')
			*text = ' ';
		else if ((unsigned char)*text < ' ' || *text == DELETE)
			*text = '?';
	}
}

static void say(const struct load_options *opt, enum asm_severity severity,
		const struct asm_place *place, const char *format, va_list args)
{
	char message[SAY_MOST];
	struct asm_diag diag;

	if (!opt->sink)
		return;
	if (vsnprintf(message, sizeof(message), format, args) < 0)
		return;
	one_line(message);
	memset(&diag, 0, sizeof(diag));
	diag.severity = severity;
	diag.width = 1;
	diag.message = message;
	if (place)
		diag.place = *place;
	opt->sink(opt->sink_arg, &diag);
}

void say_error(const struct load_options *opt, const struct asm_place *place,
	       const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(opt, ASM_ERROR, place, format, args);
	va_end(args);
}

void say_note(const struct load_options *opt, const struct asm_place *place,
	      const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(opt, ASM_NOTE, place, format, args);
	va_end(args);
}

void say_step(const struct load_options *opt, const char *format, ...)
{
	va_list args;

	if (!(opt->flags & LOAD_VERBOSE))
		return;
	va_start(args, format);
	say(opt, ASM_NOTE, NULL, format, args);
	va_end(args);
}

void say_lines(const struct load_options *opt, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		if (len)
			say_step(opt, "%.*s", (int)(len < SAY_MOST ? len : SAY_MOST), text);
		text += len + (text[len] != '\0');
	}
}
