/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* kbtf.h - type data that the kernel holds, by id (4.18). Needs asm.h */
#ifndef KBTF_H
#define KBTF_H

#include <stddef.h>
#include <stdint.h>

struct abi_btf_info;
struct asm_btf;

struct kbtf {
	struct asm_btf *btf, *base;	/* base: of its own, that btf continues; NULL: none */
	char *data, *base_data;		/* what they borrow, owned */
	uint32_t first;			/* id of its own first type; those of a base come before */
};

/*
 * Read it; that of a module together with the kernel's, which it continues. 0 or -errno, and
 * nothing to close.
 */
int kbtf_open(int fd, struct kbtf *out);
int kbtf_open_id(uint32_t id, struct kbtf *out);
int kbtf_open_kernel(struct kbtf *out);	/* its own, without its modules' */

/* That of a module, which continues what is borrowed for it. */
int kbtf_open_module(int fd, const struct asm_btf *kernel, struct kbtf *out);

/* What the kernel says of a descriptor; name, of KBTF_NAME bytes: "vmlinux", "" for programs'. */
enum { KBTF_NAME = 64 };
int kbtf_info(int fd, struct abi_btf_info *info, char *name);

/*
 * The same of a file, or of the .BTF of an ELF file. base is the path of what it continues, if it
 * continues anything; NULL: the kernel's. *failed is the path of what cannot be read, or is no type
 * data (-EINVAL, -ENODATA).
 */
int kbtf_open_file(const char *path, const char *base, struct kbtf *out, const char **failed);
void kbtf_close(struct kbtf *kbtf);	/* zeroed is fine */

/* Type id of a function as C declares it: "int main(struct ctx * c)"; "" for what is none. */
void kbtf_signature(const struct asm_btf *btf, uint32_t id, char *out, size_t size);

#endif
