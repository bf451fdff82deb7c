/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "connections.h"

typedef struct device {
    key key;
    owner owner;
} device;

/* A Plato connection by the number that the server gave it. */
typedef struct plato_conn {
    key key;
    connection *conn;
    record *opener;
} plato_conn;

static void connection_free(gpointer p)
{
    connection *conn = p;
    window_clear(&conn->ups);
    g_free(conn);
}

void connections_init(plato_analysis *a)
{
    a->connections = g_hash_table_new_full(NULL, NULL, NULL, connection_free);
    a->devices = key_set_new(g_free);
    a->conn_ids = key_set_new(g_free);
}

void connections_clear(plato_analysis *a)
{
    g_hash_table_destroy(a->conn_ids);
    g_hash_table_destroy(a->devices);
    g_hash_table_destroy(a->connections);
}

connection *connection_find(const plato_analysis *a, uint32_t index)
{
    return g_hash_table_lookup(a->connections, GUINT_TO_POINTER(index));
}

connection *connection_get(plato_analysis *a, uint32_t index)
{
    connection *conn = connection_find(a, index);
    if (conn == NULL) {
        conn = g_new0(connection, 1);
        conn->owner = &conn->own;
        g_hash_table_insert(a->connections, GUINT_TO_POINTER(index), conn);
    }
    return conn;
}

void connection_lose(connection *conn, plato_direction direction)
{
    conn->lost[direction] = true;
    conn->own.losses[direction]++;
    if (conn->owner != &conn->own)
        conn->owner->losses[direction]++;
}

void connection_enter(connection *conn, const frame *f)
{
    if (conn->first == NULL)
        conn->first = f->record;
    if (conn->lost[f->direction])
        record_flag(f->record, PLATO_VERDICT_CAPTURE_GAP);
    conn->lost[f->direction] = false;
}

/* LOGIN without a device_id names no device. In MsgCmd framing ids are per connection. */
void connections_login(plato_analysis *a, const frame *f)
{
    const uint64_t id = f->head->login.device_id;
    f->conn->opener = f->record;
    f->conn->identity.device_id = id;
    if (f->variant)
        return;
    f->conn->owner = &f->conn->own;
    if (id == 0)
        return;
    device *d = key_set_find(a->devices, a, id);
    if (d == NULL) {
        d = g_new0(device, 1);
        d->key = (key){a, id};
        g_hash_table_add(a->devices, d);
    }
    f->conn->owner = &d->owner;
}

void connections_reconn(plato_analysis *a, const frame *f)
{
    const plato_conn *old = key_set_find(a->conn_ids, a, f->head->reconn.conn_id);
    f->conn->opener = f->record;
    if (old == NULL)
        return;
    record_oddity(&a->records, f->record)->prev_conn = old->opener->number;
    oddity *resumed = record_oddity(&a->records, old->opener);
    if (resumed->next_conn == 0)
        resumed->next_conn = f->record->number;
    f->conn->identity.device_id = old->conn->identity.device_id;
    if (!f->variant)
        f->conn->owner = old->conn->owner;
}

static void learn(plato_analysis *a, connection *conn, uint64_t conn_id, record *opener)
{
    plato_conn *known = key_set_find(a->conn_ids, a, conn_id);
    if (known == NULL) {
        known = g_new0(plato_conn, 1);
        known->key = (key){a, conn_id};
        g_hash_table_add(a->conn_ids, known);
    }
    known->conn = conn;
    known->opener = opener != NULL ? opener : conn->opener != NULL ? conn->opener : conn->first;
    conn->identity.conn_id = conn_id;
}

void connections_learn_from_ack(plato_analysis *a, const frame *f, record *request)
{
    if (f->head->ack.code == PLATO_ACK_OK && f->head->ack.conn_id != 0)
        learn(a, f->conn, f->head->ack.conn_id, request);
}

/* What is sent again after a RECONN may still carry the old connection's number. */
void connections_learn_from_up(plato_analysis *a, const frame *f)
{
    const uint64_t conn_id = f->head->up.conn_id;
    if (conn_id != 0 && f->conn->identity.conn_id == 0 &&
        key_set_find(a->conn_ids, a, conn_id) == NULL)
        learn(a, f->conn, conn_id, NULL);
}

owner *frame_owner(const frame *f)
{
    return f->variant ? &f->conn->own : f->conn->owner;
}
