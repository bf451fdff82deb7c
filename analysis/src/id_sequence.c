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

/* The ids before the frame are missing; once no loss explains them they are a gap. */
static void set_excused_gap(analysis_state *a, analysis_record *r, uint64_t first, uint64_t last,
                            loss_range excuse)
{
    anomaly *o = analysis_record_loss_anomaly(&a->records, r);
    o->gap_first = first;
    o->gap_last = last;
    o->losses->gap_excuse = excuse;
}

/* No gap, whatever becomes of the losses; one that has become the sender's stays. */
static void clear_excused_gap(analysis_state *a, analysis_record *r)
{
    anomaly *o = r->has_anomaly ? analysis_record_anomaly(&a->records, r) : NULL;
    if (o != NULL && o->has_losses && analysis_losses_remain(o->losses->gap_excuse))
        o->losses->gap_excuse = (loss_range){0};
}

static void check_skip(analysis_state *a, const id_observation *s, analysis_record *r)
{
    if (s->excused) {
        set_excused_gap(a, r, s->first, s->last, s->excuse);
        return;
    }
    anomaly *o = analysis_record_anomaly(&a->records, r);
    o->gap_first = s->first;
    o->gap_last = s->last;
    record_flag(r, ANALYSIS_GAP);
}

/* An id that fills a hole which the capture's loss explains gets no verdict. */
static void check_fill(analysis_state *a, const id_observation *s, uint64_t id, analysis_record *r)
{
    if (!s->excused) {
        /* only messages are out of order, ACKs are not */
        record_flag(r, ANALYSIS_GAP_FILLED | (r->kind == RECORD_ACK ? 0u : ANALYSIS_OUT_OF_ORDER));
        analysis_record_anomaly(&a->records, r)->gap_in = s->after->number;
        return;
    }
    if (id > s->first)
        set_excused_gap(a, r, s->first, id - 1, s->excuse_below);
    if (id < s->last)
        set_excused_gap(a, s->after, id + 1, s->last, s->excuse);
    else
        clear_excused_gap(a, s->after);
}

/*
 * A loss explains a hole before the first id after it, of those above all others: one that is sent
 * again or comes late shows nothing of what follows the highest. Nor does a frame that had to wait
 * until frames of later packets were known: some of the losses are after it.
 */
static void check_order(analysis_state *a, id_sequence *c, uint64_t id, const frame *f)
{
    analysis_record *r = f->record;
    const loss_range excuse = {c->losses, c->losses_seen, c->losses->count};
    const bool missing = (r->flags & ANALYSIS_CAPTURE_GAP) != 0;
    const id_observation s =
        analysis_intervals_observe(&c->ids, id, r, excuse, missing, a->limits.holes);
    if (!f->waited && (s.kind == ID_EXPECTED || s.kind == ID_SKIPS))
        c->losses_seen = excuse.upto;
    if (s.kind == ID_SKIPS)
        check_skip(a, &s, r);
    else if (s.kind == ID_FILLS)
        check_fill(a, &s, id, r);
    if (s.forgotten != NULL)
        clear_excused_gap(a, s.forgotten); /* what fills it now is not seen to */
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
    window_entry *known = analysis_window_find(&a->windows, &c->window, id);
    if (known != NULL)
        return check_repeat(known, f);
    check_order(a, c, id, f);
    f->record->open = true;
    analysis_window_add(&a->windows, &c->window, id, f->record, f->content,
                        f->direction == ANALYSIS_DOWNSTREAM);
    return f->record;
}

void analysis_id_sequence_check_ack(analysis_state *a, id_sequence *c, uint64_t id, const frame *f)
{
    check_order(a, c, id, f);
}
