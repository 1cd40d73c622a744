/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* inflate.h - what `gzip -n` has packed, of up to 16 MiB: RFC 1952, RFC 1951. */
#ifndef INFLATE_H
#define INFLATE_H

#include <stddef.h>

/*
 * Unpack into a NUL-terminated text of *out_len bytes, freed with free(). 0, -ENOMEM, or -EBADMSG
 * for data that is none or damaged.
 */
int inflate_gzip(const void *data, size_t len, char **out, size_t *out_len);

#endif
