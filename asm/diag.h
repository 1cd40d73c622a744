/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* diag.h - collecting diagnostics, so that they leave in the order of the text. */
#ifndef DIAG_H
#define DIAG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

enum asm_severity;
enum asm_warning;
struct asm_options;
struct asm_source;
struct mem;

/* More than this many errors, or warnings, are counted and not shown. */
enum { DIAG_MOST = 20 };

struct diag;
struct diag_list {
	struct mem *mem;
	struct diag *first, **last;
	unsigned int errors, warnings;
	uint32_t last_warning;	/* of more than DIAG_MOST: the position of the last kept */
	uint32_t quiet;		/* warnings to leave out: bits 1 << enum asm_warning */
	bool werror;
};

/* Report at pos, underlining width bytes. A note belongs to the diagnostic before it. */
__attribute__((format(printf, 5, 6)))
void diag_add(struct diag_list *list, enum asm_severity severity, uint32_t pos,
	      unsigned int width, const char *format, ...);

/* Warn at pos; the message ends with the name that turns the warning off. It takes no notes. */
__attribute__((format(printf, 5, 6)))
void diag_warn(struct diag_list *list, enum asm_warning which, uint32_t pos, unsigned int width,
	       const char *format, ...);

/* Whether something stands in the way of any output. */
bool diag_failed(const struct diag_list *list);

/* No memory is left to collect diagnostics: this one goes to the sink as it is. */
void diag_no_memory(const struct asm_options *opt);

/* Hand all of them to the sink, sorted by position, notes behind what they belong to. */
void diag_flush(struct diag_list *list, const struct asm_source *sources,
		const struct asm_options *opt);

#endif
