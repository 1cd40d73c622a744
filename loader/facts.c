/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "facts.h"
#include "loader.h"
#include "kbtf.h"
#include "modules.h"
#include "sys.h"
#include "tracefs.h"

static const char vmlinux[] = "/sys/kernel/btf/vmlinux";

struct load_facts {
	struct asm_btf *btf;
	void *data;		/* what btf borrows */
	size_t len;
	bool mapped;		/* data is a mapping, not allocated */
	bool tried;
	int err;		/* why there is no btf */
	struct modules modules;
	char *config;
	bool config_tried;
	int config_err;		/* why there is no config, as it was told */
	char config_why[256];
};

struct load_facts *load_facts_new(void)
{
	return calloc(1, sizeof(struct load_facts));
}

void load_facts_free(struct load_facts *facts)
{
	if (!facts)
		return;
	modules_free(&facts->modules);
	asm_btf_close(facts->btf);
	free(facts->config);
	if (facts->mapped)
		sys_unmap(facts->data, facts->len);
	else
		free(facts->data);
	free(facts);
}

/* Mapping the file (6.16) saves copying megabytes; a kernel that cannot has them read. */
static int facts_read(struct load_facts *facts)
{
	char *text;
	int err;

	facts->mapped = sys_map_file(vmlinux, &facts->data, &facts->len) == 0;
	if (facts->mapped)
		return 0;
	err = asm_read_file(vmlinux, &text, &facts->len);
	if (!err)
		facts->data = text;
	return err;
}

static int facts_btf(struct load_facts *facts)
{
	if (!facts->tried) {
		facts->tried = true;
		facts->err = facts_read(facts);
		if (!facts->err)
			facts->err = asm_btf_open(facts->data, facts->len, &facts->btf);
	}
	return facts->err;
}

const struct asm_btf *facts_types(const struct load_facts *facts)
{
	return facts->btf;
}

/* The types of a module; NULL: there are no more, or none that this process may know. */
static const struct asm_btf *module_types(void *arg, size_t index)
{
	struct load_facts *facts = arg;

	return modules_types(&facts->modules, index, facts->btf);
}

/* Say why there is no BTF; the errno to return. */
static int facts_missing(int err, char *why, size_t why_size)
{
	if (err == -ENOENT && sys_is_dir("/sys/kernel") != 0) {
		snprintf(why, why_size, "the kernel's types are in %s, and no sysfs is mounted: "
			 "`mount -t sysfs sysfs /sys` does that", vmlinux);
		return -EOPNOTSUPP;
	}
	if (err == -ENOENT) {
		snprintf(why, why_size, "this kernel tells no types: there is no %s "
			 "(CONFIG_DEBUG_INFO_BTF)", vmlinux);
		return -EOPNOTSUPP;
	}
	snprintf(why, why_size, "%s: %s", vmlinux,
		 err == -EINVAL ? "this is not BTF as we know it" : strerror(-err));
	return err;
}

/* A search for near names among those with a prefix, without it. */
struct search {
	struct asm_near near;
	const char *prefix;
};

static bool offer(void *arg, const char *name)
{
	struct search *search = arg;
	size_t skip = strlen(search->prefix);

	if (strncmp(name, search->prefix, skip) == 0)
		asm_near_offer(&search->near, name + skip, strlen(name + skip));
	return true;
}

void facts_near(struct load_facts *facts, enum asm_btf_kind kind, const char *prefix,
		const char *name, char *out)
{
	struct search search = { .prefix = prefix };
	const struct asm_btf *types;

	asm_near_start(&search.near, name, strlen(name));
	if (facts_btf(facts) == 0) {
		asm_btf_names(facts->btf, kind, offer, &search);
		for (size_t i = 0; (types = module_types(facts, i)); i++)
			asm_btf_names(types, kind, offer, &search);
	}
	asm_near_text(&search.near, out);
}

const int *facts_fds(const struct load_facts *facts)
{
	return facts->modules.fds;
}

/* What is looked for. */
struct wanted {
	enum asm_btf_kind kind;
	const char *prefix, *name;
	char full[256];		/* prefix and name */
};

/* The type that a module itself has of a name. */
static int find_in(struct load_facts *facts, size_t index, const struct wanted *wanted,
		   struct facts_type *out)
{
	const struct asm_btf *types = module_types(facts, index);
	int32_t id = types ? asm_btf_find_own(types, wanted->kind, wanted->full) : -ENOENT;
	struct module *module = &facts->modules.at[index];
	int err = id < 0 ? id : modules_open(&facts->modules, module);

	if (!err)
		*out = (struct facts_type){
			.id = (uint32_t)id, .index = module->index, .btf = module->id,
			.fd = facts->modules.fds[module->index],
		};
	return err;
}

static int find_kernel(const struct load_facts *facts, const struct wanted *wanted,
		       struct facts_type *out)
{
	int32_t id = asm_btf_find(facts->btf, wanted->kind, wanted->full);

	*out = (struct facts_type){ .id = id < 0 ? 0 : (uint32_t)id };
	return id < 0 ? id : 0;
}

static void not_in_module(struct load_facts *facts, size_t index, const struct wanted *wanted,
			  char *why, size_t why_size)
{
	const struct asm_btf *types = module_types(facts, index);
	struct search search = { .prefix = wanted->prefix };
	const char *module = facts->modules.at[index].name;
	struct facts_type unused;
	char near[ASM_NEAR_TEXT];

	if (find_kernel(facts, wanted, &unused) == 0) {
		snprintf(why, why_size, "module '%s' has no %s: it is the kernel's own, so leave "
			 "the module out", module, wanted->full);
		return;
	}
	asm_near_start(&search.near, wanted->name, strlen(wanted->name));
	asm_btf_names(types, wanted->kind, offer, &search);
	snprintf(why, why_size, "module '%s' has no %s%s", module, wanted->full,
		 asm_near_text(&search.near, near));
}

/* In the module that is named, and in no other. */
static int find_named(struct load_facts *facts, const char *module, const struct wanted *wanted,
		      struct facts_type *out, char *why, size_t why_size)
{
	int index = modules_find(&facts->modules, module, why, why_size), err;

	if (index < 0)
		return index;
	err = find_in(facts, (size_t)index, wanted, out);
	if (err == -ENOENT && module_types(facts, (size_t)index))
		not_in_module(facts, (size_t)index, wanted, why, why_size);
	else if (err)
		snprintf(why, why_size, "the types of module '%s': %s", module, strerror(-err));
	return err;
}

/* In the kernel, or else in any module. */
static int find_any(struct load_facts *facts, const struct wanted *wanted, struct facts_type *out,
		    char *why, size_t why_size)
{
	int err = find_kernel(facts, wanted, out);
	char near[ASM_NEAR_TEXT];

	for (size_t i = 0; err == -ENOENT && module_types(facts, i); i++)
		err = find_in(facts, i, wanted, out);
	if (err == -ENOENT) {
		facts_near(facts, wanted->kind, wanted->prefix, wanted->name, near);
		snprintf(why, why_size, "this kernel's BTF has no %s%s%s", wanted->full, near,
			 facts->modules.err == -EPERM ? "; to look at that of its modules takes "
			 "CAP_SYS_ADMIN" : "");
	} else if (err) {
		snprintf(why, why_size, "the types of a module: %s", strerror(-err));
	}
	return err;
}

int facts_find(struct load_facts *facts, enum asm_btf_kind kind, const char *prefix,
	       const char *name, struct facts_type *out, char *why, size_t why_size)
{
	const char *colon = strchr(name, ':');
	size_t len = colon ? (size_t)(colon - name) : 0;
	struct wanted wanted = {
		.kind = kind, .prefix = prefix, .name = colon ? colon + 1 : name,
	};
	char module[KBTF_NAME] = "";
	int err = facts_btf(facts);

	if (err)
		return facts_missing(err, why, why_size);
	if ((size_t)snprintf(wanted.full, sizeof(wanted.full), "%s%s", prefix, wanted.name) >=
	    sizeof(wanted.full) || len >= sizeof(module)) {
		snprintf(why, why_size, "'%s' is longer than any name", name);
		return -ENOENT;
	}
	if (!colon)
		return find_any(facts, &wanted, out, why, why_size);
	memcpy(module, name, len);
	return find_named(facts, module, &wanted, out, why, why_size);
}

/* The bytes of a value; 0 for what no register holds. */
static uint32_t value_size(const struct asm_btf *btf, uint32_t id, struct asm_btf_type *type)
{
	if (!asm_btf_type(btf, id, type))
		return 0;
	switch ((int)type->kind) {
	case ASM_BTF_PTR:
		return sizeof(uint64_t);
	case ASM_BTF_INT:
	case ASM_BTF_ENUM:
	case ASM_BTF_ENUM64:
	case ASM_BTF_STRUCT:
	case ASM_BTF_UNION:
		return type->arg;
	}
	return 0;
}

/* Source: bpf_check_attach_target() and btf_distill_func_proto() of kernel/bpf. */
static bool is_traceable(const struct asm_btf *btf, uint32_t proto_id)
{
	enum { ARGS_MOST = 12, ARG_MOST = 16 };
	struct asm_btf_type proto, type;
	struct asm_btf_member arg;

	if (!asm_btf_type(btf, proto_id, &proto) || proto.kind != ASM_BTF_FUNC_PROTO ||
	    proto.count > ARGS_MOST)
		return false;
	if (proto.arg && (!value_size(btf, proto.arg, &type) || type.kind == ASM_BTF_STRUCT ||
			  type.kind == ASM_BTF_UNION))
		return false;
	for (uint32_t i = 0; i < proto.count; i++) {
		uint32_t size = asm_btf_member(btf, proto_id, i, &arg) ?
				value_size(btf, arg.arg, &type) : 0;

		if (!size || size > ARG_MOST)
			return false;
	}
	return true;
}

int facts_traceable(struct load_facts *facts, facts_fn *fn, void *arg, char *why, size_t why_size)
{
	struct asm_btf_type type;
	int err = facts_btf(facts);

	if (err)
		return facts_missing(err, why, why_size);
	for (uint32_t id = 1; asm_btf_type(facts->btf, id, &type); id++)
		if (type.kind == ASM_BTF_FUNC && type.id == id && *type.name &&
		    is_traceable(facts->btf, type.arg) && !fn(arg, id, type.name))
			break;
	return 0;
}

int facts_relocate(struct load_facts *facts, const struct asm_object *obj, struct asm_insn *insns,
		   const struct asm_core **failed, char *why, size_t why_size)
{
	struct asm_core_types types = { .module = module_types, .arg = facts };
	int err = facts_btf(facts);

	*failed = obj->cores;
	if (err)
		return facts_missing(err, why, why_size);
	types.kernel = facts->btf;
	return asm_core_apply(obj, &types, insns, failed, why, why_size) ? 0 : -EINVAL;
}

int facts_config(struct load_facts *facts, facts_config_fn *fn, const char **text, char *why,
		 size_t why_size)
{
	size_t len;

	if (!facts->config_tried) {
		facts->config_tried = true;
		facts->config_err = fn(&facts->config, &len, facts->config_why,
				       sizeof(facts->config_why));
	}
	*text = facts->config;
	if (facts->config_err)
		snprintf(why, why_size, "%s", facts->config_why);
	return facts->config_err;
}

/*
 * A tracepoint's record without tracefs: the struct that its macro made. Only tracepoints that do
 * not share a template have one of their own name; one that exists is right. tracefs calls its
 * __data_loc_NAME members NAME.
 */
static bool record_field(struct load_facts *facts, const char *event, const char *field,
			 struct asm_kfield *out)
{
	static const char *const before[] = { "", "__data_loc_" };
	char path[256], why[256];

	if (facts_btf(facts) != 0)
		return false;
	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
		int len = snprintf(path, sizeof(path), "trace_event_raw_%s.%s%s", event, before[i],
				   field);

		if ((size_t)len < sizeof(path) &&
		    asm_btf_field(facts->btf, path, out, why, sizeof(why)))
			return true;
	}
	return false;
}

static bool ctx_field(struct load_facts *facts, const char *field, const char *section,
		      struct asm_kfield *out, char *why, size_t why_size)
{
	const char *target = "", *slash;
	const struct asm_attach *attach = asm_attach_find(section, &target);
	int err;

	if (!attach || attach->target != ASM_TARGET_TRACEPOINT) {
		snprintf(why, why_size, "ctx has named fields in tracepoint programs (tp/...)");
		return false;
	}
	err = tracefs_field(target, field, out, why, why_size);
	slash = strchr(target, '/');
	if (err == -ENODEV && slash && record_field(facts, slash + 1, field, out))
		return true;
	return err == 0;
}

/* Whether the types have one that a path may start with. */
static bool has_root(const struct asm_btf *types, const char *path)
{
	static const enum asm_btf_kind kinds[] = {
		ASM_BTF_STRUCT, ASM_BTF_UNION, ASM_BTF_TYPEDEF,
	};
	size_t len = strcspn(path, ".[");
	char name[128] = "";

	if (len >= sizeof(name))
		return false;
	memcpy(name, path, len);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (asm_btf_find_own(types, kinds[i], name) >= 0)
			return true;
	return false;
}

/* Of the kernel, or else of the first module that has the type. */
static bool kernel_field(struct load_facts *facts, const char *path, struct asm_kfield *out,
			 char *why, size_t why_size)
{
	const struct asm_btf *types;

	if (asm_btf_field(facts->btf, path, out, why, why_size))
		return true;
	if (has_root(facts->btf, path))
		return false;
	for (size_t i = 0; (types = module_types(facts, i)); i++)
		if (has_root(types, path))
			return asm_btf_field(types, path, out, why, why_size);
	return false;
}

bool load_facts_resolve(void *facts_arg, const char *path, const char *section,
			struct asm_kfield *out, char *why, size_t why_size)
{
	struct load_facts *facts = facts_arg;
	int err;

	if (strncmp(path, "ctx.", 4) == 0)
		return ctx_field(facts, path + 4, section, out, why, why_size);
	if (strncmp(path, "kernel.", 7) != 0) {
		snprintf(why, why_size, "'%s' is neither kernel.TYPE.FIELD nor ctx.FIELD", path);
		return false;
	}
	err = facts_btf(facts);
	if (err) {
		facts_missing(err, why, why_size);
		return false;
	}
	return kernel_field(facts, path + 7, out, why, why_size);
}
