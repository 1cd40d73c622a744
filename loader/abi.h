/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * abi.h - what the kernel takes and gives: bpf(2), perf_event_open(2), BPF ring buffers.
 *
 * Our own copy, so that an old build host builds for a new kernel. tools/check-abi compares it with
 * the kernel's headers. Only .c files include it, and none that includes it may include
 * <linux/bpf.h> or <linux/perf_event.h>: numbers have the same names here. Source:
 * include/uapi/linux/bpf.h and perf_event.h of 7.2, and their history.
 *
 *	bpf(cmd, &attr, size)
 *
 * The kernel's union bpf_attr is one struct a command here, whose members have the kernel's names.
 * To call:
 *
 *   - memset the whole struct to 0. An initialiser leaves the padding as it was, and the kernel
 *     answers -EINVAL when bytes of the union behind the command's last field are not 0.
 *   - size: abi_end() of the last field that is used. What lies behind it counts as 0. A kernel
 *     that is older than the field answers -E2BIG when the bytes it does not know are not 0.
 *   - pointers go through abi_ptr(): fields are 64 bits wide for every process.
 *
 * Which kernel first has a field of union bpf_attr is in asm/tables/attr.def. Elsewhere a comment
 * that is a version says so; fields without one came with their struct. Lengths are bytes. Text is
 * NUL-terminated.
 */
#ifndef ABI_H
#define ABI_H

#include <stddef.h>
#include <stdint.h>

/* A 64-bit field, at a multiple of 8 on 32-bit CPUs too. */
#define ABI_U64 uint64_t __attribute__((aligned(8)))

/* Bytes up to and with a field: the size to give to bpf(2). */
#define abi_end(type, field) (offsetof(type, field) + sizeof(((type *)0)->field))

static inline uint64_t abi_ptr(const void *ptr)
{
	return (uintptr_t)ptr;
}

/* ---- numbers ---- */

enum bpf_cmd {
#define COMMAND(number, name, since) BPF_##name = (number),
#include "../asm/tables/command.def"
#undef COMMAND
};

enum bpf_map_type {
#define MAPTYPE(number, name, ...) BPF_MAP_TYPE_##name = (number),
#include "../asm/tables/map_type.def"
#undef MAPTYPE
};

enum bpf_prog_type {
#define PROG_TYPE(number, name, ...) BPF_PROG_TYPE_##name = (number),
#include "../asm/tables/prog_type.def"
#undef PROG_TYPE
};

enum bpf_attach_type {
#define ATTACH_TYPE(number, name, since) BPF_##name = (number),
#include "../asm/tables/attach_type.def"
#undef ATTACH_TYPE
};

/* Flags and the like. The kernel's enums are one here; some of these are 64 bits wide. */
enum abi_constant {
#define CONSTANT(name, value) name = (value),
#define LIBC_CONSTANT(name, value)
#include "../asm/tables/constant.def"
#undef CONSTANT
#undef LIBC_CONSTANT
};

/* ---- bpf(2): what each command takes ---- */

/* BPF_MAP_CREATE: a descriptor */
struct abi_map_create {
	uint32_t map_type;
	uint32_t key_size;
	uint32_t value_size;
	uint32_t max_entries;
	uint32_t map_flags;
	uint32_t inner_map_fd;
	uint32_t numa_node;		/* with BPF_F_NUMA_NODE */
	char map_name[BPF_OBJ_NAME_LEN]; /* letters, digits, '_', and '.' from 5.2 */
	uint32_t map_ifindex;		/* a device that holds the map */
	uint32_t btf_fd;
	uint32_t btf_key_type_id;
	uint32_t btf_value_type_id;
	uint32_t btf_vmlinux_value_type_id; /* struct_ops */
	ABI_U64 map_extra;		/* bloom_filter: hashes; arena: address; rhash */
	int32_t value_type_btf_obj_fd;	/* with BPF_F_VTYPE_BTF_OBJ_FD */
	int32_t map_token_fd;		/* with BPF_F_TOKEN_FD */
	ABI_U64 excl_prog_hash;		/* the only program that may use the map */
	uint32_t excl_prog_hash_size;
};

/* BPF_MAP_*_ELEM, BPF_MAP_GET_NEXT_KEY; BPF_MAP_FREEZE takes map_fd alone */
struct abi_map_elem {
	uint32_t map_fd;
	ABI_U64 key;			/* GET_NEXT_KEY: NULL is before the first, from 4.12 */
	union {
		ABI_U64 value;
		ABI_U64 next_key;
	};
	ABI_U64 flags;
};

/* BPF_MAP_*_BATCH. Some hash maps know only the place in a walk, no keys, as in and out_batch. */
struct abi_map_batch {
	ABI_U64 in_batch;		/* NULL: from the start */
	ABI_U64 out_batch;
	ABI_U64 keys;
	ABI_U64 values;
	uint32_t count;			/* in: room; out: done, in an error too */
	uint32_t map_fd;
	ABI_U64 elem_flags;
	ABI_U64 flags;
};

/* BPF_PROG_LOAD: a descriptor */
struct abi_prog_load {
	uint32_t prog_type;
	uint32_t insn_cnt;
	ABI_U64 insns;
	ABI_U64 license;
	uint32_t log_level;		/* 1, 2: more; | 4: statistics, from 5.2; 0: log_buf NULL */
	uint32_t log_size;
	ABI_U64 log_buf;
	uint32_t kern_version;		/* of kprobes, up to 4.20 */
	uint32_t prog_flags;
	char prog_name[BPF_OBJ_NAME_LEN]; /* as map_name */
	uint32_t prog_ifindex;
	uint32_t expected_attach_type;
	uint32_t prog_btf_fd;
	uint32_t func_info_rec_size;	/* sizeof(struct abi_func_info) */
	ABI_U64 func_info;
	uint32_t func_info_cnt;
	uint32_t line_info_rec_size;	/* sizeof(struct abi_line_info) */
	ABI_U64 line_info;
	uint32_t line_info_cnt;
	uint32_t attach_btf_id;
	union {
		uint32_t attach_prog_fd;
		uint32_t attach_btf_obj_fd; /* 0: the kernel itself */
	};
	uint32_t core_relo_cnt;
	ABI_U64 fd_array;		/* of BPF_PSEUDO_MAP_IDX and kfuncs of modules */
	ABI_U64 core_relos;
	uint32_t core_relo_rec_size;
	uint32_t log_true_size;		/* out: what log_buf would have taken, with the NUL */
	int32_t prog_token_fd;		/* with BPF_F_TOKEN_FD */
	uint32_t fd_array_cnt;		/* binds all of fd_array to the program */
	ABI_U64 signature;
	uint32_t signature_size;
	int32_t keyring_id;
};

/* func_info and line_info: rising insn_off, in slots; the first is 0 */
struct abi_func_info {
	uint32_t insn_off;
	uint32_t type_id;
};

struct abi_line_info {
	uint32_t insn_off;
	uint32_t file_name_off;		/* into the strings of the program's BTF */
	uint32_t line_off;
	uint32_t line_col;		/* line << 10 | column */
};

/* BPF_OBJ_PIN, BPF_OBJ_GET: a descriptor */
struct abi_obj {
	ABI_U64 pathname;
	uint32_t bpf_fd;		/* GET: 0 */
	uint32_t file_flags;		/* GET: BPF_F_RDONLY, BPF_F_WRONLY */
	int32_t path_fd;		/* with BPF_F_PATH_FD */
};

/* BPF_PROG_ATTACH, BPF_PROG_DETACH */
struct abi_prog_attach {
	union {
		uint32_t target_fd;
		uint32_t target_ifindex;
	};
	uint32_t attach_bpf_fd;
	uint32_t attach_type;
	uint32_t attach_flags;
	uint32_t replace_bpf_fd;	/* with BPF_F_REPLACE */
	union {
		uint32_t relative_fd;	/* with BPF_F_BEFORE, BPF_F_AFTER */
		uint32_t relative_id;	/* and with BPF_F_ID */
	};
	ABI_U64 expected_revision;	/* 0: any */
};

/* BPF_PROG_TEST_RUN */
struct abi_prog_test_run {
	uint32_t prog_fd;
	uint32_t retval;		/* out */
	uint32_t data_size_in;
	uint32_t data_size_out;		/* in: room, from 4.14; out: length; -ENOSPC: both */
	ABI_U64 data_in;
	ABI_U64 data_out;
	uint32_t repeat;
	uint32_t duration;		/* out: mean, nanoseconds */
	uint32_t ctx_size_in;
	uint32_t ctx_size_out;
	ABI_U64 ctx_in;
	ABI_U64 ctx_out;
	uint32_t flags;
	uint32_t cpu;			/* with BPF_F_TEST_RUN_ON_CPU */
	uint32_t batch_size;		/* with BPF_F_TEST_XDP_LIVE_FRAMES */
};

/* BPF_*_GET_NEXT_ID: start_id, next_id, -ENOENT after the last; BPF_*_GET_FD_BY_ID: a descriptor */
struct abi_get_id {
	union {
		uint32_t start_id;
		uint32_t prog_id;
		uint32_t map_id;
		uint32_t btf_id;
		uint32_t link_id;
	};
	uint32_t next_id;		/* out */
	uint32_t open_flags;		/* of maps */
	int32_t fd_by_id_token_fd;	/* of BTF, with BPF_F_TOKEN_FD */
};

/* BPF_OBJ_GET_INFO_BY_FD: fills one of the abi_..._info below */
struct abi_info_by_fd {
	uint32_t bpf_fd;
	uint32_t info_len;		/* in: room; out: what the kernel filled */
	ABI_U64 info;			/* bytes behind what the kernel knows must be 0 */
};

/* BPF_PROG_QUERY */
struct abi_prog_query {
	union {
		uint32_t target_fd;
		uint32_t target_ifindex;
	};
	uint32_t attach_type;
	uint32_t query_flags;
	uint32_t attach_flags;		/* out */
	ABI_U64 prog_ids;
	union {
		uint32_t prog_cnt;	/* in: room; out: how many there are */
		uint32_t count;
	};
	uint32_t : 32;
	ABI_U64 prog_attach_flags;
	ABI_U64 link_ids;
	ABI_U64 link_attach_flags;
	ABI_U64 revision;		/* out */
};

/* BPF_RAW_TRACEPOINT_OPEN: a descriptor that is the attachment */
struct abi_raw_tracepoint_open {
	ABI_U64 name;			/* NULL: what the program was loaded for, from 5.5 */
	uint32_t prog_fd;
	uint32_t : 32;
	ABI_U64 cookie;
};

/* BPF_BTF_LOAD: a descriptor */
struct abi_btf_load {
	ABI_U64 btf;
	ABI_U64 btf_log_buf;
	uint32_t btf_size;
	uint32_t btf_log_size;
	uint32_t btf_log_level;
	uint32_t btf_log_true_size;	/* out */
	uint32_t btf_flags;
	int32_t btf_token_fd;		/* with BPF_F_TOKEN_FD */
};

/* BPF_TASK_FD_QUERY: what hangs at a perf event */
struct abi_task_fd_query {
	uint32_t pid;
	uint32_t fd;
	uint32_t flags;
	uint32_t buf_len;		/* in: room; out: length without the NUL */
	ABI_U64 buf;			/* tracepoint, symbol or file name */
	uint32_t prog_id;		/* out, as all below */
	uint32_t fd_type;		/* BPF_FD_TYPE_... */
	ABI_U64 probe_offset;
	ABI_U64 probe_addr;
};

/* iter_info of BPF_LINK_CREATE. 5.9 */
union abi_iter_link_info {
	struct {
		uint32_t map_fd;
	} map;
	struct {
		uint32_t order;		/* 6.1; BPF_CGROUP_ITER_... */
		uint32_t cgroup_fd;	/* 6.1 */
		ABI_U64 cgroup_id;	/* 6.1 */
	} cgroup;
	struct {
		uint32_t tid;		/* 6.1; one of the three */
		uint32_t pid;		/* 6.1 */
		uint32_t pid_fd;	/* 6.1 */
	} task;
};

/* BPF_LINK_CREATE: a descriptor that is the attachment */
struct abi_link_create {
	union {
		uint32_t prog_fd;
		uint32_t map_fd;	/* struct_ops */
	};
	union {
		uint32_t target_fd;
		uint32_t target_ifindex;
	};
	uint32_t attach_type;
	uint32_t flags;			/* XDP: enum abi_xdp_flags; others: BPF_F_... */
	union {
		uint32_t target_btf_id;	/* ext: another function of target_fd */
		struct {
			ABI_U64 iter_info; /* union abi_iter_link_info */
			uint32_t iter_info_len;
		};
		struct {
			ABI_U64 bpf_cookie; /* target_fd: a perf event */
		} perf_event;
		struct {
			uint32_t flags;	/* BPF_F_KPROBE_MULTI_RETURN */
			uint32_t cnt;
			ABI_U64 syms;	/* char *[cnt], or addrs */
			ABI_U64 addrs;	/* uint64_t[cnt] */
			ABI_U64 cookies; /* uint64_t[cnt] or NULL */
		} kprobe_multi;
		struct {
			uint32_t target_btf_id; /* the one above */
			ABI_U64 cookie;
		} tracing;
		struct {
			uint32_t pf;	/* NFPROTO_... */
			uint32_t hooknum; /* NF_INET_... */
			int32_t priority;
			uint32_t flags;	/* BPF_F_NETFILTER_IP_DEFRAG from 6.6 */
		} netfilter;
		struct {
			union {
				uint32_t relative_fd;
				uint32_t relative_id;
			};
			ABI_U64 expected_revision;
		} tcx;
		struct {
			ABI_U64 path;
			ABI_U64 offsets; /* unsigned long[cnt] */
			ABI_U64 ref_ctr_offsets; /* unsigned long[cnt] or NULL */
			ABI_U64 cookies; /* uint64_t[cnt] or NULL */
			uint32_t cnt;
			uint32_t flags;	/* BPF_F_UPROBE_MULTI_... */
			uint32_t pid;	/* 0: all */
			uint32_t path_fd; /* with BPF_F_UPROBE_MULTI_PATH_FD */
		} uprobe_multi;
		struct {
			union {
				uint32_t relative_fd;
				uint32_t relative_id;
			};
			ABI_U64 expected_revision;
		} netkit;
		struct {
			union {
				uint32_t relative_fd;
				uint32_t relative_id;
			};
			ABI_U64 expected_revision;
		} cgroup;
		struct {
			ABI_U64 ids;	/* uint32_t[cnt] of BTF */
			ABI_U64 cookies; /* uint64_t[cnt] or NULL */
			uint32_t cnt;
		} tracing_multi;
	};
};

/* flags of BPF_LINK_CREATE for XDP: where the program runs */
enum abi_xdp_flags {
	XDP_FLAGS_SKB_MODE = 1 << 1,
	XDP_FLAGS_DRV_MODE = 1 << 2,
	XDP_FLAGS_HW_MODE = 1 << 3,
};

/* BPF_LINK_UPDATE */
struct abi_link_update {
	uint32_t link_fd;
	union {
		uint32_t new_prog_fd;
		uint32_t new_map_fd;
	};
	uint32_t flags;			/* BPF_F_REPLACE: only if it is the old one */
	union {
		uint32_t old_prog_fd;
		uint32_t old_map_fd;
	};
};

/* BPF_LINK_DETACH */
struct abi_link_detach {
	uint32_t link_fd;
};

/* BPF_ENABLE_STATS: a descriptor, whose life the statistics last */
struct abi_enable_stats {
	uint32_t type;			/* BPF_STATS_RUN_TIME */
};

/* BPF_ITER_CREATE: a descriptor to read(2) */
struct abi_iter_create {
	uint32_t link_fd;
	uint32_t flags;
};

/* BPF_PROG_BIND_MAP */
struct abi_prog_bind_map {
	uint32_t prog_fd;
	uint32_t map_fd;
	uint32_t flags;
};

/* BPF_TOKEN_CREATE: a descriptor */
struct abi_token_create {
	uint32_t flags;
	uint32_t bpffs_fd;
};

/* BPF_PROG_STREAM_READ_BY_FD: bytes read */
struct abi_prog_stream_read {
	ABI_U64 stream_buf;
	uint32_t stream_buf_len;
	uint32_t stream_id;		/* BPF_STREAM_STDOUT, BPF_STREAM_STDERR */
	uint32_t prog_fd;
};

/* BPF_PROG_ASSOC_STRUCT_OPS */
struct abi_prog_assoc_struct_ops {
	uint32_t map_fd;
	uint32_t prog_fd;
	uint32_t flags;
};

/* 7.2: bpf(cmd | BPF_COMMON_ATTRS, &attr, size, &common, sizeof(common)) says why it failed */
struct abi_common_attr {
	ABI_U64 log_buf;
	uint32_t log_size;
	uint32_t log_level;
	uint32_t log_true_size;		/* out */
};

/* ---- bpf(2): what BPF_OBJ_GET_INFO_BY_FD tells ---- */

/*
 * Pairs of a pointer and a count or length: in, a buffer and its room (NULL and 0 to ask for the
 * count alone); out, how much there is.
 */
struct abi_prog_info {
	uint32_t type;
	uint32_t id;
	uint8_t tag[BPF_TAG_SIZE];
	uint32_t jited_prog_len;
	uint32_t xlated_prog_len;
	ABI_U64 jited_prog_insns;
	ABI_U64 xlated_prog_insns;
	ABI_U64 load_time;		/* 4.15; nanoseconds since boot */
	uint32_t created_by_uid;	/* 4.15 */
	uint32_t nr_map_ids;		/* 4.15 */
	ABI_U64 map_ids;		/* 4.15 */
	char name[BPF_OBJ_NAME_LEN];	/* 4.15 */
	uint32_t ifindex;		/* 4.16 */
	uint32_t gpl_compatible : 1;	/* 4.18 */
	uint32_t : 31;
	ABI_U64 netns_dev;		/* 4.16 */
	ABI_U64 netns_ino;		/* 4.16 */
	uint32_t nr_jited_ksyms;	/* 4.18 */
	uint32_t nr_jited_func_lens;	/* 4.18 */
	ABI_U64 jited_ksyms;		/* 4.18 */
	ABI_U64 jited_func_lens;	/* 4.18 */
	uint32_t btf_id;		/* 5.0 */
	uint32_t func_info_rec_size;	/* 5.0 */
	ABI_U64 func_info;		/* 5.0 */
	uint32_t nr_func_info;		/* 5.0 */
	uint32_t nr_line_info;		/* 5.0 */
	ABI_U64 line_info;		/* 5.0 */
	ABI_U64 jited_line_info;	/* 5.0 */
	uint32_t nr_jited_line_info;	/* 5.0 */
	uint32_t line_info_rec_size;	/* 5.0 */
	uint32_t jited_line_info_rec_size; /* 5.0 */
	uint32_t nr_prog_tags;		/* 5.1 */
	ABI_U64 prog_tags;		/* 5.1 */
	ABI_U64 run_time_ns;		/* 5.1; with BPF_STATS_RUN_TIME */
	ABI_U64 run_cnt;		/* 5.1 */
	ABI_U64 recursion_misses;	/* 5.12 */
	uint32_t verified_insns;	/* 5.16 */
	uint32_t attach_btf_obj_id;	/* 6.0 */
	uint32_t attach_btf_id;		/* 6.0 */
	uint32_t : 32;
};

struct abi_map_info {
	uint32_t type;
	uint32_t id;
	uint32_t key_size;
	uint32_t value_size;
	uint32_t max_entries;
	uint32_t map_flags;
	char name[BPF_OBJ_NAME_LEN];	/* 4.15 */
	uint32_t ifindex;		/* 4.16 */
	uint32_t btf_vmlinux_value_type_id; /* 5.6 */
	ABI_U64 netns_dev;		/* 4.16 */
	ABI_U64 netns_ino;		/* 4.16 */
	uint32_t btf_id;		/* 4.18 */
	uint32_t btf_key_type_id;	/* 4.18 */
	uint32_t btf_value_type_id;	/* 4.18 */
	uint32_t btf_vmlinux_id;	/* 6.9 */
	ABI_U64 map_extra;		/* 5.16 */
	ABI_U64 hash;			/* 6.18 */
	uint32_t hash_size;		/* 6.18 */
	uint32_t : 32;
};

struct abi_btf_info {
	ABI_U64 btf;
	uint32_t btf_size;
	uint32_t id;
	ABI_U64 name;			/* 5.11 */
	uint32_t name_len;		/* 5.11 */
	uint32_t kernel_btf;		/* 5.11 */
};

/* 5.8. The member of the union follows from type, and in perf_event from perf_event.type. */
struct abi_link_info {
	uint32_t type;			/* BPF_LINK_TYPE_... */
	uint32_t id;
	uint32_t prog_id;
	union {
		struct {
			ABI_U64 tp_name;
			uint32_t tp_name_len;
			uint32_t : 32;
			ABI_U64 cookie;	/* 6.17 */
		} raw_tracepoint;
		struct {
			uint32_t attach_type;
			uint32_t target_obj_id; /* 5.13; a program of ext, else a BTF object */
			uint32_t target_btf_id; /* 5.13 */
			uint32_t : 32;
			ABI_U64 cookie;	/* 6.17 */
		} tracing;
		struct {
			ABI_U64 cgroup_id;
			uint32_t attach_type;
		} cgroup;
		struct {
			ABI_U64 target_name; /* 5.10 */
			uint32_t target_name_len; /* 5.10 */
			union {
				struct {
					uint32_t map_id; /* 5.10 */
				} map;
			};
			union {
				struct {
					ABI_U64 cgroup_id; /* 6.1 */
					uint32_t order; /* 6.1 */
				} cgroup;
				struct {
					uint32_t tid; /* 6.1 */
					uint32_t pid; /* 6.1 */
				} task;
			};
		} iter;
		struct {
			uint32_t netns_ino;
			uint32_t attach_type;
		} netns;
		struct {
			uint32_t ifindex; /* 5.9 */
		} xdp;
		struct {
			uint32_t map_id; /* 6.4 */
		} struct_ops;
		struct {
			uint32_t pf;	/* 6.4 */
			uint32_t hooknum; /* 6.4 */
			int32_t priority; /* 6.4 */
			uint32_t flags;	/* 6.4 */
		} netfilter;
		struct {
			ABI_U64 addrs;	/* 6.6 */
			uint32_t count;	/* 6.6 */
			uint32_t flags;	/* 6.6 */
			ABI_U64 missed;	/* 6.7 */
			ABI_U64 cookies; /* 6.9 */
		} kprobe_multi;
		struct {
			ABI_U64 path;	/* 6.8 */
			ABI_U64 offsets; /* 6.8 */
			ABI_U64 ref_ctr_offsets; /* 6.8 */
			ABI_U64 cookies; /* 6.8 */
			uint32_t path_size; /* 6.8 */
			uint32_t count;	/* 6.8 */
			uint32_t flags;	/* 6.8 */
			uint32_t pid;	/* 6.8 */
		} uprobe_multi;
		struct {
			uint32_t type;	/* 6.6; BPF_PERF_EVENT_... */
			uint32_t : 32;
			union {
				struct {
					ABI_U64 file_name; /* 6.6 */
					uint32_t name_len; /* 6.6 */
					uint32_t offset; /* 6.6 */
					ABI_U64 cookie; /* 6.9 */
					ABI_U64 ref_ctr_offset; /* 6.16 */
				} uprobe;
				struct {
					ABI_U64 func_name; /* 6.6 */
					uint32_t name_len; /* 6.6 */
					uint32_t offset; /* 6.6 */
					ABI_U64 addr; /* 6.6 */
					ABI_U64 missed; /* 6.7 */
					ABI_U64 cookie; /* 6.9 */
				} kprobe;
				struct {
					ABI_U64 tp_name; /* 6.6 */
					uint32_t name_len; /* 6.6 */
					uint32_t : 32;
					ABI_U64 cookie; /* 6.9 */
				} tracepoint;
				struct {
					ABI_U64 config; /* 6.6 */
					uint32_t type; /* 6.6 */
					uint32_t : 32;
					ABI_U64 cookie; /* 6.9 */
				} event;
			};
		} perf_event;
		struct {
			uint32_t ifindex; /* 6.6 */
			uint32_t attach_type; /* 6.6 */
		} tcx;
		struct {
			uint32_t ifindex; /* 6.7 */
			uint32_t attach_type; /* 6.7 */
		} netkit;
		struct {
			uint32_t map_id; /* 6.10 */
			uint32_t attach_type; /* 6.10 */
		} sockmap;
	};
};

/* 6.17 */
struct abi_token_info {
	ABI_U64 allowed_cmds;		/* bits 1 << command, and so on */
	ABI_U64 allowed_maps;
	ABI_U64 allowed_progs;
	ABI_U64 allowed_attachs;
};

/* ---- BPF ring buffers ---- */

/*
 * A map of BPF_MAP_TYPE_RINGBUF, mapped in three parts, each at this page of its descriptor:
 *
 *	page 0		consumer position: an unsigned long; the reader maps it to write
 *	page 1		producer position: an unsigned long; read-only, like what follows
 *	from page 2	the data, max_entries bytes, twice: no record is broken at the end
 *
 * Positions only grow; modulo max_entries they are offsets of struct abi_ring_header. A record
 * takes its header and len bytes, rounded up to 8. While BPF_RINGBUF_BUSY_BIT is set the record is
 * not finished and nothing behind it may be read; with BPF_RINGBUF_DISCARD_BIT it is void. Read the
 * producer position and len with acquire, write the consumer position with release order.
 */
/*
 * With BPF_F_RB_OVERWRITE (6.19) producers do not wait for the reader: records before `overwritten`
 * are gone, or going. It is written before the producer position that made it necessary.
 */
struct abi_ring_positions {
	unsigned long producer;
	unsigned long pending;		/* the kernel's */
	unsigned long overwritten;
};

enum abi_ring_page { ABI_RING_CONSUMER, ABI_RING_PRODUCER, ABI_RING_DATA };

struct abi_ring_header {
	uint32_t len;			/* and the two bits */
	uint32_t pg_off;		/* the kernel's */
};

/*
 * One of BPF_MAP_TYPE_USER_RINGBUF (6.1) goes the other way: page 0 can only be read, and user
 * space writes the rest.
 */

/* ---- perf_event_open(2) ---- */

/*
 * size is one of PERF_ATTR_SIZE_...; the kernel answers -E2BIG, and puts its own size there, when
 * bytes behind what it knows are not 0. All but type, size and config may stay 0.
 */
struct abi_perf_event_attr {
	uint32_t type;			/* PERF_TYPE_..., or a PMU's number from sysfs */
	uint32_t size;
	ABI_U64 config;			/* PERF_COUNT_..., a tracepoint's id, bits of a probe */
	union {
		ABI_U64 sample_period;
		ABI_U64 sample_freq;
	};
	ABI_U64 sample_type;		/* PERF_SAMPLE_... */
	ABI_U64 read_format;		/* PERF_FORMAT_... */
	uint64_t disabled : 1;
	uint64_t inherit : 1;
	uint64_t pinned : 1;
	uint64_t exclusive : 1;
	uint64_t exclude_user : 1;
	uint64_t exclude_kernel : 1;
	uint64_t exclude_hv : 1;
	uint64_t exclude_idle : 1;
	uint64_t mmap : 1;
	uint64_t comm : 1;
	uint64_t freq : 1;		/* sample_freq, in Hz */
	uint64_t inherit_stat : 1;
	uint64_t enable_on_exec : 1;
	uint64_t task : 1;
	uint64_t watermark : 1;		/* wakeup_watermark */
	uint64_t precise_ip : 2;
	uint64_t mmap_data : 1;
	uint64_t sample_id_all : 1;
	uint64_t exclude_host : 1;
	uint64_t exclude_guest : 1;
	uint64_t exclude_callchain_kernel : 1; /* 3.7 */
	uint64_t exclude_callchain_user : 1; /* 3.7 */
	uint64_t mmap2 : 1;		/* 3.16 */
	uint64_t comm_exec : 1;		/* 3.16 */
	uint64_t use_clockid : 1;	/* 4.1 */
	uint64_t context_switch : 1;	/* 4.3 */
	uint64_t write_backward : 1;	/* 4.7 */
	uint64_t namespaces : 1;	/* 4.12 */
	uint64_t ksymbol : 1;		/* 5.1 */
	uint64_t bpf_event : 1;		/* 5.1 */
	uint64_t aux_output : 1;	/* 5.4 */
	uint64_t cgroup : 1;		/* 5.7 */
	uint64_t text_poke : 1;		/* 5.9 */
	uint64_t build_id : 1;		/* 5.12 */
	uint64_t inherit_thread : 1;	/* 5.13 */
	uint64_t remove_on_exec : 1;	/* 5.13 */
	uint64_t sigtrap : 1;		/* 5.13 */
	uint64_t defer_callchain : 1;	/* 6.19 */
	uint64_t defer_output : 1;	/* 6.19 */
	uint64_t : 24;
	union {
		uint32_t wakeup_events;
		uint32_t wakeup_watermark; /* bytes */
	};
	uint32_t bp_type;
	union {
		ABI_U64 bp_addr;
		ABI_U64 kprobe_func;	/* 4.17; text, NULL: kprobe_addr */
		ABI_U64 uprobe_path;	/* 4.17; text */
		ABI_U64 config1;
	};
	union {
		ABI_U64 bp_len;
		ABI_U64 kprobe_addr;	/* 4.17 */
		ABI_U64 probe_offset;	/* 4.17; into the function, into the file */
		ABI_U64 config2;
	};
	ABI_U64 branch_sample_type;	/* 3.4 */
	ABI_U64 sample_regs_user;	/* 3.7 */
	uint32_t sample_stack_user;	/* 3.7 */
	int32_t clockid;		/* 4.1 */
	ABI_U64 sample_regs_intr;	/* 3.19 */
	uint32_t aux_watermark;		/* 4.1 */
	uint16_t sample_max_stack;	/* 4.8 */
	uint16_t : 16;
	uint32_t aux_sample_size;	/* 5.5 */
	union {
		uint32_t aux_action;	/* 6.13 */
		struct {
			uint32_t aux_start_paused : 1; /* 6.13 */
			uint32_t aux_pause : 1;	/* 6.13 */
			uint32_t aux_resume : 1; /* 6.13 */
			uint32_t : 29;
		};
	};
	ABI_U64 sig_data;		/* 5.13 */
	ABI_U64 config3;		/* 6.3 */
	ABI_U64 config4;		/* 6.19 */
};

enum abi_perf_attr_size {
	PERF_ATTR_SIZE_VER0 = 64,
	PERF_ATTR_SIZE_VER1 = 72,	/* config2 */
	PERF_ATTR_SIZE_VER2 = 80,	/* branch_sample_type */
	PERF_ATTR_SIZE_VER3 = 96,	/* sample_regs_user, sample_stack_user, clockid */
	PERF_ATTR_SIZE_VER4 = 104,	/* sample_regs_intr */
	PERF_ATTR_SIZE_VER5 = 112,	/* aux_watermark, sample_max_stack */
	PERF_ATTR_SIZE_VER6 = 120,	/* aux_sample_size, aux_action */
	PERF_ATTR_SIZE_VER7 = 128,	/* sig_data */
	PERF_ATTR_SIZE_VER8 = 136,	/* config3 */
	PERF_ATTR_SIZE_VER9 = 144,	/* config4 */
};

enum abi_perf_type {
	PERF_TYPE_HARDWARE,
	PERF_TYPE_SOFTWARE,
	PERF_TYPE_TRACEPOINT,
	PERF_TYPE_HW_CACHE,
	PERF_TYPE_RAW,
	PERF_TYPE_BREAKPOINT,
};

/* config of PERF_TYPE_HARDWARE */
enum abi_perf_hardware {
	PERF_COUNT_HW_CPU_CYCLES,
	PERF_COUNT_HW_INSTRUCTIONS,
	PERF_COUNT_HW_CACHE_REFERENCES,
	PERF_COUNT_HW_CACHE_MISSES,
	PERF_COUNT_HW_BRANCH_INSTRUCTIONS,
	PERF_COUNT_HW_BRANCH_MISSES,
	PERF_COUNT_HW_BUS_CYCLES,
	PERF_COUNT_HW_STALLED_CYCLES_FRONTEND,
	PERF_COUNT_HW_STALLED_CYCLES_BACKEND,
	PERF_COUNT_HW_REF_CPU_CYCLES,
};

/* config of PERF_TYPE_SOFTWARE */
enum abi_perf_software {
	PERF_COUNT_SW_CPU_CLOCK,
	PERF_COUNT_SW_TASK_CLOCK,
	PERF_COUNT_SW_PAGE_FAULTS,
	PERF_COUNT_SW_CONTEXT_SWITCHES,
	PERF_COUNT_SW_CPU_MIGRATIONS,
	PERF_COUNT_SW_PAGE_FAULTS_MIN,
	PERF_COUNT_SW_PAGE_FAULTS_MAJ,
	PERF_COUNT_SW_ALIGNMENT_FAULTS,
	PERF_COUNT_SW_EMULATION_FAULTS,
	PERF_COUNT_SW_DUMMY,
	PERF_COUNT_SW_BPF_OUTPUT,	/* 4.4 */
	PERF_COUNT_SW_CGROUP_SWITCHES,	/* 5.13 */
};

/*
 * config of the PMUs "kprobe" and "uprobe", whose numbers are in
 * /sys/bus/event_source/devices/.../type. The bits are in .../format; no kernel has moved them.
 */
enum abi_perf_probe {
	ABI_PROBE_RETURN = 1 << 0,
	ABI_PROBE_REF_CTR_SHIFT = 32,	/* uprobe, 4.20: offset of a semaphore in the file */
};

enum abi_perf_sample {
	PERF_SAMPLE_IP = 1 << 0,
	PERF_SAMPLE_TID = 1 << 1,
	PERF_SAMPLE_TIME = 1 << 2,
	PERF_SAMPLE_CPU = 1 << 7,
	PERF_SAMPLE_PERIOD = 1 << 8,
	PERF_SAMPLE_RAW = 1 << 10,
};

enum abi_perf_format {
	PERF_FORMAT_TOTAL_TIME_ENABLED = 1 << 0,
	PERF_FORMAT_TOTAL_TIME_RUNNING = 1 << 1,
	PERF_FORMAT_ID = 1 << 2,
	PERF_FORMAT_GROUP = 1 << 3,
	PERF_FORMAT_LOST = 1 << 4,	/* 6.0 */
};

/* the last argument */
enum abi_perf_flag {
	PERF_FLAG_FD_NO_GROUP = 1 << 0,
	PERF_FLAG_FD_OUTPUT = 1 << 1,
	PERF_FLAG_PID_CGROUP = 1 << 2,
	PERF_FLAG_FD_CLOEXEC = 1 << 3,	/* 3.14 */
};

/*
 * The ring of an event, mapped: this page, then the data, a power of two of pages. Positions only
 * grow. The kernel moves data_head, which is to be read with acquire order, the reader data_tail,
 * with release order. A record may be broken at the end of the data.
 */
struct abi_perf_page {
	uint8_t reserved[1024];
	ABI_U64 data_head;
	ABI_U64 data_tail;
	ABI_U64 data_offset;		/* 4.1 */
	ABI_U64 data_size;		/* 4.1 */
};

/* size has all of the record, in bytes: a multiple of 8. */
struct abi_perf_header {
	uint32_t type;			/* enum abi_perf_record */
	uint16_t misc;
	uint16_t size;
};

enum abi_perf_record {
	PERF_RECORD_LOST = 2,		/* u64 id, u64 how many */
	PERF_RECORD_SAMPLE = 9,		/* of PERF_SAMPLE_RAW alone: u32 size, then as many bytes */
};

/* ioctl(2) numbers hold direction and size; PowerPC, MIPS, SPARC and Alpha pack them otherwise. */
enum abi_ioc {
#if defined(__powerpc__) || defined(__mips__) || defined(__sparc__) || defined(__alpha__)
	ABI_IOC_NONE = 1 << 29,
	ABI_IOC_READ = 2 << 29,
	ABI_IOC_WRITE = 4u << 29,
#else
	ABI_IOC_NONE = 0,
	ABI_IOC_WRITE = 1 << 30,
	ABI_IOC_READ = 2u << 30,
#endif
};

#define ABI_IOC(direction, number, size) \
	((uint32_t)(direction) | (uint32_t)(size) << 16 | (uint32_t)'$' << 8 | (number))

enum abi_perf_ioctl {
	PERF_EVENT_IOC_ENABLE = ABI_IOC(ABI_IOC_NONE, 0, 0),
	PERF_EVENT_IOC_DISABLE = ABI_IOC(ABI_IOC_NONE, 1, 0),
	PERF_EVENT_IOC_REFRESH = ABI_IOC(ABI_IOC_NONE, 2, 0),
	PERF_EVENT_IOC_RESET = ABI_IOC(ABI_IOC_NONE, 3, 0),
	PERF_EVENT_IOC_PERIOD = ABI_IOC(ABI_IOC_WRITE, 4, sizeof(uint64_t)),
	PERF_EVENT_IOC_SET_OUTPUT = ABI_IOC(ABI_IOC_NONE, 5, 0),
	PERF_EVENT_IOC_SET_FILTER = ABI_IOC(ABI_IOC_WRITE, 6, sizeof(char *)),
	PERF_EVENT_IOC_ID = ABI_IOC(ABI_IOC_READ, 7, sizeof(uint64_t *)),
	PERF_EVENT_IOC_SET_BPF = ABI_IOC(ABI_IOC_WRITE, 8, sizeof(uint32_t)), /* 4.1 */
	PERF_EVENT_IOC_PAUSE_OUTPUT = ABI_IOC(ABI_IOC_WRITE, 9, sizeof(uint32_t)), /* 4.7 */
};

#endif
