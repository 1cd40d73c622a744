/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * table.c - maps and records as aligned text or JSON lines.
 *
 * A table has a column for the key and one for the value, or one a field where these are structs.
 * Under a key of the type log2 the rows are a histogram: each number gets a bar beside the others.
 * Rows are collected before anything is printed: a walk that fails prints nothing, and the columns
 * fit what is in them.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "loader.h"
#include "array.h"
#include "table.h"
#include "value.h"

enum {
	MANY = 16,	/* CPUs, or elements of an array: past that, zeroes are left out */
	WIDE = 12,	/* columns of a 64-bit number in a record */
	BAR = 40,	/* columns of the longest bar */
	BYTES = 24,	/* columns of bytes without a type */
	SLOT = 8,	/* per-CPU maps have a value start at a multiple of this */
};

enum column_of { OF_KEY, OF_VALUE, OF_CPU };

struct column {
	const char *name;
	struct asm_typeref type;
	size_t offset, width;
	enum column_of of;
	unsigned int cpu;
};

struct table {
	const struct asm_map *map;
	struct value shape;	/* of a value, without its data */
	size_t value_offset, row_size;
	uint8_t *bytes;		/* count rows: key, then value */
	size_t count, room;
	struct asm_field number;
	bool numbered;		/* number is there */
	bool bars;		/* the rows are a histogram of it */
	uint64_t largest;	/* of the numbers shown, where there are bars */
	struct row *rows;	/* those that are shown, in order */
	size_t nrows;
	struct column *columns;
	size_t ncolumns;
};

struct row {
	const struct table *table;
	const uint8_t *bytes;
};

/* ---- rows ---- */

static size_t round_up(size_t n)
{
	return (n + SLOT - 1) / SLOT * SLOT;
}

static struct value row_key(const struct row *row)
{
	return value_of(row->bytes, row->table->map->key_size);
}

static struct value row_value(const struct row *row)
{
	struct value value = row->table->shape;

	value.data = row->bytes + row->table->value_offset;
	return value;
}

/* What one CPU counted. */
static struct value row_cpu(const struct row *row, unsigned int cpu)
{
	struct value value = row_value(row);

	value.data += cpu * value.stride;
	value.copies = 1;
	return value;
}

/* load_entry_fn: keep a copy. */
static int table_add(void *arg, const void *key, const void *value)
{
	struct table *t = arg;
	uint8_t *at = array_grow(t->bytes, &t->room, t->count + 1, t->row_size);

	if (!at)
		return -ENOMEM;
	t->bytes = at;
	at += t->count++ * t->row_size;
	memcpy(at, key, t->map->key_size);
	memcpy(at + t->value_offset, value, t->row_size - t->value_offset);
	return 0;
}

static int compare_keys(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return value_compare(x->table->map->key, row_key(x), row_key(y));
}

static struct value row_number(const struct row *row)
{
	return value_at(row_value(row), row->table->number.offset);
}

static int compare_numbers(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	int order = value_compare(x->table->number.type, row_number(y), row_number(x));

	return order ? order : compare_keys(a, b);
}

static bool has_slots(const struct asm_map *map)
{
	return map->type->key == ASM_SIZE_U32;
}

/* The key is a range of a histogram, or ends with one: others before it tell histograms apart. */
static bool has_ranges(struct asm_typeref key)
{
	if (key.type && !key.count && key.type->format == ASM_STRUCT)
		return has_ranges(key.type->fields[key.type->nfields - 1].type);
	return key.type && !key.count && key.type->format == ASM_LOG2;
}

static uint64_t row_count(const struct row *row)
{
	return value_number(row->table->number.type, row_number(row));
}

/* Of a histogram in slots: what lies outside of the first and last range that was hit. */
static void drop_ends(struct table *t)
{
	size_t first = 0;

	while (t->nrows > 0 && value_is_zero(row_value(&t->rows[t->nrows - 1])))
		t->nrows--;
	while (first < t->nrows && value_is_zero(row_value(&t->rows[first])))
		first++;
	t->nrows -= first;
	memmove(t->rows, t->rows + first, t->nrows * sizeof(t->rows[0]));
}

/* Choose and order what is shown. */
static int table_arrange(struct table *t, enum load_print how, unsigned int top)
{
	bool sparse = how == LOAD_TEXT && has_slots(t->map) && t->count > MANY;

	t->rows = calloc(t->count ? t->count : 1, sizeof(t->rows[0]));
	if (!t->rows)
		return -ENOMEM;
	for (size_t i = 0; i < t->count; i++) {
		struct row row = { .table = t, .bytes = t->bytes + i * t->row_size };

		if (!sparse || t->bars || !value_is_zero(row_value(&row)))
			t->rows[t->nrows++] = row;
		if (t->bars && row_count(&row) > t->largest)
			t->largest = row_count(&row);
	}
	qsort(t->rows, t->nrows, sizeof(t->rows[0]),
	      top && t->numbered ? compare_numbers : compare_keys);
	if (sparse && t->bars)
		drop_ends(t);
	return 0;
}

/* ---- columns ---- */

/* The least columns of a cell: wide enough for nearly all there is of the format. */
static const uint8_t least_width[ASM_STRUCT + 1] = {
	[ASM_UNSIGNED] = 8, [ASM_SIGNED] = 8, [ASM_BOOL] = 8, [ASM_NETWORK] = 8, [ASM_STRUCT] = 8,
	[ASM_CHAR] = 20, [ASM_COMM] = 20, [ASM_KTIME] = 15, [ASM_POINTER] = 18, [ASM_KSYM] = 18,
	[ASM_IPV4] = 15, [ASM_IPV6] = 24, [ASM_INET] = 15,
	[ASM_MAC] = 17, [ASM_LOG2] = 14, [ASM_STRINGS] = 20,
};

static bool is_columns(struct asm_typeref type)
{
	return type.type && !type.count && type.type->format == ASM_STRUCT;
}

static size_t column_count(struct asm_typeref type)
{
	return is_columns(type) ? type.type->nfields : 1;
}

/* Column i of a key or value, at its least width. */
static struct column column_of(struct asm_typeref type, enum column_of of, size_t i)
{
	struct column c = { .name = of == OF_KEY ? "key" : "value", .type = type, .of = of };

	if (is_columns(type)) {
		c.name = type.type->fields[i].name;
		c.type = type.type->fields[i].type;
		c.offset = type.type->fields[i].offset;
	}
	c.width = c.type.type ? least_width[c.type.type->format] : BYTES;
	return c;
}

static bool cpu_is_shown(const struct table *t, unsigned int cpu)
{
	if (t->shape.copies <= MANY)
		return true;
	for (size_t i = 0; i < t->nrows; i++) {
		struct value number = value_at(row_cpu(&t->rows[i], cpu), t->number.offset);

		number.len = (size_t)asm_sizeof(t->number.type);
		if (!value_is_zero(number))
			return true;
	}
	return false;
}

static void add_cpus(struct table *t)
{
	for (unsigned int cpu = 0; cpu < t->shape.copies; cpu++) {
		struct column c = {
			.name = "cpu", .type = t->number.type, .offset = t->number.offset,
			.width = least_width[ASM_UNSIGNED], .of = OF_CPU, .cpu = cpu,
		};

		if (cpu_is_shown(t, cpu))
			t->columns[t->ncolumns++] = c;
	}
}

static size_t print_heading(FILE *f, const struct column *c)
{
	size_t width = strlen(c->name);
	char number[12] = "";

	if (c->of == OF_CPU)
		width += (size_t)snprintf(number, sizeof(number), "%u", c->cpu);
	for (const char *s = c->name; f && *s; s++)
		fputc(toupper((unsigned char)*s), f);
	if (f)
		fputs(number, f);
	return width;
}

static size_t print_cell(FILE *f, const struct column *c, const struct row *row)
{
	struct value value;

	if (!row)
		return print_heading(f, c);
	if (c->of == OF_KEY)
		value = row_key(row);
	else if (c->of == OF_CPU)
		value = row_cpu(row, c->cpu);
	else
		value = row_value(row);
	return value_print(f, LOAD_TEXT, c->type, value_at(value, c->offset));
}

/* Make each shown column as wide as what stands in it. */
static int table_columns(struct table *t)
{
	const struct asm_map *map = t->map;
	size_t nkey = column_count(map->key), nvalue = column_count(map->value);

	t->columns = calloc(nkey + nvalue + t->shape.copies, sizeof(t->columns[0]));
	if (!t->columns)
		return -ENOMEM;
	for (size_t i = 0; i < nkey; i++)
		t->columns[t->ncolumns++] = column_of(map->key, OF_KEY, i);
	for (size_t i = 0; i < nvalue; i++)
		t->columns[t->ncolumns++] = column_of(map->value, OF_VALUE, i);
	if (t->shape.copies > 1 && t->numbered)
		add_cpus(t);
	for (size_t i = 0; i < t->ncolumns; i++) {
		struct column *c = &t->columns[i];

		for (size_t k = 0; k <= t->nrows; k++) {
			size_t width = print_cell(NULL, c, k ? &t->rows[k - 1] : NULL);

			c->width = width > c->width ? width : c->width;
		}
	}
	return 0;
}

/* ---- text ---- */

/* Blanks up to where the next cell starts; kept back until there is one. */
static void pad(FILE *f, size_t *blanks)
{
	fprintf(f, "%*s", (int)*blanks, "");
	*blanks = 0;
}

static size_t gap(size_t width, size_t taken)
{
	return width > taken ? width - taken + 1 : 1;
}

/* As long as the number is large beside the largest; what is not zero has one. */
static void print_bar(FILE *f, const struct table *t, const struct row *row, size_t *blanks)
{
	uint64_t count = row_count(row);
	double part = t->largest ? (double)count / (double)t->largest : 0;
	int length = (int)(part * BAR + 0.5);

	if (!length && count)
		length = 1;
	pad(f, blanks);
	fputc('|', f);
	for (int i = 0; i < BAR; i++)
		fputc(i < length ? '@' : ' ', f);
	fputc('|', f);
}

/* One line of the table; row NULL: the heading. */
static void print_row(FILE *f, const struct table *t, const struct row *row)
{
	size_t blanks = 0;

	for (size_t i = 0; i < t->ncolumns; i++) {
		const struct column *c = &t->columns[i];
		size_t width = print_cell(NULL, c, row);

		if (width) {
			pad(f, &blanks);
			print_cell(f, c, row);
		}
		blanks += gap(c->width, width);
	}
	if (t->bars && row)
		print_bar(f, t, row, &blanks);
	fputc('\n', f);
}

static void print_title(FILE *f, const struct table *t, size_t shown, unsigned int top)
{
	bool by_number = top && t->numbered;
	bool part = by_number || shown < t->count;

	fprintf(f, "%s: ", t->map->name);
	if (by_number)
		fprintf(f, "top ");
	else if (shown < t->nrows)
		fprintf(f, "first ");
	if (part)
		fprintf(f, "%zu of ", shown);
	fprintf(f, "%zu %s", t->count, t->count == 1 && !part ? "entry" : "entries");
	if (by_number)
		fprintf(f, " by %s", t->number.name ? t->number.name : "value");
	if (shown == t->nrows && shown < t->count)
		fprintf(f, ", the others all zero");
	fputc('\n', f);
}

static void print_text(FILE *f, const struct table *t, size_t shown, unsigned int top)
{
	print_title(f, t, shown, top);
	for (size_t i = 0; i <= shown && shown; i++)
		print_row(f, t, i ? &t->rows[i - 1] : NULL);
}

/* ---- JSON ---- */

static void print_name(FILE *f, const char *key, const char *name)
{
	fprintf(f, "\"%s\":", key);
	value_print_text(f, LOAD_JSON, name, strlen(name));
}

static void print_cpus(FILE *f, const struct row *row)
{
	fputs("\"values\":[", f);
	for (unsigned int cpu = 0; cpu < row->table->shape.copies; cpu++) {
		fprintf(f, "%s{\"cpu\":%u,\"value\":", cpu ? "," : "", cpu);
		value_print(f, LOAD_JSON, row->table->map->value, row_cpu(row, cpu));
		fputc('}', f);
	}
	fputs("],", f);
}

static bool is_percpu(const struct asm_map *map)
{
	return map->type->flags & ASM_MAP_PERCPU;
}

static void print_entry(FILE *f, const struct row *row)
{
	const struct asm_map *map = row->table->map;

	fputs("{\"key\":", f);
	value_print(f, LOAD_JSON, map->key, row_key(row));
	fputc(',', f);
	if (is_percpu(map))
		print_cpus(f, row);
	fputs(is_percpu(map) ? "\"sum\":" : "\"value\":", f);
	value_print(f, LOAD_JSON, map->value, row_value(row));
	fputc('}', f);
}

static void print_json(FILE *f, const struct table *t, size_t shown)
{
	fputc('{', f);
	print_name(f, "map", t->map->name);
	fputc(',', f);
	print_name(f, "type", t->map->type->name);
	fputs(",\"entries\":[", f);
	for (size_t i = 0; i < shown; i++) {
		fputs(i ? "," : "", f);
		print_entry(f, &t->rows[i]);
	}
	fputs("]}\n", f);
}

/* ---- maps ---- */

bool table_has_entries(const struct asm_map *map)
{
	return map->key_size && map->value_size;
}

static int table_collect(struct table *t, int fd, const struct asm_map *map)
{
	int cpus = is_percpu(map) ? load_possible_cpus() : 1;

	memset(t, 0, sizeof(*t));
	if (cpus < 0)
		return cpus;
	t->map = map;
	t->shape.len = map->value_size;
	t->shape.copies = (unsigned int)cpus;
	t->shape.stride = round_up(map->value_size);
	t->value_offset = round_up(map->key_size);
	t->row_size = t->value_offset + (is_percpu(map) ? t->shape.stride * (size_t)cpus :
							  map->value_size);
	t->numbered = value_find_number(map->value, &t->number);
	t->bars = t->numbered && has_ranges(map->key);
	return load_map_walk(fd, map, table_add, t);
}

int table_print(FILE *f, enum load_print how, int fd, const struct asm_map *map, unsigned int top,
		const char *before)
{
	struct table t;
	size_t shown;
	int ret;

	ret = table_collect(&t, fd, map);
	if (ret)
		goto out;
	ret = table_arrange(&t, how, top);
	if (!ret && how == LOAD_TEXT)
		ret = table_columns(&t);
	if (ret)
		goto out;
	shown = top && top < t.nrows ? top : t.nrows;
	fputs(before, f);
	if (how == LOAD_JSON)
		print_json(f, &t, shown);
	else
		print_text(f, &t, shown, top);
	ret = t.count < INT_MAX ? (int)t.count : INT_MAX;
out:
	free(t.columns);
	free(t.rows);
	free(t.bytes);
	return ret;
}

int load_print_map(FILE *f, enum load_print how, int fd, const struct asm_map *map,
		   unsigned int top)
{
	return table_print(f, how, fd, map, top, "");
}

/* ---- records ---- */

static size_t record_width(const struct column *c)
{
	bool wide = c->type.type && !c->type.count && c->type.type->size == sizeof(uint64_t);
	size_t least = wide && c->width < WIDE ? WIDE : c->width;
	size_t heading = print_heading(NULL, c);

	return heading > least ? heading : least;
}

static size_t print_record_cell(FILE *f, const struct column *c, const struct value *record)
{
	if (!record)
		return print_heading(f, c);
	return value_print(f, LOAD_TEXT, c->type, value_at(*record, c->offset));
}

/* Text may be nothing at all; the rest is never formatted twice to find out. */
static bool is_empty(const struct column *c, const struct value *record)
{
	bool text = !c->type.type || c->type.type->format == ASM_CHAR ||
		    c->type.type->format == ASM_STRINGS;

	return text && !print_record_cell(NULL, c, record);
}

/* One line; record NULL: the heading. */
static void print_record(FILE *f, const struct asm_map *map, const struct value *record)
{
	size_t n = column_count(map->value), blanks = 0;

	for (size_t i = 0; i < n; i++) {
		struct column c = column_of(map->value, OF_VALUE, i);
		size_t width = 0;

		if (!is_empty(&c, record)) {
			pad(f, &blanks);
			width = print_record_cell(f, &c, record);
		}
		blanks += gap(record_width(&c), width);
	}
	fputc('\n', f);
}

void load_print_record_head(FILE *f, const struct asm_map *map)
{
	print_record(f, map, NULL);
}

void load_print_record(FILE *f, enum load_print how, const struct asm_map *map, const void *data,
		       uint32_t len)
{
	struct value record = value_of(data, len);

	if (how == LOAD_RAW) {
		fwrite(data, 1, len, f);
		return;
	}
	if (how == LOAD_TEXT) {
		print_record(f, map, &record);
		return;
	}
	fputc('{', f);
	print_name(f, "map", map->name);
	fputs(",\"value\":", f);
	value_print(f, LOAD_JSON, map->value, record);
	fputs("}\n", f);
}
