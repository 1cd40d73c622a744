/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* bpfasm - assemble BPF text. docs/bpfasm.1 describes it. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "asm.h"

enum { EXIT_DONE = 0, EXIT_INPUT = 1, EXIT_CALL = 2 };

/* What the command line says. */
struct call {
	const char *input, *output, *program, *btf;
	bool disassemble;
	enum asm_dialect dialect;
	const char *format_name;	/* of -f; NULL: none */
	const struct format *format;	/* to write; NULL with -d */
	const char **defines, **folders;
	struct asm_options opt;
	char *btf_data, *base_data;
	struct asm_btf *kernel, *base;	/* of btf_data and base_data */
	unsigned int given;		/* enum given */
};

/* Options that were there, as bits. */
enum given {
	GIVEN_CPU = 1 << 0, GIVEN_ENDIAN = 1 << 1, GIVEN_DEFINE = 1 << 2, GIVEN_FOLDER = 1 << 3,
	GIVEN_BTF = 1 << 4, GIVEN_PROGRAM = 1 << 5, GIVEN_DIALECT = 1 << 6,
	GIVEN_OF_TEXTS = GIVEN_DEFINE | GIVEN_FOLDER | GIVEN_BTF,
};

struct format {
	const char *name, *help;
	int (*emit)(FILE *f, const struct call *call, const struct asm_object *obj);
};

static int main_fail(const char *what, int error)
{
	fprintf(stderr, "bpfasm: error: %s: %s\n", what, strerror(-error));
	return EXIT_INPUT;
}

static int main_usage_error(const char *what, const char *value)
{
	fprintf(stderr, "bpfasm: error: %s '%s'; 'bpfasm --help' lists what there is\n", what,
		value);
	return EXIT_CALL;
}

static void main_sink(void *arg, const struct asm_diag *diag)
{
	if (!diag->place.file)
		fputs("bpfasm: ", arg);
	asm_diag_print(arg, diag);
}

/* An option without meaning is a mistake of the caller. */
static int main_refuse(const struct call *call, unsigned int refused, const char *where)
{
	static const struct {
		unsigned int bit;
		const char *name;
	} options[] = {
		{ GIVEN_CPU, "-a" }, { GIVEN_ENDIAN, "-E" }, { GIVEN_DEFINE, "-D" },
		{ GIVEN_FOLDER, "-I" }, { GIVEN_BTF, "--btf" }, { GIVEN_PROGRAM, "-p" },
		{ GIVEN_DIALECT, "--dialect" },
	};
	size_t i;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (!(call->given & refused & options[i].bit))
			continue;
		fprintf(stderr, "bpfasm: error: %s means nothing %s\n", options[i].name, where);
		return EXIT_CALL;
	}
	return EXIT_DONE;
}

/* ---- formats ---- */

static void main_no_program(const struct call *call, const struct asm_object *obj)
{
	const char *sep = ": ";
	size_t i;

	if (call->program)
		fprintf(stderr, "bpfasm: error: there is no program '%s'", call->program);
	else
		fprintf(stderr, "bpfasm: error: -f %s writes one program: name it with -p",
			call->format->name);
	for (i = 0; i < obj->nfuncs; i++) {
		if (!obj->funcs[i].section)
			continue;
		fprintf(stderr, "%s%s", sep, obj->funcs[i].name);
		sep = ", ";
	}
	fputc('\n', stderr);
}

/* The one program that raw and hex write: -p, or the only one. */
static const struct asm_func *main_program(const struct call *call, const struct asm_object *obj)
{
	const struct asm_func *func = asm_object_program(obj, call->program);

	if (!func)
		main_no_program(call, obj);
	return func;
}

static int main_emit_linked(FILE *f, const struct call *call, const struct asm_object *obj,
			    void (*emit)(FILE *, const struct asm_program *, enum asm_endian))
{
	const struct asm_func *func = main_program(call, obj);
	struct asm_program prog;
	int ret;

	if (!func)
		return EXIT_INPUT;
	ret = asm_link(obj, func, &prog);
	if (ret)
		return main_fail(call->input, ret);
	emit(f, &prog, obj->endian);
	asm_program_free(&prog);
	return EXIT_DONE;
}

static int main_emit_raw(FILE *f, const struct call *call, const struct asm_object *obj)
{
	return main_emit_linked(f, call, obj, asm_emit_raw);
}

static int main_emit_hex(FILE *f, const struct call *call, const struct asm_object *obj)
{
	return main_emit_linked(f, call, obj, asm_emit_hex);
}

static int main_emit_list(FILE *f, const struct call *call, const struct asm_object *obj)
{
	(void)call;
	asm_emit_list(f, obj);
	return EXIT_DONE;
}

/* The names in the header begin with that of the file: "progs/my-prog.bpfasm" gives my_prog. */
static int main_emit_c(FILE *f, const struct call *call, const struct asm_object *obj)
{
	const char *base = strrchr(call->input, '/');
	char name[64] = "prog";
	size_t i;
	int ret;

	base = base ? base + 1 : call->input;
	if (isalpha((unsigned char)*base) || *base == '_') {
		for (i = 0; i + 1 < sizeof(name) && base[i] && base[i] != '.'; i++)
			name[i] = isalnum((unsigned char)base[i]) ? base[i] : '_';
		name[i] = '\0';
	}
	ret = asm_emit_c(f, obj, name);
	return ret ? main_fail(call->input, ret) : EXIT_DONE;
}

static int main_emit_elf(FILE *f, const struct call *call, const struct asm_object *obj)
{
	int ret;

	if (isatty(fileno(f))) {
		fputs("bpfasm: error: an ELF object is nothing to read: name a file with -o\n",
		      stderr);
		return EXIT_CALL;
	}
	ret = asm_emit_elf(f, obj, call->kernel, main_sink, stderr);
	if (ret == -EINVAL)		/* main_sink() has said why */
		return EXIT_INPUT;
	return ret ? main_fail(call->input, ret) : EXIT_DONE;
}

enum { FORMAT_RAW, FORMAT_HEX, FORMAT_ELF };

static const struct format formats[] = {
	[FORMAT_RAW] = { "raw", "8 bytes a slot", main_emit_raw },
	[FORMAT_HEX] = { "hex", "16 hexadecimal digits a slot, one slot a line", main_emit_hex },
	[FORMAT_ELF] = { "elf", "an object for libbpf and bpftool", main_emit_elf },
	{ "c", "a C header: instructions, maps, relocations, structures", main_emit_c },
	{ "list", "slot, bytes and source line", main_emit_list },
};

enum { FORMATS = sizeof(formats) / sizeof(formats[0]) };

/* Slots and nothing else: no word of the text, no names. */
static bool main_is_slots(const struct format *format)
{
	return format == &formats[FORMAT_RAW] || format == &formats[FORMAT_HEX];
}

/* ---- input and output ---- */

/* Kernel facts from the file of --btf. */
static bool main_resolve(void *arg, const char *path, const char *section,
			 struct asm_kfield *out, char *why, size_t why_size)
{
	(void)section;
	if (!strncmp(path, "kernel.", 7))
		return asm_btf_field(arg, path + 7, out, why, why_size);
	snprintf(why, why_size, "'%s' depends on the running kernel: only bpfload knows it", path);
	return false;
}

static const char *main_name(const struct call *call)
{
	return !strcmp(call->input, "-") ? "<stdin>" : call->input;
}

/* Type data of a module continues that of the kernel, which lies beside it. */
static int main_open_split(struct call *call, size_t size)
{
	const char *slash = strrchr(call->btf, '/');
	int folder = slash ? (int)(slash - call->btf) + 1 : 0;
	char path[PATH_MAX];
	size_t base_size;

	if (snprintf(path, sizeof(path), "%.*svmlinux", folder, call->btf) >= PATH_MAX ||
	    asm_read_file(path, &call->base_data, &base_size) ||
	    asm_btf_open(call->base_data, base_size, &call->base))
		return -EINVAL;
	return asm_btf_open_split(call->btf_data, size, call->base, &call->kernel);
}

static int main_open_btf(struct call *call)
{
	size_t size;
	int ret;

	if (!call->btf)
		return EXIT_DONE;
	ret = asm_read_file(call->btf, &call->btf_data, &size);
	if (!ret)
		ret = asm_btf_open(call->btf_data, size, &call->kernel);
	if (ret == -EINVAL)
		ret = main_open_split(call, size);
	if (ret)
		return main_fail(call->btf, ret);
	call->opt.resolve = main_resolve;
	call->opt.resolve_arg = call->kernel;
	return EXIT_DONE;
}

static int main_close(FILE *f, const char *name)
{
	int ret = ferror(f) ? -EIO : 0;

	errno = 0;
	if (fflush(f) || (f != stdout && fclose(f)))
		ret = errno ? -errno : -EIO;
	return ret ? main_fail(name, ret) : EXIT_DONE;
}

/* Slots to disassemble. */
struct slots {
	struct asm_insn *insns;
	size_t n;
};

/* What to write: an object in the call's format, or the text of slots. */
struct output {
	const struct asm_object *obj;
	const struct slots *slots;
};

/* The text of an object, or with -p of one of its programs or functions. */
static int main_emit_object(FILE *f, const struct call *call, const struct asm_object *obj)
{
	const struct asm_func *only = NULL;
	size_t i;

	for (i = 0; call->program && i < obj->nfuncs && !only; i++)
		if (!strcmp(obj->funcs[i].name, call->program))
			only = &obj->funcs[i];
	if (!call->program || only)
		return asm_emit_object(f, obj, only, call->dialect);
	main_no_program(call, obj);
	return EXIT_INPUT;
}

/* An exit status. */
static int main_emit(FILE *f, const struct call *call, const struct output *out)
{
	int ret;

	if (out->obj && !call->disassemble)
		return call->format->emit(f, call, out->obj);
	if (out->obj)
		ret = main_emit_object(f, call, out->obj);
	else
		ret = asm_emit_text(f, out->slots->insns, out->slots->n, call->opt.endian,
				    call->dialect);
	return ret < 0 ? main_fail(call->input, ret) : ret;
}

/* Write to a file beside the wanted one, which is replaced only when all went well. */
static int main_write_file(const struct call *call, const struct output *out)
{
	size_t len = strlen(call->output);
	char *temp = malloc(len + sizeof(".XXXXXX"));
	mode_t mask = umask(0);
	int ret, fd;
	FILE *f;

	umask(mask);
	if (!temp)
		return main_fail(call->output, -ENOMEM);
	memcpy(temp, call->output, len);
	strcpy(temp + len, ".XXXXXX");
	fd = mkstemp(temp);
	f = fd < 0 ? NULL : fdopen(fd, "w");
	if (!f) {
		ret = main_fail(call->output, -errno);
		goto out;
	}
	ret = main_emit(f, call, out);
	if (!ret && fchmod(fd, 0666 & ~mask) < 0)
		ret = main_fail(temp, -errno);
	if (main_close(f, call->output))
		ret = EXIT_INPUT;
	if (!ret && rename(temp, call->output) < 0)
		ret = main_fail(call->output, -errno);
	if (ret)
		unlink(temp);
out:
	free(temp);
	return ret;
}

/* Cut a regular file behind what has been written. */
static int main_cut(FILE *f, const char *name)
{
	struct stat st;

	if (fstat(fileno(f), &st) < 0 || !S_ISREG(st.st_mode))
		return EXIT_DONE;
	if (fflush(f) || ftruncate(fileno(f), ftello(f)) < 0)
		return main_fail(name, -errno);
	return EXIT_DONE;
}

/*
 * Devices, pipes and links are written through: they are not ours to replace. What is behind a link
 * is opened without being cut, and cut when all has been written.
 */
static int main_write(const struct call *call, const struct output *out)
{
	struct stat st;
	FILE *f = stdout;
	int ret, fd;

	if (call->output && (lstat(call->output, &st) < 0 || S_ISREG(st.st_mode)))
		return main_write_file(call, out);
	if (call->output) {
		fd = open(call->output, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
		f = fd < 0 ? NULL : fdopen(fd, "w");
		if (!f)
			return main_fail(call->output, -errno);
	}
	ret = main_emit(f, call, out);
	if (!ret && call->output)
		ret = main_cut(f, call->output);
	if (main_close(f, call->output ? call->output : "standard output"))
		ret = EXIT_INPUT;
	return ret;
}

/* Write what the object has, and free it; NULL: there were errors. */
static int main_write_object(const struct call *call, struct asm_object *obj)
{
	struct output out = { .obj = obj };
	int ret = obj ? main_write(call, &out) : EXIT_INPUT;

	asm_free(obj);
	return ret;
}

/* ---- ELF objects ---- */

static bool main_is_elf(const char *text, size_t len)
{
	return len >= 4 && !memcmp(text, "\177ELF", 4);
}

static int main_object(const struct call *call, const char *text, size_t len)
{
	int ret = main_refuse(call, GIVEN_OF_TEXTS | GIVEN_CPU | GIVEN_ENDIAN,
			      "with an ELF object, which says all of that itself");

	if (ret)
		return ret;
	return main_write_object(call, asm_read_elf(main_name(call), text, len, &call->opt));
}

/* ---- disassembling ---- */

static int main_read_raw(const struct call *call, const char *text, size_t len,
			 struct slots *slots)
{
	size_t i;

	if (len % 8) {
		fprintf(stderr, "bpfasm: error: %s: %zu bytes are no whole number of slots of 8\n",
			call->input, len);
		return EXIT_INPUT;
	}
	for (i = 0; i < len; i += 8)
		slots->insns[slots->n++] = asm_insn_read((const uint8_t *)text + i,
							 call->opt.endian);
	return EXIT_DONE;
}

static int main_hex_digit(char c)
{
	const char *digits = "0123456789abcdef", *at;

	at = c ? strchr(digits, tolower((unsigned char)c)) : NULL;
	return at ? (int)(at - digits) : -1;
}

/* Digits in pairs, blanks and newlines anywhere between the pairs. */
static int main_read_hex(const struct call *call, const char *text, size_t len,
			 struct slots *slots)
{
	unsigned int line = 1, last = 1, n = 0;	/* last: line of the newest byte */
	uint8_t bytes[8];
	size_t i;

	for (i = 0; i < len; i++) {
		int high = main_hex_digit(text[i]);
		int low = i + 1 < len ? main_hex_digit(text[i + 1]) : -1;

		line += text[i] == '\n';
		if (isspace((unsigned char)text[i]))
			continue;
		if (high < 0 || low < 0) {
			fprintf(stderr, "%s:%u: error: expected two hexadecimal digits\n",
				call->input, line);
			return EXIT_INPUT;
		}
		bytes[n++] = (uint8_t)(high << 4 | low);
		last = line;
		i++;
		if (n == sizeof(bytes))
			slots->insns[slots->n++] = asm_insn_read(bytes, call->opt.endian);
		n %= sizeof(bytes);
	}
	if (!n)
		return EXIT_DONE;
	fprintf(stderr, "%s:%u: error: the last slot has only %u bytes of 8\n", call->input, last,
		n);
	return EXIT_INPUT;
}

static int main_disassemble(const struct call *call, const char *text, size_t len)
{
	struct slots slots = { .insns = calloc(len / 8 + 1, sizeof(*slots.insns)) };
	struct output out = { .slots = &slots };
	bool hex = call->format_name && !strcmp(call->format_name, "hex");
	int ret = main_refuse(call, GIVEN_PROGRAM, "with slots, which are one program");

	if (ret || !slots.insns) {
		free(slots.insns);
		return ret ? ret : main_fail(call->input, -ENOMEM);
	}
	ret = hex ? main_read_hex(call, text, len, &slots) :
		    main_read_raw(call, text, len, &slots);
	if (!ret)
		ret = main_write(call, &out);
	free(slots.insns);
	return ret;
}

/* Slots are said to be slots, or look like no object. */
static bool main_wants_object(const struct call *call, const struct asm_text *text)
{
	if (call->disassemble && call->format_name)
		return !strcmp(call->format_name, "elf");
	return main_is_elf(text->data, text->len);
}

/*
 * What is on loan goes back before writing, which may wait for who waits for the loan: slots need
 * nothing of the text any more.
 */
static int main_text(struct call *call, struct asm_text *text)
{
	struct asm_object *obj = NULL;
	int ret = main_open_btf(call);

	if (!ret)
		obj = asm_assemble(main_name(call), text->data, text->len, &call->opt);
	if (text->fd >= 0)
		asm_text_close(text);
	if (!ret)
		ret = main_write_object(call, obj);
	asm_btf_close(call->kernel);
	asm_btf_close(call->base);
	free(call->base_data);
	free(call->btf_data);
	return ret;
}

/* Only slots can be written without the text. */
static int main_open(const struct call *call, struct asm_text *text)
{
	text->fd = -1;
	if (!call->disassemble && main_is_slots(call->format))
		return asm_text_open(call->input, text);
	return asm_read_file(call->input, &text->data, &text->len);
}

static int main_run(struct call *call)
{
	struct asm_text text;
	int ret = main_open(call, &text);

	if (ret)
		return main_fail(call->input, ret);
	call->opt.passed = asm_text_passed;
	call->opt.passed_arg = &text;
	if (main_wants_object(call, &text))
		ret = main_object(call, text.data, text.len);
	else if (call->disassemble)
		ret = main_disassemble(call, text.data, text.len);
	else
		ret = main_text(call, &text);
	asm_text_close(&text);
	return ret;
}

/* ---- the command line ---- */

static void main_help(FILE *f)
{
	const struct asm_warning_row *warnings;
	const struct asm_cpu *const *cpus;
	size_t i, n;

	fputs("usage: bpfasm [-f FORMAT] [-o OUT] [-a ARCH] [-E le|be] [-D NAME=EXPR] "
	      "[-I DIR]\n"
	      "              [--btf FILE] [-p PROG] [-Werror] [-Wno-NAME] FILE|-\n"
	      "       bpfasm ref [-j] [KIND [NAME]]\n"
	      "       bpfasm -d [--dialect D] [-f raw|hex|elf] [-o OUT] [-a ARCH] [-E le|be]\n"
	      "              [-p PROG] FILE|-\n"
	      "  -f FORMAT     what to write:\n", f);
	for (i = 0; i < FORMATS; i++)
		fprintf(f, "      %-6s      %s%s\n", formats[i].name, formats[i].help,
			i == FORMAT_HEX ? " (default)" : "");
	fputs("  -o OUT        where to; standard output without\n"
	      "  -a ARCH       CPU of the target, for pt_regs and byte order:", f);
	cpus = asm_cpus(&n);
	for (i = 0; i < n; i++)
		fprintf(f, " %s", cpus[i]->name);
	fputs("\n"
	      "  -E le|be      byte order of the target; that of the CPU without\n"
	      "  -D NAME=EXPR  beats the .equ of that name\n"
	      "  -I DIR        where .include looks after the folder of the file\n"
	      "  --btf FILE    resolves kernel.TYPE.FIELD: /sys/kernel/btf/vmlinux\n"
	      "  -p PROG       the program to write with -f raw and hex, to show with -d\n"
	      "  -d            disassemble an ELF object, or a file of -f raw or hex\n"
	      "  --dialect D   with -d: kernel (default), llvm, gas\n"
	      "  -Werror       warnings are errors\n"
	      "  -Wno-NAME     do not warn of\n", f);
	warnings = asm_warnings(&n);
	for (i = 0; i < n; i++)
		fprintf(f, "      %-18s%s\n", warnings[i].name, warnings[i].meaning);
	fputs("  --help        print this\n"
	      "  --version     print the version\n"
	      "exit status: 0 done, 1 the input is wrong, 2 the call is wrong\n", f);
}

/* The format to write; with -d that of the file, which must be one of three. */
static int main_choose_format(struct call *call)
{
	const char *name = call->format_name ? call->format_name : "hex";
	size_t i;

	for (i = 0; i < FORMATS && strcmp(formats[i].name, name) != 0; i++)
		;
	if (call->disassemble && strcmp(name, "elf") != 0 && i != FORMAT_RAW && i != FORMAT_HEX)
		return main_usage_error(i == FORMATS ? "unknown format" :
					"-d does not read the format", name);
	if (call->disassemble)
		return EXIT_DONE;
	if (i == FORMATS)
		return main_usage_error("unknown format", name);
	call->format = &formats[i];
	return EXIT_DONE;
}

static int main_set_endian(struct call *call, const char *name)
{
	call->opt.endian = strcmp(name, "be") ? ASM_LITTLE : ASM_BIG;
	if (strcmp(name, "le") && strcmp(name, "be"))
		return main_usage_error("unknown byte order", name);
	return EXIT_DONE;
}

static int main_set_cpu(struct call *call, const char *name)
{
	call->opt.cpu = asm_cpu_find(name);
	return call->opt.cpu ? EXIT_DONE : main_usage_error("unknown CPU", name);
}

static int main_set_dialect(struct call *call, const char *name)
{
	static const char *const names[] = {
		[ASM_DIALECT_KERNEL] = "kernel", [ASM_DIALECT_LLVM] = "llvm",
		[ASM_DIALECT_GAS] = "gas",
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(names[i], name)) {
			call->dialect = (enum asm_dialect)i;
			return EXIT_DONE;
		}
	}
	return main_usage_error("unknown dialect", name);
}

/* -Werror, -Wno-NAME: getopt cuts the W off */
static int main_set_warning(struct call *call, const char *word)
{
	const struct asm_warning_row *rows;
	char text[ASM_NEAR_TEXT];
	struct asm_near near;
	size_t i, n;

	if (!strcmp(word, "error")) {
		call->opt.werror = true;
		return EXIT_DONE;
	}
	if (strncmp(word, "no-", 3) != 0) {
		fprintf(stderr, "bpfasm: error: unknown option '-W%s': there are -Werror and "
			"-Wno-NAME\n", word);
		return EXIT_CALL;
	}
	word += 3;
	asm_near_start(&near, word, strlen(word));
	rows = asm_warnings(&n);
	for (i = 0; i < n; i++) {
		asm_near_offer(&near, rows[i].name, strlen(rows[i].name));
		if (!strcmp(rows[i].name, word)) {
			call->opt.quiet |= 1u << i;
			return EXIT_DONE;
		}
	}
	fprintf(stderr, "bpfasm: error: unknown warning '%s'%s%s\n", word,
		asm_near_text(&near, text), near.count ? "" : "; 'bpfasm --help' lists them");
	return EXIT_CALL;
}

enum { OPTION_BTF = 256, OPTION_DIALECT, OPTION_HELP, OPTION_VERSION };

static int main_option(struct call *call, int option, const char *value)
{
	static const struct {
		int option;
		unsigned int bit;
	} bits[] = {
		{ 'a', GIVEN_CPU }, { 'E', GIVEN_ENDIAN }, { 'D', GIVEN_DEFINE },
		{ 'I', GIVEN_FOLDER }, { 'p', GIVEN_PROGRAM }, { OPTION_BTF, GIVEN_BTF },
		{ OPTION_DIALECT, GIVEN_DIALECT },
	};
	size_t i;

	for (i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		if (bits[i].option == option)
			call->given |= bits[i].bit;
	switch (option) {
	case 'f':
		call->format_name = value;
		return EXIT_DONE;
	case 'o':
		call->output = value;
		return EXIT_DONE;
	case 'a':
		return main_set_cpu(call, value);
	case 'E':
		return main_set_endian(call, value);
	case 'D':
		call->defines[call->opt.ndefines++] = value;
		return EXIT_DONE;
	case 'I':
		call->folders[call->opt.nfolders++] = value;
		return EXIT_DONE;
	case 'p':
		call->program = value;
		return EXIT_DONE;
	case 'W':
		return main_set_warning(call, value);
	case OPTION_BTF:
		call->btf = value;
		return EXIT_DONE;
	case 'd':
		call->disassemble = true;
		return EXIT_DONE;
	case OPTION_DIALECT:
		return main_set_dialect(call, value);
	default:
		fputs("'bpfasm --help' lists the options\n", stderr);
		return EXIT_CALL;
	}
}

static int main_parse(struct call *call, int argc, char *argv[], bool *done)
{
	static const struct option longs[] = {
		{ "btf", required_argument, NULL, OPTION_BTF },
		{ "dialect", required_argument, NULL, OPTION_DIALECT },
		{ "help", no_argument, NULL, OPTION_HELP },
		{ "version", no_argument, NULL, OPTION_VERSION },
		{ NULL, 0, NULL, 0 },
	};
	int option, ret;

	while ((option = getopt_long(argc, argv, "df:o:a:E:D:I:p:W:", longs, NULL)) != -1) {
		*done = option == OPTION_HELP || option == OPTION_VERSION;
		if (option == OPTION_HELP)
			main_help(stdout);
		else if (option == OPTION_VERSION)
			puts("bpfasm " ASM_VERSION);
		if (*done)
			return main_close(stdout, "standard output");
		ret = main_option(call, option, optarg);
		if (ret)
			return ret;
	}
	if (optind + 1 != argc) {
		fputs(optind == argc ? "bpfasm: error: no file given; - is standard input\n" :
				       "bpfasm: error: more than one file\n", stderr);
		return EXIT_CALL;
	}
	call->input = argv[optind];
	ret = main_choose_format(call);
	if (ret)
		return ret;
	call->opt.relocatable = call->format == &formats[FORMAT_ELF];
	if (call->disassemble)
		return main_refuse(call, GIVEN_OF_TEXTS, "with -d");
	return main_refuse(call, GIVEN_DIALECT, "without -d");
}

/* bpfasm ref [-j] [WHAT [NAME]] */
static int main_ref(char *argv[])
{
	enum asm_ref how = ASM_REF_TEXT;
	char near[ASM_NEAR_TEXT];

	if (argv[0] && !strcmp(argv[0], "-j")) {
		how = ASM_REF_JSON;
		argv++;
	}
	if (argv[0] && argv[1] && argv[2]) {
		fputs("bpfasm: error: ref takes a kind and a name\n", stderr);
		return EXIT_CALL;
	}
	if (asm_emit_ref(stdout, argv[0], argv[0] ? argv[1] : NULL, how, near))
		return main_close(stdout, "standard output");
	fprintf(stderr, "bpfasm: error: there is no '%s%s%s'%s\n", argv[0], argv[1] ? " " : "",
		argv[1] ? argv[1] : "", near);
	return EXIT_INPUT;
}

int main(int argc, char *argv[])
{
	struct call call = { .format = NULL };
	bool done = false;
	int ret;

	if (argc > 1 && !strcmp(argv[1], "ref"))
		return main_ref(argv + 2);
	call.defines = calloc((size_t)argc, sizeof(*call.defines));
	call.folders = calloc((size_t)argc, sizeof(*call.folders));
	if (!call.defines || !call.folders) {
		free(call.defines);
		free(call.folders);
		return main_fail("bpfasm", -ENOMEM);
	}
	call.opt.defines = call.defines;
	call.opt.folders = call.folders;
	call.opt.sink = main_sink;
	call.opt.sink_arg = stderr;
	ret = main_parse(&call, argc, argv, &done);
	if (!call.opt.cpu)
		call.opt.cpu = asm_cpu_native();
	if (!(call.given & GIVEN_ENDIAN) && call.opt.cpu)
		call.opt.endian = call.opt.cpu->endian;
	if (!ret && !done)
		ret = main_run(&call);
	free(call.defines);
	free(call.folders);
	return ret;
}
