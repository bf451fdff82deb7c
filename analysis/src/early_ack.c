/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "early_ack.h"

static void early_ack_free(gpointer p)
{
    g_slice_free(early_ack, p);
}

void analysis_early_acks_init(analysis_state *a)
{
    a->early_acks = analysis_key_set_new(early_ack_free);
}

void analysis_early_acks_clear(analysis_state *a)
{
    g_hash_table_destroy(a->early_acks);
}

static void forget(analysis_state *a, early_ack *e)
{
    g_queue_unlink(&a->early_acks_by_age, &e->link);
    g_hash_table_remove(a->early_acks, e);
}

void analysis_early_ack_add(analysis_state *a, const void *scope, uint64_t id, const frame *f)
{
    const plato_head_ack *ack = &f->head->ack;
    early_ack *e = analysis_key_set_find(a->early_acks, scope, id);
    if (e != NULL)
        forget(a, e);
    else if (g_hash_table_size(a->early_acks) >= MAX(a->limits.early_acks, 1))
        forget(a, g_queue_peek_head(&a->early_acks_by_age));
    e = g_slice_new0(early_ack);
    e->key = (key){scope, id};
    e->link.data = e;
    e->ack = f->record;
    e->session_id = ack->session_id;
    e->msg_id = ack->msg_id;
    e->conn_id = ack->conn_id;
    e->ok = ack->code == PLATO_ACK_OK;
    g_hash_table_add(a->early_acks, e);
    g_queue_push_tail_link(&a->early_acks_by_age, &e->link);
}

/*
 * Where the request had to wait until it was known, it was captured first after all. Else it comes
 * late, or is sent again: it is acknowledged, but the ACK is no response to what came later.
 */
static void answer(const analysis_state *a, analysis_record *ack, analysis_record *request)
{
    if (request->number <= ack->number) {
        ack->early = true;
        analysis_record_respond(ack, request, a->config.slow_response_ns);
        analysis_record_settle(request, ack->number);
    } else {
        request->covered = true;
    }
}

bool analysis_early_ack_take(analysis_state *a, const void *scope, uint64_t id, const frame *f,
                             int64_t within_ns, early_ack *found)
{
    early_ack *e = g_hash_table_size(a->early_acks) != 0
                       ? analysis_key_set_find(a->early_acks, scope, id)
                       : NULL;
    if (e == NULL)
        return false;
    *found = *e;
    forget(a, e);
    if (analysis_elapsed_ns(found->ack->time_ns, f->record->time_ns) > within_ns)
        return false;
    answer(a, found->ack, f->record);
    return true;
}
