/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * flow.h - what the paths through a function say: code that none leads to, paths that run past its
 * end, registers read before they are written, looked-up values used without a look at NULL,
 * reservations that no ring buffer grants.
 */
#ifndef FLOW_H
#define FLOW_H

struct unit;

/*
 * Warn of what the kernel will refuse in each .prog and .func of the object, which is complete and
 * without errors. Of a function whose paths are not all known (data, gotox, jumps to elsewhere) it
 * says nothing. Time and memory are linear in the slots.
 */
void flow_check(struct unit *unit);

#endif
