/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * binary.c - an ELF file's symbols and the offsets behind them.
 *
 * Only the tables that are needed are read, each into memory, so that a file that shrinks meanwhile
 * is an error and no more. ELF64 and ELF32 differ in where the fields are: a row each.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "../asm/asm.h"
#include "binary.h"
#include "sys.h"

/* ---- where files are ---- */

static bool is_library(const char *name)
{
	const char *so = strstr(name, ".so");

	return so && (so[3] == '\0' || so[3] == '.');
}

/* The first file of that name in a list of folders that the caller may read, and run if asked. */
static bool find_in(const char *folders, const char *name, int mode, char *path, size_t size)
{
	while (folders) {
		size_t len = strcspn(folders, ":");
		int need = snprintf(path, size, "%.*s/%s", (int)len, folders, name);

		if (len && need > 0 && (size_t)need < size && sys_is_dir(path) == -ENOTDIR &&
		    access(path, mode) == 0)
			return true;
		folders = folders[len] ? folders + len + 1 : NULL;
	}
	return false;
}

static bool search(const char *name, char *path, size_t size)
{
	bool library = is_library(name);
	int mode = library ? R_OK : R_OK | X_OK;
	struct utsname machine;
	char usual[sizeof(machine.machine) + 64];

	memset(&machine, 0, sizeof(machine));
	uname(&machine);
	snprintf(usual, sizeof(usual), "/usr/lib64:/usr/lib:/lib/%s-linux-gnu", machine.machine);
	return find_in(getenv(library ? "LD_LIBRARY_PATH" : "PATH"), name, mode, path, size) ||
	       find_in(library ? usual : "/usr/bin:/usr/sbin", name, mode, path, size);
}

int binary_find(const char *name, char *path, size_t size, char *why, size_t why_size)
{
	int before = errno;
	bool found;

	if (strchr(name, '/')) {
		if ((size_t)snprintf(path, size, "%s", name) < size)
			return 0;
		snprintf(why, why_size, "the path is too long");
		return -ENAMETOOLONG;
	}
	found = search(name, path, size);
	errno = before;
	if (found)
		return 0;
	snprintf(why, why_size, is_library(name) ? "no library '%s' in LD_LIBRARY_PATH, "
		 "/usr/lib64, /usr/lib and this machine's folder of /lib" :
		 "no program '%s' in PATH, /usr/bin and /usr/sbin", name);
	return -ENOENT;
}

/* ---- where fields are ---- */

struct span {
	uint8_t at, size;
};

#define SPAN(type, field) { offsetof(type, field), sizeof(((type *)0)->field) }
#define LAYOUT(bits) { \
	sizeof(Elf##bits##_Ehdr), sizeof(Elf##bits##_Phdr), sizeof(Elf##bits##_Shdr), \
	sizeof(Elf##bits##_Sym), \
	SPAN(Elf##bits##_Ehdr, e_phoff), SPAN(Elf##bits##_Ehdr, e_shoff), \
	SPAN(Elf##bits##_Ehdr, e_phentsize), SPAN(Elf##bits##_Ehdr, e_phnum), \
	SPAN(Elf##bits##_Ehdr, e_shentsize), SPAN(Elf##bits##_Ehdr, e_shnum), \
	SPAN(Elf##bits##_Ehdr, e_shstrndx), \
	SPAN(Elf##bits##_Phdr, p_type), SPAN(Elf##bits##_Phdr, p_offset), \
	SPAN(Elf##bits##_Phdr, p_vaddr), SPAN(Elf##bits##_Phdr, p_filesz), \
	SPAN(Elf##bits##_Shdr, sh_name), SPAN(Elf##bits##_Shdr, sh_type), \
	SPAN(Elf##bits##_Shdr, sh_addr), SPAN(Elf##bits##_Shdr, sh_offset), \
	SPAN(Elf##bits##_Shdr, sh_size), SPAN(Elf##bits##_Shdr, sh_link), \
	SPAN(Elf##bits##_Sym, st_name), SPAN(Elf##bits##_Sym, st_value), \
	SPAN(Elf##bits##_Sym, st_size), SPAN(Elf##bits##_Sym, st_info), \
	SPAN(Elf##bits##_Sym, st_other), SPAN(Elf##bits##_Sym, st_shndx), \
}

struct layout {
	uint8_t ehdr, phdr, shdr, sym;	/* bytes of each */
	struct span phoff, shoff, phentsize, phnum, shentsize, shnum, shstrndx;
	struct span p_type, p_offset, p_vaddr, p_filesz;
	struct span sh_name, sh_type, sh_addr, sh_offset, sh_size, sh_link;
	struct span st_name, st_value, st_size, st_info, st_other, st_shndx;
};

static const struct layout elf32 = LAYOUT(32), elf64 = LAYOUT(64);

static uint64_t get(const uint8_t *record, struct span span)
{
	uint64_t whole = 0;
	uint32_t word;
	uint16_t half;

	switch (span.size) {
	case 1:
		return record[span.at];
	case 2:
		memcpy(&half, record + span.at, sizeof(half));
		return half;
	case 4:
		memcpy(&word, record + span.at, sizeof(word));
		return word;
	}
	memcpy(&whole, record + span.at, sizeof(whole));
	return whole;
}

/* ---- pieces of the file ---- */

enum { PIECE_MOST = 1 << 28 };	/* bytes: the symbols of the largest programs are a tenth of it */

struct table {
	uint8_t *data;		/* owned, with a NUL behind it */
	size_t count;		/* records, or bytes */
};

struct file {
	int fd;
	uint64_t size;
	const struct layout *at;
	bool fixed;		/* it runs at the addresses that it has: ET_EXEC */
	uint16_t machine;
	uint64_t shstrndx;
	struct table segments, sections;
	char *why;
	size_t why_size;
};

static int refuse(struct file *file, int err, const char *reason)
{
	snprintf(file->why, file->why_size, "%s", reason);
	return err;
}

static int read_fully(int fd, uint8_t *data, size_t len, uint64_t offset)
{
	int before = errno, err = 0;
	size_t done = 0;

	while (done < len && !err) {
		ssize_t n = pread(fd, data + done, len - done, (off_t)(offset + done));

		if (n > 0)
			done += (size_t)n;
		else if (n == 0)
			err = -EIO;	/* it was longer a moment ago */
		else if (errno != EINTR)
			err = -errno;
	}
	errno = before;
	return err;
}

/* Records of that size from a place of the file, which must lie in it. */
static int read_table(struct file *file, uint64_t offset, uint64_t count, size_t record,
		      struct table *out)
{
	uint64_t len = count * record;
	int err;

	if (count > PIECE_MOST || len > PIECE_MOST || offset > file->size ||
	    len > file->size - offset)
		return refuse(file, -ENOEXEC, "it is damaged: a table reaches past its end");
	out->data = calloc((size_t)len + 1, 1);
	if (!out->data)
		return refuse(file, -ENOMEM, strerror(ENOMEM));
	err = read_fully(file->fd, out->data, (size_t)len, offset);
	if (err)
		return refuse(file, err, strerror(-err));
	out->count = (size_t)count;
	return 0;
}

/* ---- the file ---- */

static int check_ident(struct file *file, const uint8_t ident[EI_NIDENT])
{
	static const uint8_t native = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB :
				      ELFDATA2MSB;

	if (memcmp(ident, ELFMAG, SELFMAG) != 0)
		return refuse(file, -ENOEXEC, "it is no ELF file");
	if (ident[EI_DATA] != native)
		return refuse(file, -ENOEXEC, "it is for CPUs of the other byte order");
	file->at = ident[EI_CLASS] == ELFCLASS64 ? &elf64 :
		   ident[EI_CLASS] == ELFCLASS32 ? &elf32 : NULL;
	return file->at ? 0 : refuse(file, -ENOEXEC, "it is neither ELF64 nor ELF32");
}

/* e_type and e_machine are at the same place in both classes. */
static int check_header(struct file *file, const uint8_t *header)
{
	const struct asm_cpu *cpu = asm_cpu_native();
	const struct span type = SPAN(Elf64_Ehdr, e_type), machine = SPAN(Elf64_Ehdr, e_machine);
	const struct layout *at = file->at;
	uint64_t phnum = get(header, at->phnum), shnum = get(header, at->shnum);

	file->machine = (uint16_t)get(header, machine);
	file->shstrndx = get(header, at->shstrndx);
	file->fixed = get(header, type) == ET_EXEC;
	if (!file->fixed && get(header, type) != ET_DYN)
		return refuse(file, -ENOEXEC, "it is neither a program nor a shared library");
	if (at == &elf64 && cpu && file->machine != cpu->machine)
		return refuse(file, -ENOEXEC, "it is for another CPU");
	if ((phnum && get(header, at->phentsize) != at->phdr) ||
	    (shnum && get(header, at->shentsize) != at->shdr))
		return refuse(file, -ENOEXEC, "it is damaged: headers of another size");
	return 0;
}

static int read_headers(struct file *file)
{
	uint8_t header[sizeof(Elf64_Ehdr)] = { 0 };
	size_t len = file->size < sizeof(header) ? (size_t)file->size : sizeof(header);
	int err = read_fully(file->fd, header, len, 0);

	if (err)
		return refuse(file, err, strerror(-err));
	err = check_ident(file, header);
	if (!err && file->size < file->at->ehdr)
		err = refuse(file, -ENOEXEC, "it is damaged: it ends in its header");
	if (!err)
		err = check_header(file, header);
	if (!err)
		err = read_table(file, get(header, file->at->phoff), get(header, file->at->phnum),
				 file->at->phdr, &file->segments);
	if (!err)
		err = read_table(file, get(header, file->at->shoff), get(header, file->at->shnum),
				 file->at->shdr, &file->sections);
	return err;
}

static int file_open(struct file *file, const char *path)
{
	int before = errno, err = 0;
	struct stat st;

	file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (file->fd < 0 || fstat(file->fd, &st) != 0)
		err = -errno;
	errno = before;
	if (err)
		return refuse(file, err, strerror(-err));
	if (!S_ISREG(st.st_mode))
		return refuse(file, -ENOEXEC, "it is no regular file");
	file->size = (uint64_t)st.st_size;
	return read_headers(file);
}

static void file_close(struct file *file)
{
	free(file->sections.data);
	free(file->segments.data);
	sys_close(file->fd);
}

/* ---- symbols ---- */

/*
 * Functions of ppc64le have two entries: callers in the same file take the second, which the first
 * falls into. st_other says how far behind it is.
 */
static uint64_t local_entry(const struct file *file, uint64_t other)
{
	unsigned int log = (unsigned int)other >> 5 & 7;

	return file->machine == EM_PPC64 ? (1u << log) >> 2 << 2 : 0;
}

/* The place in the file that is loaded at this address. */
static bool find_offset(const struct file *file, uint64_t address, uint64_t *offset)
{
	const struct layout *at = file->at;

	for (size_t i = 0; i < file->segments.count; i++) {
		const uint8_t *segment = file->segments.data + i * at->phdr;
		uint64_t start = get(segment, at->p_vaddr);

		if (get(segment, at->p_type) != PT_LOAD || address < start ||
		    address - start >= get(segment, at->p_filesz))
			continue;
		*offset = address - start + get(segment, at->p_offset);
		return *offset < file->size;
	}
	return false;
}

static enum binary_kind kind_of(const struct file *file, const uint8_t *symbol, uint64_t *offset)
{
	unsigned int type = ELF64_ST_TYPE(get(symbol, file->at->st_info));
	uint64_t address = get(symbol, file->at->st_value);

	if (get(symbol, file->at->st_shndx) == SHN_UNDEF)
		return type == STT_FUNC ? BINARY_IMPORTED : BINARY_OTHER;
	if (type == STT_GNU_IFUNC)
		return BINARY_INDIRECT;
	if (type != STT_FUNC)
		return BINARY_OTHER;
	address += local_entry(file, get(symbol, file->at->st_other));
	return find_offset(file, address, offset) ? BINARY_FUNCTION : BINARY_OTHER;
}

struct visit {
	struct file *file;
	binary_fn *fn;
	void *arg;
	bool over;
};

static void visit_symbols(struct visit *visit, const struct table *symbols,
			  const struct table *names)
{
	const struct layout *at = visit->file->at;

	for (size_t i = 0; i < symbols->count && !visit->over; i++) {
		const uint8_t *symbol = symbols->data + i * at->sym;
		uint64_t name = get(symbol, at->st_name);
		struct binary_symbol out = { .name = "" };

		if (name >= names->count)
			continue;
		out.name = (const char *)names->data + name;
		out.kind = kind_of(visit->file, symbol, &out.offset);
		out.address = get(symbol, at->st_value);
		out.size = get(symbol, at->st_size);
		visit->over = *out.name && !visit->fn(visit->arg, &out);
	}
}

static int visit_section(struct visit *visit, const uint8_t *section)
{
	struct file *file = visit->file;
	const struct layout *at = file->at;
	uint64_t link = get(section, at->sh_link);
	struct table symbols = { 0 }, names = { 0 };
	const uint8_t *strings;
	int err;

	if (link >= file->sections.count)
		return refuse(file, -ENOEXEC, "it is damaged: its symbols have no names");
	strings = file->sections.data + link * at->shdr;
	err = read_table(file, get(section, at->sh_offset), get(section, at->sh_size) / at->sym,
			 at->sym, &symbols);
	if (!err)
		err = read_table(file, get(strings, at->sh_offset), get(strings, at->sh_size), 1,
				 &names);
	if (!err)
		visit_symbols(visit, &symbols, &names);
	free(names.data);
	free(symbols.data);
	return err;
}

/* A file has one of a type at most; where it lies and has more, the first counts. */
static int visit_type(struct visit *visit, uint32_t type)
{
	const struct table *sections = &visit->file->sections;
	const struct layout *at = visit->file->at;

	for (size_t i = 0; i < sections->count && !visit->over; i++)
		if (get(sections->data + i * at->shdr, at->sh_type) == type)
			return visit_section(visit, sections->data + i * at->shdr);
	return 0;
}

int binary_each(const char *path, binary_fn *fn, void *arg, char *why, size_t why_size)
{
	struct file file = { .fd = -1, .why = why, .why_size = why_size };
	struct visit visit = { &file, fn, arg, false };
	int err = file_open(&file, path);

	if (!err)
		err = visit_type(&visit, SHT_SYMTAB);
	if (!err)
		err = visit_type(&visit, SHT_DYNSYM);
	file_close(&file);
	return err;
}

/* ---- static probes ---- */

/* The bytes of a section. */
static int read_section(struct file *file, size_t index, struct table *out)
{
	const uint8_t *section = file->sections.data + index * file->at->shdr;

	return read_table(file, get(section, file->at->sh_offset), get(section, file->at->sh_size),
			  1, out);
}

/*
 * Where the section .stapsdt.base is: notes tell where it was when they were written, and all
 * addresses have moved as far (by prelink). 0: there is none.
 */
static int find_base(struct file *file, uint64_t *base)
{
	const struct layout *at = file->at;
	struct table names = { 0 };
	int err;

	*base = 0;
	if (file->shstrndx >= file->sections.count)
		return 0;
	err = read_section(file, (size_t)file->shstrndx, &names);
	for (size_t i = 0; i < file->sections.count && !err; i++) {
		const uint8_t *section = file->sections.data + i * at->shdr;
		uint64_t name = get(section, at->sh_name);

		if (name < names.count &&
		    strcmp((const char *)names.data + name, ".stapsdt.base") == 0)
			*base = get(section, at->sh_addr);
	}
	free(names.data);
	return err;
}

struct probes {
	struct file *file;
	uint64_t base;
	binary_probe_fn *fn;
	void *arg;
	bool over;
};

/*
 * What a note of a probe holds: three addresses (the place, the base, the semaphore), and three
 * texts (provider, name, arguments), len bytes in all, with a NUL behind them.
 */
static void visit_probe(struct probes *probes, const uint8_t *desc, size_t len)
{
	uint8_t word = probes->file->at == &elf64 ? 8 : 4;
	struct span pc = { 0, word }, base = { word, word };
	struct span semaphore = { (uint8_t)(2 * word), word };
	const char *text = (const char *)desc + 3 * word, *end = (const char *)desc + len;
	struct binary_probe probe = { .provider = text };
	uint64_t moved, address;

	if (len < 3u * word)
		return;
	probe.name = text + strnlen(text, (size_t)(end - text)) + 1;
	if (probe.name >= end)
		return;
	probe.arguments = probe.name + strnlen(probe.name, (size_t)(end - probe.name)) + 1;
	if (probe.arguments >= end || *probe.arguments == ':')
		probe.arguments = "";
	moved = probes->base ? probes->base - get(desc, base) : 0;
	address = get(desc, semaphore);
	if (address && !find_offset(probes->file, address + moved, &probe.semaphore))
		return;
	probe.address = get(desc, pc) + moved;
	probe.fixed = probes->file->fixed;
	if (find_offset(probes->file, probe.address, &probe.offset))
		probes->over = !probes->fn(probes->arg, &probe);
}

static size_t round_up(uint32_t len)
{
	return ((size_t)len + 3) & ~(size_t)3;
}

/* Notes: lengths of name and content, a number, then both, each rounded up to 4. */
static void visit_notes(struct probes *probes, const struct table *notes)
{
	enum { STAPSDT = 3 };
	static const char owner[] = "stapsdt";
	const uint8_t *at = notes->data, *end = at + notes->count;
	Elf32_Nhdr note;	/* and of ELF64 */

	while (!probes->over && (size_t)(end - at) >= sizeof(note)) {
		size_t left, name, content;

		memcpy(&note, at, sizeof(note));
		at += sizeof(note);
		left = (size_t)(end - at);
		if (note.n_namesz > left || round_up(note.n_namesz) > left)
			return;
		name = round_up(note.n_namesz);
		if (note.n_descsz > left - name)
			return;
		if (note.n_type == STAPSDT && note.n_namesz == sizeof(owner) &&
		    memcmp(at, owner, sizeof(owner)) == 0)
			visit_probe(probes, at + name, note.n_descsz);
		content = round_up(note.n_descsz);
		at += content < left - name ? name + content : left;
	}
}

int binary_probes(const char *path, binary_probe_fn *fn, void *arg, char *why, size_t why_size)
{
	struct file file = { .fd = -1, .why = why, .why_size = why_size };
	struct probes probes = { .file = &file, .fn = fn, .arg = arg };
	int err = file_open(&file, path);

	if (!err)
		err = find_base(&file, &probes.base);
	for (size_t i = 0; i < file.sections.count && !err && !probes.over; i++) {
		const uint8_t *section = file.sections.data + i * file.at->shdr;
		struct table notes = { 0 };

		if (get(section, file.at->sh_type) != SHT_NOTE)
			continue;
		err = read_section(&file, i, &notes);
		if (!err)
			visit_notes(&probes, &notes);
		free(notes.data);
	}
	file_close(&file);
	return err;
}
