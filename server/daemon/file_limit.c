/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/file_limit.h"

#include <errno.h>
#include <glib.h>
#include <sys/resource.h>

#define OWN_FILES 64u /* listeners, the loop, the store, clients of the metrics */

char *file_limit_raise(unsigned connections)
{
    struct rlimit limit;
    const rlim_t needed = (rlim_t)connections + OWN_FILES;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return g_strdup_printf("cannot read the limit of open files: %s", g_strerror(errno));
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        return g_strdup_printf("cannot raise the limit of open files: %s", g_strerror(errno));
    if (limit.rlim_max >= needed)
        return NULL;
    return g_strdup_printf("this many connections need %" G_GUINT64_FORMAT
                           " open files, and the system allows %" G_GUINT64_FORMAT
                           ": lower --max-connections or --max-closing, or raise the limit "
                           "(ulimit -Hn, systemd: LimitNOFILE)",
                           (guint64)needed, (guint64)limit.rlim_max);
}
