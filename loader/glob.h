/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* glob.h - names by pattern. */
#ifndef GLOB_H
#define GLOB_H

#include <stdbool.h>

/* Whether the text holds something that load_glob() does not take literally. */
bool glob_is_pattern(const char *text);

#endif
