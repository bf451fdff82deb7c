/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The entry: which connection a segment belongs to, then its parts one after the other. */
#include "state.h"

#define STEP_BACK_NS 1000000000 /* less is packets in another order; more is another clock */

static void move_clock(stream_conn *conn, int64_t time_ns)
{
    if (!conn->started) {
        conn->latest_ns = time_ns;
        conn->started = true;
        return;
    }
    /* unsigned: the difference of any two times */
    const uint64_t ahead = (uint64_t)time_ns - (uint64_t)conn->latest_ns;
    if (time_ns > conn->latest_ns) {
        conn->clock =
            ahead > (uint64_t)(INT64_MAX - conn->clock) ? INT64_MAX : conn->clock + (int64_t)ahead;
        conn->latest_ns = time_ns;
    } else if (0 - ahead > STEP_BACK_NS) {
        conn->latest_ns = time_ns;
    }
}

static void expire(stream_conn *conn)
{
    stream_holes_expire(conn, &conn->directions[0]);
    stream_holes_expire(conn, &conn->directions[1]);
    if (conn->held_count > 0)
        stream_held_expire(conn, false);
}

/* There was no memory to note all of it. */
static void refuse(stream_conn *conn, stream_direction *d)
{
    d->n.refused++;
    stream_holes_give_up_all(conn, d, STREAM_BY_LIMIT);
}

/* The segment at hand belongs to this connection. */
static void take(stream_conn *conn)
{
    const stream_segment *segment = &conn->at_hand;
    stream_direction *d = &conn->directions[segment->direction];
    const stream_part part = {segment, stream_take_seq(conn, d, segment)};
    d->n.segments++;
    if (segment->len == 0)
        stream_take_position(conn, d, part.at);
    else if (!stream_put(conn, d, &part))
        refuse(conn, d);
    if ((segment->flags & (STREAM_ACK | STREAM_RST)) == STREAM_ACK)
        stream_take_ack(conn, stream_peer(conn, d), segment);
    if ((segment->flags & (STREAM_FIN | STREAM_RST)) != 0)
        stream_take_close(conn, d, &part);
}

/* Those that were confirmed, before the segment that did it. */
static void take_held(stream_conn *conn)
{
    stream_held *held;
    while ((held = stream_held_pop(conn)) != NULL) {
        conn->at_hand = held->segment;
        take(conn);
        (void)stream_conn_keep(conn);
        stream_held_free(conn, held);
    }
}

static stream_result another(stream_conn *conn, const stream_segment *segment)
{
    conn->at_hand = *segment;
    stream_conn_end(conn);
    stream_emit(conn, &conn->directions[segment->direction],
                (stream_event){.kind = STREAM_RESTARTED});
    conn->must_restart = true;
    return STREAM_RESTART;
}

/* Of a segment without SYN: 0 if it fits, or what becomes of it. */
static stream_result judge(stream_conn *conn, const stream_segment *segment)
{
    stream_direction *d = &conn->directions[segment->direction];
    if (stream_is_plausible(conn, segment))
        return STREAM_TAKEN;
    if ((segment->flags & STREAM_RST) != 0) {
        d->n.implausible++;
        stream_emit(conn, d, (stream_event){.kind = STREAM_IMPLAUSIBLE});
        return STREAM_REFUSED;
    }
    switch (stream_judge_held(conn, segment)) {
    case STREAM_VERDICT_SAME:
        return STREAM_TAKEN;
    case STREAM_VERDICT_ANOTHER:
        return another(conn, segment);
    default:
        return stream_hold(conn, segment);
    }
}

stream_result stream_conn_segment(stream_conn *conn, const stream_segment *segment)
{
    stream_segment s = *segment;
    if (conn->must_restart)
        return STREAM_RESTART;
    stream_hand_drop(conn);
    s.direction = segment->direction != 0;
    s.captured = segment->captured < segment->len ? segment->captured : segment->len;
    conn->at_hand = s;
    stream_direction *d = &conn->directions[s.direction];
    stream_result result = STREAM_TAKEN;
    move_clock(conn, s.time_ns);
    if ((s.flags & (STREAM_SYN | STREAM_RST)) == STREAM_SYN) {
        if (!stream_take_syn(conn, d, &s)) {
            stream_confirm_by_syn(conn, &s);
            return another(conn, &s);
        }
    } else if (conn->directions[0].known || conn->directions[1].known) {
        result = judge(conn, &s);
    }
    if (result == STREAM_RESTART)
        return result;
    conn->segments++;
    if (result == STREAM_TAKEN) {
        if (conn->held_count > 0)
            take_held(conn);
        conn->at_hand = s;
        take(conn);
    } else {
        /* nothing of it is in the directions, and nothing is to be kept */
        conn->at_hand.len = conn->at_hand.captured = 0;
    }
    expire(conn);
    return result;
}
