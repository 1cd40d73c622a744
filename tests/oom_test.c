/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* oom_test.c - an assembly for which there is no memory. */
#include <sys/resource.h>

#include "../asm/asm.h"
#include "harness.h"
#include "made.h"

/* ---- no memory ---- */

#if defined(__SANITIZE_ADDRESS__)
enum { SANITIZED = true };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
enum { SANITIZED = true };
#else
enum { SANITIZED = false };
#endif
#else
enum { SANITIZED = false };
#endif

/* Bytes of address space in use. */
static size_t address_space(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	unsigned long pages = 0;

	if (f && fscanf(f, "%lu", &pages) != 1)
		pages = 0;
	if (f)
		fclose(f);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* Labels, calls, wide loads: all that a text can make the assembler allocate in quantity. */
static char *large_text(size_t lines)
{
	size_t room = lines * 96 + 4096, used;
	char *text = malloc(room);

	ASSERT_NOT_NULL(text);
	used = (size_t)snprintf(text, room, ".prog p \"socket\"\n");
	for (size_t i = 0; i < lines; i++)
		used += (size_t)snprintf(text + used, room - used,
					 "l%zu: r1 = %zu ll; if r1 == 0 goto l%zu; call f%zu\n",
					 i, i, i, i % 100);
	for (size_t i = 0; i < 100; i++)
		used += (size_t)snprintf(text + used, room - used, "\n.func f%zu\nexit", i);
	ASSERT_LT(used, room);
	return text;
}

enum outcome { OUTCOME_DONE, OUTCOME_NO_MEMORY, OUTCOME_WRONG, OUTCOMES };

static enum outcome starved_assemble(const struct asm_object *ready, const char *text)
{
	struct asm_options opt = { .sink = made_sink };
	struct asm_object *obj;
	static struct made made;

	(void)ready;
	opt.sink_arg = &made;
	obj = asm_assemble("text", text, strlen(text), &opt);
	if (!obj)
		return made.errors == 1 && strstr(made.said, strerror(ENOMEM)) ?
		       OUTCOME_NO_MEMORY : OUTCOME_WRONG;
	asm_free(obj);
	return made.errors ? OUTCOME_WRONG : OUTCOME_DONE;
}

static enum outcome starved_link(const struct asm_object *ready, const char *text)
{
	struct asm_program prog;
	int ret = asm_link(ready, asm_object_program(ready, NULL), &prog);

	(void)text;
	if (!ret)
		asm_program_free(&prog);
	return !ret ? OUTCOME_DONE : ret == -ENOMEM ? OUTCOME_NO_MEMORY : OUTCOME_WRONG;
}

/* How it ends in a process that may have so many bytes more than it has now. */
static enum outcome starve(enum outcome (*act)(const struct asm_object *, const char *),
			   const struct asm_object *ready, const char *text, size_t more)
{
	struct rlimit limit = { .rlim_cur = address_space() + more, .rlim_max = RLIM_INFINITY };
	int status = 0;
	pid_t pid;

	pid = fork();
	if (!pid) {
		setrlimit(RLIMIT_AS, &limit);
		_exit((int)act(ready, text));
	}
	ASSERT_GT(pid, 0);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFEXITED(status)) LOG("%zu bytes: status %#x", more, (unsigned int)status);
	return WIFEXITED(status) && WEXITSTATUS(status) < OUTCOMES ?
	       (enum outcome)WEXITSTATUS(status) : OUTCOME_WRONG;
}

/* From nothing in steps until it has enough, and a bit beyond. */
static void expect_starved(enum outcome (*act)(const struct asm_object *, const char *),
			   const struct asm_object *ready, const char *text, size_t step)
{
	unsigned int seen[OUTCOMES] = { 0 };
	enum outcome outcome;

	step *= 4 / t_rounds(4);
	for (size_t more = 0; seen[OUTCOME_DONE] < 10 && more < (64u << 20); more += step) {
		outcome = starve(act, ready, text, more);
		EXPECT_NE(OUTCOME_WRONG, outcome) LOG("%zu bytes", more);
		seen[outcome]++;
	}
	EXPECT_GT(seen[OUTCOME_NO_MEMORY], 5);
	EXPECT_EQ(10, seen[OUTCOME_DONE]);
}

TEST(memory_runs_out)
{
	struct made made;
	char *text;

	REQUIRE(!SANITIZED, "the address sanitizer needs its address space");
	REQUIRE(address_space(), "/proc is not mounted");
	text = large_text(20000);
	expect_starved(starved_assemble, NULL, text, 192u << 10);
	make_clean(&made, text);
	expect_starved(starved_link, made.obj, text, 32u << 10);
	unmake(&made);
	free(text);
}

TEST_MAIN
