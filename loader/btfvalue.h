/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* btfvalue.h - a value in memory by its BTF type, as bpftool prints it. */
#ifndef BTFVALUE_H
#define BTFVALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct asm_btf;
struct json;

/*
 * The next value in json: numbers are plain, enumerators names, text up to its NUL a string, what
 * is no whole number of bytes wide is in hexadecimal, and what the bytes do not reach is null.
 * text: for people, with pointers in hexadecimal, which is not JSON.
 */
void btfvalue_print(struct json *json, const struct asm_btf *btf, uint32_t id, const void *data,
		    size_t len, bool text);

/*
 * Up to 64 bits at a bit of a value, as compilers for this machine lay out bitfields and whole
 * numbers.
 */
uint64_t btfvalue_get(const uint8_t *data, uint64_t bit, uint32_t width);
void btfvalue_put(uint8_t *data, uint64_t bit, uint32_t width, uint64_t number);

#endif
