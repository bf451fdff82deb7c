/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "words.h"

#include <string.h>

#define WORDS_MAX 4096

static void word_free(gpointer data)
{
    word *w = data;
    g_free(w->name);
    g_byte_array_unref(w->value);
    g_free(w);
}

static void append(word *w, const char *from, size_t n)
{
    g_byte_array_append(w->value, (const guint8 *)from, (guint)n);
}

static gboolean is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* One escape of "...", `p` after the backslash. Returns what follows it, or NULL. */
static const char *read_escape(word *w, const char *p)
{
    static const char names[] = "ntr0\\\"'";
    static const char values[] = "\n\t\r\0\\\"'";
    const char *at = *p != '\0' ? strchr(names, *p) : NULL;
    if (at != NULL) {
        append(w, &values[at - names], 1);
        return p + 1;
    }
    if (*p != 'x' || !g_ascii_isxdigit(p[1]) || !g_ascii_isxdigit(p[2]))
        return NULL;
    const char byte = (char)(g_ascii_xdigit_value(p[1]) * 16 + g_ascii_xdigit_value(p[2]));
    append(w, &byte, 1);
    return p + 3;
}

/* `p` at the opening quote. Returns what follows the closing one, or NULL with `error` set. */
static const char *read_quoted(word *w, const char *p, GError **error)
{
    const char quote = *p++;
    w->quoted = TRUE;
    while (*p != quote) {
        if (*p == '\0') {
            g_set_error(error, MKCAP_ERROR, 0, "the quote %c is not closed", quote);
            return NULL;
        }
        if (quote == '"' && *p == '\\') {
            p = read_escape(w, p + 1);
            if (p == NULL) {
                g_set_error(error, MKCAP_ERROR, 0,
                            "unknown escape; there are \\n \\t \\r \\0 \\\\ \\\" \\' and \\xHH");
                return NULL;
            }
        } else {
            append(w, p++, 1);
        }
    }
    p++;
    if (*p != '\0' && !is_blank(*p)) {
        g_set_error(error, MKCAP_ERROR, 0, "a blank is missing behind the closing quote %c", quote);
        return NULL;
    }
    return p;
}

static const char *read_word(word *w, const char *p, GError **error)
{
    const size_t name = strcspn(p, "= \t\r\"'");
    if (p[name] == '=' && name > 0) {
        w->name = g_strndup(p, name);
        p += name + 1;
    }
    if (*p == '"' || *p == '\'')
        return read_quoted(w, p, error);
    const size_t n = strcspn(p, " \t\r");
    append(w, p, n);
    return p + n;
}

GPtrArray *words_split(const char *line, GError **error)
{
    GPtrArray *words = g_ptr_array_new_with_free_func(word_free);
    for (;;) {
        while (is_blank(*line))
            line++;
        if (*line == '\0' || *line == '#')
            return words;
        word *w = g_new0(word, 1);
        w->value = g_byte_array_new();
        g_ptr_array_add(words, w);
        if (words->len > WORDS_MAX) {
            g_set_error(error, MKCAP_ERROR, 0, "more than %d words in a line", WORDS_MAX);
            line = NULL;
        } else {
            line = read_word(w, line, error);
        }
        if (line == NULL) {
            g_ptr_array_unref(words);
            return NULL;
        }
        g_byte_array_append(w->value, (const guint8 *)"", 1);
        g_byte_array_set_size(w->value, w->value->len - 1);
    }
}

const char *word_text(const word *w)
{
    return (const char *)w->value->data;
}

gboolean word_is(const word *w, const char *text)
{
    return w->name == NULL && !w->quoted && strcmp(word_text(w), text) == 0;
}

gboolean word_refuse(const word *w, GError **error, const char *why)
{
    char *shown = g_strescape(word_text(w), NULL);
    if (w->name != NULL)
        g_set_error(error, MKCAP_ERROR, 0, "%s=%.60s: %s", w->name, shown, why);
    else
        g_set_error(error, MKCAP_ERROR, 0, "%.60s: %s", shown, why);
    g_free(shown);
    return FALSE;
}

static gboolean text_number(const char *text, guint64 max, guint64 *number)
{
    const gboolean hex = g_str_has_prefix(text, "0x");
    return g_ascii_string_to_unsigned(hex ? text + 2 : text, hex ? 16 : 10, 0, max, number, NULL);
}

gboolean word_number(const word *w, guint64 max, guint64 *number, GError **error)
{
    char why[64];
    if (text_number(word_text(w), max, number))
        return TRUE;
    g_snprintf(why, sizeof why, "not a number from 0 to %" G_GUINT64_FORMAT, max);
    return word_refuse(w, error, why);
}

gboolean word_yes_no(const word *w, gboolean *yes, GError **error)
{
    *yes = strcmp(word_text(w), "yes") == 0;
    return *yes || strcmp(word_text(w), "no") == 0 || word_refuse(w, error, "neither yes nor no");
}

static const struct {
    const char *name;
    guint64 ns;
} units[] = {{"ns", 1},
             {"us", 1000},
             {"ms", 1000000},
             {"s", G_GUINT64_CONSTANT(1000000000)},
             {"min", G_GUINT64_CONSTANT(60000000000)}};

/* Digits before and after the point, exactly; at most a year. */
static gboolean scale(const char *text, guint64 unit, const char **end, guint64 *ns)
{
    const guint64 most = G_GUINT64_CONSTANT(31536000) * 1000000000;
    guint64 sum = 0;
    for (; g_ascii_isdigit(*text); text++) {
        sum = sum * 10 + (guint64)g_ascii_digit_value(*text);
        if (sum > most / unit)
            return FALSE;
    }
    sum *= unit;
    if (*text == '.') {
        for (text++; g_ascii_isdigit(*text); text++) {
            unit /= 10;
            sum += unit * (guint64)g_ascii_digit_value(*text);
        }
    }
    *end = text;
    *ns = sum;
    return TRUE;
}

gboolean word_time(const word *w, guint64 *ns, GError **error)
{
    const char *text = word_text(w);
    const char *end;
    const size_t digits = strspn(text, "0123456789.");
    for (size_t i = 0; i < G_N_ELEMENTS(units) && g_ascii_isdigit(text[0]); i++) {
        if (strcmp(text + digits, units[i].name) == 0 && scale(text, units[i].ns, &end, ns) &&
            end == text + digits)
            return TRUE;
    }
    return word_refuse(w, error, "not a time such as 30ms; units are ns, us, ms, s and min");
}

GPtrArray *word_list(const word *w, GError **error)
{
    char **parts = g_strsplit(word_text(w), ",", -1);
    GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
    gboolean ok = parts[0] != NULL;
    for (char **part = parts; *part != NULL; part++) {
        ok = ok && **part != '\0';
        g_ptr_array_add(list, *part);
    }
    g_free(parts);
    if (ok)
        return list;
    g_ptr_array_unref(list);
    word_refuse(w, error, "not a list such as 1,2,3");
    return NULL;
}

GArray *word_numbers(const word *w, guint64 max, GError **error)
{
    GPtrArray *list = word_list(w, error);
    if (list == NULL)
        return NULL;
    GArray *numbers = g_array_new(FALSE, FALSE, sizeof(guint64));
    for (guint i = 0; i < list->len; i++) {
        guint64 number = 0;
        if (!text_number(g_ptr_array_index(list, i), max, &number) || number == 0) {
            char why[64];
            g_snprintf(why, sizeof why, "not numbers from 1 to %" G_GUINT64_FORMAT, max);
            word_refuse(w, error, why);
            g_array_unref(numbers);
            numbers = NULL;
            break;
        }
        g_array_append_val(numbers, number);
    }
    g_ptr_array_unref(list);
    return numbers;
}

static GByteArray *from_hex(const char *text)
{
    const size_t n = strlen(text);
    if (n % 2 != 0 || strspn(text, "0123456789abcdefABCDEF") != n)
        return NULL;
    GByteArray *bytes = g_byte_array_sized_new((guint)n / 2);
    for (size_t i = 0; i < n; i += 2) {
        const guint8 byte =
            (guint8)(g_ascii_xdigit_value(text[i]) * 16 + g_ascii_xdigit_value(text[i + 1]));
        g_byte_array_append(bytes, &byte, 1);
    }
    return bytes;
}

static GByteArray *from_fill(const char *text)
{
    guint64 n = 0;
    if (!text_number(text, MKCAP_FILL_MAX, &n))
        return NULL;
    GByteArray *bytes = g_byte_array_new();
    g_byte_array_set_size(bytes, (guint)n);
    for (guint i = 0; i < (guint)n; i++)
        bytes->data[i] = (guint8)('a' + i % 26);
    return bytes;
}

GByteArray *word_bytes(const word *w, GError **error)
{
    const char *text = word_text(w);
    GByteArray *bytes = NULL;
    if (!w->quoted && g_str_has_prefix(text, "hex:")) {
        bytes = from_hex(text + strlen("hex:"));
    } else if (!w->quoted && g_str_has_prefix(text, "fill:")) {
        bytes = from_fill(text + strlen("fill:"));
    } else {
        bytes = g_byte_array_new();
        g_byte_array_append(bytes, w->value->data, w->value->len);
    }
    if (bytes == NULL)
        word_refuse(w, error, "hex: takes pairs of hex digits, fill: a number up to 67108864");
    return bytes;
}
