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
 * programs, maps and links; only load_pin() makes something that outlives it.
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
	int pid;		/* uprobe, usdt: in this process alone; perf_event: this thread; 0:
				 * in all */
	const int *cpu;		/* perf_event: on this CPU alone; NULL: on all */
	uint64_t cookie;	/* what bpf_get_attach_cookie() answers to programs that trace */
};

struct load_options {
	uint32_t flags;		/* enum load_flags */
	struct load_where where;
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

/* ---- printing; errors stay in the stream ---- */

enum load_print { LOAD_TEXT, LOAD_JSON };

/*
 * One value of a type; text for people, or JSON with bpftool's spelling of numbers (plain, not
 * quoted).
 */
void load_print_value(FILE *f, enum load_print how, struct asm_typeref type,
		      const void *data, size_t len);

/* One record of a map that has a value type: a line of aligned text, or a line of JSON. */
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
 * The loop behind `bpfload run`, over an object that is attached: print ring-buffer records as they
 * come, wait for SIGINT, SIGTERM, the duration or the command, then print the maps. Those whose
 * value has no type, only a size, are the programs' own and not printed. A command that still runs
 * when the duration ends is stopped. Returns the command's exit status (128 + signal when one
 * killed it, 127 or 126 when it could not be started; 0 without a command) or -errno.
 */
int load_run(struct load *load, const struct load_run *run);

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
 * The function at an address of the kernel, or at an offset in an ELF file. False: none is known
 * there, or this process may not know it.
 */
bool load_name_kernel(struct load_names *names, uint64_t address, struct load_name *out);
bool load_name_file(struct load_names *names, const char *path, uint64_t offset,
		    struct load_name *out);

/*
 * Does a pattern match the whole name? As fnmatch(3) does it for bytes: '*', '?', [set] with
 * ranges, [!set] or [^set], and a backslash before what stands for itself. A '[' that nothing
 * closes stands for itself. The time is the product of both lengths at most.
 */
bool load_glob(const char *pattern, const char *name);

#endif
