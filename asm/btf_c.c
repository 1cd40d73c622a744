/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * btf_c.c - types in the order that C wants them in, and each as C declares it.
 *
 * What lies in a struct must be defined before it; what it points to must be declared, or, when it
 * has no name, is defined in it. order() finds what must stand before a type, put_type() what must
 * be declared before it is. Order, spaces and the numbers behind names that are taken are those of
 * bpftool. Ids come from data that nobody has checked: find_referred() does, once.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "asm.h"

enum {
	MOST_DEPTH = 256,	/* types in each other */
	MOST_VISITS = 100,	/* to one type, on average; and so many of none */
	SPARE_VISITS = 1000000,
	BYTE = 8,		/* bits */
};

enum progress { NOT_YET, UNDER_WAY, DONE };

/* What is known of a type. */
struct state {
	uint32_t nth;		/* of its name; 0: it has none yet */
	uint8_t order, put;	/* enum progress */
	uint8_t align;		/* bytes; 0: not known */
	bool referred;		/* by another type */
	bool declared, queued;
};

/* Tags are names of their own; those of typedefs and enumerators are not. */
enum space { TAGS = 1, IDENTIFIERS };

struct name {
	const char *text;
	uint32_t space, count;
};

struct header {
	FILE *out;
	const struct asm_btf *btf;
	struct state *states;	/* by id */
	struct name *names;	/* a hash table of mask + 1 */
	size_t mask;
	uint32_t *queue;	/* what must stand before the type at hand, and this */
	size_t queued;
	uint64_t visits;	/* still to go */
	unsigned int depth;
	uint32_t at;
	int err;
};

/* ---- what a type is made of ---- */

static const struct {
	bool arg;		/* its arg is an id */
	uint8_t first, step;	/* of the words that are, if any are */
} refs[] = {
	[ASM_BTF_PTR] = { true, 0, 0 }, [ASM_BTF_TYPEDEF] = { true, 0, 0 },
	[ASM_BTF_VOLATILE] = { true, 0, 0 }, [ASM_BTF_CONST] = { true, 0, 0 },
	[ASM_BTF_RESTRICT] = { true, 0, 0 }, [ASM_BTF_TYPE_TAG] = { true, 0, 0 },
	[ASM_BTF_FUNC] = { true, 0, 0 }, [ASM_BTF_VAR] = { true, 0, 0 },
	[ASM_BTF_DECL_TAG] = { true, 0, 0 }, [ASM_BTF_ARRAY] = { false, 0, 1 },
	[ASM_BTF_STRUCT] = { false, 1, 3 }, [ASM_BTF_UNION] = { false, 1, 3 },
	[ASM_BTF_FUNC_PROTO] = { true, 1, 2 }, [ASM_BTF_DATASEC] = { false, 0, 3 },
	[ASM_BTF_ENUM64] = { false, 0, 0 },	/* the last kind */
};

static bool is_one_of(uint32_t mask, uint32_t kind)
{
	return kind < 32 && (mask >> kind & 1);
}

#define BIT(kind) (UINT32_C(1) << ASM_BTF_##kind)

static const uint32_t aggregates = BIT(STRUCT) | BIT(UNION);
static const uint32_t enums = BIT(ENUM) | BIT(ENUM64);
static const uint32_t qualifiers = BIT(CONST) | BIT(VOLATILE) | BIT(RESTRICT);
static const uint32_t bent = BIT(ARRAY) | BIT(FUNC_PROTO); /* stand around a name */

static struct asm_btf_raw type_of(const struct header *h, uint32_t id)
{
	struct asm_btf_raw type;

	if (!asm_btf_raw(h->btf, id, &type))
		memset(&type, 0, sizeof(type));
	return type;
}

/* How many ids of others a type has. */
static uint32_t ref_count(const struct asm_btf_raw *t)
{
	if (t->kind > ASM_BTF_ENUM64)
		return 0;
	if (t->kind == ASM_BTF_ARRAY)
		return 2;
	return refs[t->kind].arg + (refs[t->kind].step ? t->vlen : 0);
}

static uint32_t ref(const struct header *h, const struct asm_btf_raw *t, uint32_t i)
{
	if (refs[t->kind].arg && i-- == 0)
		return t->arg;
	return asm_btf_word(h->btf, t, refs[t->kind].first + i * refs[t->kind].step);
}

/* Go one type deeper, unless something is wrong; what comes back from there undoes it. */
static bool descend(struct header *h, uint32_t id)
{
	if (!h->err && (h->depth == MOST_DEPTH || !h->visits)) {
		h->err = -E2BIG;
		h->at = id;
	}
	if (h->err)
		return false;
	h->visits--;
	h->depth++;
	return true;
}

/* Mark what others refer to; what they do not refer to must be there, too. */
static int find_referred(struct header *h, uint32_t count, size_t *names)
{
	for (uint32_t id = 1; id <= count; id++) {
		struct asm_btf_raw t = type_of(h, id);

		for (uint32_t i = 0; i < ref_count(&t); i++) {
			uint32_t to = ref(h, &t, i);

			h->at = id;
			if (to > count)
				return -EINVAL;
			h->states[to].referred = true;
		}
		*names += 1 + (is_one_of(enums, t.kind) ? t.vlen : 0);
	}
	h->at = 0;
	return 0;
}

/* ---- names ---- */

/* A name is used once more: how often it is now. */
static uint32_t name_count(struct header *h, enum space space, const char *text)
{
	uint32_t hash = 2166136261u;	/* FNV-1a */
	struct name *name;

	for (const char *s = text; *s; s++)
		hash = (hash ^ (uint8_t)*s) * 16777619u;
	for (;; hash++) {
		name = &h->names[(hash ^ space) & h->mask];
		if (!name->space || (name->space == space && !strcmp(name->text, text)))
			break;
	}
	name->text = text;
	name->space = space;
	return ++name->count;
}

static void put_name(const struct header *h, const char *text, uint32_t nth)
{
	fputs(text, h->out);
	if (nth > 1)
		fprintf(h->out, "___%" PRIu32, nth);
}

/* The tag or typedef's name. What is declared alone has that of what it declares. */
static void put_own_name(struct header *h, uint32_t id, const struct asm_btf_raw *t)
{
	struct state *s = &h->states[id];
	bool declares = t->kind == ASM_BTF_FWD || (t->kind == ASM_BTF_ENUM && !t->vlen);

	if (!s->nth)
		s->nth = declares ? 1 : name_count(h, t->kind == ASM_BTF_TYPEDEF ? IDENTIFIERS :
						   TAGS, t->name);
	put_name(h, t->name, s->nth);
}

static void put_tag(struct header *h, uint32_t id, const struct asm_btf_raw *t)
{
	bool is_union = t->kind == ASM_BTF_UNION || (t->kind == ASM_BTF_FWD && t->kflag);

	fputs(is_one_of(enums, t->kind) ? "enum" : is_union ? "union" : "struct", h->out);
	if (!*t->name)
		return;
	putc(' ', h->out);
	put_own_name(h, id, t);
}

static void put_indent(const struct header *h, unsigned int level)
{
	putc('\n', h->out);
	for (; level; level--)
		putc('\t', h->out);
}

/* ---- layout ---- */

struct member {
	const char *name;
	uint32_t type, bit, width;	/* width 0: no bitfield */
};

static struct member member_at(const struct header *h, const struct asm_btf_raw *t, uint32_t i)
{
	uint32_t place = asm_btf_word(h->btf, t, 3 * i + 2);

	return (struct member){ asm_btf_string(h->btf, asm_btf_word(h->btf, t, 3 * i)),
				asm_btf_word(h->btf, t, 3 * i + 1),
				t->kflag ? place & 0xffffff : place, t->kflag ? place >> 24 : 0 };
}

static uint32_t align_of(struct header *h, uint32_t id);

/* Of a struct or union what its members give it; 0: they are not where it would put them. */
static uint32_t align_of_members(struct header *h, const struct asm_btf_raw *t)
{
	uint32_t align, most = 1;

	for (uint32_t i = 0; i < t->vlen; i++) {
		struct member m = member_at(h, t, i);

		align = align_of(h, m.type);
		if (!m.width && m.bit % (BYTE * align))
			return 0;
		if (align > most)
			most = align;
	}
	return t->arg % most ? 0 : most;
}

static uint32_t align_of_type(struct header *h, const struct asm_btf_raw *t)
{
	enum { POINTER = 8 };
	uint32_t align = 0;

	if (is_one_of(BIT(INT) | BIT(FLOAT) | enums, t->kind))
		align = t->arg < POINTER ? t->arg : POINTER;
	else if (t->kind == ASM_BTF_PTR)
		align = POINTER;
	else if (is_one_of(aggregates, t->kind))
		align = align_of_members(h, t);
	else if (ref_count(t))
		align = align_of(h, ref(h, t, 0));
	return align ? align : 1;
}

/* In what refers to itself the type counts as bytes, until more is known. */
static uint32_t align_of(struct header *h, uint32_t id)
{
	struct asm_btf_raw t;

	if (h->states[id].align || !descend(h, id))
		return h->states[id].align ? h->states[id].align : 1;
	h->states[id].align = 1;
	t = type_of(h, id);
	h->states[id].align = (uint8_t)align_of_type(h, &t);
	h->depth--;
	return h->states[id].align;
}

/* ---- definitions ---- */

static void put_declaration(struct header *h, uint32_t id, const char *name, unsigned int level);

/* Bits of a struct that no member has, before the next one or its end. */
struct gap {
	uint32_t id;		/* of the struct */
	uint64_t from, to;
	uint32_t align;		/* bytes: of what follows */
	bool in_bits;		/* bitfields on both sides */
	unsigned int level;
};

static const struct pad {
	const char *type;
	uint8_t bits;
} pads[] = { { "char", 8 }, { "short", 16 }, { "int", 32 }, { "long", 64 } };

static uint64_t round_up(uint64_t n, uint64_t to)
{
	return (n + to - 1) / to * to;
}

/* These count as visits: they alone would fill a disk. */
static void put_pad(struct header *h, const struct gap *gap, const struct pad *pad, uint64_t bits)
{
	if (!descend(h, gap->id))
		return;
	h->depth--;
	put_indent(h, gap->level);
	fprintf(h->out, "%s: %" PRIu64 ";", pad->type, bits);
}

/*
 * As few members without names as there can be: up to a place where the widest type that fits may
 * begin, where the compiler does not go there by itself, then as many of these as fit.
 */
static void put_gap(struct header *h, struct gap gap)
{
	const struct pad *pad = &pads[3];
	uint64_t start;

	if (gap.from >= gap.to)
		return;
	while (pad > pads && round_up(gap.from, pad->bits) > gap.to)
		pad--;
	start = round_up(gap.from, pad->bits);
	if (start > gap.from && start <= gap.to) {
		if (gap.in_bits)
			put_pad(h, &gap, pad, start - gap.from);
		else if (start == gap.to ?
			 round_up(gap.from, (uint64_t)gap.align * BYTE) != start :
			 gap.to - start <= start - gap.from)
			put_pad(h, &gap, pad, 0);
		gap.from = start;
	}
	for (; gap.to - gap.from >= pad->bits && !h->err; gap.from += pad->bits)
		put_pad(h, &gap, pad, pad->bits);
	if (gap.from == gap.to || h->err)
		return;
	for (pad = pads; pad->bits < gap.to - gap.from; pad++)
		;
	put_pad(h, &gap, pad, gap.to - gap.from);
}

/* Returns where it ends, in bits. */
static uint64_t put_member(struct header *h, const struct member *m, unsigned int level)
{
	uint64_t bytes;

	put_indent(h, level);
	put_declaration(h, m->type, m->name, level);
	if (m->width)
		fprintf(h->out, ": %" PRIu32, m->width);
	putc(';', h->out);
	if (m->width)
		return (uint64_t)m->bit + m->width;
	return m->bit + (asm_btf_size(h->btf, m->type, &bytes) ? bytes * BYTE : 0);
}

static void put_struct(struct header *h, uint32_t id, const struct asm_btf_raw *t,
		       unsigned int level)
{
	uint32_t align = align_of_members(h, t), before = 0;
	struct gap gap = { .id = id, .level = level + 1 };

	put_tag(h, id, t);
	fputs(" {", h->out);
	for (uint32_t i = 0; i < t->vlen && !h->err; i++) {
		struct member m = member_at(h, t, i);

		gap.to = m.bit;
		gap.align = align ? align_of(h, m.type) : 1;
		gap.in_bits = before && m.width;
		before = m.width;
		put_gap(h, gap);
		gap.from = put_member(h, &m, level + 1);
	}
	if (t->kind == ASM_BTF_STRUCT) {
		gap.to = (uint64_t)t->arg * BYTE;
		gap.align = align ? align : 1;
		gap.in_bits = false;
		put_gap(h, gap);
	}
	if (t->vlen || t->arg)
		put_indent(h, level);
	fputs(align ? "}" : "} __attribute__((packed))", h->out);
}

static void put_enumerator(struct header *h, const struct asm_btf_raw *t, uint32_t i)
{
	bool wide = t->kind == ASM_BTF_ENUM64;
	uint32_t at = i * (wide ? 3 : 2), low = asm_btf_word(h->btf, t, at + 1);
	const char *name = asm_btf_string(h->btf, asm_btf_word(h->btf, t, at));
	uint64_t value = low;

	if (wide)
		value |= (uint64_t)asm_btf_word(h->btf, t, at + 2) << 32;
	else if (t->kflag)
		value = (uint64_t)(int64_t)(int32_t)low;
	put_name(h, name, name_count(h, IDENTIFIERS, name));
	if (t->kflag)
		fprintf(h->out, " = %" PRId64, (int64_t)value);
	else
		fprintf(h->out, " = %" PRIu64, value);
	fputs(!wide ? "," : t->kflag ? "LL," : "ULL,", h->out);
}

/* Values beyond 32 bits make it 8 bytes long without being told. */
static bool is_wide(const struct header *h, const struct asm_btf_raw *t)
{
	for (uint32_t i = 0; t->kind == ASM_BTF_ENUM64 && i < t->vlen; i++)
		if (asm_btf_word(h->btf, t, 3 * i + 2))
			return true;
	return false;
}

static void put_enum(struct header *h, uint32_t id, const struct asm_btf_raw *t,
		     unsigned int level)
{
	put_tag(h, id, t);
	if (!t->vlen)
		return;
	fputs(" {", h->out);
	for (uint32_t i = 0; i < t->vlen; i++) {
		put_indent(h, level + 1);
		put_enumerator(h, t, i);
	}
	put_indent(h, level);
	putc('}', h->out);
	if (t->arg < 4 || (t->arg == 8 && !is_wide(h, t)))
		fprintf(h->out, " __attribute__((mode(%s)))", t->arg == 1 ? "byte" :
			t->arg == 8 ? "word" : "HI");
}

/* ---- declarations: the words before a name, it, and what stands behind it ---- */

struct declarator {
	const char *name;
	unsigned int level;
	bool close;		/* what follows takes no space: behind '*' and '(' */
};

/* Go on to what is left of a type without what the mask has. */
static struct asm_btf_raw strip(const struct header *h, uint32_t *id, uint32_t mask)
{
	struct asm_btf_raw t = type_of(h, *id);

	for (int i = 0; i < MOST_DEPTH && is_one_of(mask, t.kind); i++) {
		*id = t.arg;
		t = type_of(h, *id);
	}
	return t;
}

/* ASM_BTF_ARRAY, ASM_BTF_FUNC_PROTO, or 0: a pointer to it is in parentheses otherwise. */
static uint32_t bent_kind(const struct header *h, uint32_t id)
{
	uint32_t kind = strip(h, &id, qualifiers | BIT(TYPE_TAG)).kind;

	return is_one_of(bent, kind) ? kind : 0;
}

static void put_leaf(struct header *h, uint32_t id, const struct asm_btf_raw *t,
		     struct declarator *d)
{
	if (!id)
		fputs("void", h->out);
	else if (is_one_of(BIT(INT) | BIT(FLOAT), t->kind))
		fputs(t->name, h->out);
	else if (t->kind == ASM_BTF_TYPEDEF)
		put_own_name(h, id, t);
	else if (is_one_of(aggregates, t->kind) && !*t->name)
		put_struct(h, id, t, d->level);
	else if (is_one_of(enums, t->kind) && !*t->name)
		put_enum(h, id, t, d->level);
	else if (is_one_of(aggregates | enums | BIT(FWD), t->kind))
		put_tag(h, id, t);
	d->close = false;
}

static void put_before(struct header *h, uint32_t id, struct declarator *d);

static void put_star(struct header *h, uint32_t to, struct declarator *d)
{
	uint32_t kind = bent_kind(h, to);

	put_before(h, to, d);
	if (kind) {
		if (kind == ASM_BTF_FUNC_PROTO || (*d->name && !d->close))
			putc(' ', h->out);
		putc('(', h->out);
		d->close = true;
	}
	fputs(d->close ? "*" : " *", h->out);
	d->close = true;
}

static const char *qualifier(uint32_t kind)
{
	return kind == ASM_BTF_CONST ? "const" : kind == ASM_BTF_VOLATILE ? "volatile" : "restrict";
}

/* All in a row, the innermost first. */
static void put_qualifiers(struct header *h, uint32_t id)
{
	struct asm_btf_raw t = type_of(h, id);

	if (!is_one_of(qualifiers, t.kind))
		return;
	put_qualifiers(h, t.arg);
	fprintf(h->out, "%s ", qualifier(t.kind));
}

/* Of a pointer they stand behind the star, of what stands around a name nowhere. */
static void put_qualified(struct header *h, uint32_t id, const struct asm_btf_raw *t,
			  struct declarator *d)
{
	uint32_t to = id;
	struct asm_btf_raw of = strip(h, &to, qualifiers);

	if (is_one_of(qualifiers, of.kind)) {
		h->err = -E2BIG;
		h->at = id;
	} else if (is_one_of(BIT(PTR) | BIT(TYPE_TAG), of.kind) && !bent_kind(h, to)) {
		put_before(h, t->arg, d);
		fprintf(h->out, " %s", qualifier(t->kind));
		d->close = false;
	} else if (bent_kind(h, to)) {
		put_before(h, t->arg, d);
	} else {
		put_qualifiers(h, id);
		put_leaf(h, to, &of, d);
	}
}

static void put_before(struct header *h, uint32_t id, struct declarator *d)
{
	struct asm_btf_raw t = type_of(h, id);

	if (!descend(h, id))
		return;
	if (t.kind == ASM_BTF_PTR) {
		put_star(h, t.arg, d);
	} else if (is_one_of(bent, t.kind)) {
		put_before(h, ref(h, &t, 0), d);
	} else if (is_one_of(qualifiers, t.kind)) {
		put_qualified(h, id, &t, d);
	} else if (t.kind == ASM_BTF_TYPE_TAG) {
		put_before(h, t.arg, d);
		fprintf(h->out, t.kflag ? " __attribute__((%s))" :
			" __attribute__((btf_type_tag(\"%s\")))", t.name);
		d->close = false;
	} else {
		put_leaf(h, id, &t, d);
	}
	h->depth--;
}

static void put_params(struct header *h, const struct asm_btf_raw *t, unsigned int level)
{
	const char *name;
	uint32_t type;

	putc('(', h->out);
	if (!t->vlen || (t->vlen == 1 && !ref(h, t, 1)))
		fputs("void", h->out);
	for (uint32_t i = 0; i < t->vlen && !h->err; i++) {
		name = asm_btf_string(h->btf, asm_btf_word(h->btf, t, 2 * i));
		type = ref(h, t, i + 1);
		fputs(i ? ", " : "", h->out);
		if (i && !type && i + 1 == t->vlen)
			fputs("...", h->out);
		else if (type || t->vlen > 1)
			put_declaration(h, type, name, level);
	}
	putc(')', h->out);
}

static void put_after(struct header *h, uint32_t id, unsigned int level)
{
	struct asm_btf_raw t = type_of(h, id);

	if (!is_one_of(bent | qualifiers | BIT(PTR) | BIT(TYPE_TAG), t.kind) || !descend(h, id))
		return;
	if (t.kind == ASM_BTF_PTR && bent_kind(h, t.arg))
		putc(')', h->out);
	if (t.kind == ASM_BTF_ARRAY)
		fprintf(h->out, "[%" PRIu32 "]", asm_btf_word(h->btf, &t, 2));
	if (t.kind == ASM_BTF_FUNC_PROTO)
		put_params(h, &t, level);
	put_after(h, ref(h, &t, 0), level);
	h->depth--;
}

static void put_declaration(struct header *h, uint32_t id, const char *name, unsigned int level)
{
	struct declarator d = { name, level, true };

	put_before(h, id, &d);
	fprintf(h->out, "%s%s", *name && !d.close ? " " : "", name);
	put_after(h, id, level);
}

/* The name stays in the middle, so it is written, not given. */
static void put_typedef(struct header *h, uint32_t id, const struct asm_btf_raw *t)
{
	struct declarator d = { t->name, 0, true };

	/* the compiler's own */
	if (!strcmp(t->name, "__builtin_va_list"))
		return;
	fputs("typedef ", h->out);
	if (!t->arg && !strcmp(t->name, "__gnuc_va_list"))
		fputs("__builtin_va_list", h->out);
	else
		put_before(h, t->arg, &d);
	fputs(d.close ? "" : " ", h->out);
	put_own_name(h, id, t);
	put_after(h, t->arg, 0);
	fputs(";\n\n", h->out);
}

/* ---- what must be there before a type is defined ---- */

static int order(struct header *h, uint32_t id, bool pointer);

/* All that it refers to. */
static int order_refs(struct header *h, const struct asm_btf_raw *t, bool pointer)
{
	int strong = 0, ret;

	for (uint32_t i = 0; i < ref_count(t); i++) {
		/* the type of an index is no part of it */
		if (t->kind == ASM_BTF_ARRAY && i)
			break;
		ret = order(h, ref(h, t, i), pointer);
		if (ret < 0)
			return ret;
		strong |= ret;
	}
	return strong;
}

static void enqueue(struct header *h, uint32_t id)
{
	if (!h->states[id].queued)
		h->queue[h->queued++] = id;
	h->states[id].queued = true;
}

static int order_struct(struct header *h, uint32_t id, const struct asm_btf_raw *t, bool pointer)
{
	int ret;

	/* to be declared is enough, of what has a name */
	if (pointer && *t->name)
		return 0;
	h->states[id].order = UNDER_WAY;
	ret = order_refs(h, t, false);
	if (ret < 0)
		return ret;
	if (*t->name)
		enqueue(h, id);
	h->states[id].order = DONE;
	return 1;
}

static int order_type(struct header *h, uint32_t id, const struct asm_btf_raw *t, bool pointer)
{
	struct state *s = &h->states[id];
	int ret = 0;

	if (is_one_of(aggregates, t->kind))
		return order_struct(h, id, t, pointer);
	if (is_one_of(qualifiers | bent | BIT(TYPE_TAG), t->kind))
		return order_refs(h, t, pointer && t->kind != ASM_BTF_ARRAY);
	if (is_one_of(enums | BIT(FWD), t->kind)) {
		if (*t->name || !s->referred)
			enqueue(h, id);
		ret = 1;
	} else if (t->kind == ASM_BTF_PTR) {
		ret = order(h, t->arg, true);
	} else if (t->kind == ASM_BTF_TYPEDEF) {
		ret = order(h, t->arg, pointer);
		if (ret < 0 || (pointer && !ret))
			return ret;
		enqueue(h, id);
		ret = 1;
	}
	s->order = DONE;
	return ret;
}

/*
 * Queue what must be defined before the type is, and it. pointer: seen through one. 1: it must be
 * defined there; 0: to declare it is enough; or -errno.
 */
static int order(struct header *h, uint32_t id, bool pointer)
{
	struct asm_btf_raw t;
	int ret;

	if (h->states[id].order == DONE)
		return 1;
	t = type_of(h, id);
	if (h->states[id].order == UNDER_WAY) {
		if (pointer && *t.name)
			return 0;
		h->at = id;
		return h->err = -ELOOP;
	}
	if (!descend(h, id))
		return h->err;
	ret = order_type(h, id, &t, pointer);
	h->depth--;
	return ret;
}

/* ---- all of a type ---- */

static void put_type(struct header *h, uint32_t id, uint32_t inside);

static void put_alone(struct header *h, uint32_t id, const struct asm_btf_raw *t)
{
	if (t->kind == ASM_BTF_TYPEDEF) {
		put_typedef(h, id, t);
	} else {
		put_tag(h, id, t);
		fputs(";\n\n", h->out);
	}
	h->states[id].declared = true;
}

/* The compiler of the kernel knows some types for itself. */
static void put_alias(struct header *h, const struct asm_btf_raw *t)
{
	static const struct {
		const char *name, *type;
	} aliases[] = {
		{ "__Poly8_t", "unsigned char" }, { "__Poly16_t", "unsigned short" },
		{ "__Poly64_t", "unsigned long long" }, { "__Poly128_t", "unsigned __int128" },
	};

	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
		if (!strcmp(t->name, aliases[i].name))
			fprintf(h->out, "typedef %s %s;\n\n", aliases[i].type, t->name);
}

static void put_refs(struct header *h, const struct asm_btf_raw *t, uint32_t inside)
{
	for (uint32_t i = 0; i < ref_count(t); i++)
		put_type(h, ref(h, t, i), inside);
}

/* inside 0: this is its place; it is declared where another one is defined, otherwise. */
static void put_aggregate(struct header *h, uint32_t id, const struct asm_btf_raw *t,
			  uint32_t inside)
{
	struct state *s = &h->states[id];

	s->put = UNDER_WAY;
	if (!inside || !*t->name)
		put_refs(h, t, *t->name ? id : inside);
	else if (!s->declared && id != inside)
		put_alone(h, id, t);
	s->put = NOT_YET;
	if (inside)
		return;
	put_struct(h, id, t, 0);
	fputs(";\n\n", h->out);
	s->put = DONE;
}

static void put_new(struct header *h, uint32_t id, const struct asm_btf_raw *t, uint32_t inside)
{
	struct state *s = &h->states[id];

	if (is_one_of(aggregates, t->kind)) {
		put_aggregate(h, id, t, inside);
		return;
	}
	if (is_one_of(qualifiers | bent | BIT(PTR) | BIT(TYPE_TAG), t->kind)) {
		put_refs(h, t, inside);
		return;
	}
	if (t->kind == ASM_BTF_TYPEDEF) {
		s->put = UNDER_WAY;
		put_type(h, t->arg, id);
	}
	if (t->kind == ASM_BTF_INT)
		put_alias(h, t);
	else if (is_one_of(enums, t->kind) && !inside) {
		put_enum(h, id, t, 0);
		fputs(";\n\n", h->out);
	} else if (is_one_of(BIT(FWD) | BIT(TYPEDEF), t->kind) && !s->declared) {
		put_alone(h, id, t);
	}
	s->put = DONE;
}

/* inside: the type that is being defined; 0: this one. */
static void put_type(struct header *h, uint32_t id, uint32_t inside)
{
	struct state *s = &h->states[id];
	struct asm_btf_raw t;

	if (s->put == DONE || !descend(h, id))
		return;
	t = type_of(h, id);
	if (s->put == NOT_YET)
		put_new(h, id, &t, inside);
	else if (!s->declared && (t.kind == ASM_BTF_TYPEDEF || (id != inside && *t.name)))
		put_alone(h, id, &t);
	h->depth--;
}

/* ---- the header ---- */

static void put_top(FILE *f)
{
	fputs("#ifndef __VMLINUX_H__\n"
	      "#define __VMLINUX_H__\n"
	      "\n"
	      "#ifndef BPF_NO_PRESERVE_ACCESS_INDEX\n"
	      "#pragma clang attribute push (__attribute__((preserve_access_index)), "
	      "apply_to = record)\n"
	      "#endif\n"
	      "\n", f);
}

static void put_bottom(FILE *f)
{
	fputs("#ifndef BPF_NO_PRESERVE_ACCESS_INDEX\n"
	      "#pragma clang attribute pop\n"
	      "#endif\n"
	      "\n"
	      "#endif /* __VMLINUX_H__ */\n", f);
}

static int put_root(struct header *h, uint32_t id)
{
	h->queued = 0;
	if (order(h, id, false) < 0)
		return h->err;
	for (size_t i = 0; i < h->queued; i++)
		put_type(h, h->queue[i], 0);
	return h->err;
}

static int put_all(struct header *h, uint32_t count, const uint32_t *roots, size_t n)
{
	int err = 0;

	put_top(h->out);
	for (size_t i = 0; i < n && !err; i++)
		err = roots[i] > count ? -EINVAL : put_root(h, roots[i]);
	for (uint32_t id = 1; !n && id <= count && !err; id++)
		err = put_root(h, id);
	if (!err)
		put_bottom(h->out);
	return err;
}

int asm_btf_c(FILE *out, const struct asm_btf *btf, const uint32_t *roots, size_t n, uint32_t *at)
{
	uint32_t count = asm_btf_count(btf);
	struct header h = { .out = out, .btf = btf, .mask = 1 };
	size_t names = 0;
	int err = -ENOMEM;

	h.visits = (uint64_t)count * MOST_VISITS + SPARE_VISITS;
	h.states = calloc((size_t)count + 1, sizeof(h.states[0]));
	h.queue = calloc((size_t)count + 1, sizeof(h.queue[0]));
	if (!h.states || !h.queue)
		goto out;
	h.states[0] = (struct state){ .order = DONE, .put = DONE, .align = 1 };
	err = find_referred(&h, count, &names);
	if (err)
		goto out;
	while (h.mask < 2 * names)
		h.mask = 2 * h.mask + 1;
	err = -ENOMEM;
	h.names = calloc(h.mask + 1, sizeof(h.names[0]));
	if (h.names)
		err = put_all(&h, count, roots, n);
out:
	*at = h.at;
	free(h.names);
	free(h.queue);
	free(h.states);
	return err;
}
