/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "transactions.h"

#include "connections.h"
#include "early_ack.h"

/* An ACK that names no id is not of a request that comes later than this. */
#define EARLY_WITHOUT_ID_NS 3000000000

/* Open SYNCs of one session on one connection. */
typedef struct sync_queue {
    key key;
    fifo open;
} sync_queue;

void analysis_transactions_init(analysis_state *a)
{
    a->syncs = analysis_key_set_new(g_free);
}

void analysis_transactions_clear(analysis_state *a)
{
    g_hash_table_destroy(a->syncs);
}

void analysis_transactions_respond(const analysis_state *a, const frame *f,
                                   const analysis_record *request)
{
    analysis_record_respond(f->record, request, a->config.slow_response_ns);
}

static void open_sync(analysis_state *a, const frame *f)
{
    const uint64_t session = f->head->sync.session_id;
    sync_queue *queue = analysis_key_set_find(a->syncs, f->conn, session);
    if (queue == NULL) {
        queue = g_new0(sync_queue, 1);
        queue->key = (key){f->conn, session};
        g_hash_table_add(a->syncs, queue);
    }
    analysis_fifo_push(&queue->open, f->record);
}

static analysis_record *close_sync(analysis_state *a, const frame *f)
{
    sync_queue *queue = analysis_key_set_find(a->syncs, f->conn, f->head->ack.session_id);
    analysis_record *request = queue != NULL ? analysis_fifo_pop(&queue->open) : NULL;
    if (queue != NULL && queue->open.head == NULL)
        g_hash_table_remove(a->syncs, queue);
    return request;
}

/* The ACK of a HEARTBEAT acknowledges the latest; earlier ones stay unacknowledged. */
static analysis_record *close_heartbeat(const frame *f)
{
    analysis_record *request = f->conn->heartbeat;
    f->conn->heartbeat = NULL;
    return request;
}

/* Under what an ACK of such a request waits for it. */
static key early_key(const frame *f, uint32_t type, uint64_t session)
{
    switch (type) {
    case PLATO_LOGIN:
        return (key){&f->conn->logins, 0};
    case PLATO_RECONN:
        return (key){&f->conn->reconns, 0};
    case PLATO_HEARTBEAT:
        return (key){&f->conn->heartbeat, 0};
    case PLATO_SYNC:
        return (key){f->conn, session};
    default:
        return (key){NULL, 0};
    }
}

/* Only while bytes are missing that it may have been among: no id says that they belong together.
 */
static bool may_come_late(const frame *f)
{
    return f->conn->missing[ANALYSIS_UPSTREAM].lasting != 0;
}

uint64_t analysis_transactions_request(analysis_state *a, const frame *f)
{
    early_ack found;
    const uint32_t type = f->head->msg_type;
    const key waits = early_key(f, type, type == PLATO_SYNC ? f->head->sync.session_id : 0);
    if (may_come_late(f) &&
        analysis_early_ack_take(a, waits.scope, waits.id, f, EARLY_WITHOUT_ID_NS, &found))
        return found.ok ? found.conn_id : 0;
    switch (type) {
    case PLATO_LOGIN:
        analysis_fifo_push(&f->conn->logins, f->record);
        break;
    case PLATO_RECONN:
        analysis_fifo_push(&f->conn->reconns, f->record);
        break;
    case PLATO_HEARTBEAT:
        f->conn->heartbeat = f->record;
        break;
    case PLATO_SYNC:
        open_sync(a, f);
        break;
    default:
        break;
    }
    return 0;
}

static analysis_record *close_request(analysis_state *a, const frame *f)
{
    switch (f->head->ack.type) {
    case PLATO_LOGIN:
        return analysis_fifo_pop(&f->conn->logins);
    case PLATO_RECONN:
        return analysis_fifo_pop(&f->conn->reconns);
    case PLATO_HEARTBEAT:
        return close_heartbeat(f);
    case PLATO_SYNC:
        return close_sync(a, f);
    default:
        return NULL;
    }
}

analysis_record *analysis_transactions_ack(analysis_state *a, const frame *f)
{
    analysis_record *request = close_request(a, f);
    const key waits = early_key(f, f->head->ack.type, f->head->ack.session_id);
    if (request != NULL) {
        analysis_transactions_respond(a, f, request);
        analysis_record_settle(request, f->record->number);
    } else if (waits.scope != NULL && may_come_late(f)) {
        analysis_early_ack_add(a, waits.scope, waits.id, f);
    }
    return request;
}

static window_entry *find_up(analysis_state *a, id_scope *scope, const plato_head_ack *ack,
                             id_sequence **of)
{
    const plato_span no_name = {NULL, 0};
    *of = analysis_id_sequence_of(a, scope, ANALYSIS_UPSTREAM, ack->session_id, no_name, false);
    return *of != NULL ? analysis_window_find(&a->windows, &(*of)->window, ack->client_id) : NULL;
}

/* The UP may have been sent before the LOGIN that gave the connection its device. */
window_entry *analysis_transactions_ack_up(analysis_state *a, const frame *f, id_sequence **of)
{
    window_entry *entry = find_up(a, f->conn->id_scope, &f->head->ack, of);
    if (entry == NULL)
        entry = find_up(a, &f->conn->own, &f->head->ack, of);
    if (entry == NULL)
        return NULL;
    analysis_record *request = entry->first.record;
    analysis_transactions_respond(a, f, request);
    if (request->open)
        analysis_record_settle(request, f->record->number);
    return entry;
}

/* In MsgCmd framing it may be answered already, as the latest Push. */
static void settle_push(analysis_state *a, id_sequence *c, window_entry *entry, const frame *f)
{
    if (entry->first.record->open)
        analysis_record_settle(entry->first.record, f->record->number);
    analysis_window_answered(&a->windows, &c->window, entry);
}

/* code 0 covers everything up to its msg_id; a refusal is of one PUSH only. */
void analysis_transactions_ack_push(analysis_state *a, const frame *f)
{
    const plato_head_ack *ack = &f->head->ack;
    const plato_span no_name = {NULL, 0};
    id_sequence *c = analysis_id_sequence_of(a, analysis_id_scope_of(f), ANALYSIS_DOWNSTREAM,
                                             ack->session_id, no_name, true);
    window_entry *exact = analysis_window_find(&a->windows, &c->window, ack->msg_id);
    if (exact != NULL)
        analysis_transactions_respond(a, f, exact->first.record);
    else
        analysis_early_ack_add(a, c, ack->msg_id, f);
    if (ack->code != PLATO_ACK_OK) {
        if (exact != NULL)
            settle_push(a, c, exact, f);
        return;
    }
    if (!c->any_covered || ack->msg_id > c->covered_to)
        c->covered_to = ack->msg_id;
    c->any_covered = true;
    for (window_entry *entry;
         (entry = analysis_window_lowest_open(&c->window, ack->msg_id)) != NULL;)
        settle_push(a, c, entry, f);
}
