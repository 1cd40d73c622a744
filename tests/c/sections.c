/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "defs.h"

SEC("socket") int a_socket(void *c) { return 0; }
SEC("cgroup_skb/ingress") int a_skb(void *c) { return 1; }
SEC("cgroup/sock_create") int a_sock(void *c) { return 1; }
SEC("sockops") int a_sockops(void *c) { return 0; }
SEC("sk_lookup") int a_lookup(void *c) { return 1; }
SEC("perf_event") int an_event(void *c) { return 0; }
SEC("raw_tp/sys_exit") int a_raw(void *c) { return 0; }
SEC("tp/sched/sched_switch") int a_tp(void *c) { return 0; }
SEC("classifier") int a_class(void *c) { return 0; }
SEC("action") int an_action(void *c) { return 0; }
SEC("sk_skb/stream_verdict") int a_verdict(void *c) { return 1; }
SEC("flow_dissector") int a_flow(void *c) { return 0; }
SEC("lwt_in") int a_lwt(void *c) { return 0; }
SEC("cgroup/sysctl") int a_sysctl(void *c) { return 1; }
SEC("syscall") int a_syscall(void *c) { return 0; }
