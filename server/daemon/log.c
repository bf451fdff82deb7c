/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/log.h"

#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

static core_log_level most = CORE_LOG_INFO;

static const char *const names[] = {
    [CORE_LOG_ERROR] = "error",
    [CORE_LOG_WARNING] = "warning",
    [CORE_LOG_INFO] = "info",
    [CORE_LOG_DEBUG] = "debug",
};

void log_set_level(core_log_level level)
{
    most = level;
}

bool log_level_parse(const char *name, core_log_level *level)
{
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (strcmp(name, names[i]) == 0) {
            *level = (core_log_level)i;
            return true;
        }
    }
    return false;
}

static bool is_word(const char *text)
{
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        if (!g_ascii_isgraph(*text) || strchr("\"\\=", *text) != NULL)
            return false;
    }
    return true;
}

static void append_quoted(GString *line, const char *text)
{
    g_string_append_c(line, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            g_string_append_printf(line, "\\%c", *text);
        else if (g_ascii_isprint(*text))
            g_string_append_c(line, *text);
        else
            g_string_append_printf(line, "\\x%02x", (unsigned char)*text);
    }
    g_string_append_c(line, '"');
}

static void append_pair(GString *line, const char *key, const char *value, bool quote)
{
    g_string_append_printf(line, " %s=", key);
    if (!quote && is_word(value))
        g_string_append(line, value);
    else
        append_quoted(line, value);
}

static GString *begin_line(core_log_level level, conn_key conn, const char *text)
{
    GString *line = g_string_new("time=");
    GDateTime *now = g_date_time_new_now_utc();
    char *when = g_date_time_format(now, "%Y-%m-%dT%H:%M:%S.%fZ");
    g_string_append(line, when);
    append_pair(line, "level", names[level], false);
    if (conn != 0)
        g_string_append_printf(line, " conn=%" G_GUINT64_FORMAT, conn);
    append_pair(line, "msg", text, true);
    g_free(when);
    g_date_time_unref(now);
    return line;
}

/*
 * Whether stderr takes a line now. It may be a pipe that nobody reads any more: no connection is
 * to wait for that. A pipe is ready when it has room for PIPE_BUF bytes.
 */
static bool is_ready(void)
{
    struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};
    return poll(&out, 1, 0) != 0;
}

static void write_line(GString *line)
{
    if (line->len >= PIPE_BUF)
        g_string_truncate(line, PIPE_BUF - 1);
    g_string_append_c(line, '\n');
    (void)!write(STDERR_FILENO, line->str, line->len);
    g_string_free(line, TRUE);
}

/* In one piece: lines of several threads do not mix. */
static void end_line(GString *line)
{
    static atomic_uint dropped;
    if (!is_ready()) {
        atomic_fetch_add(&dropped, 1);
        g_string_free(line, TRUE);
        return;
    }
    const unsigned n = atomic_exchange(&dropped, 0);
    if (n > 0) {
        GString *remark =
            begin_line(CORE_LOG_WARNING, 0, "lines were dropped: nobody read the log");
        g_string_append_printf(remark, " lines=%u", n);
        write_line(remark);
    }
    write_line(line);
}

void log_line(core_log_level level, conn_key conn, const char *text)
{
    if (level <= most)
        end_line(begin_line(level, conn, text));
}

void log_event(core_log_level level, conn_key conn, const char *text, ...)
{
    va_list pairs;
    const char *key;
    if (level > most)
        return;
    GString *line = begin_line(level, conn, text);
    va_start(pairs, text);
    while ((key = va_arg(pairs, const char *)) != NULL)
        append_pair(line, key, va_arg(pairs, const char *), false);
    va_end(pairs);
    end_line(line);
}
