/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/log.h"

#include <stdio.h>
#include <string.h>

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

void log_line(core_log_level level, conn_key conn, const char *text)
{
    if (level > most)
        return;
    GDateTime *now = g_date_time_new_now_utc();
    char *when = g_date_time_format(now, "%Y-%m-%dT%H:%M:%S.%fZ");
    if (conn != 0)
        fprintf(stderr, "%s %s connection #%" G_GUINT64_FORMAT ": %s\n", when, names[level], conn,
                text);
    else
        fprintf(stderr, "%s %s %s\n", when, names[level], text);
    g_free(when);
    g_date_time_unref(now);
}
