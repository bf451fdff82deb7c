/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables, and how a file says that it is a store of this version. */
#include "store/internal.h"

#define APPLICATION_ID 0x506c746f /* "Plto", in bytes 68 to 71 of the file */
#define SCHEMA_VERSION 1

/*
 * Messages are appended in the order of acceptance; their index holds all but the body. Ids are
 * unsigned 64-bit numbers, kept as the signed numbers with the same bits.
 */
static const char schema[] =
    "BEGIN EXCLUSIVE;"
    "CREATE TABLE counter (one INTEGER PRIMARY KEY CHECK (one = 1), batch_no INTEGER NOT NULL,"
    " next_conn_id INTEGER NOT NULL, next_chat_id INTEGER NOT NULL, crc INTEGER NOT NULL);"
    "CREATE TABLE chat (chat_id INTEGER PRIMARY KEY, session_id INTEGER NOT NULL,"
    " last_msg_id INTEGER NOT NULL, crc INTEGER NOT NULL);"
    "CREATE TABLE member (chat_id INTEGER NOT NULL, device_id INTEGER NOT NULL,"
    " last_client_id INTEGER NOT NULL, last_up_msg_id INTEGER NOT NULL, cursor INTEGER NOT NULL,"
    " crc INTEGER NOT NULL, PRIMARY KEY (chat_id, device_id)) WITHOUT ROWID;"
    "CREATE TABLE device (device_id INTEGER PRIMARY KEY, conn_id INTEGER NOT NULL,"
    " earlier_conn_id INTEGER NOT NULL, crc INTEGER NOT NULL);"
    "CREATE TABLE message (seq INTEGER PRIMARY KEY, chat_id INTEGER NOT NULL,"
    " msg_id INTEGER NOT NULL, sender INTEGER NOT NULL, client_id INTEGER NOT NULL,"
    " stored_at INTEGER NOT NULL, crc INTEGER NOT NULL, body BLOB NOT NULL);"
    "CREATE INDEX message_of_chat ON message (chat_id, msg_id, sender, client_id);";

static bool create(struct store *store)
{
    const uint64_t numbers[] = {0, 1, 1};
    char *rest =
        g_strdup_printf("INSERT INTO counter VALUES (1,0,1,1,%u);"
                        "PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT",
                        row_crc(numbers, 3, (plato_span){NULL, 0}), APPLICATION_ID, SCHEMA_VERSION);
    const bool ok = store_run(store->writer, schema) && store_run(store->writer, rest);
    g_free(rest);
    return ok;
}

bool store_schema(struct store *store, char **error)
{
    sqlite3 *db = store->writer;
    const int64_t application = store_number(db, "PRAGMA application_id", -1);
    const int64_t version = store_number(db, "PRAGMA user_version", -1);
    const int64_t tables = store_number(db, "SELECT count(*) FROM sqlite_master", -1);
    if (tables < 0 || application < 0 || version < 0 ||
        (tables == 0 && application == 0 && version == 0 && !create(store)))
        *error = store_explain(store, db, "cannot be read or created");
    else if (tables > 0 && application != APPLICATION_ID)
        *error = g_strdup_printf("%s is not a store of plato-server, or its start is damaged; "
                                 "choose another --store, or restore a backup",
                                 store->path);
    else if (version > SCHEMA_VERSION)
        *error = g_strdup_printf("the store %s is of version %d, newer than the %d that this "
                                 "plato-server knows; use a newer plato-server",
                                 store->path, (int)version, SCHEMA_VERSION);
    else if (tables > 0 && version != SCHEMA_VERSION)
        *error = g_strdup_printf("the store %s is of version %d, which never was; it is damaged: "
                                 "restore a backup",
                                 store->path, (int)version);
    return *error == NULL;
}
