/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* made.h - a text and what became of it. Needs asm.h, harness.h */
#ifndef MADE_H
#define MADE_H

struct made {
	struct asm_object *obj;
	struct asm_program prog;	/* of the only program */
	unsigned int errors, warnings;
	char said[2048];		/* the messages, a line each */
};

static inline void made_sink(void *arg, const struct asm_diag *diag)
{
	struct made *made = arg;
	size_t used = strlen(made->said);

	made->errors += diag->severity == ASM_ERROR;
	made->warnings += diag->severity == ASM_WARNING;
	snprintf(made->said + used, sizeof(made->said) - used, "%s%s%s\n",
		 diag->place.file ? diag->place.file : "", diag->place.file ? ": " : "",
		 diag->message);
}

/* Assemble, and link the program when there is just one. */
static inline void make_with(struct made *made, const char *text, const struct asm_options *options)
{
	struct asm_options opt = *options;
	const struct asm_func *func;

	memset(made, 0, sizeof(*made));
	opt.sink = made_sink;
	opt.sink_arg = made;
	made->obj = asm_assemble("text", text, strlen(text), &opt);
	if (!made->obj)
		return;
	func = asm_object_program(made->obj, NULL);
	if (func)
		ASSERT_OK(asm_link(made->obj, func, &made->prog));
}

static inline void make(struct made *made, const char *text)
{
	static const struct asm_options options = {
		.quiet = 1 << ASM_WARNING_UNUSED_FUNCTION | 1 << ASM_WARNING_NO_EXIT,
	};

	make_with(made, text, &options);
}

static inline void unmake(struct made *made)
{
	if (made->obj)
		asm_program_free(&made->prog);
	asm_free(made->obj);
	made->obj = NULL;
}

/* The same, of a text that must assemble without a word. */
static inline void make_clean(struct made *made, const char *text)
{
	make(made, text);
	EXPECT_STREQ("", made->said) LOG("text: %s", text);
	ASSERT_NOT_NULL(made->obj);
}

#endif
