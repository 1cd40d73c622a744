/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * verdict.c - what a verifier log comes down to.
 *
 * A log is lines of these kinds, at log_level 1 only of the path that failed (5.8):
 *
 *	12: (85) call bpf_map_lookup_elem#1	; R0=map_value_or_null(id=1,...)
 *	13: R0=... R6=ctx() R10=fp0		the state before 13; old kernels: at branches only
 *	from 4 to 7: R0=0 R10=fp0		the state where another path starts
 *	R0 invalid mem access 'map_value_or_null'
 *	processed 14 insns (limit 1000000) ...
 *
 * and the reason is what stands behind the last instruction. Since 7.3 a report follows it, in
 * sections headed "Reason:", "At:", "Causal path:" and "Suggestion:" (kernel/bpf/).
 */
#include <stdlib.h>
#include <string.h>

#include "loader.h"
#include "say.h"

enum { FRAMES = 8, REGS = 11, REASONS = 6, SHOWN = 4 };

struct span {
	const char *s;
	size_t n;
};

enum reg_how {
	REG_UNKNOWN,	/* the log does not say */
	REG_SET,	/* the instruction made it so */
	REG_HELD,	/* it was so when the instruction was reached */
	REG_LOST,	/* a call left nothing in it */
};

struct reg {
	enum reg_how how;
	struct span value;
	uint32_t insn;
};

enum section { SECTION_NONE, SECTION_REASON, SECTION_AT, SECTION_PATH, SECTION_SUGGESTION,
	       SECTIONS };

static const char *const headings[SECTIONS] = {
	[SECTION_REASON] = "Reason:",
	[SECTION_AT] = "At:",
	[SECTION_PATH] = "Causal path:",
	[SECTION_SUGGESTION] = "Suggestion:",
};

/* Lines of one kind, in order; those past the room are dropped. */
struct lines {
	struct span line[REASONS];
	size_t count;
};

/* What happened on the way, by the report. */
struct event {
	uint32_t insn;
	struct span text;
};

enum { EVENTS = 8 };

struct verdict {
	struct reg regs[FRAMES][REGS];
	unsigned int frame;
	bool running;		/* an instruction was seen */
	uint32_t insn;		/* the last one */
	struct span insn_text;
	bool untold;		/* the log has not said yet what it left in its registers */
	struct lines reasons;
	struct span title;	/* of the report, if there is one */
	enum section section;
	struct lines report[SECTIONS];
	uint32_t event;		/* the instruction that the report is at */
	struct event path[EVENTS];
	size_t events;
	bool located;		/* the log names the instruction at fault */
	uint32_t at;
};

/* What to do about a reason; the first part found counts. */
static const struct {
	const char *part, *hint;
} hints[] = {
	{ "invalid mem access 'map_value_or_null'",
	  "a lookup may find nothing: compare its result with 0 before using it" },
	{ "invalid mem access 'ringbuf_mem_or_null'",
	  "a full ring gives nothing: compare the result of ringbuf_reserve with 0 first" },
	{ "invalid mem access 'mem_or_null'",
	  "it may be 0: compare it with 0 before using it" },
	{ "invalid mem access 'scalar'",
	  "this is a number, not a pointer the verifier knows: kernel memory is read with a "
	  "probe_read_kernel call" },
	{ "invalid mem access 'inv'",
	  "this is a number, not a pointer the verifier knows: kernel memory is read with a "
	  "probe_read_kernel call" },
	{ "R0 !read_ok",
	  "r0 has no value here; a program sets it before exit" },
	{ "!read_ok",
	  "nothing has put a value there on this path; a call leaves none in r1 to r5" },
	{ "non-GPL compatible",
	  "say .license \"GPL\" if that is the program's license" },
	{ "Unreleased reference",
	  "what a reserve or acquire returned is given back on every path, with a submit, discard "
	  "or release" },
	{ "reference leak",
	  "what a reserve or acquire returned is given back on every path, with a submit, discard "
	  "or release" },
	{ "invalid bpf_context access",
	  "the context of this type of program has nothing to read or write there in that size" },
	{ "invalid indirect read from stack",
	  "every byte that a call reads must have been written: padding too" },
	{ "invalid read from stack",
	  "every byte must have been written before it is read" },
	{ "invalid access to map value",
	  "the access goes beyond the map's value" },
	{ "unreachable insn",
	  "no jump leads here" },
	{ "infinite loop",
	  "the verifier sees no end of this loop: count in a register that a jump compares" },
	{ "back-edge",
	  "this kernel takes no such loop (bounded ones since Linux 5.3)" },
	{ "too large",
	  "the verifier followed too many paths: fewer branches inside loops, or a shorter loop" },
	{ "too complex",
	  "the verifier followed too many paths: fewer branches inside loops, or a shorter loop" },
	{ "cannot use helper",
	  "this type of program, or this kernel, does not have the helper" },
	{ "unknown func",
	  "this type of program, or this kernel, does not have the helper" },
	{ "non-JITed programs",
	  "the kernel must compile programs for this: `sysctl net.core.bpf_jit_enable=1` turns "
	  "that on, where it was built with it" },
	{ "frame pointer is read only",
	  "r10 stays as it is: copy it to another register and subtract there" },
};

/* Lines that are no reason, by how they start. */
static const char *const noise[] = {
	"processed ", "insns processed ", "verification time ", "stack depth ", "func#",
	"mark_precise: ", "regs=", "last_idx ", "parent ", "propagating ", "caller:", "callee:",
	"returning from callee:", "to caller at ", "Validating ", "Func#", "Live regs",
	"cur state:", "old state:", "Unrecognized arg#", "; ",
};

/* ---- spans ---- */

static bool starts(struct span span, const char *text)
{
	size_t len = strlen(text);

	return span.n >= len && memcmp(span.s, text, len) == 0;
}

/* Cut n bytes off the front. */
static struct span behind(struct span span, size_t n)
{
	n = n < span.n ? n : span.n;
	span.s += n;
	span.n -= n;
	return span;
}

static bool find(struct span span, const char *text, struct span *after)
{
	for (; span.n > 0; span = behind(span, 1)) {
		if (starts(span, text)) {
			*after = behind(span, strlen(text));
			return true;
		}
	}
	return false;
}

static bool has(struct span span, const char *text)
{
	struct span after;

	return find(span, text, &after);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\0';
}

static struct span trim(struct span span)
{
	while (span.n > 0 && is_space(span.s[span.n - 1]))
		span.n--;
	while (span.n > 0 && is_space(span.s[0]))
		span = behind(span, 1);
	return span;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_name(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* Take a decimal number off the front; false when there is none, or one past 32 bits. */
static bool number(struct span *span, uint32_t *value)
{
	uint64_t n = 0;
	size_t len = 0;

	for (; len < span->n && is_digit(span->s[len]); len++) {
		n = n * 10 + (uint64_t)(span->s[len] - '0');
		if (n > UINT32_MAX)
			return false;
	}
	if (len == 0)
		return false;
	*span = behind(*span, len);
	*value = (uint32_t)n;
	return true;
}

static void keep(struct lines *lines, struct span line)
{
	if (line.n > 0 && lines->count < REASONS)
		lines->line[lines->count++] = line;
}

/* ---- states ---- */

static void forget(struct reg *reg, enum reg_how how, uint32_t insn)
{
	memset(reg, 0, sizeof(*reg));
	reg->how = how;
	reg->insn = insn;
}

/* What the last instruction overwrote is not known until the log says so. */
static void overwrite(struct verdict *v)
{
	struct span text = v->insn_text, digits;
	uint32_t n;

	if (!v->untold)
		return;
	v->untold = false;
	digits = behind(text, 1);
	if (starts(text, "call"))
		for (n = 0; n <= 5; n++)
			forget(&v->regs[v->frame][n], n == 0 ? REG_UNKNOWN : REG_LOST, v->insn);
	else if ((starts(text, "r") || starts(text, "w")) && number(&digits, &n) && n < REGS)
		forget(&v->regs[v->frame][n], REG_UNKNOWN, v->insn);
}

/* A word ends at a space that no bracket encloses: var_off=(0x0; 0xff) is one. */
static size_t word(struct span span)
{
	size_t depth = 0, len = 0;

	for (; len < span.n; len++) {
		char c = span.s[len];

		if (c == '(' || c == '[')
			depth++;
		else if ((c == ')' || c == ']') && depth > 0)
			depth--;
		else if (is_space(c) && depth == 0)
			break;
	}
	return len;
}

/* "R1_w=VALUE", in the current frame. */
static void state_reg(struct verdict *v, struct span text, enum reg_how how, uint32_t insn)
{
	const char *equals = memchr(text.s, '=', text.n);
	struct span digits = behind(text, 1);
	struct reg *reg;
	uint32_t n;

	if (!equals || !number(&digits, &n) || n >= REGS)
		return;
	reg = &v->regs[v->frame][n];
	reg->how = how;
	reg->insn = insn;
	reg->value = behind(text, (size_t)(equals + 1 - text.s));
}

static void state(struct verdict *v, struct span text, enum reg_how how, uint32_t insn)
{
	overwrite(v);
	v->frame = 0;
	for (text = trim(text); text.n > 0; text = trim(text)) {
		struct span one = { text.s, word(text) };
		struct span digits = behind(one, strlen("frame"));
		uint32_t frame;

		if (starts(one, "R"))
			state_reg(v, one, how, insn);
		else if (starts(one, "frame") && number(&digits, &frame) && frame < FRAMES)
			v->frame = frame;
		text = behind(text, one.n);
	}
}

/* "R1=..." or "frame1: R1=...", and not a reason that starts with such a word. */
static bool is_state(struct span text)
{
	const char *end = text.s + word(text);

	if (starts(text, "R"))
		return text.n > 1 && is_digit(text.s[1]) && memchr(text.s, '=', word(text));
	return starts(text, "frame") && end[-1] == ':';
}

/* ---- lines ---- */

/*
 * The state where a jump leads stands behind it, on its line, with the number of the instruction:
 * "(15) if r0 == 0x0 goto pc+2 10: R0=0 R10=fp0". Cut it off the text.
 */
static bool cut_state(struct span *text, struct span *found, uint32_t *n)
{
	for (struct span at = *text; at.n > 0; at = behind(at, 1)) {
		struct span after = behind(at, 1);

		if (at.s[0] != ' ' || !number(&after, n) || !starts(after, ": "))
			continue;
		*found = behind(after, 2);
		if (is_state(*found)) {
			text->n -= at.n;
			return true;
		}
	}
	return false;
}

/* "(61) r2 = *(u32 *)(r1 +0)     ; R1=ctx() R2_w=scalar()", of instruction n. */
static void insn_line(struct verdict *v, uint32_t n, struct span text)
{
	const char *semicolon = memchr(text.s, ';', text.n);
	size_t len = semicolon ? (size_t)(semicolon - text.s) : text.n;
	struct span insn = { text.s, len }, reached;
	uint32_t target;
	bool jumped;

	overwrite(v);
	jumped = !semicolon && cut_state(&insn, &reached, &target);
	v->running = true;
	v->insn = n;
	v->insn_text = trim(behind(insn, strlen("(61) ")));
	v->reasons.count = 0;
	v->untold = true;
	if (semicolon) {
		overwrite(v);
		state(v, behind(text, len + 1), REG_SET, n);
	} else if (jumped) {
		memset(v->regs, 0, sizeof(v->regs));
		state(v, reached, REG_HELD, target);
	}
}

static bool is_insn(struct span text)
{
	return text.n > 4 && text.s[0] == '(' && text.s[3] == ')' && text.s[4] == ' ';
}

/* "from 4 to 7: STATE", or "from 4 to 7 (speculative execution): STATE", behind the "from ". */
static bool from_line(struct verdict *v, struct span text)
{
	uint32_t from, to;
	const char *colon;

	if (!number(&text, &from) || !starts(text, " to "))
		return false;
	text = behind(text, strlen(" to "));
	colon = memchr(text.s, ':', text.n);
	if (!number(&text, &to) || !colon)
		return false;
	memset(v->regs, 0, sizeof(v->regs));
	v->untold = false;
	v->reasons.count = 0;
	text = behind(text, (size_t)(colon + 1 - text.s));
	if (!starts(trim(text), "safe"))
		state(v, text, REG_HELD, to);
	return true;
}

/* "N: ..." */
static bool numbered_line(struct verdict *v, struct span line)
{
	uint32_t n;

	if (!number(&line, &n) || !starts(line, ": "))
		return false;
	line = trim(behind(line, 2));
	if (is_insn(line))
		insn_line(v, n, line);
	else if (is_state(line))
		state(v, line, REG_HELD, n);
	else
		return starts(line, "safe");
	return true;
}

static bool is_noise(struct span line)
{
	for (size_t i = 0; i < sizeof(noise) / sizeof(noise[0]); i++)
		if (starts(line, noise[i]))
			return true;
	return false;
}

/* Where a reason names the instruction at fault. */
static void locate(struct verdict *v, struct span line)
{
	static const char *const before[] = { "at insn ", "from insn ", "unreachable insn " };
	struct span after;

	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]) && !v->located; i++)
		if (find(line, before[i], &after))
			v->located = number(&after, &v->at);
	if (!v->located && !v->running && find(line, "insn ", &after))
		v->located = number(&after, &v->at);
}

/* A line of the report: a heading, or what stands below one. */
static void report_line(struct verdict *v, struct span line)
{
	struct span text = trim(line);
	uint32_t n;

	if (line.n > 0 && !is_space(line.s[0]))
		v->section = SECTION_NONE;
	for (enum section s = SECTION_REASON; s < SECTIONS; s++) {
		if (starts(line, headings[s])) {
			v->section = s;
			text = trim(behind(line, strlen(headings[s])));
		}
	}
	if (is_noise(line) || text.n == 0)
		return;
	if (starts(text, "insn ")) {
		struct span digits = behind(text, strlen("insn "));

		if (number(&digits, &n)) {
			v->event = n;
			if (v->section == SECTION_AT && !v->located) {
				v->located = true;
				v->at = n;
			}
		}
	}
	if (v->section != SECTION_PATH)
		keep(&v->report[v->section], text);
	else if (find(text, "^-- ", &text) && v->events < EVENTS)
		v->path[v->events++] = (struct event){ v->event, text };
}

static void one_line(struct verdict *v, struct span line)
{
	static const char title[] = "Verification failed:";

	if (starts(line, title)) {
		v->title = trim(behind(line, strlen(title)));
		return;
	}
	if (v->title.n > 0) {
		report_line(v, line);
		return;
	}
	if (numbered_line(v, line) || is_noise(line))
		return;
	if (starts(line, "from ") && from_line(v, behind(line, strlen("from "))))
		return;
	line = trim(line);
	if (is_state(line))
		state(v, line, REG_HELD, v->insn);
	else
		keep(&v->reasons, line);
}

/* ---- telling ---- */

struct teller {
	const struct asm_object *obj;
	const struct asm_program *prog;
	const struct load_options *opt;
	const struct verdict *v;
};

/* The place of a slot, or of the program when there is no such slot. */
static struct asm_place place_of(const struct teller *t, uint32_t insn)
{
	return asm_object_place(t->obj, insn < t->prog->ninsns ? t->prog->insn_pos[insn] :
				t->prog->func->pos);
}

/* How much of a line is told. */
static int shown(struct span span)
{
	enum { SHOWN_MOST = 1000 };

	return (int)(span.n < SHOWN_MOST ? span.n : SHOWN_MOST);
}

static void tell_reg(const struct teller *t, unsigned int n)
{
	const struct reg *reg = &t->v->regs[t->v->frame][n];
	struct asm_place place = place_of(t, reg->insn);

	switch (reg->how) {
	case REG_SET:
		say_note(t->opt, &place, "r%u becomes %.*s here", n, shown(reg->value),
			 reg->value.s);
		break;
	case REG_HELD:
		say_note(t->opt, NULL, "r%u is %.*s", n, shown(reg->value), reg->value.s);
		break;
	case REG_LOST:
		say_note(t->opt, &place, "r%u loses its value in this call", n);
		break;
	case REG_UNKNOWN:
		break;
	}
}

/* Registers that a text names by a letter, as bits. */
static unsigned int named_regs(struct span text, char letter)
{
	unsigned int set = 0;
	uint32_t n;

	for (bool fresh = true; text.n > 1; text = behind(text, 1)) {
		struct span digits = behind(text, 1);

		if (fresh && text.s[0] == letter && number(&digits, &n) && n < REGS - 1)
			set |= 1u << n;
		fresh = !is_name(text.s[0]);
	}
	return set;
}

/* The registers whose values go into an instruction: not what "r2 = ..." is about to lose. */
static unsigned int used_regs(struct span insn)
{
	struct span after = behind(insn, 1);
	uint32_t n;

	if ((starts(insn, "r") || starts(insn, "w")) && number(&after, &n) && starts(after, " = "))
		insn = after;
	return named_regs(insn, 'r') | named_regs(insn, 'w');
}

/* The registers that the reason names, then those of the instruction; r10 is no news. */
static void tell_regs(const struct teller *t)
{
	const struct verdict *v = t->v;
	unsigned int first = 0, then = 0, told = 0;

	for (size_t i = 0; i < v->reasons.count; i++)
		first |= named_regs(v->reasons.line[i], 'R');
	if (v->running && (!v->located || v->at == v->insn))
		then = used_regs(v->insn_text) & ~first;
	for (unsigned int i = 0; i < 2 * REGS && told < SHOWN; i++) {
		if ((i < REGS ? first : then) & 1u << i % REGS) {
			tell_reg(t, i % REGS);
			told++;
		}
	}
}

/* Where a reference was taken that is not given back. */
static void tell_alloc(const struct teller *t, struct span reason)
{
	struct asm_place place;
	struct span after;
	uint32_t n;

	if (!find(reason, "alloc_insn=", &after) || !number(&after, &n) || n >= t->prog->ninsns)
		return;
	place = place_of(t, n);
	say_note(t->opt, &place, "the reference is taken here");
}

static void tell_hint(const struct teller *t)
{
	const struct lines *reasons = &t->v->reasons;

	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
		for (size_t j = 0; j < reasons->count; j++) {
			if (has(reasons->line[j], hints[i].part)) {
				say_note(t->opt, NULL, "%s", hints[i].hint);
				return;
			}
		}
	}
}

/* Lines of the report, joined to a sentence. */
static void join(const struct lines *lines, char *out, size_t size)
{
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < lines->count && len < size; i++)
		len += (size_t)snprintf(out + len, size - len, "%s%.*s", i ? " " : "",
					shown(lines->line[i]), lines->line[i].s);
}

static void tell_report(const struct teller *t)
{
	const struct verdict *v = t->v;
	struct asm_place place;
	char text[1024];

	say_note(t->opt, NULL, "%.*s", shown(v->title), v->title.s);
	for (size_t i = 0; i < v->events; i++) {
		place = place_of(t, v->path[i].insn);
		say_note(t->opt, &place, "%.*s", shown(v->path[i].text), v->path[i].text.s);
	}
	join(&v->report[SECTION_SUGGESTION], text, sizeof(text));
	if (text[0])
		say_note(t->opt, NULL, "suggestion: %s", text);
}

/* A call of what no kernel has stands where a CO-RE relocation found nothing. */
static bool tell_missing(const struct teller *t, uint32_t insn)
{
	struct asm_place place = place_of(t, insn);
	const struct asm_core *core;
	char text[256];

	if (insn >= t->prog->ninsns || t->prog->insns[insn].imm != ASM_CORE_POISON ||
	    !t->prog->insn_pos[insn])
		return false;
	core = asm_core_find(t->obj, t->prog->insn_pos[insn] - 1);
	if (!core)
		return false;
	say_error(t->opt, &place, "this kernel has no %s, or one of another kind",
		  asm_core_text(t->obj, core, text, sizeof(text)));
	say_note(t->opt, NULL, "ask for it with bpf_core_*_exists() before using it");
	return true;
}

/* The headline: our word for what is missing, the report's sentence, or the reason's first line. */
static bool tell_reason(const struct teller *t)
{
	const struct verdict *v = t->v;
	uint32_t insn = v->located ? v->at : v->running ? v->insn : UINT32_MAX;
	struct asm_place place = place_of(t, insn);
	const struct lines *reasons = &v->reasons;
	char text[1024];

	if (tell_missing(t, insn))
		return true;
	join(&v->report[SECTION_REASON], text, sizeof(text));
	if (!text[0] && reasons->count == 0)
		return false;
	if (text[0])
		say_error(t->opt, &place, "%s", text);
	else
		say_error(t->opt, &place, "%.*s", shown(reasons->line[0]), reasons->line[0].s);
	for (size_t i = text[0] ? 0 : 1; i < reasons->count; i++)
		say_note(t->opt, NULL, "%.*s", shown(reasons->line[i]), reasons->line[i].s);
	return true;
}

static void tell_rest(const struct teller *t)
{
	const struct verdict *v = t->v;

	for (size_t i = 0; i < v->reasons.count; i++)
		tell_alloc(t, v->reasons.line[i]);
	tell_regs(t);
	if (v->title.n > 0)
		tell_report(t);
	else
		tell_hint(t);
}

bool load_verdict(const struct asm_object *obj, const struct asm_program *prog, const char *log,
		  size_t len, const struct load_options *opt)
{
	struct verdict v;
	struct teller t = { obj, prog, opt, &v };
	struct span rest = { log, len };

	memset(&v, 0, sizeof(v));
	while (rest.n > 0) {
		const char *end = memchr(rest.s, '\n', rest.n);
		size_t line = end ? (size_t)(end - rest.s) : rest.n;

		one_line(&v, (struct span){ rest.s, line });
		rest = behind(rest, line + 1);
	}
	for (size_t i = 0; i < v.reasons.count; i++)
		locate(&v, v.reasons.line[i]);
	if (!tell_reason(&t))
		return false;
	tell_rest(&t);
	return true;
}
