/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* unused.h - warnings of names that the text defines and does not use. */
#ifndef UNUSED_H
#define UNUSED_H

struct unit;

/* Labels of the function that ends here; all jumps to them have been settled. */
void unused_labels(struct unit *unit);

/* What is left when the text has ended. */
void unused_names(struct unit *unit);

#endif
