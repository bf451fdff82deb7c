/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture_file.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdlib.h>
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

static gboolean write_packets(FILE *out, capture_format format, const GPtrArray *packets,
                              guint32 snaplen, const char *comment)
{
    const gboolean ok = format == CAPTURE_PCAP ? pcap_write(out, packets, snaplen)
                                               : pcapng_write(out, packets, snaplen, comment);
    return fclose(out) == 0 && ok;
}

/* A device or a FIFO: it is written to. To put a file in its place would take it from everybody. */
static gboolean is_stream(const char *path)
{
    struct stat there;
    return stat(path, &there) == 0 && !S_ISREG(there.st_mode) && !S_ISDIR(there.st_mode);
}

/* What a symbolic link leads to is replaced, not the link. To be freed. */
static char *behind_links(const char *path)
{
    char *found = realpath(path, NULL);
    char *target = g_strdup(found != NULL ? found : path);
    free(found);
    return target;
}

gboolean capture_file_write(const char *path, capture_format format, const GPtrArray *packets,
                            guint32 snaplen, const char *comment, GError **error)
{
    if (is_stream(path)) {
        FILE *stream = fopen(path, "wbe");
        return (stream != NULL && write_packets(stream, format, packets, snaplen, comment)) ||
               refuse(error, path);
    }
    char *temporary = NULL, *target = behind_links(path);
    FILE *out = open_beside(target, &temporary, error);
    gboolean ok = out != NULL;
    if (ok && !(write_packets(out, format, packets, snaplen, comment) &&
                g_rename(temporary, target) == 0)) {
        ok = refuse(error, path);
        g_unlink(temporary);
    }
    g_free(temporary);
    g_free(target);
    return ok;
}
