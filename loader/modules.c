/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../asm/asm.h"
#include "abi.h"
#include "kbtf.h"
#include "modules.h"
#include "object.h"
#include "sys.h"
#include "why.h"

/* ---- which there are ---- */

static int add(struct modules *modules, uint32_t id, const char *name)
{
	struct module *at = modules->at;

	if (modules->n == modules->room) {
		modules->room = modules->room ? 2 * modules->room : 64;
		at = reallocarray(at, modules->room, sizeof(*at));
		if (!at)
			return -ENOMEM;
		modules->at = at;
	}
	at = &at[modules->n++];
	memset(at, 0, sizeof(*at));
	at->id = id;
	snprintf(at->name, sizeof(at->name), "%s", name);
	return 0;
}

/* What goes away meanwhile, and what is no module's, is passed over. */
static int look_at(struct modules *modules, uint32_t id)
{
	struct abi_btf_info info;
	char name[KBTF_NAME];
	int fd = object_open_id(OBJECT_BTF, id, 0), err;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	err = kbtf_info(fd, &info, name);
	sys_close(fd);
	if (err || !info.kernel_btf || strcmp(name, "vmlinux") == 0)
		return err;
	return add(modules, id, name);
}

int modules_list(struct modules *modules)
{
	uint32_t id = 0;
	int err = 0;

	if (modules->tried)
		return modules->err;
	modules->tried = true;
	while (!err && !(err = object_next(OBJECT_BTF, id, &id)))
		err = look_at(modules, id);
	modules->err = err == -ENOENT ? 0 : err;
	return modules->err;
}

void modules_free(struct modules *modules)
{
	for (size_t i = 0; i < modules->n; i++)
		kbtf_close(&modules->at[i].types);
	for (size_t i = 1; i < modules->nfds; i++)
		sys_close(modules->fds[i]);
	free(modules->fds);
	free(modules->at);
}

/* ---- what they have ---- */

static int read_types(struct module *module, const struct asm_btf *kernel)
{
	int fd = object_open_id(OBJECT_BTF, module->id, 0), err;

	if (fd < 0)
		return fd;
	err = kbtf_open_module(fd, kernel, &module->types);
	sys_close(fd);
	return err;
}

const struct asm_btf *modules_types(struct modules *modules, size_t index,
				    const struct asm_btf *kernel)
{
	while (modules_list(modules) == 0 && index < modules->n) {
		struct module *module = &modules->at[index];

		if (module->types.btf || read_types(module, kernel) == 0)
			return module->types.btf;
		modules->n--;
		memmove(module, module + 1, (modules->n - index) * sizeof(*module));
	}
	return NULL;
}

/* The kernel has a folder for each module, and for what could be one and is built in. */
static void missing(const struct modules *modules, const char *name, char *why, size_t why_size)
{
	char path[128], near_text[ASM_NEAR_TEXT];
	struct asm_near near;

	asm_near_start(&near, name, strlen(name));
	for (size_t i = 0; i < modules->n; i++)
		asm_near_offer(&near, modules->at[i].name, strlen(modules->at[i].name));
	asm_near_text(&near, near_text);
	snprintf(path, sizeof(path), "/sys/module/%s", name);
	if (why_kernel_before(ASM_KERNEL(5, 11))) {
		snprintf(why, why_size, "this kernel does not tell the types of modules: that "
			 "began with Linux 5.11");
	} else if (strchr(name, '/') || sys_is_dir(path) != 0) {
		snprintf(why, why_size, "module '%s' is not loaded%s", name, near_text);
	} else {
		snprintf(path, sizeof(path), "/sys/module/%s/initstate", name);
		snprintf(why, why_size, sys_is_dir(path) == -ENOTDIR ?
			 "module '%s' is loaded and has no type data "
			 "(CONFIG_DEBUG_INFO_BTF_MODULES; or it was made for another kernel)" :
			 "'%s' is built into this kernel, and no module: leave it out", name);
	}
}

int modules_find(struct modules *modules, const char *name, char *why, size_t why_size)
{
	int err = modules_list(modules);

	for (size_t i = 0; i < modules->n && !err; i++)
		if (strcmp(modules->at[i].name, name) == 0)
			return (int)i;
	if (!err)
		missing(modules, name, why, why_size);
	else
		snprintf(why, why_size, "the types of modules cannot be listed: %s%s",
			 strerror(-err), err == -EPERM ? ": that takes CAP_SYS_ADMIN" : "");
	return err ? err : -ENOENT;
}

int modules_open(struct modules *modules, struct module *module)
{
	int *fds = modules->fds, fd;

	if (module->index)
		return 0;
	fds = reallocarray(fds, modules->nfds + 2, sizeof(*fds));
	if (!fds)
		return -ENOMEM;
	modules->fds = fds;
	fds[0] = 0;
	fd = object_open_id(OBJECT_BTF, module->id, 0);
	if (fd < 0)
		return fd;
	modules->nfds += !modules->nfds;
	module->index = (uint32_t)modules->nfds;
	fds[modules->nfds++] = fd;
	return 0;
}
