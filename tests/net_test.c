/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * net_test.c - programs at devices, control groups, network namespaces, hooks and sockets: how
 * often each ran, by value, in a namespace and a control group of the test's own.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "../asm/asm.h"
#include "../loader/abi.h"
#include "../loader/loader.h"
#include "harness.h"
#include "kernel.h"
#include "attached.h"

enum { PORT = 7777, PACKETS = 7 };

FIXTURE(net) {
	struct attached a;
	char mount[64], group[PATH], home[PATH];
	struct load *other;
};

/* lo gets 127.0.0.1 and ::1 by that. */
static void net_up(const char *device)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { 0 };

	ASSERT_GE(fd, 0);
	snprintf(request.ifr_name, IF_NAMESIZE, "%s", device);
	ASSERT_EQ(0, ioctl(fd, SIOCGIFFLAGS, &request));
	request.ifr_flags |= IFF_UP;
	ASSERT_EQ(0, ioctl(fd, SIOCSIFFLAGS, &request));
	close(fd);
}

FIXTURE_SETUP(net)
{
	REQUIRE(geteuid() == 0, "needs privilege");
	REQUIRE(unshare(CLONE_NEWNET) == 0, "no network namespace can be made here");
	net_up("lo");
	attached_start(&self->a);
	self->a.opt.where.dev = "lo";
}

/* ---- a control group of our own ---- */

/* Move this process. */
static bool enter(const char *group)
{
	char path[PATH + 16];
	bool done;
	int fd;

	snprintf(path, sizeof(path), "%s/cgroup.procs", group);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	done = fd >= 0 && write(fd, "0", 1) == 1;
	if (fd >= 0)
		close(fd);
	return done;
}

FIXTURE_TEARDOWN(net)
{
	load_close(self->other);
	attached_end(&self->a);
	if (self->group[0]) {
		EXPECT_TRUE(enter(self->home));
		EXPECT_EQ(0, rmdir(self->group));
	}
	if (self->mount[0]) {
		umount(self->mount);
		rmdir(self->mount);
	}
}

/* The group that this process is in, below the mount. */
static void find_home(struct net_self *self)
{
	FILE *f = fopen("/proc/self/cgroup", "re");
	char line[256];

	ASSERT_NOT_NULL(f);
	snprintf(self->home, PATH, "%s", self->mount);
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "0::/", 4) == 0)
			snprintf(self->home, PATH, "%s/%s", self->mount, line + 4);
	}
	fclose(f);
}

static void join_group(struct net_self *self)
{
	char group[PATH];

	REQUIRE(mount_privately(), "no mount namespace can be made here");
	snprintf(self->mount, sizeof(self->mount), "/tmp/net_test.XXXXXX");
	ASSERT_NOT_NULL(mkdtemp(self->mount));
	REQUIRE(mount("none", self->mount, "cgroup2", 0, NULL) == 0, "no cgroup2 can be mounted");
	find_home(self);
	snprintf(group, PATH, "%s/net_test.%d", self->mount, (int)getpid());
	REQUIRE(mkdir(group, 0755) == 0, "no control group can be made");
	memcpy(self->group, group, PATH);
	REQUIRE(enter(self->group), "this process cannot move to a control group");
	self->a.opt.where.cgroup = self->group;
}

/* ---- the programs ---- */

/* A program that counts in `map` and returns that. */
#define COUNTING FIND_VALUE COUNT_ONE "out: r0 = %ld\nexit\n"

/* `more` stands before it. */
static int put_with(struct net_self *self, const char *more, const char *section, long ret)
{
	return attached_open(&self->a, ".license \"GPL\"\n"
			     ".map map type array key u32 value u64 entries 1\n"
			     "%s.prog p \"%s\"\n" COUNTING, more, section, ret);
}

static int put(struct net_self *self, const char *section, long ret)
{
	return put_with(self, "", section, ret);
}

/* ---- traffic ---- */

static struct sockaddr_in local(unsigned int port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return at;
}

/* Where others of the family reach this process. */
struct address {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr_un path;
	};
	socklen_t len;
};

static struct address address(int family, unsigned int port)
{
	struct address at = { .v4 = local(port), .len = sizeof(at.v4) };

	if (family == AF_INET6) {
		at.v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6,
					       .sin6_port = htons((uint16_t)port),
					       .sin6_addr = IN6ADDR_LOOPBACK_INIT };
		at.len = sizeof(at.v6);
	} else if (family == AF_UNIX) {
		at.path = (struct sockaddr_un){ .sun_family = AF_UNIX };
		snprintf(at.path.sun_path + 1, sizeof(at.path.sun_path) - 1, "net_test%u", port);
		at.len = sizeof(at.path);
	}
	return at;
}

static int bound(int family, int type, unsigned int port)
{
	struct address at = address(family, port);
	int fd = socket(family, type | SOCK_CLOEXEC, 0), on = 1;

	ASSERT_GE(fd, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
	ASSERT_EQ(0, bind(fd, &at.any, at.len));
	return fd;
}

/* So many datagrams, each taken before the next is sent. */
static void send_datagrams(int family, unsigned int n)
{
	struct address to = address(family, PORT), from = to;
	int in = bound(family, SOCK_DGRAM, PORT);
	int out = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char byte = 'x';

	ASSERT_GE(out, 0);
	for (unsigned int i = 0; i < n; i++) {
		ASSERT_EQ(1, sendto(out, &byte, 1, 0, &to.any, to.len));
		ASSERT_EQ(1, recvfrom(in, &byte, 1, 0, &from.any, &from.len));
		from.len = to.len;
	}
	close(in);
	close(out);
}

/* A connection to oneself: the two ends. */
static void connect_pair(int family, int ends[2])
{
	struct address to = address(family, PORT);
	int listener = bound(family, SOCK_STREAM, PORT);

	ASSERT_EQ(0, listen(listener, 1));
	ends[0] = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ASSERT_GE(ends[0], 0);
	ASSERT_EQ(0, connect(ends[0], &to.any, to.len));
	ends[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	ASSERT_GE(ends[1], 0);
	close(listener);
}

static void connect_pairs(int family)
{
	for (int i = 0; i < 3; i++) {
		int ends[2];

		connect_pair(family, ends);
		close(ends[0]);
		close(ends[1]);
	}
}

static void bind_ports(int family)
{
	for (unsigned int i = 0; i < 4; i++)
		close(bound(family, SOCK_DGRAM, PORT + i));
}

/* The name of the other end once, that of a socket that has one twice. */
static void ask_names(int family)
{
	struct address name = address(family, PORT);
	int in = bound(family, SOCK_DGRAM, PORT);
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	ASSERT_EQ(0, connect(fd, &name.any, name.len));
	ASSERT_EQ(0, getpeername(fd, &name.any, &name.len));
	ASSERT_EQ(0, getsockname(in, &name.any, &name.len));
	ASSERT_EQ(0, getsockname(in, &name.any, &name.len));
	close(fd);
	close(in);
}

#define DRIVE(name, how, ...)									\
	static void drive_##name(void)								\
	{											\
		how(__VA_ARGS__);								\
	}

DRIVE(datagrams, send_datagrams, AF_INET, PACKETS)
DRIVE(datagrams6, send_datagrams, AF_INET6, PACKETS)
DRIVE(datagrams_unix, send_datagrams, AF_UNIX, PACKETS)
DRIVE(connects, connect_pairs, AF_INET)
DRIVE(connects6, connect_pairs, AF_INET6)
DRIVE(connects_unix, connect_pairs, AF_UNIX)
DRIVE(binds, bind_ports, AF_INET)
DRIVE(binds6, bind_ports, AF_INET6)
DRIVE(names, ask_names, AF_INET)
DRIVE(names6, ask_names, AF_INET6)
DRIVE(names_unix, ask_names, AF_UNIX)

static void drive_sockets(void)
{
	for (int i = 0; i < 5; i++)
		close(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
}

static void drive_options(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), value;
	socklen_t len = sizeof(value);

	for (int i = 0; i < 6; i++)
		ASSERT_EQ(0, getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &value, &len));
	ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &value, sizeof(value)));
	close(fd);
}

static void drive_sysctl(void)
{
	for (int i = 0; i < 4; i++) {
		int fd = open("/proc/sys/kernel/ostype", O_RDONLY | O_CLOEXEC);
		char byte;

		ASSERT_GE(fd, 0);
		ASSERT_EQ(1, read(fd, &byte, 1));
		close(fd);
	}
}

static void drive_devices(void)
{
	for (int i = 0; i < 3; i++)
		close(open("/dev/null", O_RDONLY | O_CLOEXEC));
}

/* ---- one program a kind: how often it ran ---- */

/* What programs return that change nothing. */
enum { PASS_ON = -1 };	/* TCX_NEXT */
enum { CGROUP_ALLOW = 1, LOOKUP_PASS = 1, TAKE_ALL = 0xffff };

/* Attach it; false on a kernel without that kind, which has then been named. */
static bool attach(struct net_self *self, const char *section, long ret, unsigned int since)
{
	int err = put(self, section, ret);

	if (!err)
		err = load_attach(self->a.load);
	if (!err || kernel() >= since) {
		EXPECT_OK(err);
		return !err;
	}
	EXPECT_HAS("needs Linux", self->a.said);
	return false;
}

static void check_kind(struct net_self *self, const char *section, long ret, unsigned int since,
		       void (*drive)(void), uint64_t want)
{
	if (!attach(self, section, ret, since))
		return;
	drive();
	EXPECT_EQ(want, attached_count(&self->a));
}

/* How often it runs when the loader has closed all. */
static void check_later(struct net_self *self, void (*drive)(void), uint64_t want)
{
	int map = fcntl(load_map_fd(self->a.load, "map"), F_DUPFD_CLOEXEC, 3);
	uint64_t before, after;
	uint32_t key = 0;

	ASSERT_GE(map, 0);
	EXPECT_OK(load_map_lookup(map, &key, &before));
	attached_close(&self->a);
	drive();
	EXPECT_OK(load_map_lookup(map, &key, &after));
	EXPECT_EQ(before + want, after);
	close(map);
}

#define KIND(name, section, ret, major, minor, drive, want)					\
	TEST_F(net, name)									\
	{											\
		check_kind(self, section, ret, ASM_KERNEL(major, minor), drive, want);		\
		if (self->a.load)								\
			check_later(self, drive, 0);						\
	}

#define GROUP_KIND(name, section, major, minor, drive, want)					\
	TEST_F(net, name)									\
	{											\
		join_group(self);								\
		check_kind(self, section, CGROUP_ALLOW, ASM_KERNEL(major, minor), drive, want);	\
		if (self->a.load)								\
			check_later(self, drive, 0);						\
	}

#define GROUP_KIND_6(name, section, major, minor, drive, want)					\
	TEST_F(net, name)									\
	{											\
		REQUIRE(access("/proc/sys/net/ipv6", F_OK) == 0, "this kernel has no IPv6");	\
		join_group(self);								\
		check_kind(self, section, CGROUP_ALLOW, ASM_KERNEL(major, minor), drive, want);	\
		if (self->a.load)								\
			check_later(self, drive, 0);						\
	}

KIND(xdp, "xdp", XDP_PASS, 5, 9, drive_datagrams, PACKETS)
KIND(xdp_frags, "xdp.frags", XDP_PASS, 5, 18, drive_datagrams, PACKETS)
KIND(tcx_ingress, "tcx/ingress", PASS_ON, 6, 6, drive_datagrams, PACKETS)
KIND(tcx_egress, "tcx/egress", PASS_ON, 6, 6, drive_datagrams, PACKETS)
KIND(tc_ingress, "tc/ingress", PASS_ON, 6, 6, drive_datagrams, PACKETS)
KIND(tc_egress, "tc/egress", PASS_ON, 6, 6, drive_datagrams, PACKETS)
/* On this device a packet is seen when it leaves, and when it comes in. */
KIND(socket, "socket", TAKE_ALL, 3, 19, drive_datagrams, 2 * PACKETS)
/* Once a connection, none for its packets; once a datagram that no socket is connected to. */
KIND(sk_lookup, "sk_lookup", LOOKUP_PASS, 5, 9, drive_connects, 3)
GROUP_KIND(cgroup_ingress, "cgroup_skb/ingress", 5, 7, drive_datagrams, PACKETS)
GROUP_KIND(cgroup_egress, "cgroup_skb/egress", 5, 7, drive_datagrams, PACKETS)
GROUP_KIND(cgroup_sock, "cgroup/sock", 5, 7, drive_sockets, 5)
GROUP_KIND(cgroup_sock_create, "cgroup/sock_create", 5, 7, drive_sockets, 5)
GROUP_KIND(cgroup_sock_release, "cgroup/sock_release", 5, 9, drive_sockets, 5)
GROUP_KIND(cgroup_post_bind4, "cgroup/post_bind4", 5, 7, drive_binds, 4)
GROUP_KIND_6(cgroup_post_bind6, "cgroup/post_bind6", 5, 7, drive_binds6, 4)
GROUP_KIND(cgroup_bind4, "cgroup/bind4", 5, 7, drive_binds, 4)
GROUP_KIND_6(cgroup_bind6, "cgroup/bind6", 5, 7, drive_binds6, 4)
GROUP_KIND(cgroup_connect4, "cgroup/connect4", 5, 7, drive_connects, 3)
GROUP_KIND_6(cgroup_connect6, "cgroup/connect6", 5, 7, drive_connects6, 3)
GROUP_KIND(cgroup_connect_unix, "cgroup/connect_unix", 6, 7, drive_connects_unix, 3)
GROUP_KIND(cgroup_sendmsg4, "cgroup/sendmsg4", 5, 7, drive_datagrams, PACKETS)
GROUP_KIND_6(cgroup_sendmsg6, "cgroup/sendmsg6", 5, 7, drive_datagrams6, PACKETS)
GROUP_KIND(cgroup_sendmsg_unix, "cgroup/sendmsg_unix", 6, 7, drive_datagrams_unix, PACKETS)
GROUP_KIND(cgroup_recvmsg4, "cgroup/recvmsg4", 5, 7, drive_datagrams, PACKETS)
GROUP_KIND_6(cgroup_recvmsg6, "cgroup/recvmsg6", 5, 7, drive_datagrams6, PACKETS)
GROUP_KIND(cgroup_recvmsg_unix, "cgroup/recvmsg_unix", 6, 7, drive_datagrams_unix, PACKETS)
GROUP_KIND(cgroup_getpeername4, "cgroup/getpeername4", 5, 8, drive_names, 1)
GROUP_KIND_6(cgroup_getpeername6, "cgroup/getpeername6", 5, 8, drive_names6, 1)
GROUP_KIND(cgroup_getpeername_unix, "cgroup/getpeername_unix", 6, 7, drive_names_unix, 1)
GROUP_KIND(cgroup_getsockname4, "cgroup/getsockname4", 5, 8, drive_names, 2)
GROUP_KIND_6(cgroup_getsockname6, "cgroup/getsockname6", 5, 8, drive_names6, 2)
GROUP_KIND(cgroup_getsockname_unix, "cgroup/getsockname_unix", 6, 7, drive_names_unix, 2)
GROUP_KIND(cgroup_sysctl, "cgroup/sysctl", 5, 7, drive_sysctl, 4)
GROUP_KIND(cgroup_getsockopt, "cgroup/getsockopt", 5, 7, drive_options, 6)
GROUP_KIND(cgroup_setsockopt, "cgroup/setsockopt", 5, 7, drive_options, 1)
GROUP_KIND(cgroup_dev, "cgroup/dev", 5, 7, drive_devices, 3)

/* By trampoline: not under lockdown, nor where no BPF program is asked. */
TEST_F(net, lsm_cgroup)
{
	int err;

	join_group(self);
	err = put(self, "lsm_cgroup/socket_bind", CGROUP_ALLOW);
	if (!err)
		err = load_attach(self->a.load);
	if (err && kernel() < ASM_KERNEL(6, 0))
		EXPECT_HAS("needs Linux", self->a.said);
	REQUIRE(!err, "this kernel does not take it: %s", strerror(-err));
	drive_binds();
	EXPECT_EQ(4, attached_count(&self->a));
	check_later(self, drive_binds, 0);
}

/* What the peers of a connection come through: established twice, once a side. */
TEST_F(net, sockops)
{
	join_group(self);
	ASSERT_OK(put(self, "sockops", 0));
	ASSERT_OK(load_attach(self->a.load));
	drive_connects();
	EXPECT_GE(attached_count(&self->a), 2 * 3);
	check_later(self, drive_connects, 0);
}

TEST_F(net, netfilter)
{
	self->a.opt.where.hook = "ip/input:-10";
	check_kind(self, "netfilter", NF_ACCEPT, ASM_KERNEL(6, 4), drive_datagrams, PACKETS);
}

/*
 * The kernel asks what is in a packet when it shares packets out among sockets; the program says
 * that it does not know (6.0), or nothing.
 */
TEST_F(net, flow_dissector)
{
	enum { ALL = 3, CONTINUE = 129 };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ALL)), group = 1;

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, setsockopt(fd, SOL_PACKET, PACKET_FANOUT, &group, sizeof(group)));
	if (attach(self, "flow_dissector", kernel() < ASM_KERNEL(6, 0) ? 0 : CONTINUE,
		   ASM_KERNEL(5, 8))) {
		drive_datagrams();
		EXPECT_GE(attached_count(&self->a), PACKETS);
		EXPECT_LE(attached_count(&self->a), 2 * PACKETS);
	}
	close(fd);
}

/* The place is wrong, and that is said. */
static void check_wrong(struct net_self *self, const char *section, long ret, int err,
			const char *text)
{
	ASSERT_OK(put(self, section, ret));
	EXPECT_ERR(err, load_attach(self->a.load));
	EXPECT_HAS(text, self->a.said);
}

/* ---- maps of sockets ---- */

#define SOCKETS ".map sockets type sockmap key u32 value u32 entries 2\n"

/* Send so many bytes, one by one, and take each. */
static void send_bytes(const int ends[2], unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		char byte = (char)('a' + i), got = 0;

		ASSERT_EQ(1, send(ends[0], &byte, 1, 0));
		ASSERT_EQ(1, recv(ends[1], &got, 1, 0));
		EXPECT_EQ(byte, got);
	}
}

static void put_pair(struct net_self *self, int ends[2], int member)
{
	int one = 1;
	uint32_t key = 0;

	connect_pair(AF_INET, ends);
	ASSERT_EQ(0, setsockopt(ends[0], IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)));
	ASSERT_OK(load_map_update(load_map_fd(self->a.load, "sockets"), &key, &ends[member], 0));
}

static void check_sockets(struct net_self *self, int member, uint64_t want)
{
	int ends[2];

	ASSERT_OK(load_attach(self->a.load));
	put_pair(self, ends, member);
	send_bytes(ends, 9);
	EXPECT_EQ(want, attached_count(&self->a));
	close(ends[0]);
	close(ends[1]);
}

TEST_F(net, sk_msg)
{
	ASSERT_OK(put_with(self, SOCKETS, "sk_msg", 1));
	check_sockets(self, 0, 9);
}

TEST_F(net, sk_skb_verdict)
{
	REQUIRE(kernel() >= ASM_KERNEL(5, 13), "needs Linux 5.13");
	ASSERT_OK(put_with(self, SOCKETS, "sk_skb/verdict", 1));
	check_sockets(self, 1, 9);
}

TEST_F(net, sk_skb_stream)
{
	REQUIRE(kernel() >= ASM_KERNEL(5, 13), "kernels before Linux 5.13 may hang in it");
	ASSERT_OK(put_with(self, SOCKETS ".prog parser \"sk_skb/stream_parser\"\n"
			   "r0 = *(u32 *)(r1 + 0)\nexit\n", "sk_skb/stream_verdict", 1));
	check_sockets(self, 1, 9);
}

TEST_F(net, sk_msg_twice)
{
	ASSERT_OK(put_with(self, SOCKETS ".prog first \"sk_msg\"\nr0 = 1\nexit\n", "sk_msg",
			   1));
	EXPECT_ERR(-EBUSY, load_attach(self->a.load));
	EXPECT_HAS("program first is at the same place, which takes one", self->a.said);
}

TEST_F(net, sk_msg_without_a_map)
{
	ASSERT_OK(put(self, "sk_msg", 1));
	EXPECT_ERR(-EINVAL, load_attach(self->a.load));
	EXPECT_HAS("it belongs to the sockmap or sockhash of its text, which has none",
		   self->a.said);
}

/* What was attached without a link goes when the attaching of another program fails. */
TEST_F(net, all_or_nothing)
{
	int ends[2];

	self->a.opt.where.dev = "none";
	ASSERT_OK(put_with(self, SOCKETS ".prog last \"xdp\"\nr0 = 2\nexit\n", "sk_msg", 1));
	EXPECT_ERR(-ENODEV, load_attach(self->a.load));
	put_pair(self, ends, 0);
	send_bytes(ends, 3);
	EXPECT_EQ(0, attached_count(&self->a));
	close(ends[0]);
	close(ends[1]);
}

/* ---- sockets of the caller ---- */

static void check_reuseport(struct net_self *self, const char *section)
{
	int members[2] = { bound(AF_INET, SOCK_DGRAM, PORT + 1),
			   bound(AF_INET, SOCK_DGRAM, PORT + 1) };
	struct sockaddr_in to = local(PORT + 1);

	self->a.opt.where.socket = members[0];
	ASSERT_OK(put(self, section, 1));
	ASSERT_OK(load_attach(self->a.load));
	for (int i = 0; i < PACKETS; i++)
		ASSERT_EQ(1, sendto(members[0], "x", 1, 0, (struct sockaddr *)&to, sizeof(to)));
	EXPECT_EQ(PACKETS, attached_count(&self->a));
	close(members[0]);
	close(members[1]);
}

TEST_F(net, sk_reuseport)
{
	check_reuseport(self, "sk_reuseport");
}

TEST_F(net, sk_reuseport_migrate)
{
	REQUIRE(kernel() >= ASM_KERNEL(5, 14), "needs Linux 5.14");
	check_reuseport(self, "sk_reuseport/migrate");
}

TEST_F(net, sk_reuseport_nowhere)
{
	ASSERT_OK(put(self, "sk_reuseport", 1));
	EXPECT_ERR(-EDESTADDRREQ, load_attach(self->a.load));
	EXPECT_HAS("does not say at which socket: --socket PID:FD does", self->a.said);
}

/* The socket is another process's, and its descriptor there is 0. */
TEST_F(net, filter_of_another)
{
	int fd = bound(AF_INET, SOCK_DGRAM, PORT), ends[2], status;
	struct sockaddr_in to = local(PORT);
	pid_t pid;

	REQUIRE(kernel() >= ASM_KERNEL(5, 6), "needs Linux 5.6");
	ASSERT_EQ(0, pipe(ends));
	pid = fork();
	ASSERT_GE(pid, 0);
	if (pid == 0) {
		dup2(fd, 0);
		_exit(write(ends[1], "", 1) == 1 && pause());
	}
	ASSERT_EQ(1, read(ends[0], &status, 1));
	self->a.opt.where.socket_pid = pid;
	ASSERT_OK(put(self, "socket", TAKE_ALL));
	ASSERT_OK(load_attach(self->a.load));
	for (int i = 0; i < 3; i++)
		ASSERT_EQ(1, sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)));
	EXPECT_EQ(3, attached_count(&self->a));
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	close(fd);
}

TEST_F(net, socket_of_no_process)
{
	REQUIRE(kernel() >= ASM_KERNEL(5, 6), "needs Linux 5.6");
	self->a.opt.where.socket_pid = 0x7ffffffe;
	check_wrong(self, "socket", TAKE_ALL, -ESRCH,
		    "descriptor 0 of process 2147483646: No such process");
}

TEST_F(net, no_such_socket_of_a_process)
{
	REQUIRE(kernel() >= ASM_KERNEL(5, 6), "needs Linux 5.6");
	self->a.opt.where.socket_pid = getpid();
	self->a.opt.where.socket = 9999;
	check_wrong(self, "sk_reuseport", 1, -EBADF, "it has no such descriptor");
}

/* A filter that takes nothing; when it is detached, datagrams come again. */
TEST_F(net, filter_of_a_socket)
{
	int in = bound(AF_INET, SOCK_DGRAM, PORT);
	struct sockaddr_in to = local(PORT);
	char byte;

	self->a.opt.where.socket = in;
	ASSERT_OK(put(self, "socket", 0));
	ASSERT_OK(load_attach(self->a.load));
	for (int i = 0; i < 3; i++)
		ASSERT_EQ(1, sendto(in, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)));
	EXPECT_EQ(3, attached_count(&self->a));
	EXPECT_EQ(-1, recv(in, &byte, 1, MSG_DONTWAIT));
	attached_close(&self->a);
	ASSERT_EQ(1, sendto(in, "y", 1, 0, (struct sockaddr *)&to, sizeof(to)));
	EXPECT_EQ(1, recv(in, &byte, 1, MSG_DONTWAIT));
	close(in);
}

TEST_F(net, filter_of_no_descriptor)
{
	self->a.opt.where.socket = 9999;
	check_wrong(self, "socket", TAKE_ALL, -EBADF, "attach: descriptor 9999: Bad file");
}

TEST_F(net, filter_of_no_socket)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	self->a.opt.where.socket = fd;
	ASSERT_OK(put(self, "socket", 0));
	EXPECT_ERR(-ENOTSOCK, load_attach(self->a.load));
	EXPECT_HAS("setsockopt SO_ATTACH_BPF: Socket operation on non-socket", self->a.said);
	close(fd);
}

/* ---- what is wrong with the place ---- */

TEST_F(net, no_device_given)
{
	self->a.opt.where.dev = NULL;
	check_wrong(self, "xdp", XDP_PASS, -EDESTADDRREQ,
		    "attach: its section does not say at which network device: --dev NAME does");
}

TEST_F(net, no_such_device)
{
	self->a.opt.where.dev = "lo0";
	check_wrong(self, "xdp", XDP_PASS, -ENODEV, "attach: this network namespace has no device "
		    "'lo0'; did you mean 'lo'?");
}

TEST_F(net, device_name_too_long)
{
	self->a.opt.where.dev = "a-name-of-a-device-that-no-kernel-takes";
	check_wrong(self, "xdp", XDP_PASS, -ENODEV, "no device 'a-name-of-a-device");
}

TEST_F(net, device_is_taken)
{
	ASSERT_OK(put(self, "xdp", XDP_PASS));
	ASSERT_OK(load_attach(self->a.load));
	ASSERT_OK(load_open(self->a.obj, &self->a.opt, &self->other));
	EXPECT_ERR(-EBUSY, load_attach(self->other));
	EXPECT_HAS("BPF_LINK_CREATE: Device or resource busy: program ", self->a.said);
	EXPECT_HAS(" is attached to the device, by link ", self->a.said);
	attached_close(&self->a);
	EXPECT_OK(load_attach(self->other));
}

/* ---- a pair of netkit devices ---- */

/*
 * RTM_NEWLINK of rtnetlink, with three attributes: a name, and in what says what kind of device it
 * is, the kind. linux/rtnetlink.h defines what abi.h does.
 */
struct new_link {
	uint32_t len;
	uint16_t type, flags;
	uint32_t seq, pid;
	struct {
		uint8_t family, pad;
		uint16_t type;
		int32_t index;
		uint32_t flags, change;
	} info;
	struct {
		uint16_t len, type;
		char text[4];
	} name;
	struct {
		uint16_t len, type;
		struct {
			uint16_t len, type;
			char text[8];
		} kind;
	} about;
};

/* What `ip link add one up type netkit` asks for: 0 or -errno of the kernel. */
static int add_netkit(void)
{
	enum { NEWLINK = 16, REQUEST = 1, ACK = 4, EXCL = 0x200, CREATE = 0x400, IFNAME = 3,
	       LINKINFO = 18, INFO_KIND = 1, ROUTE = 0, ERROR = 2 };
	const struct new_link link = {
		.len = sizeof(link), .type = NEWLINK, .flags = REQUEST | ACK | EXCL | CREATE,
		.info = { .flags = IFF_UP, .change = IFF_UP },
		.name = { sizeof(link.name), IFNAME, "one" },
		.about = { sizeof(link.about), LINKINFO,
			   { sizeof(link.about.kind), INFO_KIND, "netkit" } },
	};
	struct {
		uint32_t len;
		uint16_t type, flags;
		uint32_t seq, pid;
		int32_t error;
		struct new_link what;
	} answer = { 0 };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, ROUTE);

	ASSERT_GE(fd, 0);
	ASSERT_EQ(sizeof(link), send(fd, &link, sizeof(link), 0));
	ASSERT_GT(recv(fd, &answer, sizeof(answer), 0), 0);
	ASSERT_EQ(ERROR, answer.type);
	close(fd);
	return answer.error;
}

/* The other device of the pair, which the kernel names. */
static void find_peer(char name[IF_NAMESIZE])
{
	struct if_nameindex *all = if_nameindex();

	ASSERT_NOT_NULL(all);
	for (struct if_nameindex *at = all; at->if_index; at++)
		if (strcmp(at->if_name, "lo") != 0 && strcmp(at->if_name, "one") != 0)
			snprintf(name, IF_NAMESIZE, "%s", at->if_name);
	if_freenameindex(all);
}

/* Packets of a protocol that nobody listens to, sent on a device. */
static void send_frames(const char *device, int n)
{
	enum { EXPERIMENTAL = 0x88b5 };
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_protocol = htons(EXPERIMENTAL),
				  .sll_ifindex = (int)if_nametoindex(device) };
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char frame[64] = "frame";

	ASSERT_GE(fd, 0);
	for (int i = 0; i < n; i++)
		ASSERT_EQ(sizeof(frame), sendto(fd, frame, sizeof(frame), 0,
						(struct sockaddr *)&to, sizeof(to)));
	close(fd);
}

/* Devices that come from now on send nothing on their own: no question who is there. */
static void keep_quiet(void)
{
	const char *path = "/proc/sys/net/ipv6/conf/default/disable_ipv6";

	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return;	/* it has no IPv6 */
	ASSERT_GE(fd, 0);
	ASSERT_EQ(1, write(fd, "1", 1));
	close(fd);
}

/*
 * What a device sends goes through its own program: "primary" is that of `one`, "peer" that of the
 * other. Both are attached at `one`.
 */
static void check_netkit(struct net_self *self, const char *section, bool primary)
{
	char peer[IF_NAMESIZE] = "";
	int err;

	keep_quiet();
	err = add_netkit();
	REQUIRE(err != -EOPNOTSUPP, "this kernel has no netkit devices");
	ASSERT_OK(err);
	find_peer(peer);
	net_up(peer);
	self->a.opt.where.dev = "one";
	ASSERT_OK(put(self, section, PASS_ON));
	ASSERT_OK(load_attach(self->a.load));
	send_frames(primary ? "one" : peer, PACKETS);
	EXPECT_EQ(PACKETS, attached_count(&self->a));
	send_frames(primary ? peer : "one", PACKETS);
	EXPECT_EQ(PACKETS, attached_count(&self->a));
}

TEST_F(net, netkit_primary)
{
	enum { PRIMARY = true };

	check_netkit(self, "netkit/primary", PRIMARY);
}

TEST_F(net, netkit_peer)
{
	enum { PRIMARY = false };

	check_netkit(self, "netkit/peer", PRIMARY);
}

TEST_F(net, netkit_at_the_peer)
{
	char peer[IF_NAMESIZE] = "";
	int err = add_netkit();

	REQUIRE(err != -EOPNOTSUPP, "this kernel has no netkit devices");
	ASSERT_OK(err);
	find_peer(peer);
	self->a.opt.where.dev = peer;
	check_wrong(self, "netkit/peer", PASS_ON, -EACCES, "the device is the peer of a pair");
}

TEST_F(net, no_netkit)
{
	REQUIRE(kernel() >= ASM_KERNEL(6, 7), "needs Linux 6.7");
	ASSERT_OK(put(self, "netkit/primary", PASS_ON));
	EXPECT_LT(load_attach(self->a.load), 0);
	EXPECT_HAS("program p (netkit/primary): BPF_LINK_CREATE: ", self->a.said);
	EXPECT_HAS(" no netkit device", self->a.said);
}

TEST_F(net, no_group_given)
{
	check_wrong(self, "cgroup/sock", CGROUP_ALLOW, -EDESTADDRREQ,
		    "attach: its section does not say at which control group: --cgroup DIR does");
}

TEST_F(net, no_group)
{
	self->a.opt.where.cgroup = "/tmp";
	check_wrong(self, "cgroup/sock", CGROUP_ALLOW, -EBADF,
		    "attach: '/tmp' is no folder of a cgroup2 file system");
}

TEST_F(net, no_such_group)
{
	self->a.opt.where.cgroup = "/tmp/no such group";
	check_wrong(self, "cgroup/sock", CGROUP_ALLOW, -ENOENT,
		    "attach: control group '/tmp/no such group': No such file or directory");
}

/* Attached without a link, and as the only one. */
static int attach_alone(struct net_self *self)
{
	struct abi_prog_attach attr;
	int group = open(self->group, O_RDONLY | O_CLOEXEC);
	int ret;

	ASSERT_GE(group, 0);
	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)group;
	attr.attach_bpf_fd = (uint32_t)load_prog_fd(self->a.load, "p");
	attr.attach_type = BPF_CGROUP_INET_SOCK_CREATE;
	ret = bpf(BPF_PROG_ATTACH, &attr, abi_end(struct abi_prog_attach, attach_flags));
	close(group);
	return ret;
}

TEST_F(net, group_is_taken)
{
	join_group(self);
	ASSERT_OK(put(self, "cgroup/sock", CGROUP_ALLOW));
	ASSERT_EQ(0, attach_alone(self));
	EXPECT_ERR(-EPERM, load_attach(self->a.load));
	EXPECT_HAS("the group or one above it has a program that was attached as the only one",
		   self->a.said);
}

TEST_F(net, mounted_elsewhere)
{
	join_group(self);
	self->a.opt.where.cgroup = "/tmp";
	ASSERT_OK(put(self, "cgroup/sock", CGROUP_ALLOW));
	EXPECT_ERR(-EBADF, load_attach(self->a.load));
	EXPECT_HAS("one is mounted on /", self->a.said);
}

TEST_F(net, no_namespace)
{
	self->a.opt.where.netns = "/proc/self/stat";
	check_wrong(self, "sk_lookup", LOOKUP_PASS, -EINVAL,
		    "attach: '/proc/self/stat' is no network namespace");
}

TEST_F(net, no_such_namespace)
{
	self->a.opt.where.netns = "no-such";
	check_wrong(self, "sk_lookup", LOOKUP_PASS, -ENOENT,
		    "attach: network namespace '/run/netns/no-such': No such file or directory");
}

TEST_F(net, other_namespace)
{
	self->a.opt.where.netns = "/proc/self/ns/net";
	ASSERT_OK(put(self, "sk_lookup", LOOKUP_PASS));
	ASSERT_OK(load_attach(self->a.load));
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	net_up("lo");
	drive_connects();
	EXPECT_EQ(0, attached_count(&self->a));
}

TEST_F(net, dissector_is_taken)
{
	ASSERT_OK(put(self, "flow_dissector", 0));
	ASSERT_OK(load_attach(self->a.load));
	ASSERT_OK(load_open(self->a.obj, &self->a.opt, &self->other));
	EXPECT_LT(load_attach(self->other), 0);
	EXPECT_HAS("another program is attached to the namespace", self->a.said);
}

TEST_F(net, wrong_hooks)
{
	static const char *const hooks[] = {
		"ip", "ip/", "ip/inputs", "ipx/input", "ip/input:", "ip/input:x", "ip/input:1x",
		"ip/input:2147483647", "ip/input:-2147483648", "ip/input:99999999999999999999",
	};

	REQUIRE(kernel() >= ASM_KERNEL(6, 4), "needs Linux 6.4");
	self->a.opt.where.hook = NULL;
	ASSERT_OK(put(self, "netfilter", NF_ACCEPT));
	EXPECT_ERR(-EDESTADDRREQ, load_attach(self->a.load));
	load_close(self->a.load);
	for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++) {
		self->a.nsaid = 0;
		self->a.opt.where.hook = hooks[i];
		ASSERT_OK(load_open(self->a.obj, &self->a.opt, &self->a.load));
		EXPECT_ERR(-EINVAL, load_attach(self->a.load));
		EXPECT_HAS("is not of the form FAMILY/HOOK[:PRIORITY]", self->a.said);
		load_close(self->a.load);
	}
	self->a.load = NULL;
}

TEST_F(net, hook_is_taken)
{
	REQUIRE(kernel() >= ASM_KERNEL(6, 4), "needs Linux 6.4");
	self->a.opt.where.hook = "ipv6/local_out:42";
	ASSERT_OK(put(self, "netfilter", NF_ACCEPT));
	ASSERT_OK(load_attach(self->a.load));
	ASSERT_OK(load_open(self->a.obj, &self->a.opt, &self->other));
	EXPECT_ERR(-EBUSY, load_attach(self->other));
	EXPECT_HAS("the hook has a program of that priority: choose another by --hook",
		   self->a.said);
}

/* ---- what is attached otherwise ---- */

TEST_F(net, not_attached_here)
{
	static const struct {
		const char *section, *why;
	} kinds[] = {
		{ "tc", "netlink attaches it (`tc filter add`); tcx/ingress and tcx/egress are" },
		{ "action", "netlink attaches it (`tc action add`)" },
		{ "xdp/cpumap", "an entry of a map holds it (devmap, cpumap)" },
		{ "lwt_xmit", "attaches it to a route (`ip route add ... encap bpf xmit`)" },
		{ "cgroup/skb", "cgroup_skb/ingress and cgroup_skb/egress do" },
		{ "sk_skb", "sk_skb/stream_parser, sk_skb/stream_verdict and sk_skb/verdict do" },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		self->a.nsaid = 0;
		ASSERT_OK(put(self, kinds[i].section, 0));
		EXPECT_ERR(-EOPNOTSUPP, load_attach(self->a.load));
		EXPECT_HAS(kinds[i].why, self->a.said);
		load_close(self->a.load);
		self->a.load = NULL;
		asm_free(self->a.obj);
		self->a.obj = NULL;
	}
}

TEST_F(net, no_receiver)
{
	self->a.opt.where.dev = "/dev/no such receiver";
	REQUIRE(put(self, "lirc_mode2", 0) == 0, "this kernel has no CONFIG_BPF_LIRC_MODE2");
	EXPECT_ERR(-ENOENT, load_attach(self->a.load));
	EXPECT_HAS("attach: '/dev/no such receiver': No such file or directory", self->a.said);
}

/* ---- pins ---- */

TEST_F(net, pinned)
{
	char folder[PATH];

	REQUIRE(mount_privately(), "no mount namespace can be made here");
	snprintf(self->mount, sizeof(self->mount), "/tmp/net_test.XXXXXX");
	ASSERT_NOT_NULL(mkdtemp(self->mount));
	REQUIRE(mount("bpf", self->mount, "bpf", 0, NULL) == 0, "no bpffs can be mounted");
	snprintf(folder, PATH, "%s/pins", self->mount);
	ASSERT_OK(put(self, "xdp", XDP_PASS));
	ASSERT_OK(load_attach(self->a.load));
	ASSERT_OK(load_pin(self->a.load, folder));
	check_later(self, drive_datagrams, PACKETS);
}

TEST_F(net, sockets_have_no_pins)
{
	ASSERT_OK(put(self, "socket", TAKE_ALL));
	ASSERT_OK(load_attach(self->a.load));
	EXPECT_ERR(-EOPNOTSUPP, load_pin(self->a.load, "/sys/fs/bpf/none"));
	EXPECT_HAS("program p is attached without a BPF link", self->a.said);
}

TEST_MAIN
