/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/text_file.h"

#include <glib.h>
#include <string.h>

char *text_file_read(const char *path, char **error)
{
    char *text = NULL;
    gsize length = 0;
    GError *failed = NULL;
    if (!g_file_get_contents(path, &text, &length, &failed)) {
        *error = g_strdup(failed->message);
        g_error_free(failed);
    } else if (strlen(text) != length) {
        *error = g_strdup_printf("%s: holds a zero byte, it is no text", path);
        g_clear_pointer(&text, g_free);
    }
    return text;
}
