/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* binary.c - where programs are, their symbols and the offsets behind them. */
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "../asm/asm.h"
#include "elffile.h"
#include "binary.h"
#include "debugfile.h"
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

/* ---- symbols ---- */

/*
 * Functions of ppc64le have two entries: callers in the same file take the second, which the first
 * falls into. st_other says how far behind it is.
 */
static uint64_t local_entry(const struct elffile *file, uint64_t other)
{
	unsigned int log = (unsigned int)other >> 5 & 7;

	return file->machine == EM_PPC64 ? (1u << log) >> 2 << 2 : 0;
}

/* The place in the file that is loaded at this address, and PF_X etc. of what is. */
static bool find_place(const struct elffile *file, uint64_t address, uint64_t *offset,
		       uint64_t *flags)
{
	const struct elffile_layout *at = file->at;

	for (size_t i = 0; i < file->segments.count; i++) {
		const uint8_t *segment = file->segments.data + i * at->phdr;
		uint64_t start = elffile_get(segment, at->p_vaddr);

		if (elffile_get(segment, at->p_type) != PT_LOAD || address < start ||
		    address - start >= elffile_get(segment, at->p_filesz))
			continue;
		*offset = address - start + elffile_get(segment, at->p_offset);
		*flags = elffile_get(segment, at->p_flags);
		return *offset < file->size;
	}
	return false;
}

static bool find_offset(const struct elffile *file, uint64_t address, uint64_t *offset)
{
	uint64_t flags;

	return find_place(file, address, offset, &flags);
}

static enum binary_kind kind_of(const struct elffile *file, const uint8_t *symbol,
				struct binary_symbol *out)
{
	unsigned int type = ELF64_ST_TYPE(out->info);
	uint64_t address = out->address, flags = 0;
	bool placed;

	if (elffile_get(symbol, file->at->st_shndx) == SHN_UNDEF)
		return type == STT_FUNC ? BINARY_IMPORTED : BINARY_OTHER;
	if (type == STT_FUNC)
		address += local_entry(file, elffile_get(symbol, file->at->st_other));
	placed = find_place(file, address, &out->offset, &flags);
	out->code = placed && (type == STT_FUNC || flags & PF_X);
	if (type == STT_GNU_IFUNC)
		return BINARY_INDIRECT;
	return type == STT_FUNC && placed ? BINARY_FUNCTION : BINARY_OTHER;
}

struct visit {
	const struct elffile *file;	/* whose symbols they are */
	struct elffile *from;		/* the same, or its debug file */
	binary_fn *fn;
	void *arg;
	bool over;
};

static uint64_t room_of(const struct elffile *file, const uint8_t *symbol)
{
	uint64_t index = elffile_get(symbol, file->at->st_shndx), before, size;
	const uint8_t *section;

	if (index >= file->sections.count)
		return 0;
	section = file->sections.data + index * file->at->shdr;
	before = elffile_get(symbol, file->at->st_value) - elffile_get(section, file->at->sh_addr);
	size = elffile_get(section, file->at->sh_size);
	return before < size ? size - before : 0;
}

static void visit_symbols(struct visit *visit, const struct elffile_table *symbols,
			  const struct elffile_table *names)
{
	const struct elffile_layout *at = visit->file->at;

	for (size_t i = 0; i < symbols->count && !visit->over; i++) {
		const uint8_t *symbol = symbols->data + i * at->sym;
		uint64_t name = elffile_get(symbol, at->st_name);
		struct binary_symbol out = { .name = "" };

		if (name >= names->count)
			continue;
		out.name = (const char *)names->data + name;
		out.info = (uint8_t)elffile_get(symbol, at->st_info);
		out.address = elffile_get(symbol, at->st_value);
		out.size = elffile_get(symbol, at->st_size);
		out.room = room_of(visit->from, symbol);
		out.kind = kind_of(visit->file, symbol, &out);
		visit->over = *out.name && !visit->fn(visit->arg, &out);
	}
}

static int visit_section(struct visit *visit, size_t index)
{
	struct elffile *file = visit->from;
	const uint8_t *section = file->sections.data + index * file->at->shdr;
	uint64_t link = elffile_get(section, file->at->sh_link);
	struct elffile_table symbols = { 0 }, names = { 0 };
	int err;

	if (link >= file->sections.count)
		return elffile_refuse(file, -ENOEXEC, "it is damaged: its symbols have no names");
	err = elffile_section(file, index, file->at->sym, &symbols);
	if (!err)
		err = elffile_section(file, (size_t)link, 1, &names);
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
	const struct elffile_table *sections = &visit->from->sections;
	const struct elffile_layout *at = visit->from->at;

	for (size_t i = 0; i < sections->count; i++) {
		const uint8_t *section = sections->data + i * at->shdr;
		int err;

		if (elffile_get(section, at->sh_type) != type ||
		    elffile_get(section, at->sh_flags) & ELFFILE_COMPRESSED)
			continue;
		err = visit_section(visit, i);
		return err ? err : 1;
	}
	return 0;
}

/* A debug file that is damaged is as good as none. */
static void visit_debug(struct visit *visit, struct elffile *file, int root)
{
	struct elffile found;

	if (!debugfile_open(file, root, &found))
		return;
	visit->from = &found;
	visit_type(visit, SHT_SYMTAB);
	visit->from = file;
	elffile_close(&found);
}

/* Of a descriptor, which is closed. */
static int visit_all(int fd, int root, struct visit *visit, char *why, size_t why_size)
{
	struct elffile file = { .fd = -1, .why = why, .why_size = why_size };
	int ret = elffile_open(&file, fd);

	visit->file = visit->from = &file;
	if (!ret)
		ret = visit_type(visit, SHT_SYMTAB);
	if (!ret && !visit->over)
		visit_debug(visit, &file, root);
	if (ret >= 0 && !visit->over)
		ret = visit_type(visit, SHT_DYNSYM);
	elffile_close(&file);
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
static int find_base(struct elffile *file, uint64_t *base)
{
	int64_t i = elffile_find(file, ".stapsdt.base");

	*base = i < 0 || (size_t)i == file->sections.count ? 0 :
		elffile_get(file->sections.data + (size_t)i * file->at->shdr, file->at->sh_addr);
	return i < 0 ? (int)i : 0;
}

struct probes {
	struct elffile *file;
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
	uint8_t word = probes->file->at->word;
	struct elffile_span pc = { 0, word }, base = { word, word };
	struct elffile_span semaphore = { (uint8_t)(2 * word), word };
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
	moved = probes->base ? probes->base - elffile_get(desc, base) : 0;
	address = elffile_get(desc, semaphore);
	if (address && !find_offset(probes->file, address + moved, &probe.semaphore))
		return;
	probe.address = elffile_get(desc, pc) + moved;
	probe.fixed = probes->file->fixed;
	if (find_offset(probes->file, probe.address, &probe.offset))
		probes->over = !probes->fn(probes->arg, &probe);
}

/* elffile_note_fn */
static bool probe_note(void *arg, const Elf32_Nhdr *note, const uint8_t *name,
		       const uint8_t *content)
{
	enum { STAPSDT = 3 };
	struct probes *probes = arg;

	if (elffile_is_note(note, name, STAPSDT, "stapsdt"))
		visit_probe(probes, content, note->n_descsz);
	return !probes->over;
}

int binary_probes(const char *path, binary_probe_fn *fn, void *arg, char *why, size_t why_size)
{
	struct elffile file = { .fd = -1, .why = why, .why_size = why_size };
	struct probes probes = { .file = &file, .fn = fn, .arg = arg };
	int err = elffile_open(&file, sys_open(path));

	if (!err)
		err = find_base(&file, &probes.base);
	if (!err)
		err = elffile_notes(&file, probe_note, &probes);
	elffile_close(&file);
	return err;
}
