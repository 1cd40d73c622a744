/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* debugfile.h - the file to which the symbols of a stripped one were moved. */
#ifndef DEBUGFILE_H
#define DEBUGFILE_H

#include <stdbool.h>

struct elffile;

/*
 * Open the debug file of a file: /usr/lib/debug/.build-id/xx/yyy.debug if that has the same build
 * id, or what .gnu_debuglink names, beside it, in .debug/ there or in /usr/lib/debug/FOLDER, if
 * that has the CRC and 1 GiB at most. Paths begin at root, see sys_open_in(), then at this
 * process's own. False: there is none; nothing is open then, and nothing is said.
 */
bool debugfile_open(struct elffile *file, int root, struct elffile *found);

#endif
