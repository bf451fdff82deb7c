/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One server for each file. The lock is on a file of its own: SQLite locks FILE itself in a way in
 * which any other descriptor of FILE, when closed, would end the locks.
 */
#include "store/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

bool lock_take(struct store *store, char **error)
{
    char *path = g_strconcat(store->path, "-lock", NULL);
    store->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (store->lock < 0)
        *error = g_strdup_printf("cannot open the store's lock %s: %s", path, g_strerror(errno));
    else if (flock(store->lock, LOCK_EX | LOCK_NB) != 0)
        *error = g_strdup_printf(errno == EWOULDBLOCK
                                     ? "the store %s is in use by another plato-server; stop that "
                                       "one, or choose another --store"
                                     : "the store %s cannot be locked",
                                 store->path);
    g_free(path);
    return *error == NULL;
}

void lock_release(struct store *store)
{
    if (store->lock >= 0)
        close(store->lock); /* the file stays: removing it would let two servers lock two files */
    store->lock = -1;
}
