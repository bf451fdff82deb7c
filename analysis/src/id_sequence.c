/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "id_sequence.h"

enum { NUMBERING_UP = 0, NUMBERING_DOWN = 1, NUMBERING_NAMED = 2 };

/* Bytes of a session's name that are compared: names equal in these are one session. */
#define SESSION_NAME_MAX 256u

static uint64_t name_ordinal(analysis_state *a, plato_span name)
{
    const gsize n = name.n < SESSION_NAME_MAX ? name.n : SESSION_NAME_MAX;
    GBytes *text = g_bytes_new(name.p, n);
    gpointer ordinal = NULL;
    if (g_hash_table_lookup_extended(a->session_names, text, NULL, &ordinal)) {
        g_bytes_unref(text);
        return GPOINTER_TO_UINT(ordinal);
    }
    const guint next = g_hash_table_size(a->session_names);
    g_hash_table_insert(a->session_names, text, GUINT_TO_POINTER(next));
    return next;
}

id_sequence *analysis_id_sequence_of(analysis_state *a, id_scope *scope,
                                     analysis_direction direction, uint64_t session,
                                     plato_span name, bool create)
{
    const char *numbering =
        &scope->numbering[direction == ANALYSIS_UPSTREAM ? NUMBERING_UP : NUMBERING_DOWN];
    if (name.n > 0) {
        numbering = &scope->numbering[NUMBERING_NAMED];
        session = name_ordinal(a, name);
    }
    id_sequence *c = analysis_key_set_find(a->id_sequences, numbering, session);
    if (c == NULL && create) {
        c = g_new0(id_sequence, 1);
        c->key = (key){numbering, session};
        c->losses = &scope->losses[direction];
        g_hash_table_add(a->id_sequences, c);
    }
    return c;
}

void analysis_id_sequence_free(gpointer p)
{
    id_sequence *c = p;
    analysis_intervals_clear(&c->ids);
    analysis_window_clear(&c->window);
    g_free(c);
}

/* Only a hole before the first id after a loss is explained by the loss. */
static bool first_after_loss(id_sequence *c)
{
    const bool first = c->losses_seen != *c->losses;
    c->losses_seen = *c->losses;
    return first;
}

/* An id that fills a hole which the capture's loss explains gets no verdict. */
static void check_order(analysis_state *a, id_sequence *c, uint64_t id, bool after_loss,
                        analysis_record *r)
{
    const id_observation s =
        analysis_intervals_observe(&c->ids, id, r->number, after_loss, a->limits.holes);
    if (s.kind == ID_SKIPS && !after_loss) {
        anomaly *o = analysis_record_anomaly(&a->records, r);
        record_flag(r, ANALYSIS_GAP);
        o->gap_first = s.first;
        o->gap_last = s.last;
    } else if (s.kind == ID_FILLS && !s.of_capture) {
        /* only messages are out of order, ACKs are not */
        record_flag(r, ANALYSIS_GAP_FILLED | (r->kind == RECORD_ACK ? 0u : ANALYSIS_OUT_OF_ORDER));
        analysis_record_anomaly(&a->records, r)->gap_in = s.gap_in;
    }
}

static analysis_record *check_repeat(window_entry *known, const frame *f)
{
    analysis_record *first = known->first.record;
    if (!content_equal(known->first.content, f->content)) {
        record_flag(f->record, ANALYSIS_CONFLICT);
        analysis_window_add_transmission(known, f->record, f->content);
        return NULL;
    }
    analysis_record_repeat(first, f->record);
    return first;
}

analysis_record *analysis_id_sequence_check(analysis_state *a, id_sequence *c, uint64_t id,
                                            const frame *f)
{
    const bool after_loss = first_after_loss(c);
    window_entry *known = analysis_window_find(&a->windows, &c->window, id);
    if (known != NULL)
        return check_repeat(known, f);
    check_order(a, c, id, after_loss, f->record);
    f->record->open = true;
    analysis_window_add(&a->windows, &c->window, id, f->record, f->content,
                        f->direction == ANALYSIS_DOWNSTREAM);
    return f->record;
}

void analysis_id_sequence_check_ack(analysis_state *a, id_sequence *c, uint64_t id, const frame *f)
{
    check_order(a, c, id, first_after_loss(c), f->record);
}
