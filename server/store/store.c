/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store/internal.h"

#include <stdlib.h>
#include <sys/stat.h>

/* A checkpoint of the writer's, or a recovery, is all that a reader ever waits for. */
#define READER_PATIENCE_MS 2000

char *store_explain(const struct store *store, sqlite3 *db, const char *what)
{
    const int rc = sqlite3_errcode(db);
    const char *hint = rc == SQLITE_FULL      ? "; make room on the disk and start again"
                       : rc == SQLITE_NOTADB  ? "; it is damaged, or no store: restore a backup or "
                                                "choose another --store"
                       : rc == SQLITE_CORRUPT ? "; it is damaged: move it away and restore a backup"
                                              : "";
    return g_strdup_printf("the store %s %s: %s%s", store->path, what, sqlite3_errmsg(db), hint);
}

static int on_wal(void *user, sqlite3 *db, const char *name, int pages)
{
    (void)db;
    (void)name;
    ((struct store *)user)->wal_pages = pages;
    return SQLITE_OK;
}

/*
 * synchronous=FULL syncs the WAL with every COMMIT. Exactly one connection writes and checkpoints:
 * with two, SQLite before 3.51.3 can damage the file when the WAL is begun anew.
 */
static bool open_writer(struct store *store)
{
    const int flags =
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
    if (sqlite3_open_v2(store->path, &store->writer, flags, store->vfs) != SQLITE_OK)
        return false;
    sqlite3 *db = store->writer;
    sqlite3_extended_result_codes(db, 0);
    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    const bool ok = store_run(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                                  "PRAGMA wal_autocheckpoint=0; PRAGMA mmap_size=0;"
                                  "PRAGMA cache_size=-16384; PRAGMA journal_size_limit=67108864;"
                                  "PRAGMA temp_store=MEMORY");
    sqlite3_wal_hook(db, on_wal, store);
    return ok;
}

static bool open_reader(struct store *store)
{
    const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
    if (sqlite3_open_v2(store->path, &store->reader, flags, store->vfs) != SQLITE_OK)
        return false;
    sqlite3_busy_timeout(store->reader, READER_PATIENCE_MS);
    sqlite3_db_config(store->reader, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    return store_run(store->reader, "PRAGMA wal_autocheckpoint=0; PRAGMA mmap_size=0;"
                                    "PRAGMA query_only=1; PRAGMA cache_size=-4096");
}

/*
 * After a failed sync, what was written may be in the system's memory and not on the disk, and no
 * later sync of the same file reports it: so what the WAL holds goes into FILE, which is synced,
 * before anything of it is acknowledged. Somebody who reads FILE (a backup) may keep us from that.
 */
static bool empty_wal(const struct store *store, char **error)
{
    const int rc =
        sqlite3_wal_checkpoint_v2(store->writer, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    if (rc != SQLITE_OK && rc != SQLITE_BUSY)
        *error = store_explain(store, store->writer, "cannot be put right");
    return *error == NULL;
}

static bool open_all(struct store *store, char **error)
{
    if (store->vfs == NULL && !lock_take(store, error))
        return false;
    if (!open_writer(store)) {
        *error = store_explain(store, store->writer, "cannot be opened");
        return false;
    }
    if (!store_schema(store, error))
        return false;
    store->page_size = (uint64_t)store_number(store->writer, "PRAGMA page_size", 4096);
    if (!mark_open(store)) {
        *error = g_strdup_printf("cannot open %s-mark", store->path);
        return false;
    }
    if (!store_check(store, error) || !empty_wal(store, error))
        return false;
    if (!store_prepare(store, store->writer, 0, ST_FIRST_READING)) {
        *error = store_explain(store, store->writer, "cannot be used");
        return false;
    }
    if (!open_reader(store) || !store_prepare(store, store->reader, ST_FIRST_READING, ST_COUNT)) {
        *error = store_explain(store, store->reader, "cannot be read");
        return false;
    }
    return true;
}

/*
 * Without symbolic links: what stands beside FILE, its lock above all, must be found by whichever
 * name it is opened. To be freed.
 */
static char *real_path(const char *path)
{
    char *folder = g_path_get_dirname(path), *name = g_path_get_basename(path);
    char *file = realpath(path, NULL); /* NULL: it is still to be created, or cannot be opened */
    char *parent = realpath(folder, NULL);
    char *real = file != NULL     ? g_strdup(file)
                 : parent != NULL ? g_build_filename(parent, name, NULL)
                                  : g_strdup(path);
    free(file);
    free(parent);
    g_free(folder);
    g_free(name);
    return real;
}

struct store *store_open(const store_options *options, char **error)
{
    struct store *store = g_new0(struct store, 1);
    const mode_t mask = umask(0077); /* messages are nobody else's business */
    store->options = *options;
    store->path = options->vfs == NULL ? real_path(options->path) : g_strdup(options->path);
    store->vfs = g_strdup(options->vfs);
    store->lock = -1;
    *error = NULL;
    if (!open_all(store, error)) {
        store_close(store, false);
        store = NULL;
    }
    umask(mask);
    return store;
}

void store_close(struct store *store, bool clean)
{
    if (store == NULL)
        return;
    for (int i = 0; i < ST_COUNT; i++)
        sqlite3_finalize(store->statements[i]);
    sqlite3_close(store->reader);
    if (clean)
        sqlite3_wal_checkpoint_v2(store->writer, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    sqlite3_close(store->writer);
    mark_close(store);
    lock_release(store);
    g_free(store->path);
    g_free(store->vfs);
    g_free(store);
}
