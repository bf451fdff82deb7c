/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SQL that is prepared once, and small helpers around SQLite. */
#include "store/internal.h"

static const char *const sql[ST_COUNT] = {
    [ST_BEGIN] = "BEGIN IMMEDIATE",
    [ST_COMMIT] = "COMMIT",
    [ST_COUNTER] = "UPDATE counter SET batch_no=?1, next_conn_id=?2, next_chat_id=?3, crc=?4",
    [ST_CHAT] = "INSERT OR REPLACE INTO chat VALUES (?1,?2,?3,?4)",
    [ST_CHAT_GONE] = "DELETE FROM chat WHERE chat_id=?1",
    [ST_MEMBER] = "INSERT OR REPLACE INTO member VALUES (?1,?2,?3,?4,?5,?6)",
    [ST_MEMBER_GONE] = "DELETE FROM member WHERE chat_id=?1 AND device_id=?2",
    [ST_DEVICE] = "INSERT OR REPLACE INTO device VALUES (?1,?2,?3,?4)",
    [ST_DEVICE_GONE] = "DELETE FROM device WHERE device_id=?1",
    [ST_MESSAGE] = "INSERT INTO message VALUES (NULL,?1,?2,?3,?4,?5,?6,?7)",
    [ST_PAGES] = "SELECT page_count - freelist_count FROM pragma_page_count, pragma_freelist_count",
    [ST_OLDEST_TIME] = "SELECT stored_at FROM message ORDER BY seq LIMIT 1",
    /* the oldest ?2, none after ?3, up to the first that is younger than ?1: sessions lose their
       start, no more */
    [ST_FORGET] =
        "WITH old AS MATERIALIZED (SELECT seq, stored_at FROM message WHERE seq <= ?3 "
        "ORDER BY seq LIMIT ?2) DELETE FROM message WHERE seq IN (SELECT seq FROM old) AND seq < "
        "coalesce((SELECT min(seq) FROM old WHERE stored_at >= ?1), 9223372036854775807)",
    [ST_OLDEST] = "SELECT min(msg_id) FROM message WHERE chat_id=?1",
    [ST_MESSAGES] = "SELECT msg_id, sender, client_id, body, crc, chat_id FROM message "
                    "WHERE chat_id=?1 AND msg_id BETWEEN ?2 AND ?3 AND sender<>?4 ORDER BY msg_id",
    [ST_SENT_BY] = "SELECT msg_id, sender, client_id FROM message "
                   "WHERE chat_id=?1 AND msg_id BETWEEN ?2 AND ?3 AND sender=?4 "
                   "ORDER BY msg_id DESC",
};

bool store_prepare(struct store *store, sqlite3 *db, int first, int end)
{
    for (int i = first; i < end; i++) {
        if (sqlite3_prepare_v3(db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &store->statements[i],
                               NULL) != SQLITE_OK)
            return false;
    }
    return true;
}

sqlite3_stmt *store_statement(struct store *store, statement which)
{
    sqlite3_reset(store->statements[which]);
    return store->statements[which];
}

bool store_run(sqlite3 *db, const char *text)
{
    return sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK;
}

int64_t store_number(sqlite3 *db, const char *text, int64_t otherwise)
{
    sqlite3_stmt *query = NULL;
    int64_t value = otherwise;
    if (sqlite3_prepare_v2(db, text, -1, &query, NULL) == SQLITE_OK &&
        sqlite3_step(query) == SQLITE_ROW)
        value = sqlite3_column_int64(query, 0);
    sqlite3_finalize(query);
    return value;
}
