/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* progrun.h - run a program once, on data that is given (BPF_PROG_TEST_RUN, 4.12). */
#ifndef PROGRUN_H
#define PROGRUN_H

struct show;
struct words;

/*
 * PROG [data_in FILE] [data_out FILE [data_size_out N]] [ctx_in FILE] [ctx_out FILE [ctx_size_out
 * N]] [repeat N] [cpu N]; "-" is standard input or output. 0 or -errno, said.
 */
int progrun(struct show *show, struct words *words);

#endif
