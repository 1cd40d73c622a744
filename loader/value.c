/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * value.c - typed bytes as text for people or as JSON.
 *
 * One printer a format (enum asm_format). Each returns the columns it took, so that a table can
 * measure a cell by printing it nowhere.
 */
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "loader.h"
#include "value.h"

enum {
	WORD_MAX = 8,		/* bytes of the widest number or address */
	IPV6_GROUPS = 8,
	IPV6_IPV4 = 12,		/* bytes before the IPv4 address of such a one */
	IPV6_MAPPED = 5,	/* zero groups before the ffff of an IPv4-mapped address */
	POWERS = 64,		/* ranges of ASM_LOG2 */
	UNIT_BITS = 10,		/* from K to M */
	NSEC_PER_USEC = 1000,
	NSEC_PER_SEC = 1000000000,
};

/* A run of code points that text must not show as they are. */
struct hidden {
	uint32_t first, last;
};

static const struct hidden hidden[] = {
	{ 0x00, 0x1f }, { 0x7f, 0x9f },			/* C0, DEL, C1: a terminal obeys them */
	{ 0x61c, 0x61c }, { 0x200e, 0x200f }, { 0x2028, 0x202e },	/* these end lines or */
	{ 0x2066, 0x2069 }, { 0xfeff, 0xfeff },		/* change the direction of what follows */
};

struct value value_of(const void *data, size_t len)
{
	return (struct value){ .data = data, .len = len, .copies = 1, .stride = len };
}

struct value value_at(struct value value, size_t offset)
{
	if (offset > value.len)
		offset = value.len;
	value.data += offset;
	value.len -= offset;
	return value;
}

static struct value value_copy(struct value value, unsigned int n)
{
	return value_of(value.data + n * value.stride, value.len);
}

/* ---- output ---- */

__attribute__((format(printf, 2, 3)))
static size_t emit(FILE *f, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = f ? vfprintf(f, format, args) : vsnprintf(NULL, 0, format, args);
	va_end(args);
	return n < 0 ? 0 : (size_t)n;
}

static size_t emit_missing(FILE *f, enum load_print how)
{
	return emit(f, "%s", how == LOAD_JSON ? "null" : "?");
}

/* What JSON keeps in quotes: words that need no escape. */
static size_t emit_word(FILE *f, enum load_print how, const char *word)
{
	return emit(f, how == LOAD_JSON ? "\"%s\"" : "%s", word);
}

/* ---- text ---- */

static bool is_hidden(uint32_t point)
{
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		if (point >= hidden[i].first && point <= hidden[i].last)
			return true;
	return false;
}

/*
 * Length of the UTF-8 sequence at s and its code point; 0 when the bytes are not one: cut short,
 * longer than need be, a surrogate, or past U+10FFFF.
 */
static size_t utf8_decode(const uint8_t *s, size_t len, uint32_t *point)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = s[0] < 0x80 ? 1 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;

	/* Neither a byte that only continues a sequence, nor one that starts none. */
	if ((s[0] >= 0x80 && s[0] < 0xc2) || s[0] > 0xf4 || n > len)
		return 0;
	*point = n == 1 ? s[0] : s[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*point = *point << 6 | (s[i] & 0x3fu);
	}
	if (*point < least[n] || *point > 0x10ffff || (*point >= 0xd800 && *point <= 0xdfff))
		return 0;
	return n;
}

static size_t escape_text(FILE *f, const uint8_t *s, size_t n)
{
	size_t width = 0;

	for (size_t i = 0; i < n; i++)
		width += emit(f, "\\x%02x", s[i]);
	return width;
}

/* One character of text, n bytes long; n 0: a byte that is no character. */
static size_t print_char(FILE *f, const uint8_t *s, size_t n, uint32_t point)
{
	if (!n || is_hidden(point))
		return escape_text(f, s, n ? n : 1);
	if (point == '\\')
		return emit(f, "\\\\");
	emit(f, "%.*s", (int)n, (const char *)s);
	return 1;
}

static size_t print_char_json(FILE *f, const uint8_t *s, size_t n, uint32_t point)
{
	static const char bytes[] = "\b\f\n\r\t", letters[] = "bfnrt";
	const char *at;

	if (!n)
		return emit(f, "\\ufffd");
	at = point ? strchr(bytes, (int)point) : NULL;
	if (at && point < 0x20)
		return emit(f, "\\%c", letters[at - bytes]);
	if (is_hidden(point))
		return emit(f, "\\u%04x", (unsigned int)point);
	if (point == '\\' || point == '"')
		return emit(f, "\\%c", (int)point);
	emit(f, "%.*s", (int)n, (const char *)s);
	return 1;
}

size_t value_print_text(FILE *f, enum load_print how, const void *text, size_t len)
{
	const uint8_t *s = text, *end = s + len;
	size_t width = 0;

	if (how == LOAD_JSON)
		width += emit(f, "\"");
	while (s < end) {
		uint32_t point = 0;
		size_t n = utf8_decode(s, (size_t)(end - s), &point);

		if (how == LOAD_JSON)
			width += print_char_json(f, s, n, point);
		else
			width += print_char(f, s, n, point);
		s += n ? n : 1;
	}
	if (how == LOAD_JSON)
		width += emit(f, "\"");
	return width;
}

/* ---- reading bytes ---- */

bool value_is_zero(struct value value)
{
	for (unsigned int i = 0; i < value.copies; i++)
		for (size_t k = 0; k < value.len; k++)
			if (value.data[i * value.stride + k])
				return false;
	return true;
}

static struct value clip(struct value value, size_t len)
{
	if (value.len > len)
		value.len = len;
	return value;
}

/* What is not a number, of several copies: size bytes of the first that says something. */
static const uint8_t *pick(struct value value, size_t size)
{
	struct value whole = clip(value, size);

	for (unsigned int i = 0; i < whole.copies; i++)
		if (!value_is_zero(value_copy(whole, i)))
			return whole.data + i * whole.stride;
	return whole.data;
}

static bool is_big(enum asm_format format)
{
	return format == ASM_NETWORK || __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
}

/* One number of at most 8 bytes, sign-extended when the type has a sign. */
static uint64_t read_number(const struct asm_type *type, const uint8_t *p)
{
	uint32_t size = type->size;
	unsigned int unused = 64 - 8 * size;
	uint64_t n = 0;

	for (uint32_t i = 0; i < size; i++)
		n = n << 8 | p[is_big(type->format) ? i : size - 1 - i];
	if (type->format == ASM_SIGNED)
		return (uint64_t)((int64_t)(n << unused) >> unused);
	return n;
}

/* What has an order of size: one machine word or less. */
static bool is_word(const struct asm_type *type)
{
	static const bool word[ASM_STRUCT + 1] = {
		[ASM_UNSIGNED] = true, [ASM_SIGNED] = true, [ASM_BOOL] = true, [ASM_NETWORK] = true,
		[ASM_POINTER] = true, [ASM_KTIME] = true, [ASM_KSYM] = true, [ASM_LOG2] = true,
	};

	return word[type->format] && type->size && type->size <= WORD_MAX;
}

/* What can be added up. */
static bool is_number(const struct asm_type *type)
{
	return is_word(type) && (type->format == ASM_UNSIGNED || type->format == ASM_SIGNED ||
				 type->format == ASM_NETWORK);
}

static uint64_t sum_number(const struct asm_type *type, struct value value)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < value.copies; i++)
		sum += read_number(type, value.data + i * value.stride);
	return sum;
}

/* ---- a printer a format; value holds at least type->size bytes ---- */

typedef size_t print_fn(FILE *f, enum load_print how, const struct asm_type *type,
			struct value value);

static size_t print_bytes(FILE *f, enum load_print how, const uint8_t *p, size_t len)
{
	size_t width = 0;

	if (how == LOAD_JSON)
		width += emit(f, "[");
	for (size_t i = 0; i < len; i++) {
		if (how == LOAD_JSON)
			width += emit(f, "%s\"0x%02x\"", i ? "," : "", p[i]);
		else
			width += emit(f, "%s%02x", i ? " " : "", p[i]);
	}
	if (how == LOAD_JSON)
		width += emit(f, "]");
	return width;
}

static size_t print_number(FILE *f, enum load_print how, const struct asm_type *type,
			   struct value value)
{
	uint64_t n;

	if (!is_number(type))
		return print_bytes(f, how, pick(value, type->size), type->size);
	n = sum_number(type, value);
	if (type->format == ASM_SIGNED)
		return emit(f, "%lld", (long long)n);
	return emit(f, "%llu", (unsigned long long)n);
}

static size_t print_bool(FILE *f, enum load_print how, const struct asm_type *type,
			 struct value value)
{
	(void)how;
	return emit(f, "%s", value_is_zero(clip(value, type->size)) ? "false" : "true");
}

static size_t print_chars(FILE *f, enum load_print how, struct value value, size_t most)
{
	size_t len = value.len < most ? value.len : most;
	const uint8_t *text = pick(value, len), *nul;

	if (!len)
		return emit_missing(f, how);
	nul = memchr(text, '\0', len);
	return value_print_text(f, how, text, nul ? (size_t)(nul - text) : len);
}

/* What a shell would not take as one word is told from it by quotes. */
static size_t print_quoted(FILE *f, const uint8_t *text, size_t len)
{
	bool plain = len > 0;
	size_t width;

	for (size_t i = 0; i < len; i++)
		plain = plain && text[i] != ' ' && text[i] != '\'';
	if (plain)
		return value_print_text(f, LOAD_TEXT, text, len);
	width = emit(f, "'");
	width += value_print_text(f, LOAD_TEXT, text, len);
	return width + emit(f, "'");
}

/* Texts up to the end of the value: where the last has no NUL there was more of it. */
static size_t print_strings(FILE *f, enum load_print how, struct value value, size_t most)
{
	size_t len = value.len < most ? value.len : most, width = 0, n;
	const uint8_t *text = pick(value, len), *nul;

	/* An array that is longer than its texts ends in NULs. */
	while (value.len >= most && len > 1 && !text[len - 1] && !text[len - 2])
		len--;
	if (how == LOAD_JSON)
		width += emit(f, "[");
	for (size_t at = 0; at < len; at += n + 1) {
		nul = memchr(text + at, '\0', len - at);
		n = nul ? (size_t)(nul - text) - at : len - at;
		width += emit(f, "%s", !at ? "" : how == LOAD_JSON ? "," : " ");
		width += how == LOAD_JSON ? value_print_text(f, how, text + at, n) :
					    print_quoted(f, text + at, n);
		if (!nul && how == LOAD_TEXT)
			width += emit(f, "...");
	}
	if (how == LOAD_JSON)
		width += emit(f, "]");
	return width;
}

static size_t print_one_string(FILE *f, enum load_print how, const struct asm_type *type,
			       struct value value)
{
	return print_strings(f, how, value, type->size);
}

static size_t print_one_char(FILE *f, enum load_print how, const struct asm_type *type,
			     struct value value)
{
	return print_chars(f, how, value, type->size);
}

/* The kernel leaves the name of a task that is going away empty. */
static size_t print_comm(FILE *f, enum load_print how, const struct asm_type *type,
			 struct value value)
{
	size_t width = print_chars(f, how, value, type->size);

	return width ? width : emit(f, "<unknown>");
}

/* An address: bpftool's JSON has addresses as plain numbers too. */
static size_t print_pointer(FILE *f, enum load_print how, const struct asm_type *type,
			    struct value value)
{
	unsigned long long n;

	if (!is_word(type))
		return print_bytes(f, how, pick(value, type->size), type->size);
	n = read_number(type, pick(value, type->size));
	return emit(f, how == LOAD_JSON ? "%llu" : "0x%llx", n);
}

/* A bound of a range: each power of two is a whole number of its unit. */
static size_t print_power(FILE *f, unsigned int n)
{
	static const char *const units[] = { "", "K", "M", "G", "T", "P", "E" };

	return emit(f, "%u%s", 1u << n % UNIT_BITS, units[n / UNIT_BITS]);
}

/* The range whose numbers have their highest bit there; 0 has none and is in the first. */
static size_t print_log2(FILE *f, enum load_print how, const struct asm_type *type,
			 struct value value)
{
	uint64_t n = read_number(type, pick(value, type->size));
	size_t width;

	if (how == LOAD_JSON || n >= POWERS)
		return emit(f, "%llu", (unsigned long long)n);
	width = emit(f, "[");
	width += n ? print_power(f, (unsigned int)n) : emit(f, "0");
	width += emit(f, ", ");
	return width + print_power(f, (unsigned int)n + 1) + emit(f, ")");
}

static size_t print_ipv4(FILE *f, enum load_print how, const struct asm_type *type,
			 struct value value)
{
	const uint8_t *p = pick(value, type->size);
	char word[sizeof("255.255.255.255")];

	snprintf(word, sizeof(word), "%u.%u.%u.%u", p[0], p[1], p[2], p[3]);
	return emit_word(f, how, word);
}

static unsigned int ipv6_group(const uint8_t *p, unsigned int i)
{
	return p[2 * i] * 256u + p[2 * i + 1];
}

/*
 * The zero groups that "::" stands for: the longest run, the first of several, and never one group
 * alone (RFC 5952 section 4.2). Returns where it ends; *from == IPV6_GROUPS: there is none.
 */
static unsigned int ipv6_gap(const uint8_t *p, unsigned int *from)
{
	unsigned int best = 1, end = IPV6_GROUPS, start = 0;

	*from = IPV6_GROUPS;
	for (unsigned int i = 0; i < IPV6_GROUPS; i++) {
		if (ipv6_group(p, i)) {
			start = i + 1;
		} else if (i + 1 - start > best) {
			best = i + 1 - start;
			*from = start;
			end = i + 1;
		}
	}
	return end;
}

static bool ipv6_is_mapped(const uint8_t *p)
{
	unsigned int from, end = ipv6_gap(p, &from);

	return from == 0 && end == IPV6_MAPPED && ipv6_group(p, IPV6_MAPPED) == 0xffff;
}

/* RFC 5952; IPv4-mapped addresses in the mixed notation of its section 5. */
static size_t print_ipv6(FILE *f, enum load_print how, const struct asm_type *type,
			 struct value value)
{
	const uint8_t *p = pick(value, type->size);
	char word[sizeof("0123:") * IPV6_GROUPS];
	unsigned int from, end = ipv6_gap(p, &from);
	char *s = word;

	if (ipv6_is_mapped(p)) {
		snprintf(word, sizeof(word), "::ffff:%u.%u.%u.%u", p[12], p[13], p[14], p[15]);
		return emit_word(f, how, word);
	}
	for (unsigned int i = 0; i < IPV6_GROUPS; i++) {
		if (i == from) {
			s = stpcpy(s, "::");
			i = end - 1;
			continue;
		}
		s += sprintf(s, "%s%x", i && i != end ? ":" : "", ipv6_group(p, i));
	}
	*s = '\0';
	return emit_word(f, how, word);
}

static size_t print_inet(FILE *f, enum load_print how, const struct asm_type *type,
			 struct value value)
{
	const uint8_t *p = pick(value, type->size);

	if (ipv6_is_mapped(p))
		return print_ipv4(f, how, type, value_at(value_of(p, type->size), IPV6_IPV4));
	return print_ipv6(f, how, type, value);
}

static size_t print_mac(FILE *f, enum load_print how, const struct asm_type *type,
			struct value value)
{
	const uint8_t *p = pick(value, type->size);
	char word[sizeof("00:11:22:33:44:55")];

	snprintf(word, sizeof(word), "%02x:%02x:%02x:%02x:%02x:%02x", p[0], p[1], p[2], p[3], p[4],
		 p[5]);
	return emit_word(f, how, word);
}

static int64_t clock_ns(clockid_t clock)
{
	struct timespec now = { 0 };

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

/*
 * How far the wall clock is ahead of CLOCK_MONOTONIC. The two cannot be read at one instant: of a
 * few attempts, take the one that took least.
 */
static int64_t wall_ahead(void)
{
	int64_t least = INT64_MAX, ahead = 0;

	for (int i = 0; i < 3; i++) {
		int64_t before = clock_ns(CLOCK_MONOTONIC);
		int64_t wall = clock_ns(CLOCK_REALTIME);
		int64_t took = clock_ns(CLOCK_MONOTONIC) - before;

		if (took < least) {
			least = took;
			ahead = wall - before - took / 2;
		}
	}
	return ahead;
}

static size_t print_ktime(FILE *f, enum load_print how, const struct asm_type *type,
			  struct value value)
{
	uint64_t ns = read_number(type, pick(value, type->size));
	uint64_t wall = ns + (uint64_t)wall_ahead();
	time_t seconds = (time_t)(wall / NSEC_PER_SEC);
	struct tm tm;

	if (how == LOAD_JSON || !localtime_r(&seconds, &tm))
		return emit(f, "%llu", (unsigned long long)ns);
	return emit(f, "%02d:%02d:%02d.%06u", tm.tm_hour, tm.tm_min, tm.tm_sec,
		    (unsigned int)(wall % NSEC_PER_SEC / NSEC_PER_USEC));
}

static size_t print_nested(FILE *f, enum load_print how, struct asm_typeref type,
			   struct value value);

/* name=value pairs, or the members of a JSON object, without what stands around them. */
static size_t print_fields(FILE *f, enum load_print how, const struct asm_type *type,
			   struct value value)
{
	size_t width = 0;

	for (size_t i = 0; i < type->nfields; i++) {
		const struct asm_field *field = &type->fields[i];

		if (i)
			width += emit(f, how == LOAD_JSON ? "," : " ");
		width += value_print_text(f, how, field->name, strlen(field->name));
		width += emit(f, how == LOAD_JSON ? ":" : "=");
		width += print_nested(f, how, field->type, value_at(value, field->offset));
	}
	return width;
}

static size_t print_struct(FILE *f, enum load_print how, const struct asm_type *type,
			   struct value value)
{
	size_t width = emit(f, "{");

	width += print_fields(f, how, type, value);
	return width + emit(f, "}");
}

static print_fn *const printers[] = {
	[ASM_UNSIGNED] = print_number,
	[ASM_SIGNED] = print_number,
	[ASM_BOOL] = print_bool,
	[ASM_CHAR] = print_one_char,
	[ASM_COMM] = print_comm,
	[ASM_NETWORK] = print_number,
	[ASM_POINTER] = print_pointer,
	[ASM_IPV4] = print_ipv4,
	[ASM_IPV6] = print_ipv6,
	[ASM_INET] = print_inet,
	[ASM_MAC] = print_mac,
	[ASM_KTIME] = print_ktime,
	[ASM_KSYM] = print_pointer,
	[ASM_LOG2] = print_log2,
	[ASM_STRINGS] = print_one_string,
	[ASM_STRUCT] = print_struct,
};

static size_t print_one(FILE *f, enum load_print how, const struct asm_type *type,
			struct value value)
{
	/* What is there of a struct is worth showing: its fields notice where it ends. */
	if (value.len < type->size && type->format != ASM_STRUCT)
		return emit_missing(f, how);
	return printers[type->format](f, how, type, value);
}

static size_t print_array(FILE *f, enum load_print how, struct asm_typeref type,
			  struct value value)
{
	uint32_t size = type.type->size;
	size_t n = size ? value.len / size : 0;
	size_t width = emit(f, "[");

	for (size_t i = 0; i < n && i < type.count; i++) {
		width += emit(f, "%s", i ? "," : "");
		width += print_one(f, how, type.type, value_at(value, i * size));
	}
	return width + emit(f, "]");
}

static size_t print_nested(FILE *f, enum load_print how, struct asm_typeref type,
			   struct value value)
{
	if (!type.count)
		return print_one(f, how, type.type, value);
	if (type.type->format == ASM_CHAR)
		return print_chars(f, how, value, (size_t)asm_sizeof(type));
	if (type.type->format == ASM_STRINGS)
		return print_strings(f, how, value, (size_t)asm_sizeof(type));
	return print_array(f, how, type, value);
}

size_t value_print(FILE *f, enum load_print how, struct asm_typeref type, struct value value)
{
	if (!type.type)
		return print_bytes(f, how, pick(value, value.len), value.len);
	if (how == LOAD_TEXT && !type.count && type.type->format == ASM_STRUCT)
		return print_fields(f, how, type.type, value);
	return print_nested(f, how, type, value);
}

void load_print_value(FILE *f, enum load_print how, struct asm_typeref type, const void *data,
		      size_t len)
{
	value_print(f, how, type, value_of(data, len));
}

/* ---- order ---- */

static int compare_bytes(struct value a, struct value b, size_t size)
{
	size_t na = a.len < size ? a.len : size, nb = b.len < size ? b.len : size;
	int order = memcmp(a.data, b.data, na < nb ? na : nb);

	return order ? order : (na > nb) - (na < nb);
}

static int compare_fields(const struct asm_type *type, struct value a, struct value b)
{
	int order = 0;

	for (size_t i = 0; !order && i < type->nfields; i++) {
		const struct asm_field *field = &type->fields[i];

		order = value_compare(field->type, value_at(a, field->offset),
				      value_at(b, field->offset));
	}
	return order;
}

static int compare_one(const struct asm_type *type, struct value a, struct value b)
{
	uint64_t x, y;

	if (type->format == ASM_STRUCT)
		return compare_fields(type, a, b);
	if (!is_word(type) || a.len < type->size || b.len < type->size)
		return compare_bytes(a, b, type->size);
	x = sum_number(type, a);
	y = sum_number(type, b);
	if (type->format == ASM_SIGNED)
		return ((int64_t)x > (int64_t)y) - ((int64_t)x < (int64_t)y);
	return (x > y) - (x < y);
}

int value_compare(struct asm_typeref type, struct value a, struct value b)
{
	uint32_t n = type.count ? type.count : 1;
	int order = 0;

	if (!type.type)
		return compare_bytes(a, b, SIZE_MAX);
	for (uint32_t i = 0; !order && i < n; i++) {
		size_t offset = (size_t)i * type.type->size;

		order = compare_one(type.type, value_at(a, offset), value_at(b, offset));
	}
	return order;
}

uint64_t value_number(struct asm_typeref type, struct value value)
{
	return sum_number(type.type, value);
}

bool value_find_number(struct asm_typeref type, struct asm_field *out)
{
	if (!type.type || type.count)
		return false;
	if (is_number(type.type)) {
		memset(out, 0, sizeof(*out));
		out->type = type;
		return true;
	}
	for (size_t i = 0; i < type.type->nfields; i++) {
		const struct asm_field *field = &type.type->fields[i];

		if (value_find_number(field->type, out)) {
			out->offset += field->offset;
			out->name = out->name ? out->name : field->name;
			return true;
		}
	}
	return false;
}
