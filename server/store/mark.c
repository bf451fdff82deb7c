/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * FILE-mark: which batch was the last to be acknowledged. SQLite takes a damaged WAL for one that
 * ends there, which is right after a power failure and wrong when the rest had been acknowledged.
 * The mark is never ahead of what was committed, so it never raises a false alarm.
 *
 *     offset 0   8 bytes   batch_no, little-endian
 *     offset 8   4 bytes   CRC-32 of these, little-endian
 */
#include "store/internal.h"

#define MARK_LEN 12

bool mark_open(struct store *store)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(store->vfs);
    const size_t n = strlen(store->path);
    char *path = g_malloc0(n + 7); /* SQLite wants a second NUL after the name, and to keep it */
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MAIN_JOURNAL;
    memcpy(path, store->path, n);
    memcpy(path + n, "-mark", 5);
    store->mark_path = path;
    store->mark = g_malloc0((gsize)vfs->szOsFile);
    return vfs->xOpen(vfs, path, store->mark, flags, NULL) == SQLITE_OK;
}

void mark_close(struct store *store)
{
    if (store->mark != NULL && store->mark->pMethods != NULL)
        store->mark->pMethods->xClose(store->mark);
    g_clear_pointer(&store->mark, g_free);
    g_clear_pointer(&store->mark_path, g_free);
}

bool mark_write(struct store *store, uint64_t batch_no)
{
    uint8_t bytes[MARK_LEN];
    const uint64_t number = GUINT64_TO_LE(batch_no);
    const uint32_t crc = GUINT32_TO_LE(row_crc(&batch_no, 1, (plato_span){NULL, 0}));
    memcpy(bytes, &number, 8);
    memcpy(bytes + 8, &crc, 4);
    return store->mark->pMethods->xWrite(store->mark, bytes, sizeof bytes, 0) == SQLITE_OK;
}

uint64_t mark_read(struct store *store)
{
    uint8_t bytes[MARK_LEN];
    uint64_t number;
    uint32_t crc;
    if (store->mark->pMethods->xRead(store->mark, bytes, sizeof bytes, 0) != SQLITE_OK)
        return 0;
    memcpy(&number, bytes, 8);
    memcpy(&crc, bytes + 8, 4);
    number = GUINT64_FROM_LE(number);
    return row_crc(&number, 1, (plato_span){NULL, 0}) == GUINT32_FROM_LE(crc) ? number : 0;
}
