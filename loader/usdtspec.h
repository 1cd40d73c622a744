/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * usdtspec.h - what programs are told of the arguments of a static probe: two maps, laid out as
 * libbpf's usdt.bpf.h (1.7) has them, which objects by clang and the macro usdt_arg share.
 *
 * __bpf_usdt_specs has a struct usdt_spec an id, and the cookie of a probe is that id. Before Linux
 * 5.15 there are no cookies: __bpf_usdt_ip_to_spec_id has the ids by address, process by process.
 */
#ifndef USDTSPEC_H
#define USDTSPEC_H

#include <stdbool.h>
#include <stdint.h>

struct attach;
struct usdt_arg;

enum { USDT_ARGS = 12 };

struct usdt_spec {
	struct {
		uint64_t value;
		uint32_t kind;	/* index register and shift from bits 8 and 20 on: little-endian */
		uint16_t reg;
		uint8_t is_signed, unused_bits;
	} args[USDT_ARGS];
	uint64_t cookie;
	uint16_t count;
	uint16_t taken;		/* 1: no such spec is all zeroes. Of libbpf, not looked at */
	uint32_t unused;
};

/* Behind the last one; more than USDT_ARGS are left out. */
void usdtspec_add(struct usdt_spec *spec, const struct usdt_arg *arg);

/* The maps of a program that reads arguments. */
struct usdt_maps {
	int specs, ids;		/* -1: it has none */
	uint32_t most;		/* specs */
	bool by_address;
};

/* 0 or -errno, explained; a program that reads no arguments is 0 as well. */
int usdtspec_open(const struct attach *a, struct usdt_maps *maps);
void usdtspec_close(struct usdt_maps *maps);

/* The id of such a spec, which is put into the map if it is not there. Or -errno, explained. */
int usdtspec_put(const struct attach *a, const struct usdt_maps *maps,
		 const struct usdt_spec *spec);

/* A place in a file that is mapped into the process, which --pid has to name. As above */
struct usdt_place {
	const char *path;
	uint64_t offset;
	uint64_t address;	/* of a program that is not moved when it starts; else 0 */
};
int usdtspec_place(const struct attach *a, const struct usdt_maps *maps,
		   const struct usdt_place *place, uint32_t id);

#endif
