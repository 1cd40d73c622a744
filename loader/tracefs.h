/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tracefs.h - tracepoints as tracefs describes them: events/CATEGORY/NAME/{id,format}.
 *
 * A target is "category/name". Failures are -errno with a reason in why: -ENODEV when no tracefs is
 * mounted, -ENOENT when it does not know the target (why then has near names), -EINVAL for a target
 * of another shape, else what reading said. Nothing is mounted.
 */
#ifndef TRACEFS_H
#define TRACEFS_H

#include <stddef.h>
#include <stdint.h>

struct asm_kfield;

/* The number that perf_event_open(2) takes as config of a PERF_TYPE_TRACEPOINT event. */
int tracefs_event_id(const char *target, uint64_t *id, char *why, size_t why_size);

/* Offset and size of a field of the tracepoint's record, which is the program's context. */
int tracefs_field(const char *target, const char *field, struct asm_kfield *out,
		  char *why, size_t why_size);

/*
 * The names of the functions that ftrace can probe, a line each, " [module]" behind those of
 * modules. Freed with free(). 0 or -errno: -ENODEV without a tracefs.
 */
int tracefs_functions(char **text);

/*
 * trace_pipe, open: a close-on-exec descriptor that does not wait. What is read from it is gone for
 * everybody else. -errno with a reason in why.
 */
int tracefs_open_pipe(char *why, size_t why_size);

#endif
