/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* data.h - raw slots: .byte, .short, .long, .quad and their other names. */
#ifndef DATA_H
#define DATA_H

#include <stdbool.h>

struct unit;

/* expr, expr, ...: each of so many bytes, in the byte order of the target. */
bool data_byte(struct unit *unit);
bool data_short(struct unit *unit);
bool data_long(struct unit *unit);
bool data_quad(struct unit *unit);

/* Report data that ends inside a slot; true when there is none. */
bool data_close(struct unit *unit);

#endif
