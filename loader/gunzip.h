/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* gunzip.h - unpack a gzip file in memory: /proc/config.gz. */
#ifndef GUNZIP_H
#define GUNZIP_H

#include <stddef.h>
#include <stdint.h>

/*
 * Its contents with a NUL behind them, to be freed; NULL when it is none, is damaged, unpacks to
 * more than 16 MiB, or there is no memory. The checksum is not looked at.
 */
char *gunzip(const uint8_t *data, size_t len);

#endif
