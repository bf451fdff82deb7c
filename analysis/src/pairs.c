/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pairs.h"

#include "connections.h"

/* Open SYNCs of one session on one connection. */
typedef struct sync_queue {
    key key;
    fifo open;
} sync_queue;

void pairs_init(plato_analysis *a)
{
    a->syncs = key_set_new(g_free);
}

void pairs_clear(plato_analysis *a)
{
    g_hash_table_destroy(a->syncs);
}

void pairs_respond(const plato_analysis *a, const frame *f, const record *request)
{
    const int64_t slow = a->config.slow_response_ns;
    f->record->request = request;
    record_flag(f->record, PLATO_VERDICT_HAS_RESPONSE_TIME);
    if (slow > 0 && elapsed_ns(request->time_ns, f->record->time_ns) > slow)
        record_flag(f->record, PLATO_VERDICT_SLOW_RESPONSE);
}

static void open_sync(plato_analysis *a, const frame *f)
{
    const uint64_t session = f->head->sync.session_id;
    sync_queue *queue = key_set_find(a->syncs, f->conn, session);
    if (queue == NULL) {
        queue = g_new0(sync_queue, 1);
        queue->key = (key){f->conn, session};
        g_hash_table_add(a->syncs, queue);
    }
    fifo_push(&queue->open, f->record);
}

static record *close_sync(plato_analysis *a, const frame *f)
{
    sync_queue *queue = key_set_find(a->syncs, f->conn, f->head->ack.session_id);
    record *request = queue != NULL ? fifo_pop(&queue->open) : NULL;
    if (queue != NULL && queue->open.head == NULL)
        g_hash_table_remove(a->syncs, queue);
    return request;
}

/* The ACK of a HEARTBEAT acknowledges the latest; earlier ones stay unacknowledged. */
static record *close_heartbeat(const frame *f)
{
    record *request = f->conn->heartbeat;
    f->conn->heartbeat = NULL;
    return request;
}

void pairs_request(plato_analysis *a, const frame *f)
{
    switch (f->head->msg_type) {
    case PLATO_LOGIN:
        fifo_push(&f->conn->logins, f->record);
        break;
    case PLATO_RECONN:
        fifo_push(&f->conn->reconns, f->record);
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
}

static record *close_request(plato_analysis *a, const frame *f)
{
    switch (f->head->ack.type) {
    case PLATO_LOGIN:
        return fifo_pop(&f->conn->logins);
    case PLATO_RECONN:
        return fifo_pop(&f->conn->reconns);
    case PLATO_HEARTBEAT:
        return close_heartbeat(f);
    case PLATO_SYNC:
        return close_sync(a, f);
    default:
        return NULL;
    }
}

record *pairs_ack(plato_analysis *a, const frame *f)
{
    record *request = close_request(a, f);
    if (request != NULL) {
        pairs_respond(a, f, request);
        record_settle(request, f->record->number);
    }
    return request;
}

static window_entry *find_up(plato_analysis *a, owner *whose, const plato_head_ack *ack,
                             counter **of)
{
    const plato_span no_name = {NULL, 0};
    *of = counter_of(a, whose, PLATO_UPSTREAM, ack->session_id, no_name, false);
    return *of != NULL ? window_find(&a->windows, &(*of)->window, ack->client_id) : NULL;
}

/* The UP may have been sent before the LOGIN that gave the connection its device. */
window_entry *pairs_ack_up(plato_analysis *a, const frame *f, counter **of)
{
    window_entry *entry = find_up(a, f->conn->owner, &f->head->ack, of);
    if (entry == NULL)
        entry = find_up(a, &f->conn->own, &f->head->ack, of);
    if (entry == NULL)
        return NULL;
    record *request = entry->first.record;
    pairs_respond(a, f, request);
    if (request->open)
        record_settle(request, f->record->number);
    return entry;
}

/* In MsgCmd framing it may be answered already, as the latest Push. */
static void settle_push(plato_analysis *a, counter *c, window_entry *entry, const frame *f)
{
    if (entry->first.record->open)
        record_settle(entry->first.record, f->record->number);
    window_answered(&a->windows, &c->window, entry);
}

/* code 0 covers everything up to its msg_id; a refusal is of one PUSH only. */
void pairs_ack_push(plato_analysis *a, const frame *f)
{
    const plato_head_ack *ack = &f->head->ack;
    const plato_span no_name = {NULL, 0};
    counter *c = counter_of(a, frame_owner(f), PLATO_DOWNSTREAM, ack->session_id, no_name, true);
    window_entry *exact = window_find(&a->windows, &c->window, ack->msg_id);
    if (exact != NULL)
        pairs_respond(a, f, exact->first.record);
    if (ack->code != PLATO_ACK_OK) {
        if (exact != NULL)
            settle_push(a, c, exact, f);
        return;
    }
    if (!c->any_covered || ack->msg_id > c->covered_to)
        c->covered_to = ack->msg_id;
    c->any_covered = true;
    for (window_entry *entry; (entry = window_lowest_open(&c->window, ack->msg_id)) != NULL;)
        settle_push(a, c, entry, f);
}
