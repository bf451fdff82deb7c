/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of named columns as csv or ndjson. */
#include "stats/row_writer.h"

#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD in UTF-8 */

void row_writer_init(row_writer *w, FILE *file, row_format format)
{
    w->file = file;
    w->format = format;
    w->line = g_string_sized_new(512);
    w->column = NULL;
    w->first = true;
}

void row_writer_clear(row_writer *w)
{
    g_string_free(w->line, TRUE);
    w->line = NULL;
}

static void append(row_writer *w, const char *text)
{
    g_string_append_len(w->line, text, (gssize)strlen(text));
}

void row_column(row_writer *w, const char *name)
{
    if (w->format == ROW_CSV) {
        if (!w->first)
            g_string_append_c(w->line, ',');
        w->first = false;
    }
    w->column = name;
}

/* In ndjson a name is written with its value only. */
static void begin_value(row_writer *w)
{
    if (w->format == ROW_CSV)
        return;
    append(w, w->first ? "{\"" : ",\"");
    append(w, w->column);
    append(w, "\":");
    w->first = false;
}

/* Much faster than printf(), which would be a third of the cost of a row. */
static void append_digits(row_writer *w, uint64_t value, size_t at_least)
{
    char digits[24];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0 || sizeof digits - at < at_least);
    g_string_append_len(w->line, digits + at, (gssize)(sizeof digits - at));
}

void row_number(row_writer *w, uint64_t value)
{
    begin_value(w);
    append_digits(w, value, 1);
}

void row_seconds(row_writer *w, int64_t seconds, uint32_t nanoseconds)
{
    begin_value(w);
    if (seconds < 0) {
        g_string_append_c(w->line, '-');
        seconds = -seconds;
        if (nanoseconds != 0) {
            seconds--;
            nanoseconds = 1000000000 - nanoseconds;
        }
    }
    append_digits(w, (uint64_t)seconds, 1);
    g_string_append_c(w->line, '.');
    append_digits(w, nanoseconds, 9);
}

static void append_quoted(row_writer *w, const char *text)
{
    g_string_append_c(w->line, '"');
    append(w, text);
    g_string_append_c(w->line, '"');
}

void row_name(row_writer *w, const char *name)
{
    begin_value(w);
    if (w->format == ROW_CSV)
        append(w, name);
    else
        append_quoted(w, name);
}

/* The text as UTF-8 without NUL; to be freed. */
static char *as_utf8(plato_span text)
{
    GString *out = g_string_sized_new(text.n + 16);
    const char *p = (const char *)text.p;
    size_t left = text.n;
    while (left > 0) {
        const char *end;
        const bool good = g_utf8_validate(p, (gssize)left, &end);
        g_string_append_len(out, p, end - p);
        left -= (size_t)(end - p);
        p = end;
        if (good)
            break;
        g_string_append(out, REPLACEMENT);
        p++;
        left--;
    }
    return g_string_free(out, FALSE);
}

static void append_csv(row_writer *w, const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        append(w, text);
        return;
    }
    g_string_append_c(w->line, '"');
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '"')
            g_string_append_c(w->line, '"');
        g_string_append_c(w->line, *p);
    }
    g_string_append_c(w->line, '"');
}

static void append_json(row_writer *w, const char *text)
{
    g_string_append_c(w->line, '"');
    for (const char *p = text; *p != '\0'; p++) {
        const unsigned char c = (unsigned char)*p;
        if (c < 0x20 || c == 0x7f)
            g_string_append_printf(w->line, "\\u%04x", c);
        else {
            if (c == '"' || c == '\\')
                g_string_append_c(w->line, '\\');
            g_string_append_c(w->line, *p);
        }
    }
    g_string_append_c(w->line, '"');
}

void row_text(row_writer *w, plato_span text)
{
    char *utf8 = as_utf8(text);
    begin_value(w);
    if (w->format == ROW_CSV)
        append_csv(w, utf8);
    else
        append_json(w, utf8);
    g_free(utf8);
}

bool row_end(row_writer *w)
{
    if (w->format == ROW_NDJSON)
        append(w, w->first ? "{}\n" : "}\n");
    else
        g_string_append_c(w->line, '\n');
    const size_t n = w->line->len;
    const bool ok = fwrite(w->line->str, 1, n, w->file) == n;
    g_string_truncate(w->line, 0);
    w->first = true;
    return ok;
}
