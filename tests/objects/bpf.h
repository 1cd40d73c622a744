/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* bpf.h - the words of BPF programs in C, as far as the objects of these tests need them. */
#ifndef TESTS_OBJECTS_BPF_H
#define TESTS_OBJECTS_BPF_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long s64;
typedef int pid_t;
typedef u16 __be16;

#define SEC(name) __attribute__((section(name), used))
#define KERNEL __attribute__((section(".ksyms")))
#define NOINLINE __attribute__((noinline))
#define MAP_NUMBER(name, value) int (*name)[value]
#define MAP_TYPE(name, type) __typeof__(type) *name

enum { HASH = 1, ARRAY = 2, HASH_OF_MAPS = 13, RINGBUF = 27, BLOOM = 30 };

static void *(*const lookup)(void *map, const void *key) = (void *)1;
static u64 (*const ktime)(void) = (void *)5;
static long (*const print)(const char *format, u32 size, ...) = (void *)6;
static u64 (*const pid_tgid)(void) = (void *)14;
static long (*const for_each)(void *map, void *callback, void *ctx, u64 flags) = (void *)164;

#endif
