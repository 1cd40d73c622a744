/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * btf_fuzz.c - the BTF reader on any bytes: names, ids, the paths of fields, and types as C.
 *
 * The input is the length of a path in a byte, the path, the data.
 */
#include <errno.h>
#include <string.h>

#include "../../asm/asm.h"
#include "fuzz.h"

enum { MOST_NAMES = 32, PATH = 300, WHY = 160 };

struct names {
	const struct asm_btf *btf;
	enum asm_btf_kind kind;
	unsigned int count;
	const char *path;	/* of the fields to look for, or NULL */
	char before[PATH];	/* the name before this one */
};

static void check_field(const struct asm_btf *btf, const char *path)
{
	char why[WHY];
	struct asm_kfield field;

	memset(why, 1, sizeof(why));
	if (asm_btf_field(btf, path, &field, why, sizeof(why)))
		FUZZ_CHECK((uint64_t)field.offset + field.size <= (uint64_t)UINT32_MAX * 2);
	else
		FUZZ_CHECK(why[0] && memchr(why, '\0', sizeof(why)));
}

/* The field of that type, and a field with the name of the last type. */
static bool visit(void *arg, const char *name)
{
	struct names *names = arg;
	char path[2 * PATH];

	FUZZ_CHECK(name[0]);
	FUZZ_CHECK(asm_btf_find(names->btf, names->kind, name) > 0);
	if (names->path) {
		snprintf(path, sizeof(path), "%.*s.%s", PATH - 1, name, names->path);
		check_field(names->btf, path);
		snprintf(path, sizeof(path), "%.*s.%s", PATH - 1, name, names->before);
		check_field(names->btf, path);
	}
	snprintf(names->before, sizeof(names->before), "%s", name);
	return ++names->count < MOST_NAMES;
}

static void check_names(const struct asm_btf *btf, const char *path)
{
	for (int kind = ASM_BTF_INT; kind <= ASM_BTF_ENUM64; kind++) {
		struct names names = { .btf = btf, .kind = (enum asm_btf_kind)kind };

		if (kind == ASM_BTF_STRUCT || kind == ASM_BTF_UNION || kind == ASM_BTF_TYPEDEF)
			names.path = path;
		asm_btf_names(btf, names.kind, visit, &names);
	}
}

static void check_c(const struct asm_btf *btf)
{
	FILE *f = fopen("/dev/null", "w");
	uint32_t at;
	int err;

	FUZZ_CHECK(f);
	err = asm_btf_c(f, btf, NULL, 0, &at);
	FUZZ_CHECK(!err || err == -EINVAL || err == -ELOOP || err == -E2BIG);
	FUZZ_CHECK(at <= asm_btf_count(btf));
	fclose(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t path_len = size && data[0] < size ? data[0] : 0;
	char path[UINT8_MAX + 1];
	struct asm_btf *btf;
	int ret;

	if (!size)
		return 0;
	memcpy(path, data + 1, path_len);
	path[path_len] = '\0';
	ret = asm_btf_open(data + 1 + path_len, size - 1 - path_len, &btf);
	FUZZ_CHECK(!ret == !!btf);
	if (ret)
		return 0;
	check_field(btf, path);
	check_names(btf, path);
	check_c(btf);
	asm_btf_close(btf);
	return 0;
}
