/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model.h"

#include <stdlib.h>
#include <string.h>

void model_start(model *m, const stream_config *config, bool mid_stream)
{
    memset(m, 0, sizeof *m);
    m->config = config;
    for (unsigned i = 0; i < 2; i++) {
        model_direction *d = &m->directions[i];
        if (mid_stream) {
            d->low = STREAM_MIDSTREAM - MODEL_ROOM;
            d->first = d->end = d->captured_end = STREAM_MIDSTREAM;
        }
    }
}

static model_byte *at_offset(model_direction *d, uint64_t offset)
{
    if (offset < d->low || offset - d->low >= MODEL_SIZE)
        abort();
    return &d->bytes[offset - d->low];
}

const model_byte *model_at(const model *m, unsigned direction, uint64_t offset)
{
    const model_direction *d = &m->directions[direction];
    return offset >= d->low && offset - d->low < MODEL_SIZE ? &d->bytes[offset - d->low] : NULL;
}

static void move_clock(model *m, int64_t time_ns)
{
    if (m->started && time_ns > m->latest_ns)
        m->clock += time_ns - m->latest_ns;
    if (!m->started || time_ns > m->latest_ns || m->latest_ns - time_ns > 1000000000)
        m->latest_ns = time_ns;
    m->started = true;
}

static void start_grace(const model *m, model_byte *b)
{
    b->wait = MODEL_GRACE;
    b->since = m->segments;
    b->clock = m->clock;
}

static void open_hole(model *m, model_direction *d, uint64_t from, uint64_t to)
{
    m->holes++;
    for (uint64_t o = from; o < to; o++) {
        model_byte *b = at_offset(d, o);
        *b = (model_byte){.kind = MODEL_HOLE, .hole = m->holes, .clock = m->clock};
        if (to <= d->acked || d->fin_known)
            start_grace(m, b);
    }
}

static bool is_over(const model *m, const model_byte *b)
{
    return b->wait == MODEL_GONE ||
           (b->wait == MODEL_GRACE && (m->segments - b->since >= m->config->grace_packets ||
                                       m->clock - b->clock >= m->config->grace_ns));
}

static void put_byte(model_direction *d, const stream_segment *s, int64_t at, uint32_t i)
{
    model_byte *b = at_offset(d, (uint64_t)(at + i));
    const bool captured = i < s->captured;
    if (b->kind == MODEL_UNSEEN || b->kind == MODEL_HOLE || (b->kind == MODEL_CUT && captured)) {
        *b = (model_byte){.kind = captured ? MODEL_DATA : MODEL_CUT,
                          .value = captured ? s->bytes[i] : 0,
                          .packet = s->packet,
                          .payload = i,
                          .time_ns = s->time_ns};
        if ((uint64_t)(at + i) >= d->captured_end)
            d->captured_end = (uint64_t)(at + i) + 1;
    } else if (b->kind == MODEL_DATA && captured && b->value != s->bytes[i]) {
        d->differing++;
    } else {
        d->repeats++;
    }
}

static void put(model *m, model_direction *d, const stream_segment *s, int64_t at)
{
    if (s->len == 1 && at + 1 == (int64_t)d->end) {
        if (at < (int64_t)d->first || at_offset(d, (uint64_t)at)->kind != MODEL_HOLE ||
            is_over(m, at_offset(d, (uint64_t)at)))
            return; /* a keep-alive */
    }
    const int64_t to = at + s->len;
    if (at > (int64_t)d->end && !(s->len == 0 && d->fin_known && at > (int64_t)d->fin)) {
        open_hole(m, d, d->end, (uint64_t)at);
        d->end = (uint64_t)at;
    }
    if (s->len > 0 && d->low > 0 && to < (int64_t)d->first)
        open_hole(m, d, (uint64_t)to, d->first);
    for (uint32_t i = 0; i < s->len; i++) {
        if (at + i >= (int64_t)d->low)
            put_byte(d, s, at, i);
    }
    if (s->len > 0 && d->low > 0 && at < (int64_t)d->first)
        d->first = (uint64_t)at;
    if (s->len > 0 && to > (int64_t)d->end)
        d->end = (uint64_t)to;
}

static void take_ack(model *m, model_direction *d, int64_t acked)
{
    if (d->fin_known && acked > (int64_t)d->fin)
        acked = (int64_t)d->fin;
    if (acked <= (int64_t)d->acked || acked < (int64_t)d->first)
        return;
    d->acked = (uint64_t)acked;
    if (d->acked > d->end) {
        open_hole(m, d, d->end, d->acked);
        d->end = d->acked;
    }
    uint64_t end = d->end; /* of the hole, or what is left of it, in which a byte lies */
    for (uint64_t o = d->end; o-- > d->first;) {
        model_byte *b = at_offset(d, o);
        if (b->kind != MODEL_HOLE)
            continue;
        if (o + 1 == d->end || at_offset(d, o + 1)->kind != MODEL_HOLE ||
            at_offset(d, o + 1)->hole != b->hole)
            end = o + 1;
        if (b->wait == MODEL_WAITS && end <= d->acked)
            start_grace(m, b);
    }
}

static void take_fin(model *m, model_direction *d, int64_t at)
{
    if (d->fin_known || at < 0)
        return;
    if ((uint64_t)at + 1 == d->end && d->end > d->first &&
        at_offset(d, (uint64_t)at)->kind == MODEL_HOLE) {
        at_offset(d, (uint64_t)at)->kind = MODEL_UNSEEN;
        d->end = (uint64_t)at;
        d->acked = d->acked < d->end ? d->acked : d->end;
    }
    if ((uint64_t)at < d->captured_end)
        return;
    d->fin_known = true;
    d->fin = (uint64_t)at;
    for (uint64_t o = d->first; o < d->end; o++) {
        model_byte *b = at_offset(d, o);
        if (b->kind == MODEL_HOLE && b->wait == MODEL_WAITS)
            start_grace(m, b);
    }
}

static void expire(model *m, model_direction *d)
{
    for (uint64_t o = d->first; o < d->end; o++) {
        model_byte *b = at_offset(d, o);
        if (b->kind != MODEL_HOLE || b->wait == MODEL_GONE)
            continue;
        if (is_over(m, b) || (b->wait == MODEL_WAITS && !b->answered &&
                              m->clock - b->clock >= m->config->silent_peer_ns))
            b->wait = MODEL_GONE;
    }
    uint64_t after = 0;
    for (uint64_t o = d->end; o-- > d->first;) {
        model_byte *b = at_offset(d, o);
        after += b->kind == MODEL_DATA;
        if (b->kind == MODEL_HOLE && after >= m->config->max_waiting)
            b->wait = MODEL_GONE;
    }
}

void model_segment(model *m, const stream_segment *s, int64_t at, int64_t acked)
{
    model_direction *d = &m->directions[s->direction], *peer = &m->directions[!s->direction];
    move_clock(m, s->time_ns);
    m->segments++;
    for (uint64_t o = peer->first; o < peer->end; o++)
        at_offset(peer, o)->answered = true;
    put(m, d, s, at);
    if ((s->flags & STREAM_ACK) != 0)
        take_ack(m, peer, acked);
    if ((s->flags & STREAM_FIN) != 0)
        take_fin(m, d, at + s->len);
    expire(m, &m->directions[0]);
    expire(m, &m->directions[1]);
}

void model_consume(model *m, unsigned direction, uint64_t offset, uint64_t len)
{
    model_direction *d = &m->directions[direction];
    for (uint64_t o = offset; o < offset + len; o++) {
        model_byte *b = at_offset(d, o);
        if (b->kind == MODEL_DATA || b->kind == MODEL_CUT)
            b->kind = MODEL_DONE;
    }
}

void model_end(model *m)
{
    for (unsigned i = 0; i < 2; i++) {
        for (uint64_t o = 0; o < MODEL_SIZE; o++)
            m->directions[i].bytes[o].wait = MODEL_GONE;
    }
}

static stream_edge hole_edge(const model_byte *b)
{
    return b->wait == MODEL_GONE ? STREAM_EDGE_GIVEN_UP : STREAM_EDGE_WAITING;
}

static stream_edge before(const model *m, unsigned direction, uint64_t offset)
{
    const model_direction *d = &m->directions[direction];
    if (offset == d->first)
        return d->low > 0 ? STREAM_EDGE_MIDSTREAM : STREAM_EDGE_NOTHING;
    const model_byte *b = model_at(m, direction, offset - 1);
    if (b->kind == MODEL_HOLE)
        return hole_edge(b);
    return b->kind == MODEL_CUT ? STREAM_EDGE_CUT : STREAM_EDGE_NOTHING;
}

static stream_edge after(const model *m, unsigned direction, uint64_t offset)
{
    const model_byte *b = model_at(m, direction, offset);
    if (b == NULL || b->kind == MODEL_UNSEEN)
        return STREAM_EDGE_NOTHING;
    if (b->kind == MODEL_HOLE)
        return hole_edge(b);
    return b->kind == MODEL_CUT ? STREAM_EDGE_CUT : STREAM_EDGE_CONSUMED;
}

bool model_run(const model *m, unsigned direction, uint64_t from, stream_run *run)
{
    const model_direction *d = &m->directions[direction];
    uint64_t o = from > d->first ? from : d->first, end;
    while (o < d->end && model_at(m, direction, o)->kind != MODEL_DATA)
        o++;
    if (o >= d->end)
        return false;
    while (o > d->first && model_at(m, direction, o - 1)->kind == MODEL_DATA)
        o--;
    for (end = o; end < d->end && model_at(m, direction, end)->kind == MODEL_DATA;)
        end++;
    *run = (stream_run){o, end - o, before(m, direction, o), after(m, direction, end)};
    return true;
}
