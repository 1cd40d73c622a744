/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <inttypes.h>
#include <string.h>

#include "loader.h"
#include "json.h"
#include "value.h"

enum { INDENT = 4 };

void json_init(struct json *json, FILE *f, bool pretty)
{
	memset(json, 0, sizeof(*json));
	json->f = f;
	json->pretty = pretty;
}

void json_end(struct json *json)
{
	fputc('\n', json->f);
}

static void json_line(struct json *json)
{
	if (json->pretty)
		fprintf(json->f, "\n%*s", (int)(INDENT * json->depth), "");
}

void json_value(struct json *json)
{
	if (json->follows)
		fputc(',', json->f);
	json->follows = true;
}

/* What stands in an array or object in a line of its own. */
static void json_part(struct json *json)
{
	json_value(json);
	if (json->depth)
		json_line(json);
}

void json_open(struct json *json, char bracket)
{
	json_value(json);
	fputc(bracket, json->f);
	json->depth++;
	json->follows = false;
}

void json_close(struct json *json, char bracket)
{
	json->depth--;
	if (json->follows)
		json_line(json);
	fputc(bracket, json->f);
	json->follows = true;
}

void json_name(struct json *json, const char *name)
{
	json_part(json);
	value_print_text(json->f, LOAD_JSON, name, strlen(name));
	fputs(json->pretty ? ": " : ":", json->f);
	json->follows = false;
}

void json_string(struct json *json, const char *text)
{
	json_value(json);
	value_print_text(json->f, LOAD_JSON, text, strlen(text));
}

void json_number(struct json *json, uint64_t number)
{
	json_value(json);
	fprintf(json->f, "%" PRIu64, number);
}

void json_signed(struct json *json, int64_t number)
{
	json_value(json);
	fprintf(json->f, "%" PRId64, number);
}

void json_bool(struct json *json, bool value)
{
	json_value(json);
	fputs(value ? "true" : "false", json->f);
}

void json_null(struct json *json)
{
	json_value(json);
	fputs("null", json->f);
}

void json_name_string(struct json *json, const char *name, const char *text)
{
	json_name(json, name);
	json_string(json, text);
}

void json_name_number(struct json *json, const char *name, uint64_t number)
{
	json_name(json, name);
	json_number(json, number);
}
