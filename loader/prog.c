/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "abi.h"
#include "loader.h"
#include "btf.h"
#include "facts.h"
#include "kallsyms.h"
#include "kbtf.h"
#include "kconfig.h"
#include "load.h"
#include "object.h"
#include "ops.h"
#include "prog.h"
#include "say.h"
#include "sys.h"
#include "why.h"

enum {
	SLOT = 8,		/* bytes of an instruction */
	LD_IMM64 = 0x18,	/* the code of a wide one */
	CALL = 0x85,
	PLAIN = 0,		/* a src field: the immediate is a number */
	NO_SUCH_CALL = 2002000000, /* as libbpf has it: no helper has that number */
	LOG_FIRST = 1 << 16,	/* bytes of the verifier's log: it grows until all fits */
	LOG_MOST = (1 << 24) - 8,
};

/* What one load works with. */
struct prog {
	const struct load *load;
	const struct asm_func *func;
	struct asm_program linked;
	uint8_t *bytes;		/* SLOT a slot, as this CPU takes them */
	struct abi_prog_load attr;
	struct btf_info info;
	char *log;		/* NULL: none was asked for */
	bool cut;		/* the log did not fit: its end is missing */
	bool single;		/* of many functions, but for single probes */
	bool indexed;		/* calls name modules by index */
};

static const enum asm_endian native = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ?
				      ASM_LITTLE : ASM_BIG;

/* A slot's line; of one that is not there, the program's. */
static struct asm_place prog_place(const struct prog *p, uint32_t slot)
{
	return asm_object_place(p->load->obj, slot < p->linked.ninsns ? p->linked.insn_pos[slot] :
				p->func->pos);
}

static struct asm_place func_place(const struct prog *p)
{
	return prog_place(p, UINT32_MAX);
}

/* ---- instructions ---- */

/* What the assembler left open: the src field, the immediate(s), of a call the offset. */
struct patch {
	unsigned int src;
	int32_t imm, next;
	int16_t off;
};

static void patch(struct prog *p, uint32_t slot, struct patch with)
{
	struct asm_insn insn = p->linked.insns[slot];

	insn.regs = (uint8_t)(asm_dst(insn) | with.src << 4);
	insn.off = with.off;
	insn.imm = with.imm;
	asm_insn_bytes(insn, native, p->bytes + (size_t)slot * SLOT);
	if (slot + 1 < p->linked.ninsns && insn.code == LD_IMM64) {
		insn = p->linked.insns[slot + 1];
		insn.imm = with.next;
		asm_insn_bytes(insn, native, p->bytes + (size_t)(slot + 1) * SLOT);
	}
}

/* A wide load of a number. */
static void patch_number(struct prog *p, uint32_t slot, uint64_t number)
{
	patch(p, slot, (struct patch){ .src = PLAIN, .imm = (int32_t)(uint32_t)number,
				       .next = (int32_t)(uint32_t)(number >> 32) });
}

/* What the kernel calls what the object refers to by a name. */
static const char *symbol_name(const struct asm_reloc *reloc)
{
	return reloc->ext ? reloc->ext->name : reloc->name;
}

static int symbol_missing(const struct prog *p, const struct asm_reloc *reloc, int err,
			  const char *why)
{
	struct asm_place place = prog_place(p, reloc->slot);

	say_error(p->load->opt, &place, "program %s: %s %s: %s", p->func->name,
		  reloc->kind == ASM_RELOC_KFUNC ? "kernel function" : "kernel symbol",
		  symbol_name(reloc), why);
	return err;
}

/* The kernel's type of what the text calls, or points to, by name. */
static int symbol_type(struct prog *p, const struct asm_reloc *reloc, struct facts_type *out,
		       char *why, size_t why_size)
{
	bool call = reloc->kind == ASM_RELOC_KFUNC;
	enum asm_btf_kind kind = call ? ASM_BTF_FUNC : ASM_BTF_VAR;
	const char *name = symbol_name(reloc);
	char unused[512];
	int err = facts_find(p->load->facts, kind, "", name, out, why, why_size);

	if (err == -ENOENT && !call)	/* functions have addresses too */
		err = facts_find(p->load->facts, ASM_BTF_FUNC, "", name, out, unused,
				 sizeof(unused));
	return err;
}

/* Where a symbol of the kernel is. -ENOENT, or -EPERM where that is hidden, with a reason. */
static int symbol_address(const char *name, uint64_t *address, char *why, size_t why_size)
{
	struct kallsyms_name known;
	int err = kallsyms_look(name, &known);

	*address = known.address;
	if (err) {
		snprintf(why, why_size, "/proc/kallsyms: %s", strerror(-err));
		return err;
	}
	if (known.address)
		return 0;
	if (known.functions || known.data) {
		snprintf(why, why_size, "/proc/kallsyms hides its address (kernel.kptr_restrict)");
		return -EPERM;
	}
	snprintf(why, why_size, "the kernel has no such symbol%s", known.near);
	return -ENOENT;
}

/* A call that is never made: the verifier has seen that nothing leads there, or refuses it. */
static int relocate_call(struct prog *p, const struct asm_reloc *reloc)
{
	struct facts_type type;
	char why[512];
	int err = symbol_type(p, reloc, &type, why, sizeof(why));

	if (err == -ENOENT && reloc->ext && reloc->ext->weak) {
		patch(p, reloc->slot, (struct patch){ .src = PLAIN, .imm = NO_SUCH_CALL });
		return 0;
	}
	if (err)
		return symbol_missing(p, reloc, err, why);
	p->indexed = p->indexed || type.index;
	patch(p, reloc->slot, (struct patch){
		.src = BPF_PSEUDO_KFUNC_CALL, .imm = (int32_t)type.id, .off = (int16_t)type.index,
	});
	return 0;
}

/* A text takes configuration as numbers. */
static int relocate_config(struct prog *p, const struct asm_reloc *reloc, bool weak)
{
	uint64_t number = 0;
	char why[512];
	int err = kconfig_number(p->load->facts, symbol_name(reloc), &number, why, sizeof(why));

	if (err && !(err == -ENOENT && weak))
		return symbol_missing(p, reloc, err, why);
	patch_number(p, reloc->slot, number);
	return 0;
}

/* By its type, else by its address; the reason why there is none is that of the types. */
static int relocate_extern(struct prog *p, const struct asm_reloc *reloc)
{
	enum asm_extern_kind kind = reloc->ext ? reloc->ext->kind : ASM_EXTERN_ANY;
	bool weak = reloc->ext && reloc->ext->weak;
	char why[512] = "", unused[512];
	struct facts_type type;
	uint64_t address = 0;
	int err = -ENOENT;

	if (kind == ASM_EXTERN_ANY && kconfig_is_name(symbol_name(reloc)))
		return relocate_config(p, reloc, weak);
	if (kind != ASM_EXTERN_ADDRESS)
		err = symbol_type(p, reloc, &type, why, sizeof(why));
	if (!err) {
		patch(p, reloc->slot, (struct patch){ .src = BPF_PSEUDO_BTF_ID,
						      .imm = (int32_t)type.id, .next = type.fd });
		return 0;
	}
	if (kind == ASM_EXTERN_TYPED)
		err = -ENOENT;	/* as far as a weak one is concerned */
	else
		err = symbol_address(symbol_name(reloc), &address, why[0] ? unused : why,
				     sizeof(why));
	if (err && !(err == -ENOENT && weak))
		return symbol_missing(p, reloc, err, why);
	patch_number(p, reloc->slot, address);
	return 0;
}

static int relocate(struct prog *p, const struct asm_reloc *reloc)
{
	switch (reloc->kind) {
	case ASM_RELOC_MAP:
		patch(p, reloc->slot, (struct patch){ .src = BPF_PSEUDO_MAP_FD,
						      .imm = p->load->maps[reloc->index].fd });
		return 0;
	case ASM_RELOC_MAP_VALUE:
		patch(p, reloc->slot, (struct patch){ .src = BPF_PSEUDO_MAP_VALUE,
						      .imm = p->load->maps[reloc->index].fd,
						      .next = reloc->addend });
		return 0;
	case ASM_RELOC_KFUNC:
		return relocate_call(p, reloc);
	case ASM_RELOC_EXTERN:
		if (!reloc->ext || reloc->ext->kind != ASM_EXTERN_CONFIG)
			return relocate_extern(p, reloc);
		patch(p, reloc->slot, (struct patch){ .src = BPF_PSEUDO_MAP_VALUE,
						      .imm = p->load->config,
						      .next = (int32_t)reloc->ext->offset });
		return 0;
	case ASM_RELOC_CALL:
	case ASM_RELOC_FUNC:
		break;
	}
	return -EINVAL;		/* asm_link() leaves none of those */
}

static int prog_alloc(struct prog *p)
{
	int err = asm_link(p->load->obj, p->func, &p->linked);

	if (!err) {
		p->bytes = calloc(p->linked.ninsns + 1, SLOT);
		err = p->bytes ? 0 : -ENOMEM;
	}
	if (err)
		say_error(p->load->opt, NULL, "program %s: %s", p->func->name, strerror(-err));
	return err;
}

static int prog_code(struct prog *p)
{
	struct asm_place place = func_place(p);
	int err = 0;

	if (p->load->obj->endian != native) {
		say_error(p->load->opt, &place, "program %s: assembled for %s-endian CPUs, and "
			  "this is none", p->func->name, native == ASM_BIG ? "little" : "big");
		return -EINVAL;
	}
	for (size_t i = 0; i < p->linked.ninsns; i++)
		asm_insn_bytes(p->linked.insns[i], native, p->bytes + i * SLOT);
	for (size_t i = 0; i < p->linked.nrelocs && !err; i++)
		err = relocate(p, &p->linked.relocs[i]);
	return err;
}

/*
 * Helpers that kernels from 6.10 on leave to the compiler of the CPU, also where it is turned off:
 * what is called then is the helper's number. On arm64 the kernel is lost, on riscv64 the result is
 * 0 (both seen with 6.12). Later ones refuse the program, with the verifier's EINVAL.
 */
static const struct {
	const char *cpu;
	int32_t helper;
} left_to_compiler[] = {
	{ "arm64",	8 },	/* get_smp_processor_id */
	{ "arm64",	35 },	/* get_current_task */
	{ "arm64",	158 },	/* get_current_task_btf */
	{ "riscv64",	8 },
};

static bool is_left_to_compiler(struct asm_insn insn)
{
	const struct asm_cpu *cpu = asm_cpu_native();
	bool is = false;

	if (!cpu || insn.code != CALL || asm_src(insn) != PLAIN)
		return false;
	for (size_t i = 0; i < sizeof(left_to_compiler) / sizeof(left_to_compiler[0]); i++)
		is = is || (left_to_compiler[i].helper == insn.imm &&
			    !strcmp(left_to_compiler[i].cpu, cpu->name));
	return is;
}

/* Calls that would go astray in a program which is interpreted. */
static int prog_astray(const struct prog *p)
{
	struct asm_place place;
	size_t helpers;
	uint32_t i = 0;
	long compiles;

	while (i < p->linked.ninsns && !is_left_to_compiler(p->linked.insns[i]))
		i++;
	if (i == p->linked.ninsns || why_kernel_before(ASM_KERNEL(6, 10)) ||
	    !why_number("/proc/sys/net/core/bpf_jit_enable", &compiles) || compiles)
		return 0;
	place = prog_place(p, i);
	say_error(p->load->opt, &place, "program %s: this kernel can call bpf_%s in compiled "
		  "programs only, and net.core.bpf_jit_enable is 0: `sysctl "
		  "net.core.bpf_jit_enable=1`", p->func->name,
		  asm_helper_name(&asm_helpers(&helpers)[p->linked.insns[i].imm - 1]));
	return -EOPNOTSUPP;
}

/* ---- what it attaches to, where that is fixed at load ---- */

/* How BTF names what each kind of target stands for. */
static const struct {
	enum asm_target target;
	enum asm_btf_kind kind;
	const char *prefix;
} btf_targets[] = {
	{ ASM_TARGET_RAW_TRACEPOINT,	ASM_BTF_TYPEDEF,	"btf_trace_" },
	{ ASM_TARGET_BTF_FUNCTION,	ASM_BTF_FUNC,		"" },
	{ ASM_TARGET_LSM_HOOK,		ASM_BTF_FUNC,		"bpf_lsm_" },
	{ ASM_TARGET_ITER,		ASM_BTF_FUNC,		"bpf_iter_" },
};

bool prog_is_for_prog(const struct load *load, const struct asm_attach *attach)
{
	return attach->target == ASM_TARGET_EXT ||
	       (load->opt->where.prog && attach->target == ASM_TARGET_BTF_FUNCTION);
}

static bool offer_function(void *near, const char *name)
{
	asm_near_offer(near, name, strlen(name));
	return true;
}

/* A function of a program that is in the kernel: its own types have it. */
static int function_type(int fd, const char *name, struct facts_type *out, char *why,
			 size_t why_size)
{
	struct abi_prog_info info;
	char text[ASM_NEAR_TEXT];
	struct asm_near near;
	struct kbtf kbtf;
	int32_t id;
	int err;

	memset(&info, 0, sizeof(info));
	err = object_info(fd, &info, sizeof(info));
	if (!err && !info.btf_id) {
		snprintf(why, why_size, "program %s has no types, which name its functions",
			 info.name);
		return -EINVAL;
	}
	if (!err)
		err = kbtf_open_id(info.btf_id, &kbtf);
	if (err) {
		snprintf(why, why_size, "the types of the program: %s", strerror(-err));
		return err;
	}
	id = asm_btf_find(kbtf.btf, ASM_BTF_FUNC, name);
	if (id < 0) {
		asm_near_start(&near, name, strlen(name));
		asm_btf_names(kbtf.btf, ASM_BTF_FUNC, offer_function, &near);
		snprintf(why, why_size, "program %s has no function %s%s", info.name, name,
			 asm_near_text(&near, text));
	} else {
		out->id = (uint32_t)id;
		out->fd = fd;
	}
	kbtf_close(&kbtf);
	return id < 0 ? id : 0;
}

int prog_target_type(const struct load *load, const struct asm_func *func, struct facts_type *out,
		     char *why, size_t why_size)
{
	memset(out, 0, sizeof(*out));
	if (prog_is_for_prog(load, func->attach) && load->opt->where.prog)
		return function_type(load->opt->where.prog, func->target, out, why, why_size);
	for (size_t i = 0; i < sizeof(btf_targets) / sizeof(btf_targets[0]); i++)
		if (btf_targets[i].target == func->attach->target)
			return facts_find(load->facts, btf_targets[i].kind,
					  btf_targets[i].prefix, func->target, out, why, why_size);
	snprintf(why, why_size, "it takes the place of a function of another program: --prog PROG "
		 "says of which one");
	return -EINVAL;
}

static int prog_target(struct prog *p)
{
	const struct asm_attach *attach = p->func->attach;
	struct asm_place place = func_place(p);
	struct facts_type type;
	char why[512];
	int err;

	if (attach && attach->prog_type == BPF_PROG_TYPE_STRUCT_OPS)
		return ops_target(p->load, p->func, &p->attr);
	if (!attach || !(attach->flags & ASM_ATTACH_BTF_ID))
		return 0;
	err = prog_target_type(p->load, p->func, &type, why, sizeof(why));
	if (err) {
		say_error(p->load->opt, &place, "program %s, section '%s': %s", p->func->name,
			  p->func->section, why);
		return err;
	}
	p->attr.attach_btf_id = type.id;
	p->attr.attach_btf_obj_fd = (uint32_t)type.fd;
	return 0;
}

/* Without a section a program is of a type that nothing attaches; an unknown one means another. */
static int prog_section(const struct prog *p)
{
	struct asm_place place = func_place(p);

	if (p->func->attach || !p->func->section[0])
		return 0;
	say_error(p->load->opt, &place, "program %s: section \"%s\" does not say of what type "
		  "it is", p->func->name, p->func->section);
	return -EINVAL;
}

static int prog_attr(struct prog *p)
{
	const struct asm_attach *attach = p->func->attach;
	const char *license = p->load->obj->license;
	int err = prog_section(p);

	if (err)
		return err;
	memset(&p->attr, 0, sizeof(p->attr));
	p->attr.prog_type = attach ? attach->prog_type : BPF_PROG_TYPE_SOCKET_FILTER;
	p->attr.insn_cnt = (uint32_t)p->linked.ninsns;
	p->attr.insns = abi_ptr(p->bytes);
	p->attr.license = abi_ptr(license ? license : "");
	p->attr.expected_attach_type = attach && !p->single ? attach->attach_type : 0;
	if (attach && attach->flags & ASM_ATTACH_SLEEPABLE)
		p->attr.prog_flags |= BPF_F_SLEEPABLE;
	if (attach && attach->flags & ASM_ATTACH_FRAGS)
		p->attr.prog_flags |= BPF_F_XDP_HAS_FRAGS;
	if (p->indexed)
		p->attr.fd_array = abi_ptr(facts_fds(p->load->facts));
	sys_name(p->attr.prog_name, p->func->symbol ? p->func->symbol : p->func->name);
	return prog_target(p);
}

/* What functions are, and where slots come from. */
static int prog_info(struct prog *p)
{
	int err = btf_info(p->load, &p->linked, &p->info);

	if (err) {
		say_error(p->load->opt, NULL, "program %s: %s", p->func->name, strerror(-err));
		return err;
	}
	if (!p->info.nfuncs)
		return 0;
	p->attr.prog_btf_fd = (uint32_t)p->load->btf;
	p->attr.func_info = abi_ptr(p->info.funcs);
	p->attr.func_info_rec_size = sizeof(*p->info.funcs);
	p->attr.func_info_cnt = (uint32_t)p->info.nfuncs;
	if (!p->info.nlines)
		return 0;
	p->attr.line_info = abi_ptr(p->info.lines);
	p->attr.line_info_rec_size = sizeof(*p->info.lines);
	p->attr.line_info_cnt = (uint32_t)p->info.nlines;
	return 0;
}

/* ---- the call ---- */

static int load_silent(struct prog *p)
{
	p->attr.log_level = 0;
	p->attr.log_buf = 0;
	p->attr.log_size = 0;
	return sys_bpf(BPF_PROG_LOAD, &p->attr, p->indexed ?
		       abi_end(struct abi_prog_load, fd_array) : p->attr.attach_btf_obj_fd ?
		       abi_end(struct abi_prog_load, attach_btf_obj_fd) :
		       abi_end(struct abi_prog_load, attach_btf_id));
}

/* One try with a log of size bytes; *want is how many it takes, 0 when the kernel does not say. */
static int try_logged(struct prog *p, uint32_t size, uint32_t *want)
{
	int fd;

	p->attr.log_level = 1;
	p->attr.log_buf = abi_ptr(p->log);
	p->attr.log_size = size;
	p->attr.log_true_size = 0;
	fd = sys_bpf(BPF_PROG_LOAD, &p->attr, abi_end(struct abi_prog_load, log_true_size));
	*want = p->attr.log_true_size;
	return fd;
}

/*
 * With the verifier's log. -ENOSPC says that the log did not fit, and hides why the program did
 * not load; a kernel from 6.4 on then leaves the end of the log, which has the reason, and says how
 * long it was, an older one its beginning.
 */
static int load_logged(struct prog *p)
{
	uint32_t size = LOG_FIRST, want = 0;
	int fd = -ENOSPC;

	while (fd == -ENOSPC) {
		free(p->log);
		p->log = calloc(size, 1);
		if (!p->log)
			return -ENOMEM;
		fd = try_logged(p, size, &want);
		p->log[size - 1] = '\0';
		p->cut = fd == -ENOSPC && want == 0;
		if (size == LOG_MOST)
			break;
		size = want > 2 * size ? want : 2 * size;
		size = size < LOG_MOST ? size : LOG_MOST;
	}
	return fd;
}

/*
 * Without a log first: the verifier is faster then, and says the real errno; the log is for a
 * program that it rejects. A verbose load wants the log of a success too.
 */
static int prog_try(struct prog *p)
{
	int fd, err;

	if (p->load->opt->flags & LOAD_VERBOSE) {
		fd = load_logged(p);
		return fd == -ENOSPC || fd == -ENOMEM ? load_silent(p) : fd;
	}
	err = load_silent(p);
	if (err >= 0)
		return err;
	fd = load_logged(p);
	return fd >= 0 ? fd : err;
}

/* ---- telling ---- */

/* What a kernel says of a kind that it does not know leads nowhere. */
static void say_too_new(const struct prog *p)
{
	const struct asm_attach *attach = p->func->attach;

	if (attach && why_kernel_before(attach->since))
		say_note(p->load->opt, NULL, "section %s needs Linux %u.%u, and this one is older",
			 attach->section, attach->since / 256u, attach->since % 256u);
}

static void say_rejected(const struct prog *p, int err)
{
	const struct load_options *opt = p->load->opt;
	struct asm_place place = func_place(p);
	char what[128];
	struct why why;

	snprintf(what, sizeof(what), "program %s (%s)", p->func->name,
		 p->func->attach ? p->func->section : "no section");
	if (p->log && !p->cut &&
	    load_verdict(p->load->obj, &p->linked, p->log, strlen(p->log), opt)) {
		say_note(opt, NULL, "%s: BPF_PROG_LOAD: %s", what, strerror(-err));
		say_too_new(p);
		return;
	}
	why_prog(&why, p->func->attach, p->attr.prog_type, p->linked.ninsns, err);
	why_say(opt, &place, what, "BPF_PROG_LOAD", err, &why);
	if (p->cut)
		say_note(opt, NULL, "the verifier log is longer than %d bytes, and this kernel "
			 "keeps only its beginning", LOG_MOST);
}

static int prog_call(struct prog *p)
{
	int fd = prog_try(p);

	if (p->log)
		say_lines(p->load->opt, p->log);
	if (fd < 0) {
		say_rejected(p, fd);
		return fd;
	}
	say_step(p->load->opt, "program %s: BPF_PROG_LOAD: %zu instructions, type %u: descriptor "
		 "%d", p->func->name, p->linked.ninsns, p->attr.prog_type, fd);
	return fd;
}

int prog_load(const struct load *load, const struct load_prog *prog)
{
	struct prog p;
	int ret;

	memset(&p, 0, sizeof(p));
	p.load = load;
	p.func = prog->func;
	p.single = prog->single;
	ret = prog_alloc(&p);
	if (!ret)
		ret = prog_code(&p);
	if (!ret)
		ret = prog_astray(&p);
	if (!ret)
		ret = prog_attr(&p);
	if (!ret)
		ret = prog_info(&p);
	if (!ret)
		ret = prog_call(&p);
	btf_info_free(&p.info);
	free(p.log);
	free(p.bytes);
	asm_program_free(&p.linked);
	return ret;
}
