/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a direction's offsets begin and end: SYN, FIN, RST, and what the peer acknowledges. */
#include "state.h"

#define LATE_SYN_MAX 65536 /* bytes that may precede a SYN in the capture */

void stream_start(stream_direction *d, uint32_t seq, uint64_t offset)
{
    d->known = true;
    d->seq0 = seq - (uint32_t)offset;
    d->first = d->done = d->end = d->captured_end = offset;
}

/* The first byte after the SYN has number `seq`, at or below the first that is known. */
static void set_origin(stream_conn *conn, stream_direction *d, uint32_t seq)
{
    const int64_t at = stream_offset_of(d, seq);
    if (d->origin_known || at < 0 || at > (int64_t)d->first)
        return;
    if ((uint64_t)at < d->first) {
        if (!stream_ranges_unfold(conn, d) ||
            !stream_hole_open(conn, d, NULL, (uint64_t)at, d->first))
            return;
        d->first = d->done = (uint64_t)at;
    }
    d->origin_known = true;
    d->soft = false;
    stream_mark(d, stream_tree_first(&d->tree));
}

/* Whether a byte with number `seq` may be the first after the SYN of a direction. */
static bool may_be_origin(const stream_direction *d, uint32_t seq)
{
    if (!d->known)
        return true;
    const int64_t at = stream_offset_of(d, seq);
    if (d->origin_known)
        return at == (int64_t)d->first;
    return at <= (int64_t)d->first && at >= (int64_t)d->first - LATE_SYN_MAX;
}

/* A SYN/ACK that acknowledges this connection's SYN. */
static bool answers_syn(const stream_direction *peer, const stream_segment *segment)
{
    return (segment->flags & STREAM_ACK) != 0 && peer->known && peer->origin_known &&
           segment->ack - stream_seq_of(peer, peer->first) <= (uint32_t)(peer->end - peer->first);
}

static void take_new_origin(stream_conn *conn, stream_direction *d, uint32_t seq)
{
    if (d->known && may_be_origin(d, seq)) {
        set_origin(conn, d, seq);
        return;
    }
    stream_ranges_clear(conn, d);
    const stream_counters n = d->n;
    const size_t memory = d->memory;
    *d = (stream_direction){.n = n, .memory = memory};
    stream_start(d, seq, 0);
    d->origin_known = true;
}

bool stream_take_syn(stream_conn *conn, stream_direction *d, const stream_segment *segment)
{
    const uint32_t first = segment->seq + 1;
    stream_direction *peer = stream_peer(conn, d);
    const bool answer = (segment->flags & STREAM_ACK) != 0;
    const bool ours = answers_syn(peer, segment);
    if (!may_be_origin(d, first) && !(ours && d->n.bytes + d->n.cut == 0))
        return false;
    if (answer && !ours && !may_be_origin(peer, segment->ack))
        return false;
    take_new_origin(conn, d, first);
    if (answer && !ours && !peer->known) {
        stream_start(peer, segment->ack, 0);
        peer->origin_known = true;
    } else if (answer && !ours) {
        set_origin(conn, peer, segment->ack);
    }
    return true;
}

/* Nothing is known of the bytes yet, so they may as well begin at `at`. */
static void move_start(stream_direction *d, int64_t at)
{
    d->first = d->done = d->end = d->captured_end = (uint64_t)at;
}

/*
 * A direction known by its peer's ACK alone begins where its own first segment stands. Where that
 * one is empty it may be a keep-alive, one number below the next byte.
 */
int64_t stream_take_seq(stream_conn *conn, stream_direction *d, const stream_segment *segment)
{
    const uint32_t seq = segment->seq + ((segment->flags & STREAM_SYN) != 0);
    stream_direction *peer = stream_peer(conn, d);
    if (!d->known) {
        stream_start(d, seq, STREAM_MIDSTREAM);
        d->soft = true;
    }
    const int64_t at = stream_offset_of(d, seq);
    if (d->soft && d->tree.root == NULL && d->done == d->first) {
        if (at > (int64_t)d->end && (!d->seen || at == (int64_t)d->end + 1))
            move_start(d, at);
        d->soft = segment->len == 0;
    }
    d->seen = true;
    peer->unanswered = NULL;
    return at;
}

/* Acknowledged, and beyond all that was captured. */
static void open_tail(stream_conn *conn, stream_direction *d, uint64_t to)
{
    stream_range *last = stream_tree_last(&d->tree);
    const bool goes_on = last != NULL && last->kind == STREAM_KIND_HOLE &&
                         last->state == STREAM_HOLE_GONE && !d->silent;
    stream_hole_is_data(d, last);
    if (!stream_hole_open(conn, d, last, d->end, to))
        return;
    d->end = to;
    if (!goes_on)
        return;
    d->silent = true;
    stream_emit(conn, d, (stream_event){.kind = STREAM_SILENT, .offset = d->captured_end});
}

/* `d` is the direction whose bytes are acknowledged. */
void stream_take_ack(stream_conn *conn, stream_direction *d, const stream_segment *segment)
{
    if (!d->known) {
        stream_start(d, segment->ack, STREAM_MIDSTREAM);
        d->soft = true;
    }
    int64_t at = stream_offset_of(d, segment->ack);
    if (d->soft && d->seen && d->tree.root == NULL && d->done == d->first &&
        at == (int64_t)d->end + 1)
        move_start(d, at); /* the answer to a keep-alive */
    if (d->fin_known && at > (int64_t)d->fin)
        at = (int64_t)d->fin;
    if (at <= (int64_t)d->acked || at < (int64_t)d->first)
        return;
    const uint64_t before = d->acked;
    d->acked = (uint64_t)at;
    if (d->acked > d->end)
        open_tail(conn, d, d->acked);
    if (d->acked > d->end)
        d->acked = before; /* no memory to note what is missing: the next ACK says it again */
    if (d->waiting.head != NULL)
        stream_holes_acked(conn, d);
}

/* The peer's ACK of this FIN came first, and made a hole of its number. */
static void unmake_fin_hole(stream_conn *conn, stream_direction *d, uint64_t fin)
{
    stream_range *last = stream_tree_last(&d->tree);
    if (last == NULL || last->kind != STREAM_KIND_HOLE || fin + 1 != d->end)
        return;
    const stream_range hole = *last;
    if (hole.state == STREAM_HOLE_GONE && hole.maybe_fin)
        d->n.maybe_fin--;
    else if (hole.state == STREAM_HOLE_GONE)
        d->n.missing--;
    if (hole.len > 1) {
        last->len--;
        stream_tree_changed(last);
    } else {
        stream_mark(d, stream_tree_prev(last));
        stream_hole_detach(d, last);
        stream_tree_remove(&d->tree, last);
        stream_range_free(conn, d, last);
    }
    d->end = fin;
    d->acked = d->acked < fin ? d->acked : fin;
    stream_emit(conn, d,
                (stream_event){.kind = STREAM_HOLE_FILLED,
                               .offset = fin,
                               .len = 1,
                               .hole_offset = hole.at,
                               .hole_len = hole.len,
                               .maybe_fin = true});
}

void stream_take_position(stream_conn *conn, stream_direction *d, int64_t at)
{
    if (d->fin_known && at > (int64_t)d->fin)
        return;
    if (at <= (int64_t)d->end)
        return;
    stream_range *last = stream_tree_last(&d->tree);
    stream_hole_is_data(d, last);
    if (stream_hole_open(conn, d, last, d->end, (uint64_t)at))
        d->end = (uint64_t)at;
}

void stream_take_close(stream_conn *conn, stream_direction *d, const stream_part *part)
{
    const int64_t at = part->at + part->segment->len;
    if ((part->segment->flags & STREAM_FIN) != 0 && !d->fin_known) {
        if (at >= 0)
            unmake_fin_hole(conn, d, (uint64_t)at);
        if (at < (int64_t)d->captured_end)
            return; /* bytes are known after it */
        d->fin_known = true;
        d->fin = (uint64_t)at;
    } else if ((part->segment->flags & STREAM_RST) != 0) {
        d->rst = true;
    } else {
        return;
    }
    stream_take_position(conn, d, at);
    stream_holes_closed(conn, d);
}
