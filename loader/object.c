/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "abi.h"
#include "loader.h"
#include "object.h"
#include "say.h"
#include "sys.h"
#include "why.h"
#include "words.h"

#define BPFFS_MAGIC UINT32_C(0xcafe4a11)

static const struct {
	const char *word;
	enum bpf_cmd next, open;
} kinds[] = {
	[OBJECT_MAP] = { "map", BPF_MAP_GET_NEXT_ID, BPF_MAP_GET_FD_BY_ID },
	[OBJECT_PROG] = { "prog", BPF_PROG_GET_NEXT_ID, BPF_PROG_GET_FD_BY_ID },
	[OBJECT_LINK] = { "link", BPF_LINK_GET_NEXT_ID, BPF_LINK_GET_FD_BY_ID },
	[OBJECT_BTF] = { "btf", BPF_BTF_GET_NEXT_ID, BPF_BTF_GET_FD_BY_ID },
};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]), TAG_DIGITS = 2 * BPF_TAG_SIZE };

/* What is looked for. */
struct wanted {
	enum object_kind kind;
	const char *name;	/* NULL: the tag counts */
	uint8_t tag[BPF_TAG_SIZE];
};

const char *object_word(enum object_kind kind)
{
	return kinds[kind].word;
}

int object_next(enum object_kind kind, uint32_t after, uint32_t *id)
{
	struct abi_get_id attr;
	int err;

	memset(&attr, 0, sizeof(attr));
	attr.start_id = after;
	err = sys_bpf((int)kinds[kind].next, &attr, abi_end(struct abi_get_id, next_id));
	*id = attr.next_id;
	return err;
}

int object_open_id(enum object_kind kind, uint32_t id, uint32_t flags)
{
	struct abi_get_id attr;

	memset(&attr, 0, sizeof(attr));
	attr.start_id = id;
	attr.open_flags = flags;
	return sys_bpf((int)kinds[kind].open, &attr,
		       flags ? abi_end(struct abi_get_id, open_flags) :
			       abi_end(struct abi_get_id, start_id));
}

int object_open_pin(const char *path, uint32_t flags)
{
	struct abi_obj attr;

	memset(&attr, 0, sizeof(attr));
	attr.pathname = abi_ptr(path);
	attr.file_flags = flags;
	return sys_bpf(BPF_OBJ_GET, &attr, abi_end(struct abi_obj, file_flags));
}

int object_info(int fd, void *info, size_t size)
{
	struct abi_info_by_fd attr;

	memset(&attr, 0, sizeof(attr));
	attr.bpf_fd = (uint32_t)fd;
	attr.info_len = (uint32_t)size;
	attr.info = abi_ptr(info);
	return sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr));
}

/*
 * What /proc/self/fd has: "anon_inode:bpf-map", "anon_inode:btf". Of links it was "bpf_link" once,
 * and may have what it links behind it.
 */
static int kind_of_file(const char *file)
{
	static const char inode[] = "anon_inode:", bpf[] = "bpf-";
	const char *word = file + strlen(inode);

	if (strncmp(file, inode, strlen(inode)) != 0)
		return -EINVAL;
	if (!strncmp(word, bpf, 3) && word[3])
		word += strlen(bpf);
	for (int i = 0; i < KINDS; i++)
		if (!strncmp(word, kinds[i].word, strlen(kinds[i].word)))
			return i;
	return -EINVAL;
}

int object_kind_of_file(const char *path)
{
	int before = errno;
	char file[64];
	ssize_t len;

	len = readlink(path, file, sizeof(file) - 1);
	if (len < 0) {
		len = -errno;
		errno = before;
		return (int)len;
	}
	file[len] = '\0';
	return kind_of_file(file);
}

int object_kind_of(int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return object_kind_of_file(path);
}

bool object_fdinfo(const char *path, const char *word, uint64_t *out)
{
	size_t len = strlen(word), size;
	char *text, *line;
	bool found = false;

	if (asm_read_file(path, &text, &size) != 0)
		return false;
	for (line = text; line && !found; line = strchr(line, '\n')) {
		line += *line == '\n';
		found = !strncmp(line, word, len) && line[len] == ':';
		if (found)
			*out = strtoull(line + len + 1, NULL, 10);
	}
	free(text);
	return found;
}

bool object_fdinfo_own(int fd, const char *word, uint64_t *out)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	return object_fdinfo(path, word, out);
}

/* ---- failures ---- */

/* The call that looks at a path, an id or all objects: "BPF_MAP_GET_FD_BY_ID". */
static void name_call(enum object_kind kind, const char *text, char *out, size_t size)
{
	bool id = text[0] && strspn(text, "0123456789") == strlen(text);

	snprintf(out, size, strchr(text, '/') ? "BPF_OBJ_GET" : id ? "BPF_%s_GET_FD_BY_ID" :
		 "BPF_%s_GET_NEXT_ID", object_word(kind));
	for (; *out; out++)
		if (*out >= 'a' && *out <= 'z')
			*out = (char)(*out - 'a' + 'A');
}

static int say_failed(const struct load_options *opt, enum object_kind kind, const char *text,
		      int err)
{
	char what[256], call[32];
	struct why why;

	snprintf(what, sizeof(what), "%s%s%s", object_word(kind), text[0] ? " " : "s", text);
	if (err == -ENOENT) {
		say_error(opt, NULL, "%s: there is none", what);
		return err;
	}
	name_call(kind, text, call, sizeof(call));
	why_object(&why, strchr(text, '/'), err);
	if (why.count)
		why_say(opt, NULL, what, call, err, &why);
	else
		say_error(opt, NULL, "%s: %s: %s", what, call, strerror(-err));
	return err;
}

int object_fail(const struct load_options *opt, enum object_kind kind, uint32_t id, int err)
{
	char text[16] = "";

	if (id)
		snprintf(text, sizeof(text), "%" PRIu32, id);
	return err ? say_failed(opt, kind, text, err) : 0;
}

/* ---- pinning ---- */

/* Why a path cannot be a pin; "" when it does not show. */
static const char *why_no_pin(const char *path, char *text, size_t size)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	int len = slash == path ? 1 : slash ? (int)(slash - path) : 1, err;
	const char *dir = slash ? path : ".";
	char folder[PATH_MAX];
	uint32_t type;

	snprintf(folder, sizeof(folder), "%.*s", len, dir);
	err = sys_fs_type(folder, &type);
	if (err)
		snprintf(text, size, ": %s: %s", folder, strerror(-err));
	else if (type != BPFFS_MAGIC)
		snprintf(text, size, ": %s is not on a bpffs; `mount -t bpf bpf /sys/fs/bpf` "
			 "mounts one", folder);
	else
		snprintf(text, size, "%s", strchr(name, '.') ?
			 ": a bpffs takes no '.' in a name" : "");
	return text;
}

int object_pin_quietly(int fd, const char *path)
{
	struct abi_obj attr;

	memset(&attr, 0, sizeof(attr));
	attr.pathname = abi_ptr(path);
	attr.bpf_fd = (uint32_t)fd;
	return sys_bpf(BPF_OBJ_PIN, &attr, abi_end(struct abi_obj, bpf_fd));
}

int object_pin(const struct load_options *opt, const char *what, int fd, const char *path)
{
	char text[PATH_MAX + 128];
	int err = object_pin_quietly(fd, path);

	if (err)
		say_error(opt, NULL, "%s: BPF_OBJ_PIN %s: %s%s", what, path, strerror(-err),
			  err == -EEXIST ? "" : why_no_pin(path, text, sizeof(text)));
	return err;
}

/* ---- finding ---- */

void object_set_free(struct object_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		sys_close(set->fds[i]);
	free(set->fds);
	memset(set, 0, sizeof(*set));
}

/* Take over a descriptor. */
static int set_add(struct object_set *set, int fd)
{
	int *fds = reallocarray(set->fds, set->n + 1, sizeof(*fds));

	if (!fds) {
		sys_close(fd);
		return -ENOMEM;
	}
	fds[set->n++] = fd;
	set->fds = fds;
	return 0;
}

/* The kernel keeps the beginning of a name. */
static bool is_name(const char *kept, const char *wanted)
{
	return strncmp(kept, wanted, BPF_OBJ_NAME_LEN - 1) == 0;
}

/* 1, 0 or -errno */
static int matches(const struct wanted *wanted, int fd)
{
	char name[64] = "";
	union {
		struct abi_map_info map;
		struct abi_prog_info prog;
		struct abi_btf_info btf;
	} info;
	int err;

	memset(&info, 0, sizeof(info));
	switch (wanted->kind) {
	case OBJECT_MAP:
		err = object_info(fd, &info.map, sizeof(info.map));
		return err ? err : is_name(info.map.name, wanted->name);
	case OBJECT_PROG:
		err = object_info(fd, &info.prog, sizeof(info.prog));
		if (!err && !wanted->name)
			return !memcmp(info.prog.tag, wanted->tag, sizeof(wanted->tag));
		return err ? err : is_name(info.prog.name, wanted->name);
	case OBJECT_BTF:
		info.btf.name = abi_ptr(name);
		info.btf.name_len = sizeof(name);
		err = object_info(fd, &info.btf, sizeof(info.btf));
		return err ? err : !strcmp(name, wanted->name);
	default:
		return 0;
	}
}

static int add_matching(const struct wanted *wanted, uint32_t id, uint32_t flags,
			struct object_set *out)
{
	int fd = object_open_id(wanted->kind, id, flags), is;

	if (fd == -ENOENT)	/* gone since */
		return 0;
	if (fd < 0)
		return fd;
	is = matches(wanted, fd);
	if (is > 0)
		return set_add(out, fd);
	sys_close(fd);
	return is;
}

static int find_all(const struct wanted *wanted, uint32_t flags, struct object_set *out)
{
	uint32_t id = 0;
	int err;

	do {
		err = object_next(wanted->kind, id, &id);
		if (!err)
			err = add_matching(wanted, id, flags, out);
	} while (!err);
	return err == -ENOENT ? 0 : err;
}

static int find_matching(struct words *words, const struct wanted *wanted, const char *text,
			 uint32_t flags, struct object_set *out)
{
	int err = find_all(wanted, flags, out);

	if (!err && !out->n)
		err = -ENOENT;
	return err ? say_failed(words->opt, wanted->kind, text, err) : 0;
}

/* Take over what a call returned. */
static int add_opened(struct words *words, enum object_kind kind, const char *text, int fd,
		      struct object_set *out)
{
	int err = fd < 0 ? fd : set_add(out, fd);

	return err ? say_failed(words->opt, kind, text, err) : 0;
}

static int find_pinned(struct words *words, enum object_kind kind, const char *path,
		       uint32_t flags, struct object_set *out)
{
	int fd = object_open_pin(path, flags), is = fd < 0 ? fd : object_kind_of(fd);

	if (is >= 0 && is != (int)kind) {
		say_error(words->opt, NULL, "'%s' is a %s, not a %s", path,
			  object_word((enum object_kind)is), object_word(kind));
		sys_close(fd);
		return -EINVAL;
	}
	return add_opened(words, kind, path, fd, out);
}

static int find_tag(struct words *words, const char *text, struct object_set *out)
{
	struct wanted wanted = { .kind = OBJECT_PROG };
	unsigned int byte, high;
	size_t i;

	for (i = 0; i < TAG_DIGITS && strchr("0123456789abcdef", text[i]) && text[i]; i++) {
		byte = text[i] <= '9' ? (unsigned int)(text[i] - '0') :
					(unsigned int)(text[i] - 'a' + 10);
		high = wanted.tag[i / 2];
		wanted.tag[i / 2] = (uint8_t)(high << 4 | byte);
	}
	if (i == TAG_DIGITS && !text[i])
		return find_matching(words, &wanted, text, 0, out);
	say_error(words->opt, NULL, "'%s' is no tag: that has %d hexadecimal digits", text,
		  TAG_DIGITS);
	return -EINVAL;
}

static int find_name(struct words *words, enum object_kind kind, const char *name, uint32_t flags,
		     struct object_set *out)
{
	struct wanted wanted = { .kind = kind, .name = name };

	if (kind != OBJECT_LINK)
		return find_matching(words, &wanted, name, flags, out);
	say_error(words->opt, NULL, "'%s': links have no names, but ids and paths", name);
	return -EINVAL;
}

static int find_id(struct words *words, enum object_kind kind, uint32_t flags,
		   struct object_set *out)
{
	uint64_t id;
	char text[16];

	if (!words_number(words, "an id", UINT32_MAX, &id))
		return -EINVAL;
	snprintf(text, sizeof(text), "%u", (uint32_t)id);
	return add_opened(words, kind, text, object_open_id(kind, (uint32_t)id, flags), out);
}

/* One word alone. */
static int find_word(struct words *words, enum object_kind kind, uint32_t flags,
		     struct object_set *out)
{
	const char *word = *words->at;

	if (word && word[0] && strspn(word, "0123456789") == strlen(word))
		return find_id(words, kind, flags, out);
	word = words_take(words, kind == OBJECT_LINK ? "an id or a path" :
						       "an id, a name or a path");
	if (!word)
		return -EINVAL;
	if (strchr(word, '/'))
		return find_pinned(words, kind, word, flags, out);
	return find_name(words, kind, word, flags, out);
}

/* A keyword, spelt in full so that names may be words that begin one; and what is behind it. */
static const char *take_after(struct words *words, const char *keyword)
{
	if (!words->at[0] || strcmp(words->at[0], keyword) != 0 || !words->at[1])
		return NULL;
	words->at += 2;
	return words->at[-1];
}

int object_find(struct words *words, enum object_kind kind, uint32_t flags,
		struct object_set *out)
{
	const char *text;
	int err;

	memset(out, 0, sizeof(*out));
	if (words->at[0] && !strcmp(words->at[0], "id") && words->at[1]) {
		words->at++;
		err = find_id(words, kind, flags, out);
	} else if ((text = take_after(words, "name"))) {
		err = find_name(words, kind, text, flags, out);
	} else if ((text = take_after(words, "pinned"))) {
		err = find_pinned(words, kind, text, flags, out);
	} else if (kind == OBJECT_PROG && (text = take_after(words, "tag"))) {
		err = find_tag(words, text, out);
	} else {
		err = find_word(words, kind, flags, out);
	}
	if (err)
		object_set_free(out);
	return err;
}

int object_find_one(struct words *words, enum object_kind kind, uint32_t flags)
{
	struct object_set set;
	int fd = object_find(words, kind, flags, &set);

	if (fd)
		return fd;
	if (set.n > 1) {
		say_error(words->opt, NULL, "there are %zu such %ss: name one by its id", set.n,
			  object_word(kind));
		fd = -EEXIST;
	} else {
		fd = set.fds[0];
		set.n = 0;
	}
	object_set_free(&set);
	return fd;
}
