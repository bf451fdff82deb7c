/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The durable store: a SQLite file that keeps what the core hands out as records. WAL mode, every
 * COMMIT synced. One connection writes and checkpoints, a second one only reads, so the two can be
 * used in two threads: store_write() and store_tidy() in one, everything else in the other.
 *
 * A failed write is final: nothing more may be written with this store, whose file is put right by
 * the next store_open().
 *
 * Beside FILE there are FILE-wal and FILE-shm, which are SQLite's, FILE-lock, which a running
 * server holds, and FILE-mark, the number of the last batch that was acknowledged. It is written
 * without a sync after each COMMIT: whenever FILE turns out to be older than that, something is
 * damaged.
 */
#ifndef PLATO_SERVER_STORE_H
#define PLATO_SERVER_STORE_H

#include "core/records.h"

struct store;

typedef struct store_options {
    const char *path;    /* of FILE; it is created, readable by the owner only */
    const char *vfs;     /* SQLite's name of a file system; NULL: the real one, with FILE-lock */
    uint64_t keep_bytes; /* the oldest messages go when FILE holds more; 0 = no limit */
    int wal_pages;       /* length at which the WAL is moved into FILE; 0 = 4,096: 16 MiB */
    uint64_t keep_s; /* messages older than this many seconds go with later batches; 0 = never */
} store_options;

/*
 * Opens or creates FILE, and checks it. NULL with one line for people in `*error`, to be freed,
 * when it is in use, damaged, of a newer version, no store, or cannot be opened.
 */
struct store *store_open(const store_options *options, char **error);

/* What FILE keeps, without messages. NULL with one line in `*error` if that makes no sense. */
records *store_load(struct store *store, char **error);

/* How the core reads messages back; good until store_close(). */
core_reader store_reader(struct store *store);

/* One transaction. False with one line in `*error`, to be freed: then nothing may be acknowledged.
 */
bool store_write(struct store *store, const records *batch, char **error);

/* Moves the WAL into FILE when it has grown long. After the acknowledgements; false as above. */
bool store_tidy(struct store *store, char **error);

/* `clean`: nothing has failed; FILE is then left without a WAL. NULL is allowed. */
void store_close(struct store *store, bool clean);

#endif
