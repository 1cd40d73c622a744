/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* json.h - JSON as bpftool lays it out: in one line, or indented. Errors stay in the stream. */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json {
	FILE *f;
	bool pretty;
	unsigned int depth;
	bool follows;		/* something stands before in what is open */
};

void json_init(struct json *json, FILE *f, bool pretty);
void json_end(struct json *json);	/* of the text: a newline */

void json_open(struct json *json, char bracket);	/* '{' or '[' */
void json_close(struct json *json, char bracket);	/* '}' or ']' */

/* "name": what is written next is its value */
void json_name(struct json *json, const char *name);

void json_string(struct json *json, const char *text);
void json_number(struct json *json, uint64_t number);
void json_signed(struct json *json, int64_t number);
void json_bool(struct json *json, bool value);
void json_null(struct json *json);

/* What the caller writes to json->f is the next value. */
void json_value(struct json *json);

/* The same with a name before. */
void json_name_string(struct json *json, const char *name, const char *text);
void json_name_number(struct json *json, const char *name, uint64_t number);

#endif
