/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/storage.h"

#include "daemon/log.h"
#include "daemon/state_dir.h"

struct storage {
    char *path;
    struct store *store;
    core_reader reader;
    struct committer *committer;
    server_counts *counts;
    committed_fn done;
    void *user;
    gint64 submitted_us; /* one batch is under way at a time */
};

struct storage *storage_open(const store_options *options, const char *path, const char *state_dir,
                             char **error)
{
    store_options where = *options;
    char *file = path != NULL ? g_strdup(path) : state_dir_store(state_dir, error);
    where.path = file;
    struct store *store = file != NULL ? store_open(&where, error) : NULL;
    if (store == NULL) {
        g_free(file);
        return NULL;
    }
    struct storage *storage = g_new0(struct storage, 1);
    storage->path = file;
    storage->store = store;
    storage->reader = store_reader(store);
    return storage;
}

const core_reader *storage_reader(const struct storage *storage)
{
    return &storage->reader;
}

static void log_kept(const char *path, const records *kept)
{
    char *text = g_strdup_printf("store %s: %u devices, %u sessions, %u memberships", path,
                                 kept->devices->len, kept->chats->len, kept->members->len);
    log_line(CORE_LOG_INFO, 0, text);
    g_free(text);
}

static bool restore(struct storage *storage, struct core *core, uint64_t now_ms, char **error)
{
    records *kept = store_load(storage->store, error);
    if (kept == NULL)
        return false;
    log_kept(storage->path, kept);
    const char *wrong = core_restore(core, now_ms, kept);
    if (wrong != NULL)
        *error = g_strdup_printf("the store is damaged: %s; restore a backup", wrong);
    records_free(kept);
    return wrong == NULL;
}

static void on_committed(void *user, uint64_t batch_no, const char *error)
{
    struct storage *storage = user;
    if (error == NULL)
        histogram_observe(&storage->counts->commit_latency,
                          (uint64_t)(g_get_monotonic_time() - storage->submitted_us));
    storage->done(storage->user, batch_no, error);
}

bool storage_start(struct storage *storage, struct core *core, uint64_t now_ms,
                   struct event_base *base, server_counts *counts, committed_fn done, void *user,
                   char **error)
{
    storage->counts = counts;
    storage->done = done;
    storage->user = user;
    if (!restore(storage, core, now_ms, error))
        return false;
    storage->committer = committer_new(base, storage->store, on_committed, storage);
    if (storage->committer == NULL)
        *error = g_strdup("no descriptors are left to begin with");
    return storage->committer != NULL;
}

void storage_submit(struct storage *storage, records *batch)
{
    storage->submitted_us = g_get_monotonic_time();
    committer_submit(storage->committer, batch);
}

void storage_stop(struct storage *storage)
{
    if (storage != NULL)
        g_clear_pointer(&storage->committer, committer_free);
}

void storage_close(struct storage *storage, bool clean)
{
    if (storage == NULL)
        return;
    storage_stop(storage);
    store_close(storage->store, clean);
    g_free(storage->path);
    g_free(storage);
}
