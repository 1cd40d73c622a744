/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cmd.h - the commands beside run, check and load. Each returns the exit status. */
#ifndef CMD_H
#define CMD_H

struct cli;
struct load_options;

int cmd_attach(const struct cli *cli, const struct load_options *opt);
int cmd_btf(const struct cli *cli, const struct load_options *opt);
int cmd_detach(const struct cli *cli, const struct load_options *opt);
int cmd_doctor(const struct cli *cli, const struct load_options *opt);
int cmd_feature(const struct cli *cli, const struct load_options *opt);
int cmd_link(const struct cli *cli, const struct load_options *opt);
int cmd_map(const struct cli *cli, const struct load_options *opt);
int cmd_prog(const struct cli *cli, const struct load_options *opt);
int cmd_tail(const struct cli *cli, const struct load_options *opt);
int cmd_top(const struct cli *cli, const struct load_options *opt);
int cmd_trace(const struct cli *cli, const struct load_options *opt);

#endif
