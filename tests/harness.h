/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * harness.h - the test harness: a process per test, TAP on stdout.
 *
 *	TEST(name) { ... }
 *
 *	FIXTURE(f) { int fd; };
 *	FIXTURE_SETUP(f) { self->fd = open(...); ASSERT_OK(self->fd); }
 *	FIXTURE_TEARDOWN(f) { close(self->fd); }
 *	TEST_F(f, name) { EXPECT_EQ(0, self->fd) LOG("why"); }
 *
 *	FIXTURE_VARIANT(f) { int type; };		before FIXTURE_SETUP; each TEST_F
 *	FIXTURE_VARIANT_ADD(f, hash) { .type = 1 };	then runs once a variant, as `variant`
 *
 *	TEST_MAIN
 *
 * The expected value comes first. EXPECT_ notes a failure and goes on, ASSERT_ ends the test;
 * either takes a block or LOG() for what should be said when it fails. Teardown runs, after ASSERT_
 * too, whenever setup came through. A test has 30 seconds; TEST_TIMEOUT and TEST_F_TIMEOUT name
 * another number; TEST_PATIENCE in the environment, of a machine that is emulated say, multiplies
 * them, and divides the n of t_rounds(n), for what a test does again and again. What a test prints
 * shows when it fails, or with -v. What it leaves running is killed.
 *
 * SKIP(return, "why") ends a test as skipped, as do REQUIRE(condition, "why") and
 * REQUIRE_CAP(CAP_BPF) where they do not hold; in setup they skip the tests of the fixture.
 *
 * Exit status: 0 all passed or skipped, 1 a failure, 4 all skipped, 2 usage.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include <errno.h>
#include <fnmatch.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum t_result { T_PASS = 0, T_FAIL = 1, T_USAGE = 2, T_SKIP = 4 };

enum t_stage { T_SETUP, T_BODY, T_TEARDOWN };

enum { T_SECONDS = 30 };

struct t_variant {
	const char *name;
	const void *data;
	struct t_variant *next;
};

struct t_fixture {
	const char *name;
	struct t_variant *variants;
};

struct t_case {
	const char *name, *file;
	int line, seconds;
	struct t_fixture *fixture;	/* NULL: a plain test */
	void (*run)(enum t_stage stage, const void *variant);
	struct t_case *next;
};

/* What a test tells the harness: shared memory, so that the processes it forks can tell too. */
struct t_shared {
	int failures;
	bool done;		/* came to its end, rather than calling exit() on the way */
	char skip[256];
};

struct t_options {
	const char *glob;
	bool list, verbose, stay;
};

struct t_tally {
	int number, passed, failed, skipped;
};

static struct t_case *t_cases;
static struct t_shared *t_sh;
static jmp_buf t_end;

/* In the order of the source, whichever way round the toolchain runs constructors. */
static inline void t_register(struct t_case *c)
{
	struct t_case **p = &t_cases;

	while (*p && (strcmp((*p)->file, c->file) < 0 ||
		      (!strcmp((*p)->file, c->file) && (*p)->line < c->line)))
		p = &(*p)->next;
	c->next = *p;
	*p = c;
}

static inline void t_register_variant(struct t_fixture *f, struct t_variant *v)
{
	struct t_variant **p = &f->variants;

	while (*p)
		p = &(*p)->next;
	*p = v;
}

/* ---- checks: each says what is wrong, if anything, and returns whether it held ---- */

__attribute__((format(printf, 3, 4)))
static inline void t_log(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s:%d: ", file, line);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

/* op is one of == != < <= > >= */
static inline bool t_int(const char *file, int line, const char *ename, long long e,
			 const char *op, const char *sname, long long s)
{
	bool eq = op[1] == '=', ok;

	switch (op[0]) {
	case '=': ok = e == s; break;
	case '!': ok = e != s; break;
	case '<': ok = e < s || (eq && e == s); break;
	default:  ok = e > s || (eq && e == s); break;
	}
	if (!ok)
		t_log(file, line, "expected %s %s %s, but it is %lld (%#llx) and %lld (%#llx)",
		      ename, op, sname, e, (unsigned long long)e, s, (unsigned long long)s);
	return ok;
}

static inline bool t_is(const char *file, int line, bool want, const char *name, bool value)
{
	if (value != want)
		t_log(file, line, "expected %s to be %s", name, want ? "true" : "false");
	return value == want;
}

static inline bool t_null(const char *file, int line, bool want, const char *name, const void *p)
{
	if (!p != want)
		t_log(file, line, "expected %s to be %sNULL, got %p", name, want ? "" : "not ", p);
	return !p == want;
}

static inline const char *t_error_name(long long error)
{
#define T_ERROR(name) { name, #name }
	static const struct { int number; const char *name; } errors[] = {
		T_ERROR(EPERM), T_ERROR(ENOENT), T_ERROR(ESRCH), T_ERROR(EINTR), T_ERROR(EIO),
		T_ERROR(ENXIO), T_ERROR(E2BIG), T_ERROR(EBADF), T_ERROR(ECHILD), T_ERROR(EAGAIN),
		T_ERROR(ENOMEM), T_ERROR(EACCES), T_ERROR(EFAULT), T_ERROR(EBUSY), T_ERROR(EEXIST),
		T_ERROR(EXDEV), T_ERROR(ENODEV), T_ERROR(ENOTDIR), T_ERROR(EISDIR), T_ERROR(EINVAL),
		T_ERROR(ENFILE), T_ERROR(EMFILE), T_ERROR(EFBIG), T_ERROR(ENOSPC), T_ERROR(ESPIPE),
		T_ERROR(EROFS), T_ERROR(EPIPE), T_ERROR(EDOM), T_ERROR(ERANGE), T_ERROR(EDEADLK),
		T_ERROR(ENAMETOOLONG), T_ERROR(ENOSYS), T_ERROR(ELOOP), T_ERROR(ENODATA),
		T_ERROR(EPROTO), T_ERROR(EBADMSG), T_ERROR(EOVERFLOW), T_ERROR(EILSEQ),
		T_ERROR(EMSGSIZE), T_ERROR(EOPNOTSUPP), T_ERROR(ENOBUFS), T_ERROR(ETIMEDOUT),
		T_ERROR(EALREADY), T_ERROR(ESTALE), T_ERROR(ECANCELED),
		{ 524, "ENOTSUPP" },	/* the kernel's own; libc has no name for it */
	};
#undef T_ERROR

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (errors[i].number == error)
			return errors[i].name;
	}
	return NULL;
}

/* "-EINVAL" for -22, "7" for 7 */
static inline void t_error_text(long long value, char out[32])
{
	const char *name = value < 0 ? t_error_name(-value) : NULL;

	if (name)
		snprintf(out, 32, "-%s", name);
	else
		snprintf(out, 32, "%lld", value);
}

static inline bool t_err(const char *file, int line, long long e, const char *sname, long long s)
{
	char etext[32], stext[32];

	t_error_text(e, etext);
	t_error_text(s, stext);
	if (e != s)
		t_log(file, line, "expected %s from %s, got %s", etext, sname, stext);
	return e == s;
}

static inline bool t_ok(const char *file, int line, const char *sname, long long s)
{
	char stext[32];

	t_error_text(s, stext);
	if (s < 0)
		t_log(file, line, "expected no error from %s, got %s", sname, stext);
	return s >= 0;
}

static inline bool t_str(const char *file, int line, bool want, const char *e, const char *s)
{
	bool ok = (e && s ? !strcmp(e, s) : e == s) == want;

	if (!ok)
		t_log(file, line, "expected %s\"%s\", got \"%s\"", want ? "" : "not ",
		      e ? e : "(null)", s ? s : "(null)");
	return ok;
}

static inline bool t_has(const char *file, int line, const char *part, const char *s)
{
	bool ok = s && strstr(s, part);

	if (!ok)
		t_log(file, line, "expected \"%s\" in \"%s\"", part, s ? s : "(null)");
	return ok;
}

static inline bool t_mem(const char *file, int line, const void *e, const void *s, size_t n)
{
	const unsigned char *a = e, *b = s;
	size_t i;

	for (i = 0; i < n && a[i] == b[i]; i++)
		;
	if (i < n)
		t_log(file, line, "byte %zu of %zu: expected %02x, got %02x", i, n, a[i], b[i]);
	return i == n;
}

/* Always false, to end the loop in T_CHECK. */
static inline bool t_failed(bool fatal)
{
	__atomic_add_fetch(&t_sh->failures, 1, __ATOMIC_RELAXED);
	if (fatal)
		longjmp(t_end, 1);
	return false;
}

/* One statement, so that it stands where any statement may, and a block may follow it. */
#define T_CHECK(ok, fatal) for (bool t_bad = !(ok); t_bad; t_bad = t_failed(fatal))
#define T_AT __FILE__, __LINE__
#define T_INT(e, ename, op, s, sname, fatal) \
	T_CHECK(t_int(T_AT, ename, (long long)(e), #op, sname, (long long)(s)), fatal)

#define EXPECT_EQ(e, s)		T_INT(e, #e, ==, s, #s, false)
#define EXPECT_NE(e, s)		T_INT(e, #e, !=, s, #s, false)
#define EXPECT_LT(e, s)		T_INT(e, #e, <, s, #s, false)
#define EXPECT_LE(e, s)		T_INT(e, #e, <=, s, #s, false)
#define EXPECT_GT(e, s)		T_INT(e, #e, >, s, #s, false)
#define EXPECT_GE(e, s)		T_INT(e, #e, >=, s, #s, false)
#define EXPECT_TRUE(s)		T_CHECK(t_is(T_AT, true, #s, s), false)
#define EXPECT_FALSE(s)		T_CHECK(t_is(T_AT, false, #s, s), false)
#define EXPECT_NULL(s)		T_CHECK(t_null(T_AT, true, #s, s), false)
#define EXPECT_NOT_NULL(s)	T_CHECK(t_null(T_AT, false, #s, s), false)
#define EXPECT_STREQ(e, s)	T_CHECK(t_str(T_AT, true, e, s), false)
#define EXPECT_STRNE(e, s)	T_CHECK(t_str(T_AT, false, e, s), false)
#define EXPECT_HAS(part, s)	T_CHECK(t_has(T_AT, part, s), false)
#define EXPECT_MEMEQ(e, s, n)	T_CHECK(t_mem(T_AT, e, s, n), false)
#define EXPECT_ERR(e, s)	T_CHECK(t_err(T_AT, e, #s, s), false)	/* (-EINVAL, call) */
#define EXPECT_OK(s)		T_CHECK(t_ok(T_AT, #s, s), false)	/* not -errno */

#define ASSERT_EQ(e, s)		T_INT(e, #e, ==, s, #s, true)
#define ASSERT_NE(e, s)		T_INT(e, #e, !=, s, #s, true)
#define ASSERT_LT(e, s)		T_INT(e, #e, <, s, #s, true)
#define ASSERT_LE(e, s)		T_INT(e, #e, <=, s, #s, true)
#define ASSERT_GT(e, s)		T_INT(e, #e, >, s, #s, true)
#define ASSERT_GE(e, s)		T_INT(e, #e, >=, s, #s, true)
#define ASSERT_TRUE(s)		T_CHECK(t_is(T_AT, true, #s, s), true)
#define ASSERT_FALSE(s)		T_CHECK(t_is(T_AT, false, #s, s), true)
#define ASSERT_NULL(s)		T_CHECK(t_null(T_AT, true, #s, s), true)
#define ASSERT_NOT_NULL(s)	T_CHECK(t_null(T_AT, false, #s, s), true)
#define ASSERT_STREQ(e, s)	T_CHECK(t_str(T_AT, true, e, s), true)
#define ASSERT_STRNE(e, s)	T_CHECK(t_str(T_AT, false, e, s), true)
#define ASSERT_HAS(part, s)	T_CHECK(t_has(T_AT, part, s), true)
#define ASSERT_MEMEQ(e, s, n)	T_CHECK(t_mem(T_AT, e, s, n), true)
#define ASSERT_ERR(e, s)	T_CHECK(t_err(T_AT, e, #s, s), true)
#define ASSERT_OK(s)		T_CHECK(t_ok(T_AT, #s, s), true)

#define LOG(...) t_log(T_AT, __VA_ARGS__)

/* ---- what a test needs ---- */

#define SKIP(stmt, ...) do { \
	snprintf(t_sh->skip, sizeof(t_sh->skip), __VA_ARGS__); \
	stmt; \
} while (0)

#define REQUIRE(condition, ...) do { \
	if (!(condition)) \
		SKIP(return, __VA_ARGS__); \
} while (0)

enum {
	T_CAP_NET_ADMIN = 12, T_CAP_SYS_ADMIN = 21, T_CAP_SYS_RESOURCE = 24, T_CAP_PERFMON = 38,
	T_CAP_BPF = 39,
};

static inline unsigned long long t_caps(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	unsigned long long caps = 0;
	char line[256];

	while (f && fgets(line, sizeof(line), f)) {
		if (!strncmp(line, "CapEff:", 7))
			caps = strtoull(line + 7, NULL, 16);
	}
	if (f)
		fclose(f);
	return caps;
}

/* CAP_SYS_ADMIN stands in for the ones that were split off it. */
static inline bool t_has_cap(int cap)
{
	bool split = cap == T_CAP_BPF || cap == T_CAP_PERFMON;

	return (t_caps() >> cap & 1) || (split && (t_caps() >> T_CAP_SYS_ADMIN & 1));
}

#define REQUIRE_CAP(cap) REQUIRE(t_has_cap(T_##cap), "needs " #cap)

/* ---- definitions ---- */

#define T_DEFINE(id, fix, tname, secs) \
	__attribute__((constructor)) static void id##_register(void) \
	{ \
		static struct t_case c = { .name = tname, .file = __FILE__, .line = __LINE__, \
			.seconds = secs, .fixture = fix, .run = id##_run }; \
		t_register(&c); \
	}

#define TEST_TIMEOUT(tname, secs) \
	static void tname##_body(void); \
	static void tname##_run(enum t_stage stage, __attribute__((unused)) const void *v) \
	{ \
		if (stage == T_BODY) \
			tname##_body(); \
	} \
	T_DEFINE(tname, NULL, #tname, secs) \
	static void tname##_body(void)
#define TEST(tname) TEST_TIMEOUT(tname, T_SECONDS)

#define FIXTURE_VARIANT(f) struct f##_variant
#define FIXTURE(f) \
	FIXTURE_VARIANT(f); \
	static struct t_fixture f##_fixture = { .name = #f }; \
	struct f##_self
#define T_FIXTURE_ARGS(f) \
	__attribute__((unused)) struct f##_self *self, \
	__attribute__((unused)) const FIXTURE_VARIANT(f) *variant
#define FIXTURE_SETUP(f)	static void f##_setup(T_FIXTURE_ARGS(f))
#define FIXTURE_TEARDOWN(f)	static void f##_teardown(T_FIXTURE_ARGS(f))
#define FIXTURE_VARIANT_ADD(f, v) \
	static const FIXTURE_VARIANT(f) f##_##v##_data; \
	__attribute__((constructor)) static void f##_##v##_register(void) \
	{ \
		static struct t_variant tv = { .name = #v, .data = &f##_##v##_data }; \
		t_register_variant(&f##_fixture, &tv); \
	} \
	static const FIXTURE_VARIANT(f) f##_##v##_data =

#define TEST_F_TIMEOUT(f, tname, secs) \
	static void f##_##tname##_body(T_FIXTURE_ARGS(f)); \
	static void f##_##tname##_run(enum t_stage stage, const void *v) \
	{ \
		static struct f##_self self; \
		if (stage == T_SETUP) { \
			memset(&self, 0, sizeof(self)); \
			f##_setup(&self, v); \
		} else if (stage == T_BODY) { \
			f##_##tname##_body(&self, v); \
		} else { \
			f##_teardown(&self, v); \
		} \
	} \
	T_DEFINE(f##_##tname, &f##_fixture, #tname, secs) \
	static void f##_##tname##_body(T_FIXTURE_ARGS(f))
#define TEST_F(f, tname) TEST_F_TIMEOUT(f, tname, T_SECONDS)

/* ---- running one test ---- */

/* Whether the test is still neither failed nor skipped; ASSERT_ comes back here. */
static inline bool t_stage(const struct t_case *c, enum t_stage stage, const void *variant)
{
	if (!setjmp(t_end))
		c->run(stage, variant);
	return !t_sh->failures && !t_sh->skip[0];
}

static inline enum t_result t_perform(const struct t_case *c, const void *variant)
{
	if (t_stage(c, T_SETUP, variant)) {
		t_stage(c, T_BODY, variant);
		t_stage(c, T_TEARDOWN, variant);
	}
	t_sh->done = true;
	return t_sh->failures ? T_FAIL : t_sh->skip[0] ? T_SKIP : T_PASS;
}

/* exit(), not _exit(): leak checkers and profilers work at exit. */
__attribute__((noreturn))
static inline void t_child(const struct t_case *c, const void *variant, FILE *log,
			   const sigset_t *signals)
{
	setpgid(0, 0);
	sigprocmask(SIG_SETMASK, signals, NULL);
	dup2(fileno(log), STDOUT_FILENO);
	dup2(fileno(log), STDERR_FILENO);
	exit((int)t_perform(c, variant));
}

/* False when the time is up. The child stays a zombie, so its process group keeps its number. */
static inline bool t_wait(pid_t pid, int seconds)
{
	struct timespec left = { .tv_sec = seconds };
	siginfo_t info;
	sigset_t chld;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	for (;;) {
		memset(&info, 0, sizeof(info));
		if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) || info.si_pid)
			return true;
		if (sigtimedwait(&chld, NULL, &left) < 0 && errno == EAGAIN)
			return false;
	}
}

/* How many times slower than others this machine may be. */
static inline int t_patience(void)
{
	const char *times = getenv("TEST_PATIENCE");

	return times && atoi(times) > 1 ? atoi(times) : 1;
}

/* Of n rounds, as many as this machine has the time for: one at least. */
static inline unsigned int t_rounds(unsigned int n)
{
	unsigned int some = n / (unsigned int)t_patience();

	return some ? some : 1;
}

/* The child's verdict; why gets a TAP directive where it could not give one itself. */
static inline enum t_result t_verdict(pid_t pid, int seconds, char why[64])
{
	bool late = !t_wait(pid, seconds * t_patience());
	int status = 0;

	kill(-pid, SIGKILL);
	waitpid(pid, &status, 0);
	if (late)
		snprintf(why, 64, " # TIMEOUT %d seconds", seconds);
	else if (WIFSIGNALED(status))
		snprintf(why, 64, " # ERROR signal %d", WTERMSIG(status));
	else if (!t_sh->done)
		snprintf(why, 64, " # ERROR exit %d before the end", WEXITSTATUS(status));
	else if (t_sh->failures)
		return T_FAIL;
	else if (WEXITSTATUS(status) != (t_sh->skip[0] ? T_SKIP : T_PASS))
		snprintf(why, 64, " # ERROR exit %d at the end", WEXITSTATUS(status));
	else
		return t_sh->skip[0] ? T_SKIP : T_PASS;
	return T_FAIL;
}

static inline enum t_result t_fork(const struct t_case *c, const void *variant, FILE *log,
				   char why[64])
{
	sigset_t chld, before;
	enum t_result result;
	pid_t pid;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, &before);
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		t_child(c, variant, log, &before);
	if (pid < 0) {
		snprintf(why, 64, " # ERROR fork: errno %d", errno);
		result = T_FAIL;
	} else {
		setpgid(pid, pid);	/* here too, or kill() could come too early */
		result = t_verdict(pid, c->seconds, why);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	return result;
}

/* ---- running all ---- */

static inline void t_replay(FILE *log)
{
	char line[1024];

	rewind(log);
	while (fgets(line, sizeof(line), log))
		printf("#   %s%s", line, strchr(line, '\n') ? "" : "\n");
}

static inline void t_report(struct t_tally *tally, enum t_result result, const char *name,
			    const char *why)
{
	tally->number++;
	*(result == T_PASS ? &tally->passed :
	  result == T_SKIP ? &tally->skipped : &tally->failed) += 1;
	printf("%sok %d - %s%s%s\n", result == T_FAIL ? "not " : "", tally->number, name,
	       result == T_SKIP ? " # SKIP " : why, result == T_SKIP ? t_sh->skip : "");
}

static inline void t_one(const struct t_options *opt, struct t_tally *tally,
			 const struct t_case *c, const void *variant, const char *name)
{
	FILE *log = opt->stay ? NULL : tmpfile();
	enum t_result result = T_FAIL;
	char why[64] = "";

	memset(t_sh, 0, sizeof(*t_sh));
	if (opt->stay)
		result = t_perform(c, variant);
	else if (log)
		result = t_fork(c, variant, log, why);
	else
		snprintf(why, sizeof(why), " # ERROR no file for its output: errno %d", errno);
	t_report(tally, result, name, why);
	if (log && (result == T_FAIL || opt->verbose))
		t_replay(log);
	if (log)
		fclose(log);
}

/* tally NULL: only list, or with opt NULL count, what the glob takes. */
static inline int t_walk(const struct t_options *opt, struct t_tally *tally, const char *glob)
{
	static struct t_variant none = { .name = "" };
	int count = 0;

	for (struct t_case *c = t_cases; c; c = c->next) {
		const char *fixture = c->fixture ? c->fixture->name : "";
		struct t_variant *v = c->fixture ? c->fixture->variants : NULL;

		for (v = v ? v : &none; v; v = v->next) {
			char name[256];

			snprintf(name, sizeof(name), "%s%s%s%s%s", fixture, fixture[0] ? "." : "",
				 v->name, v->name[0] ? "." : "", c->name);
			if (fnmatch(glob, name, 0))
				continue;
			count++;
			if (tally)
				t_one(opt, tally, c, v->data, name);
			else if (opt)
				puts(name);
		}
	}
	return count;
}

static inline bool t_parse(struct t_options *opt, int argc, char *argv[])
{
	int c;

	optind = 1;
	while ((c = getopt(argc, argv, "lnt:v")) != -1) {
		switch (c) {
		case 'l': opt->list = true; break;
		case 'n': opt->stay = true; break;
		case 't': opt->glob = optarg; break;
		case 'v': opt->verbose = true; break;
		default: return false;
		}
	}
	return optind == argc;
}

static inline int t_main(int argc, char *argv[])
{
	struct t_options opt = { .glob = "*" };
	struct t_tally tally = { 0 };

	if (!t_parse(&opt, argc, argv) || t_walk(NULL, NULL, opt.glob) == 0) {
		fprintf(stderr, "usage: %s [-lnv] [-t GLOB]\n"
			"  -l  list the tests\n  -n  run in this process, for a debugger\n"
			"  -t  only [FIXTURE.[VARIANT.]]TEST that match\n"
			"  -v  show what tests print\n", argv[0]);
		return T_USAGE;
	}
	if (opt.list)
		return t_walk(&opt, NULL, opt.glob) > 0 ? T_PASS : T_FAIL;
	t_sh = mmap(NULL, sizeof(*t_sh), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (t_sh == MAP_FAILED)
		return T_FAIL;
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("TAP version 13\n1..%d\n", t_walk(NULL, NULL, opt.glob));
	t_walk(&opt, &tally, opt.glob);
	printf("# %d passed, %d failed, %d skipped\n", tally.passed, tally.failed, tally.skipped);
	munmap(t_sh, sizeof(*t_sh));
	return tally.failed ? T_FAIL : tally.skipped == tally.number ? T_SKIP : T_PASS;
}

#define TEST_MAIN int main(int argc, char *argv[]) { return t_main(argc, argv); }

#endif
