/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* struct_test.c - structures: where their fields lie, what a store may hold. */
#include "../asm/asm.h"
#include "harness.h"
#include "made.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- structures ---- */

static const struct asm_type *struct_named(const struct asm_object *obj, const char *name)
{
	for (size_t i = 0; i < obj->nstructs; i++) {
		if (!strcmp(obj->structs[i]->name, name))
			return obj->structs[i];
	}
	return NULL;
}

static const struct asm_field *field_named(const struct asm_type *type, const char *name)
{
	for (size_t i = 0; i < type->nfields; i++) {
		if (!strcmp(type->fields[i].name, name))
			return &type->fields[i];
	}
	return NULL;
}

#define TEXT_OF(...) #__VA_ARGS__
#define TEXT(...) TEXT_OF(__VA_ARGS__)

/* One text for both: the C compiler here and .struct lay it out. */
#define PAIR { uint8_t a; uint32_t b; uint16_t c[3]; }
#define OUTER { uint8_t flag; struct pair one; struct pair two[2]; uint64_t last; char tail[3]; }
#define MIXED { uint64_t t; uint8_t a, b; uint16_t c; uint8_t d[5]; int64_t e; int f; char g[16]; }

struct pair PAIR;
struct outer OUTER;
struct mixed MIXED;
struct pair_packed PAIR __attribute__((packed));
struct outer_packed OUTER __attribute__((packed));

static void expect_field(const struct asm_type *type, const char *name, size_t offset, size_t size)
{
	const struct asm_field *field = field_named(type, name);

	ASSERT_NOT_NULL(field) LOG("%s.%s", type->name, name);
	EXPECT_EQ(offset, field->offset) LOG("%s.%s", type->name, name);
	EXPECT_EQ(size, asm_sizeof(field->type)) LOG("%s.%s", type->name, name);
}

#define EXPECT_LAYOUT(obj, type, field) \
	expect_field(struct_named(obj, #type), #field, offsetof(struct type, field), \
		     sizeof(((struct type *)0)->field))

#define EXPECT_STRUCT(obj, type) do { \
	ASSERT_NOT_NULL(struct_named(obj, #type)); \
	EXPECT_EQ(sizeof(struct type), struct_named(obj, #type)->size) LOG("%s", #type); \
	EXPECT_EQ(_Alignof(struct type), struct_named(obj, #type)->align) LOG("%s", #type); \
} while (0)

TEST(structs_as_c_lays_them_out)
{
	struct made made;

	REQUIRE(_Alignof(uint64_t) == 8, "this CPU does not align 64 bits as BPF does");
	make_clean(&made, ".struct pair " TEXT(PAIR) "\n.struct outer " TEXT(OUTER)
		   "\n.struct mixed " TEXT(MIXED) "\n.struct pair_packed packed " TEXT(PAIR)
		   "\n.struct outer_packed packed " TEXT(OUTER) "\nexit");
	EXPECT_EQ(5, made.obj->nstructs);
	EXPECT_STRUCT(made.obj, pair);
	EXPECT_STRUCT(made.obj, outer);
	EXPECT_STRUCT(made.obj, mixed);
	EXPECT_STRUCT(made.obj, pair_packed);
	EXPECT_STRUCT(made.obj, outer_packed);
	EXPECT_LAYOUT(made.obj, pair, a);
	EXPECT_LAYOUT(made.obj, pair, b);
	EXPECT_LAYOUT(made.obj, pair, c);
	EXPECT_LAYOUT(made.obj, outer, one);
	EXPECT_LAYOUT(made.obj, outer, two);
	EXPECT_LAYOUT(made.obj, outer, last);
	EXPECT_LAYOUT(made.obj, outer, tail);
	EXPECT_LAYOUT(made.obj, mixed, b);
	EXPECT_LAYOUT(made.obj, mixed, c);
	EXPECT_LAYOUT(made.obj, mixed, d);
	EXPECT_LAYOUT(made.obj, mixed, e);
	EXPECT_LAYOUT(made.obj, mixed, f);
	EXPECT_LAYOUT(made.obj, mixed, g);
	EXPECT_LAYOUT(made.obj, pair_packed, b);
	EXPECT_LAYOUT(made.obj, pair_packed, c);
	EXPECT_LAYOUT(made.obj, outer_packed, one);
	EXPECT_LAYOUT(made.obj, outer_packed, two);
	EXPECT_LAYOUT(made.obj, outer_packed, last);
	EXPECT_LAYOUT(made.obj, outer_packed, tail);
	unmake(&made);
}

TEST(structs_in_expressions)
{
	static const struct {
		const char *text;
		size_t value;
	} asked[] = {
		{ "sizeof(pair)", sizeof(struct pair) }, { "sizeof(outer)", sizeof(struct outer) },
		{ "pair.c", offsetof(struct pair, c) },
		{ "outer.one", offsetof(struct outer, one) },
		{ "outer.one.b", offsetof(struct outer, one.b) },
		{ "outer.last", offsetof(struct outer, last) },
		{ "offsetof(outer, two)", offsetof(struct outer, two) },
		{ "offsetof(outer, one.c)", offsetof(struct outer, one.c) },
		{ "sizeof(outer.two)", sizeof(((struct outer *)0)->two) },
		{ "sizeof(outer.one.c)", sizeof(((struct outer *)0)->one.c) },
		{ "sizeof(outer.tail)", 3 }, { "sizeof(u16)", 2 },
		{ "outer.last + sizeof(u64)", offsetof(struct outer, last) + 8 },
	};
	char text[256];
	struct made made;

	REQUIRE(_Alignof(uint64_t) == 8, "this CPU does not align 64 bits as BPF does");
	for (size_t i = 0; i < COUNT(asked); i++) {
		snprintf(text, sizeof(text), ".struct pair %s\n.struct outer %s\nr1 = %s",
			 TEXT(PAIR), TEXT(OUTER), asked[i].text);
		make_clean(&made, text);
		EXPECT_EQ(asked[i].value, made.prog.insns[0].imm) LOG("%s", asked[i].text);
		unmake(&made);
	}
}

/* Packed event layouts that tracers use; the sizes are by hand. */
TEST(structs_packed_events)
{
	struct made made;

	make_clean(&made,
		   ".struct connection packed { u64 timestamp; u32 pid, saddr, daddr;"
		   " u16 sport, dport; u8 protocol, direction, padding[2]; char comm[16]; }\n"
		   ".struct connect packed { u64 timestamp; u32 pid, tgid; char comm[16];"
		   " u32 daddr; u16 dport, padding; }\n"
		   ".struct syscall packed { u64 timestamp; u32 pid, number;"
		   " u64 arg0, arg1, arg2 }\n"
		   ".struct exec packed { u64 timestamp; u32 pid, tgid, uid, gid; char comm[16];"
		   " u32 filename_len; s32 ret }\n"
		   ".struct file packed { u64 timestamp; u32 pid, operation; u64 inode, size;"
		   " s32 ret; u32 flags; char name[64] }\nexit");
	EXPECT_EQ(44, struct_named(made.obj, "connection")->size);
	EXPECT_EQ(40, struct_named(made.obj, "connect")->size);
	EXPECT_EQ(40, struct_named(made.obj, "syscall")->size);
	EXPECT_EQ(48, struct_named(made.obj, "exec")->size);
	EXPECT_EQ(104, struct_named(made.obj, "file")->size);
	expect_field(struct_named(made.obj, "connection"), "protocol", 24, 1);
	expect_field(struct_named(made.obj, "connection"), "comm", 28, 16);
	expect_field(struct_named(made.obj, "connect"), "dport", 36, 2);
	expect_field(struct_named(made.obj, "syscall"), "arg2", 32, 8);
	expect_field(struct_named(made.obj, "exec"), "ret", 44, 4);
	expect_field(struct_named(made.obj, "file"), "name", 40, 64);
	unmake(&made);
}

TEST(structs_that_are_wrong)
{
	static const struct {
		const char *text, *error;
	} wrong[] = {
		{ ".struct s { }", "no fields" }, { ".struct s { u32 a;", "does not end" },
		{ ".struct s { u32 a", "expected ';'" },
		{ ".struct s { u32 a; u32 a; }", "already" },
		{ ".struct s { s a; }", "not complete" },
		{ ".struct s { u32 a[0]; }", "out of range" },
		{ ".struct s { u32 a[-1]; }", "out of range" },
		{ ".struct s { u64 a[0x10000000]; }", "out of range" },
		{ ".struct s { u8 a[0x10000000]; u8 b; }", "larger than" },
		{ ".struct s { u32 a }; .struct s { u32 b }", "already" },
		{ ".struct u32 { u8 a }", "already" }, { ".struct r1 { u8 a }", "register" },
		{ ".struct s { u32 r1 }", "the name of a field" },
		{ ".struct s { u32 a }\nr1 = s.b", "no field 'b'" },
		{ ".struct s { u32 a[2] }\nr1 = s.a.b", "no fields" },
		{ "r1 = s.a", "unknown type" }, { "r1 = sizeof(s)", "unknown type" },
	};
	struct made made;

	for (size_t i = 0; i < COUNT(wrong); i++) {
		make(&made, wrong[i].text);
		EXPECT_NULL(made.obj) LOG("%s", wrong[i].text);
		EXPECT_HAS(wrong[i].error, made.said) LOG("%s", wrong[i].text);
		EXPECT_EQ(1, made.errors) LOG("%s: %s", wrong[i].text, made.said);
		unmake(&made);
	}
}

TEST_MAIN
