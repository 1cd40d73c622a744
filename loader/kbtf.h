/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* kbtf.h - type data that the kernel holds, by id (4.18). Needs asm.h */
#ifndef KBTF_H
#define KBTF_H

#include <stddef.h>
#include <stdint.h>

struct json;

struct kbtf {
	struct asm_btf *btf;
	char *data;		/* what it borrows, owned */
	uint32_t first;		/* id of the first type of its own; those of a base come before */
};

/*
 * Read it; that of a module together with the kernel's, which it continues. 0 or -errno, and
 * nothing to close.
 */
int kbtf_open(int fd, struct kbtf *out);
int kbtf_open_id(uint32_t id, struct kbtf *out);
int kbtf_open_kernel(struct kbtf *out);	/* its own, without its modules' */

/* The same of a file's contents, which are taken over: an ELF file's are those of its .BTF. */
int kbtf_adopt_file(char *data, size_t len, struct kbtf *out);
void kbtf_close(struct kbtf *kbtf);	/* zeroed is fine */

/* Type id of a function as C declares it: "int main(struct ctx * c)"; "" for what is none. */
void kbtf_signature(const struct asm_btf *btf, uint32_t id, char *out, size_t size);

#endif
