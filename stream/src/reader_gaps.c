/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which frames are the first after missing bytes. That is said at once, and withdrawn when the
 * bytes came later, or when a frame among them did that is now the first.
 */
#include "reader_internal.h"

#include <stddef.h>
#include <string.h>

/* The first entry at `offset` or after it. */
static size_t gap_index(const stream_array *gaps, uint64_t offset)
{
    return stream_array_find(gaps, sizeof(stream_gap_entry), offsetof(stream_gap_entry, offset),
                             offset);
}

/* The first chain that ends at `offset` or after it. */
static size_t chain_index(const stream_array *chains, uint64_t offset)
{
    return stream_array_find(chains, sizeof(stream_chain), offsetof(stream_chain, to), offset);
}

static stream_gap_entry *entry_at(const stream_reader *reader, unsigned direction, uint64_t offset)
{
    const stream_array *gaps = &reader->flows[direction].gaps;
    const size_t index = gap_index(gaps, offset);
    return index < gaps->count ? (stream_gap_entry *)gaps->items + index : NULL;
}

/* Whether bytes in [from, to) are missing; `final`: for good. */
static bool is_missing(const stream_reader *reader, unsigned direction, uint64_t from, uint64_t to,
                       bool final)
{
    stream_hole hole;
    while (from < to && stream_hole_at(reader->conn, direction, from, &hole) && hole.offset < to) {
        if (hole.given_up || !final)
            return true;
        from = hole.offset + hole.len;
    }
    return false;
}

/* Notes a frame. Returns where the last frame before it ends, 0 if there is none. */
static uint64_t extend_chains(stream_reader *reader, stream_array *array, uint64_t offset,
                              uint64_t end)
{
    stream_chain *chains = array->items;
    if (array->count > 0 && chains[array->count - 1].to == offset) { /* as in most captures */
        chains[array->count - 1].to = end;
        return offset;
    }
    const size_t index = chain_index(array, offset);
    const uint64_t before = index > 0 ? chains[index - 1].to : 0;
    if (index < array->count && chains[index].to == offset) {
        chains[index].to = end;
        if (index + 1 < array->count && chains[index + 1].from == end) {
            chains[index].to = chains[index + 1].to;
            stream_array_remove(array, index + 1, sizeof *chains);
        }
        return offset;
    }
    if (index < array->count && chains[index].from == end) {
        chains[index].from = offset;
        return before;
    }
    stream_chain *added = stream_array_insert(reader, array, index, sizeof *added);
    if (added != NULL)
        *added = (stream_chain){offset, end};
    if (array->count > STREAM_CHAINS) {
        array->count /= 2;
        memmove(array->items, (stream_chain *)array->items + array->count,
                array->count * sizeof *added);
    }
    return before;
}

void stream_gaps_frame(stream_reader *reader, unsigned direction, uint64_t offset, uint64_t end,
                       bool waiting)
{
    stream_flow *flow = &reader->flows[direction];
    const uint64_t before = extend_chains(reader, &flow->chains, offset, end);
    size_t index = gap_index(&flow->gaps, offset);
    stream_gap_entry *entries = flow->gaps.items;
    if (index < flow->gaps.count && entries[index].from < end) {
        entries[index].from = end;
        entries[index].final = is_missing(reader, direction, end, entries[index].offset, true);
    }
    if (!waiting)
        return;
    stream_gap_entry *added = stream_array_insert(reader, &flow->gaps, index, sizeof *added);
    if (added != NULL)
        *added =
            (stream_gap_entry){offset, before, is_missing(reader, direction, before, offset, true)};
}

bool stream_gaps_none_before(const stream_reader *reader, unsigned direction, uint64_t offset)
{
    const stream_array *chains = &reader->flows[direction].chains;
    const stream_chain *first = chains->items;
    stream_info info;
    stream_conn_info(reader->conn, direction, &info);
    return !info.origin_known && (chains->count == 0 || first->from >= offset);
}

void stream_gaps_given_up(stream_reader *reader, unsigned direction, uint64_t offset, uint64_t end)
{
    stream_gap_entry *next = entry_at(reader, direction, end);
    if (next != NULL && next->from <= offset)
        next->final = true;
}

stream_gap stream_reader_gap(const stream_reader *reader, unsigned direction, uint64_t offset)
{
    const stream_gap_entry *entry = entry_at(reader, direction, offset);
    if (entry == NULL || entry->offset != offset)
        return STREAM_GAP_FINAL; /* it was final from the beginning */
    if (entry->from == 0 && stream_gaps_none_before(reader, direction, offset))
        return STREAM_GAP_NONE;
    if (entry->final)
        return STREAM_GAP_FINAL;
    return is_missing(reader, direction, entry->from, offset, false) ? STREAM_GAP_WAITING
                                                                     : STREAM_GAP_NONE;
}
