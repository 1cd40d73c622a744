/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* kconfig.h - the configuration of the running kernel: CONFIG_*, and LINUX_* as libbpf has them. */
#ifndef KCONFIG_H
#define KCONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct asm_extern;
struct kconfig;
struct load_facts;

/* Whether a name is one of configuration. */
bool kconfig_is_name(const char *name);

/*
 * What the configuration says, as it stands there: y, m, a number, "text". It is read once, when it
 * is first asked for. 0 or -errno with a reason in why: -ENOENT when it says nothing of the name.
 */
int kconfig_text(struct load_facts *facts, const char *name, char *text, size_t size, char *why,
		 size_t why_size);

/* The same as a number. */
int kconfig_number(struct load_facts *facts, const char *name, uint64_t *out, char *why,
		   size_t why_size);

/* The value of a variable with configuration, into its ext->size bytes. */
int kconfig_value(struct load_facts *facts, const struct asm_extern *ext, uint8_t *out, char *why,
		  size_t why_size);

#endif
