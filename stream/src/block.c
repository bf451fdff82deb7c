/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes that wait, in blocks: those of adjoining segments stand one after the other, so that a
 * message over many segments is in one piece without being copied again.
 */
#include "state.h"

#include <string.h>

#define BLOCK_MIN 512u /* bytes */

void stream_block_leave(stream_conn *conn, stream_direction *d, stream_range *range)
{
    stream_block *block = range->u.data.block;
    range->u.data.block = NULL;
    if (block == NULL) {
        d->borrowed--;
    } else if (--block->refs == 0) {
        stream_discharge(conn, d, block->cap);
        stream_budget_put_block(conn->budget, block);
    }
}

static void write_at_end(stream_conn *conn, stream_block *block, const stream_range *range)
{
    memcpy(block->bytes + block->used, stream_range_bytes(conn, range), (size_t)range->len);
    block->used += (size_t)range->len;
}

static stream_block *new_block(stream_conn *conn, stream_direction *d, size_t cap)
{
    stream_block *block = stream_budget_block(conn->budget, cap);
    if (block != NULL && !stream_charge(conn, d, block->cap)) {
        stream_budget_put_block(conn->budget, block);
        block = NULL;
    }
    return block;
}

bool stream_block_begin(stream_conn *conn, stream_direction *d, stream_range *range, size_t room)
{
    const size_t len = (size_t)range->len;
    size_t cap = room > len ? room : len;
    if (cap < BLOCK_MIN)
        cap = BLOCK_MIN;
    stream_block *block = new_block(conn, d, cap);
    if (block == NULL && cap > len)
        block = new_block(conn, d, len);
    if (block == NULL)
        return false;
    block->at = range->at;
    write_at_end(conn, block, range);
    stream_block_leave(conn, d, range);
    range->u.data.block = block;
    block->refs = 1;
    return true;
}

/* How many bytes at the front of a block belong to no range any more. */
static size_t unused_front(const stream_direction *d, const stream_block *block)
{
    const stream_range *range = stream_tree_find(&d->tree, block->at);
    while (range != NULL && (range->kind != STREAM_KIND_DATA || range->u.data.block != block))
        range = stream_tree_next(range);
    return range != NULL ? (size_t)(range->at - block->at) : 0;
}

static bool resize(stream_conn *conn, stream_direction *d, stream_block *block, size_t cap)
{
    if (!stream_charge(conn, d, cap - block->cap))
        return false;
    uint8_t *bytes = stream_budget_resize(conn->budget, block->bytes, cap);
    if (bytes == NULL) {
        stream_discharge(conn, d, cap - block->cap);
        return false;
    }
    block->bytes = bytes;
    block->cap = cap;
    return true;
}

/* Room for `more` bytes at the end. Each byte is moved a bounded number of times on average. */
static bool make_room(stream_conn *conn, stream_direction *d, stream_block *block, size_t more)
{
    if (more <= block->cap - block->used)
        return true;
    const size_t front = unused_front(d, block);
    const size_t need = block->used - front + more;
    if (front > 0) {
        memmove(block->bytes, block->bytes + front, block->used - front);
        block->at += front;
        block->used -= front;
    }
    if (need <= block->cap / 2)
        return true;
    return resize(conn, d, block, 2 * need) || need <= block->cap || resize(conn, d, block, need);
}

bool stream_block_append(stream_conn *conn, stream_direction *d, stream_block *block,
                         stream_range *range)
{
    if (!make_room(conn, d, block, (size_t)range->len))
        return false;
    write_at_end(conn, block, range);
    stream_block_leave(conn, d, range);
    range->u.data.block = block;
    block->refs++;
    return true;
}
