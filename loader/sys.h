/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * sys.h - every system call that touches the kernel's BPF side, a function each.
 *
 * All return what the call returns, or -errno, and leave errno alone. ENOTSUPP (524), which bpf(2)
 * lets out of the kernel and no C library knows, comes out as -EOPNOTSUPP.
 */
#ifndef SYS_H
#define SYS_H

#include <stddef.h>
#include <stdint.h>

/*
 * bpf(2). attr was memset before it was filled; size ends behind the last field in use, so that a
 * kernel older than the rest of the struct takes it. A returned descriptor is close-on-exec and
 * above 2. A load that a signal cut short (EAGAIN) is tried again a few times.
 */
int sys_bpf(int cmd, void *attr, unsigned int size);

/*
 * The same with attributes that all commands share, to be told why it fails (7.2): room bytes at
 * log, a text with a NUL. A kernel that knows none of that refuses, and says nothing.
 */
int sys_bpf_logged(int cmd, void *attr, unsigned int size, char *log, uint32_t room);

/* perf_event_open(2): a close-on-exec descriptor above 2. */
int sys_perf_event_open(void *attr, int pid, int cpu, int group, unsigned long flags);

/* An epoll(7) descriptor, close-on-exec and above 2. */
int sys_epoll(void);

int sys_ioctl(int fd, unsigned long request, unsigned long arg);
long sys_read(int fd, void *data, size_t len);
void sys_close(int fd);		/* -1 is fine */

int sys_open(const char *path);	/* to read, a folder too: a close-on-exec descriptor above 2 */
int sys_dup(int fd);		/* likewise */
int sys_take_fd(int pid, int fd); /* likewise, of another process (5.6) */

/* Index of a network device of this network namespace, -ENODEV */
int sys_ifindex(const char *name);

/* An AF_PACKET socket that sees nothing until it is bound: all packets of one device. */
int sys_packet_socket(void);
int sys_bind_packets(int fd, uint32_t ifindex);
int sys_setsockopt(int fd, int level, int name, int value);

/* The CPU this runs on, so one that is online; 0 when the kernel does not say. */
int sys_cpu(void);

/* f_type of the file system that a path is on. */
int sys_fs_type(const char *path, uint32_t *type);
int sys_is_dir(const char *path);	/* 0, -ENOTDIR, ... */
int sys_mkdir(const char *path, unsigned int mode);
int sys_rmdir(const char *path);
int sys_unlink(const char *path);

/* Write a file anew, which is made with that mode when it is missing. */
int sys_write_file(const char *path, const void *data, size_t len, unsigned int mode);

void sys_sleep(unsigned int us);

/* A file to be read as it grows: close-on-exec, above 2, and reading it does not wait. */
int sys_open_follow(const char *path);

/*
 * A regular file by its path below a folder that is the root of links, too; root -1: this
 * process's. -EINVAL for what is no regular file, which is not opened: it may be a device.
 */
int sys_open_in(int root, const char *path);

/* A file without a name that holds what is in memory there, len bytes unless that ends before. */
int sys_memory_file(const void *data, size_t len);

/* A whole file, read-only; a file that cannot be mapped or is empty is an error. */
int sys_map_file(const char *path, void **data, size_t *len);
void sys_unmap(void *data, size_t len);

/* As the kernel takes a name of a map or program: 15 letters, digits and '_'. */
enum { SYS_NAME = 16 };
void sys_name(char out[SYS_NAME], const char *name);

#endif
