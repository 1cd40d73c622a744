/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * kernel.h - what tests ask the running kernel. Behind asm.h, abi.h and harness.h; what includes it
 * needs _GNU_SOURCE.
 */
#ifndef KERNEL_H
#define KERNEL_H

#include <sys/syscall.h>
#include <sys/utsname.h>

/* The running one, as ASM_KERNEL() has them. */
static inline unsigned int kernel(void)
{
	unsigned int major = 0, minor = 0;
	struct utsname name;

	uname(&name);
	sscanf(name.release, "%u.%u", &major, &minor);
	return ASM_KERNEL(major, minor);
}

/* bpf(2): what it returns, or -errno. */
static inline int bpf(int cmd, void *attr, size_t size)
{
	long ret = syscall(SYS_bpf, cmd, attr, size, 0L, 0L);	/* one of a test takes all five */

	return ret < 0 ? -errno : (int)ret;
}

/* A hash map of one entry, 4 bytes at 4 bytes: its descriptor, or -errno. */
static inline int hash_map(void)
{
	struct abi_map_create attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_HASH;
	attr.key_size = 4;
	attr.value_size = 4;
	attr.max_entries = 1;
	return bpf(BPF_MAP_CREATE, &attr, abi_end(struct abi_map_create, map_flags));
}

/* Capabilities in a namespace of users are none for bpf(2). */
static inline bool may_use_bpf(void)
{
	int fd = hash_map();

	if (fd >= 0)
		close(fd);
	return fd != -EPERM && fd != -ENOSYS;
}

/*
 * Run a program of section "syscall" or a raw tracepoint on these arguments, on a CPU (-1: this
 * one): what it returned, or -errno.
 */
static inline int run_with(int prog_fd, int cpu, uint64_t *args, size_t size)
{
	struct abi_prog_test_run attr;
	int err;

	memset(&attr, 0, sizeof(attr));
	attr.prog_fd = (uint32_t)prog_fd;
	attr.ctx_in = abi_ptr(args);
	attr.ctx_size_in = (uint32_t)size;
	if (cpu >= 0) {
		attr.flags = BPF_F_TEST_RUN_ON_CPU;
		attr.cpu = (uint32_t)cpu;
	}
	err = bpf(BPF_PROG_TEST_RUN, &attr, sizeof(attr));
	return err ? err : (int)attr.retval;
}

#endif
