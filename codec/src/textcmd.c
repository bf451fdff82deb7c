/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plato/textcmd.h"

#include "textcmd_scan.h"

#include <string.h>

/* ---- the scanner ---- */

static plato_err fault(textcmd_scan *s, plato_err code, size_t at, uint64_t got, uint64_t limit)
{
    s->fault_at = at;
    s->got = got;
    s->limit = limit;
    return code;
}

/* -1 for what is no hexadecimal digit. */
static int digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static bool is_visible(uint8_t c)
{
    return c > ' ' && c <= '~';
}

/* The byte at hand is one of TYPE's or of the parameters'. */
static plato_err count(textcmd_scan *s, const plato_textcmd_limits *limits)
{
    const size_t len = s->in_params ? s->at - s->type_len : s->at + 1;
    if (s->in_params && len > limits->max_params_len)
        return fault(s, PLATO_ERR_PARAMS_TOO_LONG, s->at, len, limits->max_params_len);
    if (!s->in_params && len > limits->max_type_len)
        return fault(s, PLATO_ERR_TYPE_TOO_LONG, s->at, len, limits->max_type_len);
    s->at++;
    if (!s->in_params)
        s->type_len = s->at;
    return PLATO_NEED_MORE;
}

static plato_err at_line_end(textcmd_scan *s, uint8_t c)
{
    if (c != '\n')
        return fault(s, PLATO_ERR_TEXT_LINE_END, s->fault_at, 0, 0);
    if (!s->in_params)
        return fault(s, PLATO_ERR_TEXT_NO_SLASH, s->fault_at, 0, 0);
    s->at++;
    return PLATO_OK;
}

static plato_err at_plain(textcmd_scan *s, uint8_t c, const plato_textcmd_limits *limits)
{
    if (c == '\r') {
        s->state = SCAN_LF;
        s->fault_at = s->at++;
        return PLATO_NEED_MORE;
    }
    if (c == '\n')
        return fault(s, PLATO_ERR_TEXT_LINE_END, s->at, 0, 0);
    if (!is_visible(c))
        return fault(s, PLATO_ERR_TEXT_BYTE, s->at, c, 0);
    if (c == '/' && !s->in_params) {
        if (s->at == 0)
            return fault(s, PLATO_ERR_TEXT_EMPTY_TYPE, 0, 0, 0);
        s->in_params = true;
        s->at++;
        return PLATO_NEED_MORE;
    }
    if (c == '%') {
        s->state = SCAN_DIGIT_1;
        s->fault_at = s->at;
    }
    return count(s, limits);
}

static plato_err look_at(textcmd_scan *s, uint8_t c, const plato_textcmd_limits *limits)
{
    switch (s->state) {
    case SCAN_DIGIT_1:
    case SCAN_DIGIT_2:
        if (digit(c) < 0)
            return fault(s, PLATO_ERR_TEXT_ESCAPE, s->fault_at, 0, 0);
        s->state = s->state == SCAN_DIGIT_1 ? SCAN_DIGIT_2 : SCAN_PLAIN;
        return count(s, limits);
    case SCAN_LF:
        return at_line_end(s, c);
    case SCAN_PLAIN:
        break;
    }
    return at_plain(s, c, limits);
}

/* Bytes of the parameters that mean themselves, up to the limit: most of a long line. */
static size_t plain_run(const textcmd_scan *s, const uint8_t *p, size_t n,
                        const plato_textcmd_limits *limits)
{
    if (s->state != SCAN_PLAIN || !s->in_params)
        return 0;
    const size_t left = limits->max_params_len - (s->at - s->type_len - 1);
    const size_t most = n < left ? n : left;
    size_t run = 0;
    while (run < most && is_visible(p[run]) && p[run] != '%')
        run++;
    return run;
}

plato_err plato_textcmd_scan_on(textcmd_scan *scan, const uint8_t *p, size_t n,
                                const plato_textcmd_limits *limits, size_t *used)
{
    for (*used = 0; *used < n; (*used)++) {
        const size_t run = plain_run(scan, p + *used, n - *used, limits);
        scan->at += run;
        *used += run;
        if (*used == n)
            break;
        const plato_err err = look_at(scan, p[*used], limits);
        if (err == PLATO_NEED_MORE)
            continue;
        *used += err == PLATO_OK;
        return err;
    }
    return PLATO_NEED_MORE;
}

void plato_textcmd_scan_result(const textcmd_scan *scan, const uint8_t *line,
                               plato_textcmd *command)
{
    command->type = (plato_span){line, scan->type_len};
    command->params = (plato_span){line + scan->type_len + 1, scan->at - scan->type_len - 3};
}

/* ---- lines that are there ---- */

plato_err plato_textcmd_parse(const uint8_t *p, size_t n, const plato_textcmd_limits *limits,
                              plato_textcmd *command, size_t *used, plato_error *error)
{
    static const plato_textcmd_limits defaults = PLATO_TEXTCMD_LIMITS_DEFAULT;
    textcmd_scan scan = {0};
    const plato_err err =
        plato_textcmd_scan_on(&scan, p, n, limits != NULL ? limits : &defaults, used);
    if (err == PLATO_OK) {
        plato_textcmd_scan_result(&scan, p, command);
        return err;
    }
    if (err == PLATO_NEED_MORE)
        return err;
    *used = scan.fault_at;
    if (error != NULL)
        *error = (plato_error){err,      plato_err_name(err), plato_strerror(err), 0, scan.fault_at,
                               scan.got, scan.limit};
    return err;
}

bool plato_textcmd_is_unreserved(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' || byte == '_' || byte == '~';
}

bool plato_textcmd_is_integer(plato_span text)
{
    const size_t sign = text.n > 0 && text.p[0] == '-' ? 1 : 0;
    for (size_t i = sign; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return false;
    }
    return text.n > sign;
}

ptrdiff_t plato_textcmd_unescape(const uint8_t *p, size_t n, uint8_t *out)
{
    size_t made = 0;
    for (size_t i = 0; i < n; i++, made++) {
        if (p[i] != '%') {
            out[made] = p[i];
            continue;
        }
        if (n - i < 3 || digit(p[i + 1]) < 0 || digit(p[i + 2]) < 0)
            return PLATO_ERR_TEXT_ESCAPE;
        out[made] = (uint8_t)(digit(p[i + 1]) * 16 + digit(p[i + 2]));
        i += 2;
    }
    return (ptrdiff_t)made;
}

static size_t escaped_length(plato_span plain)
{
    size_t n = 0;
    for (size_t i = 0; i < plain.n; i++)
        n += plato_textcmd_is_unreserved(plain.p[i]) ? 1 : 3;
    return n;
}

static uint8_t *escape(uint8_t *to, plato_span plain)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < plain.n; i++) {
        const uint8_t c = plain.p[i];
        if (plato_textcmd_is_unreserved(c)) {
            *to++ = c;
            continue;
        }
        *to++ = '%';
        *to++ = (uint8_t)digits[c >> 4];
        *to++ = (uint8_t)digits[c & 15];
    }
    return to;
}

static plato_err check_type(plato_span type)
{
    if (type.n == 0)
        return PLATO_ERR_ARGUMENT;
    for (size_t i = 0; i < type.n; i++) {
        if (!plato_textcmd_is_unreserved(type.p[i]))
            return PLATO_ERR_ARGUMENT;
    }
    return type.n > PLATO_TEXTCMD_TYPE_MAX ? PLATO_ERR_TYPE_TOO_LONG : PLATO_OK;
}

plato_err plato_textcmd_encode(plato_span type, plato_span params, uint8_t *buf, size_t cap,
                               size_t *written)
{
    const plato_err err = check_type(type);
    if (err != PLATO_OK)
        return err;
    /* each byte makes at least one: a long span is refused without being read */
    const size_t len = params.n > PLATO_COMMAND_PARAMS_MAX ? params.n : escaped_length(params);
    if (len > PLATO_COMMAND_PARAMS_MAX)
        return PLATO_ERR_PARAMS_TOO_LONG;
    if (type.n + 1 + len + 2 > cap)
        return PLATO_ERR_BUFFER_TOO_SMALL;
    memcpy(buf, type.p, type.n);
    buf[type.n] = '/';
    uint8_t *end = escape(buf + type.n + 1, params);
    *end++ = '\r';
    *end++ = '\n';
    *written = (size_t)(end - buf);
    return PLATO_OK;
}

/* ---- error replies ---- */

#define ERROR_TYPE "ERROR"

static const plato_span error_type = {(const uint8_t *)ERROR_TYPE, sizeof ERROR_TYPE - 1};

plato_err plato_textcmd_encode_error(uint32_t code, const char *reason, uint8_t *buf, size_t cap,
                                     size_t *written)
{
    uint8_t plain[PLATO_COMMAND_PARAMS_MAX];
    if (code > 999)
        return PLATO_ERR_ARGUMENT;
    if (reason == NULL)
        reason = plato_command_code_text(code);
    plain[0] = (uint8_t)('0' + code / 100);
    plain[1] = (uint8_t)('0' + code / 10 % 10);
    plain[2] = (uint8_t)('0' + code % 10);
    plato_span params = {plain, 3};
    size_t left = PLATO_COMMAND_PARAMS_MAX - 3;
    if (reason != NULL && *reason != '\0') {
        plain[params.n++] = ' ';
        left -= 3;
        for (; *reason != '\0'; reason++) {
            const size_t cost = plato_textcmd_is_unreserved((uint8_t)*reason) ? 1 : 3;
            if (cost > left)
                break;
            left -= cost;
            plain[params.n++] = (uint8_t)*reason;
        }
    }
    return plato_textcmd_encode(error_type, params, buf, cap, written);
}

bool plato_textcmd_read_error(const plato_textcmd *command, uint32_t *code, plato_span *reason)
{
    const plato_span p = command->params;
    if (command->type.n != error_type.n ||
        memcmp(command->type.p, error_type.p, error_type.n) != 0 || p.n < 3)
        return false;
    *code = 0;
    for (size_t i = 0; i < 3; i++) {
        if (p.p[i] < '0' || p.p[i] > '9')
            return false;
        *code = *code * 10 + (uint32_t)(p.p[i] - '0');
    }
    if (p.n > 3 && (p.n < 6 || memcmp(p.p + 3, "%20", 3) != 0))
        return false;
    const size_t front = p.n > 3 ? 6 : 3;
    *reason = (plato_span){p.p + front, p.n - front};
    return true;
}
