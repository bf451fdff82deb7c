/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the caller reads: runs, their bytes, the pieces that brought them, and holes. */
#include "state.h"

#include <string.h>

static const stream_direction *direction_of(const stream_conn *conn, unsigned direction)
{
    return &conn->directions[direction != 0];
}

static stream_edge hole_edge(const stream_range *range)
{
    return range->state == STREAM_HOLE_GONE ? STREAM_EDGE_GIVEN_UP : STREAM_EDGE_WAITING;
}

static stream_edge edge_before(const stream_direction *d, const stream_range *range)
{
    if (range == NULL)
        return d->done > d->first || d->origin_known ? STREAM_EDGE_NOTHING : STREAM_EDGE_MIDSTREAM;
    if (range->kind == STREAM_KIND_HOLE)
        return hole_edge(range);
    return range->kind == STREAM_KIND_CUT ? STREAM_EDGE_CUT : STREAM_EDGE_NOTHING;
}

static stream_edge edge_after(const stream_range *range)
{
    if (range == NULL)
        return STREAM_EDGE_NOTHING;
    if (range->kind == STREAM_KIND_HOLE)
        return hole_edge(range);
    return range->kind == STREAM_KIND_CUT ? STREAM_EDGE_CUT : STREAM_EDGE_CONSUMED;
}

static void run_of(const stream_direction *d, const stream_range *range, stream_run *run)
{
    const stream_range *before = stream_tree_before(range, STREAM_IS_BREAK);
    const stream_range *after = stream_tree_after(range, STREAM_IS_BREAK);
    const uint64_t from = before != NULL ? stream_range_end(before) : d->done;
    const uint64_t to = after != NULL ? after->at : d->end;
    *run = (stream_run){from, to - from, edge_before(d, before), edge_after(after)};
}

bool stream_run_at(const stream_conn *conn, unsigned direction, uint64_t from, stream_run *run)
{
    const stream_direction *d = direction_of(conn, direction);
    const stream_range *range = stream_tree_find(&d->tree, from);
    if (range != NULL && range->kind != STREAM_KIND_DATA)
        range = stream_tree_after(range, STREAM_IS_DATA);
    if (range == NULL)
        return false;
    run_of(d, range, run);
    return true;
}

bool stream_next_changed(stream_conn *conn, unsigned direction, stream_run *run)
{
    stream_direction *d = &conn->directions[direction != 0];
    stream_range *range = d->fresh.head;
    if (range == NULL)
        return false;
    run_of(d, range, run);
    while (range != NULL && range->at - run->offset < run->len) {
        stream_list_remove(range);
        range = d->fresh.head;
    }
    return true;
}

/* The range at `offset` if `len` captured bytes follow from there. */
static stream_range *find_bytes(const stream_direction *d, uint64_t offset, uint64_t len)
{
    stream_range *range = stream_tree_find(&d->tree, offset);
    if (range == NULL || range->kind != STREAM_KIND_DATA || range->at > offset)
        return NULL;
    if (len <= stream_range_end(range) - offset)
        return range;
    const stream_range *after = stream_tree_after(range, STREAM_IS_BREAK);
    const uint64_t end = after != NULL ? after->at : d->end;
    return len <= end - offset ? range : NULL;
}

/* Puts [range, to) into one block, that of `range` where there is one. */
static bool join(stream_conn *conn, stream_direction *d, stream_range *range, uint64_t to)
{
    stream_block *block = range->u.data.block;
    stream_range *next = NULL;
    if (block != NULL) /* the first that it lacks */
        next = stream_tree_find(&d->tree, block->at + block->used);
    if (block == NULL || next == NULL || block->at + block->used != next->at) {
        if (!stream_block_begin(conn, d, range, (size_t)(to - range->at)))
            return false;
        block = range->u.data.block;
        next = stream_tree_next(range);
    }
    for (; next != NULL && next->at < to; next = stream_tree_next(next)) {
        if (next->u.data.block != block && !stream_block_append(conn, d, block, next))
            return false;
    }
    return true;
}

const uint8_t *stream_bytes(stream_conn *conn, unsigned direction, uint64_t offset, size_t len)
{
    stream_direction *d = &conn->directions[direction != 0];
    stream_range *range = find_bytes(d, offset, len);
    if (range == NULL || len == 0)
        return NULL;
    if (len > stream_range_end(range) - offset) {
        const stream_range *last = stream_tree_find(&d->tree, offset + len - 1);
        const stream_block *block = range->u.data.block;
        if ((block == NULL || last->u.data.block != block) && !join(conn, d, range, offset + len))
            return NULL;
    }
    return stream_range_bytes(conn, range) + (offset - range->at);
}

bool stream_copy(const stream_conn *conn, unsigned direction, uint64_t offset, uint8_t *to,
                 size_t len)
{
    const stream_range *range = find_bytes(direction_of(conn, direction), offset, len);
    if (range == NULL)
        return false;
    while (len > 0) {
        const uint64_t rest = stream_range_end(range) - offset;
        const size_t n = rest < len ? (size_t)rest : len;
        memcpy(to, stream_range_bytes(conn, range) + (offset - range->at), n);
        to += n;
        len -= n;
        offset += n;
        range = len > 0 ? stream_tree_next(range) : NULL;
    }
    return true;
}

static bool is_piece(const stream_range *range)
{
    return range->kind == STREAM_KIND_DATA || range->kind == STREAM_KIND_CUT;
}

uint64_t stream_reach(const stream_conn *conn, unsigned direction, uint64_t offset)
{
    const stream_direction *d = direction_of(conn, direction);
    const stream_range *range = stream_tree_find(&d->tree, offset);
    if (range == NULL || range->at > offset || !is_piece(range))
        return offset;
    const stream_range *after = stream_tree_after(range, STREAM_IS_STOP);
    return after != NULL ? after->at : d->end;
}

uint64_t stream_reach_back(const stream_conn *conn, unsigned direction, uint64_t offset,
                           stream_edge *before)
{
    const stream_direction *d = direction_of(conn, direction);
    const stream_range *range = stream_tree_find(&d->tree, offset);
    const stream_range *stop = NULL;
    *before = STREAM_EDGE_NOTHING;
    if (range == NULL || range->at > offset || !is_piece(range))
        return offset;
    stop = stream_tree_before(range, STREAM_IS_STOP);
    *before = edge_before(d, stop);
    return stop != NULL ? stream_range_end(stop) : d->done;
}

bool stream_piece_at(const stream_conn *conn, unsigned direction, uint64_t from,
                     stream_piece *piece)
{
    const stream_range *range = stream_tree_find(&direction_of(conn, direction)->tree, from);
    if (range != NULL && !is_piece(range))
        range = stream_tree_after(range, STREAM_IS_PIECE);
    if (range == NULL)
        return false;
    *piece = (stream_piece){
        .offset = range->at,
        .len = range->len,
        .packet = range->packet,
        .time_ns = range->time_ns,
        .payload = range->u.data.payload,
        .captured = range->kind == STREAM_KIND_DATA,
    };
    return true;
}

bool stream_whole(const stream_conn *conn, unsigned direction, uint64_t offset, uint64_t len,
                  uint32_t *packet, int64_t *time_ns)
{
    const stream_direction *d = direction_of(conn, direction);
    const stream_range *range = stream_tree_find(&d->tree, offset);
    if (range == NULL || len == 0 || stream_reach(conn, direction, offset) - offset < len)
        return false;
    *packet = range->packet;
    *time_ns = range->time_ns;
    while ((range = stream_tree_next(range)) != NULL && range->at - offset < len) {
        if (range->packet < *packet)
            continue;
        *packet = range->packet;
        *time_ns = range->time_ns;
    }
    return true;
}

/* What of a piece goes besides the range, for want of memory. */
static void note_dropped(stream_conn *conn, stream_direction *d, uint64_t from, uint64_t to)
{
    if (from >= to)
        return;
    d->n.dropped += to - from;
    stream_emit(conn, d, (stream_event){.kind = STREAM_DROPPED, .offset = from, .len = to - from});
}

static void consume_part(stream_conn *conn, stream_direction *d, stream_range *range, uint64_t from,
                         uint64_t to)
{
    const uint64_t end = stream_range_end(range);
    if (from == range->at && to < end && stream_range_shift(conn, d, range, to))
        return;
    stream_range *part = stream_range_carve(conn, d, range, from, to);
    if (part == NULL) {
        /* it may have been split once */
        part = stream_tree_find(&d->tree, from);
        note_dropped(conn, d, part->at, from);
        note_dropped(conn, d, to, stream_range_end(part));
    }
    stream_range_done(conn, d, part);
}

void stream_consume(stream_conn *conn, unsigned direction, uint64_t offset, uint64_t len)
{
    stream_direction *d = &conn->directions[direction != 0];
    const uint64_t to = len > UINT64_MAX - offset ? UINT64_MAX : offset + len;
    while (offset < to) {
        stream_range *range = stream_tree_find(&d->tree, offset);
        if (range == NULL || range->at >= to)
            return;
        const uint64_t from = range->at > offset ? range->at : offset;
        const uint64_t stop = stream_range_end(range) < to ? stream_range_end(range) : to;
        if (is_piece(range))
            consume_part(conn, d, range, from, stop);
        offset = stop;
    }
}

bool stream_hole_at(const stream_conn *conn, unsigned direction, uint64_t from, stream_hole *hole)
{
    const stream_direction *d = direction_of(conn, direction);
    const stream_range *range = stream_tree_find(&d->tree, from);
    if (range != NULL && range->kind != STREAM_KIND_HOLE)
        range = stream_tree_after(range, STREAM_IS_HOLE);
    if (range == NULL)
        return false;
    *hole = (stream_hole){
        .offset = range->at,
        .len = range->len,
        .opened = range->packet,
        .given_up = range->state == STREAM_HOLE_GONE,
        .reason = (stream_reason)range->reason,
        .tail = stream_range_end(range) > d->captured_end,
        .maybe_fin = range->maybe_fin,
    };
    return true;
}
