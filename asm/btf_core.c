/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * btf_core.c - the kernel's types, as far as an object needs them. What a loader makes of the copy:
 * tools/lib/bpf/relo_core.c (7.2).
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "asm.h"
#include "symbols.h"
#include "bytes.h"
#include "btf_core.h"
#include "btf_write.h"
#include "mem.h"

enum {
	CORE_MOST_STEPS = 63,	/* of an access string, behind its leading 0 */
	CORE_TOP = 0,		/* depth of a type that is in no other */
	CORE_MOST_DEPTH = 16,	/* pointers, arrays and prototypes in each other */
	CORE_MOST_TYPES = 4096,	/* in one prototype */
	CORE_STEP_TEXT = 12,
	CORE_HEAD_WORDS = 3,
	CORE_MEMBER_WORDS = 3,
	CORE_PARAM_WORDS = 2,
};

/* The copy of a structure or union: those members that something goes through. */
struct core_mirror {
	struct asm_btf_type type;
	uint32_t id;			/* of the copy, once placed */
	uint32_t *members;		/* indexes in the original, rising */
	size_t nmembers, room;
};

struct core_path {
	uint32_t root;
	uint32_t steps[CORE_MOST_STEPS];
	int nsteps;
};

static bool core_fail(char *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool core_fail(char *why, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(why, CORE_WHY, format, ap);
	va_end(ap);
	return false;
}

void core_init(struct core *core, const struct asm_btf *btf, struct btf_out *out)
{
	memset(core, 0, sizeof(*core));
	core->btf = btf;
	core->out = out;
	core->ids.mem = out->mem;
	core->names.mem = out->mem;
}

/* ---- collecting ---- */

static struct core_mirror *core_mirror(const struct core *core, uint32_t id)
{
	const struct symbol *symbol = symbols_get(&core->ids, (const char *)&id, sizeof(id));

	return symbol ? &core->mirrors[symbol->index] : NULL;
}

static bool core_is_aggregate(const struct asm_btf_type *type)
{
	return type->kind == ASM_BTF_STRUCT || type->kind == ASM_BTF_UNION;
}

static void core_add_mirror(struct core *core, const struct asm_btf_type *type)
{
	uint32_t *key;

	if (core_mirror(core, type->id))
		return;
	key = mem_alloc(core->out->mem, sizeof(*key));
	*key = type->id;
	symbols_put(&core->ids, (const char *)key, sizeof(*key))->index =
		(uint32_t)core->nmirrors;
	core->mirrors = mem_grow(core->out->mem, core->mirrors, &core->mirrors_room,
				 core->nmirrors + 1, sizeof(*core->mirrors));
	memset(&core->mirrors[core->nmirrors], 0, sizeof(*core->mirrors));
	core->mirrors[core->nmirrors++].type = *type;
}

/* Mirror each structure that the copy of a type will speak of. False when it is too deep. */
static bool core_collect(struct core *core, uint32_t id, unsigned int depth)
{
	struct asm_btf_member param;
	struct asm_btf_type type;
	uint32_t i;

	if (depth == CORE_MOST_DEPTH || !core->budget || !asm_btf_type(core->btf, id, &type))
		return false;
	core->budget--;
	if (core_is_aggregate(&type)) {
		core_add_mirror(core, &type);
		return true;
	}
	if (type.kind != ASM_BTF_PTR && type.kind != ASM_BTF_ARRAY &&
	    type.kind != ASM_BTF_FUNC_PROTO)
		return true;
	if (type.kind == ASM_BTF_FUNC_PROTO && type.count > BTF_MOST_VLEN)
		return false;
	for (i = 0; type.kind == ASM_BTF_FUNC_PROTO && i < type.count; i++)
		if (!asm_btf_member(core->btf, type.id, i, &param) ||
		    !core_collect(core, param.arg, depth + 1))
			return false;
	return core_collect(core, type.arg, depth + 1);
}

/* Where the member with that index is, or belongs. */
static size_t core_find(const struct core_mirror *mirror, uint32_t index)
{
	return asm_rows_below(mirror->members, mirror->nmembers, sizeof(*mirror->members), 0,
			      index);
}

static void core_add_member(struct core *core, struct core_mirror *mirror, uint32_t index)
{
	size_t at = core_find(mirror, index);

	if (at < mirror->nmembers && mirror->members[at] == index)
		return;
	mirror->members = mem_grow(core->out->mem, mirror->members, &mirror->room,
				   mirror->nmembers + 1, sizeof(*mirror->members));
	memmove(&mirror->members[at + 1], &mirror->members[at],
		(mirror->nmembers++ - at) * sizeof(*mirror->members));
	mirror->members[at] = index;
}

/*
 * NULL, or why not. What a pointer points to is of no interest. *open: the array may go on past its
 * end, as loaders have it: one of no elements at the end of a structure.
 */
static const char *core_collect_step(struct core *core, struct asm_btf_type *at, uint32_t index,
				     bool *open)
{
	struct asm_btf_member member = { .arg = at->arg };

	if (core_is_aggregate(at)) {
		core_add_mirror(core, at);
		core_add_member(core, core_mirror(core, at->id), index);
		*open = index + 1 == at->count;
		asm_btf_member(core->btf, at->id, index, &member);
	} else {
		if (index >= at->count && (at->count || !*open))
			return "they follow no index past the end of an array";
		*open = false;
	}
	core->budget = CORE_MOST_TYPES;
	if (!asm_btf_type(core->btf, member.arg, at) ||
	    (at->kind != ASM_BTF_PTR && !core_collect(core, at->id, CORE_TOP)))
		return "its type cannot be followed";
	return NULL;
}

static bool core_collect_steps(struct core *core, const char *path, const struct core_path *steps,
			       char *why)
{
	struct asm_btf_type at;
	bool open = false;
	const char *reason;
	int i;

	asm_btf_type(core->btf, steps->root, &at);
	for (i = 0; i < steps->nsteps; i++) {
		reason = core_collect_step(core, &at, steps->steps[i], &open);
		if (reason)
			return core_fail(why, "loaders cannot relocate '%s': %s", path, reason);
	}
	return true;
}

bool core_collect_field(struct core *core, const char *path, char *why)
{
	struct core_path *new;

	if (symbols_get(&core->names, path, strlen(path)))
		return true;
	symbols_put(&core->names, path, strlen(path))->index = (uint32_t)core->npaths;
	core->paths = mem_grow(core->out->mem, core->paths, &core->paths_room, core->npaths + 1,
			       sizeof(*core->paths));
	new = &core->paths[core->npaths++];
	new->nsteps = asm_btf_steps(core->btf, path, &new->root, new->steps, CORE_MOST_STEPS);
	if (new->nsteps == -E2BIG)
		return core_fail(why, "loaders cannot relocate '%s': it goes through more than %d "
				 "structures and arrays", path, CORE_MOST_STEPS);
	if (new->nsteps < 0)
		return core_fail(why, "the BTF has no '%s'", path);
	return core_collect_steps(core, path, new, why);
}

bool core_collect_func(struct core *core, const char *name, char *why)
{
	int32_t id = asm_btf_find(core->btf, ASM_BTF_FUNC, name);
	struct asm_btf_type func;

	core->budget = CORE_MOST_TYPES;
	if (id < 0)
		return core_fail(why, "the BTF has no function '%s'", name);
	if (!asm_btf_type(core->btf, (uint32_t)id, &func) ||
	    !core_collect(core, func.arg, CORE_TOP))
		return core_fail(why, "the prototype of '%s' in the BTF cannot be followed", name);
	return true;
}

/* ---- types ---- */

static uint32_t core_type(struct core *core, uint32_t id);

static uint32_t core_copy_proto(struct core *core, const struct asm_btf_type *type)
{
	size_t n = CORE_HEAD_WORDS + CORE_PARAM_WORDS * (size_t)type->count;
	uint32_t *words = mem_alloc(core->out->mem, n * sizeof(*words)), *param = words;
	struct asm_btf_member member;
	uint32_t i;

	words[1] = btf_info(ASM_BTF_FUNC_PROTO, type->count);
	words[2] = core_type(core, type->arg);
	for (i = 0, param += CORE_HEAD_WORDS; i < type->count; i++, param += CORE_PARAM_WORDS) {
		asm_btf_member(core->btf, type->id, i, &member);
		param[0] = btf_out_name(core->out, member.name);
		param[1] = core_type(core, member.arg);
	}
	return btf_out_add(core->out, words, n);
}

/* The first value stands for all: a loader looks at the name and the size. */
static uint32_t core_copy_enum(struct core *core, const struct asm_btf_type *type)
{
	struct asm_btf_member value;
	uint32_t words[CORE_HEAD_WORDS + 2], count;

	count = asm_btf_member(core->btf, type->id, 0, &value);
	words[0] = btf_out_name(core->out, type->name);
	words[1] = btf_info(ASM_BTF_ENUM, count);
	words[2] = type->arg;
	words[3] = count ? btf_out_name(core->out, value.name) : 0;
	words[4] = count ? value.arg : 0;
	return btf_out_add(core->out, words, CORE_HEAD_WORDS + 2 * count);
}

static uint32_t core_copy_head(struct core *core, const struct asm_btf_type *type)
{
	const uint32_t words[CORE_HEAD_WORDS] = {
		btf_out_name(core->out, type->name),
		btf_info(type->kind, 0) | (uint32_t)type->is_union << 31,
		type->kind == ASM_BTF_FLOAT ? type->arg : 0,
	};

	return btf_out_add(core->out, words, CORE_HEAD_WORDS);
}

/* The copy of a type of which core_collect() has seen all that it is made of. */
static uint32_t core_type(struct core *core, uint32_t id)
{
	struct asm_btf_type type;

	if (!asm_btf_type(core->btf, id, &type))
		return 0;
	switch (type.kind) {
	case ASM_BTF_INT:
		return btf_out_int(core->out, type.arg, type.encoding);
	case ASM_BTF_STRUCT:
	case ASM_BTF_UNION:
		return core_mirror(core, type.id)->id;
	case ASM_BTF_PTR:
		return btf_out_refer(core->out, ASM_BTF_PTR, "", core_type(core, type.arg));
	case ASM_BTF_ARRAY:
		return btf_out_array(core->out, core_type(core, type.arg), type.count);
	case ASM_BTF_ENUM:
	case ASM_BTF_ENUM64:
		return core_copy_enum(core, &type);
	case ASM_BTF_FUNC_PROTO:
		return core_copy_proto(core, &type);
	case ASM_BTF_FWD:
	case ASM_BTF_FLOAT:
		return core_copy_head(core, &type);
	default:
		return 0;
	}
}

static uint32_t core_member_type(struct core *core, uint32_t id)
{
	struct asm_btf_type type;

	if (asm_btf_type(core->btf, id, &type) && type.kind == ASM_BTF_PTR)
		return btf_out_refer(core->out, ASM_BTF_PTR, "", 0);
	return core_type(core, id);
}

static void core_fill(struct core *core, const struct core_mirror *mirror, uint32_t *words)
{
	struct asm_btf_member member;
	size_t i;

	words[0] = btf_out_name(core->out, mirror->type.name);
	words[1] = btf_info(mirror->type.kind, (uint32_t)mirror->nmembers);
	words[2] = mirror->type.arg;
	for (i = 0; i < mirror->nmembers; i++) {
		words += CORE_MEMBER_WORDS;
		asm_btf_member(core->btf, mirror->type.id, mirror->members[i], &member);
		words[0] = btf_out_name(core->out, member.name);
		words[1] = core_member_type(core, member.arg);
		words[2] = member.bit;
	}
}

/* All ids are known before the first member is filled in: structures may lie in each other. */
void core_place(struct core *core)
{
	size_t i, n;

	for (i = 0; i < core->nmirrors; i++) {
		n = CORE_HEAD_WORDS + CORE_MEMBER_WORDS * core->mirrors[i].nmembers;
		btf_out_reserve(core->out, n, &core->mirrors[i].id);
	}
	for (i = 0; i < core->nmirrors; i++)
		core_fill(core, &core->mirrors[i],
			  core->out->records[core->mirrors[i].id - 1].words);
}

/* ---- what refers to them ---- */

/* A typedef must stay one: its structure may have no name to be found by. */
static uint32_t core_root(const struct core *core, const char *path, uint32_t root)
{
	struct asm_btf_type type;
	uint32_t id;
	char *name;

	asm_btf_type(core->btf, root, &type);
	id = core_mirror(core, type.id)->id;
	if (type.id == root)
		return id;
	name = mem_text(core->out->mem, path, strcspn(path, ".["));
	return btf_out_refer(core->out, ASM_BTF_TYPEDEF, name, id);
}

struct core_access core_access(const struct core *core, const char *path)
{
	const struct symbol *symbol = symbols_get(&core->names, path, strlen(path));
	const struct core_path *found = &core->paths[symbol->index];
	struct asm_btf_member member;
	struct asm_btf_type at;
	char *text = mem_alloc(core->out->mem, (size_t)(found->nsteps + 1) * CORE_STEP_TEXT);
	int i, len = sprintf(text, "0");

	asm_btf_type(core->btf, found->root, &at);
	for (i = 0; i < found->nsteps; i++) {
		uint32_t step = found->steps[i];

		member.arg = at.arg;
		if (core_is_aggregate(&at)) {
			asm_btf_member(core->btf, at.id, step, &member);
			step = (uint32_t)core_find(core_mirror(core, at.id), step);
		}
		len += sprintf(text + len, ":%u", step);
		asm_btf_type(core->btf, member.arg, &at);
	}
	return (struct core_access){ core_root(core, path, found->root),
				     btf_out_name(core->out, text) };
}

uint32_t core_prototype(struct core *core, const char *name)
{
	struct asm_btf_type func;

	asm_btf_type(core->btf, (uint32_t)asm_btf_find(core->btf, ASM_BTF_FUNC, name), &func);
	return core_type(core, func.arg);
}
