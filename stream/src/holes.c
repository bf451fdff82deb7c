/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Holes: when they wait, when their grace begins, when they are given up. Each direction has three
 * lists in the order of time, so that a segment looks at the head of each.
 */
#include "state.h"

static void append_waiting(stream_direction *d, stream_range *hole)
{
    stream_list_append(&d->waiting, hole);
    if (d->unanswered == NULL)
        d->unanswered = hole;
}

static void leave_list(stream_direction *d, stream_range *hole)
{
    if (d->unanswered == hole)
        d->unanswered = hole->next;
    stream_list_remove(hole);
}

static void begin_grace(const stream_conn *conn, stream_direction *d, stream_range *hole,
                        stream_reason reason)
{
    leave_list(d, hole);
    hole->state = STREAM_HOLE_IN_GRACE;
    hole->reason = (uint8_t)reason;
    hole->time_ns = conn->clock;
    hole->u.since = conn->segments;
    stream_list_append(&d->grace, hole);
    stream_tree_changed(hole);
}

static bool is_tail(const stream_direction *d, const stream_range *hole)
{
    return stream_range_end(hole) > d->captured_end;
}

static bool is_closed(const stream_direction *d)
{
    return d->fin_known || d->rst;
}

bool stream_hole_open(stream_conn *conn, stream_direction *d, stream_range *prev, uint64_t from,
                      uint64_t to)
{
    stream_range *hole = stream_range_new(conn, d, STREAM_KIND_HOLE, from, to);
    if (hole == NULL)
        return false;
    const bool extends = prev != NULL && prev->kind == STREAM_KIND_HOLE;
    hole->state = STREAM_HOLE_WAITS;
    hole->time_ns = conn->clock;
    stream_tree_insert(&d->tree, prev, hole);
    append_waiting(d, hole);
    d->open_count++;
    d->n.holes += !extends;
    stream_mark_beside(d, hole);
    stream_emit(
        conn, d,
        (stream_event){
            .kind = STREAM_HOLE_OPENED, .offset = from, .len = to - from, .extends = extends});
    if (to <= d->acked)
        begin_grace(conn, d, hole, STREAM_BY_ACK);
    else if (is_closed(d))
        begin_grace(conn, d, hole, d->fin_known ? STREAM_BY_FIN : STREAM_BY_RST);
    while (d->open_count > conn->config->max_holes)
        stream_hole_give_up(conn, d, stream_tree_lowest(&d->tree, STREAM_IS_OPEN), STREAM_BY_LIMIT);
    return true;
}

void stream_hole_detach(stream_direction *d, stream_range *hole)
{
    if (hole->state == STREAM_HOLE_GONE)
        d->gone_count--;
    else
        d->open_count--;
    leave_list(d, hole);
}

bool stream_hole_maybe_fin(const stream_range *hole)
{
    return hole->maybe_fin;
}

void stream_hole_is_data(stream_direction *d, stream_range *range)
{
    if (range == NULL || range->kind != STREAM_KIND_HOLE || !range->maybe_fin)
        return;
    range->maybe_fin = false;
    if (range->state == STREAM_HOLE_GONE) {
        d->n.maybe_fin--;
        d->n.missing += range->len;
    }
}

/* Two holes that were given up and adjoin are one. */
static void join(stream_conn *conn, stream_direction *d, stream_range *hole, stream_range *next)
{
    if (next == NULL || hole == NULL || next->kind != STREAM_KIND_HOLE ||
        hole->kind != STREAM_KIND_HOLE || next->state != STREAM_HOLE_GONE ||
        hole->state != STREAM_HOLE_GONE)
        return;
    stream_hole_is_data(d, hole);
    stream_hole_is_data(d, next);
    hole->len += next->len;
    stream_hole_detach(d, next);
    stream_tree_remove(&d->tree, next);
    stream_range_free(conn, d, next);
}

void stream_hole_give_up(stream_conn *conn, stream_direction *d, stream_range *hole,
                         stream_reason reason)
{
    const bool tail = is_tail(d, hole);
    stream_range *prev = stream_tree_prev(hole);
    leave_list(d, hole);
    d->open_count--;
    d->gone_count++;
    d->n.given_up[reason]++;
    hole->state = STREAM_HOLE_GONE;
    hole->reason = (uint8_t)reason;
    hole->maybe_fin = tail && hole->len == 1 && stream_range_end(hole) == d->acked &&
                      !d->fin_known && (prev == NULL || prev->kind != STREAM_KIND_HOLE);
    if (hole->maybe_fin)
        d->n.maybe_fin++;
    else
        d->n.missing += hole->len;
    stream_list_append(&d->gone, hole);
    stream_tree_changed(hole);
    stream_mark_beside(d, hole);
    stream_emit(conn, d,
                (stream_event){.kind = STREAM_HOLE_GIVEN_UP,
                               .offset = hole->at,
                               .len = hole->len,
                               .reason = reason,
                               .tail = tail,
                               .maybe_fin = hole->maybe_fin});
    /* acknowledged further since */
    if (tail && reason != STREAM_BY_END && stream_tree_next(hole) != NULL && !d->silent) {
        d->silent = true;
        stream_emit(conn, d, (stream_event){.kind = STREAM_SILENT, .offset = d->captured_end});
    }
    join(conn, d, hole, stream_tree_next(hole));
    join(conn, d, prev, hole);
    /* forgotten: as if its bytes had been there */
    if (d->gone_count > conn->config->max_holes)
        stream_range_done(conn, d, d->gone.head);
}

void stream_holes_give_up_all(stream_conn *conn, stream_direction *d, stream_reason reason)
{
    stream_range *hole;
    while ((hole = stream_tree_lowest(&d->tree, STREAM_IS_OPEN)) != NULL)
        stream_hole_give_up(conn, d, hole, reason);
}

void stream_holes_acked(const stream_conn *conn, stream_direction *d)
{
    stream_range *hole;
    while ((hole = stream_tree_lowest(&d->tree, STREAM_IS_WAITS)) != NULL &&
           stream_range_end(hole) <= d->acked)
        begin_grace(conn, d, hole, STREAM_BY_ACK);
}

void stream_holes_closed(const stream_conn *conn, stream_direction *d)
{
    while (d->waiting.head != NULL)
        begin_grace(conn, d, d->waiting.head, d->fin_known ? STREAM_BY_FIN : STREAM_BY_RST);
}

bool stream_hole_is_over(const stream_conn *conn, const stream_range *hole)
{
    if (hole->state != STREAM_HOLE_IN_GRACE)
        return hole->state == STREAM_HOLE_GONE;
    return conn->segments - hole->u.since >= conn->config->grace_packets ||
           conn->clock - hole->time_ns >= conn->config->grace_ns;
}

void stream_holes_expire(stream_conn *conn, stream_direction *d)
{
    if (d->open_count == 0)
        return;
    while (d->grace.head != NULL && stream_hole_is_over(conn, d->grace.head))
        stream_hole_give_up(conn, d, d->grace.head, (stream_reason)d->grace.head->reason);
    while (d->unanswered != NULL &&
           conn->clock - d->unanswered->time_ns >= conn->config->silent_peer_ns)
        stream_hole_give_up(conn, d, d->unanswered, STREAM_BY_SILENT_PEER);
    stream_range *hole;
    while (d->tree.root != NULL && d->tree.root->sum >= conn->config->max_waiting &&
           (hole = stream_tree_lowest(&d->tree, STREAM_IS_OPEN)) != NULL &&
           stream_tree_sum_after(hole) >= conn->config->max_waiting)
        stream_hole_give_up(conn, d, hole, STREAM_BY_WAITING);
}
