/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/deliver.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct deliver {
    FILE *file;
    uint64_t length; /* bytes, with what is still in the buffer */
    bool changed;
};

/* True if the first `length` bytes end a line. */
static bool ends_line(int fd, uint64_t length)
{
    char last = '\n';
    return length == 0 || (pread(fd, &last, 1, (off_t)length - 1) == 1 && last == '\n');
}

/* Where to go on: after what was delivered, if it is the same file, and else at its end. */
static bool find_end(deliver *d, state *s)
{
    struct stat found;
    const int fd = fileno(d->file);
    const uint64_t known = state_get(s, STATE_FILE_LENGTH);
    if (fstat(fd, &found) != 0)
        return false;
    const uint64_t length = (uint64_t)found.st_size;
    const bool same = state_get(s, STATE_FILE_INODE) == (uint64_t)found.st_ino &&
                      state_get(s, STATE_FILE_DEVICE) == (uint64_t)found.st_dev;
    d->length = same && known <= length && ends_line(fd, known) ? known : length;
    state_set(s, STATE_FILE_DEVICE, (uint64_t)found.st_dev);
    state_set(s, STATE_FILE_INODE, (uint64_t)found.st_ino);
    state_set(s, STATE_FILE_LENGTH, d->length);
    return d->length == length || ftruncate(fd, (off_t)d->length) == 0;
}

/* That the file is there at all must outlive a loss of power, too. */
static bool sync_folder(const char *path)
{
    char *folder = g_path_get_dirname(path);
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    g_free(folder);
    return ok;
}

deliver *deliver_open(const char *path, state *s, char **error)
{
    deliver *d = g_new0(deliver, 1);
    d->file = fopen(path, "a+e");
    if (d->file != NULL && find_end(d, s) && sync_folder(path))
        return d;
    *error = g_strdup_printf("--deliver-to %s: %s", path, g_strerror(errno));
    deliver_close(d);
    return NULL;
}

void deliver_close(deliver *d)
{
    if (d == NULL)
        return;
    if (d->file != NULL)
        fclose(d->file);
    g_free(d);
}

void deliver_line(deliver *d, const GString *line)
{
    fwrite(line->str, 1, line->len, d->file);
    putc('\n', d->file);
    d->length += line->len + 1;
    d->changed = true;
}

bool deliver_flush(deliver *d, state *s)
{
    if (!d->changed)
        return true;
    if (fflush(d->file) != 0 || ferror(d->file) || fdatasync(fileno(d->file)) != 0)
        return false;
    d->changed = false;
    state_set(s, STATE_FILE_LENGTH, d->length);
    return true;
}
