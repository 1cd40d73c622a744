/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * verdict_test.c - what load_verdict() makes of verifier logs: real ones, in tests/logs, and
 * damaged ones.
 *
 * tests/logs/VERSION.log holds what that kernel said of the programs beside it, each as
 *
 *	== PROGRAM
 *	the log
 *	--
 *	what is to be said of it, "[FILE:LINE:COLUMN: ]SEVERITY: MESSAGE" a line
 */
#include <limits.h>

#include "../asm/asm.h"
#include "../loader/loader.h"
#include "harness.h"

enum { ROOM = 16384 };

/* ---- programs and what is said of them ---- */

struct subject {
	char *text;
	size_t len;
	char file[64];
	struct asm_object *obj;
	struct asm_program prog;
};

static void path_of(char path[PATH_MAX], const char *name, const char *suffix)
{
	const char *top = getenv("SRCDIR");

	snprintf(path, PATH_MAX, "%s/tests/logs/%s%s", top ? top : ".", name, suffix);
}

static void subject_open(struct subject *s, const char *name)
{
	struct asm_options how = { .endian = ASM_LITTLE };
	char path[PATH_MAX];

	memset(s, 0, sizeof(*s));
	path_of(path, name, ".bpfasm");
	ASSERT_OK(asm_read_file(path, &s->text, &s->len)) LOG("%s", path);
	snprintf(s->file, sizeof(s->file), "%s.bpfasm", name);
	s->obj = asm_assemble(s->file, s->text, s->len, &how);
	ASSERT_NOT_NULL(s->obj) LOG("%s", path);
	ASSERT_OK(asm_link(s->obj, asm_object_program(s->obj, NULL), &s->prog));
}

static void subject_close(struct subject *s)
{
	asm_program_free(&s->prog);
	asm_free(s->obj);
	free(s->text);
}

struct told {
	const struct subject *about;
	unsigned int count, errors;
	const char *wrong;		/* with a diagnostic, or NULL */
	unsigned int line[64];		/* of the first diagnostics; 0: no place */
	size_t len;
	char text[ROOM];
};

/* Does the place lie in the text, and is its line the one it says? */
static bool is_place(const struct subject *s, const struct asm_place *place)
{
	const char *end = s->text + s->len;
	unsigned int line = 1;

	if (strcmp(place->file, s->file) != 0 || place->text < s->text || place->text > end ||
	    place->len > (size_t)(end - place->text) || !place->col ||
	    place->col - 1 > place->len)
		return false;
	for (const char *at = s->text; at < place->text; at++)
		line += *at == '\n';
	if (place->text > s->text && place->text[-1] != '\n')
		return false;
	if (memchr(place->text, '\n', place->len))
		return false;
	return line == place->line;
}

static bool is_printable(const char *message)
{
	for (; *message; message++)
		if ((unsigned char)*message < ' ' || *message == 127)
			return false;
	return true;
}

static const char *wrong_with(const struct told *told, const struct asm_diag *diag)
{
	if (told->count == 0 && diag->severity != ASM_ERROR)
		return "does not begin with an error";
	if (diag->severity != (told->count ? ASM_NOTE : ASM_ERROR))
		return "a severity";
	if (!diag->message[0] || !is_printable(diag->message))
		return "a message";
	if (diag->width < 1)
		return "a width";
	if (diag->place.file && !is_place(told->about, &diag->place))
		return "a place";
	return NULL;
}

/* asm_sink */
static void hear(void *arg, const struct asm_diag *diag)
{
	static const char *const severities[] = { "error", "warning", "note" };
	const struct asm_place *place = &diag->place;
	struct told *told = arg;
	char where[128] = "";

	if (!told->wrong)
		told->wrong = wrong_with(told, diag);
	if (told->count < sizeof(told->line) / sizeof(told->line[0]))
		told->line[told->count] = place->file ? place->line : 0;
	told->count++;
	told->errors += diag->severity == ASM_ERROR;
	if (place->file)
		snprintf(where, sizeof(where), "%s:%u:%u: ", place->file, place->line, place->col);
	if (told->len < ROOM)
		told->len += (size_t)snprintf(told->text + told->len, ROOM - told->len,
					      "%s%s: %s\n", where, severities[diag->severity],
					      diag->message);
}

static bool verdict(const struct subject *s, const char *log, size_t len, struct told *told)
{
	struct load_options opt = { .sink = hear, .sink_arg = told };

	memset(told, 0, offsetof(struct told, text));
	told->text[0] = '\0';
	told->about = s;
	return load_verdict(s->obj, &s->prog, log, len, &opt);
}

/* ---- the samples ---- */

struct sample {
	char *name, *log, *want;
};

/* The sample at *rest, which moves behind it; false when there is none. */
static bool next_sample(const char **rest, struct sample *out)
{
	const char *name = strstr(*rest, "== "), *log, *want, *end;

	if (!name)
		return false;
	name += strlen("== ");
	log = strchr(name, '\n');
	want = log ? strstr(log, "\n--\n") : NULL;
	ASSERT_NOT_NULL(want) LOG("no -- behind %.20s", name);
	end = strstr(want, "\n== ");
	end = end ? end + 1 : want + strlen(want);
	out->name = strndup(name, (size_t)(log - name));
	out->log = strndup(log + 1, (size_t)(want - log));
	want += strlen("\n--\n");
	out->want = strndup(want, (size_t)(end - want));
	ASSERT_TRUE(out->name && out->log && out->want);
	*rest = end;
	return true;
}

static void sample_free(struct sample *sample)
{
	free(sample->name);
	free(sample->log);
	free(sample->want);
}

static char *read_samples(const char *version)
{
	char path[PATH_MAX], *text;
	size_t len;

	path_of(path, version, ".log");
	ASSERT_OK(asm_read_file(path, &text, &len)) LOG("%s", path);
	return text;
}

static void check_sample(const struct sample *sample)
{
	static struct told told;
	struct subject s;

	subject_open(&s, sample->name);
	EXPECT_TRUE(verdict(&s, sample->log, strlen(sample->log), &told)) LOG("%s", sample->name);
	EXPECT_STREQ(sample->want, told.text) LOG("%s", sample->name);
	EXPECT_NULL(told.wrong) LOG("%s: %s", sample->name, told.wrong);
	subject_close(&s);
}

static void check_samples(const char *version, unsigned int least)
{
	char *text = read_samples(version);
	const char *rest = text;
	struct sample sample;
	unsigned int count = 0;

	for (; next_sample(&rest, &sample); count++) {
		check_sample(&sample);
		sample_free(&sample);
	}
	EXPECT_GE(count, least);
	free(text);
}

TEST(linux_5_10)
{
	check_samples("5.10", 8);
}

TEST(linux_6_18)
{
	check_samples("6.18", 8);
}

TEST(linux_6_18_registers)
{
	check_samples("6.18-registers", 3);
}

TEST(linux_7_2)
{
	check_samples("7.2", 7);
}

TEST(linux_7_3)
{
	check_samples("7.3", 1);
}

/* ---- reports of 7.3 ---- */

/* A report on the program `ring`, whose 9th instruction is on line 14; with a part of its own. */
static void ring_report(char log[ROOM], const char *part)
{
	snprintf(log, ROOM,
		 "0: R1=ctx() R10=fp0\n"
		 "0: (18) r1 = 0xffff8db6c1f0b800       ; R1=map_ptr(map=ring,ks=0,vs=0)\n"
		 "2: (b7) r2 = 16                       ; R2=16\n"
		 "3: (b7) r3 = 0                        ; R3=0\n"
		 "4: (85) call bpf_ringbuf_reserve#131          "
		 "; R0=ringbuf_mem_or_null(id=2,sz=16) refs=2\n"
		 "5: (15) if r0 == 0x0 goto pc+2        ; R0=ringbuf_mem(id=2,sz=16) refs=2\n"
		 "6: (b7) r1 = 1                        ; R1=1 refs=2\n"
		 "7: (7b) *(u64 *)(r0 +0) = r1          ; refs=2\n"
		 "8: (b7) r0 = 0                        ; R0=0 refs=2\n"
		 "9: (95) exit\n"
		 "Unreleased reference id=2 alloc_insn=4\n"
		 "BPF_EXIT instruction in main prog would lead to reference leak\n"
		 "\nVerification failed: Resource Lifetime Safety: Unreleased resource\n"
		 "\nReason:\n"
		 "  Owned resource (id=2) was acquired at instruction 4 and still needs to be "
		 "released before\n  this exit path.\n"
		 "\nAt:\n"
		 "  insn 9\n"
		 "        | ^-- error: owned resource (id=2) still needs release\n"
		 "  Instruction context:\n"
		 "      7 | (7b) *(u64 *)(r0 +0) = r1\n"
		 "      8 | (b7) r0 = 0\n"
		 "  >>> 9 | (95) exit\n"
		 "\n%s"
		 "Suggestion:\n"
		 "  Release or transfer ownership of the acquired resource on every path before "
		 "the program exits.\n"
		 "\nprocessed 9 insns (limit 1000000) max_states_per_insn 0 total_states 1 "
		 "peak_states 1 mark_read 0\n", part);
}

static void check_report(const char *part, struct told *told)
{
	static char log[ROOM];
	struct subject s;

	subject_open(&s, "ring");
	ring_report(log, part);
	EXPECT_TRUE(verdict(&s, log, strlen(log), told));
	EXPECT_NULL(told->wrong) LOG("%s", told->wrong);
	EXPECT_HAS("ring.bpfasm:14:2: error: Owned resource (id=2) was acquired at instruction 4 "
		   "and still needs to be released before this exit path.\n", told->text);
	EXPECT_HAS("note: suggestion: Release or transfer ownership of the acquired resource on "
		   "every path before the program exits.\n", told->text);
	subject_close(&s);
}

TEST(report)
{
	static struct told told;

	check_report("", &told);
}

/* Another instruction than the one at fault is named below other headings. */
TEST(report_of_a_lock)
{
	static struct told told;

	check_report("Active lock:\n"
		     "  insn 3\n"
		     "        | ^-- acquired: active bpf_spin_lock has verifier identity 2\n"
		     "  Instruction context:\n"
		     "      2 | (b7) r2 = 16\n"
		     "  >>> 3 | (b7) r3 = 0\n\n", &told);
}

/* What happened on the way is said at its lines, without the instructions around it. */
TEST(report_with_a_path)
{
	static struct told told;

	check_report("Causal path:\n"
		     "  insn 4\n"
		     "        | ^-- acquired: owned resource (id=2)\n"
		     "  Instruction context:\n"
		     "      2 | (b7) r2 = 16\n"
		     "      3 | (b7) r3 = 0\n"
		     "  >>> 4 | (85) call bpf_ringbuf_reserve#131\n"
		     "      5 | (15) if r0 == 0x0 goto pc+2\n"
		     "      6 | (b7) r1 = 1\n"
		     "\n"
		     "  insn 5\n"
		     "        | ^-- branch: took the false branch of this conditional, goto not "
		     "followed\n"
		     "  Instruction context:\n"
		     "      3 | (b7) r3 = 0\n"
		     "      4 | (85) call bpf_ringbuf_reserve#131\n"
		     "  >>> 5 | (15) if r0 == 0x0 goto pc+2\n"
		     "      6 | (b7) r1 = 1\n"
		     "      7 | (7b) *(u64 *)(r0 +0) = r1\n\n", &told);
	EXPECT_HAS("ring.bpfasm:8:2: note: acquired: owned resource (id=2)\n", told.text);
	EXPECT_HAS("ring.bpfasm:9:2: note: branch: took the false branch", told.text);
	EXPECT_NULL(strstr(told.text, "Instruction context"));
	EXPECT_NULL(strstr(told.text, ">>>"));
}

/* ---- logs without a reason, and with an odd one ---- */

static void check_silent(const struct subject *s, const char *log)
{
	static struct told told;

	EXPECT_FALSE(verdict(s, log, strlen(log), &told)) LOG("%s", log);
	EXPECT_EQ(0, told.count) LOG("%s: %s", log, told.text);
}

TEST(no_reason)
{
	struct subject s;

	subject_open(&s, "null");
	check_silent(&s, "");
	check_silent(&s, "\n");
	check_silent(&s, "\n\n \n\t\n");
	check_silent(&s, "processed 7 insns (limit 1000000)\n");
	check_silent(&s, "0: R1=ctx() R10=fp0\n0: (b7) r1 = 0    ; R1=0\n");
	check_silent(&s, "0: (b7) r1 = 0\n R1=inv0 R10=fp0\n1: (95) exit\n");
	check_silent(&s, "from 3 to 6: safe\n7: safe\n");
	check_silent(&s, "verification time 12 usec\nstack depth 8\n");
	subject_close(&s);
}

/* An instruction that the program does not have stands for the program. */
TEST(no_such_instruction)
{
	static const char *const logs[] = {
		"unreachable insn 10\n", "unreachable insn 4294967295\n",
		"jump out of range from insn 99 to 98\n", "12: (95) exit\nR0 !read_ok\n",
	};
	static struct told told;
	struct subject s;

	subject_open(&s, "null");
	for (size_t i = 0; i < sizeof(logs) / sizeof(logs[0]); i++) {
		EXPECT_TRUE(verdict(&s, logs[i], strlen(logs[i]), &told)) LOG("%s", logs[i]);
		EXPECT_EQ(4, told.line[0]) LOG("%s: %s", logs[i], told.text);
		EXPECT_NULL(told.wrong) LOG("%s: %s", logs[i], told.wrong);
	}
	subject_close(&s);
}

/* What is told of a log of the program in null.bpfasm; it lives until the next call. */
static const struct told *told_of(const char *log)
{
	static struct told told;
	struct subject s;

	subject_open(&s, "null");
	EXPECT_TRUE(verdict(&s, log, strlen(log), &told));
	subject_close(&s);
	return &told;
}

/* What stands before the last instruction is no reason; what stands behind it is. */
TEST(only_what_is_last)
{
	EXPECT_STREQ("null.bpfasm:6:2: error: the reason\nnote: more of it\n",
		     told_of("a word about 0\n0: (b7) r1 = 0\nand one about 1\n"
			     "1: (63) *(u32 *)(r10 -4) = r1\nthe reason\nmore of it\n")->text);
}

/* A number past 32 bits names nothing. */
TEST(number_too_large)
{
	EXPECT_EQ(5, told_of("0: (b7) r1 = 0\nbad at insn 4294967298\n")->line[0]);
}

/* A terminal is not steered by what a log holds. */
TEST(control_bytes)
{
	const struct told *told = told_of("0: (b7) r1 = 0\n\033[2Jred\a R1 \177 bad\n");

	EXPECT_NULL(told->wrong) LOG("%s", told->wrong);
	EXPECT_HAS("?[2Jred? R1 ? bad", told->text);
}

/* Refused behind the verification, by a kernel that compiles nothing: riscv64 of Debian 13. */
TEST(not_compiled)
{
	const struct told *told =
		told_of("callbacks are not allowed in non-JITed programs\nprocessed 29 insns "
			"(limit 1000000) max_states_per_insn 0 total_states 3\n");

	EXPECT_HAS("error: callbacks are not allowed in non-JITed programs\n", told->text);
	EXPECT_HAS("sysctl net.core.bpf_jit_enable=1", told->text);
}

TEST(no_sink)
{
	const char log[] = "0: (95) exit\nR0 !read_ok\n";
	struct load_options opt = { .flags = 0 };
	struct subject s;

	subject_open(&s, "null");
	EXPECT_TRUE(load_verdict(s.obj, &s.prog, log, strlen(log), &opt));
	subject_close(&s);
}

/* ---- long ones ---- */

/* The text, again and again, then a reason: told in time that grows with the length. */
static void check_long(const char *text)
{
	enum { LONG = 8 << 20 };
	const char reason[] = "\n7: (79) r1 = *(u64 *)(r0 +0)\nR0 is bad\n";
	size_t len = strlen(text), at;
	static struct told told;
	struct subject s;
	char *log = malloc(LONG + sizeof(reason));

	ASSERT_NOT_NULL(log);
	for (at = 0; at + len <= LONG; at += len)
		memcpy(log + at, text, len);
	memcpy(log + at, reason, sizeof(reason));
	subject_open(&s, "null");
	EXPECT_TRUE(verdict(&s, log, at + strlen(reason), &told)) LOG("%.20s", text);
	EXPECT_EQ(11, told.line[0]) LOG("%.20s: %s", text, told.text);
	EXPECT_NULL(told.wrong) LOG("%.20s: %s", text, told.wrong);
	EXPECT_LE(told.count, 16);
	subject_close(&s);
	free(log);
}

TEST_TIMEOUT(long_logs, 60)
{
	static const char *const texts[] = {
		"\n", "R", "((((", "R1=((((", " R1=2 ", "frame1: ", "0: ", "insn ", "bad R7 R8\n",
		"4: (85) call bpf_x#1   ; R0=0 R1=(2 3) refs=2\n", "alloc_insn=", "9999999999",
		"from 1 to 2: R1=7 frame1: R2=8\n",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		check_long(texts[i]);
}

/* ---- damaged ones ---- */

enum { SAMPLES = 32, SAMPLE_ROOM = 4096, DAMAGED_ROOM = SAMPLE_ROOM + 4096 };

/* Of every kernel, with their programs; the fuzzer starts from these. */
struct samples {
	unsigned int count;
	struct {
		struct sample sample;
		struct subject about;
	} of[SAMPLES];
};

static void take_samples(struct samples *all, const char *version)
{
	char *text = read_samples(version);
	const char *rest = text;

	while (next_sample(&rest, &all->of[all->count].sample)) {
		struct sample *sample = &all->of[all->count].sample;

		ASSERT_LT(strlen(sample->log), SAMPLE_ROOM);
		subject_open(&all->of[all->count++].about, sample->name);
		ASSERT_LT(all->count, SAMPLES);
	}
	free(text);
}

/* The same numbers in every run. */
static uint32_t roll(uint64_t *dice, uint32_t below)
{
	*dice ^= *dice << 13;
	*dice ^= *dice >> 7;
	*dice ^= *dice << 17;
	return (uint32_t)(*dice >> 33) % below;
}

/* What the reader of logs looks for. */
static const char *const words[] = {
	"R", "r", "w", "frame", "insn ", "at insn ", "from insn ", "unreachable insn ", "=", "(",
	")", "[", "\n", ": ", "from ", " to ", "12", "4294967296", "Reason:\n", "At:\n  insn ",
	"Causal path:\n", "Suggestion:", "Verification failed:", "call", "alloc_insn=", ";",
	"(61) r1 = ", "frame9: R1=2", "frame7: R1=ctx() ", "R10=fp0", "R11=0", "processed ",
	"safe", "R99=1", "\nR3 !read_ok\n", "\t", "\r\n", " | ^-- error: ", ">>> 0 | ",
	"caller:\n",
};

struct bytes {
	size_t len;
	char at[DAMAGED_ROOM];
};

static void insert(struct bytes *b, size_t at, const char *word, size_t len)
{
	if (b->len + len > sizeof(b->at))
		return;
	memmove(b->at + at + len, b->at + at, b->len - at);
	memcpy(b->at + at, word, len);
	b->len += len;
}

static void cut(struct bytes *b, size_t at, size_t len)
{
	len = len < b->len - at ? len : b->len - at;
	memmove(b->at + at, b->at + at + len, b->len - at - len);
	b->len -= len;
}

static void damage(struct bytes *b, uint64_t *dice)
{
	const char *word = words[roll(dice, sizeof(words) / sizeof(words[0]))];
	size_t at = roll(dice, (uint32_t)b->len + 1);
	char byte = (char)roll(dice, 256);

	switch (roll(dice, 8)) {
	case 0:
		if (at < b->len)
			b->at[at] = byte;
		break;
	case 1:
		insert(b, at, &byte, 1);
		break;
	case 2:
		cut(b, at, roll(dice, 40));
		break;
	case 3:
		cut(b, at, roll(dice, 6) ? 1 : b->len);
		break;
	default:
		insert(b, at, word, strlen(word));
		break;
	}
}

/* A damaged sample, or a heap of words, or of bytes. */
static void make_log(struct bytes *b, const char *log, uint64_t *dice)
{
	uint32_t kind = roll(dice, 8), steps = roll(dice, 20);

	b->len = 0;
	if (kind < 5) {
		b->len = strlen(log);
		memcpy(b->at, log, b->len);
	} else if (kind < 7) {
		steps = 10 + roll(dice, 150);
	} else {
		steps = 0;
		b->len = roll(dice, 300);
		for (size_t i = 0; i < b->len; i++)
			b->at[i] = (char)roll(dice, 256);
	}
	while (steps-- > 0)
		damage(b, dice);
}

/* Bytes that end where the page does: one read too many is a fault. */
static char *fence(const struct bytes *b, char *end)
{
	return memcpy(end - b->len, b->at, b->len);
}

static void check_damaged(const struct subject *s, const char *log, size_t len)
{
	static struct told told;
	bool said = verdict(s, log, len, &told);

	ASSERT_NULL(told.wrong) LOG("%s, of %s: %.*s", told.wrong, s->file, (int)len, log);
	ASSERT_EQ(said, told.errors) LOG("of %s: %.*s", s->file, (int)len, log);
	if (!said)
		ASSERT_EQ(0, told.count) LOG("of %s: %.*s", s->file, (int)len, log);
}

TEST_TIMEOUT(damaged_logs, 120)
{
	static const char *const versions[] = {
		"5.10", "6.18", "6.18-registers", "7.2", "7.3",
	};
	uint64_t dice = 0x9e3779b97f4a7c15;
	size_t page = (size_t)sysconf(_SC_PAGESIZE), room = 4 * DAMAGED_ROOM;
	static struct samples all;
	static struct bytes b;
	char *map;

	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
		take_samples(&all, versions[i]);
	room = (room + page - 1) / page * page;
	map = mmap(NULL, room + page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_TRUE(map != MAP_FAILED);
	ASSERT_EQ(0, mprotect(map, room, PROT_READ | PROT_WRITE));
	for (unsigned int i = 0; i < t_rounds(100000); i++) {
		uint32_t which = roll(&dice, all.count);

		make_log(&b, all.of[which].sample.log, &dice);
		check_damaged(&all.of[which].about, fence(&b, map + room), b.len);
	}
	munmap(map, room + page);
	for (unsigned int i = 0; i < all.count; i++) {
		subject_close(&all.of[i].about);
		sample_free(&all.of[i].sample);
	}
}

TEST_MAIN
