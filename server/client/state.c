/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/state.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#define APPLICATION_ID 0x506c4373 /* "PlCs" in the file's header */
#define VERSION 1

struct state {
    sqlite3 *db;
    GHashTable *statements; /* SQL text, by address -> sqlite3_stmt */
    bool in_transaction;
    char *error; /* the first one; NULL = none */
};

static const char schema[] =
    "CREATE TABLE number(name INTEGER PRIMARY KEY, value INTEGER NOT NULL);"
    "CREATE TABLE session(session_id INTEGER PRIMARY KEY, last_client_id INTEGER NOT NULL DEFAULT "
    "0,"
    " complete INTEGER NOT NULL DEFAULT 0);"
    "CREATE TABLE member(session_id INTEGER PRIMARY KEY);"
    "CREATE TABLE message(session_id INTEGER, client_id INTEGER, body BLOB NOT NULL,"
    " PRIMARY KEY(session_id, client_id));";

/* A row of `number` that no state_number names. */
#define DEVICE_ID (-1)

static void fail(state *s)
{
    if (s->error == NULL)
        s->error = g_strdup(sqlite3_errcode(s->db) == SQLITE_BUSY ? "another process has it open"
                                                                  : sqlite3_errmsg(s->db));
}

static bool run(state *s, const char *sql)
{
    if (s->error == NULL && sqlite3_exec(s->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail(s);
    return s->error == NULL;
}

/* The statement, made once and ready to be bound; NULL after an error. */
static sqlite3_stmt *prepare(state *s, const char *sql)
{
    sqlite3_stmt *statement = g_hash_table_lookup(s->statements, sql);
    if (s->error != NULL)
        return NULL;
    if (statement == NULL) {
        if (sqlite3_prepare_v2(s->db, sql, -1, &statement, NULL) != SQLITE_OK) {
            fail(s);
            return NULL;
        }
        g_hash_table_insert(s->statements, (gpointer)sql, statement);
    }
    sqlite3_reset(statement);
    return statement;
}

/* True if there is a row. Ids are 64 bits without a sign; SQLite keeps the same bits with one. */
static bool step(state *s, sqlite3_stmt *statement)
{
    const int rc = sqlite3_step(statement);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        fail(s);
    return rc == SQLITE_ROW;
}

/* Carries out a change with up to two numbers and a blob: as many as the statement has places. */
static void change(state *s, const char *sql, uint64_t a, uint64_t b, GBytes *blob)
{
    gsize n;
    if (!s->in_transaction)
        s->in_transaction = run(s, "BEGIN");
    sqlite3_stmt *statement = prepare(s, sql);
    if (statement == NULL)
        return;
    if (sqlite3_bind_parameter_count(statement) > 0)
        sqlite3_bind_int64(statement, 1, (sqlite3_int64)a);
    if (sqlite3_bind_parameter_count(statement) > 1)
        sqlite3_bind_int64(statement, 2, (sqlite3_int64)b);
    if (blob != NULL) {
        const void *p = g_bytes_get_data(blob, &n);
        sqlite3_bind_blob64(statement, 3, p != NULL ? p : "", n, SQLITE_STATIC);
    }
    step(s, statement);
    sqlite3_reset(statement);
}

static uint64_t get(state *s, int name)
{
    uint64_t value = 0;
    sqlite3_stmt *statement = prepare(s, "SELECT value FROM number WHERE name = ?");
    if (statement == NULL)
        return 0;
    sqlite3_bind_int64(statement, 1, name);
    if (step(s, statement))
        value = (uint64_t)sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    return value;
}

static void set(state *s, int name, uint64_t value)
{
    change(s, "INSERT OR REPLACE INTO number VALUES(?, ?)", (uint64_t)name, value, NULL);
}

uint64_t state_get(state *s, state_number number)
{
    return get(s, (int)number);
}

void state_set(state *s, state_number number, uint64_t value)
{
    set(s, (int)number, value);
}

void state_set_last_client_id(state *s, uint64_t session_id, uint64_t client_id)
{
    change(s,
           "INSERT INTO session(session_id, last_client_id) VALUES(?1, ?2)"
           " ON CONFLICT(session_id) DO UPDATE SET last_client_id = ?2",
           session_id, client_id, NULL);
}

void state_set_complete(state *s, uint64_t session_id, uint64_t msg_id)
{
    change(s,
           "INSERT INTO session(session_id, complete) VALUES(?1, ?2)"
           " ON CONFLICT(session_id) DO UPDATE SET complete = ?2",
           session_id, msg_id, NULL);
}

void state_keep_message(state *s, uint64_t session_id, uint64_t client_id, GBytes *body)
{
    change(s, "INSERT OR REPLACE INTO message VALUES(?, ?, ?)", session_id, client_id, body);
}

void state_drop_messages(state *s, uint64_t session_id, uint64_t client_id)
{
    change(s, "DELETE FROM message WHERE session_id = ? AND client_id <= ?", session_id, client_id,
           NULL);
}

void state_set_members(state *s, const GArray *session_ids)
{
    change(s, "DELETE FROM member", 0, 0, NULL);
    for (guint i = 0; i < session_ids->len; i++)
        change(s, "INSERT OR IGNORE INTO member VALUES(?)", g_array_index(session_ids, uint64_t, i),
               0, NULL);
}

bool state_has_members(state *s, const GArray *session_ids)
{
    GHashTable *wanted = g_hash_table_new(g_int64_hash, g_int64_equal);
    sqlite3_stmt *statement = prepare(s, "SELECT session_id FROM member");
    unsigned found = 0;
    bool same = statement != NULL;
    for (guint i = 0; i < session_ids->len; i++)
        g_hash_table_add(wanted, &g_array_index(session_ids, uint64_t, i));
    while (same && step(s, statement)) {
        const uint64_t id = (uint64_t)sqlite3_column_int64(statement, 0);
        same = g_hash_table_contains(wanted, &id);
        found++;
    }
    if (statement != NULL)
        sqlite3_reset(statement);
    same = same && found == g_hash_table_size(wanted);
    g_hash_table_unref(wanted);
    return same;
}

static uint64_t column(sqlite3_stmt *statement, int i)
{
    return (uint64_t)sqlite3_column_int64(statement, i);
}

void state_read(state *s, const state_reader *reader, void *user)
{
    sqlite3_stmt *row =
        prepare(s, "SELECT session_id, last_client_id - (SELECT count(*) FROM message WHERE"
                   " message.session_id = session.session_id), complete FROM session");
    while (row != NULL && step(s, row))
        reader->session(user, column(row, 0), column(row, 1), column(row, 2));
    row = prepare(s, "SELECT session_id, client_id, body FROM message ORDER BY 1, 2");
    while (row != NULL && step(s, row)) {
        GBytes *body =
            g_bytes_new(sqlite3_column_blob(row, 2), (gsize)sqlite3_column_bytes(row, 2));
        reader->message(user, column(row, 0), column(row, 1), body);
        g_bytes_unref(body);
    }
}

bool state_commit(state *s)
{
    if (s->in_transaction && run(s, "COMMIT"))
        s->in_transaction = false;
    return s->error == NULL;
}

const char *state_error(const state *s)
{
    return s->error;
}

static int pragma(state *s, const char *sql)
{
    int value = -1;
    sqlite3_stmt *statement = prepare(s, sql);
    if (statement != NULL && step(s, statement))
        value = sqlite3_column_int(statement, 0);
    if (statement != NULL)
        sqlite3_reset(statement);
    return value;
}

static void refuse(state *s, const char *why)
{
    if (s->error == NULL)
        s->error = g_strdup(why);
}

static void create(state *s, uint64_t device_id)
{
    char *header = g_strdup_printf("BEGIN; PRAGMA application_id = %d; PRAGMA user_version = %d;",
                                   APPLICATION_ID, VERSION);
    s->in_transaction = run(s, header) && run(s, schema);
    set(s, DEVICE_ID, device_id);
    state_commit(s);
    g_free(header);
}

/* FULL: what is committed outlives a loss of power. EXCLUSIVE: nobody else opens it meanwhile. */
static void set_up(state *s, uint64_t device_id)
{
    run(s, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;"
           "PRAGMA synchronous = FULL; BEGIN IMMEDIATE; COMMIT;");
    if (s->error == NULL && pragma(s, "PRAGMA application_id") == 0 &&
        pragma(s, "SELECT count(*) FROM sqlite_master") == 0)
        create(s, device_id);
    if (s->error == NULL && pragma(s, "PRAGMA application_id") != APPLICATION_ID)
        refuse(s, "it is no state of plato-client");
    if (s->error == NULL && pragma(s, "PRAGMA user_version") != VERSION)
        refuse(s, "it is of another version of plato-client");
    if (s->error == NULL && get(s, DEVICE_ID) != device_id)
        refuse(s, "it belongs to another device");
}

state *state_open(const char *path, uint64_t device_id, char **error)
{
    state *s = g_new0(state, 1);
    s->statements = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL,
                                          (GDestroyNotify)(void (*)(void))sqlite3_finalize);
    const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        s->error = g_strdup(g_strerror(errno));
    else
        close(fd);
    if (s->error == NULL && sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
        fail(s);
    if (s->error == NULL)
        set_up(s, device_id);
    if (s->error == NULL)
        return s;
    *error = g_strdup_printf("--state %s: %s", path, s->error);
    state_close(s);
    return NULL;
}

void state_close(state *s)
{
    if (s == NULL)
        return;
    g_hash_table_unref(s->statements);
    sqlite3_close(s->db);
    g_free(s->error);
    g_free(s);
}
