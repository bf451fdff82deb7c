/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bytes of a segment into the ranges of its direction: the first captured byte wins. */
#include "state.h"

#include <string.h>

/* What a part brings at an offset. */
static const uint8_t *bytes_at(const stream_part *part, uint64_t offset)
{
    return part->segment->bytes + ((int64_t)offset - part->at);
}

/* The end of its captured bytes; at most `to` and at least `from`. */
static uint64_t captured_up_to(const stream_part *part, uint64_t from, uint64_t to)
{
    const int64_t end = part->at + part->segment->captured;
    if (end <= (int64_t)from)
        return from;
    return (uint64_t)end < to ? (uint64_t)end : to;
}

static void set_source(stream_range *range, const stream_part *part)
{
    range->packet = part->segment->packet;
    range->time_ns = part->segment->time_ns;
    range->u.data.block = NULL;
    range->u.data.payload = (uint32_t)((int64_t)range->at - part->at);
}

static void note_new(stream_direction *d, stream_range *range, const stream_part *part)
{
    set_source(range, part);
    if (range->kind == STREAM_KIND_DATA) {
        d->borrowed++;
        d->n.bytes += range->len;
        stream_mark(d, range);
    } else {
        d->n.cut += range->len;
    }
    if (stream_range_end(range) > d->captured_end)
        d->captured_end = stream_range_end(range);
    d->last_packet = part->segment->packet;
    d->last_time_ns = part->segment->time_ns;
}

/* One new range after `prev`; false without memory. */
static bool add(stream_conn *conn, stream_direction *d, stream_range **prev, stream_kind kind,
                uint64_t from, uint64_t to, const stream_part *part)
{
    if (from == to)
        return true;
    stream_range *range = stream_range_new(conn, d, kind, from, to);
    if (range == NULL)
        return false;
    stream_tree_insert(&d->tree, *prev, range);
    note_new(d, range, part);
    if (kind == STREAM_KIND_CUT)
        stream_mark_beside(d, range);
    *prev = range;
    return true;
}

/* After the end; there may be a hole before them. */
static bool put_beyond(stream_conn *conn, stream_direction *d, const stream_part *part,
                       uint64_t from, uint64_t to)
{
    stream_range *prev = stream_tree_last(&d->tree);
    stream_hole_is_data(d, prev);
    if (from > d->end) {
        if (!stream_hole_open(conn, d, prev, d->end, from))
            return false;
        prev = stream_tree_last(&d->tree);
        d->end = from;
    }
    const uint64_t middle = captured_up_to(part, from, to);
    if (!add(conn, d, &prev, STREAM_KIND_DATA, from, middle, part))
        return false;
    d->end = middle;
    if (!add(conn, d, &prev, STREAM_KIND_CUT, middle, to, part))
        return false;
    d->end = to;
    return true;
}

/* Before the first, where the capture began without SYN. */
static bool put_below(stream_conn *conn, stream_direction *d, const stream_part *part,
                      uint64_t from, uint64_t to)
{
    const uint64_t first = d->first;
    if (!stream_ranges_unfold(conn, d))
        return false;
    if (to < first) {
        if (!stream_hole_open(conn, d, NULL, to, first))
            return false;
        d->first = d->done = to;
    }
    /* cut ones first, so that each step leaves no space between ranges */
    const uint64_t middle = captured_up_to(part, from, to);
    stream_range *prev = NULL;
    if (!add(conn, d, &prev, STREAM_KIND_CUT, middle, to, part))
        return false;
    d->first = d->done = middle;
    prev = NULL;
    if (!add(conn, d, &prev, STREAM_KIND_DATA, from, middle, part))
        return false;
    d->first = d->done = from;
    return true;
}

/* How many of the bytes differ; reports where. */
static uint64_t compare(const stream_conn *conn, stream_direction *d, const stream_part *part,
                        const stream_range *range, uint64_t from, uint64_t to)
{
    const uint8_t *bytes = bytes_at(part, from);
    const uint8_t *kept = stream_range_bytes(conn, range) + (from - range->at);
    uint64_t first = 0, last = 0, count = 0;
    if (memcmp(bytes, kept, (size_t)(to - from)) == 0)
        return 0;
    for (uint64_t i = 0; i < to - from; i++) {
        if (bytes[i] == kept[i])
            continue;
        first = count == 0 ? i : first;
        last = i;
        count++;
    }
    stream_emit(conn, d,
                (stream_event){.kind = STREAM_OVERLAP_DIFFERS,
                               .offset = from + first,
                               .len = last - first + 1});
    return count;
}

/* `range`: what is there; NULL: consumed. */
static void put_repeat(const stream_conn *conn, stream_direction *d, const stream_part *part,
                       const stream_range *range, uint64_t from, uint64_t to)
{
    uint64_t middle = from, differing = 0;
    if (range != NULL && range->kind == STREAM_KIND_DATA)
        middle = captured_up_to(part, from, to);
    if (middle > from)
        differing = compare(conn, d, part, range, from, middle);
    d->n.differing += differing;
    d->n.repeats += to - from - differing;
    d->n.unchecked += to - middle;
}

static void note_filled(stream_conn *conn, stream_direction *d, const stream_range *hole,
                        uint64_t from, uint64_t to)
{
    const bool gone = hole->state == STREAM_HOLE_GONE;
    *(gone ? &d->n.late : &d->n.filled) += to - from;
    stream_emit(conn, d,
                (stream_event){.kind = gone ? STREAM_LATE_BYTES : STREAM_HOLE_FILLED,
                               .offset = from,
                               .len = to - from,
                               .hole_offset = hole->at,
                               .hole_len = hole->len,
                               .reason = (stream_reason)hole->reason});
}

/* Part of a hole, or of cut bytes, becomes `kind`. */
static bool convert(stream_conn *conn, stream_direction *d, stream_range *range, stream_kind kind,
                    uint64_t from, uint64_t to, const stream_part *part)
{
    const stream_range whole = *range;
    if (from == to)
        return true;
    range = stream_range_carve(conn, d, range, from, to);
    if (range == NULL)
        return false;
    if (whole.kind == STREAM_KIND_HOLE) {
        stream_hole_is_data(d, range);
        if (whole.state == STREAM_HOLE_GONE)
            d->n.missing -= to - from;
        stream_hole_detach(d, range);
    } else {
        d->n.cut -= to - from;
    }
    range->kind = (uint8_t)kind;
    note_new(d, range, part);
    stream_tree_changed(range);
    stream_mark_beside(d, range);
    if (whole.kind == STREAM_KIND_HOLE)
        note_filled(conn, d, &whole, from, to);
    return true;
}

/* Bytes between the first and the end; `*late` if new ones precede others that are known. */
static bool put_within(stream_conn *conn, stream_direction *d, const stream_part *part,
                       uint64_t from, uint64_t to, bool *late)
{
    while (from < to) {
        stream_range *range = stream_tree_find(&d->tree, from);
        const uint64_t end = stream_range_end(range) < to ? stream_range_end(range) : to;
        const uint64_t middle = captured_up_to(part, from, end);
        const stream_kind kind = (stream_kind)range->kind;
        const bool below = from < d->captured_end;
        if (kind == STREAM_KIND_DATA || kind == STREAM_KIND_DONE ||
            (kind == STREAM_KIND_CUT && middle == from)) {
            put_repeat(conn, d, part, range, from, end);
            from = end;
        } else if (middle > from) {
            if (!convert(conn, d, range, STREAM_KIND_DATA, from, middle, part))
                return false;
            *late = *late || below;
            from = middle;
        } else {
            if (!convert(conn, d, range, STREAM_KIND_CUT, from, end, part))
                return false;
            *late = *late || below;
            from = end;
        }
    }
    return true;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/*
 * One byte before the end that is there, or that the peer has acknowledged without its having been
 * captured in time: sent for the answer, not for its value.
 */
static bool is_keep_alive(const stream_conn *conn, const stream_direction *d,
                          const stream_part *part)
{
    if (part->segment->len != 1 || part->at + 1 != (int64_t)d->end)
        return false;
    const stream_range *last = stream_tree_last(&d->tree);
    return last == NULL || last->kind != STREAM_KIND_HOLE || stream_hole_is_over(conn, last);
}

/* [from, to) of a part, from below to above. `*late`: new bytes precede others that are known. */
static bool put_all(stream_conn *conn, stream_direction *d, const stream_part *part, uint64_t from,
                    uint64_t to, bool *late)
{
    const uint64_t first = d->first, end = d->end;
    if (from < first) {
        *late = true;
        if (!put_below(conn, d, part, from, least(to, first)))
            return false;
        from = least(to, first);
    }
    if (from < d->done) {
        put_repeat(conn, d, part, NULL, from, least(to, d->done));
        from = least(to, d->done);
    }
    if (from < least(to, end)) {
        if (!put_within(conn, d, part, from, least(to, end), late))
            return false;
        from = least(to, end);
    }
    return from >= to || put_beyond(conn, d, part, from, to);
}

bool stream_put(stream_conn *conn, stream_direction *d, const stream_part *part)
{
    const int64_t lowest = d->origin_known ? (int64_t)d->first : 0;
    const int64_t from = part->at > lowest ? part->at : lowest;
    const int64_t to = part->at + part->segment->len;
    bool late = false;

    if (is_keep_alive(conn, d, part)) {
        d->n.keep_alives++;
        return true;
    }
    if (to <= from)
        return true;
    d->silent = false;
    const bool whole = put_all(conn, d, part, (uint64_t)from, (uint64_t)to, &late);
    d->n.reordered += late;
    return whole;
}
