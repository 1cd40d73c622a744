/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* defs.h - what the programs here share: helpers by number, and the words of libbpf's headers. */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int s32;
typedef long long s64;
typedef _Bool bool;

#define SEC(name) __attribute__((section(name), used))
#define NOINLINE __attribute__((noinline))
#define HIDDEN __attribute__((visibility("hidden")))
#define WEAK __attribute__((weak))
#define CORE __attribute__((preserve_access_index))
#define KCONFIG __attribute__((section(".kconfig")))
#define KSYM __attribute__((section(".ksyms")))
#define UINT(name, n) int (*name)[n]
#define TYPE(name, type) type *name
#define ARRAY(name, type) __typeof__(type) *name[]

struct pt_regs;
static void *(*map_lookup)(void *map, const void *key) = (void *)1;
static long (*map_update)(void *map, const void *key, const void *value, u64 flags) = (void *)2;
static long (*map_delete)(void *map, const void *key) = (void *)3;
static u64 (*now)(void) = (void *)5;
static u32 (*cpu)(void) = (void *)8;
static long (*tail_call)(void *ctx, void *map, u32 index) = (void *)12;
static u64 (*pid_tgid)(void) = (void *)14;
static u64 (*uid_gid)(void) = (void *)15;
static long (*comm)(void *buf, u32 size) = (void *)16;
static long (*perf_output)(void *ctx, void *map, u64 flags, void *data, u64 size) = (void *)25;
static long (*stack_id)(void *ctx, void *map, u64 flags) = (void *)27;
static void *(*current_task)(void) = (void *)35;
static long (*map_push)(void *map, const void *value, u64 flags) = (void *)87;
static long (*map_pop)(void *map, void *value) = (void *)88;
static long (*spin_lock)(void *lock) = (void *)93;
static long (*spin_unlock)(void *lock) = (void *)94;
static long (*probe_read)(void *to, u32 size, const void *from) = (void *)113;
static long (*probe_read_str)(void *to, u32 size, const void *from) = (void *)115;
static long (*output)(void *ring, void *data, u64 size, u64 flags) = (void *)130;
static void *(*reserve)(void *ring, u64 size, u64 flags) = (void *)131;
static void (*submit)(void *data, u64 flags) = (void *)132;
static void *(*per_cpu_ptr)(const void *var, u32 cpu) = (void *)153;
static void *(*this_cpu_ptr)(const void *var) = (void *)154;
static void *(*task_storage)(void *map, void *task, void *value, u64 flags) = (void *)156;
static void *(*current_task_btf)(void) = (void *)158;
static long (*for_each)(void *map, void *fn, void *ctx, u64 flags) = (void *)164;
static long (*timer_init)(void *timer, void *map, u64 flags) = (void *)169;
static long (*timer_set)(void *timer, void *fn) = (void *)170;
static long (*timer_start)(void *timer, u64 ns, u64 flags) = (void *)171;
static long (*loop)(u32 n, void *fn, void *ctx, u64 flags) = (void *)181;
static long (*trace_printk)(const char *fmt, u32 size, ...) = (void *)6;

struct task_struct {
	int pid, tgid;
	char comm[16];
	struct task_struct *real_parent;
	u64 start_time;
} CORE;

char LICENSE[] SEC("license") = "GPL";
