/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture_file.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static gboolean refuse(GError **error, const char *path)
{
    const int code = errno;
    g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(code), "%s: %s", path,
                strerror(code));
    return FALSE;
}

/* g_mkstemp() makes files for their owner alone; a capture gets the usual rights. */
static void set_usual_mode(int fd)
{
    const mode_t mask = umask(0);
    umask(mask);
    (void)!fchmod(fd, 0666 & ~mask);
}

static FILE *open_beside(const char *path, char **temporary, GError **error)
{
    *temporary = g_strconcat(path, ".XXXXXX", NULL);
    const int fd = g_mkstemp(*temporary);
    if (fd < 0) {
        refuse(error, path);
        return NULL;
    }
    set_usual_mode(fd);
    FILE *out = fdopen(fd, "wb");
    if (out == NULL) {
        refuse(error, path);
        close(fd);
        g_unlink(*temporary);
    }
    return out;
}

gboolean capture_file_write(const char *path, capture_format format, const GPtrArray *packets,
                            guint32 snaplen, const char *comment, GError **error)
{
    char *temporary = NULL;
    FILE *out = open_beside(path, &temporary, error);
    if (out == NULL) {
        g_free(temporary);
        return FALSE;
    }
    gboolean ok = format == CAPTURE_PCAP ? pcap_write(out, packets, snaplen)
                                         : pcapng_write(out, packets, snaplen, comment);
    ok = fclose(out) == 0 && ok && g_rename(temporary, path) == 0;
    if (!ok) {
        refuse(error, path);
        g_unlink(temporary);
    }
    g_free(temporary);
    return ok;
}
