/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* table.c - what each process used since the last sample, as people and programs read it. */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "count.h"
#include "table.h"

/* How much of a share is that of the last second. */
static const double smoothing = 0.3;

static const struct column {
	const char *head;
	int width;		/* negative: to the left */
	char key;
} columns[] = {
	[TABLE_PID] = { "PID", 7, 'p' },
	[TABLE_COMM] = { "NAME", -15, 'n' },
	[TABLE_USER] = { "%USR", 6, 'u' },
	[TABLE_KERNEL] = { "%SYS", 6, 's' },
	[TABLE_BOTH] = { "%TOT", 6, 't' },
	[TABLE_USER_MS] = { "USER(ms)", 11, 'U' },
	[TABLE_KERNEL_MS] = { "KERN(ms)", 11, 'K' },
	[TABLE_BOTH_MS] = { "TOTAL(ms)", 11, 'T' },
};

enum table_column table_column(int key)
{
	unsigned int i = 0;

	while (i < TABLE_COLUMNS && columns[i].key != key)
		i++;
	return (enum table_column)i;
}

/* ---- rows ---- */

/* Some other program chose the name: nothing of it may work on a terminal or end a string. */
static void row_name(struct row *row)
{
	char path[32];
	size_t len = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/comm", row->pid);
	f = fopen(path, "re");
	if (f) {
		len = fread(row->name, 1, TABLE_NAME - 1, f);
		fclose(f);
	}
	if (len && row->name[len - 1] == '\n')
		len--;
	if (!len)
		row->name[len++] = '-';
	row->name[len] = '\0';
	for (size_t i = 0; i < len; i++)
		if (row->name[i] < ' ' || row->name[i] > '~' || strchr("\"\\", row->name[i]))
			row->name[i] = '?';
}

/* A share of the CPUs after one that was smoothed; the first that is not zero counts as it is. */
static double row_share(double before, uint64_t ns, double whole)
{
	double share = whole > 0 ? 100 * (double)ns / whole : 0;

	return before > 0 ? smoothing * share + (1 - smoothing) * before : share;
}

/* Sums of a process never shrink but by a moment; less is another one that has its number. */
static uint64_t row_since(uint64_t now, uint64_t before)
{
	return now > before ? now - before : 0;
}

static void row_make(struct row *row, const struct usage *now, const struct row *before,
		     double whole)
{
	static const struct row none;
	const struct row *from = before && before->pid == now->pid ? before : &none;

	row->pid = now->pid;
	row->user_ns = now->user;
	row->kernel_ns = now->kernel;
	row->user = row_share(from->user, row_since(now->user, from->user_ns), whole);
	row->kernel = row_share(from->kernel, row_since(now->kernel, from->kernel_ns), whole);
}

/* All processes, with what those used that have ended. */
static struct usage sample_all(const struct sample *sample)
{
	struct usage all = { .user = sample->totals.user, .kernel = sample->totals.kernel };

	for (size_t i = 0; i < sample->n; i++) {
		all.user += sample->procs[i].user;
		all.kernel += sample->procs[i].kernel;
	}
	return all;
}

/*
 * CPU time that there was since the sample before, ns. A sample takes time itself: when more was
 * used than there was between the two, there was more.
 */
static double table_whole(const struct table *table, const struct sample *sample,
			  const struct usage *all)
{
	double whole = (double)(sample->time - table->time) * table->cpus;
	double used = (double)(row_since(all->user, table->all.user_ns) +
			       row_since(all->kernel, table->all.kernel_ns));

	if (!table->time)
		return 0;
	return used > whole ? used : whole;
}

static int row_by_pid(const void *a, const void *b)
{
	const struct row *one = a, *other = b;

	return (one->pid > other->pid) - (one->pid < other->pid);
}

int table_update(struct table *table, const struct sample *sample)
{
	struct row *rows = calloc(sample->n + 1, sizeof(*rows)), before = table->all;
	struct usage all = sample_all(sample);
	double whole = table_whole(table, sample, &all);
	size_t old = 0;

	if (!rows)
		return -ENOMEM;
	if (table->n)
		qsort(table->rows, table->n, sizeof(*rows), row_by_pid);
	for (size_t i = 0; i < sample->n; i++) {
		while (old < table->n && table->rows[old].pid < sample->procs[i].pid)
			old++;
		row_make(&rows[i], &sample->procs[i], old < table->n ? &table->rows[old] : NULL,
			 whole);
		row_name(&rows[i]);
	}
	row_make(&table->all, &all, &before, whole);
	free(table->rows);
	table->rows = rows;
	table->n = sample->n;
	table->time = sample->time;
	table_sort(table);
	return 0;
}

void table_free(struct table *table)
{
	free(table->rows);
	table->rows = NULL;
	table->n = 0;
}

/* ---- order ---- */

/* What a column sorts by; the numbers of people are all far below 2^53. */
static double row_value(const struct row *row, enum table_column column)
{
	switch (column) {
	case TABLE_USER:
		return row->user;
	case TABLE_KERNEL:
		return row->kernel;
	case TABLE_BOTH:
		return row->user + row->kernel;
	case TABLE_USER_MS:
		return (double)row->user_ns;
	case TABLE_KERNEL_MS:
		return (double)row->kernel_ns;
	case TABLE_BOTH_MS:
		return (double)(row->user_ns + row->kernel_ns);
	default:
		return 0;
	}
}

/* Largest first, but numbers and names of processes rising. */
static int row_compare(const void *a, const void *b, void *arg)
{
	const struct row *one = a, *other = b;
	const struct table *table = arg;
	double x = row_value(one, table->sort), y = row_value(other, table->sort);
	int order = (x < y) - (x > y);

	if (table->sort == TABLE_COMM)
		order = strcmp(one->name, other->name);
	if (!order)
		order = row_by_pid(one, other);
	return table->reverse ? -order : order;
}

void table_sort(struct table *table)
{
	if (table->n)
		qsort_r(table->rows, table->n, sizeof(table->rows[0]), row_compare, table);
}

/* ---- printing ---- */

void table_print_head(FILE *f, const struct table *table, const char *mark, const char *unmark)
{
	for (unsigned int i = 0; i < TABLE_COLUMNS; i++) {
		bool sorts = i == table->sort;

		fprintf(f, "%s%s%*s%s", i ? " " : "", sorts ? mark : "", columns[i].width,
			columns[i].head, sorts ? unmark : "");
	}
}

void table_print_row(FILE *f, const struct row *row)
{
	double user_ms = (double)row->user_ns / 1e6, kernel_ms = (double)row->kernel_ns / 1e6;

	fprintf(f, "%7" PRIu32 " %-15s %6.2f %6.2f %6.2f %11.1f %11.1f %11.1f", row->pid,
		row->name, row->user, row->kernel, row->user + row->kernel, user_ms, kernel_ms,
		user_ms + kernel_ms);
}

void table_print_json(FILE *f, const struct table *table, const struct sample *sample)
{
	const struct totals *totals = &sample->totals;
	const struct row *all = &table->all;

	for (size_t i = 0; i < table->n; i++) {
		const struct row *row = &table->rows[i];

		fprintf(f, "{\"pid\":%" PRIu32 ",\"name\":\"%s\",\"user\":%.3f,\"sys\":%.3f,"
			"\"total\":%.3f,\"user_ns\":%" PRIu64 ",\"kernel_ns\":%" PRIu64 "}\n",
			row->pid, row->name, row->user, row->kernel, row->user + row->kernel,
			row->user_ns, row->kernel_ns);
	}
	fprintf(f, "{\"time_ns\":%" PRIu64 ",\"cpus\":%u,\"processes\":%zu,\"user\":%.3f,"
		"\"sys\":%.3f,\"total\":%.3f,\"ended_user_ns\":%" PRIu64 ",\"ended_kernel_ns\":%"
		PRIu64 ",\"lost\":%" PRIu64 ",\"lost_ns\":%" PRIu64 "}\n", table->time,
		table->cpus, table->n, all->user, all->kernel, all->user + all->kernel,
		totals->user, totals->kernel, totals->lost, totals->lost_ns);
}
