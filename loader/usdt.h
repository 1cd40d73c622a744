/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* usdt.h - programs at the static probes that a program was built with. */
#ifndef USDT_H
#define USDT_H

struct attach;

/*
 * usdt/FILE:PROVIDER:NAME: a uprobe at each of its places, which counts in its semaphore, where it
 * has one. An attach_method
 */
int usdt_attach(const struct attach *a);

#endif
