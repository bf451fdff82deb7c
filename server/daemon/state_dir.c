/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/state_dir.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

#define STORE_NAME "plato-server.db"

static char *find(const char *chosen)
{
    const char *systemd = g_getenv("STATE_DIRECTORY");
    if (chosen != NULL)
        return g_strdup(chosen);
    if (systemd != NULL && *systemd != '\0') /* a list; the first is ours */
        return g_strndup(systemd, strcspn(systemd, ":"));
    const char *xdg = g_getenv("XDG_STATE_HOME");
    if (xdg != NULL && g_path_is_absolute(xdg))
        return g_build_filename(xdg, "plato", NULL);
    return g_build_filename(g_get_home_dir(), ".local", "state", "plato", NULL);
}

char *state_dir_store(const char *chosen, char **error)
{
    char *path = NULL, *dir = find(chosen);
    if (g_mkdir_with_parents(dir, 0700) == 0)
        path = g_build_filename(dir, STORE_NAME, NULL);
    else
        *error = g_strdup_printf("cannot make the state folder %s: %s; choose another --state-dir",
                                 dir, g_strerror(errno));
    g_free(dir);
    return path;
}
