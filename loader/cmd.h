/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cmd.h - the commands of bpfload that have files of their own. Each returns the exit status. */
#ifndef CMD_H
#define CMD_H

struct cli;
struct load_options;

int cmd_map(const struct cli *cli, const struct load_options *opt);

#endif
