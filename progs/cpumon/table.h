/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* table.h - from samples to rows: shares of the CPUs, smoothed, sorted, printed. Needs stdio.h */
#ifndef TABLE_H
#define TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sample;

enum { TABLE_NAME = 16 };

struct row {
	uint32_t pid;
	char name[TABLE_NAME];		/* printable, no quotes; "-": it has gone */
	double user, kernel;		/* per cent of all CPUs, smoothed */
	uint64_t user_ns, kernel_ns;	/* since the monitor started */
};

/* Columns; the enum is an index. */
enum table_column {
	TABLE_PID, TABLE_COMM, TABLE_USER, TABLE_KERNEL, TABLE_BOTH, TABLE_USER_MS,
	TABLE_KERNEL_MS, TABLE_BOTH_MS, TABLE_COLUMNS,
};

struct table {
	struct row *rows;
	size_t n;
	struct row all;			/* with what has ended; smoothed by itself */
	uint64_t time;			/* of the sample behind it, ns */
	unsigned int cpus;		/* online, so that all together are 100 % */
	enum table_column sort;
	bool reverse;
};

/* The next sample. 0 or -ENOMEM, and the table is as it was; table_free() in either case. */
int table_update(struct table *table, const struct sample *sample);
void table_sort(struct table *table);
void table_free(struct table *table);

/* The column that a key of the terminal sorts by, or TABLE_COLUMNS. */
enum table_column table_column(int key);

/* The column that it is sorted by has mark before and unmark behind its name. */
void table_print_head(FILE *f, const struct table *table, const char *mark, const char *unmark);

/* No newline. */
void table_print_row(FILE *f, const struct row *row);

/* A line of JSON a row, and one about all. */
void table_print_json(FILE *f, const struct table *table, const struct sample *sample);

#endif
