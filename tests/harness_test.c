/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * harness_test.c - the harness, tested by itself.
 *
 * The tests named sample_* are what the harness is tested on: main() takes them off the list, and
 * the real tests run them in a harness of their own and look at its output and exit status.
 */
#include "harness.h"

static struct t_case *samples;

/* ---- samples ---- */

TEST(sample_pass)
{
	EXPECT_EQ(2, 1 + 1);
	EXPECT_NE(1, 2);
	EXPECT_LT(1, 2);
	EXPECT_LE(2, 2);
	EXPECT_GT(2, 1);
	EXPECT_GE(2, 2);
	EXPECT_TRUE(samples);
	EXPECT_FALSE(0);
	EXPECT_NULL(NULL);
	EXPECT_NOT_NULL("");
	EXPECT_STREQ("a", "a");
	EXPECT_STRNE("a", "b");
	EXPECT_HAS("b", "abc");
	EXPECT_MEMEQ("abc", "abd", 2);
	EXPECT_ERR(-EINVAL, -EINVAL);
	EXPECT_OK(3);
}

/* Every check, failing: one line of the log for each. */
TEST(sample_fail_all)
{
	EXPECT_EQ(2, 1 + 2);
	EXPECT_NE(2, 2);
	EXPECT_LT(2, 2);
	EXPECT_LE(3, 2);
	EXPECT_GT(2, 2);
	EXPECT_GE(1, 2);
	EXPECT_TRUE(1 > 2);
	EXPECT_FALSE(1 < 2);
	EXPECT_NULL("");
	EXPECT_NOT_NULL(NULL);
	EXPECT_STREQ("a", NULL);
	EXPECT_STRNE("a", "a");
	EXPECT_HAS("x", "abc");
	EXPECT_MEMEQ("abc", "abd", 3);
	EXPECT_ERR(-EINVAL, -EPERM);
	EXPECT_OK(-ENOENT);
	puts("came to its end");
}

TEST(sample_fail_branches)
{
	if (samples)
		EXPECT_EQ(1, 2) LOG("taken");
	else
		EXPECT_EQ(3, 4) LOG("not taken");
}

TEST(sample_assert)
{
	ASSERT_EQ(1, 2);
	puts("went on");
}

TEST(sample_crash)
{
	signal(SIGSEGV, SIG_DFL);	/* a sanitizer may hold it */
	raise(SIGSEGV);
}

TEST_TIMEOUT(sample_timeout, 1)
{
	pause();
}

TEST(sample_skip)
{
	REQUIRE(samples, "not reached");
	REQUIRE(!samples, "no %s here", "luck");
	puts("went on");
}

TEST(sample_skip_after_failure)
{
	EXPECT_EQ(1, 2);
	SKIP(return, "too late");
}

/* Both leave a process behind, which holds open what they were given. */
TEST(sample_straggler)
{
	if (fork() == 0) {
		for (;;)
			pause();
	}
}

TEST_TIMEOUT(sample_straggler_late, 1)
{
	if (fork() == 0) {
		for (;;)
			pause();
	}
	pause();
}

TEST(sample_exit_0_failed)
{
	EXPECT_EQ(1, 2);
	exit(0);
}

TEST(sample_exit_0_early)
{
	exit(0);
}

TEST(sample_failure_in_child)
{
	int status;

	if (fork() == 0) {
		EXPECT_EQ(1, 2);
		_exit(0);
	}
	wait(&status);
}

static void leave_badly(void)
{
	_exit(7);
}

TEST(sample_exit_7_after_end)
{
	atexit(leave_badly);
}

TEST(sample_signals_unblocked)
{
	sigset_t now;

	sigprocmask(SIG_SETMASK, NULL, &now);
	EXPECT_FALSE(sigismember(&now, SIGCHLD));
}

#ifdef __SANITIZE_ADDRESS__
TEST(sample_leak)
{
	void *volatile p = malloc(100);

	EXPECT_NOT_NULL(p);
	p = NULL;
}
#endif

FIXTURE(sample_fix) { int value; };
FIXTURE_VARIANT(sample_fix) { int start; };
FIXTURE_VARIANT_ADD(sample_fix, one) { .start = 1 };
FIXTURE_VARIANT_ADD(sample_fix, two) { .start = 2 };
FIXTURE_SETUP(sample_fix)
{
	EXPECT_EQ(0, self->value);
	self->value = variant->start;
}

FIXTURE_TEARDOWN(sample_fix)
{
	printf("torn down %d\n", self->value);
}

TEST_F(sample_fix, value)
{
	EXPECT_EQ(variant->start, self->value);
	EXPECT_EQ(1, self->value++);
}

TEST_F(sample_fix, assert)
{
	ASSERT_EQ(0, self->value);
	puts("went on");
}

FIXTURE(sample_broken) { int unused; };
FIXTURE_SETUP(sample_broken)
{
	ASSERT_ERR(0, -ENODEV);
}

FIXTURE_TEARDOWN(sample_broken)
{
	puts("torn down");
}

TEST_F(sample_broken, body)
{
	puts("went on");
}

/* ---- the tests ---- */

FIXTURE(harness) {
	char out[8192];
	int status;
};

FIXTURE_SETUP(harness)
{
	self->status = -1;
}

FIXTURE_TEARDOWN(harness)
{
	LOG("exit status %d of a harness that printed:\n%s", self->status, self->out);
}

/* Run the samples with these options; output and exit status go to self. */
static void run(struct harness_self *self, const char *options, const char *glob)
{
	char name[] = "samples", opts[8], pattern[64];
	char *argv[] = { name, opts, pattern, NULL };
	FILE *out = tmpfile();
	int status = 0;
	pid_t pid;

	ASSERT_NOT_NULL(out);
	snprintf(opts, sizeof(opts), "-%st", options);
	snprintf(pattern, sizeof(pattern), "%s", glob);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		dup2(fileno(out), STDOUT_FILENO);
		dup2(fileno(out), STDERR_FILENO);
		t_cases = samples;
		exit(t_main(3, argv));
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	self->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	rewind(out);
	self->out[fread(self->out, 1, sizeof(self->out) - 1, out)] = '\0';
	fclose(out);
}

static int count(const char *s, const char *part)
{
	int n = 0;

	for (; (s = strstr(s, part)); s++)
		n++;
	return n;
}

TEST_F(harness, pass)
{
	run(self, "", "sample_pass");
	EXPECT_EQ(0, self->status);
	EXPECT_STREQ("TAP version 13\n1..1\nok 1 - sample_pass\n"
		     "# 1 passed, 0 failed, 0 skipped\n", self->out);
}

TEST_F(harness, each_check_can_fail)
{
	run(self, "", "sample_fail_all");
	EXPECT_EQ(1, self->status);
	EXPECT_HAS("\nnot ok 1 - sample_fail_all\n#   ", self->out);
	EXPECT_EQ(16, count(self->out, "expected"));
	EXPECT_HAS("expected 2 == 1 + 2, but it is 2 (0x2) and 3 (0x3)\n", self->out);
	EXPECT_HAS("expected -EINVAL from -EPERM, got -EPERM\n", self->out);
	EXPECT_HAS("expected no error from -ENOENT, got -ENOENT\n", self->out);
	EXPECT_HAS("byte 2 of 3: expected 63, got 64\n", self->out);
	EXPECT_HAS("came to its end\n", self->out);
	EXPECT_HAS("\n# 0 passed, 1 failed, 0 skipped\n", self->out);
}

TEST_F(harness, checks_are_statements)
{
	run(self, "", "sample_fail_branches");
	EXPECT_EQ(1, self->status);
	EXPECT_HAS(": taken\n", self->out);
	EXPECT_EQ(0, count(self->out, "not taken"));
}

TEST_F(harness, assert_ends_the_test)
{
	run(self, "", "sample_assert");
	EXPECT_EQ(1, self->status);
	EXPECT_HAS("\nnot ok 1 - sample_assert\n", self->out);
	EXPECT_EQ(0, count(self->out, "went on"));
}

TEST_F(harness, crash)
{
	run(self, "", "sample_crash");
	EXPECT_EQ(1, self->status);
	EXPECT_HAS("\nnot ok 1 - sample_crash # ERROR signal 11\n", self->out);
}

TEST_F(harness, timeout)
{
	run(self, "", "sample_timeout");
	EXPECT_EQ(1, self->status);
	EXPECT_HAS("\nnot ok 1 - sample_timeout # TIMEOUT 1 seconds\n", self->out);
}

TEST_F(harness, skip)
{
	run(self, "", "sample_skip");
	EXPECT_EQ(4, self->status);
	EXPECT_HAS("\nok 1 - sample_skip # SKIP no luck here\n", self->out);
	EXPECT_HAS("\n# 0 passed, 0 failed, 1 skipped\n", self->out);
}

TEST_F(harness, some_skipped_is_success)
{
	run(self, "", "sample_[ps][ak][si][sp]");
	EXPECT_EQ(0, self->status);
	EXPECT_HAS("\n# 1 passed, 0 failed, 1 skipped\n", self->out);
}

TEST_F(harness, skip_does_not_hide_a_failure)
{
	run(self, "", "sample_skip_after_failure");
	EXPECT_EQ(1, self->status);
	EXPECT_HAS("\nnot ok 1 - ", self->out);
}

/* What the test's processes hold open tells whether one lives: the pipe ends when all are gone. */
static void expect_nobody_left(struct harness_self *self, const char *sample)
{
	int ends[2];
	char c;

	ASSERT_EQ(0, pipe(ends));
	run(self, "", sample);
	close(ends[1]);
	EXPECT_EQ(0, read(ends[0], &c, 1));
	close(ends[0]);
}

TEST_F_TIMEOUT(harness, stragglers_are_killed, 10)
{
	expect_nobody_left(self, "sample_straggler");
	EXPECT_EQ(0, self->status);
	expect_nobody_left(self, "sample_straggler_late");
	EXPECT_EQ(1, self->status);
}

TEST_F(harness, exit_hides_nothing)
{
	run(self, "", "sample_exit_*");
	EXPECT_EQ(1, self->status);
	EXPECT_HAS("not ok 1 - sample_exit_0_failed # ERROR exit 0 before the end\n", self->out);
	EXPECT_HAS("not ok 2 - sample_exit_0_early # ERROR exit 0 before the end\n", self->out);
	EXPECT_HAS("not ok 3 - sample_exit_7_after_end # ERROR exit 7 at the end\n", self->out);
}

TEST_F(harness, failure_in_child_counts)
{
	run(self, "", "sample_failure_in_child");
	EXPECT_EQ(1, self->status);
}

TEST_F(harness, signals_are_as_before)
{
	run(self, "", "sample_signals_unblocked");
	EXPECT_EQ(0, self->status);
}

#ifdef __SANITIZE_ADDRESS__
TEST_F(harness, leak)
{
	run(self, "", "sample_leak");
	EXPECT_EQ(1, self->status);
	EXPECT_HAS("LeakSanitizer", self->out);
}
#endif

TEST_F(harness, variants)
{
	run(self, "v", "sample_fix.*.value");
	EXPECT_EQ(1, self->status);
	EXPECT_HAS("\nok 1 - sample_fix.one.value\n", self->out);
	EXPECT_HAS("\nnot ok 2 - sample_fix.two.value\n", self->out);
	EXPECT_EQ(1, count(self->out, "expected"));
	EXPECT_EQ(1, count(self->out, "torn down 2"));
	EXPECT_EQ(1, count(self->out, "torn down 3"));
}

TEST_F(harness, assert_tears_down)
{
	run(self, "", "sample_fix.one.assert");
	EXPECT_EQ(1, self->status);
	EXPECT_EQ(0, count(self->out, "went on"));
	EXPECT_EQ(1, count(self->out, "torn down 1"));
}

TEST_F(harness, failed_setup_ends_the_test)
{
	run(self, "", "sample_broken.body");
	EXPECT_EQ(1, self->status);
	EXPECT_HAS("expected 0 from -ENODEV, got -ENODEV\n", self->out);
	EXPECT_EQ(0, count(self->out, "went on"));
	EXPECT_EQ(0, count(self->out, "torn down"));
}

TEST_F(harness, list)
{
	run(self, "l", "sample_fix.*");
	EXPECT_EQ(0, self->status);
	EXPECT_STREQ("sample_fix.one.value\nsample_fix.two.value\n"
		     "sample_fix.one.assert\nsample_fix.two.assert\n", self->out);
}

TEST_F(harness, no_process_per_test)
{
	run(self, "n", "sample_fix.one.*");
	EXPECT_EQ(1, self->status);
	EXPECT_HAS("\nok 1 - sample_fix.one.value\n", self->out);
	EXPECT_HAS("\nnot ok 2 - sample_fix.one.assert\n", self->out);
}

TEST_F(harness, usage)
{
	run(self, "x", "*");
	EXPECT_EQ(2, self->status);
	run(self, "", "nothing_has_this_name");
	EXPECT_EQ(2, self->status);
	EXPECT_HAS("usage: samples", self->out);
}

TEST(rounds)
{
	unsetenv("TEST_PATIENCE");
	EXPECT_EQ(40, t_rounds(40));
	setenv("TEST_PATIENCE", "10", 1);
	EXPECT_EQ(4, t_rounds(40));
	EXPECT_EQ(1, t_rounds(3));
}

static bool is_sample(const struct t_case *c)
{
	return !strncmp(c->fixture ? c->fixture->name : c->name, "sample_", 7);
}

int main(int argc, char *argv[])
{
	struct t_case **from = &t_cases, **to = &samples;

	while (*from) {
		if (is_sample(*from)) {
			*to = *from;
			*from = (*from)->next;
			to = &(*to)->next;
			*to = NULL;
		} else {
			from = &(*from)->next;
		}
	}
	return t_main(argc, argv);
}
