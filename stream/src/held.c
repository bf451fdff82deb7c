/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Segments whose numbers do not fit: kept aside until another one goes on from them. */
#include "state.h"

#include <string.h>

#define LATE_SYN_MAX 65536u

static bool is_near(const stream_conn *conn, uint32_t a, uint32_t b)
{
    const int64_t diff = stream_seq_diff(a, b);
    return (diff < 0 ? -diff : diff) <= (int64_t)conn->config->max_jump;
}

static bool has_ack(const stream_segment *segment)
{
    return (segment->flags & STREAM_ACK) != 0;
}

/* Bytes where this direction, closed, can have none. */
static bool is_after_close(const stream_conn *conn, const stream_segment *segment)
{
    const stream_direction *d = &conn->directions[segment->direction];
    if (segment->len == 0)
        return false;
    const int64_t at = stream_offset_of(d, segment->seq);
    if (d->fin_known && at + segment->len > (int64_t)d->fin)
        return true;
    return (conn->directions[0].rst || conn->directions[1].rst) && at > (int64_t)d->end;
}

/* Where a number stands, seen from the end of a direction. */
typedef enum position { UNKNOWN, FITS, AHEAD, BACK } position;

static position position_of(const stream_conn *conn, const stream_direction *d, uint32_t seq)
{
    if (!d->known)
        return UNKNOWN;
    const uint32_t end = stream_seq_of(d, d->end);
    if (is_near(conn, seq, end))
        return FITS;
    return stream_seq_diff(seq, end) > 0 ? AHEAD : BACK;
}

static position ack_position(const stream_conn *conn, const stream_segment *segment)
{
    return has_ack(segment) && (segment->flags & STREAM_RST) == 0
               ? position_of(conn, &conn->directions[!segment->direction], segment->ack)
               : UNKNOWN;
}

bool stream_is_plausible(const stream_conn *conn, const stream_segment *segment)
{
    const stream_direction *d = &conn->directions[segment->direction];
    const position seq = position_of(conn, d, segment->seq);
    const position ack = ack_position(conn, segment);
    if (seq != UNKNOWN && (seq != FITS || is_after_close(conn, segment)))
        return false;
    return ack == UNKNOWN || ack == FITS;
}

/* Whether this one may belong to the connection after a loss. */
static bool is_same(const stream_conn *conn, const stream_segment *segment)
{
    const stream_direction *d = &conn->directions[segment->direction];
    const position seq = position_of(conn, d, segment->seq);
    const position ack = ack_position(conn, segment);
    if (seq == BACK || ack == BACK || (seq == AHEAD && ack == AHEAD))
        return false;
    return seq == UNKNOWN || !is_after_close(conn, segment);
}

/* Whether `b` goes on from `a`, or answers it. */
static bool goes_on(const stream_conn *conn, const stream_segment *a, const stream_segment *b)
{
    const uint32_t end = a->seq + a->len;
    if (a->direction != b->direction)
        return has_ack(a) && has_ack(b) && is_near(conn, b->seq, a->ack) &&
               is_near(conn, b->ack, end);
    if (b->seq == a->seq && b->len == a->len && b->ack == a->ack)
        return false; /* the same once more */
    return is_near(conn, b->seq, end) &&
           (!has_ack(a) || !has_ack(b) || is_near(conn, b->ack, a->ack));
}

stream_verdict stream_judge_held(stream_conn *conn, const stream_segment *segment)
{
    bool confirmed = false, same = is_same(conn, segment);
    for (unsigned i = 0; i < conn->held_count; i++) {
        stream_held *held = conn->held[i];
        if (!goes_on(conn, &held->segment, segment))
            continue;
        held->confirmed = confirmed = true;
        same = same && is_same(conn, &held->segment);
    }
    if (!confirmed)
        return STREAM_VERDICT_HOLD;
    return same ? STREAM_VERDICT_SAME : STREAM_VERDICT_ANOTHER;
}

void stream_confirm_by_syn(stream_conn *conn, const stream_segment *segment)
{
    for (unsigned i = 0; i < conn->held_count; i++) {
        stream_held *held = conn->held[i];
        if (held->segment.direction == segment->direction &&
            held->segment.seq - (segment->seq + 1) <= LATE_SYN_MAX)
            held->confirmed = true;
    }
}

static stream_held *take_out(stream_conn *conn, unsigned i)
{
    stream_held *held = conn->held[i];
    conn->held_count--;
    for (; i < conn->held_count; i++)
        conn->held[i] = conn->held[i + 1];
    return held;
}

void stream_held_free(stream_conn *conn, stream_held *held)
{
    stream_discharge(conn, &conn->directions[held->segment.direction],
                     sizeof *held + held->segment.captured);
    stream_budget_release(conn->budget, held);
}

static void drop(stream_conn *conn, unsigned i)
{
    stream_held *held = take_out(conn, i);
    stream_direction *d = &conn->directions[held->segment.direction];
    d->n.implausible++;
    stream_emit(conn, d,
                (stream_event){.kind = STREAM_IMPLAUSIBLE,
                               .len = held->segment.len,
                               .packet = held->segment.packet,
                               .time_ns = held->segment.time_ns});
    stream_held_free(conn, held);
}

stream_result stream_hold(stream_conn *conn, const stream_segment *segment)
{
    stream_direction *d = &conn->directions[segment->direction];
    const size_t size = sizeof(stream_held) + segment->captured;
    if (conn->held_count == STREAM_HELD_MAX)
        drop(conn, 0);
    const bool fits = stream_charge(conn, d, size);
    stream_held *held = fits ? stream_budget_alloc(conn->budget, size) : NULL;
    if (held == NULL) {
        if (fits)
            stream_discharge(conn, d, size);
        d->n.refused++;
        return STREAM_REFUSED;
    }
    held->segment = *segment;
    held->since = conn->segments;
    held->confirmed = false;
    if (segment->captured > 0)
        memcpy(held->bytes, segment->bytes, segment->captured);
    held->segment.bytes = held->bytes;
    conn->held[conn->held_count++] = held;
    return STREAM_HELD;
}

stream_held *stream_held_pop(stream_conn *conn)
{
    for (unsigned i = 0; i < conn->held_count; i++) {
        if (conn->held[i]->confirmed)
            return take_out(conn, i);
    }
    return NULL;
}

void stream_held_expire(stream_conn *conn, bool all)
{
    for (unsigned i = 0; i < conn->held_count;) {
        const stream_held *held = conn->held[i];
        if (!held->confirmed &&
            (all || conn->segments - held->since >= conn->config->grace_packets))
            drop(conn, i);
        else
            i++;
    }
}
