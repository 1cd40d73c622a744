/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "abi.h"
#include "sys.h"

/* The kernel's own errno that has no number outside. */
enum { ENOTSUPP_INSIDE = 524 };

/* Commands that return a descriptor; from all others 0 to 2 is a plain result. */
static const uint8_t returns_fd[] = {
	BPF_MAP_CREATE, BPF_PROG_LOAD, BPF_OBJ_GET, BPF_PROG_GET_FD_BY_ID, BPF_MAP_GET_FD_BY_ID,
	BPF_RAW_TRACEPOINT_OPEN, BPF_BTF_LOAD, BPF_BTF_GET_FD_BY_ID, BPF_LINK_CREATE,
	BPF_LINK_GET_FD_BY_ID, BPF_ENABLE_STATS, BPF_ITER_CREATE, BPF_TOKEN_CREATE,
};

static bool cmd_returns_fd(int cmd)
{
	for (size_t i = 0; i < sizeof(returns_fd); i++)
		if (returns_fd[i] == cmd)
			return true;
	return false;
}

/* One system call, with errno as it was. */
static long call(long number, long a, long b, long c, long d, long e)
{
	int before = errno;
	long ret = syscall(number, a, b, c, d, e);

	if (ret < 0) {
		ret = errno == ENOTSUPP_INSIDE ? -EOPNOTSUPP : -errno;
		errno = before;
	}
	return ret;
}

/* Descriptors 0 to 2 belong to the standard streams, open or not. */
static int above_standard(int fd)
{
	int before = errno, moved;

	if (fd < 0 || fd > 2)
		return fd;
	moved = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (moved < 0)
		moved = -errno;
	close(fd);
	errno = before;
	return moved;
}

int sys_bpf(int cmd, void *attr, unsigned int size)
{
	enum { TRIES = 5 };
	int ret = -EAGAIN;

	for (int i = 0; i < TRIES; i++) {
		ret = (int)call(SYS_bpf, cmd, (long)attr, size, 0, 0);
		if (ret != -EAGAIN || cmd != BPF_PROG_LOAD)
			break;
	}
	return cmd_returns_fd(cmd) ? above_standard(ret) : ret;
}

int sys_bpf_logged(int cmd, void *attr, unsigned int size, char *log, uint32_t room)
{
	struct abi_common_attr common;
	int ret;

	memset(log, 0, room);
	memset(&common, 0, sizeof(common));
	common.log_buf = abi_ptr(log);
	common.log_size = room;
	common.log_level = 1;
	ret = (int)call(SYS_bpf, cmd | BPF_COMMON_ATTRS, (long)attr, size, (long)&common,
			abi_end(struct abi_common_attr, log_true_size));
	log[room - 1] = '\0';
	return cmd_returns_fd(cmd) ? above_standard(ret) : ret;
}

int sys_perf_event_open(void *attr, int pid, int cpu, int group, unsigned long flags)
{
	return above_standard((int)call(SYS_perf_event_open, (long)attr, pid, cpu, group,
					(long)flags));
}

int sys_epoll(void)
{
	return above_standard((int)call(SYS_epoll_create1, EPOLL_CLOEXEC, 0, 0, 0, 0));
}

int sys_ioctl(int fd, unsigned long request, unsigned long arg)
{
	return (int)call(SYS_ioctl, fd, (long)request, (long)arg, 0, 0);
}

long sys_read(int fd, void *data, size_t len)
{
	return call(SYS_read, fd, (long)data, (long)len, 0, 0);
}

void sys_close(int fd)
{
	int before = errno;

	if (fd >= 0)
		close(fd);
	errno = before;
}

int sys_cpu(void)
{
	unsigned int cpu = 0;

	return call(SYS_getcpu, (long)&cpu, 0, 0, 0, 0) < 0 ? 0 : (int)cpu;
}

/* What a call of the C library returned, as -errno, with errno as it was. */
static int result(int ret, int before)
{
	if (ret < 0) {
		ret = -errno;
		errno = before;
	}
	return ret;
}

int sys_open(const char *path)
{
	int before = errno;

	return above_standard(result(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY),
				     before));
}

int sys_dup(int fd)
{
	int before = errno;

	return result(fcntl(fd, F_DUPFD_CLOEXEC, 3), before);
}

int sys_take_fd(int pid, int fd)
{
	enum { PIDFD_OPEN = 434, PIDFD_GETFD = 438 };	/* on each CPU */
	int process = (int)call(PIDFD_OPEN, pid, 0, 0, 0, 0), taken = process;

	if (process >= 0)
		taken = above_standard((int)call(PIDFD_GETFD, process, fd, 0, 0, 0));
	sys_close(process);
	return taken;
}

int sys_ifindex(const char *name)
{
	int before = errno;
	unsigned int index = if_nametoindex(name);

	return index ? (int)index : result(-1, before);
}

int sys_packet_socket(void)
{
	int before = errno;

	return above_standard(result(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), before));
}

int sys_bind_packets(int fd, uint32_t ifindex)
{
	enum { ALL = 3 };	/* ETH_P_ALL */
	int before = errno;
	struct sockaddr_ll at;

	memset(&at, 0, sizeof(at));
	at.sll_family = AF_PACKET;
	at.sll_protocol = htons(ALL);
	at.sll_ifindex = (int)ifindex;
	return result(bind(fd, (const struct sockaddr *)&at, sizeof(at)), before);
}

int sys_setsockopt(int fd, int level, int name, int value)
{
	int before = errno;

	return result(setsockopt(fd, level, name, &value, sizeof(value)), before);
}

int sys_fs_type(const char *path, uint32_t *type)
{
	int before = errno;
	struct statfs fs;
	int err = result(statfs(path, &fs), before);

	if (!err)
		*type = (uint32_t)fs.f_type;
	return err;
}

int sys_is_dir(const char *path)
{
	int before = errno;
	struct stat st;
	int err = result(stat(path, &st), before);

	return err ? err : S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

int sys_mkdir(const char *path, unsigned int mode)
{
	int before = errno;

	return result(mkdir(path, mode), before);
}

int sys_rmdir(const char *path)
{
	int before = errno;

	return result(rmdir(path), before);
}

int sys_unlink(const char *path)
{
	int before = errno;

	return result(unlink(path), before);
}

int sys_write_file(const char *path, const void *data, size_t len, unsigned int mode)
{
	int before = errno, fd, err = 0;
	const char *at = data;
	ssize_t n = 0;

	fd = result(open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode), before);
	if (fd < 0)
		return fd;
	for (; len && !err; at += n, len -= (size_t)n) {
		n = write(fd, at, len);
		err = result(n < 0 ? -1 : 0, before);
		n = n < 0 ? 0 : n;
	}
	close(fd);
	errno = before;
	return err;
}

void sys_sleep(unsigned int us)
{
	enum { US = 1000000, NS_PER_US = 1000 };
	struct timespec time = { .tv_sec = us / US, .tv_nsec = (long)(us % US * NS_PER_US) };
	int before = errno;

	nanosleep(&time, NULL);
	errno = before;
}

int sys_open_follow(const char *path)
{
	int before = errno;

	return above_standard(result(open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC), before));
}

int sys_open_in(int root, const char *path)
{
	enum { OPENAT2 = 437, IN_ROOT = 0x10 };		/* on each CPU; RESOLVE_IN_ROOT */
	struct { uint64_t flags, mode, resolve; } how = { O_PATH | O_CLOEXEC, 0, IN_ROOT };
	int fd = (int)(root < 0 ? call(SYS_openat, AT_FDCWD, (long)path, O_PATH | O_CLOEXEC, 0, 0) :
				  call(OPENAT2, root, (long)path, (long)&how, sizeof(how), 0));
	char self[32];
	struct stat st;
	int opened;

	if (fd < 0)
		return fd;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	opened = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? sys_open(self) : -EINVAL;
	sys_close(fd);
	return opened;
}

int sys_memory_file(const void *data, size_t len)
{
	enum { CLOEXEC = 1 };	/* MFD_CLOEXEC */
	int fd = above_standard((int)call(SYS_memfd_create, (long)"", CLOEXEC, 0, 0, 0));
	long done = fd < 0 ? fd : call(SYS_write, fd, (long)data, (long)len, 0, 0);

	if (done < 0) {
		sys_close(fd);
		return (int)done;
	}
	return fd;
}

int sys_map_file(const char *path, void **data, size_t *len)
{
	int before = errno, fd, err;
	struct stat st;
	void *map;

	fd = result(open(path, O_RDONLY | O_CLOEXEC), before);
	if (fd < 0)
		return fd;
	err = result(fstat(fd, &st), before);
	if (!err && (st.st_size <= 0 || (uint64_t)st.st_size > SIZE_MAX))
		err = -EINVAL;
	if (!err) {
		map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		err = result(map == MAP_FAILED ? -1 : 0, before);
	}
	if (!err) {
		*data = map;
		*len = (size_t)st.st_size;
	}
	sys_close(fd);
	return err;
}

void sys_unmap(void *data, size_t len)
{
	munmap(data, len);
}

void sys_name(char out[SYS_NAME], const char *name)
{
	static const char legal[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_";

	memset(out, 0, SYS_NAME);
	for (size_t i = 0; i < SYS_NAME - 1 && name[i]; i++)
		out[i] = strchr(legal, name[i]) ? name[i] : '_';
}
