/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the file keeps: all of it but messages at the start, and messages when they are asked for.
 */
#include "store/internal.h"

static uint64_t column(sqlite3_stmt *row, int i)
{
    return (uint64_t)sqlite3_column_int64(row, i);
}

/* `n` numbers, and the CRC after them. */
static bool get(sqlite3_stmt *row, uint64_t *numbers, int n)
{
    for (int i = 0; i < n; i++)
        numbers[i] = column(row, i);
    return row_crc(numbers, (size_t)n, (plato_span){NULL, 0}) == column(row, n);
}

typedef void (*add_fn)(records *kept, const uint64_t *numbers);

static void add_counter(records *kept, const uint64_t *numbers)
{
    kept->batch_no = numbers[0];
    kept->next_conn_id = numbers[1];
    kept->next_chat_id = numbers[2];
}

static void add_chat(records *kept, const uint64_t *numbers)
{
    const chat_record record = {numbers[0], numbers[1], numbers[2]};
    g_array_append_val(kept->chats, record);
}

static void add_device(records *kept, const uint64_t *numbers)
{
    const device_record record = {numbers[0], numbers[1], numbers[2]};
    g_array_append_val(kept->devices, record);
}

static void add_member(records *kept, const uint64_t *numbers)
{
    const member_record record = {{numbers[0], numbers[1]}, numbers[2], numbers[3], numbers[4]};
    g_array_append_val(kept->members, record);
}

/* One row for each table: its numbers, the CRC last. */
static const struct {
    const char *sql;
    int numbers;
    add_fn add;
} tables[] = {
    {"SELECT batch_no, next_conn_id, next_chat_id, crc FROM counter", 3, add_counter},
    {"SELECT chat_id, session_id, last_msg_id, crc FROM chat", 3, add_chat},
    {"SELECT device_id, conn_id, earlier_conn_id, crc FROM device", 3, add_device},
    {"SELECT chat_id, device_id, last_client_id, last_up_msg_id, cursor, crc FROM member", 5,
     add_member},
};

static bool load_table(sqlite3 *db, size_t table, records *kept)
{
    uint64_t numbers[8];
    sqlite3_stmt *query = NULL;
    bool ok = true;
    int rc = sqlite3_prepare_v2(db, tables[table].sql, -1, &query, NULL);
    while (rc == SQLITE_OK && ok && sqlite3_step(query) == SQLITE_ROW) {
        ok = get(query, numbers, tables[table].numbers);
        if (ok)
            tables[table].add(kept, numbers);
    }
    return sqlite3_finalize(query) == SQLITE_OK && rc == SQLITE_OK && ok;
}

records *store_load(struct store *store, char **error)
{
    records *kept = records_new();
    for (size_t i = 0; i < G_N_ELEMENTS(tables); i++) {
        if (load_table(store->reader, i, kept))
            continue;
        *error =
            g_strdup_printf("the store %s is damaged: rows cannot be read, or are not what was "
                            "written; restore a backup",
                            store->path);
        g_clear_pointer(&kept, records_free);
        break;
    }
    return kept;
}

/* The message in a row of ST_MESSAGES; false if its CRC is wrong. */
static bool get_message(sqlite3_stmt *row, stored_message *message)
{
    *message = (stored_message){column(row, 0), column(row, 1), column(row, 2), {NULL, 0}};
    message->body.p = sqlite3_column_blob(row, 3);
    message->body.n = (size_t)sqlite3_column_bytes(row, 3);
    const uint64_t numbers[] = {column(row, 5), message->msg_id, message->sender,
                                message->client_id};
    return row_crc(numbers, 4, message->body) == column(row, 4);
}

static bool read_oldest(void *user, uint64_t chat_id, uint64_t *msg_id)
{
    sqlite3_stmt *query = store_statement(user, ST_OLDEST);
    sqlite3_bind_int64(query, 1, (int64_t)chat_id);
    const bool ok = sqlite3_step(query) == SQLITE_ROW;
    *msg_id = ok ? column(query, 0) : 0; /* NULL, when there is none, reads as 0 */
    sqlite3_reset(query);
    return ok;
}

static sqlite3_stmt *range_query(struct store *store, statement which, uint64_t chat_id,
                                 uint64_t first, uint64_t last, uint64_t device_id)
{
    sqlite3_stmt *query = store_statement(store, which);
    sqlite3_bind_int64(query, 1, (int64_t)chat_id);
    sqlite3_bind_int64(query, 2, (int64_t)MIN(first, (uint64_t)INT64_MAX));
    sqlite3_bind_int64(query, 3, (int64_t)MIN(last, (uint64_t)INT64_MAX));
    sqlite3_bind_int64(query, 4, (int64_t)device_id);
    return query;
}

static bool read_messages(void *user, uint64_t chat_id, uint64_t first, uint64_t last,
                          uint64_t not_from, stored_message_fn each, void *to)
{
    sqlite3_stmt *query = range_query(user, ST_MESSAGES, chat_id, first, last, not_from);
    stored_message message;
    bool good = true, more = true;
    int rc = SQLITE_DONE;
    while (good && more && (rc = sqlite3_step(query)) == SQLITE_ROW) {
        good = get_message(query, &message);
        more = good && each(to, &message);
    }
    sqlite3_reset(query);
    return good && (rc == SQLITE_ROW || rc == SQLITE_DONE);
}

static bool read_sent_by(void *user, uint64_t chat_id, uint64_t sender, uint64_t first,
                         uint64_t last, stored_message_fn each, void *to)
{
    sqlite3_stmt *query = range_query(user, ST_SENT_BY, chat_id, first, last, sender);
    bool more = true;
    int rc = SQLITE_DONE;
    while (more && (rc = sqlite3_step(query)) == SQLITE_ROW) {
        const stored_message message = {
            column(query, 0), column(query, 1), column(query, 2), {NULL, 0}};
        more = each(to, &message);
    }
    sqlite3_reset(query);
    return rc == SQLITE_ROW || rc == SQLITE_DONE;
}

core_reader store_reader(struct store *store)
{
    return (core_reader){store, read_oldest, read_messages, read_sent_by};
}
