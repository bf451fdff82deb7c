/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of parameters: numbers, times, lists. */
#include "command_conn.h"

#include <stdlib.h>
#include <string.h>

static bool read_count(const char *text, uint64_t *value)
{
    return g_ascii_string_to_unsigned(text, 10, 0, UINT64_MAX, value, NULL);
}

static const struct {
    const char *unit;
    double ns;
} units[] = {
    {"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"min", 6e10}, {"h", 3.6e12},
};

static bool is_plain_number(const char *text, size_t n)
{
    return n > 0 && strspn(text, "0123456789.") == n && text[0] != '.';
}

static bool read_time(const char *text, uint64_t *value)
{
    const size_t digits = strspn(text, "0123456789.");
    const char *unit = text + digits + strspn(text + digits, " ");
    if (digits == 0 || digits > 15 || text[0] == '.')
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
        if (strcmp(units[i].unit, unit) != 0)
            continue;
        const double ns = g_ascii_strtod(text, NULL) * units[i].ns;
        *value = (uint64_t)(ns + 0.5);
        return ns <= 9e18;
    }
    return false;
}

static bool read_percent(const char *text, uint64_t *value)
{
    if (!is_plain_number(text, strlen(text)))
        return false;
    const double percent = g_ascii_strtod(text, NULL);
    *value = (uint64_t)(percent * 1000 + 0.5);
    return percent > 0 && percent <= 100;
}

static bool read_bool(const char *text, uint64_t *value)
{
    static const char *const words[] = {"no", "yes", "false", "true", "off", "on", "0", "1"};
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (g_ascii_strcasecmp(text, words[i]) == 0) {
            *value = i & 1;
            return true;
        }
    }
    return false;
}

/* The number of one name of a list; false if there is none below 64. */
static bool read_member(check_kind kind, const char *word, uint64_t *number)
{
    const char *(*name_of)(uint32_t) = kind == KIND_TYPES       ? plato_msg_type_name
                                       : kind == KIND_CODES     ? plato_ack_code_name
                                       : kind == KIND_PROTOCOLS ? check_protocol_name
                                                                : NULL;
    if (kind != KIND_PROTOCOLS && read_count(word, number))
        return *number < 64;
    for (uint32_t i = 0; name_of != NULL && i < 64; i++) {
        if (name_of(i) != NULL && g_ascii_strcasecmp(name_of(i), word) == 0) {
            *number = i;
            return true;
        }
    }
    return false;
}

static bool read_list(check_kind kind, const char *text, uint64_t *bits)
{
    char **words = g_strsplit_set(text, "|+ ", -1);
    bool ok = true;
    *bits = 0;
    for (char **word = words; *word != NULL && ok; word++) {
        uint64_t number;
        if (**word == '\0')
            continue;
        if (g_ascii_strcasecmp(*word, "any") == 0) {
            *bits = UINT64_MAX;
            continue;
        }
        ok = read_member(kind, *word, &number);
        if (ok)
            *bits |= UINT64_C(1) << number;
    }
    g_strfreev(words);
    return ok && *bits != 0;
}

static const struct {
    check_kind kind;
    const char *wanted;
} wanted[] = {
    {KIND_COUNT, "a number such as 10"},
    {KIND_TIME, "a time with its unit (ns, us, ms, s, min, h), such as 250ms"},
    {KIND_PERCENT, "percent, above 0 and up to 100, such as 99.9"},
    {KIND_TYPES, "message types such as UP|PUSH, or any"},
    {KIND_CODES, "ACK codes such as OK|OUT_OF_ORDER or 0|10, or any"},
    {KIND_VERSIONS, "versions such as 1|2, or any"},
    {KIND_PROTOCOLS, "latency, textcmd or bincmd, several with | between them, or any"},
    {KIND_BOOL, "yes or no"},
};

static bool read_value(check_kind kind, const char *text, uint64_t *value)
{
    switch (kind) {
    case KIND_COUNT:
        return read_count(text, value);
    case KIND_TIME:
        return read_time(text, value);
    case KIND_PERCENT:
        return read_percent(text, value);
    case KIND_BOOL:
        return read_bool(text, value);
    default:
        return read_list(kind, text, value);
    }
}

bool check_read_value(check_kind kind, const char *text, uint64_t *value, char **error)
{
    if (read_value(kind, text, value))
        return true;
    for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++) {
        if (wanted[i].kind == kind)
            *error = g_strdup_printf("'%s' is not %s", text, wanted[i].wanted);
    }
    return false;
}

char *check_time_text(int64_t ns)
{
    static const struct {
        int64_t ns;
        const char *unit;
    } steps[] = {{60 * CHECK_NS_PER_SECOND, "min"},
                 {CHECK_NS_PER_SECOND, "s"},
                 {1000000, "ms"},
                 {1000, "us"}};
    char number[G_ASCII_DTOSTR_BUF_SIZE];
    for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
        if (ns >= steps[i].ns || i == G_N_ELEMENTS(steps) - 1) {
            g_ascii_formatd(number, sizeof number, "%.6g", (double)ns / (double)steps[i].ns);
            return g_strdup_printf("%s %s", number, steps[i].unit);
        }
    }
    return NULL;
}
