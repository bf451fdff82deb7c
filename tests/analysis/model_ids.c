/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The model: ids and their sequences. */
#include "model_facts.h"

#include <string.h>

bool same_scope(id_scope a, id_scope b)
{
    return a.is_device == b.is_device && a.id == b.id;
}

id_scope own(uint32_t connection)
{
    return (id_scope){false, connection};
}

bool is_frame(const fact *f, uint32_t type)
{
    return !f->e->is_loss && f->e->head.msg_type == type;
}

bool is_ack_of(const fact *f, uint32_t type)
{
    return is_frame(f, PLATO_ACK) && f->e->head.ack.type == type;
}

/* Number of an event. */
uint32_t number(size_t i)
{
    return (uint32_t)i + 1;
}

bool is_missing(const fact *f)
{
    return f->e->is_loss && f->e->fills == 0 && !f->filled;
}

/* Whether bytes were lost that concern the scope. */
static bool loss_concerns(const fact *loss, id_scope scope, analysis_direction direction)
{
    const bool own_scope = same_scope(own(loss->e->connection), scope);
    if (loss->late && own_scope)
        return true;
    if (loss->joined[direction])
        return same_scope(loss->scope, scope);
    return is_missing(loss) && loss->e->direction == direction &&
           (same_scope(loss->scope, scope) || own_scope);
}

bool loss_between(const model *m, size_t from, size_t to, id_scope scope,
                  analysis_direction direction)
{
    for (size_t i = from; i < to; i++)
        if (loss_concerns(&m->facts[i], scope, direction))
            return true;
    return false;
}

uint64_t id_of(const fact *f)
{
    const plato_head *h = &f->e->head;
    return h->msg_type == PLATO_UP     ? h->up.client_id
           : h->msg_type == PLATO_PUSH ? h->push.msg_id
                                       : h->ack.msg_id;
}

uint64_t session_of(const fact *f)
{
    const plato_head *h = &f->e->head;
    return h->msg_type == PLATO_UP     ? h->up.session_id
           : h->msg_type == PLATO_PUSH ? h->push.session_id
                                       : h->ack.session_id;
}

/* The ids of both count in one sequence. */
bool same_counter(const fact *a, const fact *b)
{
    if (!a->counted || !b->counted || a->direction != b->direction ||
        !same_scope(a->scope, b->scope) || strcmp(a->e->session_text, b->e->session_text) != 0)
        return false;
    return a->e->session_text[0] != '\0' || session_of(a) == session_of(b);
}

bool is_message(const fact *f)
{
    return is_frame(f, PLATO_UP) || is_frame(f, PLATO_PUSH);
}

/* The hole before event k is the capture's if bytes are missing since the highest id before. */
static bool hole_is_of_capture(const model *m, size_t k)
{
    for (size_t i = k; i-- > 0;)
        if (same_counter(&m->facts[i], &m->facts[k]) && m->facts[i].highest)
            return loss_between(m, i, k, m->facts[k].scope, m->facts[k].direction);
    return false;
}

/* Whether it lay in the hole that `skipper` opened, while that was the capture's. */
static bool is_excused_fill(const model *m, size_t i, size_t skipper)
{
    return m->facts[i].excuse == skipper && same_counter(&m->facts[i], &m->facts[skipper]);
}

/* The ids below event `at`, in the hole of `skipper`: bytes that are missing before the skipper, or
 * before a frame that filled the hole above them, may hold them. */
static bool rest_is_of_capture(const model *m, size_t at, size_t skipper)
{
    const fact *s = &m->facts[skipper];
    size_t before = skipper;
    if (hole_is_of_capture(m, skipper))
        return true;
    while (before-- > 0)
        if (same_counter(&m->facts[before], s) && m->facts[before].highest)
            break;
    for (size_t i = skipper + 1; i < m->n; i++)
        if (is_excused_fill(m, i, skipper) && id_of(&m->facts[i]) >= id_of(&m->facts[at]) &&
            (m->facts[i].v.flags & ANALYSIS_CAPTURE_GAP) != 0 &&
            loss_between(m, before, i, s->scope, s->direction))
            return true;
    return false;
}

/* The frame after the hole in which the id lies: while it was the capture's, what filled it is in
 * its place. */
static size_t frame_after(const model *m, size_t at, size_t skipper)
{
    size_t after = skipper;
    for (size_t i = 0; i < at; i++)
        if (is_excused_fill(m, i, skipper) && id_of(&m->facts[i]) > id_of(&m->facts[at]) &&
            id_of(&m->facts[i]) < id_of(&m->facts[after]))
            after = i;
    return after;
}

static void judge_fill(model *m, size_t at, size_t skipper)
{
    fact *f = &m->facts[at];
    const fact *s = &m->facts[skipper];
    if (rest_is_of_capture(m, at, skipper)) {
        f->excuse = skipper;
        return;
    }
    f->v.flags |= ANALYSIS_GAP_FILLED;
    f->v.flags |= is_message(f) ? ANALYSIS_OUT_OF_ORDER : 0;
    f->v.gap_in = number(s->excuse == NOBODY ? skipper : frame_after(m, at, skipper));
}

void judge_place(model *m, size_t at)
{
    fact *f = &m->facts[at];
    const uint64_t id = id_of(f);
    uint64_t highest = 0;
    size_t base = NOBODY, above = NOBODY;
    for (size_t i = 0; i < at; i++) {
        if (!same_counter(&m->facts[i], f))
            continue;
        if (id_of(&m->facts[i]) == id)
            return; /* seen */
        if (base == NOBODY)
            base = i;
        if (above == NOBODY && id_of(&m->facts[i]) > id)
            above = i;
        if (id_of(&m->facts[i]) > highest)
            highest = id_of(&m->facts[i]);
    }
    f->highest = base == NOBODY || id > highest;
    if (base == NOBODY || id < id_of(&m->facts[base]))
        return;
    if (id < highest) {
        judge_fill(m, at, above);
    } else if (id - highest > 1 && hole_is_of_capture(m, at)) {
        f->excuse = at;
    } else if (id - highest > 1) {
        f->v.flags |= ANALYSIS_GAP;
        f->v.gap_first = highest + 1;
        f->v.gap_last = id - 1;
    }
}

void judge_holes_again(model *m)
{
    for (size_t at = 0; at < m->n; at++) {
        fact *f = &m->facts[at];
        uint64_t below = 0;
        if (f->excuse == NOBODY || f->judged_at != NOBODY || rest_is_of_capture(m, at, f->excuse))
            continue;
        f->judged_at = m->n - 1;
        for (size_t i = 0; i < m->n; i++)
            if (same_counter(&m->facts[i], f) && id_of(&m->facts[i]) < id_of(f) &&
                id_of(&m->facts[i]) > below)
                below = id_of(&m->facts[i]);
        if (id_of(f) - below == 1)
            continue;
        f->v.flags |= ANALYSIS_GAP;
        f->v.later_flags |= ANALYSIS_GAP;
        f->v.gap_first = below + 1;
        f->v.gap_last = id_of(f) - 1;
    }
}

void repeat_of(model *m, size_t at, size_t first)
{
    fact *f = &m->facts[at];
    f->first = first;
    f->v.flags |= ANALYSIS_DUPLICATE;
    f->v.duplicate_of = number(first);
    f->v.response_in = m->facts[first].v.response_in;
}

void judge_message(model *m, size_t at)
{
    fact *f = &m->facts[at];
    f->counted = true;
    f->first = at;
    for (size_t i = 0; i < at; i++) {
        const fact *g = &m->facts[i];
        if (!same_counter(g, f) || !is_message(g) || id_of(g) != id_of(f))
            continue;
        if (strcmp(g->e->text, f->e->text) == 0) {
            repeat_of(m, at, i);
        } else {
            f->v.flags |= ANALYSIS_CONFLICT;
            f->first = NOBODY;
        }
        return; /* only the first frame of an id counts */
    }
    judge_place(m, at);
}
