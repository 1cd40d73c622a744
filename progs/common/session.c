/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* session.c - assemble, load and attach. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "../../asm/asm.h"
#include "../../loader/loader.h"
#include "session.h"

static void session_say(void *arg, const struct asm_diag *diag)
{
	const struct session *s = arg;

	if (!diag->place.file)
		fprintf(stderr, "%s: ", s->name);
	asm_diag_print(stderr, diag);
}

/* Maps are locked memory before Linux 5.11; where this may not be raised, a call says so. */
static void session_unlimit(void)
{
	struct rlimit limit = { .rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY };

	(void)setrlimit(RLIMIT_MEMLOCK, &limit);
}

int session_open(struct session *s, const char *name, const char *file, const char *text,
		 size_t len)
{
	struct asm_options how = {
		.cpu = asm_cpu_native(),
		.endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? ASM_BIG : ASM_LITTLE,
		.sink = session_say, .sink_arg = s, .resolve = load_facts_resolve,
	};
	struct load_options opt = { .sink = session_say, .sink_arg = s };
	int err;

	memset(s, 0, sizeof(*s));
	s->name = name;
	s->facts = load_facts_new();
	if (!s->facts)
		return -ENOMEM;
	how.resolve_arg = opt.facts = s->facts;
	s->obj = asm_assemble(file, text, len, &how);
	if (!s->obj)
		return -EINVAL;
	session_unlimit();
	err = load_open(s->obj, &opt, &s->load);
	return err ? err : load_attach(s->load);
}

void session_close(struct session *s)
{
	load_close(s->load);
	asm_free(s->obj);
	load_facts_free(s->facts);
	memset(s, 0, sizeof(*s));
}

int session_map(const struct session *s, const char *name, const struct asm_map **map)
{
	for (size_t i = 0; i < s->obj->nmaps; i++)
		if (strcmp(s->obj->maps[i].name, name) == 0)
			*map = &s->obj->maps[i];
	return load_map_fd(s->load, name);
}
