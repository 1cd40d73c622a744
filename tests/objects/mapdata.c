/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* mapdata.c - maps with keys and values of many types; needs no headers. */
#define SEC(name) __attribute__((section(name), used))
#define MAP(name, kind, key_type, value_type, n) \
	struct { \
		int (*type)[kind]; \
		key_type *key; \
		value_type *value; \
		int (*max_entries)[n]; \
	} name SEC(".maps")

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

enum { HASH = 1, ARRAY = 2, PERCPU_HASH = 5, PERCPU_ARRAY = 6, LRU_HASH = 9, LPM_TRIE = 11 };

enum color { RED, GREEN = 5, BLUE = -1 };

struct event {
	int pid;
	char comm[16];
};

struct mixed {
	u64 n;
	enum color color;
	_Bool yes;
	signed char small;
	u32 low : 3, high : 13;
	union {
		u32 whole;
		u8 bytes[4];
	};
	struct {
		short s;
	} inner;
	u16 list[3];
	char raw[4];
	__int128 wide;
};

struct prefix {
	u32 len;
	u8 address[4];
};

MAP(counts, HASH, u32, u64, 16);
MAP(events, HASH, struct event, struct mixed, 16);
MAP(recent, LRU_HASH, enum color, char, 16);
MAP(percpu, PERCPU_HASH, int, struct event, 16);
MAP(list, ARRAY, u32, struct mixed, 3);
MAP(perlist, PERCPU_ARRAY, u32, u32, 2);
struct {
	int (*type)[LPM_TRIE];
	struct prefix *key;
	u32 *value;
	int (*max_entries)[8];
	int (*map_flags)[1];
} routes SEC(".maps");

volatile int limit = 3;
volatile char name[8] = "abc";
volatile struct event last = { 7, "x" };
const volatile int fixed = 9;

SEC("socket") int prog(void *ctx)
{
	return limit + fixed + name[0] + last.pid;
}

char terms[] SEC("license") = "GPL";
