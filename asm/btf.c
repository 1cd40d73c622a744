/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * btf.c - types and fields of BTF data. Source: Documentation/bpf/btf.rst, uapi/linux/btf.h (7.2).
 *
 * The bytes may say anything. asm_btf_open() walks all types once; from then on each of them is
 * known to lie inside its section, members included, with its own name inside the strings, and the
 * strings end with a NUL. What is inside a type (ids, names, counts) is checked where it is used.
 * Chains of types and anonymous members are followed to a fixed depth.
 *
 * Types have no index in the data and follow each other. Keeping where every STRIDE-th one starts
 * finds any id in few steps, at a sixteenth of the memory that all offsets take. Names are searched
 * for in order of id, so of several types of one name the first counts.
 *
 * Split data (a kernel module's) continues other data, its base: ids, and places of strings, that
 * the base has are the base's. Its header gives sizes of its own part alone.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "asm.h"
#include "btfview.h"

enum {
	MAGIC = 0xeb9f,
	VERSION = 1,
	HEADER_BYTES = 24,	/* through str_len */
	LAYOUT_HEADER_BYTES = 32, /* through layout_len; older data has none */
	LAYOUT_BYTES = 4,	/* fixed, each, two of flags */
	TYPE_BYTES = 12,
	MEMBER_BYTES = 12,
	POINTER_BYTES = 8,
	KINDS = 128,		/* 7 bits of info */
	FLAVOUR_BYTES = 5,	/* the ___ of a flavour, and the letters around it */
	VOID = 0,		/* id, and the kind we say it has */

	STRIDE = 16,
	AHEAD = 2048,		/* bytes to fetch early: halves the walk over data not in cache */
	MOST_CHAIN = 32,	/* typedefs, qualifiers and arrays in a row */
	MOST_NESTING = 16,	/* anonymous members in each other */
	MOST_MEMBERS = 0xffff,	/* looked at for one path: no loader takes more of them */
	MOST_WORD = 64,		/* bytes of a name in a message */
	MOST_WHAT = MOST_WORD + 24, /* bytes of describe()'s text */
	MOST_PATH = 96,		/* bytes of a path in a message */
};

#define BIT(kind) (1u << ASM_BTF_##kind)

static const uint32_t aggregates = BIT(STRUCT) | BIT(UNION);
static const uint32_t tagged = BIT(STRUCT) | BIT(UNION) | BIT(ENUM) | BIT(ENUM64);
static const uint32_t transparent = BIT(TYPEDEF) | BIT(VOLATILE) | BIT(CONST) | BIT(RESTRICT) |
				    BIT(TYPE_TAG);
static const uint32_t sized = BIT(INT) | BIT(STRUCT) | BIT(UNION) | BIT(ENUM) | BIT(FLOAT) |
			      BIT(ENUM64);

static const struct kind {
	const char *word;
	uint8_t fixed, each;
} kinds[] = {
	[VOID] = { "void", 0, 0 },
#define K(name, word, fixed, each) [ASM_BTF_##name] = { word, fixed, each },
#include "tables/btf.def"
#undef K
};

_Static_assert(sizeof(kinds) / sizeof(kinds[0]) == ASM_BTF_ENUM64 + 1, "a row for each kind");

/* Bytes of a type of some kind: head + vlen * each, below 4 GiB. head 0: no such kind. */
struct shape {
	uint16_t head, each;
};

struct asm_btf {
	const struct asm_btf *base;	/* NULL: it continues nothing */
	uint32_t base_types, base_strings; /* that it has; 0 without */
	const uint8_t *types, *strings;	/* the caller's */
	uint32_t types_len, strings_len;
	uint32_t ntypes;		/* ids are 1 to ntypes, those of the base included */
	bool swap;			/* not in this machine's byte order */
	struct shape shapes[KINDS];
	uint32_t anchors[];		/* offset in types of its own types 1, 1 + STRIDE, ... */
};

struct type {
	const uint8_t *at;		/* NULL for void */
	uint32_t name, kind, vlen, arg;	/* arg: size or type id */
	bool kflag;
};

/* Part of a path; not NUL-terminated. */
struct word {
	const char *s;
	size_t len;
};

static uint32_t load32(const struct asm_btf *btf, const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return btf->swap ? __builtin_bswap32(v) : v;
}

static bool is_one_of(uint32_t mask, uint32_t kind)
{
	return kind < 32 && (mask >> kind & 1);
}

/* ---- types ---- */

static struct type type_at(const struct asm_btf *btf, const uint8_t *p)
{
	uint32_t info = load32(btf, p + 4);

	return (struct type){ .at = p, .name = load32(btf, p), .kind = info >> 24 & 0x7f,
			      .vlen = info & 0xffffff, .arg = load32(btf, p + 8),
			      .kflag = info >> 31 };
}

static uint32_t type_bytes(const struct asm_btf *btf, const struct type *t)
{
	struct shape shape = btf->shapes[t->kind];

	return shape.head + t->vlen * shape.each;
}

/*
 * Go on to the n-th of its own types, from the one before it. Starting over at each anchor lets the
 * CPU work on several stretches at once.
 */
static void type_next(const struct asm_btf *btf, uint32_t n, struct type *t)
{
	if (n % STRIDE == 1)
		*t = type_at(btf, btf->types + btf->anchors[n / STRIDE]);
	else
		*t = type_at(btf, t->at + type_bytes(btf, t));
}

/* The n-th u32 behind the common bytes; the type's shape must have it. */
static uint32_t type_extra(const struct asm_btf *btf, const struct type *t, size_t n)
{
	return load32(btf, t->at + TYPE_BYTES + 4 * n);
}

/* The data that has the type itself. */
static const struct asm_btf *owner(const struct asm_btf *btf, uint32_t id)
{
	while (btf->base && id <= btf->base_types)
		btf = btf->base;
	return btf;
}

static bool type_by_id(const struct asm_btf *btf, uint32_t id, struct type *t)
{
	if (id == VOID) {
		*t = (struct type){ .kind = VOID };
		return true;
	}
	if (id > btf->ntypes)
		return false;
	btf = owner(btf, id);
	id -= btf->base_types;
	for (uint32_t i = id - (id - 1) % STRIDE; i <= id; i++)
		type_next(btf, i, t);
	return true;
}

/* A name, or "" when there is none or it lies outside the strings. */
static const char *string_at(const struct asm_btf *btf, uint32_t off)
{
	if (off < btf->base_strings)
		return string_at(btf->base, off);
	off -= btf->base_strings;
	return off < btf->strings_len ? (const char *)btf->strings + off : "";
}

/* Go on to what is left of a type without typedefs and qualifiers; false: that does not end. */
static bool strip_to(const struct asm_btf *btf, uint32_t *id, struct type *t)
{
	for (int i = 0; i < MOST_CHAIN; i++, *id = t->arg) {
		if (!type_by_id(btf, *id, t))
			return false;
		if (!is_one_of(transparent, t->kind))
			return true;
	}
	return false;
}

static bool strip(const struct asm_btf *btf, uint32_t id, struct type *t)
{
	return strip_to(btf, &id, t);
}

/* Bytes of a type, of an array all of it; false when it has no size. */
static bool size_of(const struct asm_btf *btf, uint32_t id, uint64_t *size)
{
	struct type t;

	*size = 1;
	for (int i = 0; i < MOST_CHAIN && strip(btf, id, &t); i++) {
		if (t.kind == ASM_BTF_PTR || is_one_of(sized, t.kind)) {
			*size *= t.kind == ASM_BTF_PTR ? POINTER_BYTES : t.arg;
			return *size <= UINT32_MAX;
		}
		if (t.kind != ASM_BTF_ARRAY)
			return false;
		*size *= type_extra(btf, &t, 2);
		if (*size > UINT32_MAX)
			return false;
		id = type_extra(btf, &t, 0);
	}
	return false;
}

static bool is_named(const struct asm_btf *btf, const struct type *t, struct word name)
{
	const char *s = string_at(btf, t->name);

	return !strncmp(s, name.s, name.len) && !s[name.len];
}

typedef bool name_fn(const struct asm_btf *btf, const struct type *t, struct word name);

/*
 * The first of its own types behind an id that has one of these kinds and that name; VOID when
 * there is none.
 */
static uint32_t scan_from(const struct asm_btf *btf, uint32_t id, uint32_t mask, struct word name,
			  name_fn *matches)
{
	uint32_t n = id > btf->base_types ? id - btf->base_types : 0;
	struct type t = { .at = NULL };

	if (!name.len || !type_by_id(btf, id, &t))
		return VOID;
	while (n++ < btf->ntypes - btf->base_types) {
		type_next(btf, n, &t);
		if (is_one_of(mask, t.kind) && *string_at(btf, t.name) == *name.s &&
		    matches(btf, &t, name))
			return btf->base_types + n;
	}
	return VOID;
}

static uint32_t scan(const struct asm_btf *btf, uint32_t mask, struct word name)
{
	return scan_from(btf, VOID, mask, name, is_named);
}

/* ---- opening ---- */

struct section {
	const uint8_t *start;
	uint32_t len;
};

/* The section whose offset and length are at `field` of the header; offsets count from its end. */
static bool section(const struct asm_btf *btf, const uint8_t *data, size_t len, size_t field,
		    struct section *out)
{
	uint32_t header = load32(btf, data + 4), off = load32(btf, data + field);

	out->len = load32(btf, data + field + 4);
	if (header > len || off > len - header || out->len > len - header - off)
		return false;
	out->start = data + header + off;
	return true;
}

/*
 * Built-in kinds keep their shape; the data may describe newer ones, to be stepped over. The header
 * is known to be all there.
 */
static bool read_shapes(struct asm_btf *btf, const uint8_t *data, size_t len)
{
	struct section layout = { NULL, 0 };
	uint32_t kind;

	for (kind = 1; kind <= ASM_BTF_ENUM64; kind++)
		btf->shapes[kind] = (struct shape){ TYPE_BYTES + kinds[kind].fixed,
						    kinds[kind].each };
	if (load32(btf, data + 4) >= LAYOUT_HEADER_BYTES &&
	    !section(btf, data, len, HEADER_BYTES, &layout))
		return false;
	for (; kind < KINDS && kind < layout.len / LAYOUT_BYTES; kind++) {
		const uint8_t *row = layout.start + kind * LAYOUT_BYTES;

		btf->shapes[kind] = (struct shape){ TYPE_BYTES + row[0], row[1] };
	}
	return true;
}

/* Strings begin with an empty one, unless they continue others, and end with a NUL. */
static bool read_strings(struct asm_btf *btf, struct section strings)
{
	btf->strings = strings.start;
	btf->strings_len = strings.len;
	if (!strings.len || strings.len > UINT32_MAX - btf->base_strings)
		return !strings.len && btf->base;
	return (btf->base || !strings.start[0]) && !strings.start[strings.len - 1];
}

static bool read_header(struct asm_btf *btf, const uint8_t *data, size_t len)
{
	struct section types, strings;
	uint16_t magic;

	if (len < HEADER_BYTES)
		return false;
	memcpy(&magic, data, sizeof(magic));
	btf->swap = magic == __builtin_bswap16(MAGIC);
	if ((magic != MAGIC && !btf->swap) || data[2] != VERSION ||
	    load32(btf, data + 4) < HEADER_BYTES ||
	    !section(btf, data, len, 8, &types) || !section(btf, data, len, 16, &strings))
		return false;
	if (!read_strings(btf, strings) || (btf->base && btf->base->swap != btf->swap))
		return false;
	btf->types = types.start;
	btf->types_len = types.len;
	return read_shapes(btf, data, len);
}

static bool index_types(struct asm_btf *btf)
{
	uint32_t off = 0, n = 0;

	while (off < btf->types_len) {
		uint32_t left = btf->types_len - off, bytes;
		struct type t;

		if (left < TYPE_BYTES)
			return false;
		__builtin_prefetch(btf->types + off + (left > AHEAD ? AHEAD : 0));
		t = type_at(btf, btf->types + off);
		bytes = type_bytes(btf, &t);
		if (!btf->shapes[t.kind].head || bytes > left ||
		    t.name >= (uint64_t)btf->base_strings + btf->strings_len)
			return false;
		if (n++ % STRIDE == 0)
			btf->anchors[n / STRIDE] = off;
		off += bytes;
	}
	btf->ntypes = btf->base_types + n;
	return true;
}

int asm_btf_open_split(const void *data, size_t len, const struct asm_btf *base,
		       struct asm_btf **out)
{
	struct asm_btf head, *btf;
	size_t anchors;

	*out = NULL;
	memset(&head, 0, sizeof(head));
	head.base = base;
	if (base) {
		head.base_types = base->ntypes;
		head.base_strings = base->base_strings + base->strings_len;
	}
	if (!read_header(&head, data, len))
		return -EINVAL;
	anchors = head.types_len / TYPE_BYTES / STRIDE + 1;
	btf = malloc(sizeof(*btf) + anchors * sizeof(btf->anchors[0]));
	if (!btf)
		return -ENOMEM;
	*btf = head;
	if (!index_types(btf)) {
		free(btf);
		return -EINVAL;
	}
	*out = btf;
	return 0;
}

int asm_btf_open(const void *data, size_t len, struct asm_btf **out)
{
	return asm_btf_open_split(data, len, NULL, out);
}

void asm_btf_close(struct asm_btf *btf)
{
	free(btf);
}

int32_t asm_btf_find_own(const struct asm_btf *btf, enum asm_btf_kind kind, const char *name)
{
	uint32_t id = VOID;

	if ((uint32_t)kind < 32)
		id = scan(btf, 1u << kind, (struct word){ name, strlen(name) });
	return id == VOID ? -ENOENT : (int32_t)id;
}

int32_t asm_btf_find(const struct asm_btf *btf, enum asm_btf_kind kind, const char *name)
{
	int32_t id = -ENOENT;

	for (; btf && id < 0; btf = btf->base)
		id = asm_btf_find_own(btf, kind, name);
	return id;
}

void asm_btf_names(const struct asm_btf *btf, enum asm_btf_kind kind,
		   bool (*fn)(void *arg, const char *name), void *arg)
{
	struct type t = { .at = NULL };

	for (uint32_t n = 1; n <= btf->ntypes - btf->base_types; n++) {
		type_next(btf, n, &t);
		if (t.kind == (uint32_t)kind && *string_at(btf, t.name) &&
		    !fn(arg, string_at(btf, t.name)))
			return;
	}
}

/* ---- one by one ---- */

uint32_t btfview_count(const struct asm_btf *btf)
{
	return btf->ntypes;
}

bool btfview_type(const struct asm_btf *btf, uint32_t id, struct btfview_type *out)
{
	struct type t = { .at = NULL };

	if (!type_by_id(btf, id, &t))
		return false;
	btf = owner(btf, id);
	*out = (struct btfview_type){ .kind = t.kind, .vlen = t.vlen, .arg = t.arg,
				      .name = string_at(btf, t.name), .name_at = t.name,
				      .words = (type_bytes(btf, &t) - TYPE_BYTES) / 4,
				      .kflag = t.kflag, .at = t.at };
	return true;
}

uint32_t btfview_word(const struct asm_btf *btf, const struct btfview_type *type, uint32_t n)
{
	return load32(btf, type->at + TYPE_BYTES + 4 * (size_t)n);
}

const char *btfview_string(const struct asm_btf *btf, uint32_t offset)
{
	return string_at(btf, offset);
}

uint32_t asm_btf_count(const struct asm_btf *btf)
{
	return btf->ntypes;
}

bool asm_btf_raw(const struct asm_btf *btf, uint32_t id, struct asm_btf_raw *out)
{
	struct type t = { .at = NULL };

	memset(out, 0, sizeof(*out));
	out->name = "";
	if (!type_by_id(btf, id, &t))
		return false;
	btf = owner(btf, id);
	if (t.kind != VOID)
		*out = (struct asm_btf_raw){ .kind = t.kind, .vlen = t.vlen, .arg = t.arg,
					     .name = string_at(btf, t.name), .kflag = t.kflag,
					     .words = (type_bytes(btf, &t) - TYPE_BYTES) / 4,
					     .at = t.at };
	return true;
}

uint32_t asm_btf_word(const struct asm_btf *btf, const struct asm_btf_raw *raw, uint32_t n)
{
	return n < raw->words ? load32(btf, raw->at + TYPE_BYTES + 4 * (size_t)n) : 0;
}

const char *asm_btf_string(const struct asm_btf *btf, uint32_t offset)
{
	return string_at(btf, offset);
}

const char *btfview_strings(const struct asm_btf *btf, uint32_t *len)
{
	*len = btf->strings_len;
	return (const char *)btf->strings;
}

size_t btfview_plain(const char *name)
{
	size_t len = strlen(name), at;

	for (at = len; at >= FLAVOUR_BYTES; at--)
		if (!strncmp(name + at - FLAVOUR_BYTES + 1, "___", 3) &&
		    name[at - FLAVOUR_BYTES] != '_' && name[at - 1] != '_')
			return at - FLAVOUR_BYTES + 1;
	return len;
}

static bool is_plainly_named(const struct asm_btf *btf, const struct type *t, struct word name)
{
	const char *s = string_at(btf, t->name);

	return !strncmp(s, name.s, name.len) && btfview_plain(s) == name.len;
}

uint32_t btfview_next(const struct asm_btf *btf, uint32_t id, uint32_t mask, const char *name)
{
	return scan_from(btf, id, mask, (struct word){ name, btfview_plain(name) },
			 is_plainly_named);
}

bool asm_btf_size(const struct asm_btf *btf, uint32_t id, uint64_t *size)
{
	return size_of(btf, id, size);
}

/* ---- a path ---- */

/* Where a path has led to, and what it says from there on. */
struct walk {
	const struct asm_btf *btf;
	const char *path, *rest;
	uint32_t id;			/* of the type here */
	struct type type;		/* the same, stripped */
	uint64_t offset;		/* bytes from the start of the first type */
	bool last;			/* last member of its struct: an array may go on past it */
	uint32_t budget;		/* members still to look at */
	char *why;
	size_t why_size;
	uint32_t trail[MOST_NESTING];	/* the member visited: its index, behind those around it */
	size_t ntrail;
	uint32_t *steps;		/* NULL: nobody asked for them */
	size_t nsteps, steps_room;	/* nsteps may count more than there is room for */
};

static void print_why(struct walk *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Append to the reason. Names come from the data: only text may get through. */
static void print_why(struct walk *w, const char *fmt, ...)
{
	va_list ap;

	if (!w->why_size)
		return;
	va_start(ap, fmt);
	vsnprintf(w->why, w->why_size, fmt, ap);
	va_end(ap);
	for (; *w->why; w->why++, w->why_size--)
		if (*w->why < ' ' || *w->why > '~')
			*w->why = '?';
}

static int path_len(const struct walk *w, const char *end)
{
	return end - w->path < MOST_PATH ? (int)(end - w->path) : MOST_PATH;
}

/* The precision and string for "%.*s": the path up to here. */
#define HERE(w) path_len(w, (w)->rest), (w)->path

static void describe(const struct asm_btf *btf, const struct type *t, char buf[MOST_WHAT])
{
	const char *name = string_at(btf, t->name);
	const char *word = t->kind <= ASM_BTF_ENUM64 ? kinds[t->kind].word : "of an unknown kind";

	if (t->kind == VOID || !*name)
		snprintf(buf, MOST_WHAT, "%s", word);
	else if (is_one_of(tagged, t->kind))
		snprintf(buf, MOST_WHAT, "%s %.*s", word, MOST_WORD, name);
	else
		snprintf(buf, MOST_WHAT, "%.*s", MOST_WORD, name);
}

/* The walk goes on in a type, which the path so far has led to. */
static bool enter(struct walk *w, uint32_t id)
{
	w->id = id;
	if (w->offset > UINT32_MAX) {
		print_why(w, "'%.*s' is more than 4 GiB away from its start", HERE(w));
		return false;
	}
	if (!strip(w->btf, id, &w->type)) {
		print_why(w, "the BTF is damaged: the type of '%.*s' cannot be followed", HERE(w));
		return false;
	}
	return true;
}

/* ---- members ---- */

struct member {
	const char *name;
	uint32_t type;
	uint64_t bit;			/* from the start of the struct that was visited */
	uint32_t width;			/* bits of a bitfield; 0: it is none */
	bool last;
};

typedef bool member_fn(void *arg, const struct member *m);

static struct member member_at(const struct asm_btf *btf, const struct type *t, uint32_t i)
{
	size_t at = (size_t)i * (MEMBER_BYTES / 4);
	uint32_t place = type_extra(btf, t, at + 2);

	return (struct member){ .name = string_at(btf, type_extra(btf, t, at)),
				.type = type_extra(btf, t, at + 1),
				.bit = t->kflag ? place & 0xffffff : place,
				.width = t->kflag ? place >> 24 : 0,
				.last = i + 1 == t->vlen };
}

struct visit {
	struct walk *walk;
	member_fn *fn;
	void *arg;
	uint64_t bit;			/* where the struct starts in the outermost one */
	int depth;
};

/* False when fn said so, or when the data makes it look too long. */
static bool visit_from(const struct visit *v, const struct type *t)
{
	for (uint32_t i = 0; i < t->vlen; i++) {
		struct member m = member_at(v->walk->btf, t, i);
		struct visit inner = *v;
		struct type type;

		if (!v->walk->budget)
			return false;
		v->walk->budget--;
		m.bit += v->bit;
		v->walk->trail[v->depth] = i;
		v->walk->ntrail = (size_t)v->depth + 1;
		inner.bit = m.bit;
		inner.depth++;
		if (*m.name) {
			if (!v->fn(v->arg, &m))
				return false;
		} else if (inner.depth < MOST_NESTING && strip(v->walk->btf, m.type, &type) &&
			   is_one_of(aggregates, type.kind) && !visit_from(&inner, &type)) {
			return false;
		}
	}
	return true;
}

/* Each named member of a struct or union, those of anonymous members too, until fn says false. */
static void visit(struct walk *w, const struct type *t, member_fn *fn, void *arg)
{
	struct visit v = { .walk = w, .fn = fn, .arg = arg };

	visit_from(&v, t);
}

struct member_search {
	struct word name;
	struct member found;		/* name NULL: not found */
};

static bool match_member(void *arg, const struct member *m)
{
	struct member_search *search = arg;
	struct word name = search->name;

	if (strncmp(m->name, name.s, name.len) || m->name[name.len])
		return true;
	search->found = *m;
	return false;
}

static bool find_member(struct walk *w, const struct type *t, struct word name, struct member *out)
{
	struct member_search search = { .name = name };

	visit(w, t, match_member, &search);
	*out = search.found;
	return out->name != NULL;
}

/* ---- near names ---- */

/* Always true: for asm_btf_names(). */
static bool offer_name(void *near, const char *name)
{
	asm_near_offer(near, name, strnlen(name, ASM_NEAR_NAME));
	return true;
}

static bool offer_member(void *near, const struct member *m)
{
	return offer_name(near, m->name);
}

static void print_near(struct walk *w, const struct asm_near *near)
{
	char text[ASM_NEAR_TEXT];

	print_why(w, "%s", asm_near_text(near, text));
}

/* ---- a step of the path ---- */

static bool fail_no_type(struct walk *w, struct word name)
{
	struct asm_near near;

	if (scan(w->btf, BIT(FWD), name) != VOID) {
		print_why(w, "the BTF declares a struct or union '%.*s' but has no fields of it",
			  HERE(w));
		return false;
	}
	asm_near_start(&near, name.s, name.len);
	for (const struct asm_btf *btf = w->btf; btf; btf = btf->base) {
		asm_btf_names(btf, ASM_BTF_STRUCT, offer_name, &near);
		asm_btf_names(btf, ASM_BTF_UNION, offer_name, &near);
		asm_btf_names(btf, ASM_BTF_TYPEDEF, offer_name, &near);
	}
	print_why(w, "the BTF has no struct, union or typedef '%.*s'", HERE(w));
	print_near(w, &near);
	return false;
}

struct inner_search {
	struct walk *walk;
	struct word name;
	const char *in;			/* member that has it; NULL: none */
};

static bool match_inner(void *arg, const struct member *m)
{
	struct inner_search *search = arg;
	struct walk *w = search->walk;
	struct member found;
	struct type t;

	if (strip(w->btf, m->type, &t) && is_one_of(aggregates, t.kind) &&
	    find_member(w, &t, search->name, &found))
		search->in = m->name;
	return !search->in;
}

/* A macro of the kernel often hides a level (sk_daddr): look one down before guessing. */
static bool fail_no_field(struct walk *w, struct word name)
{
	struct inner_search inner = { .walk = w, .name = name };
	struct asm_near near;
	int len = name.len < MOST_WORD ? (int)name.len : MOST_WORD;
	char what[MOST_WHAT];

	describe(w->btf, &w->type, what);
	if (*string_at(w->btf, w->type.name))
		print_why(w, "%s has no field '%.*s'", what, len, name.s);
	else
		print_why(w, "'%.*s' (%s) has no field '%.*s'", HERE(w), what, len, name.s);
	visit(w, &w->type, match_inner, &inner);
	if (inner.in) {
		print_why(w, "; did you mean '%.*s.%.*s'?", MOST_WORD, inner.in, len, name.s);
		return false;
	}
	asm_near_start(&near, name.s, name.len);
	visit(w, &w->type, offer_member, &near);
	print_near(w, &near);
	return false;
}

/* The path wants to look behind a pointer: say so, and what to write instead. */
static bool fail_pointer(struct walk *w)
{
	struct type to;

	print_why(w, "'%.*s' is a pointer: the program must read it", HERE(w));
	if (*w->rest == '.' && strip(w->btf, w->type.arg, &to) &&
	    is_one_of(aggregates, to.kind) && *string_at(w->btf, to.name))
		print_why(w, ", then go on with '%.*s%.*s'", MOST_WORD,
			  string_at(w->btf, to.name), MOST_PATH, w->rest);
	return false;
}

static bool fail_no_struct(struct walk *w)
{
	char what[MOST_WHAT];

	if (w->type.kind == ASM_BTF_PTR)
		return fail_pointer(w);
	if (w->type.kind == ASM_BTF_ARRAY) {
		print_why(w, "'%.*s' is an array: name an element of it, as in '%.*s[0]%.*s'",
			  HERE(w), HERE(w), MOST_PATH, w->rest);
		return false;
	}
	describe(w->btf, &w->type, what);
	print_why(w, "'%.*s' is %s, not a struct or union", HERE(w), what);
	return false;
}

/* Before there was a flag for bitfields, the integer type of one said so: see through that. */
static bool is_bitfield(const struct asm_btf *btf, struct member *m)
{
	struct type t;
	uint32_t bits;

	if (!m->width && strip(btf, m->type, &t) && t.kind == ASM_BTF_INT) {
		bits = type_extra(btf, &t, 0);
		m->bit += bits >> 16 & 0xff;
		if ((bits & 0xff) != (uint64_t)t.arg * 8)
			m->width = bits & 0xff;
	}
	return m->width || m->bit % 8;
}

static bool fail_bitfield(struct walk *w, const struct member *m)
{
	print_why(w, "'%.*s' is a bitfield", HERE(w));
	if (m->width)
		print_why(w, " of %u bit%s", m->width, m->width == 1 ? "" : "s");
	print_why(w, " from bit %u of byte %llu on: load the bytes around it, then shift and mask",
		  (unsigned int)(m->bit % 8), (unsigned long long)(w->offset + m->bit / 8));
	return false;
}

/* ".NAME" or, at the start, "NAME": what stands behind it is the rest. */
static bool take_name(struct walk *w, struct word *name)
{
	const char *s = w->rest + (*w->rest == '.' && w->rest > w->path);

	*name = (struct word){ s, strcspn(s, ".[") };
	if (!name->len)
		print_why(w, "a name is missing in '%.*s' after '%.*s'", MOST_PATH, w->path,
			  path_len(w, s), w->path);
	return name->len;
}

static void take_step(struct walk *w, uint32_t index)
{
	if (w->nsteps < w->steps_room)
		w->steps[w->nsteps] = index;
	w->nsteps++;
}

static bool step_member(struct walk *w)
{
	struct member m;
	struct word name;

	if (!take_name(w, &name))
		return false;
	if (!is_one_of(aggregates, w->type.kind))
		return fail_no_struct(w);
	if (!find_member(w, &w->type, name, &m))
		return fail_no_field(w, name);
	w->rest = name.s + name.len;
	if (is_bitfield(w->btf, &m))
		return fail_bitfield(w, &m);
	for (size_t i = 0; i < w->ntrail; i++)
		take_step(w, w->trail[i]);
	w->offset += m.bit / 8;
	w->last = m.last;
	return enter(w, m.type);
}

/* The decimal number of "[N]"; *end is behind it. */
static bool take_index(const char *s, uint32_t *index, const char **end)
{
	uint64_t n = 0;

	for (*end = s + 1; **end >= '0' && **end <= '9' && n <= UINT32_MAX; ++*end)
		n = n * 10 + (uint64_t)(**end - '0');
	*index = (uint32_t)n;
	return *end > s + 1 && n <= UINT32_MAX && *(*end)++ == ']';
}

/* The bound of an array; before C had a word for it, [1] at the end of a struct meant any. */
static uint64_t array_bound(const struct walk *w)
{
	uint32_t n = type_extra(w->btf, &w->type, 2);

	return n == 0 || (n == 1 && w->last) ? UINT64_MAX : n;
}

static bool fail_index(struct walk *w, uint32_t index)
{
	uint32_t n = type_extra(w->btf, &w->type, 2);

	print_why(w, "'%.*s' has %u element%s: there is no [%u]", HERE(w), n, n == 1 ? "" : "s",
		  index);
	return false;
}

static bool step_index(struct walk *w)
{
	uint32_t index, element;
	const char *end;
	uint64_t size;

	if (!take_index(w->rest, &index, &end)) {
		print_why(w, "what follows '%.*s' is not [N] with a number of 32 bits", HERE(w));
		return false;
	}
	if (w->type.kind == ASM_BTF_PTR)
		return fail_pointer(w);
	if (w->type.kind != ASM_BTF_ARRAY) {
		print_why(w, "'%.*s' is not an array", HERE(w));
		return false;
	}
	if (index >= array_bound(w))
		return fail_index(w, index);
	element = type_extra(w->btf, &w->type, 0);
	if (!size_of(w->btf, element, &size)) {
		print_why(w, "an element of '%.*s' has no size", HERE(w));
		return false;
	}
	w->rest = end;
	take_step(w, index);
	w->offset += size * index;
	w->last = false;
	return enter(w, element);
}

/* The type that the path starts with: a struct or union, or else a typedef; its own come first. */
static bool start(struct walk *w, uint32_t *root)
{
	struct word name;
	uint32_t id = VOID;

	if (!take_name(w, &name))
		return false;
	w->rest = name.s + name.len;
	for (const struct asm_btf *btf = w->btf; btf && id == VOID; btf = btf->base) {
		id = scan(btf, aggregates, name);
		if (id == VOID)
			id = scan(btf, BIT(TYPEDEF), name);
	}
	if (id == VOID)
		return fail_no_type(w, name);
	*root = id;
	if (!enter(w, id))
		return false;
	if (!*w->rest) {
		print_why(w, "'%.*s' is a type: write TYPE.FIELD", HERE(w));
		return false;
	}
	return true;
}

static bool step(struct walk *w)
{
	if (*w->rest == '.')
		return step_member(w);
	if (*w->rest == '[')
		return step_index(w);
	print_why(w, "'.' or the end must follow '%.*s'", HERE(w));
	return false;
}

static bool follow(struct walk *w, uint32_t *root)
{
	if (!start(w, root))
		return false;
	while (*w->rest)
		if (!step(w))
			return false;
	return true;
}

bool asm_btf_field(const struct asm_btf *btf, const char *path, struct asm_kfield *out,
		   char *why, size_t why_size)
{
	struct walk w = { .btf = btf, .path = path, .rest = path, .budget = MOST_MEMBERS,
			  .why = why, .why_size = why_size };
	uint64_t size;
	uint32_t root;

	if (!follow(&w, &root))
		return false;
	if (!size_of(btf, w.id, &size)) {
		print_why(&w, "'%.*s' has no size", HERE(&w));
		return false;
	}
	*out = (struct asm_kfield){ .offset = (uint32_t)w.offset, .size = (uint32_t)size };
	return true;
}

/* ---- for those who copy types ---- */

int asm_btf_steps(const struct asm_btf *btf, const char *path, uint32_t *root, uint32_t *steps,
		  size_t room)
{
	struct walk w = { .btf = btf, .path = path, .rest = path, .budget = MOST_MEMBERS,
			  .steps = steps, .steps_room = room };

	if (!follow(&w, root))
		return -EINVAL;
	return w.nsteps > room ? -E2BIG : (int)w.nsteps;
}

bool asm_btf_type(const struct asm_btf *btf, uint32_t id, struct asm_btf_type *out)
{
	struct type t;

	if (!strip_to(btf, &id, &t) || t.kind > ASM_BTF_ENUM64)
		return false;
	*out = (struct asm_btf_type){ .id = id, .kind = (enum asm_btf_kind)t.kind,
				      .name = string_at(btf, t.kind == VOID ? 0 : t.name),
				      .arg = t.arg, .count = t.vlen };
	if (is_one_of(BIT(ENUM) | BIT(ENUM64), t.kind))
		out->encoding = t.kflag;
	if (t.kind == ASM_BTF_INT) {
		out->encoding = type_extra(btf, &t, 0) >> 24 & 0xf;
		out->count = type_extra(btf, &t, 0) & 0xff;
	}
	if (t.kind == ASM_BTF_ARRAY) {
		out->arg = type_extra(btf, &t, 0);
		out->count = type_extra(btf, &t, 2);
	}
	out->is_union = t.kind == ASM_BTF_UNION || (t.kind == ASM_BTF_FWD && t.kflag);
	return true;
}

bool asm_btf_member(const struct asm_btf *btf, uint32_t id, uint32_t index,
		    struct asm_btf_member *out)
{
	struct type t = { .at = NULL };
	struct member m;
	size_t words;

	if (!type_by_id(btf, id, &t) || index >= t.vlen)
		return false;
	if (is_one_of(aggregates, t.kind)) {
		m = member_at(btf, &t, index);
		*out = (struct asm_btf_member){ .name = m.name, .arg = m.type,
						.bit = (uint32_t)m.bit,
						.width = m.width };
		return true;
	}
	if (!is_one_of(BIT(FUNC_PROTO) | BIT(ENUM) | BIT(ENUM64) | BIT(DATASEC), t.kind))
		return false;
	words = kinds[t.kind].each / 4;
	memset(out, 0, sizeof(*out));
	if (t.kind == ASM_BTF_DATASEC) {
		out->name = "";
		out->arg = type_extra(btf, &t, words * index);
		out->bit = 8 * type_extra(btf, &t, words * index + 1);
		return true;
	}
	out->name = string_at(btf, type_extra(btf, &t, words * index));
	out->arg = type_extra(btf, &t, words * index + 1);
	if (t.kind == ASM_BTF_ENUM64)
		out->high = type_extra(btf, &t, words * index + 2);
	return true;
}
