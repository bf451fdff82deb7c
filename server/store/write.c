/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Batches into the file, one transaction each, and what goes to make room. */
#include "store/internal.h"

#define TIDY_PAGES 4096     /* of the WAL, by default */
#define FORGET_AT_ONCE 1024 /* messages, with one batch */
#define FORGET_STEP 128

/* One row with its CRC after the numbers. */
static bool put(struct store *store, statement which, const uint64_t *numbers, int n)
{
    sqlite3_stmt *row = store_statement(store, which);
    for (int i = 0; i < n; i++)
        sqlite3_bind_int64(row, i + 1, (int64_t)numbers[i]);
    sqlite3_bind_int64(row, n + 1, row_crc(numbers, (size_t)n, (plato_span){NULL, 0}));
    return sqlite3_step(row) == SQLITE_DONE;
}

static bool take_away(struct store *store, statement which, const uint64_t *keys, int n)
{
    sqlite3_stmt *row = store_statement(store, which);
    for (int i = 0; i < n; i++)
        sqlite3_bind_int64(row, i + 1, (int64_t)keys[i]);
    return sqlite3_step(row) == SQLITE_DONE;
}

static bool put_message(struct store *store, const message_record *m, int64_t now_s)
{
    const uint64_t numbers[] = {m->chat_id, m->msg_id, m->sender, m->client_id};
    sqlite3_stmt *row = store_statement(store, ST_MESSAGE);
    for (int i = 0; i < 4; i++)
        sqlite3_bind_int64(row, i + 1, (int64_t)numbers[i]);
    sqlite3_bind_int64(row, 5, now_s);
    sqlite3_bind_int64(row, 6, row_crc(numbers, 4, m->body));
    if (m->body.n > 0)
        sqlite3_bind_blob64(row, 7, m->body.p, m->body.n, SQLITE_STATIC);
    else
        sqlite3_bind_zeroblob(row, 7, 0);
    return sqlite3_step(row) == SQLITE_DONE;
}

static bool put_gone(struct store *store, const records *batch)
{
    bool ok = true;
    for (guint i = 0; ok && i < batch->gone_members->len; i++) {
        const member_key *key = &g_array_index(batch->gone_members, member_key, i);
        const uint64_t keys[] = {key->chat_id, key->device_id};
        ok = take_away(store, ST_MEMBER_GONE, keys, 2);
    }
    for (guint i = 0; ok && i < batch->gone_devices->len; i++)
        ok = take_away(store, ST_DEVICE_GONE, &g_array_index(batch->gone_devices, uint64_t, i), 1);
    for (guint i = 0; ok && i < batch->gone_chats->len; i++)
        ok = take_away(store, ST_CHAT_GONE, &g_array_index(batch->gone_chats, uint64_t, i), 1);
    return ok;
}

static bool put_rows(struct store *store, const records *batch)
{
    const uint64_t counter[] = {batch->batch_no, batch->next_conn_id, batch->next_chat_id};
    bool ok = put(store, ST_COUNTER, counter, 3);
    for (guint i = 0; ok && i < batch->chats->len; i++) {
        const chat_record *c = &g_array_index(batch->chats, chat_record, i);
        const uint64_t numbers[] = {c->chat_id, c->session_id, c->last_msg_id};
        ok = put(store, ST_CHAT, numbers, 3);
    }
    for (guint i = 0; ok && i < batch->devices->len; i++) {
        const device_record *d = &g_array_index(batch->devices, device_record, i);
        const uint64_t numbers[] = {d->device_id, d->conn_id, d->earlier_conn_id};
        ok = put(store, ST_DEVICE, numbers, 3);
    }
    for (guint i = 0; ok && i < batch->members->len; i++) {
        const member_record *m = &g_array_index(batch->members, member_record, i);
        const uint64_t numbers[] = {m->key.chat_id, m->key.device_id, m->last_client_id,
                                    m->last_up_msg_id, m->cursor};
        ok = put(store, ST_MEMBER, numbers, 5);
    }
    return ok;
}

static int64_t now_s(void)
{
    return g_get_real_time() / G_USEC_PER_SEC;
}

static bool put_messages(struct store *store, const records *batch)
{
    const int64_t now = now_s();
    bool ok = true;
    for (guint i = 0; ok && i < batch->messages->len; i++)
        ok = put_message(store, &g_array_index(batch->messages, message_record, i), now);
    return ok;
}

/* Of the messages up to `last`; false on an error. */
static bool forget(struct store *store, int64_t before_s, unsigned most, int64_t last)
{
    sqlite3_stmt *rows = store_statement(store, ST_FORGET);
    sqlite3_bind_int64(rows, 1, before_s);
    sqlite3_bind_int64(rows, 2, most);
    sqlite3_bind_int64(rows, 3, last);
    return sqlite3_step(rows) == SQLITE_DONE;
}

/* A number of one row; false if there is none, which is an error only where `*ok` says so. */
static bool first_number(struct store *store, statement which, int64_t *value, bool *ok)
{
    sqlite3_stmt *query = store_statement(store, which);
    const int rc = sqlite3_step(query);
    *ok = rc == SQLITE_ROW || rc == SQLITE_DONE;
    if (rc == SQLITE_ROW)
        *value = sqlite3_column_int64(query, 0);
    sqlite3_reset(query);
    return rc == SQLITE_ROW;
}

/* Pages in use; 0 where their number does not matter. */
static int64_t pages_in_use(struct store *store, bool *ok)
{
    int64_t pages = 0;
    if (store->options.keep_bytes != 0)
        first_number(store, ST_PAGES, &pages, ok);
    return pages;
}

static bool has_too_old(struct store *store, int64_t before_s, bool *ok)
{
    int64_t stored_at = 0;
    return store->options.keep_s != 0 && first_number(store, ST_OLDEST_TIME, &stored_at, ok) &&
           stored_at < before_s;
}

/*
 * Down to keep_bytes, with one batch only so far; but on when the batch has brought more than went,
 * or the file would grow without a limit when old messages are small and new ones large.
 */
static bool shrink(struct store *store, int64_t pages_before, int64_t last)
{
    bool ok = true;
    int64_t pages = pages_in_use(store, &ok);
    for (unsigned n = 0; ok && (uint64_t)pages * store->page_size > store->options.keep_bytes &&
                         (n < FORGET_AT_ONCE || pages > pages_before);
         n += FORGET_STEP) {
        ok = forget(store, INT64_MAX, FORGET_STEP, last);
        if (sqlite3_changes(store->writer) == 0)
            break;
        pages = pages_in_use(store, &ok);
    }
    return ok;
}

/* The oldest go first, with a batch that brings new ones, which stay. */
static bool make_room(struct store *store, const records *batch, int64_t pages_before)
{
    const int64_t too_old_s = now_s() - (int64_t)store->options.keep_s;
    const int64_t last = sqlite3_last_insert_rowid(store->writer) - batch->messages->len;
    bool ok = true;
    if (batch->messages->len == 0)
        return true;
    ok = shrink(store, pages_before, last);
    if (ok && has_too_old(store, too_old_s, &ok))
        ok = forget(store, too_old_s, FORGET_AT_ONCE, last);
    return ok;
}

static bool run(struct store *store, statement which)
{
    return sqlite3_step(store_statement(store, which)) == SQLITE_DONE;
}

bool store_write(struct store *store, const records *batch, char **error)
{
    bool ok = run(store, ST_BEGIN);
    const int64_t pages_before = ok ? pages_in_use(store, &ok) : 0;
    ok = ok && put_gone(store, batch) && put_rows(store, batch) && put_messages(store, batch) &&
         make_room(store, batch, pages_before) && run(store, ST_COMMIT);
    const bool marked = ok && mark_write(store, batch->batch_no);
    if (!ok)
        *error = store_explain(store, store->writer, "cannot be written");
    else if (!marked)
        *error = g_strdup_printf("the store's %s-mark cannot be written", store->path);
    for (int i = 0; i < ST_FIRST_READING; i++)
        sqlite3_reset(store->statements[i]);
    return marked;
}

/* A reader may keep a checkpoint from finishing: the next one will. */
bool store_tidy(struct store *store, char **error)
{
    const int enough = store->options.wal_pages != 0 ? store->options.wal_pages : TIDY_PAGES;
    if (store->wal_pages < enough)
        return true;
    const int rc =
        sqlite3_wal_checkpoint_v2(store->writer, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    if (rc != SQLITE_OK && rc != SQLITE_BUSY)
        *error = store_explain(store, store->writer, "cannot be written");
    return *error == NULL;
}
