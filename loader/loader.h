/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * loader.h - the door of the loader: a model in, kernel objects out.
 *
 *	asm_assemble() -> struct asm_object -> load_open() -> load_attach() -> ... -> load_close()
 *
 * Functions return 0 (or a count, or a descriptor) or -errno and never touch errno. What a person
 * should know about a failure (the object, the call, the likely cause, the line of the text) has
 * gone to the sink by the time they return; the sink also takes notes and, with LOAD_VERBOSE, the
 * steps taken. Nothing here exits, mounts, or raises a limit.
 *
 * Everything is a descriptor, close-on-exec and above 2, so whatever ends the process ends its
 * programs, maps and links; only load_pin() makes something that outlives it. Before Linux 6.4
 * SIGKILL leaves structures of programs registered, too: there are no links for them.
 */
#ifndef LOADER_H
#define LOADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "../asm/asm.h"

enum load_flags {
	LOAD_VERBOSE = 1 << 0,		/* a note for each step, and the whole verifier log */
	LOAD_NO_PERF_LINK = 1 << 1,	/* no perf link rung, as before Linux 5.15 */
	LOAD_NO_MULTI = 1 << 2,		/* no kprobe_multi and uprobe_multi rung, as before Linux
					   5.18 and 6.6 */
	LOAD_NO_SHARING = 1 << 3,	/* nothing outlives the process: maps that are shared by
					   name are found, but not offered */
};

struct load_facts;

/*
 * What section names leave open: "xdp" says what a program is, and not at which device it runs. It
 * holds for all programs of the object that can take it; a pid or cpu must fit every one of them,
 * or they would see more than was asked for. Pointers are borrowed until load_close().
 */
struct load_where {
	const char *dev;	/* network device of this network namespace: xdp, tcx, tc, netkit,
				 * socket; device file: lirc_mode2 */
	const char *cgroup;	/* folder of a cgroup2 file system: cgroup, sockops, lsm_cgroup */
	const char *netns;	/* sk_lookup, flow_dissector: path, or name below /run/netns; NULL:
				 * this one */
	const char *hook;	/* netfilter: FAMILY/HOOK[:PRIORITY], as in ip6/input:-10 */
	int socket;		/* descriptor, 0 is none: sk_reuseport; socket, instead of dev */
	int socket_pid;		/* process whose descriptor it is, even 0 (Linux 5.6); 0: ours */
	int prog;		/* descriptor, 0 is none: freplace; fentry and fexit, where it is
				 * not the kernel: the program that has the function */
	int pid;		/* uprobe, usdt: in this process alone; perf_event: this thread; 0:
				 * in all */
	const int *cpu;		/* perf_event: on this CPU alone; NULL: on all */
	uint64_t cookie;	/* what bpf_get_attach_cookie() answers to programs that trace */
};

struct load_options {
	uint32_t flags;		/* enum load_flags */
	struct load_where where;
	const int *maps;	/* by the number of a map of the object: a descriptor of one to be
				 * used in its place, 0: it is made; NULL: all are */
	asm_sink *sink;		/* NULL: silent */
	void *sink_arg;
	struct load_facts *facts; /* of the running kernel, borrowed; NULL: read anew when needed */
};

/* The maps, programs and links of one object in the kernel. */
struct load;

/*
 * Create every map and load every program of the object, which must outlive *out. All or nothing:
 * on failure what this call made is closed again.
 */
int load_open(const struct asm_object *obj, const struct load_options *opt, struct load **out);

/*
 * Attach every program at its section name. All or nothing: on failure the links this call made are
 * gone. A program whose kind of section is not attached by this call (ASM_ATTACH_NOT and the like)
 * is -EOPNOTSUPP, and named.
 */
int load_attach(struct load *load);

/*
 * Pin maps and programs as DIR/NAME, links as DIR/NAME-link. DIR is made when it is missing and
 * must lie on a mounted bpffs. Nothing is overwritten: -EEXIST. On failure the pins this call made
 * are gone, and DIR if it made that.
 */
int load_pin(struct load *load, const char *dir);

/*
 * Explain a verifier log: the reason as an error at the line of the text that it is about, then
 * notes with the registers that matter and what may help. prog is what was loaded; the log is len
 * bytes of whatever content. False, and nothing said, when it gives no reason. Needs no kernel.
 */
bool load_verdict(const struct asm_object *obj, const struct asm_program *prog, const char *log,
		  size_t len, const struct load_options *opt);

/* Detach, unload, free; NULL is fine. Pinned objects live on. */
void load_close(struct load *load);

/* Descriptor of a map or program by name, owned by *load; -ENOENT. */
int load_map_fd(const struct load *load, const char *name);
int load_prog_fd(const struct load *load, const char *name);

/*
 * For struct asm_options.resolve: answers "kernel.TYPE.FIELD" from the running kernel's BTF. The
 * argument is a struct load_facts, which reads that BTF when it is first asked; close it when
 * assembling is over.
 */
struct load_facts *load_facts_new(void);	/* NULL: no memory */
bool load_facts_resolve(void *facts, const char *path, const char *section,
			struct asm_kfield *out, char *why, size_t why_size);
void load_facts_free(struct load_facts *facts);

/* ---- maps ---- */

/*
 * One element (Linux 3.19); flags are BPF_ANY, BPF_NOEXIST, BPF_EXIST. A value of a per-CPU map
 * spans what load_map_walk() says. 0 or -errno.
 */
int load_map_lookup(int fd, const void *key, void *value);
int load_map_update(int fd, const void *key, const void *value, uint64_t flags);
int load_map_delete(int fd, const void *key);

/* Number of possible CPUs: values a per-CPU map holds a key. Or -errno. */
int load_possible_cpus(void);

/*
 * Visit every entry of a map that can be walked. value spans asm value size, or for per-CPU maps
 * possible CPUs times the value size rounded up to 8. fn returns 0 to go on, anything else ends the
 * walk and is returned. Entries that appear or vanish meanwhile may or may not be seen; none is
 * seen twice unless it was deleted and made again.
 */
typedef int load_entry_fn(void *arg, const void *key, const void *value);
int load_map_walk(int fd, const struct asm_map *map, load_entry_fn *fn, void *arg);

/* A ring buffer map being read. */
struct load_ring;

/*
 * Called with each record; the memory is valid until it returns. Non-zero ends the reading and is
 * returned.
 */
typedef int load_record_fn(void *arg, const void *data, uint32_t len);

/* Map the ring of a BPF_MAP_TYPE_RINGBUF; size is its max_entries. fd is borrowed. */
int load_ring_open(int fd, uint32_t size, struct load_ring **out);

/*
 * The same for one with BPF_F_RB_OVERWRITE (Linux 6.19), which makes room by dropping the oldest
 * records. Each is copied, and handed over only if it was not overwritten meanwhile.
 */
int load_ring_open_overwritten(int fd, uint32_t size, struct load_ring **out);

/* Bytes of records, headers included, that the readings found overwritten. */
uint64_t load_ring_overwritten(const struct load_ring *ring);
void load_ring_close(struct load_ring *ring);	/* NULL is fine */

/*
 * Hand over what is there, in order, at most `most` records. Returns how many, what fn
 * returned, or -EBADMSG for a length or position that the kernel cannot have written.
 */
int load_ring_read(struct load_ring *ring, unsigned int most, load_record_fn *fn, void *arg);

/*
 * The reader behind load_ring_read() on bytes in memory: data spans size bytes (a power of two)
 * twice, as the kernel maps it. *consumer moves past what was read. -EINVAL for a size that no ring
 * has. For tests and fuzzers.
 */
int load_ring_scan(const void *data, uint32_t size, unsigned long producer, unsigned long *consumer,
		   unsigned int most, load_record_fn *fn, void *arg);

/*
 * The same for a ring that is overwritten: positions are the producer's, the kernel's, and where
 * the records begin that are not overwritten; room has size bytes, and *lost is added to.
 */
struct load_over_ring {
	const void *data;
	uint32_t size;
	const unsigned long *positions;
	unsigned long *consumer;
	void *room;
	uint64_t *lost;
};
int load_ring_scan_overwritten(const struct load_over_ring *ring, unsigned int most,
			       load_record_fn *fn, void *arg);

/*
 * A perf buffer being read: the rings, one a CPU, that programs write to with
 * bpf_perf_event_output() through a BPF_MAP_TYPE_PERF_EVENT_ARRAY.
 */
struct load_perfbuf;

/*
 * Give the map an event with a ring for each CPU that is online, in place of what it had: whoever
 * read it before gets nothing any more. entries is its max_entries; fd is borrowed, and holds the
 * events in the map for as long as it is open. 0 or -errno; -ENODEV when no CPU that the map has
 * room for is online.
 */
int load_perfbuf_open(int fd, uint32_t entries, struct load_perfbuf **out);
void load_perfbuf_close(struct load_perfbuf *buf);	/* NULL is fine */

/* A descriptor, owned by the buffer, that poll(2) calls readable when there are records. */
int load_perfbuf_fd(const struct load_perfbuf *buf);

/*
 * Hand over what is there, at most `most` records of each CPU; those of one CPU come in order. The
 * kernel has rounded their lengths up, so that there may be up to 7 bytes more than were written.
 * Adds to *lost how many, in between, the kernel had no room for. Returns how many records, what fn
 * returned, or -EBADMSG for what the kernel cannot have written.
 */
int load_perfbuf_read(struct load_perfbuf *buf, unsigned int most, load_record_fn *fn, void *arg,
		      uint64_t *lost);

/*
 * How many records the kernel had no room for since the buffer was opened, which is more than
 * load_perfbuf_read() has come across while no record follows the gap. Or -EOPNOTSUPP before Linux
 * 6.0, or -errno.
 */
int load_perfbuf_lost(const struct load_perfbuf *buf, uint64_t *lost);

/*
 * The reader behind load_perfbuf_read() on the ring of one CPU in memory. data spans size bytes (a
 * power of two); *tail moves past what was read. room has LOAD_PERF_ROOM bytes, for a record that
 * is broken at the end. -EINVAL for a size that no ring has. For tests and fuzzers.
 */
enum { LOAD_PERF_ROOM = 1 << 16 };
struct load_perf_ring {
	const void *data;
	uint32_t size;
	uint64_t head;
	uint64_t *tail;
	void *room;
};
int load_perfbuf_scan(const struct load_perf_ring *ring, unsigned int most, load_record_fn *fn,
		      void *arg, uint64_t *lost);

/* A BPF_MAP_TYPE_USER_RINGBUF being written, for bpf_user_ringbuf_drain(). */
struct load_user_ring;

/* Map the ring; size is its max_entries. fd is borrowed. One process writes at a time. */
int load_user_ring_open(int fd, uint32_t size, struct load_user_ring **out);
void load_user_ring_close(struct load_user_ring *ring);	/* NULL is fine */

/*
 * Write one record, which the next drain gets to see. 0, -ENOSPC while there is no room (poll(2)
 * calls the map writable when a drain made some), -E2BIG for more than fits at all, -EBADMSG when
 * something else has written positions that no ring has.
 */
int load_user_ring_write(struct load_user_ring *ring, const void *data, uint32_t len);

/* ---- printing; errors stay in the stream ---- */

enum load_print {
	LOAD_TEXT,
	LOAD_JSON,
	LOAD_RAW,	/* of records alone: their bytes, one behind the other */
};

/*
 * One value of a type; text for people, or JSON with bpftool's spelling of numbers (plain, not
 * quoted).
 */
void load_print_value(FILE *f, enum load_print how, struct asm_typeref type,
		      const void *data, size_t len);

/* One record, by the map's value type if it has one: a line of aligned text, or of JSON. */
void load_print_record(FILE *f, enum load_print how, const struct asm_map *map,
		       const void *data, uint32_t len);
/* The heading over the text lines of load_print_record(). */
void load_print_record_head(FILE *f, const struct asm_map *map);

/*
 * A value of a BTF type, as JSON in bpftool's spelling, and back from that or from what bpfload(1)
 * takes for a value. Reading fills size bytes, but keeps what the text does not name; false, and
 * said, when it cannot be.
 */
void load_print_btf(FILE *f, const struct asm_btf *btf, uint32_t id, const void *data, size_t len);
bool load_read_btf(const struct asm_btf *btf, uint32_t id, const char *text, void *data,
		   uint32_t size, const struct load_options *opt);

/*
 * All entries of a map: as a table with a heading, or as one line of JSON. top 0: all, in order of
 * their keys; else the `top` entries with the largest first number of their value. Returns the
 * number of entries or -errno.
 */
int load_print_map(FILE *f, enum load_print how, int fd, const struct asm_map *map,
		   unsigned int top);

/* ---- running ---- */

struct load_run {
	unsigned int duration_ms;	/* 0: until a signal or the command's end */
	unsigned int interval_ms;	/* print the maps every so often; 0: only at the end */
	unsigned int top;		/* as in load_print_map() */
	enum load_print how;
	/*
	 * In place of printing the maps: to read them some other way. 0, or -errno to end the run
	 * with. NULL: they are printed.
	 */
	int (*take_maps)(void *arg);
	void *take_arg;
	char *const *command;		/* NULL: none; else run once all is attached */
	FILE *out;
};

/*
 * The loop behind `bpfload run`, over an object that is attached: print the records of ring and
 * perf buffers as they come, wait for SIGINT, SIGTERM, the duration or the command, then print the
 * maps. Those whose value has no type, only a size, or whose name begins with "__", are the
 * programs' own and not printed. A command that still runs when the duration ends is stopped. While
 * the output has to be waited for, records stay in their buffers; once the run is over, another
 * signal gives up what was not written. Records that the kernel says are missing from a perf
 * buffer, and bytes that a ring buffer overwrote, are counted, in a note and in JSON. Returns the
 * command's exit status (128 + signal when one killed it, 127 or 126 when it could not be started;
 * 0 without a command) or -errno.
 */
int load_run(struct load *load, const struct load_run *run);

/*
 * The same for one ring buffer or perf event array, which another process may have made: fd is
 * borrowed, and the map described as load_open() would take it. What is read here is read by nobody
 * else. -EINVAL, told, for a map of another type.
 */
int load_tail(int fd, const struct asm_map *map, const struct load_options *opt,
	      const struct load_run *run);

/*
 * The same for the entries of one map, printed every interval until the end. Where the output is a
 * terminal, each table takes the place of the one before, with at most as many entries as there are
 * lines. -EINVAL, told, for a map without entries.
 */
int load_top(int fd, const struct asm_map *map, const struct load_options *opt,
	     const struct load_run *run);

/*
 * Lines of text as they come, until SIGINT, SIGTERM or the duration: those of the kernel's
 * trace_pipe (what programs print with bpf_trace_printk, and other events that are traced), or, of
 * the program with that descriptor, those of its two streams (Linux 6.17), where the kernel reports
 * on it, too. Returns 0 or -errno, told.
 */
int load_trace(const struct load_options *opt, const struct load_run *run);
int load_trace_program(int fd, const struct load_options *opt, const struct load_run *run);

/* ---- names ---- */

/* Functions by address: of the kernel, of programs and libraries, read when first asked about. */
struct load_names;

struct load_name {
	const char *name;	/* lives as long as the struct load_names */
	uint64_t offset;	/* of the address in the function */
};

struct load_names *load_names_new(void);	/* NULL: no memory */
void load_names_free(struct load_names *names);	/* NULL is fine */

/*
 * The function at an address of the kernel, or at an offset in an ELF file: a path, or a name as
 * uprobe sections have it. False: none is known there, or this process may not know it.
 */
bool load_name_kernel(struct load_names *names, uint64_t address, struct load_name *out);
bool load_name_file(struct load_names *names, const char *path, uint64_t offset,
		    struct load_name *out);

/* True: the kernel has been asked about, and it tells this process no addresses. */
bool load_names_hidden(const struct load_names *names);

/* The functions of a file or the like, owned by the struct load_names. */
struct load_functions;

/* NULL is fine: there are none. */
bool load_name_in(const struct load_functions *f, uint64_t at, struct load_name *out);

/* A file that a process has mapped, as /proc/PID/maps has it. */
struct load_mapped {
	int root;		/* the folder where its paths begin; -1: as for this process */
	const char *path;
	const char *range;	/* its other way: /proc/PID/map_files/START-END */
	uint64_t device, inode;
};

/*
 * By offset in the file, with those of its debug file. Files are known by device and inode: NULL
 * where another one has its name now, and the process no longer runs.
 */
const struct load_functions *load_functions_mapped(struct load_names *names,
						   const struct load_mapped *mapped);

/* Of the kernel's code in the memory of processes, by offset; address is where one has it. */
const struct load_functions *load_functions_vdso(struct load_names *names, uint64_t address);

/*
 * By address, what a process says about code that it has made: /tmp/perf-PID.map in its root, by
 * the number that it knows itself by. The file must be its user's, or root's. Read anew each time.
 */
const struct load_functions *load_functions_jit(struct load_names *names, int root, uint32_t pid,
						uint32_t uid);

/*
 * Does a pattern match the whole name? As fnmatch(3) does it for bytes: '*', '?', [set] with
 * ranges, [!set] or [^set], and a backslash before what stands for itself. A '[' that nothing
 * closes stands for itself. The time is the product of both lengths at most.
 */
bool load_glob(const char *pattern, const char *name);

#endif
