/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* inflate.h - what `gzip -n` has packed: RFC 1952, RFC 1951. */
#ifndef INFLATE_H
#define INFLATE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Unpack up to 16 MiB into a NUL-terminated text of *out_len bytes, freed with free(). 0, -ENOMEM,
 * or -EBADMSG for data that is none or damaged.
 */
int inflate_gzip(const void *data, size_t len, char **out, size_t *out_len);

/* The same in two steps, without a C library: how many bytes it says it is. 0 or -EBADMSG. */
int inflate_size(const void *data, size_t len, size_t *size);

/* Unpack data of that size. 0 or -EBADMSG. */
int inflate_to(const void *data, size_t len, char *out, size_t size);

/* The CRC of RFC 1952 of what crc is of, 0 for nothing, and of this data behind it. */
uint32_t inflate_crc(uint32_t crc, const void *data, size_t len);

#endif
