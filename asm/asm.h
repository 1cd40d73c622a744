/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * asm.h - the door of the assembler: text in, a model out, bytes from the model.
 *
 *	text --asm_assemble()--> asm_object --asm_link()--> asm_program --asm_emit_*()--> bytes
 *
 * Nothing here exits, prints to a terminal or makes a system call other than reading the file it is
 * asked to read. Diagnostics go to the sink in struct asm_options. There is no state outside the
 * objects: two threads may assemble two texts at once.
 *
 * The rows (instruction forms, helpers, map types, program types, attach kinds, types, CPUs) are
 * const arrays, expanded from the .def files in tables/. Other folders read them through the
 * accessors below, or expand a .def file themselves.
 */
#ifndef ASM_H
#define ASM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define ASM_VERSION "0.1"

/* A kernel version as the rows hold it; 0 means that no released kernel takes the form. */
#define ASM_KERNEL(major, minor) ((major) * 256 + (minor))

/* The kernel whose instructions, helpers and numbers the rows are complete for. */
#define ASM_KERNEL_NEWEST ASM_KERNEL(7, 2)

/* ---- instructions ---- */

enum asm_endian { ASM_LITTLE, ASM_BIG };

/*
 * One 8-byte slot, host byte order, RFC 9669 section 3. regs holds dst in the low and src in the
 * high nibble on every host; asm_insn_bytes() turns it into the layout of the target.
 */
struct asm_insn {
	uint8_t code;
	uint8_t regs;
	int16_t off;
	int32_t imm;
};

static inline unsigned int asm_dst(struct asm_insn insn)
{
	return insn.regs & 0xfu;
}

static inline unsigned int asm_src(struct asm_insn insn)
{
	return insn.regs >> 4;
}

/*
 * Write the slot as the target's memory holds it (big-endian targets swap the register nibbles
 * too).
 */
void asm_insn_bytes(struct asm_insn insn, enum asm_endian endian, uint8_t out[8]);

enum asm_insn_flags {
	ASM_WIDE = 1 << 0,	/* takes two slots */
	ASM_STACKARG_LD = 1 << 1, /* may use r11 as its base, offset > 0 */
	ASM_STACKARG_ST = 1 << 2, /* may use r11 as its base, offset < 0 */
};

/* Templates: pseudo-C; as the kernel's logs have it, "" where the same; mnemonics, "" for none. */
enum asm_template { ASM_TEMPLATE_C, ASM_TEMPLATE_KERNEL, ASM_TEMPLATE_GAS, ASM_TEMPLATES };

/* A form of an instruction: tables/insn.def documents the columns. */
struct asm_form {
	const char *syntax;	/* template in pseudo-C; asm_form_template() has all of them */
	uint16_t since;		/* ASM_KERNEL() */
	int16_t off;		/* fixed offset field, when the template has no O, T */
	int16_t imm;		/* fixed immediate field, when the template has no immediate */
	uint8_t code;
	uint8_t src : 4;	/* fixed src field, when the template has no S */
	uint8_t flags : 4;	/* enum asm_insn_flags */
};

/* ---- rows ---- */

struct asm_helper {
	uint16_t id;
	uint16_t since;
	uint16_t name;		/* for asm_helper_name() */
};

/* What a map type demands of key and value. */
enum asm_size_rule {
	ASM_SIZE_ANY,		/* any size > 0 */
	ASM_SIZE_ZERO,		/* must be 0: the map has none */
	ASM_SIZE_U32,		/* must be 4 */
	ASM_SIZE_U32_OR_U64,	/* 4 or 8 */
	ASM_SIZE_U32_MULTIPLE,	/* a multiple of 4 or 8: stack traces */
	ASM_SIZE_FREE,		/* the kernel has a rule of its own, or none */
};

enum asm_map_flags {
	ASM_MAP_PERCPU = 1 << 0,	/* a value a possible CPU */
	ASM_MAP_NO_PREALLOC = 1 << 1,	/* the kernel demands BPF_F_NO_PREALLOC */
	ASM_MAP_NO_ENTRIES = 1 << 2,	/* max_entries must be 0 */
	ASM_MAP_RING = 1 << 3,		/* max_entries is bytes: a power of two, whole pages */
	ASM_MAP_BY_CPU = 1 << 4,	/* max_entries 0 means the number of possible CPUs */
	ASM_MAP_NO_BTF = 1 << 5,	/* the kernel takes no types of key and value */
	ASM_MAP_NEEDS_BTF = 1 << 6,	/* the kernel takes none without */
};

struct asm_map_type {
	const char *name;	/* bpftool's word */
	const char *constant;	/* behind BPF_MAP_TYPE_ */
	uint16_t since;
	uint8_t number;
	uint8_t key, value;	/* enum asm_size_rule */
	uint8_t flags;		/* enum asm_map_flags */
};

struct asm_prog_type {
	const char *name;	/* bpftool's word */
	const char *constant;	/* behind BPF_PROG_TYPE_ */
	uint16_t since;
	uint8_t number;
};

/* What stands behind the '/' of a section name. */
enum asm_target {
	ASM_TARGET_NONE,	/* nothing: the name is complete */
	ASM_TARGET_TRACEPOINT,	/* category/name */
	ASM_TARGET_RAW_TRACEPOINT, /* name of a tracepoint */
	ASM_TARGET_FUNCTION,	/* kernel function[+offset] */
	ASM_TARGET_PATTERN,	/* glob over kernel functions */
	ASM_TARGET_SYSCALL,	/* system call name */
	ASM_TARGET_BINARY,	/* path:symbol[+offset] */
	ASM_TARGET_USDT,	/* path:provider:name */
	ASM_TARGET_BTF_FUNCTION, /* kernel function, by BTF */
	ASM_TARGET_LSM_HOOK,
	ASM_TARGET_ITER,	/* iterator name */
	ASM_TARGET_STRUCT_OPS,
	ASM_TARGET_EXT,		/* function of another program */
};

/* Which system calls attach it. */
enum asm_attach_how {
	ASM_ATTACH_NOT,		/* loads; something else attaches or runs it */
	ASM_ATTACH_PERF_TRACEPOINT, /* perf_event_open(2) of the tracepoint's id */
	ASM_ATTACH_PERF_KPROBE,	/* perf_event_open(2) of the kprobe PMU */
	ASM_ATTACH_PERF_UPROBE,	/* perf_event_open(2) of the uprobe PMU */
	ASM_ATTACH_PERF_SAMPLE,	/* perf_event_open(2) of a counter */
	ASM_ATTACH_KPROBE_MULTI, /* BPF_LINK_CREATE over symbols */
	ASM_ATTACH_UPROBE_MULTI, /* BPF_LINK_CREATE over offsets */
	ASM_ATTACH_RAW_TRACEPOINT, /* BPF_RAW_TRACEPOINT_OPEN by name */
	ASM_ATTACH_TRACING,	/* BPF_RAW_TRACEPOINT_OPEN, target fixed at load */
	ASM_ATTACH_TRACING_MULTI, /* BPF_LINK_CREATE over BTF ids */
	ASM_ATTACH_ITER,	/* BPF_LINK_CREATE, then BPF_ITER_CREATE */
	ASM_ATTACH_IFINDEX,	/* BPF_LINK_CREATE on a network device */
	ASM_ATTACH_CGROUP,	/* BPF_LINK_CREATE on a cgroup */
	ASM_ATTACH_NETNS,	/* BPF_LINK_CREATE on a network namespace */
	ASM_ATTACH_NETFILTER,	/* BPF_LINK_CREATE with hook and priority */
	ASM_ATTACH_SOCKMAP,	/* BPF_PROG_ATTACH on a map */
	ASM_ATTACH_SOCKET,	/* setsockopt(2) */
	ASM_ATTACH_STRUCT_OPS,	/* through a struct_ops map */
	ASM_ATTACH_LIRC,	/* BPF_PROG_ATTACH on a device file */
};

enum asm_attach_flags {
	ASM_ATTACH_SLEEPABLE = 1 << 0,	/* BPF_F_SLEEPABLE at load */
	ASM_ATTACH_RETURN = 1 << 1,	/* on return of the function */
	ASM_ATTACH_BTF_ID = 1 << 2,	/* attach_btf_id at load */
	ASM_ATTACH_FRAGS = 1 << 3,	/* BPF_F_XDP_HAS_FRAGS at load */
};

/* One libbpf section name. A row with a target matches "name/target", one without only "name". */
struct asm_attach {
	const char *section;
	uint16_t since;
	uint16_t attach_type;	/* expected_attach_type at load */
	uint8_t prog_type;
	uint8_t target;		/* enum asm_target */
	uint8_t how;		/* enum asm_attach_how */
	uint8_t flags;		/* enum asm_attach_flags */
};

struct asm_cpu_reg {
	const char *name;	/* as the kernel's struct pt_regs (user_pt_regs) names it */
	uint16_t offset, size;	/* bytes */
};

enum { ASM_CPU_ARGS = 8 };

/* A CPU: byte order, system call numbers, and its struct pt_regs as a kprobe program sees it. */
struct asm_cpu {
	const char *name;	/* x86_64, arm64, s390x, ppc64le, riscv64 */
	uint16_t machine;	/* e_machine */
	enum asm_endian endian;
	uint16_t nr_bpf, nr_perf_event_open;
	uint16_t entry;		/* bytes at a function's entry that take no kprobe beside ftrace */
	const char *args[ASM_CPU_ARGS];	/* function arguments by register name, NULL-padded */
	const char *sysargs[ASM_CPU_ARGS]; /* system call arguments */
	const char *ret, *ip, *sp, *fp;
	const struct asm_cpu_reg *regs;
	size_t nregs;
};

/* How a value of the type prints. */
enum asm_format {
	ASM_UNSIGNED,
	ASM_SIGNED,
	ASM_BOOL,
	ASM_CHAR,		/* an array of it is text, up to the first NUL */
	ASM_COMM,		/* 16 bytes of text: a command name, <unknown> when empty */
	ASM_NETWORK,		/* unsigned, network byte order in memory */
	ASM_POINTER,		/* hexadecimal */
	ASM_IPV4,
	ASM_IPV6,
	ASM_INET,		/* as ASM_IPV6; of what it maps, ::ffff:0:0/96, the IPv4 address */
	ASM_MAC,
	ASM_KTIME,		/* nanoseconds of CLOCK_MONOTONIC */
	ASM_KSYM,		/* a kernel address */
	ASM_LOG2,		/* n: the range from 2^n to 2^(n + 1); 0 is in that of n = 0 */
	ASM_STRINGS,		/* an array of it is texts, each with a NUL at its end */
	ASM_STRUCT,
};

struct asm_type;

/* A type, or an array of it. count 0: not an array. */
struct asm_typeref {
	const struct asm_type *type;
	uint32_t count;
};

struct asm_field {
	const char *name;
	struct asm_typeref type;
	uint32_t offset;	/* bytes */
};

struct asm_type {
	const char *name;
	enum asm_format format;
	uint32_t size, align;	/* bytes */
	const struct asm_field *fields;	/* of ASM_STRUCT */
	size_t nfields;
};

/* What a text is warned of; the rows in tables/warning.def are in this order. */
enum asm_warning {
	ASM_WARNING_DATA_ADDRESS,
	ASM_WARNING_NO_EXIT,
	ASM_WARNING_PRECEDENCE,
	ASM_WARNING_RECORD_SIZE,
	ASM_WARNING_SIGN_EXTENSION,
	ASM_WARNING_UNCHECKED_LOOKUP,
	ASM_WARNING_UNINITIALIZED,
	ASM_WARNING_UNKNOWN_SECTION,
	ASM_WARNING_UNREACHABLE,
	ASM_WARNING_UNUSED_CONSTANT,
	ASM_WARNING_UNUSED_DEFINE,
	ASM_WARNING_UNUSED_FUNCTION,
	ASM_WARNING_UNUSED_GLOBAL,
	ASM_WARNING_UNUSED_LABEL,
	ASM_WARNING_UNUSED_MAP,
	ASM_WARNINGS,
};

struct asm_warning_row {
	const char *name;	/* as -Wno- takes it */
	const char *meaning;
};

/* Bytes that the reference spans. */
uint64_t asm_sizeof(struct asm_typeref ref);

/* Each table, whole; *n is the number of rows. */
const struct asm_form *asm_forms(size_t *n);
const struct asm_helper *asm_helpers(size_t *n);
const struct asm_map_type *asm_map_types(size_t *n);
const struct asm_prog_type *asm_prog_types(size_t *n);
const struct asm_attach *asm_attaches(size_t *n);
const struct asm_cpu *const *asm_cpus(size_t *n);
const struct asm_type *asm_types(size_t *n);
const struct asm_warning_row *asm_warnings(size_t *n);	/* enum asm_warning is an index */

const char *asm_form_template(const struct asm_form *form, enum asm_template which);
const char *asm_helper_name(const struct asm_helper *helper);	/* without bpf_ */

/* One row by name or number; NULL when there is none. */
const struct asm_helper *asm_helper_find(const char *name);	/* with or without bpf_ */
const struct asm_map_type *asm_map_type_find(const char *name);	/* bpftool's word or the constant */
const struct asm_map_type *asm_map_type_number(uint32_t number);
const struct asm_prog_type *asm_prog_type_number(uint32_t number);
const struct asm_cpu *asm_cpu_find(const char *name);
const struct asm_cpu *asm_cpu_native(void);	/* NULL on a CPU without a row */
const struct asm_cpu_reg *asm_cpu_reg_find(const struct asm_cpu *cpu, const char *name);

/*
 * The row of a section name and, in *target, what stands behind its '/' ("" when nothing does).
 * NULL when no row takes the name.
 */
const struct asm_attach *asm_attach_find(const char *section, const char **target);

/*
 * Edit distance for suggestions: how far two names are apart, counting swapped neighbours as one
 * edit; anything past `most` is reported as most + 1.
 */
unsigned int asm_distance(const char *a, const char *b, unsigned int most);

/* The text of asm_near_text() fits in ASM_NEAR_TEXT bytes. */
enum { ASM_NEAR_MOST = 3, ASM_NEAR_NAME = 64, ASM_NEAR_TEXT = ASM_NEAR_MOST * ASM_NEAR_NAME + 32 };

/* Which of many names a misspelt one may have meant: the nearest offered so far. */
struct asm_near {
	char name[ASM_NEAR_NAME];
	unsigned int best;	/* names farther than that do not count */
	unsigned int count;
	char found[ASM_NEAR_MOST][ASM_NEAR_NAME];
};

/* Begin with the misspelt name; up to a third of it may be wrong. */
void asm_near_start(struct asm_near *near, const char *name, size_t len);

/*
 * A candidate, copied. Underscores left out at its front are one mistake. Of equals the first are
 * kept. The name itself ends the search, with nothing found: it is not misspelt.
 */
void asm_near_offer(struct asm_near *near, const char *name, size_t len);

/* "; did you mean 'a', 'b' or 'c'?", or "" when nothing was near. Returns buf. */
const char *asm_near_text(const struct asm_near *near, char *buf);

/* ---- diagnostics ---- */

enum asm_severity { ASM_ERROR, ASM_WARNING, ASM_NOTE };

/*
 * A place in a text. line and col count from 1; col counts bytes. text is the source line, not NUL-
 * terminated. line 0: the file as a whole.
 */
struct asm_place {
	const char *file;
	unsigned int line, col;
	const char *text;
	size_t len;
};

struct asm_diag {
	enum asm_severity severity;
	struct asm_place place;	/* file NULL: no place */
	unsigned int width;	/* bytes to underline, at least 1 */
	const char *message;	/* no newline */
};

typedef void asm_sink(void *arg, const struct asm_diag *diag);

/*
 * Print as `file:line:col: error: message`, the source line and a caret. Lines longer than a
 * terminal are cut around the caret; bytes that are not printable text show as '?'.
 */
void asm_diag_print(FILE *f, const struct asm_diag *diag);

/* ---- the model ---- */

struct asm_map {
	const char *name;
	const char *symbol;	/* its name in an ELF object; NULL: it has no other */
	const struct asm_map_type *type;
	struct asm_typeref key, value;	/* type NULL: only the size was given, or there is none */
	uint32_t key_size, value_size, max_entries, map_flags;
	uint64_t map_extra;
	const uint8_t *data;	/* its first value, value_size bytes, where the map holds the
				 * globals .rodata, .data or .bss; else NULL */
	uint32_t key_btf, value_btf; /* of an ELF object: ids in its BTF; 0: none */
	struct asm_map *inner;	/* of maps in a map: what they are to be like; NULL: unknown */
	const char *ops;	/* of type struct_ops: the kernel's struct; NULL: unknown */
	uint32_t numa_node;	/* with BPF_F_NUMA_NODE in map_flags */
	bool pinned;		/* to be shared by its name */
	uint32_t pos;
};

/* A program (section set) or a BPF-to-BPF subprogram (section NULL). */
struct asm_func {
	const char *name;
	const char *symbol;		/* as that of a map */
	const char *section;
	const struct asm_attach *attach; /* NULL: subprogram, a file without .prog, or a section
					  * that is in no table */
	const char *target;		/* behind the '/' of section */
	uint32_t start, count;		/* slots in asm_object.insns */
	uint32_t btf;			/* of an ELF object: id in its BTF; 0: none */
	bool hidden;			/* likewise: its symbol is, so no other object calls it */
	uint32_t pos;
};

/* An entry that a map begins with: another map, or of a prog_array a program. */
struct asm_slot {
	uint32_t map;
	uint32_t index;		/* of the map or the function */
	uint64_t key;
	uint32_t pos;
};

/*
 * What a member of a struct_ops map begins with. A number has the size that the kernel's member
 * has; bytes fill it, or the beginning of an array.
 */
struct asm_member {
	uint32_t map;
	const char *name;
	enum { ASM_MEMBER_PROGRAM, ASM_MEMBER_NUMBER, ASM_MEMBER_BYTES } kind;
	uint32_t index;		/* of a program: the function's */
	uint64_t number;	/* two's complement */
	const uint8_t *bytes;
	uint32_t size;		/* of bytes */
	uint32_t pos;
};

/* How a name outside of the object is looked for. */
enum asm_extern_kind {
	ASM_EXTERN_ANY,		/* of a text: configuration by its prefix, types, addresses */
	ASM_EXTERN_TYPED,	/* in the kernel's BTF */
	ASM_EXTERN_ADDRESS,	/* among the kernel's symbols */
	ASM_EXTERN_CONFIG,	/* in the kernel's configuration: a variable with what that says */
};

/* The type of a variable that has configuration. */
enum asm_config { ASM_CONFIG_BOOL, ASM_CONFIG_TRISTATE, ASM_CONFIG_CHAR, ASM_CONFIG_INT,
		  ASM_CONFIG_TEXT };

struct asm_extern {
	const char *name;	/* the kernel's: in the object it may have another */
	enum asm_extern_kind kind;
	bool weak;		/* what does not exist is 0, and its calls are never made */
	enum asm_config config;	/* of ASM_EXTERN_CONFIG, as all below */
	bool is_signed;
	uint32_t size, offset;	/* bytes; among all such variables */
};

enum asm_reloc_kind {
	ASM_RELOC_MAP,		/* address of map `index`; a wide instruction */
	ASM_RELOC_MAP_VALUE,	/* address of its first value + addend; a wide instruction */
	ASM_RELOC_CALL,		/* call of function `index` */
	ASM_RELOC_FUNC,		/* address of function `index`; a wide instruction */
	ASM_RELOC_KFUNC,	/* call of the kernel function `name` */
	ASM_RELOC_EXTERN,	/* address of the external symbol `name`; a wide instruction */
};

struct asm_reloc {
	uint32_t slot;
	enum asm_reloc_kind kind;
	uint32_t index;
	const char *name;
	const struct asm_extern *ext;	/* what else is known of the name; NULL: nothing */
	int32_t addend;
	uint32_t pos;
};

/* An instruction whose offset or immediate is that of a field of the kernel's types. */
struct asm_kref {
	uint32_t slot;
	const char *path;	/* TYPE.FIELD..., as asm_btf_field() takes it */
	uint32_t pos;
	bool imm;		/* it is the immediate; else the offset */
};

/* Where a slot of an ELF object comes from: it holds from there to the next one. */
struct asm_line {
	uint32_t slot;
	const char *file;
	uint32_t line, col;
	const char *text;	/* the source line; "" when it is not known */
};

/*
 * A CO-RE relocation of an ELF object: what the kernel's types have to say before the instruction
 * is right. The kinds are those of uapi/linux/bpf.h, enum bpf_core_relo_kind.
 */
struct asm_core {
	uint32_t slot;
	uint32_t kind;
	uint32_t type;		/* id in asm_object.btf */
	const char *access;	/* "0:1:2", from that type on */
};

/* Where a variable of an ELF object is in its section, whatever the BTF says. */
struct asm_variable {
	uint32_t btf;		/* id of the variable in asm_object.btf */
	uint32_t offset;
};

struct asm_source;
struct asm_btf;

/*
 * Everything a text, or an ELF object, says. Owned by the caller of asm_assemble() or
 * asm_read_elf(), freed with asm_free(). A text is needed for places only, asm_object_place() and
 * asm_emit_list(); the bytes of an object must outlive it.
 */
struct asm_object {
	const char *license;	/* NULL: none given */
	struct asm_insn *insns;
	uint32_t *insn_pos;	/* a position a slot, for asm_object_place() */
	size_t ninsns;
	struct asm_func *funcs;	/* in text order, no gaps: they cover insns */
	size_t nfuncs;
	struct asm_map *maps;
	size_t nmaps;
	struct asm_slot *slots;
	size_t nslots;
	struct asm_member *members;
	size_t nmembers;
	struct asm_reloc *relocs; /* by rising slot */
	size_t nrelocs;
	struct asm_kref *krefs;	/* by rising slot */
	size_t nkrefs;
	const struct asm_type **structs;
	size_t nstructs;
	enum asm_endian endian;
	const struct asm_source *source; /* NULL: of an ELF object */
	struct asm_line *lines;	/* by rising slot; of an ELF object with BTF */
	size_t nlines;
	struct asm_core *cores;	/* by rising slot; of an ELF object with BTF */
	size_t ncores;
	struct asm_btf *btf;	/* of an ELF object, its own; NULL: none */
	struct asm_variable *variables; /* by rising id; of an ELF object with BTF */
	size_t nvariables;
	const struct asm_extern **configs; /* of an ELF object: variables with configuration */
	size_t nconfigs;
	uint32_t config_size;	/* bytes of all of them */
};

/* What the kernel says about a field that the text names. */
struct asm_kfield {
	uint32_t offset, size;	/* bytes */
};

/*
 * Resolve a kernel fact: path is "kernel.TYPE.FIELD..." or "ctx.FIELD" in a program of the given
 * section ("" outside of one). False with a reason in why: the assembler reports it at the place of
 * the name.
 */
typedef bool asm_resolver(void *arg, const char *path, const char *section, struct asm_kfield *out,
			  char *why, size_t why_size);

/* Told now and then: what stands before `at` in the text it points into is hardly needed again. */
typedef void asm_passed(void *arg, const char *at);

struct asm_options {
	const struct asm_cpu *cpu;	/* target of pt_regs names; NULL: they are an error */
	enum asm_endian endian;
	const char *const *defines;	/* NAME=EXPR: beats the .equ of that name */
	size_t ndefines;
	const char *const *folders;	/* where .include looks after the folder of the text */
	size_t nfolders;
	uint32_t quiet;			/* warnings not given: bits 1 << enum asm_warning */
	bool werror;			/* warnings are errors */
	asm_sink *sink;			/* NULL: diagnostics are dropped */
	void *sink_arg;
	bool relocatable;		/* kernel facts only where a relocation can reach them */
	asm_resolver *resolve;		/* NULL: kernel facts are an error */
	void *resolve_arg;
	asm_passed *passed;		/* NULL: nobody asks */
	void *passed_arg;
};

/*
 * Assemble up to 2 GiB. name stands in the diagnostics. Returns NULL when there was an error, or
 * with werror a warning (each reported, up to 20 of both, in text order). The text is borrowed, the
 * name copied.
 */
struct asm_object *asm_assemble(const char *name, const char *text, size_t len,
				const struct asm_options *opt);
void asm_free(struct asm_object *obj);	/* NULL is fine */

/*
 * The object that an ELF file for BPF holds, as if a text of it had been assembled: what the text
 * could not define has another name. name stands in the diagnostics; of the options the sink
 * counts, and the defines: they are what variables begin with. Returns NULL when the file is no BPF
 * object or says what the model cannot hold; what programs do not need, and is left out, is a
 * warning. The bytes are borrowed.
 */
struct asm_object *asm_read_elf(const char *name, const void *data, size_t len,
				const struct asm_options *opt);

/*
 * Of n rows of `size` bytes that are sorted by the uint32_t at byte `at` of each: how many have one
 * below that value, and so the index of the first that has not.
 */
size_t asm_rows_below(const void *rows, size_t n, size_t size, size_t at, uint64_t value);

/* The first of its relocs, which are in order, at or behind a slot; nrelocs when there is none. */
size_t asm_first_reloc(const struct asm_object *obj, uint32_t slot);

/* Where a position of the object is in its text. */
struct asm_place asm_object_place(const struct asm_object *obj, uint32_t pos);

/*
 * The program of that name; with NULL the only one. NULL when there is none, or several to choose
 * from.
 */
const struct asm_func *asm_object_program(const struct asm_object *obj, const char *name);

/* A function of an object in a program: where its slots begin there. */
struct asm_part {
	uint32_t func, slot;
};

/*
 * One program as the kernel takes it: its own slots, then those of every subprogram it reaches, in
 * the order in which calls name them.
 */
struct asm_program {
	const struct asm_func *func;
	struct asm_part *parts;
	size_t nparts;
	const struct asm_insn *insns;
	const uint32_t *insn_pos;
	size_t ninsns;
	struct asm_reloc *relocs;	/* those left: maps, kfuncs, externs; slots of this array */
	size_t nrelocs;
	bool borrowed;			/* insns and insn_pos are the object's own */
};

/*
 * Lay out `func` with its subprograms and resolve the calls. 0 or -ENOMEM. The object must outlive
 * *out. Free with asm_program_free().
 */
int asm_link(const struct asm_object *obj, const struct asm_func *func, struct asm_program *out);
void asm_program_free(struct asm_program *prog);	/* zeroed is fine */

/* ---- output; each leaves errors in the stream for the caller to see with ferror() ---- */

void asm_emit_raw(FILE *f, const struct asm_program *prog, enum asm_endian endian);
void asm_emit_hex(FILE *f, const struct asm_program *prog, enum asm_endian endian);
void asm_emit_list(FILE *f, const struct asm_object *obj);
int asm_emit_c(FILE *f, const struct asm_object *obj, const char *name);	/* 0 or -ENOMEM */

/*
 * An ELF object for libbpf 1.0 and newer: code, maps, variables, BTF, line information and
 * relocations. btf is what the kernel facts in obj came from; NULL when there are none. 0, -ENOMEM,
 * or -EINVAL when an object cannot say what obj does: each reason went to the sink, and nothing to
 * the stream.
 */
int asm_emit_elf(FILE *f, const struct asm_object *obj, const struct asm_btf *btf, asm_sink *sink,
		 void *sink_arg);

/* ---- reference ---- */

/* Text with aligned columns and a heading, or a JSON object a line. */
enum asm_ref { ASM_REF_TEXT, ASM_REF_JSON };

/*
 * The rows of a kind (insn, helper, map, prog, attach, cmd, struct, type, cpu), all of them or
 * those of a name, with their parts; the list of kinds with what NULL. False when there is no such
 * kind or name: near, of ASM_NEAR_TEXT bytes, then has near ones.
 */
bool asm_emit_ref(FILE *f, const char *what, const char *name, enum asm_ref how, char *near);

/* ---- disassembly ---- */

enum asm_dialect {
	ASM_DIALECT_KERNEL,	/* as the verifier's log and bpftool print it */
	ASM_DIALECT_LLVM,	/* as llvm-objdump does */
	ASM_DIALECT_GAS,	/* mnemonics, where gas has one */
};

/* The slot that the target's memory holds: the inverse of asm_insn_bytes(). */
struct asm_insn asm_insn_read(const uint8_t bytes[8], enum asm_endian endian);

/* The row of the first instruction of n slots; NULL when no row has that encoding. */
const struct asm_form *asm_insn_form(const struct asm_insn *insns, size_t n);

/*
 * Text of the first instruction of n slots, into ASM_INSN_TEXT bytes: bpfasm reads it back to the
 * same slots. What is no instruction is data, for the byte order given. label is the name of a
 * jump's target; NULL: the distance. Returns how many slots the text stands for; 0 when n is 0.
 */
enum { ASM_INSN_TEXT = 128 };
unsigned int asm_insn_text(const struct asm_insn *insns, size_t n, enum asm_endian endian,
			   enum asm_dialect dialect, const char *label, char *buf);

/* A line an instruction; but in the kernel's dialect targets get labels. 0 or -ENOMEM. */
int asm_emit_text(FILE *f, const struct asm_insn *insns, size_t n, enum asm_endian endian,
		  enum asm_dialect dialect);

/*
 * A text that assembles to the object again: its instructions, and all that they need. only: that
 * function and what it reaches; NULL: all. 0 or -ENOMEM.
 */
int asm_emit_object(FILE *f, const struct asm_object *obj, const struct asm_func *only,
		    enum asm_dialect dialect);

/* ---- files ---- */

/*
 * Read a whole file; "-" is standard input. The text is NUL-terminated behind *len and freed with
 * free(). 0 or -errno (-EISDIR for a directory, -EFBIG past 2 GiB).
 */
int asm_read_file(const char *path, char **text, size_t *len);

/*
 * A file on loan: as asm_read_file() has it, but a large one that nobody writes to is mapped, not
 * read. It cannot change under its reader: who wants to write to it has to wait for
 * asm_text_close(). So close it before doing what may wait for others. 0 or -errno.
 */
struct asm_text {
	char *data;
	size_t len;
	int fd;		/* of the mapped file; -1: data is malloc()ed */
};
int asm_text_open(const char *path, struct asm_text *out);
void asm_text_close(struct asm_text *text);	/* again is fine */

/* An asm_passed for such a text: gives memory back. */
void asm_text_passed(void *text, const char *at);

/* ---- BTF, the kernel's type data: a reader over bytes that are not trusted ---- */

enum asm_btf_kind {
	ASM_BTF_INT = 1, ASM_BTF_PTR, ASM_BTF_ARRAY, ASM_BTF_STRUCT, ASM_BTF_UNION, ASM_BTF_ENUM,
	ASM_BTF_FWD, ASM_BTF_TYPEDEF, ASM_BTF_VOLATILE, ASM_BTF_CONST, ASM_BTF_RESTRICT,
	ASM_BTF_FUNC, ASM_BTF_FUNC_PROTO, ASM_BTF_VAR, ASM_BTF_DATASEC, ASM_BTF_FLOAT,
	ASM_BTF_DECL_TAG, ASM_BTF_TYPE_TAG, ASM_BTF_ENUM64,
};

/*
 * Index BTF data (/sys/kernel/btf/vmlinux, or a .BTF section) of either byte order. The bytes are
 * borrowed. 0, -EINVAL for data that is not well-formed, -ENOMEM.
 */
int asm_btf_open(const void *data, size_t len, struct asm_btf **out);

/*
 * The same of split data (/sys/kernel/btf/MODULE), which continues a base, as that was when it was
 * made: that one is borrowed, too. Its ids are those of the base and, behind them, its own; of two
 * types of one name its own counts.
 */
int asm_btf_open_split(const void *data, size_t len, const struct asm_btf *base,
		       struct asm_btf **out);
void asm_btf_close(struct asm_btf *btf);	/* NULL is fine */

/* Type id of that kind and name, or -ENOENT. */
int32_t asm_btf_find(const struct asm_btf *btf, enum asm_btf_kind kind, const char *name);
/* The same without those of a base. */
int32_t asm_btf_find_own(const struct asm_btf *btf, enum asm_btf_kind kind, const char *name);

/* Visit each named type of a kind, but none of a base; stops when fn returns false. */
void asm_btf_names(const struct asm_btf *btf, enum asm_btf_kind kind,
		   bool (*fn)(void *arg, const char *name), void *arg);

/*
 * Offset and size of "TYPE.FIELD.FIELD": structs, unions and typedefs of them, through anonymous
 * members and arrays with [N]; an array without a bound (0 elements, or [1] at the end of a
 * structure) takes any N. Bitfields and what lies behind a pointer are errors. False with a reason
 * in why (with near names, where there are any).
 */
bool asm_btf_field(const struct asm_btf *btf, const char *path, struct asm_kfield *out,
		   char *why, size_t why_size);

/*
 * The same path as the type it starts from and, of each struct, union or array that it goes
 * through, anonymous ones too, the index of the member or element. Returns how many; -EINVAL for a
 * path that asm_btf_field() refuses, -E2BIG for more than `room`.
 */
int asm_btf_steps(const struct asm_btf *btf, const char *path, uint32_t *root, uint32_t *steps,
		  size_t room);

/* Ids are 1 to this. */
uint32_t asm_btf_count(const struct asm_btf *btf);

/* A type as the data has it. */
struct asm_btf_raw {
	uint32_t kind;			/* enum asm_btf_kind, or one that is newer; 0: void */
	uint32_t vlen;			/* members, parameters, values, variables; linkage */
	uint32_t arg;			/* bytes, or the id of a type */
	const char *name;		/* "": none */
	bool kflag;
	uint32_t words;			/* that asm_btf_word() has */
	const uint8_t *at;		/* for asm_btf_word() */
};
bool asm_btf_raw(const struct asm_btf *btf, uint32_t id, struct asm_btf_raw *out);

/* The n-th word of what stands behind the common part of a type; 0 when there are fewer. */
uint32_t asm_btf_word(const struct asm_btf *btf, const struct asm_btf_raw *raw, uint32_t n);

/* A name by its place in the strings; "" when it lies outside. */
const char *asm_btf_string(const struct asm_btf *btf, uint32_t offset);

/* A type behind its typedefs and qualifiers. */
struct asm_btf_type {
	uint32_t id;			/* its own */
	enum asm_btf_kind kind;		/* 0: void */
	const char *name;		/* "": none */
	uint32_t arg;			/* bytes, or the id of the type that it is made of */
	uint32_t count;			/* members, parameters, values; elements; bits */
	uint32_t encoding;		/* 1 signed, 2 character, 4 boolean; of enumerations 1 */
	bool is_union;			/* or the declaration of one */
};

bool asm_btf_type(const struct asm_btf *btf, uint32_t id, struct asm_btf_type *out);

/* Bytes of a type, of an array all of it; false when it has no size. */
bool asm_btf_size(const struct asm_btf *btf, uint32_t id, uint64_t *size);

/*
 * A member of a struct or union, a parameter of a prototype, a value of an enumeration, a variable
 * of a section.
 */
struct asm_btf_member {
	const char *name;		/* "": none */
	uint32_t arg;			/* type id; of a value itself */
	uint32_t high;			/* of a value of an ASM_BTF_ENUM64: its upper half */
	uint32_t bit;			/* where a member is in the struct that has it */
	uint32_t width;			/* bits of a bitfield; 0: it is none, or of an old kind */
};

/* Number `index` of type `id` itself; false when there is none. */
bool asm_btf_member(const struct asm_btf *btf, uint32_t id, uint32_t index,
		    struct asm_btf_member *out);

/*
 * What a text would call the types of some ids: type NULL where it has no word for one. The result
 * is an object of those types alone, which owns them; NULL when there is no memory. The strings of
 * the BTF data must outlive it.
 */
struct asm_object *asm_btf_layouts(struct asm_btf *btf, const uint32_t *ids, size_t n,
				   struct asm_typeref *out);

/*
 * A header of C with these types and all that they are made of, laid out as the data says; n 0: all
 * types. Errors of f stay in it. 0, or -errno with the type that it is about (0: none) in *at:
 * -EINVAL for ids that are none, -ELOOP for a type that holds itself, -E2BIG where nesting or
 * padding has no end in sight, -ENOMEM.
 */
int asm_btf_c(FILE *f, const struct asm_btf *btf, const uint32_t *roots, size_t n, uint32_t *at);

/* ---- types for the kernel ---- */

/* A line, as struct bpf_line_info has it but for the slot, which is the object's. */
struct asm_types_line {
	uint32_t slot;
	uint32_t file, text;	/* in the strings of the BTF */
	uint32_t place;		/* line << 10 | column */
};

/*
 * What BPF_BTF_LOAD takes for an object, and the ids in it. A function has two: as a program, and
 * as one that others call, which the verifier follows into (static). 0: none.
 */
struct asm_types {
	const void *btf;
	size_t len;
	struct asm_types_map { uint32_t key, value; } *maps; /* one a map of the object */
	struct asm_types_func { uint32_t entry, called; } *funcs;
	struct asm_types_line *lines; /* by rising slot */
	size_t nlines;
};

/*
 * How old a kernel is meant: all that there is; without the kinds that came from 5.13 on; the same
 * without global functions (5.6); the same without functions, variables and sections (5.2).
 */
enum asm_types_age {
	ASM_TYPES_NEWEST, ASM_TYPES_BEFORE_5_13, ASM_TYPES_BEFORE_5_6, ASM_TYPES_BEFORE_5_2,
	ASM_TYPES_AGES,
};

/* 0, -ENOMEM, or -EINVAL where the object has none, or none as we know it. */
int asm_types_make(const struct asm_object *obj, enum asm_types_age age, struct asm_types **out);
void asm_types_free(struct asm_types *types);	/* NULL is fine */

/* ---- CO-RE ---- */

/*
 * The types that an object is to run on: a kernel's own, and those of its modules, one after the
 * other (NULL: there are no more), for what the kernel itself has no type of that name.
 */
struct asm_core_types {
	const struct asm_btf *kernel;
	const struct asm_btf *(*module)(void *arg, size_t index); /* NULL: none */
	void *arg;
};

/*
 * Apply the CO-RE relocations of an object as libbpf 1.x does: insns is a copy of its slots. What
 * the types do not have makes a call of ASM_CORE_POISON of an instruction: no harm where the
 * program does not come there. False with a reason in why when that cannot be: *failed is the
 * relocation then.
 */
enum { ASM_CORE_POISON = 0xbad2310 };
bool asm_core_apply(const struct asm_object *obj, const struct asm_core_types *types,
		    struct asm_insn *insns, const struct asm_core **failed, char *why,
		    size_t why_size);

/* The relocation at a slot of the object; NULL when there is none. */
const struct asm_core *asm_core_find(const struct asm_object *obj, uint32_t slot);

/* What it is about, as in "field task_struct.pid". Returns buf. */
const char *asm_core_text(const struct asm_object *obj, const struct asm_core *core, char *buf,
			  size_t size);

#endif
