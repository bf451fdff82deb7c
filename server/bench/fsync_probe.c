/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench/fsync_probe.h"

#include "bench/load.h"

#include <errno.h>
#include <glib.h>
#include <stdlib.h>
#include <unistd.h>

#define MOST_NS UINT64_C(1000000000)

bool fsync_probe(const char *folder, histogram *h)
{
    static const char bytes[FSYNC_PROBE_BYTES];
    char *path = g_build_filename(folder, ".plato-bench-XXXXXX", NULL);
    const int fd = mkstemp(path);
    const uint64_t begin = load_now_ns();
    bool ok = fd >= 0;
    if (ok)
        unlink(path);
    for (int i = 0; ok && i < FSYNC_PROBE_MOST && load_now_ns() - begin < MOST_NS; i++) {
        const uint64_t before = load_now_ns();
        ok = write(fd, bytes, sizeof bytes) == (ssize_t)sizeof bytes && fdatasync(fd) == 0;
        histogram_add(h, load_now_ns() - before);
    }
    const int error = errno;
    if (fd >= 0)
        close(fd);
    g_free(path);
    errno = error;
    return ok;
}
