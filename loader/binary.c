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
#include "inflate.h"
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
	SPAN(Elf##bits##_Phdr, p_flags), \
	SPAN(Elf##bits##_Shdr, sh_name), SPAN(Elf##bits##_Shdr, sh_type), \
	SPAN(Elf##bits##_Shdr, sh_flags), \
	SPAN(Elf##bits##_Shdr, sh_addr), SPAN(Elf##bits##_Shdr, sh_offset), \
	SPAN(Elf##bits##_Shdr, sh_size), SPAN(Elf##bits##_Shdr, sh_link), \
	SPAN(Elf##bits##_Sym, st_name), SPAN(Elf##bits##_Sym, st_value), \
	SPAN(Elf##bits##_Sym, st_size), SPAN(Elf##bits##_Sym, st_info), \
	SPAN(Elf##bits##_Sym, st_other), SPAN(Elf##bits##_Sym, st_shndx), \
}

struct layout {
	uint8_t ehdr, phdr, shdr, sym;	/* bytes of each */
	struct span phoff, shoff, phentsize, phnum, shentsize, shnum, shstrndx;
	struct span p_type, p_offset, p_vaddr, p_filesz, p_flags;
	struct span sh_name, sh_type, sh_flags, sh_addr, sh_offset, sh_size, sh_link;
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

enum {
	PIECE_MOST = 1 << 28,	/* bytes: the symbols of the largest programs are a tenth of it */
	COMPRESSED = 1 << 11,	/* SHF_COMPRESSED */
};

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

/* Of a descriptor, or -errno, which is the file's from then on. */
static int file_open(struct file *file, int fd)
{
	struct stat st;

	file->fd = fd;
	if (fd < 0)
		return refuse(file, fd, strerror(-fd));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
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

/* The place in the file that is loaded at this address, and PF_X etc. of what is. */
static bool find_place(const struct file *file, uint64_t address, uint64_t *offset,
		       uint64_t *flags)
{
	const struct layout *at = file->at;

	for (size_t i = 0; i < file->segments.count; i++) {
		const uint8_t *segment = file->segments.data + i * at->phdr;
		uint64_t start = get(segment, at->p_vaddr);

		if (get(segment, at->p_type) != PT_LOAD || address < start ||
		    address - start >= get(segment, at->p_filesz))
			continue;
		*offset = address - start + get(segment, at->p_offset);
		*flags = get(segment, at->p_flags);
		return *offset < file->size;
	}
	return false;
}

static bool find_offset(const struct file *file, uint64_t address, uint64_t *offset)
{
	uint64_t flags;

	return find_place(file, address, offset, &flags);
}

static enum binary_kind kind_of(const struct file *file, const uint8_t *symbol,
				struct binary_symbol *out)
{
	unsigned int type = ELF64_ST_TYPE(out->info);
	uint64_t address = out->address, flags = 0;
	bool placed;

	if (get(symbol, file->at->st_shndx) == SHN_UNDEF)
		return type == STT_FUNC ? BINARY_IMPORTED : BINARY_OTHER;
	if (type == STT_FUNC)
		address += local_entry(file, get(symbol, file->at->st_other));
	placed = find_place(file, address, &out->offset, &flags);
	out->code = placed && (type == STT_FUNC || flags & PF_X);
	if (type == STT_GNU_IFUNC)
		return BINARY_INDIRECT;
	return type == STT_FUNC && placed ? BINARY_FUNCTION : BINARY_OTHER;
}

struct visit {
	const struct file *file;	/* whose symbols they are */
	struct file *from;		/* the same, or its debug file */
	binary_fn *fn;
	void *arg;
	bool over;
};

static uint64_t room_of(const struct file *file, const uint8_t *symbol)
{
	uint64_t index = get(symbol, file->at->st_shndx), in_section;
	const uint8_t *section;

	if (index >= file->sections.count)
		return 0;
	section = file->sections.data + index * file->at->shdr;
	in_section = get(symbol, file->at->st_value) - get(section, file->at->sh_addr);
	return in_section < get(section, file->at->sh_size) ?
		get(section, file->at->sh_size) - in_section : 0;
}

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
		out.info = (uint8_t)get(symbol, at->st_info);
		out.address = get(symbol, at->st_value);
		out.size = get(symbol, at->st_size);
		out.room = room_of(visit->from, symbol);
		out.kind = kind_of(visit->file, symbol, &out);
		visit->over = *out.name && !visit->fn(visit->arg, &out);
	}
}

static int visit_section(struct visit *visit, const uint8_t *section)
{
	struct file *file = visit->from;
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

/*
 * A file has one of a type at most; where it lies and has more, the first counts. Returns whether
 * there is one, or -errno.
 */
static int visit_type(struct visit *visit, uint32_t type)
{
	const struct table *sections = &visit->from->sections;
	const struct layout *at = visit->from->at;

	for (size_t i = 0; i < sections->count; i++) {
		const uint8_t *section = sections->data + i * at->shdr;
		int err;

		if (get(section, at->sh_type) != type || get(section, at->sh_flags) & COMPRESSED)
			continue;
		err = visit_section(visit, section);
		return err ? err : 1;
	}
	return 0;
}

/* ---- sections ---- */

/* The bytes of a section. */
static int read_section(struct file *file, size_t index, struct table *out)
{
	const uint8_t *section = file->sections.data + index * file->at->shdr;

	return read_table(file, get(section, file->at->sh_offset), get(section, file->at->sh_size),
			  1, out);
}

/* The section of that name: its index, sections.count when there is none, or -errno. */
static int64_t find_section(struct file *file, const char *name)
{
	struct table names = { 0 };
	size_t i = file->sections.count;
	int err = 0;

	if (file->shstrndx < i)
		err = read_section(file, (size_t)file->shstrndx, &names);
	for (i = 0; i < file->sections.count && names.count; i++) {
		uint64_t at = get(file->sections.data + i * file->at->shdr, file->at->sh_name);

		if (at < names.count && strcmp((const char *)names.data + at, name) == 0)
			break;
	}
	free(names.data);
	return err ? err : names.count ? (int64_t)i : (int64_t)file->sections.count;
}

/* A note: lengths of name and content, a number, then both, each rounded up to 4. */
typedef bool note_fn(void *arg, const Elf32_Nhdr *note, const uint8_t *name,
		     const uint8_t *content);

static size_t round_up(uint32_t len)
{
	return ((size_t)len + 3) & ~(size_t)3;
}

/* False: fn has said that it is enough. */
static bool visit_notes(const struct table *notes, note_fn *fn, void *arg)
{
	const uint8_t *at = notes->data, *end = at + notes->count;
	Elf32_Nhdr note;	/* and of ELF64 */

	while ((size_t)(end - at) >= sizeof(note)) {
		size_t left, name, content;

		memcpy(&note, at, sizeof(note));
		at += sizeof(note);
		left = (size_t)(end - at);
		if (note.n_namesz > left || round_up(note.n_namesz) > left)
			return true;
		name = round_up(note.n_namesz);
		if (note.n_descsz > left - name)
			return true;
		if (!fn(arg, &note, at, at + name))
			return false;
		content = round_up(note.n_descsz);
		at += content < left - name ? name + content : left;
	}
	return true;
}

static int each_note(struct file *file, note_fn *fn, void *arg)
{
	bool more = true;
	int err = 0;

	for (size_t i = 0; i < file->sections.count && !err && more; i++) {
		const uint8_t *section = file->sections.data + i * file->at->shdr;
		struct table notes = { 0 };

		if (get(section, file->at->sh_type) != SHT_NOTE)
			continue;
		err = read_section(file, i, &notes);
		if (!err)
			more = visit_notes(&notes, fn, arg);
		free(notes.data);
	}
	return err;
}

static bool is_note(const Elf32_Nhdr *note, const uint8_t *name, uint32_t type, const char *owner)
{
	size_t len = strlen(owner) + 1;

	return note->n_type == type && note->n_namesz == len && memcmp(name, owner, len) == 0;
}

/* ---- debug files ---- */

enum { BUILD_ID = 64 };

struct build_id {
	size_t len;	/* 0: none */
	uint8_t bytes[BUILD_ID];
};

/* note_fn */
static bool take_build_id(void *arg, const Elf32_Nhdr *note, const uint8_t *name,
			  const uint8_t *content)
{
	struct build_id *id = arg;

	if (!is_note(note, name, NT_GNU_BUILD_ID, ELF_NOTE_GNU) || note->n_descsz < 2 ||
	    note->n_descsz > BUILD_ID)
		return true;
	id->len = note->n_descsz;
	memcpy(id->bytes, content, id->len);
	return false;
}

/* True when both have the same; in *id that of the file. */
static bool same_build_id(struct file *file, struct file *other, struct build_id *id)
{
	struct build_id theirs = { 0 };

	memset(id, 0, sizeof(*id));
	return each_note(file, take_build_id, id) == 0 && id->len &&
	       (!other || (each_note(other, take_build_id, &theirs) == 0 &&
			   memcmp(id, &theirs, sizeof(theirs)) == 0));
}

static bool has_crc(const struct file *file, uint32_t want)
{
	enum { MOST = 1 << 30 };	/* some seconds: whose it is may not keep us for longer */
	uint8_t data[1 << 14];
	uint32_t crc = 0;
	uint64_t left = file->size;

	while (left > 0 && file->size <= MOST) {
		size_t len = left < sizeof(data) ? (size_t)left : sizeof(data);

		if (read_fully(file->fd, data, len, file->size - left) != 0)
			return false;
		crc = inflate_crc(crc, data, len);
		left -= len;
	}
	return !left && crc == want;
}

struct debug {
	struct file *file;	/* whose debug file is looked for */
	int root;
	struct file found;
	char why[64];		/* nobody is told: another is tried, or there is none */
};

static bool try_debug(struct debug *debug, const char *path)
{
	struct file *found = &debug->found;

	*found = (struct file){ .fd = -1, .why = debug->why, .why_size = sizeof(debug->why) };
	return file_open(found, sys_open_in(debug->root, path)) == 0 &&
	       found->at == debug->file->at && found->machine == debug->file->machine;
}

static bool find_by_build_id(struct debug *debug)
{
	static const char folder[] = "/usr/lib/debug/.build-id/";
	char path[sizeof(folder) + 2 * BUILD_ID + sizeof("/.debug")];
	struct build_id id;
	int at;

	if (!same_build_id(debug->file, NULL, &id))
		return false;
	at = snprintf(path, sizeof(path), "%s%02x/", folder, id.bytes[0]);
	for (size_t i = 1; i < id.len; i++)
		at += snprintf(path + at, sizeof(path) - (size_t)at, "%02x", id.bytes[i]);
	snprintf(path + at, sizeof(path) - (size_t)at, ".debug");
	if (try_debug(debug, path) && same_build_id(debug->file, &debug->found, &id))
		return true;
	file_close(&debug->found);
	return false;
}

/* The folder of a file, by a path with a '/' at its end; links are followed. */
static bool find_folder(const struct file *file, char *path, size_t size)
{
	char self[32], *slash;
	int before = errno;
	ssize_t len;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", file->fd);
	len = readlink(self, path, size - 1);
	errno = before;
	if (len < 0)
		return false;
	path[len] = '\0';
	slash = *path == '/' ? strrchr(path, '/') : NULL;
	if (slash)
		slash[1] = '\0';
	return slash;
}

/* What a section .gnu_debuglink holds: a name with NULs up to a multiple of 4, and a CRC. */
static bool find_by_link(struct debug *debug)
{
	static const char *const places[][2] = {
		{ "", "" }, { "", ".debug/" }, { "/usr/lib/debug", "" },
	};
	char folder[PATH_MAX], path[2 * PATH_MAX];
	int64_t section = find_section(debug->file, ".gnu_debuglink");
	struct table link = { 0 };
	uint32_t crc;
	size_t len;
	bool found = false;

	if (section < 0 || (size_t)section == debug->file->sections.count ||
	    read_section(debug->file, (size_t)section, &link) != 0)
		return false;
	len = strlen((const char *)link.data) & ~(size_t)3;
	if (len + 8 <= link.count && !strchr((const char *)link.data, '/') &&
	    find_folder(debug->file, folder, sizeof(folder))) {
		memcpy(&crc, link.data + len + 4, sizeof(crc));
		for (size_t i = 0; i < sizeof(places) / sizeof(places[0]) && !found; i++) {
			snprintf(path, sizeof(path), "%s%s%s%s", places[i][0], folder, places[i][1],
				 (const char *)link.data);
			found = try_debug(debug, path) && has_crc(&debug->found, crc);
			if (!found)
				file_close(&debug->found);
		}
	}
	free(link.data);
	return found;
}

/* A debug file that is damaged is as good as none. */
static void visit_debug(struct visit *visit, struct file *file, int root)
{
	struct debug debug = { .file = file, .root = root };
	bool found = find_by_build_id(&debug) || find_by_link(&debug);

	if (!found && root >= 0) {
		debug.root = -1;
		found = find_by_build_id(&debug) || find_by_link(&debug);
	}
	if (!found)
		return;
	visit->from = &debug.found;
	visit_type(visit, SHT_SYMTAB);
	visit->from = file;
	file_close(&debug.found);
}

/* Of a descriptor, which is closed. */
static int visit_all(int fd, int root, struct visit *visit, char *why, size_t why_size)
{
	struct file file = { .fd = -1, .why = why, .why_size = why_size };
	int ret = file_open(&file, fd);

	visit->file = visit->from = &file;
	if (!ret)
		ret = visit_type(visit, SHT_SYMTAB);
	if (!ret && !visit->over)
		visit_debug(visit, &file, root);
	if (ret >= 0 && !visit->over)
		ret = visit_type(visit, SHT_DYNSYM);
	file_close(&file);
	return ret < 0 ? ret : 0;
}

int binary_each_in(int fd, int root, binary_fn *fn, void *arg, char *why, size_t why_size)
{
	struct visit visit = { .fn = fn, .arg = arg };

	return visit_all(sys_dup(fd), root, &visit, why, why_size);
}

/* The root of a path that begins with that of a process. */
static int open_root(const char *path)
{
	char root[sizeof("/proc/2147483647/root")];
	int end = 0;

	if (sscanf(path, "/proc/%*10[0-9]/root/%n", &end) < 0 || !end || (size_t)end > sizeof(root))
		return -1;
	snprintf(root, (size_t)end, "%s", path);
	return sys_open(root);
}

int binary_each(const char *path, binary_fn *fn, void *arg, char *why, size_t why_size)
{
	struct visit visit = { .fn = fn, .arg = arg };
	int root = open_root(path), err;

	err = visit_all(sys_open(path), root, &visit, why, why_size);
	sys_close(root);
	return err;
}

/* ---- static probes ---- */

/*
 * Where the section .stapsdt.base is: notes tell where it was when they were written, and all
 * addresses have moved as far (by prelink). 0: there is none.
 */
static int find_base(struct file *file, uint64_t *base)
{
	int64_t i = find_section(file, ".stapsdt.base");

	*base = i < 0 || (size_t)i == file->sections.count ? 0 :
		get(file->sections.data + (size_t)i * file->at->shdr, file->at->sh_addr);
	return i < 0 ? (int)i : 0;
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

/* note_fn */
static bool probe_note(void *arg, const Elf32_Nhdr *note, const uint8_t *name,
		       const uint8_t *content)
{
	enum { STAPSDT = 3 };
	struct probes *probes = arg;

	if (is_note(note, name, STAPSDT, "stapsdt"))
		visit_probe(probes, content, note->n_descsz);
	return !probes->over;
}

int binary_probes(const char *path, binary_probe_fn *fn, void *arg, char *why, size_t why_size)
{
	struct file file = { .fd = -1, .why = why, .why_size = why_size };
	struct probes probes = { .file = &file, .fn = fn, .arg = arg };
	int err = file_open(&file, sys_open(path));

	if (!err)
		err = find_base(&file, &probes.base);
	if (!err)
		err = each_note(&file, probe_note, &probes);
	file_close(&file);
	return err;
}
