/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* data.h - bytes: raw slots, or the contents of a section of data. */
#ifndef DATA_H
#define DATA_H

#include <stdbool.h>

struct unit;

/* expr, expr, ...: each of so many bytes, in the byte order of the target. */
bool data_byte(struct unit *unit);
bool data_short(struct unit *unit);
bool data_long(struct unit *unit);
bool data_quad(struct unit *unit);

/* "text", "text", ...: without and with a zero behind each. */
bool data_ascii(struct unit *unit);
bool data_asciz(struct unit *unit);

/* expr, expr, ...: each of as many bytes as it needs, 7 bits in each. */
bool data_uleb128(struct unit *unit);
bool data_sleb128(struct unit *unit);

bool data_skip(struct unit *unit);	/* n[, byte] */
bool data_fill(struct unit *unit);	/* n[, size[, value]] */
bool data_align(struct unit *unit);	/* bytes[, ...] */
bool data_p2align(struct unit *unit);	/* power of two[, ...] */

/* Report data that ends inside a slot; true when there is none. */
bool data_close(struct unit *unit);

#endif
