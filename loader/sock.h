/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* sock.h - programs at sockets, maps of sockets and receivers. All are an attach_method. */
#ifndef SOCK_H
#define SOCK_H

struct attach;

int sock_attach_map(const struct attach *a);	/* sk_skb, sk_msg: the object's map of sockets */
int sock_attach_socket(const struct attach *a);	/* socket, sk_reuseport */
int sock_attach_lirc(const struct attach *a);

#endif
