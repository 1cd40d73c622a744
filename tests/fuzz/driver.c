/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * driver.c - runs a fuzz target where there is no libFuzzer: over files, and over some thousands of
 * changed copies of them, the same ones each time.
 * usage: NAME_fuzz COPIES CRASH DIR...	the files of each DIR
 *
 * Each input runs with SECONDS of CPU time. The first one that fails is written to CRASH; exit
 * status 1 then, 2 for other errors.
 */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../asm/asm.h"
#include "fuzz.h"

#if defined(__SANITIZE_ADDRESS__)
enum { SECONDS = 20 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
enum { SECONDS = 20 };
#else
enum { SECONDS = 2 };
#endif
#else
enum { SECONDS = 2 };
#endif

enum { ROOM = 1 << 16, MOST_STEPS = 6 };

/* An input; the one under way lies in memory that outlives the process that runs it. */
struct input {
	size_t len;
	uint8_t at[ROOM];
};

struct inputs {
	struct input *all;
	size_t n;
};

static uint32_t roll(uint64_t *dice, size_t below)
{
	*dice ^= *dice << 13;
	*dice ^= *dice >> 7;
	*dice ^= *dice << 17;
	return below ? (uint32_t)((*dice >> 33) % below) : 0;
}

/* ---- changed copies ---- */

static void insert(struct input *in, size_t at, const uint8_t *bytes, size_t len)
{
	if (len > ROOM - in->len)
		return;
	memmove(in->at + at + len, in->at + at, in->len - at);
	memcpy(in->at + at, bytes, len);
	in->len += len;
}

static void cut(struct input *in, size_t at, size_t len)
{
	len = len < in->len - at ? len : in->len - at;
	memmove(in->at + at, in->at + at + len, in->len - at - len);
	in->len -= len;
}

/* A piece of up to 64 bytes of any input, into `at`. */
static void splice(const struct inputs *inputs, struct input *in, size_t at, uint64_t *dice)
{
	const struct input *from = &inputs->all[roll(dice, inputs->n)];
	size_t start = roll(dice, from->len), len = 1 + roll(dice, 64);

	len = len < from->len - start ? len : from->len - start;
	insert(in, at, from->at + start, len);
}

static void change(const struct inputs *inputs, struct input *in, uint64_t *dice)
{
	static const uint8_t odd[] = "\0\n\r\t\"'\\;:,.()[]{}<>=+-*/%&|^~!#@$09azAZ_\x7f\x80\xff";
	size_t at = roll(dice, in->len + 1);
	uint8_t byte = (uint8_t)roll(dice, 256);

	switch (roll(dice, 6)) {
	case 0:
		if (at < in->len)
			in->at[at] ^= (uint8_t)(1 << byte % 8);
		break;
	case 1:
		if (at < in->len)
			in->at[at] = odd[roll(dice, sizeof(odd) - 1)];
		break;
	case 2:
		insert(in, at, &odd[roll(dice, sizeof(odd) - 1)], 1);
		break;
	case 3:
		cut(in, at, 1 + roll(dice, byte & 1 ? 4 : 64));
		break;
	default:
		splice(inputs, in, at, dice);
		break;
	}
}

/* ---- running ---- */

/* Memory of just its size, for a sanitizer to watch. */
static void run(const struct input *in)
{
	static const struct itimerval limit = { .it_value = { .tv_sec = SECONDS } };
	uint8_t *bytes = malloc(in->len ? in->len : 1);

	FUZZ_CHECK(bytes);
	FUZZ_CHECK(!setitimer(ITIMER_PROF, &limit, NULL));
	memcpy(bytes, in->at, in->len);
	FUZZ_CHECK(!LLVMFuzzerTestOneInput(bytes, in->len));
	free(bytes);
}

static void run_all(const struct inputs *inputs, unsigned long copies, struct input *now)
{
	uint64_t dice = UINT64_C(0x9e3779b97f4a7c15);

	for (size_t i = 0; i < inputs->n; i++) {
		*now = inputs->all[i];
		run(now);
	}
	for (unsigned long i = 0; i < copies; i++) {
		*now = inputs->all[roll(&dice, inputs->n)];
		for (uint32_t steps = 1 + roll(&dice, MOST_STEPS); steps; steps--)
			change(inputs, now, &dice);
		run(now);
	}
}

static int keep(const struct input *in, const char *crash, int status)
{
	FILE *f = fopen(crash, "w");

	fprintf(stderr, "%s %d; the input is in %s\n", WIFSIGNALED(status) ? "killed by signal" :
		"exit status", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), crash);
	if (!f)
		return 2;
	fwrite(in->at, 1, in->len, f);
	return fclose(f) ? 2 : 1;
}

/* In a process of its own: what goes wrong there is seen here. */
static int watch(const struct inputs *inputs, unsigned long copies, const char *crash)
{
	struct input *now = mmap(NULL, sizeof(*now), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status, ret = 2;
	pid_t pid;

	if (now == MAP_FAILED)
		return ret;
	pid = fork();
	if (pid == 0) {
		run_all(inputs, copies, now);
		exit(0);
	}
	if (pid > 0 && waitpid(pid, &status, 0) == pid)
		ret = status ? keep(now, crash, status) : 0;
	munmap(now, sizeof(*now));
	return ret;
}

static int read_file(struct inputs *inputs, const char *dir, const char *name)
{
	struct input *more = realloc(inputs->all, (inputs->n + 1) * sizeof(*more));
	char path[4096];
	int ret = 0;
	FILE *f;

	if (!more)
		return -ENOMEM;
	inputs->all = more;
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "r");
	if (!f)
		return -errno;
	more += inputs->n++;
	more->len = fread(more->at, 1, ROOM, f);
	if (ferror(f))
		ret = -EIO;
	fclose(f);
	return ret;
}

/* Sorted, for the copies to be the same ones everywhere. */
static int read_folder(struct inputs *inputs, const char *dir)
{
	struct dirent **names;
	int i, n = scandir(dir, &names, NULL, alphasort), ret = n < 0 ? -errno : 0;

	for (i = 0; i < n; i++) {
		if (!ret && names[i]->d_name[0] != '.')
			ret = read_file(inputs, dir, names[i]->d_name);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	if (ret)
		fprintf(stderr, "%s: %s\n", dir, strerror(-ret));
	return ret;
}

int main(int argc, char *argv[])
{
	struct inputs inputs = { .n = 0 };
	int i, ret = 0;

	if (argc < 4) {
		fprintf(stderr, "usage: %s COPIES CRASH DIR...\n", argv[0]);
		return 2;
	}
	for (i = 3; i < argc && !ret; i++)
		ret = read_folder(&inputs, argv[i]);
	ret = ret || !inputs.n ? 2 : watch(&inputs, strtoul(argv[1], NULL, 10), argv[2]);
	free(inputs.all);
	return ret;
}
