/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is what the file holds what was written? Asked once, when it is opened. */
#include "store/internal.h"

/* Files up to this size are read in full; of larger ones all but the bodies of older messages. */
#define CHECK_ALL_BYTES (UINT64_C(64) << 20)
#define CHECK_MESSAGES 65536

/* The sessions' messages have no holes, and end where their session ends. */
static const char wrong_ranges[] =
    "SELECT count(*) FROM (SELECT chat_id, count(*) AS n, min(msg_id) AS first,"
    " max(msg_id) AS last FROM message GROUP BY chat_id) LEFT JOIN chat USING (chat_id)"
    " WHERE n <> last - first + 1 OR first < 1 OR last <> coalesce(last_msg_id, last)";

static bool is_sound(sqlite3 *db, bool all)
{
    sqlite3_stmt *query = NULL;
    bool ok = false;
    if (sqlite3_prepare_v2(db, all ? "PRAGMA integrity_check(1)" : "PRAGMA quick_check(1)", -1,
                           &query, NULL) == SQLITE_OK &&
        sqlite3_step(query) == SQLITE_ROW)
        ok = g_strcmp0((const char *)sqlite3_column_text(query, 0), "ok") == 0;
    return sqlite3_finalize(query) == SQLITE_OK && ok;
}

static bool messages_are_sound(sqlite3 *db, int64_t most)
{
    sqlite3_stmt *query = NULL;
    bool ok = true;
    int rc = sqlite3_prepare_v2(db,
                                "SELECT chat_id, msg_id, sender, client_id, body, crc "
                                "FROM message ORDER BY seq DESC LIMIT ?1",
                                -1, &query, NULL);
    sqlite3_bind_int64(query, 1, most);
    while (rc == SQLITE_OK && ok && sqlite3_step(query) == SQLITE_ROW) {
        uint64_t numbers[4];
        for (int i = 0; i < 4; i++)
            numbers[i] = (uint64_t)sqlite3_column_int64(query, i);
        const void *body = sqlite3_column_blob(query, 4);
        const plato_span span = {body, (size_t)sqlite3_column_bytes(query, 4)};
        ok = row_crc(numbers, 4, span) == (uint64_t)sqlite3_column_int64(query, 5);
    }
    return sqlite3_finalize(query) == SQLITE_OK && rc == SQLITE_OK && ok;
}

static bool damaged(const struct store *store, const char *how, char **error)
{
    *error = g_strdup_printf("the store %s is damaged: %s; move it away and restore a backup, or "
                             "start with an empty one: it is not repaired, so that nothing is lost "
                             "in silence",
                             store->path, how);
    return false;
}

bool store_check(struct store *store, char **error)
{
    sqlite3 *db = store->writer;
    const int64_t pages = store_number(db, "PRAGMA page_count", 0);
    const bool all = (uint64_t)pages * store->page_size <= CHECK_ALL_BYTES;
    const uint64_t batch_no = (uint64_t)store_number(db, "SELECT batch_no FROM counter", 0);
    if (!is_sound(db, all))
        return damaged(store, "SQLite finds its structure wrong", error);
    if (store_number(db, "SELECT count(*) FROM counter", 0) != 1)
        return damaged(store, "its counters are missing", error);
    if (batch_no < mark_read(store)) {
        *error = g_strdup_printf("the store %s is older than what was acknowledged last: its end "
                                 "is damaged. If it is a backup that was restored on purpose, "
                                 "remove %s-mark; otherwise restore a backup",
                                 store->path, store->path);
        return false;
    }
    if (!messages_are_sound(db, all ? -1 : CHECK_MESSAGES))
        return damaged(store, "a message is not what was written", error);
    if (store_number(db, wrong_ranges, -1) != 0)
        return damaged(store, "messages are missing", error);
    return true;
}
