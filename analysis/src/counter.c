/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "counter.h"

enum { NUMBERING_UP = 0, NUMBERING_DOWN = 1, NUMBERING_NAMED = 2 };

/* Names that agree in so many bytes are one session. */
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
    const char *scope =
        &whose->numbering[direction == PLATO_UPSTREAM ? NUMBERING_UP : NUMBERING_DOWN];
    if (name.n > 0) {
        scope = &whose->numbering[NUMBERING_NAMED];
        session = name_ordinal(a, name);
    }
    counter *c = key_set_find(a->counters, scope, session);
    if (c == NULL && create) {
        c = g_new0(counter, 1);
        c->key = (key){scope, session};
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

/* Only a hole in front of the first id behind a loss is the capture's. */
static bool first_behind_loss(counter *c)
{
    const bool first = c->losses_seen != *c->losses;
    c->losses_seen = *c->losses;
    return first;
}

/* An id that fills a hole of the capture's gets no verdict. */
static void judge_place(plato_analysis *a, counter *c, uint64_t id, bool behind_loss, record *r)
{
    const sight s = intervals_see(&c->ids, id, r->number, behind_loss, a->limits.holes);
    if (s.kind == SIGHTING_SKIPS && !behind_loss) {
        oddity *o = record_oddity(&a->records, r);
        record_flag(r, PLATO_VERDICT_GAP);
        o->gap_first = s.first;
        o->gap_last = s.last;
    } else if (s.kind == SIGHTING_FILLS && !s.of_capture) {
        /* out of order is said of messages only */
        record_flag(r, PLATO_VERDICT_GAP_FILLED |
                           (r->kind == RECORD_ACK ? 0u : PLATO_VERDICT_OUT_OF_ORDER));
        record_oddity(&a->records, r)->gap_in = s.gap_in;
    }
}

static record *judge_again(window_entry *known, const frame *f)
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
    const bool behind_loss = first_behind_loss(c);
    window_entry *known = window_find(&a->windows, &c->window, id);
    if (known != NULL)
        return judge_again(known, f);
    judge_place(a, c, id, behind_loss, f->record);
    f->record->open = true;
    window_add(&a->windows, &c->window, id, f->record, f->content,
               f->direction == PLATO_DOWNSTREAM);
    return f->record;
}

void counter_judge_ack(plato_analysis *a, counter *c, uint64_t id, const frame *f)
{
    judge_place(a, c, id, first_behind_loss(c), f->record);
}
