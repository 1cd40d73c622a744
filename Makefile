# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# make			bpfasm, bpfload and their libraries
# make check		all tests; TESTS="tests/golden_test.sh" for some of them
# make tests		build the test programs only
# make check-kernels	tests on other kernels and CPUs, in QEMU; CELLS=arm64-6.12 for one
# make lint		the rules of CONTRIBUTING.md that a program can check
# make demo		trace something
# make bench		measure
# make fuzz		look for inputs that break it, FUZZ_TIME=60 seconds a target of
#			TARGETS="text dis btf elf log", in FUZZ_JOBS=1 processes, the same way
#			each time with a FUZZ_SEED; needs clang
# make static		small static programs in build/static, by musl-gcc or CC= or STATIC_CC=;
#			packed, and as NAME.full not packed
# make install		PREFIX=/usr/local, DESTDIR=
# make clean
#
# Settings: CC= CFLAGS= LDFLAGS= O=folder SAN=1 (address and undefined behaviour sanitizers)
# WERROR=1 V=1 (show commands). Changing one rebuilds what it touches.

.SUFFIXES:
.DELETE_ON_ERROR:

SAN ?=
O ?= $(if $(filter 1,$(SAN)),build/san,$(if $(filter fuzz,$(SAN)),build/fuzz,build))
V ?=
WERROR ?=
PREFIX ?= /usr/local
DESTDIR ?=

ifeq ($(abspath $(O)),$(CURDIR))
$(error O must be a folder of its own)
endif

WARN = -Wall -Wextra -Wshadow -Wconversion -Wmissing-prototypes -Wstrict-prototypes \
	-Wwrite-strings -Wvla $(if $(filter 1,$(WERROR)),-Werror)
SANFLAGS_1 = -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
SANFLAGS_fuzz = $(SANFLAGS_1) -fsanitize=fuzzer-no-link
SANFLAGS = $(SANFLAGS_$(SAN))
CFLAGS ?= -O2 -g
# The macros that every text has, as a string.
PRELUDE = $(O)/asm/prelude.h
# Numbers by name, as a string too.
CONSTANTS = $(O)/asm/constants.h
FLAGS = -std=gnu11 $(WARN) -I$(O)/asm -I$(O)/progs $(CPPFLAGS) $(CFLAGS) $(SANFLAGS)

# Programs and libraries stand at the top, unless O or SAN asks for another flavour.
BIN := $(if $(filter build,$(O)),,$(O)/)
BPFASM := $(BIN)bpfasm
BPFLOAD := $(BIN)bpfload
LIBASM := $(BIN)libbpfasm.a
LIBLOAD := $(BIN)libbpfload.a

ASM := $(filter-out asm/main.c,$(sort $(wildcard asm/*.c)))
LOAD := $(filter-out loader/main.c,$(sort $(wildcard loader/*.c)))
TESTC := $(sort $(wildcard tests/*_test.c))
FUZZC := $(sort $(wildcard tests/fuzz/*_fuzz.c))
# Programs with a user side: progs/NAME/NAME.c; several of them share what is in progs/common.
PROGNAMES := $(foreach d,$(wildcard progs/*),$(if $(wildcard $d/$(notdir $d).c),$(notdir $d)))
PROGC := $(sort $(wildcard progs/common/*.c $(PROGNAMES:%=progs/%/*.c)))
SRCS := $(ASM) $(LOAD) asm/main.c loader/main.c $(PROGC) $(TESTC) $(FUZZC) tests/fuzz/fuzz.c \
	tests/fuzz/driver.c
OBJS := $(SRCS:%.c=$(O)/%.o)
ROWS := $(wildcard asm/*.h asm/tables/*.def loader/*.h)

PROGTEXTS := $(patsubst %.bpfasm,$(O)/%.h,$(wildcard $(PROGNAMES:%=progs/%/*.bpfasm)))
PROGRAMS := $(foreach n,$(PROGNAMES),$(O)/progs/$n/$n)
TESTPROGS := $(TESTC:%.c=$(O)/%)
FUZZPROGS := $(FUZZC:%.c=$(O)/%)
WORK := $(O)/tests/work
TESTS = $(TESTPROGS) $(sort $(wildcard tests/*_test.sh tests/*/*_test.sh))

say = @$(if $(V),:,printf '  %-8s%s\n')
Q := $(if $(V),,@)

all: $(BPFASM) $(BPFLOAD) $(LIBASM) $(LIBLOAD) $(PROGRAMS)

# ---- objects; a stamp per flavour holds what they were made with ----

$(O)/flags: STAMP = $(CC) $(FLAGS) $(LDFLAGS) $(SRCS)
$(O)/static/flags: STAMP = $(STATIC_CC) $(STATIC_FLAGS) $(UNPACK_FLAGS) $(LDFLAGS) $(SRCS)
$(O)/flags $(O)/static/flags: FORCE
	@mkdir -p $(@D)
	@[ "$$(cat $@ 2>/dev/null)" = '$(STAMP)' ] || echo '$(STAMP)' >$@

$(OBJS): $(O)/%.o: %.c $(O)/flags
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(CC) $(FLAGS) -MMD -MP -c -o $@ $<

# What every assembly starts with is not what the fuzzer should follow; it is four times as fast.
$(addprefix $(O)/asm/,isa.o mem.o symbols.o tables.o): SANFLAGS_fuzz = $(SANFLAGS_1)
# A CPU guesses which of a few comparisons holds better than where a jump leads that each token
# takes elsewhere: 4 % of a large text.
$(O)/asm/lex.o: FLAGS += -fno-jump-tables
$(O)/asm/expand.o: $(PRELUDE)
$(O)/asm/tables.o: $(CONSTANTS)

$(PRELUDE): asm/prelude.bpfasm
$(PROGTEXTS): $(O)/%.h: %.bpfasm
$(PRELUDE) $(PROGTEXTS):
	@mkdir -p $(@D)
	$(say) TEXT $@
	$(Q)sed -e 's/^#.*//' -e 's/[\\"]/\\&/g' -e 's/.*/"&\\n"/' $< >$@

$(CONSTANTS): asm/constants.awk $(addprefix asm/tables/,constant.def attach_type.def command.def)
	@mkdir -p $(@D)
	$(say) TEXT $@
	$(Q)awk -f $^ >$@

-include $(OBJS:.o=.d)

# ---- libraries and programs ----

$(LIBASM): $(ASM:%.c=$(O)/%.o)
$(LIBLOAD): $(LOAD:%.c=$(O)/%.o)
$(LIBASM) $(LIBLOAD):
	$(say) AR $@
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(BPFASM): $(O)/asm/main.o $(LIBASM)
$(BPFLOAD): $(O)/loader/main.o $(LIBLOAD) $(LIBASM)
$(TESTPROGS): %: %.o $(LIBLOAD) $(LIBASM)
$(BPFASM) $(BPFLOAD) $(TESTPROGS) $(PROGRAMS):
	$(say) LD $@
	$(Q)$(CC) $(CFLAGS) $(SANFLAGS) $(LDFLAGS) -o $@ $^

# A program holds its own texts: static const char text[] = / #include "NAME/TEXT.h" / ;
define program
$(O)/progs/$1/$1: $(patsubst %.c,$(O)/%.o,$(wildcard progs/$1/*.c progs/common/*.c)) \
	$(LIBLOAD) $(LIBASM)
$(patsubst %.c,$(O)/%.o,$(wildcard progs/$1/*.c)): $(filter $(O)/progs/$1/%,$(PROGTEXTS))
endef
$(foreach n,$(PROGNAMES),$(eval $(call program,$n)))

# What monitors watch: nothing but what it says it does runs in it, no sanitizer either.
$(WORK): tests/work.c $(O)/flags
	@mkdir -p $(@D)
	$(say) LD $@
	$(Q)$(CC) -std=gnu11 $(WARN) $(CPPFLAGS) -O2 $(LDFLAGS) -pthread -o $@ $<

# By libFuzzer with SAN=fuzz; else by a small main of our own.
$(FUZZPROGS): %: %.o $(O)/tests/fuzz/fuzz.o $(if $(filter fuzz,$(SAN)),,$(O)/tests/fuzz/driver.o) \
		$(LIBLOAD) $(LIBASM)
	$(say) LD $@
	$(Q)$(CC) $(CFLAGS) $(SANFLAGS) $(if $(filter fuzz,$(SAN)),-fsanitize=fuzzer) $(LDFLAGS) \
		-o $@ $^

# A compiler given for this build (a cross compiler, say) beats musl-gcc.
STATIC_CC ?= $(if $(filter command,$(firstword $(origin CC))),$(CC),$(or \
	$(shell command -v musl-gcc 2>/dev/null),$(CC)))
# Nothing unwinds the stack of a program in C: its tables are a tenth of the size. A program that
# is at one address needs no code that works at any, and no tables that are written when it starts.
STATIC_FLAGS = -std=gnu11 $(WARN) -I$(O)/asm -I$(O)/progs $(CPPFLAGS) -Os -static -fno-pie \
	-ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables -fno-unwind-tables \
	-Wl,--gc-sections,--build-id=none,--sort-section=alignment \
	-Wl,-z,noseparate-code,-z,norelro -s $(STATIC_SMALL)
# What not every compiler and CPU has; together 3 %. All sources at once; tables at the
# alignment that they need; and none of what -Oz still does for the speed of loops and branches.
STATIC_TRY = -Oz -flto -flto-partition=one -malign-data=abi -fno-caller-saves -fno-jump-tables \
	-fno-tree-dominator-opts -fno-tree-loop-im -fno-move-loop-invariants
STATIC_SMALL = $(shell t=$$(mktemp) && for f in $(STATIC_TRY); do \
	echo 'int main(void) { return 0; }' | \
	$(STATIC_CC) -Werror $$f -o $$t -x c - 2>/dev/null && echo $$f; done; rm -f $$t)
STATIC := $(O)/static/bpfasm $(O)/static/bpfload

static: $(STATIC)
$(O)/static/bpfasm.full: asm/main.c $(ASM)
$(O)/static/bpfload.full: loader/main.c $(LOAD) $(ASM)
$(STATIC:=.full): $(O)/static/flags $(ROWS) $(PRELUDE) $(CONSTANTS)
	$(say) STATIC $@
	$(Q)$(STATIC_CC) $(STATIC_FLAGS) $(LDFLAGS) -o $@ $(filter %.c,$^)

# A static program that holds another one, packed, and has to be where that one is not. What a
# program starts with is written for some CPUs: on the others it stays as it is.
UNPACK := $(addprefix loader/,unpack/start.S unpack/unpack.c inflate.c)
UNPACK_FLAGS = -std=gnu11 $(WARN) -Os -ffreestanding -fno-stack-protector -ffunction-sections \
	-fno-asynchronous-unwind-tables -fno-unwind-tables -fno-pie -static -nostdlib -s \
	-Wl,--gc-sections,--build-id=none,-z,noseparate-code,-Ttext-segment=0x20000000
# Calls of x86_64 pack better by where they lead.
CALLS = $(if $(filter x86_64-%,$(shell $(STATIC_CC) -dumpmachine)),-DUNPACK_CALLS)
packed = $(if $(CALLS),od -An -v -tu1 $1 | LC_ALL=C awk -f loader/unpack/calls.awk,cat $1)
# unpacker IMAGE, PROGRAM
unpacker = $(STATIC_CC) $(UNPACK_FLAGS) $(CALLS) -DUNPACK_IMAGE='"$1"' -o $2 $(UNPACK)
PACKS = $(shell t=$$(mktemp) && $(call unpacker,Makefile,$$t) 2>/dev/null && echo yes; rm -f $$t)
# It takes a static C library, which not every machine has: tests/unpack_test.sh builds it.
PACKED := $(O)/tests/packed

$(PACKED): STATIC_CC = $(CC)
$(PACKED).full: tests/packed.c $(O)/flags
	@mkdir -p $(@D)
	$(say) STATIC $@
	$(Q)$(CC) -std=gnu11 $(WARN) $(CPPFLAGS) -O1 -static -fno-pie -s $(LDFLAGS) -o $@ $<

$(STATIC) $(PACKED): %: %.full $(UNPACK) loader/inflate.h loader/unpack/calls.awk
	$(say) PACK $@
	$(Q)$(call packed,$<) | gzip -9n >$@.gz
	@[ "$$(gzip -dc <$@.gz | wc -c)" = "$$(wc -c <$<)" ] || \
		{ echo "$@.gz: not as long as $<" >&2; exit 1; }
	$(Q)$(if $(PACKS),$(call unpacker,$@.gz,$@),cp $< $@)
	@rm $@.gz

# ---- checks ----

RUN = CC='$(CC)' SAN='$(filter 1,$(SAN))' SRCDIR='$(CURDIR)' BPFASM='$(abspath $(BPFASM))' \
	BPFLOAD='$(abspath $(BPFLOAD))' FUZZ='$(abspath $(O))/tests/fuzz' \
	PROGS='$(abspath $(O))/progs' WORK='$(abspath $(WORK))'
SANRUN = ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1

# What a machine without a compiler needs to be tested (tools/kernels).
testprogs: all $(TESTPROGS) $(WORK)

tests: testprogs $(FUZZPROGS)

check: all tests
	@$(RUN) $(if $(filter 1,$(SAN)),$(SANRUN)) tests/run $(TESTS)

lint: $(LIBASM) $(LIBLOAD)
	@tools/lint $(LIBASM) $(LIBLOAD)

CELLS ?= all

check-kernels:
	@tools/kernels run $(CELLS)

demo: all
	@$(if $(BIN),$(RUN)) tools/demo

bench: all
	@$(RUN) tools/bench

FUZZ_CC ?= $(if $(findstring clang,$(CC)),$(CC),clang)
FUZZ_TIME ?= 60
FUZZ_JOBS ?= 1
FUZZ_SEED ?= 0
TARGETS ?= $(FUZZC:tests/fuzz/%_fuzz.c=%)

fuzz: $(BPFASM)
	@$(RUN) MAKE='$(MAKE)' tests/fuzz/fuzz '$(FUZZ_CC)' '$(O)/fuzz' $(FUZZ_TIME) \
		$(FUZZ_JOBS) $(FUZZ_SEED) $(TARGETS)

# ---- the rest ----

HEADERS := asm/asm.h loader/loader.h
PAGES := $(wildcard docs/*.[1-8])
TEXTS := $(wildcard progs/*/*.bpfasm)
ROOT = $(DESTDIR)$(PREFIX)
VERSION = $(shell sed -n 's/^.define ASM_VERSION "\(.*\)"/\1/p' asm/asm.h)

# pc NAME, DESCRIPTION, LIBRARIES
pc = printf '%s\n' 'prefix=$(PREFIX)' 'Name: $1' 'Description: $2' 'Version: $(VERSION)' \
	'Cflags: -I$${prefix}/include' 'Libs: -L$${prefix}/lib $3' >$(ROOT)/lib/pkgconfig/$1.pc

install: all
	install -d $(ROOT)/bin $(ROOT)/lib/pkgconfig $(ROOT)/share/bash-completion/completions
	install -m 755 $(BPFASM) $(BPFLOAD) $(PROGRAMS) $(ROOT)/bin
	install -m 644 $(LIBASM) $(LIBLOAD) $(ROOT)/lib
	$(call pc,libbpfasm,BPF texts to instructions,-lbpfasm)
	$(call pc,libbpfload,BPF texts into the kernel,-lbpfload -lbpfasm)
	for c in bpfasm bpfload $(PROGNAMES); do \
		install -m 644 tools/completion.bash \
			$(ROOT)/share/bash-completion/completions/$$c || exit 1; \
	done
	for t in $(TEXTS); do \
		install -d $(ROOT)/share/barebpf/$${t%/*} && \
		install -m 644 $$t $(ROOT)/share/barebpf/$$t || exit 1; \
	done
	for h in $(HEADERS); do \
		install -d $(ROOT)/include/barebpf/$${h%/*} && \
		install -m 644 $$h $(ROOT)/include/barebpf/$$h || exit 1; \
	done
	for p in $(PAGES); do \
		install -d $(ROOT)/share/man/man$${p##*.} && \
		install -m 644 $$p $(ROOT)/share/man/man$${p##*.} || exit 1; \
	done

clean:
	rm -rf $(if $(BIN),$(addprefix $(O)/,asm loader progs tests static fuzz flags),build)
	rm -f $(BPFASM) $(BPFLOAD) $(LIBASM) $(LIBLOAD)

.PHONY: all testprogs tests check check-kernels lint demo bench fuzz static install clean FORCE
