/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plato/json.h"

#include <string.h>

typedef struct json_reader {
    const uint8_t *p;
    const uint8_t *end;
    unsigned depth;
    bool in_object[PLATO_JSON_DEPTH_MAX]; /* for each open bracket: is it '{' */
} json_reader;

/* What has to come next. */
typedef enum json_want {
    WANT_VALUE,
    WANT_FIRST, /* a value or key, or the bracket that closes an empty list or object */
    WANT_KEY,
    WANT_NEXT, /* a comma or a closing bracket */
    WANT_NOTHING,
    NOT_JSON,
} json_want;

static int peek(const json_reader *r)
{
    return r->p < r->end ? *r->p : -1;
}

static bool take(json_reader *r, int c)
{
    if (peek(r) != c)
        return false;
    r->p++;
    return true;
}

static void skip_space(json_reader *r)
{
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\t' || *r->p == '\r' || *r->p == '\n'))
        r->p++;
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex_digit(int c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool take_digits(json_reader *r)
{
    const uint8_t *from = r->p;
    while (is_digit(peek(r)))
        r->p++;
    return r->p > from;
}

/* What follows a backslash. */
static bool take_escape(json_reader *r)
{
    const int c = peek(r);
    if (c <= 0 || strchr("\"\\/bfnrtu", c) == NULL)
        return false;
    r->p++;
    for (int i = 0; c == 'u' && i < 4; i++) {
        if (!is_hex_digit(peek(r)))
            return false;
        r->p++;
    }
    return true;
}

static bool take_string(json_reader *r)
{
    if (!take(r, '"'))
        return false;
    while (r->p < r->end) {
        const uint8_t c = *r->p++;
        if (c == '"')
            return true;
        if (c < ' ' || (c == '\\' && !take_escape(r)))
            return false;
    }
    return false;
}

static bool take_number(json_reader *r)
{
    take(r, '-');
    if (!take(r, '0') && !take_digits(r))
        return false;
    if (take(r, '.') && !take_digits(r))
        return false;
    if (!take(r, 'e') && !take(r, 'E'))
        return true;
    if (!take(r, '+'))
        take(r, '-');
    return take_digits(r);
}

static bool take_word(json_reader *r)
{
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        const size_t n = strlen(words[i]);
        if ((size_t)(r->end - r->p) >= n && memcmp(r->p, words[i], n) == 0) {
            r->p += n;
            return true;
        }
    }
    return false;
}

static json_want after_value(const json_reader *r)
{
    return r->depth > 0 ? WANT_NEXT : WANT_NOTHING;
}

static bool in_object(const json_reader *r)
{
    return r->in_object[r->depth - 1];
}

static json_want read_value(json_reader *r)
{
    const int c = peek(r);
    if (c == '{' || c == '[') {
        if (r->depth == PLATO_JSON_DEPTH_MAX)
            return NOT_JSON;
        r->p++;
        r->in_object[r->depth++] = c == '{';
        return WANT_FIRST;
    }
    const bool ok = c == '"'                  ? take_string(r)
                    : c == '-' || is_digit(c) ? take_number(r)
                                              : take_word(r);
    return ok ? after_value(r) : NOT_JSON;
}

static bool take_close(json_reader *r)
{
    if (!take(r, in_object(r) ? '}' : ']'))
        return false;
    r->depth--;
    return true;
}

static json_want read_key(json_reader *r)
{
    if (!take_string(r))
        return NOT_JSON;
    skip_space(r);
    return take(r, ':') ? WANT_VALUE : NOT_JSON;
}

static json_want step(json_reader *r, json_want want)
{
    skip_space(r);
    switch (want) {
    case WANT_VALUE:
        return read_value(r);
    case WANT_KEY:
        return read_key(r);
    case WANT_FIRST:
        if (take_close(r))
            return after_value(r);
        return in_object(r) ? WANT_KEY : WANT_VALUE;
    case WANT_NEXT:
        if (take_close(r))
            return after_value(r);
        if (!take(r, ','))
            return NOT_JSON;
        return in_object(r) ? WANT_KEY : WANT_VALUE;
    default:
        return NOT_JSON;
    }
}

bool plato_is_json(plato_span text)
{
    if (text.n == 0 || (text.p[0] != '{' && text.p[0] != '[')) /* p may be NULL, then */
        return false;
    json_reader r = {text.p, text.p + text.n, 0, {false}};
    json_want want = WANT_VALUE;
    while (want < WANT_NOTHING)
        want = step(&r, want);
    skip_space(&r);
    return want == WANT_NOTHING && r.p == r.end;
}
