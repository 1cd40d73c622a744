/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* detach.h - the end of links. */
#ifndef DETACH_H
#define DETACH_H

#include <stdbool.h>

struct words;

/*
 * End the link that the words name. unpin: when it is named by a path, its pin goes too, and those
 * that attach --pin made beside it. 0 or -errno, said, and who still holds it.
 */
int detach_link(struct words *words, bool unpin);

#endif
