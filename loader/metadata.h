/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* metadata.h - what a program says of itself. Needs show.h */
#ifndef METADATA_H
#define METADATA_H

/*
 * "metadata": the constants bpf_metadata_NAME in the first of its maps with .rodata in its name, by
 * NAME. Nothing where there are none, or they cannot be read: bpftool's rules.
 */
void metadata_show(struct show *show, const uint32_t *maps, size_t n);

#endif
