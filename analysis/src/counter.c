/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "counter.h"

enum { NUMBERING_UP = 0, NUMBERING_DOWN = 1, NUMBERING_NAMED = 2 };

/* Bytes of a session's name that are compared: names equal in these are one session. */
#define SESSION_NAME_MAX 256u

static uint64_t name_ordinal(plato_analysis *a, plato_span name)
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

counter *counter_of(plato_analysis *a, owner *whose, plato_direction direction, uint64_t session,
                    plato_span name, bool create)
{
    const char *numbering =
        &whose->numbering[direction == PLATO_UPSTREAM ? NUMBERING_UP : NUMBERING_DOWN];
    if (name.n > 0) {
        numbering = &whose->numbering[NUMBERING_NAMED];
        session = name_ordinal(a, name);
    }
    counter *c = key_set_find(a->counters, numbering, session);
    if (c == NULL && create) {
        c = g_new0(counter, 1);
        c->key = (key){numbering, session};
        c->losses = &whose->losses[direction];
        g_hash_table_add(a->counters, c);
    }
    return c;
}

void counter_free(gpointer p)
{
    counter *c = p;
    intervals_clear(&c->ids);
    window_clear(&c->window);
    g_free(c);
}

/* Only a hole before the first id after a loss is explained by the loss. */
static bool first_after_loss(counter *c)
{
    const bool first = c->losses_seen != *c->losses;
    c->losses_seen = *c->losses;
    return first;
}

/* An id that fills a hole which the capture's loss explains gets no verdict. */
static void check_order(plato_analysis *a, counter *c, uint64_t id, bool after_loss, record *r)
{
    const sight s = intervals_see(&c->ids, id, r->number, after_loss, a->limits.holes);
    if (s.kind == SIGHTING_SKIPS && !after_loss) {
        oddity *o = record_oddity(&a->records, r);
        record_flag(r, PLATO_VERDICT_GAP);
        o->gap_first = s.first;
        o->gap_last = s.last;
    } else if (s.kind == SIGHTING_FILLS && !s.of_capture) {
        /* only messages are out of order, ACKs are not */
        record_flag(r, PLATO_VERDICT_GAP_FILLED |
                           (r->kind == RECORD_ACK ? 0u : PLATO_VERDICT_OUT_OF_ORDER));
        record_oddity(&a->records, r)->gap_in = s.gap_in;
    }
}

static record *check_repeat(window_entry *known, const frame *f)
{
    record *first = known->first.record;
    if (!content_equal(known->first.content, f->content)) {
        record_flag(f->record, PLATO_VERDICT_CONFLICT);
        window_add_sending(known, f->record, f->content);
        return NULL;
    }
    record_repeat(first, f->record);
    return first;
}

record *counter_judge(plato_analysis *a, counter *c, uint64_t id, const frame *f)
{
    const bool after_loss = first_after_loss(c);
    window_entry *known = window_find(&a->windows, &c->window, id);
    if (known != NULL)
        return check_repeat(known, f);
    check_order(a, c, id, after_loss, f->record);
    f->record->open = true;
    window_add(&a->windows, &c->window, id, f->record, f->content,
               f->direction == PLATO_DOWNSTREAM);
    return f->record;
}

void counter_judge_ack(plato_analysis *a, counter *c, uint64_t id, const frame *f)
{
    check_order(a, c, id, first_after_loss(c), f->record);
}
