/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * btf_test.c - the BTF reader, on data built here in both byte orders, on damaged data, and on the
 * running kernel's.
 */
#include <ctype.h>

#include "../asm/asm.h"
#include "harness.h"

static const uint32_t kflag = 1u << 31;

enum { WHY = 256 };

/* ---- BTF data, made piece by piece ---- */

struct blob {
	bool big;
	uint32_t ntypes;
	uint32_t base_strings;		/* where its own begin */
	size_t types_len, strings_len;
	uint8_t types[32768];
	char strings[4096];
};

static void store32(bool big, uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (big ? 24 - 8 * i : 8 * i));
}

static void put(struct blob *b, uint32_t v)
{
	ASSERT_LE(b->types_len + 4, sizeof(b->types));
	store32(b->big, b->types + b->types_len, v);
	b->types_len += 4;
}

static uint32_t put_string(struct blob *b, const char *s)
{
	size_t at = b->strings_len, len = strlen(s) + 1;

	if ((at || b->base_strings) && !*s)
		return 0;
	ASSERT_LE(at + len, sizeof(b->strings));
	memcpy(b->strings + at, s, len);
	b->strings_len += len;
	return b->base_strings + (uint32_t)at;
}

static void blob_init(struct blob *b, bool big)
{
	memset(b, 0, sizeof(*b));
	b->big = big;
	put_string(b, "");
}

static uint32_t info(uint32_t kind, uint32_t vlen)
{
	return kind << 24 | vlen;
}

/* The 12 bytes every type starts with; arg is its size or the type it is about. */
static uint32_t add(struct blob *b, const char *name, uint32_t type_info, uint32_t arg)
{
	put(b, put_string(b, name));
	put(b, type_info);
	put(b, arg);
	return ++b->ntypes;
}

static uint32_t add_int(struct blob *b, const char *name, uint32_t size, uint32_t bits)
{
	uint32_t id = add(b, name, info(ASM_BTF_INT, 0), size);

	put(b, bits);
	return id;
}

static uint32_t add_array(struct blob *b, uint32_t element, uint32_t count)
{
	uint32_t id = add(b, "", info(ASM_BTF_ARRAY, 0), 0);

	put(b, element);
	put(b, element);
	put(b, count);
	return id;
}

static void member(struct blob *b, const char *name, uint32_t type, uint32_t place)
{
	put(b, put_string(b, name));
	put(b, type);
	put(b, place);
}

static uint32_t bitfield(uint32_t width, uint32_t bit)
{
	return width << 24 | bit;
}

enum { HEADER = 24 };

/* The data, in memory of just its size, for the sanitizer to watch; freed by the caller. */
static uint8_t *blob_bytes(const struct blob *b, size_t *len)
{
	uint32_t types_len = (uint32_t)b->types_len, strings_len = (uint32_t)b->strings_len;
	const uint32_t fields[] = { HEADER, 0, types_len, types_len, strings_len };
	uint8_t *data;

	*len = HEADER + b->types_len + b->strings_len;
	data = calloc(1, *len);
	ASSERT_NOT_NULL(data);
	data[0] = b->big ? 0xeb : 0x9f;
	data[1] = b->big ? 0x9f : 0xeb;
	data[2] = 1;
	data[3] = 0;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		store32(b->big, data + 4 + 4 * i, fields[i]);
	memcpy(data + HEADER, b->types, b->types_len);
	memcpy(data + HEADER + b->types_len, b->strings, b->strings_len);
	return data;
}

/* ---- a sample with a type of each kind ---- */

/* Ids of the sample, in the order it is built. */
enum id {
	INT = 1, CHAR, NODE_PTR, TEXT, VOLATILE_INT, PID_T, POINT, POINTS, OPEN, ONE, GRID, ROW,
	ANON_UNION, ANON_STRUCT, NODE, NODE_T, FLAGS, BITS5, OLD, GHOST, COLOR, PROTO, FUNC, VAR,
	DATASEC, DOUBLE, DECL_TAG, TYPE_TAG, BIG_COLOR, CONST_NODE, RESTRICT_PTR, VALUE, POINT_2,
	POINT_T, VOID_PTR, NAMELESS_T, ODD, POINTER_PTR,
};

static void sample_basics(struct blob *b)
{
	add_int(b, "int", 4, 1 << 24 | 32);
	add_int(b, "char", 1, 8);
	add(b, "", info(ASM_BTF_PTR, 0), CONST_NODE);
	add_array(b, CHAR, 16);
	add(b, "", info(ASM_BTF_VOLATILE, 0), INT);
	add(b, "pid_t", info(ASM_BTF_TYPEDEF, 0), VOLATILE_INT);
	add(b, "point", info(ASM_BTF_STRUCT, 2), 8);
	member(b, "x", INT, 0);
	member(b, "y", INT, 32);
	add_array(b, POINT, 4);
	add_array(b, POINT, 0);
	add_array(b, INT, 1);
	add_array(b, ROW, 2);
	add_array(b, INT, 3);
}

static void sample_node(struct blob *b)
{
	add(b, "", info(ASM_BTF_UNION, 3), 8);
	member(b, "as_int", INT, 0);
	member(b, "as_point", POINT, 0);
	member(b, "", ANON_STRUCT, 0);
	add(b, "", info(ASM_BTF_STRUCT, 2), 8);
	member(b, "deep", INT, 0);
	member(b, "deeper", CHAR, 32);

	add(b, "node", info(ASM_BTF_STRUCT, 12), 300);
	member(b, "id", PID_T, 0);
	member(b, "first", ONE, 4 * 8);
	member(b, "text", TEXT, 8 * 8);
	member(b, "", ANON_UNION, 24 * 8);
	member(b, "next", NODE_PTR, 32 * 8);
	member(b, "points", POINTS, 40 * 8);
	member(b, "grid", GRID, 72 * 8);
	member(b, "__state", TYPE_TAG, 96 * 8);
	member(b, "flags", FLAGS, 100 * 8);
	member(b, "any", VOID_PTR, 112 * 8);
	member(b, "code", PROTO, 120 * 8);
	member(b, "rest", OPEN, 128 * 8);
	add(b, "node_t", info(ASM_BTF_TYPEDEF, 0), NODE);

	add(b, "flags", info(ASM_BTF_STRUCT, 4) | kflag, 12);
	member(b, "whole", INT, bitfield(0, 0));
	member(b, "one", INT, bitfield(1, 32));
	member(b, "three", INT, bitfield(3, 33));
	member(b, "after", INT, bitfield(0, 64));
	add_int(b, "five", 4, 2 << 16 | 5);
	add(b, "old", info(ASM_BTF_STRUCT, 3), 8);
	member(b, "f", BITS5, 0);
	member(b, "color", COLOR, 34);
	member(b, "last", ONE, 32);
}

static void sample_rest(struct blob *b)
{
	add(b, "ghost", info(ASM_BTF_FWD, 0), 0);
	add(b, "color", info(ASM_BTF_ENUM, 1), 4);
	put(b, put_string(b, "RED"));
	put(b, 7);
	add(b, "", info(ASM_BTF_FUNC_PROTO, 1), INT);
	put(b, put_string(b, "arg"));
	put(b, INT);
	add(b, "do_it", info(ASM_BTF_FUNC, 1), PROTO);
	add(b, "counter", info(ASM_BTF_VAR, 0), INT);
	put(b, 1);
	add(b, ".data", info(ASM_BTF_DATASEC, 1), 4);
	put(b, VAR);
	put(b, 0);
	put(b, 4);
	add(b, "double", info(ASM_BTF_FLOAT, 0), 8);
	add(b, "tagged", info(ASM_BTF_DECL_TAG, 0), NODE);
	put(b, UINT32_MAX);
	add(b, "user", info(ASM_BTF_TYPE_TAG, 0), INT);
	add(b, "big_color", info(ASM_BTF_ENUM64, 1), 8);
	put(b, put_string(b, "BLUE"));
	put(b, 1);
	put(b, 2);
	add(b, "", info(ASM_BTF_CONST, 0), NODE);
	add(b, "", info(ASM_BTF_RESTRICT, 0), NODE_PTR);
	add(b, "value", info(ASM_BTF_UNION, 4), 8);
	member(b, "real", DOUBLE, 0);
	member(b, "color", BIG_COLOR, 0);
	member(b, "odd", ODD, 0);
	member(b, "ptr", RESTRICT_PTR, 0);
	add(b, "point", info(ASM_BTF_STRUCT, 1), 4);
	member(b, "z", INT, 0);
	add(b, "point_t", info(ASM_BTF_TYPEDEF, 0), POINT_2);
	add(b, "", info(ASM_BTF_PTR, 0), 0);
	add(b, "nameless_t", info(ASM_BTF_TYPEDEF, 0), ANON_STRUCT);
	add(b, "odd\033name", info(ASM_BTF_STRUCT, 0), 1);
	add(b, "", info(ASM_BTF_PTR, 0), VOID_PTR);
}

static void sample(struct blob *b, bool big)
{
	blob_init(b, big);
	sample_basics(b);
	sample_node(b);
	sample_rest(b);
	ASSERT_EQ(POINTER_PTR, b->ntypes);
}

FIXTURE(btf) { struct blob blob; uint8_t *data; size_t len; struct asm_btf *btf; };

FIXTURE_VARIANT(btf) { bool big; };
FIXTURE_VARIANT_ADD(btf, little) { .big = false };
FIXTURE_VARIANT_ADD(btf, big) { .big = true };

FIXTURE_SETUP(btf)
{
	sample(&self->blob, variant->big);
	self->data = blob_bytes(&self->blob, &self->len);
	ASSERT_OK(asm_btf_open(self->data, self->len, &self->btf));
}

FIXTURE_TEARDOWN(btf)
{
	asm_btf_close(self->btf);
	free(self->data);
}

TEST_F(btf, find)
{
	static const struct { enum asm_btf_kind kind; const char *name; int32_t id; } rows[] = {
		{ ASM_BTF_INT, "int", INT }, { ASM_BTF_INT, "char", CHAR },
		{ ASM_BTF_STRUCT, "node", NODE }, { ASM_BTF_UNION, "value", VALUE },
		{ ASM_BTF_ENUM, "color", COLOR }, { ASM_BTF_FWD, "ghost", GHOST },
		{ ASM_BTF_TYPEDEF, "node_t", NODE_T }, { ASM_BTF_FUNC, "do_it", FUNC },
		{ ASM_BTF_VAR, "counter", VAR }, { ASM_BTF_DATASEC, ".data", DATASEC },
		{ ASM_BTF_FLOAT, "double", DOUBLE }, { ASM_BTF_DECL_TAG, "tagged", DECL_TAG },
		{ ASM_BTF_TYPE_TAG, "user", TYPE_TAG }, { ASM_BTF_ENUM64, "big_color", BIG_COLOR },
		{ ASM_BTF_STRUCT, "point", POINT }, /* not POINT_2: the first counts */
		{ ASM_BTF_UNION, "node", -ENOENT }, { ASM_BTF_STRUCT, "value", -ENOENT },
		{ ASM_BTF_STRUCT, "nod", -ENOENT }, { ASM_BTF_STRUCT, "nodes", -ENOENT },
		{ ASM_BTF_STRUCT, "", -ENOENT }, { ASM_BTF_PTR, "", -ENOENT },
		{ 0, "int", -ENOENT }, { 31, "int", -ENOENT }, { 33, "int", -ENOENT },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		EXPECT_ERR(rows[i].id, asm_btf_find(self->btf, rows[i].kind, rows[i].name))
			LOG("kind %d, name '%s'", rows[i].kind, rows[i].name);
}

struct names {
	char text[128];
	int most;
};

static bool note_name(void *arg, const char *name)
{
	struct names *names = arg;
	size_t len = strlen(names->text);

	snprintf(names->text + len, sizeof(names->text) - len, "%s ", name);
	return --names->most > 0;
}

TEST_F(btf, names)
{
	struct names all = { .most = 99 }, two = { .most = 2 }, none = { .most = 99 };

	asm_btf_names(self->btf, ASM_BTF_TYPEDEF, note_name, &all);
	EXPECT_STREQ("pid_t node_t point_t nameless_t ", all.text);
	asm_btf_names(self->btf, ASM_BTF_STRUCT, note_name, &two);
	EXPECT_STREQ("point node ", two.text);
	asm_btf_names(self->btf, ASM_BTF_PTR, note_name, &none);
	EXPECT_STREQ("", none.text);
}

static const struct good { const char *path; uint32_t offset, size; } good[] = {
	{ "node.id", 0, 4 },
	{ "node.first", 4, 4 },
	{ "node.first[0]", 4, 4 },
	{ "node.text", 8, 16 },
	{ "node.text[15]", 23, 1 },
	{ "node.as_int", 24, 4 },
	{ "node.as_point", 24, 8 },
	{ "node.as_point.y", 28, 4 },
	{ "node.deep", 24, 4 },
	{ "node.deeper", 28, 1 },
	{ "node.next", 32, 8 },
	{ "node.points", 40, 32 },
	{ "node.points[3]", 64, 8 },
	{ "node.points[3].y", 68, 4 },
	{ "node.grid", 72, 24 },
	{ "node.grid[1]", 84, 12 },
	{ "node.grid[1][2]", 92, 4 },
	{ "node.__state", 96, 4 },
	{ "node.flags", 100, 12 },
	{ "node.flags.whole", 100, 4 },
	{ "node.flags.after", 108, 4 },
	{ "node.rest", 128, 0 },
	{ "node.rest[0].x", 128, 4 },
	{ "node.rest[1000].y", 8132, 4 },
	{ "node_t.points[0].x", 40, 4 },
	{ "nameless_t.deeper", 4, 1 },
	{ "old.last[3]", 16, 4 },	/* [1] at the end of a struct: how flexible arrays began */
	{ "value.real", 0, 8 },
	{ "value.color", 0, 8 },
	{ "value.ptr", 0, 8 },
	{ "value.odd", 0, 1 },
	{ "point.y", 4, 4 },
	{ "point_t.z", 0, 4 },
};

enum { NGOOD = sizeof(good) / sizeof(good[0]) };

TEST_F(btf, field)
{
	for (size_t i = 0; i < NGOOD; i++) {
		struct asm_kfield f = { 77, 77 };
		char why[WHY] = "untouched";

		EXPECT_TRUE(asm_btf_field(self->btf, good[i].path, &f, why, sizeof(why)))
			LOG("%s: %s", good[i].path, why);
		EXPECT_EQ(good[i].offset, f.offset) LOG("%s", good[i].path);
		EXPECT_EQ(good[i].size, f.size) LOG("%s", good[i].path);
		EXPECT_STREQ("untouched", why);
	}
}

static const struct bad { const char *path, *why; } bad[] = {
	{ "", "a name is missing in '' after ''" },
	{ ".id", "a name is missing in '.id' after ''" },
	{ "node", "'node' is a type: write TYPE.FIELD" },
	{ "node.", "a name is missing in 'node.' after 'node.'" },
	{ "node..id", "a name is missing in 'node..id' after 'node.'" },
	{ "nodes.id", "the BTF has no struct, union or typedef 'nodes'; did you mean 'node'?" },
	{ "noed_t.id", "the BTF has no struct, union or typedef 'noed_t'; did you mean 'node_t'?" },
	{ "poin.x", "the BTF has no struct, union or typedef 'poin'; did you mean 'point'?" },
	{ "nothing_like.x", "the BTF has no struct, union or typedef 'nothing_like'" },
	{ "color.x", "the BTF has no struct, union or typedef 'color'" },
	{ "ghost.x", "the BTF declares a struct or union 'ghost' but has no fields of it" },
	{ "pid_t.x", "'pid_t' is int, not a struct or union" },
	{ "node.id.x", "'node.id' is int, not a struct or union" },
	{ "value.real.x", "'value.real' is double, not a struct or union" },
	{ "value.color.x", "'value.color' is enum big_color, not a struct or union" },
	{ "node.code.x", "'node.code' is function, not a struct or union" },
	{ "node.code", "'node.code' has no size" },
	{ "node.txt", "struct node has no field 'txt'; did you mean 'text'?" },
	{ "node.dep", "struct node has no field 'dep'; did you mean 'deep'?" },
	{ "node.state", "struct node has no field 'state'; did you mean '__state'?" },
	{ "node.deepex", "struct node has no field 'deepex'; did you mean 'deeper'?" },
	{ "node.whole", "struct node has no field 'whole'; did you mean 'flags.whole'?" },
	{ "node.zzzzzz", "struct node has no field 'zzzzzz'" },
	{ "node.flags.on", "struct flags has no field 'on'" },
	{ "value.rael", "union value has no field 'rael'; did you mean 'real'?" },
	{ "nameless_t.deper", "'nameless_t' (struct) has no field 'deper'; "
			      "did you mean 'deeper'?" },
	{ "point.z", "struct point has no field 'z'" },
	{ "value.odd.x", "struct odd?name has no field 'x'" },
	{ "node.next.id", "'node.next' is a pointer: the program must read it, then go on with "
			  "'node.id'" },
	{ "value.ptr.points[2].x", "'value.ptr' is a pointer: the program must read it, then go on "
				   "with 'node.points[2].x'" },
	{ "node.any.x", "'node.any' is a pointer: the program must read it" },
	{ "node.next[1]", "'node.next' is a pointer: the program must read it" },
	{ "node.points.x", "'node.points' is an array: name an element of it, as in "
			   "'node.points[0].x'" },
	{ "node.points[4]", "'node.points' has 4 elements: there is no [4]" },
	{ "node.text[16]", "'node.text' has 16 elements: there is no [16]" },
	{ "node.grid[1][3]", "'node.grid[1]' has 3 elements: there is no [3]" },
	{ "node.grid[0][0][0]", "'node.grid[0][0]' is not an array" },
	{ "node.first[1]", "'node.first' has 1 element: there is no [1]" },
	{ "node.id[0]", "'node.id' is not an array" },
	{ "node[0]", "'node' is not an array" },
	{ "node.points[]", "what follows 'node.points' is not [N] with a number of 32 bits" },
	{ "node.points[-1]", "what follows 'node.points' is not [N] with a number of 32 bits" },
	{ "node.points[1", "what follows 'node.points' is not [N] with a number of 32 bits" },
	{ "node.points[1x]", "what follows 'node.points' is not [N] with a number of 32 bits" },
	{ "node.points[4294967296]", "what follows 'node.points' is not [N] with a number of 32 "
				     "bits" },
	{ "node.points[18446744073709551616]", "what follows 'node.points' is not [N] with a "
					       "number of 32 bits" },
	{ "node.points[1]x", "'.' or the end must follow 'node.points[1]'" },
	{ "node.rest[4294967295]", "'node.rest[4294967295]' is more than 4 GiB away from its "
				   "start" },
	{ "flags.one", "'flags.one' is a bitfield of 1 bit from bit 0 of byte 4 on: load the bytes "
		       "around it, then shift and mask" },
	{ "node.flags.three", "'node.flags.three' is a bitfield of 3 bits from bit 1 of byte 104 "
			      "on: load the bytes around it, then shift and mask" },
	{ "old.f", "'old.f' is a bitfield of 5 bits from bit 2 of byte 0 on: load the bytes around "
		   "it, then shift and mask" },
	{ "old.color", "'old.color' is a bitfield from bit 2 of byte 4 on: load the bytes around "
		       "it, then shift and mask" },
};

enum { NBAD = sizeof(bad) / sizeof(bad[0]) };

TEST_F(btf, field_errors)
{
	for (size_t i = 0; i < NBAD; i++) {
		struct asm_kfield f = { 77, 77 };
		char why[WHY] = "";

		EXPECT_FALSE(asm_btf_field(self->btf, bad[i].path, &f, why, sizeof(why)))
			LOG("%s", bad[i].path);
		EXPECT_STREQ(bad[i].why, why);
		EXPECT_EQ(77, f.offset);
		EXPECT_EQ(77, f.size);
	}
}

/* A reason fits whatever room there is for it, byte for byte. */
TEST_F(btf, field_error_room)
{
	struct asm_kfield f;

	EXPECT_FALSE(asm_btf_field(self->btf, "node.pid", &f, NULL, 0));
	for (size_t i = 0; i < NBAD; i++) {
		for (size_t room = 1; room <= strlen(bad[i].why) + 1; room++) {
			char *why = calloc(1, room);

			ASSERT_NOT_NULL(why);
			EXPECT_FALSE(asm_btf_field(self->btf, bad[i].path, &f, why, room));
			EXPECT_EQ(room - 1, strlen(why));
			EXPECT_MEMEQ(bad[i].why, why, room - 1);
			free(why);
		}
	}
}

/* Names longer than a message has room for. */
TEST_F(btf, field_error_long)
{
	char path[5000], why[WHY];
	struct asm_kfield f;

	memset(path, 'n', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	EXPECT_FALSE(asm_btf_field(self->btf, path, &f, why, sizeof(why)));
	EXPECT_HAS("the BTF has no struct, union or typedef 'nnn", why);
	memcpy(path, "node.", 5);
	EXPECT_FALSE(asm_btf_field(self->btf, path, &f, why, sizeof(why)));
	EXPECT_HAS("struct node has no field 'nnn", why);
	memcpy(path, "node.next.", 10);
	EXPECT_FALSE(asm_btf_field(self->btf, path, &f, why, sizeof(why)));
	EXPECT_HAS("'node.next' is a pointer: the program must read it, then go on with 'n", why);
}

TEST_F(btf, unaligned)
{
	uint8_t *copy = calloc(1, self->len + 3);
	struct asm_kfield f;
	struct asm_btf *btf;
	char why[WHY];

	ASSERT_NOT_NULL(copy);
	for (size_t i = 1; i <= 3; i++) {
		memcpy(copy + i, self->data, self->len);
		ASSERT_OK(asm_btf_open(copy + i, self->len, &btf));
		EXPECT_TRUE(asm_btf_field(btf, "node.points[3].y", &f, why, sizeof(why)));
		EXPECT_EQ(68, f.offset);
		asm_btf_close(btf);
	}
	free(copy);
}

/* ---- data that is not well-formed ---- */

TEST_F(btf, truncated)
{
	struct asm_btf *btf = self->btf;

	for (size_t len = 0; len < self->len; len++) {
		uint8_t *copy = calloc(1, len ? len : 1);

		ASSERT_NOT_NULL(copy);
		memcpy(copy, self->data, len);
		EXPECT_ERR(-EINVAL, asm_btf_open(copy, len, &btf)) LOG("%zu bytes", len);
		EXPECT_NULL(btf);
		free(copy);
	}
}

static int open_with(const uint8_t *data, size_t len, bool big, size_t at, uint32_t value)
{
	uint8_t *copy = calloc(1, len);
	struct asm_btf *btf;
	int err;

	ASSERT_NOT_NULL(copy);
	memcpy(copy, data, len);
	store32(big, copy + at, value);
	err = asm_btf_open(copy, len, &btf);
	asm_btf_close(btf);
	free(copy);
	return err;
}

TEST_F(btf, header)
{
	uint32_t types = (uint32_t)self->blob.types_len, strings = (uint32_t)self->blob.strings_len;
	struct asm_btf *btf = self->btf;
	const struct { size_t at; uint32_t value; int err; } rows[] = {
		{ 0, 0, -EINVAL }, { 0, 0xeb9feb9f, -EINVAL },
		{ 4, 0, -EINVAL }, { 4, HEADER - 1, -EINVAL }, { 4, HEADER + 1, -EINVAL },
		{ 4, UINT32_MAX, -EINVAL },
		{ 8, 0, 0 }, { 8, 1, -EINVAL }, { 8, UINT32_MAX, -EINVAL },
		{ 12, 0, 0 }, { 12, 1, -EINVAL }, { 12, types - 1, -EINVAL },
		{ 12, types + 1, -EINVAL }, { 12, UINT32_MAX, -EINVAL },
		{ 16, types, 0 }, { 16, types + 1, -EINVAL }, { 16, UINT32_MAX, -EINVAL },
		{ 20, strings, 0 }, { 20, 0, -EINVAL }, { 20, 1, -EINVAL },
		{ 20, strings - 1, -EINVAL }, { 20, strings + 1, -EINVAL },
		{ 20, UINT32_MAX, -EINVAL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		EXPECT_ERR(rows[i].err, open_with(self->data, self->len, variant->big, rows[i].at,
						  rows[i].value))
			LOG("%#x at %zu", rows[i].value, rows[i].at);
	store32(variant->big, self->data + 16, types + 1); /* strings that start in a name */
	EXPECT_ERR(-EINVAL, open_with(self->data, self->len, variant->big, 20, strings - 1));
	store32(variant->big, self->data + 8, HEADER); /* sections from the start of the data */
	store32(variant->big, self->data + 16, HEADER + types);
	EXPECT_ERR(-EINVAL, open_with(self->data, self->len, variant->big, 4, 0));
	store32(variant->big, self->data + 8, 0);
	store32(variant->big, self->data + 16, types);
	ASSERT_OK(open_with(self->data, self->len, variant->big, 4, HEADER));
	self->data[2] = 2;
	EXPECT_ERR(-EINVAL, asm_btf_open(self->data, self->len, &btf));
	EXPECT_NULL(btf);
}

/* Types at the very end, cut off in the middle of one: nothing behind them may be read. */
TEST_F(btf, types_last)
{
	uint32_t types = (uint32_t)self->blob.types_len, strings = (uint32_t)self->blob.strings_len;
	uint8_t *data = self->data;
	struct asm_btf *btf;

	memmove(data + HEADER + strings, data + HEADER, types);
	memcpy(data + HEADER, self->blob.strings, strings);
	store32(variant->big, data + 8, strings);
	store32(variant->big, data + 16, 0);
	for (uint32_t cut = 0; cut <= 12; cut += 4) {
		uint8_t *copy = calloc(1, self->len - cut);

		ASSERT_NOT_NULL(copy);
		store32(variant->big, data + 12, types - cut);
		memcpy(copy, data, self->len - cut);
		/* the last type is a pointer: 12 bytes */
		EXPECT_ERR(cut % 12 ? -EINVAL : 0, asm_btf_open(copy, self->len - cut, &btf));
		asm_btf_close(btf);
		free(copy);
	}
}

/* The first type is 16 bytes, the second starts behind it. */
TEST_F(btf, broken_type)
{
	const struct { size_t at; uint32_t value; } rows[] = {
		{ 0, (uint32_t)self->blob.strings_len },	/* name outside */
		{ 4, info(0, 0) },				/* no such kind */
		{ 4, info(ASM_BTF_ENUM64 + 1, 0) },
		{ 4, info(127, 0) },
		{ 4, info(ASM_BTF_STRUCT, 0xffffff) },		/* members outside */
		{ 4, info(ASM_BTF_ARRAY, 0) },			/* the next then is none */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		EXPECT_ERR(-EINVAL, open_with(self->data, self->len, variant->big,
					      HEADER + rows[i].at, rows[i].value))
			LOG("row %zu", i);
}

/* A kind from the future can be stepped over where there is a layout of it. 128 kinds can be. */
TEST(layout)
{
	enum { KIND = 25, LAYOUT_HEADER = 32, LAYOUT = 200 * 4, TYPES = 12 + 8 + 2 * 4 + 16 + 24 };
	uint8_t data[LAYOUT_HEADER + TYPES + LAYOUT + 6] = { 0x9f, 0xeb, 1, 0 };
	const uint32_t header[] = { LAYOUT_HEADER, 0, TYPES, TYPES + LAYOUT, 6, TYPES, LAYOUT };
	const uint32_t types[] = { 0, info(KIND, 2), 0, 1, 2, 3, 4,
				   1, info(ASM_BTF_INT, 0), 4, 32,
				   1, info(ASM_BTF_STRUCT, 1), 4, 1, 1, 0 };
	struct asm_kfield field;
	struct asm_btf *btf;
	char why[WHY];

	for (size_t i = 0; i < 7; i++)
		store32(false, data + 4 + 4 * i, header[i]);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		store32(false, data + LAYOUT_HEADER + 4 * i, types[i]);
	memcpy(data + sizeof(data) - 5, "word", 5);
	EXPECT_ERR(-EINVAL, asm_btf_open(data, sizeof(data), &btf));
	data[LAYOUT_HEADER + TYPES + KIND * 4] = 8;
	data[LAYOUT_HEADER + TYPES + KIND * 4 + 1] = 4;
	ASSERT_OK(asm_btf_open(data, sizeof(data), &btf));
	EXPECT_EQ(2, asm_btf_find(btf, ASM_BTF_INT, "word"));
	EXPECT_ERR(-ENOENT, asm_btf_find(btf, (enum asm_btf_kind)KIND, "word"));
	EXPECT_FALSE(asm_btf_field(btf, "word.word.word", &field, why, sizeof(why)));
	EXPECT_STREQ("'word.word' is of an unknown kind, not a struct or union", why);
	asm_btf_close(btf);
	EXPECT_ERR(-EINVAL, open_with(data, sizeof(data), false, 28, KIND * 4));
	EXPECT_ERR(-EINVAL, open_with(data, sizeof(data), false, 28, LAYOUT + 7));
	EXPECT_ERR(-EINVAL, open_with(data, sizeof(data), false, 24, UINT32_MAX));
	EXPECT_ERR(-EINVAL, asm_btf_open(data, LAYOUT_HEADER - 1, &btf));
}

/* The reason that a path has in the data, or "" when there is none. */
static void why_not(const struct blob *b, const char *path, char why[WHY])
{
	struct asm_kfield f;
	struct asm_btf *btf;
	uint8_t *data;
	size_t len;

	why[0] = '\0';
	data = blob_bytes(b, &len);
	ASSERT_OK(asm_btf_open(data, len, &btf));
	asm_btf_field(btf, path, &f, why, WHY);
	asm_btf_close(btf);
	free(data);
}

TEST(loops)
{
	static struct blob b;
	char why[WHY];

	blob_init(&b, false);
	add(&b, "a", info(ASM_BTF_TYPEDEF, 0), 2);
	add(&b, "b", info(ASM_BTF_TYPEDEF, 0), 1);
	add_array(&b, 3, 1);
	add(&b, "s", info(ASM_BTF_STRUCT, 5), 8);
	member(&b, "loop", 1, 0);
	member(&b, "array", 3, 0);
	member(&b, "none", 99, 0);
	member(&b, "", 4, 0);
	member(&b, "", 99, 0);
	why_not(&b, "a.x", why);
	EXPECT_STREQ("the BTF is damaged: the type of 'a' cannot be followed", why);
	why_not(&b, "s.loop", why);
	EXPECT_STREQ("the BTF is damaged: the type of 's.loop' cannot be followed", why);
	why_not(&b, "s.none", why);
	EXPECT_STREQ("the BTF is damaged: the type of 's.none' cannot be followed", why);
	why_not(&b, "s.array", why);
	EXPECT_STREQ("'s.array' has no size", why);
	why_not(&b, "s.array[0]", why);
	EXPECT_STREQ("an element of 's.array' has no size", why);
	why_not(&b, "s.nowhere", why);
	EXPECT_STREQ("struct s has no field 'nowhere'", why);
}

/* Anonymous members in each other, a hundred a level: all of them would take for ever. */
TEST_TIMEOUT(fan_out, 10)
{
	static struct blob b;
	char why[WHY];

	blob_init(&b, false);
	for (uint32_t id = 1; id <= 20; id++) {
		add(&b, id == 1 ? "s" : "", info(ASM_BTF_STRUCT, 100), 8);
		for (int i = 0; i < 100; i++)
			member(&b, "", id + 1, 0);
	}
	add(&b, "", info(ASM_BTF_STRUCT, 0), 8);
	why_not(&b, "s.x", why);
	EXPECT_STREQ("struct s has no field 'x'", why);
}

/* Only the array itself may go on past the end of its struct, not what is in it. */
TEST(flexible)
{
	static struct blob b;
	char why[WHY];

	blob_init(&b, false);
	add_int(&b, "int", 4, 32);
	add_array(&b, 1, 1);
	add_array(&b, 2, 1);
	add(&b, "s", info(ASM_BTF_STRUCT, 1), 4);
	member(&b, "a", 3, 0);
	why_not(&b, "s.a[7][0]", why);
	EXPECT_STREQ("", why);
	why_not(&b, "s.a[0][1]", why);
	EXPECT_STREQ("'s.a[0]' has 1 element: there is no [1]", why);
}

TEST(nesting)
{
	enum { DEPTH = 20 };
	static struct blob b;
	char why[WHY];

	blob_init(&b, false);
	for (uint32_t id = 1; id <= DEPTH; id++) {
		char name[16];

		snprintf(name, sizeof(name), "at%u", id);
		add(&b, id == 1 ? "s" : "", info(ASM_BTF_STRUCT, 2), 8);
		member(&b, "", id + 1, 0);
		member(&b, name, DEPTH + 2, 0);
	}
	add(&b, "", info(ASM_BTF_UNION, 0), 8);
	add_int(&b, "int", 4, 32);
	why_not(&b, "s.at10", why);
	EXPECT_STREQ("", why);
	why_not(&b, "s.at20", why);	/* deeper than anyone writes, or a loop */
	EXPECT_HAS("struct s has no field 'at20'", why);
}

TEST(too_large)
{
	static struct blob b;
	char why[WHY];

	blob_init(&b, false);
	add_int(&b, "int", 4, 32);
	add_array(&b, 1, UINT32_MAX);
	add_array(&b, 2, UINT32_MAX);
	add_array(&b, 3, UINT32_MAX);
	for (uint32_t id = 5; id <= 8; id++)	/* 2 to the power of 64 bytes: 0, if one wraps */
		add_array(&b, id == 5 ? 1 : id - 1, id == 5 ? 1 << 14 : 1 << 16);
	add(&b, "s", info(ASM_BTF_STRUCT, 3), 8);
	member(&b, "a", 2, UINT32_MAX - 7);
	member(&b, "b", 4, 0);
	member(&b, "c", 8, 0);
	why_not(&b, "s.a", why);
	EXPECT_STREQ("'s.a' has no size", why);
	why_not(&b, "s.c", why);
	EXPECT_STREQ("'s.c' has no size", why);
	why_not(&b, "s.b", why);
	EXPECT_STREQ("'s.b' has no size", why);
	why_not(&b, "s.b[0]", why);
	EXPECT_STREQ("an element of 's.b' has no size", why);
	why_not(&b, "s.a[1073741823]", why);
	EXPECT_STREQ("'s.a[1073741823]' is more than 4 GiB away from its start", why);
	why_not(&b, "s.a[536870911]", why);
	EXPECT_STREQ("", why);
}

/* A member's name outside the strings is no name; one that is not text shows as such. */
TEST(member_names)
{
	static struct blob b;
	char why[WHY];

	blob_init(&b, false);
	add_int(&b, "int", 4, 32);
	add(&b, "s", info(ASM_BTF_STRUCT, 2), 8);
	put(&b, 0x7fffffff);
	put(&b, 1);
	put(&b, 0);
	member(&b, "na\tme\377s", 1, 0);
	why_not(&b, "s.names", why);
	EXPECT_STREQ("struct s has no field 'names'", why);
	why_not(&b, "s.na me s", why);
	EXPECT_STREQ("struct s has no field 'na me s'; did you mean 'na?me?s'?", why);
}

/* Types of each sort and members are offered, a name that several have once. */
TEST(near_names)
{
	static struct blob b;
	char why[WHY];

	blob_init(&b, false);
	add_int(&b, "word", 4, 32);
	add(&b, "words", info(ASM_BTF_STRUCT, 4), 4);
	for (int i = 0; i < 4; i++)
		member(&b, (const char *[]){ "field1", "field2", "field2", "field3" }[i], 1, 0);
	add(&b, "wordy", info(ASM_BTF_UNION, 1), 4);
	member(&b, "", 2, 0);
	add(&b, "wordt", info(ASM_BTF_TYPEDEF, 0), 3);
	add(&b, "wordt", info(ASM_BTF_STRUCT, 0), 0);
	why_not(&b, "words.field", why);
	EXPECT_STREQ("struct words has no field 'field'; did you mean 'field1', 'field2' or "
		     "'field3'?", why);
	why_not(&b, "wordy.feild3", why);
	EXPECT_STREQ("union wordy has no field 'feild3'; did you mean 'field3'?", why);
	why_not(&b, "wordx.field1", why);
	EXPECT_STREQ("the BTF has no struct, union or typedef 'wordx'; did you mean 'words', "
		     "'wordt' or 'wordy'?", why);
}

/* ---- chance ---- */

static uint32_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (uint32_t)(*state >> 32);
}

static void damage(uint8_t *data, size_t len, uint64_t *state)
{
	for (uint32_t n = next_random(state) % 8; n < 8; n++) {
		/* the header often, or most of the data is never looked at */
		size_t range = next_random(state) % 8 ? len : HEADER;
		size_t at = next_random(state) % range;

		data[at] = (uint8_t)(next_random(state) % 4 ? next_random(state) : data[at] + 1u);
	}
}

static bool count_name(void *arg, const char *name)
{
	*(size_t *)arg += strlen(name);
	return true;
}

/* What the answers are is a matter of chance; that there are any, and in good form, is not. */
static const char *query(const struct asm_btf *btf, uint64_t *state)
{
	uint32_t i = next_random(state) % (NGOOD + NBAD);
	const char *path = i < NGOOD ? good[i].path : bad[i - NGOOD].path;
	struct asm_kfield f;
	size_t seen = 0;
	char why[WHY];

	memset(why, 1, sizeof(why));
	why[0] = '\0';
	if (!asm_btf_field(btf, path, &f, why, sizeof(why))) {
		EXPECT_NE('\0', why[0]) LOG("no reason for %s", path);
		ASSERT_NOT_NULL(memchr(why, '\0', sizeof(why)));
		for (const char *s = why; *s; s++)
			EXPECT_TRUE(isprint((unsigned char)*s));
	}
	asm_btf_names(btf, next_random(state) % 32, count_name, &seen);
	EXPECT_LE(-ENOENT, asm_btf_find(btf, next_random(state) % 32, "node"));
	return path;
}

static bool resolve(void *btf, const char *path, const char *section, struct asm_kfield *out,
		    char *why, size_t why_size)
{
	(void)section;
	return asm_btf_field(btf, path + strlen("kernel."), out, why, why_size);
}

/* An object with a field and a function of the kernel's: it copies types of the data. */
static void copy_types(struct asm_btf *btf, const char *path, FILE *f)
{
	struct asm_options opt = { .relocatable = true, .resolve = resolve, .resolve_arg = btf };
	struct asm_object *obj;
	char text[256];
	int err;

	snprintf(text, sizeof(text),
		 ".extern do_it\n.prog p \"xdp\"\nr1 = kernel.%s\ncall do_it\nexit\n", path);
	obj = asm_assemble("text", text, strlen(text), &opt);
	if (!obj)
		return;
	err = asm_emit_elf(f, obj, btf, NULL, NULL);
	if (err)
		EXPECT_ERR(-EINVAL, err);
	asm_free(obj);
}

/* What those ask who copy types. */
static void query_types(struct asm_btf *btf, const char *path, uint64_t *state, FILE *f)
{
	uint32_t steps[4], root, id = next_random(state) % 64;
	struct asm_btf_member m;
	struct asm_btf_type t;
	int n = asm_btf_steps(btf, path, &root, steps, sizeof(steps) / sizeof(steps[0]));

	EXPECT_TRUE(n == -EINVAL || n == -E2BIG || (n > 0 && n <= 4)) LOG("%s: %d", path, n);
	if (asm_btf_type(btf, id, &t))
		EXPECT_LE(t.kind, ASM_BTF_ENUM64);
	if (asm_btf_member(btf, id, next_random(state) % 8, &m))
		EXPECT_NOT_NULL(m.name);
	if (id < 8)
		copy_types(btf, path, f);
}

/* Damaged data is refused, or answers every question; base NULL: it continues nothing. */
static void mutate(const void *data, size_t len, const struct asm_btf *base, int rounds,
		   uint64_t state)
{
	uint8_t *copy = calloc(1, len);
	FILE *f = fopen("/dev/null", "w");
	int opened = 0;

	ASSERT_NOT_NULL(copy);
	ASSERT_NOT_NULL(f);
	for (int round = 0; round < rounds; round++) {
		struct asm_btf *btf;
		int err;

		memcpy(copy, data, len);
		damage(copy, len, &state);
		err = asm_btf_open_split(copy, len, base, &btf);
		if (err)
			EXPECT_ERR(-EINVAL, err);
		else
			query_types(btf, query(btf, &state), &state, f);
		opened += !err;
		asm_btf_close(btf);
	}
	EXPECT_LT(rounds / 20, opened);
	EXPECT_LT(opened, rounds);
	fclose(f);
	free(copy);
}

/* For each of the two byte orders. */
TEST_F_TIMEOUT(btf, mutations, 120)
{
	mutate(self->data, self->len, NULL, (int)t_rounds(100000), 0x9e3779b97f4a7c15);
}

/* ---- data that continues other data ---- */

enum { MODULE = POINTER_PTR + 1, MODULE_PTR, MODULE_FUNC, MODULE_NODE };

static uint32_t find_string(const struct blob *b, const char *s)
{
	size_t at = 0;

	while (at < b->strings_len && strcmp(b->strings + at, s) != 0)
		at += strlen(b->strings + at) + 1;
	ASSERT_LT(at, b->strings_len);
	return (uint32_t)at;
}

/* One name is the base's, and so are most of the types that its own are made of. */
static void split_sample(struct blob *b, const struct blob *base)
{
	memset(b, 0, sizeof(*b));
	b->big = base->big;
	b->ntypes = base->ntypes;
	b->base_strings = (uint32_t)base->strings_len;
	add(b, "module", info(ASM_BTF_STRUCT, 3), 24);
	member(b, "count", INT, 0);
	member(b, "where", POINT, 32);
	member(b, "next", MODULE_PTR, 128);
	add(b, "", info(ASM_BTF_PTR, 0), MODULE);
	put(b, find_string(base, "do_it"));
	put(b, info(ASM_BTF_FUNC, 1));
	put(b, PROTO);
	b->ntypes++;
	add(b, "node", info(ASM_BTF_STRUCT, 1), 4);
	member(b, "other", INT, 0);
	ASSERT_EQ(MODULE_NODE, b->ntypes);
}

FIXTURE(split)
{
	struct blob base_blob, blob;
	uint8_t *base_data, *data;
	size_t len;
	struct asm_btf *base, *btf;
};

FIXTURE_VARIANT(split) { bool big; };
FIXTURE_VARIANT_ADD(split, little) { .big = false };
FIXTURE_VARIANT_ADD(split, big) { .big = true };

FIXTURE_SETUP(split)
{
	sample(&self->base_blob, variant->big);
	split_sample(&self->blob, &self->base_blob);
	self->base_data = blob_bytes(&self->base_blob, &self->len);
	ASSERT_OK(asm_btf_open(self->base_data, self->len, &self->base));
	self->data = blob_bytes(&self->blob, &self->len);
	ASSERT_OK(asm_btf_open_split(self->data, self->len, self->base, &self->btf));
}

FIXTURE_TEARDOWN(split)
{
	asm_btf_close(self->btf);
	free(self->data);
	asm_btf_close(self->base);
	free(self->base_data);
}

TEST_F(split, find)
{
	struct names structs = { .most = 99 };

	EXPECT_EQ(POINTER_PTR, asm_btf_count(self->base));
	EXPECT_EQ(MODULE_NODE, asm_btf_count(self->btf));
	EXPECT_EQ(MODULE, asm_btf_find(self->btf, ASM_BTF_STRUCT, "module"));
	EXPECT_EQ(MODULE_FUNC, asm_btf_find(self->btf, ASM_BTF_FUNC, "do_it"));
	EXPECT_EQ(FUNC, asm_btf_find(self->base, ASM_BTF_FUNC, "do_it"));
	EXPECT_EQ(MODULE_NODE, asm_btf_find(self->btf, ASM_BTF_STRUCT, "node"));
	EXPECT_EQ(POINT, asm_btf_find(self->btf, ASM_BTF_STRUCT, "point"));
	EXPECT_ERR(-ENOENT, asm_btf_find_own(self->btf, ASM_BTF_STRUCT, "point"));
	EXPECT_EQ(MODULE, asm_btf_find_own(self->btf, ASM_BTF_STRUCT, "module"));
	EXPECT_ERR(-ENOENT, asm_btf_find(self->base, ASM_BTF_STRUCT, "module"));
	asm_btf_names(self->btf, ASM_BTF_STRUCT, note_name, &structs);
	EXPECT_STREQ("module node ", structs.text);
}

TEST_F(split, types)
{
	struct asm_btf_member member;
	struct asm_btf_type type;
	struct asm_btf_raw raw;
	uint64_t size;

	for (uint32_t id = 0; id <= POINTER_PTR; id++) {
		struct asm_btf_raw own;

		ASSERT_TRUE(asm_btf_raw(self->base, id, &own)) LOG("type %u", id);
		ASSERT_TRUE(asm_btf_raw(self->btf, id, &raw)) LOG("type %u", id);
		EXPECT_STREQ(own.name, raw.name) LOG("type %u", id);
		EXPECT_EQ(own.kind, raw.kind) LOG("type %u", id);
		EXPECT_EQ(own.words, raw.words) LOG("type %u", id);
		EXPECT_EQ(asm_btf_word(self->base, &own, 1), asm_btf_word(self->btf, &raw, 1));
	}
	ASSERT_TRUE(asm_btf_raw(self->btf, MODULE_FUNC, &raw));
	EXPECT_STREQ("do_it", raw.name);
	EXPECT_EQ(PROTO, raw.arg);
	EXPECT_FALSE(asm_btf_raw(self->btf, MODULE_NODE + 1, &raw));
	EXPECT_TRUE(asm_btf_type(self->btf, MODULE_PTR, &type));
	EXPECT_EQ(MODULE, type.arg);
	EXPECT_TRUE(asm_btf_member(self->btf, MODULE, 1, &member));
	EXPECT_STREQ("where", member.name);
	EXPECT_EQ(POINT, member.arg);
	EXPECT_TRUE(asm_btf_size(self->btf, member.arg, &size));
	EXPECT_EQ(8, size);
	EXPECT_STREQ("", asm_btf_string(self->btf, 0));
	EXPECT_STREQ("module", asm_btf_string(self->btf, self->blob.base_strings));
	EXPECT_STREQ("", asm_btf_string(self->btf, self->blob.base_strings +
					(uint32_t)self->blob.strings_len));
	EXPECT_STREQ("", asm_btf_string(self->btf, UINT32_MAX));
}

TEST_F(split, fields)
{
	static const struct good paths[] = {
		{ "module.where.y", 8, 4 }, { "module.next", 16, 8 },
		{ "node.other", 0, 4 },		/* not the base's */
		{ "point.y", 4, 4 },		/* the base's */
	};
	struct asm_kfield field;
	char why[WHY];

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		EXPECT_TRUE(asm_btf_field(self->btf, paths[i].path, &field, why, sizeof(why)))
			LOG("%s: %s", paths[i].path, why);
		EXPECT_EQ(paths[i].offset, field.offset) LOG("%s", paths[i].path);
		EXPECT_EQ(paths[i].size, field.size) LOG("%s", paths[i].path);
	}
	EXPECT_FALSE(asm_btf_field(self->btf, "modul.count", &field, why, sizeof(why)));
	EXPECT_STREQ("the BTF has no struct, union or typedef 'modul'; did you mean 'module'?",
		     why);
	EXPECT_FALSE(asm_btf_field(self->btf, "poin.y", &field, why, sizeof(why)));
	EXPECT_STREQ("the BTF has no struct, union or typedef 'poin'; did you mean 'point'?", why);
}

/* A kind that only its own layout has steps over more bytes than those of the base. */
TEST(split_layout)
{
	enum { KIND = 25, LAYOUT_HEADER = 32, TYPES = 12, LAYOUT = 26 * 4, LEN = 3 };
	uint8_t data[2][LAYOUT_HEADER + TYPES + LAYOUT + LEN];
	const uint32_t header[] = { LAYOUT_HEADER, 0, TYPES, TYPES + LAYOUT, LEN, TYPES, LAYOUT };
	struct asm_btf *base, *btf;
	struct asm_btf_raw raw;

	for (size_t d = 0; d < 2; d++) {
		memset(data[d], 0, sizeof(data[d]));
		memcpy(data[d], (const uint8_t []){ 0x9f, 0xeb, 1, 0 }, 4);
		for (size_t i = 0; i < 7; i++)
			store32(false, data[d] + 4 + 4 * i, header[i]);
		store32(false, data[d] + LAYOUT_HEADER + 4, info(d ? ASM_BTF_PTR : KIND, 0));
		data[d][LAYOUT_HEADER + TYPES + KIND * 4] = d ? 255 : 0;
	}
	ASSERT_OK(asm_btf_open(data[0], sizeof(data[0]), &base));
	ASSERT_OK(asm_btf_open_split(data[1], sizeof(data[1]), base, &btf));
	ASSERT_TRUE(asm_btf_raw(btf, 1, &raw));
	EXPECT_EQ(0, raw.words);
	asm_btf_close(btf);
	asm_btf_close(base);
}

static int open_split_with(const uint8_t *data, size_t len, const struct asm_btf *base, size_t at,
			   uint32_t value)
{
	uint8_t *copy = malloc(len);
	struct asm_btf *btf;
	int err;

	ASSERT_NOT_NULL(copy);
	memcpy(copy, data, len);
	store32(data[0] == 0xeb, copy + at, value);
	err = asm_btf_open_split(copy, len, base, &btf);
	EXPECT_EQ(!err, !!btf);
	asm_btf_close(btf);
	free(copy);
	return err;
}

TEST_F(split, broken)
{
	enum { STRINGS_LEN = 20 };
	uint32_t behind = self->blob.base_strings + (uint32_t)self->blob.strings_len;
	struct asm_btf *btf;

	EXPECT_ERR(-EINVAL, asm_btf_open(self->data, self->len, &btf)); /* without its base */
	EXPECT_OK(open_split_with(self->data, self->len, self->base, HEADER, behind - 1));
	EXPECT_ERR(-EINVAL, open_split_with(self->data, self->len, self->base, HEADER, behind));
	EXPECT_ERR(-EINVAL, open_split_with(self->data, self->len, self->base, STRINGS_LEN,
					    (uint32_t)self->blob.strings_len - 1));
	for (size_t i = 0; i < self->len; i++)
		EXPECT_ERR(-EINVAL, asm_btf_open_split(self->data, i, self->base, &btf))
			LOG("%zu bytes", i);
	sample(&self->blob, !variant->big);
	free(self->data);
	self->data = blob_bytes(&self->blob, &self->len);
	EXPECT_ERR(-EINVAL, asm_btf_open_split(self->data, self->len, self->base, &btf));
}

/* Nothing of its own is fine: there are no strings then. */
TEST_F(split, empty)
{
	struct blob blob = { .big = variant->big };
	struct asm_btf *btf;
	uint8_t *data;
	size_t len;

	data = blob_bytes(&blob, &len);
	EXPECT_ERR(-EINVAL, asm_btf_open(data, len, &btf));
	ASSERT_OK(asm_btf_open_split(data, len, self->base, &btf));
	EXPECT_EQ(POINTER_PTR, asm_btf_count(btf));
	EXPECT_ERR(-ENOENT, asm_btf_find_own(btf, ASM_BTF_INT, "int"));
	asm_btf_close(btf);
	free(data);
}

TEST_F_TIMEOUT(split, mutations, 60)
{
	mutate(self->data, self->len, self->base, (int)t_rounds(20000), 0x2545f4914f6cdd1d);
}

/* ---- what a loader could not relocate ---- */

/* asm_sink: keep the first message. */
static void hear(void *arg, const struct asm_diag *diag)
{
	char *said = arg;

	if (!*said)
		snprintf(said, WHY, "%s", diag->message);
}

/* Why there is no object of a text that means the fields of b, with the types of `others`. */
static void no_object(const struct blob *b, const struct blob *others, const char *line,
		      char *said)
{
	struct asm_options opt = { .resolve = resolve, .relocatable = true };
	char text[512], *out = NULL;
	struct asm_object *obj;
	struct asm_btf *btf[2];
	uint8_t *data[2];
	size_t len;
	FILE *f;

	*said = '\0';
	data[0] = blob_bytes(b, &len);
	ASSERT_OK(asm_btf_open(data[0], len, &btf[0]));
	data[1] = blob_bytes(others, &len);
	ASSERT_OK(asm_btf_open(data[1], len, &btf[1]));
	opt.resolve_arg = btf[0];
	snprintf(text, sizeof(text), ".extern deep\n.prog p \"xdp\"\n%s\nexit\n", line);
	obj = asm_assemble("text", text, strlen(text), &opt);
	ASSERT_NOT_NULL(obj) LOG("%s", line);
	f = open_memstream(&out, &len);
	ASSERT_NOT_NULL(f);
	EXPECT_ERR(-EINVAL, asm_emit_elf(f, obj, btf[1], hear, said));
	ASSERT_EQ(0, fclose(f));
	EXPECT_EQ(0, len);
	free(out);
	asm_free(obj);
	for (int i = 0; i < 2; i++) {
		asm_btf_close(btf[i]);
		free(data[i]);
	}
}

TEST(loaders)
{
	enum { STRUCTS = 64, POINTERS = 17 };
	static struct blob b, others;
	char said[WHY], expected[WHY], path[WHY] = "s", line[WHY];
	uint32_t pointer = 1;

	blob_init(&b, false);
	add_int(&b, "int", 4, 32);
	for (int i = 0; i < POINTERS; i++)
		pointer = add(&b, "", info(ASM_BTF_PTR, 0), pointer);
	add(&b, "", info(ASM_BTF_FUNC_PROTO, 0), pointer);
	add(&b, "deep", info(ASM_BTF_FUNC, 0), b.ntypes);
	add_array(&b, pointer, 1);
	add(&b, "s", info(ASM_BTF_STRUCT, 3), 16);
	member(&b, "pointers", b.ntypes - 1, 0);
	member(&b, "number", 1, 64);
	member(&b, "x", b.ntypes + 1, 96);
	for (uint32_t i = 1; i < STRUCTS; i++) {
		add(&b, "", info(ASM_BTF_STRUCT, 1), 4);
		member(&b, "x", i + 1 < STRUCTS ? b.ntypes + 1 : 1, 0);
	}
	add(&b, "flexible", info(ASM_BTF_STRUCT, 1), 4);
	member(&b, "last", b.ntypes + 1, 0);
	add_array(&b, 1, 1);
	blob_init(&others, false);
	add_int(&others, "int", 4, 32);

	no_object(&b, &b, "r1 = kernel.s.pointers", said);
	EXPECT_STREQ("loaders cannot relocate 's.pointers': its type cannot be followed", said);
	no_object(&b, &b, "r1 = kernel.flexible.last[1]", said);
	EXPECT_STREQ("loaders cannot relocate 'flexible.last[1]': they follow no index past the "
		     "end of an array", said);
	no_object(&b, &b, "call deep", said);
	EXPECT_STREQ("the prototype of 'deep' in the BTF cannot be followed", said);
	no_object(&b, &others, "r1 = kernel.s.number", said);
	EXPECT_STREQ("the BTF has no 's.number'", said);
	no_object(&b, &b, "*(u32 *)(r10 - 4) = kernel.s.number", said);
	EXPECT_STREQ("this cannot be relocated: use the field as the offset of a load or store, "
		     "or as a number of arithmetic or of a 64-bit load", said);
	for (int i = 0; i < STRUCTS; i++)
		strcat(path, ".x");
	snprintf(expected, sizeof(expected), "loaders cannot relocate '%s': it goes through more "
		 "than 63 structures and arrays", path);
	snprintf(line, sizeof(line), "r1 = kernel.%s", path);
	no_object(&b, &b, line, said);
	EXPECT_STREQ(expected, said);
}

/* ---- the running kernel ---- */

FIXTURE(kernel) { char *data; size_t len; struct asm_btf *btf; };

FIXTURE_SETUP(kernel)
{
	REQUIRE(!access("/sys/kernel/btf/vmlinux", R_OK), "needs /sys/kernel/btf/vmlinux");
	ASSERT_OK(asm_read_file("/sys/kernel/btf/vmlinux", &self->data, &self->len));
	ASSERT_OK(asm_btf_open(self->data, self->len, &self->btf));
}

FIXTURE_TEARDOWN(kernel)
{
	asm_btf_close(self->btf);
	free(self->data);
}

static struct asm_kfield live_field(const struct asm_btf *btf, const char *path)
{
	struct asm_kfield f = { 0, 0 };
	char why[WHY] = "";

	EXPECT_TRUE(asm_btf_field(btf, path, &f, why, sizeof(why))) LOG("%s: %s", path, why);
	return f;
}

/* Only what every kernel since 5.10 has in common. */
TEST_F(kernel, fields)
{
	const struct asm_btf *btf = self->btf;
	struct asm_kfield pid = live_field(btf, "task_struct.pid");
	struct asm_kfield tgid = live_field(btf, "task_struct.tgid");

	EXPECT_EQ(4, pid.size);
	EXPECT_EQ(pid.offset + 4, tgid.offset);
	EXPECT_EQ(16, live_field(btf, "task_struct.comm").size);
	EXPECT_EQ(live_field(btf, "task_struct.comm").offset + 3,
		  live_field(btf, "task_struct.comm[3]").offset);
	EXPECT_EQ(8, live_field(btf, "task_struct.real_parent").size);
	EXPECT_EQ(0, live_field(btf, "sock.__sk_common.skc_daddr").offset);
	EXPECT_EQ(4, live_field(btf, "sock.__sk_common.skc_rcv_saddr").offset);
	EXPECT_EQ(2, live_field(btf, "sock.__sk_common.skc_dport").size);
	EXPECT_EQ(4, live_field(btf, "file.f_mode").size);
	EXPECT_EQ(live_field(btf, "file.f_path").offset + live_field(btf, "path.dentry").offset,
		  live_field(btf, "file.f_path.dentry").offset);
	EXPECT_EQ(live_field(btf, "pid.numbers[0].nr").offset + 16,
		  live_field(btf, "pid.numbers[1].nr").offset);
	EXPECT_EQ(4, live_field(btf, "atomic_t.counter").size);
}

/* Through an anonymous union and structure in it, and an array. */
TEST_F(kernel, steps)
{
	struct asm_btf_member m;
	struct asm_btf_type t;
	uint32_t steps[8], root;

	ASSERT_EQ(4, asm_btf_steps(self->btf, "sock.__sk_common.skc_daddr", &root, steps, 8));
	EXPECT_EQ(asm_btf_find(self->btf, ASM_BTF_STRUCT, "sock"), root);
	EXPECT_EQ(0, steps[0]);
	ASSERT_TRUE(asm_btf_type(self->btf, root, &t));
	EXPECT_STREQ("sock", t.name);
	EXPECT_EQ(root, t.id);
	ASSERT_TRUE(asm_btf_member(self->btf, root, 0, &m));
	EXPECT_STREQ("__sk_common", m.name);
	ASSERT_TRUE(asm_btf_member(self->btf, m.arg, steps[1], &m));
	EXPECT_STREQ("", m.name);
	ASSERT_EQ(2, asm_btf_steps(self->btf, "task_struct.comm[3]", &root, steps, 8));
	EXPECT_EQ(3, steps[1]);
	ASSERT_TRUE(asm_btf_member(self->btf, root, steps[0], &m));
	EXPECT_STREQ("comm", m.name);
	EXPECT_EQ(live_field(self->btf, "task_struct.comm").offset * 8, m.bit);
	ASSERT_TRUE(asm_btf_type(self->btf, m.arg, &t));
	EXPECT_EQ(ASM_BTF_ARRAY, t.kind);
	EXPECT_EQ(16, t.count);
	EXPECT_ERR(-E2BIG, asm_btf_steps(self->btf, "task_struct.comm[3]", &root, steps, 1));
	EXPECT_ERR(-EINVAL, asm_btf_steps(self->btf, "task_struct.none", &root, steps, 8));
	EXPECT_FALSE(asm_btf_member(self->btf, root, 1u << 24, &m));
}

TEST_F(kernel, errors)
{
	struct asm_kfield f;
	char why[WHY];

	EXPECT_FALSE(asm_btf_field(self->btf, "task_struct.pidd", &f, why, sizeof(why)));
	EXPECT_STREQ("struct task_struct has no field 'pidd'; did you mean 'pid'?", why);
	EXPECT_FALSE(asm_btf_field(self->btf, "task_strut.pid", &f, why, sizeof(why)));
	EXPECT_HAS("did you mean 'task_struct'", why);
	EXPECT_FALSE(asm_btf_field(self->btf, "sock.skc_daddr", &f, why, sizeof(why)));
	EXPECT_HAS("did you mean '__sk_common.skc_daddr'?", why);
	EXPECT_FALSE(asm_btf_field(self->btf, "task_struct.real_parent.pid", &f, why, sizeof(why)));
	EXPECT_HAS("go on with 'task_struct.pid'", why);
	EXPECT_FALSE(asm_btf_field(self->btf, "sock_common.skc_reuse", &f, why, sizeof(why)));
	EXPECT_HAS("'sock_common.skc_reuse' is a bitfield of 4 bits", why);
}

TEST_F(kernel, types)
{
	size_t seen = 0;

	EXPECT_LT(0, asm_btf_find(self->btf, ASM_BTF_STRUCT, "task_struct"));
	EXPECT_LT(0, asm_btf_find(self->btf, ASM_BTF_FUNC, "do_exit"));
	EXPECT_ERR(-ENOENT, asm_btf_find(self->btf, ASM_BTF_FUNC, "no_such_function"));
	asm_btf_names(self->btf, ASM_BTF_FUNC, count_name, &seen);
	EXPECT_LT(100000, seen);
}

TEST_MAIN
