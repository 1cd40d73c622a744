/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* whole.h - an object and the memory that it lives in. Needs asm.h, mem.h */
#ifndef WHOLE_H
#define WHOLE_H

/* What asm_free() takes: obj is at the front, mem holds it and all that it points to. */
struct whole {
	struct asm_object obj;
	struct mem mem;
};

#endif
