/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "msgcmd.h"

#include "connections.h"
#include "early_ack.h"
#include "transactions.h"

static bool answered(const window_entry *entry)
{
    return !entry->first.record->open &&
           (entry->waiting == NULL || g_queue_is_empty(entry->waiting));
}

/* Each session numbers its own, so a ClientID may be open several times: first in, first out. */
void analysis_msgcmd_open_up(analysis_state *a, const frame *f)
{
    const uint64_t client_id = f->head->up.client_id;
    window *ups = &f->conn->ups;
    window_entry *entry = analysis_window_find(&a->windows, ups, client_id);
    early_ack found;
    if (analysis_early_ack_take(a, ups, client_id, f, INT64_MAX, &found))
        f->record->open = false; /* the next ACK is another one's */
    if (entry == NULL) {
        analysis_window_add(&a->windows, ups, client_id, f->record, f->content, false);
    } else if (answered(entry)) {
        entry->first.record = f->record;
        analysis_window_renew(ups, entry);
    } else {
        if (entry->waiting == NULL)
            entry->waiting = g_queue_new();
        if (g_queue_get_length(entry->waiting) < a->limits.window)
            g_queue_push_tail(entry->waiting, f->record);
    }
}

void analysis_msgcmd_ack_up(analysis_state *a, const frame *f)
{
    window_entry *entry = analysis_window_find(&a->windows, &f->conn->ups, f->head->ack.client_id);
    if (entry == NULL) {
        analysis_early_ack_add(a, &f->conn->ups, f->head->ack.client_id, f);
        return;
    }
    if (!entry->first.record->open && !answered(entry))
        entry->first.record = g_queue_pop_head(entry->waiting);
    analysis_record *request = entry->first.record;
    analysis_transactions_respond(a, f, request);
    if (request->open)
        analysis_record_settle(request, f->record->number);
    analysis_window_answered(&a->windows, &f->conn->ups, entry);
}

void analysis_msgcmd_push(const frame *f)
{
    connection *conn = f->conn;
    if (conn->run.record != NULL && content_equal(conn->run.content, f->content)) {
        analysis_record_repeat(conn->run.record, f->record);
    } else {
        f->record->open = true;
        conn->run = (transmission){f->content, f->record, NULL};
    }
    conn->latest_push = conn->run.record;
}

void analysis_msgcmd_note_push(const frame *f, analysis_record *first)
{
    f->conn->run.record = NULL;
    f->conn->latest_push = first;
}

bool analysis_msgcmd_acks_latest(const frame *f)
{
    const plato_head_ack *ack = &f->head->ack;
    return f->direction == ANALYSIS_UPSTREAM && ack->client_id == 0 && ack->session_id == 0 &&
           ack->msg_id == 0;
}

void analysis_msgcmd_ack_push(const analysis_state *a, const frame *f)
{
    analysis_record *latest = f->conn->latest_push;
    if (latest == NULL)
        return;
    analysis_transactions_respond(a, f, latest);
    if (latest->open)
        analysis_record_settle(latest, f->record->number);
}
