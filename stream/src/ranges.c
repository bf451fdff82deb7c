/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state.h"

stream_range *stream_range_new(stream_conn *conn, stream_direction *d, stream_kind kind,
                               uint64_t from, uint64_t to)
{
    if (!stream_charge(conn, d, sizeof(stream_range)))
        return NULL;
    stream_range *range = stream_budget_range(conn->budget);
    if (range == NULL) {
        stream_discharge(conn, d, sizeof(stream_range));
        return NULL;
    }
    range->kind = (uint8_t)kind;
    range->at = from;
    range->len = to - from;
    range->packet = conn->at_hand.packet;
    range->time_ns = conn->at_hand.time_ns;
    return range;
}

void stream_range_free(stream_conn *conn, stream_direction *d, stream_range *range)
{
    stream_budget_put_range(conn->budget, range);
    stream_discharge(conn, d, sizeof *range);
}

/* The bytes of `range` from `at` on as a range of their own. */
static stream_range *split(stream_conn *conn, stream_direction *d, stream_range *range, uint64_t at)
{
    stream_range *rest =
        stream_range_new(conn, d, (stream_kind)range->kind, at, stream_range_end(range));
    if (rest == NULL)
        return NULL;
    rest->state = range->state;
    rest->reason = range->reason;
    rest->packet = range->packet;
    rest->time_ns = range->time_ns;
    rest->u = range->u;
    if (range->kind == STREAM_KIND_DATA || range->kind == STREAM_KIND_CUT)
        rest->u.data.payload += (uint32_t)(at - range->at);
    if (range->kind == STREAM_KIND_DATA && range->u.data.block != NULL)
        range->u.data.block->refs++;
    else if (range->kind == STREAM_KIND_DATA)
        d->borrowed++;
    if (range->kind == STREAM_KIND_HOLE && range->state == STREAM_HOLE_GONE)
        d->gone_count++;
    else if (range->kind == STREAM_KIND_HOLE)
        d->open_count++;
    if (range->list != NULL)
        stream_list_insert_after(range, rest);
    range->len = at - range->at;
    stream_tree_changed(range);
    stream_tree_insert(&d->tree, range, rest);
    return rest;
}

stream_range *stream_range_carve(stream_conn *conn, stream_direction *d, stream_range *range,
                                 uint64_t from, uint64_t to)
{
    if (from > range->at)
        range = split(conn, d, range, from);
    if (range != NULL && to < stream_range_end(range) && split(conn, d, range, to) == NULL)
        return NULL;
    return range;
}

static void remove_range(stream_conn *conn, stream_direction *d, stream_range *range)
{
    stream_tree_remove(&d->tree, range);
    stream_range_free(conn, d, range);
}

void stream_range_done(stream_conn *conn, stream_direction *d, stream_range *range)
{
    if (range->kind == STREAM_KIND_DATA) {
        stream_list_remove(range);
        stream_block_leave(conn, d, range);
    } else if (range->kind == STREAM_KIND_HOLE) {
        stream_hole_detach(d, range);
    }
    range->kind = STREAM_KIND_DONE;
    stream_range *prev = stream_tree_prev(range), *next = stream_tree_next(range);
    if (next != NULL && next->kind == STREAM_KIND_DONE) {
        range->len += next->len;
        remove_range(conn, d, next);
    }
    if (prev == NULL) {
        d->done = stream_range_end(range);
        remove_range(conn, d, range);
    } else if (prev->kind == STREAM_KIND_DONE) {
        prev->len += range->len;
        remove_range(conn, d, range);
    } else {
        stream_tree_changed(range);
    }
}

bool stream_range_shift(stream_conn *conn, stream_direction *d, stream_range *range, uint64_t to)
{
    stream_range *prev = stream_tree_prev(range);
    const uint64_t n = to - range->at;
    if (prev == NULL) {
        d->done = to;
    } else if (prev->kind == STREAM_KIND_DONE) {
        prev->len += n;
    } else {
        stream_range *done = stream_range_new(conn, d, STREAM_KIND_DONE, range->at, to);
        if (done == NULL)
            return false;
        stream_tree_insert(&d->tree, prev, done);
    }
    range->at = to;
    range->len -= n;
    range->u.data.payload += (uint32_t)n;
    stream_tree_changed(range);
    return true;
}

void stream_mark(stream_direction *d, stream_range *range)
{
    if (range != NULL && range->kind == STREAM_KIND_DATA && range->list == NULL)
        stream_list_append(&d->fresh, range);
}

void stream_mark_beside(stream_direction *d, const stream_range *range)
{
    stream_mark(d, stream_tree_prev(range));
    stream_mark(d, stream_tree_next(range));
}

bool stream_ranges_unfold(stream_conn *conn, stream_direction *d)
{
    if (d->done == d->first)
        return true;
    stream_range *range = stream_range_new(conn, d, STREAM_KIND_DONE, d->first, d->done);
    if (range == NULL)
        return false;
    stream_range *next = stream_tree_first(&d->tree);
    if (next != NULL && next->kind == STREAM_KIND_DONE) {
        next->at = range->at;
        next->len += range->len;
        stream_tree_changed(next);
        stream_range_free(conn, d, range);
    } else {
        stream_tree_insert(&d->tree, NULL, range);
    }
    d->done = d->first;
    return true;
}

void stream_ranges_clear(stream_conn *conn, stream_direction *d)
{
    while (d->tree.root != NULL) {
        stream_range *range = d->tree.root;
        /* a leaf, without repairing what goes as well */
        while (range->left != NULL || range->right != NULL)
            range = range->left != NULL ? range->left : range->right;
        if (range->parent == NULL)
            d->tree.root = NULL;
        else if (range->parent->left == range)
            range->parent->left = NULL;
        else
            range->parent->right = NULL;
        if (range->kind == STREAM_KIND_DATA)
            stream_block_leave(conn, d, range);
        stream_range_free(conn, d, range);
    }
}
