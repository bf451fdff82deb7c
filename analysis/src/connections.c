/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "connections.h"

typedef struct device {
    key key;
    id_scope id_scope;
} device;

/* A Plato connection by the number that the server gave it. */
typedef struct plato_conn {
    key key;
    connection *conn;
    analysis_record *opener;
} plato_conn;

static void id_scope_clear(id_scope *scope)
{
    analysis_losses_clear(&scope->losses[ANALYSIS_UPSTREAM]);
    analysis_losses_clear(&scope->losses[ANALYSIS_DOWNSTREAM]);
}

static void device_free(gpointer p)
{
    device *d = p;
    id_scope_clear(&d->id_scope);
    g_free(d);
}

static void connection_free(gpointer p)
{
    connection *conn = p;
    analysis_window_clear(&conn->ups);
    id_scope_clear(&conn->own);
    analysis_losses_clear(&conn->missing[ANALYSIS_UPSTREAM]);
    analysis_losses_clear(&conn->missing[ANALYSIS_DOWNSTREAM]);
    g_free(conn);
}

void analysis_connections_init(analysis_state *a)
{
    a->connections = g_hash_table_new_full(NULL, NULL, NULL, connection_free);
    a->devices = analysis_key_set_new(device_free);
    a->conn_ids = analysis_key_set_new(g_free);
}

void analysis_connections_clear(analysis_state *a)
{
    g_hash_table_destroy(a->conn_ids);
    g_hash_table_destroy(a->devices);
    g_hash_table_destroy(a->connections);
    analysis_losses_clear(&a->unknown.count);
    if (a->unknown.packets != NULL)
        g_array_free(a->unknown.packets, TRUE);
}

connection *analysis_connection_find(const analysis_state *a, uint32_t index)
{
    return g_hash_table_lookup(a->connections, GUINT_TO_POINTER(index));
}

connection *analysis_connection_get(analysis_state *a, uint32_t index)
{
    connection *conn = analysis_connection_find(a, index);
    if (conn == NULL) {
        conn = g_new0(connection, 1);
        conn->id_scope = &conn->own;
        g_hash_table_insert(a->connections, GUINT_TO_POINTER(index), conn);
    }
    return conn;
}

uint32_t analysis_connection_loss(analysis_state *a, connection *conn, analysis_direction direction)
{
    loss *l = analysis_loss_new(&a->losses);
    analysis_loss_concerns(l, &conn->missing[direction]);
    analysis_loss_concerns(l, &conn->own.losses[direction]);
    if (conn->id_scope != &conn->own)
        analysis_loss_concerns(l, &conn->id_scope->losses[direction]);
    return l->id;
}

static void flag_missing(analysis_state *a, const frame *f)
{
    const analysis_direction d = f->direction;
    const loss_range before = {&f->conn->missing[d], f->conn->missing_seen[d],
                               f->conn->missing[d].count};
    f->conn->missing_seen[d] = before.upto;
    if (!analysis_losses_remain(before))
        return;
    record_flag(f->record, ANALYSIS_CAPTURE_GAP);
    analysis_record_loss_anomaly(&a->records, f->record)->losses->missing = before;
}

static bool has_ids(const plato_head *head)
{
    const uint32_t type = head->msg_type == PLATO_ACK ? head->ack.type : head->msg_type;
    return type == PLATO_UP || type == PLATO_PUSH;
}

void analysis_connection_add_frame(analysis_state *a, frame *f)
{
    connection *conn = f->conn;
    if (conn->first == NULL)
        conn->first = f->record;
    if (!f->msgcmd && conn->id_scope == &conn->own && has_ids(f->head))
        conn->numbered = true;
    flag_missing(a, f);
    f->waited = f->record->number < conn->latest[f->direction];
    conn->latest[f->direction] = MAX(conn->latest[f->direction], f->record->number);
}

/*
 * The connection's ids are those of `scope` from now on. Bytes that are missing so far may have
 * held ids and answers of that scope. If ids came already, the LOGIN or RECONN itself may have been
 * among those bytes, and late: then what came before it was judged on its own, and nothing that
 * the two scopes do not see of each other may be held against anyone. Such a loss lasts for good,
 * though the bytes come: the ids before and after are not brought together.
 */
static void join(connection *conn, id_scope *scope)
{
    const bool was_own = conn->id_scope == &conn->own && scope != &conn->own;
    const bool late = conn->numbered && conn->missing[ANALYSIS_UPSTREAM].lasting != 0;
    for (int d = ANALYSIS_UPSTREAM; was_own && d <= ANALYSIS_DOWNSTREAM; d++) {
        if (late || conn->missing[d].lasting != 0)
            (void)analysis_losses_add(&scope->losses[d]);
        if (late)
            (void)analysis_losses_add(&conn->own.losses[d]);
    }
    conn->id_scope = scope;
}

/* LOGIN without a device_id names no device. In MsgCmd framing ids are per connection. */
void analysis_connections_login(analysis_state *a, const frame *f)
{
    const uint64_t id = f->head->login.device_id;
    f->conn->opener = f->record;
    f->conn->identity.device_id = id;
    if (f->msgcmd)
        return;
    if (id == 0) {
        join(f->conn, &f->conn->own);
        return;
    }
    device *d = analysis_key_set_find(a->devices, a, id);
    if (d == NULL) {
        d = g_new0(device, 1);
        d->key = (key){a, id};
        g_hash_table_add(a->devices, d);
    }
    join(f->conn, &d->id_scope);
}

void analysis_connections_reconn(analysis_state *a, const frame *f)
{
    const plato_conn *old = analysis_key_set_find(a->conn_ids, a, f->head->reconn.conn_id);
    f->conn->opener = f->record;
    analysis_loss_table_fill(&a->losses, f->conn->unknown_resumption); /* it came late */
    f->conn->unknown_resumption = 0;
    if (old == NULL)
        return;
    analysis_record_anomaly(&a->records, f->record)->prev_conn = old->opener->number;
    anomaly *resumed = analysis_record_anomaly(&a->records, old->opener);
    if (resumed->next_conn == 0)
        resumed->next_conn = f->record->number;
    f->conn->identity.device_id = old->conn->identity.device_id;
    if (!f->msgcmd)
        join(f->conn, old->conn->id_scope);
}

static void learn(analysis_state *a, connection *conn, uint64_t conn_id, analysis_record *opener)
{
    plato_conn *known = analysis_key_set_find(a->conn_ids, a, conn_id);
    if (known == NULL) {
        known = g_new0(plato_conn, 1);
        known->key = (key){a, conn_id};
        g_hash_table_add(a->conn_ids, known);
    }
    known->conn = conn;
    known->opener = opener != NULL ? opener : conn->opener != NULL ? conn->opener : conn->first;
    conn->identity.conn_id = conn_id;
}

static void note_unknown_resumption(analysis_state *a, const frame *f)
{
    /* in MsgCmd framing nothing is answered on another connection */
    if (f->msgcmd || f->conn->unknown_resumption != 0 || f->conn->opener != NULL)
        return;
    if (a->unknown.packets == NULL)
        a->unknown.packets = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    g_array_append_val(a->unknown.packets, f->record->number);
    loss *l = analysis_loss_new(&a->losses);
    analysis_loss_concerns(l, &a->unknown.count);
    f->conn->unknown_resumption = l->id;
}

bool analysis_connections_resumed_unknown(const analysis_state *a, uint32_t packet)
{
    const uint32_t latest = a->unknown.count.lasting;
    return latest != 0 && g_array_index(a->unknown.packets, uint32_t, latest - 1) > packet;
}

void analysis_connections_learn_from_ack(analysis_state *a, const frame *f,
                                         analysis_record *request)
{
    const bool resumes = f->head->ack.type == PLATO_RECONN && f->head->ack.code == PLATO_ACK_OK;
    if (resumes && request == NULL)
        note_unknown_resumption(a, f);
    if (f->head->ack.code == PLATO_ACK_OK && f->head->ack.conn_id != 0)
        learn(a, f->conn, f->head->ack.conn_id, request);
}

void analysis_connections_opened_by(analysis_state *a, const frame *f, uint64_t conn_id)
{
    plato_conn *known = analysis_key_set_find(a->conn_ids, a, conn_id);
    if (known != NULL && known->conn == f->conn)
        known->opener = f->record;
}

/* What is sent again after a RECONN may still carry the old connection's number. */
void analysis_connections_learn_from_up(analysis_state *a, const frame *f)
{
    const uint64_t conn_id = f->head->up.conn_id;
    if (conn_id != 0 && f->conn->identity.conn_id == 0 &&
        analysis_key_set_find(a->conn_ids, a, conn_id) == NULL)
        learn(a, f->conn, conn_id, NULL);
}

id_scope *analysis_id_scope_of(const frame *f)
{
    return f->msgcmd ? &f->conn->own : f->conn->id_scope;
}
