/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench/process.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* /proc/PID/stat: fields are numbered from 1; the second, the name in brackets, may hold blanks. */
enum { FIELD_STATE = 3, FIELD_UTIME = 14, FIELD_STIME = 15, FIELD_RSS = 24 };

bool process_look(int pid, process_use *use)
{
    char path[64], *text = NULL;
    g_snprintf(path, sizeof path, "/proc/%d/stat", pid);
    if (!g_file_get_contents(path, &text, NULL, NULL))
        return false;
    const char *behind_name = strrchr(text, ')');
    char **fields = behind_name != NULL ? g_strsplit(behind_name + 2, " ", FIELD_RSS) : NULL;
    const bool ok = fields != NULL && g_strv_length(fields) > FIELD_RSS - FIELD_STATE;
    if (ok) {
        const uint64_t ticks = g_ascii_strtoull(fields[FIELD_UTIME - FIELD_STATE], NULL, 10) +
                               g_ascii_strtoull(fields[FIELD_STIME - FIELD_STATE], NULL, 10);
        use->cpu_ns = ticks * (UINT64_C(1000000000) / (uint64_t)sysconf(_SC_CLK_TCK));
        use->rss_bytes = g_ascii_strtoull(fields[FIELD_RSS - FIELD_STATE], NULL, 10) *
                         (uint64_t)sysconf(_SC_PAGESIZE);
    }
    g_strfreev(fields);
    g_free(text);
    return ok;
}
