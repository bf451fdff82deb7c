/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/key_log.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <openssl/crypto.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* NULL, or why secrets are not written there: anybody may be at the other end of a FIFO. */
static const char *objection(int fd)
{
    struct stat file;
    if (fstat(fd, &file) != 0)
        return g_strerror(errno);
    if (!S_ISREG(file.st_mode))
        return "it is no regular file";
    if (file.st_uid != geteuid())
        return "it belongs to somebody else";
    return fchmod(fd, 0600) != 0 ? g_strerror(errno) : NULL;
}

int key_log_open(const char *path, char **error)
{
    /* O_NONBLOCK: a FIFO would be waited for */
    const int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    const int fd = open(path, flags, 0600);
    const char *wrong = fd < 0 ? g_strerror(errno) : objection(fd);
    if (wrong == NULL)
        return fd;
    *error = g_strdup_printf("the key log '%s' cannot be opened: %s", path, wrong);
    if (fd >= 0)
        close(fd);
    return -1;
}

_Bool key_log_write(int fd, const char *line)
{
    char *whole = g_strconcat(line, "\n", NULL);
    const size_t n = strlen(whole);
    ssize_t written;
    do
        written = write(fd, whole, n);
    while (written < 0 && errno == EINTR);
    OPENSSL_cleanse(whole, n);
    g_free(whole);
    return written == (ssize_t)n;
}
