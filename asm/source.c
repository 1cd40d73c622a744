/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <string.h>

#include "asm.h"
#include "mem.h"
#include "source.h"

/* Whether a line is a directive or a comment: they may stand in front of a listing. */
static bool source_is_preface(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	return at == end || *at == '.' || *at == '#' || *at == '\n';
}

/* Whether a line begins with a number, a colon and an opcode in parentheses. */
static bool source_is_listing_line(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	if (at == end || *at < '0' || *at > '9')
		return false;
	while (at < end && *at >= '0' && *at <= '9')
		at++;
	return end - at > 6 && at[0] == ':' && at[1] == ' ' && at[2] == '(' && at[5] == ')';
}

/* What a listing has, it has near the front of its instructions. */
static bool source_is_listing(const char *text, size_t len)
{
	enum { FRONT = 64 * 1024 };
	const char *at = text, *end = text + len, *newline;
	size_t looked = 0;

	for (; at < end && looked < FRONT; at = newline + 1) {
		if (source_is_listing_line(at, end))
			return true;
		newline = memchr(at, '\n', (size_t)(end - at));
		if (!newline)
			break;
		if (!source_is_preface(at, end))
			looked += (size_t)(newline - at) + 1;
	}
	return false;
}

/*
 * As in skew-binary numbers: two jumps of one length in a row become one. From any text, any other
 * is then few jumps and steps away, in a list that grows at its front.
 */
static void source_link(struct asm_source *source, const struct asm_source *next)
{
	const struct asm_source *jump = next ? next->jump : NULL;

	source->next = next;
	source->jump = next;
	source->behind = next ? next->behind + 1 : 0;
	if (jump && jump->jump && next->behind - jump->behind == jump->behind - jump->jump->behind)
		source->jump = jump->jump;
}

struct asm_source *source_add(struct mem *mem, const struct asm_source **list, const char *name,
			      const char *text, size_t len)
{
	struct asm_source *source = mem_alloc(mem, sizeof(*source));

	source->name = name;
	source->text = text;
	source->len = len;
	source->listing = source_is_listing(text, len);
	source->base = *list ? (*list)->base + (uint32_t)(*list)->len + 1 : SOURCE_FIRST;
	source_link(source, *list);
	*list = source;
	return source;
}

const struct asm_source *source_of(const struct asm_source *list, uint32_t pos)
{
	if (pos < SOURCE_FIRST)
		return NULL;
	while (list && pos < list->base)
		list = list->jump && pos < list->jump->base ? list->jump : list->next;
	return pos ? list : NULL;
}

uint32_t source_root(const struct asm_source *list, uint32_t pos)
{
	const struct asm_source *source = source_of(list, pos);

	while (source && source->parent) {
		pos = source->parent;
		source = source_of(list, pos);
	}
	return pos;
}

void source_place(const struct asm_source *list, uint32_t pos, struct asm_place *out)
{
	const char *at, *line, *end, *newline;

	memset(out, 0, sizeof(*out));
	list = source_of(list, pos);
	if (!list || pos - list->base > list->len)
		return;
	at = list->text + (pos - list->base);
	end = list->text + list->len;
	out->line = 1;
	for (line = list->text; ; line = newline + 1) {
		newline = memchr(line, '\n', (size_t)(at - line));
		if (!newline)
			break;
		out->line++;
	}
	newline = memchr(at, '\n', (size_t)(end - at));
	out->file = list->name;
	out->col = (unsigned int)(at - line) + 1;
	out->text = line;
	out->len = (size_t)((newline ? newline : end) - line);
}
