/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The segment at hand: its bytes are the caller's until they are kept. */
#include "state.h"

const uint8_t *stream_range_bytes(const stream_conn *conn, const stream_range *range)
{
    const stream_block *block = range->u.data.block;
    if (block != NULL)
        return block->bytes + (range->at - block->at);
    return conn->at_hand.bytes + range->u.data.payload;
}

/* As if the snaplen had cut them. */
static void drop(stream_conn *conn, stream_direction *d, stream_range *range)
{
    stream_list_remove(range);
    stream_block_leave(conn, d, range);
    range->kind = STREAM_KIND_CUT;
    stream_tree_changed(range);
    stream_mark_beside(d, range);
    d->n.bytes -= range->len;
    d->n.cut += range->len;
    d->n.dropped += range->len;
    stream_emit(conn, d,
                (stream_event){.kind = STREAM_DROPPED, .offset = range->at, .len = range->len});
}

static bool keep(stream_conn *conn, stream_direction *d, stream_range *range)
{
    const stream_range *prev = stream_tree_prev(range);
    if (prev != NULL && prev->kind == STREAM_KIND_DATA) {
        stream_block *block = prev->u.data.block;
        /* one that goes on beyond `prev` has other bytes there */
        if (block != NULL && block->at + block->used == range->at)
            return stream_block_append(conn, d, block, range) ||
                   stream_block_begin(conn, d, range, 0);
    }
    return stream_block_begin(conn, d, range, 0);
}

/* Those of the segment at hand lie between the offsets of its bytes, among others. */
static stream_range *first_borrowed(const stream_conn *conn, const stream_direction *d)
{
    const int64_t at = stream_offset_of(d, conn->at_hand.seq);
    return stream_tree_find(&d->tree, at > 0 ? (uint64_t)at : 0);
}

static bool is_borrowed(const stream_range *range)
{
    return range->kind == STREAM_KIND_DATA && range->u.data.block == NULL;
}

bool stream_conn_keep(stream_conn *conn)
{
    stream_direction *d = &conn->directions[conn->at_hand.direction];
    bool all = true;
    for (stream_range *range = d->borrowed > 0 ? first_borrowed(conn, d) : NULL;
         range != NULL && d->borrowed > 0; range = stream_tree_next(range)) {
        if (!is_borrowed(range) || keep(conn, d, range))
            continue;
        drop(conn, d, range);
        all = false;
    }
    if (!all)
        stream_holes_give_up_all(conn, d, STREAM_BY_LIMIT);
    return all;
}

void stream_hand_drop(stream_conn *conn)
{
    stream_direction *d = &conn->directions[conn->at_hand.direction];
    for (stream_range *range = d->borrowed > 0 ? first_borrowed(conn, d) : NULL;
         range != NULL && d->borrowed > 0; range = stream_tree_next(range)) {
        if (is_borrowed(range))
            drop(conn, d, range);
    }
}
