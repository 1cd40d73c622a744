/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * attr_test.c - the rows of asm/tables/attr.def against the structures of loader/abi.h, which the
 * loader works with.
 */
#include <stddef.h>

#include "../asm/asm.h"
#include "../loader/abi.h"
#include "harness.h"

/* The structure of each command. */
#define ATTR_MAP_CREATE abi_map_create
#define ATTR_MAP_LOOKUP_ELEM abi_map_elem
#define ATTR_MAP_UPDATE_ELEM abi_map_elem
#define ATTR_MAP_DELETE_ELEM abi_map_elem
#define ATTR_MAP_GET_NEXT_KEY abi_map_elem
#define ATTR_PROG_LOAD abi_prog_load
#define ATTR_OBJ_PIN abi_obj
#define ATTR_OBJ_GET abi_obj
#define ATTR_PROG_ATTACH abi_prog_attach
#define ATTR_PROG_DETACH abi_prog_attach
#define ATTR_PROG_TEST_RUN abi_prog_test_run
#define ATTR_PROG_GET_NEXT_ID abi_get_id
#define ATTR_MAP_GET_NEXT_ID abi_get_id
#define ATTR_PROG_GET_FD_BY_ID abi_get_id
#define ATTR_MAP_GET_FD_BY_ID abi_get_id
#define ATTR_OBJ_GET_INFO_BY_FD abi_info_by_fd
#define ATTR_PROG_QUERY abi_prog_query
#define ATTR_RAW_TRACEPOINT_OPEN abi_raw_tracepoint_open
#define ATTR_BTF_LOAD abi_btf_load
#define ATTR_BTF_GET_FD_BY_ID abi_get_id
#define ATTR_TASK_FD_QUERY abi_task_fd_query
#define ATTR_MAP_LOOKUP_AND_DELETE_ELEM abi_map_elem
#define ATTR_MAP_FREEZE abi_map_elem
#define ATTR_BTF_GET_NEXT_ID abi_get_id
#define ATTR_MAP_LOOKUP_BATCH abi_map_batch
#define ATTR_MAP_LOOKUP_AND_DELETE_BATCH abi_map_batch
#define ATTR_MAP_UPDATE_BATCH abi_map_batch
#define ATTR_MAP_DELETE_BATCH abi_map_batch
#define ATTR_LINK_CREATE abi_link_create
#define ATTR_LINK_UPDATE abi_link_update
#define ATTR_LINK_GET_FD_BY_ID abi_get_id
#define ATTR_LINK_GET_NEXT_ID abi_get_id
#define ATTR_ENABLE_STATS abi_enable_stats
#define ATTR_ITER_CREATE abi_iter_create
#define ATTR_LINK_DETACH abi_link_detach
#define ATTR_PROG_BIND_MAP abi_prog_bind_map
#define ATTR_TOKEN_CREATE abi_token_create
#define ATTR_PROG_STREAM_READ_BY_FD abi_prog_stream_read
#define ATTR_PROG_ASSOC_STRUCT_OPS abi_prog_assoc_struct_ops

static const struct attr {
	const char *command, *name, *type;
	size_t offset, at, size;	/* of the row; of the member */
	unsigned int since;
} attrs[] = {
#define ATTR(command, in, type, name, offset, since)						\
	{ #command, #name, type, offset, offsetof(struct ATTR_##command, name),			\
	  sizeof(((struct ATTR_##command *)0)->name), since },
#include "../asm/tables/attr.def"
#undef ATTR
};

static const struct command {
	const char *name;
	unsigned int since;
	size_t size;
} commands[] = {
#define COMMAND(number, name, since) { #name, since, sizeof(struct ATTR_##name) },
#include "../asm/tables/command.def"
#undef COMMAND
};

enum {
	ATTRS = sizeof(attrs) / sizeof(attrs[0]),
	COMMANDS = sizeof(commands) / sizeof(commands[0]),
};

/* Bytes of TYPE or TYPE[N]. */
static size_t size_of(const char *name)
{
	size_t n, len = strcspn(name, "[");
	const struct asm_type *types;

	types = asm_types(&n);
	for (size_t i = 0; i < n; i++)
		if (strlen(types[i].name) == len && !strncmp(types[i].name, name, len))
			return types[i].size * (name[len] ? strtoul(name + len + 1, NULL, 10) : 1);
	return 0;
}

TEST(offsets_and_sizes)
{
	for (size_t i = 0; i < ATTRS; i++) {
		EXPECT_EQ(attrs[i].at, attrs[i].offset)
			LOG("%s %s", attrs[i].command, attrs[i].name);
		EXPECT_EQ(attrs[i].size, size_of(attrs[i].type))
			LOG("%s %s", attrs[i].command, attrs[i].name);
	}
}

/* Each command has its rows together, in the order of their numbers, and none older than itself. */
TEST(commands_in_order)
{
	size_t row = 0;

	for (size_t i = 0; i < COMMANDS; i++) {
		size_t first = row;

		for (; row < ATTRS && !strcmp(attrs[row].command, commands[i].name); row++) {
			EXPECT_GE(attrs[row].since, commands[i].since)
				LOG("%s %s", attrs[row].command, attrs[row].name);
			EXPECT_LE(attrs[row].offset + attrs[row].size, commands[i].size)
				LOG("%s %s", attrs[row].command, attrs[row].name);
		}
		EXPECT_GT(row, first) LOG("%s has no rows", commands[i].name);
		if (row == first)
			break;
	}
	EXPECT_EQ(ATTRS, row);
}

TEST_MAIN
