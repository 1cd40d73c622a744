/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * dump.c - bpfload prog dump.
 *
 * The verifier has replaced helper numbers by distances from a function of the kernel, and map
 * descriptors by ids; names come from /proc/kallsyms and the maps themselves, source lines from the
 * program's type data.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "abi.h"
#include "cli.h"
#include "dump.h"
#include "json.h"
#include "loader.h"
#include "kallsyms.h"
#include "kbtf.h"
#include "object.h"
#include "say.h"
#include "words.h"
#include "show.h"
#include "sys.h"

enum {
	SLOT = 8,
	LD_IMM64 = 0x18,
	CALL = 0x85,
	/* what only the kernel itself writes */
	MOV64_REG = 0xbf, ADDR_PERCPU = -1,
	NOSPEC = 0xc2,
	LINE_SHIFT = 10,	/* in struct abi_line_info */
	ROW = 16,		/* bytes of native code a line */
};

static const enum asm_endian native = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ?
				      ASM_LITTLE : ASM_BIG;

/* A program as the kernel tells of it; info's pointers are into room. */
struct dump {
	struct show *show;
	const struct dump_how *how;
	struct abi_prog_info info;
	uint8_t *room;
	struct asm_insn *insns;
	size_t n;
	uint64_t call_base;	/* what calls count from; 0: addresses are not shown */
	struct kallsyms_at *at;	/* of what is called, in order of addresses */
	size_t nat;
	struct kbtf kbtf;
	uint32_t func, line;	/* the next record of each */
};

/* ---- asking the kernel ---- */

/* Lengths are in info: give each array its room, and leave out the code that is not wanted. */
static size_t place(struct abi_prog_info *info, bool jited, uint8_t *room)
{
	size_t at = 0;

#define PLACE(pointer, count, size) \
	(info->pointer = (count) && room ? abi_ptr(room + at) : 0, \
	 at += ((size_t)(count) * (size) + 7) / 8 * 8)

	if (jited)
		info->xlated_prog_len = 0;
	else
		info->jited_prog_len = 0;
	info->nr_map_ids = info->nr_jited_line_info = info->nr_prog_tags = 0;
	PLACE(jited_prog_insns, info->jited_prog_len, 1);
	PLACE(xlated_prog_insns, info->xlated_prog_len, 1);
	PLACE(jited_ksyms, info->nr_jited_ksyms, sizeof(uint64_t));
	PLACE(jited_func_lens, info->nr_jited_func_lens, sizeof(uint32_t));
	PLACE(func_info, info->nr_func_info, info->func_info_rec_size);
	PLACE(line_info, info->nr_line_info, info->line_info_rec_size);
#undef PLACE
	return at;
}

/* All of the program but what is not asked for. */
static int read_prog(int fd, bool jited, struct abi_prog_info *info, uint8_t **room)
{
	int err;

	*room = NULL;
	memset(info, 0, sizeof(*info));
	err = object_info(fd, info, sizeof(*info));
	if (err)
		return err;
	*room = calloc(1, place(info, jited, NULL) + 1);
	if (!*room)
		return -ENOMEM;
	place(info, jited, *room);
	return object_info(fd, info, sizeof(*info));
}

static const void *at_pointer(uint64_t pointer)
{
	return (const void *)(uintptr_t)pointer;
}

/* Record n of an array whose records may be longer than we know them. */
static bool record(uint64_t array, uint32_t count, uint32_t size, uint32_t n, void *out,
		   size_t want)
{
	if (n >= count || size < want || !array)
		return false;
	memcpy(out, (const uint8_t *)at_pointer(array) + (size_t)n * size, want);
	return true;
}

static bool func_at(const struct abi_prog_info *info, uint32_t n, struct abi_func_info *out)
{
	return record(info->func_info, info->nr_func_info, info->func_info_rec_size, n, out,
		      sizeof(*out));
}

static bool line_at(const struct abi_prog_info *info, uint32_t n, struct abi_line_info *out)
{
	return record(info->line_info, info->nr_line_info, info->line_info_rec_size, n, out,
		      sizeof(*out));
}

void dump_name(int fd, const struct abi_prog_info *info, char name[DUMP_NAME])
{
	struct abi_prog_info full;
	struct abi_func_info func;
	struct asm_btf_raw raw;
	struct kbtf kbtf;
	uint8_t *room;

	snprintf(name, DUMP_NAME, "%s", info->name);
	if (strlen(info->name) < BPF_OBJ_NAME_LEN - 1 || !info->btf_id || !info->nr_func_info)
		return;
	if (!read_prog(fd, true, &full, &room) && func_at(&full, 0, &func) &&
	    !kbtf_open_id(info->btf_id, &kbtf)) {
		if (asm_btf_raw(kbtf.btf, func.type_id, &raw) &&
		    !strncmp(raw.name, info->name, strlen(info->name)))
			snprintf(name, DUMP_NAME, "%s", raw.name);
		kbtf_close(&kbtf);
	}
	free(room);
}

/* ---- names of what is called ---- */

/* Where a call leads; 0: it is none, or not known. */
static uint64_t call_address(const struct dump *d, const struct asm_insn *insn)
{
	const uint64_t *ksyms = at_pointer(d->info.jited_ksyms);

	if (insn->code != CALL)
		return 0;
	if (asm_src(*insn) != BPF_PSEUDO_CALL)
		return d->call_base + (uint64_t)(int64_t)insn->imm;
	return ksyms && (uint32_t)insn->imm < d->info.nr_jited_ksyms ? ksyms[insn->imm] : 0;
}

/* A helper that is still called by its number: that of a tail call, or when all is hidden. */
static const char *helper_name(const struct asm_insn *insn)
{
	size_t n;
	const struct asm_helper *helpers = asm_helpers(&n);

	if (insn->code != CALL || asm_src(*insn) || insn->imm < 0 || (size_t)insn->imm > n)
		return NULL;
	return insn->imm ? asm_helper_name(&helpers[insn->imm - 1]) : "unspec";
}

static int compare_at(const void *a, const void *b)
{
	const struct kallsyms_at *x = a, *y = b;

	return (x->address > y->address) - (x->address < y->address);
}

/* Room for the names of n addresses, which stay in order. */
static int name_addresses(struct dump *d)
{
	if (d->nat)
		qsort(d->at, d->nat, sizeof(*d->at), compare_at);
	return kallsyms_name_all(d->at, d->nat);
}

static int name_calls(struct dump *d)
{
	bool calls = false, far = false;

	for (size_t i = 0; i < d->n; i++) {
		calls |= d->insns[i].code == CALL && !helper_name(&d->insns[i]);
		far |= d->insns[i].code == CALL && !helper_name(&d->insns[i]) &&
		       asm_src(d->insns[i]) != BPF_PSEUDO_CALL;
	}
	d->call_base = far ? kallsyms_address("__bpf_call_base") : 0;
	d->at = calls ? calloc(d->n, sizeof(*d->at)) : NULL;
	for (size_t i = 0; d->at && i < d->n; i++)
		if (call_address(d, &d->insns[i]) && !helper_name(&d->insns[i]))
			d->at[d->nat++].address = call_address(d, &d->insns[i]);
	return calls && !d->at ? -ENOMEM : name_addresses(d);
}

/* The symbol there, or the address. */
static const char *address_text(const struct dump *d, uint64_t address, char *buf, size_t size)
{
	struct kallsyms_at want = { .address = address }, *at;

	at = d->nat ? bsearch(&want, d->at, d->nat, sizeof(*d->at), compare_at) : NULL;
	if (at && at->name[0])
		return at->name;
	snprintf(buf, size, "0x%" PRIx64, address);
	return buf;
}

/* ---- one instruction ---- */

enum { TEXT = 256 };

static void call_text(const struct dump *d, const struct asm_insn *insn, char *out)
{
	uint64_t address = call_address(d, insn);
	const char *helper = helper_name(insn);
	char buf[32];

	if (helper)
		snprintf(out, TEXT, "call bpf_%s#%" PRId32, helper, insn->imm);
	else if (asm_src(*insn) != BPF_PSEUDO_CALL)
		snprintf(out, TEXT, "call %s#%" PRId32,
			 address_text(d, address, buf, sizeof(buf)), insn->imm);
	else if (d->info.nr_jited_ksyms)
		snprintf(out, TEXT, "call pc%+d#%s", insn->off,
			 address_text(d, address, buf, sizeof(buf)));
	else
		snprintf(out, TEXT, "call pc%+d", insn->off);
}

/* What a wide load gets, by its src field. */
static void wide_text(const struct asm_insn *insn, char *out)
{
	int32_t next = insn[1].imm;
	int len = snprintf(out, TEXT, "r%u = ", asm_dst(*insn));

	out += len;
	switch (asm_src(*insn)) {
	case BPF_PSEUDO_MAP_FD:
		snprintf(out, TEXT - 8, "map[id:%" PRId32 "]", insn->imm);
		break;
	case BPF_PSEUDO_MAP_VALUE:
		snprintf(out, TEXT - 8, "map[id:%" PRId32 "][0]+%" PRId32, insn->imm, next);
		break;
	case BPF_PSEUDO_MAP_IDX_VALUE:
		snprintf(out, TEXT - 8, "map[idx:%" PRId32 "]+%" PRId32, insn->imm, next);
		break;
	case BPF_PSEUDO_FUNC:
		snprintf(out, TEXT - 8, "subprog[%+" PRId32 "]", insn->imm);
		break;
	default:
		snprintf(out, TEXT - 8, "0x%" PRIx64,
			 (uint64_t)(uint32_t)next << 32 | (uint32_t)insn->imm);
	}
}

/* Returns the slots of the instruction. */
static unsigned int insn_text(const struct dump *d, size_t at, char *out)
{
	const struct asm_insn *insn = &d->insns[at];

	if (insn->code == LD_IMM64 && at + 1 < d->n) {
		wide_text(insn, out);
		return 2;
	}
	if (insn->code == CALL)
		call_text(d, insn, out);
	else if (insn->code == MOV64_REG && insn->off == ADDR_PERCPU)
		snprintf(out, TEXT, "r%u = &(void __percpu *)(r%u)", asm_dst(*insn),
			 asm_src(*insn));
	else if (insn->code == NOSPEC)
		snprintf(out, TEXT, "nospec");
	else
		return asm_insn_text(insn, d->n - at, native, ASM_DIALECT_KERNEL, NULL, out);
	return 1;
}

/* ---- what stands over an instruction ---- */

static void print_func(struct dump *d, size_t at)
{
	struct abi_func_info func;
	char text[1024];

	if (!d->kbtf.btf || !func_at(&d->info, d->func, &func) || func.insn_off != at)
		return;
	d->func++;
	kbtf_signature(d->kbtf.btf, func.type_id, text, sizeof(text));
	if (!text[0])
		return;
	if (d->show->json)
		json_name_string(&d->show->w, "proto", text);
	else
		fprintf(d->show->out, "%s:\n", text);
}

static void print_place(struct dump *d, const struct abi_line_info *line)
{
	struct json *w = &d->show->w;
	const char *file = asm_btf_string(d->kbtf.btf, line->file_name_off);
	uint32_t number = line->line_col >> LINE_SHIFT;
	uint32_t col = line->line_col & ((1u << LINE_SHIFT) - 1);

	if (!d->show->json) {
		fprintf(d->show->out, " [file:%s line_num:%" PRIu32 " line_col:%" PRIu32 "]", file,
			number, col);
		return;
	}
	json_name_string(w, "file", file);
	if (number)
		json_name_number(w, "line_num", number);
	if (col)
		json_name_number(w, "line_col", col);
}

/* The last line that begins up to here, of those not printed yet. */
static void print_line(struct dump *d, size_t at)
{
	struct abi_line_info line, next;
	const char *text;
	uint32_t i;

	if (!d->kbtf.btf || !line_at(&d->info, d->line, &line) || line.insn_off > at)
		return;
	for (i = d->line + 1; line_at(&d->info, i, &next) && next.insn_off <= at; i++)
		line = next;
	d->line++;
	text = asm_btf_string(d->kbtf.btf, line.line_off);
	while (isspace((unsigned char)*text))
		text++;
	if (d->show->json)
		json_name_string(&d->show->w, "src", text);
	else
		fprintf(d->show->out, "; %s", text);
	if (d->how->linum)
		print_place(d, &line);
	if (!d->show->json)
		putc('\n', d->show->out);
}

/* ---- all of them ---- */

static const uint8_t *xlated(const struct dump *d)
{
	return at_pointer(d->info.xlated_prog_insns);
}

static void print_digit(struct json *w, const char *name, const char *format, unsigned int value)
{
	char text[8];

	snprintf(text, sizeof(text), format, value);
	json_name_string(w, name, text);
}

static void print_opcodes(struct dump *d, size_t at, unsigned int slots)
{
	const uint8_t *bytes = xlated(d) + at * SLOT;
	struct asm_insn insn = d->insns[at];
	struct json *w = &d->show->w;

	if (!d->show->json) {
		fputs("       ", d->show->out);
		for (unsigned int i = 0; i < slots * SLOT; i++)
			fprintf(d->show->out, "%02x%s", bytes[i],
				i + 1 < slots * SLOT ? " " : "\n");
		return;
	}
	json_name(w, "opcodes");
	json_open(w, '{');
	print_digit(w, "code", "0x%02x", insn.code);
	print_digit(w, "src_reg", "0x%x", asm_src(insn));
	print_digit(w, "dst_reg", "0x%x", asm_dst(insn));
	show_bytes(d->show, "off", bytes + 2, 2);
	show_bytes(d->show, "imm", bytes + 4, slots * SLOT - 4);
	json_close(w, '}');
}

/* The name of the map that a wide load gets, as a remark. */
static void print_map(struct dump *d, const struct asm_insn *insn)
{
	struct abi_map_info info;
	unsigned int src = asm_src(*insn);
	int fd = -1;

	if (insn->code == LD_IMM64 && (src == BPF_PSEUDO_MAP_FD || src == BPF_PSEUDO_MAP_VALUE))
		fd = object_open_id(OBJECT_MAP, (uint32_t)insn->imm, 0);
	if (fd < 0)
		return;
	memset(&info, 0, sizeof(info));
	if (!object_info(fd, &info, sizeof(info)) && info.name[0])
		fprintf(d->show->out, "  # %.*s", BPF_OBJ_NAME_LEN, info.name);
	sys_close(fd);
}

static unsigned int print_insn(struct dump *d, size_t at)
{
	char text[TEXT], line[TEXT + 8];
	unsigned int slots = insn_text(d, at, text);

	show_open(d->show, NULL, '{');
	print_func(d, at);
	print_line(d, at);
	snprintf(line, sizeof(line), "(%02x) %s", d->insns[at].code, text);
	if (d->show->json) {
		json_name_string(&d->show->w, "disasm", line);
	} else {
		fprintf(d->show->out, "%4zu: %s", at, line);
		print_map(d, &d->insns[at]);
		putc('\n', d->show->out);
	}
	if (d->how->opcodes)
		print_opcodes(d, at, slots);
	show_close(d->show, '}');
	return slots;
}

static int dump_xlated(struct dump *d)
{
	int err;

	d->n = d->info.xlated_prog_len / SLOT;
	d->insns = calloc(d->n + 1, sizeof(*d->insns));
	if (!d->insns)
		return -ENOMEM;
	for (size_t i = 0; i < d->n; i++)
		d->insns[i] = asm_insn_read(xlated(d) + i * SLOT, native);
	err = name_calls(d);
	if (err)
		return err;
	show_open(d->show, NULL, '[');
	for (size_t at = 0; at < d->n;)
		at += print_insn(d, at);
	show_close(d->show, ']');
	return 0;
}

/* ---- native code ---- */

static void print_native(struct dump *d, const uint8_t *bytes, uint32_t len)
{
	if (d->show->json) {
		show_bytes(d->show, "bytes", bytes, len);
		return;
	}
	for (uint32_t i = 0; i < len; i++) {
		if (i % ROW == 0)
			fprintf(d->show->out, "%s%4" PRIu32 ":", i ? "\n" : "", i);
		fprintf(d->show->out, " %02x", bytes[i]);
	}
	fputs("\n\n", d->show->out);
}

/* A function of the program: its symbol and its bytes. */
static void print_part(struct dump *d, uint32_t n, const uint8_t *bytes, uint32_t len)
{
	const uint64_t *ksyms = at_pointer(d->info.jited_ksyms);
	struct abi_func_info func;
	const char *name = "unknown";
	char buf[32];

	if (n < d->info.nr_jited_ksyms && ksyms)
		name = address_text(d, ksyms[n], buf, sizeof(buf));
	show_open(d->show, NULL, '{');
	if (func_at(&d->info, n, &func))
		print_func(d, func.insn_off);
	if (d->show->json)
		json_name_string(&d->show->w, "name", name);
	else
		fprintf(d->show->out, "%s:\n", name);
	print_native(d, bytes, len);
	show_close(d->show, '}');
}

static int dump_jited(struct dump *d)
{
	const uint64_t *ksyms = at_pointer(d->info.jited_ksyms);
	const uint32_t *lens = at_pointer(d->info.jited_func_lens);
	const uint8_t *bytes = at_pointer(d->info.jited_prog_insns);
	uint32_t left = d->info.jited_prog_len, len;
	int err = 0;

	d->at = calloc((size_t)d->info.nr_jited_ksyms + 1, sizeof(*d->at));
	if (!d->at)
		return -ENOMEM;
	for (; ksyms && d->nat < d->info.nr_jited_ksyms; d->nat++)
		d->at[d->nat].address = ksyms[d->nat];
	err = name_addresses(d);
	show_open(d->show, NULL, '[');
	for (uint32_t i = 0; !err && left && (!i || i < d->info.nr_jited_func_lens); i++) {
		len = lens && i < d->info.nr_jited_func_lens && lens[i] <= left ? lens[i] : left;
		print_part(d, i, bytes, len);
		bytes += len;
		left -= len;
	}
	show_close(d->show, ']');
	if (!d->show->json)
		say_note(d->show->opt, NULL, "these are bytes: native code is for a disassembler "
			 "of this CPU, which gets them from 'file PATH'");
	return err;
}

/* ---- where to ---- */

static int write_file(const struct dump *d, const void *bytes, size_t len)
{
	enum { MODE = 0600 };
	int err = sys_write_file(d->how->file, bytes, len, MODE);

	if (err)
		say_error(d->show->opt, NULL, "cannot write '%s': %s", d->how->file,
			  strerror(-err));
	else if (d->show->json)
		json_null(&d->show->w);
	return err;
}

static int dump_open(struct dump *d, int fd)
{
	int err = read_prog(fd, d->how->jited, &d->info, &d->room);
	uint32_t len = d->how->jited ? d->info.jited_prog_len : d->info.xlated_prog_len;

	if (err) {
		say_error(d->show->opt, NULL, "program: %s", strerror(-err));
		return err;
	}
	if (d->info.btf_id && kbtf_open_id(d->info.btf_id, &d->kbtf))
		say_note(d->show->opt, NULL, "its type data, id %" PRIu32 ", cannot be read",
			 d->info.btf_id);
	if (len && (d->how->jited ? d->info.jited_prog_insns : d->info.xlated_prog_insns))
		return 0;
	say_error(d->show->opt, NULL, "the kernel does not give the %s instructions of program %"
		  PRIu32 "%s", d->how->jited ? "native" : "program's", d->info.id, len ?
		  ": that takes CAP_SYS_ADMIN or CAP_PERFMON, and a kernel.kptr_restrict below 2" :
		  ": it has none, for it is interpreted");
	return -ENODATA;
}

int dump_prog(struct show *show, int fd, const struct dump_how *how)
{
	struct dump d;
	int err;

	memset(&d, 0, sizeof(d));
	d.show = show;
	d.how = how;
	err = dump_open(&d, fd);
	if (!err && how->file)
		err = write_file(&d, at_pointer(how->jited ? d.info.jited_prog_insns :
						d.info.xlated_prog_insns),
				 how->jited ? d.info.jited_prog_len : d.info.xlated_prog_len);
	else if (!err)
		err = how->jited ? dump_jited(&d) : dump_xlated(&d);
	kbtf_close(&d.kbtf);
	free(d.at);
	free(d.insns);
	free(d.room);
	return err;
}
